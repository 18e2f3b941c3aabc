// sysinfoapi.h, psapi.h and the processor information of winnt.h.
#pragma once

#include "win/types.h"

namespace hmodule {

inline constexpr WORD PROCESSOR_ARCHITECTURE_AMD64 = 9;
inline constexpr DWORD PROCESSOR_AMD_X8664 = 8664;

struct SYSTEM_INFO {
  WORD wProcessorArchitecture, wReserved;
  DWORD dwPageSize;
  void *lpMinimumApplicationAddress, *lpMaximumApplicationAddress;
  DWORD_PTR dwActiveProcessorMask;
  DWORD dwNumberOfProcessors, dwProcessorType, dwAllocationGranularity;
  WORD wProcessorLevel, wProcessorRevision;
};
static_assert(sizeof(SYSTEM_INFO) == 0x30);

struct MEMORYSTATUSEX {
  DWORD dwLength, dwMemoryLoad;
  DWORDLONG ullTotalPhys, ullAvailPhys, ullTotalPageFile, ullAvailPageFile, ullTotalVirtual, ullAvailVirtual;
  DWORDLONG ullAvailExtendedVirtual;
};
static_assert(sizeof(MEMORYSTATUSEX) == 0x40);

struct MEMORYSTATUS {
  DWORD dwLength, dwMemoryLoad;
  SIZE_T dwTotalPhys, dwAvailPhys, dwTotalPageFile, dwAvailPageFile, dwTotalVirtual, dwAvailVirtual;
};

struct OSVERSIONINFOEXW {
  DWORD dwOSVersionInfoSize, dwMajorVersion, dwMinorVersion, dwBuildNumber, dwPlatformId;
  WCHAR szCSDVersion[128];
  WORD wServicePackMajor, wServicePackMinor, wSuiteMask;  // from here on not in OSVERSIONINFOW
  BYTE wProductType, wReserved;
};
static_assert(sizeof(OSVERSIONINFOEXW) == 284 && offsetof(OSVERSIONINFOEXW, wServicePackMajor) == 276);

struct OSVERSIONINFOEXA {
  DWORD dwOSVersionInfoSize, dwMajorVersion, dwMinorVersion, dwBuildNumber, dwPlatformId;
  CHAR szCSDVersion[128];
  WORD wServicePackMajor, wServicePackMinor, wSuiteMask;
  BYTE wProductType, wReserved;
};
static_assert(sizeof(OSVERSIONINFOEXA) == 156 && offsetof(OSVERSIONINFOEXA, wServicePackMajor) == 148);

// LOGICAL_PROCESSOR_RELATIONSHIP
inline constexpr DWORD RelationProcessorCore = 0, RelationNumaNode = 1, RelationCache = 2, RelationProcessorPackage = 3,
                       RelationGroup = 4, RelationAll = 0xFFFF;
inline constexpr DWORD CacheUnified = 0, CacheInstruction = 1, CacheData = 2;
inline constexpr BYTE LTP_PC_SMT = 1;

struct CACHE_DESCRIPTOR {
  BYTE Level, Associativity;
  WORD LineSize;
  DWORD Size, Type;
};

struct SYSTEM_LOGICAL_PROCESSOR_INFORMATION {
  ULONG_PTR ProcessorMask;
  DWORD Relationship;
  union {
    struct {
      BYTE Flags;
    } ProcessorCore;
    struct {
      DWORD NodeNumber;
    } NumaNode;
    CACHE_DESCRIPTOR Cache;
    ULONGLONG Reserved[2];
  };
};
static_assert(sizeof(SYSTEM_LOGICAL_PROCESSOR_INFORMATION) == 0x20);

struct GROUP_AFFINITY {
  ULONG_PTR Mask;
  WORD Group, Reserved[3];
};
struct PROCESSOR_RELATIONSHIP {
  BYTE Flags, EfficiencyClass, Reserved[20];
  WORD GroupCount;
  GROUP_AFFINITY GroupMask[1];
};
struct NUMA_NODE_RELATIONSHIP {
  DWORD NodeNumber;
  BYTE Reserved[18];
  WORD GroupCount;
  GROUP_AFFINITY GroupMasks[1];
};
struct CACHE_RELATIONSHIP {
  BYTE Level, Associativity;
  WORD LineSize;
  DWORD CacheSize, Type;
  BYTE Reserved[18];
  WORD GroupCount;
  GROUP_AFFINITY GroupMasks[1];
};
struct PROCESSOR_GROUP_INFO {
  BYTE MaximumProcessorCount, ActiveProcessorCount, Reserved[38];
  ULONG_PTR ActiveProcessorMask;
};
struct GROUP_RELATIONSHIP {
  WORD MaximumGroupCount, ActiveGroupCount;
  BYTE Reserved[20];
  PROCESSOR_GROUP_INFO GroupInfo[1];
};
struct SYSTEM_LOGICAL_PROCESSOR_INFORMATION_EX {
  DWORD Relationship, Size;
  union {
    PROCESSOR_RELATIONSHIP Processor;
    NUMA_NODE_RELATIONSHIP NumaNode;
    CACHE_RELATIONSHIP Cache;
    GROUP_RELATIONSHIP Group;
  };
};
static_assert(sizeof(PROCESSOR_RELATIONSHIP) == 40 && sizeof(NUMA_NODE_RELATIONSHIP) == 40);
static_assert(sizeof(CACHE_RELATIONSHIP) == 48 && sizeof(GROUP_RELATIONSHIP) == 72);
static_assert(sizeof(SYSTEM_LOGICAL_PROCESSOR_INFORMATION_EX) == 80);

struct PROCESSOR_NUMBER {
  WORD Group;
  BYTE Number, Reserved;
};

struct PROCESS_MEMORY_COUNTERS_EX {
  DWORD cb, PageFaultCount;
  SIZE_T PeakWorkingSetSize, WorkingSetSize, QuotaPeakPagedPoolUsage, QuotaPagedPoolUsage, QuotaPeakNonPagedPoolUsage,
      QuotaNonPagedPoolUsage, PagefileUsage, PeakPagefileUsage;
  SIZE_T PrivateUsage;  // from here on not in PROCESS_MEMORY_COUNTERS
};
static_assert(sizeof(PROCESS_MEMORY_COUNTERS_EX) == 80);

struct PERFORMANCE_INFORMATION {
  DWORD cb;
  SIZE_T CommitTotal, CommitLimit, CommitPeak, PhysicalTotal, PhysicalAvailable, SystemCache, KernelTotal, KernelPaged,
      KernelNonpaged, PageSize;
  DWORD HandleCount, ProcessCount, ThreadCount;
};

struct SYSTEM_POWER_STATUS {
  BYTE ACLineStatus, BatteryFlag, BatteryLifePercent, SystemStatusFlag;
  DWORD BatteryLifeTime, BatteryFullLifeTime;
};

}  // namespace hmodule

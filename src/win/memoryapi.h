// memoryapi.h and the virtual memory part of winnt.h and ntmmapi.h.
#pragma once

#include "win/types.h"

namespace hmodule {

inline constexpr ULONG PAGE_NOACCESS = 0x1, PAGE_READONLY = 0x2, PAGE_READWRITE = 0x4, PAGE_WRITECOPY = 0x8,
                       PAGE_EXECUTE = 0x10, PAGE_EXECUTE_READ = 0x20, PAGE_EXECUTE_READWRITE = 0x40,
                       PAGE_EXECUTE_WRITECOPY = 0x80, PAGE_GUARD = 0x100, PAGE_NOCACHE = 0x200,
                       PAGE_WRITECOMBINE = 0x400, PAGE_TARGETS_INVALID = 0x40000000;

inline constexpr ULONG MEM_COMMIT = 0x1000, MEM_RESERVE = 0x2000, MEM_DECOMMIT = 0x4000, MEM_RELEASE = 0x8000,
                       MEM_FREE = 0x10000, MEM_PRIVATE = 0x20000, MEM_MAPPED = 0x40000, MEM_RESET = 0x80000,
                       MEM_TOP_DOWN = 0x100000, MEM_WRITE_WATCH = 0x200000, MEM_PHYSICAL = 0x400000,
                       MEM_RESET_UNDO = 0x1000000, MEM_IMAGE = 0x1000000, MEM_LARGE_PAGES = 0x20000000;
inline constexpr ULONG MEM_RESERVE_PLACEHOLDER = 0x40000, MEM_REPLACE_PLACEHOLDER = 0x4000;
inline constexpr ULONG MEM_COALESCE_PLACEHOLDERS = 1, MEM_PRESERVE_PLACEHOLDER = 2;  // to be freed or unmapped with
inline constexpr ULONG MEM_UNMAP_WITH_TRANSIENT_BOOST = 1;

inline constexpr ULONG_PTR kLowestUserAddress = 0x10000, kHighestUserAddress = 0x7FFFFFFEFFFF;
inline constexpr SIZE_T kPageSize = 0x1000, kAllocationGranularity = 0x10000, kLargePageSize = 0x200000;

struct MEMORY_BASIC_INFORMATION {
  void *BaseAddress, *AllocationBase;
  DWORD AllocationProtect;
  WORD PartitionId;
  SIZE_T RegionSize;
  DWORD State, Protect, Type;
};
static_assert(sizeof(MEMORY_BASIC_INFORMATION) == 0x30);

struct MEMORY_REGION_INFORMATION {
  void* AllocationBase;
  ULONG AllocationProtect;
  ULONG RegionType;  // bit 0 private, 1 a data file, 2 an image
  SIZE_T RegionSize, CommitSize;
};
static_assert(sizeof(MEMORY_REGION_INFORMATION) == 0x20);

// MEMORY_INFORMATION_CLASS
inline constexpr ULONG MemoryBasicInformation = 0, MemoryRegionInformation = 3;

struct MEM_ADDRESS_REQUIREMENTS {
  void *LowestStartingAddress, *HighestEndingAddress;
  SIZE_T Alignment;
};
struct MEM_EXTENDED_PARAMETER {
  ULONG64 Type;  // low 8 bits
  union {
    ULONG64 ULong64;
    void* Pointer;
    SIZE_T Size;
    HANDLE Handle;
  };
};
inline constexpr ULONG MemExtendedParameterAddressRequirements = 1, MemExtendedParameterNumaNode = 2;

struct WIN32_MEMORY_RANGE_ENTRY {
  void* VirtualAddress;
  SIZE_T NumberOfBytes;
};

}  // namespace hmodule

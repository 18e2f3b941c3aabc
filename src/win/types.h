// Windows types that the public headers do not need: those of ntdll and of process internals.
#pragma once

#include <hmodule/windef.h>
#include <hmodule/winerror.h>

#include <cstddef>
#include <cstdint>

namespace hmodule {

using NTSTATUS = std::int32_t;
using LARGE_INTEGER = std::int64_t;  // QuadPart only
using ULARGE_INTEGER = std::uint64_t;
using ACCESS_MASK = ULONG;

inline constexpr bool nt_success(NTSTATUS status) {
  return status >= 0;
}

struct FILETIME {
  DWORD dwLowDateTime, dwHighDateTime;  // 100 ns since 1601-01-01 UTC
};

struct UNICODE_STRING {
  USHORT Length, MaximumLength;  // bytes, without and with the terminator
  WCHAR* Buffer;
};
static_assert(sizeof(UNICODE_STRING) == 16);

struct ANSI_STRING {
  USHORT Length, MaximumLength;
  CHAR* Buffer;
};
using STRING = ANSI_STRING;
using OEM_STRING = ANSI_STRING;

struct LIST_ENTRY {
  LIST_ENTRY *Flink, *Blink;
};
struct SINGLE_LIST_ENTRY {
  SINGLE_LIST_ENTRY* Next;
};

struct CLIENT_ID {
  HANDLE UniqueProcess, UniqueThread;
};

struct OBJECT_ATTRIBUTES {
  ULONG Length;
  HANDLE RootDirectory;
  UNICODE_STRING* ObjectName;
  ULONG Attributes;
  void *SecurityDescriptor, *SecurityQualityOfService;
};
static_assert(sizeof(OBJECT_ATTRIBUTES) == 0x30);

struct IO_STATUS_BLOCK {
  union {
    NTSTATUS Status;
    void* Pointer;
  };
  ULONG_PTR Information;
};

struct GUID {
  std::uint32_t Data1;
  std::uint16_t Data2, Data3;
  std::uint8_t Data4[8];
};

struct SECURITY_ATTRIBUTES {
  DWORD nLength;
  void* lpSecurityDescriptor;
  BOOL bInheritHandle;
};

// RTL_CRITICAL_SECTION (winnt.h). LockCount is -1 when free; DLLs initialise it statically.
struct RTL_CRITICAL_SECTION_DEBUG {
  WORD Type, CreatorBackTraceIndex;
  struct CRITICAL_SECTION* CriticalSection;
  LIST_ENTRY ProcessLocksList;
  DWORD EntryCount, ContentionCount, Flags;
  WORD CreatorBackTraceIndexHigh, SpareWORD;
};
static_assert(sizeof(RTL_CRITICAL_SECTION_DEBUG) == 0x30);
struct CRITICAL_SECTION {
  RTL_CRITICAL_SECTION_DEBUG* DebugInfo;
  LONG LockCount, RecursionCount;
  HANDLE OwningThread, LockSemaphore;
  ULONG_PTR SpinCount;
};
static_assert(sizeof(CRITICAL_SECTION) == 0x28);

using DllEntryPoint = HM_WINAPI BOOL (*)(void* base, DWORD reason, void* reserved);
using TlsCallback = HM_WINAPI void (*)(void* base, DWORD reason, void* reserved);

inline constexpr DWORD DLL_PROCESS_DETACH = 0, DLL_PROCESS_ATTACH = 1, DLL_THREAD_ATTACH = 2, DLL_THREAD_DETACH = 3;

}  // namespace hmodule

// heapapi.h, minwinbase.h and the heap part of winnt.h and ntrtl.h.
#pragma once

#include "win/types.h"

namespace hmodule {

inline constexpr ULONG HEAP_NO_SERIALIZE = 0x1, HEAP_GROWABLE = 0x2, HEAP_GENERATE_EXCEPTIONS = 0x4,
                       HEAP_ZERO_MEMORY = 0x8, HEAP_REALLOC_IN_PLACE_ONLY = 0x10, HEAP_SETTABLE_USER_VALUE = 0x100,
                       HEAP_SETTABLE_USER_FLAGS = 0xE00, HEAP_CREATE_ENABLE_EXECUTE = 0x40000;

inline constexpr DWORD HeapCompatibilityInformation = 0, HeapEnableTerminationOnCorruption = 1,
                       HeapOptimizeResources = 3;

inline constexpr WORD PROCESS_HEAP_REGION = 0x1, PROCESS_HEAP_UNCOMMITTED_RANGE = 0x2, PROCESS_HEAP_ENTRY_BUSY = 0x4;

struct PROCESS_HEAP_ENTRY {
  void* lpData;
  DWORD cbData;
  BYTE cbOverhead, iRegionIndex;
  WORD wFlags;
  union {
    struct {
      HANDLE hMem;
      DWORD dwReserved[3];
    } Block;
    struct {
      DWORD dwCommittedSize, dwUnCommittedSize;
      void *lpFirstBlock, *lpLastBlock;
    } Region;
  };
};
static_assert(sizeof(PROCESS_HEAP_ENTRY) == 0x28);

inline constexpr USHORT RTL_HEAP_ENTRY_BUSY = 0x1;

struct RTL_HEAP_WALK_ENTRY {
  void* DataAddress;
  SIZE_T DataSize;
  UCHAR OverheadBytes, SegmentIndex;
  USHORT Flags;
  union {
    struct {
      SIZE_T Settable;
      USHORT TagIndex, AllocatorBackTraceIndex;
      ULONG Reserved[2];
    } Block;
    struct {
      ULONG CommittedSize, UnCommittedSize;
      void *FirstEntry, *LastEntry;
    } Segment;
  };
};
static_assert(sizeof(RTL_HEAP_WALK_ENTRY) == 0x30);

struct HEAP_SUMMARY {
  DWORD cb;
  SIZE_T cbAllocated, cbCommitted, cbReserved, cbMaxReserve;
};

}  // namespace hmodule

// Interlocked singly linked lists: SLIST_HEADER of winnt.h, in the x64 form.
//
// A pop has to read the first entry's Next before it can take it, when another thread may already have taken and even
// freed it. Windows catches the fault; here pops and flushes exclude each other by one of the reserved bits, and pushes
// go on without any lock.
#pragma once

#include "win/types.h"

namespace hmodule {

struct alignas(16) SLIST_ENTRY {
  SLIST_ENTRY* Next;
};

struct alignas(16) SLIST_HEADER {
  ULONGLONG Alignment;  // Depth: 16, Sequence: 48
  ULONGLONG Region;     // Reserved: 4, NextEntry: 60 (an address without its four low bits)
};
static_assert(sizeof(SLIST_HEADER) == 16);

namespace nt::slist {

void initialize(SLIST_HEADER& list);
// Each gives the entry that was first before.
SLIST_ENTRY* push(SLIST_HEADER& list, SLIST_ENTRY& entry);
SLIST_ENTRY* push_chain(SLIST_HEADER& list, SLIST_ENTRY& first, SLIST_ENTRY& last, ULONG count);
SLIST_ENTRY* pop(SLIST_HEADER& list);
SLIST_ENTRY* flush(SLIST_HEADER& list);
USHORT depth(const SLIST_HEADER& list);
SLIST_ENTRY* first(const SLIST_HEADER& list);

}  // namespace nt::slist
}  // namespace hmodule

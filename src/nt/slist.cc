#include "nt/slist.h"

#include <immintrin.h>
#include <sched.h>

namespace hmodule::nt::slist {
namespace {

using Wide = unsigned __int128;

constexpr ULONGLONG kDepthMask = 0xFFFF, kSequence = 0x10000, kReserved = 0xF, kPopping = 1;

SLIST_ENTRY* entry_of(ULONGLONG region) {
  return reinterpret_cast<SLIST_ENTRY*>(region & ~kReserved);
}

SLIST_HEADER load(const SLIST_HEADER& list) {
  return {__atomic_load_n(&list.Alignment, __ATOMIC_RELAXED), __atomic_load_n(&list.Region, __ATOMIC_ACQUIRE)};
}

// Exchanges both halves at once, if they are still `expected`, which otherwise becomes what they are.
bool exchange(SLIST_HEADER& list, SLIST_HEADER& expected, SLIST_HEADER desired) {
  const Wide before = Wide{expected.Region} << 64 | expected.Alignment;
  const Wide after = Wide{desired.Region} << 64 | desired.Alignment;
  const Wide found = __sync_val_compare_and_swap(reinterpret_cast<Wide*>(&list), before, after);
  if (found == before) return true;
  expected = {static_cast<ULONGLONG>(found), static_cast<ULONGLONG>(found >> 64)};
  return false;
}

ULONGLONG with_depth(ULONGLONG alignment, ULONGLONG depth) {
  return ((alignment & ~kDepthMask) + kSequence) | (depth & kDepthMask);
}

// Takes what is in the list, once no other pop is at it; `rest` says what stays, given the first entry.
template <typename Rest>
SLIST_ENTRY* take(SLIST_HEADER& list, Rest rest) {
  SLIST_HEADER seen = load(list);
  for (unsigned turns = 1;; ++turns) {
    if ((seen.Region & kPopping) == 0) {
      if (entry_of(seen.Region) == nullptr) return nullptr;
      SLIST_HEADER locked = {seen.Alignment, seen.Region | kPopping};
      if (exchange(list, seen, locked)) {
        seen = locked;
        break;
      }
    } else {
      turns % 64 == 0 ? static_cast<void>(sched_yield()) : _mm_pause();
      seen = load(list);
    }
  }
  for (;;) {  // pushes may still come in between
    SLIST_ENTRY* const taken = entry_of(seen.Region);
    if (exchange(list, seen, rest(seen, *taken))) return taken;
  }
}

}  // namespace

void initialize(SLIST_HEADER& list) {
  list = {};
}

SLIST_ENTRY* push(SLIST_HEADER& list, SLIST_ENTRY& entry) {
  return push_chain(list, entry, entry, 1);
}

SLIST_ENTRY* push_chain(SLIST_HEADER& list, SLIST_ENTRY& first_entry, SLIST_ENTRY& last, ULONG count) {
  SLIST_HEADER seen = load(list);
  for (;;) {
    SLIST_ENTRY* const previous = entry_of(seen.Region);
    __atomic_store_n(&last.Next, previous, __ATOMIC_RELAXED);
    const SLIST_HEADER next = {with_depth(seen.Alignment, (seen.Alignment & kDepthMask) + count),
                               reinterpret_cast<ULONGLONG>(&first_entry) | (seen.Region & kReserved)};
    if (exchange(list, seen, next)) return previous;
  }
}

SLIST_ENTRY* pop(SLIST_HEADER& list) {
  return take(list, [](const SLIST_HEADER& seen, const SLIST_ENTRY& entry) {
    return SLIST_HEADER{with_depth(seen.Alignment, (seen.Alignment & kDepthMask) - 1),
                        reinterpret_cast<ULONGLONG>(__atomic_load_n(&entry.Next, __ATOMIC_RELAXED))};
  });
}

SLIST_ENTRY* flush(SLIST_HEADER& list) {
  return take(list, [](const SLIST_HEADER& seen, const SLIST_ENTRY&) {
    return SLIST_HEADER{with_depth(seen.Alignment, 0), 0};
  });
}

USHORT depth(const SLIST_HEADER& list) {
  return static_cast<USHORT>(load(list).Alignment & kDepthMask);
}

SLIST_ENTRY* first(const SLIST_HEADER& list) {
  return entry_of(load(list).Region);
}

}  // namespace hmodule::nt::slist

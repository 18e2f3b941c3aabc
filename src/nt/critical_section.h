// Critical sections in the structure of winnt.h, as DLLs allocate, initialise statically and sometimes look into it.
//
// LockCount is -1 when free and -2 when owned with nobody waiting. In bits: bit 0 is set while free, bit 1 is clear
// while a woken waiter is on its way, and each waiter subtracts 4. The owner's release wakes one waiter at most, and
// whoever comes first gets the section: a hand-over would make every contended section pass at the speed of the
// scheduler. LockSemaphore holds the wake-ups not yet consumed.
#pragma once

#include "base/result.h"
#include "thread/teb.h"
#include "win/types.h"

#include <atomic>

namespace hmodule::nt::critical_section {

// InitializeCriticalSectionEx flags (winbase.h).
inline constexpr DWORD CRITICAL_SECTION_NO_DEBUG_INFO = 0x01000000;

// DebugInfo becomes real memory in any case: Wine's runtimes write a name into it (platform-facts §3.4).
void initialize(CRITICAL_SECTION& section, DWORD spin_count);
void destroy(CRITICAL_SECTION& section);

namespace detail {

inline constexpr LONG kFree = 1, kNobodyWoken = 2, kLockedAlone = -2;

inline std::atomic_ref<LONG> lock_word(CRITICAL_SECTION& section) {
  return std::atomic_ref<LONG>(section.LockCount);
}
// The owner is compared with the caller only, so a stale value of another thread does no harm.
inline std::atomic_ref<HANDLE> owner(const CRITICAL_SECTION& section) {
  return std::atomic_ref<HANDLE>(const_cast<HANDLE&>(section.OwningThread));
}
inline HANDLE self() {
  return thread::teb().ClientId.UniqueThread;
}
inline bool take_if_free(CRITICAL_SECTION& section) {
  return (lock_word(section).fetch_and(~kFree, std::memory_order_acquire) & kFree) != 0;
}
inline void become_owner(CRITICAL_SECTION& section) {
  owner(section).store(self(), std::memory_order_relaxed);
  section.RecursionCount = 1;
}
// Not free: of the caller or of another thread. By the Windows convention, as is the next, so that the short way around
// them keeps no registers for them.
HM_WINAPI void enter_taken(CRITICAL_SECTION& section);
HM_WINAPI void leave_to_waiters(CRITICAL_SECTION& section);

}  // namespace detail

inline void enter(CRITICAL_SECTION& section) {
  if (!detail::take_if_free(section)) [[unlikely]]
    return detail::enter_taken(section);
  detail::become_owner(section);
}
bool try_enter(CRITICAL_SECTION& section);
inline void leave(CRITICAL_SECTION& section) {
  if (--section.RecursionCount > 0) return;
  detail::owner(section).store(nullptr, std::memory_order_relaxed);
  LONG count = detail::lock_word(section).load(std::memory_order_relaxed);
  const bool wakes_nobody = count == detail::kLockedAlone || (count & detail::kNobodyWoken) == 0;
  if (!wakes_nobody || !detail::lock_word(section).compare_exchange_strong(count, count | detail::kFree,
                                                                           std::memory_order_release)) [[unlikely]]
    detail::leave_to_waiters(section);
}
// In the child of a fork, by the owner: it has a new number, and those who waited are not there any more.
void keep_after_fork(CRITICAL_SECTION& section);
// Enters, or gives false when its owner has died and will never leave (LOCK-08, EXIT-07).
bool enter_unless_orphaned(CRITICAL_SECTION& section);

// The spin count before.
DWORD set_spin_count(CRITICAL_SECTION& section, DWORD spin_count);
bool is_locked(const CRITICAL_SECTION& section);
bool is_owned_by_caller(const CRITICAL_SECTION& section);

}  // namespace hmodule::nt::critical_section

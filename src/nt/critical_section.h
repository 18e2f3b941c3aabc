// Critical sections in the structure of winnt.h, as DLLs allocate, initialise statically and sometimes look into it.
//
// LockCount is -1 when free and -2 when owned with nobody waiting. In bits: bit 0 is set while free, bit 1 is clear
// while a woken waiter is on its way, and each waiter subtracts 4. The owner's release wakes one waiter at most, and
// whoever comes first gets the section: a hand-over would make every contended section pass at the speed of the
// scheduler. LockSemaphore holds the wake-ups not yet consumed.
#pragma once

#include "base/result.h"
#include "win/types.h"

namespace hmodule::nt::critical_section {

// InitializeCriticalSectionEx flags (winbase.h).
inline constexpr DWORD CRITICAL_SECTION_NO_DEBUG_INFO = 0x01000000;

// DebugInfo becomes real memory in any case: Wine's runtimes write a name into it (platform-facts §3.4).
void initialize(CRITICAL_SECTION& section, DWORD spin_count);
void destroy(CRITICAL_SECTION& section);

void enter(CRITICAL_SECTION& section);
bool try_enter(CRITICAL_SECTION& section);
void leave(CRITICAL_SECTION& section);
// In the child of a fork, by the owner: it has a new number, and those who waited are not there any more.
void keep_after_fork(CRITICAL_SECTION& section);
// Enters, or gives false when its owner has died and will never leave (LOCK-08, EXIT-07).
bool enter_unless_orphaned(CRITICAL_SECTION& section);

// The spin count before.
DWORD set_spin_count(CRITICAL_SECTION& section, DWORD spin_count);
bool is_locked(const CRITICAL_SECTION& section);
bool is_owned_by_caller(const CRITICAL_SECTION& section);

}  // namespace hmodule::nt::critical_section

#include "nt/critical_section.h"

#include "nt/futex.h"
#include "nt/process.h"
#include "thread/teb.h"

#include <immintrin.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cstdlib>

namespace hmodule::nt::critical_section {
namespace {

using namespace detail;

constexpr LONG kWaiter = 4;
constexpr WORD kOurs = 0x6D68;            // CreatorBackTraceIndex of a debug block that initialize() made
constexpr DWORD kSpinMask = 0x00FF'FFFF;  // the high byte of a spin count is flags

std::atomic<std::uint32_t>& wake_ups(CRITICAL_SECTION& section) {
  return *reinterpret_cast<std::atomic<std::uint32_t>*>(&section.LockSemaphore);
}

bool spin(CRITICAL_SECTION& section) {
  for (ULONG_PTR turns = section.SpinCount & kSpinMask; turns > 0; --turns) {
    if ((lock_word(section).load(std::memory_order_relaxed) & kFree) != 0 && take_if_free(section)) return true;
    _mm_pause();
  }
  return false;
}

bool owner_is_dead(const CRITICAL_SECTION& section) {
  const auto id = static_cast<DWORD>(reinterpret_cast<std::uintptr_t>(owner(section).load()));
  return id != 0 && syscall(SYS_tgkill, getpid(), id, 0) != 0;
}

void sleep_until_woken(CRITICAL_SECTION& section) {
  std::atomic<std::uint32_t>& permits = wake_ups(section);
  for (;;) {
    std::uint32_t available = permits.load(std::memory_order_relaxed);
    while (available != 0)
      if (permits.compare_exchange_weak(available, available - 1, std::memory_order_acquire)) return;
    // EXIT-06: killed by the end of the process, it will never leave.
    if (process_ending() && owner_is_dead(section)) end_now();
    futex_wait(permits, 0, Deadline(-10'000'000));  // a look at the exit once a second
  }
}

void enter_slowly(CRITICAL_SECTION& section) {
  if (spin(section)) return;
  lock_word(section).fetch_sub(kWaiter, std::memory_order_relaxed);
  for (;;) {
    LONG count = lock_word(section).load(std::memory_order_relaxed);
    // Leave the waiters and take the section in one step; but a wake-up on its way must be consumed first, or it would
    // be left over when the last waiter has gone.
    while ((count & kFree) != 0 && (count & kNobodyWoken) != 0)
      if (lock_word(section).compare_exchange_weak(count, (count + kWaiter) & ~kFree, std::memory_order_acquire))
        return;
    sleep_until_woken(section);
    lock_word(section).fetch_or(kNobodyWoken, std::memory_order_relaxed);
  }
}

}  // namespace

void initialize(CRITICAL_SECTION& section, DWORD spin_count) {
  section = {};
  section.LockCount = -1;
  section.SpinCount = spin_count & kSpinMask;
  auto* const debug = static_cast<RTL_CRITICAL_SECTION_DEBUG*>(std::calloc(1, sizeof(RTL_CRITICAL_SECTION_DEBUG)));
  if (debug != nullptr) {
    debug->CreatorBackTraceIndex = kOurs;
    debug->CriticalSection = &section;
    debug->ProcessLocksList = {&debug->ProcessLocksList, &debug->ProcessLocksList};
  }
  section.DebugInfo = debug;
}

void destroy(CRITICAL_SECTION& section) {
  // Statically initialised sections have -1 there, or a static block of their own.
  auto* const debug = section.DebugInfo;
  if (debug != nullptr && reinterpret_cast<std::intptr_t>(debug) != -1 && debug->CreatorBackTraceIndex == kOurs)
    std::free(debug);
  section = {};
  section.LockCount = -1;
}

HM_WINAPI void detail::enter_taken(CRITICAL_SECTION& section) {
  if (owner(section).load(std::memory_order_relaxed) == self()) {
    ++section.RecursionCount;
    return;
  }
  enter_slowly(section);
  become_owner(section);
}

bool try_enter(CRITICAL_SECTION& section) {
  if (take_if_free(section)) {
    become_owner(section);
    return true;
  }
  if (owner(section).load(std::memory_order_relaxed) != self()) return false;
  ++section.RecursionCount;
  return true;
}

void keep_after_fork(CRITICAL_SECTION& section) {
  owner(section).store(self(), std::memory_order_relaxed);
  lock_word(section).store(-1 & ~kFree, std::memory_order_relaxed);
  wake_ups(section).store(0, std::memory_order_relaxed);
}

bool enter_unless_orphaned(CRITICAL_SECTION& section) {
  while (!try_enter(section)) {
    if (owner_is_dead(section)) return false;
    usleep(1000);  // nobody tells of a death
  }
  return true;
}

HM_WINAPI void detail::leave_to_waiters(CRITICAL_SECTION& section) {
  LONG count = lock_word(section).load(std::memory_order_relaxed);
  for (;;) {
    const bool sleepers = (count | kFree | kNobodyWoken) != -1;
    const bool wake = sleepers && (count & kNobodyWoken) != 0;
    const LONG next = (count | kFree) & (wake ? ~kNobodyWoken : -1);
    if (!lock_word(section).compare_exchange_weak(count, next, std::memory_order_release)) continue;
    if (!wake) return;
    wake_ups(section).fetch_add(1, std::memory_order_release);
    futex_wake_one(wake_ups(section));
    return;
  }
}

DWORD set_spin_count(CRITICAL_SECTION& section, DWORD spin_count) {
  const auto previous = static_cast<DWORD>(section.SpinCount);
  section.SpinCount = spin_count & kSpinMask;
  return previous;
}

bool is_locked(const CRITICAL_SECTION& section) {
  return (lock_word(const_cast<CRITICAL_SECTION&>(section)).load() & kFree) == 0;
}

bool is_owned_by_caller(const CRITICAL_SECTION& section) {
  return is_locked(section) && owner(section).load() == self();
}

}  // namespace hmodule::nt::critical_section

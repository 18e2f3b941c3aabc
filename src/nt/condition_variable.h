// Condition variables in the eight bytes a DLL gives us, zero at first: a number that grows with each wake-up, and how
// many sleep.
#pragma once

#include "nt/srw_lock.h"
#include "nt/waitable.h"

namespace hmodule::nt {

class ConditionVariable {
 public:
  static ConditionVariable& at(void* address) { return *static_cast<ConditionVariable*>(address); }

  // The lock is held before and after. False when the time is over.
  bool sleep(SrwLock& lock, bool shared, Timeout timeout);
  bool sleep(CRITICAL_SECTION& section, Timeout timeout);
  void wake_one();
  void wake_all();

 private:
  std::atomic<std::uint32_t> wakes_, sleepers_;
};
static_assert(sizeof(ConditionVariable) == sizeof(void*));

}  // namespace hmodule::nt

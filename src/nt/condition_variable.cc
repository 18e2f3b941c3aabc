#include "nt/condition_variable.h"

#include "nt/critical_section.h"
#include "nt/futex.h"

namespace hmodule::nt {
namespace {

template <typename Release, typename Acquire>
bool sleep_between(std::atomic<std::uint32_t>& wakes, std::atomic<std::uint32_t>& sleepers, Timeout timeout,
                   Release release, Acquire acquire) {
  const Deadline deadline(timeout);
  sleepers.fetch_add(1, std::memory_order_seq_cst);
  const std::uint32_t seen = wakes.load(std::memory_order_seq_cst);
  release();
  bool in_time = true;
  while (in_time && wakes.load(std::memory_order_acquire) == seen) in_time = futex_wait(wakes, seen, deadline);
  sleepers.fetch_sub(1, std::memory_order_relaxed);
  acquire();
  return in_time;
}

}  // namespace

bool ConditionVariable::sleep(SrwLock& lock, bool shared, Timeout timeout) {
  return sleep_between(
      wakes_, sleepers_, timeout, [&] { shared ? lock.release_shared() : lock.release_exclusive(); },
      [&] { shared ? lock.acquire_shared() : lock.acquire_exclusive(); });
}

bool ConditionVariable::sleep(CRITICAL_SECTION& section, Timeout timeout) {
  return sleep_between(
      wakes_, sleepers_, timeout, [&] { critical_section::leave(section); }, [&] { critical_section::enter(section); });
}

void ConditionVariable::wake_one() {
  if (sleepers_.load(std::memory_order_seq_cst) == 0) return;
  wakes_.fetch_add(1, std::memory_order_seq_cst);
  futex_wake_one(wakes_);
}

void ConditionVariable::wake_all() {
  if (sleepers_.load(std::memory_order_seq_cst) == 0) return;
  wakes_.fetch_add(1, std::memory_order_seq_cst);
  futex_wake_all(wakes_);
}

}  // namespace hmodule::nt

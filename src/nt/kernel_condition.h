// What threads wait for with a KernelMutex. std::condition_variable_any would leave the kernel while it holds a mutex
// of its own.
#pragma once

#include "nt/clock.h"
#include "nt/futex.h"
#include "nt/kernel_section.h"

#include <chrono>
#include <mutex>

namespace hmodule::nt {

class KernelCondition {
 public:
  // Let go of the mutex, sleep until a notice or the end of `limit`, and take it again. They may return early.
  void wait(std::unique_lock<KernelMutex>& lock) { sleep(lock, Deadline(Timeout())); }
  void wait_for(std::unique_lock<KernelMutex>& lock, std::chrono::milliseconds limit) {
    sleep(lock, deadline_after(limit));
  }

  template <class Predicate>
  void wait(std::unique_lock<KernelMutex>& lock, Predicate done) {
    while (!done()) wait(lock);
  }
  // False if it is not `done` at the end of `limit`.
  template <class Predicate>
  bool wait_for(std::unique_lock<KernelMutex>& lock, std::chrono::milliseconds limit, Predicate done) {
    const Deadline deadline = deadline_after(limit);
    while (!done()) {
      if (deadline.passed()) return false;
      sleep(lock, deadline);
    }
    return true;
  }

  void notify_all() {
    notices_.fetch_add(1, std::memory_order_release);
    futex_wake_all(notices_);
  }

 private:
  static Deadline deadline_after(std::chrono::milliseconds limit) {
    return Deadline(-limit.count() * (kTicksPerSecond / 1000));
  }
  void sleep(std::unique_lock<KernelMutex>& lock, const Deadline& deadline) {
    const std::uint32_t seen = notices_.load(std::memory_order_acquire);
    lock.unlock();
    futex_wait(notices_, seen, deadline);
    lock.lock();
  }

  std::atomic<std::uint32_t> notices_{0};
};

}  // namespace hmodule::nt

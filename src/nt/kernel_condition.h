// What threads wait for with a KernelMutex. std::condition_variable_any would leave the kernel while it holds a mutex
// of its own.
#pragma once

#include "nt/clock.h"
#include "nt/futex.h"
#include "nt/io_wait.h"
#include "nt/kernel_section.h"

#include <chrono>
#include <mutex>

namespace hmodule::nt {

class KernelCondition {
 public:
  // Let go of the mutex, sleep until a notice or the end of `limit`, and take it again. They may return early.
  void wait(std::unique_lock<KernelMutex>& lock) { sleep(lock, Deadline(Timeout())); }
  // The same for an operation that may be cancelled, if there is one.
  void wait(std::unique_lock<KernelMutex>& lock, const IoWait* operation) {
    sleep(lock, Deadline(Timeout()), operation);
  }
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
    if (sleepers_.load(std::memory_order_relaxed) != 0) futex_wake_all(notices_);
  }

 private:
  static Deadline deadline_after(std::chrono::milliseconds limit) {
    return Deadline(-limit.count() * (kTicksPerSecond / 1000));
  }
  void sleep(std::unique_lock<KernelMutex>& lock, const Deadline& deadline, const IoWait* operation = nullptr) {
    const std::uint32_t seen = notices_.load(std::memory_order_acquire);
    sleepers_.fetch_add(1, std::memory_order_relaxed);
    lock.unlock();
    if (operation != nullptr)
      operation->sleep(notices_, seen);
    else
      futex_wait(notices_, seen, deadline);
    lock.lock();
    sleepers_.fetch_sub(1, std::memory_order_relaxed);
  }

  std::atomic<std::uint32_t> notices_{0};
  // Counted with the mutex held: who changes what they wait for, with the mutex, and then notifies, sees them. One that
  // is killed stays counted, which costs a system call.
  std::atomic<std::uint32_t> sleepers_{0};
};

}  // namespace hmodule::nt

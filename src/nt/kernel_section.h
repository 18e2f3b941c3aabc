// A thread inside the object manager must not be suspended or killed there: it holds locks that its tormentor needs.
// SuspendThread and TerminateThread therefore wait, as the kernel does, until the thread has left; the signal that
// carries the order looks at this depth.
#pragma once

#include <csignal>
#include <mutex>

namespace hmodule::nt {

namespace detail {
extern __thread volatile std::sig_atomic_t kernel_depth __attribute__((tls_model("initial-exec")));
extern __thread volatile std::sig_atomic_t order_pending __attribute__((tls_model("initial-exec")));
void obey_pending_order();
}  // namespace detail

inline void enter_kernel() {
  detail::kernel_depth = detail::kernel_depth + 1;
  __asm__ volatile("" ::: "memory");
}
inline void leave_kernel() {
  __asm__ volatile("" ::: "memory");
  detail::kernel_depth = detail::kernel_depth - 1;
  if (detail::order_pending != 0 && detail::kernel_depth == 0) [[unlikely]]
    detail::obey_pending_order();
}

class KernelSection {
 public:
  KernelSection() { enter_kernel(); }
  ~KernelSection() { leave_kernel(); }
  KernelSection(const KernelSection&) = delete;
  KernelSection& operator=(const KernelSection&) = delete;
};

// What guards the object manager's state: whoever holds it is in the kernel.
class KernelMutex {
 public:
  KernelMutex() = default;
  KernelMutex(const KernelMutex&) = delete;
  KernelMutex& operator=(const KernelMutex&) = delete;

  void lock() {
    enter_kernel();
    mutex_.lock();
  }
  void unlock() {
    mutex_.unlock();
    leave_kernel();
  }

 private:
  std::mutex mutex_;
};

}  // namespace hmodule::nt

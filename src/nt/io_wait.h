// A thread's wait for the end of an operation of its own: what CancelSynchronousIo ends.
//
// The operation blocks in one system call (io_wait.S), which looks first whether it has been cancelled. Who cancels it
// says so in the thread's object and sends the order signal (thread.cc). The signal's handler makes a thread that it
// finds between the look and the end of the call leave with EINTR: so a cancellation is never too early or too late.
#pragma once

#include "win/types.h"

#include <ucontext.h>

#include <atomic>
#include <cstdint>
#include <span>

namespace hmodule::nt {

class IoWait {
 public:
  // Of the calling thread. `operation` is what others name it by, if anything.
  explicit IoWait(const IO_STATUS_BLOCK* operation);
  ~IoWait() { state_.store(kNone, std::memory_order_release); }
  IoWait(const IoWait&) = delete;
  IoWait& operator=(const IoWait&) = delete;

  bool cancelled() const { return (state_.load(std::memory_order_acquire) & kCancelled) != 0; }

  // System calls: what they answer, or -errno; -EINTR if the operation is cancelled.
  long read(int descriptor, std::span<std::byte> buffer) const;
  long write(int descriptor, std::span<const std::byte> data) const;
  long poll(int descriptor, short events) const;
  // Sleeps while `word` holds `value`, as futex_wait() does.
  void sleep(std::atomic<std::uint32_t>& word, std::uint32_t value) const;

  // Another thread's operation, by the state that its object keeps, which is returned as it was; kNone if no operation
  // is under way, or another one.
  static std::uintptr_t cancel(std::atomic<std::uintptr_t>& state, const IO_STATUS_BLOCK* operation);
  // In the order signal's handler: the thread leaves its system call if that is to end.
  static void leave_call(const std::atomic<std::uintptr_t>& state, ucontext_t& registers);

  // States: none, or the address of the IO_STATUS_BLOCK with these bits.
  static constexpr std::uintptr_t kNone = 0, kCancelled = 1, kUnderWay = 2;

 private:
  std::atomic<std::uintptr_t>& state_;
};

}  // namespace hmodule::nt

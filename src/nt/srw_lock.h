// Slim reader/writer locks in the eight bytes a DLL gives us, all zero when free.
//
// The low word counts: readers, or kWriter when one writer has it, and above that two bits, "readers sleep" and
// "writers sleep". Readers sleep on that word; writers sleep on the high word, a number that grows with each wake-up
// meant for them, so that waking one writer does not disturb the readers. A lock on which writers wait admits no new
// readers, as on Windows. Unlike there, a free lock on which a writer has slept keeps that number.
#pragma once

#include "win/types.h"

#include <atomic>

namespace hmodule::nt {

class SrwLock {
 public:
  // The lock at the address a DLL passes.
  static SrwLock& at(void* address) { return *static_cast<SrwLock*>(address); }

  bool try_acquire_exclusive() noexcept {
    return acquire_free_exclusive() || try_exclusive_beside_sleepers(state_.load(std::memory_order_relaxed));
  }
  void acquire_exclusive() noexcept {
    if (!acquire_free_exclusive()) acquire_exclusive_slowly();
  }
  void release_exclusive() noexcept {
    if (const std::uint32_t state = drop_exclusive()) wake(state);
  }

  bool try_acquire_shared() noexcept {
    std::uint32_t state = state_.load(std::memory_order_relaxed);
    while (admits_reader(state))
      if (state_.compare_exchange_weak(state, state + 1, std::memory_order_acquire, std::memory_order_relaxed))
        return true;
    return false;
  }
  void acquire_shared() noexcept {
    if (!try_acquire_shared()) acquire_shared_slowly();
  }
  void release_shared() noexcept {
    if (const std::uint32_t state = drop_shared()) wake(state);
  }

  // The parts of the above, for callers that want the fast path without a call. A result of drop_...() other than 0
  // must go to wake().
  bool acquire_free_exclusive() noexcept {
    std::uint32_t state = 0;
    return state_.compare_exchange_strong(state, kWriter, std::memory_order_acquire, std::memory_order_relaxed);
  }
  void acquire_exclusive_slowly() noexcept;
  void acquire_shared_slowly() noexcept;
  std::uint32_t drop_exclusive() noexcept { return state_.fetch_sub(kWriter, std::memory_order_release) - kWriter; }
  std::uint32_t drop_shared() noexcept {
    // Readers sleep only behind writers: the last reader out has a writer to wake.
    const std::uint32_t state = state_.fetch_sub(1, std::memory_order_release) - 1;
    return (state & kCount) == 0 ? state : 0;
  }
  void wake(std::uint32_t state) noexcept;

 private:
  static constexpr std::uint32_t kCount = 0x3FFF'FFFF, kWriter = kCount, kMostReaders = kWriter - 1,
                                 kReadersSleep = 0x4000'0000, kWritersSleep = 0x8000'0000,
                                 kSleepers = kReadersSleep | kWritersSleep;

  static bool admits_reader(std::uint32_t state) { return (state & kSleepers) == 0 && (state & kCount) < kMostReaders; }
  bool try_exclusive_beside_sleepers(std::uint32_t state) noexcept {
    while ((state & kCount) == 0)
      if (state_.compare_exchange_weak(state, state | kWriter, std::memory_order_acquire, std::memory_order_relaxed))
        return true;
    return false;
  }
  std::uint32_t spin_while_written() const noexcept;
  bool wake_writer() noexcept;

  std::atomic<std::uint32_t> state_, writer_wakes_;
};
static_assert(sizeof(SrwLock) == sizeof(void*));

}  // namespace hmodule::nt

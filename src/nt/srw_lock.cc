#include "nt/srw_lock.h"

#include "nt/futex.h"

#include <immintrin.h>

namespace hmodule::nt {
namespace {
constexpr int kSpins = 100;
}

// A writer that holds the lock for a moment, with nobody asleep yet, is worth a few turns.
std::uint32_t SrwLock::spin_while_written() const noexcept {
  std::uint32_t state = state_.load(std::memory_order_relaxed);
  for (int i = 0; i < kSpins && state == kWriter; ++i) {
    _mm_pause();
    state = state_.load(std::memory_order_relaxed);
  }
  return state;
}

void SrwLock::acquire_exclusive_slowly() noexcept {
  std::uint32_t state = spin_while_written();
  // After a sleep other writers may sleep still; the bit that says so was cleared when we were woken.
  std::uint32_t others = 0;
  for (;;) {
    if ((state & kCount) == 0) {
      if (state_.compare_exchange_weak(state, state | kWriter | others, std::memory_order_acquire,
                                       std::memory_order_relaxed))
        return;
      continue;
    }
    if ((state & kWritersSleep) == 0 &&
        !state_.compare_exchange_weak(state, state | kWritersSleep, std::memory_order_relaxed))
      continue;
    others = kWritersSleep;
    const std::uint32_t wakes = writer_wakes_.load(std::memory_order_acquire);
    state = state_.load(std::memory_order_relaxed);
    if ((state & kCount) == 0 || (state & kWritersSleep) == 0) continue;
    futex_wait(writer_wakes_, wakes);
    state = spin_while_written();
  }
}

void SrwLock::acquire_shared_slowly() noexcept {
  std::uint32_t state = spin_while_written();
  for (;;) {
    if (admits_reader(state)) {
      if (state_.compare_exchange_weak(state, state + 1, std::memory_order_acquire, std::memory_order_relaxed)) return;
      continue;
    }
    if ((state & kReadersSleep) == 0 &&
        !state_.compare_exchange_weak(state, state | kReadersSleep, std::memory_order_relaxed))
      continue;
    futex_wait(state_, state | kReadersSleep);
    state = spin_while_written();
  }
}

// The lock has become free, and `state` says who sleeps: one writer if there is any, else all readers.
void SrwLock::wake(std::uint32_t state) noexcept {
  if (state == kWritersSleep) {
    if (state_.compare_exchange_strong(state, 0, std::memory_order_relaxed)) {
      wake_writer();
      return;
    }
  }
  if (state == kSleepers) {
    if (!state_.compare_exchange_strong(state, kReadersSleep, std::memory_order_relaxed)) return;  // somebody has it
    if (wake_writer()) return;
    state = kReadersSleep;  // that writer was awake already: readers must not be left behind
  }
  if (state == kReadersSleep && state_.compare_exchange_strong(state, 0, std::memory_order_relaxed))
    futex_wake_all(state_);
}

bool SrwLock::wake_writer() noexcept {
  writer_wakes_.fetch_add(1, std::memory_order_release);
  return futex_wake_one(writer_wakes_);
}

}  // namespace hmodule::nt

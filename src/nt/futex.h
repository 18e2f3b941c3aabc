// The futex system call, for words inside this process, and for words that processes share.
#pragma once

#include "nt/waitable.h"

#include <atomic>
#include <cstdint>

namespace hmodule::nt {

// When a wait ends, as the kernel takes it; made once from a relative time, so that a wait interrupted by signals or
// spurious wake-ups does not start over.
class Deadline {
 public:
  explicit Deadline(Timeout timeout);
  static Deadline at(std::int64_t interrupt_time);
  bool passed() const { return remaining() <= 0; }
  std::int64_t remaining() const;  // 100 ns

 private:
  friend bool futex_wait(std::atomic<std::uint32_t>&, std::uint32_t, const Deadline&);
  friend bool futex_wait_shared(std::atomic<std::uint32_t>&, std::uint32_t, const Deadline&);
  std::int64_t ticks_ = 0;  // on the monotonic clock, or since 1601 for an absolute time
  enum class Kind : std::uint8_t { never, monotonic, system } kind_;
};

// Sleeps while `word` holds `value`. False when the deadline passed; true for every other reason to go on.
bool futex_wait(std::atomic<std::uint32_t>& word, std::uint32_t value, const Deadline& deadline);
void futex_wait(std::atomic<std::uint32_t>& word, std::uint32_t value);
bool futex_wake_one(std::atomic<std::uint32_t>& word);  // true if somebody slept
void futex_wake_all(std::atomic<std::uint32_t>& word);

bool futex_wait_shared(std::atomic<std::uint32_t>& word, std::uint32_t value, const Deadline& deadline);
void futex_wake_all_shared(std::atomic<std::uint32_t>& word);

}  // namespace hmodule::nt

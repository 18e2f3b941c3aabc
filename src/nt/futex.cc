#include "nt/futex.h"

#include "nt/clock.h"

#include <linux/futex.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <climits>
#include <cstdint>

namespace hmodule::nt {
namespace {

long futex(std::atomic<std::uint32_t>& word, int operation, std::uint32_t value, const timespec* time,
           int reach = FUTEX_PRIVATE_FLAG) {
  return syscall(SYS_futex, reinterpret_cast<std::uint32_t*>(&word), operation | reach, value, time, nullptr,
                 FUTEX_BITSET_MATCH_ANY);
}
constexpr int kShared = 0;

timespec timespec_of(std::int64_t ticks) {
  if (ticks < 0) ticks = 0;
  return {ticks / kTicksPerSecond, ticks % kTicksPerSecond * 100};
}

}  // namespace

Deadline::Deadline(Timeout timeout) : kind_(Kind::never) {
  if (!timeout) return;
  if (*timeout > 0) {
    kind_ = Kind::system;
    ticks_ = *timeout;
    return;
  }
  const std::int64_t now = interrupt_time();
  if (__builtin_sub_overflow(now, *timeout, &ticks_)) return;  // later than the clock can tell: never
  kind_ = Kind::monotonic;
}

Deadline Deadline::at(std::int64_t interrupt_time) {
  Deadline deadline(std::nullopt);
  deadline.kind_ = Kind::monotonic;
  deadline.ticks_ = interrupt_time;
  return deadline;
}

std::int64_t Deadline::remaining() const {
  if (kind_ == Kind::never) return INT64_MAX;
  return ticks_ - (kind_ == Kind::system ? system_time() : interrupt_time());
}

#ifdef __SANITIZE_THREAD__
// ThreadSanitizer keeps a signal back until the thread calls a function that it knows, and it knows no futex: a thread
// that is to be killed or suspended would sleep on. So a sleep is short, and followed by such a function.
bool futex_wait(std::atomic<std::uint32_t>& word, std::uint32_t value, const Deadline& deadline) {
  const timespec slice = timespec_of(interrupt_time() + kTicksPerSecond / 50);
  futex(word, FUTEX_WAIT_BITSET, value, &slice);
  usleep(0);
  return !deadline.passed();
}
#else
bool futex_wait(std::atomic<std::uint32_t>& word, std::uint32_t value, const Deadline& deadline) {
  if (deadline.kind_ == Deadline::Kind::never) {
    futex(word, FUTEX_WAIT_BITSET, value, nullptr);
    return true;
  }
  const bool system = deadline.kind_ == Deadline::Kind::system;
  const timespec until = timespec_of(system ? deadline.ticks_ - kUnixEpochInTicks : deadline.ticks_);
  const int operation = FUTEX_WAIT_BITSET | (system ? FUTEX_CLOCK_REALTIME : 0);
  return futex(word, operation, value, &until) == 0 || errno != ETIMEDOUT;
}
#endif

void futex_wait(std::atomic<std::uint32_t>& word, std::uint32_t value) {
  futex_wait(word, value, Deadline(std::nullopt));
}
bool futex_wake_one(std::atomic<std::uint32_t>& word) {
  return futex(word, FUTEX_WAKE, 1, nullptr) > 0;
}
void futex_wake_all(std::atomic<std::uint32_t>& word) {
  futex(word, FUTEX_WAKE, INT_MAX, nullptr);
}

bool futex_wait_shared(std::atomic<std::uint32_t>& word, std::uint32_t value, const Deadline& deadline) {
  const std::int64_t remaining = deadline.remaining();
  if (remaining == INT64_MAX) {
    futex(word, FUTEX_WAIT_BITSET, value, nullptr, kShared);
    return true;
  }
  const timespec until = timespec_of(interrupt_time() + remaining);
  return futex(word, FUTEX_WAIT_BITSET, value, &until, kShared) == 0 || errno != ETIMEDOUT || !deadline.passed();
}
void futex_wake_all_shared(std::atomic<std::uint32_t>& word) {
  futex(word, FUTEX_WAKE, INT_MAX, nullptr, kShared);
}

}  // namespace hmodule::nt

#include "nt/futex.h"

#include "nt/clock.h"

#include <linux/futex.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <climits>

namespace hmodule::nt {
namespace {

long futex(std::atomic<std::uint32_t>& word, int operation, std::uint32_t value, const timespec* time) {
  return syscall(SYS_futex, reinterpret_cast<std::uint32_t*>(&word), operation | FUTEX_PRIVATE_FLAG, value, time,
                 nullptr, FUTEX_BITSET_MATCH_ANY);
}

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

bool Deadline::passed() const {
  if (kind_ == Kind::never) return false;
  return (kind_ == Kind::system ? system_time() : interrupt_time()) >= ticks_;
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

}  // namespace hmodule::nt

// The two clocks of Windows: system time (100 ns since 1601 UTC) and interrupt time (100 ns, monotonic).
#pragma once

#include <cstdint>
#include <ctime>

namespace hmodule::nt {

inline constexpr std::int64_t kTicksPerSecond = 10'000'000, kUnixEpochInTicks = 116'444'736'000'000'000;

inline std::int64_t ticks_of(clockid_t clock) {
  timespec now;
  clock_gettime(clock, &now);
  return now.tv_sec * kTicksPerSecond + now.tv_nsec / 100;
}
inline std::int64_t system_time() {
  return ticks_of(CLOCK_REALTIME) + kUnixEpochInTicks;
}
inline std::int64_t interrupt_time() {
  return ticks_of(CLOCK_MONOTONIC);
}

}  // namespace hmodule::nt

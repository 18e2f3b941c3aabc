// Time as files carry it: 100 ns since 1601 on one side, seconds and nanoseconds since 1970 on the other.
#pragma once

#include "nt/clock.h"
#include "win/types.h"

namespace hmodule::nt {

inline constexpr std::int64_t kSecondsFrom1601To1970 = kUnixEpochInTicks / kTicksPerSecond;

inline LARGE_INTEGER file_time(std::int64_t seconds, std::uint32_t nanoseconds) {
  return (seconds + kSecondsFrom1601To1970) * kTicksPerSecond + nanoseconds / 100;
}
inline LARGE_INTEGER file_time(const timespec& time) {
  return file_time(time.tv_sec, static_cast<std::uint32_t>(time.tv_nsec));
}

inline timespec host_time(LARGE_INTEGER ticks) {
  std::int64_t seconds = ticks / kTicksPerSecond, rest = ticks % kTicksPerSecond;
  if (rest < 0) --seconds, rest += kTicksPerSecond;
  return {seconds - kSecondsFrom1601To1970, rest * 100};
}

}  // namespace hmodule::nt

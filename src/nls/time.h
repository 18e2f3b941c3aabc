// Windows time: 100-nanosecond ticks since 1601-01-01 UTC, split into fields and put together again; and the clocks.
#pragma once

#include "win/timezoneapi.h"

#include <optional>

namespace hmodule::nls {

using Ticks = std::int64_t;
inline constexpr Ticks kTicksPerMillisecond = 10'000, kTicksPerSecond = 10'000'000,
                       kTicksPerMinute = 60 * kTicksPerSecond, kTicksPerDay = 24 * 60 * kTicksPerMinute;
inline constexpr Ticks kUnixEpoch = 11'644'473'600 * kTicksPerSecond;  // 1970-01-01
inline constexpr Ticks kEpoch1980 = 11'960'006'400 * kTicksPerSecond;  // 1980-01-01, where DOS begins

// --- Clocks; all through the vDSO ---
Ticks system_time();              // wall clock, UTC
Ticks performance_counter();      // monotonic, 10 MHz
Ticks interrupt_time();           // since boot, with the time asleep
Ticks unbiased_interrupt_time();  // since boot, without
inline constexpr Ticks kPerformanceFrequency = kTicksPerSecond;
inline std::uint64_t tick_count() {
  return static_cast<std::uint64_t>(interrupt_time() / kTicksPerMillisecond);
}

// --- Fields ---
// Nothing for a negative time, which Windows refuses.
std::optional<SYSTEMTIME> split(Ticks time);
// Nothing for a date that does not exist. The day of the week is not looked at. Years 1601 to 30827.
std::optional<Ticks> join(const SYSTEMTIME& fields);

inline Ticks ticks(const FILETIME& time) {
  return static_cast<Ticks>(static_cast<std::uint64_t>(time.dwHighDateTime) << 32 | time.dwLowDateTime);
}
inline FILETIME filetime(Ticks time) {
  return {static_cast<DWORD>(time), static_cast<DWORD>(static_cast<std::uint64_t>(time) >> 32)};
}

int days_in_month(int year, int month);

}  // namespace hmodule::nls

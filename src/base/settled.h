// Times on Linux advance with the timer tick, so a file changed twice within one tick keeps its times. What is
// remembered of a file under its times is remembered only when its last change is clearly older.
#pragma once

#include <sys/stat.h>

#include <algorithm>
#include <cstdint>
#include <ctime>

namespace hmodule {

inline std::int64_t nanoseconds(const timespec& time) {
  return static_cast<std::int64_t>(time.tv_sec) * 1'000'000'000 + time.tv_nsec;
}

// Was the file's last change well before `now` (CLOCK_REALTIME)?
inline bool settled(const struct stat& info, const timespec& now) {
  constexpr std::int64_t kSettleNs = 50'000'000;
  return nanoseconds(now) - std::max(nanoseconds(info.st_ctim), nanoseconds(info.st_mtim)) > kSettleNs;
}

}  // namespace hmodule

#include "nls/time.h"

#include <chrono>
#include <ctime>

namespace hmodule::nls {
namespace {

using std::chrono::days;
using std::chrono::sys_days;

constexpr sys_days kFirstDay = std::chrono::year(1601) / 1 / 1;

Ticks read(clockid_t clock) {
  timespec now;
  clock_gettime(clock, &now);
  return now.tv_sec * kTicksPerSecond + now.tv_nsec / 100;
}

}  // namespace

Ticks system_time() {
  return kUnixEpoch + read(CLOCK_REALTIME);
}
Ticks performance_counter() {
  return read(CLOCK_MONOTONIC);
}
Ticks interrupt_time() {
  return read(CLOCK_BOOTTIME);
}
Ticks unbiased_interrupt_time() {
  return read(CLOCK_MONOTONIC);
}

std::optional<SYSTEMTIME> split(Ticks time) {
  if (time < 0) return std::nullopt;
  const sys_days day = kFirstDay + days(time / kTicksPerDay);
  const std::chrono::year_month_day date(day);
  const auto milliseconds = static_cast<unsigned>(time % kTicksPerDay / kTicksPerMillisecond);
  SYSTEMTIME fields;
  fields.wYear = static_cast<WORD>(static_cast<int>(date.year()));
  fields.wMonth = static_cast<WORD>(static_cast<unsigned>(date.month()));
  fields.wDayOfWeek = static_cast<WORD>(std::chrono::weekday(day).c_encoding());
  fields.wDay = static_cast<WORD>(static_cast<unsigned>(date.day()));
  fields.wHour = static_cast<WORD>(milliseconds / 3'600'000);
  fields.wMinute = static_cast<WORD>(milliseconds / 60'000 % 60);
  fields.wSecond = static_cast<WORD>(milliseconds / 1000 % 60);
  fields.wMilliseconds = static_cast<WORD>(milliseconds % 1000);
  return fields;
}

int days_in_month(int year, int month) {
  const auto last = std::chrono::year(year) / std::chrono::month(static_cast<unsigned>(month)) / std::chrono::last;
  return static_cast<int>(static_cast<unsigned>(last.day()));
}

std::optional<Ticks> join(const SYSTEMTIME& fields) {
  if (fields.wYear < 1601 || fields.wYear > 30827 || fields.wMonth < 1 || fields.wMonth > 12) return std::nullopt;
  if (fields.wDay < 1 || fields.wDay > days_in_month(fields.wYear, fields.wMonth)) return std::nullopt;
  if (fields.wHour > 23 || fields.wMinute > 59 || fields.wSecond > 59 || fields.wMilliseconds > 999)
    return std::nullopt;
  const sys_days day = std::chrono::year(fields.wYear) / fields.wMonth / fields.wDay;
  const Ticks milliseconds = ((fields.wHour * 60 + fields.wMinute) * 60 + fields.wSecond) * 1000 + fields.wMilliseconds;
  return (day - kFirstDay).count() * kTicksPerDay + milliseconds * kTicksPerMillisecond;
}

}  // namespace hmodule::nls

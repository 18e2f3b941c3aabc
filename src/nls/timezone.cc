// Windows describes a zone by a bias and two yearly dates, "the last Sunday in March at two". ICU knows the whole
// history of a zone; getSimpleRulesNear() gives the pair of rules of one year, in the form Windows wants.
#include "nls/timezone.h"

#include "nls/icu.h"

#include <unicode/basictz.h>
#include <unicode/strenum.h>
#include <unicode/tzrule.h>

#include <algorithm>
#include <cstdlib>
#include <memory>
#include <mutex>
#include <set>
#include <span>

namespace hmodule::nls {
namespace {

constexpr double kMillisecondsPerMinute = 60'000;

// The host's zone; looked up again when TZ changes, since that costs a walk through the zone files.
std::shared_ptr<const icu::TimeZone> host_zone() {
  static std::mutex mutex;
  static auto& cache = *new std::pair<std::string, std::shared_ptr<const icu::TimeZone>>;
  const char* variable = std::getenv("TZ");
  const std::string setting = variable == nullptr ? "" : variable;
  const std::lock_guard lock(mutex);
  if (!cache.second || cache.first != setting) {
    std::shared_ptr<const icu::TimeZone> found(icu::TimeZone::detectHostTimeZone());
    icu::UnicodeString id;
    if (!found || found->getID(id) == icu::UnicodeString(u"Etc/Unknown")) found.reset(icu::TimeZone::getGMT()->clone());
    cache = {setting, found};
  }
  return cache.second;
}

std::u16string windows_id(const icu::TimeZone& zone) {
  icu::UnicodeString id, windows;
  UErrorCode error = U_ZERO_ERROR;
  icu::TimeZone::getWindowsID(zone.getID(id), windows, error);
  return U_SUCCESS(error) && !windows.isEmpty() ? from_icu(windows) : u"UTC";
}

void copy_name(std::span<WCHAR> target, std::u16string_view name) {
  const std::size_t count = std::min(name.size(), target.size() - 1);
  std::copy_n(name.data(), count, target.data());
  target[count] = u'\0';
}

// Windows' own names in English: the daylight name differs by one word.
void name_zone(DYNAMIC_TIME_ZONE_INFORMATION& zone, const std::u16string& key) {
  constexpr std::u16string_view kStandard = u"Standard";
  std::u16string standard = key == u"UTC" ? u"Coordinated Universal Time" : key;
  std::u16string daylight = standard;
  if (const std::size_t at = daylight.find(kStandard); at != daylight.npos)
    daylight.replace(at, kStandard.size(), u"Daylight");
  copy_name(zone.StandardName, standard);
  copy_name(zone.DaylightName, daylight);
  copy_name(zone.TimeZoneKeyName, key);
}

// A date "the nth weekday of a month" with year 0, as Windows writes it; week 5 is the last one.
SYSTEMTIME yearly_date(const icu::DateTimeRule& rule) {
  int week = 1;
  switch (rule.getDateRuleType()) {
    case icu::DateTimeRule::DOW:
      week = rule.getRuleWeekInMonth() < 0 ? 5 : rule.getRuleWeekInMonth();
      break;
    case icu::DateTimeRule::DOW_LEQ_DOM:
      week = rule.getRuleDayOfMonth() >= 28 ? 5 : (rule.getRuleDayOfMonth() - 1) / 7;
      break;
    default:
      week = (rule.getRuleDayOfMonth() - 1) / 7 + 1;
      break;
  }
  const int minutes = rule.getRuleMillisInDay() / static_cast<int>(kMillisecondsPerMinute);
  SYSTEMTIME date{};
  date.wMonth = static_cast<WORD>(rule.getRuleMonth() - UCAL_JANUARY + 1);
  date.wDayOfWeek = static_cast<WORD>(rule.getRuleDayOfWeek() - UCAL_SUNDAY);
  date.wDay = static_cast<WORD>(week);
  date.wHour = static_cast<WORD>(minutes / 60 % 24);
  date.wMinute = static_cast<WORD>(minutes % 60);
  return date;
}

UDate icu_date(Ticks time) {
  const Ticks milliseconds = (time - kUnixEpoch) / kTicksPerMillisecond;
  return static_cast<UDate>(milliseconds);
}

DYNAMIC_TIME_ZONE_INFORMATION describe(const icu::TimeZone& zone, const std::u16string& key, int year) {
  DYNAMIC_TIME_ZONE_INFORMATION described{};
  name_zone(described, key);
  const auto middle = join({static_cast<WORD>(year), 7, 0, 1, 0, 0, 0, 0});
  const UDate near = middle ? icu_date(*middle) : 0;

  icu::InitialTimeZoneRule* initial = nullptr;
  icu::AnnualTimeZoneRule *standard = nullptr, *daylight = nullptr;
  UErrorCode error = U_ZERO_ERROR;
  if (const auto* basic = dynamic_cast<const icu::BasicTimeZone*>(&zone))
    basic->getSimpleRulesNear(near, initial, standard, daylight, error);
  const std::unique_ptr<icu::TimeZoneRule> owned[] = {std::unique_ptr<icu::TimeZoneRule>(initial),
                                                      std::unique_ptr<icu::TimeZoneRule>(standard),
                                                      std::unique_ptr<icu::TimeZoneRule>(daylight)};
  const icu::TimeZoneRule* base = standard != nullptr ? static_cast<icu::TimeZoneRule*>(standard) : initial;
  const int raw = base != nullptr ? base->getRawOffset() : zone.getRawOffset();
  described.Bias = static_cast<LONG>(-raw / kMillisecondsPerMinute);
  if (standard != nullptr && daylight != nullptr) {
    described.StandardDate = yearly_date(*standard->getRule());
    described.DaylightDate = yearly_date(*daylight->getRule());
    described.DaylightBias = static_cast<LONG>(-daylight->getDSTSavings() / kMillisecondsPerMinute);
  }
  return described;
}

int this_year() {
  const auto now = split(system_time());
  return now ? now->wYear : 1970;
}

bool has_daylight(const TIME_ZONE_INFORMATION& zone) {
  return zone.StandardDate.wMonth != 0 && zone.DaylightDate.wMonth != 0;
}

// When a date of the zone falls in `year`, in the wall time it is written in.
std::optional<Ticks> occurrence(SYSTEMTIME date, int year) {
  if (date.wYear != 0) return join(date);  // an absolute date
  const int week = date.wDay;
  if (week < 1 || week > 5 || date.wDayOfWeek > 6 || date.wMonth < 1 || date.wMonth > 12) return std::nullopt;
  date.wYear = static_cast<WORD>(year);
  date.wDay = 1;
  const auto first = join(date);
  if (!first) return std::nullopt;
  const int first_weekday = split(*first)->wDayOfWeek;
  int day = (date.wDayOfWeek - first_weekday + 7) % 7 + 7 * (week - 1);
  if (day >= days_in_month(year, date.wMonth)) day -= 7;
  return *first + day * kTicksPerDay;
}

struct Season {
  Ticks daylight, standard;  // when each begins
  bool contains(Ticks time) const {
    if (daylight < standard) return time >= daylight && time < standard;
    return time < standard || time >= daylight;  // southern half of the earth
  }
};

// Both dates in `year`: as wall times, or shifted to UTC.
std::optional<Season> season(const TIME_ZONE_INFORMATION& zone, int year, bool utc) {
  const auto daylight = occurrence(zone.DaylightDate, year), standard = occurrence(zone.StandardDate, year);
  if (!daylight || !standard) return std::nullopt;
  if (!utc) return Season{*daylight, *standard};
  return Season{*daylight + (zone.Bias + zone.StandardBias) * kTicksPerMinute,
                *standard + (zone.Bias + zone.DaylightBias) * kTicksPerMinute};
}

Ticks bias(const TIME_ZONE_INFORMATION& zone, bool daylight) {
  if (!has_daylight(zone)) return zone.Bias * kTicksPerMinute;
  return (zone.Bias + (daylight ? zone.DaylightBias : zone.StandardBias)) * kTicksPerMinute;
}

// Nothing when the zone's dates make no sense.
std::optional<bool> is_daylight(const TIME_ZONE_INFORMATION& zone, Ticks time, bool utc) {
  if (!has_daylight(zone)) return false;
  const auto wall = split(utc ? time - (zone.Bias + zone.StandardBias) * kTicksPerMinute : time);
  if (!wall) return false;
  const auto dates = season(zone, wall->wYear, utc);
  if (!dates) return std::nullopt;
  return dates->contains(time);
}

}  // namespace

DYNAMIC_TIME_ZONE_INFORMATION local_zone(int year) {
  const auto zone = host_zone();
  return describe(*zone, windows_id(*zone), year);
}

DYNAMIC_TIME_ZONE_INFORMATION local_zone() {
  return local_zone(this_year());
}

std::optional<DYNAMIC_TIME_ZONE_INFORMATION> named_zone(std::u16string_view key, int year) {
  icu::UnicodeString id;
  UErrorCode error = U_ZERO_ERROR;
  icu::TimeZone::getIDForWindowsID(to_icu(key), nullptr, id, error);
  if (U_FAILURE(error) || id.isEmpty()) return std::nullopt;
  const std::unique_ptr<icu::TimeZone> zone(icu::TimeZone::createTimeZone(id));
  return describe(*zone, std::u16string(key), year);
}

std::vector<std::u16string> zone_keys() {
  std::set<std::u16string> keys;
  UErrorCode error = U_ZERO_ERROR;
  const std::unique_ptr<icu::StringEnumeration> all(
      icu::TimeZone::createTimeZoneIDEnumeration(UCAL_ZONE_TYPE_CANONICAL, nullptr, nullptr, error));
  while (all && U_SUCCESS(error)) {
    const icu::UnicodeString* id = all->snext(error);
    if (id == nullptr) break;
    icu::UnicodeString windows;
    icu::TimeZone::getWindowsID(*id, windows, error);
    if (!windows.isEmpty()) keys.insert(from_icu(windows));
  }
  return {keys.begin(), keys.end()};
}

DWORD zone_id(const TIME_ZONE_INFORMATION& zone, Ticks utc) {
  if (!has_daylight(zone)) return TIME_ZONE_ID_UNKNOWN;
  const auto daylight = is_daylight(zone, utc, true);
  if (!daylight) return TIME_ZONE_ID_INVALID;
  return *daylight ? TIME_ZONE_ID_DAYLIGHT : TIME_ZONE_ID_STANDARD;
}

std::optional<Ticks> to_local(const TIME_ZONE_INFORMATION& zone, Ticks utc) {
  const auto daylight = is_daylight(zone, utc, true);
  if (!daylight) return std::nullopt;
  return utc - bias(zone, *daylight);
}

std::optional<Ticks> to_utc(const TIME_ZONE_INFORMATION& zone, Ticks local) {
  const auto daylight = is_daylight(zone, local, false);
  if (!daylight) return std::nullopt;
  return local + bias(zone, *daylight);
}

Ticks local_bias() {
  int32_t raw = 0, savings = 0;
  UErrorCode error = U_ZERO_ERROR;
  host_zone()->getOffset(icu_date(system_time()), false, raw, savings, error);
  return -(static_cast<Ticks>(raw) + savings) * kTicksPerMillisecond;
}

}  // namespace hmodule::nls

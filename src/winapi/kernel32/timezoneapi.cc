// timezoneapi.h: FILETIME and SYSTEMTIME, time zones.
#include "nls/timezone.h"

#include "module/builtin.h"
#include "winapi/common/answer.h"

#include <algorithm>

namespace hmodule::winapi {
namespace {

using nls::Ticks;

Result<SYSTEMTIME> fields_of(Ticks time) {
  const auto fields = nls::split(time);
  if (!fields) return fail_win32(ERROR_INVALID_PARAMETER, "a time before 1601: {:#x}", time);
  return *fields;
}

Result<Ticks> ticks_of(const SYSTEMTIME& fields) {
  const auto time = nls::join(fields);
  if (!time) {
    return fail_win32(ERROR_INVALID_PARAMETER, "no such time: {}-{}-{} {}:{}:{}.{}", fields.wYear, fields.wMonth,
                      fields.wDay, fields.wHour, fields.wMinute, fields.wSecond, fields.wMilliseconds);
  }
  return *time;
}

HM_WINAPI BOOL FileTimeToSystemTime(const FILETIME* time, SYSTEMTIME* fields) noexcept {
  return succeed([&]() -> Status {
    *fields = TRY(fields_of(nls::ticks(*time)));
    return ok;
  });
}

HM_WINAPI BOOL SystemTimeToFileTime(const SYSTEMTIME* fields, FILETIME* time) noexcept {
  return succeed([&]() -> Status {
    *time = nls::filetime(TRY(ticks_of(*fields)));
    return ok;
  });
}

DWORD describe_now(DYNAMIC_TIME_ZONE_INFORMATION& zone) {
  zone = nls::local_zone();
  return nls::zone_id(zone, nls::system_time());
}

HM_WINAPI DWORD GetDynamicTimeZoneInformation(DYNAMIC_TIME_ZONE_INFORMATION* zone) noexcept {
  return answer<DWORD>(TIME_ZONE_ID_INVALID, [&]() -> Result<DWORD> { return describe_now(*zone); });
}

HM_WINAPI DWORD GetTimeZoneInformation(TIME_ZONE_INFORMATION* zone) noexcept {
  return answer<DWORD>(TIME_ZONE_ID_INVALID, [&]() -> Result<DWORD> {
    DYNAMIC_TIME_ZONE_INFORMATION whole;
    const DWORD id = describe_now(whole);
    *zone = whole;
    return id;
  });
}

bool is_set(const DYNAMIC_TIME_ZONE_INFORMATION* zone) {
  return zone != nullptr && zone->TimeZoneKeyName[0] != 0;
}

// The rules of `zone` in `year`: those of its key name, else its own. nullptr: the host's zone.
Result<DYNAMIC_TIME_ZONE_INFORMATION> zone_in_year(const DYNAMIC_TIME_ZONE_INFORMATION* zone, int year) {
  if (zone == nullptr) return nls::local_zone(year);
  if (!is_set(zone) || zone->DynamicDaylightTimeDisabled != 0) return *zone;
  const auto named = nls::named_zone(zone->TimeZoneKeyName, year);
  if (!named) return fail_win32(ERROR_FILE_NOT_FOUND, "no such time zone key");
  return *named;
}

HM_WINAPI BOOL GetTimeZoneInformationForYear(USHORT year, const DYNAMIC_TIME_ZONE_INFORMATION* dynamic,
                                             TIME_ZONE_INFORMATION* zone) noexcept {
  return succeed([&]() -> Status {
    *zone = TRY(zone_in_year(dynamic, year));
    return ok;
  });
}

template <typename Shift>
Status convert(const SYSTEMTIME& from, SYSTEMTIME& to, Shift&& shift) {
  const Ticks time = TRY(ticks_of(from));
  const std::optional<Ticks> shifted = shift(time);
  if (!shifted) return fail_win32(ERROR_INVALID_PARAMETER, "the time zone's dates make no sense");
  to = TRY(fields_of(*shifted));
  return ok;
}

HM_WINAPI BOOL SystemTimeToTzSpecificLocalTimeEx(const DYNAMIC_TIME_ZONE_INFORMATION* zone, const SYSTEMTIME* utc,
                                                 SYSTEMTIME* local) noexcept {
  return succeed([&]() -> Status {
    const auto rules = TRY(zone_in_year(zone, utc->wYear));
    return convert(*utc, *local, [&](Ticks time) { return nls::to_local(rules, time); });
  });
}

HM_WINAPI BOOL TzSpecificLocalTimeToSystemTimeEx(const DYNAMIC_TIME_ZONE_INFORMATION* zone, const SYSTEMTIME* local,
                                                 SYSTEMTIME* utc) noexcept {
  return succeed([&]() -> Status {
    const auto rules = TRY(zone_in_year(zone, local->wYear));
    return convert(*local, *utc, [&](Ticks time) { return nls::to_utc(rules, time); });
  });
}

HM_WINAPI BOOL SystemTimeToTzSpecificLocalTime(const TIME_ZONE_INFORMATION* zone, const SYSTEMTIME* utc,
                                               SYSTEMTIME* local) noexcept {
  if (zone == nullptr) return SystemTimeToTzSpecificLocalTimeEx(nullptr, utc, local);
  return succeed([&] { return convert(*utc, *local, [&](Ticks time) { return nls::to_local(*zone, time); }); });
}

HM_WINAPI BOOL TzSpecificLocalTimeToSystemTime(const TIME_ZONE_INFORMATION* zone, const SYSTEMTIME* local,
                                               SYSTEMTIME* utc) noexcept {
  if (zone == nullptr) return TzSpecificLocalTimeToSystemTimeEx(nullptr, local, utc);
  return succeed([&] { return convert(*local, *utc, [&](Ticks time) { return nls::to_utc(*zone, time); }); });
}

HM_WINAPI DWORD EnumDynamicTimeZoneInformation(DWORD index, DYNAMIC_TIME_ZONE_INFORMATION* zone) noexcept {
  return answer<DWORD>(ERROR_INVALID_PARAMETER, [&]() -> Result<DWORD> {
    if (zone == nullptr) return DWORD{ERROR_INVALID_PARAMETER};
    const auto keys = nls::zone_keys();
    if (index >= keys.size()) return DWORD{ERROR_NO_MORE_ITEMS};
    const auto now = nls::split(nls::system_time());
    const auto named = nls::named_zone(keys[index], now ? now->wYear : 1970);
    if (!named) return DWORD{ERROR_NO_MORE_ITEMS};
    *zone = *named;
    return DWORD{ERROR_SUCCESS};
  });
}

// Setting the host's clock or zone is not a DLL's business.
HM_WINAPI BOOL SetTimeZoneInformation(const TIME_ZONE_INFORMATION*) noexcept {
  return succeed([]() -> Status { return fail_win32(ERROR_PRIVILEGE_NOT_HELD, "the time zone is the host's"); });
}

const Export kRows[] = {
    {"EnumDynamicTimeZoneInformation", proc(EnumDynamicTimeZoneInformation)},
    {"FileTimeToSystemTime", proc(FileTimeToSystemTime)},
    {"GetDynamicTimeZoneInformation", proc(GetDynamicTimeZoneInformation)},
    {"GetTimeZoneInformation", proc(GetTimeZoneInformation)},
    {"GetTimeZoneInformationForYear", proc(GetTimeZoneInformationForYear)},
    {"SetDynamicTimeZoneInformation", proc(SetTimeZoneInformation), Support::partial, "always refused"},
    {"SetTimeZoneInformation", proc(SetTimeZoneInformation), Support::partial, "always refused"},
    {"SystemTimeToFileTime", proc(SystemTimeToFileTime)},
    {"SystemTimeToTzSpecificLocalTime", proc(SystemTimeToTzSpecificLocalTime)},
    {"SystemTimeToTzSpecificLocalTimeEx", proc(SystemTimeToTzSpecificLocalTimeEx)},
    {"TzSpecificLocalTimeToSystemTime", proc(TzSpecificLocalTimeToSystemTime)},
    {"TzSpecificLocalTimeToSystemTimeEx", proc(TzSpecificLocalTimeToSystemTimeEx)},
};

}  // namespace

extern const ExportTable timezoneapi_exports = kRows;

}  // namespace hmodule::winapi

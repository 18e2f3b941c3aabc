// Dates, times, numbers and amounts in writing: GetDateFormat and its kin, by Windows' pictures and layouts.
#pragma once

#include "nls/locale.h"
#include "win/timezoneapi.h"

#include <string>
#include <string_view>

namespace hmodule::nls {

inline constexpr DWORD DATE_SHORTDATE = 1, DATE_LONGDATE = 2, DATE_USE_ALT_CALENDAR = 4, DATE_YEARMONTH = 8,
                       DATE_LTRREADING = 0x10, DATE_RTLREADING = 0x20, DATE_AUTOLAYOUT = 0x40, DATE_MONTHDAY = 0x80;
inline constexpr DWORD TIME_NOMINUTESORSECONDS = 1, TIME_NOSECONDS = 2, TIME_NOTIMEMARKER = 4,
                       TIME_FORCE24HOURFORMAT = 8;

// nullptr time: now, local. nullptr picture: the locale's, as `flags` say. ERROR_INVALID_FLAGS,
// ERROR_INVALID_PARAMETER.
Result<std::u16string> format_date(const Locale& locale, DWORD flags, const SYSTEMTIME* time, const WCHAR* picture);
Result<std::u16string> format_time(const Locale& locale, DWORD flags, const SYSTEMTIME* time, const WCHAR* picture);

struct NumberFormat {
  DWORD digits, leading_zero;
  DWORD grouping;  // 3 for "3;0", 32 for "3;2;0", 30 for "3"
  std::u16string decimal, thousand;
  DWORD negative_order, positive_order;  // INEGNUMBER or INEGCURR; ICURRENCY
  std::u16string currency;               // empty for plain numbers
};
NumberFormat number_format(const Locale& locale);
NumberFormat currency_format(const Locale& locale);

// `value`: digits, at most one '.', a leading '-'. ERROR_INVALID_PARAMETER for anything else.
Result<std::u16string> format_number(const NumberFormat& format, std::u16string_view value);
Result<std::u16string> format_currency(const NumberFormat& format, std::u16string_view value);

}  // namespace hmodule::nls

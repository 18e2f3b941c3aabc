// datetimeapi.h and winnls.h: dates, times, numbers and amounts in writing; calendars.
#include "module/builtin.h"
#include "nls/format.h"
#include "winapi/common/answer.h"
#include "winapi/kernel32/text_args.h"

#include <optional>

namespace hmodule::winapi {
namespace {

using nls::Locale;

// --- Dates and times. One template for both; each function reads its locale and its strings. ---

using Format = Result<std::u16string> (*)(const Locale&, DWORD, const SYSTEMTIME*, const WCHAR*);

template <Format format>
Result<int> write(const Locale& locale, DWORD flags, const SYSTEMTIME* time, const WCHAR* picture, WCHAR* buffer,
                  int size) {
  TRY(check_buffer(buffer, size));
  return deliver_terminated<WCHAR>(TRY(format(locale, flags, time, picture)), buffer, size);
}

template <Format format>
HM_WINAPI int by_number(LCID id, DWORD flags, const SYSTEMTIME* time, const WCHAR* picture, WCHAR* buffer,
                        int size) noexcept {
  return answer<int>(
      0, [&]() -> Result<int> { return write<format>(TRY(nls::find_locale(id)), flags, time, picture, buffer, size); });
}
template <Format format>
HM_WINAPI int by_number_ansi(LCID id, DWORD flags, const SYSTEMTIME* time, const CHAR* picture, CHAR* buffer,
                             int size) noexcept {
  return answer<int>(0, [&]() -> Result<int> {
    TRY(check_buffer(buffer, size));
    const nls::CodePage& page = code_page_of(id, flags);
    const std::u16string wide = picture == nullptr ? std::u16string() : nls::from_page(page, picture);
    const WCHAR* const how = picture == nullptr ? nullptr : wide.c_str();
    const Locale locale = TRY(nls::find_locale(id));
    const std::u16string text = TRY(format(locale, flags, time, how));
    return deliver_terminated<CHAR>(nls::to_page(page, text), buffer, size);
  });
}

HM_WINAPI int GetDateFormatEx(const WCHAR* name, DWORD flags, const SYSTEMTIME* time, const WCHAR* picture,
                              WCHAR* buffer, int size, const WCHAR* calendar) noexcept {
  return answer<int>(0, [&]() -> Result<int> {
    if (calendar != nullptr) return fail_win32(ERROR_INVALID_PARAMETER, "the calendar is reserved");
    return write<nls::format_date>(TRY(nls::find_locale(name)), flags, time, picture, buffer, size);
  });
}
HM_WINAPI int GetTimeFormatEx(const WCHAR* name, DWORD flags, const SYSTEMTIME* time, const WCHAR* picture,
                              WCHAR* buffer, int size) noexcept {
  return answer<int>(0, [&]() -> Result<int> {
    return write<nls::format_time>(TRY(nls::find_locale(name)), flags, time, picture, buffer, size);
  });
}

// --- Numbers and amounts ---

template <typename Char>
struct NUMBERFMT {
  UINT NumDigits, LeadingZero, Grouping;
  const Char *lpDecimalSep, *lpThousandSep;
  UINT NegativeOrder;
};
template <typename Char>
struct CURRENCYFMT {
  UINT NumDigits, LeadingZero, Grouping;
  const Char *lpDecimalSep, *lpThousandSep;
  UINT NegativeOrder, PositiveOrder;
  const Char* lpCurrencySymbol;
};

// What a caller's characters are: UTF-16, or bytes of a code page.
const nls::CodePage& page_for(const WCHAR*, DWORD) {
  return *nls::find_code_page(CP_ACP);  // nobody asks it: such functions have no "A" form
}
const nls::CodePage& page_for(LCID id, DWORD flags) {
  return code_page_of(id, flags);
}
std::u16string wide(const nls::CodePage&, const WCHAR* text) {
  return text;
}
std::u16string wide(const nls::CodePage& page, const CHAR* text) {
  return nls::from_page(page, text);
}

template <typename Format>
Result<nls::NumberFormat> read_format(const Locale& locale, const nls::CodePage& page, DWORD flags,
                                      const Format* format) {
  constexpr bool kCurrency = requires {
    format->lpCurrencySymbol;
  };
  if (format == nullptr) return kCurrency ? nls::currency_format(locale) : nls::number_format(locale);
  if (flags != 0) return fail_win32(ERROR_INVALID_FLAGS, "flags {:#x} beside a format", flags);
  if (format->lpDecimalSep == nullptr || format->lpThousandSep == nullptr)
    return fail_win32(ERROR_INVALID_PARAMETER, "a format without separators");
  nls::NumberFormat read = {.digits = format->NumDigits,
                            .leading_zero = format->LeadingZero,
                            .grouping = format->Grouping,
                            .decimal = wide(page, format->lpDecimalSep),
                            .thousand = wide(page, format->lpThousandSep),
                            .negative_order = format->NegativeOrder,
                            .positive_order = 0,
                            .currency = {}};
  if constexpr (kCurrency) {
    if (format->lpCurrencySymbol == nullptr) return fail_win32(ERROR_INVALID_PARAMETER, "a format without symbol");
    read.positive_order = format->PositiveOrder;
    read.currency = wide(page, format->lpCurrencySymbol);
  }
  return read;
}

Result<int> deliver_kind(const nls::CodePage&, std::u16string_view text, WCHAR* buffer, int size) {
  return deliver_terminated<WCHAR>(text, buffer, size);
}
Result<int> deliver_kind(const nls::CodePage& page, std::u16string_view text, CHAR* buffer, int size) {
  return deliver_terminated<CHAR>(nls::to_page(page, text), buffer, size);
}

template <typename Key, template <typename> typename Structure, typename Char>
HM_WINAPI int write_number(Key key, DWORD flags, const Char* value, const Structure<Char>* format, Char* buffer,
                           int size) noexcept {
  return answer<int>(0, [&]() -> Result<int> {
    TRY(check_buffer(buffer, size));
    if (value == nullptr) return fail_win32(ERROR_INVALID_PARAMETER, "no number");
    const Locale locale = TRY(nls::find_locale(key));
    const nls::CodePage& page = page_for(key, flags);
    const nls::NumberFormat how = TRY(read_format(locale, page, flags & ~LOCALE_USE_CP_ACP, format));
    constexpr bool kCurrency = std::is_same_v<Structure<Char>, CURRENCYFMT<Char>>;
    const std::u16string number = wide(page, value);
    return deliver_kind(page, TRY(kCurrency ? nls::format_currency(how, number) : nls::format_number(how, number)),
                        buffer, size);
  });
}

// --- Calendars: the Gregorian one ---

constexpr CALTYPE CAL_RETURN_NUMBER = 0x20000000, CAL_ICALINTVALUE = 1, CAL_SCALNAME = 2, CAL_IYEAROFFSETRANGE = 3,
                  CAL_SERASTRING = 4, CAL_SSHORTDATE = 5, CAL_SLONGDATE = 6, CAL_SDAYNAME1 = 7,
                  CAL_SABBREVDAYNAME1 = 14, CAL_SMONTHNAME1 = 21, CAL_SABBREVMONTHNAME1 = 34, CAL_SYEARMONTH = 0x2F,
                  CAL_ITWODIGITYEARMAX = 0x30, CAL_SSHORTESTDAYNAME1 = 0x31, CAL_SMONTHDAY = 0x38,
                  CAL_SABBREVERASTRING = 0x39;
constexpr CALID CAL_GREGORIAN = 1, ENUM_ALL_CALENDARS = 0xFFFFFFFF;
constexpr DWORD kTwoDigitYearMax = 2049;

std::optional<DWORD> calendar_number(CALTYPE type) {
  switch (type) {
    case CAL_ICALINTVALUE:
      return CAL_GREGORIAN;
    case CAL_IYEAROFFSETRANGE:
      return 0;
    case CAL_ITWODIGITYEARMAX:
      return kTwoDigitYearMax;
    default:
      return std::nullopt;
  }
}

// What the calendar says in a locale's language is what the locale says.
Result<std::u16string> calendar_text(const Locale& locale, CALTYPE type) {
  struct Range {
    CALTYPE first, count;
    LCTYPE same;
  };
  constexpr Range kRanges[] = {
      {CAL_SSHORTDATE, 1, nls::LOCALE_SSHORTDATE},
      {CAL_SLONGDATE, 1, nls::LOCALE_SLONGDATE},
      {CAL_SDAYNAME1, 7, nls::LOCALE_SDAYNAME1},
      {CAL_SABBREVDAYNAME1, 7, nls::LOCALE_SABBREVDAYNAME1},
      {CAL_SMONTHNAME1, 12, nls::LOCALE_SMONTHNAME1},
      {CAL_SABBREVMONTHNAME1, 12, nls::LOCALE_SABBREVMONTHNAME1},
      {CAL_SYEARMONTH, 1, nls::LOCALE_SYEARMONTH},
      {CAL_SMONTHDAY, 1, nls::LOCALE_SMONTHDAY},
      {CAL_SSHORTESTDAYNAME1, 7, 0x60},
  };
  for (const Range& range : kRanges)
    if (type >= range.first && type < range.first + range.count)
      return nls::locale_text(locale, range.same + (type - range.first));
  switch (type) {
    case CAL_SCALNAME:
      return std::u16string(u"Gregorian Calendar");
    case CAL_SERASTRING:
      return std::u16string(u"A.D.");
    case CAL_SABBREVERASTRING:
      return std::u16string(u"AD");
    case CAL_SMONTHNAME1 + 12:  // the thirteenth month
    case CAL_SABBREVMONTHNAME1 + 12:
      return std::u16string();
    default:
      return fail_win32(ERROR_INVALID_FLAGS, "no calendar information {:#x}", type);
  }
}

template <typename Char>
Result<int> calendar_info(const Locale& locale, const nls::CodePage& page, CALID calendar, CALTYPE type, Char* buffer,
                          int size, DWORD* value) {
  if (calendar != CAL_GREGORIAN) return fail_win32(ERROR_INVALID_PARAMETER, "no calendar {}", calendar);
  const CALTYPE what = type & 0xFFFF;
  const auto number = calendar_number(what);
  if ((type & CAL_RETURN_NUMBER) != 0) {
    if (!number) return fail_win32(ERROR_INVALID_FLAGS, "calendar information {:#x} is no number", what);
    if (value == nullptr || buffer != nullptr || size != 0) return fail_win32(ERROR_INVALID_PARAMETER, "a buffer");
    *value = *number;
    return static_cast<int>(sizeof(DWORD) / sizeof(Char));
  }
  TRY(check_buffer(buffer, size));
  if (value != nullptr) return fail_win32(ERROR_INVALID_PARAMETER, "a value that nobody asked for");
  if (number) {
    const std::string digits = fmt::format("{}", *number);
    return deliver_kind(page, std::u16string(digits.begin(), digits.end()), buffer, size);
  }
  return deliver_kind(page, TRY(calendar_text(locale, what)), buffer, size);
}

HM_WINAPI int GetCalendarInfoEx(const WCHAR* name, CALID calendar, const WCHAR*, CALTYPE type, WCHAR* buffer, int size,
                                DWORD* value) noexcept {
  return answer<int>(0, [&]() -> Result<int> {
    return calendar_info(TRY(nls::find_locale(name)), page_for(name, 0), calendar, type, buffer, size, value);
  });
}
template <typename Char>
HM_WINAPI int GetCalendarInfo(LCID id, CALID calendar, CALTYPE type, Char* buffer, int size, DWORD* value) noexcept {
  return answer<int>(0, [&]() -> Result<int> {
    return calendar_info(TRY(nls::find_locale(id)), page_for(id, type), calendar, type, buffer, size, value);
  });
}

// --- Enumerations. A callback may leave by an exception: it gets a copy on the stack, and nothing is owned. ---

constexpr std::size_t kMostText = 128;

bool fetch(const Locale& locale, LCTYPE type, WCHAR (&text)[kMostText]) {
  const auto found = nls::locale_text(locale, type);
  if (!found || found->size() >= kMostText) return false;
  std::copy_n(found->c_str(), found->size() + 1, text);
  return true;
}
bool fetch_named(const WCHAR* name, LCTYPE type, WCHAR (&text)[kMostText]) {
  const auto locale = nls::find_locale(name);
  return locale && fetch(*locale, type, text);
}

BOOL refuse(DWORD code) {
  thread::set_last_error(code);
  return FALSE;
}

LCTYPE date_type(DWORD flags) {
  switch (flags & ~LOCALE_USE_CP_ACP) {
    case 0:
    case nls::DATE_SHORTDATE:
      return nls::LOCALE_SSHORTDATE;
    case nls::DATE_LONGDATE:
      return nls::LOCALE_SLONGDATE;
    case nls::DATE_YEARMONTH:
      return nls::LOCALE_SYEARMONTH;
    case nls::DATE_MONTHDAY:
      return nls::LOCALE_SMONTHDAY;
    default:
      return 0;
  }
}

using DateCallback = HM_WINAPI BOOL (*)(WCHAR* picture, CALID calendar, LONG_PTR context);
using TimeCallback = HM_WINAPI BOOL (*)(WCHAR* picture, LONG_PTR context);
using CalendarCallback = HM_WINAPI BOOL (*)(WCHAR* text, CALID calendar, WCHAR* reserved, LONG_PTR context);

HM_WINAPI BOOL EnumDateFormatsExEx(DateCallback callback, const WCHAR* name, DWORD flags, LONG_PTR context) noexcept {
  const LCTYPE type = date_type(flags);
  if (type == 0) return refuse(ERROR_INVALID_FLAGS);
  WCHAR text[kMostText];
  if (callback == nullptr || !fetch_named(name, type, text)) return refuse(ERROR_INVALID_PARAMETER);
  callback(text, CAL_GREGORIAN, context);
  return TRUE;
}
HM_WINAPI BOOL EnumTimeFormatsEx(TimeCallback callback, const WCHAR* name, DWORD flags, LONG_PTR context) noexcept {
  if ((flags & ~nls::TIME_NOSECONDS) != 0) return refuse(ERROR_INVALID_FLAGS);
  WCHAR text[kMostText];
  const LCTYPE type = flags == 0 ? nls::LOCALE_STIMEFORMAT : nls::LOCALE_SSHORTTIME;
  if (callback == nullptr || !fetch_named(name, type, text)) return refuse(ERROR_INVALID_PARAMETER);
  callback(text, context);
  return TRUE;
}

bool fetch_calendar(const WCHAR* name, CALTYPE type, WCHAR (&text)[kMostText]) {
  const auto locale = nls::find_locale(name);
  return locale &&
         calendar_info<WCHAR>(*locale, page_for(name, 0), CAL_GREGORIAN, type, text, kMostText, nullptr).has_value();
}
HM_WINAPI BOOL EnumCalendarInfoExEx(CalendarCallback callback, const WCHAR* name, CALID calendar, const WCHAR*,
                                    CALTYPE type, LONG_PTR context) noexcept {
  if (callback == nullptr || (calendar != CAL_GREGORIAN && calendar != ENUM_ALL_CALENDARS))
    return refuse(ERROR_INVALID_PARAMETER);
  WCHAR text[kMostText];
  if (!fetch_calendar(name, type, text)) return refuse(ERROR_INVALID_PARAMETER);
  callback(text, CAL_GREGORIAN, nullptr, context);
  return TRUE;
}

const Export kRows[] = {
    {"EnumCalendarInfoExEx", proc(EnumCalendarInfoExEx), Support::partial, "the Gregorian calendar only"},
    {"EnumDateFormatsExEx", proc(EnumDateFormatsExEx), Support::partial, "the preferred format only"},
    {"EnumTimeFormatsEx", proc(EnumTimeFormatsEx), Support::partial, "the preferred format only"},
    {"GetCalendarInfoA", proc(GetCalendarInfo<CHAR>), Support::partial, "the Gregorian calendar only"},
    {"GetCalendarInfoEx", proc(GetCalendarInfoEx), Support::partial, "the Gregorian calendar only"},
    {"GetCalendarInfoW", proc(GetCalendarInfo<WCHAR>), Support::partial, "the Gregorian calendar only"},
    {"GetCurrencyFormatA", proc(write_number<LCID, CURRENCYFMT, CHAR>)},
    {"GetCurrencyFormatEx", proc(write_number<const WCHAR*, CURRENCYFMT, WCHAR>)},
    {"GetCurrencyFormatW", proc(write_number<LCID, CURRENCYFMT, WCHAR>)},
    {"GetDateFormatA", proc(by_number_ansi<nls::format_date>), Support::partial, "the Gregorian calendar only"},
    {"GetDateFormatEx", proc(GetDateFormatEx), Support::partial, "the Gregorian calendar only"},
    {"GetDateFormatW", proc(by_number<nls::format_date>), Support::partial, "the Gregorian calendar only"},
    {"GetNumberFormatA", proc(write_number<LCID, NUMBERFMT, CHAR>)},
    {"GetNumberFormatEx", proc(write_number<const WCHAR*, NUMBERFMT, WCHAR>)},
    {"GetNumberFormatW", proc(write_number<LCID, NUMBERFMT, WCHAR>)},
    {"GetTimeFormatA", proc(by_number_ansi<nls::format_time>)},
    {"GetTimeFormatEx", proc(GetTimeFormatEx)},
    {"GetTimeFormatW", proc(by_number<nls::format_time>)},
};

}  // namespace

extern const ExportTable datetimeapi_exports = kRows;

}  // namespace hmodule::winapi

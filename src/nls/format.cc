#include "nls/format.h"

#include "nls/timezone.h"

#include <algorithm>
#include <string>

namespace hmodule::nls {
namespace {

std::u16string text_of(const Locale& locale, LCTYPE type, bool genitive = false) {
  auto text = locale_text(locale, type, genitive);
  return text ? *std::move(text) : std::u16string();
}
DWORD number_of(const Locale& locale, LCTYPE type) {
  const auto number = locale_number(locale, type);
  return number ? *number : 0;
}

std::u16string decimal(unsigned value, std::size_t width = 1) {
  const std::string digits = std::to_string(value);
  std::u16string out(digits.begin(), digits.end());
  if (out.size() < width) out.insert(0, width - out.size(), u'0');
  return out;
}

// Reads a picture: runs of one letter go to `element`, which answers what to write; everything else is copied, and
// 'quoted text' without its quotes ('' is one quote).
template <typename Element>
std::u16string fill_in(std::u16string_view picture, std::u16string_view letters, Element&& element) {
  std::u16string out;
  for (std::size_t i = 0; i < picture.size();) {
    const char16_t c = picture[i];
    if (c == u'\'') {
      ++i;
      for (; i < picture.size(); ++i) {
        if (picture[i] != u'\'') {
          out += picture[i];
        } else if (i + 1 < picture.size() && picture[i + 1] == u'\'') {
          out += picture[i++];
        } else {
          ++i;
          break;
        }
      }
    } else if (letters.find(c) != letters.npos) {
      const std::size_t end = std::min(picture.find_first_not_of(c, i), picture.size());
      out += element(c, end - i);
      i = end;
    } else {
      out += c;
      ++i;
    }
  }
  return out;
}

SYSTEMTIME now() {
  return split(system_time() - local_bias()).value_or(SYSTEMTIME{});
}

// --- Dates ---

Result<std::u16string> date_picture(const Locale& locale, DWORD flags) {
  if ((flags & DATE_LONGDATE) != 0) return text_of(locale, LOCALE_SLONGDATE);
  if ((flags & DATE_YEARMONTH) != 0) return text_of(locale, LOCALE_SYEARMONTH);
  if ((flags & DATE_MONTHDAY) != 0) return text_of(locale, LOCALE_SMONTHDAY);
  return text_of(locale, LOCALE_SSHORTDATE);
}

// Sunday is 0 in a SYSTEMTIME and last in the list of names.
LCTYPE day_index(const SYSTEMTIME& time) {
  return (time.wDayOfWeek + 6U) % 7;
}

std::u16string date_element(const Locale& locale, const SYSTEMTIME& time, char16_t letter, std::size_t count,
                            bool genitive) {
  switch (letter) {
    case u'd':
      if (count >= 4) return text_of(locale, LOCALE_SDAYNAME1 + day_index(time));
      if (count == 3) return text_of(locale, LOCALE_SABBREVDAYNAME1 + day_index(time));
      return decimal(time.wDay, count);
    case u'M':
      if (count >= 4) return text_of(locale, LOCALE_SMONTHNAME1 + time.wMonth - 1U, genitive);
      if (count == 3) return text_of(locale, LOCALE_SABBREVMONTHNAME1 + time.wMonth - 1U, genitive);
      return decimal(time.wMonth, count);
    case u'y':
      return count <= 2 ? decimal(time.wYear % 100U, count) : decimal(time.wYear, count);
    default:
      return count <= 2 ? u"A.D." : std::u16string(count, letter);  // g
  }
}

Status check_date_flags(DWORD flags, const WCHAR* picture) {
  constexpr DWORD kKinds = DATE_SHORTDATE | DATE_LONGDATE | DATE_YEARMONTH | DATE_MONTHDAY;
  constexpr DWORD kAll = kKinds | DATE_USE_ALT_CALENDAR | DATE_LTRREADING | DATE_RTLREADING | DATE_AUTOLAYOUT |
                         LOCALE_USE_CP_ACP | LOCALE_NOUSEROVERRIDE;
  const DWORD kind = flags & kKinds;
  const bool several = (kind & (kind - 1)) != 0;
  const bool needless = picture != nullptr && (kind != 0 || (flags & LOCALE_NOUSEROVERRIDE) != 0);
  if ((flags & ~kAll) != 0 || several || needless) return fail_win32(ERROR_INVALID_FLAGS, "flags {:#x}", flags);
  return ok;
}

// --- Times ---

// Takes `letter`s out of a picture, and the separator that led to them.
void remove_element(std::u16string& picture, char16_t letter) {
  const std::size_t first = picture.find(letter);
  if (first == picture.npos) return;
  std::size_t end = std::min(picture.find_first_not_of(letter, first), picture.size());
  std::size_t begin = first;
  while (begin > 0 && std::u16string_view(u"hHmst'").find(picture[begin - 1]) == std::u16string_view::npos) --begin;
  if (begin == 0) end = std::min(picture.find_first_not_of(u' ', end), picture.size());
  picture.erase(begin, end - begin);
}

std::u16string time_picture(const Locale& locale, DWORD flags) {
  std::u16string picture = text_of(locale, LOCALE_STIMEFORMAT);
  if ((flags & (TIME_NOSECONDS | TIME_NOMINUTESORSECONDS)) != 0) remove_element(picture, u's');
  if ((flags & TIME_NOMINUTESORSECONDS) != 0) remove_element(picture, u'm');
  return picture;
}

std::u16string time_element(const Locale& locale, DWORD flags, const SYSTEMTIME& time, char16_t letter,
                            std::size_t count) {
  const bool forced_24 = (flags & TIME_FORCE24HOURFORMAT) != 0;
  const std::size_t width = std::min<std::size_t>(count, 2);
  switch (letter) {
    case u'h':
      return decimal(forced_24 ? time.wHour : (time.wHour + 11U) % 12 + 1, width);
    case u'H':
      return decimal(time.wHour, width);
    case u'm':
      return (flags & TIME_NOMINUTESORSECONDS) != 0 ? std::u16string() : decimal(time.wMinute, width);
    case u's':
      return (flags & (TIME_NOSECONDS | TIME_NOMINUTESORSECONDS)) != 0 ? std::u16string()
                                                                       : decimal(time.wSecond, width);
    default: {  // t
      const std::u16string marker = text_of(locale, time.wHour < 12 ? LOCALE_S1159 : LOCALE_S2359);
      return count == 1 ? marker.substr(0, 1) : marker;
    }
  }
}

Status check_time_flags(DWORD flags, const WCHAR* picture) {
  constexpr DWORD kAll = TIME_NOMINUTESORSECONDS | TIME_NOSECONDS | TIME_NOTIMEMARKER | TIME_FORCE24HOURFORMAT |
                         LOCALE_USE_CP_ACP | LOCALE_NOUSEROVERRIDE;
  const bool needless = picture != nullptr && (flags & LOCALE_NOUSEROVERRIDE) != 0;
  if ((flags & ~kAll) != 0 || needless) return fail_win32(ERROR_INVALID_FLAGS, "flags {:#x}", flags);
  return ok;
}

}  // namespace

Result<std::u16string> format_date(const Locale& locale, DWORD flags, const SYSTEMTIME* time, const WCHAR* picture) {
  TRY(check_date_flags(flags, picture));
  SYSTEMTIME when = time == nullptr ? now() : *time;
  when.wHour = when.wMinute = when.wSecond = when.wMilliseconds = 0;
  const auto ticks = join(when);
  if (!ticks) return fail_win32(ERROR_INVALID_PARAMETER, "no such date");
  when = *split(*ticks);  // the weekday may have been left out
  const std::u16string how = picture != nullptr ? picture : TRY(date_picture(locale, flags));
  // Beside a day, many languages decline the month.
  const bool genitive = how.find(u'd') != how.npos && how.find(u"MMM") != how.npos;
  return fill_in(how, u"dMyg", [&](char16_t letter, std::size_t count) {
    return date_element(locale, when, letter, count, genitive);
  });
}

Result<std::u16string> format_time(const Locale& locale, DWORD flags, const SYSTEMTIME* time, const WCHAR* picture) {
  TRY(check_time_flags(flags, picture));
  const SYSTEMTIME when = time == nullptr ? now() : *time;
  if (when.wHour > 23 || when.wMinute > 59 || when.wSecond > 59 || when.wMilliseconds > 999)
    return fail_win32(ERROR_INVALID_PARAMETER, "no such time");
  std::u16string how = picture != nullptr ? picture : time_picture(locale, flags);
  if ((flags & TIME_NOTIMEMARKER) != 0) remove_element(how, u't');
  return fill_in(how, u"hHmst",
                 [&](char16_t letter, std::size_t count) { return time_element(locale, flags, when, letter, count); });
}

// --- Numbers ---

namespace {

// "3;2;0" becomes 32, "3;0" 3, "3" 30: a last 0 repeats the group before it, its absence ends the grouping.
DWORD grouping_number(std::u16string_view text) {
  DWORD value = 0;
  for (const char16_t c : text)
    if (c >= u'0' && c <= u'9') value = value * 10 + (c - u'0');
  const bool repeats = text.size() > 1 && text.ends_with(u";0");
  return repeats ? value / 10 : value * 10;
}

struct Digits {
  bool negative;
  std::u16string whole, fraction;
};

Result<Digits> read_value(std::u16string_view value) {
  Digits digits{value.starts_with(u'-'), {}, {}};
  if (digits.negative) value.remove_prefix(1);
  const std::size_t point = std::min(value.find(u'.'), value.size());
  digits.whole = value.substr(0, point);
  if (point < value.size()) digits.fraction = value.substr(point + 1);
  const auto is_digit = [](char16_t c) { return c >= u'0' && c <= u'9'; };
  if (value.empty() || !std::ranges::all_of(digits.whole, is_digit) || !std::ranges::all_of(digits.fraction, is_digit))
    return fail_win32(ERROR_INVALID_PARAMETER, "not a number");
  return digits;
}

void round(Digits& digits, std::size_t places) {
  const bool up = digits.fraction.size() > places && digits.fraction[places] >= u'5';
  digits.fraction.resize(places, u'0');
  if (up) {
    std::u16string all = digits.whole + digits.fraction;
    auto at = all.rbegin();
    for (; at != all.rend() && *at == u'9'; ++at) *at = u'0';
    if (at != all.rend()) {
      ++*at;
    } else {
      all.insert(0, 1, u'1');
    }
    digits.whole = all.substr(0, all.size() - places);
    digits.fraction = all.substr(all.size() - places);
  }
  digits.whole.erase(0, std::min(digits.whole.find_first_not_of(u'0'), digits.whole.size()));
  const bool zero = digits.whole.empty() && digits.fraction.find_first_not_of(u'0') == digits.fraction.npos;
  if (zero) digits.negative = false;
}

std::u16string group(std::u16string_view whole, DWORD grouping, std::u16string_view separator) {
  std::string sizes = std::to_string(grouping);
  const bool ends = sizes.ends_with('0');  // after the last group, no more separators
  if (ends) sizes.pop_back();
  if (grouping == 0 || sizes.empty()) return std::u16string(whole);
  std::u16string out;
  std::size_t left = whole.size();
  for (std::size_t i = 0; left > 0; ++i) {
    const bool known = i < sizes.size();
    const auto size = static_cast<std::size_t>((known ? sizes[i] : sizes.back()) - '0');
    const std::size_t take = (!known && ends) || size == 0 ? left : std::min(left, size);
    out.insert(0, whole.substr(left - take, take));
    left -= take;
    if (left > 0) out.insert(0, separator);
  }
  return out;
}

std::u16string unsigned_text(const NumberFormat& format, const Digits& digits) {
  std::u16string out = group(digits.whole, format.grouping, format.thousand);
  if (out.empty() && (format.leading_zero != 0 || format.digits == 0)) out = u"0";
  if (format.digits != 0) out += format.decimal + digits.fraction;
  return out;
}

// In a layout, 1 stands for the number and $ for the currency.
std::u16string lay_out(std::u16string_view layout, const std::u16string& number, const std::u16string& currency) {
  std::u16string out;
  for (const char16_t c : layout) {
    if (c == u'1') {
      out += number;
    } else if (c == u'$') {
      out += currency;
    } else {
      out += c;
    }
  }
  return out;
}

constexpr std::u16string_view kNegativeNumbers[] = {u"(1)", u"-1", u"- 1", u"1-", u"1 -"};
constexpr std::u16string_view kPositiveAmounts[] = {u"$1", u"1$", u"$ 1", u"1 $"};
constexpr std::u16string_view kNegativeAmounts[] = {u"($1)", u"-$1",  u"$-1",   u"$1-",  u"(1$)", u"-1$",
                                                    u"1-$",  u"1$-",  u"-1 $",  u"-$ 1", u"1 $-", u"$ 1-",
                                                    u"$ -1", u"1- $", u"($ 1)", u"(1 $)"};

Status check_format(const NumberFormat& format, std::size_t negative_orders, std::size_t positive_orders) {
  if (format.digits > 9 || format.leading_zero > 1 || format.grouping > 9999 ||
      format.negative_order >= negative_orders || format.positive_order >= positive_orders)
    return fail_win32(ERROR_INVALID_PARAMETER, "a number format out of range");
  return ok;
}

}  // namespace

NumberFormat number_format(const Locale& locale) {
  return {number_of(locale, LOCALE_IDIGITS),
          number_of(locale, LOCALE_ILZERO),
          grouping_number(text_of(locale, LOCALE_SGROUPING)),
          text_of(locale, LOCALE_SDECIMAL),
          text_of(locale, LOCALE_STHOUSAND),
          number_of(locale, LOCALE_INEGNUMBER),
          0,
          {}};
}

NumberFormat currency_format(const Locale& locale) {
  return {number_of(locale, LOCALE_ICURRDIGITS),
          number_of(locale, LOCALE_ILZERO),
          grouping_number(text_of(locale, LOCALE_SMONGROUPING)),
          text_of(locale, LOCALE_SMONDECIMALSEP),
          text_of(locale, LOCALE_SMONTHOUSANDSEP),
          number_of(locale, LOCALE_INEGCURR),
          number_of(locale, LOCALE_ICURRENCY),
          text_of(locale, LOCALE_SCURRENCY)};
}

Result<std::u16string> format_number(const NumberFormat& format, std::u16string_view value) {
  TRY(check_format(format, std::size(kNegativeNumbers), 1));
  Digits digits = TRY(read_value(value));
  round(digits, format.digits);
  const std::u16string number = unsigned_text(format, digits);
  return digits.negative ? lay_out(kNegativeNumbers[format.negative_order], number, {}) : number;
}

Result<std::u16string> format_currency(const NumberFormat& format, std::u16string_view value) {
  TRY(check_format(format, std::size(kNegativeAmounts), std::size(kPositiveAmounts)));
  Digits digits = TRY(read_value(value));
  round(digits, format.digits);
  const std::u16string_view layout =
      digits.negative ? kNegativeAmounts[format.negative_order] : kPositiveAmounts[format.positive_order];
  return lay_out(layout, unsigned_text(format, digits), format.currency);
}

}  // namespace hmodule::nls

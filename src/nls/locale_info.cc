// GetLocaleInfo. CLDR knows patterns ("EEEE, MMMM d, y", "#,##0.00 ¤"); Windows wants pictures ("dddd, MMMM d, yyyy")
// and numbers that describe a layout (3: the symbol behind, after a space). The patterns are read here.
#include "nls/codepage.h"
#include "nls/icu.h"
#include "nls/locale.h"

#include <unicode/dcfmtsym.h>
#include <unicode/decimfmt.h>
#include <unicode/dtfmtsym.h>
#include <unicode/dtptngen.h>
#include <unicode/gregocal.h>
#include <unicode/locid.h>
#include <unicode/numsys.h>
#include <unicode/smpdtfmt.h>
#include <unicode/uchar.h>
#include <unicode/ucurr.h>
#include <unicode/ulocdata.h>
#include <unicode/uscript.h>

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <memory>
#include <mutex>
#include <optional>

namespace hmodule::nls {
namespace {

using icu::DateFormat;
using icu::DateFormatSymbols;
using icu::DecimalFormatSymbols;
using icu::UnicodeString;

std::u16string wide(std::string_view text) {
  return {text.begin(), text.end()};
}

// --- Date pictures ---

// What Windows writes for `count` times the CLDR pattern letter `letter`.
std::u16string picture_letters(char16_t letter, std::size_t count) {
  switch (letter) {
    case u'y':
    case u'u':
      return u"yyyy";
    case u'M':
    case u'L':
      return std::u16string(std::min<std::size_t>(count, 4), u'M');
    case u'd':
      return std::u16string(std::min<std::size_t>(count, 2), u'd');
    case u'E':
    case u'c':
    case u'e':
      return count == 4 ? u"dddd" : u"ddd";
    case u'a':
    case u'b':
    case u'B':
      return u"tt";
    case u'h':
    case u'K':
      return std::u16string(std::min<std::size_t>(count, 2), u'h');
    case u'H':
    case u'k':
      return std::u16string(std::min<std::size_t>(count, 2), u'H');
    case u'm':
    case u's':
      return std::u16string(std::min<std::size_t>(count, 2), letter);
    case u'G':
      return u"gg";
    default:
      return {};  // zones and the like have no picture
  }
}

bool is_letter(char16_t c) {
  return (c >= u'a' && c <= u'z') || (c >= u'A' && c <= u'Z');
}

std::u16string picture(std::u16string_view pattern) {
  std::u16string out;
  for (std::size_t i = 0; i < pattern.size();) {
    const char16_t c = pattern[i];
    if (c == u'\'') {
      const std::size_t end = std::min(pattern.find(u'\'', i + 1), pattern.size() - 1);
      out += pattern.substr(i, end - i + 1);
      i = end + 1;
    } else if (is_letter(c)) {
      const std::size_t end = std::min(pattern.find_first_not_of(c, i), pattern.size());
      out += picture_letters(c, end - i);
      i = end;
    } else {
      const bool invisible = c == 0x200E || c == 0x200F || c == 0x061C;
      if (!invisible) out += c == 0x202F || c == 0x00A0 ? u' ' : c;
      ++i;
    }
  }
  while (!out.empty() && out.back() == u' ') out.pop_back();
  return out;
}

// --- What ICU knows of one locale, read once ---

struct Data {
  explicit Data(const Locale& locale);

  icu::Locale icu;
  bool invariant;
  std::string language, script, country;
  UErrorCode error = U_ZERO_ERROR;
  std::unique_ptr<DecimalFormatSymbols> numbers;
  std::unique_ptr<DateFormatSymbols> dates;
  std::u16string short_date, long_date, time, short_time, month_day, year_month, relative_date;
  std::u16string positive_currency, negative_currency, percent;
  std::u16string grouping;
  std::u16string currency;  // "EUR"
};

std::u16string date_picture(DateFormat* format) {
  const std::unique_ptr<DateFormat> owned(format);
  UnicodeString pattern;
  if (const auto* simple = dynamic_cast<icu::SimpleDateFormat*>(format)) simple->toPattern(pattern);
  return picture(from_icu(pattern));
}

std::u16string skeleton_picture(const icu::Locale& locale, const char16_t* skeleton) {
  UErrorCode error = U_ZERO_ERROR;
  const std::unique_ptr<icu::DateTimePatternGenerator> generator(
      icu::DateTimePatternGenerator::createInstance(locale, error));
  return U_SUCCESS(error) ? picture(from_icu(generator->getBestPattern(UnicodeString(skeleton), error)))
                          : std::u16string();
}

std::u16string number_pattern(const icu::Locale& locale, UNumberFormatStyle style) {
  UErrorCode error = U_ZERO_ERROR;
  const std::unique_ptr<icu::NumberFormat> format(icu::NumberFormat::createInstance(locale, style, error));
  UnicodeString pattern;
  if (const auto* decimal = dynamic_cast<icu::DecimalFormat*>(format.get())) decimal->toPattern(pattern);
  return from_icu(pattern);
}

std::u16string grouping_of(const icu::Locale& locale) {
  UErrorCode error = U_ZERO_ERROR;
  const std::unique_ptr<icu::NumberFormat> format(icu::NumberFormat::createInstance(locale, UNUM_DECIMAL, error));
  const auto* decimal = dynamic_cast<icu::DecimalFormat*>(format.get());
  if (decimal == nullptr) return u"3;0";
  const int first = decimal->getGroupingSize(), second = decimal->getSecondaryGroupingSize();
  return wide(second > 0 && second != first ? fmt::format("{};{};0", first, second) : fmt::format("{};0", first));
}

// The dates of Windows are Gregorian whatever calendar the country prefers.
icu::Locale gregorian(const Locale& locale) {
  return icu::Locale(
      ((locale.icu.empty() ? "en" : locale.icu.substr(0, locale.icu.find('@'))) + "@calendar=gregorian;numbers=latn")
          .c_str());
}

Data::Data(const Locale& locale) : icu(gregorian(locale)), invariant(locale.invariant()) {
  icu::Locale full(icu);
  full.addLikelySubtags(error);
  language = icu.getLanguage();
  script = full.getScript();
  country = full.getCountry();
  numbers = std::make_unique<DecimalFormatSymbols>(icu, error);
  dates = std::make_unique<DateFormatSymbols>(icu, error);
  short_date = date_picture(DateFormat::createDateInstance(DateFormat::kShort, icu));
  long_date = date_picture(DateFormat::createDateInstance(DateFormat::kFull, icu));
  time = date_picture(DateFormat::createTimeInstance(DateFormat::kMedium, icu));
  short_time = date_picture(DateFormat::createTimeInstance(DateFormat::kShort, icu));
  month_day = skeleton_picture(icu, u"MMMMd");
  year_month = skeleton_picture(icu, u"yMMMM");
  relative_date = skeleton_picture(icu, u"EEEEMMMMd");
  positive_currency = number_pattern(icu, UNUM_CURRENCY);
  negative_currency = number_pattern(icu, UNUM_CURRENCY_ACCOUNTING);
  percent = number_pattern(icu, UNUM_PERCENT);
  grouping = grouping_of(icu);
  char16_t code[4] = {};
  ucurr_forLocale(full.getName(), code, 4, &error);
  currency = U_SUCCESS(error) && code[0] != 0 ? code : u"XDR";
  error = U_ZERO_ERROR;
  if (invariant) {
    short_date = u"MM/dd/yyyy";
    long_date = u"dddd, dd MMMM yyyy";
    time = u"HH:mm:ss";
    short_time = u"HH:mm";
    month_day = u"MMMM dd";
    year_month = u"yyyy MMMM";
    currency = u"XDR";
  }
}

const Data& data_of(const Locale& locale) {
  static std::mutex mutex;
  static auto& known = *new std::map<std::string, std::unique_ptr<const Data>>;
  const std::lock_guard lock(mutex);
  auto& data = known[locale.icu];
  if (!data) data = std::make_unique<const Data>(locale);
  return *data;
}

// --- Layouts as numbers ---

// Windows writes a plain hyphen, and no marks of direction.
std::u16string plain(std::u16string_view sign) {
  std::u16string out;
  for (const char16_t c : sign) {
    if (c == 0x200E || c == 0x200F || c == 0x061C) continue;
    out += c == 0x2212 ? u'-' : c;
  }
  return out;
}
std::u16string symbol(const Data& data, DecimalFormatSymbols::ENumberFormatSymbol which) {
  return plain(from_icu(data.numbers->getConstSymbol(which)));
}

std::u16string currency_symbol(const Data& data) {
  if (data.invariant) return u"\u00A4";
  UErrorCode error = U_ZERO_ERROR;
  int32_t length = 0;
  for (const UCurrNameStyle style : {UCURR_SYMBOL_NAME, UCURR_NARROW_SYMBOL_NAME}) {
    const char16_t* name = ucurr_getName(data.currency.c_str(), data.icu.getName(), style, nullptr, &length, &error);
    // "R$", "Kč" and "₹" are symbols, "NZD" is the code again.
    if (U_SUCCESS(error) && data.currency != std::u16string_view(name, static_cast<std::size_t>(length)))
      return {name, static_cast<std::size_t>(length)};
  }
  return data.currency;
}

struct CurrencyLayout {
  bool before, spaced;
};
CurrencyLayout currency_layout(std::u16string_view pattern) {
  pattern = pattern.substr(0, pattern.find(u';'));
  const std::size_t symbol_at = pattern.find(u'\u00A4'), digits_at = pattern.find_first_of(u"#0");
  const bool before = symbol_at < digits_at;
  const bool spaced = pattern.find_first_of(u" \u00A0\u202F") != pattern.npos;
  return {before, spaced};
}

DWORD positive_currency(const Data& data) {  // LOCALE_ICURRENCY
  const CurrencyLayout layout = currency_layout(data.positive_currency);
  return (layout.before ? 0U : 1U) + (layout.spaced ? 2U : 0U);
}

DWORD negative_currency(const Data& data) {  // LOCALE_INEGCURR
  const CurrencyLayout layout = currency_layout(data.positive_currency);
  const bool bracketed = data.invariant || std::string_view(data.icu.getCountry()) == "US";
  if (bracketed && data.negative_currency.find(u'(') != data.negative_currency.npos)
    return layout.before ? (layout.spaced ? 14U : 0U) : (layout.spaced ? 15U : 4U);
  if (layout.before) return layout.spaced ? 9U : 1U;
  return layout.spaced ? 8U : 5U;
}

// Percent: 0 "1 %", 1 "1%", 2 "%1", 3 "% 1"; negative ones the same with a sign in front.
DWORD percent_layout(const Data& data) {
  const bool before = data.percent.find(u'%') < data.percent.find_first_of(u"#0");
  const bool spaced = data.percent.find_first_of(u" \u00A0\u202F") != data.percent.npos;
  return before ? (spaced ? 3U : 2U) : (spaced ? 0U : 1U);
}

DWORD date_order(std::u16string_view date) {
  std::u16string without_weekday(date);
  if (const std::size_t weekday = date.find(u"ddd"); weekday != date.npos)
    without_weekday.erase(weekday, date.find_first_not_of(u'd', weekday) - weekday);
  date = without_weekday;
  const std::size_t day = date.find(u'd'), month = date.find(u'M'), year = date.find(u'y');
  return year < month && year < day ? 2U : month < day ? 0U : 1U;
}

DWORD first_day_of_week(const Data& data) {  // Monday is 0
  UErrorCode error = U_ZERO_ERROR;
  const std::unique_ptr<icu::Calendar> calendar(icu::Calendar::createInstance(data.icu, error));
  if (data.invariant || !calendar) return 6;
  return static_cast<DWORD>((calendar->getFirstDayOfWeek(error) + 5) % 7);
}

DWORD first_week_of_year(const Data& data) {
  UErrorCode error = U_ZERO_ERROR;
  const std::unique_ptr<icu::Calendar> calendar(icu::Calendar::createInstance(data.icu, error));
  const int days = data.invariant || !calendar ? 1 : calendar->getMinimalDaysInFirstWeek();
  return days <= 1 ? 0U : days >= 7 ? 1U : 2U;
}

bool is_metric(const Data& data) {
  UErrorCode error = U_ZERO_ERROR;
  return data.invariant || ulocdata_getMeasurementSystem(data.icu.getName(), &error) != UMS_US;
}

bool prefers_a4(const Data& data) {
  int32_t height = 0, width = 0;
  UErrorCode error = U_ZERO_ERROR;
  ulocdata_getPaperSize(data.icu.getName(), &height, &width, &error);
  return data.invariant || height > 290;
}

// The code pages of the time before Unicode: by script, then by language.
struct CodePages {
  DWORD ansi, oem, mac;
};
CodePages code_pages_of(const Data& data) {
  struct Row {
    std::string_view key;
    CodePages pages;
  };
  constexpr Row kScripts[] = {
      {"Jpan", {932, 932, 10001}},  {"Kore", {949, 949, 10003}},  {"Hans", {936, 936, 10008}},
      {"Hant", {950, 950, 10002}},  {"Thai", {874, 874, 10021}},  {"Cyrl", {1251, 866, 10007}},
      {"Grek", {1253, 737, 10006}}, {"Hebr", {1255, 862, 10005}}, {"Arab", {1256, 720, 10004}},
  };
  constexpr Row kLanguages[] = {
      {"tr", {1254, 857, 10081}}, {"az", {1254, 857, 10081}},  {"et", {1257, 775, 10029}}, {"lv", {1257, 775, 10029}},
      {"lt", {1257, 775, 10029}}, {"vi", {1258, 1258, 10000}}, {"cs", {1250, 852, 10029}}, {"pl", {1250, 852, 10029}},
      {"hu", {1250, 852, 10029}}, {"sk", {1250, 852, 10029}},  {"sl", {1250, 852, 10029}}, {"hr", {1250, 852, 10082}},
      {"ro", {1250, 852, 10010}}, {"sq", {1250, 852, 10029}},  {"bs", {1250, 852, 10082}}, {"sr", {1250, 852, 10029}},
  };
  for (const Row& row : kScripts)
    if (row.key == data.script) return row.pages;
  if (data.script != "Latn") return {0, 1, 2};  // scripts that only Unicode has
  for (const Row& row : kLanguages)
    if (row.key == data.language) return row.pages;
  const bool american = data.invariant || (data.language == "en" && data.country == "US");
  return {1252, american ? 437U : 850U, 10000};
}

bool right_to_left(const Data& data) {
  return data.icu.isRightToLeft();
}

// --- Names ---

std::u16string display(const Data& data, const icu::Locale& in,
                       UnicodeString& (icu::Locale::*part)(const icu::Locale&, UnicodeString&) const) {
  UnicodeString name;
  // Chinese names say which script they mean.
  const bool chinese = data.language == "zh" && *data.icu.getScript() == '\0';
  const icu::Locale base(chinese ? ("zh_" + data.script + "_" + data.icu.getCountry()).c_str()
                                 : data.icu.getBaseName());
  (base.*part)(in, name);
  return from_icu(name);
}
using Part = UnicodeString& (icu::Locale::*)(const icu::Locale&, UnicodeString&) const;

std::u16string display_in(const Data& data, const icu::Locale& in, LCTYPE what) {
  const auto part = [&](Part member) { return display(data, in, member); };
  switch (what) {
    case 0:
      return part(&icu::Locale::getDisplayLanguage);
    case 1:
      return part(&icu::Locale::getDisplayCountry);
    default:
      return part(&icu::Locale::getDisplayName);
  }
}

// ICU's week begins on Sunday, Windows' on Monday.
std::u16string day_name(const Data& data, DWORD index, DateFormatSymbols::DtWidthType width) {
  int32_t count = 0;
  const UnicodeString* names = data.dates->getWeekdays(count, DateFormatSymbols::STANDALONE, width);
  const auto at = static_cast<int32_t>((index + 1) % 7 + 1);
  return at < count ? from_icu(names[at]) : std::u16string();
}

std::u16string month_name(const Data& data, DWORD index, DateFormatSymbols::DtWidthType width, bool genitive) {
  int32_t count = 0;
  const UnicodeString* names =
      data.dates->getMonths(count, genitive ? DateFormatSymbols::FORMAT : DateFormatSymbols::STANDALONE, width);
  return static_cast<int32_t>(index) < count ? from_icu(names[index]) : std::u16string();
}

std::u16string half_day(const Data& data, int index) {
  int32_t count = 0;
  const UnicodeString* names = data.dates->getAmPmStrings(count);
  return index < count ? from_icu(names[index]) : std::u16string();
}

// "AM" becomes "a"; what is not written in Latin letters stays.
std::u16string shortest(const std::u16string& text) {
  return !text.empty() && is_letter(text[0]) ? std::u16string(1, static_cast<char16_t>(text[0] | 0x20)) : text;
}

std::u16string upper(std::string_view text) {
  std::u16string out = wide(text);
  for (char16_t& c : out)
    if (c >= u'a' && c <= u'z') c = static_cast<char16_t>(c - 0x20);
  return out;
}

std::u16string native_digits(const Data& data) {
  UErrorCode error = U_ZERO_ERROR;
  icu::Locale native(data.icu.getBaseName());
  native.setKeywordValue("numbers", "native", error);
  const std::unique_ptr<icu::NumberingSystem> system(icu::NumberingSystem::createInstance(native, error));
  const std::u16string digits =
      U_SUCCESS(error) && !system->isAlgorithmic() ? from_icu(system->getDescription()) : std::u16string();
  const bool decimal = digits.size() == 10 && u_isdigit(digits[0]);  // the Chinese numerals are none
  return decimal && !data.invariant ? digits : u"0123456789";
}

std::u16string separator_of(std::u16string_view text, char16_t first) {
  const std::size_t at = text.find(first);
  if (at == text.npos) return u":";
  const std::size_t from = text.find_first_not_of(first, at);
  const std::size_t to = from == text.npos ? from : text.find_first_of(u"dMyhHmst", from);
  return to == text.npos ? u":" : std::u16string(text.substr(from, to - from));
}
std::u16string date_separator(const Data& data) {
  constexpr char16_t kFirst[] = {u'M', u'd', u'y'};
  return separator_of(data.short_date, kFirst[date_order(data.short_date)]);
}
std::u16string time_separator(const Data& data) {
  return separator_of(data.time, data.time.find(u'H') != data.time.npos ? u'H' : u'h');
}

std::u16string currency_name(const Data& data, const char* in) {
  UErrorCode error = U_ZERO_ERROR;
  int32_t length = 0;
  const char16_t* name = ucurr_getName(data.currency.c_str(), in, UCURR_LONG_NAME, nullptr, &length, &error);
  return U_SUCCESS(error) ? std::u16string(name, static_cast<std::size_t>(length)) : data.currency;
}

bool has_prefix_count(std::u16string_view picture_text, char16_t letter) {
  const std::size_t at = picture_text.find(letter);
  return at != picture_text.npos && at + 1 < picture_text.size() && picture_text[at + 1] == letter;
}

std::u16string parent_name(const Locale& locale) {
  if (locale.invariant()) return u"";
  const std::size_t dash = locale.name.rfind(u'-');
  if (dash == locale.name.npos) return u"";
  const std::u16string shorter = locale.name.substr(0, dash);
  if (shorter != u"zh") return shorter;
  return code_pages_of(data_of(locale)).ansi == 950 ? u"zh-Hant" : u"zh-Hans";
}

// --- The table ---

// The types that are numbers, with their value.
std::optional<DWORD> number_for(const Locale& locale, const Data& data, LCTYPE type) {
  const bool has_12_hours = data.time.find(u'h') != data.time.npos;
  const std::u16string_view hour_letters = has_12_hours ? u"h" : u"H";
  const DWORD positive = positive_currency(data), negative = negative_currency(data);
  switch (type) {
    case 0x01:  // ILANGUAGE
    case 0x09:  // IDEFAULTLANGUAGE
      if (data.invariant && type == 0x09) return 0x409;
      return (type == 0x09 ? specific_locale(locale).id : locale.id) & 0xFFFF;
    case 0x05:  // IDIALINGCODE
    case 0x0A: {
      const Country* country = find_country(std::string_view(data.country));
      return country == nullptr ? 1 : country->dialing_code;
    }
    case 0x0B:
      return code_pages_of(data).oem;
    case 0x0D:
      return is_metric(data) ? 0 : 1;
    case 0x11:  // IDIGITS
      return 2;
    case 0x12:  // ILZERO
      return 1;
    case 0x19:  // ICURRDIGITS, IINTLCURRDIGITS
    case 0x1A: {
      UErrorCode error = U_ZERO_ERROR;
      return data.invariant ? 2 : static_cast<DWORD>(ucurr_getDefaultFractionDigits(data.currency.c_str(), &error));
    }
    case 0x1B:
      return positive;
    case 0x1C:
      return negative;
    case 0x21:
      return date_order(data.short_date);
    case 0x22:
      return date_order(data.long_date);
    case 0x23:
      return has_12_hours ? 0 : 1;
    case 0x24:  // ICENTURY
      return 1;
    case 0x25:
      return has_prefix_count(data.time, hour_letters[0]);
    case 0x26:
      return has_prefix_count(data.short_date, u'd');
    case 0x27:
      return has_prefix_count(data.short_date, u'M');
    case 0x52:  // IPOSSIGNPOSN
      return 3;
    case 0x53:  // INEGSIGNPOSN
      return negative == 0 || negative == 4 || negative == 14 || negative == 15 ? 0 : positive % 2 == 0 ? 3 : 1;
    case 0x54:  // I...SYMPRECEDES
    case 0x56:
      return positive % 2 == 0;
    case 0x55:  // I...SEPBYSPACE
    case 0x57:
      return positive >= 2;
    case 0x5B: {  // IGEOID
      const Country* country = find_country(std::string_view(data.country));
      return country == nullptr ? 39070 : static_cast<DWORD>(country->id);
    }
    case 0x70:
      return right_to_left(data) ? 1 : 0;
    case 0x71:
      return locale.neutral;
    case 0x74:  // INEGATIVEPERCENT, IPOSITIVEPERCENT
    case 0x75:
      return data.invariant ? 0 : percent_layout(data);
    case 0x1004:
      return code_pages_of(data).ansi;
    case 0x1005:  // ITIMEMARKPOSN
      return data.time.starts_with(u"tt") ? 1 : 0;
    case 0x1009:  // ICALENDARTYPE: the Gregorian one
      return 1;
    case 0x100A:
      return prefers_a4(data) ? 9 : 1;
    case 0x100B:  // IOPTIONALCALENDAR
      return 0;
    case 0x100C:
      return first_day_of_week(data);
    case 0x100D:
      return first_week_of_year(data);
    case 0x1010:  // INEGNUMBER
      return 1;
    case 0x1011:
      return code_pages_of(data).mac;
    case 0x1012:  // IDEFAULTEBCDICCODEPAGE
      return 500;
    case 0x1014:  // IDIGITSUBSTITUTION: none
      return 1;
    default:
      return std::nullopt;
  }
}

// Windows' three letters for a language: those of ISO 639, or ISO's with the last one changed for the country.
std::u16string language_abbreviation(std::string_view language, std::string_view country, const std::u16string& iso) {
  struct Abbreviation {
    std::string_view language, country;
    std::u16string_view letters;
  };
  // [MS-LCID] and the language packs' names. An empty country: all that have no row above.
  static constexpr Abbreviation kAbbreviations[] = {
      {"de", "AT", u"DEA"}, {"de", "CH", u"DES"}, {"de", "LI", u"DEC"}, {"de", "LU", u"DEL"}, {"el", "", u"ELL"},
      {"en", "AU", u"ENA"}, {"en", "CA", u"ENC"}, {"en", "GB", u"ENG"}, {"en", "IE", u"ENI"}, {"en", "NZ", u"ENZ"},
      {"en", "US", u"ENU"}, {"en", "ZA", u"ENS"}, {"es", "AR", u"ESS"}, {"es", "ES", u"ESN"}, {"es", "MX", u"ESM"},
      {"es", "", u"ESP"},   {"eu", "", u"EUQ"},   {"fr", "BE", u"FRB"}, {"fr", "CA", u"FRC"}, {"fr", "CH", u"FRS"},
      {"fr", "LU", u"FRL"}, {"it", "CH", u"ITS"}, {"nb", "", u"NOR"},   {"nl", "BE", u"NLB"}, {"nn", "", u"NON"},
      {"pl", "", u"PLK"},   {"pt", "BR", u"PTB"}, {"pt", "PT", u"PTG"}, {"sk", "", u"SKY"},   {"sl", "", u"SLV"},
      {"sv", "FI", u"SVF"}, {"sv", "", u"SVE"},   {"tr", "", u"TRK"},   {"cs", "", u"CSY"},   {"et", "", u"ETI"},
      {"lt", "", u"LTH"},   {"lv", "", u"LVI"},   {"zh", "HK", u"ZHH"}, {"zh", "MO", u"ZHM"}, {"zh", "SG", u"ZHI"},
      {"zh", "TW", u"CHT"}, {"zh", "", u"CHS"}};
  const auto* found = std::ranges::find_if(kAbbreviations, [&](const Abbreviation& one) {
    return one.language == language && (one.country.empty() || one.country == country);
  });
  return found != std::end(kAbbreviations) ? std::u16string(found->letters) : iso;
}

std::optional<std::u16string> name_for(const Locale& locale, const Data& data, LCTYPE type) {
  const icu::Locale& english = icu::Locale::getEnglish();
  const icu::Locale own(data.icu.getBaseName());
  const icu::Locale user(user_locale().icu.c_str());
  constexpr LCTYPE kLanguage = 0, kCountry = 1, kWhole = 2;
  if (data.invariant) {
    switch (type) {
      case 0x02:
      case 0x72:
        return u"Invariant Language (Invariant Country)";
      case 0x04:
      case 0x6F:
      case 0x1001:
        return u"Invariant Language";
      case 0x06:
      case 0x08:
      case 0x1002:
        return u"Invariant Country";
      case 0x59:
      case 0x67:
        return type == 0x59 ? u"iv" : u"ivl";
      case 0x03:
        return u"IVL";
      case 0x5A:
      case 0x68:
        return type == 0x5A ? u"IV" : u"ivc";
      case 0x73:
        return u"Invariant Language (Invariant Country)";
      default:
        break;
    }
  }
  switch (type) {
    case 0x02:
      return display_in(data, user, kWhole);
    case 0x03:  // SABBREVLANGNAME
      return language_abbreviation(data.language, data.country, upper(own.getISO3Language()));
    case 0x04:
      return display_in(data, own, kLanguage);
    case 0x06:
      return display_in(data, user, kCountry);
    case 0x07:
    case 0x68:
      return wide(own.getISO3Country());
    case 0x08:
      return display_in(data, own, kCountry);
    case 0x59:
      return wide(data.language);
    case 0x5A:
      return wide(own.getCountry());
    case 0x5C:
    case 0x7B:
    case 0x6E:
      return locale.name;
    case 0x5E:  // SKEYBOARDSTOINSTALL
      return wide(fmt::format("{:04x}:{:08x}", locale.id & 0xFFFF, locale.id & 0xFFFF));
    case 0x67:
      return wide(own.getISO3Language());
    case 0x6C:
      return wide(data.script + ";");
    case 0x6D:
      return parent_name(locale);
    case 0x6F:
      return display_in(data, user, kLanguage);
    case 0x72:
      return display_in(data, english, kWhole);
    case 0x73:
      return display_in(data, own, kWhole);
    case 0x7A:  // SOPENTYPELANGUAGETAG
      return upper(own.getISO3Language()) + u" ";
    case 0x1001:
      return display_in(data, english, kLanguage);
    case 0x1002:
      return display_in(data, english, kCountry);
    case 0x1007:
      return currency_name(data, "en");
    case 0x1008:
      return currency_name(data, data.icu.getName());
    case 0x1013:
      return u"Default";
    default:
      return std::nullopt;
  }
}

std::optional<std::u16string> text_for(const Data& data, LCTYPE type, bool genitive) {
  using Width = DateFormatSymbols;
  if (type >= 0x2A && type <= 0x30) return day_name(data, type - 0x2A, Width::WIDE);
  if (type >= 0x31 && type <= 0x37) return day_name(data, type - 0x31, Width::ABBREVIATED);
  if (type >= 0x60 && type <= 0x66) return day_name(data, type - 0x60, Width::SHORT);
  if (type >= 0x38 && type <= 0x43) return month_name(data, type - 0x38, Width::WIDE, genitive);
  if (type >= 0x44 && type <= 0x4F) return month_name(data, type - 0x44, Width::ABBREVIATED, genitive);
  switch (type) {
    case LOCALE_SLIST:
      return symbol(data, DecimalFormatSymbols::kDecimalSeparatorSymbol) == u"," ? u";" : u",";
    case LOCALE_SDECIMAL:
      return symbol(data, DecimalFormatSymbols::kDecimalSeparatorSymbol);
    case LOCALE_STHOUSAND:
      return symbol(data, DecimalFormatSymbols::kGroupingSeparatorSymbol);
    case LOCALE_SGROUPING:
    case LOCALE_SMONGROUPING:
      return data.grouping;
    case 0x13:
      return native_digits(data);
    case LOCALE_SCURRENCY:
      return currency_symbol(data);
    case 0x15:
      return data.currency;
    case LOCALE_SMONDECIMALSEP:
      return symbol(data, DecimalFormatSymbols::kMonetarySeparatorSymbol);
    case LOCALE_SMONTHOUSANDSEP:
      return symbol(data, DecimalFormatSymbols::kMonetaryGroupingSeparatorSymbol);
    case 0x1D:
      return date_separator(data);
    case 0x1E:
      return time_separator(data);
    case LOCALE_SSHORTDATE:
      return data.short_date;
    case LOCALE_SLONGDATE:
      return data.long_date;
    case LOCALE_S1159:
      return half_day(data, 0);
    case LOCALE_S2359:
      return half_day(data, 1);
    case 0x50:  // SPOSITIVESIGN
      return data.invariant ? u"+" : u"";
    case LOCALE_SNEGATIVESIGN:
      return u"-";
    case 0x5D:  // SDURATION
      return u"hh:mm:ss";
    case 0x69:
      return symbol(data, DecimalFormatSymbols::kNaNSymbol);
    case 0x6A:
      return symbol(data, DecimalFormatSymbols::kInfinitySymbol);
    case 0x6B:
      return u"-" + symbol(data, DecimalFormatSymbols::kInfinitySymbol);
    case 0x76:
      return symbol(data, DecimalFormatSymbols::kPercentSymbol);
    case 0x77:
      return symbol(data, DecimalFormatSymbols::kPerMillSymbol);
    case LOCALE_SMONTHDAY:
      return data.month_day;
    case LOCALE_SSHORTTIME:
      return data.short_time;
    case 0x7C:
      return data.relative_date;
    case 0x7E:
      return shortest(half_day(data, 0));
    case 0x7F:
      return shortest(half_day(data, 1));
    case LOCALE_STIMEFORMAT:
      return data.time;
    case LOCALE_SYEARMONTH:
      return data.year_month;
    case 0x100E:  // the thirteenth month
    case 0x100F:
      return u"";
    default:
      return std::nullopt;
  }
}

}  // namespace

Result<DWORD> locale_number(const Locale& locale, LCTYPE type) {
  const auto number = number_for(locale, data_of(locale), type);
  if (!number) return fail_win32(ERROR_INVALID_FLAGS, "locale information {:#x} is no number", type);
  return *number;
}

Result<std::u16string> locale_text(const Locale& locale, LCTYPE type, bool genitive) {
  const Data& data = data_of(locale);
  if (const auto number = number_for(locale, data, type)) {
    const bool hexadecimal = type == 0x01 || type == 0x09;
    const bool three_digits = type == 0x1012;
    return wide(hexadecimal    ? fmt::format("{:04x}", *number)
                : three_digits ? fmt::format("{:03}", *number)
                               : fmt::format("{}", *number));
  }
  if (auto name = name_for(locale, data, type)) return *std::move(name);
  if (auto text = text_for(data, type, genitive)) return *std::move(text);
  return fail_win32(ERROR_INVALID_FLAGS, "no locale information {:#x}", type);
}

}  // namespace hmodule::nls

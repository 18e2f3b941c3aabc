#include "nls/collate.h"

#include "base/utf.h"
#include "nls/ctype.h"
#include "nls/icu.h"
#include "nls/normalize.h"

#include <unicode/translit.h>
#include <unicode/ucol.h>
#include <unicode/usearch.h>

#include <algorithm>
#include <bit>
#include <map>
#include <memory>
#include <mutex>
#include <utility>

namespace hmodule::nls {
namespace {

constexpr DWORD kIgnoreCase = NORM_IGNORECASE | LINGUISTIC_IGNORECASE;
constexpr DWORD kIgnoreMarks = NORM_IGNORENONSPACE | LINGUISTIC_IGNOREDIACRITIC;
constexpr DWORD kCompareFlags = kIgnoreCase | kIgnoreMarks | NORM_IGNORESYMBOLS | SORT_DIGITSASNUMBERS |
                                SORT_STRINGSORT | NORM_IGNOREKANATYPE | NORM_IGNOREWIDTH | NORM_LINGUISTIC_CASING |
                                LOCALE_USE_CP_ACP;

Status check_flags(DWORD flags, DWORD allowed) {
  if ((flags & ~allowed) != 0) return fail_win32(ERROR_INVALID_FLAGS, "flags {:#x}", flags);
  return ok;
}

// --- Collators, one for each way they are used. Comparing does not change them, so threads share them. ---

constexpr DWORD kCollatorFlags = kIgnoreMarks | kIgnoreCase | NORM_IGNORESYMBOLS | SORT_DIGITSASNUMBERS;

UCollator* open_collator(const std::string& icu, DWORD flags) {
  UErrorCode error = U_ZERO_ERROR;
  UCollator* collator = ucol_open(icu.c_str(), &error);
  if (collator == nullptr) return nullptr;
  const bool ignores_marks = (flags & kIgnoreMarks) != 0;
  ucol_setAttribute(collator, UCOL_STRENGTH, ignores_marks ? UCOL_PRIMARY : UCOL_TERTIARY, &error);
  ucol_setAttribute(collator, UCOL_NORMALIZATION_MODE, UCOL_ON, &error);
  if (ignores_marks && (flags & kIgnoreCase) == 0) ucol_setAttribute(collator, UCOL_CASE_LEVEL, UCOL_ON, &error);
  if ((flags & SORT_DIGITSASNUMBERS) != 0) ucol_setAttribute(collator, UCOL_NUMERIC_COLLATION, UCOL_ON, &error);
  if ((flags & NORM_IGNORESYMBOLS) != 0) {
    ucol_setAttribute(collator, UCOL_ALTERNATE_HANDLING, UCOL_SHIFTED, &error);
    ucol_setMaxVariable(collator, UCOL_REORDER_CODE_SYMBOL, &error);
  }
  return collator;
}

Result<UCollator*> collator_for(const Locale& locale, DWORD flags) {
  static std::mutex mutex;
  static auto& known = *new std::map<std::pair<std::string, DWORD>, UCollator*>;
  const std::lock_guard lock(mutex);
  UCollator*& collator = known[{locale.icu, flags & kCollatorFlags}];
  if (collator == nullptr) collator = open_collator(locale.icu, flags);
  if (collator == nullptr) return fail(STATUS_NO_MEMORY, "no collator for '{}'", locale.icu);
  return collator;
}

// --- Kana and width, unit by unit ---

bool between(char16_t unit, char16_t first, char16_t last) {
  return unit >= first && unit <= last;
}
constexpr int kKanaDistance = 0x60;  // from a hiragana to its katakana

char16_t to_hiragana(char16_t unit) {
  return between(unit, 0x30A1, 0x30F6) || between(unit, 0x30FD, 0x30FE) ? static_cast<char16_t>(unit - kKanaDistance)
                                                                        : unit;
}
char16_t to_katakana(char16_t unit) {
  return between(unit, 0x3041, 0x3096) || between(unit, 0x309D, 0x309E) ? static_cast<char16_t>(unit + kKanaDistance)
                                                                        : unit;
}
// The ordinary width of a half- or full-width form.
char16_t plain_width(char16_t unit) {
  if (unit == 0x3000) return u' ';
  if (!between(unit, 0xFF01, 0xFFEE)) return unit;
  const auto folded = fold(MAP_FOLDCZONE, std::u16string_view(&unit, 1));
  return folded ? (*folded)[0] : unit;
}

std::u16string transformed(std::u16string_view text, char16_t (*change)(char16_t)) {
  std::u16string out(text);
  std::ranges::transform(out, out.begin(), change);
  return out;
}

// What the flags make equal and the collator tells apart; unit by unit, so that positions stay.
std::u16string prepare(DWORD flags, std::u16string_view text) {
  std::u16string out(text);
  if ((flags & kIgnoreCase) != 0) out = downcase(out);
  if ((flags & NORM_IGNOREWIDTH) != 0) out = transformed(out, plain_width);
  if ((flags & NORM_IGNOREKANATYPE) != 0) out = transformed(out, to_hiragana);
  return out;
}

// --- Word sort ---

bool is_minor(char16_t unit) {
  return unit == u'-' || unit == u'\'' || unit == 0xAD;
}

bool sorts_words(DWORD flags) {
  return (flags & (SORT_STRINGSORT | NORM_IGNORESYMBOLS)) == 0;
}

struct Words {
  std::u16string text;   // without the minor characters
  std::u16string minor;  // those, each after its position
};
Words split_words(std::u16string_view text) {
  Words words;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (is_minor(text[i])) {
      words.minor += static_cast<char16_t>(std::min<std::size_t>(i, 0xFFFE) + 1);
      words.minor += text[i];
    } else {
      words.text += text[i];
    }
  }
  return words;
}

int by_collator(const UCollator* collator, std::u16string_view a, std::u16string_view b) {
  const UCollationResult result =
      ucol_strcoll(collator, a.data(), static_cast<int32_t>(a.size()), b.data(), static_cast<int32_t>(b.size()));
  return CSTR_EQUAL + static_cast<int>(result);
}

int compare_prepared(const UCollator* collator, DWORD flags, std::u16string_view a, std::u16string_view b) {
  const bool has_minor = std::ranges::any_of(a, is_minor) || std::ranges::any_of(b, is_minor);
  if (!has_minor || !sorts_words(flags)) return by_collator(collator, a, b);
  const Words x = split_words(a), y = split_words(b);
  const int whole = by_collator(collator, x.text, y.text);
  if (whole != CSTR_EQUAL) return whole;
  const int minor = x.minor.compare(y.minor);
  return minor < 0 ? CSTR_LESS_THAN : minor > 0 ? CSTR_GREATER_THAN : CSTR_EQUAL;
}

}  // namespace

Result<int> compare(const Locale& locale, DWORD flags, std::u16string_view a, std::u16string_view b) {
  TRY(check_flags(flags, kCompareFlags));
  if (a == b) return CSTR_EQUAL;
  const UCollator* collator = TRY(collator_for(locale, flags));
  if ((flags & (kIgnoreCase | NORM_IGNOREWIDTH | NORM_IGNOREKANATYPE)) == 0)
    return compare_prepared(collator, flags, a, b);
  return compare_prepared(collator, flags, prepare(flags, a), prepare(flags, b));
}

int compare_ordinal(std::u16string_view a, std::u16string_view b, bool ignore_case) {
  const std::size_t common = std::min(a.size(), b.size());
  for (std::size_t i = 0; i < common; ++i) {
    if (a[i] == b[i]) continue;
    const char16_t x = ignore_case ? upcase(a[i]) : a[i], y = ignore_case ? upcase(b[i]) : b[i];
    if (x != y) return x < y ? CSTR_LESS_THAN : CSTR_GREATER_THAN;
  }
  return a.size() < b.size() ? CSTR_LESS_THAN : a.size() > b.size() ? CSTR_GREATER_THAN : CSTR_EQUAL;
}

Result<std::string> sort_key(const Locale& locale, DWORD flags, std::u16string_view text) {
  TRY(check_flags(flags, kCompareFlags));
  const UCollator* collator = TRY(collator_for(locale, flags));
  Words words{prepare(flags, text), {}};
  if (sorts_words(flags)) words = split_words(words.text);
  std::string key(words.text.size() * 4 + 16, '\0');
  const auto make = [&] {
    return static_cast<std::size_t>(
        ucol_getSortKey(collator, words.text.data(), static_cast<int32_t>(words.text.size()),
                        reinterpret_cast<uint8_t*>(key.data()), static_cast<int32_t>(key.size())));
  };
  if (const std::size_t needed = make(); needed > key.size()) {
    key.resize(needed);
    make();
  } else {
    key.resize(needed);
  }
  if (words.minor.empty()) return key;
  key.back() = '\1';  // a further level; its bytes must not be zero
  for (const char16_t unit : words.minor) {
    key += static_cast<char>((unit >> 8) + 2);
    key += static_cast<char>(std::max(unit & 0xFF, 1));
  }
  key += '\0';
  return key;
}

// --- Finding ---

namespace {

constexpr DWORD kFindFlags = FIND_STARTSWITH | FIND_ENDSWITH | FIND_FROMSTART | FIND_FROMEND;

struct CloseSearch {
  void operator()(UStringSearch* search) const { usearch_close(search); }
};

std::optional<Match> accept(DWORD flags, std::size_t size, const Match& match) {
  if ((flags & FIND_STARTSWITH) != 0 && match.at != 0) return std::nullopt;
  if ((flags & FIND_ENDSWITH) != 0 && match.at + match.length != size) return std::nullopt;
  return match;
}

}  // namespace

Result<std::optional<Match>> find(const Locale& locale, DWORD flags, std::u16string_view text,
                                  std::u16string_view wanted) {
  TRY(check_flags(flags, kCompareFlags | kFindFlags));
  if (!std::has_single_bit(flags & kFindFlags) && (flags & kFindFlags) != 0)
    return fail_win32(ERROR_INVALID_FLAGS, "flags {:#x}", flags);
  if (text.empty()) return std::optional<Match>();
  UCollator* collator = TRY(collator_for(locale, flags));
  const std::u16string where = prepare(flags, text), what = prepare(flags, wanted);
  UErrorCode error = U_ZERO_ERROR;
  const std::unique_ptr<UStringSearch, CloseSearch> search(
      usearch_openFromCollator(what.data(), static_cast<int32_t>(what.size()), where.data(),
                               static_cast<int32_t>(where.size()), collator, nullptr, &error));
  if (!search) return std::optional<Match>();
  const bool from_end = (flags & (FIND_FROMEND | FIND_ENDSWITH)) != 0;
  const int32_t at = from_end ? usearch_last(search.get(), &error) : usearch_first(search.get(), &error);
  if (at == USEARCH_DONE || U_FAILURE(error)) return std::optional<Match>();
  const Match match{static_cast<std::size_t>(at), static_cast<std::size_t>(usearch_getMatchedLength(search.get()))};
  return accept(flags, text.size(), match);
}

std::optional<std::size_t> find_ordinal(DWORD flags, std::u16string_view text, std::u16string_view wanted,
                                        bool ignore_case) {
  const std::u16string where = ignore_case ? upcase(text) : std::u16string(text);
  const std::u16string what = ignore_case ? upcase(wanted) : std::u16string(wanted);
  std::size_t at = where.npos;
  switch (flags & kFindFlags) {
    case FIND_STARTSWITH:
      if (where.starts_with(what)) at = 0;
      break;
    case FIND_ENDSWITH:
      if (where.ends_with(what)) at = where.size() - what.size();
      break;
    case FIND_FROMEND:
      at = where.rfind(what);
      break;
    default:
      at = where.find(what);
      break;
  }
  return at == where.npos ? std::nullopt : std::optional(at);
}

// --- Mapping ---

namespace {

std::u16string transliterate(const char16_t* rules, std::u16string_view text) {
  static std::mutex mutex;
  static auto& known = *new std::map<std::u16string, std::unique_ptr<icu::Transliterator>>;
  const std::lock_guard lock(mutex);
  auto& rule = known[rules];
  UErrorCode error = U_ZERO_ERROR;
  if (!rule) rule.reset(icu::Transliterator::createInstance(icu::UnicodeString(rules), UTRANS_FORWARD, error));
  icu::UnicodeString changed(text.data(), static_cast<int32_t>(text.size()));
  if (rule) rule->transliterate(changed);
  return from_icu(changed);
}

// Turkish and Azerbaijani have a dotted and a dotless i, each with its own capital.
bool has_two_i(const Locale& locale) {
  return locale.icu.starts_with("tr") || locale.icu.starts_with("az");
}

std::u16string change_case(const Locale& locale, DWORD flags, std::u16string_view text) {
  const bool turkish = (flags & LCMAP_LINGUISTIC_CASING) != 0 && has_two_i(locale);
  const auto up = [turkish](char16_t unit) -> char16_t {
    return turkish && unit == u'i' ? u'\u0130' : turkish && unit == u'\u0131' ? u'I' : upcase(unit);
  };
  const auto down = [turkish](char16_t unit) -> char16_t {
    return turkish && unit == u'I' ? u'\u0131' : turkish && unit == u'\u0130' ? u'i' : downcase(unit);
  };
  const DWORD kind = flags & LCMAP_TITLECASE;
  std::u16string out(text);
  bool inside = false;  // a word
  for (char16_t& unit : out) {
    unit = kind == LCMAP_UPPERCASE || (kind == LCMAP_TITLECASE && !inside) ? up(unit) : down(unit);
    inside = (ctype1(unit) & C1_ALPHA) != 0 || (inside && unit == u'\'');
  }
  return out;
}

std::u16string without(std::u16string_view text, DWORD flags) {
  std::u16string out;
  for (const char16_t unit : text) {
    const bool mark = (ctype3(unit) & (C3_NONSPACING | C3_ALPHA)) == C3_NONSPACING;
    const bool symbol = (ctype1(unit) & C1_PUNCT) != 0 || (ctype3(unit) & C3_SYMBOL) != 0;
    if (((flags & NORM_IGNORENONSPACE) != 0 && mark) || ((flags & NORM_IGNORESYMBOLS) != 0 && symbol)) continue;
    out += unit;
  }
  return out;
}

Status check_mapping(DWORD flags) {
  constexpr DWORD kKana = LCMAP_HIRAGANA | LCMAP_KATAKANA, kWidth = LCMAP_HALFWIDTH | LCMAP_FULLWIDTH;
  constexpr DWORD kChinese = LCMAP_SIMPLIFIED_CHINESE | LCMAP_TRADITIONAL_CHINESE;
  constexpr DWORD kMappings = LCMAP_TITLECASE | kKana | kWidth | kChinese | LCMAP_BYTEREV;
  constexpr DWORD kRemovals = NORM_IGNORENONSPACE | NORM_IGNORESYMBOLS;
  const auto both = [flags](DWORD pair) { return (flags & pair) == pair; };
  const DWORD rest = flags & ~(LOCALE_USE_CP_ACP | LOCALE_NOUSEROVERRIDE);
  const bool removal = (rest & kRemovals) != 0 && (rest & ~kRemovals) == 0;
  const bool linguistic_alone = (rest & LCMAP_LINGUISTIC_CASING) != 0 && (rest & LCMAP_TITLECASE) == 0;
  const bool known = (rest & ~(kMappings | LCMAP_LINGUISTIC_CASING)) == 0 && (rest & kMappings) != 0;
  if (both(kKana) || both(kWidth) || both(kChinese) || linguistic_alone || (!removal && !known))
    return fail_win32(ERROR_INVALID_FLAGS, "flags {:#x}", flags);
  return ok;
}

}  // namespace

Result<std::u16string> map_text(const Locale& locale, DWORD flags, std::u16string_view text) {
  TRY(check_mapping(flags));
  std::u16string out(text);
  if ((flags & (NORM_IGNORENONSPACE | NORM_IGNORESYMBOLS)) != 0) out = without(out, flags);
  if ((flags & LCMAP_FULLWIDTH) != 0) out = transliterate(u"Halfwidth-Fullwidth", out);
  if ((flags & LCMAP_HALFWIDTH) != 0) out = transliterate(u"Fullwidth-Halfwidth", out);
  if ((flags & LCMAP_HIRAGANA) != 0) out = transformed(out, to_hiragana);
  if ((flags & LCMAP_KATAKANA) != 0) out = transformed(out, to_katakana);
  if ((flags & LCMAP_SIMPLIFIED_CHINESE) != 0) out = transliterate(u"Traditional-Simplified", out);
  if ((flags & LCMAP_TRADITIONAL_CHINESE) != 0) out = transliterate(u"Simplified-Traditional", out);
  if ((flags & LCMAP_TITLECASE) != 0) out = change_case(locale, flags, out);
  if ((flags & LCMAP_BYTEREV) != 0)
    out = transformed(out, [](char16_t unit) { return static_cast<char16_t>(unit << 8 | unit >> 8); });
  return out;
}

}  // namespace hmodule::nls

#include "nls/locale.h"

#include "base/utf.h"
#include "nls/icu.h"

#include <unicode/uenum.h>
#include <unicode/uloc.h>

#include <algorithm>
#include <cstdlib>
#include <mutex>
#include <set>
#include <unordered_map>

namespace hmodule::nls {
namespace {

std::string ascii(std::u16string_view text) {
  return {text.begin(), text.end()};
}
std::u16string wide(std::string_view text) {
  return {text.begin(), text.end()};
}

// Alternate sort orders: what Windows writes behind the name, what ICU calls it, and the sort number in the LCID.
struct Sort {
  std::string_view windows, icu;
  LCID number;
};
constexpr Sort kSorts[] = {
    {"_phoneb", "phonebook", 1}, {"_tradnl", "traditional", 0}, {"_stroke", "stroke", 2},
    {"_radstr", "unihan", 4},    {"_pronun", "pinyin", 0},      {"_technl", "traditional", 1},
};

std::string subtag(const std::string& icu, int32_t (*get)(const char*, char*, int32_t, UErrorCode*)) {
  return icu_string<char>(
      [&](char* buffer, int32_t capacity, UErrorCode* error) { return get(icu.c_str(), buffer, capacity, error); });
}
std::string without_keywords(const std::string& icu) {
  return icu.substr(0, icu.find('@'));
}
std::string with_likely_subtags(const std::string& icu) {
  return subtag(icu, uloc_addLikelySubtags);
}

// Every name ICU answers to, "zh_CN" beside "zh_Hans_CN".
const std::set<std::string>& available() {
  static const auto& names = *new std::set<std::string>([] {
    std::set<std::string> found;
    UErrorCode error = U_ZERO_ERROR;
    UEnumeration* all = uloc_openAvailableByType(ULOC_AVAILABLE_WITH_LEGACY_ALIASES, &error);
    while (const char* name = uenum_next(all, nullptr, &error)) found.insert(name);
    uenum_close(all);
    return found;
  }());
  return names;
}

bool is_available(const std::string& base) {
  if (available().contains(base)) return true;
  // Scripts may be left out, or given where they go without saying.
  const std::string full = with_likely_subtags(base);
  const std::string short_name = subtag(full, uloc_getLanguage) + "_" + subtag(full, uloc_getCountry);
  return available().contains(full) || (available().contains(short_name) && with_likely_subtags(short_name) == full);
}

// Windows leaves the script out of Chinese names with a country.
std::string windows_tag(const std::string& base) {
  const std::string language = subtag(base, uloc_getLanguage), country = subtag(base, uloc_getCountry);
  std::string script = subtag(base, uloc_getScript);
  if (language == "zh" && !country.empty() && !script.empty() &&
      with_likely_subtags("zh_" + country) == "zh_" + script + "_" + country)
    script.clear();
  std::string tag = language;
  if (!script.empty()) tag += "-" + script;
  if (!country.empty()) tag += "-" + country;
  const std::string variant = subtag(base, uloc_getVariant);
  if (variant == "VALENCIA") tag += "-valencia";
  return tag;
}

LCID number_of(const std::string& base, bool neutral) {
  const LCID id = uloc_getLCID(base.c_str());
  if (id == 0) return LOCALE_CUSTOM_UNSPECIFIED;
  if (neutral) return id;
  // ICU answers with a relative where Windows has no number for the country.
  const std::string back = icu_string<char>([&](char* buffer, int32_t capacity, UErrorCode* error) {
    return uloc_getLocaleForLCID(id, buffer, capacity, error);
  });
  return subtag(back, uloc_getCountry) == subtag(base, uloc_getCountry) ? id : LOCALE_CUSTOM_UNSPECIFIED;
}

Locale make_locale(const std::string& base, const Sort* sort) {
  const std::string country = subtag(base, uloc_getCountry);
  Locale locale{base, wide(windows_tag(base)), 0, country.empty()};
  locale.id = number_of(base, locale.neutral);
  if (sort != nullptr) {
    locale.icu += "@collation=" + std::string(sort->icu);
    locale.name += wide(sort->windows);
    locale.id |= sort->number << 16;
  }
  return locale;
}

Locale invariant_locale() {
  return {"", u"", LOCALE_INVARIANT, false};
}

// "de_DE.UTF-8@euro" as the environment writes it.
std::string environment_locale() {
  for (const char* variable : {"LC_ALL", "LC_CTYPE", "LANG"}) {
    const char* value = std::getenv(variable);
    if (value == nullptr || *value == '\0') continue;
    const std::string_view setting(value);
    return std::string(setting.substr(0, setting.find_first_of(".@")));
  }
  return "C";
}

const Sort* take_sort(std::string& name) {
  for (const Sort& sort : kSorts) {
    if (name.size() <= sort.windows.size()) continue;
    const std::size_t at = name.size() - sort.windows.size();
    if (std::equal(sort.windows.begin(), sort.windows.end(), name.begin() + static_cast<std::ptrdiff_t>(at),
                   [](char a, char b) { return a == (b | 0x20) || a == b; })) {
      name.resize(at);
      return &sort;
    }
  }
  return nullptr;
}

bool well_formed(std::string_view name) {
  return !name.empty() && name.size() < static_cast<std::size_t>(LOCALE_NAME_MAX_LENGTH) &&
         std::ranges::all_of(name, [](char c) {
           return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' || c == '_';
         });
}

std::string icu_from_tag(const std::string& tag) {
  const std::string icu = icu_string<char>([&](char* buffer, int32_t capacity, UErrorCode* error) {
    int32_t parsed = 0;
    const int32_t length = uloc_forLanguageTag(tag.c_str(), buffer, capacity, &parsed, error);
    return parsed == static_cast<int32_t>(tag.size()) ? length : 0;
  });
  return icu.find('@') == icu.npos ? icu : "";  // Windows knows no extensions
}

Result<Locale> parse_name(std::u16string_view name) {
  std::string tag = ascii(name);
  const bool plain = std::ranges::all_of(name, [](char16_t c) { return c < 0x80; });
  const Sort* const sort = take_sort(tag);
  std::ranges::replace(tag, '_', '-');
  const std::string base = plain && well_formed(tag) ? icu_from_tag(tag) : "";
  if (base.empty() || !is_available(base)) return fail_win32(ERROR_INVALID_PARAMETER, "no locale '{}'", utf8(name));
  return make_locale(base, sort);
}

}  // namespace

const Locale& user_locale() {
  static const auto& locale = *new Locale([] {
    std::string tag = environment_locale();
    std::ranges::replace(tag, '_', '-');
    auto found = parse_name(wide(tag));
    return found && !found->neutral ? *found : found ? specific_locale(*found) : make_locale("en_US", nullptr);
  }());
  return locale;
}

Result<Locale> find_locale(std::u16string_view name) {
  if (name.empty()) return invariant_locale();
  if (equal_ignoring_case(name, u"!x-sys-default-locale")) return user_locale();
  // Programs look the same few names up for every string they compare.
  static std::mutex mutex;
  static auto& known = *new std::unordered_map<std::u16string, Locale>;
  const std::u16string key(name);
  {
    const std::lock_guard lock(mutex);
    if (const auto found = known.find(key); found != known.end()) return found->second;
  }
  const Locale locale = TRY(parse_name(name));
  const std::lock_guard lock(mutex);
  known.emplace(key, locale);
  return locale;
}

Result<Locale> find_locale(const WCHAR* name) {
  if (name == nullptr) return user_locale();
  return find_locale(std::u16string_view(name));
}

Result<Locale> find_locale(LCID id) {
  switch (id) {
    case LOCALE_NEUTRAL:
    case LOCALE_USER_DEFAULT:
    case LOCALE_SYSTEM_DEFAULT:
    case LOCALE_CUSTOM_DEFAULT:
    case LOCALE_CUSTOM_UI_DEFAULT:
      return user_locale();
    case LOCALE_INVARIANT:
      return invariant_locale();
    default:
      break;
  }
  const std::string base = without_keywords(icu_string<char>([&](char* buffer, int32_t capacity, UErrorCode* error) {
    return uloc_getLocaleForLCID(id & 0xFFFF, buffer, capacity, error);
  }));
  const bool same = !base.empty() && id >> 20 == 0 && uloc_getLCID(base.c_str()) == (id & 0xFFFF);
  if (!same || !is_available(base)) return fail_win32(ERROR_INVALID_PARAMETER, "no locale {:#x}", id);
  const std::string language = subtag(base, uloc_getLanguage);
  const Sort* sort = nullptr;
  if (const LCID number = id >> 16; number != 0) {
    const bool german = language == "de" || language == "hu" || language == "ka";
    sort = german ? &kSorts[0] : &*std::ranges::find(kSorts, number, &Sort::number);
  }
  return make_locale(base, sort);
}

const std::vector<Locale>& all_locales() {
  static const auto& locales = *new std::vector<Locale>([] {
    std::vector<Locale> all{invariant_locale()};
    for (int32_t i = 0; i < uloc_countAvailable(); ++i) {
      const std::string base = uloc_getAvailable(i);
      const std::string country = subtag(base, uloc_getCountry);
      // Not the variants, and not the regions of the world, which Windows does not list.
      if (!subtag(base, uloc_getVariant).empty() || (!country.empty() && country[0] <= '9')) continue;
      all.push_back(make_locale(base, nullptr));
    }
    std::ranges::sort(all, {}, &Locale::name);
    const auto same_name = [](const Locale& a, const Locale& b) { return a.name == b.name; };
    all.erase(std::unique(all.begin(), all.end(), same_name), all.end());
    return all;
  }());
  return locales;
}

Locale specific_locale(const Locale& locale) {
  if (!locale.neutral) return locale;
  const std::string full = with_likely_subtags(locale.icu);
  const std::string language = subtag(full, uloc_getLanguage), country = subtag(full, uloc_getCountry);
  const std::string script = subtag(full, uloc_getScript);
  const std::string with_script = language + "_" + script + "_" + country;
  return make_locale(available().contains(with_script) ? with_script : language + "_" + country, nullptr);
}

std::u16string resolve_name(std::u16string_view name) {
  for (std::u16string_view rest = name; !rest.empty();) {
    if (const auto found = find_locale(rest)) return specific_locale(*found).name;
    const std::size_t dash = rest.rfind(u'-');
    rest = dash == rest.npos ? std::u16string_view() : rest.substr(0, dash);
  }
  return {};
}

// --- Countries ---

namespace {

constexpr Country kCountries[] = {
#include "nls/geo_ids.inc"
};

}  // namespace

const Country* find_country(std::string_view code) {
  const auto* found = std::ranges::find_if(kCountries, [&](const Country& one) { return one.code == code; });
  return found == std::end(kCountries) ? nullptr : found;
}

const Country* find_country(GEOID id) {
  const auto* found = std::ranges::find(kCountries, id, &Country::id);
  return found == std::end(kCountries) ? nullptr : found;
}

std::vector<const Country*> countries() {
  std::vector<const Country*> all;
  for (const Country& one : kCountries) all.push_back(&one);
  return all;
}

}  // namespace hmodule::nls

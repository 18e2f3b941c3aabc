// winnls.h, countries.
#include "module/builtin.h"
#include "nls/locale.h"
#include "winapi/common/answer.h"
#include "winapi/kernel32/text_args.h"

#include <unicode/locid.h>
#include <unicode/ucurr.h>
#include <unicode/uloc.h>
#include <unicode/uregion.h>

#include <fmt/format.h>

namespace hmodule::winapi {
namespace {

using nls::Country;

enum GeoType : GEOTYPE {
  GEO_NATION = 1,
  GEO_RFC1766 = 6,
  GEO_LCID = 7,
  GEO_FRIENDLYNAME = 8,
  GEO_OFFICIALNAME = 9,
  GEO_ISO2 = 4,
  GEO_ISO3 = 5,
  GEO_ISO_UN_NUMBER = 12,
  GEO_DIALINGCODE = 14,
  GEO_CURRENCYCODE = 15,
  GEO_NAME = 17,
  GEO_ID = 18,
};

constexpr GEOID kWorld = 39070;

const Country* user_country() {
  const auto code = nls::locale_text(nls::user_locale(), nls::LOCALE_SISO3166CTRYNAME);
  return code ? nls::find_country(std::string(code->begin(), code->end())) : nullptr;
}

HM_WINAPI GEOID GetUserGeoID(DWORD geo_class) noexcept {
  constexpr DWORD GEOCLASS_NATION = 16;
  if (geo_class != GEOCLASS_NATION) {
    thread::set_last_error(ERROR_INVALID_PARAMETER);
    return -1;
  }
  const Country* country = user_country();
  return country == nullptr ? kWorld : country->id;
}

HM_WINAPI int GetUserDefaultGeoName(WCHAR* buffer, int size) noexcept {
  return answer<int>(0, [&]() -> Result<int> {
    TRY(check_buffer(buffer, size));
    const Country* country = user_country();
    const std::string code = country == nullptr ? "001" : country->code;
    return deliver_terminated<WCHAR>(std::u16string(code.begin(), code.end()), buffer, size);
  });
}

std::u16string wide(const std::string& text) {
  return {text.begin(), text.end()};
}

std::u16string country_name(const Country& country, std::u16string_view language) {
  icu::UnicodeString name;
  const std::string tag(language.begin(), language.end());
  icu::Locale("", country.code).getDisplayCountry(icu::Locale(tag.c_str()), name);
  return {name.getBuffer(), static_cast<std::size_t>(name.length())};
}

std::u16string currency_code(const Country& country) {
  char16_t code[4] = {};
  UErrorCode error = U_ZERO_ERROR;
  ucurr_forLocale(fmt::format("und_{}", country.code).c_str(), code, 4, &error);
  return code;
}

Result<std::u16string> geo_text(const Country& country, GEOTYPE type) {
  switch (type) {
    case GEO_NATION:
    case GEO_ID:
      return wide(fmt::format("{}", country.id));
    case GEO_ISO2:
    case GEO_NAME:
      return wide(country.code);
    case GEO_ISO3:
      return wide(icu::Locale("", country.code).getISO3Country());
    case GEO_FRIENDLYNAME:
    case GEO_OFFICIALNAME:
      return country_name(country, nls::user_locale().name);
    case GEO_ISO_UN_NUMBER: {
      UErrorCode error = U_ZERO_ERROR;
      const URegion* region = uregion_getRegionFromCode(country.code, &error);
      return wide(fmt::format("{:03}", region == nullptr ? 0 : uregion_getNumericCode(region)));
    }
    case GEO_DIALINGCODE:
      return wide(fmt::format("{}", country.dialing_code));
    case GEO_CURRENCYCODE:
      return currency_code(country);
    case GEO_RFC1766:
      return wide(fmt::format("en-{}", country.code));
    default:
      return fail_win32(ERROR_INVALID_FLAGS, "no geographical information {}", type);
  }
}

HM_WINAPI int GetGeoInfoW(GEOID id, GEOTYPE type, WCHAR* buffer, int size, LANGID) noexcept {
  return answer<int>(0, [&]() -> Result<int> {
    TRY(check_buffer(buffer, size));
    const Country* country = nls::find_country(id);
    if (country == nullptr) return fail_win32(ERROR_INVALID_PARAMETER, "no country {}", id);
    return deliver_terminated<WCHAR>(TRY(geo_text(*country, type)), buffer, size);
  });
}
HM_WINAPI int GetGeoInfoA(GEOID id, GEOTYPE type, CHAR* buffer, int size, LANGID) noexcept {
  return answer<int>(0, [&]() -> Result<int> {
    TRY(check_buffer(buffer, size));
    const Country* country = nls::find_country(id);
    if (country == nullptr) return fail_win32(ERROR_INVALID_PARAMETER, "no country {}", id);
    return deliver_terminated<CHAR>(nls::to_ansi(TRY(geo_text(*country, type))), buffer, size);
  });
}
HM_WINAPI int GetGeoInfoEx(const WCHAR* name, GEOTYPE type, WCHAR* buffer, int size) noexcept {
  return answer<int>(0, [&]() -> Result<int> {
    TRY(check_buffer(buffer, size));
    if (name == nullptr) return fail_win32(ERROR_INVALID_PARAMETER, "no name");
    const std::u16string_view code(name);
    const Country* country = nls::find_country(std::string(code.begin(), code.end()));
    if (country == nullptr) return fail_win32(ERROR_INVALID_PARAMETER, "no such country");
    return deliver_terminated<WCHAR>(TRY(geo_text(*country, type)), buffer, size);
  });
}

const Export kRows[] = {
    {"GetGeoInfoA", proc(GetGeoInfoA), Support::partial, "no coordinates, time zones or languages"},
    {"GetGeoInfoEx", proc(GetGeoInfoEx), Support::partial, "no coordinates, time zones or languages"},
    {"GetGeoInfoW", proc(GetGeoInfoW), Support::partial, "no coordinates, time zones or languages"},
    {"GetUserDefaultGeoName", proc(GetUserDefaultGeoName)},
    {"GetUserGeoID", proc(GetUserGeoID)},
};

}  // namespace

extern const ExportTable winnls_geo_exports = kRows;

}  // namespace hmodule::winapi

// Locales: the names and identifiers Windows has for them, and what it says about each. All data are ICU's; where
// Windows and CLDR write the same fact differently (date pictures, name order), it is translated here.
//
// The user's locale is the Linux environment's: LC_ALL, LC_CTYPE or LANG. "C" and "POSIX" mean American English, which
// is what programs meet on a Windows that nobody configured. User and system locale are the same.
#pragma once

#include "base/result.h"
#include "win/winnls.h"

#include <string>
#include <string_view>
#include <vector>

namespace hmodule::nls {

struct Locale {
  std::string icu;      // "de_DE@collation=phonebook"; "" is the invariant locale
  std::u16string name;  // "de-DE_phoneb"
  LCID id;              // 0x10407; LOCALE_CUSTOM_UNSPECIFIED where Windows has no number
  bool neutral;         // a language without a country

  bool invariant() const { return icu.empty(); }
};

const Locale& user_locale();

// nullptr: the user's. ERROR_INVALID_PARAMETER for what is no locale.
Result<Locale> find_locale(const WCHAR* name);
Result<Locale> find_locale(std::u16string_view name);
// With the pseudo identifiers LOCALE_USER_DEFAULT, LOCALE_NEUTRAL and so on.
Result<Locale> find_locale(LCID id);
// All locales ICU has data for, neutral ones included, sorted by name.
const std::vector<Locale>& all_locales();
// The nearest locale that exists: "en-XX" gives "en-US". Empty when not even the language does.
std::u16string resolve_name(std::u16string_view name);
// The specific locale a neutral one stands for: "de" gives "de-DE".
Locale specific_locale(const Locale& locale);

// --- What Windows says of a locale (GetLocaleInfo). `type` without flags. ---
// ERROR_INVALID_FLAGS for a type that does not exist.
Result<std::u16string> locale_text(const Locale& locale, LCTYPE type, bool genitive = false);
// ERROR_INVALID_FLAGS for one that is no number.
Result<DWORD> locale_number(const Locale& locale, LCTYPE type);

// LCTYPE values that other functions ask for.
inline constexpr LCTYPE LOCALE_SLIST = 0xC, LOCALE_SDECIMAL = 0xE, LOCALE_STHOUSAND = 0xF, LOCALE_SGROUPING = 0x10,
                        LOCALE_IDIGITS = 0x11, LOCALE_ILZERO = 0x12, LOCALE_SCURRENCY = 0x14,
                        LOCALE_SMONDECIMALSEP = 0x16, LOCALE_SMONTHOUSANDSEP = 0x17, LOCALE_SMONGROUPING = 0x18,
                        LOCALE_ICURRDIGITS = 0x19, LOCALE_ICURRENCY = 0x1B, LOCALE_INEGCURR = 0x1C,
                        LOCALE_SSHORTDATE = 0x1F, LOCALE_SLONGDATE = 0x20, LOCALE_S1159 = 0x28, LOCALE_S2359 = 0x29,
                        LOCALE_SDAYNAME1 = 0x2A, LOCALE_SABBREVDAYNAME1 = 0x31, LOCALE_SMONTHNAME1 = 0x38,
                        LOCALE_SABBREVMONTHNAME1 = 0x44, LOCALE_SNEGATIVESIGN = 0x51, LOCALE_SSHORTTIME = 0x79,
                        LOCALE_SMONTHDAY = 0x78, LOCALE_STIMEFORMAT = 0x1003, LOCALE_IDEFAULTANSICODEPAGE = 0x1004,
                        LOCALE_SYEARMONTH = 0x1006, LOCALE_INEGNUMBER = 0x1010, LOCALE_SISO3166CTRYNAME = 0x5A;

// --- Countries (GEOID) ---
struct Country {
  char code[3];  // ISO 3166
  GEOID id;
  WORD dialing_code;
};
const Country* find_country(std::string_view code);
const Country* find_country(GEOID id);
std::vector<const Country*> countries();

}  // namespace hmodule::nls

#include "nls/locale.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace hmodule::nls {
namespace {

Locale locale(std::u16string_view name) {
  auto found = find_locale(name);
  EXPECT_TRUE(found);
  return found ? *found : Locale{};
}
std::u16string text(std::u16string_view name, LCTYPE type) {
  auto found = locale_text(locale(name), type);
  return found ? *found : u"<error>";
}
DWORD number(std::u16string_view name, LCTYPE type) {
  return *locale_number(locale(name), type);
}

TEST(Locale, NamesAreReadInAnyCaseAndWrittenAsWindowsDoes) {
  EXPECT_EQ(locale(u"EN-us").name, u"en-US");
  EXPECT_EQ(locale(u"zh-Hans-CN").name, u"zh-CN");
  EXPECT_EQ(locale(u"sr-Latn-RS").name, u"sr-Latn-RS");
  EXPECT_EQ(locale(u"de-DE_phoneb").name, u"de-DE_phoneb");
  EXPECT_TRUE(locale(u"de").neutral);
  EXPECT_TRUE(locale(u"").invariant());
}

TEST(Locale, UnknownNamesAreRefused) {
  for (const char16_t* name : {u"xx-YY", u"e", u"en-US-", u"en US", u"Ä", u"en-US-x-very-private"}) {
    const auto found = find_locale(name);
    ASSERT_FALSE(found);
    EXPECT_EQ(found.error().code(), static_cast<DWORD>(ERROR_INVALID_PARAMETER));
  }
}

TEST(Locale, NumbersAreMicrosofts) {
  EXPECT_EQ(locale(u"en-US").id, 0x409U);
  EXPECT_EQ(locale(u"de-DE_phoneb").id, 0x10407U);
  EXPECT_EQ(locale(u"zh-TW").id, 0x404U);
  EXPECT_EQ(locale(u"de").id, 7U);
  EXPECT_EQ(locale(u"en-DE").id, LOCALE_CUSTOM_UNSPECIFIED);
  EXPECT_EQ(find_locale(LCID{0x411})->name, u"ja-JP");
  EXPECT_EQ(find_locale(LCID{LOCALE_INVARIANT})->name, u"");
  EXPECT_EQ(find_locale(LCID{LOCALE_USER_DEFAULT})->name, user_locale().name);
  EXPECT_FALSE(find_locale(LCID{0x123456}));
}

TEST(Locale, EveryListedLocaleIsFoundByNameAndNumber) {
  for (const Locale& one : all_locales()) {
    const auto found = find_locale(std::u16string_view(one.name));
    ASSERT_TRUE(found) << std::string(one.name.begin(), one.name.end());
    EXPECT_EQ(found->id, one.id);
    if (one.id == LOCALE_CUSTOM_UNSPECIFIED || one.neutral) continue;
    EXPECT_EQ(find_locale(one.id)->id, one.id) << std::string(one.name.begin(), one.name.end());
  }
}

TEST(Locale, ResolvingGoesUpToTheLanguage) {
  EXPECT_EQ(resolve_name(u"en-XX"), u"en-US");
  EXPECT_EQ(resolve_name(u"de"), u"de-DE");
  EXPECT_EQ(resolve_name(u"zz-ZZ"), u"");
}

TEST(LocaleInfo, AmericanEnglishIsThatOfWindows) {
  EXPECT_EQ(text(u"en-US", LOCALE_SSHORTDATE), u"M/d/yyyy");
  EXPECT_EQ(text(u"en-US", LOCALE_SLONGDATE), u"dddd, MMMM d, yyyy");
  EXPECT_EQ(text(u"en-US", LOCALE_STIMEFORMAT), u"h:mm:ss tt");
  EXPECT_EQ(text(u"en-US", LOCALE_SSHORTTIME), u"h:mm tt");
  EXPECT_EQ(text(u"en-US", LOCALE_SYEARMONTH), u"MMMM yyyy");
  EXPECT_EQ(text(u"en-US", LOCALE_SDECIMAL), u".");
  EXPECT_EQ(text(u"en-US", LOCALE_SGROUPING), u"3;0");
  EXPECT_EQ(text(u"en-US", LOCALE_SCURRENCY), u"$");
  EXPECT_EQ(text(u"en-US", 0x01), u"0409");
  EXPECT_EQ(text(u"en-US", 0x1001), u"English");
  EXPECT_EQ(text(u"en-US", LOCALE_SDAYNAME1), u"Monday");
  EXPECT_EQ(text(u"en-US", LOCALE_IDEFAULTANSICODEPAGE), u"1252");
  EXPECT_EQ(number(u"en-US", LOCALE_INEGCURR), 0U);
  EXPECT_EQ(number(u"en-US", 0x100C), 6U);  // weeks begin on Sunday
  EXPECT_EQ(number(u"en-US", 0x5B), 244U);
}

TEST(LocaleInfo, OtherLanguages) {
  EXPECT_EQ(text(u"de-DE", LOCALE_SSHORTDATE), u"dd.MM.yyyy");
  EXPECT_EQ(text(u"de-DE", LOCALE_STIMEFORMAT), u"HH:mm:ss");
  EXPECT_EQ(number(u"de-DE", LOCALE_ICURRENCY), 3U);
  EXPECT_EQ(number(u"de-DE", LOCALE_INEGCURR), 8U);
  EXPECT_EQ(text(u"hi-IN", LOCALE_SGROUPING), u"3;2;0");
  EXPECT_EQ(number(u"ja-JP", LOCALE_ICURRDIGITS), 0U);
  EXPECT_EQ(number(u"ja-JP", LOCALE_IDEFAULTANSICODEPAGE), 932U);
  EXPECT_EQ(number(u"ar-SA", 0x70), 1U);  // right to left
  EXPECT_EQ(*locale_text(locale(u"ru-RU"), LOCALE_SMONTHNAME1, false), u"январь");
  EXPECT_EQ(*locale_text(locale(u"ru-RU"), LOCALE_SMONTHNAME1, true), u"января");
}

TEST(LocaleInfo, WhatDoesNotExistIsRefused) {
  EXPECT_EQ(locale_text(locale(u"en-US"), 0x58).error().code(), static_cast<DWORD>(ERROR_INVALID_FLAGS));
  EXPECT_EQ(locale_text(locale(u"en-US"), 0xFFFF).error().code(), static_cast<DWORD>(ERROR_INVALID_FLAGS));
  EXPECT_EQ(locale_number(locale(u"en-US"), LOCALE_SDECIMAL).error().code(), static_cast<DWORD>(ERROR_INVALID_FLAGS));
}

TEST(Countries, ByCodeAndNumber) {
  EXPECT_EQ(find_country("DE")->id, 94);
  EXPECT_EQ(find_country(GEOID{122})->code, std::string("JP"));
  EXPECT_EQ(find_country("XX"), nullptr);
}

TEST(Locale, AbbreviationsAreWindows) {
  const auto abbreviation = [](std::u16string_view name) { return *locale_text(*find_locale(name), 3); };
  EXPECT_EQ(abbreviation(u"en-US"), u"ENU");
  EXPECT_EQ(abbreviation(u"de-DE"), u"DEU");
  EXPECT_EQ(abbreviation(u"tr-TR"), u"TRK");
  EXPECT_EQ(abbreviation(u"pt-BR"), u"PTB");
  EXPECT_EQ(abbreviation(u"zh-TW"), u"CHT");
  EXPECT_EQ(abbreviation(u"zh-CN"), u"CHS");
}

}  // namespace
}  // namespace hmodule::nls

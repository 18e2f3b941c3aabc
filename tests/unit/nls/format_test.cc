#include "nls/format.h"

#include "nls/text.h"

#include <gtest/gtest.h>

namespace hmodule::nls {
namespace {

constexpr SYSTEMTIME kLeapDay{2024, 2, 0, 29, 15, 4, 5, 0};  // a Thursday, whatever the field says

std::u16string date(std::u16string_view name, DWORD flags, const WCHAR* picture = nullptr) {
  auto text = format_date(*find_locale(name), flags, &kLeapDay, picture);
  return text ? *text : u"<error>";
}
std::u16string time(std::u16string_view name, DWORD flags, const WCHAR* picture = nullptr) {
  auto text = format_time(*find_locale(name), flags, &kLeapDay, picture);
  return text ? *text : u"<error>";
}

TEST(FormatDate, ByLocale) {
  EXPECT_EQ(date(u"en-US", 0), u"2/29/2024");
  EXPECT_EQ(date(u"en-US", DATE_LONGDATE), u"Thursday, February 29, 2024");
  EXPECT_EQ(date(u"en-US", DATE_YEARMONTH), u"February 2024");
  EXPECT_EQ(date(u"de-DE", 0), u"29.02.2024");
  EXPECT_EQ(date(u"", 0), u"02/29/2024");
  EXPECT_EQ(date(u"ru-RU", 0, u"d MMMM"), u"29 февраля");
}

TEST(FormatDate, ByPicture) {
  EXPECT_EQ(date(u"en-US", 0, u"yyyy'-'MM'-'dd"), u"2024-02-29");
  EXPECT_EQ(date(u"en-US", 0, u"ddd, dd MMM yy"), u"Thu, 29 Feb 24");
  EXPECT_EQ(date(u"en-US", 0, u"'it''s' y"), u"it's 24");
  EXPECT_EQ(date(u"en-US", 0, u""), u"");
}

TEST(FormatDate, WhatIsRefused) {
  EXPECT_EQ(date(u"en-US", DATE_SHORTDATE | DATE_LONGDATE), u"<error>");
  EXPECT_EQ(date(u"en-US", DATE_LONGDATE, u"d"), u"<error>");
  EXPECT_EQ(date(u"en-US", 0x1000), u"<error>");
  const SYSTEMTIME bad{2023, 2, 0, 29, 0, 0, 0, 0};
  EXPECT_EQ(format_date(user_locale(), 0, &bad, nullptr).error().code(), static_cast<DWORD>(ERROR_INVALID_PARAMETER));
}

TEST(FormatTime, ByLocaleAndFlags) {
  EXPECT_EQ(time(u"en-US", 0), u"3:04:05 PM");
  EXPECT_EQ(time(u"en-US", TIME_NOSECONDS), u"3:04 PM");
  EXPECT_EQ(time(u"en-US", TIME_NOMINUTESORSECONDS), u"3 PM");
  EXPECT_EQ(time(u"en-US", TIME_NOTIMEMARKER), u"3:04:05");
  EXPECT_EQ(time(u"en-US", TIME_FORCE24HOURFORMAT | TIME_NOTIMEMARKER), u"15:04:05");
  EXPECT_EQ(time(u"de-DE", 0), u"15:04:05");
  EXPECT_EQ(time(u"en-US", 0, u"HH.mm'h' t"), u"15.04h P");
}

TEST(FormatNumber, ByLocale) {
  EXPECT_EQ(*format_number(number_format(*find_locale(u"en-US")), u"-1234567.895"), u"-1,234,567.90");
  EXPECT_EQ(*format_number(number_format(*find_locale(u"de-DE")), u"1234.5"), u"1.234,50");
  EXPECT_EQ(*format_number(number_format(*find_locale(u"hi-IN")), u"1234567"), u"12,34,567.00");
  EXPECT_EQ(*format_number(number_format(*find_locale(u"en-US")), u"-0.001"), u"0.00");
  EXPECT_EQ(*format_number(number_format(*find_locale(u"en-US")), u"999.999"), u"1,000.00");
}

TEST(FormatNumber, ByFormat) {
  EXPECT_EQ(*format_number({0, 0, 3, u".", u",", 0, 0, {}}, u"-1234.5"), u"(1,235)");
  EXPECT_EQ(*format_number({2, 0, 30, u".", u",", 1, 0, {}}, u"1234567"), u"1234,567.00");  // one group only
  EXPECT_EQ(*format_number({2, 0, 3, u".", u",", 1, 0, {}}, u".5"), u".50");
  EXPECT_EQ(*format_number({1, 1, 0, u".", u",", 4, 0, {}}, u"-1234"), u"1234.0 -");
}

TEST(FormatNumber, WhatIsNoNumber) {
  for (const char16_t* text : {u"", u"1,2", u"1.2.3", u"+1", u"1e3", u" 1"})
    EXPECT_FALSE(format_number(number_format(user_locale()), text));
  EXPECT_FALSE(format_number({10, 0, 3, u".", u",", 0, 0, {}}, u"1"));
  EXPECT_FALSE(format_number({2, 0, 3, u".", u",", 5, 0, {}}, u"1"));
}

TEST(FormatCurrency, ByLocale) {
  EXPECT_EQ(*format_currency(currency_format(*find_locale(u"en-US")), u"-1234.5"), u"($1,234.50)");
  EXPECT_EQ(*format_currency(currency_format(*find_locale(u"de-DE")), u"-1234.5"), u"-1.234,50 €");
}

// --- Text ---

TEST(Integers, AsRtlCharToIntegerReadsThem) {
  EXPECT_EQ(parse_integer(u"  -12x", 0), static_cast<ULONG>(-12));
  EXPECT_EQ(parse_integer(u"0x1F", 0), 31U);
  EXPECT_EQ(parse_integer(u"0b101", 0), 5U);
  EXPECT_EQ(parse_integer(u"0o17", 0), 15U);
  EXPECT_EQ(parse_integer(u"0x1F", 16), 0U);  // a prefix only with base 0
  EXPECT_FALSE(parse_integer(u"1", 7));
  EXPECT_EQ(format_integer(255, 16), "FF");
  EXPECT_FALSE(format_integer(1, 3));
}

TEST(Guids, ThereAndBack) {
  const auto guid = parse_guid(u"{01020304-0506-0708-090a-0B0c0D0e0F10}");
  ASSERT_TRUE(guid);
  EXPECT_EQ(guid->Data1, 0x01020304U);
  EXPECT_EQ(guid->Data4[7], 0x10);
  EXPECT_EQ(format_guid(*guid), u"{01020304-0506-0708-090A-0B0C0D0E0F10}");
  EXPECT_FALSE(parse_guid(u"{01020304-0506-0708-090a-0B0c0D0e0F1}"));
  EXPECT_FALSE(parse_guid(u"01020304-0506-0708-090a-0B0c0D0e0F10"));
}

TEST(Addresses, Ipv4) {
  EXPECT_EQ(parse_ipv4(u"1.2.3.4x", true)->end, 7U);
  EXPECT_EQ(parse_ipv4(u"0x7f.1", false)->address, (Ipv4{127, 0, 0, 1}));
  EXPECT_FALSE(parse_ipv4(u"1.2.3", true));
  EXPECT_FALSE(parse_ipv4(u"256.1.1.1", true));
  EXPECT_FALSE(parse_ipv4(u"1.2.3.4294967296", false));
  EXPECT_FALSE(parse_ipv4(u"", false));
}

TEST(Addresses, Ipv6) {
  EXPECT_EQ(format_ipv6(parse_ipv6(u"2001:DB8::1%4")->address), "2001:db8::1");
  EXPECT_FALSE(parse_ipv6(u"1:2:3"));
}

TEST(Cut, NeverInsideACharacter) {
  EXPECT_EQ(cut("a\xE2\x82\xAC", 3), 1U);
  EXPECT_EQ(cut("a\xE2\x82\xAC", 4), 4U);
  EXPECT_EQ(cut("abc", 0), 0U);
}

}  // namespace
}  // namespace hmodule::nls

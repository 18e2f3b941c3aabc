#include "base/utf.h"

#include <gmock/gmock.h>

#include "base/result.h"

namespace hmodule {
namespace {

TEST(Utf, RoundTripsEveryPlane) {
  for (const char32_t c : {U'a', U'\x7F', U'\x80', U'\x7FF', U'\x800', U'\xFFFD', U'\x10000', U'\x10FFFF'}) {
    std::u16string text;
    if (c >= 0x10000)
      text = {static_cast<char16_t>(0xD800 + ((c - 0x10000) >> 10)), static_cast<char16_t>(0xDC00 + (c & 0x3FF))};
    else
      text = {static_cast<char16_t>(c)};
    EXPECT_EQ(utf16(utf8(text)), text) << std::hex << static_cast<unsigned>(c);
  }
}

TEST(Utf, IllFormedBytesBecomeReplacementCharacters) {
  EXPECT_EQ(utf16("a\xFF"
                  "b"),
            u"a\xFFFD"
            u"b");
  EXPECT_EQ(utf16("\xC0\x80"), u"\xFFFD\xFFFD");                 // overlong NUL
  EXPECT_EQ(utf16("\xE2\x82"), u"\xFFFD");                       // cut short
  EXPECT_EQ(utf16("\xF4\x90\x80\x80").substr(0, 1), u"\xFFFD");  // above U+10FFFF
}

TEST(Utf, LoneSurrogatesSurviveTheHostForm) {  // a Windows name may hold any 16-bit units
  const std::u16string lone = {u'x', char16_t{0xD800}, u'y', char16_t{0xDC01}};
  EXPECT_EQ(utf16(utf8(lone)), lone);
}

TEST(Utf, CaseFollowsTheWindowsTableNotTheLocale) {  // NAME-12
  EXPECT_TRUE(equal_ignoring_case(u"KERNEL32.dll", u"kernel32.DLL"));
  EXPECT_TRUE(equal_ignoring_case(u"\xE9t\xE9.dll", u"\xC9T\xC9.DLL"));
  EXPECT_FALSE(
      equal_ignoring_case(u"stra\xDF"
                          u"e",
                          u"strasse"));
  EXPECT_FALSE(equal_ignoring_case(u"a", u"ab"));
  EXPECT_EQ(upcase(u'\xFF'), u'\x178');
  EXPECT_EQ(upcase(u'\xB5'), u'\xB5');
}

TEST(ErrorMap, FollowsTheTableAndTheRulesOutsideIt) {  // ERR-01, ERR-03
  EXPECT_EQ(win32_from_status(STATUS_DLL_NOT_FOUND), 126U);
  EXPECT_EQ(win32_from_status(STATUS_ENTRYPOINT_NOT_FOUND), 127U);
  EXPECT_EQ(win32_from_status(STATUS_ORDINAL_NOT_FOUND), 182U);
  EXPECT_EQ(win32_from_status(static_cast<NTSTATUS>(0xE06D7363)), 0xE06D7363U);
  EXPECT_EQ(win32_from_status(static_cast<NTSTATUS>(0xD0000135)), 126U);
  EXPECT_EQ(win32_from_status(static_cast<NTSTATUS>(0x80070005)), 5U);
  EXPECT_EQ(win32_from_status(static_cast<NTSTATUS>(0xC0ABCDEF)), 317U);
  EXPECT_EQ(win32_from_status(status_from_win32(15700)), 15700U);
}

}  // namespace
}  // namespace hmodule

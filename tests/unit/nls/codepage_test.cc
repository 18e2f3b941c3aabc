#include "nls/codepage.h"

#include <gtest/gtest.h>

namespace hmodule::nls {
namespace {

std::u16string wide(UINT id, std::string_view bytes) {
  std::u16string out(64, u'#');
  out.resize(to_wide(*find_code_page(id), bytes, out).length);
  return out;
}
std::string narrow(UINT id, std::u16string_view text, bool best_fit = true) {
  std::string out(64, '#');
  out.resize(to_bytes(*find_code_page(id), text, out, best_fit).length);
  return out;
}

TEST(CodePage, PseudoPagesStandForUtf8AndMacRoman) {
  EXPECT_EQ(find_code_page(CP_ACP)->id, CP_UTF8);
  EXPECT_EQ(find_code_page(CP_OEMCP)->id, CP_UTF8);
  EXPECT_EQ(find_code_page(CP_THREAD_ACP)->id, CP_UTF8);
  EXPECT_EQ(find_code_page(CP_MACCP)->id, 10000U);
  EXPECT_EQ(find_code_page(1200), nullptr);  // UTF-16 is no code page for conversions
  EXPECT_EQ(find_code_page(4711), nullptr);
}

TEST(CodePage, EveryPageConvertsTheAlphabetBothWays) {
  for (const CodePage& page : code_pages()) {
    if (page.id == 20290 || page.id == CP_SYMBOL) continue;  // no small letters, no letters at all
    const std::u16string text = u"ABCXYZabcxyz0189 .,";
    std::string bytes(200, '\0');
    const auto there = to_bytes(page, text, bytes, false);
    ASSERT_LE(there.length, bytes.size()) << page.id;
    bytes.resize(there.length);
    EXPECT_FALSE(there.substituted) << page.id;
    EXPECT_EQ(wide(page.id, bytes), text) << page.id;
  }
}

TEST(CodePage, Utf8ReplacesEachMaximalPart) {
  EXPECT_EQ(wide(CP_UTF8, "a\xE2\x82z"), u"a\uFFFDz");
  EXPECT_EQ(wide(CP_UTF8, "\xED\xA0\x80"), u"\uFFFD\uFFFD\uFFFD");
  EXPECT_EQ(wide(CP_UTF8, "\xF0\x9F\x98\x80"), u"\U0001F600");
  EXPECT_EQ(narrow(CP_UTF8, std::u16string(1, 0xD800)), "\xEF\xBF\xBD");
}

TEST(CodePage, ResultIsCountedBeyondTheBuffer) {
  char16_t two[2] = {};
  EXPECT_EQ(to_wide(*find_code_page(1252), "abcd", two).length, 4U);
  EXPECT_EQ(two[1], u'b');
  EXPECT_EQ(to_wide(*find_code_page(CP_UTF8), "abcd", two).length, 4U);
  EXPECT_EQ(to_bytes(*find_code_page(932), u"あいう", {}, true).length, 6U);
}

TEST(CodePage, OneByteTables) {
  EXPECT_EQ(wide(1252, "\x80\x81\xE4"), u"\u20AC\u0081\u00E4");
  EXPECT_EQ(wide(437, "\xE6\x1A\x7F"), u"\u00B5\u001A\u007F");
  EXPECT_EQ(wide(866, "\x8F\xE0"), u"Пр");
  EXPECT_EQ(wide(20127, "\xC1"), u"A");
  EXPECT_EQ(narrow(500, u"A?"), "\xC1\x6F");
}

TEST(CodePage, BestFitIsTakenOnlyWhenAllowed) {
  EXPECT_EQ(narrow(1252, u"\u0100\uFF21"), "AA");
  EXPECT_EQ(narrow(1252, u"\u0100\uFF21", false), "??");
  EXPECT_EQ(narrow(1252, u"\U0001F600"), "??");  // one for each half
}

TEST(CodePage, TwoByteTables) {
  EXPECT_EQ(wide(932, "\x82\xA0\xB1"), u"あ\uFF71");
  EXPECT_EQ(narrow(936, u"中文"), "\xD6\xD0\xCE\xC4");
  EXPECT_EQ(narrow(949, u"한"), "\xC7\xD1");
  EXPECT_EQ(narrow(950, u"中"), "\xA4\xA4");
  EXPECT_EQ(wide(1361, "\x88\x61"), u"가");
  EXPECT_TRUE(is_lead_byte(*find_code_page(932), 0x81));
  EXPECT_FALSE(is_lead_byte(*find_code_page(932), 0xA0));
}

TEST(CodePage, LeadByteAtTheEndOrBeforeTheTerminatorStandsAlone) {
  EXPECT_EQ(wide(932, "\x82"), u"\u30FB");
}

// Bytes without a character come back, from the private use area.
TEST(CodePage, HasAUnitForEachByte) {
  EXPECT_EQ(wide(932, "\x80\xA0\xFD\xFF"), u"\u0080\uF8F0\uF8F1\uF8F3");
  EXPECT_EQ(wide(1255, "\xCA\xDF"), u"\u05BA\uF893");
  for (const UINT id : {852U, 932U, 1253U, 1255U, 1257U}) {
    const CodePage& page = *find_code_page(id);
    for (int byte = 1; byte < 0x100; ++byte) {
      if (is_lead_byte(page, static_cast<BYTE>(byte))) continue;
      const std::string text(1, static_cast<char>(byte));
      EXPECT_EQ(to_page(page, from_page(page, text)), text) << id << " " << byte;
    }
  }
  EXPECT_EQ(wide(936, std::string_view("\x81\0x", 3)), std::u16string_view(u"?\0x", 3));
}

TEST(CodePage, ConvertersWithState) {
  EXPECT_EQ(narrow(65000, u"a\u00E4"), "a+AOQ-");
  EXPECT_EQ(wide(65000, "+AOQ-b"), u"\u00E4b");
  EXPECT_EQ(narrow(50220, u"あ"), "\x1B$B$\"\x1B(B");
  EXPECT_EQ(narrow(54936, u"\U0001F600"), "\x94\x39\xFC\x36");
  EXPECT_EQ(wide(52936, "~{VP~}a"), u"中a");
}

}  // namespace
}  // namespace hmodule::nls

#include "unit/winapi/user32/user32.h"

#include <climits>

namespace hmodule::winapi {
namespace {

TEST(UserText, IsMappedInItsPlaceOrAsACharacter) {
  char narrow[] = "Ärger 1";
  EXPECT_STREQ((user<char*, char*>("CharLowerA")(narrow)), "ärger 1");
  EXPECT_STREQ((user<char*, char*>("CharUpperA")(narrow)), "ÄRGER 1");
  WCHAR wide[] = u"straße";
  EXPECT_EQ(std::u16string(user<WCHAR*, WCHAR*>("CharUpperW")(wide)), u"STRAßE");  // one unit at a time
  EXPECT_EQ((user<std::uintptr_t, std::uintptr_t>("CharUpperW")(0xE9)), 0xC9U);
  EXPECT_EQ((user<std::uintptr_t, std::uintptr_t>("CharLowerW")(u'Q')), static_cast<std::uintptr_t>(u'q'));
  EXPECT_EQ((user<DWORD, WCHAR*, DWORD>("CharLowerBuffW")(wide, 3)), 3U);
  EXPECT_EQ(std::u16string(wide), u"strAßE");
  EXPECT_EQ((user<DWORD, WCHAR*, DWORD>("CharUpperBuffW")(wide, 1)), 1U);
  EXPECT_EQ((user<DWORD, char*, DWORD>("CharUpperBuffA")(narrow, 2)), 2U);
  EXPECT_EQ((user<DWORD, char*, DWORD>("CharLowerBuffA")(narrow, 2)), 2U);
  EXPECT_STREQ(narrow, "äRGER 1");
}

TEST(UserText, IsWalked) {
  const WCHAR* const wide = u"ab";
  EXPECT_EQ((user<const WCHAR*, const WCHAR*>("CharNextW")(wide)), wide + 1);
  EXPECT_EQ((user<const WCHAR*, const WCHAR*>("CharNextW")(wide + 2)), wide + 2);
  EXPECT_EQ((user<const WCHAR*, const WCHAR*, const WCHAR*>("CharPrevW")(wide, wide + 1)), wide);
  EXPECT_EQ((user<const WCHAR*, const WCHAR*, const WCHAR*>("CharPrevW")(wide, wide)), wide);
  const char* const japanese =
      "\x93\xFA"
      "x";  // in code page 932
  EXPECT_EQ((user<const char*, const char*>("CharNextA")(japanese)), japanese + 1);
  EXPECT_EQ((user<const char*, const char*, const char*>("CharPrevA")(japanese, japanese + 1)), japanese);
  EXPECT_EQ((user<const char*, WORD, const char*, DWORD>("CharNextExA")(932, japanese, 0)), japanese + 2);
  EXPECT_EQ((user<const char*, WORD, const char*, const char*, DWORD>("CharPrevExA")(932, japanese, japanese + 2, 0)),
            japanese);
}

TEST(UserText, HasKindsOfCharacters) {
  struct {
    const char* name;
    UINT yes, no;
  } const kCases[] = {
      {"IsCharAlphaA", 'a', '1'},          {"IsCharAlphaW", 0x3B1, u'1'}, {"IsCharAlphaNumericA", '1', '-'},
      {"IsCharAlphaNumericW", u'1', u'-'}, {"IsCharLowerA", 'a', 'A'},    {"IsCharLowerW", 0xE9, 0xC9},
      {"IsCharUpperA", 'A', 'a'},          {"IsCharUpperW", 0xC9, 0xE9},
  };
  for (const auto& each : kCases) {
    EXPECT_EQ((user<BOOL, UINT>(each.name)(each.yes)), TRUE) << each.name;
    EXPECT_EQ((user<BOOL, UINT>(each.name)(each.no)), FALSE) << each.name;
  }
}

TEST(UserText, OemIsUtf8) {
  char narrow[16] = {};
  WCHAR wide[16] = {};
  EXPECT_EQ((user<BOOL, const WCHAR*, char*>("CharToOemW")(u"äb", narrow)), TRUE);
  EXPECT_STREQ(narrow, "äb");
  EXPECT_EQ((user<BOOL, const char*, WCHAR*>("OemToCharW")("äb", wide)), TRUE);
  EXPECT_EQ(std::u16string(wide), u"äb");
  EXPECT_EQ((user<BOOL, const char*, char*>("CharToOemA")("x", narrow)), TRUE);
  EXPECT_STREQ(narrow, "x");
  EXPECT_EQ((user<BOOL, const char*, char*>("OemToCharA")("yz", narrow)), TRUE);
  EXPECT_STREQ(narrow, "yz");
  EXPECT_EQ((user<BOOL, const char*, char*, DWORD>("CharToOemBuffA")("q", narrow, 1)), TRUE);
  EXPECT_STREQ(narrow, "qz");
  EXPECT_EQ((user<BOOL, const char*, char*, DWORD>("OemToCharBuffA")("r", narrow, 1)), TRUE);
  EXPECT_EQ((user<BOOL, const WCHAR*, char*, DWORD>("CharToOemBuffW")(u"s", narrow, 1)), TRUE);
  EXPECT_STREQ(narrow, "sz");
  EXPECT_EQ((user<BOOL, const char*, WCHAR*, DWORD>("OemToCharBuffW")("t", wide, 1)), TRUE);
  EXPECT_EQ(wide[0], u't');
  EXPECT_EQ((user<BOOL, const char*, char*>("OemToCharA")(nullptr, narrow)), FALSE);
}

TEST(UserPrintf, KnowsWhatItKnows) {
  char out[1100];
  const auto print = [&](const char* format, auto... arguments) {
    const INT length = user<INT, char*, const char*, decltype(arguments)...>("wsprintfA")(out, format, arguments...);
    EXPECT_EQ(static_cast<std::size_t>(length), std::char_traits<char>::length(out));
    return std::string(out);
  };
  EXPECT_EQ(print("%d %i %u", -1, INT_MIN, 4294967295U), "-1 -2147483648 4294967295");
  EXPECT_EQ(print("%08.3d|%-6x|%#X|%.5u", 7, 0xABC, 255, 42), "00000007|abc   |0XFF|00042");
  EXPECT_EQ(print("%hd %hu %I64u %lld", 0x18000, 0x1FFFF, ~0ULL, -5LL), "-32768 65535 18446744073709551615 -5");
  EXPECT_EQ(print("%p", reinterpret_cast<void*>(std::uintptr_t{0xAB12})), "000000000000AB12");
  EXPECT_EQ(print("%5s|%-5s|%.2s|%s", "ab", "cd", "efg", static_cast<const char*>(nullptr)), "   ab|cd   |ef|(null)");
  EXPECT_EQ(print("%S %ls %ws %hs", u"ä", u"b", u"c", "d"), "ä b c d");
  EXPECT_EQ(print("%c%C%lc%%%z", 'x', u'y', u'z'), "xyz%z");
  EXPECT_EQ(print("%"), "");
  const std::string much(2000, 'm');
  EXPECT_EQ(print("%s", much.c_str()), std::string(1023, 'm'));
  WCHAR wide[64];
  EXPECT_EQ((user<INT, WCHAR*, const WCHAR*, const WCHAR*, const char*>("wsprintfW")(wide, u"%s%S", u"W", "a")), 2);
  EXPECT_EQ(std::u16string(wide), u"Wa");
  const std::uint64_t arguments[] = {5, reinterpret_cast<std::uint64_t>("list")};
  EXPECT_EQ((user<INT, char*, const char*, const void*>("wvsprintfA")(out, "%d %s", arguments)), 6);
  EXPECT_STREQ(out, "5 list");
  EXPECT_EQ((user<INT, WCHAR*, const WCHAR*, const void*>("wvsprintfW")(wide, u"%d", arguments)), 1);
}

}  // namespace
}  // namespace hmodule::winapi

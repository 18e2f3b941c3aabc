// Strings, bitmaps, times and the C library of ntdll as a DLL calls them.
#include "unit/winapi/process.h"

#include "win/status.h"

#include <string>

namespace hmodule::winapi {
namespace {

TEST(Exports, NothingSaysThatThisIsWine) {
  EXPECT_EQ(find(ntdll_dll, "wine_get_version"), nullptr);
}

TEST(UnicodeString, InitCountsBytesAndStopsAtTheLimit) {
  UNICODE_STRING text;
  const auto init = function<void*, UNICODE_STRING*, const WCHAR*>(ntdll_dll, "RtlInitUnicodeString");
  init(&text, u"abc");
  EXPECT_EQ(text.Length, 6);
  EXPECT_EQ(text.MaximumLength, 8);
  init(&text, nullptr);
  EXPECT_EQ(text.Buffer, nullptr);
  const std::u16string huge(0x8000, u'x');
  EXPECT_EQ(
      (function<NTSTATUS, UNICODE_STRING*, const WCHAR*>(ntdll_dll, "RtlInitUnicodeStringEx")(&text, huge.c_str())),
      STATUS_NAME_TOO_LONG);
}

TEST(UnicodeString, AnsiConversionAllocatesOrSaysOverflow) {
  char bytes[] = "\xC3\xA4x";
  ANSI_STRING ansi{3, 4, bytes};
  UNICODE_STRING wide{};
  const auto widen =
      function<NTSTATUS, UNICODE_STRING*, const ANSI_STRING*, BOOLEAN>(ntdll_dll, "RtlAnsiStringToUnicodeString");
  EXPECT_EQ(widen(&wide, &ansi, TRUE), STATUS_SUCCESS);
  EXPECT_EQ(std::u16string(wide.Buffer), u"\u00E4x");
  char small[2];
  ANSI_STRING out{0, 2, small};
  const auto narrow =
      function<NTSTATUS, ANSI_STRING*, const UNICODE_STRING*, BOOLEAN>(ntdll_dll, "RtlUnicodeStringToAnsiString");
  EXPECT_EQ(narrow(&out, &wide, FALSE), STATUS_BUFFER_OVERFLOW);
  EXPECT_EQ(out.Length, 0);  // the first character does not fit, and none is cut in two
  WCHAR two[2];
  UNICODE_STRING tight{0, 4, two};
  EXPECT_EQ(widen(&tight, &ansi, FALSE), STATUS_BUFFER_OVERFLOW);
  function<void*, UNICODE_STRING*>(ntdll_dll, "RtlFreeUnicodeString")(&wide);
  EXPECT_EQ(wide.Buffer, nullptr);
}

TEST(UnicodeString, ComparesAndPrefixes) {
  WCHAR a[] = u"\u00C4bc", b[] = u"\u00E4BC";
  UNICODE_STRING x{6, 8, a}, y{6, 8, b};
  const auto equal =
      function<BOOLEAN, const UNICODE_STRING*, const UNICODE_STRING*, BOOLEAN>(ntdll_dll, "RtlEqualUnicodeString");
  EXPECT_TRUE(equal(&x, &y, TRUE));
  EXPECT_FALSE(equal(&x, &y, FALSE));
  x.Length = 2;
  EXPECT_TRUE((function<BOOLEAN, const UNICODE_STRING*, const UNICODE_STRING*, BOOLEAN>(
      ntdll_dll, "RtlPrefixUnicodeString")(&x, &y, TRUE)));
}

TEST(Utf8, SaysWhatItReplacedAndWhatDidNotFit) {
  const auto widen = function<NTSTATUS, WCHAR*, ULONG, ULONG*, const char*, ULONG>(ntdll_dll, "RtlUTF8ToUnicodeN");
  WCHAR out[4];
  ULONG size = 0;
  EXPECT_EQ(widen(out, 8, &size, "a\xFF", 2), STATUS_SOME_NOT_MAPPED);
  EXPECT_EQ(size, 4U);
  EXPECT_EQ(out[1], 0xFFFD);
  EXPECT_EQ(widen(out, 2, &size, "ab", 2), STATUS_BUFFER_TOO_SMALL);
  EXPECT_EQ(size, 2U);
  EXPECT_EQ(widen(nullptr, 0, &size, "abc", 3), STATUS_SUCCESS);
  EXPECT_EQ(size, 6U);
  EXPECT_EQ(widen(out, 8, &size, nullptr, 1), STATUS_INVALID_PARAMETER_4);
}

TEST(Bitmap, FindsSetsAndCounts) {
  ULONG words[2] = {0xFFFF00FF, 0};
  RTL_BITMAP map{};
  function<void*, RTL_BITMAP*, ULONG*, ULONG>(ntdll_dll, "RtlInitializeBitMap")(&map, words, 40);
  const auto find_and_set = function<ULONG, RTL_BITMAP*, ULONG, ULONG>(ntdll_dll, "RtlFindClearBitsAndSet");
  EXPECT_EQ((function<BOOLEAN, RTL_BITMAP*, ULONG, ULONG>(ntdll_dll, "RtlAreBitsClear")(&map, 8, 8)), TRUE);
  EXPECT_EQ((function<BOOLEAN, RTL_BITMAP*, ULONG, ULONG>(ntdll_dll, "RtlAreBitsClear")(&map, 8, 9)), FALSE);
  EXPECT_EQ(find_and_set(&map, 3, 0), 8U);
  EXPECT_EQ(find_and_set(&map, 8, 0), 32U);
  EXPECT_EQ(find_and_set(&map, 6, 0), 0xFFFFFFFFU);
  EXPECT_EQ((function<ULONG, RTL_BITMAP*>(ntdll_dll, "RtlNumberOfClearBits")(&map)), 5U);
}

TEST(CrtLeaves, CompareSearchAndParse) {
  EXPECT_EQ((function<int, const char*, const char*>(ntdll_dll, "_stricmp")("ABC", "abc")), 0);
  EXPECT_LT((function<int, const char*, const char*>(ntdll_dll, "strcmp")("a", "\xC4")), 0);  // bytes are unsigned
  EXPECT_EQ((function<int, const char*, char**, int>(ntdll_dll, "strtol")("99999999999", nullptr, 10)), 0x7FFFFFFF);
  EXPECT_EQ((function<int, const WCHAR*, WCHAR**, int>(ntdll_dll, "wcstol")(u" -0x1f", nullptr, 16)), -31);
  char text[] = "abc";
  EXPECT_EQ((function<char*, char*, int>(ntdll_dll, "strchr")(text, 0)), text + 3);
  char small[3] = "xx";
  EXPECT_EQ((function<int, char*, SIZE_T, const char*>(ntdll_dll, "strcpy_s")(small, 3, "abc")), 34);
  EXPECT_EQ(small[0], '\0');
}

TEST(CrtLeaves, PrintfBoundsAsMicrosoftsDoes) {
  char out[4] = {'#', '#', '#', '#'};
  const auto print = function<int, char*, SIZE_T, const char*, const char*, int>(ntdll_dll, "_snprintf");
  EXPECT_EQ(print(out, 4, "%s%d", "ab", 1), 3);
  EXPECT_STREQ(out, "ab1");
  EXPECT_EQ(print(out, 3, "%s%d", "ab", 2), 3);  // fits, but without a terminator
  EXPECT_EQ(out[2], '2');
  EXPECT_EQ(print(out, 3, "%s%d", "ab", 34), -1);
  EXPECT_EQ(out[2], '3');
}

HM_WINAPI int by_value(const void* a, const void* b) {
  return *static_cast<const int*>(a) - *static_cast<const int*>(b);
}
TEST(CrtLeaves, SortingCallsBack) {
  int numbers[] = {3, 1, 2};
  function<void*, void*, SIZE_T, SIZE_T, void*>(ntdll_dll, "qsort")(numbers, 3, 4, reinterpret_cast<void*>(by_value));
  EXPECT_EQ(numbers[0], 1);
  EXPECT_EQ(numbers[2], 3);
}

TEST(Times, SecondsOfUnix) {
  const LARGE_INTEGER epoch = 116'444'736'000'000'000;
  ULONG seconds = 1;
  const auto convert = function<BOOLEAN, const LARGE_INTEGER*, ULONG*>(ntdll_dll, "RtlTimeToSecondsSince1970");
  EXPECT_TRUE(convert(&epoch, &seconds));
  EXPECT_EQ(seconds, 0U);
  const LARGE_INTEGER before = epoch - 1;
  EXPECT_FALSE(convert(&before, &seconds));
}

TEST(Checksums, Crc32) {
  EXPECT_EQ((function<ULONG, ULONG, const char*, int>(ntdll_dll, "RtlComputeCrc32")(0, "123456789", 9)), 0xCBF43926U);
}

TEST(WineDebug, IsSilent) {
  EXPECT_EQ((function<int, int, void*, const char*>(ntdll_dll, "__wine_dbg_header")(0, nullptr, "f")), -1);
}

}  // namespace
}  // namespace hmodule::winapi

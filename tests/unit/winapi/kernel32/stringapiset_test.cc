// Code pages, comparison, locales and formats as a DLL calls them: what comes back and which error.
#include "unit/winapi/process.h"

#include "nls/locale.h"
#include "win/winnls.h"

#include <cstring>
#include <string>
#include <vector>

namespace hmodule::winapi {
namespace {

int to_wide(UINT page, DWORD flags, const char* text, int length, WCHAR* out, int size) {
  return function<int, UINT, DWORD, const char*, int, WCHAR*, int>(kernel32_dll, "MultiByteToWideChar")(
      page, flags, text, length, out, size);
}
int to_bytes(UINT page, DWORD flags, const WCHAR* text, int length, char* out, int size, const char* replacement,
             BOOL* used) {
  return function<int, UINT, DWORD, const WCHAR*, int, char*, int, const char*, BOOL*>(
      kernel32_dll, "WideCharToMultiByte")(page, flags, text, length, out, size, replacement, used);
}
DWORD error() {
  return thread::last_error();
}

TEST(MultiByteToWideChar, CountsAndConverts) {
  WCHAR out[8] = {};
  EXPECT_EQ(to_wide(CP_UTF8, 0, "a\xC3\xA4", -1, nullptr, 0), 3);  // with the terminator
  EXPECT_EQ(to_wide(CP_UTF8, 0, "a\xC3\xA4", 3, out, 8), 2);
  EXPECT_EQ(std::u16string(out), u"a\u00E4");
  EXPECT_EQ(to_wide(CP_ACP, MB_PRECOMPOSED, "\xC3\xA4", 2, out, 8), 1);
  EXPECT_EQ(to_wide(1252, 0, "\x80", 1, out, 8), 1);
  EXPECT_EQ(out[0], u'\u20AC');
  EXPECT_EQ(to_wide(1252, MB_COMPOSITE, "\xE4", 1, out, 8), 2);
  EXPECT_EQ(error(), 0xDEADU);  // ERR-02: success leaves it alone
}

TEST(MultiByteToWideChar, Errors) {
  WCHAR out[2];
  EXPECT_EQ(to_wide(CP_UTF8, 0, "abc", 3, out, 2), 0);
  EXPECT_EQ(error(), static_cast<DWORD>(ERROR_INSUFFICIENT_BUFFER));
  EXPECT_EQ(to_wide(CP_UTF8, MB_ERR_INVALID_CHARS, "\xFF", 1, out, 2), 0);
  EXPECT_EQ(error(), static_cast<DWORD>(ERROR_NO_UNICODE_TRANSLATION));
  EXPECT_EQ(to_wide(CP_UTF8, MB_COMPOSITE, "a", 1, out, 2), 0);
  EXPECT_EQ(error(), static_cast<DWORD>(ERROR_INVALID_FLAGS));
  EXPECT_EQ(to_wide(1252, MB_COMPOSITE | MB_PRECOMPOSED, "a", 1, out, 2), 0);
  EXPECT_EQ(error(), static_cast<DWORD>(ERROR_INVALID_FLAGS));
  EXPECT_EQ(to_wide(CP_UTF7, MB_ERR_INVALID_CHARS, "a", 1, out, 2), 0);
  EXPECT_EQ(error(), static_cast<DWORD>(ERROR_INVALID_FLAGS));
  EXPECT_EQ(to_wide(CP_UTF8, 0, nullptr, 1, out, 2), 0);
  EXPECT_EQ(error(), static_cast<DWORD>(ERROR_INVALID_PARAMETER));
  EXPECT_EQ(to_wide(CP_UTF8, 0, "a", 0, out, 2), 0);
  EXPECT_EQ(error(), static_cast<DWORD>(ERROR_INVALID_PARAMETER));
  EXPECT_EQ(to_wide(CP_UTF8, 0, "a", 1, out, -1), 0);
  EXPECT_EQ(error(), static_cast<DWORD>(ERROR_INVALID_PARAMETER));
  EXPECT_EQ(to_wide(1200, 0, "a", 1, out, 2), 0);
  EXPECT_EQ(error(), static_cast<DWORD>(ERROR_INVALID_PARAMETER));
}

TEST(WideCharToMultiByte, SubstitutesAndSaysSo) {
  char out[8] = {};
  BOOL used = -1;
  EXPECT_EQ(to_bytes(1252, 0, u"a\u4E2D", 2, out, 8, nullptr, &used), 2);
  EXPECT_STREQ(out, "a?");
  EXPECT_EQ(used, TRUE);
  EXPECT_EQ(to_bytes(1252, 0, u"\u4E2D", 1, out, 8, "_", nullptr), 1);
  EXPECT_EQ(out[0], '_');
  EXPECT_EQ(to_bytes(1252, 0, u"\u0100", 1, out, 8, nullptr, &used), 1);
  EXPECT_EQ(used, FALSE);  // best fit
  EXPECT_EQ(to_bytes(1252, WC_NO_BEST_FIT_CHARS, u"\u0100", 1, out, 8, nullptr, &used), 1);
  EXPECT_EQ(used, TRUE);
}

TEST(WideCharToMultiByte, Errors) {
  char out[2];
  BOOL used;
  const WCHAR lone[] = {0xD800, 0};
  EXPECT_EQ(to_bytes(CP_UTF8, WC_ERR_INVALID_CHARS, lone, 1, out, 2, nullptr, nullptr), 0);
  EXPECT_EQ(error(), static_cast<DWORD>(ERROR_NO_UNICODE_TRANSLATION));
  EXPECT_EQ(to_bytes(CP_UTF8, WC_NO_BEST_FIT_CHARS, u"a", 1, out, 2, nullptr, nullptr), 0);
  EXPECT_EQ(error(), static_cast<DWORD>(ERROR_INVALID_FLAGS));
  EXPECT_EQ(to_bytes(CP_UTF8, 0, u"a", 1, out, 2, "?", nullptr), 0);
  EXPECT_EQ(error(), static_cast<DWORD>(ERROR_INVALID_PARAMETER));
  EXPECT_EQ(to_bytes(CP_UTF8, 0, u"a", 1, out, 2, nullptr, &used), 0);
  EXPECT_EQ(error(), static_cast<DWORD>(ERROR_INVALID_PARAMETER));
  EXPECT_EQ(to_bytes(1252, WC_ERR_INVALID_CHARS, u"a", 1, out, 2, nullptr, nullptr), 0);
  EXPECT_EQ(error(), static_cast<DWORD>(ERROR_INVALID_FLAGS));
  EXPECT_EQ(to_bytes(CP_UTF8, 0, u"abc", 3, out, 2, nullptr, nullptr), 0);
  EXPECT_EQ(error(), static_cast<DWORD>(ERROR_INSUFFICIENT_BUFFER));
}

TEST(CodePages, Information) {
  EXPECT_EQ((function<UINT>(kernel32_dll, "GetACP")()), CP_UTF8);
  const auto valid = function<BOOL, UINT>(kernel32_dll, "IsValidCodePage");
  EXPECT_TRUE(valid(1252));
  EXPECT_FALSE(valid(CP_ACP));
  EXPECT_FALSE(valid(CP_SYMBOL));
  CPINFO info;
  EXPECT_TRUE((function<BOOL, UINT, CPINFO*>(kernel32_dll, "GetCPInfo")(932, &info)));
  EXPECT_EQ(info.MaxCharSize, 2U);
  EXPECT_EQ(info.LeadByte[0], 0x81);
  CPINFOEXW more;
  EXPECT_TRUE((function<BOOL, UINT, DWORD, CPINFOEXW*>(kernel32_dll, "GetCPInfoExW")(437, 0, &more)));
  EXPECT_EQ(std::u16string(more.CodePageName), u"437   (OEM - United States)");
  EXPECT_FALSE((function<BOOL, UINT, CPINFO*>(kernel32_dll, "GetCPInfo")(1, nullptr)));
  EXPECT_EQ(error(), static_cast<DWORD>(ERROR_INVALID_PARAMETER));
}

TEST(GetStringType, Errors) {
  const auto types = function<BOOL, DWORD, const WCHAR*, int, WORD*>(kernel32_dll, "GetStringTypeW");
  WORD out[2];
  EXPECT_TRUE(types(CT_CTYPE1, u"A", -1, out));
  EXPECT_EQ(out[0], 0x381);
  EXPECT_EQ(out[1], C1_CNTRL | C1_DEFINED);
  EXPECT_FALSE(types(3, u"A", 1, out));
  EXPECT_EQ(error(), static_cast<DWORD>(ERROR_INVALID_PARAMETER));
  EXPECT_FALSE(types(CT_CTYPE1, u"A", 0, out));
}

TEST(CompareString, ResultsAndErrors) {
  const auto compare = function<int, LCID, DWORD, const WCHAR*, int, const WCHAR*, int>(kernel32_dll, "CompareStringW");
  EXPECT_EQ(compare(0x409, NORM_IGNORECASE, u"ABC", -1, u"abcd", 3), CSTR_EQUAL);
  EXPECT_EQ(compare(0x409, 0, u"b", 1, u"a", 1), CSTR_GREATER_THAN);
  EXPECT_EQ(compare(0x409, 0, nullptr, 1, u"a", 1), 0);
  EXPECT_EQ(error(), static_cast<DWORD>(ERROR_INVALID_PARAMETER));
  EXPECT_EQ(compare(0x409, 0x8000, u"a", 1, u"a", 1), 0);
  EXPECT_EQ(error(), static_cast<DWORD>(ERROR_INVALID_FLAGS));
}

// A program that names a locale has its text in the locale's code page; only the default locales stand for ours.
TEST(AnsiText, IsInTheCodePageOfTheLocaleNamed) {
  constexpr LCID kGerman = 0x407, kJapanese = 0x411, kHindi = 0x439;
  const auto map = function<int, LCID, DWORD, const char*, int, char*, int>(kernel32_dll, "LCMapStringA");
  char out[16] = {};
  EXPECT_EQ(map(kGerman, LCMAP_UPPERCASE, "\xE4", 1, out, 16), 1);
  EXPECT_EQ(out[0], '\xC4');
  EXPECT_EQ(map(LOCALE_USER_DEFAULT, LCMAP_UPPERCASE, "\xC3\xA4", 2, out, 16), 2);
  EXPECT_STREQ(out, "\xC3\x84");
  EXPECT_EQ(map(kGerman, LCMAP_UPPERCASE | LOCALE_USE_CP_ACP, "\xC3\xA4", 2, out, 16), 2);
  EXPECT_STREQ(out, "\xC3\x84");

  const auto types = function<BOOL, LCID, DWORD, const char*, int, WORD*>(kernel32_dll, "GetStringTypeA");
  WORD type = 0;
  EXPECT_TRUE(types(kGerman, CT_CTYPE1, "\xE4", 1, &type));
  EXPECT_EQ(type, 0x302);  // a letter, lower case
  const auto compare = function<int, LCID, DWORD, const char*, int, const char*, int>(kernel32_dll, "CompareStringA");
  EXPECT_EQ(compare(kGerman, 0, "\xE4", 1, "b", 1), CSTR_LESS_THAN);

  const auto info = function<int, LCID, DWORD, char*, int>(kernel32_dll, "GetLocaleInfoA");
  EXPECT_EQ(info(kJapanese, nls::LOCALE_SDAYNAME1, out, 16), 7);
  EXPECT_STREQ(out, "\x8C\x8E\x97\x6A\x93\xFA");
  EXPECT_EQ(info(kJapanese, nls::LOCALE_SDAYNAME1 | LOCALE_USE_CP_ACP, out, 16), 10);
  EXPECT_EQ(info(kHindi, nls::LOCALE_SDAYNAME1, out, 0), 19);  // no code page of its own: UTF-8
}

TEST(LCMapString, LengthsInPlaceAndSortKeys) {
  using Map = Function<int, LCID, DWORD, const WCHAR*, int, WCHAR*, int>;
  const Map map = function<int, LCID, DWORD, const WCHAR*, int, WCHAR*, int>(kernel32_dll, "LCMapStringW");
  WCHAR text[] = u"abc";
  EXPECT_EQ(map(0x409, LCMAP_UPPERCASE, text, -1, nullptr, 0), 4);
  EXPECT_EQ(map(0x409, LCMAP_UPPERCASE, text, -1, text, 4), 4);  // case may be changed in place
  EXPECT_EQ(std::u16string(text), u"ABC");
  EXPECT_EQ(map(0x409, LCMAP_HIRAGANA, text, -1, text, 4), 0);
  EXPECT_EQ(error(), static_cast<DWORD>(ERROR_INVALID_FLAGS));
  EXPECT_EQ(map(0x409, LCMAP_LOWERCASE, u"abc", 3, text, 2), 0);
  EXPECT_EQ(error(), static_cast<DWORD>(ERROR_INSUFFICIENT_BUFFER));
  const int size = map(0x409, LCMAP_SORTKEY, u"abc", -1, nullptr, 0);
  ASSERT_GT(size, 3);
  std::string key(static_cast<std::size_t>(size), '#');
  EXPECT_EQ(map(0x409, LCMAP_SORTKEY, u"abc", -1, reinterpret_cast<WCHAR*>(key.data()), size), size);
  EXPECT_EQ(key.back(), '\0');
}

TEST(LocaleInfo, TextAndNumber) {
  const auto info = function<int, const WCHAR*, DWORD, void*, int>(kernel32_dll, "GetLocaleInfoEx");
  WCHAR text[32];
  EXPECT_EQ(info(u"de-DE", 0xE, text, 32), 2);  // LOCALE_SDECIMAL with its terminator
  EXPECT_EQ(text[0], u',');
  DWORD number = 0;
  EXPECT_EQ(info(u"de-DE", LOCALE_RETURN_NUMBER | 0x1004, &number, 2), 2);  // in characters
  EXPECT_EQ(number, 1252U);
  EXPECT_EQ(info(u"de-DE", 0x1001, text, 3), 0);
  EXPECT_EQ(error(), static_cast<DWORD>(ERROR_INSUFFICIENT_BUFFER));
  EXPECT_EQ(info(u"de-DE", 0x58, text, 32), 0);
  EXPECT_EQ(error(), static_cast<DWORD>(ERROR_INVALID_FLAGS));
  EXPECT_EQ(info(u"xx-YY", 0xE, text, 32), 0);
  EXPECT_EQ(error(), static_cast<DWORD>(ERROR_INVALID_PARAMETER));
}

TEST(LocaleNames, ThereAndBack) {
  const auto to_number = function<LCID, const WCHAR*, DWORD>(kernel32_dll, "LocaleNameToLCID");
  EXPECT_EQ(to_number(u"en", 0), 0x409U);
  EXPECT_EQ(to_number(u"en", LOCALE_ALLOW_NEUTRAL_NAMES), 9U);
  EXPECT_EQ(to_number(u"xx", 0), 0U);
  EXPECT_EQ(error(), static_cast<DWORD>(ERROR_INVALID_PARAMETER));
  WCHAR name[LOCALE_NAME_MAX_LENGTH];
  EXPECT_EQ((function<int, LCID, WCHAR*, int, DWORD>(kernel32_dll, "LCIDToLocaleName")(0x407, name, 85, 0)), 6);
  EXPECT_EQ(std::u16string(name), u"de-DE");
}

int g_locales;
HM_WINAPI BOOL count_locale(WCHAR* name, DWORD, LONG_PTR context) {
  g_locales += std::u16string_view(name) == u"fr-FR" && context == 7 ? 1 : 0;
  return TRUE;
}
TEST(LocaleNames, AreEnumeratedThroughWindowsCallbacks) {
  g_locales = 0;
  EXPECT_TRUE((function<BOOL, void*, DWORD, LONG_PTR, void*>(kernel32_dll, "EnumSystemLocalesEx")(
      reinterpret_cast<void*>(count_locale), 0, 7, nullptr)));
  EXPECT_EQ(g_locales, 1);
}

TEST(OldStringFunctions, AnswerToNull) {
  EXPECT_EQ((function<int, const WCHAR*>(kernel32_dll, "lstrlenW")(nullptr)), 0);
  EXPECT_EQ((function<int, const WCHAR*, const WCHAR*>(kernel32_dll, "lstrcmpiW")(u"A", u"a")), 0);
  EXPECT_EQ((function<int, const char*, const char*>(kernel32_dll, "lstrcmpA")(nullptr, "a")), -1);
  char out[3];
  EXPECT_EQ((function<char*, char*, const char*, int>(kernel32_dll, "lstrcpynA")(out, "abcdef", 3)), out);
  EXPECT_STREQ(out, "ab");
}

struct FileTime {
  DWORD low, high;
};
TEST(Times, ConvertAndRefuse) {
  const auto to_fields = function<BOOL, const void*, void*>(kernel32_dll, "FileTimeToSystemTime");
  WORD fields[8] = {};
  FileTime time{0, 0};
  EXPECT_TRUE(to_fields(&time, fields));
  EXPECT_EQ(fields[0], 1601);
  time.high = 0x80000000;
  EXPECT_FALSE(to_fields(&time, fields));
  EXPECT_EQ(error(), static_cast<DWORD>(ERROR_INVALID_PARAMETER));
  const auto from_dos = function<BOOL, WORD, WORD, void*>(kernel32_dll, "DosDateTimeToFileTime");
  EXPECT_TRUE(from_dos(0x0021, 0, &time));  // 1980-01-01
  EXPECT_FALSE(from_dos(0, 0, &time));
  EXPECT_FALSE((function<BOOL, const void*>(kernel32_dll, "SetSystemTime")(fields)));
  EXPECT_EQ(error(), static_cast<DWORD>(ERROR_PRIVILEGE_NOT_HELD));
  LARGE_INTEGER frequency = 0;
  EXPECT_TRUE((function<BOOL, LARGE_INTEGER*>(kernel32_dll, "QueryPerformanceFrequency")(&frequency)));
  EXPECT_EQ(frequency, 10'000'000);
}

TEST(WindowsVersion, IsWindows10) {
  EXPECT_EQ((function<DWORD>(kernel32_dll, "GetVersion")() & 0xFF), 10U);
  std::vector<DWORD> info(71);
  info[0] = 284;
  EXPECT_TRUE((function<BOOL, void*>(kernel32_dll, "GetVersionExW")(info.data())));
  EXPECT_EQ(info[3], 19045U);
  info[0] = 100;
  EXPECT_FALSE((function<BOOL, void*>(kernel32_dll, "GetVersionExW")(info.data())));
  EXPECT_EQ(error(), static_cast<DWORD>(ERROR_INSUFFICIENT_BUFFER));
  const auto mask = function<ULONGLONG, ULONGLONG, DWORD, BYTE>(kernel32_dll, "VerSetConditionMask");
  const auto verify = function<BOOL, void*, DWORD, ULONGLONG>(kernel32_dll, "VerifyVersionInfoW");
  const ULONGLONG at_least = mask(mask(0, 2, 3), 1, 3);  // major and minor, greater or equal
  std::vector<DWORD> wanted(71);
  wanted[0] = 284;
  wanted[1] = 6;
  wanted[2] = 3;
  EXPECT_TRUE(verify(wanted.data(), 3, at_least));
  wanted[1] = 11;
  EXPECT_FALSE(verify(wanted.data(), 3, at_least));
  EXPECT_EQ(error(), 1150U);
}

}  // namespace
}  // namespace hmodule::winapi

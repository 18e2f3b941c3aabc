#include "base/utf.h"
#include "nt/heap.h"
#include "unit/winapi/process.h"

#include <gtest/gtest.h>

namespace hmodule::winapi {
namespace {

TEST(NtPaths, KindsHaveTheirNumbers) {  // RTL_PATH_TYPE
  const auto kind = function<ULONG, const WCHAR*>(ntdll_dll, "RtlDetermineDosPathNameType_U");
  EXPECT_EQ(kind(u"\\\\server\\x"), 1u);
  EXPECT_EQ(kind(u"c:\\x"), 2u);
  EXPECT_EQ(kind(u"c:x"), 3u);
  EXPECT_EQ(kind(u"\\x"), 4u);
  EXPECT_EQ(kind(u"x"), 5u);
  EXPECT_EQ(kind(u"\\\\.\\x"), 6u);
  EXPECT_EQ(kind(u"\\\\."), 7u);
  EXPECT_EQ(kind(nullptr), 0u);
}

TEST(NtPaths, ReservedNamesAreGivenAsOffsetAndLength) {
  const auto device = function<ULONG, const WCHAR*>(ntdll_dll, "RtlIsDosDeviceName_U");
  EXPECT_EQ(device(u"nul"), 0x00000006u);
  EXPECT_EQ(device(u"c:\\nul.txt"), 0x00060006u);
  EXPECT_EQ(device(u"com1"), 0x00000008u);
  EXPECT_EQ(device(u"\\\\.\\CON"), 0x00080006u);
  EXPECT_EQ(device(u"file"), 0u);
  EXPECT_EQ(device(nullptr), 0u);
}

TEST(NtPaths, FullNamesAreMeasuredInBytes) {
  const auto full = function<ULONG, const WCHAR*, ULONG, WCHAR*, WCHAR**>(ntdll_dll, "RtlGetFullPathName_U");
  WCHAR buffer[20];
  WCHAR* part;
  EXPECT_EQ(full(u"c:/a/b", sizeof buffer, buffer, &part), 12u);
  EXPECT_EQ(std::u16string(part), u"b");
  EXPECT_EQ(full(u"c:/a/b", 12, buffer, &part), 14u);
  EXPECT_EQ(full(u"", 12, buffer, &part), 0u);
  EXPECT_EQ(full(nullptr, 12, buffer, &part), 0u);
}

TEST(NtPaths, DosNamesBecomeNative) {
  const auto convert = function<NTSTATUS, const WCHAR*, UNICODE_STRING*, WCHAR**, void*>(
      ntdll_dll, "RtlDosPathNameToNtPathName_U_WithStatus");
  UNICODE_STRING native;
  WCHAR* part;
  ASSERT_EQ(convert(u"c:/dir/../x.dll", &native, &part, nullptr), STATUS_SUCCESS);
  EXPECT_EQ(std::u16string(native.Buffer), u"\\??\\c:\\x.dll");
  EXPECT_EQ(native.Length, 24u);
  EXPECT_EQ(native.MaximumLength, 26u);
  EXPECT_EQ(std::u16string(part), u"x.dll");
  nt::heap_free(native.Buffer);
  ASSERT_EQ(convert(u"\\\\?\\c:\\a\\..\\x", &native, nullptr, nullptr), STATUS_SUCCESS);
  EXPECT_EQ(std::u16string(native.Buffer), u"\\??\\c:\\a\\..\\x");  // NAME-13
  nt::heap_free(native.Buffer);
  EXPECT_EQ(convert(u"", &native, &part, nullptr), STATUS_OBJECT_NAME_INVALID);
  EXPECT_EQ(convert(std::u16string(40000, u'x').c_str(), &native, &part, nullptr), STATUS_NAME_TOO_LONG);
}

TEST(NtPaths, LdrGetDllPathJoinsTheDirectories) {  // DIR-07
  const auto get = function<NTSTATUS, const WCHAR*, ULONG, WCHAR**, WCHAR**>(ntdll_dll, "LdrGetDllPath");
  const auto release = function<void, WCHAR*>(ntdll_dll, "RtlReleasePath");
  WCHAR *joined, *other = nullptr;
  ASSERT_EQ(get(u"C:\\dir\\x.dll", 0x900, &joined, &other), STATUS_SUCCESS);
  EXPECT_EQ(std::u16string(joined), u"C:\\dir;C:\\Windows\\System32");
  release(joined);
  EXPECT_EQ(get(u"x.dll", 0x100, &joined, &other), STATUS_INVALID_PARAMETER);  // FLAG-02
  EXPECT_EQ(get(nullptr, 0x808, &joined, &other), STATUS_INVALID_PARAMETER);   // FLAG-01
}

TEST(ApiSetQueries, FollowSrch45) {
  const auto query = function<NTSTATUS, const UNICODE_STRING*, BOOLEAN*>(ntdll_dll, "ApiSetQueryApiSetPresence");
  const auto query_ex =
      function<NTSTATUS, const UNICODE_STRING*, BOOLEAN*, BOOLEAN*>(ntdll_dll, "ApiSetQueryApiSetPresenceEx");
  char16_t text[] = u"api-ms-win-core-console-l1-1-0.dll";
  UNICODE_STRING name = {sizeof text - 2, sizeof text, text};
  BOOLEAN present = 0, in_schema = 55;
  EXPECT_EQ(query(&name, &present), STATUS_SUCCESS);
  EXPECT_TRUE(present);
  EXPECT_EQ(query_ex(&name, &in_schema, &present), STATUS_INVALID_PARAMETER);
  EXPECT_EQ(in_schema, 55);
  name.Length -= 8;
  EXPECT_EQ(query_ex(&name, &in_schema, &present), STATUS_SUCCESS);
  EXPECT_EQ(in_schema, 1);
  EXPECT_TRUE((function<BOOL, const char*>(kernel32_dll, "IsApiSetImplemented")("api-ms-win-core-console-l1-1-0")));
  EXPECT_FALSE((function<BOOL, const char*>(kernel32_dll, "IsApiSetImplemented")(nullptr)));
}

TEST(NtPaths, DosNamesAreEightAndThree) {
  const auto legal = [](std::u16string name, BOOLEAN* spaces = nullptr) {
    UNICODE_STRING text = {static_cast<USHORT>(name.size() * 2), static_cast<USHORT>(name.size() * 2), name.data()};
    return function<BOOLEAN, const UNICODE_STRING*, OEM_STRING*, BOOLEAN*>(ntdll_dll, "RtlIsNameLegalDOS8Dot3")(
               &text, nullptr, spaces) != 0;
  };
  for (const WCHAR* name : {u"a", u"a.b", u"12345678.abc", u"LOWER.txt", u".", u"..", u"\u00e4.c"})
    EXPECT_TRUE(legal(name));
  for (const WCHAR* name : {u"", u"123456789", u"a.abcd", u"a.b.c", u".abc", u"a.", u"...", u"a+b", u"a,b", u"a*",
                            u"a\\b", u"a\tb", u"a .b", u"a ", u"a.b "})
    EXPECT_FALSE(legal(name)) << utf8(name);
  BOOLEAN spaces = 0;
  EXPECT_TRUE(legal(u"a b.c", &spaces));
  EXPECT_TRUE(spaces);
  std::u16string name = u"abc.d";
  UNICODE_STRING text = {10, 10, name.data()};
  char room[8] = {};
  OEM_STRING oem = {0, 5, room};
  const auto capitals =
      function<BOOLEAN, const UNICODE_STRING*, OEM_STRING*, BOOLEAN*>(ntdll_dll, "RtlIsNameLegalDOS8Dot3");
  EXPECT_TRUE(capitals(&text, &oem, &spaces));
  EXPECT_EQ(std::string(room), "ABC.D");
  EXPECT_FALSE(spaces);
}

TEST(Languages, AreRememberedForThreadAndProcess) {
  constexpr DWORD kName = 8, kId = 4;
  for (const char* whose : {"Thread", "Process"}) {
    const auto set = [&](DWORD flags, const WCHAR* list, ULONG* count) {
      return function<NTSTATUS, DWORD, const WCHAR*, ULONG*>(
          ntdll_dll, std::string("RtlSet") + whose + "PreferredUILanguages")(flags, list, count);
    };
    const auto get = [&](DWORD flags) {
      ULONG count = 0, size = 64;
      WCHAR buffer[64] = {};
      EXPECT_EQ((function<NTSTATUS, DWORD, ULONG*, WCHAR*, ULONG*>(
                    ntdll_dll, std::string("RtlGet") + whose + "PreferredUILanguages")(flags, &count, buffer, &size)),
                STATUS_SUCCESS);
      return std::u16string(buffer, size);
    };
    const std::u16string before = get(kName);
    ULONG count = 0;
    EXPECT_EQ(set(kName, u"de-DE\0xx-none-such\0fr-FR\0", &count), STATUS_SUCCESS);
    EXPECT_EQ(count, 2u);
    EXPECT_EQ(get(kName), std::u16string(u"de-DE\0fr-FR\0\0", 13));
    EXPECT_EQ(get(kId), std::u16string(u"0407\0"
                                       u"040C\0\0",
                                       11));
    EXPECT_EQ(set(kName | kId, u"de-DE\0", &count), STATUS_INVALID_PARAMETER_1);
    EXPECT_EQ(set(kName, u"xx-none-such\0", &count), STATUS_INVALID_PARAMETER);
    EXPECT_EQ(set(kName, nullptr, &count), STATUS_SUCCESS);
    EXPECT_EQ(count, 0u);
    EXPECT_EQ(get(kName), before);
  }
}

}  // namespace
}  // namespace hmodule::winapi

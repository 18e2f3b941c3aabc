// The registry through advapi32's functions; kernelbase shows the same ones.
#include "unit/winapi/process.h"
#include "win/ntregapi.h"
#include "winapi/advapi32/exports.h"
#include "winapi/kernelbase/exports.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <cstring>
#include <string>
#include <vector>

namespace hmodule::winapi {
namespace {

using HKEY = HANDLE;
constexpr DWORD kRead = 0x20019, kAll = 0xF003F;
constexpr DWORD REG_SZ = 1, REG_EXPAND_SZ = 2, REG_BINARY = 3, REG_DWORD = 4, REG_MULTI_SZ = 7;

HKEY predefined(std::uint32_t number) {
  return reinterpret_cast<HKEY>(std::intptr_t{static_cast<std::int32_t>(number)});
}
const HKEY kClassesRoot = predefined(0x80000000), kCurrentUser = predefined(0x80000001),
           kLocalMachine = predefined(0x80000002), kUsers = predefined(0x80000003);

template <typename... Args>
Function<DWORD, Args...> reg(std::string_view name) {
  return function<DWORD, Args...>(advapi32_dll, name);
}
const auto open_w = reg<HKEY, const WCHAR*, DWORD, DWORD, HKEY*>;
const auto create_w = reg<HKEY, const WCHAR*, DWORD, WCHAR*, DWORD, DWORD, void*, HKEY*, DWORD*>;
const auto set_w = reg<HKEY, const WCHAR*, DWORD, DWORD, const void*, DWORD>;
const auto set_a = reg<HKEY, const CHAR*, DWORD, DWORD, const void*, DWORD>;
const auto query_w = reg<HKEY, const WCHAR*, DWORD*, DWORD*, void*, DWORD*>;
const auto query_a = reg<HKEY, const CHAR*, DWORD*, DWORD*, void*, DWORD*>;
const auto get_w = reg<HKEY, const WCHAR*, const WCHAR*, DWORD, DWORD*, void*, DWORD*>;
const auto get_a = reg<HKEY, const CHAR*, const CHAR*, DWORD, DWORD*, void*, DWORD*>;
const auto by_name_w = reg<HKEY, const WCHAR*>;
const auto close = reg<HKEY>;

class Winreg : public testing::Test {
 protected:
  Winreg() {
    const std::string test = testing::UnitTest::GetInstance()->current_test_info()->name();
    name_ = u"Software\\winreg_test\\" + std::u16string(test.begin(), test.end());
    EXPECT_EQ(make(kCurrentUser, name_, &key_), ERROR_SUCCESS);
  }
  ~Winreg() override {
    EXPECT_EQ(close("RegCloseKey")(key_), ERROR_SUCCESS);
    EXPECT_EQ(by_name_w("RegDeleteTreeW")(kCurrentUser, u"Software\\winreg_test"), ERROR_SUCCESS);
  }
  static DWORD make(HKEY key, const std::u16string& name, HKEY* made, DWORD* disposition = nullptr) {
    return create_w("RegCreateKeyExW")(key, name.c_str(), 0, nullptr, 0, kAll, nullptr, made, disposition);
  }
  void make(const std::u16string& name) {
    HKEY made = nullptr;
    EXPECT_EQ(make(key_, name, &made), ERROR_SUCCESS);
    EXPECT_EQ(close("RegCloseKey")(made), ERROR_SUCCESS);
  }
  DWORD open(const WCHAR* name, DWORD access = kRead) {
    HKEY opened = nullptr;
    const DWORD code = open_w("RegOpenKeyExW")(key_, name, 0, access, &opened);
    if (code == ERROR_SUCCESS) {
      EXPECT_EQ(close("RegCloseKey")(opened), ERROR_SUCCESS);
    }
    return code;
  }
  DWORD set(const WCHAR* name, DWORD type, const void* data, DWORD size) {
    return set_w("RegSetValueExW")(key_, name, 0, type, data, size);
  }
  DWORD set(const WCHAR* name, const std::u16string& text, DWORD type = REG_SZ) {
    return set(name, type, text.c_str(), static_cast<DWORD>(text.size() + 1) * 2);
  }

  std::u16string name_;
  HKEY key_ = nullptr;
};

TEST_F(Winreg, OpeningExplainsItsRefusals) {
  HKEY opened = key_;
  EXPECT_EQ(open_w("RegOpenKeyExW")(key_, u"absent", 0, kRead, &opened), ERROR_FILE_NOT_FOUND);
  EXPECT_EQ(opened, nullptr);
  EXPECT_EQ(open_w("RegOpenKeyExW")(nullptr, u"Software", 0, kRead, &opened), ERROR_INVALID_HANDLE);
  EXPECT_EQ(open_w("RegOpenKeyExW")(key_, u"x", 0, kRead, nullptr), ERROR_INVALID_PARAMETER);
  EXPECT_EQ(open_w("RegOpenKeyExW")(kLocalMachine, u"\\Software", 0, kRead, &opened), ERROR_BAD_PATHNAME);
  EXPECT_EQ(open_w("RegOpenKeyExW")(kClassesRoot, u"\\CLSID", 0, kRead, &opened), ERROR_SUCCESS);
  EXPECT_EQ(close("RegCloseKey")(opened), ERROR_SUCCESS);
  EXPECT_EQ(close("RegCloseKey")(opened), ERROR_INVALID_HANDLE);
  EXPECT_EQ(thread::last_error(), 0xDEADu);  // Reg functions leave it alone
}

TEST_F(Winreg, APredefinedKeyIsItsOwnHandle) {
  HKEY opened = nullptr;
  EXPECT_EQ(open_w("RegOpenKeyExW")(kLocalMachine, nullptr, 0, kRead, &opened), ERROR_SUCCESS);
  EXPECT_EQ(opened, kLocalMachine);
  EXPECT_EQ(close("RegCloseKey")(opened), ERROR_SUCCESS);
  const HKEY not_extended = reinterpret_cast<HKEY>(std::uintptr_t{0x80000002});
  EXPECT_EQ(open_w("RegOpenKeyExW")(not_extended, u"Software", 0, kRead, &opened), ERROR_SUCCESS);
  EXPECT_EQ(close("RegCloseKey")(opened), ERROR_SUCCESS);
}

TEST_F(Winreg, CreatingMakesTheKeysAboveToo) {
  HKEY made = nullptr;
  DWORD disposition = 0;
  EXPECT_EQ(make(key_, u"a\\b\\c", &made, &disposition), ERROR_SUCCESS);
  EXPECT_EQ(disposition, 1u);
  EXPECT_EQ(close("RegCloseKey")(made), ERROR_SUCCESS);
  EXPECT_EQ(make(key_, u"A\\B", &made, &disposition), ERROR_SUCCESS);
  EXPECT_EQ(disposition, 2u);
  EXPECT_EQ(close("RegCloseKey")(made), ERROR_SUCCESS);
  EXPECT_EQ(create_w("RegCreateKeyExW")(key_, nullptr, 0, nullptr, 0, kAll, nullptr, &made, nullptr), ERROR_BADKEY);
  EXPECT_EQ(create_w("RegCreateKeyExW")(key_, u"x", 1, nullptr, 0, kAll, nullptr, &made, nullptr),
            ERROR_INVALID_PARAMETER);
  EXPECT_EQ(create_w("RegCreateKeyExW")(key_, u"v", 0, nullptr, 1, kAll, nullptr, &made, nullptr), ERROR_SUCCESS);
  HKEY below = nullptr;
  EXPECT_EQ(make(made, u"stable", &below), ERROR_CHILD_MUST_BE_VOLATILE);
  EXPECT_EQ(close("RegCloseKey")(made), ERROR_SUCCESS);
}

TEST_F(Winreg, DeletingTakesOneKeyOrTheTree) {
  make(u"a\\b");
  EXPECT_EQ(by_name_w("RegDeleteKeyW")(key_, u"a"), ERROR_ACCESS_DENIED);
  EXPECT_EQ(by_name_w("RegDeleteKeyW")(key_, nullptr), ERROR_INVALID_PARAMETER);
  EXPECT_EQ(by_name_w("RegDeleteKeyW")(key_, u"a\\b"), ERROR_SUCCESS);
  EXPECT_EQ(by_name_w("RegDeleteKeyW")(key_, u"a\\b"), ERROR_FILE_NOT_FOUND);
  make(u"a\\b\\c");
  EXPECT_EQ(by_name_w("RegDeleteTreeW")(key_, u"a"), ERROR_SUCCESS);
  EXPECT_EQ(open(u"a"), ERROR_FILE_NOT_FOUND);
  make(u"x\\y");
  EXPECT_EQ(set(u"v", u"1"), ERROR_SUCCESS);
  EXPECT_EQ(by_name_w("RegDeleteTreeW")(key_, nullptr), ERROR_SUCCESS);  // all that is inside
  EXPECT_EQ(open(u""), ERROR_SUCCESS);
  EXPECT_EQ(open(u"x"), ERROR_FILE_NOT_FOUND);
  EXPECT_EQ(query_w("RegQueryValueExW")(key_, u"v", nullptr, nullptr, nullptr, nullptr), ERROR_FILE_NOT_FOUND);
}

TEST_F(Winreg, ADeletedKeySaysSo) {
  HKEY gone = nullptr, other = nullptr;
  EXPECT_EQ(make(key_, u"gone", &gone), ERROR_SUCCESS);
  EXPECT_EQ(by_name_w("RegDeleteKeyW")(key_, u"gone"), ERROR_SUCCESS);
  EXPECT_EQ(open_w("RegOpenKeyExW")(gone, u"x", 0, kRead, &other), ERROR_KEY_DELETED);
  EXPECT_EQ(set_w("RegSetValueExW")(gone, u"x", 0, REG_SZ, nullptr, 0), ERROR_KEY_DELETED);
  EXPECT_EQ(close("RegCloseKey")(gone), ERROR_SUCCESS);
}

TEST_F(Winreg, HandlesHaveRights) {
  HKEY reader = nullptr;
  EXPECT_EQ(open_w("RegOpenKeyExW")(key_, u"", 0, kRead, &reader), ERROR_SUCCESS);
  EXPECT_EQ(set_w("RegSetValueExW")(reader, u"x", 0, REG_SZ, nullptr, 0), ERROR_ACCESS_DENIED);
  EXPECT_EQ(close("RegCloseKey")(reader), ERROR_SUCCESS);
}

TEST_F(Winreg, SizesAreToldAndKept) {
  EXPECT_EQ(set(u"v", u"hello"), ERROR_SUCCESS);
  DWORD type = 0, size = 0;
  EXPECT_EQ(query_w("RegQueryValueExW")(key_, u"V", nullptr, &type, nullptr, &size), ERROR_SUCCESS);
  EXPECT_EQ(type, REG_SZ);
  EXPECT_EQ(size, 12u);
  WCHAR text[8] = {};
  size = 11;
  type = 0;
  EXPECT_EQ(query_w("RegQueryValueExW")(key_, u"v", nullptr, &type, text, &size), ERROR_MORE_DATA);
  EXPECT_EQ(size, 12u);
  EXPECT_EQ(type, REG_SZ);
  EXPECT_EQ(text[0], 0);
  EXPECT_EQ(query_w("RegQueryValueExW")(key_, u"v", nullptr, &type, text, &size), ERROR_SUCCESS);
  EXPECT_EQ(std::u16string_view(text), u"hello");
  EXPECT_EQ(query_w("RegQueryValueExW")(key_, u"v", nullptr, nullptr, text, nullptr), ERROR_INVALID_PARAMETER);
  EXPECT_EQ(query_w("RegQueryValueExW")(key_, u"w", nullptr, nullptr, nullptr, nullptr), ERROR_FILE_NOT_FOUND);
}

TEST_F(Winreg, TerminatorsLeftOutOfTheSizeAreStoredWhereTheyAre) {
  EXPECT_EQ(set(u"v", REG_SZ, u"abc", 6), ERROR_SUCCESS);
  DWORD size = 0;
  EXPECT_EQ(query_w("RegQueryValueExW")(key_, u"v", nullptr, nullptr, nullptr, &size), ERROR_SUCCESS);
  EXPECT_EQ(size, 8u);
  EXPECT_EQ(set(u"v", REG_SZ, u"abc", 4), ERROR_SUCCESS);  // more text follows: just as said
  WCHAR text[4] = {u'#', u'#', u'#', u'#'};
  size = sizeof text;
  EXPECT_EQ(query_w("RegQueryValueExW")(key_, u"v", nullptr, nullptr, text, &size), ERROR_SUCCESS);
  EXPECT_EQ(size, 4u);
  EXPECT_EQ(std::u16string_view(text), u"ab");  // terminated, as there was room
}

TEST_F(Winreg, AnsiStringsAreConvertedAndOtherDataAreNot) {
  EXPECT_EQ(set_a("RegSetValueExA")(key_, "größe", 0, REG_SZ, "für", 5), ERROR_SUCCESS);
  WCHAR wide[8] = {};
  DWORD size = sizeof wide;
  EXPECT_EQ(query_w("RegQueryValueExW")(key_, u"GRÖßE", nullptr, nullptr, wide, &size), ERROR_SUCCESS);
  EXPECT_EQ(std::u16string_view(wide), u"für");
  EXPECT_EQ(size, 8u);
  CHAR narrow[8] = {};
  size = 2;
  EXPECT_EQ(query_a("RegQueryValueExA")(key_, "größe", nullptr, nullptr, narrow, &size), ERROR_MORE_DATA);
  EXPECT_EQ(size, 5u);
  EXPECT_EQ(query_a("RegQueryValueExA")(key_, "größe", nullptr, nullptr, narrow, &size), ERROR_SUCCESS);
  EXPECT_STREQ(narrow, "für");
  const BYTE data[] = {0xC3, 0xBC, 0};
  EXPECT_EQ(set_a("RegSetValueExA")(key_, "b", 0, REG_BINARY, data, 3), ERROR_SUCCESS);
  BYTE back[3] = {};
  size = 3;
  EXPECT_EQ(query_a("RegQueryValueExA")(key_, "b", nullptr, nullptr, back, &size), ERROR_SUCCESS);
  EXPECT_EQ(std::memcmp(back, data, 3), 0);
}

TEST_F(Winreg, EnumeratesKeysAndValues) {
  make(u"Beta");
  make(u"alpha");
  const auto keys = reg<HKEY, DWORD, WCHAR*, DWORD*, DWORD*, WCHAR*, DWORD*, FILETIME*>("RegEnumKeyExW");
  WCHAR name[16] = {};
  DWORD size = 5;
  EXPECT_EQ(keys(key_, 0, name, &size, nullptr, nullptr, nullptr, nullptr), ERROR_MORE_DATA);
  size = 6;
  FILETIME written = {};
  EXPECT_EQ(keys(key_, 0, name, &size, nullptr, nullptr, nullptr, &written), ERROR_SUCCESS);
  EXPECT_EQ(size, 5u);
  EXPECT_EQ(std::u16string_view(name), u"alpha");
  EXPECT_NE(written.dwHighDateTime, 0u);
  size = 16;
  EXPECT_EQ(keys(key_, 2, name, &size, nullptr, nullptr, nullptr, nullptr), ERROR_NO_MORE_ITEMS);
  EXPECT_EQ(keys(key_, 0, name, nullptr, nullptr, nullptr, nullptr, nullptr), ERROR_INVALID_PARAMETER);

  EXPECT_EQ(set(u"first", u"1"), ERROR_SUCCESS);
  EXPECT_EQ(set(u"a", u"22"), ERROR_SUCCESS);
  const auto values = reg<HKEY, DWORD, CHAR*, DWORD*, DWORD*, DWORD*, BYTE*, DWORD*>("RegEnumValueA");
  CHAR text[16] = {};
  BYTE data[16] = {};
  DWORD type = 0, data_size = sizeof data;
  size = sizeof text;
  EXPECT_EQ(values(key_, 0, text, &size, nullptr, &type, data, &data_size), ERROR_SUCCESS);
  EXPECT_STREQ(text, "first");
  EXPECT_EQ(data_size, 2u);
  EXPECT_STREQ(reinterpret_cast<char*>(data), "1");
  size = sizeof text;
  data_size = 1;
  EXPECT_EQ(values(key_, 1, text, &size, nullptr, &type, data, &data_size), ERROR_MORE_DATA);
  EXPECT_EQ(data_size, 3u);
  size = sizeof text;
  EXPECT_EQ(values(key_, 2, text, &size, nullptr, &type, data, &data_size), ERROR_NO_MORE_ITEMS);
}

TEST_F(Winreg, InformationCountsCharacters) {
  make(u"größe");
  EXPECT_EQ(set(u"value", u"12345"), ERROR_SUCCESS);
  DWORD numbers[7] = {};
  const auto ask = [&](const char* name) {
    return reg<HKEY, void*, DWORD*, DWORD*, DWORD*, DWORD*, DWORD*, DWORD*, DWORD*, DWORD*, DWORD*, FILETIME*>(name)(
        key_, nullptr, nullptr, nullptr, &numbers[0], &numbers[1], &numbers[2], &numbers[3], &numbers[4], &numbers[5],
        &numbers[6], nullptr);
  };
  EXPECT_EQ(ask("RegQueryInfoKeyW"), ERROR_SUCCESS);
  EXPECT_THAT(numbers, testing::ElementsAre(1, 5, 0, 1, 5, 12, 0));
  EXPECT_EQ(ask("RegQueryInfoKeyA"), ERROR_SUCCESS);
  EXPECT_THAT(numbers, testing::ElementsAre(1, 7, 0, 1, 5, 6, 0));  // UTF-8
}

constexpr DWORD kString = 2, kExpand = 4, kDword = 0x18, kQword = 0x48, kAny = 0xFFFF, kNoExpand = 0x10000000,
                kZero = 0x20000000;

TEST_F(Winreg, GetValueChecksTheType) {
  const DWORD number = 0x12345678;
  EXPECT_EQ(set(u"d", REG_DWORD, &number, 4), ERROR_SUCCESS);
  EXPECT_EQ(set(u"b", REG_BINARY, &number, 4), ERROR_SUCCESS);
  EXPECT_EQ(set(u"b2", REG_BINARY, &number, 2), ERROR_SUCCESS);
  DWORD result = 0, size = 4, type = 0;
  EXPECT_EQ(get_w("RegGetValueW")(key_, nullptr, u"d", kDword, &type, &result, &size), ERROR_SUCCESS);
  EXPECT_EQ(result, number);
  EXPECT_EQ(type, REG_DWORD);
  EXPECT_EQ(get_w("RegGetValueW")(key_, nullptr, u"b", kDword, &type, &result, &size), ERROR_SUCCESS);
  EXPECT_EQ(get_w("RegGetValueW")(key_, nullptr, u"b2", kDword, &type, &result, &size), ERROR_DATATYPE_MISMATCH);
  EXPECT_EQ(get_w("RegGetValueW")(key_, nullptr, u"b", kQword, &type, &result, &size), ERROR_DATATYPE_MISMATCH);
  result = 1;
  EXPECT_EQ(get_w("RegGetValueW")(key_, nullptr, u"d", kString | kZero, &type, &result, &size), ERROR_UNSUPPORTED_TYPE);
  EXPECT_EQ(result, 0u);
  EXPECT_EQ(get_w("RegGetValueW")(key_, nullptr, u"d", kAny, nullptr, &result, nullptr), ERROR_INVALID_PARAMETER);
  EXPECT_EQ(get_w("RegGetValueW")(key_, u"absent", u"d", kAny, nullptr, nullptr, nullptr), ERROR_FILE_NOT_FOUND);
  EXPECT_EQ(get_w("RegGetValueW")(key_, nullptr, u"d", kAny | 0x30000, nullptr, nullptr, nullptr),
            ERROR_INVALID_PARAMETER);
}

TEST_F(Winreg, GetValueExpandsAndTerminates) {
  EXPECT_EQ(set(u"e", u"%SystemRoot%\\x", REG_EXPAND_SZ), ERROR_SUCCESS);
  WCHAR text[32] = {};
  DWORD size = sizeof text, type = 0;
  EXPECT_EQ(get_w("RegGetValueW")(key_, nullptr, u"e", kString, &type, text, &size), ERROR_SUCCESS);
  EXPECT_EQ(std::u16string_view(text), u"C:\\Windows\\x");
  EXPECT_EQ(type, REG_SZ);
  EXPECT_EQ(size, 26u);
  size = sizeof text;
  EXPECT_EQ(get_w("RegGetValueW")(key_, nullptr, u"e", kExpand | kNoExpand, &type, text, &size), ERROR_SUCCESS);
  EXPECT_EQ(std::u16string_view(text), u"%SystemRoot%\\x");
  EXPECT_EQ(type, REG_EXPAND_SZ);
  EXPECT_EQ(get_w("RegGetValueW")(key_, nullptr, u"e", kExpand, &type, text, &size), ERROR_INVALID_PARAMETER);
  EXPECT_EQ(set(u"open", REG_SZ, u"abc", 4), ERROR_SUCCESS);
  size = 4;
  EXPECT_EQ(get_w("RegGetValueW")(key_, nullptr, u"open", kString, &type, text, &size), ERROR_MORE_DATA);
  EXPECT_EQ(size, 6u);
  EXPECT_EQ(get_w("RegGetValueW")(key_, nullptr, u"open", kString, &type, text, &size), ERROR_SUCCESS);
  EXPECT_EQ(std::u16string_view(text), u"ab");
  CHAR narrow[16] = {};
  size = sizeof narrow;
  EXPECT_EQ(get_a("RegGetValueA")(key_, "", "open", kString, &type, narrow, &size), ERROR_SUCCESS);
  EXPECT_STREQ(narrow, "ab");
  EXPECT_EQ(size, 3u);
  EXPECT_EQ(set(u"m", REG_MULTI_SZ, u"a\0b", 6), ERROR_SUCCESS);
  size = sizeof text;
  EXPECT_EQ(get_w("RegGetValueW")(key_, nullptr, u"m", kAny, &type, text, &size), ERROR_SUCCESS);
  EXPECT_EQ(size, 10u);
  EXPECT_EQ(std::u16string_view(text, 5), std::u16string_view(u"a\0b\0\0", 5));
}

TEST_F(Winreg, OldFormsDealWithTheUnnamedValue) {
  const auto set_value = reg<HKEY, const CHAR*, DWORD, const CHAR*, DWORD>("RegSetValueA");
  const auto query_value = reg<HKEY, const CHAR*, CHAR*, LONG*>("RegQueryValueA");
  EXPECT_EQ(set_value(key_, "sub\\key", REG_SZ, "text", 0), ERROR_SUCCESS);
  EXPECT_EQ(set_value(key_, "sub", REG_DWORD, "text", 0), ERROR_INVALID_PARAMETER);
  CHAR text[8] = {};
  LONG size = sizeof text;
  EXPECT_EQ(query_value(key_, "sub\\key", text, &size), ERROR_SUCCESS);
  EXPECT_STREQ(text, "text");
  EXPECT_EQ(size, 5);
  size = sizeof text;
  EXPECT_EQ(query_value(key_, "sub", text, &size), ERROR_SUCCESS);  // none is empty
  EXPECT_STREQ(text, "");
  EXPECT_EQ(size, 1);
  HKEY opened = nullptr;
  EXPECT_EQ((reg<HKEY, const CHAR*, HKEY*>("RegOpenKeyA")(key_, "sub", &opened)), ERROR_SUCCESS);
  EXPECT_EQ((reg<HKEY, DWORD, CHAR*, DWORD>("RegEnumKeyA")(opened, 0, text, sizeof text)), ERROR_SUCCESS);
  EXPECT_STREQ(text, "key");
  EXPECT_EQ(close("RegCloseKey")(opened), ERROR_SUCCESS);
}

TEST_F(Winreg, TreesAreCopied) {
  make(u"from\\a\\b");
  make(u"to");
  HKEY from = nullptr, to = nullptr;
  EXPECT_EQ(open_w("RegOpenKeyExW")(key_, u"from", 0, kAll, &from), ERROR_SUCCESS);
  EXPECT_EQ(open_w("RegOpenKeyExW")(key_, u"to", 0, kAll, &to), ERROR_SUCCESS);
  EXPECT_EQ((reg<HKEY, const WCHAR*, const WCHAR*, DWORD, const void*, DWORD>("RegSetKeyValueW")(from, u"a\\b", u"v",
                                                                                                 REG_SZ, u"x", 4)),
            ERROR_SUCCESS);
  EXPECT_EQ((reg<HKEY, const WCHAR*, HKEY>("RegCopyTreeW")(key_, u"from", to)), ERROR_SUCCESS);
  WCHAR text[4] = {};
  DWORD size = sizeof text;
  EXPECT_EQ(get_w("RegGetValueW")(to, u"a\\b", u"v", kString, nullptr, text, &size), ERROR_SUCCESS);
  EXPECT_EQ(std::u16string_view(text), u"x");
  EXPECT_EQ(close("RegCloseKey")(from), ERROR_SUCCESS);
  EXPECT_EQ(close("RegCloseKey")(to), ERROR_SUCCESS);
}

TEST_F(Winreg, NotificationsSetAnEvent) {
  const HANDLE event =
      function<HANDLE, void*, BOOL, BOOL, const WCHAR*>(kernel32_dll, "CreateEventW")(nullptr, TRUE, FALSE, nullptr);
  const auto notify = reg<HKEY, BOOL, DWORD, HANDLE, BOOL>("RegNotifyChangeKeyValue");
  const auto is_set = [&] {
    return function<DWORD, HANDLE, DWORD>(kernel32_dll, "WaitForSingleObject")(event, 0) == 0;
  };
  EXPECT_EQ(notify(key_, TRUE, 5, nullptr, TRUE), ERROR_INVALID_PARAMETER);
  EXPECT_EQ(notify(key_, TRUE, 5 | 0x10000000, event, TRUE), ERROR_SUCCESS);
  EXPECT_FALSE(is_set());
  make(u"new");
  EXPECT_TRUE(is_set());
  EXPECT_EQ((function<BOOL, HANDLE>(kernel32_dll, "CloseHandle")(event)), TRUE);
}

TEST_F(Winreg, ClassesAreTheUsersBeforeTheMachines) {
  HKEY key = nullptr;
  EXPECT_EQ(make(kLocalMachine, u"Software\\Classes\\hm.both", &key), ERROR_SUCCESS);
  EXPECT_EQ(close("RegCloseKey")(key), ERROR_SUCCESS);
  EXPECT_EQ(make(kClassesRoot, u"hm.machine", &key), ERROR_SUCCESS);  // a new one is the machine's
  EXPECT_EQ(close("RegCloseKey")(key), ERROR_SUCCESS);
  const auto set_value = reg<HKEY, const WCHAR*, const WCHAR*, DWORD, const void*, DWORD>("RegSetKeyValueW");
  EXPECT_EQ(set_value(kCurrentUser, u"Software\\Classes\\hm.both", u"", REG_SZ, u"user", 10), ERROR_SUCCESS);
  WCHAR text[8] = {};
  DWORD size = sizeof text;
  EXPECT_EQ(get_w("RegGetValueW")(kClassesRoot, u"hm.both", u"", kString, nullptr, text, &size), ERROR_SUCCESS);
  EXPECT_EQ(std::u16string_view(text), u"user");
  EXPECT_EQ(open_w("RegOpenKeyExW")(kLocalMachine, u"Software\\Classes\\hm.machine", 0, kRead, &key), ERROR_SUCCESS);
  EXPECT_EQ(close("RegCloseKey")(key), ERROR_SUCCESS);

  std::vector<std::u16string> names;
  const auto keys = reg<HKEY, DWORD, WCHAR*, DWORD*, DWORD*, WCHAR*, DWORD*, FILETIME*>("RegEnumKeyExW");
  for (DWORD i = 0;; ++i) {
    WCHAR name[256];
    size = 256;
    if (keys(kClassesRoot, i, name, &size, nullptr, nullptr, nullptr, nullptr) != ERROR_SUCCESS) break;
    names.emplace_back(name);
  }
  EXPECT_EQ(std::ranges::count(names, u"hm.both"), 1);
  EXPECT_THAT(names, testing::Contains(u"CLSID"));
  for (const auto& [root, name] : {std::pair(kCurrentUser, u"Software\\Classes\\hm.both"),
                                   {kLocalMachine, u"Software\\Classes\\hm.both"},
                                   {kLocalMachine, u"Software\\Classes\\hm.machine"}})
    EXPECT_EQ(by_name_w("RegDeleteKeyW")(root, name), ERROR_SUCCESS);
}

TEST_F(Winreg, PredefinedKeysCanBeReplaced) {
  make(u"inside");
  const auto replace = reg<HKEY, HKEY>("RegOverridePredefKey");
  EXPECT_EQ(replace(kUsers, key_), ERROR_SUCCESS);
  HKEY opened = nullptr;
  EXPECT_EQ(open_w("RegOpenKeyExW")(kUsers, u"inside", 0, kRead, &opened), ERROR_SUCCESS);
  EXPECT_EQ(close("RegCloseKey")(opened), ERROR_SUCCESS);
  EXPECT_EQ(replace(kUsers, nullptr), ERROR_SUCCESS);
  EXPECT_EQ(open_w("RegOpenKeyExW")(kUsers, u"inside", 0, kRead, &opened), ERROR_FILE_NOT_FOUND);
  EXPECT_EQ(replace(key_, kUsers), ERROR_INVALID_HANDLE);
}

TEST_F(Winreg, OtherComputersAreFarAway) {
  const auto connect = reg<const WCHAR*, HKEY, HKEY*>("RegConnectRegistryW");
  HKEY opened = nullptr;
  EXPECT_EQ(connect(u"\\\\elsewhere.invalid", kLocalMachine, &opened), ERROR_BAD_NETPATH);
  EXPECT_EQ(connect(nullptr, key_, &opened), ERROR_INVALID_HANDLE);
  EXPECT_EQ(connect(u"\\\\localhost", kLocalMachine, &opened), ERROR_SUCCESS);
  EXPECT_EQ(close("RegCloseKey")(opened), ERROR_SUCCESS);
}

TEST_F(Winreg, MuiStringsThatAreNoneAreJustText) {
  EXPECT_EQ(set(u"t", u"text"), ERROR_SUCCESS);
  EXPECT_EQ(set(u"r", u"@x.dll,-1"), ERROR_SUCCESS);
  const auto load = reg<HKEY, const WCHAR*, WCHAR*, DWORD, DWORD*, DWORD, const WCHAR*>("RegLoadMUIStringW");
  WCHAR text[8] = {};
  DWORD needed = 0;
  EXPECT_EQ(load(key_, u"t", text, sizeof text, &needed, 0, nullptr), ERROR_SUCCESS);
  EXPECT_EQ(std::u16string_view(text), u"text");
  EXPECT_EQ(needed, 10u);
  EXPECT_EQ(load(key_, u"t", text, 4, &needed, 0, nullptr), ERROR_MORE_DATA);
  EXPECT_EQ(load(key_, u"t", text, 4, nullptr, 1, nullptr), ERROR_SUCCESS);
  EXPECT_EQ(std::u16string_view(text), u"t");
  EXPECT_EQ(load(key_, u"r", text, sizeof text, &needed, 0, nullptr), ERROR_NOT_SUPPORTED);
}

TEST_F(Winreg, KernelbaseShowsTheSameFunctions) {
  for (const char* name : {"RegOpenKeyExW", "RegGetValueW", "RegDeleteTreeW", "EventRegister", "EventWriteTransfer"})
    EXPECT_EQ(find(kernelbase_dll, name), find(advapi32_dll, name)) << name;
}

}  // namespace
}  // namespace hmodule::winapi

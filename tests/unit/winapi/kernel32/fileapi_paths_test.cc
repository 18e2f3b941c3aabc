#include "base/utf.h"
#include "path/volumes.h"
#include "thread/peb.h"
#include "unit/winapi/process.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

namespace hmodule::winapi {
namespace {

namespace fs = std::filesystem;

class Paths : public testing::Test {
 protected:
  void SetUp() override {
    process();
    std::string name = testing::TempDir() + "hmodule_paths_XXXXXX";
    ASSERT_NE(::mkdtemp(name.data()), nullptr);
    root_ = fs::canonical(name);
    windows_ = path::volumes().from_host(root_);
  }
  void TearDown() override { fs::remove_all(root_); }
  void file(const std::string& name) {
    fs::create_directories(fs::path(root_ + "/" + name).parent_path());
    std::ofstream(root_ + "/" + name) << name;
  }

  // What a (name, buffer, size) function answers, or its error.
  std::string answer_w(std::string_view function_name, const std::u16string& name) {
    WCHAR buffer[500];
    const auto call = function<DWORD, const WCHAR*, WCHAR*, DWORD>(kernel32_dll, function_name);
    const DWORD length = call(name.c_str(), buffer, 500);
    return length == 0 ? std::to_string(thread::last_error()) : utf8({buffer, length});
  }

  std::string root_;
  std::u16string windows_;
};

TEST_F(Paths, GetFullPathNameSaysTheSizeNeeded) {
  const auto call = function<DWORD, const WCHAR*, DWORD, WCHAR*, WCHAR**>(kernel32_dll, "GetFullPathNameW");
  WCHAR buffer[20] = {u'#'};
  WCHAR* part = buffer;
  EXPECT_EQ(call(u"C:/a/../file.txt", 11, buffer, &part), 12u);
  EXPECT_EQ(part, nullptr);
  EXPECT_EQ(call(u"C:/a/../file.txt", 0, nullptr, nullptr), 12u);
  EXPECT_EQ(call(u"C:/a/../file.txt", 12, buffer, &part), 11u);
  EXPECT_EQ(std::u16string_view(buffer), u"C:\\file.txt");
  EXPECT_EQ(part, buffer + 3);
  EXPECT_EQ(call(u"C:\\a\\", 20, buffer, &part), 5u);
  EXPECT_EQ(part, nullptr);
  EXPECT_EQ(thread::last_error(), 0xDEADu);  // ERR-02
}

TEST_F(Paths, GetFullPathNameNeedsAName) {
  const auto call = function<DWORD, const WCHAR*, DWORD, WCHAR*, WCHAR**>(kernel32_dll, "GetFullPathNameW");
  EXPECT_EQ(call(nullptr, 0, nullptr, nullptr), 0u);
  EXPECT_EQ(thread::last_error(), ERROR_INVALID_NAME);
  thread::set_last_error(0);
  EXPECT_EQ(call(u"", 0, nullptr, nullptr), 0u);
  EXPECT_EQ(thread::last_error(), ERROR_INVALID_NAME);
}

TEST_F(Paths, GetFullPathNameAHasBytesOfUtf8) {  // NAME-15
  const auto call = function<DWORD, const char*, DWORD, char*, char**>(kernel32_dll, "GetFullPathNameA");
  char buffer[30];
  char* part = nullptr;
  EXPECT_EQ(call("C:\\d\u00E4\\f\u00FC", 30, buffer, &part), 10u);
  EXPECT_STREQ(buffer, "C:\\d\u00E4\\f\u00FC");
  EXPECT_STREQ(part, "f\u00FC");
  EXPECT_EQ(call("C:\\d\u00E4\\f\u00FC", 10, buffer, &part), 11u);
}

TEST_F(Paths, GetLongPathNameSpellsNamesAsTheyAre) {
  file("Dir/File.Txt");
  EXPECT_EQ(answer_w("GetLongPathNameW", windows_ + u"\\DIR\\file.txt"), utf8(windows_) + "\\Dir\\File.Txt");
  EXPECT_EQ(answer_w("GetLongPathNameW", windows_ + u"\\dir\\"), utf8(windows_) + "\\Dir\\");
  EXPECT_EQ(answer_w("GetLongPathNameW", u"C:\\WINDOWS"), "C:\\WINDOWS");
  EXPECT_EQ(answer_w("GetLongPathNameW", windows_ + u"\\dir\\none"), std::to_string(ERROR_FILE_NOT_FOUND));
  EXPECT_EQ(answer_w("GetLongPathNameW", windows_ + u"\\none\\none"), std::to_string(ERROR_FILE_NOT_FOUND));
  EXPECT_EQ(answer_w("GetLongPathNameW", u""), std::to_string(ERROR_PATH_NOT_FOUND));
  EXPECT_EQ(answer_w("GetShortPathNameW", windows_ + u"\\DIR\\file.txt"), utf8(windows_) + "\\DIR\\file.txt");
  EXPECT_EQ(answer_w("GetShortPathNameW", windows_ + u"\\none"), std::to_string(ERROR_FILE_NOT_FOUND));
  const auto call = function<DWORD, const WCHAR*, WCHAR*, DWORD>(kernel32_dll, "GetLongPathNameW");
  EXPECT_EQ(call(nullptr, nullptr, 0), 0u);
  EXPECT_EQ(thread::last_error(), ERROR_INVALID_PARAMETER);
}

TEST_F(Paths, SearchPathLooksWhereItIsTold) {
  file("a/x.txt");
  file("b/X.txt");
  file("b/y.dll");
  const auto call =
      function<DWORD, const WCHAR*, const WCHAR*, const WCHAR*, DWORD, WCHAR*, WCHAR**>(kernel32_dll, "SearchPathW");
  const std::u16string where = windows_ + u"\\a;" + windows_ + u"\\b";
  WCHAR buffer[500];
  WCHAR* part = nullptr;
  ASSERT_NE(call(where.c_str(), u"x", u".txt", 500, buffer, &part), 0u);
  EXPECT_EQ(std::u16string(buffer), windows_ + u"\\a\\x.txt");
  EXPECT_EQ(std::u16string(part), u"x.txt");
  ASSERT_NE(call(where.c_str(), u"y.dll", u".txt", 500, buffer, nullptr), 0u);
  EXPECT_EQ(std::u16string(buffer), windows_ + u"\\b\\y.dll");
  EXPECT_EQ(call(where.c_str(), u"none", nullptr, 500, buffer, nullptr), 0u);
  EXPECT_EQ(thread::last_error(), ERROR_FILE_NOT_FOUND);
  EXPECT_EQ(call(where.c_str(), u"", nullptr, 500, buffer, nullptr), 0u);
  EXPECT_EQ(thread::last_error(), ERROR_INVALID_PARAMETER);
  EXPECT_EQ(call(nullptr, nullptr, nullptr, 500, buffer, nullptr), 0u);
  EXPECT_EQ(thread::last_error(), ERROR_INVALID_PARAMETER);
}

TEST_F(Paths, SystemDirectories) {
  WCHAR buffer[100];
  const auto system = function<UINT, WCHAR*, UINT>(kernel32_dll, "GetSystemDirectoryW");
  EXPECT_EQ(system(buffer, 100), 19u);
  EXPECT_EQ(std::u16string(buffer), u"C:\\Windows\\System32");
  EXPECT_EQ(system(buffer, 19), 20u);
  EXPECT_EQ((function<UINT, WCHAR*, UINT>(kernel32_dll, "GetWindowsDirectoryW")(nullptr, 0)), 11u);
  EXPECT_EQ((function<UINT, WCHAR*, UINT>(kernel32_dll, "GetSystemWow64DirectoryW")(buffer, 100)), 0u);
  EXPECT_EQ(thread::last_error(), ERROR_CALL_NOT_IMPLEMENTED);
}

TEST_F(Paths, GetTempPathFollowsTheEnvironment) {
  auto& parameters = thread::process_parameters();
  void* const saved = parameters.Environment;
  WCHAR buffer[100];
  char16_t with[] = u"=D:=D:\\x\0TEMP=C:\\second\0TMP=C:\\first\0";
  parameters.Environment = with;
  const auto call = function<DWORD, DWORD, WCHAR*>(kernel32_dll, "GetTempPathW");
  EXPECT_EQ(call(100, buffer), 9u);
  EXPECT_EQ(std::u16string(buffer), u"C:\\first\\");
  char16_t without[] = u"\0";
  parameters.Environment = without;
  EXPECT_EQ(call(100, buffer), 16u);
  EXPECT_EQ(std::u16string(buffer), u"C:\\Windows\\Temp\\");
  EXPECT_EQ(call(16, buffer), 17u);
  parameters.Environment = saved;
}

TEST_F(Paths, TheChoiceOfCodePageIsRemembered) {
  const auto are_ansi = function<BOOL>(kernel32_dll, "AreFileApisANSI");
  EXPECT_TRUE(are_ansi());
  function<void>(kernel32_dll, "SetFileApisToOEM")();
  EXPECT_FALSE(are_ansi());
  function<void>(kernel32_dll, "SetFileApisToANSI")();
  EXPECT_TRUE(are_ansi());
}

TEST_F(Paths, SetSearchPathModeStaysOnceItIsPermanent) {  // DIR-06
  const auto set = function<BOOL, DWORD>(kernel32_dll, "SetSearchPathMode");
  EXPECT_FALSE(set(0));
  EXPECT_EQ(thread::last_error(), ERROR_INVALID_PARAMETER);
  EXPECT_FALSE(set(0x18001));
  EXPECT_TRUE(set(1));
  EXPECT_TRUE(set(0x10000));
  EXPECT_TRUE(set(0x8001));
  EXPECT_FALSE(set(0x10000));
  EXPECT_EQ(thread::last_error(), ERROR_ACCESS_DENIED);
}

}  // namespace
}  // namespace hmodule::winapi

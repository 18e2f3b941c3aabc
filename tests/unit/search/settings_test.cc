#include "search/settings.h"

#include "search/search.h"
#include "support.h"

#include <gmock/gmock.h>

namespace hmodule::search {
namespace {

class SettingsTest : public OnADrive {
 protected:
  DWORD add(std::u16string_view directory) {
    const auto cookie = settings_.add_dll_directory(directory, {u"D:\\"});
    return cookie ? 0 : cookie.error().code();
  }
  SearchSettings settings_{volumes_};
};

TEST_F(SettingsTest, AddDllDirectoryTakesFullPathsOnly) {  // DIR-01
  directory("one");
  file("plain");
  EXPECT_EQ(add(u"D:\\one"), 0u);
  EXPECT_EQ(add(u"\\one"), 0u);
  EXPECT_EQ(add(u"\\\\?\\D:\\one"), 0u);
  EXPECT_EQ(add(u"D:\\plain"), 0u);  // an existing file is accepted
  EXPECT_EQ(add(u"one"), ERROR_INVALID_PARAMETER);
  EXPECT_EQ(add(u".\\one"), ERROR_INVALID_PARAMETER);
  EXPECT_EQ(add(u"D:one"), ERROR_INVALID_PARAMETER);
  EXPECT_EQ(add(u""), ERROR_INVALID_PARAMETER);
  EXPECT_EQ(add(u"D:\\none"), ERROR_FILE_NOT_FOUND);
  EXPECT_EQ(add(u"D:\\none\\none"), ERROR_FILE_NOT_FOUND);
  EXPECT_THAT(settings_.snapshot().user_directories,
              testing::ElementsAre(u"D:\\one", u"D:\\one", u"\\\\?\\D:\\one", u"D:\\plain"));
}

TEST_F(SettingsTest, EveryAdditionHasItsOwnCookie) {  // DIR-01, DIR-02
  directory("one");
  void* first = *settings_.add_dll_directory(u"D:\\one", {u"D:\\"});
  void* second = *settings_.add_dll_directory(u"D:\\one", {u"D:\\"});
  EXPECT_NE(first, nullptr);
  EXPECT_NE(first, second);
  EXPECT_TRUE(settings_.remove_dll_directory(first));
  EXPECT_EQ(settings_.remove_dll_directory(first).error().code(), ERROR_INVALID_PARAMETER);
  EXPECT_EQ(settings_.snapshot().user_directories.size(), 1u);
  EXPECT_EQ(settings_.remove_dll_directory(nullptr).error().code(), ERROR_INVALID_PARAMETER);
}

TEST_F(SettingsTest, SetDllDirectoryReplaces) {  // SRCH-12, DIR-05
  EXPECT_EQ(settings_.dll_directory(), std::nullopt);
  EXPECT_TRUE(settings_.set_dll_directory(u"D:\\a"));
  EXPECT_TRUE(settings_.set_dll_directory(u""));
  EXPECT_EQ(settings_.dll_directory(), u"");
  EXPECT_EQ(settings_.set_dll_directory(u"a;b").error().code(), ERROR_INVALID_PARAMETER);
  EXPECT_EQ(settings_.dll_directory(), u"");
  EXPECT_TRUE(settings_.set_dll_directory(std::nullopt));
  EXPECT_EQ(settings_.snapshot().dll_directory, std::nullopt);
}

TEST_F(SettingsTest, SetDefaultDllDirectoriesChecksItsFlags) {  // SRCH-22
  for (const DWORD bad : {0x0u, 0x100u, 0x900u, 0x8u, 0x2000u, 0x80000000u})
    EXPECT_EQ(settings_.set_default_dll_directories(bad).error().code(), ERROR_INVALID_PARAMETER) << bad;
  EXPECT_TRUE(settings_.set_default_dll_directories(kSystem32));
  EXPECT_TRUE(settings_.set_default_dll_directories(kDefaultDirs | kUserDirs));
  EXPECT_EQ(settings_.snapshot().default_flags, kDefaultDirs | kUserDirs);
}

TEST_F(SettingsTest, ReadHmodulePath) {
  ::setenv("HMODULE_PATH", ("/opt/x::" + root_ + "/mine:relative").c_str(), 1);
  settings_.configure_from_environment();
  ::unsetenv("HMODULE_PATH");
  EXPECT_THAT(settings_.snapshot().hmodule_directories, testing::ElementsAre(u"Z:\\opt\\x", u"D:\\mine"));
}

}  // namespace
}  // namespace hmodule::search

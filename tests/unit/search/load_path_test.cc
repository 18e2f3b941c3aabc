#include "search/search.h"

#include "base/utf.h"
#include "support.h"

#include <gmock/gmock.h>

namespace hmodule::search {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

const Surroundings kHere = {u"D:\\app\\app.exe", u"D:\\cwd\\", u"D:\\bin;\"D:\\with;semicolon\";;tools;D:\\last\\"};
constexpr const char *kSystem = "C:\\Windows\\System32", *kSystem16 = "C:\\Windows\\System", *kWindows = "C:\\Windows";
constexpr const char *kBin = "D:\\bin", *kOdd = "D:\\with;semicolon", *kTools = "D:\\cwd\\tools", *kLast = "D:\\last";

std::vector<std::string> order(const Settings& settings, DWORD flags = 0,
                               std::optional<std::u16string_view> dll_directory = {}) {
  std::vector<std::string> out;
  for (const Directory& directory : load_path(settings, kHere, flags, dll_directory))
    out.push_back(utf8(directory.path));
  return out;
}

TEST(LoadPath, StandardOrder) {  // §4.2, SRCH-10, SRCH-13
  EXPECT_THAT(order({}), ElementsAre("D:\\app", kSystem, kSystem16, kWindows, "D:\\cwd", kBin, kOdd, kTools, kLast));
}

TEST(LoadPath, WithoutSafeModeTheCurrentDirectoryComesSecond) {
  Settings settings;
  settings.safe_mode = false;
  EXPECT_THAT(order(settings),
              ElementsAre("D:\\app", "D:\\cwd", kSystem, kSystem16, kWindows, kBin, kOdd, kTools, kLast));
}

TEST(LoadPath, AlteredStartsAtTheDll) {
  EXPECT_THAT(order({}, kAltered, u"D:\\dll"),
              ElementsAre("D:\\dll", kSystem, kSystem16, kWindows, "D:\\cwd", kBin, kOdd, kTools, kLast));
  EXPECT_EQ(order({}, kAltered), order({}));  // FLAG-03
}

TEST(LoadPath, SetDllDirectoryTakesThePlaceOfTheCurrentDirectory) {  // SRCH-12
  Settings settings;
  settings.dll_directory = u"D:\\set";
  EXPECT_THAT(order(settings),
              ElementsAre("D:\\app", "D:\\set", kSystem, kSystem16, kWindows, kBin, kOdd, kTools, kLast));
  EXPECT_THAT(order(settings, kAltered, u"D:\\dll"),
              ElementsAre("D:\\dll", "D:\\set", kSystem, kSystem16, kWindows, kBin, kOdd, kTools, kLast));
  settings.dll_directory = u"";
  EXPECT_THAT(order(settings), ElementsAre("D:\\app", kSystem, kSystem16, kWindows, kBin, kOdd, kTools, kLast));
}

TEST(LoadPath, SafeCurrentDirsDropsTheCurrentDirectory) {  // FLAG-21
  EXPECT_THAT(order({}, kSafeCurrentDirs),
              ElementsAre("D:\\app", kSystem, kSystem16, kWindows, kBin, kOdd, kTools, kLast));
}

TEST(LoadPath, HmodulePathComesAfterTheApplication) {
  Settings settings;
  settings.hmodule_directories = {u"D:\\one", u"D:\\two"};
  EXPECT_THAT(order(settings), ElementsAre("D:\\app", "D:\\one", "D:\\two", kSystem, kSystem16, kWindows, "D:\\cwd",
                                           kBin, kOdd, kTools, kLast));
  EXPECT_THAT(order(settings, kDefaultDirs), ElementsAre("D:\\app", "D:\\one", "D:\\two", kSystem));
  EXPECT_THAT(order(settings, kSystem32), ElementsAre(kSystem));
}

TEST(LoadPath, BitsSearchOnlyTheirDirectories) {  // §4.3, SRCH-20, SRCH-21, SRCH-24
  Settings settings;
  settings.user_directories = {u"D:\\old", u"D:\\new"};
  settings.dll_directory = u"D:\\set";
  EXPECT_THAT(order(settings, kDllLoadDir | kDefaultDirs, u"D:\\dll"),
              ElementsAre("D:\\dll", "D:\\app", "D:\\new", "D:\\old", "D:\\set", kSystem));
  EXPECT_THAT(order(settings, kApplicationDir), ElementsAre("D:\\app"));
  EXPECT_THAT(order(settings, kUserDirs), ElementsAre("D:\\new", "D:\\old", "D:\\set"));
  EXPECT_THAT(order(settings, kSystem32), ElementsAre(kSystem));
  EXPECT_THAT(order(settings, kSystem32NoForwarder), ElementsAre(kSystem));
  EXPECT_THAT(order({}, kUserDirs), IsEmpty());
}

TEST(LoadPath, DefaultsReplaceTheStandardOrder) {  // SRCH-22, SRCH-23
  Settings settings;
  settings.default_flags = kApplicationDir;
  EXPECT_THAT(order(settings), ElementsAre("D:\\app"));
  EXPECT_THAT(order(settings, 0, u"D:\\dll"), ElementsAre("D:\\app"));
  EXPECT_THAT(order(settings, kAltered, u"D:\\dll"), ElementsAre("D:\\dll", "D:\\app"));
  EXPECT_THAT(order(settings, kSystem32), ElementsAre(kSystem));
}

TEST(LoadPath, GoesThroughAString) {  // DIR-07
  const LoadPath path = load_path({}, kHere, kApplicationDir | kSystem32);
  EXPECT_EQ(join(path), u"D:\\app;C:\\Windows\\System32");
  const LoadPath back = split_load_path(u"D:\\app;;C:\\Windows\\System32\\");
  ASSERT_EQ(back.size(), 2u);
  EXPECT_EQ(back[1].path, u"C:\\Windows\\System32");
}

TEST(CheckFlags, RefusesWhatWindowsRefuses) {
  const DllName bare = *normalise_name(u"x"), relative = *normalise_name(u"a\\x"), rooted = *normalise_name(u"\\a\\x"),
                absolute = *normalise_name(u"C:\\a\\x");
  const auto code = [](DWORD flags, const DllName& name) {
    const Status status = check_flags(flags, name);
    return status ? 0 : status.error().code();
  };
  EXPECT_EQ(code(0, bare), 0u);
  EXPECT_EQ(code(kAltered, relative), 0u);
  for (const DWORD bit : {kDllLoadDir, kApplicationDir, kUserDirs, kSystem32, kDefaultDirs, kSafeCurrentDirs})
    EXPECT_EQ(code(kAltered | bit, absolute), ERROR_INVALID_PARAMETER);  // FLAG-01
  EXPECT_EQ(code(kDllLoadDir, bare), ERROR_INVALID_PARAMETER);           // FLAG-02
  EXPECT_EQ(code(kDllLoadDir | kSystem32, relative), ERROR_INVALID_PARAMETER);
  EXPECT_EQ(code(kDllLoadDir, rooted), 0u);
  EXPECT_EQ(code(kDllLoadDir, absolute), 0u);
  EXPECT_EQ(code(0x10000, bare), ERROR_INVALID_PARAMETER);  // FLAG-04
  EXPECT_EQ(code(0x42, bare), ERROR_INVALID_PARAMETER);
  EXPECT_EQ(code(0x22, bare), 0u);  // FLAG-05
}

class DotLocal : public OnADrive {};

TEST_F(DotLocal, RedirectsToTheApplicationDirectory) {  // SRCH-30, SRCH-31
  EXPECT_THAT(dot_local_path(kHere, volumes_), IsEmpty());
  file("app/App.exe.LOCAL");
  const LoadPath as_file = dot_local_path(kHere, volumes_);
  ASSERT_EQ(as_file.size(), 1u);
  EXPECT_EQ(as_file[0].path, u"D:\\app");
  std::filesystem::remove(root_ + "/app/App.exe.LOCAL");
  directory("app/app.exe.local");
  const LoadPath as_directory = dot_local_path(kHere, volumes_);
  ASSERT_EQ(as_directory.size(), 2u);
  EXPECT_EQ(as_directory[0].path, u"D:\\app\\app.exe.local");
  EXPECT_EQ(as_directory[1].path, u"D:\\app");
  Surroundings with_manifest = kHere;
  with_manifest.application_has_manifest = true;
  EXPECT_THAT(dot_local_path(with_manifest, volumes_), IsEmpty());
}

}  // namespace
}  // namespace hmodule::search

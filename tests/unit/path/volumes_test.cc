#include "path/volumes.h"

#include "base/utf.h"
#include "path/directory_cache.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>
#include <filesystem>
#include <fstream>
#include <thread>

namespace hmodule::path {
namespace {

namespace fs = std::filesystem;

class VolumesTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string name = testing::TempDir() + "hmodule_volumes_XXXXXX";
    ASSERT_NE(::mkdtemp(name.data()), nullptr);
    root_ = fs::canonical(name);
    windows_ = u"Z:" + utf16(root_);
    for (char16_t& c : windows_)
      if (c == u'/') c = u'\\';
  }
  void TearDown() override { fs::remove_all(root_); }

  std::string file(const std::string& name) {
    fs::create_directories(fs::path(root_ + "/" + name).parent_path());
    std::ofstream(root_ + "/" + name) << name;
    return root_ + "/" + name;
  }
  std::string host(const std::u16string& tail) {
    const auto found = volumes_.to_host(windows_ + u"\\" + tail);
    return found && found->exists() ? found->path : found ? "missing " + found->path : found.error().reason;
  }
  DWORD code(const std::u16string& full) {
    const auto found = volumes_.to_host(full);
    return found ? 0 : found.error().code();
  }

  Volumes volumes_;
  std::string root_;
  std::u16string windows_;
};

TEST_F(VolumesTest, FindNamesWithoutCase) {  // NAME-12
  const std::string dll = file("Dir/Sub/Foo.DLL");
  EXPECT_EQ(host(u"Dir\\Sub\\Foo.DLL"), dll);
  EXPECT_EQ(host(u"dir\\SUB\\foo.dll"), dll);
  EXPECT_EQ(host(u"DIR/sub/FOO.dll"), dll);
}

TEST_F(VolumesTest, PreferTheExactCaseThenTheFirstInByteOrder) {  // NAME-12
  const std::string lower = file("foo.dll"), upper = file("FOO.dll"), mixed = file("Foo.dll");
  EXPECT_EQ(host(u"foo.dll"), lower);
  EXPECT_EQ(host(u"Foo.dll"), mixed);
  EXPECT_EQ(host(u"fOO.dll"), upper);
  fs::create_directories(root_ + "/A");
  const std::string only = file("a/x");
  EXPECT_EQ(host(u"a\\x"), only);
}

TEST_F(VolumesTest, CompareNonAsciiNamesWithoutCase) {
  const std::string dll = file("\u00C4pfel.dll");
  EXPECT_EQ(host(u"\u00E4PFEL.DLL"), dll);
}

TEST_F(VolumesTest, SeeAChangeAtOnce) {
  file("one.dll");
  EXPECT_EQ(host(u"TWO.dll"), "missing " + root_ + "/TWO.dll");
  const std::string two = file("two.dll");
  EXPECT_EQ(host(u"TWO.dll"), two);
  fs::rename(two, root_ + "/three.dll");
  EXPECT_EQ(host(u"TWO.dll"), "missing " + root_ + "/TWO.dll");
}

TEST_F(VolumesTest, SayWhereAMissingNameWouldBe) {
  file("Dir/x");
  EXPECT_EQ(host(u"dir\\New.txt"), "missing " + root_ + "/Dir/New.txt");
  EXPECT_EQ(code(windows_ + u"\\nodir\\x"), ERROR_PATH_NOT_FOUND);
  EXPECT_EQ(code(windows_ + u"\\dir\\x\\y"), ERROR_PATH_NOT_FOUND);
}

TEST_F(VolumesTest, RefuseWhatIsNoFileName) {
  EXPECT_EQ(code(u"Z:\\a*"), ERROR_INVALID_NAME);
  EXPECT_EQ(code(u"Z:\\a?b"), ERROR_INVALID_NAME);
  EXPECT_EQ(code(u"Z:\\a:stream"), ERROR_INVALID_NAME);
  EXPECT_EQ(code(u"\\\\?\\Z:\\a\\..\\b"), ERROR_INVALID_NAME);  // NAME-13
  EXPECT_EQ(code(u"\\\\?\\Z:/tmp"), ERROR_INVALID_NAME);
  EXPECT_EQ(code(u"relative"), ERROR_BAD_PATHNAME);
  EXPECT_EQ(code(u"Q:\\x"), ERROR_PATH_NOT_FOUND);
  EXPECT_EQ(code(u"\\\\server\\share\\x.dll"), ERROR_PATH_NOT_FOUND);  // NAME-14
  EXPECT_EQ(code(u"\\\\?\\UNC\\server\\share\\x.dll"), ERROR_PATH_NOT_FOUND);
  EXPECT_EQ(code(u""), ERROR_BAD_PATHNAME);
  file("plain");
  EXPECT_EQ(code(windows_ + u"\\plain\\"), ERROR_INVALID_NAME);
}

TEST_F(VolumesTest, SayWhenTheHostDeniesAccess) {
  if (::geteuid() == 0) GTEST_SKIP() << "root is never denied";
  file("closed/x");
  fs::permissions(root_ + "/closed", fs::perms::none);
  EXPECT_EQ(code(windows_ + u"\\closed\\x"), ERROR_ACCESS_DENIED);
  fs::permissions(root_ + "/closed", fs::perms::owner_all);
}

TEST_F(VolumesTest, FollowSymbolicLinks) {
  const std::string dll = file("real/x.dll");
  fs::create_symlink(root_ + "/real", root_ + "/Link");
  EXPECT_EQ(host(u"link\\X.dll"), root_ + "/Link/x.dll");
  fs::create_symlink(root_ + "/nowhere", root_ + "/Dangling");
  EXPECT_EQ(host(u"dangling"), "missing " + root_ + "/Dangling");
  fs::create_symlink(root_ + "/loop", root_ + "/loop");
  EXPECT_EQ(host(u"loop"), "missing " + root_ + "/loop");
}

TEST_F(VolumesTest, TakeOtherSpellingsOfAFullName) {  // NAME-13, NAME-21
  const std::string dll = file("x.dll");
  const std::u16string name = windows_ + u"\\x.dll";
  for (const auto& form : {u"\\\\?\\" + name, u"\\\\.\\" + name, u"\\??\\" + name, u"z" + name.substr(1),
                           u"\\\\?\\unix" + name.substr(2)}) {
    const auto found = volumes_.to_host(form);
    ASSERT_TRUE(found) << found.error().reason;
    EXPECT_EQ(found->path, dll) << utf8(form);
    EXPECT_EQ(found->what, What::file);
  }
  EXPECT_EQ(volumes_.to_host(u"\\\\.\\nul")->path, "/dev/null");
  EXPECT_EQ(volumes_.to_host(u"\\\\.\\nul")->what, What::device);
  EXPECT_EQ(code(u"\\\\.\\pipe\\x"), ERROR_FILE_NOT_FOUND);
}

TEST_F(VolumesTest, FromHostIsTheWayBack) {
  EXPECT_EQ(volumes_.from_host("/"), u"Z:\\");
  EXPECT_EQ(volumes_.from_host("/opt/x/foo.dll"), u"Z:\\opt\\x\\foo.dll");
  EXPECT_EQ(volumes_.from_host("/opt//x/./foo.dll"), u"Z:\\opt\\x\\foo.dll");
  EXPECT_EQ(volumes_.from_host("/no/such/../x/..y"), u"Z:\\no\\x\\..y");
  file("real/sub/x");
  fs::create_symlink(root_ + "/real/sub", root_ + "/link");
  EXPECT_EQ(volumes_.from_host(root_ + "/link/../x"), windows_ + u"\\real\\x");
}

TEST_F(VolumesTest, CarryNamesWindowsCannotSpell) {
  for (const char* name : {"a:b", "a\\b", "what?", "dot.", "space ", "tab\t", "*"}) {
    const std::string path = file(std::string("odd/") + name);
    const std::u16string windows = volumes_.from_host(path);
    const auto found = volumes_.to_host(windows);
    ASSERT_TRUE(found) << name;
    EXPECT_EQ(found->path, path);
    EXPECT_TRUE(found->exists()) << name;
    EXPECT_EQ(full_path(windows, {u"Z:\\"}).value(), windows) << name;
  }
  const std::string broken = file("odd/\xFF\xFE");  // no UTF-8: found through the listing
  EXPECT_EQ(volumes_.to_host(volumes_.from_host(broken))->path, broken);
}

TEST_F(VolumesTest, DrivesCanBeAdded) {
  const std::string x = file("mine/x.dll");
  ASSERT_TRUE(volumes_.add_drive(u'd', root_ + "/mine"));
  EXPECT_EQ(volumes_.to_host(u"D:\\X.DLL")->path, x);
  EXPECT_EQ(volumes_.to_host(u"d:\\")->path, root_ + "/mine");
  EXPECT_EQ(volumes_.from_host(x), u"D:\\x.dll");
  EXPECT_EQ(volumes_.from_host(root_ + "/mine"), u"D:\\");
  EXPECT_EQ(volumes_.from_host(root_ + "/mine2"), windows_ + u"\\mine2");
  EXPECT_EQ(volumes_.drives(), u"DZ");
  EXPECT_FALSE(volumes_.add_drive(u'1', "/"));
  EXPECT_FALSE(volumes_.add_drive(u'e', "relative"));
}

TEST_F(VolumesTest, TheWindowsDriveIsVirtual) {
  const std::string dll = file("sys/ucrtbase.dll");
  fs::create_directories(root_ + "/tmp");
  volumes_.add_windows_drive({}, {root_ + "/sys"}, root_ + "/tmp");
  EXPECT_EQ(volumes_.to_host(u"C:\\")->what, What::virtual_directory);
  EXPECT_EQ(volumes_.to_host(u"c:\\WINDOWS")->what, What::virtual_directory);
  EXPECT_EQ(volumes_.to_host(u"C:\\Windows\\System32")->what, What::directory);
  EXPECT_EQ(volumes_.to_host(u"C:\\windows\\system32\\UCRTBASE.dll")->path, dll);
  EXPECT_EQ(volumes_.from_host(dll), u"C:\\Windows\\System32\\ucrtbase.dll");
  // Nothing is created in a virtual or a read-only directory.
  EXPECT_EQ(volumes_.to_host(u"C:\\new")->what, What::missing);
  EXPECT_EQ(volumes_.to_host(u"C:\\new")->path, "");
  EXPECT_EQ(volumes_.to_host(u"C:\\Windows\\System32\\new")->path, "");
  EXPECT_EQ(code(u"C:\\no\\new"), ERROR_PATH_NOT_FOUND);
  // Temp is the host's, and keeps the host's name.
  EXPECT_EQ(volumes_.to_host(u"C:\\Windows\\Temp\\new")->path, root_ + "/tmp/new");
  EXPECT_EQ(volumes_.from_host(root_ + "/tmp/new"), windows_ + u"\\tmp\\new");
}

TEST_F(VolumesTest, ABackedWindowsDriveMergesItsDirectories) {
  const std::string ours = file("sys/a.dll");
  file("c/windows/SYSTEM32/a.dll");
  const std::string theirs = file("c/windows/SYSTEM32/b.dll");
  file("c/Data/x");
  volumes_.add_windows_drive(root_ + "/c", {root_ + "/sys"}, "/tmp");
  EXPECT_EQ(volumes_.to_host(u"C:\\Windows\\System32\\a.dll")->path, ours);
  EXPECT_EQ(volumes_.to_host(u"C:\\Windows\\System32\\b.dll")->path, theirs);
  EXPECT_EQ(volumes_.to_host(u"C:\\Windows\\System32\\c.dll")->path, root_ + "/c/windows/SYSTEM32/c.dll");
  EXPECT_EQ(volumes_.from_host(root_ + "/c/Data/x"), u"C:\\Data\\x");

  const auto names = [&](const char16_t* directory) {
    std::vector<std::string> out;
    const auto entries = volumes_.list(directory);
    for (const auto& entry : *entries) out.push_back(utf8(entry.name));
    return out;
  };
  EXPECT_THAT(names(u"C:\\Windows\\System32"), testing::UnorderedElementsAre("a.dll", "b.dll"));
  EXPECT_THAT(names(u"C:\\"), testing::UnorderedElementsAre("Windows", "Data"));
  EXPECT_THAT(names(u"C:\\Windows"), testing::UnorderedElementsAre("System32", "System", "Temp"));
  EXPECT_EQ(volumes_.list(u"C:\\Data\\x").error().status, STATUS_NOT_A_DIRECTORY);
  EXPECT_EQ(volumes_.list(u"C:\\nothing").error().code(), ERROR_FILE_NOT_FOUND);
}

TEST_F(VolumesTest, AreSafeToUseFromManyThreads) {
  for (int i = 0; i < 20; ++i) file("dir" + std::to_string(i) + "/File.dll");
  std::atomic<int> found{0};
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t)
    threads.emplace_back([&, t] {
      for (int i = 0; i < 200; ++i) {
        const auto name = windows_ + utf16("\\DIR" + std::to_string((i + t) % 20) + "\\FILE.dll");
        if (const auto hit = volumes_.to_host(name); hit && hit->exists()) ++found;
      }
    });
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(found, 800);
}

TEST(DirectoryCacheTest, RemembersASettledListing) {
  std::string name = testing::TempDir() + "hmodule_cache_XXXXXX";
  ASSERT_NE(::mkdtemp(name.data()), nullptr);
  std::ofstream(name + "/One.dll") << "x";
  struct stat info;
  ASSERT_EQ(::stat(name.c_str(), &info), 0);
  info.st_mtim.tv_sec -= 100;  // as if the directory had been left alone for a while
  info.st_ctim.tv_sec -= 100;
  DirectoryCache cache;
  EXPECT_EQ(cache.find(name, info, u"ONE.DLL"), "One.dll");
  fs::remove(name + "/One.dll");
  EXPECT_EQ(cache.find(name, info, u"ONE.DLL"), "One.dll");  // the same times: not read again
  info.st_mtim.tv_sec += 1;
  EXPECT_EQ(cache.find(name, info, u"ONE.DLL"), std::nullopt);
  fs::remove_all(name);
  EXPECT_EQ(cache.find(name + "/gone", {}, u"x"), std::nullopt);
}

}  // namespace
}  // namespace hmodule::path

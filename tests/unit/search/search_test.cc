#include "search/search.h"

#include "support.h"

#include <gmock/gmock.h>

namespace hmodule::search {
namespace {

using testing::HasSubstr;

class SearchTest : public OnADrive {
 protected:
  SearchTest() { here_ = {u"D:\\app\\app.exe", u"D:\\cwd\\", u"D:\\bin"}; }

  // The full name found, or the number of the error.
  std::string find(std::u16string_view given, const LoadPath& directories) {
    const DllName name = normalise_name(given).value();
    std::string found;
    const Status status = search(name, directories, volumes_, [&](const Candidate& candidate) -> Status {
      if (candidate.host_path.empty()) return fail(STATUS_OBJECT_NAME_NOT_FOUND, "no such builtin");
      const auto damage = damaged_.find(candidate.host_path);
      if (damage != damaged_.end()) return fail(damage->second, "{}: damaged", candidate.host_path);
      found = utf8(candidate.full_name);
      return ok;
    });
    if (status) return found;
    reason_ = status.error().reason;
    return std::to_string(status.error().code());
  }
  std::string find(std::u16string_view given, DWORD flags = 0) {
    return find(given, load_path(settings_, here_, flags));
  }

  Settings settings_;
  Surroundings here_;
  std::map<std::string, NTSTATUS> damaged_;
  std::string reason_;
};

TEST_F(SearchTest, TheFirstDirectoryWins) {
  file("cwd/x.dll");
  file("bin/x.dll");
  EXPECT_EQ(find(u"x"), "D:\\cwd\\x.dll");
  file("sys/X.DLL");
  EXPECT_EQ(find(u"x"), "C:\\Windows\\System32\\x.dll");
  file("app/x.dll");
  EXPECT_EQ(find(u"X.dll"), "D:\\app\\X.dll");  // GMF-01: the name as asked for
  EXPECT_EQ(find(u"x.dll", kSystem32), "C:\\Windows\\System32\\x.dll");
}

TEST_F(SearchTest, SaysWhereItLooked) {
  EXPECT_EQ(find(u"gone"), "126");
  for (const char* part :
       {"gone.dll", "D:\\app (application directory)", "D:\\cwd (current directory)", "D:\\bin (PATH)", "HMODULE_PATH"})
    EXPECT_THAT(reason_, HasSubstr(part));
  EXPECT_EQ(find(u"gone", kUserDirs), "126");  // SRCH-21: no user directory at all
  EXPECT_THAT(reason_, HasSubstr("nowhere"));
}

TEST_F(SearchTest, UserDirectoriesFollowTheVectorsOfSrch21) {
  for (const char* name : {"1/x.dll", "2/x.dll", "3/x.dll", "4/x.dll"}) file(name);
  directory("5");
  directory("6");
  struct Vector {
    std::vector<int> added;
    int set;
    const char* result;
  };
  const Vector vectors[] = {{{1, 2, 3}, 4, "3"}, {{1, 3, 2}, 4, "2"}, {{3, 1}, 4, "1"},
                            {{5, 6}, 4, "4"},    {{5, 2}, 4, "2"},    {{}, 4, "4"},
                            {{}, 0, "126"},      {{6, 5}, 5, "126"},  {{1, 1, 2}, 0, "2"}};
  for (const Vector& v : vectors) {
    settings_ = {};
    for (const int n : v.added) settings_.user_directories.push_back(u"D:\\" + utf16(std::to_string(n)));
    if (v.set != 0) settings_.dll_directory = u"D:\\" + utf16(std::to_string(v.set));
    const std::string expected = v.result == std::string("126") ? "126" : "D:\\" + std::string(v.result) + "\\x.dll";
    EXPECT_EQ(find(u"x.dll", kUserDirs), expected);
  }
}

TEST_F(SearchTest, RelativeNamesAreAppendedToEveryDirectory) {  // NAME-09
  file("cwd/1/x.dll");
  EXPECT_EQ(find(u"1\\x.dll"), "D:\\cwd\\1\\x.dll");
  EXPECT_EQ(find(u"1/x"), "D:\\cwd\\1\\x.dll");
  EXPECT_EQ(find(u"..\\cwd\\1\\x.dll"), "D:\\cwd\\1\\x.dll");
  EXPECT_EQ(find(u"1\\x.dll", kSystem32), "126");
}

TEST_F(SearchTest, DriveRelativeNamesAreNotSearched) {  // NAME-10
  file("cwd/x.dll");
  EXPECT_EQ(find(u"d:x.dll"), "126");
}

TEST_F(SearchTest, ADirectoryIsNoFile) {  // SRCH-25, NAME-18
  directory("app/x.dll");
  file("cwd/x.dll");
  EXPECT_EQ(find(u"x.dll"), "D:\\cwd\\x.dll");
}

TEST_F(SearchTest, AnotherMachineIsRemembered) {  // SRCH-26
  damaged_[file("app/x.dll")] = STATUS_IMAGE_MACHINE_TYPE_MISMATCH;
  EXPECT_EQ(find(u"x.dll"), "193");
  EXPECT_THAT(reason_, HasSubstr("app/x.dll: damaged"));
  file("bin/x.dll");
  EXPECT_EQ(find(u"x.dll"), "D:\\bin\\x.dll");
}

TEST_F(SearchTest, AnyOtherDefectStops) {  // SRCH-27
  damaged_[file("app/x.dll")] = STATUS_INVALID_IMAGE_FORMAT;
  file("bin/x.dll");
  EXPECT_EQ(find(u"x.dll"), "193");
}

TEST_F(SearchTest, DeniedFilesAreSkippedButInDotLocal) {  // SRCH-28
  damaged_[file("app/x.dll")] = STATUS_ACCESS_DENIED;
  file("bin/x.dll");
  EXPECT_EQ(find(u"x.dll"), "D:\\bin\\x.dll");
  EXPECT_EQ(find(u"x.dll", {{u"D:\\app", Origin::dot_local}, {u"D:\\bin", Origin::path_variable}}), "5");
}

TEST_F(SearchTest, TheSystemDirectoryIsAskedEvenWithoutAFile) {  // SRCH-53
  const DllName name = normalise_name(u"builtin").value();
  std::string asked;
  const Status status = search(name, load_path({}, here_, 0), volumes_, [&](const Candidate& candidate) -> Status {
    asked = utf8(candidate.full_name) + candidate.host_path;
    EXPECT_TRUE(candidate.system_directory);
    return ok;
  });
  EXPECT_TRUE(status);
  EXPECT_EQ(asked, "C:\\Windows\\System32\\builtin.dll");
}

class NamedTest : public SearchTest {
 protected:
  std::string open(std::u16string_view given, NTSTATUS answer = STATUS_SUCCESS) {
    std::string found;
    const Status status = open_named(normalise_name(given).value(), here_, volumes_, [&](const Candidate& c) -> Status {
      found = utf8(c.full_name);
      if (answer != STATUS_SUCCESS || c.host_path.empty())
        return fail(answer != STATUS_SUCCESS ? answer : STATUS_OBJECT_NAME_NOT_FOUND, "told to");
      return ok;
    });
    return status ? found : std::to_string(status.error().code());
  }
};

TEST_F(NamedTest, FullNamesAreOpenedDirectly) {
  file("dir/x.dll");
  EXPECT_EQ(open(u"D:\\dir\\x.dll"), "D:\\dir\\x.dll");
  EXPECT_EQ(open(u"D:\\other\\..\\dir\\x"), "D:\\dir\\x.dll");
  EXPECT_EQ(open(u"\\dir\\x.dll"), "D:\\dir\\x.dll");                  // NAME-08
  EXPECT_EQ(open(u"\\\\?\\D:\\dir\\x.dll"), "\\\\?\\D:\\dir\\x.dll");  // NAME-13
}

TEST_F(NamedTest, FailuresHaveTheirCodes) {
  file("dir/x.dll");
  EXPECT_EQ(open(u"D:\\dir\\gone.dll"), "126");  // NAME-17
  EXPECT_EQ(open(u"D:\\gone\\x.dll"), "126");    // NAME-17
  EXPECT_EQ(open(u"Q:\\x.dll"), "126");
  EXPECT_EQ(open(u"\\\\server\\share\\x.dll"), "126");  // NAME-14
  EXPECT_EQ(open(u"D:\\dir."), "5");                    // NAME-18
  EXPECT_EQ(open(u"C:\\Windows."), "5");                // NAME-18
  EXPECT_EQ(open(u"C:\\Windows\\System32\\no.dll"), "126");
  EXPECT_EQ(open(u"D:\\dir\\x.dll", STATUS_IMAGE_MACHINE_TYPE_MISMATCH), "193");  // PE-05
  EXPECT_EQ(open(u"D:\\dir\\x.dll", STATUS_ACCESS_DENIED), "5");                  // SRCH-28
}

class FileTest : public SearchTest {
 protected:
  std::string look(std::u16string_view name, std::u16string_view extension = u".dll") {
    const auto found = search_file(name, extension, file_search_path(here_, false), here_, volumes_);
    return found ? utf8(found->full_name) : std::to_string(found.error().code());
  }
};

TEST_F(FileTest, FilesAreFoundLikeSearchPath) {  // FLAG-12, NAME-11
  file("cwd/x.dll");
  file("sys/x.dll");
  file("bin/only.txt");
  EXPECT_EQ(look(u"x"), "D:\\cwd\\x.dll");
  EXPECT_EQ(look(u"only.txt"), "D:\\bin\\only.txt");
  EXPECT_EQ(look(u"only", u".txt"), "D:\\bin\\only.txt");
  EXPECT_EQ(look(u".\\x.dll"), "D:\\cwd\\x.dll");
  EXPECT_EQ(look(u".\\only.txt"), "2");
  EXPECT_EQ(look(u"D:\\bin\\only.txt"), "D:\\bin\\only.txt");
  EXPECT_EQ(look(u"D:\\bin\\gone"), "2");
  EXPECT_EQ(look(u"D:\\gone\\gone"), "3");
  EXPECT_EQ(look(u"gone"), "2");
}

TEST(KnownDlls, AreTheSetOfSrch52) {
  EXPECT_TRUE(is_known_dll(u"KERNEL32.dll"));
  EXPECT_TRUE(is_known_dll(u"ntdll.dll"));
  EXPECT_FALSE(is_known_dll(u"kernel32"));
  EXPECT_FALSE(is_known_dll(u"version.dll"));
  EXPECT_FALSE(is_known_dll(u""));
}

}  // namespace
}  // namespace hmodule::search

#include "nt/process_parameters.h"
#include "unit/nt/temporary_directory.h"
#include "unit/winapi/process.h"
#include "winapi/shell32/exports.h"

#include <sys/stat.h>

#include <filesystem>

namespace hmodule::winapi {
namespace {

enum : UINT { kMove = 1, kCopy, kDelete, kRename };
constexpr WORD kSeveral = 0x1, kRenameOnCollision = 0x8, kSilent = 0x614, kUndo = 0x40, kFilesOnly = 0x80;
constexpr INT kSameFile = 0x71, kManyToOne = 0x72, kCancelled = 0x75, kIntoItself = 0x76, kInvalidFiles = 0x7C,
              kNoFolder = 0x7E;

class FileOperations : public testing::Test {
 protected:
  FileOperations() {
    process();
    ::setenv("XDG_DATA_HOME", directory_.host("data").c_str(), 1);
    directory_.write("a.txt", "a");
    directory_.write("b.txt", "b");
    std::filesystem::create_directories(directory_.host("tree/branch"));
    directory_.write("tree/branch/leaf", "green");
  }

  std::u16string list(std::initializer_list<const char16_t*> names) const {
    std::u16string all;
    for (const char16_t* name : names) all += directory_.windows(name) + u'\0';
    return all + u'\0';
  }

  INT run(UINT what, const std::u16string& from, const std::u16string& to, WORD flags = kSilent) {
    struct {
      HANDLE window;
      UINT what;
      const WCHAR *from, *to;
      WORD flags;
      BOOL aborted;
      void* mappings;
      const WCHAR* title;
    } operation = {nullptr, what, from.data(), to.empty() ? nullptr : to.data(), flags, 9, this, nullptr};
    const INT result = function<INT, void*>(shell32_dll, "SHFileOperationW")(&operation);
    aborted_ = operation.aborted;
    return result;
  }

  TemporaryDirectory directory_;
  BOOL aborted_ = 0;
};

TEST_F(FileOperations, CopyFilesAndTrees) {
  EXPECT_EQ(run(kCopy, list({u"a.txt"}), list({u"c.txt"})), 0);
  EXPECT_FALSE(aborted_);
  EXPECT_EQ(directory_.read("c.txt"), "a");
  EXPECT_EQ(run(kCopy, list({u"tree"}), list({u"new\\place"})), 0);
  EXPECT_EQ(directory_.read("new/place/branch/leaf"), "green");
  EXPECT_EQ(run(kCopy, list({u"a.txt", u"tree"}), list({u"new"})), 0);
  EXPECT_EQ(directory_.read("new/a.txt"), "a");
  EXPECT_EQ(directory_.read("new/tree/branch/leaf"), "green");
  EXPECT_EQ(run(kCopy, list({u"*.txt"}), list({u"texts"})), 0);
  EXPECT_TRUE(directory_.exists("texts/b.txt"));
  EXPECT_FALSE(directory_.exists("texts/tree"));
  EXPECT_EQ(run(kCopy, list({u"*.*"}), list({u"files"}), kSilent | kFilesOnly), 0);
  EXPECT_TRUE(directory_.exists("files/b.txt"));
  EXPECT_FALSE(directory_.exists("files/tree"));
  EXPECT_EQ(run(kCopy, list({u"a.txt", u"b.txt"}), list({u"one", u"two"}), kSilent | kSeveral), 0);
  EXPECT_EQ(directory_.read("two"), "b");
}

TEST_F(FileOperations, AskNobody) {
  EXPECT_EQ(run(kCopy, list({u"a.txt"}), list({u"b.txt"}), 0), kCancelled);
  EXPECT_TRUE(aborted_);
  EXPECT_EQ(directory_.read("b.txt"), "b");
  EXPECT_EQ(run(kDelete, list({u"a.txt"}), u"", 0), kCancelled);
  EXPECT_TRUE(directory_.exists("a.txt"));
  EXPECT_EQ(run(kCopy, list({u"a.txt"}), list({u"b.txt"}), kRenameOnCollision), 0);
  EXPECT_EQ(directory_.read("b - Copy.txt"), "a");
  EXPECT_EQ(run(kCopy, list({u"a.txt"}), list({u"a.txt"}), kSilent | kRenameOnCollision), 0);
  EXPECT_EQ(directory_.read("a - Copy.txt"), "a");
  ::chmod(directory_.host("b.txt").c_str(), 0444);
  EXPECT_EQ(run(kCopy, list({u"a.txt"}), list({u"b.txt"})), 0);
  EXPECT_EQ(directory_.read("b.txt"), "a");
}

TEST_F(FileOperations, MoveAndRename) {
  EXPECT_EQ(run(kMove, list({u"a.txt"}), list({u"tree"})), 0);
  EXPECT_FALSE(directory_.exists("a.txt"));
  EXPECT_EQ(directory_.read("tree/a.txt"), "a");
  std::filesystem::create_directories(directory_.host("other/tree"));
  EXPECT_EQ(run(kMove, list({u"tree"}), list({u"other"})), 0) << "one on top of the other";
  EXPECT_FALSE(directory_.exists("tree"));
  EXPECT_EQ(directory_.read("other/tree/branch/leaf"), "green");
  EXPECT_EQ(run(kRename, list({u"b.txt"}), list({u"B2.txt"})), 0);
  EXPECT_EQ(directory_.read("B2.txt"), "b");
  EXPECT_EQ(run(kRename, list({u"B2.txt"}), list({u"other"})), 183);
  EXPECT_EQ(run(kRename, list({u"B2.txt", u"other"}), list({u"x"})), kManyToOne);
}

TEST_F(FileOperations, DeleteWhatTheyAreTold) {
  std::filesystem::create_directory_symlink(directory_.host("tree"), directory_.host("link"));
  EXPECT_EQ(run(kDelete, list({u"link"}), u""), 0);
  EXPECT_FALSE(directory_.exists("link"));
  EXPECT_TRUE(directory_.exists("tree/branch/leaf")) << "a link is not gone into";
  ::chmod(directory_.host("tree/branch/leaf").c_str(), 0444);
  EXPECT_EQ(run(kDelete, list({u"tree", u"a.txt"}), u""), 0);
  EXPECT_FALSE(directory_.exists("tree"));
  EXPECT_FALSE(directory_.exists("a.txt"));
  EXPECT_EQ(run(kDelete, list({u"absent"}), u""), 2);
}

TEST_F(FileOperations, DeletedFilesCanBeHadBack) {
  EXPECT_EQ(run(kDelete, list({u"a.txt"}), u"", kUndo), 0) << "nothing to confirm";
  EXPECT_FALSE(directory_.exists("a.txt"));
  EXPECT_EQ(directory_.read("data/Trash/files/a.txt"), "a");
  EXPECT_NE(directory_.read("data/Trash/info/a.txt.trashinfo").find("Path=" + directory_.host("a.txt") + "\n"),
            std::string::npos);
  directory_.write("a.txt", "again");
  EXPECT_EQ(run(kDelete, list({u"a.txt", u"tree"}), u"", kUndo), 0);
  EXPECT_EQ(directory_.read("data/Trash/files/a.txt.2"), "again");
  EXPECT_EQ(directory_.read("data/Trash/files/tree/branch/leaf"), "green");
}

TEST_F(FileOperations, HaveErrorsOfTheirOwn) {
  EXPECT_EQ(run(kCopy, list({u"a.txt"}), list({u"a.txt"})), kSameFile);
  EXPECT_EQ(run(kMove, list({u"tree"}), list({u"tree"}), kSilent | kSeveral), kIntoItself);
  EXPECT_EQ(run(kCopy, list({u"tree"}), list({u"tree\\branch\\deeper"})), kIntoItself);
  EXPECT_EQ(run(kCopy, list({u"a.txt", u"b.txt"}), list({u"one", u"two", u"three"}), kSilent | kSeveral),
            kInvalidFiles);
  EXPECT_EQ(run(kCopy, list({u"a.txt", u"tree"}), list({u"b.txt"})), kNoFolder);
  EXPECT_EQ(run(9, list({u"a.txt"}), u""), 87);
  EXPECT_EQ((function<INT, void*>(shell32_dll, "SHFileOperationW")(nullptr)), 87);
}

TEST_F(FileOperations, TakeNarrowNamesToo) {
  for (const char* name : {"SHFileOperationA", "SHFileOperation"}) {
    directory_.write("narrow", "");
    std::string from = utf8(directory_.windows(u"narrow")) + '\0';
    struct {
      HANDLE window = nullptr;
      UINT what = kDelete;
      const char *from, *to = nullptr;
      WORD flags = kSilent;
      BOOL aborted = 0;
      void* mappings = nullptr;
      const char* title = nullptr;
    } operation;
    operation.from = from.c_str();
    EXPECT_EQ((function<INT, void*>(shell32_dll, name)(&operation)), 0) << name;
    EXPECT_FALSE(directory_.exists("narrow"));
  }
}

}  // namespace
}  // namespace hmodule::winapi

#include "win/fileapi.h"
#include "nt/handle_table.h"
#include "unit/nt/temporary_directory.h"
#include "unit/winapi/process.h"

#include <gmock/gmock.h>

#include <bit>

namespace hmodule::winapi {
namespace {

class FileApi : public testing::Test {
 protected:
  FileApi() { process(); }

  HANDLE create(std::u16string_view name, DWORD access, DWORD disposition, DWORD flags = 0, DWORD share = 7) const {
    const std::u16string full = directory.windows(name);
    return function<HANDLE, const WCHAR*, DWORD, DWORD, const void*, DWORD, DWORD, HANDLE>(kernel32_dll, "CreateFileW")(
        full.c_str(), access, share, nullptr, disposition, flags, nullptr);
  }
  static void close(HANDLE handle) {
    ASSERT_NE(handle, INVALID_HANDLE_VALUE) << thread::last_error();
    EXPECT_TRUE(nt::handles().close(handle));
  }
  // What a function of one name answers.
  template <typename R = BOOL>
  R by_name(std::string_view function_name, std::u16string_view name) const {
    const std::u16string full = directory.windows(name);
    return function<R, const WCHAR*>(kernel32_dll, function_name)(full.c_str());
  }
  static BOOL write(HANDLE file, std::string_view text) {
    DWORD written = 0;
    return function<BOOL, HANDLE, const void*, DWORD, DWORD*, OVERLAPPED*>(kernel32_dll, "WriteFile")(
               file, text.data(), static_cast<DWORD>(text.size()), &written, nullptr) &&
           written == text.size();
  }
  static DWORD last_error() { return thread::last_error(); }

  const TemporaryDirectory directory;
};

TEST_F(FileApi, CreateFileTellsWhetherTheFileWasThere) {
  close(create(u"a", GENERIC_WRITE, CREATE_ALWAYS));
  EXPECT_EQ(last_error(), DWORD{ERROR_SUCCESS});
  close(create(u"a", GENERIC_WRITE, CREATE_ALWAYS));
  EXPECT_EQ(last_error(), DWORD{ERROR_ALREADY_EXISTS});
  close(create(u"a", GENERIC_READ, OPEN_ALWAYS));
  EXPECT_EQ(last_error(), DWORD{ERROR_ALREADY_EXISTS});
  close(create(u"A", GENERIC_READ, OPEN_EXISTING));
  EXPECT_EQ(last_error(), DWORD{ERROR_SUCCESS});
}

struct Refusal {
  const char16_t* name;
  DWORD access, disposition, flags, share, code;
};
TEST_F(FileApi, CreateFileRefusesWithTheCodesProgramsKnow) {
  directory.write("file", "x");
  std::filesystem::create_directory(directory.host("dir"));
  const HANDLE alone = create(u"file", GENERIC_READ, OPEN_EXISTING, 0, 0);
  const Refusal refusals[] = {
      {u"missing", GENERIC_READ, OPEN_EXISTING, 0, 7, ERROR_FILE_NOT_FOUND},
      {u"no\\dir", GENERIC_READ, OPEN_EXISTING, 0, 7, ERROR_PATH_NOT_FOUND},
      {u"file\\x", GENERIC_READ, OPEN_EXISTING, 0, 7, ERROR_PATH_NOT_FOUND},
      {u"file", GENERIC_READ, OPEN_EXISTING, 0, 7, ERROR_SHARING_VIOLATION},
      {u"FILE", GENERIC_READ, CREATE_NEW, 0, 7, ERROR_FILE_EXISTS},
      {u"dir", GENERIC_READ, OPEN_EXISTING, 0, 7, ERROR_ACCESS_DENIED},
      {u"dir", GENERIC_WRITE, CREATE_ALWAYS, 0, 7, ERROR_ACCESS_DENIED},
      {u"a*b", GENERIC_READ, OPEN_EXISTING, 0, 7, ERROR_INVALID_NAME},
      {u"a<b", GENERIC_WRITE, CREATE_NEW, 0, 7, ERROR_INVALID_NAME},
      {u"x", GENERIC_READ, 0, 0, 7, ERROR_INVALID_PARAMETER},
      {u"x", GENERIC_READ, 6, 0, 7, ERROR_INVALID_PARAMETER},
      {u"x", GENERIC_READ, TRUNCATE_EXISTING, 0, 7, ERROR_INVALID_PARAMETER},
  };
  for (const Refusal& each : refusals) {
    EXPECT_EQ(create(each.name, each.access, each.disposition, each.flags, each.share), INVALID_HANDLE_VALUE);
    EXPECT_EQ(last_error(), each.code) << utf8(each.name) << " disposition " << each.disposition;
  }
  close(alone);
  close(create(u"dir", GENERIC_READ, OPEN_EXISTING, FILE_FLAG_BACKUP_SEMANTICS));
}

TEST_F(FileApi, AMissingNameIsAMissingPath) {
  const auto create_file =
      function<HANDLE, const WCHAR*, DWORD, DWORD, const void*, DWORD, DWORD, HANDLE>(kernel32_dll, "CreateFileW");
  for (const char16_t* name : {static_cast<const char16_t*>(nullptr), u""}) {
    EXPECT_EQ(create_file(name, GENERIC_READ, 7, nullptr, OPEN_EXISTING, 0, nullptr), INVALID_HANDLE_VALUE);
    EXPECT_EQ(last_error(), DWORD{ERROR_PATH_NOT_FOUND});
    EXPECT_EQ((function<DWORD, const WCHAR*>(kernel32_dll, "GetFileAttributesW")(name)), INVALID_FILE_ATTRIBUTES);
    EXPECT_EQ(last_error(), DWORD{ERROR_PATH_NOT_FOUND});
  }
}

TEST_F(FileApi, ReadsAndWritesMoveThePosition) {
  const HANDLE file = create(u"a", GENERIC_READ | GENERIC_WRITE, CREATE_NEW);
  EXPECT_TRUE(write(file, "hello world"));
  const auto seek = function<DWORD, HANDLE, LONG, LONG*, DWORD>(kernel32_dll, "SetFilePointer");
  EXPECT_EQ(seek(file, -5, nullptr, FILE_CURRENT), 6U);
  char text[20] = {};
  DWORD count = 0;
  const auto read = function<BOOL, HANDLE, void*, DWORD, DWORD*, OVERLAPPED*>(kernel32_dll, "ReadFile");
  EXPECT_TRUE(read(file, text, sizeof text, &count, nullptr));
  EXPECT_EQ(std::string_view(text, count), "world");
  EXPECT_TRUE(read(file, text, sizeof text, &count, nullptr)) << "the end is no error";
  EXPECT_EQ(count, 0U);
  OVERLAPPED at = {};
  at.Offset = 100;
  EXPECT_FALSE(read(file, text, sizeof text, &count, &at));
  EXPECT_EQ(last_error(), DWORD{ERROR_HANDLE_EOF});
  at.Offset = 6;
  EXPECT_TRUE(read(file, text, 3, &count, &at));
  EXPECT_EQ(std::string_view(text, count), "wor");
  EXPECT_EQ(at.InternalHigh, 3U);
  EXPECT_EQ(seek(file, -1, nullptr, FILE_BEGIN), INVALID_SET_FILE_POINTER);
  EXPECT_EQ(last_error(), DWORD{ERROR_NEGATIVE_SEEK});
  EXPECT_EQ(seek(file, 3, nullptr, FILE_BEGIN), 3U);
  EXPECT_TRUE((function<BOOL, HANDLE>(kernel32_dll, "SetEndOfFile")(file)));
  LARGE_INTEGER size = 0;
  EXPECT_TRUE((function<BOOL, HANDLE, LARGE_INTEGER*>(kernel32_dll, "GetFileSizeEx")(file, &size)));
  EXPECT_EQ(size, 3);
  EXPECT_EQ((function<DWORD, HANDLE>(kernel32_dll, "GetFileType")(file)), FILE_TYPE_DISK);
  close(file);
}

TEST_F(FileApi, DeletesAndRemoves) {
  directory.write("a", "");
  std::filesystem::create_directory(directory.host("dir"));
  directory.write("dir/b", "");
  EXPECT_FALSE(by_name("DeleteFileW", u"dir"));
  EXPECT_EQ(last_error(), DWORD{ERROR_ACCESS_DENIED});
  EXPECT_FALSE(by_name("DeleteFileW", u"missing"));
  EXPECT_EQ(last_error(), DWORD{ERROR_FILE_NOT_FOUND});
  EXPECT_FALSE(by_name("RemoveDirectoryW", u"dir"));
  EXPECT_EQ(last_error(), DWORD{ERROR_DIR_NOT_EMPTY});
  EXPECT_FALSE(by_name("RemoveDirectoryW", u"a"));
  EXPECT_EQ(last_error(), DWORD{ERROR_DIRECTORY});
  EXPECT_TRUE(by_name("DeleteFileW", u"DIR\\B"));
  EXPECT_TRUE(by_name("RemoveDirectoryW", u"dir"));
  EXPECT_TRUE(by_name("DeleteFileW", u"a"));
  EXPECT_FALSE(directory.exists("a") || directory.exists("dir"));
  const auto create_directory = [&](std::u16string_view name) {
    const std::u16string full = directory.windows(name);
    return function<BOOL, const WCHAR*, void*>(kernel32_dll, "CreateDirectoryW")(full.c_str(), nullptr);
  };
  EXPECT_TRUE(create_directory(u"new"));
  EXPECT_FALSE(create_directory(u"NEW"));
  EXPECT_EQ(last_error(), DWORD{ERROR_ALREADY_EXISTS});
  EXPECT_FALSE(create_directory(u"no\\new"));
  EXPECT_EQ(last_error(), DWORD{ERROR_PATH_NOT_FOUND});
}

TEST_F(FileApi, ReadOnlyFilesAreProtected) {
  directory.write("a", "");
  const std::u16string full = directory.windows(u"a");
  const auto set = function<BOOL, const WCHAR*, DWORD>(kernel32_dll, "SetFileAttributesW");
  EXPECT_TRUE(set(full.c_str(), FILE_ATTRIBUTE_READONLY));
  EXPECT_NE(by_name<DWORD>("GetFileAttributesW", u"a") & FILE_ATTRIBUTE_READONLY, 0U);
  EXPECT_FALSE(by_name("DeleteFileW", u"a"));
  EXPECT_EQ(last_error(), DWORD{ERROR_ACCESS_DENIED});
  EXPECT_TRUE(set(full.c_str(), FILE_ATTRIBUTE_NORMAL));
  EXPECT_TRUE(by_name("DeleteFileW", u"a"));
}

TEST_F(FileApi, MovesAndCopies) {
  directory.write("a", "A");
  directory.write("b", "B");
  const std::u16string a = directory.windows(u"a"), b = directory.windows(u"b"), c = directory.windows(u"c");
  const auto move = function<BOOL, const WCHAR*, const WCHAR*, DWORD>(kernel32_dll, "MoveFileExW");
  const auto copy = function<BOOL, const WCHAR*, const WCHAR*, BOOL>(kernel32_dll, "CopyFileW");
  EXPECT_FALSE(move(a.c_str(), b.c_str(), 0));
  EXPECT_EQ(last_error(), DWORD{ERROR_ALREADY_EXISTS});
  EXPECT_FALSE(copy(a.c_str(), b.c_str(), TRUE));
  EXPECT_EQ(last_error(), DWORD{ERROR_FILE_EXISTS});
  EXPECT_FALSE(copy(a.c_str(), a.c_str(), FALSE));
  EXPECT_EQ(last_error(), DWORD{ERROR_SHARING_VIOLATION});
  EXPECT_TRUE(copy(a.c_str(), c.c_str(), TRUE));
  EXPECT_EQ(directory.read("c"), "A");
  // Windows' times count 100 ns.
  const auto difference =
      std::filesystem::last_write_time(directory.host("a")) - std::filesystem::last_write_time(directory.host("c"));
  EXPECT_LT(std::chrono::abs(difference), std::chrono::nanoseconds(100));
  EXPECT_TRUE(move(a.c_str(), b.c_str(), MOVEFILE_REPLACE_EXISTING));
  EXPECT_EQ(directory.read("b"), "A");
  EXPECT_FALSE(directory.exists("a"));
  EXPECT_FALSE(move(a.c_str(), b.c_str(), 0));
  EXPECT_EQ(last_error(), DWORD{ERROR_FILE_NOT_FOUND});
}

TEST_F(FileApi, FindsByWindowsWildcards) {
  for (const char* name : {"one.txt", "Two.TXT", "three", "four.txt.bak"}) directory.write(name, "123");
  const auto find = [&](std::u16string_view pattern) {
    std::vector<std::string> names;
    const std::u16string full = directory.windows(pattern);
    WIN32_FIND_DATAW data;
    const HANDLE search =
        function<HANDLE, const WCHAR*, WIN32_FIND_DATAW*>(kernel32_dll, "FindFirstFileW")(full.c_str(), &data);
    if (search == INVALID_HANDLE_VALUE) return std::vector{std::to_string(last_error())};
    do names.push_back(utf8(data.cFileName));
    while (function<BOOL, HANDLE, WIN32_FIND_DATAW*>(kernel32_dll, "FindNextFileW")(search, &data));
    EXPECT_EQ(last_error(), DWORD{ERROR_NO_MORE_FILES});
    EXPECT_TRUE((function<BOOL, HANDLE>(kernel32_dll, "FindClose")(search)));
    return names;
  };
  using testing::ElementsAre;
  EXPECT_THAT(find(u"*.txt"), ElementsAre("one.txt", "Two.TXT"));
  EXPECT_THAT(find(u"*.*"), ElementsAre(".", "..", "four.txt.bak", "one.txt", "three", "Two.TXT"));
  EXPECT_THAT(find(u"*."), ElementsAre("three"));
  EXPECT_THAT(find(u"THREE"), ElementsAre("three"));
  EXPECT_THAT(find(u"t?o.*"), ElementsAre("Two.TXT"));
  EXPECT_THAT(find(u"none*"), ElementsAre("2"));
  EXPECT_THAT(find(u"no\\*"), ElementsAre("3"));
  EXPECT_THAT(find(u"three\\*"), ElementsAre("267"));
  EXPECT_THAT(find(u""), ElementsAre("2")) << "a name that ends with a backslash";
}

TEST_F(FileApi, FindCloseWantsASearch) {
  const HANDLE file = create(u"a", GENERIC_READ, CREATE_NEW);
  EXPECT_FALSE((function<BOOL, HANDLE>(kernel32_dll, "FindClose")(file)));
  EXPECT_EQ(last_error(), DWORD{ERROR_INVALID_HANDLE});
  EXPECT_FALSE((function<BOOL, HANDLE>(kernel32_dll, "FindClose")(INVALID_HANDLE_VALUE)));
  EXPECT_EQ(last_error(), DWORD{ERROR_INVALID_HANDLE});
  close(file);
}

TEST_F(FileApi, HandlesKnowTheirPathAndFacts) {
  const HANDLE file = create(u"Name", GENERIC_WRITE, CREATE_NEW);
  WCHAR buffer[MAX_PATH];
  const auto final_name = function<DWORD, HANDLE, WCHAR*, DWORD, DWORD>(kernel32_dll, "GetFinalPathNameByHandleW");
  const DWORD length = final_name(file, buffer, MAX_PATH, 0);
  EXPECT_EQ(std::u16string_view(buffer, length), u"\\\\?\\" + directory.windows(u"Name"));
  EXPECT_EQ(final_name(file, buffer, 4, 0), length + 1);
  BY_HANDLE_FILE_INFORMATION info = {};
  EXPECT_TRUE(
      (function<BOOL, HANDLE, BY_HANDLE_FILE_INFORMATION*>(kernel32_dll, "GetFileInformationByHandle")(file, &info)));
  EXPECT_EQ(info.dwFileAttributes, FILE_ATTRIBUTE_ARCHIVE);
  EXPECT_EQ(info.nNumberOfLinks, 1U);
  close(file);
}

TEST_F(FileApi, TemporaryNamesAreCreated) {
  WCHAR name[MAX_PATH];
  const UINT number = function<UINT, const WCHAR*, const WCHAR*, UINT, WCHAR*>(kernel32_dll, "GetTempFileNameW")(
      directory.windows().c_str(), u"pre", 0, name);
  EXPECT_NE(number, 0U);
  EXPECT_EQ((function<DWORD, const WCHAR*>(kernel32_dll, "GetFileAttributesW")(name)), FILE_ATTRIBUTE_ARCHIVE);
}

TEST_F(FileApi, TemporaryNamesStayBelowTheDirectoryAsItWasGiven) {
  const auto temporary = function<UINT, const WCHAR*, const WCHAR*, UINT, WCHAR*>(kernel32_dll, "GetTempFileNameW");
  WCHAR name[MAX_PATH];
  EXPECT_EQ(temporary(u".", u"prefix", 0x1234, name), 0x1234U);
  EXPECT_EQ(std::u16string_view(name), u".\\pre1234.tmp");
  EXPECT_EQ((function<DWORD, const WCHAR*>(kernel32_dll, "GetFileAttributesW")(name)), INVALID_FILE_ATTRIBUTES)
      << "with a number of the caller's no file is made";
  EXPECT_EQ(temporary(directory.windows(u"none").c_str(), u"pre", 0, name), 0U);
  EXPECT_EQ(last_error(), DWORD{ERROR_DIRECTORY});
}

TEST_F(FileApi, ThereIsAVolumeForEachDrive) {
  const auto next = function<BOOL, HANDLE, WCHAR*, DWORD>(kernel32_dll, "FindNextVolumeW");
  WCHAR name[64];
  const HANDLE search = function<HANDLE, WCHAR*, DWORD>(kernel32_dll, "FindFirstVolumeW")(name, 64);
  ASSERT_NE(search, INVALID_HANDLE_VALUE);
  const DWORD drives = function<DWORD>(kernel32_dll, "GetLogicalDrives")();
  DWORD seen = 0;
  do {
    const std::u16string_view volume = name;
    EXPECT_TRUE(volume.starts_with(u"\\\\?\\") && volume.ends_with(u"\\"));
    EXPECT_NE((function<UINT, const WCHAR*>(kernel32_dll, "GetDriveTypeW")(name)), DRIVE_NO_ROOT_DIR);
    ++seen;
  } while (next(search, name, 64));
  EXPECT_EQ(last_error(), DWORD{ERROR_NO_MORE_FILES});
  EXPECT_EQ(seen, static_cast<DWORD>(std::popcount(drives)));
  EXPECT_TRUE((function<BOOL, HANDLE>(kernel32_dll, "FindVolumeClose")(search)));
  EXPECT_EQ((function<HANDLE, WCHAR*, DWORD>(kernel32_dll, "FindFirstVolumeW")(name, 3)), INVALID_HANDLE_VALUE);
  EXPECT_EQ(last_error(), DWORD{ERROR_FILENAME_EXCED_RANGE});
}

TEST_F(FileApi, DrivesHaveSpaceAndAType) {
  ULARGE_INTEGER available = 0, total = 0;
  EXPECT_TRUE((function<BOOL, const WCHAR*, ULARGE_INTEGER*, ULARGE_INTEGER*, ULARGE_INTEGER*>(
      kernel32_dll, "GetDiskFreeSpaceExW")(u"Z:\\", &available, &total, nullptr)));
  EXPECT_GT(total, 0U);
  EXPECT_LE(available, total);
  EXPECT_NE((function<DWORD>(kernel32_dll, "GetLogicalDrives")() & 1U << ('Z' - 'A')), 0U);
  const auto type = function<UINT, const WCHAR*>(kernel32_dll, "GetDriveTypeW");
  EXPECT_NE(type(u"Z:\\"), DRIVE_NO_ROOT_DIR);
  EXPECT_EQ(type(u"Q:\\"), DRIVE_NO_ROOT_DIR);
  EXPECT_EQ(type(u"Z:\\tmp"), DRIVE_NO_ROOT_DIR);
}

}  // namespace
}  // namespace hmodule::winapi

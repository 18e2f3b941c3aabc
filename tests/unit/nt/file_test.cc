#include "nt/file.h"

#include "nt/event.h"
#include "nt/handle_table.h"
#include "nt/io_completion.h"
#include "nt/io_wait.h"
#include "nt/virtual_memory.h"
#include "thread/teb.h"
#include "unit/nt/temporary_directory.h"

#include <gmock/gmock.h>

#include <fcntl.h>
#include <unistd.h>

#include <filesystem>
#include <thread>

namespace hmodule::nt {
namespace {

constexpr ACCESS_MASK kRead = FILE_GENERIC_READ, kWrite = FILE_GENERIC_WRITE;
constexpr ULONG kSync = FILE_SYNCHRONOUS_IO_NONALERT | FILE_NON_DIRECTORY_FILE;

template <typename T>
NTSTATUS status(const Result<T>& result) {
  return result ? STATUS_SUCCESS : result.error().status;
}

// An open handle that closes itself.
class Opened {
 public:
  explicit Opened(Result<OpenedHandle> opened) : opened_(std::move(opened)) {}
  Opened(Opened&& other) noexcept : opened_(std::exchange(other.opened_, OpenedHandle{nullptr, 0})) {}
  ~Opened() { close(); }
  void close() {
    if (!opened_ || opened_->handle == nullptr) return;
    EXPECT_TRUE(handles().close(std::exchange(opened_->handle, nullptr)));
  }
  NTSTATUS status() const { return nt::status(opened_); }
  ULONG information() const { return opened_ ? opened_->information : ~0U; }
  HANDLE get() const { return opened_ ? opened_->handle : nullptr; }
  Ref<File> file() const { return *object_of<File>(get(), 0); }

 private:
  Result<OpenedHandle> opened_;
};

class Files : public testing::Test {
 protected:
  Files() { thread::attach(); }

  Opened open(std::u16string_view name, ACCESS_MASK access, ULONG disposition = FILE_OPEN, ULONG share = 7,
              ULONG options = kSync, ULONG attributes = FILE_ATTRIBUTE_NORMAL) const {
    const std::u16string full = directory.windows(name);
    return Opened(open_file_handle({full, access | SYNCHRONIZE, attributes, share, disposition, options}, 0));
  }
  static Result<NTSTATUS> write(const Opened& file, std::string_view text, const LARGE_INTEGER* offset = nullptr) {
    IO_STATUS_BLOCK block;
    return write_file(file.get(), {.status_block = &block}, text.data(), static_cast<ULONG>(text.size()), offset);
  }
  static Result<std::string> read(const Opened& file, std::size_t size, const LARGE_INTEGER* offset = nullptr) {
    std::string text(size, '\0');
    IO_STATUS_BLOCK block;
    TRY(read_file(file.get(), {.status_block = &block}, text.data(), static_cast<ULONG>(size), offset));
    return text.substr(0, block.Information);
  }
  template <typename T>
  static T query(const Opened& file, FILE_INFORMATION_CLASS what) {
    T value = {};
    EXPECT_TRUE(file.file()->query(what, std::as_writable_bytes(std::span(&value, 1))));
    return value;
  }
  template <typename T>
  static Status set(const Opened& file, FILE_INFORMATION_CLASS what, const T& value) {
    return file.file()->set(what, std::as_bytes(std::span(&value, 1)));
  }
  static Status rename(const Opened& file, const std::u16string& target, bool replace) {
    std::vector<std::byte> buffer(offsetof(FILE_RENAME_INFORMATION, FileName) + target.size() * 2);
    auto* const info = reinterpret_cast<FILE_RENAME_INFORMATION*>(buffer.data());
    info->ReplaceIfExists = replace;
    info->FileNameLength = static_cast<ULONG>(target.size() * 2);
    std::memcpy(info->FileName, target.data(), target.size() * 2);
    return file.file()->set(FileRenameInformation, buffer);
  }

  const TemporaryDirectory directory;
};

TEST_F(Files, ACopyOfAHandleWithFewerRightsHasFewer) {
  const Opened file = open(u"rights.txt", kRead | kWrite, FILE_CREATE);
  EXPECT_TRUE(write(file, "text"));
  const HANDLE copy = *handles().duplicate(file.get(), GENERIC_READ, 0, 0);
  IO_STATUS_BLOCK block;
  EXPECT_EQ(status(write_file(copy, {.status_block = &block}, "x", 1, nullptr)), STATUS_ACCESS_DENIED);
  EXPECT_EQ(status(file_to_write(copy)), STATUS_ACCESS_DENIED);
  char text[8];
  const LARGE_INTEGER start = 0;
  EXPECT_TRUE(read_file(copy, {.status_block = &block}, text, 4, &start));
  EXPECT_TRUE(handles().close(copy));
}

TEST_F(Files, AreCreatedOpenedAndOverwrittenAsTheDispositionSays) {
  EXPECT_EQ(open(u"a", kRead).status(), STATUS_OBJECT_NAME_NOT_FOUND);
  EXPECT_EQ(open(u"no\\a", kRead).status(), STATUS_OBJECT_PATH_NOT_FOUND);
  EXPECT_EQ(open(u"a", kWrite, FILE_OVERWRITE).status(), STATUS_OBJECT_NAME_NOT_FOUND);
  EXPECT_EQ(open(u"a", kWrite, FILE_CREATE).information(), FILE_CREATED);
  EXPECT_EQ(open(u"A", kWrite, FILE_CREATE).status(), STATUS_OBJECT_NAME_COLLISION) << "names differ in case only";
  directory.write("a", "text");
  EXPECT_EQ(open(u"A", kWrite, FILE_OPEN_IF).information(), FILE_OPENED);
  EXPECT_EQ(directory.read("a"), "text");
  EXPECT_EQ(open(u"a", kRead, FILE_OVERWRITE_IF).information(), FILE_OVERWRITTEN) << "even when opened for reading";
  EXPECT_EQ(directory.read("a"), "");
  EXPECT_EQ(open(u"a", kWrite, FILE_SUPERSEDE).information(), FILE_SUPERSEDED);
  EXPECT_EQ(open(u"b", 0, FILE_OPEN_IF).information(), FILE_CREATED) << "without any access";
  EXPECT_EQ(open(u"a", kWrite, 6).status(), STATUS_INVALID_PARAMETER);
}

TEST_F(Files, AndDirectoriesAreNotConfused) {
  directory.write("file", "");
  std::filesystem::create_directory(directory.host("dir"));
  EXPECT_EQ(open(u"dir", kRead).status(), STATUS_FILE_IS_A_DIRECTORY);
  EXPECT_EQ(open(u"file", kRead, FILE_OPEN, 7, FILE_DIRECTORY_FILE).status(), STATUS_NOT_A_DIRECTORY);
  EXPECT_EQ(open(u"dir", kRead, FILE_OPEN, 7, FILE_SYNCHRONOUS_IO_NONALERT).information(), FILE_OPENED);
  EXPECT_EQ(open(u"new", kRead, FILE_CREATE, 7, FILE_DIRECTORY_FILE).information(), FILE_CREATED);
  EXPECT_TRUE(std::filesystem::is_directory(directory.host("new")));
  EXPECT_EQ(open(u"file\\x", kRead).status(), STATUS_OBJECT_PATH_NOT_FOUND);
  EXPECT_EQ(open(u"dir", kWrite, FILE_OVERWRITE_IF, 7, 0).status(), STATUS_OBJECT_NAME_COLLISION);
  EXPECT_EQ(open(u"file\\", kRead).status(), STATUS_OBJECT_NAME_INVALID);
}

std::size_t descriptors() {
  const auto list = std::filesystem::directory_iterator("/proc/self/fd");
  return static_cast<std::size_t>(std::distance(begin(list), end(list)));
}

// A name is opened as it is spelled before anybody has looked what it leads to.
TEST_F(Files, WhatWasOpenedForNothingIsClosedAgain) {
  EXPECT_EQ(open(u"dir", kRead, FILE_CREATE, 7, FILE_DIRECTORY_FILE).status(), STATUS_SUCCESS);
  EXPECT_EQ(open(u"read-only", kWrite, FILE_CREATE, 7, kSync, FILE_ATTRIBUTE_READONLY).status(), STATUS_SUCCESS);
  const Opened alone = open(u"alone", kRead, FILE_CREATE, 0);
  const std::size_t before = descriptors();
  EXPECT_EQ(open(u"dir", kRead).status(), STATUS_FILE_IS_A_DIRECTORY);
  EXPECT_EQ(open(u"DIR", FILE_READ_ATTRIBUTES).status(), STATUS_FILE_IS_A_DIRECTORY);
  EXPECT_EQ(open(u"read-only", kWrite).status(), STATUS_ACCESS_DENIED);
  EXPECT_EQ(open(u"Read-Only", kRead, FILE_OVERWRITE).status(), STATUS_ACCESS_DENIED);
  EXPECT_EQ(open(u"alone", kRead).status(), STATUS_SHARING_VIOLATION);
  EXPECT_EQ(open(u"none", kRead).status(), STATUS_OBJECT_NAME_NOT_FOUND);
  EXPECT_EQ(open(u"READ-ONLY", kRead).status(), STATUS_SUCCESS);
  EXPECT_EQ(descriptors(), before);
}

TEST_F(Files, TheNameAsSpelledComesBeforeOneInAnotherCase) {
  EXPECT_TRUE(write(open(u"Name", kWrite, FILE_CREATE), "folded"));
  EXPECT_EQ(*read(open(u"NAME", kRead), 10), "folded");
  directory.write("NAME", "exact");
  EXPECT_EQ(*read(open(u"NAME", kRead), 10), "exact");
  EXPECT_EQ(*read(open(u"Name", kRead), 10), "folded");
}

TEST_F(Files, HaveOnePositionThatReadsAndWritesMove) {
  const Opened file = open(u"a", kRead | kWrite, FILE_CREATE);
  EXPECT_TRUE(write(file, "hello world"));
  EXPECT_EQ(query<FILE_POSITION_INFORMATION>(file, FilePositionInformation).CurrentByteOffset, 11);
  EXPECT_EQ(status(read(file, 5)), STATUS_END_OF_FILE);
  EXPECT_TRUE(set(file, FilePositionInformation, FILE_POSITION_INFORMATION{6}));
  EXPECT_EQ(*read(file, 100), "world");
  const LARGE_INTEGER start = 0;
  EXPECT_EQ(*read(file, 5, &start), "hello");
  EXPECT_EQ(query<FILE_POSITION_INFORMATION>(file, FilePositionInformation).CurrentByteOffset, 5);
  EXPECT_TRUE(write(file, "!", &FILE_WRITE_TO_END_OF_FILE));
  EXPECT_EQ(directory.read("a"), "hello world!");
  EXPECT_EQ(status(set(file, FilePositionInformation, FILE_POSITION_INFORMATION{-1})), STATUS_INVALID_PARAMETER);
}

TEST_F(Files, AppendWhenThatIsAllTheyMay) {
  directory.write("a", "one");
  const Opened file = open(u"a", FILE_APPEND_DATA);
  const LARGE_INTEGER start = 0;
  EXPECT_TRUE(write(file, "two", &start));
  EXPECT_EQ(directory.read("a"), "onetwo");
  EXPECT_EQ(status(read(file, 1)), STATUS_ACCESS_DENIED);
  EXPECT_EQ(status(write(open(u"a", kRead), "x")), STATUS_ACCESS_DENIED);
}

TEST_F(Files, AreSharedOnlyAsBothOpenersAllow) {
  directory.write("a", "");
  const Opened reader = open(u"a", kRead, FILE_OPEN, FILE_SHARE_READ);
  EXPECT_EQ(reader.status(), STATUS_SUCCESS);
  EXPECT_EQ(open(u"a", kWrite).status(), STATUS_SHARING_VIOLATION);
  EXPECT_EQ(open(u"a", kRead, FILE_OPEN, 0).status(), STATUS_SHARING_VIOLATION);
  EXPECT_EQ(open(u"a", DELETE_ACCESS).status(), STATUS_SHARING_VIOLATION);
  EXPECT_EQ(open(u"a", kRead).status(), STATUS_SUCCESS);
  EXPECT_EQ(open(u"a", FILE_READ_ATTRIBUTES, FILE_OPEN, 0).status(), STATUS_SUCCESS) << "attributes are free";
  EXPECT_EQ(open(u"a", kRead, FILE_OVERWRITE_IF).status(), STATUS_SHARING_VIOLATION);
}

TEST_F(Files, AreFreeAgainWhenTheLastHandleIsClosed) {
  directory.write("a", "");
  Opened alone = open(u"a", kRead, FILE_OPEN, 0);
  const Ref<File> kept = alone.file();
  EXPECT_EQ(open(u"a", kRead).status(), STATUS_SHARING_VIOLATION);
  alone.close();
  EXPECT_EQ(open(u"a", kRead).status(), STATUS_SUCCESS);
}

TEST_F(Files, ReadOnlyMeansNoWritePermission) {
  EXPECT_EQ(open(u"a", kWrite, FILE_CREATE, 7, kSync, FILE_ATTRIBUTE_READONLY).status(), STATUS_SUCCESS)
      << "its creator may write";
  EXPECT_EQ(open(u"a", kWrite).status(), STATUS_ACCESS_DENIED);
  EXPECT_EQ(open(u"a", kWrite, FILE_OVERWRITE_IF).status(), STATUS_ACCESS_DENIED);
  const Opened file = open(u"a", FILE_READ_ATTRIBUTES | FILE_WRITE_ATTRIBUTES | DELETE_ACCESS);
  EXPECT_EQ(query<FILE_BASIC_INFORMATION>(file, FileBasicInformation).FileAttributes,
            FILE_ATTRIBUTE_READONLY | FILE_ATTRIBUTE_ARCHIVE);
  EXPECT_EQ(status(set(file, FileDispositionInformation, FILE_DISPOSITION_INFORMATION{TRUE})), STATUS_CANNOT_DELETE);
  FILE_BASIC_INFORMATION basic = {};
  basic.FileAttributes = FILE_ATTRIBUTE_ARCHIVE;
  EXPECT_TRUE(set(file, FileBasicInformation, basic));
  EXPECT_EQ(open(u"a", kWrite).status(), STATUS_SUCCESS);
}

TEST_F(Files, DisappearAtTheLastCloseAfterADisposition) {
  directory.write("a", "");
  Opened file = open(u"a", DELETE_ACCESS), other = open(u"a", kRead);
  EXPECT_TRUE(set(file, FileDispositionInformation, FILE_DISPOSITION_INFORMATION{TRUE}));
  EXPECT_EQ(open(u"a", kRead).status(), STATUS_DELETE_PENDING);
  file.close();
  EXPECT_TRUE(directory.exists("a"));
  other.close();
  EXPECT_FALSE(directory.exists("a"));
}

TEST_F(Files, DeleteOnCloseIsDone) {
  { const Opened file = open(u"a", kWrite | DELETE_ACCESS, FILE_CREATE, 7, kSync | FILE_DELETE_ON_CLOSE); }
  EXPECT_FALSE(directory.exists("a"));
  EXPECT_EQ(open(u"a", kWrite, FILE_CREATE, 7, kSync | FILE_DELETE_ON_CLOSE).status(), STATUS_INVALID_PARAMETER);
}

TEST_F(Files, ADirectoryWithFilesCannotBeDeleted) {
  std::filesystem::create_directory(directory.host("dir"));
  directory.write("dir/a", "");
  const Opened dir = open(u"dir", DELETE_ACCESS, FILE_OPEN, 7, FILE_DIRECTORY_FILE);
  EXPECT_EQ(status(set(dir, FileDispositionInformation, FILE_DISPOSITION_INFORMATION{TRUE})),
            STATUS_DIRECTORY_NOT_EMPTY);
}

TEST_F(Files, AreRenamed) {
  directory.write("a", "A");
  directory.write("b", "B");
  const Opened file = open(u"a", DELETE_ACCESS);
  EXPECT_EQ(status(rename(file, directory.windows(u"B"), false)), STATUS_OBJECT_NAME_COLLISION);
  EXPECT_EQ(status(rename(file, directory.windows(u"no\\a"), true)), STATUS_OBJECT_PATH_NOT_FOUND);
  EXPECT_TRUE(rename(file, directory.windows(u"c"), false));
  EXPECT_TRUE(rename(file, u"\\??\\" + directory.windows(u"C"), false)) << "another case of its own name";
  EXPECT_TRUE(directory.exists("C") && !directory.exists("c") && !directory.exists("a"));
  EXPECT_TRUE(rename(file, u"b", true)) << "beside itself, replacing";
  EXPECT_EQ(directory.read("b"), "A");
}

TEST_F(Files, KnowTheirFacts) {
  directory.write("a", "12345");
  const Opened file = open(u"a", kRead | FILE_WRITE_ATTRIBUTES);
  const auto standard = query<FILE_STANDARD_INFORMATION>(file, FileStandardInformation);
  EXPECT_EQ(standard.EndOfFile, 5);
  EXPECT_EQ(standard.NumberOfLinks, 1U);
  EXPECT_FALSE(standard.Directory);
  FILE_BASIC_INFORMATION basic = {};
  basic.LastWriteTime = 132'000'000'000'000'000;
  EXPECT_TRUE(set(file, FileBasicInformation, basic));
  EXPECT_EQ(query<FILE_BASIC_INFORMATION>(file, FileBasicInformation).LastWriteTime, basic.LastWriteTime);
  FILE_BASIC_INFORMATION small;
  EXPECT_EQ(status(file.file()->query(FileBasicInformation, std::as_writable_bytes(std::span(&small, 1)).first(39))),
            STATUS_INFO_LENGTH_MISMATCH);
  EXPECT_EQ(status(file.file()->query(static_cast<FILE_INFORMATION_CLASS>(999), {})), STATUS_INVALID_INFO_CLASS);
}

TEST_F(Files, LockedBytesAreOthersToLeaveAlone) {
  directory.write("a", "0123456789");
  const Opened mine = open(u"a", kRead | kWrite), other = open(u"a", kRead | kWrite);
  EXPECT_TRUE(mine.file()->lock(2, 3, true, nullptr));
  EXPECT_EQ(status(other.file()->lock(4, 1, false, nullptr)), STATUS_LOCK_NOT_GRANTED);
  EXPECT_EQ(status(mine.file()->lock(2, 1, true, nullptr)), STATUS_LOCK_NOT_GRANTED) << "not even its owner";
  const LARGE_INTEGER at = 3;
  EXPECT_EQ(status(read(other, 1, &at)), STATUS_FILE_LOCK_CONFLICT);
  EXPECT_EQ(*read(mine, 1, &at), "3");
  EXPECT_EQ(status(mine.file()->unlock(2, 2)), STATUS_RANGE_NOT_LOCKED);
  EXPECT_TRUE(mine.file()->unlock(2, 3));
  EXPECT_TRUE(other.file()->lock(0, UINT64_MAX, false, nullptr));
  EXPECT_TRUE(mine.file()->lock(0, 5, false, nullptr)) << "shared locks stand beside each other";
  EXPECT_EQ(status(write(mine, "x", &at)), STATUS_FILE_LOCK_CONFLICT);
  EXPECT_EQ(*read(mine, 1, &at), "3");
  EXPECT_EQ(status(mine.file()->lock(5, UINT64_MAX, false, nullptr)), STATUS_INVALID_LOCK_RANGE);
}

// What a process that opened the file for itself would find locked.
short host_lock_of(const std::string& path, off_t start) {
  const int descriptor = ::open(path.c_str(), O_RDWR | O_CLOEXEC);
  struct flock lock = {};
  lock.l_type = F_WRLCK;
  lock.l_start = start;
  lock.l_len = 1;
  EXPECT_EQ(::fcntl(descriptor, F_OFD_GETLK, &lock), 0);
  ::close(descriptor);
  return lock.l_type;
}

// LMDB's way from the one to the other: nobody gets between them.
TEST_F(Files, AnExclusiveLockBecomesASharedOne) {
  directory.write("a", "0123456789");
  const Opened mine = open(u"a", kRead | kWrite), other = open(u"a", kRead | kWrite);
  ASSERT_TRUE(mine.file()->lock(0, 4, true, nullptr));
  ASSERT_TRUE(mine.file()->lock(0, 4, false, nullptr));
  EXPECT_EQ(host_lock_of(directory.host("a"), 3), F_WRLCK);
  EXPECT_EQ(status(other.file()->lock(0, 1, false, nullptr)), STATUS_LOCK_NOT_GRANTED);
  EXPECT_TRUE(mine.file()->unlock(0, 4));
  EXPECT_EQ(host_lock_of(directory.host("a"), 3), F_RDLCK);
  EXPECT_TRUE(other.file()->lock(0, 1, false, nullptr));
  EXPECT_EQ(status(other.file()->lock(2, 1, true, nullptr)), STATUS_LOCK_NOT_GRANTED);
  EXPECT_TRUE(mine.file()->unlock(0, 4));
  EXPECT_EQ(host_lock_of(directory.host("a"), 3), F_UNLCK);
  EXPECT_EQ(host_lock_of(directory.host("a"), 0), F_RDLCK);
  EXPECT_EQ(status(mine.file()->unlock(0, 4)), STATUS_RANGE_NOT_LOCKED);
  EXPECT_TRUE(other.file()->lock(2, 1, true, nullptr));
}

TEST_F(Files, ALockIsWaitedFor) {
  directory.write("a", "0123456789");
  Opened mine = open(u"a", kRead);
  const Opened other = open(u"a", kRead);
  EXPECT_TRUE(mine.file()->lock(0, 1, true, nullptr));
  std::thread waiter([&] {
    const IoWait wait(nullptr);
    EXPECT_TRUE(other.file()->lock(0, 1, true, &wait));
  });
  mine.close();
  waiter.join();
}

TEST_F(Files, OverlappedOnesNeedAnOffsetAndTellTheirPort) {
  directory.write("a", "0123456789");
  const Opened file = open(u"a", kRead, FILE_OPEN, 7, FILE_NON_DIRECTORY_FILE);
  EXPECT_EQ(status(read(file, 1)), STATUS_INVALID_PARAMETER);
  const Ref<IoCompletion> port = make_object<IoCompletion>();
  EXPECT_TRUE(file.file()->attach_completion_port(*port, 7));
  EXPECT_EQ(status(file.file()->attach_completion_port(*port, 8)), STATUS_INVALID_PARAMETER);

  const Ref<Event> event = make_object<Event>(Event::Kind::notification, false);
  const HANDLE event_handle = *handle_for(event, EVENT_ALL_ACCESS);
  char text[4];
  IO_STATUS_BLOCK block = {};
  const LARGE_INTEGER at = 8;
  const IoTarget target = {.event = event_handle, .context = &block, .status_block = &block};
  EXPECT_EQ(*read_file(file.get(), target, text, 4, &at), STATUS_SUCCESS);
  EXPECT_EQ(block.Information, 2U);
  EXPECT_TRUE(event->is_set());
  std::vector<CompletionPacket> packets;
  EXPECT_EQ(port->remove(packets, 4, false, 0), STATUS_SUCCESS);
  ASSERT_EQ(packets.size(), 1U);
  EXPECT_EQ(packets[0].key, 7U);
  EXPECT_EQ(packets[0].value, reinterpret_cast<ULONG_PTR>(&block));
  EXPECT_EQ(packets[0].information, 2U);
  EXPECT_TRUE(handles().close(event_handle));
}

TEST_F(Files, DirectoriesAreListedInPieces) {
  for (const char* name : {"b.txt", "A.txt", "c.dat"}) directory.write(name, "x");
  const Opened dir(open_file_handle({directory.windows(), FILE_LIST_DIRECTORY | SYNCHRONIZE, 0, 7, FILE_OPEN,
                                     FILE_DIRECTORY_FILE | FILE_SYNCHRONOUS_IO_NONALERT},
                                    0));
  ASSERT_EQ(dir.status(), STATUS_SUCCESS);
  alignas(8) std::byte buffer[4096];
  std::vector<std::u16string> names;
  const auto ask = [&](bool single, bool restart) {
    return dir.file()->query_directory(FileBothDirectoryInformation, buffer, single, u"*", restart);
  };
  ASSERT_TRUE(ask(false, false));
  for (const std::byte* at = buffer;;) {
    const auto* const entry = reinterpret_cast<const FILE_BOTH_DIR_INFORMATION*>(at);
    names.emplace_back(entry->FileName, entry->FileNameLength / 2);
    if (entry->NextEntryOffset == 0) break;
    at += entry->NextEntryOffset;
  }
  EXPECT_THAT(names, testing::ElementsAre(u".", u"..", u"A.txt", u"b.txt", u"c.dat"));
  EXPECT_EQ(status(ask(false, false)), STATUS_NO_MORE_FILES);
  EXPECT_TRUE(ask(true, true));
  const Opened again(open_file_handle({directory.windows(), FILE_LIST_DIRECTORY, 0, 7, FILE_OPEN, 1}, 0));
  EXPECT_EQ(status(again.file()->query_directory(FileNamesInformation, buffer, false, u"nothing*", false)),
            STATUS_NO_SUCH_FILE);
  EXPECT_EQ(status(again.file()->query_directory(FileBasicInformation, buffer, false, u"*", true)),
            STATUS_INVALID_INFO_CLASS);
}

TEST_F(Files, SymbolicLinksAreFollowedUnlessAskedFor) {
  directory.write("target", "12345");
  std::filesystem::create_symlink("target", directory.host("link"));
  std::filesystem::create_symlink("nowhere", directory.host("dangling"));
  EXPECT_EQ(query<FILE_STANDARD_INFORMATION>(open(u"link", kRead), FileStandardInformation).EndOfFile, 5);
  EXPECT_EQ(open(u"dangling", kRead).status(), STATUS_OBJECT_NAME_NOT_FOUND);
  const Opened link = open(u"link", FILE_READ_ATTRIBUTES | DELETE_ACCESS, FILE_OPEN, 7,
                           FILE_OPEN_REPARSE_POINT | FILE_SYNCHRONOUS_IO_NONALERT);
  const auto tag = query<FILE_ATTRIBUTE_TAG_INFORMATION>(link, FileAttributeTagInformation);
  EXPECT_EQ(tag.FileAttributes, FILE_ATTRIBUTE_REPARSE_POINT);
  EXPECT_EQ(tag.ReparseTag, IO_REPARSE_TAG_SYMLINK);
  alignas(8) std::byte buffer[512];
  ASSERT_TRUE(control_file(link.get(), {}, FSCTL_GET_REPARSE_POINT, {}, buffer));
  const auto* const reparse = reinterpret_cast<const SYMBOLIC_LINK_REPARSE_BUFFER*>(buffer);
  EXPECT_EQ(std::u16string_view(reparse->PathBuffer + reparse->PrintNameOffset / 2, reparse->PrintNameLength / 2),
            u"target");
}

TEST_F(Files, DevicesHaveNames) {
  const Opened null(open_file_handle({u"\\\\.\\NUL", kRead | kWrite, 0, 7, FILE_OPEN, kSync}, 0));
  ASSERT_EQ(null.status(), STATUS_SUCCESS);
  EXPECT_TRUE(write(null, "gone"));
  EXPECT_EQ(status(read(null, 1)), STATUS_END_OF_FILE);
  EXPECT_EQ(Opened(open_file_handle({u"\\\\.\\NoSuchDevice", kRead, 0, 7, FILE_OPEN, 0}, 0)).status(),
            STATUS_OBJECT_NAME_NOT_FOUND);
}

TEST_F(Files, TellOfChangesInADirectory) {
  const Opened dir(open_file_handle({directory.windows(), FILE_LIST_DIRECTORY | SYNCHRONIZE, 0, 7, FILE_OPEN, 1}, 0));
  alignas(8) std::byte buffer[512];
  IO_STATUS_BLOCK block = {.Status = STATUS_PENDING, .Information = 0};
  const Result<NTSTATUS> pending = run_io(
      dir.get(), FILE_LIST_DIRECTORY, {.status_block = &block},
      [&](File& file, IoNotice& notice) { return file.watch(buffer, FILE_NOTIFY_CHANGE_FILE_NAME, false, notice); });
  ASSERT_TRUE(pending);
  EXPECT_EQ(*pending, STATUS_PENDING);
  directory.write("new", "");
  EXPECT_EQ(wait_one(*dir.file(), false, std::nullopt), STATUS_SUCCESS);
  EXPECT_EQ(block.Status, STATUS_SUCCESS);
  const auto* const change = reinterpret_cast<const FILE_NOTIFY_INFORMATION*>(buffer);
  EXPECT_EQ(change->Action, FILE_ACTION_ADDED);
  EXPECT_EQ(std::u16string_view(change->FileName, change->FileNameLength / 2), u"new");
}

TEST_F(Files, TransferTouchesAGuardPageAsCodeDoes) {
  const Opened file = open(u"guarded", kRead | kWrite, FILE_CREATE);
  ASSERT_TRUE(write(file, "content"));
  const auto page = virtual_memory().allocate(
      {.size = kPageSize, .type = MEM_RESERVE | MEM_COMMIT, .protect = PAGE_READWRITE | PAGE_GUARD});
  ASSERT_TRUE(page);
  const auto read_into_page = [&] {
    IO_STATUS_BLOCK block;
    const LARGE_INTEGER start{};
    return status(read_file(file.get(), {.status_block = &block}, reinterpret_cast<void*>(page->start + 8), 7, &start));
  };
  EXPECT_EQ(read_into_page(), STATUS_GUARD_PAGE_VIOLATION);
  EXPECT_EQ(read_into_page(), STATUS_SUCCESS);
  EXPECT_EQ(std::memcmp(reinterpret_cast<const void*>(page->start + 8), "content", 7), 0);
  ASSERT_TRUE(virtual_memory().free(page->start, 0, MEM_RELEASE));
}

}  // namespace
}  // namespace hmodule::nt

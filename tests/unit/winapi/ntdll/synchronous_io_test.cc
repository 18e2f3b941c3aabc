// NtCancelSynchronousIoFile: every operation that blocks its thread ends with STATUS_CANCELLED.
#include "nt/handle_table.h"
#include "nt/host_file.h"
#include "nt/mailslot.h"
#include "nt/named_pipe.h"
#include "unit/nt/helper_thread.h"
#include "unit/nt/temporary_directory.h"
#include "unit/winapi/process.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <optional>
#include <vector>

namespace hmodule::winapi {
namespace {

using nt::Ref;

template <typename... Args>
NTSTATUS status(std::string_view name, Args... args) {
  return function<NTSTATUS, Args...>(ntdll_dll, name)(args...);
}

HANDLE handle_of(Ref<nt::File> file) {
  const ACCESS_MASK access = file->access();
  return *nt::handle_for(std::move(file), access);
}

NTSTATUS read(HANDLE file, std::span<std::byte> buffer, IO_STATUS_BLOCK& block) {
  return status("NtReadFile", file, HANDLE{}, static_cast<void*>(nullptr), static_cast<void*>(nullptr), &block,
                buffer.data(), static_cast<ULONG>(buffer.size()), static_cast<LARGE_INTEGER*>(nullptr),
                static_cast<ULONG*>(nullptr));
}
NTSTATUS write(HANDLE file, std::span<const std::byte> data, IO_STATUS_BLOCK& block) {
  return status("NtWriteFile", file, HANDLE{}, static_cast<void*>(nullptr), static_cast<void*>(nullptr), &block,
                data.data(), static_cast<ULONG>(data.size()), static_cast<LARGE_INTEGER*>(nullptr),
                static_cast<ULONG*>(nullptr));
}

// A thread that does `operation`, and its handle.
class Blocked {
 public:
  template <typename Operation>
  explicit Blocked(Operation operation)
      : thread_([this, operation] {
          self_ = Ref<nt::Thread>::share(nt::current_thread());
          ready_ = true;
          ended_ = operation();
        }) {
    process();
    while (!ready_) std::this_thread::yield();
    handle_ = *nt::handle_for(self_, nt::THREAD_ALL_ACCESS);
  }
  ~Blocked() { status("NtClose", handle_); }

  NTSTATUS try_cancel(const IO_STATUS_BLOCK* operation = nullptr) const {
    IO_STATUS_BLOCK block = {};
    return status("NtCancelSynchronousIoFile", handle_, operation, &block);
  }
  // As soon as it blocks.
  NTSTATUS cancel(const IO_STATUS_BLOCK* operation = nullptr) {
    NTSTATUS cancelled;
    while ((cancelled = try_cancel(operation)) == STATUS_NOT_FOUND) std::this_thread::sleep_for(kPause);
    return cancelled;
  }
  NTSTATUS end() {
    while (ended_ == kGoesOn) std::this_thread::sleep_for(kPause);
    return ended_;
  }
  static constexpr std::chrono::milliseconds kPause{1};
  static constexpr NTSTATUS kGoesOn = -1;

 private:
  Ref<nt::Thread> self_;
  std::atomic<bool> ready_{false};
  std::atomic<NTSTATUS> ended_{kGoesOn};
  HANDLE handle_ = nullptr;
  nt::Helper thread_;
};

// --- pipes of the host ---

class SynchronousIo : public testing::Test {
 protected:
  SynchronousIo() { process(); }
};

class HostPipes : public SynchronousIo {
 protected:
  HostPipes() {
    EXPECT_EQ(::pipe2(ends_, O_CLOEXEC), 0);
    reader_ = handle_of(*nt::HostFile::wrap(ends_[0], nt::HostFile::Ownership::owned, FILE_GENERIC_READ));
    writer_ = handle_of(*nt::HostFile::wrap(ends_[1], nt::HostFile::Ownership::owned, FILE_GENERIC_WRITE));
  }
  ~HostPipes() override {
    status("NtClose", reader_);
    status("NtClose", writer_);
  }
  int ends_[2];
  HANDLE reader_, writer_;
};

TEST_F(HostPipes, AReadIsCancelled) {
  std::byte buffer[4];
  IO_STATUS_BLOCK block;
  Blocked thread([&] { return read(reader_, buffer, block); });
  EXPECT_EQ(thread.cancel(), STATUS_SUCCESS);
  EXPECT_EQ(thread.end(), STATUS_CANCELLED);
  EXPECT_EQ(thread.try_cancel(), STATUS_NOT_FOUND) << "it is over";

  const std::byte data[4] = {};
  EXPECT_EQ(write(writer_, data, block), STATUS_SUCCESS);
  EXPECT_EQ(read(reader_, buffer, block), STATUS_SUCCESS) << "the pipe still works";
}

TEST_F(HostPipes, AReadOfANonBlockingDescriptorIsCancelled) {
  ::fcntl(ends_[0], F_SETFL, O_NONBLOCK);
  std::byte buffer[4];
  IO_STATUS_BLOCK block;
  Blocked thread([&] { return read(reader_, buffer, block); });
  EXPECT_EQ(thread.cancel(), STATUS_SUCCESS);
  EXPECT_EQ(thread.end(), STATUS_CANCELLED);
}

TEST_F(HostPipes, AWriteIsCancelled) {
  const std::vector<std::byte> filling(static_cast<std::size_t>(::fcntl(ends_[1], F_GETPIPE_SZ)));
  IO_STATUS_BLOCK block;
  EXPECT_EQ(write(writer_, filling, block), STATUS_SUCCESS);
  Blocked thread([&] { return write(writer_, std::span(filling).first(1), block); });
  EXPECT_EQ(thread.cancel(), STATUS_SUCCESS);
  EXPECT_EQ(thread.end(), STATUS_CANCELLED);
}

TEST_F(HostPipes, OnlyTheOperationThatWasNamedIsCancelled) {
  std::byte buffer[4];
  IO_STATUS_BLOCK block, other;
  Blocked thread([&] { return read(reader_, buffer, block); });
  EXPECT_EQ(thread.cancel(&block), STATUS_SUCCESS);
  EXPECT_EQ(thread.end(), STATUS_CANCELLED);

  Blocked again([&] { return read(reader_, buffer, block); });
  std::this_thread::sleep_for(10 * Blocked::kPause);
  EXPECT_EQ(again.try_cancel(&other), STATUS_NOT_FOUND);
  EXPECT_EQ(again.cancel(), STATUS_SUCCESS);
  EXPECT_EQ(again.end(), STATUS_CANCELLED);
}

// Wherever the signal finds the thread: before its system call, in it, or after it.
TEST_F(HostPipes, NoCancellationIsLost) {
  constexpr int kTimes = 300;
  std::atomic<int> cancelled{0};
  Blocked thread([&] {
    for (int i = 0; i < kTimes; ++i) {
      std::byte buffer[4];
      IO_STATUS_BLOCK block;
      if (read(reader_, buffer, block) == STATUS_CANCELLED) ++cancelled;
    }
    return STATUS_SUCCESS;
  });
  while (cancelled != kTimes) thread.try_cancel();
  EXPECT_EQ(thread.end(), STATUS_SUCCESS);
}

// --- named pipes ---

class NamedPipes : public SynchronousIo {
 protected:
  NamedPipes() {
    server_ = handle_of(*nt::create_pipe({.name = u"hm_cancelled",
                                          .access = FILE_GENERIC_READ | FILE_GENERIC_WRITE,
                                          .share = FILE_SHARE_READ | FILE_SHARE_WRITE,
                                          .options = FILE_SYNCHRONOUS_IO_NONALERT,
                                          .maximum_instances = 1,
                                          .inbound_quota = 16,
                                          .outbound_quota = 16}));
  }
  ~NamedPipes() override {
    status("NtClose", server_);
    if (client_ != nullptr) status("NtClose", client_);
  }
  void connect() {
    client_ = nt::open_file_handle({.name = u"\\\\.\\pipe\\hm_cancelled",
                                    .access = FILE_GENERIC_READ | FILE_GENERIC_WRITE,
                                    .options = FILE_SYNCHRONOUS_IO_NONALERT},
                                   0)
                  ->handle;
  }
  static NTSTATUS control(HANDLE pipe, ULONG code) {
    IO_STATUS_BLOCK block;
    return status("NtFsControlFile", pipe, HANDLE{}, static_cast<void*>(nullptr), static_cast<void*>(nullptr), &block,
                  code, static_cast<void*>(nullptr), ULONG{0}, static_cast<void*>(nullptr), ULONG{0});
  }
  HANDLE server_, client_ = nullptr;
};

TEST_F(NamedPipes, TheWaitForAClientIsCancelled) {
  Blocked thread([&] { return control(server_, FSCTL_PIPE_LISTEN); });
  EXPECT_EQ(thread.cancel(), STATUS_SUCCESS);
  EXPECT_EQ(thread.end(), STATUS_CANCELLED);
  connect();
  EXPECT_EQ(control(server_, FSCTL_PIPE_LISTEN), STATUS_PIPE_CONNECTED) << "a client can come afterwards";
}

TEST_F(NamedPipes, AReadIsCancelled) {
  connect();
  std::byte buffer[4];
  IO_STATUS_BLOCK block;
  Blocked thread([&] { return read(client_, buffer, block); });
  EXPECT_EQ(thread.cancel(&block), STATUS_SUCCESS);
  EXPECT_EQ(thread.end(), STATUS_CANCELLED);
}

TEST_F(NamedPipes, AWriteIsCancelledAndTakenBack) {
  connect();
  const std::byte first[16] = {}, second[16] = {};
  IO_STATUS_BLOCK block;
  EXPECT_EQ(write(client_, first, block), STATUS_SUCCESS);
  IO_STATUS_BLOCK blocked;
  Blocked thread([&] { return write(client_, second, blocked); });
  EXPECT_EQ(thread.cancel(&blocked), STATUS_SUCCESS);
  EXPECT_EQ(thread.end(), STATUS_CANCELLED);
  std::byte buffer[64];
  EXPECT_EQ(read(server_, buffer, block), STATUS_SUCCESS);
  EXPECT_EQ(block.Information, sizeof first);
}

TEST_F(NamedPipes, AFlushIsCancelled) {
  connect();
  const std::byte data[4] = {};
  IO_STATUS_BLOCK block;
  EXPECT_EQ(write(client_, data, block), STATUS_SUCCESS);
  IO_STATUS_BLOCK flushed;
  Blocked thread([&] { return status("NtFlushBuffersFile", client_, &flushed); });
  EXPECT_EQ(thread.cancel(), STATUS_SUCCESS);
  EXPECT_EQ(thread.end(), STATUS_CANCELLED);
}

// --- others ---

TEST_F(SynchronousIo, TheWaitForALockIsCancelled) {
  const TemporaryDirectory directory;
  directory.write("a", "0123456789");
  const auto open = [&] {
    return nt::open_file_handle({.name = directory.windows(u"a"),
                                 .access = FILE_GENERIC_READ | FILE_GENERIC_WRITE,
                                 .share = FILE_SHARE_READ | FILE_SHARE_WRITE,
                                 .options = FILE_SYNCHRONOUS_IO_NONALERT},
                                0)
        ->handle;
  };
  const HANDLE mine = open(), other = open();
  const LARGE_INTEGER offset = 0, length = 1;
  const auto lock = [&](HANDLE file) {
    IO_STATUS_BLOCK block;
    return status("NtLockFile", file, HANDLE{}, static_cast<void*>(nullptr), static_cast<void*>(nullptr), &block,
                  &offset, &length, static_cast<ULONG*>(nullptr), BOOLEAN{FALSE}, BOOLEAN{TRUE});
  };
  EXPECT_EQ(lock(mine), STATUS_SUCCESS);
  Blocked thread([&] { return lock(other); });
  EXPECT_EQ(thread.cancel(), STATUS_SUCCESS);
  EXPECT_EQ(thread.end(), STATUS_CANCELLED);
  IO_STATUS_BLOCK block;
  EXPECT_EQ(status("NtUnlockFile", mine, &block, &offset, &length, static_cast<ULONG*>(nullptr)), STATUS_SUCCESS);
  EXPECT_EQ(lock(other), STATUS_SUCCESS) << "it did not get it before";
  status("NtClose", mine);
  status("NtClose", other);
}

TEST_F(SynchronousIo, AReadOfAMailslotIsCancelled) {
  const HANDLE slot = handle_of(
      *nt::create_mailslot({.name = u"hm_cancelled", .maximum_message = 0, .read_timeout = nt::kMailslotWaitForever}));
  const auto read_file = function<BOOL, HANDLE, void*, DWORD, DWORD*, void*>(kernel32_dll, "ReadFile");
  Blocked thread([&]() -> NTSTATUS {
    char buffer[4];
    DWORD count = 0;
    EXPECT_FALSE(read_file(slot, buffer, 4, &count, nullptr));
    EXPECT_EQ(thread::last_error(), DWORD{ERROR_OPERATION_ABORTED});
    return STATUS_CANCELLED;
  });
  EXPECT_EQ(thread.cancel(), STATUS_SUCCESS);
  EXPECT_EQ(thread.end(), STATUS_CANCELLED);
  status("NtClose", slot);
}

TEST_F(SynchronousIo, AThreadThatWaitsForSomethingElseHasNone) {
  const auto gate = nt::make_object<nt::Event>(nt::Event::Kind::notification, false);
  Blocked thread([&] { return nt::wait_one(*gate, false, std::nullopt); });
  std::this_thread::sleep_for(10 * Blocked::kPause);
  EXPECT_EQ(thread.try_cancel(), STATUS_NOT_FOUND);
  const auto cancel = function<BOOL, HANDLE>(kernel32_dll, "CancelSynchronousIo");
  EXPECT_FALSE(cancel(nt::current_thread_handle()));
  EXPECT_EQ(thread::last_error(), DWORD{ERROR_NOT_FOUND});
  gate->set();
  EXPECT_EQ(thread.end(), STATUS_SUCCESS);
}

TEST_F(SynchronousIo, TheHandleMustBeAThreadsAndGrantTermination) {
  IO_STATUS_BLOCK block;
  const HANDLE weak = *nt::handle_for(Ref<nt::Thread>::share(nt::current_thread()), nt::THREAD_QUERY_INFORMATION);
  EXPECT_EQ(status("NtCancelSynchronousIoFile", weak, static_cast<IO_STATUS_BLOCK*>(nullptr), &block),
            STATUS_ACCESS_DENIED);
  EXPECT_EQ(status("NtCancelSynchronousIoFile", HANDLE{}, static_cast<IO_STATUS_BLOCK*>(nullptr), &block),
            STATUS_INVALID_HANDLE);
  status("NtClose", weak);
}

}  // namespace
}  // namespace hmodule::winapi

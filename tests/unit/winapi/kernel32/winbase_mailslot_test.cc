#include "nt/handle_table.h"
#include "unit/winapi/process.h"
#include "win/fileapi.h"

#include <thread>

namespace hmodule::winapi {
namespace {

template <typename R, typename... Args>
Function<R, Args...> k32(std::string_view name) {
  return function<R, Args...>(kernel32_dll, name);
}

class Mailslots : public testing::Test {
 protected:
  Mailslots() { process(); }
  static constexpr const char16_t* kName = u"\\\\.\\mailslot\\hmodule\\test";

  static HANDLE server(DWORD maximum = 0, DWORD timeout = 0, const WCHAR* name = kName) {
    return k32<HANDLE, const WCHAR*, DWORD, DWORD, const void*>("CreateMailslotW")(name, maximum, timeout, nullptr);
  }
  static HANDLE client(DWORD share = FILE_SHARE_READ, const WCHAR* name = kName) {
    return k32<HANDLE, const WCHAR*, DWORD, DWORD, const void*, DWORD, DWORD, HANDLE>("CreateFileW")(
        name, GENERIC_WRITE, share, nullptr, OPEN_EXISTING, 0, nullptr);
  }
  static BOOL write(HANDLE handle, std::string_view text) {
    DWORD written = 0;
    const BOOL done = k32<BOOL, HANDLE, const void*, DWORD, DWORD*, OVERLAPPED*>("WriteFile")(
        handle, text.data(), static_cast<DWORD>(text.size()), &written, nullptr);
    EXPECT_EQ(written, done ? text.size() : 0U);
    return done;
  }
  // The message, or the error.
  static std::string read(HANDLE slot, DWORD size = 100) {
    std::string text(size, '\0');
    DWORD count = 0;
    const BOOL done =
        k32<BOOL, HANDLE, void*, DWORD, DWORD*, OVERLAPPED*>("ReadFile")(slot, text.data(), size, &count, nullptr);
    return done ? text.substr(0, count) : "#" + std::to_string(thread::last_error());
  }
  struct Info {
    DWORD maximum, next, count, timeout;
    bool operator==(const Info&) const = default;
  };
  static Info info(HANDLE slot) {
    Info got = {};
    EXPECT_TRUE((k32<BOOL, HANDLE, DWORD*, DWORD*, DWORD*, DWORD*>("GetMailslotInfo")(slot, &got.maximum, &got.next,
                                                                                      &got.count, &got.timeout)));
    return got;
  }
  static void close(HANDLE handle) { EXPECT_TRUE(nt::handles().close(handle)); }
};

TEST_F(Mailslots, KeepMessagesApartAndCountThem) {
  const HANDLE slot = server(100);
  ASSERT_NE(slot, INVALID_HANDLE_VALUE);
  EXPECT_EQ(info(slot), (Info{100, MAILSLOT_NO_MESSAGE, 0, 0}));
  const HANDLE one = client(), other = client(FILE_SHARE_READ | FILE_SHARE_WRITE);
  EXPECT_TRUE(write(one, "first"));
  EXPECT_TRUE(write(other, ""));
  EXPECT_TRUE(write(one, "third"));
  EXPECT_EQ(info(slot), (Info{100, 5, 3, 0}));
  EXPECT_EQ(read(slot, 4), "#" + std::to_string(ERROR_INSUFFICIENT_BUFFER)) << "and the message stays";
  EXPECT_EQ(read(slot), "first");
  EXPECT_EQ(info(slot), (Info{100, 0, 2, 0}));
  EXPECT_EQ(read(slot), "");
  EXPECT_EQ(read(slot), "third");
  EXPECT_EQ(read(slot), "#" + std::to_string(ERROR_SEM_TIMEOUT));
  EXPECT_FALSE(write(one, std::string(101, 'x')));
  EXPECT_EQ(thread::last_error(), DWORD{ERROR_INVALID_PARAMETER});
  EXPECT_FALSE(write(slot, "x")) << "the server's end is for reading";
  EXPECT_EQ(thread::last_error(), DWORD{ERROR_ACCESS_DENIED});
  close(slot);
  EXPECT_FALSE(write(one, "x"));
  EXPECT_EQ(thread::last_error(), DWORD{ERROR_HANDLE_EOF});
  close(one);
  close(other);
}

TEST_F(Mailslots, HaveOneServerAndGoWithIt) {
  EXPECT_EQ(client(), INVALID_HANDLE_VALUE);
  EXPECT_EQ(thread::last_error(), DWORD{ERROR_FILE_NOT_FOUND});
  const HANDLE slot = server();
  EXPECT_EQ(server(0, 0, u"\\\\.\\MAILSLOT\\HModule\\TEST"), INVALID_HANDLE_VALUE);
  EXPECT_EQ(thread::last_error(), DWORD{ERROR_ALREADY_EXISTS});
  EXPECT_EQ(client(0), INVALID_HANDLE_VALUE);
  EXPECT_EQ(thread::last_error(), DWORD{ERROR_SHARING_VIOLATION});
  EXPECT_EQ(server(0, 0, u"\\\\.\\pipe\\x"), INVALID_HANDLE_VALUE);
  EXPECT_EQ(thread::last_error(), DWORD{ERROR_INVALID_NAME});
  close(slot);
  EXPECT_EQ(client(), INVALID_HANDLE_VALUE);
  EXPECT_EQ(thread::last_error(), DWORD{ERROR_FILE_NOT_FOUND});
}

TEST_F(Mailslots, LetReadsWaitAsLongAsTheySay) {
  const HANDLE slot = server(0, 20);
  EXPECT_EQ(read(slot), "#" + std::to_string(ERROR_SEM_TIMEOUT));
  EXPECT_TRUE((k32<BOOL, HANDLE, DWORD>("SetMailslotInfo")(slot, 0xFFFFFFFF)));
  EXPECT_EQ(info(slot), (Info{0, MAILSLOT_NO_MESSAGE, 0, 0xFFFFFFFF}));
  std::thread writer([] {
    process();
    std::this_thread::sleep_for(std::chrono::milliseconds(30));
    const HANDLE end = client();
    EXPECT_TRUE(write(end, "late"));
    close(end);
  });
  EXPECT_EQ(read(slot), "late");
  writer.join();
  close(slot);
}

TEST_F(Mailslots, ReadOverlapped) {
  const HANDLE slot = server(0, 0xFFFFFFFF);
  OVERLAPPED first = {}, second = {};
  char text[10];
  const auto read_file = k32<BOOL, HANDLE, void*, DWORD, DWORD*, OVERLAPPED*>("ReadFile");
  const auto result = k32<BOOL, HANDLE, OVERLAPPED*, DWORD*, BOOL>("GetOverlappedResult");
  EXPECT_FALSE(read_file(slot, text, sizeof text, nullptr, &first));
  EXPECT_EQ(thread::last_error(), DWORD{ERROR_IO_PENDING});
  const HANDLE end = client();
  EXPECT_TRUE(write(end, "data"));
  DWORD count = 0;
  EXPECT_TRUE(result(slot, &first, &count, TRUE));
  EXPECT_EQ(std::string_view(text, count), "data");
  EXPECT_FALSE(read_file(slot, text, sizeof text, nullptr, &second));
  EXPECT_TRUE((k32<BOOL, HANDLE, OVERLAPPED*>("CancelIoEx")(slot, &second)));
  EXPECT_FALSE(result(slot, &second, &count, TRUE));
  EXPECT_EQ(thread::last_error(), DWORD{ERROR_OPERATION_ABORTED});
  close(end);
  close(slot);
}

TEST_F(Mailslots, NeverMakeAWriterWait) {
  const HANDLE slot = server(), end = client();
  constexpr DWORD kMany = 5000;  // more than Linux queues
  for (DWORD i = 0; i < kMany; ++i) ASSERT_TRUE(write(end, "message"));
  EXPECT_EQ(info(slot).count, kMany);
  close(end);
  close(slot);
}

}  // namespace
}  // namespace hmodule::winapi

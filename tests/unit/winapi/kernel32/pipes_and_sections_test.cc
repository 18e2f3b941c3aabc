#include "nt/handle_table.h"
#include "unit/nt/temporary_directory.h"
#include "unit/winapi/process.h"
#include "win/fileapi.h"
#include "win/sections.h"
#include "win/wincon.h"

#include <thread>

namespace hmodule::winapi {
namespace {

class Pipes : public testing::Test {
 protected:
  Pipes() { process(); }
  static BOOL write(HANDLE pipe, std::string_view text) {
    DWORD written = 0;
    return function<BOOL, HANDLE, const void*, DWORD, DWORD*, OVERLAPPED*>(kernel32_dll, "WriteFile")(
        pipe, text.data(), static_cast<DWORD>(text.size()), &written, nullptr);
  }
  // The text, or the error.
  static std::string read(HANDLE pipe, DWORD size) {
    std::string text(size, '\0');
    DWORD count = 0;
    const BOOL done = function<BOOL, HANDLE, void*, DWORD, DWORD*, OVERLAPPED*>(kernel32_dll, "ReadFile")(
        pipe, text.data(), size, &count, nullptr);
    const std::string what = text.substr(0, count);
    return done ? what : what + "#" + std::to_string(thread::last_error());
  }
  static HANDLE server(const char16_t* name, DWORD pipe_mode, DWORD flags = 0, DWORD instances = 1) {
    return function<HANDLE, const WCHAR*, DWORD, DWORD, DWORD, DWORD, DWORD, DWORD, const void*>(
        kernel32_dll, "CreateNamedPipeW")(name, 3 | flags, pipe_mode, instances, 4096, 4096, 0, nullptr);
  }
  static HANDLE client(const char16_t* name) {
    return function<HANDLE, const WCHAR*, DWORD, DWORD, const void*, DWORD, DWORD, HANDLE>(kernel32_dll, "CreateFileW")(
        name, GENERIC_READ | GENERIC_WRITE, 0, nullptr, OPEN_EXISTING, 0, nullptr);
  }
  static void close(HANDLE handle) { EXPECT_TRUE(nt::handles().close(handle)); }
};

TEST_F(Pipes, AnonymousOnesCarryBytesAndBreak) {
  HANDLE reading = nullptr, writing = nullptr;
  ASSERT_TRUE((function<BOOL, HANDLE*, HANDLE*, const void*, DWORD>(kernel32_dll, "CreatePipe")(&reading, &writing,
                                                                                                nullptr, 0)));
  EXPECT_TRUE(write(writing, "hello"));
  char peeked[3] = {};
  DWORD count = 0, available = 0, left = 9;
  const auto peek = function<BOOL, HANDLE, void*, DWORD, DWORD*, DWORD*, DWORD*>(kernel32_dll, "PeekNamedPipe");
  EXPECT_TRUE(peek(reading, peeked, 3, &count, &available, &left));
  EXPECT_EQ(std::string_view(peeked, count), "hel");
  EXPECT_EQ(available, 5U);
  EXPECT_EQ(read(reading, 100), "hello");
  EXPECT_TRUE(peek(reading, nullptr, 0, nullptr, &available, nullptr));
  EXPECT_EQ(available, 0U);
  EXPECT_EQ((function<DWORD, HANDLE>(kernel32_dll, "GetFileType")(reading)), FILE_TYPE_PIPE);
  close(writing);
  EXPECT_EQ(read(reading, 1), "#109") << "ERROR_BROKEN_PIPE";
  EXPECT_FALSE(peek(reading, nullptr, 0, nullptr, &available, nullptr));
  EXPECT_EQ(thread::last_error(), DWORD{ERROR_BROKEN_PIPE});
  close(reading);
}

TEST_F(Pipes, WritingWithoutAReaderIsAnErrorNotASignal) {
  HANDLE reading = nullptr, writing = nullptr;
  ASSERT_TRUE((function<BOOL, HANDLE*, HANDLE*, const void*, DWORD>(kernel32_dll, "CreatePipe")(&reading, &writing,
                                                                                                nullptr, 0)));
  close(reading);
  EXPECT_FALSE(write(writing, "x"));
  EXPECT_EQ(thread::last_error(), DWORD{ERROR_NO_DATA});
  close(writing);
}

TEST_F(Pipes, NamedOnesKeepMessagesApart) {
  const char16_t* const name = u"\\\\.\\pipe\\hmodule-test-message";
  const HANDLE end = server(name, 4 | 2);
  ASSERT_NE(end, INVALID_HANDLE_VALUE);
  EXPECT_EQ(server(name, 4 | 2), INVALID_HANDLE_VALUE);
  EXPECT_EQ(thread::last_error(), DWORD{ERROR_PIPE_BUSY});
  const HANDLE other = client(u"\\\\.\\PIPE\\HModule-Test-Message");
  ASSERT_NE(other, INVALID_HANDLE_VALUE);
  EXPECT_FALSE((function<BOOL, HANDLE, OVERLAPPED*>(kernel32_dll, "ConnectNamedPipe")(end, nullptr)));
  EXPECT_EQ(thread::last_error(), DWORD{ERROR_PIPE_CONNECTED});
  EXPECT_EQ(client(name), INVALID_HANDLE_VALUE);
  EXPECT_EQ(thread::last_error(), DWORD{ERROR_PIPE_BUSY});
  EXPECT_TRUE(write(other, "first"));
  EXPECT_TRUE(write(other, "second"));
  EXPECT_EQ(read(end, 3), "fir#234") << "ERROR_MORE_DATA";
  EXPECT_EQ(read(end, 100), "st");
  EXPECT_EQ(read(end, 100), "second");
  EXPECT_TRUE(write(end, "ab"));
  EXPECT_TRUE(write(end, "cd"));
  EXPECT_EQ(read(other, 100), "abcd") << "a client reads bytes until it asks for messages";
  close(other);
  EXPECT_EQ(read(end, 1), "#109");
  close(end);
  EXPECT_EQ(client(name), INVALID_HANDLE_VALUE);
  EXPECT_EQ(thread::last_error(), DWORD{ERROR_FILE_NOT_FOUND});
}

TEST_F(Pipes, OverlappedOnesWaitForTheOtherEnd) {
  const char16_t* const name = u"\\\\.\\pipe\\hmodule-test-overlapped";
  const HANDLE end = server(name, 0, FILE_FLAG_OVERLAPPED);
  OVERLAPPED connect = {}, reading = {};
  EXPECT_FALSE((function<BOOL, HANDLE, OVERLAPPED*>(kernel32_dll, "ConnectNamedPipe")(end, &connect)));
  EXPECT_EQ(thread::last_error(), DWORD{ERROR_IO_PENDING});
  const auto result = function<BOOL, HANDLE, OVERLAPPED*, DWORD*, BOOL>(kernel32_dll, "GetOverlappedResult");
  DWORD count = 0;
  EXPECT_FALSE(result(end, &connect, &count, FALSE));
  EXPECT_EQ(thread::last_error(), DWORD{ERROR_IO_INCOMPLETE});
  const HANDLE other = client(name);
  EXPECT_TRUE(result(end, &connect, &count, TRUE));
  char text[10];
  const auto read_file = function<BOOL, HANDLE, void*, DWORD, DWORD*, OVERLAPPED*>(kernel32_dll, "ReadFile");
  EXPECT_FALSE(read_file(end, text, sizeof text, nullptr, &reading));
  EXPECT_EQ(thread::last_error(), DWORD{ERROR_IO_PENDING});
  EXPECT_TRUE(write(other, "data"));
  EXPECT_TRUE(result(end, &reading, &count, TRUE));
  EXPECT_EQ(std::string_view(text, count), "data");
  EXPECT_FALSE(read_file(end, text, sizeof text, nullptr, &reading));
  EXPECT_TRUE((function<BOOL, HANDLE, OVERLAPPED*>(kernel32_dll, "CancelIoEx")(end, &reading)));
  EXPECT_FALSE(result(end, &reading, &count, TRUE));
  EXPECT_EQ(thread::last_error(), DWORD{ERROR_OPERATION_ABORTED});
  close(other);
  close(end);
}

TEST_F(Pipes, OverlappedOnesMakeACallerWithoutAnOverlappedWait) {
  const char16_t* const name = u"\\\\.\\pipe\\hmodule-test-waiting";
  const HANDLE end = server(name, 0, FILE_FLAG_OVERLAPPED);
  std::thread client_thread([name] {
    process();
    HANDLE other = INVALID_HANDLE_VALUE;
    while ((other = client(name)) == INVALID_HANDLE_VALUE) std::this_thread::yield();
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
    EXPECT_TRUE(write(other, "data"));
    EXPECT_EQ(read(other, 2), "ok");
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
    close(other);
  });
  EXPECT_TRUE((function<BOOL, HANDLE, OVERLAPPED*>(kernel32_dll, "ConnectNamedPipe")(end, nullptr)) ||
              thread::last_error() == ERROR_PIPE_CONNECTED);
  EXPECT_EQ(read(end, 10), "data");
  EXPECT_TRUE(write(end, "ok"));
  EXPECT_EQ(read(end, 10), "#" + std::to_string(ERROR_BROKEN_PIPE));
  client_thread.join();
  close(end);
}

class Sections : public testing::Test {
 protected:
  Sections() { process(); }
  static HANDLE mapping(HANDLE file, DWORD protect, DWORD size, const char16_t* name = nullptr) {
    return function<HANDLE, HANDLE, const void*, DWORD, DWORD, DWORD, const WCHAR*>(kernel32_dll, "CreateFileMappingW")(
        file, nullptr, protect, 0, size, name);
  }
  static char* view(HANDLE mapping, DWORD access, DWORD offset = 0, SIZE_T size = 0) {
    return static_cast<char*>(function<void*, HANDLE, DWORD, DWORD, DWORD, SIZE_T>(kernel32_dll, "MapViewOfFile")(
        mapping, access, 0, offset, size));
  }
  static BOOL unmap(const void* base) { return function<BOOL, const void*>(kernel32_dll, "UnmapViewOfFile")(base); }
  HANDLE open(const char16_t* name, DWORD access) const {
    const std::u16string full = directory.windows(name);
    return function<HANDLE, const WCHAR*, DWORD, DWORD, const void*, DWORD, DWORD, HANDLE>(kernel32_dll, "CreateFileW")(
        full.c_str(), access, 7, nullptr, OPEN_EXISTING, 0, nullptr);
  }
  const TemporaryDirectory directory;
};

TEST_F(Sections, ShareMemoryByName) {
  const HANDLE first = mapping(INVALID_HANDLE_VALUE, PAGE_READWRITE, 100, u"Local\\hmodule-test-section");
  EXPECT_EQ(thread::last_error(), DWORD{ERROR_SUCCESS});
  const HANDLE second = mapping(INVALID_HANDLE_VALUE, PAGE_READWRITE, 100, u"hmodule-test-section");
  EXPECT_EQ(thread::last_error(), DWORD{ERROR_ALREADY_EXISTS});
  char* const a = view(first, FILE_MAP_WRITE);
  char* const b = view(second, FILE_MAP_READ);
  ASSERT_TRUE(a != nullptr && b != nullptr && a != b);
  EXPECT_EQ(reinterpret_cast<std::uintptr_t>(a) % kAllocationGranularity, 0U);
  a[5] = 'x';
  EXPECT_EQ(b[5], 'x');
  EXPECT_TRUE(unmap(a));
  EXPECT_FALSE(unmap(a));
  EXPECT_EQ(thread::last_error(), DWORD{ERROR_INVALID_ADDRESS});
  EXPECT_TRUE(unmap(b));
  EXPECT_TRUE(nt::handles().close(first));
  EXPECT_TRUE(nt::handles().close(second));
}

TEST_F(Sections, AreMappedWithinLimitsAndIntoPlaceholders) {
  const auto map =
      function<void*, HANDLE, HANDLE, void*, ULONG64, SIZE_T, ULONG, ULONG, const MEM_EXTENDED_PARAMETER*, ULONG>(
          kernel32_dll, "MapViewOfFile3");
  const auto unmap = function<BOOL, void*, ULONG>(kernel32_dll, "UnmapViewOfFileEx");
  const auto allocate = function<void*, HANDLE, void*, SIZE_T, ULONG, ULONG, MEM_EXTENDED_PARAMETER*, ULONG>(
      kernel32_dll, "VirtualAlloc2");
  const HANDLE self = nt::current_process_handle();
  const HANDLE mapping = function<HANDLE, HANDLE, void*, DWORD, DWORD, DWORD, const WCHAR*>(
      kernel32_dll, "CreateFileMappingW")(INVALID_HANDLE_VALUE, nullptr, PAGE_READWRITE, 0, 0x20000, nullptr);
  ASSERT_NE(mapping, nullptr);

  MEM_ADDRESS_REQUIREMENTS limits = {nullptr, reinterpret_cast<void*>(0x7FFFFFFF), 0x100000};
  const MEM_EXTENDED_PARAMETER parameter = {.Type = MemExtendedParameterAddressRequirements, .Pointer = &limits};
  void* const low = map(mapping, self, nullptr, 0x10000, 0, 0, PAGE_READWRITE, &parameter, 1);
  ASSERT_NE(low, nullptr);
  EXPECT_LT(reinterpret_cast<std::uintptr_t>(low), 0x80000000U);
  EXPECT_EQ(reinterpret_cast<std::uintptr_t>(low) % 0x100000, 0U);
  *static_cast<int*>(low) = 42;
  EXPECT_TRUE(unmap(low, 0));

  void* const place =
      allocate(self, nullptr, 0x20000, MEM_RESERVE | MEM_RESERVE_PLACEHOLDER, PAGE_NOACCESS, nullptr, 0);
  ASSERT_NE(place, nullptr);
  EXPECT_EQ(map(mapping, self, place, 0, 0x10000, MEM_REPLACE_PLACEHOLDER, PAGE_READWRITE, nullptr, 0), nullptr);
  EXPECT_EQ(thread::last_error(), DWORD{ERROR_INVALID_ADDRESS});
  EXPECT_EQ(map(mapping, self, place, 0, 0x20000, MEM_REPLACE_PLACEHOLDER, PAGE_READWRITE, nullptr, 0), place);
  EXPECT_EQ(static_cast<int*>(place)[0x10000 / sizeof(int)], 42);
  EXPECT_TRUE(unmap(place, MEM_PRESERVE_PLACEHOLDER));
  EXPECT_FALSE(unmap(place, 4));
  EXPECT_EQ(thread::last_error(), DWORD{ERROR_INVALID_PARAMETER});
  EXPECT_TRUE((function<BOOL, void*, SIZE_T, DWORD>(kernel32_dll, "VirtualFree")(place, 0, MEM_RELEASE)));
  function<BOOL, HANDLE>(kernel32_dll, "CloseHandle")(mapping);
}

TEST_F(Sections, OfFilesSeeAndChangeThem) {
  directory.write("a", "hello");
  directory.write("empty", "");
  const HANDLE file = open(u"a", GENERIC_READ | GENERIC_WRITE), empty = open(u"empty", GENERIC_READ);
  EXPECT_EQ(mapping(empty, PAGE_READONLY, 0), nullptr);
  EXPECT_EQ(thread::last_error(), DWORD{ERROR_FILE_INVALID});
  EXPECT_EQ(mapping(file, PAGE_READONLY, 100), nullptr);
  EXPECT_EQ(thread::last_error(), DWORD{ERROR_NOT_ENOUGH_MEMORY});
  EXPECT_EQ(mapping(empty, PAGE_READWRITE, 10), nullptr);
  EXPECT_EQ(thread::last_error(), DWORD{ERROR_ACCESS_DENIED});
  const HANDLE section = mapping(file, PAGE_READWRITE, 8);
  char* const shared = view(section, FILE_MAP_WRITE);
  char* const copy = view(section, FILE_MAP_COPY);
  ASSERT_TRUE(shared != nullptr && copy != nullptr);
  shared[0] = 'J';
  copy[1] = 'X';
  EXPECT_EQ(directory.read("a"), std::string("Jello\0\0\0", 8)) << "grown to the section's size";
  EXPECT_FALSE((function<BOOL, HANDLE>(kernel32_dll, "SetEndOfFile")(file)));
  EXPECT_EQ(thread::last_error(), DWORD{ERROR_USER_MAPPED_FILE});
  EXPECT_EQ(view(section, FILE_MAP_READ, 4096), nullptr);
  EXPECT_EQ(thread::last_error(), DWORD{ERROR_MAPPED_ALIGNMENT});
  EXPECT_EQ(view(section, FILE_MAP_READ, 0, 65536), nullptr);
  EXPECT_EQ(thread::last_error(), DWORD{ERROR_ACCESS_DENIED});
  EXPECT_TRUE((function<BOOL, const void*, SIZE_T>(kernel32_dll, "FlushViewOfFile")(shared, 0)));
  for (const void* base : {shared, copy}) EXPECT_TRUE(unmap(base));
  for (const HANDLE handle : {section, file, empty}) EXPECT_TRUE(nt::handles().close(handle));
}

TEST(Console, RedirectedStreamsAreNone) {
  process();
  const auto standard = function<HANDLE, DWORD>(kernel32_dll, "GetStdHandle");
  EXPECT_EQ(standard(5), INVALID_HANDLE_VALUE);
  EXPECT_EQ(thread::last_error(), DWORD{ERROR_INVALID_HANDLE});
  HANDLE reading = nullptr, writing = nullptr;
  ASSERT_TRUE((function<BOOL, HANDLE*, HANDLE*, const void*, DWORD>(kernel32_dll, "CreatePipe")(&reading, &writing,
                                                                                                nullptr, 0)));
  DWORD mode = 0;
  EXPECT_FALSE((function<BOOL, HANDLE, DWORD*>(kernel32_dll, "GetConsoleMode")(writing, &mode)));
  EXPECT_EQ(thread::last_error(), DWORD{ERROR_INVALID_HANDLE});
  EXPECT_EQ((function<UINT>(kernel32_dll, "GetConsoleOutputCP")()), 65001U);
  EXPECT_TRUE(nt::handles().close(reading));
  EXPECT_TRUE(nt::handles().close(writing));
}

}  // namespace
}  // namespace hmodule::winapi

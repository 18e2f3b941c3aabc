// The console functions on a terminal of the test's own.
#include "nt/handle_table.h"
#include "nt/host_file.h"
#include "unit/winapi/process.h"
#include "win/fileapi.h"
#include "win/wincon.h"

#include <pty.h>
#include <unistd.h>

#include <array>

namespace hmodule::winapi {
namespace {

class ConsoleInput : public testing::Test {
 protected:
  ConsoleInput() {
    process();
    int terminal = -1;
    EXPECT_EQ(openpty(&keyboard_, &terminal, nullptr, nullptr, nullptr), 0);
    auto file = nt::HostFile::wrap(terminal, nt::HostFile::Ownership::owned, FILE_GENERIC_READ);
    EXPECT_TRUE(file);
    handle_ = *nt::handle_for(*std::move(file), FILE_GENERIC_READ);
    EXPECT_TRUE((function<BOOL, HANDLE, DWORD>(kernel32_dll, "SetConsoleMode")(handle_, 0))) << "no lines, no echo";
  }
  ~ConsoleInput() override {
    EXPECT_TRUE(nt::handles().close(handle_));
    close(keyboard_);
  }
  // A terminal takes its time.
  void type(std::string_view text, DWORD events) {
    ASSERT_EQ(write(keyboard_, text.data(), text.size()), static_cast<ssize_t>(text.size()));
    while (ready() < events) usleep(100);
  }
  DWORD ready() {
    DWORD count = 0;
    EXPECT_TRUE((function<BOOL, HANDLE, DWORD*>(kernel32_dll, "GetNumberOfConsoleInputEvents")(handle_, &count)));
    return count;
  }
  std::vector<INPUT_RECORD> input(const char* name, DWORD most) {
    std::array<INPUT_RECORD, 16> records{};
    DWORD count = 99;
    EXPECT_TRUE((function<BOOL, HANDLE, INPUT_RECORD*, DWORD, DWORD*>(kernel32_dll, name)(handle_, records.data(), most,
                                                                                          &count)));
    return {records.begin(), records.begin() + count};
  }
  int keyboard_ = -1;
  HANDLE handle_ = nullptr;
};

TEST_F(ConsoleInput, CharactersAreKeysThatGoDownAndUp) {
  type("aZ\r", 6);
  EXPECT_EQ(input("PeekConsoleInputW", 16).size(), 6U);
  const auto first = input("ReadConsoleInputW", 3);
  ASSERT_EQ(first.size(), 3U);
  EXPECT_EQ(first[0].EventType, KEY_EVENT);
  EXPECT_TRUE(first[0].KeyEvent.bKeyDown);
  EXPECT_EQ(first[0].KeyEvent.uChar, u'a');
  EXPECT_EQ(first[0].KeyEvent.wVirtualKeyCode, 'A');
  EXPECT_EQ(first[0].KeyEvent.dwControlKeyState, 0U);
  EXPECT_FALSE(first[1].KeyEvent.bKeyDown);
  EXPECT_EQ(first[2].KeyEvent.uChar, u'Z');
  EXPECT_EQ(first[2].KeyEvent.dwControlKeyState, SHIFT_PRESSED);
  EXPECT_EQ(ready(), 3U) << "one key is still down";
  const auto rest = input("ReadConsoleInputA", 16);
  ASSERT_EQ(rest.size(), 3U);
  EXPECT_FALSE(rest[0].KeyEvent.bKeyDown);
  EXPECT_EQ(rest[1].KeyEvent.wVirtualKeyCode, 0x0D) << "VK_RETURN";
  EXPECT_EQ(rest[1].KeyEvent.uChar, u'\r');
  EXPECT_EQ(ready(), 0U);
}

TEST_F(ConsoleInput, PeekingWaitsForNothingAndFlushingForgets) {
  EXPECT_TRUE(input("PeekConsoleInputW", 16).empty());
  type("abc", 6);
  EXPECT_TRUE((function<BOOL, HANDLE>(kernel32_dll, "FlushConsoleInputBuffer")(handle_)));
  EXPECT_EQ(ready(), 0U);
  EXPECT_TRUE(input("PeekConsoleInputA", 16).empty());
}

}  // namespace
}  // namespace hmodule::winapi

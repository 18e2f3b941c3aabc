// What the tests of user32 share.
#pragma once

#include "unit/winapi/process.h"
#include "win/winuser.h"
#include "winapi/user32/exports.h"

#include <atomic>
#include <string>

namespace hmodule::winapi {

template <typename R, typename... Args>
Function<R, Args...> user(std::string_view name) {
  return function<R, Args...>(user32_dll, name);
}

// A class of its own for every test, and windows of it.
class Windows : public testing::Test {
 protected:
  static HM_WINAPI LRESULT procedure(HWND window, UINT message, WPARAM wParam, LPARAM lParam) {
    if (message == WM_USER) return static_cast<LRESULT>(wParam) + lParam;
    last_message = message;
    return user<LRESULT, HWND, UINT, WPARAM, LPARAM>("DefWindowProcW")(window, message, wParam, lParam);
  }
  void SetUp() override {
    WNDCLASSEX made = {};
    made.cbSize = sizeof made;
    made.lpfnWndProc = procedure;
    made.cbClsExtra = 8;
    made.cbWndExtra = 16;
    made.lpszClassName = u"TestClass";
    ASSERT_NE((user<ATOM, const WNDCLASSEX*>("RegisterClassExW")(&made)), 0);
  }
  void TearDown() override {
    EXPECT_EQ((user<BOOL, const WCHAR*, HINSTANCE>("UnregisterClassW")(u"TestClass", nullptr)), TRUE);
  }
  static HWND create(HWND parent = HWND_MESSAGE, DWORD style = 0, const WCHAR* name = nullptr) {
    return user<HWND, DWORD, const WCHAR*, const WCHAR*, DWORD, INT, INT, INT, INT, HWND, HMENU, HINSTANCE, void*>(
        "CreateWindowExW")(0, u"TestClass", name, style, 10, 20, 300, 200, parent, nullptr, nullptr, nullptr);
  }
  static BOOL destroy(HWND window) { return user<BOOL, HWND>("DestroyWindow")(window); }
  static LRESULT send(HWND window, UINT message, WPARAM wParam = 0, LPARAM lParam = 0) {
    return user<LRESULT, HWND, UINT, WPARAM, LPARAM>("SendMessageW")(window, message, wParam, lParam);
  }

  static inline std::atomic<UINT> last_message{0};
};

}  // namespace hmodule::winapi

#include "unit/winapi/user32/user32.h"

#include <cstring>
#include <thread>
#include <vector>

namespace hmodule::winapi {
namespace {

const auto get_long = [](HWND window, INT index) {
  return user<LONG_PTR, HWND, INT>("GetWindowLongPtrW")(window, index);
};
const auto set_long = [](HWND window, INT index, LONG_PTR value) {
  return user<LONG_PTR, HWND, INT, LONG_PTR>("SetWindowLongPtrW")(window, index, value);
};

TEST_F(Windows, TopLevelOnesHaveAPlaceAndAreVisibleInName) {
  const HWND window = create(nullptr, 0, u"Title");
  ASSERT_NE(window, nullptr);
  RECT rect = {};
  EXPECT_EQ((user<BOOL, HWND, RECT*>("GetWindowRect")(window, &rect)), TRUE);
  EXPECT_EQ(rect.left, 10);
  EXPECT_EQ(rect.bottom, 220);
  EXPECT_EQ((user<BOOL, HWND>("IsWindowVisible")(window)), FALSE);
  EXPECT_EQ((user<BOOL, HWND, INT>("ShowWindow")(window, 5)), FALSE);
  EXPECT_EQ((user<BOOL, HWND>("IsWindowVisible")(window)), TRUE);
  EXPECT_EQ((user<BOOL, HWND, INT>("ShowWindow")(window, 0)), TRUE);
  EXPECT_EQ((user<BOOL, HWND, INT, INT, INT, INT, BOOL>("MoveWindow")(window, 1, 2, 30, 40, FALSE)), TRUE);
  EXPECT_EQ(last_message, WM_SIZE);
  EXPECT_EQ((user<BOOL, HWND, RECT*>("GetClientRect")(window, &rect)), TRUE);
  EXPECT_EQ(rect.right, 30);
  EXPECT_EQ((user<BOOL, HWND, HWND, INT, INT, INT, INT, UINT>("SetWindowPos")(window, nullptr, 5, 6, 0, 0, 1)), TRUE);
  POINT point = {0, 0};
  EXPECT_EQ((user<BOOL, HWND, POINT*>("ClientToScreen")(window, &point)), TRUE);
  EXPECT_EQ(point.x, 5);
  EXPECT_EQ((user<BOOL, HWND, POINT*>("ScreenToClient")(window, &point)), TRUE);
  EXPECT_EQ(point.y, 0);
  EXPECT_EQ((user<BOOL, HWND>("IsIconic")(window)), FALSE);
  EXPECT_EQ((user<BOOL, HWND>("IsZoomed")(window)), FALSE);
  EXPECT_EQ((user<HWND, const WCHAR*, const WCHAR*>("FindWindowW")(u"TestClass", u"title")), window);
  EXPECT_EQ((user<HWND, const char*, const char*>("FindWindowA")("testclass", nullptr)), window);
  EXPECT_EQ((user<HWND, HWND>("GetTopWindow")(nullptr)), window);
  EXPECT_EQ(destroy(window), TRUE);
  EXPECT_EQ((user<BOOL, HWND>("IsWindow")(window)), FALSE);
}

TEST_F(Windows, AreEnabledAndDisabled) {
  const HWND window = create();
  EXPECT_EQ((user<BOOL, HWND>("IsWindowEnabled")(window)), TRUE);
  EXPECT_EQ((user<BOOL, HWND, BOOL>("EnableWindow")(window, FALSE)), FALSE);
  EXPECT_EQ(last_message, WM_ENABLE);
  EXPECT_EQ((user<BOOL, HWND, BOOL>("EnableWindow")(window, TRUE)), TRUE);
  EXPECT_EQ((user<BOOL, HWND>("IsWindowEnabled")(window)), TRUE);
  destroy(window);
}

TEST_F(Windows, HangTogetherInATree) {
  const HWND parent = create(nullptr), child = create(parent, WS_CHILD), grandchild = create(child, WS_CHILD),
             owned = create(parent, WS_POPUP);
  const HWND desktop = user<HWND>("GetDesktopWindow")();
  const auto parent_of = user<HWND, HWND>("GetParent");
  EXPECT_EQ(parent_of(child), parent);
  EXPECT_EQ(parent_of(parent), nullptr);
  EXPECT_EQ(parent_of(owned), parent);
  const auto ancestor = user<HWND, HWND, UINT>("GetAncestor");
  EXPECT_EQ(ancestor(grandchild, 1), child);
  EXPECT_EQ(ancestor(grandchild, 2), parent);
  EXPECT_EQ(ancestor(owned, 3), parent);
  EXPECT_EQ(ancestor(parent, 1), desktop);
  EXPECT_EQ((user<BOOL, HWND, HWND>("IsChild")(parent, grandchild)), TRUE);
  EXPECT_EQ((user<BOOL, HWND, HWND>("IsChild")(parent, owned)), FALSE);
  EXPECT_EQ((user<HWND, HWND, UINT>("GetWindow")(parent, 5)), child);
  EXPECT_EQ((user<HWND, HWND, UINT>("GetWindow")(owned, 4)), parent);
  EXPECT_EQ(
      (user<HWND, HWND, HWND, const WCHAR*, const WCHAR*>("FindWindowExW")(parent, nullptr, u"TestClass", nullptr)),
      child);
  EXPECT_EQ((user<HWND, HWND, HWND, const char*, const char*>("FindWindowExA")(parent, child, nullptr, nullptr)),
            nullptr);
  EXPECT_EQ((user<HWND, HWND, HWND>("SetParent")(grandchild, parent)), child);
  EXPECT_EQ(parent_of(grandchild), parent);
  EXPECT_EQ((user<HWND, HWND, HWND>("SetParent")(parent, child)), nullptr);  // no circles
  std::vector<HWND> seen;
  const WNDENUMPROC collect = [](HWND window, LPARAM list) HM_WINAPI -> BOOL {
    reinterpret_cast<std::vector<HWND>*>(list)->push_back(window);
    return TRUE;
  };
  const auto list = reinterpret_cast<LPARAM>(&seen);
  user<BOOL, HWND, WNDENUMPROC, LPARAM>("EnumChildWindows")(parent, collect, list);
  EXPECT_EQ(seen.size(), 2U);
  seen.clear();
  user<BOOL, WNDENUMPROC, LPARAM>("EnumWindows")(collect, list);
  EXPECT_EQ(seen.size(), 2U);
  seen.clear();
  user<BOOL, DWORD, WNDENUMPROC, LPARAM>("EnumThreadWindows")(thread::thread_id(thread::teb()), collect, list);
  EXPECT_EQ(seen.size(), 2U);
  EXPECT_EQ(destroy(parent), TRUE);  // and with it all that it has and owns
  for (const HWND gone : {child, grandchild, owned}) EXPECT_EQ((user<BOOL, HWND>("IsWindow")(gone)), FALSE);
}

TEST_F(Windows, KeepNumbers) {
  const HWND window = create();
  EXPECT_EQ(set_long(window, GWLP_USERDATA, 77), 0);
  EXPECT_EQ(get_long(window, GWLP_USERDATA), 77);
  EXPECT_EQ((user<LONG, HWND, INT, LONG>("SetWindowLongW")(window, 4, -3)), 0);
  EXPECT_EQ((user<LONG, HWND, INT>("GetWindowLongW")(window, 4)), -3);
  EXPECT_EQ((user<LONG, HWND, INT, LONG>("SetWindowLongA")(window, 4, 9)), -3);
  EXPECT_EQ((user<LONG, HWND, INT>("GetWindowLongA")(window, 4)), 9);
  EXPECT_EQ((user<WORD, HWND, INT, WORD>("SetWindowWord")(window, 14, 0x1234)), 0);
  EXPECT_EQ((user<WORD, HWND, INT>("GetWindowWord")(window, 14)), 0x1234);
  EXPECT_EQ((user<LONG, HWND, INT>("GetWindowLongW")(window, GWLP_WNDPROC)), 0);
  EXPECT_EQ(thread::last_error(), ERROR_INVALID_INDEX);
  set_long(window, GWL_STYLE, WS_DISABLED);
  EXPECT_EQ(last_message, WM_STYLECHANGED);
  EXPECT_EQ(get_long(window, GWL_STYLE), static_cast<LONG>(WS_DISABLED));
  EXPECT_EQ((user<ULONG_PTR, HWND, INT, ULONG_PTR>("SetClassLongPtrW")(window, 0, 5)), 0U);
  EXPECT_EQ((user<ULONG_PTR, HWND, INT>("GetClassLongPtrA")(window, 0)), 5U);
  EXPECT_EQ((user<ULONG_PTR, HWND, INT, ULONG_PTR>("SetClassLongPtrA")(window, 0, 6)), 5U);
  EXPECT_EQ((user<ULONG_PTR, HWND, INT>("GetClassLongPtrW")(window, GCL_CBWNDEXTRA)), 16U);
  EXPECT_EQ((user<DWORD, HWND, INT, DWORD>("SetClassLongW")(window, GCL_STYLE, 3)), 0U);
  EXPECT_EQ((user<DWORD, HWND, INT, DWORD>("SetClassLongA")(window, GCL_STYLE, 0)), 3U);
  EXPECT_EQ((user<DWORD, HWND, INT>("GetClassLongW")(window, GCL_CBCLSEXTRA)), 8U);
  EXPECT_EQ((user<DWORD, HWND, INT>("GetClassLongA")(window, GCL_CBCLSEXTRA)), 8U);
  EXPECT_GE((user<WORD, HWND, INT>("GetClassWord")(window, GCW_ATOM)), 0xC000);
  HANDLE value = &value;
  EXPECT_EQ((user<BOOL, HWND, const WCHAR*, HANDLE>("SetPropW")(window, u"key", value)), TRUE);
  EXPECT_EQ((user<HANDLE, HWND, const WCHAR*>("GetPropW")(window, u"KEY")), value);
  EXPECT_EQ((user<HANDLE, HWND, const WCHAR*>("RemovePropW")(window, u"Key")), value);
  EXPECT_EQ((user<HANDLE, HWND, const WCHAR*>("GetPropW")(window, u"key")), nullptr);
  destroy(window);
}

// A narrow procedure of a wide window is a handle to wide callers, and gets narrow text.
std::string narrow_text;
HM_WINAPI LRESULT narrow_procedure(HWND window, UINT message, WPARAM wParam, LPARAM lParam) {
  if (message == WM_SETTEXT) narrow_text = reinterpret_cast<const char*>(lParam);
  return user<LRESULT, HWND, UINT, WPARAM, LPARAM>("DefWindowProcA")(window, message, wParam, lParam);
}
TEST_F(Windows, TextIsTranslatedBetweenTheKindsOfProcedures) {
  const HWND window = create();
  EXPECT_EQ((user<BOOL, HWND>("IsWindowUnicode")(window)), TRUE);
  const LONG_PTR before = user<LONG_PTR, HWND, INT, LONG_PTR>("SetWindowLongPtrA")(
      window, GWLP_WNDPROC, reinterpret_cast<LONG_PTR>(&narrow_procedure));
  EXPECT_NE(before, reinterpret_cast<LONG_PTR>(&procedure));  // a handle
  EXPECT_EQ((user<LRESULT, LONG_PTR, HWND, UINT, WPARAM, LPARAM>("CallWindowProcA")(before, window, WM_USER, 3, 4)), 7);
  EXPECT_EQ((user<LRESULT, LONG_PTR, HWND, UINT, WPARAM, LPARAM>("CallWindowProcW")(before, window, WM_USER, 3, 4)), 7);
  EXPECT_EQ((user<BOOL, HWND>("IsWindowUnicode")(window)), FALSE);
  EXPECT_EQ((user<LONG_PTR, HWND, INT>("GetWindowLongPtrA")(window, GWLP_WNDPROC)),
            reinterpret_cast<LONG_PTR>(&narrow_procedure));
  EXPECT_EQ((user<BOOL, HWND, const WCHAR*>("SetWindowTextW")(window, u"ä text")), TRUE);
  EXPECT_EQ(narrow_text, "ä text");
  WCHAR wide[16] = {};
  EXPECT_EQ((user<INT, HWND, WCHAR*, INT>("GetWindowTextW")(window, wide, 16)), 6);
  EXPECT_EQ(std::u16string(wide), u"ä text");
  EXPECT_EQ((user<INT, HWND>("GetWindowTextLengthW")(window)), 6);
  EXPECT_EQ((user<INT, HWND>("GetWindowTextLengthA")(window)), 7);
  EXPECT_EQ((user<INT, HWND, WCHAR*, INT>("InternalGetWindowText")(window, wide, 3)), 2);
  EXPECT_EQ(std::u16string(wide), u"ä ");
  char name[16];
  EXPECT_EQ((user<INT, HWND, char*, INT>("GetClassNameA")(window, name, sizeof name)), 9);
  EXPECT_STREQ(name, "TestClass");
  EXPECT_EQ((user<INT, HWND, WCHAR*, INT>("GetClassNameW")(window, wide, 5)), 4);
  destroy(window);
}

TEST_F(Windows, ClassesAreToldAndUnregistered) {
  WNDCLASSEX info = {};
  info.cbSize = sizeof info;
  EXPECT_NE((user<BOOL, HINSTANCE, const WCHAR*, WNDCLASSEX*>("GetClassInfoExW")(nullptr, u"testclass", &info)), FALSE);
  EXPECT_EQ(info.lpfnWndProc, &procedure);
  WNDCLASS old = {};
  EXPECT_NE((user<BOOL, HINSTANCE, const WCHAR*, WNDCLASS*>("GetClassInfoW")(nullptr, u"TestClass", &old)), FALSE);
  EXPECT_EQ(old.cbWndExtra, 16);
  old.lpszClassName = "second";
  EXPECT_NE((user<ATOM, const WNDCLASS*>("RegisterClassA")(&old)), 0);
  EXPECT_EQ((user<BOOL, const char*, HINSTANCE>("UnregisterClassA")("second", nullptr)), TRUE);
  EXPECT_EQ((user<BOOL, HINSTANCE, const char*, WNDCLASS*>("GetClassInfoA")(nullptr, "second", &old)), FALSE);
  old.lpszClassName = u"third";
  EXPECT_NE((user<ATOM, const WNDCLASS*>("RegisterClassW")(&old)), 0);
  EXPECT_EQ((user<BOOL, const WCHAR*, HINSTANCE>("UnregisterClassW")(u"third", nullptr)), TRUE);
  info.cbSize = 5;
  EXPECT_EQ((user<ATOM, const WNDCLASSEX*>("RegisterClassExA")(&info)), 0);
  EXPECT_EQ(thread::last_error(), static_cast<DWORD>(ERROR_INVALID_PARAMETER));
}

TEST_F(Windows, GoWithTheirThread) {
  HWND window = nullptr;
  std::thread([&] {
    thread::attach();
    window = create();
    EXPECT_EQ((user<BOOL, HWND>("IsWindow")(window)), TRUE);
  }).join();
  EXPECT_EQ((user<BOOL, HWND>("IsWindow")(window)), FALSE);
  EXPECT_EQ(send(window, WM_USER), 0);
  EXPECT_EQ(thread::last_error(), ERROR_INVALID_WINDOW_HANDLE);
}

TEST_F(Windows, HandlesOfTheDeadStayWrong) {
  const HWND first = create();
  destroy(first);
  const HWND second = create();
  EXPECT_NE(first, second);
  EXPECT_EQ((user<BOOL, HWND>("IsWindow")(first)), FALSE);
  EXPECT_EQ((user<DWORD, HWND, DWORD*>("GetWindowThreadProcessId")(second, nullptr)), thread::thread_id(thread::teb()));
  destroy(second);
}

}  // namespace
}  // namespace hmodule::winapi

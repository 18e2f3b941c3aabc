#include "unit/winapi/user32/user32.h"

#include <cstring>

namespace hmodule::winapi {
namespace {

const auto name_of = [](HANDLE place) {
  WCHAR name[64] = {};
  EXPECT_EQ((user<BOOL, HANDLE, INT, void*, DWORD, DWORD*>("GetUserObjectInformationW")(place, 2, name, sizeof name,
                                                                                        nullptr)),
            TRUE);
  return std::u16string(name);
};

TEST(UserStations, AreThoseOfAService) {
  const HANDLE station = user<HANDLE>("GetProcessWindowStation")();
  EXPECT_EQ(name_of(station), u"Service-0x0-3e7$");
  const HANDLE desktop = user<HANDLE, DWORD>("GetThreadDesktop")(thread::thread_id(thread::teb()));
  EXPECT_EQ(name_of(desktop), u"Default");
  EXPECT_EQ((user<HANDLE, DWORD>("GetThreadDesktop")(1)), nullptr);
  DWORD flags[3] = {9, 9, 9}, needed = 0;
  const auto ask = user<BOOL, HANDLE, INT, void*, DWORD, DWORD*>("GetUserObjectInformationA");
  EXPECT_EQ(ask(station, 1, flags, sizeof flags, &needed), TRUE);
  EXPECT_EQ(flags[2], 0U);  // not WSF_VISIBLE
  EXPECT_EQ(needed, 12U);
  EXPECT_EQ(ask(station, 3, flags, 4, &needed), FALSE);
  EXPECT_EQ(thread::last_error(), static_cast<DWORD>(ERROR_INSUFFICIENT_BUFFER));
  EXPECT_EQ(needed, sizeof "WindowStation");
  EXPECT_EQ(ask(nullptr, 1, flags, sizeof flags, nullptr), FALSE);
  EXPECT_EQ((user<HANDLE, DWORD, BOOL, ACCESS_MASK>("OpenInputDesktop")(0, FALSE, 0)), nullptr);
}

TEST(UserStations, CanBeMadeAndLeft) {
  const HANDLE first = user<HANDLE>("GetProcessWindowStation")();
  const HANDLE station =
      user<HANDLE, const WCHAR*, DWORD, ACCESS_MASK, void*>("CreateWindowStationW")(u"Own", 0, 0x10000000, nullptr);
  const HANDLE narrow =
      user<HANDLE, const char*, DWORD, ACCESS_MASK, void*>("CreateWindowStationA")("Own2", 0, 0x10000000, nullptr);
  EXPECT_EQ(name_of(station), u"Own");
  EXPECT_EQ(name_of(narrow), u"Own2");
  EXPECT_EQ((user<BOOL, HANDLE>("SetProcessWindowStation")(station)), TRUE);
  EXPECT_EQ((user<BOOL, HANDLE>("CloseWindowStation")(station)), FALSE);
  EXPECT_EQ((user<BOOL, HANDLE>("SetProcessWindowStation")(first)), TRUE);
  EXPECT_EQ((user<BOOL, HANDLE>("CloseWindowStation")(station)), TRUE);
  EXPECT_EQ((user<BOOL, HANDLE>("CloseWindowStation")(narrow)), TRUE);
  const HANDLE desktop = user<HANDLE, const WCHAR*, void*, void*, DWORD, ACCESS_MASK, void*>("CreateDesktopW")(
      u"Desk", nullptr, nullptr, 0, 0x10000000, nullptr);
  EXPECT_EQ(name_of(desktop), u"Desk");
  EXPECT_EQ((user<BOOL, HANDLE>("SetProcessWindowStation")(desktop)), FALSE);
  EXPECT_EQ((user<BOOL, HANDLE>("CloseDesktop")(desktop)), TRUE);
  EXPECT_EQ((user<HANDLE, const char*, void*, void*, DWORD, ACCESS_MASK, void*>("CreateDesktopA")(
                nullptr, nullptr, nullptr, 0, 0, nullptr)),
            nullptr);
}

TEST(UserSystem, HasNoDisplay) {
  const auto metric = user<INT, INT>("GetSystemMetrics");
  for (const INT index : {0, 1, 19, 43, 78, 79, 80, 0x1000}) EXPECT_EQ(metric(index), 0) << index;
  EXPECT_EQ(metric(11), 32);  // SM_CXICON
  EXPECT_EQ((user<INT, INT, UINT>("GetSystemMetricsForDpi")(11, 192)), 64);
  EXPECT_EQ(user<UINT>("GetDpiForSystem")(), 96U);
  EXPECT_EQ((user<UINT, HWND>("GetDpiForWindow")(nullptr)), 0U);
  EXPECT_EQ(user<BOOL>("SetProcessDPIAware")(), TRUE);
  EXPECT_EQ(user<BOOL>("IsProcessDPIAware")(), TRUE);
  EXPECT_EQ((user<BOOL, HANDLE, const RECT*, void*, LPARAM>("EnumDisplayMonitors")(nullptr, nullptr, nullptr, 0)),
            TRUE);
  char room[1024];
  for (const char* name : {"EnumDisplayDevicesA", "EnumDisplayDevicesW"})
    EXPECT_EQ((user<BOOL, void*, DWORD, void*, DWORD>(name)(nullptr, 0, room, 0)), FALSE) << name;
  for (const char* name : {"EnumDisplaySettingsA", "EnumDisplaySettingsW"})
    EXPECT_EQ((user<BOOL, void*, DWORD, void*>(name)(nullptr, 0, room)), FALSE) << name;
  EXPECT_EQ((user<HANDLE, HWND, DWORD>("MonitorFromWindow")(nullptr, 2)), nullptr);
  for (const char* name : {"GetMonitorInfoA", "GetMonitorInfoW"})
    EXPECT_EQ((user<BOOL, HANDLE, void*>(name)(nullptr, room)), FALSE) << name;
  for (const char* name : {"GetDC", "GetWindowDC"}) EXPECT_EQ((user<HANDLE, HWND>(name)(nullptr)), nullptr) << name;
  EXPECT_EQ((user<INT, HWND, HANDLE>("ReleaseDC")(nullptr, nullptr)), 0);
  EXPECT_EQ((user<DWORD, INT>("GetSysColor")(5)), 0xFFFFFFU);
  EXPECT_EQ((user<DWORD, INT>("GetSysColor")(-1)), 0U);
  UINT value = 9;
  EXPECT_EQ((user<BOOL, UINT, UINT, void*, UINT>("SystemParametersInfoW")(0x68, 0, &value, 0)), TRUE);
  EXPECT_EQ(value, 3U);
  EXPECT_EQ((user<BOOL, UINT, UINT, void*, UINT>("SystemParametersInfoA")(0x10, 0, &value, 0)), TRUE);
  EXPECT_EQ(value, 0U);
  EXPECT_EQ((user<BOOL, UINT, UINT, void*, UINT>("SystemParametersInfoA")(0x29, 0, room, 0)), FALSE);
}

TEST(UserSystem, HasNoInput) {
  for (const char* name : {"GetActiveWindow", "GetCapture", "GetFocus", "GetForegroundWindow", "GetClipboardOwner"})
    EXPECT_EQ(user<HWND>(name)(), nullptr) << name;
  for (const char* name : {"GetKeyState", "GetAsyncKeyState"}) EXPECT_EQ((user<SHORT, INT>(name)(0x41)), 0) << name;
  BYTE state[256];
  std::memset(state, 1, sizeof state);
  EXPECT_EQ((user<BOOL, BYTE*>("GetKeyboardState")(state)), TRUE);
  EXPECT_EQ(state[255], 0);
  EXPECT_EQ((user<std::uintptr_t, DWORD>("GetKeyboardLayout")(0)), 0x04090409U);
  POINT point;
  EXPECT_EQ((user<BOOL, POINT*>("GetCursorPos")(&point)), FALSE);
  EXPECT_EQ((user<BOOL, void*>("GetLastInputInfo")(&point)), FALSE);
  EXPECT_EQ((user<HANDLE, HANDLE>("SetCursor")(nullptr)), nullptr);
  EXPECT_EQ((user<INT, BOOL>("ShowCursor")(TRUE)), -1);
  EXPECT_EQ((user<DWORD, HANDLE, DWORD>("WaitForInputIdle")(nullptr, 0)), 0xFFFFFFFFU);
}

TEST(UserSystem, HasNoClipboard) {
  EXPECT_EQ((user<BOOL, HWND>("OpenClipboard")(nullptr)), FALSE);
  EXPECT_EQ(thread::last_error(), static_cast<DWORD>(ERROR_ACCESS_DENIED));
  for (const char* name : {"CloseClipboard", "EmptyClipboard"}) EXPECT_EQ(user<BOOL>(name)(), FALSE) << name;
  EXPECT_EQ(thread::last_error(), ERROR_CLIPBOARD_NOT_OPEN);
  EXPECT_EQ((user<HANDLE, UINT>("GetClipboardData")(1)), nullptr);
  EXPECT_EQ((user<HANDLE, UINT, HANDLE>("SetClipboardData")(1, nullptr)), nullptr);
  EXPECT_EQ((user<UINT, UINT>("EnumClipboardFormats")(0)), 0U);
  EXPECT_EQ((user<BOOL, UINT>("IsClipboardFormatAvailable")(1)), FALSE);
  EXPECT_EQ(user<DWORD>("GetClipboardSequenceNumber")(), 0U);
}

TEST(UserSystem, AsksNobody) {
  EXPECT_EQ((user<INT, HWND, const WCHAR*, const WCHAR*, UINT>("MessageBoxW")(nullptr, u"text", nullptr, 0)), 0);
  EXPECT_EQ(thread::last_error(), ERROR_REQUIRES_INTERACTIVE_WINDOWSTATION);
  EXPECT_EQ((user<INT, HWND, const char*, const char*, UINT>("MessageBoxA")(nullptr, "text", "caption", 0)), 0);
  EXPECT_EQ((user<INT, HWND, const char*, const char*, UINT, WORD>("MessageBoxExA")(nullptr, "", "", 0, 0)), 0);
  EXPECT_EQ((user<INT, HWND, const WCHAR*, const WCHAR*, UINT, WORD>("MessageBoxExW")(nullptr, u"", u"", 0, 0)), 0);
  EXPECT_EQ((user<BOOL, UINT>("MessageBeep")(0)), FALSE);
}

TEST(UserSystem, LoadsNoPictures) {
  for (const char* name : {"LoadBitmapA", "LoadBitmapW", "LoadCursorA", "LoadCursorW", "LoadIconA", "LoadIconW"})
    EXPECT_EQ((user<HANDLE, HMODULE, std::uintptr_t>(name)(nullptr, 32512)), nullptr) << name;
  for (const char* name : {"LoadImageA", "LoadImageW"})
    EXPECT_EQ((user<HANDLE, HMODULE, std::uintptr_t, UINT, INT, INT, UINT>(name)(nullptr, 1, 0, 0, 0, 0)), nullptr);
  for (const char* name : {"DestroyCursor", "DestroyIcon"}) EXPECT_EQ((user<BOOL, HANDLE>(name)(nullptr)), FALSE);
}

}  // namespace
}  // namespace hmodule::winapi

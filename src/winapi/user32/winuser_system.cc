// winuser.h: what the system is like: no display, no keyboard, no pointer, no clipboard, nobody to ask.
#include "module/builtin.h"
#include "winapi/common/answer.h"
#include "winapi/user32/args.h"

#include <array>
#include <cstring>

namespace hmodule::winapi {
namespace {

// --- metrics: those of a screen are 0; sizes of things on it are those of 96 dots per inch ---

struct Metric {
  INT index, value;
};
constexpr Metric kMetrics[] = {
    {2, 17},   {3, 17},  {4, 23},  {5, 1},   {6, 1},    {7, 3},   {8, 3},   {11, 32}, {12, 32}, {13, 32},
    {14, 32},  {15, 20}, {20, 17}, {21, 17}, {28, 136}, {29, 39}, {30, 36}, {31, 22}, {32, 4},  {33, 4},
    {34, 136}, {35, 39}, {36, 4},  {37, 4},  {38, 75},  {39, 75}, {40, 0},  {45, 2},  {46, 2},  {47, 160},
    {48, 24},  {49, 16}, {50, 16}, {51, 23}, {52, 22},  {53, 22}, {54, 19}, {55, 19}, {56, 8},  {57, 160},
    {58, 24},  {67, 0},  {68, 4},  {69, 4},  {71, 15},  {72, 15}, {83, 1},  {84, 1},  {92, 4},
};

// SM_CMONITORS, SM_CXSCREEN, SM_MOUSEPRESENT, SM_REMOTESESSION and all else that is not in the table.
HM_WINAPI INT GetSystemMetrics(INT index) noexcept {
  for (const Metric& metric : kMetrics)
    if (metric.index == index) return metric.value;
  return 0;
}
HM_WINAPI INT GetSystemMetricsForDpi(INT index, UINT dpi) noexcept {
  return GetSystemMetrics(index) * static_cast<INT>(dpi) / 96;
}
HM_WINAPI UINT GetDpiForSystem() noexcept {
  return 96;
}
HM_WINAPI UINT GetDpiForWindow(HWND handle) noexcept {
  const window::DesktopLock lock;
  return window::windows(lock).find(lock, handle) ? 96 : 0;
}
// Nothing is scaled, which is what a program that is aware asks for.
HM_WINAPI BOOL SetProcessDPIAware() noexcept {
  return TRUE;
}
HM_WINAPI BOOL IsProcessDPIAware() noexcept {
  return TRUE;
}

HM_WINAPI BOOL SystemParametersInfo(UINT action, UINT, void* value, UINT) noexcept {
  constexpr UINT kBeep = 0x1, kKeyboardSpeed = 0xA, kScreenSaveTimeout = 0xE, kScreenSaveActive = 0x10,
                 kKeyboardDelay = 0x16, kDragFullWindows = 0x26, kWorkArea = 0x30, kScreenReader = 0x46,
                 kFontSmoothing = 0x4A, kWheelScrollLines = 0x68, kWheelScrollChars = 0x6C,
                 kClientAreaAnimation = 0x1042;
  return succeed([&]() -> Status {
    const auto give = [&](DWORD number) -> Status {
      if (value == nullptr) return fail(STATUS_ACCESS_VIOLATION, "no room for parameter {:#x}", action);
      std::memcpy(value, &number, sizeof number);
      return ok;
    };
    switch (action) {
      case kBeep:
      case kScreenSaveTimeout:
      case kScreenSaveActive:
      case kDragFullWindows:
      case kScreenReader:
      case kFontSmoothing:
      case kClientAreaAnimation:
        return give(0);
      case kKeyboardDelay:
        return give(1);
      case kKeyboardSpeed:
        return give(31);
      case kWheelScrollLines:
      case kWheelScrollChars:
        return give(3);
      case kWorkArea: {
        if (value == nullptr) return fail(STATUS_ACCESS_VIOLATION, "no room for the work area");
        *static_cast<RECT*>(value) = {};
        return ok;
      }
      default:
        return fail_win32(ERROR_INVALID_PARAMETER, "there is no system parameter {:#x} without a display", action);
    }
  });
}

// The colours of a plain Windows 10, by COLOR_ index.
constexpr std::array<DWORD, 31> kColors = {
    0xC8C8C8, 0x000000, 0xD1B499, 0xDBCDBF, 0xF0F0F0, 0xFFFFFF, 0x646464, 0x000000, 0x000000, 0x000000, 0xB4B4B4,
    0xFCF7F4, 0xABABAB, 0xD77800, 0xFFFFFF, 0xF0F0F0, 0xA0A0A0, 0x6D6D6D, 0x000000, 0x000000, 0xFFFFFF, 0x696969,
    0xE3E3E3, 0x000000, 0xE1FFFF, 0x000000, 0xCC6600, 0xEAD1B9, 0xF2E4D7, 0xD77800, 0xF0F0F0};
HM_WINAPI DWORD GetSysColor(INT index) noexcept {
  return index >= 0 && static_cast<std::size_t>(index) < kColors.size() ? kColors[static_cast<std::size_t>(index)] : 0;
}

HM_WINAPI BOOL EnumDisplayMonitors(HANDLE, const RECT*, void*, LPARAM) noexcept {
  return TRUE;  // none was refused
}
HM_WINAPI BOOL no_display_device(const void*, DWORD, void*, DWORD) noexcept {
  return FALSE;  // as after the last one
}
HM_WINAPI BOOL no_display_settings(const void*, DWORD, void*) noexcept {
  return FALSE;
}
HM_WINAPI HANDLE no_monitor(HWND, DWORD) noexcept {
  return nullptr;
}
HM_WINAPI BOOL GetMonitorInfo(HANDLE monitor, void*) noexcept {
  return succeed(
      [&]() -> Status { return fail_win32(1461 /* ERROR_INVALID_MONITOR_HANDLE */, "{} is none", monitor); });
}
HM_WINAPI HANDLE GetDC(HWND) noexcept {
  return answer<HANDLE>(nullptr, []() -> Result<HANDLE> { return fail(STATUS_NOT_SUPPORTED, "nothing to draw on"); });
}
HM_WINAPI INT ReleaseDC(HWND, HANDLE) noexcept {
  return 0;
}

// --- pointer, focus ---

HM_WINAPI BOOL GetCursorPos(POINT* point) noexcept {
  return succeed([&]() -> Status {
    static_cast<void>(point);
    return fail_win32(ERROR_REQUIRES_INTERACTIVE_WINDOWSTATION, "there is no pointer");
  });
}
HM_WINAPI BOOL GetCaretPos(POINT* point) noexcept {
  *point = {};  // also what a thread without a caret is told
  return TRUE;
}
HM_WINAPI BOOL AllowSetForegroundWindow(DWORD) noexcept {
  return succeed([]() -> Status { return fail(STATUS_ACCESS_DENIED, "there is no foreground to give away"); });
}
HM_WINAPI HWND no_window() noexcept {
  return nullptr;
}
HM_WINAPI BOOL GetLastInputInfo(void*) noexcept {
  return succeed([]() -> Status { return fail_win32(ERROR_REQUIRES_INTERACTIVE_WINDOWSTATION, "there is no input"); });
}

// --- the clipboard ---

HM_WINAPI BOOL OpenClipboard(HWND) noexcept {
  return succeed([]() -> Status { return fail(STATUS_ACCESS_DENIED, "there is no clipboard"); });
}
HM_WINAPI BOOL clipboard_not_open() noexcept {
  return succeed([]() -> Status { return fail_win32(ERROR_CLIPBOARD_NOT_OPEN, "there is no clipboard"); });
}
HM_WINAPI HANDLE GetClipboardData(UINT) noexcept {
  clipboard_not_open();
  return nullptr;
}
HM_WINAPI HANDLE SetClipboardData(UINT, HANDLE) noexcept {
  clipboard_not_open();
  return nullptr;
}
HM_WINAPI UINT EnumClipboardFormats(UINT) noexcept {
  clipboard_not_open();
  return 0;
}
HM_WINAPI BOOL IsClipboardFormatAvailable(UINT) noexcept {
  return FALSE;
}
HM_WINAPI DWORD GetClipboardSequenceNumber() noexcept {
  return 0;
}

// --- people ---

// Nobody would see it, and who waits for an answer would wait for ever. HMODULE_DEBUG=api shows what it said.
template <typename Char>
HM_WINAPI INT MessageBox(HWND, const Char* text, const Char* caption, UINT) noexcept {
  return answer<INT>(0, [&]() -> Result<INT> {
    return fail_win32(ERROR_REQUIRES_INTERACTIVE_WINDOWSTATION, "nobody sees a message box: {}: {}",
                      caption == nullptr ? "Error" : utf8(wide_text<Char>(caption)),
                      text == nullptr ? "" : utf8(wide_text<Char>(text)));
  });
}
template <typename Char>
HM_WINAPI INT MessageBoxEx(HWND handle, const Char* text, const Char* caption, UINT type, WORD) noexcept {
  return MessageBox<Char>(handle, text, caption, type);
}
HM_WINAPI BOOL MessageBeep(UINT) noexcept {
  return succeed([]() -> Status { return fail_win32(ERROR_REQUIRES_INTERACTIVE_WINDOWSTATION, "nobody hears it"); });
}
HM_WINAPI DWORD WaitForInputIdle(HANDLE, DWORD) noexcept {
  return answer<DWORD>(0xFFFFFFFF,
                       []() -> Result<DWORD> { return fail(STATUS_INVALID_HANDLE, "nobody waits for input"); });
}

// --- pictures ---

template <typename Char>
HM_WINAPI HANDLE load_picture(HINSTANCE, const Char* name) noexcept {
  return answer<HANDLE>(nullptr, [&]() -> Result<HANDLE> {
    static_cast<void>(name);
    return fail_win32(1814 /* ERROR_RESOURCE_NAME_NOT_FOUND */, "no pictures are loaded without a display");
  });
}
template <typename Char>
HM_WINAPI HANDLE LoadImage(HINSTANCE module, const Char* name, UINT, INT, INT, UINT) noexcept {
  return load_picture(module, name);
}
HM_WINAPI BOOL destroy_picture(HANDLE handle) noexcept {
  return succeed([&]() -> Status { return fail_win32(1402 /* ERROR_INVALID_CURSOR_HANDLE */, "{} is none", handle); });
}
HM_WINAPI HCURSOR SetCursor(HCURSOR) noexcept {
  return nullptr;  // the one before
}
HM_WINAPI INT ShowCursor(BOOL) noexcept {
  return -1;  // it is hidden
}

constexpr std::string_view kNoDisplay = "there is no display", kNoInput = "there is no input",
                           kNoClipboard = "refused: there is no clipboard", kNobody = "refused: nobody is there",
                           kNoPictures = "refused: nothing is drawn";
const Export kRows[] = {
    {"AllowSetForegroundWindow", proc(AllowSetForegroundWindow), Support::partial, kNoInput},
    {"CloseClipboard", proc(clipboard_not_open), Support::partial, kNoClipboard},
    {"DestroyCursor", proc(destroy_picture), Support::partial, kNoPictures},
    {"DestroyIcon", proc(destroy_picture), Support::partial, kNoPictures},
    {"EmptyClipboard", proc(clipboard_not_open), Support::partial, kNoClipboard},
    {"EnumClipboardFormats", proc(EnumClipboardFormats), Support::partial, kNoClipboard},
    {"EnumDisplayDevicesA", proc(no_display_device), Support::partial, kNoDisplay},
    {"EnumDisplayDevicesW", proc(no_display_device), Support::partial, kNoDisplay},
    {"EnumDisplayMonitors", proc(EnumDisplayMonitors), Support::partial, kNoDisplay},
    {"EnumDisplaySettingsA", proc(no_display_settings), Support::partial, kNoDisplay},
    {"EnumDisplaySettingsW", proc(no_display_settings), Support::partial, kNoDisplay},
    {"GetActiveWindow", proc(no_window), Support::partial, kNoInput},
    {"GetCapture", proc(no_window), Support::partial, kNoInput},
    {"GetCaretPos", proc(GetCaretPos), Support::partial, kNoInput},
    {"GetClipboardData", proc(GetClipboardData), Support::partial, kNoClipboard},
    {"GetClipboardOwner", proc(no_window), Support::partial, kNoClipboard},
    {"GetClipboardSequenceNumber", proc(GetClipboardSequenceNumber), Support::partial, kNoClipboard},
    {"GetClipboardViewer", proc(no_window), Support::partial, kNoClipboard},
    {"GetCursorPos", proc(GetCursorPos), Support::partial, kNoInput},
    {"GetDC", proc(GetDC), Support::partial, kNoDisplay},
    {"GetDpiForSystem", proc(GetDpiForSystem)},
    {"GetDpiForWindow", proc(GetDpiForWindow)},
    {"GetFocus", proc(no_window), Support::partial, kNoInput},
    {"GetForegroundWindow", proc(no_window), Support::partial, kNoInput},
    {"GetLastInputInfo", proc(GetLastInputInfo), Support::partial, kNoInput},
    {"GetMonitorInfoA", proc(GetMonitorInfo), Support::partial, kNoDisplay},
    {"GetMonitorInfoW", proc(GetMonitorInfo), Support::partial, kNoDisplay},
    {"GetOpenClipboardWindow", proc(no_window), Support::partial, kNoClipboard},
    {"GetSysColor", proc(GetSysColor), Support::partial, "those of a plain Windows 10"},
    {"GetSystemMetrics", proc(GetSystemMetrics), Support::partial, "a screen's are 0"},
    {"GetSystemMetricsForDpi", proc(GetSystemMetricsForDpi), Support::partial, "a screen's are 0"},
    {"GetWindowDC", proc(GetDC), Support::partial, kNoDisplay},
    {"IsClipboardFormatAvailable", proc(IsClipboardFormatAvailable), Support::partial, kNoClipboard},
    {"IsProcessDPIAware", proc(IsProcessDPIAware)},
    {"LoadBitmapA", proc(load_picture<CHAR>), Support::partial, kNoPictures},
    {"LoadBitmapW", proc(load_picture<WCHAR>), Support::partial, kNoPictures},
    {"LoadCursorA", proc(load_picture<CHAR>), Support::partial, kNoPictures},
    {"LoadCursorW", proc(load_picture<WCHAR>), Support::partial, kNoPictures},
    {"LoadIconA", proc(load_picture<CHAR>), Support::partial, kNoPictures},
    {"LoadIconW", proc(load_picture<WCHAR>), Support::partial, kNoPictures},
    {"LoadImageA", proc(LoadImage<CHAR>), Support::partial, kNoPictures},
    {"LoadImageW", proc(LoadImage<WCHAR>), Support::partial, kNoPictures},
    {"MessageBeep", proc(MessageBeep), Support::partial, kNobody},
    {"MessageBoxA", proc(MessageBox<CHAR>), Support::partial, kNobody},
    {"MessageBoxExA", proc(MessageBoxEx<CHAR>), Support::partial, kNobody},
    {"MessageBoxExW", proc(MessageBoxEx<WCHAR>), Support::partial, kNobody},
    {"MessageBoxW", proc(MessageBox<WCHAR>), Support::partial, kNobody},
    {"MonitorFromWindow", proc(no_monitor), Support::partial, kNoDisplay},
    {"OpenClipboard", proc(OpenClipboard), Support::partial, kNoClipboard},
    {"ReleaseDC", proc(ReleaseDC), Support::partial, kNoDisplay},
    {"SetClipboardData", proc(SetClipboardData), Support::partial, kNoClipboard},
    {"SetCursor", proc(SetCursor), Support::partial, kNoInput},
    {"SetProcessDPIAware", proc(SetProcessDPIAware)},
    {"ShowCursor", proc(ShowCursor), Support::partial, kNoInput},
    {"SystemParametersInfoA", proc(SystemParametersInfo), Support::partial,
     "the few that make sense without a display"},
    {"SystemParametersInfoW", proc(SystemParametersInfo), Support::partial,
     "the few that make sense without a display"},
    {"WaitForInputIdle", proc(WaitForInputIdle), Support::partial, kNobody},
};

}  // namespace

extern const ExportTable winuser_system_exports = kRows;

}  // namespace hmodule::winapi

// winuser.h: windows, messages and their numbers.
#pragma once

#include "win/types.h"

namespace hmodule {

using HWND = HANDLE;
using HMENU = HANDLE;
using HICON = HANDLE;
using HCURSOR = HANDLE;
using HBRUSH = HANDLE;
using WPARAM = UINT_PTR;
using LPARAM = LONG_PTR;
using LRESULT = LONG_PTR;
using WNDPROC = HM_WINAPI LRESULT (*)(HWND, UINT, WPARAM, LPARAM);
using TIMERPROC = HM_WINAPI void (*)(HWND, UINT, UINT_PTR, DWORD);
using SENDASYNCPROC = HM_WINAPI void (*)(HWND, UINT, ULONG_PTR, LRESULT);
using WNDENUMPROC = HM_WINAPI BOOL (*)(HWND, LPARAM);
using HOOKPROC = HM_WINAPI LRESULT (*)(int, WPARAM, LPARAM);

struct POINT {
  LONG x, y;
};
struct SIZE {
  LONG cx, cy;
};
struct RECT {
  LONG left, top, right, bottom;
};

struct MSG {
  HWND hwnd;
  UINT message;
  WPARAM wParam;
  LPARAM lParam;
  DWORD time;
  POINT pt;
  DWORD lPrivate;
};
static_assert(sizeof(MSG) == 48);

// The "A" and the "W" form differ in what the strings are only.
struct WNDCLASS {
  UINT style;
  WNDPROC lpfnWndProc;
  INT cbClsExtra, cbWndExtra;
  HINSTANCE hInstance;
  HICON hIcon;
  HCURSOR hCursor;
  HBRUSH hbrBackground;
  const void *lpszMenuName, *lpszClassName;
};
static_assert(sizeof(WNDCLASS) == 72);
struct WNDCLASSEX {
  UINT cbSize, style;
  WNDPROC lpfnWndProc;
  INT cbClsExtra, cbWndExtra;
  HINSTANCE hInstance;
  HICON hIcon;
  HCURSOR hCursor;
  HBRUSH hbrBackground;
  const void *lpszMenuName, *lpszClassName;
  HICON hIconSm;
};
static_assert(sizeof(WNDCLASSEX) == 80);

struct CREATESTRUCT {
  void* lpCreateParams;
  HINSTANCE hInstance;
  HMENU hMenu;
  HWND hwndParent;
  INT cy, cx, y, x;
  LONG style;
  const void *lpszName, *lpszClass;
  DWORD dwExStyle;
};
static_assert(sizeof(CREATESTRUCT) == 80);

struct STYLESTRUCT {
  DWORD styleOld, styleNew;
};
struct WINDOWPOS {
  HWND hwnd, hwndInsertAfter;
  INT x, y, cx, cy;
  UINT flags;
};
struct CWPSTRUCT {
  LPARAM lParam;
  WPARAM wParam;
  UINT message;
  HWND hwnd;
};
struct CWPRETSTRUCT {
  LRESULT lResult;
  LPARAM lParam;
  WPARAM wParam;
  UINT message;
  HWND hwnd;
};

inline HWND hwnd_from(std::intptr_t value) {
  return reinterpret_cast<HWND>(value);
}
inline const HWND HWND_BROADCAST = hwnd_from(0xFFFF), HWND_MESSAGE = hwnd_from(-3);

// Errors of user32 alone.
inline constexpr DWORD ERROR_NO_MORE_USER_HANDLES = 1158, ERROR_MESSAGE_SYNC_ONLY = 1159,
                       ERROR_INVALID_WINDOW_HANDLE = 1400, ERROR_INVALID_HOOK_HANDLE = 1404,
                       ERROR_TLW_WITH_WSCHILD = 1406, ERROR_CANNOT_FIND_WND_CLASS = 1407,
                       ERROR_WINDOW_OF_OTHER_THREAD = 1408, ERROR_CLASS_ALREADY_EXISTS = 1410,
                       ERROR_CLASS_DOES_NOT_EXIST = 1411, ERROR_CLASS_HAS_WINDOWS = 1412, ERROR_INVALID_INDEX = 1413,
                       ERROR_CLIPBOARD_NOT_OPEN = 1418, ERROR_INVALID_HOOK_FILTER = 1426,
                       ERROR_INVALID_THREAD_ID = 1444, ERROR_REQUIRES_INTERACTIVE_WINDOWSTATION = 1459,
                       ERROR_NOT_ENOUGH_QUOTA = 1816;

// Messages.
inline constexpr UINT WM_CREATE = 0x1, WM_DESTROY = 0x2, WM_MOVE = 0x3, WM_SIZE = 0x5, WM_ENABLE = 0xA,
                      WM_SETREDRAW = 0xB, WM_SETTEXT = 0xC, WM_GETTEXT = 0xD, WM_GETTEXTLENGTH = 0xE, WM_CLOSE = 0x10,
                      WM_QUERYENDSESSION = 0x11, WM_QUIT = 0x12, WM_QUERYOPEN = 0x13, WM_SHOWWINDOW = 0x18,
                      WM_WININICHANGE = 0x1A, WM_DEVMODECHANGE = 0x1B, WM_GETMINMAXINFO = 0x24, WM_DRAWITEM = 0x2B,
                      WM_MEASUREITEM = 0x2C, WM_DELETEITEM = 0x2D, WM_VKEYTOITEM = 0x2E, WM_CHARTOITEM = 0x2F,
                      WM_COMPAREITEM = 0x39, WM_WINDOWPOSCHANGING = 0x46, WM_WINDOWPOSCHANGED = 0x47,
                      WM_COPYDATA = 0x4A, WM_NOTIFY = 0x4E, WM_HELP = 0x53, WM_NOTIFYFORMAT = 0x55,
                      WM_STYLECHANGING = 0x7C, WM_STYLECHANGED = 0x7D, WM_NCCREATE = 0x81, WM_NCDESTROY = 0x82,
                      WM_NCCALCSIZE = 0x83, WM_NCACTIVATE = 0x86, WM_KEYDOWN = 0x100, WM_KEYUP = 0x101, WM_CHAR = 0x102,
                      WM_SYSKEYDOWN = 0x104, WM_SYSKEYUP = 0x105, WM_SYSCHAR = 0x106, WM_SYSCOMMAND = 0x112,
                      WM_TIMER = 0x113, WM_MOUSEFIRST = 0x200, WM_PARENTNOTIFY = 0x210, WM_MDICREATE = 0x220,
                      WM_MDIGETACTIVE = 0x229, WM_DEVICECHANGE = 0x219, WM_USER = 0x400;

// Styles of classes and windows.
inline constexpr UINT CS_GLOBALCLASS = 0x4000;
inline constexpr DWORD WS_THICKFRAME = 0x40000, WS_CAPTION = 0xC00000, WS_DISABLED = 0x8000000,
                       WS_CLIPSIBLINGS = 0x4000000, WS_VISIBLE = 0x10000000, WS_MINIMIZE = 0x20000000,
                       WS_CHILD = 0x40000000, WS_POPUP = 0x80000000;
inline constexpr DWORD WS_EX_NOPARENTNOTIFY = 0x4, WS_EX_WINDOWEDGE = 0x100;
inline constexpr INT CW_USEDEFAULT = static_cast<INT>(0x80000000);

// GetWindowLongPtr, GetClassLongPtr.
inline constexpr INT GWLP_WNDPROC = -4, GWLP_HINSTANCE = -6, GWLP_HWNDPARENT = -8, GWLP_ID = -12, GWL_STYLE = -16,
                     GWL_EXSTYLE = -20, GWLP_USERDATA = -21;
inline constexpr INT GCLP_MENUNAME = -8, GCLP_HBRBACKGROUND = -10, GCLP_HCURSOR = -12, GCLP_HICON = -14,
                     GCLP_HMODULE = -16, GCL_CBWNDEXTRA = -18, GCL_CBCLSEXTRA = -20, GCLP_WNDPROC = -24,
                     GCL_STYLE = -26, GCW_ATOM = -32, GCLP_HICONSM = -34;

// Queues.
inline constexpr DWORD QS_POSTMESSAGE = 0x8, QS_TIMER = 0x10, QS_SENDMESSAGE = 0x40, QS_ALLPOSTMESSAGE = 0x100,
                       QS_ALLINPUT = 0x4FF, QS_SMRESULT = 0x8000;
inline constexpr UINT PM_REMOVE = 1;
inline constexpr DWORD MWMO_WAITALL = 1, MWMO_ALERTABLE = 2, MWMO_INPUTAVAILABLE = 4;
inline constexpr UINT SMTO_BLOCK = 1, SMTO_ABORTIFHUNG = 2, SMTO_ERRORONEXIT = 0x20;
inline constexpr DWORD ISMEX_SEND = 1, ISMEX_NOTIFY = 2, ISMEX_CALLBACK = 4, ISMEX_REPLIED = 8;
inline constexpr UINT USER_TIMER_MINIMUM = 10, USER_TIMER_MAXIMUM = 0x7FFFFFFF;
inline constexpr INT WH_CALLWNDPROC = 4, WH_GETMESSAGE = 3, WH_CALLWNDPROCRET = 12, HC_ACTION = 0;

}  // namespace hmodule

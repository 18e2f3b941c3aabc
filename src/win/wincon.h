// wincon.h and consoleapi.h: consoles.
#pragma once

#include "win/types.h"

namespace hmodule {

inline constexpr DWORD STD_INPUT_HANDLE = static_cast<DWORD>(-10), STD_OUTPUT_HANDLE = static_cast<DWORD>(-11),
                       STD_ERROR_HANDLE = static_cast<DWORD>(-12);

inline constexpr DWORD ENABLE_PROCESSED_INPUT = 0x1, ENABLE_LINE_INPUT = 0x2, ENABLE_ECHO_INPUT = 0x4,
                       ENABLE_WINDOW_INPUT = 0x8, ENABLE_MOUSE_INPUT = 0x10, ENABLE_INSERT_MODE = 0x20,
                       ENABLE_QUICK_EDIT_MODE = 0x40, ENABLE_EXTENDED_FLAGS = 0x80, ENABLE_AUTO_POSITION = 0x100,
                       ENABLE_VIRTUAL_TERMINAL_INPUT = 0x200;
inline constexpr DWORD ENABLE_PROCESSED_OUTPUT = 0x1, ENABLE_WRAP_AT_EOL_OUTPUT = 0x2,
                       ENABLE_VIRTUAL_TERMINAL_PROCESSING = 0x4;
inline constexpr DWORD CTRL_C_EVENT = 0, CTRL_BREAK_EVENT = 1, CTRL_CLOSE_EVENT = 2, CTRL_SHUTDOWN_EVENT = 6;
inline constexpr DWORD ATTACH_PARENT_PROCESS = static_cast<DWORD>(-1);

struct COORD {
  SHORT X, Y;
};
struct SMALL_RECT {
  SHORT Left, Top, Right, Bottom;
};
struct CONSOLE_SCREEN_BUFFER_INFO {
  COORD dwSize, dwCursorPosition;
  WORD wAttributes;
  SMALL_RECT srWindow;
  COORD dwMaximumWindowSize;
};
static_assert(sizeof(CONSOLE_SCREEN_BUFFER_INFO) == 22);

inline constexpr WORD KEY_EVENT = 1;
inline constexpr DWORD LEFT_CTRL_PRESSED = 0x8, SHIFT_PRESSED = 0x10;
struct KEY_EVENT_RECORD {
  BOOL bKeyDown;
  WORD wRepeatCount, wVirtualKeyCode, wVirtualScanCode;
  WCHAR uChar;  // or a CHAR
  DWORD dwControlKeyState;
};
struct INPUT_RECORD {
  WORD EventType;
  KEY_EVENT_RECORD KeyEvent;  // of the union's members the largest
};
static_assert(sizeof(INPUT_RECORD) == 20);

using HandlerRoutine = HM_WINAPI BOOL (*)(DWORD event);

}  // namespace hmodule

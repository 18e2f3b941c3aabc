// What windows do with messages that their programs leave to Windows: DefWindowProc. And what is behind its text.
#pragma once

#include "win/winuser.h"

namespace hmodule::window {

HM_WINAPI LRESULT default_procedure_wide(HWND window, UINT message, WPARAM wParam, LPARAM lParam) noexcept;
HM_WINAPI LRESULT default_procedure_narrow(HWND window, UINT message, WPARAM wParam, LPARAM lParam) noexcept;

}  // namespace hmodule::window

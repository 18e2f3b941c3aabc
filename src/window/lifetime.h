// Making and destroying windows, with the messages that go with it.
#pragma once

#include "window/queue.h"

namespace hmodule::window {

struct NewWindow {
  std::shared_ptr<WindowClass> window_class;
  CREATESTRUCT create = {};  // its strings of the kind `wide`
  bool wide = true;
};
// Sends WM_NCCREATE, WM_NCCALCSIZE, WM_CREATE and more. nullptr when the procedure refused.
// ERROR_INVALID_WINDOW_HANDLE for the parent, ERROR_TLW_WITH_WSCHILD, ERROR_NO_MORE_USER_HANDLES.
Result<HWND> create_window(const NewWindow& request);

// Sends WM_DESTROY to it, to what it owns and to all below; WM_NCDESTROY when each one goes. Only by its own thread:
// ERROR_ACCESS_DENIED.
Status destroy_window(HWND window);

// What an ending thread leaves behind goes without a message.
void remove_windows_of(const DesktopLock& lock, const Queue& queue);

// Size and place. SWP_ flags as SetWindowPos has them; sends WM_WINDOWPOSCHANGING and WM_WINDOWPOSCHANGED.
Status place_window(const WINDOWPOS& wanted);
// Visible in name. True if it was before.
Result<bool> show_window(HWND window, bool visible);

}  // namespace hmodule::window

// winuser.h: which windows there are, and how they hang together.
#include "module/builtin.h"
#include "nt/thread.h"
#include "thread/call.h"
#include "winapi/common/answer.h"
#include "winapi/user32/args.h"
#include "window/queue.h"

namespace hmodule::winapi {
namespace {

using window::DesktopLock;
using window::Window;
using window::windows;

HWND handle_of(const Window* window) {
  return window == nullptr ? nullptr : window->handle;
}

HM_WINAPI HWND GetDesktopWindow() noexcept {
  const DesktopLock lock;
  return windows(lock).desktop().handle;
}
HM_WINAPI HWND GetParent(HWND handle) noexcept {
  return answer<HWND>(nullptr, [&]() -> Result<HWND> {
    const DesktopLock lock;
    return window::parent_handle(lock, *TRY(windows(lock).find(lock, handle)));
  });
}
// The parent before. NULL is the desktop.
HM_WINAPI HWND SetParent(HWND handle, HWND new_parent) noexcept {
  return answer<HWND>(nullptr, [&]() -> Result<HWND> {
    const DesktopLock lock;
    auto& table = windows(lock);
    Window& window = *TRY(table.find(lock, handle));
    Window& parent = new_parent == nullptr ? table.desktop() : *TRY(table.find(lock, new_parent));
    if (table.is_root(window) || &window == &parent || window::is_below(lock, parent, window))
      return fail_win32(ERROR_INVALID_PARAMETER, "{} cannot be below {}", handle, new_parent);
    const HWND before = handle_of(window.parent);
    table.move_below(lock, window, parent);
    return before;
  });
}
// GA_PARENT 1, GA_ROOT 2, GA_ROOTOWNER 3.
HM_WINAPI HWND GetAncestor(HWND handle, UINT which) noexcept {
  return answer<HWND>(nullptr, [&]() -> Result<HWND> {
    const DesktopLock lock;
    auto& table = windows(lock);
    const Window* window = TRY(table.find(lock, handle));
    if (table.is_root(*window)) return HWND{nullptr};
    switch (which) {
      case 1:
        return handle_of(window->parent);
      case 2:
        while (!table.is_root(*window->parent)) window = window->parent;
        return window->handle;
      case 3:
        for (;;) {
          while (!table.is_root(*window->parent)) window = window->parent;
          if (window->owner == nullptr) return window->handle;
          window = window->owner;
        }
      default:
        return fail_win32(ERROR_INVALID_PARAMETER, "GetAncestor {}", which);
    }
  });
}
// GW_HWNDFIRST 0, GW_HWNDLAST 1, GW_HWNDNEXT 2, GW_HWNDPREV 3, GW_OWNER 4, GW_CHILD 5.
HM_WINAPI HWND GetWindow(HWND handle, UINT which) noexcept {
  return answer<HWND>(nullptr, [&]() -> Result<HWND> {
    const DesktopLock lock;
    const Window& window = *TRY(windows(lock).find(lock, handle));
    if (which == 4) return handle_of(window.owner);
    if (which == 5) return window.children.empty() ? nullptr : window.children.front()->handle;
    if (which > 5) return fail_win32(1441 /* ERROR_INVALID_GW_COMMAND */, "GetWindow {}", which);
    if (window.parent == nullptr) return HWND{nullptr};
    const auto& siblings = window.parent->children;
    if (which == 0) return siblings.front()->handle;
    if (which == 1) return siblings.back()->handle;
    auto at = std::find(siblings.begin(), siblings.end(), &window);
    if (which == 2) return ++at == siblings.end() ? nullptr : (*at)->handle;
    return at == siblings.begin() ? nullptr : (*--at)->handle;
  });
}
// The desktop's topmost child, for NULL.
HM_WINAPI HWND GetTopWindow(HWND handle) noexcept {
  return GetWindow(handle == nullptr ? GetDesktopWindow() : handle, 5);
}
HM_WINAPI BOOL IsChild(HWND parent, HWND handle) noexcept {
  const DesktopLock lock;
  const auto above = windows(lock).find(lock, parent), below = windows(lock).find(lock, handle);
  if (!above || !below) return FALSE;
  for (const Window* each = *below; (each->style & WS_CHILD) != 0 && each->parent != nullptr; each = each->parent)
    if (each->parent == *above) return TRUE;
  return FALSE;
}

// --- finding ---

// The topmost child of that class and text, or the first one beyond `after`. Below no window it is the desktop that is
// searched, and then the message-only windows.
template <typename Char>
HM_WINAPI HWND FindWindowEx(HWND parent_handle, HWND after, const Char* class_name, const Char* name) noexcept {
  return answer<HWND>(nullptr, [&]() -> Result<HWND> {
    ATOM atom = 0;
    if (class_name != nullptr) atom = TRY(class_atom<Char>(class_name, ERROR_CANNOT_FIND_WND_CLASS));
    std::u16string text;
    if (name != nullptr) text = wide_text<Char>(name);
    const DesktopLock lock;
    auto& table = windows(lock);
    const auto search = [&](const Window& parent) -> Result<HWND> {
      auto each = parent.children.begin();
      if (after != nullptr) {
        const Window& last = *TRY(table.find(lock, after));
        each = std::find(parent.children.begin(), parent.children.end(), &last);
        if (each == parent.children.end())
          return fail_win32(ERROR_INVALID_WINDOW_HANDLE, "{} is not below {}", after, parent_handle);
        ++each;
      }
      for (; each != parent.children.end(); ++each) {
        if (atom != 0 && (*each)->window_class->atom != atom) continue;
        if (name == nullptr || equal_ignoring_case((*each)->text, text)) return (*each)->handle;
      }
      return HWND{nullptr};
    };
    if (parent_handle != nullptr) return search(*TRY(table.find(lock, parent_handle)));
    const HWND found = TRY(search(table.desktop()));
    return found != nullptr || after != nullptr ? found : search(table.message_root());
  });
}
template <typename Char>
HM_WINAPI HWND FindWindow(const Char* class_name, const Char* name) noexcept {
  return FindWindowEx<Char>(nullptr, nullptr, class_name, name);
}

// --- enumerating: the windows there were when it began and that still are ---

BOOL call_for_all(const std::vector<HWND>& handles, WNDENUMPROC procedure, LPARAM parameter) {
  for (const HWND handle : handles) {
    {
      const DesktopLock lock;
      if (!windows(lock).find(lock, handle)) continue;
    }
    if (!thread::call(procedure, handle, parameter)) return FALSE;
  }
  return TRUE;
}
void collect(const Window& parent, bool deep, std::vector<HWND>& handles) {
  for (const Window* child : parent.children) {
    handles.push_back(child->handle);
    if (deep) collect(*child, true, handles);
  }
}

HM_WINAPI BOOL EnumWindows(WNDENUMPROC procedure, LPARAM parameter) noexcept {
  return answer<BOOL>(FALSE, [&]() -> Result<BOOL> {
    std::vector<HWND> handles;
    {
      const DesktopLock lock;
      collect(windows(lock).desktop(), false, handles);
    }
    return call_for_all(handles, procedure, parameter);
  });
}
HM_WINAPI BOOL EnumChildWindows(HWND handle, WNDENUMPROC procedure, LPARAM parameter) noexcept {
  return answer<BOOL>(FALSE, [&]() -> Result<BOOL> {
    std::vector<HWND> handles;
    {
      const DesktopLock lock;
      auto& table = windows(lock);
      const Window& parent = handle == nullptr ? table.desktop() : *TRY(table.find(lock, handle));
      collect(parent, &parent != &table.desktop(), handles);
    }
    return call_for_all(handles, procedure, parameter);
  });
}
HM_WINAPI BOOL EnumThreadWindows(DWORD thread_id, WNDENUMPROC procedure, LPARAM parameter) noexcept {
  return answer<BOOL>(FALSE, [&]() -> Result<BOOL> {
    std::vector<HWND> handles;
    {
      const DesktopLock lock;
      for (const Window* each : windows(lock).desktop().children)
        if (each->queue->thread_id() == thread_id) handles.push_back(each->handle);
    }
    return call_for_all(handles, procedure, parameter);
  });
}

const Export kRows[] = {
    {"EnumChildWindows", proc(EnumChildWindows)},
    {"EnumThreadWindows", proc(EnumThreadWindows)},
    {"EnumWindows", proc(EnumWindows), Support::partial, "this process's windows; there are no others"},
    {"FindWindowA", proc(FindWindow<CHAR>), Support::partial, "this process's windows; there are no others"},
    {"FindWindowExA", proc(FindWindowEx<CHAR>), Support::partial, "this process's windows; there are no others"},
    {"FindWindowExW", proc(FindWindowEx<WCHAR>), Support::partial, "this process's windows; there are no others"},
    {"FindWindowW", proc(FindWindow<WCHAR>), Support::partial, "this process's windows; there are no others"},
    {"GetAncestor", proc(GetAncestor)},
    {"GetDesktopWindow", proc(GetDesktopWindow)},
    {"GetParent", proc(GetParent)},
    {"GetTopWindow", proc(GetTopWindow)},
    {"GetWindow", proc(GetWindow)},
    {"IsChild", proc(IsChild)},
    {"SetParent", proc(SetParent)},
};

}  // namespace

extern const ExportTable winuser_tree_exports = kRows;

}  // namespace hmodule::winapi

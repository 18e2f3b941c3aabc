#include "window/lifetime.h"

#include "nt/thread.h"
#include "window/send.h"

#include <algorithm>

namespace hmodule::window {
namespace {

constexpr UINT SWP_NOSIZE = 1, SWP_NOMOVE = 2, SWP_NOZORDER = 4, SWP_SHOWWINDOW = 0x40, SWP_HIDEWINDOW = 0x80,
               SWP_NOSENDCHANGING = 0x400;
constexpr WPARAM SIZE_RESTORED = 0;

LPARAM pair(LONG low, LONG high) {
  return static_cast<LPARAM>(static_cast<std::uint32_t>(low & 0xFFFF) | static_cast<std::uint32_t>(high) << 16);
}

// The procedure of a window of this thread; nullopt when it is gone.
std::optional<Procedure> procedure_of(HWND handle) {
  const DesktopLock lock;
  const auto window = windows(lock).find(lock, handle);
  if (!window) return std::nullopt;
  return (*window)->procedure;
}

// Of the kind `wide`, as the strings in what `lParam` points to are.
LRESULT tell(Queue& self, HWND window, UINT message, WPARAM wParam, LPARAM lParam, bool wide = true) {
  const auto procedure = procedure_of(window);
  return procedure ? call_window(self, *procedure, {window, message, wParam, lParam}, wide, true) : 0;
}

// A child says to all above it that it came or goes.
void notify_parents(HWND handle, UINT event) {
  HWND parent = nullptr;
  WPARAM what = 0;
  {
    const DesktopLock lock;
    const auto window = windows(lock).find(lock, handle);
    if (!window || ((*window)->style & WS_CHILD) == 0 || ((*window)->ex_style & WS_EX_NOPARENTNOTIFY) != 0) return;
    what = static_cast<WPARAM>(pair(static_cast<LONG>(event), static_cast<LONG>((*window)->id)));
    parent = (*window)->parent->handle;
  }
  while (parent != nullptr) {
    static_cast<void>(send({parent, WM_PARENTNOTIFY, what, reinterpret_cast<LPARAM>(handle)}, true));
    const DesktopLock lock;
    const auto window = windows(lock).find(lock, parent);
    if (!window || ((*window)->style & WS_CHILD) == 0) return;
    parent = (*window)->parent->handle;
  }
}

void destroy_tree(const DesktopLock& lock, Window& window) {
  while (!window.children.empty()) destroy_tree(lock, *window.children.back());
  if (window.queue != nullptr) window.queue->forget_window(lock, window.handle);
  window.window_class->windows -= 1;
  windows(lock).remove(lock, window);
}

// The windows directly below it, or those it owns, of this thread.
std::vector<HWND> children_of(const Queue& self, HWND handle, bool owned) {
  const DesktopLock lock;
  std::vector<HWND> handles;
  const auto window = windows(lock).find(lock, handle);
  if (!window) return handles;
  if (!owned) {
    for (const Window* child : (*window)->children)
      if (child->queue.get() == &self) handles.push_back(child->handle);
    return handles;
  }
  for (const Window* each : windows(lock).all(lock, &self))
    if (each->owner == *window) handles.push_back(each->handle);
  return handles;
}

void send_destroy(Queue& self, HWND window) {
  tell(self, window, WM_DESTROY, 0, 0);
  for (const HWND child : children_of(self, window, false)) send_destroy(self, child);
}

void send_final(Queue& self, HWND window) {
  for (const HWND child : children_of(self, window, false)) send_final(self, child);
  tell(self, window, WM_NCDESTROY, 0, 0);
  const DesktopLock lock;
  const auto found = windows(lock).find(lock, window);
  if (found) destroy_tree(lock, **found);
}

// The window itself, in the tree, without a message so far.
Result<HWND> insert(const DesktopLock& lock, Queue& self, const NewWindow& request) {
  const CREATESTRUCT& create = request.create;
  WindowTable& table = windows(lock);
  const auto style = static_cast<DWORD>(create.style);
  const bool is_child = (style & (WS_CHILD | WS_POPUP)) == WS_CHILD;
  Window *parent = &table.desktop(), *owner = nullptr;
  if (create.hwndParent != nullptr) {
    parent = TRY(table.find(lock, create.hwndParent));
    if (!is_child && !table.is_root(*parent)) {
      owner = parent;
      while ((owner->style & WS_CHILD) != 0 && owner->parent != nullptr) owner = owner->parent;
      parent = owner->parent == nullptr ? &table.desktop() : owner->parent;
    }
  } else if (is_child) {
    return fail_win32(ERROR_TLW_WITH_WSCHILD, "a child window without a parent");
  }
  Window& window = *TRY(table.add(lock, *parent));
  window.queue = self.shared_from_this();
  window.window_class = request.window_class;
  window.window_class->windows += 1;
  window.owner = owner;
  window.style = (style & ~WS_VISIBLE) | (is_child ? 0 : WS_CLIPSIBLINGS);
  window.ex_style = create.dwExStyle;
  window.instance = create.hInstance;
  window.id = reinterpret_cast<ULONG_PTR>(create.hMenu);
  window.procedure = window.window_class->procedure;
  window.extra.resize(static_cast<std::size_t>(window.window_class->window_extra));
  window.rect = {create.x, create.y, create.x + create.cx, create.y + create.cy};
  return window.handle;
}

// A default place is the corner, and a default size nothing, as there is no screen to share.
CREATESTRUCT with_place(CREATESTRUCT create) {
  if (create.x == CW_USEDEFAULT) create.x = create.y = 0;
  if (create.cx == CW_USEDEFAULT) create.cx = create.cy = 0;
  // A window without any style has a title.
  if ((static_cast<DWORD>(create.style) & (WS_CHILD | WS_POPUP)) == 0)
    create.style = static_cast<LONG>(static_cast<DWORD>(create.style) | WS_CAPTION);
  create.cx = std::max(create.cx, 0);
  create.cy = std::max(create.cy, 0);
  return create;
}

bool is_message_only(HWND handle) {
  const DesktopLock lock;
  const auto window = windows(lock).find(lock, handle);
  return window && (*window)->parent == &windows(lock).message_root();
}

void tell_place(Queue& self, HWND handle, const RECT& rect) {
  tell(self, handle, WM_SIZE, SIZE_RESTORED, pair(rect.right - rect.left, rect.bottom - rect.top));
  tell(self, handle, WM_MOVE, 0, pair(rect.left, rect.top));
}

}  // namespace

Result<HWND> create_window(const NewWindow& asked) {
  Queue& self = current_queue();
  NewWindow request = asked;
  request.create = with_place(asked.create);
  HWND handle;
  {
    const DesktopLock lock;
    handle = TRY(insert(lock, self, request));
  }
  const auto strings = reinterpret_cast<LPARAM>(&request.create);
  const auto style = static_cast<DWORD>(request.create.style);
  if ((style & WS_THICKFRAME) != 0 || (style & (WS_POPUP | WS_CHILD)) == 0) {
    POINT limits[5] = {};  // MINMAXINFO
    tell(self, handle, WM_GETMINMAXINFO, 0, reinterpret_cast<LPARAM>(limits));
  }
  if (tell(self, handle, WM_NCCREATE, 0, strings, request.wide) == 0) {
    send_final(self, handle);
    return HWND{nullptr};
  }
  RECT rect = {request.create.x, request.create.y, request.create.x + request.create.cx,
               request.create.y + request.create.cy};
  tell(self, handle, WM_NCCALCSIZE, 0, reinterpret_cast<LPARAM>(&rect));
  if (tell(self, handle, WM_CREATE, 0, strings, request.wide) == -1) {
    static_cast<void>(destroy_window(handle));
    return HWND{nullptr};
  }
  if (!is_message_only(handle)) tell_place(self, handle, rect);
  notify_parents(handle, WM_CREATE);
  if ((style & WS_VISIBLE) != 0) static_cast<void>(show_window(handle, true));
  if (!procedure_of(handle)) return HWND{nullptr};  // the procedure has destroyed it
  return handle;
}

Status destroy_window(HWND handle) {
  Queue& self = current_queue();
  {
    const DesktopLock lock;
    Window& window = *TRY(windows(lock).find(lock, handle));
    if (window.queue.get() != &self) return fail(STATUS_ACCESS_DENIED, "window {} is not this thread's", handle);
    if (std::exchange(window.being_destroyed, true)) return ok;  // its own WM_DESTROY asks
  }
  notify_parents(handle, WM_DESTROY);
  for (const HWND owned : children_of(self, handle, true)) static_cast<void>(destroy_window(owned));
  send_destroy(self, handle);
  send_final(self, handle);
  return ok;
}

void remove_windows_of(const DesktopLock& lock, const Queue& queue) {
  for (;;) {
    const auto left = windows(lock).all(lock, &queue);
    if (left.empty()) return;
    destroy_tree(lock, *left.front());
  }
}

Status place_window(const WINDOWPOS& wanted) {
  WINDOWPOS change = wanted;
  const auto parameter = reinterpret_cast<LPARAM>(&change);
  if ((change.flags & SWP_NOSENDCHANGING) == 0) TRY(send({change.hwnd, WM_WINDOWPOSCHANGING, 0, parameter}, true));
  {
    const DesktopLock lock;
    Window& window = *TRY(windows(lock).find(lock, change.hwnd));
    RECT& rect = window.rect;
    const LONG width = rect.right - rect.left, height = rect.bottom - rect.top;
    if ((change.flags & SWP_NOMOVE) != 0) {
      change.x = rect.left;
      change.y = rect.top;
    }
    if ((change.flags & SWP_NOSIZE) != 0) {
      change.cx = width;
      change.cy = height;
    }
    change.cx = std::max(change.cx, 0);
    change.cy = std::max(change.cy, 0);
    if (change.cx == width && change.cy == height) change.flags |= SWP_NOSIZE;
    if (change.x == rect.left && change.y == rect.top) change.flags |= SWP_NOMOVE;
    rect = {change.x, change.y, change.x + change.cx, change.y + change.cy};
    if ((change.flags & SWP_SHOWWINDOW) != 0) window.style |= WS_VISIBLE;
    if ((change.flags & SWP_HIDEWINDOW) != 0) window.style &= ~WS_VISIBLE;
    if (window.parent != nullptr && (change.flags & SWP_NOZORDER) == 0 && change.hwndInsertAfter == nullptr)
      windows(lock).move_below(lock, window, *window.parent);  // HWND_TOP
  }
  TRY(send({change.hwnd, WM_WINDOWPOSCHANGED, 0, parameter}, true));
  return ok;
}

Result<bool> show_window(HWND handle, bool visible) {
  const auto is_visible = [&]() -> Result<bool> {
    const DesktopLock lock;
    return (TRY(windows(lock).find(lock, handle))->style & WS_VISIBLE) != 0;
  };
  const bool before = TRY(is_visible());
  if (before == visible) return before;
  TRY(send({handle, WM_SHOWWINDOW, visible ? WPARAM{1} : WPARAM{0}, 0}, true));
  TRY(place_window({handle, nullptr, 0, 0, 0, 0,
                    SWP_NOMOVE | SWP_NOSIZE | SWP_NOZORDER | (visible ? SWP_SHOWWINDOW : SWP_HIDEWINDOW)}));
  return before;
}

}  // namespace hmodule::window

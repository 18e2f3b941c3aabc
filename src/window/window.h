// Windows: a handle, a place in the tree, and what a program keeps in them.
//
// Every window is below one of two roots, neither of which belongs to a thread: the desktop, where top-level windows
// are, and the parent of message-only windows, which HWND_MESSAGE stands for. Nothing is ever drawn, so a window is
// visible in name only.
#pragma once

#include "window/class_table.h"

#include <deque>
#include <map>
#include <optional>
#include <string>

namespace hmodule::window {

class Queue;

struct Window {
  HWND handle = nullptr;
  std::shared_ptr<Queue> queue;  // of the thread it belongs to; nullptr for the roots
  std::shared_ptr<WindowClass> window_class;
  Window *parent = nullptr, *owner = nullptr;
  std::vector<Window*> children;  // the topmost first
  DWORD style = 0, ex_style = 0;
  HINSTANCE instance = nullptr;
  ULONG_PTR id = 0;  // or its menu
  LONG_PTR user_data = 0;
  Procedure procedure;
  std::vector<std::byte> extra;
  std::map<std::u16string, HANDLE> properties;  // by name in capitals; "#12" for an atom's number
  std::u16string text;
  RECT rect = {};  // in the parent's coordinates
  bool being_destroyed = false;
};

class WindowTable {
 public:
  WindowTable();

  // ERROR_INVALID_WINDOW_HANDLE. HWND_MESSAGE is the root of message-only windows.
  Result<Window*> find(const DesktopLock& lock, HWND handle);
  Window& desktop() { return *desktop_; }
  Window& message_root() { return *message_root_; }
  bool is_root(const Window& window) const { return &window == desktop_ || &window == message_root_; }

  // ERROR_NO_MORE_USER_HANDLES.
  Result<Window*> add(const DesktopLock& lock, Window& parent);
  // It must have no children any more.
  void remove(const DesktopLock& lock, Window& window);
  void move_below(const DesktopLock& lock, Window& window, Window& parent);

  // All windows of a queue's thread, or of any.
  std::vector<Window*> all(const DesktopLock& lock, const Queue* of = nullptr);

 private:
  struct Slot {
    std::unique_ptr<Window> window;
    std::uint16_t generation = 0;
  };
  std::vector<Slot> slots_;
  std::deque<std::size_t> free_;
  Window *desktop_, *message_root_;
};
WindowTable& windows(const DesktopLock& lock);

// Is `window` below `ancestor`, at any depth?
bool is_below(const DesktopLock& lock, const Window& window, const Window& ancestor);

// What GetParent gives: the parent of a child, the owner of a popup.
HWND parent_handle(const DesktopLock& lock, const Window& window);

}  // namespace hmodule::window

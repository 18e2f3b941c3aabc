// A handle is {generation, slot}, 16 bits each, so that one of a window that is gone stays wrong for long.
#include "window/window.h"

#include "window/default_procedure.h"

#include <algorithm>

namespace hmodule::window {
namespace {

constexpr std::size_t kMostWindows = 10'000;  // USERProcessHandleQuota
constexpr std::uint32_t kFirstSlot = 0x10;    // small numbers mean something else: HWND_TOP, HWND_BOTTOM

HWND handle_of(std::size_t slot, std::uint16_t generation) {
  return hwnd_from(static_cast<std::intptr_t>(std::uint32_t{generation} << 16 | (kFirstSlot + slot * 2)));
}

std::size_t slot_of(HWND handle) {  // huge for what is none
  const std::size_t low = reinterpret_cast<std::uintptr_t>(handle) & 0xFFFF;
  return (low - kFirstSlot) / 2;
}

}  // namespace

WindowTable::WindowTable() {
  const auto root = [this](const char16_t* class_name) {
    const std::size_t slot = slots_.size();
    auto window = std::make_unique<Window>();
    window->handle = handle_of(slot, 1);
    window->style = WS_POPUP | WS_CLIPSIBLINGS;
    window->window_class = std::make_shared<WindowClass>();
    window->window_class->name = class_name;
    window->procedure = {default_procedure_wide, true};
    slots_.push_back({std::move(window), 1});
    return slots_.back().window.get();
  };
  desktop_ = root(u"#32769");
  message_root_ = root(u"Message");
}

Result<Window*> WindowTable::find(const DesktopLock&, HWND handle) {
  if (handle == HWND_MESSAGE) return message_root_;
  const std::size_t slot = slot_of(handle);
  if (slot >= slots_.size() || slots_[slot].window == nullptr || slots_[slot].window->handle != handle)
    return fail_win32(ERROR_INVALID_WINDOW_HANDLE, "{} is no window", handle);
  return slots_[slot].window.get();
}

Result<Window*> WindowTable::add(const DesktopLock&, Window& parent) {
  if (free_.empty() && slots_.size() >= kMostWindows)
    return fail_win32(ERROR_NO_MORE_USER_HANDLES, "there are {} windows already", kMostWindows);
  if (free_.empty()) {
    free_.push_back(slots_.size());
    slots_.emplace_back();
  }
  const std::size_t index = free_.front();  // the longest unused
  free_.pop_front();
  Slot& slot = slots_[index];
  slot.generation = static_cast<std::uint16_t>(slot.generation % 0x7FFF + 1);
  slot.window = std::make_unique<Window>();
  slot.window->handle = handle_of(index, slot.generation);
  slot.window->parent = &parent;
  parent.children.insert(parent.children.begin(), slot.window.get());
  return slot.window.get();
}

void WindowTable::remove(const DesktopLock&, Window& window) {
  if (window.parent != nullptr) std::erase(window.parent->children, &window);
  for (Slot& slot : slots_)
    if (slot.window != nullptr && slot.window->owner == &window) slot.window->owner = nullptr;
  const std::size_t slot = slot_of(window.handle);
  slots_[slot].window.reset();
  free_.push_back(slot);
}

void WindowTable::move_below(const DesktopLock&, Window& window, Window& parent) {
  if (window.parent != nullptr) std::erase(window.parent->children, &window);
  window.parent = &parent;
  parent.children.insert(parent.children.begin(), &window);
}

std::vector<Window*> WindowTable::all(const DesktopLock&, const Queue* of) {
  std::vector<Window*> found;
  for (const Slot& slot : slots_)
    if (slot.window != nullptr && slot.window->queue != nullptr && (of == nullptr || slot.window->queue.get() == of))
      found.push_back(slot.window.get());
  return found;
}

WindowTable& windows(const DesktopLock&) {
  static auto* table = new WindowTable;
  return *table;
}

bool is_below(const DesktopLock&, const Window& window, const Window& ancestor) {
  for (const Window* each = window.parent; each != nullptr; each = each->parent)
    if (each == &ancestor) return true;
  return false;
}

HWND parent_handle(const DesktopLock&, const Window& window) {
  if ((window.style & WS_POPUP) != 0) return window.owner == nullptr ? nullptr : window.owner->handle;
  if ((window.style & WS_CHILD) != 0) return window.parent == nullptr ? nullptr : window.parent->handle;
  return window.owner == nullptr ? nullptr : window.owner->handle;
}

}  // namespace hmodule::window

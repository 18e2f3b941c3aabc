// winuser.h: making and destroying windows, and what is kept in one.
#include "module/builtin.h"
#include "thread/call.h"
#include "winapi/common/answer.h"
#include "winapi/user32/args.h"
#include "window/default_procedure.h"
#include "window/lifetime.h"
#include "window/send.h"

#include <cstring>

namespace hmodule::winapi {
namespace {

using window::DesktopLock;
using window::Window;
using window::windows;

template <typename Char>
HM_WINAPI HWND CreateWindowEx(DWORD ex_style, const Char* class_name, const Char* name, DWORD style, INT x, INT y,
                              INT width, INT height, HWND parent, HMENU menu, HINSTANCE instance,
                              void* parameter) noexcept {
  return answer<HWND>(nullptr, [&]() -> Result<HWND> {
    const ATOM atom = TRY(class_atom<Char>(class_name, ERROR_CANNOT_FIND_WND_CLASS));
    window::NewWindow request;
    {
      const DesktopLock lock;
      request.window_class = window::classes(lock).find(lock, atom, instance);
    }
    if (request.window_class == nullptr)
      return fail_win32(ERROR_CANNOT_FIND_WND_CLASS, "module {} has no class {:#x}", static_cast<void*>(instance),
                        atom);
    request.wide = kIsWide<Char>;
    request.create = {parameter, instance,   menu,    parent, height, width, y, x, static_cast<LONG>(style),
                      name,      class_name, ex_style};
    return window::create_window(request);
  });
}

HM_WINAPI BOOL DestroyWindow(HWND handle) noexcept {
  return succeed([&] { return window::destroy_window(handle); });
}
HM_WINAPI BOOL IsWindow(HWND handle) noexcept {
  const DesktopLock lock;
  return windows(lock).find(lock, handle).has_value() && handle != HWND_MESSAGE;
}
HM_WINAPI BOOL IsWindowUnicode(HWND handle) noexcept {
  return answer<BOOL>(FALSE, [&]() -> Result<BOOL> {
    const DesktopLock lock;
    return TRY(windows(lock).find(lock, handle))->procedure.wide ? TRUE : FALSE;
  });
}
HM_WINAPI DWORD GetWindowThreadProcessId(HWND handle, DWORD* process) noexcept {
  return answer<DWORD>(0, [&]() -> Result<DWORD> {
    const DesktopLock lock;
    const Window& window = *TRY(windows(lock).find(lock, handle));
    if (process != nullptr)
      *process = static_cast<DWORD>(reinterpret_cast<std::uintptr_t>(thread::teb().ClientId.UniqueProcess));
    return window.queue == nullptr ? thread::thread_id(thread::teb()) : window.queue->thread_id();
  });
}

template <bool wide>
HM_WINAPI LRESULT CallWindowProc(WNDPROC procedure, HWND handle, UINT message, WPARAM wParam, LPARAM lParam) noexcept {
  if (procedure == nullptr) return 0;
  return answer<LRESULT>(0, [&]() -> Result<LRESULT> {
    const auto found = window::procedure_from(reinterpret_cast<LONG_PTR>(procedure), wide);
    return window::call_procedure(found, {handle, message, wParam, lParam}, wide);
  });
}

// --- longs ---

Result<LONG_PTR> window_value(const DesktopLock& lock, const Window& window, INT index, std::size_t size, bool wide) {
  const bool is_pointer = size == sizeof(LONG_PTR);
  if (!is_pointer && (index == GWLP_WNDPROC || index == GWLP_HINSTANCE || index == GWLP_HWNDPARENT))
    return fail_win32(ERROR_INVALID_INDEX, "{} of a window is a pointer", index);
  switch (index) {
    case GWLP_WNDPROC:
      return window::show_procedure(window.procedure, wide);
    case GWLP_HINSTANCE:
      return reinterpret_cast<LONG_PTR>(window.instance);
    case GWLP_HWNDPARENT:
      return reinterpret_cast<LONG_PTR>(window::parent_handle(lock, window));
    case GWLP_ID:
      return static_cast<LONG_PTR>(window.id);
    case GWL_STYLE:
      return static_cast<LONG>(window.style);
    case GWL_EXSTYLE:
      return static_cast<LONG>(window.ex_style);
    case GWLP_USERDATA:
      return window.user_data;
    default: {
      TRY(check_extra(window.extra, index, size));
      LONG_PTR value = 0;
      std::memcpy(&value, window.extra.data() + index, size);
      return value;
    }
  }
}

Status set_window_value(const DesktopLock& lock, Window& window, INT index, std::size_t size, LONG_PTR value,
                        bool wide) {
  switch (index) {
    case GWLP_WNDPROC:
      window.procedure = window::procedure_from(value, wide);
      return ok;
    case GWLP_HINSTANCE:
      window.instance = reinterpret_cast<HINSTANCE>(value);
      return ok;
    case GWLP_HWNDPARENT:
      window.owner = value == 0 ? nullptr : TRY(windows(lock).find(lock, hwnd_from(value)));
      return ok;
    case GWLP_ID:
      window.id = static_cast<ULONG_PTR>(value);
      return ok;
    case GWL_STYLE:
      window.style = static_cast<DWORD>(value);
      return ok;
    case GWL_EXSTYLE:
      window.ex_style = static_cast<DWORD>(value);
      return ok;
    case GWLP_USERDATA:
      window.user_data = value;
      return ok;
    default:
      std::memcpy(window.extra.data() + index, &value, size);
      return ok;
  }
}

// `Value` is LONG_PTR, LONG or WORD: what the function of the name reads.
template <typename Value, bool wide>
HM_WINAPI Value get_window_long(HWND handle, INT index) noexcept {
  return answer<Value>(0, [&]() -> Result<Value> {
    const DesktopLock lock;
    const Window& window = *TRY(windows(lock).find(lock, handle));
    return static_cast<Value>(TRY(window_value(lock, window, index, sizeof(Value), wide)));
  });
}

// The value before. A new style is announced before and told after.
template <typename Value, bool wide>
HM_WINAPI Value set_window_long(HWND handle, INT index, Value value) noexcept {
  return answer<Value>(0, [&]() -> Result<Value> {
    const auto change = [&](LONG_PTR to) -> Result<Value> {
      const DesktopLock lock;
      Window& window = *TRY(windows(lock).find(lock, handle));
      if (windows(lock).is_root(window)) return fail(STATUS_ACCESS_DENIED, "the desktop is nobody's to change");
      const LONG_PTR before = TRY(window_value(lock, window, index, sizeof(Value), wide));
      TRY(set_window_value(lock, window, index, sizeof(Value), to, wide));
      return static_cast<Value>(before);
    };
    if (index != GWL_STYLE && index != GWL_EXSTYLE) return change(value);
    STYLESTRUCT style = {0, static_cast<DWORD>(value)};
    {
      const DesktopLock lock;
      const Window& window = *TRY(windows(lock).find(lock, handle));
      style.styleOld = index == GWL_STYLE ? window.style : window.ex_style;
    }
    const auto which = static_cast<WPARAM>(static_cast<LONG_PTR>(index));
    const auto parameter = reinterpret_cast<LPARAM>(&style);
    TRY(window::send({handle, WM_STYLECHANGING, which, parameter}, true));
    const Value before = TRY(change(static_cast<LONG>(style.styleNew)));
    TRY(window::send({handle, WM_STYLECHANGED, which, parameter}, true));
    return before;
  });
}

// --- properties ---

template <typename Char>
std::u16string property_name(const Char* name) {
  if (!is_number(name)) return upcase(wide_text<Char>(name));
  const auto known = nt::global_atoms().query(number(name));  // GlobalAddAtom's: "#12" for a plain number
  return known ? upcase(known->name) : std::u16string();
}
template <typename Char>
HM_WINAPI BOOL SetProp(HWND handle, const Char* name, HANDLE value) noexcept {
  return succeed([&]() -> Status {
    const std::u16string key = property_name(name);
    const DesktopLock lock;
    TRY(windows(lock).find(lock, handle))->properties[key] = value;
    return ok;
  });
}
template <typename Char, bool remove>
HM_WINAPI HANDLE get_prop(HWND handle, const Char* name) noexcept {
  return answer<HANDLE>(nullptr, [&]() -> Result<HANDLE> {
    const std::u16string key = property_name(name);
    const DesktopLock lock;
    auto& properties = TRY(windows(lock).find(lock, handle))->properties;
    const auto found = properties.find(key);
    if (found == properties.end()) return HANDLE{nullptr};
    const HANDLE value = found->second;
    if (remove) properties.erase(found);
    return value;
  });
}

// --- text ---

template <typename Char>
HM_WINAPI BOOL SetWindowText(HWND handle, const Char* text) noexcept {
  return answer<BOOL>(FALSE, [&]() -> Result<BOOL> {
    return TRY(window::send({handle, WM_SETTEXT, 0, reinterpret_cast<LPARAM>(text)}, kIsWide<Char>)) != 0;
  });
}
template <typename Char>
HM_WINAPI INT GetWindowText(HWND handle, Char* buffer, INT size) noexcept {
  if (buffer == nullptr || size <= 0) return 0;
  return answer<INT>(0, [&]() -> Result<INT> {
    buffer[0] = 0;
    const auto room = static_cast<WPARAM>(size);
    return static_cast<INT>(
        TRY(window::send({handle, WM_GETTEXT, room, reinterpret_cast<LPARAM>(buffer)}, kIsWide<Char>)));
  });
}
template <bool wide>
HM_WINAPI INT GetWindowTextLength(HWND handle) noexcept {
  return answer<INT>(0, [&]() -> Result<INT> {
    return static_cast<INT>(TRY(window::send({handle, WM_GETTEXTLENGTH, 0, 0}, wide)));
  });
}
// The window's own text, without asking its procedure.
HM_WINAPI INT InternalGetWindowText(HWND handle, WCHAR* buffer, INT size) noexcept {
  if (buffer == nullptr || size <= 0) return 0;
  return answer<INT>(0, [&]() -> Result<INT> {
    const DesktopLock lock;
    return give_truncated<WCHAR>(TRY(windows(lock).find(lock, handle))->text, buffer, size);
  });
}

// --- place and state ---

HM_WINAPI BOOL SetWindowPos(HWND handle, HWND after, INT x, INT y, INT width, INT height, UINT flags) noexcept {
  return succeed([&] { return window::place_window({handle, after, x, y, width, height, flags}); });
}
HM_WINAPI BOOL MoveWindow(HWND handle, INT x, INT y, INT width, INT height, BOOL) noexcept {
  constexpr UINT kOrderAndFocusStay = 0x14;  // SWP_NOZORDER | SWP_NOACTIVATE
  return SetWindowPos(handle, nullptr, x, y, width, height, kOrderAndFocusStay);
}
// True if it was visible before, whatever happens.
HM_WINAPI BOOL ShowWindow(HWND handle, INT command) noexcept {
  return answer<BOOL>(FALSE, [&]() -> Result<BOOL> { return TRY(window::show_window(handle, command != 0)) ? 1 : 0; });
}
HM_WINAPI BOOL IsWindowVisible(HWND handle) noexcept {
  return answer<BOOL>(FALSE, [&]() -> Result<BOOL> {
    const DesktopLock lock;
    for (const Window* each = TRY(windows(lock).find(lock, handle)); !windows(lock).is_root(*each); each = each->parent)
      if ((each->style & WS_VISIBLE) == 0) return FALSE;
    return TRUE;
  });
}
template <DWORD style>
HM_WINAPI BOOL has_style(HWND handle) noexcept {
  return answer<BOOL>(FALSE, [&]() -> Result<BOOL> {
    const DesktopLock lock;
    return (TRY(windows(lock).find(lock, handle))->style & style) != 0 ? TRUE : FALSE;
  });
}
HM_WINAPI BOOL IsWindowEnabled(HWND handle) noexcept {
  return answer<BOOL>(FALSE, [&]() -> Result<BOOL> {
    const DesktopLock lock;
    return (TRY(windows(lock).find(lock, handle))->style & WS_DISABLED) == 0 ? TRUE : FALSE;
  });
}
// True if it was disabled before.
HM_WINAPI BOOL EnableWindow(HWND handle, BOOL enable) noexcept {
  return answer<BOOL>(FALSE, [&]() -> Result<BOOL> {
    bool was_disabled;
    {
      const DesktopLock lock;
      Window& window = *TRY(windows(lock).find(lock, handle));
      was_disabled = (window.style & WS_DISABLED) != 0;
      window.style = enable != 0 ? window.style & ~WS_DISABLED : window.style | WS_DISABLED;
    }
    if (was_disabled == (enable != 0)) TRY(window::send({handle, WM_ENABLE, enable != 0 ? 1U : 0U, 0}, true));
    return was_disabled ? TRUE : FALSE;
  });
}

// Where the window is in the coordinates of its root.
RECT absolute(const DesktopLock& lock, const Window& window) {
  RECT rect = window.rect;
  for (const Window* each = window.parent; each != nullptr && !windows(lock).is_root(*each); each = each->parent)
    rect = {rect.left + each->rect.left, rect.top + each->rect.top, rect.right + each->rect.left,
            rect.bottom + each->rect.top};
  return rect;
}
HM_WINAPI BOOL GetWindowRect(HWND handle, RECT* rect) noexcept {
  return succeed([&]() -> Status {
    if (rect == nullptr) return fail_win32(ERROR_INVALID_PARAMETER, "no room for a RECT");
    const DesktopLock lock;
    *rect = absolute(lock, *TRY(windows(lock).find(lock, handle)));
    return ok;
  });
}
HM_WINAPI BOOL GetClientRect(HWND handle, RECT* rect) noexcept {
  return succeed([&]() -> Status {
    if (rect == nullptr) return fail_win32(ERROR_INVALID_PARAMETER, "no room for a RECT");
    const DesktopLock lock;
    const RECT& whole = TRY(windows(lock).find(lock, handle))->rect;
    *rect = {0, 0, whole.right - whole.left, whole.bottom - whole.top};
    return ok;
  });
}
template <LONG sign>
HM_WINAPI BOOL translate_point(HWND handle, POINT* point) noexcept {
  return succeed([&]() -> Status {
    const DesktopLock lock;
    const RECT rect = absolute(lock, *TRY(windows(lock).find(lock, handle)));
    point->x += sign * rect.left;
    point->y += sign * rect.top;
    return ok;
  });
}

constexpr std::string_view kNotDrawn = "nothing is drawn, and there is no input focus";
constexpr std::string_view kNoFrame = "windows have no frame: the client area is the whole window";
const Export kRows[] = {
    {"CallWindowProcA", proc(CallWindowProc<false>)},
    {"CallWindowProcW", proc(CallWindowProc<true>)},
    {"ClientToScreen", proc(translate_point<1>), Support::partial, kNoFrame},
    {"CreateWindowExA", proc(CreateWindowEx<CHAR>), Support::partial, kNotDrawn},
    {"CreateWindowExW", proc(CreateWindowEx<WCHAR>), Support::partial, kNotDrawn},
    {"DefWindowProcA", proc(window::default_procedure_narrow), Support::partial, "no drawing, input and menus"},
    {"DefWindowProcW", proc(window::default_procedure_wide), Support::partial, "no drawing, input and menus"},
    {"DestroyWindow", proc(DestroyWindow)},
    {"EnableWindow", proc(EnableWindow)},
    {"GetClientRect", proc(GetClientRect), Support::partial, kNoFrame},
    {"GetPropA", proc(get_prop<CHAR, false>)},
    {"GetPropW", proc(get_prop<WCHAR, false>)},
    {"GetWindowLongA", proc(get_window_long<LONG, false>)},
    {"GetWindowLongPtrA", proc(get_window_long<LONG_PTR, false>)},
    {"GetWindowLongPtrW", proc(get_window_long<LONG_PTR, true>)},
    {"GetWindowLongW", proc(get_window_long<LONG, true>)},
    {"GetWindowRect", proc(GetWindowRect)},
    {"GetWindowTextA", proc(GetWindowText<CHAR>)},
    {"GetWindowTextLengthA", proc(GetWindowTextLength<false>)},
    {"GetWindowTextLengthW", proc(GetWindowTextLength<true>)},
    {"GetWindowTextW", proc(GetWindowText<WCHAR>)},
    {"GetWindowThreadProcessId", proc(GetWindowThreadProcessId)},
    {"GetWindowWord", proc(get_window_long<WORD, true>)},
    {"InternalGetWindowText", proc(InternalGetWindowText)},
    {"IsIconic", proc(has_style<0x20000000>)},
    {"IsWindow", proc(IsWindow)},
    {"IsWindowEnabled", proc(IsWindowEnabled)},
    {"IsWindowUnicode", proc(IsWindowUnicode)},
    {"IsWindowVisible", proc(IsWindowVisible), Support::partial, "in name only"},
    {"IsZoomed", proc(has_style<0x1000000>)},
    {"MoveWindow", proc(MoveWindow), Support::partial, kNotDrawn},
    {"RemovePropA", proc(get_prop<CHAR, true>)},
    {"RemovePropW", proc(get_prop<WCHAR, true>)},
    {"ScreenToClient", proc(translate_point<-1>), Support::partial, kNoFrame},
    {"SetPropA", proc(SetProp<CHAR>)},
    {"SetPropW", proc(SetProp<WCHAR>)},
    {"SetWindowLongA", proc(set_window_long<LONG, false>)},
    {"SetWindowLongPtrA", proc(set_window_long<LONG_PTR, false>)},
    {"SetWindowLongPtrW", proc(set_window_long<LONG_PTR, true>)},
    {"SetWindowLongW", proc(set_window_long<LONG, true>)},
    {"SetWindowPos", proc(SetWindowPos), Support::partial, kNotDrawn},
    {"SetWindowTextA", proc(SetWindowText<CHAR>)},
    {"SetWindowTextW", proc(SetWindowText<WCHAR>)},
    {"SetWindowWord", proc(set_window_long<WORD, true>)},
    {"ShowWindow", proc(ShowWindow), Support::partial, kNotDrawn},
};

}  // namespace

extern const ExportTable winuser_windows_exports = kRows;

}  // namespace hmodule::winapi

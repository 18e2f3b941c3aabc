// winuser.h: window classes.
#include "module/builtin.h"
#include "thread/peb.h"
#include "winapi/common/answer.h"
#include "winapi/user32/args.h"
#include "window/class_table.h"

#include <algorithm>
#include <cstring>

namespace hmodule::winapi {
namespace {

using window::DesktopLock;
using window::WindowClass;

HINSTANCE program() {
  return static_cast<HINSTANCE>(thread::peb().ImageBaseAddress);
}

template <typename Char>
Result<ATOM> register_class(const WNDCLASSEX& given) {
  if (given.cbClsExtra < 0 || given.cbWndExtra < 0 || given.lpszClassName == nullptr)
    return fail_win32(ERROR_INVALID_PARAMETER, "a class with {} and {} extra bytes, or without a name",
                      given.cbClsExtra, given.cbWndExtra);
  WindowClass made;
  made.style = given.style;
  made.procedure = window::procedure_from(reinterpret_cast<LONG_PTR>(given.lpfnWndProc), kIsWide<Char>);
  made.window_extra = given.cbWndExtra;
  made.instance = given.hInstance == nullptr ? program() : given.hInstance;
  made.icon = given.hIcon;
  made.small_icon = given.hIconSm;
  made.cursor = given.hCursor;
  made.background = given.hbrBackground;
  made.extra.resize(static_cast<std::size_t>(given.cbClsExtra));
  if (is_number(given.lpszMenuName)) {
    made.menu_number = given.lpszMenuName;
  } else {
    made.menu_name = wide_text<Char>(given.lpszMenuName);
    made.menu_name_narrow = nls::to_ansi(made.menu_name);
  }
  made.name = TRY(class_name<Char>(given.lpszClassName));
  const DesktopLock lock;
  return window::classes(lock).add(lock, std::move(made));
}

WNDCLASSEX extended(const WNDCLASS& given) {
  return {sizeof(WNDCLASSEX),  given.style,        given.lpfnWndProc,   given.cbClsExtra,
          given.cbWndExtra,    given.hInstance,    given.hIcon,         given.hCursor,
          given.hbrBackground, given.lpszMenuName, given.lpszClassName, nullptr};
}

template <typename Char>
HM_WINAPI ATOM RegisterClassEx(const WNDCLASSEX* given) noexcept {
  return answer<ATOM>(0, [&]() -> Result<ATOM> {
    if (given == nullptr || given->cbSize != sizeof *given)
      return fail_win32(ERROR_INVALID_PARAMETER, "no WNDCLASSEX, or one of another size");
    return register_class<Char>(*given);
  });
}
template <typename Char>
HM_WINAPI ATOM RegisterClass(const WNDCLASS* given) noexcept {
  return answer<ATOM>(0, [&]() -> Result<ATOM> {
    if (given == nullptr) return fail_win32(ERROR_INVALID_PARAMETER, "no WNDCLASS");
    return register_class<Char>(extended(*given));
  });
}

template <typename Char>
HM_WINAPI BOOL UnregisterClass(const Char* name, HINSTANCE instance) noexcept {
  return succeed([&]() -> Status {
    const ATOM atom = TRY(class_atom<Char>(name, ERROR_CLASS_DOES_NOT_EXIST));
    const DesktopLock lock;
    return window::classes(lock).remove(lock, atom, instance == nullptr ? program() : instance);
  });
}

// The atom, which is as good as TRUE. The class's name is the pointer that was given.
template <typename Char>
Result<ATOM> class_info(HINSTANCE instance, const Char* name, WNDCLASSEX& info) {
  const ATOM atom = TRY(class_atom<Char>(name, ERROR_CLASS_DOES_NOT_EXIST));
  const DesktopLock lock;
  const auto found = window::classes(lock).find(lock, atom, instance);
  if (found == nullptr)
    return fail_win32(ERROR_CLASS_DOES_NOT_EXIST, "module {} has no class {:#x}", static_cast<void*>(instance), atom);
  const void* menu =
      kIsWide<Char> ? static_cast<const void*>(found->menu_name.c_str()) : found->menu_name_narrow.c_str();
  if (found->menu_name.empty()) menu = found->menu_number;
  const auto procedure = window::show_procedure(found->procedure, kIsWide<Char>);
  info = {sizeof info,
          found->style,
          reinterpret_cast<WNDPROC>(procedure),
          static_cast<INT>(found->extra.size()),
          found->window_extra,
          instance,
          found->icon,
          found->cursor,
          found->background,
          menu,
          name,
          found->small_icon};
  return atom;
}
template <typename Char>
HM_WINAPI BOOL GetClassInfoEx(HINSTANCE instance, const Char* name, WNDCLASSEX* info) noexcept {
  return answer<BOOL>(FALSE, [&]() -> Result<BOOL> {
    if (info == nullptr) return fail(STATUS_ACCESS_VIOLATION, "no room for a WNDCLASSEX");
    return TRY(class_info<Char>(instance, name, *info));
  });
}
template <typename Char>
HM_WINAPI BOOL GetClassInfo(HINSTANCE instance, const Char* name, WNDCLASS* info) noexcept {
  return answer<BOOL>(FALSE, [&]() -> Result<BOOL> {
    if (info == nullptr) return fail(STATUS_ACCESS_VIOLATION, "no room for a WNDCLASS");
    WNDCLASSEX all;
    const ATOM atom = TRY(class_info<Char>(instance, name, all));
    *info = {all.style, all.lpfnWndProc, all.cbClsExtra,    all.cbWndExtra,   all.hInstance,
             all.hIcon, all.hCursor,     all.hbrBackground, all.lpszMenuName, all.lpszClassName};
    return atom;
  });
}

// At most `size` - 1 characters; what does not fit is left out.
template <typename Char>
HM_WINAPI INT GetClassName(HWND handle, Char* buffer, INT size) noexcept {
  return answer<INT>(0, [&]() -> Result<INT> {
    const DesktopLock lock;
    const window::Window& window = *TRY(window::windows(lock).find(lock, handle));
    if (size <= 0 || buffer == nullptr) return fail(STATUS_BUFFER_TOO_SMALL, "no room for the name of a class");
    return give_truncated<Char>(window.window_class->name, buffer, size);
  });
}

// --- what a class keeps ---

ULONG_PTR as_number(const void* pointer) {
  return reinterpret_cast<ULONG_PTR>(pointer);
}

Result<ULONG_PTR> class_value(const WindowClass& its, INT index, std::size_t size, bool wide) {
  switch (index) {
    case GCLP_MENUNAME:
      if (its.menu_name.empty()) return as_number(its.menu_number);
      return as_number(wide ? static_cast<const void*>(its.menu_name.c_str()) : its.menu_name_narrow.c_str());
    case GCLP_HBRBACKGROUND:
      return as_number(its.background);
    case GCLP_HCURSOR:
      return as_number(its.cursor);
    case GCLP_HICON:
      return as_number(its.icon);
    case GCLP_HICONSM:
      return as_number(its.small_icon);
    case GCLP_HMODULE:
      return as_number(its.instance);
    case GCL_CBWNDEXTRA:
      return static_cast<ULONG_PTR>(its.window_extra);
    case GCL_CBCLSEXTRA:
      return its.extra.size();
    case GCLP_WNDPROC:
      return static_cast<ULONG_PTR>(window::show_procedure(its.procedure, wide));
    case GCL_STYLE:
      return its.style;
    case GCW_ATOM:
      return its.atom;
    default: {
      TRY(check_extra(its.extra, index, size));
      ULONG_PTR value = 0;
      std::memcpy(&value, its.extra.data() + index, size);
      return value;
    }
  }
}

Status set_class_value(WindowClass& its, INT index, std::size_t size, ULONG_PTR value, bool wide) {
  auto* const pointer = reinterpret_cast<void*>(value);
  switch (index) {
    case GCLP_HBRBACKGROUND:
      its.background = pointer;
      return ok;
    case GCLP_HCURSOR:
      its.cursor = pointer;
      return ok;
    case GCLP_HICON:
      its.icon = pointer;
      return ok;
    case GCLP_HICONSM:
      its.small_icon = pointer;
      return ok;
    case GCLP_HMODULE:
      its.instance = static_cast<HINSTANCE>(pointer);
      return ok;
    case GCL_CBWNDEXTRA:
      its.window_extra = std::max(0, static_cast<INT>(value));
      return ok;
    case GCLP_WNDPROC:
      its.procedure = window::procedure_from(static_cast<LONG_PTR>(value), wide);
      return ok;
    case GCL_STYLE:
      its.style = static_cast<UINT>(value);
      return ok;
    case GCLP_MENUNAME:
    case GCL_CBCLSEXTRA:
    case GCW_ATOM:
      return fail_win32(ERROR_INVALID_INDEX, "{} of a class does not change", index);
    default:
      TRY(check_extra(its.extra, index, size));
      std::memcpy(its.extra.data() + index, &value, size);
      return ok;
  }
}

// `Value` is ULONG_PTR, DWORD or WORD: what the function of the name reads.
template <typename Value, bool wide>
HM_WINAPI Value get_class_long(HWND handle, INT index) noexcept {
  return answer<Value>(0, [&]() -> Result<Value> {
    const DesktopLock lock;
    const window::Window& window = *TRY(window::windows(lock).find(lock, handle));
    return static_cast<Value>(TRY(class_value(*window.window_class, index, sizeof(Value), wide)));
  });
}
template <typename Value, bool wide>
HM_WINAPI Value set_class_long(HWND handle, INT index, Value value) noexcept {
  return answer<Value>(0, [&]() -> Result<Value> {
    const DesktopLock lock;
    WindowClass& its = *TRY(window::windows(lock).find(lock, handle))->window_class;
    const auto before = static_cast<Value>(TRY(class_value(its, index, sizeof(Value), wide)));
    TRY(set_class_value(its, index, sizeof(Value), value, wide));
    return before;
  });
}

const Export kRows[] = {
    {"GetClassInfoA", proc(GetClassInfo<CHAR>)},
    {"GetClassInfoExA", proc(GetClassInfoEx<CHAR>)},
    {"GetClassInfoExW", proc(GetClassInfoEx<WCHAR>)},
    {"GetClassInfoW", proc(GetClassInfo<WCHAR>)},
    {"GetClassLongA", proc(get_class_long<DWORD, false>)},
    {"GetClassLongPtrA", proc(get_class_long<ULONG_PTR, false>)},
    {"GetClassLongPtrW", proc(get_class_long<ULONG_PTR, true>)},
    {"GetClassLongW", proc(get_class_long<DWORD, true>)},
    {"GetClassNameA", proc(GetClassName<CHAR>)},
    {"GetClassNameW", proc(GetClassName<WCHAR>)},
    {"GetClassWord", proc(get_class_long<WORD, true>)},
    {"RegisterClassA", proc(RegisterClass<CHAR>)},
    {"RegisterClassExA", proc(RegisterClassEx<CHAR>)},
    {"RegisterClassExW", proc(RegisterClassEx<WCHAR>)},
    {"RegisterClassW", proc(RegisterClass<WCHAR>)},
    {"SetClassLongA", proc(set_class_long<DWORD, false>)},
    {"SetClassLongPtrA", proc(set_class_long<ULONG_PTR, false>)},
    {"SetClassLongPtrW", proc(set_class_long<ULONG_PTR, true>)},
    {"SetClassLongW", proc(set_class_long<DWORD, true>)},
    {"UnregisterClassA", proc(UnregisterClass<CHAR>)},
    {"UnregisterClassW", proc(UnregisterClass<WCHAR>)},
};

}  // namespace

extern const ExportTable winuser_classes_exports = kRows;

}  // namespace hmodule::winapi

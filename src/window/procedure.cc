#include "window/procedure.h"

#include "nls/codepage.h"
#include "nt/kernel_section.h"
#include "thread/call.h"

#include <algorithm>
#include <mutex>
#include <string>
#include <vector>

namespace hmodule::window {
namespace {

constexpr std::uint64_t kFirstHandle = 0xFFFF'0000;  // no code is there: the null handles of 16-bit Windows were

struct Handles {
  nt::KernelMutex mutex;
  std::vector<Procedure> procedures;
};
Handles& shown_handles() {
  static auto* handles = new Handles;
  return *handles;
}

// Atoms and resource numbers travel in the place of strings.
bool is_number(const void* text) {
  return reinterpret_cast<std::uintptr_t>(text) < 0x10000;
}

// A string of the sender's in the other kind of text, as long as it lives.
class OtherText {
 public:
  OtherText(const void* text, bool is_wide) : given_(text) {
    if (is_number(text)) return;
    if (is_wide)
      narrow_ = nls::to_ansi(static_cast<const WCHAR*>(text));
    else
      wide_ = nls::from_ansi(static_cast<const CHAR*>(text));
    given_ = is_wide ? static_cast<const void*>(narrow_.c_str()) : wide_.c_str();
  }
  const void* get() const { return given_; }

 private:
  const void* given_;
  std::string narrow_;
  std::u16string wide_;
};

LRESULT call(const Procedure& procedure, const Message& message) {
  return thread::call(procedure.address, message.window, message.message, message.wParam, message.lParam);
}

template <typename Char>
LPARAM address(std::vector<Char>& buffer) {
  return reinterpret_cast<LPARAM>(buffer.data());
}

// What WM_GETTEXT of a procedure of the other kind gives, whole.
std::u16string wide_text_of(const Procedure& procedure, HWND window) {
  const LRESULT length = call(procedure, {window, WM_GETTEXTLENGTH, 0, 0});
  const auto room = static_cast<std::size_t>(std::max<LRESULT>(length, 0)) + 1;
  if (procedure.wide) {
    std::vector<WCHAR> buffer(room);
    const LRESULT got = call(procedure, {window, WM_GETTEXT, room, address(buffer)});
    return {buffer.data(), std::min(room, static_cast<std::size_t>(std::max<LRESULT>(got, 0)))};
  }
  std::vector<CHAR> buffer(room);
  const LRESULT got = call(procedure, {window, WM_GETTEXT, room, address(buffer)});
  return nls::from_ansi({buffer.data(), std::min(room, static_cast<std::size_t>(std::max<LRESULT>(got, 0)))});
}

template <typename Char>
LRESULT give_text(const std::basic_string<Char>& text, const Message& message) {
  if (message.wParam == 0) return 0;
  auto* const buffer = reinterpret_cast<Char*>(message.lParam);
  const std::size_t fitting = std::min<std::size_t>(text.size(), message.wParam - 1);
  *std::copy_n(text.begin(), fitting, buffer) = 0;
  return static_cast<LRESULT>(fitting);
}

LRESULT call_with_other_text(const Procedure& procedure, Message message) {
  const bool from_wide = !procedure.wide;
  switch (message.message) {
    case WM_NCCREATE:
    case WM_CREATE: {
      CREATESTRUCT create = *reinterpret_cast<const CREATESTRUCT*>(message.lParam);
      const OtherText name(create.lpszName, from_wide), window_class(create.lpszClass, from_wide);
      create.lpszName = name.get();
      create.lpszClass = window_class.get();
      message.lParam = reinterpret_cast<LPARAM>(&create);
      return call(procedure, message);
    }
    case WM_SETTEXT:
    case WM_WININICHANGE:
    case WM_DEVMODECHANGE: {
      const OtherText text(reinterpret_cast<const void*>(message.lParam), from_wide);
      message.lParam = reinterpret_cast<LPARAM>(text.get());
      return call(procedure, message);
    }
    case WM_GETTEXTLENGTH: {
      const std::u16string text = wide_text_of(procedure, message.window);
      return static_cast<LRESULT>(from_wide ? text.size() : nls::to_ansi(text).size());
    }
    case WM_GETTEXT: {
      const std::u16string text = wide_text_of(procedure, message.window);
      return from_wide ? give_text(text, message) : give_text(nls::to_ansi(text), message);
    }
    default:
      return call(procedure, message);
  }
}

}  // namespace

LONG_PTR show_procedure(const Procedure& procedure, bool to_wide_caller) {
  if (procedure.wide == to_wide_caller || procedure.address == nullptr)
    return reinterpret_cast<LONG_PTR>(procedure.address);
  Handles& handles = shown_handles();
  const std::lock_guard lock(handles.mutex);
  const auto known = std::find(handles.procedures.begin(), handles.procedures.end(), procedure);
  const auto index = known - handles.procedures.begin();
  if (known == handles.procedures.end()) handles.procedures.push_back(procedure);
  return static_cast<LONG_PTR>(kFirstHandle + static_cast<std::uint64_t>(index));
}

Procedure procedure_from(LONG_PTR shown, bool from_wide_caller) {
  Handles& handles = shown_handles();
  const std::lock_guard lock(handles.mutex);
  const std::uint64_t index = static_cast<std::uint64_t>(shown) - kFirstHandle;
  if (index < handles.procedures.size()) return handles.procedures[index];
  return {reinterpret_cast<WNDPROC>(shown), from_wide_caller};
}

LRESULT call_procedure(const Procedure& procedure, const Message& message, bool wide) {
  return procedure.wide == wide ? call(procedure, message) : call_with_other_text(procedure, message);
}

bool is_sent_only(UINT message) {
  switch (message) {
    case WM_CREATE:
    case WM_SETTEXT:
    case WM_GETTEXT:
    case WM_GETTEXTLENGTH:
    case WM_WININICHANGE:
    case WM_DEVMODECHANGE:
    case WM_GETMINMAXINFO:
    case WM_DRAWITEM:
    case WM_MEASUREITEM:
    case WM_DELETEITEM:
    case WM_COMPAREITEM:
    case WM_WINDOWPOSCHANGING:
    case WM_WINDOWPOSCHANGED:
    case WM_COPYDATA:
    case WM_NOTIFY:
    case WM_HELP:
    case WM_STYLECHANGING:
    case WM_STYLECHANGED:
    case WM_NCCREATE:
    case WM_NCCALCSIZE:
    case WM_MDICREATE:
    case WM_MDIGETACTIVE:
      return true;
    default:
      return false;
  }
}

}  // namespace hmodule::window

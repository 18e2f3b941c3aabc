#include "window/default_procedure.h"

#include "base/trace.h"
#include "nls/codepage.h"
#include "window/lifetime.h"
#include "window/send.h"

#include <algorithm>

namespace hmodule::window {
namespace {

constexpr UINT SWP_NOSIZE = 1, SWP_NOMOVE = 2;
constexpr WPARAM SC_CLOSE = 0xF060, SC_MASK = 0xFFF0;
constexpr LRESULT NFR_ANSI = 1, NFR_UNICODE = 2;
constexpr LPARAM NF_QUERY = 3;

template <typename Use>
LRESULT with_window(HWND handle, Use&& use) {
  const DesktopLock lock;
  const auto window = windows(lock).find(lock, handle);
  return window ? use(**window) : 0;
}

template <typename Char>
std::u16string wide_text(const void* text) {
  if (reinterpret_cast<std::uintptr_t>(text) < 0x10000) return {};  // none, or a resource's number
  if constexpr (sizeof(Char) == 1)
    return nls::from_ansi(static_cast<const CHAR*>(text));
  else
    return static_cast<const WCHAR*>(text);
}

template <typename Char>
std::basic_string<Char> text_of(const Window& window) {
  if constexpr (sizeof(Char) == 1)
    return nls::to_ansi(window.text);
  else
    return window.text;
}

template <typename Char>
LRESULT get_text(const Window& window, std::size_t room, Char* buffer) {
  if (room == 0 || buffer == nullptr) return 0;
  const auto text = text_of<Char>(window);
  const std::size_t fitting = std::min(text.size(), room - 1);
  *std::copy_n(text.begin(), fitting, buffer) = 0;
  return static_cast<LRESULT>(fitting);
}

void tell_new_place(HWND handle, const WINDOWPOS& place, bool wide) {
  const auto pair = [](LONG low, LONG high) {
    return static_cast<LPARAM>(static_cast<std::uint32_t>(low & 0xFFFF) | static_cast<std::uint32_t>(high) << 16);
  };
  if ((place.flags & SWP_NOMOVE) == 0) static_cast<void>(send({handle, WM_MOVE, 0, pair(place.x, place.y)}, wide));
  if ((place.flags & SWP_NOSIZE) == 0) static_cast<void>(send({handle, WM_SIZE, 0, pair(place.cx, place.cy)}, wide));
}

template <typename Char>
LRESULT default_procedure(HWND handle, UINT message, WPARAM wParam, LPARAM lParam) {
  constexpr bool kWide = sizeof(Char) == 2;
  switch (message) {
    case WM_NCCREATE: {
      const auto text = wide_text<Char>(reinterpret_cast<const CREATESTRUCT*>(lParam)->lpszName);
      return with_window(handle, [&](Window& window) {
        window.text = text;
        return LRESULT{1};
      });
    }
    case WM_SETTEXT: {
      const auto text = wide_text<Char>(reinterpret_cast<const void*>(lParam));
      return with_window(handle, [&](Window& window) {
        window.text = text;
        return LRESULT{1};
      });
    }
    case WM_GETTEXT:
      return with_window(handle, [&](const Window& window) {
        return get_text(window, static_cast<std::size_t>(wParam), reinterpret_cast<Char*>(lParam));
      });
    case WM_GETTEXTLENGTH:
      return with_window(handle,
                         [](const Window& window) { return static_cast<LRESULT>(text_of<Char>(window).size()); });
    case WM_CLOSE:
      static_cast<void>(destroy_window(handle));
      return 0;
    case WM_SYSCOMMAND:
      if ((wParam & SC_MASK) == SC_CLOSE) static_cast<void>(send({handle, WM_CLOSE, 0, 0}, kWide));
      return 0;
    case WM_WINDOWPOSCHANGED:
      tell_new_place(handle, *reinterpret_cast<const WINDOWPOS*>(lParam), kWide);
      return 0;
    case WM_QUERYENDSESSION:
    case WM_QUERYOPEN:
    case WM_NCACTIVATE:
    case WM_DEVICECHANGE:
      return 1;
    case WM_VKEYTOITEM:
    case WM_CHARTOITEM:
      return -1;
    case WM_NOTIFYFORMAT:
      if (lParam != NF_QUERY) return 0;
      return with_window(handle, [](const Window& window) { return window.procedure.wide ? NFR_UNICODE : NFR_ANSI; });
    default:
      return 0;
  }
}

// Without memory it does nothing, which is what it does with most messages.
template <typename Char>
LRESULT run(HWND window, UINT message, WPARAM wParam, LPARAM lParam) noexcept {
  try {
    return default_procedure<Char>(window, message, wParam, lParam);
  } catch (const std::bad_alloc&) {
    return 0;
  }
}

}  // namespace

HM_WINAPI LRESULT default_procedure_wide(HWND window, UINT message, WPARAM wParam, LPARAM lParam) noexcept {
  return run<WCHAR>(window, message, wParam, lParam);
}
HM_WINAPI LRESULT default_procedure_narrow(HWND window, UINT message, WPARAM wParam, LPARAM lParam) noexcept {
  return run<CHAR>(window, message, wParam, lParam);
}

}  // namespace hmodule::window

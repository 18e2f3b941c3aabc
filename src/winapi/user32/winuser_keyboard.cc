// winuser.h: the keyboard. There is none; its layout, and what threads say of their keys, is known all the same.
#include "module/builtin.h"
#include "nls/codepage.h"
#include "winapi/common/answer.h"
#include "winapi/user32/args.h"
#include "winapi/user32/keyboard_layout.h"
#include "window/queue.h"

#include <cstring>

namespace hmodule::winapi {
namespace {

constexpr std::string_view kAmerican = "American, without a keyboard", kNoInput = "there is no input";

HANDLE american() {
  return reinterpret_cast<HANDLE>(std::uintptr_t{0x04090409});
}

// --- The keys' state ---

HM_WINAPI BOOL GetKeyboardState(BYTE* state) noexcept {
  return succeed([&]() -> Status {
    if (state == nullptr) return fail(STATUS_ACCESS_VIOLATION, "no room for 256 keys");
    std::ranges::copy(window::current_queue().keys, state);
    return ok;
  });
}
HM_WINAPI BOOL SetKeyboardState(const BYTE* state) noexcept {
  return succeed([&]() -> Status {
    if (state == nullptr) return fail(STATUS_ACCESS_VIOLATION, "no state of 256 keys");
    std::copy_n(state, 256, window::current_queue().keys.begin());
    return ok;
  });
}
// Down is the sign, and on the lowest bit.
HM_WINAPI SHORT GetKeyState(INT vk) noexcept {
  const BYTE key = window::current_queue().keys[static_cast<BYTE>(vk)];
  return static_cast<SHORT>(((key & 0x80) != 0 ? 0xFF80 : 0) | (key & 1));
}
HM_WINAPI SHORT GetAsyncKeyState(INT) noexcept {
  return 0;
}

// --- Layouts ---

HM_WINAPI HANDLE GetKeyboardLayout(DWORD) noexcept {
  return american();
}
HM_WINAPI INT GetKeyboardLayoutList(INT size, HANDLE* list) noexcept {
  if (size > 0 && list != nullptr) *list = american();
  return 1;
}
template <typename Char>
HM_WINAPI BOOL GetKeyboardLayoutName(Char* name) noexcept {
  return succeed([&]() -> Status {
    if (name == nullptr) return fail(STATUS_ACCESS_VIOLATION, "no room for the name");
    give_truncated<Char>(u"00000409", name, 9);
    return ok;
  });
}
template <typename Char>
HM_WINAPI HANDLE LoadKeyboardLayout(const Char* name, UINT) noexcept {
  return answer<HANDLE>(nullptr, [&]() -> Result<HANDLE> {
    if (name == nullptr) return fail(STATUS_INVALID_PARAMETER, "a layout without a name");
    const std::u16string text = wide_text<Char>(name);
    if (!equal_ignoring_case(text, u"00000409"))
      return fail_win32(ERROR_FILE_NOT_FOUND, "there is no keyboard layout {}", utf8(text));
    return american();
  });
}
// HKL_PREV and HKL_NEXT are the same one.
HM_WINAPI HANDLE ActivateKeyboardLayout(HANDLE layout, UINT) noexcept {
  return answer<HANDLE>(nullptr, [&]() -> Result<HANDLE> {
    if (layout != american() && reinterpret_cast<std::uintptr_t>(layout) > 1)
      return fail(STATUS_INVALID_PARAMETER, "{} is no loaded keyboard layout", layout);
    return american();
  });
}

// --- Keys and what they type ---

BYTE without_side(BYTE vk) {
  if (vk == VK_LSHIFT || vk == VK_RSHIFT) return VK_SHIFT;
  if (vk == VK_LCONTROL || vk == VK_RCONTROL) return VK_CONTROL;
  if (vk == VK_LMENU || vk == VK_RMENU) return VK_MENU;
  return vk;
}

HM_WINAPI UINT MapVirtualKey(UINT code, UINT kind) noexcept {
  enum : UINT { MAPVK_VK_TO_VSC, MAPVK_VSC_TO_VK, MAPVK_VK_TO_CHAR, MAPVK_VSC_TO_VK_EX, MAPVK_VK_TO_VSC_EX };
  const Key* const key = kind == MAPVK_VSC_TO_VK || kind == MAPVK_VSC_TO_VK_EX ? key_of_scan(static_cast<WORD>(code))
                         : code < 0x100                                        ? key_of_vk(static_cast<BYTE>(code))
                                                                               : nullptr;
  if (key == nullptr) return 0;
  switch (kind) {
    case MAPVK_VK_TO_VSC:
      return key->scan >> 8 == 0xE1 ? 0 : key->scan & 0xFF;
    case MAPVK_VK_TO_VSC_EX:
      return key->scan;
    case MAPVK_VSC_TO_VK:
      return without_side(key->vk);
    case MAPVK_VSC_TO_VK_EX:
      return key->vk;
    case MAPVK_VK_TO_CHAR:
      return key->vk >= 'A' && key->vk <= 'Z' ? key->vk : key->plain == Key::kNone ? 0 : key->plain;
    default:
      return 0;
  }
}
HM_WINAPI UINT MapVirtualKeyEx(UINT code, UINT kind, HANDLE) noexcept {
  return MapVirtualKey(code, kind);
}

HM_WINAPI SHORT VkKeyScanW(WCHAR character) noexcept {
  return key_for_character(character);
}
HM_WINAPI SHORT VkKeyScanExW(WCHAR character, HANDLE) noexcept {
  return key_for_character(character);
}
HM_WINAPI SHORT VkKeyScanA(CHAR character) noexcept {
  const std::u16string wide = nls::from_ansi({&character, 1});
  return wide.size() == 1 ? key_for_character(wide.front()) : SHORT{-1};
}
HM_WINAPI SHORT VkKeyScanExA(CHAR character, HANDLE) noexcept {
  return VkKeyScanA(character);
}

// A scan code with the highest bit is of a key that is let go.
std::optional<WCHAR> typed(UINT vk, UINT scan, const BYTE* keys) {
  if (keys == nullptr || (scan & 0x8000) != 0 || vk > 0xFF) return std::nullopt;
  return character_of(static_cast<BYTE>(vk), modifiers_in(keys));
}
HM_WINAPI INT ToUnicodeEx(UINT vk, UINT scan, const BYTE* keys, WCHAR* text, INT size, UINT, HANDLE) noexcept {
  const auto character = typed(vk, scan, keys);
  if (text == nullptr || size <= 0) return 0;
  text[0] = character.value_or(0);
  if (character && size > 1) text[1] = 0;
  return character ? 1 : 0;
}
HM_WINAPI INT ToUnicode(UINT vk, UINT scan, const BYTE* keys, WCHAR* text, INT size, UINT flags) noexcept {
  return ToUnicodeEx(vk, scan, keys, text, size, flags, american());
}
HM_WINAPI INT ToAsciiEx(UINT vk, UINT scan, const BYTE* keys, WORD* text, UINT, HANDLE) noexcept {
  const auto character = typed(vk, scan, keys);
  if (!character || text == nullptr) return 0;
  *text = *character;  // all of ASCII
  return 1;
}
HM_WINAPI INT ToAscii(UINT vk, UINT scan, const BYTE* keys, WORD* text, UINT flags) noexcept {
  return ToAsciiEx(vk, scan, keys, text, flags, american());
}

template <typename Char>
HM_WINAPI INT GetKeyNameText(LONG parameter, Char* name, INT size) noexcept {
  return answer<INT>(0, [&]() -> Result<INT> {
    if (name == nullptr || size <= 0) return fail(STATUS_INVALID_PARAMETER, "room for {} characters", size);
    const std::u16string text =
        name_of_key(static_cast<BYTE>(parameter >> 16), (parameter & 0x1000000) != 0, (parameter & 0x2000000) != 0);
    return give_truncated<Char>(text, name, size);
  });
}

const Export kRows[] = {
    {"ActivateKeyboardLayout", proc(ActivateKeyboardLayout), Support::partial, kAmerican},
    {"GetAsyncKeyState", proc(GetAsyncKeyState), Support::partial, kNoInput},
    {"GetKeyNameTextA", proc(GetKeyNameText<CHAR>), Support::partial, kAmerican},
    {"GetKeyNameTextW", proc(GetKeyNameText<WCHAR>), Support::partial, kAmerican},
    {"GetKeyState", proc(GetKeyState), Support::partial, kNoInput},
    {"GetKeyboardLayout", proc(GetKeyboardLayout), Support::partial, kAmerican},
    {"GetKeyboardLayoutList", proc(GetKeyboardLayoutList), Support::partial, kAmerican},
    {"GetKeyboardLayoutNameA", proc(GetKeyboardLayoutName<CHAR>), Support::partial, kAmerican},
    {"GetKeyboardLayoutNameW", proc(GetKeyboardLayoutName<WCHAR>), Support::partial, kAmerican},
    {"GetKeyboardState", proc(GetKeyboardState), Support::partial, kNoInput},
    {"LoadKeyboardLayoutA", proc(LoadKeyboardLayout<CHAR>), Support::partial, kAmerican},
    {"LoadKeyboardLayoutW", proc(LoadKeyboardLayout<WCHAR>), Support::partial, kAmerican},
    {"MapVirtualKeyA", proc(MapVirtualKey), Support::partial, kAmerican},
    {"MapVirtualKeyExA", proc(MapVirtualKeyEx), Support::partial, kAmerican},
    {"MapVirtualKeyExW", proc(MapVirtualKeyEx), Support::partial, kAmerican},
    {"MapVirtualKeyW", proc(MapVirtualKey), Support::partial, kAmerican},
    {"SetKeyboardState", proc(SetKeyboardState), Support::partial, "of the calling thread"},
    {"ToAscii", proc(ToAscii), Support::partial, kAmerican},
    {"ToAsciiEx", proc(ToAsciiEx), Support::partial, kAmerican},
    {"ToUnicode", proc(ToUnicode), Support::partial, kAmerican},
    {"ToUnicodeEx", proc(ToUnicodeEx), Support::partial, kAmerican},
    {"VkKeyScanA", proc(VkKeyScanA), Support::partial, kAmerican},
    {"VkKeyScanExA", proc(VkKeyScanExA), Support::partial, kAmerican},
    {"VkKeyScanExW", proc(VkKeyScanExW), Support::partial, kAmerican},
    {"VkKeyScanW", proc(VkKeyScanW), Support::partial, kAmerican},
};

}  // namespace

extern const ExportTable winuser_keyboard_exports = kRows;

}  // namespace hmodule::winapi

// The American keyboard, which is the one that a process without a keyboard is told of.
#pragma once

#include "win/types.h"

#include <optional>
#include <string>

namespace hmodule::winapi {

// clang-format off
inline constexpr BYTE VK_SHIFT = 0x10, VK_CONTROL = 0x11, VK_MENU = 0x12, VK_CAPITAL = 0x14,
    VK_LSHIFT = 0xA0, VK_RSHIFT = 0xA1, VK_LCONTROL = 0xA2, VK_RCONTROL = 0xA3, VK_LMENU = 0xA4, VK_RMENU = 0xA5;
// clang-format on

// A scan code is of set 1; those that follow 0xE0 or 0xE1 have it in their high byte.
struct Key {
  static constexpr WCHAR kNone = 0xF000;

  WORD scan;
  BYTE vk;
  // What it types: alone, with Shift, with Ctrl, with both.
  WCHAR plain = kNone, shifted = kNone, control = kNone, both = kNone;
};

// Of the keys that one virtual key stands for the first, the one that is not extended before others.
const Key* key_of_vk(BYTE vk);
const Key* key_of_scan(WORD scan);

struct Modifiers {
  bool shift, control, menu, capital;
};
// Of GetKeyboardState's bytes.
inline Modifiers modifiers_in(const BYTE* keys) {
  const auto down = [=](BYTE vk) { return (keys[vk] & 0x80) != 0; };
  return {down(VK_SHIFT) || down(VK_LSHIFT) || down(VK_RSHIFT),
          down(VK_CONTROL) || down(VK_LCONTROL) || down(VK_RCONTROL), down(VK_MENU) || down(VK_LMENU) || down(VK_RMENU),
          (keys[VK_CAPITAL] & 1) != 0};
}
// Nothing if the key types nothing then.
std::optional<WCHAR> character_of(BYTE vk, const Modifiers& modifiers);
// The virtual key that types it, and in the high byte with what: 1 Shift, 2 Ctrl. -1 if none does.
SHORT key_for_character(WCHAR character);
// Empty if it has none.
std::u16string name_of_key(BYTE scan, bool extended, bool either_side);

}  // namespace hmodule::winapi

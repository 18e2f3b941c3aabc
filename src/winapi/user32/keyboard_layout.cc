#include "winapi/user32/keyboard_layout.h"

#include <algorithm>
#include <iterator>

namespace hmodule::winapi {
namespace {

// "Keyboard Scan Code Specification" (Microsoft), and winuser.h for the virtual keys.
// clang-format off
constexpr Key kKeys[] = {
    {0x01, 0x1B, 0x1B, 0x1B, 0x1B},  // Esc
    {0x02, '1', '1', '!'},
    {0x03, '2', '2', '@', Key::kNone, 0},
    {0x04, '3', '3', '#'},
    {0x05, '4', '4', '$'},
    {0x06, '5', '5', '%'},
    {0x07, '6', '6', '^', Key::kNone, 0x1E},
    {0x08, '7', '7', '&'},
    {0x09, '8', '8', '*'},
    {0x0A, '9', '9', '('},
    {0x0B, '0', '0', ')'},
    {0x0C, 0xBD, '-', '_', Key::kNone, 0x1F},
    {0x0D, 0xBB, '=', '+'},
    {0x0E, 0x08, 0x08, 0x08, 0x7F},  // Backspace
    {0x0F, 0x09, 0x09, 0x09},        // Tab
    {0x10, 'Q', 'q', 'Q'},
    {0x11, 'W', 'w', 'W'},
    {0x12, 'E', 'e', 'E'},
    {0x13, 'R', 'r', 'R'},
    {0x14, 'T', 't', 'T'},
    {0x15, 'Y', 'y', 'Y'},
    {0x16, 'U', 'u', 'U'},
    {0x17, 'I', 'i', 'I'},
    {0x18, 'O', 'o', 'O'},
    {0x19, 'P', 'p', 'P'},
    {0x1A, 0xDB, '[', '{', 0x1B},
    {0x1B, 0xDD, ']', '}', 0x1D},
    {0x1C, 0x0D, '\r', '\r', '\n'},  // Enter
    {0x1D, VK_LCONTROL},
    {0x1E, 'A', 'a', 'A'},
    {0x1F, 'S', 's', 'S'},
    {0x20, 'D', 'd', 'D'},
    {0x21, 'F', 'f', 'F'},
    {0x22, 'G', 'g', 'G'},
    {0x23, 'H', 'h', 'H'},
    {0x24, 'J', 'j', 'J'},
    {0x25, 'K', 'k', 'K'},
    {0x26, 'L', 'l', 'L'},
    {0x27, 0xBA, ';', ':'},
    {0x28, 0xDE, '\'', '"'},
    {0x29, 0xC0, '`', '~'},
    {0x2A, VK_LSHIFT},
    {0x2B, 0xDC, '\\', '|', 0x1C},
    {0x2C, 'Z', 'z', 'Z'},
    {0x2D, 'X', 'x', 'X'},
    {0x2E, 'C', 'c', 'C'},
    {0x2F, 'V', 'v', 'V'},
    {0x30, 'B', 'b', 'B'},
    {0x31, 'N', 'n', 'N'},
    {0x32, 'M', 'm', 'M'},
    {0x33, 0xBC, ',', '<'},
    {0x34, 0xBE, '.', '>'},
    {0x35, 0xBF, '/', '?'},
    {0x36, VK_RSHIFT},
    {0x37, 0x6A, '*', '*'},  // of the number pad
    {0x38, VK_LMENU},
    {0x39, ' ', ' ', ' ', ' '},
    {0x3A, VK_CAPITAL},
    {0x3B, 0x70},  // F1
    {0x3C, 0x71},
    {0x3D, 0x72},
    {0x3E, 0x73},
    {0x3F, 0x74},
    {0x40, 0x75},
    {0x41, 0x76},
    {0x42, 0x77},
    {0x43, 0x78},
    {0x44, 0x79},
    {0x45, 0x90},  // Num Lock
    {0x46, 0x91},  // Scroll Lock
    {0x47, 0x24},  // Home
    {0x48, 0x26},  // Up
    {0x49, 0x21},  // Page Up
    {0x4A, 0x6D, '-', '-'},
    {0x4B, 0x25},  // Left
    {0x4C, 0x0C},  // Clear
    {0x4D, 0x27},  // Right
    {0x4E, 0x6B, '+', '+'},
    {0x4F, 0x23},  // End
    {0x50, 0x28},  // Down
    {0x51, 0x22},  // Page Down
    {0x52, 0x2D},  // Insert
    {0x53, 0x2E},  // Delete
    {0x54, 0x2C},  // Print Screen, with Alt
    {0x56, 0xE2, '\\', '|', 0x1C},
    {0x57, 0x7A},  // F11
    {0x58, 0x7B},
    {0x59, 0x0C},  // Clear
    {0x5A, 0xEE},
    {0x5B, 0xF1},
    {0x5C, 0xEA},
    {0x5D, 0xF9},
    {0x5E, 0xF5},
    {0x5F, 0xF3},
    {0x62, 0xFB},
    {0x63, 0x2F},  // Help
    {0x64, 0x7C},  // F13
    {0x65, 0x7D},
    {0x66, 0x7E},
    {0x67, 0x7F},
    {0x68, 0x80},
    {0x69, 0x81},
    {0x6A, 0x82},
    {0x6B, 0x83},
    {0x6C, 0x84},
    {0x6D, 0x85},
    {0x6E, 0x86},
    {0x6F, 0xED},
    {0x71, 0xE9},
    {0x73, 0xC1},
    {0x76, 0x87},  // F24
    {0x7B, 0xEB},
    {0x7C, 0x09, 0x09, 0x09},
    {0x7E, 0xC2},
    {0xE010, 0xB1},  // the last track
    {0xE019, 0xB0},  // the next track
    {0xE01C, 0x0D, '\r', '\r', '\n'},
    {0xE01D, VK_RCONTROL},
    {0xE020, 0xAD},  // mute
    {0xE021, 0xB7},
    {0xE022, 0xB3},  // play
    {0xE024, 0xB2},  // stop
    {0xE02E, 0xAE},  // quieter
    {0xE030, 0xAF},  // louder
    {0xE032, 0xAC},
    {0xE035, 0x6F, '/', '/'},
    {0xE037, 0x2C},  // Print Screen
    {0xE038, VK_RMENU},
    {0xE046, 0x03, 0x03, 0x03, 0x03},  // Break
    {0xE047, 0x24},
    {0xE048, 0x26},
    {0xE049, 0x21},
    {0xE04B, 0x25},
    {0xE04D, 0x27},
    {0xE04F, 0x23},
    {0xE050, 0x28},
    {0xE051, 0x22},
    {0xE052, 0x2D},
    {0xE053, 0x2E},
    {0xE05B, 0x5B},  // Windows
    {0xE05C, 0x5C},
    {0xE05D, 0x5D},  // Menu
    {0xE05F, 0x5F},  // Sleep
    {0xE065, 0xAA},
    {0xE066, 0xAB},
    {0xE067, 0xA8},
    {0xE068, 0xA9},
    {0xE069, 0xA7},
    {0xE06A, 0xA6},
    {0xE06B, 0xB6},
    {0xE06C, 0xB4},
    {0xE06D, 0xB5},
    {0xE11D, 0x13},  // Pause
    // With Num Lock the keys of the number pad are these.
    {0x52, 0x60, '0'},
    {0x4F, 0x61, '1'},
    {0x50, 0x62, '2'},
    {0x51, 0x63, '3'},
    {0x4B, 0x64, '4'},
    {0x4C, 0x65, '5'},
    {0x4D, 0x66, '6'},
    {0x47, 0x67, '7'},
    {0x48, 0x68, '8'},
    {0x49, 0x69, '9'},
    {0x53, 0x6E, '.', '.'},
};

struct Name {
  WORD scan;
  const char16_t* text;
};
constexpr Name kNames[] = {
    {0x01, u"Esc"},
    {0x0E, u"Backspace"},
    {0x0F, u"Tab"},
    {0x1C, u"Enter"},
    {0x1D, u"Ctrl"},
    {0x2A, u"Shift"},
    {0x36, u"Right Shift"},
    {0x37, u"Num *"},
    {0x38, u"Alt"},
    {0x39, u"Space"},
    {0x3A, u"Caps Lock"},
    {0x3B, u"F1"},
    {0x3C, u"F2"},
    {0x3D, u"F3"},
    {0x3E, u"F4"},
    {0x3F, u"F5"},
    {0x40, u"F6"},
    {0x41, u"F7"},
    {0x42, u"F8"},
    {0x43, u"F9"},
    {0x44, u"F10"},
    {0x45, u"Pause"},
    {0x46, u"Scroll Lock"},
    {0x47, u"Num 7"},
    {0x48, u"Num 8"},
    {0x49, u"Num 9"},
    {0x4A, u"Num -"},
    {0x4B, u"Num 4"},
    {0x4C, u"Num 5"},
    {0x4D, u"Num 6"},
    {0x4E, u"Num +"},
    {0x4F, u"Num 1"},
    {0x50, u"Num 2"},
    {0x51, u"Num 3"},
    {0x52, u"Num 0"},
    {0x53, u"Num Del"},
    {0x54, u"Sys Req"},
    {0x57, u"F11"},
    {0x58, u"F12"},
    {0x7C, u"F13"},
    {0x7D, u"F14"},
    {0x7E, u"F15"},
    {0x7F, u"F16"},
    {0x80, u"F17"},
    {0x81, u"F18"},
    {0x82, u"F19"},
    {0x83, u"F20"},
    {0x84, u"F21"},
    {0x85, u"F22"},
    {0x86, u"F23"},
    {0x87, u"F24"},
    {0xE01C, u"Num Enter"},
    {0xE01D, u"Right Ctrl"},
    {0xE035, u"Num /"},
    {0xE037, u"Prnt Scrn"},
    {0xE038, u"Right Alt"},
    {0xE045, u"Num Lock"},
    {0xE046, u"Break"},
    {0xE047, u"Home"},
    {0xE048, u"Up"},
    {0xE049, u"Page Up"},
    {0xE04B, u"Left"},
    {0xE04D, u"Right"},
    {0xE04F, u"End"},
    {0xE050, u"Down"},
    {0xE051, u"Page Down"},
    {0xE052, u"Insert"},
    {0xE053, u"Delete"},
    {0xE054, u"<00>"},
    {0xE056, u"Help"},
    {0xE05B, u"Left Windows"},
    {0xE05C, u"Right Windows"},
    {0xE05D, u"Application"},
};
// clang-format on

const Key* find(auto matches) {
  const auto found = std::find_if(std::begin(kKeys), std::end(kKeys), matches);
  return found == std::end(kKeys) ? nullptr : found;
}

bool is_letter(BYTE vk) {
  return vk >= 'A' && vk <= 'Z';
}

}  // namespace

const Key* key_of_vk(BYTE vk) {
  switch (vk) {
    case VK_SHIFT:
      vk = VK_LSHIFT;
      break;
    case VK_CONTROL:
      vk = VK_LCONTROL;
      break;
    case VK_MENU:
      vk = VK_LMENU;
      break;
    default:
      break;
  }
  return find([=](const Key& key) { return key.vk == vk; });
}

const Key* key_of_scan(WORD scan) {
  return find([=](const Key& key) { return key.scan == scan; });
}

std::optional<WCHAR> character_of(BYTE vk, const Modifiers& modifiers) {
  const Key* const key = key_of_vk(vk);
  if (key == nullptr || (modifiers.control && modifiers.menu)) return std::nullopt;  // no third level here
  if (modifiers.control && is_letter(vk)) return static_cast<WCHAR>(vk & 0x1F);
  const bool shift = modifiers.shift != (modifiers.capital && is_letter(vk));
  const WCHAR typed = modifiers.control ? shift ? key->both : key->control : shift ? key->shifted : key->plain;
  if (typed == Key::kNone) return std::nullopt;
  return typed;
}

SHORT key_for_character(WCHAR character) {
  constexpr SHORT kShift = 0x100, kControl = 0x200;
  if (character == Key::kNone) return -1;
  for (const Key& key : kKeys) {
    if (key.plain == character) return key.vk;
    if (key.shifted == character) return static_cast<SHORT>(kShift | key.vk);
    if (key.control == character) return static_cast<SHORT>(kControl | key.vk);
    if (key.both == character) return static_cast<SHORT>(kShift | kControl | key.vk);
  }
  if (character >= 1 && character <= 26) return static_cast<SHORT>(kControl | ('A' + character - 1));
  return -1;
}

std::u16string name_of_key(BYTE scan, bool extended, bool either_side) {
  WORD code = static_cast<WORD>(extended ? 0xE000 | scan : scan);
  if (either_side) {
    const Key* const key = key_of_scan(code);
    const BYTE vk = key == nullptr ? BYTE{0} : key->vk;
    if (vk == VK_RSHIFT) code = 0x2A;
    if (vk == VK_RCONTROL || vk == VK_RMENU) code = scan;
  }
  const auto named = std::find_if(std::begin(kNames), std::end(kNames), [=](const Name& n) { return n.scan == code; });
  if (named != std::end(kNames)) return named->text;
  const Key* const key = key_of_scan(scan);  // the others are called by what they type
  if (key == nullptr || key->plain == Key::kNone) return {};
  return {is_letter(key->vk) ? WCHAR{key->vk} : key->plain};
}

}  // namespace hmodule::winapi

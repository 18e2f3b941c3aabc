// The tables behind one- and two-byte code pages.
#pragma once

#include "nls/codepage.h"

namespace hmodule::nls {

struct CodePageTable {
  static constexpr char16_t kNone = 0xFFFF;       // in `wide`: no such character
  static constexpr unsigned kInvalid = 0x1'0000;  // a lead byte with no trail byte
  std::vector<char16_t> wide;                     // by code: one byte, or lead << 8 | trail
  std::vector<std::uint16_t> bytes;               // by UTF-16 unit; 0: none. Includes best fit
};

// Made on the first use of the page (some milliseconds), then kept. Thread-safe.
const CodePageTable& table_of(const CodePage& page);

}  // namespace hmodule::nls

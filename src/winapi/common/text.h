// Strings at the border: counted and terminated, UTF-16 and the ANSI code page, which is UTF-8 (DESIGN D9).
#pragma once

#include "base/result.h"
#include "base/utf.h"
#include "win/types.h"

#include <algorithm>
#include <string>
#include <string_view>

namespace hmodule::winapi {

inline std::u16string_view view(const UNICODE_STRING& text) {
  return {text.Buffer, text.Buffer == nullptr ? 0 : text.Length / sizeof(WCHAR)};
}
inline std::string_view view(const ANSI_STRING& text) {
  return {text.Buffer, text.Buffer == nullptr ? 0U : text.Length};
}
// A terminated string that must be there.
template <typename Char>
Result<std::basic_string_view<Char>> text(const Char* string) {
  if (string == nullptr) return fail(STATUS_INVALID_PARAMETER, "a string is NULL");
  return std::basic_string_view<Char>(string);
}

// The way most functions give text back: `size` counts units. With room for the text and its terminator, both are
// written and the length is returned; else nothing is written and the size needed is returned, terminator included.
template <typename Char>
DWORD give(std::basic_string_view<Char> text, Char* buffer, DWORD size) {
  const auto length = static_cast<DWORD>(text.size());
  if (buffer == nullptr || size <= length) return length + 1;
  std::copy(text.begin(), text.end(), buffer);
  buffer[length] = 0;
  return length;
}

}  // namespace hmodule::winapi

// Text into a caller's buffer.
#pragma once

#include "win/types.h"

#include <cstring>
#include <string_view>

namespace hmodule::winapi {

// The rule of GetFullPathName, GetTempPath and their kin. Text and NUL fit: they are copied, and the length without NUL
// is returned. Else nothing is copied, and the length with NUL is returned.
template <typename Char>
DWORD copy_out(std::basic_string_view<Char> text, Char* buffer, DWORD units) {
  const auto length = static_cast<DWORD>(text.size());
  if (buffer == nullptr || units <= length) return length + 1;
  std::memcpy(buffer, text.data(), text.size() * sizeof(Char));
  buffer[length] = 0;
  return length;
}

inline std::u16string_view view(const UNICODE_STRING* string) {
  if (string == nullptr || string->Buffer == nullptr) return {};
  return {string->Buffer, string->Length / sizeof(WCHAR)};
}

}  // namespace hmodule::winapi

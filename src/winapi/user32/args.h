// Arguments that many functions of user32 take: text of both kinds, numbers in the place of strings, extra bytes.
#pragma once

#include "base/result.h"
#include "base/utf.h"
#include "nls/codepage.h"
#include "window/class_table.h"
#include "window/window.h"

#include <algorithm>
#include <span>
#include <string>

namespace hmodule::winapi {

template <typename Char>
inline constexpr bool kIsWide = sizeof(Char) == 2;

inline bool is_number(const void* text) {
  return reinterpret_cast<std::uintptr_t>(text) < 0x10000;
}
inline WORD number(const void* text) {
  return static_cast<WORD>(reinterpret_cast<std::uintptr_t>(text));
}

template <typename Char>
std::u16string wide_text(const void* text) {
  if constexpr (kIsWide<Char>)
    return static_cast<const WCHAR*>(text);
  else
    return nls::from_ansi(static_cast<const CHAR*>(text));
}
// Text as it is given to a caller.
template <typename Char>
std::basic_string<Char> text_for(std::u16string_view text) {
  if constexpr (kIsWide<Char>)
    return std::u16string(text);
  else
    return nls::to_ansi(text);
}

// As much as fits before the terminator; how much that is.
template <typename Char>
INT give_truncated(std::u16string_view text, Char* buffer, INT size) {
  const auto given = text_for<Char>(text);
  const std::size_t fitting = std::min(given.size(), static_cast<std::size_t>(size) - 1);
  *std::copy_n(given.begin(), fitting, buffer) = 0;
  return static_cast<INT>(fitting);
}

// The name of a class, or of the one with this atom.
template <typename Char>
Result<std::u16string> class_name(const void* name) {
  if (!is_number(name)) return wide_text<Char>(name);
  return TRY(window::user_atoms().query(number(name))).name;
}
// The atom of a class's name; `absent` is the error when nobody has that name.
template <typename Char>
Result<nt::ATOM> class_atom(const Char* name, DWORD absent) {
  if (name == nullptr) return fail_win32(absent, "a class without a name");
  if (is_number(name)) return number(name);
  const std::u16string text = wide_text<Char>(name);
  const auto checked = nt::AtomTable::name_from(std::u16string_view(text));
  if (checked)
    if (const auto found = window::user_atoms().find(*checked)) return *found;
  return fail_win32(absent, "there is no class {}", utf8(text));
}

// Extra bytes of a class or a window.
inline Status check_extra(std::span<const std::byte> extra, INT index, std::size_t size) {
  if (index < 0 || static_cast<std::size_t>(index) > extra.size() ||
      extra.size() - static_cast<std::size_t>(index) < size)
    return fail_win32(ERROR_INVALID_INDEX, "{} bytes at {} of {}", size, index, extra.size());
  return ok;
}

}  // namespace hmodule::winapi

// Strings as the NLS functions take them and give them back.
#pragma once

#include "base/result.h"
#include "nls/codepage.h"
#include "nls/locale.h"

#include <algorithm>
#include <climits>
#include <span>
#include <string>
#include <string_view>

namespace hmodule::winapi {

// A negative length means "up to the terminator, which counts".
template <typename Char>
std::basic_string_view<Char> counted(const Char* text, int length) {
  if (length >= 0) return {text, static_cast<std::size_t>(length)};
  return {text, std::char_traits<Char>::length(text) + 1};
}
// The same for functions that never count it.
template <typename Char>
std::basic_string_view<Char> uncounted(const Char* text, int length) {
  return length >= 0 ? std::basic_string_view<Char>(text, static_cast<std::size_t>(length)) : text;
}

// The customary contract of a result that is not terminated: size 0 asks for the length.
template <typename Char>
Result<int> deliver(std::type_identity_t<std::basic_string_view<Char>> text, Char* buffer, int size) {
  if (text.size() > INT_MAX) return fail_win32(ERROR_INVALID_PARAMETER, "a result of {} characters", text.size());
  const int length = static_cast<int>(text.size());
  if (size == 0) return length;
  if (size < length) return fail_win32(ERROR_INSUFFICIENT_BUFFER, "{} characters do not fit in {}", length, size);
  std::copy_n(text.data(), text.size(), buffer);
  return length;
}

// The same with a terminator, which counts.
template <typename Char>
Result<int> deliver_terminated(std::type_identity_t<std::basic_string_view<Char>> text, Char* buffer, int size) {
  return deliver<Char>(std::basic_string<Char>(text) + Char{}, buffer, size);
}

// The code page in which an "A" function reads and writes text of a locale: the locale's own, as a program that names a
// German locale has its text in 1252, whatever the ANSI code page is. The default locales are those of the process.
// Locales without a code page, and callers who say so, have the ANSI code page.
inline const nls::CodePage& code_page_of(LCID id, DWORD flags) {
  UINT page = CP_ACP;
  const bool is_default = id == LOCALE_NEUTRAL || id == LOCALE_USER_DEFAULT || id == LOCALE_SYSTEM_DEFAULT;
  if (!is_default && (flags & LOCALE_USE_CP_ACP) == 0)
    if (const auto locale = nls::find_locale(id))
      if (const auto own = nls::locale_number(*locale, nls::LOCALE_IDEFAULTANSICODEPAGE)) page = *own;
  const nls::CodePage* const found = nls::find_code_page(page);
  return found != nullptr ? *found : *nls::find_code_page(CP_ACP);
}

// A size below zero, or a size without a buffer.
template <typename Char>
Status check_buffer(const Char* buffer, int size) {
  if (size < 0 || (buffer == nullptr && size != 0))
    return fail_win32(ERROR_INVALID_PARAMETER, "a buffer at {} of {} characters", static_cast<const void*>(buffer),
                      size);
  return ok;
}

}  // namespace hmodule::winapi

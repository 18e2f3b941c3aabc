// ICU's C objects with owners, and its strings as ours.
#pragma once

#include <unicode/ucnv.h>
#include <unicode/unistr.h>
#include <unicode/utypes.h>

#include <memory>
#include <string>
#include <string_view>

namespace hmodule::nls {

struct CloseConverter {
  void operator()(UConverter* converter) const { ucnv_close(converter); }
};
using Converter = std::unique_ptr<UConverter, CloseConverter>;

inline std::u16string from_icu(const icu::UnicodeString& text) {
  return {text.getBuffer(), static_cast<std::size_t>(text.length())};
}
// An alias, not a copy.
inline icu::UnicodeString to_icu(std::u16string_view text) {
  return icu::UnicodeString(false, text.data(), static_cast<int32_t>(text.size()));
}

// Calls `fill(buffer, capacity, &error)` as ICU's C functions want it, a second time when the first guess is too small.
template <typename Char, typename Fill>
std::basic_string<Char> icu_string(Fill&& fill) {
  std::basic_string<Char> text(128, Char{});
  UErrorCode error = U_ZERO_ERROR;
  int32_t length = fill(text.data(), static_cast<int32_t>(text.size()), &error);
  if (error == U_BUFFER_OVERFLOW_ERROR) {
    text.resize(static_cast<std::size_t>(length));
    error = U_ZERO_ERROR;
    length = fill(text.data(), static_cast<int32_t>(text.size()), &error);
  }
  text.resize(U_SUCCESS(error) && length > 0 ? static_cast<std::size_t>(length) : 0);
  return text;
}

}  // namespace hmodule::nls

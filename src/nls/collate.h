// Comparing, sorting, finding and mapping text by the rules of a language: CompareString, LCMapString, FindNLSString.
//
// The order is ICU's. Two habits of Windows are laid over it. A "word sort" gives hyphen and apostrophe almost no
// weight, so that "co-op" stands beside "coop": they are taken out, and decide only between texts that are otherwise
// equal. And ignoring case alone still tells the kinds of kana and the widths apart, where ICU's levels do not: so case
// is folded in the text, and the collator keeps its strength.
#pragma once

#include "nls/locale.h"

#include <optional>
#include <string>
#include <string_view>

namespace hmodule::nls {

// CSTR_LESS_THAN, CSTR_EQUAL or CSTR_GREATER_THAN. ERROR_INVALID_FLAGS.
Result<int> compare(const Locale& locale, DWORD flags, std::u16string_view a, std::u16string_view b);
int compare_ordinal(std::u16string_view a, std::u16string_view b, bool ignore_case);

// Bytes whose order is the order of the texts, with a terminating zero.
Result<std::string> sort_key(const Locale& locale, DWORD flags, std::u16string_view text);

struct Match {
  std::size_t at, length;
};
// `flags`: one FIND_ flag, and what compare() takes.
Result<std::optional<Match>> find(const Locale& locale, DWORD flags, std::u16string_view text,
                                  std::u16string_view wanted);
std::optional<std::size_t> find_ordinal(DWORD flags, std::u16string_view text, std::u16string_view wanted,
                                        bool ignore_case);

// The LCMAP_ mappings that give text. ERROR_INVALID_FLAGS for a combination Windows refuses.
Result<std::u16string> map_text(const Locale& locale, DWORD flags, std::u16string_view text);

}  // namespace hmodule::nls

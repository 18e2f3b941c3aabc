// UTF-8 <-> UTF-16 and the one case mapping that Windows names use (NAME-12).
#pragma once

#include <string>
#include <string_view>

namespace hmodule {

// Ill-formed input becomes U+FFFD; lone surrogates pass from UTF-16 as their three-byte form (WTF-8) and come back
// unchanged, so that every Windows name has a host form.
std::string utf8(std::u16string_view text);
std::u16string utf16(std::string_view text);

// Simple upper-casing of one UTF-16 unit, as RtlUpcaseUnicodeChar does it.
char16_t upcase(char16_t unit);
std::u16string upcase(std::u16string_view text);
bool equal_ignoring_case(std::u16string_view a, std::u16string_view b);

}  // namespace hmodule

// Character types (GetStringType) and simple case mapping, one UTF-16 unit at a time as Windows does it.
#pragma once

#include "win/winnls.h"

#include <string>
#include <string_view>

namespace hmodule::nls {

// CT_CTYPE1, CT_CTYPE2, CT_CTYPE3: what the unit is, which way it runs, what it does in text.
WORD ctype1(char16_t unit);
WORD ctype2(char16_t unit);
WORD ctype3(char16_t unit);
// By the CT_ constant; any other is a mistake of ours.
WORD ctype(DWORD kind, char16_t unit);

// The inverse of upcase() of base/utf.h.
char16_t downcase(char16_t unit);
std::u16string downcase(std::u16string_view text);

}  // namespace hmodule::nls

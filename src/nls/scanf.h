// scanf as Windows reads it, narrow and wide. As in printf.h, long has 32 bits, I64, I32 and I are sizes, %s in a wide
// format is wide and %S and %C are the other kind.
#pragma once

#include "nls/printf.h"

namespace hmodule::nls {

// The _s functions take a size, in characters, after the address for %c, %s and %[.
enum class ScanRules : bool { plain, checked };

// How many conversions were stored; -1 when the text ended before the first.
int scan(std::string_view text, std::string_view format, Arguments arguments, ScanRules rules);
int scan(std::u16string_view text, std::u16string_view format, Arguments arguments, ScanRules rules);

}  // namespace hmodule::nls

// The exception directory (3): the function table of §14.
#pragma once

#include "pe/image.h"

namespace hmodule::pe {

// Empty when absent. Entries are not judged: unwinding checks what it follows.
Result<std::span<const RuntimeFunction>> exception_table(const Image& image);

}  // namespace hmodule::pe

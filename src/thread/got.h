// A library that comes by dlopen() is behind libc in the order of linking, so defining one of libc's functions does not
// make anybody call it. What does is to write its address into the GOT entries of the objects already loaded.
#pragma once

#include <cstddef>

namespace hmodule::thread {

// Makes all loaded objects but this one call `replacement` for `function`. The number of entries written.
std::size_t patch_callers_of(const char* function, const void* replacement);

}  // namespace hmodule::thread

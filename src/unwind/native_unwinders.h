// What libgcc's unwinder is told about DLL code.
#pragma once

#include <cstdint>

namespace hmodule::unwind {

// From now on libgcc asks us about addresses that belong to no ELF object. Idempotent.
void serve_native_unwinders();

// Frees what was made for an image; function_table.h calls it.
void forget_image(std::uintptr_t base);

}  // namespace hmodule::unwind

// What libgcc's unwinder is told about DLL code.
#pragma once

#include <cstdint>

namespace hmodule::unwind {

// From now on libgcc asks us about addresses that belong to no ELF object. Idempotent.
void serve_native_unwinders();

// A place in native code that has no unwind data, told once: [begin, end) is in a function whose frame, without the
// return address, has `frame_size` bytes.
void describe_native_code(std::uintptr_t begin, std::uintptr_t end, std::int64_t frame_size);

// Frees what was made for an image; function_table.h calls it.
void forget_image(std::uintptr_t base);

}  // namespace hmodule::unwind

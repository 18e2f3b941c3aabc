// Random numbers from the kernel.
#pragma once

#include <cstddef>

namespace hmodule::nt {

// Never fails: a process that cannot have random numbers must not go on with others.
void fill_random(void* buffer, std::size_t size);

}  // namespace hmodule::nt

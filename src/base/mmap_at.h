// mmap at one address, or not at all.
#pragma once

#include <sys/types.h>

#include <cstddef>

namespace hmodule {

// As mmap; MAP_FAILED with EEXIST when something is there already.
void* mmap_at(void* address, std::size_t size, int rights, int flags, int file = -1, off_t offset = 0);

}  // namespace hmodule

// pthread_create, as this library defines it: every thread starts with GS 0 (platform-facts §1.2).
#pragma once

#include <cstddef>
#include <cstdint>

namespace hmodule::thread {

// When the library came by dlopen, objects loaded earlier are bound to libc's pthread_create: points their GOT entries
// to ours. Objects loaded later with RTLD_LOCAL scope need another call. Returns the number of entries changed.
//
// Not reached: a pointer to pthread_create that an object took before, thrd_create, and threads libc makes for itself.
// Such a thread starts with its creator's TEB in GS until attach() runs in it.
std::size_t patch_pthread_create();

}  // namespace hmodule::thread

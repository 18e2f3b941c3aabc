// Where a thread may be suspended or killed. Besides the kernel (kernel_section.h) it is the host's C library that it
// must leave first: a thread that stands in malloc() or dlopen() holds locks which its tormentor needs for anything.
#pragma once

#include <ucontext.h>

namespace hmodule::nt {

// Looks where the C library and the allocator are. Before the first call of the next.
void find_stop_places();

// `registers` as a signal handler gets them. True in a system call that waits: no allocator waits for long with a lock.
// No lock, no allocation.
bool may_stop_at(const ucontext_t& registers);

}  // namespace hmodule::nt

// The GS base register. Kernel 5.9 and later let user code write it (about 12 ns); where they do not, or where
// HMODULE_GS=arch_prctl asks for it (Valgrind knows no wrgsbase), a system call does the same in 180 ns.
#pragma once

#include <cstdint>

namespace hmodule::thread {

std::uintptr_t gs_base();               // safe in signal handlers
void set_gs_base(std::uintptr_t base);  // safe in signal handlers; the signal frame does not restore it

}  // namespace hmodule::thread

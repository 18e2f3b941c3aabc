// Native code that stands for a DLL's own: it calls nothing but its like, and what it is given wrong is its caller's
// fault, so it faults in the DLL's name. HM_LEAF puts a function there; what is inlined in one must always be.
#pragma once

#include <cstdint>

#define HM_LEAF __attribute__((section("hm_leaves"), noinline))

extern "C" {
// The linker's, for a section of this name.
extern const char __start_hm_leaves[] __attribute__((weak, visibility("hidden")));
extern const char __stop_hm_leaves[] __attribute__((weak, visibility("hidden")));
}

namespace hmodule {

inline bool is_leaf_code(std::uintptr_t address) {
  return address >= reinterpret_cast<std::uintptr_t>(__start_hm_leaves) &&
         address < reinterpret_cast<std::uintptr_t>(__stop_hm_leaves);
}

}  // namespace hmodule

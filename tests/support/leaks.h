// LeakSanitizer, where it is there.
#pragma once

#ifdef __SANITIZE_ADDRESS__
extern "C" void __lsan_disable();
#endif

namespace hmodule::test {

// What the calling thread allocates from now on is meant to leak: it will be killed.
inline void leaks_are_meant() {
#ifdef __SANITIZE_ADDRESS__
  __lsan_disable();
#endif
}

}  // namespace hmodule::test

#include "support/pe_function.h"

// Made once and never freed.
extern "C" __attribute__((visibility("default"))) void* dll_function() {
  static const auto* const dll = new hmodule::testing::PeFunction;
  return reinterpret_cast<void*>(dll->get());
}

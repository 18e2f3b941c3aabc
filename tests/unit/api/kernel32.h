// kernel32's functions by name, as a host asks for them.
#pragma once

#include <hmodule/hmodule.hpp>

namespace hmodule::test {

inline const library& kernel32_dll() {
  static const auto* const dll = new library("kernel32.dll");  // nothing is freed at the end
  return *dll;
}
template <typename Signature>
auto* kernel32(const char* name) {
  return kernel32_dll().get<Signature>(name);
}

}  // namespace hmodule::test

// A program with AddressSanitizer, and a library without: the DLL's faults are its own, all others the sanitizer's.
#include <hmodule/hmodule.h>

#include <cstdio>

int main(int, char** arguments) {
  const HMODULE dll = hmodule_open(arguments[1], 0);
  const auto function = reinterpret_cast<HM_WINAPI void (*)(void*)>(hmodule_sym(dll, arguments[2]));
  if (function == nullptr) return 1;
  *static_cast<unsigned long long*>(hmodule_sym(dll, "where")) = 0x10;
  function(reinterpret_cast<void*>(0x10));
  std::puts("handled");
}

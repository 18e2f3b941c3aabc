// An exception of mingw's C++ runtime that leaves the DLL.
#include <stdexcept>

extern "C" __declspec(dllexport) void throw_gcc() {
  throw std::out_of_range("too far");
}

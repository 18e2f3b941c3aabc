// A program that does not know the library: it opens a plug-in that contains it, and an exception thrown here comes
// back here through DLL code. libgcc is in this program or beside it.
#include <dlfcn.h>

#include <cstdint>
#include <cstdio>
#include <stdexcept>

namespace {

__attribute__((ms_abi)) std::uint64_t throws(void* text) {
  throw std::runtime_error(static_cast<const char*>(text));
}

}  // namespace

int main(int count, char** arguments) {
  void* const plugin = count == 2 ? dlopen(arguments[1], RTLD_NOW | RTLD_LOCAL) : nullptr;
  if (plugin == nullptr) return std::fprintf(stderr, "%s\n", dlerror()), 2;
  const auto maker = reinterpret_cast<void* (*)()>(dlsym(plugin, "dll_function"));
  using Function = __attribute__((ms_abi)) std::uint64_t (*)(std::uint64_t(__attribute__((ms_abi))*)(void*), void*);
  char text[] = "from a callback";
  try {
    reinterpret_cast<Function>(maker())(throws, text);
  } catch (const std::exception& caught) {
    std::printf("caught: %s\n", caught.what());
    return 0;
  }
  return 1;
}

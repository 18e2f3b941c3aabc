// Calls functions of a Windows DLL: zlib1.dll, as Debian's libz-mingw-w64 has it.
//   zlib PATH-OF-zlib1.dll
#include <cstdio>
#include <cstring>
#include <hmodule/hmodule.hpp>
#include <vector>

int main(int argc, char** argv) try {
  if (argc != 2) return std::fprintf(stderr, "usage: %s zlib1.dll\n", argv[0]), 2;
  const hmodule::library zlib(argv[1]);
  const auto version = zlib.get<const char*()>("zlibVersion");
  const auto compress = zlib.get<int(void*, std::uint32_t*, const void*, std::uint32_t)>("compress");
  const auto uncompress = zlib.get<int(void*, std::uint32_t*, const void*, std::uint32_t)>("uncompress");

  const std::vector<char> text(100000, 'a');
  std::vector<char> packed(text.size()), unpacked(text.size());
  auto packed_size = static_cast<std::uint32_t>(packed.size()), size = static_cast<std::uint32_t>(unpacked.size());
  if (compress(packed.data(), &packed_size, text.data(), size) != 0) return 1;
  if (uncompress(unpacked.data(), &size, packed.data(), packed_size) != 0 || unpacked != text) return 1;
  std::printf("zlib %s of %s: %zu bytes packed into %u, and unpacked again\n", version(), argv[1], text.size(),
              packed_size);
  return 0;
} catch (const hmodule::error& failure) {
  std::fprintf(stderr, "%s (Windows error %d)\n", failure.what(), failure.code().value());
  return 1;
}

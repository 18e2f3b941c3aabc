#include "base/mmap_at.h"

#include <sys/mman.h>

#include <cerrno>

namespace hmodule {

namespace {

// ThreadSanitizer's mmap does not know this flag: it would turn an address that is its own into 0, and map page 0.
// Without the flag the kernel takes the address as a wish, which it grants where it can.
#ifdef __SANITIZE_THREAD__
constexpr int kOnlyThere = 0;
#else
constexpr int kOnlyThere = MAP_FIXED_NOREPLACE;
#endif

}  // namespace

void* mmap_at(void* address, std::size_t size, int rights, int flags, int file, off_t offset) {
  void* const pages = mmap(address, size, rights, flags | kOnlyThere, file, offset);
  if (pages == MAP_FAILED || pages == address) return pages;
  munmap(pages, size);  // a kernel before 4.17 does not know the flag either
  errno = EEXIST;
  return MAP_FAILED;
}

}  // namespace hmodule

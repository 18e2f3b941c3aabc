#include "nt/random.h"

#include "nt/encoded_pointer.h"

#include <sys/random.h>

#include <cerrno>
#include <cstdlib>

namespace hmodule::nt {

void fill_random(void* buffer, std::size_t size) {
  auto* at = static_cast<char*>(buffer);
  while (size > 0) {
    const ssize_t got = getrandom(at, size, 0);
    if (got < 0 && errno != EINTR) std::abort();
    if (got <= 0) continue;
    at += got;
    size -= static_cast<std::size_t>(got);
  }
}

std::uint64_t process_cookie() {
  static const std::uint64_t cookie = [] {
    std::uint64_t value = 0;
    fill_random(&value, sizeof value);
    return value;
  }();
  return cookie;
}

}  // namespace hmodule::nt

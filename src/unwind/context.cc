#include "unwind/context.h"

namespace hmodule::unwind {
namespace {

std::uint64_t extended_features() {
  constexpr std::uint64_t kX87 = 1, kSse = 2, kProtectionKeys = 1 << 9;
  std::uint32_t low = 0, high = 0;
  __asm__("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
  return (std::uint64_t{high} << 32 | low) & ~(kX87 | kSse | kProtectionKeys);
}

}  // namespace

extern "C" {
std::uint64_t hm_extended_features = extended_features();
}

}  // namespace hmodule::unwind

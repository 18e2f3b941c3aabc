// Calls a DLL with many values in registers, and needs them when an exception comes out. Compiled by two compilers:
// Clang keeps values in RSI, RDI and XMM6-15 across such a call, which the DLL keeps too.
#include <cstdint>

using Callback = __attribute__((ms_abi)) int (*)(void*);
using Calls = __attribute__((ms_abi)) int (*)(Callback, void*);

namespace {

__attribute__((noinline)) double sum(double a, double b) {
  return a + b;
}

}  // namespace

// The sum of what it kept: 25 times `seed`, and 6 times.
std::int64_t FUNCTION(Calls calls, Callback callback, void* argument, std::int64_t seed) {
  std::int64_t a = seed, b = 2 * seed, c = 3 * seed, d = 4 * seed, e = 5 * seed, f = 4 * seed, g = 6 * seed;
  double x = static_cast<double>(seed), y = 2 * x, z = 3 * x;
  asm volatile("" : "+r"(a), "+r"(b), "+r"(c), "+r"(d), "+r"(e), "+r"(f), "+r"(g), "+x"(x), "+x"(y), "+x"(z));
  try {
    calls(callback, argument);
    return 0;
  } catch (...) {
    return a + b + c + d + e + f + g + static_cast<std::int64_t>(sum(x, y) + z);
  }
}

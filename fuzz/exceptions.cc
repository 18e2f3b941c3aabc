#include "pe/exceptions.h"

#include "fuzz.h"

using namespace hmodule;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  fuzz::for_each_layout(data, size, [](const pe::Image& image) {
    const auto table = pe::exception_table(image);
    if (!table) return;
    std::uint32_t sum = 0;
    for (const pe::RuntimeFunction& function : *table) sum += function.EndAddress - function.BeginAddress;
    asm volatile("" ::"r"(sum));
  });
  return 0;
}

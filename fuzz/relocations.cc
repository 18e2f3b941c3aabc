#include "pe/relocations.h"

#include "fuzz.h"

using namespace hmodule;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  fuzz::for_each_layout(data, size, [](const pe::Image& image) {
    pe::for_each_relocation(image, [&](pe::Rva rva, std::uint16_t type) {
      if (!pe::is_known_relocation(type) || rva.value >= image.size_of_image() + 0xFFF) __builtin_trap();
    }).has_value();
  });
  return 0;
}

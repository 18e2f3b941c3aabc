#include "fuzz.h"

using namespace hmodule;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const Bytes file = fuzz::bytes(data, size);
  const bool loads = pe::Image::parse(file).has_value();
  const auto image = pe::Image::inspect(file);
  if (loads && (!image || !image->refusal())) __builtin_trap();  // what loads must be readable, and not refused
  pe::check_data_file(file).has_value();
  fuzz::for_each_layout(data, size, [](const pe::Image& any) {
    for (const pe::Section& section : any.sections()) {
      section.name();
      for (const std::uint32_t offset : {0U, 1U, section.virtual_size - 1, section.virtual_size}) {
        const pe::Rva rva{section.rva.value + offset};
        any.string_at(rva).has_value();
        any.read<std::uint64_t>(rva).has_value();
        for (const std::byte b : any.view(rva)) asm volatile("" ::"r"(b));  // each byte of it is readable
      }
    }
    any.string_at(pe::Rva{0}).has_value();
    any.rva_of_va(any.image_base()).has_value();
  });
  return 0;
}

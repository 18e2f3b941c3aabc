// What the fuzzers share: the input is a whole PE file, looked at in both layouts.
#pragma once

#include "pe/image.h"

#include <cstdint>
#include <memory>
#include <vector>

namespace hmodule::fuzz {

inline Bytes bytes(const std::uint8_t* data, std::size_t size) {
  return Bytes(std::span(reinterpret_cast<const std::byte*>(data), size), "fuzzed");
}

// As map::lay_out does it, without the address space.
inline std::vector<std::byte> in_memory(const pe::Image& file) {
  std::vector<std::byte> memory(file.size_of_image());
  const std::byte* source = file.bytes().data();
  if (file.low_alignment()) {
    std::memcpy(memory.data(), source, std::min<std::size_t>(memory.size(), file.bytes().size()));
    return memory;
  }
  std::memcpy(memory.data(), source, std::min(file.size_of_headers(), file.header_extent()));
  for (const pe::Section& section : file.sections())
    std::memcpy(memory.data() + section.rva.value, source + section.file_offset, section.file_size);
  return memory;
}

// f(image) for the file and, if it is small enough to try many, for its memory image.
template <typename F>
void for_each_layout(const std::uint8_t* data, std::size_t size, F&& f) {
  const auto file = pe::Image::inspect(bytes(data, size));
  if (!file) return;
  f(*file);
  constexpr std::uint32_t kLargest = 1 << 20;
  if (file->size_of_image() > kLargest) return;
  const auto memory = in_memory(*file);
  f(file->in_memory(memory));
}

}  // namespace hmodule::fuzz

// Base relocations (directory 5, REL-04...REL-06).
#pragma once

#include "pe/image.h"

namespace hmodule::pe {

// One block: fix-ups of the 4 KiB from `page` on. Entries are u16: type << 12 | offset.
struct RelocationBlock {
  Rva page;
  std::span<const std::byte> entries;
  std::size_t size() const { return entries.size() / 2; }
  std::uint16_t operator[](std::size_t index) const {
    std::uint16_t entry;
    std::memcpy(&entry, entries.data() + index * 2, sizeof entry);
    return entry;
  }
};

// All blocks, in the order of the file. CONFLICTING_ADDRESSES for a directory without an address (REL-04),
// ACCESS_VIOLATION for a page outside the image (REL-05), INVALID_IMAGE_FORMAT otherwise. An absent directory is empty.
// Entry types are the caller's to judge (REL-06).
Result<std::vector<RelocationBlock>> relocation_blocks(const Image& image);

// f(Rva, type) for every entry but the padding; fails like relocation_blocks(), and with INVALID_IMAGE_FORMAT at a type
// that x86-64 does not have (REL-06).
bool is_known_relocation(std::uint16_t type);
Error unknown_relocation(const Image& image, Rva rva, std::uint16_t type);
template <typename F>
Status for_each_relocation(const Image& image, F&& f) {
  const auto blocks = TRY(relocation_blocks(image));
  for (const RelocationBlock& block : blocks) {
    for (std::size_t i = 0; i < block.size(); ++i) {
      const std::uint16_t type = block[i] >> 12;
      const Rva rva{block.page.value + (block[i] & 0xFFFU)};
      if (type == kRelocAbsolute) continue;
      if (!is_known_relocation(type)) return unknown_relocation(image, rva, type);
      f(rva, type);
    }
  }
  return ok;
}

}  // namespace hmodule::pe

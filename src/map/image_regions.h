// Where images lie in the address space, for questions about an address: VirtualQuery says MEM_IMAGE and the allocation
// base from here. Looking up takes no lock and allocates nothing, so a fault handler may ask.
#pragma once

#include <cstddef>
#include <optional>

namespace hmodule::map {

struct ImageRegion {
  std::byte* base;
  std::size_t size;
};

void note_image(void* base, std::size_t size);
void forget_image(void* base);
std::optional<ImageRegion> find_image(const void* address);

}  // namespace hmodule::map

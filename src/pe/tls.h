// The TLS directory (9): what TLS-01...TLS-04 need. Its fields are addresses, so ask a relocated image in memory, or a
// file (then they are relative to the preferred base).
#pragma once

#include "pe/image.h"

#include <optional>

namespace hmodule::pe {

struct Tls {
  Rva raw_data;  // the template
  std::uint32_t raw_size = 0;
  std::uint32_t zero_fill = 0;
  std::uint32_t alignment = 16;  // of a thread's block; at least 16 (TLS-04)
  Rva index;                     // of the u32 that receives the slot number; 0: none
  Rva callbacks;                 // of the zero-terminated array of addresses; 0: none
  bool has_callbacks = false;    // the array exists and its first entry is not 0

  std::uint64_t block_size() const { return std::uint64_t{raw_size} + zero_fill; }
  bool needs_slot() const { return block_size() != 0 || has_callbacks; }  // TLS-01
};

// nullopt when there is no directory; INVALID_IMAGE_FORMAT when an address is outside the image.
Result<std::optional<Tls>> tls(const Image& image);

}  // namespace hmodule::pe

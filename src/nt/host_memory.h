// What Linux knows about our address space: the mappings, and reads that cannot fault.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

namespace hmodule::nt {

struct HostRange {
  std::uintptr_t start, end;
  int rights;  // PROT_*
  bool shared, file_backed;
};

// The mapping that contains `address`, or the first one above it; nullopt above the last.
std::optional<HostRange> host_range_at_or_above(std::uintptr_t address);

// Copies between addresses that may not be readable or writable; the number of bytes copied from the start.
std::size_t copy_safely(void* to, const void* from, std::size_t size);
// Can every page of the range be read?
bool is_readable(const void* address, std::size_t size);

}  // namespace hmodule::nt

// What /proc/self/maps says, to compare before and after.
#pragma once

#include <cstdint>
#include <ostream>
#include <string>
#include <vector>

namespace hmodule::test {

struct MappedRange {
  std::uintptr_t begin, end;
  std::string rights;  // "r-xp"
  std::string name;
  bool operator==(const MappedRange&) const = default;
};
std::ostream& operator<<(std::ostream& out, const MappedRange& range);

// Without the heap and the stack, which grow by themselves. Neighbours of equal rights and name are one range.
std::vector<MappedRange> mapped_ranges();

// An address (64 KiB aligned) with nothing mapped around it, wherever this process's sanitizer leaves room.
std::uint64_t free_address();

// "r-xp", or "" where nothing is mapped.
std::string rights_at(const void* address);

}  // namespace hmodule::test

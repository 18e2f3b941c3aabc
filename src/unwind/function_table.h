// From an address to the RUNTIME_FUNCTION that describes it: the tables of loaded modules and those that programs
// register for code they generate (EH-03, EH-20...EH-22). Look-ups take no lock, so exceptions scale over threads.
#pragma once

#include "base/result.h"
#include "win/context.h"

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace hmodule::unwind {

struct AddressRange {
  std::uintptr_t begin = 0, end = ~std::uintptr_t{0};
  bool empty() const { return begin == end; }
  bool holds(std::uintptr_t at, std::size_t size) const { return at >= begin && at <= end && end - at >= size; }
};
inline constexpr AddressRange kEverything{}, kNothing{0, 0};

// A loaded image and its exception directory, which may be empty: pc in the image is then a leaf function (EH-04).
struct ImageTable {
  std::uintptr_t base = 0;
  std::size_t size = 0;
  RUNTIME_FUNCTION* functions = nullptr;
  std::size_t count = 0;
  std::vector<AddressRange> readable = {};  // the parts that can be read, in order; none given: all of it
};

// The loader adds an image before any of its code runs (PE-30) and removes it before it is unmapped. A table outside
// the readable parts counts as empty.
Status add_image(ImageTable image);
void remove_image(std::uintptr_t base);

// The image at `pc`, without its parts; base 0: none.
ImageTable find_image(std::uintptr_t pc);

struct FunctionEntry {
  RUNTIME_FUNCTION* function = nullptr;  // null: a leaf function, or unknown code
  std::uintptr_t image_base = 0;         // 0: unknown code
};
// EH-03. May run a table callback of the program; holds no lock meanwhile.
FunctionEntry find_function(std::uintptr_t pc);

// How often tables have come and gone. Not counted is what a program does to its own in place.
extern std::atomic<std::uint64_t> table_changes;

// Of the image that is at `image_base` and has `code` in it, the part around `address` that can be read, or nothing.
// Everything, if there is no such image: whoever generated the code vouches for its unwind data.
AddressRange readable_part(std::uintptr_t image_base, std::uintptr_t code, std::uintptr_t address);

using TableCallback = HM_WINAPI RUNTIME_FUNCTION* (*)(std::uintptr_t pc, void* context);

// EH-20, EH-21: dynamic tables, known by the table's address or by the callback's identifier. Where a table's code is,
// and whether its entries are in order, is decided when it is added.
Status add_table(RUNTIME_FUNCTION* table, std::size_t count, std::uintptr_t base);
Status add_table_callback(std::uintptr_t identifier, std::uintptr_t base, std::size_t length, TableCallback callback,
                          void* context);
bool remove_table(std::uintptr_t identifier);

// EH-22: a table that grows in place, known by the handle returned.
Result<void*> add_growable_table(RUNTIME_FUNCTION* table, std::size_t count, std::size_t maximum, std::uintptr_t begin,
                                 std::uintptr_t end);
void grow_table(void* handle, std::size_t count);  // up to the maximum; a table does not shrink
void remove_growable_table(void* handle);

}  // namespace hmodule::unwind

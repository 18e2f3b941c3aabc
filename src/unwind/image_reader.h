// What an image says about its own code, believed only as far as it can be read: a damaged file must not make the
// unwinder fault. Generated code has no bounds we know, even if it counts from an image's base, and is trusted.
#pragma once

#include "unwind/function_table.h"
#include "unwind/unwind_info.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>

namespace hmodule::unwind {

// EH-01: an entry may only say which other entry to use. Null when that leads nowhere.
template <typename CanRead>
const RUNTIME_FUNCTION* follow_indirection(const RUNTIME_FUNCTION* function, std::uintptr_t base, CanRead can_read) {
  constexpr int kMostSteps = 32;  // a circle is damage
  for (int step = 0; step < kMostSteps; ++step) {
    RUNTIME_FUNCTION entry;
    std::memcpy(&entry, static_cast<const void*>(function), sizeof entry);
    if ((entry.UnwindData & 1) == 0) return function;
    const std::uintptr_t next = base + (entry.UnwindData & ~1U);
    if (!can_read(next, sizeof entry)) return nullptr;
    function = reinterpret_cast<const RUNTIME_FUNCTION*>(next);
  }
  return nullptr;
}

class ImageReader {
 public:
  // For the function that `code` is in; by that address, as what an entry says of its own is not to be believed.
  ImageReader(std::uintptr_t base, std::uintptr_t code) : base_(base), code_(code) {}

  bool can_read(std::uintptr_t at, std::size_t size) {
    if (!part_.holds(at, size)) part_ = readable_part(base_, code_, at);
    return part_.holds(at, size);
  }

  // The entry to use instead of this one, or null.
  const RUNTIME_FUNCTION* direct(const RUNTIME_FUNCTION* function) {
    return follow_indirection(function, base_,
                              [this](std::uintptr_t at, std::size_t size) { return can_read(at, size); });
  }

  // The unwind data of an entry that is not indirect, all of it; null when it is damaged or of a version nobody knows.
  const UnwindInfo* info(const RUNTIME_FUNCTION& function) {
    const std::uintptr_t at = base_ + function.UnwindData;
    if (!can_read(at, sizeof(UnwindInfo))) return nullptr;
    const auto* const info = reinterpret_cast<const UnwindInfo*>(at);
    if (info->Version != 1 && info->Version != 2) return nullptr;
    std::size_t size = static_cast<std::size_t>(info->tail() - reinterpret_cast<const BYTE*>(info));
    if ((info->Flags & kChainInfo) != 0)
      size += sizeof(RUNTIME_FUNCTION);
    else if (info->Flags != 0)
      size += sizeof(ULONG);
    return can_read(at, size) ? info : nullptr;
  }

  // The bytes of code from `pc` to `end`, or to where they cannot be read.
  std::span<const BYTE> instructions(std::uintptr_t pc, std::uintptr_t end) {
    if (end <= pc || !can_read(pc, 1)) return {};
    return {reinterpret_cast<const BYTE*>(pc), std::min(end, part_.end) - pc};
  }

 private:
  std::uintptr_t base_, code_;
  AddressRange part_ = kNothing;
};

}  // namespace hmodule::unwind

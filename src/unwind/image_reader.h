// What an image says about its own code, believed only as far as it can be read: a damaged file must not make the
// unwinder fault. Generated code has no bounds we know, even if it counts from an image's base, and is trusted.
#pragma once

#include "unwind/function_table.h"
#include "unwind/unwind_info.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>

namespace hmodule::unwind {

class ImageReader {
 public:
  ImageReader(std::uintptr_t base, std::uintptr_t pc) : base_(base), part_(readable_part(base, pc)) {
    if (part_.empty()) part_ = kEverything;
  }

  bool can_read(std::uintptr_t at, std::size_t size) {
    if (!part_.holds(at, size)) part_ = readable_part(base_, at);
    return part_.holds(at, size);
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
  std::span<const BYTE> code(std::uintptr_t pc, std::uintptr_t end) {
    if (end <= pc || !can_read(pc, 1)) return {};
    return {reinterpret_cast<const BYTE*>(pc), std::min(end, part_.end) - pc};
  }

 private:
  std::uintptr_t base_;
  AddressRange part_;
};

}  // namespace hmodule::unwind

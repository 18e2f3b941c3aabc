// PROCESS_PRIORITY_CLASS, which counts, and the names of winbase.h, which are bits.
#pragma once

#include "win/types.h"

#include <algorithm>
#include <iterator>

namespace hmodule::winapi {

inline constexpr DWORD kPriorityClasses[] = {0, 0x40, 0x20, 0x80, 0x100, 0x4000, 0x8000};

constexpr UCHAR native_priority_class(DWORD win32) {
  constexpr UCHAR kNormal = 2;
  const auto* const found = std::find(std::begin(kPriorityClasses) + 1, std::end(kPriorityClasses), win32);
  return found == std::end(kPriorityClasses) ? kNormal : static_cast<UCHAR>(found - kPriorityClasses);
}
constexpr bool is_native_priority_class(UCHAR native) {
  return native != 0 && native < std::size(kPriorityClasses);
}

}  // namespace hmodule::winapi

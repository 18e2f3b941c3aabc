// The tree of a version resource (VS_VERSIONINFO): blocks of a length, a value, a key and children, all in one piece of
// memory that the program holds.
#pragma once

#include "win/types.h"

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace hmodule::winapi {

struct VersionBlock {
  std::u16string_view key;
  std::span<const std::byte> value;
  std::uint16_t value_length = 0;  // as stored: units for text, bytes otherwise
  bool is_text = false;
  std::span<const std::byte> children;
};

// The block at the start of `bytes`; nullopt when it does not hold together.
std::optional<VersionBlock> read_version_block(std::span<const std::byte> bytes);

// "\StringFileInfo\040904B0\FileVersion", without case; "\" and "" are the root.
std::optional<VersionBlock> find_version_block(std::span<const std::byte> bytes, std::u16string_view path);

// What a builtin DLL says of itself: it is part of Windows 10.
std::vector<std::byte> builtin_version_info(std::u16string_view file_name);

}  // namespace hmodule::winapi

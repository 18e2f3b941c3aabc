// Environment blocks: "NAME=value" strings in UTF-16, each terminated, and a terminator more. Names compare without
// case and may begin with '=' (those of the drives' current directories, "=C:").
#pragma once

#include "base/result.h"

#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace hmodule::nt {

// The length of a block in units, with both terminators.
std::size_t block_length(const char16_t* block);
// "NAME=value" for each entry, in order; `visit` returns false to stop.
void for_each_variable(const char16_t* block,
                       const std::function<bool(std::u16string_view, std::u16string_view)>& visit);

std::optional<std::u16string_view> find_variable(const char16_t* block, std::u16string_view name);
// A new block in which `name` has `value`, or is gone. INVALID_PARAMETER for a name that is empty or has a '=' inside.
Result<std::u16string> with_variable(const char16_t* block, std::u16string_view name,
                                     std::optional<std::u16string_view> value);
// %NAME% becomes its value; an unknown one stays as it is.
std::u16string expand_variables(const char16_t* block, std::u16string_view text);

// The block a Windows program expects, from a Linux environment ("NAME=value" in UTF-8, null at the end): PATH, TEMP
// and TMP hold Windows paths, what every Windows process has is added where it is missing, the rest passes unchanged.
std::u16string environment_block_from_host(const char* const* host);

}  // namespace hmodule::nt

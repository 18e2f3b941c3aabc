#pragma once

#include "win/types.h"

#include <optional>
#include <string_view>
#include <vector>

namespace hmodule::winapi::crypt32 {

// Base 64 with a frame of any kind or without (CRYPT_STRING_BASE64_ANY).
std::optional<std::vector<BYTE>> bytes_of_base64(std::string_view text);

}  // namespace hmodule::winapi::crypt32

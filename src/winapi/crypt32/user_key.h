// The key that CryptProtectData's results are sealed with: the user's, in a file of his that nobody else may read.
#pragma once

#include "crypto/library.h"

namespace hmodule::winapi::crypt32 {

// Made when it is first wanted; then the same for all processes of the user.
Result<crypto::Secret> user_key();

}  // namespace hmodule::winapi::crypt32

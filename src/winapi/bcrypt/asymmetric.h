// What encryption and export need of the public-key half of bcrypt.dll.
#pragma once

#include "winapi/bcrypt/objects.h"

namespace hmodule::winapi::bcrypt {

// What pPaddingInfo and the BCRYPT_PAD_... flags say.
Result<crypto::RsaPadding> rsa_padding(const void* info, ULONG flags, bool signature);

Result<Secret> export_pair(const AsymmetricKey& key, std::u16string_view type);

}  // namespace hmodule::winapi::bcrypt

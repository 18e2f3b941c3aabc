// What encryption and export need of the public-key half of bcrypt.dll.
#pragma once

#include "winapi/bcrypt/objects.h"

namespace hmodule::winapi::bcrypt {

// What pPaddingInfo and the BCRYPT_PAD_... flags say.
Result<crypto::RsaPadding> rsa_padding(const void* info, ULONG flags, bool signature);

// A BCRYPT_KEY_HANDLE for a key that comes from elsewhere: RSA, or ECDSA or ECDH on one of NIST's curves.
Result<void*> handle_for(crypto::PublicKey key, bool for_agreement);

Result<Secret> export_pair(const AsymmetricKey& key, std::u16string_view type);

}  // namespace hmodule::winapi::bcrypt

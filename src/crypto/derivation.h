// Keys from passwords and from other keys.
#pragma once

#include "crypto/hash.h"

namespace hmodule::crypto {

Status pbkdf2(HashKind prf, Data password, Data salt, std::uint64_t iterations, std::span<BYTE> key);
// RFC 5869, its two steps.
Result<Secret> hkdf_extract(HashKind hash, Data secret, Data salt);
Status hkdf_expand(HashKind hash, Data pseudorandom, Data info, std::span<BYTE> key);
// SP 800-108 in counter mode with HMAC.
Status sp800_108(HashKind hash, Data secret, Data label, Data context, std::span<BYTE> key);
// CryptDeriveKey's and BCryptDeriveKeyCapi's way to get more bytes out of a digest than it has.
Result<Secret> stretch(HashKind hash, Data digest);

}  // namespace hmodule::crypto

// Symmetric ciphers.
#pragma once

#include "crypto/library.h"

#include <openssl/evp.h>

namespace hmodule::crypto {

enum class CipherKind : std::uint8_t { aes, des, des3_112, des3, rc2, rc4, chacha20_poly1305 };
enum class CipherMode : std::uint8_t { none, ecb, cbc, cfb8, cfb, gcm, ccm };

struct CipherFacts {
  unsigned block;                                   // bytes; 1 for a stream
  unsigned shortest_bits, longest_bits, step_bits;  // of a key
};
const CipherFacts& facts(CipherKind kind);

using CipherPtr = Owned<EVP_CIPHER, EVP_CIPHER_free>;
using CipherContext = Owned<EVP_CIPHER_CTX, EVP_CIPHER_CTX_free>;

Result<CipherPtr> fetch_cipher(CipherKind kind, CipherMode mode, std::size_t key_size);

enum class Direction : int { decrypt = 0, encrypt = 1 };

// Ready for bytes; without padding. `iv` may be empty where the mode has none.
Result<CipherContext> start_cipher(const EVP_CIPHER* cipher, Direction direction, Data key, Data iv);

// Runs whole blocks through it. `to` has as many bytes and may be `from`.
Status run_cipher(EVP_CIPHER_CTX* context, Data from, BYTE* to);

// PKCS #7 padding. What it adds to the last, partial block; how many bytes it takes from the last, full one, or an
// error where it is none.
Secret padded(Data last, unsigned block);
Result<unsigned> padding_of(Data last, unsigned block);

// Authenticated encryption in one go (GCM, CCM, ChaCha20-Poly1305). Decrypting checks `tag`: STATUS_AUTH_TAG_MISMATCH
// leaves `to` wiped.
struct Sealed {
  Data nonce, additional;
};
Status seal(const EVP_CIPHER* cipher, CipherMode mode, Data key, const Sealed& with, Data from, BYTE* to,
            std::span<BYTE> tag);
Status unseal(const EVP_CIPHER* cipher, CipherMode mode, Data key, const Sealed& with, Data from, BYTE* to, Data tag);

// The steps of the same, for a message that comes in pieces (not CCM).
Result<CipherContext> start_sealing(const EVP_CIPHER* cipher, Direction direction, Data key, const Sealed& with);
Status finish_sealing(EVP_CIPHER_CTX* context, std::span<BYTE> tag);
Status finish_unsealing(EVP_CIPHER_CTX* context, Data tag);

}  // namespace hmodule::crypto

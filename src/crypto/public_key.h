// RSA, elliptic curves and Diffie-Hellman. Numbers are big-endian bytes; a public_key may have its private half.
#pragma once

#include "crypto/hash.h"

#include <openssl/evp.h>

#include <optional>

namespace hmodule::crypto {

using PublicKey = Owned<EVP_PKEY, EVP_PKEY_free>;
PublicKey share(const PublicKey& key);

// ---- RSA ------------------------------------------------------------------------------------------------------------

struct RsaParts {
  ByteVector modulus, exponent;
  // Empty in a public key; all there in a private one.
  Secret private_exponent, prime1, prime2, exponent1, exponent2, coefficient;
};
Result<PublicKey> generate_rsa(unsigned bits);
// Of the private parts the two primes are enough; of the others, the exponent is taken if it is there.
Result<PublicKey> rsa_key(const RsaParts& parts);
Result<RsaParts> rsa_parts(const PublicKey& key);

struct RsaPadding {
  enum Kind : std::uint8_t { none, pkcs1, oaep, pss } kind = none;
  std::optional<HashKind> hash;  // PKCS #1 signatures without one have no DigestInfo
  Data label = {};               // OAEP
  int salt = 0;                  // PSS, bytes
};
Result<ByteVector> rsa_encrypt(const PublicKey& key, const RsaPadding& padding, Data message);
Result<Secret> rsa_decrypt(const PublicKey& key, const RsaPadding& padding, Data message);
Result<ByteVector> rsa_sign(const PublicKey& key, const RsaPadding& padding, Data digest);
// STATUS_INVALID_SIGNATURE when it is not right.
Status rsa_verify(const PublicKey& key, const RsaPadding& padding, Data digest, Data signature);

// ---- elliptic curves ------------------------------------------------------------------------------------------------

enum class Curve : std::uint8_t { any, p256, p384, p521 };
unsigned bits_of(Curve curve);
// Bytes of a coordinate.
unsigned size_of(Curve curve);

struct EcParts {
  ByteVector x, y;
  Secret d;  // empty in a public key
};
Result<PublicKey> generate_ec(Curve curve);
Result<PublicKey> ec_key(Curve curve, const EcParts& parts);
Result<EcParts> ec_parts(const PublicKey& key, Curve curve);

// Signatures are two numbers of the curve's size, one after the other.
Result<ByteVector> ecdsa_sign(const PublicKey& key, Curve curve, Data digest);
Status ecdsa_verify(const PublicKey& key, Curve curve, Data digest, Data signature);

// ---- agreement ------------------------------------------------------------------------------------------------------

struct DhParts {
  ByteVector modulus, generator, value;
  Secret private_value;
};
// The well-known group of that many bits (RFC 2409, RFC 3526), if there is one.
Result<DhParts> well_known_group(unsigned bits);
Result<PublicKey> generate_dh(const DhParts& group);
Result<PublicKey> dh_key(const DhParts& parts);
Result<DhParts> dh_parts(const PublicKey& key);

// What both sides come to, for elliptic curves and Diffie-Hellman; leading zeros are kept.
Result<Secret> agree(const PublicKey& own, const PublicKey& peer);

bool has_private_half(const PublicKey& key);

}  // namespace hmodule::crypto

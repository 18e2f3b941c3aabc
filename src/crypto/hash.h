// Digests, and authentication codes made with a key.
#pragma once

#include "crypto/library.h"

#include <openssl/evp.h>

#include <optional>

namespace hmodule::crypto {

enum class HashKind : std::uint8_t { md4, md5, sha1, sha256, sha384, sha512, sha3_256, sha3_384, sha3_512 };

struct HashFacts {
  const char* name;      // OpenSSL's
  unsigned size, block;  // bytes
};
const HashFacts& facts(HashKind kind);

// Fetched once, never freed.
Result<const EVP_MD*> message_digest(HashKind kind);

// A digest, HMAC or AES-CMAC that is being computed.
class Hash {
 public:
  static Result<Hash> plain(HashKind kind);
  static Result<Hash> hmac(HashKind kind, Data key);
  static Result<Hash> aes_cmac(Data key);

  Result<Hash> duplicate() const;
  Status add(Data bytes);
  // `value` has size() bytes. Afterwards only restart() is of use.
  Status finish(std::span<BYTE> value);
  // Begins anew, with the same key.
  Status restart();
  unsigned size() const { return size_; }

 private:
  Hash() = default;
  static Result<Hash> keyed(const char* mac, const char* parameter, const char* algorithm, Data key, unsigned size);

  unsigned size_ = 0;
  const EVP_MD* digest_ = nullptr;  // of a plain one
  Owned<EVP_MD_CTX, EVP_MD_CTX_free> plain_;
  Owned<EVP_MAC_CTX, EVP_MAC_CTX_free> keyed_;
};

// In one go; `value` has the digest's size.
Status hash(HashKind kind, Data bytes, std::span<BYTE> value);
Result<ByteVector> hash(HashKind kind, Data bytes);
Result<Secret> hmac(HashKind kind, Data key, Data bytes);

}  // namespace hmodule::crypto

// What is behind the handles of bcrypt.dll: providers, hashes, keys and agreed secrets. A handle is the object's
// address; it begins with a mark of its kind, so that one of another kind, or one that is gone, is noticed.
#pragma once

#include "base/utf.h"
#include "crypto/cipher.h"
#include "crypto/hash.h"
#include "crypto/public_key.h"
#include "winapi/common/answer.h"

#include <algorithm>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>

namespace hmodule::winapi::bcrypt {

using crypto::CipherKind;
using crypto::CipherMode;
using crypto::Data;
using crypto::HashKind;
using crypto::Secret;

enum class Family : std::uint8_t {
  hash,
  cmac,
  cipher,
  rsa,
  dh,
  ecdsa,
  ecdh,
  random,
  pbkdf2,
  sp800_108,
  hkdf,
  capi_kdf
};

struct Algorithm {
  std::u16string_view name;  // terminated
  Family family;
  HashKind hash = {};
  CipherKind cipher = {};
  crypto::Curve curve = crypto::Curve::any;
};

struct Object {
  explicit Object(std::uint32_t kind) : mark(kind) {}
  Object(const Object&) = delete;
  ~Object() { mark = 0; }
  volatile std::uint32_t mark;
};

constexpr std::uint32_t mark_of(const char (&text)[5]) {
  return static_cast<std::uint32_t>(text[0] | text[1] << 8 | text[2] << 16 | text[3] << 24);
}

// The settings that a provider has and each key made with it begins with.
struct CipherSettings {
  CipherMode mode = CipherMode::none;
  ULONG feedback = 1;  // bytes, for CFB
};

struct Provider : Object {
  static constexpr std::uint32_t kMark = mark_of("prov");
  Provider(const Algorithm& what, bool with_key);
  const Algorithm& algorithm;
  bool hmac;
  bool reusable = false;
  CipherSettings settings;
  crypto::Curve curve;
};

struct HashObject : Object {
  static constexpr std::uint32_t kMark = mark_of("hash");
  HashObject(Provider& of, crypto::Hash begun, bool again)
      : Object(kMark), provider(&of), algorithm(of.algorithm), hash(std::move(begun)), reusable(again) {}
  HashObject(const HashObject& from, crypto::Hash begun)
      : Object(kMark),
        provider(from.provider),
        algorithm(from.algorithm),
        hash(std::move(begun)),
        reusable(from.reusable) {}
  Provider* provider;  // only shown: it may be closed already
  const Algorithm& algorithm;
  crypto::Hash hash;
  bool reusable;
  bool finished = false;
};

struct Key : Object {
  Key(std::uint32_t kind, Provider& of) : Object(kind), provider(&of), algorithm(of.algorithm) {}
  Key(const Key& from) : Object(from.mark), provider(from.provider), algorithm(from.algorithm) {}
  Provider* provider;  // only shown: it may be closed already
  const Algorithm& algorithm;
};

// The key of a cipher, or what a key derivation starts from.
struct SymmetricKey : Key {
  static constexpr std::uint32_t kMark = mark_of("skey");
  SymmetricKey(Provider& of, Secret bytes);
  SymmetricKey(SymmetricKey& from);
  // Which of OpenSSL's ciphers the settings mean.
  Result<const EVP_CIPHER*> cipher();

  Secret secret;
  CipherSettings settings;
  std::mutex mutex;  // for what follows
  crypto::CipherPtr fetched;
  crypto::ByteVector vector;                                 // what a call without one goes on with
  crypto::CipherContext stream;                              // RC4
  std::map<const void*, crypto::CipherContext> in_progress;  // chained authenticated calls, by their pbMacContext
  // HKDF
  std::optional<HashKind> hkdf_hash;
  std::optional<Secret> hkdf_key;  // the pseudorandom key, once it is final
};

struct AsymmetricKey : Key {
  static constexpr std::uint32_t kMark = mark_of("akey");
  AsymmetricKey(Provider& of, ULONG length) : Key(kMark, of), bits(length), curve(of.curve) {}
  AsymmetricKey(const AsymmetricKey& from)
      : Key(from), bits(from.bits), curve(from.curve), key(crypto::share(from.key)), group(from.group) {}
  ULONG bits;
  crypto::Curve curve;
  crypto::PublicKey key;                 // empty before it is finalised
  std::optional<crypto::DhParts> group;  // that a Diffie-Hellman key is to be made in
};

struct AgreedSecret : Object {
  static constexpr std::uint32_t kMark = mark_of("agre");
  explicit AgreedSecret(Secret value) : Object(kMark), secret(std::move(value)) {}
  Secret secret;  // big-endian
};

template <typename T>
bool is_a(const void* handle) {
  return reinterpret_cast<std::uintptr_t>(handle) >= 0x10000 && static_cast<const Object*>(handle)->mark == T::kMark;
}

// The object behind a handle, or STATUS_INVALID_HANDLE.
template <typename T>
Result<T*> object(void* handle) {
  if (!is_a<T>(handle)) return fail(STATUS_INVALID_HANDLE, "{} is no handle of the kind wanted here", handle);
  return static_cast<T*>(static_cast<Object*>(handle));
}
// One that BCryptOpenAlgorithmProvider gave, or one of the constants BCRYPT_SHA256_ALG_HANDLE and so on.
Result<Provider*> provider_of(void* handle);

std::span<const Algorithm> all_algorithms();
const Algorithm* find_algorithm(std::u16string_view name);
// A hash by the name that a padding or a derivation gives.
Result<HashKind> hash_by_name(const WCHAR* name);
std::u16string_view mode_name(CipherMode mode);

// The way functions here give bytes: `*given` is how many there are; without a buffer only that is wanted.
Status give(Data bytes, BYTE* buffer, ULONG size, ULONG* given);

// What BCryptGetProperty and BCryptSetProperty say of a property that an object does not have.
Error no_property(std::u16string_view name);
Status set_hkdf(SymmetricKey& key, std::u16string_view property, Data value);
Status set_asymmetric(AsymmetricKey& key, std::u16string_view property, Data value);

// A finished object's handle.
template <typename T>
void* handle_of(std::unique_ptr<T> made) {
  return static_cast<Object*>(made.release());
}

}  // namespace hmodule::winapi::bcrypt

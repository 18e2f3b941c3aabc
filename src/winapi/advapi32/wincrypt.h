// What is behind the handles of the older crypto functions (wincrypt.h): contexts, hashes and keys. There are no key
// containers: keys live in memory, with the context that made them.
#pragma once

#include "crypto/cipher.h"
#include "crypto/hash.h"
#include "crypto/public_key.h"
#include "winapi/common/security_error.h"

#include <atomic>
#include <memory>
#include <optional>

namespace hmodule::winapi::capi {

using crypto::ByteVector;
using crypto::Data;
using crypto::HashKind;
using crypto::Secret;

using ALG_ID = std::uint32_t;
enum : ALG_ID {
  CALG_MD4 = 0x8002,
  CALG_MD5 = 0x8003,
  CALG_SHA1 = 0x8004,
  CALG_HMAC = 0x8009,
  CALG_SHA_256 = 0x800C,
  CALG_SHA_384 = 0x800D,
  CALG_SHA_512 = 0x800E,
  CALG_RSA_SIGN = 0x2400,
  CALG_RSA_KEYX = 0xA400,
  CALG_DES = 0x6601,
  CALG_RC2 = 0x6602,
  CALG_3DES = 0x6603,
  CALG_3DES_112 = 0x6609,
  CALG_AES_128 = 0x660E,
  CALG_AES_192 = 0x660F,
  CALG_AES_256 = 0x6610,
  CALG_RC4 = 0x6801,
  AT_KEYEXCHANGE = 1,
  AT_SIGNATURE = 2,
};

struct Object {
  explicit Object(std::uint32_t kind) : mark(kind) {}
  Object(const Object& from) : mark(from.mark) {}
  ~Object() { mark = 0; }
  volatile std::uint32_t mark;
};

struct Context : Object {
  static constexpr std::uint32_t kMark = 0x76727063;
  static constexpr NTSTATUS kInvalid = NTE_BAD_UID;
  explicit Context(DWORD of_type) : Object(kMark), type(of_type) {}
  DWORD type;  // PROV_RSA_AES ...
  std::atomic<long> holders{1};
  crypto::PublicKey exchange, signature;  // made or imported in this context
};

struct Hash : Object {
  static constexpr std::uint32_t kMark = 0x68736168;
  static constexpr NTSTATUS kInvalid = NTE_BAD_HASH;
  Hash(Context& in, ALG_ID id) : Object(kMark), context(&in), algorithm(id) {}
  Context* context;
  ALG_ID algorithm;
  std::optional<HashKind> kind;  // of HMAC, once it is set
  Secret key;                    // of HMAC
  std::optional<crypto::Hash> running;
  std::optional<ByteVector> value;  // once somebody asked for it
};
// Its value; from then on nothing can be added.
Result<Data> value_of(Hash& hash);

struct Key : Object {
  static constexpr std::uint32_t kMark = 0x2079656B;
  static constexpr NTSTATUS kInvalid = NTE_BAD_KEY;
  explicit Key(ALG_ID id) : Object(kMark), algorithm(id) {}
  Key(const Key& from);
  ALG_ID algorithm;
  bool exportable = false;
  crypto::PublicKey pair;  // of CALG_RSA_...
  Secret secret;           // of the others
  DWORD mode = 1;          // CRYPT_MODE_CBC
  DWORD mode_bits = 8;
  ByteVector vector;
  crypto::CipherContext running;  // between a call and the one that is final
  std::optional<crypto::Direction> direction;
};

template <typename T>
Result<T*> object(void* handle) {
  if (handle == nullptr) return fail(STATUS_INVALID_HANDLE, "no handle");
  auto* const found = static_cast<Object*>(handle);
  if (reinterpret_cast<std::uintptr_t>(handle) < 0x10000 || found->mark != T::kMark)
    return fail(T::kInvalid, "{} is no handle of the kind wanted here", handle);
  return static_cast<T*>(found);
}
template <typename T>
void* handle_of(std::unique_ptr<T> made) {
  return static_cast<Object*>(made.release());
}

Result<HashKind> hash_kind(ALG_ID id);

}  // namespace hmodule::winapi::capi

// bcrypt.h: keys from passwords, from hashes and from secrets that two sides agree on.
#include "crypto/derivation.h"

#include "module/builtin.h"
#include "winapi/bcrypt/objects.h"

#include <cstring>

namespace hmodule::winapi {
namespace bcrypt {
namespace {

struct BCryptBuffer {
  ULONG cbBuffer, BufferType;
  void* pvBuffer;
};
struct BCryptBufferDesc {
  ULONG ulVersion, cBuffers;
  BCryptBuffer* pBuffers;
};
enum : ULONG {
  KDF_HASH_ALGORITHM = 0x0,
  KDF_SECRET_PREPEND = 0x1,
  KDF_SECRET_APPEND = 0x2,
  KDF_HMAC_KEY = 0x3,
  KDF_ALGORITHMID = 0x8,
  KDF_PARTYUINFO = 0x9,
  KDF_PARTYVINFO = 0xA,
  KDF_SUPPPUBINFO = 0xB,
  KDF_SUPPPRIVINFO = 0xC,
  KDF_LABEL = 0xD,
  KDF_CONTEXT = 0xE,
  KDF_SALT = 0xF,
  KDF_ITERATION_COUNT = 0x10,
  KDF_GENERIC_PARAMETER = 0x11,
  KDF_HKDF_SALT = 0x13,
  KDF_HKDF_INFO = 0x14,
};
constexpr ULONG KDF_USE_SECRET_AS_HMAC_KEY_FLAG = 1;

// A BCryptBufferDesc, which may be NULL.
class List {
 public:
  explicit List(const void* list) : list_(static_cast<const BCryptBufferDesc*>(list)) {}
  // The bytes of that type; of several, one after the other, as KDF_SECRET_PREPEND and KDF_SECRET_APPEND allow.
  Secret bytes(ULONG type) const {
    Secret all;
    for (const BCryptBuffer& each : entries())
      if (each.BufferType == type) {
        const Data part = crypto::data(each.pvBuffer, each.cbBuffer);
        all.insert(all.end(), part.begin(), part.end());
      }
    return all;
  }
  Result<HashKind> hash(std::optional<HashKind> otherwise) const {
    for (const BCryptBuffer& each : entries())
      if (each.BufferType == KDF_HASH_ALGORITHM) return hash_by_name(static_cast<const WCHAR*>(each.pvBuffer));
    if (!otherwise) return fail(STATUS_INVALID_PARAMETER, "no KDF_HASH_ALGORITHM");
    return *otherwise;
  }
  Result<std::uint64_t> number(ULONG type, std::uint64_t otherwise) const {
    const Secret value = bytes(type);
    if (value.empty()) return otherwise;
    if (value.size() > sizeof otherwise) return fail(STATUS_INVALID_PARAMETER, "a number of {} bytes", value.size());
    std::uint64_t read = 0;
    std::memcpy(&read, value.data(), value.size());
    return read;
  }

 private:
  std::span<const BCryptBuffer> entries() const {
    if (list_ == nullptr || list_->pBuffers == nullptr) return {};
    return {list_->pBuffers, list_->cBuffers};
  }
  const BCryptBufferDesc* list_;
};

HM_WINAPI NTSTATUS BCryptDeriveKeyPBKDF2(void* prf, BYTE* password, ULONG password_size, BYTE* salt, ULONG salt_size,
                                         std::uint64_t iterations, BYTE* key, ULONG size, ULONG flags) noexcept {
  return status_of([&]() -> Status {
    const Provider* const provider = TRY(provider_of(prf));
    if (provider->algorithm.family != Family::hash || !provider->hmac)
      return fail(STATUS_INVALID_PARAMETER, "{} without HMAC", utf8(provider->algorithm.name));
    if (key == nullptr || size == 0 || iterations == 0 || flags != 0)
      return fail(STATUS_INVALID_PARAMETER, "{} iterations, {} bytes, flags {:#x}", iterations, size, flags);
    return crypto::pbkdf2(provider->algorithm.hash, crypto::data(password, password_size),
                          crypto::data(salt, salt_size), iterations, {key, size});
  });
}

HM_WINAPI NTSTATUS BCryptDeriveKeyCapi(void* handle, void*, BYTE* key, ULONG size, ULONG flags) noexcept {
  return status_of([&]() -> Status {
    HashObject* const hash = TRY(object<HashObject>(handle));
    if (key == nullptr || flags != 0 || hash->finished || hash->algorithm.family != Family::hash ||
        size > 2 * hash->hash.size())
      return fail(STATUS_INVALID_PARAMETER, "{} bytes from a hash of {}, flags {:#x}", size, hash->hash.size(), flags);
    Secret digest(hash->hash.size());
    TRY(hash->hash.finish(digest));
    if (hash->reusable)
      TRY(hash->hash.restart());
    else
      hash->finished = true;
    const Secret from = size > digest.size() ? TRY(crypto::stretch(hash->algorithm.hash, digest)) : digest;
    std::copy_n(from.begin(), size, key);
    return ok;
  });
}

// BCryptKeyDerivation: each algorithm's parameters may also come one after the other in KDF_GENERIC_PARAMETER, which
// is not taken.
Status derive(SymmetricKey& from, const List& list, std::span<BYTE> key) {
  switch (from.algorithm.family) {
    case Family::pbkdf2: {
      const HashKind hash = TRY(list.hash(HashKind::sha1));
      const std::uint64_t iterations = TRY(list.number(KDF_ITERATION_COUNT, 10000));
      if (iterations == 0) return fail(STATUS_INVALID_PARAMETER, "no iterations");
      return crypto::pbkdf2(hash, from.secret, list.bytes(KDF_SALT), iterations, key);
    }
    case Family::sp800_108: {
      const HashKind hash = TRY(list.hash({}));
      return crypto::sp800_108(hash, from.secret, list.bytes(KDF_LABEL), list.bytes(KDF_CONTEXT), key);
    }
    case Family::hkdf:
      if (!from.hkdf_hash || !from.hkdf_key) return fail(STATUS_INVALID_PARAMETER, "HKDF's key is not final");
      return crypto::hkdf_expand(*from.hkdf_hash, *from.hkdf_key, list.bytes(KDF_HKDF_INFO), key);
    case Family::capi_kdf: {
      const HashKind hash = TRY(list.hash({}));
      const crypto::ByteVector digest = TRY(crypto::hash(hash, from.secret));
      if (key.size() > 2 * digest.size()) return fail(STATUS_INVALID_PARAMETER, "{} bytes from a hash", key.size());
      const Secret whole = key.size() > digest.size() ? TRY(crypto::stretch(hash, digest)) : crypto::secret(digest);
      std::copy_n(whole.begin(), key.size(), key.begin());
      return ok;
    }
    default:
      return fail(STATUS_NOT_SUPPORTED, "{} derives no keys", utf8(from.algorithm.name));
  }
}

HM_WINAPI NTSTATUS BCryptKeyDerivation(void* handle, void* parameters, BYTE* key, ULONG size, ULONG* given,
                                       ULONG) noexcept {
  return status_of([&]() -> Status {
    SymmetricKey* const from = TRY(object<SymmetricKey>(handle));
    if (key == nullptr || given == nullptr || size == 0) return fail(STATUS_INVALID_PARAMETER, "no room for a key");
    TRY(derive(*from, List(parameters), {key, size}));
    *given = size;
    return ok;
  });
}

// ---- agreement ------------------------------------------------------------------------------------------------------

HM_WINAPI NTSTATUS BCryptSecretAgreement(void* own, void* peer, void** secret, ULONG flags) noexcept {
  return status_of([&]() -> Status {
    const AsymmetricKey* const mine = TRY(object<AsymmetricKey>(own));
    const AsymmetricKey* const theirs = TRY(object<AsymmetricKey>(peer));
    if (secret == nullptr || flags != 0) return fail(STATUS_INVALID_PARAMETER, "flags {:#x}, or no room", flags);
    if ((mine->algorithm.family != Family::ecdh && mine->algorithm.family != Family::dh) || !mine->key ||
        !theirs->key || mine->algorithm.family != theirs->algorithm.family || mine->curve != theirs->curve)
      return fail(STATUS_INVALID_PARAMETER, "the two keys do not fit");
    Secret agreed = TRY(crypto::agree(mine->key, theirs->key));
    *secret = handle_of(std::make_unique<AgreedSecret>(std::move(agreed)));
    return ok;
  });
}

HM_WINAPI NTSTATUS BCryptDestroySecret(void* secret) noexcept {
  return status_of([&]() -> Status {
    delete TRY(object<AgreedSecret>(secret));
    return ok;
  });
}

Secret joined(std::initializer_list<const Secret*> parts) {
  Secret all;
  for (const Secret* part : parts) all.insert(all.end(), part->begin(), part->end());
  return all;
}

// SP 800-56A, single-step: hashes of a counter, the secret and the other information, as many as are needed.
Result<Secret> concatenated(HashKind hash, const Secret& secret, const List& list, std::size_t size) {
  Secret derived;
  for (BYTE counter = 1; derived.size() < size && counter < 255; ++counter) {
    Secret message = {0, 0, 0, counter};
    message.insert(message.end(), secret.begin(), secret.end());
    for (const ULONG type : {KDF_ALGORITHMID, KDF_PARTYUINFO, KDF_PARTYVINFO, KDF_SUPPPUBINFO, KDF_SUPPPRIVINFO}) {
      const Secret part = list.bytes(type);
      message.insert(message.end(), part.begin(), part.end());
    }
    const crypto::ByteVector block = TRY(crypto::hash(hash, message));
    derived.insert(derived.end(), block.begin(), block.end());
  }
  return derived;
}

Result<Secret> derive_agreed(const Secret& secret, std::u16string_view method, const List& list, ULONG flags,
                             ULONG size) {
  // The secret itself, least byte first.
  if (method == u"TRUNCATE") return Secret(secret.rbegin(), secret.rend());
  const Secret before = list.bytes(KDF_SECRET_PREPEND), after = list.bytes(KDF_SECRET_APPEND);
  if (method == u"HASH") {
    const HashKind hash = TRY(list.hash(HashKind::sha1));
    const crypto::ByteVector digest = TRY(crypto::hash(hash, joined({&before, &secret, &after})));
    return crypto::secret(digest);
  }
  if (method == u"HMAC") {
    const HashKind hash = TRY(list.hash(HashKind::sha1));
    const Secret key = (flags & KDF_USE_SECRET_AS_HMAC_KEY_FLAG) != 0 ? secret : list.bytes(KDF_HMAC_KEY);
    return crypto::hmac(hash, key, joined({&before, &secret, &after}));
  }
  if (method == u"SP800_56A_CONCAT") {
    const HashKind hash = TRY(list.hash(HashKind::sha1));
    return concatenated(hash, secret, list, size == 0 ? crypto::facts(hash).size : size);
  }
  return fail(STATUS_NOT_SUPPORTED, "the derivation {}", utf8(method));
}

HM_WINAPI NTSTATUS BCryptDeriveKey(void* handle, const WCHAR* method, void* parameters, BYTE* key, ULONG size,
                                   ULONG* given, ULONG flags) noexcept {
  return status_of([&]() -> Status {
    const AgreedSecret* const agreed = TRY(object<AgreedSecret>(handle));
    if (method == nullptr || given == nullptr) return fail(STATUS_INVALID_PARAMETER, "a NULL");
    const Secret derived = TRY(derive_agreed(agreed->secret, method, List(parameters), flags, size));
    *given = static_cast<ULONG>(derived.size());
    if (key == nullptr) return ok;
    *given = std::min(*given, size);  // a shorter key is a part of the longer one
    std::copy_n(derived.begin(), *given, key);
    return ok;
  });
}

const Export kRows[] = {
    {"BCryptDeriveKey", proc(BCryptDeriveKey), Support::partial, "no TLS_PRF, no HKDF"},
    {"BCryptDeriveKeyCapi", proc(BCryptDeriveKeyCapi)},
    {"BCryptDeriveKeyPBKDF2", proc(BCryptDeriveKeyPBKDF2)},
    {"BCryptDestroySecret", proc(BCryptDestroySecret)},
    {"BCryptKeyDerivation", proc(BCryptKeyDerivation), Support::partial, "no KDF_GENERIC_PARAMETER"},
    {"BCryptSecretAgreement", proc(BCryptSecretAgreement)},
};

}  // namespace

Status set_hkdf(SymmetricKey& key, std::u16string_view property, Data value) {
  const std::lock_guard lock(key.mutex);
  if (key.hkdf_key) return fail(STATUS_INVALID_PARAMETER, "HKDF's key is final already");
  if (property == u"HkdfHashAlgorithm") {
    key.hkdf_hash = TRY(hash_by_name(reinterpret_cast<const WCHAR*>(value.data())));
    return ok;
  }
  if (property != u"HkdfSaltAndFinalize" && property != u"HkdfPrkAndFinalize") return no_property(property);
  if (!key.hkdf_hash) return fail(STATUS_INVALID_PARAMETER, "HKDF's hash is not set");
  if (property == u"HkdfSaltAndFinalize")
    key.hkdf_key = TRY(crypto::hkdf_extract(*key.hkdf_hash, key.secret, value));
  else
    key.hkdf_key = key.secret;
  return ok;
}

}  // namespace bcrypt

extern const ExportTable bcrypt_derivation_exports = bcrypt::kRows;

}  // namespace hmodule::winapi

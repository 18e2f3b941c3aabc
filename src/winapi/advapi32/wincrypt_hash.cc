// wincrypt.h: hashes, and signatures of them.
#include "module/builtin.h"
#include "winapi/advapi32/wincrypt.h"

#include <algorithm>
#include <cstring>

namespace hmodule::winapi {
namespace capi {

Result<HashKind> hash_kind(ALG_ID id) {
  switch (id) {
    case CALG_MD4:
      return HashKind::md4;
    case CALG_MD5:
      return HashKind::md5;
    case CALG_SHA1:
      return HashKind::sha1;
    case CALG_SHA_256:
      return HashKind::sha256;
    case CALG_SHA_384:
      return HashKind::sha384;
    case CALG_SHA_512:
      return HashKind::sha512;
    default:
      return fail(NTE_BAD_ALGID, "{:#x} is no hash", id);
  }
}

Result<Data> value_of(Hash& hash) {
  if (!hash.value) {
    if (!hash.running) return fail(NTE_BAD_HASH_STATE, "an HMAC without HP_HMAC_INFO");
    ByteVector value(hash.running->size());
    TRY(hash.running->finish(value));
    hash.value = std::move(value);
  }
  return Data(*hash.value);
}

namespace {

enum : DWORD { HP_ALGID = 1, HP_HASHVAL = 2, HP_HASHSIZE = 4, HP_HMAC_INFO = 5 };

struct HMAC_INFO {
  ALG_ID HashAlgid;
  BYTE* pbInnerString;
  DWORD cbInnerString;
  BYTE* pbOuterString;
  DWORD cbOuterString;
};

HM_WINAPI BOOL CryptCreateHash(void* handle, ALG_ID id, void* key_handle, DWORD flags, void** hash) noexcept {
  return security_succeed([&]() -> Status {
    Context* const context = TRY(object<Context>(handle));
    if (hash == nullptr) return fail(STATUS_INVALID_PARAMETER, "no room for the handle");
    if (flags != 0) return fail(NTE_BAD_FLAGS, "flags {:#x}", flags);
    auto made = std::make_unique<Hash>(*context, id);
    if (id == CALG_HMAC) {
      made->key = TRY(object<Key>(key_handle))->secret;
    } else {
      made->kind = TRY(hash_kind(id));
      made->running = TRY(crypto::Hash::plain(*made->kind));
    }
    *hash = handle_of(std::move(made));
    return ok;
  });
}

HM_WINAPI BOOL CryptDestroyHash(void* handle) noexcept {
  return security_succeed([&]() -> Status {
    delete TRY(object<Hash>(handle));
    return ok;
  });
}

HM_WINAPI BOOL CryptDuplicateHash(void* handle, DWORD*, DWORD flags, void** copy) noexcept {
  return security_succeed([&]() -> Status {
    const Hash* const from = TRY(object<Hash>(handle));
    if (copy == nullptr || flags != 0) return fail(STATUS_INVALID_PARAMETER, "flags {:#x}, or no room", flags);
    auto made = std::make_unique<Hash>(*from->context, from->algorithm);
    made->kind = from->kind;
    made->key = from->key;
    made->value = from->value;
    if (from->running && !from->value) made->running = TRY(from->running->duplicate());
    *copy = handle_of(std::move(made));
    return ok;
  });
}

Status add(Hash& hash, Data bytes) {
  if (hash.value || !hash.running) return fail(NTE_BAD_HASH_STATE, "the hash is finished, or not yet begun");
  return hash.running->add(bytes);
}

HM_WINAPI BOOL CryptHashData(void* handle, const BYTE* bytes, DWORD size, DWORD flags) noexcept {
  return security_succeed([&]() -> Status {
    Hash* const hash = TRY(object<Hash>(handle));
    if (flags != 0) return fail(NTE_BAD_FLAGS, "flags {:#x}", flags);
    if (bytes == nullptr && size != 0) return fail(STATUS_INVALID_PARAMETER, "{} bytes at NULL", size);
    return add(*hash, crypto::data(bytes, size));
  });
}

HM_WINAPI BOOL CryptHashSessionKey(void* handle, void* key_handle, DWORD flags) noexcept {
  return security_succeed([&]() -> Status {
    constexpr DWORD CRYPT_LITTLE_ENDIAN = 1;
    Hash* const hash = TRY(object<Hash>(handle));
    Secret bytes = TRY(object<Key>(key_handle))->secret;
    if ((flags & ~CRYPT_LITTLE_ENDIAN) != 0) return fail(NTE_BAD_FLAGS, "flags {:#x}", flags);
    if ((flags & CRYPT_LITTLE_ENDIAN) != 0) std::ranges::reverse(bytes);
    return add(*hash, bytes);
  });
}

HM_WINAPI BOOL CryptGetHashParam(void* handle, DWORD parameter, BYTE* buffer, DWORD* size, DWORD flags) noexcept {
  return security_succeed([&]() -> Status {
    Hash* const hash = TRY(object<Hash>(handle));
    if (flags != 0) return fail(NTE_BAD_FLAGS, "flags {:#x}", flags);
    switch (parameter) {
      case HP_ALGID:
        return give(crypto::data(&hash->algorithm, sizeof hash->algorithm), buffer, size);
      case HP_HASHSIZE: {
        const DWORD length = hash->kind ? crypto::facts(*hash->kind).size : 0;
        return give(crypto::data(&length, sizeof length), buffer, size);
      }
      case HP_HASHVAL: {
        // Its size alone does not finish it.
        if (buffer == nullptr && hash->kind && size != nullptr) {
          *size = crypto::facts(*hash->kind).size;
          return ok;
        }
        if (hash->kind && size != nullptr && *size < crypto::facts(*hash->kind).size) {
          const DWORD room = std::exchange(*size, crypto::facts(*hash->kind).size);
          return fail_win32(ERROR_MORE_DATA, "room for {} of {} bytes", room, *size);
        }
        return give(TRY(value_of(*hash)), buffer, size);
      }
      default:
        return fail(NTE_BAD_TYPE, "no parameter {}", parameter);
    }
  });
}

HM_WINAPI BOOL CryptSetHashParam(void* handle, DWORD parameter, const BYTE* value, DWORD flags) noexcept {
  return security_succeed([&]() -> Status {
    Hash* const hash = TRY(object<Hash>(handle));
    if (flags != 0 || value == nullptr) return fail(NTE_BAD_FLAGS, "flags {:#x}, or no value", flags);
    if (parameter == HP_HASHVAL && hash->kind) {
      hash->value = ByteVector(value, value + crypto::facts(*hash->kind).size);
      return ok;
    }
    if (parameter != HP_HMAC_INFO || hash->algorithm != CALG_HMAC)
      return fail(NTE_BAD_TYPE, "no parameter {}", parameter);
    const auto& info = *reinterpret_cast<const HMAC_INFO*>(value);
    if (info.cbInnerString != 0 || info.cbOuterString != 0) return fail(STATUS_NOT_SUPPORTED, "HMAC with other pads");
    hash->kind = TRY(hash_kind(info.HashAlgid));
    hash->running = TRY(crypto::Hash::hmac(*hash->kind, hash->key));
    return ok;
  });
}

// ---- signatures -----------------------------------------------------------------------------------------------------

constexpr DWORD CRYPT_NOHASHOID = 1;

crypto::RsaPadding padding_for(const Hash& hash, DWORD flags) {
  if ((flags & CRYPT_NOHASHOID) != 0) return {crypto::RsaPadding::pkcs1, {}};
  return {crypto::RsaPadding::pkcs1, hash.kind};
}

// Signatures are numbers with the least byte first.
BOOL sign(void* handle, DWORD which, DWORD flags, BYTE* buffer, DWORD* size) {
  return security_succeed([&]() -> Status {
    Hash* const hash = TRY(object<Hash>(handle));
    if ((flags & ~CRYPT_NOHASHOID) != 0) return fail(NTE_BAD_FLAGS, "flags {:#x}", flags);
    const crypto::PublicKey& key = which == AT_KEYEXCHANGE ? hash->context->exchange : hash->context->signature;
    if (!key) return fail(NTE_NO_KEY, "the context has no key {}", which);
    if (buffer == nullptr && size != nullptr) {
      *size = static_cast<DWORD>(EVP_PKEY_get_size(key.get()));
      return ok;
    }
    const Data digest = TRY(value_of(*hash));
    ByteVector signature = TRY(crypto::rsa_sign(key, padding_for(*hash, flags), digest));
    std::ranges::reverse(signature);
    return give(signature, buffer, size);
  });
}
HM_WINAPI BOOL CryptSignHashA(void* hash, DWORD which, const char*, DWORD flags, BYTE* signature,
                              DWORD* size) noexcept {
  return sign(hash, which, flags, signature, size);
}
HM_WINAPI BOOL CryptSignHashW(void* hash, DWORD which, const WCHAR*, DWORD flags, BYTE* signature,
                              DWORD* size) noexcept {
  return sign(hash, which, flags, signature, size);
}

BOOL verify(void* handle, const BYTE* signature, DWORD size, void* key_handle, DWORD flags) {
  return security_succeed([&]() -> Status {
    Hash* const hash = TRY(object<Hash>(handle));
    const Key* const key = TRY(object<Key>(key_handle));
    if (!key->pair) return fail(NTE_BAD_KEY, "the key is no public one");
    if ((flags & ~CRYPT_NOHASHOID) != 0) return fail(NTE_BAD_FLAGS, "flags {:#x}", flags);
    const Data digest = TRY(value_of(*hash));
    ByteVector number(signature, signature + size);
    std::ranges::reverse(number);
    Status right = crypto::rsa_verify(key->pair, padding_for(*hash, flags), digest, number);
    if (!right) return fail(NTE_BAD_SIGNATURE, "the signature is not right");
    return ok;
  });
}
HM_WINAPI BOOL CryptVerifySignatureA(void* hash, const BYTE* signature, DWORD size, void* key, const char*,
                                     DWORD flags) noexcept {
  return verify(hash, signature, size, key, flags);
}
HM_WINAPI BOOL CryptVerifySignatureW(void* hash, const BYTE* signature, DWORD size, void* key, const WCHAR*,
                                     DWORD flags) noexcept {
  return verify(hash, signature, size, key, flags);
}

const Export kRows[] = {
    {"CryptCreateHash", proc(CryptCreateHash)},
    {"CryptDestroyHash", proc(CryptDestroyHash)},
    {"CryptDuplicateHash", proc(CryptDuplicateHash)},
    {"CryptGetHashParam", proc(CryptGetHashParam)},
    {"CryptHashData", proc(CryptHashData)},
    {"CryptHashSessionKey", proc(CryptHashSessionKey)},
    {"CryptSetHashParam", proc(CryptSetHashParam), Support::partial, "no other pads for HMAC"},
    {"CryptSignHashA", proc(CryptSignHashA)},
    {"CryptSignHashW", proc(CryptSignHashW)},
    {"CryptVerifySignatureA", proc(CryptVerifySignatureA)},
    {"CryptVerifySignatureW", proc(CryptVerifySignatureW)},
};

}  // namespace
}  // namespace capi

extern const ExportTable wincrypt_hash_exports = capi::kRows;

}  // namespace hmodule::winapi

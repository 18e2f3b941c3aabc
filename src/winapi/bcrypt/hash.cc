// bcrypt.h: hashes, with and without a key.
#include "module/builtin.h"
#include "winapi/bcrypt/objects.h"

namespace hmodule::winapi {
namespace {

using namespace bcrypt;

constexpr ULONG BCRYPT_HASH_REUSABLE_FLAG = 0x20, BCRYPT_BUFFERS_LOCKED_FLAG = 0x40;

Result<crypto::Hash> begin(const Provider& provider, Data key) {
  const Algorithm& algorithm = provider.algorithm;
  if (algorithm.family == Family::cmac) return crypto::Hash::aes_cmac(key);
  if (algorithm.family != Family::hash) return fail(STATUS_NOT_SUPPORTED, "{} is no hash", utf8(algorithm.name));
  if (provider.hmac) return crypto::Hash::hmac(algorithm.hash, key);
  if (!key.empty()) return fail(STATUS_INVALID_PARAMETER, "a key for a hash without BCRYPT_ALG_HANDLE_HMAC_FLAG");
  return crypto::Hash::plain(algorithm.hash);
}

// The object lives in memory of ours, so what the caller has for it is not used.
HM_WINAPI NTSTATUS BCryptCreateHash(void* algorithm, void** hash, BYTE*, ULONG, BYTE* secret, ULONG secret_size,
                                    ULONG flags) noexcept {
  return status_of([&]() -> Status {
    Provider* const provider = TRY(provider_of(algorithm));
    if (hash == nullptr || (flags & ~(BCRYPT_HASH_REUSABLE_FLAG | BCRYPT_BUFFERS_LOCKED_FLAG)) != 0)
      return fail(STATUS_INVALID_PARAMETER, "flags {:#x}, or no room for the handle", flags);
    crypto::Hash begun = TRY(begin(*provider, crypto::data(secret, secret_size)));
    const bool reusable = provider->reusable || (flags & BCRYPT_HASH_REUSABLE_FLAG) != 0;
    *hash = handle_of(std::make_unique<HashObject>(*provider, std::move(begun), reusable));
    return ok;
  });
}

HM_WINAPI NTSTATUS BCryptDuplicateHash(void* hash, void** copy, BYTE*, ULONG, ULONG flags) noexcept {
  return status_of([&]() -> Status {
    const HashObject* const from = TRY(object<HashObject>(hash));
    if (copy == nullptr || flags != 0) return fail(STATUS_INVALID_PARAMETER, "flags {:#x}, or no room", flags);
    if (from->finished) return fail(STATUS_INVALID_HANDLE, "the hash is finished");
    crypto::Hash duplicate = TRY(from->hash.duplicate());
    *copy = handle_of(std::make_unique<HashObject>(*from, std::move(duplicate)));
    return ok;
  });
}

HM_WINAPI NTSTATUS BCryptHashData(void* hash, BYTE* input, ULONG size, ULONG) noexcept {
  return status_of([&]() -> Status {
    HashObject* const of = TRY(object<HashObject>(hash));
    if (of->finished) return fail(STATUS_INVALID_HANDLE, "the hash is finished");
    if (input == nullptr && size != 0) return fail(STATUS_INVALID_PARAMETER, "{} bytes at NULL", size);
    return of->hash.add(crypto::data(input, size));
  });
}

HM_WINAPI NTSTATUS BCryptFinishHash(void* hash, BYTE* output, ULONG size, ULONG) noexcept {
  return status_of([&]() -> Status {
    HashObject* const of = TRY(object<HashObject>(hash));
    if (of->finished) return fail(STATUS_INVALID_HANDLE, "the hash is finished");
    if (output == nullptr || size != of->hash.size())
      return fail(STATUS_INVALID_PARAMETER, "room for {} bytes; the hash has {}", size, of->hash.size());
    TRY(of->hash.finish({output, size}));
    if (of->reusable) return of->hash.restart();
    of->finished = true;
    return ok;
  });
}

HM_WINAPI NTSTATUS BCryptDestroyHash(void* hash) noexcept {
  return status_of([&]() -> Status {
    delete TRY(object<HashObject>(hash));
    return ok;
  });
}

HM_WINAPI NTSTATUS BCryptHash(void* algorithm, BYTE* secret, ULONG secret_size, BYTE* input, ULONG input_size,
                              BYTE* output, ULONG output_size) noexcept {
  return status_of([&]() -> Status {
    const Provider* const provider = TRY(provider_of(algorithm));
    crypto::Hash begun = TRY(begin(*provider, crypto::data(secret, secret_size)));
    if (output == nullptr || output_size != begun.size() || (input == nullptr && input_size != 0))
      return fail(STATUS_INVALID_PARAMETER, "room for {} bytes; the hash has {}", output_size, begun.size());
    TRY(begun.add(crypto::data(input, input_size)));
    return begun.finish({output, output_size});
  });
}

const Export kRows[] = {
    {"BCryptCreateHash", proc(BCryptCreateHash)},
    {"BCryptDestroyHash", proc(BCryptDestroyHash)},
    {"BCryptDuplicateHash", proc(BCryptDuplicateHash)},
    {"BCryptFinishHash", proc(BCryptFinishHash)},
    {"BCryptHash", proc(BCryptHash)},
    {"BCryptHashData", proc(BCryptHashData)},
};

}  // namespace

extern const ExportTable bcrypt_hash_exports = kRows;

}  // namespace hmodule::winapi

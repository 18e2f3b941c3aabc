#include "crypto/derivation.h"

#include <openssl/core_names.h>
#include <openssl/kdf.h>

namespace hmodule::crypto {
namespace {

Status derive(const char* method, const OSSL_PARAM* parameters, std::span<BYTE> key) {
  const Owned<EVP_KDF, EVP_KDF_free> fetched(EVP_KDF_fetch(library(), method, nullptr));
  const Owned<EVP_KDF_CTX, EVP_KDF_CTX_free> context(EVP_KDF_CTX_new(fetched.get()));
  if (!context || EVP_KDF_derive(context.get(), key.data(), key.size(), parameters) != 1)
    return openssl_error(STATUS_INVALID_PARAMETER, method);
  return ok;
}

OSSL_PARAM text(const char* name, const char* value) {
  return OSSL_PARAM_construct_utf8_string(name, const_cast<char*>(value), 0);
}

OSSL_PARAM octets(const char* name, Data value) {
  static const BYTE nothing = 0;
  return OSSL_PARAM_construct_octet_string(name, const_cast<BYTE*>(value.empty() ? &nothing : value.data()),
                                           value.size());
}

}  // namespace

Status pbkdf2(HashKind prf, Data password, Data salt, std::uint64_t iterations, std::span<BYTE> key) {
  TRY(message_digest(prf));
  int unchecked = 1;  // short salts and few iterations are Windows' to allow
  const OSSL_PARAM parameters[] = {text(OSSL_KDF_PARAM_DIGEST, facts(prf).name),
                                   octets(OSSL_KDF_PARAM_PASSWORD, password),
                                   octets(OSSL_KDF_PARAM_SALT, salt),
                                   OSSL_PARAM_construct_uint64(OSSL_KDF_PARAM_ITER, &iterations),
                                   OSSL_PARAM_construct_int(OSSL_KDF_PARAM_PKCS5, &unchecked),
                                   OSSL_PARAM_construct_end()};
  return derive("PBKDF2", parameters, key);
}

Result<Secret> hkdf_extract(HashKind hash, Data input, Data salt) {
  const Secret zeros(facts(hash).size);
  return hmac(hash, salt.empty() ? Data(zeros) : salt, input);
}

Status hkdf_expand(HashKind hash, Data pseudorandom, Data info, std::span<BYTE> key) {
  int mode = EVP_KDF_HKDF_MODE_EXPAND_ONLY;
  const OSSL_PARAM parameters[] = {text(OSSL_KDF_PARAM_DIGEST, facts(hash).name),
                                   octets(OSSL_KDF_PARAM_KEY, pseudorandom), octets(OSSL_KDF_PARAM_INFO, info),
                                   OSSL_PARAM_construct_int(OSSL_KDF_PARAM_MODE, &mode), OSSL_PARAM_construct_end()};
  return derive("HKDF", parameters, key);
}

Status sp800_108(HashKind hash, Data input, Data label, Data context, std::span<BYTE> key) {
  const OSSL_PARAM parameters[] = {text(OSSL_KDF_PARAM_MODE, "counter"),
                                   text(OSSL_KDF_PARAM_MAC, "HMAC"),
                                   text(OSSL_KDF_PARAM_DIGEST, facts(hash).name),
                                   octets(OSSL_KDF_PARAM_KEY, input),
                                   octets(OSSL_KDF_PARAM_SALT, label),  // as OpenSSL calls the two
                                   octets(OSSL_KDF_PARAM_INFO, context),
                                   OSSL_PARAM_construct_end()};
  return derive("KBKDF", parameters, key);
}

// CryptDeriveKey's documentation, steps 1 to 5.
Result<Secret> stretch(HashKind kind, Data digest) {
  Secret all;
  for (const BYTE filler : {BYTE{0x36}, BYTE{0x5C}}) {
    Secret block(64, filler);
    for (std::size_t i = 0; i < digest.size(); ++i) block[i] ^= digest[i];
    const ByteVector half = TRY(hash(kind, block));
    all.insert(all.end(), half.begin(), half.end());
  }
  return all;
}

}  // namespace hmodule::crypto

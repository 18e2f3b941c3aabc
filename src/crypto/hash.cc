#include "crypto/hash.h"

#include <openssl/core_names.h>

#include <array>
#include <mutex>

namespace hmodule::crypto {
namespace {

constexpr HashFacts kFacts[] = {
    {"MD4", 16, 64},     {"MD5", 16, 64},       {"SHA1", 20, 64},      {"SHA256", 32, 64},   {"SHA384", 48, 128},
    {"SHA512", 64, 128}, {"SHA3-256", 32, 136}, {"SHA3-384", 48, 104}, {"SHA3-512", 64, 72},
};

}  // namespace

const HashFacts& facts(HashKind kind) {
  return kFacts[static_cast<std::size_t>(kind)];
}

Result<const EVP_MD*> message_digest(HashKind kind) {
  struct Fetched {
    std::once_flag once;
    const EVP_MD* digest = nullptr;
  };
  static std::array<Fetched, std::size(kFacts)> all;
  Fetched& wanted = all[static_cast<std::size_t>(kind)];
  std::call_once(wanted.once, [&] {
    if (kind == HashKind::md4) want_legacy();
    wanted.digest = EVP_MD_fetch(library(), facts(kind).name, nullptr);
  });
  if (wanted.digest == nullptr) return openssl_error(STATUS_NOT_FOUND, facts(kind).name);
  return wanted.digest;
}

Result<Hash> Hash::plain(HashKind kind) {
  Hash made;
  made.size_ = facts(kind).size;
  made.digest_ = TRY(message_digest(kind));
  made.plain_.reset(EVP_MD_CTX_new());
  TRY(made.restart());
  return made;
}

Result<Hash> Hash::keyed(const char* mac, const char* parameter, const char* algorithm, Data key, unsigned size) {
  const Owned<EVP_MAC, EVP_MAC_free> fetched(EVP_MAC_fetch(library(), mac, nullptr));
  Hash made;
  made.size_ = size;
  made.keyed_.reset(EVP_MAC_CTX_new(fetched.get()));
  const OSSL_PARAM parameters[] = {OSSL_PARAM_construct_utf8_string(parameter, const_cast<char*>(algorithm), 0),
                                   OSSL_PARAM_construct_end()};
  static const BYTE nothing = 0;  // a key that is NULL would mean the previous key
  if (EVP_MAC_init(made.keyed_.get(), key.empty() ? &nothing : key.data(), key.size(), parameters) != 1)
    return openssl_error(STATUS_INVALID_PARAMETER, mac);
  return made;
}

Result<Hash> Hash::hmac(HashKind kind, Data key) {
  TRY(message_digest(kind));  // loads what it needs
  return keyed("HMAC", OSSL_MAC_PARAM_DIGEST, facts(kind).name, key, facts(kind).size);
}

Result<Hash> Hash::aes_cmac(Data key) {
  if (key.size() != 16 && key.size() != 24 && key.size() != 32)
    return fail(STATUS_INVALID_PARAMETER, "AES-CMAC: a key of {} bytes", key.size());
  const std::string cipher = fmt::format("AES-{}-CBC", key.size() * 8);
  return keyed("CMAC", OSSL_MAC_PARAM_CIPHER, cipher.c_str(), key, 16);
}

Result<Hash> Hash::duplicate() const {
  Hash copy;
  copy.size_ = size_;
  copy.digest_ = digest_;
  if (keyed_) {
    copy.keyed_.reset(EVP_MAC_CTX_dup(keyed_.get()));
    if (!copy.keyed_) return openssl_error(STATUS_INTERNAL_ERROR, "EVP_MAC_CTX_dup");
  } else {
    copy.plain_.reset(EVP_MD_CTX_new());
    if (EVP_MD_CTX_copy_ex(copy.plain_.get(), plain_.get()) != 1)
      return openssl_error(STATUS_INTERNAL_ERROR, "EVP_MD_CTX_copy_ex");
  }
  return copy;
}

Status Hash::add(Data bytes) {
  const int done = keyed_ ? EVP_MAC_update(keyed_.get(), bytes.data(), bytes.size())
                          : EVP_DigestUpdate(plain_.get(), bytes.data(), bytes.size());
  if (done != 1) return openssl_error(STATUS_INTERNAL_ERROR, "adding to a hash");
  return ok;
}

Status Hash::finish(std::span<BYTE> value) {
  std::size_t size = value.size();
  const int done = keyed_ ? EVP_MAC_final(keyed_.get(), value.data(), &size, value.size())
                          : EVP_DigestFinal_ex(plain_.get(), value.data(), nullptr);
  if (done != 1) return openssl_error(STATUS_INTERNAL_ERROR, "finishing a hash");
  return ok;
}

Status Hash::restart() {
  const int done =
      keyed_ ? EVP_MAC_init(keyed_.get(), nullptr, 0, nullptr) : EVP_DigestInit_ex2(plain_.get(), digest_, nullptr);
  if (done != 1) return openssl_error(STATUS_INTERNAL_ERROR, "starting a hash");
  return ok;
}

Status hash(HashKind kind, Data bytes, std::span<BYTE> value) {
  Hash made = TRY(Hash::plain(kind));
  TRY(made.add(bytes));
  return made.finish(value);
}

Result<ByteVector> hash(HashKind kind, Data bytes) {
  ByteVector value(facts(kind).size);
  TRY(hash(kind, bytes, value));
  return value;
}

Result<Secret> hmac(HashKind kind, Data key, Data bytes) {
  Hash made = TRY(Hash::hmac(kind, key));
  TRY(made.add(bytes));
  Secret value(made.size());
  TRY(made.finish(value));
  return value;
}

}  // namespace hmodule::crypto

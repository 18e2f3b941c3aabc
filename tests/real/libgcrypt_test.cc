// libgcrypt from Debian's mingw packages: what it computes, OpenSSL computes too.
#include <gtest/gtest.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <filesystem>
#include <hmodule/hmodule.hpp>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "real_dll.h"

namespace {

using hmodule::u64;
namespace fs = std::filesystem;

using Bytes = std::vector<unsigned char>;

// Repeatable bytes.
Bytes bytes(std::size_t count, unsigned seed) {
  Bytes all(count);
  for (unsigned char& byte : all) {
    seed = seed * 1664525 + 1013904223;
    byte = static_cast<unsigned char>(seed >> 24);
  }
  return all;
}

class Gcrypt {
 public:
  Gcrypt() {
    EXPECT_NE(library_.get<const char*(const char*)>("gcry_check_version")(nullptr), nullptr);
    const auto control = library_.get<unsigned(int, int)>("gcry_control");
    control(37, 0);  // GCRYCTL_DISABLE_SECMEM
    control(38, 0);  // GCRYCTL_INITIALIZATION_FINISHED
  }

  // Fed in pieces of several sizes; with a key, the HMAC.
  Bytes digest(int algorithm, const Bytes& data, std::size_t size, const Bytes* key = nullptr) const {
    void* handle = nullptr;
    EXPECT_EQ(open_(&handle, algorithm, key != nullptr ? 2U : 0U), 0U);  // GCRY_MD_FLAG_HMAC
    if (key != nullptr) {
      EXPECT_EQ(setkey_(handle, key->data(), key->size()), 0U);
    }
    for (std::size_t at = 0, piece = 1; at < data.size(); at += piece, piece = piece * 3 + 1)
      write_(handle, data.data() + at, std::min(piece, data.size() - at));
    const unsigned char* const result = read_(handle, algorithm);
    Bytes copy(result, result + size);
    close_(handle);
    return copy;
  }

  // A cipher in one of its modes; `encrypt` or back.
  Bytes cipher(int algorithm, int mode, const Bytes& key, const Bytes& start, const Bytes& data, bool encrypt,
               Bytes* tag = nullptr) const {
    void* handle = nullptr;
    EXPECT_EQ(get<unsigned(void**, int, int, unsigned)>("cipher_open")(&handle, algorithm, mode, 0), 0U);
    EXPECT_EQ(get<unsigned(void*, const void*, u64)>("cipher_setkey")(handle, key.data(), key.size()), 0U);
    const char* const set = mode == kCounter ? "cipher_setctr" : "cipher_setiv";
    EXPECT_EQ(get<unsigned(void*, const void*, u64)>(set)(handle, start.data(), start.size()), 0U);
    Bytes result(data.size());
    using Work = unsigned(void*, void*, u64, const void*, u64);
    EXPECT_EQ(get<Work>(encrypt ? "cipher_encrypt" : "cipher_decrypt")(handle, result.data(), result.size(),
                                                                       data.data(), data.size()),
              0U);
    if (tag != nullptr) {
      EXPECT_EQ(get<unsigned(void*, void*, u64)>("cipher_gettag")(handle, tag->data(), tag->size()), 0U);
    }
    get<void(void*)>("cipher_close")(handle);
    return result;
  }

  Bytes derive(const std::string& password, const Bytes& salt, unsigned rounds) const {
    Bytes key(40);
    using Derive = unsigned(const void*, u64, int, int, const void*, u64, unsigned, u64, void*);
    // (PBKDF2, SHA-256); Windows' unsigned long has 32 bits
    EXPECT_EQ(get<Derive>("kdf_derive")(password.data(), password.size(), 34, 8, salt.data(), salt.size(), rounds,
                                        key.size(), key.data()),
              0U);
    return key;
  }

  void randomise(Bytes& to) const { get<void(void*, u64, int)>("randomize")(to.data(), to.size(), 1); }

  static constexpr int kCbc = 3, kCounter = 6, kGalois = 9;

 private:
  template <typename Signature>
  hmodule::function_pointer<Signature> get(const std::string& name) const {
    return library_.get<Signature>(("gcry_" + name).c_str());
  }

  hmodule::library library_{fs::path(REAL_DLLS) / "libgcrypt-20.dll"};
  hmodule::function_pointer<unsigned(void**, int, unsigned)> open_ = get<unsigned(void**, int, unsigned)>("md_open");
  hmodule::function_pointer<unsigned(void*, const void*, u64)> setkey_ =
      get<unsigned(void*, const void*, u64)>("md_setkey");
  hmodule::function_pointer<void(void*, const void*, u64)> write_ = get<void(void*, const void*, u64)>("md_write");
  hmodule::function_pointer<const unsigned char*(void*, int)> read_ = get<const unsigned char*(void*, int)>("md_read");
  hmodule::function_pointer<void(void*)> close_ = get<void(void*)>("md_close");
};

Bytes openssl_cipher(const EVP_CIPHER* kind, const Bytes& key, const Bytes& start, const Bytes& data,
                     Bytes* tag = nullptr) {
  const std::unique_ptr<EVP_CIPHER_CTX, void (*)(EVP_CIPHER_CTX*)> context(EVP_CIPHER_CTX_new(), &EVP_CIPHER_CTX_free);
  Bytes result(data.size() + 32);
  int size = 0, rest = 0;
  EXPECT_EQ(EVP_EncryptInit_ex(context.get(), kind, nullptr, key.data(), start.data()), 1);
  EVP_CIPHER_CTX_set_padding(context.get(), 0);
  EXPECT_EQ(EVP_EncryptUpdate(context.get(), result.data(), &size, data.data(), static_cast<int>(data.size())), 1);
  EXPECT_EQ(EVP_EncryptFinal_ex(context.get(), result.data() + size, &rest), 1);
  if (tag != nullptr) {
    EXPECT_EQ(EVP_CIPHER_CTX_ctrl(context.get(), EVP_CTRL_AEAD_GET_TAG, static_cast<int>(tag->size()), tag->data()), 1);
  }
  result.resize(static_cast<std::size_t>(size + rest));
  return result;
}

struct Digest {
  int number;  // GCRY_MD_...
  const EVP_MD* (*openssl)();
};
const Digest kDigests[] = {{1, &EVP_md5},        {2, &EVP_sha1},       {8, &EVP_sha256},
                           {9, &EVP_sha384},     {10, &EVP_sha512},    {11, &EVP_sha224},
                           {313, &EVP_sha3_256}, {315, &EVP_sha3_512}, {318, &EVP_blake2b512}};

TEST(Gcrypt, DigestsAreOpenSsls) {
  NEED("libgcrypt-20.dll");
  NEED("libgpg-error-0.dll");
  const Gcrypt gcrypt;
  const Bytes key = bytes(77, 3);
  for (const Digest& digest : kDigests)
    for (const std::size_t length : {0UL, 1UL, 63UL, 64UL, 1000UL, 1UL << 20}) {
      const Bytes data = bytes(length, 7);
      unsigned size = 0;
      Bytes expected(EVP_MAX_MD_SIZE);
      EVP_Digest(data.data(), data.size(), expected.data(), &size, digest.openssl(), nullptr);
      expected.resize(size);
      EXPECT_EQ(gcrypt.digest(digest.number, data, size), expected) << digest.number << ", " << length;
      if (digest.number == 318) continue;  // GnuPG keys BLAKE2 in its own way
      HMAC(digest.openssl(), key.data(), static_cast<int>(key.size()), data.data(), data.size(), expected.data(),
           &size);
      EXPECT_EQ(gcrypt.digest(digest.number, data, size, &key), expected) << "HMAC " << digest.number << ", " << length;
    }
}

struct Cipher {
  int number, mode;
  std::size_t key, start;
  const EVP_CIPHER* (*openssl)();
};
const Cipher kCiphers[] = {
    {7, Gcrypt::kCbc, 16, 16, &EVP_aes_128_cbc},        {9, Gcrypt::kCbc, 32, 16, &EVP_aes_256_cbc},
    {7, Gcrypt::kCounter, 16, 16, &EVP_aes_128_ctr},    {9, Gcrypt::kCounter, 32, 16, &EVP_aes_256_ctr},
    {310, Gcrypt::kCbc, 16, 16, &EVP_camellia_128_cbc}, {2, Gcrypt::kCbc, 24, 8, &EVP_des_ede3_cbc},
    {7, Gcrypt::kGalois, 16, 12, &EVP_aes_128_gcm},     {9, Gcrypt::kGalois, 32, 12, &EVP_aes_256_gcm},
};

TEST(Gcrypt, CiphersAreOpenSsls) {
  NEED("libgcrypt-20.dll");
  NEED("libgpg-error-0.dll");
  const Gcrypt gcrypt;
  for (const Cipher& cipher : kCiphers)
    for (const std::size_t blocks : {1UL, 5UL, 4096UL}) {
      const Bytes key = bytes(cipher.key, 11), start = bytes(cipher.start, 12), data = bytes(blocks * 16, 13);
      Bytes tag(16), expected_tag(16);
      const bool tagged = cipher.mode == Gcrypt::kGalois;
      const Bytes expected = openssl_cipher(cipher.openssl(), key, start, data, tagged ? &expected_tag : nullptr);
      const Bytes hidden = gcrypt.cipher(cipher.number, cipher.mode, key, start, data, true, tagged ? &tag : nullptr);
      EXPECT_EQ(hidden, expected) << cipher.number << ", mode " << cipher.mode;
      if (tagged) {
        EXPECT_EQ(tag, expected_tag);
      }
      EXPECT_EQ(gcrypt.cipher(cipher.number, cipher.mode, key, start, hidden, false), data);
    }
}

TEST(Gcrypt, DerivesKeysAndMakesRandomBytes) {
  NEED("libgcrypt-20.dll");
  NEED("libgpg-error-0.dll");
  const Gcrypt gcrypt;
  const Bytes salt = bytes(16, 1);
  Bytes expected(40);
  PKCS5_PBKDF2_HMAC("password", 8, salt.data(), 16, 1000, EVP_sha256(), 40, expected.data());
  EXPECT_EQ(gcrypt.derive("password", salt, 1000), expected);
  Bytes one(64), other(64);
  gcrypt.randomise(one);
  gcrypt.randomise(other);
  EXPECT_NE(one, other);
}

TEST(Gcrypt, FourThreadsDigest) {
  NEED("libgcrypt-20.dll");
  NEED("libgpg-error-0.dll");
  const Gcrypt gcrypt;
  const Bytes data = bytes(100000, 5);
  const Bytes expected = gcrypt.digest(8, data, 32);
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i)
    threads.emplace_back([&] {
      for (int round = 0; round < 50; ++round) EXPECT_EQ(gcrypt.digest(8, data, 32), expected);
    });
  for (std::thread& thread : threads) thread.join();
}

}  // namespace

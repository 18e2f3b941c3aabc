// The older crypto functions, against published vectors.
#include "unit/winapi/process.h"
#include "winapi/advapi32/exports.h"

#include <cstring>
#include <string>
#include <vector>

namespace hmodule::winapi {
namespace {

using Bytes = std::vector<BYTE>;
constexpr DWORD kVerify = 0xF0000000, kExportable = 1;
enum : DWORD {
  kMd5 = 0x8003,
  kSha1 = 0x8004,
  kHmac = 0x8009,
  kSha256 = 0x800C,
  kAes128 = 0x660E,
  kAes256 = 0x6610,
  k3Des = 0x6603,
  kRc2 = 0x6602,
  kRc4 = 0x6801
};

template <typename... Args>
Function<BOOL, Args...> crypt(std::string_view name) {
  return function<BOOL, Args...>(advapi32_dll, name);
}
Bytes bytes(std::string_view text) {
  return {text.begin(), text.end()};
}
Bytes from_hex(std::string_view text) {
  Bytes made;
  for (std::size_t i = 0; i + 1 < text.size(); i += 2)
    made.push_back(static_cast<BYTE>(std::stoi(std::string(text.substr(i, 2)), nullptr, 16)));
  return made;
}
std::string to_hex(const Bytes& value) {
  std::string text;
  for (const BYTE each : value) text += fmt::format("{:02x}", each);
  return text;
}

class Wincrypt : public testing::Test {
 protected:
  void SetUp() override {
    ASSERT_TRUE((crypt<void**, const WCHAR*, const WCHAR*, DWORD, DWORD>("CryptAcquireContextW")(
        &context_, nullptr, nullptr, 24, kVerify)));
  }
  void TearDown() override { EXPECT_TRUE((crypt<void*, DWORD>("CryptReleaseContext")(context_, 0))); }

  void* hash_of(DWORD algorithm, std::string_view text, void* key = nullptr) {
    void* hash = nullptr;
    EXPECT_TRUE((crypt<void*, DWORD, void*, DWORD, void**>("CryptCreateHash")(context_, algorithm, key, 0, &hash)));
    if (algorithm == kHmac) {
      struct {
        DWORD algorithm;
        const BYTE* inner = nullptr;
        DWORD inner_size = 0;
        const BYTE* outer = nullptr;
        DWORD outer_size = 0;
      } const info{kSha256};
      EXPECT_TRUE((crypt<void*, DWORD, const void*, DWORD>("CryptSetHashParam")(hash, 5, &info, 0)));
    }
    EXPECT_TRUE(add(hash, text));
    return hash;
  }
  static BOOL add(void* hash, std::string_view text) {
    return crypt<void*, const char*, DWORD, DWORD>("CryptHashData")(hash, text.data(), static_cast<DWORD>(text.size()),
                                                                    0);
  }
  static Bytes hash_parameter(void* hash, DWORD parameter) {
    const auto get = crypt<void*, DWORD, BYTE*, DWORD*, DWORD>("CryptGetHashParam");
    DWORD size = 0;
    EXPECT_TRUE(get(hash, parameter, nullptr, &size, 0));
    Bytes value(size);
    EXPECT_TRUE(get(hash, parameter, value.data(), &size, 0));
    return value;
  }
  static Bytes value(void* hash) { return hash_parameter(hash, 2); }
  static void destroy_hash(void* hash) { EXPECT_TRUE(crypt<void*>("CryptDestroyHash")(hash)); }
  static void destroy_key(void* key) { EXPECT_TRUE(crypt<void*>("CryptDestroyKey")(key)); }

  BOOL import_blob(const Bytes& blob, void** key, void* wrapping = nullptr, DWORD flags = kExportable) {
    return crypt<void*, const BYTE*, DWORD, void*, DWORD, void**>("CryptImportKey")(
        context_, blob.data(), static_cast<DWORD>(blob.size()), wrapping, flags, key);
  }
  static Bytes plain_blob(DWORD algorithm, const Bytes& key) {
    Bytes blob = {8, 2, 0, 0};
    for (const DWORD number : {algorithm, static_cast<DWORD>(key.size())})
      for (int i = 0; i < 4; ++i) blob.push_back(static_cast<BYTE>(number >> (8 * i)));
    blob.insert(blob.end(), key.begin(), key.end());
    return blob;
  }
  void* key_of(DWORD algorithm, const Bytes& bytes_of_key) {
    void* key = nullptr;
    EXPECT_TRUE(import_blob(plain_blob(algorithm, bytes_of_key), &key));
    return key;
  }
  static Bytes export_key(void* key, DWORD type, void* wrapping = nullptr) {
    const auto call = crypt<void*, void*, DWORD, DWORD, BYTE*, DWORD*>("CryptExportKey");
    DWORD size = 0;
    EXPECT_TRUE(call(key, wrapping, type, 0, nullptr, &size));
    Bytes blob(size);
    EXPECT_TRUE(call(key, wrapping, type, 0, blob.data(), &size));
    return blob;
  }
  static Bytes encrypted(void* key, Bytes data, BOOL last = TRUE, DWORD flags = 0, void* hash = nullptr) {
    auto size = static_cast<DWORD>(data.size());
    data.resize(size + 300);
    EXPECT_TRUE((crypt<void*, void*, BOOL, DWORD, BYTE*, DWORD*, DWORD>("CryptEncrypt")(
        key, hash, last, flags, data.data(), &size, static_cast<DWORD>(data.size()))));
    data.resize(size);
    return data;
  }
  static Bytes decrypted(void* key, Bytes data, BOOL last = TRUE, DWORD flags = 0, void* hash = nullptr) {
    auto size = static_cast<DWORD>(data.size());
    EXPECT_TRUE(
        (crypt<void*, void*, BOOL, DWORD, BYTE*, DWORD*>("CryptDecrypt")(key, hash, last, flags, data.data(), &size)));
    data.resize(size);
    return data;
  }
  static DWORD number(void* key, DWORD parameter) {
    DWORD read = 0, size = sizeof read;
    EXPECT_TRUE((crypt<void*, DWORD, BYTE*, DWORD*, DWORD>("CryptGetKeyParam")(
        key, parameter, reinterpret_cast<BYTE*>(&read), &size, 0)));
    return read;
  }
  static BOOL set(void* key, DWORD parameter, const void* to) {
    return crypt<void*, DWORD, const void*, DWORD>("CryptSetKeyParam")(key, parameter, to, 0);
  }
  static BOOL set(void* key, DWORD parameter, DWORD to) { return set(key, parameter, static_cast<const void*>(&to)); }

  void* context_ = nullptr;
};

TEST_F(Wincrypt, ContextsKeepNothing) {
  const auto acquire = crypt<void**, const WCHAR*, const WCHAR*, DWORD, DWORD>("CryptAcquireContextW");
  const auto acquire_a = crypt<void**, const char*, const char*, DWORD, DWORD>("CryptAcquireContextA");
  void* other = nullptr;
  EXPECT_FALSE(acquire(&other, u"container", nullptr, 1, 0));
  EXPECT_EQ(thread::last_error(), 0x80090016u) << "NTE_BAD_KEYSET";
  EXPECT_FALSE(acquire(&other, nullptr, nullptr, 0, kVerify));
  EXPECT_EQ(thread::last_error(), 0x80090014u) << "NTE_BAD_PROV_TYPE";
  EXPECT_FALSE(acquire(&other, nullptr, nullptr, 5, kVerify));
  EXPECT_EQ(thread::last_error(), 0x80090017u) << "NTE_PROV_TYPE_NOT_DEF";
  EXPECT_FALSE(acquire_a(&other, nullptr, "Nobody's", 1, kVerify));
  EXPECT_EQ(thread::last_error(), 0x80090019u) << "NTE_KEYSET_NOT_DEF";
  ASSERT_TRUE(acquire_a(&other, nullptr, "Microsoft Strong Cryptographic Provider", 1, kVerify));
  EXPECT_TRUE((crypt<void*, DWORD*, DWORD>("CryptContextAddRef")(other, nullptr, 0)));
  for (int i = 0; i < 2; ++i) {
    BYTE random[8] = {};
    EXPECT_TRUE((crypt<void*, DWORD, BYTE*>("CryptGenRandom")(other, sizeof random, random)));
    EXPECT_TRUE((crypt<void*, DWORD>("CryptReleaseContext")(other, 0)));
  }
  EXPECT_FALSE((crypt<void*, DWORD>("CryptReleaseContext")(nullptr, 0)));
  EXPECT_EQ(thread::last_error(), DWORD{ERROR_INVALID_PARAMETER});
  BYTE here[8] = {};
  EXPECT_FALSE((crypt<void*, DWORD, BYTE*>("CryptGenRandom")(here, sizeof here, here)));
  EXPECT_EQ(thread::last_error(), 0x80090001u) << "NTE_BAD_UID";
}

TEST_F(Wincrypt, ProvidersHaveNames) {
  char name[100];
  DWORD size = sizeof name;
  EXPECT_TRUE((crypt<void*, DWORD, char*, DWORD*, DWORD>("CryptGetProvParam")(context_, 4, name, &size, 0)));
  EXPECT_STREQ(name, "Microsoft Enhanced RSA and AES Cryptographic Provider");
  DWORD type = 0;
  size = sizeof type;
  EXPECT_TRUE((crypt<void*, DWORD, DWORD*, DWORD*, DWORD>("CryptGetProvParam")(context_, 16, &type, &size, 0)));
  EXPECT_EQ(type, 24U);
  const auto next = crypt<DWORD, DWORD*, DWORD, DWORD*, char*, DWORD*>("CryptEnumProvidersA");
  DWORD count = 0;
  for (; next(count, nullptr, 0, &type, name, &(size = sizeof name)); ++count)
    EXPECT_TRUE(std::string(name).starts_with("Microsoft"));
  EXPECT_EQ(thread::last_error(), DWORD{ERROR_NO_MORE_ITEMS});
  EXPECT_GE(count, 3U);
  WCHAR wide[100];
  size = sizeof wide;
  EXPECT_TRUE(
      (crypt<DWORD, DWORD*, DWORD, DWORD*, WCHAR*, DWORD*>("CryptEnumProvidersW")(0, nullptr, 0, &type, wide, &size)));
  EXPECT_TRUE(std::u16string_view(wide).starts_with(u"Microsoft"));
}

TEST_F(Wincrypt, HashesAreThePublishedOnes) {
  void* const sha = hash_of(kSha256, "ab");
  EXPECT_EQ(hash_parameter(sha, 4), (Bytes{32, 0, 0, 0}));
  EXPECT_EQ(hash_parameter(sha, 1), (Bytes{0x0C, 0x80, 0, 0}));
  void* copy = nullptr;
  EXPECT_TRUE((crypt<void*, DWORD*, DWORD, void**>("CryptDuplicateHash")(sha, nullptr, 0, &copy)));
  EXPECT_TRUE(add(sha, "c"));
  EXPECT_EQ(to_hex(value(sha)), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(value(sha), value(sha)) << "it may be asked for again";
  EXPECT_FALSE(add(sha, "d"));
  EXPECT_EQ(thread::last_error(), 0x8009000Cu) << "NTE_BAD_HASH_STATE";
  EXPECT_TRUE(add(copy, "c"));
  EXPECT_EQ(value(copy), value(sha));
  BYTE small[31];
  DWORD size = sizeof small;
  EXPECT_FALSE((crypt<void*, DWORD, BYTE*, DWORD*, DWORD>("CryptGetHashParam")(sha, 2, small, &size, 0)));
  EXPECT_EQ(thread::last_error(), DWORD{ERROR_MORE_DATA});
  EXPECT_EQ(size, 32U);
  destroy_hash(copy);
  destroy_hash(sha);
  for (const auto& [algorithm, digest] : {std::pair<DWORD, const char*>{kMd5, "900150983cd24fb0d6963f7d28e17f72"},
                                          {0x8002, "a448017aaf21d8525fc10ae87aa6729d"},
                                          {kSha1, "a9993e364706816aba3e25717850c26c9cd0d89d"}}) {
    void* const hash = hash_of(algorithm, "abc");
    EXPECT_EQ(to_hex(value(hash)), digest);
    destroy_hash(hash);
  }
  void* const key = key_of(kRc2, bytes("Jefe"));
  void* const hmac = hash_of(kHmac, "what do ya want for nothing?", key);
  EXPECT_EQ(to_hex(value(hmac)), "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
  destroy_hash(hmac);
  void* const session = hash_of(kSha1, "");
  EXPECT_TRUE((crypt<void*, void*, DWORD>("CryptHashSessionKey")(session, key, 0)));
  void* const same = hash_of(kSha1, "Jefe");
  EXPECT_EQ(value(session), value(same));
  destroy_hash(session);
  destroy_hash(same);
  destroy_key(key);
  void* none = nullptr;
  EXPECT_FALSE((crypt<void*, DWORD, void*, DWORD, void**>("CryptCreateHash")(context_, 0x8055, nullptr, 0, &none)));
  EXPECT_EQ(thread::last_error(), 0x80090008u) << "NTE_BAD_ALGID";
  EXPECT_FALSE(crypt<void*>("CryptDestroyHash")(nullptr));
  EXPECT_EQ(thread::last_error(), DWORD{ERROR_INVALID_HANDLE});
  EXPECT_FALSE(crypt<void*>("CryptDestroyHash")(context_));
  EXPECT_EQ(thread::last_error(), 0x80090002u) << "NTE_BAD_HASH";
}

TEST_F(Wincrypt, CiphersAreThePublishedOnes) {
  void* const key = key_of(kAes128, from_hex("2b7e151628aed2a6abf7158809cf4f3c"));
  EXPECT_EQ(number(key, 7), DWORD{kAes128});
  EXPECT_EQ(number(key, 8), 128U);
  EXPECT_EQ(number(key, 9), 128U);
  EXPECT_EQ(number(key, 4), 1U) << "CRYPT_MODE_CBC";
  const Bytes iv = from_hex("000102030405060708090a0b0c0d0e0f");
  EXPECT_TRUE(set(key, 1, static_cast<const void*>(iv.data())));
  const Bytes first = from_hex("6bc1bee22e409f96e93d7e117393172a"),
              second = from_hex("ae2d8a571e03ac9c9eb76fac45af8e51");
  EXPECT_EQ(to_hex(encrypted(key, first, FALSE)), "7649abac8119b246cee98e9b12e9197d");
  const Bytes rest = encrypted(key, second);
  EXPECT_EQ(to_hex({rest.begin(), rest.begin() + 16}), "5086cb9b507219ee95db113a917678b2") << "it went on";
  EXPECT_EQ(rest.size(), 32U) << "padded";
  EXPECT_EQ(to_hex(encrypted(key, first, FALSE)), "7649abac8119b246cee98e9b12e9197d") << "and began anew";
  EXPECT_TRUE(set(key, 1, static_cast<const void*>(iv.data())));
  Bytes whole = from_hex("7649abac8119b246cee98e9b12e9197d");
  whole.insert(whole.end(), rest.begin(), rest.end());
  Bytes both = first;
  both.insert(both.end(), second.begin(), second.end());
  EXPECT_EQ(decrypted(key, whole), both);
  whole.back() ^= 1;
  DWORD size = static_cast<DWORD>(whole.size());
  EXPECT_FALSE(
      (crypt<void*, void*, BOOL, DWORD, BYTE*, DWORD*>("CryptDecrypt")(key, nullptr, TRUE, 0, whole.data(), &size)));
  EXPECT_EQ(thread::last_error(), 0x80090005u) << "NTE_BAD_DATA";
  size = 16;
  const auto encrypt = crypt<void*, void*, BOOL, DWORD, BYTE*, DWORD*, DWORD>("CryptEncrypt");
  EXPECT_TRUE(encrypt(key, nullptr, TRUE, 0, nullptr, &size, 0));
  EXPECT_EQ(size, 32U);
  size = 16;
  EXPECT_FALSE(encrypt(key, nullptr, TRUE, 0, whole.data(), &size, 31));
  EXPECT_EQ(thread::last_error(), DWORD{ERROR_MORE_DATA});
  EXPECT_TRUE(set(key, 4, 2));
  void* copy = nullptr;
  EXPECT_TRUE((crypt<void*, DWORD*, DWORD, void**>("CryptDuplicateKey")(key, nullptr, 0, &copy)));
  EXPECT_EQ(to_hex(encrypted(copy, first, FALSE)), "3ad77bb40d7a3660a89ecaf32466ef97") << "SP 800-38A, F.1.1: ECB";
  EXPECT_FALSE(set(key, 4, 77));
  destroy_key(copy);
  destroy_key(key);

  void* const stream = key_of(kRc4, bytes("Key"));
  void* const digest = hash_of(kSha1, "");
  EXPECT_EQ(to_hex(encrypted(stream, bytes("Plain"), FALSE, 0, digest)), "bbf316e8d9");
  EXPECT_EQ(to_hex(encrypted(stream, bytes("text"), TRUE, 0, digest)), "40af0ad3");
  void* const same = hash_of(kSha1, "Plaintext");
  EXPECT_EQ(value(digest), value(same)) << "hashed on the way";
  destroy_hash(digest);
  destroy_hash(same);
  destroy_key(stream);
  void* const des = key_of(k3Des, from_hex("0123456789abcdef23456789abcdef01456789abcdef0123"));
  EXPECT_TRUE(set(des, 4, 2));
  EXPECT_EQ(to_hex(encrypted(des, from_hex("54686520717566636b2062726f776e20666f78206a756d70"), FALSE)),
            "a826fd8ce53b855fcce21c8112256fe668d5c05dd9b6b900");
  destroy_key(des);
}

TEST_F(Wincrypt, KeysAreDerivedAsDocumented) {
  const auto derive = crypt<void*, DWORD, void*, DWORD, void**>("CryptDeriveKey");
  const auto key_from = [&](DWORD hash_algorithm, DWORD algorithm, DWORD flags = kExportable) {
    void *const hash = hash_of(hash_algorithm, "password"), *key = nullptr;
    EXPECT_TRUE(derive(context_, algorithm, hash, flags, &key));
    const Bytes blob = export_key(key, 8);
    destroy_key(key);
    destroy_hash(hash);
    return to_hex({blob.begin() + 12, blob.end()});
  };
  EXPECT_EQ(key_from(kSha1, kRc4), "5baa61e4c9b93f3f0682250b6cf8331b") << "the digest's beginning";
  EXPECT_EQ(key_from(kSha1, kRc4, kExportable | 40 << 16), "5baa61e4c9");
  EXPECT_EQ(key_from(kSha256, kAes256), "5e884898da28047151d0e56f8dc6292773603d0d6aabbdd62a11ef721d1542d8");
  // SHA-1 is stretched: hashes of 64 bytes 0x36 and 0x5C, exclusive-or with the digest.
  Bytes inner(64, 0x36);
  const Bytes digest = from_hex("5baa61e4c9b93f3f0682250b6cf8331b7ee68fd8");
  for (std::size_t i = 0; i < digest.size(); ++i) inner[i] ^= digest[i];
  void* const hash = hash_of(kSha1, {reinterpret_cast<const char*>(inner.data()), inner.size()});
  EXPECT_EQ(key_from(kSha1, kAes128), to_hex(value(hash)).substr(0, 32));
  destroy_hash(hash);
}

TEST_F(Wincrypt, KeysGoOutAndComeIn) {
  const auto generate = crypt<void*, DWORD, DWORD, void**>("CryptGenKey");
  void *key = nullptr, *copy = nullptr;
  ASSERT_TRUE(generate(context_, kAes256, kExportable, &key));
  const Bytes blob = export_key(key, 8);
  EXPECT_EQ(blob.size(), 44U);
  ASSERT_TRUE(import_blob(blob, &copy));
  EXPECT_EQ(export_key(copy, 8), blob);
  destroy_key(copy);
  destroy_key(key);
  ASSERT_TRUE(generate(context_, kAes256, 0, &key));
  DWORD size = 0;
  EXPECT_FALSE(
      (crypt<void*, void*, DWORD, DWORD, BYTE*, DWORD*>("CryptExportKey")(key, nullptr, 8, 0, nullptr, &size)));
  EXPECT_EQ(thread::last_error(), 0x8009000Bu) << "NTE_BAD_KEY_STATE";
  destroy_key(key);
  Bytes broken = blob;
  broken[1] = 9;
  EXPECT_FALSE(import_blob(broken, &key));
  EXPECT_EQ(thread::last_error(), 0x80090007u) << "NTE_BAD_VER";
  EXPECT_FALSE(import_blob({8, 2, 0}, &key));
  EXPECT_EQ(thread::last_error(), 0x80090005u);
  EXPECT_FALSE(import_blob(plain_blob(kAes256, Bytes(16)), &key));
  EXPECT_FALSE(generate(context_, kAes256, 77 << 16, &key));
  EXPECT_EQ(thread::last_error(), 0x80090009u) << "NTE_BAD_FLAGS";
}

TEST_F(Wincrypt, KeyPairsSignEncryptAndWrap) {
  const auto generate = crypt<void*, DWORD, DWORD, void**>("CryptGenKey");
  void *pair = nullptr, *open = nullptr, *copy = nullptr, *user = nullptr;
  EXPECT_FALSE((crypt<void*, DWORD, void**>("CryptGetUserKey")(context_, 1, &user)));
  EXPECT_EQ(thread::last_error(), 0x8009000Du) << "NTE_NO_KEY";
  ASSERT_TRUE(generate(context_, 1, kExportable | 1024 << 16, &pair));
  const Bytes public_blob = export_key(pair, 6), private_blob = export_key(pair, 7);
  EXPECT_EQ(to_hex({public_blob.begin(), public_blob.begin() + 20}),
            "0602000000a400005253413100040000"
            "01000100");
  EXPECT_EQ(public_blob.size(), 20U + 128);
  EXPECT_EQ(private_blob.size(), 20U + 128 + 5 * 64 + 128);
  ASSERT_TRUE(import_blob(public_blob, &open));
  ASSERT_TRUE(import_blob(private_blob, &copy));
  EXPECT_EQ(export_key(copy, 7), private_blob);
  EXPECT_TRUE((crypt<void*, DWORD, void**>("CryptGetUserKey")(context_, 1, &user)));
  EXPECT_EQ(export_key(user, 6), public_blob);

  for (const DWORD flags : {0, 0x40})
    EXPECT_EQ(decrypted(copy, encrypted(open, bytes("attack at dawn"), TRUE, flags), TRUE, flags),
              bytes("attack at dawn"));

  for (const bool wide : {false, true}) {
    void* const hash = hash_of(kSha256, "abc");
    const auto sign =
        crypt<void*, DWORD, const void*, DWORD, BYTE*, DWORD*>(wide ? "CryptSignHashW" : "CryptSignHashA");
    const auto verify = crypt<void*, const BYTE*, DWORD, void*, const void*, DWORD>(wide ? "CryptVerifySignatureW"
                                                                                         : "CryptVerifySignatureA");
    DWORD size = 0;
    EXPECT_TRUE(sign(hash, 1, nullptr, 0, nullptr, &size));
    EXPECT_EQ(size, 128U);
    Bytes signature(size);
    EXPECT_TRUE(sign(hash, 1, nullptr, 0, signature.data(), &size));
    EXPECT_TRUE(verify(hash, signature.data(), size, open, nullptr, 0));
    signature[7] ^= 1;
    EXPECT_FALSE(verify(hash, signature.data(), size, open, nullptr, 0));
    EXPECT_EQ(thread::last_error(), 0x80090006u) << "NTE_BAD_SIGNATURE";
    EXPECT_FALSE(sign(hash, 2, nullptr, 0, signature.data(), &size)) << "there is no AT_SIGNATURE";
    EXPECT_EQ(thread::last_error(), 0x8009000Du) << "NTE_NO_KEY";
    destroy_hash(hash);
  }

  void *const session = key_of(kAes128, Bytes(16, 7)), *unwrapped = nullptr;
  ASSERT_TRUE(import_blob(export_key(session, 1, open), &unwrapped, copy));
  EXPECT_EQ(export_key(unwrapped, 8), export_key(session, 8));
  for (void* const key : {pair, open, copy, user, session, unwrapped}) destroy_key(key);
}

}  // namespace
}  // namespace hmodule::winapi

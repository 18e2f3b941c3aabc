// Ciphers against the vectors of FIPS 197, SP 800-38A, SP 800-38C, SP 800-67 and the GCM specification.
#include "unit/winapi/bcrypt/bcrypt_test.h"

#include <cstring>

namespace hmodule::winapi {
namespace {

constexpr ULONG kPad = 1;

struct AuthenticationInfo {  // BCRYPT_AUTHENTICATED_CIPHER_MODE_INFO
  ULONG size = sizeof(AuthenticationInfo), version = 1;
  const BYTE* nonce = nullptr;
  ULONG nonce_size = 0;
  const BYTE* data = nullptr;
  ULONG data_size = 0;
  BYTE* tag = nullptr;
  ULONG tag_size = 0;
  BYTE* mac_context = nullptr;
  ULONG mac_context_size = 0, aad_size = 0;
  std::uint64_t length = 0;
  ULONG flags = 0;
};

NTSTATUS generate(void* provider, void** key, const Bytes& secret) {
  return bcrypt_function<void*, void**, void*, ULONG, const BYTE*, ULONG, ULONG>("BCryptGenerateSymmetricKey")(
      provider, key, nullptr, 0, secret.data(), static_cast<ULONG>(secret.size()), 0);
}

// BCryptEncrypt or BCryptDecrypt; `output` says how much room there is, and gets what was written.
NTSTATUS run(const char* function, void* key, const Bytes& input, void* info, Bytes* iv, Bytes& output,
             ULONG flags = 0) {
  ULONG given = 0;
  const NTSTATUS status = bcrypt_function<void*, const BYTE*, ULONG, void*, BYTE*, ULONG, BYTE*, ULONG, ULONG*, ULONG>(
      function)(key, input.data(), static_cast<ULONG>(input.size()), info, iv == nullptr ? nullptr : iv->data(),
                iv == nullptr ? 0 : static_cast<ULONG>(iv->size()), output.data(), static_cast<ULONG>(output.size()),
                &given, flags);
  output.resize(given);
  return status;
}

struct Vector {
  const char16_t* algorithm;
  const char16_t* mode;
  const char *key, *iv, *plain, *encrypted;
};
class Ciphers : public testing::TestWithParam<Vector> {};

TEST_P(Ciphers, AreThePublishedOnesBothWays) {
  const Vector& vector = GetParam();
  void* const provider = open_provider(vector.algorithm);
  EXPECT_EQ(set_mode(provider, vector.mode), STATUS_SUCCESS);
  void* key = nullptr;
  ASSERT_EQ(generate(provider, &key, from_hex(vector.key)), STATUS_SUCCESS);
  EXPECT_EQ(number_property(key, u"KeyLength"), std::strlen(vector.key) * 4);
  Bytes iv = from_hex(vector.iv), written(from_hex(vector.plain).size());
  Bytes* const with = iv.empty() ? nullptr : &iv;
  EXPECT_EQ(run("BCryptEncrypt", key, from_hex(vector.plain), nullptr, with, written), STATUS_SUCCESS);
  EXPECT_EQ(to_hex(written), vector.encrypted);
  EXPECT_EQ(destroy_key(key), STATUS_SUCCESS);  // that of a stream has moved on
  ASSERT_EQ(generate(provider, &key, from_hex(vector.key)), STATUS_SUCCESS);
  iv = from_hex(vector.iv);
  EXPECT_EQ(run("BCryptDecrypt", key, from_hex(vector.encrypted), nullptr, with, written), STATUS_SUCCESS);
  EXPECT_EQ(to_hex(written), vector.plain);
  EXPECT_EQ(destroy_key(key), STATUS_SUCCESS);
  EXPECT_EQ(close_provider(provider), STATUS_SUCCESS);
}

INSTANTIATE_TEST_SUITE_P(
    Published, Ciphers,
    testing::Values(
        Vector{u"AES", u"ChainingModeECB", "000102030405060708090a0b0c0d0e0f", "", "00112233445566778899aabbccddeeff",
               "69c4e0d86a7b0430d8cdb78070b4c55a"},
        Vector{u"AES", u"ChainingModeECB", "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f", "",
               "00112233445566778899aabbccddeeff", "8ea2b7ca516745bfeafc49904b496089"},
        Vector{u"AES", u"ChainingModeCBC", "2b7e151628aed2a6abf7158809cf4f3c", "000102030405060708090a0b0c0d0e0f",
               "6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e51",
               "7649abac8119b246cee98e9b12e9197d5086cb9b507219ee95db113a917678b2"},
        Vector{u"AES", u"ChainingModeCFB", "2b7e151628aed2a6abf7158809cf4f3c", "000102030405060708090a0b0c0d0e0f",
               "6bc1bee22e409f96e93d7e117393172aae2d", "3b79424c9c0dd436bace9e0ed4586a4f32b9"},
        Vector{u"3DES", u"ChainingModeECB", "0123456789abcdef23456789abcdef01456789abcdef0123", "",
               "54686520717566636b2062726f776e20666f78206a756d70", "a826fd8ce53b855fcce21c8112256fe668d5c05dd9b6b900"},
        Vector{u"RC4", u"ChainingModeN/A", "4b6579", "", "506c61696e74657874", "bbf316e8d940af0ad3"}));

class Aes : public testing::Test {
 protected:
  void TearDown() override {
    if (key_ != nullptr) {
      EXPECT_EQ(destroy_key(key_), STATUS_SUCCESS);
    }
    EXPECT_EQ(close_provider(provider_), STATUS_SUCCESS);
  }
  void use(const char16_t* mode, const char* key) {
    EXPECT_EQ(set_mode(provider_, mode), STATUS_SUCCESS);
    ASSERT_EQ(generate(provider_, &key_, from_hex(key)), STATUS_SUCCESS);
  }
  void* provider_ = open_provider(u"AES");
  void* key_ = nullptr;
};

TEST_F(Aes, TheVectorMovesOnWithTheCalls) {
  use(u"ChainingModeCBC", "2b7e151628aed2a6abf7158809cf4f3c");
  Bytes iv = from_hex("000102030405060708090a0b0c0d0e0f"), written(16);
  EXPECT_EQ(run("BCryptEncrypt", key_, from_hex("6bc1bee22e409f96e93d7e117393172a"), nullptr, &iv, written),
            STATUS_SUCCESS);
  EXPECT_EQ(to_hex(iv), "7649abac8119b246cee98e9b12e9197d");
  EXPECT_EQ(run("BCryptEncrypt", key_, from_hex("ae2d8a571e03ac9c9eb76fac45af8e51"), nullptr, &iv, written),
            STATUS_SUCCESS);
  EXPECT_EQ(to_hex(written), "5086cb9b507219ee95db113a917678b2");
  iv = from_hex("000102030405060708090a0b0c0d0e0f");
  Bytes in_place = from_hex("7649abac8119b246cee98e9b12e9197d");
  ULONG given = 0;
  EXPECT_EQ((bcrypt_function<void*, BYTE*, ULONG, void*, BYTE*, ULONG, BYTE*, ULONG, ULONG*, ULONG>("BCryptDecrypt")(
                key_, in_place.data(), 16, nullptr, iv.data(), 16, in_place.data(), 16, &given, 0)),
            STATUS_SUCCESS);
  EXPECT_EQ(to_hex(in_place), "6bc1bee22e409f96e93d7e117393172a");
  EXPECT_EQ(to_hex(iv), "7649abac8119b246cee98e9b12e9197d") << "what was encrypted, though it is overwritten";
}

TEST_F(Aes, WithoutAVectorTheKeysOwnIsUsed) {
  use(u"ChainingModeCBC", "2b7e151628aed2a6abf7158809cf4f3c");
  const Bytes iv = from_hex("000102030405060708090a0b0c0d0e0f");
  EXPECT_EQ(set_property(key_, u"IV", iv.data(), 16), STATUS_SUCCESS);
  Bytes written(16);
  EXPECT_EQ(run("BCryptEncrypt", key_, from_hex("6bc1bee22e409f96e93d7e117393172a"), nullptr, nullptr, written),
            STATUS_SUCCESS);
  EXPECT_EQ(to_hex(written), "7649abac8119b246cee98e9b12e9197d");
}

TEST_F(Aes, PadsOnRequest) {
  use(u"ChainingModeCBC", "2b7e151628aed2a6abf7158809cf4f3c");
  for (const std::size_t size : {0, 1, 15, 16, 17, 100}) {
    const Bytes plain(size, 0x5A);
    const std::size_t whole = (size / 16 + 1) * 16;
    Bytes iv(16), none, sealed(whole), small(whole - 1), opened(whole);
    EXPECT_EQ(run("BCryptEncrypt", key_, plain, nullptr, &iv, none, kPad), STATUS_SUCCESS);
    EXPECT_EQ(none.size(), whole) << "asked without room";
    EXPECT_EQ(run("BCryptEncrypt", key_, plain, nullptr, &iv, small, kPad), STATUS_BUFFER_TOO_SMALL);
    EXPECT_EQ(small.size(), whole);
    EXPECT_EQ(run("BCryptEncrypt", key_, plain, nullptr, &iv, sealed, kPad), STATUS_SUCCESS);
    iv = Bytes(16);
    EXPECT_EQ(run("BCryptDecrypt", key_, sealed, nullptr, &iv, opened, kPad), STATUS_SUCCESS);
    EXPECT_EQ(opened, plain);
    sealed.back() ^= 1;
    iv = Bytes(16);
    opened.resize(whole);
    EXPECT_NE(run("BCryptDecrypt", key_, sealed, nullptr, &iv, opened, kPad), STATUS_SUCCESS);
  }
  Bytes iv(16), written(32);
  EXPECT_EQ(run("BCryptEncrypt", key_, Bytes(17), nullptr, &iv, written), STATUS_INVALID_BUFFER_SIZE);
  Bytes short_iv(8);
  EXPECT_EQ(run("BCryptEncrypt", key_, Bytes(16), nullptr, &short_iv, written = Bytes(16)), STATUS_INVALID_PARAMETER);
}

TEST_F(Aes, FeedbackOfAWholeBlock) {
  use(u"ChainingModeCFB", "2b7e151628aed2a6abf7158809cf4f3c");
  const ULONG block = 16;
  EXPECT_EQ(set_property(key_, u"MessageBlockLength", &block, sizeof block), STATUS_SUCCESS);
  EXPECT_EQ(number_property(key_, u"MessageBlockLength"), 16U);
  Bytes iv = from_hex("000102030405060708090a0b0c0d0e0f"), written(16);
  EXPECT_EQ(run("BCryptEncrypt", key_, from_hex("6bc1bee22e409f96e93d7e117393172a"), nullptr, &iv, written),
            STATUS_SUCCESS);
  EXPECT_EQ(to_hex(written), "3b3fd92eb72dad20333449f8e83cfb4a");
}

// Test case 4 of the GCM specification.
class Gcm : public Aes {
 protected:
  void SetUp() override {
    use(u"ChainingModeGCM", "feffe9928665731c6d6a8f9467308308");
    info_.nonce = nonce_.data();
    info_.nonce_size = 12;
    info_.data = data_.data();
    info_.data_size = static_cast<ULONG>(data_.size());
    info_.tag = tag_.data();
    info_.tag_size = 16;
  }
  const Bytes nonce_ = from_hex("cafebabefacedbaddecaf888"),
              data_ = from_hex("feedfacedeadbeeffeedfacedeadbeefabaddad2"),
              plain_ = from_hex(
                  "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a721c3c0c95956809532fcf0e2449"
                  "a6b525b16aedf5aa0de657ba637b39");
  const char* const sealed_ =
      "42831ec2217774244b7221b784d0d49ce3aa212f2c02a4e035c17e2329aca12e21d514b25466931c7d8f6a5aac84aa"
      "051ba30b396a0aac973d58e091";
  const char* const right_tag_ = "5bc94fbc3221a5db94fae95ae7121a47";
  Bytes tag_ = Bytes(16);
  AuthenticationInfo info_;
};

TEST_F(Gcm, SealsAndOpens) {
  Bytes written(plain_.size());
  ASSERT_EQ(run("BCryptEncrypt", key_, plain_, &info_, nullptr, written), STATUS_SUCCESS);
  EXPECT_EQ(to_hex(written), sealed_);
  EXPECT_EQ(to_hex(tag_), right_tag_);
  Bytes opened(plain_.size());
  EXPECT_EQ(run("BCryptDecrypt", key_, written, &info_, nullptr, opened), STATUS_SUCCESS);
  EXPECT_EQ(opened, plain_);
  tag_[0] ^= 1;
  EXPECT_EQ(run("BCryptDecrypt", key_, written, &info_, nullptr, opened), STATUS_AUTH_TAG_MISMATCH);
  EXPECT_EQ(opened, Bytes(plain_.size())) << "nothing of a message that is not right gets out";
}

TEST_F(Gcm, AMessageMayComeInPieces) {
  Bytes mac(16), iv(16);
  info_.mac_context = mac.data();
  info_.mac_context_size = 16;
  for (const bool encrypt : {true, false}) {
    const char* const function = encrypt ? "BCryptEncrypt" : "BCryptDecrypt";
    const Bytes input = encrypt ? plain_ : from_hex(sealed_);
    info_.flags = 1;  // BCRYPT_AUTH_MODE_CHAIN_CALLS_FLAG
    Bytes first(32), rest(input.size() - 32), bad(10);
    EXPECT_EQ(run(function, key_, Bytes(10), &info_, &iv, bad), STATUS_INVALID_BUFFER_SIZE);
    EXPECT_EQ(run(function, key_, {input.begin(), input.begin() + 32}, &info_, &iv, first), STATUS_SUCCESS);
    EXPECT_EQ(info_.flags, 3U) << "in progress";
    EXPECT_EQ(info_.length, 32U);
    info_.flags &= ~1U;
    EXPECT_EQ(run(function, key_, {input.begin() + 32, input.end()}, &info_, &iv, rest), STATUS_SUCCESS);
    first.insert(first.end(), rest.begin(), rest.end());
    EXPECT_EQ(to_hex(first), encrypt ? sealed_ : to_hex(plain_));
    EXPECT_EQ(to_hex(tag_), right_tag_);
    info_.length = 0;
  }
}

TEST_F(Gcm, AuthenticatesWithoutEncrypting) {
  Bytes none;
  EXPECT_EQ(run("BCryptEncrypt", key_, {}, &info_, nullptr, none), STATUS_SUCCESS);
  EXPECT_EQ(run("BCryptDecrypt", key_, {}, &info_, nullptr, none), STATUS_SUCCESS);
  tag_[3] ^= 1;
  EXPECT_EQ(run("BCryptDecrypt", key_, {}, &info_, nullptr, none), STATUS_AUTH_TAG_MISMATCH);
}

TEST_F(Gcm, RefusesWhatWindowsRefuses) {
  Bytes written(plain_.size());
  EXPECT_EQ(run("BCryptEncrypt", key_, plain_, nullptr, nullptr, written), STATUS_INVALID_PARAMETER);
  written.resize(plain_.size());
  info_.nonce_size = 11;
  EXPECT_EQ(run("BCryptEncrypt", key_, plain_, &info_, nullptr, written), STATUS_INVALID_PARAMETER);
  info_.nonce_size = 12;
  info_.tag_size = 11;
  written.resize(plain_.size());
  EXPECT_EQ(run("BCryptEncrypt", key_, plain_, &info_, nullptr, written), STATUS_INVALID_PARAMETER);
  info_.tag_size = 16;
  info_.version = 2;
  written.resize(plain_.size());
  EXPECT_EQ(run("BCryptEncrypt", key_, plain_, &info_, nullptr, written), STATUS_INVALID_PARAMETER);
}

TEST_F(Aes, CcmIsThePublishedOne) {
  use(u"ChainingModeCCM", "404142434445464748494a4b4c4d4e4f");
  const Bytes nonce = from_hex("10111213141516"), data = from_hex("0001020304050607");
  Bytes tag(4), sealed(4), opened(4);
  AuthenticationInfo info;
  info.nonce = nonce.data();
  info.nonce_size = 7;
  info.data = data.data();
  info.data_size = 8;
  info.tag = tag.data();
  info.tag_size = 4;
  ASSERT_EQ(run("BCryptEncrypt", key_, from_hex("20212223"), &info, nullptr, sealed), STATUS_SUCCESS);
  EXPECT_EQ(to_hex(sealed), "7162015b");
  EXPECT_EQ(to_hex(tag), "4dac255d");
  EXPECT_EQ(run("BCryptDecrypt", key_, sealed, &info, nullptr, opened), STATUS_SUCCESS);
  EXPECT_EQ(to_hex(opened), "20212223");
  tag[0] ^= 1;
  EXPECT_EQ(run("BCryptDecrypt", key_, sealed, &info, nullptr, opened), STATUS_AUTH_TAG_MISMATCH);
}

TEST_F(Aes, KeysAreExportedImportedAndDuplicated) {
  use(u"ChainingModeECB", "000102030405060708090a0b0c0d0e0f");
  const auto export_key = bcrypt_function<void*, void*, const WCHAR*, BYTE*, ULONG, ULONG*, ULONG>("BCryptExportKey");
  const auto import_key =
      bcrypt_function<void*, void*, const WCHAR*, void**, void*, ULONG, const BYTE*, ULONG, ULONG>("BCryptImportKey");
  ULONG size = 0;
  EXPECT_EQ(export_key(key_, nullptr, u"KeyDataBlob", nullptr, 0, &size, 0), STATUS_SUCCESS);
  ASSERT_EQ(size, 28U);
  Bytes blob(size);
  EXPECT_EQ(export_key(key_, nullptr, u"KeyDataBlob", blob.data(), 27, &size, 0), STATUS_BUFFER_TOO_SMALL);
  EXPECT_EQ(export_key(key_, nullptr, u"KeyDataBlob", blob.data(), 28, &size, 0), STATUS_SUCCESS);
  EXPECT_EQ(to_hex(blob), "4b44424d0100000010000000000102030405060708090a0b0c0d0e0f");
  EXPECT_EQ(export_key(key_, nullptr, u"NoSuchBlob", blob.data(), 28, &size, 0), STATUS_NOT_SUPPORTED);
  void *imported = nullptr, *copy = nullptr;
  EXPECT_EQ(import_key(provider_, nullptr, u"KeyDataBlob", &imported, nullptr, 0, blob.data(), 28, 0), STATUS_SUCCESS);
  EXPECT_EQ((bcrypt_function<void*, void**, void*, ULONG, ULONG>("BCryptDuplicateKey")(imported, &copy, nullptr, 0, 0)),
            STATUS_SUCCESS);
  for (void* const each : {imported, copy}) {
    Bytes written(16);
    EXPECT_EQ(run("BCryptEncrypt", each, from_hex("00112233445566778899aabbccddeeff"), nullptr, nullptr, written),
              STATUS_SUCCESS);
    EXPECT_EQ(to_hex(written), "69c4e0d86a7b0430d8cdb78070b4c55a");
    EXPECT_EQ(destroy_key(each), STATUS_SUCCESS);
  }
  blob[0] = 0;
  EXPECT_EQ(import_key(provider_, nullptr, u"KeyDataBlob", &imported, nullptr, 0, blob.data(), 28, 0),
            STATUS_INVALID_PARAMETER);
  EXPECT_EQ(import_key(provider_, nullptr, u"KeyDataBlob", &imported, nullptr, 0, blob.data(), 11, 0),
            STATUS_BUFFER_TOO_SMALL);
}

TEST_F(Aes, KeysHaveTheLengthsTheCipherHas) {
  for (const std::size_t size : {0, 8, 15, 17, 31})
    EXPECT_EQ(generate(provider_, &key_, Bytes(size)), STATUS_INVALID_PARAMETER) << size;
  ASSERT_EQ(generate(provider_, &key_, Bytes(40)), STATUS_SUCCESS) << "the rest is cut off";
  EXPECT_EQ(number_property(key_, u"KeyLength"), 256U);
  EXPECT_EQ(destroy_key(nullptr), STATUS_INVALID_HANDLE);
  EXPECT_EQ(destroy_key(provider_), STATUS_INVALID_HANDLE);
}

TEST(Rc4, TheKeyGoesOn) {
  void* const provider = open_provider(u"RC4");
  void* key = nullptr;
  ASSERT_EQ(generate(provider, &key, bytes("Key")), STATUS_SUCCESS);
  Bytes first(5), second(4);
  EXPECT_EQ(run("BCryptEncrypt", key, bytes("Plain"), nullptr, nullptr, first), STATUS_SUCCESS);
  EXPECT_EQ(run("BCryptEncrypt", key, bytes("text"), nullptr, nullptr, second), STATUS_SUCCESS);
  EXPECT_EQ(to_hex(first) + to_hex(second), "bbf316e8d940af0ad3");
  EXPECT_EQ(destroy_key(key), STATUS_SUCCESS);
  EXPECT_EQ(close_provider(provider), STATUS_SUCCESS);
}

}  // namespace
}  // namespace hmodule::winapi

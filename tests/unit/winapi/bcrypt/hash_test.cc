// Hashes against the vectors of RFC 1320, RFC 1321, FIPS 180, FIPS 202, RFC 2202, RFC 4231 and RFC 4493.
#include "unit/winapi/bcrypt/bcrypt_test.h"

namespace hmodule::winapi {
namespace {

constexpr ULONG kHmac = 0x8, kReusable = 0x20;

struct Vector {
  const char16_t* algorithm;
  const char* key;  // hexadecimal; NULL without one
  const char* message;
  const char* digest;
};

NTSTATUS create(void* provider, void** hash, const Bytes& key, ULONG flags = 0) {
  return bcrypt_function<void*, void**, void*, ULONG, const BYTE*, ULONG, ULONG>("BCryptCreateHash")(
      provider, hash, nullptr, 0, key.data(), static_cast<ULONG>(key.size()), flags);
}
NTSTATUS add(void* hash, const Bytes& data) {
  return bcrypt_function<void*, const BYTE*, ULONG, ULONG>("BCryptHashData")(hash, data.data(),
                                                                             static_cast<ULONG>(data.size()), 0);
}
NTSTATUS finish(void* hash, Bytes& value) {
  return bcrypt_function<void*, BYTE*, ULONG, ULONG>("BCryptFinishHash")(hash, value.data(),
                                                                         static_cast<ULONG>(value.size()), 0);
}
NTSTATUS destroy(void* hash) {
  return bcrypt_function<void*>("BCryptDestroyHash")(hash);
}
NTSTATUS duplicate(void* hash, void** copy) {
  return bcrypt_function<void*, void**, void*, ULONG, ULONG>("BCryptDuplicateHash")(hash, copy, nullptr, 0, 0);
}
NTSTATUS at_once(void* provider, const Bytes& key, const Bytes& message, Bytes& value) {
  return bcrypt_function<void*, const BYTE*, ULONG, const BYTE*, ULONG, BYTE*, ULONG>("BCryptHash")(
      provider, key.data(), static_cast<ULONG>(key.size()), message.data(), static_cast<ULONG>(message.size()),
      value.data(), static_cast<ULONG>(value.size()));
}

class Hashes : public testing::TestWithParam<Vector> {};

TEST_P(Hashes, AreThePublishedOnesInPiecesAndAtOnce) {
  const Vector& vector = GetParam();
  const Bytes key = from_hex(vector.key == nullptr ? "" : vector.key), message = bytes(vector.message);
  const bool cmac = std::u16string_view(vector.algorithm) == u"AES-CMAC";
  void* const provider = open_provider(vector.algorithm, vector.key != nullptr && !cmac ? kHmac : 0);
  const ULONG size = number_property(provider, u"HashDigestLength");
  EXPECT_GT(number_property(provider, u"HashBlockLength"), 0U);
  EXPECT_GT(number_property(provider, u"ObjectLength"), 0U);
  EXPECT_EQ(number_property(provider, u"IsKeyedHash"), vector.key != nullptr);
  Bytes value(size);
  void* hash = nullptr;
  ASSERT_EQ(create(provider, &hash, key), STATUS_SUCCESS);
  for (const BYTE each : message) EXPECT_EQ(add(hash, {each}), STATUS_SUCCESS);
  void* copy = nullptr;
  EXPECT_EQ(duplicate(hash, &copy), STATUS_SUCCESS);
  EXPECT_EQ(add(copy, bytes("more")), STATUS_SUCCESS) << "the first does not notice";
  EXPECT_EQ(finish(hash, value), STATUS_SUCCESS);
  EXPECT_EQ(to_hex(value), vector.digest);
  EXPECT_EQ(destroy(copy), STATUS_SUCCESS);
  EXPECT_EQ(destroy(hash), STATUS_SUCCESS);

  std::ranges::fill(value, 0);
  EXPECT_EQ(at_once(provider, key, message, value), STATUS_SUCCESS);
  EXPECT_EQ(to_hex(value), vector.digest);
  EXPECT_EQ(close_provider(provider), STATUS_SUCCESS);
}

INSTANTIATE_TEST_SUITE_P(
    Published, Hashes,
    testing::Values(
        Vector{u"MD4", nullptr, "abc", "a448017aaf21d8525fc10ae87aa6729d"},
        Vector{u"MD5", nullptr, "message digest", "f96b697d7cb7938d525a2f31aaf161d0"},
        Vector{u"SHA1", nullptr, "abc", "a9993e364706816aba3e25717850c26c9cd0d89d"},
        Vector{u"SHA256", nullptr, "abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
        Vector{u"SHA256", nullptr, "", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},
        Vector{u"SHA384", nullptr, "abc",
               "cb00753f45a35e8bb5a03d699ac65007272c32ab0eded1631a8b605a43ff5bed8086072ba1e7cc2358baeca134c825a7"},
        Vector{u"SHA512", nullptr, "abc",
               "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a2192992a274fc1a836ba3c23a3feebbd"
               "454d4423643ce80e2a9ac94fa54ca49f"},
        Vector{u"SHA3-256", nullptr, "abc", "3a985da74fe225b2045c172d6bd390bd855f086e3e9d525b46bfe24511431532"},
        Vector{u"MD5", "4a656665", "what do ya want for nothing?", "750c783e6ab0b503eaa86e310a5db738"},
        Vector{u"SHA1", "4a656665", "what do ya want for nothing?", "effcdf6ae5eb2fa2d27416d5f184df9c259a7c79"},
        Vector{u"SHA256", "4a656665", "what do ya want for nothing?",
               "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"},
        Vector{u"SHA384", "4a656665", "what do ya want for nothing?",
               "af45d2e376484031617f78d2b58a6b1b9c7ef464f5a01b47e42ec3736322445e8e2240ca5e69e2c78b3239ecfab21649"},
        Vector{u"SHA512", "4a656665", "what do ya want for nothing?",
               "164b7a7bfcf819e2e395fbe73b56e0a387bd64222e831fd610270cd7ea2505549758bf75c05a994a6d034f65f8f0e6fd"
               "caeab1a34d4a6b4b636e070a38bce737"},
        Vector{u"SHA256", "", "", "b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad"},
        Vector{u"AES-CMAC", "2b7e151628aed2a6abf7158809cf4f3c", "", "bb1d6929e95937287fa37d129b756746"}));

TEST(Hash, BeginsAnewWhenItIsReusable) {
  void* const provider = open_provider(u"SHA1");
  for (const ULONG flags : {ULONG{0}, kReusable}) {
    void* hash = nullptr;
    ASSERT_EQ(create(provider, &hash, {}, flags), STATUS_SUCCESS);
    EXPECT_EQ(number_property(hash, u"IsReusableHash"), flags != 0);
    Bytes value(20);
    EXPECT_EQ(add(hash, bytes("abc")), STATUS_SUCCESS);
    EXPECT_EQ(finish(hash, value), STATUS_SUCCESS);
    const NTSTATUS again = flags == 0 ? STATUS_INVALID_HANDLE : STATUS_SUCCESS;
    EXPECT_EQ(add(hash, bytes("abc")), again);
    EXPECT_EQ(finish(hash, value), again);
    EXPECT_EQ(to_hex(value), "a9993e364706816aba3e25717850c26c9cd0d89d");
    EXPECT_EQ(destroy(hash), STATUS_SUCCESS);
  }
  EXPECT_EQ(close_provider(provider), STATUS_SUCCESS);
}

TEST(Hash, ReusableWithAKeyKeepsTheKey) {
  void* const provider = open_provider(u"SHA256", kHmac);
  void* hash = nullptr;
  ASSERT_EQ(create(provider, &hash, bytes("Jefe"), kReusable), STATUS_SUCCESS);
  for (int round = 0; round < 2; ++round) {
    Bytes value(32);
    EXPECT_EQ(add(hash, bytes("what do ya want for nothing?")), STATUS_SUCCESS);
    EXPECT_EQ(finish(hash, value), STATUS_SUCCESS);
    EXPECT_EQ(to_hex(value), "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
  }
  EXPECT_EQ(destroy(hash), STATUS_SUCCESS);
  EXPECT_EQ(close_provider(provider), STATUS_SUCCESS);
}

TEST(Hash, ConstantsStandForProviders) {
  Bytes value(32);
  EXPECT_EQ(at_once(constant(0x41), {}, bytes("abc"), value), STATUS_SUCCESS);
  EXPECT_EQ(to_hex(value), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(at_once(constant(0xB1), bytes("Jefe"), bytes("what do ya want for nothing?"), value), STATUS_SUCCESS);
  EXPECT_EQ(to_hex(value), "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
  EXPECT_EQ(at_once(constant(0x42), {}, bytes("abc"), value), STATUS_INVALID_HANDLE);
  EXPECT_EQ(close_provider(constant(0x41)), STATUS_SUCCESS) << "and stay";
  EXPECT_EQ(at_once(constant(0x41), {}, bytes("abc"), value), STATUS_SUCCESS);
}

TEST(Hash, RefusesWhatItCannotDo) {
  void* const provider = open_provider(u"SHA256");
  void* hash = nullptr;
  EXPECT_EQ(create(nullptr, &hash, {}), STATUS_INVALID_HANDLE);
  EXPECT_EQ(create(provider, nullptr, {}), STATUS_INVALID_PARAMETER);
  EXPECT_EQ(create(provider, &hash, {}, 0x1000), STATUS_INVALID_PARAMETER);
  EXPECT_EQ(create(provider, &hash, bytes("key")), STATUS_INVALID_PARAMETER);
  EXPECT_EQ(create(constant(0x1A1), &hash, {}), STATUS_NOT_SUPPORTED) << "AES is no hash";
  ASSERT_EQ(create(provider, &hash, {}), STATUS_SUCCESS);
  Bytes value(31);
  EXPECT_EQ(finish(hash, value), STATUS_INVALID_PARAMETER) << "the size must be the hash's";
  EXPECT_EQ(add(provider, value), STATUS_INVALID_HANDLE) << "a provider is no hash";
  EXPECT_EQ(destroy(nullptr), STATUS_INVALID_HANDLE);
  EXPECT_EQ(duplicate(hash, nullptr), STATUS_INVALID_PARAMETER);
  EXPECT_EQ(destroy(hash), STATUS_SUCCESS);
  EXPECT_EQ(close_provider(provider), STATUS_SUCCESS);
}

}  // namespace
}  // namespace hmodule::winapi

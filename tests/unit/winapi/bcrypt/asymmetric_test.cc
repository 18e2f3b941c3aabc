// Key pairs, signatures and agreements: against RFC 6979 and RFC 5903, and with OpenSSL on the other side.
#include "unit/winapi/bcrypt/bcrypt_test.h"

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <openssl/rsa.h>

#include <cstring>

namespace hmodule::winapi {
namespace {

constexpr ULONG kPkcs1 = 2, kOaep = 4, kPss = 8;
const Bytes kDigest = from_hex("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");

struct Pkcs1Info {
  const WCHAR* hash;
};
struct PssInfo {
  const WCHAR* hash;
  ULONG salt;
};
struct OaepInfo {
  const WCHAR* hash;
  const BYTE* label;
  ULONG label_size;
};

void* make_pair(void* provider, ULONG bits) {
  void* key = nullptr;
  EXPECT_EQ((bcrypt_function<void*, void**, ULONG, ULONG>("BCryptGenerateKeyPair")(provider, &key, bits, 0)),
            STATUS_SUCCESS);
  EXPECT_EQ((bcrypt_function<void*, ULONG>("BCryptFinalizeKeyPair")(key, 0)), STATUS_SUCCESS);
  return key;
}
Bytes export_pair(void* key, const char16_t* type) {
  const auto call = bcrypt_function<void*, void*, const WCHAR*, BYTE*, ULONG, ULONG*, ULONG>("BCryptExportKey");
  ULONG size = 0;
  EXPECT_EQ(call(key, nullptr, type, nullptr, 0, &size, 0), STATUS_SUCCESS);
  Bytes blob(size);
  EXPECT_EQ(call(key, nullptr, type, blob.data(), size, &size, 0), STATUS_SUCCESS);
  return blob;
}
NTSTATUS import_pair(void* provider, const char16_t* type, const Bytes& blob, void** key) {
  return bcrypt_function<void*, void*, const WCHAR*, void**, const BYTE*, ULONG, ULONG>("BCryptImportKeyPair")(
      provider, nullptr, type, key, blob.data(), static_cast<ULONG>(blob.size()), 0);
}
NTSTATUS sign(void* key, void* padding, const Bytes& digest, Bytes& signature, ULONG flags) {
  const auto call = bcrypt_function<void*, void*, const BYTE*, ULONG, BYTE*, ULONG, ULONG*, ULONG>("BCryptSignHash");
  ULONG size = 0;
  EXPECT_EQ(call(key, padding, digest.data(), static_cast<ULONG>(digest.size()), nullptr, 0, &size, flags),
            STATUS_SUCCESS);
  signature.resize(size);
  return call(key, padding, digest.data(), static_cast<ULONG>(digest.size()), signature.data(), size, &size, flags);
}
NTSTATUS verify(void* key, void* padding, const Bytes& digest, const Bytes& signature, ULONG flags) {
  return bcrypt_function<void*, void*, const BYTE*, ULONG, const BYTE*, ULONG, ULONG>("BCryptVerifySignature")(
      key, padding, digest.data(), static_cast<ULONG>(digest.size()), signature.data(),
      static_cast<ULONG>(signature.size()), flags);
}
NTSTATUS crypt(const char* function, void* key, const Bytes& input, void* padding, Bytes& output, ULONG flags) {
  const auto call =
      bcrypt_function<void*, const BYTE*, ULONG, void*, BYTE*, ULONG, BYTE*, ULONG, ULONG*, ULONG>(function);
  ULONG size = 0;
  EXPECT_EQ(call(key, input.data(), static_cast<ULONG>(input.size()), padding, nullptr, 0, nullptr, 0, &size, flags),
            STATUS_SUCCESS);
  output.resize(size);
  const NTSTATUS status =
      call(key, input.data(), static_cast<ULONG>(input.size()), padding, nullptr, 0, output.data(), size, &size, flags);
  output.resize(size);
  return status;
}

class Rsa : public testing::Test {
 protected:
  void TearDown() override {
    EXPECT_EQ(destroy_key(key_), STATUS_SUCCESS);
    EXPECT_EQ(close_provider(provider_), STATUS_SUCCESS);
  }
  void* provider_ = open_provider(u"RSA");
  void* key_ = make_pair(provider_, 1024);
};

TEST_F(Rsa, KeysGoOutAndComeIn) {
  EXPECT_EQ(number_property(key_, u"KeyLength"), 1024U);
  EXPECT_EQ(number_property(key_, u"SignatureLength"), 128U);
  const Bytes full = export_pair(key_, u"RSAFULLPRIVATEBLOB"), half = export_pair(key_, u"RSAPRIVATEBLOB"),
              open = export_pair(key_, u"RSAPUBLICBLOB");
  EXPECT_EQ(to_hex({open.begin(), open.begin() + 8}), "5253413100040000");  // RSA1, 1024
  EXPECT_EQ(full.size(), 24U + 3 + 128 + 5 * 64 + 128);
  EXPECT_EQ(half.size(), 24U + 3 + 128 + 2 * 64);
  void* copy = nullptr;
  for (const auto& [type, blob] : {std::pair{u"RSAFULLPRIVATEBLOB", full}, {u"RSAPRIVATEBLOB", half}}) {
    ASSERT_EQ(import_pair(provider_, type, blob, &copy), STATUS_SUCCESS);
    EXPECT_EQ(export_pair(copy, type), blob);
    Bytes signature;
    Pkcs1Info pkcs1{u"SHA256"};
    EXPECT_EQ(sign(copy, &pkcs1, kDigest, signature, kPkcs1), STATUS_SUCCESS) << "what is missing can be computed";
    EXPECT_EQ(verify(key_, &pkcs1, kDigest, signature, kPkcs1), STATUS_SUCCESS);
    EXPECT_EQ(destroy_key(copy), STATUS_SUCCESS);
  }
  Bytes broken = half;
  broken[24 + 3] ^= 1;
  EXPECT_EQ(import_pair(provider_, u"RSAPRIVATEBLOB", broken, &copy), STATUS_INVALID_PARAMETER);
  EXPECT_EQ(import_pair(provider_, u"RSAPRIVATEBLOB", open, &copy), STATUS_INVALID_PARAMETER);
  EXPECT_EQ(import_pair(provider_, u"RSAPUBLICBLOB", {open.begin(), open.end() - 1}, &copy), STATUS_INVALID_PARAMETER);
  EXPECT_EQ(import_pair(provider_, u"ECCPUBLICBLOB", open, &copy), STATUS_NOT_SUPPORTED);
}

TEST_F(Rsa, SignaturesAreOpenssls) {
  Bytes signature;
  Pkcs1Info pkcs1{u"SHA256"};
  ASSERT_EQ(sign(key_, &pkcs1, kDigest, signature, kPkcs1), STATUS_SUCCESS);
  EXPECT_EQ(verify(key_, &pkcs1, kDigest, signature, kPkcs1), STATUS_SUCCESS);

  // The public half, as OpenSSL reads it.
  const Bytes blob = export_pair(key_, u"RSAPUBLICBLOB");
  OSSL_PARAM_BLD* const builder = OSSL_PARAM_BLD_new();
  BIGNUM *const e = BN_bin2bn(blob.data() + 24, 3, nullptr), *const n = BN_bin2bn(blob.data() + 27, 128, nullptr);
  OSSL_PARAM_BLD_push_BN(builder, OSSL_PKEY_PARAM_RSA_E, e);
  OSSL_PARAM_BLD_push_BN(builder, OSSL_PKEY_PARAM_RSA_N, n);
  OSSL_PARAM* const parameters = OSSL_PARAM_BLD_to_param(builder);
  EVP_PKEY_CTX* context = EVP_PKEY_CTX_new_from_name(nullptr, "RSA", nullptr);
  EVP_PKEY* key = nullptr;
  EVP_PKEY_fromdata_init(context);
  ASSERT_EQ(EVP_PKEY_fromdata(context, &key, EVP_PKEY_PUBLIC_KEY, parameters), 1);
  EVP_PKEY_CTX_free(context);
  context = EVP_PKEY_CTX_new(key, nullptr);
  EVP_PKEY_verify_init(context);
  EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_PADDING);
  EVP_PKEY_CTX_set_signature_md(context, EVP_sha256());
  EXPECT_EQ(EVP_PKEY_verify(context, signature.data(), signature.size(), kDigest.data(), kDigest.size()), 1);
  PssInfo pss{u"SHA256", 32};
  ASSERT_EQ(sign(key_, &pss, kDigest, signature, kPss), STATUS_SUCCESS);
  EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_PSS_PADDING);
  EVP_PKEY_CTX_set_rsa_pss_saltlen(context, 32);
  EXPECT_EQ(EVP_PKEY_verify(context, signature.data(), signature.size(), kDigest.data(), kDigest.size()), 1);
  EVP_PKEY_CTX_free(context);
  EVP_PKEY_free(key);
  OSSL_PARAM_free(parameters);
  OSSL_PARAM_BLD_free(builder);
  BN_free(e);
  BN_free(n);
}

TEST_F(Rsa, WrongSignaturesAreRefused) {
  Bytes signature;
  PssInfo pss{u"SHA256", 32};
  ASSERT_EQ(sign(key_, &pss, kDigest, signature, kPss), STATUS_SUCCESS);
  EXPECT_EQ(verify(key_, &pss, kDigest, signature, kPss), STATUS_SUCCESS);
  signature[5] ^= 1;
  EXPECT_EQ(verify(key_, &pss, kDigest, signature, kPss), STATUS_INVALID_SIGNATURE);
  EXPECT_EQ(verify(key_, nullptr, kDigest, signature, kPss), STATUS_INVALID_PARAMETER);
  Pkcs1Info unknown{u"ROT13"};
  EXPECT_EQ(verify(key_, &unknown, kDigest, signature, kPkcs1), STATUS_NOT_SUPPORTED);
  void* open = nullptr;
  ASSERT_EQ(import_pair(provider_, u"RSAPUBLICBLOB", export_pair(key_, u"RSAPUBLICBLOB"), &open), STATUS_SUCCESS);
  EXPECT_EQ(sign(open, &pss, kDigest, signature, kPss), STATUS_INVALID_PARAMETER) << "a public key does not sign";
  EXPECT_EQ(destroy_key(open), STATUS_SUCCESS);
}

TEST_F(Rsa, EncryptsForItsOtherHalf) {
  const Bytes message = bytes("attack at dawn"), label = bytes("label");
  OaepInfo oaep{u"SHA256", label.data(), 5};
  for (const auto& [info, flags] : {std::pair<void*, ULONG>{nullptr, kPkcs1}, {&oaep, kOaep}}) {
    Bytes sealed, opened;
    ASSERT_EQ(crypt("BCryptEncrypt", key_, message, info, sealed, flags), STATUS_SUCCESS);
    EXPECT_EQ(sealed.size(), 128U);
    EXPECT_EQ(crypt("BCryptDecrypt", key_, sealed, info, opened, flags), STATUS_SUCCESS);
    EXPECT_EQ(opened, message);
  }
  Bytes sealed;
  EXPECT_EQ(crypt("BCryptEncrypt", key_, Bytes(128), nullptr, sealed, kPkcs1), STATUS_INVALID_PARAMETER) << "too long";
}

TEST_F(Rsa, IsFinalOnlyOnce) {
  EXPECT_EQ((bcrypt_function<void*, ULONG>("BCryptFinalizeKeyPair")(key_, 0)), STATUS_INVALID_HANDLE);
  void* key = nullptr;
  const auto generate = bcrypt_function<void*, void**, ULONG, ULONG>("BCryptGenerateKeyPair");
  EXPECT_EQ(generate(provider_, &key, 1000, 0), STATUS_INVALID_PARAMETER);
  EXPECT_EQ(generate(constant(0x41), &key, 1024, 0), STATUS_NOT_SUPPORTED);
  ASSERT_EQ(generate(provider_, &key, 512, 0), STATUS_SUCCESS);
  Bytes signature;
  EXPECT_EQ(verify(key, nullptr, kDigest, Bytes(64), kPkcs1), STATUS_INVALID_HANDLE) << "not final yet";
  EXPECT_EQ(destroy_key(key), STATUS_SUCCESS);
}

Bytes ecc_blob(const char* magic, const char* numbers) {
  Bytes blob = bytes(magic);
  blob.insert(blob.end(), {32, 0, 0, 0});
  const Bytes rest = from_hex(numbers);
  blob.insert(blob.end(), rest.begin(), rest.end());
  return blob;
}

// RFC 6979, A.2.5, SHA-256 of "sample".
TEST(Ecdsa, VerifiesThePublishedSignature) {
  void* const provider = open_provider(u"ECDSA_P256");
  void* key = nullptr;
  ASSERT_EQ(import_pair(provider, u"ECCPUBLICBLOB",
                        ecc_blob("ECS1",
                                 "60FED4BA255A9D31C961EB74C6356D68C049B8923B61FA6CE669622E60F29FB6"
                                 "7903FE1008B8BC99A41AE9E95628BC64F2F1B20C2D7E9F5177A3C294D4462299"),
                        &key),
            STATUS_SUCCESS);
  const Bytes digest = from_hex("AF2BDBE1AA9B6EC1E2ADE1D694F41FC71A831D0268E9891562113D8A62ADD1BF");
  Bytes signature = from_hex(
      "EFD48B2AACB6A8FD1140DD9CD45E81D69D2C877B56AAF991C34D0EA84EAF3716"
      "F7CB1C942D657C41D436C7A1B6E29F65F3E900DBB9AFF4064DC4AB2F843ACDA8");
  EXPECT_EQ(verify(key, nullptr, digest, signature, 0), STATUS_SUCCESS);
  signature[0] ^= 1;
  EXPECT_EQ(verify(key, nullptr, digest, signature, 0), STATUS_INVALID_SIGNATURE);
  signature.pop_back();
  EXPECT_EQ(verify(key, nullptr, digest, signature, 0), STATUS_INVALID_SIGNATURE);
  EXPECT_EQ(destroy_key(key), STATUS_SUCCESS);
  EXPECT_EQ(import_pair(provider, u"ECCPUBLICBLOB", ecc_blob("ECS1", std::string(128, '1').c_str()), &key),
            STATUS_INVALID_PARAMETER)
      << "a point beside the curve";
  EXPECT_EQ(close_provider(provider), STATUS_SUCCESS);
}

TEST(Ecdsa, SignsOnEveryCurve) {
  for (const auto& [name, bits] : {std::pair{u"ECDSA_P256", 256U}, {u"ECDSA_P384", 384U}, {u"ECDSA_P521", 521U}}) {
    void* const provider = open_provider(name);
    void* const key = make_pair(provider, bits);
    Bytes signature;
    ASSERT_EQ(sign(key, nullptr, kDigest, signature, 0), STATUS_SUCCESS);
    EXPECT_EQ(signature.size(), (bits + 7) / 8 * 2);
    EXPECT_EQ(number_property(key, u"SignatureLength"), signature.size());
    void *open = nullptr, *copy = nullptr;
    ASSERT_EQ(import_pair(provider, u"ECCPUBLICBLOB", export_pair(key, u"ECCPUBLICBLOB"), &open), STATUS_SUCCESS);
    EXPECT_EQ(verify(open, nullptr, kDigest, signature, 0), STATUS_SUCCESS);
    ASSERT_EQ(import_pair(provider, u"ECCPRIVATEBLOB", export_pair(key, u"ECCPRIVATEBLOB"), &copy), STATUS_SUCCESS);
    ASSERT_EQ(sign(copy, nullptr, kDigest, signature, 0), STATUS_SUCCESS);
    EXPECT_EQ(verify(open, nullptr, kDigest, signature, 0), STATUS_SUCCESS);
    for (void* const each : {key, open, copy}) EXPECT_EQ(destroy_key(each), STATUS_SUCCESS);
    EXPECT_EQ(close_provider(provider), STATUS_SUCCESS);
  }
}

struct Buffer {
  ULONG size, type;
  const void* bytes;
};
struct BufferList {
  ULONG version, count;
  Buffer* buffers;
};
Bytes derive(void* secret, const char16_t* method, BufferList* list, ULONG flags = 0) {
  const auto call = bcrypt_function<void*, const WCHAR*, void*, BYTE*, ULONG, ULONG*, ULONG>("BCryptDeriveKey");
  ULONG size = 0;
  EXPECT_EQ(call(secret, method, list, nullptr, 0, &size, flags), STATUS_SUCCESS);
  Bytes key(size);
  EXPECT_EQ(call(secret, method, list, key.data(), size, &size, flags), STATUS_SUCCESS);
  return key;
}
Bytes hash(std::uintptr_t handle, const Bytes& key, const Bytes& message, std::size_t size) {
  Bytes value(size);
  EXPECT_EQ((bcrypt_function<void*, const BYTE*, ULONG, const BYTE*, ULONG, BYTE*, ULONG>("BCryptHash")(
                constant(handle), key.data(), static_cast<ULONG>(key.size()), message.data(),
                static_cast<ULONG>(message.size()), value.data(), static_cast<ULONG>(size))),
            STATUS_SUCCESS);
  return value;
}
void* agree(void* own, void* peer) {
  void* secret = nullptr;
  EXPECT_EQ((bcrypt_function<void*, void*, void**, ULONG>("BCryptSecretAgreement")(own, peer, &secret, 0)),
            STATUS_SUCCESS);
  return secret;
}
void destroy_secret(void* secret) {
  EXPECT_EQ(bcrypt_function<void*>("BCryptDestroySecret")(secret), STATUS_SUCCESS);
}

// RFC 5903, 8.1.
TEST(Ecdh, ComesToThePublishedSecret) {
  void* const provider = open_provider(u"ECDH_P256");
  void *own = nullptr, *peer = nullptr;
  ASSERT_EQ(import_pair(provider, u"ECCPRIVATEBLOB",
                        ecc_blob("ECK2",
                                 "DAD0B65394221CF9B051E1FECA5787D098DFE637FC90B9EF945D0C3772581180"
                                 "5271A0461CDB8252D61F1C456FA3E59AB1F45B33ACCF5F58389E0577B8990BB3"
                                 "C88F01F510D9AC3F70A292DAA2316DE544E9AAB8AFE84049C62A9C57862D1433"),
                        &own),
            STATUS_SUCCESS);
  ASSERT_EQ(import_pair(provider, u"ECCPUBLICBLOB",
                        ecc_blob("ECK1",
                                 "D12DFB5289C8D4F81208B70270398C342296970A0BCCB74C736FC7554494BF63"
                                 "56FBF3CA366CC23E8157854C13C58D6AAC23F046ADA30F8353E74F33039872AB"),
                        &peer),
            STATUS_SUCCESS);
  void* const secret = agree(own, peer);
  const Bytes shared = from_hex("D6840F6B42F6EDAFD13116E0E12565202FEF8E9ECE7DCE03812464D04B9442DE");
  EXPECT_EQ(derive(secret, u"TRUNCATE", nullptr), Bytes(shared.rbegin(), shared.rend())) << "least byte first";

  EXPECT_EQ(derive(secret, u"HASH", nullptr), hash(0x31, {}, shared, 20)) << "SHA-1 unless another is named";
  Buffer parts[] = {{14, 0, u"SHA256"}, {3, 1, "abc"}, {2, 2, "xy"}, {4, 3, "Jefe"}};
  BufferList list{0, 4, parts};
  Bytes framed = bytes("abc");
  framed.insert(framed.end(), shared.begin(), shared.end());
  framed.insert(framed.end(), {'x', 'y'});
  EXPECT_EQ(derive(secret, u"HASH", &list), hash(0x41, {}, framed, 32));
  EXPECT_EQ(derive(secret, u"HMAC", &list), hash(0xB1, bytes("Jefe"), framed, 32));
  EXPECT_EQ(derive(secret, u"HMAC", &list, 1), hash(0xB1, shared, framed, 32)) << "KDF_USE_SECRET_AS_HMAC_KEY_FLAG";
  Bytes counted = {0, 0, 0, 1};
  counted.insert(counted.end(), shared.begin(), shared.end());
  Buffer other[] = {{14, 0, u"SHA256"}};
  BufferList concat{0, 1, other};
  EXPECT_EQ(derive(secret, u"SP800_56A_CONCAT", &concat), hash(0x41, {}, counted, 32));
  ULONG size = 0;
  EXPECT_EQ((bcrypt_function<void*, const WCHAR*, void*, BYTE*, ULONG, ULONG*, ULONG>("BCryptDeriveKey")(
                secret, u"TLS_PRF", nullptr, nullptr, 0, &size, 0)),
            STATUS_NOT_SUPPORTED);
  destroy_secret(secret);
  EXPECT_EQ(bcrypt_function<void*>("BCryptDestroySecret")(nullptr), STATUS_INVALID_HANDLE);
  EXPECT_EQ(destroy_key(own), STATUS_SUCCESS);
  EXPECT_EQ(destroy_key(peer), STATUS_SUCCESS);
  EXPECT_EQ(close_provider(provider), STATUS_SUCCESS);
}

TEST(DiffieHellman, BothSidesComeToTheSame) {
  void* const provider = open_provider(u"DH");
  void *const own = make_pair(provider, 1024), *const theirs = make_pair(provider, 1024);
  void *own_open = nullptr, *their_open = nullptr;
  const Bytes blob = export_pair(own, u"DHPUBLICBLOB");
  EXPECT_EQ(to_hex({blob.begin(), blob.begin() + 8}), "4448504280000000");
  ASSERT_EQ(import_pair(provider, u"DHPUBLICBLOB", blob, &own_open), STATUS_SUCCESS);
  ASSERT_EQ(import_pair(provider, u"DHPUBLICBLOB", export_pair(theirs, u"DHPUBLICBLOB"), &their_open), STATUS_SUCCESS);
  void *const mine = agree(own, their_open), *const other = agree(theirs, own_open);
  EXPECT_EQ(derive(mine, u"TRUNCATE", nullptr), derive(other, u"TRUNCATE", nullptr));
  void* copy = nullptr;
  ASSERT_EQ(import_pair(provider, u"DHPRIVATEBLOB", export_pair(own, u"DHPRIVATEBLOB"), &copy), STATUS_SUCCESS);
  void* const again = agree(copy, their_open);
  EXPECT_EQ(derive(again, u"HASH", nullptr), derive(other, u"HASH", nullptr));
  for (void* const each : {mine, other, again}) destroy_secret(each);
  for (void* const each : {own, theirs, own_open, their_open, copy}) EXPECT_EQ(destroy_key(each), STATUS_SUCCESS);
  EXPECT_EQ(close_provider(provider), STATUS_SUCCESS);
}

// RFC 6070.
TEST(Derivation, Pbkdf2IsThePublishedOne) {
  const auto pbkdf2 =
      bcrypt_function<void*, const BYTE*, ULONG, const BYTE*, ULONG, std::uint64_t, BYTE*, ULONG, ULONG>(
          "BCryptDeriveKeyPBKDF2");
  const Bytes password = bytes("password"), salt = bytes("salt");
  Bytes key(20);
  EXPECT_EQ(pbkdf2(constant(0xA1), password.data(), 8, salt.data(), 4, 1, key.data(), 20, 0), STATUS_SUCCESS);
  EXPECT_EQ(to_hex(key), "0c60c80f961f0e71f3a9b524af6012062fe037a6");
  EXPECT_EQ(pbkdf2(constant(0xA1), password.data(), 8, salt.data(), 4, 4096, key.data(), 20, 0), STATUS_SUCCESS);
  EXPECT_EQ(to_hex(key), "4b007901b765489abead49d926f721d065a429c1");
  EXPECT_EQ(pbkdf2(constant(0xA1), password.data(), 8, salt.data(), 4, 0, key.data(), 20, 0), STATUS_INVALID_PARAMETER);
  EXPECT_EQ(pbkdf2(constant(0x31), password.data(), 8, salt.data(), 4, 1, key.data(), 20, 0), STATUS_INVALID_PARAMETER)
      << "without HMAC";
}

Bytes derive_from(const char16_t* algorithm, const Bytes& secret, BufferList* list, ULONG size,
                  const Bytes* hkdf_salt = nullptr) {
  void* const provider = open_provider(algorithm);
  void* key = nullptr;
  EXPECT_EQ((bcrypt_function<void*, void**, void*, ULONG, const BYTE*, ULONG, ULONG>("BCryptGenerateSymmetricKey")(
                provider, &key, nullptr, 0, secret.data(), static_cast<ULONG>(secret.size()), 0)),
            STATUS_SUCCESS);
  if (hkdf_salt != nullptr) {
    EXPECT_EQ(set_property(key, u"HkdfHashAlgorithm", u"SHA256", 14), STATUS_SUCCESS);
    EXPECT_EQ(set_property(key, u"HkdfSaltAndFinalize", hkdf_salt->data(), static_cast<ULONG>(hkdf_salt->size())),
              STATUS_SUCCESS);
  }
  Bytes derived(size);
  ULONG given = 0;
  EXPECT_EQ((bcrypt_function<void*, void*, BYTE*, ULONG, ULONG*, ULONG>("BCryptKeyDerivation")(
                key, list, derived.data(), size, &given, 0)),
            STATUS_SUCCESS);
  EXPECT_EQ(given, size);
  EXPECT_EQ(destroy_key(key), STATUS_SUCCESS);
  EXPECT_EQ(close_provider(provider), STATUS_SUCCESS);
  return derived;
}

TEST(Derivation, FromKeys) {
  const std::uint64_t iterations = 4096;
  Buffer pbkdf2[] = {{10, 0, u"SHA1"}, {4, 0xF, "salt"}, {8, 0x10, &iterations}};
  BufferList list{0, 3, pbkdf2};
  EXPECT_EQ(to_hex(derive_from(u"PBKDF2", bytes("password"), &list, 20)), "4b007901b765489abead49d926f721d065a429c1");

  // RFC 5869, A.1
  const Bytes info = from_hex("f0f1f2f3f4f5f6f7f8f9"), salt = from_hex("000102030405060708090a0b0c");
  Buffer hkdf[] = {{10, 0x14, info.data()}};
  list = {0, 1, hkdf};
  EXPECT_EQ(to_hex(derive_from(u"HKDF", Bytes(22, 0x0B), &list, 42, &salt)),
            "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865");

  // SP 800-108: one round is HMAC over counter, label, 0, context and the size in bits.
  Buffer counter[] = {{14, 0, u"SHA256"}, {5, 0xD, "label"}, {7, 0xE, "context"}};
  list = {0, 3, counter};
  Bytes message = {0, 0, 0, 1, 'l', 'a', 'b', 'e', 'l', 0, 'c', 'o', 'n', 't', 'e', 'x', 't', 0, 0, 1, 0};
  EXPECT_EQ(derive_from(u"SP800_108_CTR_HMAC", bytes("key"), &list, 32), hash(0xB1, bytes("key"), message, 32));

  Buffer capi[] = {{14, 0, u"SHA256"}};
  list = {0, 1, capi};
  EXPECT_EQ(derive_from(u"CAPI_KDF", bytes("abc"), &list, 32), hash(0x41, {}, bytes("abc"), 32));
}

TEST(Derivation, FromAHashAsCryptDeriveKeyDoes) {
  void *const provider = open_provider(u"SHA1"), *hash_handle = nullptr;
  ASSERT_EQ((bcrypt_function<void*, void**, void*, ULONG, void*, ULONG, ULONG>("BCryptCreateHash")(
                provider, &hash_handle, nullptr, 0, nullptr, 0, 0)),
            STATUS_SUCCESS);
  Bytes key(32);
  const auto derive_key = bcrypt_function<void*, void*, BYTE*, ULONG, ULONG>("BCryptDeriveKeyCapi");
  EXPECT_EQ(derive_key(hash_handle, nullptr, key.data(), 41, 0), STATUS_INVALID_PARAMETER);
  ASSERT_EQ(derive_key(hash_handle, nullptr, key.data(), 32, 0), STATUS_SUCCESS);
  // The digest, exclusive-or with 64 bytes 0x36 and 0x5C, hashed again.
  const Bytes digest = hash(0x31, {}, {}, 20);
  Bytes inner(64, 0x36), outer(64, 0x5C);
  for (std::size_t i = 0; i < 20; ++i) {
    inner[i] ^= digest[i];
    outer[i] ^= digest[i];
  }
  Bytes wanted = hash(0x31, {}, inner, 20);
  const Bytes second = hash(0x31, {}, outer, 20);
  wanted.insert(wanted.end(), second.begin(), second.begin() + 12);
  EXPECT_EQ(key, wanted);
  EXPECT_EQ(bcrypt_function<void*>("BCryptDestroyHash")(hash_handle), STATUS_SUCCESS);
  EXPECT_EQ(close_provider(provider), STATUS_SUCCESS);
}

}  // namespace
}  // namespace hmodule::winapi

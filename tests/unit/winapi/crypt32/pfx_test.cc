#include "unit/winapi/process.h"
#include "winapi/crypt32/exports.h"
#include "winapi/crypt32/wincrypt.h"

#include <openssl/evp.h>
#include <openssl/pkcs12.h>
#include <openssl/x509.h>

#include <string>
#include <vector>

namespace hmodule::winapi {
namespace {

using crypt32::CERT_CONTEXT;
using crypt32::CRYPT_DATA_BLOB;
using Bytes = std::vector<BYTE>;

Bytes make_pfx(const char* password) {
  EVP_PKEY* const key = EVP_EC_gen("P-256");
  const auto certificate = [&](const char* name) {
    X509* const x509 = X509_new();
    X509_gmtime_adj(X509_getm_notBefore(x509), 0);
    X509_gmtime_adj(X509_getm_notAfter(x509), 86400);
    X509_NAME_add_entry_by_txt(X509_get_subject_name(x509), "CN", MBSTRING_UTF8,
                               reinterpret_cast<const unsigned char*>(name), -1, -1, 0);
    X509_set_pubkey(x509, key);
    X509_sign(x509, key, EVP_sha256());
    return x509;
  };
  X509* const own = certificate("own");
  STACK_OF(X509)* const others = sk_X509_new_null();
  sk_X509_push(others, certificate("issuer"));
  PKCS12* const pfx = PKCS12_create(password, "my friend", key, own, others, 0, 0, 0, 0, 0);
  unsigned char* der = nullptr;
  const int size = i2d_PKCS12(pfx, &der);
  Bytes bytes(der, der + size);
  OPENSSL_free(der);
  PKCS12_free(pfx);
  sk_X509_pop_free(others, X509_free);
  X509_free(own);
  EVP_PKEY_free(key);
  return bytes;
}

template <typename R, typename... Args>
Function<R, Args...> crypt(std::string_view name) {
  return function<R, Args...>(crypt32_dll, name);
}
CRYPT_DATA_BLOB blob_of(Bytes& bytes) {
  return {static_cast<DWORD>(bytes.size()), bytes.data()};
}

TEST(Pfx, BringsCertificates) {
  Bytes bytes = make_pfx("secret");
  CRYPT_DATA_BLOB blob = blob_of(bytes);
  void* const store = crypt<void*, CRYPT_DATA_BLOB*, const WCHAR*, DWORD>("PFXImportCertStore")(&blob, u"secret", 0);
  ASSERT_NE(store, nullptr);
  const auto next = crypt<const CERT_CONTEXT*, void*, const CERT_CONTEXT*>("CertEnumCertificatesInStore");
  const CERT_CONTEXT* context = next(store, nullptr);
  ASSERT_NE(context, nullptr);
  WCHAR name[32] = {};
  DWORD size = sizeof name;
  EXPECT_TRUE((crypt<BOOL, const CERT_CONTEXT*, DWORD, void*, DWORD*>("CertGetCertificateContextProperty")(
      context, 11, name, &size)));
  EXPECT_EQ(std::u16string(name), u"my friend");
  context = next(store, context);
  ASSERT_NE(context, nullptr);
  EXPECT_EQ(next(store, context), nullptr);
  EXPECT_TRUE((crypt<BOOL, void*, DWORD>("CertCloseStore")(store, 0)));
}

TEST(Pfx, WantsItsPassword) {
  Bytes bytes = make_pfx("secret"), open = make_pfx("");
  CRYPT_DATA_BLOB blob = blob_of(bytes), open_blob = blob_of(open);
  const auto verify = crypt<BOOL, CRYPT_DATA_BLOB*, const WCHAR*, DWORD>("PFXVerifyPassword");
  EXPECT_TRUE(verify(&blob, u"secret", 0));
  EXPECT_FALSE(verify(&blob, u"other", 0));
  EXPECT_EQ(thread::last_error(), 0x80070056U);  // ERROR_INVALID_PASSWORD
  EXPECT_FALSE(verify(&blob, nullptr, 0));
  EXPECT_TRUE(verify(&open_blob, nullptr, 0));
  EXPECT_TRUE(verify(&open_blob, u"", 0));
  EXPECT_EQ((crypt<void*, CRYPT_DATA_BLOB*, const WCHAR*, DWORD>("PFXImportCertStore")(&blob, u"other", 0)), nullptr);
  EXPECT_EQ(thread::last_error(), 0x80070056U);
}

TEST(Pfx, IsToldFromOtherBytes) {
  Bytes bytes = make_pfx("secret");
  CRYPT_DATA_BLOB blob = blob_of(bytes);
  const auto is_pfx = crypt<BOOL, CRYPT_DATA_BLOB*>("PFXIsPFXBlob");
  EXPECT_TRUE(is_pfx(&blob));
  blob.cbData /= 2;
  EXPECT_FALSE(is_pfx(&blob));
  EXPECT_EQ(thread::last_error(), 0x8009310BU);  // CRYPT_E_ASN1_BADTAG
  EXPECT_FALSE(is_pfx(nullptr));
  EXPECT_EQ((crypt<void*, CRYPT_DATA_BLOB*, const WCHAR*, DWORD>("PFXImportCertStore")(&blob, u"secret", 0)), nullptr);
}

}  // namespace
}  // namespace hmodule::winapi

// wincrypt.h: PKCS #12, the files that carry certificates with their keys.
#include "base/utf.h"
#include "module/builtin.h"
#include "winapi/crypt32/certificate.h"

#include <openssl/pkcs12.h>

#include <string>

namespace hmodule::winapi {
namespace crypt32 {
namespace {

constexpr NTSTATUS kBadPassword = static_cast<NTSTATUS>(0x80070056);  // HRESULT of ERROR_INVALID_PASSWORD
constexpr DWORD CERT_FRIENDLY_NAME_PROP_ID = 11;

using Pkcs12 = crypto::Owned<PKCS12, PKCS12_free>;

Result<Pkcs12> parse(const CRYPT_DATA_BLOB* blob) {
  if (blob == nullptr || blob->pbData == nullptr) return fail(E_INVALIDARG, "no PFX");
  crypto::want_legacy();  // RC2 and triple DES, which Windows wrote for long
  const unsigned char* at = blob->pbData;
  Pkcs12 found(PKCS12_init_ex(NID_pkcs7_data, crypto::library(), nullptr));
  PKCS12* raw = found.get();
  if (raw == nullptr || d2i_PKCS12(&raw, &at, static_cast<long>(blob->cbData)) == nullptr) {
    static_cast<void>(found.release());  // freed by OpenSSL when it fails
    return crypto::openssl_error(CRYPT_E_ASN1_BADTAG, "a PFX");
  }
  return found;
}

// The password that its authentication code is made with. An empty one and none are written alike by some.
Result<std::string> checked_password(PKCS12* pfx, const WCHAR* password) {
  std::string text = password == nullptr ? "" : utf8(password);
  const bool right = PKCS12_mac_present(pfx) == 0 || PKCS12_verify_mac(pfx, text.c_str(), -1) == 1 ||
                     (text.empty() && PKCS12_verify_mac(pfx, nullptr, 0) == 1);
  if (!right) return crypto::openssl_error(kBadPassword, "the PFX's password");
  return text;
}

Status add(Store& store, X509* x509, crypto::PublicKey key = nullptr) {
  constexpr DWORD kAlways = 4;
  const CertificatePtr certificate = TRY(Certificate::parse(der<X509>(x509, i2d_X509)));
  certificate->private_key = std::move(key);
  int size = 0;
  if (const unsigned char* const alias = X509_alias_get0(x509, &size)) {
    const std::u16string name = utf16({reinterpret_cast<const char*>(alias), static_cast<std::size_t>(size)});
    const auto* const bytes = reinterpret_cast<const BYTE*>(name.c_str());
    certificate->properties[CERT_FRIENDLY_NAME_PROP_ID] = {bytes, bytes + (name.size() + 1) * sizeof(WCHAR)};
  }
  TRY(store.add(certificate, kAlways));
  return ok;
}

struct Released {
  void operator()(Store* store) const { store->release(); }
};
void free_certificates(STACK_OF(X509) * list) {
  sk_X509_pop_free(list, X509_free);
}
using StackOfCertificates = crypto::Owned<STACK_OF(X509), free_certificates>;

}  // namespace

bool is_pfx(const CRYPT_DATA_BLOB& blob) {
  return static_cast<bool>(parse(&blob));
}

namespace {

HM_WINAPI void* PFXImportCertStore(const CRYPT_DATA_BLOB* blob, const WCHAR* password, DWORD /*flags*/) noexcept {
  return security_answer<void*>(nullptr, [&]() -> Result<void*> {
    const Pkcs12 pfx = TRY(parse(blob));
    const std::string text = TRY(checked_password(pfx.get(), password));
    EVP_PKEY* key = nullptr;
    X509* own = nullptr;
    STACK_OF(X509)* others = nullptr;
    const bool opened = PKCS12_parse(pfx.get(), text.c_str(), &key, &own, &others) == 1;
    crypto::PublicKey owned_key(key);
    const X509Ptr owned(own);
    const StackOfCertificates owned_others(others);
    if (!opened) return crypto::openssl_error(kBadPassword, "a PFX");
    std::unique_ptr<Store, Released> store(new Store);
    if (own != nullptr) TRY(add(*store, own, std::move(owned_key)));
    for (int i = 0; i < sk_X509_num(others); ++i) TRY(add(*store, sk_X509_value(others, i)));
    return store.release();
  });
}

HM_WINAPI BOOL PFXIsPFXBlob(const CRYPT_DATA_BLOB* blob) noexcept {
  return security_succeed([&]() -> Status {
    TRY(parse(blob));
    return ok;
  });
}
HM_WINAPI BOOL PFXVerifyPassword(const CRYPT_DATA_BLOB* blob, const WCHAR* password, DWORD) noexcept {
  return security_succeed([&]() -> Status {
    const Pkcs12 pfx = TRY(parse(blob));
    TRY(checked_password(pfx.get(), password));
    return ok;
  });
}

const Export kRows[] = {
    {"PFXImportCertStore", proc(PFXImportCertStore), Support::partial, "private keys are for TLS alone"},
    {"PFXIsPFXBlob", proc(PFXIsPFXBlob)},
    {"PFXVerifyPassword", proc(PFXVerifyPassword)},
};

}  // namespace
}  // namespace crypt32

extern const ExportTable crypt32_pfx_exports = crypt32::kRows;

}  // namespace hmodule::winapi

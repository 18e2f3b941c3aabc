// Certificates, their contexts, and the stores that hold them.
#pragma once

#include "crypto/public_key.h"
#include "winapi/common/security_error.h"
#include "winapi/crypt32/wincrypt.h"

#include <openssl/x509.h>

#include <atomic>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

namespace hmodule::winapi::crypt32 {

using crypto::ByteVector;
using crypto::Data;
using X509Ptr = crypto::Owned<X509, X509_free>;

inline Data data(const CRYPT_DATA_BLOB& blob) {
  return crypto::data(blob.pbData, blob.cbData);
}

// A certificate as a store holds it: what it says, which never changes, and the properties that programs add.
class Certificate {
 public:
  static Result<std::shared_ptr<Certificate>> parse(Data encoded);

  Data encoded() const { return encoded_; }
  const CERT_INFO& info() const { return info_; }
  X509* x509() const { return x509_.get(); }

  std::mutex mutex;  // for the properties and the key
  std::map<DWORD, ByteVector> properties;
  crypto::PublicKey private_key;  // with its private half, where a PFX brought one; none otherwise

 private:
  Certificate() = default;
  Status describe();
  // Bytes that the description points into.
  CRYPT_DATA_BLOB keep(ByteVector bytes);
  char* keep_text(const ASN1_OBJECT* object);
  CRYPT_ALGORITHM_IDENTIFIER keep_algorithm(const X509_ALGOR* algorithm);

  ByteVector encoded_;
  X509Ptr x509_;
  CERT_INFO info_{};
  std::vector<CERT_EXTENSION> extensions_;
  std::deque<ByteVector> kept_;
};
using CertificatePtr = std::shared_ptr<Certificate>;

// What an HCERTSTORE points to. Contexts of its certificates keep it.
class Store {
 public:
  static constexpr std::uint32_t kMark = 0x726F7473;
  explicit Store(std::vector<CertificatePtr> with = {}) : own_(std::move(with)) {}

  void hold() { ++holders_; }
  void release() {
    if (--holders_ == 0) delete this;
  }
  // Its certificates and, for a collection, those of its members.
  std::vector<CertificatePtr> all();
  bool collection = false;
  void add_member(Store* member);
  void remove_member(Store* member);
  // CertAddCertificateContextToStore's way with a certificate that is there already.
  Result<CertificatePtr> add(const CertificatePtr& certificate, DWORD disposition);
  bool remove(const Certificate* certificate);
  bool valid() const { return mark_ == kMark; }

 private:
  ~Store();
  volatile std::uint32_t mark_ = kMark;
  std::atomic<long> holders_{1};
  std::mutex mutex_;
  std::vector<CertificatePtr> own_;
  std::vector<Store*> members_;
};
Result<Store*> store_of(void* handle);

// What a PCCERT_CONTEXT points to; counted.
struct Context : CERT_CONTEXT {
  Context(CertificatePtr of, Store* in);
  ~Context();
  CertificatePtr certificate;
  std::atomic<long> holders{1};
};
Result<Context*> context_of(const CERT_CONTEXT* context);
void release(Context* context);

// The key that a certificate's description holds.
Result<crypto::PublicKey> public_key(const CERT_PUBLIC_KEY_INFO& info);

// What CERT_CHAIN_POLICY_SSL says of a server's certificate: 0, or CERT_E_... `name` is the server's; nullptr: any.
Result<DWORD> server_policy_error(Context& leaf, const WCHAR* name);

// PFXIsPFXBlob.
bool is_pfx(const CRYPT_DATA_BLOB& blob);

// The certificates that the Linux system trusts; read once.
const std::vector<CertificatePtr>& system_roots();

// A property by its number, computed where nobody has set it.
Result<ByteVector> property(Certificate& certificate, DWORD id);

// OpenSSL's object, or a piece of it, as DER.
template <typename T>
ByteVector der(const T* object, int (*encode)(const T*, unsigned char**)) {
  unsigned char* written = nullptr;
  const int size = encode(object, &written);
  if (size < 0) return {};
  const ByteVector bytes(written, written + size);
  OPENSSL_free(written);
  return bytes;
}
std::string dotted(const ASN1_OBJECT* object);

// An algorithm's parameters as DER.
ByteVector parameters_of(const X509_ALGOR* algorithm);

}  // namespace hmodule::winapi::crypt32

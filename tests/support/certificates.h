// Certificates made on the spot.
#pragma once

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <string>

namespace hmodule::test {

template <auto free_function>
struct FreedBy {
  template <typename T>
  void operator()(T* object) const {
    free_function(object);
  }
};

struct Identity {
  std::unique_ptr<EVP_PKEY, FreedBy<EVP_PKEY_free>> key;
  std::unique_ptr<X509, FreedBy<X509_free>> x509;
};

inline constexpr long kDay = 86400;

// Valid for the seconds between `from` and `to` from now. Without an issuer it is a root; with one, a server of that
// name.
inline Identity certify(const std::string& name, const Identity* issuer, long from = -kDay, long to = kDay) {
  static long serial = 1;
  Identity made = {decltype(Identity::key)(EVP_EC_gen("P-256")), decltype(Identity::x509)(X509_new())};
  X509* const x509 = made.x509.get();
  X509* const signer = issuer == nullptr ? x509 : issuer->x509.get();
  X509_set_version(x509, 2);
  ASN1_INTEGER_set(X509_get_serialNumber(x509), serial++);
  X509_gmtime_adj(X509_getm_notBefore(x509), from);
  X509_gmtime_adj(X509_getm_notAfter(x509), to);
  X509_NAME_add_entry_by_txt(X509_get_subject_name(x509), "CN", MBSTRING_UTF8,
                             reinterpret_cast<const unsigned char*>(name.c_str()), -1, -1, 0);
  X509_set_issuer_name(x509, X509_get_subject_name(signer));
  X509_set_pubkey(x509, made.key.get());
  X509V3_CTX context;
  X509V3_set_ctx(&context, signer, x509, nullptr, nullptr, 0);
  X509_EXTENSION* const extension =
      issuer == nullptr ? X509V3_EXT_conf_nid(nullptr, &context, NID_basic_constraints, "critical,CA:TRUE")
                        : X509V3_EXT_conf_nid(nullptr, &context, NID_subject_alt_name, ("DNS:" + name).c_str());
  X509_add_ext(x509, extension, -1);
  X509_EXTENSION_free(extension);
  X509_sign(x509, issuer == nullptr ? made.key.get() : issuer->key.get(), EVP_sha256());
  return made;
}

// Makes `root` the only one that the system trusts, if its roots have not been read yet; for as long as it lives.
class TrustedRoot {
 public:
  explicit TrustedRoot(const Identity& root) {
    std::FILE* const file = ::fdopen(::mkstemp(path_.data()), "w");
    PEM_write_X509(file, root.x509.get());
    std::fclose(file);
    ::setenv("SSL_CERT_FILE", path_.c_str(), 1);
  }
  ~TrustedRoot() { ::unlink(path_.c_str()); }
  TrustedRoot(const TrustedRoot&) = delete;
  TrustedRoot& operator=(const TrustedRoot&) = delete;

 private:
  std::string path_ = (std::filesystem::temp_directory_path() / "hmodule-roots-XXXXXX").string();
};

}  // namespace hmodule::test

// Certificates and stores. The certificates are made here, with OpenSSL: a root and one that it signed.
#include "base/utf.h"
#include "unit/winapi/process.h"
#include "winapi/bcrypt/exports.h"
#include "winapi/crypt32/exports.h"
#include "winapi/crypt32/wincrypt.h"

#include <openssl/evp.h>
#include <openssl/x509v3.h>

#include <cstring>
#include <ctime>
#include <string>
#include <vector>

namespace hmodule::winapi {
namespace {

using namespace crypt32;
using Bytes = std::vector<BYTE>;

template <typename R, typename... Args>
Function<R, Args...> crypt(std::string_view name) {
  return function<R, Args...>(crypt32_dll, name);
}

struct Made {
  X509* x509;
  EVP_PKEY* key;
  Bytes der;
};

void extend(X509* x509, X509* issuer, int nid, const char* value) {
  X509V3_CTX context;
  X509V3_set_ctx(&context, issuer, x509, nullptr, nullptr, 0);
  X509_EXTENSION* const extension = X509V3_EXT_conf_nid(nullptr, &context, nid, value);
  X509_add_ext(x509, extension, -1);
  X509_EXTENSION_free(extension);
}

Made make(const char* name, const Made* issuer, long days = 10) {
  EVP_PKEY* const key = EVP_EC_gen("P-256");
  X509* const x509 = X509_new();
  X509_set_version(x509, 2);
  ASN1_INTEGER_set(X509_get_serialNumber(x509), issuer == nullptr ? 0x1234 : 0x5678);
  X509_gmtime_adj(X509_getm_notBefore(x509), std::min(0L, days) * 86400 - 86400);
  X509_gmtime_adj(X509_getm_notAfter(x509), days * 86400);
  X509_NAME* const subject = X509_get_subject_name(x509);
  const auto add = [&](const char* field, const char* value) {
    X509_NAME_add_entry_by_txt(subject, field, MBSTRING_UTF8, reinterpret_cast<const unsigned char*>(value), -1, -1, 0);
  };
  add("C", "DE");
  add("O", "Works, Ltd");
  add("CN", name);
  X509_set_issuer_name(x509, issuer == nullptr ? subject : X509_get_subject_name(issuer->x509));
  X509_set_pubkey(x509, key);
  X509* const signer = issuer == nullptr ? x509 : issuer->x509;
  extend(x509, signer, NID_basic_constraints, issuer == nullptr ? "critical,CA:TRUE" : "CA:FALSE");
  extend(x509, signer, NID_key_usage, issuer == nullptr ? "keyCertSign" : "digitalSignature");
  if (issuer != nullptr) {
    extend(x509, signer, NID_subject_alt_name, "DNS:example.org,DNS:*.example.net,email:me@example.org");
    extend(x509, signer, NID_ext_key_usage, "serverAuth,clientAuth");
  }
  X509_sign(x509, issuer == nullptr ? key : issuer->key, EVP_sha256());
  unsigned char* der = nullptr;
  const int size = i2d_X509(x509, &der);
  Made made{x509, key, Bytes(der, der + size)};
  OPENSSL_free(der);
  return made;
}
const Made& root() {
  static const Made made = make("Test Root", nullptr);
  return made;
}
const Made& leaf() {
  static const Made made = make("example.org", &root());
  return made;
}

const CERT_CONTEXT* context_for(const Made& made) {
  const CERT_CONTEXT* context = crypt<const CERT_CONTEXT*, DWORD, const BYTE*, DWORD>("CertCreateCertificateContext")(
      1, made.der.data(), static_cast<DWORD>(made.der.size()));
  EXPECT_NE(context, nullptr);
  return context;
}
void free_context(const CERT_CONTEXT* context) {
  EXPECT_TRUE((crypt<BOOL, const CERT_CONTEXT*>("CertFreeCertificateContext")(context)));
}
Bytes bytes_of(const CRYPT_DATA_BLOB& blob) {
  return {blob.pbData, blob.pbData + blob.cbData};
}

TEST(Certificates, AreDescribed) {
  const CERT_CONTEXT* const context = context_for(leaf());
  EXPECT_EQ(Bytes(context->pbCertEncoded, context->pbCertEncoded + context->cbCertEncoded), leaf().der);
  const CERT_INFO& info = *context->pCertInfo;
  EXPECT_EQ(info.dwVersion, 2U) << "CERT_V3";
  EXPECT_EQ(bytes_of(info.SerialNumber), (Bytes{0x78, 0x56})) << "least byte first";
  EXPECT_STREQ(info.SignatureAlgorithm.pszObjId, "1.2.840.10045.4.3.2");
  EXPECT_STREQ(info.SubjectPublicKeyInfo.Algorithm.pszObjId, "1.2.840.10045.2.1");
  EXPECT_EQ(bytes_of(info.SubjectPublicKeyInfo.Algorithm.Parameters),
            (Bytes{0x06, 0x08, 0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x03, 0x01, 0x07}));
  EXPECT_EQ(info.SubjectPublicKeyInfo.PublicKey.cbData, 65U);
  EXPECT_EQ((crypt<DWORD, DWORD, const CERT_PUBLIC_KEY_INFO*>("CertGetPublicKeyLength")(1, &info.SubjectPublicKeyInfo)),
            256U);
  EXPECT_EQ(info.cExtension, 4U);
  const auto find_extension = crypt<CERT_EXTENSION*, const char*, DWORD, CERT_EXTENSION*>("CertFindExtension");
  ASSERT_NE(find_extension("2.5.29.17", info.cExtension, info.rgExtension), nullptr);
  EXPECT_EQ(find_extension("2.5.29.99", info.cExtension, info.rgExtension), nullptr);
  EXPECT_EQ(thread::last_error(), 0x80092004U);
  BYTE usage[2];
  EXPECT_TRUE(
      (crypt<BOOL, DWORD, CERT_INFO*, BYTE*, DWORD>("CertGetIntendedKeyUsage")(1, context->pCertInfo, usage, 2)));
  EXPECT_EQ(usage[0], 0x80);
  const auto validity = crypt<LONG, const FILETIME*, const CERT_INFO*>("CertVerifyTimeValidity");
  EXPECT_EQ(validity(nullptr, &info), 0);
  const FILETIME long_ago{0, 0x10000}, far_ahead{0, 0x7F000000};
  EXPECT_EQ(validity(&long_ago, &info), -1);
  EXPECT_EQ(validity(&far_ahead, &info), 1);
  const CERT_CONTEXT* const same =
      crypt<const CERT_CONTEXT*, const CERT_CONTEXT*>("CertDuplicateCertificateContext")(context);
  EXPECT_EQ(same, context);
  free_context(same);
  free_context(context);
  EXPECT_EQ(
      (crypt<const CERT_CONTEXT*, DWORD, const BYTE*, DWORD>("CertCreateCertificateContext")(1, leaf().der.data(), 20)),
      nullptr);
  EXPECT_EQ(thread::last_error(), 0x8009310BU) << "CRYPT_E_ASN1_BADTAG";
}

TEST(Certificates, AreCompared) {
  const CERT_CONTEXT *const a = context_for(leaf()), *const b = context_for(root());
  const auto same = crypt<BOOL, DWORD, const CERT_INFO*, const CERT_INFO*>("CertCompareCertificate");
  EXPECT_TRUE(same(1, a->pCertInfo, a->pCertInfo));
  EXPECT_FALSE(same(1, a->pCertInfo, b->pCertInfo));
  const auto same_name =
      crypt<BOOL, DWORD, const CRYPT_DATA_BLOB*, const CRYPT_DATA_BLOB*>("CertCompareCertificateName");
  EXPECT_TRUE(same_name(1, &a->pCertInfo->Issuer, &b->pCertInfo->Subject));
  EXPECT_FALSE(same_name(1, &a->pCertInfo->Subject, &b->pCertInfo->Subject));
  BYTE x[] = {0x12, 0x00, 0x00}, y[] = {0x12}, z[] = {0x92, 0x00};
  const CRYPT_DATA_BLOB number{3, x}, shorter{1, y}, other{2, z}, negative{1, z};
  const auto same_number = crypt<BOOL, const CRYPT_DATA_BLOB*, const CRYPT_DATA_BLOB*>("CertCompareIntegerBlob");
  EXPECT_TRUE(same_number(&number, &shorter));
  EXPECT_FALSE(same_number(&other, &negative)) << "0x92 alone is below zero";
  free_context(a);
  free_context(b);
}

template <typename Char>
std::basic_string<Char> name_string(const CERT_CONTEXT* context, DWORD type, DWORD flags = 0,
                                    const void* parameter = nullptr) {
  const auto call = crypt<DWORD, const CERT_CONTEXT*, DWORD, DWORD, const void*, Char*, DWORD>(
      sizeof(Char) == 1 ? "CertGetNameStringA" : "CertGetNameStringW");
  const DWORD size = call(context, type, flags, parameter, nullptr, 0);
  std::basic_string<Char> text(size, 0);
  EXPECT_EQ(call(context, type, flags, parameter, text.data(), size), size);
  text.resize(size - 1);
  return text;
}

TEST(Certificates, HaveNames) {
  const CERT_CONTEXT* const context = context_for(leaf());
  EXPECT_EQ(name_string<char>(context, 4), "example.org");
  EXPECT_EQ(name_string<char16_t>(context, 4), u"example.org");
  EXPECT_EQ(name_string<char>(context, 4, 1), "Test Root") << "the issuer's";
  EXPECT_EQ(name_string<char>(context, 1), "me@example.org");
  EXPECT_EQ(name_string<char>(context, 6), "example.org");
  EXPECT_EQ(name_string<char>(context, 7), "") << "no URL";
  EXPECT_EQ(name_string<char>(context, 3, 0, "2.5.4.10"), "Works, Ltd");
  const DWORD x500 = 3;
  EXPECT_EQ(name_string<char>(context, 2, 0, &x500), "C=DE, O=\"Works, Ltd\", CN=example.org");
  char cut[5];
  EXPECT_EQ((crypt<DWORD, const CERT_CONTEXT*, DWORD, DWORD, void*, char*, DWORD>("CertGetNameStringA")(
                context, 4, 0, nullptr, cut, 5)),
            5U);
  EXPECT_STREQ(cut, "exam");

  const auto to_text = [&](DWORD how) {
    char text[100];
    WCHAR wide[100];
    const DWORD size = crypt<DWORD, DWORD, const CRYPT_DATA_BLOB*, DWORD, char*, DWORD>("CertNameToStrA")(
        1, &context->pCertInfo->Subject, how, text, 100);
    EXPECT_EQ(size, std::strlen(text) + 1);
    EXPECT_EQ((crypt<DWORD, DWORD, const CRYPT_DATA_BLOB*, DWORD, WCHAR*, DWORD>("CertNameToStrW")(
                  1, &context->pCertInfo->Subject, how, wide, 100)),
              size);
    EXPECT_EQ(utf8(std::u16string_view(wide)), text);
    return std::string(text);
  };
  EXPECT_EQ(to_text(1), "DE, \"Works, Ltd\", example.org");
  EXPECT_EQ(to_text(2), "2.5.4.6=DE, 2.5.4.10=\"Works, Ltd\", 2.5.4.3=example.org");
  EXPECT_EQ(to_text(3 | 0x40000000), "C=DE; O=\"Works, Ltd\"; CN=example.org");
  EXPECT_EQ(to_text(3 | 0x02000000), "CN=example.org, O=\"Works, Ltd\", C=DE");
  EXPECT_EQ(to_text(3 | 0x10000000 | 0x08000000), "C=DE\r\nO=Works, Ltd\r\nCN=example.org");
  free_context(context);
}

Bytes property(const CERT_CONTEXT* context, DWORD id) {
  const auto call = crypt<BOOL, const CERT_CONTEXT*, DWORD, void*, DWORD*>("CertGetCertificateContextProperty");
  DWORD size = 0;
  if (call(context, id, nullptr, &size) == FALSE) {
    EXPECT_EQ(thread::last_error(), 0x80092004U) << "CRYPT_E_NOT_FOUND";
    return {};
  }
  Bytes value(size);
  EXPECT_TRUE(call(context, id, value.data(), &size));
  return value;
}

TEST(Certificates, HaveProperties) {
  const CERT_CONTEXT* const context = context_for(leaf());
  Bytes digest(20);
  EVP_Digest(leaf().der.data(), leaf().der.size(), digest.data(), nullptr, EVP_sha1(), nullptr);
  EXPECT_EQ(property(context, 3), digest);
  DWORD size = 19;
  EXPECT_FALSE((crypt<BOOL, const CERT_CONTEXT*, DWORD, void*, DWORD*>("CertGetCertificateContextProperty")(
      context, 3, digest.data(), &size)));
  EXPECT_EQ(thread::last_error(), DWORD{ERROR_MORE_DATA});
  EXPECT_EQ(size, 20U);
  EXPECT_EQ(property(context, 107).size(), 32U);
  EXPECT_EQ(property(context, 20).size(), 20U) << "made from the key";
  EXPECT_EQ(property(context, 11), Bytes());
  const auto enumerate = crypt<DWORD, const CERT_CONTEXT*, DWORD>("CertEnumCertificateContextProperties");
  EXPECT_EQ(enumerate(context, 0), 0U);
  const CRYPT_DATA_BLOB friendly{8, reinterpret_cast<BYTE*>(const_cast<char16_t*>(u"pal"))};
  const auto set = crypt<BOOL, const CERT_CONTEXT*, DWORD, DWORD, const void*>("CertSetCertificateContextProperty");
  EXPECT_TRUE(set(context, 11, 0, &friendly));
  EXPECT_EQ(property(context, 11).size(), 8U);
  EXPECT_EQ(name_string<char>(context, 5), "pal");
  EXPECT_EQ(enumerate(context, 0), 11U);
  EXPECT_EQ(enumerate(context, 11), 0U);
  EXPECT_TRUE(set(context, 11, 0, nullptr));
  EXPECT_EQ(property(context, 11), Bytes());
  EXPECT_FALSE(set(context, 5, 0, &friendly)) << "a private key";
  free_context(context);
}

TEST(Certificates, SayWhatTheirKeyIsFor) {
  const auto call = crypt<BOOL, const CERT_CONTEXT*, DWORD, CERT_ENHKEY_USAGE*, DWORD*>("CertGetEnhancedKeyUsage");
  const CERT_CONTEXT *const some = context_for(leaf()), *const any = context_for(root());
  alignas(8) BYTE room[200];
  auto* const usage = reinterpret_cast<CERT_ENHKEY_USAGE*>(room);
  DWORD size = 0;
  EXPECT_TRUE(call(some, 0, nullptr, &size));
  EXPECT_LE(size, sizeof room);
  ASSERT_TRUE(call(some, 0, usage, &size));
  ASSERT_EQ(usage->cUsageIdentifier, 2U);
  EXPECT_STREQ(usage->rgpszUsageIdentifier[0], "1.3.6.1.5.5.7.3.1");
  EXPECT_STREQ(usage->rgpszUsageIdentifier[1], "1.3.6.1.5.5.7.3.2");
  size = sizeof room;
  EXPECT_TRUE(call(any, 0, usage, &size));
  EXPECT_EQ(usage->cUsageIdentifier, 0U);
  EXPECT_EQ(thread::last_error(), 0x80092004U) << "anything";
  size = sizeof room;
  EXPECT_FALSE(call(some, 4, usage, &size)) << "no property says so";
  EXPECT_EQ(thread::last_error(), 0x80092004U);
  free_context(some);
  free_context(any);
}

void* memory_store() {
  void* const store =
      crypt<void*, std::uintptr_t, DWORD, void*, DWORD, const void*>("CertOpenStore")(2, 0, nullptr, 0, nullptr);
  EXPECT_NE(store, nullptr);
  return store;
}
void close_store(void* store) {
  EXPECT_TRUE((crypt<BOOL, void*, DWORD>("CertCloseStore")(store, 0)));
}
BOOL add(void* store, const Made& made, DWORD disposition, const CERT_CONTEXT** added = nullptr) {
  return crypt<BOOL, void*, DWORD, const BYTE*, DWORD, DWORD, const CERT_CONTEXT**>("CertAddEncodedCertificateToStore")(
      store, 1, made.der.data(), static_cast<DWORD>(made.der.size()), disposition, added);
}
std::vector<std::string> names_in(void* store) {
  std::vector<std::string> names;
  const auto next = crypt<const CERT_CONTEXT*, void*, const CERT_CONTEXT*>("CertEnumCertificatesInStore");
  const CERT_CONTEXT* context = nullptr;
  while ((context = next(store, context)) != nullptr) {
    EXPECT_EQ(context->hCertStore, store);
    names.push_back(name_string<char>(context, 4));
    thread::set_last_error(0);
  }
  EXPECT_EQ(thread::last_error(), 0x80092004U);
  return names;
}

TEST(Stores, HoldWhatIsAdded) {
  void* const store = memory_store();
  EXPECT_EQ(names_in(store), std::vector<std::string>());
  EXPECT_TRUE(add(store, root(), 1));
  const CERT_CONTEXT* added = nullptr;
  EXPECT_TRUE(add(store, leaf(), 1, &added));
  EXPECT_EQ(names_in(store), (std::vector<std::string>{"Test Root", "example.org"}));
  EXPECT_FALSE(add(store, leaf(), 1));
  EXPECT_EQ(thread::last_error(), 0x80092005U) << "CRYPT_E_EXISTS";
  EXPECT_FALSE(add(store, leaf(), 0)) << "no disposition";
  EXPECT_EQ(thread::last_error(), 0x80070057U);
  for (const DWORD disposition : {2, 3, 5}) EXPECT_TRUE(add(store, leaf(), disposition));
  EXPECT_EQ(names_in(store).size(), 2U);
  EXPECT_TRUE(add(store, leaf(), 4));
  EXPECT_EQ(names_in(store).size(), 3U) << "CERT_STORE_ADD_ALWAYS";
  const CERT_CONTEXT* const other = context_for(leaf());
  EXPECT_TRUE((crypt<BOOL, void*, const CERT_CONTEXT*, DWORD, const CERT_CONTEXT**>("CertAddCertificateContextToStore")(
      store, other, 2, nullptr)));
  free_context(other);
  void* const again = crypt<void*, void*>("CertDuplicateStore")(store);
  close_store(store);
  EXPECT_EQ(names_in(again).size(), 3U);
  close_store(again);
  EXPECT_EQ(name_string<char>(added, 4), "example.org") << "a context outlives its store";
  free_context(added);
  EXPECT_FALSE((crypt<BOOL, void*, DWORD>("CertCloseStore")(root().x509, 0)));
}

TEST(Stores, AreSearched) {
  void* const store = memory_store();
  EXPECT_TRUE(add(store, root(), 1));
  EXPECT_TRUE(add(store, leaf(), 1));
  const CERT_CONTEXT *const of_leaf = context_for(leaf()), *const of_root = context_for(root());
  const auto call = crypt<const CERT_CONTEXT*, void*, DWORD, DWORD, DWORD, const void*, const CERT_CONTEXT*>(
      "CertFindCertificateInStore");
  const auto found = [&](DWORD type, const void* parameter) -> std::string {
    const CERT_CONTEXT* const first = call(store, 1, 0, type, parameter, nullptr);
    if (first == nullptr) {
      EXPECT_EQ(thread::last_error(), 0x80092004U);
      return "";
    }
    std::string name = name_string<char>(first, 4);
    const CERT_CONTEXT* const second = call(store, 1, 0, type, parameter, first);
    if (second == nullptr) return name;
    name += '+' + name_string<char>(second, 4);
    free_context(second);
    return name;
  };
  Bytes sha1 = property(of_leaf, 3), md5 = property(of_leaf, 4), id = property(of_root, 20);
  const auto blob = [](Bytes& bytes) { return CRYPT_DATA_BLOB{static_cast<DWORD>(bytes.size()), bytes.data()}; };
  const CRYPT_DATA_BLOB sha1_blob = blob(sha1), md5_blob = blob(md5), id_blob = blob(id);
  const DWORD key_identifier = 20;
  EXPECT_EQ(found(0, nullptr), "Test Root+example.org");
  EXPECT_EQ(found(0x10000, &sha1_blob), "example.org");
  EXPECT_EQ(found(0x40000, &md5_blob), "example.org");
  EXPECT_EQ(found(0xF0000, &id_blob), "Test Root");
  EXPECT_EQ(found(0x50000, &key_identifier), "Test Root+example.org");
  EXPECT_EQ(found(0x60000, &of_leaf->pCertInfo->SubjectPublicKeyInfo), "example.org");
  EXPECT_EQ(found(0x20007, &of_leaf->pCertInfo->Subject), "example.org");
  EXPECT_EQ(found(0x20004, &of_root->pCertInfo->Subject), "Test Root+example.org");
  EXPECT_EQ(found(0x70007, "EXAMPLE"), "example.org");
  EXPECT_EQ(found(0x80007, u"root"), "Test Root");
  EXPECT_EQ(found(0x80004, u"Root"), "Test Root+example.org");
  EXPECT_EQ(found(0x80007, u"nobody"), "");
  EXPECT_EQ(found(0xB0000, of_leaf->pCertInfo), "example.org");
  EXPECT_EQ(found(0xC0000, of_leaf), "Test Root");
  EXPECT_EQ(found(0xD0000, of_leaf), "example.org");
  EXPECT_EQ(call(store, 1, 0, 0x770000, of_leaf, nullptr), nullptr);
  EXPECT_EQ(thread::last_error(), 0x80070057U);
  const CERT_CONTEXT* const subject = crypt<const CERT_CONTEXT*, void*, DWORD, const CERT_INFO*>(
      "CertGetSubjectCertificateFromStore")(store, 1, of_leaf->pCertInfo);
  ASSERT_NE(subject, nullptr);
  EXPECT_TRUE((crypt<BOOL, const CERT_CONTEXT*>("CertDeleteCertificateFromStore")(subject)));
  EXPECT_EQ(names_in(store), std::vector<std::string>{"Test Root"});
  free_context(of_leaf);
  free_context(of_root);
  close_store(store);
}

TEST(Stores, ACollectionShowsItsMembers) {
  const auto open = crypt<void*, std::uintptr_t, DWORD, void*, DWORD, const void*>("CertOpenStore");
  void *const collection = open(11, 0, nullptr, 0, nullptr), *const one = memory_store(), *const two = memory_store();
  EXPECT_TRUE(add(one, root(), 1));
  EXPECT_TRUE(add(two, leaf(), 1));
  const auto join = crypt<BOOL, void*, void*, DWORD, DWORD>("CertAddStoreToCollection");
  EXPECT_TRUE(join(collection, one, 0, 0));
  EXPECT_TRUE(join(collection, two, 0, 0));
  EXPECT_FALSE(join(one, two, 0, 0)) << "no collection";
  close_store(one);
  EXPECT_EQ(names_in(collection), (std::vector<std::string>{"Test Root", "example.org"}));
  crypt<void*, void*, void*>("CertRemoveStoreFromCollection")(collection, two);
  EXPECT_EQ(names_in(collection), std::vector<std::string>{"Test Root"});
  close_store(two);
  close_store(collection);
}

TEST(Stores, OfTheSystem) {
  const auto open_w = crypt<void*, void*, const WCHAR*>("CertOpenSystemStoreW");
  const auto open_a = crypt<void*, void*, const char*>("CertOpenSystemStoreA");
  void *const roots = open_w(nullptr, u"ROOT"), *const own = open_a(nullptr, "My");
  ASSERT_NE(roots, nullptr);
  EXPECT_EQ(names_in(own), std::vector<std::string>());
  const std::size_t count = names_in(roots).size();
  EXPECT_TRUE(add(roots, root(), 4));
  EXPECT_EQ(names_in(roots).size(), count + 1);
  void* const again = open_a(nullptr, "root");
  EXPECT_EQ(names_in(again).size(), count) << "what was added stays with the handle";
  const auto open = crypt<void*, std::uintptr_t, DWORD, void*, DWORD, const void*>("CertOpenStore");
  EXPECT_EQ(open(10, 0, nullptr, 0x14000, u"NoSuchStore"), nullptr);
  EXPECT_EQ(thread::last_error(), DWORD{ERROR_FILE_NOT_FOUND});
  EXPECT_EQ(open(99, 0, nullptr, 0, nullptr), nullptr);
  void* const by_name = open(reinterpret_cast<std::uintptr_t>("System"), 0, nullptr, 0x10000, u"Root");
  EXPECT_EQ(names_in(by_name).size(), count);
  for (void* const each : {roots, own, again, by_name}) close_store(each);
  EXPECT_EQ(open_w(nullptr, nullptr), nullptr);
}

// ---- chains ---------------------------------------------------------------------------------------------------------

struct Verdict {
  DWORD error;
  LONG element;
};
Verdict verify(const Made& certificate, const char16_t* host, DWORD flags = 0, const char* usage = nullptr,
               DWORD build_flags = 0) {
  void* const store = memory_store();
  EXPECT_TRUE(add(store, root(), 1));
  const CERT_CONTEXT* const context = context_for(certificate);
  const CERT_CHAIN_CONTEXT* chain = nullptr;
  char* usages[] = {const_cast<char*>(usage)};
  const CERT_CHAIN_PARA wanted{sizeof wanted, {0, {usage == nullptr ? 0U : 1U, usages}}};
  EXPECT_TRUE((crypt<BOOL, void*, const CERT_CONTEXT*, const FILETIME*, void*, const CERT_CHAIN_PARA*, DWORD, void*,
                     const CERT_CHAIN_CONTEXT**>("CertGetCertificateChain")(nullptr, context, nullptr, store, &wanted,
                                                                            build_flags, nullptr, &chain)));
  EXPECT_EQ(chain->cChain, 1U);
  EXPECT_EQ(name_string<char>(chain->rgpChain[0]->rgpElement[0]->pCertContext, 4), name_string<char>(context, 4));
  SSL_EXTRA_CERT_CHAIN_POLICY_PARA ssl{sizeof ssl, 2, 0, host};
  const CERT_CHAIN_POLICY_PARA parameters{sizeof parameters, flags, host == nullptr ? nullptr : &ssl};
  CERT_CHAIN_POLICY_STATUS status{sizeof status, 77, 77, 77, nullptr};
  EXPECT_TRUE(
      (crypt<BOOL, std::uintptr_t, const CERT_CHAIN_CONTEXT*, const CERT_CHAIN_POLICY_PARA*, CERT_CHAIN_POLICY_STATUS*>(
          "CertVerifyCertificateChainPolicy")(4, chain, &parameters, &status)));
  // In a copy a program clears what it accepts.
  CERT_CHAIN_CONTEXT copy = *chain;
  copy.TrustStatus.dwErrorStatus = 0;
  CERT_CHAIN_POLICY_STATUS accepted{sizeof accepted, 77, 77, 77, nullptr};
  EXPECT_TRUE(
      (crypt<BOOL, std::uintptr_t, const CERT_CHAIN_CONTEXT*, const CERT_CHAIN_POLICY_PARA*, CERT_CHAIN_POLICY_STATUS*>(
          "CertVerifyCertificateChainPolicy")(1, &copy, nullptr, &accepted)));
  EXPECT_EQ(accepted.dwError, 0U);
  EXPECT_EQ((crypt<const CERT_CHAIN_CONTEXT*, const CERT_CHAIN_CONTEXT*>("CertDuplicateCertificateChain")(chain)),
            chain);
  for (int i = 0; i < 2; ++i) crypt<void*, const CERT_CHAIN_CONTEXT*>("CertFreeCertificateChain")(chain);
  free_context(context);
  close_store(store);
  return {status.dwError, status.lElementIndex};
}
constexpr DWORD kAllowUnknownRoot = 0x10;

TEST(QueryObject, KnowsCertificatesInBinaryAndInText) {
  const CERT_CONTEXT* const known = context_for(leaf());
  const auto query =
      crypt<BOOL, DWORD, const void*, DWORD, DWORD, DWORD, DWORD*, DWORD*, DWORD*, void**, void**, const void**>(
          "CryptQueryObject");
  constexpr DWORD kBlob = 2, kFile = 1, kCertificates = 1 << 1, kPfx = 1 << 12, kBinary = 1 << 1, kAnyFormat = 0xE;
  crypt32::CRYPT_DATA_BLOB blob = {known->cbCertEncoded, known->pbCertEncoded};
  DWORD encoding = 0, content = 0, format = 0;
  void *store = nullptr, *message = &blob;
  const void* context = nullptr;
  ASSERT_TRUE(query(kBlob, &blob, kCertificates | kPfx, kAnyFormat, 0, &encoding, &content, &format, &store, &message,
                    &context));
  EXPECT_EQ(encoding, 1U);
  EXPECT_EQ(content, 1U);
  EXPECT_EQ(format, 1U);
  EXPECT_EQ(message, nullptr);
  EXPECT_EQ(static_cast<const CERT_CONTEXT*>(context)->cbCertEncoded, known->cbCertEncoded);
  free_context(static_cast<const CERT_CONTEXT*>(context));
  close_store(store);

  DWORD length = 0;
  const auto to_text = crypt<BOOL, const BYTE*, DWORD, DWORD, char*, DWORD*>("CryptBinaryToStringA");
  EXPECT_TRUE(to_text(blob.pbData, blob.cbData, 0, nullptr, &length));
  std::string text(length, 0);
  EXPECT_TRUE(to_text(blob.pbData, blob.cbData, 0, text.data(), &length));
  crypt32::CRYPT_DATA_BLOB framed = {length, reinterpret_cast<BYTE*>(text.data())};
  ASSERT_TRUE(
      query(kBlob, &framed, kCertificates, kAnyFormat, 0, nullptr, nullptr, &format, nullptr, nullptr, nullptr));
  EXPECT_EQ(format, 2U);
  EXPECT_FALSE(query(kBlob, &framed, kCertificates, kBinary, 0, nullptr, nullptr, nullptr, nullptr, nullptr, nullptr));
  EXPECT_EQ(thread::last_error(), 0x80092009U);  // CRYPT_E_NO_MATCH
  EXPECT_FALSE(query(kBlob, &blob, kPfx, kAnyFormat, 0, nullptr, nullptr, nullptr, nullptr, nullptr, nullptr));

  std::string path = ::testing::TempDir() + "hmodule-certificate-XXXXXX";
  const int file = ::mkstemp(path.data());
  EXPECT_EQ(::write(file, text.data(), length), static_cast<ssize_t>(length));
  ::close(file);
  ASSERT_TRUE(query(kFile, (u"Z:" + utf16(path)).c_str(), kCertificates, kAnyFormat, 0, nullptr, &content, nullptr,
                    nullptr, nullptr, nullptr));
  EXPECT_EQ(content, 1U);
  ::unlink(path.c_str());
  EXPECT_FALSE(query(kFile, (u"Z:" + utf16(path)).c_str(), kCertificates, kAnyFormat, 0, nullptr, nullptr, nullptr,
                     nullptr, nullptr, nullptr));
  EXPECT_EQ(thread::last_error(), 2U);
  free_context(known);
}

TEST(Chains, EndAtARootThatIsTrustedOrNot) {
  const Verdict verdict = verify(leaf(), nullptr);
  EXPECT_EQ(verdict.error, 0x800B0109U) << "CERT_E_UNTRUSTEDROOT";
  EXPECT_EQ(verdict.element, 1) << "the root";
  EXPECT_EQ(verify(leaf(), nullptr, kAllowUnknownRoot).error, 0U);
}

TEST(Chains, AreForTheHostThatIsAskedFor) {
  for (const char16_t* host : {u"example.org", u"EXAMPLE.org", u"www.example.net"})
    EXPECT_EQ(verify(leaf(), host, kAllowUnknownRoot).error, 0U);
  for (const char16_t* host : {u"example.com", u"www.example.org", u"a.b.example.net"}) {
    const Verdict verdict = verify(leaf(), host, kAllowUnknownRoot);
    EXPECT_EQ(verdict.error, 0x800B010FU) << "CERT_E_CN_NO_MATCH";
    EXPECT_EQ(verdict.element, 0);
  }
}

TEST(Chains, MayBeTooOldForAnotherUseOrBroken) {
  static const Made old = make("old.example.org", &root(), -5);
  EXPECT_EQ(verify(old, nullptr, kAllowUnknownRoot).error, 0x800B0101U) << "CERT_E_EXPIRED";
  EXPECT_EQ(verify(old, nullptr, kAllowUnknownRoot | 7).error, 0U);
  EXPECT_EQ(verify(leaf(), nullptr, kAllowUnknownRoot, "1.3.6.1.5.5.7.3.1").error, 0U);
  EXPECT_EQ(verify(leaf(), nullptr, kAllowUnknownRoot, "1.3.6.1.5.5.7.3.3").error, 0x800B0110U) << "CERT_E_WRONG_USAGE";
  EXPECT_EQ(verify(leaf(), nullptr, kAllowUnknownRoot, nullptr, 0x40000000).error, 0x80092012U)
      << "nobody was asked about revocation";
  Made broken = leaf();
  broken.der.back() ^= 1;
  EXPECT_EQ(verify(broken, nullptr, kAllowUnknownRoot).error, 0x80096004U) << "TRUST_E_CERT_SIGNATURE";
}

TEST(Chains, AnEngineTrustsTheRootsThatItIsGiven) {
  struct {  // CERT_CHAIN_ENGINE_CONFIG
    DWORD size;
    void* restricted[3];
    DWORD additional_count;
    void** additional;
    DWORD numbers[4];
    void *exclusive_root, *exclusive_people;
    DWORD exclusive_flags;
  } config{};
  config.size = sizeof config;
  config.exclusive_root = memory_store();
  EXPECT_TRUE(add(config.exclusive_root, root(), 1));
  void* engine = nullptr;
  ASSERT_TRUE((crypt<BOOL, const void*, void**>("CertCreateCertificateChainEngine")(&config, &engine)));
  const CERT_CONTEXT* const context = context_for(leaf());
  const CERT_CHAIN_CONTEXT* chain = nullptr;
  ASSERT_TRUE((crypt<BOOL, void*, const CERT_CONTEXT*, void*, void*, void*, DWORD, void*, const CERT_CHAIN_CONTEXT**>(
      "CertGetCertificateChain")(engine, context, nullptr, nullptr, nullptr, 0, nullptr, &chain)));
  EXPECT_EQ(chain->TrustStatus.dwErrorStatus, 0U);
  EXPECT_EQ(chain->rgpChain[0]->cElement, 2U);
  crypt<void*, const CERT_CHAIN_CONTEXT*>("CertFreeCertificateChain")(chain);
  crypt<void*, void*>("CertFreeCertificateChainEngine")(engine);
  free_context(context);
  close_store(config.exclusive_root);
  EXPECT_FALSE((crypt<BOOL, const void*, void**>("CertCreateCertificateChainEngine")(nullptr, &engine)));
}

TEST(Chains, OtherPoliciesAreNotThere) {
  EXPECT_FALSE((crypt<BOOL, std::uintptr_t, const void*, const void*, const void*>("CertVerifyCertificateChainPolicy")(
      4, nullptr, nullptr, nullptr)));
  EXPECT_FALSE((crypt<BOOL, void*, const CERT_CONTEXT*, void*, void*, void*, DWORD, void*, void*>(
      "CertGetCertificateChain")(nullptr, nullptr, nullptr, nullptr, nullptr, 0, nullptr, nullptr)));
}

// ---- objects --------------------------------------------------------------------------------------------------------

// What CryptDecodeObjectEx makes, in memory that goes with it.
template <typename T>
struct Decoded {
  std::vector<std::uint64_t> memory;
  DWORD size = 0;
  const T* operator->() const { return reinterpret_cast<const T*>(memory.data()); }
};
template <typename T>
Decoded<T> decode(const void* type, const CRYPT_DATA_BLOB& encoded) {
  const auto call =
      crypt<BOOL, DWORD, const void*, const BYTE*, DWORD, DWORD, void*, void*, DWORD*>("CryptDecodeObjectEx");
  Decoded<T> made;
  EXPECT_TRUE(call(1, type, encoded.pbData, encoded.cbData, 0, nullptr, nullptr, &made.size));
  made.memory.resize(made.size / 8 + 1);
  EXPECT_TRUE(call(1, type, encoded.pbData, encoded.cbData, 0, nullptr, made.memory.data(), &made.size));
  return made;
}
const void* number(std::uintptr_t type) {
  return reinterpret_cast<const void*>(type);
}

struct AltEntry {
  DWORD choice;
  const WCHAR* text;
  std::uint64_t more;
};
struct AltInfo {
  DWORD count;
  const AltEntry* entries;
};
struct Attribute {
  const char* id;
  DWORD type;
  CRYPT_DATA_BLOB value;
};
struct Rdn {
  DWORD count;
  const Attribute* attributes;
};
struct NameInfo {
  DWORD count;
  const Rdn* rdns;
};

TEST(Objects, AreDecodedFromExtensions) {
  const CERT_CONTEXT* const context = context_for(leaf());
  const auto find_extension = crypt<CERT_EXTENSION*, const char*, DWORD, CERT_EXTENSION*>("CertFindExtension");
  const auto extension = [&](const char* id) {
    return find_extension(id, context->pCertInfo->cExtension, context->pCertInfo->rgExtension)->Value;
  };
  for (const void* const type : {number(12), static_cast<const void*>("2.5.29.17")}) {
    const auto names = decode<AltInfo>(type, extension("2.5.29.17"));
    ASSERT_EQ(names->count, 3U);
    EXPECT_EQ(names->entries[0].choice, 3U) << "CERT_ALT_NAME_DNS_NAME";
    EXPECT_EQ(std::u16string_view(names->entries[0].text), u"example.org");
    EXPECT_EQ(names->entries[2].choice, 2U) << "CERT_ALT_NAME_RFC822_NAME";
    EXPECT_EQ(std::u16string_view(names->entries[2].text), u"me@example.org");
  }
  const auto usages = decode<CERT_ENHKEY_USAGE>(number(36), extension("2.5.29.37"));
  ASSERT_EQ(usages->cUsageIdentifier, 2U);
  EXPECT_STREQ(usages->rgpszUsageIdentifier[1], "1.3.6.1.5.5.7.3.2");
  const auto bits = decode<CRYPT_BIT_BLOB>(number(14), extension("2.5.29.15"));
  EXPECT_EQ(bits->cbData, 1U);
  EXPECT_EQ(bits->pbData[0], 0x80);
  EXPECT_EQ(bits->cUnusedBits, 7U);
  const auto constraints = decode<DWORD>(number(15), extension("2.5.29.19"));
  EXPECT_EQ(constraints.size, 12U);
  EXPECT_EQ(*constraints.operator->(), 0U) << "no CA";
  BYTE octets[] = {4, 2, 0xAB, 0xCD};
  EXPECT_EQ(bytes_of(*decode<CRYPT_DATA_BLOB>(number(25), {4, octets}).operator->()), (Bytes{0xAB, 0xCD}));

  const auto name = decode<NameInfo>(number(7), context->pCertInfo->Subject);
  ASSERT_EQ(name->count, 3U);
  ASSERT_EQ(name->rdns[2].count, 1U);
  const Attribute& common_name = name->rdns[2].attributes[0];
  EXPECT_STREQ(common_name.id, "2.5.4.3");
  EXPECT_EQ(common_name.type, 13U) << "CERT_RDN_UTF8_STRING";
  EXPECT_EQ(
      std::u16string_view(reinterpret_cast<const char16_t*>(common_name.value.pbData), common_name.value.cbData / 2),
      u"example.org");
  free_context(context);
}

TEST(Objects, AreDecodedFromKeys) {
  EVP_PKEY* const key = EVP_RSA_gen(1024);
  unsigned char *info_der = nullptr, *key_der = nullptr;
  const int info_size = i2d_PUBKEY(key, &info_der), key_size = i2d_PublicKey(key, &key_der);
  const auto info = decode<CERT_PUBLIC_KEY_INFO>(number(8), {static_cast<DWORD>(info_size), info_der});
  EXPECT_STREQ(info->Algorithm.pszObjId, "1.2.840.113549.1.1.1");
  EXPECT_EQ(info->PublicKey.cbData, static_cast<DWORD>(key_size));
  const auto blob = decode<DWORD>(number(19), {static_cast<DWORD>(key_size), key_der});
  EXPECT_EQ(blob.size, 20U + 128);
  EXPECT_EQ(blob.operator->()[2], 0x31415352U);
  EXPECT_EQ(blob.operator->()[4], 65537U);
  void* handle = nullptr;
  EXPECT_TRUE((crypt<BOOL, DWORD, const CERT_PUBLIC_KEY_INFO*, DWORD, void*, void**>("CryptImportPublicKeyInfoEx2")(
      1, info.operator->(), 0, nullptr, &handle)));
  ULONG length = 0, given = 0;
  EXPECT_EQ((function<NTSTATUS, void*, const WCHAR*, ULONG*, ULONG, ULONG*, ULONG>(bcrypt_dll, "BCryptGetProperty")(
                handle, u"KeyLength", &length, 4, &given, 0)),
            0);
  EXPECT_EQ(length, 1024U);
  EXPECT_EQ((function<NTSTATUS, void*>(bcrypt_dll, "BCryptDestroyKey")(handle)), 0);
  OPENSSL_free(info_der);
  OPENSSL_free(key_der);
  EVP_PKEY_free(key);
}

TEST(Objects, AreRefusedWhenBroken) {
  BYTE broken[] = {0x30, 0x10, 0x01};
  DWORD size = 0;
  const auto call = crypt<BOOL, DWORD, const void*, const BYTE*, DWORD, DWORD, void*, DWORD*>("CryptDecodeObject");
  for (const std::uintptr_t type : {7, 8, 12, 14, 15, 19, 25, 27, 28, 36, 43, 44, 47}) {
    EXPECT_FALSE(call(1, number(type), broken, sizeof broken, 0, nullptr, &size)) << type;
    EXPECT_EQ(thread::last_error(), 0x8009310BU);
  }
  EXPECT_FALSE(call(1, number(9999), broken, sizeof broken, 0, nullptr, &size));
  EXPECT_EQ(thread::last_error(), DWORD{ERROR_FILE_NOT_FOUND});
  // In memory that LocalFree() takes.
  BYTE octets[] = {4, 1, 7};
  CRYPT_DATA_BLOB* made = nullptr;
  EXPECT_TRUE((crypt<BOOL, DWORD, const void*, const BYTE*, DWORD, DWORD, void*, void*, DWORD*>("CryptDecodeObjectEx")(
      1, number(25), octets, 3, 0x8000, nullptr, &made, &size)));
  EXPECT_EQ(bytes_of(*made), Bytes{7});
  EXPECT_EQ((function<void*, void*>(kernel32_dll, "LocalFree")(made)), nullptr);
}

Bytes encode(const void* type, const void* structure) {
  const auto call = crypt<BOOL, DWORD, const void*, const void*, DWORD, void*, void*, DWORD*>("CryptEncodeObjectEx");
  DWORD size = 0;
  EXPECT_TRUE(call(1, type, structure, 0, nullptr, nullptr, &size)) << std::hex << thread::last_error();
  Bytes encoded(size);
  EXPECT_TRUE(call(1, type, structure, 0, nullptr, encoded.data(), &size));
  return encoded;
}

TEST(Objects, AreEncodedAsTheyWere) {
  const CERT_CONTEXT* const context = context_for(leaf());
  const auto& info = *context->pCertInfo;
  const auto name = decode<NameInfo>(number(7), info.Subject);
  EXPECT_EQ(encode(number(7), name.operator->()), bytes_of(info.Subject));
  for (DWORD i = 0; i < info.cExtension; ++i) {
    const CERT_EXTENSION& extension = info.rgExtension[i];
    for (const std::string_view known : {"2.5.29.17", "2.5.29.37", "2.5.29.15", "2.5.29.19", "2.5.29.14"})
      if (extension.pszObjId == known) {
        const auto structure = decode<BYTE>(extension.pszObjId, extension.Value);
        EXPECT_EQ(encode(extension.pszObjId, structure.operator->()), bytes_of(extension.Value)) << known;
      }
  }
  struct {
    DWORD count;
    const CERT_EXTENSION* list;
  } extensions = {info.cExtension, info.rgExtension};
  const STACK_OF(X509_EXTENSION)* const theirs = X509_get0_extensions(leaf().x509);
  unsigned char* der = nullptr;
  const int size = i2d_X509_EXTENSIONS(theirs, &der);
  EXPECT_EQ(encode(number(5), &extensions), Bytes(der, der + size));
  OPENSSL_free(der);
  EXPECT_EQ(encode(number(8), &info.SubjectPublicKeyInfo), [&] {
    unsigned char* key = nullptr;
    const int length = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(leaf().x509), &key);
    Bytes bytes(key, key + length);
    OPENSSL_free(key);
    return bytes;
  }());
  free_context(context);
}

TEST(Objects, AreEncodedByTheRules) {
  const auto integer = [](INT value) { return encode(number(27), &value); };
  EXPECT_EQ(integer(0), (Bytes{2, 1, 0}));
  EXPECT_EQ(integer(127), (Bytes{2, 1, 0x7F}));
  EXPECT_EQ(integer(128), (Bytes{2, 2, 0, 0x80}));
  EXPECT_EQ(integer(-1), (Bytes{2, 1, 0xFF}));
  EXPECT_EQ(integer(-129), (Bytes{2, 2, 0xFF, 0x7F}));
  for (const INT value : {0, 1, -1, 128, -129, 0x7FFFFFFF, static_cast<INT>(0x80000000)}) {
    Bytes encoded = integer(value);
    const auto back = decode<INT>(number(27), {static_cast<DWORD>(encoded.size()), encoded.data()});
    EXPECT_EQ(*back.operator->(), value);
  }
  BYTE big[] = {1, 2, 3, 4, 5, 0};
  CRYPT_DATA_BLOB blob = {sizeof big, big};
  Bytes encoded = encode(number(28), &blob);
  EXPECT_EQ(encoded, (Bytes{2, 5, 5, 4, 3, 2, 1}));
  const auto back = decode<CRYPT_DATA_BLOB>(number(28), {static_cast<DWORD>(encoded.size()), encoded.data()});
  EXPECT_EQ(bytes_of(*back.operator->()), (Bytes{1, 2, 3, 4, 5}));
  DWORD size = 4;
  INT small = 0;
  EXPECT_FALSE((crypt<BOOL, DWORD, const void*, const BYTE*, DWORD, DWORD, void*, DWORD*>("CryptDecodeObject")(
      1, number(27), encoded.data(), static_cast<DWORD>(encoded.size()), 0, &small, &size)));
  EXPECT_EQ(thread::last_error(), 0x80093105U);  // CRYPT_E_ASN1_LARGE
  BYTE bits[] = {0xA0, 0x00};
  const CRYPT_BIT_BLOB bit_blob = {2, bits, 0};
  EXPECT_EQ(encode(number(26), &bit_blob), (Bytes{3, 3, 0, 0xA0, 0}));
  EXPECT_EQ(encode(number(14), &bit_blob), (Bytes{3, 2, 5, 0xA0})) << "named bits end with the last one";
  BYTE octet[] = {7};
  CRYPT_DATA_BLOB octets = {1, octet};
  EXPECT_EQ(encode(number(25), &octets), (Bytes{4, 1, 7}));
  Bytes parts[] = {encode(number(25), &octets), integer(5)};
  CRYPT_DATA_BLOB any[] = {{3, parts[0].data()}, {3, parts[1].data()}};
  const struct {
    DWORD count;
    CRYPT_DATA_BLOB* list;
  } sequence = {2, any};
  EXPECT_EQ(encode(number(34), &sequence), (Bytes{0x30, 6, 4, 1, 7, 2, 1, 5}));
  BYTE r[] = {0xFF, 0x80}, s[] = {1};
  const CRYPT_DATA_BLOB signature[] = {{2, r}, {1, s}};
  Bytes two = encode(number(47), signature);
  EXPECT_EQ(two, (Bytes{0x30, 8, 2, 3, 0, 0x80, 0xFF, 2, 1, 1}));
  const auto both = decode<CRYPT_DATA_BLOB>(number(47), {static_cast<DWORD>(two.size()), two.data()});
  EXPECT_EQ(bytes_of(both.operator->()[0]), (Bytes{0xFF, 0x80}));
  EXPECT_EQ(bytes_of(both.operator->()[1]), Bytes{1});
}

TEST(Objects, AreNotEncodedFromNonsense) {
  const auto call = crypt<BOOL, DWORD, const void*, const void*, BYTE*, DWORD*>("CryptEncodeObject");
  DWORD size = 0;
  INT value = 1000;
  EXPECT_FALSE(call(1, number(9999), &value, nullptr, &size));
  EXPECT_EQ(thread::last_error(), DWORD{ERROR_FILE_NOT_FOUND});
  EXPECT_FALSE(call(1, number(27), nullptr, nullptr, &size));
  BYTE room[8];
  size = 2;
  EXPECT_FALSE(call(1, number(27), &value, room, &size));
  EXPECT_EQ(thread::last_error(), DWORD{ERROR_MORE_DATA});
  EXPECT_EQ(size, 4U);
  const AltEntry entry = {3, u"b\u00FCcher.example", 0};
  const AltInfo names = {1, &entry};
  EXPECT_FALSE(call(1, number(12), &names, nullptr, &size));
  EXPECT_EQ(thread::last_error(), 0x80092022U);  // CRYPT_E_INVALID_IA5_STRING
  const Attribute attribute = {"not.an.id", 4, {0, nullptr}};
  const Rdn rdn = {1, &attribute};
  const NameInfo name = {1, &rdn};
  EXPECT_FALSE(call(1, number(7), &name, nullptr, &size));
  // In memory that LocalFree() takes.
  BYTE* made = nullptr;
  EXPECT_TRUE((crypt<BOOL, DWORD, const void*, const void*, DWORD, void*, void*, DWORD*>("CryptEncodeObjectEx")(
      1, number(27), &value, 0x8000, nullptr, &made, &size)));
  EXPECT_EQ(Bytes(made, made + size), (Bytes{2, 2, 3, 0xE8}));
  EXPECT_EQ((function<void*, void*>(kernel32_dll, "LocalFree")(made)), nullptr);
}

TEST(Objects, AreDecodedFromPrivateKeys) {
  EVP_PKEY* const key = EVP_RSA_gen(1024);
  PKCS8_PRIV_KEY_INFO* const wrapped = EVP_PKEY2PKCS8(key);
  unsigned char *der = nullptr, *public_der = nullptr;
  const int size = i2d_PKCS8_PRIV_KEY_INFO(wrapped, &der), public_size = i2d_PublicKey(key, &public_der);
  struct PrivateInfo {
    DWORD version;
    const char* algorithm;
    CRYPT_DATA_BLOB parameters, key;
    void* attributes;
  };
  const auto info = decode<PrivateInfo>(number(44), {static_cast<DWORD>(size), der});
  EXPECT_STREQ(info->algorithm, "1.2.840.113549.1.1.1");
  const auto blob = decode<DWORD>(number(43), info->key);
  EXPECT_EQ(blob.size, 20U + 2 * 128 + 5 * 64);
  EXPECT_EQ(blob.operator->()[0], 0x207U);
  EXPECT_EQ(blob.operator->()[2], 0x32415352U);
  // Its public half is that of the key.
  Bytes half(reinterpret_cast<const BYTE*>(blob.operator->()), reinterpret_cast<const BYTE*>(blob.operator->()) + 148);
  half[0] = 6;
  half[11] = '1';
  EXPECT_EQ(encode(number(19), half.data()), Bytes(public_der, public_der + public_size));
  OPENSSL_free(der);
  OPENSSL_free(public_der);
  PKCS8_PRIV_KEY_INFO_free(wrapped);
  EVP_PKEY_free(key);
}

TEST(Certificates, AreHashed) {
  Bytes digest(32), wanted(32);
  EVP_Digest(leaf().der.data(), leaf().der.size(), wanted.data(), nullptr, EVP_sha256(), nullptr);
  DWORD size = 32;
  const auto call = crypt<BOOL, void*, DWORD, DWORD, const BYTE*, DWORD, BYTE*, DWORD*>("CryptHashCertificate");
  EXPECT_TRUE(call(nullptr, 0x800C, 0, leaf().der.data(), static_cast<DWORD>(leaf().der.size()), digest.data(), &size));
  EXPECT_EQ(digest, wanted);
  EXPECT_TRUE(call(nullptr, 0, 0, leaf().der.data(), static_cast<DWORD>(leaf().der.size()), nullptr, &size));
  EXPECT_EQ(size, 20U) << "SHA-1";
  EXPECT_FALSE(call(nullptr, 0x8055, 0, leaf().der.data(), 1, nullptr, &size));
}

TEST(ProtectedMemory, ComesBack) {
  const auto protect = crypt<BOOL, void*, DWORD, DWORD>("CryptProtectMemory"),
             unprotect = crypt<BOOL, void*, DWORD, DWORD>("CryptUnprotectMemory");
  char text[32] = "a secret of the user's";
  const std::string before(text, sizeof text);
  EXPECT_TRUE(protect(text, sizeof text, 0));
  EXPECT_NE(std::string(text, sizeof text), before);
  EXPECT_TRUE(unprotect(text, sizeof text, 0));
  EXPECT_EQ(std::string(text, sizeof text), before);
  EXPECT_FALSE(protect(text, 17, 0));
  EXPECT_EQ(thread::last_error(), DWORD{ERROR_INVALID_PARAMETER});
  EXPECT_FALSE(protect(text, sizeof text, 1)) << "for other processes";
}

}  // namespace
}  // namespace hmodule::winapi

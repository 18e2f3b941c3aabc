// wincrypt.h: certificate contexts and their properties.
#include "winapi/crypt32/certificate.h"

#include "crypto/hash.h"
#include "module/builtin.h"

#include <openssl/evp.h>
#include <openssl/objects.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <cstring>
#include <ctime>
#include <set>

namespace hmodule::winapi {
namespace crypt32 {

std::string dotted(const ASN1_OBJECT* object) {
  char text[128];
  const int length = OBJ_obj2txt(text, sizeof text, object, 1);
  return length > 0 ? std::string(text) : std::string();
}

CRYPT_DATA_BLOB Certificate::keep(ByteVector bytes) {
  ByteVector& kept = kept_.emplace_back(std::move(bytes));
  return {static_cast<DWORD>(kept.size()), kept.data()};
}

char* Certificate::keep_text(const ASN1_OBJECT* object) {
  const std::string text = dotted(object);
  return reinterpret_cast<char*>(keep({text.c_str(), text.c_str() + text.size() + 1}).pbData);
}

ByteVector parameters_of(const X509_ALGOR* algorithm) {
  int type = V_ASN1_UNDEF;
  X509_ALGOR_get0(nullptr, &type, nullptr, algorithm);
  if (type == V_ASN1_UNDEF) return {};
  // They are what follows the identifier within the sequence.
  const ByteVector whole = der<X509_ALGOR>(algorithm, i2d_X509_ALGOR);
  const unsigned char* at = whole.data();
  long length = 0;
  int tag = 0, tag_class = 0;
  ASN1_get_object(&at, &length, &tag, &tag_class, static_cast<long>(whole.size()));
  const unsigned char* const end = at + length;
  ASN1_get_object(&at, &length, &tag, &tag_class, end - at);
  return {at + length, end};
}

CRYPT_ALGORITHM_IDENTIFIER Certificate::keep_algorithm(const X509_ALGOR* algorithm) {
  const ASN1_OBJECT* object = nullptr;
  X509_ALGOR_get0(&object, nullptr, nullptr, algorithm);
  CRYPT_ALGORITHM_IDENTIFIER made = {keep_text(object), {}};
  if (ByteVector parameters = parameters_of(algorithm); !parameters.empty())
    made.Parameters = keep(std::move(parameters));
  return made;
}

namespace {

FILETIME file_time(const ASN1_TIME* time) {
  std::tm parts{};
  ASN1_TIME_to_tm(time, &parts);
  constexpr std::int64_t kFrom1601To1970 = 11644473600;
  const std::int64_t ticks = (static_cast<std::int64_t>(timegm(&parts)) + kFrom1601To1970) * 10000000;
  return {static_cast<DWORD>(ticks), static_cast<DWORD>(ticks >> 32)};
}

}  // namespace

Result<CertificatePtr> Certificate::parse(Data encoded) {
  const unsigned char* at = encoded.data();
  X509Ptr parsed(d2i_X509(nullptr, &at, static_cast<long>(encoded.size())));
  if (!parsed) {
    const Error said = crypto::openssl_error(CRYPT_E_ASN1_BADTAG, "a certificate");
    return said;
  }
  CertificatePtr made(new Certificate);
  made->encoded_.assign(encoded.data(), at);
  made->x509_ = std::move(parsed);
  TRY(made->describe());
  return made;
}

Status Certificate::describe() {
  X509* const x509 = x509_.get();
  info_.dwVersion = static_cast<DWORD>(X509_get_version(x509));
  const ASN1_INTEGER* const serial = X509_get0_serialNumber(x509);
  ByteVector number(ASN1_STRING_get0_data(serial), ASN1_STRING_get0_data(serial) + ASN1_STRING_length(serial));
  std::ranges::reverse(number);
  info_.SerialNumber = keep(std::move(number));
  const X509_ALGOR* signature = nullptr;
  X509_get0_signature(nullptr, &signature, x509);
  info_.SignatureAlgorithm = keep_algorithm(signature);
  info_.Issuer = keep(der<X509_NAME>(X509_get_issuer_name(x509), i2d_X509_NAME));
  info_.Subject = keep(der<X509_NAME>(X509_get_subject_name(x509), i2d_X509_NAME));
  info_.NotBefore = file_time(X509_get0_notBefore(x509));
  info_.NotAfter = file_time(X509_get0_notAfter(x509));
  X509_ALGOR* key_algorithm = nullptr;
  const unsigned char* key = nullptr;
  int key_size = 0;
  X509_PUBKEY_get0_param(nullptr, &key, &key_size, &key_algorithm, X509_get_X509_PUBKEY(x509));
  info_.SubjectPublicKeyInfo.Algorithm = keep_algorithm(key_algorithm);
  const CRYPT_DATA_BLOB kept_key = keep({key, key + key_size});
  info_.SubjectPublicKeyInfo.PublicKey = {kept_key.cbData, kept_key.pbData, 0};
  for (int i = 0; i < X509_get_ext_count(x509); ++i) {
    X509_EXTENSION* const extension = X509_get_ext(x509, i);
    const ASN1_OCTET_STRING* const value = X509_EXTENSION_get_data(extension);
    const unsigned char* const bytes = ASN1_STRING_get0_data(value);
    extensions_.push_back({keep_text(X509_EXTENSION_get_object(extension)), X509_EXTENSION_get_critical(extension) != 0,
                           keep({bytes, bytes + ASN1_STRING_length(value)})});
  }
  info_.cExtension = static_cast<DWORD>(extensions_.size());
  info_.rgExtension = extensions_.empty() ? nullptr : extensions_.data();
  return ok;
}

namespace {

// A DER element around its contents.
ByteVector element(BYTE tag, const ByteVector& contents) {
  ByteVector made = {tag};
  const std::size_t size = contents.size();
  if (size >= 0x80) {
    int bytes = 1;
    while (size >> (8 * bytes) != 0) ++bytes;
    made.push_back(static_cast<BYTE>(0x80 | bytes));
    for (int i = bytes - 1; i >= 0; --i) made.push_back(static_cast<BYTE>(size >> (8 * i)));
  } else {
    made.push_back(static_cast<BYTE>(size));
  }
  made.insert(made.end(), contents.begin(), contents.end());
  return made;
}

}  // namespace

Result<crypto::PublicKey> public_key(const CERT_PUBLIC_KEY_INFO& info) {
  const crypto::Owned<ASN1_OBJECT, ASN1_OBJECT_free> id(
      OBJ_txt2obj(info.Algorithm.pszObjId == nullptr ? "" : info.Algorithm.pszObjId, 1));
  if (!id) return crypto::openssl_error(NTE_BAD_DATA, "a public key's algorithm");
  ByteVector algorithm = der<ASN1_OBJECT>(id.get(), i2d_ASN1_OBJECT);
  const Data parameters = data(info.Algorithm.Parameters);
  algorithm.insert(algorithm.end(), parameters.begin(), parameters.end());
  ByteVector bits = {static_cast<BYTE>(info.PublicKey.cUnusedBits)};
  const Data key = crypto::data(info.PublicKey.pbData, info.PublicKey.cbData);
  bits.insert(bits.end(), key.begin(), key.end());
  ByteVector whole = element(0x30, algorithm);
  const ByteVector bit_string = element(0x03, bits);
  whole.insert(whole.end(), bit_string.begin(), bit_string.end());
  const ByteVector encoded = element(0x30, whole);
  const unsigned char* at = encoded.data();
  crypto::PublicKey made(d2i_PUBKEY_ex(nullptr, &at, static_cast<long>(encoded.size()), crypto::library(), nullptr));
  if (!made) return crypto::openssl_error(NTE_BAD_DATA, "a public key");
  return made;
}

// ---- contexts -------------------------------------------------------------------------------------------------------

Context::Context(CertificatePtr of, Store* in)
    : CERT_CONTEXT{X509_ASN_ENCODING, const_cast<BYTE*>(of->encoded().data()), static_cast<DWORD>(of->encoded().size()),
                   const_cast<CERT_INFO*>(&of->info()), in},
      certificate(std::move(of)) {
  if (in != nullptr) in->hold();
}

Context::~Context() {
  if (hCertStore != nullptr) static_cast<Store*>(hCertStore)->release();
}

Result<Context*> context_of(const CERT_CONTEXT* context) {
  if (context == nullptr) return fail(E_INVALIDARG, "no certificate");
  return static_cast<Context*>(const_cast<CERT_CONTEXT*>(context));
}

void release(Context* context) {
  if (--context->holders == 0) delete context;
}

enum : DWORD {
  CERT_SHA1_HASH_PROP_ID = 3,
  CERT_MD5_HASH_PROP_ID = 4,
  CERT_ENHKEY_USAGE_PROP_ID = 9,
  CERT_FRIENDLY_NAME_PROP_ID = 11,
  CERT_SIGNATURE_HASH_PROP_ID = 15,
  CERT_ACCESS_STATE_PROP_ID = 14,
  CERT_KEY_IDENTIFIER_PROP_ID = 20,
  CERT_ISSUER_PUBLIC_KEY_MD5_HASH_PROP_ID = 24,
  CERT_SUBJECT_PUBLIC_KEY_MD5_HASH_PROP_ID = 25,
  CERT_ISSUER_SERIAL_NUMBER_MD5_HASH_PROP_ID = 28,
  CERT_SUBJECT_NAME_MD5_HASH_PROP_ID = 29,
  CERT_SHA256_HASH_PROP_ID = 107,
};

Result<ByteVector> property(Certificate& certificate, DWORD id) {
  const CERT_INFO& info = certificate.info();
  const std::lock_guard lock(certificate.mutex);
  if (const auto found = certificate.properties.find(id); found != certificate.properties.end()) return found->second;
  switch (id) {
    case CERT_SHA1_HASH_PROP_ID:
      return crypto::hash(crypto::HashKind::sha1, certificate.encoded());
    case CERT_MD5_HASH_PROP_ID:
      return crypto::hash(crypto::HashKind::md5, certificate.encoded());
    case CERT_SHA256_HASH_PROP_ID:
      return crypto::hash(crypto::HashKind::sha256, certificate.encoded());
    case CERT_SUBJECT_NAME_MD5_HASH_PROP_ID:
      return crypto::hash(crypto::HashKind::md5, data(info.Subject));
    case CERT_ACCESS_STATE_PROP_ID:
      return ByteVector(sizeof(DWORD));  // nothing is written back
    case CERT_KEY_IDENTIFIER_PROP_ID: {
      if (const ASN1_OCTET_STRING* said = X509_get0_subject_key_id(certificate.x509()))
        return ByteVector(ASN1_STRING_get0_data(said), ASN1_STRING_get0_data(said) + ASN1_STRING_length(said));
      const auto& key = info.SubjectPublicKeyInfo.PublicKey;
      return crypto::hash(crypto::HashKind::sha1, crypto::data(key.pbData, key.cbData));
    }
    default:
      return fail(CRYPT_E_NOT_FOUND, "the certificate has no property {}", id);
  }
}

namespace {

// ---- the functions --------------------------------------------------------------------------------------------------

HM_WINAPI const CERT_CONTEXT* CertCreateCertificateContext(DWORD encoding, const BYTE* encoded, DWORD size) noexcept {
  return security_answer<const CERT_CONTEXT*>(nullptr, [&]() -> Result<const CERT_CONTEXT*> {
    if ((encoding & 0xFFFF) != X509_ASN_ENCODING) return fail(E_INVALIDARG, "encoding {:#x}", encoding);
    CertificatePtr made = TRY(Certificate::parse(crypto::data(encoded, size)));
    return new Context(std::move(made), nullptr);
  });
}

HM_WINAPI const CERT_CONTEXT* CertDuplicateCertificateContext(const CERT_CONTEXT* context) noexcept {
  if (context != nullptr) ++static_cast<Context*>(const_cast<CERT_CONTEXT*>(context))->holders;
  return context;
}

HM_WINAPI BOOL CertFreeCertificateContext(const CERT_CONTEXT* context) noexcept {
  if (context != nullptr) release(static_cast<Context*>(const_cast<CERT_CONTEXT*>(context)));
  return TRUE;
}

HM_WINAPI BOOL CertGetCertificateContextProperty(const CERT_CONTEXT* context, DWORD id, void* buffer,
                                                 DWORD* size) noexcept {
  return security_succeed([&]() -> Status {
    Context* const of = TRY(context_of(context));
    const ByteVector value = TRY(property(*of->certificate, id));
    return give(value, buffer, size);
  });
}

// Most are given as a blob; those that hold something else (keys' places and contexts) are not taken.
HM_WINAPI BOOL CertSetCertificateContextProperty(const CERT_CONTEXT* context, DWORD id, DWORD,
                                                 const void* value) noexcept {
  return security_succeed([&]() -> Status {
    Context* const of = TRY(context_of(context));
    constexpr DWORD kKeyPlaces[] = {1, 2, 5, 6, 78, 99};
    if (std::ranges::find(kKeyPlaces, id) != std::end(kKeyPlaces))
      return fail(STATUS_NOT_SUPPORTED, "property {} says where a private key is", id);
    const std::lock_guard lock(of->certificate->mutex);
    if (value == nullptr) {
      of->certificate->properties.erase(id);
      return ok;
    }
    const Data bytes = data(*static_cast<const CRYPT_DATA_BLOB*>(value));
    of->certificate->properties[id] = {bytes.begin(), bytes.end()};
    return ok;
  });
}

HM_WINAPI DWORD CertEnumCertificateContextProperties(const CERT_CONTEXT* context, DWORD previous) noexcept {
  return security_answer<DWORD>(0, [&]() -> Result<DWORD> {
    Context* const of = TRY(context_of(context));
    const std::lock_guard lock(of->certificate->mutex);
    const auto next = of->certificate->properties.upper_bound(previous);
    return next == of->certificate->properties.end() ? 0 : next->first;
  });
}

std::int64_t ticks(const FILETIME& time) {
  return static_cast<std::int64_t>(std::uint64_t{time.dwHighDateTime} << 32 | time.dwLowDateTime);
}

FILETIME now() {
  const std::int64_t count = (static_cast<std::int64_t>(std::time(nullptr)) + 11644473600) * 10000000;
  return {static_cast<DWORD>(count), static_cast<DWORD>(count >> 32)};
}

HM_WINAPI LONG CertVerifyTimeValidity(const FILETIME* time, const CERT_INFO* info) noexcept {
  const FILETIME at = time == nullptr ? now() : *time;
  if (ticks(at) < ticks(info->NotBefore)) return -1;
  return ticks(at) > ticks(info->NotAfter) ? 1 : 0;
}

HM_WINAPI BOOL CertCompareCertificateName(DWORD, const CRYPT_DATA_BLOB* a, const CRYPT_DATA_BLOB* b) noexcept {
  return std::ranges::equal(data(*a), data(*b));
}

HM_WINAPI BOOL CertCompareIntegerBlob(const CRYPT_DATA_BLOB* a, const CRYPT_DATA_BLOB* b) noexcept {
  // Bytes that only repeat the sign do not count.
  const auto shortened = [](Data number) {
    while (number.size() > 1) {
      const BYTE last = number.back(), before = number[number.size() - 2];
      if (!(last == 0 && before < 0x80) && !(last == 0xFF && before >= 0x80)) break;
      number = number.first(number.size() - 1);
    }
    return number;
  };
  return std::ranges::equal(shortened(data(*a)), shortened(data(*b)));
}

HM_WINAPI BOOL CertCompareCertificate(DWORD encoding, const CERT_INFO* a, const CERT_INFO* b) noexcept {
  return CertCompareCertificateName(encoding, &a->Issuer, &b->Issuer) != FALSE &&
         CertCompareIntegerBlob(&a->SerialNumber, &b->SerialNumber) != FALSE;
}

HM_WINAPI CERT_EXTENSION* CertFindExtension(const char* id, DWORD count, CERT_EXTENSION* extensions) noexcept {
  if (id == nullptr) {
    thread::set_last_error(ERROR_INVALID_PARAMETER);
    return nullptr;
  }
  for (DWORD i = 0; i < count; ++i)
    if (std::strcmp(extensions[i].pszObjId, id) == 0) return &extensions[i];
  thread::set_last_error(static_cast<DWORD>(CRYPT_E_NOT_FOUND));
  return nullptr;
}

HM_WINAPI BOOL CertGetIntendedKeyUsage(DWORD, CERT_INFO* info, BYTE* usage, DWORD size) noexcept {
  std::memset(usage, 0, size);
  const CERT_EXTENSION* const found = CertFindExtension("2.5.29.15", info->cExtension, info->rgExtension);
  if (found == nullptr) {
    thread::set_last_error(0);  // no error: it may be used for anything
    return FALSE;
  }
  const unsigned char* at = found->Value.pbData;
  const crypto::Owned<ASN1_BIT_STRING, ASN1_BIT_STRING_free> bits(
      d2i_ASN1_BIT_STRING(nullptr, &at, static_cast<long>(found->Value.cbData)));
  if (!bits) return FALSE;
  std::memcpy(usage, ASN1_STRING_get0_data(bits.get()),
              std::min<std::size_t>(size, static_cast<std::size_t>(ASN1_STRING_length(bits.get()))));
  return TRUE;
}

HM_WINAPI DWORD CertGetPublicKeyLength(DWORD, const CERT_PUBLIC_KEY_INFO* info) noexcept {
  return security_answer<DWORD>(0, [&]() -> Result<DWORD> {
    if (info == nullptr) return fail(E_INVALIDARG, "no key");
    const crypto::PublicKey key = TRY(public_key(*info));
    return static_cast<DWORD>(EVP_PKEY_get_bits(key.get()));
  });
}

// The extension, the property, or what both allow.
HM_WINAPI BOOL CertGetEnhancedKeyUsage(const CERT_CONTEXT* context, DWORD flags, CERT_ENHKEY_USAGE* usage,
                                       DWORD* size) noexcept {
  return security_succeed([&]() -> Status {
    constexpr DWORD kExtensionOnly = 2, kPropertyOnly = 4;
    Context* const of = TRY(context_of(context));
    if (size == nullptr || flags == (kExtensionOnly | kPropertyOnly))
      return fail(STATUS_INVALID_PARAMETER, "flags {:#x}", flags);
    const auto read = [](Data encoded) -> Result<std::set<std::string>> {
      const unsigned char* at = encoded.data();
      EXTENDED_KEY_USAGE* const list = d2i_EXTENDED_KEY_USAGE(nullptr, &at, static_cast<long>(encoded.size()));
      if (list == nullptr) return crypto::openssl_error(CRYPT_E_ASN1_BADTAG, "usages of a key");
      std::set<std::string> usages;
      for (int i = 0; i < sk_ASN1_OBJECT_num(list); ++i) usages.insert(dotted(sk_ASN1_OBJECT_value(list, i)));
      EXTENDED_KEY_USAGE_free(list);
      return usages;
    };
    std::optional<std::set<std::string>> allowed;
    const CERT_INFO& info = of->certificate->info();
    if ((flags & kPropertyOnly) == 0)
      for (DWORD i = 0; i < info.cExtension; ++i)
        if (std::strcmp(info.rgExtension[i].pszObjId, "2.5.29.37") == 0)
          allowed = TRY(read(data(info.rgExtension[i].Value)));
    if ((flags & kExtensionOnly) == 0) {
      if (const auto set = property(*of->certificate, CERT_ENHKEY_USAGE_PROP_ID)) {
        const std::set<std::string> also = TRY(read(*set));
        if (allowed)
          std::erase_if(*allowed, [&](const std::string& each) { return !also.contains(each); });
        else
          allowed = also;
      }
    }
    // Without either, anything is allowed: that is an empty list and CRYPT_E_NOT_FOUND.
    std::size_t needed = sizeof *usage;
    if (allowed)
      for (const std::string& each : *allowed) needed += sizeof(char*) + each.size() + 1;
    const DWORD room = std::exchange(*size, static_cast<DWORD>(needed));
    if (usage != nullptr && room < needed) return fail_win32(ERROR_MORE_DATA, "room for {} of {} bytes", room, needed);
    if (usage != nullptr) {
      usage->cUsageIdentifier = allowed ? static_cast<DWORD>(allowed->size()) : 0;
      usage->rgpszUsageIdentifier = usage->cUsageIdentifier == 0 ? nullptr : reinterpret_cast<char**>(usage + 1);
      char* text = reinterpret_cast<char*>(usage + 1) + usage->cUsageIdentifier * sizeof(char*);
      std::size_t i = 0;
      if (allowed)
        for (const std::string& each : *allowed) {
          usage->rgpszUsageIdentifier[i++] = text;
          text = std::copy_n(each.c_str(), each.size() + 1, text);
        }
    }
    if (!allowed && (flags & (kExtensionOnly | kPropertyOnly)) != 0)
      return fail(CRYPT_E_NOT_FOUND, "the certificate does not restrict its usage");
    if (usage != nullptr) thread::set_last_error(allowed ? 0 : static_cast<DWORD>(CRYPT_E_NOT_FOUND));
    return ok;
  });
}

const Export kRows[] = {
    {"CertCompareCertificate", proc(CertCompareCertificate)},
    {"CertCompareCertificateName", proc(CertCompareCertificateName)},
    {"CertCompareIntegerBlob", proc(CertCompareIntegerBlob)},
    {"CertCreateCertificateContext", proc(CertCreateCertificateContext)},
    {"CertDuplicateCertificateContext", proc(CertDuplicateCertificateContext)},
    {"CertEnumCertificateContextProperties", proc(CertEnumCertificateContextProperties), Support::partial,
     "only those that were set"},
    {"CertFindExtension", proc(CertFindExtension)},
    {"CertFreeCertificateContext", proc(CertFreeCertificateContext)},
    {"CertGetCertificateContextProperty", proc(CertGetCertificateContextProperty)},
    {"CertGetEnhancedKeyUsage", proc(CertGetEnhancedKeyUsage)},
    {"CertGetIntendedKeyUsage", proc(CertGetIntendedKeyUsage)},
    {"CertGetPublicKeyLength", proc(CertGetPublicKeyLength)},
    {"CertSetCertificateContextProperty", proc(CertSetCertificateContextProperty), Support::partial, "no private keys"},
    {"CertVerifyTimeValidity", proc(CertVerifyTimeValidity)},
};

}  // namespace
}  // namespace crypt32

extern const ExportTable crypt32_certificate_exports = crypt32::kRows;

}  // namespace hmodule::winapi

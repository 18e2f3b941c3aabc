// wincrypt.h: certificate stores. Those of the system are read from Linux's own certificates; what a program adds to
// one stays with that handle.
#include "crypto/hash.h"
#include "module/builtin.h"
#include "winapi/common/text.h"
#include "winapi/crypt32/certificate.h"
#include "winapi/crypt32/name.h"

#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>

namespace hmodule::winapi {
namespace crypt32 {

Store::~Store() {
  mark_ = 0;
  for (Store* member : members_) member->release();
}

std::vector<CertificatePtr> Store::all() {
  const std::lock_guard lock(mutex_);
  std::vector<CertificatePtr> found = own_;
  for (Store* member : members_) {
    const std::vector<CertificatePtr> theirs = member->all();
    found.insert(found.end(), theirs.begin(), theirs.end());
  }
  return found;
}

void Store::add_member(Store* member) {
  member->hold();
  const std::lock_guard lock(mutex_);
  members_.push_back(member);
}

void Store::remove_member(Store* member) {
  const std::lock_guard lock(mutex_);
  const auto found = std::ranges::find(members_, member);
  if (found == members_.end()) return;
  members_.erase(found);
  member->release();
}

Result<CertificatePtr> Store::add(const CertificatePtr& certificate, DWORD disposition) {
  enum : DWORD {
    kNew = 1,
    kUseExisting = 2,
    kReplace = 3,
    kAlways = 4,
    kReplaceInherit = 5,
    kNewer = 6,
    kNewerInherit = 7
  };
  if (disposition < kNew || disposition > kNewerInherit) return fail(E_INVALIDARG, "disposition {}", disposition);
  const std::lock_guard lock(mutex_);
  const auto same = std::ranges::find_if(
      own_, [&](const CertificatePtr& each) { return std::ranges::equal(each->encoded(), certificate->encoded()); });
  if (disposition == kAlways || same == own_.end()) {
    own_.push_back(certificate);
    return certificate;
  }
  switch (disposition) {
    case kUseExisting:
      return *same;
    case kReplace:
      return *same = certificate;
    case kReplaceInherit: {
      const CertificatePtr replaced = *same;  // with the mutex that is held
      const std::scoped_lock both(replaced->mutex, certificate->mutex);
      certificate->properties.insert(replaced->properties.begin(), replaced->properties.end());
      return *same = certificate;
    }
    // The same certificate is not newer than itself.
    default:
      return fail(CRYPT_E_EXISTS, "the certificate is in the store");
  }
}

bool Store::remove(const Certificate* certificate) {
  const std::lock_guard lock(mutex_);
  return std::erase_if(own_, [&](const CertificatePtr& each) { return each.get() == certificate; }) != 0;
}

Result<Store*> store_of(void* handle) {
  auto* const store = static_cast<Store*>(handle);
  if (reinterpret_cast<std::uintptr_t>(handle) < 0x10000 || !store->valid())
    return fail(STATUS_INVALID_HANDLE, "{} is no certificate store", handle);
  return store;
}

const std::vector<CertificatePtr>& system_roots() {
  static const auto* const roots = [] {
    auto* found = new std::vector<CertificatePtr>;  // never destroyed: DLLs outlive main()
    const char* const chosen = std::getenv("SSL_CERT_FILE");
    // Where Debian, Red Hat, SUSE and Alpine keep them in one file.
    for (const char* path : {chosen, "/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt",
                             "/etc/ssl/ca-bundle.pem", "/etc/ssl/cert.pem"}) {
      if (path == nullptr) continue;
      const crypto::Owned<BIO, BIO_free> file(BIO_new_file(path, "r"));
      if (!file) continue;
      while (X509* const each = PEM_read_bio_X509(file.get(), nullptr, nullptr, nullptr)) {
        const X509Ptr owned(each);
        if (auto parsed = Certificate::parse(der<X509>(each, i2d_X509))) found->push_back(std::move(*parsed));
      }
      break;
    }
    [[maybe_unused]] const Error end = crypto::openssl_error(STATUS_SUCCESS, "the end of the file");
    return found;
  }();
  return *roots;
}

namespace {

enum : std::uintptr_t {
  CERT_STORE_PROV_MEMORY = 2,
  CERT_STORE_PROV_SYSTEM_A = 9,
  CERT_STORE_PROV_SYSTEM_W = 10,
  CERT_STORE_PROV_COLLECTION = 11,
  CERT_STORE_PROV_SYSTEM_REGISTRY_A = 12,
  CERT_STORE_PROV_SYSTEM_REGISTRY_W = 13,
};
constexpr DWORD CERT_STORE_OPEN_EXISTING_FLAG = 0x4000;

Result<Store*> open_system(std::u16string_view name, bool must_exist) {
  std::u16string upper(name);
  for (char16_t& c : upper)
    if (c >= u'a' && c <= u'z') c = static_cast<char16_t>(c - 32);
  if (upper == u"ROOT" || upper == u"AUTHROOT") return new Store(system_roots());
  // Linux keeps no other certificates; these are there and empty.
  constexpr std::u16string_view kEmpty[] = {
      u"MY", u"CA", u"TRUST", u"DISALLOWED", u"TRUSTEDPEOPLE", u"TRUSTEDPUBLISHER", u"ADDRESSBOOK"};
  if (must_exist && std::ranges::find(kEmpty, upper) == std::end(kEmpty))
    return fail_win32(ERROR_FILE_NOT_FOUND, "no certificate store {}", utf8(name));
  return new Store;
}

HM_WINAPI void* CertOpenStore(const char* provider, DWORD, void*, DWORD flags, const void* parameter) noexcept {
  return security_answer<void*>(nullptr, [&]() -> Result<void*> {
    auto kind = reinterpret_cast<std::uintptr_t>(provider);
    if (kind >= 0x10000) {
      const std::string_view name(provider);
      kind = 0;
      if (name == "Memory") kind = CERT_STORE_PROV_MEMORY;
      if (name == "Collection") kind = CERT_STORE_PROV_COLLECTION;
      if (name == "System" || name == "SystemRegistry") kind = CERT_STORE_PROV_SYSTEM_W;
    }
    switch (kind) {
      case CERT_STORE_PROV_MEMORY:
        return new Store;
      case CERT_STORE_PROV_COLLECTION: {
        auto* const made = new Store;
        made->collection = true;
        return made;
      }
      case CERT_STORE_PROV_SYSTEM_W:
      case CERT_STORE_PROV_SYSTEM_REGISTRY_W: {
        const std::u16string_view name = TRY(text(static_cast<const WCHAR*>(parameter)));
        return TRY(open_system(name, (flags & CERT_STORE_OPEN_EXISTING_FLAG) != 0));
      }
      case CERT_STORE_PROV_SYSTEM_A:
      case CERT_STORE_PROV_SYSTEM_REGISTRY_A: {
        const std::string_view name = TRY(text(static_cast<const char*>(parameter)));
        return TRY(open_system(utf16(name), (flags & CERT_STORE_OPEN_EXISTING_FLAG) != 0));
      }
      default:
        return fail_win32(ERROR_FILE_NOT_FOUND, "no kind of certificate store {}", kind);
    }
  });
}

HM_WINAPI void* CertOpenSystemStoreW(void*, const WCHAR* name) noexcept {
  return security_answer<void*>(nullptr, [&]() -> Result<void*> {
    const std::u16string_view wanted = TRY(text(name));
    return TRY(open_system(wanted, false));
  });
}
HM_WINAPI void* CertOpenSystemStoreA(void*, const char* name) noexcept {
  return security_answer<void*>(nullptr, [&]() -> Result<void*> {
    const std::string_view wanted = TRY(text(name));
    return TRY(open_system(utf16(wanted), false));
  });
}

HM_WINAPI void* CertDuplicateStore(void* handle) noexcept {
  if (const auto store = store_of(handle)) (*store)->hold();
  return handle;
}

HM_WINAPI BOOL CertCloseStore(void* handle, DWORD) noexcept {
  if (handle == nullptr) return TRUE;
  return security_succeed([&]() -> Status {
    TRY(store_of(handle))->release();
    return ok;
  });
}

HM_WINAPI BOOL CertAddStoreToCollection(void* collection, void* member, DWORD, DWORD) noexcept {
  return security_succeed([&]() -> Status {
    Store* const whole = TRY(store_of(collection));
    if (!whole->collection) return fail(E_INVALIDARG, "the store is no collection");
    if (member != nullptr) whole->add_member(TRY(store_of(member)));
    return ok;
  });
}
HM_WINAPI void CertRemoveStoreFromCollection(void* collection, void* member) noexcept {
  const auto whole = store_of(collection);
  const auto part = store_of(member);
  if (whole && part) (*whole)->remove_member(*part);
}

Status give_context(const CertificatePtr& certificate, Store* store, const CERT_CONTEXT** context) {
  if (context != nullptr) *context = new Context(certificate, store);
  return ok;
}

HM_WINAPI BOOL CertAddCertificateContextToStore(void* handle, const CERT_CONTEXT* context, DWORD disposition,
                                                const CERT_CONTEXT** added) noexcept {
  return security_succeed([&]() -> Status {
    Context* const from = TRY(context_of(context));
    // A copy, with its own properties.
    const CertificatePtr copy = TRY(Certificate::parse(from->certificate->encoded()));
    {
      const std::lock_guard lock(from->certificate->mutex);
      copy->properties = from->certificate->properties;
      if (from->certificate->private_key) copy->private_key = crypto::share(from->certificate->private_key);
    }
    if (handle == nullptr) return give_context(copy, nullptr, added);
    Store* const store = TRY(store_of(handle));
    const CertificatePtr held = TRY(store->add(copy, disposition));
    return give_context(held, store, added);
  });
}

HM_WINAPI BOOL CertAddEncodedCertificateToStore(void* handle, DWORD encoding, const BYTE* encoded, DWORD size,
                                                DWORD disposition, const CERT_CONTEXT** added) noexcept {
  return security_succeed([&]() -> Status {
    if ((encoding & 0xFFFF) != X509_ASN_ENCODING) return fail(E_INVALIDARG, "encoding {:#x}", encoding);
    const CertificatePtr parsed = TRY(Certificate::parse(crypto::data(encoded, size)));
    if (handle == nullptr) return give_context(parsed, nullptr, added);
    Store* const store = TRY(store_of(handle));
    const CertificatePtr held = TRY(store->add(parsed, disposition));
    return give_context(held, store, added);
  });
}

// Frees the context, too.
HM_WINAPI BOOL CertDeleteCertificateFromStore(const CERT_CONTEXT* context) noexcept {
  if (context == nullptr) return TRUE;
  return security_succeed([&]() -> Status {
    Context* const of = TRY(context_of(context));
    if (of->hCertStore != nullptr) static_cast<Store*>(of->hCertStore)->remove(of->certificate.get());
    release(of);
    return ok;
  });
}

// The first certificate after `previous`, which is freed, that `matches`.
template <typename Matches>
Result<const CERT_CONTEXT*> next(void* handle, const CERT_CONTEXT* previous, Matches matches) {
  struct Freed {
    const CERT_CONTEXT* context;
    ~Freed() {
      if (context != nullptr) release(static_cast<Context*>(const_cast<CERT_CONTEXT*>(context)));
    }
  } const freed{previous};
  Store* const store = TRY(store_of(handle));
  const std::vector<CertificatePtr> all = store->all();
  auto at = all.begin();
  if (previous != nullptr) {
    const CertificatePtr& last = static_cast<const Context*>(previous)->certificate;
    at = std::ranges::find(all, last);
    if (at != all.end()) ++at;
  }
  for (; at != all.end(); ++at)
    if (matches(**at)) return new Context(*at, store);
  return fail(CRYPT_E_NOT_FOUND, "no more certificates");
}

HM_WINAPI const CERT_CONTEXT* CertEnumCertificatesInStore(void* store, const CERT_CONTEXT* previous) noexcept {
  return security_answer<const CERT_CONTEXT*>(
      nullptr, [&] { return next(store, previous, [](const Certificate&) { return true; }); });
}

bool contains(std::u16string_view text, std::u16string_view part) {
  const auto lower = [](char16_t c) { return c >= u'A' && c <= u'Z' ? static_cast<char16_t>(c + 32) : c; };
  const auto same = [&](char16_t a, char16_t b) { return lower(a) == lower(b); };
  return std::search(text.begin(), text.end(), part.begin(), part.end(), same) != text.end() || part.empty();
}

HM_WINAPI const CERT_CONTEXT* CertFindCertificateInStore(void* store, DWORD, DWORD, DWORD type, const void* wanted,
                                                         const CERT_CONTEXT* previous) noexcept {
  enum : DWORD {
    CERT_FIND_ANY = 0,
    CERT_FIND_SHA1_HASH = 0x10000,
    CERT_FIND_ISSUER_NAME = 0x20004,
    CERT_FIND_SUBJECT_NAME = 0x20007,
    CERT_FIND_MD5_HASH = 0x40000,
    CERT_FIND_PROPERTY = 0x50000,
    CERT_FIND_PUBLIC_KEY = 0x60000,
    CERT_FIND_ISSUER_STR_A = 0x70004,
    CERT_FIND_SUBJECT_STR_A = 0x70007,
    CERT_FIND_ISSUER_STR_W = 0x80004,
    CERT_FIND_SUBJECT_STR_W = 0x80007,
    CERT_FIND_SUBJECT_CERT = 0xB0000,
    CERT_FIND_ISSUER_OF = 0xC0000,
    CERT_FIND_EXISTING = 0xD0000,
    CERT_FIND_KEY_IDENTIFIER = 0xF0000,
  };
  return security_answer<const CERT_CONTEXT*>(nullptr, [&]() -> Result<const CERT_CONTEXT*> {
    const auto blob = [&] { return data(*static_cast<const CRYPT_DATA_BLOB*>(wanted)); };
    const auto with_property = [&](DWORD id) {
      return next(store, previous, [&](const Certificate& each) {
        const auto value = property(const_cast<Certificate&>(each), id);
        return value && std::ranges::equal(*value, blob());
      });
    };
    const auto with_text = [&](bool issuer, std::u16string_view part) {
      return next(store, previous, [&](const Certificate& each) {
        const X509_NAME* const name = issuer ? X509_get_issuer_name(each.x509()) : X509_get_subject_name(each.x509());
        return contains(name_text(name, CERT_SIMPLE_NAME_STR), part);
      });
    };
    if (wanted == nullptr && type != CERT_FIND_ANY) return fail(E_INVALIDARG, "nothing to look for");
    switch (type) {
      case CERT_FIND_ANY:
        return next(store, previous, [](const Certificate&) { return true; });
      case CERT_FIND_SHA1_HASH:
        return with_property(3);
      case CERT_FIND_MD5_HASH:
        return with_property(4);
      case CERT_FIND_KEY_IDENTIFIER:
        return with_property(20);
      case CERT_FIND_PROPERTY:
        return next(store, previous, [&](const Certificate& each) {
          return property(const_cast<Certificate&>(each), *static_cast<const DWORD*>(wanted)).has_value();
        });
      case CERT_FIND_SUBJECT_NAME:
        return next(store, previous,
                    [&](const Certificate& each) { return std::ranges::equal(data(each.info().Subject), blob()); });
      case CERT_FIND_ISSUER_NAME:
        return next(store, previous,
                    [&](const Certificate& each) { return std::ranges::equal(data(each.info().Issuer), blob()); });
      case CERT_FIND_PUBLIC_KEY:
        return next(store, previous, [&](const Certificate& each) {
          const auto& key = static_cast<const CERT_PUBLIC_KEY_INFO*>(wanted)->PublicKey;
          const auto& own = each.info().SubjectPublicKeyInfo.PublicKey;
          return std::ranges::equal(crypto::data(own.pbData, own.cbData), crypto::data(key.pbData, key.cbData));
        });
      case CERT_FIND_SUBJECT_STR_A:
      case CERT_FIND_ISSUER_STR_A:
        return with_text(type == CERT_FIND_ISSUER_STR_A, utf16(static_cast<const char*>(wanted)));
      case CERT_FIND_SUBJECT_STR_W:
      case CERT_FIND_ISSUER_STR_W:
        return with_text(type == CERT_FIND_ISSUER_STR_W, static_cast<const WCHAR*>(wanted));
      case CERT_FIND_SUBJECT_CERT:
        return next(store, previous, [&](const Certificate& each) {
          const auto& other = *static_cast<const CERT_INFO*>(wanted);
          return std::ranges::equal(data(each.info().Issuer), data(other.Issuer)) &&
                 std::ranges::equal(data(each.info().SerialNumber), data(other.SerialNumber));
        });
      case CERT_FIND_ISSUER_OF: {
        Context* const issued = TRY(context_of(static_cast<const CERT_CONTEXT*>(wanted)));
        return next(store, previous, [&](const Certificate& each) {
          return X509_check_issued(each.x509(), issued->certificate->x509()) == X509_V_OK;
        });
      }
      case CERT_FIND_EXISTING: {
        Context* const other = TRY(context_of(static_cast<const CERT_CONTEXT*>(wanted)));
        return next(store, previous, [&](const Certificate& each) {
          return std::ranges::equal(each.encoded(), other->certificate->encoded());
        });
      }
      default:
        return fail(E_INVALIDARG, "no way {:#x} to look for certificates", type);
    }
  });
}

HM_WINAPI const CERT_CONTEXT* CertGetSubjectCertificateFromStore(void* store, DWORD encoding,
                                                                 CERT_INFO* wanted) noexcept {
  return CertFindCertificateInStore(store, encoding, 0, 0xB0000, wanted, nullptr);
}

const Export kRows[] = {
    {"CertAddCertificateContextToStore", proc(CertAddCertificateContextToStore)},
    {"CertAddEncodedCertificateToStore", proc(CertAddEncodedCertificateToStore)},
    {"CertAddStoreToCollection", proc(CertAddStoreToCollection)},
    {"CertCloseStore", proc(CertCloseStore)},
    {"CertDeleteCertificateFromStore", proc(CertDeleteCertificateFromStore)},
    {"CertDuplicateStore", proc(CertDuplicateStore)},
    {"CertEnumCertificatesInStore", proc(CertEnumCertificatesInStore)},
    {"CertFindCertificateInStore", proc(CertFindCertificateInStore), Support::partial, "not by usage or signature"},
    {"CertGetSubjectCertificateFromStore", proc(CertGetSubjectCertificateFromStore)},
    {"CertOpenStore", proc(CertOpenStore), Support::partial,
     "system, memory and collection stores; changes are not kept"},
    {"CertOpenSystemStoreA", proc(CertOpenSystemStoreA), Support::partial,
     "changes are not kept; only ROOT has certificates"},
    {"CertOpenSystemStoreW", proc(CertOpenSystemStoreW), Support::partial,
     "changes are not kept; only ROOT has certificates"},
    {"CertRemoveStoreFromCollection", proc(CertRemoveStoreFromCollection)},
};

}  // namespace
}  // namespace crypt32

extern const ExportTable crypt32_store_exports = crypt32::kRows;

}  // namespace hmodule::winapi

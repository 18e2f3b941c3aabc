// wincrypt.h: chains of certificates, and whether they may be trusted. OpenSSL builds and checks them; the system's
// roots are the ones trusted. Revocation is not looked up.
#include "base/utf.h"
#include "module/builtin.h"
#include "winapi/crypt32/certificate.h"

#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>

#include <cstring>

namespace hmodule::winapi {
namespace crypt32 {
namespace {

enum : DWORD {
  CERT_TRUST_IS_NOT_TIME_VALID = 0x1,
  CERT_TRUST_IS_NOT_SIGNATURE_VALID = 0x8,
  CERT_TRUST_IS_NOT_VALID_FOR_USAGE = 0x10,
  CERT_TRUST_IS_UNTRUSTED_ROOT = 0x20,
  CERT_TRUST_REVOCATION_STATUS_UNKNOWN = 0x40,
  CERT_TRUST_INVALID_EXTENSION = 0x100,
  CERT_TRUST_INVALID_BASIC_CONSTRAINTS = 0x400,
  CERT_TRUST_INVALID_NAME_CONSTRAINTS = 0x800,
  CERT_TRUST_IS_PARTIAL_CHAIN = 0x10000,
  CERT_TRUST_HAS_NAME_MATCH_ISSUER = 0x4,
  CERT_TRUST_IS_SELF_SIGNED = 0x8,
};
constexpr DWORD kRevocationFlags = 0xF0000000;  // CERT_CHAIN_REVOCATION_CHECK_...

// What a chain's memory is; the CERT_CHAIN_CONTEXT is its beginning.
struct Chain : CERT_CHAIN_CONTEXT {
  std::atomic<long> holders{1};
  CERT_SIMPLE_CHAIN simple{};
  CERT_SIMPLE_CHAIN* simple_list[1];
  std::vector<CERT_CHAIN_ELEMENT> elements;
  std::vector<CERT_CHAIN_ELEMENT*> element_list;
  ~Chain() {
    for (const CERT_CHAIN_ELEMENT& each : elements)
      release(static_cast<Context*>(const_cast<CERT_CONTEXT*>(each.pCertContext)));
  }
};

DWORD trust_error(int openssl) {
  switch (openssl) {
    case X509_V_OK:
      return 0;
    case X509_V_ERR_CERT_NOT_YET_VALID:
    case X509_V_ERR_CERT_HAS_EXPIRED:
      return CERT_TRUST_IS_NOT_TIME_VALID;
    case X509_V_ERR_CERT_SIGNATURE_FAILURE:
      return CERT_TRUST_IS_NOT_SIGNATURE_VALID;
    case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
    case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
      return CERT_TRUST_IS_UNTRUSTED_ROOT;
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
    case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
      return CERT_TRUST_IS_PARTIAL_CHAIN;
    case X509_V_ERR_INVALID_CA:
    case X509_V_ERR_PATH_LENGTH_EXCEEDED:
      return CERT_TRUST_INVALID_BASIC_CONSTRAINTS;
    case X509_V_ERR_INVALID_PURPOSE:
      return CERT_TRUST_IS_NOT_VALID_FOR_USAGE;
    case X509_V_ERR_PERMITTED_VIOLATION:
    case X509_V_ERR_EXCLUDED_VIOLATION:
      return CERT_TRUST_INVALID_NAME_CONSTRAINTS;
    default:
      return CERT_TRUST_INVALID_EXTENSION;
  }
}

// What went wrong at each depth: checking goes on after each error, so that all are found.
struct Findings {
  std::map<int, DWORD> at;
};
int note(int good, X509_STORE_CTX* context) {
  if (good == 1) return 1;
  auto* const findings = static_cast<Findings*>(X509_STORE_CTX_get_app_data(context));
  findings->at[X509_STORE_CTX_get_error_depth(context)] |= trust_error(X509_STORE_CTX_get_error(context));
  return 1;
}

// What an HCERTCHAINENGINE points to: the roots that it trusts instead of the system's.
struct Engine {
  static constexpr std::uint32_t kMark = 0x69676E65;
  volatile std::uint32_t mark = kMark;
  ~Engine() { mark = 0; }
  std::vector<CertificatePtr> roots;
};
Result<const std::vector<CertificatePtr>*> roots_of(void* engine) {
  constexpr std::uintptr_t kLastConstant = 3;  // HCCE_CURRENT_USER is NULL, the other constants follow
  if (reinterpret_cast<std::uintptr_t>(engine) <= kLastConstant) return &system_roots();
  const auto* const own = static_cast<const Engine*>(engine);
  if (own->mark != Engine::kMark) return fail(E_INVALIDARG, "{} is no chain engine", engine);
  return &own->roots;
}

using Trusted = crypto::Owned<X509_STORE, X509_STORE_free>;

bool allows(X509* x509, const CERT_ENHKEY_USAGE& wanted, bool all) {
  auto* const usages = static_cast<EXTENDED_KEY_USAGE*>(X509_get_ext_d2i(x509, NID_ext_key_usage, nullptr, nullptr));
  if (usages == nullptr) return true;
  DWORD found = 0;
  for (DWORD i = 0; i < wanted.cUsageIdentifier; ++i)
    for (int k = 0; k < sk_ASN1_OBJECT_num(usages); ++k)
      if (dotted(sk_ASN1_OBJECT_value(usages, k)) == wanted.rgpszUsageIdentifier[i] ||
          OBJ_obj2nid(sk_ASN1_OBJECT_value(usages, k)) == NID_anyExtendedKeyUsage) {
        ++found;
        break;
      }
  EXTENDED_KEY_USAGE_free(usages);
  return all ? found == wanted.cUsageIdentifier : found != 0;
}

struct FreeStack {
  void operator()(STACK_OF(X509) * stack) const { sk_X509_free(stack); }
};

Result<const CERT_CHAIN_CONTEXT*> build(void* engine, Context* leaf, const FILETIME* time, void* additional,
                                        const CERT_CHAIN_PARA* wanted, DWORD flags) {
  const std::unique_ptr<STACK_OF(X509), FreeStack> offered(sk_X509_new_null());
  std::vector<CertificatePtr> kept;  // those the stack points to
  for (void* const each : {additional, leaf->hCertStore}) {
    if (each == nullptr) continue;
    for (const CertificatePtr& one : TRY(store_of(each))->all()) {
      kept.push_back(one);
      sk_X509_push(offered.get(), one->x509());
    }
  }
  const Trusted trusted(X509_STORE_new());
  for (const CertificatePtr& each : *TRY(roots_of(engine))) X509_STORE_add_cert(trusted.get(), each->x509());
  const crypto::Owned<X509_STORE_CTX, X509_STORE_CTX_free> context(X509_STORE_CTX_new_ex(crypto::library(), nullptr));
  if (X509_STORE_CTX_init(context.get(), trusted.get(), leaf->certificate->x509(), offered.get()) != 1)
    return crypto::openssl_error(E_INVALIDARG, "building a chain");
  Findings findings;
  X509_STORE_CTX_set_app_data(context.get(), &findings);
  X509_STORE_CTX_set_verify_cb(context.get(), note);
  if (time != nullptr) {
    const auto ticks = static_cast<std::int64_t>(std::uint64_t{time->dwHighDateTime} << 32 | time->dwLowDateTime);
    X509_VERIFY_PARAM_set_time(X509_STORE_CTX_get0_param(context.get()), ticks / 10000000 - 11644473600);
  }
  X509_verify_cert(context.get());
  [[maybe_unused]] const Error said = crypto::openssl_error(STATUS_SUCCESS, "a chain");

  auto made = std::make_unique<Chain>();
  const STACK_OF(X509)* const found = X509_STORE_CTX_get0_chain(context.get());
  for (int i = 0; i < sk_X509_num(found); ++i) {
    X509* const x509 = sk_X509_value(found, i);
    CertificatePtr certificate = i == 0 ? leaf->certificate : TRY(Certificate::parse(der<X509>(x509, i2d_X509)));
    CERT_CHAIN_ELEMENT element{};
    element.cbSize = sizeof element;
    element.pCertContext = new Context(std::move(certificate), nullptr);
    element.TrustStatus.dwErrorStatus = findings.at[i];
    element.TrustStatus.dwInfoStatus =
        X509_self_signed(x509, 0) == 1 ? CERT_TRUST_IS_SELF_SIGNED : CERT_TRUST_HAS_NAME_MATCH_ISSUER;
    made->elements.push_back(element);
  }
  if (made->elements.empty()) return fail(E_INVALIDARG, "no chain");
  CERT_CHAIN_ELEMENT& first = made->elements.front();
  if (wanted != nullptr && wanted->RequestedUsage.Usage.cUsageIdentifier != 0 &&
      !allows(leaf->certificate->x509(), wanted->RequestedUsage.Usage, wanted->RequestedUsage.dwType == 0))
    first.TrustStatus.dwErrorStatus |= CERT_TRUST_IS_NOT_VALID_FOR_USAGE;
  // Nobody is asked whether a certificate is revoked, so that stays unknown.
  if ((flags & kRevocationFlags) != 0) first.TrustStatus.dwErrorStatus |= CERT_TRUST_REVOCATION_STATUS_UNKNOWN;
  CERT_TRUST_STATUS& whole = made->TrustStatus;
  for (CERT_CHAIN_ELEMENT& each : made->elements) {
    whole.dwErrorStatus |= each.TrustStatus.dwErrorStatus;
    made->element_list.push_back(&each);
  }
  made->simple.cbSize = sizeof made->simple;
  made->simple.TrustStatus = whole;
  made->simple.cElement = static_cast<DWORD>(made->elements.size());
  made->simple.rgpElement = made->element_list.data();
  made->simple_list[0] = &made->simple;
  made->cbSize = sizeof(CERT_CHAIN_CONTEXT);
  made->cChain = 1;
  made->rgpChain = made->simple_list;
  return made.release();
}

HM_WINAPI BOOL CertGetCertificateChain(void* engine, const CERT_CONTEXT* context, const FILETIME* time,
                                       void* additional, const CERT_CHAIN_PARA* wanted, DWORD flags, void*,
                                       const CERT_CHAIN_CONTEXT** chain) noexcept {
  return security_succeed([&]() -> Status {
    Context* const leaf = TRY(context_of(context));
    if (chain == nullptr) return fail(E_INVALIDARG, "no room for the chain");
    *chain = TRY(build(engine, leaf, time, additional, wanted, flags));
    return ok;
  });
}

HM_WINAPI const CERT_CHAIN_CONTEXT* CertDuplicateCertificateChain(const CERT_CHAIN_CONTEXT* chain) noexcept {
  if (chain != nullptr) ++static_cast<Chain*>(const_cast<CERT_CHAIN_CONTEXT*>(chain))->holders;
  return chain;
}

HM_WINAPI void CertFreeCertificateChain(const CERT_CHAIN_CONTEXT* chain) noexcept {
  auto* const of = static_cast<Chain*>(const_cast<CERT_CHAIN_CONTEXT*>(chain));
  if (of != nullptr && --of->holders == 0) delete of;
}

struct CERT_CHAIN_ENGINE_CONFIG {
  DWORD cbSize;
  void *hRestrictedRoot, *hRestrictedTrust, *hRestrictedOther;
  DWORD cAdditionalStore;
  void** rghAdditionalStore;
  DWORD dwFlags, dwUrlRetrievalTimeout, MaximumCachedCertificates, CycleDetectionModulus;
  void *hExclusiveRoot, *hExclusiveTrustedPeople;
  DWORD dwExclusiveFlags;
};

HM_WINAPI BOOL CertCreateCertificateChainEngine(const CERT_CHAIN_ENGINE_CONFIG* config, void** engine) noexcept {
  return security_succeed([&]() -> Status {
    if (config == nullptr || engine == nullptr) return fail(E_INVALIDARG, "a NULL");
    const auto has = [&](std::size_t offset) { return config->cbSize >= offset + sizeof(void*); };
    if (config->hRestrictedRoot != nullptr || config->hRestrictedTrust != nullptr || config->cAdditionalStore != 0)
      return fail(STATUS_NOT_SUPPORTED, "a chain engine with restricted or additional stores");
    auto made = std::make_unique<Engine>();
    if (has(offsetof(CERT_CHAIN_ENGINE_CONFIG, hExclusiveRoot)) && config->hExclusiveRoot != nullptr)
      made->roots = TRY(store_of(config->hExclusiveRoot))->all();
    else
      made->roots = system_roots();
    *engine = made.release();
    return ok;
  });
}

HM_WINAPI void CertFreeCertificateChainEngine(void* engine) noexcept {
  if (reinterpret_cast<std::uintptr_t>(engine) >= 0x10000) delete static_cast<Engine*>(engine);
}

// ---- policies -------------------------------------------------------------------------------------------------------

enum : std::uintptr_t {
  CERT_CHAIN_POLICY_BASE = 1,
  CERT_CHAIN_POLICY_AUTHENTICODE = 2,
  CERT_CHAIN_POLICY_SSL = 4,
  CERT_CHAIN_POLICY_BASIC_CONSTRAINTS = 5
};
enum : DWORD {
  kIgnoreTime = 0x7,       // CERT_CHAIN_POLICY_IGNORE_ALL_NOT_TIME_VALID_FLAGS
  kAllowUnknownCa = 0x10,  // CERT_CHAIN_POLICY_ALLOW_UNKNOWN_CA_FLAG
  kIgnoreWrongUsage = 0x20,
  kIgnoreRevocation = 0xF00,
  SECURITY_FLAG_IGNORE_CERT_CN_INVALID = 0x1000,
};

struct Finding {
  DWORD trust;
  DWORD ignored_by;
  DWORD error;
};
// The worst first.
constexpr Finding kFindings[] = {
    {CERT_TRUST_IS_NOT_SIGNATURE_VALID, 0, 0x80096004},                     // TRUST_E_CERT_SIGNATURE
    {CERT_TRUST_IS_UNTRUSTED_ROOT, kAllowUnknownCa, 0x800B0109},            // CERT_E_UNTRUSTEDROOT
    {CERT_TRUST_IS_PARTIAL_CHAIN, kAllowUnknownCa, 0x800B010A},             // CERT_E_CHAINING
    {CERT_TRUST_INVALID_BASIC_CONSTRAINTS, 0x8, 0x80096019},                // TRUST_E_BASIC_CONSTRAINTS
    {CERT_TRUST_INVALID_NAME_CONSTRAINTS, 0x40, 0x800B0114},                // CERT_E_INVALID_NAME
    {CERT_TRUST_INVALID_EXTENSION, 0, 0x800B0105},                          // CERT_E_CRITICAL
    {CERT_TRUST_IS_NOT_VALID_FOR_USAGE, kIgnoreWrongUsage, 0x800B0110},     // CERT_E_WRONG_USAGE
    {CERT_TRUST_IS_NOT_TIME_VALID, kIgnoreTime, 0x800B0101},                // CERT_E_EXPIRED
    {CERT_TRUST_REVOCATION_STATUS_UNKNOWN, kIgnoreRevocation, 0x80092012},  // CRYPT_E_NO_REVOCATION_CHECK
};

// What the chain as a whole is not said to have is not looked for: programs clear there what they accept.
void check_elements(const CERT_CHAIN_CONTEXT& chain, DWORD flags, DWORD considered, CERT_CHAIN_POLICY_STATUS& status) {
  for (const Finding& finding : kFindings) {
    if ((finding.trust & considered & chain.TrustStatus.dwErrorStatus) == 0 || (flags & finding.ignored_by) != 0)
      continue;
    for (DWORD i = 0; i < chain.rgpChain[0]->cElement; ++i)
      if ((chain.rgpChain[0]->rgpElement[i]->TrustStatus.dwErrorStatus & finding.trust) != 0) {
        status.dwError = finding.error;
        status.lChainIndex = 0;
        status.lElementIndex = static_cast<LONG>(i);
        return;
      }
  }
}

constexpr DWORD kServer = 2;  // AUTHTYPE_SERVER

bool serves(X509* x509, const std::string& host) {
  return X509_check_host(x509, host.data(), host.size(), 0, nullptr) == 1 ||
         X509_check_ip_asc(x509, host.c_str(), 0) == 1;
}

HM_WINAPI BOOL CertVerifyCertificateChainPolicy(std::uintptr_t policy, const CERT_CHAIN_CONTEXT* chain,
                                                const CERT_CHAIN_POLICY_PARA* parameters,
                                                CERT_CHAIN_POLICY_STATUS* status) noexcept {
  return security_succeed([&]() -> Status {
    if (chain == nullptr || status == nullptr || chain->cChain == 0) return fail(E_INVALIDARG, "a NULL");
    if (policy != CERT_CHAIN_POLICY_BASE && policy != CERT_CHAIN_POLICY_SSL &&
        policy != CERT_CHAIN_POLICY_BASIC_CONSTRAINTS)
      return fail_win32(ERROR_FILE_NOT_FOUND, "no policy {}", policy);
    const DWORD flags = parameters == nullptr ? 0 : parameters->dwFlags;
    status->dwError = 0;
    status->lChainIndex = status->lElementIndex = -1;
    check_elements(*chain, flags,
                   policy == CERT_CHAIN_POLICY_BASIC_CONSTRAINTS ? CERT_TRUST_INVALID_BASIC_CONSTRAINTS : ~0U, *status);
    if (status->dwError != 0 || policy != CERT_CHAIN_POLICY_SSL || parameters == nullptr ||
        parameters->pvExtraPolicyPara == nullptr)
      return ok;
    const auto& ssl = *static_cast<const SSL_EXTRA_CERT_CHAIN_POLICY_PARA*>(parameters->pvExtraPolicyPara);
    if (ssl.dwAuthType != kServer || ssl.pwszServerName == nullptr ||
        (ssl.fdwChecks & SECURITY_FLAG_IGNORE_CERT_CN_INVALID) != 0)
      return ok;
    const CERT_CONTEXT* const leaf = chain->rgpChain[0]->rgpElement[0]->pCertContext;
    if (!serves(static_cast<const Context*>(leaf)->certificate->x509(),
                utf8(std::u16string_view(ssl.pwszServerName)))) {
      status->dwError = 0x800B010F;  // CERT_E_CN_NO_MATCH
      status->lChainIndex = status->lElementIndex = 0;
    }
    return ok;
  });
}

}  // namespace

Result<DWORD> server_policy_error(Context& leaf, const WCHAR* name) {
  const CERT_CHAIN_CONTEXT* const chain = TRY(build(nullptr, &leaf, nullptr, nullptr, nullptr, 0));
  SSL_EXTRA_CERT_CHAIN_POLICY_PARA ssl = {sizeof ssl, kServer, 0, name};
  const CERT_CHAIN_POLICY_PARA parameters = {sizeof parameters, 0, &ssl};
  CERT_CHAIN_POLICY_STATUS status = {sizeof status, 0, 0, 0, nullptr};
  CertVerifyCertificateChainPolicy(CERT_CHAIN_POLICY_SSL, chain, &parameters, &status);
  CertFreeCertificateChain(chain);
  return status.dwError;
}

namespace {

const Export kRows[] = {
    {"CertCreateCertificateChainEngine", proc(CertCreateCertificateChainEngine), Support::partial,
     "the system's roots, or hExclusiveRoot"},
    {"CertDuplicateCertificateChain", proc(CertDuplicateCertificateChain)},
    {"CertFreeCertificateChain", proc(CertFreeCertificateChain)},
    {"CertFreeCertificateChainEngine", proc(CertFreeCertificateChainEngine)},
    {"CertGetCertificateChain", proc(CertGetCertificateChain), Support::partial, "revocation stays unknown"},
    {"CertVerifyCertificateChainPolicy", proc(CertVerifyCertificateChainPolicy), Support::partial,
     "base, SSL and basic constraints"},
};

}  // namespace
}  // namespace crypt32

extern const ExportTable crypt32_chain_exports = crypt32::kRows;

}  // namespace hmodule::winapi

// sspi.h: the list of security packages, which is Schannel alone, and handles to what it keeps.
#include "winapi/secur32/sspi.h"

#include "base/utf.h"
#include "module/builtin.h"
#include "winapi/common/answer.h"
#include "winapi/secur32/schannel.h"

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <map>
#include <string>
#include <string_view>
#include <utility>

namespace hmodule::winapi {
namespace secur32 {
namespace {

// What handles of one kind name. A handle is a number, so one that was closed is known for what it is.
template <typename T>
class Handles {
 public:
  SecHandle add(std::shared_ptr<T> object) {
    const std::lock_guard lock(mutex_);
    objects_[++last_] = std::move(object);
    return {last_, kMark};
  }
  Result<std::shared_ptr<T>> find(const SecHandle* handle) {
    const std::lock_guard lock(mutex_);
    const auto found = look_up(handle);
    if (found == objects_.end()) return unknown(handle);
    return found->second;
  }
  Status remove(const SecHandle* handle) {
    std::shared_ptr<T> object;  // goes without the lock
    const std::lock_guard lock(mutex_);
    const auto found = look_up(handle);
    if (found == objects_.end()) return unknown(handle);
    object = std::move(found->second);
    objects_.erase(found);
    return ok;
  }

 private:
  static constexpr ULONG_PTR kMark = 0x4E414843;
  auto look_up(const SecHandle* handle) {
    return handle == nullptr || handle->dwUpper != kMark ? objects_.end() : objects_.find(handle->dwLower);
  }
  static Error unknown(const SecHandle* handle) {
    return fail(SEC_E_INVALID_HANDLE, "no handle {:#x}", handle == nullptr ? 0 : handle->dwLower);
  }
  std::mutex mutex_;
  std::map<ULONG_PTR, std::shared_ptr<T>> objects_;
  ULONG_PTR last_ = 0;
};

Handles<Credentials>& credentials() {
  static auto* const all = new Handles<Credentials>;  // never destroyed: DLLs outlive main()
  return *all;
}
Handles<Connection>& connections() {
  static auto* const all = new Handles<Connection>;
  return *all;
}

// Runs `work`, which returns Result<LONG>, and gives its SECURITY_STATUS.
template <typename Work>
LONG security_status(Work&& work, const char* function = __builtin_FUNCTION()) noexcept {
  constexpr std::uint32_t kSecurity = 0x8009;
  try {
    const Result<LONG> result = work();
    if (result) return *result;
    trace_failure(function, result.error());
    const NTSTATUS status = result.error().status;
    return static_cast<std::uint32_t>(status) >> 16 == kSecurity ? status : SEC_E_INTERNAL_ERROR;
  } catch (const std::bad_alloc&) {
    return SEC_E_INSUFFICIENT_MEMORY;
  }
}

std::u16string wide(const WCHAR* text) {
  return text == nullptr ? std::u16string() : std::u16string(text);
}
std::u16string wide(const char* text) {
  return text == nullptr ? std::u16string() : utf16(text);
}

// --- packages ---

constexpr std::u16string_view kNames[] = {u"Schannel", u"Microsoft Unified Security Protocol Provider"};
constexpr std::u16string_view kComment = u"Schannel Security Package";

Status require_schannel(std::u16string_view name) {
  if (std::ranges::any_of(kNames, [&](std::u16string_view each) { return equal_ignoring_case(each, name); })) return ok;
  return fail(SEC_E_SECPKG_NOT_FOUND, "no security package is called \"{}\"", utf8(name));
}

// The packages with `names`, and their texts behind them, in one piece of memory.
template <typename Char>
SecPkgInfo<Char>* describe(std::span<const std::u16string_view> names) {
  // INTEGRITY, PRIVACY, CONNECTION, MULTI_REQUIRED, EXTENDED_ERROR, IMPERSONATION, ACCEPT_WIN32_NAME, STREAM,
  // MUTUAL_AUTH
  constexpr ULONG kCapabilities = 0x107B3;
  constexpr USHORT kVersion = 1, kRpcId = 14;  // RPC_C_AUTHN_GSS_SCHANNEL
  std::basic_string<Char> texts;
  const auto append = [&](std::u16string_view text) {
    for (const char16_t c : text) texts += static_cast<Char>(c);  // ASCII
    texts += Char{0};
  };
  for (const auto name : names) append(name), append(kComment);
  const std::size_t head = names.size() * sizeof(SecPkgInfo<Char>);
  auto* const memory = static_cast<BYTE*>(std::malloc(head + texts.size() * sizeof(Char)));
  if (memory == nullptr) throw std::bad_alloc();
  auto* text = reinterpret_cast<Char*>(memory + head);
  std::ranges::copy(texts, text);
  auto* const infos = reinterpret_cast<SecPkgInfo<Char>*>(memory);
  for (std::size_t i = 0; i < names.size(); ++i) {
    Char* const name = std::exchange(text, text + names[i].size() + 1);
    Char* const comment = std::exchange(text, text + kComment.size() + 1);
    infos[i] = {kCapabilities, kVersion, kRpcId, kMaximumToken, name, comment};
  }
  return infos;
}

template <typename Char>
LONG enumerate(ULONG* count, SecPkgInfo<Char>** list) noexcept {
  return security_status([&]() -> Result<LONG> {
    *list = describe<Char>(kNames);
    *count = static_cast<ULONG>(std::size(kNames));
    return SEC_E_OK;
  });
}
HM_WINAPI LONG EnumerateSecurityPackagesA(ULONG* count, SecPkgInfo<char>** list) noexcept {
  return enumerate(count, list);
}
HM_WINAPI LONG EnumerateSecurityPackagesW(ULONG* count, SecPkgInfo<WCHAR>** list) noexcept {
  return enumerate(count, list);
}

template <typename Char>
LONG query_package(const Char* name, SecPkgInfo<Char>** info) noexcept {
  return security_status([&]() -> Result<LONG> {
    const std::u16string wanted = wide(name);
    TRY(require_schannel(wanted));
    const std::u16string_view names[] = {wanted};
    *info = describe<Char>(names);
    return SEC_E_OK;
  });
}
HM_WINAPI LONG QuerySecurityPackageInfoA(const char* name, SecPkgInfo<char>** info) noexcept {
  return query_package(name, info);
}
HM_WINAPI LONG QuerySecurityPackageInfoW(const WCHAR* name, SecPkgInfo<WCHAR>** info) noexcept {
  return query_package(name, info);
}

HM_WINAPI LONG FreeContextBuffer(void* buffer) noexcept {
  std::free(buffer);
  return SEC_E_OK;
}

// --- credentials and contexts ---

// Nothing here expires.
void tell_expiry(LARGE_INTEGER* expiry) {
  if (expiry != nullptr) *expiry = 0x7FFF'FF36'D595'FFFF;  // the last moment of the year 30827
}

template <typename Char>
LONG acquire(const Char* package, ULONG use, const void* wish, SecHandle* handle, LARGE_INTEGER* expiry) noexcept {
  return security_status([&]() -> Result<LONG> {
    TRY(require_schannel(wide(package)));
    if (handle == nullptr) return fail(SEC_E_INVALID_HANDLE, "no room for the handle");
    CredentialsPtr made = TRY(Credentials::make(use, wish));
    *handle = credentials().add(std::move(made));
    tell_expiry(expiry);
    return SEC_E_OK;
  });
}
HM_WINAPI LONG AcquireCredentialsHandleA(const char*, const char* package, ULONG use, void*, const void* wish, void*,
                                         void*, SecHandle* handle, LARGE_INTEGER* expiry) noexcept {
  return acquire(package, use, wish, handle, expiry);
}
HM_WINAPI LONG AcquireCredentialsHandleW(const WCHAR*, const WCHAR* package, ULONG use, void*, const void* wish, void*,
                                         void*, SecHandle* handle, LARGE_INTEGER* expiry) noexcept {
  return acquire(package, use, wish, handle, expiry);
}

HM_WINAPI LONG FreeCredentialsHandle(SecHandle* handle) noexcept {
  return security_status([&]() -> Result<LONG> {
    TRY(credentials().remove(handle));
    return SEC_E_OK;
  });
}

// The same for text of either kind: nothing of it is text.
HM_WINAPI LONG QueryCredentialsAttributes(const SecHandle* handle, ULONG attribute, void* buffer) noexcept {
  return security_status([&]() -> Result<LONG> {
    const CredentialsPtr asked = TRY(credentials().find(handle));
    if (buffer == nullptr) return fail(SEC_E_INVALID_TOKEN, "no room for the attribute");
    if (attribute != SECPKG_ATTR_SUPPORTED_PROTOCOLS)
      return fail(SEC_E_UNSUPPORTED_FUNCTION, "attribute {:#x} of credentials", attribute);
    *static_cast<DWORD*>(buffer) = asked->protocols();
    return SEC_E_OK;
  });
}

struct Step {
  const SecHandle *credentials, *context;
  std::u16string target;
  ULONG request;
  SecBufferDesc* input;
  SecHandle* new_context;
  SecBufferDesc* output;
  ULONG* attributes;
  ULONG always, if_asked;  // what is told of a connection
};

constexpr ULONG kForBoth = ISC_REQ_MUTUAL_AUTH | ISC_REQ_REPLAY_DETECT | ISC_REQ_SEQUENCE_DETECT |
                           ISC_REQ_ALLOCATE_MEMORY | ISC_REQ_CONNECTION;

Result<LONG> take(const Step& step) {
  ConnectionPtr connection;
  if (step.context != nullptr) {
    connection = TRY(connections().find(step.context));
  } else {
    CredentialsPtr shown = TRY(credentials().find(step.credentials));
    connection = std::make_shared<Connection>(std::move(shown), step.target);
  }
  if (step.context == nullptr && step.new_context == nullptr)
    return fail(SEC_E_INVALID_HANDLE, "no room for the context");
  const LONG status = TRY(connection->step(step.request, step.input, step.output));
  if (step.context == nullptr)
    *step.new_context = connections().add(std::move(connection));
  else if (step.new_context != nullptr)
    *step.new_context = *step.context;
  if (step.attributes != nullptr) *step.attributes = (step.request & step.if_asked) | step.always;
  return status;
}

template <typename Char>
LONG initialize(const SecHandle* credential, const SecHandle* context, const Char* target, ULONG request,
                SecBufferDesc* input, SecHandle* new_context, SecBufferDesc* output, ULONG* attributes,
                LARGE_INTEGER* expiry) noexcept {
  return security_status([&]() -> Result<LONG> {
    tell_expiry(expiry);
    return take({credential, context, wide(target), request, input, new_context, output, attributes,
                 ISC_REQ_CONFIDENTIALITY | ISC_REQ_STREAM,
                 kForBoth | ISC_REQ_USE_SUPPLIED_CREDS | ISC_REQ_EXTENDED_ERROR | ISC_REQ_INTEGRITY |
                     ISC_REQ_MANUAL_CRED_VALIDATION});
  });
}
HM_WINAPI LONG InitializeSecurityContextA(const SecHandle* credential, const SecHandle* context, const char* target,
                                          ULONG request, ULONG, ULONG, SecBufferDesc* input, ULONG,
                                          SecHandle* new_context, SecBufferDesc* output, ULONG* attributes,
                                          LARGE_INTEGER* expiry) noexcept {
  return initialize(credential, context, target, request, input, new_context, output, attributes, expiry);
}
HM_WINAPI LONG InitializeSecurityContextW(const SecHandle* credential, const SecHandle* context, const WCHAR* target,
                                          ULONG request, ULONG, ULONG, SecBufferDesc* input, ULONG,
                                          SecHandle* new_context, SecBufferDesc* output, ULONG* attributes,
                                          LARGE_INTEGER* expiry) noexcept {
  return initialize(credential, context, target, request, input, new_context, output, attributes, expiry);
}

HM_WINAPI LONG AcceptSecurityContext(const SecHandle* credential, const SecHandle* context, SecBufferDesc* input,
                                     ULONG request, ULONG, SecHandle* new_context, SecBufferDesc* output,
                                     ULONG* attributes, LARGE_INTEGER* expiry) noexcept {
  return security_status([&]() -> Result<LONG> {
    tell_expiry(expiry);
    return take({credential,
                 context,
                 {},
                 request,
                 input,
                 new_context,
                 output,
                 attributes,
                 ISC_REQ_CONFIDENTIALITY | ASC_REQ_STREAM,
                 kForBoth | ASC_REQ_EXTENDED_ERROR | ASC_REQ_INTEGRITY});
  });
}

HM_WINAPI LONG DeleteSecurityContext(SecHandle* handle) noexcept {
  return security_status([&]() -> Result<LONG> {
    TRY(connections().remove(handle));
    return SEC_E_OK;
  });
}

HM_WINAPI LONG ApplyControlToken(SecHandle* handle, SecBufferDesc* input) noexcept {
  return security_status([&]() -> Result<LONG> {
    const ConnectionPtr connection = TRY(connections().find(handle));
    if (input == nullptr) return fail(SEC_E_INVALID_TOKEN, "no token");
    TRY(connection->control(*input));
    return SEC_E_OK;
  });
}

// Only some packages end their authentication so.
HM_WINAPI LONG CompleteAuthToken(SecHandle* handle, SecBufferDesc*) noexcept {
  return security_status([&]() -> Result<LONG> {
    TRY(connections().find(handle));
    return fail(SEC_E_UNSUPPORTED_FUNCTION, "Schannel has nothing to complete");
  });
}

HM_WINAPI LONG EncryptMessage(SecHandle* handle, ULONG, SecBufferDesc* message, ULONG) noexcept {
  return security_status([&]() -> Result<LONG> {
    const ConnectionPtr connection = TRY(connections().find(handle));
    if (message == nullptr) return fail(SEC_E_INVALID_TOKEN, "no message");
    return connection->encrypt(*message);
  });
}
HM_WINAPI LONG DecryptMessage(SecHandle* handle, SecBufferDesc* message, ULONG, ULONG* quality) noexcept {
  return security_status([&]() -> Result<LONG> {
    const ConnectionPtr connection = TRY(connections().find(handle));
    if (message == nullptr) return fail(SEC_E_INVALID_TOKEN, "no message");
    if (quality != nullptr) *quality = 0;
    return connection->decrypt(*message);
  });
}

template <typename Char>
LONG query(const SecHandle* handle, ULONG attribute, void* buffer) noexcept {
  return security_status([&]() -> Result<LONG> {
    const ConnectionPtr connection = TRY(connections().find(handle));
    if (buffer == nullptr) return fail(SEC_E_INVALID_TOKEN, "no room for the attribute");
    const auto tell = [buffer](const auto& told) {
      std::memcpy(buffer, &told, sizeof told);
      return SEC_E_OK;
    };
    switch (attribute) {
      case SECPKG_ATTR_STREAM_SIZES:
        return tell(TRY(connection->stream_sizes()));
      case SECPKG_ATTR_PACKAGE_INFO:
        return tell(describe<Char>(std::span(kNames).last(1)));
      case SECPKG_ATTR_APPLICATION_PROTOCOL:
        return tell(TRY(connection->protocol()));
      case SECPKG_ATTR_REMOTE_CERT_CONTEXT:
        return tell(TRY(connection->certificate(true)));
      case SECPKG_ATTR_LOCAL_CERT_CONTEXT:
        return tell(TRY(connection->certificate(false)));
      case SECPKG_ATTR_CONNECTION_INFO:
        return tell(TRY(connection->information()));
      default:
        return fail(SEC_E_UNSUPPORTED_FUNCTION, "attribute {:#x} of a context", attribute);
    }
  });
}
HM_WINAPI LONG QueryContextAttributesA(SecHandle* handle, ULONG attribute, void* buffer) noexcept {
  return query<char>(handle, attribute, buffer);
}
HM_WINAPI LONG QueryContextAttributesW(SecHandle* handle, ULONG attribute, void* buffer) noexcept {
  return query<WCHAR>(handle, attribute, buffer);
}

// For what is in the table of functions alone. Their arguments do not matter, and the caller takes them off the stack.
HM_WINAPI LONG unsupported() noexcept {
  return SEC_E_UNSUPPORTED_FUNCTION;
}

// --- the table of functions ---

struct SecurityFunctionTable {
  ULONG dwVersion;
  Proc EnumerateSecurityPackages, QueryCredentialsAttributes, AcquireCredentialsHandle, FreeCredentialsHandle,
      Reserved2, InitializeSecurityContext, AcceptSecurityContext, CompleteAuthToken, DeleteSecurityContext,
      ApplyControlToken, QueryContextAttributes, ImpersonateSecurityContext, RevertSecurityContext, MakeSignature,
      VerifySignature, FreeContextBuffer, QuerySecurityPackageInfo, Reserved3, Reserved4, ExportSecurityContext,
      ImportSecurityContext, AddCredentials, Reserved8, QuerySecurityContextToken, EncryptMessage, DecryptMessage;
};
static_assert(sizeof(SecurityFunctionTable) == 27 * 8);

SecurityFunctionTable common_table() {
  SecurityFunctionTable made{};
  made.dwVersion = 1;  // SECURITY_SUPPORT_PROVIDER_INTERFACE_VERSION
  made.QueryCredentialsAttributes = proc(QueryCredentialsAttributes);
  made.FreeCredentialsHandle = proc(FreeCredentialsHandle);
  made.AcceptSecurityContext = proc(AcceptSecurityContext);
  made.CompleteAuthToken = proc(CompleteAuthToken);
  made.DeleteSecurityContext = proc(DeleteSecurityContext);
  made.ApplyControlToken = proc(ApplyControlToken);
  made.FreeContextBuffer = proc(FreeContextBuffer);
  made.EncryptMessage = proc(EncryptMessage);
  made.DecryptMessage = proc(DecryptMessage);
  for (Proc* each : {&made.ImpersonateSecurityContext, &made.RevertSecurityContext, &made.MakeSignature,
                     &made.VerifySignature, &made.ExportSecurityContext, &made.ImportSecurityContext,
                     &made.AddCredentials, &made.QuerySecurityContextToken})
    *each = proc(unsupported);
  return made;
}

HM_WINAPI SecurityFunctionTable* InitSecurityInterfaceA() noexcept {
  static SecurityFunctionTable table = [] {
    SecurityFunctionTable made = common_table();
    made.EnumerateSecurityPackages = proc(EnumerateSecurityPackagesA);
    made.AcquireCredentialsHandle = proc(AcquireCredentialsHandleA);
    made.InitializeSecurityContext = proc(InitializeSecurityContextA);
    made.QueryContextAttributes = proc(QueryContextAttributesA);
    made.QuerySecurityPackageInfo = proc(QuerySecurityPackageInfoA);
    return made;
  }();
  return &table;
}
HM_WINAPI SecurityFunctionTable* InitSecurityInterfaceW() noexcept {
  static SecurityFunctionTable table = [] {
    SecurityFunctionTable made = common_table();
    made.EnumerateSecurityPackages = proc(EnumerateSecurityPackagesW);
    made.AcquireCredentialsHandle = proc(AcquireCredentialsHandleW);
    made.InitializeSecurityContext = proc(InitializeSecurityContextW);
    made.QueryContextAttributes = proc(QueryContextAttributesW);
    made.QuerySecurityPackageInfo = proc(QuerySecurityPackageInfoW);
    return made;
  }();
  return &table;
}

constexpr std::string_view kCredentials =
    "Schannel; TLS 1.2, and 1.3 for SCH_CREDENTIALS; no wishes as to ciphers, no mappers, no hRootStore";
constexpr std::string_view kAttributes =
    "stream sizes, package and connection information, certificates, application protocol";
constexpr std::string_view kStep = "Schannel; no resumed sessions, no renegotiation, no revocation";
constexpr std::string_view kTable = "Schannel, and none of the functions that it does not need";

const Export kRows[] = {
    {"AcceptSecurityContext", proc(AcceptSecurityContext), Support::partial, kStep},
    {"AcquireCredentialsHandleA", proc(AcquireCredentialsHandleA), Support::partial, kCredentials},
    {"AcquireCredentialsHandleW", proc(AcquireCredentialsHandleW), Support::partial, kCredentials},
    {"ApplyControlToken", proc(ApplyControlToken), Support::partial, "SCHANNEL_SHUTDOWN"},
    {"CompleteAuthToken", proc(CompleteAuthToken)},
    {"DecryptMessage", proc(DecryptMessage)},
    {"DeleteSecurityContext", proc(DeleteSecurityContext)},
    {"EncryptMessage", proc(EncryptMessage)},
    {"EnumerateSecurityPackagesA", proc(EnumerateSecurityPackagesA), Support::partial, "Schannel is the only one"},
    {"EnumerateSecurityPackagesW", proc(EnumerateSecurityPackagesW), Support::partial, "Schannel is the only one"},
    {"FreeContextBuffer", proc(FreeContextBuffer)},
    {"FreeCredentialsHandle", proc(FreeCredentialsHandle)},
    {"InitSecurityInterfaceA", proc(InitSecurityInterfaceA), Support::partial, kTable},
    {"InitSecurityInterfaceW", proc(InitSecurityInterfaceW), Support::partial, kTable},
    {"InitializeSecurityContextA", proc(InitializeSecurityContextA), Support::partial, kStep},
    {"InitializeSecurityContextW", proc(InitializeSecurityContextW), Support::partial, kStep},
    {"QueryContextAttributesA", proc(QueryContextAttributesA), Support::partial, kAttributes},
    {"QueryContextAttributesW", proc(QueryContextAttributesW), Support::partial, kAttributes},
    {"QueryCredentialsAttributesA", proc(QueryCredentialsAttributes), Support::partial, "the protocols"},
    {"QueryCredentialsAttributesW", proc(QueryCredentialsAttributes), Support::partial, "the protocols"},
    {"QuerySecurityPackageInfoA", proc(QuerySecurityPackageInfoA), Support::partial, "Schannel is the only one"},
    {"QuerySecurityPackageInfoW", proc(QuerySecurityPackageInfoW), Support::partial, "Schannel is the only one"},
};

}  // namespace
}  // namespace secur32

extern const ExportTable sspi_exports = secur32::kRows;

}  // namespace hmodule::winapi

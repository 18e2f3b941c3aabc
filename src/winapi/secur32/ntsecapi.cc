// ntsecapi.h: logon sessions. There is one to tell of, that of the process's token.
#include "base/utf.h"
#include "module/builtin.h"
#include "nt/accounts.h"
#include "nt/heap.h"
#include "nt/token.h"
#include "winapi/common/answer.h"

#include <algorithm>
#include <cstring>

namespace hmodule::winapi {
namespace {

constexpr LUID kSession = {0x3E7, 0};  // SYSTEM_LUID, as TOKEN_STATISTICS has it

struct SECURITY_LOGON_SESSION_DATA {
  ULONG Size;
  LUID LogonId;
  UNICODE_STRING UserName, LogonDomain, AuthenticationPackage;
  ULONG LogonType, Session;
  SID* Sid;
  LARGE_INTEGER LogonTime;
  UNICODE_STRING LogonServer, DnsDomainName, Upn;
  ULONG UserFlags;
  LARGE_INTEGER LastSuccessfulLogon, LastFailedLogon;
  ULONG FailedAttemptCountSinceLastSuccessfulLogon;
  UNICODE_STRING LogonScript, ProfilePath, HomeDirectory, HomeDirectoryDrive;
  LARGE_INTEGER LogoffTime, KickOffTime, PasswordLastSet, PasswordCanChange, PasswordMustChange;
};
static_assert(sizeof(SECURITY_LOGON_SESSION_DATA) == 272);
static_assert(offsetof(SECURITY_LOGON_SESSION_DATA, Sid) == 72);

template <typename T>
Result<T*> allocate(std::size_t size) {
  auto* const memory = static_cast<T*>(nt::heap_allocate(size, HEAP_ZERO_MEMORY));
  if (memory == nullptr) return fail(STATUS_NO_MEMORY, "no memory for {} bytes", size);
  return memory;
}

HM_WINAPI NTSTATUS LsaEnumerateLogonSessions(ULONG* count, LUID** sessions) noexcept {
  return status_of([&]() -> Status {
    if (count == nullptr || sessions == nullptr) return fail(STATUS_INVALID_PARAMETER, "no place for the sessions");
    *sessions = TRY(allocate<LUID>(sizeof kSession));
    **sessions = kSession;
    *count = 1;
    return ok;
  });
}

// One block, with the texts and the SID behind the structure.
HM_WINAPI NTSTATUS LsaGetLogonSessionData(const LUID* id, SECURITY_LOGON_SESSION_DATA** data) noexcept {
  return status_of([&]() -> Status {
    if (id == nullptr || data == nullptr) return fail(STATUS_INVALID_PARAMETER, "no session, or no place for the data");
    *data = nullptr;
    if (std::memcmp(id, &kSession, sizeof kSession) != 0)
      return fail(STATUS_NO_SUCH_LOGON_SESSION, "session {:#x}", id->LowPart);
    constexpr ULONG kService = 5, kSessionId = 1;
    constexpr LARGE_INTEGER kNever = INT64_MAX;
    const SID user = nt::Token::of_process()->facts().user.sid;
    const auto account = nt::account_of(user);
    const std::u16string name = account ? account->name : std::u16string(), domain = nt::local_domain();
    const std::size_t size = sizeof **data + sizeof(SID) + (name.size() + domain.size() + 2) * sizeof(WCHAR);
    auto* const session = TRY(allocate<SECURITY_LOGON_SESSION_DATA>(size));
    session->Size = sizeof *session;
    session->LogonId = kSession;
    session->LogonType = kService;
    session->Session = kSessionId;
    session->LogoffTime = session->KickOffTime = session->PasswordMustChange = kNever;
    session->Sid = reinterpret_cast<SID*>(session + 1);
    std::memcpy(static_cast<void*>(session->Sid), &user, nt::sid_size(user));
    auto* at = reinterpret_cast<WCHAR*>(reinterpret_cast<std::byte*>(session + 1) + sizeof(SID));
    const auto put = [&](const std::u16string& text) {
      const auto bytes = static_cast<USHORT>(text.size() * sizeof(WCHAR));
      const UNICODE_STRING string = {bytes, static_cast<USHORT>(bytes + sizeof(WCHAR)), at};
      at = std::copy_n(text.c_str(), text.size() + 1, at);
      return string;
    };
    session->UserName = put(name);
    session->LogonDomain = put(domain);
    *data = session;
    return ok;
  });
}

HM_WINAPI NTSTATUS LsaFreeReturnBuffer(void* memory) noexcept {
  nt::heap_free(memory);
  return STATUS_SUCCESS;
}

const Export kRows[] = {
    {"LsaEnumerateLogonSessions", proc(LsaEnumerateLogonSessions), Support::partial, "this process's only"},
    {"LsaFreeReturnBuffer", proc(LsaFreeReturnBuffer)},
    {"LsaGetLogonSessionData", proc(LsaGetLogonSessionData), Support::partial,
     "user, domain, SID and kind; no times, no directories, no authentication package"},
};

}  // namespace

extern const ExportTable ntsecapi_exports = kRows;

}  // namespace hmodule::winapi

// securitybaseapi.h and its neighbours: the process's token, security identifiers and descriptors, on the same code as
// ntdll's (nt/token.h, nt/sid.h, nt/security_descriptor.h).
#include "base/utf.h"
#include "module/builtin.h"
#include "nt/heap.h"
#include "nt/own_process.h"
#include "nt/security_descriptor.h"
#include "nt/sid.h"
#include "nt/thread.h"
#include "nt/token.h"
#include "winapi/common/answer.h"
#include "winapi/common/text.h"

#include <algorithm>
#include <cstring>

namespace hmodule::winapi {
namespace {

using nt::Token;

// --- Tokens ---

HM_WINAPI BOOL OpenProcessToken(HANDLE process, DWORD access, HANDLE* token) noexcept {
  return succeed([&]() -> Status {
    TRY(nt::require_own_process(process, nt::PROCESS_QUERY_LIMITED_INFORMATION));
    if (token == nullptr) return fail(STATUS_ACCESS_VIOLATION, "nowhere to put the token");
    *token = TRY(nt::handle_for(Token::of_process(), access));
    return ok;
  });
}

HM_WINAPI BOOL OpenThreadToken(HANDLE thread, DWORD access, BOOL, HANDLE* token) noexcept {
  return succeed([&]() -> Status {
    auto own = nt::impersonation_of(*TRY(nt::object_of<nt::Thread>(thread, 0)));
    if (!own) return fail(STATUS_NO_TOKEN, "the thread has no token of its own");
    if (token == nullptr) return fail(STATUS_ACCESS_VIOLATION, "nowhere to put the token");
    *token = TRY(nt::handle_for(std::move(own), access));
    return ok;
  });
}

HM_WINAPI BOOL GetTokenInformation(HANDLE token, LONG information_class, void* buffer, DWORD size,
                                   DWORD* needed) noexcept {
  return succeed([&]() -> Status {
    const auto found = TRY(nt::token_of(token, TOKEN_QUERY));
    if (needed == nullptr) return fail(STATUS_ACCESS_VIOLATION, "nowhere to put the size");
    return nt::query_token(*found, information_class, buffer, size, needed);
  });
}

// TRUE even when the token lacks some: then the last error is ERROR_NOT_ALL_ASSIGNED.
HM_WINAPI BOOL AdjustTokenPrivileges(HANDLE token, BOOL disable_all, const TOKEN_PRIVILEGES* wanted, DWORD size,
                                     TOKEN_PRIVILEGES* previous, DWORD* needed) noexcept {
  return succeed([&]() -> Status {
    const bool complete = TRY(nt::adjust_privileges(token, disable_all != FALSE, wanted, size, previous, needed));
    thread::set_last_error(complete ? DWORD{ERROR_SUCCESS} : win32_from_status(STATUS_NOT_ALL_ASSIGNED));
    return ok;
  });
}

// Privileges in the order of their numbers, from 2 (winnt.h, SE_..._NAME).
constexpr std::u16string_view kPrivileges[] = {
    u"SeCreateTokenPrivilege",
    u"SeAssignPrimaryTokenPrivilege",
    u"SeLockMemoryPrivilege",
    u"SeIncreaseQuotaPrivilege",
    u"SeMachineAccountPrivilege",
    u"SeTcbPrivilege",
    u"SeSecurityPrivilege",
    u"SeTakeOwnershipPrivilege",
    u"SeLoadDriverPrivilege",
    u"SeSystemProfilePrivilege",
    u"SeSystemtimePrivilege",
    u"SeProfileSingleProcessPrivilege",
    u"SeIncreaseBasePriorityPrivilege",
    u"SeCreatePagefilePrivilege",
    u"SeCreatePermanentPrivilege",
    u"SeBackupPrivilege",
    u"SeRestorePrivilege",
    u"SeShutdownPrivilege",
    u"SeDebugPrivilege",
    u"SeAuditPrivilege",
    u"SeSystemEnvironmentPrivilege",
    u"SeChangeNotifyPrivilege",
    u"SeRemoteShutdownPrivilege",
    u"SeUndockPrivilege",
    u"SeSyncAgentPrivilege",
    u"SeEnableDelegationPrivilege",
    u"SeManageVolumePrivilege",
    u"SeImpersonatePrivilege",
    u"SeCreateGlobalPrivilege",
    u"SeTrustedCredManAccessPrivilege",
    u"SeRelabelPrivilege",
    u"SeIncreaseWorkingSetPrivilege",
    u"SeTimeZonePrivilege",
    u"SeCreateSymbolicLinkPrivilege",
    u"SeDelegateSessionUserImpersonatePrivilege",
};
constexpr DWORD kFirstPrivilege = 2;

Status look_up_privilege(std::u16string_view name, LUID* luid) {
  for (DWORD i = 0; i < std::size(kPrivileges); ++i)
    if (equal_ignoring_case(kPrivileges[i], name)) {
      *luid = {kFirstPrivilege + i, 0};
      return ok;
    }
  return fail(STATUS_NO_SUCH_PRIVILEGE, "there is no privilege {}", utf8(name));
}
HM_WINAPI BOOL LookupPrivilegeValueW(const WCHAR*, const WCHAR* name, LUID* luid) noexcept {
  return succeed([&]() -> Status { return look_up_privilege(TRY(text(name)), luid); });
}
HM_WINAPI BOOL LookupPrivilegeValueA(const char*, const char* name, LUID* luid) noexcept {
  return succeed([&]() -> Status { return look_up_privilege(utf16(TRY(text(name))), luid); });
}

// --- Security identifiers ---

HM_WINAPI BOOL IsValidSid(const SID* sid) noexcept {
  return nt::is_valid(sid);
}
HM_WINAPI DWORD GetLengthSid(const SID* sid) noexcept {
  return static_cast<DWORD>(nt::sid_size(*sid));
}
HM_WINAPI BOOL EqualSid(const SID* a, const SID* b) noexcept {
  return nt::is_valid(a) && nt::is_valid(b) && nt::equal(*a, *b);
}
HM_WINAPI BOOL CopySid(DWORD room, SID* to, const SID* from) noexcept {
  return succeed([&]() -> Status {
    TRY(nt::require_valid(from));
    const SIZE_T size = nt::sid_size(*from);
    if (room < size) return fail(STATUS_BUFFER_TOO_SMALL, "{} bytes are needed", size);
    std::memmove(to, from, size);
    return ok;
  });
}
HM_WINAPI BOOL AllocateAndInitializeSid(const SID_IDENTIFIER_AUTHORITY* authority, BYTE count, DWORD a, DWORD b,
                                        DWORD c, DWORD d, DWORD e, DWORD f, DWORD g, DWORD h, SID** result) noexcept {
  return succeed([&]() -> Status {
    if (count > 8 || authority == nullptr || result == nullptr)
      return fail(STATUS_INVALID_SID, "a security identifier of {} numbers", count);
    *result = TRY(nt::copy_to_heap({SID_REVISION, count, *authority, {a, b, c, d, e, f, g, h}}));
    return ok;
  });
}
// NULL, or the identifier if it was none of ours.
HM_WINAPI void* FreeSid(void* sid) noexcept {
  return nt::process_heap().free(sid) ? nullptr : sid;
}

// The string is the caller's, for LocalFree.
template <typename Char>
Status give_sid_text(const SID* sid, Char** result) {
  TRY(nt::require_valid(sid));
  if (result == nullptr) return fail(STATUS_INVALID_PARAMETER, "nowhere to put the string");
  const std::string text = nt::sid_text(*sid);
  auto* copy = static_cast<Char*>(nt::heap_allocate((text.size() + 1) * sizeof(Char)));
  if (copy == nullptr) return fail(STATUS_NO_MEMORY, "no memory for a string");
  *std::copy(text.begin(), text.end(), copy) = 0;
  *result = copy;
  return ok;
}
HM_WINAPI BOOL ConvertSidToStringSidW(const SID* sid, WCHAR** result) noexcept {
  return succeed([&] { return give_sid_text(sid, result); });
}
HM_WINAPI BOOL ConvertSidToStringSidA(const SID* sid, char** result) noexcept {
  return succeed([&] { return give_sid_text(sid, result); });
}

// --- Security descriptors ---

// Wine's kernelbase takes the TRUE of ntdll for a status, and so answers FALSE.
HM_WINAPI BOOL IsValidSecurityDescriptor(const SECURITY_DESCRIPTOR* descriptor) noexcept {
  return succeed([&]() -> Status {
    if (!nt::is_valid(descriptor)) return fail(STATUS_INVALID_SECURITY_DESCR, "no valid security descriptor");
    return ok;
  });
}
HM_WINAPI BOOL InitializeSecurityDescriptor(SECURITY_DESCRIPTOR* descriptor, DWORD revision) noexcept {
  return succeed([&]() -> Status {
    if (revision != SECURITY_DESCRIPTOR_REVISION)
      return fail(STATUS_UNKNOWN_REVISION, "security descriptors of revision {}", revision);
    *descriptor = {};
    descriptor->Revision = SECURITY_DESCRIPTOR_REVISION;
    return ok;
  });
}

HM_WINAPI BOOL SetSecurityDescriptorDacl(SECURITY_DESCRIPTOR* descriptor, BOOL present, ACL* dacl,
                                         BOOL defaulted) noexcept {
  return succeed([&] { return nt::set_dacl(descriptor, present != FALSE, dacl, defaulted != FALSE); });
}

HM_WINAPI BOOL GetSecurityDescriptorOwner(const SECURITY_DESCRIPTOR* descriptor, SID** owner,
                                          BOOL* defaulted) noexcept {
  return succeed([&]() -> Status {
    const auto parts = TRY(nt::parts_of(descriptor));
    *owner = parts.owner;
    *defaulted = (parts.control & SE_OWNER_DEFAULTED) != 0;
    return ok;
  });
}
HM_WINAPI BOOL GetSecurityDescriptorGroup(const SECURITY_DESCRIPTOR* descriptor, SID** group,
                                          BOOL* defaulted) noexcept {
  return succeed([&]() -> Status {
    const auto parts = TRY(nt::parts_of(descriptor));
    *group = parts.group;
    *defaulted = (parts.control & SE_GROUP_DEFAULTED) != 0;
    return ok;
  });
}

const Export kRows[] = {
    {"AdjustTokenPrivileges", proc(AdjustTokenPrivileges), Support::partial,
     "changes what the token says; Linux asks its capabilities"},
    {"AllocateAndInitializeSid", proc(AllocateAndInitializeSid)},
    {"ConvertSidToStringSidA", proc(ConvertSidToStringSidA)},
    {"ConvertSidToStringSidW", proc(ConvertSidToStringSidW)},
    {"CopySid", proc(CopySid)},
    {"EqualSid", proc(EqualSid)},
    {"FreeSid", proc(FreeSid)},
    {"GetLengthSid", proc(GetLengthSid)},
    {"GetSecurityDescriptorGroup", proc(GetSecurityDescriptorGroup)},
    {"GetSecurityDescriptorOwner", proc(GetSecurityDescriptorOwner)},
    {"GetTokenInformation", proc(GetTokenInformation), Support::partial, "the common classes"},
    {"InitializeSecurityDescriptor", proc(InitializeSecurityDescriptor)},
    {"IsValidSecurityDescriptor", proc(IsValidSecurityDescriptor)},
    {"IsValidSid", proc(IsValidSid)},
    {"LookupPrivilegeValueA", proc(LookupPrivilegeValueA)},
    {"LookupPrivilegeValueW", proc(LookupPrivilegeValueW)},
    {"OpenProcessToken", proc(OpenProcessToken), Support::partial, "this process only"},
    {"OpenThreadToken", proc(OpenThreadToken)},
    {"SetSecurityDescriptorDacl", proc(SetSecurityDescriptorDacl)},
};

}  // namespace

extern const ExportTable securitybaseapi_exports = kRows;

}  // namespace hmodule::winapi

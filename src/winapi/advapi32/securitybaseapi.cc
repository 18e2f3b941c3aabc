// securitybaseapi.h and its neighbours: the process's token, security identifiers and descriptors. The process is its
// Linux user, has no privileges, and is elevated when that user is root.
#include "base/utf.h"
#include "module/builtin.h"
#include "nt/heap.h"
#include "nt/own_process.h"
#include "nt/thread.h"
#include "nt/token.h"
#include "winapi/common/answer.h"
#include "winapi/common/text.h"

#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <vector>

namespace hmodule::winapi {
namespace {

using nt::Sid;
using nt::Token;

constexpr DWORD kUnknownRevision = 1305, kNoSuchPrivilege = 1313, kInvalidSid = 1337, kInvalidDescriptor = 1338;
constexpr DWORD kNotAllAssigned = 1300;

// --- Tokens ---

HM_WINAPI BOOL OpenProcessToken(HANDLE process, DWORD access, HANDLE* token) noexcept {
  return succeed([&]() -> Status {
    TRY(nt::require_own_process(process, nt::PROCESS_QUERY_LIMITED_INFORMATION));
    if (token == nullptr) return fail(STATUS_ACCESS_VIOLATION, "nowhere to put the token");
    *token = TRY(nt::handle_for(nt::make_object<Token>(), access));
    return ok;
  });
}

// No thread impersonates anybody.
HM_WINAPI BOOL OpenThreadToken(HANDLE thread, DWORD, BOOL, HANDLE*) noexcept {
  return succeed([&]() -> Status {
    TRY(nt::object_of<nt::Thread>(thread, 0));
    return fail(STATUS_NO_TOKEN, "the thread has no token of its own");
  });
}

// TOKEN_INFORMATION_CLASS
enum TokenClass : LONG {
  TokenUser = 1,
  TokenGroups = 2,
  TokenPrivileges = 3,
  TokenOwner = 4,
  TokenPrimaryGroup = 5,
  TokenType = 8,
  TokenSessionId = 12,
  TokenElevationType = 18,
  TokenElevation = 20,
  TokenHasRestrictions = 21,
  TokenVirtualizationAllowed = 23,
  TokenVirtualizationEnabled = 24,
  TokenIntegrityLevel = 25,
  TokenUIAccess = 26,
  TokenIsAppContainer = 29,
};

bool is_root() {
  return geteuid() == 0;
}

Sid user_sid() {
  return nt::unix_sid(nt::kUnixUser, geteuid());
}
Sid group_sid() {
  return nt::unix_sid(nt::kUnixGroup, getegid());
}
Sid integrity_sid() {
  constexpr ULONG kMedium = 0x2000, kHigh = 0x3000;
  return {1, 1, {0, 0, 0, 0, 0, 16}, {is_root() ? kHigh : kMedium}};
}

struct SidAndAttributes {
  Sid* sid;
  DWORD attributes;
};
constexpr DWORD kGroupEnabled = 0x7;  // mandatory, by default, now
constexpr DWORD kIntegrityEnabled = 0x60;

// Where an answer goes. Nothing is written until there is room for all of it.
class Answer {
 public:
  Answer(void* buffer, DWORD room, DWORD* needed) : buffer_(static_cast<char*>(buffer)), room_(room), needed_(needed) {}

  Status require(SIZE_T size) {
    *needed_ = static_cast<DWORD>(size);
    if (buffer_ == nullptr || room_ < size) return fail(STATUS_BUFFER_TOO_SMALL, "{} bytes are needed", size);
    return ok;
  }
  char* at(SIZE_T offset) const { return buffer_ + offset; }
  Status give(DWORD number) {
    TRY(require(sizeof number));
    std::memcpy(buffer_, &number, sizeof number);
    return ok;
  }
  // A structure that begins with a pointer to a SID, which follows it.
  Status give(SIZE_T structure, const Sid& sid, DWORD attributes) {
    TRY(require(structure + sid.size()));
    auto* copy = reinterpret_cast<Sid*>(at(structure));
    std::memcpy(copy, &sid, sid.size());
    if (structure == sizeof(SidAndAttributes))
      *reinterpret_cast<SidAndAttributes*>(buffer_) = {copy, attributes};
    else
      *reinterpret_cast<Sid**>(buffer_) = copy;
    return ok;
  }

 private:
  char* buffer_;
  DWORD room_;
  DWORD* needed_;
};

Status give_groups(Answer& answer) {
  std::vector<gid_t> groups(static_cast<std::size_t>(std::max(0, getgroups(0, nullptr))));
  groups.resize(static_cast<std::size_t>(std::max(0, getgroups(static_cast<int>(groups.size()), groups.data()))));
  const SIZE_T list = 8 + groups.size() * sizeof(SidAndAttributes), each = group_sid().size();
  TRY(answer.require(list + groups.size() * each));
  *reinterpret_cast<DWORD*>(answer.at(0)) = static_cast<DWORD>(groups.size());
  auto* entries = reinterpret_cast<SidAndAttributes*>(answer.at(8));
  for (std::size_t i = 0; i < groups.size(); ++i) {
    const Sid sid = nt::unix_sid(nt::kUnixGroup, groups[i]);
    entries[i] = {reinterpret_cast<Sid*>(answer.at(list + i * each)), kGroupEnabled};
    std::memcpy(entries[i].sid, &sid, each);
  }
  return ok;
}

Status query(LONG information_class, Answer answer) {
  constexpr DWORD kPrimary = 1, kDefaultElevation = 1;
  switch (information_class) {
    case TokenUser:
      return answer.give(sizeof(SidAndAttributes), user_sid(), 0);
    case TokenGroups:
      return give_groups(answer);
    case TokenPrivileges:
      return answer.give(0);
    case TokenOwner:
      return answer.give(sizeof(Sid*), user_sid(), 0);
    case TokenPrimaryGroup:
      return answer.give(sizeof(Sid*), group_sid(), 0);
    case TokenType:
      return answer.give(kPrimary);
    case TokenSessionId:
      return answer.give(1);
    case TokenElevationType:
      return answer.give(kDefaultElevation);
    case TokenElevation:
      return answer.give(is_root() ? 1 : 0);
    case TokenIntegrityLevel:
      return answer.give(sizeof(SidAndAttributes), integrity_sid(), kIntegrityEnabled);
    case TokenHasRestrictions:
    case TokenVirtualizationAllowed:
    case TokenVirtualizationEnabled:
    case TokenUIAccess:
    case TokenIsAppContainer:
      return answer.give(0);
    default:
      return fail(STATUS_INVALID_INFO_CLASS, "token information class {}", information_class);
  }
}

HM_WINAPI BOOL GetTokenInformation(HANDLE token, LONG information_class, void* buffer, DWORD size,
                                   DWORD* needed) noexcept {
  return succeed([&]() -> Status {
    TRY(nt::object_of<Token>(token, nt::TOKEN_QUERY));
    if (needed == nullptr) return fail(STATUS_ACCESS_VIOLATION, "nowhere to put the size");
    return query(information_class, Answer(buffer, size, needed));
  });
}

struct Luid {
  DWORD low;
  LONG high;
};
struct TokenPrivilegeList {
  DWORD count;
  struct {
    Luid luid;
    DWORD attributes;
  } privileges[1];
};

// The process has none to enable: TRUE, and the last error says that not all were assigned.
HM_WINAPI BOOL AdjustTokenPrivileges(HANDLE token, BOOL disable_all, const TokenPrivilegeList* wanted, DWORD size,
                                     TokenPrivilegeList* previous, DWORD* needed) noexcept {
  return succeed([&]() -> Status {
    TRY(nt::object_of<Token>(token, nt::TOKEN_ADJUST_PRIVILEGES));
    if (disable_all == FALSE && wanted == nullptr) return fail(STATUS_INVALID_PARAMETER, "no privileges");
    if (previous != nullptr && size >= sizeof(DWORD)) previous->count = 0;
    if (needed != nullptr) *needed = sizeof(DWORD);
    const bool all = disable_all != FALSE || wanted->count == 0;
    thread::set_last_error(all ? DWORD{ERROR_SUCCESS} : kNotAllAssigned);
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

Status look_up_privilege(std::u16string_view name, Luid* luid) {
  for (DWORD i = 0; i < std::size(kPrivileges); ++i)
    if (equal_ignoring_case(kPrivileges[i], name)) {
      *luid = {kFirstPrivilege + i, 0};
      return ok;
    }
  return fail_win32(kNoSuchPrivilege, "there is no privilege {}", utf8(name));
}
HM_WINAPI BOOL LookupPrivilegeValueW(const WCHAR*, const WCHAR* name, Luid* luid) noexcept {
  return succeed([&]() -> Status { return look_up_privilege(TRY(text(name)), luid); });
}
HM_WINAPI BOOL LookupPrivilegeValueA(const char*, const char* name, Luid* luid) noexcept {
  return succeed([&]() -> Status { return look_up_privilege(utf16(TRY(text(name))), luid); });
}

// --- Security identifiers ---

bool is_valid(const Sid* sid) {
  return sid != nullptr && sid->Revision == 1 && sid->SubAuthorityCount <= 15;
}
Error invalid_sid() {
  return fail_win32(kInvalidSid, "no security identifier");
}

HM_WINAPI BOOL IsValidSid(const Sid* sid) noexcept {
  return is_valid(sid);
}
HM_WINAPI DWORD GetLengthSid(const Sid* sid) noexcept {
  return static_cast<DWORD>(sid->size());
}
HM_WINAPI BOOL EqualSid(const Sid* a, const Sid* b) noexcept {
  return is_valid(a) && is_valid(b) && a->size() == b->size() && std::memcmp(a, b, a->size()) == 0;
}
HM_WINAPI BOOL CopySid(DWORD room, Sid* to, const Sid* from) noexcept {
  return succeed([&]() -> Status {
    if (!is_valid(from)) return invalid_sid();
    if (room < from->size()) return fail(STATUS_BUFFER_TOO_SMALL, "{} bytes are needed", from->size());
    std::memcpy(to, from, from->size());
    return ok;
  });
}
HM_WINAPI BOOL AllocateAndInitializeSid(const BYTE* authority, BYTE count, DWORD a, DWORD b, DWORD c, DWORD d, DWORD e,
                                        DWORD f, DWORD g, DWORD h, Sid** result) noexcept {
  return succeed([&]() -> Status {
    if (count > 8 || authority == nullptr || result == nullptr) return invalid_sid();
    Sid sid = {1, count, {}, {a, b, c, d, e, f, g, h}};
    std::memcpy(sid.IdentifierAuthority, authority, sizeof sid.IdentifierAuthority);
    auto* copy = static_cast<Sid*>(nt::heap_allocate(sid.size()));
    if (copy == nullptr) return fail(STATUS_NO_MEMORY, "no memory for a security identifier");
    std::memcpy(copy, &sid, sid.size());
    *result = copy;
    return ok;
  });
}
// NULL, or the identifier if it was none of ours.
HM_WINAPI void* FreeSid(void* sid) noexcept {
  return nt::process_heap().free(sid) ? nullptr : sid;
}

std::string sid_text(const Sid& sid) {
  std::uint64_t authority = 0;
  for (const BYTE byte : sid.IdentifierAuthority) authority = authority << 8 | byte;
  std::string out = authority >> 32 == 0 ? fmt::format("S-1-{}", authority) : fmt::format("S-1-{:#x}", authority);
  for (BYTE i = 0; i < sid.SubAuthorityCount; ++i) out += fmt::format("-{}", sid.SubAuthority[i]);
  return out;
}

// The string is the caller's, for LocalFree.
template <typename Char>
Status give_sid_text(const Sid* sid, Char** result) {
  if (!is_valid(sid)) return invalid_sid();
  if (result == nullptr) return fail(STATUS_INVALID_PARAMETER, "nowhere to put the string");
  const std::string text = sid_text(*sid);
  auto* copy = static_cast<Char*>(nt::heap_allocate((text.size() + 1) * sizeof(Char)));
  if (copy == nullptr) return fail(STATUS_NO_MEMORY, "no memory for a string");
  *std::copy(text.begin(), text.end(), copy) = 0;
  *result = copy;
  return ok;
}
HM_WINAPI BOOL ConvertSidToStringSidW(const Sid* sid, WCHAR** result) noexcept {
  return succeed([&] { return give_sid_text(sid, result); });
}
HM_WINAPI BOOL ConvertSidToStringSidA(const Sid* sid, char** result) noexcept {
  return succeed([&] { return give_sid_text(sid, result); });
}

// --- Security descriptors ---

constexpr WORD kOwnerDefaulted = 0x1, kGroupDefaulted = 0x2, kDaclPresent = 0x4, kDaclDefaulted = 0x8,
               kSelfRelative = 0x8000;

struct Descriptor {
  BYTE revision, reserved;
  WORD control;
  void *owner, *group, *sacl, *dacl;
};
static_assert(sizeof(Descriptor) == 0x28);
struct RelativeDescriptor {
  BYTE revision, reserved;
  WORD control;
  DWORD owner, group, sacl, dacl;
};

Status check(const Descriptor* descriptor) {
  if (descriptor == nullptr || descriptor->revision != 1)
    return fail_win32(kUnknownRevision, "no security descriptor of revision 1");
  return ok;
}

HM_WINAPI BOOL InitializeSecurityDescriptor(Descriptor* descriptor, DWORD revision) noexcept {
  return succeed([&]() -> Status {
    if (revision != 1) return fail_win32(kUnknownRevision, "security descriptors of revision {}", revision);
    *descriptor = {};
    descriptor->revision = 1;
    return ok;
  });
}

HM_WINAPI BOOL SetSecurityDescriptorDacl(Descriptor* descriptor, BOOL present, void* dacl, BOOL defaulted) noexcept {
  return succeed([&]() -> Status {
    TRY(check(descriptor));
    if ((descriptor->control & kSelfRelative) != 0)
      return fail_win32(kInvalidDescriptor, "a self-relative descriptor cannot be changed");
    descriptor->control &= static_cast<WORD>(~(kDaclPresent | kDaclDefaulted));
    if (present == FALSE) return ok;
    descriptor->control |= static_cast<WORD>(kDaclPresent | (defaulted != FALSE ? kDaclDefaulted : 0));
    descriptor->dacl = dacl;
    return ok;
  });
}

void* relative(const Descriptor* descriptor, DWORD RelativeDescriptor::*member) {
  const DWORD offset = reinterpret_cast<const RelativeDescriptor*>(descriptor)->*member;
  return offset == 0 ? nullptr : const_cast<char*>(reinterpret_cast<const char*>(descriptor)) + offset;
}
bool is_relative(const Descriptor* descriptor) {
  return (descriptor->control & kSelfRelative) != 0;
}

HM_WINAPI BOOL GetSecurityDescriptorOwner(const Descriptor* descriptor, void** owner, BOOL* defaulted) noexcept {
  return succeed([&]() -> Status {
    TRY(check(descriptor));
    *owner = is_relative(descriptor) ? relative(descriptor, &RelativeDescriptor::owner) : descriptor->owner;
    *defaulted = (descriptor->control & kOwnerDefaulted) != 0;
    return ok;
  });
}
HM_WINAPI BOOL GetSecurityDescriptorGroup(const Descriptor* descriptor, void** group, BOOL* defaulted) noexcept {
  return succeed([&]() -> Status {
    TRY(check(descriptor));
    *group = is_relative(descriptor) ? relative(descriptor, &RelativeDescriptor::group) : descriptor->group;
    *defaulted = (descriptor->control & kGroupDefaulted) != 0;
    return ok;
  });
}

constexpr std::string_view kNoPrivileges = "the process has no privileges";

const Export kRows[] = {
    {"AdjustTokenPrivileges", proc(AdjustTokenPrivileges), Support::partial, kNoPrivileges},
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
    {"IsValidSid", proc(IsValidSid)},
    {"LookupPrivilegeValueA", proc(LookupPrivilegeValueA)},
    {"LookupPrivilegeValueW", proc(LookupPrivilegeValueW)},
    {"OpenProcessToken", proc(OpenProcessToken), Support::partial, "this process only"},
    {"OpenThreadToken", proc(OpenThreadToken), Support::partial, "no thread impersonates"},
    {"SetSecurityDescriptorDacl", proc(SetSecurityDescriptorDacl)},
};

}  // namespace

extern const ExportTable securitybaseapi_exports = kRows;

}  // namespace hmodule::winapi

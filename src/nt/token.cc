#include "nt/token.h"

#include "nt/acl.h"
#include "nt/kernel_section.h"
#include "nt/thread.h"

#include <linux/capability.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cstring>
#include <map>

namespace hmodule::nt {

const ObjectType Token::kType = {u"Token", 0x2001A, 0x201E0, 0x20005, 0xF01FF};

namespace {

LUID new_luid() {
  static std::atomic<DWORD> last{0x3E8};
  return {++last, 0};
}

constexpr bool same(const LUID& a, const LUID& b) {
  return a.LowPart == b.LowPart && a.HighPart == b.HighPart;
}

// --- what Linux says ---

std::uint64_t effective_capabilities() {
  __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
  __user_cap_data_struct data[2] = {};
  if (syscall(SYS_capget, &header, data) != 0) return 0;
  return std::uint64_t{data[1].effective} << 32 | data[0].effective;
}

// Privileges by their number (winnt.h, SE_..._NAME), and the capability that gives the same power.
struct PrivilegeRow {
  ULONG privilege;
  int capability;
};
constexpr int kEverybody = -1;
constexpr PrivilegeRow kPrivileges[] = {
    {4, CAP_IPC_LOCK},          // SeLockMemoryPrivilege
    {5, CAP_SYS_RESOURCE},      // SeIncreaseQuotaPrivilege
    {9, CAP_CHOWN},             // SeTakeOwnershipPrivilege
    {10, CAP_SYS_MODULE},       // SeLoadDriverPrivilege
    {12, CAP_SYS_TIME},         // SeSystemtimePrivilege
    {14, CAP_SYS_NICE},         // SeIncreaseBasePriorityPrivilege
    {17, CAP_DAC_READ_SEARCH},  // SeBackupPrivilege
    {18, CAP_DAC_OVERRIDE},     // SeRestorePrivilege
    {19, CAP_SYS_BOOT},         // SeShutdownPrivilege
    {20, CAP_SYS_PTRACE},       // SeDebugPrivilege
    {21, CAP_AUDIT_WRITE},      // SeAuditPrivilege
    {23, kEverybody},           // SeChangeNotifyPrivilege, which Windows gives to everybody
    {28, CAP_SYS_ADMIN},        // SeManageVolumePrivilege
    {30, kEverybody},           // SeCreateGlobalPrivilege
    {33, kEverybody},           // SeIncreaseWorkingSetPrivilege
    {34, CAP_SYS_TIME},         // SeTimeZonePrivilege
    {35, kEverybody},           // SeCreateSymbolicLinkPrivilege
};

constexpr DWORD kGroupEnabled = SE_GROUP_MANDATORY | SE_GROUP_ENABLED_BY_DEFAULT | SE_GROUP_ENABLED;

// Full access for the owner and for Administrators, as Windows gives its users.
Result<std::vector<std::byte>> usual_dacl(const SID& owner) {
  AclBuilder list;
  list.add({.mask = GENERIC_ALL, .sid = &owner});
  list.add({.mask = GENERIC_ALL, .sid = &kAdministrators});
  return list.finish();
}

struct Identity {
  uid_t user = geteuid();
  gid_t group = getegid();
  std::vector<gid_t> groups;
  std::uint64_t capabilities = effective_capabilities();

  Identity() : groups(static_cast<std::size_t>(std::max(0, getgroups(0, nullptr)))) {
    groups.resize(static_cast<std::size_t>(std::max(0, getgroups(static_cast<int>(groups.size()), groups.data()))));
    if (std::ranges::find(groups, group) == groups.end()) groups.insert(groups.begin(), group);
  }
  bool operator==(const Identity&) const = default;
};

Token::Facts facts_of(const Identity& identity) {
  Token::Facts facts;
  facts.user = {unix_user_sid(identity.user), 0};
  for (const gid_t gid : identity.groups) facts.groups.push_back({unix_group_sid(gid), kGroupEnabled});
  for (const SID& sid : {kEveryone, kAuthenticatedUsers, kUsers}) facts.groups.push_back({sid, kGroupEnabled});
  if (identity.user == 0) {
    facts.groups.push_back({kAdministrators, kGroupEnabled | SE_GROUP_OWNER});
    facts.integrity = kHighIntegrity;
  }
  for (const PrivilegeRow& row : kPrivileges)
    if (row.capability == kEverybody || (identity.capabilities >> row.capability & 1) != 0)
      facts.privileges.push_back({{row.privilege, 0}, SE_PRIVILEGE_ENABLED_BY_DEFAULT | SE_PRIVILEGE_ENABLED});
  facts.owner = facts.user.sid;
  facts.primary_group = unix_group_sid(identity.group);
  if (auto dacl = usual_dacl(facts.owner)) facts.default_dacl = std::move(*dacl);
  return facts;
}

}  // namespace

Token::Token(Facts facts) : facts_(std::move(facts)) {
  facts_.id = new_luid();
  facts_.modified_id = new_luid();
}

Ref<Token> Token::of_process() {
  struct Current {
    KernelMutex mutex;
    Identity identity;
    Ref<Token> token;
  };
  static auto& current = *new Current;  // threads end after static destructors have run
  Identity now;
  const std::lock_guard lock(current.mutex);
  if (!current.token || !(now == current.identity)) {
    current.token = make_object<Token>(facts_of(now));
    current.identity = std::move(now);
  }
  return current.token;
}

Token::Facts Token::facts() const {
  const std::lock_guard lock(mutex_);
  return facts_;
}

void Token::commit(Facts facts) {
  facts_ = std::move(facts);
  facts_.modified_id = new_luid();
}

Result<Ref<Token>> Token::duplicate(TOKEN_TYPE type, SECURITY_IMPERSONATION_LEVEL level, bool effective_only) const {
  Facts copy = facts();
  const bool was_impersonation = copy.type == TOKEN_TYPE::TokenImpersonation;
  if (type == TOKEN_TYPE::TokenImpersonation) {
    if (level > SecurityDelegation || (was_impersonation && level > copy.level))
      return fail(STATUS_BAD_IMPERSONATION_LEVEL, "impersonation level {}", ULONG{level});
  } else if (type != TOKEN_TYPE::TokenPrimary) {
    return fail(STATUS_INVALID_PARAMETER, "token type {}", ULONG{type});
  } else if (was_impersonation && copy.level < SecurityImpersonation) {
    return fail(STATUS_BAD_IMPERSONATION_LEVEL, "a token that may not impersonate cannot become a primary one");
  }
  copy.type = type;
  copy.level = type == TOKEN_TYPE::TokenImpersonation ? level : SecurityAnonymous;
  if (effective_only) {
    std::erase_if(copy.groups, [](const Group& group) {
      return (group.attributes & (SE_GROUP_ENABLED | SE_GROUP_USE_FOR_DENY_ONLY)) == 0;
    });
    std::erase_if(copy.privileges, [](const LUID_AND_ATTRIBUTES& privilege) {
      return (privilege.Attributes & SE_PRIVILEGE_ENABLED) == 0;
    });
  }
  return make_object<Token>(std::move(copy));
}

// --- changes ---

namespace {

// What was different before, and whether the token had all that was asked for.
template <typename Entry>
struct Change {
  std::vector<Entry> previous;
  bool complete = true;
};

Change<LUID_AND_ATTRIBUTES> change_privileges(Token::Facts& facts, bool disable_all,
                                              std::span<const LUID_AND_ATTRIBUTES> wanted) {
  Change<LUID_AND_ATTRIBUTES> change;
  const auto set = [&change](LUID_AND_ATTRIBUTES& privilege, DWORD attributes) {
    constexpr DWORD kChangeable = SE_PRIVILEGE_ENABLED;
    const DWORD changed = (privilege.Attributes & ~kChangeable) | (attributes & kChangeable);
    if (changed != privilege.Attributes) change.previous.push_back(privilege);
    privilege.Attributes = changed;
  };
  if (disable_all) {
    for (auto& privilege : facts.privileges) set(privilege, 0);
    return change;
  }
  for (const auto& [luid, attributes] : wanted) {
    const auto held =
        std::ranges::find_if(facts.privileges, [&luid = luid](const auto& row) { return same(row.Luid, luid); });
    if (held == facts.privileges.end()) {
      change.complete = false;
    } else if ((attributes & SE_PRIVILEGE_REMOVED) != 0) {
      change.previous.push_back(*held);
      facts.privileges.erase(held);
      facts.filtered = true;
    } else {
      set(*held, attributes);
    }
  }
  return change;
}

Result<Change<Token::Group>> change_groups(Token::Facts& facts, bool reset,
                                           std::span<const SID_AND_ATTRIBUTES> wanted) {
  Change<Token::Group> change;
  const auto set = [&change](Token::Group& group, bool enabled) -> Status {
    if (enabled == ((group.attributes & SE_GROUP_ENABLED) != 0)) return ok;
    if (!enabled && (group.attributes & SE_GROUP_MANDATORY) != 0)
      return fail(STATUS_CANT_DISABLE_MANDATORY, "group {} is mandatory", sid_text(group.sid));
    if (enabled && (group.attributes & SE_GROUP_USE_FOR_DENY_ONLY) != 0)
      return fail(STATUS_CANT_ENABLE_DENY_ONLY, "group {} serves to deny only", sid_text(group.sid));
    change.previous.push_back(group);
    group.attributes ^= SE_GROUP_ENABLED;
    return ok;
  };
  if (reset) {
    for (Token::Group& group : facts.groups) TRY(set(group, (group.attributes & SE_GROUP_ENABLED_BY_DEFAULT) != 0));
    return change;
  }
  for (const auto& [sid, attributes] : wanted) {
    TRY(require_valid(sid));
    const auto member =
        std::ranges::find_if(facts.groups, [&sid = *sid](const Token::Group& group) { return equal(group.sid, sid); });
    if (member == facts.groups.end())
      change.complete = false;
    else
      TRY(set(*member, (attributes & SE_GROUP_ENABLED) != 0));
  }
  return change;
}

}  // namespace

Result<bool> Token::adjust_privileges(bool disable_all, std::span<const LUID_AND_ATTRIBUTES> wanted,
                                      const AcceptPrivileges& accept) {
  const std::lock_guard lock(mutex_);
  Facts changed = facts_;
  const auto change = change_privileges(changed, disable_all, wanted);
  TRY(accept(change.previous));
  commit(std::move(changed));
  return change.complete;
}

Result<bool> Token::adjust_groups(bool reset, std::span<const SID_AND_ATTRIBUTES> wanted, const AcceptGroups& accept) {
  const std::lock_guard lock(mutex_);
  Facts changed = facts_;
  const auto change = TRY(change_groups(changed, reset, wanted));
  TRY(accept(change.previous));
  commit(std::move(changed));
  return change.complete;
}

Ref<Token> Token::filtered(const Filter& filter) const {
  Facts copy = facts();
  const auto deny_only = [](Group& group) {
    group.attributes &= ~(SE_GROUP_MANDATORY | SE_GROUP_ENABLED_BY_DEFAULT | SE_GROUP_ENABLED | SE_GROUP_OWNER);
    group.attributes |= SE_GROUP_USE_FOR_DENY_ONLY;
  };
  for (const auto& entry : filter.disabled) {
    if (equal(copy.user.sid, *entry.Sid)) deny_only(copy.user);
    for (Group& group : copy.groups)
      if (equal(group.sid, *entry.Sid)) deny_only(group);
  }
  if ((filter.flags & LUA_TOKEN) != 0) {
    for (Group& group : copy.groups)
      if (equal(group.sid, kAdministrators)) deny_only(group);
    copy.integrity = std::min(copy.integrity, kMediumIntegrity);
  }
  std::erase_if(copy.privileges, [&](const LUID_AND_ATTRIBUTES& privilege) {
    if ((filter.flags & (DISABLE_MAX_PRIVILEGE | LUA_TOKEN)) != 0)
      return privilege.Luid.LowPart != kSeChangeNotifyPrivilege;
    return std::ranges::any_of(filter.deleted, [&](const auto& row) { return same(row.Luid, privilege.Luid); });
  });
  for (const auto& entry : filter.restricted) copy.restricted.push_back({value_of(*entry.Sid), kGroupEnabled});
  copy.sandbox_inert = copy.sandbox_inert || (filter.flags & SANDBOX_INERT) != 0;
  copy.filtered = true;
  return make_object<Token>(std::move(copy));
}

Status Token::set_owner(const SID& sid) {
  const std::lock_guard lock(mutex_);
  const bool possible = equal(facts_.user.sid, sid) || std::ranges::any_of(facts_.groups, [&](const Group& group) {
                          return (group.attributes & SE_GROUP_OWNER) != 0 && equal(group.sid, sid);
                        });
  if (!possible) return fail(STATUS_INVALID_OWNER, "{} cannot own what the token's user makes", sid_text(sid));
  Facts changed = facts_;
  changed.owner = value_of(sid);
  commit(std::move(changed));
  return ok;
}

Status Token::set_primary_group(const SID& sid) {
  const std::lock_guard lock(mutex_);
  const bool member = equal(facts_.user.sid, sid) ||
                      std::ranges::any_of(facts_.groups, [&](const Group& group) { return equal(group.sid, sid); });
  if (!member) return fail(STATUS_INVALID_PRIMARY_GROUP, "the token's user is not in {}", sid_text(sid));
  Facts changed = facts_;
  changed.primary_group = value_of(sid);
  commit(std::move(changed));
  return ok;
}

Status Token::set_default_dacl(const ACL* acl) {
  if (acl != nullptr) TRY(require_valid(acl));
  const std::lock_guard lock(mutex_);
  Facts changed = facts_;
  changed.default_dacl.clear();
  if (acl != nullptr) {
    const auto* bytes = reinterpret_cast<const std::byte*>(acl);
    changed.default_dacl.assign(bytes, bytes + acl->AclSize);
  }
  commit(std::move(changed));
  return ok;
}

bool holds_enabled(const Token::Facts& token, ULONG privilege) {
  return std::ranges::any_of(token.privileges, [privilege](const LUID_AND_ATTRIBUTES& row) {
    return same(row.Luid, {privilege, 0}) && (row.Attributes & SE_PRIVILEGE_ENABLED) != 0;
  });
}

// --- who has which ---

Result<Ref<Token>> token_of(HANDLE handle, ACCESS_MASK access) {
  const auto number = reinterpret_cast<std::intptr_t>(handle);
  if (number < -6 || number > -4) return object_of<Token>(handle, access);
  if ((access & ~(TOKEN_QUERY | TOKEN_QUERY_SOURCE)) != 0)
    return fail(STATUS_ACCESS_DENIED, "a token's pseudo handle serves for questions only");
  if (number == -4) return Token::of_process();
  if (number == -5 && !impersonation_of(current_thread()))
    return fail(STATUS_NO_TOKEN, "the thread has no token of its own");
  return effective_token();
}

Ref<Token> effective_token() {
  Ref<Token> own = impersonation_of(current_thread());
  return own ? own : Token::of_process();
}

namespace {

// The threads that impersonate: next to none.
struct Impersonations {
  KernelMutex mutex;
  std::map<const Thread*, Ref<Token>> tokens;
  std::atomic<std::size_t> count{0};
};
Impersonations& impersonations() {
  static auto& table = *new Impersonations;  // threads end after static destructors have run
  return table;
}

}  // namespace

Status impersonate(Thread& thread, Ref<Token> token) {
  if (!token && impersonations().count == 0) return ok;
  if (token) {
    const Token::Facts facts = token->facts(), process = Token::of_process()->facts();
    if (facts.type != TOKEN_TYPE::TokenImpersonation)
      return fail(STATUS_BAD_TOKEN_TYPE, "a primary token is no thread's");
    if (facts.filtered || !equal(facts.user.sid, process.user.sid))
      return fail(STATUS_NOT_SUPPORTED, "the thread keeps the rights of the process");
  }
  Impersonations& table = impersonations();
  Ref<Token> old;  // leaves after the lock
  const std::lock_guard lock(table.mutex);
  const auto entry = table.tokens.find(&thread);
  if (entry != table.tokens.end()) std::swap(old, entry->second);
  if (token)
    table.tokens.insert_or_assign(&thread, std::move(token));
  else if (entry != table.tokens.end())
    table.tokens.erase(entry);
  table.count = table.tokens.size();
  return ok;
}

Ref<Token> impersonation_of(const Thread& thread) {
  Impersonations& table = impersonations();
  if (table.count == 0) return {};
  const std::lock_guard lock(table.mutex);
  const auto entry = table.tokens.find(&thread);
  return entry == table.tokens.end() ? Ref<Token>() : entry->second;
}

// --- NtAdjust...Token ---

namespace {

// A caller that wants the previous state names both the buffer and where its size goes.
Status require_room(SIZE_T bytes, ULONG size, ULONG* needed) {
  if (needed == nullptr) return fail(STATUS_ACCESS_VIOLATION, "nowhere to put the size of the previous state");
  *needed = static_cast<ULONG>(bytes);
  if (size < bytes) return fail(STATUS_BUFFER_TOO_SMALL, "{} bytes for the previous state of {}", size, bytes);
  return ok;
}

}  // namespace

Result<bool> adjust_privileges(HANDLE token, bool disable_all, const TOKEN_PRIVILEGES* wanted, ULONG size,
                               TOKEN_PRIVILEGES* previous, ULONG* needed) {
  const auto found = TRY(token_of(token, TOKEN_ADJUST_PRIVILEGES | (previous != nullptr ? TOKEN_QUERY : 0)));
  if (!disable_all && wanted == nullptr) return fail(STATUS_INVALID_PARAMETER, "no privileges");
  std::span<const LUID_AND_ATTRIBUTES> list;
  if (!disable_all) list = {wanted->Privileges, wanted->PrivilegeCount};
  return found->adjust_privileges(disable_all, list, [&](std::span<const LUID_AND_ATTRIBUTES> before) -> Status {
    if (previous == nullptr) return ok;
    TRY(require_room(sizeof(DWORD) + before.size_bytes(), size, needed));
    previous->PrivilegeCount = static_cast<DWORD>(before.size());
    if (!before.empty()) std::memcpy(previous->Privileges, before.data(), before.size_bytes());
    return ok;
  });
}

Result<bool> adjust_groups(HANDLE token, bool reset, const TOKEN_GROUPS* wanted, ULONG size, TOKEN_GROUPS* previous,
                           ULONG* needed) {
  const auto found = TRY(token_of(token, TOKEN_ADJUST_GROUPS | (previous != nullptr ? TOKEN_QUERY : 0)));
  if (!reset && wanted == nullptr) return fail(STATUS_INVALID_PARAMETER, "no groups");
  std::span<const SID_AND_ATTRIBUTES> list;
  if (!reset) list = {wanted->Groups, wanted->GroupCount};
  return found->adjust_groups(reset, list, [&](std::span<const Token::Group> before) -> Status {
    if (previous == nullptr) return ok;
    SIZE_T offset = offsetof(TOKEN_GROUPS, Groups) + before.size() * sizeof(SID_AND_ATTRIBUTES), bytes = offset;
    for (const auto& group : before) bytes += sid_size(group.sid);
    TRY(require_room(bytes, size, needed));
    previous->GroupCount = static_cast<DWORD>(before.size());
    auto* entry = previous->Groups;
    for (const auto& [sid, attributes] : before) {
      auto* const place = reinterpret_cast<std::byte*>(previous) + offset;
      std::memcpy(place, &sid, sid_size(sid));
      *entry++ = {reinterpret_cast<SID*>(place), attributes};
      offset += sid_size(sid);
    }
    return ok;
  });
}

// --- NtQueryInformationToken ---

namespace {

class Answer {
 public:
  Answer(void* buffer, ULONG room, ULONG* needed)
      : buffer_(static_cast<std::byte*>(buffer)), room_(room), needed_(needed) {}

  Status require(SIZE_T size) {
    if (needed_ != nullptr) *needed_ = static_cast<ULONG>(size);
    if (buffer_ == nullptr || room_ < size) return fail(STATUS_BUFFER_TOO_SMALL, "{} bytes are needed", size);
    return ok;
  }
  std::byte* at(SIZE_T offset) const { return buffer_ + offset; }

  template <typename Record>
  Status give(const Record& record) {
    TRY(require(sizeof record));
    std::memcpy(buffer_, &record, sizeof record);
    return ok;
  }
  Status give_number(ULONG number) { return give(number); }
  // TOKEN_OWNER and its kin: a pointer to a SID that follows.
  Status give_sid(const SID& sid) {
    TRY(require(sizeof(SID*) + sid_size(sid)));
    *reinterpret_cast<SID**>(buffer_) = put(sizeof(SID*), sid);
    return ok;
  }
  // TOKEN_USER, TOKEN_MANDATORY_LABEL.
  Status give_sid(const SID& sid, DWORD attributes) {
    TRY(require(sizeof(SID_AND_ATTRIBUTES) + sid_size(sid)));
    *reinterpret_cast<SID_AND_ATTRIBUTES*>(buffer_) = {put(sizeof(SID_AND_ATTRIBUTES), sid), attributes};
    return ok;
  }
  Status give_groups(const std::vector<Token::Group>& groups) {
    if (groups.empty()) return give_number(0);
    SIZE_T offset = offsetof(TOKEN_GROUPS, Groups) + groups.size() * sizeof(SID_AND_ATTRIBUTES), size = offset;
    for (const auto& group : groups) size += sid_size(group.sid);
    TRY(require(size));
    auto& out = *reinterpret_cast<TOKEN_GROUPS*>(buffer_);
    out.GroupCount = static_cast<DWORD>(groups.size());
    auto* entry = out.Groups;
    for (const auto& [sid, attributes] : groups) {
      *entry++ = {put(offset, sid), attributes};
      offset += sid_size(sid);
    }
    return ok;
  }
  Status give_privileges(const std::vector<LUID_AND_ATTRIBUTES>& privileges) {
    const SIZE_T size = privileges.size() * sizeof(LUID_AND_ATTRIBUTES);
    TRY(require(sizeof(DWORD) + size));
    const auto count = static_cast<DWORD>(privileges.size());
    std::memcpy(buffer_, &count, sizeof count);
    if (size != 0) std::memcpy(at(sizeof count), privileges.data(), size);
    return ok;
  }
  Status give_acl(const std::vector<std::byte>& acl) {
    TRY(require(sizeof(ACL*) + acl.size()));
    *reinterpret_cast<std::byte**>(buffer_) = acl.empty() ? nullptr : at(sizeof(ACL*));
    if (!acl.empty()) std::memcpy(at(sizeof(ACL*)), acl.data(), acl.size());
    return ok;
  }

 private:
  SID* put(SIZE_T offset, const SID& sid) {
    std::memcpy(at(offset), &sid, sid_size(sid));
    return reinterpret_cast<SID*>(at(offset));
  }

  std::byte* buffer_;
  ULONG room_;
  ULONG* needed_;
};

TOKEN_STATISTICS statistics_of(const Token::Facts& facts) {
  constexpr LARGE_INTEGER kNever = INT64_MAX;
  const auto acl_size = static_cast<DWORD>(facts.default_dacl.size());
  return {facts.id,
          {0x3E7, 0},  // SYSTEM_LUID: there are no logon sessions to tell apart
          kNever,
          facts.type,
          facts.level,
          acl_size,
          0,
          static_cast<DWORD>(facts.groups.size()),
          static_cast<DWORD>(facts.privileges.size()),
          facts.modified_id};
}

}  // namespace

Status query_token(const Token& token, LONG information_class, void* buffer, ULONG size, ULONG* needed) {
  Answer answer(buffer, size, needed);
  const Token::Facts facts = token.facts();
  switch (information_class) {
    case TokenUser:
      return answer.give_sid(facts.user.sid, facts.user.attributes);
    case TokenGroups:
      return answer.give_groups(facts.groups);
    case TokenPrivileges:
      return answer.give_privileges(facts.privileges);
    case TokenOwner:
      return answer.give_sid(facts.owner);
    case TokenPrimaryGroup:
      return answer.give_sid(facts.primary_group);
    case TokenDefaultDacl:
      return answer.give_acl(facts.default_dacl);
    case TokenSource:
      return answer.give(TOKEN_SOURCE{{'H', 'm', 'o', 'd', 'u', 'l', 'e', 0}, {0x3E7, 0}});
    case TokenType:
      return answer.give_number(facts.type);
    case TokenImpersonationLevel:
      if (facts.type != TOKEN_TYPE::TokenImpersonation)
        return fail(STATUS_INVALID_PARAMETER, "a primary token has no impersonation level");
      return answer.give_number(facts.level);
    case TokenStatistics:
      return answer.give(statistics_of(facts));
    case TokenRestrictedSids:
      return answer.give_groups(facts.restricted);
    case TokenSessionId:
      return answer.give_number(1);
    case TokenSandBoxInert:
      return answer.give_number(facts.sandbox_inert);
    case TokenOrigin:
      return answer.give(LUID{0x3E7, 0});
    case TokenElevationType:
      return answer.give_number(TokenElevationTypeDefault);
    case TokenLinkedToken:
      return fail(STATUS_NO_SUCH_LOGON_SESSION, "the user has one token only");
    case TokenElevation:
      return answer.give_number(facts.integrity >= kHighIntegrity);
    case TokenHasRestrictions:
      return answer.give_number(facts.filtered);
    case TokenIsRestricted:
      return answer.give_number(!facts.restricted.empty());
    case TokenIntegrityLevel:
      return answer.give_sid(integrity_sid(facts.integrity), SE_GROUP_INTEGRITY | SE_GROUP_INTEGRITY_ENABLED);
    case TokenMandatoryPolicy:
      return answer.give_number(TOKEN_MANDATORY_POLICY_NO_WRITE_UP | TOKEN_MANDATORY_POLICY_NEW_PROCESS_MIN);
    case TokenCapabilities:
      return answer.give_groups({});
    case TokenAppContainerSid:
      return answer.give(static_cast<SID*>(nullptr));
    case TokenVirtualizationAllowed:
    case TokenVirtualizationEnabled:
    case TokenUIAccess:
    case TokenIsAppContainer:
    case TokenAppContainerNumber:
      return answer.give_number(0);
    default:
      return fail(STATUS_INVALID_INFO_CLASS, "token information class {}", information_class);
  }
}

}  // namespace hmodule::nt

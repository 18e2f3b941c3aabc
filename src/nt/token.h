// Access tokens: what the Linux user of this process may do, in Windows' words.
//
// User and groups are the effective ones (nt/sid.h). Everybody is in Everyone, Authenticated Users and Users besides,
// and root in Administrators. A privilege is held, and enabled, when the Linux capability that gives its power is
// effective; Linux asks for no enabling, so disabling one changes what the token says and nothing else. The same goes
// for filtered tokens: they count in access checks, but no thread can run with one, as Linux knows nothing of them.
#pragma once

#include "nt/handle_table.h"
#include "nt/kernel_section.h"
#include "nt/sid.h"
#include "win/security.h"

#include <cstddef>
#include <functional>
#include <span>
#include <vector>

namespace hmodule::nt {

class Thread;

class Token final : public Object {
 public:
  static const ObjectType kType;
  const ObjectType& type() const override { return kType; }

  struct Group {
    SID sid;
    DWORD attributes;  // SE_GROUP_...
  };
  struct Facts {
    TOKEN_TYPE type = TOKEN_TYPE::TokenPrimary;
    SECURITY_IMPERSONATION_LEVEL level = SecurityAnonymous;  // of an impersonation token
    Group user = {};
    std::vector<Group> groups, restricted;
    std::vector<LUID_AND_ATTRIBUTES> privileges;
    SID owner, primary_group;
    std::vector<std::byte> default_dacl;  // an ACL; empty: NULL
    ULONG integrity = kMediumIntegrity;
    bool sandbox_inert = false, filtered = false;
    LUID id = {}, modified_id = {};
  };

  explicit Token(Facts facts);
  // The process's own. Another object after the process has changed its Linux user or groups.
  static Ref<Token> of_process();

  Facts facts() const;

  // NtDuplicateToken: STATUS_BAD_IMPERSONATION_LEVEL when it would gain in power.
  Result<Ref<Token>> duplicate(TOKEN_TYPE type, SECURITY_IMPERSONATION_LEVEL level, bool effective_only) const;

  // NtAdjustPrivilegesToken and NtAdjustGroupsToken. True when the token has all that was asked for. `accept` sees what
  // was different before, and can refuse the change.
  using AcceptPrivileges = std::function<Status(std::span<const LUID_AND_ATTRIBUTES> previous)>;
  using AcceptGroups = std::function<Status(std::span<const Group> previous)>;
  Result<bool> adjust_privileges(bool disable_all, std::span<const LUID_AND_ATTRIBUTES> wanted,
                                 const AcceptPrivileges& accept);
  // STATUS_CANT_DISABLE_MANDATORY, STATUS_CANT_ENABLE_DENY_ONLY.
  Result<bool> adjust_groups(bool reset, std::span<const SID_AND_ATTRIBUTES> wanted, const AcceptGroups& accept);

  // NtFilterToken.
  struct Filter {
    ULONG flags = 0;  // DISABLE_MAX_PRIVILEGE, SANDBOX_INERT, LUA_TOKEN, WRITE_RESTRICTED
    std::span<const SID_AND_ATTRIBUTES> disabled = {}, restricted = {};
    std::span<const LUID_AND_ATTRIBUTES> deleted = {};
  };
  Ref<Token> filtered(const Filter& filter) const;

  // NtSetInformationToken. STATUS_INVALID_OWNER, STATUS_INVALID_PRIMARY_GROUP.
  Status set_owner(const SID& sid);
  Status set_primary_group(const SID& sid);
  Status set_default_dacl(const ACL* acl);

 private:
  void commit(Facts facts);

  mutable KernelMutex mutex_;
  Facts facts_;
};

inline constexpr ULONG kSeTakeOwnershipPrivilege = 9, kSeChangeNotifyPrivilege = 23;
bool holds_enabled(const Token::Facts& token, ULONG privilege);

// The token of a handle; knows the pseudo handles of GetCurrentProcessToken (-4), GetCurrentThreadToken (-5) and
// GetCurrentThreadEffectiveToken (-6), which serve for questions only.
Result<Ref<Token>> token_of(HANDLE handle, ACCESS_MASK access);
// The thread's where it impersonates, else the process's.
Ref<Token> effective_token();
// Lets the thread impersonate, or stop with a null token, as its end does. STATUS_NOT_SUPPORTED for a token with other
// rights than the process, because the thread would keep these.
Status impersonate(Thread& thread, Ref<Token> token);
// Null where the thread is the process.
Ref<Token> impersonation_of(const Thread& thread);

// NtQueryInformationToken. Nothing is written until there is room for all of it: STATUS_BUFFER_TOO_SMALL, with the
// size needed.
Status query_token(const Token& token, LONG information_class, void* buffer, ULONG size, ULONG* needed);

// NtAdjustPrivilegesToken and NtAdjustGroupsToken, from the handle to the previous state; true when all was assigned.
// STATUS_BUFFER_TOO_SMALL, with the size needed and nothing changed.
Result<bool> adjust_privileges(HANDLE token, bool disable_all, const TOKEN_PRIVILEGES* wanted, ULONG size,
                               TOKEN_PRIVILEGES* previous, ULONG* needed);
Result<bool> adjust_groups(HANDLE token, bool reset, const TOKEN_GROUPS* wanted, ULONG size, TOKEN_GROUPS* previous,
                           ULONG* needed);

}  // namespace hmodule::nt

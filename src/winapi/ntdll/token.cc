// Tokens, access checks, and the security descriptors of objects.
#include "nt/token.h"

#include "module/builtin.h"
#include "nt/access_check.h"
#include "nt/acl.h"
#include "nt/heap.h"
#include "nt/names.h"
#include "nt/object_security.h"
#include "nt/own_process.h"
#include "nt/thread.h"
#include "winapi/ntdll/nt_args.h"

#include <cstring>

namespace hmodule::winapi {
namespace {

using nt::Token;

// --- opening ---

HM_WINAPI NTSTATUS NtOpenProcessTokenEx(HANDLE process, ACCESS_MASK access, ULONG attributes, HANDLE* token) noexcept {
  return status_of([&]() -> Status {
    TRY(require(token));
    TRY(nt::require_own_process(process, nt::PROCESS_QUERY_LIMITED_INFORMATION));
    *token = TRY(nt::handle_for(Token::of_process(), access, attributes));
    return ok;
  });
}
HM_WINAPI NTSTATUS NtOpenProcessToken(HANDLE process, ACCESS_MASK access, HANDLE* token) noexcept {
  return NtOpenProcessTokenEx(process, access, 0, token);
}

// Whose rights open the token makes no difference: they are the user's.
HM_WINAPI NTSTATUS NtOpenThreadTokenEx(HANDLE thread, ACCESS_MASK access, BOOLEAN /*as_self*/, ULONG attributes,
                                       HANDLE* token) noexcept {
  return status_of([&]() -> Status {
    TRY(require(token));
    const auto whose = TRY(nt::object_of<nt::Thread>(thread, nt::THREAD_QUERY_LIMITED_INFORMATION));
    auto own = nt::impersonation_of(*whose);
    if (!own) return fail(STATUS_NO_TOKEN, "the thread has no token of its own");
    if (own->facts().level == SecurityAnonymous)
      return fail(STATUS_CANT_OPEN_ANONYMOUS, "the thread impersonates on level anonymous");
    *token = TRY(nt::handle_for(std::move(own), access, attributes));
    return ok;
  });
}
HM_WINAPI NTSTATUS NtOpenThreadToken(HANDLE thread, ACCESS_MASK access, BOOLEAN as_self, HANDLE* token) noexcept {
  return NtOpenThreadTokenEx(thread, access, as_self, 0, token);
}

// --- questions and changes ---

HM_WINAPI NTSTATUS NtQueryInformationToken(HANDLE token, LONG information_class, void* buffer, ULONG size,
                                           ULONG* needed) noexcept {
  return status_of([&]() -> Status {
    const ACCESS_MASK access = information_class == TokenSource ? TOKEN_QUERY_SOURCE : TOKEN_QUERY;
    const auto found = TRY(nt::token_of(token, access));
    return nt::query_token(*found, information_class, buffer, size, needed);
  });
}

HM_WINAPI NTSTATUS NtSetInformationToken(HANDLE handle, LONG information_class, const void* buffer,
                                         ULONG size) noexcept {
  return status_of([&]() -> Status {
    const auto token = TRY(nt::token_of(handle, TOKEN_ADJUST_DEFAULT));
    TRY(require(buffer));
    if (size < sizeof(void*)) return fail(STATUS_INFO_LENGTH_MISMATCH, "{} bytes of token information", size);
    const void* const given = *static_cast<const void* const*>(buffer);
    const auto* const sid = static_cast<const SID*>(given);
    switch (information_class) {
      case TokenOwner:
        TRY(nt::require_valid(sid));
        return token->set_owner(*sid);
      case TokenPrimaryGroup:
        TRY(nt::require_valid(sid));
        return token->set_primary_group(*sid);
      case TokenDefaultDacl:
        return token->set_default_dacl(static_cast<const ACL*>(given));
      default:
        return fail(STATUS_INVALID_INFO_CLASS, "token information class {}", information_class);
    }
  });
}

HM_WINAPI NTSTATUS NtAdjustPrivilegesToken(HANDLE token, BOOLEAN disable_all, const TOKEN_PRIVILEGES* wanted,
                                           ULONG size, TOKEN_PRIVILEGES* previous, ULONG* needed) noexcept {
  return status_of([&]() -> Result<NTSTATUS> {
    const bool complete = TRY(nt::adjust_privileges(token, disable_all != 0, wanted, size, previous, needed));
    return complete ? STATUS_SUCCESS : STATUS_NOT_ALL_ASSIGNED;
  });
}
HM_WINAPI NTSTATUS NtAdjustGroupsToken(HANDLE token, BOOLEAN reset, const TOKEN_GROUPS* wanted, ULONG size,
                                       TOKEN_GROUPS* previous, ULONG* needed) noexcept {
  return status_of([&]() -> Result<NTSTATUS> {
    const bool complete = TRY(nt::adjust_groups(token, reset != 0, wanted, size, previous, needed));
    return complete ? STATUS_SUCCESS : STATUS_NOT_ALL_ASSIGNED;
  });
}

// --- new tokens ---

// No access asked for: that of the original handle.
Result<ACCESS_MASK> access_or_same(HANDLE original, ACCESS_MASK access) {
  if (access != 0) return access;
  return TRY(nt::handles().find(original)).access;
}

HM_WINAPI NTSTATUS NtDuplicateToken(HANDLE original, ACCESS_MASK access, const OBJECT_ATTRIBUTES* attributes,
                                    BOOLEAN effective_only, ULONG type, HANDLE* token) noexcept {
  return status_of([&]() -> Status {
    TRY(require(token));
    const auto checked = TRY(nt::attributes_from(attributes));
    const auto source = TRY(nt::object_of<Token>(original, TOKEN_DUPLICATE));
    const auto* quality = attributes == nullptr
                              ? nullptr
                              : static_cast<const SECURITY_QUALITY_OF_SERVICE*>(attributes->SecurityQualityOfService);
    const auto level = quality == nullptr ? source->facts().level : quality->ImpersonationLevel;
    auto duplicate = TRY(source->duplicate(static_cast<TOKEN_TYPE>(type), level, effective_only != 0));
    const ACCESS_MASK granted = TRY(access_or_same(original, access));
    *token = TRY(nt::handle_for(std::move(duplicate), granted, checked.attributes));
    return ok;
  });
}

HM_WINAPI NTSTATUS NtFilterToken(HANDLE original, ULONG flags, const TOKEN_GROUPS* disabled,
                                 const TOKEN_PRIVILEGES* deleted, const TOKEN_GROUPS* restricted,
                                 HANDLE* token) noexcept {
  return status_of([&]() -> Status {
    TRY(require(token));
    const auto source = TRY(nt::object_of<Token>(original, TOKEN_DUPLICATE));
    if ((flags & ~(DISABLE_MAX_PRIVILEGE | SANDBOX_INERT | LUA_TOKEN | WRITE_RESTRICTED)) != 0)
      return fail(STATUS_INVALID_PARAMETER, "filter flags {:#x}", flags);
    Token::Filter filter = {.flags = flags};
    if (disabled != nullptr) filter.disabled = {disabled->Groups, disabled->GroupCount};
    if (restricted != nullptr) filter.restricted = {restricted->Groups, restricted->GroupCount};
    if (deleted != nullptr) filter.deleted = {deleted->Privileges, deleted->PrivilegeCount};
    for (const auto& list : {filter.disabled, filter.restricted})
      for (const SID_AND_ATTRIBUTES& entry : list) TRY(nt::require_valid(entry.Sid));
    const ACCESS_MASK granted = TRY(access_or_same(original, 0));
    *token = TRY(nt::handle_for(source->filtered(filter), granted));
    return ok;
  });
}

HM_WINAPI NTSTATUS RtlImpersonateSelf(ULONG level) noexcept {
  return status_of([&]() -> Status {
    auto own = TRY(Token::of_process()->duplicate(TOKEN_TYPE::TokenImpersonation,
                                                  static_cast<SECURITY_IMPERSONATION_LEVEL>(level), false));
    return nt::impersonate(nt::current_thread(), std::move(own));
  });
}
HM_WINAPI NTSTATUS NtImpersonateAnonymousToken(HANDLE thread) noexcept {
  return status_of([&]() -> Status {
    constexpr ACCESS_MASK kThreadImpersonate = 0x100;
    TRY(nt::object_of<nt::Thread>(thread, kThreadImpersonate));
    return fail(STATUS_ACCESS_DENIED, "Linux has no anonymous user that a thread could become");
  });
}

// --- checks ---

// What an impersonation token has to be for a check.
Status require_identification(const Token::Facts& token) {
  if (token.type == TOKEN_TYPE::TokenImpersonation && token.level < SecurityIdentification)
    return fail(STATUS_BAD_IMPERSONATION_LEVEL, "a token of level anonymous identifies nobody");
  return ok;
}

HM_WINAPI NTSTATUS NtPrivilegeCheck(HANDLE handle, PRIVILEGE_SET* wanted, BOOLEAN* result) noexcept {
  return status_of([&]() -> Status {
    const auto facts = TRY(nt::token_of(handle, TOKEN_QUERY))->facts();
    TRY(require_identification(facts));
    TRY(require(wanted));
    TRY(require(result));
    DWORD held = 0;
    LUID_AND_ATTRIBUTES* const rows = wanted->Privilege;
    for (DWORD i = 0; i < wanted->PrivilegeCount; ++i) {
      rows[i].Attributes &= ~SE_PRIVILEGE_USED_FOR_ACCESS;
      if (rows[i].Luid.HighPart != 0 || !nt::holds_enabled(facts, rows[i].Luid.LowPart)) continue;
      rows[i].Attributes |= SE_PRIVILEGE_USED_FOR_ACCESS;
      ++held;
    }
    *result = (wanted->Control & PRIVILEGE_SET_ALL_NECESSARY) != 0 ? held == wanted->PrivilegeCount : held != 0;
    return ok;
  });
}

HM_WINAPI NTSTATUS NtAccessCheck(const SECURITY_DESCRIPTOR* descriptor, HANDLE handle, ACCESS_MASK desired,
                                 const GENERIC_MAPPING* mapping, PRIVILEGE_SET* privileges, ULONG* size,
                                 ACCESS_MASK* granted, NTSTATUS* status) noexcept {
  return status_of([&]() -> Status {
    TRY(require(privileges));
    TRY(require(size));
    if (*size < sizeof(PRIVILEGE_SET)) {
      *size = sizeof(PRIVILEGE_SET);
      return fail(STATUS_BUFFER_TOO_SMALL, "no room for a privilege");
    }
    const auto facts = TRY(nt::token_of(handle, TOKEN_QUERY))->facts();
    if (facts.type != TOKEN_TYPE::TokenImpersonation)
      return fail(STATUS_NO_IMPERSONATION_TOKEN, "access checks take impersonation tokens");
    TRY(require_identification(facts));
    const nt::AccessAnswer answer = TRY(nt::check_access(descriptor, facts, desired, *mapping));
    *privileges = {};
    if (answer.took_ownership)
      *privileges = {1, 0, {{{nt::kSeTakeOwnershipPrivilege, 0}, SE_PRIVILEGE_USED_FOR_ACCESS}}};
    *granted = answer.granted;
    *status = answer.status;
    return ok;
  });
}

// --- objects ---

HM_WINAPI NTSTATUS NtQuerySecurityObject(HANDLE handle, SECURITY_INFORMATION what, void* buffer, ULONG size,
                                         ULONG* needed) noexcept {
  return status_of([&]() -> Status {
    TRY(require(needed));
    const auto entry = TRY(nt::handles().find(handle));
    const ACCESS_MASK access = (what & SACL_SECURITY_INFORMATION) != 0 ? nt::ACCESS_SYSTEM_SECURITY : nt::READ_CONTROL;
    if ((access & ~entry.access) != 0) return fail(STATUS_ACCESS_DENIED, "the handle may not ask for the security");
    const auto bytes = TRY(nt::security_of(*entry.object, what, nt::effective_token()->facts()));
    *needed = static_cast<ULONG>(bytes.size());
    if (size < bytes.size()) return fail(STATUS_BUFFER_TOO_SMALL, "{} bytes of {}", size, bytes.size());
    TRY(require(buffer));
    std::memcpy(buffer, bytes.data(), bytes.size());
    return ok;
  });
}

HM_WINAPI NTSTATUS NtSetSecurityObject(HANDLE handle, SECURITY_INFORMATION what,
                                       const SECURITY_DESCRIPTOR* descriptor) noexcept {
  return status_of([&]() -> Status {
    const auto entry = TRY(nt::handles().find(handle));
    TRY(require(descriptor));
    ACCESS_MASK access = 0;
    if ((what & (OWNER_SECURITY_INFORMATION | GROUP_SECURITY_INFORMATION | LABEL_SECURITY_INFORMATION)) != 0)
      access |= nt::WRITE_OWNER;
    if ((what & DACL_SECURITY_INFORMATION) != 0) access |= nt::WRITE_DAC;
    if ((what & SACL_SECURITY_INFORMATION) != 0) access |= nt::ACCESS_SYSTEM_SECURITY;
    if ((access & ~entry.access) != 0) return fail(STATUS_ACCESS_DENIED, "the handle may not change the security");
    return nt::set_security(*entry.object, what, descriptor, nt::effective_token()->facts());
  });
}

// --- descriptors of new objects ---

// For RtlDeleteSecurityObject.
Result<SECURITY_DESCRIPTOR*> heap_copy(const std::vector<std::byte>& bytes) {
  void* const copy = nt::heap_allocate(bytes.size());
  if (copy == nullptr) return fail(STATUS_NO_MEMORY, "no memory for a security descriptor");
  std::memcpy(copy, bytes.data(), bytes.size());
  return static_cast<SECURITY_DESCRIPTOR*>(copy);
}

Status new_object(const SECURITY_DESCRIPTOR* parent, const SECURITY_DESCRIPTOR* creator, SECURITY_DESCRIPTOR** result,
                  BOOLEAN container, ULONG auto_inherit, HANDLE token, const GENERIC_MAPPING* mapping) {
  TRY(require(result));
  TRY(require(mapping));
  auto facts = (token == nullptr ? nt::effective_token() : TRY(nt::token_of(token, TOKEN_QUERY)))->facts();
  auto* const dacl = facts.default_dacl.empty() ? nullptr : reinterpret_cast<ACL*>(facts.default_dacl.data());
  const auto bytes =
      TRY(nt::new_object_security({.parent = parent,
                                   .creator = creator,
                                   .container = container != 0,
                                   .auto_inherit = auto_inherit,
                                   .mapping = *mapping,
                                   .defaults = {.owner = &facts.owner, .group = &facts.primary_group, .dacl = dacl}}));
  *result = TRY(heap_copy(bytes));
  return ok;
}

HM_WINAPI NTSTATUS RtlNewSecurityObjectEx(const SECURITY_DESCRIPTOR* parent, const SECURITY_DESCRIPTOR* creator,
                                          SECURITY_DESCRIPTOR** result, const GUID* /*object_type*/, BOOLEAN container,
                                          ULONG auto_inherit, HANDLE token, const GENERIC_MAPPING* mapping) noexcept {
  return status_of([&] { return new_object(parent, creator, result, container, auto_inherit, token, mapping); });
}
HM_WINAPI NTSTATUS RtlNewSecurityObject(const SECURITY_DESCRIPTOR* parent, const SECURITY_DESCRIPTOR* creator,
                                        SECURITY_DESCRIPTOR** result, BOOLEAN container, HANDLE token,
                                        const GENERIC_MAPPING* mapping) noexcept {
  return status_of([&] { return new_object(parent, creator, result, container, 0, token, mapping); });
}
HM_WINAPI NTSTATUS RtlNewSecurityObjectWithMultipleInheritance(const SECURITY_DESCRIPTOR* parent,
                                                               const SECURITY_DESCRIPTOR* creator,
                                                               SECURITY_DESCRIPTOR** result,
                                                               const GUID* const* /*object_types*/, ULONG /*count*/,
                                                               BOOLEAN container, ULONG auto_inherit, HANDLE token,
                                                               const GENERIC_MAPPING* mapping) noexcept {
  return status_of([&] { return new_object(parent, creator, result, container, auto_inherit, token, mapping); });
}
HM_WINAPI NTSTATUS RtlDeleteSecurityObject(SECURITY_DESCRIPTOR** descriptor) noexcept {
  nt::heap_free(*descriptor);
  *descriptor = nullptr;
  return STATUS_SUCCESS;
}
HM_WINAPI NTSTATUS RtlConvertToAutoInheritSecurityObject(const SECURITY_DESCRIPTOR* parent,
                                                         const SECURITY_DESCRIPTOR* current,
                                                         SECURITY_DESCRIPTOR** result, const GUID* /*object_type*/,
                                                         BOOLEAN container, const GENERIC_MAPPING* mapping) noexcept {
  return status_of([&]() -> Status {
    TRY(require(current));
    TRY(require(result));
    TRY(require(mapping));
    const auto bytes = TRY(nt::with_inheritance_marked(parent, *current, container != 0, *mapping));
    *result = TRY(heap_copy(bytes));
    return ok;
  });
}

constexpr std::string_view kOwn = "the process's own", kTypes = "entries for one object type only are inherited by all";
const Export kRows[] = {
    {"NtAccessCheck", proc(NtAccessCheck)},
    {"NtAdjustGroupsToken", proc(NtAdjustGroupsToken)},
    {"NtAdjustPrivilegesToken", proc(NtAdjustPrivilegesToken), Support::partial,
     "changes what the token says; Linux asks its capabilities"},
    {"NtDuplicateToken", proc(NtDuplicateToken)},
    {"NtFilterToken", proc(NtFilterToken), Support::partial,
     "counts in access checks; no thread can have such a token"},
    {"NtImpersonateAnonymousToken", proc(NtImpersonateAnonymousToken), Support::partial, "always refused"},
    {"NtOpenProcessToken", proc(NtOpenProcessToken), Support::partial, kOwn},
    {"NtOpenProcessTokenEx", proc(NtOpenProcessTokenEx), Support::partial, kOwn},
    {"NtOpenThreadToken", proc(NtOpenThreadToken)},
    {"NtOpenThreadTokenEx", proc(NtOpenThreadTokenEx)},
    {"NtPrivilegeCheck", proc(NtPrivilegeCheck)},
    {"NtQueryInformationToken", proc(NtQueryInformationToken), Support::partial, "the common classes"},
    {"NtQuerySecurityObject", proc(NtQuerySecurityObject), Support::partial,
     "files: owner, group and mode; others: what was set"},
    {"NtSetInformationToken", proc(NtSetInformationToken), Support::partial, "owner, primary group, default list"},
    {"NtSetSecurityObject", proc(NtSetSecurityObject), Support::partial,
     "files: owner, group and mode; of other objects it is only remembered"},
    {"RtlConvertToAutoInheritSecurityObject", proc(RtlConvertToAutoInheritSecurityObject), Support::partial, kTypes},
    {"RtlDeleteSecurityObject", proc(RtlDeleteSecurityObject)},
    {"RtlImpersonateSelf", proc(RtlImpersonateSelf)},
    {"RtlNewSecurityObject", proc(RtlNewSecurityObject)},
    {"RtlNewSecurityObjectEx", proc(RtlNewSecurityObjectEx), Support::partial, kTypes},
    {"RtlNewSecurityObjectWithMultipleInheritance", proc(RtlNewSecurityObjectWithMultipleInheritance), Support::partial,
     kTypes},
};

}  // namespace

extern const ExportTable token_exports = kRows;

}  // namespace hmodule::winapi

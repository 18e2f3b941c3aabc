// Security identifiers and access control lists.
#include "module/builtin.h"
#include "nt/acl.h"
#include "nt/heap.h"
#include "nt/security_descriptor.h"
#include "nt/sid.h"
#include "winapi/ntdll/nt_args.h"

#include <algorithm>
#include <cstring>

namespace hmodule::winapi {
namespace {

// --- security identifiers ---

HM_WINAPI BOOLEAN RtlValidSid(const SID* sid) noexcept {
  return nt::is_valid(sid);
}
HM_WINAPI ULONG RtlLengthSid(const SID* sid) noexcept {
  return static_cast<ULONG>(nt::sid_size(*sid));
}
HM_WINAPI ULONG RtlLengthRequiredSid(ULONG sub_authorities) noexcept {
  return 8 + sub_authorities * 4;
}
HM_WINAPI BOOLEAN RtlEqualSid(const SID* a, const SID* b) noexcept {
  return nt::is_valid(a) && nt::is_valid(b) && nt::equal(*a, *b);
}
HM_WINAPI BOOLEAN RtlEqualPrefixSid(const SID* a, const SID* b) noexcept {
  return nt::is_valid(a) && nt::is_valid(b) && nt::equal_prefix(*a, *b);
}
HM_WINAPI SID_IDENTIFIER_AUTHORITY* RtlIdentifierAuthoritySid(SID* sid) noexcept {
  return &sid->IdentifierAuthority;
}
HM_WINAPI BYTE* RtlSubAuthorityCountSid(SID* sid) noexcept {
  return &sid->SubAuthorityCount;
}
HM_WINAPI ULONG* RtlSubAuthoritySid(SID* sid, ULONG index) noexcept {
  return sid->SubAuthority + index;
}

// The numbers are the caller's to fill in.
HM_WINAPI NTSTATUS RtlInitializeSid(SID* sid, const SID_IDENTIFIER_AUTHORITY* authority, BYTE count) noexcept {
  return status_of([&]() -> Status {
    if (count > SID_MAX_SUB_AUTHORITIES) return fail(STATUS_INVALID_PARAMETER, "a SID of {} numbers", count);
    sid->Revision = SID_REVISION;
    sid->SubAuthorityCount = count;
    sid->IdentifierAuthority = *authority;
    return ok;
  });
}

HM_WINAPI NTSTATUS RtlAllocateAndInitializeSid(const SID_IDENTIFIER_AUTHORITY* authority, BYTE count, ULONG a, ULONG b,
                                               ULONG c, ULONG d, ULONG e, ULONG f, ULONG g, ULONG h,
                                               SID** result) noexcept {
  return status_of([&]() -> Status {
    if (count > 8) return fail(STATUS_INVALID_SID, "a SID of {} numbers", count);
    *result = TRY(nt::copy_to_heap({SID_REVISION, count, *authority, {a, b, c, d, e, f, g, h}}));
    return ok;
  });
}
// NULL, or the identifier if it was none of ours.
HM_WINAPI void* RtlFreeSid(void* sid) noexcept {
  return nt::process_heap().free(sid) ? nullptr : sid;
}

HM_WINAPI NTSTATUS RtlCopySid(ULONG room, SID* to, const SID* from) noexcept {
  return status_of([&]() -> Status {
    if (room < nt::sid_size(*from)) return fail(STATUS_BUFFER_TOO_SMALL, "{} bytes are needed", nt::sid_size(*from));
    std::memmove(to, from, nt::sid_size(*from));
    return ok;
  });
}

HM_WINAPI NTSTATUS RtlConvertSidToUnicodeString(UNICODE_STRING* out, const SID* sid, BOOLEAN allocate) noexcept {
  return status_of([&]() -> Status {
    TRY(nt::require_valid(sid));
    const std::string text = nt::sid_text(*sid);
    const auto bytes = static_cast<USHORT>(text.size() * sizeof(WCHAR));
    if (allocate) {
      auto* buffer = static_cast<WCHAR*>(nt::heap_allocate(bytes + sizeof(WCHAR)));
      if (buffer == nullptr) return fail(STATUS_NO_MEMORY, "no memory for a string");
      *out = {0, static_cast<USHORT>(bytes + sizeof(WCHAR)), buffer};
    } else if (out->MaximumLength < bytes) {
      return fail(STATUS_BUFFER_OVERFLOW, "{} bytes for the string, {} are needed", out->MaximumLength, bytes);
    }
    WCHAR* const end = std::copy(text.begin(), text.end(), out->Buffer);
    out->Length = bytes;
    if (out->MaximumLength - bytes >= static_cast<int>(sizeof(WCHAR))) *end = 0;
    return ok;
  });
}

// --- access control lists ---

HM_WINAPI NTSTATUS RtlCreateAcl(ACL* acl, ULONG size, ULONG revision) noexcept {
  return status_of([&] { return nt::create_acl(acl, size, revision); });
}
HM_WINAPI BOOLEAN RtlValidAcl(const ACL* acl) noexcept {
  return nt::is_valid(acl);
}
HM_WINAPI BOOLEAN RtlFirstFreeAce(ACL* acl, ACE_HEADER** ace) noexcept {
  return nt::first_free_ace(acl, ace);
}
HM_WINAPI NTSTATUS RtlAddAce(ACL* acl, ULONG revision, ULONG index, const void* aces, ULONG size) noexcept {
  return status_of([&] { return nt::insert_aces(acl, revision, index, aces, size); });
}
HM_WINAPI NTSTATUS RtlGetAce(ACL* acl, ULONG index, void** ace) noexcept {
  return status_of([&]() -> Status {
    *ace = TRY(nt::ace_at(acl, index));
    return ok;
  });
}
HM_WINAPI NTSTATUS RtlDeleteAce(ACL* acl, ULONG index) noexcept {
  return status_of([&] { return nt::delete_ace(acl, index); });
}

NTSTATUS append(ACL* acl, ULONG revision, const nt::NewAce& ace, const char* function = __builtin_FUNCTION()) {
  return status_of([&] { return nt::append_ace(acl, revision, ace); }, function);
}

HM_WINAPI NTSTATUS RtlAddAccessAllowedAce(ACL* acl, ULONG revision, ACCESS_MASK mask, const SID* sid) noexcept {
  return append(acl, revision, {.type = ACCESS_ALLOWED_ACE_TYPE, .mask = mask, .sid = sid});
}
HM_WINAPI NTSTATUS RtlAddAccessAllowedAceEx(ACL* acl, ULONG revision, ULONG flags, ACCESS_MASK mask,
                                            const SID* sid) noexcept {
  return append(acl, revision, {.type = ACCESS_ALLOWED_ACE_TYPE, .flags = flags, .mask = mask, .sid = sid});
}
HM_WINAPI NTSTATUS RtlAddAccessDeniedAce(ACL* acl, ULONG revision, ACCESS_MASK mask, const SID* sid) noexcept {
  return append(acl, revision, {.type = ACCESS_DENIED_ACE_TYPE, .mask = mask, .sid = sid});
}
HM_WINAPI NTSTATUS RtlAddAccessDeniedAceEx(ACL* acl, ULONG revision, ULONG flags, ACCESS_MASK mask,
                                           const SID* sid) noexcept {
  return append(acl, revision, {.type = ACCESS_DENIED_ACE_TYPE, .flags = flags, .mask = mask, .sid = sid});
}

// An entry without GUIDs is a plain one.
NTSTATUS append_object(ACL* acl, ULONG revision, BYTE type, BYTE plain_type, ULONG flags, ACCESS_MASK mask,
                       const GUID* object_type, const GUID* inherited_type, const SID* sid,
                       const char* function = __builtin_FUNCTION()) {
  const bool plain = object_type == nullptr && inherited_type == nullptr;
  if (!plain && revision < ACL_REVISION_DS) return STATUS_REVISION_MISMATCH;
  return append(acl, revision,
                {.type = plain ? plain_type : type,
                 .flags = flags,
                 .mask = mask,
                 .sid = sid,
                 .object_type = object_type,
                 .inherited_object_type = inherited_type},
                function);
}
HM_WINAPI NTSTATUS RtlAddAccessAllowedObjectAce(ACL* acl, ULONG revision, ULONG flags, ACCESS_MASK mask,
                                                const GUID* object_type, const GUID* inherited_type,
                                                const SID* sid) noexcept {
  return append_object(acl, revision, ACCESS_ALLOWED_OBJECT_ACE_TYPE, ACCESS_ALLOWED_ACE_TYPE, flags, mask, object_type,
                       inherited_type, sid);
}
HM_WINAPI NTSTATUS RtlAddAccessDeniedObjectAce(ACL* acl, ULONG revision, ULONG flags, ACCESS_MASK mask,
                                               const GUID* object_type, const GUID* inherited_type,
                                               const SID* sid) noexcept {
  return append_object(acl, revision, ACCESS_DENIED_OBJECT_ACE_TYPE, ACCESS_DENIED_ACE_TYPE, flags, mask, object_type,
                       inherited_type, sid);
}

ULONG audit_flags(ULONG flags, BOOLEAN success, BOOLEAN failure) {
  return flags | (success ? SUCCESSFUL_ACCESS_ACE_FLAG : 0) | (failure ? FAILED_ACCESS_ACE_FLAG : 0);
}
HM_WINAPI NTSTATUS RtlAddAuditAccessAceEx(ACL* acl, ULONG revision, ULONG flags, ACCESS_MASK mask, const SID* sid,
                                          BOOLEAN success, BOOLEAN failure) noexcept {
  return append(
      acl, revision,
      {.type = SYSTEM_AUDIT_ACE_TYPE, .flags = audit_flags(flags, success, failure), .mask = mask, .sid = sid});
}
HM_WINAPI NTSTATUS RtlAddAuditAccessAce(ACL* acl, ULONG revision, ACCESS_MASK mask, const SID* sid, BOOLEAN success,
                                        BOOLEAN failure) noexcept {
  return RtlAddAuditAccessAceEx(acl, revision, 0, mask, sid, success, failure);
}
HM_WINAPI NTSTATUS RtlAddAuditAccessObjectAce(ACL* acl, ULONG revision, ULONG flags, ACCESS_MASK mask,
                                              const GUID* object_type, const GUID* inherited_type, const SID* sid,
                                              BOOLEAN success, BOOLEAN failure) noexcept {
  return append_object(acl, revision, SYSTEM_AUDIT_OBJECT_ACE_TYPE, SYSTEM_AUDIT_ACE_TYPE,
                       audit_flags(flags, success, failure), mask, object_type, inherited_type, sid);
}
// The arguments as Wine's kernelbase passes them; Windows has the SID before the type and the mask.
HM_WINAPI NTSTATUS RtlAddMandatoryAce(ACL* acl, ULONG revision, ULONG flags, ACCESS_MASK policy, ULONG type,
                                      const SID* sid) noexcept {
  constexpr ACCESS_MASK kPolicies =
      SYSTEM_MANDATORY_LABEL_NO_WRITE_UP | SYSTEM_MANDATORY_LABEL_NO_READ_UP | SYSTEM_MANDATORY_LABEL_NO_EXECUTE_UP;
  if (type != SYSTEM_MANDATORY_LABEL_ACE_TYPE || (policy & ~kPolicies) != 0) return STATUS_INVALID_PARAMETER;
  return append(acl, revision, {.type = static_cast<BYTE>(type), .flags = flags, .mask = policy, .sid = sid});
}

HM_WINAPI NTSTATUS RtlQueryInformationAcl(ACL* acl, void* buffer, ULONG size, LONG information_class) noexcept {
  return status_of([&]() -> Status {
    TRY(nt::require_valid(acl));
    const auto give = [&](const auto& information) -> Status {
      if (size < sizeof information) return fail(STATUS_BUFFER_TOO_SMALL, "{} bytes of {}", size, sizeof information);
      std::memcpy(buffer, &information, sizeof information);
      return ok;
    };
    switch (information_class) {
      case AclRevisionInformation:
        return give(ULONG{acl->AclRevision});
      case AclSizeInformation: {
        ULONG used = sizeof(ACL);
        for (const ACE_HEADER* ace : nt::entries_of(*acl)) used += ace->AceSize;
        return give(ACL_SIZE_INFORMATION{acl->AceCount, used, acl->AclSize - used});
      }
      default:
        return fail(STATUS_INVALID_INFO_CLASS, "information class {} of an access control list", information_class);
    }
  });
}

// --- rights ---

HM_WINAPI void RtlMapGenericMask(ACCESS_MASK* mask, const GENERIC_MAPPING* mapping) noexcept {
  *mask = nt::map_generic(*mask, *mapping);
}
HM_WINAPI BOOLEAN RtlAreAllAccessesGranted(ACCESS_MASK granted, ACCESS_MASK wanted) noexcept {
  return (wanted & ~granted) == 0;
}
HM_WINAPI BOOLEAN RtlAreAnyAccessesGranted(ACCESS_MASK granted, ACCESS_MASK wanted) noexcept {
  return (wanted & granted) != 0;
}

const Export kRows[] = {
    {"RtlAddAccessAllowedAce", proc(RtlAddAccessAllowedAce)},
    {"RtlAddAccessAllowedAceEx", proc(RtlAddAccessAllowedAceEx)},
    {"RtlAddAccessAllowedObjectAce", proc(RtlAddAccessAllowedObjectAce)},
    {"RtlAddAccessDeniedAce", proc(RtlAddAccessDeniedAce)},
    {"RtlAddAccessDeniedAceEx", proc(RtlAddAccessDeniedAceEx)},
    {"RtlAddAccessDeniedObjectAce", proc(RtlAddAccessDeniedObjectAce)},
    {"RtlAddAce", proc(RtlAddAce)},
    {"RtlAddAuditAccessAce", proc(RtlAddAuditAccessAce)},
    {"RtlAddAuditAccessAceEx", proc(RtlAddAuditAccessAceEx)},
    {"RtlAddAuditAccessObjectAce", proc(RtlAddAuditAccessObjectAce)},
    {"RtlAddMandatoryAce", proc(RtlAddMandatoryAce), Support::partial, "arguments in the order of Wine's kernelbase"},
    {"RtlAllocateAndInitializeSid", proc(RtlAllocateAndInitializeSid)},
    {"RtlAreAllAccessesGranted", proc(RtlAreAllAccessesGranted)},
    {"RtlAreAnyAccessesGranted", proc(RtlAreAnyAccessesGranted)},
    {"RtlConvertSidToUnicodeString", proc(RtlConvertSidToUnicodeString)},
    {"RtlCopySid", proc(RtlCopySid)},
    {"RtlCreateAcl", proc(RtlCreateAcl)},
    {"RtlDeleteAce", proc(RtlDeleteAce)},
    {"RtlEqualPrefixSid", proc(RtlEqualPrefixSid)},
    {"RtlEqualSid", proc(RtlEqualSid)},
    {"RtlFirstFreeAce", proc(RtlFirstFreeAce)},
    {"RtlFreeSid", proc(RtlFreeSid)},
    {"RtlGetAce", proc(RtlGetAce)},
    {"RtlIdentifierAuthoritySid", proc(RtlIdentifierAuthoritySid)},
    {"RtlInitializeSid", proc(RtlInitializeSid)},
    {"RtlLengthRequiredSid", proc(RtlLengthRequiredSid)},
    {"RtlLengthSid", proc(RtlLengthSid)},
    {"RtlMapGenericMask", proc(RtlMapGenericMask)},
    {"RtlQueryInformationAcl", proc(RtlQueryInformationAcl)},
    {"RtlSubAuthorityCountSid", proc(RtlSubAuthorityCountSid)},
    {"RtlSubAuthoritySid", proc(RtlSubAuthoritySid)},
    {"RtlValidAcl", proc(RtlValidAcl)},
    {"RtlValidSid", proc(RtlValidSid)},
};

}  // namespace

extern const ExportTable security_exports = kRows;

}  // namespace hmodule::winapi

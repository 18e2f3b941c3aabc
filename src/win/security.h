// Security identifiers, access control lists, security descriptors and tokens (winnt.h, ntifs.h).
#pragma once

#include "win/types.h"

namespace hmodule {

// What only security has to refuse (ntstatus.h); the other statuses are in win/status.h.
// clang-format off
inline constexpr NTSTATUS STATUS_NOT_ALL_ASSIGNED = static_cast<NTSTATUS>(0x00000106);
inline constexpr NTSTATUS STATUS_UNKNOWN_REVISION = static_cast<NTSTATUS>(0xC0000058);
inline constexpr NTSTATUS STATUS_REVISION_MISMATCH = static_cast<NTSTATUS>(0xC0000059);
inline constexpr NTSTATUS STATUS_INVALID_OWNER = static_cast<NTSTATUS>(0xC000005A);
inline constexpr NTSTATUS STATUS_INVALID_PRIMARY_GROUP = static_cast<NTSTATUS>(0xC000005B);
inline constexpr NTSTATUS STATUS_NO_IMPERSONATION_TOKEN = static_cast<NTSTATUS>(0xC000005C);
inline constexpr NTSTATUS STATUS_CANT_DISABLE_MANDATORY = static_cast<NTSTATUS>(0xC000005D);
inline constexpr NTSTATUS STATUS_NO_SUCH_LOGON_SESSION = static_cast<NTSTATUS>(0xC000005F);
inline constexpr NTSTATUS STATUS_NONE_MAPPED = static_cast<NTSTATUS>(0xC0000073);
inline constexpr NTSTATUS STATUS_INVALID_ACL = static_cast<NTSTATUS>(0xC0000077);
inline constexpr NTSTATUS STATUS_INVALID_SID = static_cast<NTSTATUS>(0xC0000078);
inline constexpr NTSTATUS STATUS_INVALID_SECURITY_DESCR = static_cast<NTSTATUS>(0xC0000079);
inline constexpr NTSTATUS STATUS_BAD_INHERITANCE_ACL = static_cast<NTSTATUS>(0xC000007D);
inline constexpr NTSTATUS STATUS_ALLOTTED_SPACE_EXCEEDED = static_cast<NTSTATUS>(0xC0000099);
inline constexpr NTSTATUS STATUS_BAD_IMPERSONATION_LEVEL = static_cast<NTSTATUS>(0xC00000A5);
inline constexpr NTSTATUS STATUS_CANT_OPEN_ANONYMOUS = static_cast<NTSTATUS>(0xC00000A6);
inline constexpr NTSTATUS STATUS_BAD_TOKEN_TYPE = static_cast<NTSTATUS>(0xC00000A8);
inline constexpr NTSTATUS STATUS_GENERIC_NOT_MAPPED = static_cast<NTSTATUS>(0xC00000E6);
inline constexpr NTSTATUS STATUS_BAD_DESCRIPTOR_FORMAT = static_cast<NTSTATUS>(0xC00000E7);
inline constexpr NTSTATUS STATUS_CANT_ENABLE_DENY_ONLY = static_cast<NTSTATUS>(0xC00002B3);
// clang-format on

// --- security identifiers ---

inline constexpr BYTE SID_REVISION = 1, SID_MAX_SUB_AUTHORITIES = 15;

struct SID_IDENTIFIER_AUTHORITY {
  BYTE Value[6];  // big endian
};

// The longest one. Behind a pointer only the first SubAuthorityCount numbers are there, so none is copied by `=`.
struct SID {
  BYTE Revision = SID_REVISION, SubAuthorityCount = 0;
  SID_IDENTIFIER_AUTHORITY IdentifierAuthority = {};
  ULONG SubAuthority[SID_MAX_SUB_AUTHORITIES] = {};
};
static_assert(sizeof(SID) == 68 && offsetof(SID, SubAuthority) == 8);

struct SID_AND_ATTRIBUTES {
  SID* Sid;
  DWORD Attributes;
};
static_assert(sizeof(SID_AND_ATTRIBUTES) == 16);
inline constexpr DWORD SE_GROUP_MANDATORY = 0x1, SE_GROUP_ENABLED_BY_DEFAULT = 0x2, SE_GROUP_ENABLED = 0x4,
                       SE_GROUP_OWNER = 0x8, SE_GROUP_USE_FOR_DENY_ONLY = 0x10, SE_GROUP_INTEGRITY = 0x20,
                       SE_GROUP_INTEGRITY_ENABLED = 0x40, SE_GROUP_LOGON_ID = 0xC0000000;

// --- access control lists ---

struct ACL {
  BYTE AclRevision, Sbz1;
  WORD AclSize, AceCount, Sbz2;
};
static_assert(sizeof(ACL) == 8);
inline constexpr BYTE ACL_REVISION = 2, ACL_REVISION_DS = 4, MIN_ACL_REVISION = 2, MAX_ACL_REVISION = 4;

struct ACE_HEADER {
  BYTE AceType, AceFlags;
  WORD AceSize;
};
inline constexpr BYTE ACCESS_ALLOWED_ACE_TYPE = 0, ACCESS_DENIED_ACE_TYPE = 1, SYSTEM_AUDIT_ACE_TYPE = 2,
                      ACCESS_ALLOWED_OBJECT_ACE_TYPE = 5, ACCESS_DENIED_OBJECT_ACE_TYPE = 6,
                      SYSTEM_AUDIT_OBJECT_ACE_TYPE = 7, SYSTEM_MANDATORY_LABEL_ACE_TYPE = 0x11;
inline constexpr BYTE OBJECT_INHERIT_ACE = 0x1, CONTAINER_INHERIT_ACE = 0x2, NO_PROPAGATE_INHERIT_ACE = 0x4,
                      INHERIT_ONLY_ACE = 0x8, INHERITED_ACE = 0x10, SUCCESSFUL_ACCESS_ACE_FLAG = 0x40,
                      FAILED_ACCESS_ACE_FLAG = 0x80;

// ACCESS_ALLOWED_ACE, ACCESS_DENIED_ACE, SYSTEM_AUDIT_ACE, SYSTEM_MANDATORY_LABEL_ACE: the SID follows the mask.
struct KNOWN_ACE {
  ACE_HEADER Header;
  ACCESS_MASK Mask;
};
// ACCESS_ALLOWED_OBJECT_ACE and its kin: up to two GUIDs follow, as Flags says, and then the SID.
struct KNOWN_OBJECT_ACE {
  ACE_HEADER Header;
  ACCESS_MASK Mask;
  DWORD Flags;
};
static_assert(sizeof(KNOWN_ACE) == 8 && sizeof(KNOWN_OBJECT_ACE) == 12);
inline constexpr DWORD ACE_OBJECT_TYPE_PRESENT = 0x1, ACE_INHERITED_OBJECT_TYPE_PRESENT = 0x2;
inline constexpr ACCESS_MASK SYSTEM_MANDATORY_LABEL_NO_WRITE_UP = 0x1, SYSTEM_MANDATORY_LABEL_NO_READ_UP = 0x2,
                             SYSTEM_MANDATORY_LABEL_NO_EXECUTE_UP = 0x4;

enum ACL_INFORMATION_CLASS : LONG { AclRevisionInformation = 1, AclSizeInformation = 2 };
struct ACL_SIZE_INFORMATION {
  DWORD AceCount, AclBytesInUse, AclBytesFree;
};

// --- security descriptors ---

using SECURITY_DESCRIPTOR_CONTROL = WORD;
inline constexpr BYTE SECURITY_DESCRIPTOR_REVISION = 1;
inline constexpr SECURITY_DESCRIPTOR_CONTROL SE_OWNER_DEFAULTED = 0x1, SE_GROUP_DEFAULTED = 0x2, SE_DACL_PRESENT = 0x4,
                                             SE_DACL_DEFAULTED = 0x8, SE_SACL_PRESENT = 0x10, SE_SACL_DEFAULTED = 0x20,
                                             SE_DACL_UNTRUSTED = 0x40, SE_SERVER_SECURITY = 0x80,
                                             SE_DACL_AUTO_INHERIT_REQ = 0x100, SE_SACL_AUTO_INHERIT_REQ = 0x200,
                                             SE_DACL_AUTO_INHERITED = 0x400, SE_SACL_AUTO_INHERITED = 0x800,
                                             SE_DACL_PROTECTED = 0x1000, SE_SACL_PROTECTED = 0x2000,
                                             SE_RM_CONTROL_VALID = 0x4000, SE_SELF_RELATIVE = 0x8000;

struct SECURITY_DESCRIPTOR {
  BYTE Revision, Sbz1;
  SECURITY_DESCRIPTOR_CONTROL Control;
  SID *Owner, *Group;
  ACL *Sacl, *Dacl;
};
static_assert(sizeof(SECURITY_DESCRIPTOR) == 0x28);
struct SECURITY_DESCRIPTOR_RELATIVE {  // the same with offsets from its start; 0: absent
  BYTE Revision, Sbz1;
  SECURITY_DESCRIPTOR_CONTROL Control;
  DWORD Owner, Group, Sacl, Dacl;
};
static_assert(sizeof(SECURITY_DESCRIPTOR_RELATIVE) == 0x14);

using SECURITY_INFORMATION = DWORD;
inline constexpr SECURITY_INFORMATION OWNER_SECURITY_INFORMATION = 0x1, GROUP_SECURITY_INFORMATION = 0x2,
                                      DACL_SECURITY_INFORMATION = 0x4, SACL_SECURITY_INFORMATION = 0x8,
                                      LABEL_SECURITY_INFORMATION = 0x10;

struct GENERIC_MAPPING {
  ACCESS_MASK GenericRead, GenericWrite, GenericExecute, GenericAll;
};

// AutoInheritFlags of RtlNewSecurityObjectEx.
inline constexpr ULONG SEF_DACL_AUTO_INHERIT = 0x1, SEF_SACL_AUTO_INHERIT = 0x2,
                       SEF_DEFAULT_DESCRIPTOR_FOR_OBJECT = 0x4, SEF_AVOID_PRIVILEGE_CHECK = 0x8,
                       SEF_AVOID_OWNER_CHECK = 0x10, SEF_DEFAULT_OWNER_FROM_PARENT = 0x20,
                       SEF_DEFAULT_GROUP_FROM_PARENT = 0x40;

// --- tokens ---

struct LUID {
  DWORD LowPart;
  LONG HighPart;
};
struct LUID_AND_ATTRIBUTES {
  LUID Luid;
  DWORD Attributes;
};
static_assert(sizeof(LUID_AND_ATTRIBUTES) == 12);
inline constexpr DWORD SE_PRIVILEGE_ENABLED_BY_DEFAULT = 0x1, SE_PRIVILEGE_ENABLED = 0x2, SE_PRIVILEGE_REMOVED = 0x4,
                       SE_PRIVILEGE_USED_FOR_ACCESS = 0x80000000;
inline constexpr DWORD PRIVILEGE_SET_ALL_NECESSARY = 1;

struct PRIVILEGE_SET {
  DWORD PrivilegeCount, Control;
  LUID_AND_ATTRIBUTES Privilege[1];
};
static_assert(sizeof(PRIVILEGE_SET) == 20);
struct TOKEN_PRIVILEGES {
  DWORD PrivilegeCount;
  LUID_AND_ATTRIBUTES Privileges[1];
};
struct TOKEN_GROUPS {
  DWORD GroupCount;
  SID_AND_ATTRIBUTES Groups[1];
};
static_assert(offsetof(TOKEN_GROUPS, Groups) == 8 && offsetof(TOKEN_PRIVILEGES, Privileges) == 4);

inline constexpr ACCESS_MASK TOKEN_ASSIGN_PRIMARY = 0x1, TOKEN_DUPLICATE = 0x2, TOKEN_IMPERSONATE = 0x4,
                             TOKEN_QUERY = 0x8, TOKEN_QUERY_SOURCE = 0x10, TOKEN_ADJUST_PRIVILEGES = 0x20,
                             TOKEN_ADJUST_GROUPS = 0x40, TOKEN_ADJUST_DEFAULT = 0x80, TOKEN_ADJUST_SESSIONID = 0x100,
                             TOKEN_ALL_ACCESS = 0xF01FF;

enum TOKEN_TYPE : ULONG { TokenPrimary = 1, TokenImpersonation = 2 };
enum SECURITY_IMPERSONATION_LEVEL : ULONG {
  SecurityAnonymous,
  SecurityIdentification,
  SecurityImpersonation,
  SecurityDelegation,
};
struct SECURITY_QUALITY_OF_SERVICE {
  DWORD Length;
  SECURITY_IMPERSONATION_LEVEL ImpersonationLevel;
  BOOLEAN ContextTrackingMode, EffectiveOnly;
};
static_assert(sizeof(SECURITY_QUALITY_OF_SERVICE) == 12);

struct TOKEN_SOURCE {
  CHAR SourceName[8];
  LUID SourceIdentifier;
};
struct TOKEN_STATISTICS {
  LUID TokenId, AuthenticationId;
  LARGE_INTEGER ExpirationTime;
  TOKEN_TYPE TokenType;
  SECURITY_IMPERSONATION_LEVEL ImpersonationLevel;
  DWORD DynamicCharged, DynamicAvailable, GroupCount, PrivilegeCount;
  LUID ModifiedId;
};
static_assert(sizeof(TOKEN_STATISTICS) == 56);

enum TOKEN_INFORMATION_CLASS : LONG {
  TokenUser = 1,
  TokenGroups = 2,
  TokenPrivileges = 3,
  TokenOwner = 4,
  TokenPrimaryGroup = 5,
  TokenDefaultDacl = 6,
  TokenSource = 7,
  TokenType = 8,
  TokenImpersonationLevel = 9,
  TokenStatistics = 10,
  TokenRestrictedSids = 11,
  TokenSessionId = 12,
  TokenSandBoxInert = 15,
  TokenOrigin = 17,
  TokenElevationType = 18,
  TokenLinkedToken = 19,
  TokenElevation = 20,
  TokenHasRestrictions = 21,
  TokenVirtualizationAllowed = 23,
  TokenVirtualizationEnabled = 24,
  TokenIntegrityLevel = 25,
  TokenUIAccess = 26,
  TokenMandatoryPolicy = 27,
  TokenIsAppContainer = 29,
  TokenCapabilities = 30,
  TokenAppContainerSid = 31,
  TokenAppContainerNumber = 32,
  TokenIsRestricted = 40,
};
inline constexpr ULONG TokenElevationTypeDefault = 1;
inline constexpr ULONG TOKEN_MANDATORY_POLICY_NO_WRITE_UP = 1, TOKEN_MANDATORY_POLICY_NEW_PROCESS_MIN = 2;

// NtFilterToken.
inline constexpr ULONG DISABLE_MAX_PRIVILEGE = 0x1, SANDBOX_INERT = 0x2, LUA_TOKEN = 0x4, WRITE_RESTRICTED = 0x8;

}  // namespace hmodule

// Security identifiers, and which ones Linux users have: those that Samba gives them, S-1-22-1-uid and for groups
// S-1-22-2-gid. Root is S-1-22-1-0 like any user; that it may do everything is said by its membership in
// BUILTIN\Administrators (S-1-5-32-544), which is what programs ask for, and by a high integrity level.
#pragma once

#include "base/result.h"
#include "win/security.h"

#include <initializer_list>
#include <optional>
#include <string>

namespace hmodule::nt {

inline constexpr SIZE_T sid_size(BYTE sub_authorities) {
  return 8 + SIZE_T{sub_authorities} * 4;
}
inline SIZE_T sid_size(const SID& sid) {
  return sid_size(sid.SubAuthorityCount);
}
bool is_valid(const SID* sid);
bool equal(const SID& a, const SID& b);
// All but the last number.
bool equal_prefix(const SID& a, const SID& b);
// STATUS_INVALID_SID where `sid` is none.
Status require_valid(const SID* sid);
// The whole SID behind a pointer, as a value.
SID value_of(const SID& sid);
// For FreeSid and RtlFreeSid: a copy on the process heap.
Result<SID*> copy_to_heap(const SID& sid);
// "S-1-5-32-544"
std::string sid_text(const SID& sid);

constexpr SID make_sid(BYTE authority, std::initializer_list<ULONG> numbers) {
  SID sid;
  sid.IdentifierAuthority.Value[5] = authority;
  for (const ULONG number : numbers) sid.SubAuthority[sid.SubAuthorityCount++] = number;
  return sid;
}

constexpr SID unix_user_sid(ULONG uid) {
  return make_sid(22, {1, uid});
}
constexpr SID unix_group_sid(ULONG gid) {
  return make_sid(22, {2, gid});
}
// The Linux user or group that a SID means; nothing for all others.
std::optional<ULONG> unix_user_of(const SID& sid);
std::optional<ULONG> unix_group_of(const SID& sid);

inline constexpr SID kEveryone = make_sid(1, {0}), kCreatorOwner = make_sid(3, {0}), kCreatorGroup = make_sid(3, {1}),
                     kOwnerRights = make_sid(3, {4}), kAuthenticatedUsers = make_sid(5, {11}),
                     kAdministrators = make_sid(5, {32, 544}), kUsers = make_sid(5, {32, 545});
inline constexpr ULONG kMediumIntegrity = 0x2000, kHighIntegrity = 0x3000;
constexpr SID integrity_sid(ULONG level) {
  return make_sid(16, {level});
}

}  // namespace hmodule::nt

// The list is read from its start: an entry allows what no entry before it denied, and denies what none before it
// allowed. An owner may read and change the list in any case, unless an entry for OWNER RIGHTS says otherwise. A
// restricted token has to be allowed twice, for its own SIDs and for the restricting ones. An integrity label above the
// token's level takes away what its policy names. (Windows documentation, "How DACLs Control Access to an Object",
// "Mandatory Integrity Control".)
#include "nt/access_check.h"

#include "nt/acl.h"

#include <algorithm>

namespace hmodule::nt {
namespace {

bool counts_for(bool allowing, DWORD attributes) {
  return (attributes & SE_GROUP_ENABLED) != 0 || (!allowing && (attributes & SE_GROUP_USE_FOR_DENY_ONLY) != 0);
}
bool is_one_of(const SID& sid, std::span<const Token::Group> sids, bool allowing) {
  return std::ranges::any_of(
      sids, [&](const Token::Group& group) { return counts_for(allowing, group.attributes) && equal(group.sid, sid); });
}

// An object entry without a type speaks of the whole object.
bool is_kind(const ACE_HEADER& ace, BYTE plain, BYTE object) {
  if (ace.AceType == plain) return true;
  return ace.AceType == object &&
         (reinterpret_cast<const KNOWN_OBJECT_ACE*>(&ace)->Flags & ACE_OBJECT_TYPE_PRESENT) == 0;
}

bool has_owner_rights(const ACL* acl) {
  return acl != nullptr && std::ranges::any_of(entries_of(*acl), [](const ACE_HEADER* ace) {
           const KnownAce facts = known(*ace);
           return (ace->AceFlags & INHERIT_ONLY_ACE) == 0 && facts.sid != nullptr && equal(*facts.sid, kOwnerRights);
         });
}

ACCESS_MASK allowed_to(const SecurityParts& object, std::vector<Token::Group> sids, const GENERIC_MAPPING& mapping) {
  ACCESS_MASK granted = 0;
  if (is_one_of(*object.owner, sids, true)) {
    if (has_owner_rights(object.dacl))
      sids.push_back({kOwnerRights, SE_GROUP_ENABLED});
    else
      granted = READ_CONTROL | WRITE_DAC;
  }
  return granted | allowed_by(object.dacl, sids, mapping);
}

// What the object's label takes from a token of that level.
ACCESS_MASK forbidden_by_label(const SecurityParts& object, ULONG level, const GENERIC_MAPPING& mapping) {
  ULONG label = kMediumIntegrity;
  ACCESS_MASK policy = SYSTEM_MANDATORY_LABEL_NO_WRITE_UP;
  if (object.sacl != nullptr)
    for (const ACE_HEADER* ace : entries_of(*object.sacl)) {
      const KnownAce facts = known(*ace);
      if (ace->AceType != SYSTEM_MANDATORY_LABEL_ACE_TYPE || (ace->AceFlags & INHERIT_ONLY_ACE) != 0 ||
          facts.sid == nullptr || facts.sid->SubAuthorityCount == 0)
        continue;
      label = facts.sid->SubAuthority[facts.sid->SubAuthorityCount - 1];
      policy = facts.mask;
      break;
    }
  if (level >= label || policy == 0) return 0;
  ACCESS_MASK allowed = 0;
  if ((policy & SYSTEM_MANDATORY_LABEL_NO_READ_UP) == 0) allowed |= mapping.GenericRead;
  if ((policy & SYSTEM_MANDATORY_LABEL_NO_EXECUTE_UP) == 0) allowed |= mapping.GenericExecute;
  if ((policy & SYSTEM_MANDATORY_LABEL_NO_WRITE_UP) == 0) allowed |= mapping.GenericWrite;
  return ~allowed;
}

}  // namespace

ACCESS_MASK allowed_by(const ACL* acl, std::span<const Token::Group> sids, const GENERIC_MAPPING& mapping) {
  if (acl == nullptr) return mapping.GenericAll;
  ACCESS_MASK granted = 0, denied = 0;
  for (const ACE_HEADER* ace : entries_of(*acl)) {
    if ((ace->AceFlags & INHERIT_ONLY_ACE) != 0) continue;
    const KnownAce facts = known(*ace);
    if (facts.sid == nullptr) continue;
    const ACCESS_MASK mask = map_generic(facts.mask, mapping);
    if (is_kind(*ace, ACCESS_ALLOWED_ACE_TYPE, ACCESS_ALLOWED_OBJECT_ACE_TYPE) && is_one_of(*facts.sid, sids, true))
      granted |= mask & ~denied;
    else if (is_kind(*ace, ACCESS_DENIED_ACE_TYPE, ACCESS_DENIED_OBJECT_ACE_TYPE) && is_one_of(*facts.sid, sids, false))
      denied |= mask & ~granted;
  }
  return granted;
}

Result<AccessAnswer> check_access(const SECURITY_DESCRIPTOR* descriptor, const Token::Facts& token, ACCESS_MASK desired,
                                  const GENERIC_MAPPING& mapping) {
  if ((desired & (GENERIC_READ | GENERIC_WRITE | GENERIC_EXECUTE | GENERIC_ALL)) != 0)
    return fail(STATUS_GENERIC_NOT_MAPPED, "access {:#x} has generic rights", desired);
  const SecurityParts object = TRY(parts_of(descriptor));
  if (!is_valid(descriptor) || object.owner == nullptr || object.group == nullptr)
    return fail(STATUS_INVALID_SECURITY_DESCR, "an access check needs an owner, a group and valid lists");

  std::vector<Token::Group> sids = token.groups;
  sids.push_back(token.user);
  if ((token.user.attributes & SE_GROUP_USE_FOR_DENY_ONLY) == 0) sids.back().attributes |= SE_GROUP_ENABLED;
  ACCESS_MASK granted = allowed_to(object, sids, mapping);
  if (!token.restricted.empty()) granted &= allowed_to(object, token.restricted, mapping);
  const bool maximum = (desired & MAXIMUM_ALLOWED) != 0;
  const ACCESS_MASK wanted = desired & ~MAXIMUM_ALLOWED;
  if (object.dacl == nullptr) granted |= wanted;  // whatever the mapping calls everything
  granted &= ~forbidden_by_label(object, token.integrity, mapping);

  AccessAnswer answer;
  if ((wanted & ACCESS_SYSTEM_SECURITY) != 0) {  // SeSecurityPrivilege, which nobody holds (nt/token.cc)
    answer.status = STATUS_PRIVILEGE_NOT_HELD;
    return answer;
  }
  if ((wanted & WRITE_OWNER & ~granted) != 0 && holds_enabled(token, kSeTakeOwnershipPrivilege)) {
    granted |= WRITE_OWNER;
    answer.took_ownership = true;
  }
  if ((wanted & ~granted) != 0 || (maximum && granted == 0)) {
    answer.status = STATUS_ACCESS_DENIED;
    return answer;
  }
  answer.granted = maximum ? granted : wanted;
  return answer;
}

}  // namespace hmodule::nt

// Inheritance. An entry of a directory's list has flags that say to which new objects it goes: OBJECT_INHERIT_ACE to
// files, CONTAINER_INHERIT_ACE to directories. In a file the copy has no such flags; a directory keeps them for its own
// children, unless NO_PROPAGATE_INHERIT_ACE ends that. An entry for files alone passes through directories as one
// that is INHERIT_ONLY there. CREATOR OWNER and CREATOR GROUP become the new object's owner and group where the copy
// takes effect; a directory keeps the original besides, for its children. (Windows documentation, "ACE Inheritance
// Rules".)
#include "nt/security_descriptor.h"

#include "nt/acl.h"
#include "nt/object.h"
#include "nt/sid.h"

#include <algorithm>
#include <cstring>

namespace hmodule::nt {
namespace {

template <typename T>
T* at_offset(const SECURITY_DESCRIPTOR* descriptor, DWORD offset) {
  if (offset == 0) return nullptr;
  return reinterpret_cast<T*>(const_cast<std::byte*>(reinterpret_cast<const std::byte*>(descriptor)) + offset);
}

ULONG rounded(SIZE_T size) {
  return static_cast<ULONG>((size + 3) & ~SIZE_T{3});
}
ULONG rounded_size(const SID* sid) {
  return sid == nullptr ? 0 : rounded(sid_size(*sid));
}
ULONG rounded_size(const ACL* acl) {
  return acl == nullptr ? 0 : rounded(acl->AclSize);
}

}  // namespace

Result<SecurityParts> parts_of(const SECURITY_DESCRIPTOR* descriptor) {
  if (descriptor == nullptr || descriptor->Revision != SECURITY_DESCRIPTOR_REVISION)
    return fail(STATUS_UNKNOWN_REVISION, "no security descriptor of revision 1");
  SecurityParts parts = {.control = static_cast<WORD>(descriptor->Control & ~SE_SELF_RELATIVE)};
  if (is_self_relative(*descriptor)) {
    const auto& relative = *reinterpret_cast<const SECURITY_DESCRIPTOR_RELATIVE*>(descriptor);
    parts.owner = at_offset<SID>(descriptor, relative.Owner);
    parts.group = at_offset<SID>(descriptor, relative.Group);
    parts.sacl = at_offset<ACL>(descriptor, relative.Sacl);
    parts.dacl = at_offset<ACL>(descriptor, relative.Dacl);
  } else {
    parts.owner = descriptor->Owner;
    parts.group = descriptor->Group;
    parts.sacl = descriptor->Sacl;
    parts.dacl = descriptor->Dacl;
  }
  if (!parts.has_sacl()) parts.sacl = nullptr;
  if (!parts.has_dacl()) parts.dacl = nullptr;
  return parts;
}

bool is_valid(const SECURITY_DESCRIPTOR* descriptor) {
  const auto parts = parts_of(descriptor);
  return parts && (parts->owner == nullptr || is_valid(parts->owner)) &&
         (parts->group == nullptr || is_valid(parts->group)) && (parts->dacl == nullptr || is_valid(parts->dacl)) &&
         (parts->sacl == nullptr || is_valid(parts->sacl));
}

Status require_absolute(const SECURITY_DESCRIPTOR* descriptor) {
  TRY(parts_of(descriptor));
  if (is_self_relative(*descriptor))
    return fail(STATUS_INVALID_SECURITY_DESCR, "a self-relative descriptor cannot be changed");
  return ok;
}

namespace {

Status set_acl(SECURITY_DESCRIPTOR* descriptor, ACL* SECURITY_DESCRIPTOR::*part, WORD present_bit, WORD default_bit,
               bool present, ACL* acl, bool defaulted) {
  TRY(require_absolute(descriptor));
  descriptor->Control &= static_cast<WORD>(~(present_bit | default_bit));
  if (!present) return ok;
  descriptor->*part = acl;
  descriptor->Control |= static_cast<WORD>(present_bit | (defaulted ? default_bit : 0));
  return ok;
}

}  // namespace

Status set_dacl(SECURITY_DESCRIPTOR* descriptor, bool present, ACL* acl, bool defaulted) {
  return set_acl(descriptor, &SECURITY_DESCRIPTOR::Dacl, SE_DACL_PRESENT, SE_DACL_DEFAULTED, present, acl, defaulted);
}
Status set_sacl(SECURITY_DESCRIPTOR* descriptor, bool present, ACL* acl, bool defaulted) {
  return set_acl(descriptor, &SECURITY_DESCRIPTOR::Sacl, SE_SACL_PRESENT, SE_SACL_DEFAULTED, present, acl, defaulted);
}

ULONG size_of(const SECURITY_DESCRIPTOR& descriptor) {
  const auto parts = parts_of(&descriptor);
  const ULONG head = is_self_relative(descriptor) ? sizeof(SECURITY_DESCRIPTOR_RELATIVE) : sizeof(SECURITY_DESCRIPTOR);
  if (!parts) return head;
  return head + rounded_size(parts->owner) + rounded_size(parts->group) + rounded_size(parts->sacl) +
         rounded_size(parts->dacl);
}

std::vector<std::byte> self_relative(const SecurityParts& parts) {
  std::vector<std::byte> out(sizeof(SECURITY_DESCRIPTOR_RELATIVE));
  const auto append = [&out](const void* data, SIZE_T size) -> DWORD {
    if (data == nullptr) return 0;
    const std::size_t offset = out.size();
    out.resize(offset + rounded(size));
    std::memcpy(out.data() + offset, data, size);
    return static_cast<DWORD>(offset);
  };
  const auto append_sid = [&](const SID* sid) { return append(sid, sid == nullptr ? 0 : sid_size(*sid)); };
  const auto append_acl = [&](const ACL* acl) { return append(acl, acl == nullptr ? 0 : acl->AclSize); };
  SECURITY_DESCRIPTOR_RELATIVE head = {SECURITY_DESCRIPTOR_REVISION,
                                       0,
                                       static_cast<WORD>(parts.control | SE_SELF_RELATIVE),
                                       0,
                                       0,
                                       append_acl(parts.has_sacl() ? parts.sacl : nullptr),
                                       append_acl(parts.has_dacl() ? parts.dacl : nullptr)};
  head.Owner = append_sid(parts.owner);
  head.Group = append_sid(parts.group);
  std::memcpy(out.data(), &head, sizeof head);
  return out;
}

ACCESS_MASK map_generic(ACCESS_MASK mask, const GENERIC_MAPPING& mapping) {
  ACCESS_MASK mapped = mask & ~(GENERIC_READ | GENERIC_WRITE | GENERIC_EXECUTE | GENERIC_ALL);
  if ((mask & GENERIC_READ) != 0) mapped |= mapping.GenericRead;
  if ((mask & GENERIC_WRITE) != 0) mapped |= mapping.GenericWrite;
  if ((mask & GENERIC_EXECUTE) != 0) mapped |= mapping.GenericExecute;
  if ((mask & GENERIC_ALL) != 0) mapped |= mapping.GenericAll;
  return mapped;
}

namespace {

// Whose names CREATOR OWNER and CREATOR GROUP stand for.
struct Creator {
  const SID *owner, *group;
};

const SID* replaced(const SID& sid, const Creator& creator) {
  if (equal(sid, kCreatorOwner)) return creator.owner;
  if (equal(sid, kCreatorGroup)) return creator.group;
  return nullptr;
}

// Adds `ace` as it takes effect on the object: rights mapped, creator named. The flags are those given.
void add_effective(AclBuilder& list, const ACE_HEADER& ace, BYTE flags, const Creator& creator,
                   const GENERIC_MAPPING& mapping) {
  const KnownAce facts = known(ace);
  std::vector<std::byte> copy(ace.AceSize);
  std::memcpy(copy.data(), &ace, ace.AceSize);
  auto& head = *reinterpret_cast<KNOWN_ACE*>(copy.data());
  if (facts.sid != nullptr) {
    head.Mask = map_generic(facts.mask, mapping);
    if (const SID* actual = replaced(*facts.sid, creator); actual != nullptr) {
      const auto* start = reinterpret_cast<const std::byte*>(&ace);
      copy.resize(static_cast<std::size_t>(reinterpret_cast<const std::byte*>(facts.sid) - start));
      const auto* sid = reinterpret_cast<const std::byte*>(actual);
      copy.insert(copy.end(), sid, sid + sid_size(*actual));
    }
  }
  auto& header = *reinterpret_cast<ACE_HEADER*>(copy.data());
  header.AceFlags = flags;
  header.AceSize = static_cast<WORD>(copy.size());
  list.add(header);
}

void add_with_flags(AclBuilder& list, const ACE_HEADER& ace, BYTE flags) {
  std::vector<std::byte> copy(ace.AceSize);
  std::memcpy(copy.data(), &ace, ace.AceSize);
  auto& header = *reinterpret_cast<ACE_HEADER*>(copy.data());
  header.AceFlags = flags;
  list.add(header);
}

bool means_creator_or_generic(const ACE_HEADER& ace) {
  constexpr ACCESS_MASK kGeneric = GENERIC_READ | GENERIC_WRITE | GENERIC_EXECUTE | GENERIC_ALL;
  const KnownAce facts = known(ace);
  return facts.sid != nullptr &&
         (equal(*facts.sid, kCreatorOwner) || equal(*facts.sid, kCreatorGroup) || (facts.mask & kGeneric) != 0);
}

// What a new object gets from the list of its directory. `mark`: INHERITED_ACE.
void add_inherited(AclBuilder& list, const ACL* parent, bool container, BYTE mark, const Creator& creator,
                   const GENERIC_MAPPING& mapping) {
  if (parent == nullptr) return;
  for (const ACE_HEADER* ace : entries_of(*parent)) {
    const BYTE flags = ace->AceFlags, audit = flags & (SUCCESSFUL_ACCESS_ACE_FLAG | FAILED_ACCESS_ACE_FLAG);
    const auto own = static_cast<BYTE>(audit | mark);
    if (!container) {
      if ((flags & OBJECT_INHERIT_ACE) != 0) add_effective(list, *ace, own, creator, mapping);
      continue;
    }
    const bool goes_on = (flags & NO_PROPAGATE_INHERIT_ACE) == 0;
    const BYTE inheritance = flags & (OBJECT_INHERIT_ACE | CONTAINER_INHERIT_ACE);
    if ((flags & CONTAINER_INHERIT_ACE) != 0) {
      if (goes_on && means_creator_or_generic(*ace)) {
        add_effective(list, *ace, own, creator, mapping);
        add_with_flags(list, *ace, static_cast<BYTE>(own | inheritance | INHERIT_ONLY_ACE));
      } else {
        add_effective(list, *ace, static_cast<BYTE>(own | (goes_on ? inheritance : 0)), creator, mapping);
      }
    } else if ((flags & OBJECT_INHERIT_ACE) != 0 && goes_on) {
      add_with_flags(list, *ace, static_cast<BYTE>(own | OBJECT_INHERIT_ACE | INHERIT_ONLY_ACE));
    }
  }
}

// The entries somebody gave: as they are, effective ones mapped. `skip_inherited`: those that come anew from the
// parent.
void add_explicit(AclBuilder& list, const ACL* acl, bool skip_inherited, const Creator& creator,
                  const GENERIC_MAPPING& mapping) {
  if (acl == nullptr) return;
  for (const ACE_HEADER* ace : entries_of(*acl)) {
    if (skip_inherited && (ace->AceFlags & INHERITED_ACE) != 0) continue;
    if ((ace->AceFlags & INHERIT_ONLY_ACE) != 0)
      list.add(*ace);
    else
      add_effective(list, *ace, ace->AceFlags, creator, mapping);
  }
}

// One of the two lists.
struct ListKind {
  SECURITY_DESCRIPTOR_CONTROL present, defaulted, is_protected, auto_inherited;
  ULONG auto_inherit;
};
constexpr ListKind kDacl = {SE_DACL_PRESENT, SE_DACL_DEFAULTED, SE_DACL_PROTECTED, SE_DACL_AUTO_INHERITED,
                            SEF_DACL_AUTO_INHERIT};
constexpr ListKind kSacl = {SE_SACL_PRESENT, SE_SACL_DEFAULTED, SE_SACL_PROTECTED, SE_SACL_AUTO_INHERITED,
                            SEF_SACL_AUTO_INHERIT};

struct NewList {
  SECURITY_DESCRIPTOR_CONTROL control = 0;
  std::vector<std::byte> bytes;  // empty: a NULL list, if it is present at all
};

Result<NewList> new_list(const ListKind& kind, const NewObjectSecurity& request, const SecurityParts& parent,
                         const ACL* parent_list, const SecurityParts& creator, const ACL* creator_list,
                         const ACL* token_list, const Creator& names) {
  const bool automatic = (request.auto_inherit & kind.auto_inherit) != 0;
  const bool given = (creator.control & kind.present) != 0, defaulted = (creator.control & kind.defaulted) != 0;
  const bool is_protected = (creator.control & kind.is_protected) != 0;
  const BYTE mark = automatic ? INHERITED_ACE : BYTE{0};
  NewList out;
  if (automatic) out.control |= kind.auto_inherited;
  if (given && creator_list == nullptr) {  // everything is allowed
    out.control |= kind.present;
    return out;
  }
  AclBuilder list;
  if (given && !defaulted) {
    add_explicit(list, creator_list, automatic && !is_protected, names, request.mapping);
    if (is_protected) out.control |= kind.is_protected;
    if (automatic && !is_protected) add_inherited(list, parent_list, request.container, mark, names, request.mapping);
  } else {
    if ((parent.control & kind.present) != 0)
      add_inherited(list, parent_list, request.container, mark, names, request.mapping);
    if (list.empty()) {
      const ACL* fallback = given ? creator_list : token_list;
      if (fallback == nullptr) return out;
      add_explicit(list, fallback, false, names, request.mapping);
      out.control |= kind.defaulted;
    }
  }
  out.control |= kind.present;
  out.bytes = TRY(list.finish());
  return out;
}

}  // namespace

Result<std::vector<std::byte>> new_object_security(const NewObjectSecurity& request) {
  SecurityParts parent, creator;
  for (const auto& [descriptor, parts] : {std::pair{request.parent, &parent}, std::pair{request.creator, &creator}}) {
    if (descriptor == nullptr) continue;
    *parts = TRY(parts_of(descriptor));
    if (!is_valid(descriptor)) return fail(STATUS_INVALID_SECURITY_DESCR, "a part of the descriptor is invalid");
  }
  const auto choose = [&](SID* SecurityParts::*member, ULONG from_parent) {
    if (creator.*member != nullptr) return creator.*member;
    if ((request.auto_inherit & from_parent) != 0 && parent.*member != nullptr) return parent.*member;
    return request.defaults.*member;
  };
  SecurityParts result;
  result.owner = choose(&SecurityParts::owner, SEF_DEFAULT_OWNER_FROM_PARENT);
  result.group = choose(&SecurityParts::group, SEF_DEFAULT_GROUP_FROM_PARENT);
  if (result.owner == nullptr) return fail(STATUS_INVALID_OWNER, "a new object needs an owner");
  if (result.group == nullptr) return fail(STATUS_INVALID_PRIMARY_GROUP, "a new object needs a group");
  const Creator names = {result.owner, result.group};
  NewList dacl =
      TRY(new_list(kDacl, request, parent, parent.dacl, creator, creator.dacl, request.defaults.dacl, names));
  NewList sacl = TRY(new_list(kSacl, request, parent, parent.sacl, creator, creator.sacl, nullptr, names));
  result.control = static_cast<WORD>(dacl.control | sacl.control);
  if (!dacl.bytes.empty()) result.dacl = reinterpret_cast<ACL*>(dacl.bytes.data());
  if (!sacl.bytes.empty()) result.sacl = reinterpret_cast<ACL*>(sacl.bytes.data());
  return self_relative(result);
}

namespace {

// Entries that say the same to the same; INHERITED_ACE does not count.
bool same_entry(const ACE_HEADER& a, const ACE_HEADER& b) {
  return a.AceType == b.AceType && (a.AceFlags | INHERITED_ACE) == (b.AceFlags | INHERITED_ACE) &&
         a.AceSize == b.AceSize &&
         std::memcmp(&a + 1, &b + 1, static_cast<std::size_t>(a.AceSize) - sizeof(ACE_HEADER)) == 0;
}

// Marks what `parent` gives. A list that lacks an entry of the parent's cannot be its heir, and is protected.
Result<NewList> marked_list(const ListKind& kind, const ACL* current, const ACL* parent, bool container,
                            const Creator& names, const GENERIC_MAPPING& mapping) {
  AclBuilder from_parent;
  add_inherited(from_parent, parent, container, INHERITED_ACE, names, mapping);
  const std::vector<std::byte> inherited_bytes = TRY(from_parent.finish());
  const auto inherited = entries_of(*reinterpret_cast<const ACL*>(inherited_bytes.data()));
  const auto own = current == nullptr ? std::vector<const ACE_HEADER*>() : entries_of(*current);
  const bool heir = std::ranges::all_of(inherited, [&](const ACE_HEADER* expected) {
    return std::ranges::any_of(own, [&](const ACE_HEADER* ace) { return same_entry(*ace, *expected); });
  });
  NewList out;
  out.control = static_cast<WORD>(kind.present | kind.auto_inherited | (heir ? 0 : kind.is_protected));
  AclBuilder explicit_part, inherited_part;
  for (const ACE_HEADER* ace : own) {
    const bool comes_from_parent =
        heir && std::ranges::any_of(inherited, [&](const ACE_HEADER* other) { return same_entry(*ace, *other); });
    add_with_flags(
        comes_from_parent ? inherited_part : explicit_part, *ace,
        static_cast<BYTE>(comes_from_parent ? ace->AceFlags | INHERITED_ACE : ace->AceFlags & ~INHERITED_ACE));
  }
  // Explicit entries go first (the canonical order).
  const std::vector<std::byte> tail = TRY(inherited_part.finish());
  for (const ACE_HEADER* ace : entries_of(*reinterpret_cast<const ACL*>(tail.data()))) explicit_part.add(*ace);
  out.bytes = TRY(explicit_part.finish());
  return out;
}

}  // namespace

Result<std::vector<std::byte>> with_inheritance_marked(const SECURITY_DESCRIPTOR* parent,
                                                       const SECURITY_DESCRIPTOR& current, bool container,
                                                       const GENERIC_MAPPING& mapping) {
  if (!is_valid(&current) || (parent != nullptr && !is_valid(parent)))
    return fail(STATUS_INVALID_SECURITY_DESCR, "a part of the descriptor is invalid");
  SecurityParts parts = TRY(parts_of(&current));
  const SecurityParts above = parent == nullptr ? SecurityParts{} : TRY(parts_of(parent));
  if (parts.owner == nullptr || parts.group == nullptr)
    return fail(STATUS_INVALID_SECURITY_DESCR, "a descriptor without owner or group");
  const Creator names = {parts.owner, parts.group};
  NewList dacl, sacl;
  if (parts.dacl != nullptr && (parts.control & SE_DACL_AUTO_INHERITED) == 0) {
    dacl = TRY(marked_list(kDacl, parts.dacl, above.dacl, container, names, mapping));
    parts.control |= dacl.control;
    parts.dacl = reinterpret_cast<ACL*>(dacl.bytes.data());
  }
  if (parts.sacl != nullptr && (parts.control & SE_SACL_AUTO_INHERITED) == 0) {
    sacl = TRY(marked_list(kSacl, parts.sacl, above.sacl, container, names, mapping));
    parts.control |= sacl.control;
    parts.sacl = reinterpret_cast<ACL*>(sacl.bytes.data());
  }
  return self_relative(parts);
}

}  // namespace hmodule::nt

// Security descriptors, absolute (with pointers) and self-relative (one block, with offsets).
#pragma once

#include "base/result.h"
#include "win/security.h"

#include <cstddef>
#include <vector>

namespace hmodule::nt {

// What a descriptor of either form holds.
struct SecurityParts {
  SECURITY_DESCRIPTOR_CONTROL control = 0;  // without SE_SELF_RELATIVE
  SID *owner = nullptr, *group = nullptr;
  ACL *sacl = nullptr, *dacl = nullptr;

  bool has_dacl() const { return (control & SE_DACL_PRESENT) != 0; }
  bool has_sacl() const { return (control & SE_SACL_PRESENT) != 0; }
};

inline bool is_self_relative(const SECURITY_DESCRIPTOR& descriptor) {
  return (descriptor.Control & SE_SELF_RELATIVE) != 0;
}
// STATUS_UNKNOWN_REVISION.
Result<SecurityParts> parts_of(const SECURITY_DESCRIPTOR* descriptor);
// Its parts are what they should be, too.
bool is_valid(const SECURITY_DESCRIPTOR* descriptor);
// STATUS_UNKNOWN_REVISION, STATUS_INVALID_SECURITY_DESCR for a self-relative one, which cannot be changed.
Status require_absolute(const SECURITY_DESCRIPTOR* descriptor);
// Sets or takes away one list. A descriptor that says it has a NULL one allows everything.
Status set_dacl(SECURITY_DESCRIPTOR* descriptor, bool present, ACL* acl, bool defaulted);
Status set_sacl(SECURITY_DESCRIPTOR* descriptor, bool present, ACL* acl, bool defaulted);
// Of the descriptor with all its parts, each rounded up to four bytes.
ULONG size_of(const SECURITY_DESCRIPTOR& descriptor);

// The self-relative descriptor with these parts.
std::vector<std::byte> self_relative(const SecurityParts& parts);

// RtlNewSecurityObject and its kin: the descriptor of a new object, from that of its directory, what its creator asks
// for, and what the creator's token has as defaults.
struct NewObjectSecurity {
  const SECURITY_DESCRIPTOR *parent = nullptr, *creator = nullptr;
  bool container = false;
  ULONG auto_inherit = 0;  // SEF_...
  GENERIC_MAPPING mapping = {};
  SecurityParts defaults = {};  // of the token: owner, group, dacl
};
Result<std::vector<std::byte>> new_object_security(const NewObjectSecurity& request);

// RtlConvertToAutoInheritSecurityObject: the same rights, with the entries marked that come from `parent`.
Result<std::vector<std::byte>> with_inheritance_marked(const SECURITY_DESCRIPTOR* parent,
                                                       const SECURITY_DESCRIPTOR& current, bool container,
                                                       const GENERIC_MAPPING& mapping);

// Replaces the generic rights of `mask` by what they mean.
ACCESS_MASK map_generic(ACCESS_MASK mask, const GENERIC_MAPPING& mapping);

}  // namespace hmodule::nt

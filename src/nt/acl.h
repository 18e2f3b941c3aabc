// Access control lists: entries one after the other in a buffer whose size the list knows.
#pragma once

#include "base/result.h"
#include "win/security.h"

#include <cstddef>
#include <span>
#include <vector>

namespace hmodule::nt {

// The list's own numbers hold: its revision, and as many entries as it claims within its size. Says nothing about
// what the entries hold.
bool is_valid(const ACL* acl);
// STATUS_INVALID_ACL.
Status require_valid(const ACL* acl);

// STATUS_BUFFER_TOO_SMALL, STATUS_INVALID_PARAMETER.
Status create_acl(ACL* acl, ULONG size, ULONG revision);
// The entries of a valid list.
std::vector<const ACE_HEADER*> entries_of(const ACL& acl);
// Where the next entry goes; nullptr when the list is full. False when its entries do not fit.
bool first_free_ace(ACL* acl, ACE_HEADER** free);

// Inserts whole entries before entry `index`, or at the end when there is none. STATUS_BUFFER_TOO_SMALL,
// STATUS_INVALID_PARAMETER, STATUS_INVALID_ACL, STATUS_REVISION_MISMATCH.
Status insert_aces(ACL* acl, ULONG revision, ULONG index, const void* aces, ULONG size);
// STATUS_INVALID_PARAMETER when there is no entry `index`.
Result<ACE_HEADER*> ace_at(ACL* acl, ULONG index);
Status delete_ace(ACL* acl, ULONG index);

// One entry to append. The GUIDs belong to object entries.
struct NewAce {
  BYTE type = ACCESS_ALLOWED_ACE_TYPE;
  ULONG flags = 0;
  ACCESS_MASK mask = 0;
  const SID* sid = nullptr;
  const GUID *object_type = nullptr, *inherited_object_type = nullptr;
};
// STATUS_ALLOTTED_SPACE_EXCEEDED, STATUS_INVALID_ACL, STATUS_INVALID_SID, STATUS_REVISION_MISMATCH,
// STATUS_INVALID_PARAMETER (flags).
Status append_ace(ACL* acl, ULONG revision, const NewAce& ace);

// The SID and the mask of an entry of a known kind; a null SID for all others, and where it does not lie in the entry.
struct KnownAce {
  const SID* sid = nullptr;
  ACCESS_MASK mask = 0;
};
KnownAce known(const ACE_HEADER& ace);

// A list under construction, of any length.
class AclBuilder {
 public:
  void add(const NewAce& ace);
  void add(const ACE_HEADER& ace);
  bool empty() const { return aces_.empty(); }
  // Of revision 2, or 4 where an object entry asks for it.
  Result<std::vector<std::byte>> finish() const;

 private:
  std::vector<std::byte> aces_;
  WORD count_ = 0;
  BYTE revision_ = ACL_REVISION;
};

}  // namespace hmodule::nt

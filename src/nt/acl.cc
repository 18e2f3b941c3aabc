#include "nt/acl.h"

#include "nt/sid.h"

#include <algorithm>
#include <cstring>
#include <optional>

namespace hmodule::nt {
namespace {

std::byte* bytes_of(ACL* acl) {
  return reinterpret_cast<std::byte*>(acl);
}
const std::byte* bytes_of(const ACL* acl) {
  return reinterpret_cast<const std::byte*>(acl);
}

bool is_object_ace(BYTE type) {
  return type >= ACCESS_ALLOWED_OBJECT_ACE_TYPE && type <= SYSTEM_AUDIT_OBJECT_ACE_TYPE;
}

// Offset of the end of the first `count` entries, or nothing when they leave the list.
std::optional<ULONG> end_of(const ACL& acl, ULONG count) {
  ULONG offset = sizeof(ACL);
  for (ULONG i = 0; i < count; ++i) {
    if (acl.AclSize - offset < sizeof(ACE_HEADER)) return std::nullopt;
    const auto* ace = reinterpret_cast<const ACE_HEADER*>(bytes_of(&acl) + offset);
    if (ace->AceSize < sizeof(ACE_HEADER) || ace->AceSize > acl.AclSize - offset) return std::nullopt;
    offset += ace->AceSize;
  }
  return offset;
}

Status check_revision(const ACL& acl, ULONG revision) {
  if (revision < MIN_ACL_REVISION || revision > MAX_ACL_REVISION || acl.AclRevision > MAX_ACL_REVISION)
    return fail(STATUS_REVISION_MISMATCH, "an entry of revision {} for a list of revision {}", revision,
                acl.AclRevision);
  return ok;
}

// The bytes of one entry.
std::vector<std::byte> bytes_of(const NewAce& ace) {
  const bool object = is_object_ace(ace.type);
  std::vector<std::byte> out(object ? sizeof(KNOWN_OBJECT_ACE) : sizeof(KNOWN_ACE));
  const auto append = [&out](const void* data, std::size_t size) {
    const auto* bytes = static_cast<const std::byte*>(data);
    out.insert(out.end(), bytes, bytes + size);
  };
  if (object) {
    if (ace.object_type != nullptr) append(ace.object_type, sizeof(GUID));
    if (ace.inherited_object_type != nullptr) append(ace.inherited_object_type, sizeof(GUID));
  }
  append(ace.sid, sid_size(*ace.sid));
  KNOWN_OBJECT_ACE head = {{ace.type, static_cast<BYTE>(ace.flags), static_cast<WORD>(out.size())},
                           ace.mask,
                           (ace.object_type != nullptr ? ACE_OBJECT_TYPE_PRESENT : 0) |
                               (ace.inherited_object_type != nullptr ? ACE_INHERITED_OBJECT_TYPE_PRESENT : 0)};
  std::memcpy(out.data(), &head, object ? sizeof(KNOWN_OBJECT_ACE) : sizeof(KNOWN_ACE));
  return out;
}

}  // namespace

bool is_valid(const ACL* acl) {
  return acl != nullptr && acl->AclRevision >= MIN_ACL_REVISION && acl->AclRevision <= MAX_ACL_REVISION &&
         acl->AclSize >= sizeof(ACL) && end_of(*acl, acl->AceCount).has_value();
}

Status require_valid(const ACL* acl) {
  if (!is_valid(acl)) return fail(STATUS_INVALID_ACL, "no access control list");
  return ok;
}

Status create_acl(ACL* acl, ULONG size, ULONG revision) {
  if (size < sizeof(ACL)) return fail(STATUS_BUFFER_TOO_SMALL, "{} bytes for an access control list", size);
  if (revision < MIN_ACL_REVISION || revision > MAX_ACL_REVISION || size > 0xFFFF)
    return fail(STATUS_INVALID_PARAMETER, "an access control list of revision {} and {} bytes", revision, size);
  *acl = {static_cast<BYTE>(revision), 0, static_cast<WORD>(size & ~3U), 0, 0};
  return ok;
}

std::vector<const ACE_HEADER*> entries_of(const ACL& acl) {
  std::vector<const ACE_HEADER*> entries;
  const std::byte* at = bytes_of(&acl) + sizeof(ACL);
  for (WORD i = 0; i < acl.AceCount; ++i) {
    entries.push_back(reinterpret_cast<const ACE_HEADER*>(at));
    at += entries.back()->AceSize;
  }
  return entries;
}

bool first_free_ace(ACL* acl, ACE_HEADER** free) {
  *free = nullptr;
  const auto end = end_of(*acl, acl->AceCount);
  if (!end) return false;
  if (*end < acl->AclSize) *free = reinterpret_cast<ACE_HEADER*>(bytes_of(acl) + *end);
  return true;
}

Status insert_aces(ACL* acl, ULONG revision, ULONG index, const void* aces, ULONG size) {
  TRY(require_valid(acl));
  TRY(check_revision(*acl, revision));
  const auto* data = static_cast<const std::byte*>(aces);
  ULONG count = 0;
  for (ULONG offset = 0; offset < size; ++count) {
    ACE_HEADER ace = {};
    if (size - offset >= sizeof ace) std::memcpy(&ace, data + offset, sizeof ace);
    if (ace.AceSize < sizeof ace || ace.AceSize > size - offset)
      return fail(STATUS_INVALID_PARAMETER, "entry {} does not end within {} bytes", count, size);
    offset += ace.AceSize;
  }
  const ULONG end = *end_of(*acl, acl->AceCount), place = index < acl->AceCount ? *end_of(*acl, index) : end;
  if (size > acl->AclSize - end)
    return fail(STATUS_BUFFER_TOO_SMALL, "{} bytes for entries, {} are free", size, acl->AclSize - end);
  if (count + acl->AceCount > 0xFFFF) return fail(STATUS_INVALID_PARAMETER, "{} more entries", count);
  std::memmove(bytes_of(acl) + place + size, bytes_of(acl) + place, end - place);
  if (size != 0) std::memcpy(bytes_of(acl) + place, data, size);
  acl->AceCount = static_cast<WORD>(acl->AceCount + count);
  acl->AclRevision = std::max(acl->AclRevision, static_cast<BYTE>(revision));
  return ok;
}

Result<ACE_HEADER*> ace_at(ACL* acl, ULONG index) {
  if (!is_valid(acl) || index >= acl->AceCount)
    return fail(STATUS_INVALID_PARAMETER, "the access control list has no entry {}", index);
  return reinterpret_cast<ACE_HEADER*>(bytes_of(acl) + *end_of(*acl, index));
}

Status delete_ace(ACL* acl, ULONG index) {
  ACE_HEADER* const ace = TRY(ace_at(acl, index));
  auto* const from = reinterpret_cast<std::byte*>(ace);
  std::byte* const end = bytes_of(acl) + *end_of(*acl, acl->AceCount);
  const WORD size = ace->AceSize;
  std::memmove(from, from + size, static_cast<std::size_t>(end - from) - size);
  std::memset(end - size, 0, size);
  --acl->AceCount;
  return ok;
}

Status append_ace(ACL* acl, ULONG revision, const NewAce& ace) {
  TRY(require_valid(acl));
  TRY(require_valid(ace.sid));
  TRY(check_revision(*acl, revision));
  const ULONG known_flags = 0x1F | (ace.type == SYSTEM_AUDIT_ACE_TYPE || ace.type == SYSTEM_AUDIT_OBJECT_ACE_TYPE
                                        ? SUCCESSFUL_ACCESS_ACE_FLAG | FAILED_ACCESS_ACE_FLAG
                                        : 0);
  if ((ace.flags & ~known_flags) != 0) return fail(STATUS_INVALID_PARAMETER, "entry flags {:#x}", ace.flags);
  const std::vector<std::byte> bytes = bytes_of(ace);
  const ULONG end = *end_of(*acl, acl->AceCount);
  if (bytes.size() > acl->AclSize - end)
    return fail(STATUS_ALLOTTED_SPACE_EXCEEDED, "{} bytes for an entry, {} are free", bytes.size(), acl->AclSize - end);
  std::memcpy(bytes_of(acl) + end, bytes.data(), bytes.size());
  ++acl->AceCount;
  acl->AclRevision = std::max(acl->AclRevision, static_cast<BYTE>(revision));
  return ok;
}

KnownAce known(const ACE_HEADER& ace) {
  ULONG offset = sizeof(KNOWN_ACE);
  const bool plain = ace.AceType <= SYSTEM_AUDIT_ACE_TYPE || ace.AceType == SYSTEM_MANDATORY_LABEL_ACE_TYPE;
  if (is_object_ace(ace.AceType)) {
    if (ace.AceSize < sizeof(KNOWN_OBJECT_ACE)) return {};
    const DWORD flags = reinterpret_cast<const KNOWN_OBJECT_ACE*>(&ace)->Flags;
    offset = sizeof(KNOWN_OBJECT_ACE) + ((flags & ACE_OBJECT_TYPE_PRESENT) != 0 ? sizeof(GUID) : 0) +
             ((flags & ACE_INHERITED_OBJECT_TYPE_PRESENT) != 0 ? sizeof(GUID) : 0);
  } else if (!plain) {
    return {};
  }
  if (ace.AceSize < offset + sid_size(0)) return {};
  const auto* sid = reinterpret_cast<const SID*>(reinterpret_cast<const std::byte*>(&ace) + offset);
  if (!is_valid(sid) || ace.AceSize < offset + sid_size(*sid)) return {};
  return {sid, reinterpret_cast<const KNOWN_ACE*>(&ace)->Mask};
}

void AclBuilder::add(const NewAce& ace) {
  const std::vector<std::byte> bytes = bytes_of(ace);
  add(*reinterpret_cast<const ACE_HEADER*>(bytes.data()));
}

void AclBuilder::add(const ACE_HEADER& ace) {
  const auto* bytes = reinterpret_cast<const std::byte*>(&ace);
  aces_.insert(aces_.end(), bytes, bytes + ace.AceSize);
  ++count_;
  if (is_object_ace(ace.AceType)) revision_ = ACL_REVISION_DS;
}

Result<std::vector<std::byte>> AclBuilder::finish() const {
  const std::size_t size = sizeof(ACL) + aces_.size();
  if (size > 0xFFFC) return fail(STATUS_BAD_INHERITANCE_ACL, "an access control list of {} bytes", size);
  std::vector<std::byte> out(size);
  const ACL head = {revision_, 0, static_cast<WORD>(size), count_, 0};
  std::memcpy(out.data(), &head, sizeof head);
  if (!aces_.empty()) std::memcpy(out.data() + sizeof head, aces_.data(), aces_.size());
  return out;
}

}  // namespace hmodule::nt

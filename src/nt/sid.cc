#include "nt/sid.h"

#include "nt/heap.h"

#include <cstring>

namespace hmodule::nt {

bool is_valid(const SID* sid) {
  return sid != nullptr && (sid->Revision & 0xF) == SID_REVISION && sid->SubAuthorityCount <= SID_MAX_SUB_AUTHORITIES;
}

bool equal(const SID& a, const SID& b) {
  return a.SubAuthorityCount == b.SubAuthorityCount && std::memcmp(&a, &b, sid_size(a)) == 0;
}

bool equal_prefix(const SID& a, const SID& b) {
  if (a.SubAuthorityCount != b.SubAuthorityCount) return false;
  const BYTE count = a.SubAuthorityCount == 0 ? BYTE{0} : static_cast<BYTE>(a.SubAuthorityCount - 1);
  return std::memcmp(&a, &b, sid_size(count)) == 0;
}

Status require_valid(const SID* sid) {
  if (!is_valid(sid)) return fail(STATUS_INVALID_SID, "no security identifier");
  return ok;
}

SID value_of(const SID& sid) {
  SID value;
  std::memcpy(&value, &sid, sid_size(sid));
  return value;
}

Result<SID*> copy_to_heap(const SID& sid) {
  auto* copy = static_cast<SID*>(heap_allocate(sid_size(sid)));
  if (copy == nullptr) return fail(STATUS_NO_MEMORY, "no memory for a security identifier");
  std::memcpy(copy, &sid, sid_size(sid));
  return copy;
}

std::string sid_text(const SID& sid) {
  std::uint64_t authority = 0;
  for (const BYTE byte : sid.IdentifierAuthority.Value) authority = authority << 8 | byte;
  std::string out = authority >> 32 == 0 ? fmt::format("S-1-{}", authority) : fmt::format("S-1-{:#x}", authority);
  for (BYTE i = 0; i < sid.SubAuthorityCount; ++i) out += fmt::format("-{}", sid.SubAuthority[i]);
  return out;
}

namespace {

std::optional<ULONG> unix_id_of(const SID& sid, ULONG kind) {
  const SID expected = make_sid(22, {kind, 0});
  if (!equal_prefix(sid, expected)) return std::nullopt;
  return sid.SubAuthority[1];
}

}  // namespace

std::optional<ULONG> unix_user_of(const SID& sid) {
  return unix_id_of(sid, 1);
}
std::optional<ULONG> unix_group_of(const SID& sid) {
  return unix_id_of(sid, 2);
}

}  // namespace hmodule::nt

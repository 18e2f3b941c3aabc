// Access tokens and security identifiers. Linux users have the identifiers that Samba gives them: S-1-22-1-uid, and
// groups S-1-22-2-gid.
#pragma once

#include "nt/handle_table.h"

namespace hmodule::nt {

struct Sid {
  BYTE Revision = 1, SubAuthorityCount = 0;
  BYTE IdentifierAuthority[6] = {};  // big endian
  ULONG SubAuthority[15] = {};

  SIZE_T size() const { return 8 + SIZE_T{SubAuthorityCount} * 4; }
};
static_assert(sizeof(Sid) == 68);

constexpr Sid unix_sid(ULONG kind, ULONG id) {
  return {1, 2, {0, 0, 0, 0, 0, 22}, {kind, id}};
}
inline constexpr ULONG kUnixUser = 1, kUnixGroup = 2;

// Token access rights (winnt.h).
inline constexpr ACCESS_MASK TOKEN_ADJUST_PRIVILEGES = 0x20, TOKEN_QUERY = 0x8;

// The process's own token: what it says is asked of Linux at that moment.
class Token final : public Object {
 public:
  static const ObjectType kType;
  const ObjectType& type() const override { return kType; }
};

}  // namespace hmodule::nt

// May a token do this to what a security descriptor protects? The answer of NtAccessCheck.
#pragma once

#include "nt/security_descriptor.h"
#include "nt/token.h"

namespace hmodule::nt {

inline constexpr ACCESS_MASK WRITE_DAC = 0x40000, WRITE_OWNER = 0x80000, ACCESS_SYSTEM_SECURITY = 0x1000000;

struct AccessAnswer {
  ACCESS_MASK granted = 0;
  NTSTATUS status = STATUS_SUCCESS;  // else ACCESS_DENIED or PRIVILEGE_NOT_HELD
  bool took_ownership = false;       // SeTakeOwnershipPrivilege was needed
};
// Fails for questions that make no sense: STATUS_GENERIC_NOT_MAPPED, STATUS_INVALID_SECURITY_DESCR.
Result<AccessAnswer> check_access(const SECURITY_DESCRIPTOR* descriptor, const Token::Facts& token, ACCESS_MASK desired,
                                  const GENERIC_MAPPING& mapping);

// What `acl` (nullptr: everything) allows to somebody who is all of `sids`; entries that only inherit do not count.
ACCESS_MASK allowed_by(const ACL* acl, std::span<const Token::Group> sids, const GENERIC_MAPPING& mapping);

}  // namespace hmodule::nt

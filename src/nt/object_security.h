// Security descriptors of objects: of files from Linux's owner, group and mode, of all others from what was set.
//
// A mode has three classes, of which the first that matches counts; a list adds up what all its entries say. So a
// file's list denies a class what only a later class may: mode 0604 is "group: deny read; everyone: allow read".
#pragma once

#include "nt/security_descriptor.h"
#include "nt/token.h"

namespace hmodule::nt {

// NtQuerySecurityObject: a self-relative descriptor with the parts of `what`. Objects that nobody has set a descriptor
// of belong to the process's user and have the default list of `token`.
Result<std::vector<std::byte>> security_of(Object& object, SECURITY_INFORMATION what, const Token::Facts& token);
// NtSetSecurityObject: changes the parts of `what`. Files: STATUS_INVALID_OWNER and STATUS_INVALID_PRIMARY_GROUP for
// who is no Linux user, STATUS_PRIVILEGE_NOT_HELD for a SACL; what Linux refuses.
Status set_security(Object& object, SECURITY_INFORMATION what, const SECURITY_DESCRIPTOR* descriptor,
                    const Token::Facts& token);
// What was set goes with its object.
void forget_security(const Object& object);

}  // namespace hmodule::nt

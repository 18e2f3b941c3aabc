// Accounts: names and SIDs of the same users and groups. Linux' own belong to this computer, and there are those that
// every Windows has.
#pragma once

#include "nt/sid.h"

#include <string>
#include <string_view>

namespace hmodule::nt {

enum class AccountKind : DWORD {  // SID_NAME_USE
  user = 1,
  group,
  domain,
  alias,
  well_known,
  unknown = 8,
  label = 10
};

struct Account {
  std::u16string name, domain;  // the domain of some is empty
  SID sid;
  AccountKind kind;

  SID domain_sid() const;
};

// STATUS_NONE_MAPPED. A name may have its domain before it, `DOMAIN\name`.
Result<Account> account_of(const SID& sid);
Result<Account> account_named(std::u16string_view name);

// The computer's name, which is the domain of its users.
std::u16string local_domain();

}  // namespace hmodule::nt

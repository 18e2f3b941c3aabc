#include "nt/accounts.h"

#include "base/utf.h"
#include "nt/system_information.h"
#include "win/status.h"

#include <grp.h>
#include <pwd.h>

#include <algorithm>
#include <cerrno>
#include <iterator>
#include <optional>
#include <vector>

namespace hmodule::nt {
namespace {

struct Known {
  SID sid;
  const char16_t *name, *domain;
  AccountKind kind;
};

constexpr Known group(BYTE authority, std::initializer_list<ULONG> numbers, const char16_t* name,
                      const char16_t* domain = u"") {
  return {make_sid(authority, numbers), name, domain, AccountKind::well_known};
}
constexpr Known nt_authority(ULONG number, const char16_t* name) {
  return group(5, {number}, name, u"NT AUTHORITY");
}
constexpr Known alias(ULONG number, const char16_t* name) {
  return {make_sid(5, {32, number}), name, u"BUILTIN", AccountKind::alias};
}
constexpr Known label(ULONG level, const char16_t* name) {
  return {integrity_sid(level), name, u"Mandatory Label", AccountKind::label};
}

// "Well-known SIDs" (Microsoft).
constexpr Known kKnown[] = {
    group(0, {0}, u"NULL SID"),
    group(1, {0}, u"Everyone"),
    group(2, {0}, u"LOCAL"),
    group(2, {1}, u"CONSOLE LOGON"),
    group(3, {0}, u"CREATOR OWNER"),
    group(3, {1}, u"CREATOR GROUP"),
    group(3, {4}, u"OWNER RIGHTS"),
    nt_authority(1, u"DIALUP"),
    nt_authority(2, u"NETWORK"),
    nt_authority(3, u"BATCH"),
    nt_authority(4, u"INTERACTIVE"),
    nt_authority(6, u"SERVICE"),
    nt_authority(7, u"ANONYMOUS LOGON"),
    nt_authority(8, u"PROXY"),
    nt_authority(9, u"ENTERPRISE DOMAIN CONTROLLERS"),
    nt_authority(10, u"SELF"),
    nt_authority(11, u"Authenticated Users"),
    nt_authority(12, u"RESTRICTED"),
    nt_authority(13, u"TERMINAL SERVER USER"),
    nt_authority(14, u"REMOTE INTERACTIVE LOGON"),
    nt_authority(15, u"This Organization"),
    nt_authority(17, u"IUSR"),
    nt_authority(18, u"SYSTEM"),
    nt_authority(19, u"LOCAL SERVICE"),
    nt_authority(20, u"NETWORK SERVICE"),
    {make_sid(5, {32}), u"BUILTIN", u"BUILTIN", AccountKind::domain},
    alias(544, u"Administrators"),
    alias(545, u"Users"),
    alias(546, u"Guests"),
    alias(547, u"Power Users"),
    alias(551, u"Backup Operators"),
    alias(552, u"Replicator"),
    alias(555, u"Remote Desktop Users"),
    alias(556, u"Network Configuration Operators"),
    alias(558, u"Performance Monitor Users"),
    alias(559, u"Performance Log Users"),
    alias(568, u"IIS_IUSRS"),
    label(0, u"Untrusted Mandatory Level"),
    label(0x1000, u"Low Mandatory Level"),
    label(kMediumIntegrity, u"Medium Mandatory Level"),
    label(kHighIntegrity, u"High Mandatory Level"),
    label(0x4000, u"System Mandatory Level"),
};

Account account_from(const Known& known) {
  return {known.name, known.domain, known.sid, known.kind};
}
Account local_user(const passwd& entry) {
  return {utf16(entry.pw_name), local_domain(), unix_user_sid(entry.pw_uid), AccountKind::user};
}
Account local_group(const struct group& entry) {
  return {utf16(entry.gr_name), local_domain(), unix_group_sid(entry.gr_gid), AccountKind::group};
}

// One of getpwuid_r and its kin, with as much room as the entry needs.
template <typename Entry, typename Key>
std::optional<Account> look_up(int (*ask)(Key, Entry*, char*, std::size_t, Entry**), Key key,
                               Account (*account)(const Entry&)) {
  std::vector<char> room(1024);
  Entry entry, *found = nullptr;
  int error;
  while ((error = ask(key, &entry, room.data(), room.size(), &found)) == ERANGE) room.resize(room.size() * 2);
  if (error != 0 || found == nullptr) return std::nullopt;
  return account(*found);
}

std::optional<Account> local_named(std::u16string_view name) {
  const std::string host = utf8(name);
  if (auto user = look_up(::getpwnam_r, host.c_str(), local_user)) return user;
  return look_up(::getgrnam_r, host.c_str(), local_group);
}

}  // namespace

SID Account::domain_sid() const {
  SID of = sid;
  if (kind != AccountKind::domain && of.SubAuthorityCount > 0) --of.SubAuthorityCount;
  return of;
}

std::u16string local_domain() {
  constexpr std::size_t kMaxComputerNameLength = 15;
  const std::string name = host_name();
  return upcase(utf16(name.substr(0, std::min(name.find('.'), kMaxComputerNameLength))));
}

Result<Account> account_of(const SID& sid) {
  for (const Known& known : kKnown)
    if (equal(known.sid, sid)) return account_from(known);
  std::optional<Account> found;
  if (const auto uid = unix_user_of(sid)) found = look_up(::getpwuid_r, uid_t{*uid}, local_user);
  if (const auto gid = unix_group_of(sid)) found = look_up(::getgrgid_r, gid_t{*gid}, local_group);
  if (found) return *std::move(found);
  return fail(STATUS_NONE_MAPPED, "{}: nobody's", sid_text(sid));
}

Result<Account> account_named(std::u16string_view given) {
  const std::size_t slash = given.find(u'\\');
  const std::u16string_view domain = slash == given.npos ? u"" : given.substr(0, slash);
  const std::u16string_view name = slash == given.npos ? given : given.substr(slash + 1);
  const auto known = std::find_if(std::begin(kKnown), std::end(kKnown), [&](const Known& each) {
    return equal_ignoring_case(each.name, name) && (domain.empty() || equal_ignoring_case(each.domain, domain));
  });
  const bool here = domain.empty() || domain == u"." || equal_ignoring_case(domain, local_domain());
  if (here && !name.empty())
    if (auto found = local_named(name)) return *std::move(found);
  if (known != std::end(kKnown)) return account_from(*known);
  return fail(STATUS_NONE_MAPPED, "{}: nobody's name", utf8(given));
}

}  // namespace hmodule::nt

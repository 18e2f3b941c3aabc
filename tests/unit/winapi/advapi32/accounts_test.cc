#include "nt/accounts.h"
#include "base/utf.h"
#include "unit/winapi/process.h"
#include "winapi/advapi32/exports.h"

#include <grp.h>
#include <pwd.h>
#include <unistd.h>

#include <cstring>
#include <string>

namespace hmodule::winapi {
namespace {

constexpr DWORD kUser = 1, kGroup = 2, kAlias = 4, kWellKnown = 5, kUnknown = 8;
constexpr SID kNobody = nt::make_sid(5, {21, 1, 2, 3, 500});

struct Told {
  DWORD error = 0, use = 0;
  std::u16string name, domain;
};
Told name_of(SID sid) {
  WCHAR name[64], domain[64];
  DWORD name_size = 64, domain_size = 64;
  Told told;
  if (!function<BOOL, const WCHAR*, SID*, WCHAR*, DWORD*, WCHAR*, DWORD*, DWORD*>(advapi32_dll, "LookupAccountSidW")(
          nullptr, &sid, name, &name_size, domain, &domain_size, &told.use)) {
    told.error = thread::last_error();
    return told;
  }
  told.name = name;
  told.domain = domain;
  EXPECT_EQ(name_size, told.name.size());
  EXPECT_EQ(domain_size, told.domain.size());
  return told;
}

const auto kByName = [](const WCHAR* system, const WCHAR* name, SID* sid, DWORD* size, WCHAR* domain,
                        DWORD* domain_size, DWORD* use) {
  return function<BOOL, const WCHAR*, const WCHAR*, SID*, DWORD*, WCHAR*, DWORD*, DWORD*>(
      advapi32_dll, "LookupAccountNameW")(system, name, sid, size, domain, domain_size, use);
};
// Its text, or empty.
std::string sid_named(const std::u16string& name, DWORD* kind = nullptr) {
  SID sid;
  WCHAR domain[64];
  DWORD size = sizeof sid, domain_size = 64, use = 0;
  if (!kByName(nullptr, name.c_str(), &sid, &size, domain, &domain_size, &use)) return {};
  if (kind != nullptr) *kind = use;
  return nt::sid_text(sid);
}

std::u16string own_name() {
  return utf16(::getpwuid(::geteuid())->pw_name);
}

TEST(Accounts, OfLinuxBelongToThisComputer) {
  process();
  const Told user = name_of(nt::unix_user_sid(::geteuid()));
  EXPECT_EQ(user.name, own_name());
  EXPECT_EQ(user.domain, nt::local_domain());
  EXPECT_EQ(user.use, kUser);
  const Told group = name_of(nt::unix_group_sid(::getegid()));
  EXPECT_EQ(group.name, utf16(::getgrgid(::getegid())->gr_name));
  EXPECT_EQ(group.use, kGroup);
  DWORD use = 0;
  const std::string own = nt::sid_text(nt::unix_user_sid(::geteuid()));
  EXPECT_EQ(sid_named(own_name(), &use), own);
  EXPECT_EQ(use, kUser);
  EXPECT_EQ(sid_named(nt::local_domain() + u'\\' + own_name()), own);
  EXPECT_EQ(sid_named(u"ELSEWHERE\\" + own_name()), "");
  EXPECT_EQ(thread::last_error(), 1332U);  // ERROR_NONE_MAPPED
}

TEST(Accounts, OfEveryWindowsAreKnown) {
  EXPECT_EQ(name_of(nt::kEveryone).name, u"Everyone");
  EXPECT_EQ(name_of(nt::kEveryone).use, kWellKnown);
  const Told administrators = name_of(nt::kAdministrators);
  EXPECT_EQ(administrators.name, u"Administrators");
  EXPECT_EQ(administrators.domain, u"BUILTIN");
  EXPECT_EQ(administrators.use, kAlias);
  EXPECT_EQ(sid_named(u"everyone"), "S-1-1-0");
  EXPECT_EQ(sid_named(u"nt authority\\system"), "S-1-5-18");
  EXPECT_EQ(sid_named(u"BUILTIN\\Users"), "S-1-5-32-545");
  EXPECT_EQ(name_of(kNobody).error, 1332U);
  EXPECT_EQ(sid_named(u"no such user"), "");
}

TEST(Accounts, SayHowMuchRoomTheyNeed) {
  SID sid = nt::kAdministrators;
  char name[64], domain[64];
  DWORD name_size = 3, domain_size = 64, use = 0;
  const auto by_sid =
      function<BOOL, const char*, SID*, char*, DWORD*, char*, DWORD*, DWORD*>(advapi32_dll, "LookupAccountSidA");
  EXPECT_FALSE(by_sid(nullptr, &sid, name, &name_size, domain, &domain_size, &use));
  EXPECT_EQ(thread::last_error(), 122U);
  EXPECT_EQ(name_size, 15U);
  EXPECT_EQ(domain_size, 8U);
  EXPECT_TRUE(by_sid("", &sid, name, &name_size, domain, &domain_size, &use));
  EXPECT_STREQ(name, "Administrators");
  EXPECT_FALSE(by_sid("elsewhere", &sid, name, &name_size, domain, &domain_size, &use));
  EXPECT_EQ(thread::last_error(), 1722U);
  sid.Revision = 9;
  EXPECT_FALSE(by_sid(nullptr, &sid, name, &name_size, domain, &domain_size, &use));
  EXPECT_EQ(thread::last_error(), 1337U);  // ERROR_INVALID_SID
  const auto by_name =
      function<BOOL, const char*, const char*, SID*, DWORD*, char*, DWORD*, DWORD*>(advapi32_dll, "LookupAccountNameA");
  DWORD size = 0;
  domain_size = 0;
  EXPECT_FALSE(by_name(nullptr, "Administrators", nullptr, &size, nullptr, &domain_size, &use));
  EXPECT_EQ(thread::last_error(), 122U);
  EXPECT_EQ(size, 16U);
  EXPECT_EQ(domain_size, 8U);
  EXPECT_TRUE(by_name(nullptr, "Administrators", &sid, &size, domain, &domain_size, &use));
  EXPECT_EQ(nt::sid_text(sid), "S-1-5-32-544");
  EXPECT_STREQ(domain, "BUILTIN");
}

struct Domain {
  UNICODE_STRING name;
  SID* sid;
};
struct DomainList {
  ULONG count;
  Domain* list;
};
std::u16string text(const UNICODE_STRING& string) {
  return {string.Buffer, string.Length / sizeof(WCHAR)};
}
void free_memory(void* memory) {
  const HANDLE heap = function<HANDLE>(kernel32_dll, "GetProcessHeap")();
  EXPECT_TRUE((function<BOOL, HANDLE, DWORD, void*>(kernel32_dll, "HeapFree")(heap, 0, memory)));
}

TEST(Lsa, NamesManySidsAtOnce) {
  struct Name {
    DWORD use;
    UNICODE_STRING name;
    LONG domain;
  }* names = nullptr;
  SID user = nt::unix_user_sid(::geteuid()), everyone = nt::kEveryone, nobody = kNobody, root = nt::unix_user_sid(0);
  SID* sids[] = {&user, &everyone, &nobody, &root};
  DomainList* domains = nullptr;
  const auto call = function<NTSTATUS, HANDLE, ULONG, SID**, DomainList**, Name**>(advapi32_dll, "LsaLookupSids");
  ASSERT_EQ(call(nullptr, 4, sids, &domains, &names), 0x107);  // STATUS_SOME_NOT_MAPPED
  EXPECT_EQ(text(names[0].name), own_name());
  EXPECT_EQ(text(names[1].name), u"Everyone");
  EXPECT_EQ(text(names[2].name), u"S-1-5-21-1-2-3-500");
  EXPECT_EQ(names[2].use, kUnknown);
  EXPECT_EQ(names[2].domain, -1);
  EXPECT_EQ(names[3].domain, names[0].domain);
  ASSERT_EQ(domains->count, 2U);
  EXPECT_EQ(text(domains->list[names[0].domain].name), nt::local_domain());
  EXPECT_EQ(nt::sid_text(*domains->list[names[0].domain].sid), "S-1-22-1");
  free_memory(domains);
  free_memory(names);
  EXPECT_EQ(call(nullptr, 1, sids + 2, &domains, &names), static_cast<NTSTATUS>(0xC0000073));
  EXPECT_EQ(domains->count, 0U);
  free_memory(domains);
  free_memory(names);
  EXPECT_EQ(call(nullptr, 0, sids, &domains, &names), static_cast<NTSTATUS>(0xC000000D));
}

TEST(Lsa, FindsManyNamesAtOnce) {
  std::u16string user = own_name(), system = u"SYSTEM", nobody = u"no such user";
  const auto string = [](std::u16string& from) {
    return UNICODE_STRING{static_cast<USHORT>(from.size() * 2), static_cast<USHORT>(from.size() * 2), from.data()};
  };
  UNICODE_STRING names[] = {string(user), string(system), string(nobody)};
  struct Sid2 {
    DWORD use;
    SID* sid;
    LONG domain;
    ULONG flags;
  }* sids = nullptr;
  DomainList* domains = nullptr;
  ASSERT_EQ((function<NTSTATUS, HANDLE, ULONG, ULONG, UNICODE_STRING*, DomainList**, Sid2**>(
                advapi32_dll, "LsaLookupNames2")(nullptr, 0, 3, names, &domains, &sids)),
            0x107);
  EXPECT_EQ(nt::sid_text(*sids[0].sid), nt::sid_text(nt::unix_user_sid(::geteuid())));
  EXPECT_EQ(nt::sid_text(*sids[1].sid), "S-1-5-18");
  EXPECT_EQ(text(domains->list[sids[1].domain].name), u"NT AUTHORITY");
  EXPECT_EQ(sids[2].sid, nullptr);
  EXPECT_EQ(sids[2].use, kUnknown);
  free_memory(domains);
  free_memory(sids);
  struct OldSid {
    DWORD use;
    ULONG id;
    LONG domain;
  }* old = nullptr;
  ASSERT_EQ((function<NTSTATUS, HANDLE, ULONG, UNICODE_STRING*, DomainList**, OldSid**>(advapi32_dll, "LsaLookupNames")(
                nullptr, 2, names, &domains, &old)),
            0);
  EXPECT_EQ(old[0].id, ::geteuid());
  EXPECT_EQ(old[1].id, 18U);
  free_memory(domains);
  free_memory(old);
}

}  // namespace
}  // namespace hmodule::winapi

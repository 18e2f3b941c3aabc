#include "unit/winapi/process.h"
#include "winapi/dnsapi/exports.h"

#include <netinet/in.h>

namespace hmodule::winapi {
namespace {

template <typename R, typename... Args>
Function<R, Args...> dns(std::string_view name) {
  return function<R, Args...>(dnsapi_dll, name);
}

struct Record {
  Record* next;
  const WCHAR* name;
  WORD type, length;
  DWORD flags, ttl, reserved;
  DWORD address;
};

TEST(Dns, AddressesAndTheFileOfHostsNeedNoServer) {
  const auto query = dns<LONG, const WCHAR*, WORD, DWORD, void*, Record**, void**>("DnsQuery_W");
  Record* found = nullptr;
  ASSERT_EQ(query(u"127.0.0.5", 1, 0x10, nullptr, &found, nullptr), 0);
  EXPECT_EQ(found->type, 1);
  EXPECT_EQ(found->length, 4);
  EXPECT_EQ(found->address, htonl(0x7F000005));
  EXPECT_EQ(std::u16string(found->name), u"127.0.0.5");
  EXPECT_EQ(found->next, nullptr);
  dns<INT, Record*, INT>("DnsRecordListFree")(found, 1);
  ASSERT_EQ(query(u"LOCALHOST", 1, 0x10, nullptr, &found, nullptr), 0);
  EXPECT_EQ(found->address & 0xFF, 127u);
  dns<INT, void*, INT>("DnsFree")(found, 1);
  EXPECT_EQ(query(u"no.such.host.invalid", 1, 0x10, nullptr, &found, nullptr), 9003);
  EXPECT_EQ(found, nullptr);
  EXPECT_EQ(query(nullptr, 1, 0, nullptr, &found, nullptr), 87);
}

TEST(Dns, NamesCompareWithoutCaseAndTheirLastDot) {
  const auto same = dns<BOOL, const char*, const char*>("DnsNameCompare_A");
  EXPECT_TRUE(same("Example.ORG.", "example.org"));
  EXPECT_FALSE(same("example.org", "example.com"));
}

TEST(Dns, NamesAreValidated) {
  const auto validate = dns<LONG, const WCHAR*, INT>("DnsValidateName_W");
  EXPECT_EQ(validate(u"example.org", 0), 0);
  EXPECT_EQ(validate(u"", 0), 123);
  EXPECT_EQ(validate(u"a..b", 0), 123);
  EXPECT_EQ(validate(u"a b", 0), 9560);
  EXPECT_EQ(validate(u"a_b", 2), 9556);
  EXPECT_EQ(validate(u"123", 3), 9561);
  EXPECT_EQ(validate(u"a.b", 3), 123);
  EXPECT_EQ(validate(u"*.example.org", 4), 0);
  EXPECT_EQ(validate(u"_ldap._tcp", 5), 9556);
  EXPECT_EQ(validate(std::u16string(64, u'a').c_str(), 1), 123);
}

}  // namespace
}  // namespace hmodule::winapi

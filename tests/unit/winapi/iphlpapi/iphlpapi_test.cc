#include "unit/winapi/process.h"
#include "winapi/iphlpapi/exports.h"

#include <net/if.h>
#include <netinet/in.h>

#include <cstring>
#include <string>
#include <vector>

namespace hmodule::winapi {
namespace {

template <typename R, typename... Args>
Function<R, Args...> ip(std::string_view name) {
  return function<R, Args...>(iphlpapi_dll, name);
}

// The beginning of IP_ADAPTER_ADDRESSES.
struct Adapter {
  ULONG length, index;
  Adapter* next;
  char* name;
  struct Unicast {
    ULONG length, flags;
    Unicast* next;
    const USHORT* address;
    INT size;
  } * unicast;
};

TEST(IpHelper, EveryComputerHasALoop) {
  const auto adapters = ip<ULONG, ULONG, ULONG, void*, void*, ULONG*>("GetAdaptersAddresses");
  ULONG size = 0;
  ASSERT_EQ(adapters(0, 0x10 | 0x80, nullptr, nullptr, &size), 111u);
  std::vector<char> buffer(size);
  ASSERT_EQ(adapters(0, 0x10 | 0x80, nullptr, buffer.data(), &size), 0u);
  bool found = false;
  for (const auto* each = reinterpret_cast<const Adapter*>(buffer.data()); each != nullptr; each = each->next) {
    EXPECT_EQ(each->length, 448u);
    EXPECT_EQ(each->name[0], '{');
    for (const auto* address = each->unicast; address != nullptr; address = address->next)
      if (address->address[0] == 2 && reinterpret_cast<const BYTE*>(address->address)[4] == 127) found = true;
  }
  EXPECT_TRUE(found);
  EXPECT_EQ(adapters(99, 0, nullptr, buffer.data(), &size), 87u);
}

TEST(IpHelper, InterfacesGoByNumberLuidAndName) {
  const ULONG index = ip<ULONG, const char*>("if_nametoindex")("lo");
  ASSERT_NE(index, 0u);
  std::uint64_t luid = 0, again = 0;
  EXPECT_EQ((ip<DWORD, ULONG, std::uint64_t*>("ConvertInterfaceIndexToLuid")(index, &luid)), 0u);
  EXPECT_EQ(luid >> 48, 24u);  // a loop
  WCHAR alias[257];
  EXPECT_EQ((ip<DWORD, const std::uint64_t*, WCHAR*, SIZE_T>("ConvertInterfaceLuidToAlias")(&luid, alias, 257)), 0u);
  EXPECT_EQ(std::u16string(alias), u"lo");
  EXPECT_EQ((ip<DWORD, const WCHAR*, std::uint64_t*>("ConvertInterfaceAliasToLuid")(alias, &again)), 0u);
  EXPECT_EQ(again, luid);
  GUID id;
  EXPECT_EQ((ip<DWORD, const std::uint64_t*, GUID*>("ConvertInterfaceLuidToGuid")(&luid, &id)), 0u);
  again = 0;
  EXPECT_EQ((ip<DWORD, const GUID*, std::uint64_t*>("ConvertInterfaceGuidToLuid")(&id, &again)), 0u);
  EXPECT_EQ(again, luid);
  EXPECT_EQ((ip<DWORD, ULONG, std::uint64_t*>("ConvertInterfaceIndexToLuid")(0x7FFFFFFF, &luid)), 2u);
  DWORD best = 0;
  EXPECT_EQ((ip<DWORD, DWORD, DWORD*>("GetBestInterface")(htonl(INADDR_LOOPBACK), &best)), 0u);
  EXPECT_EQ(best, index);
}

TEST(IpHelper, TheBestRouteHasASource) {
  const auto call =
      ip<DWORD, const std::uint64_t*, ULONG, const void*, const void*, ULONG, void*, void*>("GetBestRoute2");
  const unsigned loopback = if_nametoindex("lo");
  sockaddr_in to = {}, source = {};
  char row[104], address[28];
  to.sin_family = AF_INET;
  to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  ASSERT_EQ(call(nullptr, 0, nullptr, &to, 0, row, address), 0u);
  ULONG index = 0;
  std::memcpy(&index, row + 8, sizeof index);  // InterfaceIndex
  EXPECT_EQ(index, loopback);
  std::memcpy(&source, address, sizeof source);
  EXPECT_EQ(source.sin_family, AF_INET);
  EXPECT_EQ(source.sin_addr.s_addr, htonl(INADDR_LOOPBACK));
  EXPECT_EQ(call(nullptr, loopback + 1000, nullptr, &to, 0, row, address), 1168u);
  to.sin_family = 77;
  EXPECT_EQ(call(nullptr, 0, nullptr, &to, 0, row, address), 87u);
  EXPECT_EQ(call(nullptr, 0, nullptr, nullptr, 0, row, address), 87u);
}

TEST(IpHelper, RowsAreFilledInByTheirNames) {
  const unsigned loopback = if_nametoindex("lo");
  alignas(8) BYTE row[168];
  const auto put = [&](std::size_t at, auto value) { std::memcpy(row + at, &value, sizeof value); };
  const auto get = [&](std::size_t at) {
    ULONG value;
    std::memcpy(&value, row + at, sizeof value);
    return value;
  };
  ip<void*, void*>("InitializeIpInterfaceEntry")(row);
  const auto interface_entry = ip<DWORD, void*>("GetIpInterfaceEntry");
  EXPECT_EQ(interface_entry(row), 87u) << "of nothing";
  put(0, USHORT{2});
  put(16, loopback);
  ASSERT_EQ(interface_entry(row), 0u);
  EXPECT_EQ(row[14], 24) << "the LUID's type";
  EXPECT_GE(get(152), 1500u) << "NlMtu";
  EXPECT_EQ(row[156], 1) << "Connected";
  ip<void*, void*>("InitializeIpInterfaceEntry")(row);
  put(0, USHORT{2});
  put(16, 0x7FFFFFFFu);
  EXPECT_EQ(interface_entry(row), 2u);
  EXPECT_EQ(interface_entry(nullptr), 87u);

  ip<void*, void*>("InitializeUnicastIpAddressEntry")(row);
  const auto address_entry = ip<DWORD, void*>("GetUnicastIpAddressEntry");
  EXPECT_EQ(address_entry(row), 87u);
  put(0, USHORT{2});
  put(4, htonl(INADDR_LOOPBACK));
  put(40, loopback);
  ASSERT_EQ(address_entry(row), 0u);
  EXPECT_EQ(row[60], 8) << "OnLinkPrefixLength";
  put(4, htonl(0x01020304));
  EXPECT_EQ(address_entry(row), 1168u);

  void* table = nullptr;
  ASSERT_EQ((ip<DWORD, USHORT, void**>("GetIpInterfaceTable")(2, &table)), 0u);
  EXPECT_GE(*static_cast<ULONG*>(table), 1u);
  ip<INT, void*>("FreeMibTable")(table);
  EXPECT_EQ((ip<DWORD, USHORT, void**>("GetIpInterfaceTable")(99, &table)), 87u);
}

TEST(IpHelper, TablesTellTheirSizeFirst) {
  for (const char* name : {"GetIfTable", "GetIpAddrTable", "GetTcpTable", "GetUdpTable", "GetIpForwardTable"}) {
    const auto table = ip<DWORD, void*, ULONG*, BOOL>(name);
    ULONG size = 0;
    EXPECT_EQ(table(nullptr, &size, TRUE), 122u) << name;
    std::vector<char> buffer(size + 4096);
    size = static_cast<ULONG>(buffer.size());
    EXPECT_EQ(table(buffer.data(), &size, TRUE), 0u) << name;
  }
  void* rows = nullptr;
  ASSERT_EQ((ip<DWORD, void**>("GetIfTable2")(&rows)), 0u);
  EXPECT_GE(*static_cast<ULONG*>(rows), 1u);
  ip<INT, void*>("FreeMibTable")(rows);
  ULONG size = 0;
  EXPECT_EQ((ip<DWORD, void*, ULONG*>("GetNetworkParams")(nullptr, &size)), 111u);
  EXPECT_GE(size, 600u);
}

}  // namespace
}  // namespace hmodule::winapi

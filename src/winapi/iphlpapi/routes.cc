// iphlpapi.h, netioapi.h: where packets go.
#include "module/builtin.h"
#include "winapi/common/answer.h"
#include "winapi/iphlpapi/interfaces.h"
#include "winapi/iphlpapi/tables.h"

#include <cstring>

namespace hmodule::winapi {
namespace {

constexpr DWORD kInvalidParameter = 87, kNotFound = 1168;
constexpr USHORT kAny = 0, kInet = 2, kInet6 = 23;

struct MIB_IPFORWARDROW {
  DWORD dwForwardDest, dwForwardMask, dwForwardPolicy, dwForwardNextHop, dwForwardIfIndex, dwForwardType,
      dwForwardProto, dwForwardAge, dwForwardNextHopAS, dwForwardMetric1, dwForwardMetric2, dwForwardMetric3,
      dwForwardMetric4, dwForwardMetric5;
};
static_assert(sizeof(MIB_IPFORWARDROW) == 56);

MIB_IPFORWARDROW old_row(const Route& route) {
  constexpr DWORD kDirect = 3, kIndirect = 4, kNetworkManagement = 3, kUnused = 0xFFFF'FFFF;
  const DWORD gateway = route.gateway.v4.sin_addr.s_addr;
  return {route.destination.v4.sin_addr.s_addr,
          route.prefix == 0 ? 0 : htonl(~0U << (32 - route.prefix)),
          0,
          gateway,
          route.index,
          gateway == 0 ? kDirect : kIndirect,
          kNetworkManagement,
          0,
          0,
          route.metric,
          kUnused,
          kUnused,
          kUnused,
          kUnused};
}

HM_WINAPI DWORD GetIpForwardTable(void* table, ULONG* size, BOOL /*sorted*/) noexcept {
  std::vector<MIB_IPFORWARDROW> rows;
  for (const Route& route : routes(AF_INET)) rows.push_back(old_row(route));
  return give_table(rows, table, size);
}

struct IP_ADDRESS_PREFIX {
  alignas(4) BYTE Prefix[28];  // SOCKADDR_INET
  BYTE PrefixLength;
};
struct MIB_IPFORWARD_ROW2 {
  std::uint64_t InterfaceLuid;
  ULONG InterfaceIndex;
  IP_ADDRESS_PREFIX DestinationPrefix;
  alignas(4) BYTE NextHop[28];
  BYTE SitePrefixLength;
  ULONG ValidLifetime, PreferredLifetime, Metric, Protocol;
  BYTE Loopback, AutoconfigureAddress, Publish, Immortal;
  ULONG Age, Origin;
};
static_assert(sizeof(MIB_IPFORWARD_ROW2) == 104);

HM_WINAPI DWORD GetIpForwardTable2(USHORT family, void** table) noexcept {
  constexpr ULONG kNetworkManagement = 3;
  if (table == nullptr || (family != kAny && family != kInet && family != kInet6)) return kInvalidParameter;
  const std::vector<Interface> all = interfaces();
  std::vector<MIB_IPFORWARD_ROW2> rows;
  for (const int host_family : {AF_INET, AF_INET6}) {
    if (family != kAny && (family == kInet) != (host_family == AF_INET)) continue;
    for (const Route& route : routes(host_family)) {
      MIB_IPFORWARD_ROW2& row = rows.emplace_back();
      for (const Interface& each : all)
        if (each.index == route.index) {
          row.InterfaceLuid = each.luid();
          row.Loopback = each.loopback();
        }
      row.InterfaceIndex = route.index;
      to_windows(route.destination, row.DestinationPrefix.Prefix);
      row.DestinationPrefix.PrefixLength = static_cast<BYTE>(route.prefix);
      to_windows(route.gateway, row.NextHop);
      row.ValidLifetime = row.PreferredLifetime = 0xFFFF'FFFF;
      row.Metric = route.metric;
      row.Protocol = kNetworkManagement;
      row.Immortal = 1;
    }
  }
  return rows.empty() ? kNotFound : allocate_table(rows, table);
}

IpAddress ipv4(DWORD address) {
  IpAddress out = {};
  out.v4.sin_family = AF_INET;
  out.v4.sin_addr.s_addr = address;
  return out;
}

DWORD best(const IpAddress& destination, DWORD* index) {
  if (index == nullptr) return kInvalidParameter;
  const Result<unsigned> found = best_interface(destination);
  if (!found) return found.error().code();
  *index = *found;
  return 0;
}

HM_WINAPI DWORD GetBestInterface(DWORD address, DWORD* index) noexcept {
  return best(ipv4(address), index);
}
HM_WINAPI DWORD GetBestInterfaceEx(const void* address, DWORD* index) noexcept {
  if (address == nullptr) return kInvalidParameter;
  USHORT family;
  std::memcpy(&family, address, sizeof family);
  if (family != kInet && family != kInet6) return kInvalidParameter;
  IpAddress destination = {};
  std::memcpy(&destination, address, family == kInet ? sizeof destination.v4 : sizeof destination.v6);
  destination.any.sa_family = family == kInet ? AF_INET : AF_INET6;
  return best(destination, index);
}

// The most specific route of the interface that packets to `destination` leave by.
HM_WINAPI DWORD GetBestRoute(DWORD destination, DWORD /*source*/, MIB_IPFORWARDROW* row) noexcept {
  if (row == nullptr) return kInvalidParameter;
  const Result<unsigned> index = best_interface(ipv4(destination));
  if (!index) return index.error().code();
  bool found = false;
  unsigned prefix = 0;
  for (const Route& route : routes(AF_INET)) {
    const DWORD mask = route.prefix == 0 ? 0 : htonl(~0U << (32 - route.prefix));
    if (route.index != *index || (destination & mask) != route.destination.v4.sin_addr.s_addr) continue;
    if (found && route.prefix <= prefix) continue;
    *row = old_row(route);
    prefix = route.prefix;
    found = true;
  }
  return found ? 0 : kNotFound;
}

const Export kRows[] = {
    {"GetBestInterface", proc(GetBestInterface)},
    {"GetBestInterfaceEx", proc(GetBestInterfaceEx)},
    {"GetBestRoute", proc(GetBestRoute), Support::partial,
     "the main table, so no route to this computer's own addresses"},
    {"GetIpForwardTable", proc(GetIpForwardTable), Support::partial, "the main table"},
    {"GetIpForwardTable2", proc(GetIpForwardTable2), Support::partial, "the main table"},
};

}  // namespace

extern const ExportTable routes_exports = kRows;

}  // namespace hmodule::winapi

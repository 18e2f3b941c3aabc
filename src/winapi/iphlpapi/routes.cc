// iphlpapi.h, netioapi.h: where packets go.
#include "module/builtin.h"
#include "winapi/common/answer.h"
#include "winapi/iphlpapi/interfaces.h"
#include "winapi/iphlpapi/netioapi.h"
#include "winapi/iphlpapi/tables.h"

#include <cstring>
#include <optional>
#include <span>

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

MIB_IPFORWARD_ROW2 row_of(const Route& route, const std::vector<Interface>& all) {
  constexpr ULONG kNetworkManagement = 3;
  MIB_IPFORWARD_ROW2 row = {};
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
  return row;
}

HM_WINAPI DWORD GetIpForwardTable2(USHORT family, void** table) noexcept {
  if (table == nullptr || (family != kAny && family != kInet && family != kInet6)) return kInvalidParameter;
  const std::vector<Interface> all = interfaces();
  std::vector<MIB_IPFORWARD_ROW2> rows;
  for (const int host_family : {AF_INET, AF_INET6}) {
    if (family != kAny && (family == kInet) != (host_family == AF_INET)) continue;
    for (const Route& route : routes(host_family)) rows.push_back(row_of(route, all));
  }
  return rows.empty() ? kNotFound : allocate_table(rows, table);
}

IpAddress ipv4(DWORD address) {
  IpAddress out = {};
  out.v4.sin_family = AF_INET;
  out.v4.sin_addr.s_addr = address;
  return out;
}

// A SOCKADDR_INET. Nothing for another family.
std::optional<IpAddress> from_windows(const void* address) {
  if (address == nullptr) return std::nullopt;
  USHORT family;
  std::memcpy(&family, address, sizeof family);
  if (family != kInet && family != kInet6) return std::nullopt;
  IpAddress out = {};
  std::memcpy(&out, address, family == kInet ? sizeof out.v4 : sizeof out.v6);
  out.any.sa_family = family == kInet ? AF_INET : AF_INET6;
  return out;
}

DWORD best(const IpAddress& destination, DWORD* index) {
  if (index == nullptr) return kInvalidParameter;
  const Result<Way> found = way_to(destination);
  if (!found) return found.error().code();
  *index = found->index;
  return 0;
}

HM_WINAPI DWORD GetBestInterface(DWORD address, DWORD* index) noexcept {
  return best(ipv4(address), index);
}
HM_WINAPI DWORD GetBestInterfaceEx(const void* address, DWORD* index) noexcept {
  const auto destination = from_windows(address);
  return destination ? best(*destination, index) : kInvalidParameter;
}

std::span<const std::uint8_t> bytes_of(const IpAddress& address) {
  if (address.any.sa_family == AF_INET)
    return {reinterpret_cast<const std::uint8_t*>(&address.v4.sin_addr), sizeof address.v4.sin_addr};
  return address.v6.sin6_addr.s6_addr;
}
bool leads_to(const Route& route, const IpAddress& destination) {
  const auto to = bytes_of(destination), network = bytes_of(route.destination);
  for (unsigned bit = 0; bit < route.prefix; ++bit)
    if (((to[bit / 8] ^ network[bit / 8]) & (0x80U >> bit % 8)) != 0) return false;
  return true;
}
// The most specific route of the interface that packets to `destination` leave by.
std::optional<Route> best_route(const IpAddress& destination, unsigned index) {
  std::optional<Route> found;
  for (const Route& route : routes(destination.any.sa_family))
    if (route.index == index && leads_to(route, destination) && (!found || route.prefix > found->prefix)) found = route;
  return found;
}

HM_WINAPI DWORD GetBestRoute(DWORD destination, DWORD /*source*/, MIB_IPFORWARDROW* row) noexcept {
  if (row == nullptr) return kInvalidParameter;
  const Result<Way> way = way_to(ipv4(destination));
  if (!way) return way.error().code();
  const auto route = best_route(ipv4(destination), way->index);
  if (!route) return kNotFound;
  *row = old_row(*route);
  return 0;
}

// To an own address, which the main table does not have, leads a route to it alone.
HM_WINAPI DWORD GetBestRoute2(const std::uint64_t* luid, ULONG index, const void* /*source*/, const void* address,
                              ULONG /*sort*/, MIB_IPFORWARD_ROW2* row, void* source) noexcept {
  const auto destination = from_windows(address);
  if (!destination || row == nullptr || source == nullptr) return kInvalidParameter;
  const Result<Way> way = way_to(*destination);
  if (!way) return way.error().code();
  const std::vector<Interface> all = interfaces();
  Route alone = {*destination, {}, destination->any.sa_family == AF_INET ? 32U : 128U, 0, way->index};
  alone.gateway.any.sa_family = destination->any.sa_family;
  const MIB_IPFORWARD_ROW2 found = row_of(best_route(*destination, way->index).value_or(alone), all);
  if ((luid != nullptr && *luid != found.InterfaceLuid) || (luid == nullptr && index != 0 && index != way->index))
    return kNotFound;
  *row = found;
  std::memset(source, 0, sizeof row->NextHop);
  to_windows(way->source, source);
  return 0;
}

const Export kRows[] = {
    {"GetBestInterface", proc(GetBestInterface)},
    {"GetBestInterfaceEx", proc(GetBestInterfaceEx)},
    {"GetBestRoute", proc(GetBestRoute), Support::partial,
     "the main table, so no route to this computer's own addresses"},
    {"GetBestRoute2", proc(GetBestRoute2), Support::partial, "no source address or sort options of the caller's"},
    {"GetIpForwardTable", proc(GetIpForwardTable), Support::partial, "the main table"},
    {"GetIpForwardTable2", proc(GetIpForwardTable2), Support::partial, "the main table"},
};

}  // namespace

extern const ExportTable routes_exports = kRows;

}  // namespace hmodule::winapi

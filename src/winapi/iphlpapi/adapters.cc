// iphlpapi.h: adapters with all their addresses, and the resolver's settings.
#include "base/utf.h"
#include "module/builtin.h"
#include "nt/system_information.h"
#include "winapi/common/answer.h"
#include "winapi/iphlpapi/arena.h"
#include "winapi/iphlpapi/interfaces.h"

#include <arpa/inet.h>
#include <net/if.h>

#include <algorithm>
#include <cstring>

namespace hmodule::winapi {
namespace {

constexpr DWORD kBufferOverflow = 111, kInvalidParameter = 87, kNoData = 232;
constexpr ULONG kAnyFamily = 0, kInet = 2, kInet6 = 23;

struct SOCKET_ADDRESS {
  void* lpSockaddr;
  INT iSockaddrLength;
};
// DNS servers, gateways, multicast addresses: a length, flags, a link, an address.
struct IP_ADAPTER_ADDRESS {
  ULONG Length, Flags;
  IP_ADAPTER_ADDRESS* Next;
  SOCKET_ADDRESS Address;
};
struct IP_ADAPTER_PREFIX {
  ULONG Length, Flags;
  IP_ADAPTER_PREFIX* Next;
  SOCKET_ADDRESS Address;
  ULONG PrefixLength;
};
struct IP_ADAPTER_UNICAST_ADDRESS {
  ULONG Length, Flags;
  IP_ADAPTER_UNICAST_ADDRESS* Next;
  SOCKET_ADDRESS Address;
  INT PrefixOrigin, SuffixOrigin, DadState;
  ULONG ValidLifetime, PreferredLifetime, LeaseLifetime;
  BYTE OnLinkPrefixLength;
};
struct IP_ADAPTER_ADDRESSES {
  ULONG Length, IfIndex;
  IP_ADAPTER_ADDRESSES* Next;
  char* AdapterName;
  IP_ADAPTER_UNICAST_ADDRESS* FirstUnicastAddress;
  IP_ADAPTER_ADDRESS *FirstAnycastAddress, *FirstMulticastAddress, *FirstDnsServerAddress;
  WCHAR *DnsSuffix, *Description, *FriendlyName;
  BYTE PhysicalAddress[8];
  ULONG PhysicalAddressLength, Flags, Mtu, IfType, OperStatus, Ipv6IfIndex, ZoneIndices[16];
  IP_ADAPTER_PREFIX* FirstPrefix;
  std::uint64_t TransmitLinkSpeed, ReceiveLinkSpeed;
  IP_ADAPTER_ADDRESS *FirstWinsServerAddress, *FirstGatewayAddress;
  ULONG Ipv4Metric, Ipv6Metric;
  std::uint64_t Luid;
  SOCKET_ADDRESS Dhcpv4Server;
  ULONG CompartmentId;
  GUID NetworkGuid;
  INT ConnectionType, TunnelType;
  SOCKET_ADDRESS Dhcpv6Server;
  BYTE Dhcpv6ClientDuid[130];
  ULONG Dhcpv6ClientDuidLength, Dhcpv6Iaid;
  void* FirstDnsSuffix;
};
static_assert(sizeof(IP_ADAPTER_ADDRESSES) == 448 && offsetof(IP_ADAPTER_ADDRESSES, FirstPrefix) == 176);
static_assert(offsetof(IP_ADAPTER_ADDRESSES, Luid) == 224 && sizeof(IP_ADAPTER_UNICAST_ADDRESS) == 64);

// GAA_FLAG_.
constexpr ULONG kSkipUnicast = 1, kSkipDnsServer = 8, kIncludePrefix = 0x10, kSkipFriendlyName = 0x20,
                kIncludeGateways = 0x80;

SOCKET_ADDRESS place(Arena& arena, const IpAddress& address) {
  std::byte* const room = arena.take(sizeof address);
  return {room, static_cast<INT>(to_windows(address, room))};
}

bool wants(ULONG family, const IpAddress& address) {
  return family == kAnyFamily || (family == kInet) == (address.any.sa_family == AF_INET);
}

IpAddress network_of(IpAddress address, unsigned prefix) {
  auto* bytes = address.any.sa_family == AF_INET ? reinterpret_cast<std::uint8_t*>(&address.v4.sin_addr)
                                                 : address.v6.sin6_addr.s6_addr;
  for (unsigned bit = prefix; bit < (address.any.sa_family == AF_INET ? 32U : 128U); ++bit)
    bytes[bit / 8] &= static_cast<std::uint8_t>(~(0x80U >> bit % 8));
  return address;
}

bool is_zero(const IpAddress& address) {
  return address.any.sa_family == AF_INET ? address.v4.sin_addr.s_addr == 0
                                          : IN6_IS_ADDR_UNSPECIFIED(&address.v6.sin6_addr);
}

// Appends to a list that is linked by Next.
template <typename T>
T& append(Arena& arena, T**& end, ULONG length = sizeof(T)) {
  T* const entry = arena.make<T>();
  entry->Length = length;
  *end = entry;
  end = &entry->Next;
  return *entry;
}

void add_addresses(Arena& arena, IP_ADAPTER_ADDRESSES& adapter, const Interface& interface, ULONG family, ULONG flags) {
  constexpr INT kOther = 0, kWellKnown = 2, kLinkLayer = 4, kPreferred = 4;
  auto** unicast = &adapter.FirstUnicastAddress;
  auto** prefixes = &adapter.FirstPrefix;
  for (const auto& each : interface.addresses) {
    if (!wants(family, each.address)) continue;
    if ((flags & kSkipUnicast) == 0) {
      auto& entry = append(arena, unicast);
      entry.Address = place(arena, each.address);
      const bool link_local =
          each.address.any.sa_family == AF_INET6 && IN6_IS_ADDR_LINKLOCAL(&each.address.v6.sin6_addr);
      entry.PrefixOrigin = link_local || interface.loopback() ? kWellKnown : kOther;
      entry.SuffixOrigin = link_local ? kLinkLayer : interface.loopback() ? kWellKnown : kOther;
      entry.DadState = kPreferred;
      entry.ValidLifetime = entry.PreferredLifetime = entry.LeaseLifetime = 0xFFFF'FFFF;
      entry.OnLinkPrefixLength = static_cast<BYTE>(each.prefix);
    }
    if ((flags & kIncludePrefix) != 0) {
      auto& entry = append(arena, prefixes);
      entry.Address = place(arena, network_of(each.address, each.prefix));
      entry.PrefixLength = each.prefix;
    }
  }
}

void add_gateways(Arena& arena, IP_ADAPTER_ADDRESSES& adapter, const Interface& interface, ULONG family) {
  auto** end = &adapter.FirstGatewayAddress;
  for (const int host_family : {AF_INET, AF_INET6})
    for (const Route& route : routes(host_family))
      if (route.index == interface.index && route.prefix == 0 && !is_zero(route.gateway) &&
          wants(family, route.gateway))
        append(arena, end).Address = place(arena, route.gateway);
}

// The resolver's servers are the computer's; Windows shows them with every adapter that is up and not a loop.
void add_resolver(Arena& arena, IP_ADAPTER_ADDRESSES& adapter, const Resolver& resolver, bool of_this_one,
                  ULONG flags) {
  adapter.DnsSuffix =
      arena.copy<WCHAR>(of_this_one && !resolver.domains.empty() ? utf16(resolver.domains.front()) : std::u16string());
  if ((flags & kSkipDnsServer) != 0 || !of_this_one) return;
  auto** end = &adapter.FirstDnsServerAddress;
  for (const IpAddress& server : resolver.servers) append(arena, end).Address = place(arena, server);
}

constexpr INT kUp = 1, kDown = 2;

IP_ADAPTER_ADDRESSES* make_adapters(Arena& arena, const std::vector<Interface>& all, const Resolver& resolver,
                                    ULONG family, ULONG flags) {
  constexpr ULONG kNoMulticast = 0x10, kIpv4Enabled = 0x80, kIpv6Enabled = 0x100;
  IP_ADAPTER_ADDRESSES* first = nullptr;
  IP_ADAPTER_ADDRESSES** end = &first;
  for (const Interface& interface : all) {
    auto& adapter = append(arena, end);
    bool has4 = false, has6 = false;
    for (const auto& each : interface.addresses) (each.address.any.sa_family == AF_INET ? has4 : has6) = true;
    adapter.IfIndex = has4 || !has6 ? interface.index : 0;
    adapter.Ipv6IfIndex = has6 ? interface.index : 0;
    adapter.AdapterName = arena.copy(interface.guid_text());
    adapter.Description = arena.copy(utf16(interface.name));
    adapter.FriendlyName = (flags & kSkipFriendlyName) == 0 ? arena.copy(utf16(interface.name)) : nullptr;
    adapter.PhysicalAddressLength =
        static_cast<ULONG>(std::min(interface.physical_address.size(), sizeof adapter.PhysicalAddress));
    std::copy_n(interface.physical_address.begin(), adapter.PhysicalAddressLength, adapter.PhysicalAddress);
    adapter.Flags = (has4 ? kIpv4Enabled : 0) | (has6 ? kIpv6Enabled : 0) |
                    ((interface.flags & IFF_MULTICAST) == 0 && !interface.loopback() ? kNoMulticast : 0);
    adapter.Mtu = interface.mtu;
    adapter.IfType = interface.type();
    adapter.OperStatus = interface.running ? kUp : kDown;
    adapter.TransmitLinkSpeed = adapter.ReceiveLinkSpeed = interface.speed;
    adapter.Ipv4Metric = adapter.Ipv6Metric = interface.loopback() ? 75 : 25;
    adapter.Luid = interface.luid();
    adapter.CompartmentId = 1;
    adapter.NetworkGuid = interface.guid();
    adapter.ConnectionType = 1;  // dedicated
    add_addresses(arena, adapter, interface, family, flags);
    if ((flags & kIncludeGateways) != 0) add_gateways(arena, adapter, interface, family);
    add_resolver(arena, adapter, resolver, interface.running && !interface.loopback(), flags);
  }
  return first;
}

// Makes the list where it fits, and tells its size where not.
template <typename Make>
DWORD fill(void* buffer, ULONG* size, Make make) {
  Arena measure;
  make(measure);
  const auto needed = static_cast<ULONG>(measure.used());
  if (buffer == nullptr || *size < needed) {
    *size = needed;
    return kBufferOverflow;
  }
  Arena arena(buffer);
  make(arena);
  return 0;
}

HM_WINAPI ULONG GetAdaptersAddresses(ULONG family, ULONG flags, void*, IP_ADAPTER_ADDRESSES* addresses,
                                     ULONG* size) noexcept {
  if (size == nullptr || (family != kAnyFamily && family != kInet && family != kInet6)) return kInvalidParameter;
  const std::vector<Interface> all = interfaces();
  if (all.empty()) return kNoData;
  const Resolver known = resolver();
  return fill(addresses, size, [&](Arena& arena) { make_adapters(arena, all, known, family, flags); });
}

// --- The older forms, for IPv4 ---

struct IP_ADDR_STRING {
  IP_ADDR_STRING* Next;
  char IpAddress[16], IpMask[16];
  DWORD Context;
};
struct IP_ADAPTER_INFO {
  IP_ADAPTER_INFO* Next;
  DWORD ComboIndex;
  char AdapterName[260], Description[132];
  UINT AddressLength;
  BYTE Address[8];
  DWORD Index;
  UINT Type, DhcpEnabled;
  IP_ADDR_STRING* CurrentIpAddress;
  IP_ADDR_STRING IpAddressList, GatewayList, DhcpServer;
  BOOL HaveWins;
  IP_ADDR_STRING PrimaryWinsServer, SecondaryWinsServer;
  std::int64_t LeaseObtained, LeaseExpires;
};
static_assert(sizeof(IP_ADAPTER_INFO) == 704);
struct FIXED_INFO {
  char HostName[132], DomainName[132];
  IP_ADDR_STRING* CurrentDnsServer;
  IP_ADDR_STRING DnsServerList;
  UINT NodeType;
  char ScopeId[260];
  UINT EnableRouting, EnableProxy, EnableDns;
};
static_assert(sizeof(FIXED_INFO) == 600);

void put(char (&to)[16], in_addr address) {
  ::inet_ntop(AF_INET, &address, to, sizeof to);
}
template <std::size_t N>
void put(char (&to)[N], const std::string& text) {
  to[text.copy(to, N - 1)] = 0;
}
in_addr mask_of(unsigned prefix) {
  return {prefix == 0 ? 0 : htonl(~0U << (32 - prefix))};
}

// A list whose first element stands in its owner.
class StringList {
 public:
  StringList(Arena& arena, IP_ADDR_STRING& first) : arena_(arena), last_(&first) {
    put(first.IpAddress, {0});
    put(first.IpMask, {0});
  }
  void add(in_addr address, in_addr mask) {
    if (used_) last_ = last_->Next = arena_.make<IP_ADDR_STRING>();
    used_ = true;
    put(last_->IpAddress, address);
    put(last_->IpMask, mask);
  }

 private:
  Arena& arena_;
  IP_ADDR_STRING* last_;
  bool used_ = false;
};

void make_infos(Arena& arena, const std::vector<Interface>& all) {
  IP_ADAPTER_INFO* first = nullptr;
  IP_ADAPTER_INFO** end = &first;
  for (const Interface& interface : all) {
    if (interface.loopback()) continue;  // not shown here
    IP_ADAPTER_INFO& info = *(*end = arena.make<IP_ADAPTER_INFO>());
    end = &info.Next;
    put(info.AdapterName, interface.guid_text());
    put(info.Description, interface.name);
    info.AddressLength = static_cast<UINT>(std::min(interface.physical_address.size(), sizeof info.Address));
    std::copy_n(interface.physical_address.begin(), info.AddressLength, info.Address);
    info.Index = info.ComboIndex = interface.index;
    info.Type = interface.type();
    StringList addresses(arena, info.IpAddressList), gateways(arena, info.GatewayList);
    for (const auto& each : interface.addresses)
      if (each.address.any.sa_family == AF_INET) addresses.add(each.address.v4.sin_addr, mask_of(each.prefix));
    for (const Route& route : routes(AF_INET))
      if (route.index == interface.index && route.prefix == 0) gateways.add(route.gateway.v4.sin_addr, mask_of(32));
  }
}

HM_WINAPI ULONG GetAdaptersInfo(IP_ADAPTER_INFO* info, ULONG* size) noexcept {
  if (size == nullptr) return kInvalidParameter;
  std::vector<Interface> all = interfaces();
  std::erase_if(all, [](const Interface& each) { return each.loopback(); });
  if (all.empty()) return kNoData;
  return fill(info, size, [&](Arena& arena) { make_infos(arena, all); });
}

HM_WINAPI DWORD GetNetworkParams(FIXED_INFO* info, ULONG* size) noexcept {
  if (size == nullptr) return kInvalidParameter;
  const Resolver known = resolver();
  return fill(info, size, [&](Arena& arena) {
    FIXED_INFO& fixed = *arena.make<FIXED_INFO>();
    put(fixed.HostName, nt::host_name());
    if (!known.domains.empty()) put(fixed.DomainName, known.domains.front());
    fixed.NodeType = 8;  // hybrid
    StringList servers(arena, fixed.DnsServerList);
    for (const IpAddress& server : known.servers)
      if (server.any.sa_family == AF_INET) servers.add(server.v4.sin_addr, {0});
  });
}

HM_WINAPI DWORD GetNumberOfInterfaces(DWORD* count) noexcept {
  if (count == nullptr) return kInvalidParameter;
  *count = static_cast<DWORD>(interfaces().size());
  return 0;
}

const Export kRows[] = {
    {"GetAdaptersAddresses", proc(GetAdaptersAddresses), Support::partial,
     "no anycast and multicast addresses, no DHCP"},
    {"GetAdaptersInfo", proc(GetAdaptersInfo), Support::partial, "no DHCP and no WINS"},
    {"GetNetworkParams", proc(GetNetworkParams)},
    {"GetNumberOfInterfaces", proc(GetNumberOfInterfaces)},
};

}  // namespace

extern const ExportTable adapters_exports = kRows;

}  // namespace hmodule::winapi

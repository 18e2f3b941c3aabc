#include "winapi/iphlpapi/interfaces.h"

#include "nt/system_information.h"
#include "nt/unique_fd.h"

#include <arpa/inet.h>
#include <ifaddrs.h>
#include <linux/if_link.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <resolv.h>
#include <sys/socket.h>

#include <algorithm>
#include <bit>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <memory>
#include <span>
#include <sstream>

namespace hmodule::winapi {
namespace {

constexpr DWORD kEthernet = 6, kLoopback = 24, kWireless = 71, kTunnel = 131;
constexpr USHORT kWindowsInet6 = 23;

std::string system_file(const std::string& name, const char* what) {
  return nt::read_small_file("/sys/class/net/" + name + "/" + what);
}

unsigned prefix_of(const sockaddr* mask) {
  if (mask == nullptr) return 0;
  const auto* bytes = mask->sa_family == AF_INET
                          ? reinterpret_cast<const std::uint8_t*>(&reinterpret_cast<const sockaddr_in*>(mask)->sin_addr)
                          : reinterpret_cast<const sockaddr_in6*>(mask)->sin6_addr.s6_addr;
  unsigned count = 0;
  for (const std::uint8_t byte : std::span(bytes, mask->sa_family == AF_INET ? 4 : 16))
    count += static_cast<unsigned>(std::popcount(byte));
  return count;
}

void add_link(Interface& interface, const ifaddrs& entry) {
  const auto& link = *reinterpret_cast<const sockaddr_ll*>(entry.ifa_addr);
  interface.physical_address.assign(link.sll_addr, link.sll_addr + (interface.loopback() ? 0 : link.sll_halen));
  if (entry.ifa_data == nullptr) return;
  const auto& stats = *static_cast<const rtnl_link_stats*>(entry.ifa_data);
  interface.counters = {stats.rx_bytes, stats.rx_packets, stats.rx_errors, stats.rx_dropped, stats.multicast,
                        stats.tx_bytes, stats.tx_packets, stats.tx_errors, stats.tx_dropped};
}

void add_address(Interface& interface, const ifaddrs& entry) {
  Interface::Address address = {};
  std::memcpy(&address.address, entry.ifa_addr,
              entry.ifa_addr->sa_family == AF_INET ? sizeof(sockaddr_in) : sizeof(sockaddr_in6));
  address.prefix = prefix_of(entry.ifa_netmask);
  if (entry.ifa_addr->sa_family == AF_INET && (entry.ifa_flags & IFF_BROADCAST) != 0 && entry.ifa_broadaddr != nullptr)
    address.broadcast = reinterpret_cast<const sockaddr_in*>(entry.ifa_broadaddr)->sin_addr;
  interface.addresses.push_back(address);
}

IpAddress ipv4(in_addr_t address) {
  IpAddress out = {};
  out.v4.sin_family = AF_INET;
  out.v4.sin_addr.s_addr = address;
  return out;
}

IpAddress ipv6_from_hex(const std::string& digits) {
  IpAddress out = {};
  out.v6.sin6_family = AF_INET6;
  for (std::size_t i = 0; i < 16 && i * 2 + 2 <= digits.size(); ++i)
    out.v6.sin6_addr.s6_addr[i] = static_cast<std::uint8_t>(std::stoul(digits.substr(i * 2, 2), nullptr, 16));
  return out;
}

bool same_address(const IpAddress& a, const IpAddress& b) {
  if (a.any.sa_family != b.any.sa_family) return false;
  if (a.any.sa_family == AF_INET) return a.v4.sin_addr.s_addr == b.v4.sin_addr.s_addr;
  return std::memcmp(&a.v6.sin6_addr, &b.v6.sin6_addr, sizeof a.v6.sin6_addr) == 0;
}

}  // namespace

std::size_t to_windows(const IpAddress& from, void* to) {
  const std::size_t size = from.any.sa_family == AF_INET ? sizeof from.v4 : sizeof from.v6;
  std::memcpy(to, &from, size);
  const USHORT family = from.any.sa_family == AF_INET ? USHORT{AF_INET} : kWindowsInet6;
  std::memcpy(to, &family, sizeof family);
  return size;
}

bool Interface::loopback() const {
  return (flags & IFF_LOOPBACK) != 0;
}

bool Interface::speaks(int family) const {
  return family == AF_INET || nt::read_small_file("/proc/sys/net/ipv6/conf/" + name + "/disable_ipv6") == "0";
}

DWORD Interface::type() const {
  if (loopback()) return kLoopback;
  if ((flags & IFF_POINTOPOINT) != 0) return kTunnel;
  return name.starts_with("wl") ? kWireless : kEthernet;
}

// Stable while the interface is what it is: its number and its physical address.
GUID Interface::guid() const {
  GUID id = {index, 0x686D, 0x4E49, {0x80}};
  std::copy_n(physical_address.begin(), std::min<std::size_t>(physical_address.size(), 7), id.Data4 + 1);
  return id;
}

std::string Interface::guid_text() const {
  const GUID id = guid();
  return fmt::format("{{{:08X}-{:04X}-{:04X}-{:02X}{:02X}-{:02X}{:02X}{:02X}{:02X}{:02X}{:02X}}}", id.Data1, id.Data2,
                     id.Data3, id.Data4[0], id.Data4[1], id.Data4[2], id.Data4[3], id.Data4[4], id.Data4[5],
                     id.Data4[6], id.Data4[7]);
}

std::vector<Interface> interfaces() {
  std::vector<Interface> found;
  ifaddrs* list = nullptr;
  if (::getifaddrs(&list) != 0) return found;
  const std::unique_ptr<ifaddrs, void (*)(ifaddrs*)> owner(list, ::freeifaddrs);
  for (const ifaddrs* entry = list; entry != nullptr; entry = entry->ifa_next) {
    const unsigned index = if_nametoindex(entry->ifa_name);
    if (index == 0) continue;
    auto at = std::find_if(found.begin(), found.end(), [&](const Interface& each) { return each.index == index; });
    if (at == found.end()) {
      Interface interface = {};
      interface.index = index;
      interface.name = entry->ifa_name;
      interface.flags = entry->ifa_flags;
      interface.mtu = static_cast<std::uint32_t>(std::strtoul(system_file(interface.name, "mtu").c_str(), nullptr, 10));
      const long megabits = std::strtol(system_file(interface.name, "speed").c_str(), nullptr, 10);
      interface.speed = megabits > 0 ? static_cast<std::uint64_t>(megabits) * 1'000'000 : 1'000'000'000;
      interface.running = (entry->ifa_flags & (IFF_UP | IFF_RUNNING)) == (IFF_UP | IFF_RUNNING);
      at = found.insert(found.end(), std::move(interface));
    }
    if (entry->ifa_addr == nullptr) continue;
    if (entry->ifa_addr->sa_family == AF_PACKET) add_link(*at, *entry);
    if (entry->ifa_addr->sa_family == AF_INET || entry->ifa_addr->sa_family == AF_INET6) add_address(*at, *entry);
  }
  return found;
}

Result<Interface> interface_at(unsigned index) {
  for (Interface& each : interfaces())
    if (each.index == index) return std::move(each);
  return fail_win32(ERROR_FILE_NOT_FOUND, "there is no interface {}", index);
}

std::vector<Route> routes(int family) {
  std::vector<Route> found;
  std::ifstream file(family == AF_INET ? "/proc/net/route" : "/proc/net/ipv6_route");
  std::string line;
  if (family == AF_INET) std::getline(file, line);  // the headings
  while (std::getline(file, line)) {
    std::istringstream fields(line);
    Route route = {};
    std::string name;
    if (family == AF_INET) {
      in_addr_t destination = 0, gateway = 0, mask = 0;
      unsigned flags = 0, references = 0, uses = 0;
      fields >> name >> std::hex >> destination >> gateway >> flags >> std::dec >> references >> uses >> route.metric >>
          std::hex >> mask;
      route.destination = ipv4(destination);
      route.gateway = ipv4(gateway);
      route.prefix = static_cast<unsigned>(std::popcount(mask));
    } else {
      std::string destination, source, gateway;
      unsigned source_prefix = 0, references = 0, uses = 0, flags = 0;
      fields >> destination >> std::hex >> route.prefix >> source >> source_prefix >> gateway >> route.metric >>
          references >> uses >> flags >> name;
      constexpr unsigned kReject = 0x200;
      if ((flags & kReject) != 0) continue;
      route.destination = ipv6_from_hex(destination);
      route.gateway = ipv6_from_hex(gateway);
    }
    route.index = if_nametoindex(name.c_str());
    if (fields && route.index != 0) found.push_back(route);
  }
  return found;
}

Resolver resolver() {
  Resolver found;
  struct __res_state state = {};
  if (res_ninit(&state) != 0) return found;
  for (int i = 0; i < state.nscount; ++i) {
    IpAddress server = {};
    if (state.nsaddr_list[i].sin_family == AF_INET)
      server.v4 = state.nsaddr_list[i];
    else if (state._u._ext.nsaddrs[i] != nullptr)
      server.v6 = *state._u._ext.nsaddrs[i];
    else
      continue;
    found.servers.push_back(server);
  }
  for (char** domain = state.dnsrch; *domain != nullptr; ++domain) found.domains.emplace_back(*domain);
  res_nclose(&state);
  return found;
}

Result<Way> way_to(const IpAddress& destination) {
  IpAddress to = destination;
  to.v4.sin_port = htons(9);  // the port stands at the same place in both; nothing is sent
  const nt::UniqueFd probe(::socket(to.any.sa_family, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  IpAddress own = {};
  socklen_t size = sizeof own;
  if (!probe || ::connect(probe.get(), &to.any, to.any.sa_family == AF_INET ? sizeof to.v4 : sizeof to.v6) != 0 ||
      ::getsockname(probe.get(), &own.any, &size) != 0)
    return fail_win32(1231, "no way leads there");  // ERROR_NETWORK_UNREACHABLE
  for (const Interface& interface : interfaces())
    for (const Interface::Address& address : interface.addresses)
      if (same_address(address.address, own)) {
        own.v4.sin_port = 0;
        return Way{interface.index, own};
      }
  return fail_win32(1231, "no interface has the address that packets would leave with");
}

}  // namespace hmodule::winapi

// The computer's network interfaces, as the host tells of them.
#pragma once

#include "base/result.h"
#include "win/types.h"

#include <netinet/in.h>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace hmodule::winapi {

// A socket address of the host's; IPv4 or IPv6.
union IpAddress {
  sockaddr any;
  sockaddr_in v4;
  sockaddr_in6 v6;
};
// As Windows has it: its family number for IPv6. Gives the length.
std::size_t to_windows(const IpAddress& from, void* to);

struct Interface {
  unsigned index;
  std::string name;
  std::vector<std::uint8_t> physical_address;
  unsigned flags;  // IFF_
  std::uint32_t mtu = 0;
  std::uint64_t speed = 0;  // bits per second
  bool running = false;

  struct Address {
    IpAddress address;
    unsigned prefix;
    std::optional<in_addr> broadcast;
  };
  std::vector<Address> addresses;

  struct Counters {
    std::uint64_t received_bytes, received_packets, received_errors, received_dropped, received_multicast, sent_bytes,
        sent_packets, sent_errors, sent_dropped;
  } counters = {};

  bool loopback() const;
  bool speaks(int family) const;  // AF_INET, AF_INET6
  DWORD type() const;             // IF_TYPE_
  std::uint64_t luid() const { return std::uint64_t{type()} << 48 | std::uint64_t{index} << 24; }
  GUID guid() const;
  std::string guid_text() const;  // "{...}": the adapter's name
};

std::vector<Interface> interfaces();
// ERROR_FILE_NOT_FOUND if there is none.
Result<Interface> interface_at(unsigned index);

struct Route {
  IpAddress destination, gateway;  // a gateway of zeros: on this very link
  unsigned prefix, metric, index;
};
std::vector<Route> routes(int family);

// The resolver's servers and search list.
struct Resolver {
  std::vector<IpAddress> servers;
  std::vector<std::string> domains;
};
Resolver resolver();

// How packets to `destination` leave: by which interface, and from which address. ERROR_NETWORK_UNREACHABLE.
struct Way {
  unsigned index;
  IpAddress source;
};
Result<Way> way_to(const IpAddress& destination);

}  // namespace hmodule::winapi

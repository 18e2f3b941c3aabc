// What changes in the host's network. The kernel says by netlink that something did; what it was is found by comparing
// with what was there before, so a message that is lost costs nothing. A thread of the process does both, started by
// the first who listens; it runs no foreign code.
#pragma once

#include "base/result.h"
#include "winapi/iphlpapi/interfaces.h"

#include <memory>

namespace hmodule::winapi {

struct NetworkChange {
  enum class Of : std::uint8_t { interface, address, route };
  enum Kind : DWORD {
    MibParameterNotification,
    MibAddInstance,
    MibDeleteInstance,
    MibInitialNotification
  };  // netioapi.h

  Of of;
  Kind kind;
  int family;
  unsigned index;
  std::uint64_t luid;
  IpAddress address = {};  // or the route's destination
  unsigned prefix = 0;
  IpAddress gateway = {};
};

class NetworkListener {
 public:
  virtual void changed(const NetworkChange& change) = 0;
  virtual ~NetworkListener() = default;
};

// From now on `listener` hears of changes, in their order, as long as it lives; it may hear of one that was on its way.
Status listen_to_network(std::weak_ptr<NetworkListener> listener);

}  // namespace hmodule::winapi

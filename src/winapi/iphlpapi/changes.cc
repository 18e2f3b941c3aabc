#include "winapi/iphlpapi/changes.h"

#include "base/service_thread.h"
#include "nt/io_error.h"
#include "nt/kernel_section.h"
#include "nt/unique_fd.h"

#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <map>
#include <mutex>

namespace hmodule::winapi {
namespace {

// One thing that is there, and what may change about it.
struct Fact {
  NetworkChange thing;
  std::array<std::uint64_t, 3> parameters;
};
// By what makes the thing the same.
using Network = std::map<std::string, Fact>;

void append(std::string& key, const IpAddress& address) {
  if (address.any.sa_family == AF_INET6)
    key.append(reinterpret_cast<const char*>(&address.v6.sin6_addr), sizeof address.v6.sin6_addr);
  else
    key.append(reinterpret_cast<const char*>(&address.v4.sin_addr), sizeof address.v4.sin_addr);
}

void add(Network& network, const NetworkChange& thing, const std::array<std::uint64_t, 3>& parameters) {
  std::string key = fmt::format("{} {} {} {} ", static_cast<int>(thing.of), thing.family, thing.index, thing.prefix);
  append(key, thing.address);
  append(key, thing.gateway);
  network.emplace(std::move(key), Fact{thing, parameters});
}

Network look() {
  using Of = NetworkChange::Of;
  Network network;
  const std::vector<Interface> all = interfaces();
  for (const Interface& each : all) {
    for (const int family : {AF_INET, AF_INET6})
      if (each.speaks(family))
        add(network, {Of::interface, {}, family, each.index, each.luid()}, {each.flags, each.mtu, each.running});
    for (const Interface::Address& address : each.addresses)
      add(network, {Of::address, {}, address.address.any.sa_family, each.index, each.luid(), address.address},
          {address.prefix});
  }
  for (const int family : {AF_INET, AF_INET6})
    for (const Route& route : routes(family)) {
      const auto at =
          std::find_if(all.begin(), all.end(), [&](const Interface& each) { return each.index == route.index; });
      const std::uint64_t luid = at == all.end() ? 0 : at->luid();
      add(network, {Of::route, {}, family, route.index, luid, route.destination, route.prefix, route.gateway},
          {route.metric});
    }
  return network;
}

std::vector<NetworkChange> difference(const Network& before, const Network& now) {
  std::vector<NetworkChange> changes;
  const auto note = [&](NetworkChange thing, NetworkChange::Kind kind) {
    thing.kind = kind;
    changes.push_back(thing);
  };
  for (const auto& [key, fact] : before)
    if (!now.contains(key)) note(fact.thing, NetworkChange::MibDeleteInstance);
  for (const auto& [key, fact] : now) {
    const auto old = before.find(key);
    if (old == before.end())
      note(fact.thing, NetworkChange::MibAddInstance);
    else if (old->second.parameters != fact.parameters)
      note(fact.thing, NetworkChange::MibParameterNotification);
  }
  return changes;
}

class Watcher {
 public:
  Status add(std::weak_ptr<NetworkListener> listener) {
    const std::lock_guard guard(mutex_);
    TRY(start());
    std::erase_if(listeners_, [](const auto& each) { return each.expired(); });
    listeners_.push_back(std::move(listener));
    return ok;
  }

 private:
  Status start() {
    if (socket_) return ok;
    nt::UniqueFd socket(::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE));
    sockaddr_nl address = {};
    address.nl_family = AF_NETLINK;
    address.nl_groups = RTMGRP_LINK | RTMGRP_IPV4_IFADDR | RTMGRP_IPV6_IFADDR | RTMGRP_IPV4_ROUTE | RTMGRP_IPV6_ROUTE;
    if (!socket || ::bind(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
      return nt::fail_errno("hear of the network's changes");
    network_ = look();
    socket_ = std::move(socket);
    Status started = start_service_thread("hmodule-network", [this] { run(); });
    if (!started) socket_ = nt::UniqueFd();
    return started;
  }

  [[noreturn]] void run() {
    for (;;) {
      pollfd readable = {socket_.get(), POLLIN, 0};
      if (::poll(&readable, 1, -1) <= 0) continue;
      std::array<char, 4096> ignored;
      while (::recv(socket_.get(), ignored.data(), ignored.size(), MSG_DONTWAIT) >= 0 || errno == ENOBUFS) {
      }
      Network now = look();
      const std::vector<NetworkChange> changes = difference(network_, now);
      network_ = std::move(now);
      for (const auto& listener : listeners())
        for (const NetworkChange& change : changes) listener->changed(change);
    }
  }

  std::vector<std::shared_ptr<NetworkListener>> listeners() {
    std::vector<std::shared_ptr<NetworkListener>> living;
    const std::lock_guard guard(mutex_);
    for (const auto& each : listeners_)
      if (auto listener = each.lock()) living.push_back(std::move(listener));
    return living;
  }

  nt::KernelMutex mutex_;
  nt::UniqueFd socket_;
  Network network_;  // the thread's, from its start on
  std::vector<std::weak_ptr<NetworkListener>> listeners_;
};

Watcher& watcher() {
  static auto* const instance = new Watcher;
  return *instance;
}

}  // namespace

Status listen_to_network(std::weak_ptr<NetworkListener> listener) {
  return watcher().add(std::move(listener));
}

}  // namespace hmodule::winapi

// The thread that learns from the host when sockets can go on: one for all of them, started by the first that waits.
// It tries pending operations again, records network events and ends polls; it never runs foreign code.
#pragma once

#include "base/result.h"

#include <cstdint>
#include <memory>

namespace hmodule::nt {

class Socket;
class SocketPoll;

// From now on `socket.ready()` is called after changes of what `events` (EPOLLIN, EPOLLOUT...) names, and at once for
// what holds already. The watcher keeps the socket until it is told to forget it. `again`: the socket was watched
// before, with other events.
Status watch_socket(Socket& socket, std::uint32_t events, bool again);
void forget_socket(Socket& socket);

// At `due` (interrupt time) the poll ends with STATUS_TIMEOUT, unless it is forgotten first.
void watch_time(std::int64_t due, std::shared_ptr<SocketPoll> poll);
void forget_time(std::int64_t due, const SocketPoll& poll);

}  // namespace hmodule::nt

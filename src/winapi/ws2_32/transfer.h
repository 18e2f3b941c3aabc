// What the ways to send and to receive share.
#pragma once

#include "winapi/ws2_32/sockets.h"

#include <sys/uio.h>

#include <vector>

namespace hmodule::winapi {

// WSAEOPNOTSUPP for flags that are unknown.
Result<int> host_message_flags(DWORD flags);
Result<std::vector<iovec>> host_parts(const WSABUF* buffers, DWORD count);

Status may_receive(nt::Socket& socket);
Status may_send(nt::Socket& socket);
// After the host refused with `error`: true to call again, or what the caller is told.
Result<bool> try_again(nt::Socket& socket, bool receiving, int error);

}  // namespace hmodule::winapi

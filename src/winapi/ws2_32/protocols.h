// Descriptions of protocols and of sockets.
#pragma once

#include "winapi/ws2_32/sockets.h"

namespace hmodule::winapi {

// SO_PROTOCOL_INFO.
template <typename Char>
WSAPROTOCOL_INFO<Char> protocol_of(const nt::Socket& socket);
extern template WSAPROTOCOL_INFO<char> protocol_of(const nt::Socket&);
extern template WSAPROTOCOL_INFO<WCHAR> protocol_of(const nt::Socket&);

// What WSADuplicateSocket made, here or in another process; each can be taken once. `flags`: WSASocket's.
Result<SOCKET> take_duplicate(DWORD reserved, DWORD flags);

}  // namespace hmodule::winapi

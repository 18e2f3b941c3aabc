// What goes wrong with sockets, three times over: the host's errno, NT's status (what an OVERLAPPED holds), Winsock's
// code (what WSAGetLastError gives).
#pragma once

#include "win/types.h"

namespace hmodule::nt {

NTSTATUS socket_status(int host_error);
DWORD winsock_code(int host_error);
// The Winsock code of an operation that ended with `status`; 0 for a success.
DWORD winsock_code_of_status(NTSTATUS status);

}  // namespace hmodule::nt

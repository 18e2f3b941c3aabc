// What the files of this folder share: sockets by handle, addresses between the two systems, error codes.
#pragma once

#include "nt/handle_table.h"
#include "nt/socket.h"
#include "nt/socket_error.h"
#include "win/winsock2.h"
#include "winapi/common/answer.h"

#include <sys/socket.h>

namespace hmodule::winapi {

// The failure of the host's call just made, of an operation of a socket object, of our own judgement.
Error failed(const char* call);
Error failed(const Error& operation);
Error refused(DWORD code, const char* reason);

// WSANOTINITIALISED before the first WSAStartup and after the last WSACleanup.
Status require_startup();

Result<nt::Ref<nt::Socket>> socket_of(SOCKET socket);
// A new handle; sockets are inherited unless told otherwise.
Result<SOCKET> socket_handle(nt::Ref<nt::Socket> socket, ULONG attributes = nt::OBJ_INHERIT);

int host_family(int family);
int windows_family(int family);

// An address as the host takes it; it remembers its length.
struct HostAddress {
  sockaddr_storage storage = {};
  socklen_t length = sizeof storage;

  sockaddr* get() { return reinterpret_cast<sockaddr*>(&storage); }
  const sockaddr* get() const { return reinterpret_cast<const sockaddr*>(&storage); }
};
Result<HostAddress> to_host(const void* address, INT length);
// As many bytes as Windows uses for it.
struct WindowsAddress {
  unsigned char bytes[128] = {};
  INT length = 0;
};
WindowsAddress to_windows(const HostAddress& from);
// Into the caller's buffer, if there is one; WSAEFAULT if it is too small.
Status to_windows(const HostAddress& from, void* address, INT* length);

// The parts of bind() and connect() that ConnectEx and others need too.
Status require_destination(const nt::Socket& socket, const HostAddress& address);
Result<HostAddress> local_name(const nt::Socket& socket);
Result<HostAddress> peer_name(const nt::Socket& socket);

// For functions that answer 0 or SOCKET_ERROR.
template <typename Work>
int zero_or_error(Work&& work, const char* function = __builtin_FUNCTION()) noexcept {
  return answer<int>(
      SOCKET_ERROR,
      [&]() -> Result<int> {
        TRY(work());
        return 0;
      },
      function);
}

}  // namespace hmodule::winapi

// What the files of this folder share: sockets by handle, addresses between the two systems, error codes.
#pragma once

#include "nt/socket.h"
#include "win/winsock2.h"
#include "winapi/common/answer.h"

#include <sys/socket.h>

namespace hmodule::winapi {

// The Winsock code for an errno.
DWORD winsock_code(int error);
// The failure of the call just made.
Error failed(const char* call);
Error refused(DWORD code, const char* reason);

// WSANOTINITIALISED before the first WSAStartup and after the last WSACleanup.
Status require_startup();

Result<nt::Ref<nt::Socket>> socket_of(SOCKET socket);
Result<SOCKET> socket_handle(int fd);

int host_family(int family);
int windows_family(int family);

// An address as the host takes it; it remembers its length.
struct HostAddress {
  sockaddr_storage storage = {};
  socklen_t length = sizeof storage;

  sockaddr* get() { return reinterpret_cast<sockaddr*>(&storage); }
};
Result<HostAddress> to_host(const void* address, INT length);
// Into the caller's buffer, if there is one; WSAEFAULT if it is too small.
Status to_windows(const HostAddress& from, void* address, INT* length);

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

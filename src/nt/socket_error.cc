#include "nt/socket_error.h"

#include "win/error_map.h"
#include "win/netstatus.h"
#include "win/status.h"
#include "win/winsock2.h"

#include <algorithm>
#include <cerrno>
#include <iterator>

namespace hmodule::nt {
namespace {

struct Row {
  int host;
  DWORD code;
  NTSTATUS status = status_from_win32(code);
};
// A code's first row has its status.
constexpr Row kRows[] = {
    {EINTR, WSAEINTR},
    {ENOTSOCK, WSAENOTSOCK, STATUS_INVALID_HANDLE},
    {EBADF, WSAENOTSOCK, STATUS_OBJECT_TYPE_MISMATCH},
    {EACCES, WSAEACCES, STATUS_ACCESS_DENIED},
    {EPERM, WSAEACCES, STATUS_ACCESS_DENIED},
    {EFAULT, WSAEFAULT, STATUS_ACCESS_VIOLATION},
    {EINVAL, WSAEINVAL, STATUS_INVALID_PARAMETER},
    {EMFILE, WSAEMFILE, STATUS_TOO_MANY_OPENED_FILES},
    {ENFILE, WSAEMFILE, STATUS_TOO_MANY_OPENED_FILES},
    {EAGAIN, WSAEWOULDBLOCK, STATUS_DEVICE_NOT_READY},
    {EINPROGRESS, WSAEWOULDBLOCK, STATUS_DEVICE_NOT_READY},  // what a non-blocking connect answers on Windows
    {EALREADY, WSAEALREADY},
    {EDESTADDRREQ, WSAENOTCONN, STATUS_INVALID_CONNECTION},
    {EMSGSIZE, WSAEMSGSIZE, STATUS_INVALID_BUFFER_SIZE},
    {EPROTOTYPE, WSAEPROTOTYPE},
    {ENOPROTOOPT, WSAENOPROTOOPT},
    {EPROTONOSUPPORT, WSAEPROTONOSUPPORT},
    {ESOCKTNOSUPPORT, WSAESOCKTNOSUPPORT},
    {EOPNOTSUPP, WSAEOPNOTSUPP, STATUS_NOT_SUPPORTED},
    {EPFNOSUPPORT, WSAEPFNOSUPPORT},
    {EAFNOSUPPORT, WSAEAFNOSUPPORT},
    {EADDRINUSE, WSAEADDRINUSE, STATUS_ADDRESS_ALREADY_EXISTS},
    {EADDRNOTAVAIL, WSAEADDRNOTAVAIL, STATUS_INVALID_ADDRESS_COMPONENT},
    {ENETDOWN, WSAENETDOWN, STATUS_UNEXPECTED_NETWORK_ERROR},
    {ENETUNREACH, WSAENETUNREACH, STATUS_NETWORK_UNREACHABLE},
    {ENETRESET, WSAENETRESET},
    {ECONNABORTED, WSAECONNABORTED, STATUS_CONNECTION_ABORTED},
    {EPIPE, WSAECONNABORTED, STATUS_CONNECTION_ABORTED},
    {ECONNRESET, WSAECONNRESET, STATUS_CONNECTION_RESET},
    {ENOBUFS, WSAENOBUFS, STATUS_INSUFFICIENT_RESOURCES},
    {ENOMEM, WSAENOBUFS, STATUS_INSUFFICIENT_RESOURCES},
    {EISCONN, WSAEISCONN, STATUS_CONNECTION_ACTIVE},
    {ENOTCONN, WSAENOTCONN, STATUS_INVALID_CONNECTION},
    {ESHUTDOWN, WSAESHUTDOWN, STATUS_PIPE_DISCONNECTED},
    {ETIMEDOUT, WSAETIMEDOUT, STATUS_IO_TIMEOUT},
    {ECONNREFUSED, WSAECONNREFUSED, STATUS_CONNECTION_REFUSED},
    {ELOOP, WSAELOOP},
    {ENAMETOOLONG, WSAENAMETOOLONG},
    {EHOSTDOWN, WSAEHOSTDOWN},
    {EHOSTUNREACH, WSAEHOSTUNREACH, STATUS_HOST_UNREACHABLE},
};

constexpr Row kOther = {0, WSAEINVAL, STATUS_INVALID_PARAMETER};

const Row& row_of(int host_error) {
  const auto row = std::find_if(std::begin(kRows), std::end(kRows), [&](const Row& r) { return r.host == host_error; });
  return row == std::end(kRows) ? kOther : *row;
}

}  // namespace

NTSTATUS socket_status(int host_error) {
  return row_of(host_error).status;
}

DWORD winsock_code(int host_error) {
  return row_of(host_error).code;
}

DWORD winsock_code_of_status(NTSTATUS status) {
  if (status == STATUS_BUFFER_OVERFLOW) return WSAEMSGSIZE;
  if (status >= 0) return 0;
  const auto row = std::find_if(std::begin(kRows), std::end(kRows), [&](const Row& r) { return r.status == status; });
  return row == std::end(kRows) ? win32_from_status(status) : row->code;
}

}  // namespace hmodule::nt

// Addresses between the two systems: IPv6 has another family number, Unix sockets have Windows paths.
#include "base/utf.h"
#include "nt/process_parameters.h"
#include "path/volumes.h"
#include "winapi/ws2_32/sockets.h"

#include <netinet/in.h>
#include <sys/un.h>

#include <cstddef>
#include <cstring>

namespace hmodule::winapi {

int host_family(int family) {
  return family == WIN_AF_INET6 ? AF_INET6 : family;
}
int windows_family(int family) {
  return family == AF_INET6 ? WIN_AF_INET6 : family;
}

namespace {

constexpr std::size_t kPathOffset = offsetof(sockaddr_un, sun_path), kPathSize = sizeof sockaddr_un{}.sun_path;

Result<HostAddress> unix_to_host(const char* path, std::size_t room) {
  HostAddress host;
  auto& address = reinterpret_cast<sockaddr_un&>(host.storage);
  address.sun_family = AF_UNIX;
  if (room > 0 && *path == 0) {  // abstract: the whole of it counts, zeros at its end do not
    while (room > 1 && path[room - 1] == 0) --room;
    std::memcpy(address.sun_path, path, room);
    host.length = static_cast<socklen_t>(kPathOffset + room);
    return host;
  }
  const std::string name(path, strnlen(path, room));
  const std::u16string full = TRY(nt::full_path(utf16(name)));
  const path::HostPath place = TRY(path::volumes().to_host(full));
  if (place.path.empty() || place.path.size() >= kPathSize)
    return fail_win32(WSAEINVAL, "a Unix socket cannot be at {}", name);
  std::memcpy(address.sun_path, place.path.data(), place.path.size());
  host.length = static_cast<socklen_t>(kPathOffset + place.path.size() + 1);
  return host;
}

}  // namespace

Result<HostAddress> to_host(const void* address, INT length) {
  HostAddress host;
  if (address == nullptr || length < static_cast<INT>(sizeof(sa_family_t)) ||
      length > static_cast<INT>(sizeof host.storage))
    return fail_win32(WSAEFAULT, "an address of {} bytes", length);
  const auto size = static_cast<std::size_t>(length);
  std::memcpy(&host.storage, address, size);
  host.storage.ss_family = static_cast<sa_family_t>(host_family(host.storage.ss_family));
  if (host.storage.ss_family == AF_UNIX)
    return unix_to_host(static_cast<const char*>(address) + kPathOffset, std::min(size - kPathOffset, kPathSize));
  const std::size_t needed = host.storage.ss_family == AF_INET    ? sizeof(sockaddr_in)
                             : host.storage.ss_family == AF_INET6 ? sizeof(sockaddr_in6)
                                                                  : 0;
  if (needed == 0 && host.storage.ss_family != AF_UNSPEC)
    return fail_win32(WSAEAFNOSUPPORT, "addresses of family {}", host.storage.ss_family);
  if (size < needed) return fail_win32(WSAEFAULT, "an address of {} bytes, {} are needed", length, needed);
  host.length = static_cast<socklen_t>(needed != 0 ? needed : size);
  return host;
}

WindowsAddress to_windows(const HostAddress& from) {
  WindowsAddress to;
  if (from.length < sizeof(sa_family_t)) return to;
  const auto family = static_cast<USHORT>(windows_family(from.storage.ss_family));
  if (from.storage.ss_family == AF_UNIX) {
    const auto& address = reinterpret_cast<const sockaddr_un&>(from.storage);
    const std::size_t room = from.length - kPathOffset;
    std::string path(address.sun_path, room);
    if (room > 0 && address.sun_path[0] != 0) path = utf8(path::volumes().from_host(path.c_str()));
    std::memcpy(to.bytes + kPathOffset, path.data(), std::min(path.size(), kPathSize - 1));
    to.length = room == 0 ? static_cast<INT>(kPathOffset) : static_cast<INT>(sizeof(sockaddr_un));
  } else {
    std::memcpy(to.bytes, &from.storage, std::min<std::size_t>(from.length, sizeof to.bytes));
    to.length = static_cast<INT>(from.length);
  }
  std::memcpy(to.bytes, &family, sizeof family);
  return to;
}

Status to_windows(const HostAddress& from, void* address, INT* length) {
  if (address == nullptr || length == nullptr) return ok;
  const WindowsAddress to = to_windows(from);
  if (*length < to.length) return refused(WSAEFAULT, "too little room for the address");
  std::memcpy(address, to.bytes, static_cast<std::size_t>(to.length));
  *length = to.length;
  return ok;
}

}  // namespace hmodule::winapi

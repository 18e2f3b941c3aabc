// winsock2.h: sockets: making, binding, connecting, closing, options.
#include "winapi/ws2_32/sockets.h"

#include "module/builtin.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstring>

namespace hmodule::winapi {
namespace {

std::atomic<int> startups{0};

struct ErrorPair {
  int host;
  DWORD windows;
};
constexpr ErrorPair kErrors[] = {
    {EINTR, WSAEINTR},
    {EBADF, WSAENOTSOCK},
    {EACCES, WSAEACCES},
    {EPERM, WSAEACCES},
    {EFAULT, WSAEFAULT},
    {EINVAL, WSAEINVAL},
    {EMFILE, WSAEMFILE},
    {ENFILE, WSAEMFILE},
    {EAGAIN, WSAEWOULDBLOCK},
    {EINPROGRESS, WSAEWOULDBLOCK},  // what a non-blocking connect answers on Windows
    {EALREADY, WSAEALREADY},
    {ENOTSOCK, WSAENOTSOCK},
    {EDESTADDRREQ, WSAEDESTADDRREQ},
    {EMSGSIZE, WSAEMSGSIZE},
    {EPROTOTYPE, WSAEPROTOTYPE},
    {ENOPROTOOPT, WSAENOPROTOOPT},
    {EPROTONOSUPPORT, WSAEPROTONOSUPPORT},
    {ESOCKTNOSUPPORT, WSAESOCKTNOSUPPORT},
    {EOPNOTSUPP, WSAEOPNOTSUPP},
    {EPFNOSUPPORT, WSAEPFNOSUPPORT},
    {EAFNOSUPPORT, WSAEAFNOSUPPORT},
    {EADDRINUSE, WSAEADDRINUSE},
    {EADDRNOTAVAIL, WSAEADDRNOTAVAIL},
    {ENETDOWN, WSAENETDOWN},
    {ENETUNREACH, WSAENETUNREACH},
    {ENETRESET, WSAENETRESET},
    {ECONNABORTED, WSAECONNABORTED},
    {EPIPE, WSAECONNABORTED},
    {ECONNRESET, WSAECONNRESET},
    {ENOBUFS, WSAENOBUFS},
    {ENOMEM, WSAENOBUFS},
    {EISCONN, WSAEISCONN},
    {ENOTCONN, WSAENOTCONN},
    {ESHUTDOWN, WSAESHUTDOWN},
    {ETIMEDOUT, WSAETIMEDOUT},
    {ECONNREFUSED, WSAECONNREFUSED},
    {ELOOP, WSAELOOP},
    {ENAMETOOLONG, WSAENAMETOOLONG},
    {EHOSTDOWN, WSAEHOSTDOWN},
    {EHOSTUNREACH, WSAEHOSTUNREACH},
};

}  // namespace

DWORD winsock_code(int error) {
  const auto row = std::find_if(std::begin(kErrors), std::end(kErrors), [&](auto& pair) { return pair.host == error; });
  return row == std::end(kErrors) ? WSAEINVAL : row->windows;
}

Error failed(const char* call) {
  const int error = errno;
  return fail_win32(winsock_code(error), "{}: {}", call, strerrordesc_np(error));
}

Error refused(DWORD code, const char* reason) {
  return fail_win32(code, "{}", reason);
}

Status require_startup() {
  if (startups.load() > 0) return ok;
  return refused(WSANOTINITIALISED, "WSAStartup was not called");
}

Result<nt::Ref<nt::Socket>> socket_of(SOCKET socket) {
  auto found = nt::object_of<nt::Socket>(reinterpret_cast<HANDLE>(socket), 0);
  if (!found) return fail_win32(WSAENOTSOCK, "{:#x} is no socket", socket);
  return found;
}

Result<SOCKET> socket_handle(int fd) {
  return reinterpret_cast<SOCKET>(TRY(nt::handle_for(nt::make_object<nt::Socket>(fd), nt::Socket::kType.all)));
}

int host_family(int family) {
  return family == WIN_AF_INET6 ? AF_INET6 : family;
}
int windows_family(int family) {
  return family == AF_INET6 ? WIN_AF_INET6 : family;
}

Result<HostAddress> to_host(const void* address, INT length) {
  HostAddress host;
  if (address == nullptr || length < static_cast<INT>(sizeof(sa_family_t)) ||
      length > static_cast<INT>(sizeof host.storage))
    return fail_win32(WSAEFAULT, "an address of {} bytes", length);
  std::memcpy(&host.storage, address, static_cast<std::size_t>(length));
  host.storage.ss_family = static_cast<sa_family_t>(host_family(host.storage.ss_family));
  const std::size_t needed = host.storage.ss_family == AF_INET    ? sizeof(sockaddr_in)
                             : host.storage.ss_family == AF_INET6 ? sizeof(sockaddr_in6)
                                                                  : 0;
  if (needed == 0 && host.storage.ss_family != AF_UNSPEC)
    return fail_win32(WSAEAFNOSUPPORT, "addresses of family {}", host.storage.ss_family);
  if (static_cast<std::size_t>(length) < needed)
    return fail_win32(WSAEFAULT, "an address of {} bytes, {} are needed", length, needed);
  host.length = static_cast<socklen_t>(needed != 0 ? needed : static_cast<std::size_t>(length));
  return host;
}

Status to_windows(const HostAddress& from, void* address, INT* length) {
  if (address == nullptr || length == nullptr) return ok;
  if (*length < static_cast<INT>(from.length)) return refused(WSAEFAULT, "too little room for the address");
  std::memcpy(address, &from.storage, from.length);
  const auto family = static_cast<USHORT>(windows_family(from.storage.ss_family));
  if (from.length >= sizeof family) std::memcpy(address, &family, sizeof family);
  *length = static_cast<INT>(from.length);
  return ok;
}

namespace {

// --- Start and end ---

HM_WINAPI INT WSAStartup(WORD version, WSADATA* data) noexcept {
  constexpr WORD kHighest = 0x0202;
  const BYTE major = version & 0xFF, minor = version >> 8;
  if (data == nullptr) return WSAEFAULT;
  if (major == 0) return WSAVERNOTSUPPORTED;
  const bool older = major < 2 || (major == 2 && minor < 2);
  *data = {};
  data->wVersion = older ? version : kHighest;
  data->wHighVersion = kHighest;
  std::strcpy(data->szDescription, "WinSock 2.0");
  std::strcpy(data->szSystemStatus, "Running");
  if (major < 2) data->iMaxSockets = data->iMaxUdpDg = 0x7FFF;
  startups.fetch_add(1);
  return 0;
}

HM_WINAPI INT WSACleanup() noexcept {
  int count = startups.load();
  while (count > 0 && !startups.compare_exchange_weak(count, count - 1)) {
  }
  if (count > 0) return 0;
  thread::set_last_error(WSANOTINITIALISED);
  return SOCKET_ERROR;
}

HM_WINAPI INT WSAGetLastError() noexcept {
  return static_cast<INT>(thread::last_error());
}
HM_WINAPI void WSASetLastError(INT code) noexcept {
  thread::set_last_error(static_cast<DWORD>(code));
}

// --- Sockets ---

Result<SOCKET> make_socket(INT family, INT type, INT protocol) {
  TRY(require_startup());
  if (family != 0 && family != AF_INET && family != WIN_AF_INET6)
    return fail_win32(WSAEAFNOSUPPORT, "sockets of family {}", family);
  const int fd = ::socket(family == 0 ? AF_INET : host_family(family), type | SOCK_CLOEXEC, protocol);
  if (fd < 0) return failed("socket");
  const int on = 1;
  if (family == WIN_AF_INET6) ::setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on);  // as Windows begins
  return socket_handle(fd);
}

HM_WINAPI SOCKET socket(INT family, INT type, INT protocol) noexcept {
  return answer<SOCKET>(INVALID_SOCKET, [&] { return make_socket(family, type, protocol); });
}
HM_WINAPI SOCKET WSASocketW(INT family, INT type, INT protocol, void* info, UINT, DWORD) noexcept {
  return answer<SOCKET>(INVALID_SOCKET, [&]() -> Result<SOCKET> {
    if (info != nullptr) return refused(WSAEINVAL, "a protocol info, as of WSADuplicateSocket");
    return make_socket(family, type, protocol);
  });
}

HM_WINAPI INT closesocket(SOCKET socket) noexcept {
  return zero_or_error([&]() -> Status {
    {
      const auto object = TRY(socket_of(socket));
      ::shutdown(object->fd(), SHUT_RD);  // whoever waits in recv or accept hears of it
    }
    return nt::handles().close(reinterpret_cast<HANDLE>(socket));
  });
}

HM_WINAPI INT bind(SOCKET socket, const void* address, INT length) noexcept {
  return zero_or_error([&]() -> Status {
    const auto object = TRY(socket_of(socket));
    HostAddress host = TRY(to_host(address, length));
    if (::bind(object->fd(), host.get(), host.length) != 0) return failed("bind");
    return ok;
  });
}

HM_WINAPI INT connect(SOCKET socket, const void* address, INT length) noexcept {
  return zero_or_error([&]() -> Status {
    const auto object = TRY(socket_of(socket));
    HostAddress host = TRY(to_host(address, length));
    if (::connect(object->fd(), host.get(), host.length) != 0) return failed("connect");
    return ok;
  });
}
HM_WINAPI INT WSAConnect(SOCKET socket, const void* address, INT length, WSABUF*, WSABUF*, void*, void*) noexcept {
  return connect(socket, address, length);
}

HM_WINAPI INT listen(SOCKET socket, INT backlog) noexcept {
  return zero_or_error([&]() -> Status {
    if (::listen(TRY(socket_of(socket))->fd(), backlog) != 0) return failed("listen");
    return ok;
  });
}

HM_WINAPI SOCKET accept(SOCKET socket, void* address, INT* length) noexcept {
  return answer<SOCKET>(INVALID_SOCKET, [&]() -> Result<SOCKET> {
    const auto object = TRY(socket_of(socket));
    HostAddress peer;
    const int fd = ::accept4(object->fd(), peer.get(), &peer.length, SOCK_CLOEXEC);
    if (fd < 0) return failed("accept");
    const SOCKET accepted = TRY(socket_handle(fd));
    if (Status given = to_windows(peer, address, length); !given) {
      closesocket(accepted);
      return given.error();
    }
    return accepted;
  });
}

HM_WINAPI SOCKET WSAAccept(SOCKET socket, void* address, INT* length, void* condition, DWORD_PTR) noexcept {
  if (condition == nullptr) return accept(socket, address, length);
  thread::set_last_error(WSAEOPNOTSUPP);
  return INVALID_SOCKET;
}

HM_WINAPI INT getsockname(SOCKET socket, void* address, INT* length) noexcept {
  return zero_or_error([&]() -> Status {
    HostAddress name;
    if (address == nullptr || length == nullptr) return refused(WSAEFAULT, "nowhere to put the address");
    if (::getsockname(TRY(socket_of(socket))->fd(), name.get(), &name.length) != 0) return failed("getsockname");
    // A socket without a name is an error on Windows.
    if (name.storage.ss_family == AF_INET && reinterpret_cast<sockaddr_in&>(name.storage).sin_port == 0)
      return refused(WSAEINVAL, "the socket is not bound");
    return to_windows(name, address, length);
  });
}
HM_WINAPI INT getpeername(SOCKET socket, void* address, INT* length) noexcept {
  return zero_or_error([&]() -> Status {
    HostAddress name;
    if (address == nullptr || length == nullptr) return refused(WSAEFAULT, "nowhere to put the address");
    if (::getpeername(TRY(socket_of(socket))->fd(), name.get(), &name.length) != 0) return failed("getpeername");
    return to_windows(name, address, length);
  });
}

HM_WINAPI INT shutdown(SOCKET socket, INT how) noexcept {
  return zero_or_error([&]() -> Status {
    if (how < 0 || how > 2) return refused(WSAEINVAL, "neither SD_RECEIVE, SD_SEND nor SD_BOTH");
    if (::shutdown(TRY(socket_of(socket))->fd(), how) != 0) return failed("shutdown");
    return ok;
  });
}

// --- Options ---

enum class Form : std::uint8_t { number, milliseconds, linger, ignored };

struct Option {
  INT level, name;
  int host_level, host_name;
  Form form = Form::number;
};
constexpr INT kSocketLevel = 0xFFFF;
constexpr Option kOptions[] = {
    {kSocketLevel, 0x0001, SOL_SOCKET, SO_DEBUG},
    {kSocketLevel, 0x0002, SOL_SOCKET, SO_ACCEPTCONN},
    {kSocketLevel, 0x0004, SOL_SOCKET, SO_REUSEADDR},
    {kSocketLevel, 0x0008, SOL_SOCKET, SO_KEEPALIVE},
    {kSocketLevel, 0x0010, SOL_SOCKET, SO_DONTROUTE},
    {kSocketLevel, 0x0020, SOL_SOCKET, SO_BROADCAST},
    {kSocketLevel, 0x0080, SOL_SOCKET, SO_LINGER, Form::linger},
    {kSocketLevel, 0x0100, SOL_SOCKET, SO_OOBINLINE},
    {kSocketLevel, 0x1001, SOL_SOCKET, SO_SNDBUF},
    {kSocketLevel, 0x1002, SOL_SOCKET, SO_RCVBUF},
    {kSocketLevel, 0x1005, SOL_SOCKET, SO_SNDTIMEO, Form::milliseconds},
    {kSocketLevel, 0x1006, SOL_SOCKET, SO_RCVTIMEO, Form::milliseconds},
    {kSocketLevel, 0x1007, SOL_SOCKET, SO_ERROR},
    {kSocketLevel, 0x1008, SOL_SOCKET, SO_TYPE},
    {kSocketLevel, ~0x0004, 0, 0, Form::ignored},  // SO_EXCLUSIVEADDRUSE: Linux shares no port unasked
    {IPPROTO_TCP, 1, IPPROTO_TCP, TCP_NODELAY},
    {IPPROTO_TCP, 3, IPPROTO_TCP, TCP_KEEPIDLE},
    {IPPROTO_TCP, 4, IPPROTO_TCP, TCP_MAXSEG},
    {IPPROTO_TCP, 16, IPPROTO_TCP, TCP_KEEPCNT},
    {IPPROTO_TCP, 17, IPPROTO_TCP, TCP_KEEPINTVL},
    {IPPROTO_IP, 2, IPPROTO_IP, IP_HDRINCL},
    {IPPROTO_IP, 3, IPPROTO_IP, IP_TOS},
    {IPPROTO_IP, 4, IPPROTO_IP, IP_TTL},
    {IPPROTO_IP, 9, IPPROTO_IP, IP_MULTICAST_IF},
    {IPPROTO_IP, 10, IPPROTO_IP, IP_MULTICAST_TTL},
    {IPPROTO_IP, 11, IPPROTO_IP, IP_MULTICAST_LOOP},
    {IPPROTO_IP, 12, IPPROTO_IP, IP_ADD_MEMBERSHIP},
    {IPPROTO_IP, 13, IPPROTO_IP, IP_DROP_MEMBERSHIP},
    {IPPROTO_IPV6, 4, IPPROTO_IPV6, IPV6_UNICAST_HOPS},
    {IPPROTO_IPV6, 9, IPPROTO_IPV6, IPV6_MULTICAST_IF},
    {IPPROTO_IPV6, 10, IPPROTO_IPV6, IPV6_MULTICAST_HOPS},
    {IPPROTO_IPV6, 11, IPPROTO_IPV6, IPV6_MULTICAST_LOOP},
    {IPPROTO_IPV6, 12, IPPROTO_IPV6, IPV6_JOIN_GROUP},
    {IPPROTO_IPV6, 13, IPPROTO_IPV6, IPV6_LEAVE_GROUP},
    {IPPROTO_IPV6, 27, IPPROTO_IPV6, IPV6_V6ONLY},
};

Result<const Option*> option(INT level, INT name) {
  for (const Option& known : kOptions)
    if (known.level == level && known.name == name) return &known;
  return fail_win32(WSAENOPROTOOPT, "socket option {:#x} of level {:#x}", name, level);
}

struct WindowsLinger {
  USHORT on, seconds;
};

Status set_option(int fd, const Option& wanted, const char* value, INT length) {
  const auto set = [&](const void* data, std::size_t size) -> Status {
    if (::setsockopt(fd, wanted.host_level, wanted.host_name, data, static_cast<socklen_t>(size)) != 0)
      return failed("setsockopt");
    return ok;
  };
  if (value == nullptr || length < 1) return refused(WSAEFAULT, "an option without a value");
  switch (wanted.form) {
    case Form::ignored:
      return ok;
    case Form::linger: {
      WindowsLinger given;
      if (length < static_cast<INT>(sizeof given)) return refused(WSAEFAULT, "a linger that is too short");
      std::memcpy(&given, value, sizeof given);
      const linger host = {given.on, given.seconds};
      return set(&host, sizeof host);
    }
    case Form::milliseconds: {
      DWORD given;
      if (length < static_cast<INT>(sizeof given)) return refused(WSAEFAULT, "a timeout that is too short");
      std::memcpy(&given, value, sizeof given);
      const timeval host = {given / 1000, given % 1000 * 1000};
      return set(&host, sizeof host);
    }
    case Form::number:
      break;
  }
  if (length >= static_cast<INT>(sizeof(int))) return set(value, static_cast<std::size_t>(length));
  const int wide = static_cast<unsigned char>(*value);  // a BOOLEAN is taken for a BOOL
  return set(&wide, sizeof wide);
}

HM_WINAPI INT setsockopt(SOCKET socket, INT level, INT name, const char* value, INT length) noexcept {
  return zero_or_error([&]() -> Status {
    const auto object = TRY(socket_of(socket));
    return set_option(object->fd(), *TRY(option(level, name)), value, length);
  });
}

template <typename Value>
Status give_value(const Value& found, char* value, INT* length) {
  if (*length < static_cast<INT>(sizeof found)) {
    // One byte is enough for a truth value.
    if (*length < 1 || !std::is_same_v<Value, int>) return refused(WSAEFAULT, "too little room for the option");
    std::memcpy(value, &found, 1);
    *length = 1;
    return ok;
  }
  std::memcpy(value, &found, sizeof found);
  *length = sizeof found;
  return ok;
}

Status get_option(int fd, const Option& wanted, char* value, INT* length) {
  if (value == nullptr || length == nullptr) return refused(WSAEFAULT, "nowhere to put the option");
  union {
    int number;
    timeval time;
    struct linger linger;
  } host = {};
  socklen_t size = sizeof host;
  if (wanted.form == Form::ignored) return give_value(int{1}, value, length);
  if (::getsockopt(fd, wanted.host_level, wanted.host_name, &host, &size) != 0) return failed("getsockopt");
  switch (wanted.form) {
    case Form::linger:
      return give_value(
          WindowsLinger{static_cast<USHORT>(host.linger.l_onoff), static_cast<USHORT>(host.linger.l_linger)}, value,
          length);
    case Form::milliseconds:
      return give_value(static_cast<DWORD>(host.time.tv_sec * 1000 + host.time.tv_usec / 1000), value, length);
    default:
      break;
  }
  const bool is_error = wanted.host_level == SOL_SOCKET && wanted.host_name == SO_ERROR;
  if (is_error && host.number != 0) host.number = static_cast<int>(winsock_code(host.number));
  return give_value(host.number, value, length);
}

HM_WINAPI INT getsockopt(SOCKET socket, INT level, INT name, char* value, INT* length) noexcept {
  return zero_or_error([&]() -> Status {
    const auto object = TRY(socket_of(socket));
    return get_option(object->fd(), *TRY(option(level, name)), value, length);
  });
}

// --- Control ---

constexpr DWORD kFionbio = 0x8004667E, kFionread = 0x4004667F, kSiocatmark = 0x40047307, kKeepaliveValues = 0x98000004;

Status control(int fd, DWORD command, ULONG* argument) {
  if (argument == nullptr) return refused(WSAEFAULT, "a command without an argument");
  int number = static_cast<int>(*argument);
  const unsigned long request = command == kFionbio      ? FIONBIO
                                : command == kFionread   ? FIONREAD
                                : command == kSiocatmark ? SIOCATMARK
                                                         : 0;
  if (request == 0) return fail_win32(WSAEOPNOTSUPP, "socket command {:#x}", command);
  if (command == kFionbio) number = number != 0;
  if (ioctl(fd, request, &number) != 0) return failed("ioctl");
  if (command != kFionbio) *argument = static_cast<ULONG>(number);
  return ok;
}

HM_WINAPI INT ioctlsocket(SOCKET socket, LONG command, ULONG* argument) noexcept {
  return zero_or_error(
      [&]() -> Status { return control(TRY(socket_of(socket))->fd(), static_cast<DWORD>(command), argument); });
}

struct KeepaliveValues {
  ULONG on, idle, interval;  // milliseconds
};

Status set_keepalive(int fd, const KeepaliveValues& values) {
  const int on = values.on != 0;
  const auto seconds = [](ULONG milliseconds) { return static_cast<int>(std::max<ULONG>(1, milliseconds / 1000)); };
  const int idle = seconds(values.idle), interval = seconds(values.interval);
  if (::setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on) != 0) return failed("setsockopt");
  if (on == 0) return ok;
  if (::setsockopt(fd, IPPROTO_TCP, TCP_KEEPIDLE, &idle, sizeof idle) != 0 ||
      ::setsockopt(fd, IPPROTO_TCP, TCP_KEEPINTVL, &interval, sizeof interval) != 0)
    return failed("setsockopt");
  return ok;
}

HM_WINAPI INT WSAIoctl(SOCKET socket, DWORD command, void* in, DWORD in_size, void* out, DWORD out_size,
                       DWORD* returned, void* overlapped, void*) noexcept {
  return zero_or_error([&]() -> Status {
    const auto object = TRY(socket_of(socket));
    if (overlapped != nullptr) return refused(WSAEOPNOTSUPP, "overlapped socket commands");
    if (returned != nullptr) *returned = 0;
    if (command == kKeepaliveValues) {
      if (in == nullptr || in_size < sizeof(KeepaliveValues)) return refused(WSAEFAULT, "keep-alive values");
      return set_keepalive(object->fd(), *static_cast<const KeepaliveValues*>(in));
    }
    if (command == kFionbio)
      return control(object->fd(), command, in_size >= sizeof(ULONG) ? static_cast<ULONG*>(in) : nullptr);
    TRY(control(object->fd(), command, out_size >= sizeof(ULONG) ? static_cast<ULONG*>(out) : nullptr));
    if (returned != nullptr) *returned = sizeof(ULONG);
    return ok;
  });
}

constexpr std::string_view kIp = "IPv4 and IPv6 only";

const Export kRows[] = {
    {"WSAAccept", proc(WSAAccept), Support::partial, "without a condition function", 0},
    {"WSACleanup", proc(WSACleanup), Support::full, {}, 116},
    {"WSAConnect", proc(WSAConnect), Support::partial, kIp, 0},
    {"WSAGetLastError", proc(WSAGetLastError), Support::full, {}, 111},
    {"WSAIoctl", proc(WSAIoctl), Support::partial, "FIONBIO, FIONREAD, SIOCATMARK and keep-alive values", 0},
    {"WSASetLastError", proc(WSASetLastError), Support::full, {}, 112},
    {"WSASocketW", proc(WSASocketW), Support::partial, kIp, 0},
    {"WSAStartup", proc(WSAStartup), Support::full, {}, 115},
    {"accept", proc(accept), Support::full, {}, 1},
    {"bind", proc(bind), Support::partial, kIp, 2},
    {"closesocket", proc(closesocket), Support::full, {}, 3},
    {"connect", proc(connect), Support::partial, kIp, 4},
    {"getpeername", proc(getpeername), Support::full, {}, 5},
    {"getsockname", proc(getsockname), Support::full, {}, 6},
    {"getsockopt", proc(getsockopt), Support::partial, "the common options", 7},
    {"ioctlsocket", proc(ioctlsocket), Support::full, {}, 10},
    {"listen", proc(listen), Support::full, {}, 13},
    {"setsockopt", proc(setsockopt), Support::partial, "the common options", 21},
    {"shutdown", proc(shutdown), Support::full, {}, 22},
    {"socket", proc(socket), Support::partial, kIp, 23},
};

}  // namespace

extern const ExportTable sockets_exports = kRows;

}  // namespace hmodule::winapi

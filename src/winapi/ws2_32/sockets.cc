// winsock2.h: sockets: making, binding, connecting, accepting, closing.
#include "winapi/ws2_32/sockets.h"

#include "base/utf.h"
#include "module/builtin.h"
#include "thread/call.h"
#include "winapi/ws2_32/protocols.h"
#include "winapi/ws2_32/winsock.h"

#include <netdb.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstring>
#include <memory>
#include <optional>
#include <typeinfo>

namespace hmodule::winapi {

using nt::NetworkEvent, nt::Ref, nt::Socket, nt::UniqueFd;

namespace {

std::atomic<int> startups{0};

}  // namespace

Error failed(const char* call) {
  const int error = errno;
  return fail_win32(nt::winsock_code(error), "{}: {}", call, strerrordesc_np(error));
}

Error failed(const Error& operation) {
  return fail_win32(nt::winsock_code_of_status(operation.status), "{}", operation.reason);
}

Error refused(DWORD code, const char* reason) {
  return fail_win32(code, "{}", reason);
}

Status require_startup() {
  if (startups.load(std::memory_order_relaxed) > 0) return ok;
  return refused(WSANOTINITIALISED, "WSAStartup was not called");
}

// Sockets are final, so a look at the type is enough.
Result<Ref<Socket>> socket_of(SOCKET handle) {
  if (auto file = nt::object_of<nt::File>(reinterpret_cast<HANDLE>(handle), 0)) {
    const nt::File& object = **file;
    if (typeid(object) == typeid(Socket)) return Ref<Socket>::adopt(static_cast<Socket*>((*std::move(file)).detach()));
  }
  TRY(require_startup());
  return fail_win32(WSAENOTSOCK, "{:#x} is no socket", handle);
}

Result<SOCKET> socket_handle(Ref<Socket> socket, ULONG attributes) {
  return reinterpret_cast<SOCKET>(TRY(nt::handle_for(std::move(socket), FILE_ALL_ACCESS, attributes)));
}

Status require_destination(const Socket& socket, const HostAddress& address) {
  if (socket.datagrams() || address.storage.ss_family == AF_UNIX) return ok;
  const auto& v4 = reinterpret_cast<const sockaddr_in&>(address.storage);
  const auto& v6 = reinterpret_cast<const sockaddr_in6&>(address.storage);
  const bool anywhere =
      address.storage.ss_family == AF_INET ? v4.sin_addr.s_addr == INADDR_ANY : IN6_IS_ADDR_UNSPECIFIED(&v6.sin6_addr);
  if (anywhere || v4.sin_port == 0)  // the port stands at the same place in both
    return refused(WSAEADDRNOTAVAIL, "nobody is at address 0 or port 0");
  return ok;
}

Result<HostAddress> local_name(const Socket& socket) {
  HostAddress name;
  if (!socket.is(Socket::kBound)) return refused(WSAEINVAL, "the socket is not bound");
  if (::getsockname(socket.fd(), name.get(), &name.length) != 0) return failed("getsockname");
  return name;
}

Result<HostAddress> peer_name(const Socket& socket) {
  HostAddress name;
  if (::getpeername(socket.fd(), name.get(), &name.length) != 0) return failed("getpeername");
  return name;
}

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

namespace {

// --- Making and closing ---

Result<Ref<Socket>> make_socket(INT family, INT type, INT protocol, bool overlapped) {
  TRY(require_startup());
  if (family == 0 && type == 0 && protocol == 0) return refused(WSAEINVAL, "neither a family, a type nor a protocol");
  const int host = family == 0 ? AF_INET : host_family(family);
  if (host != AF_INET && host != AF_INET6 && host != AF_UNIX)
    return fail_win32(WSAEAFNOSUPPORT, "sockets of family {}", family);
  if (type == 0) type = protocol == IPPROTO_UDP ? SOCK_DGRAM : SOCK_STREAM;
  if (type < SOCK_STREAM || type > SOCK_SEQPACKET || (host == AF_UNIX && type != SOCK_STREAM))
    return fail_win32(WSAESOCKTNOSUPPORT, "sockets of type {}", type);
  if (protocol == 0 && host != AF_UNIX)
    protocol = type == SOCK_STREAM ? IPPROTO_TCP : type == SOCK_DGRAM ? IPPROTO_UDP : 0;
  UniqueFd fd(::socket(host, type | SOCK_CLOEXEC, protocol));
  if (!fd) return failed("socket");
  const int on = 1, off = 0;
  if (host == AF_INET6) ::setsockopt(fd.get(), IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on);  // as Windows begins
  if (host == AF_INET && type == SOCK_DGRAM)  // a socket hears the groups that it joined
    ::setsockopt(fd.get(), IPPROTO_IP, IP_MULTICAST_ALL, &off, sizeof off);
  return nt::make_object<Socket>(std::move(fd), Socket::Kind{host, type, protocol},
                                 overlapped ? 0 : FILE_SYNCHRONOUS_IO_NONALERT);
}

template <typename Char>
SOCKET make(INT family, INT type, INT protocol, WSAPROTOCOL_INFO<Char>* info, DWORD flags) noexcept {
  return answer<SOCKET>(
      INVALID_SOCKET,
      [&]() -> Result<SOCKET> {
        constexpr INT kFromInfo = -1;
        if (info != nullptr) {
          TRY(require_startup());
          if (info->dwProviderReserved != 0) return take_duplicate(info->dwProviderReserved, flags);
          if (family == kFromInfo) family = info->iAddressFamily;
          if (type == kFromInfo) type = info->iSocketType;
          if (protocol == kFromInfo) protocol = info->iProtocol;
        }
        Ref<Socket> made = TRY(make_socket(family, type, protocol, (flags & WSA_FLAG_OVERLAPPED) != 0));
        return socket_handle(std::move(made), (flags & WSA_FLAG_NO_HANDLE_INHERIT) != 0 ? 0 : nt::OBJ_INHERIT);
      },
      "WSASocket");
}

HM_WINAPI SOCKET WSASocketA(INT family, INT type, INT protocol, WSAPROTOCOL_INFO<char>* info, UINT,
                            DWORD flags) noexcept {
  return make(family, type, protocol, info, flags);
}
HM_WINAPI SOCKET WSASocketW(INT family, INT type, INT protocol, WSAPROTOCOL_INFO<WCHAR>* info, UINT,
                            DWORD flags) noexcept {
  return make(family, type, protocol, info, flags);
}

}  // namespace

HM_WINAPI SOCKET socket(INT family, INT type, INT protocol) noexcept {
  return make<char>(family, type, protocol, nullptr, WSA_FLAG_OVERLAPPED);
}

HM_WINAPI INT closesocket(SOCKET socket) noexcept {
  return zero_or_error([&]() -> Status {
    TRY(socket_of(socket));
    return nt::handles().close(reinterpret_cast<HANDLE>(socket));
  });
}

// --- Names ---

namespace {

// Windows gives a port to the next server though connections of the last one still linger; two that are bound to it
// at once it refuses. So a listener's connections may be bound over (listen() says so), and only after a refusal.
Status bind_host(const Socket& socket, HostAddress& address) {
  if (::bind(socket.fd(), address.get(), address.length) == 0) return ok;
  const bool may_linger = !socket.datagrams() && address.storage.ss_family != AF_UNIX &&
                          !socket.is(Socket::kReuseAddress | Socket::kExclusiveAddress);
  if (errno != EADDRINUSE || !may_linger) return failed("bind");
  int reuse = 1;
  ::setsockopt(socket.fd(), SOL_SOCKET, SO_REUSEADDR, &reuse, sizeof reuse);
  const int result = ::bind(socket.fd(), address.get(), address.length), error = errno;
  reuse = 0;
  ::setsockopt(socket.fd(), SOL_SOCKET, SO_REUSEADDR, &reuse, sizeof reuse);
  errno = error;
  return result == 0 ? Status(ok) : Status(failed("bind"));
}

}  // namespace

HM_WINAPI INT bind(SOCKET socket, const void* address, INT length) noexcept {
  return zero_or_error([&]() -> Status {
    const auto object = TRY(socket_of(socket));
    HostAddress host = TRY(to_host(address, length));
    if (object->is(Socket::kBound)) return refused(WSAEINVAL, "the socket is bound already");
    TRY(bind_host(*object, host));
    object->mark(Socket::kBound);
    return ok;
  });
}

HM_WINAPI INT getsockname(SOCKET socket, void* address, INT* length) noexcept {
  return zero_or_error([&]() -> Status {
    if (address == nullptr || length == nullptr) return refused(WSAEFAULT, "nowhere to put the address");
    const auto object = TRY(socket_of(socket));
    return to_windows(TRY(local_name(*object)), address, length);
  });
}
HM_WINAPI INT getpeername(SOCKET socket, void* address, INT* length) noexcept {
  return zero_or_error([&]() -> Status {
    const auto object = TRY(socket_of(socket));
    const HostAddress name = TRY(peer_name(*object));
    if (address == nullptr || length == nullptr) return refused(WSAEFAULT, "nowhere to put the address");
    return to_windows(name, address, length);
  });
}

// --- Connecting ---

namespace {

Status connect_socket(Socket& socket, HostAddress address) {
  if (socket.is(Socket::kListening)) return refused(WSAEINVAL, "the socket listens");
  if (socket.is(Socket::kConnecting) && socket.wait(POLLOUT, 0)) {
    if (const int error = socket.finish_connect(); error == 0) return refused(WSAEISCONN, "it is connected meanwhile");
    socket.take_error();  // the next attempt has its own
  }
  if (!socket.datagrams() && address.storage.ss_family == AF_UNSPEC)
    return refused(WSAEAFNOSUPPORT, "an address without a family");
  // The host would say yes once more to a connection that it made in the background.
  if (!socket.datagrams() && socket.is(Socket::kConnected)) return refused(WSAEISCONN, "the socket is connected");
  TRY(require_destination(socket, address));
  if (::connect(socket.fd(), address.get(), address.length) == 0) {
    socket.mark(Socket::kConnected | Socket::kBound);
    socket.rearm(NetworkEvent::write);
    return ok;
  }
  if (errno != EINPROGRESS && errno != EINTR) {
    const int error = errno;
    if (!socket.datagrams()) socket.connect_failed(error);
    errno = error;
    return failed("connect");
  }
  socket.mark(Socket::kConnecting | Socket::kConnectUntold | Socket::kBound);
  if (socket.is(Socket::kNonblocking)) {
    socket.rearm(NetworkEvent::connect);
    return refused(WSAEWOULDBLOCK, "the connection is under way");
  }
  socket.wait(POLLOUT, -1);  // a signal, or SO_SNDTIMEO, which is not for this on Windows
  if (socket.is(Socket::kClosed)) return refused(WSAEINTR, "the socket was closed meanwhile");
  if (socket.finish_connect() == 0) return ok;
  errno = socket.take_error();
  return failed("connect");
}

HM_WINAPI INT WSAConnect(SOCKET socket, const void* address, INT length, WSABUF*, WSABUF*, void*, void*) noexcept {
  return connect(socket, address, length);
}

Status give_name(const Result<HostAddress>& name, void* address, DWORD* length) {
  if (!name) return name.error();
  return to_windows(*name, address, reinterpret_cast<INT*>(length));
}

// As many attempts as the name has addresses. `timeout` bounds each of them.
Status connect_by_name(SOCKET socket, const std::string& node, const std::string& service, DWORD* local_length,
                       void* local, DWORD* remote_length, void* remote, const TIMEVAL* timeout) {
  const auto object = TRY(socket_of(socket));
  addrinfo wanted = {}, *found = nullptr;
  wanted.ai_family = object->kind().family == AF_INET6 ? AF_UNSPEC : object->kind().family;
  wanted.ai_socktype = object->kind().type;
  if (::getaddrinfo(node.c_str(), service.c_str(), &wanted, &found) != 0)
    return fail_win32(WSAHOST_NOT_FOUND, "there is no {}:{}", node, service);
  const std::unique_ptr<addrinfo, void (*)(addrinfo*)> owner(found, ::freeaddrinfo);
  const bool was_nonblocking = object->is(Socket::kNonblocking);
  std::optional<Error> last;
  for (; found != nullptr; found = found->ai_next) {
    HostAddress address;
    address.length = found->ai_addrlen;
    std::memcpy(&address.storage, found->ai_addr, found->ai_addrlen);
    if (found->ai_family == AF_INET && object->kind().family == AF_INET6) {
      auto& v4 = reinterpret_cast<const sockaddr_in&>(*found->ai_addr);
      sockaddr_in6 mapped = {};
      mapped.sin6_family = AF_INET6;
      mapped.sin6_port = v4.sin_port;
      mapped.sin6_addr.s6_addr[10] = mapped.sin6_addr.s6_addr[11] = 0xFF;
      std::memcpy(&mapped.sin6_addr.s6_addr[12], &v4.sin_addr, 4);
      address.length = sizeof mapped;
      std::memcpy(&address.storage, &mapped, sizeof mapped);
    }
    if (timeout != nullptr && !was_nonblocking) TRY(object->set_nonblocking(true));
    Status connected = connect_socket(*object, address);
    if (timeout != nullptr && !was_nonblocking) TRY(object->set_nonblocking(false));
    if (!connected && connected.error().code() == WSAEWOULDBLOCK && !was_nonblocking) {
      const bool ready = object->wait(POLLOUT, static_cast<int>(timeout->tv_sec * 1000 + timeout->tv_usec / 1000));
      errno = !ready ? ETIMEDOUT : object->finish_connect();
      if (errno == 0)
        connected = ok;
      else
        connected = failed("connect");
    }
    if (connected) {
      if (local_length != nullptr) TRY(give_name(local_name(*object), local, local_length));
      if (remote_length != nullptr) TRY(give_name(peer_name(*object), remote, remote_length));
      return ok;
    }
    last = connected.error();
    TRY(object->renew());
  }
  return last ? Status(*last) : Status(refused(WSAHOST_NOT_FOUND, "the name has no address"));
}

HM_WINAPI BOOL WSAConnectByNameA(SOCKET socket, const char* node, const char* service, DWORD* local_length, void* local,
                                 DWORD* remote_length, void* remote, const TIMEVAL* timeout,
                                 OVERLAPPED* overlapped) noexcept {
  return succeed([&]() -> Status {
    if (node == nullptr || service == nullptr || overlapped != nullptr) return refused(WSAEINVAL, "no name");
    return connect_by_name(socket, node, service, local_length, local, remote_length, remote, timeout);
  });
}
HM_WINAPI BOOL WSAConnectByNameW(SOCKET socket, const WCHAR* node, const WCHAR* service, DWORD* local_length,
                                 void* local, DWORD* remote_length, void* remote, const TIMEVAL* timeout,
                                 OVERLAPPED* overlapped) noexcept {
  return succeed([&]() -> Status {
    if (node == nullptr || service == nullptr || overlapped != nullptr) return refused(WSAEINVAL, "no name");
    return connect_by_name(socket, utf8(node), utf8(service), local_length, local, remote_length, remote, timeout);
  });
}

}  // namespace

HM_WINAPI INT connect(SOCKET socket, const void* address, INT length) noexcept {
  return zero_or_error([&]() -> Status {
    const auto object = TRY(socket_of(socket));
    return connect_socket(*object, TRY(to_host(address, length)));
  });
}

// --- Listening and accepting ---

HM_WINAPI INT listen(SOCKET socket, INT backlog) noexcept {
  return zero_or_error([&]() -> Status {
    const auto object = TRY(socket_of(socket));
    if (object->datagrams()) return refused(WSAEOPNOTSUPP, "datagrams need no listener");
    if (!object->is(Socket::kBound)) return refused(WSAEINVAL, "the socket is not bound");
    if (object->is(Socket::kConnected)) return refused(WSAEISCONN, "the socket is connected");
    int on = 1;
    if (object->kind().family != AF_UNIX) ::setsockopt(object->fd(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (::listen(object->fd(), backlog) != 0) return failed("listen");
    ioctl(object->fd(), FIONBIO, &on);
    object->mark(Socket::kListening);
    return ok;
  });
}

namespace {

struct Connection {
  UniqueFd fd;
  HostAddress peer;
};

Result<Connection> next_connection(Socket& listener) {
  if (!listener.is(Socket::kListening)) return refused(WSAEINVAL, "the socket does not listen");
  Connection connection;
  for (;;) {
    connection.peer.length = sizeof connection.peer.storage;
    connection.fd = UniqueFd(::accept4(listener.fd(), connection.peer.get(), &connection.peer.length,
                                       SOCK_CLOEXEC | (listener.is(Socket::kNonblocking) ? SOCK_NONBLOCK : 0)));
    const int error = errno;
    if (listener.is(Socket::kClosed)) return refused(WSAEINTR, "the listener was closed meanwhile");
    if (connection.fd) break;
    if (error == EINTR || error == ECONNABORTED) continue;
    errno = error;
    if (error != EAGAIN) return failed("accept");
    listener.rearm(NetworkEvent::accept);
    if (listener.is(Socket::kNonblocking)) return refused(WSAEWOULDBLOCK, "nobody has come yet");
    listener.wait(POLLIN, -1);
  }
  listener.rearm(NetworkEvent::accept);
  return connection;
}

Ref<Socket> accepted_socket(const Socket& listener, UniqueFd fd) {
  const auto socket = nt::make_object<Socket>(std::move(fd), listener.kind(),
                                              listener.synchronous() ? FILE_SYNCHRONOUS_IO_NONALERT : 0);
  socket->mark(Socket::kBound | Socket::kConnected | (listener.state() & Socket::kNonblocking));
  socket->inherit_selection(listener);
  return socket;
}

// (caller, its data, QOS, QOS, callee, its data, group, context): CF_ACCEPT, CF_REJECT, CF_DEFER
using AcceptCondition = HM_WINAPI INT (*)(WSABUF*, WSABUF*, void*, void*, WSABUF*, WSABUF*, UINT*, DWORD_PTR);

Status ask(AcceptCondition condition, DWORD_PTR context, const Connection& connection) {
  HostAddress own;
  ::getsockname(connection.fd.get(), own.get(), &own.length);
  WindowsAddress peer = to_windows(connection.peer), local = to_windows(own);
  WSABUF caller = {static_cast<ULONG>(peer.length), reinterpret_cast<char*>(peer.bytes)},
         callee = {static_cast<ULONG>(local.length), reinterpret_cast<char*>(local.bytes)}, nothing = {};
  UINT group = 0;
  const INT decision = thread::call(condition, &caller, nullptr, nullptr, nullptr, &callee, &nothing, &group, context);
  if (decision == 0) return ok;
  const linger reset = {1, 0};
  ::setsockopt(connection.fd.get(), SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
  return refused(decision == 1 ? WSAECONNREFUSED : WSATRY_AGAIN, "the condition function said no");
}

HM_WINAPI SOCKET WSAAccept(SOCKET socket, void* address, INT* length, AcceptCondition condition,
                           DWORD_PTR context) noexcept {
  return answer<SOCKET>(INVALID_SOCKET, [&]() -> Result<SOCKET> {
    const auto listener = TRY(socket_of(socket));
    Connection connection = TRY(next_connection(*listener));
    if (condition != nullptr) TRY(ask(condition, context, connection));
    TRY(to_windows(connection.peer, address, length));
    return socket_handle(accepted_socket(*listener, std::move(connection.fd)));
  });
}

}  // namespace

HM_WINAPI SOCKET accept(SOCKET socket, void* address, INT* length) noexcept {
  return WSAAccept(socket, address, length, nullptr, 0);
}

// --- Ending ---

HM_WINAPI INT shutdown(SOCKET socket, INT how) noexcept {
  return zero_or_error([&]() -> Status {
    if (how < 0 || how > 2) return refused(WSAEINVAL, "neither SD_RECEIVE, SD_SEND nor SD_BOTH");
    const auto object = TRY(socket_of(socket));
    // The host has nothing to end for datagrams that go anywhere; Windows allows it.
    if (::shutdown(object->fd(), how) != 0 && !(errno == ENOTCONN && object->datagrams())) return failed("shutdown");
    if (how != SHUT_WR) object->mark(Socket::kReceiveShut);
    if (how != SHUT_RD) object->mark(Socket::kSendShut);
    return ok;
  });
}

namespace {

HM_WINAPI INT WSASendDisconnect(SOCKET socket, WSABUF*) noexcept {
  return shutdown(socket, SHUT_WR);
}
HM_WINAPI INT WSARecvDisconnect(SOCKET socket, WSABUF*) noexcept {
  return shutdown(socket, SHUT_RD);
}

// --- What Winsock 1.1 programs on Windows 3.1 needed ---

HM_WINAPI BOOL WSAIsBlocking() noexcept {
  return FALSE;
}
HM_WINAPI INT WSACancelBlockingCall() noexcept {
  return zero_or_error([]() -> Status { return refused(WSAEINVAL, "no call of this thread blocks"); });
}

constexpr std::string_view kNoDisconnectData = "without data, which TCP cannot carry";

const Export kRows[] = {
    {"WSAAccept", proc(WSAAccept), Support::partial, "CF_DEFER refuses the connection, too"},
    {"WSACancelBlockingCall", proc(WSACancelBlockingCall), Support::full, {}, 113},
    {"WSACleanup", proc(WSACleanup), Support::full, {}, 116},
    {"WSAConnect", proc(WSAConnect), Support::partial, "without connect data and QOS"},
    {"WSAConnectByNameA", proc(WSAConnectByNameA)},
    {"WSAConnectByNameW", proc(WSAConnectByNameW)},
    {"WSAGetLastError", proc(WSAGetLastError), Support::full, {}, 111},
    {"WSAIsBlocking", proc(WSAIsBlocking), Support::full, {}, 114},
    {"WSARecvDisconnect", proc(WSARecvDisconnect), Support::partial, kNoDisconnectData},
    {"WSASendDisconnect", proc(WSASendDisconnect), Support::partial, kNoDisconnectData},
    {"WSASetLastError", proc(WSASetLastError), Support::full, {}, 112},
    {"WSASocketA", proc(WSASocketA), Support::partial, "no socket groups"},
    {"WSASocketW", proc(WSASocketW), Support::partial, "no socket groups"},
    {"WSAStartup", proc(WSAStartup), Support::full, {}, 115},
    {"accept", proc(accept), Support::full, {}, 1},
    {"bind", proc(bind), Support::full, {}, 2},
    {"closesocket", proc(closesocket), Support::full, {}, 3},
    {"connect", proc(connect), Support::full, {}, 4},
    {"getpeername", proc(getpeername), Support::full, {}, 5},
    {"getsockname", proc(getsockname), Support::full, {}, 6},
    {"listen", proc(listen), Support::full, {}, 13},
    {"shutdown", proc(shutdown), Support::full, {}, 22},
    {"socket", proc(socket), Support::partial, "IPv4, IPv6 and Unix", 23},
};

}  // namespace

extern const ExportTable sockets_exports = kRows;

}  // namespace hmodule::winapi

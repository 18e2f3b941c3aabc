// winsock2.h: ioctlsocket and WSAIoctl.
#include "module/builtin.h"
#include "winapi/ws2_32/overlapped.h"
#include "winapi/ws2_32/winsock.h"

#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/ioctl.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <memory>
#include <vector>

namespace hmodule::winapi {

using nt::Socket;

namespace {

constexpr DWORD kFionbio = 0x8004667E, kFionread = 0x4004667F, kSiocatmark = 0x40047307;
// WSAIoctl's.
constexpr DWORD kKeepaliveValues = 0x98000004, kUdpConnectionReset = 0x9800000C, kUdpNetworkReset = 0x9800000F,
                kGetExtensionFunction = 0xC8000006, kBaseHandle = 0x48000022, kBspHandle = 0x4800001B,
                kBspHandleSelect = 0x4800001C, kBspHandlePoll = 0x4800001D, kAddressListQuery = 0x48000016,
                kRoutingInterfaceQuery = 0xC8000014, kGetInterfaceList = 0x4004747F, kLoopbackFastPath = 0x98000010;

struct Extension {
  GUID id;
  Proc function;
};
const Extension kExtensions[] = {
    {{0xB5367DF1, 0xCBAC, 0x11CF, {0x95, 0xCA, 0x00, 0x80, 0x5F, 0x48, 0xA1, 0x92}}, proc(AcceptEx)},
    {{0x25A207B9, 0xDDF3, 0x4660, {0x8E, 0xE9, 0x76, 0xE5, 0x8C, 0x74, 0x06, 0x3E}}, proc(ConnectEx)},
    {{0x7FDA2E11, 0x8630, 0x436F, {0xA0, 0x31, 0xF5, 0x36, 0xA6, 0xEE, 0xC1, 0x57}}, proc(DisconnectEx)},
    {{0xB5367DF2, 0xCBAC, 0x11CF, {0x95, 0xCA, 0x00, 0x80, 0x5F, 0x48, 0xA1, 0x92}}, proc(GetAcceptExSockaddrs)},
    {{0xB5367DF0, 0xCBAC, 0x11CF, {0x95, 0xCA, 0x00, 0x80, 0x5F, 0x48, 0xA1, 0x92}}, proc(TransmitFile)},
    {{0xD9689DA0, 0x1F90, 0x11D3, {0x99, 0x71, 0x00, 0xC0, 0x4F, 0x68, 0xC8, 0x76}}, proc(TransmitPackets)},
    {{0xF689D7C8, 0x6F1F, 0x436B, {0x8A, 0x53, 0xE5, 0x4F, 0xE3, 0x51, 0xC3, 0x22}}, proc(WSARecvMsg)},
    {{0xA441E712, 0x754F, 0x43CA, {0x84, 0xA7, 0x0D, 0xEE, 0x44, 0xCF, 0x60, 0x6D}}, proc(WSASendMsg)},
    {{0x18C76F85, 0xDC66, 0x4964, {0x97, 0x2E, 0x23, 0xC2, 0x72, 0x38, 0x31, 0x2B}}, proc(WSAPoll)},
};

Status control(Socket& socket, DWORD command, ULONG* argument) {
  if (argument == nullptr) return refused(WSAEFAULT, "a command without an argument");
  switch (command) {
    case kFionbio: {
      const bool on = *argument != 0;
      if (!on && socket.is(Socket::kSelecting))
        return refused(WSAEINVAL, "WSAEventSelect keeps the socket from blocking");
      if (const Status set = socket.set_nonblocking(on); !set) return failed(set.error());
      return ok;
    }
    case kFionread: {
      int count = 0;
      if (ioctl(socket.fd(), FIONREAD, &count) != 0) return failed("FIONREAD");
      *argument = static_cast<ULONG>(count);
      return ok;
    }
    case kSiocatmark: {
      // Windows asks whether everything urgent has been read; the host, whether the mark is next.
      int at_mark = 0;
      if (ioctl(socket.fd(), SIOCATMARK, &at_mark) != 0) return failed("SIOCATMARK");
      *argument = at_mark != 0 || !socket.wait(POLLPRI, 0);
      return ok;
    }
    default:
      return fail_win32(WSAEOPNOTSUPP, "socket command {:#x}", command);
  }
}

struct KeepaliveValues {
  ULONG on, idle, interval;  // milliseconds
};

Status set_keepalive(const Socket& socket, const KeepaliveValues& values) {
  const auto set = [&](int level, int name, int value) -> Status {
    if (::setsockopt(socket.fd(), level, name, &value, sizeof value) != 0) return failed("setsockopt");
    return ok;
  };
  const auto seconds = [](ULONG milliseconds) { return static_cast<int>(std::max<ULONG>(1, milliseconds / 1000)); };
  TRY(set(SOL_SOCKET, SO_KEEPALIVE, values.on != 0));
  if (values.on == 0) return ok;
  TRY(set(IPPROTO_TCP, TCP_KEEPIDLE, seconds(values.idle)));
  return set(IPPROTO_TCP, TCP_KEEPINTVL, seconds(values.interval));
}

// The buffers of one WSAIoctl.
struct Exchange {
  const void* in;
  DWORD in_size;
  void* out;
  DWORD out_size;
  DWORD returned = 0;

  template <typename T>
  Result<T> argument() const {
    if (in == nullptr || in_size < sizeof(T))
      return fail_win32(WSAEFAULT, "{} bytes for a command's argument", in_size);
    T value;
    std::memcpy(&value, in, sizeof value);
    return value;
  }
  Status give(const void* data, std::size_t size) {
    returned = static_cast<DWORD>(size);
    if (out == nullptr || out_size < size) return fail_win32(WSAEFAULT, "{} bytes for an answer of {}", out_size, size);
    std::memcpy(out, data, size);
    return ok;
  }
  template <typename T>
  Status give(const T& value) {
    return give(&value, sizeof value);
  }
};

Status give_extension(Exchange& exchange) {
  const auto id = TRY(exchange.argument<GUID>());
  for (const Extension& extension : kExtensions)
    if (std::memcmp(&extension.id, &id, sizeof id) == 0) return exchange.give(extension.function);
  return fail_win32(WSAEINVAL, "no extension function {:08x}-{:04x}-{:04x}", id.Data1, id.Data2, id.Data3);
}

// SOCKET_ADDRESS_LIST with this computer's addresses of the socket's family.
Status give_addresses(const Socket& socket, Exchange& exchange) {
  ifaddrs* list = nullptr;
  if (::getifaddrs(&list) != 0) return failed("getifaddrs");
  const std::unique_ptr<ifaddrs, void (*)(ifaddrs*)> owner(list, ::freeifaddrs);
  std::vector<WindowsAddress> addresses;
  for (; list != nullptr; list = list->ifa_next) {
    if (list->ifa_addr == nullptr || list->ifa_addr->sa_family != socket.kind().family ||
        (list->ifa_flags & IFF_LOOPBACK) != 0)
      continue;
    HostAddress address;
    address.length = socket.kind().family == AF_INET ? sizeof(sockaddr_in) : sizeof(sockaddr_in6);
    std::memcpy(&address.storage, list->ifa_addr, address.length);
    addresses.push_back(to_windows(address));
  }
  struct Entry {
    void* address;
    INT length;
  };
  const std::size_t header = 8, room = 32, needed = header + addresses.size() * (sizeof(Entry) + room);
  exchange.returned = static_cast<DWORD>(needed);
  if (exchange.out == nullptr || exchange.out_size < needed)
    return refused(WSAEFAULT, "too little room for the addresses");
  auto* const out = static_cast<char*>(exchange.out);
  const auto count = static_cast<INT>(addresses.size());
  std::memcpy(out, &count, sizeof count);
  char* text = out + header + addresses.size() * sizeof(Entry);
  for (std::size_t i = 0; i < addresses.size(); ++i, text += room) {
    const Entry entry = {text, addresses[i].length};
    std::memcpy(out + header + i * sizeof entry, &entry, sizeof entry);
    std::memcpy(text, addresses[i].bytes, static_cast<std::size_t>(addresses[i].length));
  }
  return ok;
}

// The local address that packets to the given one leave with.
Status give_route(const Socket& socket, Exchange& exchange) {
  HostAddress to = TRY(to_host(exchange.in, static_cast<INT>(exchange.in_size)));
  const nt::UniqueFd probe(::socket(socket.kind().family, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  auto& address = reinterpret_cast<sockaddr_in&>(to.storage);  // the port stands at the same place in both families
  if (address.sin_port == 0) address.sin_port = htons(9);
  if (!probe || ::connect(probe.get(), to.get(), to.length) != 0) return failed("connect");
  HostAddress own;
  if (::getsockname(probe.get(), own.get(), &own.length) != 0) return failed("getsockname");
  reinterpret_cast<sockaddr_in&>(own.storage).sin_port = 0;
  const WindowsAddress answer = to_windows(own);
  return exchange.give(answer.bytes, static_cast<std::size_t>(answer.length));
}

// INTERFACE_INFO for IPv4: flags, address, broadcast address, mask.
Status give_interfaces(Exchange& exchange) {
  struct InterfaceInfo {
    ULONG flags;
    unsigned char address[24], broadcast[24], mask[24];
  };
  static_assert(sizeof(InterfaceInfo) == 76);
  constexpr ULONG kUp = 1, kBroadcast = 2, kLoopback = 4, kPointToPoint = 8, kMulticast = 16;
  ifaddrs* list = nullptr;
  if (::getifaddrs(&list) != 0) return failed("getifaddrs");
  const std::unique_ptr<ifaddrs, void (*)(ifaddrs*)> owner(list, ::freeifaddrs);
  std::vector<InterfaceInfo> found;
  for (; list != nullptr; list = list->ifa_next) {
    if (list->ifa_addr == nullptr || list->ifa_addr->sa_family != AF_INET) continue;
    InterfaceInfo info = {};
    const auto flag = [&](unsigned host, ULONG windows) { info.flags |= (list->ifa_flags & host) != 0 ? windows : 0; };
    flag(IFF_UP, kUp);
    flag(IFF_BROADCAST, kBroadcast);
    flag(IFF_LOOPBACK, kLoopback);
    flag(IFF_POINTOPOINT, kPointToPoint);
    flag(IFF_MULTICAST, kMulticast);
    std::memcpy(info.address, list->ifa_addr, sizeof(sockaddr_in));
    if (list->ifa_netmask != nullptr) std::memcpy(info.mask, list->ifa_netmask, sizeof(sockaddr_in));
    if ((list->ifa_flags & IFF_BROADCAST) != 0 && list->ifa_broadaddr != nullptr)
      std::memcpy(info.broadcast, list->ifa_broadaddr, sizeof(sockaddr_in));
    found.push_back(info);
  }
  return exchange.give(found.data(), found.size() * sizeof found[0]);
}

Status run(Socket& socket, SOCKET handle, DWORD command, Exchange& exchange) {
  switch (command) {
    case kFionbio: {
      auto on = TRY(exchange.argument<ULONG>());
      return control(socket, command, &on);
    }
    case kFionread:
    case kSiocatmark: {
      ULONG value = 0;
      TRY(control(socket, command, &value));
      return exchange.give(value);
    }
    case kKeepaliveValues:
      return set_keepalive(socket, TRY(exchange.argument<KeepaliveValues>()));
    case kUdpConnectionReset:
    case kUdpNetworkReset: {
      const bool on = TRY(exchange.argument<BYTE>()) != 0;
      if (command == kUdpConnectionReset)
        on ? socket.unmark(Socket::kIgnoreUnreachable) : socket.mark(Socket::kIgnoreUnreachable);
      return ok;
    }
    case kLoopbackFastPath:  // the host's loopback has no other
      TRY(exchange.argument<int>());
      return ok;
    case kGetExtensionFunction:
      return give_extension(exchange);
    case kBaseHandle:
    case kBspHandle:
    case kBspHandleSelect:
    case kBspHandlePoll:
      return exchange.give(handle);
    case kAddressListQuery:
      return give_addresses(socket, exchange);
    case kRoutingInterfaceQuery:
      return give_route(socket, exchange);
    case kGetInterfaceList:
      return give_interfaces(exchange);
    default:
      return fail_win32(WSAEOPNOTSUPP, "socket command {:#x}", command);
  }
}

HM_WINAPI INT WSAIoctl(SOCKET socket, DWORD command, void* in, DWORD in_size, void* out, DWORD out_size,
                       DWORD* returned, OVERLAPPED* overlapped, WinsockRoutine routine) noexcept {
  return zero_or_error([&]() -> Status {
    const auto object = TRY(socket_of(socket));
    if (returned == nullptr && overlapped == nullptr) return refused(WSAEFAULT, "nowhere to put the count");
    Exchange exchange = {in, in_size, out, out_size};
    const Status done = run(*object, socket, command, exchange);
    if (returned != nullptr) *returned = exchange.returned;
    TRY(done);
    if (!is_overlapped(*object, overlapped)) return ok;
    return start_overlapped(*object, Socket::Direction::send, std::make_unique<Done>(exchange.returned), overlapped,
                            routine, returned);
  });
}

}  // namespace

HM_WINAPI INT ioctlsocket(SOCKET socket, LONG command, ULONG* argument) noexcept {
  return zero_or_error([&]() -> Status {
    const auto object = TRY(socket_of(socket));
    return control(*object, static_cast<DWORD>(command), argument);
  });
}

namespace {

const Export kRows[] = {
    {"WSAIoctl", proc(WSAIoctl), Support::partial,
     "FIONBIO, FIONREAD, SIOCATMARK, SIO_KEEPALIVE_VALS, SIO_GET_EXTENSION_FUNCTION_POINTER, SIO_UDP_CONNRESET, "
     "SIO_BASE_HANDLE, SIO_ADDRESS_LIST_QUERY, SIO_ROUTING_INTERFACE_QUERY, SIO_GET_INTERFACE_LIST"},
    {"ioctlsocket", proc(ioctlsocket), Support::full, {}, 10},
};

}  // namespace

extern const ExportTable control_exports = kRows;

}  // namespace hmodule::winapi

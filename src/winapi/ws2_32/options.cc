// winsock2.h: socket options: other numbers for most, other units for some, other meanings for a few.
#include "module/builtin.h"
#include "winapi/ws2_32/protocols.h"
#include "winapi/ws2_32/winsock.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/ioctl.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace hmodule::winapi {

using nt::Socket;

namespace {

constexpr INT kSocketLevel = 0xFFFF;
constexpr INT kReuseAddress = 0x4, kLinger = 0x80, kDontLinger = ~0x80, kExclusiveAddress = ~0x4, kError = 0x1007,
              kMaxMessageSize = 0x2003, kProtocolInfoA = 0x2004, kProtocolInfoW = 0x2005, kUpdateAcceptContext = 0x700B,
              kConnectTime = 0x700C, kUpdateConnectContext = 0x7010;

// How a value differs between the systems.
enum class Form : std::uint8_t {
  number,
  truth,         // a BOOL: what is not zero is one
  milliseconds,  // a DWORD; a timeval below
  seconds,       // a DWORD; milliseconds below
  buffer_size,   // the host tells twice what it was told
  dont_fragment,
  path_mtu_discovery,
  multicast_interface,  // an address, or a number below 2^24 in network order
  membership,           // ip_mreq, ipv6_mreq, group_req: taken as they are
  source_membership,    // ip_mreq_source: the last two fields change places
  group,                // group_req, group_source_req: the families' numbers
};

struct Option {
  INT level, name;
  int host_level, host_name;
  Form form = Form::number;
};
constexpr Option kOptions[] = {
    {kSocketLevel, 0x0001, SOL_SOCKET, SO_DEBUG, Form::truth},
    {kSocketLevel, 0x0002, SOL_SOCKET, SO_ACCEPTCONN, Form::truth},
    {kSocketLevel, 0x0008, SOL_SOCKET, SO_KEEPALIVE, Form::truth},
    {kSocketLevel, 0x0010, SOL_SOCKET, SO_DONTROUTE, Form::truth},
    {kSocketLevel, 0x0020, SOL_SOCKET, SO_BROADCAST, Form::truth},
    {kSocketLevel, 0x0100, SOL_SOCKET, SO_OOBINLINE, Form::truth},
    {kSocketLevel, 0x1001, SOL_SOCKET, SO_SNDBUF, Form::buffer_size},
    {kSocketLevel, 0x1002, SOL_SOCKET, SO_RCVBUF, Form::buffer_size},
    {kSocketLevel, 0x1004, SOL_SOCKET, SO_RCVLOWAT},
    {kSocketLevel, 0x1005, SOL_SOCKET, SO_SNDTIMEO, Form::milliseconds},
    {kSocketLevel, 0x1006, SOL_SOCKET, SO_RCVTIMEO, Form::milliseconds},
    {kSocketLevel, 0x1008, SOL_SOCKET, SO_TYPE},
    {IPPROTO_TCP, 1, IPPROTO_TCP, TCP_NODELAY, Form::truth},
    {IPPROTO_TCP, 3, IPPROTO_TCP, TCP_KEEPIDLE},
    {IPPROTO_TCP, 4, IPPROTO_TCP, TCP_MAXSEG},
    {IPPROTO_TCP, 5, IPPROTO_TCP, TCP_USER_TIMEOUT, Form::seconds},
    {IPPROTO_TCP, 14, IPPROTO_TCP, TCP_USER_TIMEOUT},
    {IPPROTO_TCP, 15, IPPROTO_TCP, TCP_FASTOPEN_CONNECT},
    {IPPROTO_TCP, 16, IPPROTO_TCP, TCP_KEEPCNT},
    {IPPROTO_TCP, 17, IPPROTO_TCP, TCP_KEEPINTVL},
    {IPPROTO_IP, 2, IPPROTO_IP, IP_HDRINCL, Form::truth},
    {IPPROTO_IP, 3, IPPROTO_IP, IP_TOS},
    {IPPROTO_IP, 4, IPPROTO_IP, IP_TTL},
    {IPPROTO_IP, 9, IPPROTO_IP, IP_MULTICAST_IF, Form::multicast_interface},
    {IPPROTO_IP, 10, IPPROTO_IP, IP_MULTICAST_TTL},
    {IPPROTO_IP, 11, IPPROTO_IP, IP_MULTICAST_LOOP, Form::truth},
    {IPPROTO_IP, 12, IPPROTO_IP, IP_ADD_MEMBERSHIP, Form::membership},
    {IPPROTO_IP, 13, IPPROTO_IP, IP_DROP_MEMBERSHIP, Form::membership},
    {IPPROTO_IP, 14, IPPROTO_IP, IP_MTU_DISCOVER, Form::dont_fragment},
    {IPPROTO_IP, 15, IPPROTO_IP, IP_ADD_SOURCE_MEMBERSHIP, Form::source_membership},
    {IPPROTO_IP, 16, IPPROTO_IP, IP_DROP_SOURCE_MEMBERSHIP, Form::source_membership},
    {IPPROTO_IP, 17, IPPROTO_IP, IP_BLOCK_SOURCE, Form::source_membership},
    {IPPROTO_IP, 18, IPPROTO_IP, IP_UNBLOCK_SOURCE, Form::source_membership},
    {IPPROTO_IP, 19, IPPROTO_IP, IP_PKTINFO, Form::truth},
    {IPPROTO_IP, 21, IPPROTO_IP, IP_RECVTTL, Form::truth},
    {IPPROTO_IP, 31, IPPROTO_IP, IP_UNICAST_IF},
    {IPPROTO_IP, 40, IPPROTO_IP, IP_RECVTOS, Form::truth},
    {IPPROTO_IP, 71, IPPROTO_IP, IP_MTU_DISCOVER, Form::path_mtu_discovery},
    {IPPROTO_IP, 73, IPPROTO_IP, IP_MTU},
    {IPPROTO_IPV6, 4, IPPROTO_IPV6, IPV6_UNICAST_HOPS},
    {IPPROTO_IPV6, 9, IPPROTO_IPV6, IPV6_MULTICAST_IF},
    {IPPROTO_IPV6, 10, IPPROTO_IPV6, IPV6_MULTICAST_HOPS},
    {IPPROTO_IPV6, 11, IPPROTO_IPV6, IPV6_MULTICAST_LOOP, Form::truth},
    {IPPROTO_IPV6, 12, IPPROTO_IPV6, IPV6_JOIN_GROUP, Form::membership},
    {IPPROTO_IPV6, 13, IPPROTO_IPV6, IPV6_LEAVE_GROUP, Form::membership},
    {IPPROTO_IPV6, 14, IPPROTO_IPV6, IPV6_MTU_DISCOVER, Form::dont_fragment},
    {IPPROTO_IPV6, 19, IPPROTO_IPV6, IPV6_RECVPKTINFO, Form::truth},
    {IPPROTO_IPV6, 21, IPPROTO_IPV6, IPV6_RECVHOPLIMIT, Form::truth},
    {IPPROTO_IPV6, 27, IPPROTO_IPV6, IPV6_V6ONLY, Form::truth},
    {IPPROTO_IPV6, 31, IPPROTO_IPV6, IPV6_UNICAST_IF},
    {IPPROTO_IPV6, 39, IPPROTO_IPV6, IPV6_TCLASS},
    {IPPROTO_IPV6, 40, IPPROTO_IPV6, IPV6_RECVTCLASS, Form::truth},
    {IPPROTO_IPV6, 71, IPPROTO_IPV6, IPV6_MTU_DISCOVER, Form::path_mtu_discovery},
    {IPPROTO_IPV6, 72, IPPROTO_IPV6, IPV6_MTU},
    {IPPROTO_IP, 41, IPPROTO_IP, MCAST_JOIN_GROUP, Form::group},
    {IPPROTO_IP, 42, IPPROTO_IP, MCAST_LEAVE_GROUP, Form::group},
    {IPPROTO_IP, 43, IPPROTO_IP, MCAST_BLOCK_SOURCE, Form::group},
    {IPPROTO_IP, 44, IPPROTO_IP, MCAST_UNBLOCK_SOURCE, Form::group},
    {IPPROTO_IP, 45, IPPROTO_IP, MCAST_JOIN_SOURCE_GROUP, Form::group},
    {IPPROTO_IP, 46, IPPROTO_IP, MCAST_LEAVE_SOURCE_GROUP, Form::group},
    {IPPROTO_IPV6, 41, IPPROTO_IPV6, MCAST_JOIN_GROUP, Form::group},
    {IPPROTO_IPV6, 42, IPPROTO_IPV6, MCAST_LEAVE_GROUP, Form::group},
    {IPPROTO_IPV6, 43, IPPROTO_IPV6, MCAST_BLOCK_SOURCE, Form::group},
    {IPPROTO_IPV6, 44, IPPROTO_IPV6, MCAST_UNBLOCK_SOURCE, Form::group},
    {IPPROTO_IPV6, 45, IPPROTO_IPV6, MCAST_JOIN_SOURCE_GROUP, Form::group},
    {IPPROTO_IPV6, 46, IPPROTO_IPV6, MCAST_LEAVE_SOURCE_GROUP, Form::group},
};

Result<const Option*> option(INT level, INT name) {
  for (const Option& known : kOptions)
    if (known.level == level && known.name == name) return &known;
  return fail_win32(WSAENOPROTOOPT, "socket option {:#x} of level {:#x}", name, level);
}

// IP_PMTUDISC_: not set, do, don't, probe on Windows; don't, want, do, probe here.
constexpr int kHostDiscovery[] = {IP_PMTUDISC_WANT, IP_PMTUDISC_DO, IP_PMTUDISC_DONT, IP_PMTUDISC_PROBE};

struct WindowsLinger {
  USHORT on, seconds;
};

template <typename T>
Result<T> value_from(const char* value, INT length) {
  if (value == nullptr || length < static_cast<INT>(sizeof(T)))
    return fail_win32(WSAEFAULT, "an option of {} bytes, {} are needed", length, sizeof(T));
  T read;
  std::memcpy(&read, value, sizeof read);
  return read;
}

// A BOOLEAN is taken for a BOOL.
Result<int> number_from(const char* value, INT length) {
  if (length >= 1 && length < static_cast<INT>(sizeof(int)) && value != nullptr)
    return static_cast<int>(static_cast<unsigned char>(*value));
  return value_from<int>(value, length);
}

// --- Setting ---

template <typename T>
Status set_host(const Socket& socket, int level, int name, const T& value) {
  if (::setsockopt(socket.fd(), level, name, &value, sizeof value) != 0) return failed("setsockopt");
  return ok;
}

Status set_address_sharing(Socket& socket, INT name, bool on) {
  const bool reuse = name == kReuseAddress;
  if (on && socket.is(reuse ? Socket::kExclusiveAddress : Socket::kReuseAddress))
    return refused(WSAEINVAL, "an address is either shared or exclusive");
  const unsigned state = reuse ? Socket::kReuseAddress : Socket::kExclusiveAddress;
  on ? socket.mark(state) : socket.unmark(state);
  return reuse ? set_host(socket, SOL_SOCKET, SO_REUSEADDR, int{on}) : ok;
}

// Options that Windows keeps for the whole socket. False for those of the table.
Result<bool> set_special(Socket& socket, INT name, const char* value, INT length) {
  switch (name) {
    case kReuseAddress:
    case kExclusiveAddress: {
      const int on = TRY(number_from(value, length));
      TRY(set_address_sharing(socket, name, on != 0));
      return true;
    }
    case kLinger: {
      const auto given = TRY(value_from<WindowsLinger>(value, length));
      TRY(set_host(socket, SOL_SOCKET, SO_LINGER, linger{given.on, given.seconds}));
      return true;
    }
    case kDontLinger: {
      const int off = TRY(number_from(value, length));
      TRY(set_host(socket, SOL_SOCKET, SO_LINGER, linger{off == 0, 0}));
      return true;
    }
    case kUpdateAcceptContext: {
      const auto listener = TRY(value_from<SOCKET>(value, length));
      TRY(socket_of(listener));
      [[fallthrough]];
    }
    case kUpdateConnectContext:  // what either does has been done by AcceptEx and ConnectEx
      if (!socket.is(Socket::kConnected)) return refused(WSAENOTCONN, "the socket is not connected");
      return true;
    default:
      return false;
  }
}

Status set_option(const Socket& socket, const Option& wanted, const char* value, INT length) {
  if (value == nullptr || length < 1) return refused(WSAEFAULT, "an option without a value");
  const auto set = [&](const auto& host) { return set_host(socket, wanted.host_level, wanted.host_name, host); };
  switch (wanted.form) {
    case Form::number:
    case Form::buffer_size:
      return set(TRY(number_from(value, length)));
    case Form::truth:
      return set(int{TRY(number_from(value, length)) != 0});
    case Form::milliseconds: {
      const auto given = TRY(value_from<DWORD>(value, length));
      return set(timeval{given / 1000, given % 1000 * 1000});
    }
    case Form::seconds:
      return set(TRY(number_from(value, length)) * 1000);
    case Form::dont_fragment:
      return set(int{TRY(number_from(value, length)) != 0 ? IP_PMTUDISC_DO : IP_PMTUDISC_DONT});
    case Form::path_mtu_discovery: {
      const int given = TRY(number_from(value, length));
      if (given < 0 || given > 3) return refused(WSAEINVAL, "no way to discover the MTU");
      return set(kHostDiscovery[given]);
    }
    case Form::multicast_interface: {
      ip_mreqn request = {};
      request.imr_address = TRY(value_from<in_addr>(value, length));
      if ((ntohl(request.imr_address.s_addr) >> 24) == 0)
        request = {{}, {}, static_cast<int>(ntohl(request.imr_address.s_addr))};
      return set(request);
    }
    case Form::source_membership: {
      auto request = TRY(value_from<ip_mreq_source>(value, length));
      std::swap(request.imr_interface, request.imr_sourceaddr);
      return set(request);
    }
    case Form::group: {
      // An interface, then one or two addresses.
      unsigned char copy[sizeof(group_source_req)] = {};
      const auto size = std::min(static_cast<std::size_t>(length), sizeof copy);
      std::memcpy(copy, value, size);
      for (const std::size_t at : {offsetof(group_source_req, gsr_group), offsetof(group_source_req, gsr_source)}) {
        USHORT family;
        std::memcpy(&family, copy + at, sizeof family);
        family = static_cast<USHORT>(host_family(family));
        std::memcpy(copy + at, &family, sizeof family);
      }
      if (::setsockopt(socket.fd(), wanted.host_level, wanted.host_name, copy, static_cast<socklen_t>(size)) != 0)
        return failed("setsockopt");
      return ok;
    }
    case Form::membership:
      break;
  }
  if (::setsockopt(socket.fd(), wanted.host_level, wanted.host_name, value, static_cast<socklen_t>(length)) != 0)
    return failed("setsockopt");
  return ok;
}

// --- Getting ---

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

template <typename T>
Result<T> get_host(const Socket& socket, int level, int name) {
  T value = {};
  socklen_t size = sizeof value;
  if (::getsockopt(socket.fd(), level, name, &value, &size) != 0) return failed("getsockopt");
  return value;
}

// Seconds since the connection was made; -1 without one.
int connect_time(const Socket& socket) {
  if (!socket.is(Socket::kConnected)) return -1;
  timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return static_cast<int>(now.tv_sec - socket.connected_at());
}

Result<bool> get_special(Socket& socket, INT name, char* value, INT* length) {
  switch (name) {
    case kReuseAddress:
      TRY(give_value(int{socket.is(Socket::kReuseAddress)}, value, length));
      return true;
    case kExclusiveAddress:
      TRY(give_value(int{socket.is(Socket::kExclusiveAddress)}, value, length));
      return true;
    case kLinger: {
      const auto host = TRY(get_host<linger>(socket, SOL_SOCKET, SO_LINGER));
      TRY(give_value(WindowsLinger{static_cast<USHORT>(host.l_onoff), static_cast<USHORT>(host.l_linger)}, value,
                     length));
      return true;
    }
    case kDontLinger: {
      const auto host = TRY(get_host<linger>(socket, SOL_SOCKET, SO_LINGER));
      TRY(give_value(int{host.l_onoff == 0}, value, length));
      return true;
    }
    case kError: {
      const int error = socket.take_error();
      TRY(give_value(error == 0 ? 0 : static_cast<int>(nt::winsock_code(error)), value, length));
      return true;
    }
    case kMaxMessageSize:
      if (!socket.datagrams()) return refused(WSAENOPROTOOPT, "a stream has no messages");
      TRY(give_value(int{65507}, value, length));
      return true;
    case kProtocolInfoA:
      TRY(give_value(protocol_of<char>(socket), value, length));
      return true;
    case kProtocolInfoW:
      TRY(give_value(protocol_of<WCHAR>(socket), value, length));
      return true;
    case kConnectTime:
      TRY(give_value(connect_time(socket), value, length));
      return true;
    default:
      return false;
  }
}

Status get_option(const Socket& socket, const Option& wanted, char* value, INT* length) {
  const auto host_number = [&] { return get_host<int>(socket, wanted.host_level, wanted.host_name); };
  switch (wanted.form) {
    case Form::milliseconds: {
      const auto host = TRY(get_host<timeval>(socket, wanted.host_level, wanted.host_name));
      return give_value(static_cast<DWORD>(host.tv_sec * 1000 + host.tv_usec / 1000), value, length);
    }
    case Form::seconds:
      return give_value(TRY(host_number()) / 1000, value, length);
    case Form::buffer_size:
      return give_value(TRY(host_number()) / 2, value, length);
    case Form::dont_fragment:
      return give_value(int{TRY(host_number()) == IP_PMTUDISC_DO}, value, length);
    case Form::path_mtu_discovery: {
      const auto* const found = std::find(std::begin(kHostDiscovery), std::end(kHostDiscovery), TRY(host_number()));
      return give_value(static_cast<int>(found - kHostDiscovery), value, length);
    }
    case Form::number:
    case Form::truth:
    case Form::multicast_interface:
      return give_value(TRY(host_number()), value, length);
    default:
      return refused(WSAENOPROTOOPT, "a membership cannot be asked for");
  }
}

}  // namespace

HM_WINAPI INT setsockopt(SOCKET socket, INT level, INT name, const char* value, INT length) noexcept {
  return zero_or_error([&]() -> Status {
    const auto object = TRY(socket_of(socket));
    if (level == kSocketLevel && TRY(set_special(*object, name, value, length))) return ok;
    return set_option(*object, *TRY(option(level, name)), value, length);
  });
}

HM_WINAPI INT getsockopt(SOCKET socket, INT level, INT name, char* value, INT* length) noexcept {
  return zero_or_error([&]() -> Status {
    const auto object = TRY(socket_of(socket));
    if (value == nullptr || length == nullptr) return refused(WSAEFAULT, "nowhere to put the option");
    if (level == kSocketLevel && TRY(get_special(*object, name, value, length))) return ok;
    return get_option(*object, *TRY(option(level, name)), value, length);
  });
}

namespace {

constexpr std::string_view kOptionNote =
    "no segmentation offload (UDP_SEND_MSG_SIZE); SO_REUSEADDR lets datagram sockets share a port, listeners not";

const Export kRows[] = {
    {"getsockopt", proc(getsockopt), Support::partial, kOptionNote, 7},
    {"setsockopt", proc(setsockopt), Support::partial, kOptionNote, 21},
};

}  // namespace

extern const ExportTable options_exports = kRows;

}  // namespace hmodule::winapi

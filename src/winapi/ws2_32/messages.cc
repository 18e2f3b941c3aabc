// mswsock.h: WSARecvMsg and WSASendMsg: datagrams with control data, whose headers and numbers differ between the
// systems.
#include "module/builtin.h"
#include "winapi/ws2_32/overlapped.h"
#include "winapi/ws2_32/transfer.h"
#include "winapi/ws2_32/winsock.h"

#include <netinet/in.h>
#include <poll.h>

#include <array>
#include <cstring>

namespace hmodule::winapi {

using nt::Socket, nt::SocketReceive, nt::SocketSend;

namespace {

constexpr INT kPacketInfo = 19, kHopLimit = 21, kTrafficClass = 39, kTypeOfService = 3, kTtl = 4;

// IN_PKTINFO: the address before the interface.
struct Ipv4PacketInfo {
  in_addr address;
  ULONG interface;
};

using ControlBuffer = std::array<char, 512>;

constexpr std::size_t aligned(std::size_t size) {
  return (size + 7) & ~std::size_t{7};
}

// One item after the other into the caller's buffer.
class ControlWriter {
 public:
  explicit ControlWriter(WSABUF& control) : control_(control) {}
  ~ControlWriter() { control_.len = static_cast<ULONG>(used_); }
  ControlWriter(const ControlWriter&) = delete;
  ControlWriter& operator=(const ControlWriter&) = delete;

  // False when it does not fit: MSG_CTRUNC.
  bool put(INT level, INT type, const void* data, std::size_t size) {
    const WSACMSGHDR header = {sizeof header + size, level, type};
    if (control_.buf == nullptr || control_.len < used_ + header.cmsg_len) return false;
    std::memcpy(control_.buf + used_, &header, sizeof header);
    std::memcpy(control_.buf + used_ + sizeof header, data, size);
    used_ += aligned(header.cmsg_len);
    if (used_ > control_.len) used_ = control_.len;
    return true;
  }

 private:
  WSABUF& control_;
  std::size_t used_ = 0;
};

bool put_item(ControlWriter& writer, cmsghdr& item) {
  const unsigned char* const data = CMSG_DATA(&item);
  const auto number = [&] {
    int value = 0;
    std::memcpy(&value, data, std::min<std::size_t>(sizeof value, item.cmsg_len - CMSG_LEN(0)));
    return value;
  };
  if (item.cmsg_level == IPPROTO_IP && item.cmsg_type == IP_PKTINFO) {
    in_pktinfo host;
    std::memcpy(&host, data, sizeof host);
    const Ipv4PacketInfo info = {host.ipi_addr, static_cast<ULONG>(host.ipi_ifindex)};
    return writer.put(IPPROTO_IP, kPacketInfo, &info, sizeof info);
  }
  if (item.cmsg_level == IPPROTO_IPV6 && item.cmsg_type == IPV6_PKTINFO)
    return writer.put(IPPROTO_IPV6, kPacketInfo, data, sizeof(in6_pktinfo));
  INT type = 0;
  if (item.cmsg_level == IPPROTO_IP)
    type = item.cmsg_type == IP_TTL ? kHopLimit : item.cmsg_type == IP_TOS ? kTypeOfService : 0;
  if (item.cmsg_level == IPPROTO_IPV6)
    type = item.cmsg_type == IPV6_HOPLIMIT ? kHopLimit : item.cmsg_type == IPV6_TCLASS ? kTrafficClass : 0;
  if (type == 0) return true;  // nothing that Windows knows
  const int value = number();
  return writer.put(item.cmsg_level, type, &value, sizeof value);
}

// Gives what the host received to the caller's WSAMSG.
Status give_message(const msghdr& from, const HostAddress& sender, WSAMSG& to) {
  to.dwFlags = (from.msg_flags & MSG_TRUNC) != 0 ? WIN_MSG_TRUNC : 0;
  if ((from.msg_flags & MSG_CTRUNC) != 0) to.dwFlags |= WIN_MSG_CTRUNC;
  {
    ControlWriter writer(to.Control);
    auto& mutable_from = const_cast<msghdr&>(from);
    for (cmsghdr* item = CMSG_FIRSTHDR(&mutable_from); item != nullptr; item = CMSG_NXTHDR(&mutable_from, item))
      if (!put_item(writer, *item)) to.dwFlags |= WIN_MSG_CTRUNC;
  }
  return sender.length == 0 ? Status(ok) : to_windows(sender, to.name, &to.namelen);
}

// The caller's control data for the host.
Result<std::size_t> take_control(const WSABUF& control, ControlBuffer& buffer) {
  msghdr out = {};
  out.msg_control = buffer.data();
  out.msg_controllen = buffer.size();
  buffer.fill(0);
  cmsghdr* item = CMSG_FIRSTHDR(&out);
  std::size_t used = 0;
  const auto put = [&](int level, int type, const void* data, std::size_t size) -> Status {
    if (used + CMSG_SPACE(size) > buffer.size()) return refused(WSAENOBUFS, "too much control data");
    item->cmsg_level = level;
    item->cmsg_type = type;
    item->cmsg_len = CMSG_LEN(size);
    std::memcpy(CMSG_DATA(item), data, size);
    used += CMSG_SPACE(size);
    item = reinterpret_cast<cmsghdr*>(buffer.data() + used);
    return ok;
  };
  for (std::size_t at = 0; control.buf != nullptr && at + sizeof(WSACMSGHDR) <= control.len;) {
    WSACMSGHDR header;
    std::memcpy(&header, control.buf + at, sizeof header);
    if (header.cmsg_len < sizeof header || header.cmsg_len > control.len - at)
      return refused(WSAEINVAL, "control data with a length that cannot be");
    const char* const data = control.buf + at + sizeof header;
    const std::size_t size = header.cmsg_len - sizeof header;
    const INT level = header.cmsg_level, type = header.cmsg_type;
    if (level == IPPROTO_IP && type == kPacketInfo && size >= sizeof(Ipv4PacketInfo)) {
      Ipv4PacketInfo info;
      std::memcpy(&info, data, sizeof info);
      const in_pktinfo host = {static_cast<int>(info.interface), info.address, {}};
      TRY(put(IPPROTO_IP, IP_PKTINFO, &host, sizeof host));
    } else if (level == IPPROTO_IPV6 && type == kPacketInfo && size >= sizeof(in6_pktinfo)) {
      TRY(put(IPPROTO_IPV6, IPV6_PKTINFO, data, sizeof(in6_pktinfo)));
    } else if (size >= sizeof(int) && level == IPPROTO_IP && (type == kTtl || type == kHopLimit)) {
      TRY(put(IPPROTO_IP, IP_TTL, data, sizeof(int)));
    } else if (size >= sizeof(int) && level == IPPROTO_IP && type == kTypeOfService) {
      TRY(put(IPPROTO_IP, IP_TOS, data, sizeof(int)));
    } else if (size >= sizeof(int) && level == IPPROTO_IPV6 && (type == kHopLimit || type == kTrafficClass)) {
      TRY(put(IPPROTO_IPV6, type == kHopLimit ? IPV6_HOPLIMIT : IPV6_TCLASS, data, sizeof(int)));
    } else {
      return fail_win32(WSAEINVAL, "control data of level {} and type {}", level, type);
    }
    at += aligned(header.cmsg_len);
  }
  return used;
}

class ReceiveMessage final : public SocketReceive {
 public:
  ReceiveMessage(std::vector<iovec> parts, int flags, WSAMSG& to) : SocketReceive(std::move(parts), flags), to_(to) {}

 private:
  void prepare(msghdr& message) override {
    message.msg_name = sender_.get();
    message.msg_namelen = sizeof sender_.storage;
    message.msg_control = control_.data();
    message.msg_controllen = control_.size();
  }
  NTSTATUS received(Socket&, const msghdr& message) override {
    sender_.length = message.msg_namelen;
    return give_message(message, sender_, to_) ? STATUS_SUCCESS : STATUS_ACCESS_VIOLATION;
  }
  WSAMSG& to_;
  HostAddress sender_;
  alignas(cmsghdr) ControlBuffer control_;
};

class SendMessage final : public SocketSend {
 public:
  SendMessage(std::vector<iovec> parts, int flags) : SocketSend(std::move(parts), flags) {}
  HostAddress to;
  alignas(cmsghdr) ControlBuffer control;
  std::size_t control_size = 0;

 private:
  void prepare(msghdr& message) override {
    if (to.length != 0) {
      message.msg_name = to.get();
      message.msg_namelen = to.length;
    }
    message.msg_control = control_size != 0 ? control.data() : nullptr;
    message.msg_controllen = control_size;
  }
};

// Non-blocking sockets refuse where others wait.
Result<DWORD> run_message(Socket& socket, bool receiving, nt::SocketOperation& operation) {
  if (!socket.is(Socket::kNonblocking)) return run_to_end(socket, receiving ? POLLIN : POLLOUT, operation);
  const auto result = operation.attempt(socket);
  if (!result) return refused(WSAEWOULDBLOCK, "it would block");
  if (const DWORD code = nt::winsock_code_of_status(result->status); code != 0)
    return fail_win32(code, "the message ended with {:#010x}", static_cast<std::uint32_t>(result->status));
  return static_cast<DWORD>(result->information);
}

}  // namespace

HM_WINAPI INT WSARecvMsg(SOCKET socket, WSAMSG* message, DWORD* received, OVERLAPPED* overlapped,
                         WinsockRoutine routine) noexcept {
  return zero_or_error([&]() -> Status {
    const auto object = TRY(socket_of(socket));
    if (message == nullptr) return refused(WSAEFAULT, "no message");
    if (!object->datagrams()) return refused(WSAEOPNOTSUPP, "messages are datagrams");
    TRY(may_receive(*object));
    std::vector<iovec> parts = TRY(host_parts(message->lpBuffers, message->dwBufferCount));
    const int flags = TRY(host_message_flags(message->dwFlags));
    auto operation = std::make_unique<ReceiveMessage>(std::move(parts), flags, *message);
    if (is_overlapped(*object, overlapped))
      return start_overlapped(*object, Socket::Direction::receive, std::move(operation), overlapped, routine, received);
    const DWORD count = TRY(run_message(*object, true, *operation));
    if (received != nullptr) *received = count;
    return ok;
  });
}

HM_WINAPI INT WSASendMsg(SOCKET socket, WSAMSG* message, DWORD flags, DWORD* sent, OVERLAPPED* overlapped,
                         WinsockRoutine routine) noexcept {
  return zero_or_error([&]() -> Status {
    const auto object = TRY(socket_of(socket));
    if (message == nullptr) return refused(WSAEFAULT, "no message");
    if (!object->datagrams()) return refused(WSAEINVAL, "messages are datagrams");
    TRY(may_send(*object));
    std::vector<iovec> parts = TRY(host_parts(message->lpBuffers, message->dwBufferCount));
    auto operation = std::make_unique<SendMessage>(std::move(parts), TRY(host_message_flags(flags)));
    operation->to.length = 0;
    if (message->name != nullptr) operation->to = TRY(to_host(message->name, message->namelen));
    operation->control_size = TRY(take_control(message->Control, operation->control));
    object->mark(Socket::kBound);
    if (is_overlapped(*object, overlapped))
      return start_overlapped(*object, Socket::Direction::send, std::move(operation), overlapped, routine, sent);
    const DWORD count = TRY(run_message(*object, false, *operation));
    if (sent != nullptr) *sent = count;
    return ok;
  });
}

namespace {

// WSARecvMsg has no name of its own: WSAIoctl gives its address.
const Export kRows[] = {
    {"WSASendMsg", proc(WSASendMsg)},
};

}  // namespace

extern const ExportTable messages_exports = kRows;

}  // namespace hmodule::winapi

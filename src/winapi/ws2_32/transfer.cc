// winsock2.h: sending and receiving.
//
// What does not wait for an OVERLAPPED goes straight to the host; a refusal that a program asks for a thousand times
// a second, WSAEWOULDBLOCK, is a number and no sentence.
#include "winapi/ws2_32/transfer.h"

#include "module/builtin.h"
#include "winapi/ws2_32/overlapped.h"
#include "winapi/ws2_32/winsock.h"

#include <netinet/in.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <optional>

namespace hmodule::winapi {

using nt::NetworkEvent, nt::Socket, nt::SocketReceive, nt::SocketSend;

Result<int> host_message_flags(DWORD flags) {
  constexpr DWORD kKnown =
      WIN_MSG_OOB | WIN_MSG_PEEK | WIN_MSG_DONTROUTE | WIN_MSG_WAITALL | WIN_MSG_PUSH_IMMEDIATE | WIN_MSG_PARTIAL;
  if ((flags & ~kKnown) != 0) return fail_win32(WSAEOPNOTSUPP, "message flags {:#x}", flags);
  return ((flags & WIN_MSG_OOB) != 0 ? MSG_OOB : 0) | ((flags & WIN_MSG_PEEK) != 0 ? MSG_PEEK : 0) |
         ((flags & WIN_MSG_DONTROUTE) != 0 ? MSG_DONTROUTE : 0) | ((flags & WIN_MSG_WAITALL) != 0 ? MSG_WAITALL : 0);
}

Result<std::vector<iovec>> host_parts(const WSABUF* buffers, DWORD count) {
  if (buffers == nullptr && count != 0) return refused(WSAEFAULT, "no buffers");
  std::vector<iovec> parts(count);
  for (DWORD i = 0; i < count; ++i) parts[i] = {buffers[i].buf, buffers[i].len};
  return parts;
}

Result<bool> try_again(Socket& socket, bool receiving, int error) {
  if (error == EINTR) return true;
  if (socket.is(Socket::kClosed)) return refused(WSAEINTR, "the socket was closed meanwhile");
  if (error == EAGAIN) {
    if (socket.is(Socket::kNonblocking)) {
      socket.rearm(receiving ? NetworkEvent::read : NetworkEvent::write);
      return refused(WSAEWOULDBLOCK, "it would block");
    }
    return refused(WSAETIMEDOUT, "SO_RCVTIMEO or SO_SNDTIMEO has passed");
  }
  if (error == ECONNREFUSED && socket.datagrams()) {
    // An earlier datagram found nobody. Only those who receive hear of it, as a reset.
    if (!receiving || socket.is(Socket::kIgnoreUnreachable)) return true;
    return refused(WSAECONNRESET, "nobody receives what this socket sent");
  }
  // The host has one word for a stream that is no more and for one that never was.
  errno = error == EPIPE && !socket.is(Socket::kConnected | Socket::kConnecting) ? ENOTCONN : error;
  return failed(receiving ? "recv" : "send");
}

Status may_receive(Socket& socket) {
  if (socket.is(Socket::kReceiveShut)) return refused(WSAESHUTDOWN, "receiving was shut down");
  if (socket.datagrams() && !socket.is(Socket::kBound)) return refused(WSAEINVAL, "the socket is not bound");
  if (socket.lacks_connection()) return refused(WSAENOTCONN, "the connection is not made");
  return ok;
}
Status may_send(Socket& socket) {
  if (socket.is(Socket::kSendShut)) return refused(WSAESHUTDOWN, "sending was shut down");
  if (socket.lacks_connection()) return refused(WSAENOTCONN, "the connection is not made");
  return ok;
}

namespace {

Result<INT> receive(Socket& socket, msghdr& message, int flags) {
  TRY(may_receive(socket));
  ssize_t count;
  while ((count = ::recvmsg(socket.fd(), &message, flags)) < 0) TRY(try_again(socket, true, errno));
  if (count == 0 && socket.is(Socket::kClosed)) return refused(WSAEINTR, "the socket was closed meanwhile");
  socket.rearm((flags & MSG_OOB) != 0 ? NetworkEvent::oob : NetworkEvent::read);
  return static_cast<INT>(count);
}

// A datagram that does not fit is an error on Windows, with its beginning in the buffer.
Result<INT> receive_from(Socket& socket, std::vector<iovec> parts, int flags, void* from, INT* from_length,
                         DWORD* received) {
  HostAddress address;
  msghdr message = {};
  if (from != nullptr) {
    message.msg_name = address.get();
    message.msg_namelen = address.length;
  }
  message.msg_iov = parts.data();
  message.msg_iovlen = std::min<std::size_t>(parts.size(), IOV_MAX);
  const INT count = TRY(receive(socket, message, flags));
  if (received != nullptr) *received = static_cast<DWORD>(count);
  address.length = message.msg_namelen;
  if (from != nullptr && address.length != 0) TRY(to_windows(address, from, from_length));
  if ((message.msg_flags & MSG_TRUNC) != 0) return refused(WSAEMSGSIZE, "the datagram is longer than the buffer");
  return count;
}

// A stream takes everything, unless the socket is non-blocking.
Result<INT> send_to(Socket& socket, std::vector<iovec> parts, int flags, const HostAddress* to) {
  TRY(may_send(socket));
  msghdr message = {};
  if (to != nullptr) {
    message.msg_name = const_cast<sockaddr*>(to->get());
    message.msg_namelen = to->length;
  }
  INT total = 0;
  for (;;) {
    message.msg_iov = parts.data();
    message.msg_iovlen = std::min<std::size_t>(parts.size(), IOV_MAX);
    const ssize_t count = ::sendmsg(socket.fd(), &message, flags | MSG_NOSIGNAL);
    if (count < 0) {
      if (total > 0 && errno == EAGAIN) break;
      TRY(try_again(socket, false, errno));
      continue;
    }
    total += static_cast<INT>(count);
    if (socket.datagrams() || socket.is(Socket::kNonblocking)) break;
    nt::consume(parts, static_cast<std::size_t>(count));
    if (parts.empty()) break;
  }
  if (!socket.is(Socket::kBound)) socket.mark(Socket::kBound);
  socket.rearm(NetworkEvent::write);
  return total;
}

Result<HostAddress> destination(const Socket& socket, const void* to, INT length) {
  HostAddress address = TRY(to_host(to, length));
  if (socket.datagrams() && reinterpret_cast<const sockaddr_in&>(address.storage).sin_port == 0 &&
      socket.kind().type == SOCK_DGRAM)
    return refused(WSAEADDRNOTAVAIL, "a datagram to port 0");
  return address;
}

std::vector<iovec> one_part(const void* buffer, INT size) {
  return {{const_cast<void*>(buffer), static_cast<std::size_t>(std::max(size, 0))}};
}

// The short way for streams: the handle, one system call, no allocation. Nothing when there is more to say.
template <typename Call>
std::optional<INT> quickly(SOCKET handle, bool receiving, INT flags, Call call) {
  if (flags != 0) return std::nullopt;
  const auto found = socket_of(handle);
  if (!found) return std::nullopt;
  Socket& socket = **found;
  if (socket.datagrams() ||
      socket.is(Socket::kReceiveShut | Socket::kSendShut | Socket::kSelecting | Socket::kConnecting))
    return std::nullopt;
  const ssize_t count = call(socket.fd());
  if (count > 0 || (count == 0 && !socket.is(Socket::kClosed))) return static_cast<INT>(count);
  const int error = count < 0 ? errno : EINTR;
  if (error == EINTR) return std::nullopt;
  if (error == EAGAIN && socket.is(Socket::kNonblocking)) {
    thread::set_last_error(WSAEWOULDBLOCK);
    return SOCKET_ERROR;
  }
  return answer<INT>(SOCKET_ERROR, [&]() -> Result<INT> {
    TRY(try_again(socket, receiving, error));  // refuses: the host has forgotten the error now
    return SOCKET_ERROR;
  });
}

}  // namespace

HM_WINAPI INT send(SOCKET socket, const char* buffer, INT size, INT flags) noexcept {
  const auto all = [&](int fd) {
    return ::send(fd, buffer, static_cast<std::size_t>(std::max(size, 0)), MSG_NOSIGNAL);
  };
  const auto quick = quickly(socket, false, flags, all);
  const INT sent = quick.value_or(0);
  if (quick && (sent == SOCKET_ERROR || sent == size)) return sent;
  return answer<INT>(SOCKET_ERROR, [&]() -> Result<INT> {
    const auto object = TRY(socket_of(socket));
    if (quick && object->is(Socket::kNonblocking)) return sent;
    const int host_flags = TRY(host_message_flags(static_cast<DWORD>(flags)));
    auto rest = send_to(*object, one_part(buffer + sent, size - sent), host_flags, nullptr);
    if (!rest && sent == 0) return std::move(rest).error();
    return sent + (rest ? *rest : 0);
  });
}

HM_WINAPI INT sendto(SOCKET socket, const char* buffer, INT size, INT flags, const void* to, INT length) noexcept {
  if (to == nullptr) return send(socket, buffer, size, flags);
  return answer<INT>(SOCKET_ERROR, [&]() -> Result<INT> {
    const auto object = TRY(socket_of(socket));
    const int host_flags = TRY(host_message_flags(static_cast<DWORD>(flags)));
    if (!object->datagrams()) return send_to(*object, one_part(buffer, size), host_flags, nullptr);
    const HostAddress address = TRY(destination(*object, to, length));
    return send_to(*object, one_part(buffer, size), host_flags, &address);
  });
}

HM_WINAPI INT recv(SOCKET socket, char* buffer, INT size, INT flags) noexcept {
  const auto once = [&](int fd) { return ::recv(fd, buffer, static_cast<std::size_t>(std::max(size, 0)), 0); };
  if (const auto received = quickly(socket, true, flags, once)) return *received;
  return recvfrom(socket, buffer, size, flags, nullptr, nullptr);
}

HM_WINAPI INT recvfrom(SOCKET socket, char* buffer, INT size, INT flags, void* from, INT* length) noexcept {
  return answer<INT>(SOCKET_ERROR, [&]() -> Result<INT> {
    const auto object = TRY(socket_of(socket));
    return receive_from(*object, one_part(buffer, size), TRY(host_message_flags(static_cast<DWORD>(flags))), from,
                        length, nullptr);
  });
}

// What did not fit is told by the flag, and is no error (mswsock.h).
HM_WINAPI INT WSARecvEx(SOCKET socket, char* buffer, INT size, INT* flags) noexcept {
  return answer<INT>(SOCKET_ERROR, [&]() -> Result<INT> {
    const auto object = TRY(socket_of(socket));
    if (flags == nullptr) return refused(WSAEFAULT, "no flags");
    auto part = one_part(buffer, size);
    msghdr message = {};
    message.msg_iov = part.data();
    message.msg_iovlen = 1;
    const int host_flags = TRY(host_message_flags(static_cast<DWORD>(*flags)));
    const INT count = TRY(receive(*object, message, host_flags));
    *flags = (message.msg_flags & MSG_TRUNC) != 0 ? static_cast<INT>(WIN_MSG_PARTIAL) : 0;
    return count;
  });
}

namespace {

// --- Overlapped forms ---

class SendTo final : public SocketSend {
 public:
  SendTo(std::vector<iovec> parts, int flags, const HostAddress& to) : SocketSend(std::move(parts), flags), to_(to) {}

 private:
  void prepare(msghdr& message) override {
    message.msg_name = to_.get();
    message.msg_namelen = to_.length;
  }
  HostAddress to_;
};

// The caller's address buffer is filled when the datagram comes.
class ReceiveFrom final : public SocketReceive {
 public:
  ReceiveFrom(std::vector<iovec> parts, int flags, void* from, INT* length)
      : SocketReceive(std::move(parts), flags), from_(from), length_(length) {}

 private:
  void prepare(msghdr& message) override {
    message.msg_name = address_.get();
    message.msg_namelen = sizeof address_.storage;
  }
  NTSTATUS received(Socket&, const msghdr& message) override {
    address_.length = message.msg_namelen;
    if (address_.length == 0 || to_windows(address_, from_, length_)) return STATUS_SUCCESS;
    return STATUS_ACCESS_VIOLATION;
  }
  void* from_;
  INT* length_;
  HostAddress address_;
};

HM_WINAPI INT WSASendTo(SOCKET socket, WSABUF* buffers, DWORD count, DWORD* sent, DWORD flags, const void* to,
                        INT length, OVERLAPPED* overlapped, WinsockRoutine routine) noexcept {
  return zero_or_error([&]() -> Status {
    const auto object = TRY(socket_of(socket));
    std::vector<iovec> parts = TRY(host_parts(buffers, count));
    const int host_flags = TRY(host_message_flags(flags));
    const bool addressed = to != nullptr && object->datagrams();
    HostAddress address;
    if (addressed) address = TRY(destination(*object, to, length));
    if (!is_overlapped(*object, overlapped)) {
      if (sent == nullptr) return refused(WSAEFAULT, "nowhere to put the count");
      *sent = static_cast<DWORD>(TRY(send_to(*object, std::move(parts), host_flags, addressed ? &address : nullptr)));
      return ok;
    }
    TRY(may_send(*object));
    object->mark(Socket::kBound);
    std::unique_ptr<nt::SocketOperation> operation;
    if (addressed)
      operation = std::make_unique<SendTo>(std::move(parts), host_flags, address);
    else
      operation = std::make_unique<SocketSend>(std::move(parts), host_flags);
    return start_overlapped(*object, Socket::Direction::send, std::move(operation), overlapped, routine, sent);
  });
}
HM_WINAPI INT WSASend(SOCKET socket, WSABUF* buffers, DWORD count, DWORD* sent, DWORD flags, OVERLAPPED* overlapped,
                      WinsockRoutine routine) noexcept {
  return WSASendTo(socket, buffers, count, sent, flags, nullptr, 0, overlapped, routine);
}

HM_WINAPI INT WSARecvFrom(SOCKET socket, WSABUF* buffers, DWORD count, DWORD* received, DWORD* flags, void* from,
                          INT* length, OVERLAPPED* overlapped, WinsockRoutine routine) noexcept {
  return zero_or_error([&]() -> Status {
    const auto object = TRY(socket_of(socket));
    if (flags == nullptr) return refused(WSAEFAULT, "no flags");
    std::vector<iovec> parts = TRY(host_parts(buffers, count));
    const int host_flags = TRY(host_message_flags(*flags));
    if (!is_overlapped(*object, overlapped)) {
      if (received == nullptr) return refused(WSAEFAULT, "nowhere to put the count");
      *flags = 0;
      auto result = receive_from(*object, std::move(parts), host_flags, from, length, received);
      if (!result && result.error().code() == WSAEMSGSIZE) *flags = WIN_MSG_PARTIAL;
      TRY(std::move(result));
      return ok;
    }
    TRY(may_receive(*object));
    std::unique_ptr<nt::SocketOperation> operation;
    if (from != nullptr)
      operation = std::make_unique<ReceiveFrom>(std::move(parts), host_flags, from, length);
    else
      operation = std::make_unique<SocketReceive>(std::move(parts), host_flags);
    return start_overlapped(*object, Socket::Direction::receive, std::move(operation), overlapped, routine, received);
  });
}
HM_WINAPI INT WSARecv(SOCKET socket, WSABUF* buffers, DWORD count, DWORD* received, DWORD* flags,
                      OVERLAPPED* overlapped, WinsockRoutine routine) noexcept {
  return WSARecvFrom(socket, buffers, count, received, flags, nullptr, nullptr, overlapped, routine);
}

const Export kRows[] = {
    {"WSARecv", proc(WSARecv)},
    {"WSARecvFrom", proc(WSARecvFrom)},
    {"WSASend", proc(WSASend)},
    {"WSASendTo", proc(WSASendTo)},
    {"recv", proc(recv), Support::full, {}, 16},
    {"recvfrom", proc(recvfrom), Support::full, {}, 17},
    {"send", proc(send), Support::full, {}, 19},
    {"sendto", proc(sendto), Support::full, {}, 20},
};

}  // namespace

extern const ExportTable transfer_exports = kRows;

}  // namespace hmodule::winapi

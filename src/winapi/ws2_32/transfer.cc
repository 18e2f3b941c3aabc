// winsock2.h: sending, receiving and waiting for either.
#include "module/builtin.h"
#include "winapi/ws2_32/sockets.h"

#include <poll.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <climits>
#include <vector>

namespace hmodule::winapi {
namespace {

constexpr INT kOob = 1, kPeek = 2, kDontRoute = 4, kWaitAll = 8;

int host_flags(INT flags) {
  return ((flags & kOob) != 0 ? MSG_OOB : 0) | ((flags & kPeek) != 0 ? MSG_PEEK : 0) |
         ((flags & kDontRoute) != 0 ? MSG_DONTROUTE : 0) | ((flags & kWaitAll) != 0 ? MSG_WAITALL : 0);
}

std::vector<iovec> vectors(const WSABUF* buffers, DWORD count) {
  std::vector<iovec> parts(std::min<DWORD>(count, IOV_MAX));
  for (std::size_t i = 0; i < parts.size(); ++i) parts[i] = {buffers[i].buf, buffers[i].len};
  return parts;
}

Result<INT> send_parts(SOCKET socket, std::vector<iovec> parts, INT flags, const void* to, INT to_length) {
  const auto object = TRY(socket_of(socket));
  msghdr message = {};
  HostAddress address;
  if (to != nullptr) {
    address = TRY(to_host(to, to_length));
    message.msg_name = address.get();
    message.msg_namelen = address.length;
  }
  message.msg_iov = parts.data();
  message.msg_iovlen = parts.size();
  const ssize_t sent = ::sendmsg(object->fd(), &message, host_flags(flags) | MSG_NOSIGNAL);
  if (sent < 0) return failed("send");
  return static_cast<INT>(sent);
}

// A datagram that does not fit is an error on Windows, with its beginning in the buffer.
Result<INT> receive_parts(SOCKET socket, std::vector<iovec> parts, INT flags, void* from, INT* from_length) {
  const auto object = TRY(socket_of(socket));
  HostAddress address;
  msghdr message = {};
  message.msg_name = address.get();
  message.msg_namelen = address.length;
  message.msg_iov = parts.data();
  message.msg_iovlen = parts.size();
  const ssize_t received = ::recvmsg(object->fd(), &message, host_flags(flags));
  if (received < 0) return failed("recv");
  address.length = message.msg_namelen;
  if (address.length != 0) TRY(to_windows(address, from, from_length));
  if ((message.msg_flags & MSG_TRUNC) != 0) return refused(WSAEMSGSIZE, "the datagram is longer than the buffer");
  return static_cast<INT>(received);
}

std::vector<iovec> one_part(const void* buffer, INT size) {
  return {{const_cast<void*>(buffer), static_cast<std::size_t>(std::max(size, 0))}};
}

HM_WINAPI INT send(SOCKET socket, const char* buffer, INT size, INT flags) noexcept {
  return answer<INT>(SOCKET_ERROR, [&] { return send_parts(socket, one_part(buffer, size), flags, nullptr, 0); });
}
HM_WINAPI INT sendto(SOCKET socket, const char* buffer, INT size, INT flags, const void* to, INT length) noexcept {
  return answer<INT>(SOCKET_ERROR, [&] { return send_parts(socket, one_part(buffer, size), flags, to, length); });
}
HM_WINAPI INT recv(SOCKET socket, char* buffer, INT size, INT flags) noexcept {
  return answer<INT>(SOCKET_ERROR,
                     [&] { return receive_parts(socket, one_part(buffer, size), flags, nullptr, nullptr); });
}
HM_WINAPI INT recvfrom(SOCKET socket, char* buffer, INT size, INT flags, void* from, INT* length) noexcept {
  return answer<INT>(SOCKET_ERROR, [&] { return receive_parts(socket, one_part(buffer, size), flags, from, length); });
}

// The overlapped forms are for sockets of completion ports, which there are not.
Status require_synchronous(const void* overlapped, const void* buffers) {
  if (overlapped != nullptr) return refused(WSAEOPNOTSUPP, "overlapped transfers");
  if (buffers == nullptr) return refused(WSAEFAULT, "no buffers");
  return ok;
}

HM_WINAPI INT WSASendTo(SOCKET socket, WSABUF* buffers, DWORD count, DWORD* sent, DWORD flags, const void* to,
                        INT length, void* overlapped, void*) noexcept {
  return zero_or_error([&]() -> Status {
    TRY(require_synchronous(overlapped, buffers));
    const INT done = TRY(send_parts(socket, vectors(buffers, count), static_cast<INT>(flags), to, length));
    if (sent != nullptr) *sent = static_cast<DWORD>(done);
    return ok;
  });
}
HM_WINAPI INT WSASend(SOCKET socket, WSABUF* buffers, DWORD count, DWORD* sent, DWORD flags, void* overlapped,
                      void* routine) noexcept {
  return WSASendTo(socket, buffers, count, sent, flags, nullptr, 0, overlapped, routine);
}
HM_WINAPI INT WSARecvFrom(SOCKET socket, WSABUF* buffers, DWORD count, DWORD* received, DWORD* flags, void* from,
                          INT* length, void* overlapped, void*) noexcept {
  return zero_or_error([&]() -> Status {
    TRY(require_synchronous(overlapped, buffers));
    if (flags == nullptr) return refused(WSAEFAULT, "no flags");
    const INT wanted = static_cast<INT>(std::exchange(*flags, 0));
    const INT done = TRY(receive_parts(socket, vectors(buffers, count), wanted, from, length));
    if (received != nullptr) *received = static_cast<DWORD>(done);
    return ok;
  });
}
HM_WINAPI INT WSARecv(SOCKET socket, WSABUF* buffers, DWORD count, DWORD* received, DWORD* flags, void* overlapped,
                      void* routine) noexcept {
  return WSARecvFrom(socket, buffers, count, received, flags, nullptr, nullptr, overlapped, routine);
}

// --- Waiting ---

struct PollPair {
  SHORT windows;
  short host;
};
constexpr PollPair kPollBits[] = {{0x0100, POLLRDNORM}, {0x0200, POLLRDBAND}, {0x0400, POLLPRI}, {0x0010, POLLWRNORM},
                                  {0x0020, POLLWRBAND}, {0x0001, POLLERR},    {0x0002, POLLHUP}, {0x0004, POLLNVAL}};

// A signal that interrupts the wait is no business of a Windows program.
int poll_through_signals(std::vector<pollfd>& polled, int timeout) {
  int ready;
  do {
    ready = ::poll(polled.data(), polled.size(), timeout);
  } while (ready < 0 && errno == EINTR && timeout < 0);
  return ready < 0 && errno == EINTR ? 0 : ready;
}

HM_WINAPI INT WSAPoll(WSAPOLLFD* sockets, ULONG count, INT timeout) noexcept {
  return answer<INT>(SOCKET_ERROR, [&]() -> Result<INT> {
    if (sockets == nullptr || count == 0) return refused(WSAEINVAL, "no sockets to wait for");
    std::vector<nt::Ref<nt::Socket>> kept;
    std::vector<pollfd> polled(count, pollfd{-1, 0, 0});
    INT invalid = 0;
    for (ULONG i = 0; i < count; ++i) {
      sockets[i].revents = 0;
      auto object = socket_of(sockets[i].fd);
      if (!object) {
        sockets[i].revents = 0x0004;  // POLLNVAL
        invalid += sockets[i].fd != INVALID_SOCKET;
        continue;
      }
      polled[i].fd = (*object)->fd();
      for (const PollPair& pair : kPollBits)
        if ((sockets[i].events & pair.windows) != 0) polled[i].events |= pair.host;
      kept.push_back(*std::move(object));
    }
    const int ready = poll_through_signals(polled, invalid != 0 ? 0 : timeout);
    if (ready < 0) return failed("poll");
    for (ULONG i = 0; i < count; ++i)
      for (const PollPair& pair : kPollBits)
        if ((polled[i].revents & pair.host) != 0) sockets[i].revents |= pair.windows;
    return ready + invalid;
  });
}

// What each of select's sets waits for, and what shows it.
struct SetMeaning {
  short wanted, shown;
};
constexpr SetMeaning kSets[] = {{POLLIN, POLLIN | POLLHUP | POLLERR}, {POLLOUT, POLLOUT}, {POLLPRI, POLLPRI | POLLERR}};

HM_WINAPI INT select(INT, FD_SET* read, FD_SET* write, FD_SET* except, const TIMEVAL* timeout) noexcept {
  return answer<INT>(SOCKET_ERROR, [&]() -> Result<INT> {
    const std::array<FD_SET*, 3> sets = {read, write, except};
    std::vector<nt::Ref<nt::Socket>> kept;
    std::vector<pollfd> polled;
    for (std::size_t s = 0; s < sets.size(); ++s)
      for (UINT i = 0; sets[s] != nullptr && i < std::min<UINT>(sets[s]->fd_count, 64); ++i) {
        kept.push_back(TRY(socket_of(sets[s]->fd_array[i])));
        polled.push_back({kept.back()->fd(), kSets[s].wanted, 0});
      }
    if (polled.empty()) return refused(WSAEINVAL, "no sockets to wait for");
    const int milliseconds =
        timeout == nullptr
            ? -1
            : static_cast<int>(std::min<LONGLONG>(INT_MAX, timeout->tv_sec * 1000LL + (timeout->tv_usec + 999) / 1000));
    if (poll_through_signals(polled, milliseconds) < 0) return failed("poll");
    INT total = 0;
    std::size_t next = 0;
    for (std::size_t s = 0; s < sets.size(); ++s) {
      if (sets[s] == nullptr) continue;
      const UINT count = std::min<UINT>(std::exchange(sets[s]->fd_count, 0), 64);
      for (UINT i = 0; i < count; ++i)
        if ((polled[next++].revents & kSets[s].shown) != 0) {
          sets[s]->fd_array[sets[s]->fd_count++] = sets[s]->fd_array[i];
          ++total;
        }
    }
    return total;
  });
}

HM_WINAPI INT __WSAFDIsSet(SOCKET socket, FD_SET* set) noexcept {
  return std::find(set->fd_array, set->fd_array + set->fd_count, socket) != set->fd_array + set->fd_count;
}

constexpr std::string_view kNotOverlapped = "not overlapped";

const Export kRows[] = {
    {"WSAPoll", proc(WSAPoll)},
    {"WSARecv", proc(WSARecv), Support::partial, kNotOverlapped, 0},
    {"WSARecvFrom", proc(WSARecvFrom), Support::partial, kNotOverlapped, 0},
    {"WSASend", proc(WSASend), Support::partial, kNotOverlapped, 0},
    {"WSASendTo", proc(WSASendTo), Support::partial, kNotOverlapped, 0},
    {"__WSAFDIsSet", proc(__WSAFDIsSet), Support::full, {}, 151},
    {"recv", proc(recv), Support::full, {}, 16},
    {"recvfrom", proc(recvfrom), Support::full, {}, 17},
    {"select", proc(select), Support::full, {}, 18},
    {"send", proc(send), Support::full, {}, 19},
    {"sendto", proc(sendto), Support::full, {}, 20},
};

}  // namespace

extern const ExportTable transfer_exports = kRows;

}  // namespace hmodule::winapi

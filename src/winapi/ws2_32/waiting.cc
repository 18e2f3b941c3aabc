// winsock2.h: waiting for many sockets at once.
#include "module/builtin.h"
#include "winapi/ws2_32/sockets.h"
#include "winapi/ws2_32/winsock.h"

#include <poll.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <climits>
#include <ctime>
#include <optional>
#include <vector>

namespace hmodule::winapi {

using nt::Ref, nt::Socket;

namespace {

struct PollPair {
  SHORT windows;
  short host;
};
constexpr PollPair kPollBits[] = {{0x0100, POLLRDNORM}, {0x0200, POLLRDBAND}, {0x0400, POLLPRI}, {0x0010, POLLWRNORM},
                                  {0x0020, POLLWRBAND}, {0x0001, POLLERR},    {0x0002, POLLHUP}, {0x0004, POLLNVAL}};

timespec monotonic_now() {
  timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return now;
}

// Signals that interrupt the wait are no business of a Windows program: it goes on for the rest of the time.
int poll_for(std::vector<pollfd>& polled, std::optional<LONGLONG> microseconds) {
  constexpr LONGLONG kSecond = 1'000'000;
  const auto micro = [](const timespec& time) { return LONGLONG{time.tv_sec} * kSecond + time.tv_nsec / 1000; };
  const LONGLONG until = microseconds.value_or(0) > 0 ? micro(monotonic_now()) + *microseconds : 0;
  for (;;) {
    const LONGLONG rest = until == 0 ? 0 : std::max<LONGLONG>(0, until - micro(monotonic_now()));
    const timespec timeout = {static_cast<time_t>(rest / kSecond), static_cast<long>(rest % kSecond * 1000)};
    const int ready = ::ppoll(polled.data(), polled.size(), microseconds ? &timeout : nullptr, nullptr);
    if (ready >= 0 || errno != EINTR) return ready;
  }
}

// A stream that is neither connected nor on the way there nor a listener is ready for nothing on Windows, unless it
// has failed to connect; the host says that it hung up.
bool is_idle(const Socket& socket) {
  return !socket.datagrams() && !socket.is(Socket::kConnected | Socket::kConnecting | Socket::kListening) &&
         !socket.has_failed_connect();
}

// A socket in one of select's sets.
struct Selected {
  enum class Set : std::uint8_t { read, write, except } set;
  Ref<Socket> socket;
  bool connecting, failed;  // when the wait began; the end of a connect shows in one of two sets
};

pollfd poll_of(const Selected& selected) {
  const Socket& socket = *selected.socket;
  const short events[] = {POLLIN, POLLOUT, POLLPRI};
  if (is_idle(socket) || (selected.connecting && selected.set == Selected::Set::read) ||
      (selected.failed && selected.set != Selected::Set::except))
    return {-1, 0, 0};
  return {socket.fd(),
          selected.connecting || selected.failed ? short{POLLOUT} : events[static_cast<std::size_t>(selected.set)], 0};
}

bool is_ready(const Selected& selected, short revents) {
  if (revents == 0) return false;
  if (selected.failed) return true;
  if (selected.connecting) return (selected.socket->finish_connect() == 0) == (selected.set == Selected::Set::write);
  constexpr short kShown[] = {POLLIN | POLLHUP | POLLERR, POLLOUT | POLLERR, POLLPRI};
  return (revents & kShown[static_cast<std::size_t>(selected.set)]) != 0;
}

}  // namespace

HM_WINAPI INT WSAPoll(WSAPOLLFD* sockets, ULONG count, INT timeout) noexcept {
  return answer<INT>(SOCKET_ERROR, [&]() -> Result<INT> {
    TRY(require_startup());
    if (sockets == nullptr || count == 0) return refused(WSAEINVAL, "no sockets to wait for");
    std::vector<Ref<Socket>> kept(count);
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
      kept[i] = *std::move(object);
      polled[i].fd = is_idle(*kept[i]) ? -1 : kept[i]->fd();
      for (const PollPair& pair : kPollBits)
        if ((sockets[i].events & pair.windows) != 0) polled[i].events |= pair.host;
    }
    std::optional<LONGLONG> microseconds;
    if (invalid != 0)
      microseconds = 0;
    else if (timeout >= 0)
      microseconds = timeout * 1000LL;
    if (poll_for(polled, microseconds) < 0) return failed("poll");
    INT ready = invalid;
    for (ULONG i = 0; i < count; ++i) {
      if (polled[i].revents == 0) continue;
      if (kept[i]->is(Socket::kConnecting) && (polled[i].revents & (POLLOUT | POLLERR | POLLHUP)) != 0)
        kept[i]->finish_connect();
      if (kept[i]->has_failed_connect()) polled[i].revents |= POLLERR;  // which the host tells once
      for (const PollPair& pair : kPollBits)
        if ((polled[i].revents & pair.host) != 0) sockets[i].revents |= pair.windows;
      ready += sockets[i].revents != 0;
    }
    return ready;
  });
}

HM_WINAPI INT select(INT, FD_SET* read, FD_SET* write, FD_SET* except, const TIMEVAL* timeout) noexcept {
  return answer<INT>(SOCKET_ERROR, [&]() -> Result<INT> {
    TRY(require_startup());
    // A set is as long as it says, whatever FD_SETSIZE the program was compiled with.
    const std::array<FD_SET*, 3> sets = {read, write, except};
    std::vector<Selected> selected;
    std::vector<pollfd> polled;
    for (std::size_t s = 0; s < sets.size(); ++s)
      for (UINT i = 0; sets[s] != nullptr && i < sets[s]->fd_count; ++i) {
        auto socket = TRY(socket_of(sets[s]->fd_array[i]));
        const bool connecting = socket->is(Socket::kConnecting), failed = socket->has_failed_connect();
        selected.push_back({static_cast<Selected::Set>(s), std::move(socket), connecting, failed});
        polled.push_back(poll_of(selected.back()));
      }
    if (polled.empty()) return refused(WSAEINVAL, "no sockets to wait for");
    std::optional<LONGLONG> microseconds;
    if (timeout != nullptr) {
      if (timeout->tv_sec < 0 || timeout->tv_usec < 0) return refused(WSAEINVAL, "a time before now");
      microseconds = timeout->tv_sec * 1'000'000LL + timeout->tv_usec;
    }
    if (poll_for(polled, microseconds) < 0) return failed("poll");
    INT total = 0;
    std::size_t at = 0;
    for (FD_SET* set : sets) {
      if (set == nullptr) continue;
      const UINT count = std::exchange(set->fd_count, 0);
      for (UINT i = 0; i < count; ++i, ++at) {
        if (selected[at].socket->is(Socket::kClosed)) return refused(WSAENOTSOCK, "a socket was closed meanwhile");
        if (is_ready(selected[at], polled[at].revents)) set->fd_array[set->fd_count++] = set->fd_array[i];
      }
      total += static_cast<INT>(set->fd_count);
    }
    return total;
  });
}

HM_WINAPI INT __WSAFDIsSet(SOCKET socket, FD_SET* set) noexcept {
  return std::find(set->fd_array, set->fd_array + set->fd_count, socket) != set->fd_array + set->fd_count;
}

namespace {

const Export kRows[] = {
    {"WSAPoll", proc(WSAPoll)},
    {"__WSAFDIsSet", proc(__WSAFDIsSet), Support::full, {}, 151},
    {"select", proc(select), Support::full, {}, 18},
};

}  // namespace

extern const ExportTable waiting_exports = kRows;

}  // namespace hmodule::winapi

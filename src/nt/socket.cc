#include "nt/socket.h"

#include "nt/io_error.h"
#include "nt/kernel_section.h"
#include "nt/socket_error.h"
#include "nt/socket_poll.h"
#include "nt/socket_watcher.h"
#include "win/netstatus.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <cstring>
#include <ctime>

namespace hmodule::nt {
namespace {

constexpr std::uint32_t kReceiveEvents = EPOLLIN | EPOLLRDHUP | EPOLLPRI, kSendEvents = EPOLLOUT;

Error socket_failure(const char* call, int error) {
  return fail(socket_status(error), "{}: {}", call, strerrordesc_np(error));
}

int pending_bytes(int fd) {
  int count = 0;
  return ioctl(fd, FIONREAD, &count) == 0 ? count : 0;
}

}  // namespace

class Socket::Lock {
 public:
  explicit Lock(const Socket& socket) : guard_(socket.mutex_) {}

 private:
  const std::lock_guard<KernelMutex> guard_;
};

class Socket::Afterwards {
 public:
  Afterwards() = default;
  Afterwards(const Afterwards&) = delete;
  Afterwards& operator=(const Afterwards&) = delete;
  ~Afterwards() {
    for (auto& [socket, pending] : moved_) socket->enqueue(std::move(pending));
    for (Finished& each : finished_) each.pending.owner->complete(each.pending.notice, each.result, true);
    for (const auto& poll : polls_) poll->look();
  }
  void look(const std::vector<std::shared_ptr<SocketPoll>>& polls) { polls_ = polls; }
  void finish(Pending pending, IoResult result) { finished_.push_back({std::move(pending), result}); }
  void move(Socket& to, Pending pending) { moved_.emplace_back(Ref<Socket>::share(to), std::move(pending)); }

 private:
  std::vector<Finished> finished_;
  std::vector<std::pair<Ref<Socket>, Pending>> moved_;
  std::vector<std::shared_ptr<SocketPoll>> polls_;
};

Socket::Socket(UniqueFd fd, Kind kind, ULONG options)
    : File(FILE_ALL_ACCESS, options), fd_(std::move(fd)), kind_(kind) {}

Socket::~Socket() = default;

void Socket::last_handle_closed() {
  mark(kClosed);
  forget_socket(*this);
  cancel_operations(nullptr, nullptr);
  {
    Afterwards afterwards;
    const Lock lock(*this);
    selected_ = {};
    afterwards.look(polls_);
  }
  // Whoever still waits in recv, accept or select hears of it.
  if (reference_count() > 1) ::shutdown(fd(), SHUT_RD);
}

// --- State ---

void Socket::mark(unsigned state) {
  if ((state & kConnected) != 0) {
    timespec now;
    clock_gettime(CLOCK_MONOTONIC_COARSE, &now);
    connected_at_.store(now.tv_sec, std::memory_order_relaxed);
  }
  const unsigned before = state_.fetch_or(state);
  // What the watcher's edge told may have come too early for a poll to understand: it gets another.
  if ((before & kPolled) != 0 && (state & (kConnected | kConnecting | kListening)) != 0)
    static_cast<void>(watch_socket(*this, kReceiveEvents | kSendEvents, true));
}

Status Socket::set_nonblocking(bool on) {
  if (!is(kListening)) {
    int value = on;
    if (ioctl(fd(), FIONBIO, &value) != 0) return socket_failure("FIONBIO", errno);
  }
  on ? mark(kNonblocking) : unmark(kNonblocking);
  return ok;
}

bool Socket::wait(short events, int milliseconds) const {
  pollfd waited = {fd(), events, 0};
  int ready;
  do {
    ready = ::poll(&waited, 1, milliseconds);
  } while (ready < 0 && errno == EINTR);
  return ready > 0;
}

int Socket::finish_connect() {
  if ((state_.fetch_and(~unsigned{kConnecting}) & kConnecting) == 0) return error_.load();
  int error = 0;
  socklen_t size = sizeof error;
  ::getsockopt(fd(), SOL_SOCKET, SO_ERROR, &error, &size);
  if (error == 0) {
    mark(kConnected | kBound);
  } else {
    error_.store(error);
    connect_failed(error);
  }
  return error;
}

bool Socket::lacks_connection() {
  if (!is(kConnecting)) return false;
  if (wait(POLLOUT, 0)) finish_connect();
  return !is(kConnected);
}

void Socket::connect_failed(int error) {
  connect_error_.store(error);
  if (is(kPolled)) static_cast<void>(watch_socket(*this, kReceiveEvents | kSendEvents, true));
}

int Socket::take_error() {
  if (const int error = error_.exchange(0); error != 0) return error;
  int error = 0;
  socklen_t size = sizeof error;
  ::getsockopt(fd(), SOL_SOCKET, SO_ERROR, &error, &size);
  return error;
}

Status Socket::replace(UniqueFd fd) {
  const Lock lock(*this);
  int nonblocking = is(kNonblocking);
  ioctl(fd.get(), FIONBIO, &nonblocking);
  const std::uint32_t watched = std::exchange(watched_, 0);
  if (watched != 0) forget_socket(*this);
  if (::dup3(fd.get(), fd_.get(), O_CLOEXEC) < 0) return socket_failure("dup3", errno);
  if (watched != 0) TRY(follow(lock, watched));
  return ok;
}

Status Socket::renew() {
  UniqueFd fd(::socket(kind_.family, kind_.type | SOCK_CLOEXEC, kind_.protocol));
  if (!fd) return socket_failure("socket", errno);
  unmark(kBound | kConnected | kConnecting | kReceiveShut | kSendShut | kReset);
  return replace(std::move(fd));
}

// --- Overlapped operations ---

Status Socket::follow(const Lock&, std::uint32_t events) {
  const std::uint32_t wanted = watched_ | events;
  if (wanted == watched_) return ok;
  TRY(watch_socket(*this, wanted, watched_ != 0));
  watched_ = wanted;
  return ok;
}

Result<IoResult> Socket::start(Direction direction, std::unique_ptr<SocketOperation> operation, IoNotice& notice) {
  Afterwards afterwards;
  const Lock lock(*this);
  if (is(kClosed)) return fail(STATUS_CANCELLED, "the socket is closed");
  Pending pending = {Ref<Socket>::share(*this), {}, std::move(operation)};
  Socket* next = nullptr;
  if (queue(direction).empty()) {
    if (const auto result = pending.operation->attempt(*this)) {
      if (result->status < 0) return fail(result->status, "the operation failed at once");
      return *result;
    }
    next = pending.operation->next();
  }
  if (next == nullptr) TRY(follow(lock, direction == Direction::receive ? kReceiveEvents : kSendEvents));
  set_signalled(false);
  pending.notice = notice;
  if (next != nullptr) {
    followers_.push_back(Ref<Socket>::share(*next));
    afterwards.move(*next, std::move(pending));
  } else {
    queue(direction).push_back(std::move(pending));
  }
  return IoResult{STATUS_PENDING, 0};
}

// An operation that began on another socket goes on here.
void Socket::enqueue(Pending pending) {
  Afterwards afterwards;
  const Lock lock(*this);
  if (is(kClosed)) return afterwards.finish(std::move(pending), {STATUS_CANCELLED, 0});
  if (queue(Direction::receive).empty())
    if (const auto result = pending.operation->attempt(*this)) return afterwards.finish(std::move(pending), *result);
  if (const Status watched = follow(lock, kReceiveEvents); !watched)
    return afterwards.finish(std::move(pending), {watched.error().status, 0});
  queue(Direction::receive).push_back(std::move(pending));
}

void Socket::advance(const Lock&, Afterwards& afterwards) {
  for (auto& waiting : queues_) {
    while (!waiting.empty()) {
      SocketOperation& operation = *waiting.front().operation;
      const auto result = operation.attempt(*this);
      Socket* const next = result ? nullptr : operation.next();
      if (!result && (next == nullptr || next == this)) break;
      Pending pending = std::move(waiting.front());
      waiting.pop_front();
      if (result) {
        afterwards.finish(std::move(pending), *result);
      } else {
        followers_.push_back(Ref<Socket>::share(*next));
        afterwards.move(*next, std::move(pending));
      }
    }
  }
}

void Socket::ready() {
  Afterwards afterwards;
  const Lock lock(*this);
  advance(lock, afterwards);
  if (selected_) look_for_events(lock);
  afterwards.look(polls_);
}

bool Socket::cancel_of(const Socket& owner, const Thread* thread, const IO_STATUS_BLOCK* status_block) {
  Afterwards afterwards;
  const Lock lock(*this);
  bool any = false;
  for (auto& waiting : queues_) {
    for (auto at = waiting.begin(); at != waiting.end();) {
      const bool wanted = at->owner.get() == &owner && (thread == nullptr || at->notice.thread.get() == thread) &&
                          (status_block == nullptr || at->notice.status_block == status_block);
      if (!wanted) {
        ++at;
        continue;
      }
      afterwards.finish(std::move(*at), {STATUS_CANCELLED, 0});
      at = waiting.erase(at);
      any = true;
    }
  }
  return any;
}

bool Socket::cancel(const Thread* thread, const IO_STATUS_BLOCK* status_block) {
  const bool any_poll = asked_.cancel(thread, status_block);
  return cancel_operations(thread, status_block) || any_poll;
}

bool Socket::cancel_operations(const Thread* thread, const IO_STATUS_BLOCK* status_block) {
  bool any = cancel_of(*this, thread, status_block);
  std::vector<Ref<Socket>> followers;
  {
    const Lock lock(*this);
    followers = status_block == nullptr && thread == nullptr ? std::move(followers_) : followers_;
  }
  for (const auto& follower : followers) any |= follower->cancel_of(*this, thread, status_block);
  return any;
}

// --- Network events ---

Status Socket::select(Ref<Event> event, LONG mask) {
  if (mask != 0) TRY(set_nonblocking(true));
  const Lock lock(*this);
  raised_ = recorded_ = 0;
  std::fill(std::begin(event_errors_), std::end(event_errors_), 0);
  selected_mask_ = mask;
  selected_ = mask != 0 ? std::move(event) : Ref<Event>();
  if (mask == 0) {
    unmark(kSelecting);
    return ok;
  }
  mark(kSelecting);
  TRY(follow(lock, kReceiveEvents | kSendEvents));
  look_for_events(lock);
  return ok;
}

Socket::NetworkEvents Socket::take_events() {
  const Lock lock(*this);
  NetworkEvents taken = {std::exchange(recorded_, 0), {}};
  std::swap(taken.errors, event_errors_);
  return taken;
}

void Socket::rearm_selected(NetworkEvent event) {
  const Lock lock(*this);
  raised_ &= ~bit(event);
  if (selected_) look_for_events(lock);
}

void Socket::inherit_selection(const Socket& listener) {
  if (!listener.is(kSelecting)) return;
  Ref<Event> event;
  LONG mask;
  {
    const Lock lock(listener);
    event = listener.selected_;
    mask = listener.selected_mask_;
  }
  if (event) static_cast<void>(select(std::move(event), mask));
}

void Socket::raise(const Lock&, NetworkEvent event, int error) {
  if ((selected_mask_ & bit(event)) == 0 || (raised_ & bit(event)) != 0) return;
  raised_ |= bit(event);
  recorded_ |= bit(event);
  event_errors_[static_cast<int>(event)] = error == 0 ? 0 : static_cast<int>(winsock_code(error));
  selected_->set();
}

void Socket::look_for_events(const Lock& lock) {
  pollfd now = {fd(), POLLIN | POLLOUT | POLLPRI | POLLRDHUP, 0};
  if (::poll(&now, 1, 0) <= 0) return;
  const bool ended = (now.revents & (POLLRDHUP | POLLHUP | POLLERR)) != 0;
  if (is(kListening)) {
    if ((now.revents & POLLIN) != 0) raise(lock, NetworkEvent::accept);
    return;
  }
  if (is(kConnecting | kConnectUntold)) {
    if ((now.revents & (POLLOUT | POLLHUP | POLLERR)) == 0) return;
    finish_connect();
    unmark(kConnectUntold);
    const int error = is(kConnected) ? 0 : connect_error_.load();
    raise(lock, NetworkEvent::connect, error);
    if (error != 0) return;
  }
  if (datagrams()) {
    if ((now.revents & (POLLIN | POLLERR)) != 0) raise(lock, NetworkEvent::read);
  } else {
    if (!is(kConnected)) return;
    if ((now.revents & POLLPRI) != 0) raise(lock, NetworkEvent::oob);
    // The end is told when everything before it has been read.
    const bool data = (now.revents & POLLIN) != 0 && pending_bytes(fd()) > 0;
    if (data) raise(lock, NetworkEvent::read);
    if (ended && !data) raise(lock, NetworkEvent::close, (now.revents & POLLERR) != 0 ? ECONNRESET : 0);
  }
  if ((now.revents & POLLOUT) != 0 && !is(kSendShut)) raise(lock, NetworkEvent::write);
}

// --- AFD's polls ---

Result<std::shared_ptr<SocketPoll>> Socket::add_poll(std::shared_ptr<SocketPoll> poll) {
  mark(kPolled);
  const Lock lock(*this);
  if (!is(kClosed)) TRY(follow(lock, kReceiveEvents | kSendEvents));
  std::shared_ptr<SocketPoll> displaced;
  if (main_poll_ != nullptr && main_poll_->exclusive() && poll->exclusive())
    displaced = *std::ranges::find(polls_, main_poll_, &std::shared_ptr<SocketPoll>::get);
  if (main_poll_ == nullptr || displaced) main_poll_ = poll.get();
  polls_.push_back(std::move(poll));
  return displaced;
}

void Socket::remove_poll(const SocketPoll& poll) {
  const Lock lock(*this);
  std::erase_if(polls_, [&](const auto& each) { return each.get() == &poll; });
  if (main_poll_ == &poll) main_poll_ = nullptr;
}

Socket::Readiness Socket::readiness() {
  const Lock lock(*this);
  if (is(kClosed)) return {AFD_POLL_LOCAL_CLOSE, STATUS_SUCCESS};
  pollfd now = {fd(), POLLIN | POLLOUT | POLLPRI | POLLRDHUP, 0};
  ::poll(&now, 1, 0);
  if (is(kListening)) return {(now.revents & POLLIN) != 0 ? AFD_POLL_ACCEPT : 0, STATUS_SUCCESS};
  if (!datagrams()) return connection_readiness(lock, now.revents);
  ULONG events = is(kConnected) ? AFD_POLL_CONNECT : 0;
  if ((now.revents & (POLLIN | POLLERR)) != 0) events |= AFD_POLL_RECEIVE;
  if ((now.revents & POLLOUT) != 0) events |= AFD_POLL_SEND;
  return {events, STATUS_SUCCESS};
}

Socket::Readiness Socket::connection_readiness(const Lock&, short host_events) {
  const auto has = [&](int bits) { return (host_events & bits) != 0; };
  if (is(kConnecting) && has(POLLOUT | POLLHUP | POLLERR)) finish_connect();
  if (has_failed_connect()) return {AFD_POLL_CONNECT_FAIL, socket_status(connect_error_.load())};
  if (!is(kConnected)) return {0, STATUS_SUCCESS};
  ULONG events = AFD_POLL_CONNECT;
  if (has(POLLOUT)) events |= AFD_POLL_SEND;
  if (has(POLLPRI)) {
    int is_inline = 0;
    socklen_t size = sizeof is_inline;
    ::getsockopt(fd(), SOL_SOCKET, SO_OOBINLINE, &is_inline, &size);
    events |= is_inline != 0 ? AFD_POLL_RECEIVE : AFD_POLL_RECEIVE_EXPEDITED;
  }
  if (has(POLLIN) && !is(kReceiveShut) && pending_bytes(fd()) > 0) events |= AFD_POLL_RECEIVE;
  // A reset leaves POLLERR until somebody fetches the error, and then a connection that neither side ended.
  if (has(POLLERR) || (has(POLLHUP) && kind_.family != AF_UNIX && !is(kSendShut))) mark(kReset);
  if (is(kReset))
    events |= AFD_POLL_ABORT;
  else if (has(POLLRDHUP) && !is(kReceiveShut))
    events |= AFD_POLL_DISCONNECT;
  return {events, STATUS_SUCCESS};
}

// --- Receiving and sending ---

namespace {

std::size_t total_of(const std::vector<iovec>& parts) {
  std::size_t total = 0;
  for (const iovec& part : parts) total += part.iov_len;
  return total;
}

std::size_t countable(const std::vector<iovec>& parts) {
  return std::min<std::size_t>(parts.size(), IOV_MAX);
}

}  // namespace

void consume(std::vector<iovec>& parts, std::size_t count) {
  auto at = parts.begin();
  for (; at != parts.end() && count >= at->iov_len; ++at) count -= at->iov_len;
  parts.erase(parts.begin(), at);
  if (count == 0 || parts.empty()) return;
  parts.front().iov_base = static_cast<char*>(parts.front().iov_base) + count;
  parts.front().iov_len -= count;
}

std::optional<IoResult> SocketReceive::attempt(Socket& socket) {
  if (socket.is(Socket::kReceiveShut)) return IoResult{STATUS_PIPE_DISCONNECTED, 0};
  if (socket.lacks_connection()) return IoResult{STATUS_INVALID_CONNECTION, 0};
  if (!socket.datagrams() && done_ == 0 && total_of(parts_) == 0) {
    // A request for nothing ends when there is something, and takes nothing.
    if (!socket.wait(POLLIN | POLLRDHUP, 0)) return std::nullopt;
    msghdr nothing = {};
    return IoResult{received(socket, nothing), 0};
  }
  for (;;) {
    msghdr message = {};
    prepare(message);
    message.msg_iov = parts_.data();
    message.msg_iovlen = countable(parts_);
    const ssize_t count = ::recvmsg(socket.fd(), &message, flags_ | MSG_DONTWAIT);
    if (count < 0) {
      if (errno == EINTR) continue;
      if (errno == EAGAIN) return std::nullopt;
      if (errno == ECONNREFUSED && socket.datagrams()) {  // an earlier datagram found nobody
        if (socket.is(Socket::kIgnoreUnreachable)) continue;
        return IoResult{STATUS_CONNECTION_RESET, 0};
      }
      return IoResult{socket_status(errno), 0};
    }
    done_ += static_cast<std::size_t>(count);
    if ((flags_ & (MSG_WAITALL | MSG_PEEK)) == MSG_WAITALL && count > 0 && !socket.datagrams()) {
      consume(parts_, static_cast<std::size_t>(count));
      if (!parts_.empty()) continue;
    }
    const NTSTATUS status = received(socket, message);
    return IoResult{(message.msg_flags & MSG_TRUNC) != 0 ? STATUS_BUFFER_OVERFLOW : status, done_};
  }
}

std::optional<IoResult> SocketSend::attempt(Socket& socket) {
  if (socket.is(Socket::kSendShut)) return IoResult{STATUS_PIPE_DISCONNECTED, 0};
  if (socket.lacks_connection()) return IoResult{STATUS_INVALID_CONNECTION, 0};
  for (;;) {
    msghdr message = {};
    prepare(message);
    message.msg_iov = parts_.data();
    message.msg_iovlen = countable(parts_);
    const ssize_t count = ::sendmsg(socket.fd(), &message, flags_ | MSG_DONTWAIT | MSG_NOSIGNAL);
    if (count < 0) {
      if (errno == EINTR) continue;
      if (errno == EAGAIN) return std::nullopt;
      if (errno == ECONNREFUSED && socket.datagrams()) continue;  // told once, and an earlier one's
      if (errno == EPIPE && !socket.is(Socket::kConnected | Socket::kConnecting)) errno = ENOTCONN;
      return IoResult{socket_status(errno), 0};
    }
    done_ += static_cast<std::size_t>(count);
    if (socket.datagrams()) return IoResult{STATUS_SUCCESS, done_};
    consume(parts_, static_cast<std::size_t>(count));
    if (total_of(parts_) == 0) return IoResult{STATUS_SUCCESS, done_};
  }
}

namespace {

// ReadFile without an OVERLAPPED waits, on any socket.
bool wants_to_wait(const File& file, const IoNotice& notice) {
  return file.synchronous() || (!notice.event && notice.context == nullptr && notice.apc == nullptr);
}

Result<IoResult> run(Socket& socket, SocketOperation& operation, short events) {
  for (;;) {
    if (const auto result = operation.attempt(socket)) {
      if (result->status < 0) return fail(result->status, "the socket refused");
      return *result;
    }
    socket.wait(events, -1);
    if (socket.is(Socket::kClosed)) return fail(STATUS_CANCELLED, "the socket was closed meanwhile");
  }
}

}  // namespace

Result<IoResult> Socket::read(std::span<std::byte> buffer, std::optional<std::uint64_t>, IoNotice& notice) {
  auto operation = std::make_unique<SocketReceive>(std::vector<iovec>{{buffer.data(), buffer.size()}}, 0);
  if (wants_to_wait(*this, notice)) return run(*this, *operation, POLLIN);
  return start(Direction::receive, std::move(operation), notice);
}

Result<IoResult> Socket::write(std::span<const std::byte> data, std::optional<std::uint64_t>, IoNotice& notice) {
  auto operation =
      std::make_unique<SocketSend>(std::vector<iovec>{{const_cast<std::byte*>(data.data()), data.size()}}, 0);
  if (wants_to_wait(*this, notice)) return run(*this, *operation, POLLOUT);
  return start(Direction::send, std::move(operation), notice);
}

// --- AFD's requests ---

namespace {

// The caller's address buffer is filled when the datagram comes.
class ReceiveDatagram final : public SocketReceive {
 public:
  ReceiveDatagram(std::vector<iovec> parts, int flags, const AFD_RECV_DATAGRAM_INFO& info)
      : SocketReceive(std::move(parts), flags), to_(info.Address), length_(info.AddressLength) {}

 private:
  void prepare(msghdr& message) override {
    message.msg_name = &from_;
    message.msg_namelen = sizeof from_;
  }
  NTSTATUS received(Socket&, const msghdr& message) override {
    if (to_ == nullptr || length_ == nullptr || message.msg_namelen == 0) return STATUS_SUCCESS;
    if (*length_ < static_cast<INT>(message.msg_namelen)) return STATUS_BUFFER_TOO_SMALL;
    if (from_.ss_family == AF_INET6) from_.ss_family = WIN_AF_INET6;
    std::memcpy(to_, &from_, message.msg_namelen);
    *length_ = static_cast<INT>(message.msg_namelen);
    return STATUS_SUCCESS;
  }

  void* const to_;
  INT* const length_;
  sockaddr_storage from_ = {};
};

Result<IoResult> receive_request(Socket& socket, std::span<const std::byte> in, bool with_address, IoNotice& notice) {
  AFD_RECV_DATAGRAM_INFO info = {};
  const std::size_t size = with_address ? sizeof info : sizeof info.Receive;
  if (in.size() < size) return fail(STATUS_INVALID_PARAMETER, "{} bytes say what to receive", in.size());
  std::memcpy(&info, in.data(), size);
  std::vector<iovec> parts;
  for (ULONG i = 0; i < info.Receive.BufferCount; ++i)
    parts.push_back({info.Receive.BufferArray[i].buf, info.Receive.BufferArray[i].len});
  const int flags = ((info.Receive.TdiFlags & TDI_RECEIVE_PEEK) != 0 ? MSG_PEEK : 0) |
                    ((info.Receive.TdiFlags & TDI_RECEIVE_EXPEDITED) != 0 ? MSG_OOB : 0);
  auto operation = std::make_unique<ReceiveDatagram>(std::move(parts), flags, info);
  if (socket.synchronous()) return run(socket, *operation, POLLIN);
  return socket.start(Socket::Direction::receive, std::move(operation), notice);
}

}  // namespace

Result<IoResult> Socket::control(ULONG code, std::span<const std::byte> in, std::span<std::byte> out,
                                 IoNotice& notice) {
  switch (code) {
    case IOCTL_AFD_POLL:
      return asked_.start(*this, in, out, notice);
    case IOCTL_AFD_RECEIVE:
    case IOCTL_AFD_RECEIVE_DATAGRAM:
      return receive_request(*this, in, code == IOCTL_AFD_RECEIVE_DATAGRAM, notice);
    default:
      return File::control(code, in, out, notice);
  }
}

}  // namespace hmodule::nt

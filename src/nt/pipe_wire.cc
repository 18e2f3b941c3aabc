#include "nt/pipe_wire.h"

#include "base/service_thread.h"
#include "base/utf.h"
#include "nt/io_error.h"
#include "nt/session_socket.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <mutex>

namespace hmodule::nt {

Result<std::shared_ptr<PipeWire>> PipeWire::make(UniqueFd socket) {
  UniqueFd wake(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (!wake) return fail_errno("eventfd");
  return std::shared_ptr<PipeWire>(new PipeWire(std::move(socket), std::move(wake)));
}

// --- sending ---

// With the lock held.
void PipeWire::flush() {
  while (sent_ < out_.size()) {
    const ssize_t count = ::send(socket_.get(), out_.data() + sent_, out_.size() - sent_, MSG_DONTWAIT | MSG_NOSIGNAL);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0 && errno == EAGAIN) return;
    if (count < 0) break;  // nobody is there any more
    sent_ += static_cast<std::size_t>(count);
  }
  out_.clear();
  sent_ = 0;
  if (finishing_) ::shutdown(socket_.get(), SHUT_WR);
}

void PipeWire::send(std::span<const std::byte> plain) {
  const std::lock_guard guard(mutex_);
  const bool thread_sends = !out_.empty();
  out_.insert(out_.end(), plain.begin(), plain.end());
  if (thread_sends) return;
  flush();
  if (!out_.empty()) ::eventfd_write(wake_.get(), 1);
}

void PipeWire::send_frame(Frame frame, std::span<const std::byte> data) {
  std::vector<std::byte> whole(sizeof frame + data.size());
  std::memcpy(whole.data(), &frame, sizeof frame);
  std::ranges::copy(data, whole.begin() + sizeof frame);
  send(whole);
}

void PipeWire::send_message(std::span<const std::byte> data) {
  send_frame({Kind::message, static_cast<std::uint32_t>(data.size()), 0}, data);
}
void PipeWire::send_consumed(std::size_t bytes, std::size_t messages) {
  send_frame({Kind::consumed, static_cast<std::uint32_t>(bytes), static_cast<std::uint32_t>(messages)});
}
void PipeWire::send_disconnected() {
  send_frame({Kind::disconnected, 0, 0});
}

void PipeWire::finish() {
  const std::lock_guard guard(mutex_);
  finishing_ = true;
  if (out_.empty()) flush();
}

// --- the thread ---

// False at the end.
bool PipeWire::receive(Receiver& receiver) {
  std::array<std::byte, 0x10000> part;
  const ssize_t count = ::recv(socket_.get(), part.data(), part.size(), MSG_DONTWAIT);
  if (count < 0) return errno == EAGAIN || errno == EINTR;
  if (count == 0) return false;
  in_.insert(in_.end(), part.begin(), part.begin() + count);
  std::span<const std::byte> rest = in_;
  for (Frame frame; rest.size() >= sizeof frame;) {
    std::memcpy(&frame, rest.data(), sizeof frame);
    const std::size_t whole = sizeof frame + (frame.kind == Kind::message ? frame.size : 0);
    if (rest.size() < whole) break;
    const auto data = rest.subspan(sizeof frame, whole - sizeof frame);
    rest = rest.subspan(whole);
    switch (frame.kind) {
      case Kind::message:
        receiver.message({data.begin(), data.end()});
        break;
      case Kind::consumed:
        receiver.consumed(frame.size, frame.count);
        break;
      case Kind::disconnected:
        receiver.disconnected();
        break;
      default:
        return false;  // no hmodule speaks like this
    }
  }
  in_.erase(in_.begin(), in_.end() - static_cast<std::ptrdiff_t>(rest.size()));
  return true;
}

void PipeWire::run(Receiver& receiver) {
  for (bool open = true; open;) {
    bool more;
    {
      const std::lock_guard guard(mutex_);
      more = !out_.empty();
    }
    const short events = POLLIN | (more ? POLLOUT : 0);
    pollfd watched[] = {{socket_.get(), events, 0}, {wake_.get(), POLLIN, 0}};
    if (::poll(watched, 2, -1) < 0) continue;
    if (watched[1].revents != 0) {
      eventfd_t ignored;
      ::eventfd_read(wake_.get(), &ignored);
    }
    if ((watched[0].revents & POLLOUT) != 0) {
      const std::lock_guard guard(mutex_);
      flush();
    }
    if ((watched[0].revents & ~POLLOUT) != 0) open = receive(receiver);
  }
  receiver.closed();
}

// --- how clients find servers ---

namespace {

// The number is the layout's of what they say: others do not meet.
std::string socket_name(std::u16string_view name) {
  return session_socket_name("pipe2", utf8(upcase(name)));
}

template <typename T>
bool receive_all(const UniqueFd& socket, T& value) {
  ssize_t count;
  do count = ::recv(socket.get(), &value, sizeof value, MSG_WAITALL);
  while (count < 0 && errno == EINTR);
  return count == sizeof value;
}

void accept_clients(const UniqueFd& socket, const std::function<void(UniqueFd)>& serve) {
  for (;;) {
    UniqueFd client(::accept4(socket.get(), nullptr, nullptr, SOCK_CLOEXEC));
    if (client) {
      // Without a thread the client is left alone, and hears that.
      static_cast<void>(start_service_thread(
          "hmodule-pipe", [serve, client = std::move(client)]() mutable { serve(std::move(client)); }));
    } else if (errno == EMFILE || errno == ENFILE || errno == ENOMEM || errno == ENOBUFS) {
      ::usleep(10'000);
    } else if (errno != EINTR && errno != ECONNABORTED) {
      return;  // it was shut
    }
  }
}

}  // namespace

Result<std::unique_ptr<PipeListener>> PipeListener::make(std::u16string_view name,
                                                         std::function<void(UniqueFd)> serve) {
  std::string file = socket_name(name);
  const UniqueFd directory = TRY(lock_session_directory());
  if (session_socket_lives(directory, file))
    return fail(STATUS_OBJECT_NAME_COLLISION, "another process has the pipe {}", utf8(name));
  const auto socket = std::make_shared<const UniqueFd>(TRY(bind_session_socket(directory, SOCK_STREAM, file)));
  std::unique_ptr<PipeListener> listener(new PipeListener(std::move(file), socket));
  if (::listen(socket->get(), SOMAXCONN) != 0) return fail_errno("listen");
  TRY(start_service_thread("hmodule-pipes", [socket, serve = std::move(serve)] { accept_clients(*socket, serve); }));
  return listener;
}

PipeListener::~PipeListener() {
  const auto directory = lock_session_directory();  // nobody else has the name before it is gone
  remove_session_socket(name_);
  ::shutdown(socket_->get(), SHUT_RDWR);
}

DWORD process_behind(const UniqueFd& socket) {
  ucred peer = {};
  socklen_t size = sizeof peer;
  ::getsockopt(socket.get(), SOL_SOCKET, SO_PEERCRED, &peer, &size);
  return static_cast<DWORD>(peer.pid);
}

Result<PipeAnswer> ask_pipe_server(std::u16string_view name, const PipeHello& hello) {
  PipeAnswer answer;
  {
    const UniqueFd directory = TRY(lock_session_directory());
    answer.socket = TRY(connect_session_socket(directory, SOCK_STREAM, socket_name(name)));
  }
  if (hello.purpose == PipeHello::Purpose::count && answer.socket) {  // a server that was stopped keeps nobody
    constexpr timeval kLimit = {1, 0};
    ::setsockopt(answer.socket.get(), SOL_SOCKET, SO_RCVTIMEO, &kLimit, sizeof kLimit);
  }
  if (!answer.socket || ::send(answer.socket.get(), &hello, sizeof hello, MSG_NOSIGNAL) != sizeof hello ||
      !receive_all(answer.socket, answer.welcome))
    return fail(STATUS_OBJECT_NAME_NOT_FOUND, "no pipe is named {}", utf8(name));
  return answer;
}

bool receive_hello(const UniqueFd& socket, PipeHello& hello) {
  return receive_all(socket, hello);
}

void send_welcome(const UniqueFd& socket, const PipeWelcome& welcome) {
  static_cast<void>(::send(socket.get(), &welcome, sizeof welcome, MSG_NOSIGNAL));
}

}  // namespace hmodule::nt

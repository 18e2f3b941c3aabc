#include "nt/socket_watcher.h"

#include "nt/io_error.h"
#include "nt/kernel_section.h"
#include "nt/service_thread.h"
#include "nt/socket.h"

#include <sys/epoll.h>

#include <array>
#include <mutex>
#include <unordered_map>

namespace hmodule::nt {
namespace {

class Watcher {
 public:
  Status watch(Socket& socket, std::uint32_t events, bool again) {
    {
      const std::lock_guard guard(mutex_);
      if (!epoll_) TRY(start());
      sockets_.insert_or_assign(&socket, Ref<Socket>::share(socket));
    }
    // Edges: an operation that is tried and cannot go on learns of the next change, however many it did not need.
    epoll_event event = {events | EPOLLET, {.ptr = &socket}};
    if (epoll_ctl(epoll_.get(), again ? EPOLL_CTL_MOD : EPOLL_CTL_ADD, socket.fd(), &event) != 0)
      return fail_errno("watch a socket");
    return ok;
  }

  void forget(Socket& socket) {
    Ref<Socket> last;  // given up without the lock
    const std::lock_guard guard(mutex_);
    if (const auto found = sockets_.find(&socket); found != sockets_.end()) {
      epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, socket.fd(), nullptr);
      last = std::move(found->second);
      sockets_.erase(found);
    }
  }

 private:
  Status start() {
    epoll_ = UniqueFd(epoll_create1(EPOLL_CLOEXEC));
    if (!epoll_) return fail_errno("epoll");
    Status started = start_service_thread("hmodule-sockets", [this] { run(); });
    if (!started) epoll_ = UniqueFd();
    return started;
  }

  [[noreturn]] void run() {
    std::array<epoll_event, 64> events;
    for (;;) {
      const int count = epoll_wait(epoll_.get(), events.data(), events.size(), -1);
      for (int i = 0; i < count; ++i) {
        Ref<Socket> socket;
        {
          const std::lock_guard guard(mutex_);  // the event may be older than the socket's end
          const auto found = sockets_.find(static_cast<Socket*>(events[static_cast<std::size_t>(i)].data.ptr));
          if (found != sockets_.end()) socket = found->second;
        }
        if (socket) socket->ready();
      }
    }
  }

  KernelMutex mutex_;
  UniqueFd epoll_;
  std::unordered_map<Socket*, Ref<Socket>> sockets_;
};

Watcher& watcher() {
  static auto* const instance = new Watcher;
  return *instance;
}

}  // namespace

Status watch_socket(Socket& socket, std::uint32_t events, bool again) {
  return watcher().watch(socket, events, again);
}

void forget_socket(Socket& socket) {
  watcher().forget(socket);
}

}  // namespace hmodule::nt

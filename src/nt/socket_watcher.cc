#include "nt/socket_watcher.h"

#include "base/service_thread.h"
#include "nt/clock.h"
#include "nt/io_error.h"
#include "nt/kernel_section.h"
#include "nt/socket.h"
#include "nt/socket_poll.h"

#include <sys/epoll.h>
#include <sys/timerfd.h>

#include <algorithm>
#include <array>
#include <map>
#include <mutex>
#include <unordered_map>

namespace hmodule::nt {
namespace {

class Watcher {
 public:
  Status watch(Socket& socket, std::uint32_t events, bool again) {
    {
      const std::lock_guard guard(mutex_);
      TRY(start());
      if (again && !sockets_.contains(&socket)) return ok;  // forgotten meanwhile
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

  void watch_time(std::int64_t due, std::shared_ptr<SocketPoll> poll) {
    const std::lock_guard guard(mutex_);
    const SocketPoll* const key = poll.get();
    const auto place = times_.emplace(std::pair(due, key), std::move(poll)).first;
    if (place == times_.begin()) set_timer();
  }

  void forget_time(std::int64_t due, const SocketPoll& poll) {
    std::shared_ptr<SocketPoll> last;  // the same
    const std::lock_guard guard(mutex_);
    if (auto found = times_.extract(std::pair(due, &poll)); !found.empty()) last = std::move(found.mapped());
  }

 private:
  Status start() {
    if (epoll_) return ok;
    UniqueFd timer(timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK));
    epoll_ = UniqueFd(epoll_create1(EPOLL_CLOEXEC));
    if (!timer || !epoll_) return fail_errno("epoll");
    epoll_event event = {EPOLLIN | EPOLLET, {.ptr = nullptr}};
    epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, timer.get(), &event);
    timer_ = std::move(timer);
    Status started = start_service_thread("hmodule-sockets", [this] { run(); });
    if (!started) epoll_ = UniqueFd();
    return started;
  }

  [[noreturn]] void run() {
    std::array<epoll_event, 64> events;
    for (;;) {
      const int count = epoll_wait(epoll_.get(), events.data(), events.size(), -1);
      for (int i = 0; i < count; ++i) {
        auto* const key = static_cast<Socket*>(events[static_cast<std::size_t>(i)].data.ptr);
        if (key == nullptr) {
          end_late_polls();
          continue;
        }
        Ref<Socket> socket;
        {
          const std::lock_guard guard(mutex_);  // the event may be older than the socket's end
          const auto found = sockets_.find(key);
          if (found != sockets_.end()) socket = found->second;
        }
        if (socket) socket->ready();
      }
    }
  }

  // To the first time, which may have passed.
  void set_timer() {
    const std::int64_t first = times_.empty() ? 0 : std::max<std::int64_t>(times_.begin()->first.first, 1);
    const itimerspec when = {{}, {first / kTicksPerSecond, first % kTicksPerSecond * 100}};
    timerfd_settime(timer_.get(), TFD_TIMER_ABSTIME, &when, nullptr);
  }

  void end_late_polls() {
    std::vector<std::shared_ptr<SocketPoll>> late;
    {
      const std::lock_guard guard(mutex_);
      const auto end = times_.lower_bound(std::pair(interrupt_time() + 1, nullptr));
      for (auto at = times_.begin(); at != end; at = times_.erase(at)) late.push_back(std::move(at->second));
      set_timer();
    }
    for (const auto& poll : late) poll->end(STATUS_TIMEOUT);
  }

  KernelMutex mutex_;
  UniqueFd epoll_, timer_;
  std::unordered_map<Socket*, Ref<Socket>> sockets_;
  std::map<std::pair<std::int64_t, const SocketPoll*>, std::shared_ptr<SocketPoll>> times_;
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

void watch_time(std::int64_t due, std::shared_ptr<SocketPoll> poll) {
  watcher().watch_time(due, std::move(poll));
}

void forget_time(std::int64_t due, const SocketPoll& poll) {
  watcher().forget_time(due, poll);
}

}  // namespace hmodule::nt

// Sockets: a SOCKET of Windows is a handle of a file object, on which ReadFile, completion ports and CancelIo work.
//
// A call that may wait goes straight to the host's socket, which blocks or not as the Windows one does. Overlapped
// operations never block: each is tried at once, and if it cannot end it stands in one of two queues (what receives,
// what sends) until the watcher's thread (socket_watcher.h) has heard that the socket can go on. Only listeners are
// always non-blocking below, as their overlapped accepts cannot say so per call.
#pragma once

#include "nt/event.h"
#include "nt/file.h"
#include "nt/kernel_section.h"
#include "nt/unique_fd.h"

#include <sys/socket.h>
#include <sys/uio.h>

#include <deque>
#include <memory>
#include <vector>

namespace hmodule::nt {

class Socket;
class SocketPoll;

// The polls (socket_poll.h) that wait and were asked of one file.
class SocketPolls {
 public:
  Result<IoResult> start(File& file, std::span<const std::byte> in, std::span<std::byte> out, IoNotice& notice);
  bool cancel(const Thread* thread, const IO_STATUS_BLOCK* status_block);

 private:
  friend class SocketPoll;
  void add(std::shared_ptr<SocketPoll> poll);
  void remove(const SocketPoll& poll);

  KernelMutex mutex_;
  std::vector<std::shared_ptr<SocketPoll>> list_;
};

// An overlapped operation.
class SocketOperation {
 public:
  virtual ~SocketOperation() = default;
  // One try, without waiting, under the socket's lock: how it ended (a negative status is a failure), or nothing.
  virtual std::optional<IoResult> attempt(Socket& socket) = 0;
  // Where it goes on after an attempt that did not end it: AcceptEx waits for a connection, and then on that.
  virtual Socket* next() { return nullptr; }
};

// FD_READ and its kin: bit numbers.
enum class NetworkEvent : std::uint8_t { read, write, oob, accept, connect, close, count = 10 };
constexpr LONG bit(NetworkEvent event) {
  return LONG{1} << static_cast<int>(event);
}

class Socket final : public File {
 public:
  // Host numbers.
  struct Kind {
    int family, type, protocol;
  };
  Socket(UniqueFd fd, Kind kind, ULONG options);
  ~Socket() override;
  void last_handle_closed() override;

  Result<IoResult> read(std::span<std::byte> buffer, std::optional<std::uint64_t>, IoNotice& notice) override;
  Result<IoResult> write(std::span<const std::byte> data, std::optional<std::uint64_t>, IoNotice& notice) override;
  Result<IoResult> control(ULONG code, std::span<const std::byte> in, std::span<std::byte> out,
                           IoNotice& notice) override;
  bool cancel(const Thread* thread, const IO_STATUS_BLOCK* status_block) override;
  ULONG device_type() const override { return FILE_DEVICE_NAMED_PIPE; }  // as Windows says
  int descriptor() const override { return fd_.get(); }

  int fd() const { return fd_.get(); }
  const Kind& kind() const { return kind_; }
  bool datagrams() const { return kind_.type != SOCK_STREAM; }

  // --- what Windows remembers and the host does not say ---
  enum State : unsigned {
    kNonblocking = 1,
    kBound = 2,
    kConnected = 4,
    kConnecting = 8,  // a non-blocking connect that may still go on
    kListening = 0x10,
    kReceiveShut = 0x20,
    kSendShut = 0x40,
    kReuseAddress = 0x80,
    kExclusiveAddress = 0x100,
    kIgnoreUnreachable = 0x200,  // SIO_UDP_CONNRESET off
    kSelecting = 0x400,          // WSAEventSelect
    kClosed = 0x800,             // the last handle is gone; somebody still waits in a call
    kPolled = 0x1000,            // some poll has asked for it
    kReset = 0x2000,             // the peer has cut the connection, as a poll saw
    kConnectUntold = 0x4000,     // FD_CONNECT has not been raised for the last connect
  };
  bool is(unsigned state) const { return (state_.load(std::memory_order_relaxed) & state) != 0; }
  void mark(unsigned state);
  void unmark(unsigned state) { state_.fetch_and(~state); }
  unsigned state() const { return state_.load(std::memory_order_relaxed); }

  std::int64_t connected_at() const { return connected_at_.load(std::memory_order_relaxed); }  // monotonic seconds

  Status set_nonblocking(bool on);
  // Waits for POLLIN, POLLOUT... False when `milliseconds` (-1: for ever) have passed.
  bool wait(short events, int milliseconds) const;
  // A non-blocking connect that has ended: 0 or an errno, remembered for SO_ERROR.
  int finish_connect();
  // Before anything is sent or received: a connect goes on, or is found to have failed. The host would give its error
  // to who sends, and then nobody who asks for the connect would hear of it.
  bool lacks_connection();
  // A connect that failed at once. Polls and select() tell of it until the next.
  void connect_failed(int error);
  bool has_failed_connect() const { return connect_error_.load() != 0 && !is(kConnecting | kConnected); }
  // SO_ERROR: an errno, and none from then on.
  int take_error();
  // A connection from accept() takes the place of what is below this socket, and so does a new socket.
  Status replace(UniqueFd fd);
  Status renew();

  // --- overlapped operations ---
  enum class Direction : std::uint8_t { receive, send };
  // STATUS_PENDING, or how it ended at once; nobody was told then. A failure is an Error.
  Result<IoResult> start(Direction direction, std::unique_ptr<SocketOperation> operation, IoNotice& notice);
  void ready();  // the watcher's call

  // --- AFD's polls ---
  // What is true now: AFD_POLL_*.
  struct Readiness {
    ULONG events;
    NTSTATUS connect_status;  // for AFD_POLL_CONNECT_FAIL
  };
  Readiness readiness();
  // The poll hears of changes from now on. The answer has to end: an exclusive one that another exclusive one follows.
  Result<std::shared_ptr<SocketPoll>> add_poll(std::shared_ptr<SocketPoll> poll);
  void remove_poll(const SocketPoll& poll);

  // --- WSAEventSelect ---
  Status select(Ref<Event> event, LONG mask);
  struct NetworkEvents {
    LONG events;
    int errors[static_cast<int>(NetworkEvent::count)];  // Winsock codes
  };
  NetworkEvents take_events();
  // After a call that lets an event come again. A relaxed look is all it costs sockets without a selection.
  void rearm(NetworkEvent event) {
    if (is(kSelecting)) [[unlikely]]
      rearm_selected(event);
  }
  // An accepted connection begins with its listener's selection.
  void inherit_selection(const Socket& listener);

 private:
  struct Pending {
    Ref<Socket> owner;  // whose operation it is; where it waits may be another
    IoNotice notice;
    std::unique_ptr<SocketOperation> operation;
  };
  struct Finished {
    Pending pending;
    IoResult result;
  };
  // What is to be done when the lock is released again: tell of ends, let operations go on elsewhere.
  class Afterwards;
  class Lock;
  std::deque<Pending>& queue(Direction direction) { return queues_[static_cast<std::size_t>(direction)]; }
  void advance(const Lock&, Afterwards& afterwards);
  void enqueue(Pending pending);
  Status follow(const Lock&, std::uint32_t events);
  bool cancel_operations(const Thread* thread, const IO_STATUS_BLOCK* status_block);
  bool cancel_of(const Socket& owner, const Thread* thread, const IO_STATUS_BLOCK* status_block);
  void rearm_selected(NetworkEvent event);
  void look_for_events(const Lock&);
  void raise(const Lock&, NetworkEvent event, int error = 0);
  Readiness connection_readiness(const Lock&, short host_events);

  const UniqueFd fd_;
  const Kind kind_;
  std::atomic<unsigned> state_{0};
  std::atomic<std::int64_t> connected_at_{0};
  std::atomic<int> error_{0};          // of a connect, until SO_ERROR asks
  std::atomic<int> connect_error_{0};  // the same, until the next connect
  SocketPolls asked_;

  mutable KernelMutex mutex_;  // guards what follows
  std::deque<Pending> queues_[2];
  std::vector<Ref<Socket>> followers_;  // connections on which this listener's AcceptEx waits for the first data
  std::uint32_t watched_ = 0;           // EPOLL bits
  std::vector<std::shared_ptr<SocketPoll>> polls_;
  const SocketPoll* main_poll_ = nullptr;  // came when there was none
  Ref<Event> selected_;
  LONG selected_mask_ = 0, raised_ = 0, recorded_ = 0;  // raised: not again before its call
  int event_errors_[static_cast<int>(NetworkEvent::count)] = {};
};

// recvmsg and sendmsg as operations. `flags` are the host's.
class SocketReceive : public SocketOperation {
 public:
  SocketReceive(std::vector<iovec> parts, int flags) : parts_(std::move(parts)), flags_(flags) {}
  std::optional<IoResult> attempt(Socket& socket) override;

 protected:
  virtual void prepare(msghdr&) {}
  virtual NTSTATUS received(Socket&, const msghdr&) { return STATUS_SUCCESS; }

 private:
  std::vector<iovec> parts_;
  const int flags_;
  std::size_t done_ = 0;
};
class SocketSend : public SocketOperation {
 public:
  SocketSend(std::vector<iovec> parts, int flags) : parts_(std::move(parts)), flags_(flags) {}
  std::optional<IoResult> attempt(Socket& socket) override;

 protected:
  virtual void prepare(msghdr&) {}

 private:
  std::vector<iovec> parts_;
  const int flags_;
  std::size_t done_ = 0;
};

// Takes `count` bytes off the front.
void consume(std::vector<iovec>& parts, std::size_t count);

}  // namespace hmodule::nt

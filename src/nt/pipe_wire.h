// What joins the two ends of a named pipe that are in two processes.
//
// The instance is there twice, once in each process, where one of its ends is the program's and the other stands for
// the end far away. Each message is in the queue of both: with who wrote it until he hears that it has been read, so
// that quotas, flushes and writers who wait are as they would be in one process; and with who reads it, even when the
// other process is gone. The wire is a socket that carries messages, what has been read of them, and the news that the
// server has disconnected; its end says that the other end is closed, however that came.
//
// Nobody waits to send: what the socket does not take at once is sent by the wire's thread, which also receives.
#pragma once

#include "base/result.h"
#include "nt/kernel_section.h"
#include "nt/unique_fd.h"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace hmodule::nt {

class PipeWire {
 public:
  // Who has the instance. Called by the wire's thread alone, which holds no lock then.
  class Receiver {
   public:
    virtual ~Receiver() = default;
    virtual void message(std::vector<std::byte> data) = 0;
    // Of the messages that were sent, these have been read and `bytes` of all.
    virtual void consumed(std::size_t bytes, std::size_t messages) = 0;
    virtual void disconnected() = 0;
    virtual void closed() = 0;
  };

  static Result<std::shared_ptr<PipeWire>> make(UniqueFd socket);
  // The wire's thread: returns when the other side has ended.
  void run(Receiver& receiver);

  void send_message(std::span<const std::byte> data);
  void send_consumed(std::size_t bytes, std::size_t messages);
  void send_disconnected();
  void send(std::span<const std::byte> plain);  // before all frames
  // After what has been sent the other side hears that this one is closed.
  void finish();

 private:
  enum class Kind : std::uint32_t { message = 1, consumed, disconnected };
  struct Frame {
    Kind kind;
    std::uint32_t size, count;
  };
  PipeWire(UniqueFd socket, UniqueFd wake) : socket_(std::move(socket)), wake_(std::move(wake)) {}
  void send_frame(Frame frame, std::span<const std::byte> data = {});
  void flush();
  bool receive(Receiver& receiver);

  const UniqueFd socket_, wake_;
  std::vector<std::byte> in_;  // the thread's
  KernelMutex mutex_;          // guards the rest
  std::vector<std::byte> out_;
  std::size_t sent_ = 0;  // of out_
  bool finishing_ = false;
};

// --- how clients find servers ---

// What a client says first, and what he is answered: `count` by the instances there are.
struct PipeHello {
  enum class Purpose : std::uint32_t { open = 1, wait, count } purpose;
  std::uint32_t access;       // to open
  std::int64_t milliseconds;  // to wait; -1: the server's default, INT64_MAX: for ever
};
struct PipeWelcome {
  std::int32_t status;
  std::uint32_t type, share, maximum_instances, current_instances, inbound_quota, outbound_quota;
  std::int64_t default_timeout;
};

// A name that other processes find, as long as this lives.
class PipeListener {
 public:
  // `serve` gets each client in a thread of its own. OBJECT_NAME_COLLISION: another process has the name.
  static Result<std::unique_ptr<PipeListener>> make(std::u16string_view name, std::function<void(UniqueFd)> serve);
  ~PipeListener();

 private:
  PipeListener(std::string name, std::shared_ptr<const UniqueFd> socket)
      : name_(std::move(name)), socket_(std::move(socket)) {}
  const std::string name_;
  const std::shared_ptr<const UniqueFd> socket_;
};

// A process at the other side of a socket.
DWORD process_behind(const UniqueFd& socket);

// A server's answer, with the socket on which it came. OBJECT_NAME_NOT_FOUND: nobody has the name.
struct PipeAnswer {
  PipeWelcome welcome;
  UniqueFd socket;
};
Result<PipeAnswer> ask_pipe_server(std::u16string_view name, const PipeHello& hello);
// The other side of that.
bool receive_hello(const UniqueFd& socket, PipeHello& hello);
void send_welcome(const UniqueFd& socket, const PipeWelcome& welcome);

}  // namespace hmodule::nt

#include "nt/pipe_bridge.h"

#include "base/service_thread.h"
#include "nt/handle_table.h"
#include "nt/io_error.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <memory>
#include <vector>

namespace hmodule::nt {
namespace {

constexpr std::size_t kPart = 0x4000;
constexpr std::uint32_t kDisconnected = 0xFFFF'FFFF;  // in the place of a length

// Whoever is gone raises SIGPIPE, which the service threads block.
bool write_all(const UniqueFd& to, std::span<const std::byte> data) {
  while (!data.empty()) {
    const ssize_t count = ::write(to.get(), data.data(), data.size());
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return false;
    data = data.subspan(static_cast<std::size_t>(count));
  }
  return true;
}

// 0: there is nothing more.
std::size_t read_some(const UniqueFd& from, std::span<std::byte> data) {
  ssize_t count;
  do count = ::read(from.get(), data.data(), data.size());
  while (count < 0 && errno == EINTR);
  return count < 0 ? 0 : static_cast<std::size_t>(count);
}

bool write_number(const UniqueFd& to, std::uint32_t number) {
  return write_all(to, std::as_bytes(std::span(&number, 1)));
}

// Belongs to its threads.
class Carrier {
 public:
  Carrier(Bridge bridge, UniqueFd ended, HANDLE hold)
      : bridge_(std::move(bridge)), ended_(std::move(ended)), hold_(hold) {}
  ~Carrier() { close_pipe(); }
  Carrier(const Carrier&) = delete;
  Carrier& operator=(const Carrier&) = delete;

  void carry_out();
  void carry_in();
  // Closes the pipe when nobody is left to read what carry_out() writes.
  void watch_reader();

 private:
  // Nothing when the pipe is closed.
  Result<std::vector<std::byte>> next_out();
  std::optional<std::vector<std::byte>> next_in();
  void close_pipe() {
    if (!closed_.exchange(true)) static_cast<void>(handles().close(hold_));
  }

  const Bridge bridge_;
  const UniqueFd ended_;  // an eventfd: carry_out() has ended
  const HANDLE hold_;
  std::atomic<bool> closed_{false};
};

Result<std::vector<std::byte>> Carrier::next_out() {
  std::vector<std::byte> message;
  std::array<std::byte, kPart> part;
  for (;;) {
    const IoResult got = TRY(bridge_.pipe->receive(part));
    message.insert(message.end(), part.begin(), part.begin() + static_cast<std::ptrdiff_t>(got.information));
    if (got.status != STATUS_BUFFER_OVERFLOW || bridge_.format == BridgeFormat::bytes) return message;
  }
}

void Carrier::carry_out() {
  const bool framed = bridge_.format == BridgeFormat::messages;
  for (;;) {
    const auto message = next_out();
    if (!message) {
      if (framed && message.error().status == STATUS_PIPE_DISCONNECTED) write_number(bridge_.out, kDisconnected);
      break;
    }
    if (framed && !write_number(bridge_.out, static_cast<std::uint32_t>(message->size()))) break;
    if (!write_all(bridge_.out, *message)) break;
  }
  ::shutdown(bridge_.out.get(), SHUT_RDWR);  // a socket: carry_in() is at its end, too
  ::eventfd_write(ended_.get(), 1);
  close_pipe();
}

std::optional<std::vector<std::byte>> Carrier::next_in() {
  std::vector<std::byte> message(kPart);
  if (bridge_.format == BridgeFormat::bytes) {
    message.resize(read_some(bridge_.in, message));
    return message.empty() ? std::nullopt : std::optional(std::move(message));
  }
  std::uint32_t length = 0;
  const auto exactly = [&](std::span<std::byte> data) {
    while (!data.empty()) {
      const std::size_t count = read_some(bridge_.in, data);
      if (count == 0) return false;
      data = data.subspan(count);
    }
    return true;
  };
  if (!exactly(std::as_writable_bytes(std::span(&length, 1)))) return std::nullopt;
  if (length == kDisconnected) {
    IoNotice nobody;
    static_cast<void>(bridge_.pipe->control(FSCTL_PIPE_DISCONNECT, {}, {}, nobody));
    return std::nullopt;
  }
  std::size_t size = 0;
  while (size < length) {  // no more memory than what really comes
    message.resize(std::min<std::size_t>(length, size + kPart));
    if (!exactly(std::span(message).subspan(size))) return std::nullopt;
    size = message.size();
  }
  message.resize(length);
  return message;
}

void Carrier::carry_in() {
  for (;;) {
    const auto message = next_in();
    if (!message || !bridge_.pipe->send(*message)) break;
  }
  ::shutdown(bridge_.in.get(), SHUT_RDWR);
  close_pipe();
}

void Carrier::watch_reader() {
  std::array<pollfd, 2> watched = {{{bridge_.out.get(), 0, 0}, {ended_.get(), POLLIN, 0}}};
  while (::poll(watched.data(), watched.size(), -1) < 0 && errno == EINTR) {
  }
  close_pipe();
}

}  // namespace

Status start_bridge(Bridge bridge) {
  const bool out(bridge.out), in(bridge.in);
  UniqueFd ended(::eventfd(0, EFD_CLOEXEC));
  if (!ended) return fail_errno("eventfd");
  Ref<Object> pipe = bridge.pipe;
  const HANDLE hold = TRY(handles().insert(std::move(pipe), 0));
  const auto carrier = std::make_shared<Carrier>(std::move(bridge), std::move(ended), hold);
  if (in) TRY(start_service_thread("hmodule-pipe-in", [carrier] { carrier->carry_in(); }));
  if (out && !in) TRY(start_service_thread("hmodule-pipe-rd", [carrier] { carrier->watch_reader(); }));
  if (out) TRY(start_service_thread("hmodule-pipe-ex", [carrier] { carrier->carry_out(); }));
  return ok;
}

Result<UniqueFd> bridge_one_way(Ref<NamedPipe> pipe, bool reads) {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) return fail_errno("pipe");
  UniqueFd read(ends[0]), write(ends[1]);
  Bridge bridge = {.pipe = std::move(pipe)};
  (reads ? bridge.out : bridge.in) = std::move(reads ? write : read);
  TRY(start_bridge(std::move(bridge)));
  return std::move(reads ? read : write);
}

Result<UniqueFd> bridge_both_ways(Ref<NamedPipe> pipe) {
  int ends[2];
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0) return fail_errno("socketpair");
  UniqueFd mine(ends[0]), other(ends[1]);
  UniqueFd mine_again(::fcntl(mine.get(), F_DUPFD_CLOEXEC, 0));
  if (!mine_again) return fail_errno("socket");
  TRY(start_bridge({.pipe = std::move(pipe), .out = std::move(mine), .in = std::move(mine_again)}));
  return other;
}

}  // namespace hmodule::nt

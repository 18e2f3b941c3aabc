#include "nt/pipe_peek.h"

#include "nt/io_buffer.h"
#include "nt/io_error.h"
#include "nt/unique_fd.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>

namespace hmodule::nt {
namespace {

// tee() copies the pages of one pipe to another without consuming them; sockets have MSG_PEEK.
Result<std::size_t> copy_without_taking(int descriptor, std::span<std::byte> out) {
  const ssize_t peeked = ::recv(descriptor, out.data(), out.size(), MSG_PEEK | MSG_DONTWAIT);
  if (peeked >= 0) return static_cast<std::size_t>(peeked);
  if (errno != ENOTSOCK) return std::size_t{0};
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC | O_NONBLOCK) != 0) return fail_errno("pipe");
  const UniqueFd reading(ends[0]), writing(ends[1]);
  if (out.size() > 65536)
    ::fcntl(writing.get(), F_SETPIPE_SZ, static_cast<int>(std::min<std::size_t>(out.size(), 1 << 20)));
  const ssize_t copied = ::tee(descriptor, writing.get(), out.size(), SPLICE_F_NONBLOCK);
  if (copied <= 0) return std::size_t{0};
  const ssize_t count = ::read(reading.get(), out.data(), std::min(out.size(), static_cast<std::size_t>(copied)));
  return count < 0 ? 0 : static_cast<std::size_t>(count);
}

}  // namespace

ULONG bytes_in_pipe(int descriptor) {
  int count = 0;
  if (::ioctl(descriptor, FIONREAD, &count) != 0 || count < 0) return 0;
  return static_cast<ULONG>(count);
}

Result<IoResult> peek_host_pipe(int descriptor, std::span<std::byte> out) {
  constexpr std::size_t kHeader = offsetof(FILE_PIPE_PEEK_BUFFER, Data);
  if (out.size() < kHeader) return fail(STATUS_INFO_LENGTH_MISMATCH, "{} bytes for a peek", out.size());
  const ULONG available = bytes_in_pipe(descriptor);
  if (available == 0) {
    pollfd state = {descriptor, POLLIN, 0};
    if (::poll(&state, 1, 0) == 1 && (state.revents & (POLLHUP | POLLERR)) != 0)
      return fail(STATUS_PIPE_BROKEN, "the writing end of the pipe is closed");
  }
  const FILE_PIPE_PEEK_BUFFER header = {FILE_PIPE_CONNECTED_STATE, available, 0, 0, {}};
  std::memcpy(out.data(), &header, kHeader);
  const std::size_t wanted = std::min<std::size_t>(available, out.size() - kHeader);
  const std::size_t copied = wanted == 0 ? 0 : TRY(copy_without_taking(descriptor, out.subspan(kHeader, wanted)));
  return IoResult{copied < available ? STATUS_BUFFER_OVERFLOW : STATUS_SUCCESS, kHeader + copied};
}

}  // namespace hmodule::nt

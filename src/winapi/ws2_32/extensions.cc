// mswsock.h: overlapped accepting and connecting, whole files.
#include "winapi/ws2_32/overlapped.h"
#include "winapi/ws2_32/transfer.h"
#include "winapi/ws2_32/winsock.h"

#include <netinet/in.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <span>
#include <string_view>
#include <vector>

namespace hmodule::winapi {

using nt::IoResult, nt::Ref, nt::Socket, nt::SocketOperation, nt::UniqueFd;

namespace {

// --- AcceptEx ---

// The buffer holds the first data, the local and then the remote address. Each address has 16 bytes more than it
// needs; Windows puts its length there.
struct AcceptBuffer {
  char* start;
  DWORD data, local, remote;

  void put(DWORD at, DWORD room, const HostAddress& address) const {
    const WindowsAddress windows = to_windows(address);
    const std::size_t size = std::min<std::size_t>(static_cast<std::size_t>(windows.length), room - kExtra);
    std::memset(start + at, 0, room);
    std::memcpy(start + at, windows.bytes, size);
    std::memcpy(start + at + room - sizeof(INT), &windows.length, sizeof(INT));
  }
  INT length_at(DWORD at, DWORD room) const {
    INT length;
    std::memcpy(&length, start + at + room - sizeof length, sizeof length);
    return length;
  }
  static constexpr DWORD kExtra = 16;
};

// A connection, then its first data if any are wanted.
class Accept final : public SocketOperation {
 public:
  Accept(Ref<Socket> socket, AcceptBuffer buffer) : socket_(std::move(socket)), buffer_(buffer) {}

  std::optional<IoResult> attempt(Socket& at) override {
    if (!accepted_) {
      peer_.length = sizeof peer_.storage;
      UniqueFd fd(::accept4(at.fd(), peer_.get(), &peer_.length, SOCK_CLOEXEC));
      if (!fd) {
        if (errno == EAGAIN || errno == EINTR || errno == ECONNABORTED) return std::nullopt;
        return IoResult{nt::socket_status(errno), 0};
      }
      if (const Status replaced = socket_->replace(std::move(fd)); !replaced)
        return IoResult{replaced.error().status, 0};
      socket_->mark(Socket::kBound | Socket::kConnected);
      accepted_ = true;
      HostAddress own;
      ::getsockname(socket_->fd(), own.get(), &own.length);
      buffer_.put(buffer_.data, buffer_.local, own);
      buffer_.put(buffer_.data + buffer_.local, buffer_.remote, peer_);
    }
    if (buffer_.data == 0) return IoResult{};
    const ssize_t count = ::recv(socket_->fd(), buffer_.start, buffer_.data, MSG_DONTWAIT);
    if (count >= 0) return IoResult{STATUS_SUCCESS, static_cast<ULONG_PTR>(count)};
    if (errno == EAGAIN || errno == EINTR) return std::nullopt;
    return IoResult{nt::socket_status(errno), 0};
  }
  Socket* next() override { return accepted_ ? socket_.get() : nullptr; }

 private:
  const Ref<Socket> socket_;
  const AcceptBuffer buffer_;
  HostAddress peer_;
  bool accepted_ = false;
};

// --- ConnectEx ---

class Connect final : public SocketOperation {
 public:
  Connect(HostAddress to, void* data, DWORD size)
      : to_(to), send_({{data, size}}, 0), has_data_(data != nullptr && size != 0) {}

  std::optional<IoResult> attempt(Socket& socket) override {
    if (!started_) {
      started_ = true;
      int on = 1, off = socket.is(Socket::kNonblocking);
      ioctl(socket.fd(), FIONBIO, &on);
      const int result = ::connect(socket.fd(), to_.get(), to_.length), error = errno;
      ioctl(socket.fd(), FIONBIO, &off);
      if (result == 0) {
        socket.mark(Socket::kConnected);
      } else if (error == EINPROGRESS) {
        socket.mark(Socket::kConnecting);
      } else {
        socket.connect_failed(error);
        return IoResult{nt::socket_status(error), 0};
      }
    }
    if (socket.is(Socket::kConnecting)) {
      if (!socket.wait(POLLOUT, 0)) return std::nullopt;
      if (socket.finish_connect() != 0) return IoResult{nt::socket_status(socket.take_error()), 0};
    }
    return has_data_ ? send_.attempt(socket) : IoResult{};
  }

 private:
  HostAddress to_;
  nt::SocketSend send_;
  const bool has_data_;
  bool started_ = false;
};

// --- TransmitFile ---

// Memory or a part of a file.
struct Piece {
  const char* memory = nullptr;
  Ref<nt::File> file = {};
  std::uint64_t offset = 0;
  std::uint64_t length = 0;  // of a file: kToEnd for all there is
  static constexpr std::uint64_t kToEnd = UINT64_MAX;
};

class SendPieces final : public SocketOperation {
 public:
  SendPieces(std::vector<Piece> pieces, bool then_disconnect)
      : pieces_(std::move(pieces)), then_disconnect_(then_disconnect) {}

  std::optional<IoResult> attempt(Socket& socket) override {
    while (next_ < pieces_.size()) {
      Piece& piece = pieces_[next_];
      if (const int error = fill(piece); error != 0) return IoResult{nt::socket_status(error), 0};
      if (ready_.empty()) {
        ++next_;
        continue;
      }
      const bool goes_on = piece.length != Piece::kToEnd && piece.length > ready_.size();
      const int more = goes_on || next_ + 1 < pieces_.size() ? MSG_MORE : 0;
      const ssize_t count = ::send(socket.fd(), ready_.data(), ready_.size(), MSG_DONTWAIT | MSG_NOSIGNAL | more);
      if (count < 0) {
        if (errno == EINTR) continue;
        if (errno == EAGAIN) return std::nullopt;
        return IoResult{nt::socket_status(errno), 0};
      }
      const auto sent = static_cast<std::size_t>(count);
      ready_.remove_prefix(sent);
      total_ += sent;
      if (piece.memory != nullptr) piece.memory += sent;
      piece.offset += sent;
      if (piece.length != Piece::kToEnd) piece.length -= sent;
    }
    if (then_disconnect_) {
      ::shutdown(socket.fd(), SHUT_WR);
      socket.mark(Socket::kSendShut);
    }
    return IoResult{STATUS_SUCCESS, total_};
  }

 private:
  // What is to be sent next; an errno.
  int fill(const Piece& piece) {
    if (!ready_.empty() || piece.length == 0) return 0;
    if (piece.memory != nullptr) {
      ready_ = {piece.memory, piece.length};
      return 0;
    }
    const auto wanted = static_cast<std::size_t>(std::min<std::uint64_t>(piece.length, chunk_.size()));
    ssize_t count;
    do {
      count = ::pread(piece.file->descriptor(), chunk_.data(), wanted, static_cast<off_t>(piece.offset));
    } while (count < 0 && errno == EINTR);
    if (count < 0) return errno;
    ready_ = {chunk_.data(), static_cast<std::size_t>(count)};
    return 0;
  }

  std::vector<Piece> pieces_;
  const bool then_disconnect_;
  std::size_t next_ = 0, total_ = 0;
  std::string_view ready_;
  std::array<char, 65536> chunk_;
};

constexpr DWORD kDisconnect = 1, kReuseSocket = 2;

Result<Ref<nt::File>> file_to_send(HANDLE handle) {
  auto file = nt::object_of<nt::File>(handle, FILE_READ_DATA);
  if (!file) return fail_win32(WSA_INVALID_HANDLE, "{}", file.error().reason);
  if ((*file)->descriptor() < 0) return refused(WSA_INVALID_HANDLE, "nothing that could be sent as a file");
  return file;
}

Status transmit(SOCKET handle, std::vector<Piece> pieces, OVERLAPPED* overlapped, DWORD flags) {
  const auto socket = TRY(socket_of(handle));
  if (socket->datagrams() || !socket->is(Socket::kConnected))
    return refused(WSAENOTCONN, "the socket is not connected");
  TRY(may_send(*socket));
  const bool waits = !is_overlapped(*socket, overlapped);
  if ((flags & kReuseSocket) != 0 && !waits)
    return refused(WSAEOPNOTSUPP, "TF_REUSE_SOCKET of an overlapped transmission");
  auto operation = std::make_unique<SendPieces>(std::move(pieces), (flags & kDisconnect) != 0);
  if (!waits)
    return start_overlapped(*socket, Socket::Direction::send, std::move(operation), overlapped, nullptr, nullptr);
  TRY(run_to_end(*socket, POLLOUT, *operation));
  return (flags & kReuseSocket) != 0 ? socket->renew() : Status(ok);
}

bool has_room(DWORD room, const Socket& socket) {
  const DWORD needed = socket.kind().family == AF_INET    ? sizeof(sockaddr_in)
                       : socket.kind().family == AF_INET6 ? sizeof(sockaddr_in6)
                                                          : 110;
  return room >= needed + AcceptBuffer::kExtra;
}

}  // namespace

HM_WINAPI BOOL AcceptEx(SOCKET listener, SOCKET socket, void* buffer, DWORD data, DWORD local, DWORD remote,
                        DWORD* received, OVERLAPPED* overlapped) noexcept {
  return succeed([&]() -> Status {
    if (overlapped == nullptr) return refused(WSA_INVALID_PARAMETER, "AcceptEx is always overlapped");
    const auto from = TRY(socket_of(listener)), to = TRY(socket_of(socket));
    if (!from->is(Socket::kListening)) return refused(WSAEINVAL, "the socket does not listen");
    if (to->is(Socket::kBound | Socket::kConnected)) return refused(WSAEINVAL, "the new socket is in use");
    if (buffer == nullptr || !has_room(remote, *from) || (local != 0 && !has_room(local, *from)))
      return refused(WSAEFAULT, "too little room for the addresses");
    auto operation = std::make_unique<Accept>(to, AcceptBuffer{static_cast<char*>(buffer), data, local, remote});
    return start_overlapped(*from, Socket::Direction::receive, std::move(operation), overlapped, nullptr, received);
  });
}

HM_WINAPI void GetAcceptExSockaddrs(void* buffer, DWORD data, DWORD local, DWORD remote, void** local_address,
                                    INT* local_length, void** remote_address, INT* remote_length) noexcept {
  const AcceptBuffer from = {static_cast<char*>(buffer), data, local, remote};
  *local_address = local != 0 ? from.start + data : nullptr;
  *local_length = local != 0 ? from.length_at(data, local) : 0;
  *remote_address = from.start + data + local;
  *remote_length = from.length_at(data + local, remote);
}

HM_WINAPI BOOL ConnectEx(SOCKET socket, const void* address, INT length, void* buffer, DWORD size, DWORD* sent,
                         OVERLAPPED* overlapped) noexcept {
  return succeed([&]() -> Status {
    if (overlapped == nullptr) return refused(WSA_INVALID_PARAMETER, "ConnectEx is always overlapped");
    const auto object = TRY(socket_of(socket));
    const HostAddress to = TRY(to_host(address, length));
    if (object->datagrams() || !object->is(Socket::kBound)) return refused(WSAEINVAL, "the socket is not bound");
    if (object->is(Socket::kListening)) return refused(WSAEINVAL, "the socket listens");
    if (object->is(Socket::kConnected)) return refused(WSAEISCONN, "the socket is connected");
    TRY(require_destination(*object, to));
    auto operation = std::make_unique<Connect>(to, buffer, size);
    return start_overlapped(*object, Socket::Direction::send, std::move(operation), overlapped, nullptr, sent);
  });
}

HM_WINAPI BOOL DisconnectEx(SOCKET socket, OVERLAPPED* overlapped, DWORD flags, DWORD reserved) noexcept {
  return succeed([&]() -> Status {
    const auto object = TRY(socket_of(socket));
    if ((flags & ~kReuseSocket) != 0 || reserved != 0) return refused(WSAEINVAL, "unknown flags");
    if (object->datagrams() || !object->is(Socket::kConnected))
      return refused(WSAENOTCONN, "the socket is not connected");
    if (::shutdown(object->fd(), SHUT_RDWR) != 0 && errno != ENOTCONN) return failed("shutdown");
    if ((flags & kReuseSocket) != 0)
      TRY(object->renew());
    else
      object->mark(Socket::kSendShut | Socket::kReceiveShut);
    if (!is_overlapped(*object, overlapped)) return ok;
    return start_overlapped(*object, Socket::Direction::send, std::make_unique<Done>(0), overlapped, nullptr, nullptr);
  });
}

HM_WINAPI BOOL TransmitFile(SOCKET socket, HANDLE file, DWORD count, DWORD, OVERLAPPED* overlapped,
                            TRANSMIT_FILE_BUFFERS* buffers, DWORD flags) noexcept {
  return succeed([&]() -> Status {
    std::vector<Piece> pieces;
    if (buffers != nullptr && buffers->HeadLength != 0)
      pieces.push_back({static_cast<const char*>(buffers->Head), {}, 0, buffers->HeadLength});
    if (file != nullptr) {
      Piece piece = {nullptr, TRY(file_to_send(file)), 0, count != 0 ? count : Piece::kToEnd};
      piece.offset =
          overlapped != nullptr
              ? std::uint64_t{overlapped->OffsetHigh} << 32 | overlapped->Offset
              : static_cast<std::uint64_t>(std::max<off_t>(0, ::lseek(piece.file->descriptor(), 0, SEEK_CUR)));
      pieces.push_back(std::move(piece));
    }
    if (buffers != nullptr && buffers->TailLength != 0)
      pieces.push_back({static_cast<const char*>(buffers->Tail), {}, 0, buffers->TailLength});
    return transmit(socket, std::move(pieces), overlapped, flags);
  });
}

HM_WINAPI BOOL TransmitPackets(SOCKET socket, TRANSMIT_PACKETS_ELEMENT* elements, DWORD count, DWORD,
                               OVERLAPPED* overlapped, DWORD flags) noexcept {
  constexpr ULONG kMemory = 1, kFile = 2;
  return succeed([&]() -> Status {
    if (elements == nullptr && count != 0) return refused(WSAEFAULT, "no packets");
    std::vector<Piece> pieces;
    for (const TRANSMIT_PACKETS_ELEMENT& element : std::span(elements, count)) {
      if ((element.dwElFlags & kMemory) != 0) {
        pieces.push_back({static_cast<const char*>(element.pBuffer), {}, 0, element.cLength});
      } else if ((element.dwElFlags & kFile) != 0) {
        Piece piece = {nullptr, TRY(file_to_send(element.hFile)), static_cast<std::uint64_t>(element.nFileOffset),
                       element.cLength != 0 ? element.cLength : Piece::kToEnd};
        pieces.push_back(std::move(piece));
      } else {
        return refused(WSAEINVAL, "neither memory nor a file");
      }
    }
    return transmit(socket, std::move(pieces), overlapped, flags);
  });
}

}  // namespace hmodule::winapi

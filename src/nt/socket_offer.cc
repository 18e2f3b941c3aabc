#include "nt/socket_offer.h"

#include "base/service_thread.h"
#include "nt/io_error.h"
#include "nt/process.h"
#include "nt/random.h"
#include "nt/session_socket.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace hmodule::nt {
namespace {

// Goes along with the descriptor.
struct Facts {
  Socket::Kind kind;
  unsigned state;
};

constexpr unsigned kOwn =  // what the process that offers it does with the socket
    Socket::kSelecting | Socket::kClosed | Socket::kPolled;

std::string name_of(DWORD process, DWORD number) {
  return session_socket_name("socket", fmt::format("{}.{}", process, number));
}

struct Offer {
  UniqueFd listener, taker, socket;  // `taker`: a pidfd
  DWORD process;
  Facts facts;
  std::string name;

  ~Offer() { remove_session_socket(name); }
  // True: it is taken.
  bool give(const UniqueFd& connection) const;
};

bool Offer::give(const UniqueFd& connection) const {
  ucred peer = {};
  socklen_t size = sizeof peer;
  if (::getsockopt(connection.get(), SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0 ||
      static_cast<DWORD>(peer.pid) != process)
    return false;
  alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int))] = {};
  Facts copy = facts;
  iovec part = {&copy, sizeof copy};
  msghdr message = {};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  message.msg_control = control;
  message.msg_controllen = sizeof control;
  cmsghdr* const header = CMSG_FIRSTHDR(&message);
  header->cmsg_level = SOL_SOCKET;
  header->cmsg_type = SCM_RIGHTS;
  header->cmsg_len = CMSG_LEN(sizeof(int));
  const int descriptor = socket.get();
  std::memcpy(CMSG_DATA(header), &descriptor, sizeof descriptor);
  return ::sendmsg(connection.get(), &message, MSG_NOSIGNAL) == sizeof copy;
}

void wait_for_taker(const Offer& offer) {
  for (;;) {
    pollfd watched[] = {{offer.listener.get(), POLLIN, 0}, {offer.taker.get(), POLLIN, 0}};
    if (::poll(watched, 2, -1) < 0 && errno != EINTR) return;
    if (watched[1].revents != 0) return;
    if (watched[0].revents == 0) continue;
    const UniqueFd connection(::accept4(offer.listener.get(), nullptr, nullptr, SOCK_CLOEXEC));
    if (connection && offer.give(connection)) return;
  }
}

}  // namespace

Result<DWORD> offer_socket(const Socket& socket, DWORD process) {
  auto offer = std::make_unique<Offer>();
  TRY(Process::open(process));
  offer->taker = UniqueFd(static_cast<int>(::syscall(SYS_pidfd_open, static_cast<pid_t>(process), 0)));
  if (!offer->taker) return fail(STATUS_INVALID_CID, "process {} has just ended", process);
  DWORD number;
  fill_random(&number, sizeof number);
  number |= 0x8000'0000;  // no handle looks like it
  offer->process = process;
  offer->facts = {socket.kind(), socket.state() & ~kOwn};
  offer->socket = UniqueFd(::fcntl(socket.fd(), F_DUPFD_CLOEXEC, 0));
  if (!offer->socket) return fail_errno("duplicate a socket");
  const std::string name = name_of(process, number);
  const UniqueFd directory = TRY(lock_session_directory());
  offer->listener = TRY(bind_session_socket(directory, SOCK_SEQPACKET, name));
  offer->name = name;
  if (::listen(offer->listener.get(), 1) != 0) return fail_errno("listen");
  TRY(start_service_thread("hmodule-offer", [offer = std::move(offer)] { wait_for_taker(*offer); }));
  return number;
}

Result<Ref<Socket>> take_offered_socket(DWORD number, ULONG options) {
  UniqueFd connection;
  {
    const UniqueFd directory = TRY(lock_session_directory());
    connection = TRY(connect_session_socket(directory, SOCK_SEQPACKET, name_of(Process::current()->id(), number)));
  }
  if (!connection) return fail(STATUS_OBJECT_NAME_NOT_FOUND, "no socket {:#x} is on its way here", number);
  Facts facts;
  iovec part = {&facts, sizeof facts};
  alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int))] = {};
  msghdr message = {};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  message.msg_control = control;
  message.msg_controllen = sizeof control;
  ssize_t count;
  do count = ::recvmsg(connection.get(), &message, MSG_CMSG_CLOEXEC);
  while (count < 0 && errno == EINTR);
  const cmsghdr* const header = CMSG_FIRSTHDR(&message);
  if (count != sizeof facts || header == nullptr || header->cmsg_type != SCM_RIGHTS)
    return fail(STATUS_OBJECT_NAME_NOT_FOUND, "the socket {:#x} was not given", number);
  int descriptor;
  std::memcpy(&descriptor, CMSG_DATA(header), sizeof descriptor);
  auto socket = make_object<Socket>(UniqueFd(descriptor), facts.kind, options);
  socket->mark(facts.state);
  return socket;
}

}  // namespace hmodule::nt

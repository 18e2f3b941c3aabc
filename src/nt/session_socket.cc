#include "nt/session_socket.h"

#include "nt/io_error.h"
#include "nt/session.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <memory>
#include <mutex>

namespace hmodule::nt {
namespace {

// By way of the directory's descriptor, which makes it short enough.
sockaddr_un address_of(const UniqueFd& directory, const std::string& name) {
  sockaddr_un address = {};
  address.sun_family = AF_UNIX;
  fmt::format_to_n(address.sun_path, sizeof address.sun_path - 1, "/proc/self/fd/{}/{}", directory.get(), name);
  return address;
}

Result<UniqueFd> new_socket(int type) {
  UniqueFd socket(::socket(AF_UNIX, type | SOCK_CLOEXEC, 0));
  if (!socket) return fail_errno("make a socket");
  return socket;
}

}  // namespace

std::string session_socket_name(std::string_view kind, std::string_view name) {
  std::uint64_t digest = 0xCBF2'9CE4'8422'2325;  // FNV-1a
  for (const char byte : session::scope() + '\0' + std::string(name))
    digest = (digest ^ static_cast<unsigned char>(byte)) * 0x100'0000'01B3;
  return fmt::format("{}.{:016x}", kind, digest);
}

Result<UniqueFd> lock_session_directory() {
  UniqueFd directory = TRY(session::directory());
  if (::flock(directory.get(), LOCK_EX) != 0) return fail_errno("lock the session's directory");
  return directory;
}

// Listeners do not notice this: a datagram socket is of the wrong type for them.
bool session_socket_lives(const UniqueFd& directory, const std::string& name) {
  const auto socket = new_socket(SOCK_DGRAM);
  const sockaddr_un address = address_of(directory, name);
  if (!socket || ::connect(socket->get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0)
    return true;
  const bool dead = errno == ECONNREFUSED;
  if (dead) ::unlinkat(directory.get(), name.c_str(), 0);
  return !dead && errno != ENOENT;
}

namespace {

void remove_dead_sockets(const UniqueFd& directory) {
  const std::unique_ptr<DIR, int (*)(DIR*)> listing(
      ::fdopendir(::openat(directory.get(), ".", O_DIRECTORY | O_CLOEXEC)), ::closedir);
  if (!listing) return;
  while (const dirent* const entry = ::readdir(listing.get()))
    if (entry->d_type == DT_SOCK) session_socket_lives(directory, entry->d_name);
}

}  // namespace

Result<UniqueFd> bind_session_socket(const UniqueFd& directory, int type, const std::string& name) {
  static std::once_flag once;
  std::call_once(once, remove_dead_sockets, directory);
  UniqueFd socket = TRY(new_socket(type));
  const sockaddr_un address = address_of(directory, name);
  if (::bind(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
    return fail_errno("name a socket");
  return socket;
}

Result<UniqueFd> connect_session_socket(const UniqueFd& directory, int type, const std::string& name) {
  UniqueFd socket = TRY(new_socket(type));
  const sockaddr_un address = address_of(directory, name);
  if (::connect(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0) return socket;
  if (errno == ECONNREFUSED) ::unlinkat(directory.get(), name.c_str(), 0);
  return UniqueFd();
}

void remove_session_socket(const std::string& name) {
  if (const auto directory = session::directory()) ::unlinkat(directory->get(), name.c_str(), 0);
}

}  // namespace hmodule::nt

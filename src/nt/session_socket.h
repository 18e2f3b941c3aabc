// Sockets of Linux by which the processes of a session find each other: files in the session's directory, each named
// after what it is for. One that was left by a process that has ended refuses connections, and is removed by whoever
// finds it: each process looks for such once.
#pragma once

#include "base/result.h"
#include "nt/unique_fd.h"

#include <string>
#include <string_view>

namespace hmodule::nt {

// "mailslot.0123456789abcdef": names may be longer than Linux lets a socket's be, so this has a digest of name and
// scope.
std::string session_socket_name(std::string_view kind, std::string_view name);

// The directory, which nobody else changes as long as this is open.
Result<UniqueFd> lock_session_directory();

// `type`: SOCK_DGRAM... The name must be free.
Result<UniqueFd> bind_session_socket(const UniqueFd& directory, int type, const std::string& name);
// No descriptor: there is no such socket, or nobody behind it any more.
Result<UniqueFd> connect_session_socket(const UniqueFd& directory, int type, const std::string& name);
bool session_socket_lives(const UniqueFd& directory, const std::string& name);
void remove_session_socket(const std::string& name);

}  // namespace hmodule::nt

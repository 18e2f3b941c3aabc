// Overlapped operations at the border: an OVERLAPPED, its event, the completion routine or the port.
#pragma once

#include "winapi/ws2_32/sockets.h"
#include "winapi/ws2_32/winsock.h"

#include <memory>

namespace hmodule::winapi {

// Windows ignores the OVERLAPPED of a socket that was made without WSA_FLAG_OVERLAPPED: the call waits.
inline bool is_overlapped(const nt::Socket& socket, const OVERLAPPED* overlapped) {
  return overlapped != nullptr && !socket.synchronous();
}

// What has been done already, for those who want to be told by an OVERLAPPED.
class Done final : public nt::SocketOperation {
 public:
  explicit Done(ULONG_PTR transferred) : transferred_(transferred) {}
  std::optional<nt::IoResult> attempt(nt::Socket&) override { return nt::IoResult{STATUS_SUCCESS, transferred_}; }

 private:
  const ULONG_PTR transferred_;
};

// WSA_IO_PENDING, or the end of `operation`, of which everybody is told as of a later one. `transferred` may be NULL.
Status start_overlapped(nt::Socket& socket, nt::Socket::Direction direction,
                        std::unique_ptr<nt::SocketOperation> operation, OVERLAPPED* overlapped, WinsockRoutine routine,
                        DWORD* transferred);
// The same with the caller waiting, on a socket of either kind.
Result<DWORD> run_to_end(nt::Socket& socket, short events, nt::SocketOperation& operation);

}  // namespace hmodule::winapi

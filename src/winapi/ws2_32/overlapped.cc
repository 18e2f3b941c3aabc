// winsock2.h: the ends of overlapped operations.
#include "winapi/ws2_32/overlapped.h"

#include "module/builtin.h"
#include "thread/call.h"
#include "winapi/common/overlapped.h"

namespace hmodule::winapi {

using nt::Event, nt::IoNotice, nt::IoResult, nt::Socket;

namespace {

// Completion routines are APCs: NT's form turned round.
HM_WINAPI void call_winsock_routine(ULONG_PTR routine, ULONG_PTR status_block, ULONG_PTR) {
  auto* const overlapped = reinterpret_cast<OVERLAPPED*>(status_block);
  thread::call(reinterpret_cast<WinsockRoutine>(routine),
               nt::winsock_code_of_status(static_cast<NTSTATUS>(overlapped->Internal)),
               static_cast<DWORD>(overlapped->InternalHigh), overlapped, 0);
}

Result<IoNotice> notice_of(OVERLAPPED& overlapped, WinsockRoutine routine) {
  IoNotice notice = {.status_block = reinterpret_cast<IO_STATUS_BLOCK*>(&overlapped),
                     .thread = nt::Ref<nt::Thread>::share(nt::current_thread())};
  if (routine != nullptr) {  // hEvent is the caller's to use
    notice.apc = call_winsock_routine;
    notice.context = reinterpret_cast<void*>(routine);
  } else {
    if (const HANDLE handle = event_of(overlapped); handle != nullptr) {
      auto event = nt::object_of<Event>(handle, nt::EVENT_MODIFY_STATE);
      if (!event) return fail_win32(WSA_INVALID_HANDLE, "{}", event.error().reason);
      notice.event = *std::move(event);
      notice.event->reset();
    }
    // An event whose low bit is set keeps the packet from the port.
    if ((reinterpret_cast<ULONG_PTR>(overlapped.hEvent) & 1) == 0) notice.context = &overlapped;
  }
  overlapped.Internal = STATUS_PENDING;
  overlapped.InternalHigh = 0;
  return notice;
}

}  // namespace

Status start_overlapped(Socket& socket, Socket::Direction direction, std::unique_ptr<nt::SocketOperation> operation,
                        OVERLAPPED* overlapped, WinsockRoutine routine, DWORD* transferred) {
  IoNotice notice = TRY(notice_of(*overlapped, routine));
  const Result<IoResult> started = socket.start(direction, std::move(operation), notice);
  if (!started) {
    overlapped->Internal = static_cast<std::uint32_t>(started.error().status);
    return failed(started.error());
  }
  if (started->status == STATUS_PENDING) return refused(WSA_IO_PENDING, "the operation goes on");
  if (transferred != nullptr) *transferred = static_cast<DWORD>(started->information);
  socket.complete(notice, *started, false);  // the OVERLAPPED may be gone from here on
  if (started->status == STATUS_BUFFER_OVERFLOW) return refused(WSAEMSGSIZE, "the datagram is longer than the buffer");
  return ok;
}

Result<DWORD> run_to_end(Socket& socket, short events, nt::SocketOperation& operation) {
  for (Socket* at = &socket;;) {
    if (const auto result = operation.attempt(*at)) {
      if (const DWORD code = nt::winsock_code_of_status(result->status); code != 0)
        return fail_win32(code, "the operation ended with {:#010x}", static_cast<std::uint32_t>(result->status));
      return static_cast<DWORD>(result->information);
    }
    if (Socket* const next = operation.next(); next != nullptr) at = next;
    at->wait(events, -1);
    if (at->is(Socket::kClosed)) return refused(WSAEINTR, "the socket was closed meanwhile");
  }
}

namespace {

HM_WINAPI BOOL WSAGetOverlappedResult(SOCKET socket, OVERLAPPED* overlapped, DWORD* transferred, BOOL wait,
                                      DWORD* flags) noexcept {
  return succeed([&]() -> Status {
    TRY(socket_of(socket));
    if (overlapped == nullptr || transferred == nullptr || flags == nullptr)
      return refused(WSAEFAULT, "an address for a result is NULL");
    if (status_of_operation(*overlapped) == STATUS_PENDING) {
      if (wait == FALSE) return refused(WSA_IO_INCOMPLETE, "the operation goes on");
      const HANDLE event = event_of(*overlapped);
      TRY(nt::wait_for_handle(event != nullptr ? event : reinterpret_cast<HANDLE>(socket), false, std::nullopt));
    }
    const NTSTATUS status = status_of_operation(*overlapped);
    if (status == STATUS_PENDING) return refused(WSA_IO_INCOMPLETE, "the operation goes on");
    *transferred = static_cast<DWORD>(overlapped->InternalHigh);
    *flags = 0;
    if (const DWORD code = nt::winsock_code_of_status(status); code != 0)
      return fail_win32(code, "the operation ended with {:#010x}", static_cast<std::uint32_t>(status));
    return ok;
  });
}

const Export kRows[] = {
    {"WSAGetOverlappedResult", proc(WSAGetOverlappedResult)},
};

}  // namespace

extern const ExportTable overlapped_exports = kRows;

}  // namespace hmodule::winapi

// ioapiset.h: the ends of overlapped operations, and device control.
#include "module/builtin.h"
#include "winapi/common/answer.h"
#include "winapi/common/overlapped.h"
#include "winapi/kernel32/file_args.h"

namespace hmodule::winapi {
namespace {

Status overlapped_result(HANDLE handle, OVERLAPPED* overlapped, DWORD* transferred, DWORD milliseconds,
                         bool alertable) {
  if (overlapped == nullptr) return fail(STATUS_INVALID_PARAMETER, "no OVERLAPPED");
  if (status_of_operation(*overlapped) == STATUS_PENDING) {
    if (milliseconds == 0) return fail_win32(ERROR_IO_INCOMPLETE, "the operation goes on");
    const HANDLE event = event_of(*overlapped);
    nt::Timeout timeout;
    if (milliseconds != 0xFFFF'FFFF) timeout = -std::int64_t{milliseconds} * 10'000;
    const NTSTATUS waited = TRY(nt::wait_for_handle(event != nullptr ? event : handle, alertable, timeout));
    if (waited == STATUS_TIMEOUT) return fail_win32(WAIT_TIMEOUT, "the operation goes on");
    if (waited == STATUS_USER_APC) return fail_win32(0xC0, "an APC ran");  // WAIT_IO_COMPLETION
  }
  if (transferred != nullptr) *transferred = static_cast<DWORD>(overlapped->InternalHigh);
  const NTSTATUS status = status_of_operation(*overlapped);
  if (status == STATUS_PENDING) return fail_win32(ERROR_IO_INCOMPLETE, "the operation goes on");
  if (status < 0) return fail(status, "the operation ended so");
  return ok;
}

HM_WINAPI BOOL GetOverlappedResult(HANDLE handle, OVERLAPPED* overlapped, DWORD* transferred, BOOL wait) noexcept {
  return succeed([&] { return overlapped_result(handle, overlapped, transferred, wait ? 0xFFFF'FFFF : 0, false); });
}
HM_WINAPI BOOL GetOverlappedResultEx(HANDLE handle, OVERLAPPED* overlapped, DWORD* transferred, DWORD milliseconds,
                                     BOOL alertable) noexcept {
  return succeed([&] { return overlapped_result(handle, overlapped, transferred, milliseconds, alertable != FALSE); });
}

HM_WINAPI BOOL CancelIo(HANDLE handle) noexcept {
  return succeed([&]() -> Status {
    TRY(nt::object_of<nt::File>(handle, 0))->cancel(&nt::current_thread(), nullptr);
    return ok;
  });
}
HM_WINAPI BOOL CancelIoEx(HANDLE handle, OVERLAPPED* overlapped) noexcept {
  return succeed([&]() -> Status {
    const auto file = TRY(nt::object_of<nt::File>(handle, 0));
    if (!file->cancel(nullptr, reinterpret_cast<const IO_STATUS_BLOCK*>(overlapped)))
      return fail(STATUS_NOT_FOUND, "no operation to cancel");
    return ok;
  });
}

HM_WINAPI BOOL CancelSynchronousIo(HANDLE thread) noexcept {
  return succeed([&]() -> Status {
    if (!TRY(nt::object_of<nt::Thread>(thread, nt::THREAD_TERMINATE))->cancel_io(nullptr))
      return fail(STATUS_NOT_FOUND, "the thread waits for no operation of its own");
    return ok;
  });
}

HM_WINAPI BOOL DeviceIoControl(HANDLE handle, DWORD code, void* in, DWORD in_size, void* out, DWORD out_size,
                               DWORD* returned, OVERLAPPED* overlapped) noexcept {
  return succeed([&]() -> Status {
    IO_STATUS_BLOCK block = {};
    const nt::IoTarget target = target_of(overlapped, block);
    const NTSTATUS status = TRY(nt::control_file(handle, target, code, {static_cast<const std::byte*>(in), in_size},
                                                 {static_cast<std::byte*>(out), out_size}));
    if (status == STATUS_PENDING) return fail(STATUS_PENDING, "the operation goes on");
    if (returned != nullptr) *returned = static_cast<DWORD>(target.status_block->Information);
    if (status == STATUS_BUFFER_OVERFLOW) return fail(status, "there is more");
    return ok;
  });
}

const Export kRows[] = {
    {"CancelIo", proc(CancelIo)},
    {"CancelIoEx", proc(CancelIoEx)},
    {"CancelSynchronousIo", proc(CancelSynchronousIo), Support::partial,
     "reads and writes of pipes, terminals and mailslots, ConnectNamedPipe, FlushFileBuffers of pipes, locks, "
     "directory "
     "watches"},
    {"DeviceIoControl", proc(DeviceIoControl), Support::partial,
     "pipes, FSCTL_GET_REPARSE_POINT and FSCTL_SET_SPARSE; ERROR_INVALID_FUNCTION for others"},
    {"GetOverlappedResult", proc(GetOverlappedResult)},
    {"GetOverlappedResultEx", proc(GetOverlappedResultEx)},
};

}  // namespace

extern const ExportTable ioapiset_exports = kRows;

}  // namespace hmodule::winapi

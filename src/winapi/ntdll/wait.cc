// Waits and delays.
#include "module/builtin.h"
#include "nt/handle_table.h"
#include "nt/thread.h"
#include "winapi/ntdll/nt_args.h"

#include <sched.h>

namespace hmodule::winapi {
namespace {

[[gnu::noinline]] HM_WINAPI NTSTATUS wait_under_lock(HANDLE handle, BOOLEAN alertable,
                                                     const LARGE_INTEGER* timeout) noexcept {
  return status_of([&] { return nt::wait_for_handle(handle, alertable != 0, timeout_from(timeout)); },
                   "NtWaitForSingleObject");
}
HM_WINAPI NTSTATUS NtWaitForSingleObject(HANDLE handle, BOOLEAN alertable, const LARGE_INTEGER* timeout) noexcept {
  if (nt::handles().try_wait(handle) == nt::EventWord::Before::set) return STATUS_SUCCESS;
  return wait_under_lock(handle, alertable, timeout);
}

// The kind is WaitAll 0 or WaitAny 1.
HM_WINAPI NTSTATUS NtWaitForMultipleObjects(ULONG count, const HANDLE* handles, LONG kind, BOOLEAN alertable,
                                            const LARGE_INTEGER* timeout) noexcept {
  return status_of([&]() -> Result<NTSTATUS> {
    if (count == 0 || count > nt::kMaximumWaitObjects)
      return fail(STATUS_INVALID_PARAMETER_1, "a wait for {} objects", count);
    if (kind != 0 && kind != 1) return fail(STATUS_INVALID_PARAMETER_3, "wait kind {}", kind);
    TRY(require(handles));
    return nt::wait_for_handles({handles, count}, kind == 0, alertable != 0, timeout_from(timeout));
  });
}

HM_WINAPI NTSTATUS NtSignalAndWaitForSingleObject(HANDLE signal, HANDLE object, BOOLEAN alertable,
                                                  const LARGE_INTEGER* timeout) noexcept {
  return status_of([&] { return nt::signal_handle_and_wait(signal, object, alertable != 0, timeout_from(timeout)); });
}

HM_WINAPI NTSTATUS NtDelayExecution(BOOLEAN alertable, const LARGE_INTEGER* interval) noexcept {
  return status_of([&]() -> Result<NTSTATUS> {
    TRY(require(interval));
    if (*interval == 0) sched_yield();
    return nt::delay(alertable != 0, *interval);
  });
}

HM_WINAPI NTSTATUS NtYieldExecution() noexcept {
  sched_yield();
  return STATUS_SUCCESS;
}

HM_WINAPI NTSTATUS NtTestAlert() noexcept {
  nt::delay(true, 0);
  return STATUS_SUCCESS;
}

HM_WINAPI NTSTATUS NtAlertThreadByThreadId(HANDLE id) noexcept {
  return status_of([&]() -> Status {
    const auto number = static_cast<DWORD>(reinterpret_cast<std::uintptr_t>(id));
    TRY(nt::thread_by_id(number))->alert_by_id();
    return ok;
  });
}

HM_WINAPI NTSTATUS NtWaitForAlertByThreadId(const void*, const LARGE_INTEGER* timeout) noexcept {
  return nt::current_thread().wait_for_alert(timeout_from(timeout));
}

const Export kRows[] = {
    {"NtAlertThreadByThreadId", proc(NtAlertThreadByThreadId)},
    {"NtDelayExecution", proc(NtDelayExecution)},
    {"NtSignalAndWaitForSingleObject", proc(NtSignalAndWaitForSingleObject)},
    {"NtTestAlert", proc(NtTestAlert)},
    {"NtWaitForAlertByThreadId", proc(NtWaitForAlertByThreadId)},
    {"NtWaitForMultipleObjects", proc(NtWaitForMultipleObjects)},
    {"NtWaitForSingleObject", proc(NtWaitForSingleObject)},
    {"NtYieldExecution", proc(NtYieldExecution)},
};

}  // namespace

extern const ExportTable wait_exports = kRows;

}  // namespace hmodule::winapi

// NTSTATUS and Win32 errors: RtlNtStatusToDosError and its kin.
#include "module/builtin.h"
#include "thread/teb.h"
#include "win/error_map.h"

namespace hmodule::winapi {
namespace {

HM_WINAPI ULONG RtlNtStatusToDosErrorNoTeb(NTSTATUS status) noexcept {
  return win32_from_status(status);
}

// ERR-01: the status is remembered in the TEB as well.
HM_WINAPI ULONG RtlNtStatusToDosError(NTSTATUS status) noexcept {
  thread::teb().LastStatusValue = status;
  return win32_from_status(status);
}

HM_WINAPI NTSTATUS RtlGetLastNtStatus() noexcept {
  return thread::teb().LastStatusValue;
}
HM_WINAPI DWORD RtlGetLastWin32Error() noexcept {
  return thread::last_error();
}
HM_WINAPI void RtlSetLastWin32Error(DWORD code) noexcept {
  thread::set_last_error(code);
}
HM_WINAPI void RtlSetLastWin32ErrorAndNtStatusFromNtStatus(NTSTATUS status) noexcept {
  thread::set_last_status(status);
}

const Export kRows[] = {
    {"RtlGetLastNtStatus", proc(RtlGetLastNtStatus)},
    {"RtlGetLastWin32Error", proc(RtlGetLastWin32Error)},
    {"RtlNtStatusToDosError", proc(RtlNtStatusToDosError)},
    {"RtlNtStatusToDosErrorNoTeb", proc(RtlNtStatusToDosErrorNoTeb)},
    {"RtlRestoreLastWin32Error", proc(RtlSetLastWin32Error)},
    {"RtlSetLastWin32Error", proc(RtlSetLastWin32Error)},
    {"RtlSetLastWin32ErrorAndNtStatusFromNtStatus", proc(RtlSetLastWin32ErrorAndNtStatusFromNtStatus)},
};

}  // namespace

extern const ExportTable error_exports = kRows;

}  // namespace hmodule::winapi

// NTSTATUS to Win32 error code and back: ERR-01, ERR-03.
#pragma once

#include "win/status.h"

namespace hmodule {

// The Win32 code for `status`, as RtlNtStatusToDosError gives it; 317 (ERROR_MR_MID_NOT_FOUND) for an unknown one.
DWORD win32_from_status(NTSTATUS status);

// A status that win32_from_status() turns into `code` (ERR-03: the high word 0xC007 gives the low word back).
constexpr NTSTATUS status_from_win32(DWORD code) {
  return code == 0 ? 0 : static_cast<NTSTATUS>(0xC0070000U | code);
}

}  // namespace hmodule

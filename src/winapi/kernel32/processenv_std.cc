// processenv.h: the standard handles, which live in the process parameters.
#include "module/builtin.h"
#include "nt/process_parameters.h"
#include "thread/peb.h"
#include "win/wincon.h"
#include "winapi/common/answer.h"

namespace hmodule::winapi {
namespace {

Result<HANDLE*> standard_slot(DWORD which) {
  RTL_USER_PROCESS_PARAMETERS& process = thread::process_parameters();
  switch (which) {
    case STD_INPUT_HANDLE:
      return &process.StandardInput;
    case STD_OUTPUT_HANDLE:
      return &process.StandardOutput;
    case STD_ERROR_HANDLE:
      return &process.StandardError;
    default:
      return fail(STATUS_INVALID_HANDLE, "there is no standard handle {}", static_cast<std::int32_t>(which));
  }
}

HM_WINAPI HANDLE GetStdHandle(DWORD which) noexcept {
  return answer<HANDLE>(INVALID_HANDLE_VALUE, [&]() -> Result<HANDLE> { return *TRY(standard_slot(which)); });
}
HM_WINAPI BOOL SetStdHandle(DWORD which, HANDLE handle) noexcept {
  return succeed([&]() -> Status {
    *TRY(standard_slot(which)) = handle;
    return ok;
  });
}
HM_WINAPI BOOL SetStdHandleEx(DWORD which, HANDLE handle, HANDLE* previous) noexcept {
  return succeed([&]() -> Status {
    HANDLE* const slot = TRY(standard_slot(which));
    if (previous != nullptr) *previous = *slot;
    *slot = handle;
    return ok;
  });
}

const Export kRows[] = {
    {"GetStdHandle", proc(GetStdHandle)},
    {"SetStdHandle", proc(SetStdHandle)},
    {"SetStdHandleEx", proc(SetStdHandleEx)},
};

}  // namespace

extern const ExportTable processenv_std_exports = kRows;

}  // namespace hmodule::winapi

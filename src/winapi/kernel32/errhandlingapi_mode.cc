// errhandlingapi.h: the error mode.
#include "module/builtin.h"
#include "nt/error_mode.h"
#include "winapi/common/answer.h"

namespace hmodule::winapi {
namespace {

using namespace nt;

HM_WINAPI UINT GetErrorMode() noexcept {
  return process_error_mode();
}
HM_WINAPI UINT SetErrorMode(UINT mode) noexcept {
  DWORD old = process_error_mode();
  // Once set, the alignment bit stays.
  while (!process_error_mode().compare_exchange_weak(old, mode | (old & SEM_NOALIGNMENTFAULTEXCEPT))) {
  }
  return old;
}

// The thread's mode, between the names of winbase.h and those of ntdll.
struct Pair {
  DWORD win32, rtl;
};
constexpr Pair kPairs[] = {{SEM_FAILCRITICALERRORS, RTL_ERRORMODE_FAILCRITICALERRORS},
                           {SEM_NOGPFAULTERRORBOX, RTL_ERRORMODE_NOGPFAULTERRORBOX},
                           {SEM_NOOPENFILEERRORBOX, RTL_ERRORMODE_NOOPENFILEERRORBOX}};

DWORD to_win32(DWORD rtl) {
  DWORD mode = 0;
  for (const Pair& pair : kPairs) mode |= (rtl & pair.rtl) != 0 ? pair.win32 : 0;
  return mode;
}

HM_WINAPI DWORD GetThreadErrorMode() noexcept {
  return to_win32(thread::teb().HardErrorMode);
}

HM_WINAPI BOOL SetThreadErrorMode(DWORD mode, DWORD* old_mode) noexcept {
  return succeed([&]() -> Status {
    DWORD rtl = 0, rest = mode, old = 0;
    for (const Pair& pair : kPairs)
      if ((mode & pair.win32) != 0) rtl |= pair.rtl, rest &= ~pair.win32;
    if (rest != 0) return fail(STATUS_INVALID_PARAMETER, "error mode {:#x}", mode);
    set_thread_error_mode(rtl, &old);
    if (old_mode != nullptr) *old_mode = to_win32(old);
    return ok;
  });
}

const Export kRows[] = {
    {"GetErrorMode", proc(GetErrorMode)},
    {"GetThreadErrorMode", proc(GetThreadErrorMode)},
    {"SetErrorMode", proc(SetErrorMode)},
    {"SetThreadErrorMode", proc(SetThreadErrorMode)},
};

}  // namespace

extern const ExportTable errhandlingapi_mode_exports = kRows;

}  // namespace hmodule::winapi

// errhandlingapi.h: the last error, error modes, raising exceptions and the handlers around the frames.
#include "module/builtin.h"
#include "nt/error_mode.h"
#include "thread/call.h"
#include "thread/teb.h"
#include "unwind/exceptions.h"
#include "winapi/common/answer.h"
#include "winapi/ntdll/exception.h"

namespace hmodule::winapi {
namespace {

HM_WINAPI DWORD GetLastError() noexcept {
  return thread::last_error();
}
HM_WINAPI void SetLastError(DWORD code) noexcept {
  thread::set_last_error(code);
}

// --- Error modes: kept and reported; nothing ever shows a dialog (ERR-04) ---

HM_WINAPI UINT GetErrorMode() noexcept {
  return nt::process_error_mode();
}
HM_WINAPI UINT SetErrorMode(UINT mode) noexcept {
  return nt::set_process_error_mode(mode);
}

// The thread's mode, between the names of winbase.h and those of ntdll.
struct Pair {
  DWORD win32, rtl;
};
constexpr Pair kPairs[] = {{nt::SEM_FAILCRITICALERRORS, nt::RTL_ERRORMODE_FAILCRITICALERRORS},
                           {nt::SEM_NOGPFAULTERRORBOX, nt::RTL_ERRORMODE_NOGPFAULTERRORBOX},
                           {nt::SEM_NOOPENFILEERRORBOX, nt::RTL_ERRORMODE_NOOPENFILEERRORBOX}};

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
    nt::set_thread_error_mode(rtl, &old);
    if (old_mode != nullptr) *old_mode = to_win32(old);
    return ok;
  });
}

// --- Handlers around the frames ---

HM_WINAPI LPTOP_LEVEL_EXCEPTION_FILTER SetUnhandledExceptionFilter(LPTOP_LEVEL_EXCEPTION_FILTER filter) noexcept {
  return unwind::exchange_last_filter(unwind::LastFilter::program, filter);
}
// A C runtime calls it as the filter of its own outermost frame: the program's filter answers, or nobody.
HM_WINAPI LONG UnhandledExceptionFilter(EXCEPTION_POINTERS* exception) noexcept {
  const LPTOP_LEVEL_EXCEPTION_FILTER filter = unwind::last_filter(unwind::LastFilter::program);
  return filter != nullptr ? thread::call(filter, exception) : EXCEPTION_CONTINUE_SEARCH;
}

const Export kRows[] = {
    {"AddVectoredContinueHandler", proc(RtlAddVectoredContinueHandler)},
    {"AddVectoredExceptionHandler", proc(RtlAddVectoredExceptionHandler)},
    {"GetErrorMode", proc(GetErrorMode)},
    {"GetLastError", proc(GetLastError)},
    {"GetThreadErrorMode", proc(GetThreadErrorMode)},
    {"RaiseException", proc(unwind::hm_raise_exception)},
    {"RemoveVectoredContinueHandler", proc(RtlRemoveVectoredContinueHandler)},
    {"RemoveVectoredExceptionHandler", proc(RtlRemoveVectoredExceptionHandler)},
    {"SetErrorMode", proc(SetErrorMode)},
    {"SetLastError", proc(SetLastError)},
    {"SetThreadErrorMode", proc(SetThreadErrorMode)},
    {"SetUnhandledExceptionFilter", proc(SetUnhandledExceptionFilter)},
    {"UnhandledExceptionFilter", proc(UnhandledExceptionFilter), Support::partial,
     "without a program's filter the answer is EXCEPTION_CONTINUE_SEARCH; no error report"},
};

}  // namespace

extern const ExportTable errhandlingapi_exports = kRows;

}  // namespace hmodule::winapi

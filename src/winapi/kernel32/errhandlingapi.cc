// errhandlingapi.h: the last error, error modes, raising exceptions and the handlers around the frames.
#include <atomic>

#include "module/builtin.h"
#include "thread/teb.h"
#include "unwind/exceptions.h"
#include "unwind/vectored.h"
#include "winapi/common/answer.h"

namespace hmodule::winapi {
namespace {

using unwind::VectoredList;

HM_WINAPI DWORD GetLastError() noexcept {
  return thread::last_error();
}
HM_WINAPI void SetLastError(DWORD code) noexcept {
  thread::set_last_error(code);
}

// --- Error modes: kept and reported; nothing ever shows a dialog (ERR-04) ---

constexpr UINT kSemFailCriticalErrors = 0x1, kSemNoGpFaultErrorBox = 0x2, kSemNoOpenFileErrorBox = 0x8000;

std::atomic<UINT> process_error_mode{0};

// SEM_* to the bits of TEB.HardErrorMode, and back.
constexpr ULONG thread_bits(UINT mode) {
  return ((mode & kSemFailCriticalErrors) != 0 ? 0x10U : 0) | ((mode & kSemNoGpFaultErrorBox) != 0 ? 0x20U : 0) |
         ((mode & kSemNoOpenFileErrorBox) != 0 ? 0x40U : 0);
}
constexpr UINT sem_bits(ULONG mode) {
  return ((mode & 0x10) != 0 ? kSemFailCriticalErrors : 0) | ((mode & 0x20) != 0 ? kSemNoGpFaultErrorBox : 0) |
         ((mode & 0x40) != 0 ? kSemNoOpenFileErrorBox : 0);
}

HM_WINAPI UINT GetErrorMode() noexcept {
  return process_error_mode;
}
HM_WINAPI UINT SetErrorMode(UINT mode) noexcept {
  return process_error_mode.exchange(mode);
}
HM_WINAPI DWORD GetThreadErrorMode() noexcept {
  return sem_bits(thread::teb().HardErrorMode);
}
HM_WINAPI BOOL SetThreadErrorMode(DWORD mode, DWORD* previous) noexcept {
  return succeed([&]() -> Status {
    if ((mode & ~(kSemFailCriticalErrors | kSemNoGpFaultErrorBox | kSemNoOpenFileErrorBox)) != 0)
      return fail(STATUS_INVALID_PARAMETER, "thread error mode {:#x} has unknown bits", mode);
    TEB& teb = thread::teb();
    if (previous != nullptr) *previous = sem_bits(teb.HardErrorMode);
    teb.HardErrorMode = thread_bits(mode);
    return ok;
  });
}

// --- Handlers around the frames ---

HM_WINAPI void* AddVectoredExceptionHandler(ULONG first, PVECTORED_EXCEPTION_HANDLER handler) noexcept {
  return unwind::add_vectored_handler(VectoredList::exception, first != 0, handler);
}
HM_WINAPI ULONG RemoveVectoredExceptionHandler(void* handle) noexcept {
  return unwind::remove_vectored_handler(VectoredList::exception, handle);
}
HM_WINAPI void* AddVectoredContinueHandler(ULONG first, PVECTORED_EXCEPTION_HANDLER handler) noexcept {
  return unwind::add_vectored_handler(VectoredList::resume, first != 0, handler);
}
HM_WINAPI ULONG RemoveVectoredContinueHandler(void* handle) noexcept {
  return unwind::remove_vectored_handler(VectoredList::resume, handle);
}
HM_WINAPI LPTOP_LEVEL_EXCEPTION_FILTER SetUnhandledExceptionFilter(LPTOP_LEVEL_EXCEPTION_FILTER filter) noexcept {
  return unwind::exchange_unhandled_filter(filter);
}
// A C runtime calls it as the filter of its own outermost frame: the program's filter answers, or nobody.
HM_WINAPI LONG UnhandledExceptionFilter(EXCEPTION_POINTERS* exception) noexcept {
  return unwind::ask_unhandled_filter(*exception);
}

const Export kRows[] = {
    {"AddVectoredContinueHandler", proc(AddVectoredContinueHandler)},
    {"AddVectoredExceptionHandler", proc(AddVectoredExceptionHandler)},
    {"GetErrorMode", proc(GetErrorMode)},
    {"GetLastError", proc(GetLastError)},
    {"GetThreadErrorMode", proc(GetThreadErrorMode)},
    {"RaiseException", proc(unwind::hm_raise_exception)},
    {"RemoveVectoredContinueHandler", proc(RemoveVectoredContinueHandler)},
    {"RemoveVectoredExceptionHandler", proc(RemoveVectoredExceptionHandler)},
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

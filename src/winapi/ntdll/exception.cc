// Exceptions as only ntdll exports them.
#include "winapi/ntdll/exception.h"

#include "module/builtin.h"
#include "unwind/exceptions.h"

namespace hmodule::winapi {

using unwind::VectoredList;

HM_WINAPI void* RtlAddVectoredExceptionHandler(ULONG first, PVECTORED_EXCEPTION_HANDLER handler) noexcept {
  return unwind::add_vectored_handler(VectoredList::exception, first != 0, handler);
}
HM_WINAPI ULONG RtlRemoveVectoredExceptionHandler(void* handle) noexcept {
  return unwind::remove_vectored_handler(VectoredList::exception, handle);
}
HM_WINAPI void* RtlAddVectoredContinueHandler(ULONG first, PVECTORED_EXCEPTION_HANDLER handler) noexcept {
  return unwind::add_vectored_handler(VectoredList::resume, first != 0, handler);
}
HM_WINAPI ULONG RtlRemoveVectoredContinueHandler(void* handle) noexcept {
  return unwind::remove_vectored_handler(VectoredList::resume, handle);
}

namespace {

HM_WINAPI void RtlSetUnhandledExceptionFilter(LPTOP_LEVEL_EXCEPTION_FILTER filter) noexcept {
  unwind::exchange_last_filter(unwind::LastFilter::system, filter);
}

HM_WINAPI NTSTATUS NtContinue(CONTEXT* context, BOOLEAN) noexcept {
  unwind::continue_at(*context, nullptr);
}
HM_WINAPI NTSTATUS NtRaiseException(EXCEPTION_RECORD* record, CONTEXT* context, BOOLEAN) noexcept {
  unwind::dispatch(*record, *context);
}

const Export kRows[] = {
    {"NtContinue", proc(NtContinue), Support::partial, "not the upper halves of YMM registers; no alert"},
    {"NtRaiseException", proc(NtRaiseException), Support::partial, "a second chance is treated as a first"},
    {"RtlAddVectoredContinueHandler", proc(RtlAddVectoredContinueHandler)},
    {"RtlAddVectoredExceptionHandler", proc(RtlAddVectoredExceptionHandler)},
    {"RtlRaiseStatus", proc(unwind::hm_rtl_raise_status)},
    {"RtlRemoveVectoredContinueHandler", proc(RtlRemoveVectoredContinueHandler)},
    {"RtlRemoveVectoredExceptionHandler", proc(RtlRemoveVectoredExceptionHandler)},
    {"RtlSetUnhandledExceptionFilter", proc(RtlSetUnhandledExceptionFilter)},
    {"ZwContinue", proc(NtContinue), Support::partial, "not the upper halves of YMM registers; no alert"},
    {"ZwRaiseException", proc(NtRaiseException), Support::partial, "a second chance is treated as a first"},
};

}  // namespace

extern const ExportTable exception_exports = kRows;

}  // namespace hmodule::winapi

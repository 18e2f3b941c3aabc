// Functions about exceptions that kernel32 exports under its own names.
#pragma once

#include "unwind/vectored.h"

namespace hmodule::winapi {

HM_WINAPI void* RtlAddVectoredExceptionHandler(ULONG first, PVECTORED_EXCEPTION_HANDLER handler) noexcept;
HM_WINAPI ULONG RtlRemoveVectoredExceptionHandler(void* handle) noexcept;
HM_WINAPI void* RtlAddVectoredContinueHandler(ULONG first, PVECTORED_EXCEPTION_HANDLER handler) noexcept;
HM_WINAPI ULONG RtlRemoveVectoredContinueHandler(void* handle) noexcept;

}  // namespace hmodule::winapi

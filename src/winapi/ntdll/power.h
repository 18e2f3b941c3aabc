#pragma once

#include "win/types.h"

namespace hmodule::winapi {

HM_WINAPI NTSTATUS NtSetThreadExecutionState(ULONG state, ULONG* previous) noexcept;

}  // namespace hmodule::winapi

// The end of the process, which kernel32 exports as ExitProcess.
#pragma once

#include "win/types.h"

namespace hmodule::winapi {

HM_WINAPI void RtlExitUserProcess(DWORD exit_code) noexcept;

}  // namespace hmodule::winapi

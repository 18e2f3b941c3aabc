// LPOVERLAPPED_COMPLETION_ROUTINE (minwinbase.h): runs as an APC of the thread that began the operation.
#pragma once

#include "winapi/common/overlapped.h"

namespace hmodule::winapi {

using CompletionRoutine = HM_WINAPI void (*)(DWORD error, DWORD bytes, OVERLAPPED* overlapped);

// For an operation that tells `routine` when it is done; hEvent is the caller's to use.
nt::IoTarget routine_target(OVERLAPPED& overlapped, CompletionRoutine routine);

}  // namespace hmodule::winapi

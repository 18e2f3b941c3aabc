#include "winapi/kernel32/completion_routine.h"

#include "thread/call.h"
#include "win/error_map.h"

namespace hmodule::winapi {
namespace {

// NT gives (context, status block), Windows' routine wants what is in there.
HM_WINAPI void call_completion_routine(ULONG_PTR routine, ULONG_PTR status_block, ULONG_PTR) {
  auto* const overlapped = reinterpret_cast<OVERLAPPED*>(status_block);
  const DWORD error = win32_from_status(static_cast<NTSTATUS>(overlapped->Internal));
  thread::call(reinterpret_cast<CompletionRoutine>(routine), error, static_cast<DWORD>(overlapped->InternalHigh),
               overlapped);
}

}  // namespace

nt::IoTarget routine_target(OVERLAPPED& overlapped, CompletionRoutine routine) {
  nt::IoTarget target = target_of(overlapped);
  target.event = nullptr;
  target.apc = call_completion_routine;
  target.context = reinterpret_cast<void*>(routine);
  return target;
}

}  // namespace hmodule::winapi

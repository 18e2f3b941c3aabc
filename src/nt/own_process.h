// Windows lets a process with the right handle reach into another; here only its own handle serves.
#pragma once

#include "nt/handle_table.h"
#include "nt/process.h"

namespace hmodule::nt {

// ACCESS_DENIED for other processes, besides what a wrong handle gives.
inline Status require_own_process(HANDLE handle, ACCESS_MASK access) {
  if (handle == current_process_handle()) return ok;
  const Ref<Process> process = TRY(object_of<Process>(handle, access));
  if (!process->is_current()) return fail(STATUS_ACCESS_DENIED, "process {} is another one", process->id());
  return ok;
}

}  // namespace hmodule::nt

// Which processors threads may run on. Group 0 is all there is, with Linux's numbers for its 64 processors at most.
#pragma once

#include "base/result.h"

namespace hmodule::nt {

struct Affinity {
  ULONG_PTR process, system;
};
Affinity process_affinity();
// STATUS_INVALID_PARAMETER for an empty mask or one with processors the system does not have.
Status set_process_affinity(ULONG_PTR mask);
// The previous mask. The new one must lie within the process's.
Result<ULONG_PTR> set_thread_affinity(DWORD thread_id, ULONG_PTR mask);
Result<ULONG_PTR> thread_affinity(DWORD thread_id);
DWORD current_processor();

}  // namespace hmodule::nt

// The process environment block. One per process (DESIGN D1), built on first use and never freed.
#pragma once

#include "win/kuser.h"
#include "win/teb.h"

namespace hmodule::thread {

// The PEB with the fields of loader-semantics §15.2 that this machine decides: version, processors, locks, TLS
// bitmaps, empty loader lists (initialised list heads), empty but valid process parameters. The image base, the heap
// and the contents of the parameters come from loader and nt.
PEB& peb();

inline PEB_LDR_DATA& ldr() {
  return *peb().Ldr;
}
inline RTL_USER_PROCESS_PARAMETERS& process_parameters() {
  return *peb().ProcessParameters;
}

// The page every Windows process has at 0x7FFE0000, read-only, by another address: there it is only if the host has
// nothing else there. Times in it are those of the start until a DLL has looked at it.
const KUSER_SHARED_DATA& shared_data();

}  // namespace hmodule::thread

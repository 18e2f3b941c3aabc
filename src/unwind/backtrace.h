// The calls that led here, as far as unwind data tells: native code has none, so a host's function is the last seen.
// From a handler the way is to the frame it is asked about, as if that had called it.
#pragma once

#include "win/context.h"

namespace hmodule::unwind {

extern "C" {
// RtlCaptureStackBackTrace. Entered in assembly, as the functions of exceptions.h are.
HM_WINAPI WORD hm_capture_stack_back_trace(ULONG skip, ULONG count, void** frames, ULONG* hash);
}

}  // namespace hmodule::unwind

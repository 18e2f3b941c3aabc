// Registers into a CONTEXT and back, in assembly: what the compiler did with them before must not matter.
#pragma once

#include "win/context.h"

namespace hmodule::unwind {

extern "C" {
// RtlCaptureContext: the caller's registers as they are when this returns. Control, integer, segments, floating point.
HM_WINAPI void hm_capture_context(CONTEXT* context);
// Continues where `context` says. Uses 40 bytes below its Rsp, where Windows code keeps nothing.
[[noreturn]] HM_WINAPI void hm_restore_context(const CONTEXT* context);
}

}  // namespace hmodule::unwind

// Registers into a CONTEXT and back, in assembly: what the compiler did with them before must not matter.
#pragma once

#include "win/context.h"

#include <cstdint>

namespace hmodule::unwind {

extern "C" {
// RtlCaptureContext: the caller's registers as they are when this returns. Control, integer, segments, floating point.
HM_WINAPI void hm_capture_context(CONTEXT* context);
// Continues where `context` says, with the vector registers behind it if it has CONTEXT_XSTATE.
[[noreturn]] HM_WINAPI void hm_restore_context(const CONTEXT* context);
}

// The XSAVE components an extended context holds: what the processor has, without x87 and SSE, which are in CONTEXT
// itself, and without the protection keys, which belong to the process (CPUID leaf 0Dh).
extern "C" __attribute__((visibility("hidden"))) std::uint64_t hm_extended_features;

}  // namespace hmodule::unwind

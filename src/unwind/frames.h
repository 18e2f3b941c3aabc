// The frames of ours that a walk over the stack can meet, and how it tells them (seh.S, thread/call.S).
#pragma once

#include "win/context.h"

#include <cstddef>
#include <cstdint>

namespace hmodule::unwind {

extern "C" {
// Calls a handler, filter or termination block of a DLL while an exception is being handled. A walk that meets the
// return address `hm_call_seh_return` goes on from the innermost activation above (exceptions.cc).
std::uint64_t hm_call_seh(void* function, void* first, void* second, void* third, void* fourth);
extern const char hm_call_seh_return[];

// thread/call.S: where host code becomes DLL code.
extern const char hm_call_windows_return[];

// Calls `callback(record)` in a frame that unwinds to `target`, and hands its result to hm_consolidated().
[[noreturn]] void hm_consolidate(CONTEXT* target, void* callback, EXCEPTION_RECORD* record);
extern const char hm_consolidate_end[];
// What RtlLookupFunctionEntry answers for it: an entry whose RVAs count from hm_unwind_base.
extern RUNTIME_FUNCTION hm_consolidate_entry[];
extern const char hm_unwind_base[];
}

// Where in hm_call_windows's frame the guard is.
inline constexpr std::size_t kGuardOffset = 144;

}  // namespace hmodule::unwind

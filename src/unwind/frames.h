// The frames of ours that a walk over the stack can meet, and how it tells them (seh.S, thread/call.S).
#pragma once

#include "win/context.h"

#include <cstddef>
#include <cstdint>
#ifdef __SANITIZE_ADDRESS__
#include <sanitizer/asan_interface.h>
#endif

namespace hmodule::unwind {

// One of the two passes over the frames (exceptions.cc).
struct Activation;

extern "C" {
std::uint64_t hm_call_seh(void* function, void* first, void* second, void* third, void* fourth, const Activation* pass);
extern const char hm_call_seh_return[];

// thread/call.S: where host code becomes DLL code.
extern const char hm_call_windows_return[], hm_call_leaf_return[];

// Calls `callback(record)` in a frame that unwinds to `target`, and hands its result to hm_consolidated().
[[noreturn]] void hm_consolidate(CONTEXT* target, void* callback, EXCEPTION_RECORD* record);
extern const char hm_consolidate_end[];
// What RtlLookupFunctionEntry answers for it: an entry whose RVAs count from hm_unwind_base.
extern RUNTIME_FUNCTION hm_consolidate_entry[];
extern const char hm_unwind_base[];
}

// Where in hm_call_windows's frame the guard is, and in hm_call_seh's the activation.
inline constexpr std::size_t kGuardOffset = 144, kGuardOffsetOfLeaf = 40, kActivationOffset = 32;

// Calls a handler, filter or termination block of a DLL for a pass. It may leave by a jump that nobody hears of, over
// frames that AddressSanitizer has marked.
inline std::uint64_t call_seh(const Activation* pass, void* function, void* first, void* second = nullptr,
                              void* third = nullptr, void* fourth = nullptr) {
#ifdef __SANITIZE_ADDRESS__
  __asan_handle_no_return();
#endif
  return hm_call_seh(function, first, second, third, fourth, pass);
}

}  // namespace hmodule::unwind

// Native frames between DLL frames: from their DWARF, as far as crossing them needs it.
#pragma once

#include "win/context.h"

#include <unwind.h>

#include <cstdint>

namespace hmodule::unwind {

extern "C" {
// _Unwind_Backtrace(), as if the native frame of `context` had called it; its first visit is to a frame of its own.
// What is set in the frame of `context` goes there.
_Unwind_Reason_Code hm_native_backtrace(CONTEXT* context, _Unwind_Trace_Fn visit, void* argument);
}

// A frame that is not a DLL's, as its unwind data describes it.
struct NativeFrame {
  CONTEXT caller;
  std::uintptr_t function = 0;
  const std::byte* language_data = nullptr;  // of a C++ function, or one of another language with the same tables
  const void* personality = nullptr;         // that understands it
};

// One frame back, with all registers that Windows code keeps: RSI, RDI and XMM6-15 too, which libgcc does not follow.
// `at` is where a call returns to. False: there is no unwind data, or none that we understand.
bool unwind_native_frame(const CONTEXT& at, NativeFrame& frame);

// What a native frame does when it is left.
struct CleanUp {
  enum class Kind : std::uint8_t {
    none,
    code,      // there is some, at `landing_pad`
    clauses,   // the same, and it is for catch clauses too, or ends in std::terminate()
    forbidden  // noexcept
  } kind = Kind::none;
  std::uintptr_t landing_pad = 0;
};
CleanUp clean_up_of(const NativeFrame& frame, std::uintptr_t return_address);

}  // namespace hmodule::unwind

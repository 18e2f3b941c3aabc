// One frame back, from the unwind data alone (EH-04...EH-12): nothing of the frame's function runs.
//
// Neither the unwind data nor the stack needs to be sound. What would have to be read outside the image or the stack,
// unknown codes, and circles end the walk: Rip is 0 then, where every walk stops, and so is the establisher frame,
// which no dispatcher accepts (EH-31).
#pragma once

#include "unwind/function_table.h"
#include "win/context.h"

#include <cstdint>

namespace hmodule::unwind {

inline constexpr ULONG kNoHandler = 0, kExceptionHandler = 1, kUnwindHandler = 2;  // UNW_FLAG_*

struct FrameHandler {
  EXCEPTION_ROUTINE* routine = nullptr;  // of the kind asked for; null when there is none, or pc is in prolog or epilog
  void* data = nullptr;                  // what follows the handler's RVA: the language's own tables
  std::uintptr_t establisher_frame = 0;
};

// Takes `context` from the function at `pc` to its caller. `function` null means a leaf function. The frame must be on
// the calling thread's stack.
FrameHandler virtual_unwind(ULONG handler_type, std::uintptr_t image_base, std::uintptr_t pc,
                            const RUNTIME_FUNCTION* function, CONTEXT& context,
                            KNONVOLATILE_CONTEXT_POINTERS* pointers = nullptr);

// The same for a frame anywhere in `stack`.
FrameHandler virtual_unwind(AddressRange stack, ULONG handler_type, std::uintptr_t image_base, std::uintptr_t pc,
                            const RUNTIME_FUNCTION* function, CONTEXT& context,
                            KNONVOLATILE_CONTEXT_POINTERS* pointers = nullptr);

// Of the calling thread's stack what a frame at `rsp` and its callers can use; nothing, if rsp is not on it.
AddressRange stack_above(std::uintptr_t rsp);

}  // namespace hmodule::unwind

// One frame back, from the unwind data alone (EH-04...EH-12): nothing of the frame's function runs.
#pragma once

#include "win/context.h"

#include <cstdint>

namespace hmodule::unwind {

inline constexpr ULONG kNoHandler = 0, kExceptionHandler = 1, kUnwindHandler = 2;  // UNW_FLAG_*

struct FrameHandler {
  EXCEPTION_ROUTINE* routine = nullptr;  // of the kind asked for; null when there is none, or pc is in prolog or epilog
  void* data = nullptr;                  // what follows the handler's RVA: the language's own tables
  std::uintptr_t establisher_frame = 0;
};

// Takes `context` from the function at `pc` to its caller. `function` null means a leaf function.
FrameHandler virtual_unwind(ULONG handler_type, std::uintptr_t image_base, std::uintptr_t pc,
                            const RUNTIME_FUNCTION* function, CONTEXT& context,
                            KNONVOLATILE_CONTEXT_POINTERS* pointers = nullptr);

}  // namespace hmodule::unwind

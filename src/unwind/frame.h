// From a pc to its caller, as a walk over the stack does it: function table and unwind data in one, with what was found
// at the same pc before.
#pragma once

#include "unwind/function_table.h"
#include "unwind/virtual_unwind.h"

namespace hmodule::unwind {

struct Frame {
  FunctionEntry entry;   // image_base 0: unknown code
  FrameHandler handler;  // of the kind asked for
};

// Takes `context` from the frame it is in to the caller. In unknown code it does nothing.
Frame leave_frame(ULONG handler_type, CONTEXT& context);

// The plan of a frame met before, for who may not want to leave it. Not all have one that is kept.
struct FramePlan {
  FunctionEntry entry;
  UnwindPlan unwind;
};
bool find_plan(std::uintptr_t pc, FramePlan& plan);

}  // namespace hmodule::unwind

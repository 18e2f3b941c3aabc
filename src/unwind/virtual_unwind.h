// One frame back, from the unwind data alone (EH-04...EH-12): nothing of the frame's function runs.
//
// Neither the unwind data nor the stack needs to be sound. What would have to be read outside the image or the stack,
// unknown codes, and circles end the walk: Rip is 0 then, where every walk stops, and so is the establisher frame,
// which no dispatcher accepts (EH-31).
#pragma once

#include "thread/teb.h"
#include "unwind/function_table.h"
#include "win/context.h"

#include <cstdint>
#include <cstring>
#include <optional>

namespace hmodule::unwind {

inline constexpr ULONG kNoHandler = 0, kExceptionHandler = 1, kUnwindHandler = 2;  // UNW_FLAG_*

struct FrameHandler {
  EXCEPTION_ROUTINE* routine = nullptr;  // of the kind asked for; null when there is none, or pc is in prolog or epilog
  void* data = nullptr;                  // what follows the handler's RVA: the language's own tables
  ULONG kinds = kNoHandler;              // all that the routine is
  std::uintptr_t establisher_frame = 0;
};

// What unwinding from one pc comes to, whatever the registers are: where, from a register on, the caller's are. Only
// kinds of frames that are common have one; Rip is below the caller's Rsp.
struct UnwindPlan {
  struct Saved {
    std::int32_t offset;   // from the base register
    std::uint32_t number;  // of XMM registers 16 more
  };
  static constexpr unsigned kXmm = 16, kMostSaved = 20;

  FrameHandler handler;                   // of any kind; without the frame
  std::int32_t frame_offset, caller_rsp;  // from their registers
  BYTE frame_register, base_register;
  bool saves_xmm;
  std::uint32_t count;
  Saved saved[kMostSaved];
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

// The same for every kind of handler, with the plan that would have done it, if there is one.
FrameHandler virtual_unwind(AddressRange stack, std::uintptr_t image_base, std::uintptr_t pc,
                            const RUNTIME_FUNCTION* function, CONTEXT& context, std::optional<UnwindPlan>& plan);
// Of the calling thread's stack what a frame at `rsp` and its callers can use; nothing, if rsp is not on it.
inline AddressRange stack_above(std::uintptr_t rsp) {
  const NT_TIB& tib = thread::teb().NtTib;
  const auto limit = reinterpret_cast<std::uintptr_t>(tib.StackLimit);
  const auto base = reinterpret_cast<std::uintptr_t>(tib.StackBase);
  return rsp >= limit && rsp < base ? AddressRange{rsp, base} : kNothing;
}

namespace detail {

inline std::uintptr_t at(std::uintptr_t base, std::int32_t offset) {
  return base + static_cast<std::uintptr_t>(std::intptr_t{offset});
}

}  // namespace detail

// What the plan says, all inline, as a walk over the stack consists of it: whose frame it is,
inline FrameHandler handler_of(const UnwindPlan& plan, ULONG handler_type, const CONTEXT& context) {
  FrameHandler found;
  if ((plan.handler.kinds & handler_type) != 0) found = plan.handler;
  found.establisher_frame = detail::at(context.reg(plan.frame_register), plan.frame_offset);
  return found;
}
// where it ends,
inline std::uintptr_t caller_rsp(const UnwindPlan& plan, const CONTEXT& context) {
  return detail::at(context.reg(plan.base_register), plan.caller_rsp);
}
// and the way to its caller; false, and Rip 0, if that leads out of the stack.
inline bool follow(const UnwindPlan& plan, AddressRange stack, CONTEXT& context) {
  using detail::at;
  bool sound = true;
  const auto read = [&](std::uintptr_t from, auto& to) {
    if (stack.holds(from, sizeof to)) [[likely]]
      std::memcpy(&to, reinterpret_cast<const void*>(from), sizeof to);
    else
      sound = false;
  };
  const std::uintptr_t base = context.reg(plan.base_register), rsp = at(base, plan.caller_rsp);
  for (unsigned i = 0; i < plan.count; ++i) {
    const UnwindPlan::Saved& saved = plan.saved[i];
    if (saved.number < UnwindPlan::kXmm) [[likely]]
      read(at(base, saved.offset), context.reg(saved.number));
    else
      read(at(base, saved.offset), context.xmm(saved.number - UnwindPlan::kXmm));
  }
  read(rsp - sizeof context.Rip, context.Rip);
  context.Rsp = rsp;
  if (!sound) [[unlikely]]
    context.Rip = 0;
  return sound;
}

}  // namespace hmodule::unwind

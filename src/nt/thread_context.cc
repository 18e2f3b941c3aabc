#include "nt/thread_context.h"

#include "nt/clock.h"
#include "nt/futex.h"

#include <unistd.h>

#include <array>
#include <cstring>
#include <utility>

namespace hmodule::nt {
namespace {

constexpr std::pair<int, ULONGLONG CONTEXT::*> kControl[] = {{REG_RIP, &CONTEXT::Rip}, {REG_RSP, &CONTEXT::Rsp}},
                                               kInteger[] = {{REG_RAX, &CONTEXT::Rax}, {REG_RCX, &CONTEXT::Rcx},
                                                             {REG_RDX, &CONTEXT::Rdx}, {REG_RBX, &CONTEXT::Rbx},
                                                             {REG_RBP, &CONTEXT::Rbp}, {REG_RSI, &CONTEXT::Rsi},
                                                             {REG_RDI, &CONTEXT::Rdi}, {REG_R8, &CONTEXT::R8},
                                                             {REG_R9, &CONTEXT::R9},   {REG_R10, &CONTEXT::R10},
                                                             {REG_R11, &CONTEXT::R11}, {REG_R12, &CONTEXT::R12},
                                                             {REG_R13, &CONTEXT::R13}, {REG_R14, &CONTEXT::R14},
                                                             {REG_R15, &CONTEXT::R15}};
constexpr std::int64_t kPatience = -5 * kTicksPerSecond;   // with a thread that does not stop
constexpr WORD kCodeSegment = 0x33, kStackSegment = 0x2B;  // user mode's
// FXSAVE's x87 and SSE registers; what follows them in the frame is the kernel's.
constexpr std::size_t kVectorBytes = offsetof(XSAVE_FORMAT, Reserved4);

bool names(DWORD flags, DWORD part) {
  return (flags & part) == part;
}
bool wants(const CONTEXT& context, DWORD part) {
  return names(context.ContextFlags, part);
}

// The parts that `flags` name.
void copy_context(const CONTEXT& from, CONTEXT& to, DWORD flags) {
  const auto copy = [&](const auto& registers) {
    for (const auto& [host, member] : registers) to.*member = from.*member;
  };
  if (names(flags, CONTEXT_CONTROL)) {
    copy(kControl);
    to.EFlags = from.EFlags;
    to.SegCs = from.SegCs;
    to.SegSs = from.SegSs;
  }
  if (names(flags, CONTEXT_INTEGER)) copy(kInteger);
  if (names(flags, CONTEXT_FLOATING_POINT)) {
    to.FltSave = from.FltSave;
    to.MxCsr = from.MxCsr;
  }
}

}  // namespace

SuspendedFrame::SuspendedFrame(Thread& thread, ucontext_t& registers) : thread_(thread), registers_(registers) {
  const Dispatcher lock;
  next_ = std::exchange(first, this);
}

SuspendedFrame::~SuspendedFrame() {
  const Dispatcher lock;
  forget(lock, thread_);
}

void SuspendedFrame::forget(const Dispatcher&, const Thread& thread) {
  for (SuspendedFrame** at = &first; *at != nullptr;) {
    if (&(*at)->thread_ == &thread)
      *at = (*at)->next_;
    else
      at = &(*at)->next_;
  }
}

void SuspendedFrame::await_stop(Thread& thread, const Deadline& deadline) {
  while (thread.suspend_count() != 0 && !thread.ended() && thread.stopped_.load(std::memory_order_acquire) == 0 &&
         futex_wait(thread.stopped_, 0, deadline))
    continue;
}

Result<ucontext_t*> SuspendedFrame::of(Thread& thread, const Deadline& deadline) {
  while (thread.suspend_count() != 0 && !thread.ended()) {
    {
      const Dispatcher lock;
      for (const SuspendedFrame* each = first; each != nullptr; each = each->next_)
        if (&each->thread_ == &thread) return &each->registers_;
    }
    if (deadline.passed()) break;
    ::usleep(1000);  // resumed and suspended again
    await_stop(thread, deadline);
  }
  return fail(STATUS_UNSUCCESSFUL, "thread {} is not suspended at an instruction", thread.id());
}

// In the function that is about to be called with the start routine and its argument.
CONTEXT* SuspendedFrame::first_context_of(const Dispatcher&, Thread& thread) {
  constexpr ULONGLONG kStackArguments = 0x28;
  if (!thread.held_ || thread.stopped_.load(std::memory_order_acquire) == 0) return nullptr;
  if (!thread.first_context_) {
    auto context = std::make_unique<CONTEXT>();
    context->SegCs = kCodeSegment;
    context->SegSs = kStackSegment;
    context->EFlags = 0x200;  // interrupts are on
    context->MxCsr = context->FltSave.MxCsr = 0x1F80;
    context->FltSave.ControlWord = 0x27F;
    context->Rip = reinterpret_cast<std::uintptr_t>(start_user_thread);
    context->Rcx = reinterpret_cast<std::uintptr_t>(thread.routine_);
    context->Rdx = reinterpret_cast<std::uintptr_t>(thread.parameter_);
    const auto base = reinterpret_cast<std::uintptr_t>(thread.teb()->NtTib.StackBase);
    context->Rsp = (base & ~ULONGLONG{15}) - kStackArguments;
    thread.first_context_ = std::move(context);
  }
  return thread.first_context_.get();
}

Status take_context(Thread& thread, CONTEXT& context) {
  const Deadline deadline(kPatience);
  SuspendedFrame::await_stop(thread, deadline);
  {
    const Dispatcher lock;
    if (const CONTEXT* const first = SuspendedFrame::first_context_of(lock, thread)) {
      copy_context(*first, context, context.ContextFlags);
      return ok;
    }
  }
  const ucontext_t& from = *TRY(SuspendedFrame::of(thread, deadline));
  const auto take = [&](const auto& registers) {
    for (const auto& [host, member] : registers) context.*member = static_cast<ULONGLONG>(from.uc_mcontext.gregs[host]);
  };
  if (wants(context, CONTEXT_CONTROL)) {
    take(kControl);
    context.EFlags = static_cast<DWORD>(from.uc_mcontext.gregs[REG_EFL]);
    context.SegCs = kCodeSegment;
    context.SegSs = kStackSegment;
  }
  if (wants(context, CONTEXT_INTEGER)) take(kInteger);
  if (wants(context, CONTEXT_FLOATING_POINT) && from.uc_mcontext.fpregs != nullptr) {
    std::memcpy(&context.FltSave, from.uc_mcontext.fpregs, kVectorBytes);
    context.MxCsr = context.FltSave.MxCsr;
  }
  if (wants(context, CONTEXT_DEBUG_REGISTERS))
    context.Dr0 = context.Dr1 = context.Dr2 = context.Dr3 = context.Dr6 = context.Dr7 = 0;
  return ok;
}

Status give_context(Thread& thread, const CONTEXT& context) {
  const Deadline deadline(kPatience);
  SuspendedFrame::await_stop(thread, deadline);
  {
    const Dispatcher lock;
    if (CONTEXT* const first = SuspendedFrame::first_context_of(lock, thread)) {
      copy_context(context, *first, context.ContextFlags);
      return ok;
    }
  }
  ucontext_t& to = *TRY(SuspendedFrame::of(thread, deadline));
  const auto give = [&](const auto& registers) {
    for (const auto& [host, member] : registers) to.uc_mcontext.gregs[host] = static_cast<greg_t>(context.*member);
  };
  if (wants(context, CONTEXT_CONTROL)) {
    give(kControl);
    constexpr DWORD kUserFlags = 0xDD5;  // CF, PF, AF, ZF, SF, TF, DF, OF
    auto& flags = to.uc_mcontext.gregs[REG_EFL];
    flags = (flags & ~greg_t{kUserFlags}) | (context.EFlags & kUserFlags);
  }
  if (wants(context, CONTEXT_INTEGER)) give(kInteger);
  if (wants(context, CONTEXT_FLOATING_POINT) && to.uc_mcontext.fpregs != nullptr) {
    constexpr DWORD kKnownModes = 0xFFFF;  // a reserved bit would be a fault on the way back
    std::memcpy(to.uc_mcontext.fpregs, &context.FltSave, kVectorBytes);
    to.uc_mcontext.fpregs->mxcsr = context.MxCsr & kKnownModes;
  }
  return ok;
}

}  // namespace hmodule::nt

// Two passes. The first asks the frames, from the fault outwards, whether one wants the exception; the second, started
// by the frame that does (RtlUnwindEx), lets all frames below it clean up, and continues in it.
//
// Both call code of the DLL while they run, and that code can raise, or unwind, itself. Its walk then meets our own
// frames, which have no unwind data. So each pass has an *activation*, which says what frame it is busy with, and which
// hm_call_seh keeps in its own frame. A walk that meets that one's return address goes on from the activation:
//   - from a first pass, at the frame where that exception happened: it is nested (EH-34), and an unwind simply
//     continues through the frames that were interrupted;
//   - from a second pass, at the frame being unwound, with the clean-ups that have run left out: they collide (EH-36).
// Of other native frames, one with a guard (guard.h) ends the walk as a handler does; the rest is crossed (crossing.h),
// or is a wall (EH-43).
//
// Wine's C runtimes keep further handlers in a list on the TEB; a record belongs to the frame whose stack it is in
// (platform-facts §4).
#include "unwind/exceptions.h"

#include "base/trace.h"
#include "thread/teb.h"
#include "unwind/context.h"
#include "unwind/crash_report.h"
#include "unwind/crossing.h"
#include "unwind/faults.h"
#include "unwind/frame.h"
#include "unwind/frames.h"
#include "unwind/function_table.h"
#include "unwind/guard.h"
#include "unwind/thrown.h"
#include "unwind/vectored.h"
#include "unwind/virtual_unwind.h"
#include "win/status.h"

#include <emmintrin.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <utility>

extern "C" __attribute__((weak)) void __asan_handle_no_return();

// Left by a jump instead of a return, which ThreadSanitizer's shadow stack would never notice (platform-facts §7.2).
#define HM_LEFT_BY_JUMP __attribute__((no_sanitize("thread"), noinline))

namespace hmodule::unwind {

struct Activation {
  enum class Pass { first, second } pass;
  CONTEXT* context;                // where a walk that meets it goes on
  DISPATCHER_CONTEXT* dispatcher;  // what the handler being called was told
};

namespace {

std::uintptr_t address(const void* pointer) {
  return reinterpret_cast<std::uintptr_t>(pointer);
}

// --- the TEB's list ---

struct Registration {
  Registration* previous;
  EXCEPTION_ROUTINE* handler;
};

Registration* first_registration() {
  return static_cast<Registration*>(thread::teb().NtTib.ExceptionList);
}

// The end of the list, -1, is above everything.
void unlink_registrations_below(std::uintptr_t stack) {
  Registration* record = first_registration();
  while (address(record) < stack) record = record->previous;
  thread::teb().NtTib.ExceptionList = record;
}

// --- frames ---

// Straight moves of what was stored: rep movs takes longer to begin, and two registers loaded as one wait until both
// stores have left the processor.
template <std::size_t begin, std::size_t end, typename Unit>
[[gnu::always_inline]] inline void copy(const CONTEXT& from, CONTEXT& to) {
  static_assert(begin % sizeof(Unit) == 0 && end % sizeof(Unit) == 0);
  const auto* const source = reinterpret_cast<const Unit*>(&from) + begin / sizeof(Unit);
  auto* const target = reinterpret_cast<Unit*>(&to) + begin / sizeof(Unit);
  [=]<std::size_t... i>(std::index_sequence<i...>) __attribute__((always_inline)) {
    ((target[i] = source[i]), ...);
  }
  (std::make_index_sequence<(end - begin) / sizeof(Unit)>());
}
constexpr std::size_t kXmm0 = offsetof(CONTEXT, FltSave.XmmRegisters), kXmm16 = kXmm0 + 16 * sizeof(M128A);

[[gnu::always_inline]] inline void copy_integers(const CONTEXT& from, CONTEXT& to) {
  copy<offsetof(CONTEXT, Rax), offsetof(CONTEXT, FltSave), std::uint64_t>(from, to);
}

// What a walk needs. Not the registers beyond CONTEXT, of which nothing is known in the callers; nor the x87 stack,
// which is empty there; nor what is for the code at the start, and would disturb wherever the walk ends: an x87
// exception that is still pending, and the flags that are clear at every call.
void copy_for_walk(const CONTEXT& from, CONTEXT& to) {
  constexpr WORD kPending = 0x80, kX87Exceptions = 0x80FF;  // what fnclex clears
  constexpr DWORD kTrap = 0x100, kDirection = 0x400, kResume = 0x10000, kAlignmentCheck = 0x40000;
  to.ContextFlags = from.ContextFlags & ~(CONTEXT_XSTATE & ~CONTEXT_AMD64);
  to.MxCsr = from.MxCsr;
  copy<offsetof(CONTEXT, SegCs), offsetof(CONTEXT, EFlags), std::uint32_t>(from, to);
  to.EFlags = from.EFlags & ~(kTrap | kDirection | kResume | kAlignmentCheck);
  copy_integers(from, to);
  to.FltSave.ControlWord = from.FltSave.ControlWord;
  const WORD status = from.FltSave.StatusWord;
  to.FltSave.StatusWord = (status & kPending) != 0 ? static_cast<WORD>(status & ~kX87Exceptions) : status;
  to.FltSave.TagWord = 0;
  to.FltSave.MxCsr = from.FltSave.MxCsr;
  copy<kXmm0, kXmm16, __m128i>(from, to);
}

CONTEXT walking_copy(const CONTEXT& from) {
  CONTEXT copy;
  copy_for_walk(from, copy);
  return copy;
}

// Where an unwinding is. A frame is left in place, unless a handler is shown its registers, and may change them: then
// the caller's are found in a second context, and the two change places.
class Walk {
 public:
  explicit Walk(CONTEXT& start) : here_(&start), caller_(&other_) {}
  Walk(const Walk&) = delete;
  Walk& operator=(const Walk&) = delete;

  CONTEXT& here() { return *here_; }

  struct Seen {
    FunctionEntry entry;  // image_base 0: unknown code; it has no caller here
    FrameHandler handler;
    std::uintptr_t caller_rsp;
  };
  Seen look() {
    FramePlan& plan = this->plan();
    left_ = !find_plan(here().Rip, plan);
    if (!left_) [[likely]]
      return {plan.entry, handler_of(plan.unwind, kUnwindHandler, here()), caller_rsp(plan.unwind, here())};
    copy_for_caller();
    alike_ = false;
    const Frame frame = leave_frame(kUnwindHandler, *caller_);
    return {frame.entry, frame.handler, caller_->Rsp};
  }
  void find_caller() {
    if (left_) return;
    left_ = true;
    copy_for_caller();
    alike_ = !plan().unwind.saves_xmm;
    follow(plan().unwind, stack_above(here().Rsp), *caller_);
  }
  void step() {
    if (left_) return std::swap(here_, caller_);
    alike_ &= !plan().unwind.saves_xmm;
    follow(plan().unwind, stack_above(here().Rsp), here());
  }
  void jump(const CONTEXT& to) {
    alike_ = false;
    copy_for_walk(to, here());
  }

 private:
  void copy_for_caller() {
    if (alike_)
      copy_integers(here(), *caller_);
    else
      copy_for_walk(here(), *caller_);
  }
  FramePlan& plan() { return *reinterpret_cast<FramePlan*>(plan_); }

  CONTEXT other_;
  CONTEXT *here_, *caller_;
  alignas(FramePlan) std::byte plan_[sizeof(FramePlan)];  // it would be filled with zeros first
  bool left_ = false;                                     // the caller has been found
  bool alike_ = false;                                    // the contexts differ in integer registers only
};

bool is_ours(const CONTEXT& at, const char* return_address) {
  return at.Rip == address(return_address);
}

// Of the pass that called a handler here.
const Activation* activation_at(const CONTEXT& at) {
  if (!is_ours(at, hm_call_seh_return)) return nullptr;
  const Activation* activation = nullptr;
  std::memcpy(&activation, reinterpret_cast<const void*>(at.Rsp + kActivationOffset), sizeof activation);
  return activation;
}

// A handler is told by its dispatcher context, and hands it on to __C_specific_handler, if it is one around that: where
// Windows has a cache for look-ups, which is for us to use as we like.
UNWIND_HISTORY_TABLE* as_history(const Activation& activation) {
  return reinterpret_cast<UNWIND_HISTORY_TABLE*>(const_cast<Activation*>(&activation));
}
// Null when a program has made the dispatcher context.
const Activation* activation_of(const DISPATCHER_CONTEXT& dispatcher) {
  return reinterpret_cast<const Activation*>(dispatcher.HistoryTable);
}

Guard* guard_at(const CONTEXT& at) {
  const bool leaf = is_ours(at, hm_call_leaf_return);
  if (!leaf && !is_ours(at, hm_call_windows_return)) return nullptr;
  Guard* guard = nullptr;
  std::memcpy(&guard, reinterpret_cast<const void*>(at.Rsp + (leaf ? kGuardOffsetOfLeaf : kGuardOffset)), sizeof guard);
  return guard;
}

// EH-31
bool on_stack(std::uintptr_t establisher) {
  const NT_TIB& tib = thread::teb().NtTib;
  return establisher % 8 == 0 && establisher >= address(tib.StackLimit) && establisher < address(tib.StackBase);
}

void describe(DISPATCHER_CONTEXT& dispatcher, std::uintptr_t pc, const FunctionEntry& entry,
              const FrameHandler& handler, std::uintptr_t target_ip, CONTEXT& shown, ULONG scope_index) {
  dispatcher.ControlPc = pc;
  dispatcher.ImageBase = entry.image_base;
  dispatcher.FunctionEntry = entry.function;
  dispatcher.EstablisherFrame = handler.establisher_frame;
  dispatcher.TargetIp = target_ip;
  dispatcher.ContextRecord = &shown;
  dispatcher.LanguageHandler = handler.routine;
  dispatcher.HandlerData = handler.data;
  dispatcher.ScopeIndex = scope_index;
}

EXCEPTION_DISPOSITION call_handler(EXCEPTION_ROUTINE* routine, EXCEPTION_RECORD& record, std::uintptr_t frame,
                                   CONTEXT& context, DISPATCHER_CONTEXT& dispatcher) {
  return static_cast<EXCEPTION_DISPOSITION>(
      static_cast<int>(call_seh(activation_of(dispatcher), reinterpret_cast<void*>(routine), &record,
                                reinterpret_cast<void*>(frame), &context, &dispatcher)));
}

// --- ends ---

[[noreturn]] HM_LEFT_BY_JUMP void jump_to(CONTEXT& context) {
  if (__asan_handle_no_return != nullptr) __asan_handle_no_return();
  hm_restore_context(&context);
}

[[noreturn]] HM_LEFT_BY_JUMP void resume(EXCEPTION_RECORD& record, CONTEXT& context, const Activation& pass) {
  ask_vectored_handlers(VectoredList::resume, record, context, &pass);  // EH-30
  jump_to(context);
}

[[noreturn]] HM_LEFT_BY_JUMP void raise_instead(NTSTATUS status, EXCEPTION_RECORD& cause, CONTEXT& context) {
  EXCEPTION_RECORD record{};
  record.ExceptionCode = status;
  record.ExceptionFlags = EXCEPTION_NONCONTINUABLE;
  record.ExceptionRecord = &cause;
  record.ExceptionAddress = reinterpret_cast<void*>(context.Rip);
  dispatch(record, context);
}

[[noreturn]] void die(const char* what, const EXCEPTION_RECORD& record, const CONTEXT& context) {
  report_crash(what, record, context);
  std::abort();
}

// EH-42, EH-51.
[[noreturn]] HM_LEFT_BY_JUMP void nobody_wants(EXCEPTION_RECORD& record, CONTEXT& context, Origin origin,
                                               const Activation& pass) {
  EXCEPTION_POINTERS exception = {&record, &context};
  LONG answer = EXCEPTION_CONTINUE_SEARCH;
  const LPTOP_LEVEL_EXCEPTION_FILTER system = last_filter(LastFilter::system);
  if (const LPTOP_LEVEL_EXCEPTION_FILTER filter = system != nullptr ? system : last_filter(LastFilter::program))
    answer = static_cast<LONG>(call_seh(&pass, reinterpret_cast<void*>(filter), &exception));
  if (answer == EXCEPTION_CONTINUE_EXECUTION) resume(record, context, pass);
  if (answer == EXCEPTION_EXECUTE_HANDLER && process_hooks().terminate != nullptr)
    process_hooks().terminate(static_cast<DWORD>(record.ExceptionCode));
  if (origin == Origin::software) die("nobody handles it", record, context);
  report_crash("nobody handles it", record, context);
  give_to_host(record, context);
}

// --- the second pass ---

// Frames from `start` to the one whose establisher (or registration record) is `target`, or to `guard`, or, when both
// are null, to the first guard: so ends mingw-w64's C++ exception that nobody catches, once a frame has cleaned up.
struct Unwinding {
  std::uintptr_t target, target_ip;
  EXCEPTION_RECORD* record;
  std::uint64_t result;
  Guard* guard;
};

[[noreturn]] HM_LEFT_BY_JUMP void go_on_natively_at(NativeException& native, const CONTEXT& context) {
  unlink_registrations_below(context.Rsp);
  if (__asan_handle_no_return != nullptr) __asan_handle_no_return();
  go_on_natively(native, context);
}

[[noreturn]] HM_LEFT_BY_JUMP void land_in_guard(Guard& guard, const EXCEPTION_RECORD& record, CONTEXT& context) {
  guard.caught = true;
  guard.record = record;
  guard.record.ExceptionFlags &= EXCEPTION_NONCONTINUABLE;
  context.Rax = 0;
  unlink_registrations_below(context.Rsp);
  jump_to(context);
}

// Calls the records in this frame's stack. True when the target is one of them.
HM_LEFT_BY_JUMP bool unwind_registrations(const Unwinding& unwinding, CONTEXT& context, std::uintptr_t end,
                                          DISPATCHER_CONTEXT& dispatcher) {
  Registration* record = first_registration();
  while (address(record) < end && (unwinding.target == 0 || address(record) < unwinding.target)) {
    dispatcher.EstablisherFrame = address(record);
    call_handler(record->handler, *unwinding.record, address(record), context, dispatcher);
    record = record->previous;
    thread::teb().NtTib.ExceptionList = record;
  }
  return unwinding.target != 0 && address(record) == unwinding.target && unwinding.target < end;
}

// `start` is used up.
[[noreturn]] HM_LEFT_BY_JUMP void unwind_frames(const Unwinding& unwinding, CONTEXT& start) {
  DISPATCHER_CONTEXT dispatcher{};
  Walk walk(start);
  Activation self{Activation::Pass::second, nullptr, &dispatcher};
  dispatcher.HistoryTable = as_history(self);
  EXCEPTION_RECORD& record = *unwinding.record;
  record.ExceptionFlags |=
      EXCEPTION_UNWINDING | (unwinding.target == 0 && unwinding.guard == nullptr ? EXCEPTION_EXIT_UNWIND : 0);
  ULONG scope_index = 0;
  DWORD collided = 0;

  for (;;) {
    CONTEXT& context = walk.here();
    self.context = &context;
    if (const Activation* const met = activation_at(context)) {
      const bool second = met->pass == Activation::Pass::second;
      walk.jump(*met->context);
      scope_index = second ? met->dispatcher->ScopeIndex : 0;
      collided = second ? EXCEPTION_COLLIDED_UNWIND : 0;
      continue;
    }
    const auto [entry, handler, caller_rsp] = walk.look();
    if (entry.image_base == 0) {
      // GCC's clean-ups end in an unwind of their own, which knows no guard.
      Guard* const guard = guard_at(context);
      if (guard != nullptr && (guard == unwinding.guard || unwinding.target == 0))
        land_in_guard(*guard, record, context);
      if (NativeException* const native = native_exception_of(record)) go_on_natively_at(*native, context);
      if (leave_native_frame(context)) continue;
      die("an unwind would cross native code", record, context);
    }

    const std::uintptr_t establisher = handler.establisher_frame;
    if (!on_stack(establisher)) die("an unwind met a frame outside the stack", record, context);
    if (unwinding.target != 0 && unwinding.target < context.Rsp && establisher > unwinding.target)
      raise_instead(STATUS_INVALID_UNWIND_TARGET, record, context);  // EH-35

    const bool at_target = establisher == unwinding.target;
    const bool has_registrations = handler.routine == nullptr && address(first_registration()) < caller_rsp;
    if (handler.routine != nullptr || has_registrations) {
      describe(dispatcher, context.Rip, entry, handler, unwinding.target_ip, context, scope_index);
      if (!at_target) walk.find_caller();
    }
    if (handler.routine != nullptr) {
      record.ExceptionFlags |= collided | (at_target ? EXCEPTION_TARGET_UNWIND : 0);
      EXCEPTION_RECORD disguised;
      const bool native = native_exception_of(record) != nullptr;
      if (native) disguised = disguise(record, handler.data);
      const auto answer = call_handler(handler.routine, native ? disguised : record, establisher, context, dispatcher);
      record.ExceptionFlags &= ~(EXCEPTION_COLLIDED_UNWIND | EXCEPTION_TARGET_UNWIND);
      if (answer != ExceptionContinueSearch && answer != ExceptionCollidedUnwind)
        raise_instead(STATUS_INVALID_DISPOSITION, record, context);
    } else if (has_registrations && unwind_registrations(unwinding, context, caller_rsp, dispatcher)) {
      break;
    }
    if (at_target) break;
    walk.step();
    scope_index = 0;
    collided = 0;
  }

  CONTEXT& context = walk.here();
  unlink_registrations_below(context.Rsp);
  context.Rax = unwinding.result;
  context.Rip = unwinding.target_ip;
  continue_at(context, &record);
}

// --- the first pass ---

enum class Verdict { resume, unhandled };

class Search {
 public:
  Search(EXCEPTION_RECORD& record, CONTEXT& original, CONTEXT& start, Activation& self)
      : record_(record), original_(original), start_(start), walk_(walking_copy(start)) {
    self.dispatcher = &dispatcher_;
    dispatcher_.HistoryTable = as_history(self);
  }

  HM_LEFT_BY_JUMP Verdict run() {
    Registration* registration = first_registration();
    for (;;) {
      const std::uintptr_t pc = walk_.Rip;
      if (const Activation* const met = activation_at(walk_)) {
        go_on_at(*met);
        continue;
      }
      const auto [entry, handler] = leave_frame(kExceptionHandler, walk_);
      if (entry.image_base == 0) {
        if (!cross_native_frame()) return Verdict::unhandled;
        continue;
      }
      if (!on_stack(handler.establisher_frame)) {
        record_.ExceptionFlags |= EXCEPTION_STACK_INVALID;
        return Verdict::unhandled;
      }
      describe(dispatcher_, pc, entry, handler, 0, walk_, scope_index_);
      scope_index_ = 0;
      if (handler.routine != nullptr) {
        if (ask(handler.routine, handler.establisher_frame)) return Verdict::resume;
        end_nesting(handler.establisher_frame);
      } else {
        for (; address(registration) < walk_.Rsp; registration = registration->previous)
          if (ask(registration->handler, address(registration))) return Verdict::resume;
      }
    }
  }

 private:
  void go_on_at(const Activation& met) {
    if (met.pass == Activation::Pass::first) {
      record_.ExceptionFlags |= EXCEPTION_NESTED_CALL;
      nested_until_ = std::max<std::uintptr_t>(nested_until_, met.dispatcher->EstablisherFrame);
    } else {
      scope_index_ = met.dispatcher->ScopeIndex;
    }
    copy_for_walk(*met.context, walk_);
  }

  bool cross_native_frame() {
    if (is_ours(walk_, hm_call_seh_return)) return false;
    if (Guard* const guard = guard_at(walk_)) {
      if (guard->seen != nullptr) guard->seen(record_, original_);
      unwind_frames({0, 0, &record_, 0, guard}, start_);
    }
    if (NativeException* const native = native_exception_of(record_)) {
      begin_anew(*native);
      unwind_frames({0, 0, &record_, 0, nullptr}, start_);
    }
    return pass_native_frame(walk_);
  }

  // True: continue where the exception happened. EH-32.
  bool ask(EXCEPTION_ROUTINE* routine, std::uintptr_t frame) {
    switch (call_handler(routine, record_, frame, original_, dispatcher_)) {
      case ExceptionContinueExecution:
        if ((record_.ExceptionFlags & EXCEPTION_NONCONTINUABLE) != 0)
          raise_instead(STATUS_NONCONTINUABLE_EXCEPTION, record_, original_);
        return true;
      case ExceptionNestedException:
        record_.ExceptionFlags |= EXCEPTION_NESTED_CALL;
        nested_until_ = std::max<std::uintptr_t>(nested_until_, dispatcher_.EstablisherFrame);
        return false;
      case ExceptionContinueSearch:
      case ExceptionCollidedUnwind:
        return false;
      default:
        raise_instead(STATUS_INVALID_DISPOSITION, record_, original_);
    }
  }

  void end_nesting(std::uintptr_t establisher) {
    if (nested_until_ == 0 || establisher < nested_until_) return;
    record_.ExceptionFlags &= ~EXCEPTION_NESTED_CALL;
    nested_until_ = 0;
  }

  EXCEPTION_RECORD& record_;
  CONTEXT& original_;
  CONTEXT& start_;
  CONTEXT walk_;  // the frame that is being asked, or, once its handler is known, that frame's caller
  DISPATCHER_CONTEXT dispatcher_{};
  std::uintptr_t nested_until_ = 0;
  ULONG scope_index_ = 0;
};

// EH-37, EH-38: _JUMP_BUFFER of setjmp.h.
struct JumpBuffer {
  ULONGLONG Frame, Rbx, Rsp, Rbp, Rsi, Rdi, R12, R13, R14, R15, Rip;
  DWORD MxCsr;
  WORD FpCsr, Spare;
  M128A Xmm[10];
};
static_assert(offsetof(JumpBuffer, Rip) == 0x50 && offsetof(JumpBuffer, Xmm) == 0x60);

void load_jump_buffer(const JumpBuffer& from, CONTEXT& context) {
  context.Rbx = from.Rbx;
  context.Rsp = from.Rsp;
  context.Rbp = from.Rbp;
  context.Rsi = from.Rsi;
  context.Rdi = from.Rdi;
  context.R12 = from.R12;
  context.R13 = from.R13;
  context.R14 = from.R14;
  context.R15 = from.R15;
  context.Rip = from.Rip;
  context.MxCsr = context.FltSave.MxCsr = from.MxCsr;
  context.FltSave.ControlWord = from.FpCsr;
  std::memcpy(&context.xmm(6), from.Xmm, sizeof from.Xmm);
}

// A call through a bad pointer: the frame has done nothing but begin.
bool is_jump_to_nowhere(const EXCEPTION_RECORD& record, const CONTEXT& context) {
  return record.ExceptionCode == STATUS_ACCESS_VIOLATION && record.NumberParameters == 2 &&
         record.ExceptionInformation[0] == 8 && find_function(context.Rip).image_base == 0;
}

}  // namespace

HM_LEFT_BY_JUMP void dispatch(EXCEPTION_RECORD& record, CONTEXT& context, Origin origin) {
  trace::line(trace::Channel::thread, "exception {:#010x} at {}", static_cast<std::uint32_t>(record.ExceptionCode),
              record.ExceptionAddress);
  DISPATCHER_CONTEXT none{};
  CONTEXT start = walking_copy(context);
  if (is_jump_to_nowhere(record, start)) virtual_unwind(kNoHandler, 0, start.Rip, nullptr, start);
  Activation self{Activation::Pass::first, &start, &none};
  if (ask_vectored_handlers(VectoredList::exception, record, context, &self)) resume(record, context, self);
  if (Search(record, context, start, self).run() == Verdict::resume) resume(record, context, self);
  nobody_wants(record, context, origin, self);
}

HM_LEFT_BY_JUMP void continue_at(CONTEXT& context, EXCEPTION_RECORD* record) {
  if (record != nullptr && record->NumberParameters >= 1) {
    auto* const first = reinterpret_cast<void*>(record->ExceptionInformation[0]);
    if (record->ExceptionCode == STATUS_LONGJUMP) load_jump_buffer(*static_cast<const JumpBuffer*>(first), context);
    if (record->ExceptionCode == STATUS_UNWIND_CONSOLIDATE) hm_consolidate(&context, first, record);
  }
  jump_to(context);
}

const CONTEXT* interrupted_by_handler(const CONTEXT& at) {
  const Activation* const activation = activation_at(at);
  return activation != nullptr ? activation->context : nullptr;
}

// Called by seh.S.
extern "C" {

__attribute__((visibility("hidden"))) HM_LEFT_BY_JUMP void hm_raise(DWORD code, DWORD flags, DWORD count,
                                                                    const ULONG_PTR* arguments, CONTEXT* context) {
  constexpr DWORD kReservedBit = 0x1000'0000;
  EXCEPTION_RECORD record{};
  record.ExceptionCode = static_cast<NTSTATUS>(code & ~kReservedBit);
  record.ExceptionFlags = flags & EXCEPTION_NONCONTINUABLE;
  record.ExceptionAddress = reinterpret_cast<void*>(context->Rip);
  if (arguments != nullptr) {
    record.NumberParameters = std::min<DWORD>(count, EXCEPTION_MAXIMUM_PARAMETERS);
    std::copy_n(arguments, record.NumberParameters, record.ExceptionInformation);
  }
  dispatch(record, *context);
}

__attribute__((visibility("hidden"))) HM_LEFT_BY_JUMP void hm_raise_record(EXCEPTION_RECORD* record, CONTEXT* context) {
  record->ExceptionAddress = reinterpret_cast<void*>(context->Rip);  // EH-40
  dispatch(*record, *context);
}

__attribute__((visibility("hidden"))) HM_LEFT_BY_JUMP void hm_unwind(void* target, void* ip, EXCEPTION_RECORD* record,
                                                                     std::uint64_t result, CONTEXT* context) {
  EXCEPTION_RECORD own{};
  if (record == nullptr) {
    own.ExceptionCode = STATUS_UNWIND;
    own.ExceptionAddress = reinterpret_cast<void*>(context->Rip);
    record = &own;
  }
  unwind_frames({address(target), address(ip), record, result, nullptr}, *context);
}

__attribute__((visibility("hidden"))) HM_LEFT_BY_JUMP void hm_consolidated(CONTEXT* context, std::uintptr_t ip) {
  context->Rip = ip;
  jump_to(*context);
}

}  // extern "C"

// crossing.h

HM_LEFT_BY_JUMP void leave_dll_frames(EXCEPTION_RECORD& record, CONTEXT& start) {
  unwind_frames({0, 0, &record, 0, nullptr}, start);
}

// EH-39.
namespace {

struct Scope {
  ULONG Begin, End, Handler, JumpTarget;
};
struct ScopeTable {
  ULONG Count;
  Scope first[1];
  const Scope& operator[](ULONG index) const { return (&first[0])[index]; }
};

bool inside(const Scope& scope, std::uintptr_t rva) {
  return rva >= scope.Begin && rva < scope.End;
}

}  // namespace

HM_LEFT_BY_JUMP HM_WINAPI EXCEPTION_DISPOSITION c_specific_handler(EXCEPTION_RECORD* record, void* frame,
                                                                   CONTEXT* context, DISPATCHER_CONTEXT* dispatcher) {
  const auto& scopes = *static_cast<const ScopeTable*>(dispatcher->HandlerData);
  const std::uintptr_t base = dispatcher->ImageBase, rva = dispatcher->ControlPc - base;
  const auto code_at = [base](ULONG offset) { return reinterpret_cast<void*>(base + offset); };
  const Activation* const pass = activation_of(*dispatcher);

  if ((record->ExceptionFlags & EXCEPTION_UNWIND) == 0) {
    EXCEPTION_POINTERS exception = {record, context};
    for (ULONG i = dispatcher->ScopeIndex; i < scopes.Count; ++i) {
      const Scope& scope = scopes[i];
      if (!inside(scope, rva) || scope.JumpTarget == 0) continue;
      const LONG answer = scope.Handler == 1
                              ? EXCEPTION_EXECUTE_HANDLER
                              : static_cast<LONG>(call_seh(pass, code_at(scope.Handler), &exception, frame));
      if (answer < 0) return ExceptionContinueExecution;
      if (answer == EXCEPTION_CONTINUE_SEARCH) continue;
      if (pass == nullptr) die("no exception is being handled here", *record, *context);
      unwind_frames(
          {address(frame), base + scope.JumpTarget, record, static_cast<std::uint32_t>(record->ExceptionCode), nullptr},
          *pass->context);
    }
    return ExceptionContinueSearch;
  }

  const bool at_target = (record->ExceptionFlags & EXCEPTION_TARGET_UNWIND) != 0;
  const std::uintptr_t target = dispatcher->TargetIp - base;
  for (ULONG i = dispatcher->ScopeIndex; i < scopes.Count; ++i) {
    const Scope& scope = scopes[i];
    if (!inside(scope, rva)) continue;
    if (at_target && (inside(scope, target) || (scope.JumpTarget != 0 && scope.JumpTarget == target))) break;
    if (scope.JumpTarget != 0) continue;
    dispatcher->ScopeIndex = i + 1;  // a clean-up that raises is not run again
    call_seh(pass, code_at(scope.Handler), reinterpret_cast<void*>(std::uintptr_t{1}), frame);
  }
  return ExceptionContinueSearch;
}

// guard.h

namespace {

// _Unwind_Exception of GCC for Windows, as far as it concerns its catchers.
struct GccException {
  std::uint64_t exception_class;
  HM_WINAPI void (*exception_cleanup)(int reason, GccException*);
};
constexpr std::uint64_t kGccClass = 0x474E'5543'432B'2B00;  // "GNUCC++\0", and 1 for one that others own, too
constexpr int kForeignExceptionCaught = 1;                  // _Unwind_Reason_Code

Error escaped(const Guard& guard, const char* from) {
  delete_thrown(guard.record);
  return fail(guard.record.ExceptionCode, "exception {:#010x} at {} left {}",
              static_cast<std::uint32_t>(guard.record.ExceptionCode), guard.record.ExceptionAddress, from);
}

}  // namespace

void delete_thrown(const EXCEPTION_RECORD& record) {
  if (record.ExceptionCode != kGccThrow || record.NumberParameters < 1) return;
  auto* const exception = reinterpret_cast<GccException*>(record.ExceptionInformation[0]);
  if ((exception->exception_class & ~std::uint64_t{1}) != kGccClass || exception->exception_cleanup == nullptr) return;
  Guard guard;  // its destructor may throw
  call_guarded(guard, exception->exception_cleanup, kForeignExceptionCaught, exception);
}

Result<BOOL> call_entry_point(DllEntryPoint entry, void* base, DWORD reason, void* reserved) {
  Guard guard;
  const BOOL answer = call_guarded(guard, entry, base, reason, reserved);
  if (guard.caught) return escaped(guard, "the entry point");
  return answer;
}

Status call_tls_callback(TlsCallback callback, void* base, DWORD reason) {
  Guard guard;
  call_guarded(guard, callback, base, reason, nullptr);
  if (guard.caught) return escaped(guard, "a TLS callback");
  return ok;
}

}  // namespace hmodule::unwind

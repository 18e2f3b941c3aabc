// From a Linux signal to a Windows exception (§14.5, platform-facts §5.2 and §5.3).
//
// The handler is left before anything is looked into: it writes down what the kernel told, below the interrupted stack
// pointer, and lets the thread continue in start_dispatch(). So the signal mask is right, nested faults work, locks may
// be taken, and handlers of the DLL run on the DLL's own stack.
#include "unwind/faults.h"

#include "base/leaf_code.h"
#include "thread/registry.h"
#include "thread/signals.h"
#include "thread/stack.h"
#include "thread/teb.h"
#include "unwind/context.h"
#include "unwind/crash_report.h"
#include "unwind/debuggers.h"
#include "unwind/instruction.h"
#include "win/status.h"

#include <algorithm>
#include <bit>
#include <cstdlib>
#include <cstring>
#include <initializer_list>
#include <new>
#include <utility>

namespace hmodule::unwind {
namespace {

ProcessHooks hooks;

// Of code that is not a DLL's: the address it is about to touch again, and whether that is to be the host's fault.
constexpr std::uintptr_t kNone = ~std::uintptr_t{0};
__thread std::uintptr_t touched __attribute__((tls_model("initial-exec"))) = kNone;
__thread bool touch_is_hosts __attribute__((tls_model("initial-exec"))) = false;

// Processor exceptions, as the kernel tells them in REG_TRAPNO.
enum Trap : greg_t {
  kDivide = 0,
  kDebug = 1,
  kBreakpoint = 3,
  kOverflow = 4,
  kBound = 5,
  kInvalidOpcode = 6,
  kGeneralProtection = 13,
  kPageFault = 14,
  kX87 = 16,
  kAlignment = 17,
  kSimd = 19,
};

// The error code of a page fault.
constexpr unsigned kWrite = 2, kUser = 4, kExecute = 16;

constexpr std::uint64_t kTrapFlag = 0x100, kDirectionFlag = 0x400, kAlignmentFlag = 0x40000;

// What is written below the interrupted stack pointer. CONTEXT, CONTEXT_EX and EXCEPTION_RECORD lie where Windows has
// them (EH-46); the XSAVE area, as the kernel saved it, follows.
struct alignas(64) FaultFrame {
  CONTEXT context;
  CONTEXT_EX extended;
  ULONGLONG padding;
  EXCEPTION_RECORD record;
  siginfo_t info;
  greg_t trap, error, ip, flags;
  bool stack_overflow;
};
static_assert(offsetof(FaultFrame, extended) == 0x4D0 && offsetof(FaultFrame, record) == 0x4F0);

FaultFrame& frame_of(const EXCEPTION_RECORD& record) {
  const auto at = reinterpret_cast<std::uintptr_t>(&record) - offsetof(FaultFrame, record);
  return *reinterpret_cast<FaultFrame*>(at);
}
std::byte* vectors_of(FaultFrame& frame) {
  return reinterpret_cast<std::byte*>(&frame + 1);
}

CONTEXT context_of(const ucontext_t& from) {
  const greg_t* const r = from.uc_mcontext.gregs;
  const auto get = [r](int which) { return static_cast<ULONGLONG>(r[which]); };
  CONTEXT context{};
  context.ContextFlags = CONTEXT_FULL | CONTEXT_SEGMENTS;
  context.Rax = get(REG_RAX);
  context.Rcx = get(REG_RCX);
  context.Rdx = get(REG_RDX);
  context.Rbx = get(REG_RBX);
  context.Rsp = get(REG_RSP);
  context.Rbp = get(REG_RBP);
  context.Rsi = get(REG_RSI);
  context.Rdi = get(REG_RDI);
  context.R8 = get(REG_R8);
  context.R9 = get(REG_R9);
  context.R10 = get(REG_R10);
  context.R11 = get(REG_R11);
  context.R12 = get(REG_R12);
  context.R13 = get(REG_R13);
  context.R14 = get(REG_R14);
  context.R15 = get(REG_R15);
  context.Rip = get(REG_RIP);
  context.EFlags = static_cast<DWORD>(get(REG_EFL) & ~kTrapFlag);  // EH-53
  context.SegCs = 0x33;
  context.SegDs = context.SegEs = context.SegGs = context.SegSs = 0x2B;
  context.SegFs = 0x53;
  if (from.uc_mcontext.fpregs != nullptr) {
    std::memcpy(&context.FltSave, from.uc_mcontext.fpregs, sizeof context.FltSave);
    context.MxCsr = context.FltSave.MxCsr;
  }
  return context;
}

void set(EXCEPTION_RECORD& record, NTSTATUS code, std::initializer_list<ULONG_PTR> parameters = {}) {
  record.ExceptionCode = code;
  record.NumberParameters = static_cast<DWORD>(parameters.size());
  std::copy(parameters.begin(), parameters.end(), record.ExceptionInformation);
}

// Unmasked exception bits have one order in MXCSR and in the x87 status word: invalid, denormal, zero, overflow,
// underflow, precision.
NTSTATUS float_status(unsigned flags) {
  constexpr NTSTATUS kByBit[] = {STATUS_FLOAT_INVALID_OPERATION, STATUS_FLOAT_DENORMAL_OPERAND,
                                 STATUS_FLOAT_DIVIDE_BY_ZERO,    STATUS_FLOAT_OVERFLOW,
                                 STATUS_FLOAT_UNDERFLOW,         STATUS_FLOAT_INEXACT_RESULT};
  return (flags & 0x3F) != 0 ? kByBit[std::countr_zero(flags & 0x3F)] : STATUS_FLOAT_INVALID_OPERATION;
}

// An `int n` without a gate: the error code is the vector times 8, plus 2.
void explain_general_protection(EXCEPTION_RECORD& record, CONTEXT& context, unsigned error) {
  constexpr unsigned kInt29 = 0x29 * 8 + 2, kInt2c = 0x2C * 8 + 2, kInt2d = 0x2D * 8 + 2;
  switch (error) {
    case kInt29:
      record.ExceptionFlags = EXCEPTION_NONCONTINUABLE;
      return set(record, STATUS_STACK_BUFFER_OVERRUN, {context.Rcx});
    case kInt2c:
      return set(record, STATUS_ASSERTION_FAILURE);
    case kInt2d:
      context.Rip += 2;
      return set(record, STATUS_BREAKPOINT, {context.Rax});
    default:
      break;
  }
  if (error == 0 && is_privileged(reinterpret_cast<const void*>(context.Rip)))
    return set(record, STATUS_PRIVILEGED_INSTRUCTION);
  set(record, STATUS_ACCESS_VIOLATION, {0, ~ULONG_PTR{0}});
}

void explain_page_fault(FaultFrame& frame) {
  constexpr ULONG_PTR kNoSuchPage = 0xC000009A;  // STATUS_INSUFFICIENT_RESOURCES: the file has become shorter
  const auto error = static_cast<unsigned>(frame.error);
  const auto where = reinterpret_cast<ULONG_PTR>(frame.info.si_addr);
  const ULONG_PTR access = (error & kExecute) != 0 ? 8 : (error & kWrite) != 0 ? 1 : 0;
  if (frame.stack_overflow) return set(frame.record, STATUS_STACK_OVERFLOW, {access, where});
  if (frame.info.si_signo == SIGBUS) return set(frame.record, STATUS_IN_PAGE_ERROR, {access, where, kNoSuchPage});
  const bool guard = hooks.guard_pages_exist != nullptr && *hooks.guard_pages_exist && hooks.take_guard_page(where);
  set(frame.record, guard ? STATUS_GUARD_PAGE_VIOLATION : STATUS_ACCESS_VIOLATION, {access, where});
}

void explain(FaultFrame& frame) {
  EXCEPTION_RECORD& record = frame.record;
  CONTEXT& context = frame.context;
  switch (frame.trap) {
    case kPageFault:
      return explain_page_fault(frame);
    case kGeneralProtection:
      return explain_general_protection(record, context, static_cast<unsigned>(frame.error));
    case kDivide:
      return set(record, divides_by_zero(context) ? STATUS_INTEGER_DIVIDE_BY_ZERO : STATUS_INTEGER_OVERFLOW);
    case kBreakpoint:
      context.Rip -= 1;  // the kernel reports the address behind it
      return set(record, STATUS_BREAKPOINT, {0});
    case kDebug:
      return set(record, STATUS_SINGLE_STEP);
    case kOverflow:
      return set(record, STATUS_INTEGER_OVERFLOW);
    case kBound:
      return set(record, STATUS_ARRAY_BOUNDS_EXCEEDED);
    case kInvalidOpcode:
      return set(record, STATUS_ILLEGAL_INSTRUCTION);
    case kAlignment:
      return set(record, STATUS_DATATYPE_MISALIGNMENT);
    case kSimd:
      return set(record, float_status(context.MxCsr & ~(context.MxCsr >> 7)), {0, context.MxCsr});
    case kX87:
      if ((context.FltSave.StatusWord & 0x40) != 0) return set(record, STATUS_FLOAT_STACK_CHECK, {0});
      return set(record, float_status(context.FltSave.StatusWord & ~unsigned{context.FltSave.ControlWord}), {0});
    default:
      return set(record, STATUS_ACCESS_VIOLATION, {0, ~ULONG_PTR{0}});
  }
}

// Where the thread goes on after the handler.
[[noreturn]] void start_dispatch(FaultFrame* frame) {
  explain(*frame);
  EXCEPTION_RECORD& record = frame->record;
  record.ExceptionAddress = reinterpret_cast<void*>(frame->context.Rip);
  if (record.ExceptionCode == STATUS_STACK_BUFFER_OVERRUN) {  // int 29h: no handler is asked
    report_crash("fast fail", record, frame->context);
    std::abort();
  }
  dispatch(record, frame->context, Origin::hardware);
}

bool is_on_stack(const TEB& teb, std::uintptr_t begin, std::uintptr_t end) {
  return begin >= reinterpret_cast<std::uintptr_t>(teb.NtTib.StackLimit) &&
         end <= reinterpret_cast<std::uintptr_t>(teb.NtTib.StackBase);
}

// "int3; ret", which is all of DebugBreak. The kernel reports the address behind the breakpoint.
bool is_break_function(const ucontext_t& context) {
  constexpr std::uint8_t kRet = 0xC3;
  const greg_t* const registers = context.uc_mcontext.gregs;
  return registers[REG_TRAPNO] == kBreakpoint && *reinterpret_cast<const std::uint8_t*>(registers[REG_RIP]) == kRet;
}

// The DLL's own code, native code that stands for it, or an address its code has just called: a bad one, or that of
// DebugBreak.
bool happened_in_dll(const ucontext_t& context, const TEB& teb) {
  const auto ip = static_cast<std::uintptr_t>(context.uc_mcontext.gregs[REG_RIP]);
  if (thread::is_dll_code(ip) || is_leaf_code(ip)) return true;
  const bool called =
      (context.uc_mcontext.gregs[REG_TRAPNO] == kPageFault && (context.uc_mcontext.gregs[REG_ERR] & 16) != 0) ||
      is_break_function(context);
  const auto sp = static_cast<std::uintptr_t>(context.uc_mcontext.gregs[REG_RSP]);
  if (!called || !is_on_stack(teb, sp, sp + 8)) return false;
  return thread::is_dll_code(*reinterpret_cast<const std::uintptr_t*>(sp));
}

// A copy for the thread, since the handler's frame is gone when it continues.
void write_frame(FaultFrame& frame, const siginfo_t& info, const ucontext_t& interrupted,
                 const thread::SavedVectors& vectors) {
  constexpr std::size_t kLegacy = 512;
  constexpr LONG kToContext = -static_cast<LONG>(offsetof(FaultFrame, extended));
  const greg_t* const registers = interrupted.uc_mcontext.gregs;
  frame.context = context_of(interrupted);
  frame.record = {};
  frame.info = info;
  frame.trap = registers[REG_TRAPNO];
  frame.error = registers[REG_ERR];
  frame.ip = registers[REG_RIP];
  frame.flags = registers[REG_EFL];
  if (vectors.size <= kLegacy) return;
  std::byte* const area = vectors_of(frame);
  std::memcpy(area, interrupted.uc_mcontext.fpregs, vectors.size);
  const auto header = static_cast<LONG>(area + kLegacy - reinterpret_cast<std::byte*>(&frame.extended));
  const auto length = static_cast<DWORD>(vectors.size - kLegacy);
  frame.extended = {.All = {kToContext, static_cast<DWORD>(header - kToContext) + length},
                    .Legacy = {kToContext, sizeof(CONTEXT)},
                    .XState = {header, length}};
  frame.context.ContextFlags |= CONTEXT_XSTATE;
}

// The interrupted code is not a DLL's: a page that Windows would not have guarded against it becomes accessible.
void open_touched_page() {
  touch_is_hosts = !hooks.take_guard_page(touched);
}

bool opens_page_for_host(const siginfo_t& info, ucontext_t& interrupted) {
  if (info.si_signo != SIGSEGV || info.si_code != SEGV_ACCERR) return false;
  if (hooks.guard_pages_exist == nullptr || !*hooks.guard_pages_exist) return false;
  const auto where = reinterpret_cast<std::uintptr_t>(info.si_addr);
  const bool again = std::exchange(touched, where) == where;
  if (again && std::exchange(touch_is_hosts, false)) {
    touched = kNone;
    return false;
  }
  thread::interrupt(interrupted, open_touched_page);
  return true;
}

// --- stack overflow in native code ---
//
// What a DLL calls needs stack, too, and as the deepest function is the likeliest to use up the last of it. It has no
// frame an exception could leave, so it is given the guarded part, and when it has returned, the DLL gets the
// exception. How to know that it has: with the trap flag set, each instruction is followed by SIGTRAP, until one is a
// DLL's.

// Where the stack ended, and how many instructions are left before we take it that no DLL has called.
struct Overdue {
  std::uintptr_t address;
  int steps;
};
__thread Overdue overdue __attribute__((tls_model("initial-exec")));
std::atomic<bool> ever_stepped{false};

void start_stepping(const siginfo_t& info, greg_t* registers) {
  constexpr int kMostSteps = 100'000;  // 0.1 s
  if (is_traced()) return;             // a debugger would stop at every step
  overdue = {reinterpret_cast<std::uintptr_t>(info.si_addr), kMostSteps};
  ever_stepped = true;
  registers[REG_EFL] |= kTrapFlag;
}

enum class Step { none, native, dll };

// A step of ours. In a DLL it becomes what the fault would have been.
Step take_step(siginfo_t& info, greg_t* registers) {
  if (info.si_signo != SIGTRAP || registers[REG_TRAPNO] != kDebug || !ever_stepped) return Step::none;
  const bool in_dll = thread::is_dll_code(static_cast<std::uintptr_t>(registers[REG_RIP]));
  if (in_dll && overdue.steps == 0) return Step::none;
  if (!in_dll) {
    // Without steps left, or in a thread that was started meanwhile, there is no end to wait for.
    if (overdue.steps == 0 || --overdue.steps == 0) registers[REG_EFL] &= ~static_cast<greg_t>(kTrapFlag);
    return Step::native;
  }
  overdue.steps = 0;
  info = {};
  info.si_signo = SIGSEGV;
  info.si_code = SEGV_ACCERR;
  info.si_addr = reinterpret_cast<void*>(overdue.address);
  registers[REG_TRAPNO] = kPageFault;
  registers[REG_ERR] = kUser | kWrite;
  registers[REG_EFL] &= ~static_cast<greg_t>(kTrapFlag);
  return Step::dll;
}

thread::Claim becomes_exception(int, siginfo_t& info, ucontext_t& interrupted) {
  greg_t* const registers = interrupted.uc_mcontext.gregs;
  using thread::Claim;
  if (info.si_code <= 0) return Claim::no;
  const Step step = take_step(info, registers);
  if (step == Step::native) return Claim::resume;

  const TEB* const teb = thread::try_teb();
  if (teb == nullptr) return Claim::no;
  const bool stack_overflow =
      step == Step::dll ||
      (registers[REG_TRAPNO] == kPageFault && thread::open_stack_guard(reinterpret_cast<std::uintptr_t>(info.si_addr)));
  if (!happened_in_dll(interrupted, *teb)) {
    if (!stack_overflow) return opens_page_for_host(info, interrupted) ? Claim::resume : Claim::no;
    start_stepping(info, registers);
    return Claim::resume;
  }

  const thread::SavedVectors vectors = thread::saved_vectors(interrupted);
  const auto sp = static_cast<std::uintptr_t>(registers[REG_RSP]);
  const std::uintptr_t frame_at = (thread::free_stack_below(interrupted) - sizeof(FaultFrame) - vectors.size) /
                                  alignof(FaultFrame) * alignof(FaultFrame);
  const std::uintptr_t return_address_at = frame_at - 8;  // start_dispatch() has none, but is aligned as if it had
  if (!is_on_stack(*teb, return_address_at, sp)) thread::open_stack_guard(return_address_at);
  if (!is_on_stack(*teb, return_address_at, sp)) return Claim::no;

  auto& frame = *new (reinterpret_cast<void*>(frame_at)) FaultFrame;
  write_frame(frame, info, interrupted, vectors);
  frame.stack_overflow = stack_overflow;

  registers[REG_RDI] = reinterpret_cast<greg_t>(&frame);
  registers[REG_RSP] = static_cast<greg_t>(return_address_at);
  registers[REG_RIP] = reinterpret_cast<greg_t>(&start_dispatch);
  registers[REG_EFL] &= ~static_cast<greg_t>(kTrapFlag | kDirectionFlag | kAlignmentFlag);  // EH-50
  if (interrupted.uc_mcontext.fpregs != nullptr) {
    interrupted.uc_mcontext.fpregs->mxcsr = 0x1F80;
    interrupted.uc_mcontext.fpregs->swd &=
        static_cast<WORD>(~0x80FF);  // as fnclex: one that is pending would come again
  }
  return Claim::start;
}

// The registers of the fault, as far as nobody has changed them.
void restore_interrupted(ucontext_t& to, void* argument) {
  auto& frame = *static_cast<FaultFrame*>(argument);
  const CONTEXT& from = frame.context;
  greg_t* const r = to.uc_mcontext.gregs;
  const auto put = [r](int which, ULONGLONG value) { r[which] = static_cast<greg_t>(value); };
  put(REG_RAX, from.Rax);
  put(REG_RCX, from.Rcx);
  put(REG_RDX, from.Rdx);
  put(REG_RBX, from.Rbx);
  put(REG_RSP, from.Rsp);
  put(REG_RBP, from.Rbp);
  put(REG_RSI, from.Rsi);
  put(REG_RDI, from.Rdi);
  put(REG_R8, from.R8);
  put(REG_R9, from.R9);
  put(REG_R10, from.R10);
  put(REG_R11, from.R11);
  put(REG_R12, from.R12);
  put(REG_R13, from.R13);
  put(REG_R14, from.R14);
  put(REG_R15, from.R15);
  r[REG_RIP] = frame.ip;
  r[REG_EFL] = frame.flags;
  r[REG_TRAPNO] = frame.trap;
  r[REG_ERR] = frame.error;
  put(REG_CR2, reinterpret_cast<std::uintptr_t>(frame.info.si_addr));
  const thread::SavedVectors vectors = thread::saved_vectors(to);
  if (vectors.size == 0) return;
  constexpr std::size_t kSoftwareBytes = 48;  // at the end of the legacy part: the kernel's notes on its own area
  auto* const area = reinterpret_cast<std::byte*>(to.uc_mcontext.fpregs);
  std::memcpy(area, &from.FltSave, sizeof from.FltSave - kSoftwareBytes);
  if (vectors.size > sizeof from.FltSave && vectors.size == frame.extended.XState.Length + sizeof from.FltSave)
    std::memcpy(area + sizeof from.FltSave, vectors_of(frame) + sizeof from.FltSave,
                vectors.size - sizeof from.FltSave);
}

}  // namespace

void give_to_host(const EXCEPTION_RECORD& record, CONTEXT& context) {
  FaultFrame& frame = frame_of(record);
  thread::HandedBack fault{frame.info, restore_interrupted, &frame};
  thread::hand_back(frame.info.si_signo, fault);
  context.Rip = static_cast<ULONGLONG>(frame.ip);  // somebody else has the signal now: let it happen again
  hm_restore_context(&context);
}

const ProcessHooks& process_hooks() {
  return hooks;
}

void claim_hardware_faults(const ProcessHooks& given) {
  hooks = given;
  for (int signal : {SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGTRAP}) thread::claim_faults(signal, becomes_exception);
}

}  // namespace hmodule::unwind

// From a Linux signal to a Windows exception (§14.5, platform-facts §5.2 and §5.3).
//
// The handler is left before anything is dispatched: it writes EXCEPTION_RECORD and CONTEXT below the interrupted
// stack pointer and lets the thread continue in start_dispatch(). So the signal mask is right, nested faults work, and
// handlers of the DLL run on the DLL's own stack.
#include "thread/hooks.h"
#include "thread/registry.h"
#include "thread/signals.h"
#include "thread/teb.h"
#include "unwind/exceptions.h"
#include "win/status.h"

#include <algorithm>
#include <bit>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <initializer_list>
#include <new>
#include <utility>

namespace hmodule::unwind {
namespace {

constexpr std::uintptr_t kNone = ~std::uintptr_t{0};
__thread std::uintptr_t refused_ip __attribute__((tls_model("initial-exec"))) = kNone;

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

constexpr std::uint64_t kTrapFlag = 0x100, kDirectionFlag = 0x400, kAlignmentFlag = 0x40000;

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

// hlt, cli, sti, port input and output, and the two-byte ones that only a kernel may use.
bool is_privileged(const BYTE* instruction) {
  while (*instruction == 0x66 || *instruction == 0xF2 || *instruction == 0xF3 || (*instruction & 0xF0) == 0x40)
    ++instruction;
  switch (instruction[0]) {
    case 0xF4:
    case 0xFA:
    case 0xFB:
      return true;
    case 0x0F:
      switch (instruction[1]) {
        case 0x00:
        case 0x01:
        case 0x06:
        case 0x08:
        case 0x09:
        case 0x20:
        case 0x21:
        case 0x22:
        case 0x23:
        case 0x30:
        case 0x32:
        case 0x33:
          return true;
        default:
          return false;
      }
    default:
      return (instruction[0] >= 0x6C && instruction[0] <= 0x6F) || (instruction[0] >= 0xE4 && instruction[0] <= 0xE7) ||
             (instruction[0] >= 0xEC && instruction[0] <= 0xEF);
  }
}

// The processor reports a quotient that does not fit like a division by zero. With the divisor in a register the two
// can be told apart; one in memory is taken for zero.
bool divisor_is_zero(CONTEXT& context) {
  const auto* at = reinterpret_cast<const BYTE*>(context.Rip);
  bool wide = false, word = false, extended = false, any_rex = false;
  for (;; ++at) {
    if (*at == 0x66)
      word = true;
    else if ((*at & 0xF0) == 0x40)
      any_rex = true, wide = (*at & 8) != 0, extended = (*at & 1) != 0;
    else
      break;
  }
  if ((at[0] != 0xF6 && at[0] != 0xF7) || at[1] >> 6 != 3) return true;
  const unsigned number = (at[1] & 7U) | (extended ? 8U : 0U);
  if (at[0] == 0xF6) {
    const bool high_byte = !any_rex && number >= 4;
    return (context.reg(high_byte ? number - 4 : number) >> (high_byte ? 8 : 0) & 0xFF) == 0;
  }
  const ULONGLONG mask = wide ? ~0ULL : word ? 0xFFFFULL : 0xFFFF'FFFFULL;
  return (context.reg(number) & mask) == 0;
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
  if (error == 0 && is_privileged(reinterpret_cast<const BYTE*>(context.Rip)))
    return set(record, STATUS_PRIVILEGED_INSTRUCTION);
  set(record, STATUS_ACCESS_VIOLATION, {0, ~ULONG_PTR{0}});
}

void explain(EXCEPTION_RECORD& record, CONTEXT& context, int signal, const siginfo_t& info, const greg_t* registers) {
  const auto error = static_cast<unsigned>(registers[REG_ERR]);
  const auto where = reinterpret_cast<ULONG_PTR>(info.si_addr);
  const ULONG_PTR access = (error & 16) != 0 ? 8 : (error & 2) != 0 ? 1 : 0;
  switch (registers[REG_TRAPNO]) {
    case kPageFault:
      if (signal == SIGBUS) return set(record, STATUS_IN_PAGE_ERROR, {access, where, 0xC000009A});
      return set(record, STATUS_ACCESS_VIOLATION, {access, where});
    case kGeneralProtection:
      return explain_general_protection(record, context, error);
    case kDivide:
      return set(record, divisor_is_zero(context) ? STATUS_INTEGER_DIVIDE_BY_ZERO : STATUS_INTEGER_OVERFLOW);
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
[[noreturn]] void start_dispatch(EXCEPTION_RECORD* record, CONTEXT* context) {
  if (record->ExceptionCode == STATUS_STACK_BUFFER_OVERRUN) {  // int 29h: no handler is asked
    std::fprintf(stderr, "hmodule: fast fail, code %#llx, at %p\n",
                 static_cast<unsigned long long>(record->ExceptionInformation[0]), record->ExceptionAddress);
    std::abort();
  }
  dispatch(*record, *context, Origin::hardware);
}

bool is_on_stack(const TEB& teb, std::uintptr_t begin, std::uintptr_t end) {
  return begin >= reinterpret_cast<std::uintptr_t>(teb.NtTib.StackLimit) &&
         end <= reinterpret_cast<std::uintptr_t>(teb.NtTib.StackBase);
}

// The DLL's own code, or an address its code has just called.
bool happened_in_dll(const ucontext_t& context, const TEB& teb) {
  const auto ip = static_cast<std::uintptr_t>(context.uc_mcontext.gregs[REG_RIP]);
  if (thread::is_dll_code(ip)) return true;
  const bool called =
      context.uc_mcontext.gregs[REG_TRAPNO] == kPageFault && (context.uc_mcontext.gregs[REG_ERR] & 16) != 0;
  const auto sp = static_cast<std::uintptr_t>(context.uc_mcontext.gregs[REG_RSP]);
  if (!called || !is_on_stack(teb, sp, sp + 8)) return false;
  return thread::is_dll_code(*reinterpret_cast<const std::uintptr_t*>(sp));
}

bool becomes_exception(int signal, siginfo_t& info, ucontext_t& interrupted) {
  greg_t* const registers = interrupted.uc_mcontext.gregs;
  const auto ip = static_cast<std::uintptr_t>(registers[REG_RIP]);
  const bool refused = std::exchange(refused_ip, kNone) == ip;
  const TEB* const teb = thread::try_teb();
  if (refused || info.si_code <= 0 || teb == nullptr || !happened_in_dll(interrupted, *teb)) return false;

  constexpr std::uintptr_t kRedZone = 128;
  const auto sp = static_cast<std::uintptr_t>(registers[REG_RSP]);
  const std::uintptr_t record_at = (sp - kRedZone - sizeof(EXCEPTION_RECORD)) / 16 * 16;
  const std::uintptr_t context_at = record_at - sizeof(CONTEXT);
  const std::uintptr_t return_address_at = context_at - 8;  // start_dispatch() has none, but is aligned as if it had
  if (!is_on_stack(*teb, return_address_at, sp)) return false;

  auto& context = *new (reinterpret_cast<void*>(context_at)) CONTEXT(context_of(interrupted));
  auto& record = *new (reinterpret_cast<void*>(record_at)) EXCEPTION_RECORD{};
  explain(record, context, signal, info, registers);
  record.ExceptionAddress = reinterpret_cast<void*>(context.Rip);

  registers[REG_RDI] = reinterpret_cast<greg_t>(&record);
  registers[REG_RSI] = reinterpret_cast<greg_t>(&context);
  registers[REG_RSP] = static_cast<greg_t>(return_address_at);
  registers[REG_RIP] = reinterpret_cast<greg_t>(&start_dispatch);
  registers[REG_EFL] &= ~static_cast<greg_t>(kTrapFlag | kDirectionFlag | kAlignmentFlag);  // EH-50
  if (interrupted.uc_mcontext.fpregs != nullptr) interrupted.uc_mcontext.fpregs->mxcsr = 0x1F80;
  return true;
}

}  // namespace

void refuse_next_fault(std::uintptr_t ip) {
  refused_ip = ip;
}

void claim_hardware_faults() {
  for (int signal : {SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGTRAP}) thread::claim_faults(signal, becomes_exception);
}

}  // namespace hmodule::unwind

// One function per way to fault. Each runs in a frame whose handler writes down what it is told, and how it was called,
// and lets the thread go on behind the faulting instruction.
#include "dll.h"

typedef struct {
  DWORD code, flags, count;
  ULONGLONG info[2];
  LONGLONG address, rip;  // from the faulting instruction's first byte
  DWORD eflags, mxcsr, handler_eflags, handler_mxcsr;
  WORD x87_status, cs, ds, es, fs, gs, ss;
  DWORD misaligned;       // the handler's stack
  DWORD record_distance;  // from the context
  DWORD calls;
} Seen;
EXPORT Seen seen;
EXPORT ULONGLONG where;  // the address faults are to touch
static ULONGLONG at __attribute__((used)), landing __attribute__((used));
static DWORD entry_eflags __attribute__((used)), entry_mxcsr __attribute__((used));
static ULONGLONG entry_rsp __attribute__((used));

EXCEPTION_DISPOSITION note(EXCEPTION_RECORD* record, void* frame, CONTEXT* context, void* dispatcher)
    __attribute__((used));
EXCEPTION_DISPOSITION note(EXCEPTION_RECORD* record, void* frame, CONTEXT* context, void* dispatcher) {
  if (record->ExceptionFlags & 2) return ExceptionContinueSearch;
  const DWORD calls = seen.calls + 1;
  seen = (Seen){.code = record->ExceptionCode,
                .flags = record->ExceptionFlags,
                .count = record->NumberParameters,
                .info = {record->ExceptionInformation[0], record->ExceptionInformation[1]},
                .address = (LONGLONG)((ULONGLONG)record->ExceptionAddress - at),
                .rip = (LONGLONG)(context->Rip - at),
                .eflags = context->EFlags,
                .mxcsr = context->MxCsr,
                .handler_eflags = entry_eflags,
                .handler_mxcsr = entry_mxcsr,
                .x87_status = context->FltSave.StatusWord,
                .cs = context->SegCs,
                .ds = context->SegDs,
                .es = context->SegEs,
                .fs = context->SegFs,
                .gs = context->SegGs,
                .ss = context->SegSs,
                .record_distance = (DWORD)((char*)record - (char*)context),
                .misaligned = (entry_rsp + 8) % 16 != 0,
                .calls = calls};
  if (record->ExceptionInformation[0] == 8) context->Rsp += 8;  // called: the return address is on the stack
  context->Rip = landing;
  context->EFlags &= ~0x40500u;  // AC, DF, TF
  context->MxCsr = context->FltSave.MxCsr = 0x1F80;
  context->FltSave.StatusWord = 0;
  context->FltSave.TagWord = 0;
  context->FltSave.ControlWord = 0x37F;
  return ExceptionContinueExecution;
}

// The handler: what a function finds at its entry can only be seen there.
__asm__(
    ".text\n"
    "on_fault:\n"
    "  pushfq\n  popq %rax\n  movl %eax, entry_eflags(%rip)\n"
    "  andq $~0x40400, %rax\n  pushq %rax\n  popfq\n"
    "  stmxcsr entry_mxcsr(%rip)\n"
    "  movq %rsp, entry_rsp(%rip)\n"
    "  jmp note\n");

// `before` runs first, then `instruction` faults. RBX holds `where`.
#define FAULT(name, before, instruction)                                    \
  __asm__(".text\n.globl " #name "\n.def " #name                            \
          "; .scl 2; .type 32; .endef\n"                                    \
          ".seh_proc " #name "\n" #name                                     \
          ":\n"                                                             \
          "  pushq %rbx\n  .seh_pushreg %rbx\n"                             \
          "  subq $224, %rsp\n  .seh_stackalloc 224\n"                      \
          "  .seh_endprologue\n  .seh_handler on_fault, @except, @unwind\n" \
          "  leaq 1f(%rip), %rax\n  movq %rax, at(%rip)\n"                  \
          "  leaq 2f(%rip), %rax\n  movq %rax, landing(%rip)\n"             \
          "  movq where(%rip), %rbx\n" before "\n1: " instruction           \
          "\n2: nop\n"                                                      \
          "  addq $224, %rsp\n  popq %rbx\n  ret\n"                         \
          "  .seh_endproc\n"                                                \
          ".section .drectve\n.ascii \" -export:" #name "\"\n.text\n")

FAULT(read, "", "movq (%rbx), %rax");
FAULT(write, "", "movb $1, (%rbx)");
FAULT(execute, "", "call *%rbx");
FAULT(non_canonical, "movabsq $0x8000000000000000, %rbx", "movq (%rbx), %rax");
FAULT(misaligned_sse, "leaq 1(%rsp), %rbx", "movaps (%rbx), %xmm0");
FAULT(halt, "", "hlt");
FAULT(clear_interrupts, "", "cli");
FAULT(in_port, "", "inb $0x80, %al");
FAULT(control_register, "", "movq %cr0, %rax");
FAULT(undefined, "", "ud2");
FAULT(divide_by_zero, "xorl %ecx, %ecx\n movl $1, %eax\n cltd", "idivl %ecx");
FAULT(divide_by_zero_in_memory, "movq $0, 32(%rsp)\n movl $1, %eax\n cltd", "idivl 32(%rsp)");
FAULT(divide_by_zero_byte, "movl $0xff00, %ecx\n movl $1, %eax", "divb %cl");
FAULT(divide_by_zero_indexed, "movq $0, 40(%rsp)\n movl $4, %ecx\n movl $1, %eax\n cltd", "divw 32(%rsp,%rcx,2)");
FAULT(quotient_too_large, "movl $-1, %ecx\n movl $0x80000000, %eax\n cltd", "idivl %ecx");
FAULT(quotient_too_large_in_memory, "movq $-1, 32(%rsp)\n movl $0x80000000, %eax\n cltd", "idivl 32(%rsp)");
FAULT(quotient_too_large_high_byte, "movl $0x0100, %ecx\n movl $0x1000, %eax", "divb %ch");
FAULT(int3, "", ".byte 0xCC");
FAULT(int_3, "", ".byte 0xCD, 3");
FAULT(int_2c, "", "int $0x2C");
FAULT(int_2d, "movl $1, %eax", "int $0x2D\n nop");
FAULT(int_other, "", "int $0x50");
FAULT(icebp, "", ".byte 0xF1");
FAULT(single_step, "pushfq\n orl $0x100, (%rsp)\n popfq", "nop\n nop");
FAULT(direction_flag, "std", "movq (%rbx), %rax");
FAULT(alignment_check, "leaq 32(%rsp), %rcx\n pushfq\n orl $0x40000, (%rsp)\n popfq", "movl 1(%rcx), %eax");
#define SSE(name, mask, before, instruction) \
  FAULT(name, "movl $(0x1F80 & ~" mask "), 32(%rsp)\n ldmxcsr 32(%rsp)\n" before, instruction)
#define DOUBLES(a, b) "movabsq $" a ", %rax\n movq %rax, %xmm0\n movabsq $" b ", %rax\n movq %rax, %xmm1"
SSE(sse_divide, "0x200", DOUBLES("0x3ff0000000000000", "0"), "divsd %xmm1, %xmm0");
SSE(sse_invalid, "0x80", DOUBLES("0", "0"), "divsd %xmm1, %xmm0");
SSE(sse_overflow, "0x400", DOUBLES("0x7fe0000000000000", "0x7fe0000000000000"), "mulsd %xmm1, %xmm0");
SSE(sse_underflow, "0x800", DOUBLES("0x0010000000000001", "0x0010000000000001"), "mulsd %xmm1, %xmm0");
SSE(sse_inexact, "0x1000", DOUBLES("0x3ff0000000000000", "0x4008000000000000"), "divsd %xmm1, %xmm0");
SSE(sse_denormal, "0x100", DOUBLES("0x0000000000000001", "0x3ff0000000000000"), "addsd %xmm1, %xmm0");
FAULT(x87_divide, "movw $0x37B, 32(%rsp)\n fninit\n fldcw 32(%rsp)\n fldz\n fld1\n fdivp", "fwait");
FAULT(x87_invalid, "movw $0x37E, 32(%rsp)\n fninit\n fldcw 32(%rsp)\n fldz\n fldz\n fdivp", "fwait");
FAULT(x87_stack, "movw $0x37E, 32(%rsp)\n fninit\n fldcw 32(%rsp)\n fadd %st(1), %st", "fwait");

// The vector registers before and behind a fault that is continued.
EXPORT BYTE vectors_in[32 * 64], vectors_out[32 * 64];
EXPORT ULONGLONG masks_in[8], masks_out[8];
#define LOAD_YMM(n) "  vmovdqu " #n "*32+vectors_in(%rip), %ymm" #n "\n"
#define STORE_YMM(n) "  vmovdqu %ymm" #n ", " #n "*32+vectors_out(%rip)\n"
#define SIXTEEN(m) m(0) m(1) m(2) m(3) m(4) m(5) m(6) m(7) m(8) m(9) m(10) m(11) m(12) m(13) m(14) m(15)
#define LOAD_ZMM(n) "  vmovdqu64 " #n "*64+vectors_in(%rip), %zmm" #n "\n"
#define STORE_ZMM(n) "  vmovdqu64 %zmm" #n ", " #n "*64+vectors_out(%rip)\n"
#define UPPER(m) m(16) m(17) m(18) m(19) m(20) m(21) m(22) m(23) m(24) m(25) m(26) m(27) m(28) m(29) m(30) m(31)
#define LOAD_MASK(n) "  kmovq " #n "*8+masks_in(%rip), %k" #n "\n"
#define STORE_MASK(n) "  kmovq %k" #n ", " #n "*8+masks_out(%rip)\n"
#define MASKS(m) m(1) m(2) m(3) m(4) m(5) m(6) m(7)
#define KEEP(n, offset) "  movups %xmm" #n ", " #offset "(%rsp)\n"
#define GIVE(n, offset) "  movups " #offset "(%rsp), %xmm" #n "\n"
#define NON_VOLATILE(m) \
  m(6, 64) m(7, 80) m(8, 96) m(9, 112) m(10, 128) m(11, 144) m(12, 160) m(13, 176) m(14, 192) m(15, 208)
#define KEEPS(load, store) \
  NON_VOLATILE(KEEP) load, "movq (%rbx), %rax\n2:\n" store "  vzeroupper\n" NON_VOLATILE(GIVE) "jmp 3f\n2: nop\n3:"
#define FAULT_(name, ...) FAULT(name, __VA_ARGS__)
FAULT_(keep_ymm, KEEPS(SIXTEEN(LOAD_YMM), SIXTEEN(STORE_YMM)));
FAULT_(keep_zmm, KEEPS(SIXTEEN(LOAD_ZMM) UPPER(LOAD_ZMM) MASKS(LOAD_MASK),
                       SIXTEEN(STORE_ZMM) UPPER(STORE_ZMM) MASKS(STORE_MASK)));

// Overflows: `recurse` goes down until the stack ends; its caller's handler unwinds to itself.
static volatile int bottom = 1 << 30;
__attribute__((noinline)) EXPORT int recurse(int depth, int allocate) {
  if (depth == bottom) return 0;
  volatile char frame[256];
  frame[0] = (char)depth;
  void* const memory = allocate ? HeapAlloc(GetProcessHeap(), 0, 16) : NULL;
  const int below = recurse(depth + 1, allocate);
  if (memory) HeapFree(GetProcessHeap(), 0, memory);
  return below + frame[0];
}

EXCEPTION_DISPOSITION on_overflow(EXCEPTION_RECORD* record, void* frame, CONTEXT* context, void* dispatcher)
    __attribute__((used));
EXCEPTION_DISPOSITION on_overflow(EXCEPTION_RECORD* record, void* frame, CONTEXT* context, void* dispatcher) {
  CONTEXT scratch;
  if (record->ExceptionFlags & 6) return ExceptionContinueSearch;
  seen.code = record->ExceptionCode;
  seen.count = record->NumberParameters;
  seen.info[0] = record->ExceptionInformation[0];
  seen.info[1] = record->ExceptionInformation[1];
  seen.calls += 1;
  RtlUnwindEx(frame, (void*)landing, record, (void*)1, &scratch, NULL);
  return ExceptionContinueSearch;
}

__asm__(
    ".text\n.globl overflow\n.def overflow; .scl 2; .type 32; .endef\n"
    ".seh_proc overflow\noverflow:\n"
    "  subq $40, %rsp\n  .seh_stackalloc 40\n  .seh_endprologue\n  .seh_handler on_overflow, @except, @unwind\n"
    "  leaq 2f(%rip), %rax\n  movq %rax, landing(%rip)\n"
    "  movl %ecx, %edx\n  xorl %ecx, %ecx\n  call recurse\n"
    "2: nop\n  addq $40, %rsp\n  ret\n"
    "  .seh_endproc\n"
    ".section .drectve\n.ascii \" -export:overflow\"\n.text\n");

EXPORT void stack_limits(ULONGLONG* low, ULONGLONG* limit) {
  __asm__("movq %%gs:0x1478, %0\n movq %%gs:0x10, %1" : "=&r"(*low), "=&r"(*limit));
}
// What a C runtime's _resetstkoflw() comes to.
EXPORT BOOL reset_overflow(void) {
  char here;
  DWORD old;
  return VirtualProtect(&here, 1, PAGE_GUARD | PAGE_READWRITE, &old);
}

// Ends that nobody handles.
EXPORT void crash(volatile int* address) {
  *address = 1;
}
EXPORT void crash_at_where(void) {
  crash((volatile int*)where);
}
EXPORT void stop(void) {
  __asm__ volatile("int3");
}
EXPORT void stop_not(void) {}
EXPORT void fail_fast(int code) {
  __asm__ volatile("int $0x29" ::"c"(code));
}
EXPORT void raise(DWORD code) {
  RaiseException(code, 0, 0, NULL);
}
EXPORT void call_back(void (*function)(void)) {
  function();
}

// What a compiler for the Microsoft ABI makes of `throw std::logic_error("out of luck")`, by hand.
static struct {
  void* table;
  const char* what;
  BOOL owned;
} thrown = {NULL, "out of luck", FALSE};
static struct {
  void* table;
  void* spare;
  char name[32];
} type_logic_error = {NULL, NULL, ".?AVlogic_error@std@@"}, type_exception = {NULL, NULL, ".?AVexception@std@@"};
static struct {
  DWORD properties, type;
  int member, base_table, in_table;
  DWORD size, copy;
} catchable[2];
static struct { DWORD count, types[2]; } catchables;
static struct { DWORD attributes, unwind, forward, catchables; } throw_info;
extern char __ImageBase;
EXPORT void throw_msvc(void) {
#define RVA(x) (DWORD)((char*)&(x) - &__ImageBase)
  catchable[0].type = RVA(type_logic_error);
  catchable[1].type = RVA(type_exception);
  catchable[0].base_table = catchable[1].base_table = -1;  // no virtual base
  catchables.count = 2;
  catchables.types[0] = RVA(catchable[0]);
  catchables.types[1] = RVA(catchable[1]);
  throw_info.catchables = RVA(catchables);
  ULONG_PTR arguments[4] = {0x19930520, (ULONG_PTR)&thrown, (ULONG_PTR)&throw_info, (ULONG_PTR)&__ImageBase};
  RaiseException(0xE06D7363, EXCEPTION_NONCONTINUABLE, 4, arguments);
}

static LONG WINAPI filter(EXCEPTION_POINTERS* exception) {
  return EXCEPTION_EXECUTE_HANDLER;
}
EXPORT void take_unhandled(void) {
  SetUnhandledExceptionFilter(filter);
}

BOOL WINAPI DllMain(HINSTANCE base, DWORD reason, void* reserved) {
  return TRUE;
}

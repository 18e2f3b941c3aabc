/* §14.5: what a handler is told about each way to fault, and that the thread can go on. */
#include "support/check.h"

typedef struct {
  DWORD code, flags, count;
  unsigned long long info[2];
  long long address, rip;
  DWORD eflags, mxcsr, handler_eflags, handler_mxcsr;
  WORD x87_status, cs, ds, es, fs, gs, ss;
  DWORD misaligned, record_distance, calls;
} Seen;

static HMODULE dll, kernel32;
static volatile Seen* seen;

#define ANY 0x5EED /* a parameter that is not looked at */

static void fault(const char* name, unsigned long long where) {
  *VARIABLE(unsigned long long, dll, "where") = where;
  memset((void*)seen, 0, sizeof *seen);
  PROC(void, dll, name, (void))();
}

static void check_fault(int line, const char* name, DWORD code, DWORD count, unsigned long long first,
                        unsigned long long second, int rip) {
  char text[100];
  fault(name, *VARIABLE(unsigned long long, dll, "where"));
  const struct {
    const char* what;
    unsigned long long got, wanted;
  } rows[] = {{"handler calls", seen->calls, 1},
              {"code", seen->code, code},
              {"flags", seen->flags, 0},
              {"parameters", seen->count, count},
              {"parameter 0", count > 0 && first != ANY ? seen->info[0] : 0, count > 0 && first != ANY ? first : 0},
              {"parameter 1", count > 1 && second != ANY ? seen->info[1] : 0, count > 1 && second != ANY ? second : 0},
              {"address", seen->address, rip},
              {"rip", seen->rip, rip}};
  for (size_t i = 0; i < sizeof rows / sizeof *rows; ++i) {
    snprintf(text, sizeof text, "%s: %s", name, rows[i].what);
    check_integers(line, text, rows[i].got, rows[i].wanted);
  }
}
#define FAULT(name, code, count, first, second, rip) check_fault(__LINE__, name, code, count, first, second, rip)

static void aim_at(const volatile void* where) {
  *VARIABLE(unsigned long long, dll, "where") = (unsigned long long)(uintptr_t)where;
}

#ifdef __x86_64__
static unsigned features(void) { /* 1: AVX, 2: AVX-512 with 64-bit masks; as the system has them switched on */
  unsigned a = 1, b, c = 0, d, low = 0, high;
  __asm__("cpuid" : "+a"(a), "=b"(b), "+c"(c), "=d"(d));
  if (!(c & 1U << 27)) return 0;
  __asm__("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
  a = 7, c = 0;
  __asm__("cpuid" : "+a"(a), "=b"(b), "+c"(c), "=d"(d));
  return ((low & 6) == 6) + ((low & 0xE6) == 0xE6 && (b & 1U << 30) ? 2 : 0);
}
#endif

static void check_vectors(const char* function, size_t size, int masks) {
  unsigned char* const in = VARIABLE(unsigned char, dll, "vectors_in");
  unsigned char* const out = VARIABLE(unsigned char, dll, "vectors_out");
  unsigned long long* const masks_in = VARIABLE(unsigned long long, dll, "masks_in");
  unsigned long long* const masks_out = VARIABLE(unsigned long long, dll, "masks_out");
  for (size_t i = 0; i < size; ++i) in[i] = (unsigned char)(i * 7 + 1), out[i] = 0;
  for (int i = 0; i < 8; ++i) masks_in[i] = 0x0123456789ABCDEFULL * (unsigned)(i + 1), masks_out[i] = 0;
  fault(function, 0x10);
  CHECK_EQ(seen->calls, 1);
  CHECK_EQ(memcmp(in, out, size), 0);
  if (masks) CHECK_EQ(memcmp(masks_in + 1, masks_out + 1, 7 * sizeof *masks_in), 0);
}

static DWORD WINAPI overflow_in_thread(void* allocate) {
  const __auto_type overflow = PROC(void, dll, "overflow", (int));
  const __auto_type limits = PROC(void, dll, "stack_limits", (unsigned long long*, unsigned long long*));
  unsigned long long low, limit;
  limits(&low, &limit);
  if (!CHECK(low < limit)) return 1;
  for (int i = 1; i <= 3; ++i) {
    memset((void*)seen, 0, sizeof *seen);
    overflow(allocate != NULL);
    if (!CHECK_EQ(seen->calls, 1) || !CHECK_EQ(seen->code, 0xC00000FD) || !CHECK_EQ(seen->count, 2)) return 1;
    CHECK_EQ(seen->info[0], 1);
    CHECK(seen->info[1] >= low && seen->info[1] < low + (1 << 20));
    CHECK(PROC(BOOL, dll, "reset_overflow", (void))());
  }
  return 0;
}

int main(void) {
  dll = LoadLibraryA(in_bin("faults.dll"));
  kernel32 = GetModuleHandleA("kernel32.dll");
  seen = VARIABLE(Seen, dll, "seen");
  if (!dll || !seen) return 99;
  const __auto_type allocate = PROC(void*, kernel32, "VirtualAlloc", (void*, SIZE_T, DWORD, DWORD));
  const __auto_type protect = PROC(BOOL, kernel32, "VirtualProtect", (void*, SIZE_T, DWORD, DWORD*));
  char* const page = allocate(NULL, 0x3000, 0x3000, PAGE_READWRITE);
  DWORD old;

  TEST("14.5 access violation", "reading, writing and executing what is not there") {
    aim_at((void*)0x10);
    FAULT("read", 0xC0000005, 2, 0, 0x10, 0);
    FAULT("write", 0xC0000005, 2, 1, 0x10, 0);
    CHECK(protect(page, 0x1000, PAGE_READONLY, &old));
    aim_at(page + 5);
    FAULT("write", 0xC0000005, 2, 1, (uintptr_t)page + 5, 0);
    CHECK(protect(page, 0x1000, PAGE_READWRITE, &old));
  }
  TEST("14.5 execute", "calling what is no code") {
    aim_at(page + 16);
    fault("execute", (uintptr_t)page + 16);
    CHECK_EQ(seen->calls, 1);
    CHECK_EQ(seen->code, 0xC0000005);
    CHECK_EQ(seen->info[0], 8);
    CHECK_EQ(seen->info[1], (uintptr_t)page + 16);
  }
  TEST("14.5 non-canonical", "an address no page can have, and a misaligned SSE access") {
    FAULT("non_canonical", 0xC0000005, 2, 0, ~0ULL, 0);
    FAULT("misaligned_sse", 0xC0000005, 2, 0, ~0ULL, 0);
  }
  TEST("14.5 privileged", "instructions of the kernel, and those that need an I/O privilege") {
    FAULT("halt", 0xC0000096, 0, 0, 0, 0);
    FAULT("clear_interrupts", 0xC0000096, 0, 0, 0, 0);
    FAULT("in_port", 0xC0000096, 0, 0, 0, 0);
    FAULT("control_register", 0xC0000096, 0, 0, 0, 0);
  }
  TEST("14.5 illegal", "an undefined instruction") {
    FAULT("undefined", 0xC000001D, 0, 0, 0, 0);
  }
  TEST("14.5 division", "by zero, with the divisor in a register or in memory") {
    FAULT("divide_by_zero", 0xC0000094, 0, 0, 0, 0);
    FAULT("divide_by_zero_in_memory", 0xC0000094, 0, 0, 0, 0);
    FAULT("divide_by_zero_byte", 0xC0000094, 0, 0, 0, 0);
    FAULT("divide_by_zero_indexed", 0xC0000094, 0, 0, 0, 0);
  }
  TEST("14.5 quotient", "that does not fit") {
    FAULT("quotient_too_large", 0xC0000095, 0, 0, 0, 0);
    FAULT("quotient_too_large_in_memory", 0xC0000095, 0, 0, 0, 0);
    FAULT("quotient_too_large_high_byte", 0xC0000095, 0, 0, 0, 0);
  }
  TEST("14.5 breakpoint", "CC is reported where it is, CD 03 one byte behind") {
    FAULT("int3", 0x80000003, 1, 0, 0, 0);
    FAULT("int_3", 0x80000003, 1, 0, 0, 1);
  }
  TEST("14.5 interrupts", "2Ch asserts, 2Dh is for a debugger, others are access violations") {
    FAULT("int_2c", 0xC0000420, 0, 0, 0, 0);
    FAULT("int_2d", 0x80000003, 1, 1, 0, 2);
    FAULT("int_other", 0xC0000005, 2, 0, ~0ULL, 0);
  }
  TEST("14.5, EH-53 single step", "the trap flag and F1; the flag is clear in the context") {
    FAULT("single_step", 0x80000004, 0, 0, 0, 1);
    CHECK_EQ(seen->eflags & 0x100, 0);
    fault("icebp", 0); /* where it is reported differs between processors and virtual machines */
    CHECK_EQ(seen->code, 0x80000004);
  }
  TEST("14.5 SSE", "unmasked exceptions; MXCSR is a parameter and its flags stay") {
    FAULT("sse_divide", 0xC000008E, 2, 0, ANY, 0);
    CHECK_EQ(seen->mxcsr & 0x3F, 4);
    CHECK_EQ(seen->info[1], seen->mxcsr);
    FAULT("sse_invalid", 0xC0000090, 2, 0, ANY, 0);
    FAULT("sse_overflow", 0xC0000091, 2, 0, ANY, 0);
    FAULT("sse_underflow", 0xC0000093, 2, 0, ANY, 0);
    FAULT("sse_inexact", 0xC000008F, 2, 0, ANY, 0);
    FAULT("sse_denormal", 0xC000008D, 2, 0, ANY, 0);
  }
  TEST("14.5 x87", "unmasked exceptions and the register stack") {
    FAULT("x87_divide", 0xC000008E, 1, 0, 0, 0);
    CHECK_EQ(seen->x87_status & 0x3F, 4);
    FAULT("x87_invalid", 0xC0000090, 1, 0, 0, 0);
    FAULT("x87_stack", 0xC0000092, 1, 0, 0, 0);
  }
  TEST("14.5 alignment", "a misaligned access with the alignment flag set") {
    FAULT("alignment_check", 0x80000002, 0, 0, 0, 0);
  }
  TEST("EH-50", "the handler's flags, MXCSR and stack; the context keeps the direction flag") {
    fault("direction_flag", 0x10);
    CHECK_EQ(seen->calls, 1);
    CHECK_EQ(seen->eflags & 0x400, 0x400);
    CHECK_EQ(seen->handler_eflags & 0x40500, 0);
    CHECK_EQ(seen->misaligned, 0);
    fault("sse_divide", 0);
    CHECK_EQ(seen->handler_mxcsr & 0x1F80, 0x1F80);
    fault("alignment_check", 0);
    CHECK_EQ(seen->handler_eflags & 0x40500, 0);
  }
  TEST("EH-53", "segment registers in contexts are those of Windows") {
    fault("read", 0x10);
    CHECK_EQ(seen->cs, 0x33);
    CHECK_EQ(seen->ds, 0x2B);
    CHECK_EQ(seen->es, 0x2B);
    CHECK_EQ(seen->gs, 0x2B);
    CHECK_EQ(seen->ss, 0x2B);
    CHECK_EQ(seen->fs, 0x53);
  }
  TEST("EH-46", "the record of a fault lies behind its context") {
    fault("read", 0x10);
    CHECK_EQ(seen->record_distance, 0x4F0);
  }
#ifdef __x86_64__
  TEST("14.5 AVX", "a fault that is continued changes no vector register") {
    if (features() & 1) check_vectors("keep_ymm", 16 * 32, 0);
  }
  TEST("14.5 AVX-512", "nor the upper ones and the masks") {
    if (features() & 2) check_vectors("keep_zmm", 32 * 64, 1);
  }
#endif
  TEST("14.5 guard page", "faults once") {
    CHECK(protect(page, 0x1000, PAGE_READWRITE | 0x100, &old));
    aim_at(page + 8);
    FAULT("read", 0x80000001, 2, 0, (uintptr_t)page + 8, 0);
    fault("read", (uintptr_t)page + 8);
    CHECK_EQ(seen->calls, 0);
    CHECK(protect(page, 0x1000, PAGE_READWRITE | 0x100, &old));
    CHECK_EQ(old, PAGE_READWRITE);
    FAULT("write", 0x80000001, 2, 1, (uintptr_t)page + 8, 0);
  }
  for (int i = 0; i < 2; ++i) {
    TEST(i == 0 ? "14.5 stack overflow" : "14.5 stack overflow with calls",
         "is an exception, again and again once the guard is reset") {
      DWORD code = 99;
      void* const thread = CreateThread(NULL, 1 << 20, overflow_in_thread, i == 0 ? NULL : page, 0, NULL);
      CHECK(thread);
      CHECK_EQ(WaitForSingleObject(thread, INFINITE), 0);
      CHECK(GetExitCodeThread(thread, &code));
      CHECK_EQ(code, 0);
      CloseHandle(thread);
    }
  }
  TEST("14.5 stack overflow, initial thread", "has the same exception") {
    if (on_wine()) break;
    CHECK_EQ(overflow_in_thread(NULL), 0);
  }
  return finish();
}

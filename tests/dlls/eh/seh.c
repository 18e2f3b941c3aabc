// __try, __except and __finally, as Clang compiles them for Microsoft's ABI; setjmp and longjmp of Microsoft's runtime.
#include "eh.h"

#define NOINLINE __attribute__((noinline))

static int volatile zero = 0;
static char order[64];
static int said_count;
static void say(char letter) {
  order[said_count++ % 63] = letter;
  order[said_count] = 0;
}
static int said(const char* wanted) {
  for (int i = 0;; ++i) {
    if (order[i] != wanted[i]) return 0;
    if (!wanted[i]) return 1;
  }
}
static void forget(void) {
  said_count = 0;
  order[0] = 0;
}

// Through a pointer: the compiler is not to know what they do.
static int read_from(const int* from) {
  return *from;
}
static int (*volatile read)(const int*) = read_from;
static int divide_by(int divisor) {
  return 5 / divisor;
}
static int (*volatile divide)(int) = divide_by;
static void raise_code(uint32_t code) {
  RaiseException(code, 0, 0, NULL);
}
static void (*volatile raise)(uint32_t) = raise_code;

// --- the three answers ---

static void executes_handlers(void) {
  volatile uint32_t code = 0;
  __try {
    read((const int*)(uintptr_t)zero);
    code = 1;
  } __except (EXCEPTION_EXECUTE_HANDLER) {
    code = _exception_code();
  }
  CHECK_EQ(code, STATUS_ACCESS_VIOLATION);
  __try {
    code = (uint32_t)divide(zero);
  } __except (_exception_code() == STATUS_INTEGER_DIVIDE_BY_ZERO) {
    code = 2;
  }
  CHECK_EQ(code, 2);
  __try {
    raise(0xE0000001);
  } __except (EXCEPTION_EXECUTE_HANDLER) {
    code = _exception_code();
  }
  CHECK_EQ(code, 0xE0000001);
}

static void searches_on(void) {
  volatile int where = 0;
  __try {
    __try {
      raise(0xE0000002);
    } __except (EXCEPTION_CONTINUE_SEARCH) {
      where = 1;
    }
  } __except (_exception_code() == 0xE0000002) {
    where += 10;
  }
  CHECK_EQ(where, 10);
}

static int good = 77;
static int mend(EXCEPTION_POINTERS* e) {
  CHECK_EQ(e->ExceptionRecord->ExceptionCode, STATUS_ACCESS_VIOLATION);
  CHECK_EQ(e->ExceptionRecord->NumberParameters, 2);
  e->ContextRecord->Rcx = (uintptr_t)&good;
  return EXCEPTION_CONTINUE_EXECUTION;
}
NOINLINE static int read_here(const int* from) {  // mov eax, [rcx]
  return *from;
}
static int (*volatile read_by_rcx)(const int*) = read_here;

static void continues(void) {
  volatile int value = 0;
  __try {
    value = read_by_rcx((const int*)(uintptr_t)zero);
  } __except (mend(_exception_info())) {
    value = 1;
  }
  CHECK_EQ(value, 77);
  __try {
    raise(0xE0000003);
    value = 5;
  } __except (EXCEPTION_CONTINUE_EXECUTION) {
    value = 1;
  }
  CHECK_EQ(value, 5);
}

static void filters_see_the_frame(void) {
  volatile int local = 3, seen = 0;
  __try {
    local = 4;
    raise(0xE0000004);
  } __except (seen = local, EXCEPTION_EXECUTE_HANDLER) {
    local += 10;
  }
  CHECK_EQ(seen, 4);
  CHECK_EQ(local, 14);
}

// --- finally ---

NOINLINE static void finally_when(int how) {
  __try {
    say('t');
    if (how == 1) raise(0xE0000005);
    if (how == 2) __leave;
    say('u');
  } __finally {
    say(_abnormal_termination() ? 'A' : 'N');
  }
  say('e');
}

static void says_how_it_ended(void) {
  forget();
  finally_when(0);
  CHECK(said("tuNe"));
  forget();
  finally_when(2);
  CHECK(said("tNe"));
  forget();
  __try {
    finally_when(1);
  } __except (say('f'), EXCEPTION_EXECUTE_HANDLER) {
    say('h');
  }
  CHECK(said("tfAh"));
}

// Something follows each call: Clang 14 lets the ranges of a call that ends a block and of the next one overlap.
NOINLINE static void three_finallys(void) {
  __try {
    __try {
      __try {
        raise(0xE0000006);
        say('x');
      } __finally {
        say('1');
      }
    } __finally {
      say('2');
    }
  } __finally {
    say('3');
  }
}

static void runs_finallys_inside_out(void) {
  forget();
  __try {
    __try {
      three_finallys();
    } __finally {
      say('4');
    }
  } __except (say('f'), EXCEPTION_EXECUTE_HANDLER) {
    say('h');
  }
  CHECK(said("f1234h"));
}

// The second exception takes the first one's place; the finally blocks that ran do not run again.
NOINLINE static void finally_raises(void) {
  __try {
    __try {
      raise(0xE0000007);
      say('x');
    } __finally {
      say('a');
      raise(0xE0000008);
      say('x');
    }
  } __finally {
    say('b');
  }
}

static void finally_blocks_raise(void) {
  forget();
  volatile uint32_t code = 0;
  __try {
    __try {
      finally_raises();
    } __except (say('1'), _exception_code() == 0xE0000007) {  // it is unwinding to here when the second comes
      say('y');
    }
  } __except (say('2'), EXCEPTION_EXECUTE_HANDLER) {
    code = _exception_code();
  }
  CHECK_EQ(code, 0xE0000008);
  CHECK(said("1a12b"));
}

NOINLINE static void finally_catches(void) {
  __try {
    raise(0xE0000009);
  } __finally {
    __try {
      raise(0xE000000A);
    } __except (EXCEPTION_EXECUTE_HANDLER) {
      say(_exception_code() == 0xE000000A ? 'c' : 'x');
    }
    say('d');
  }
}

static void finally_blocks_catch(void) {
  forget();
  volatile uint32_t code = 0;
  __try {
    finally_catches();
  } __except (EXCEPTION_EXECUTE_HANDLER) {
    code = _exception_code();
  }
  CHECK_EQ(code, 0xE0000009);
  CHECK(said("cd"));
}

// --- nested ---

static int filter_that_catches(void) {
  __try {
    raise(0xE000000B);
  } __except (EXCEPTION_EXECUTE_HANDLER) {
    say('i');
  }
  return EXCEPTION_EXECUTE_HANDLER;
}

static void filters_catch(void) {
  forget();
  volatile uint32_t code = 0;
  __try {
    raise(0xE000000C);
  } __except (filter_that_catches()) {
    code = _exception_code();
  }
  CHECK_EQ(code, 0xE000000C);
  CHECK(said("i"));
}

static int filter_that_raises(EXCEPTION_POINTERS* e) {
  say(e->ExceptionRecord->ExceptionCode == 0xE000000D ? 'r' : 's');
  if (e->ExceptionRecord->ExceptionCode == 0xE000000D) raise(0xE000000E);
  CHECK_EQ(e->ExceptionRecord->ExceptionFlags & EXCEPTION_NESTED_CALL, EXCEPTION_NESTED_CALL);
  return EXCEPTION_CONTINUE_SEARCH;
}

static void filters_raise(void) {
  forget();
  volatile uint32_t code = 0;
  __try {
    __try {
      __try {
        raise(0xE000000D);
      } __finally {
        say('f');
      }
    } __except (filter_that_raises(_exception_info())) {
      say('x');
    }
  } __except (EXCEPTION_EXECUTE_HANDLER) {
    code = _exception_code();
  }
  CHECK_EQ(code, 0xE000000E);
  CHECK(said("rsf"));
}

static void handlers_raise(void) {
  forget();
  volatile uint32_t code = 0;
  __try {
    __try {
      raise(0xE000000F);
    } __except (EXCEPTION_EXECUTE_HANDLER) {
      say('h');
      raise(0xE0000010);
    }
  } __except (EXCEPTION_EXECUTE_HANDLER) {
    code = _exception_code();
  }
  CHECK_EQ(code, 0xE0000010);
  CHECK(said("h"));
}

static uint32_t deep_code;
NOINLINE static int deep(int depth) {
  volatile int here = depth;
  __try {
    if (depth == 0) raise(0xE0000011);
    here += deep(depth - 1);
  } __finally {
    if (_abnormal_termination()) deep_code += 1;
  }
  return here;
}

static void unwinds_1000_finallys(void) {
  deep_code = 0;
  __try {
    deep(999);
  } __except (EXCEPTION_EXECUTE_HANDLER) {
    deep_code += _exception_code();
  }
  CHECK_EQ(deep_code, 0xE0000011 + 1000);
}

// --- registers ---

static void raise_given(void* code) {
  raise((uint32_t)(uintptr_t)code);
}
static void except_through_spoiled(void* code) {
  volatile uint32_t got = 0;
  __try {
    call_spoiled(raise_given, code);
  } __except (EXCEPTION_EXECUTE_HANDLER) {
    got = _exception_code();
  }
  CHECK_EQ(got, code);
}
static void fault_given(void* address) {
  read(address);
}
static void except_fault_through_spoiled(void* address) {
  volatile uint32_t got = 0;
  __try {
    call_spoiled(fault_given, address);
  } __except (EXCEPTION_EXECUTE_HANDLER) {
    got = _exception_code();
  }
  CHECK_EQ(got, STATUS_ACCESS_VIOLATION);
}

static void keeps_registers(void) {
  CHECK_EQ(changed_registers(except_through_spoiled, (void*)0xE0000012), 0);
  CHECK_EQ(changed_registers(except_fault_through_spoiled, (void*)0x10), 0);
}

// --- longjmp ---

typedef struct {
  __attribute__((aligned(16))) M128A words[16];
} JumpBuffer;
int set_jump(JumpBuffer*) __attribute__((returns_twice));  // setjmp.S
__attribute__((noreturn)) IMPORT void longjmp(JumpBuffer*, int);

static JumpBuffer jump_buffer;

NOINLINE static void jump(int value) {
  longjmp(&jump_buffer, value);
}
static void (*volatile jump_out)(int) = jump;

NOINLINE static void jump_over_finally(int value) {
  __try {
    __try {
      jump_out(value);
      say('x');
    } __finally {
      say(_abnormal_termination() ? '1' : 'n');
    }
  } __finally {
    say('2');
  }
}

static void jumps(void) {
  forget();
  volatile int rounds = 0;
  const int value = set_jump(&jump_buffer);
  say((char)('a' + value));
  if (rounds++ < 3) jump_over_finally(rounds);
  CHECK(said("a12b12c12d"));
}

static void jump_through_spoiled(void* value) {
  jump_out((int)(uintptr_t)value);
}
static void jump_back(void* value) {
  if (set_jump(&jump_buffer) == 0) call_spoiled(jump_through_spoiled, value);
}
static void jumps_keep_registers(void) {
  CHECK_EQ(changed_registers(jump_back, (void*)5), 0);
}

static void jumps_with_zero(void) {
  volatile int rounds = 0;
  const int value = set_jump(&jump_buffer);
  if (rounds++ == 0) jump_out(0);
  CHECK_EQ(value, 1);
}

// Without a frame the registers are set and nothing else happens.
static void jumps_without_frame(void) {
  forget();
  volatile int rounds = 0;
  const int value = set_jump(&jump_buffer);
  jump_buffer.words[0].Low = 0;
  if (rounds++ == 0) jump_over_finally(7);
  CHECK_EQ(value, 7);
  CHECK(said(""));
}

static void jumps_out_of_filters(void) {
  volatile int rounds = 0;
  const int value = set_jump(&jump_buffer);
  if (rounds++ == 0) {
    __try {
      read((const int*)(uintptr_t)zero);
    } __except (jump_out(9), EXCEPTION_EXECUTE_HANDLER) {
      CHECK(0);
    }
  }
  CHECK_EQ(value, 9);
  volatile uint32_t code = 0;  // and exceptions work as before
  __try {
    raise(0xE0000013);
  } __except (EXCEPTION_EXECUTE_HANDLER) {
    code = _exception_code();
  }
  CHECK_EQ(code, 0xE0000013);
}

// --- leaving a __try by other ways ---

NOINLINE static int returns_inside_finally(void) {
  for (int i = 0;; ++i) {
    __try {
      if (i == 2) return i;
      say('t');
      if (i < 2) continue;
    } __finally {
      say(_abnormal_termination() ? 'A' : 'N');
    }
  }
}

static void returns_and_continues(void) {
  forget();
  CHECK_EQ(returns_inside_finally(), 2);
  CHECK(said("tAtAA"));
}

// --- each event of the processor (§14.5) ---

#define EVENT(name, ...)            \
  NOINLINE static void name(void) { \
    __asm__ volatile(__VA_ARGS__);  \
  }
EVENT(reads, "xorl %%ecx, %%ecx\n movq (%%rcx), %%rax" ::: "rax", "rcx")
EVENT(writes, "xorl %%ecx, %%ecx\n movq %%rax, (%%rcx)" ::: "rcx", "memory")
EVENT(reads_nowhere, "movabsq $0x8000000000000000, %%rcx\n movq (%%rcx), %%rax" ::: "rax", "rcx")
EVENT(reads_askew, "leaq 1(%%rsp), %%rcx\n movaps (%%rcx), %%xmm0" ::: "rcx", "xmm0")
EVENT(halts, "hlt")
EVENT(is_undefined, "ud2")
EVENT(divides_by_zero, "xorl %%ecx, %%ecx\n xorl %%edx, %%edx\n divl %%ecx" ::: "rax", "rcx", "rdx")
EVENT(divides_too_much, "movl $2, %%edx\n movl $1, %%ecx\n divl %%ecx" ::: "rax", "rcx", "rdx")
EVENT(breaks, "int3")
EVENT(asserts, "int $0x2C")
EVENT(debugs, "int $0x2D\n nop")
EVENT(steps, "pushfq\n orl $0x100, (%%rsp)\n popfq\n nop\n nop" ::: "cc", "memory")
EVENT(is_strict, "pushfq\n orl $0x40000, (%%rsp)\n popfq\n leaq 1(%%rsp), %%rcx\n movl (%%rcx), %%eax" ::
          : "rax", "rcx", "cc", "memory")
static const uint32_t traps_division = 0x1D80;
static const float one = 1;
EVENT(divides_vectors,
      "ldmxcsr %0\n xorps %%xmm0, %%xmm0\n movss %1, %%xmm1\n divss %%xmm0, %%xmm1" ::"m"(traps_division), "m"(one)
      : "xmm0", "xmm1")
static const uint16_t x87_traps_division = 0x37B;
EVENT(divides_x87, "fldcw %0\n fld1\n fldz\n fdivrp\n fwait" ::"m"(x87_traps_division))
static void executes(void) {
  ((void (*)(void))(uintptr_t)zero)();
}
static void* guarded;
static void touches_a_guard(void) {
  read(guarded);
}

static uint32_t caught_from(void (*volatile event)(void), int* abnormal_ends) {
  __try {
    __try {
      event();
    } __finally {
      *abnormal_ends += _abnormal_termination();
    }
  } __except (EXCEPTION_EXECUTE_HANDLER) {
    return _exception_code();
  }
  return 0;
}

static void catches_events(void) {
  const uint32_t single_step = 0x80000004, alignment = 0x80000002, breakpoint = 0x80000003, assertion = 0xC0000420;
  const struct {
    void (*event)(void);
    uint32_t code;
    int by_wine;
  } events[] = {{reads, STATUS_ACCESS_VIOLATION, 1},
                {writes, STATUS_ACCESS_VIOLATION, 1},
                {executes, STATUS_ACCESS_VIOLATION, 1},
                {reads_nowhere, STATUS_ACCESS_VIOLATION, 1},
                {reads_askew, STATUS_ACCESS_VIOLATION, 1},
                {halts, 0xC0000096, 1},
                {is_undefined, 0xC000001D, 1},
                {divides_by_zero, STATUS_INTEGER_DIVIDE_BY_ZERO, 1},
                {divides_too_much, 0xC0000095, 1},
                {breaks, breakpoint, 1},
                {asserts, assertion, 1},
                {debugs, breakpoint, 1},
                {steps, single_step, 0},
                {is_strict, alignment, 0},
                {divides_vectors, 0xC000008E, 0},
                {divides_x87, 0xC000008E, 0},
                {touches_a_guard, 0x80000001, 1}};
  const int count = sizeof events / sizeof *events;
  guarded = VirtualAlloc(NULL, 4096, 0x3000, 0x104);
  for (int i = 0; i < count; ++i) {
    if (on_wine() && !events[i].by_wine) continue;
    int abnormal_ends = 0;
    uint32_t mxcsr;
    uint16_t x87_control;
    __asm__ volatile("stmxcsr %0\n fnstcw %1" : "=m"(mxcsr), "=m"(x87_control));
    const uint32_t code = caught_from(events[i].event, &abnormal_ends);
    __asm__ volatile("fninit\n ldmxcsr %0\n fldcw %1" ::"m"(mxcsr), "m"(x87_control));
    CHECK_EQ(code, events[i].code);
    CHECK_EQ(abnormal_ends, 1);
  }
  int abnormal_ends = 0;
  CHECK_EQ(caught_from(touches_a_guard, &abnormal_ends), 0);  // only once
  CHECK_EQ(abnormal_ends, 0);
  VirtualFree(guarded, 0, 0x8000);
}

// Each thread has its own.
static unsigned long raise_many(void* unused) {
  (void)unused;
  volatile unsigned long sum = 0;
  for (uint32_t i = 0; i < 1000; ++i) {
    __try {
      __try {
        if (i % 2)
          raise(0xE0000000 + i);
        else
          read((const int*)(uintptr_t)zero);
      } __finally {
        sum += 1;
      }
    } __except (EXCEPTION_EXECUTE_HANDLER) {
      sum += i % 2 ? _exception_code() - 0xE0000000 == i : _exception_code() == STATUS_ACCESS_VIOLATION;
    }
  }
  return sum;
}

static void raises_in_threads(void) {
  void* threads[8];
  for (int i = 0; i < 8; ++i) threads[i] = CreateThread(NULL, 0, raise_many, NULL, 0, NULL);
  for (int i = 0; i < 8; ++i) {
    unsigned long sum = 0;
    WaitForSingleObject(threads[i], 0xFFFFFFFF);
    GetExitCodeThread(threads[i], &sum);
    CHECK_EQ(sum, 2000);
    CloseHandle(threads[i]);
  }
}

// --- what functions raise ---

static uint32_t raised_by_allocation(void* heap, uint32_t flags, size_t size) {
  __try {
    return HeapAlloc(heap, flags, size) != NULL;
  } __except (EXCEPTION_EXECUTE_HANDLER) {
    return _exception_code();
  }
}
static uint32_t raised_by_reallocation(void* heap, uint32_t flags, void* block, size_t size) {
  __try {
    return HeapReAlloc(heap, flags, block, size) != NULL;
  } __except (EXCEPTION_EXECUTE_HANDLER) {
    return _exception_code();
  }
}
static void raises_for_lack_of_memory(void) {
  const size_t much = (size_t)1 << 46;  // of a heap of fixed size
  void *const quiet = HeapCreate(0, 0, 0x10000), *const loud = HeapCreate(HEAP_GENERATE_EXCEPTIONS, 0, 0x10000);
  CHECK_EQ(raised_by_allocation(quiet, 0, much), 0);
  CHECK_EQ(raised_by_allocation(quiet, HEAP_GENERATE_EXCEPTIONS, much), STATUS_NO_MEMORY);
  CHECK_EQ(raised_by_allocation(quiet, HEAP_GENERATE_EXCEPTIONS, 100), 1);
  CHECK_EQ(raised_by_allocation(loud, 0, much), STATUS_NO_MEMORY);
  CHECK_EQ(raised_by_allocation(loud, 0, 100), 1);
  void* const block = HeapAlloc(loud, 0, 100);
  CHECK_EQ(raised_by_reallocation(loud, 0, block, much), STATUS_NO_MEMORY);
  CHECK_EQ(raised_by_reallocation(loud, 0, block, 200), 1);
  CHECK(HeapDestroy(loud));  // nothing of it is locked
  void* const other = HeapAlloc(quiet, 0, 100);
  CHECK_EQ(raised_by_reallocation(quiet, 0, other, much), 0);
  CHECK_EQ(raised_by_reallocation(quiet, HEAP_GENERATE_EXCEPTIONS, other, much), STATUS_NO_MEMORY);
  CHECK(HeapDestroy(quiet));
}

// Functions of ntdll that look at what they are given, and have frames of their own.
typedef uintptr_t TakesThree(const void*, const void*, uintptr_t);
static int faults(const char* dll, const char* name, const void* a, const void* b, uintptr_t c) {
  TakesThree* const function = (TakesThree*)GetProcAddress(GetModuleHandleA(dll), name);
  __try {
    function(a, b, c);
    return 0;
  } __except (EXCEPTION_EXECUTE_HANDLER) {
    return 1;
  }
}
static void catches_faults_of_functions(void) {
  static const char text[] = "text";
  const void* const bad = (const void*)(uintptr_t)16;
  void* string[2];
  CHECK(faults("ntdll.dll", "strrchr", bad, bad, 0));
  CHECK(!faults("ntdll.dll", "strrchr", text, bad, 0));
  CHECK(faults("ntdll.dll", "strstr", text, bad, 0));
  CHECK(faults("ntdll.dll", "_stricmp", text, bad, 0));
  CHECK(faults("ntdll.dll", "_wcsnicmp", bad, L"text", 3));
  CHECK(faults("ntdll.dll", "strncat", bad, text, 3));
  CHECK(faults("ntdll.dll", "wcsspn", bad, L"text", 0));
  CHECK(faults("ntdll.dll", "RtlFillMemoryUlong", bad, (const void*)8, 1));
  CHECK(faults("ntdll.dll", "RtlInitUnicodeString", string, bad, 0));
  CHECK(faults("ntdll.dll", "RtlInitAnsiString", bad, text, 0));
  CHECK(!faults("kernel32.dll", "lstrlenA", bad, NULL, 0));
  CHECK(!faults("kernel32.dll", "lstrcpyW", bad, L"text", 0));
  CHECK(faults("kernel32.dll", "lstrcmpA", bad, text, 0));
}

static const Test table[] = {
    {"EH-39", "a filter's 1 runs the handler", executes_handlers},
    {"EH-39", "a filter's 0 searches on", searches_on},
    {"EH-39 EH-30", "a filter's -1 continues", continues},
    {"EH-39", "filters see their function's variables", filters_see_the_frame},
    {"EH-39", "finally blocks know how they were reached", says_how_it_ended},
    {"EH-39 EH-35", "finally blocks run from the inside out, after the filter", runs_finallys_inside_out},
    {"EH-39 EH-36", "a finally block that raises is not run again", finally_blocks_raise},
    {"EH-39", "a finally block that catches", finally_blocks_catch},
    {"EH-34 EH-39", "a filter that catches", filters_catch},
    {"EH-34 EH-39", "a filter that raises", filters_raise},
    {"EH-39 EH-34", "a handler that raises", handlers_raise},
    {"EH-35 EH-39", "1000 finally blocks", unwinds_1000_finallys},
    {"EH-35 EH-39", "a handler finds all non-volatile registers", keeps_registers},
    {"EH-37 EH-35", "longjmp runs the finally blocks between", jumps},
    {"EH-37", "longjmp restores all non-volatile registers", jumps_keep_registers},
    {"EH-37 EH-38", "longjmp of 0 returns 1", jumps_with_zero},
    {"EH-38", "longjmp without a frame runs nothing", jumps_without_frame},
    {"EH-37 EH-34", "longjmp out of a filter", jumps_out_of_filters},
    {"EH-39", "return and continue run finally blocks", returns_and_continues},
    {"EH-39 EH-50", "each event of the processor is caught, and cleaned up after", catches_events},
    {"EH-39 EH-50", "eight threads raise and fault", raises_in_threads},
    {"EH-30 lstrlenA lstrcpyW lstrcmpA", "bad pointers are faults of who gives them", catches_faults_of_functions},
    {"HeapAlloc", "HEAP_GENERATE_EXCEPTIONS raises where there is no memory", raises_for_lack_of_memory},
    {NULL, NULL, NULL},
};

TESTS(table)

int DllMain(void* base, unsigned long reason, void* reserved) {
  (void)base, (void)reason, (void)reserved;
  return 1;
}

// setjmp and longjmp of mingw-w64's headers: msvcrt.dll's, which unwind, and the compiler's own, which do not.
#include <setjmp.h>

#include "eh.h"

#define NOINLINE __attribute__((noinline))

static jmp_buf buffer;
static uint32_t asked[64], asked_flags[64];
static int count;

static EXCEPTION_DISPOSITION note(EXCEPTION_RECORD* record, void* frame, CONTEXT* context, DISPATCHER_CONTEXT* d) {
  (void)frame, (void)context, (void)d;
  asked[count % 64] = record->ExceptionCode;
  asked_flags[count++ % 64] = record->ExceptionFlags;
  return ExceptionContinueSearch;
}

static uint64_t jump(void* value) {
  longjmp(buffer, (int)(uintptr_t)value);
}
static uint64_t jump_over_one(void* value) {
  return call_with_handler(jump, value, note, NULL);
}

static void jumps(void) {
  volatile int rounds = 0;
  count = 0;
  const int value = setjmp(buffer);
  CHECK_EQ(value, rounds);
  if (rounds++ < 3) call_with_handler(jump_over_one, (void*)(uintptr_t)rounds, note, NULL);
  CHECK_EQ(count, 6);
  for (int i = 0; i < count && i < 6; ++i) {
    CHECK_EQ(asked[i], STATUS_LONGJUMP);
    CHECK_EQ(asked_flags[i], EXCEPTION_UNWINDING);
  }
}

static void jumps_with_zero(void) {
  volatile int rounds = 0;
  const int value = setjmp(buffer);
  if (rounds++ == 0) jump((void*)0);
  CHECK_EQ(value, 1);
}

static void jumps_without_frame(void) {
  volatile int rounds = 0;
  count = 0;
  const int value = _setjmp(buffer, NULL);
  if (rounds++ == 0) jump_over_one((void*)7);
  CHECK_EQ(value, 7);
  CHECK_EQ(count, 0);
}

static void jump_given(void* value) {
  jump(value);
}
static void jump_back(void* value) {
  if (setjmp(buffer) == 0) call_spoiled(jump_given, value);
}
static void jump_back_without_frame(void* value) {
  if (_setjmp(buffer, NULL) == 0) call_spoiled(jump_given, value);
}
static void keeps_registers(void) {
  CHECK_EQ(changed_registers(jump_back, (void*)5), 0);
  CHECK_EQ(changed_registers(jump_back_without_frame, (void*)5), 0);
}

// --- out of a handler, and of a clean-up ---

static uint64_t raise(void* code) {
  RaiseException((uint32_t)(uintptr_t)code, 0, 0, NULL);
  return 7;
}
static EXCEPTION_DISPOSITION jump_out(EXCEPTION_RECORD* record, void* frame, CONTEXT* context, DISPATCHER_CONTEXT* d) {
  note(record, frame, context, d);
  if (record->ExceptionCode != STATUS_LONGJUMP) longjmp(buffer, 9);
  return ExceptionContinueSearch;
}
static EXCEPTION_DISPOSITION catch_it(EXCEPTION_RECORD* record, void* frame, CONTEXT* context, DISPATCHER_CONTEXT* d) {
  (void)d;
  if (!(record->ExceptionFlags & EXCEPTION_UNWIND))
    RtlUnwindEx(frame, call_with_handler_return, record, (void*)(uintptr_t)record->ExceptionCode, context, NULL);
  return ExceptionContinueSearch;
}
static uint64_t raise_below_one(void* code) {
  return call_with_handler(raise, code, note, NULL);
}

static void jumps_out_of_handlers(void) {
  for (volatile int i = 0; i < 100; ++i) {
    count = 0;
    const int value = setjmp(buffer);
    if (value == 0) call_with_handler(raise_below_one, (void*)0xE0000001, jump_out, NULL);
    CHECK_EQ(value, 9);
    CHECK_EQ(count, 4);  // asked one after the other, and both unwound
    CHECK_EQ(asked[0], 0xE0000001);
    CHECK_EQ(asked[2], STATUS_LONGJUMP);
    CHECK_EQ(call_with_handler(raise, (void*)0xE0000002, catch_it, NULL), 0xE0000002);  // exceptions work as before
  }
}

static void jumps_out_of_faults(void) {
  const int value = setjmp(buffer);
  if (value == 0) call_with_handler((uint64_t(*)(void*))(uintptr_t)0x10, NULL, jump_out, NULL);
  CHECK_EQ(value, 9);
}

// --- the compiler's own ---

static void* own_buffer[5];

NOINLINE static void jump_by_own(void* unused) {
  (void)unused;
  __builtin_longjmp(own_buffer, 1);
}
NOINLINE static uint64_t jump_by_own_below(void* unused) {
  call_spoiled(jump_by_own, unused);
  return 7;
}
NOINLINE static int jump_back_by_own(void) {
  if (__builtin_setjmp(own_buffer)) return 1;
  return (int)call_with_handler(jump_by_own_below, NULL, note, NULL);
}
static EXCEPTION_DISPOSITION jump_out_by_own(EXCEPTION_RECORD* record, void* frame, CONTEXT* context,
                                             DISPATCHER_CONTEXT* d) {
  note(record, frame, context, d);
  jump_by_own(NULL);
  return ExceptionContinueSearch;
}
NOINLINE static int jump_out_of_handler_by_own(void) {
  if (__builtin_setjmp(own_buffer)) return 1;
  return (int)call_with_handler(raise, (void*)0xE0000003, jump_out_by_own, NULL);
}

static void jumps_by_own(void) {
  count = 0;
  for (volatile int i = 0; i < 100; ++i) CHECK_EQ(jump_back_by_own(), 1);
  CHECK_EQ(count, 0);
  if (on_wine()) return;  // Wine 8 ends the process here
  for (volatile int i = 0; i < 100; ++i) {
    CHECK_EQ(jump_out_of_handler_by_own(), 1);
    CHECK_EQ(call_with_handler(raise, (void*)0xE0000004, catch_it, NULL), 0xE0000004);
  }
  CHECK_EQ(count, 100);
}

// What the handler's pass was about is gone, and other things are in its place.
NOINLINE static uint64_t raise_deeper(void* depth) {
  volatile uint64_t other[256];
  for (int i = 0; i < 256; ++i) other[i] = 1;
  if (depth) return raise_deeper((char*)depth - 1) + other[9] - 1;
  return call_with_handler(raise_below_one, (void*)0xE0000005, catch_it, NULL);
}
static void forgets_what_it_left(void) {
  if (on_wine()) return;
  CHECK_EQ(jump_out_of_handler_by_own(), 1);
  CHECK_EQ(raise_deeper((void*)8), 0xE0000005);
}

static void own_keeps_registers_function(void* unused) {
  (void)unused;
  CHECK_EQ(jump_back_by_own(), 1);
}
static void own_keeps_registers(void) {
  CHECK_EQ(changed_registers(own_keeps_registers_function, NULL), 0);
}

static const Test table[] = {
    {"EH-37 EH-38", "longjmp cleans up the frames it leaves", jumps},
    {"EH-37", "longjmp with 0 returns 1", jumps_with_zero},
    {"EH-38", "longjmp to a buffer without a frame asks nobody", jumps_without_frame},
    {"EH-37 EH-38", "longjmp restores all non-volatile registers", keeps_registers},
    {"EH-37 EH-30", "longjmp out of a handler ends its exception", jumps_out_of_handlers},
    {"EH-37 EH-50", "longjmp out of a fault's handler", jumps_out_of_faults},
    {"EH-38", "the compiler's own longjmp leaves frames and handlers", jumps_by_own},
    {"EH-34 EH-38", "exceptions after one whose handler was left so", forgets_what_it_left},
    {"EH-38", "and keeps all non-volatile registers", own_keeps_registers},
    {NULL, NULL, NULL},
};

TESTS(table)

// Exceptions as the system alone makes them: language handlers in C, no compiler's runtime.
#include "eh.h"

extern char __ImageBase[];
extern char ask_handler[];  // frames.S

// What a handler was told, in order.
static struct Call {
  uint32_t code, flags;
  void *data, *frame;
  CONTEXT* context;
  DISPATCHER_CONTEXT dispatcher;
  EXCEPTION_RECORD record;
} calls[64];
static int count;

static struct Call* note(EXCEPTION_RECORD* record, void* frame, CONTEXT* context, DISPATCHER_CONTEXT* dispatcher) {
  struct Call* const call = &calls[count++ % 64];
  *call = (struct Call){
      record->ExceptionCode, record->ExceptionFlags, data_of(frame), frame, context, *dispatcher, *record};
  return call;
}

// The codes and flags of all calls, compared in one go.
#define EXPECT_CALLS(...)                                                          \
  do {                                                                             \
    const struct {                                                                 \
      uint32_t code, flags;                                                        \
      const char* data;                                                            \
    } wanted[] = {__VA_ARGS__};                                                    \
    CHECK_EQ(count, sizeof wanted / sizeof *wanted);                               \
    for (int i = 0; i < count && i < (int)(sizeof wanted / sizeof *wanted); ++i) { \
      CHECK_EQ(calls[i].code, wanted[i].code);                                     \
      CHECK_EQ(calls[i].flags, wanted[i].flags);                                   \
      CHECK_EQ(*(const char*)calls[i].data, *wanted[i].data);                      \
    }                                                                              \
  } while (0)

static EXCEPTION_DISPOSITION pass_on(EXCEPTION_RECORD* record, void* frame, CONTEXT* context, DISPATCHER_CONTEXT* d) {
  note(record, frame, context, d);
  return ExceptionContinueSearch;
}

static EXCEPTION_DISPOSITION resume(EXCEPTION_RECORD* record, void* frame, CONTEXT* context, DISPATCHER_CONTEXT* d) {
  note(record, frame, context, d);
  return (record->ExceptionFlags & EXCEPTION_UNWIND) ? ExceptionContinueSearch : ExceptionContinueExecution;
}

// The __except of this file: call_with_handler returns the exception's code.
static EXCEPTION_DISPOSITION catch_it(EXCEPTION_RECORD* record, void* frame, CONTEXT* context, DISPATCHER_CONTEXT* d) {
  note(record, frame, context, d);
  if (!(record->ExceptionFlags & EXCEPTION_UNWIND))
    RtlUnwindEx(frame, call_with_handler_return, record, (void*)(uintptr_t)record->ExceptionCode, context,
                d->HistoryTable);
  return ExceptionContinueSearch;
}

static uint64_t raise_code(void* code) {
  RaiseException((uint32_t)(uintptr_t)code, 0, 0, NULL);
  return 7;
}
#define CODE(value) ((void*)(uintptr_t)(value))

static uint64_t with_inner_pass_on(void* code) {
  return call_with_handler(raise_code, code, pass_on, "inner");
}

static void walks_frames(void) {
  count = 0;
  CHECK_EQ(call_with_handler(with_inner_pass_on, CODE(0xE0000001), catch_it, "outer"), 0xE0000001);
  EXPECT_CALLS({0xE0000001, 0, "inner"}, {0xE0000001, 0, "outer"}, {0xE0000001, EXCEPTION_UNWINDING, "inner"},
               {0xE0000001, EXCEPTION_UNWINDING | EXCEPTION_TARGET_UNWIND, "outer"});
  CHECK(calls[0].frame < calls[1].frame);
  CHECK_EQ(calls[0].context, calls[1].context);  // the original, for all
}

static void describes_frames(void) {
  count = 0;
  CHECK_EQ(call_with_handler(raise_code, CODE(0xE0000002), catch_it, "it"), 0xE0000002);
  for (int i = 0; i < 2; ++i) {
    const DISPATCHER_CONTEXT* const d = &calls[i].dispatcher;
    CHECK_EQ(d->ControlPc, call_with_handler_return);
    CHECK_EQ(d->ImageBase, __ImageBase);
    CHECK_EQ(d->ImageBase + d->FunctionEntry[0], call_with_handler);
    CHECK_EQ(d->EstablisherFrame, calls[i].frame);
    CHECK_EQ(d->TargetIp, i == 0 ? NULL : call_with_handler_return);
    CHECK_EQ(d->LanguageHandler, ask_handler);
    CHECK(d->HandlerData > (void*)__ImageBase);
    CHECK_EQ(d->ScopeIndex, 0);
  }
}

static EXCEPTION_DISPOSITION see_layout(EXCEPTION_RECORD* record, void* frame, CONTEXT* context,
                                        DISPATCHER_CONTEXT* d) {
  if (record->ExceptionFlags & EXCEPTION_UNWIND) return ExceptionContinueSearch;
  const char* const bytes = (const char*)record;
  CHECK_EQ(*(const uint32_t*)bytes, 0xE0000003);
  CHECK_EQ(*(const uint32_t*)(bytes + 4), EXCEPTION_NONCONTINUABLE);
  CHECK_EQ(*(const uint64_t*)(bytes + 8), 0);
  CHECK_EQ(*(const uint32_t*)(bytes + 0x18), 2);
  CHECK_EQ(*(const uint64_t*)(bytes + 0x20), 0x1234);
  CHECK_EQ(*(const uint64_t*)(bytes + 0x28), 0x5678);
  const char* const registers = (const char*)context;
  CHECK_EQ((uintptr_t)registers % 16, 0);
  CHECK_EQ(*(const uint32_t*)(registers + 0x30) & 0x10000B, 0x10000B);
  CHECK_EQ(*(const uint64_t*)(registers + 0xF8), *(const uint64_t*)(bytes + 0x10));  // Rip is the address
  const uintptr_t rsp = *(const uintptr_t*)(registers + 0x98);
  CHECK(rsp < (uintptr_t)frame && rsp % 8 == 0);
  CHECK_EQ(*(const uint32_t*)(registers + 0x34), *(const uint32_t*)(registers + 0x118));  // MxCsr in both places
  CHECK_EQ(*(const uint16_t*)(registers + 0x38), 0x33);
  CHECK_EQ(*(const uint16_t*)(registers + 0x42), 0x2B);
  return catch_it(record, frame, context, d);
}

static uint64_t raise_two_arguments(void* unused) {
  (void)unused;
  const uintptr_t arguments[] = {0x1234, 0x5678};
  RaiseException(0xE0000003, EXCEPTION_NONCONTINUABLE, 2, arguments);
  return 7;
}

static void lays_out_records(void) {
  count = 0;
  CHECK_EQ(call_with_handler(raise_two_arguments, NULL, see_layout, "it"), 0xE0000003);
}

// --- dispositions ---

static void continues(void) {
  count = 0;
  CHECK_EQ(call_with_handler(raise_code, CODE(0xE0000004), resume, "it"), 7);
  EXPECT_CALLS({0xE0000004, 0, "it"});
}

static uint64_t raise_noncontinuable(void* code) {
  RaiseException((uint32_t)(uintptr_t)code, EXCEPTION_NONCONTINUABLE, 0, NULL);
  return 7;
}

// It is asked about the exception that makes of it too.
static EXCEPTION_DISPOSITION resume_once(EXCEPTION_RECORD* record, void* frame, CONTEXT* context,
                                         DISPATCHER_CONTEXT* d) {
  note(record, frame, context, d);
  return record->ExceptionCode == 0xE0000005 && !(record->ExceptionFlags & EXCEPTION_UNWIND)
             ? ExceptionContinueExecution
             : ExceptionContinueSearch;
}

static uint64_t noncontinuable_inside_resume_once(void* code) {
  return call_with_handler(raise_noncontinuable, code, resume_once, "inner");
}

static void refuses_to_continue(void) {
  count = 0;
  CHECK_EQ(call_with_handler(noncontinuable_inside_resume_once, CODE(0xE0000005), catch_it, "outer"),
           STATUS_NONCONTINUABLE_EXCEPTION);
  CHECK_EQ(calls[0].flags, EXCEPTION_NONCONTINUABLE);
  CHECK_EQ(calls[1].code, STATUS_NONCONTINUABLE_EXCEPTION);
  CHECK_EQ(calls[1].flags & EXCEPTION_NONCONTINUABLE, EXCEPTION_NONCONTINUABLE);
  CHECK(calls[1].record.ExceptionRecord != NULL);
  CHECK_EQ(*(const char*)calls[2].data, 'o');
}

static EXCEPTION_DISPOSITION nonsense(EXCEPTION_RECORD* record, void* frame, CONTEXT* context, DISPATCHER_CONTEXT* d) {
  note(record, frame, context, d);
  return record->ExceptionCode == 0xE0000006 ? (EXCEPTION_DISPOSITION)17 : ExceptionContinueSearch;
}

static uint64_t raise_inside_nonsense(void* code) {
  return call_with_handler(raise_code, code, nonsense, "inner");
}

static void refuses_nonsense(void) {
  count = 0;
  CHECK_EQ(call_with_handler(raise_inside_nonsense, CODE(0xE0000006), catch_it, "outer"), STATUS_INVALID_DISPOSITION);
  CHECK_EQ(calls[1].code, STATUS_INVALID_DISPOSITION);
}

// --- nested and collided ---

static EXCEPTION_DISPOSITION raise_another(EXCEPTION_RECORD* record, void* frame, CONTEXT* context,
                                           DISPATCHER_CONTEXT* d) {
  note(record, frame, context, d);
  if (record->ExceptionCode == 0xE0000007) RaiseException(0xE0000008, 0, 0, NULL);
  return ExceptionContinueSearch;
}

static uint64_t raise_inside_raise_another(void* code) {
  return call_with_handler(raise_code, code, raise_another, "middle");
}
static uint64_t nested_chain(void* code) {
  return call_with_handler(raise_inside_raise_another, code, pass_on, "outside");
}

static void nests(void) {
  count = 0;
  CHECK_EQ(call_with_handler(nested_chain, CODE(0xE0000007), catch_it, "end"), 0xE0000008);
  EXPECT_CALLS({0xE0000007, 0, "middle"}, {0xE0000008, EXCEPTION_NESTED_CALL, "middle"}, {0xE0000008, 0, "outside"},
               {0xE0000008, 0, "end"}, {0xE0000008, EXCEPTION_UNWINDING, "middle"},
               {0xE0000008, EXCEPTION_UNWINDING, "outside"},
               {0xE0000008, EXCEPTION_UNWINDING | EXCEPTION_TARGET_UNWIND, "end"});
}

static void* far_frame;

static EXCEPTION_DISPOSITION collide(EXCEPTION_RECORD* record, void* frame, CONTEXT* context, DISPATCHER_CONTEXT* d) {
  note(record, frame, context, d);
  if ((record->ExceptionFlags & EXCEPTION_UNWIND) == EXCEPTION_UNWINDING)
    RtlUnwindEx(far_frame, call_with_handler_return, NULL, CODE(1234), context, NULL);
  return ExceptionContinueSearch;
}

static uint64_t raise_inside_collide(void* code) {
  return call_with_handler(raise_code, code, collide, "collides");
}
static uint64_t collide_inside_catch(void* code) {
  return call_with_handler(raise_inside_collide, code, catch_it, "target");
}

static EXCEPTION_DISPOSITION far_handler(EXCEPTION_RECORD* record, void* frame, CONTEXT* context,
                                         DISPATCHER_CONTEXT* d) {
  if (record->ExceptionCode == 0xE000000A) {  // only to learn the frame
    far_frame = frame;
    return ExceptionContinueExecution;
  }
  return pass_on(record, frame, context, d);
}
static uint64_t learn_then_collide(void* code) {
  raise_code(CODE(0xE000000A));
  return collide_inside_catch(code);
}

static void collides(void) {
  if (on_wine()) return;
  count = 0;
  CHECK_EQ(call_with_handler(learn_then_collide, CODE(0xE000000B), far_handler, "far"), 1234);
  EXPECT_CALLS({0xE000000B, 0, "collides"}, {0xE000000B, 0, "target"}, {0xE000000B, EXCEPTION_UNWINDING, "collides"},
               {STATUS_UNWIND, EXCEPTION_UNWINDING | EXCEPTION_COLLIDED_UNWIND, "collides"},
               {STATUS_UNWIND, EXCEPTION_UNWINDING, "target"},
               {STATUS_UNWIND, EXCEPTION_UNWINDING | EXCEPTION_TARGET_UNWIND, "far"});
}

// --- unwinding ---

static uint64_t unwind_to_far(void* result) {
  RtlUnwind(far_frame, call_with_handler_return, NULL, result);
  return 7;
}
static uint64_t unwind_through_inner(void* result) {
  raise_code(CODE(0xE000000A));
  return call_with_handler(unwind_to_far, result, pass_on, "inner");
}

static void unwinds(void) {
  count = 0;
  CHECK_EQ(call_with_handler(unwind_through_inner, CODE(0x123456789ABC), far_handler, "far"), 0x123456789ABC);
  EXPECT_CALLS({STATUS_UNWIND, EXCEPTION_UNWINDING, "inner"},
               {STATUS_UNWIND, EXCEPTION_UNWINDING | EXCEPTION_TARGET_UNWIND, "far"});
  CHECK_EQ(calls[1].dispatcher.TargetIp, call_with_handler_return);
}

static uint64_t unwind_for_exit(void* unused) {
  (void)unused;
  RtlUnwindEx(NULL, NULL, NULL, NULL, &(CONTEXT){0}, NULL);
  return 7;
}
static EXCEPTION_DISPOSITION leave_exit_unwind(EXCEPTION_RECORD* record, void* frame, CONTEXT* context,
                                               DISPATCHER_CONTEXT* d) {
  note(record, frame, context, d);
  if (record->ExceptionFlags & EXCEPTION_EXIT_UNWIND)
    RtlUnwindEx(frame, call_with_handler_return, NULL, CODE(99), context, NULL);
  return ExceptionContinueSearch;
}

static void unwinds_for_exit(void) {
  if (on_wine()) return;
  count = 0;
  CHECK_EQ(call_with_handler(unwind_for_exit, NULL, leave_exit_unwind, "it"), 99);
  EXPECT_CALLS({STATUS_UNWIND, EXCEPTION_UNWINDING | EXCEPTION_EXIT_UNWIND, "it"},
               {STATUS_UNWIND, EXCEPTION_UNWINDING | EXCEPTION_TARGET_UNWIND | EXCEPTION_COLLIDED_UNWIND, "it"});
}

static uint64_t unwind_beside_far(void* unused) {
  (void)unused;
  RtlUnwind((char*)far_frame - 16, call_with_handler_return, NULL, NULL);
  return 7;
}
static uint64_t unwind_past_target(void* unused) {
  raise_code(CODE(0xE000000A));
  return call_with_handler(unwind_beside_far, unused, pass_on, "inner");
}
static EXCEPTION_DISPOSITION far_catches(EXCEPTION_RECORD* record, void* frame, CONTEXT* context,
                                         DISPATCHER_CONTEXT* d) {
  return record->ExceptionCode == STATUS_INVALID_UNWIND_TARGET ? catch_it(record, frame, context, d)
                                                               : far_handler(record, frame, context, d);
}

static void misses_its_target(void) {
  count = 0;
  CHECK_EQ(call_with_handler(unwind_past_target, NULL, far_catches, "far"), STATUS_INVALID_UNWIND_TARGET);
  CHECK_EQ(calls[0].code, STATUS_UNWIND);
  CHECK_EQ(calls[count - 1].code, STATUS_INVALID_UNWIND_TARGET);
  CHECK_EQ(calls[count - 1].record.ExceptionFlags & EXCEPTION_NONCONTINUABLE, EXCEPTION_NONCONTINUABLE);
}

// --- records on the TEB ---

static uint64_t with_record_pass_on(void* code) {
  return call_with_record(raise_code, code, pass_on, "record");
}
static uint64_t with_two_records(void* code) {
  return call_with_record(with_record_pass_on, code, pass_on, "Record");
}
static uint64_t inner_then_records(void* code) {
  return call_with_handler(with_two_records, code, pass_on, "inner");
}

static void asks_records(void) {
  void* const before = first_record();
  count = 0;
  CHECK_EQ(call_with_handler(inner_then_records, CODE(0xE0000018), catch_it, "outer"), 0xE0000018);
  EXPECT_CALLS({0xE0000018, 0, "record"}, {0xE0000018, 0, "Record"}, {0xE0000018, 0, "inner"}, {0xE0000018, 0, "outer"},
               {0xE0000018, EXCEPTION_UNWINDING, "record"}, {0xE0000018, EXCEPTION_UNWINDING, "Record"},
               {0xE0000018, EXCEPTION_UNWINDING, "inner"},
               {0xE0000018, EXCEPTION_UNWINDING | EXCEPTION_TARGET_UNWIND, "outer"});
  CHECK_EQ(first_record(), before);
}

static void records_continue(void) {
  void* const before = first_record();
  count = 0;
  CHECK_EQ(call_with_record(raise_code, CODE(0xE0000019), resume, "record"), 7);
  EXPECT_CALLS({0xE0000019, 0, "record"});
  CHECK_EQ(first_record(), before);
}

static EXCEPTION_DISPOSITION catch_by_record(EXCEPTION_RECORD* record, void* frame, CONTEXT* context,
                                             DISPATCHER_CONTEXT* d) {
  note(record, frame, context, d);
  if (!(record->ExceptionFlags & EXCEPTION_UNWIND))
    RtlUnwind(frame, call_with_record_return, record, (void*)(uintptr_t)record->ExceptionCode);
  return ExceptionContinueSearch;
}

static void records_catch(void) {
  void* const before = first_record();
  count = 0;
  CHECK_EQ(call_with_record(inner_then_records, CODE(0xE000001A), catch_by_record, "target"), 0xE000001A);
  EXPECT_CALLS({0xE000001A, 0, "record"}, {0xE000001A, 0, "Record"}, {0xE000001A, 0, "inner"},
               {0xE000001A, 0, "target"}, {0xE000001A, EXCEPTION_UNWINDING, "record"},
               {0xE000001A, EXCEPTION_UNWINDING, "Record"}, {0xE000001A, EXCEPTION_UNWINDING, "inner"});
  CHECK_EQ(first_record(), before);
}

static uint64_t learn_then_unwind_records(void* result) {
  raise_code(CODE(0xE000000A));
  return call_with_record(unwind_to_far, result, pass_on, "record");
}

static void unwinds_past_records(void) {
  void* const before = first_record();
  count = 0;
  CHECK_EQ(call_with_handler(learn_then_unwind_records, CODE(0x77), far_handler, "far"), 0x77);
  EXPECT_CALLS({STATUS_UNWIND, EXCEPTION_UNWINDING, "record"},
               {STATUS_UNWIND, EXCEPTION_UNWINDING | EXCEPTION_TARGET_UNWIND, "far"});
  CHECK_EQ(first_record(), before);
}

// --- special records ---

typedef struct {
  uint64_t Frame, Rbx, Rsp, Rbp, Rsi, Rdi, R12, R13, R14, R15, Rip;
  uint32_t MxCsr;
  uint16_t FpCsr, Spare;
  M128A Xmm[10];
} JumpBuffer;

static EXCEPTION_RECORD consolidation;
static void* consolidation_frame;

static uintptr_t consolidate(EXCEPTION_RECORD* record) {
  CHECK_EQ(record, &consolidation);
  CHECK_EQ(record->ExceptionInformation[1], 0x77);
  CHECK(__builtin_frame_address(0) < consolidation_frame);  // it runs below the frames that are gone
  // The frame it belongs to is found through the consolidation's own.
  CHECK_EQ(call_with_handler(raise_code, CODE(0xE000000C), catch_it, "inside"), 0xE000000C);
  raise_code(CODE(0xE000000D));
  return (uintptr_t)call_with_handler_return;
}

static uint64_t unwind_and_consolidate(void* unused) {
  (void)unused;
  consolidation = (EXCEPTION_RECORD){.ExceptionCode = STATUS_UNWIND_CONSOLIDATE,
                                     .NumberParameters = 15,
                                     .ExceptionInformation = {(uintptr_t)consolidate, 0x77}};
  RtlUnwindEx(far_frame, call_with_handler_return, &consolidation, CODE(1), &(CONTEXT){0}, NULL);
  return 7;
}
static EXCEPTION_DISPOSITION consolidated_frame(EXCEPTION_RECORD* record, void* frame, CONTEXT* context,
                                                DISPATCHER_CONTEXT* d) {
  note(record, frame, context, d);
  consolidation_frame = far_frame = frame;
  return record->ExceptionFlags & EXCEPTION_UNWIND ? ExceptionContinueSearch : ExceptionContinueExecution;
}
static uint64_t consolidate_through_inner(void* unused) {
  raise_code(CODE(0xE000000A));
  return call_with_handler(unwind_and_consolidate, unused, pass_on, "inner");
}
static void consolidate_in_spoiled(void* unused) {
  call_with_handler(consolidate_through_inner, unused, consolidated_frame, "far");
}

static void consolidates(void) {
  count = 0;
  CHECK_EQ(changed_registers(consolidate_in_spoiled, NULL), 0);
  EXPECT_CALLS({0xE000000A, 0, "far"}, {STATUS_UNWIND_CONSOLIDATE, EXCEPTION_UNWINDING, "inner"},
               {STATUS_UNWIND_CONSOLIDATE, EXCEPTION_UNWINDING | EXCEPTION_TARGET_UNWIND, "far"},
               {0xE000000C, 0, "inside"}, {0xE000000C, EXCEPTION_UNWINDING | EXCEPTION_TARGET_UNWIND, "inside"},
               {0xE000000D, 0, "far"});
}

static int restored;

static void restore_context(void* unused) {
  (void)unused;
  CONTEXT context;
  volatile int times = 0;
  RtlCaptureContext(&context);
  if (times++ < 3) RtlRestoreContext(&context, NULL);
  restored = times;
}

static void restores(void) {
  CHECK_EQ(changed_registers(restore_context, NULL), 0);
  CHECK_EQ(restored, 4);
}

static CONTEXT captured;

// The buffer's registers are taken, whatever the context says.
static void jump_by_record(void* unused) {
  (void)unused;
  volatile int times = 0;
  RtlCaptureContext(&captured);
  if (times++ != 0) {
    restored = times;
    return;
  }
  JumpBuffer buffer = {.Rbx = captured.Rbx,
                       .Rsp = captured.Rsp,
                       .Rbp = captured.Rbp,
                       .Rsi = captured.Rsi,
                       .Rdi = captured.Rdi,
                       .R12 = captured.R12,
                       .R13 = captured.R13,
                       .R14 = captured.R14,
                       .R15 = captured.R15,
                       .Rip = captured.Rip,
                       .MxCsr = captured.MxCsr,
                       .FpCsr = 0x27F};
  __builtin_memcpy(buffer.Xmm, &captured.Xmm[6], sizeof buffer.Xmm);
  EXCEPTION_RECORD record = {
      .ExceptionCode = STATUS_LONGJUMP, .NumberParameters = 1, .ExceptionInformation = {(uintptr_t)&buffer}};
  CONTEXT wrong = captured;
  wrong.Rbx = wrong.Rbp = wrong.Rsi = wrong.Rdi = wrong.R12 = wrong.R13 = wrong.R14 = wrong.R15 = wrong.Rip = 1;
  __builtin_memset(&wrong.Xmm[6], 1, sizeof buffer.Xmm);
  RtlRestoreContext(&wrong, &record);
}

static void jumps_by_record(void) {
  restored = 0;
  CHECK_EQ(changed_registers(jump_by_record, NULL), 0);
  CHECK_EQ(restored, 2);
}

// --- raising ---

static EXCEPTION_RECORD seen;
static uintptr_t seen_rip;

static EXCEPTION_DISPOSITION keep(EXCEPTION_RECORD* record, void* frame, CONTEXT* context, DISPATCHER_CONTEXT* d) {
  if (record->ExceptionFlags & EXCEPTION_UNWIND) return ExceptionContinueSearch;
  seen = *record;
  seen_rip = context->Rip;
  return record->ExceptionFlags & EXCEPTION_NONCONTINUABLE ? catch_it(record, frame, context, d)
                                                           : ExceptionContinueExecution;
}

typedef struct {
  unsigned long code, flags, count;
  const uintptr_t* arguments;
} Raise;
static uint64_t raise_given(void* given) {
  const Raise* const r = given;
  RaiseException(r->code, r->flags, r->count, r->arguments);
  return 7;
}

static void raises(void) {
  uintptr_t arguments[32];
  for (int i = 0; i < 32; ++i) arguments[i] = 100 + i;
  const struct {
    Raise given;
    uint32_t code, flags, number;
  } rows[] = {
      {{0xE0000010, 0, 0, NULL}, 0xE0000010, 0, 0},
      {{0xF0000010, 0, 0, NULL}, 0xE0000010, 0, 0},  // the reserved bit
      {{0x00000010, 0, 3, arguments}, 0x10, 0, 3},   // no exception's code, but raised
      {{0xE0000010, 0, 15, arguments}, 0xE0000010, 0, 15},
      {{0xE0000010, 0, 16, arguments}, 0xE0000010, 0, 15},
      {{0xE0000010, 0, 0xFFFFFFFF, arguments}, 0xE0000010, 0, 15},
      {{0xE0000010, 0, 5, NULL}, 0xE0000010, 0, 0},
      {{0xE0000010, 0, 0, arguments}, 0xE0000010, 0, 0},
      {{0xE0000010, 0xFFFFFFFE, 0, NULL}, 0xE0000010, 0, 0},
      {{0xE0000010, 0xFFFFFFFF, 1, arguments}, 0xE0000010, EXCEPTION_NONCONTINUABLE, 1},
  };
  for (unsigned i = 0; i < sizeof rows / sizeof *rows; ++i) {
    __builtin_memset(&seen, 0xCC, sizeof seen);
    const uint64_t result = call_with_handler(raise_given, (void*)&rows[i].given, keep, "it");
    CHECK_EQ(result, rows[i].flags ? rows[i].code : 7);
    CHECK_EQ(seen.ExceptionCode, rows[i].code);
    CHECK_EQ(seen.ExceptionFlags, rows[i].flags);
    CHECK_EQ(seen.ExceptionRecord, NULL);
    CHECK_EQ(seen.NumberParameters, rows[i].number);
    for (uint32_t k = 0; k < rows[i].number; ++k) CHECK_EQ(seen.ExceptionInformation[k], 100 + k);
  }
}

extern char after_raise[];

static uint64_t raise_record(void* record) {
  RtlRaiseException(record);
  __asm__ volatile("after_raise: nop");
  return 7;
}

static void raises_records(void) {
  EXCEPTION_RECORD cause = {.ExceptionCode = 5};
  EXCEPTION_RECORD record = {.ExceptionCode = 0xF0000011,
                             .ExceptionRecord = &cause,
                             .ExceptionAddress = (void*)0xBAD,
                             .NumberParameters = 1,
                             .ExceptionInformation = {42}};
  CHECK_EQ(call_with_handler(raise_record, &record, keep, "it"), 7);
  CHECK_EQ(seen.ExceptionCode, 0xF0000011);  // nothing is cleared here
  CHECK_EQ(seen.ExceptionRecord, &cause);
  CHECK(seen.ExceptionAddress != (void*)0xBAD);
  CHECK_EQ((uintptr_t)seen.ExceptionAddress, seen_rip);
  CHECK((uintptr_t)seen.ExceptionAddress > (uintptr_t)raise_record &&
        (uintptr_t)seen.ExceptionAddress <= (uintptr_t)after_raise);
  CHECK_EQ(seen.ExceptionInformation[0], 42);
}

static void raise_only(void* code) {
  raise_code(code);
}
static uint64_t raise_through_spoiled(void* code) {
  call_spoiled(raise_only, code);
  return 7;
}
static void catch_through_spoiled(void* code) {
  restored = (int)call_with_handler(raise_through_spoiled, code, catch_it, "it");
}
static void keeps_registers(void) {
  CHECK_EQ(changed_registers(catch_through_spoiled, CODE(0x60000012)), 0);
  CHECK_EQ(restored, 0x60000012);
}

static void raise_and_resume(void* code) {
  restored = (int)call_with_handler(raise_code, code, resume, "it");
}
static void resume_keeps_registers(void) {
  CHECK_EQ(changed_registers(raise_and_resume, CODE(0xE0000013)), 0);
  CHECK_EQ(restored, 7);
}

// --- vectored handlers ---

static char order[64];
static int asked;
static void* removes_itself;

static void say(char letter) {
  if (asked < 60) order[asked++] = letter;
  order[asked] = 0;
}
static int said(const char* wanted) {
  for (int i = 0;; ++i) {
    if (order[i] != wanted[i]) return 0;
    if (!wanted[i]) return 1;
  }
}
static void forget(void) {
  asked = 0;
  order[0] = 0;
}

static long ask_a(EXCEPTION_POINTERS* e) {
  (void)e;
  say('a');
  return EXCEPTION_CONTINUE_SEARCH;
}
static long ask_b(EXCEPTION_POINTERS* e) {
  (void)e;
  say('b');
  return EXCEPTION_CONTINUE_SEARCH;
}
static long ask_once(EXCEPTION_POINTERS* e) {
  (void)e;
  say('1');
  CHECK(RemoveVectoredExceptionHandler(removes_itself));
  return EXCEPTION_CONTINUE_SEARCH;
}
static long decide(EXCEPTION_POINTERS* e) {
  (void)e;
  say('d');
  return EXCEPTION_CONTINUE_EXECUTION;
}
static long continue_c(EXCEPTION_POINTERS* e) {
  (void)e;
  say('c');
  return EXCEPTION_CONTINUE_SEARCH;
}
static long continue_end(EXCEPTION_POINTERS* e) {
  (void)e;
  say('e');
  return EXCEPTION_CONTINUE_EXECUTION;
}
static EXCEPTION_DISPOSITION say_frame(EXCEPTION_RECORD* record, void* frame, CONTEXT* context, DISPATCHER_CONTEXT* d) {
  (void)frame, (void)context, (void)d;
  if (!(record->ExceptionFlags & EXCEPTION_UNWIND)) say('f');
  return ExceptionContinueExecution;
}

static void asks_vectored_handlers(void) {
  void* const a = AddVectoredExceptionHandler(0, ask_a);
  void* const b = AddVectoredExceptionHandler(1, ask_b);
  removes_itself = AddVectoredExceptionHandler(0, ask_once);
  void* const c = AddVectoredContinueHandler(0, continue_c);
  forget();
  CHECK_EQ(call_with_handler(raise_code, CODE(0xE0000014), say_frame, "it"), 7);
  CHECK(said("ba1fc"));
  forget();
  CHECK_EQ(call_with_handler(raise_code, CODE(0xE0000014), say_frame, "it"), 7);
  CHECK(said("bafc"));
  void* const d = AddVectoredExceptionHandler(1, decide);
  void* const e = AddVectoredContinueHandler(1, continue_end);
  forget();
  CHECK_EQ(raise_code(CODE(0xE0000014)), 7);
  CHECK(said("de"));
  count = 0;
  CHECK(RemoveVectoredExceptionHandler(d));
  forget();
  CHECK_EQ(call_with_handler(raise_code, CODE(0xE0000014), catch_it, "it"), 0xE0000014);
  CHECK(said("ba"));  // executing a handler continues nothing
  CHECK(RemoveVectoredContinueHandler(e) && RemoveVectoredContinueHandler(c));
  CHECK(RemoveVectoredExceptionHandler(a) && RemoveVectoredExceptionHandler(b));
  CHECK(!RemoveVectoredExceptionHandler(a));
}

static long skip_fault(EXCEPTION_POINTERS* e) {
  if (e->ExceptionRecord->ExceptionCode != STATUS_ACCESS_VIOLATION) return EXCEPTION_CONTINUE_SEARCH;
  e->ContextRecord->Rip += 3;  // mov rax, [rcx]
  e->ContextRecord->Rax = 55;
  e->ContextRecord->Xmm[6].Low = 0x5656565656565656;
  return EXCEPTION_CONTINUE_EXECUTION;
}
static void read_null(void* unused) {
  (void)unused;
  uint64_t value;
  __asm__ volatile("xorl %%ecx, %%ecx\n movq (%%rcx), %%rax" : "=a"(value)::"rcx");
  restored = (int)value;
}

static void resumes_changed(void) {
  void* const handler = AddVectoredExceptionHandler(1, skip_fault);
  CHECK_EQ(changed_registers(read_null, NULL), 0);
  CHECK_EQ(restored, 55);
  RemoveVectoredExceptionHandler(handler);
}

// --- walks from handlers ---

static void* trace[64];
static int traced;

static EXCEPTION_DISPOSITION trace_it(EXCEPTION_RECORD* record, void* frame, CONTEXT* context, DISPATCHER_CONTEXT* d) {
  traced = RtlCaptureStackBackTrace(0, 64, trace, NULL);
  return pass_on(record, frame, context, d);
}
static uint64_t trace_inside(void* code) {
  return call_with_handler(raise_code, code, trace_it, "inner");
}
static EXCEPTION_DISPOSITION count_trace(EXCEPTION_RECORD* record, void* frame, CONTEXT* context,
                                         DISPATCHER_CONTEXT* d) {
  int calls_of_raise = 0;
  for (int i = 0; i < traced; ++i) calls_of_raise += trace[i] == call_with_handler_return;
  CHECK_EQ(calls_of_raise, 2);  // those of raise_code and trace_inside
  traced = 0;
  return catch_it(record, frame, context, d);
}
static void traces_through_handlers(void) {
  CHECK_EQ(call_with_handler(trace_inside, CODE(0xE000001B), count_trace, "outer"), 0xE000001B);
}

// --- the unhandled filter ---

static long resume_unhandled(EXCEPTION_POINTERS* e) {
  say('u');
  CHECK_EQ(e->ExceptionRecord->ExceptionCode, 0xE0000015);
  return EXCEPTION_CONTINUE_EXECUTION;
}

static unsigned long raise_unhandled(void* unused) {
  (void)unused;
  return (unsigned long)call_with_handler(raise_code, CODE(0xE0000015), pass_on, "it");
}

static void asks_the_unhandled_filter(void) {
  Filter* const before = SetUnhandledExceptionFilter(resume_unhandled);
  forget();
  CHECK_EQ(in_a_thread(raise_unhandled), 7);
  CHECK(said("u"));
  CHECK_EQ(SetUnhandledExceptionFilter(before), resume_unhandled);
}

// --- flags ---

static uint64_t flags_at_entry;

static EXCEPTION_DISPOSITION see_flags(EXCEPTION_RECORD* record, void* frame, CONTEXT* context, DISPATCHER_CONTEXT* d) {
  __asm__ volatile("pushfq\n popq %0" : "=r"(flags_at_entry));
  if (record->ExceptionFlags & EXCEPTION_UNWIND) return ExceptionContinueSearch;
  CHECK_EQ(context->EFlags & 0x400, 0x400);
  return catch_it(record, frame, context, d);
}
static uint64_t fault_backwards(void* unused) {
  (void)unused;
  __asm__ volatile("std\n xorl %%ecx, %%ecx\n movq (%%rcx), %%rax\n cld" ::: "rax", "rcx");
  return 7;
}

static void clears_flags(void) {
  flags_at_entry = ~0ull;
  CHECK_EQ(call_with_handler(fault_backwards, NULL, see_flags, "it"), STATUS_ACCESS_VIOLATION);
  uint64_t flags_behind;
  __asm__ volatile("pushfq\n popq %0\n cld" : "=r"(flags_behind));
  CHECK_EQ(flags_behind & 0x400, 0);
  CHECK_EQ(flags_at_entry & 0x40500, 0);  // direction, trap and alignment check
}

static uint32_t mxcsr_now(void) {
  uint32_t value;
  __asm__ volatile("stmxcsr %0" : "=m"(value));
  return value;
}
static uint32_t mxcsr_in_handler;

static EXCEPTION_DISPOSITION see_mxcsr(EXCEPTION_RECORD* record, void* frame, CONTEXT* context, DISPATCHER_CONTEXT* d) {
  if (record->ExceptionFlags & EXCEPTION_UNWIND) return ExceptionContinueSearch;
  mxcsr_in_handler = mxcsr_now();
  CHECK_EQ(context->MxCsr & 0xFFC0, 0x7F80);
  return resume(record, frame, context, d);
}
static void resumes_with_its_modes(void) {
  const uint32_t before = mxcsr_now(), rounds_up_and_to_zero = 0x7F80;
  count = 0;
  __asm__ volatile("ldmxcsr %0" ::"m"(rounds_up_and_to_zero));
  call_with_handler(raise_code, CODE(0xE0000016), see_mxcsr, "it");
  const uint32_t after = mxcsr_now();
  __asm__ volatile("ldmxcsr %0" ::"m"(before));
  CHECK_EQ(after & 0xFFC0, rounds_up_and_to_zero);
}

static EXCEPTION_DISPOSITION see_segments(EXCEPTION_RECORD* record, void* frame, CONTEXT* context,
                                          DISPATCHER_CONTEXT* d) {
  if (record->ExceptionFlags & EXCEPTION_UNWIND) return ExceptionContinueSearch;
  CHECK_EQ(context->SegCs, 0x33);
  CHECK_EQ(context->SegDs, 0x2B);
  CHECK_EQ(context->SegEs, 0x2B);
  CHECK_EQ(context->SegFs, 0x53);
  CHECK_EQ(context->SegGs, 0x2B);
  CHECK_EQ(context->SegSs, 0x2B);
  return catch_it(record, frame, context, d);
}
static uint64_t fault(void* unused) {
  read_null(unused);
  return 7;
}
static void shows_segments(void) {
  CHECK_EQ(call_with_handler(fault, NULL, see_segments, "it"), STATUS_ACCESS_VIOLATION);
  CHECK_EQ(call_with_handler(raise_code, CODE(0xE0000017), see_segments, "it"), 0xE0000017);
}

static const Test table[] = {
    {"EH-30", "vectored handlers in order, frames, continue handlers", asks_vectored_handlers},
    {"EH-30 EH-37", "continuing takes the changed context and no other register", resumes_changed},
    {"EH-31 EH-35", "frames are asked from the innermost out, and unwound up to the one that wants it", walks_frames},
    {"EH-32", "a handler that continues continues", continues},
    {"EH-32 EH-40", "a noncontinuable exception is not continued", refuses_to_continue},
    {"EH-32 EH-35", "a disposition that is none is an exception", refuses_nonsense},
    {"EH-33", "what a handler is told about its frame", describes_frames},
    {"EH-34", "an exception in a handler is nested up to the frame that was asked", nests},
    {"EH-35", "RtlUnwind cleans up and returns its result in the target", unwinds},
    {"EH-34", "a stack trace goes from a handler to the frames that were interrupted", traces_through_handlers},
    {"EH-35 EH-36", "an unwind for exit can be ended by another", unwinds_for_exit},
    {"EH-35 EH-32", "an unwind past its target is an exception", misses_its_target},
    {"EH-36", "an unwind out of a clean-up goes on where that was", collides},
    {"EH-37", "a consolidation runs its callback below and is found by walks", consolidates},
    {"EH-37 EH-38", "a jump record restores the buffer's registers", jumps_by_record},
    {"EH-41", "a captured context is restored, again and again", restores},
    {"EH-31 EH-35", "records on the TEB are asked with the frames they lie in, and an unwind unlinks them",
     asks_records},
    {"EH-32", "a record's handler that continues continues", records_continue},
    {"EH-35", "an unwind may end at a record, which stays", records_catch},
    {"EH-35", "RtlUnwind unlinks the records below its target", unwinds_past_records},
    {"EH-40", "RaiseException and all its arguments", raises},
    {"EH-40 EH-45", "RtlRaiseException takes the record as it is", raises_records},
    {"EH-42", "the unhandled filter may continue", asks_the_unhandled_filter},
    {"EH-45", "records and contexts are where their fields are", lays_out_records},
    {"EH-35 EH-44", "an unwind restores all non-volatile registers", keeps_registers},
    {"EH-30 EH-40", "raising and continuing changes no non-volatile register", resume_keeps_registers},
    {"EH-50", "handlers begin with the flags clear", clears_flags},
    {"EH-52", "continuing restores the rounding modes", resumes_with_its_modes},
    {"EH-53", "contexts show the segment registers of Windows", shows_segments},
    {NULL, NULL, NULL},
};

TESTS(table)

int DllMain(void* base, unsigned long reason, void* reserved) {
  (void)base, (void)reason, (void)reserved;
  return 1;
}

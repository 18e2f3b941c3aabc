// What the exception test DLLs share. Each is a table of tests that tests/e2e/exceptions.c runs. Several compilers make
// them, and one has no headers for Windows; so what they need of it is declared here.
#pragma once

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
#define C_NAMES extern "C" {
#define END_C_NAMES }
#else
#define C_NAMES
#define END_C_NAMES
#endif

C_NAMES

#define EXPORT __declspec(dllexport)
#define IMPORT __declspec(dllimport)

// --- tests ---

typedef struct {
  const char *rules, *sentence;
  void (*run)(void);
} Test;

// The program's answer to a check that failed.
typedef void Failed(int line, const char* text, long long got, long long wanted);
extern Failed* failed;

static inline int check(int line, const char* text, long long got, long long wanted) {
  if (got != wanted) failed(line, text, got, wanted);
  return got == wanted;
}
#define CHECK(condition) check(__LINE__, #condition, (condition) != 0, 1)
#define CHECK_EQ(got, wanted) check(__LINE__, #got, (long long)(got), (long long)(wanted))

// Defines what the program asks for; the last row of the table is empty.
#define TESTS(table)                        \
  Failed* failed;                           \
  EXPORT const Test* tests(Failed* report); \
  const Test* tests(Failed* report) {       \
    failed = report;                        \
    return table;                           \
  }

// --- Windows ---

typedef struct EXCEPTION_RECORD {
  uint32_t ExceptionCode, ExceptionFlags;
  struct EXCEPTION_RECORD* ExceptionRecord;
  void* ExceptionAddress;
  uint32_t NumberParameters;
  uintptr_t ExceptionInformation[15];
} EXCEPTION_RECORD;

typedef struct {
  uint64_t Low, High;
} M128A;

typedef struct {
  __attribute__((aligned(16))) uint64_t Home[6];
  uint32_t ContextFlags, MxCsr;
  uint16_t SegCs, SegDs, SegEs, SegFs, SegGs, SegSs;
  uint32_t EFlags;
  uint64_t Dr[6];
  uint64_t Rax, Rcx, Rdx, Rbx, Rsp, Rbp, Rsi, Rdi, R8, R9, R10, R11, R12, R13, R14, R15, Rip;
  uint8_t FltSaveBegin[32];
  M128A FloatRegisters[8], Xmm[16];
  uint8_t Rest[0x4D0 - 0x2A0];
} CONTEXT;
typedef char ContextSize[sizeof(CONTEXT) == 0x4D0 && offsetof(CONTEXT, Rip) == 0xF8 ? 1 : -1];

typedef struct {
  EXCEPTION_RECORD* ExceptionRecord;
  CONTEXT* ContextRecord;
} EXCEPTION_POINTERS;

typedef struct DISPATCHER_CONTEXT {
  uintptr_t ControlPc, ImageBase;
  uint32_t* FunctionEntry;
  uintptr_t EstablisherFrame, TargetIp;
  CONTEXT* ContextRecord;
  void *LanguageHandler, *HandlerData, *HistoryTable;
  uint32_t ScopeIndex, Fill0;
} DISPATCHER_CONTEXT;

typedef enum {
  ExceptionContinueExecution,
  ExceptionContinueSearch,
  ExceptionNestedException,
  ExceptionCollidedUnwind
} EXCEPTION_DISPOSITION;
typedef EXCEPTION_DISPOSITION Handler(EXCEPTION_RECORD*, void* frame, CONTEXT*, DISPATCHER_CONTEXT*);

#define EXCEPTION_NONCONTINUABLE 0x01u
#define EXCEPTION_UNWINDING 0x02u
#define EXCEPTION_EXIT_UNWIND 0x04u
#define EXCEPTION_STACK_INVALID 0x08u
#define EXCEPTION_NESTED_CALL 0x10u
#define EXCEPTION_TARGET_UNWIND 0x20u
#define EXCEPTION_COLLIDED_UNWIND 0x40u
#define EXCEPTION_UNWIND 0x66u

#define EXCEPTION_EXECUTE_HANDLER 1
#define EXCEPTION_CONTINUE_SEARCH 0
#define EXCEPTION_CONTINUE_EXECUTION (-1)

#define STATUS_LONGJUMP 0x80000026u
#define STATUS_UNWIND_CONSOLIDATE 0x80000029u
#define STATUS_ACCESS_VIOLATION 0xC0000005u
#define STATUS_NO_MEMORY 0xC0000017u
#define STATUS_NONCONTINUABLE_EXCEPTION 0xC0000025u
#define STATUS_INVALID_DISPOSITION 0xC0000026u
#define STATUS_UNWIND 0xC0000027u
#define STATUS_INVALID_UNWIND_TARGET 0xC0000029u
#define STATUS_INTEGER_DIVIDE_BY_ZERO 0xC0000094u

typedef long Filter(EXCEPTION_POINTERS*);

IMPORT void RaiseException(unsigned long code, unsigned long flags, unsigned long count, const uintptr_t* arguments);
IMPORT void RtlRaiseException(EXCEPTION_RECORD*);
IMPORT void RtlCaptureContext(CONTEXT*);
IMPORT void RtlRestoreContext(CONTEXT*, EXCEPTION_RECORD*);
IMPORT uint16_t RtlCaptureStackBackTrace(unsigned long skip, unsigned long count, void** frames, unsigned long* hash);
IMPORT void RtlUnwind(void* frame, void* ip, EXCEPTION_RECORD*, void* result);
IMPORT void RtlUnwindEx(void* frame, void* ip, EXCEPTION_RECORD*, void* result, CONTEXT*, void* history);
IMPORT void* AddVectoredExceptionHandler(unsigned long first, Filter*);
IMPORT unsigned long RemoveVectoredExceptionHandler(void*);
IMPORT void* AddVectoredContinueHandler(unsigned long first, Filter*);
IMPORT unsigned long RemoveVectoredContinueHandler(void*);
IMPORT Filter* SetUnhandledExceptionFilter(Filter*);
IMPORT void* CreateThread(void*, size_t, unsigned long (*)(void*), void*, unsigned long, unsigned long*);
IMPORT unsigned long WaitForSingleObject(void*, unsigned long);
IMPORT int GetExitCodeThread(void*, unsigned long*);
IMPORT int CloseHandle(void*);
IMPORT __attribute__((noreturn)) void ExitThread(unsigned long);
IMPORT void* GetModuleHandleA(const char*);
IMPORT void* VirtualAlloc(void*, size_t, unsigned long kind, unsigned long rights);
IMPORT int VirtualFree(void*, size_t, unsigned long kind);
#define HEAP_GENERATE_EXCEPTIONS 4u
IMPORT void* HeapCreate(unsigned long flags, size_t size, size_t most);
IMPORT int HeapDestroy(void* heap);
IMPORT void* HeapAlloc(void* heap, unsigned long flags, size_t size);
IMPORT void* HeapReAlloc(void* heap, unsigned long flags, void* block, size_t size);
IMPORT void* GetProcAddress(void*, const char*);

// Some questions end a process under Wine 8.
static inline int on_wine(void) {
  return GetProcAddress(GetModuleHandleA("ntdll.dll"), "wine_get_version") != NULL;
}

// Runs `function` in a thread of its own; its exit code.
static inline unsigned long in_a_thread(unsigned long (*function)(void*)) {
  unsigned long code = 0;
  void* const thread = CreateThread(NULL, 0, function, NULL, 0, NULL);
  WaitForSingleObject(thread, 0xFFFFFFFF);
  GetExitCodeThread(thread, &code);
  CloseHandle(thread);
  return code;
}

// --- frames.S ---

// Calls the function with all non-volatile registers set to known values; how many are changed after.
int changed_registers(void (*function)(void*), void* argument);
// Saves all non-volatile registers in its frame, sets them to other values, and calls the function.
void call_spoiled(void (*function)(void*), void* argument);
// Calls the function in a frame whose language handler is `handler`. An unwind to this frame returns what the unwinder
// was given as the result, as the function's own result.
uint64_t call_with_handler(uint64_t (*function)(void*), void* argument, Handler* handler, void* data);
extern char call_with_handler_return[];  // the address to unwind to
// The same by a record on the TEB's list, as Wine's runtimes make them; it is what its handler knows as the frame. The
// frame itself has no language handler.
uint64_t call_with_record(uint64_t (*function)(void*), void* argument, Handler* handler, void* data);
extern char call_with_record_return[];
// The data of call_with_handler's frame, given its establisher; of call_with_record's, given the record.
static inline void* data_of(const void* frame) {
  return ((void* const*)frame)[5];
}
static inline void* first_record(void) {
  void* record;
  __asm__ volatile("movq %%gs:0, %0" : "=r"(record));
  return record;
}

END_C_NAMES

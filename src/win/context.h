// Processor contexts and exceptions, as winnt.h lays them out for x64: rules EH-01, EH-33, EH-45.
#pragma once

#include "win/types.h"

namespace hmodule {

struct alignas(16) M128A {
  ULONGLONG Low;
  LONGLONG High;
};

// The fxsave area.
struct alignas(16) XSAVE_FORMAT {
  WORD ControlWord, StatusWord;
  BYTE TagWord, Reserved1;
  WORD ErrorOpcode;
  DWORD ErrorOffset;
  WORD ErrorSelector, Reserved2;
  DWORD DataOffset;
  WORD DataSelector, Reserved3;
  DWORD MxCsr, MxCsr_Mask;
  M128A FloatRegisters[8], XmmRegisters[16];
  BYTE Reserved4[96];
};
static_assert(sizeof(XSAVE_FORMAT) == 512 && offsetof(XSAVE_FORMAT, XmmRegisters) == 0xA0);

inline constexpr DWORD CONTEXT_AMD64 = 0x100000, CONTEXT_CONTROL = CONTEXT_AMD64 | 1,
                       CONTEXT_INTEGER = CONTEXT_AMD64 | 2, CONTEXT_SEGMENTS = CONTEXT_AMD64 | 4,
                       CONTEXT_FLOATING_POINT = CONTEXT_AMD64 | 8, CONTEXT_DEBUG_REGISTERS = CONTEXT_AMD64 | 0x10,
                       CONTEXT_FULL = CONTEXT_CONTROL | CONTEXT_INTEGER | CONTEXT_FLOATING_POINT,
                       CONTEXT_ALL = CONTEXT_FULL | CONTEXT_SEGMENTS | CONTEXT_DEBUG_REGISTERS,
                       CONTEXT_XSTATE = CONTEXT_AMD64 | 0x40, CONTEXT_UNWOUND_TO_CALL = 0x20000000;

struct alignas(16) CONTEXT {
  ULONGLONG P1Home, P2Home, P3Home, P4Home, P5Home, P6Home;
  DWORD ContextFlags;  // 0x30
  DWORD MxCsr;
  WORD SegCs, SegDs, SegEs, SegFs, SegGs, SegSs;
  DWORD EFlags;  // 0x44
  ULONGLONG Dr0, Dr1, Dr2, Dr3, Dr6, Dr7;
  ULONGLONG Rax, Rcx, Rdx, Rbx, Rsp, Rbp, Rsi, Rdi, R8, R9, R10, R11, R12, R13, R14, R15;  // 0x78
  ULONGLONG Rip;                                                                           // 0xF8
  XSAVE_FORMAT FltSave;                                                                    // 0x100
  M128A VectorRegister[26];                                                                // 0x300
  ULONGLONG VectorControl, DebugControl, LastBranchToRip, LastBranchFromRip, LastExceptionToRip, LastExceptionFromRip;

  // The general registers by their number in instruction and unwind encodings.
  ULONGLONG& reg(unsigned number) { return (&Rax)[number]; }
  const ULONGLONG& reg(unsigned number) const { return (&Rax)[number]; }
  M128A& xmm(unsigned number) { return FltSave.XmmRegisters[number]; }
};
static_assert(offsetof(CONTEXT, ContextFlags) == 0x30 && offsetof(CONTEXT, MxCsr) == 0x34);
static_assert(offsetof(CONTEXT, SegCs) == 0x38 && offsetof(CONTEXT, EFlags) == 0x44);
static_assert(offsetof(CONTEXT, Rax) == 0x78 && offsetof(CONTEXT, Rsp) == 0x98 && offsetof(CONTEXT, R15) == 0xF0);
static_assert(offsetof(CONTEXT, Rip) == 0xF8 && offsetof(CONTEXT, FltSave) == 0x100);
static_assert(offsetof(CONTEXT, FltSave.XmmRegisters) == 0x1A0 && offsetof(CONTEXT, VectorRegister) == 0x300);
static_assert(sizeof(CONTEXT) == 0x4D0);

// What follows a CONTEXT with CONTEXT_XSTATE in its flags. Offsets count from the CONTEXT_EX.
struct CONTEXT_CHUNK {
  LONG Offset;
  DWORD Length;
};
struct CONTEXT_EX {
  CONTEXT_CHUNK All, Legacy, XState;
};
static_assert(sizeof(CONTEXT_EX) == 24);

inline constexpr DWORD EXCEPTION_NONCONTINUABLE = 0x1, EXCEPTION_UNWINDING = 0x2, EXCEPTION_EXIT_UNWIND = 0x4,
                       EXCEPTION_STACK_INVALID = 0x8, EXCEPTION_NESTED_CALL = 0x10, EXCEPTION_TARGET_UNWIND = 0x20,
                       EXCEPTION_COLLIDED_UNWIND = 0x40, EXCEPTION_UNWIND = 0x66;
inline constexpr ULONG EXCEPTION_MAXIMUM_PARAMETERS = 15;

struct EXCEPTION_RECORD {
  NTSTATUS ExceptionCode;
  DWORD ExceptionFlags;
  EXCEPTION_RECORD* ExceptionRecord;
  void* ExceptionAddress;
  DWORD NumberParameters;
  ULONG_PTR ExceptionInformation[EXCEPTION_MAXIMUM_PARAMETERS];
};
static_assert(offsetof(EXCEPTION_RECORD, ExceptionRecord) == 8 && offsetof(EXCEPTION_RECORD, ExceptionAddress) == 0x10);
static_assert(offsetof(EXCEPTION_RECORD, ExceptionInformation) == 0x20 && sizeof(EXCEPTION_RECORD) == 0x98);

struct EXCEPTION_POINTERS {
  EXCEPTION_RECORD* ExceptionRecord;
  CONTEXT* ContextRecord;
};

struct RUNTIME_FUNCTION {
  ULONG BeginAddress, EndAddress, UnwindData;  // RVAs; the end is exclusive
};
static_assert(sizeof(RUNTIME_FUNCTION) == 12);

struct UNWIND_HISTORY_TABLE;

enum EXCEPTION_DISPOSITION : int {
  ExceptionContinueExecution,
  ExceptionContinueSearch,
  ExceptionNestedException,
  ExceptionCollidedUnwind,
};

struct DISPATCHER_CONTEXT;
using EXCEPTION_ROUTINE = HM_WINAPI EXCEPTION_DISPOSITION(EXCEPTION_RECORD* record, void* establisher_frame,
                                                          CONTEXT* context, DISPATCHER_CONTEXT* dispatcher);

struct DISPATCHER_CONTEXT {
  ULONG_PTR ControlPc, ImageBase;
  RUNTIME_FUNCTION* FunctionEntry;  // 0x10
  ULONG_PTR EstablisherFrame, TargetIp;
  CONTEXT* ContextRecord;  // 0x28
  EXCEPTION_ROUTINE* LanguageHandler;
  void* HandlerData;  // 0x38
  UNWIND_HISTORY_TABLE* HistoryTable;
  ULONG ScopeIndex, Fill0;  // 0x48
};
static_assert(offsetof(DISPATCHER_CONTEXT, FunctionEntry) == 0x10 &&
              offsetof(DISPATCHER_CONTEXT, ContextRecord) == 0x28);
static_assert(offsetof(DISPATCHER_CONTEXT, HandlerData) == 0x38 && offsetof(DISPATCHER_CONTEXT, ScopeIndex) == 0x48);

// Where RtlVirtualUnwind found each register (EH-12).
struct KNONVOLATILE_CONTEXT_POINTERS {
  M128A* FloatingContext[16];
  ULONGLONG* IntegerContext[16];
};

// EH-30, EH-42.
inline constexpr LONG EXCEPTION_EXECUTE_HANDLER = 1, EXCEPTION_CONTINUE_SEARCH = 0, EXCEPTION_CONTINUE_EXECUTION = -1;
using PVECTORED_EXCEPTION_HANDLER = HM_WINAPI LONG (*)(EXCEPTION_POINTERS*);
using LPTOP_LEVEL_EXCEPTION_FILTER = PVECTORED_EXCEPTION_HANDLER;

}  // namespace hmodule

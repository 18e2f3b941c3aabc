// Debugging other processes (DbgUi*): there is no debug object here, so nobody can attach to anybody. Linux's debuggers
// can (docs/debugging.md). What such an object would say can be converted all the same.
#include "module/builtin.h"
#include "nt/handle_table.h"
#include "nt/thread.h"
#include "thread/teb.h"
#include "win/context.h"
#include "winapi/ntdll/nt_args.h"

namespace hmodule::winapi {
namespace {

Error no_debug_objects() {
  return fail(STATUS_NOT_SUPPORTED, "there are no debug objects; use a debugger of Linux");
}

HM_WINAPI NTSTATUS DbgUiConnectToDbg() noexcept {
  return status_of([]() -> Status { return no_debug_objects(); });
}
HM_WINAPI HANDLE DbgUiGetThreadDebugObject() noexcept {
  return nullptr;  // what a thread has that never connected
}
HM_WINAPI NTSTATUS DbgUiDebugActiveProcess(HANDLE) noexcept {
  return status_of([]() -> Status { return no_debug_objects(); });
}
HM_WINAPI NTSTATUS DbgUiIssueRemoteBreakin(HANDLE) noexcept {
  return status_of([]() -> Status { return no_debug_objects(); });
}
// These want the debug object that DbgUiConnectToDbg did not make.
HM_WINAPI NTSTATUS DbgUiStopDebugging(HANDLE) noexcept {
  return STATUS_INVALID_HANDLE;
}
HM_WINAPI NTSTATUS DbgUiContinue(const CLIENT_ID*, NTSTATUS) noexcept {
  return STATUS_INVALID_HANDLE;
}
HM_WINAPI NTSTATUS DbgUiWaitStateChange(void*, const LARGE_INTEGER*) noexcept {
  return STATUS_INVALID_HANDLE;
}
// --- What a debug object says, and what WaitForDebugEvent makes of it ---

enum DBG_STATE : ULONG {
  DbgIdle,
  DbgReplyPending,
  DbgCreateThreadStateChange,
  DbgCreateProcessStateChange,
  DbgExitThreadStateChange,
  DbgExitProcessStateChange,
  DbgExceptionStateChange,
  DbgBreakpointStateChange,
  DbgSingleStepStateChange,
  DbgLoadDllStateChange,
  DbgUnloadDllStateChange,
};

struct DBGKM_CREATE_THREAD {
  ULONG SubSystemKey;
  void* StartAddress;
};
struct DBGKM_LOADED {  // DBGKM_LOAD_DLL, and in the middle of DBGKM_CREATE_PROCESS
  HANDLE FileHandle;
  void* Base;
  ULONG DebugInfoFileOffset, DebugInfoSize;
};
struct DBGUI_WAIT_STATE_CHANGE {
  DBG_STATE NewState;
  CLIENT_ID AppClientId;
  union {
    struct {
      HANDLE HandleToThread;
      DBGKM_CREATE_THREAD NewThread;
    } CreateThread;
    struct {
      HANDLE HandleToProcess, HandleToThread;
      ULONG SubSystemKey;
      DBGKM_LOADED Image;
      DBGKM_CREATE_THREAD InitialThread;
    } CreateProcess;
    struct {
      NTSTATUS ExitStatus;
    } Exit;  // of a thread or a process
    struct {
      EXCEPTION_RECORD ExceptionRecord;
      ULONG FirstChance;
    } Exception;  // breakpoints and single steps, too
    struct {
      DBGKM_LOADED Image;
      void* NamePointer;
    } LoadDll;
    struct {
      void* BaseAddress;
    } UnloadDll;
  } StateInfo;
};
static_assert(offsetof(DBGUI_WAIT_STATE_CHANGE, StateInfo) == 0x18 && sizeof(DBGUI_WAIT_STATE_CHANGE) == 0xB8);
static_assert(offsetof(DBGUI_WAIT_STATE_CHANGE, StateInfo.CreateProcess.InitialThread) == 0x48);
static_assert(offsetof(DBGUI_WAIT_STATE_CHANGE, StateInfo.LoadDll.NamePointer) == 0x30);

// debugapi.h
enum DebugEventCode : DWORD {
  EXCEPTION_DEBUG_EVENT = 1,
  CREATE_THREAD_DEBUG_EVENT,
  CREATE_PROCESS_DEBUG_EVENT,
  EXIT_THREAD_DEBUG_EVENT,
  EXIT_PROCESS_DEBUG_EVENT,
  LOAD_DLL_DEBUG_EVENT,
  UNLOAD_DLL_DEBUG_EVENT,
  OUTPUT_DEBUG_STRING_EVENT,
  RIP_EVENT,
};
struct DEBUG_EVENT {
  DebugEventCode dwDebugEventCode;
  DWORD dwProcessId, dwThreadId;
  union {
    struct {
      EXCEPTION_RECORD ExceptionRecord;
      DWORD dwFirstChance;
    } Exception;
    struct {
      HANDLE hThread;
      void *lpThreadLocalBase, *lpStartAddress;
    } CreateThread;
    struct {
      HANDLE hFile, hProcess, hThread;
      void* lpBaseOfImage;
      DWORD dwDebugInfoFileOffset, nDebugInfoSize;
      void *lpThreadLocalBase, *lpStartAddress, *lpImageName;
      WORD fUnicode;
    } CreateProcessInfo;
    struct {
      DWORD dwExitCode;
    } Exit;
    struct {
      HANDLE hFile;
      void* lpBaseOfDll;
      DWORD dwDebugInfoFileOffset, nDebugInfoSize;
      void* lpImageName;
      WORD fUnicode;
    } LoadDll;
    struct {
      void* lpBaseOfDll;
    } UnloadDll;
    struct {
      void* lpDebugStringData;
      WORD fUnicode, nDebugStringLength;
    } DebugString;
    struct {
      DWORD dwError, dwType;
    } RipInfo;
  } u;
};
static_assert(offsetof(DEBUG_EVENT, u) == 0x10 && sizeof(DEBUG_EVENT) == 0xB0);

// Exceptions that carry a message: a debugger hears of it, not of an exception.
constexpr NTSTATUS DBG_PRINTEXCEPTION_C = 0x40010006, DBG_RIPEXCEPTION = 0x40010007;

// Of a thread that can be asked.
void* local_base(HANDLE handle) {
  const auto thread = nt::object_of<nt::Thread>(handle, nt::THREAD_QUERY_LIMITED_INFORMATION);
  return thread ? (*thread)->teb() : nullptr;
}

void convert_exception(const EXCEPTION_RECORD& record, ULONG first_chance, DEBUG_EVENT& event) {
  const auto& parameters = record.ExceptionInformation;
  switch (record.ExceptionCode) {
    case DBG_PRINTEXCEPTION_C:
      event.dwDebugEventCode = OUTPUT_DEBUG_STRING_EVENT;
      event.u.DebugString = {reinterpret_cast<void*>(parameters[1]), FALSE, static_cast<WORD>(parameters[0])};
      return;
    case DBG_RIPEXCEPTION:
      event.dwDebugEventCode = RIP_EVENT;
      event.u.RipInfo = {static_cast<DWORD>(parameters[0]), static_cast<DWORD>(parameters[1])};
      return;
    default:
      event.dwDebugEventCode = EXCEPTION_DEBUG_EVENT;
      event.u.Exception = {record, first_chance};
  }
}

Status convert(const DBGUI_WAIT_STATE_CHANGE& change, DEBUG_EVENT& event) {
  const auto& info = change.StateInfo;
  switch (change.NewState) {
    case DbgCreateThreadStateChange:
      event.dwDebugEventCode = CREATE_THREAD_DEBUG_EVENT;
      event.u.CreateThread = {info.CreateThread.HandleToThread, local_base(info.CreateThread.HandleToThread),
                              info.CreateThread.NewThread.StartAddress};
      return ok;
    case DbgCreateProcessStateChange: {
      const auto& made = info.CreateProcess;
      event.dwDebugEventCode = CREATE_PROCESS_DEBUG_EVENT;
      event.u.CreateProcessInfo = {made.Image.FileHandle,
                                   made.HandleToProcess,
                                   made.HandleToThread,
                                   made.Image.Base,
                                   made.Image.DebugInfoFileOffset,
                                   made.Image.DebugInfoSize,
                                   local_base(made.HandleToThread),
                                   made.InitialThread.StartAddress,
                                   nullptr,
                                   TRUE};
      return ok;
    }
    case DbgExitThreadStateChange:
    case DbgExitProcessStateChange:
      event.dwDebugEventCode =
          change.NewState == DbgExitThreadStateChange ? EXIT_THREAD_DEBUG_EVENT : EXIT_PROCESS_DEBUG_EVENT;
      event.u.Exit = {static_cast<DWORD>(info.Exit.ExitStatus)};
      return ok;
    case DbgExceptionStateChange:
    case DbgBreakpointStateChange:
    case DbgSingleStepStateChange:
      convert_exception(info.Exception.ExceptionRecord, info.Exception.FirstChance, event);
      return ok;
    case DbgLoadDllStateChange: {
      const DBGKM_LOADED& image = info.LoadDll.Image;
      event.dwDebugEventCode = LOAD_DLL_DEBUG_EVENT;
      event.u.LoadDll = {image.FileHandle,         image.Base, image.DebugInfoFileOffset, image.DebugInfoSize,
                         info.LoadDll.NamePointer, TRUE};
      return ok;
    }
    case DbgUnloadDllStateChange:
      event.dwDebugEventCode = UNLOAD_DLL_DEBUG_EVENT;
      event.u.UnloadDll = {info.UnloadDll.BaseAddress};
      return ok;
    default:
      return fail(STATUS_UNSUCCESSFUL, "debug state {} is no event", static_cast<ULONG>(change.NewState));
  }
}

HM_WINAPI NTSTATUS DbgUiConvertStateChangeStructure(const DBGUI_WAIT_STATE_CHANGE* change,
                                                    DEBUG_EVENT* event) noexcept {
  return status_of([&]() -> Status {
    const auto id = [](HANDLE handle) { return static_cast<DWORD>(reinterpret_cast<std::uintptr_t>(handle)); };
    TRY(require(change));
    TRY(require(event));
    event->dwProcessId = id(change->AppClientId.UniqueProcess);
    event->dwThreadId = id(change->AppClientId.UniqueThread);
    return convert(*change, *event);
  });
}

HM_WINAPI NTSTATUS NtSetInformationDebugObject(HANDLE, LONG, void*, ULONG, ULONG*) noexcept {
  return STATUS_INVALID_HANDLE;
}

constexpr const char kNone[] = "there are no debug objects: fails, as without one";

const Export kRows[] = {
    {"DbgUiConnectToDbg", proc(DbgUiConnectToDbg), Support::partial, kNone},
    {"DbgUiContinue", proc(DbgUiContinue), Support::partial, kNone},
    {"DbgUiConvertStateChangeStructure", proc(DbgUiConvertStateChangeStructure)},
    {"DbgUiDebugActiveProcess", proc(DbgUiDebugActiveProcess), Support::partial, kNone},
    {"DbgUiGetThreadDebugObject", proc(DbgUiGetThreadDebugObject)},
    {"DbgUiIssueRemoteBreakin", proc(DbgUiIssueRemoteBreakin), Support::partial, kNone},
    {"DbgUiStopDebugging", proc(DbgUiStopDebugging), Support::partial, kNone},
    {"DbgUiWaitStateChange", proc(DbgUiWaitStateChange), Support::partial, kNone},
    {"NtSetInformationDebugObject", proc(NtSetInformationDebugObject), Support::partial, kNone},
};

}  // namespace

extern const ExportTable debug_ui_exports = kRows;

}  // namespace hmodule::winapi

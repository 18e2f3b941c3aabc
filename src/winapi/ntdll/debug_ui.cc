// Debugging other processes (DbgUi*): there is no debug object here, so nobody can attach to anybody. Linux's debuggers
// can (docs/debugging.md).
#include "module/builtin.h"
#include "thread/teb.h"
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
HM_WINAPI NTSTATUS NtSetInformationDebugObject(HANDLE, LONG, void*, ULONG, ULONG*) noexcept {
  return STATUS_INVALID_HANDLE;
}

constexpr const char kNone[] = "there are no debug objects: fails, as without one";

const Export kRows[] = {
    {"DbgUiConnectToDbg", proc(DbgUiConnectToDbg), Support::partial, kNone},
    {"DbgUiContinue", proc(DbgUiContinue), Support::partial, kNone},
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

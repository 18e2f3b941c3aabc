// winsvc.h: there is no service control manager, and it answers like one that cannot be reached.
#include "module/builtin.h"
#include "winapi/common/answer.h"

namespace hmodule::winapi {
namespace {

Error unreachable() {
  return fail_win32(RPC_S_SERVER_UNAVAILABLE, "there is no service control manager");
}
HM_WINAPI HANDLE OpenSCManagerA(const char*, const char*, DWORD) noexcept {
  return answer<HANDLE>(nullptr, []() -> Result<HANDLE> { return unreachable(); });
}
HM_WINAPI HANDLE OpenSCManagerW(const WCHAR*, const WCHAR*, DWORD) noexcept {
  return answer<HANDLE>(nullptr, []() -> Result<HANDLE> { return unreachable(); });
}

template <typename Char>
struct ServiceTableEntry {
  Char* lpServiceName;
  void* lpServiceProc;
};

// No handle was ever given out.
Error no_handle() {
  return fail(STATUS_INVALID_HANDLE, "no service handle was ever given out");
}
HM_WINAPI BOOL CloseServiceHandle(HANDLE) noexcept {
  return succeed([]() -> Status { return no_handle(); });
}
HM_WINAPI BOOL EnumServicesStatusExW(HANDLE, LONG, DWORD, DWORD, BYTE*, DWORD, DWORD*, DWORD*, DWORD*,
                                     const WCHAR*) noexcept {
  return succeed([]() -> Status { return no_handle(); });
}
HM_WINAPI HANDLE OpenServiceW(HANDLE, const WCHAR*, DWORD) noexcept {
  return answer<HANDLE>(nullptr, []() -> Result<HANDLE> { return no_handle(); });
}

// Nobody started this program as a service; one that may be both then goes on as a console program.
template <typename Char>
HM_WINAPI BOOL StartServiceCtrlDispatcher(const ServiceTableEntry<Char>* table) noexcept {
  constexpr DWORD ERROR_FAILED_SERVICE_CONTROLLER_CONNECT = 1063;
  return succeed([&]() -> Status {
    if (table == nullptr || table->lpServiceName == nullptr || table->lpServiceProc == nullptr)
      return fail_win32(ERROR_INVALID_DATA, "a table without a service");
    return fail_win32(ERROR_FAILED_SERVICE_CONTROLLER_CONNECT, "no service control manager started this program");
  });
}

constexpr std::string_view kNone = "there are no services";

const Export kRows[] = {
    {"CloseServiceHandle", proc(CloseServiceHandle), Support::partial, kNone},
    {"EnumServicesStatusExW", proc(EnumServicesStatusExW), Support::partial, kNone},
    {"OpenSCManagerA", proc(OpenSCManagerA), Support::partial, kNone},
    {"OpenSCManagerW", proc(OpenSCManagerW), Support::partial, kNone},
    {"OpenServiceW", proc(OpenServiceW), Support::partial, kNone},
    {"StartServiceCtrlDispatcherA", proc(StartServiceCtrlDispatcher<char>), Support::partial, kNone},
    {"StartServiceCtrlDispatcherW", proc(StartServiceCtrlDispatcher<WCHAR>), Support::partial, kNone},
};

}  // namespace

extern const ExportTable winsvc_exports = kRows;

}  // namespace hmodule::winapi

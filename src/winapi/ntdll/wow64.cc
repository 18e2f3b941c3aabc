// WOW64, as a 64-bit process sees it: there is none.
#include "module/builtin.h"
#include "nt/process.h"
#include "nt/thread.h"
#include "winapi/ntdll/nt_args.h"

namespace hmodule::winapi {
namespace {

constexpr USHORT IMAGE_FILE_MACHINE_UNKNOWN = 0, IMAGE_FILE_MACHINE_AMD64 = 0x8664;

// No view of the file system to switch.
HM_WINAPI NTSTATUS RtlWow64EnableFsRedirection(BOOLEAN) noexcept {
  return STATUS_NOT_IMPLEMENTED;
}
HM_WINAPI NTSTATUS RtlWow64EnableFsRedirectionEx(ULONG, ULONG*) noexcept {
  return STATUS_NOT_IMPLEMENTED;
}

// No machine but the processor's own.
HM_WINAPI NTSTATUS RtlWow64GetProcessMachines(HANDLE process, USHORT* machine, USHORT* native) noexcept {
  return status_of([&]() -> Status {
    TRY(nt::object_of<nt::Process>(process, nt::PROCESS_QUERY_LIMITED_INFORMATION));
    TRY(require(machine));
    *machine = IMAGE_FILE_MACHINE_UNKNOWN;
    store_if(native, IMAGE_FILE_MACHINE_AMD64);
    return ok;
  });
}

NTSTATUS refuse_context(HANDLE thread, const void* context, ACCESS_MASK access,
                        const char* function = __builtin_FUNCTION()) {
  return status_of(
      [&]() -> Status {
        TRY(nt::object_of<nt::Thread>(thread, access));
        TRY(require(context));
        return fail(STATUS_INVALID_PARAMETER, "the thread has no 32-bit context");
      },
      function);
}
HM_WINAPI NTSTATUS RtlWow64GetThreadContext(HANDLE thread, void* context) noexcept {
  return refuse_context(thread, context, nt::THREAD_GET_CONTEXT);
}
HM_WINAPI NTSTATUS RtlWow64SetThreadContext(HANDLE thread, const void* context) noexcept {
  return refuse_context(thread, context, nt::THREAD_SET_CONTEXT);
}

const Export kRows[] = {
    {"RtlWow64EnableFsRedirection", proc(RtlWow64EnableFsRedirection)},
    {"RtlWow64EnableFsRedirectionEx", proc(RtlWow64EnableFsRedirectionEx)},
    {"RtlWow64GetProcessMachines", proc(RtlWow64GetProcessMachines)},
    {"RtlWow64GetThreadContext", proc(RtlWow64GetThreadContext)},
    {"RtlWow64SetThreadContext", proc(RtlWow64SetThreadContext)},
};

}  // namespace

extern const ExportTable wow64_exports = kRows;

}  // namespace hmodule::winapi

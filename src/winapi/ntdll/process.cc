// Processes: this one, and what can be known of others.
#include "nt/process.h"

#include "module/builtin.h"
#include "nt/error_mode.h"
#include "nt/handle_table.h"
#include "nt/processor.h"
#include "runtime/runtime.h"
#include "win/processthreadsapi.h"
#include "winapi/ntdll/exit.h"
#include "winapi/ntdll/nt_args.h"
#include "winapi/ntdll/priority_class.h"

#include <unistd.h>

#include <cstring>

namespace hmodule::winapi {
namespace {

using nt::object_of;
using nt::Process;

HM_WINAPI NTSTATUS NtOpenProcess(HANDLE* handle, ACCESS_MASK access, const OBJECT_ATTRIBUTES* attributes,
                                 const CLIENT_ID* id) noexcept {
  return status_of([&]() -> Status {
    TRY(require(handle));
    TRY(require(id));
    const auto checked = TRY(nt::attributes_from(attributes));
    auto process = TRY(Process::open(static_cast<DWORD>(reinterpret_cast<std::uintptr_t>(id->UniqueProcess))));
    *handle = TRY(nt::handle_for(std::move(process), nt::implied_process_access(access), checked.attributes));
    return ok;
  });
}

// A NULL handle kills the other threads of this process, and no more.
HM_WINAPI NTSTATUS NtTerminateProcess(HANDLE handle, NTSTATUS exit_status) noexcept {
  return status_of([&]() -> Status {
    if (handle == nullptr) {
      nt::kill_other_threads(static_cast<DWORD>(exit_status));
      return ok;
    }
    return TRY(object_of<Process>(handle, nt::PROCESS_TERMINATE))->terminate(static_cast<DWORD>(exit_status));
  });
}

struct ProcessBasicInformation {
  NTSTATUS ExitStatus;
  PEB* PebBaseAddress;
  ULONG_PTR AffinityMask;
  LONG BasePriority;
  ULONG_PTR UniqueProcessId, InheritedFromUniqueProcessId;
};
static_assert(sizeof(ProcessBasicInformation) == 0x30);

struct PriorityClass {
  BOOLEAN Foreground;
  UCHAR Class;
};

// PROCESSINFOCLASS (winternl.h and the DDK).
enum ProcessInformationClass : LONG {
  kBasic = 0,
  kTimes = 4,
  kDebugPort = 7,
  kDefaultHardErrorMode = 12,
  kPriorityClass = 18,
  kHandleCount = 20,
  kAffinityMask = 21,
  kPriorityBoost = 22,
  kSessionInformation = 24,
  kWow64Information = 26,
  kDebugObjectHandle = 30,
  kDebugFlags = 31,
  kCookie = 36,
};

ProcessBasicInformation basic_information(Process& process) {
  ProcessBasicInformation basic = {};
  const auto exit_code = process.exit_code();
  basic.ExitStatus = static_cast<NTSTATUS>(exit_code ? *exit_code : 0);
  basic.UniqueProcessId = process.id();
  basic.AffinityMask = nt::process_affinity().process;
  basic.BasePriority = 8;
  if (process.is_current()) {
    basic.PebBaseAddress = thread::teb().ProcessEnvironmentBlock;
    basic.InheritedFromUniqueProcessId = static_cast<ULONG_PTR>(getppid());
  }
  return basic;
}

// A number that stays the same in one process: EncodePointer's secret.
ULONG process_cookie() {
  static const ULONG cookie = [] {
    ULONG value = 0;
    return getentropy(&value, sizeof value) == 0 ? value | 1 : static_cast<ULONG>(getpid());
  }();
  return cookie;
}

HM_WINAPI NTSTATUS NtQueryInformationProcess(HANDLE handle, LONG information_class, void* buffer, ULONG size,
                                             ULONG* needed) noexcept {
  return status_of([&]() -> Status {
    const auto process = TRY(object_of<Process>(handle, nt::PROCESS_QUERY_LIMITED_INFORMATION));
    switch (information_class) {
      case kBasic:
        return deliver_and_tell(basic_information(*process), buffer, size, needed);
      case kTimes: {
        const Process::Times times = TRY(process->times());
        return deliver_and_tell(KERNEL_USER_TIMES{times.created, times.exited, times.kernel, times.user}, buffer, size,
                                needed);
      }
      case kDebugPort:
        return deliver_and_tell(ULONG_PTR{0}, buffer, size, needed);
      case kDefaultHardErrorMode:
        if (!process->is_current()) return fail(STATUS_ACCESS_DENIED, "another process's error mode");
        return deliver_and_tell(ULONG{nt::hard_error_mode(nt::process_error_mode())}, buffer, size, needed);
      case kDebugFlags:
        return deliver_and_tell(ULONG{1}, buffer, size, needed);
      case kDebugObjectHandle:
        return fail(STATUS_PORT_NOT_SET, "no debugger of Windows' kind is attached");
      case kPriorityClass:
        return deliver_and_tell(PriorityClass{0, native_priority_class(process->priority_class)}, buffer, size, needed);
      case kHandleCount:
        return deliver_and_tell(ULONG{nt::handles().count()}, buffer, size, needed);
      case kAffinityMask:
        return deliver_and_tell(nt::process_affinity().process, buffer, size, needed);
      case kPriorityBoost:
        return deliver_and_tell(ULONG{process->priority_boost_disabled}, buffer, size, needed);
      case kSessionInformation:
        return deliver_and_tell(ULONG{1}, buffer, size, needed);
      case kWow64Information:
        return deliver_and_tell(ULONG_PTR{0}, buffer, size, needed);
      case kCookie:
        return deliver_and_tell(process_cookie(), buffer, size, needed);
      default:
        return fail(STATUS_INVALID_INFO_CLASS, "process information class {}", information_class);
    }
  });
}

HM_WINAPI NTSTATUS NtSetInformationProcess(HANDLE handle, LONG information_class, const void* buffer,
                                           ULONG size) noexcept {
  return status_of([&]() -> Status {
    const auto process = TRY(object_of<Process>(handle, nt::PROCESS_SET_INFORMATION));
    TRY(require(buffer));
    const auto has_size = [size](std::size_t right) -> Status {
      if (size != right) return fail(STATUS_INFO_LENGTH_MISMATCH, "a buffer of {} bytes for {}", size, right);
      return ok;
    };
    switch (information_class) {
      case kDefaultHardErrorMode:
        TRY(has_size(sizeof(ULONG)));
        if (!process->is_current()) return fail(STATUS_ACCESS_DENIED, "another process's error mode");
        nt::set_process_error_mode(nt::hard_error_mode(*static_cast<const ULONG*>(buffer)));
        return ok;
      case kAffinityMask:
        TRY(has_size(sizeof(ULONG_PTR)));
        return nt::set_process_affinity(*static_cast<const ULONG_PTR*>(buffer));
      case kPriorityBoost:
        TRY(has_size(sizeof(ULONG)));
        process->priority_boost_disabled = *static_cast<const ULONG*>(buffer) != 0;
        return ok;
      case kPriorityClass: {
        TRY(has_size(sizeof(PriorityClass)));
        const UCHAR wanted = static_cast<const PriorityClass*>(buffer)->Class;
        if (!is_native_priority_class(wanted)) return fail(STATUS_INVALID_PARAMETER, "priority class {}", wanted);
        process->priority_class = kPriorityClasses[wanted];
        return ok;
      }
      default:
        return fail(STATUS_INVALID_INFO_CLASS, "process information class {}", information_class);
    }
  });
}

HM_WINAPI void NtFlushProcessWriteBuffers() noexcept {
  nt::flush_process_write_buffers();
}

}  // namespace

HM_WINAPI void RtlExitUserProcess(DWORD exit_code) noexcept {
  Loader& loader = runtime().loader();
  loader.lock().lock_unless_orphaned();  // so that no thread is killed inside the loader
  nt::exit_process(exit_code, [&loader] { loader.process_detach(); });
}

namespace {

const Export kRows[] = {
    {"NtFlushProcessWriteBuffers", proc(NtFlushProcessWriteBuffers)},
    {"NtOpenProcess", proc(NtOpenProcess), Support::partial, "other processes: wait, id, times, terminate"},
    {"NtQueryInformationProcess", proc(NtQueryInformationProcess), Support::partial, "the common classes"},
    {"NtSetInformationProcess", proc(NtSetInformationProcess), Support::partial,
     "affinity and error mode; priority class and boost are only remembered"},
    {"NtTerminateProcess", proc(NtTerminateProcess)},
    {"RtlExitUserProcess", proc(RtlExitUserProcess)},
};

}  // namespace

extern const ExportTable process_exports = kRows;

}  // namespace hmodule::winapi

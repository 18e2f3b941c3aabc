// Job objects.
#include "nt/job.h"

#include "module/builtin.h"
#include "winapi/ntdll/nt_args.h"

#include <algorithm>
#include <cstring>

namespace hmodule::winapi {
namespace {

using nt::Job;

HM_WINAPI NTSTATUS NtCreateJobObject(HANDLE* handle, ACCESS_MASK access, const OBJECT_ATTRIBUTES* attributes) noexcept {
  return nt_create(handle, Job::kType, access, attributes, [] { return nt::make_object<Job>(); });
}
HM_WINAPI NTSTATUS NtOpenJobObject(HANDLE* handle, ACCESS_MASK access, const OBJECT_ATTRIBUTES* attributes) noexcept {
  return nt_open(handle, Job::kType, access, attributes);
}
HM_WINAPI NTSTATUS NtAssignProcessToJobObject(HANDLE job, HANDLE process) noexcept {
  return status_of([&]() -> Status {
    const auto target = TRY(nt::object_of<Job>(job, nt::JOB_OBJECT_ASSIGN_PROCESS));
    return target->assign(TRY(nt::object_of<nt::Process>(process, nt::PROCESS_SET_QUOTA | nt::PROCESS_TERMINATE)));
  });
}
HM_WINAPI NTSTATUS NtTerminateJobObject(HANDLE job, NTSTATUS exit_status) noexcept {
  return status_of([&]() -> Status {
    TRY(nt::object_of<Job>(job, nt::JOB_OBJECT_TERMINATE))->terminate(static_cast<DWORD>(exit_status));
    return ok;
  });
}
// Without a job: any.
HM_WINAPI NTSTATUS NtIsProcessInJob(HANDLE process, HANDLE job) noexcept {
  return status_of([&]() -> Result<NTSTATUS> {
    const auto whose = TRY(nt::object_of<nt::Process>(process, nt::PROCESS_QUERY_LIMITED_INFORMATION));
    const bool inside = job == nullptr ? Job::any_contains(*whose)
                                       : TRY(nt::object_of<Job>(job, nt::JOB_OBJECT_QUERY))->contains(*whose);
    return inside ? STATUS_PROCESS_IN_JOB : STATUS_PROCESS_NOT_IN_JOB;
  });
}

// --- information (winnt.h) ---

enum JOBOBJECTINFOCLASS : LONG {
  JobObjectBasicAccountingInformation = 1,
  JobObjectBasicLimitInformation = 2,
  JobObjectBasicProcessIdList = 3,
  JobObjectAssociateCompletionPortInformation = 7,
  JobObjectExtendedLimitInformation = 9,
};
struct AssociateCompletionPort {
  void* CompletionKey;
  HANDLE CompletionPort;
};
struct BasicAccounting {
  LARGE_INTEGER TotalUserTime, TotalKernelTime, ThisPeriodTotalUserTime, ThisPeriodTotalKernelTime;
  DWORD TotalPageFaultCount, TotalProcesses, ActiveProcesses, TotalTerminatedProcesses;
};
static_assert(sizeof(BasicAccounting) == 48);
struct BasicLimit {
  LARGE_INTEGER PerProcessUserTimeLimit, PerJobUserTimeLimit;
  DWORD LimitFlags;
  SIZE_T MinimumWorkingSetSize, MaximumWorkingSetSize;
  DWORD ActiveProcessLimit;
  ULONG_PTR Affinity;
  DWORD PriorityClass, SchedulingClass;
};
static_assert(sizeof(BasicLimit) == 64);
struct ExtendedLimit {
  BasicLimit BasicLimitInformation;
  ULONGLONG IoInfo[6];
  SIZE_T ProcessMemoryLimit, JobMemoryLimit, PeakProcessMemoryUsed, PeakJobMemoryUsed;
};
static_assert(sizeof(ExtendedLimit) == 144);
struct ProcessIdList {
  DWORD NumberOfAssignedProcesses, NumberOfProcessIdsInList;
  ULONG_PTR ProcessIdList[1];
};

BasicLimit limits_of(const Job& job) {
  BasicLimit limits = {};
  limits.LimitFlags = job.limit_flags();
  limits.ActiveProcessLimit = job.active_process_limit();
  return limits;
}

HM_WINAPI NTSTATUS NtQueryInformationJobObject(HANDLE handle, LONG information_class, void* buffer, ULONG size,
                                               ULONG* needed) noexcept {
  return status_of([&]() -> Status {
    const auto give = [&](const auto& record) { return deliver(record, buffer, size, needed); };
    // NULL: the job of the calling process, which we cannot name among several.
    if (handle == nullptr) return fail(STATUS_ACCESS_DENIED, "no job is named");
    const auto job = TRY(nt::object_of<Job>(handle, nt::JOB_OBJECT_QUERY));
    const std::vector<DWORD> running = job->running();
    switch (information_class) {
      case JobObjectBasicAccountingInformation: {
        BasicAccounting accounting = {};
        accounting.TotalProcesses = static_cast<DWORD>(job->assigned());
        accounting.ActiveProcesses = static_cast<DWORD>(running.size());
        return give(accounting);
      }
      case JobObjectBasicLimitInformation:
        return give(limits_of(*job));
      case JobObjectExtendedLimitInformation: {
        ExtendedLimit limits = {};
        limits.BasicLimitInformation = limits_of(*job);
        return give(limits);
      }
      case JobObjectBasicProcessIdList: {
        if (size < sizeof(ProcessIdList))
          return fail(STATUS_INFO_LENGTH_MISMATCH, "a buffer of {} bytes for {}", size, sizeof(ProcessIdList));
        TRY(require(buffer));
        auto& list = *static_cast<ProcessIdList*>(buffer);
        const std::size_t room = (size - offsetof(ProcessIdList, ProcessIdList)) / sizeof(ULONG_PTR);
        const std::size_t count = std::min(room, running.size());
        list.NumberOfAssignedProcesses = static_cast<DWORD>(running.size());
        list.NumberOfProcessIdsInList = static_cast<DWORD>(count);
        ULONG_PTR* const ids = list.ProcessIdList;
        std::copy_n(running.begin(), count, ids);
        store_if(needed, static_cast<ULONG>(offsetof(ProcessIdList, ProcessIdList) + count * sizeof(ULONG_PTR)));
        if (count < running.size()) return fail(STATUS_BUFFER_OVERFLOW, "{} of {} processes", count, running.size());
        return ok;
      }
      default:
        return fail(STATUS_INVALID_INFO_CLASS, "job information class {}", information_class);
    }
  });
}

HM_WINAPI NTSTATUS NtSetInformationJobObject(HANDLE handle, LONG information_class, const void* buffer,
                                             ULONG size) noexcept {
  return status_of([&]() -> Status {
    const auto job = TRY(nt::object_of<Job>(handle, nt::JOB_OBJECT_SET_ATTRIBUTES));
    if (information_class == JobObjectAssociateCompletionPortInformation) {
      if (size != sizeof(AssociateCompletionPort))
        return fail(STATUS_INFO_LENGTH_MISMATCH, "a buffer of {} bytes for a port", size);
      TRY(require(buffer));
      const auto& given = *static_cast<const AssociateCompletionPort*>(buffer);
      nt::Ref<nt::IoCompletion> port;
      if (given.CompletionPort != nullptr)
        port = TRY(nt::object_of<nt::IoCompletion>(given.CompletionPort, nt::IO_COMPLETION_MODIFY_STATE));
      return job->tell(std::move(port), reinterpret_cast<ULONG_PTR>(given.CompletionKey));
    }
    const bool extended = information_class == JobObjectExtendedLimitInformation;
    if (!extended && information_class != JobObjectBasicLimitInformation)
      return fail(STATUS_INVALID_INFO_CLASS, "job information class {}", information_class);
    if (size != (extended ? sizeof(ExtendedLimit) : sizeof(BasicLimit)))
      return fail(STATUS_INFO_LENGTH_MISMATCH, "a buffer of {} bytes for limits", size);
    TRY(require(buffer));
    const auto& limits = *static_cast<const BasicLimit*>(buffer);  // an extended one begins with it
    return job->set_limits(limits.LimitFlags, limits.ActiveProcessLimit);
  });
}

constexpr std::string_view kNoChildren = "children of a process are not in its job";
const Export kRows[] = {
    {"NtAssignProcessToJobObject", proc(NtAssignProcessToJobObject), Support::partial, kNoChildren},
    {"NtCreateJobObject", proc(NtCreateJobObject)},
    {"NtIsProcessInJob", proc(NtIsProcessInJob), Support::partial, kNoChildren},
    {"NtOpenJobObject", proc(NtOpenJobObject)},
    {"NtQueryInformationJobObject", proc(NtQueryInformationJobObject), Support::partial,
     "limits, counts and process ids; no times"},
    {"NtSetInformationJobObject", proc(NtSetInformationJobObject), Support::partial,
     "the number of processes, the end with the last handle, a port that hears of processes started from here; other "
     "limits are refused"},
    {"NtTerminateJobObject", proc(NtTerminateJobObject), Support::partial, kNoChildren},
};

}  // namespace

extern const ExportTable job_exports = kRows;

}  // namespace hmodule::winapi

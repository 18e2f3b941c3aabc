// processthreadsapi.h, with the parts of winbase.h, processtopologyapi.h and wow64apiset.h that concern threads and
// processes.
#include "base/utf.h"
#include "module/builtin.h"
#include "nt/handle_table.h"
#include "nt/heap.h"
#include "nt/job.h"
#include "nt/process.h"
#include "nt/processor.h"
#include "nt/thread.h"
#include "nt/thread_context.h"
#include "thread/call.h"
#include "thread/stack.h"
#include "winapi/common/named_object.h"
#include "winapi/ntdll/exit.h"

#include <sched.h>
#include <unistd.h>

#include <cstdlib>
#include <cstring>

namespace hmodule::winapi {
namespace {

using nt::object_of;
using nt::Process;
using nt::Thread;

constexpr DWORD CREATE_SUSPENDED = 4;
constexpr LONG THREAD_PRIORITY_ERROR_RETURN = 0x7FFFFFFF;

FILETIME filetime(std::int64_t ticks) {
  return {static_cast<DWORD>(ticks), static_cast<DWORD>(ticks >> 32)};
}
DWORD number_of(HANDLE id) {
  return static_cast<DWORD>(reinterpret_cast<std::uintptr_t>(id));
}
Status output(const void* address) {
  if (address == nullptr) return fail(STATUS_ACCESS_VIOLATION, "the address for the result is NULL");
  return ok;
}

// --- the caller ---

HM_WINAPI HANDLE GetCurrentProcess() noexcept {
  return nt::current_process_handle();
}
HM_WINAPI HANDLE GetCurrentThread() noexcept {
  return nt::current_thread_handle();
}
HM_WINAPI DWORD GetCurrentProcessId() noexcept {
  return number_of(thread::teb().ClientId.UniqueProcess);
}
HM_WINAPI DWORD GetCurrentThreadId() noexcept {
  return number_of(thread::teb().ClientId.UniqueThread);
}
HM_WINAPI DWORD GetCurrentProcessorNumber() noexcept {
  return nt::current_processor();
}
struct PROCESSOR_NUMBER {
  WORD Group;
  BYTE Number, Reserved;
};
HM_WINAPI void GetCurrentProcessorNumberEx(PROCESSOR_NUMBER* number) noexcept {
  *number = {0, static_cast<BYTE>(nt::current_processor()), 0};
}
HM_WINAPI BOOL SwitchToThread() noexcept {
  sched_yield();
  return FALSE;  // Linux does not say whether another thread ran
}
HM_WINAPI void FlushProcessWriteBuffers() noexcept {
  nt::flush_process_write_buffers();
}
HM_WINAPI void GetCurrentThreadStackLimits(ULONG_PTR* low, ULONG_PTR* high) noexcept {
  const TEB& teb = thread::teb();
  const void* const lowest = teb.DeallocationStack != nullptr ? teb.DeallocationStack : teb.NtTib.StackLimit;
  *low = reinterpret_cast<ULONG_PTR>(lowest);
  *high = reinterpret_cast<ULONG_PTR>(teb.NtTib.StackBase);
}
HM_WINAPI BOOL SetThreadStackGuarantee(ULONG* bytes) noexcept {
  return succeed([&]() -> Status {
    TRY(output(bytes));
    const ULONG guaranteed = thread::teb().GuaranteedStackBytes, wanted = *bytes;
    *bytes = guaranteed;
    if (wanted > guaranteed) thread::enlarge_stack_guard(wanted);
    return ok;
  });
}

// --- threads: start and end ---

Result<HANDLE> start_thread(const SECURITY_ATTRIBUTES* security, SIZE_T stack, thread::StartRoutine routine,
                            void* parameter, DWORD flags, DWORD* id) {
  auto thread = TRY(nt::create_thread(
      {.routine = routine, .parameter = parameter, .stack_size = stack, .suspended = (flags & CREATE_SUSPENDED) != 0}));
  if (id != nullptr) *id = thread->id();
  return nt::handle_for(std::move(thread), nt::THREAD_ALL_ACCESS, handle_attributes(security));
}
HM_WINAPI HANDLE CreateThread(const SECURITY_ATTRIBUTES* security, SIZE_T stack, thread::StartRoutine routine,
                              void* parameter, DWORD flags, DWORD* id) noexcept {
  return answer<HANDLE>(nullptr, [&] { return start_thread(security, stack, routine, parameter, flags, id); });
}
HM_WINAPI HANDLE CreateRemoteThreadEx(HANDLE process, const SECURITY_ATTRIBUTES* security, SIZE_T stack,
                                      thread::StartRoutine routine, void* parameter, DWORD flags, void* /*attributes*/,
                                      DWORD* id) noexcept {
  return answer<HANDLE>(nullptr, [&]() -> Result<HANDLE> {
    const auto target = TRY(object_of<Process>(process, nt::PROCESS_CREATE_THREAD));
    if (!target->is_current()) return fail(STATUS_NOT_SUPPORTED, "threads can be made in this process only");
    return start_thread(security, stack, routine, parameter, flags, id);
  });
}
HM_WINAPI HANDLE CreateRemoteThread(HANDLE process, const SECURITY_ATTRIBUTES* security, SIZE_T stack,
                                    thread::StartRoutine routine, void* parameter, DWORD flags, DWORD* id) noexcept {
  return CreateRemoteThreadEx(process, security, stack, routine, parameter, flags, nullptr, id);
}
HM_WINAPI void ExitThread(DWORD exit_code) noexcept {
  nt::exit_thread(exit_code);
}
HM_WINAPI BOOL TerminateThread(HANDLE handle, DWORD exit_code) noexcept {
  return succeed([&]() -> Status {
    return nt::terminate_thread(TRY(object_of<Thread>(handle, nt::THREAD_TERMINATE)), exit_code);
  });
}
HM_WINAPI HANDLE OpenThread(DWORD access, BOOL inherit, DWORD id) noexcept {
  return answer<HANDLE>(nullptr, [&]() -> Result<HANDLE> {
    auto thread = TRY(nt::thread_by_id(id));
    return nt::handle_for(std::move(thread), nt::implied_access(access), inherit ? nt::OBJ_INHERIT : 0);
  });
}
HM_WINAPI BOOL GetThreadContext(HANDLE handle, CONTEXT* context) noexcept {
  return succeed([&]() -> Status {
    if (context == nullptr) return fail(STATUS_ACCESS_VIOLATION, "nowhere to put the context");
    return nt::take_context(*TRY(object_of<Thread>(handle, nt::THREAD_GET_CONTEXT)), *context);
  });
}
HM_WINAPI BOOL SetThreadContext(HANDLE handle, const CONTEXT* context) noexcept {
  return succeed([&]() -> Status {
    if (context == nullptr) return fail(STATUS_ACCESS_VIOLATION, "no context");
    return nt::give_context(*TRY(object_of<Thread>(handle, nt::THREAD_SET_CONTEXT)), *context);
  });
}

HM_WINAPI DWORD SuspendThread(HANDLE handle) noexcept {
  return answer<DWORD>(0xFFFFFFFF, [&]() -> Result<DWORD> {
    const auto thread = TRY(object_of<Thread>(handle, nt::THREAD_SUSPEND_RESUME));
    return thread->suspend();
  });
}
HM_WINAPI DWORD ResumeThread(HANDLE handle) noexcept {
  return answer<DWORD>(0xFFFFFFFF, [&]() -> Result<DWORD> {
    const auto thread = TRY(object_of<Thread>(handle, nt::THREAD_SUSPEND_RESUME));
    return thread->resume();
  });
}
// Not noexcept, for the routine may raise exceptions: ThreadSanitizer's additions would end the process then.
HM_WINAPI void call_user_apc(ULONG_PTR routine, ULONG_PTR parameter, ULONG_PTR) {
  thread::call(reinterpret_cast<HM_WINAPI void (*)(ULONG_PTR)>(routine), parameter);
}
HM_WINAPI BOOL QueueUserAPC2(HM_WINAPI void (*routine)(ULONG_PTR), HANDLE handle, ULONG_PTR parameter,
                             ULONG flags) noexcept {
  return succeed([&]() -> Status {
    if (flags != 0) return fail(STATUS_NOT_SUPPORTED, "APC flags {:#x}", flags);
    const auto thread = TRY(object_of<Thread>(handle, nt::THREAD_SET_CONTEXT));
    return thread->queue_apc({call_user_apc, {reinterpret_cast<ULONG_PTR>(routine), parameter, 0}});
  });
}
HM_WINAPI DWORD QueueUserAPC(HM_WINAPI void (*routine)(ULONG_PTR), HANDLE handle, ULONG_PTR parameter) noexcept {
  return static_cast<DWORD>(QueueUserAPC2(routine, handle, parameter, 0));
}

// --- threads: what can be asked and told ---

HM_WINAPI BOOL GetExitCodeThread(HANDLE handle, DWORD* exit_code) noexcept {
  return succeed([&]() -> Status {
    TRY(output(exit_code));
    const auto thread = TRY(object_of<Thread>(handle, nt::THREAD_QUERY_LIMITED_INFORMATION));
    *exit_code = thread->exit_code();
    return ok;
  });
}
HM_WINAPI DWORD GetThreadId(HANDLE handle) noexcept {
  return answer<DWORD>(0, [&]() -> Result<DWORD> {
    const auto thread = TRY(object_of<Thread>(handle, nt::THREAD_QUERY_LIMITED_INFORMATION));
    return thread->id();
  });
}
HM_WINAPI DWORD GetProcessIdOfThread(HANDLE handle) noexcept {
  return answer<DWORD>(0, [&]() -> Result<DWORD> {
    TRY(object_of<Thread>(handle, nt::THREAD_QUERY_LIMITED_INFORMATION));
    return static_cast<DWORD>(getpid());
  });
}
HM_WINAPI LONG GetThreadPriority(HANDLE handle) noexcept {
  return answer<LONG>(THREAD_PRIORITY_ERROR_RETURN, [&]() -> Result<LONG> {
    const auto thread = TRY(object_of<Thread>(handle, nt::THREAD_QUERY_LIMITED_INFORMATION));
    return thread->base_priority();
  });
}
HM_WINAPI BOOL SetThreadPriority(HANDLE handle, LONG priority) noexcept {
  return succeed([&]() -> Status {
    const auto thread = TRY(object_of<Thread>(handle, nt::THREAD_SET_LIMITED_INFORMATION));
    return thread->set_base_priority(priority);
  });
}
HM_WINAPI BOOL GetThreadPriorityBoost(HANDLE handle, BOOL* disabled) noexcept {
  return succeed([&]() -> Status {
    TRY(output(disabled));
    const auto thread = TRY(object_of<Thread>(handle, nt::THREAD_QUERY_LIMITED_INFORMATION));
    *disabled = thread->priority_boost_disabled;
    return ok;
  });
}
HM_WINAPI BOOL SetThreadPriorityBoost(HANDLE handle, BOOL disable) noexcept {
  return succeed([&]() -> Status {
    const auto thread = TRY(object_of<Thread>(handle, nt::THREAD_SET_LIMITED_INFORMATION));
    thread->priority_boost_disabled = disable != 0;
    return ok;
  });
}
HM_WINAPI BOOL GetThreadTimes(HANDLE handle, FILETIME* created, FILETIME* exited, FILETIME* kernel,
                              FILETIME* user) noexcept {
  return succeed([&]() -> Status {
    for (const FILETIME* time : {created, exited, kernel, user}) TRY(output(time));
    const auto thread = TRY(object_of<Thread>(handle, nt::THREAD_QUERY_LIMITED_INFORMATION));
    const Thread::Times times = thread->times();
    *created = filetime(times.created);
    *exited = filetime(times.exited);
    *kernel = filetime(times.kernel);
    *user = filetime(times.user);
    return ok;
  });
}

// These two answer with an HRESULT.
HRESULT hresult(const Status& status) {
  return status ? 0 : status.error().status | 0x10000000;  // HRESULT_FROM_NT
}
HM_WINAPI HRESULT SetThreadDescription(HANDLE handle, const WCHAR* text) noexcept {
  const auto set = [&]() -> Status {
    const auto thread = TRY(object_of<Thread>(handle, nt::THREAD_SET_LIMITED_INFORMATION));
    return thread->set_description(text == nullptr ? u"" : text);
  };
  return hresult(set());
}
// The text is freed by LocalFree: a block of the process heap, which is malloc's with a header.
Status describe(HANDLE handle, std::u16string& text) {
  const auto thread = TRY(object_of<Thread>(handle, nt::THREAD_QUERY_LIMITED_INFORMATION));
  text = thread->description();
  return ok;
}
HM_WINAPI HRESULT GetThreadDescription(HANDLE handle, WCHAR** text) noexcept {
  if (text == nullptr) return static_cast<HRESULT>(0x80070057);  // E_INVALIDARG
  *text = nullptr;
  std::u16string description;
  const Status status = describe(handle, description);
  if (!status) return hresult(status);
  const SIZE_T bytes = (description.size() + 1) * sizeof(WCHAR);
  auto* const heap = nt::Heap::from_handle(thread::teb().ProcessEnvironmentBlock->ProcessHeap);
  void* const block = heap == nullptr ? nullptr : heap->allocate(0, bytes);
  if (block == nullptr) return static_cast<HRESULT>(0x8007000E);  // E_OUTOFMEMORY
  std::memcpy(block, description.c_str(), bytes);
  *text = static_cast<WCHAR*>(block);
  return 0;
}

// THREAD_INFORMATION_CLASS (processthreadsapi.h): memory priority, CPU priority, dynamic code, power throttling.
struct ThreadInformationSize {
  LONG information_class;
  DWORD size;
};
constexpr ThreadInformationSize kThreadInformation[] = {{0, 4}, {1, 4}, {3, 12}};
HM_WINAPI BOOL SetThreadInformation(HANDLE handle, LONG information_class, const void* information,
                                    DWORD size) noexcept {
  return succeed([&]() -> Status {
    TRY(object_of<Thread>(handle, nt::THREAD_SET_LIMITED_INFORMATION));
    for (const auto& known : kThreadInformation)
      if (known.information_class == information_class) {
        if (size != known.size || information == nullptr)
          return fail_win32(ERROR_BAD_LENGTH, "{} bytes of thread information {}", size, information_class);
        return ok;
      }
    return fail(STATUS_INVALID_PARAMETER, "thread information class {}", information_class);
  });
}

// --- processors ---

HM_WINAPI ULONG_PTR SetThreadAffinityMask(HANDLE handle, ULONG_PTR mask) noexcept {
  return answer<ULONG_PTR>(0, [&]() -> Result<ULONG_PTR> {
    const auto thread = TRY(object_of<Thread>(handle, nt::THREAD_SET_LIMITED_INFORMATION));
    return nt::set_thread_affinity(thread->id(), mask);
  });
}
HM_WINAPI BOOL GetProcessAffinityMask(HANDLE handle, ULONG_PTR* process_mask, ULONG_PTR* system_mask) noexcept {
  return succeed([&]() -> Status {
    TRY(output(process_mask));
    TRY(output(system_mask));
    TRY(object_of<Process>(handle, nt::PROCESS_QUERY_LIMITED_INFORMATION));
    const nt::Affinity affinity = nt::process_affinity();
    *process_mask = affinity.process;
    *system_mask = affinity.system;
    return ok;
  });
}
HM_WINAPI BOOL SetProcessAffinityMask(HANDLE handle, ULONG_PTR mask) noexcept {
  return succeed([&]() -> Status {
    TRY(object_of<Process>(handle, nt::PROCESS_SET_INFORMATION));
    return nt::set_process_affinity(mask);
  });
}
struct GROUP_AFFINITY {
  ULONG_PTR Mask;
  WORD Group, Reserved[3];
};
HM_WINAPI BOOL GetThreadGroupAffinity(HANDLE handle, GROUP_AFFINITY* affinity) noexcept {
  return succeed([&]() -> Status {
    TRY(output(affinity));
    const auto thread = TRY(object_of<Thread>(handle, nt::THREAD_QUERY_LIMITED_INFORMATION));
    const ULONG_PTR mask = TRY(nt::thread_affinity(thread->id()));
    *affinity = {mask, 0, {}};
    return ok;
  });
}
HM_WINAPI BOOL SetThreadGroupAffinity(HANDLE handle, const GROUP_AFFINITY* affinity,
                                      GROUP_AFFINITY* previous) noexcept {
  return succeed([&]() -> Status {
    TRY(output(affinity));
    if (affinity->Group != 0) return fail(STATUS_INVALID_PARAMETER, "processor group {}", affinity->Group);
    const auto thread = TRY(object_of<Thread>(handle, nt::THREAD_SET_LIMITED_INFORMATION));
    const ULONG_PTR mask = TRY(nt::set_thread_affinity(thread->id(), affinity->Mask));
    if (previous != nullptr) *previous = {mask, 0, {}};
    return ok;
  });
}
// The ideal processor is a hint: remembered, and given back.
HM_WINAPI DWORD SetThreadIdealProcessor(HANDLE handle, DWORD processor) noexcept {
  return answer<DWORD>(0xFFFFFFFF, [&]() -> Result<DWORD> {
    constexpr DWORD MAXIMUM_PROCESSORS = 64;
    if (processor > MAXIMUM_PROCESSORS) return fail(STATUS_INVALID_PARAMETER, "processor {}", processor);
    const auto thread = TRY(object_of<Thread>(handle, nt::THREAD_SET_LIMITED_INFORMATION));
    if (processor == MAXIMUM_PROCESSORS) return thread->ideal_processor.load();
    return thread->ideal_processor.exchange(processor);
  });
}

// --- processes ---

HM_WINAPI HANDLE OpenProcess(DWORD access, BOOL inherit, DWORD id) noexcept {
  return answer<HANDLE>(nullptr, [&]() -> Result<HANDLE> {
    auto process = TRY(Process::open(id));
    return nt::handle_for(std::move(process), nt::implied_process_access(access), inherit ? nt::OBJ_INHERIT : 0);
  });
}
HM_WINAPI BOOL GetExitCodeProcess(HANDLE handle, DWORD* exit_code) noexcept {
  return succeed([&]() -> Status {
    TRY(output(exit_code));
    const auto process = TRY(object_of<Process>(handle, nt::PROCESS_QUERY_LIMITED_INFORMATION));
    *exit_code = TRY(process->exit_code());
    return ok;
  });
}
HM_WINAPI BOOL TerminateProcess(HANDLE handle, DWORD exit_code) noexcept {
  return succeed([&]() -> Status {
    const auto process = TRY(object_of<Process>(handle, nt::PROCESS_TERMINATE));
    return process->terminate(exit_code);
  });
}
HM_WINAPI DWORD GetProcessId(HANDLE handle) noexcept {
  return answer<DWORD>(0, [&]() -> Result<DWORD> {
    const auto process = TRY(object_of<Process>(handle, nt::PROCESS_QUERY_LIMITED_INFORMATION));
    return process->id();
  });
}
HM_WINAPI BOOL GetProcessTimes(HANDLE handle, FILETIME* created, FILETIME* exited, FILETIME* kernel,
                               FILETIME* user) noexcept {
  return succeed([&]() -> Status {
    for (const FILETIME* time : {created, exited, kernel, user}) TRY(output(time));
    const auto process = TRY(object_of<Process>(handle, nt::PROCESS_QUERY_LIMITED_INFORMATION));
    const Process::Times times = TRY(process->times());
    *created = filetime(times.created);
    *exited = filetime(times.exited);
    *kernel = filetime(times.kernel);
    *user = filetime(times.user);
    return ok;
  });
}
HM_WINAPI DWORD GetPriorityClass(HANDLE handle) noexcept {
  return answer<DWORD>(0, [&]() -> Result<DWORD> {
    const auto process = TRY(object_of<Process>(handle, nt::PROCESS_QUERY_LIMITED_INFORMATION));
    return process->priority_class.load();
  });
}
HM_WINAPI BOOL SetPriorityClass(HANDLE handle, DWORD priority_class) noexcept {
  return succeed([&]() -> Status {
    const auto process = TRY(object_of<Process>(handle, nt::PROCESS_SET_INFORMATION));
    for (const DWORD known : {0x20, 0x40, 0x80, 0x100, 0x4000, 0x8000})
      if (known == priority_class) {
        process->priority_class = priority_class;
        return ok;
      }
    return fail(STATUS_INVALID_PARAMETER, "priority class {:#x}", priority_class);
  });
}
HM_WINAPI BOOL GetProcessPriorityBoost(HANDLE handle, BOOL* disabled) noexcept {
  return succeed([&]() -> Status {
    TRY(output(disabled));
    const auto process = TRY(object_of<Process>(handle, nt::PROCESS_QUERY_LIMITED_INFORMATION));
    *disabled = process->priority_boost_disabled;
    return ok;
  });
}
HM_WINAPI BOOL SetProcessPriorityBoost(HANDLE handle, BOOL disable) noexcept {
  return succeed([&]() -> Status {
    const auto process = TRY(object_of<Process>(handle, nt::PROCESS_SET_INFORMATION));
    process->priority_boost_disabled = disable != 0;
    return ok;
  });
}
HM_WINAPI BOOL GetProcessHandleCount(HANDLE handle, DWORD* count) noexcept {
  return succeed([&]() -> Status {
    TRY(output(count));
    const auto process = TRY(object_of<Process>(handle, nt::PROCESS_QUERY_LIMITED_INFORMATION));
    if (!process->is_current()) return fail(STATUS_NOT_SUPPORTED, "the handles of process {}", process->id());
    *count = nt::handles().count();
    return ok;
  });
}
HM_WINAPI BOOL IsProcessInJob(HANDLE handle, HANDLE job, BOOL* result) noexcept {
  return succeed([&]() -> Status {
    TRY(output(result));
    const auto process = TRY(object_of<Process>(handle, nt::PROCESS_QUERY_LIMITED_INFORMATION));
    *result = job == nullptr ? nt::Job::any_contains(*process)
                             : TRY(object_of<nt::Job>(job, nt::JOB_OBJECT_QUERY))->contains(*process);
    return ok;
  });
}
HM_WINAPI BOOL IsWow64Process(HANDLE handle, BOOL* wow64) noexcept {
  return succeed([&]() -> Status {
    TRY(output(wow64));
    TRY(object_of<Process>(handle, nt::PROCESS_QUERY_LIMITED_INFORMATION));
    *wow64 = FALSE;
    return ok;
  });
}
HM_WINAPI BOOL IsWow64Process2(HANDLE handle, USHORT* process_machine, USHORT* native_machine) noexcept {
  return succeed([&]() -> Status {
    constexpr USHORT IMAGE_FILE_MACHINE_UNKNOWN = 0, IMAGE_FILE_MACHINE_AMD64 = 0x8664;
    TRY(output(process_machine));
    TRY(object_of<Process>(handle, nt::PROCESS_QUERY_LIMITED_INFORMATION));
    *process_machine = IMAGE_FILE_MACHINE_UNKNOWN;
    if (native_machine != nullptr) *native_machine = IMAGE_FILE_MACHINE_AMD64;
    return ok;
  });
}
HM_WINAPI BOOL ProcessIdToSessionId(DWORD id, DWORD* session) noexcept {
  return succeed([&]() -> Status {
    TRY(output(session));
    TRY(Process::open(id));
    *session = 1;
    return ok;
  });
}
constexpr std::string_view kOwnThreads = "threads of this process", kOwnProcess = "in this process",
                           kHint = "accepted as the hint it is";
const Export kRows[] = {
    {"CreateRemoteThread", proc(CreateRemoteThread), Support::partial, kOwnProcess},
    {"CreateRemoteThreadEx", proc(CreateRemoteThreadEx), Support::partial, kOwnProcess},
    {"CreateThread", proc(CreateThread)},
    {"ExitProcess", proc(RtlExitUserProcess)},
    {"ExitThread", proc(ExitThread)},
    {"FlushProcessWriteBuffers", proc(FlushProcessWriteBuffers)},
    {"GetCurrentProcess", proc(GetCurrentProcess)},
    {"GetCurrentProcessId", proc(GetCurrentProcessId)},
    {"GetCurrentProcessorNumber", proc(GetCurrentProcessorNumber)},
    {"GetCurrentProcessorNumberEx", proc(GetCurrentProcessorNumberEx)},
    {"GetCurrentThread", proc(GetCurrentThread)},
    {"GetCurrentThreadId", proc(GetCurrentThreadId)},
    {"GetCurrentThreadStackLimits", proc(GetCurrentThreadStackLimits)},
    {"GetExitCodeProcess", proc(GetExitCodeProcess), Support::partial,
     "of processes that are no children: STILL_ACTIVE or an error"},
    {"GetExitCodeThread", proc(GetExitCodeThread)},
    {"GetPriorityClass", proc(GetPriorityClass)},
    {"GetProcessAffinityMask", proc(GetProcessAffinityMask)},
    {"GetProcessHandleCount", proc(GetProcessHandleCount), Support::partial, "of this process"},
    {"GetProcessId", proc(GetProcessId)},
    {"GetProcessIdOfThread", proc(GetProcessIdOfThread)},
    {"GetProcessPriorityBoost", proc(GetProcessPriorityBoost)},
    {"GetProcessTimes", proc(GetProcessTimes)},
    {"GetThreadDescription", proc(GetThreadDescription)},
    {"GetThreadGroupAffinity", proc(GetThreadGroupAffinity)},
    {"GetThreadId", proc(GetThreadId)},
    {"GetThreadPriority", proc(GetThreadPriority)},
    {"GetThreadPriorityBoost", proc(GetThreadPriorityBoost)},
    {"GetThreadTimes", proc(GetThreadTimes)},
    {"IsProcessInJob", proc(IsProcessInJob)},
    {"IsWow64Process", proc(IsWow64Process)},
    {"IsWow64Process2", proc(IsWow64Process2)},
    {"OpenProcess", proc(OpenProcess), Support::partial, "other processes: wait, id, times, terminate"},
    {"OpenThread", proc(OpenThread), Support::partial, kOwnThreads},
    {"ProcessIdToSessionId", proc(ProcessIdToSessionId)},
    {"QueueUserAPC", proc(QueueUserAPC)},
    {"QueueUserAPC2", proc(QueueUserAPC2), Support::partial, "no special APCs"},
    {"ResumeThread", proc(ResumeThread)},
    {"SetPriorityClass", proc(SetPriorityClass), Support::partial, "only remembered"},
    {"SetProcessAffinityMask", proc(SetProcessAffinityMask)},
    {"SetProcessPriorityBoost", proc(SetProcessPriorityBoost), Support::partial, "only remembered"},
    {"SetThreadAffinityMask", proc(SetThreadAffinityMask)},
    {"SetThreadDescription", proc(SetThreadDescription)},
    {"SetThreadGroupAffinity", proc(SetThreadGroupAffinity)},
    {"SetThreadIdealProcessor", proc(SetThreadIdealProcessor), Support::partial, kHint},
    {"SetThreadInformation", proc(SetThreadInformation), Support::partial, kHint},
    {"SetThreadPriority", proc(SetThreadPriority), Support::partial,
     "without the right to raise it again, only remembered"},
    {"SetThreadPriorityBoost", proc(SetThreadPriorityBoost), Support::partial, "only remembered"},
    {"SetThreadStackGuarantee", proc(SetThreadStackGuarantee)},
    {"GetThreadContext", proc(GetThreadContext), Support::partial, "of another thread, which is suspended"},
    {"SetThreadContext", proc(SetThreadContext), Support::partial, "of another thread, which is suspended"},
    {"SuspendThread", proc(SuspendThread)},
    {"SwitchToThread", proc(SwitchToThread)},
    {"TerminateProcess", proc(TerminateProcess)},
    {"TerminateThread", proc(TerminateThread), Support::partial, "a thread inside native code dies where it is"},
};

}  // namespace

extern const ExportTable processthreadsapi_exports = kRows;

}  // namespace hmodule::winapi

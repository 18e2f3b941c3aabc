// Threads: NtCreateThreadEx and what can be asked and told of one.
#include "nt/thread.h"
#include "nt/thread_context.h"

#include "module/builtin.h"
#include "nt/handle_table.h"
#include "nt/process.h"
#include "nt/processor.h"
#include "nt/token.h"
#include "nt/virtual_memory.h"
#include "pe/format.h"
#include "thread/peb.h"
#include "win/processthreadsapi.h"
#include "winapi/ntdll/nt_args.h"

#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>

namespace hmodule::winapi {
namespace {

using nt::object_of;
using nt::Thread;

constexpr ULONG THREAD_CREATE_FLAGS_CREATE_SUSPENDED = 1, THREAD_CREATE_FLAGS_SKIP_THREAD_ATTACH = 2;

Status require_current_process(HANDLE process, ACCESS_MASK access) {
  if (TRY(object_of<nt::Process>(process, access))->is_current()) return ok;
  return fail(STATUS_NOT_SUPPORTED, "threads can be made in this process only");
}

HM_WINAPI NTSTATUS NtCreateThreadEx(HANDLE* handle, ACCESS_MASK access, const OBJECT_ATTRIBUTES* attributes,
                                    HANDLE process, thread::StartRoutine routine, void* parameter, ULONG flags,
                                    ULONG_PTR /*zero_bits*/, SIZE_T stack_commit, SIZE_T stack_reserve,
                                    void* /*attribute_list*/) noexcept {
  return status_of([&]() -> Status {
    TRY(require(handle));
    const auto checked = TRY(nt::attributes_from(attributes));
    TRY(require_current_process(process, nt::PROCESS_CREATE_THREAD));
    auto thread = TRY(nt::create_thread({.routine = routine,
                                         .parameter = parameter,
                                         .stack_size = std::max(stack_commit, stack_reserve),
                                         .suspended = (flags & THREAD_CREATE_FLAGS_CREATE_SUSPENDED) != 0,
                                         .skip_thread_attach = (flags & THREAD_CREATE_FLAGS_SKIP_THREAD_ATTACH) != 0}));
    *handle = TRY(nt::handle_for(std::move(thread), access, checked.attributes));
    return ok;
  });
}

HM_WINAPI NTSTATUS RtlCreateUserThread(HANDLE process, void* /*security*/, BOOLEAN suspended, ULONG /*zero_bits*/,
                                       SIZE_T stack_reserve, SIZE_T stack_commit, thread::StartRoutine routine,
                                       void* parameter, HANDLE* handle, CLIENT_ID* id) noexcept {
  return status_of([&]() -> Status {
    TRY(require_current_process(process, nt::PROCESS_CREATE_THREAD));
    auto thread = TRY(nt::create_thread({.routine = routine,
                                         .parameter = parameter,
                                         .stack_size = std::max(stack_commit, stack_reserve),
                                         .suspended = suspended != 0}));
    if (id != nullptr)
      *id = {reinterpret_cast<HANDLE>(std::uintptr_t(getpid())),
             reinterpret_cast<HANDLE>(std::uintptr_t{thread->id()})};
    if (handle != nullptr) *handle = TRY(nt::handle_for(std::move(thread), nt::THREAD_ALL_ACCESS));
    return ok;
  });
}

// --- Stacks ---

struct INITIAL_TEB {
  void *OldStackBase, *OldStackLimit, *StackBase, *StackLimit, *DeallocationStack;
};
static_assert(sizeof(INITIAL_TEB) == 0x28);

struct StackSizes {
  SIZE_T commit, reserve;
};

// What the program's headers say; the linkers' usual values where they say nothing, as those of a program of the host.
StackSizes default_stack_sizes() {
  StackSizes sizes = {0x1000, 0x100000};
  const auto* const base = static_cast<const std::byte*>(thread::peb().ImageBaseAddress);
  if (base == nullptr) return sizes;
  pe::DosHeader dos;
  std::memcpy(&dos, base, sizeof dos);
  pe::OptionalHeader64 optional;
  std::memcpy(&optional, base + dos.e_lfanew + sizeof(DWORD) + sizeof(pe::FileHeader), sizeof optional);
  if (optional.SizeOfStackCommit != 0) sizes.commit = optional.SizeOfStackCommit;
  if (optional.SizeOfStackReserve != 0) sizes.reserve = optional.SizeOfStackReserve;
  return sizes;
}

SIZE_T round_up(SIZE_T size, SIZE_T unit) {
  return (size + unit - 1) / unit * unit;
}

// A size of zero is the program's. What is committed, and a guard page below it where there is room, are at the top.
HM_WINAPI NTSTATUS RtlCreateUserStack(SIZE_T commit, SIZE_T reserve, ULONG_PTR zero_bits, SIZE_T commit_alignment,
                                      SIZE_T reserve_alignment, INITIAL_TEB* stack) noexcept {
  return status_of([&]() -> Status {
    constexpr SIZE_T kMegabyte = 0x100000;
    TRY(require(stack));
    if (commit_alignment == 0 || reserve_alignment == 0)
      return fail(STATUS_INVALID_PARAMETER, "a stack whose size is a multiple of nothing");
    const StackSizes usual = default_stack_sizes();
    if (reserve == 0) reserve = usual.reserve;
    if (commit == 0) commit = usual.commit;
    commit = round_up(round_up(commit, commit_alignment), kPageSize);
    if (commit >= reserve) reserve = round_up(commit, kMegabyte);
    reserve = round_up(round_up(reserve, reserve_alignment), kAllocationGranularity);

    nt::AllocationRequest request = {.size = reserve, .type = MEM_RESERVE, .protect = PAGE_READWRITE};
    TRY(nt::limit_address(zero_bits, request));
    nt::VirtualMemory& memory = nt::virtual_memory();
    const std::uintptr_t bottom = TRY(memory.allocate(request)).start, top = bottom + reserve;
    const auto commit_pages = [&]() -> Status {
      TRY(memory.allocate({.address = top - commit, .size = commit, .type = MEM_COMMIT, .protect = PAGE_READWRITE}));
      if (commit == reserve) return ok;
      TRY(memory.allocate({.address = top - commit - kPageSize,
                           .size = kPageSize,
                           .type = MEM_COMMIT,
                           .protect = PAGE_READWRITE | PAGE_GUARD}));
      return ok;
    };
    if (const Status committed = commit_pages(); !committed) {
      static_cast<void>(memory.free(bottom, 0, MEM_RELEASE));
      return committed.error();
    }
    const auto at = [](std::uintptr_t address) { return reinterpret_cast<void*>(address); };
    *stack = {nullptr, nullptr, at(top), at(top - commit), at(bottom)};
    return ok;
  });
}
HM_WINAPI void RtlFreeUserStack(void* stack) noexcept {
  static_cast<void>(status_of([&]() -> Status {
    TRY(nt::virtual_memory().free(reinterpret_cast<std::uintptr_t>(stack), 0, MEM_RELEASE));
    return ok;
  }));
}

HM_WINAPI void RtlExitUserThread(NTSTATUS status) noexcept {
  nt::exit_thread(static_cast<DWORD>(status));
}

// A NULL handle is the caller, if it is not the last thread.
HM_WINAPI NTSTATUS NtTerminateThread(HANDLE handle, NTSTATUS exit_status) noexcept {
  return status_of([&]() -> Status {
    const HANDLE target = handle == nullptr ? nt::current_thread_handle() : handle;
    return nt::terminate_thread(TRY(object_of<Thread>(target, nt::THREAD_TERMINATE)), static_cast<DWORD>(exit_status));
  });
}

HM_WINAPI NTSTATUS NtOpenThread(HANDLE* handle, ACCESS_MASK access, const OBJECT_ATTRIBUTES* attributes,
                                const CLIENT_ID* id) noexcept {
  return status_of([&]() -> Status {
    TRY(require(handle));
    TRY(require(id));
    const auto checked = TRY(nt::attributes_from(attributes));
    auto thread = TRY(nt::thread_by_id(static_cast<DWORD>(reinterpret_cast<std::uintptr_t>(id->UniqueThread))));
    *handle = TRY(nt::handle_for(std::move(thread), nt::implied_access(access), checked.attributes));
    return ok;
  });
}

HM_WINAPI NTSTATUS NtGetContextThread(HANDLE handle, CONTEXT* context) noexcept {
  return status_of([&]() -> Status {
    if (context == nullptr) return fail(STATUS_ACCESS_VIOLATION, "nowhere to put the context");
    return nt::take_context(*TRY(object_of<Thread>(handle, nt::THREAD_GET_CONTEXT)), *context);
  });
}
HM_WINAPI NTSTATUS NtSetContextThread(HANDLE handle, const CONTEXT* context) noexcept {
  return status_of([&]() -> Status {
    if (context == nullptr) return fail(STATUS_ACCESS_VIOLATION, "no context");
    return nt::give_context(*TRY(object_of<Thread>(handle, nt::THREAD_SET_CONTEXT)), *context);
  });
}

HM_WINAPI NTSTATUS NtSuspendThread(HANDLE handle, ULONG* previous) noexcept {
  return status_of([&]() -> Status {
    const auto thread = TRY(object_of<Thread>(handle, nt::THREAD_SUSPEND_RESUME));
    store_if(previous, TRY(thread->suspend()));
    return ok;
  });
}
HM_WINAPI NTSTATUS NtResumeThread(HANDLE handle, ULONG* previous) noexcept {
  return status_of([&]() -> Status {
    const auto thread = TRY(object_of<Thread>(handle, nt::THREAD_SUSPEND_RESUME));
    store_if(previous, TRY(thread->resume()));
    return ok;
  });
}

// A special APC would interrupt a thread that waits for nothing.
HM_WINAPI NTSTATUS NtQueueApcThreadEx2(HANDLE handle, HANDLE reserve, ULONG flags, nt::ApcRoutine routine, ULONG_PTR a,
                                       ULONG_PTR b, ULONG_PTR c) noexcept {
  return status_of([&]() -> Status {
    if (flags != 0 || reserve != nullptr)
      return fail(STATUS_NOT_SUPPORTED, "APC flags {:#x}, reserve object {}", flags, reserve);
    return TRY(object_of<Thread>(handle, nt::THREAD_SET_CONTEXT))->queue_apc({routine, {a, b, c}});
  });
}
// `option` is flags, all of which are below 4, or a reserve object.
HM_WINAPI NTSTATUS NtQueueApcThreadEx(HANDLE handle, HANDLE option, nt::ApcRoutine routine, ULONG_PTR a, ULONG_PTR b,
                                      ULONG_PTR c) noexcept {
  return NtQueueApcThreadEx2(handle, option, 0, routine, a, b, c);
}
HM_WINAPI NTSTATUS NtQueueApcThread(HANDLE handle, nt::ApcRoutine routine, ULONG_PTR a, ULONG_PTR b,
                                    ULONG_PTR c) noexcept {
  return NtQueueApcThreadEx2(handle, nullptr, 0, routine, a, b, c);
}

// --- information ---

struct ThreadBasicInformation {
  NTSTATUS ExitStatus;
  TEB* TebBaseAddress;
  CLIENT_ID ClientId;
  ULONG_PTR AffinityMask;
  LONG Priority, BasePriority;
};
static_assert(sizeof(ThreadBasicInformation) == 0x30);

struct GroupAffinity {
  ULONG_PTR Mask;
  WORD Group, Reserved[3];
};

// THREADINFOCLASS (winternl.h and the DDK).
enum ThreadInformationClass : LONG {
  kBasic = 0,
  kTimes = 1,
  kBasePriority = 3,
  kAffinityMask = 4,
  kImpersonationToken = 5,
  kWin32StartAddress = 9,
  kAmILastThread = 12,
  kIdealProcessor = 13,
  kPriorityBoost = 14,
  kHideFromDebugger = 17,
  kIsTerminated = 20,
  kGroupInformation = 30,
  kSuspendCount = 35,
  kName = 38,
};

Status deliver_name(const Thread& thread, void* buffer, ULONG size, ULONG* needed) {
  const std::u16string name = thread.description();
  const auto bytes = static_cast<USHORT>(name.size() * sizeof(WCHAR));
  const auto whole = static_cast<ULONG>(sizeof(UNICODE_STRING) + bytes);
  store_if(needed, whole);
  if (size < whole) return fail(STATUS_BUFFER_TOO_SMALL, "a buffer of {} bytes for {}", size, whole);
  TRY(require(buffer));
  auto* const text = reinterpret_cast<WCHAR*>(static_cast<UNICODE_STRING*>(buffer) + 1);
  std::copy(name.begin(), name.end(), text);
  *static_cast<UNICODE_STRING*>(buffer) = {bytes, bytes, text};
  return ok;
}

ThreadBasicInformation basic_information(const Thread& thread) {
  ThreadBasicInformation basic = {};
  basic.ExitStatus = static_cast<NTSTATUS>(thread.exit_code());
  basic.TebBaseAddress = thread.teb();
  basic.ClientId = {reinterpret_cast<HANDLE>(std::uintptr_t(getpid())),
                    reinterpret_cast<HANDLE>(std::uintptr_t{thread.id()})};
  const auto affinity = nt::thread_affinity(thread.id());
  basic.AffinityMask = affinity ? *affinity : 0;
  basic.BasePriority = thread.base_priority();
  basic.Priority = 8 + thread.base_priority();
  return basic;
}

HM_WINAPI NTSTATUS NtQueryInformationThread(HANDLE handle, LONG information_class, void* buffer, ULONG size,
                                            ULONG* needed) noexcept {
  return status_of([&]() -> Status {
    const auto thread = TRY(object_of<Thread>(handle, nt::THREAD_QUERY_LIMITED_INFORMATION));
    switch (information_class) {
      case kBasic:
        return deliver_and_tell(basic_information(*thread), buffer, size, needed);
      case kTimes: {
        const Thread::Times times = thread->times();
        return deliver_and_tell(KERNEL_USER_TIMES{times.created, times.exited, times.kernel, times.user}, buffer, size,
                                needed);
      }
      case kAffinityMask:
        return deliver_and_tell(TRY(nt::thread_affinity(thread->id())), buffer, size, needed);
      case kWin32StartAddress:
        return deliver_and_tell(reinterpret_cast<void*>(thread->routine()), buffer, size, needed);
      case kAmILastThread:
        return deliver_and_tell(ULONG{nt::all_threads().size() == 1}, buffer, size, needed);
      case kPriorityBoost:
        return deliver_and_tell(ULONG{thread->priority_boost_disabled}, buffer, size, needed);
      case kHideFromDebugger:
        return deliver_and_tell(BOOLEAN{0}, buffer, size, needed);
      case kIsTerminated:
        return deliver_and_tell(ULONG{thread->ended()}, buffer, size, needed);
      case kGroupInformation:
        return deliver_and_tell(GroupAffinity{TRY(nt::thread_affinity(thread->id())), 0, {}}, buffer, size, needed);
      case kSuspendCount:
        return deliver_and_tell(ULONG{thread->suspend_count()}, buffer, size, needed);
      case kName:
        return deliver_name(*thread, buffer, size, needed);
      default:
        return fail(STATUS_INVALID_INFO_CLASS, "thread information class {}", information_class);
    }
  });
}

template <typename Information>
Result<Information> received(const void* buffer, ULONG size) {
  if (size != sizeof(Information))
    return fail(STATUS_INFO_LENGTH_MISMATCH, "a buffer of {} bytes for {}", size, sizeof(Information));
  TRY(require(buffer));
  Information information;
  std::memcpy(&information, buffer, sizeof information);
  return information;
}

HM_WINAPI NTSTATUS NtSetInformationThread(HANDLE handle, LONG information_class, const void* buffer,
                                          ULONG size) noexcept {
  return status_of([&]() -> Status {
    const auto thread = TRY(object_of<Thread>(handle, nt::THREAD_SET_LIMITED_INFORMATION));
    switch (information_class) {
      case kBasePriority:
        return thread->set_base_priority(TRY(received<LONG>(buffer, size)));
      case kAffinityMask: {
        const auto mask = TRY(received<ULONG_PTR>(buffer, size));
        TRY(nt::set_thread_affinity(thread->id(), mask));
        return ok;
      }
      case kGroupInformation: {
        const auto affinity = TRY(received<GroupAffinity>(buffer, size));
        if (affinity.Group != 0) return fail(STATUS_INVALID_PARAMETER, "processor group {}", affinity.Group);
        TRY(nt::set_thread_affinity(thread->id(), affinity.Mask));
        return ok;
      }
      case kImpersonationToken: {
        const auto token = TRY(received<HANDLE>(buffer, size));
        if (token == nullptr) return nt::impersonate(*thread, {});
        return nt::impersonate(*thread, TRY(object_of<nt::Token>(token, TOKEN_IMPERSONATE)));
      }
      case kPriorityBoost:
        thread->priority_boost_disabled = TRY(received<ULONG>(buffer, size)) != 0;
        return ok;
      case kName: {
        const auto name = TRY(received<UNICODE_STRING>(buffer, size));
        if (name.Length != 0 && name.Buffer == nullptr)
          return fail(STATUS_ACCESS_VIOLATION, "the thread's name has no buffer");
        return thread->set_description({name.Buffer, name.Length / sizeof(WCHAR)});
      }
      default:
        return fail(STATUS_INVALID_INFO_CLASS, "thread information class {}", information_class);
    }
  });
}

HM_WINAPI ULONG NtGetCurrentProcessorNumber() noexcept {
  return nt::current_processor();
}

constexpr std::string_view kRegisters = "of another thread, which is suspended";
constexpr std::string_view kNotSpecial = "no special APCs and no reserve objects";
constexpr std::string_view kEndNote = "a thread inside native code ends when the signal reaches it there";
const Export kRows[] = {
    {"NtCreateThreadEx", proc(NtCreateThreadEx), Support::partial, "in this process; no attribute list"},
    {"NtGetCurrentProcessorNumber", proc(NtGetCurrentProcessorNumber)},
    {"NtOpenThread", proc(NtOpenThread), Support::partial, "threads of this process"},
    {"NtQueryInformationThread", proc(NtQueryInformationThread), Support::partial, "the common classes"},
    {"NtQueueApcThread", proc(NtQueueApcThread)},
    {"NtQueueApcThreadEx", proc(NtQueueApcThreadEx), Support::partial, kNotSpecial},
    {"NtQueueApcThreadEx2", proc(NtQueueApcThreadEx2), Support::partial, kNotSpecial},
    {"NtResumeThread", proc(NtResumeThread)},
    {"NtSetInformationThread", proc(NtSetInformationThread), Support::partial, "the common classes"},
    {"NtGetContextThread", proc(NtGetContextThread), Support::partial, kRegisters},
    {"NtSetContextThread", proc(NtSetContextThread), Support::partial, kRegisters},
    {"NtSuspendThread", proc(NtSuspendThread)},
    {"NtTerminateThread", proc(NtTerminateThread), Support::partial, kEndNote},
    {"RtlCreateUserStack", proc(RtlCreateUserStack), Support::partial, "it does not grow into what is reserved"},
    {"RtlCreateUserThread", proc(RtlCreateUserThread), Support::partial, "in this process"},
    {"RtlExitUserThread", proc(RtlExitUserThread)},
    {"RtlFreeUserStack", proc(RtlFreeUserStack)},
    {"RtlUserThreadStart", proc(nt::start_user_thread)},
};

}  // namespace

extern const ExportTable thread_exports = kRows;

}  // namespace hmodule::winapi

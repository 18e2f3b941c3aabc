// Critical sections, SRW locks, condition variables, one-time initialisation, waits on an address.
//
// The uncontended paths of the SRW lock call nothing: a Windows-convention function that calls native code has to save
// XMM6-XMM15 first, so the contended ones stand in functions of their own.
#include "winapi/ntdll/locks.h"

#include "module/builtin.h"
#include "nt/address_wait.h"
#include "nt/condition_variable.h"
#include "nt/critical_section.h"
#include "nt/run_once.h"
#include "nt/srw_lock.h"
#include "thread/call.h"
#include "winapi/ntdll/nt_args.h"

namespace hmodule::winapi {
namespace {

namespace cs = nt::critical_section;

constexpr ULONG CONDITION_VARIABLE_LOCKMODE_SHARED = 1;

[[gnu::cold, gnu::noinline]] HM_WINAPI void wait_for_exclusive(nt::SrwLock& lock) noexcept {
  lock.acquire_exclusive_slowly();
}
[[gnu::cold, gnu::noinline]] HM_WINAPI void wait_for_shared(nt::SrwLock& lock) noexcept {
  lock.acquire_shared_slowly();
}
[[gnu::cold, gnu::noinline]] HM_WINAPI void wake_sleepers(nt::SrwLock& lock, std::uint32_t state) noexcept {
  lock.wake(state);
}

}  // namespace

HM_WINAPI NTSTATUS RtlInitializeCriticalSection(CRITICAL_SECTION* section) noexcept {
  cs::initialize(*section, 0);
  return STATUS_SUCCESS;
}
HM_WINAPI NTSTATUS RtlInitializeCriticalSectionEx(CRITICAL_SECTION* section, ULONG spin_count, ULONG flags) noexcept {
  constexpr ULONG kReserved = 0xE000'0000;  // RTL_CRITICAL_SECTION_FLAG_RESERVED; libcurl gives 1
  if ((flags & kReserved) != 0) return STATUS_INVALID_PARAMETER_3;
  cs::initialize(*section, spin_count);
  return STATUS_SUCCESS;
}
HM_WINAPI NTSTATUS RtlDeleteCriticalSection(CRITICAL_SECTION* section) noexcept {
  cs::destroy(*section);
  return STATUS_SUCCESS;
}
HM_WINAPI NTSTATUS RtlEnterCriticalSection(CRITICAL_SECTION* section) noexcept {
  cs::enter(*section);
  return STATUS_SUCCESS;
}
HM_WINAPI BOOL RtlTryEnterCriticalSection(CRITICAL_SECTION* section) noexcept {
  return cs::try_enter(*section);
}
HM_WINAPI NTSTATUS RtlLeaveCriticalSection(CRITICAL_SECTION* section) noexcept {
  cs::leave(*section);
  return STATUS_SUCCESS;
}
HM_WINAPI ULONG RtlSetCriticalSectionSpinCount(CRITICAL_SECTION* section, ULONG spin_count) noexcept {
  return cs::set_spin_count(*section, spin_count);
}

HM_WINAPI void RtlInitializeSRWLock(void** lock) noexcept {
  *lock = nullptr;
}
HM_WINAPI void RtlAcquireSRWLockExclusive(void** lock) noexcept {
  if (!nt::SrwLock::at(lock).acquire_free_exclusive()) wait_for_exclusive(nt::SrwLock::at(lock));
}
HM_WINAPI void RtlAcquireSRWLockShared(void** lock) noexcept {
  if (!nt::SrwLock::at(lock).try_acquire_shared()) wait_for_shared(nt::SrwLock::at(lock));
}
HM_WINAPI void RtlReleaseSRWLockExclusive(void** lock) noexcept {
  if (const auto state = nt::SrwLock::at(lock).drop_exclusive()) wake_sleepers(nt::SrwLock::at(lock), state);
}
HM_WINAPI void RtlReleaseSRWLockShared(void** lock) noexcept {
  if (const auto state = nt::SrwLock::at(lock).drop_shared()) wake_sleepers(nt::SrwLock::at(lock), state);
}
HM_WINAPI BOOLEAN RtlTryAcquireSRWLockExclusive(void** lock) noexcept {
  return nt::SrwLock::at(lock).try_acquire_exclusive();
}
HM_WINAPI BOOLEAN RtlTryAcquireSRWLockShared(void** lock) noexcept {
  return nt::SrwLock::at(lock).try_acquire_shared();
}

HM_WINAPI void RtlInitializeConditionVariable(void** variable) noexcept {
  *variable = nullptr;
}
HM_WINAPI void RtlWakeConditionVariable(void** variable) noexcept {
  nt::ConditionVariable::at(variable).wake_one();
}
HM_WINAPI void RtlWakeAllConditionVariable(void** variable) noexcept {
  nt::ConditionVariable::at(variable).wake_all();
}
HM_WINAPI NTSTATUS RtlSleepConditionVariableCS(void** variable, CRITICAL_SECTION* section,
                                               const LARGE_INTEGER* timeout) noexcept {
  const bool woken = nt::ConditionVariable::at(variable).sleep(*section, timeout_from(timeout));
  return woken ? STATUS_SUCCESS : STATUS_TIMEOUT;
}
HM_WINAPI NTSTATUS RtlSleepConditionVariableSRW(void** variable, void** lock, const LARGE_INTEGER* timeout,
                                                ULONG flags) noexcept {
  if ((flags & ~CONDITION_VARIABLE_LOCKMODE_SHARED) != 0) return STATUS_INVALID_PARAMETER_2;
  const bool shared = (flags & CONDITION_VARIABLE_LOCKMODE_SHARED) != 0;
  const bool woken = nt::ConditionVariable::at(variable).sleep(nt::SrwLock::at(lock), shared, timeout_from(timeout));
  return woken ? STATUS_SUCCESS : STATUS_TIMEOUT;
}

HM_WINAPI void RtlRunOnceInitialize(void** once) noexcept {
  *once = nullptr;
}
HM_WINAPI NTSTATUS RtlRunOnceBeginInitialize(void** once, ULONG flags, void** context) noexcept {
  return nt::run_once::begin(once, flags, context);
}
HM_WINAPI NTSTATUS RtlRunOnceComplete(void** once, ULONG flags, void* context) noexcept {
  return nt::run_once::complete(once, flags, context);
}
// Not inlined: what ThreadSanitizer adds to a function that is noexcept would end the process at an exception.
[[gnu::noinline]] NTSTATUS execute_once(void** once, RunOnceCallback callback, void* parameter, void** context) {
  const NTSTATUS status = nt::run_once::begin(once, 0, context);
  if (status != STATUS_PENDING) return status;
  void* result = nullptr;
  if (!thread::call(callback, once, parameter, &result)) {
    nt::run_once::complete(once, nt::run_once::kInitFailed, nullptr);
    return STATUS_UNSUCCESSFUL;
  }
  if (context != nullptr) *context = result;
  return nt::run_once::complete(once, 0, result);
}
HM_WINAPI NTSTATUS RtlRunOnceExecuteOnce(void** once, RunOnceCallback callback, void* parameter,
                                         void** context) noexcept {
  return execute_once(once, callback, parameter, context);
}

HM_WINAPI NTSTATUS RtlWaitOnAddress(const volatile void* address, const void* compare, SIZE_T size,
                                    const LARGE_INTEGER* timeout) noexcept {
  return nt::wait_on_address(address, compare, size, timeout_from(timeout));
}
HM_WINAPI void RtlWakeAddressSingle(const void* address) noexcept {
  nt::wake_by_address(address, false);
}
HM_WINAPI void RtlWakeAddressAll(const void* address) noexcept {
  nt::wake_by_address(address, true);
}

HM_WINAPI void RtlInitializeSListHead(SLIST_HEADER* list) noexcept {
  nt::slist::initialize(*list);
}
HM_WINAPI SLIST_ENTRY* RtlInterlockedPushEntrySList(SLIST_HEADER* list, SLIST_ENTRY* entry) noexcept {
  return nt::slist::push(*list, *entry);
}
HM_WINAPI SLIST_ENTRY* RtlInterlockedPushListSListEx(SLIST_HEADER* list, SLIST_ENTRY* first, SLIST_ENTRY* last,
                                                     ULONG count) noexcept {
  return nt::slist::push_chain(*list, *first, *last, count);
}
HM_WINAPI SLIST_ENTRY* RtlInterlockedPopEntrySList(SLIST_HEADER* list) noexcept {
  return nt::slist::pop(*list);
}
HM_WINAPI SLIST_ENTRY* RtlInterlockedFlushSList(SLIST_HEADER* list) noexcept {
  return nt::slist::flush(*list);
}
HM_WINAPI USHORT RtlQueryDepthSList(SLIST_HEADER* list) noexcept {
  return nt::slist::depth(*list);
}
HM_WINAPI SLIST_ENTRY* RtlFirstEntrySList(const SLIST_HEADER* list) noexcept {
  return nt::slist::first(*list);
}

namespace {

HM_WINAPI NTSTATUS RtlInitializeCriticalSectionAndSpinCount(CRITICAL_SECTION* section, ULONG spin_count) noexcept {
  return RtlInitializeCriticalSectionEx(section, spin_count, 0);
}
HM_WINAPI BOOL RtlIsCriticalSectionLocked(CRITICAL_SECTION* section) noexcept {
  return cs::is_locked(*section);
}
HM_WINAPI BOOL RtlIsCriticalSectionLockedByThread(CRITICAL_SECTION* section) noexcept {
  return cs::is_owned_by_caller(*section);
}

const Export kRows[] = {
    {"RtlAcquireSRWLockExclusive", proc(RtlAcquireSRWLockExclusive)},
    {"RtlAcquireSRWLockShared", proc(RtlAcquireSRWLockShared)},
    {"RtlDeleteCriticalSection", proc(RtlDeleteCriticalSection)},
    {"RtlEnterCriticalSection", proc(RtlEnterCriticalSection)},
    {"RtlFirstEntrySList", proc(RtlFirstEntrySList)},
    {"RtlInitializeConditionVariable", proc(RtlInitializeConditionVariable)},
    {"RtlInitializeCriticalSection", proc(RtlInitializeCriticalSection)},
    {"RtlInitializeCriticalSectionAndSpinCount", proc(RtlInitializeCriticalSectionAndSpinCount)},
    {"RtlInitializeCriticalSectionEx", proc(RtlInitializeCriticalSectionEx)},
    {"RtlInitializeSListHead", proc(RtlInitializeSListHead)},
    {"RtlInitializeSRWLock", proc(RtlInitializeSRWLock)},
    {"RtlInterlockedFlushSList", proc(RtlInterlockedFlushSList)},
    {"RtlInterlockedPopEntrySList", proc(RtlInterlockedPopEntrySList)},
    {"RtlInterlockedPushEntrySList", proc(RtlInterlockedPushEntrySList)},
    {"RtlInterlockedPushListSListEx", proc(RtlInterlockedPushListSListEx)},
    {"RtlIsCriticalSectionLocked", proc(RtlIsCriticalSectionLocked)},
    {"RtlIsCriticalSectionLockedByThread", proc(RtlIsCriticalSectionLockedByThread)},
    {"RtlLeaveCriticalSection", proc(RtlLeaveCriticalSection)},
    {"RtlQueryDepthSList", proc(RtlQueryDepthSList)},
    {"RtlReleaseSRWLockExclusive", proc(RtlReleaseSRWLockExclusive)},
    {"RtlReleaseSRWLockShared", proc(RtlReleaseSRWLockShared)},
    {"RtlRunOnceBeginInitialize", proc(RtlRunOnceBeginInitialize)},
    {"RtlRunOnceComplete", proc(RtlRunOnceComplete)},
    {"RtlRunOnceExecuteOnce", proc(RtlRunOnceExecuteOnce)},
    {"RtlRunOnceInitialize", proc(RtlRunOnceInitialize)},
    {"RtlSetCriticalSectionSpinCount", proc(RtlSetCriticalSectionSpinCount)},
    {"RtlSleepConditionVariableCS", proc(RtlSleepConditionVariableCS)},
    {"RtlSleepConditionVariableSRW", proc(RtlSleepConditionVariableSRW)},
    {"RtlTryAcquireSRWLockExclusive", proc(RtlTryAcquireSRWLockExclusive)},
    {"RtlTryAcquireSRWLockShared", proc(RtlTryAcquireSRWLockShared)},
    {"RtlTryEnterCriticalSection", proc(RtlTryEnterCriticalSection)},
    {"RtlWaitOnAddress", proc(RtlWaitOnAddress)},
    {"RtlWakeAddressAll", proc(RtlWakeAddressAll)},
    {"RtlWakeAddressSingle", proc(RtlWakeAddressSingle)},
    {"RtlWakeAllConditionVariable", proc(RtlWakeAllConditionVariable)},
    {"RtlWakeConditionVariable", proc(RtlWakeConditionVariable)},
};

}  // namespace

extern const ExportTable locks_exports = kRows;

}  // namespace hmodule::winapi

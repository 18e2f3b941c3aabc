// synchapi.h and interlockedapi.h: locks in user memory. Most are ntdll's functions under other names.
#include "module/builtin.h"
#include "winapi/common/named_object.h"
#include "winapi/ntdll/locks.h"

#include <atomic>

namespace hmodule::winapi {
namespace {

HM_WINAPI void InitializeCriticalSection(CRITICAL_SECTION* section) noexcept {
  RtlInitializeCriticalSectionEx(section, 0, 0);
}
HM_WINAPI BOOL InitializeCriticalSectionEx(CRITICAL_SECTION* section, DWORD spin_count, DWORD flags) noexcept {
  const NTSTATUS status = RtlInitializeCriticalSectionEx(section, spin_count, flags);
  if (status == STATUS_SUCCESS) return TRUE;
  thread::set_last_status(status);
  return FALSE;
}
HM_WINAPI BOOL InitializeCriticalSectionAndSpinCount(CRITICAL_SECTION* section, DWORD spin_count) noexcept {
  return InitializeCriticalSectionEx(section, spin_count, 0);
}

// The relative time lives in the caller's frame.
struct Milliseconds {
  explicit Milliseconds(DWORD milliseconds)
      : ticks(-LARGE_INTEGER{milliseconds} * 10'000), infinite(milliseconds == INFINITE) {}
  const LARGE_INTEGER* pointer() const { return infinite ? nullptr : &ticks; }
  LARGE_INTEGER ticks;
  bool infinite;
};

// STATUS_TIMEOUT is a failure here: ERROR_TIMEOUT.
BOOL woken(NTSTATUS status) {
  if (status == STATUS_SUCCESS) return TRUE;
  thread::set_last_status(status);
  return FALSE;
}

HM_WINAPI BOOL SleepConditionVariableCS(void** variable, CRITICAL_SECTION* section, DWORD milliseconds) noexcept {
  return woken(RtlSleepConditionVariableCS(variable, section, Milliseconds(milliseconds).pointer()));
}
HM_WINAPI BOOL SleepConditionVariableSRW(void** variable, void** lock, DWORD milliseconds, ULONG flags) noexcept {
  return woken(RtlSleepConditionVariableSRW(variable, lock, Milliseconds(milliseconds).pointer(), flags));
}
HM_WINAPI BOOL WaitOnAddress(const volatile void* address, const void* compare, SIZE_T size,
                             DWORD milliseconds) noexcept {
  return woken(RtlWaitOnAddress(address, compare, size, Milliseconds(milliseconds).pointer()));
}

HM_WINAPI BOOL InitOnceBeginInitialize(void** once, DWORD flags, BOOL* pending, void** context) noexcept {
  const NTSTATUS status = RtlRunOnceBeginInitialize(once, flags, context);
  if (status < 0) {
    thread::set_last_status(status);
    return FALSE;
  }
  *pending = status == STATUS_PENDING;
  return TRUE;
}
HM_WINAPI BOOL InitOnceComplete(void** once, DWORD flags, void* context) noexcept {
  return woken(RtlRunOnceComplete(once, flags, context));
}
// A callback that failed has set the last error itself.
HM_WINAPI BOOL InitOnceExecuteOnce(void** once, RunOnceCallback callback, void* parameter, void** context) noexcept {
  return RtlRunOnceExecuteOnce(once, callback, parameter, context) == STATUS_SUCCESS;
}

// A barrier. Windows names no member of the structure, so they can be ours.
struct SYNCHRONIZATION_BARRIER {
  LONG missing, total;
  ULONG_PTR phase;   // waited for
  ULONG_PTR inside;  // those that may still look at it
  DWORD unused[2];
};
static_assert(sizeof(SYNCHRONIZATION_BARRIER) == 32);

HM_WINAPI BOOL InitializeSynchronizationBarrier(SYNCHRONIZATION_BARRIER* barrier, LONG threads, LONG spins) noexcept {
  if (barrier == nullptr || threads <= 0 || spins < -1) {
    thread::set_last_error(ERROR_INVALID_PARAMETER);
    return FALSE;
  }
  *barrier = {.missing = threads, .total = threads, .phase = 0, .inside = 0, .unused = {}};
  return TRUE;
}
// TRUE for one of the threads: the last to arrive.
HM_WINAPI BOOL EnterSynchronizationBarrier(SYNCHRONIZATION_BARRIER* barrier, DWORD) noexcept {
  std::atomic_ref phase(barrier->phase);
  std::atomic_ref inside(barrier->inside);
  inside.fetch_add(1);
  const ULONG_PTR mine = phase.load();
  const bool last = std::atomic_ref(barrier->missing).fetch_sub(1) == 1;
  if (last) {
    std::atomic_ref(barrier->missing).store(barrier->total);
    phase.fetch_add(1);
    RtlWakeAddressAll(&barrier->phase);
  }
  while (phase.load() == mine) RtlWaitOnAddress(&barrier->phase, &mine, sizeof mine, nullptr);
  if (inside.fetch_sub(1) == 1) RtlWakeAddressAll(&barrier->inside);
  return last ? TRUE : FALSE;
}
// Threads that were let go may still be on their way out.
HM_WINAPI BOOL DeleteSynchronizationBarrier(SYNCHRONIZATION_BARRIER* barrier) noexcept {
  const std::atomic_ref inside(barrier->inside);
  for (ULONG_PTR now = inside.load(); now != 0; now = inside.load())
    RtlWaitOnAddress(&barrier->inside, &now, sizeof now, nullptr);
  return TRUE;
}

const Export kRows[] = {
    {"AcquireSRWLockExclusive", proc(RtlAcquireSRWLockExclusive)},
    {"AcquireSRWLockShared", proc(RtlAcquireSRWLockShared)},
    {"DeleteCriticalSection", proc(RtlDeleteCriticalSection)},
    {"DeleteSynchronizationBarrier", proc(DeleteSynchronizationBarrier)},
    {"EnterCriticalSection", proc(RtlEnterCriticalSection)},
    {"EnterSynchronizationBarrier", proc(EnterSynchronizationBarrier), Support::partial,
     "waits at once: the flags only choose how to wait"},
    {"InitOnceBeginInitialize", proc(InitOnceBeginInitialize)},
    {"InitOnceComplete", proc(InitOnceComplete)},
    {"InitOnceExecuteOnce", proc(InitOnceExecuteOnce)},
    {"InitOnceInitialize", proc(RtlRunOnceInitialize)},
    {"InitializeConditionVariable", proc(RtlInitializeConditionVariable)},
    {"InitializeCriticalSection", proc(InitializeCriticalSection)},
    {"InitializeCriticalSectionAndSpinCount", proc(InitializeCriticalSectionAndSpinCount)},
    {"InitializeCriticalSectionEx", proc(InitializeCriticalSectionEx)},
    {"InitializeSListHead", proc(RtlInitializeSListHead)},
    {"InitializeSRWLock", proc(RtlInitializeSRWLock)},
    {"InitializeSynchronizationBarrier", proc(InitializeSynchronizationBarrier)},
    {"InterlockedFlushSList", proc(RtlInterlockedFlushSList)},
    {"InterlockedPopEntrySList", proc(RtlInterlockedPopEntrySList)},
    {"InterlockedPushEntrySList", proc(RtlInterlockedPushEntrySList)},
    {"InterlockedPushListSListEx", proc(RtlInterlockedPushListSListEx)},
    {"LeaveCriticalSection", proc(RtlLeaveCriticalSection)},
    {"QueryDepthSList", proc(RtlQueryDepthSList)},
    {"ReleaseSRWLockExclusive", proc(RtlReleaseSRWLockExclusive)},
    {"ReleaseSRWLockShared", proc(RtlReleaseSRWLockShared)},
    {"SetCriticalSectionSpinCount", proc(RtlSetCriticalSectionSpinCount)},
    {"SleepConditionVariableCS", proc(SleepConditionVariableCS)},
    {"SleepConditionVariableSRW", proc(SleepConditionVariableSRW)},
    {"TryAcquireSRWLockExclusive", proc(RtlTryAcquireSRWLockExclusive)},
    {"TryAcquireSRWLockShared", proc(RtlTryAcquireSRWLockShared)},
    {"TryEnterCriticalSection", proc(RtlTryEnterCriticalSection)},
    {"WaitOnAddress", proc(WaitOnAddress)},
    {"WakeAllConditionVariable", proc(RtlWakeAllConditionVariable)},
    {"WakeByAddressAll", proc(RtlWakeAddressAll)},
    {"WakeByAddressSingle", proc(RtlWakeAddressSingle)},
    {"WakeConditionVariable", proc(RtlWakeConditionVariable)},
};

}  // namespace

extern const ExportTable synchapi_locks_exports = kRows;

}  // namespace hmodule::winapi

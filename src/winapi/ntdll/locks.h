// Locks in user memory, which kernel32 exports under its own names.
#pragma once

#include "nt/slist.h"
#include "win/types.h"

namespace hmodule::winapi {

HM_WINAPI NTSTATUS RtlInitializeCriticalSection(CRITICAL_SECTION* section) noexcept;
HM_WINAPI NTSTATUS RtlInitializeCriticalSectionEx(CRITICAL_SECTION* section, ULONG spin_count, ULONG flags) noexcept;
HM_WINAPI NTSTATUS RtlDeleteCriticalSection(CRITICAL_SECTION* section) noexcept;
HM_WINAPI NTSTATUS RtlEnterCriticalSection(CRITICAL_SECTION* section) noexcept;
HM_WINAPI BOOL RtlTryEnterCriticalSection(CRITICAL_SECTION* section) noexcept;
HM_WINAPI NTSTATUS RtlLeaveCriticalSection(CRITICAL_SECTION* section) noexcept;
HM_WINAPI ULONG RtlSetCriticalSectionSpinCount(CRITICAL_SECTION* section, ULONG spin_count) noexcept;

// SRWLOCK, CONDITION_VARIABLE and INIT_ONCE are one pointer each, all zero at first.
HM_WINAPI void RtlInitializeSRWLock(void** lock) noexcept;
HM_WINAPI void RtlAcquireSRWLockExclusive(void** lock) noexcept;
HM_WINAPI void RtlAcquireSRWLockShared(void** lock) noexcept;
HM_WINAPI void RtlReleaseSRWLockExclusive(void** lock) noexcept;
HM_WINAPI void RtlReleaseSRWLockShared(void** lock) noexcept;
HM_WINAPI BOOLEAN RtlTryAcquireSRWLockExclusive(void** lock) noexcept;
HM_WINAPI BOOLEAN RtlTryAcquireSRWLockShared(void** lock) noexcept;

HM_WINAPI void RtlInitializeConditionVariable(void** variable) noexcept;
HM_WINAPI void RtlWakeConditionVariable(void** variable) noexcept;
HM_WINAPI void RtlWakeAllConditionVariable(void** variable) noexcept;
HM_WINAPI NTSTATUS RtlSleepConditionVariableCS(void** variable, CRITICAL_SECTION* section,
                                               const LARGE_INTEGER* timeout) noexcept;
HM_WINAPI NTSTATUS RtlSleepConditionVariableSRW(void** variable, void** lock, const LARGE_INTEGER* timeout,
                                                ULONG flags) noexcept;

using RunOnceCallback = HM_WINAPI BOOL (*)(void** once, void* parameter, void** context);
HM_WINAPI void RtlRunOnceInitialize(void** once) noexcept;
HM_WINAPI NTSTATUS RtlRunOnceBeginInitialize(void** once, ULONG flags, void** context) noexcept;
HM_WINAPI NTSTATUS RtlRunOnceComplete(void** once, ULONG flags, void* context) noexcept;
HM_WINAPI NTSTATUS RtlRunOnceExecuteOnce(void** once, RunOnceCallback callback, void* parameter,
                                         void** context) noexcept;

HM_WINAPI NTSTATUS RtlWaitOnAddress(const volatile void* address, const void* compare, SIZE_T size,
                                    const LARGE_INTEGER* timeout) noexcept;
HM_WINAPI void RtlWakeAddressSingle(const void* address) noexcept;
HM_WINAPI void RtlWakeAddressAll(const void* address) noexcept;

HM_WINAPI void RtlInitializeSListHead(SLIST_HEADER* list) noexcept;
HM_WINAPI SLIST_ENTRY* RtlInterlockedPushEntrySList(SLIST_HEADER* list, SLIST_ENTRY* entry) noexcept;
HM_WINAPI SLIST_ENTRY* RtlInterlockedPushListSListEx(SLIST_HEADER* list, SLIST_ENTRY* first, SLIST_ENTRY* last,
                                                     ULONG count) noexcept;
HM_WINAPI SLIST_ENTRY* RtlInterlockedPopEntrySList(SLIST_HEADER* list) noexcept;
HM_WINAPI SLIST_ENTRY* RtlInterlockedFlushSList(SLIST_HEADER* list) noexcept;
HM_WINAPI USHORT RtlQueryDepthSList(SLIST_HEADER* list) noexcept;
HM_WINAPI SLIST_ENTRY* RtlFirstEntrySList(const SLIST_HEADER* list) noexcept;

}  // namespace hmodule::winapi

// The thread pool's functions, most of which kernel32 exports under its own names.
#pragma once

#include "nt/thread_pool.h"
#include "win/types.h"

namespace hmodule::winapi {

using nt::Pool;
using nt::PoolGroup;
using nt::PoolInstance;
using nt::PoolItem;

// A TP_POOL, TP_CLEANUP_GROUP and TP_CALLBACK_INSTANCE are those of src/nt; a TP_WORK, TP_TIMER, TP_WAIT or TP_IO is a
// PoolItem.
using SimpleCallback = HM_WINAPI void (*)(PoolInstance*, void* context);
using ItemCallback = HM_WINAPI void (*)(PoolInstance*, void* context, PoolItem*);
using WaitCallback = HM_WINAPI void (*)(PoolInstance*, void* context, PoolItem*, DWORD result);
using IoCallback = HM_WINAPI void (*)(PoolInstance*, void* context, void* overlapped, IO_STATUS_BLOCK*, PoolItem*);
using GroupCancelCallback = HM_WINAPI void (*)(void* context, void* cleanup_context);

// TP_CALLBACK_ENVIRON (winnt.h).
struct CallbackEnvironment {
  ULONG Version;
  Pool* pool;
  PoolGroup* CleanupGroup;
  GroupCancelCallback CleanupGroupCancelCallback;
  HMODULE RaceDll;
  void* ActivationContext;
  SimpleCallback FinalizationCallback;
  ULONG Flags;
  LONG CallbackPriority;  // from version 3 on
  ULONG Size;
};
static_assert(sizeof(CallbackEnvironment) == 0x48);

struct PoolStackInformation {
  SIZE_T StackReserve, StackCommit;
};

// An item as `environment` wants it. `once`: for one callback, which the caller submits.
Result<nt::Ref<PoolItem>> make_pool_item(const CallbackEnvironment* environment, void* context,
                                         PoolItem::Callback callback, bool once = false);
// A file's item, which is closed like the others.
Result<nt::Ref<PoolItem>> make_io_item(const CallbackEnvironment* environment, HANDLE file, void* context,
                                       PoolItem::Callback callback);

HM_WINAPI NTSTATUS TpAllocPool(Pool** pool, void* reserved) noexcept;
HM_WINAPI void TpReleasePool(Pool* pool) noexcept;
HM_WINAPI void TpSetPoolMaxThreads(Pool* pool, ULONG threads) noexcept;
HM_WINAPI NTSTATUS TpSetPoolMinThreads(Pool* pool, ULONG threads) noexcept;
HM_WINAPI NTSTATUS TpSetPoolStackInformation(Pool* pool, const PoolStackInformation* information) noexcept;
HM_WINAPI NTSTATUS TpQueryPoolStackInformation(Pool* pool, PoolStackInformation* information) noexcept;

HM_WINAPI NTSTATUS TpAllocCleanupGroup(PoolGroup** group) noexcept;
HM_WINAPI void TpReleaseCleanupGroup(PoolGroup* group) noexcept;
HM_WINAPI void TpReleaseCleanupGroupMembers(PoolGroup* group, BOOL cancel, void* context) noexcept;

HM_WINAPI NTSTATUS TpSimpleTryPost(SimpleCallback callback, void* context,
                                   const CallbackEnvironment* environment) noexcept;
HM_WINAPI NTSTATUS TpAllocWork(PoolItem** work, ItemCallback callback, void* context,
                               const CallbackEnvironment* environment) noexcept;
HM_WINAPI void TpPostWork(PoolItem* work) noexcept;
HM_WINAPI NTSTATUS TpAllocTimer(PoolItem** timer, ItemCallback callback, void* context,
                                const CallbackEnvironment* environment) noexcept;
HM_WINAPI void TpSetTimer(PoolItem* timer, const LARGE_INTEGER* due, LONG period, LONG window) noexcept;
HM_WINAPI BOOL TpSetTimerEx(PoolItem* timer, const LARGE_INTEGER* due, LONG period, LONG window) noexcept;
HM_WINAPI BOOL TpIsTimerSet(PoolItem* timer) noexcept;
HM_WINAPI NTSTATUS TpAllocWait(PoolItem** wait, WaitCallback callback, void* context,
                               const CallbackEnvironment* environment) noexcept;
HM_WINAPI void TpSetWait(PoolItem* wait, HANDLE handle, const LARGE_INTEGER* timeout) noexcept;
HM_WINAPI BOOL TpSetWaitEx(PoolItem* wait, HANDLE handle, const LARGE_INTEGER* timeout, void* reserved) noexcept;
HM_WINAPI NTSTATUS TpAllocIoCompletion(PoolItem** io, HANDLE file, IoCallback callback, void* context,
                                       const CallbackEnvironment* environment) noexcept;
HM_WINAPI void TpStartAsyncIoOperation(PoolItem* io) noexcept;
HM_WINAPI void TpCancelAsyncIoOperation(PoolItem* io) noexcept;
// Of every kind of item.
HM_WINAPI void TpReleaseItem(PoolItem* item) noexcept;
HM_WINAPI void TpWaitForItem(PoolItem* item, BOOL cancel) noexcept;

HM_WINAPI NTSTATUS TpCallbackMayRunLong(PoolInstance* instance) noexcept;
HM_WINAPI void TpDisassociateCallback(PoolInstance* instance) noexcept;
HM_WINAPI void TpCallbackSetEventOnCompletion(PoolInstance* instance, HANDLE event) noexcept;
HM_WINAPI void TpCallbackReleaseSemaphoreOnCompletion(PoolInstance* instance, HANDLE semaphore, DWORD count) noexcept;
HM_WINAPI void TpCallbackReleaseMutexOnCompletion(PoolInstance* instance, HANDLE mutex) noexcept;
HM_WINAPI void TpCallbackLeaveCriticalSectionOnCompletion(PoolInstance* instance, CRITICAL_SECTION* section) noexcept;
HM_WINAPI void TpCallbackUnloadDllOnCompletion(PoolInstance* instance, HMODULE module) noexcept;

// The older functions. A wait is a PoolItem; a timer is one in a queue.
using QueuedRoutine = HM_WINAPI DWORD (*)(void* context);  // nobody looks at the answer
using FiredRoutine = HM_WINAPI void (*)(void* context, BOOLEAN timed_out);
using CompletionRoutine = HM_WINAPI void (*)(DWORD status, DWORD bytes, void* overlapped);

class TimerQueue;

HM_WINAPI NTSTATUS RtlQueueWorkItem(QueuedRoutine routine, void* context, ULONG flags) noexcept;
HM_WINAPI NTSTATUS RtlSetIoCompletionCallback(HANDLE file, CompletionRoutine routine, ULONG flags) noexcept;
HM_WINAPI NTSTATUS RtlRegisterWait(PoolItem** wait, HANDLE handle, FiredRoutine routine, void* context,
                                   ULONG milliseconds, ULONG flags) noexcept;
// `done` NULL: does not wait, and STATUS_PENDING says that a callback still runs; INVALID_HANDLE_VALUE: waits; else an
// event that is set when no callback runs any more.
HM_WINAPI NTSTATUS RtlDeregisterWaitEx(PoolItem* wait, HANDLE done) noexcept;
HM_WINAPI NTSTATUS RtlCreateTimerQueue(TimerQueue** queue) noexcept;
HM_WINAPI NTSTATUS RtlDeleteTimerQueueEx(TimerQueue* queue, HANDLE done) noexcept;
HM_WINAPI NTSTATUS RtlCreateTimer(TimerQueue* queue, PoolItem** timer, FiredRoutine routine, void* context, ULONG due,
                                  ULONG period, ULONG flags) noexcept;
HM_WINAPI NTSTATUS RtlUpdateTimer(TimerQueue* queue, PoolItem* timer, ULONG due, ULONG period) noexcept;
HM_WINAPI NTSTATUS RtlDeleteTimer(TimerQueue* queue, PoolItem* timer, HANDLE done) noexcept;

}  // namespace hmodule::winapi

// threadpoolapiset.h, threadpoollegacyapiset.h and the thread pool's part of winbase.h: ntdll's functions under other
// names, or with a last error instead of a status.
#include "module/builtin.h"
#include "thread/call.h"
#include "win/error_map.h"
#include "winapi/common/answer.h"
#include "winapi/ntdll/thread_pool.h"

namespace hmodule::winapi {
namespace {

BOOL succeeded(NTSTATUS status) {
  if (status == STATUS_SUCCESS) return TRUE;
  thread::set_last_status(status);
  return FALSE;
}

// --- pools and groups ---

HM_WINAPI Pool* CreateThreadpool(void* reserved) noexcept {
  Pool* pool = nullptr;
  return succeeded(TpAllocPool(&pool, reserved)) ? pool : nullptr;
}
HM_WINAPI BOOL SetThreadpoolThreadMinimum(Pool* pool, DWORD threads) noexcept {
  return succeeded(TpSetPoolMinThreads(pool, threads));
}
HM_WINAPI BOOL SetThreadpoolStackInformation(Pool* pool, const PoolStackInformation* information) noexcept {
  return succeeded(TpSetPoolStackInformation(pool, information));
}
HM_WINAPI BOOL QueryThreadpoolStackInformation(Pool* pool, PoolStackInformation* information) noexcept {
  return succeeded(TpQueryPoolStackInformation(pool, information));
}
HM_WINAPI PoolGroup* CreateThreadpoolCleanupGroup() noexcept {
  PoolGroup* group = nullptr;
  return succeeded(TpAllocCleanupGroup(&group)) ? group : nullptr;
}

// --- items ---

HM_WINAPI BOOL TrySubmitThreadpoolCallback(SimpleCallback callback, void* context,
                                           const CallbackEnvironment* environment) noexcept {
  return succeeded(TpSimpleTryPost(callback, context, environment));
}
HM_WINAPI PoolItem* CreateThreadpoolWork(ItemCallback callback, void* context,
                                         const CallbackEnvironment* environment) noexcept {
  PoolItem* work = nullptr;
  return succeeded(TpAllocWork(&work, callback, context, environment)) ? work : nullptr;
}
HM_WINAPI PoolItem* CreateThreadpoolTimer(ItemCallback callback, void* context,
                                          const CallbackEnvironment* environment) noexcept {
  PoolItem* timer = nullptr;
  return succeeded(TpAllocTimer(&timer, callback, context, environment)) ? timer : nullptr;
}
HM_WINAPI PoolItem* CreateThreadpoolWait(WaitCallback callback, void* context,
                                         const CallbackEnvironment* environment) noexcept {
  PoolItem* wait = nullptr;
  return succeeded(TpAllocWait(&wait, callback, context, environment)) ? wait : nullptr;
}

// Here the callback gets an error code, not a status block.
using Win32IoCallback = HM_WINAPI void (*)(PoolInstance*, void* context, void* overlapped, ULONG error,
                                           ULONG_PTR transferred, PoolItem*);
HM_WINAPI PoolItem* CreateThreadpoolIo(HANDLE file, Win32IoCallback callback, void* context,
                                       const CallbackEnvironment* environment) noexcept {
  return answer<PoolItem*>(nullptr, [&]() -> Result<PoolItem*> {
    const auto run = [=](PoolInstance& instance, PoolItem& item, const nt::PoolResult& result) {
      thread::call(callback, &instance, context, reinterpret_cast<void*>(result.value),
                   win32_from_status(result.status), result.information, &item);
    };
    return TRY(make_io_item(environment, file, context, run)).detach();
  });
}

HM_WINAPI BOOL CallbackMayRunLong(PoolInstance* instance) noexcept {
  return succeeded(TpCallbackMayRunLong(instance));
}

// --- the older functions ---

HM_WINAPI BOOL QueueUserWorkItem(QueuedRoutine routine, void* context, ULONG flags) noexcept {
  return succeeded(RtlQueueWorkItem(routine, context, flags));
}
HM_WINAPI BOOL BindIoCompletionCallback(HANDLE file, CompletionRoutine routine, ULONG flags) noexcept {
  return succeeded(RtlSetIoCompletionCallback(file, routine, flags));
}
HM_WINAPI BOOL RegisterWaitForSingleObject(PoolItem** wait, HANDLE handle, FiredRoutine routine, void* context,
                                           ULONG milliseconds, ULONG flags) noexcept {
  return succeeded(RtlRegisterWait(wait, handle, routine, context, milliseconds, flags));
}
HM_WINAPI BOOL UnregisterWaitEx(PoolItem* wait, HANDLE done) noexcept {
  return succeeded(RtlDeregisterWaitEx(wait, done));
}
HM_WINAPI BOOL UnregisterWait(PoolItem* wait) noexcept {
  return UnregisterWaitEx(wait, nullptr);
}

HM_WINAPI TimerQueue* CreateTimerQueue() noexcept {
  TimerQueue* queue = nullptr;
  return succeeded(RtlCreateTimerQueue(&queue)) ? queue : nullptr;
}
HM_WINAPI BOOL DeleteTimerQueueEx(TimerQueue* queue, HANDLE done) noexcept {
  return succeeded(RtlDeleteTimerQueueEx(queue, done));
}
HM_WINAPI BOOL DeleteTimerQueue(TimerQueue* queue) noexcept {
  return DeleteTimerQueueEx(queue, nullptr);
}
HM_WINAPI BOOL CreateTimerQueueTimer(PoolItem** timer, TimerQueue* queue, FiredRoutine routine, void* context,
                                     DWORD due, DWORD period, ULONG flags) noexcept {
  return succeeded(RtlCreateTimer(queue, timer, routine, context, due, period, flags));
}
HM_WINAPI BOOL ChangeTimerQueueTimer(TimerQueue* queue, PoolItem* timer, ULONG due, ULONG period) noexcept {
  return succeeded(RtlUpdateTimer(queue, timer, due, period));
}
HM_WINAPI BOOL DeleteTimerQueueTimer(TimerQueue* queue, PoolItem* timer, HANDLE done) noexcept {
  return succeeded(RtlDeleteTimer(queue, timer, done));
}

constexpr std::string_view kNote = "callbacks run in workers, whatever the flags";
const Export kRows[] = {
    {"BindIoCompletionCallback", proc(BindIoCompletionCallback)},
    {"CallbackMayRunLong", proc(CallbackMayRunLong)},
    {"CancelThreadpoolIo", proc(TpCancelAsyncIoOperation)},
    {"ChangeTimerQueueTimer", proc(ChangeTimerQueueTimer)},
    {"CloseThreadpool", proc(TpReleasePool)},
    {"CloseThreadpoolCleanupGroup", proc(TpReleaseCleanupGroup)},
    {"CloseThreadpoolCleanupGroupMembers", proc(TpReleaseCleanupGroupMembers)},
    {"CloseThreadpoolIo", proc(TpReleaseItem)},
    {"CloseThreadpoolTimer", proc(TpReleaseItem)},
    {"CloseThreadpoolWait", proc(TpReleaseItem)},
    {"CloseThreadpoolWork", proc(TpReleaseItem)},
    {"CreateThreadpool", proc(CreateThreadpool)},
    {"CreateThreadpoolCleanupGroup", proc(CreateThreadpoolCleanupGroup)},
    {"CreateThreadpoolIo", proc(CreateThreadpoolIo)},
    {"CreateThreadpoolTimer", proc(CreateThreadpoolTimer)},
    {"CreateThreadpoolWait", proc(CreateThreadpoolWait)},
    {"CreateThreadpoolWork", proc(CreateThreadpoolWork)},
    {"CreateTimerQueue", proc(CreateTimerQueue)},
    {"CreateTimerQueueTimer", proc(CreateTimerQueueTimer), Support::partial, kNote},
    {"DeleteTimerQueue", proc(DeleteTimerQueue)},
    {"DeleteTimerQueueEx", proc(DeleteTimerQueueEx)},
    {"DeleteTimerQueueTimer", proc(DeleteTimerQueueTimer)},
    {"DisassociateCurrentThreadFromCallback", proc(TpDisassociateCallback)},
    {"FreeLibraryWhenCallbackReturns", proc(TpCallbackUnloadDllOnCompletion)},
    {"IsThreadpoolTimerSet", proc(TpIsTimerSet)},
    {"LeaveCriticalSectionWhenCallbackReturns", proc(TpCallbackLeaveCriticalSectionOnCompletion)},
    {"QueryThreadpoolStackInformation", proc(QueryThreadpoolStackInformation)},
    {"QueueUserWorkItem", proc(QueueUserWorkItem), Support::partial, kNote},
    {"RegisterWaitForSingleObject", proc(RegisterWaitForSingleObject), Support::partial, kNote},
    {"ReleaseMutexWhenCallbackReturns", proc(TpCallbackReleaseMutexOnCompletion)},
    {"ReleaseSemaphoreWhenCallbackReturns", proc(TpCallbackReleaseSemaphoreOnCompletion)},
    {"SetEventWhenCallbackReturns", proc(TpCallbackSetEventOnCompletion)},
    {"SetThreadpoolStackInformation", proc(SetThreadpoolStackInformation)},
    {"SetThreadpoolThreadMaximum", proc(TpSetPoolMaxThreads)},
    {"SetThreadpoolThreadMinimum", proc(SetThreadpoolThreadMinimum)},
    {"SetThreadpoolTimer", proc(TpSetTimer)},
    {"SetThreadpoolTimerEx", proc(TpSetTimerEx)},
    {"SetThreadpoolWait", proc(TpSetWait)},
    {"SetThreadpoolWaitEx", proc(TpSetWaitEx)},
    {"StartThreadpoolIo", proc(TpStartAsyncIoOperation)},
    {"SubmitThreadpoolWork", proc(TpPostWork)},
    {"TrySubmitThreadpoolCallback", proc(TrySubmitThreadpoolCallback)},
    {"UnregisterWait", proc(UnregisterWait)},
    {"UnregisterWaitEx", proc(UnregisterWaitEx)},
    {"WaitForThreadpoolIoCallbacks", proc(TpWaitForItem)},
    {"WaitForThreadpoolTimerCallbacks", proc(TpWaitForItem)},
    {"WaitForThreadpoolWaitCallbacks", proc(TpWaitForItem)},
    {"WaitForThreadpoolWorkCallbacks", proc(TpWaitForItem)},
};

}  // namespace

extern const ExportTable threadpoolapiset_exports = kRows;

}  // namespace hmodule::winapi

// threadpoolapiset.h and threadpoollegacyapiset.h: callbacks of the process's thread pool.
#include "module/builtin.h"
#include "nt/critical_section.h"
#include "nt/event.h"
#include "nt/handle_table.h"
#include "nt/mutant.h"
#include "nt/semaphore.h"
#include "nt/thread_pool.h"
#include "runtime/runtime.h"
#include "thread/call.h"
#include "winapi/common/named_object.h"

namespace hmodule::winapi {
namespace {

using nt::PoolInstance;
using nt::PoolItem;

// A TP_WORK, TP_TIMER or TP_WAIT is a PoolItem; a TP_CALLBACK_INSTANCE is a PoolInstance.
using SimpleCallback = HM_WINAPI void (*)(PoolInstance*, void*);
using ItemCallback = HM_WINAPI void (*)(PoolInstance*, void*, PoolItem*);
using WaitCallback = HM_WINAPI void (*)(PoolInstance*, void*, PoolItem*, DWORD);

// TP_CALLBACK_ENVIRON as far as it asks for what we lack: a pool or a group of its own.
struct CallbackEnvironment {
  DWORD Version;
  void *Pool, *CleanupGroup;
};
Status default_pool_only(const CallbackEnvironment* environment) {
  if (environment != nullptr && (environment->Pool != nullptr || environment->CleanupGroup != nullptr))
    return fail(STATUS_NOT_SUPPORTED, "pools and clean-up groups beside the process's own are not there yet");
  return ok;
}

PoolItem* make_item(const CallbackEnvironment* environment, PoolItem::Callback callback,
                    const char* function = __builtin_FUNCTION()) noexcept {
  return answer<PoolItem*>(
      nullptr,
      [&]() -> Result<PoolItem*> {
        TRY(default_pool_only(environment));
        return nt::make_object<PoolItem>(std::move(callback)).detach();
      },
      function);
}
void wait_for_callbacks(PoolItem* item, BOOL cancel) noexcept {
  if (cancel) item->cancel_pending();
  item->wait_until_idle();
}

// --- work ---

HM_WINAPI PoolItem* CreateThreadpoolWork(ItemCallback callback, void* context,
                                         const CallbackEnvironment* environment) noexcept {
  return make_item(environment, [=](PoolInstance& instance, PoolItem& item, NTSTATUS) {
    thread::call(callback, &instance, context, &item);
  });
}
HM_WINAPI void SubmitThreadpoolWork(PoolItem* work) noexcept {
  succeed([&] { return work->submit(); });
}
HM_WINAPI BOOL TrySubmitThreadpoolCallback(SimpleCallback callback, void* context,
                                           const CallbackEnvironment* environment) noexcept {
  return succeed([&]() -> Status {
    TRY(default_pool_only(environment));
    const auto item = nt::make_object<PoolItem>(
        [=](PoolInstance& instance, PoolItem&, NTSTATUS) { thread::call(callback, &instance, context); });
    return item->submit();
  });
}
HM_WINAPI void WaitForThreadpoolCallbacks(PoolItem* item, BOOL cancel) noexcept {
  wait_for_callbacks(item, cancel);
}
HM_WINAPI void CloseThreadpoolItem(PoolItem* item) noexcept {
  item->close();
}

// --- timers ---

HM_WINAPI PoolItem* CreateThreadpoolTimer(ItemCallback callback, void* context,
                                          const CallbackEnvironment* environment) noexcept {
  return CreateThreadpoolWork(callback, context, environment);
}
std::optional<std::int64_t> ticks(const FILETIME* time) {
  if (time == nullptr) return std::nullopt;
  return static_cast<std::int64_t>(std::uint64_t{time->dwHighDateTime} << 32 | time->dwLowDateTime);
}
HM_WINAPI BOOL SetThreadpoolTimerEx(PoolItem* timer, const FILETIME* due, DWORD period, DWORD) noexcept {
  const bool was_set = timer->timer_set();
  succeed([&] { return timer->set_timer(ticks(due), period); });
  return was_set;
}
HM_WINAPI void SetThreadpoolTimer(PoolItem* timer, const FILETIME* due, DWORD period, DWORD window) noexcept {
  SetThreadpoolTimerEx(timer, due, period, window);
}
HM_WINAPI BOOL IsThreadpoolTimerSet(PoolItem* timer) noexcept {
  return timer->timer_set();
}

// --- waits ---

HM_WINAPI PoolItem* CreateThreadpoolWait(WaitCallback callback, void* context,
                                         const CallbackEnvironment* environment) noexcept {
  return make_item(environment, [=](PoolInstance& instance, PoolItem& item, NTSTATUS result) {
    thread::call(callback, &instance, context, &item, static_cast<DWORD>(result));
  });
}
Status start_wait(PoolItem& item, HANDLE handle, nt::Timeout timeout, bool again) {
  if (handle == nullptr) return item.set_wait({}, std::nullopt, false);
  auto entry = TRY(nt::handles().find(handle));
  if (entry.object->waitable() == nullptr)
    return fail(STATUS_OBJECT_TYPE_MISMATCH, "handle {} is nothing to wait for", handle);
  if ((entry.access & nt::SYNCHRONIZE) == 0)
    return fail(STATUS_ACCESS_DENIED, "handle {} may not be waited for", handle);
  return item.set_wait(std::move(entry.object), timeout, again);
}
HM_WINAPI void SetThreadpoolWait(PoolItem* wait, HANDLE handle, const FILETIME* timeout) noexcept {
  succeed([&] { return start_wait(*wait, handle, ticks(timeout), false); });
}

// --- in a callback ---

HM_WINAPI BOOL CallbackMayRunLong(PoolInstance*) noexcept {
  return TRUE;  // an idle worker stands by in any case
}
HM_WINAPI void SetEventWhenCallbackReturns(PoolInstance* instance, HANDLE event) noexcept {
  instance->afterwards.push_back([event] {
    if (const auto object = nt::object_of<nt::Event>(event, nt::EVENT_MODIFY_STATE)) (*object)->set();
  });
}
HM_WINAPI void ReleaseSemaphoreWhenCallbackReturns(PoolInstance* instance, HANDLE semaphore, DWORD count) noexcept {
  instance->afterwards.push_back([semaphore, count] {
    if (const auto object = nt::object_of<nt::Semaphore>(semaphore, nt::SEMAPHORE_MODIFY_STATE))
      static_cast<void>((*object)->release_by(static_cast<LONG>(count)));
  });
}
HM_WINAPI void ReleaseMutexWhenCallbackReturns(PoolInstance* instance, HANDLE mutex) noexcept {
  instance->afterwards.push_back([mutex] {
    if (const auto object = nt::object_of<nt::Mutant>(mutex, 0)) static_cast<void>((*object)->release_owned());
  });
}
HM_WINAPI void LeaveCriticalSectionWhenCallbackReturns(PoolInstance* instance, CRITICAL_SECTION* section) noexcept {
  instance->afterwards.push_back([section] { nt::critical_section::leave(*section); });
}
HM_WINAPI void FreeLibraryWhenCallbackReturns(PoolInstance* instance, HMODULE module) noexcept {
  instance->afterwards.push_back([module] { static_cast<void>(runtime().loader().free(module)); });
}

// --- the older functions ---

constexpr ULONG WT_EXECUTEONLYONCE = 8;

HM_WINAPI BOOL QueueUserWorkItem(HM_WINAPI DWORD (*routine)(void*), void* context, ULONG) noexcept {
  return succeed([&]() -> Status {
    const auto item =
        nt::make_object<PoolItem>([=](PoolInstance&, PoolItem&, NTSTATUS) { thread::call(routine, context); });
    return item->submit();
  });
}
HM_WINAPI BOOL RegisterWaitForSingleObject(PoolItem** wait, HANDLE handle, HM_WINAPI void (*routine)(void*, BOOLEAN),
                                           void* context, DWORD milliseconds, ULONG flags) noexcept {
  return succeed([&]() -> Status {
    if (wait == nullptr) return fail(STATUS_ACCESS_VIOLATION, "the address for the wait is NULL");
    auto item = nt::make_object<PoolItem>([=](PoolInstance&, PoolItem&, NTSTATUS result) {
      thread::call(routine, context, static_cast<BOOLEAN>(result == STATUS_TIMEOUT));
    });
    if (handle == nullptr) return fail(STATUS_INVALID_HANDLE, "a wait for nothing");
    *wait = item.get();
    TRY(start_wait(*item, handle, timeout_of(milliseconds), (flags & WT_EXECUTEONLYONCE) == 0));
    item.detach();
    return ok;
  });
}
// `done` NULL: does not wait, and ERROR_IO_PENDING says that a callback still runs. INVALID_HANDLE_VALUE: waits.
HM_WINAPI BOOL UnregisterWaitEx(PoolItem* wait, HANDLE done) noexcept {
  return succeed([&]() -> Status {
    if (wait == nullptr) return fail(STATUS_INVALID_HANDLE, "no wait");
    TRY(wait->set_wait({}, std::nullopt, false));
    wait->cancel_pending();
    const bool idle = nt::wait_one(*wait, false, 0) == STATUS_SUCCESS;
    if (done != nullptr) wait->wait_until_idle();
    if (done != nullptr && done != INVALID_HANDLE_VALUE) {
      const auto event = nt::object_of<nt::Event>(done, nt::EVENT_MODIFY_STATE);
      if (event) (*event)->set();
    }
    wait->close();
    if (done == nullptr && !idle) return fail(STATUS_PENDING, "a callback of the wait still runs");
    return ok;
  });
}
HM_WINAPI BOOL UnregisterWait(PoolItem* wait) noexcept {
  return UnregisterWaitEx(wait, nullptr);
}

constexpr std::string_view kNote = "the process's pool only: no pool or clean-up group of the caller's";
const Export kRows[] = {
    {"CallbackMayRunLong", proc(CallbackMayRunLong)},
    {"CloseThreadpoolTimer", proc(CloseThreadpoolItem)},
    {"CloseThreadpoolWait", proc(CloseThreadpoolItem)},
    {"CloseThreadpoolWork", proc(CloseThreadpoolItem)},
    {"CreateThreadpoolTimer", proc(CreateThreadpoolTimer), Support::partial, kNote},
    {"CreateThreadpoolWait", proc(CreateThreadpoolWait), Support::partial, kNote},
    {"CreateThreadpoolWork", proc(CreateThreadpoolWork), Support::partial, kNote},
    {"FreeLibraryWhenCallbackReturns", proc(FreeLibraryWhenCallbackReturns)},
    {"IsThreadpoolTimerSet", proc(IsThreadpoolTimerSet)},
    {"LeaveCriticalSectionWhenCallbackReturns", proc(LeaveCriticalSectionWhenCallbackReturns)},
    {"QueueUserWorkItem", proc(QueueUserWorkItem), Support::partial, "flags are not looked at"},
    {"RegisterWaitForSingleObject", proc(RegisterWaitForSingleObject), Support::partial,
     "callbacks run in workers, whatever the flags"},
    {"ReleaseMutexWhenCallbackReturns", proc(ReleaseMutexWhenCallbackReturns)},
    {"ReleaseSemaphoreWhenCallbackReturns", proc(ReleaseSemaphoreWhenCallbackReturns)},
    {"SetEventWhenCallbackReturns", proc(SetEventWhenCallbackReturns)},
    {"SetThreadpoolTimer", proc(SetThreadpoolTimer)},
    {"SetThreadpoolTimerEx", proc(SetThreadpoolTimerEx)},
    {"SetThreadpoolWait", proc(SetThreadpoolWait)},
    {"SubmitThreadpoolWork", proc(SubmitThreadpoolWork)},
    {"TrySubmitThreadpoolCallback", proc(TrySubmitThreadpoolCallback), Support::partial, kNote},
    {"UnregisterWait", proc(UnregisterWait)},
    {"UnregisterWaitEx", proc(UnregisterWaitEx), Support::partial, "waits itself before it sets the event"},
    {"WaitForThreadpoolTimerCallbacks", proc(WaitForThreadpoolCallbacks)},
    {"WaitForThreadpoolWaitCallbacks", proc(WaitForThreadpoolCallbacks)},
    {"WaitForThreadpoolWorkCallbacks", proc(WaitForThreadpoolCallbacks)},
};

}  // namespace

extern const ExportTable threadpoolapiset_exports = kRows;

}  // namespace hmodule::winapi

// Thread pools: the Tp functions.
#include "winapi/ntdll/thread_pool.h"

#include "module/builtin.h"
#include "nt/critical_section.h"
#include "nt/event.h"
#include "nt/handle_table.h"
#include "nt/mutant.h"
#include "nt/semaphore.h"
#include "runtime/runtime.h"
#include "thread/call.h"
#include "winapi/ntdll/nt_args.h"

#include <cstring>
#include <utility>

namespace hmodule::winapi {
namespace {

// As long as it lives, the DLL does.
std::shared_ptr<void> hold_library(HMODULE library) {
  if (library == nullptr || !runtime().loader().add_reference(library, false)) return {};
  return {library, [](void* held) { static_cast<void>(runtime().loader().free(static_cast<HMODULE>(held))); }};
}

Result<nt::PoolOptions> options_from(const CallbackEnvironment* environment, void* context, bool once) {
  nt::PoolOptions options;
  options.once = once;
  if (environment == nullptr) return options;
  options.pool = environment->pool;
  options.group = environment->CleanupGroup;
  options.kept = hold_library(environment->RaceDll);
  if (const GroupCancelCallback cancelled = environment->CleanupGroupCancelCallback)
    options.group_cancelled = [=](void* cleanup_context) { thread::call(cancelled, context, cleanup_context); };
  if (environment->Version < 3) return options;
  const LONG priority = environment->CallbackPriority;
  if (priority < 0 || priority >= static_cast<LONG>(nt::kPoolPriorities))
    return fail(STATUS_INVALID_PARAMETER, "callback priority {}", priority);
  options.priority = static_cast<nt::PoolPriority>(priority);
  return options;
}

NTSTATUS allocate(PoolItem** item, const CallbackEnvironment* environment, void* context, PoolItem::Callback callback,
                  const char* function = __builtin_FUNCTION()) noexcept {
  return status_of(
      [&]() -> Status {
        TRY(require(item));
        *item = TRY(make_pool_item(environment, context, std::move(callback))).detach();
        return ok;
      },
      function);
}

PoolItem::Callback item_callback(ItemCallback callback, void* context) {
  return [=](PoolInstance& instance, PoolItem& item, const nt::PoolResult&) {
    thread::call(callback, &instance, context, &item);
  };
}

// kernel32 hands on its caller's FILETIME, which need not lie on 8 bytes.
std::optional<std::int64_t> optional_time(const LARGE_INTEGER* time) {
  if (time == nullptr) return std::nullopt;
  std::int64_t value;
  std::memcpy(&value, time, sizeof value);
  return value;
}

}  // namespace

Result<nt::Ref<PoolItem>> make_pool_item(const CallbackEnvironment* environment, void* context,
                                         PoolItem::Callback callback, bool once) {
  nt::PoolOptions options = TRY(options_from(environment, context, once));
  if (environment != nullptr && environment->FinalizationCallback != nullptr)
    callback = [=, then = environment->FinalizationCallback](PoolInstance& instance, PoolItem& item,
                                                             const nt::PoolResult& result) {
      callback(instance, item, result);
      thread::call(then, &instance, context);
    };
  return nt::make_object<PoolItem>(std::move(callback), std::move(options));
}

Result<nt::Ref<PoolItem>> make_io_item(const CallbackEnvironment* environment, HANDLE file, void* context,
                                       PoolItem::Callback callback) {
  const auto entry = TRY(nt::handles().find(file));
  auto item = TRY(make_pool_item(environment, context, std::move(callback)));
  const Status attached = item->set_file(*entry.object, PoolItem::FileOwner::caller);
  if (attached) return item;
  item.detach()->close();
  return attached.error();
}

// --- Pools and groups ---

HM_WINAPI NTSTATUS TpAllocPool(Pool** pool, void* reserved) noexcept {
  return status_of([&]() -> Status {
    TRY(require(pool));
    if (reserved != nullptr) return fail(STATUS_INVALID_PARAMETER, "the reserved argument is {}", reserved);
    *pool = nt::make_object<Pool>().detach();
    return ok;
  });
}
HM_WINAPI void TpReleasePool(Pool* pool) noexcept {
  pool->close();
}
HM_WINAPI void TpSetPoolMaxThreads(Pool* pool, ULONG threads) noexcept {
  pool->set_maximum(threads);
}
HM_WINAPI NTSTATUS TpSetPoolMinThreads(Pool* pool, ULONG threads) noexcept {
  return status_of([&] { return pool->set_minimum(threads); });
}
HM_WINAPI NTSTATUS TpSetPoolStackInformation(Pool* pool, const PoolStackInformation* information) noexcept {
  pool->set_stack({information->StackReserve, information->StackCommit});
  return STATUS_SUCCESS;
}
HM_WINAPI NTSTATUS TpQueryPoolStackInformation(Pool* pool, PoolStackInformation* information) noexcept {
  const Pool::Stack stack = pool->stack();
  *information = {stack.reserve, stack.commit};
  return STATUS_SUCCESS;
}

HM_WINAPI NTSTATUS TpAllocCleanupGroup(PoolGroup** group) noexcept {
  return status_of([&]() -> Status {
    TRY(require(group));
    *group = nt::make_object<PoolGroup>().detach();
    return ok;
  });
}
HM_WINAPI void TpReleaseCleanupGroup(PoolGroup* group) noexcept {
  group->release();
}
HM_WINAPI void TpReleaseCleanupGroupMembers(PoolGroup* group, BOOL cancel, void* context) noexcept {
  group->close_members(cancel != 0, context);
}

// --- Items ---

HM_WINAPI NTSTATUS TpSimpleTryPost(SimpleCallback callback, void* context,
                                   const CallbackEnvironment* environment) noexcept {
  return status_of([&]() -> Status {
    const auto run = [=](PoolInstance& instance, PoolItem&, const nt::PoolResult&) {
      thread::call(callback, &instance, context);
    };
    const auto item = TRY(make_pool_item(environment, context, run, true));
    return item->submit();
  });
}

HM_WINAPI NTSTATUS TpAllocWork(PoolItem** work, ItemCallback callback, void* context,
                               const CallbackEnvironment* environment) noexcept {
  return allocate(work, environment, context, item_callback(callback, context));
}
HM_WINAPI void TpPostWork(PoolItem* work) noexcept {
  status_of([&] { return work->submit(); });
}

HM_WINAPI NTSTATUS TpAllocTimer(PoolItem** timer, ItemCallback callback, void* context,
                                const CallbackEnvironment* environment) noexcept {
  return allocate(timer, environment, context, item_callback(callback, context));
}
HM_WINAPI BOOL TpSetTimerEx(PoolItem* timer, const LARGE_INTEGER* due, LONG period, LONG) noexcept {
  const bool was_set = timer->timer_set();
  status_of([&] { return timer->set_timer(optional_time(due), static_cast<ULONG>(period)); });
  return was_set;
}
HM_WINAPI void TpSetTimer(PoolItem* timer, const LARGE_INTEGER* due, LONG period, LONG window) noexcept {
  TpSetTimerEx(timer, due, period, window);
}
HM_WINAPI BOOL TpIsTimerSet(PoolItem* timer) noexcept {
  return timer->timer_set();
}

HM_WINAPI NTSTATUS TpAllocWait(PoolItem** wait, WaitCallback callback, void* context,
                               const CallbackEnvironment* environment) noexcept {
  return allocate(wait, environment, context,
                  [=](PoolInstance& instance, PoolItem& item, const nt::PoolResult& result) {
                    thread::call(callback, &instance, context, &item, static_cast<DWORD>(result.status));
                  });
}
HM_WINAPI BOOL TpSetWaitEx(PoolItem* wait, HANDLE handle, const LARGE_INTEGER* timeout, void* /*reserved*/) noexcept {
  bool waited = false;
  status_of([&]() -> Status {
    nt::Ref<nt::Object> object;
    if (handle != nullptr) object = TRY(nt::waitable_behind(handle));
    waited = TRY(wait->set_wait(std::move(object), optional_time(timeout), false));
    return ok;
  });
  return waited;
}
HM_WINAPI void TpSetWait(PoolItem* wait, HANDLE handle, const LARGE_INTEGER* timeout) noexcept {
  TpSetWaitEx(wait, handle, timeout, nullptr);
}

HM_WINAPI NTSTATUS TpAllocIoCompletion(PoolItem** io, HANDLE file, IoCallback callback, void* context,
                                       const CallbackEnvironment* environment) noexcept {
  return status_of([&]() -> Status {
    TRY(require(io));
    const auto run = [=](PoolInstance& instance, PoolItem& item, const nt::PoolResult& result) {
      IO_STATUS_BLOCK status{};
      status.Status = result.status;
      status.Information = result.information;
      thread::call(callback, &instance, context, reinterpret_cast<void*>(result.value), &status, &item);
    };
    *io = TRY(make_io_item(environment, file, context, run)).detach();
    return ok;
  });
}
HM_WINAPI void TpStartAsyncIoOperation(PoolItem* io) noexcept {
  io->operation_started();
}
HM_WINAPI void TpCancelAsyncIoOperation(PoolItem* io) noexcept {
  io->operation_cancelled();
}

HM_WINAPI void TpReleaseItem(PoolItem* item) noexcept {
  item->close();
}
HM_WINAPI void TpWaitForItem(PoolItem* item, BOOL cancel) noexcept {
  if (cancel) item->cancel_pending();
  item->wait_until_idle();
}

// --- In a callback ---

HM_WINAPI NTSTATUS TpCallbackMayRunLong(PoolInstance* instance) noexcept {
  return instance->item.may_run_long() ? STATUS_SUCCESS : STATUS_TOO_MANY_THREADS;
}
HM_WINAPI void TpDisassociateCallback(PoolInstance* instance) noexcept {
  instance->disassociate();
}
HM_WINAPI void TpCallbackSetEventOnCompletion(PoolInstance* instance, HANDLE event) noexcept {
  instance->afterwards.emplace_back([event] {
    if (const auto object = nt::object_of<nt::Event>(event, nt::EVENT_MODIFY_STATE)) (*object)->set();
  });
}
HM_WINAPI void TpCallbackReleaseSemaphoreOnCompletion(PoolInstance* instance, HANDLE semaphore, DWORD count) noexcept {
  instance->afterwards.emplace_back([semaphore, count] {
    if (const auto object = nt::object_of<nt::Semaphore>(semaphore, nt::SEMAPHORE_MODIFY_STATE))
      static_cast<void>((*object)->release_by(static_cast<LONG>(count)));
  });
}
HM_WINAPI void TpCallbackReleaseMutexOnCompletion(PoolInstance* instance, HANDLE mutex) noexcept {
  instance->afterwards.emplace_back([mutex] {
    if (const auto object = nt::object_of<nt::Mutant>(mutex, 0)) static_cast<void>((*object)->release_owned());
  });
}
HM_WINAPI void TpCallbackLeaveCriticalSectionOnCompletion(PoolInstance* instance, CRITICAL_SECTION* section) noexcept {
  instance->afterwards.emplace_back([section] { nt::critical_section::leave(*section); });
}
HM_WINAPI void TpCallbackUnloadDllOnCompletion(PoolInstance* instance, HMODULE module) noexcept {
  instance->afterwards.emplace_back([module] { static_cast<void>(runtime().loader().free(module)); });
}

namespace {

const Export kRows[] = {
    {"TpAllocCleanupGroup", proc(TpAllocCleanupGroup)},
    {"TpAllocIoCompletion", proc(TpAllocIoCompletion)},
    {"TpAllocPool", proc(TpAllocPool)},
    {"TpAllocTimer", proc(TpAllocTimer)},
    {"TpAllocWait", proc(TpAllocWait)},
    {"TpAllocWork", proc(TpAllocWork)},
    {"TpCallbackLeaveCriticalSectionOnCompletion", proc(TpCallbackLeaveCriticalSectionOnCompletion)},
    {"TpCallbackMayRunLong", proc(TpCallbackMayRunLong)},
    {"TpCallbackReleaseMutexOnCompletion", proc(TpCallbackReleaseMutexOnCompletion)},
    {"TpCallbackReleaseSemaphoreOnCompletion", proc(TpCallbackReleaseSemaphoreOnCompletion)},
    {"TpCallbackSetEventOnCompletion", proc(TpCallbackSetEventOnCompletion)},
    {"TpCallbackUnloadDllOnCompletion", proc(TpCallbackUnloadDllOnCompletion)},
    {"TpCancelAsyncIoOperation", proc(TpCancelAsyncIoOperation)},
    {"TpDisassociateCallback", proc(TpDisassociateCallback)},
    {"TpIsTimerSet", proc(TpIsTimerSet)},
    {"TpPostWork", proc(TpPostWork)},
    {"TpQueryPoolStackInformation", proc(TpQueryPoolStackInformation)},
    {"TpReleaseCleanupGroup", proc(TpReleaseCleanupGroup)},
    {"TpReleaseCleanupGroupMembers", proc(TpReleaseCleanupGroupMembers)},
    {"TpReleaseIoCompletion", proc(TpReleaseItem)},
    {"TpReleasePool", proc(TpReleasePool)},
    {"TpReleaseTimer", proc(TpReleaseItem)},
    {"TpReleaseWait", proc(TpReleaseItem)},
    {"TpReleaseWork", proc(TpReleaseItem)},
    {"TpSetPoolMaxThreads", proc(TpSetPoolMaxThreads)},
    {"TpSetPoolMinThreads", proc(TpSetPoolMinThreads)},
    {"TpSetPoolStackInformation", proc(TpSetPoolStackInformation)},
    {"TpSetTimer", proc(TpSetTimer)},
    {"TpSetTimerEx", proc(TpSetTimerEx)},
    {"TpSetWait", proc(TpSetWait)},
    {"TpSetWaitEx", proc(TpSetWaitEx)},
    {"TpSimpleTryPost", proc(TpSimpleTryPost)},
    {"TpStartAsyncIoOperation", proc(TpStartAsyncIoOperation)},
    {"TpWaitForIoCompletion", proc(TpWaitForItem)},
    {"TpWaitForTimer", proc(TpWaitForItem)},
    {"TpWaitForWait", proc(TpWaitForItem)},
    {"TpWaitForWork", proc(TpWaitForItem)},
};

}  // namespace

extern const ExportTable thread_pool_exports = kRows;

}  // namespace hmodule::winapi

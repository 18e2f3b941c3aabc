// The process's thread pool as programs used it before Windows Vista: work items, registered waits, timer queues.
#include "module/builtin.h"
#include "nt/event.h"
#include "nt/handle_table.h"
#include "thread/call.h"
#include "winapi/common/named_object.h"
#include "winapi/ntdll/nt_args.h"
#include "winapi/ntdll/thread_pool.h"

#include <algorithm>
#include <mutex>
#include <utility>

namespace hmodule::winapi {

// Its timers, each with the reference that its owner has.
class TimerQueue {
 public:
  static TimerQueue& standard() {
    static auto* const queue = new TimerQueue;
    return *queue;
  }
  void add(PoolItem* timer) {
    const std::lock_guard guard(mutex_);
    timers_.push_back(timer);
  }
  bool remove(PoolItem* timer) {
    const std::lock_guard guard(mutex_);
    return std::erase(timers_, timer) != 0;
  }
  std::vector<PoolItem*> take_all() {
    const std::lock_guard guard(mutex_);
    return std::exchange(timers_, {});
  }

 private:
  std::mutex mutex_;
  std::vector<PoolItem*> timers_;
};

namespace {

constexpr ULONG WT_EXECUTEONLYONCE = 8;

PoolItem::Callback fired(FiredRoutine routine, void* context) {
  return [=](PoolInstance&, PoolItem&, const nt::PoolResult& result) {
    thread::call(routine, context, static_cast<BOOLEAN>(result.status == STATUS_TIMEOUT));
  };
}

// How somebody hears that the last callback has returned: the event is set when the last copy goes.
class Goodbye {
 public:
  static Result<Goodbye> to(HANDLE done) {
    Goodbye goodbye;
    goodbye.waits_ = done == INVALID_HANDLE_VALUE;
    if (done == nullptr || goodbye.waits_) return goodbye;
    auto* const event = TRY(nt::object_of<nt::Event>(done, nt::EVENT_MODIFY_STATE)).detach();
    goodbye.event_ = {event, [](nt::Event* each) {
                        each->set();
                        each->release();
                      }};
    return goodbye;
  }

  // False if a callback still runs and nobody waits for it.
  bool say(PoolItem& item) const {
    item.cancel_pending();
    const bool idle = item.idle();
    if (waits_) item.wait_until_idle();
    item.close(event_);
    return idle || waits_ || event_ != nullptr;
  }

 private:
  bool waits_ = false;
  std::shared_ptr<nt::Event> event_;
};

}  // namespace

HM_WINAPI NTSTATUS RtlQueueWorkItem(QueuedRoutine routine, void* context, ULONG) noexcept {
  return status_of([&] {
    const auto run = [=](PoolInstance&, PoolItem&, const nt::PoolResult&) { thread::call(routine, context); };
    return nt::make_object<PoolItem>(run, nt::PoolOptions{.once = true})->submit();
  });
}

HM_WINAPI NTSTATUS RtlSetIoCompletionCallback(HANDLE file, CompletionRoutine routine, ULONG) noexcept {
  return status_of([&]() -> Status {
    const auto entry = TRY(nt::handles().find(file));
    const auto run = [=](PoolInstance&, PoolItem&, const nt::PoolResult& result) {
      thread::call(routine, static_cast<DWORD>(result.status), static_cast<DWORD>(result.information),
                   reinterpret_cast<void*>(result.value));
    };
    auto item = nt::make_object<PoolItem>(run);
    const Status attached = item->set_file(*entry.object, PoolItem::FileOwner::file);
    if (attached) item.detach();  // the file's
    return attached;
  });
}

// --- Waits ---

HM_WINAPI NTSTATUS RtlRegisterWait(PoolItem** wait, HANDLE handle, FiredRoutine routine, void* context,
                                   ULONG milliseconds, ULONG flags) noexcept {
  return status_of([&]() -> Status {
    TRY(require(wait));
    auto object = TRY(nt::waitable_behind(handle));
    auto item = nt::make_object<PoolItem>(fired(routine, context));
    *wait = item.get();  // before the first callback, which may look for it
    TRY(item->set_wait(std::move(object), timeout_of(milliseconds), (flags & WT_EXECUTEONLYONCE) == 0));
    item.detach();
    return ok;
  });
}

HM_WINAPI NTSTATUS RtlDeregisterWaitEx(PoolItem* wait, HANDLE done) noexcept {
  return status_of([&]() -> Result<NTSTATUS> {
    if (wait == nullptr) return fail(STATUS_INVALID_HANDLE, "no wait");
    const Goodbye goodbye = TRY(Goodbye::to(done));
    TRY(wait->set_wait({}, std::nullopt, false));
    return goodbye.say(*wait) ? STATUS_SUCCESS : STATUS_PENDING;
  });
}
HM_WINAPI NTSTATUS RtlDeregisterWait(PoolItem* wait) noexcept {
  return RtlDeregisterWaitEx(wait, nullptr);
}

// --- Timers ---

HM_WINAPI NTSTATUS RtlCreateTimerQueue(TimerQueue** queue) noexcept {
  return status_of([&]() -> Status {
    TRY(require(queue));
    *queue = new TimerQueue;
    return ok;
  });
}

HM_WINAPI NTSTATUS RtlDeleteTimerQueueEx(TimerQueue* queue, HANDLE done) noexcept {
  return status_of([&]() -> Result<NTSTATUS> {
    if (queue == nullptr) return fail(STATUS_INVALID_HANDLE, "no timer queue");
    const Goodbye goodbye = TRY(Goodbye::to(done));
    NTSTATUS status = STATUS_SUCCESS;
    const std::vector<PoolItem*> timers = queue->take_all();
    for (PoolItem* timer : timers) TRY(timer->set_timer(std::nullopt, 0));
    for (PoolItem* timer : timers)
      if (!goodbye.say(*timer)) status = STATUS_PENDING;
    delete queue;
    return status;
  });
}
HM_WINAPI NTSTATUS RtlDeleteTimerQueue(TimerQueue* queue) noexcept {
  return RtlDeleteTimerQueueEx(queue, nullptr);
}

HM_WINAPI NTSTATUS RtlCreateTimer(TimerQueue* queue, PoolItem** timer, FiredRoutine routine, void* context, ULONG due,
                                  ULONG period, ULONG flags) noexcept {
  return status_of([&]() -> Status {
    TRY(require(timer));
    const bool once = (flags & WT_EXECUTEONLYONCE) != 0;
    TimerQueue& timers = queue != nullptr ? *queue : TimerQueue::standard();
    auto item = nt::make_object<PoolItem>(fired(routine, context));
    *timer = item.get();  // like its place in the queue before the first callback, which may delete it
    timers.add(item.get());
    const Status set = item->set_timer(timeout_of(due), once ? 0 : period);
    if (set)
      item.detach();
    else
      timers.remove(item.get());
    return set;
  });
}

HM_WINAPI NTSTATUS RtlUpdateTimer(TimerQueue* /*queue*/, PoolItem* timer, ULONG due, ULONG period) noexcept {
  return status_of([&]() -> Status {
    if (timer == nullptr) return fail(STATUS_INVALID_PARAMETER_1, "no timer");
    if (!timer->timer_set()) return ok;  // one that was to fire once, and has, stays over
    return timer->set_timer(timeout_of(due), period);
  });
}

HM_WINAPI NTSTATUS RtlDeleteTimer(TimerQueue* queue, PoolItem* timer, HANDLE done) noexcept {
  return status_of([&]() -> Result<NTSTATUS> {
    if (timer == nullptr) return fail(STATUS_INVALID_PARAMETER_1, "no timer");
    const Goodbye goodbye = TRY(Goodbye::to(done));
    if (!(queue != nullptr ? *queue : TimerQueue::standard()).remove(timer))
      return fail(STATUS_INVALID_PARAMETER, "the timer is not in that queue");
    TRY(timer->set_timer(std::nullopt, 0));
    return goodbye.say(*timer) ? STATUS_SUCCESS : STATUS_PENDING;
  });
}

namespace {

constexpr std::string_view kNote = "callbacks run in workers, whatever the flags";
const Export kRows[] = {
    {"RtlCreateTimer", proc(RtlCreateTimer), Support::partial, kNote},
    {"RtlCreateTimerQueue", proc(RtlCreateTimerQueue)},
    {"RtlDeleteTimer", proc(RtlDeleteTimer)},
    {"RtlDeleteTimerQueue", proc(RtlDeleteTimerQueue)},
    {"RtlDeleteTimerQueueEx", proc(RtlDeleteTimerQueueEx)},
    {"RtlDeregisterWait", proc(RtlDeregisterWait)},
    {"RtlDeregisterWaitEx", proc(RtlDeregisterWaitEx)},
    {"RtlQueueWorkItem", proc(RtlQueueWorkItem), Support::partial, kNote},
    {"RtlRegisterWait", proc(RtlRegisterWait), Support::partial, kNote},
    {"RtlSetIoCompletionCallback", proc(RtlSetIoCompletionCallback)},
    {"RtlUpdateTimer", proc(RtlUpdateTimer)},
};

}  // namespace

extern const ExportTable thread_pool_legacy_exports = kRows;

}  // namespace hmodule::winapi

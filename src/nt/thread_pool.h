// The process's thread pool: callbacks for work, timers and waits, run by threads with a Windows side.
//
// Waiting costs no thread: a wait item stands in its object's list of waiters like a thread would, and the dispatcher
// queues its callback. A worker that takes a callback first sees to it that another one is idle, so that whatever
// becomes due finds somebody; idle ones beyond the first leave after a while.
#pragma once

#include "nt/alarm.h"
#include "nt/waitable.h"

#include <functional>
#include <memory>
#include <optional>
#include <vector>

namespace hmodule::nt {

// What a callback can leave to be done after its return (TP_CALLBACK_INSTANCE).
struct PoolInstance {
  std::vector<std::function<void()>> afterwards;
};

// One work, timer or wait: signalled while no callback of it is queued or running.
class PoolItem final : public Waitable, private Alarm {
 public:
  static const ObjectType kType;
  const ObjectType& type() const override { return kType; }

  // `result` is STATUS_WAIT_0, STATUS_ABANDONED_WAIT_0 or, for timers and waits that took too long, STATUS_TIMEOUT.
  using Callback = std::function<void(PoolInstance& instance, PoolItem& item, NTSTATUS result)>;
  explicit PoolItem(Callback callback);

  bool signalled(const Dispatcher&, const Thread*) const override { return outstanding_ == 0; }

  // Queues one callback. STATUS_ACCESS_DENIED while the process ends.
  Status submit();
  // A timer: nothing disarms it. `period` in ms.
  Status set_timer(std::optional<std::int64_t> due, ULONG period);
  bool timer_set() const;
  // A wait for `object`, which it keeps; nothing stops waiting. `again`: waits anew after each callback.
  Status set_wait(Ref<Object> object, Timeout timeout, bool again);
  // Takes back the callbacks that have not begun.
  void cancel_pending();
  // The owner's goodbye: no timer and no wait any more, and the owner's reference is gone. Callbacks that are queued or
  // running keep the item.
  void close();
  // Until no callback is queued or running.
  void wait_until_idle() { wait_one(*this, false, std::nullopt); }

 private:
  friend class Pool;
  class Watch;
  ~PoolItem() override;
  void due(const Dispatcher& lock) override;
  void stop(const Dispatcher& lock);
  void watch_satisfied(const Dispatcher& lock, NTSTATUS status);
  void rearm(const Dispatcher& lock);
  void invoke(NTSTATUS result);

  const Callback callback_;
  std::size_t outstanding_ = 0;  // guarded by the dispatcher lock, like what follows
  std::int64_t period_ = 0, next_due_ = 0;
  Ref<Object> watched_;
  Timeout watch_timeout_;
  bool watch_again_ = false;
  std::unique_ptr<Watch> watch_;
};

}  // namespace hmodule::nt

// Thread pools: callbacks for work, timers, waits and I/O, run by threads with a Windows side. The process has one
// pool; a program may make more.
//
// Waiting costs no thread: a wait item stands in its object's list of waiters like a thread would, and the dispatcher
// queues its callback. A worker that takes a callback first sees to it that another one is idle, so that whatever
// becomes due finds somebody; idle ones beyond the first leave after a while.
#pragma once

#include "nt/alarm.h"
#include "nt/io_completion.h"
#include "nt/waitable.h"

#include <array>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <vector>

namespace hmodule::nt {

class PoolItem;

// TP_CALLBACK_PRIORITY: the first is served first.
enum class PoolPriority : std::uint8_t { high, normal, low };
inline constexpr std::size_t kPoolPriorities = 3;

// What a callback is told: an operation's end, or the status of a wait or timer.
struct PoolResult {
  NTSTATUS status = STATUS_SUCCESS;      // STATUS_WAIT_0, STATUS_ABANDONED_WAIT_0, STATUS_TIMEOUT; or the operation's
  ULONG_PTR value = 0, information = 0;  // of an operation: its OVERLAPPED, and how much it did
};

// The queue that workers wait for, and the workers. Its owner's reference goes with release_pool(); items keep theirs.
class Pool final : public Waitable {
 public:
  static const ObjectType kType;
  const ObjectType& type() const override { return kType; }
  bool signalled(const Dispatcher&, const Thread*) const override { return !empty() || abandoned(); }

  // The process's own.
  static Pool& instance();

  void set_maximum(unsigned threads);
  // There are so many at once, and they stay.
  Status set_minimum(unsigned threads);
  struct Stack {
    SIZE_T reserve, commit;
  };
  void set_stack(const Stack& stack);
  Stack stack() const;
  // Called without the lock: there is an idle worker afterwards, or as many workers as there may be.
  Status provide_worker();
  // The owner's goodbye: the pool ends with its last item.
  void close();
  // In the child of a fork, which has no workers. Callbacks that they were running are lost.
  void forget_workers(const Dispatcher& lock);

 private:
  friend class PoolItem;
  struct Task {
    Ref<PoolItem> item;
    PoolResult result;
  };
  void push(const Dispatcher& lock, PoolItem& item, const PoolResult& result);
  // The references are for the caller to drop, without the lock.
  std::vector<Ref<PoolItem>> take_back(const Dispatcher& lock, PoolItem& item);
  bool empty() const;
  bool abandoned() const { return released_ && items_ == 0; }
  Task next();

  Status start_worker();
  HM_WINAPI static DWORD run_worker(void* pool);
  void work();
  bool may_leave(NTSTATUS status) const;

  std::array<std::deque<Task>, kPoolPriorities> queues_;  // guarded by the dispatcher lock, like what follows
  std::size_t items_ = 0;
  unsigned workers_ = 0, idle_ = 0, minimum_ = 0;  // those that have not begun yet are idle
  unsigned maximum_ = 500;                         // as Windows' default pool
  Stack stack_{0, 0};
  bool released_ = false;
};

// A TP_CALLBACK_INSTANCE: what a callback can leave to be done after its return.
struct PoolInstance {
  PoolItem& item;
  std::vector<std::function<void()>> afterwards = {};
  bool associated = true;
  // TpDisassociateCallback: nobody waits for this callback any more.
  void disassociate();
};

// A TP_CLEANUP_GROUP: items that are closed together.
class PoolGroup final : public Object {
 public:
  static const ObjectType kType;
  const ObjectType& type() const override { return kType; }

  // Closes every member and waits for callbacks that run. `cancel`: those that have not begun are taken back, and the
  // members' own functions hear of it, with `context`.
  void close_members(bool cancel, void* context);

 private:
  friend class PoolItem;
  std::vector<Ref<PoolItem>> members_;  // guarded by the dispatcher lock
};

// How an item is made: TP_CALLBACK_ENVIRON, as far as it does not concern the callback itself.
struct PoolOptions {
  Pool* pool = nullptr;  // the process's
  PoolGroup* group = nullptr;
  std::function<void(void* cleanup_context)> group_cancelled = {};
  PoolPriority priority = PoolPriority::normal;
  bool once = false;                // no object of the program's: it runs one callback and is gone
  std::shared_ptr<void> kept = {};  // as long as the item
};

// One work, timer, wait or file: signalled while no callback of it is queued or running.
class PoolItem final : public Waitable, private Alarm {
 public:
  static const ObjectType kType;
  const ObjectType& type() const override { return kType; }

  using Callback = std::function<void(PoolInstance& instance, PoolItem& item, const PoolResult& result)>;
  explicit PoolItem(Callback callback, PoolOptions options = {});

  bool signalled(const Dispatcher&, const Thread*) const override { return outstanding_ == 0; }

  // Queues one callback. STATUS_ACCESS_DENIED while the process ends.
  Status submit();
  // A timer: nothing disarms it. `period` in ms.
  Status set_timer(std::optional<std::int64_t> due, ULONG period);
  bool timer_set() const;
  // A wait for `object`, which it keeps; nothing stops waiting. True if that ended a wait. `again`: waits anew after
  // each callback.
  Result<bool> set_wait(Ref<Object> object, Timeout timeout, bool again);
  // A file: each of its operations that ends becomes a callback. Started ones count as outstanding (TpStart... and
  // TpCancelAsyncIoOperation).
  // The owner is the caller, or the file.
  enum class FileOwner : std::uint8_t { caller, file };
  Status set_file(Object& file, FileOwner owner);
  void operation_started();
  void operation_cancelled();
  // Takes back the callbacks that have not begun; whether there were any.
  bool cancel_pending();
  // The owner's goodbye: no timer and no wait any more, and the owner's reference is gone. Callbacks that are queued or
  // running keep the item, and with it `until_idle`, which the last of them lets go.
  void close(std::shared_ptr<void> until_idle = {});
  // Until no callback is queued or running.
  void wait_until_idle() { wait_one(*this, false, std::nullopt); }
  bool idle() { return wait_one(*this, false, 0) == STATUS_SUCCESS; }
  // In its callback: other callbacks do not have to wait for the end of this one.
  bool may_run_long();

 private:
  friend class Pool;
  friend class PoolGroup;
  friend struct PoolInstance;
  class Watch;
  class Port;
  ~PoolItem() override;
  void due(const Dispatcher& lock) override;
  void stop(const Dispatcher& lock);
  void stop_for_good();
  void watch_satisfied(const Dispatcher& lock, NTSTATUS status);
  void rearm(const Dispatcher& lock);
  void operation_ended(const Dispatcher& lock, const CompletionPacket& packet);
  void invoke(const PoolResult& result);
  void callback_ended();
  void leave_group();

  const Callback callback_;
  const PoolOptions options_;
  const Ref<Pool> pool_;
  Ref<PoolGroup> group_;         // guarded by the dispatcher lock, like what follows
  std::size_t outstanding_ = 0;  // callbacks queued or running, and operations in progress
  std::size_t operations_ = 0, skipped_operations_ = 0;
  std::int64_t period_ = 0, next_due_ = 0;
  Ref<Object> watched_;
  Timeout watch_timeout_;
  bool watch_again_ = false;
  std::unique_ptr<Watch> watch_;
  Ref<IoCompletion> port_;
  std::shared_ptr<void> until_idle_;
};

}  // namespace hmodule::nt

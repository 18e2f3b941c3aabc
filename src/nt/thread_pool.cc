#include "nt/thread_pool.h"

#include "nt/clock.h"
#include "nt/thread.h"

#include <array>
#include <deque>
#include <vector>

namespace hmodule::nt {

// The queue the workers wait for.
class Pool final : public Waitable {
 public:
  static const ObjectType kType;
  const ObjectType& type() const override { return kType; }
  bool signalled(const Dispatcher&, const Thread*) const override { return !queue_.empty(); }

  static Pool& instance() {
    static Pool* const pool = make_object<Pool>().detach();
    return *pool;
  }

  void push(const Dispatcher& lock, PoolItem& item, NTSTATUS result) {
    ++item.outstanding_;
    queue_.push_back({Ref<PoolItem>::share(item), result});
    satisfy_waiters(lock);
  }

  // The references are for the caller to drop, without the lock.
  std::vector<Ref<PoolItem>> take_back(const Dispatcher& lock, PoolItem& item) {
    std::vector<Ref<PoolItem>> dropped;
    for (auto task = queue_.begin(); task != queue_.end();) {
      if (task->item.get() != &item) {
        ++task;
        continue;
      }
      dropped.push_back(std::move(task->item));
      task = queue_.erase(task);
      --item.outstanding_;
    }
    item.satisfy_waiters(lock);
    return dropped;
  }

  // Called without the lock: there is an idle worker afterwards, or as many workers as there may be.
  Status provide_worker() {
    {
      const Dispatcher lock;
      if (idle_ > 0 || workers_ >= kMostWorkers) return ok;
      ++workers_;
      ++idle_;
    }
    auto worker = create_thread({.routine = run_worker});
    if (worker) return ok;
    const Dispatcher lock;
    --workers_;
    --idle_;
    return worker.error();
  }

 private:
  static constexpr unsigned kMostWorkers = 500;  // as Windows' default pool
  static constexpr std::int64_t kIdleTime = 20 * kTicksPerSecond;

  struct Task {
    Ref<PoolItem> item;
    NTSTATUS result;
  };

  HM_WINAPI static DWORD run_worker(void*) {
    instance().work();
    return 0;
  }

  void work() {
    for (;;) {
      const NTSTATUS status = wait_one(*this, true, -kIdleTime);
      std::optional<Task> task;
      {
        const Dispatcher lock;
        if (!queue_.empty()) {
          task = std::move(queue_.front());
          queue_.pop_front();
          --idle_;
        } else if (status == STATUS_TIMEOUT && idle_ > 1) {
          --idle_;
          --workers_;
          return;
        }
      }
      if (!task) continue;
      static_cast<void>(provide_worker());
      task->item->invoke(task->result);
      task.reset();
      const Dispatcher lock;
      ++idle_;
    }
  }

  std::deque<Task> queue_;
  unsigned workers_ = 0, idle_ = 0;
};

const ObjectType Pool::kType = {u"TpWorkerFactory", 0x20008, 0x20004, 0x20003, 0xF00FF};
const ObjectType PoolItem::kType = {u"TpWorkItem", 0, 0, 0, 0x1F0000};

// Stands in the list of waiters of one object.
class PoolItem::Watch final : public Waiter {
 public:
  Watch(PoolItem& item, Waitable& object) : Waiter(nullptr, objects_, blocks_, false), objects_{&object}, item_(item) {}

 private:
  void satisfied(const Dispatcher& lock, NTSTATUS status) override { item_.watch_satisfied(lock, status); }
  std::array<Waitable*, 1> objects_;
  std::array<WaitBlock, 1> blocks_;
  PoolItem& item_;
};

PoolItem::PoolItem(Callback callback) : callback_(std::move(callback)) {}

PoolItem::~PoolItem() {
  const Dispatcher lock;
  stop(lock);  // close() did; this is for items nobody was given
}

void PoolItem::stop(const Dispatcher& lock) {
  disarm(lock);
  if (watch_ && watch_->queued()) watch_->remove(lock);
}

Status PoolItem::submit() {
  TRY(Pool::instance().provide_worker());
  const Dispatcher lock;
  Pool::instance().push(lock, *this, STATUS_SUCCESS);
  return ok;
}

Status PoolItem::set_timer(std::optional<std::int64_t> due_at, ULONG period) {
  if (due_at) TRY(Pool::instance().provide_worker());
  const Dispatcher lock;
  disarm(lock);
  period_ = std::int64_t{period} * (kTicksPerSecond / 1000);
  if (!due_at) return ok;
  next_due_ = due_time(*due_at);
  arm(lock, next_due_);
  return ok;
}

bool PoolItem::timer_set() const {
  const Dispatcher lock;
  return armed();
}

Status PoolItem::set_wait(Ref<Object> object, Timeout timeout, bool again) {
  if (object) TRY(Pool::instance().provide_worker());
  std::unique_ptr<Watch> old_watch;  // both go without the lock
  const Dispatcher lock;
  stop(lock);
  std::swap(old_watch, watch_);
  std::swap(watched_, object);
  watch_timeout_ = timeout;
  watch_again_ = again;
  if (!watched_) return ok;
  watch_ = std::make_unique<Watch>(*this, *watched_->waitable());
  rearm(lock);
  return ok;
}

void PoolItem::rearm(const Dispatcher& lock) {
  if (const auto status = watch_->try_now(lock)) {
    Pool::instance().push(lock, *this, *status);
    return;
  }
  watch_->enqueue(lock);
  if (watch_timeout_) arm(lock, due_time(*watch_timeout_));
}

void PoolItem::watch_satisfied(const Dispatcher& lock, NTSTATUS status) {
  disarm(lock);
  Pool::instance().push(lock, *this, status);
}

void PoolItem::due(const Dispatcher& lock) {
  if (watch_) {
    if (watch_->queued()) watch_->remove(lock);
  } else if (period_ != 0) {
    next_due_ = std::max(next_due_ + period_, interrupt_time());
    arm(lock, next_due_);
  }
  Pool::instance().push(lock, *this, STATUS_TIMEOUT);
}

void PoolItem::close() {
  {
    const Dispatcher lock;
    stop(lock);
    watch_again_ = false;
  }
  release();
}

void PoolItem::cancel_pending() {
  std::vector<Ref<PoolItem>> dropped;
  const Dispatcher lock;
  dropped = Pool::instance().take_back(lock, *this);
}

void PoolItem::invoke(NTSTATUS result) {
  PoolInstance instance;
  callback_(instance, *this, result);
  for (const auto& action : instance.afterwards) action();
  const Dispatcher lock;
  --outstanding_;
  if (watch_ && watch_again_ && !watch_->queued() && !armed() && outstanding_ == 0) rearm(lock);
  satisfy_waiters(lock);
}

}  // namespace hmodule::nt

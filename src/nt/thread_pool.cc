#include "nt/thread_pool.h"

#include "nt/clock.h"
#include "nt/thread.h"

#include <algorithm>
#include <utility>

namespace hmodule::nt {

const ObjectType Pool::kType = {u"TpWorkerFactory", 0x20008, 0x20004, 0x20003, 0xF00FF};
const ObjectType PoolGroup::kType = {u"TpCleanupGroup", 0, 0, 0, 0x1F0000};
const ObjectType PoolItem::kType = {u"TpWorkItem", 0, 0, 0, 0x1F0000};

// --- The pool ---

namespace {

constexpr std::int64_t kIdleTime = 20 * kTicksPerSecond;

}  // namespace

Pool& Pool::instance() {
  static Pool* const pool = make_object<Pool>().detach();
  return *pool;
}

bool Pool::empty() const {
  return std::all_of(queues_.begin(), queues_.end(), [](const auto& queue) { return queue.empty(); });
}

Pool::Task Pool::next() {
  auto& queue = *std::find_if(queues_.begin(), queues_.end(), [](const auto& each) { return !each.empty(); });
  Task task = std::move(queue.front());
  queue.pop_front();
  return task;
}

void Pool::push(const Dispatcher& lock, PoolItem& item, const PoolResult& result) {
  ++item.outstanding_;
  queues_[static_cast<std::size_t>(item.options_.priority)].push_back({Ref<PoolItem>::share(item), result});
  satisfy_waiters(lock);
}

std::vector<Ref<PoolItem>> Pool::take_back(const Dispatcher&, PoolItem& item) {
  std::vector<Ref<PoolItem>> dropped;
  auto& queue = queues_[static_cast<std::size_t>(item.options_.priority)];
  for (auto task = queue.begin(); task != queue.end();) {
    if (task->item.get() != &item) {
      ++task;
      continue;
    }
    dropped.push_back(std::move(task->item));
    task = queue.erase(task);
    --item.outstanding_;
  }
  return dropped;
}

void Pool::set_maximum(unsigned threads) {
  const Dispatcher lock;
  maximum_ = std::max(threads, 1U);
  minimum_ = std::min(minimum_, maximum_);
}

Status Pool::set_minimum(unsigned threads) {
  {
    const Dispatcher lock;
    minimum_ = threads;
    maximum_ = std::max(maximum_, threads);
  }
  for (;;) {
    {
      const Dispatcher lock;
      if (workers_ >= threads) return ok;
      ++workers_;
      ++idle_;
    }
    TRY(start_worker());
  }
}

void Pool::set_stack(const Stack& stack) {
  const Dispatcher lock;
  stack_ = stack;
}

Pool::Stack Pool::stack() const {
  const Dispatcher lock;
  return stack_;
}

Status Pool::provide_worker() {
  {
    const Dispatcher lock;
    if (idle_ > 0 || workers_ >= maximum_) return ok;
    ++workers_;
    ++idle_;
  }
  return start_worker();
}

// It is counted already.
Status Pool::start_worker() {
  NewThreadOptions options{.routine = run_worker, .parameter = this, .stack_size = stack().reserve};
  add_ref();  // the worker's
  auto worker = create_thread(options);
  if (worker) return ok;
  {
    const Dispatcher lock;
    --workers_;
    --idle_;
  }
  release();
  return worker.error();
}

HM_WINAPI DWORD Pool::run_worker(void* pool) {
  Ref<Pool>::adopt(static_cast<Pool*>(pool))->work();
  return 0;
}

bool Pool::may_leave(NTSTATUS status) const {
  if (workers_ > maximum_ || (abandoned() && empty())) return true;
  return status == STATUS_TIMEOUT && empty() && idle_ > 1 && workers_ > minimum_;
}

void Pool::work() {
  NTSTATUS status = STATUS_SUCCESS;
  for (;;) {
    std::optional<Task> task;
    {
      const Dispatcher lock;
      if (may_leave(status)) {
        --workers_;
        --idle_;
        return;
      }
      if (!empty()) {
        task = next();
        --idle_;
      }
    }
    if (!task) {
      status = wait_one(*this, true, -kIdleTime);
      continue;
    }
    static_cast<void>(provide_worker());
    task->item->invoke(task->result);
    task.reset();
    status = STATUS_SUCCESS;
    const Dispatcher lock;
    ++idle_;
  }
}

void Pool::close() {
  {
    const Dispatcher lock;
    released_ = true;
    satisfy_waiters(lock);
  }
  release();
}

void Pool::forget_workers(const Dispatcher&) {
  workers_ = idle_ = 0;
}

// --- Items ---

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

// The completion port of a file whose operations become callbacks.
class PoolItem::Port final : public IoCompletion {
 public:
  Port(PoolItem& item, FileOwner owner) : item_(&item), owner_(owner) {}
  void post(const CompletionPacket& packet) override {
    const Dispatcher lock;
    if (item_ != nullptr) item_->operation_ended(lock, packet);
  }
  void forget_item(const Dispatcher&) { item_ = nullptr; }

 private:
  ~Port() override {  // the file is gone
    if (owner_ == FileOwner::file && item_ != nullptr) item_->close();
  }
  PoolItem* item_;  // guarded by the dispatcher lock
  const FileOwner owner_;
};

PoolItem::PoolItem(Callback callback, PoolOptions options)
    : callback_(std::move(callback)),
      options_(std::move(options)),
      pool_(Ref<Pool>::share(options_.pool != nullptr ? *options_.pool : Pool::instance())) {
  const Dispatcher lock;
  ++pool_->items_;
  if (options_.group == nullptr) return;
  group_ = Ref<PoolGroup>::share(*options_.group);
  group_->members_.push_back(Ref<PoolItem>::share(*this));
}

PoolItem::~PoolItem() {
  const Dispatcher lock;
  stop(lock);  // close() did; this is for items nobody was given
  --pool_->items_;
  pool_->satisfy_waiters(lock);
}

void PoolItem::stop(const Dispatcher& lock) {
  disarm(lock);
  if (watch_ && watch_->queued()) watch_->remove(lock);
}

void PoolItem::stop_for_good() {
  const Dispatcher lock;
  stop(lock);
  watch_again_ = false;
  if (port_) static_cast<Port&>(*port_).forget_item(lock);
}

void PoolItem::leave_group() {
  Ref<PoolGroup> group;  // both references go without the lock
  Ref<PoolItem> member;
  const Dispatcher lock;
  std::swap(group, group_);
  if (!group) return;
  const auto place = std::find_if(group->members_.begin(), group->members_.end(),
                                  [this](const Ref<PoolItem>& each) { return each.get() == this; });
  std::swap(member, *place);
  group->members_.erase(place);
}

Status PoolItem::submit() {
  TRY(pool_->provide_worker());
  const Dispatcher lock;
  pool_->push(lock, *this, {});
  return ok;
}

Status PoolItem::set_timer(std::optional<std::int64_t> due_at, ULONG period) {
  if (due_at) TRY(pool_->provide_worker());
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

Result<bool> PoolItem::set_wait(Ref<Object> object, Timeout timeout, bool again) {
  if (object) TRY(pool_->provide_worker());
  std::unique_ptr<Watch> old_watch;  // both go without the lock
  const Dispatcher lock;
  const bool waited = watch_ && watch_->queued();
  stop(lock);
  std::swap(old_watch, watch_);
  std::swap(watched_, object);
  watch_timeout_ = timeout;
  watch_again_ = again;
  if (!watched_) return waited;
  watch_ = std::make_unique<Watch>(*this, *watched_->waitable());
  rearm(lock);
  return waited;
}

void PoolItem::rearm(const Dispatcher& lock) {
  if (const auto status = watch_->try_now(lock)) {
    pool_->push(lock, *this, {*status});
    return;
  }
  watch_->enqueue(lock);
  if (watch_timeout_) arm(lock, due_time(*watch_timeout_));
}

void PoolItem::watch_satisfied(const Dispatcher& lock, NTSTATUS status) {
  disarm(lock);
  pool_->push(lock, *this, {status});
}

void PoolItem::due(const Dispatcher& lock) {
  if (watch_) {
    if (watch_->queued()) watch_->remove(lock);
  } else if (period_ != 0) {
    next_due_ = std::max(next_due_ + period_, interrupt_time());
    arm(lock, next_due_);
  }
  pool_->push(lock, *this, {STATUS_TIMEOUT});
}

Status PoolItem::set_file(Object& file, FileOwner owner) {
  TRY(pool_->provide_worker());
  const Ref<IoCompletion> port = make_object<Port>(*this, owner);
  if (owner == FileOwner::caller) {
    const Dispatcher lock;
    port_ = port;
  }
  const Status attached = file.attach_completion_port(*port, 0);
  if (!attached) {
    const Dispatcher lock;
    static_cast<Port&>(*port).forget_item(lock);
  }
  return attached;
}

void PoolItem::operation_started() {
  static_cast<void>(pool_->provide_worker());
  const Dispatcher lock;
  ++operations_;
  ++outstanding_;
}

void PoolItem::operation_cancelled() {
  const Dispatcher lock;
  if (operations_ == 0) return;
  --operations_;
  --outstanding_;
  satisfy_waiters(lock);
}

void PoolItem::operation_ended(const Dispatcher& lock, const CompletionPacket& packet) {
  if (skipped_operations_ != 0) {
    --skipped_operations_;
    return;
  }
  pool_->push(lock, *this, {packet.status, packet.value, packet.information});
  if (operations_ == 0) return;
  --operations_;
  --outstanding_;
}

bool PoolItem::cancel_pending() {
  std::vector<Ref<PoolItem>> dropped;
  std::shared_ptr<void> done;
  const Dispatcher lock;
  dropped = pool_->take_back(lock, *this);
  skipped_operations_ += operations_;
  outstanding_ -= std::exchange(operations_, 0);
  if (outstanding_ == 0) std::swap(done, until_idle_);
  satisfy_waiters(lock);
  return !dropped.empty();
}

void PoolItem::close(std::shared_ptr<void> until_idle) {
  stop_for_good();
  leave_group();
  {
    const Dispatcher lock;
    if (outstanding_ != 0) std::swap(until_idle_, until_idle);
  }
  until_idle.reset();
  release();
}

bool PoolItem::may_run_long() {
  static_cast<void>(pool_->provide_worker());
  const Dispatcher lock;
  return pool_->idle_ > 0;
}

void PoolItem::invoke(const PoolResult& result) {
  PoolInstance instance{*this};
  callback_(instance, *this, result);
  for (const auto& action : instance.afterwards) action();
  instance.disassociate();
  if (options_.once) leave_group();
}

void PoolInstance::disassociate() {
  if (std::exchange(associated, false)) item.callback_ended();
}

void PoolItem::callback_ended() {
  std::shared_ptr<void> done;  // what it does is done without the lock
  const Dispatcher lock;
  --outstanding_;
  if (watch_ && watch_again_ && !watch_->queued() && !armed() && outstanding_ == 0) rearm(lock);
  if (outstanding_ == 0) std::swap(done, until_idle_);
  satisfy_waiters(lock);
}

// --- Groups ---

void PoolGroup::close_members(bool cancel, void* context) {
  std::vector<Ref<PoolItem>> members;
  std::vector<Ref<PoolGroup>> groups;  // their references to this one
  {
    const Dispatcher lock;
    members.swap(members_);
    for (const auto& member : members) groups.push_back(std::exchange(member->group_, {}));
  }
  std::vector<bool> taken_back;
  for (const auto& member : members) {
    member->stop_for_good();
    taken_back.push_back(cancel && member->cancel_pending());
  }
  for (std::size_t i = 0; i < members.size(); ++i) {
    PoolItem& member = *members[i];
    member.wait_until_idle();
    // One callback alone that has run was not cancelled; of an object the group's function always hears.
    const bool cancelled = member.options_.once ? taken_back[i] : cancel;
    if (cancelled && member.options_.group_cancelled) member.options_.group_cancelled(context);
    if (!member.options_.once) member.release();
  }
}

}  // namespace hmodule::nt

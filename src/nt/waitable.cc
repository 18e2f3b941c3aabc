#include "nt/waitable.h"

#include "nt/futex.h"
#include "nt/handle_table.h"
#include "nt/kernel_section.h"
#include "nt/session.h"
#include "nt/thread.h"

#include <algorithm>
#include <array>
#include <mutex>

namespace hmodule::nt {
namespace {

KernelMutex& dispatcher_mutex() {
  static auto* mutex = new KernelMutex;  // used until the very end of the process
  return *mutex;
}

// A thread that waits. It sleeps on its own futex word, which takes the wait's outcome.
class ThreadWaiter final : public Waiter {
 public:
  ThreadWaiter(Thread& thread, std::span<Waitable* const> objects, std::span<WaitBlock> blocks, bool all)
      : Waiter(&thread, objects, blocks, all), thread_(thread) {}

 private:
  void satisfied(const Dispatcher& lock, NTSTATUS status) override { thread_.unpark(lock, status); }
  Thread& thread_;
};

// A thread that waits for objects of which some are shared. Until it is over, `wait_` has the outcome: other processes
// write it, and so does the dispatcher, always under the session's lock.
class SharedWaiter final : public Waiter {
 public:
  SharedWaiter(Thread& thread, std::span<Waitable* const> objects, std::span<WaitBlock> blocks, bool all)
      : Waiter(&thread, objects, blocks, all), thread_(thread), objects_(objects), all_(all) {}

  // What try_now() says; or the wait has begun, in the same step.
  Result<std::optional<NTSTATUS>> look_or_begin(const Dispatcher& lock, bool begin) {
    const SessionLock session;
    if (const auto status = look(lock)) return status;
    if (!begin) return std::optional<NTSTATUS>();
    std::array<SharedObject*, kMaximumWaitObjects> shared;
    std::ranges::transform(objects_, shared.begin(), [](const Waitable* object) { return object->shared(); });
    wait_ = TRY(session::Wait::begin(session, thread_.id(), std::span(shared).first(objects_.size()), all_));
    return std::optional<NTSTATUS>();
  }

  NTSTATUS park(Timeout timeout) {
    const Deadline deadline(timeout);
    for (;;) {
      switch (wait_->sleep(deadline)) {
        case session::Wait::Event::look_again: {
          const Dispatcher lock;
          static_cast<void>(try_now(lock));
          break;
        }
        case session::Wait::Event::timed_out: {
          const Dispatcher lock;
          static_cast<void>(decide(lock, STATUS_TIMEOUT));
          break;
        }
        case session::Wait::Event::decided: {
          const Dispatcher lock;
          thread_.end_park(lock);
          if (queued()) remove(lock);
          const SessionLock session;
          return *wait_->outcome(session);
        }
      }
    }
  }

  bool decide(const Dispatcher&, NTSTATUS status) override {
    const SessionLock session;
    return wait_->decide(session, status);
  }

 private:
  std::optional<NTSTATUS> try_shared(const Dispatcher& lock, const SessionLock& session) override {
    if (wait_->outcome(session)) return std::nullopt;
    const auto status = look(lock);
    if (status) wait_->decide(session, *status);
    return status;
  }
  void satisfied(const Dispatcher&, NTSTATUS) override {}  // try_shared() told

  Thread& thread_;
  std::span<Waitable* const> objects_;
  const bool all_;
  std::unique_ptr<session::Wait> wait_;
};

NTSTATUS wait_shared(std::optional<Dispatcher>& lock, Thread& self, std::span<Waitable* const> objects, bool all,
                     bool alertable, Timeout timeout) {
  std::array<WaitBlock, kMaximumWaitObjects> blocks;
  SharedWaiter waiter(self, objects, std::span(blocks).first(objects.size()), all);
  const bool apcs = alertable && self.has_apcs(*lock);
  const auto begun = waiter.look_or_begin(*lock, !apcs && timeout != 0);
  NTSTATUS status = apcs ? STATUS_USER_APC : STATUS_TIMEOUT;
  if (!begun) return begun.error().status;
  if (*begun) return **begun;
  if (!apcs && timeout != 0) {
    waiter.enqueue(*lock);
    self.prepare_park(*lock, waiter, alertable);
    lock.reset();
    status = waiter.park(timeout);
  }
  lock.reset();
  if (status == STATUS_USER_APC) self.run_apcs();
  return status;
}

// The wait itself; it begins with the lock held, so that a signal given just before it is part of the same step.
NTSTATUS wait_locked(std::optional<Dispatcher>& lock, Thread& self, std::span<Waitable* const> objects, bool all,
                     bool alertable, Timeout timeout) {
  if (std::ranges::any_of(objects, [](const Waitable* object) { return object->shared() != nullptr; })) [[unlikely]]
    return wait_shared(lock, self, objects, all, alertable, timeout);
  std::array<WaitBlock, kMaximumWaitObjects> blocks;
  ThreadWaiter waiter(self, objects, std::span(blocks).first(objects.size()), all);
  std::optional<NTSTATUS> status = waiter.try_now(*lock);
  if (!status && alertable && self.has_apcs(*lock)) status = STATUS_USER_APC;
  if (!status && timeout == 0) status = STATUS_TIMEOUT;
  if (status) {
    waiter.let_go(*lock);
  } else {
    waiter.enqueue(*lock);
    self.prepare_park(*lock, waiter, alertable);
    lock.reset();
    status = self.park(timeout);
  }
  lock.reset();
  if (status == STATUS_USER_APC) self.run_apcs();
  return *status;
}

struct WaitTarget {
  Ref<Object> object;
  ACCESS_MASK access;
};

Result<WaitTarget> target_of(HANDLE handle, ACCESS_MASK needed) {
  HandleTable::Entry entry = TRY(handles().find(handle));
  if (entry.object->waitable() == nullptr)
    return fail(STATUS_OBJECT_TYPE_MISMATCH, "handle {} is nothing to wait for", handle);
  if ((needed & ~entry.access) != 0)
    return fail(STATUS_ACCESS_DENIED, "handle {} grants {:#x}, which lacks {:#x}", handle, entry.access, needed);
  return WaitTarget{std::move(entry.object), entry.access};
}

}  // namespace

Dispatcher::Dispatcher() {
  dispatcher_mutex().lock();
}
// A word may be gone when it is its turn; then nobody sleeps there, or somebody wakes once for nothing.
Dispatcher::~Dispatcher() {
  const KernelSection until_all_are_awake;
  dispatcher_mutex().unlock();
  for (auto* const word : std::span(to_wake_).first(wake_count_)) futex_wake_one(*word);
}

void Dispatcher::wake_later(std::atomic<std::uint32_t>& word) const {
  if (wake_count_ == to_wake_.size())
    futex_wake_one(word);
  else
    to_wake_[wake_count_++] = &word;
}

Waitable::Waitable() = default;
Waitable::~Waitable() = default;

void Waitable::share(std::unique_ptr<SharedObject> shared) {
  shared_ = std::move(shared);
}
void Waitable::name_lost() {
  if (shared_) shared_->lose_name();
}

bool Waitable::take(const Dispatcher&, Thread*) {
  return false;
}

Status Waitable::signal(const Dispatcher&, Thread&, ACCESS_MASK) {
  return fail(STATUS_OBJECT_TYPE_MISMATCH, "only events, mutants and semaphores can be signalled");
}

void Waitable::satisfy_waiters(const Dispatcher& lock) {
  for (WaitBlock* block = first_; block != nullptr;) {
    Waiter& waiter = *block->waiter;
    const auto status = waiter.try_now(lock);
    if (!status) {
      block = block->next;
      continue;
    }
    waiter.remove(lock);
    waiter.satisfied(lock, *status);
    block = first_;  // the removal may have taken more than this block out of the list
  }
}

void Signal::set_signalled(bool on) {
  if (on && signalled_.load(std::memory_order_relaxed)) return;  // whoever waits has been told
  const Dispatcher lock;
  set_signalled(lock, on);
}

void Signal::set_signalled(const Dispatcher& lock, bool on) {
  signalled_.store(on, std::memory_order_relaxed);
  if (on) satisfy_waiters(lock);
}

Waiter::Waiter(Thread* thread, std::span<Waitable* const> objects, std::span<WaitBlock> blocks, bool all)
    : thread_(thread), objects_(objects), blocks_(blocks), all_(all) {}

std::optional<NTSTATUS> Waiter::try_now(const Dispatcher& lock) {
  if (std::ranges::none_of(objects_, [](const Waitable* object) { return object->shared() != nullptr; }))
    return look(lock);
  const SessionLock session;
  return try_shared(lock, session);
}

std::optional<NTSTATUS> Waiter::look(const Dispatcher& lock) {
  if (all_) {
    for (const Waitable* object : objects_)
      if (!object->signalled(lock, thread_)) return std::nullopt;
    bool abandoned = false;
    for (Waitable* object : objects_) abandoned |= object->take(lock, thread_);
    return abandoned ? STATUS_ABANDONED_WAIT_0 : STATUS_SUCCESS;
  }
  for (std::size_t i = 0; i < objects_.size(); ++i) {
    if (!objects_[i]->signalled(lock, thread_)) continue;
    const bool abandoned = objects_[i]->take(lock, thread_);
    return (abandoned ? STATUS_ABANDONED_WAIT_0 : STATUS_SUCCESS) + static_cast<NTSTATUS>(i);
  }
  return std::nullopt;
}

void Waiter::enqueue(const Dispatcher& lock) {
  for (std::size_t i = 0; i < objects_.size(); ++i) {
    Waitable& object = *objects_[i];
    if (thread_ == nullptr && object.shared() != nullptr) session::relay(lock, object);
    object.guard(lock);  // a wait for all does not look at what comes after the first that is not signalled
    blocks_[i] = {object.last_, nullptr, &object, this};
    (object.last_ != nullptr ? object.last_->next : object.first_) = &blocks_[i];
    object.last_ = &blocks_[i];
  }
  queued_ = true;
}

void Waiter::remove(const Dispatcher& lock) {
  for (std::size_t i = 0; i < objects_.size(); ++i) {
    const WaitBlock& block = blocks_[i];
    (block.previous != nullptr ? block.previous->next : block.object->first_) = block.next;
    (block.next != nullptr ? block.next->previous : block.object->last_) = block.previous;
    if (thread_ == nullptr && block.object->shared() != nullptr && block.object->first_ == nullptr)
      session::stop_relay(lock, *block.object);
  }
  queued_ = false;
}

void Waiter::let_go(const Dispatcher& lock) {
  for (Waitable* object : objects_) object->unguard(lock);
}

NTSTATUS wait_one(Waitable& object, bool alertable, Timeout timeout) {
  Waitable* const objects[] = {&object};
  return wait_many(objects, false, alertable, timeout);
}

NTSTATUS wait_many(std::span<Waitable* const> objects, bool all, bool alertable, Timeout timeout) {
  Thread& self = current_thread();
  std::optional<Dispatcher> lock(std::in_place);
  return wait_locked(lock, self, objects, all, alertable, timeout);
}

NTSTATUS delay(bool alertable, Timeout timeout) {
  const NTSTATUS status = wait_many({}, false, alertable, timeout);
  return status == STATUS_TIMEOUT ? STATUS_SUCCESS : status;
}

NTSTATUS signal_and_wait(Waitable& signal, ACCESS_MASK granted, Waitable& object, bool alertable, Timeout timeout) {
  Thread& self = current_thread();
  std::optional<Dispatcher> lock(std::in_place);
  if (const Status signalled = signal.signal(*lock, self, granted); !signalled) return signalled.error().status;
  Waitable* const objects[] = {&object};
  return wait_locked(lock, self, objects, false, alertable, timeout);
}

Result<Ref<Object>> waitable_behind(HANDLE handle) {
  return TRY(target_of(handle, SYNCHRONIZE)).object;
}

Result<NTSTATUS> wait_for_handle(HANDLE handle, bool alertable, Timeout timeout) {
  const WaitTarget target = TRY(target_of(handle, SYNCHRONIZE));
  return wait_one(*target.object->waitable(), alertable, timeout);
}

Result<NTSTATUS> wait_for_handles(std::span<const HANDLE> list, bool all, bool alertable, Timeout timeout) {
  if (list.empty() || list.size() > kMaximumWaitObjects)
    return fail(STATUS_INVALID_PARAMETER_1, "a wait for {} objects; 1 to {} are allowed", list.size(),
                kMaximumWaitObjects);
  std::array<Ref<Object>, kMaximumWaitObjects> references;
  std::array<Waitable*, kMaximumWaitObjects> objects;
  for (std::size_t i = 0; i < list.size(); ++i) {
    references[i] = TRY(target_of(list[i], SYNCHRONIZE)).object;
    objects[i] = references[i]->waitable();
    for (std::size_t j = 0; all && j < i; ++j)
      if (objects[j] == objects[i])
        return fail(STATUS_INVALID_PARAMETER_MIX, "a wait for all names one object twice, at {} and {}", j, i);
  }
  return wait_many(std::span(objects).first(list.size()), all, alertable, timeout);
}

Result<NTSTATUS> signal_handle_and_wait(HANDLE signal, HANDLE object, bool alertable, Timeout timeout) {
  const HandleTable::Entry first = TRY(handles().find(signal));
  if (first.object->waitable() == nullptr)
    return fail(STATUS_OBJECT_TYPE_MISMATCH, "handle {} is nothing to signal", signal);
  const WaitTarget second = TRY(target_of(object, SYNCHRONIZE));
  return signal_and_wait(*first.object->waitable(), first.access, *second.object->waitable(), alertable, timeout);
}

}  // namespace hmodule::nt

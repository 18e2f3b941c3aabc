// Objects that threads wait for, and the dispatcher that decides who goes on.
//
// One lock, the dispatcher lock, guards the signal state of all waitable objects and the lists of who waits for what,
// so that "wait for all of these 64" is one atomic step. A state change that signals an object satisfies its waiters
// at once, in the order they came, on their behalf (an event resets itself, a mutant gets its new owner); a thread
// that is woken owns what it waited for and takes no lock again. An event that nobody waits for is free of the lock
// (event_word.h): it is guarded while the dispatcher has to do with it.
#pragma once

#include "nt/object.h"

#include <array>
#include <atomic>
#include <cstdint>
#include <optional>
#include <span>

namespace hmodule::nt {

class SessionLock;
class Thread;
class Waitable;
class Waiter;

// NT's way to say how long: nothing is for ever; negative is relative and positive absolute, in 100 ns (absolute since
// 1601 UTC); zero only looks.
using Timeout = std::optional<std::int64_t>;

// Holding one is holding the dispatcher lock. Functions that need the lock take it as a parameter.
class Dispatcher {
 public:
  Dispatcher();
  ~Dispatcher();
  Dispatcher(const Dispatcher&) = delete;
  Dispatcher& operator=(const Dispatcher&) = delete;

  // Wakes who sleeps on the word, once the lock is free: they would only run into it.
  void wake_later(std::atomic<std::uint32_t>& word) const;

 private:
  mutable std::array<std::atomic<std::uint32_t>*, 4> to_wake_;
  mutable std::size_t wake_count_ = 0;
};

// One object a waiter waits for: an element of that object's list.
struct WaitBlock {
  WaitBlock *previous = nullptr, *next = nullptr;
  Waitable* object = nullptr;
  Waiter* waiter = nullptr;
};

class Waitable : public Object {
 public:
  Waitable* waitable() override { return this; }

  // Would a wait by `thread` be satisfied now? nullptr asks for a waiter that is no thread (a thread pool).
  virtual bool signalled(const Dispatcher& lock, const Thread* thread) const = 0;
  // Satisfies one wait: an event resets, a mutant is owned. True if the mutant was abandoned.
  virtual bool take(const Dispatcher& lock, Thread* thread);
  // NtSignalAndWaitForSingleObject's first half; STATUS_OBJECT_TYPE_MISMATCH unless event, mutant or semaphore.
  virtual Status signal(const Dispatcher& lock, Thread& by, ACCESS_MASK granted);

  // The part of a named object that other processes see: it has the state then, and signalled() and take() want the
  // session's lock.
  SharedObject* shared() const { return shared_.get(); }
  void share(std::unique_ptr<SharedObject> shared) override;
  const SharedObject* session_part() const override { return shared(); }
  void name_lost() override;

  // From here on, and as long as anybody waits, the state changes under the lock alone; signalled() begins so, too.
  virtual void guard(const Dispatcher&) {}
  // Frees it again if nobody waits.
  virtual void unguard(const Dispatcher&) {}

  // Call it after every change that may have signalled the object.
  void satisfy_waiters(const Dispatcher& lock);

 protected:
  bool has_waiters() const { return first_ != nullptr; }
  Waitable();
  ~Waitable() override;

 private:
  friend class Waiter;
  std::unique_ptr<SharedObject> shared_;
  WaitBlock *first_ = nullptr, *last_ = nullptr;
};

// A waitable that is simply signalled or not: processes, threads, files, pipes.
class Signal : public Waitable {
 public:
  bool signalled(const Dispatcher&, const Thread*) const override { return signalled_.load(std::memory_order_relaxed); }
  void set_signalled(bool on);
  void set_signalled(const Dispatcher& lock, bool on);

 private:
  std::atomic<bool> signalled_{false};  // changes under the lock
};

// One wait in progress: on one object, on any of several, or on all of them.
class Waiter {
 public:
  Waiter(Thread* thread, std::span<Waitable* const> objects, std::span<WaitBlock> blocks, bool all);
  Waiter(const Waiter&) = delete;
  Waiter& operator=(const Waiter&) = delete;
  virtual ~Waiter() = default;

  // Takes the objects if they are free now: STATUS_WAIT_0 + n, STATUS_ABANDONED_WAIT_0 + n, or nothing.
  std::optional<NTSTATUS> try_now(const Dispatcher& lock);
  void enqueue(const Dispatcher& lock);
  void remove(const Dispatcher& lock);
  // Instead of enqueue(): nothing is waited for.
  void let_go(const Dispatcher& lock);
  bool queued() const { return queued_; }

  // Ends the wait for another reason than its objects. False: another process was faster.
  virtual bool decide(const Dispatcher&, NTSTATUS) { return true; }

 protected:
  // The wait is over; the blocks are out of the lists.
  virtual void satisfied(const Dispatcher& lock, NTSTATUS status) = 0;
  // try_now() where an object is shared.
  virtual std::optional<NTSTATUS> try_shared(const Dispatcher& lock, const SessionLock&) { return look(lock); }
  std::optional<NTSTATUS> look(const Dispatcher& lock);

 private:
  friend class Waitable;
  Thread* thread_;
  std::span<Waitable* const> objects_;
  std::span<WaitBlock> blocks_;
  bool all_, queued_ = false;
};

inline constexpr std::size_t kMaximumWaitObjects = 64;

// Waits of the calling thread. The answer is STATUS_WAIT_0 + n, STATUS_ABANDONED_WAIT_0 + n, STATUS_TIMEOUT, or
// STATUS_USER_APC after an alertable wait ran the queued APCs. Objects come before APCs before the time-out.
NTSTATUS wait_one(Waitable& object, bool alertable, Timeout timeout);
NTSTATUS wait_many(std::span<Waitable* const> objects, bool all, bool alertable, Timeout timeout);
// NtDelayExecution: STATUS_SUCCESS when the time has passed.
NTSTATUS delay(bool alertable, Timeout timeout);
NTSTATUS signal_and_wait(Waitable& signal, ACCESS_MASK granted, Waitable& object, bool alertable, Timeout timeout);

// The same with handles, as Nt* functions have them: SYNCHRONIZE is needed; STATUS_OBJECT_TYPE_MISMATCH for what cannot
// be waited for.
Result<Ref<Object>> waitable_behind(HANDLE handle);
Result<NTSTATUS> wait_for_handle(HANDLE handle, bool alertable, Timeout timeout);
Result<NTSTATUS> wait_for_handles(std::span<const HANDLE> handles, bool all, bool alertable, Timeout timeout);
Result<NTSTATUS> signal_handle_and_wait(HANDLE signal, HANDLE object, bool alertable, Timeout timeout);

}  // namespace hmodule::nt

// Named objects that the processes of one user share: events, mutants, semaphores, timers and sections directly below
// \BaseNamedObjects.
//
// There is no server. The first process that names an object makes a file in a directory of the user's (/dev/shm/
// hmodule-UID, mode 0700, its owner verified), every further one maps it, and all of them find there, in arrays of
// fixed size: the processes, the objects with their names and states, and the waits that are going on. One robust
// mutex guards it. An unnamed object has no part in any of this.
//
// Signalling. Whoever changes a state serves the waiters, also those of other processes, as the dispatcher does at
// home: he takes the object on the waiter's behalf and writes the outcome into the wait's word, which is a futex. A
// wait for all of several objects, of which some are private, can be judged by its own process only: it is woken to
// look again.
//
// Death. Each process has a thread that holds a second robust mutex, its life, until the end of the process, however it
// comes. A look at that word tells whether the process lives; the kernel wakes who sleeps on it when it dies. The
// processes form a ring, each of which sleeps on the life of the one before it, and so buries it at once: its handles
// are closed, its mutants abandoned, their waiters served.
//
// Killed inside. The mutex says so to the next who takes it, who then repairs: every change is either one store, or a
// sequence whose repetition does no harm, or noted in the journal before it begins. Nothing links to anything else, so
// there is nothing to break. (A process that is stopped there, by SIGSTOP, stops the others until it goes on.)
#pragma once

#include "nt/kernel_section.h"
#include "nt/shared_object.h"
#include "nt/unique_fd.h"

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace hmodule::nt {

class Deadline;
class Dispatcher;
class Waitable;

// Holding one is holding the lock of what is shared; it comes after all other locks. Only when joined.
class SessionLock {
 public:
  SessionLock();
  ~SessionLock();
  SessionLock(const SessionLock&) = delete;
  SessionLock& operator=(const SessionLock&) = delete;

 private:
  const KernelSection not_suspended_;
};

namespace session {

// The directory that the user's processes share, and what tells the sessions in it apart. ACCESS_DENIED: the directory
// cannot be trusted.
Result<UniqueFd> directory();
std::string scope();
// HMODULE_SESSION=private: this process meets no other.
bool is_private();

// Joins at the first call. False where named objects stay this process's own: HMODULE_SESSION=private, or no directory
// that can be trusted.
bool join();
bool joined();

// The object of that name, held for the caller; nothing if nobody has one.
std::unique_ptr<SharedObject> open(std::u16string_view name, bool ignore_case);
// Gives a new object to all; nothing if there is one of that name. NAME_TOO_LONG, INSUFFICIENT_RESOURCES.
Result<std::unique_ptr<SharedObject>> publish(std::u16string_view name, const SharedFacts& facts);

// A thread of this process has ended: its mutants are abandoned, its waits are over.
void thread_ended(DWORD thread);

// fork(): the child is a process of its own, which holds what its parent held. Mutants stay the parent's.
void hold_for_fork();
void let_go_after_fork();  // in the parent
void leave_to_parent();    // in the child: the waits that were going on are not its own
void rejoin_after_fork();

// Waits of the calling thread, as waitable.h has them, in which at least one object is shared; begun without the
// session's lock.
class Wait {
 public:
  // `objects[i]` is nullptr where the i-th is private. INSUFFICIENT_RESOURCES.
  static Result<std::unique_ptr<Wait>> begin(const SessionLock& lock, DWORD thread,
                                             std::span<SharedObject* const> objects, bool all);
  Wait(const Wait&) = delete;
  Wait& operator=(const Wait&) = delete;
  ~Wait();

  // The outcome, unless the wait goes on.
  std::optional<NTSTATUS> outcome(const SessionLock& lock) const;
  // Ends the wait, if nobody was faster.
  bool decide(const SessionLock& lock, NTSTATUS status);
  // Sleeps until there is an outcome, until the objects must be looked at again, or until the time is over.
  enum class Event : std::uint8_t { decided, look_again, timed_out };
  Event sleep(const Deadline& deadline);

 private:
  explicit Wait(std::uint32_t index) : index_(index) {}
  const std::uint32_t index_;
};

// A thread pool waits without a thread of its own: what it waits for is put here, and one thread of the process serves
// the object's waiters whenever it may have become signalled.
void relay(const Dispatcher& lock, Waitable& object);
void stop_relay(const Dispatcher& lock, Waitable& object);

}  // namespace session
}  // namespace hmodule::nt

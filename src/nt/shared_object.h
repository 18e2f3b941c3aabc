// An object that processes share, as one of them has it; session.h tells how.
#pragma once

#include "base/result.h"

#include <cstdint>
#include <string>

namespace hmodule::nt {

class Thread;

enum class SharedKind : std::uint32_t { event = 1, mutant, semaphore, timer, section };

// What an object is when it gets its name.
struct SharedFacts {
  SharedKind kind;
  std::uint32_t variant = 0;  // 1: an event or timer that lets one go; a section's protection
  std::int64_t value = 0;     // set or not; a semaphore's count, how often a mutant is owned, a section's attributes
  std::int64_t maximum = 0;   // a semaphore's limit, a section's size
  DWORD owner = 0;            // a mutant's, a thread of this process
  int descriptor = -1;        // of what is behind a section
};

// This process's part in one shared object; it keeps the object while it lives.
class SharedObject {
 public:
  explicit SharedObject(std::uint32_t index) : index_(index) {}  // one hold, counted by the caller, becomes its own
  SharedObject(const SharedObject&) = delete;
  SharedObject& operator=(const SharedObject&) = delete;
  ~SharedObject();
  // The last handle of this process is closed.
  void lose_name();

  std::uint32_t index() const { return index_; }
  SharedFacts facts() const;
  std::u16string name() const;
  // A descriptor of what is behind a section, opened anew from a process that has one.
  Result<int> open_descriptor(int flags) const;

  // For a wait, which holds the session's lock. nullptr asks for a waiter that is no thread.
  bool signalled(const Thread* thread) const;
  bool take(const Thread* thread);  // true if the mutant was abandoned

  // The rest take the lock themselves. The previous state, mostly.
  LONG set_event(bool on);
  LONG pulse_event();
  Result<LONG> release_semaphore(LONG by);
  Result<LONG> release_mutant(DWORD thread);
  LONG value() const;
  struct Mutant {
    LONG owned;  // how often
    bool abandoned, owner_is_here;
    DWORD owner;  // thread
  };
  Mutant mutant() const;
  bool set_timer(std::int64_t due, std::int64_t period);  // interrupt time and 100 ns
  bool cancel_timer();
  struct Timer {
    std::int64_t due;
    bool signalled;
  };
  Timer timer() const;

 private:
  const std::uint32_t index_;
};

}  // namespace hmodule::nt

// The registers of suspended threads: the host's signal frame in the form of a CONTEXT.
#pragma once

#include "base/result.h"
#include "nt/thread.h"
#include "win/context.h"

#include <ucontext.h>

namespace hmodule::nt {

class Deadline;

// Lives on the signal stack of a thread that obeys an order, where its registers are.
class SuspendedFrame {
 public:
  SuspendedFrame(Thread& thread, ucontext_t& registers);
  ~SuspendedFrame();
  SuspendedFrame(const SuspendedFrame&) = delete;
  SuspendedFrame& operator=(const SuspendedFrame&) = delete;

  // Those of a thread that is killed where it stands have no destructor.
  static void forget(const Dispatcher& lock, const Thread& thread);

 private:
  friend Status take_context(Thread& thread, CONTEXT& context);
  friend Status give_context(Thread& thread, const CONTEXT& context);
  // Who suspended the thread may ask before it has stopped.
  static void await_stop(Thread& thread, const Deadline& deadline);
  static Result<ucontext_t*> of(Thread& thread, const Deadline& deadline);
  // Of a thread that has not begun; nullptr: it has. The lock is held while it is used.
  static CONTEXT* first_context_of(const Dispatcher& lock, Thread& thread);
  static inline SuspendedFrame* first = nullptr;  // guarded by the dispatcher lock

  Thread& thread_;
  ucontext_t& registers_;
  SuspendedFrame* next_;
};

// The registers of a suspended thread, as far as ContextFlags asks for them, and those with which it goes on. One that
// has not begun shows where it will, and begins there: of what is given, RIP and the registers of the four arguments
// count. STATUS_UNSUCCESSFUL if it is not suspended.
Status take_context(Thread& thread, CONTEXT& context);
Status give_context(Thread& thread, const CONTEXT& context);

}  // namespace hmodule::nt

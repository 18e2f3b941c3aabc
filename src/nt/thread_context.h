// The registers of suspended threads: the host's signal frame in the form of a CONTEXT.
#pragma once

#include "base/result.h"
#include "nt/thread.h"
#include "win/context.h"

#include <ucontext.h>

namespace hmodule::nt {

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
  static Result<ucontext_t*> of(Thread& thread);
  static inline SuspendedFrame* first = nullptr;  // guarded by the dispatcher lock

  Thread& thread_;
  ucontext_t& registers_;
  SuspendedFrame* next_;
};

// The registers of a suspended thread, as far as ContextFlags asks for them, and those with which it goes on.
// STATUS_UNSUCCESSFUL if it is not suspended, or was never at an instruction of its own.
Status take_context(Thread& thread, CONTEXT& context);
Status give_context(Thread& thread, const CONTEXT& context);

}  // namespace hmodule::nt

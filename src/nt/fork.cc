#include "nt/fork.h"

#include "nt/alarm.h"
#include "nt/event_word.h"
#include "nt/handle_table.h"
#include "nt/heap.h"
#include "nt/session.h"
#include "nt/thread.h"
#include "nt/thread_pool.h"

#include <optional>

namespace hmodule::nt {
namespace {

// Locked by the thread that forks, and unlocked by it on both sides.
std::optional<Dispatcher> held;

// What is locked last, for a few instructions, by whoever has any of the others.
void hold_leaves() {
  handles().hold_for_fork();
  EventWord::hold_for_fork();
  Heap::hold_for_fork();
}
void let_go_leaves() {
  Heap::let_go_after_fork();
  EventWord::let_go_after_fork();
  handles().let_go_after_fork();
}

}  // namespace

void hold_for_fork() {
  held.emplace();
  session::hold_for_fork();
  hold_leaves();
}

void let_go_after_fork() {
  let_go_leaves();
  session::let_go_after_fork();
  held.reset();
}

void stay_alone_after_fork(std::span<void* const> others) {
  Heap::forget_other_threads();
  let_go_leaves();
  session::leave_to_parent();
  forget_other_threads(*held, others);
  forget_alarm_thread(*held);
  Pool::instance().forget_workers(*held);
  held.reset();
  session::rejoin_after_fork();
}

}  // namespace hmodule::nt

#include "nt/fork.h"

#include "nt/alarm.h"
#include "nt/thread.h"
#include "nt/thread_pool.h"

#include <optional>

namespace hmodule::nt {
namespace {

// Locked by the thread that forks, and unlocked by it on both sides.
std::optional<Dispatcher> held;

}  // namespace

void hold_for_fork() {
  held.emplace();
}

void let_go_after_fork() {
  held.reset();
}

void stay_alone_after_fork(std::span<void* const> others) {
  forget_other_threads(*held, others);
  forget_alarm_thread(*held);
  Pool::instance().forget_workers(*held);
  held.reset();
}

}  // namespace hmodule::nt

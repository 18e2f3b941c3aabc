#include "nt/alarm.h"

#include "base/service_thread.h"
#include "nt/clock.h"
#include "nt/futex.h"

#include <climits>
#include <set>

namespace hmodule::nt {

// All guarded by the dispatcher lock, but the word the thread sleeps on.
struct AlarmThread {
  std::set<std::pair<std::int64_t, Alarm*>> alarms;
  std::atomic<std::uint32_t> changed{0};
  bool running = false;

  void start() {
    running = true;
    static_cast<void>(start_service_thread("hmodule-timers", [this] { run(); }));
  }

  [[noreturn]] void run() {
    for (;;) {
      const std::uint32_t seen = changed.load(std::memory_order_acquire);
      futex_wait(changed, seen, Deadline(ring()));
    }
  }

  // Sets off what is due; how long to sleep until the next.
  Timeout ring() {
    const Dispatcher lock;
    while (!alarms.empty()) {
      const auto [when, alarm] = *alarms.begin();
      const std::int64_t now = interrupt_time();
      if (when > now) return now - when;
      alarm->disarm(lock);
      alarm->due(lock);
    }
    return std::nullopt;
  }
};

namespace {

AlarmThread& alarm_thread() {
  static auto* thread = new AlarmThread;
  return *thread;
}

}  // namespace

void Alarm::arm(const Dispatcher& lock, std::int64_t when) {
  disarm(lock);
  AlarmThread& thread = alarm_thread();
  when_ = when;
  armed_ = true;
  const auto place = thread.alarms.emplace(when, this).first;
  if (!thread.running) thread.start();
  if (place != thread.alarms.begin()) return;
  thread.changed.fetch_add(1, std::memory_order_release);
  futex_wake_one(thread.changed);
}

void forget_alarm_thread(const Dispatcher&) {
  alarm_thread().running = false;
}

void Alarm::disarm(const Dispatcher&) {
  if (!armed_) return;
  alarm_thread().alarms.erase({when_, this});
  armed_ = false;
}

std::int64_t due_time(std::int64_t timeout) {
  const std::int64_t now = interrupt_time();
  std::int64_t when;
  if (timeout <= 0) return __builtin_sub_overflow(now, timeout, &when) ? INT64_MAX : when;
  return now + (timeout - system_time());
}

}  // namespace hmodule::nt

// Things that happen at a time: waitable timers, timer queues, thread-pool timers. One native thread, started by the
// first alarm, sleeps until the earliest is due. It never runs foreign code.
#pragma once

#include "nt/waitable.h"

namespace hmodule::nt {

class Alarm {
 public:
  Alarm(const Alarm&) = delete;
  Alarm& operator=(const Alarm&) = delete;

 protected:
  Alarm() = default;
  virtual ~Alarm() = default;  // disarmed by then

  // `when` is on the monotonic clock, as interrupt_time().
  void arm(const Dispatcher& lock, std::int64_t when);
  void disarm(const Dispatcher& lock);
  bool armed() const { return armed_; }
  std::int64_t when() const { return when_; }

  // The time has come: called by the alarm thread. It is disarmed and may arm itself again.
  virtual void due(const Dispatcher& lock) = 0;

 private:
  friend struct AlarmThread;
  std::int64_t when_ = 0;
  bool armed_ = false;
};

// In the child of a fork, which has no alarm thread: the next alarm starts another.
void forget_alarm_thread(const Dispatcher& lock);

// The monotonic time a non-infinite Timeout ends. An absolute time is translated now, and does not follow later
// changes of the clock.
std::int64_t due_time(std::int64_t timeout);

}  // namespace hmodule::nt

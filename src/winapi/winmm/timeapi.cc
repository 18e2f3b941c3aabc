// timeapi.h and mmsystem.h: the time in milliseconds, and timers that call back. One thread, started by the first
// timer, calls them all, one after the other, as on Windows.
#include "module/builtin.h"
#include "nt/clock.h"
#include "nt/event.h"
#include "nt/handle_table.h"
#include "nt/kernel_section.h"
#include "nt/thread.h"
#include "thread/call.h"
#include "winapi/common/answer.h"

#include <map>
#include <mutex>
#include <optional>

namespace hmodule::winapi {
namespace {

constexpr UINT TIMERR_NOERROR = 0, MMSYSERR_INVALPARAM = 11, TIMERR_NOCANDO = 97, TIMERR_STRUCT = 129;
constexpr UINT TIME_PERIODIC = 1, TIME_CALLBACK_EVENT_SET = 0x10, TIME_CALLBACK_EVENT_PULSE = 0x20,
               TIME_KILL_SYNCHRONOUS = 0x100;
constexpr UINT kLeast = 1, kMost = 1'000'000;  // ms, as Windows 10 says of itself
constexpr std::int64_t kTicksPerMillisecond = nt::kTicksPerSecond / 1000;

using Callback = HM_WINAPI void (*)(UINT id, UINT message, DWORD_PTR user, DWORD_PTR, DWORD_PTR);

struct TIMECAPS {
  UINT wPeriodMin, wPeriodMax;
};
struct MMTIME {
  UINT wType;
  DWORD ms;
  DWORD unused;
};

struct Timer {
  std::int64_t when, period;  // 100 ns; period 0: once
  UINT flags;
  void* target;  // a callback or the handle of an event
  DWORD_PTR user;
};

class Timers {
 public:
  // 0 when no thread could be started.
  UINT add(const Timer& timer) {
    const Lock lock(*this);
    if (!running_) {
      const auto started = nt::create_thread({.routine = run_all, .parameter = this});
      if (!started) return 0;
      running_ = true;
    }
    while (++last_id_ == 0 || timers_.contains(last_id_)) continue;
    timers_.emplace(last_id_, timer);
    changed_->set();
    return last_id_;
  }
  // Waits for the end of a callback that asked for it when it was set.
  bool remove(UINT id) {
    bool wait = false;
    {
      const Lock lock(*this);
      const auto found = timers_.find(id);
      const bool called = called_ == id;
      if (found == timers_.end() && !called) return false;
      const UINT flags = found == timers_.end() ? called_flags_ : found->second.flags;
      if (found != timers_.end()) timers_.erase(found);
      wait = called && (flags & TIME_KILL_SYNCHRONOUS) != 0 && thread_ != nt::current_thread().id();
    }
    while (wait) {
      nt::delay(false, -kTicksPerMillisecond);
      const Lock lock(*this);
      wait = called_ == id;
    }
    return true;
  }

 private:
  class Lock {
   public:
    explicit Lock(Timers& timers) : lock_(timers.mutex_) {}

   private:
    const std::lock_guard<nt::KernelMutex> lock_;
  };
  struct Due {
    UINT id;
    Timer timer;
  };

  HM_WINAPI static DWORD run_all(void* self) { static_cast<Timers*>(self)->run(); }
  [[noreturn]] void run() {
    for (;;) {
      std::optional<Due> due;
      nt::Timeout timeout;
      {
        const Lock lock(*this);
        thread_ = nt::current_thread().id();
        called_ = 0;
        due = next(timeout);
      }
      if (due)
        call(*due);
      else
        nt::wait_one(*changed_, false, timeout);
    }
  }
  // What is due, or how long to wait for it.
  std::optional<Due> next(nt::Timeout& timeout) {
    auto first = timers_.begin();
    for (auto each = timers_.begin(); each != timers_.end(); ++each)
      if (each->second.when < first->second.when) first = each;
    if (first == timers_.end()) return std::nullopt;
    const std::int64_t now = nt::interrupt_time();
    if (first->second.when > now) {
      timeout = now - first->second.when;
      return std::nullopt;
    }
    const Due due = {first->first, first->second};
    called_ = due.id;
    called_flags_ = due.timer.flags;
    if (due.timer.period == 0)
      timers_.erase(first);
    else
      first->second.when += due.timer.period;
    return due;
  }
  static void call(const Due& due) {
    if ((due.timer.flags & (TIME_CALLBACK_EVENT_SET | TIME_CALLBACK_EVENT_PULSE)) == 0) {
      thread::call(reinterpret_cast<Callback>(due.timer.target), due.id, 0, due.timer.user, 0, 0);
      return;
    }
    const auto event = nt::object_of<nt::Event>(due.timer.target, nt::EVENT_MODIFY_STATE);
    if (!event) return;
    if ((due.timer.flags & TIME_CALLBACK_EVENT_SET) != 0)
      (*event)->set();
    else
      (*event)->pulse();
  }

  nt::KernelMutex mutex_;
  const nt::Ref<nt::Event> changed_ = nt::make_object<nt::Event>(nt::Event::Kind::synchronization, false);
  std::map<UINT, Timer> timers_;
  UINT last_id_ = 0, called_ = 0, called_flags_ = 0;
  DWORD thread_ = 0;
  bool running_ = false;
};
Timers& timers() {
  static auto* const all = new Timers;  // its thread runs until the process ends
  return *all;
}

HM_WINAPI UINT timeSetEvent(UINT delay, UINT, void* target, DWORD_PTR user, UINT flags) noexcept {
  return answer<UINT>(0, [&]() -> Result<UINT> {
    if (delay < kLeast || delay > kMost || target == nullptr)
      return fail_win32(ERROR_INVALID_PARAMETER, "a timer of {} ms; {} to {} are allowed", delay, kLeast, kMost);
    const std::int64_t period = delay * kTicksPerMillisecond;
    return timers().add(
        {nt::interrupt_time() + period, (flags & TIME_PERIODIC) != 0 ? period : 0, flags, target, user});
  });
}
HM_WINAPI UINT timeKillEvent(UINT id) noexcept {
  return timers().remove(id) ? TIMERR_NOERROR : MMSYSERR_INVALPARAM;
}

HM_WINAPI DWORD timeGetTime() noexcept {
  return static_cast<DWORD>(nt::interrupt_time() / kTicksPerMillisecond);
}
HM_WINAPI UINT timeGetSystemTime(MMTIME* time, UINT size) noexcept {
  if (time == nullptr || size < sizeof *time) return TIMERR_STRUCT;
  time->wType = 1;  // TIME_MS
  time->ms = timeGetTime();
  return TIMERR_NOERROR;
}
HM_WINAPI UINT timeGetDevCaps(TIMECAPS* caps, UINT size) noexcept {
  if (caps == nullptr) return TIMERR_NOCANDO;
  if (size < sizeof *caps) return TIMERR_STRUCT;
  *caps = {kLeast, kMost};
  return TIMERR_NOERROR;
}
// Linux' timers are exact without being asked.
HM_WINAPI UINT set_period(UINT period) noexcept {
  return period < kLeast || period > kMost ? TIMERR_NOCANDO : TIMERR_NOERROR;
}

const Export kRows[] = {
    {"timeBeginPeriod", proc(set_period)},    {"timeEndPeriod", proc(set_period)},
    {"timeGetDevCaps", proc(timeGetDevCaps)}, {"timeGetSystemTime", proc(timeGetSystemTime)},
    {"timeGetTime", proc(timeGetTime)},       {"timeKillEvent", proc(timeKillEvent)},
    {"timeSetEvent", proc(timeSetEvent)},
};

}  // namespace

extern const ExportTable timeapi_exports = kRows;

}  // namespace hmodule::winapi

// Waitable timers.
#pragma once

#include "nt/alarm.h"
#include "nt/waitable.h"

namespace hmodule::nt {

inline constexpr ACCESS_MASK TIMER_QUERY_STATE = 0x1, TIMER_MODIFY_STATE = 0x2, TIMER_ALL_ACCESS = 0x1F0003;

using TimerApcRoutine = HM_WINAPI void (*)(void* argument, DWORD low, DWORD high);

class Timer final : public Waitable, private Alarm {
 public:
  static const ObjectType kType;
  const ObjectType& type() const override { return kType; }

  enum class Kind : std::uint8_t { notification, synchronization };  // stays signalled, or lets one go
  explicit Timer(Kind kind) : kind_(kind) {}

  bool signalled(const Dispatcher& lock, const Thread* thread) const override;
  bool take(const Dispatcher& lock, Thread* thread) override;

  std::optional<SharedFacts> facts_to_share() override;

  // NtSetTimer: the state before. `due_time` as a Timeout; `period` in ms, 0 for once. The APC goes to the calling
  // thread, which sees it in an alertable wait.
  struct Setting {
    std::int64_t due_time;
    TimerApcRoutine routine = nullptr;
    void* argument = nullptr;
    ULONG period = 0;
  };
  bool set(const Setting& setting);
  // NtCancelTimer: the state before, which stays. An APC that waits to run is taken back.
  bool cancel();

  struct State {
    std::int64_t remaining;  // 100 ns; negative since it was due
    bool signalled;
  };
  State state() const;

 private:
  ~Timer() override;
  void due(const Dispatcher& lock) override;
  void stop(const Dispatcher& lock);

  const Kind kind_;
  bool signalled_ = false;
  std::int64_t last_due_ = 0, period_ = 0;  // the latter in 100 ns
  TimerApcRoutine routine_ = nullptr;
  void* argument_ = nullptr;
  Ref<Thread> apc_thread_;
};

}  // namespace hmodule::nt

#include "nt/timer.h"

#include "nt/clock.h"
#include "nt/thread.h"

namespace hmodule::nt {

const ObjectType Timer::kType = {u"Timer", 0x20001, 0x20002, 0x120000, TIMER_ALL_ACCESS};

Timer::~Timer() {
  Ref<Thread> apc_thread;  // let go without the lock
  const Dispatcher lock;
  stop(lock);
  std::swap(apc_thread, apc_thread_);
}

std::optional<SharedFacts> Timer::facts_to_share() {
  return SharedFacts{.kind = SharedKind::timer, .variant = kind_ == Kind::synchronization};  // a new one is not set
}

bool Timer::signalled(const Dispatcher&, const Thread* thread) const {
  return shared() == nullptr ? signalled_ : shared()->signalled(thread);
}

bool Timer::take(const Dispatcher&, Thread* thread) {
  if (shared() != nullptr) return shared()->take(thread);
  if (kind_ == Kind::synchronization) signalled_ = false;
  return false;
}

void Timer::stop(const Dispatcher& lock) {
  disarm(lock);
  if (apc_thread_) apc_thread_->forget_apcs(lock, this);
}

bool Timer::set(const Setting& setting) {
  Ref<Thread> apc_thread;
  if (setting.routine != nullptr) apc_thread = Ref<Thread>::share(current_thread());
  const Dispatcher lock;
  stop(lock);
  std::swap(apc_thread, apc_thread_);
  routine_ = setting.routine;
  argument_ = setting.argument;
  period_ = std::int64_t{setting.period} * (kTicksPerSecond / 1000);
  last_due_ = due_time(setting.due_time);
  // A shared timer is due by itself, and its alarm here is for the APC alone.
  const bool previous =
      shared() != nullptr ? shared()->set_timer(last_due_, period_) : std::exchange(signalled_, false);
  if (shared() != nullptr && !apc_thread_) return previous;
  if (last_due_ <= interrupt_time())
    due(lock);
  else
    arm(lock, last_due_);
  return previous;
}

bool Timer::cancel() {
  const Dispatcher lock;
  stop(lock);
  period_ = 0;
  if (shared() != nullptr) return shared()->cancel_timer();
  return signalled_;
}

void Timer::due(const Dispatcher& lock) {
  signalled_ = true;
  satisfy_waiters(lock);
  if (apc_thread_ && !apc_thread_->ended()) {
    const auto now = static_cast<std::uint64_t>(system_time());
    apc_thread_->forget_apcs(lock, this);  // one at a time, as the kernel has one APC object per timer
    apc_thread_->queue_apc(lock, {reinterpret_cast<ApcRoutine>(reinterpret_cast<void*>(routine_)),
                                  {reinterpret_cast<ULONG_PTR>(argument_), now & 0xFFFF'FFFF, now >> 32},
                                  this});
  }
  if (period_ == 0) return;
  const std::int64_t now = interrupt_time();
  last_due_ += period_ * std::max<std::int64_t>(1, (now - last_due_) / period_);  // beats that were missed are lost
  arm(lock, last_due_);
}

Timer::State Timer::state() const {
  if (shared() != nullptr) {
    const SharedObject::Timer state = shared()->timer();
    return {state.due - interrupt_time(), state.signalled};
  }
  const Dispatcher lock;
  return {last_due_ - interrupt_time(), signalled_};
}

}  // namespace hmodule::nt

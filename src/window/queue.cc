#include "window/queue.h"

#include "nt/alarm.h"
#include "nt/clock.h"
#include "nt/thread.h"
#include "nt/thread_end.h"
#include "thread/call.h"
#include "window/lifetime.h"
#include "window/send.h"

#include <algorithm>
#include <array>
#include <map>

namespace hmodule::window {
namespace {

constexpr std::size_t kMostPosted = 10'000;  // USERPostMessageLimit
constexpr std::int64_t kHungAfter = 5 * nt::kTicksPerSecond;
constexpr std::int64_t kTicksPerMillisecond = nt::kTicksPerSecond / 1000;

const nt::ObjectType kQueueType = {u"Queue", 0x20000, 0x20000, 0x120000, 0x120000};

// Those of all living threads.
std::map<DWORD, std::shared_ptr<Queue>>& queues(const DesktopLock&) {
  static auto* all = new std::map<DWORD, std::shared_ptr<Queue>>;
  return *all;
}

// The calling thread's. Its own reference is given up when it ends.
__thread Queue* own_queue __attribute__((tls_model("initial-exec"))) = nullptr;

void end_own_queue() {
  if (own_queue == nullptr) return;
  const std::shared_ptr<Queue> queue = own_queue->shared_from_this();
  const DesktopLock lock;
  remove_windows_of(lock, *queue);
  queue->close(lock);
  queues(lock).erase(queue->thread_id());
  own_queue = nullptr;
}

}  // namespace

// What a thread waits for, besides the objects it names.
class Queue::Signal final : public nt::Signal {
 public:
  const nt::ObjectType& type() const override { return kQueueType; }
};

// A message being received: the innermost one until this is destroyed, and answered then at the latest, as the
// procedure may be left by an exception.
class Queue::Receiving {
 public:
  Receiving(const DesktopLock&, Queue& queue, std::shared_ptr<SentMessage> message) : queue_(queue) {
    queue_.received_.push_back(std::move(message));
  }
  ~Receiving() {
    const DesktopLock lock;
    answer(lock, *queue_.received_.back(), 0);
    queue_.received_.pop_back();
  }
  Receiving(const Receiving&) = delete;
  Receiving& operator=(const Receiving&) = delete;

 private:
  Queue& queue_;
};

Queue::Queue(DWORD thread_id)
    : thread_id_(thread_id), signal_(nt::make_object<Signal>()), last_look_(nt::interrupt_time()) {}
Queue::~Queue() = default;

Queue& current_queue() {
  if (own_queue != nullptr) [[likely]]
    return *own_queue;
  const DWORD id = nt::current_thread().id();
  auto queue = std::make_shared<Queue>(id);
  nt::set_thread_end_hook(end_own_queue);
  const DesktopLock lock;
  own_queue = queue.get();
  queues(lock)[id] = std::move(queue);
  return *own_queue;
}

std::shared_ptr<Queue> queue_of_thread(const DesktopLock& lock, DWORD thread_id) {
  const auto found = queues(lock).find(thread_id);
  return found == queues(lock).end() ? nullptr : found->second;
}

DWORD tick_count() {
  return static_cast<DWORD>(nt::interrupt_time() / kTicksPerMillisecond);
}

// --- bits ---

void Queue::update_signal(const DesktopLock&) {
  if (waiting_) signal_->set_signalled((wake_ & awaited_wake_) != 0 || (changed_ & awaited_changed_) != 0);
}
void Queue::add_bits(const DesktopLock& lock, DWORD bits) {
  wake_ |= bits;
  changed_ |= bits;
  update_signal(lock);
}
void Queue::remove_bits(const DesktopLock&, DWORD bits) {
  wake_ &= ~bits;
  changed_ &= ~bits;
}
void Queue::update_posted_bits(const DesktopLock& lock) {
  if (posted_.empty() && !quit_) remove_bits(lock, QS_POSTMESSAGE | QS_ALLPOSTMESSAGE);
}

Queue::Bits Queue::look(const DesktopLock& lock, DWORD mask) {
  ring_timers(lock);
  last_look_ = nt::interrupt_time();
  const Bits bits = {wake_ & mask, changed_ & mask};
  changed_ &= ~mask;
  return bits;
}

bool Queue::hung(const DesktopLock&) const {
  return !waiting_ && wake_ != 0 && nt::interrupt_time() - last_look_ > kHungAfter;
}

// --- posted messages ---

Status Queue::post(const DesktopLock& lock, const Message& message) {
  if (closed_) return fail_win32(ERROR_INVALID_THREAD_ID, "thread {} has ended", thread_id_);
  if (posted_.size() == kMostPosted)
    return fail_win32(ERROR_NOT_ENOUGH_QUOTA, "thread {} has {} messages that wait", thread_id_, kMostPosted);
  posted_.push_back({message, tick_count()});
  add_bits(lock, QS_POSTMESSAGE | QS_ALLPOSTMESSAGE);
  return ok;
}

void Queue::post_quit(const DesktopLock& lock, INT exit_code) {
  quit_ = exit_code;
  add_bits(lock, QS_POSTMESSAGE | QS_ALLPOSTMESSAGE);
}

bool Queue::matches(const DesktopLock& lock, const MessageFilter& filter, HWND window, UINT message) {
  if (message < filter.first || message > filter.last) return false;
  switch (filter.of) {
    case MessageFilter::Of::all:
      return true;
    case MessageFilter::Of::thread:
      return window == nullptr;
    case MessageFilter::Of::window:
      break;
  }
  if (window == filter.window) return true;
  const auto its = windows(lock).find(lock, window), wanted = windows(lock).find(lock, filter.window);
  return its && wanted && is_below(lock, **its, **wanted);
}

std::optional<MSG> Queue::take_posted(const DesktopLock& lock, const MessageFilter& filter, bool remove) {
  for (auto each = posted_.begin(); each != posted_.end(); ++each) {
    const Message& message = each->message;
    if (!matches(lock, filter, message.window, message.message)) continue;
    const MSG taken = {message.window, message.message, message.wParam, message.lParam, each->time, {}, 0};
    if (remove) {
      posted_.erase(each);
      update_posted_bits(lock);
    }
    return taken;
  }
  return std::nullopt;
}

// It passes every filter, but comes only when nothing else was posted that does.
std::optional<MSG> Queue::take_quit(const DesktopLock& lock, bool remove) {
  if (!quit_) return std::nullopt;
  const MSG taken = {nullptr, WM_QUIT, static_cast<WPARAM>(static_cast<LONG_PTR>(*quit_)), 0, tick_count(), {}, 0};
  if (remove) {
    quit_.reset();
    update_posted_bits(lock);
  }
  return taken;
}

std::optional<MSG> Queue::take(const DesktopLock& lock, const MessageFilter& filter, bool remove) {
  look(lock, filter.bits);
  std::optional<MSG> found;
  if ((filter.bits & QS_POSTMESSAGE) != 0) {
    found = take_posted(lock, filter, remove);
    if (!found) found = take_quit(lock, remove);
  }
  if (!found && (filter.bits & QS_TIMER) != 0) found = take_timer(lock, filter, remove);
  if (found) message_time = found->time;
  return found;
}

// --- sent messages ---

void Queue::send(const DesktopLock& lock, std::shared_ptr<SentMessage> message) {
  if (closed_) return answer(lock, *message, 0, true);
  sent_.push_back(std::move(message));
  add_bits(lock, QS_SENDMESSAGE);
}

void Queue::answer(const DesktopLock& lock, SentMessage& message, LRESULT result, bool lost) {
  if (message.answered) return;
  message.answered = true;
  message.result = result;
  message.lost = lost;
  if (message.sender == nullptr) return;
  Queue& sender = *message.sender;
  if (message.kind == SentMessage::Kind::awaited) return sender.add_bits(lock, QS_SMRESULT);
  if (lost || sender.closed_) return;
  // The callback runs in the sender's thread: a message to it that has its answer already.
  auto back = std::make_shared<SentMessage>(message);
  back->sender = nullptr;
  sender.send(lock, std::move(back));
}

void Queue::withdraw(const DesktopLock& lock, SentMessage& message) {
  message.sender = nullptr;
  if (!is_sent_only(message.message.message)) return;
  std::erase_if(sent_, [&](const auto& each) { return each.get() == &message; });
  if (sent_.empty()) remove_bits(lock, QS_SENDMESSAGE);
}

SentMessage* Queue::being_received(const DesktopLock&) const {
  return received_.empty() ? nullptr : received_.back().get();
}

void Queue::receive(const std::shared_ptr<SentMessage>& message, const Procedure& procedure) {
  const LRESULT result = call_window(*this, procedure, message->message, message->wide, true);
  const DesktopLock lock;
  answer(lock, *message, result);
}

void Queue::receive_sent() {
  for (;;) {
    std::shared_ptr<SentMessage> message;
    Procedure procedure;
    std::optional<Receiving> receiving;
    {
      const DesktopLock lock;
      if (sent_.empty()) return;
      message = std::move(sent_.front());
      sent_.pop_front();
      if (sent_.empty()) remove_bits(lock, QS_SENDMESSAGE);
      if (!message->answered) {
        const auto window = windows(lock).find(lock, message->message.window);
        if (!window) {
          answer(lock, *message, 0);
          continue;
        }
        procedure = (*window)->procedure;
        receiving.emplace(lock, *this, message);
      }
    }
    if (receiving)
      receive(message, procedure);
    else
      thread::call(message->callback, message->message.window, message->message.message, message->callback_data,
                   message->result);
  }
}

// --- timers ---

UINT_PTR Queue::set_timer(const DesktopLock&, HWND window, UINT_PTR id, UINT milliseconds, TIMERPROC procedure) {
  const std::int64_t period = std::clamp(milliseconds, USER_TIMER_MINIMUM, USER_TIMER_MAXIMUM) * kTicksPerMillisecond;
  const auto same = [&](UINT_PTR wanted) {
    return std::find_if(timers_.begin(), timers_.end(),
                        [&](const Timer& timer) { return timer.window == window && timer.id == wanted; });
  };
  auto timer = same(id);
  if (timer == timers_.end()) {
    if (window == nullptr)
      for (id = 0x7FFF; same(id) != timers_.end();) --id;
    timer = timers_.insert(timers_.end(), Timer{window, id, 0, 0, nullptr});
  }
  *timer = {window, id, period, nt::interrupt_time() + period, procedure};
  return id;
}

bool Queue::kill_timer(const DesktopLock& lock, HWND window, UINT_PTR id) {
  const auto same = [&](const Timer& timer) { return timer.window == window && timer.id == id; };
  const bool killed = std::erase_if(timers_, same) != 0;
  if (std::none_of(timers_.begin(), timers_.end(), [](const Timer& timer) { return timer.due; }))
    remove_bits(lock, QS_TIMER);
  return killed;
}

bool Queue::knows_timer(const DesktopLock&, HWND window, LPARAM procedure) const {
  return std::any_of(timers_.begin(), timers_.end(), [&](const Timer& timer) {
    return timer.window == window && reinterpret_cast<LPARAM>(timer.procedure) == procedure;
  });
}

// Timers put nothing into the queue: whoever looks finds that they are due.
void Queue::ring_timers(const DesktopLock& lock) {
  const std::int64_t now = timers_.empty() ? 0 : nt::interrupt_time();
  for (Timer& timer : timers_) {
    if (timer.due || timer.when > now) continue;
    timer.due = true;
    add_bits(lock, QS_TIMER);
  }
}

std::optional<MSG> Queue::take_timer(const DesktopLock& lock, const MessageFilter& filter, bool remove) {
  Timer* next = nullptr;
  for (Timer& timer : timers_)
    if (timer.due && (next == nullptr || timer.when < next->when) && matches(lock, filter, timer.window, WM_TIMER))
      next = &timer;
  if (next == nullptr) return std::nullopt;
  const MSG taken = {next->window, WM_TIMER, next->id, reinterpret_cast<LPARAM>(next->procedure), tick_count(), {}, 0};
  if (remove) {
    next->due = false;
    const std::int64_t late = nt::interrupt_time() - next->when;
    next->when += next->period * (1 + late / next->period);  // beats that were missed are lost
    if (std::none_of(timers_.begin(), timers_.end(), [](const Timer& timer) { return timer.due; }))
      remove_bits(lock, QS_TIMER);
  }
  return taken;
}

// --- waiting ---

NTSTATUS Queue::wait(std::span<nt::Waitable* const> objects, const Wait& wait) {
  std::array<nt::Waitable*, nt::kMaximumWaitObjects> all;
  std::copy(objects.begin(), objects.end(), all.begin());
  all[objects.size()] = signal_.get();
  const auto everything = std::span(all).first(objects.size() + 1);
  std::optional<std::int64_t> end;
  if (wait.timeout) end = nt::due_time(*wait.timeout);
  const auto set_waiting = [&](const DesktopLock& lock, bool on) {
    awaited_wake_ = wait.wake;
    awaited_changed_ = wait.changed;
    waiting_ = on;
    last_look_ = nt::interrupt_time();
    update_signal(lock);
  };
  for (;;) {
    std::optional<std::int64_t> until = end;
    {
      const DesktopLock lock;
      ring_timers(lock);
      set_waiting(lock, true);
      if (((wait.wake | wait.changed) & QS_TIMER) != 0)
        for (const Timer& timer : timers_)
          if (!timer.due && (!until || timer.when < *until)) until = timer.when;
    }
    nt::Timeout timeout;
    if (until) timeout = std::min<std::int64_t>(0, nt::interrupt_time() - *until);
    const NTSTATUS status = nt::wait_many(everything, wait.all, wait.alertable, timeout);
    if (status == STATUS_TIMEOUT && until != end) continue;  // for a timer
    const DesktopLock lock;
    set_waiting(lock, false);
    return status;
  }
}

// --- the end ---

void Queue::forget_window(const DesktopLock& lock, HWND window) {
  std::erase_if(posted_, [&](const Posted& posted) { return posted.message.window == window; });
  update_posted_bits(lock);
  std::erase_if(timers_, [&](const Timer& timer) { return timer.window == window; });
  if (std::none_of(timers_.begin(), timers_.end(), [](const Timer& timer) { return timer.due; }))
    remove_bits(lock, QS_TIMER);
}

void Queue::close(const DesktopLock& lock) {
  closed_ = true;
  for (const auto& message : sent_) answer(lock, *message, 0, true);
  for (const auto& message : received_) answer(lock, *message, 0, true);
  sent_.clear();
  received_.clear();
  posted_.clear();
  timers_.clear();
}

}  // namespace hmodule::window

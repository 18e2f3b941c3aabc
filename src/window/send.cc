#include "window/send.h"

#include "nt/alarm.h"
#include "nt/clock.h"
#include "nt/thread.h"
#include "thread/call.h"

namespace hmodule::window {
namespace {

void call_hooks(Queue& self, INT kind, WPARAM wParam, LPARAM lParam) {
  for (std::size_t i = self.hooks.size(); i-- != 0;) {
    if (i >= self.hooks.size()) continue;  // one removed others
    const Hook hook = self.hooks[i];
    if (hook.kind != kind) continue;
    thread::call(hook.procedure, HC_ACTION, wParam, lParam);  // it calls the others with CallNextHookEx
    return;
  }
}

struct Target {
  std::shared_ptr<Queue> queue;  // nullptr: a root's, which any thread may call
  Procedure procedure;
};

Result<Target> target_of(const DesktopLock& lock, HWND handle) {
  const Window& window = *TRY(windows(lock).find(lock, handle));
  return Target{window.queue, window.procedure};
}

std::shared_ptr<SentMessage> new_message(const Message& message, bool wide, SentMessage::Kind kind) {
  auto sent = std::make_shared<SentMessage>();
  sent->message = message;
  sent->wide = wide;
  sent->kind = kind;
  return sent;
}

// For messages whose sender does not wait: the window's thread gets what `make` makes, if it is another one. Otherwise
// the answer is whom to call.
template <typename Make>
Result<std::optional<Procedure>> hand_over(const Queue& self, const Message& message, Make make) {
  const DesktopLock lock;
  const Target target = TRY(target_of(lock, message.window));
  if (target.queue == nullptr || target.queue.get() == &self) return std::optional(target.procedure);
  if (is_sent_only(message.message))
    return fail_win32(ERROR_MESSAGE_SYNC_ONLY, "message {:#x} needs an answer", message.message);
  target.queue->send(lock, make());
  return std::optional<Procedure>();
}

// The sender receives what others send meanwhile, unless SMTO_BLOCK forbids it.
Status wait_for_answer(Queue& self, const SentMessage& message, const SendOptions& options) {
  const bool block = (options.flags & SMTO_BLOCK) != 0;
  std::optional<std::int64_t> end;
  if (options.timeout) end = nt::due_time(*options.timeout);
  for (;;) {
    {
      const DesktopLock lock;
      if (message.answered) return ok;
      self.results_seen(lock);
    }
    if (!block) self.receive_sent();
    {
      const DesktopLock lock;
      if (message.answered) return ok;
    }
    Queue::Wait wait;
    wait.wake = QS_SMRESULT | (block ? 0U : QS_SENDMESSAGE);
    if (end) wait.timeout = std::min<std::int64_t>(0, nt::interrupt_time() - *end);
    if (self.wait({}, wait) == STATUS_TIMEOUT) return fail_win32(ERROR_TIMEOUT, "no answer in time");
  }
}

// `send` gets the message for each top-level window. Nobody asks how many took it.
template <typename Send>
void broadcast(Message message, Send send_one) {
  for (const HWND each : top_level_windows()) {
    message.window = each;
    static_cast<void>(send_one(message));
  }
}

}  // namespace

LRESULT call_window(Queue& self, const Procedure& procedure, const Message& message, bool wide, bool sent) {
  if (!sent || self.hooks.empty()) [[likely]]
    return call_procedure(procedure, message, wide);
  CWPSTRUCT before = {message.lParam, message.wParam, message.message, message.window};
  call_hooks(self, WH_CALLWNDPROC, 0, reinterpret_cast<LPARAM>(&before));
  const LRESULT result = call_procedure(procedure, message, wide);
  CWPRETSTRUCT after = {result, message.lParam, message.wParam, message.message, message.window};
  call_hooks(self, WH_CALLWNDPROCRET, 0, reinterpret_cast<LPARAM>(&after));
  return result;
}

Result<LRESULT> send(const Message& message, bool wide, const SendOptions& options) {
  if (message.window == HWND_BROADCAST) {
    broadcast(message, [&](const Message& each) { return send(each, wide, options); });
    return LRESULT{1};
  }
  Queue& self = current_queue();
  Target target;
  std::shared_ptr<SentMessage> sent;
  {
    const DesktopLock lock;
    target = TRY(target_of(lock, message.window));
    if (target.queue != nullptr && target.queue.get() != &self) {
      if ((options.flags & SMTO_ABORTIFHUNG) != 0 && target.queue->hung(lock))
        return fail_win32(ERROR_TIMEOUT, "thread {} does not look at its messages", target.queue->thread_id());
      sent = new_message(message, wide, SentMessage::Kind::awaited);
      sent->sender = self.shared_from_this();
      target.queue->send(lock, sent);
    }
  }
  if (sent == nullptr) return call_window(self, target.procedure, message, wide, true);
  const Status answered = wait_for_answer(self, *sent, options);
  const DesktopLock lock;
  if (!answered) {
    target.queue->withdraw(lock, *sent);
    return answered.error();
  }
  if (sent->lost && (options.flags & SMTO_ERRORONEXIT) != 0)
    return fail_win32(ERROR_INVALID_WINDOW_HANDLE, "thread {} ended first", target.queue->thread_id());
  return sent->result;
}

Status send_notification(const Message& message, bool wide) {
  if (message.window == HWND_BROADCAST) {
    broadcast(message, [&](const Message& each) { return send_notification(each, wide); });
    return ok;
  }
  Queue& self = current_queue();
  const auto here =
      TRY(hand_over(self, message, [&] { return new_message(message, wide, SentMessage::Kind::notification); }));
  if (here) call_window(self, *here, message, wide, true);
  return ok;
}

Status send_with_callback(const Message& message, bool wide, SENDASYNCPROC callback, ULONG_PTR data) {
  Queue& self = current_queue();
  const auto here = TRY(hand_over(self, message, [&] {
    auto sent = new_message(message, wide, SentMessage::Kind::callback);
    sent->sender = self.shared_from_this();
    sent->callback = callback;
    sent->callback_data = data;
    return sent;
  }));
  if (!here) return ok;
  const LRESULT result = call_window(self, *here, message, wide, true);
  thread::call(callback, message.window, message.message, data, result);
  return ok;
}

Status post(const Message& message) {
  if (is_sent_only(message.message))
    return fail_win32(ERROR_MESSAGE_SYNC_ONLY, "message {:#x} needs an answer", message.message);
  if (message.window == nullptr) return post_to_thread(nt::current_thread().id(), message);
  if (message.window == HWND_BROADCAST) {
    broadcast(message, [&](const Message& each) { return post(each); });
    return ok;
  }
  const DesktopLock lock;
  const Window& window = *TRY(windows(lock).find(lock, message.window));
  if (window.queue == nullptr) return fail(STATUS_ACCESS_DENIED, "no thread serves the desktop's window");
  return window.queue->post(lock, message);
}

Status post_to_thread(DWORD thread_id, const Message& message) {
  if (is_sent_only(message.message))
    return fail_win32(ERROR_MESSAGE_SYNC_ONLY, "message {:#x} needs an answer", message.message);
  if (thread_id == nt::current_thread().id()) current_queue();
  const DesktopLock lock;
  const auto queue = queue_of_thread(lock, thread_id);
  if (queue == nullptr) return fail_win32(ERROR_INVALID_THREAD_ID, "no thread {} has a message queue", thread_id);
  return queue->post(lock, {nullptr, message.message, message.wParam, message.lParam});
}

std::vector<HWND> top_level_windows() {
  const DesktopLock lock;
  std::vector<HWND> all;
  for (const Window* window : windows(lock).desktop().children) all.push_back(window->handle);
  return all;
}

}  // namespace hmodule::window

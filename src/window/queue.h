// Message queues, one for each thread that uses user32.
//
// Four things come out of a queue: messages that other threads sent (they wait for an answer), posted messages, the
// wish to quit, and timers that are due; in this order. There is no input and nothing to paint.
//
// What there is, is told in QS_ bits: `wake` is what is there now, `changed` what came since the thread last looked. A
// waiting thread says which bits of which kind it waits for; the queue's signal is set while there are any.
//
// Sent messages are objects of their own, which sender and receiver share. A sender that waits lets others send to it,
// so the calls nest. When the receiver ends, its senders get 0.
#pragma once

#include "nt/waitable.h"
#include "window/procedure.h"
#include "window/window.h"

#include <array>
#include <deque>
#include <memory>
#include <optional>
#include <span>
#include <vector>

namespace hmodule::window {

struct SentMessage {
  enum class Kind : std::uint8_t { awaited, notification, callback };

  Message message;
  bool wide = true;  // the kind of text its sender has
  Kind kind = Kind::awaited;
  std::shared_ptr<Queue> sender;  // who wants to know the result; nullptr for a notification
  SENDASYNCPROC callback = nullptr;
  ULONG_PTR callback_data = 0;

  bool answered = false, lost = false;  // lost: nobody will answer, `result` is 0
  LRESULT result = 0;
};

// Which messages somebody looks for.
struct MessageFilter {
  enum class Of : std::uint8_t { all, thread, window };
  Of of = Of::all;
  HWND window = nullptr;  // and the windows below it
  UINT first = 0, last = 0xFFFF'FFFF;
  DWORD bits = QS_ALLINPUT;
};

struct Hook {
  INT kind;
  HOOKPROC procedure;
  HANDLE handle;
};

class Queue : public std::enable_shared_from_this<Queue> {
 public:
  explicit Queue(DWORD thread_id);
  ~Queue();

  DWORD thread_id() const { return thread_id_; }

  // --- putting in ---
  // ERROR_NOT_ENOUGH_QUOTA.
  Status post(const DesktopLock& lock, const Message& message);
  void post_quit(const DesktopLock& lock, INT exit_code);
  void send(const DesktopLock& lock, std::shared_ptr<SentMessage> message);
  // Gives the sender its result; only the first one counts.
  static void answer(const DesktopLock& lock, SentMessage& message, LRESULT result, bool lost = false);

  // --- taking out ---
  // Not sent messages: those are received.
  std::optional<MSG> take(const DesktopLock& lock, const MessageFilter& filter, bool remove);
  // Calls the procedures of all messages that were sent here, and the callbacks of those that went out from here.
  void receive_sent();
  // Of a message that its sender gave up: it wants no answer any more, and if it points to something of the sender's
  // it is not received, either.
  void withdraw(const DesktopLock& lock, SentMessage& message);
  // Answers to what the thread sent have been seen.
  void results_seen(const DesktopLock& lock) { remove_bits(lock, QS_SMRESULT); }
  // The message the thread is in the middle of receiving; nullptr when there is none.
  SentMessage* being_received(const DesktopLock&) const;

  // --- timers ---
  struct Timer {
    HWND window;
    UINT_PTR id;
    std::int64_t period, when;  // 100 ns, on the monotonic clock
    TIMERPROC procedure;
    bool due = false;
  };
  // The id; a new one when there is no window and no timer of that id.
  UINT_PTR set_timer(const DesktopLock& lock, HWND window, UINT_PTR id, UINT milliseconds, TIMERPROC procedure);
  bool kill_timer(const DesktopLock& lock, HWND window, UINT_PTR id);
  // Has the thread a timer of that window with this procedure?
  bool knows_timer(const DesktopLock& lock, HWND window, LPARAM procedure) const;

  // --- waiting ---
  struct Wait {
    DWORD wake = 0, changed = 0;  // QS_ bits
    bool all = false, alertable = false;
    nt::Timeout timeout;
  };
  // For the objects or for the queue, which counts as one more. As nt::wait_many.
  NTSTATUS wait(std::span<nt::Waitable* const> objects, const Wait& wait);
  struct Bits {
    DWORD wake, changed;
  };
  // `mask` is no longer new.
  Bits look(const DesktopLock& lock, DWORD mask);
  // Nobody looked for five seconds although there is something: what Windows calls hung.
  bool hung(const DesktopLock& lock) const;

  // --- the thread's ---
  std::vector<Hook> hooks;  // the last one is called first
  DWORD message_time = 0;   // of the message taken last
  LPARAM extra_info = 0;
  std::array<BYTE, 256> keys = {};  // as SetKeyboardState said: there is no keyboard

  // The window is gone: what was for it is, too.
  void forget_window(const DesktopLock& lock, HWND window);
  // The thread ends: nothing can be put in any more.
  void close(const DesktopLock& lock);

 private:
  class Signal;
  struct Posted {
    Message message;
    DWORD time;
  };
  class Receiving;

  static bool matches(const DesktopLock& lock, const MessageFilter& filter, HWND window, UINT message);
  void add_bits(const DesktopLock& lock, DWORD bits);
  void remove_bits(const DesktopLock& lock, DWORD bits);
  void update_signal(const DesktopLock& lock);
  void update_posted_bits(const DesktopLock& lock);
  void ring_timers(const DesktopLock& lock);
  std::optional<MSG> take_posted(const DesktopLock& lock, const MessageFilter& filter, bool remove);
  std::optional<MSG> take_quit(const DesktopLock& lock, bool remove);
  std::optional<MSG> take_timer(const DesktopLock& lock, const MessageFilter& filter, bool remove);
  void receive(const std::shared_ptr<SentMessage>& message, const Procedure& procedure);

  const DWORD thread_id_;
  nt::Ref<Signal> signal_;
  std::deque<Posted> posted_;
  std::optional<INT> quit_;
  std::deque<std::shared_ptr<SentMessage>> sent_;
  std::vector<std::shared_ptr<SentMessage>> received_;  // being received, the innermost last
  std::vector<Timer> timers_;
  DWORD wake_ = 0, changed_ = 0, awaited_wake_ = 0, awaited_changed_ = 0;
  bool waiting_ = false, closed_ = false;
  std::int64_t last_look_;
};

// The calling thread's queue; made on first use.
Queue& current_queue();
// nullptr for a thread without one.
std::shared_ptr<Queue> queue_of_thread(const DesktopLock& lock, DWORD thread_id);

// Milliseconds since the start, as GetTickCount and MSG::time have them.
DWORD tick_count();

}  // namespace hmodule::window

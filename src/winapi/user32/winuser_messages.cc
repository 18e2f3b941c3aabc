// winuser.h: message queues and timers.
#include "module/builtin.h"
#include "nt/handle_table.h"
#include "nt/thread.h"
#include "thread/call.h"
#include "winapi/common/answer.h"
#include "winapi/common/named_object.h"
#include "winapi/user32/args.h"
#include "winapi/user32/hooks.h"
#include "winapi/user32/keyboard_layout.h"
#include "window/send.h"

namespace hmodule::winapi {
namespace {

using window::current_queue;
using window::DesktopLock;
using window::MessageFilter;
using window::Queue;

constexpr DWORD WAIT_FAILED = 0xFFFFFFFF;
constexpr std::size_t kMostWaitHandles = nt::kMaximumWaitObjects - 1;  // the queue is one of them

// --- getting messages ---

Result<MessageFilter> filter_from(HWND handle, UINT first, UINT last) {
  MessageFilter filter;
  if (handle == hwnd_from(-1) || handle == hwnd_from(1) || handle == HWND_BROADCAST) {
    filter.of = MessageFilter::Of::thread;
  } else if (handle != nullptr) {
    const DesktopLock lock;
    TRY(window::windows(lock).find(lock, handle));
    filter.of = MessageFilter::Of::window;
    filter.window = handle;
  }
  if (first != 0 || last != 0) {
    filter.first = first;
    filter.last = last;
  }
  return filter;
}

std::optional<MSG> next_message(Queue& queue, const MessageFilter& filter, bool remove) {
  if ((filter.bits & QS_SENDMESSAGE) != 0) queue.receive_sent();
  std::optional<MSG> found;
  {
    const DesktopLock lock;
    found = queue.take(lock, filter, remove);
  }
  if (found) call_get_message_hooks(queue, *found, remove);
  return found;
}

HM_WINAPI BOOL PeekMessage(MSG* message, HWND handle, UINT first, UINT last, UINT flags) noexcept {
  return answer<BOOL>(FALSE, [&]() -> Result<BOOL> {
    Queue& queue = current_queue();
    MessageFilter filter = TRY(filter_from(handle, first, last));
    if (const DWORD bits = flags >> 16; bits != 0) filter.bits = bits;
    const auto found = next_message(queue, filter, (flags & PM_REMOVE) != 0);
    if (!found) return FALSE;
    if (message == nullptr) return fail(STATUS_ACCESS_VIOLATION, "no room for a message");
    *message = *found;
    return TRUE;
  });
}

// 0 for WM_QUIT, -1 for an error.
HM_WINAPI BOOL GetMessage(MSG* message, HWND handle, UINT first, UINT last) noexcept {
  return answer<BOOL>(-1, [&]() -> Result<BOOL> {
    if (message == nullptr) return fail(STATUS_ACCESS_VIOLATION, "no room for a message");
    Queue& queue = current_queue();
    const MessageFilter filter = TRY(filter_from(handle, first, last));
    for (;;) {
      if (const auto found = next_message(queue, filter, true)) {
        *message = *found;
        return found->message == WM_QUIT ? FALSE : TRUE;
      }
      Queue::Wait wait;
      wait.wake = QS_SENDMESSAGE;
      wait.changed = filter.bits;
      queue.wait({}, wait);
    }
  });
}

HM_WINAPI BOOL WaitMessage() noexcept {
  Queue::Wait wait;
  wait.wake = QS_SENDMESSAGE;
  wait.changed = QS_ALLINPUT;
  return current_queue().wait({}, wait) != static_cast<NTSTATUS>(WAIT_FAILED);
}

// The high word is what is there, the low one what is new.
HM_WINAPI DWORD GetQueueStatus(UINT mask) noexcept {
  Queue& queue = current_queue();
  const DesktopLock lock;
  const Queue::Bits bits = queue.look(lock, mask);
  return (bits.wake & 0xFFFF) << 16 | (bits.changed & 0xFFFF);
}
HM_WINAPI BOOL GetInputState() noexcept {
  return FALSE;
}

// --- waiting ---

DWORD wait_for(std::span<const HANDLE> list, DWORD milliseconds, DWORD mask, DWORD flags, const char* function) {
  return answer<DWORD>(
      WAIT_FAILED,
      [&]() -> Result<DWORD> {
        if (list.size() > kMostWaitHandles)
          return fail_win32(ERROR_INVALID_PARAMETER, "a wait for {} handles and the queue", list.size());
        std::vector<nt::Ref<nt::Object>> references;
        std::vector<nt::Waitable*> objects;
        for (const HANDLE handle : list) {
          nt::HandleTable::Entry entry = TRY(nt::handles().find(handle));
          if (entry.object->waitable() == nullptr || (entry.access & nt::SYNCHRONIZE) == 0)
            return fail(STATUS_INVALID_HANDLE, "handle {} is nothing to wait for", handle);
          objects.push_back(entry.object->waitable());
          references.push_back(std::move(entry.object));
        }
        Queue::Wait wait;
        wait.changed = mask;
        wait.wake = (flags & MWMO_INPUTAVAILABLE) != 0 ? mask : mask & QS_SENDMESSAGE;
        wait.all = (flags & MWMO_WAITALL) != 0;
        wait.alertable = (flags & MWMO_ALERTABLE) != 0;
        wait.timeout = timeout_of(milliseconds);
        return static_cast<DWORD>(current_queue().wait(objects, wait));
      },
      function);
}
HM_WINAPI DWORD MsgWaitForMultipleObjectsEx(DWORD count, const HANDLE* list, DWORD milliseconds, DWORD mask,
                                            DWORD flags) noexcept {
  return wait_for({list, count}, milliseconds, mask, flags, "MsgWaitForMultipleObjectsEx");
}
HM_WINAPI DWORD MsgWaitForMultipleObjects(DWORD count, const HANDLE* list, BOOL all, DWORD milliseconds,
                                          DWORD mask) noexcept {
  return wait_for({list, count}, milliseconds, mask, all != 0 ? MWMO_WAITALL : 0, "MsgWaitForMultipleObjects");
}

// --- dispatching ---

// WM_TIMER with a procedure calls that one, if it is still a timer's.
template <bool wide>
HM_WINAPI LRESULT DispatchMessage(const MSG* message) noexcept {
  return answer<LRESULT>(0, [&]() -> Result<LRESULT> {
    Queue& queue = current_queue();
    window::Procedure procedure;
    {
      const DesktopLock lock;
      if (message->message == WM_TIMER && message->lParam != 0) {
        if (!queue.knows_timer(lock, message->hwnd, message->lParam)) return LRESULT{0};
        procedure.address = nullptr;
      } else if (message->hwnd == nullptr) {
        return LRESULT{0};
      } else {
        const window::Window& window = *TRY(window::windows(lock).find(lock, message->hwnd));
        if (window.queue.get() != &queue)
          return fail_win32(ERROR_WINDOW_OF_OTHER_THREAD, "window {} is another thread's", message->hwnd);
        procedure = window.procedure;
      }
    }
    if (procedure.address == nullptr) {
      thread::call(reinterpret_cast<TIMERPROC>(message->lParam), message->hwnd, WM_TIMER, message->wParam,
                   window::tick_count());
      return LRESULT{0};
    }
    return window::call_procedure(procedure, {message->hwnd, message->message, message->wParam, message->lParam}, wide);
  });
}
// True for key strokes, whether or not a character comes of them.
HM_WINAPI BOOL TranslateMessage(const MSG* message) noexcept {
  const UINT number = message->message;
  if (number != WM_KEYDOWN && number != WM_KEYUP && number != WM_SYSKEYDOWN && number != WM_SYSKEYUP) return FALSE;
  if (number == WM_KEYDOWN || number == WM_SYSKEYDOWN) {
    const auto vk = static_cast<BYTE>(message->wParam);
    if (const auto typed = character_of(vk, modifiers_in(current_queue().keys.data())))
      static_cast<void>(
          window::post({message->hwnd, number == WM_KEYDOWN ? WM_CHAR : WM_SYSCHAR, *typed, message->lParam}));
  }
  return TRUE;
}

// --- posting ---

HM_WINAPI BOOL PostMessage(HWND handle, UINT message, WPARAM wParam, LPARAM lParam) noexcept {
  return succeed([&] { return window::post({handle, message, wParam, lParam}); });
}
HM_WINAPI BOOL PostThreadMessage(DWORD thread_id, UINT message, WPARAM wParam, LPARAM lParam) noexcept {
  return succeed([&] { return window::post_to_thread(thread_id, {nullptr, message, wParam, lParam}); });
}
HM_WINAPI void PostQuitMessage(INT exit_code) noexcept {
  Queue& queue = current_queue();
  const DesktopLock lock;
  queue.post_quit(lock, exit_code);
}

// --- sending ---

template <bool wide>
HM_WINAPI LRESULT SendMessage(HWND handle, UINT message, WPARAM wParam, LPARAM lParam) noexcept {
  return answer<LRESULT>(0, [&] { return window::send({handle, message, wParam, lParam}, wide); });
}
template <bool wide>
HM_WINAPI LRESULT SendMessageTimeout(HWND handle, UINT message, WPARAM wParam, LPARAM lParam, UINT flags,
                                     UINT milliseconds, ULONG_PTR* result) noexcept {
  return answer<LRESULT>(0, [&]() -> Result<LRESULT> {
    window::SendOptions options;
    options.flags = flags;
    options.timeout = timeout_of(milliseconds);
    const LRESULT got = TRY(window::send({handle, message, wParam, lParam}, wide, options));
    if (result != nullptr) *result = static_cast<ULONG_PTR>(got);
    return LRESULT{1};
  });
}
template <bool wide>
HM_WINAPI BOOL SendNotifyMessage(HWND handle, UINT message, WPARAM wParam, LPARAM lParam) noexcept {
  return succeed([&] { return window::send_notification({handle, message, wParam, lParam}, wide); });
}
template <bool wide>
HM_WINAPI BOOL SendMessageCallback(HWND handle, UINT message, WPARAM wParam, LPARAM lParam, SENDASYNCPROC callback,
                                   ULONG_PTR data) noexcept {
  return succeed([&]() -> Status {
    if (callback == nullptr) return fail_win32(ERROR_INVALID_PARAMETER, "no callback");
    return window::send_with_callback({handle, message, wParam, lParam}, wide, callback, data);
  });
}

// True if somebody waited for the answer.
HM_WINAPI BOOL ReplyMessage(LRESULT result) noexcept {
  Queue& queue = current_queue();
  const DesktopLock lock;
  window::SentMessage* const message = queue.being_received(lock);
  if (message == nullptr || message->answered) return FALSE;
  Queue::answer(lock, *message, result);
  return TRUE;
}
HM_WINAPI DWORD InSendMessageEx(void*) noexcept {
  Queue& queue = current_queue();
  const DesktopLock lock;
  const window::SentMessage* const message = queue.being_received(lock);
  if (message == nullptr) return 0;
  const DWORD replied = message->answered ? ISMEX_REPLIED : 0;
  switch (message->kind) {
    case window::SentMessage::Kind::awaited:
      return ISMEX_SEND | replied;
    case window::SentMessage::Kind::callback:
      return ISMEX_CALLBACK | replied;
    case window::SentMessage::Kind::notification:
      break;
  }
  return ISMEX_NOTIFY | replied;
}
HM_WINAPI BOOL InSendMessage() noexcept {
  return InSendMessageEx(nullptr) != 0;
}

// --- what the thread's last message said ---

HM_WINAPI LONG GetMessageTime() noexcept {
  return static_cast<LONG>(current_queue().message_time);
}
HM_WINAPI DWORD GetMessagePos() noexcept {
  return 0;
}
HM_WINAPI LPARAM GetMessageExtraInfo() noexcept {
  return current_queue().extra_info;
}
HM_WINAPI LPARAM SetMessageExtraInfo(LPARAM info) noexcept {
  return std::exchange(current_queue().extra_info, info);
}
HM_WINAPI BOOL SetMessageQueue(INT) noexcept {
  return TRUE;  // queues grow
}

// The threads would share the state of their input, which neither has any.
HM_WINAPI BOOL AttachThreadInput(DWORD thread_id, DWORD to, BOOL) noexcept {
  return succeed([&]() -> Status {
    if (thread_id == to) return fail_win32(ERROR_INVALID_PARAMETER, "thread {} and itself", to);
    current_queue();
    const DesktopLock lock;
    for (const DWORD id : {thread_id, to})
      if (window::queue_of_thread(lock, id) == nullptr)
        return fail_win32(ERROR_INVALID_PARAMETER, "thread {} has no message queue", id);
    return ok;
  });
}
HM_WINAPI BOOL IsGUIThread(BOOL make) noexcept {
  if (make != 0) current_queue();
  const DesktopLock lock;
  return window::queue_of_thread(lock, thread::thread_id(thread::teb())) != nullptr;
}

// The names of messages and of clipboard formats are numbered alike.
template <typename Char>
HM_WINAPI UINT RegisterWindowMessage(const Char* name) noexcept {
  return answer<UINT>(0, [&]() -> Result<UINT> {
    if (is_number(name)) return fail_win32(ERROR_INVALID_PARAMETER, "a message without a name");
    const std::u16string text = wide_text<Char>(name);
    const auto checked = TRY(nt::AtomTable::name_from(std::u16string_view(text)));
    const UINT number = TRY(window::user_atoms().add(checked));
    static_cast<void>(window::user_atoms().pin(static_cast<ATOM>(number)));
    return number;
  });
}
template <typename Char>
HM_WINAPI INT GetClipboardFormatName(UINT format, Char* buffer, INT size) noexcept {
  return answer<INT>(0, [&]() -> Result<INT> {
    if (format < nt::kFirstStringAtom || format > 0xFFFF || size <= 0)
      return fail_win32(ERROR_INVALID_PARAMETER, "the format {:#x} has no name", format);
    return give_truncated<Char>(TRY(window::user_atoms().query(static_cast<ATOM>(format))).name, buffer, size);
  });
}

// --- timers ---

HM_WINAPI UINT_PTR SetTimer(HWND handle, UINT_PTR id, UINT milliseconds, TIMERPROC procedure) noexcept {
  return answer<UINT_PTR>(0, [&]() -> Result<UINT_PTR> {
    Queue& queue = current_queue();
    const DesktopLock lock;
    if (handle != nullptr && TRY(window::windows(lock).find(lock, handle))->queue.get() != &queue)
      return fail(STATUS_ACCESS_DENIED, "window {} is another thread's", handle);
    const UINT_PTR set = queue.set_timer(lock, handle, id, milliseconds, procedure);
    return set == 0 ? 1 : set;  // a window's timer may be 0
  });
}
HM_WINAPI UINT_PTR SetCoalescableTimer(HWND handle, UINT_PTR id, UINT milliseconds, TIMERPROC procedure,
                                       ULONG) noexcept {
  return SetTimer(handle, id, milliseconds, procedure);
}
HM_WINAPI BOOL KillTimer(HWND handle, UINT_PTR id) noexcept {
  return succeed([&]() -> Status {
    Queue& queue = current_queue();
    const DesktopLock lock;
    if (handle != nullptr) TRY(window::windows(lock).find(lock, handle));
    if (!queue.kill_timer(lock, handle, id)) return fail_win32(ERROR_INVALID_PARAMETER, "there is no timer {}", id);
    return ok;
  });
}

const Export kRows[] = {
    {"AttachThreadInput", proc(AttachThreadInput), Support::partial, "there is no input to share"},
    {"DispatchMessageA", proc(DispatchMessage<false>)},
    {"DispatchMessageW", proc(DispatchMessage<true>)},
    {"GetClipboardFormatNameA", proc(GetClipboardFormatName<CHAR>)},
    {"GetClipboardFormatNameW", proc(GetClipboardFormatName<WCHAR>)},
    {"GetInputState", proc(GetInputState), Support::partial, "there is no input"},
    {"GetMessageA", proc(GetMessage)},
    {"GetMessageExtraInfo", proc(GetMessageExtraInfo)},
    {"GetMessagePos", proc(GetMessagePos), Support::partial, "the pointer is in the corner"},
    {"GetMessageTime", proc(GetMessageTime)},
    {"GetMessageW", proc(GetMessage)},
    {"GetQueueStatus", proc(GetQueueStatus)},
    {"InSendMessage", proc(InSendMessage)},
    {"InSendMessageEx", proc(InSendMessageEx)},
    {"IsGUIThread", proc(IsGUIThread)},
    {"KillTimer", proc(KillTimer)},
    {"MsgWaitForMultipleObjects", proc(MsgWaitForMultipleObjects)},
    {"MsgWaitForMultipleObjectsEx", proc(MsgWaitForMultipleObjectsEx)},
    {"PeekMessageA", proc(PeekMessage)},
    {"PeekMessageW", proc(PeekMessage)},
    {"PostMessageA", proc(PostMessage)},
    {"PostMessageW", proc(PostMessage)},
    {"PostQuitMessage", proc(PostQuitMessage)},
    {"PostThreadMessageA", proc(PostThreadMessage)},
    {"PostThreadMessageW", proc(PostThreadMessage)},
    {"RegisterClipboardFormatA", proc(RegisterWindowMessage<CHAR>), Support::partial, "this process's numbers"},
    {"RegisterClipboardFormatW", proc(RegisterWindowMessage<WCHAR>), Support::partial, "this process's numbers"},
    {"RegisterWindowMessageA", proc(RegisterWindowMessage<CHAR>), Support::partial, "this process's numbers"},
    {"RegisterWindowMessageW", proc(RegisterWindowMessage<WCHAR>), Support::partial, "this process's numbers"},
    {"ReplyMessage", proc(ReplyMessage)},
    {"SendMessageA", proc(SendMessage<false>)},
    {"SendMessageCallbackA", proc(SendMessageCallback<false>)},
    {"SendMessageCallbackW", proc(SendMessageCallback<true>)},
    {"SendMessageTimeoutA", proc(SendMessageTimeout<false>)},
    {"SendMessageTimeoutW", proc(SendMessageTimeout<true>)},
    {"SendMessageW", proc(SendMessage<true>)},
    {"SendNotifyMessageA", proc(SendNotifyMessage<false>)},
    {"SendNotifyMessageW", proc(SendNotifyMessage<true>)},
    {"SetCoalescableTimer", proc(SetCoalescableTimer), Support::partial, "timers are not coalesced"},
    {"SetMessageExtraInfo", proc(SetMessageExtraInfo)},
    {"SetMessageQueue", proc(SetMessageQueue)},
    {"SetTimer", proc(SetTimer)},
    {"TranslateMessage", proc(TranslateMessage), Support::partial, "an American keyboard's"},
    {"WaitMessage", proc(WaitMessage)},
};

}  // namespace

extern const ExportTable winuser_messages_exports = kRows;

}  // namespace hmodule::winapi

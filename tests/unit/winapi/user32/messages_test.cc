#include "unit/winapi/user32/user32.h"

#include <chrono>
#include <thread>

namespace hmodule::winapi {
namespace {

const auto peek = [](MSG& message, UINT flags = PM_REMOVE) {
  return user<BOOL, MSG*, HWND, UINT, UINT, UINT>("PeekMessageW")(&message, nullptr, 0, 0, flags);
};
const auto post = [](HWND window, UINT message, WPARAM wParam = 0) {
  return user<BOOL, HWND, UINT, WPARAM, LPARAM>("PostMessageW")(window, message, wParam, 0);
};

// A thread with a window that dispatches until it is told to quit.
class Looper {
 public:
  explicit Looper(HWND (*create)())
      : thread_([this, create] {
          thread::attach();
          id_ = thread::thread_id(thread::teb());
          window_ = create();
          ready_ = true;
          MSG message;
          while (user<BOOL, MSG*, HWND, UINT, UINT>("GetMessageW")(&message, nullptr, 0, 0) > 0)
            user<LRESULT, const MSG*>("DispatchMessageW")(&message);
        }) {
    while (!ready_) std::this_thread::yield();
  }
  ~Looper() {
    user<BOOL, DWORD, UINT, WPARAM, LPARAM>("PostThreadMessageW")(id_, WM_QUIT, 0, 0);
    thread_.join();
  }
  HWND window() const { return window_; }
  DWORD id() const { return id_; }

 private:
  std::atomic<bool> ready_{false};
  std::atomic<DWORD> id_{0};
  std::atomic<HWND> window_{nullptr};
  std::thread thread_;
};

class Messages : public Windows {};

TEST_F(Messages, AQueueHoldsTenThousand) {
  const HWND window = create();
  for (int i = 0; i < 10'000; ++i) ASSERT_EQ(post(window, WM_USER), TRUE);
  EXPECT_EQ(post(window, WM_USER), FALSE);
  EXPECT_EQ(thread::last_error(), ERROR_NOT_ENOUGH_QUOTA);
  destroy(window);
  MSG message;
  EXPECT_EQ(peek(message), FALSE);  // they went with their window
}

TEST_F(Messages, SendersOnBothSidesDoNotDeadlock) {
  const HWND window = create();
  const Looper looper([] { return create(); });
  std::thread sender([&] {
    thread::attach();
    for (int i = 0; i < 2000; ++i) ASSERT_EQ(send(window, WM_USER, 1, i), 1 + i);
    user<BOOL, HWND, UINT, WPARAM, LPARAM>("PostMessageA")(window, WM_USER + 9, 0, 0);
  });
  int sent = 0;
  for (MSG message = {}; message.message != WM_USER + 9;) {
    EXPECT_EQ(send(looper.window(), WM_USER, 2, sent), 2 + sent);
    ++sent;
    peek(message);
  }
  sender.join();
  destroy(window);
}

TEST_F(Messages, ASenderIsReleasedWhenTheReceiverEnds) {
  std::atomic<HWND> window{nullptr};
  std::atomic<bool> end{false};
  std::thread receiver([&] {
    thread::attach();
    window = create();
    while (!end) std::this_thread::yield();
  });
  while (window == nullptr) std::this_thread::yield();
  std::thread release([&] {
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
    end = true;
  });
  constexpr UINT kErrorOnExit = 0x20;
  ULONG_PTR result = 0;
  EXPECT_EQ((user<LRESULT, HWND, UINT, WPARAM, LPARAM, UINT, UINT, ULONG_PTR*>("SendMessageTimeoutW")(
                window, WM_USER, 0, 0, kErrorOnExit, 60'000, &result)),
            0);
  EXPECT_EQ(thread::last_error(), ERROR_INVALID_WINDOW_HANDLE);
  receiver.join();
  release.join();
}

TEST_F(Messages, BroadcastsReachTopLevelWindows) {
  const HWND window = create(nullptr);
  EXPECT_EQ(post(HWND_BROADCAST, WM_USER + 1), TRUE);
  MSG message = {};
  EXPECT_EQ(peek(message), TRUE);
  EXPECT_EQ(message.hwnd, window);
  EXPECT_EQ(send(HWND_BROADCAST, WM_USER + 2), 1);
  EXPECT_EQ(last_message, WM_USER + 2);
  EXPECT_EQ((user<BOOL, HWND, UINT, WPARAM, LPARAM>("SendNotifyMessageW")(window, WM_USER + 3, 0, 0)), TRUE);
  EXPECT_EQ(last_message, WM_USER + 3);
  destroy(window);
}

LRESULT answer_seen;
HM_WINAPI void on_answer(HWND, UINT, ULONG_PTR data, LRESULT result) {
  answer_seen = result + static_cast<LRESULT>(data);
}
TEST_F(Messages, OwnWindowsAnswerCallbacksAtOnce) {
  const HWND window = create();
  EXPECT_EQ((user<BOOL, HWND, UINT, WPARAM, LPARAM, SENDASYNCPROC, ULONG_PTR>("SendMessageCallbackW")(
                window, WM_USER, 1, 2, on_answer, 100)),
            TRUE);
  EXPECT_EQ(answer_seen, 103);
  EXPECT_EQ(user<BOOL>("InSendMessage")(), FALSE);
  EXPECT_EQ((user<BOOL, LRESULT>("ReplyMessage")(1)), FALSE);
  destroy(window);
}

TEST_F(Messages, WaitsEndWithMessagesHandlesAndApcs) {
  const HWND window = create();
  MSG message;
  std::thread poster([&] {
    thread::attach();
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
    post(window, WM_USER);
  });
  EXPECT_EQ(user<BOOL>("WaitMessage")(), TRUE);
  poster.join();
  EXPECT_NE((user<DWORD, UINT>("GetQueueStatus")(QS_ALLINPUT)) >> 16 & QS_POSTMESSAGE, 0U);
  EXPECT_EQ(user<BOOL>("GetInputState")(), FALSE);
  peek(message);
  EXPECT_GE(static_cast<LONG>(window == nullptr ? 0 : user<LONG>("GetMessageTime")()), 0);
  EXPECT_EQ(user<DWORD>("GetMessagePos")(), 0U);
  static int apcs;
  apcs = 0;
  const auto apc = [](ULONG_PTR) HM_WINAPI { ++apcs; };
  HM_WINAPI void (*const routine)(ULONG_PTR) = apc;
  function<DWORD, HM_WINAPI void (*)(ULONG_PTR), HANDLE, ULONG_PTR>(kernel32_dll, "QueueUserAPC")(
      routine, reinterpret_cast<HANDLE>(std::intptr_t{-2}), 0);
  EXPECT_EQ((user<DWORD, DWORD, const HANDLE*, DWORD, DWORD, DWORD>("MsgWaitForMultipleObjectsEx")(
                0, nullptr, 10'000, QS_ALLINPUT, MWMO_ALERTABLE)),
            0xC0U);
  EXPECT_EQ(apcs, 1);
  const HANDLE bad = reinterpret_cast<HANDLE>(std::uintptr_t{0x12344});
  EXPECT_EQ((user<DWORD, DWORD, const HANDLE*, BOOL, DWORD, DWORD>("MsgWaitForMultipleObjects")(1, &bad, FALSE, 0, 8)),
            0xFFFFFFFFU);
  EXPECT_EQ((user<DWORD, DWORD, const HANDLE*, BOOL, DWORD, DWORD>("MsgWaitForMultipleObjects")(64, &bad, FALSE, 0, 8)),
            0xFFFFFFFFU);
  EXPECT_EQ(thread::last_error(), static_cast<DWORD>(ERROR_INVALID_PARAMETER));
  destroy(window);
}

TEST_F(Messages, TimersOfWindowsMayBeZeroAndAreReplaced) {
  const HWND window = create();
  const auto set = user<UINT_PTR, HWND, UINT_PTR, UINT, TIMERPROC>("SetTimer");
  EXPECT_EQ(set(window, 0, 60'000, nullptr), 1U);
  EXPECT_EQ(set(window, 0, 1, nullptr), 1U);
  MSG message = {};
  EXPECT_EQ((user<BOOL, MSG*, HWND, UINT, UINT>("GetMessageA")(&message, window, 0, 0)), TRUE);
  EXPECT_EQ(message.message, WM_TIMER);
  EXPECT_EQ(message.wParam, 0U);
  EXPECT_EQ((user<LRESULT, const MSG*>("DispatchMessageA")(&message)), 0);
  EXPECT_EQ(last_message, WM_TIMER);
  EXPECT_EQ((user<BOOL, HWND, UINT_PTR>("KillTimer")(window, 0)), TRUE);
  EXPECT_NE(
      (user<UINT_PTR, HWND, UINT_PTR, UINT, TIMERPROC, ULONG>("SetCoalescableTimer")(window, 4, 60'000, nullptr, 0)),
      0U);
  // A WM_TIMER whose procedure is no timer's is not called.
  message = {window, WM_TIMER, 9, 0x1234, 0, {}, 0};
  EXPECT_EQ((user<LRESULT, const MSG*>("DispatchMessageW")(&message)), 0);
  const Looper looper([] { return create(); });
  EXPECT_EQ(set(looper.window(), 1, 10, nullptr), 0U);
  EXPECT_EQ(thread::last_error(), static_cast<DWORD>(ERROR_ACCESS_DENIED));
  destroy(window);
}

int hook_calls;
HANDLE hook;
HM_WINAPI LRESULT on_hook(int code, WPARAM wParam, LPARAM lParam) {
  ++hook_calls;
  return user<LRESULT, HANDLE, int, WPARAM, LPARAM>("CallNextHookEx")(hook, code, wParam, lParam);
}
TEST_F(Messages, HooksOfTheThreadSeeThem) {
  const HWND window = create();
  const DWORD self = thread::thread_id(thread::teb());
  const auto set = user<HANDLE, INT, HOOKPROC, HMODULE, DWORD>("SetWindowsHookExW");
  hook_calls = 0;
  hook = set(WH_GETMESSAGE, on_hook, nullptr, self);
  ASSERT_NE(hook, nullptr);
  post(window, WM_USER);
  MSG message;
  peek(message);
  EXPECT_EQ(hook_calls, 1);
  EXPECT_EQ((user<BOOL, HANDLE>("UnhookWindowsHookEx")(hook)), TRUE);
  EXPECT_EQ((user<BOOL, HANDLE>("UnhookWindowsHookEx")(hook)), FALSE);
  hook = user<HANDLE, INT, HOOKPROC, HMODULE, DWORD>("SetWindowsHookExA")(WH_CALLWNDPROC, on_hook, nullptr, self);
  EXPECT_EQ(send(window, WM_USER, 1, 1), 2);
  EXPECT_EQ(hook_calls, 2);
  user<BOOL, HANDLE>("UnhookWindowsHookEx")(hook);
  EXPECT_EQ(set(2, on_hook, nullptr, self), nullptr);  // WH_KEYBOARD
  EXPECT_EQ(thread::last_error(), ERROR_INVALID_HOOK_FILTER);
  EXPECT_EQ(set(WH_GETMESSAGE, on_hook, nullptr, 0), nullptr);
  destroy(window);
}

TEST_F(Messages, ThreadsAndNames) {
  EXPECT_EQ((user<BOOL, BOOL>("IsGUIThread")(TRUE)), TRUE);
  EXPECT_EQ((user<BOOL, INT>("SetMessageQueue")(100)), TRUE);
  const Looper looper([] { return create(); });
  const DWORD self = thread::thread_id(thread::teb());
  EXPECT_EQ((user<BOOL, DWORD, DWORD, BOOL>("AttachThreadInput")(self, looper.id(), TRUE)), TRUE);
  EXPECT_EQ((user<BOOL, DWORD, DWORD, BOOL>("AttachThreadInput")(self, self, TRUE)), FALSE);
  EXPECT_EQ((user<LPARAM, LPARAM>("SetMessageExtraInfo")(5)), 0);
  EXPECT_EQ(user<LPARAM>("GetMessageExtraInfo")(), 5);
  user<LPARAM, LPARAM>("SetMessageExtraInfo")(0);
  const UINT number = user<UINT, const WCHAR*>("RegisterWindowMessageW")(u"Some Message");
  EXPECT_EQ((user<UINT, const char*>("RegisterClipboardFormatA")("some message")), number);
  EXPECT_EQ((user<UINT, const WCHAR*>("RegisterClipboardFormatW")(u"some message")), number);
  char name[32];
  EXPECT_EQ((user<INT, UINT, char*, INT>("GetClipboardFormatNameA")(number, name, sizeof name)), 12);
  EXPECT_STREQ(name, "Some Message");
  WCHAR wide[8];
  EXPECT_EQ((user<INT, UINT, WCHAR*, INT>("GetClipboardFormatNameW")(number, wide, 8)), 7);
  EXPECT_EQ((user<INT, UINT, WCHAR*, INT>("GetClipboardFormatNameW")(0xFFF0, wide, 8)), 0);
  MSG key = {nullptr, WM_KEYDOWN, 'A', 0, 0, {}, 0};
  EXPECT_EQ((user<BOOL, const MSG*>("TranslateMessage")(&key)), TRUE);
  MSG message = {};
  EXPECT_EQ(peek(message), TRUE);
  EXPECT_EQ(message.message, WM_CHAR);
  key.message = WM_USER;
  EXPECT_EQ((user<BOOL, const MSG*>("TranslateMessage")(&key)), FALSE);
  EXPECT_EQ((user<BOOL, DWORD, UINT, WPARAM, LPARAM>("PostThreadMessageA")(self, WM_USER, 0, 0)), TRUE);
  EXPECT_EQ((user<BOOL, MSG*, HWND, UINT, UINT, UINT>("PeekMessageA")(&message, hwnd_from(-1), 0, 0, PM_REMOVE)), TRUE);
  user<void*, INT>("PostQuitMessage")(3);
  EXPECT_EQ(peek(message), TRUE);
  EXPECT_EQ(message.message, WM_QUIT);
}

}  // namespace
}  // namespace hmodule::winapi

/* Windows that are never shown, and the messages that reach them: classes, procedures, queues, timers, and sending
 * between threads. Message-only windows serve for most of it, as they need no display anywhere. */
#include "support/check.h"

#ifndef _WIN32
typedef HANDLE HWND;
typedef uintptr_t WPARAM;
typedef intptr_t LPARAM, LRESULT;
typedef LRESULT(WINAPI* WNDPROC)(HWND, UINT, WPARAM, LPARAM);
typedef struct {
  LONG x, y;
} POINT;
typedef struct {
  HWND hwnd;
  UINT message;
  WPARAM wParam;
  LPARAM lParam;
  DWORD time;
  POINT pt;
} MSG;
typedef struct {
  UINT cbSize, style;
  WNDPROC lpfnWndProc;
  int cbClsExtra, cbWndExtra;
  HINSTANCE hInstance;
  HANDLE hIcon, hCursor, hbrBackground;
  LPCSTR lpszMenuName, lpszClassName;
  HANDLE hIconSm;
} WNDCLASSEXA;
typedef struct {
  void* lpCreateParams;
  HINSTANCE hInstance;
  HANDLE hMenu;
  HWND hwndParent;
  int cy, cx, y, x;
  LONG style;
  LPCSTR lpszName, lpszClass;
  DWORD dwExStyle;
} CREATESTRUCTA;
#define HWND_MESSAGE ((HWND)(intptr_t)-3)
#define WM_CREATE 0x1
#define WM_DESTROY 0x2
#define WM_SETTEXT 0xC
#define WM_GETTEXT 0xD
#define WM_CLOSE 0x10
#define WM_QUIT 0x12
#define WM_NCCREATE 0x81
#define WM_NCDESTROY 0x82
#define WM_NCCALCSIZE 0x83
#define WM_TIMER 0x113
#define WM_USER 0x400
#define WS_CHILD 0x40000000
#define PM_NOREMOVE 0
#define PM_REMOVE 1
#define QS_POSTMESSAGE 8
#define QS_TIMER 0x10
#define QS_SENDMESSAGE 0x40
#define QS_ALLINPUT 0x4FF
#define GWLP_WNDPROC (-4)
#define GWLP_USERDATA (-21)
#define GWLP_ID (-12)
#define SMTO_ABORTIFHUNG 2
#define SMTO_NORMAL 0
#endif

static HMODULE user32;
#define USER(type, name, parameters) ((type(WINAPI*) parameters)(void*)GetProcAddress(user32, name))

static LRESULT send_to(HWND window, UINT message, WPARAM w, LPARAM l) {
  return USER(LRESULT, "SendMessageA", (HWND, UINT, WPARAM, LPARAM))(window, message, w, l);
}
static BOOL post(HWND window, UINT message, WPARAM w, LPARAM l) {
  return USER(BOOL, "PostMessageA", (HWND, UINT, WPARAM, LPARAM))(window, message, w, l);
}
static BOOL post_thread(DWORD thread, UINT message, WPARAM w, LPARAM l) {
  return USER(BOOL, "PostThreadMessageA", (DWORD, UINT, WPARAM, LPARAM))(thread, message, w, l);
}
static BOOL peek(MSG* message, HWND window, UINT first, UINT last, UINT flags) {
  return USER(BOOL, "PeekMessageA", (MSG*, HWND, UINT, UINT, UINT))(message, window, first, last, flags);
}
static BOOL get(MSG* message) {
  return USER(BOOL, "GetMessageA", (MSG*, HWND, UINT, UINT))(message, NULL, 0, 0);
}
static LRESULT dispatch(const MSG* message) {
  return USER(LRESULT, "DispatchMessageA", (const MSG*))(message);
}
static LRESULT fall_back(HWND window, UINT message, WPARAM w, LPARAM l) {
  return USER(LRESULT, "DefWindowProcA", (HWND, UINT, WPARAM, LPARAM))(window, message, w, l);
}
static HWND create(LPCSTR class_name, LPCSTR name, DWORD style, HWND parent, void* parameter) {
  return USER(HWND, "CreateWindowExA",
              (DWORD, LPCSTR, LPCSTR, DWORD, int, int, int, int, HWND, HANDLE, HINSTANCE, void*))(
      0, class_name, name, style, 0, 0, 0, 0, parent, NULL, NULL, parameter);
}
static BOOL destroy(HWND window) {
  return USER(BOOL, "DestroyWindow", (HWND))(window);
}
static BOOL is_window(HWND window) {
  return USER(BOOL, "IsWindow", (HWND))(window);
}
static intptr_t get_long(HWND window, int index) {
  return USER(intptr_t, "GetWindowLongPtrA", (HWND, int))(window, index);
}
static intptr_t set_long(HWND window, int index, intptr_t value) {
  return USER(intptr_t, "SetWindowLongPtrA", (HWND, int, intptr_t))(window, index, value);
}
static DWORD wait_for_input(DWORD milliseconds, DWORD mask, DWORD flags) {
  return USER(DWORD, "MsgWaitForMultipleObjectsEx", (DWORD, const HANDLE*, DWORD, DWORD, DWORD))(0, NULL, milliseconds,
                                                                                                 mask, flags);
}
static ATOM register_class(LPCSTR name, WNDPROC procedure, int extra) {
  WNDCLASSEXA window_class = {.cbSize = sizeof window_class,
                              .lpfnWndProc = procedure,
                              .cbWndExtra = extra,
                              .hInstance = GetModuleHandleA(NULL),
                              .lpszClassName = name};
  return USER(ATOM, "RegisterClassExA", (const WNDCLASSEXA*))(&window_class);
}
static BOOL unregister_class(LPCSTR name) {
  return USER(BOOL, "UnregisterClassA", (LPCSTR, HINSTANCE))(name, GetModuleHandleA(NULL));
}

/* What a window got, in order. */
static UINT seen[64];
static int seen_count;
static void* create_parameter;
static char create_name[32];

static LRESULT CALLBACK recorder(HWND window, UINT message, WPARAM w, LPARAM l) {
  if (seen_count < 64) seen[seen_count++] = message;
  switch (message) {
    case WM_NCCREATE: {
      const CREATESTRUCTA* create = (const CREATESTRUCTA*)l;
      create_parameter = create->lpCreateParams;
      if (create->lpszName) strncpy(create_name, create->lpszName, sizeof create_name - 1);
      break;
    }
    case WM_USER:
      return (LRESULT)w * 2 + l;
    case WM_USER + 1: /* nested: asks itself again */
      return w == 0 ? 100 : send_to(window, WM_USER + 1, w - 1, l) + 1;
    case WM_USER + 2:
      return (LRESULT)GetCurrentThreadId();
    case WM_USER + 3: /* answers before it is done */
      USER(BOOL, "ReplyMessage", (LRESULT))(l);
      return 1;
    case WM_USER + 4:
      return USER(DWORD, "InSendMessageEx", (void*))(NULL);
    case WM_USER + 5: /* calls back into the sender's window */
      return send_to((HWND)l, WM_USER + 2, 0, 0);
    default:
      break;
  }
  return fall_back(window, message, w, l);
}
static LRESULT CALLBACK refuser(HWND window, UINT message, WPARAM w, LPARAM l) {
  if (message == (UINT)(intptr_t)create_parameter) return message == WM_CREATE ? -1 : 0;
  if (seen_count < 64) seen[seen_count++] = message;
  return fall_back(window, message, w, l);
}
static int saw(UINT message) {
  for (int i = 0; i < seen_count; ++i)
    if (seen[i] == message) return i + 1;
  return 0;
}
static WNDPROC previous;
static LRESULT CALLBACK subclass(HWND window, UINT message, WPARAM w, LPARAM l) {
  if (message == WM_USER) return 7000;
  return USER(LRESULT, "CallWindowProcA", (WNDPROC, HWND, UINT, WPARAM, LPARAM))(previous, window, message, w, l);
}

/* A thread with a window and a loop. */
static HWND other_window;
static HANDLE other_ready;
static DWORD WINAPI window_thread(void* parameter) {
  MSG message;
  other_window = create("hm_recorder", "other", 0, HWND_MESSAGE, NULL);
  SetEvent(other_ready);
  while (get(&message) > 0) dispatch(&message);
  if (parameter) destroy(other_window); /* else the end of the thread does */
  return (DWORD)message.wParam;
}
static HANDLE start_window_thread(void* parameter, DWORD* id) {
  other_ready = CreateEventA(NULL, FALSE, FALSE, NULL);
  const HANDLE thread = CreateThread(NULL, 0, window_thread, parameter, 0, id);
  WaitForSingleObject(other_ready, INFINITE);
  return thread;
}
static DWORD end_thread(HANDLE thread, DWORD id, WPARAM code) {
  DWORD exit_code = 0xDEAD;
  post_thread(id, WM_QUIT, code, 0);
  if (WaitForSingleObject(thread, 10000) != WAIT_OBJECT_0) return 0xBAD;
  GetExitCodeThread(thread, &exit_code);
  CloseHandle(thread);
  return exit_code;
}

static DWORD WINAPI quiet_thread(void* parameter) { /* has a window and never looks at its messages */
  other_window = create("hm_recorder", NULL, 0, HWND_MESSAGE, NULL);
  SetEvent(other_ready);
  WaitForSingleObject((HANDLE)parameter, INFINITE);
  return 0;
}
static DWORD WINAPI no_queue_thread(void* parameter) {
  WaitForSingleObject((HANDLE)parameter, INFINITE);
  return 0;
}

static int timer_calls;
static UINT_PTR timer_id;
static void CALLBACK on_timer(HWND window, UINT message, UINT_PTR id, DWORD now) {
  (void)window, (void)now;
  timer_calls += message == WM_TIMER;
  timer_id = id;
}
static LRESULT callback_result;
static void CALLBACK on_answer(HWND window, UINT message, ULONG_PTR data, LRESULT result) {
  (void)window, (void)message;
  callback_result = result + (LRESULT)data;
}
static BOOL CALLBACK count_window(HWND window, LPARAM count) {
  *(int*)count += is_window(window);
  return TRUE;
}

int main(void) {
  user32 = LoadLibraryA("user32.dll");
  MSG message;
  HWND window = NULL;
  char text[64];
  DWORD id = 0;

  TEST("RegisterClassEx", "once for a module; not while windows are left it goes") {
    CHECK(register_class("hm_recorder", recorder, 16));
    CHECK_FAILS(register_class("HM_RECORDER", recorder, 0), 1410);
    CHECK_FAILS(unregister_class("hm_no_such_class"), 1411);
    WNDCLASSEXA info = {.cbSize = sizeof info};
    CHECK(
        USER(BOOL, "GetClassInfoExA", (HINSTANCE, LPCSTR, WNDCLASSEXA*))(GetModuleHandleA(NULL), "hm_recorder", &info));
    CHECK(info.lpfnWndProc == recorder);
    CHECK_EQ(info.cbWndExtra, 16);
  }
  TEST("CreateWindowEx", "the messages of a message-only window, in their order") {
    int parameter = 0;
    window = create("hm_recorder", "a name", 0, HWND_MESSAGE, &parameter);
    REQUIRE(window);
    CHECK(is_window(window));
    CHECK(create_parameter == &parameter);
    CHECK_STR(create_name, "a name");
    CHECK(saw(WM_NCCREATE));
    CHECK(saw(WM_NCCREATE) < saw(WM_NCCALCSIZE));
    CHECK(saw(WM_NCCALCSIZE) < saw(WM_CREATE));
    CHECK_FAILS(unregister_class("hm_recorder"), 1412);
  }
  if (!window) return finish();
  TEST("CreateWindowEx-class", "it must exist") {
    CHECK_FAILS(create("hm_no_such_class", NULL, 0, HWND_MESSAGE, NULL), 1407);
  }
  TEST("CreateWindowEx-refused", "by WM_NCCREATE: the window is told of its end only") {
    CHECK(register_class("hm_refuser", refuser, 0));
    seen_count = 0;
    create_parameter = (void*)(intptr_t)WM_NCCREATE;
    CHECK(!create("hm_refuser", NULL, 0, HWND_MESSAGE, NULL));
    CHECK(!saw(WM_CREATE) && saw(WM_NCDESTROY) && !saw(WM_DESTROY));
  }
  TEST("CreateWindowEx-refused-late", "by WM_CREATE: the window is destroyed") {
    seen_count = 0;
    create_parameter = (void*)(intptr_t)WM_CREATE;
    CHECK(!create("hm_refuser", NULL, 0, HWND_MESSAGE, NULL));
    CHECK(saw(WM_DESTROY) && saw(WM_DESTROY) < saw(WM_NCDESTROY));
    CHECK(unregister_class("hm_refuser"));
  }
  TEST("CreateWindowEx-parent", "a child needs one, and it must exist") {
    CHECK_FAILS(create("hm_recorder", NULL, WS_CHILD, NULL, NULL), 1406);
    CHECK_FAILS(create("hm_recorder", NULL, WS_CHILD, (HWND)(intptr_t)0x7770777, NULL), 1400);
  }
  TEST("SetWindowLongPtr", "what a window keeps") {
    CHECK_EQ(set_long(window, GWLP_USERDATA, 0x123456789ABC), 0);
    CHECK_EQ(get_long(window, GWLP_USERDATA), 0x123456789ABC);
    CHECK_EQ(set_long(window, 8, -5), 0);
    CHECK_EQ(get_long(window, 8), -5);
    CHECK_FAILS(get_long(window, 12), 1413);
    CHECK_FAILS(get_long(window, -99), 1413);
    CHECK_FAILS(get_long((HWND)(intptr_t)0x7770777, GWLP_USERDATA), 1400);
    CHECK(get_long(window, GWLP_WNDPROC) == (intptr_t)recorder);
  }
  TEST("CallWindowProc", "a procedure in front of another") {
    previous = (WNDPROC)set_long(window, GWLP_WNDPROC, (intptr_t)subclass);
    CHECK(previous == recorder);
    CHECK_EQ(send_to(window, WM_USER, 1, 1), 7000);
    CHECK_EQ(send_to(window, WM_USER + 1, 2, 0), 102);
    set_long(window, GWLP_WNDPROC, (intptr_t)previous);
    CHECK_EQ(send_to(window, WM_USER, 1, 1), 3);
  }
  TEST("SetProp", "by a name without case") {
    CHECK(USER(BOOL, "SetPropA", (HWND, LPCSTR, HANDLE))(window, "Prop", &message));
    CHECK(USER(HANDLE, "GetPropA", (HWND, LPCSTR))(window, "pROP") == &message);
    CHECK(USER(HANDLE, "RemovePropA", (HWND, LPCSTR))(window, "prop") == &message);
    CHECK(USER(HANDLE, "GetPropA", (HWND, LPCSTR))(window, "prop") == NULL);
  }
  TEST("SetWindowText", "and what is asked for in the other kind of text") {
    CHECK(USER(BOOL, "SetWindowTextA", (HWND, LPCSTR))(window, "new text"));
    CHECK_EQ(USER(int, "GetWindowTextLengthA", (HWND))(window), 8);
    CHECK_EQ(USER(int, "GetWindowTextA", (HWND, LPSTR, int))(window, text, sizeof text), 8);
    CHECK_STR(text, "new text");
    CHECK_EQ(USER(int, "GetWindowTextA", (HWND, LPSTR, int))(window, text, 4), 3);
    CHECK_STR(text, "new");
    WCHAR wide_text[16] = {0};
    CHECK_EQ(USER(int, "GetWindowTextW", (HWND, WCHAR*, int))(window, wide_text, 16), 8);
    CHECK(wide_text[0] == 'n' && wide_text[7] == 't' && wide_text[8] == 0);
    CHECK_EQ(USER(int, "GetClassNameA", (HWND, LPSTR, int))(window, text, sizeof text), 11);
    CHECK_STR(text, "hm_recorder");
  }
  TEST("FindWindowEx", "among the message-only ones") {
    CHECK(USER(HWND, "FindWindowExA", (HWND, HWND, LPCSTR, LPCSTR))(HWND_MESSAGE, NULL, "HM_Recorder", "new text") ==
          window);
    CHECK(!USER(HWND, "FindWindowExA", (HWND, HWND, LPCSTR, LPCSTR))(HWND_MESSAGE, window, "hm_recorder", NULL));
    DWORD process = 0;
    CHECK_EQ(USER(DWORD, "GetWindowThreadProcessId", (HWND, DWORD*))(window, &process), GetCurrentThreadId());
    CHECK_EQ(process, GetCurrentProcessId());
  }
  TEST("GetParent", "and the windows below one") {
    int count = 0;
    const HWND child = create("hm_recorder", NULL, WS_CHILD, window, NULL);
    CHECK(USER(HWND, "GetParent", (HWND))(child) == window);
    CHECK(USER(BOOL, "IsChild", (HWND, HWND))(window, child));
    USER(BOOL, "EnumChildWindows", (HWND, BOOL(CALLBACK*)(HWND, LPARAM), LPARAM))(window, count_window, (LPARAM)&count);
    CHECK_EQ(count, 1);
    CHECK(destroy(child));
  }
  TEST("PostMessage", "order, filters, and what stays") {
    while (peek(&message, NULL, 0, 0, PM_REMOVE)) continue;
    CHECK(post(window, WM_USER + 10, 1, 0));
    CHECK(post(window, WM_USER + 11, 2, 0));
    CHECK(post(NULL, WM_USER + 12, 3, 0));
    CHECK(peek(&message, NULL, 0, 0, PM_NOREMOVE));
    CHECK_EQ(message.message, WM_USER + 10);
    CHECK(peek(&message, NULL, WM_USER + 11, WM_USER + 20, PM_REMOVE));
    CHECK_EQ(message.message, WM_USER + 11);
    CHECK(peek(&message, (HWND)(intptr_t)-1, 0, 0, PM_REMOVE));
    CHECK_EQ(message.message, WM_USER + 12);
    CHECK(message.hwnd == NULL);
    CHECK(peek(&message, window, 0, 0, PM_REMOVE));
    CHECK_EQ(message.wParam, 1);
    CHECK(message.hwnd == window);
    CHECK_FALSE(peek(&message, NULL, 0, 0, PM_REMOVE));
    CHECK_FAILS(post((HWND)(intptr_t)0x7770777, WM_USER, 0, 0), 1400);
    CHECK_FAILS(post(window, WM_SETTEXT, 0, (LPARAM) "x"), 1159);
  }
  TEST("PostThreadMessage", "needs a queue at the other end") {
    const HANDLE end = CreateEventA(NULL, TRUE, FALSE, NULL);
    const HANDLE thread = CreateThread(NULL, 0, no_queue_thread, end, 0, &id);
    CHECK_FAILS(post_thread(id, WM_USER, 0, 0), 1444);
    SetEvent(end);
    WaitForSingleObject(thread, INFINITE);
    CHECK_FAILS(post_thread(id, WM_USER, 0, 0), 1444);
    CloseHandle(thread);
    CloseHandle(end);
  }
  TEST("PostQuitMessage", "WM_QUIT comes after what was posted, whatever the filter") {
    USER(void, "PostQuitMessage", (int))(42);
    CHECK(post(window, WM_USER + 10, 0, 0));
    CHECK(peek(&message, NULL, 0, 0, PM_REMOVE));
    CHECK_EQ(message.message, WM_USER + 10);
    CHECK(peek(&message, NULL, 0, 0, PM_NOREMOVE));
    CHECK_EQ(message.message, WM_QUIT);
    CHECK_EQ(get(&message), 0);
    CHECK_EQ(message.wParam, 42);
    CHECK_FALSE(peek(&message, NULL, 0, 0, PM_REMOVE));
  }
  TEST("GetQueueStatus", "what is there, and what is new") {
    USER(DWORD, "GetQueueStatus", (UINT))(QS_ALLINPUT);
    post(window, WM_USER + 10, 0, 0);
    CHECK_EQ(USER(DWORD, "GetQueueStatus", (UINT))(QS_POSTMESSAGE), QS_POSTMESSAGE << 16 | QS_POSTMESSAGE);
    CHECK_EQ(USER(DWORD, "GetQueueStatus", (UINT))(QS_POSTMESSAGE), QS_POSTMESSAGE << 16);
    CHECK_EQ(wait_for_input(0, QS_POSTMESSAGE, 0), WAIT_TIMEOUT);
    CHECK_EQ(wait_for_input(0, QS_POSTMESSAGE, 4), WAIT_OBJECT_0); /* MWMO_INPUTAVAILABLE */
    post(window, WM_USER + 11, 0, 0);
    CHECK_EQ(wait_for_input(0, QS_POSTMESSAGE, 0), WAIT_OBJECT_0);
    while (peek(&message, NULL, 0, 0, PM_REMOVE)) continue;
    CHECK_EQ(wait_for_input(0, QS_POSTMESSAGE, 0), WAIT_TIMEOUT);
  }
  TEST("MsgWaitForMultipleObjects", "handles come before messages") {
    const HANDLE events[] = {CreateEventA(NULL, FALSE, FALSE, NULL), CreateEventA(NULL, FALSE, TRUE, NULL)};
    post(window, WM_USER + 10, 0, 0);
    const void* wait = (void*)GetProcAddress(user32, "MsgWaitForMultipleObjects");
    CHECK_EQ(((DWORD(WINAPI*)(DWORD, const HANDLE*, BOOL, DWORD, DWORD))wait)(2, events, FALSE, 1000, QS_ALLINPUT), 1);
    CHECK_EQ(((DWORD(WINAPI*)(DWORD, const HANDLE*, BOOL, DWORD, DWORD))wait)(2, events, FALSE, 1000, QS_ALLINPUT), 2);
    while (peek(&message, NULL, 0, 0, PM_REMOVE)) continue;
    CHECK_EQ(((DWORD(WINAPI*)(DWORD, const HANDLE*, BOOL, DWORD, DWORD))wait)(2, events, FALSE, 10, QS_ALLINPUT),
             WAIT_TIMEOUT);
    CloseHandle(events[0]);
    CloseHandle(events[1]);
  }
  TEST("SetTimer", "WM_TIMER, after posted messages; procedures; the end of a timer") {
    CHECK_EQ(USER(UINT_PTR, "SetTimer", (HWND, UINT_PTR, UINT, void*))(window, 5, 10, NULL), 5);
    CHECK_EQ(wait_for_input(10000, QS_TIMER, 0), WAIT_OBJECT_0);
    post(window, WM_USER + 10, 0, 0);
    CHECK_EQ(get(&message), 1);
    CHECK_EQ(message.message, WM_USER + 10);
    CHECK_EQ(get(&message), 1);
    CHECK_EQ(message.message, WM_TIMER);
    CHECK_EQ(message.wParam, 5);
    CHECK(USER(BOOL, "KillTimer", (HWND, UINT_PTR))(window, 5));
    CHECK_FALSE(USER(BOOL, "KillTimer", (HWND, UINT_PTR))(window, 5));
    const UINT_PTR own = USER(UINT_PTR, "SetTimer", (HWND, UINT_PTR, UINT, void*))(NULL, 0, 10, (void*)on_timer);
    CHECK(own != 0);
    CHECK_EQ(get(&message), 1);
    CHECK_EQ(message.message, WM_TIMER);
    dispatch(&message);
    CHECK_EQ(timer_calls, 1);
    CHECK_EQ(timer_id, own);
    CHECK(USER(BOOL, "KillTimer", (HWND, UINT_PTR))(NULL, own));
  }
  TEST("SendMessage", "to another thread: its procedure runs there, and may send back") {
    const HANDLE thread = start_window_thread(window, &id);
    CHECK_EQ(send_to(other_window, WM_USER, 20, 2), 42);
    CHECK_EQ(send_to(other_window, WM_USER + 2, 0, 0), id);
    CHECK_EQ(send_to(other_window, WM_USER + 5, 0, (LPARAM)window), GetCurrentThreadId());
    CHECK_EQ(send_to(other_window, WM_USER + 3, 0, 77), 77);
    CHECK_EQ(send_to(other_window, WM_USER + 4, 0, 0), 1);
    CHECK_EQ(send_to(window, WM_USER + 4, 0, 0), 0);
    CHECK_EQ(USER(int, "GetWindowTextA", (HWND, LPSTR, int))(other_window, text, sizeof text), 5);
    CHECK_STR(text, "other");
    CHECK_FAILS(destroy(other_window), 5);
    CHECK_EQ(end_thread(thread, id, 9), 9);
    CHECK_FALSE(is_window(other_window));
  }
  TEST("SendMessageCallback", "the callback runs when the sender looks at its messages") {
    const HANDLE thread = start_window_thread(NULL, &id);
    CHECK(USER(BOOL, "SendMessageCallbackA", (HWND, UINT, WPARAM, LPARAM, void*, ULONG_PTR))(
        other_window, WM_USER, 10, 1, (void*)on_answer, 1000));
    for (int i = 0; i < 1000 && callback_result == 0; ++i) {
      wait_for_input(10, QS_ALLINPUT, 0);
      peek(&message, NULL, 0, 0, PM_REMOVE);
    }
    CHECK_EQ(callback_result, 1021);
    CHECK(USER(BOOL, "SendNotifyMessageA", (HWND, UINT, WPARAM, LPARAM))(other_window, WM_USER, 1, 1));
    CHECK_EQ(end_thread(thread, id, 8), 8);
    CHECK_FALSE(is_window(other_window));
  }
  TEST("SendMessageTimeout", "does not wait for a thread that does not look") {
    const HANDLE end = CreateEventA(NULL, TRUE, FALSE, NULL);
    other_ready = CreateEventA(NULL, FALSE, FALSE, NULL);
    const HANDLE thread = CreateThread(NULL, 0, quiet_thread, end, 0, &id);
    WaitForSingleObject(other_ready, INFINITE);
    ULONG_PTR result = 0;
    CHECK_FAILS(USER(LRESULT, "SendMessageTimeoutA", (HWND, UINT, WPARAM, LPARAM, UINT, UINT, ULONG_PTR*))(
                    other_window, WM_USER, 1, 1, SMTO_NORMAL, 50, &result),
                1460);
    SetEvent(end);
    WaitForSingleObject(thread, INFINITE);
    CHECK_FALSE(is_window(other_window));
    CloseHandle(thread);
    CloseHandle(end);
  }
  TEST("RegisterWindowMessage", "one number for one name") {
    const UINT number = USER(UINT, "RegisterWindowMessageA", (LPCSTR))("hm_message");
    CHECK(number >= 0xC000 && number <= 0xFFFF);
    CHECK_EQ(USER(UINT, "RegisterWindowMessageW", (const WCHAR*))(W("HM_Message")), number);
    CHECK(USER(UINT, "RegisterWindowMessageA", (LPCSTR))("hm_message2") != number);
  }
  TEST("wsprintf", "its own rules") {
    typedef int(WINAPI * Print)(LPSTR, LPCSTR, ...);
    const Print print = (Print)(void*)GetProcAddress(user32, "wsprintfA");
    CHECK_EQ(print(text, "%d|%5u|%-5d|%05d|%#x|%X|%s|%c|%%", -3, 7, 8, -42, 255, 255, "str", 'c'), 36);
    CHECK_STR(text, "-3|    7|8    |-0042|0xff|FF|str|c|%");
    CHECK_EQ(print(text, "%S|%ls|%hs|%.2s|%I64d|%ld", W("wide"), W("more"), "narrow", "cut", -5000000000LL, 5), 33);
    CHECK_STR(text, "wide|more|narrow|cu|-5000000000|5");
  }
  TEST("CharUpper", "texts and single characters") {
    strcpy(text, "mixed Case 1");
    CHECK_STR(USER(LPSTR, "CharUpperA", (LPSTR))(text), "MIXED CASE 1");
    CHECK_EQ((uintptr_t)USER(LPSTR, "CharLowerA", (LPSTR))((LPSTR)(uintptr_t)'Q'), 'q');
    CHECK_EQ(USER(DWORD, "CharLowerBuffA", (LPSTR, DWORD))(text, 3), 3);
    CHECK_STR(text, "mixED CASE 1");
    CHECK(USER(BOOL, "IsCharAlphaW", (WCHAR))(0xE9));
    CHECK_FALSE(USER(BOOL, "IsCharAlphaW", (WCHAR))('1'));
    CHECK(USER(BOOL, "IsCharAlphaNumericA", (char))('1'));
    CHECK_STR(USER(LPSTR, "CharNextA", (LPCSTR))("ab"), "b");
  }
  TEST("DestroyWindow", "its messages, and what was posted to it") {
    seen_count = 0;
    post(window, WM_USER + 10, 0, 0);
    CHECK(destroy(window));
    CHECK(saw(WM_DESTROY) && saw(WM_DESTROY) < saw(WM_NCDESTROY));
    CHECK_FALSE(is_window(window));
    CHECK_FALSE(peek(&message, NULL, 0, 0, PM_REMOVE));
    CHECK_FAILS(send_to(window, WM_USER, 0, 0), 1400);
    CHECK(unregister_class("hm_recorder"));
  }
  TEST("DestroyWindow-gone", "of what is no window any more") {
    CHECK_FAILS(destroy(window), 1400);
  }
  return finish();
}

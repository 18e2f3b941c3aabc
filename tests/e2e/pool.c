/* Thread pools, new style and old, as DLL code calls them. */
#include "support/check.h"
/* after check.h */
#include "support/portable_sync.h"

static HANDLE begun /* a semaphore */, go_on, done;
static volatile LONG runs, running, most_running, cancelled;

static LONG add(volatile LONG* number, LONG amount) {
  return __sync_add_and_fetch(number, amount);
}
static HANDLE new_event(BOOL manual) {
  return CreateEventA(NULL, manual, FALSE, NULL);
}
static BOOL is_set(HANDLE event) {
  return WaitForSingleObject(event, 0) == WAIT_OBJECT_0;
}
static void forget_begun(void) {
  while (is_set(begun)) continue;
}
#define WAIT(handle) CHECK_EQ(WaitForSingleObject(handle, SOON), WAIT_OBJECT_0)

static FILETIME in_ms(int milliseconds) {
  const long long ticks = -10000LL * milliseconds;
  const FILETIME time = {(DWORD)ticks, (DWORD)(ticks >> 32)};
  return time;
}

/* --- work --- */

static void CALLBACK count_simple(PTP_CALLBACK_INSTANCE instance, void* event) {
  (void)instance;
  add(&runs, 1);
  SetEvent(event);
}
static void CALLBACK count_work(PTP_CALLBACK_INSTANCE instance, void* context, PTP_WORK work) {
  (void)instance, (void)work;
  CHECK_EQ((ULONG_PTR)context, 0x40);
  add(&runs, 1);
}
/* Tells that it runs, and waits. */
static void CALLBACK block_work(PTP_CALLBACK_INSTANCE instance, void* context, PTP_WORK work) {
  (void)instance, (void)context, (void)work;
  const LONG now = add(&running, 1);
  if (now > most_running) most_running = now;
  ReleaseSemaphore(begun, 1, NULL);
  WaitForSingleObject(go_on, SOON);
  add(&running, -1);
  add(&runs, 1);
}
static void CALLBACK block_simple(PTP_CALLBACK_INSTANCE instance, void* context) {
  block_work(instance, context, NULL);
}

static void test_work(void) {
  TEST("work", "one callback, and an object submitted many times") {
    runs = 0;
    CHECK(TrySubmitThreadpoolCallback(count_simple, done, NULL));
    WAIT(done);
    const PTP_WORK work = CreateThreadpoolWork(count_work, (void*)0x40, NULL);
    REQUIRE(work);
    for (int i = 0; i < 100; ++i) SubmitThreadpoolWork(work);
    WaitForThreadpoolWorkCallbacks(work, FALSE);
    CHECK_EQ(runs, 101);
    CloseThreadpoolWork(work);
  }
  TEST("work", "callbacks that wait find more threads; closing leaves those that run alone") {
    runs = running = 0;
    const PTP_WORK work = CreateThreadpoolWork(block_work, NULL, NULL);
    for (int i = 0; i < 4; ++i) {
      SubmitThreadpoolWork(work);
      WAIT(begun);
    }
    CHECK_EQ(running, 4);
    CloseThreadpoolWork(work);
    SetEvent(go_on);
    while (runs != 4) SleepEx(1, FALSE);
    ResetEvent(go_on);
  }
}

/* --- pools of one's own --- */

/* In the only thread of its pool: what it submits has not begun. */
static void CALLBACK submit_and_cancel(PTP_CALLBACK_INSTANCE instance, void* work) {
  (void)instance;
  for (int i = 0; i < 4; ++i) SubmitThreadpoolWork(work);
  WaitForThreadpoolWorkCallbacks(work, TRUE);
  SetEvent(done);
}

static void test_pools(void) {
  TEST("pools", "a maximum of one thread serialises") {
    TP_CALLBACK_ENVIRON environment;
    runs = running = most_running = 0;
    InitializeThreadpoolEnvironment(&environment);
    const PTP_POOL pool = CreateThreadpool(NULL);
    REQUIRE(pool);
    SetThreadpoolThreadMaximum(pool, 1);
    CHECK(SetThreadpoolThreadMinimum(pool, 1));
    SetThreadpoolCallbackPool(&environment, pool);
    const PTP_WORK work = CreateThreadpoolWork(block_work, NULL, &environment);
    for (int i = 0; i < 4; ++i) SubmitThreadpoolWork(work);
    WAIT(begun);
    CHECK_EQ(WaitForSingleObject(begun, 5), WAIT_TIMEOUT);
    SetEvent(go_on);
    WaitForThreadpoolWorkCallbacks(work, FALSE);
    CHECK_EQ(runs, 4);
    CHECK_EQ(most_running, 1);
    CloseThreadpoolWork(work);
    CloseThreadpool(pool);
    ResetEvent(go_on);
    forget_begun();
  }
  TEST("pools", "callbacks that have not begun can be taken back") {
    TP_CALLBACK_ENVIRON environment;
    runs = 0;
    InitializeThreadpoolEnvironment(&environment);
    const PTP_POOL pool = CreateThreadpool(NULL);
    SetThreadpoolThreadMaximum(pool, 1);
    SetThreadpoolCallbackPool(&environment, pool);
    const PTP_WORK work = CreateThreadpoolWork(count_work, (void*)0x40, &environment);
    CHECK(TrySubmitThreadpoolCallback(submit_and_cancel, work, &environment));
    WAIT(done);
    WaitForThreadpoolWorkCallbacks(work, FALSE);
    CHECK_EQ(runs, 0);
    CloseThreadpoolWork(work);
    CloseThreadpool(pool);
  }
  if (on_wine()) return; /* it asserts that nobody uses a closed pool */
  TEST("pools", "a closed pool lives as long as its objects") {
    TP_CALLBACK_ENVIRON environment;
    runs = 0;
    InitializeThreadpoolEnvironment(&environment);
    const PTP_POOL pool = CreateThreadpool(NULL);
    SetThreadpoolCallbackPool(&environment, pool);
    const PTP_WORK work = CreateThreadpoolWork(count_work, (void*)0x40, &environment);
    CloseThreadpool(pool);
    SubmitThreadpoolWork(work);
    WaitForThreadpoolWorkCallbacks(work, FALSE);
    CHECK_EQ(runs, 1);
    CloseThreadpoolWork(work);
  }
}

/* --- clean-up groups --- */

static void CALLBACK on_cancel(void* context, void* cleanup) {
  CHECK_EQ((ULONG_PTR)cleanup, 0x80);
  add(&cancelled, (LONG)(ULONG_PTR)context);
}
static void CALLBACK ignore_timer(PTP_CALLBACK_INSTANCE instance, void* context, PTP_TIMER timer) {
  (void)instance, (void)context, (void)timer;
}

static void CALLBACK set_fired(void* event, BOOLEAN timed_out) {
  (void)timed_out;
  SetEvent(event);
}

static PTP_CLEANUP_GROUP group;
/* In the only thread of its pool, so that no member has begun. */
static void CALLBACK fill_and_cancel_group(PTP_CALLBACK_INSTANCE instance, void* pool) {
  TP_CALLBACK_ENVIRON environment;
  (void)instance;
  InitializeThreadpoolEnvironment(&environment);
  SetThreadpoolCallbackPool(&environment, pool);
  SetThreadpoolCallbackCleanupGroup(&environment, group, on_cancel);
  CHECK(TrySubmitThreadpoolCallback(block_simple, (void*)10, &environment));
  const PTP_WORK work = CreateThreadpoolWork(block_work, (void*)100, &environment);
  SubmitThreadpoolWork(work);
  SubmitThreadpoolWork(work);
  CreateThreadpoolTimer(ignore_timer, (void*)1000, &environment);
  CloseThreadpoolWork(CreateThreadpoolWork(count_work, (void*)10000, &environment));
  CloseThreadpoolCleanupGroupMembers(group, TRUE, (void*)0x80);
  SetEvent(done);
}

static void test_groups(void) {
  TP_CALLBACK_ENVIRON environment;
  const PTP_POOL pool = CreateThreadpool(NULL);
  SetThreadpoolThreadMaximum(pool, 1);
  InitializeThreadpoolEnvironment(&environment);
  SetThreadpoolCallbackPool(&environment, pool);
  TEST("clean-up groups", "closing waits for everything") {
    group = CreateThreadpoolCleanupGroup();
    SetThreadpoolCallbackCleanupGroup(&environment, group, on_cancel);
    runs = cancelled = 0;
    const PTP_WORK work = CreateThreadpoolWork(count_work, (void*)0x40, &environment);
    for (int i = 0; i < 10; ++i) SubmitThreadpoolWork(work);
    CHECK(TrySubmitThreadpoolCallback(count_simple, done, &environment));
    CreateThreadpoolTimer(ignore_timer, NULL, &environment);
    CloseThreadpoolCleanupGroupMembers(group, FALSE, (void*)0x80);
    CHECK_EQ(runs, 11);
    CHECK_EQ(cancelled, 0);
    CHECK(is_set(done));
    CloseThreadpoolCleanupGroupMembers(group, TRUE, (void*)0x80); /* nobody there */
    CHECK_EQ(cancelled, 0);
    CloseThreadpoolCleanupGroup(group);
    SetThreadpoolCallbackCleanupGroup(&environment, NULL, NULL);
  }
  TEST("clean-up groups", "cancelling tells the objects, and the callbacks that have not begun") {
    group = CreateThreadpoolCleanupGroup();
    runs = cancelled = 0;
    CHECK(TrySubmitThreadpoolCallback(fill_and_cancel_group, pool, &environment));
    WAIT(done);
    CHECK_EQ(runs, 0);
    CHECK_EQ(cancelled, 1110);
    CloseThreadpoolCleanupGroup(group);
  }
  TEST("clean-up groups", "a callback that runs is not cancelled, but waited for") {
    HANDLE timer = NULL;
    group = CreateThreadpoolCleanupGroup();
    runs = running = cancelled = 0;
    SetThreadpoolCallbackCleanupGroup(&environment, group, on_cancel);
    CHECK(TrySubmitThreadpoolCallback(block_simple, (void*)1, &environment));
    WAIT(begun);
    CHECK(CreateTimerQueueTimer(&timer, NULL, set_fired, go_on, 20, 0, WT_EXECUTEONLYONCE));
    CloseThreadpoolCleanupGroupMembers(group, TRUE, (void*)0x80);
    CHECK_EQ(runs, 1);
    CHECK_EQ(cancelled, 0);
    CHECK(DeleteTimerQueueTimer(NULL, timer, INVALID_HANDLE_VALUE));
    CloseThreadpoolCleanupGroup(group);
    ResetEvent(go_on);
  }
  CloseThreadpool(pool);
}

/* --- what a callback can do --- */

static HANDLE semaphore, mutex;
static CRITICAL_SECTION section;
static void CALLBACK leave_things_behind(PTP_CALLBACK_INSTANCE instance, void* context) {
  (void)context;
  WaitForSingleObject(mutex, SOON);
  EnterCriticalSection(&section);
  CHECK(CallbackMayRunLong(instance));
  SetEventWhenCallbackReturns(instance, done);
  ReleaseSemaphoreWhenCallbackReturns(instance, semaphore, 2);
  ReleaseMutexWhenCallbackReturns(instance, mutex);
  LeaveCriticalSectionWhenCallbackReturns(instance, &section);
}
static void CALLBACK disassociate(PTP_CALLBACK_INSTANCE instance, void* context, PTP_WORK work) {
  DisassociateCurrentThreadFromCallback(instance);
  block_work(instance, context, work);
}
static void CALLBACK finalise(PTP_CALLBACK_INSTANCE instance, void* context) {
  (void)instance;
  CHECK(context != NULL);
  SetEvent(done);
}

static void test_instances(void) {
  TEST("callback instances", "what is to happen after the return happens") {
    semaphore = CreateSemaphoreA(NULL, 0, 5, NULL);
    mutex = CreateMutexA(NULL, FALSE, NULL);
    InitializeCriticalSection(&section);
    CHECK(TrySubmitThreadpoolCallback(leave_things_behind, NULL, NULL));
    WAIT(done);
    WAIT(semaphore);
    WAIT(semaphore);
    WAIT(mutex);
    EnterCriticalSection(&section);
    LeaveCriticalSection(&section);
    ReleaseMutex(mutex);
  }
  TEST("callback instances", "nobody waits for a disassociated one") {
    runs = running = 0;
    const PTP_WORK work = CreateThreadpoolWork(disassociate, NULL, NULL);
    SubmitThreadpoolWork(work);
    WAIT(begun);
    WaitForThreadpoolWorkCallbacks(work, FALSE);
    CHECK_EQ(runs, 0);
    SetEvent(go_on);
    while (runs == 0) SleepEx(1, FALSE);
    CloseThreadpoolWork(work);
    ResetEvent(go_on);
  }
  TEST("callback instances", "a finalisation callback follows") {
    TP_CALLBACK_ENVIRON environment;
    InitializeThreadpoolEnvironment(&environment);
    environment.FinalizationCallback = finalise;
    const HANDLE event = new_event(FALSE);
    CHECK(TrySubmitThreadpoolCallback(count_simple, event, &environment));
    WAIT(event);
    WAIT(done);
    CloseHandle(event);
  }
}

static void test_libraries(void) {
  struct {
    void* free_when_returned;
    HANDLE begun, go_on;
  } wanted = {PROC(void*, GetModuleHandleA("kernel32.dll"), "FreeLibraryWhenCallbackReturns", (void)), new_event(FALSE),
              go_on};
  TEST("callback instances", "a callback frees the DLL it runs in") {
    const HMODULE module = LoadLibraryA("callbacks.dll");
    REQUIRE(module);
    const PTP_SIMPLE_CALLBACK callback = (PTP_SIMPLE_CALLBACK)(void*)GetProcAddress(module, "free_yourself");
    CHECK(TrySubmitThreadpoolCallback(callback, &wanted, NULL));
    WAIT(wanted.begun);
    CHECK(GetModuleHandleA("callbacks.dll") == module);
    SetEvent(go_on);
    for (int i = 0; i < 3000 && GetModuleHandleA("callbacks.dll"); ++i) SleepEx(10, FALSE);
    CHECK_FALSE(GetModuleHandleA("callbacks.dll"));
    ResetEvent(go_on);
  }
  TEST("environments", "a callback's library stays loaded while it runs") {
    TP_CALLBACK_ENVIRON environment;
    const HMODULE module = LoadLibraryA("callbacks.dll");
    REQUIRE(module);
    InitializeThreadpoolEnvironment(&environment);
    SetThreadpoolCallbackLibrary(&environment, module);
    const PTP_SIMPLE_CALLBACK callback = (PTP_SIMPLE_CALLBACK)(void*)GetProcAddress(module, "wait_for_event");
    CHECK(TrySubmitThreadpoolCallback(callback, &wanted, &environment));
    WAIT(wanted.begun);
    CHECK(FreeLibrary(module));
    CHECK(GetModuleHandleA("callbacks.dll") == module);
    SetEvent(go_on);
    for (int i = 0; i < 3000 && GetModuleHandleA("callbacks.dll"); ++i) SleepEx(10, FALSE);
    CHECK_FALSE(GetModuleHandleA("callbacks.dll"));
    ResetEvent(go_on);
  }
}

/* --- timers and waits --- */

static void CALLBACK beat(PTP_CALLBACK_INSTANCE instance, void* context, PTP_TIMER timer) {
  (void)instance, (void)timer;
  if (add(&runs, 1) == (LONG)(ULONG_PTR)context) SetEvent(done);
}
static DWORD wait_result;
static void CALLBACK on_wait(PTP_CALLBACK_INSTANCE instance, void* context, PTP_WAIT wait, DWORD result) {
  (void)instance, (void)context, (void)wait;
  wait_result = result;
  SetEvent(done);
}

static void test_timers_and_waits(void) {
  TEST("pool timers", "once, periodically, until they are stopped") {
    FILETIME due = in_ms(1);
    runs = 0;
    PTP_TIMER timer = CreateThreadpoolTimer(beat, (void*)1, NULL);
    CHECK_FALSE(IsThreadpoolTimerSet(timer));
    SetThreadpoolTimer(timer, &due, 0, 0);
    WAIT(done);
    CloseThreadpoolTimer(timer);
    runs = 0;
    timer = CreateThreadpoolTimer(beat, (void*)3, NULL);
    SetThreadpoolTimer(timer, &due, 1, 0);
    CHECK(IsThreadpoolTimerSet(timer));
    WAIT(done);
    SetThreadpoolTimer(timer, NULL, 0, 0);
    CHECK_FALSE(IsThreadpoolTimerSet(timer));
    WaitForThreadpoolTimerCallbacks(timer, TRUE);
    const LONG seen = runs;
    SleepEx(5, FALSE);
    CHECK_EQ(runs, seen);
    CloseThreadpoolTimer(timer);
  }
  TEST("pool waits", "end with the object or the time, and once each") {
    const HANDLE event = new_event(FALSE);
    FILETIME soon = in_ms(1);
    const PTP_WAIT wait = CreateThreadpoolWait(on_wait, NULL, NULL);
    SetThreadpoolWait(wait, event, NULL);
    SetEvent(event);
    WAIT(done);
    CHECK_EQ(wait_result, WAIT_OBJECT_0);
    CHECK_FALSE(is_set(event));
    SetEvent(event);
    CHECK_EQ(WaitForSingleObject(done, 5), WAIT_TIMEOUT);
    ResetEvent(event);
    SetThreadpoolWait(wait, event, &soon);
    WAIT(done);
    CHECK_EQ(wait_result, WAIT_TIMEOUT);
    SetThreadpoolWait(wait, event, NULL);
    SetThreadpoolWait(wait, NULL, NULL);
    SetEvent(event);
    WaitForThreadpoolWaitCallbacks(wait, FALSE);
    CHECK_FALSE(is_set(done));
    CloseThreadpoolWait(wait);
    CloseHandle(event);
  }
}

/* --- I/O --- */

static ULONG io_error;
static ULONG_PTR io_size;
static void* io_overlapped;
static void CALLBACK on_io(PTP_CALLBACK_INSTANCE instance, void* context, void* overlapped, ULONG error, ULONG_PTR size,
                           PTP_IO io) {
  (void)instance, (void)io;
  CHECK_EQ((ULONG_PTR)context, 0x40);
  io_error = error;
  io_size = size;
  io_overlapped = overlapped;
  SetEvent(done);
}
static void CALLBACK on_bound_io(DWORD error, DWORD size, OVERLAPPED* overlapped) {
  io_error = error;
  io_size = size;
  io_overlapped = overlapped;
  SetEvent(done);
}
/* A connected pair of pipe ends, the first for overlapped operations. */
static void new_pipe(const char* name, HANDLE* server, HANDLE* client) {
  *server = CreateNamedPipeA(name, PIPE_ACCESS_DUPLEX | FILE_FLAG_OVERLAPPED, 0, 1, 4096, 4096, 0, NULL);
  *client = CreateFileA(name, GENERIC_READ | GENERIC_WRITE, 0, NULL, OPEN_EXISTING, 0, NULL);
}

static void test_io(void) {
  HANDLE server, client;
  char buffer[16];
  DWORD size;
  TEST("pool I/O", "an operation's end is a callback") {
    OVERLAPPED overlapped = {0};
    new_pipe("\\\\.\\pipe\\hmodule-pool-io", &server, &client);
    const PTP_IO io = CreateThreadpoolIo(server, on_io, (void*)0x40, NULL);
    REQUIRE(io);
    StartThreadpoolIo(io);
    CHECK_FAILS(ReadFile(server, buffer, sizeof buffer, NULL, (void*)&overlapped), ERROR_IO_PENDING);
    CHECK(WriteFile(client, "hello", 5, &size, NULL));
    WAIT(done);
    CHECK_EQ(io_error, 0);
    CHECK_EQ(io_size, 5);
    CHECK(io_overlapped == &overlapped);
    StartThreadpoolIo(io); /* for an operation that fails at once */
    CancelThreadpoolIo(io);
    WaitForThreadpoolIoCallbacks(io, FALSE);
    StartThreadpoolIo(io);
    CHECK_FAILS(ReadFile(server, buffer, sizeof buffer, NULL, (void*)&overlapped), ERROR_IO_PENDING);
    CloseHandle(client);
    WAIT(done);
    CHECK_EQ(io_error, ERROR_BROKEN_PIPE);
    WaitForThreadpoolIoCallbacks(io, FALSE);
    CloseThreadpoolIo(io);
    CloseHandle(server);
  }
  TEST("pool I/O", "files without overlapped operations are refused") {
    const HANDLE event = new_event(FALSE);
    CHECK_FALSE(CreateThreadpoolIo(event, on_io, NULL, NULL));
    CloseHandle(event);
  }
  TEST("BindIoCompletionCallback", "an operation's end is a callback") {
    OVERLAPPED overlapped = {0};
    new_pipe("\\\\.\\pipe\\hmodule-pool-bound", &server, &client);
    CHECK(BindIoCompletionCallback(server, on_bound_io, 0));
    CHECK_FAILS(ReadFile(server, buffer, sizeof buffer, NULL, (void*)&overlapped), ERROR_IO_PENDING);
    CHECK(WriteFile(client, "hello", 5, &size, NULL));
    WAIT(done);
    CHECK_EQ(io_error, 0);
    CHECK_EQ(io_size, 5);
    CHECK(io_overlapped == &overlapped);
    CHECK_FAILS(BindIoCompletionCallback(server, on_bound_io, 0), ERROR_INVALID_PARAMETER);
    CloseHandle(client);
    CloseHandle(server);
  }
}

/* --- the older functions --- */

static DWORD WINAPI count_item(void* event) {
  add(&runs, 1);
  SetEvent(event);
  return 0;
}
static int last_fired;
static void CALLBACK on_fired(void* event, BOOLEAN timed_out) {
  last_fired = timed_out;
  add(&runs, 1);
  SetEvent(event);
}
static void CALLBACK block_fired(void* event, BOOLEAN timed_out) {
  (void)event, (void)timed_out;
  block_work(NULL, NULL, NULL);
}

static void test_old_style(void) {
  TEST("QueueUserWorkItem", "one callback") {
    runs = 0;
    CHECK(QueueUserWorkItem(count_item, done, 0));
    WAIT(done);
    CHECK_EQ(runs, 1);
  }
  TEST("registered waits", "fire each time, or once, and when the time is over") {
    HANDLE wait = NULL;
    const HANDLE event = new_event(FALSE);
    CHECK(RegisterWaitForSingleObject(&wait, event, on_fired, done, INFINITE, 0));
    for (int i = 0; i < 3; ++i) {
      SetEvent(event);
      WAIT(done);
      CHECK_EQ(last_fired, FALSE);
    }
    CHECK(UnregisterWaitEx(wait, INVALID_HANDLE_VALUE));
    SetEvent(event);
    CHECK_EQ(WaitForSingleObject(done, 5), WAIT_TIMEOUT);
    CHECK(RegisterWaitForSingleObject(&wait, event, on_fired, done, INFINITE, WT_EXECUTEONLYONCE));
    WAIT(done);
    SetEvent(event);
    CHECK_EQ(WaitForSingleObject(done, 5), WAIT_TIMEOUT);
    CHECK(UnregisterWaitEx(wait, INVALID_HANDLE_VALUE));
    ResetEvent(event);
    CHECK(RegisterWaitForSingleObject(&wait, event, on_fired, done, 1, WT_EXECUTEONLYONCE));
    WAIT(done);
    CHECK_EQ(last_fired, TRUE);
    CHECK(UnregisterWaitEx(wait, INVALID_HANDLE_VALUE));
    CHECK_FAILS(UnregisterWait(NULL), ERROR_INVALID_HANDLE);
    CloseHandle(event);
  }
  TEST("registered waits for nothing", "are refused") {
    HANDLE wait = NULL;
    CHECK_FAILS(RegisterWaitForSingleObject(&wait, NULL, on_fired, done, 1, 0), ERROR_INVALID_HANDLE);
  }
  TEST("registered waits", "who does not wait for a running callback hears that it runs, or when it has ended") {
    HANDLE wait = NULL;
    const HANDLE event = new_event(TRUE), ended = new_event(FALSE);
    SetEvent(event);
    runs = running = 0;
    CHECK(RegisterWaitForSingleObject(&wait, event, block_fired, NULL, INFINITE, WT_EXECUTEONLYONCE));
    WAIT(begun);
    CHECK_FAILS(UnregisterWait(wait), ERROR_IO_PENDING);
    CHECK(RegisterWaitForSingleObject(&wait, event, block_fired, NULL, INFINITE, WT_EXECUTEONLYONCE));
    WAIT(begun);
    UnregisterWaitEx(wait, ended);
    CHECK_FALSE(is_set(ended));
    SetEvent(go_on);
    WAIT(ended);
    while (runs != 2) SleepEx(1, FALSE);
    ResetEvent(go_on);
    CloseHandle(event);
    CloseHandle(ended);
  }
  TEST("timer queues", "once, periodically, changed") {
    HANDLE timer = NULL;
    const HANDLE queue = CreateTimerQueue();
    REQUIRE(queue);
    runs = 0;
    CHECK(CreateTimerQueueTimer(&timer, queue, on_fired, done, 0, 0, 0));
    WAIT(done);
    CHECK_EQ(last_fired, TRUE);
    CHECK_EQ(WaitForSingleObject(done, 5), WAIT_TIMEOUT);
    CHECK(ChangeTimerQueueTimer(queue, timer, 1, 1)); /* has no effect: it is over */
    CHECK_EQ(WaitForSingleObject(done, 5), WAIT_TIMEOUT);
    CHECK(DeleteTimerQueueTimer(queue, timer, INVALID_HANDLE_VALUE));
    CHECK(CreateTimerQueueTimer(&timer, queue, on_fired, done, 100000, 0, 0));
    CHECK(ChangeTimerQueueTimer(queue, timer, 1, 1));
    for (int i = 0; i < 3; ++i) WAIT(done);
    CHECK(DeleteTimerQueueTimer(queue, timer, INVALID_HANDLE_VALUE));
    const LONG seen = runs;
    SleepEx(5, FALSE);
    CHECK_EQ(runs, seen);
    ResetEvent(done);
    CHECK_FAILS(DeleteTimerQueueTimer(queue, NULL, NULL), ERROR_INVALID_PARAMETER);
    CHECK(CreateTimerQueueTimer(&timer, queue, on_fired, done, 100000, 0, 0));
    CHECK(DeleteTimerQueueEx(queue, INVALID_HANDLE_VALUE));
    CHECK_FALSE(is_set(done));
    CHECK_FAILS(DeleteTimerQueueEx(NULL, NULL), ERROR_INVALID_HANDLE);
  }
  TEST("timer queues", "deleting a timer does not wait, or tells by an event") {
    HANDLE timer = NULL;
    const HANDLE queue = CreateTimerQueue(), ended = new_event(FALSE);
    runs = running = 0;
    CHECK(CreateTimerQueueTimer(&timer, queue, block_fired, NULL, 0, 0, WT_EXECUTEONLYONCE));
    WAIT(begun);
    CHECK_FAILS(DeleteTimerQueueTimer(queue, timer, NULL), ERROR_IO_PENDING);
    CHECK(CreateTimerQueueTimer(&timer, queue, block_fired, NULL, 0, 0, WT_EXECUTEONLYONCE));
    WAIT(begun);
    DeleteTimerQueueTimer(queue, timer, ended);
    CHECK_FALSE(is_set(ended));
    SetEvent(go_on);
    WAIT(ended);
    while (runs != 2) SleepEx(1, FALSE);
    CHECK(DeleteTimerQueueEx(queue, INVALID_HANDLE_VALUE));
    ResetEvent(go_on);
    CloseHandle(ended);
  }
  if (on_wine()) return; /* it waits all the same */
  TEST("timer queues", "deleting one with a callback that runs does not wait, either") {
    HANDLE timer = NULL;
    const HANDLE queue = CreateTimerQueue(), ended = new_event(FALSE);
    runs = running = 0;
    CHECK(CreateTimerQueueTimer(&timer, queue, block_fired, NULL, 0, 0, WT_EXECUTEONLYONCE));
    WAIT(begun);
    DeleteTimerQueueEx(queue, ended);
    CHECK_FALSE(is_set(ended));
    SetEvent(go_on);
    WAIT(ended);
    ResetEvent(go_on);
    CloseHandle(ended);
  }
}

int main(void) {
  begun = CreateSemaphoreA(NULL, 0, 1000, NULL);
  go_on = new_event(TRUE);
  done = new_event(FALSE);
  test_work();
  test_pools();
  test_groups();
  test_instances();
  test_libraries();
  test_timers_and_waits();
  test_io();
  test_old_style();
  return finish();
}

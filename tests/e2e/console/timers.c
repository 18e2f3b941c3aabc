/* Waits with a time: waitable timers and their routines, timer queues, thread-pool timers, clocks that only go forward.
 */
#include <windows.h>

#include "support/say.h"

static int routines;
static void* routine_argument;
static VOID CALLBACK routine(void* argument, DWORD low, DWORD high) {
  (void)low, (void)high;
  ++routines;
  routine_argument = argument;
}
static volatile LONG ticks, ones;
static VOID CALLBACK tick(void* argument, BOOLEAN fired) {
  if (fired) InterlockedIncrement((LONG*)argument);
}
static VOID CALLBACK pool_tick(TP_CALLBACK_INSTANCE* instance, void* context, TP_TIMER* timer) {
  (void)instance, (void)timer;
  InterlockedIncrement((LONG*)context);
}
static VOID CALLBACK work(TP_CALLBACK_INSTANCE* instance, void* context, TP_WORK* item) {
  (void)instance, (void)item;
  InterlockedExchangeAdd((LONG*)context, 3);
}
static VOID CALLBACK waited(void* context, BOOLEAN timed_out) {
  InterlockedExchangeAdd((LONG*)context, timed_out ? 100 : 1);
}
static VOID CALLBACK apc(ULONG_PTR argument) {
  routines += (int)argument;
}

static DWORD WINAPI queues(void* thread) {
  QueueUserAPC(apc, thread, 10);
  QueueUserAPC(apc, thread, 20);
  return 0;
}

int main(void) {
  LARGE_INTEGER due = {.QuadPart = -200000}; /* 20 ms */
  HANDLE timer = CreateWaitableTimerA(NULL, TRUE, NULL);
  say("not-set", "%lu", WaitForSingleObject(timer, 10));
  say("set", "%d", ERROR_OF(SetWaitableTimer(timer, &due, 0, NULL, NULL, FALSE)));
  say("fired", "%lu", WaitForSingleObject(timer, 5000));
  say("manual-stays", "%lu", WaitForSingleObject(timer, 0));
  due.QuadPart = -10000000LL * 3600;
  SetWaitableTimer(timer, &due, 0, NULL, NULL, FALSE);
  say("set-again-resets", "%lu", WaitForSingleObject(timer, 0));
  say("cancel", "%d", ERROR_OF(CancelWaitableTimer(timer)));
  CloseHandle(timer);
  timer = CreateWaitableTimerExA(NULL, NULL, 0, TIMER_ALL_ACCESS);
  due.QuadPart = -100000;
  SetWaitableTimer(timer, &due, 15, NULL, NULL, FALSE);
  int periods = 0;
  for (int i = 0; i < 5; ++i) periods += WaitForSingleObject(timer, 5000) == WAIT_OBJECT_0;
  say("periodic", "%d", periods);
  CancelWaitableTimer(timer);
  say("no-more", "%lu", WaitForSingleObject(timer, 60));
  SetWaitableTimer(timer, &due, 0, routine, &periods, FALSE);
  say("not-alertable", "%d", (Sleep(40), routines));
  say("alertable", "%lu", SleepEx(5000, TRUE));
  say("routine", "%d %d", routines, routine_argument == &periods);
  FILETIME now;
  GetSystemTimeAsFileTime(&now);
  due.LowPart = now.dwLowDateTime;
  due.HighPart = (LONG)now.dwHighDateTime;
  due.QuadPart += 200000; /* by the clock */
  SetWaitableTimer(timer, &due, 0, NULL, NULL, FALSE);
  say("absolute", "%lu", WaitForSingleObject(timer, 5000));
  CloseHandle(timer);

  routines = 0;
  HANDLE self;
  DuplicateHandle(GetCurrentProcess(), GetCurrentThread(), GetCurrentProcess(), &self, 0, FALSE, DUPLICATE_SAME_ACCESS);
  const HANDLE thread = CreateThread(NULL, 0, queues, self, 0, NULL);
  WaitForSingleObject(thread, 5000);
  say("apcs-wait", "%d", routines);
  say("apcs", "%lx", WaitForSingleObjectEx(GetCurrentProcess(), 5000, TRUE));
  say("apcs-ran", "%d", routines);

  const HANDLE queue = CreateTimerQueue();
  HANDLE repeating, single;
  say("CreateTimerQueueTimer", "%d",
      ERROR_OF(CreateTimerQueueTimer(&repeating, queue, tick, (void*)&ticks, 10, 10, 0)));
  CreateTimerQueueTimer(&single, queue, tick, (void*)&ones, 10, 0, WT_EXECUTEONLYONCE);
  for (int i = 0; i < 500 && (ticks < 5 || ones < 1); ++i) Sleep(10);
  say("queue", "%d %ld", ticks >= 5, ones);
  say("DeleteTimerQueueTimer", "%d", ERROR_OF(DeleteTimerQueueTimer(queue, repeating, INVALID_HANDLE_VALUE)));
  const LONG stopped = ticks;
  Sleep(50);
  say("stopped", "%d", ticks == stopped);
  say("DeleteTimerQueueEx", "%d", ERROR_OF(DeleteTimerQueueEx(queue, INVALID_HANDLE_VALUE)));

  volatile LONG pool = 0, worked = 0, registered = 0;
  TP_TIMER* const pool_timer = CreateThreadpoolTimer(pool_tick, (void*)&pool, NULL);
  ULARGE_INTEGER start = {.QuadPart = (ULONGLONG)-100000};
  FILETIME when = {start.LowPart, start.HighPart};
  SetThreadpoolTimer(pool_timer, &when, 10, 0);
  say("is-set", "%d", IsThreadpoolTimerSet(pool_timer));
  for (int i = 0; i < 500 && pool < 3; ++i) Sleep(10);
  SetThreadpoolTimer(pool_timer, NULL, 0, 0);
  WaitForThreadpoolTimerCallbacks(pool_timer, TRUE);
  CloseThreadpoolTimer(pool_timer);
  say("pool-timer", "%d", pool >= 3);
  TP_WORK* const item = CreateThreadpoolWork(work, (void*)&worked, NULL);
  for (int i = 0; i < 1000; ++i) SubmitThreadpoolWork(item);
  WaitForThreadpoolWorkCallbacks(item, FALSE);
  CloseThreadpoolWork(item);
  say("pool-work", "%ld", worked);
  const HANDLE event = CreateEventA(NULL, FALSE, FALSE, NULL);
  HANDLE wait;
  RegisterWaitForSingleObject(&wait, event, waited, (void*)&registered, INFINITE, WT_EXECUTEDEFAULT);
  for (int i = 1; i <= 3; ++i) {
    SetEvent(event);
    for (int j = 0; j < 500 && registered < i; ++j) Sleep(5);
  }
  say("registered", "%ld", registered);
  say("UnregisterWaitEx", "%d", ERROR_OF(UnregisterWaitEx(wait, INVALID_HANDLE_VALUE)));
  RegisterWaitForSingleObject(&wait, event, waited, (void*)&registered, 20, WT_EXECUTEONLYONCE);
  for (int j = 0; j < 500 && registered < 100; ++j) Sleep(5);
  say("timed-out", "%ld", registered);
  UnregisterWait(wait);

  LARGE_INTEGER frequency, a, b;
  QueryPerformanceFrequency(&frequency);
  QueryPerformanceCounter(&a);
  const ULONGLONG before = GetTickCount64();
  Sleep(30);
  QueryPerformanceCounter(&b);
  say("counters", "%d %d", (b.QuadPart - a.QuadPart) * 1000 / frequency.QuadPart >= 28,
      GetTickCount64() - before >= 15);
  return 0;
}

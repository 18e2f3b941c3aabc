/* The thread pool: groups that clean up, waits and timers on it, limits, long work, and the end of a callback's
 * promises. */
#include <windows.h>

#include "support/say.h"

static volatile LONG done, cancelled, inside, most, signalled, released;
static CRITICAL_SECTION section;

static VOID CALLBACK counts(TP_CALLBACK_INSTANCE* instance, void* context, TP_WORK* work) {
  (void)instance, (void)context, (void)work;
  const LONG now = InterlockedIncrement(&inside);
  for (LONG seen = most; now > seen && InterlockedCompareExchange(&most, now, seen) != seen; seen = most) {
  }
  Sleep(1);
  InterlockedDecrement(&inside);
  InterlockedIncrement(&done);
}
static VOID CALLBACK simple(TP_CALLBACK_INSTANCE* instance, void* context) {
  (void)instance;
  InterlockedExchangeAdd(&done, (LONG)(ULONG_PTR)context);
}
static VOID CALLBACK on_cancel(void* object, void* cleanup) {
  (void)object, (void)cleanup;
  InterlockedIncrement(&cancelled);
}
static VOID CALLBACK waited(TP_CALLBACK_INSTANCE* instance, void* context, TP_WAIT* wait, TP_WAIT_RESULT result) {
  (void)instance, (void)wait;
  InterlockedExchangeAdd((LONG*)context, result == WAIT_OBJECT_0 ? 1 : 100);
}
static VOID CALLBACK promises(TP_CALLBACK_INSTANCE* instance, void* context) {
  EnterCriticalSection(&section);
  LeaveCriticalSectionWhenCallbackReturns(instance, &section);
  SetEventWhenCallbackReturns(instance, context);
  say("may-run-long", "%d", CallbackMayRunLong(instance) == TRUE || GetLastError() != 0);
}
static VOID CALLBACK slow(TP_CALLBACK_INSTANCE* instance, void* context, TP_WORK* work) {
  (void)instance, (void)work;
  WaitForSingleObject(context, INFINITE);
}
static DWORD WINAPI queued(void* argument) {
  InterlockedExchangeAdd((LONG*)argument, 5);
  return 0;
}

int main(void) {
  TP_POOL* const pool = CreateThreadpool(NULL);
  SetThreadpoolThreadMaximum(pool, 3);
  say("minimum", "%d", SetThreadpoolThreadMinimum(pool, 1));
  TP_CALLBACK_ENVIRON environment;
  InitializeThreadpoolEnvironment(&environment);
  SetThreadpoolCallbackPool(&environment, pool);
  TP_CLEANUP_GROUP* const group = CreateThreadpoolCleanupGroup();
  SetThreadpoolCallbackCleanupGroup(&environment, group, on_cancel);
  TP_WORK* const work = CreateThreadpoolWork(counts, NULL, &environment);
  for (int i = 0; i < 100; ++i) SubmitThreadpoolWork(work);
  WaitForThreadpoolWorkCallbacks(work, FALSE);
  say("work", "%ld %d", done, most >= 1 && most <= 3);
  done = 0;
  for (int i = 1; i <= 10; ++i) TrySubmitThreadpoolCallback(simple, (void*)(ULONG_PTR)i, &environment);
  CloseThreadpoolCleanupGroupMembers(group, FALSE, NULL);
  say("simple", "%ld", done);
  say("none-cancelled", "%ld", cancelled);
  const HANDLE gate = CreateEventA(NULL, TRUE, FALSE, NULL);
  TP_WORK* const blocked = CreateThreadpoolWork(slow, gate, &environment);
  for (int i = 0; i < 20; ++i) SubmitThreadpoolWork(blocked);
  Sleep(30);
  SetEvent(gate);
  CloseThreadpoolCleanupGroupMembers(group, TRUE, NULL);
  say("cancelled", "%d", cancelled >= 1);
  CloseThreadpoolCleanupGroup(group);
  DestroyThreadpoolEnvironment(&environment);
  CloseThreadpool(pool);

  const HANDLE event = CreateEventA(NULL, FALSE, FALSE, NULL);
  TP_WAIT* const wait = CreateThreadpoolWait(waited, (void*)&signalled, NULL);
  SetThreadpoolWait(wait, event, NULL);
  SetEvent(event);
  for (int i = 0; i < 1000 && !signalled; ++i) Sleep(5);
  say("wait", "%ld", signalled);
  ULARGE_INTEGER soon = {.QuadPart = (ULONGLONG)-100000};
  FILETIME timeout = {soon.LowPart, soon.HighPart};
  SetThreadpoolWait(wait, event, &timeout);
  for (int i = 0; i < 1000 && signalled < 100; ++i) Sleep(5);
  say("wait-timeout", "%ld", signalled);
  SetThreadpoolWait(wait, NULL, NULL);
  WaitForThreadpoolWaitCallbacks(wait, TRUE);
  CloseThreadpoolWait(wait);

  InitializeCriticalSection(&section);
  const HANDLE returned = CreateEventA(NULL, FALSE, FALSE, NULL);
  TrySubmitThreadpoolCallback(promises, returned, NULL);
  say("returned", "%lu", WaitForSingleObject(returned, 10000));
  EnterCriticalSection(&section);
  LeaveCriticalSection(&section);
  for (int i = 0; i < 40; ++i)
    QueueUserWorkItem(queued, (void*)&released, i % 2 ? WT_EXECUTELONGFUNCTION : WT_EXECUTEDEFAULT);
  for (int i = 0; i < 1000 && released < 200; ++i) Sleep(5);
  say("QueueUserWorkItem", "%ld", released);
  return 0;
}

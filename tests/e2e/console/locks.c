/* Locks of the system library: SRW locks, condition variables, once, barriers, semaphores, mutexes and their
 * abandonment. */
#include <windows.h>

#include "support/say.h"

static SRWLOCK srw = SRWLOCK_INIT;
static CONDITION_VARIABLE filled = CONDITION_VARIABLE_INIT, drained = CONDITION_VARIABLE_INIT;
enum { kRoom = 8, kItems = 20000 };
static int ring[kRoom], head, tail, closed;
static long long consumed[4];

static DWORD WINAPI produces(void* argument) {
  const int first = (int)(ULONG_PTR)argument;
  for (int i = first; i < kItems; i += 2) {
    AcquireSRWLockExclusive(&srw);
    while (head - tail == kRoom) SleepConditionVariableSRW(&drained, &srw, INFINITE, 0);
    ring[head++ % kRoom] = i;
    WakeConditionVariable(&filled);
    ReleaseSRWLockExclusive(&srw);
  }
  return 0;
}
static DWORD WINAPI consumes(void* argument) {
  const int me = (int)(ULONG_PTR)argument;
  for (;;) {
    AcquireSRWLockExclusive(&srw);
    while (head == tail && !closed) SleepConditionVariableSRW(&filled, &srw, INFINITE, 0);
    if (head == tail) break;
    consumed[me] += ring[tail++ % kRoom];
    WakeConditionVariable(&drained);
    ReleaseSRWLockExclusive(&srw);
  }
  ReleaseSRWLockExclusive(&srw);
  return 0;
}

static volatile LONG readers, most_readers, wrong;
static int guarded[2];
static DWORD WINAPI reads(void* argument) {
  (void)argument;
  for (int i = 0; i < 2000; ++i) {
    AcquireSRWLockShared(&srw);
    const LONG now = InterlockedIncrement(&readers);
    if (now > most_readers) most_readers = now;
    if (guarded[0] != guarded[1]) InterlockedIncrement(&wrong);
    InterlockedDecrement(&readers);
    ReleaseSRWLockShared(&srw);
  }
  return 0;
}
static DWORD WINAPI writes(void* argument) {
  (void)argument;
  for (int i = 0; i < 2000; ++i) {
    AcquireSRWLockExclusive(&srw);
    if (readers != 0) InterlockedIncrement(&wrong);
    ++guarded[0];
    ++guarded[1];
    ReleaseSRWLockExclusive(&srw);
  }
  return 0;
}

static INIT_ONCE once = INIT_ONCE_STATIC_INIT;
static volatile LONG initialised;
static BOOL CALLBACK initialise(INIT_ONCE* what, void* parameter, void** context) {
  (void)what, (void)parameter;
  InterlockedIncrement(&initialised);
  Sleep(20);
  *context = (void*)0x1230;
  return TRUE;
}
static DWORD WINAPI needs_it(void* argument) {
  (void)argument;
  void* context = NULL;
  InitOnceExecuteOnce(&once, initialise, NULL, &context);
  return context == (void*)0x1230;
}

/* Not in every system library. */
static BOOL(WINAPI* initialize_barrier)(SYNCHRONIZATION_BARRIER*, LONG, LONG);
static BOOL(WINAPI* enter_barrier)(SYNCHRONIZATION_BARRIER*, DWORD);
static BOOL(WINAPI* delete_barrier)(SYNCHRONIZATION_BARRIER*);
static SYNCHRONIZATION_BARRIER barrier;
static volatile LONG phase[4], out_of_step, serial;
static DWORD WINAPI steps(void* argument) {
  const int me = (int)(ULONG_PTR)argument;
  for (LONG i = 1; i <= 100; ++i) {
    phase[me] = i;
    if (enter_barrier(&barrier, 0)) InterlockedIncrement(&serial);
    for (int other = 0; other < 4; ++other)
      if (phase[other] != i) InterlockedIncrement(&out_of_step);
    enter_barrier(&barrier, 0);
  }
  return 0;
}

static HANDLE mutex, semaphore;
static DWORD WINAPI abandons(void* argument) {
  (void)argument;
  return WaitForSingleObject(mutex, 1000);
}
static volatile LONG inside, most_inside;
static DWORD WINAPI limited(void* argument) {
  (void)argument;
  WaitForSingleObject(semaphore, INFINITE);
  const LONG now = InterlockedIncrement(&inside);
  if (now > most_inside) most_inside = now;
  Sleep(5);
  InterlockedDecrement(&inside);
  ReleaseSemaphore(semaphore, 1, NULL);
  return 0;
}

static volatile LONG address = 0;
static DWORD WINAPI wakes(void* argument) {
  (void)argument;
  Sleep(20);
  address = 1;
  WakeByAddressSingle((void*)&address);
  return 0;
}

static DWORD codes(HANDLE* threads, DWORD count) {
  WaitForMultipleObjects(count, threads, TRUE, INFINITE);
  DWORD sum = 0;
  for (DWORD i = 0; i < count; ++i) {
    DWORD code = 0;
    GetExitCodeThread(threads[i], &code);
    CloseHandle(threads[i]);
    sum += code;
  }
  return sum;
}
static HANDLE start(LPTHREAD_START_ROUTINE function, int argument) {
  return CreateThread(NULL, 0, function, (void*)(ULONG_PTR)argument, 0, NULL);
}

int main(void) {
  HANDLE threads[16], producers[2];
  for (int i = 0; i < 4; ++i) threads[i] = start(consumes, i);
  for (int i = 0; i < 2; ++i) producers[i] = start(produces, i);
  codes(producers, 2);
  AcquireSRWLockExclusive(&srw);
  closed = 1;
  ReleaseSRWLockExclusive(&srw);
  WakeAllConditionVariable(&filled);
  codes(threads, 4);
  say("pipeline", "%lld", consumed[0] + consumed[1] + consumed[2] + consumed[3]);
  for (int i = 0; i < 6; ++i) threads[i] = start(i < 4 ? reads : writes, i);
  codes(threads, 6);
  say("readers-writers", "%ld %d %d", wrong, guarded[0], most_readers >= 1);
  AcquireSRWLockShared(&srw);
  say("try", "%d %d", TryAcquireSRWLockExclusive(&srw), TryAcquireSRWLockShared(&srw));
  for (int i = 0; i < 8; ++i) threads[i] = start(needs_it, i);
  const DWORD contexts = codes(threads, 8);
  say("once", "%ld %lu", initialised, contexts);
  const HMODULE kernel32 = GetModuleHandleA("kernel32.dll");
  initialize_barrier = (void*)GetProcAddress(kernel32, "InitializeSynchronizationBarrier");
  enter_barrier = (void*)GetProcAddress(kernel32, "EnterSynchronizationBarrier");
  delete_barrier = (void*)GetProcAddress(kernel32, "DeleteSynchronizationBarrier");
  if (initialize_barrier && enter_barrier && delete_barrier) {
    initialize_barrier(&barrier, 4, -1);
    for (int i = 0; i < 4; ++i) threads[i] = start(steps, i);
    codes(threads, 4);
    say("barrier", "%ld %ld %d", out_of_step, serial, delete_barrier(&barrier));
  }
  mutex = CreateMutexA(NULL, FALSE, NULL);
  threads[0] = start(abandons, 0);
  codes(threads, 1);
  say("abandoned", "%lx", WaitForSingleObject(mutex, 1000));
  say("recursive", "%lu", WaitForSingleObject(mutex, 0));
  ReleaseMutex(mutex);
  say("release", "%d", ERROR_OF(ReleaseMutex(mutex)));
  say("release-unowned", "%d", ERROR_OF(ReleaseMutex(mutex)));
  semaphore = CreateSemaphoreA(NULL, 3, 3, NULL);
  for (int i = 0; i < 12; ++i) threads[i] = start(limited, i);
  codes(threads, 12);
  say("semaphore", "%d", most_inside <= 3 && most_inside >= 1);
  LONG before = 0;
  say("too-many", "%d", ERROR_OF(ReleaseSemaphore(semaphore, 1, &before)));
  threads[0] = start(wakes, 0);
  LONG expected = 0;
  while (address == 0) WaitOnAddress(&address, &expected, sizeof expected, 5000);
  codes(threads, 1);
  say("WaitOnAddress", "%ld", address);
  say("WaitOnAddress-timeout", "%d", (expected = 1, ERROR_OF(WaitOnAddress(&address, &expected, sizeof expected, 10))));
  CRITICAL_SECTION section;
  InitializeCriticalSectionAndSpinCount(&section, 100);
  say("TryEnter", "%d %d", TryEnterCriticalSection(&section), TryEnterCriticalSection(&section));
  CONDITION_VARIABLE never = CONDITION_VARIABLE_INIT;
  LeaveCriticalSection(&section);
  say("condition-timeout", "%d", ERROR_OF(SleepConditionVariableCS(&never, &section, 10)));
  LeaveCriticalSection(&section);
  DeleteCriticalSection(&section);
  HANDLE event = CreateEventA(NULL, FALSE, TRUE, NULL);
  const HANDLE both[2] = {mutex, event};
  say("any", "%lu %lu", WaitForMultipleObjects(2, both, TRUE, 100), WaitForMultipleObjects(2, both, FALSE, 100));
  say("signal-and-wait", "%lu", SignalObjectAndWait(event, event, 100, FALSE));
  return 0;
}

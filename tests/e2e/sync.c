/* Events, mutexes, semaphores, timers, waits, APCs and the locks in user memory, as DLL code calls them. */
#include "support/check.h"
/* after check.h */
#include "support/portable_sync.h"

static HANDLE begin(LPTHREAD_START_ROUTINE routine, void* parameter) {
  return CreateThread(NULL, 0, routine, parameter, 0, NULL);
}
static DWORD end(HANDLE thread) {
  DWORD code = 0;
  CHECK_EQ(WaitForSingleObject(thread, SOON), WAIT_OBJECT_0);
  GetExitCodeThread(thread, &code);
  CloseHandle(thread);
  return code;
}

static DWORD WINAPI wait_and_answer(void* handle) {
  return WaitForSingleObject(handle, SOON);
}

static void test_events(void) {
  TEST("events", "manual reset stays set, auto reset lets one go") {
    const HANDLE manual = CreateEventA(NULL, TRUE, FALSE, NULL), automatic = CreateEventA(NULL, FALSE, TRUE, NULL);
    CHECK_EQ(WaitForSingleObject(manual, 0), WAIT_TIMEOUT);
    CHECK(SetEvent(manual));
    CHECK_EQ(WaitForSingleObject(manual, 0), WAIT_OBJECT_0);
    CHECK_EQ(WaitForSingleObject(manual, 0), WAIT_OBJECT_0);
    CHECK(ResetEvent(manual));
    CHECK_EQ(WaitForSingleObject(manual, 0), WAIT_TIMEOUT);
    CHECK_EQ(WaitForSingleObject(automatic, 0), WAIT_OBJECT_0);
    CHECK_EQ(WaitForSingleObject(automatic, 0), WAIT_TIMEOUT);
    CHECK(CloseHandle(manual));
    CHECK(CloseHandle(automatic));
    CHECK_FAILS(SetEvent(automatic), ERROR_INVALID_HANDLE);
    SetLastError(0xDEAD);
    CHECK_EQ(WaitForSingleObject(automatic, 0), WAIT_FAILED);
    CHECK_ERROR(ERROR_INVALID_HANDLE);
  }
  TEST("named events", "the second creation opens, another type is refused, the name goes with the last handle") {
    const HANDLE first = CreateEventA(NULL, TRUE, FALSE, "hmodule-sync-test");
    CHECK_ERROR(0);
    const HANDLE second = CreateEventW(NULL, FALSE, TRUE, W("hmodule-sync-test"));
    CHECK_ERROR(ERROR_ALREADY_EXISTS);
    CHECK_EQ(WaitForSingleObject(first, 0), WAIT_TIMEOUT);
    CHECK_FAILS(CreateMutexA(NULL, FALSE, "hmodule-sync-test"), ERROR_INVALID_HANDLE);
    const HANDLE third = OpenEventA(SYNCHRONIZE, FALSE, "hmodule-sync-test");
    CHECK(third != NULL);
    CHECK_FAILS(SetEvent(third), ERROR_ACCESS_DENIED);
    CloseHandle(first);
    CloseHandle(second);
    CloseHandle(third);
    CHECK_FAILS(OpenEventA(SYNCHRONIZE, FALSE, "hmodule-sync-test"), ERROR_FILE_NOT_FOUND);
  }
}

static DWORD WINAPI take_and_die(void* mutex) {
  return WaitForSingleObject(mutex, SOON);
}
static DWORD WINAPI release_it(void* mutex) {
  SetLastError(0);
  return ReleaseMutex(mutex) ? 0 : GetLastError();
}

static void test_mutexes_and_semaphores(void) {
  TEST("mutexes", "recursive, released by the owner only") {
    const HANDLE mutex = CreateMutexA(NULL, TRUE, NULL);
    CHECK_EQ(WaitForSingleObject(mutex, 0), WAIT_OBJECT_0);
    CHECK_EQ(end(begin(release_it, mutex)), ERROR_NOT_OWNER);
    CHECK(ReleaseMutex(mutex));
    CHECK(ReleaseMutex(mutex));
    CHECK_FAILS(ReleaseMutex(mutex), ERROR_NOT_OWNER);
    CloseHandle(mutex);
  }
  TEST("abandoned mutexes", "tell the next owner, once, in every kind of wait") {
    const HANDLE mutex = CreateMutexA(NULL, FALSE, NULL), event = CreateEventA(NULL, TRUE, FALSE, NULL);
    CHECK_EQ(end(begin(take_and_die, mutex)), WAIT_OBJECT_0);
    CHECK_EQ(WaitForSingleObject(mutex, 0), WAIT_ABANDONED);
    CHECK(ReleaseMutex(mutex));
    CHECK_EQ(WaitForSingleObject(mutex, 0), WAIT_OBJECT_0);
    CHECK(ReleaseMutex(mutex));
    CHECK_EQ(end(begin(take_and_die, mutex)), WAIT_OBJECT_0);
    const HANDLE both[] = {event, mutex};
    CHECK_EQ(WaitForMultipleObjects(2, both, FALSE, 0), WAIT_ABANDONED + 1);
    CHECK(ReleaseMutex(mutex));
    CloseHandle(mutex);
    CloseHandle(event);
  }
  TEST("semaphores", "count down to zero and up to the maximum") {
    LONG previous = -1;
    const HANDLE semaphore = CreateSemaphoreA(NULL, 1, 3, NULL);
    CHECK_EQ(WaitForSingleObject(semaphore, 0), WAIT_OBJECT_0);
    CHECK_EQ(WaitForSingleObject(semaphore, 0), WAIT_TIMEOUT);
    CHECK(ReleaseSemaphore(semaphore, 2, &previous));
    CHECK_EQ(previous, 0);
    CHECK_FAILS(ReleaseSemaphore(semaphore, 2, &previous), ERROR_TOO_MANY_POSTS);
    CHECK_EQ(WaitForSingleObject(semaphore, 0), WAIT_OBJECT_0);
    CHECK_EQ(WaitForSingleObject(semaphore, 0), WAIT_OBJECT_0);
    CHECK_EQ(WaitForSingleObject(semaphore, 0), WAIT_TIMEOUT);
    CloseHandle(semaphore);
    CHECK_FAILS(CreateSemaphoreA(NULL, 4, 3, NULL), ERROR_INVALID_PARAMETER);
  }
  TEST("semaphore releases", "are of at least one") {
    const HANDLE semaphore = CreateSemaphoreA(NULL, 1, 3, NULL);
    CHECK_FAILS(ReleaseSemaphore(semaphore, 0, NULL), ERROR_INVALID_PARAMETER);
    CHECK_FAILS(ReleaseSemaphore(semaphore, -1, NULL), ERROR_INVALID_PARAMETER);
    CloseHandle(semaphore);
  }
}

static void test_waits(void) {
  HANDLE handles[64];
  for (int i = 0; i < 64; ++i) handles[i] = CreateEventA(NULL, FALSE, FALSE, NULL);
  TEST("waits for many", "any: the lowest index; all: nothing is taken until all are there") {
    SetEvent(handles[63]);
    SetEvent(handles[5]);
    CHECK_EQ(WaitForMultipleObjects(64, handles, FALSE, SOON), WAIT_OBJECT_0 + 5);
    CHECK_EQ(WaitForMultipleObjects(64, handles, FALSE, SOON), WAIT_OBJECT_0 + 63);
    CHECK_EQ(WaitForMultipleObjects(64, handles, FALSE, 0), WAIT_TIMEOUT);
    SetEvent(handles[0]);
    CHECK_EQ(WaitForMultipleObjects(2, handles, TRUE, 1), WAIT_TIMEOUT);
    CHECK_EQ(WaitForSingleObject(handles[0], 0), WAIT_OBJECT_0);
    SetEvent(handles[0]);
    SetEvent(handles[1]);
    CHECK_EQ(WaitForMultipleObjects(2, handles, TRUE, SOON), WAIT_OBJECT_0);
    CHECK_EQ(WaitForMultipleObjects(2, handles, FALSE, 0), WAIT_TIMEOUT);
  }
  TEST("waits for many", "wrong counts are refused") {
    SetLastError(0xDEAD);
    CHECK_EQ(WaitForMultipleObjects(0, handles, FALSE, 0), WAIT_FAILED);
    CHECK_ERROR(ERROR_INVALID_PARAMETER);
    SetLastError(0xDEAD);
    CHECK_EQ(WaitForMultipleObjects(65, handles, FALSE, 0), WAIT_FAILED);
    CHECK_ERROR(ERROR_INVALID_PARAMETER);
  }
  TEST("waits for all", "of one object twice are refused") {
    const HANDLE twice[] = {handles[0], handles[0]};
    SetLastError(0xDEAD);
    CHECK_EQ(WaitForMultipleObjects(2, twice, TRUE, 0), WAIT_FAILED);
    CHECK_ERROR(ERROR_INVALID_PARAMETER);
  }
  TEST("SignalObjectAndWait", "signals and waits in one step") {
    const HANDLE thread = begin(wait_and_answer, handles[0]);
    CHECK_EQ(SignalObjectAndWait(handles[0], thread, SOON, FALSE), WAIT_OBJECT_0);
    CHECK_EQ(end(thread), WAIT_OBJECT_0);
    CHECK_EQ(SignalObjectAndWait(handles[1], handles[2], 0, FALSE), WAIT_TIMEOUT);
    CHECK_EQ(WaitForSingleObject(handles[1], 0), WAIT_OBJECT_0);
    SetLastError(0xDEAD);
    CHECK_EQ(SignalObjectAndWait(GetCurrentThread(), handles[2], 0, FALSE), WAIT_FAILED);
    CHECK_ERROR(ERROR_INVALID_HANDLE);
  }
  for (int i = 0; i < 64; ++i) CloseHandle(handles[i]);
}

static char called[64];
static void CALLBACK on_apc(ULONG_PTR letter) {
  const size_t length = strlen(called);
  if (length + 1 < sizeof called) called[length] = (char)letter, called[length + 1] = 0;
}
static void CALLBACK on_timer(void* letter, DWORD low, DWORD high) {
  (void)low, (void)high;
  on_apc((ULONG_PTR)letter);
}
static DWORD WINAPI wait_alertably(void* ready) {
  SetEvent(ready);
  return SleepEx(SOON, TRUE);
}

static void test_apcs_and_timers(void) {
  TEST("APCs", "run in order, in alertable waits only") {
    const HANDLE self = GetCurrentThread();
    *called = 0;
    CHECK(QueueUserAPC(on_apc, self, 'a'));
    CHECK(QueueUserAPC(on_apc, self, 'b'));
    CHECK_EQ(SleepEx(0, FALSE), 0);
    CHECK_STR(called, "");
    CHECK_EQ(SleepEx(SOON, TRUE), WAIT_IO_COMPLETION);
    CHECK_STR(called, "ab");
    CHECK_EQ(SleepEx(0, TRUE), 0);
  }
  TEST("APCs", "a signalled object goes before them") {
    const HANDLE event = CreateEventA(NULL, TRUE, TRUE, NULL);
    *called = 0;
    QueueUserAPC(on_apc, GetCurrentThread(), 'a');
    CHECK_EQ(WaitForSingleObjectEx(event, SOON, TRUE), WAIT_OBJECT_0);
    ResetEvent(event);
    CHECK_EQ(WaitForSingleObjectEx(event, SOON, TRUE), WAIT_IO_COMPLETION);
    CHECK_STR(called, "a");
    CloseHandle(event);
  }
  TEST("APCs", "wake another thread; before its start they run first") {
    const HANDLE ready = CreateEventA(NULL, FALSE, FALSE, NULL);
    *called = 0;
    HANDLE thread = begin(wait_alertably, ready);
    WaitForSingleObject(ready, SOON);
    CHECK(QueueUserAPC(on_apc, thread, 'a'));
    CHECK_EQ(end(thread), WAIT_IO_COMPLETION);
    CHECK_STR(called, "a");
    thread = CreateThread(NULL, 0, wait_and_answer, ready, 4 /* CREATE_SUSPENDED */, NULL);
    CHECK(QueueUserAPC(on_apc, thread, 'b'));
    SetEvent(ready);
    CHECK_EQ(ResumeThread(thread), 1);
    CHECK_EQ(end(thread), WAIT_OBJECT_0);
    CHECK_STR(called, "ab");
    CloseHandle(ready);
  }
  TEST("waitable timers", "once, periodically, with an APC, cancelled") {
    LARGE_INTEGER due = {.QuadPart = -10000};
    const HANDLE timer = CreateWaitableTimerA(NULL, FALSE, NULL);
    CHECK(SetWaitableTimer(timer, &due, 0, NULL, NULL, FALSE));
    CHECK_EQ(WaitForSingleObject(timer, SOON), WAIT_OBJECT_0);
    CHECK_EQ(WaitForSingleObject(timer, 5), WAIT_TIMEOUT);
    CHECK(SetWaitableTimer(timer, &due, 1, NULL, NULL, FALSE));
    for (int i = 0; i < 3; ++i) CHECK_EQ(WaitForSingleObject(timer, SOON), WAIT_OBJECT_0);
    CHECK(CancelWaitableTimer(timer));
    WaitForSingleObject(timer, 0);
    CHECK_EQ(WaitForSingleObject(timer, 5), WAIT_TIMEOUT);
    *called = 0;
    CHECK(SetWaitableTimer(timer, &due, 0, (void*)on_timer, (void*)'t', FALSE));
    CHECK_EQ(SleepEx(SOON, TRUE), WAIT_IO_COMPLETION);
    CHECK_STR(called, "t");
    CloseHandle(timer);
  }
  TEST("setting a timer", "takes the signal of the last time back") {
    LARGE_INTEGER due = {.QuadPart = -1};
    const HANDLE timer = CreateWaitableTimerA(NULL, FALSE, NULL);
    *called = 0;
    CHECK(SetWaitableTimer(timer, &due, 0, (void*)on_timer, (void*)'t', FALSE));
    CHECK_EQ(SleepEx(SOON, TRUE), WAIT_IO_COMPLETION);
    due.QuadPart = -1000000000;
    CHECK(SetWaitableTimer(timer, &due, 0, NULL, NULL, FALSE));
    CHECK_EQ(WaitForSingleObject(timer, 0), WAIT_TIMEOUT);
    CloseHandle(timer);
  }
}

/* Several threads add to what a lock guards. */
enum { kThreads = 4, kRounds = 2000 };
static CRITICAL_SECTION section;
static SRWLOCK srw = RTL_SRWLOCK_INIT;
static volatile int guarded;

static DWORD WINAPI count_in_section(void* unused) {
  (void)unused;
  for (int i = 0; i < kRounds; ++i) {
    EnterCriticalSection(&section);
    EnterCriticalSection(&section);
    guarded = guarded + 1;
    LeaveCriticalSection(&section);
    LeaveCriticalSection(&section);
  }
  return 0;
}
static DWORD WINAPI count_in_srw(void* unused) {
  (void)unused;
  for (int i = 0; i < kRounds; ++i) {
    AcquireSRWLockExclusive(&srw);
    guarded = guarded + 1;
    ReleaseSRWLockExclusive(&srw);
    AcquireSRWLockShared(&srw);
    const int seen = guarded;
    if (seen != guarded) guarded = -1000000;
    ReleaseSRWLockShared(&srw);
  }
  return 0;
}
static DWORD WINAPI try_section(void* unused) {
  (void)unused;
  return (DWORD)TryEnterCriticalSection(&section);
}
static DWORD WINAPI try_srw(void* shared) {
  const int got = shared ? TryAcquireSRWLockShared(&srw) : TryAcquireSRWLockExclusive(&srw);
  if (got && shared) ReleaseSRWLockShared(&srw);
  if (got && !shared) ReleaseSRWLockExclusive(&srw);
  return got != 0;
}
static void run_all(LPTHREAD_START_ROUTINE routine) {
  HANDLE threads[kThreads];
  for (int i = 0; i < kThreads; ++i) threads[i] = begin(routine, NULL);
  for (int i = 0; i < kThreads; ++i) end(threads[i]);
}

static void test_locks(void) {
  TEST("critical sections", "exclude, recurse, try, and know their owner") {
    CHECK(InitializeCriticalSectionAndSpinCount(&section, 1000));
    CHECK_EQ(SetCriticalSectionSpinCount(&section, 100) & 0xFFFFFF, 1000);
    guarded = 0;
    run_all(count_in_section);
    CHECK_EQ(guarded, kThreads * kRounds);
    EnterCriticalSection(&section);
    CHECK(TryEnterCriticalSection(&section));
    CHECK_EQ(section.RecursionCount, 2);
    CHECK_EQ((ULONG_PTR)section.OwningThread, GetCurrentThreadId());
    CHECK_EQ(end(begin(try_section, NULL)), FALSE);
    LeaveCriticalSection(&section);
    LeaveCriticalSection(&section);
    CHECK_EQ(section.RecursionCount, 0);
    DeleteCriticalSection(&section);
  }
  TEST("SRW locks", "one writer or many readers") {
    guarded = 0;
    run_all(count_in_srw);
    CHECK_EQ(guarded, kThreads * kRounds);
    AcquireSRWLockShared(&srw);
    CHECK_EQ(end(begin(try_srw, (void*)1)), 1);
    CHECK_EQ(end(begin(try_srw, NULL)), 0);
    ReleaseSRWLockShared(&srw);
    AcquireSRWLockExclusive(&srw);
    CHECK_EQ(end(begin(try_srw, (void*)1)), 0);
    ReleaseSRWLockExclusive(&srw);
    SRWLOCK quiet = {0};
    AcquireSRWLockExclusive(&quiet);
    ReleaseSRWLockExclusive(&quiet);
    AcquireSRWLockShared(&quiet);
    ReleaseSRWLockShared(&quiet);
    CHECK(quiet.Ptr == NULL);
  }
}

/* A queue of one place between two threads. */
static CONDITION_VARIABLE changed;
static volatile int place;
static DWORD WINAPI produce_under_section(void* unused) {
  (void)unused;
  for (int i = 1; i <= 100; ++i) {
    EnterCriticalSection(&section);
    while (place) SleepConditionVariableCS(&changed, &section, INFINITE);
    place = i;
    LeaveCriticalSection(&section);
    WakeAllConditionVariable(&changed);
  }
  return 0;
}
static DWORD WINAPI produce_under_srw(void* unused) {
  (void)unused;
  for (int i = 1; i <= 100; ++i) {
    AcquireSRWLockExclusive(&srw);
    while (place) SleepConditionVariableSRW(&changed, &srw, INFINITE, 0);
    place = i;
    ReleaseSRWLockExclusive(&srw);
    WakeConditionVariable(&changed);
  }
  return 0;
}

static void test_condition_variables(void) {
  TEST("condition variables", "with a critical section") {
    InitializeCriticalSection(&section);
    const HANDLE producer = begin(produce_under_section, NULL);
    int sum = 0;
    for (int i = 0; i < 100; ++i) {
      EnterCriticalSection(&section);
      while (!place) SleepConditionVariableCS(&changed, &section, INFINITE);
      sum += place;
      place = 0;
      LeaveCriticalSection(&section);
      WakeAllConditionVariable(&changed);
    }
    end(producer);
    CHECK_EQ(sum, 5050);
    EnterCriticalSection(&section);
    CHECK_FAILS(SleepConditionVariableCS(&changed, &section, 1), ERROR_TIMEOUT);
    CHECK_EQ(section.RecursionCount, 1);
    LeaveCriticalSection(&section);
    DeleteCriticalSection(&section);
  }
  TEST("condition variables", "with an SRW lock, held either way") {
    const HANDLE producer = begin(produce_under_srw, NULL);
    int sum = 0;
    for (int i = 0; i < 100; ++i) {
      AcquireSRWLockExclusive(&srw);
      while (!place) SleepConditionVariableSRW(&changed, &srw, INFINITE, 0);
      sum += place;
      place = 0;
      ReleaseSRWLockExclusive(&srw);
      WakeConditionVariable(&changed);
    }
    end(producer);
    CHECK_EQ(sum, 5050);
    AcquireSRWLockShared(&srw);
    CHECK_FAILS(SleepConditionVariableSRW(&changed, &srw, 1, CONDITION_VARIABLE_LOCKMODE_SHARED), ERROR_TIMEOUT);
    CHECK_EQ(end(begin(try_srw, (void*)1)), 1);
    ReleaseSRWLockShared(&srw);
  }
}

static int initialisations;
static BOOL CALLBACK initialise(INIT_ONCE* once, void* parameter, void** context) {
  (void)once;
  initialisations += 1;
  if (!parameter) return FALSE;
  *context = parameter;
  return TRUE;
}
static INIT_ONCE shared_once = INIT_ONCE_STATIC_INIT;
static DWORD WINAPI run_once(void* context) {
  void* found = NULL;
  return InitOnceExecuteOnce(&shared_once, initialise, context, &found) && found != NULL;
}

static void test_once(void) {
  TEST("InitOnce", "the callback runs once, or again after it failed") {
    INIT_ONCE once = INIT_ONCE_STATIC_INIT;
    void* context = NULL;
    initialisations = 0;
    CHECK_FALSE(InitOnceExecuteOnce(&once, initialise, NULL, &context));
    CHECK(InitOnceExecuteOnce(&once, initialise, (void*)0x40, &context));
    CHECK_EQ((ULONG_PTR)context, 0x40);
    CHECK(InitOnceExecuteOnce(&once, initialise, (void*)0x80, &context));
    CHECK_EQ((ULONG_PTR)context, 0x40);
    CHECK_EQ(initialisations, 2);
  }
  TEST("InitOnce", "once among many threads") {
    initialisations = 0;
    HANDLE threads[kThreads];
    for (int i = 0; i < kThreads; ++i) threads[i] = begin(run_once, (void*)0x40);
    for (int i = 0; i < kThreads; ++i) CHECK_EQ(end(threads[i]), 1);
    CHECK_EQ(initialisations, 1);
  }
  TEST("InitOnce", "begun and completed by hand") {
    INIT_ONCE once = INIT_ONCE_STATIC_INIT;
    BOOL pending = FALSE;
    void* context = NULL;
    CHECK_FAILS(InitOnceBeginInitialize(&once, INIT_ONCE_CHECK_ONLY, &pending, &context), ERROR_GEN_FAILURE);
    CHECK(InitOnceBeginInitialize(&once, 0, &pending, &context));
    CHECK(pending);
    CHECK(InitOnceComplete(&once, INIT_ONCE_INIT_FAILED, NULL));
    CHECK(InitOnceBeginInitialize(&once, 0, &pending, &context));
    CHECK(pending);
    CHECK(InitOnceComplete(&once, 0, (void*)0x40));
    CHECK(InitOnceBeginInitialize(&once, 0, &pending, &context));
    CHECK_FALSE(pending);
    CHECK_EQ((ULONG_PTR)context, 0x40);
    CHECK_FAILS(InitOnceComplete(&once, 0, NULL), ERROR_GEN_FAILURE);
  }
  TEST("InitOnce", "asynchronously: several begin, one completes") {
    INIT_ONCE once = INIT_ONCE_STATIC_INIT;
    BOOL pending = FALSE;
    void* context = NULL;
    CHECK(InitOnceBeginInitialize(&once, INIT_ONCE_ASYNC, &pending, &context));
    CHECK(pending);
    CHECK(InitOnceBeginInitialize(&once, INIT_ONCE_ASYNC, &pending, &context));
    CHECK(pending);
    CHECK(InitOnceComplete(&once, INIT_ONCE_ASYNC, (void*)0x40));
    CHECK_FAILS(InitOnceComplete(&once, INIT_ONCE_ASYNC, (void*)0x80), ERROR_GEN_FAILURE);
    CHECK(InitOnceBeginInitialize(&once, INIT_ONCE_CHECK_ONLY, &pending, &context));
    CHECK_EQ((ULONG_PTR)context, 0x40);
  }
}

static volatile int watched;
static BOOL wait_on(volatile void* address, void* compare, SIZE_T size, DWORD ms) {
  return PROC(BOOL, GetModuleHandleA("kernelbase.dll"), "WaitOnAddress", (volatile void*, void*, SIZE_T, DWORD))(
      address, compare, size, ms);
}
static DWORD WINAPI wait_for_watched(void* unused) {
  (void)unused;
  int seen = 0;
  while (watched == 0) wait_on(&watched, &seen, sizeof seen, INFINITE);
  return (DWORD)watched;
}

static void test_addresses(void) {
  TEST("WaitOnAddress", "returns at once for another value, in time, or when woken") {
    int zero = 0;
    long long wide = 5, other = 6;
    char narrow = 1, same = 1;
    watched = 0;
    CHECK(wait_on(&wide, &other, 8, INFINITE));
    CHECK_FAILS(wait_on(&narrow, &same, 1, 1), ERROR_TIMEOUT);
    CHECK_FAILS(wait_on(&watched, &zero, 3, 1), ERROR_INVALID_PARAMETER);
    HANDLE threads[kThreads];
    for (int i = 0; i < kThreads; ++i) threads[i] = begin(wait_for_watched, NULL);
    watched = 7;
    PROC(void, GetModuleHandleA("kernelbase.dll"), "WakeByAddressAll", (volatile void*))(&watched);
    for (int i = 0; i < kThreads; ++i) CHECK_EQ(end(threads[i]), 7);
  }
}

int main(void) {
  test_events();
  test_mutexes_and_semaphores();
  test_waits();
  test_apcs_and_timers();
  test_locks();
  test_condition_variables();
  test_once();
  test_addresses();
  return finish();
}

/* ntdll's locks, lists, thread pool and queues under their own names, as runtimes and DLLs call them. */
#include "support/by_name.h"
/* after check.h */
#include "support/portable_sync.h"

#define STATUS_TIMEOUT_ 0x102

static const int64_t kNow = 0, kSoon = -10000LL * SOON, kBrief = -100000;

typedef struct entry {
  struct entry* next;
  void* aligned;
} entry;

static void test_lists(void) {
  TEST("RtlInterlockedPushEntrySList", "last in, first out") {
    static entry list __attribute__((aligned(16))), entries[4] __attribute__((aligned(16)));
    typedef entry*(WINAPI * pops)(void*);
    NTDLL(void, "RtlInitializeSListHead", (void*))(&list);
    const pops pop = (pops)required("ntdll.dll", "RtlInterlockedPopEntrySList");
    CHECK(pop(&list) == NULL);
    CHECK(NTDLL(entry*, "RtlInterlockedPushEntrySList", (void*, entry*))(&list, &entries[0]) == NULL);
    CHECK(NTDLL(entry*, "RtlInterlockedPushEntrySList", (void*, entry*))(&list, &entries[1]) == &entries[0]);
    CHECK_EQ(NTDLL(USHORT, "RtlQueryDepthSList", (void*))(&list), 2);
    CHECK(NTDLL(entry*, "RtlFirstEntrySList", (void*))(&list) == &entries[1]);
    CHECK(pop(&list) == &entries[1]);
    entries[2].next = &entries[3];
    CHECK(NTDLL(entry*, "RtlInterlockedPushListSListEx", (void*, entry*, entry*, ULONG))(
              &list, &entries[2], &entries[3], 2) == &entries[0]);
    CHECK_EQ(NTDLL(USHORT, "RtlQueryDepthSList", (void*))(&list), 3);
    entry* const all = NTDLL(entry*, "RtlInterlockedFlushSList", (void*))(&list);
    CHECK(all == &entries[2] && all->next == &entries[3] && all->next->next == &entries[0]);
    CHECK_EQ(NTDLL(USHORT, "RtlQueryDepthSList", (void*))(&list), 0);
  }
}

static void test_locks(void) {
  TEST("RtlInitializeSRWLock", "exclusive and shared owners") {
    SRWLOCK lock;
    NTDLL(void, "RtlInitializeSRWLock", (SRWLOCK*))(&lock);
    CHECK(lock.Ptr == NULL);
    NTDLL(void, "RtlAcquireSRWLockExclusive", (SRWLOCK*))(&lock);
    CHECK_FALSE(NTDLL(BOOLEAN, "RtlTryAcquireSRWLockShared", (SRWLOCK*))(&lock));
    CHECK_FALSE(NTDLL(BOOLEAN, "RtlTryAcquireSRWLockExclusive", (SRWLOCK*))(&lock));
    NTDLL(void, "RtlReleaseSRWLockExclusive", (SRWLOCK*))(&lock);
    NTDLL(void, "RtlAcquireSRWLockShared", (SRWLOCK*))(&lock);
    CHECK(NTDLL(BOOLEAN, "RtlTryAcquireSRWLockShared", (SRWLOCK*))(&lock));
    CHECK_FALSE(NTDLL(BOOLEAN, "RtlTryAcquireSRWLockExclusive", (SRWLOCK*))(&lock));
    NTDLL(void, "RtlReleaseSRWLockShared", (SRWLOCK*))(&lock);
    NTDLL(void, "RtlReleaseSRWLockShared", (SRWLOCK*))(&lock);
    CHECK(lock.Ptr == NULL);
  }
  TEST("RtlInitializeCriticalSection", "entered again by its owner, and known to be") {
    CRITICAL_SECTION section;
    CHECK_EQ(NTDLL(ULONG, "RtlInitializeCriticalSectionEx", (CRITICAL_SECTION*, ULONG, ULONG))(&section, 9, 0), 0);
    CHECK_EQ(NTDLL(ULONG, "RtlDeleteCriticalSection", (CRITICAL_SECTION*))(&section), 0);
    CHECK_EQ(NTDLL(ULONG, "RtlInitializeCriticalSectionAndSpinCount", (CRITICAL_SECTION*, ULONG))(&section, 100), 0);
    CHECK_EQ(NTDLL(ULONG, "RtlSetCriticalSectionSpinCount", (CRITICAL_SECTION*, ULONG))(&section, 7), 100);
    CHECK_EQ(NTDLL(ULONG, "RtlDeleteCriticalSection", (CRITICAL_SECTION*))(&section), 0);
    CHECK_EQ(NTDLL(ULONG, "RtlInitializeCriticalSection", (CRITICAL_SECTION*))(&section), 0);
    CHECK_FALSE(NTDLL(BOOL, "RtlIsCriticalSectionLocked", (CRITICAL_SECTION*))(&section));
    CHECK_EQ(NTDLL(ULONG, "RtlEnterCriticalSection", (CRITICAL_SECTION*))(&section), 0);
    CHECK(NTDLL(BOOL, "RtlTryEnterCriticalSection", (CRITICAL_SECTION*))(&section));
    CHECK_EQ(section.RecursionCount, 2);
    CHECK(NTDLL(BOOL, "RtlIsCriticalSectionLocked", (CRITICAL_SECTION*))(&section));
    CHECK(NTDLL(BOOL, "RtlIsCriticalSectionLockedByThread", (CRITICAL_SECTION*))(&section));
    CHECK_EQ(NTDLL(ULONG, "RtlLeaveCriticalSection", (CRITICAL_SECTION*))(&section), 0);
    CHECK_EQ(NTDLL(ULONG, "RtlLeaveCriticalSection", (CRITICAL_SECTION*))(&section), 0);
    CHECK_FALSE(NTDLL(BOOL, "RtlIsCriticalSectionLockedByThread", (CRITICAL_SECTION*))(&section));
    CHECK_EQ(NTDLL(ULONG, "RtlDeleteCriticalSection", (CRITICAL_SECTION*))(&section), 0);
  }
}

static BOOL CALLBACK once_yes(INIT_ONCE* once, void* parameter, void** context) {
  (void)once;
  ++*(int*)parameter;
  *context = (void*)0x120;
  return TRUE;
}

static void test_once(void) {
  TEST("RtlRunOnceExecuteOnce", "once, and everybody gets the context") {
    INIT_ONCE once;
    int runs = 0;
    void* context = NULL;
    NTDLL(void, "RtlRunOnceInitialize", (INIT_ONCE*))(&once);
    for (int i = 0; i < 2; ++i)
      CHECK_EQ(NTDLL(ULONG, "RtlRunOnceExecuteOnce", (INIT_ONCE*, void*, void*, void**))(&once, (void*)once_yes, &runs,
                                                                                         &context),
               0);
    CHECK_EQ(runs, 1);
    CHECK_EQ((ULONG_PTR)context, 0x120);
  }
  TEST("RtlRunOnceBeginInitialize", "pending, completed, done") {
    INIT_ONCE once;
    void* context = NULL;
    NTDLL(void, "RtlRunOnceInitialize", (INIT_ONCE*))(&once);
    CHECK_EQ(NTDLL(ULONG, "RtlRunOnceBeginInitialize", (INIT_ONCE*, ULONG, void**))(&once, 1, &context), 0xC0000001);
    CHECK_EQ(NTDLL(ULONG, "RtlRunOnceBeginInitialize", (INIT_ONCE*, ULONG, void**))(&once, 0, &context), 0x103);
    CHECK_EQ(NTDLL(ULONG, "RtlRunOnceComplete", (INIT_ONCE*, ULONG, void*))(&once, 0, (void*)0x40), 0);
    CHECK_EQ(NTDLL(ULONG, "RtlRunOnceBeginInitialize", (INIT_ONCE*, ULONG, void**))(&once, 0, &context), 0);
    CHECK_EQ((ULONG_PTR)context, 0x40);
    CHECK(NTDLL(ULONG, "RtlRunOnceComplete", (INIT_ONCE*, ULONG, void*))(&once, 0, NULL) != 0);
  }
}

/* What one thread waits for and the other changes. */
static volatile LONG word;
static CONDITION_VARIABLE changed;
static SRWLOCK guard;
static CRITICAL_SECTION section_guard;
static HANDLE waiting;

static DWORD WINAPI wait_on_word(void* unused) {
  LONG old = 0;
  (void)unused;
  SetEvent(waiting);
  while (word == old)
    if (NTDLL(ULONG, "RtlWaitOnAddress", (volatile void*, void*, SIZE_T, const int64_t*))(&word, &old, sizeof old,
                                                                                          &kSoon) != 0)
      return 1;
  return 0;
}
static DWORD WINAPI wait_for_change(void* unused) {
  ULONG status = 0;
  (void)unused;
  NTDLL(void, "RtlAcquireSRWLockExclusive", (SRWLOCK*))(&guard);
  SetEvent(waiting);
  while (word == 0 && status == 0)
    status = NTDLL(ULONG, "RtlSleepConditionVariableSRW", (CONDITION_VARIABLE*, SRWLOCK*, const int64_t*, ULONG))(
        &changed, &guard, &kSoon, 0);
  NTDLL(void, "RtlReleaseSRWLockExclusive", (SRWLOCK*))(&guard);
  return status;
}
static DWORD WINAPI wait_for_alert(void* unused) {
  (void)unused;
  /* Looked up first: Wine's loader lock waits for alerts, too, and may take this one. */
  ULONG(WINAPI * wait)
  (const void*, const int64_t*) = NTDLL(ULONG, "NtWaitForAlertByThreadId", (const void*, const int64_t*));
  SetEvent(waiting);
  return wait(NULL, &kSoon);
}
static DWORD ended(HANDLE thread) {
  DWORD code = 99;
  CHECK_EQ(WaitForSingleObject(thread, SOON), WAIT_OBJECT_0);
  CHECK(GetExitCodeThread(thread, &code));
  CloseHandle(thread);
  return code;
}
static HANDLE started(LPTHREAD_START_ROUTINE routine, DWORD* id) {
  word = 0;
  const HANDLE thread = CreateThread(NULL, 0, routine, NULL, 0, id);
  CHECK_EQ(WaitForSingleObject(waiting, SOON), WAIT_OBJECT_0);
  return thread;
}

static void test_waiting(void) {
  waiting = CreateEventA(NULL, FALSE, FALSE, NULL);
  TEST("RtlWaitOnAddress", "until the value changes and somebody says so, or the time is over") {
    LONG same = 0;
    word = 0;
    CHECK_EQ(
        NTDLL(ULONG, "RtlWaitOnAddress", (volatile void*, void*, SIZE_T, const int64_t*))(&word, &same, 4, &kBrief),
        STATUS_TIMEOUT_);
    same = 1;
    CHECK_EQ(NTDLL(ULONG, "RtlWaitOnAddress", (volatile void*, void*, SIZE_T, const int64_t*))(&word, &same, 4, NULL),
             0);
    static const char* const kWake[] = {"RtlWakeAddressSingle", "RtlWakeAddressAll"};
    for (int i = 0; i < 2; ++i) {
      const HANDLE thread = started(wait_on_word, NULL);
      word = 1;
      NTDLL(void, kWake[i], (volatile void*))(&word);
      CHECK_EQ(ended(thread), 0);
    }
  }
  TEST("RtlSleepConditionVariableSRW", "woken, or the time is over, with the lock held again") {
    NTDLL(void, "RtlInitializeConditionVariable", (CONDITION_VARIABLE*))(&changed);
    static const char* const kWake[] = {"RtlWakeConditionVariable", "RtlWakeAllConditionVariable"};
    for (int i = 0; i < 2; ++i) {
      const HANDLE thread = started(wait_for_change, NULL);
      NTDLL(void, "RtlAcquireSRWLockExclusive", (SRWLOCK*))(&guard);
      word = 1;
      NTDLL(void, "RtlReleaseSRWLockExclusive", (SRWLOCK*))(&guard);
      NTDLL(void, kWake[i], (CONDITION_VARIABLE*))(&changed);
      CHECK_EQ(ended(thread), 0);
    }
    InitializeCriticalSection(&section_guard);
    EnterCriticalSection(&section_guard);
    CHECK_EQ(NTDLL(ULONG, "RtlSleepConditionVariableCS", (CONDITION_VARIABLE*, CRITICAL_SECTION*, const int64_t*))(
                 &changed, &section_guard, &kBrief),
             STATUS_TIMEOUT_);
    CHECK_EQ(section_guard.RecursionCount, 1);
    LeaveCriticalSection(&section_guard);
  }
  TEST("NtAlertThreadByThreadId", "an alert comes now or later, once") {
    DWORD id = 0;
    CHECK_EQ(NTDLL(ULONG, "NtWaitForAlertByThreadId", (const void*, const int64_t*))(NULL, &kNow), STATUS_TIMEOUT_);
    const HANDLE thread = started(wait_for_alert, &id);
    CHECK_EQ(NTDLL(ULONG, "NtAlertThreadByThreadId", (ULONG_PTR))(id), 0);
    CHECK_EQ(ended(thread), 0x101);
    CHECK_EQ(NTDLL(ULONG, "NtAlertThreadByThreadId", (ULONG_PTR))(GetCurrentThreadId()), 0);
    CHECK_EQ(NTDLL(ULONG, "NtWaitForAlertByThreadId", (const void*, const int64_t*))(NULL, &kSoon), 0x101);
    CHECK_EQ(NTDLL(ULONG, "NtAlertThreadByThreadId", (ULONG_PTR))(0xFFFFFFF0), 0xC000000B);
  }
  CloseHandle(waiting);
}

/* ---- The thread pool ---- */

static HANDLE ran; /* a semaphore */
static CRITICAL_SECTION held;
static HANDLE left_event, left_semaphore, left_mutex;

#define RAN() CHECK_EQ(WaitForSingleObject(ran, SOON), WAIT_OBJECT_0)

static void CALLBACK simple(PTP_CALLBACK_INSTANCE instance, void* context) {
  (void)instance, (void)context;
  ReleaseSemaphore(ran, 1, NULL);
}
static void CALLBACK item(PTP_CALLBACK_INSTANCE instance, void* context, void* object) {
  (void)instance, (void)context, (void)object;
  ReleaseSemaphore(ran, 1, NULL);
}
static void CALLBACK waited(PTP_CALLBACK_INSTANCE instance, void* context, void* object, DWORD result) {
  (void)instance, (void)object;
  *(volatile DWORD*)context = result;
  ReleaseSemaphore(ran, 1, NULL);
}
static void CALLBACK leaves(PTP_CALLBACK_INSTANCE instance, void* context) {
  (void)context;
  NTDLL(void, "RtlEnterCriticalSection", (CRITICAL_SECTION*))(&held);
  WaitForSingleObject(left_mutex, SOON);
  NTDLL(void, "TpCallbackSetEventOnCompletion", (void*, HANDLE))(instance, left_event);
  NTDLL(void, "TpCallbackReleaseSemaphoreOnCompletion", (void*, HANDLE, DWORD))(instance, left_semaphore, 2);
  NTDLL(void, "TpCallbackReleaseMutexOnCompletion", (void*, HANDLE))(instance, left_mutex);
  NTDLL(void, "TpCallbackLeaveCriticalSectionOnCompletion", (void*, void*))(instance, &held);
  NTDLL(void, "TpCallbackUnloadDllOnCompletion", (void*, void*))(instance, LoadLibraryA("version.dll"));
  NTDLL(ULONG, "TpCallbackMayRunLong", (void*))(instance);
  NTDLL(void, "TpDisassociateCallback", (void*))(instance);
}
static void CALLBACK io_done(PTP_CALLBACK_INSTANCE instance, void* context, void* value, void* block, void* io) {
  (void)instance, (void)context, (void)block, (void)io, (void)value;
  ReleaseSemaphore(ran, 1, NULL);
}

static void test_pool(void) {
  void* pool = NULL;
  void* group = NULL;
  TP_CALLBACK_ENVIRON environment;
  TEST("TpAllocPool", "a pool of its own, with bounds and stacks of a wanted size") {
    CHECK_EQ(NTDLL(ULONG, "TpAllocPool", (void**, void*))(&pool, NULL), 0);
    NTDLL(void, "TpSetPoolMaxThreads", (void*, DWORD))(pool, 2);
    NTDLL(ULONG, "TpSetPoolMinThreads", (void*, DWORD))(pool, 1);
    SIZE_T stack[2] = {1 << 20, 1 << 16}, read[2] = {0, 0};
    CHECK_EQ(NTDLL(ULONG, "TpSetPoolStackInformation", (void*, SIZE_T*))(pool, stack), 0);
    CHECK_EQ(NTDLL(ULONG, "TpQueryPoolStackInformation", (void*, SIZE_T*))(pool, read), 0);
    CHECK_EQ(read[0], 1 << 20);
    CHECK_EQ(NTDLL(ULONG, "TpAllocCleanupGroup", (void**))(&group), 0);
    InitializeThreadpoolEnvironment(&environment);
    SetThreadpoolCallbackPool(&environment, pool);
    SetThreadpoolCallbackCleanupGroup(&environment, group, NULL);
  }
  TEST("TpSimpleTryPost", "runs a function; what it leaves behind is done after it") {
    CHECK_EQ(NTDLL(ULONG, "TpSimpleTryPost", (void*, void*, TP_CALLBACK_ENVIRON*))((void*)simple, NULL, NULL), 0);
    RAN();
    InitializeCriticalSection(&held);
    left_event = CreateEventA(NULL, FALSE, FALSE, NULL);
    left_semaphore = CreateSemaphoreA(NULL, 0, 5, NULL);
    left_mutex = CreateMutexA(NULL, FALSE, NULL);
    CHECK_EQ(NTDLL(ULONG, "TpSimpleTryPost", (void*, void*, TP_CALLBACK_ENVIRON*))((void*)leaves, NULL, NULL), 0);
    CHECK_EQ(WaitForSingleObject(left_event, SOON), WAIT_OBJECT_0);
    CHECK_EQ(WaitForSingleObject(left_semaphore, SOON), WAIT_OBJECT_0);
    CHECK_EQ(WaitForSingleObject(left_semaphore, SOON), WAIT_OBJECT_0);
    CHECK_EQ(WaitForSingleObject(left_mutex, SOON), WAIT_OBJECT_0);
    EnterCriticalSection(&held);
    LeaveCriticalSection(&held);
    ReleaseMutex(left_mutex);
  }
  TEST("TpAllocWork", "posted, waited for, released") {
    void* work = NULL;
    CHECK_EQ(NTDLL(ULONG, "TpAllocWork", (void**, void*, void*, TP_CALLBACK_ENVIRON*))(&work, (void*)item, NULL,
                                                                                       &environment),
             0);
    NTDLL(void, "TpPostWork", (void*))(work);
    NTDLL(void, "TpWaitForWork", (void*, BOOL))(work, FALSE);
    CHECK_EQ(WaitForSingleObject(ran, 0), WAIT_OBJECT_0);
    NTDLL(void, "TpReleaseWork", (void*))(work);
  }
  TEST("TpAllocTimer", "set, fired, unset") {
    void* timer = NULL;
    CHECK_EQ(NTDLL(ULONG, "TpAllocTimer", (void**, void*, void*, TP_CALLBACK_ENVIRON*))(&timer, (void*)item, NULL,
                                                                                        &environment),
             0);
    CHECK_FALSE(NTDLL(BOOL, "TpIsTimerSet", (void*))(timer));
    NTDLL(void, "TpSetTimer", (void*, const int64_t*, LONG, LONG))(timer, &kBrief, 0, 0);
    CHECK(NTDLL(BOOL, "TpIsTimerSet", (void*))(timer));
    RAN();
    if (has("ntdll.dll", "TpSetTimerEx")) {
      NTDLL(void, "TpSetTimer", (void*, const int64_t*, LONG, LONG))(timer, &kSoon, 0, 0);
      CHECK(NTDLL(BOOL, "TpSetTimerEx", (void*, const int64_t*, LONG, LONG))(timer, NULL, 0, 0));
      CHECK_FALSE(NTDLL(BOOL, "TpSetTimerEx", (void*, const int64_t*, LONG, LONG))(timer, NULL, 0, 0));
    }
    NTDLL(void, "TpWaitForTimer", (void*, BOOL))(timer, TRUE);
    NTDLL(void, "TpReleaseTimer", (void*))(timer);
  }
  TEST("TpAllocWait", "told when the handle is signalled, and when the time is over") {
    volatile DWORD result = 99;
    void* wait = NULL;
    const HANDLE event = CreateEventA(NULL, FALSE, FALSE, NULL);
    CHECK_EQ(NTDLL(ULONG, "TpAllocWait", (void**, void*, volatile DWORD*, TP_CALLBACK_ENVIRON*))(&wait, (void*)waited,
                                                                                                 &result, &environment),
             0);
    NTDLL(void, "TpSetWait", (void*, HANDLE, const int64_t*))(wait, event, NULL);
    SetEvent(event);
    RAN();
    CHECK_EQ(result, WAIT_OBJECT_0);
    NTDLL(void, "TpSetWait", (void*, HANDLE, const int64_t*))(wait, event, &kBrief);
    RAN();
    CHECK_EQ(result, WAIT_TIMEOUT);
    if (has("ntdll.dll", "TpSetWaitEx")) {
      NTDLL(void, "TpSetWait", (void*, HANDLE, const int64_t*))(wait, event, NULL);
      CHECK(NTDLL(BOOL, "TpSetWaitEx", (void*, HANDLE, const int64_t*, void*))(wait, NULL, NULL, NULL));
    }
    NTDLL(void, "TpWaitForWait", (void*, BOOL))(wait, TRUE);
    NTDLL(void, "TpReleaseWait", (void*))(wait);
    CloseHandle(event);
  }
  TEST("TpAllocIoCompletion", "told of what a started operation did") {
    const HANDLE file =
        CreateFileA(in_scratch("io"), GENERIC_WRITE, 0, NULL, CREATE_ALWAYS, FILE_FLAG_OVERLAPPED, NULL);
    void* io = NULL;
    CHECK_EQ(NTDLL(ULONG, "TpAllocIoCompletion", (void**, HANDLE, void*, void*, TP_CALLBACK_ENVIRON*))(
                 &io, file, (void*)io_done, NULL, NULL),
             0);
    REQUIRE(io);
    OVERLAPPED overlapped;
    memset(&overlapped, 0, sizeof overlapped);
    NTDLL(void, "TpStartAsyncIoOperation", (void*))(io);
    WriteFile(file, "abc", 3, NULL, &overlapped);
    RAN();
    NTDLL(void, "TpStartAsyncIoOperation", (void*))(io);
    NTDLL(void, "TpCancelAsyncIoOperation", (void*))(io);
    NTDLL(void, "TpWaitForIoCompletion", (void*, BOOL))(io, FALSE);
    NTDLL(void, "TpReleaseIoCompletion", (void*))(io);
    CloseHandle(file);
    DeleteFileA(in_scratch("io"));
  }
  TEST("TpReleaseCleanupGroupMembers", "releases what the group has") {
    void* work = NULL;
    CHECK_EQ(NTDLL(ULONG, "TpAllocWork", (void**, void*, void*, TP_CALLBACK_ENVIRON*))(&work, (void*)item, NULL,
                                                                                       &environment),
             0);
    NTDLL(void, "TpPostWork", (void*))(work);
    NTDLL(void, "TpReleaseCleanupGroupMembers", (void*, BOOL, void*))(group, FALSE, NULL);
    CHECK_EQ(WaitForSingleObject(ran, 0), WAIT_OBJECT_0);
    NTDLL(void, "TpReleaseCleanupGroup", (void*))(group);
    NTDLL(void, "TpReleasePool", (void*))(pool);
  }
}

/* ---- The older functions ---- */

static void WINAPI queued(void* context) {
  (void)context;
  ReleaseSemaphore(ran, 1, NULL);
}
static void CALLBACK fired(void* context, BOOLEAN timeout) {
  *(volatile int*)context = timeout;
  ReleaseSemaphore(ran, 1, NULL);
}
static void CALLBACK completed(DWORD error, DWORD bytes, OVERLAPPED* overlapped) {
  overlapped->hEvent = (HANDLE)(ULONG_PTR)(bytes + 1000 * error);
  ReleaseSemaphore(ran, 1, NULL);
}

static void test_queues(void) {
  TEST("RtlQueueWorkItem", "runs a function") {
    CHECK_EQ(NTDLL(ULONG, "RtlQueueWorkItem", (void*, void*, ULONG))((void*)queued, NULL, 0), 0);
    RAN();
  }
  TEST("RtlRegisterWait", "told each time, until deregistered") {
    volatile int timeout = 9;
    HANDLE wait = NULL;
    const HANDLE event = CreateEventA(NULL, FALSE, FALSE, NULL);
    CHECK_EQ(NTDLL(ULONG, "RtlRegisterWait", (HANDLE*, HANDLE, void*, volatile void*, ULONG, ULONG))(
                 &wait, event, (void*)fired, &timeout, INFINITE, 0),
             0);
    for (int i = 0; i < 2; ++i) {
      SetEvent(event);
      RAN();
      CHECK_EQ(timeout, 0);
    }
    CHECK_EQ(NTDLL(ULONG, "RtlDeregisterWaitEx", (HANDLE, HANDLE))(wait, (HANDLE)(LONG_PTR)-1), 0);
    CHECK_EQ(NTDLL(ULONG, "RtlRegisterWait", (HANDLE*, HANDLE, void*, volatile void*, ULONG, ULONG))(
                 &wait, event, (void*)fired, &timeout, 10, WT_EXECUTEONLYONCE),
             0);
    RAN();
    CHECK_EQ(timeout, 1);
    const ULONG status = NTDLL(ULONG, "RtlDeregisterWait", (HANDLE))(wait);
    CHECK(status == 0 || status == 0x103);
    CloseHandle(event);
  }
  TEST("RtlCreateTimerQueue", "timers of a queue: fired, changed, deleted") {
    volatile int timeout = 9;
    HANDLE queue = NULL, timer = NULL;
    CHECK_EQ(NTDLL(ULONG, "RtlCreateTimerQueue", (HANDLE*))(&queue), 0);
    CHECK_EQ(NTDLL(ULONG, "RtlCreateTimer", (HANDLE, HANDLE*, void*, volatile void*, DWORD, DWORD, ULONG))(
                 queue, &timer, (void*)fired, &timeout, SOON, 0, 0),
             0);
    CHECK_EQ(NTDLL(ULONG, "RtlUpdateTimer", (HANDLE, HANDLE, DWORD, DWORD))(queue, timer, 1, 0), 0);
    RAN();
    CHECK_EQ(timeout, 1);
    CHECK_EQ(NTDLL(ULONG, "RtlDeleteTimer", (HANDLE, HANDLE, HANDLE))(queue, timer, (HANDLE)(LONG_PTR)-1), 0);
    CHECK_EQ(NTDLL(ULONG, "RtlDeleteTimerQueueEx", (HANDLE, HANDLE))(queue, (HANDLE)(LONG_PTR)-1), 0);
    CHECK_EQ(NTDLL(ULONG, "RtlCreateTimerQueue", (HANDLE*))(&queue), 0);
    if (!has("ntdll.dll", "RtlDeleteTimerQueue")) break;
    const ULONG status = NTDLL(ULONG, "RtlDeleteTimerQueue", (HANDLE))(queue);
    CHECK(status == 0 || status == 0x103);
  }
  TEST("RtlSetIoCompletionCallback", "told of finished operations") {
    const HANDLE file =
        CreateFileA(in_scratch("io"), GENERIC_WRITE, 0, NULL, CREATE_ALWAYS, FILE_FLAG_OVERLAPPED, NULL);
    OVERLAPPED overlapped;
    memset(&overlapped, 0, sizeof overlapped);
    CHECK_EQ(NTDLL(ULONG, "RtlSetIoCompletionCallback", (HANDLE, void*, ULONG))(file, (void*)completed, 0), 0);
    WriteFile(file, "abc", 3, NULL, &overlapped);
    RAN();
    CHECK_EQ((ULONG_PTR)overlapped.hEvent, 3);
    CloseHandle(file);
    DeleteFileA(in_scratch("io"));
  }
}

int main(void) {
  ran = CreateSemaphoreA(NULL, 0, 1000, NULL);
  test_lists();
  test_locks();
  test_once();
  test_waiting();
  test_pool();
  test_queues();
  RemoveDirectoryA(in_scratch(""));
  return finish();
}

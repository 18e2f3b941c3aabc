/* What <windows.h> has for synchronisation and thread pools, for the native build of the portable programs. */
#pragma once

#include "support/portable.h"

#ifndef _WIN32

#define WAIT_ABANDONED 0x80
#define WAIT_IO_COMPLETION 0xC0
#define WAIT_FAILED 0xFFFFFFFF
#define WT_EXECUTEONLYONCE 8
#define TIMER_ALL_ACCESS 0x1F0003
#define SYNCHRONIZE 0x100000
#define RTL_SRWLOCK_INIT \
  { 0 }
#define INIT_ONCE_STATIC_INIT \
  { 0 }
#define INIT_ONCE_CHECK_ONLY 1
#define INIT_ONCE_ASYNC 2
#define INIT_ONCE_INIT_FAILED 4
#define CONDITION_VARIABLE_LOCKMODE_SHARED 1
#define FILE_FLAG_OVERLAPPED 0x40000000
#define PIPE_ACCESS_DUPLEX 3

typedef struct {
  void* debug;
  LONG LockCount, RecursionCount;
  HANDLE OwningThread, LockSemaphore;
  ULONG_PTR SpinCount;
} CRITICAL_SECTION;
typedef struct {
  void* Ptr;
} SRWLOCK, CONDITION_VARIABLE, INIT_ONCE;
typedef union {
  long long QuadPart;
} LARGE_INTEGER;
typedef struct {
  DWORD dwLowDateTime, dwHighDateTime;
} FILETIME;
typedef struct {
  ULONG_PTR Internal, InternalHigh;
  union {
    struct {
      DWORD Offset, OffsetHigh;
    };
    void* Pointer;
  };
  HANDLE hEvent;
} OVERLAPPED;
typedef struct TP_POOL TP_POOL, *PTP_POOL;
typedef struct TP_CLEANUP_GROUP TP_CLEANUP_GROUP, *PTP_CLEANUP_GROUP;
typedef struct TP_WORK TP_WORK, *PTP_WORK;
typedef struct TP_TIMER TP_TIMER, *PTP_TIMER;
typedef struct TP_WAIT TP_WAIT, *PTP_WAIT;
typedef struct TP_IO TP_IO, *PTP_IO;
typedef struct TP_CALLBACK_INSTANCE TP_CALLBACK_INSTANCE, *PTP_CALLBACK_INSTANCE;
typedef void(CALLBACK* PTP_CLEANUP_GROUP_CANCEL_CALLBACK)(void* context, void* cleanup);
typedef void(CALLBACK* PTP_SIMPLE_CALLBACK)(PTP_CALLBACK_INSTANCE, void*);
typedef void(CALLBACK* PTP_WORK_CALLBACK)(PTP_CALLBACK_INSTANCE, void*, PTP_WORK);
typedef void(CALLBACK* PTP_TIMER_CALLBACK)(PTP_CALLBACK_INSTANCE, void*, PTP_TIMER);
typedef void(CALLBACK* PTP_WAIT_CALLBACK)(PTP_CALLBACK_INSTANCE, void*, PTP_WAIT, DWORD);
typedef void(CALLBACK* PTP_WIN32_IO_CALLBACK)(PTP_CALLBACK_INSTANCE, void*, void*, ULONG, ULONG_PTR, PTP_IO);
typedef void(CALLBACK* WAITORTIMERCALLBACK)(void*, BOOLEAN);
typedef struct {
  DWORD Version;
  PTP_POOL Pool;
  PTP_CLEANUP_GROUP CleanupGroup;
  PTP_CLEANUP_GROUP_CANCEL_CALLBACK CleanupGroupCancelCallback;
  void *RaceDll, *ActivationContext;
  PTP_SIMPLE_CALLBACK FinalizationCallback;
  DWORD Flags;
  LONG CallbackPriority;
  DWORD Size;
} TP_CALLBACK_ENVIRON;

static inline void InitializeThreadpoolEnvironment(TP_CALLBACK_ENVIRON* environment) {
  memset(environment, 0, sizeof *environment);
  environment->Version = 3;
  environment->CallbackPriority = 1;
  environment->Size = sizeof *environment;
}
static inline void SetThreadpoolCallbackPool(TP_CALLBACK_ENVIRON* environment, PTP_POOL pool) {
  environment->Pool = pool;
}
static inline void SetThreadpoolCallbackCleanupGroup(TP_CALLBACK_ENVIRON* environment, PTP_CLEANUP_GROUP group,
                                                     PTP_CLEANUP_GROUP_CANCEL_CALLBACK callback) {
  environment->CleanupGroup = group;
  environment->CleanupGroupCancelCallback = callback;
}
static inline void SetThreadpoolCallbackLibrary(TP_CALLBACK_ENVIRON* environment, void* module) {
  environment->RaceDll = module;
}
static inline void DestroyThreadpoolEnvironment(TP_CALLBACK_ENVIRON* environment) {
  (void)environment;
}

KERNEL32(HANDLE, CreateEventW, (void* s, BOOL manual, BOOL set, LPCWSTR name), (s, manual, set, name))
KERNEL32(HANDLE, OpenEventA, (DWORD a, BOOL i, LPCSTR name), (a, i, name))
KERNEL32(BOOL, ResetEvent, (HANDLE h), (h))
KERNEL32(BOOL, PulseEvent, (HANDLE h), (h))
KERNEL32(HANDLE, CreateMutexA, (void* s, BOOL owned, LPCSTR name), (s, owned, name))
KERNEL32(BOOL, ReleaseMutex, (HANDLE h), (h))
KERNEL32(HANDLE, CreateSemaphoreA, (void* s, LONG initial, LONG most, LPCSTR name), (s, initial, most, name))
KERNEL32(BOOL, ReleaseSemaphore, (HANDLE h, LONG n, LONG* previous), (h, n, previous))
KERNEL32(HANDLE, CreateWaitableTimerA, (void* s, BOOL manual, LPCSTR name), (s, manual, name))
KERNEL32(HANDLE, CreateWaitableTimerW, (void* s, BOOL manual, LPCWSTR name), (s, manual, name))
KERNEL32(BOOL, SetWaitableTimer, (HANDLE h, const LARGE_INTEGER* due, LONG period, void* f, void* p, BOOL resume),
         (h, due, period, f, p, resume))
KERNEL32(BOOL, CancelWaitableTimer, (HANDLE h), (h))
KERNEL32(DWORD, WaitForSingleObjectEx, (HANDLE h, DWORD ms, BOOL alertable), (h, ms, alertable))
KERNEL32(DWORD, WaitForMultipleObjects, (DWORD n, const HANDLE* h, BOOL all, DWORD ms), (n, h, all, ms))
KERNEL32(DWORD, WaitForMultipleObjectsEx, (DWORD n, const HANDLE* h, BOOL all, DWORD ms, BOOL a), (n, h, all, ms, a))
KERNEL32(DWORD, SignalObjectAndWait, (HANDLE s, HANDLE h, DWORD ms, BOOL a), (s, h, ms, a))
KERNEL32(DWORD, SleepEx, (DWORD ms, BOOL alertable), (ms, alertable))
KERNEL32(DWORD, QueueUserAPC, (void(CALLBACK * f)(ULONG_PTR), HANDLE thread, ULONG_PTR p), (f, thread, p))
KERNEL32(DWORD, ResumeThread, (HANDLE h), (h))
KERNEL32(HANDLE, GetCurrentThread, (void), ())
KERNEL32(void, InitializeCriticalSection, (CRITICAL_SECTION * s), (s))
KERNEL32(BOOL, InitializeCriticalSectionAndSpinCount, (CRITICAL_SECTION * s, DWORD spin), (s, spin))
KERNEL32(DWORD, SetCriticalSectionSpinCount, (CRITICAL_SECTION * s, DWORD spin), (s, spin))
KERNEL32(void, EnterCriticalSection, (CRITICAL_SECTION * s), (s))
KERNEL32(BOOL, TryEnterCriticalSection, (CRITICAL_SECTION * s), (s))
KERNEL32(void, LeaveCriticalSection, (CRITICAL_SECTION * s), (s))
KERNEL32(void, DeleteCriticalSection, (CRITICAL_SECTION * s), (s))
KERNEL32(void, AcquireSRWLockExclusive, (SRWLOCK * l), (l))
KERNEL32(void, AcquireSRWLockShared, (SRWLOCK * l), (l))
KERNEL32(void, ReleaseSRWLockExclusive, (SRWLOCK * l), (l))
KERNEL32(void, ReleaseSRWLockShared, (SRWLOCK * l), (l))
KERNEL32(BOOLEAN, TryAcquireSRWLockExclusive, (SRWLOCK * l), (l))
KERNEL32(BOOLEAN, TryAcquireSRWLockShared, (SRWLOCK * l), (l))
KERNEL32(BOOL, SleepConditionVariableCS, (CONDITION_VARIABLE * v, CRITICAL_SECTION* s, DWORD ms), (v, s, ms))
KERNEL32(BOOL, SleepConditionVariableSRW, (CONDITION_VARIABLE * v, SRWLOCK* l, DWORD ms, ULONG f), (v, l, ms, f))
KERNEL32(void, WakeConditionVariable, (CONDITION_VARIABLE * v), (v))
KERNEL32(void, WakeAllConditionVariable, (CONDITION_VARIABLE * v), (v))
KERNEL32(BOOL, InitOnceExecuteOnce,
         (INIT_ONCE * o, BOOL(CALLBACK* f)(INIT_ONCE*, void*, void**), void* parameter, void** context),
         (o, f, parameter, context))
KERNEL32(BOOL, InitOnceBeginInitialize, (INIT_ONCE * o, DWORD flags, BOOL* pending, void** context),
         (o, flags, pending, context))
KERNEL32(BOOL, InitOnceComplete, (INIT_ONCE * o, DWORD flags, void* context), (o, flags, context))
/* WaitOnAddress and its wakers are of kernelbase. */
KERNEL32(BOOL, TrySubmitThreadpoolCallback, (PTP_SIMPLE_CALLBACK f, void* p, TP_CALLBACK_ENVIRON* e), (f, p, e))
KERNEL32(PTP_WORK, CreateThreadpoolWork, (PTP_WORK_CALLBACK f, void* p, TP_CALLBACK_ENVIRON* e), (f, p, e))
KERNEL32(void, SubmitThreadpoolWork, (PTP_WORK w), (w))
KERNEL32(void, WaitForThreadpoolWorkCallbacks, (PTP_WORK w, BOOL cancel), (w, cancel))
KERNEL32(void, CloseThreadpoolWork, (PTP_WORK w), (w))
KERNEL32(PTP_TIMER, CreateThreadpoolTimer, (PTP_TIMER_CALLBACK f, void* p, TP_CALLBACK_ENVIRON* e), (f, p, e))
KERNEL32(void, SetThreadpoolTimer, (PTP_TIMER t, FILETIME* due, DWORD period, DWORD window), (t, due, period, window))
KERNEL32(BOOL, IsThreadpoolTimerSet, (PTP_TIMER t), (t))
KERNEL32(void, WaitForThreadpoolTimerCallbacks, (PTP_TIMER t, BOOL cancel), (t, cancel))
KERNEL32(void, CloseThreadpoolTimer, (PTP_TIMER t), (t))
KERNEL32(PTP_WAIT, CreateThreadpoolWait, (PTP_WAIT_CALLBACK f, void* p, TP_CALLBACK_ENVIRON* e), (f, p, e))
KERNEL32(void, SetThreadpoolWait, (PTP_WAIT w, HANDLE h, FILETIME* timeout), (w, h, timeout))
KERNEL32(void, WaitForThreadpoolWaitCallbacks, (PTP_WAIT w, BOOL cancel), (w, cancel))
KERNEL32(void, CloseThreadpoolWait, (PTP_WAIT w), (w))
KERNEL32(PTP_IO, CreateThreadpoolIo, (HANDLE h, PTP_WIN32_IO_CALLBACK f, void* p, TP_CALLBACK_ENVIRON* e), (h, f, p, e))
KERNEL32(void, StartThreadpoolIo, (PTP_IO io), (io))
KERNEL32(void, CancelThreadpoolIo, (PTP_IO io), (io))
KERNEL32(void, WaitForThreadpoolIoCallbacks, (PTP_IO io, BOOL cancel), (io, cancel))
KERNEL32(void, CloseThreadpoolIo, (PTP_IO io), (io))
KERNEL32(PTP_POOL, CreateThreadpool, (void* reserved), (reserved))
KERNEL32(void, CloseThreadpool, (PTP_POOL p), (p))
KERNEL32(void, SetThreadpoolThreadMaximum, (PTP_POOL p, DWORD n), (p, n))
KERNEL32(BOOL, SetThreadpoolThreadMinimum, (PTP_POOL p, DWORD n), (p, n))
KERNEL32(PTP_CLEANUP_GROUP, CreateThreadpoolCleanupGroup, (void), ())
KERNEL32(void, CloseThreadpoolCleanupGroup, (PTP_CLEANUP_GROUP g), (g))
KERNEL32(void, CloseThreadpoolCleanupGroupMembers, (PTP_CLEANUP_GROUP g, BOOL cancel, void* c), (g, cancel, c))
KERNEL32(BOOL, CallbackMayRunLong, (PTP_CALLBACK_INSTANCE i), (i))
KERNEL32(void, DisassociateCurrentThreadFromCallback, (PTP_CALLBACK_INSTANCE i), (i))
KERNEL32(void, SetEventWhenCallbackReturns, (PTP_CALLBACK_INSTANCE i, HANDLE h), (i, h))
KERNEL32(void, ReleaseSemaphoreWhenCallbackReturns, (PTP_CALLBACK_INSTANCE i, HANDLE h, DWORD n), (i, h, n))
KERNEL32(void, ReleaseMutexWhenCallbackReturns, (PTP_CALLBACK_INSTANCE i, HANDLE h), (i, h))
KERNEL32(void, LeaveCriticalSectionWhenCallbackReturns, (PTP_CALLBACK_INSTANCE i, CRITICAL_SECTION* s), (i, s))
KERNEL32(void, FreeLibraryWhenCallbackReturns, (PTP_CALLBACK_INSTANCE i, HMODULE m), (i, m))
KERNEL32(BOOL, QueueUserWorkItem, (LPTHREAD_START_ROUTINE f, void* p, ULONG flags), (f, p, flags))
KERNEL32(BOOL, RegisterWaitForSingleObject,
         (HANDLE * wait, HANDLE h, WAITORTIMERCALLBACK f, void* p, ULONG ms, ULONG flags), (wait, h, f, p, ms, flags))
KERNEL32(BOOL, UnregisterWait, (HANDLE wait), (wait))
KERNEL32(BOOL, UnregisterWaitEx, (HANDLE wait, HANDLE done), (wait, done))
KERNEL32(HANDLE, CreateTimerQueue, (void), ())
KERNEL32(BOOL, DeleteTimerQueueEx, (HANDLE q, HANDLE done), (q, done))
KERNEL32(BOOL, CreateTimerQueueTimer,
         (HANDLE * timer, HANDLE q, WAITORTIMERCALLBACK f, void* p, DWORD due, DWORD period, ULONG flags),
         (timer, q, f, p, due, period, flags))
KERNEL32(BOOL, ChangeTimerQueueTimer, (HANDLE q, HANDLE timer, ULONG due, ULONG period), (q, timer, due, period))
KERNEL32(BOOL, DeleteTimerQueueTimer, (HANDLE q, HANDLE timer, HANDLE done), (q, timer, done))
KERNEL32(BOOL, BindIoCompletionCallback, (HANDLE h, void(CALLBACK* f)(DWORD, DWORD, OVERLAPPED*), ULONG flags),
         (h, f, flags))
KERNEL32(HANDLE, CreateNamedPipeA,
         (LPCSTR name, DWORD open, DWORD mode, DWORD most, DWORD out, DWORD in, DWORD ms, void* s),
         (name, open, mode, most, out, in, ms, s))
KERNEL32(BOOL, ConnectNamedPipe, (HANDLE h, OVERLAPPED* o), (h, o))

#endif

/* How long a wait may take that must end. */
#define SOON 30000

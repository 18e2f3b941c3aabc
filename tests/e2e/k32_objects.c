/* kernel32's functions for objects, memory, threads and processes that other tests do not call. */
#include "support/by_name.h"
/* after check.h */
#include "support/portable_sync.h"

#define SELF ((HANDLE)(LONG_PTR)-1)
#define INVALID_PARAMETER 87
#define FILE_NOT_FOUND 2

static void test_named(void) {
  TEST("CreateEventEx", "made by one name, opened by it, wide and narrow") {
    static const struct {
      const char *create, *open;
      int wide;
    } kEvents[] = {{"CreateEventExA", "OpenEventA", 0}, {"CreateEventExW", "OpenEventW", 1}};
    for (int i = 0; i < 2; ++i) {
      const void* const name = kEvents[i].wide ? (const void*)W("hm-k32-event") : (const void*)"hm-k32-event";
      const HANDLE event = KERNEL(HANDLE, kEvents[i].create, (void*, const void*, DWORD, DWORD))(
          NULL, name, 3 /* manual, set */, 0x1F0003);
      CHECK(event != NULL);
      CHECK_EQ(WaitForSingleObject(event, 0), WAIT_OBJECT_0);
      const HANDLE other = KERNEL(HANDLE, kEvents[i].open, (DWORD, BOOL, const void*))(0x100002, FALSE, name);
      CHECK(ResetEvent(other));
      CHECK_EQ(WaitForSingleObject(event, 0), WAIT_TIMEOUT);
      CHECK(PulseEvent(other));
      CloseHandle(other);
      CloseHandle(event);
      CHECK_FAILS(KERNEL(HANDLE, kEvents[i].open, (DWORD, BOOL, const void*))(0x100002, FALSE, name), FILE_NOT_FOUND);
    }
  }
  TEST("CreateMutexEx", "the same of mutexes; who creates one may own it") {
    static const struct {
      const char *create, *create_ex, *open;
      int wide;
    } kMutexes[] = {{"CreateMutexA", "CreateMutexExA", "OpenMutexA", 0},
                    {"CreateMutexW", "CreateMutexExW", "OpenMutexW", 1}};
    for (int i = 0; i < 2; ++i) {
      const void* const name = kMutexes[i].wide ? (const void*)W("hm-k32-mutex") : (const void*)"hm-k32-mutex";
      const HANDLE mutex =
          KERNEL(HANDLE, kMutexes[i].create_ex, (void*, const void*, DWORD, DWORD))(NULL, name, 1, 0x1F0001);
      CHECK(mutex != NULL);
      CHECK(ReleaseMutex(mutex));
      CHECK_FAILS(ReleaseMutex(mutex), 288);
      SetLastError(0);
      const HANDLE again = KERNEL(HANDLE, kMutexes[i].create, (void*, BOOL, const void*))(NULL, TRUE, name);
      CHECK_ERROR(183);
      CHECK_FAILS(ReleaseMutex(again), 288);
      const HANDLE other = KERNEL(HANDLE, kMutexes[i].open, (DWORD, BOOL, const void*))(0x100001, FALSE, name);
      CHECK_EQ(WaitForSingleObject(other, 0), WAIT_OBJECT_0);
      CHECK(ReleaseMutex(other));
      CloseHandle(other);
      CloseHandle(again);
      CloseHandle(mutex);
    }
  }
  TEST("CreateSemaphoreEx", "the same of semaphores") {
    static const struct {
      const char *create, *create_ex, *open;
      int wide;
    } kAll[] = {{"CreateSemaphoreA", "CreateSemaphoreExA", "OpenSemaphoreA", 0},
                {"CreateSemaphoreW", "CreateSemaphoreExW", "OpenSemaphoreW", 1}};
    for (int i = 0; i < 2; ++i) {
      const void* const name = kAll[i].wide ? (const void*)W("hm-k32-sem") : (const void*)"hm-k32-sem";
      LONG previous = 9;
      const HANDLE first = KERNEL(HANDLE, kAll[i].create_ex, (void*, LONG, LONG, const void*, DWORD, DWORD))(
          NULL, 1, 2, name, 0, 0x1F0003);
      const HANDLE second = KERNEL(HANDLE, kAll[i].create, (void*, LONG, LONG, const void*))(NULL, 0, 5, name);
      const HANDLE third = KERNEL(HANDLE, kAll[i].open, (DWORD, BOOL, const void*))(0x1F0003, FALSE, name);
      CHECK(ReleaseSemaphore(third, 1, &previous));
      CHECK_EQ(previous, 1);
      CHECK_FAILS(ReleaseSemaphore(second, 1, &previous), 298); /* the first one's limit */
      CloseHandle(first);
      CloseHandle(second);
      CloseHandle(third);
      CHECK_FAILS(KERNEL(HANDLE, kAll[i].create, (void*, LONG, LONG, const void*))(NULL, 3, 2, NULL),
                  INVALID_PARAMETER);
    }
  }
  TEST("CreateWaitableTimerEx", "the same of timers") {
    static const struct {
      const char *create, *create_ex, *open;
      int wide;
    } kAll[] = {{"CreateWaitableTimerA", "CreateWaitableTimerExA", "OpenWaitableTimerA", 0},
                {"CreateWaitableTimerW", "CreateWaitableTimerExW", "OpenWaitableTimerW", 1}};
    for (int i = 0; i < 2; ++i) {
      const void* const name = kAll[i].wide ? (const void*)W("hm-k32-timer") : (const void*)"hm-k32-timer";
      const long long due = -1;
      const HANDLE first =
          KERNEL(HANDLE, kAll[i].create_ex, (void*, const void*, DWORD, DWORD))(NULL, name, 0, 0x1F0003);
      const HANDLE second = KERNEL(HANDLE, kAll[i].create, (void*, BOOL, const void*))(NULL, TRUE, name);
      const HANDLE third = KERNEL(HANDLE, kAll[i].open, (DWORD, BOOL, const void*))(0x1F0003, FALSE, name);
      CHECK(KERNEL(BOOL, "SetWaitableTimerEx", (HANDLE, const void*, LONG, void*, void*, void*, ULONG))(
          third, &due, 0, NULL, NULL, NULL, 0));
      CHECK_EQ(WaitForSingleObject(first, SOON), WAIT_OBJECT_0);
      CHECK_EQ(WaitForMultipleObjectsEx(1, &second, TRUE, 0, FALSE), WAIT_TIMEOUT); /* taken: it is no manual one */
      CloseHandle(first);
      CloseHandle(second);
      CloseHandle(third);
    }
  }
  TEST("OpenFileMappingW", "one memory by its name") {
    const HANDLE mapping = KERNEL(HANDLE, "CreateFileMappingW", (HANDLE, void*, DWORD, DWORD, DWORD, const WCHAR*))(
        SELF, NULL, PAGE_READWRITE, 0, 0x10000, W("hm-k32-mapping"));
    const HANDLE other = KERNEL(HANDLE, "OpenFileMappingW", (DWORD, BOOL, const WCHAR*))(6, FALSE, W("hm-k32-mapping"));
    REQUIRE(mapping && other);
    char* const first =
        KERNEL(char*, "MapViewOfFileEx", (HANDLE, DWORD, DWORD, DWORD, SIZE_T, void*))(other, 2, 0, 0, 0, NULL);
    REQUIRE(first);
    CHECK_FAILS(
        KERNEL(char*, "MapViewOfFileEx", (HANDLE, DWORD, DWORD, DWORD, SIZE_T, void*))(other, 2, 0, 0, 0, first), 487);
    if (has("kernelbase.dll", "MapViewOfFileFromApp")) {
      char* const second =
          BY_NAME("kernelbase.dll", char*, "MapViewOfFileFromApp", (HANDLE, ULONG, uint64_t, SIZE_T))(other, 4, 0, 0);
      REQUIRE(second);
      first[7] = 'm';
      CHECK_EQ(second[7], 'm');
      CHECK(KERNEL(BOOL, "UnmapViewOfFile", (void*))(second));
    }
    CHECK(KERNEL(BOOL, "UnmapViewOfFile", (void*))(first));
    CHECK_FAILS(KERNEL(BOOL, "UnmapViewOfFile", (void*))(first), 487);
    CloseHandle(other);
    CloseHandle(mapping);
    if (has("kernelbase.dll", "CreateFileMappingFromApp")) {
      const HANDLE anonymous =
          BY_NAME("kernelbase.dll", HANDLE, "CreateFileMappingFromApp", (HANDLE, void*, ULONG, uint64_t, const WCHAR*))(
              SELF, NULL, PAGE_READWRITE, 4096, NULL);
      CHECK(anonymous != NULL);
      if (!on_wine()) {
        char* const view = BY_NAME("kernelbase.dll", char*, "MapViewOfFileNuma2",
                                   (HANDLE, HANDLE, uint64_t, void*, SIZE_T, ULONG, ULONG, ULONG))(
            anonymous, SELF, 0, NULL, 0, 0, PAGE_READWRITE, 0xFFFFFFFF);
        REQUIRE(view);
        view[0] = 1;
        CHECK(KERNEL(BOOL, "UnmapViewOfFile", (void*))(view));
      }
      CloseHandle(anonymous);
    }
  }
  TEST("CompareObjectHandles", "handles of one object") {
    if (!has("kernelbase.dll", "CompareObjectHandles")) break;
    const HANDLE event = CreateEventA(NULL, TRUE, FALSE, "hm-k32-same");
    const HANDLE other = CreateEventA(NULL, TRUE, FALSE, "hm-k32-same");
    CHECK(BY_NAME("kernelbase.dll", BOOL, "CompareObjectHandles", (HANDLE, HANDLE))(event, other));
    CHECK_FALSE(BY_NAME("kernelbase.dll", BOOL, "CompareObjectHandles", (HANDLE, HANDLE))(event, SELF));
    CloseHandle(event);
    CloseHandle(other);
  }
}

static void test_atoms(void) {
  TEST("AddAtomA", "one atom for a name without case, local and global") {
    static const char* const kAdd[] = {"AddAtomA", "AddAtomW", "GlobalAddAtomA", "GlobalAddAtomW"};
    static const char* const kFind[] = {"FindAtomA", "FindAtomW", "GlobalFindAtomA", "GlobalFindAtomW"};
    static const char* const kDelete[] = {"DeleteAtom", "GlobalDeleteAtom"};
    KERNEL(BOOL, "InitAtomTable", (DWORD))(37);
    for (int i = 0; i < 4; ++i) {
      const void* const lower = i % 2 ? (const void*)W("hm-atom") : (const void*)"hm-atom";
      const void* const upper = i % 2 ? (const void*)W("HM-ATOM") : (const void*)"HM-ATOM";
      const USHORT atom = KERNEL(USHORT, kAdd[i], (const void*))(lower);
      CHECK(atom >= 0xC000);
      CHECK_EQ(KERNEL(USHORT, kFind[i], (const void*))(upper), atom);
      CHECK_EQ(KERNEL(USHORT, kDelete[i / 2], (USHORT))(atom), 0);
      CHECK_EQ(KERNEL(USHORT, kFind[i], (const void*))(upper), 0);
    }
  }
}

typedef struct entry {
  struct entry* next;
  void* aligned;
} entry;

static void test_lists(void) {
  TEST("InitializeSListHead", "kernel32's names for the list of ntdll") {
    static entry list __attribute__((aligned(16))), entries[3] __attribute__((aligned(16)));
    KERNEL(void, "InitializeSListHead", (void*))(&list);
    CHECK(KERNEL(entry*, "InterlockedPushEntrySList", (void*, entry*))(&list, &entries[0]) == NULL);
    entries[1].next = &entries[2];
    CHECK(KERNEL(entry*, "InterlockedPushListSListEx", (void*, entry*, entry*, ULONG))(&list, &entries[1], &entries[2],
                                                                                       2) == &entries[0]);
    CHECK_EQ(KERNEL(USHORT, "QueryDepthSList", (void*))(&list), 3);
    CHECK(KERNEL(entry*, "InterlockedPopEntrySList", (void*))(&list) == &entries[1]);
    CHECK(KERNEL(entry*, "InterlockedFlushSList", (void*))(&list) == &entries[2]);
  }
  TEST("InitializeCriticalSectionEx", "a section without debug information that can be entered") {
    CRITICAL_SECTION section;
    CHECK(KERNEL(BOOL, "InitializeCriticalSectionEx", (void*, DWORD, DWORD))(&section, 4000, 0x1000000));
    EnterCriticalSection(&section);
    CHECK_EQ(section.RecursionCount, 1);
    LeaveCriticalSection(&section);
    DeleteCriticalSection(&section);
    /* Of the flags' lower bits none has a meaning; libcurl sets one. */
    CHECK(KERNEL(BOOL, "InitializeCriticalSectionEx", (void*, DWORD, DWORD))(&section, 0, 1));
    EnterCriticalSection(&section);
    LeaveCriticalSection(&section);
    DeleteCriticalSection(&section);
  }
  TEST("InitializeSRWLock", "locks begin as zero") {
    void *lock = &lock, *variable = &lock, *once = &lock;
    KERNEL(void, "InitializeSRWLock", (void*))(&lock);
    KERNEL(void, "InitializeConditionVariable", (void*))(&variable);
    KERNEL(void, "InitOnceInitialize", (void*))(&once);
    CHECK(lock == NULL && variable == NULL && once == NULL);
  }
}

static DWORD WINAPI park(void* started) {
  SetEvent(started);
  while (WaitForSingleObjectEx(SELF, 10, TRUE) != WAIT_IO_COMPLETION) continue;
  return 21;
}
static void WINAPI wake(ULONG_PTR unused) {
  (void)unused;
}
static HANDLE finished(HANDLE thread) {
  DWORD code = 0;
  CHECK_EQ(WaitForSingleObject(thread, SOON), WAIT_OBJECT_0);
  CHECK(GetExitCodeThread(thread, &code));
  CHECK_EQ(code, 21);
  CloseHandle(thread);
  return NULL;
}
static DWORD WINAPI pass(void* parameter) {
  return (DWORD)(ULONG_PTR)parameter;
}

static void test_threads(void) {
  DWORD id = 0;
  const HANDLE started = CreateEventA(NULL, FALSE, FALSE, NULL);
  HANDLE thread = CreateThread(NULL, 0, park, started, 0, &id);
  WaitForSingleObject(started, SOON); /* a call queued before would run before it */
  CloseHandle(started);
  TEST("OpenThread", "another handle; suspended and resumed, with counts") {
    const HANDLE other = KERNEL(HANDLE, "OpenThread", (DWORD, BOOL, DWORD))(0x1FFFFF, FALSE, id);
    REQUIRE(other);
    CHECK_EQ(KERNEL(DWORD, "SuspendThread", (HANDLE))(other), 0);
    CHECK_EQ(KERNEL(DWORD, "SuspendThread", (HANDLE))(thread), 1);
    CHECK_EQ(ResumeThread(thread), 2);
    CHECK_EQ(ResumeThread(other), 1);
    CHECK_EQ(KERNEL(DWORD, "GetThreadId", (HANDLE))(other), id);
    CHECK_EQ(KERNEL(DWORD, "GetProcessIdOfThread", (HANDLE))(other), GetCurrentProcessId());
    CloseHandle(other);
    CHECK_FAILS(KERNEL(HANDLE, "OpenThread", (DWORD, BOOL, DWORD))(0x1FFFFF, FALSE, 0xFFFFFFF0), INVALID_PARAMETER);
  }
  TEST("SetThreadDescription", "a name for a thread") {
    WCHAR* read = NULL;
    CHECK_EQ(KERNEL(LONG, "SetThreadDescription", (HANDLE, const WCHAR*))(thread, W("parked")) & 0x80000000, 0);
    if (on_wine()) break;
    CHECK_EQ(KERNEL(LONG, "GetThreadDescription", (HANDLE, WCHAR**))(thread, &read) & 0x80000000, 0);
    CHECK_STR(NARROW(read), "parked");
    KERNEL(void*, "LocalFree", (void*))(read);
  }
  TEST("SetThreadPriority", "remembered, with the boost") {
    BOOL boost = 9;
    CHECK_EQ(KERNEL(int, "GetThreadPriority", (HANDLE))(thread), 0);
    CHECK(KERNEL(BOOL, "SetThreadPriority", (HANDLE, int))(thread, -1));
    CHECK_EQ(KERNEL(int, "GetThreadPriority", (HANDLE))(thread), -1);
    CHECK_FAILS(KERNEL(BOOL, "SetThreadPriority", (HANDLE, int))(thread, 99), INVALID_PARAMETER);
    CHECK(KERNEL(BOOL, "SetThreadPriorityBoost", (HANDLE, BOOL))(thread, TRUE));
    CHECK(KERNEL(BOOL, "GetThreadPriorityBoost", (HANDLE, BOOL*))(thread, &boost));
    if (!on_wine()) CHECK_EQ(boost, TRUE);
    CHECK(KERNEL(DWORD, "SetThreadIdealProcessor", (HANDLE, DWORD))(thread, 0) != (DWORD)-1);
    if (on_wine()) break;
    BOOL exhausted = 0;
    ULONG priority = 3;
    CHECK(KERNEL(BOOL, "SetThreadInformation", (HANDLE, int, void*, DWORD))(thread, 0 /* memory priority */, &priority,
                                                                            4) ||
          GetLastError() != 0);
    (void)exhausted;
  }
  TEST("SetThreadAffinityMask", "processors for a thread and for the process") {
    ULONG_PTR process = 0, system = 0;
    CHECK(KERNEL(BOOL, "GetProcessAffinityMask", (HANDLE, ULONG_PTR*, ULONG_PTR*))(SELF, &process, &system));
    CHECK((process & ~system) == 0);
    const ULONG_PTR lowest = process & -process;
    CHECK_EQ(KERNEL(ULONG_PTR, "SetThreadAffinityMask", (HANDLE, ULONG_PTR))(thread, lowest), process);
    CHECK_EQ(KERNEL(ULONG_PTR, "SetThreadAffinityMask", (HANDLE, ULONG_PTR))(thread, process), lowest);
    CHECK_FAILS(KERNEL(ULONG_PTR, "SetThreadAffinityMask", (HANDLE, ULONG_PTR))(thread, 0), INVALID_PARAMETER);
    CHECK(KERNEL(BOOL, "SetProcessAffinityMask", (HANDLE, ULONG_PTR))(SELF, process));
    struct {
      ULONG_PTR mask;
      USHORT group, reserved[3];
    } group = {0, 9, {0}}, previous = {0, 9, {0}};
    CHECK(KERNEL(BOOL, "GetThreadGroupAffinity", (HANDLE, void*))(thread, &group));
    CHECK_EQ(group.group, 0);
    CHECK_EQ(group.mask, process);
    CHECK(KERNEL(BOOL, "SetThreadGroupAffinity", (HANDLE, void*, void*))(thread, &group, &previous));
    CHECK_EQ(previous.mask, process);
  }
  TEST("GetThreadTimes", "times and cycles of a thread and of the process") {
    long long created = 0, ended = 0, kernel = 0, user = 0;
    CHECK(KERNEL(BOOL, "GetThreadTimes", (HANDLE, void*, void*, void*, void*))(GetCurrentThread(), &created, &ended,
                                                                               &kernel, &user));
    CHECK(created > 130000000000000000);
    if (on_wine()) break;
    uint64_t cycles = 0;
    CHECK(KERNEL(BOOL, "QueryThreadCycleTime", (HANDLE, uint64_t*))(GetCurrentThread(), &cycles));
    CHECK(KERNEL(BOOL, "QueryProcessCycleTime", (HANDLE, uint64_t*))(SELF, &cycles));
    ULONG_PTR low = 0, high = 0;
    KERNEL(void, "GetCurrentThreadStackLimits", (ULONG_PTR*, ULONG_PTR*))(&low, &high);
    CHECK(low < (ULONG_PTR)&low && (ULONG_PTR)&low < high);
    ULONG guarantee = 0;
    CHECK(KERNEL(BOOL, "SetThreadStackGuarantee", (ULONG*))(&guarantee));
  }
  KERNEL(DWORD, "QueueUserAPC", (void*, HANDLE, ULONG_PTR))((void*)wake, thread, 0);
  TEST("CreateRemoteThread", "in this process it is CreateThread") {
    finished(thread);
    thread = KERNEL(HANDLE, "CreateRemoteThread", (HANDLE, void*, SIZE_T, void*, void*, DWORD, DWORD*))(
        SELF, NULL, 0, (void*)pass, (void*)21, 0, NULL);
    finished(thread);
    thread = KERNEL(HANDLE, "CreateRemoteThreadEx", (HANDLE, void*, SIZE_T, void*, void*, DWORD, void*, DWORD*))(
        SELF, NULL, 0, (void*)pass, (void*)21, 0, NULL, NULL);
    finished(thread);
  }
  TEST("GetCurrentProcessorNumber", "inside what there is") {
    const DWORD all = KERNEL(DWORD, "GetMaximumProcessorCount", (USHORT))(0xFFFF);
    CHECK(KERNEL(DWORD, "GetCurrentProcessorNumber", (void))() < all);
    struct {
      USHORT group;
      BYTE number, reserved;
    } place = {9, 255, 9};
    KERNEL(void, "GetCurrentProcessorNumberEx", (void*))(&place);
    CHECK_EQ(place.group, 0);
    CHECK(place.number < all);
    CHECK_EQ(KERNEL(USHORT, "GetActiveProcessorGroupCount", (void))(), 1);
    CHECK_EQ(KERNEL(USHORT, "GetMaximumProcessorGroupCount", (void))(), 1);
    KERNEL(void, "FlushProcessWriteBuffers", (void))();
  }
  TEST("ConvertThreadToFiberEx", "and back") {
    CHECK(KERNEL(void*, "ConvertThreadToFiberEx", (void*, DWORD))(&id, 1) != NULL);
    CHECK_FAILS(KERNEL(void*, "ConvertThreadToFiberEx", (void*, DWORD))(&id, 1), 1280);
    CHECK(KERNEL(BOOL, "ConvertFiberToThread", (void))());
    if (!has("kernelbase.dll", "FlsGetValue2")) break;
    const DWORD index = KERNEL(DWORD, "FlsAlloc", (void*))(NULL);
    CHECK(KERNEL(BOOL, "FlsSetValue", (DWORD, void*))(index, &id));
    SetLastError(77);
    CHECK(BY_NAME("kernelbase.dll", void*, "FlsGetValue2", (DWORD))(index) == &id);
    CHECK_ERROR(77);
    KERNEL(BOOL, "FlsFree", (DWORD))(index);
  }
}

static void test_memory(void) {
  TEST("VirtualAllocEx", "for this process the same as without Ex") {
    char* const base = KERNEL(char*, "VirtualAllocEx", (HANDLE, void*, SIZE_T, DWORD, DWORD))(SELF, NULL, 0x2000,
                                                                                              0x3000, PAGE_READWRITE);
    REQUIRE(base);
    DWORD old = 0;
    MEMORY_BASIC_INFORMATION info;
    CHECK(KERNEL(BOOL, "VirtualProtectEx", (HANDLE, void*, SIZE_T, DWORD, DWORD*))(SELF, base, 1, PAGE_READONLY, &old));
    CHECK_EQ(old, PAGE_READWRITE);
    CHECK_EQ(KERNEL(SIZE_T, "VirtualQueryEx", (HANDLE, const void*, void*, SIZE_T))(SELF, base, &info, sizeof info),
             sizeof info);
    CHECK_EQ(info.Protect, PAGE_READONLY);
    CHECK_EQ(info.RegionSize, 0x1000);
    struct {
      void* address;
      SIZE_T size;
    } range = {base, 0x2000};
    CHECK(KERNEL(BOOL, "PrefetchVirtualMemory", (HANDLE, ULONG_PTR, void*, ULONG))(SELF, 1, &range, 0));
    if (has("kernelbase.dll", "DiscardVirtualMemory"))
      CHECK_EQ(BY_NAME("kernelbase.dll", DWORD, "DiscardVirtualMemory", (void*, SIZE_T))(base + 0x1000, 0x1000), 0);
    CHECK(KERNEL(BOOL, "VirtualFreeEx", (HANDLE, void*, SIZE_T, DWORD))(SELF, base, 0, 0x8000));
    if (!on_wine())
      CHECK_FAILS(KERNEL(BOOL, "VirtualFreeEx", (HANDLE, void*, SIZE_T, DWORD))(SELF, base, 0, 0x8000), 487);
    char* const node = KERNEL(char*, "VirtualAllocExNuma", (HANDLE, void*, SIZE_T, DWORD, DWORD, DWORD))(
        SELF, NULL, 0x1000, 0x203000 /* with a write watch */, PAGE_READWRITE, 0);
    REQUIRE(node);
    CHECK_EQ(KERNEL(UINT, "ResetWriteWatch", (void*, SIZE_T))(node, 0x1000), 0);
    KERNEL(BOOL, "VirtualFreeEx", (HANDLE, void*, SIZE_T, DWORD))(SELF, node, 0, 0x8000);
  }
  TEST("IsBadCodePtr", "what can be read and written") {
    char room[16] = "";
    CHECK_FALSE(KERNEL(BOOL, "IsBadCodePtr", (void*))((void*)pass));
    CHECK_FALSE(KERNEL(BOOL, "IsBadHugeReadPtr", (void*, ULONG_PTR))(room, 16));
    CHECK_FALSE(KERNEL(BOOL, "IsBadHugeWritePtr", (void*, ULONG_PTR))(room, 16));
    CHECK(KERNEL(BOOL, "IsBadHugeReadPtr", (void*, ULONG_PTR))((void*)16, 16));
    CHECK(KERNEL(BOOL, "IsBadHugeWritePtr", (void*, ULONG_PTR))((void*)(uintptr_t) "constant", 0) == 0);
    CHECK(KERNEL(BOOL, "IsBadCodePtr", (void*))((void*)16));
  }
  TEST("HeapSetInformation", "kernel32's names for heaps") {
    const HANDLE heap = KERNEL(HANDLE, "HeapCreate", (DWORD, SIZE_T, SIZE_T))(0, 0, 0);
    ULONG kind = 2;
    CHECK(KERNEL(BOOL, "HeapSetInformation", (HANDLE, int, void*, SIZE_T))(heap, 0, &kind, 4));
    KERNEL(SIZE_T, "HeapCompact", (HANDLE, DWORD))(heap, 0);
    CHECK(KERNEL(BOOL, "HeapDestroy", (HANDLE))(heap));
    void* const local = KERNEL(void*, "LocalAlloc", (UINT, SIZE_T))(0x40, 10);
    void* const grown = KERNEL(void*, "LocalReAlloc", (void*, SIZE_T, UINT))(local, 500, 0x42);
    REQUIRE(grown);
    CHECK(KERNEL(SIZE_T, "LocalSize", (void*))(grown) >= 500);
    CHECK(KERNEL(void*, "LocalFree", (void*))(grown) == NULL);
    void* const pointer = &kind;
    CHECK(KERNEL(void*, "DecodeSystemPointer", (void*))(KERNEL(void*, "EncodeSystemPointer", (void*))(pointer)) ==
          pointer);
  }
  TEST("GetLargePageMinimum", "facts about memory and nodes") {
    const SIZE_T large = KERNEL(SIZE_T, "GetLargePageMinimum", (void))();
    CHECK(large == 0 || large == 0x200000);
    ULONG highest = 99;
    CHECK(KERNEL(BOOL, "GetNumaHighestNodeNumber", (ULONG*))(&highest));
    CHECK(highest < 64);
    if (on_wine()) break;
    uint64_t mask = 0, available = 0;
    CHECK(KERNEL(BOOL, "GetNumaNodeProcessorMask", (BYTE, uint64_t*))(0, &mask));
    CHECK(mask & 1);
    struct {
      ULONG_PTR mask;
      USHORT group, reserved[3];
    } affinity = {0, 9, {0}};
    CHECK(KERNEL(BOOL, "GetNumaNodeProcessorMaskEx", (USHORT, void*))(0, &affinity));
    CHECK_EQ(affinity.mask, mask);
    BYTE node = 99;
    USHORT wide_node = 99;
    CHECK(KERNEL(BOOL, "GetNumaProcessorNode", (BYTE, BYTE*))(0, &node));
    CHECK_EQ(node, 0);
    BYTE number[4] = {0, 0, 0, 0};
    CHECK(KERNEL(BOOL, "GetNumaProcessorNodeEx", (void*, USHORT*))(number, &wide_node));
    CHECK_EQ(wide_node, 0);
    CHECK(KERNEL(BOOL, "GetNumaAvailableMemoryNode", (BYTE, uint64_t*))(0, &available));
    CHECK(available > 0);
    CHECK(KERNEL(BOOL, "GetNumaAvailableMemoryNodeEx", (USHORT, uint64_t*))(0, &available));
    struct {
      DWORD length, load;
      SIZE_T total, rest[6];
    } status = {sizeof status, 0, 0, {0}};
    KERNEL(void, "GlobalMemoryStatus", (void*))(&status);
    CHECK(status.total > 0 && status.load <= 100);
  }
}

static void CALLBACK timer_unused(PTP_CALLBACK_INSTANCE instance, void* context, PTP_TIMER timer) {
  (void)instance, (void)context, (void)timer;
}
static void CALLBACK wait_unused(PTP_CALLBACK_INSTANCE instance, void* context, PTP_WAIT wait, DWORD result) {
  (void)instance, (void)context, (void)wait, (void)result;
}

static void test_process(void) {
  TEST("SetPriorityClass", "remembered for the process, with the boost") {
    BOOL boost = 9;
    CHECK_EQ(KERNEL(DWORD, "GetPriorityClass", (HANDLE))(SELF), 0x20);
    CHECK(KERNEL(BOOL, "SetPriorityClass", (HANDLE, DWORD))(SELF, 0x4000 /* below normal */));
    CHECK_EQ(KERNEL(DWORD, "GetPriorityClass", (HANDLE))(SELF), 0x4000);
    CHECK(KERNEL(BOOL, "SetPriorityClass", (HANDLE, DWORD))(SELF, 0x20));
    CHECK_FAILS(KERNEL(BOOL, "SetPriorityClass", (HANDLE, DWORD))(SELF, 0x12345), INVALID_PARAMETER);
    CHECK(KERNEL(BOOL, "SetProcessPriorityBoost", (HANDLE, BOOL))(SELF, TRUE));
    if (on_wine()) break;
    CHECK(KERNEL(BOOL, "GetProcessPriorityBoost", (HANDLE, BOOL*))(SELF, &boost));
    CHECK_EQ(boost, TRUE);
  }
  TEST("GetProcessHandleCount", "grows with handles") {
    DWORD before = 0, after = 0;
    CHECK(KERNEL(BOOL, "GetProcessHandleCount", (HANDLE, DWORD*))(SELF, &before));
    const HANDLE event = CreateEventA(NULL, TRUE, FALSE, NULL);
    CHECK(KERNEL(BOOL, "GetProcessHandleCount", (HANDLE, DWORD*))(SELF, &after));
    if (!on_wine()) CHECK_EQ(after, before + 1);
    CloseHandle(event);
    DWORD session = 99;
    CHECK(KERNEL(BOOL, "ProcessIdToSessionId", (DWORD, DWORD*))(GetCurrentProcessId(), &session));
    CHECK(session < 10);
    BOOL debugged = 9;
    CHECK(KERNEL(BOOL, "CheckRemoteDebuggerPresent", (HANDLE, BOOL*))(SELF, &debugged));
    CHECK_EQ(debugged, FALSE);
    USHORT process = 9, native = 9;
    CHECK(KERNEL(BOOL, "IsWow64Process2", (HANDLE, USHORT*, USHORT*))(SELF, &process, &native));
    CHECK_EQ(process, 0);
    CHECK_EQ(native, 0x8664);
    KERNEL(void, "OutputDebugStringA", (const char*))("nobody listens");
    KERNEL(void, "OutputDebugStringW", (const WCHAR*))(W("nobody listens"));
  }
  TEST("InitializeProcThreadAttributeList", "room for a list, filled and deleted") {
    SIZE_T size = 0;
    CHECK_FAILS(KERNEL(BOOL, "InitializeProcThreadAttributeList", (void*, DWORD, DWORD, SIZE_T*))(NULL, 1, 0, &size),
                122);
    REQUIRE(size > 0);
    void* const list = malloc(size);
    CHECK(KERNEL(BOOL, "InitializeProcThreadAttributeList", (void*, DWORD, DWORD, SIZE_T*))(list, 1, 0, &size));
    HANDLE parent = SELF;
    CHECK_FAILS(KERNEL(BOOL, "UpdateProcThreadAttribute", (void*, DWORD, DWORD_PTR, void*, SIZE_T, void*, SIZE_T*))(
                    list, 0, 0x20000, &parent, 3, NULL, NULL),
                24);
    CHECK(KERNEL(BOOL, "UpdateProcThreadAttribute", (void*, DWORD, DWORD_PTR, void*, SIZE_T, void*, SIZE_T*))(
        list, 0, 0x20000 /* parent process */, &parent, sizeof parent, NULL, NULL));
    KERNEL(void, "DeleteProcThreadAttributeList", (void*))(list);
    free(list);
  }
  TEST("K32EnumProcessModules", "the modules of the process, and their names") {
    HMODULE modules[400];
    DWORD needed = 0;
    char text[1100];
    WCHAR room[1100];
    static const char* const kEnum[] = {"K32EnumProcessModules", "K32EnumProcessModulesEx"};
    CHECK(KERNEL(BOOL, kEnum[0], (HANDLE, HMODULE*, DWORD, DWORD*))(SELF, modules, sizeof modules, &needed));
    CHECK(modules[0] == GetModuleHandleA(NULL));
    DWORD again = 0;
    CHECK(KERNEL(BOOL, kEnum[1], (HANDLE, HMODULE*, DWORD, DWORD*, DWORD))(SELF, modules, sizeof modules, &again, 3));
    CHECK_EQ(again, needed);
    const HMODULE kernel = GetModuleHandleA("kernel32.dll");
    CHECK_EQ(KERNEL(DWORD, "K32GetModuleBaseNameA", (HANDLE, HMODULE, char*, DWORD))(SELF, kernel, text, 1100), 12);
    for (char* c = text; *c; ++c) *c |= 0x20;
    CHECK_STR(text, "kernel32.dll");
    CHECK_EQ(KERNEL(DWORD, "K32GetModuleBaseNameW", (HANDLE, HMODULE, WCHAR*, DWORD))(SELF, kernel, room, 1100), 12);
    char full[1100];
    GetModuleFileNameA(kernel, full, sizeof full);
    CHECK_EQ(KERNEL(DWORD, "K32GetModuleFileNameExA", (HANDLE, HMODULE, char*, DWORD))(SELF, kernel, text, 1100),
             strlen(full));
    CHECK_STR(text, full);
    CHECK_EQ(KERNEL(DWORD, "K32GetModuleFileNameExW", (HANDLE, HMODULE, WCHAR*, DWORD))(SELF, kernel, room, 1100),
             strlen(full));
    CHECK_STR(NARROW(room), full);
    struct {
      void* base;
      DWORD size;
      void* entry;
    } info = {NULL, 0, NULL};
    CHECK(KERNEL(BOOL, "K32GetModuleInformation", (HANDLE, HMODULE, void*, DWORD))(SELF, kernel, &info, sizeof info));
    CHECK(info.base == (void*)kernel && info.size >= 4096);
    const HMODULE psapi = LoadLibraryA("psapi.dll");
    CHECK_EQ(((DWORD(WINAPI*)(HANDLE, HMODULE, WCHAR*, DWORD))required("psapi.dll", "GetModuleBaseNameW"))(SELF, kernel,
                                                                                                           room, 1100),
             12);
    CHECK_EQ(((DWORD(WINAPI*)(HANDLE, HMODULE, WCHAR*, DWORD))required("psapi.dll", "GetModuleFileNameExW"))(
                 SELF, kernel, room, 1100),
             strlen(full));
    CHECK(((BOOL(WINAPI*)(HANDLE, HMODULE*, DWORD, DWORD*, DWORD))required("psapi.dll", "EnumProcessModulesEx"))(
        SELF, modules, sizeof modules, &again, 3));
    FreeLibrary(psapi);
    SIZE_T performance[14];
    memset(performance, 0, sizeof performance);
    CHECK(KERNEL(BOOL, "K32GetPerformanceInfo", (void*, DWORD))(performance, sizeof performance));
    CHECK(performance[4] > 0); /* pages of memory */
  }
  TEST("Module32FirstW", "the modules in a snapshot") {
    struct {
      DWORD size, id, process, global_usage, usage;
      BYTE* base;
      DWORD image_size;
      HMODULE handle;
      WCHAR name[256], path[260];
    } module;
    const HANDLE snapshot = KERNEL(HANDLE, "CreateToolhelp32Snapshot", (DWORD, DWORD))(8, 0);
    int found = 0, count = 0;
    module.size = sizeof module;
    BOOL more = KERNEL(BOOL, "Module32FirstW", (HANDLE, void*))(snapshot, &module);
    for (; more; more = KERNEL(BOOL, "Module32NextW", (HANDLE, void*))(snapshot, &module), ++count)
      found |= module.handle == GetModuleHandleA("ntdll.dll");
    CHECK_ERROR(18);
    CHECK(found && count > 1);
    CloseHandle(snapshot);
  }
  TEST("Process32FirstW", "the processes in a snapshot") {
    struct {
      DWORD size, usage, id;
      ULONG_PTR heap;
      DWORD module, threads, parent;
      LONG priority;
      DWORD flags;
      WCHAR name[260];
    } wide;
    struct {
      DWORD size, usage, id;
      ULONG_PTR heap;
      DWORD module, threads, parent;
      LONG priority;
      DWORD flags;
      char name[260];
    } narrow;
    const HANDLE snapshot = KERNEL(HANDLE, "CreateToolhelp32Snapshot", (DWORD, DWORD))(2, 0);
    CHECK(snapshot != INVALID_HANDLE_VALUE);
    int found = 0, again = 0;
    DWORD parent = 0;
    wide.size = sizeof wide;
    narrow.size = sizeof narrow;
    BOOL more = KERNEL(BOOL, "Process32FirstW", (HANDLE, void*))(snapshot, &wide);
    for (; more; more = KERNEL(BOOL, "Process32NextW", (HANDLE, void*))(snapshot, &wide))
      if (wide.id == GetCurrentProcessId()) {
        ++found;
        parent = wide.parent;
        CHECK(wide.threads >= 1);
        CHECK(wide.name[0] != 0);
      }
    CHECK_ERROR(18);
    more = KERNEL(BOOL, "Process32First", (HANDLE, void*))(snapshot, &narrow);
    for (; more; more = KERNEL(BOOL, "Process32Next", (HANDLE, void*))(snapshot, &narrow))
      again += narrow.id == GetCurrentProcessId() && narrow.parent == parent;
    CHECK_EQ(found, 1);
    CHECK_EQ(again, 1);
    wide.size = 4;
    CHECK_FALSE(KERNEL(BOOL, "Process32FirstW", (HANDLE, void*))(snapshot, &wide));
    CloseHandle(snapshot);
  }
  TEST("SetThreadpoolTimerEx", "tells whether it was set before; stacks of pools") {
    const PTP_POOL pool = CreateThreadpool(NULL);
    SIZE_T stack[2] = {1 << 20, 1 << 16}, read[2] = {0, 0};
    CHECK(KERNEL(BOOL, "SetThreadpoolStackInformation", (void*, void*))(pool, stack));
    if (!on_wine()) CHECK(KERNEL(BOOL, "QueryThreadpoolStackInformation", (void*, void*))(pool, read));
    CloseThreadpool(pool);
    if (on_wine()) break;
    CHECK_EQ(read[0], 1 << 20);
    const PTP_TIMER timer = CreateThreadpoolTimer(timer_unused, NULL, NULL);
    FILETIME due = {0, 0x80000000};
    CHECK_FALSE(KERNEL(BOOL, "SetThreadpoolTimerEx", (void*, void*, DWORD, DWORD))(timer, &due, 0, 0));
    CHECK(KERNEL(BOOL, "SetThreadpoolTimerEx", (void*, void*, DWORD, DWORD))(timer, NULL, 0, 0));
    CloseThreadpoolTimer(timer);
    const PTP_WAIT wait = CreateThreadpoolWait(wait_unused, NULL, NULL);
    const HANDLE event = CreateEventA(NULL, TRUE, FALSE, NULL);
    CHECK_FALSE(KERNEL(BOOL, "SetThreadpoolWaitEx", (void*, HANDLE, void*, void*))(wait, event, NULL, NULL));
    CHECK(KERNEL(BOOL, "SetThreadpoolWaitEx", (void*, HANDLE, void*, void*))(wait, NULL, NULL, NULL));
    CloseThreadpoolWait(wait);
    CloseHandle(event);
    const HANDLE queue = CreateTimerQueue();
    const BOOL deleted = KERNEL(BOOL, "DeleteTimerQueue", (HANDLE))(queue);
    CHECK(deleted || GetLastError() == 997);
  }
}

int main(void) {
  test_named();
  test_atoms();
  test_lists();
  test_threads();
  test_memory();
  test_process();
  return finish();
}

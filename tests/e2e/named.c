/* Named objects between processes: this program starts itself, told by its first argument what to be. */
#include "support/check.h"

#ifndef _WIN32
#define FILE_MAP_WRITE 2
#define FILE_MAP_READ 4
#define EVENT_MODIFY_STATE 2
#define SYNCHRONIZE 0x100000
#define MUTEX_MODIFY_STATE 1
#define ERROR_NOT_OWNER 288
#define WAIT_ABANDONED 0x80
#define INVALID_HANDLE_VALUE ((HANDLE)(intptr_t)-1)
typedef struct {
  DWORD cb;
  char *lpReserved, *lpDesktop, *lpTitle;
  DWORD dwX, dwY, dwXSize, dwYSize, dwXCountChars, dwYCountChars, dwFillAttribute, dwFlags;
  WORD wShowWindow, cbReserved2;
  BYTE* lpReserved2;
  HANDLE hStdInput, hStdOutput, hStdError;
} STARTUPINFOA;
typedef struct {
  HANDLE hProcess, hThread;
  DWORD dwProcessId, dwThreadId;
} PROCESS_INFORMATION;
KERNEL32(BOOL, CreateProcessA,
         (LPCSTR image, LPSTR line, void* p, void* t, BOOL inherit, DWORD flags, void* environment, LPCSTR directory,
          STARTUPINFOA* info, PROCESS_INFORMATION* out),
         (image, line, p, t, inherit, flags, environment, directory, info, out))
KERNEL32(BOOL, GetExitCodeProcess, (HANDLE h, DWORD* code), (h, code))
KERNEL32(BOOL, TerminateProcess, (HANDLE h, DWORD code), (h, code))
KERNEL32(HANDLE, OpenEventA, (DWORD access, BOOL inherit, LPCSTR name), (access, inherit, name))
KERNEL32(HANDLE, OpenMutexA, (DWORD access, BOOL inherit, LPCSTR name), (access, inherit, name))
KERNEL32(HANDLE, CreateMutexA, (void* s, BOOL own, LPCSTR name), (s, own, name))
KERNEL32(BOOL, ReleaseMutex, (HANDLE h), (h))
KERNEL32(HANDLE, CreateSemaphoreA, (void* s, LONG count, LONG most, LPCSTR name), (s, count, most, name))
KERNEL32(BOOL, ReleaseSemaphore, (HANDLE h, LONG by, LONG* before), (h, by, before))
KERNEL32(HANDLE, CreateFileMappingA, (HANDLE f, void* s, DWORD protect, DWORD high, DWORD low, LPCSTR name),
         (f, s, protect, high, low, name))
KERNEL32(HANDLE, OpenFileMappingA, (DWORD access, BOOL inherit, LPCSTR name), (access, inherit, name))
KERNEL32(void*, MapViewOfFile, (HANDLE m, DWORD access, DWORD high, DWORD low, SIZE_T size),
         (m, access, high, low, size))
KERNEL32(HANDLE, CreateNamedPipeA,
         (LPCSTR name, DWORD open, DWORD mode, DWORD most, DWORD out, DWORD in, DWORD ms, void* s),
         (name, open, mode, most, out, in, ms, s))
KERNEL32(BOOL, GetNamedPipeHandleStateW, (HANDLE h, DWORD* s, DWORD* n, DWORD* c, DWORD* t, WCHAR* u, DWORD size),
         (h, s, n, c, t, u, size))
KERNEL32(DWORD, WaitForMultipleObjects, (DWORD n, const HANDLE* h, BOOL all, DWORD ms), (n, h, all, ms))
#endif

static char program[1024], prefix[64];
static const char* named(const char* name) {
  static char text[4][128];
  static unsigned next;
  char* const full = text[next++ % 4];
  snprintf(full, 128, "%s-%s", prefix, name);
  return full;
}

static const char* pipe_name(void) {
  static char text[128];
  snprintf(text, sizeof text, "\\\\.\\pipe\\%s-pipe", prefix);
  return text;
}

/* What the child does: opens what its parent made, and makes what its parent opens. */
static int child(const char* task) {
  const HANDLE ready = OpenEventA(EVENT_MODIFY_STATE, FALSE, named("ready"));
  const HANDLE go = OpenEventA(SYNCHRONIZE, FALSE, named("go"));
  if (!ready || !go) return 90;
  if (strcmp(task, "event") == 0) {
    SetEvent(ready);
    return WaitForSingleObject(go, 20000) == WAIT_OBJECT_0 ? 11 : 91;
  }
  if (strcmp(task, "own") == 0) { /* ends, or is ended, with the mutex */
    const HANDLE mutex = OpenMutexA(SYNCHRONIZE | MUTEX_MODIFY_STATE, FALSE, named("mutex"));
    if (!mutex || WaitForSingleObject(mutex, 20000) != WAIT_OBJECT_0) return 92;
    SetEvent(ready);
    WaitForSingleObject(go, 20000);
    return 12;
  }
  if (strcmp(task, "memory") == 0) {
    const HANDLE mapping = OpenFileMappingA(FILE_MAP_READ | FILE_MAP_WRITE, FALSE, named("memory"));
    int* const view = mapping ? (int*)MapViewOfFile(mapping, FILE_MAP_READ | FILE_MAP_WRITE, 0, 0, 0) : NULL;
    if (!view || view[0] != 4711) return 93;
    view[1] = 42;
    return 13;
  }
  if (strcmp(task, "make") == 0) {
    const HANDLE made = CreateEventA(NULL, TRUE, FALSE, named("of the child"));
    SetEvent(ready);
    WaitForSingleObject(go, 20000);
    CloseHandle(made);
    return 14;
  }
  if (strcmp(task, "count") == 0) {
    const HANDLE semaphore = CreateSemaphoreA(NULL, 9, 9, named("semaphore"));
    if (GetLastError() != ERROR_ALREADY_EXISTS) return 94;
    int got = 0;
    while (WaitForSingleObject(semaphore, 0) == WAIT_OBJECT_0) ++got;
    return 20 + got;
  }
  if (strcmp(task, "pipe") == 0) {
    const HANDLE pipe = CreateFileA(pipe_name(), GENERIC_READ | GENERIC_WRITE, 0, NULL, OPEN_EXISTING, 0, NULL);
    DWORD instances = 0;
    if (!GetNamedPipeHandleStateW(pipe, NULL, &instances, NULL, NULL, NULL, 0)) return 95;
    return 30 + (int)instances;
  }
  return 99;
}

static PROCESS_INFORMATION start(const char* task) {
  static char line[2048];
  STARTUPINFOA info = {0};
  PROCESS_INFORMATION process = {0};
  info.cb = sizeof info;
  snprintf(line, sizeof line, "\"%s\" %s %s", program, task, prefix);
  if (!CreateProcessA(NULL, line, NULL, NULL, FALSE, 0, NULL, NULL, &info, &process))
    printf("cannot start %s: error %u\n", line, (unsigned)GetLastError());
  return process;
}
static DWORD end_of(PROCESS_INFORMATION process) {
  DWORD code = 0xFFFF;
  if (WaitForSingleObject(process.hProcess, 20000) == WAIT_OBJECT_0) GetExitCodeProcess(process.hProcess, &code);
  CloseHandle(process.hThread);
  CloseHandle(process.hProcess);
  return code;
}

int main(int argc, char** argv) {
  GetModuleFileNameA(NULL, program, sizeof program);
  if (argc > 2) {
    snprintf(prefix, sizeof prefix, "%s", argv[2]);
    return child(argv[1]);
  }
  snprintf(prefix, sizeof prefix, "Local\\hmodule-test-%u", (unsigned)GetCurrentProcessId());
  const HANDLE ready = CreateEventA(NULL, FALSE, FALSE, named("ready"));
  const HANDLE go = CreateEventA(NULL, FALSE, FALSE, named("go"));
  const HANDLE own = CreateEventA(NULL, FALSE, FALSE, NULL);

  const HANDLE mutex = CreateMutexA(NULL, FALSE, named("mutex"));
  PROCESS_INFORMATION process;

  TEST("named events", "are the same for two processes") {
    process = start("event");
    CHECK_EQ(WaitForSingleObject(ready, 20000), WAIT_OBJECT_0);
    SetEvent(go);
    CHECK_EQ(end_of(process), 11);
  }
  TEST("named mutexes", "are owned by one process, and abandoned at its end") {
    process = start("own");
    const HANDLE both[] = {own, ready};
    CHECK_EQ(WaitForMultipleObjects(2, both, FALSE, 20000), WAIT_OBJECT_0 + 1);
    CHECK_EQ(WaitForSingleObject(mutex, 0), WAIT_TIMEOUT);
    CHECK_FAILS(ReleaseMutex(mutex), ERROR_NOT_OWNER);
    SetEvent(go);
    CHECK_EQ(WaitForSingleObject(mutex, 20000), WAIT_ABANDONED);
    CHECK_EQ(end_of(process), 12);
    CHECK(ReleaseMutex(mutex));
  }
  TEST("abandoned mutexes", "come free when their owner is killed") {
    process = start("own");
    WaitForSingleObject(ready, 20000);
    CHECK(TerminateProcess(process.hProcess, 77));
    CHECK_EQ(WaitForSingleObject(mutex, 20000), WAIT_ABANDONED);
    CHECK(ReleaseMutex(mutex));
    CHECK_EQ(end_of(process), 77);
    CHECK_EQ(WaitForSingleObject(mutex, 0), WAIT_OBJECT_0);
  }
  TEST("named file mappings", "are the same memory") {
    const HANDLE mapping = CreateFileMappingA(INVALID_HANDLE_VALUE, NULL, PAGE_READWRITE, 0, 8192, named("memory"));
    volatile int* const view = (int*)MapViewOfFile(mapping, FILE_MAP_READ | FILE_MAP_WRITE, 0, 0, 0);
    view[0] = 4711;
    process = start("memory");
    CHECK_EQ(end_of(process), 13);
    CHECK_EQ(view[1], 42);
  }
  TEST("names", "have one type, and go with the last handle in any process") {
    process = start("make");
    WaitForSingleObject(ready, 20000);
    const HANDLE theirs = OpenEventA(SYNCHRONIZE, FALSE, named("of the child"));
    CHECK(theirs != NULL);
    CHECK_FAILS(OpenMutexA(SYNCHRONIZE, FALSE, named("of the child")), ERROR_INVALID_HANDLE);
    CloseHandle(theirs);
    SetEvent(go);
    CHECK_EQ(end_of(process), 14);
    CHECK_FAILS(OpenEventA(SYNCHRONIZE, FALSE, named("of the child")), ERROR_FILE_NOT_FOUND);
  }
  TEST("named semaphores", "count for all processes") {
    const HANDLE semaphore = CreateSemaphoreA(NULL, 1, 5, named("semaphore"));
    ReleaseSemaphore(semaphore, 2, NULL);
    process = start("count");
    CHECK_EQ(end_of(process), 23);
    CHECK_EQ(WaitForSingleObject(semaphore, 0), WAIT_TIMEOUT);
  }
  TEST("named pipes", "tell both ends how many instances there are") {
    HANDLE instances[3];
    for (int i = 0; i < 3; ++i) instances[i] = CreateNamedPipeA(pipe_name(), 3 /* duplex */, 0, 10, 0, 0, 0, NULL);
    DWORD count = 0;
    CHECK(GetNamedPipeHandleStateW(instances[0], NULL, &count, NULL, NULL, NULL, 0));
    CHECK_EQ(count, 3);
    CHECK_EQ(end_of(start("pipe")), 33);
    CloseHandle(instances[0]);
    CHECK_EQ(end_of(start("pipe")), 32);
    CloseHandle(instances[1]);
    CloseHandle(instances[2]);
  }
  return finish();
}

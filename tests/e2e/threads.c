/* Spec sections 9 and 11: threads and DLLs, static and dynamic thread-local storage. */
#include "support/check.h"

static HMODULE log_dll;

static const char* events(void) {
  static char text[4096];
  snprintf(text, sizeof text, "%s", PROC(const char*, log_dll, "log_text", (void))());
  PROC(void, log_dll, "log_clear", (void))();
  return text;
}

/* A thread that does one thing when told, and ends when told. */
typedef struct {
  HANDLE go, done, thread;
  int (*work)(void);
  int result;
} Worker;

static DWORD WINAPI work(void* parameter) {
  Worker* worker = parameter;
  SetEvent(worker->done);
  for (;;) {
    WaitForSingleObject(worker->go, INFINITE);
    if (!worker->work) return 7;
    worker->result = worker->work();
    SetEvent(worker->done);
  }
}

static void start(Worker* worker) {
  worker->go = CreateEventA(NULL, FALSE, FALSE, NULL);
  worker->done = CreateEventA(NULL, FALSE, FALSE, NULL);
  worker->thread = CreateThread(NULL, 0, work, worker, 0, NULL);
  WaitForSingleObject(worker->done, INFINITE);
}

static int ask(Worker* worker, int (*function)(void)) {
  worker->work = function;
  SetEvent(worker->go);
  WaitForSingleObject(worker->done, INFINITE);
  return worker->result;
}

static DWORD stop(Worker* worker) {
  DWORD code = 0;
  worker->work = NULL;
  SetEvent(worker->go);
  WaitForSingleObject(worker->thread, INFINITE);
  GetExitCodeThread(worker->thread, &code);
  CloseHandle(worker->thread);
  CloseHandle(worker->go);
  CloseHandle(worker->done);
  return code;
}

static void test_notifications(void) {
  TEST("DM-13 DM-14 DM-18 HOST-04", "only threads that begin after the load are announced; all that end are") {
    Worker early = {0}, late = {0};
    start(&early);
    const HMODULE module = LoadLibraryA("rec_left.dll");
    CHECK_STR(events(), "rec_leaf+ rec_left+");
    start(&late);
    CHECK_STR(events(), "rec_left( rec_leaf("); /* in load order (DM-18) */
    CHECK_EQ(stop(&late), 7);
    CHECK_STR(events(), "rec_left) rec_leaf)");
    CHECK_EQ(stop(&early), 7);
    CHECK_STR(events(), "rec_left) rec_leaf)");
    CHECK(FreeLibrary(module));
    CHECK_STR(events(), "rec_left- rec_leaf-");
  }
  TEST("DM-15", "freeing does not detach living threads") {
    Worker worker = {0};
    const HMODULE module = LoadLibraryA("rec_leaf.dll");
    start(&worker);
    events();
    CHECK(FreeLibrary(module));
    CHECK_STR(events(), "rec_leaf-");
    stop(&worker);
    CHECK_STR(events(), "");
  }
  TEST("FREE-08 FREE-09", "DisableThreadLibraryCalls inside attach") {
    Worker worker = {0};
    const HMODULE quiet = LoadLibraryA("quiet.dll");
    start(&worker);
    stop(&worker);
    CHECK_STR(events(), "quiet+");
    CHECK(FreeLibrary(quiet));
    CHECK_STR(events(), "quiet-");
  }
  TEST("FREE-08", "DisableThreadLibraryCalls from outside") {
    Worker worker = {0};
    const HMODULE module = LoadLibraryA("rec_leaf.dll");
    CHECK(DisableThreadLibraryCalls(module));
    events();
    start(&worker);
    stop(&worker);
    CHECK_STR(events(), "");
    CHECK(FreeLibrary(module));
    events();
  }
  TEST("FREE-07", "a thread frees the DLL it runs in, and ends") {
    const HANDLE event = CreateEventA(NULL, TRUE, FALSE, NULL);
    const HMODULE module = LoadLibraryA("exit_thread.dll");
    REQUIRE(module);
    const HANDLE thread = PROC(HANDLE, module, "start", (HANDLE))(event);
    CHECK(FreeLibrary(module));
    CHECK(GetModuleHandleA("exit_thread.dll") == module);
    SetEvent(event);
    CHECK_EQ(WaitForSingleObject(thread, 20000), WAIT_OBJECT_0);
    DWORD code = 0;
    CHECK(GetExitCodeThread(thread, &code));
    CHECK_EQ(code, 77);
    CHECK_FALSE(GetModuleHandleA("exit_thread.dll"));
    CloseHandle(thread);
    CloseHandle(event);
    CHECK_STR(events(), "exit_thread+ exit_thread( exit_thread-");
  }
}

static HMODULE tls_dll;
static int tls_get(void) {
  return PROC(int, tls_dll, "tls_get", (void))();
}
static int tls_set_50(void) {
  PROC(void, tls_dll, "tls_set", (int))(50);
  return tls_get();
}
static int tls_is_sound(void) {
  return strcmp(PROC(const char*, tls_dll, "tls_text", (void))(), "template") == 0 &&
         PROC(int, tls_dll, "tls_zero_fill_is_zero", (void))();
}

static void test_static_tls(void) {
  Worker early = {0}, late = {0};
  start(&early);
  tls_dll = LoadLibraryA("static_tls.dll");
  TEST("TLS-03 TLS-04 TLS-05", "a load gives every existing thread its block") {
    REQUIRE(tls_dll);
    CHECK_EQ(tls_get(), 8); /* 7, and 1 that DllMain added in this thread */
    CHECK_EQ(ask(&early, tls_get), 7);
    CHECK(tls_is_sound());
    CHECK(ask(&early, tls_is_sound));
  }
  TEST("TLS-02 TLS-10", "the index is small, and 32 bits are written") {
    CHECK(PROC(ULONG, tls_dll, "tls_index", (void))() < 64);
    CHECK_EQ(*VARIABLE(ULONG, tls_dll, "after_index"), 0x5EED);
  }
  TEST("TLS-04", "the block is aligned as the directory asks") {
    CHECK_EQ((uintptr_t)PROC(void*, tls_dll, "tls_block", (void))() % 64, 0);
  }
  TEST("TLS-08", "threads have their own values, new threads the template's") {
    events();
    start(&late);
    CHECK_STR(events(), "tls*( tls**( tls(");
    CHECK_EQ(ask(&early, tls_set_50), 50);
    CHECK_EQ(ask(&late, tls_get), 7);
    CHECK_EQ(ask(&late, tls_set_50), 50);
    CHECK_EQ(tls_get(), 8);
    stop(&late);
    CHECK_EQ(ask(&early, tls_get), 50);
  }
  TEST("TLS-07", "a DLL loaded again begins with new blocks") {
    CHECK(FreeLibrary(tls_dll));
    tls_dll = LoadLibraryA("static_tls.dll");
    CHECK_EQ(ask(&early, tls_get), 7);
    CHECK_EQ(tls_get(), 8);
    CHECK(FreeLibrary(tls_dll));
  }
  stop(&early);
  events();
}

static DWORD slot;
static int slot_value(void) {
  return (int)(intptr_t)TlsGetValue(slot);
}
static int slot_set(void) {
  return TlsSetValue(slot, (void*)(intptr_t)9);
}

static int callbacks, callback_sum;
static void CALLBACK on_fls(void* value) {
  callbacks += 1;
  callback_sum += (int)(intptr_t)value;
}
static int fls_set(void) {
  return FlsSetValue(slot, (void*)(intptr_t)30);
}

static void test_slots(void) {
  TEST("TLS-20", "1088 slots, never number 0, and 259 after the last") {
    static DWORD slots[1200];
    int count = 0;
    SetLastError(0);
    while (count < 1200 && (slots[count] = TlsAlloc()) != TLS_OUT_OF_INDEXES) count += 1;
    CHECK_ERROR(ERROR_NO_MORE_ITEMS);
    CHECK(count > 1000 && count < 1088);
    for (int i = 0; i < count; ++i) {
      if (slots[i] == 0 || slots[i] >= 1088) CHECK(!"a slot in range");
      TlsFree(slots[i]);
    }
  }
  TEST("TLS-21", "a new slot is NULL in all threads, and TlsFree clears it everywhere") {
    Worker worker = {0};
    start(&worker);
    slot = TlsAlloc();
    CHECK_EQ(ask(&worker, slot_value), 0);
    CHECK(ask(&worker, slot_set));
    CHECK_EQ(ask(&worker, slot_value), 9);
    CHECK_EQ(slot_value(), 0);
    CHECK(TlsFree(slot));
    CHECK_EQ(TlsAlloc(), slot);
    CHECK_EQ(ask(&worker, slot_value), 0);
    CHECK(TlsFree(slot));
    CHECK_FAILS(TlsFree(slot), ERROR_INVALID_PARAMETER);
    CHECK_FAILS(TlsFree(5000), ERROR_INVALID_PARAMETER);
    stop(&worker);
  }
  TEST("TLS-22 ERR-02", "TlsGetValue's success is error 0") {
    slot = TlsAlloc();
    SetLastError(0xDEAD);
    CHECK_EQ(slot_value(), 0);
    CHECK_ERROR(0);
    SetLastError(0xDEAD);
    CHECK(TlsSetValue(slot, &slot));
    CHECK_ERROR(0xDEAD);
    CHECK(TlsGetValue(slot) == &slot);
    CHECK_ERROR(0);
    CHECK(TlsFree(slot));
    CHECK_FAILS(TlsGetValue(1088), ERROR_INVALID_PARAMETER);
    CHECK_FAILS(TlsSetValue(1088, NULL), ERROR_INVALID_PARAMETER);
  }
  TEST("FLS-01 FLS-02 FLS-03", "FLS: index from 1, error 0, a callback for each value when freed") {
    callbacks = callback_sum = 0;
    slot = FlsAlloc(on_fls);
    CHECK(slot >= 1 && slot != FLS_OUT_OF_INDEXES);
    SetLastError(0xDEAD);
    CHECK(FlsGetValue(slot) == NULL);
    CHECK_ERROR(0);
    CHECK(FlsSetValue(slot, (void*)(intptr_t)4));
    CHECK_EQ((intptr_t)FlsGetValue(slot), 4);
    Worker worker = {0};
    start(&worker);
    CHECK(ask(&worker, fls_set));
    CHECK(FlsFree(slot));
    CHECK_EQ(callbacks, 2);
    CHECK_EQ(callback_sum, 34);
    stop(&worker);
    CHECK_EQ(callbacks, 2);
    CHECK_FAILS(FlsFree(slot), ERROR_INVALID_PARAMETER);
    CHECK_FAILS(FlsGetValue(0), ERROR_INVALID_PARAMETER);
  }
  TEST("FLS-04", "the end of a thread calls back for its value") {
    callbacks = callback_sum = 0;
    slot = FlsAlloc(on_fls);
    Worker worker = {0};
    start(&worker);
    CHECK(ask(&worker, fls_set));
    stop(&worker);
    CHECK_EQ(callbacks, 1);
    CHECK_EQ(callback_sum, 30);
    CHECK(FlsFree(slot));
    CHECK_EQ(callbacks, 1);
  }
}

static volatile int told;
static DWORD WINAPI end_half(void* unused) {
  const HMODULE ntdll = GetModuleHandleA("ntdll.dll");
  (void)unused;
  events();
  PROC(void, ntdll, "LdrShutdownThread", (void))();
  told = strstr(events(), "rec_leaf") != NULL;
  PROC(LONG, ntdll, "NtTerminateThread", (HANDLE, LONG))((HANDLE)(LONG_PTR)-2, 5); /* tells nobody */
  return 0;
}

static void test_shutdown(void) {
  TEST("LdrShutdownThread", "tells the DLLs that the thread ends, which goes on") {
    DWORD code = 0;
    const HMODULE leaf = LoadLibraryA("rec_leaf.dll");
    REQUIRE(leaf);
    const HANDLE thread = CreateThread(NULL, 0, end_half, NULL, 0, NULL);
    CHECK_EQ(WaitForSingleObject(thread, 30000), WAIT_OBJECT_0);
    CHECK(GetExitCodeThread(thread, &code));
    CHECK_EQ(code, 5);
    CHECK(told);
    CHECK_STR(events(), "");
    CloseHandle(thread);
    FreeLibrary(leaf);
  }
}

int main(void) {
  log_dll = LoadLibraryA("log.dll");
  test_notifications();
  test_static_tls();
  test_slots();
  test_shutdown();
  return finish();
}

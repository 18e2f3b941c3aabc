/* Spec section 10: the loader lock. slow.dll stays in its attach until the test lets it go. */
#include "support/check.h"

static HMODULE log_dll;
static HANDLE inside, go_on;

static DWORD WINAPI load_slow(void* ignored) {
  (void)ignored;
  const HMODULE module = LoadLibraryA("slow.dll");
  return module && *VARIABLE(int, module, "slow_done");
}
static DWORD WINAPI load_basic(void* ignored) {
  (void)ignored;
  return LoadLibraryA("basic.dll") != NULL;
}
static DWORD WINAPI answer(void* ignored) {
  (void)ignored;
  return 42;
}
static DWORD result_of(HANDLE thread) {
  DWORD code = 0;
  WaitForSingleObject(thread, 20000);
  GetExitCodeThread(thread, &code);
  CloseHandle(thread);
  return code;
}

int main(void) {
  log_dll = LoadLibraryA("log.dll");
  inside = *VARIABLE(HANDLE, log_dll, "inside") = CreateEventA(NULL, FALSE, FALSE, NULL);
  go_on = *VARIABLE(HANDLE, log_dll, "go_on") = CreateEventA(NULL, TRUE, FALSE, NULL);
  const HMODULE kernel32 = GetModuleHandleA("kernel32.dll");
  const int wine = on_wine(); /* where lookups wait for the lock, and this program with them */

  const HANDLE first = CreateThread(NULL, 0, load_slow, NULL, 0, NULL);
  WaitForSingleObject(inside, 20000);
  const HANDLE second = CreateThread(NULL, 0, load_slow, NULL, 0, NULL);
  const HANDLE other = CreateThread(NULL, 0, load_basic, NULL, 0, NULL);
  const HANDLE plain = CreateThread(NULL, 0, answer, NULL, 0, NULL);
  TEST("LOCK-03", "lookups do not wait for an attach in another thread") {
    if (wine) break;
    CHECK(GetModuleHandleA("kernel32.dll") == kernel32);
    CHECK(GetProcAddress(kernel32, "LoadLibraryA") != NULL);
    char name[1024];
    CHECK(GetModuleFileNameA(log_dll, name, sizeof name) > 0);
  }
  TEST("LOCK-02 LOCK-04", "loads and new threads do") {
    CHECK_EQ(WaitForSingleObject(second, 200), WAIT_TIMEOUT);
    CHECK_EQ(WaitForSingleObject(other, 0), WAIT_TIMEOUT);
    CHECK_EQ(WaitForSingleObject(plain, 0), WAIT_TIMEOUT);
    CHECK_EQ(WaitForSingleObject(first, 0), WAIT_TIMEOUT);
  }
  SetEvent(go_on);
  TEST("ID-08", "two threads that load one DLL get it, attached once and complete") {
    CHECK_EQ(result_of(first), 1);
    CHECK_EQ(result_of(second), 1);
    CHECK_EQ(WaitForSingleObject(inside, 0), WAIT_TIMEOUT);
    const HMODULE slow = GetModuleHandleA("slow.dll");
    REQUIRE(slow);
    CHECK(FreeLibrary(slow));
    CHECK(GetModuleHandleA("slow.dll") == slow);
    CHECK(FreeLibrary(slow));
    CHECK(GetModuleHandleA("slow.dll") == NULL);
  }
  TEST("LOCK-04", "what waited goes on") {
    CHECK_EQ(result_of(other), 1);
    CHECK_EQ(result_of(plain), 42);
  }
  TEST("LOCK-01", "the lock is the critical section at PEB+0x110, and recursive") {
    char* teb;
    __asm__ volatile("movq %%gs:0x30, %0" : "=r"(teb));
    char* peb = *(char**)(teb + 0x60);
    const char* section = *(char**)(peb + 0x110);
    REQUIRE(section);
    CHECK_EQ(*(const int*)(section + 0x0C), 0); /* RecursionCount */
    LONG(WINAPI * lock)
    (ULONG, ULONG*, ULONG_PTR*) = (void*)GetProcAddress(GetModuleHandleA("ntdll.dll"), "LdrLockLoaderLock");
    LONG(WINAPI * unlock)
    (ULONG, ULONG_PTR) = (void*)GetProcAddress(GetModuleHandleA("ntdll.dll"), "LdrUnlockLoaderLock");
    ULONG_PTR magic[2];
    CHECK_EQ(lock(0, NULL, &magic[0]), 0);
    CHECK_EQ(lock(0, NULL, &magic[1]), 0);
    CHECK_EQ(*(const int*)(section + 0x0C), 2);
    CHECK_EQ(unlock(0, magic[1]), 0);
    CHECK_EQ(unlock(0, magic[0]), 0);
    CHECK_EQ(*(const int*)(section + 0x0C), 0);
  }
  return finish();
}

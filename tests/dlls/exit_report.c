// Checks, in its detach at process exit, what DLLs find then, and prints it as the portable tests do (section 10).
#include "dll.h"

IMPORT int rec_leaf_sum(int depth);

EXPORT DWORD fls_slot;
EXPORT HANDLE other_thread, module_handle;
EXPORT volatile LONG thread_notices;

static int tests, failed;

static void say(const char* text) {
  DWORD done;
  WriteFile(GetStdHandle(STD_OUTPUT_HANDLE), text, lstrlenA(text), &done, NULL);
}
static void report(const char* rules_and_sentence, int good) {
  tests += 1;
  failed += !good;
  say(good ? "ok " : "FAIL ");
  say(rules_and_sentence);
  say("\n");
}
static DWORD WINAPI nothing(void* ignored) {
  return 0;
}

static void report_all(void* reserved) {
  report("EXIT-01: the end of the process detaches, and says that it is one", reserved != NULL);
  BOOLEAN(WINAPI * in_progress)
  (void) = (void*)GetProcAddress(GetModuleHandleA("ntdll.dll"), "RtlDllShutdownInProgress");
  report("EXIT-02: RtlDllShutdownInProgress says so too", in_progress && in_progress());
  DWORD code = 0;
  report("EXIT-01 EXIT-02: the other threads have ended, with the exit code",
         WaitForSingleObject(other_thread, 0) == WAIT_OBJECT_0 && GetExitCodeThread(other_thread, &code) && code == 0);
  SetLastError(0);
  report("EXIT-03: no thread can begin", CreateThread(NULL, 0, nothing, NULL, 0, NULL) == NULL && GetLastError() == 5);
  HMODULE basic = LoadLibraryA("basic.dll");
  report("LL-09 EXIT-03: a DLL can still be loaded", basic && GetProcAddress(basic, "add"));
  report("FREE-06 EXIT-05: and stays when it is freed", FreeLibrary(basic) && GetModuleHandleA("basic.dll") == basic);
  SetLastError(77);
  report("EXIT-04: fiber-local values are gone", FlsGetValue(fls_slot) == NULL && GetLastError() == 0);
  report("EXIT-01 REF-13: what it imports is detached after it", rec_leaf_sum(0) == 1);
  report("EXIT-01 DM-16: the end of the process announces no ends of threads", thread_notices == 0);
  void(WINAPI * shut_down)(void) = (void*)GetProcAddress(GetModuleHandleA("ntdll.dll"), "LdrShutdownProcess");
  const int before = tests;
  if (shut_down) shut_down();
  report("LDR-15: LdrShutdownProcess a second time does nothing", shut_down && tests == before);
  char line[] = "00 tests, 0 failed\n";
  line[0] = (char)('0' + tests / 10);
  line[1] = (char)('0' + tests % 10);
  line[10] = (char)('0' + failed);
  say(line);
}

BOOL WINAPI DllMain(HINSTANCE base, DWORD reason, void* reserved) {
  if (reason == DLL_THREAD_DETACH) InterlockedIncrement(&thread_notices);
  if (reason == DLL_PROCESS_DETACH) report_all(reserved);
  return TRUE;
}

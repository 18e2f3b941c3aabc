// Reports every entry point call to log.dll. Compiled many times, as NAME, importing DEP1 and DEP2: the graphs of the
// attach-order tests. <NAME>_sum is 1 plus the sums of what it imports, so the imports are real.
#include "dll.h"

#define JOIN_(a, b) a##b
#define JOIN(a, b) JOIN_(a, b)
#define SUM(name) JOIN(name, _sum)

#ifdef DEP1
IMPORT int SUM(DEP1)(int depth);
#endif
#ifdef DEP2
IMPORT int SUM(DEP2)(int depth);
#endif

EXPORT int SUM(NAME)(int depth) {
  int sum = 1;
  if (depth == 0) return sum;
#ifdef DEP1
  sum += SUM(DEP1)(depth - 1);
#endif
#ifdef DEP2
  sum += SUM(DEP2)(depth - 1);
#endif
  return sum;
}

EXPORT DWORD attach_thread;

BOOL WINAPI DllMain(HINSTANCE base, DWORD reason, void* reserved) {
  if (reason == DLL_PROCESS_ATTACH) attach_thread = GetCurrentThreadId();
#ifdef QUIET
  if (reason == DLL_PROCESS_ATTACH) DisableThreadLibraryCalls(base);
#endif
  log_call(TEXT_OF(NAME), reason, reserved);
#ifdef REFUSE
  if (reason == DLL_PROCESS_ATTACH) return FALSE;
#endif
#ifdef REFUSE_OTHERS  // only the answer to process attach counts (DM-08)
  if (reason != DLL_PROCESS_ATTACH) return FALSE;
#endif
#ifdef CRASH
  if (reason == DLL_PROCESS_ATTACH) *(volatile int*)16 = 1;
#endif
#ifdef SET_ERROR
  SetLastError(SET_ERROR);
#endif
  return TRUE;
}

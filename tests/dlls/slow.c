// Its attach takes as long as the test wants (section 10).
#include "dll.h"

IMPORT extern HANDLE inside, go_on;

EXPORT int slow_done;

BOOL WINAPI DllMain(HINSTANCE base, DWORD reason, void* reserved) {
  if (reason != DLL_PROCESS_ATTACH) return TRUE;
  SetEvent(inside);
  WaitForSingleObject(go_on, INFINITE);
  slow_done = 1;
  return TRUE;
}

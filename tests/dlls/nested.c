// Loads another DLL inside its attach, uses it, and frees it inside its detach (LL-08, LOCK-07, REF-12).
#include "dll.h"

static HMODULE inner;
EXPORT int inner_sum;

BOOL WINAPI DllMain(HINSTANCE base, DWORD reason, void* reserved) {
  if (reason == DLL_PROCESS_ATTACH) {
    log_event("nested", "<");
    inner = LoadLibraryA("rec_left.dll");
    int(WINAPI * sum)(int) = (void*)GetProcAddress(inner, "rec_left_sum");
    inner_sum = sum ? sum(9) : -1;
    log_event("nested", ">");
  } else if (reason == DLL_PROCESS_DETACH) {
    log_event("nested", "<-");
    FreeLibrary(inner);
    log_event("nested", "->");
  }
  return TRUE;
}

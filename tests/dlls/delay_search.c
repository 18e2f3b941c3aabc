// A delayed import of which.dll, of which there are several; -1 if it is not found.
#include "dll.h"

IMPORT int which(void);

extern char __ImageBase;

static int WINAPI not_found(void) {
  return -1;
}
static PVOID WINAPI on_failure(ULONG reason, void* info) {
  return not_found;
}

PVOID WINAPI ResolveDelayLoadedAPI(PVOID base, const IMAGE_DELAYLOAD_DESCRIPTOR* descriptor, void* hook,
                                   PVOID system_hook, FARPROC* slot, ULONG flags);
FARPROC WINAPI __delayLoadHelper2(const IMAGE_DELAYLOAD_DESCRIPTOR* descriptor, FARPROC* slot) {
  return (FARPROC)ResolveDelayLoadedAPI(&__ImageBase, descriptor, (void*)on_failure, NULL, slot, 0);
}

EXPORT int call_which(void) {
  return which();
}

BOOL WINAPI DllMain(HINSTANCE base, DWORD reason, void* reserved) {
  return TRUE;
}

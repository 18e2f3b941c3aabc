// A function of its own, for DLLs whose other exports are forwarders.
#include "dll.h"

EXPORT int own(void) {
  return 1;
}
BOOL WINAPI DllMain(HINSTANCE base, DWORD reason, void* reserved) {
  return TRUE;
}

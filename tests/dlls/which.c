// The same base name in several directories; each says which one it is.
#include "dll.h"

EXPORT int counter;
EXPORT int which(void) {
  return WHICH;
}
BOOL WINAPI DllMain(HINSTANCE base, DWORD reason, void* reserved) {
  return TRUE;
}

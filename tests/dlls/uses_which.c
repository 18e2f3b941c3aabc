// Imports which.dll, which exists in several directories: where was it found?
#include "dll.h"

IMPORT int which(void);
EXPORT int dependent_which(void) {
  return which();
}
BOOL WINAPI DllMain(HINSTANCE base, DWORD reason, void* reserved) {
  return TRUE;
}

// Imports one function in the way its compile flags say; `result` calls it.
#include "dll.h"

#ifndef RESULT
#define RESULT result
#endif

IMPORT int FUNCTION(int, int);
EXPORT int RESULT(void) {
  return FUNCTION(40, 2);
}
BOOL WINAPI DllMain(HINSTANCE base, DWORD reason, void* reserved) {
#ifdef LOGGED
  log_call(LOGGED, reason, reserved);
#endif
  return TRUE;
}

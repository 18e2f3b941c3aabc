// Imports a variable (IMP-08).
#include "dll.h"

IMPORT extern int answer;
EXPORT int* imported_address(void) {
  return &answer;
}
BOOL WINAPI DllMain(HINSTANCE base, DWORD reason, void* reserved) {
  answer += 1;
  return TRUE;
}

// Built against the runtime of Visual C++ 2008: by a manifest (vc90.rc), and by imports.
#include "dll.h"

IMPORT unsigned long long strlen(const char* text);
IMPORT void* malloc(unsigned long long size);
IMPORT void free(void* block);
IMPORT int sprintf(char* buffer, const char* format, ...);

EXPORT int digits(int number) {
  char* const text = malloc(20);
  sprintf(text, "%d", number);
  const int count = (int)strlen(text);
  free(text);
  return count;
}
BOOL WINAPI DllMain(HINSTANCE base, DWORD reason, void* reserved) {
  return TRUE;
}

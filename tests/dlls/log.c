// Remembers, in order, what the other DLLs report; the test reads it.
#define log_event log_event_imported
#include "dll.h"
#undef log_event

static char text[65536];
static LONG length, lock;

static void append(const char* part) {
  while (*part && length < (LONG)sizeof text - 1) text[length++] = *part++;
  text[length] = 0;
}

EXPORT void log_event(const char* name, const char* event) {
  while (InterlockedExchange(&lock, 1)) Sleep(0);
  if (length) append(" ");
  append(name);
  append(event);
  InterlockedExchange(&lock, 0);
}

// Events of the test, for slow.dll.
EXPORT HANDLE inside, go_on;

EXPORT const char* log_text(void) {
  return text;
}

EXPORT void log_clear(void) {
  length = 0;
  text[0] = 0;
}

BOOL WINAPI DllMain(HINSTANCE base, DWORD reason, void* reserved) {
  return TRUE;
}

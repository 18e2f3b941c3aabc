// An executable that exports a function and imports one: loadable, but neither bound nor started (LL-06).
#include "dll.h"

IMPORT int get_answer(void);
static int started;
EXPORT int was_started(void) {
  return started;
}
int WINAPI program_entry(void) {
  started = 1;
  return get_answer();
}

/* How the console programs of tests/e2e/console speak: a line per answer, "tag: text". */
#pragma once

#include <stdarg.h>
#include <stdio.h>

static inline void say(const char* tag, const char* format, ...) {
  va_list arguments;
  va_start(arguments, format);
  printf("%s: ", tag);
  vprintf(format, arguments);
  printf("\n");
  fflush(stdout); /* children write to the same file */
  va_end(arguments);
}

/* 0, or the last error when the call fails. */
#define ERROR_OF(call) (SetLastError(0), (call) ? 0 : (int)GetLastError())

// An ordinary DLL on the C runtime msvcrt.dll.
#include "dll.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

EXPORT int crt_format(char* buffer, size_t size, const char* name, int number, double fraction) {
  return snprintf(buffer, size, "%s-%05d-%.3f", name, number, fraction);
}
EXPORT char* crt_reverse(const char* text) {
  size_t length = strlen(text);
  char* copy = malloc(length + 1);
  for (size_t i = 0; i < length; ++i) copy[i] = text[length - 1 - i];
  copy[length] = 0;
  return copy;
}
EXPORT void crt_free(void* block) {
  free(block);
}
static int by_value(const void* a, const void* b) {
  return *(const int*)a - *(const int*)b;
}
EXPORT void crt_sort(int* numbers, size_t count) {
  qsort(numbers, count, sizeof *numbers, by_value);
}
EXPORT int crt_errno(void) {
  errno = 0;
  FILE* file = fopen("no such file\\anywhere", "r");
  return file ? -1 : errno;
}
static __thread int per_thread = 5;  // GCC for Windows emulates this with TlsAlloc
EXPORT int crt_thread_counter(void) {
  return ++per_thread;
}

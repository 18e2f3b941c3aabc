// One variable or function in a section of each right (MAP-06), and pointers that need relocations in read-only data.
#include "dll.h"

#define PLACED(name) __attribute__((section(name), used))
EXPORT PLACED(".ro") const int read_only = 1;
EXPORT PLACED(".rw") int read_write = 2;
EXPORT PLACED(".bss2") int zeroed[2048];
EXPORT PLACED(".rorel") int* const relocated_read_only = &read_write;  // REL-08
EXPORT PLACED(".exec") int executed(void) {
  return 3;
}
EXPORT struct __attribute__((packed)) {
  char odd;
  int* pointer;
} unaligned_pointer = {1, &read_write};  // REL-07

BOOL WINAPI DllMain(HINSTANCE base, DWORD reason, void* reserved) {
  return TRUE;
}

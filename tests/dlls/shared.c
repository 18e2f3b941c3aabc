// A section that is shared between processes (IMAGE_SCN_MEM_SHARED), and what the file says of it.
#include "dll.h"

asm(".section .shared,\"dws\"\n"
    ".globl shared_number\n"
    "shared_number: .long 5\n"
    ".text");
extern volatile int shared_number;

EXPORT volatile int* number(void) {
  return &shared_number;
}

BOOL WINAPI DllMain(HINSTANCE base, DWORD reason, void* reserved) {
  return TRUE;
}

// Static thread-local storage as MSVC compiles it: a template, an index, callbacks, and gs:[58h] in the code. GCC for
// Windows emulates __declspec(thread) by calls, so the directory is written by hand.
#include "dll.h"

struct Block {
  int number;
  char text[12];
  long long zeroes[4];
  __attribute__((aligned(64))) int aligned;
};

__attribute__((section(".tls"), used)) static struct Block tls_template = {7, "template", {0}, 64};

ULONG _tls_index = 0xABCD1234;
EXPORT ULONG after_index = 0x5EED;

static void WINAPI callback(void* base, DWORD reason, void* reserved) {
  static const char* const kEvents[] = {"*-", "*+", "*(", "*)"};
  log_event("tls", kEvents[reason]);
}
static void WINAPI second_callback(void* base, DWORD reason, void* reserved) {
  static const char* const kEvents[] = {"**-", "**+", "**(", "**)"};
  log_event("tls", kEvents[reason]);
}
static const PIMAGE_TLS_CALLBACK callbacks[] = {callback, second_callback, 0};

const IMAGE_TLS_DIRECTORY64 _tls_used = {
    (ULONGLONG)&tls_template,
    (ULONGLONG)(&tls_template + 1),
    (ULONGLONG)&_tls_index,
    (ULONGLONG)callbacks,
    32,
    7 << 20,  // 64-byte alignment
};

static struct Block* block(void) {
  void** vector;
  __asm__("movq %%gs:0x58, %0" : "=r"(vector));
  return vector[_tls_index];
}

EXPORT int tls_get(void) {
  return block()->number;
}
EXPORT void tls_set(int value) {
  block()->number = value;
}
EXPORT const char* tls_text(void) {
  return block()->text;
}
EXPORT void* tls_block(void) {
  return block();
}
EXPORT int tls_zero_fill_is_zero(void) {
  const char* end = (const char*)(block() + 1);
  for (int i = 0; i < 32; ++i)
    if (end[i]) return 0;
  return 1;
}
EXPORT ULONG tls_index(void) {
  return _tls_index;
}

BOOL WINAPI DllMain(HINSTANCE base, DWORD reason, void* reserved) {
  if (reason == DLL_PROCESS_ATTACH) block()->number += 1;  // the block is there before the first call (TLS-03)
  log_call("tls", reason, reserved);
  return TRUE;
}

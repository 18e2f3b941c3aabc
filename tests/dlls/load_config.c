// A load configuration written by hand: a security cookie (LC-01) and DependentLoadFlags (SRCH-60).
#include "dll.h"

EXPORT ULONG_PTR cookie = 0x00002B992DDFA232;
EXPORT ULONG_PTR other_value = 0x1234567890;
EXPORT ULONG_PTR cookie_at_attach;

EXPORT const struct {
  DWORD Size;
  BYTE unused_1[0x4A];
  WORD DependentLoadFlags;
  BYTE unused_2[8];
  ULONGLONG SecurityCookie;
  BYTE unused_3[0xA0];
} _load_config_used = {sizeof _load_config_used, {0}, DEPENDENT_FLAGS, {0}, (ULONGLONG)&cookie, {0}};
_Static_assert(sizeof _load_config_used == 0x100, "offsets: 0x4E and 0x58");

#ifdef DEP
IMPORT int which(void);
EXPORT int dependent_which(void) {
  return which();
}
#endif

BOOL WINAPI DllMain(HINSTANCE base, DWORD reason, void* reserved) {
  if (reason == DLL_PROCESS_ATTACH) cookie_at_attach = cookie;
  return TRUE;
}

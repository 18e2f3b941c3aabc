/* Spec section 10: the end of the process. The checks are in exit_report.dll's detach: EXIT-01 to EXIT-05, LL-09,
 * FREE-06, DM-16. This program only ends, which natively is the host's own exit (EXIT-09). */
#include "support/check.h"

static DWORD WINAPI wait_for_ever(void* started) {
  SetEvent(started);
  WaitForSingleObject(CreateEventA(NULL, TRUE, FALSE, NULL), INFINITE);
  return 1;
}

int main(void) {
  const HMODULE module = LoadLibraryA("exit_report.dll");
  if (!module) return printf("exit_report.dll: error %u\n", (unsigned)GetLastError()), 1;
  const HANDLE started = CreateEventA(NULL, TRUE, FALSE, NULL);
  *VARIABLE(HANDLE, module, "other_thread") = CreateThread(NULL, 0, wait_for_ever, started, 0, NULL);
  WaitForSingleObject(started, INFINITE);
  const DWORD slot = FlsAlloc(NULL);
  FlsSetValue(slot, &check_state);
  *VARIABLE(DWORD, module, "fls_slot") = slot;
  return 0;
}

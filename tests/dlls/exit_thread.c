// A thread whose code is in the DLL it frees (FREE-07).
#include "dll.h"

static HINSTANCE self;

static DWORD WINAPI run(void* event) {
  WaitForSingleObject(event, INFINITE);
  FreeLibraryAndExitThread(self, 77);
}

// Takes a reference for the thread; the thread gives it back when `event` is set.
EXPORT HANDLE start(HANDLE event) {
  HMODULE counted;
  GetModuleHandleExA(GET_MODULE_HANDLE_EX_FLAG_FROM_ADDRESS, (const char*)&start, &counted);
  return CreateThread(NULL, 0, run, event, 0, NULL);
}

BOOL WINAPI DllMain(HINSTANCE base, DWORD reason, void* reserved) {
  self = base;
  log_call("exit_thread", reason, reserved);
  return TRUE;
}

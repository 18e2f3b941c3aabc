// Callbacks inside a DLL, for who frees the DLL they run in.
#include "dll.h"

// Tells that it runs, waits, and asks for the DLL to be freed after it: (the instance, three values: FreeLibrary...'s
// address, two events).
typedef struct {
  void(WINAPI* free_when_returned)(void* instance, HMODULE module);
  HANDLE begun, go_on;
} Wanted;

EXPORT void CALLBACK free_yourself(void* instance, void* parameter) {
  Wanted* wanted = parameter;
  SetEvent(wanted->begun);
  WaitForSingleObject(wanted->go_on, INFINITE);
  HMODULE self = NULL;
  GetModuleHandleExA(GET_MODULE_HANDLE_EX_FLAG_FROM_ADDRESS | GET_MODULE_HANDLE_EX_FLAG_UNCHANGED_REFCOUNT,
                     (LPCSTR)free_yourself, &self);
  wanted->free_when_returned(instance, self);
}

EXPORT void CALLBACK wait_for_event(void* instance, void* parameter) {
  Wanted* wanted = parameter;
  SetEvent(wanted->begun);
  WaitForSingleObject(wanted->go_on, INFINITE);
}

BOOL WINAPI DllMain(HINSTANCE base, DWORD reason, void* reserved) {
  return TRUE;
}

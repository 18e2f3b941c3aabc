/* A service's way in, where there is no service control manager: each call says so, and none pretends. */
#include <windows.h>

#include "support/say.h"

static VOID WINAPI service_main(DWORD argc, LPSTR* argv) {
  (void)argc, (void)argv;
}

int main(void) {
  const SC_HANDLE manager = OpenSCManagerA(NULL, NULL, SC_MANAGER_CONNECT);
  const DWORD error = GetLastError();
  say("OpenSCManager", "%d", manager == NULL);
  say("says-why", "%d", manager != NULL || (error != 0 && error != ERROR_CALL_NOT_IMPLEMENTED));
  say("OpenService", "%d", ERROR_OF(OpenServiceA(NULL, "nosuch", SERVICE_QUERY_STATUS)));
  SERVICE_STATUS status;
  say("QueryServiceStatus", "%d", ERROR_OF(QueryServiceStatus(NULL, &status)));
  say("CloseServiceHandle", "%d", ERROR_OF(CloseServiceHandle(NULL)));
  char name[] = "hm_test";
  const SERVICE_TABLE_ENTRYA table[] = {{name, service_main}, {NULL, NULL}};
  say("dispatcher", "%d", ERROR_OF(StartServiceCtrlDispatcherA(table)));
  say("SetServiceStatus", "%d", ERROR_OF(SetServiceStatus(NULL, &status)));
  return 0;
}

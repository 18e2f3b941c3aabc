/* Job objects: membership, limits that can be read back, accounting, the end of all that are in one. */
#include <windows.h>

#include <string.h>

#include "support/say.h"

static char self[MAX_PATH];

static PROCESS_INFORMATION start(const char* task, DWORD flags) {
  char line[600];
  snprintf(line, sizeof line, "\"%s\" %s", self, task);
  STARTUPINFOA info = {.cb = sizeof info};
  PROCESS_INFORMATION made = {0};
  CreateProcessA(NULL, line, NULL, NULL, FALSE, flags, NULL, NULL, &info, &made);
  return made;
}

int main(int argc, char** argv) {
  GetModuleFileNameA(NULL, self, sizeof self);
  if (argc > 1 && strcmp(argv[1], "sleep") == 0) {
    Sleep(60000);
    return 0;
  }
  if (argc > 1) return 5;

  const HANDLE job = CreateJobObjectA(NULL, "hm_test_job");
  say("create", "%d", job != NULL);
  const HANDLE again = OpenJobObjectA(JOB_OBJECT_ALL_ACCESS, FALSE, "hm_test_job");
  say("open", "%d", again != NULL);
  CloseHandle(again);
  say("open-missing", "%d", ERROR_OF(OpenJobObjectA(JOB_OBJECT_ALL_ACCESS, FALSE, "hm_no_job")));

  JOBOBJECT_EXTENDED_LIMIT_INFORMATION limits = {0};
  limits.BasicLimitInformation.LimitFlags =
      JOB_OBJECT_LIMIT_KILL_ON_JOB_CLOSE | JOB_OBJECT_LIMIT_DIE_ON_UNHANDLED_EXCEPTION;
  say("set", "%d", ERROR_OF(SetInformationJobObject(job, JobObjectExtendedLimitInformation, &limits, sizeof limits)));
  JOBOBJECT_EXTENDED_LIMIT_INFORMATION read = {0};
  DWORD size = 0;
  say("query", "%d",
      ERROR_OF(QueryInformationJobObject(job, JobObjectExtendedLimitInformation, &read, sizeof read, &size)));
  say("limits", "%lx %d", read.BasicLimitInformation.LimitFlags, size == sizeof read);
  say("too-small", "%d", ERROR_OF(QueryInformationJobObject(job, JobObjectExtendedLimitInformation, &read, 8, &size)));

  BOOL in_job = 2;
  PROCESS_INFORMATION child = start("sleep", CREATE_SUSPENDED);
  say("before", "%d %d", ERROR_OF(IsProcessInJob(child.hProcess, job, &in_job)), in_job);
  say("assign", "%d", ERROR_OF(AssignProcessToJobObject(job, child.hProcess)));
  say("after", "%d %d", ERROR_OF(IsProcessInJob(child.hProcess, job, &in_job)), in_job);
  ResumeThread(child.hThread);

  JOBOBJECT_BASIC_ACCOUNTING_INFORMATION accounting = {0};
  QueryInformationJobObject(job, JobObjectBasicAccountingInformation, &accounting, sizeof accounting, NULL);
  say("accounting", "%lu %lu %lu", accounting.TotalProcesses, accounting.ActiveProcesses,
      accounting.TotalTerminatedProcesses);
  struct {
    DWORD assigned, listed;
    ULONG_PTR ids[8];
  } list = {0};
  say("list", "%d", ERROR_OF(QueryInformationJobObject(job, JobObjectBasicProcessIdList, &list, sizeof list, NULL)));
  say("ids", "%lu %lu %d", list.assigned, list.listed, list.ids[0] == child.dwProcessId);

  const HANDLE port = CreateIoCompletionPort(INVALID_HANDLE_VALUE, NULL, 0, 0);
  JOBOBJECT_ASSOCIATE_COMPLETION_PORT association = {(void*)0x77, port};
  say("associate", "%d",
      ERROR_OF(
          SetInformationJobObject(job, JobObjectAssociateCompletionPortInformation, &association, sizeof association)));
  say("terminate", "%d", ERROR_OF(TerminateJobObject(job, 123)));
  say("ended", "%lu", WaitForSingleObject(child.hProcess, 20000));
  DWORD code = 0;
  GetExitCodeProcess(child.hProcess, &code);
  say("code", "%lu", code);
  CloseHandle(child.hProcess);
  CloseHandle(child.hThread);
  int zero = 0;
  for (;;) {
    DWORD message = 0;
    ULONG_PTR key = 0;
    OVERLAPPED* extra = NULL;
    if (!GetQueuedCompletionStatus(port, &message, &key, &extra, 5000)) break;
    if (message == JOB_OBJECT_MSG_ACTIVE_PROCESS_ZERO && key == 0x77) {
      zero = 1;
      break;
    }
  }
  say("active-zero", "%d", zero);

  /* closing the last handle ends what is inside */
  const HANDLE second = CreateJobObjectA(NULL, NULL);
  SetInformationJobObject(second, JobObjectExtendedLimitInformation, &limits, sizeof limits);
  child = start("sleep", 0);
  say("assign-running", "%d", ERROR_OF(AssignProcessToJobObject(second, child.hProcess)));
  CloseHandle(second);
  say("killed-on-close", "%lu", WaitForSingleObject(child.hProcess, 20000));
  CloseHandle(child.hProcess);
  CloseHandle(child.hThread);
  child = start("end", 0);
  WaitForSingleObject(child.hProcess, INFINITE);
  say("assign-dead", "%d", ERROR_OF(AssignProcessToJobObject(job, child.hProcess)));
  return 0;
}

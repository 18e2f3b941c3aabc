/* What a child inherits: files, pipes, events, sections, processes and C descriptors, at the values they have here; and
 * the ends of named pipes as its streams, as Rust's and Node.js' runtimes give them. */
#include <windows.h>

#include <fcntl.h>
#include <io.h>
#include <process.h>
#include <stdlib.h>
#include <string.h>

#include "support/say.h"

static char self[MAX_PATH];

static HANDLE handle_of(const char* text) {
  return (HANDLE)(ULONG_PTR)strtoull(text, NULL, 16);
}

static DWORD flags_of(HANDLE handle) {
  DWORD flags;
  return GetHandleInformation(handle, &flags) ? flags : 0xFF;
}

static int child(int argc, char** argv) {
  const char* const task = argv[1];
  const HANDLE first = argc > 2 ? handle_of(argv[2]) : NULL, second = argc > 3 ? handle_of(argv[3]) : NULL;
  char text[64] = "";
  DWORD done = 0;
  if (strcmp(task, "event") == 0) {
    SetEvent(first);
    return WaitForSingleObject(second, 20000) == WAIT_OBJECT_0 ? 11 : 12;
  }
  if (strcmp(task, "mutex") == 0) return (int)WaitForSingleObject(first, 20000); /* and leaves it owned */
  if (strcmp(task, "file") == 0) {
    const DWORD at = SetFilePointer(first, 0, NULL, FILE_CURRENT);
    WriteFile(first, "child", 5, &done, NULL);
    return (int)(at * 10 + done);
  }
  if (strcmp(task, "pipe") == 0) {
    ReadFile(first, text, sizeof text, &done, NULL);
    for (DWORD i = 0; i < done; ++i) text[i] ^= 0x20;
    WriteFile(second, text, done, &done, NULL);
    return (int)done;
  }
  if (strcmp(task, "section") == 0) {
    LONG* const memory = MapViewOfFile(first, FILE_MAP_WRITE, 0, 0, 0);
    if (!memory) return (int)GetLastError();
    memory[1] = memory[0] * 2;
    return 21;
  }
  if (strcmp(task, "process") == 0) return GetProcessId(first) == strtoul(argv[3], NULL, 10) ? 31 : 32;
  if (strcmp(task, "which") == 0) return (int)(flags_of(first) * 1000 + flags_of(second));
  if (strcmp(task, "echo") == 0) {
    /* libuv sets the mode of every stream, and gives up if that fails. */
    const HANDLE out = GetStdHandle(STD_OUTPUT_HANDLE);
    DWORD bytes = PIPE_READMODE_BYTE | PIPE_WAIT, messages = PIPE_READMODE_MESSAGE;
    if (!SetNamedPipeHandleState(out, &bytes, NULL, NULL)) return 42;
    if (SetNamedPipeHandleState(out, &messages, NULL, NULL) || GetLastError() != ERROR_INVALID_PARAMETER) return 43;
    while (fgets(text, sizeof text, stdin)) printf("<%s", text), fflush(stdout);
    return 41;
  }
  if (strcmp(task, "descriptor") == 0) {
    const int descriptor = atoi(argv[2]);
    const int size = _read(descriptor, text, sizeof text - 1);
    say("descriptor", "%d %s", size, size > 0 ? text : "");
    return 51;
  }
  return 99;
}

static DWORD answer_of(PROCESS_INFORMATION* process) {
  DWORD code = 0xDEAD;
  WaitForSingleObject(process->hProcess, 30000);
  GetExitCodeProcess(process->hProcess, &code);
  CloseHandle(process->hProcess);
  CloseHandle(process->hThread);
  return code;
}

static BOOL start(const char* task, HANDLE first, HANDLE second, BOOL inherit, STARTUPINFOA* info, DWORD flags,
                  PROCESS_INFORMATION* process) {
  char line[MAX_PATH + 100];
  snprintf(line, sizeof line, "\"%s\" %s %llx %llx", self, task, (unsigned long long)(ULONG_PTR)first,
           (unsigned long long)(ULONG_PTR)second);
  STARTUPINFOA plain = {.cb = sizeof plain};
  return CreateProcessA(self, line, NULL, NULL, inherit, flags, NULL, NULL, info ? info : &plain, process);
}

static DWORD run(const char* task, HANDLE first, HANDLE second, BOOL inherit) {
  PROCESS_INFORMATION process;
  return start(task, first, second, inherit, NULL, 0, &process) ? answer_of(&process) : 0xBAD;
}

/* A server's end that is overlapped, and a client's for a child. */
static HANDLE pipe_for_child(int number, DWORD server_access, DWORD client_access, HANDLE* client) {
  SECURITY_ATTRIBUTES inheritable = {sizeof inheritable, NULL, TRUE};
  char name[100];
  snprintf(name, sizeof name, "\\\\.\\pipe\\hm_inherited_%lu_%d", GetCurrentProcessId(), number);
  const HANDLE server =
      CreateNamedPipeA(name, server_access | FILE_FLAG_OVERLAPPED, PIPE_TYPE_BYTE, 1, 4096, 4096, 0, NULL);
  *client = CreateFileA(name, client_access, 0, &inheritable, OPEN_EXISTING, 0, NULL);
  return server;
}

static DWORD transfer(HANDLE pipe, BOOL writes, void* data, DWORD size) {
  OVERLAPPED at = {.hEvent = CreateEventA(NULL, TRUE, FALSE, NULL)};
  DWORD done = 0;
  if (!(writes ? WriteFile(pipe, data, size, NULL, &at) : ReadFile(pipe, data, size, NULL, &at)) &&
      GetLastError() != ERROR_IO_PENDING) {
    done = 100000 + GetLastError();
  } else if (!GetOverlappedResult(pipe, &at, &done, TRUE)) {
    done = 100000 + GetLastError();
  }
  CloseHandle(at.hEvent);
  return done;
}

int main(int argc, char** argv) {
  GetModuleFileNameA(NULL, self, sizeof self);
  if (argc > 1) return child(argc, argv);
  SECURITY_ATTRIBUTES inheritable = {sizeof inheritable, NULL, TRUE};
  PROCESS_INFORMATION process;
  char text[64] = "";
  DWORD done;

  HANDLE asked = CreateEventA(&inheritable, FALSE, FALSE, NULL),
         answered = CreateEventA(&inheritable, TRUE, FALSE, NULL);
  start("event", asked, answered, TRUE, NULL, 0, &process);
  say("event", "%lu", WaitForSingleObject(asked, 20000));
  SetEvent(answered);
  say("event-answer", "%lu", answer_of(&process));

  const HANDLE mutex = CreateMutexA(&inheritable, FALSE, NULL);
  say("mutex", "%lu", run("mutex", mutex, NULL, TRUE));
  say("mutex-abandoned", "%lu", WaitForSingleObject(mutex, 20000));

  const HANDLE file = CreateFileA("shared.txt", GENERIC_READ | GENERIC_WRITE, 0, &inheritable, CREATE_ALWAYS, 0, NULL);
  WriteFile(file, "parent", 6, &done, NULL);
  say("file", "%lu", run("file", file, NULL, TRUE));
  SetFilePointer(file, 0, NULL, FILE_BEGIN);
  ReadFile(file, text, sizeof text, &done, NULL);
  say("file-content", "%.*s", (int)done, text);

  HANDLE in_read, in_write, out_read, out_write;
  CreatePipe(&in_read, &in_write, &inheritable, 0);
  CreatePipe(&out_read, &out_write, &inheritable, 0);
  SetHandleInformation(in_write, HANDLE_FLAG_INHERIT, 0);
  SetHandleInformation(out_read, HANDLE_FLAG_INHERIT, 0);
  WriteFile(in_write, "pIPE", 4, &done, NULL);
  say("pipe", "%lu", run("pipe", in_read, out_write, TRUE));
  ReadFile(out_read, text, sizeof text, &done, NULL);
  say("pipe-content", "%.*s", (int)done, text);

  const HANDLE section = CreateFileMappingA(INVALID_HANDLE_VALUE, &inheritable, PAGE_READWRITE, 0, 4096, NULL);
  LONG* const memory = MapViewOfFile(section, FILE_MAP_WRITE, 0, 0, 0);
  memory[0] = 21;
  say("section", "%lu", run("section", section, NULL, TRUE));
  say("section-content", "%ld", memory[1]);

  HANDLE me;
  DuplicateHandle(GetCurrentProcess(), GetCurrentProcess(), GetCurrentProcess(), &me, 0, TRUE, DUPLICATE_SAME_ACCESS);
  char line[MAX_PATH + 100];
  snprintf(line, sizeof line, "\"%s\" process %llx %lu", self, (unsigned long long)(ULONG_PTR)me,
           GetCurrentProcessId());
  STARTUPINFOA plain = {.cb = sizeof plain};
  say("process", "%lu",
      CreateProcessA(self, line, NULL, NULL, TRUE, 0, NULL, NULL, &plain, &process) ? answer_of(&process) : 0);

  /* Which: both are inheritable; one of them; none is wanted; one is in the list. */
  say("which-both", "%lu", run("which", asked, answered, TRUE));
  SetHandleInformation(answered, HANDLE_FLAG_INHERIT, 0);
  say("which-one", "%lu", run("which", asked, answered, TRUE));
  say("which-none", "%lu", run("which", asked, file, FALSE));
  SIZE_T size = 0;
  InitializeProcThreadAttributeList(NULL, 1, 0, &size);
  STARTUPINFOEXA extended = {.StartupInfo = {.cb = sizeof extended}, .lpAttributeList = malloc(size)};
  InitializeProcThreadAttributeList(extended.lpAttributeList, 1, 0, &size);
  HANDLE list[] = {file};
  UpdateProcThreadAttribute(extended.lpAttributeList, 0, PROC_THREAD_ATTRIBUTE_HANDLE_LIST, list, sizeof list, NULL,
                            NULL);
  start("which", asked, file, TRUE, &extended.StartupInfo, EXTENDED_STARTUPINFO_PRESENT, &process);
  say("which-listed", "%lu", answer_of(&process));

  /* A child between two named pipes. */
  HANDLE child_in, child_out;
  const HANDLE to_child = pipe_for_child(1, PIPE_ACCESS_OUTBOUND, GENERIC_READ, &child_in);
  const HANDLE from_child = pipe_for_child(2, PIPE_ACCESS_INBOUND, GENERIC_WRITE, &child_out);
  STARTUPINFOA streams = {.cb = sizeof streams,
                          .dwFlags = STARTF_USESTDHANDLES,
                          .hStdInput = child_in,
                          .hStdOutput = child_out,
                          .hStdError = child_out};
  start("echo", NULL, NULL, TRUE, &streams, 0, &process);
  CloseHandle(child_in);
  CloseHandle(child_out);
  transfer(to_child, TRUE, "one\n", 4);
  done = transfer(from_child, FALSE, text, sizeof text);
  say("streams", "%.*s", done < 64 ? (int)strcspn(text, "\r\n") : 0, text);
  transfer(to_child, TRUE, "two\n", 4);
  done = transfer(from_child, FALSE, text, sizeof text);
  say("streams", "%.*s", done < 64 ? (int)strcspn(text, "\r\n") : 0, text);
  CloseHandle(to_child);
  say("streams-end", "%lu %lu", transfer(from_child, FALSE, text, sizeof text), answer_of(&process));

  /* An end as any other handle, in both directions. */
  HANDLE end;
  const HANDLE server = pipe_for_child(3, PIPE_ACCESS_DUPLEX, GENERIC_READ | GENERIC_WRITE, &end);
  start("pipe", end, end, TRUE, NULL, 0, &process);
  CloseHandle(end);
  transfer(server, TRUE, "nAMED", 5);
  done = transfer(server, FALSE, text, sizeof text);
  say("named-end", "%.*s %lu", done < 64 ? (int)done : 0, text, answer_of(&process));
  say("named-end-closed", "%lu", transfer(server, FALSE, text, sizeof text));

  /* What C runtimes hand on. */
  int ends[2];
  _pipe(ends, 256, _O_BINARY);
  _write(ends[1], "by descriptor", 14);
  char number[12];
  snprintf(number, sizeof number, "%d", ends[0]);
  fflush(stdout);
  say("descriptor", "%d", (int)_spawnl(_P_WAIT, self, "inherited", "descriptor", number, NULL));
  return 0;
}

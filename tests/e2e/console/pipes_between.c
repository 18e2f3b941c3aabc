/* Named pipes between a server and clients in other processes: messages and bytes, both ways, what is refused, and how
 * each side hears of the other's end. */
#include <windows.h>

#include <stdlib.h>
#include <string.h>

#include "support/say.h"

#define NAME "\\\\.\\pipe\\hm_between_"

static char self[MAX_PATH];
static DWORD count;
static char text[256];

static HANDLE open_pipe(const char* name, DWORD flags) {
  return CreateFileA(name, GENERIC_READ | GENERIC_WRITE, 0, NULL, OPEN_EXISTING, flags, NULL);
}
static HANDLE make_pipe(const char* name, DWORD flags, DWORD mode, DWORD most, DWORD quota) {
  return CreateNamedPipeA(name, PIPE_ACCESS_DUPLEX | flags, mode, most, quota, quota, 500, NULL);
}
static BOOL connected(HANDLE pipe) {
  return ConnectNamedPipe(pipe, NULL) || GetLastError() == ERROR_PIPE_CONNECTED;
}
static PROCESS_INFORMATION start(const char* task) {
  char command[MAX_PATH + 64];
  wsprintfA(command, "\"%s\" %s %lu", self, task, GetCurrentProcessId());
  STARTUPINFOA info = {.cb = sizeof info};
  PROCESS_INFORMATION process = {0};
  if (!CreateProcessA(NULL, command, NULL, NULL, TRUE, 0, NULL, NULL, &info, &process))
    say("start", "%s %lu", task, GetLastError());
  return process;
}
static void end(PROCESS_INFORMATION process, const char* tag) {
  DWORD code = 0;
  const DWORD waited = WaitForSingleObject(process.hProcess, 20000);
  GetExitCodeProcess(process.hProcess, &code);
  say(tag, "%lu %lu", waited, code);
  CloseHandle(process.hProcess);
  CloseHandle(process.hThread);
}
static int read_error(HANDLE pipe) {
  return ERROR_OF(ReadFile(pipe, text, sizeof text, &count, NULL));
}
static int write_error(HANDLE pipe, const char* what) {
  return ERROR_OF(WriteFile(pipe, what, (DWORD)strlen(what), &count, NULL));
}

static void say_read(const char* tag, HANDLE pipe) {
  const int error = read_error(pipe);
  if (error)
    say(tag, "%d", error);
  else
    say(tag, "%lu %.*s", count, (int)count, text);
}

/* --- the children --- */

static int messages(DWORD parent) {
  ULONG server = 0, mode = PIPE_READMODE_MESSAGE, flags = 0, out = 0, in = 0, most = 0;
  const HANDLE pipe = open_pipe(NAME "messages", 0);
  say("m-open", "%d", pipe != INVALID_HANDLE_VALUE);
  GetNamedPipeServerProcessId(pipe, &server);
  say("m-server", "%d", server == parent);
  say("m-mode", "%d", ERROR_OF(SetNamedPipeHandleState(pipe, &mode, NULL, NULL)));
  GetNamedPipeInfo(pipe, &flags, &out, &in, &most);
  say("m-info", "%lu %lu %lu", flags, in, most);
  say("m-transact", "%d", ERROR_OF(TransactNamedPipe(pipe, (void*)"hello", 5, text, sizeof text, &count, NULL)));
  say("m-answer", "%.*s", (int)count, text);
  say("m-part", "%d", ERROR_OF(TransactNamedPipe(pipe, (void*)"0123456789", 10, text, 4, &count, NULL)));
  DWORD available = 0, left = 0;
  PeekNamedPipe(pipe, NULL, 0, NULL, &available, &left);
  say("m-peek", "%lu %lu", available, left);
  say_read("m-rest", pipe);
  say("m-empty", "%d", write_error(pipe, ""));
  say("m-bye", "%d", write_error(pipe, "bye"));
  say_read("m-disconnected", pipe);
  say("m-write", "%d", write_error(pipe, "x"));
  CloseHandle(pipe);
  say("m-call", "%d", ERROR_OF(CallNamedPipeA(NAME "messages", (void*)"call", 4, text, sizeof text, &count, 5000)));
  say("m-called", "%.*s", (int)count, text);
  return 11;
}

static int bytes(void) {
  const HANDLE pipe = open_pipe(NAME "bytes", FILE_FLAG_OVERLAPPED);
  OVERLAPPED first = {.hEvent = CreateEventA(NULL, TRUE, FALSE, NULL)}, second = first;
  second.hEvent = CreateEventA(NULL, TRUE, FALSE, NULL);
  static char block[100000];
  say("b-pending", "%d", ERROR_OF(ReadFile(pipe, block, sizeof block, NULL, &first)));
  say("b-cancel", "%d", ERROR_OF(CancelIoEx(pipe, &first)));
  say("b-cancelled", "%d", ERROR_OF(GetOverlappedResult(pipe, &first, &count, TRUE)));
  WriteFile(pipe, "go", 2, NULL, &second);
  GetOverlappedResult(pipe, &second, &count, TRUE);
  unsigned total = 0, sum = 0;
  for (;;) {
    ResetEvent(first.hEvent);
    if (!ReadFile(pipe, block, sizeof block, NULL, &first) && GetLastError() != ERROR_IO_PENDING) break;
    if (!GetOverlappedResult(pipe, &first, &count, TRUE)) break;
    for (DWORD i = 0; i < count; ++i) sum = sum * 31 + (unsigned char)block[i];
    total += count;
  }
  say("b-end", "%lu", GetLastError());
  say("b-total", "%u %x", total, sum);
  CloseHandle(pipe);
  return 12;
}

static int slow(void) {
  const HANDLE pipe = open_pipe(NAME "slow", 0);
  Sleep(100);
  say_read("s-read", pipe);
  Sleep(100);
  say_read("s-left", pipe);
  say_read("s-broken", pipe);
  say("s-closing", "%d", write_error(pipe, "x"));
  return 13;
}

static int dies(void) {
  const HANDLE pipe = open_pipe(NAME "dies", 0);
  write_error(pipe, "last words");
  Sleep(60000);
  return (int)(ULONG_PTR)pipe;
}

static int serves(void) {
  const HANDLE pipe = make_pipe(NAME "child", 0, PIPE_TYPE_MESSAGE, 1, 4096);
  const HANDLE ready = OpenEventA(EVENT_MODIFY_STATE, FALSE, "hm_between_ready");
  SetEvent(ready);
  say("c-connected", "%d", connected(pipe));
  say_read("c-read", pipe);
  say("c-one", "%d", write_error(pipe, "one"));
  say("c-two", "%d", write_error(pipe, "two"));
  return 15; /* with the pipe open and unread */
}

static int child(const char* task, DWORD parent) {
  if (strcmp(task, "messages") == 0) return messages(parent);
  if (strcmp(task, "bytes") == 0) return bytes();
  if (strcmp(task, "slow") == 0) return slow();
  if (strcmp(task, "dies") == 0) return dies();
  if (strcmp(task, "serves") == 0) return serves();
  if (strcmp(task, "absent") == 0) {
    say("a-open", "%d", ERROR_OF(open_pipe(NAME "absent", 0) != INVALID_HANDLE_VALUE));
    say("a-wait", "%d", ERROR_OF(WaitNamedPipeA(NAME "absent", 10)));
    say("a-busy", "%d", ERROR_OF(open_pipe(NAME "busy", 0) != INVALID_HANDLE_VALUE));
    say("a-busy-wait", "%d", ERROR_OF(WaitNamedPipeA(NAME "busy", 20)));
    say("a-direction", "%d", ERROR_OF(open_pipe(NAME "inbound", 0) != INVALID_HANDLE_VALUE));
    return 16;
  }
  say("f-wait", "%d", ERROR_OF(WaitNamedPipeA(NAME "busy", NMPWAIT_WAIT_FOREVER)));
  const HANDLE pipe = open_pipe(NAME "busy", 0);
  say("f-open", "%d", pipe != INVALID_HANDLE_VALUE);
  say("f-write", "%d", write_error(pipe, "now"));
  CloseHandle(pipe);
  return 17;
}

/* --- the parent --- */

static void serve_messages(void) {
  const HANDLE pipe = make_pipe(NAME "messages", 0, PIPE_TYPE_MESSAGE | PIPE_READMODE_MESSAGE, 1, 4096);
  const PROCESS_INFORMATION process = start("messages");
  ULONG client = 0;
  say("connected", "%d", connected(pipe));
  GetNamedPipeClientProcessId(pipe, &client);
  say("client", "%d", client == process.dwProcessId);
  for (int i = 0; i < 2; ++i) {
    ReadFile(pipe, text, sizeof text, &count, NULL);
    WriteFile(pipe, text, count, &count, NULL);
  }
  say_read("empty", pipe);
  say_read("bye", pipe);
  say("disconnect", "%d", ERROR_OF(DisconnectNamedPipe(pipe)));
  say_read("read-disconnected", pipe);
  say("again", "%d", connected(pipe));
  say_read("call", pipe);
  say("answer", "%d", write_error(pipe, "called"));
  say_read("gone", pipe);
  CloseHandle(pipe);
  end(process, "messages-end");
}

static void serve_bytes(void) {
  const HANDLE pipe = make_pipe(NAME "bytes", FILE_FLAG_OVERLAPPED, PIPE_TYPE_BYTE, 1, 4096);
  const PROCESS_INFORMATION process = start("bytes");
  OVERLAPPED over = {.hEvent = CreateEventA(NULL, TRUE, FALSE, NULL)};
  say("o-connect", "%d",
      ConnectNamedPipe(pipe, &over) || GetLastError() == ERROR_IO_PENDING || GetLastError() == ERROR_PIPE_CONNECTED);
  WaitForSingleObject(over.hEvent, 10000);
  ReadFile(pipe, text, sizeof text, NULL, &over);
  say("o-go", "%d", ERROR_OF(GetOverlappedResult(pipe, &over, &count, TRUE)));
  static char block[50000];
  unsigned sum = 0, state = 1;
  int good = 0;
  for (int i = 0; i < 20; ++i) {
    for (unsigned j = 0; j < sizeof block; ++j) {
      block[j] = (char)((state = state * 1103515245 + 12345) >> 16);
      sum = sum * 31 + (unsigned char)block[j];
    }
    if (!WriteFile(pipe, block, sizeof block, NULL, &over) && GetLastError() != ERROR_IO_PENDING) break;
    good += GetOverlappedResult(pipe, &over, &count, TRUE) && count == sizeof block;
  }
  say("o-written", "%d", good);
  say("o-sum", "%x", sum);
  FlushFileBuffers(pipe);
  CloseHandle(pipe);
  end(process, "bytes-end");
}

int main(int argc, char** argv) {
  GetModuleFileNameA(NULL, self, sizeof self);
  if (argc > 2) return child(argv[1], strtoul(argv[2], NULL, 10));
  serve_messages();
  serve_bytes();

  HANDLE pipe = make_pipe(NAME "slow", 0, PIPE_TYPE_BYTE, 1, 4096);
  PROCESS_INFORMATION process = start("slow");
  connected(pipe);
  write_error(pipe, "flushed");
  say("flush", "%d", ERROR_OF(FlushFileBuffers(pipe)));
  write_error(pipe, "left");
  CloseHandle(pipe);
  end(process, "slow-end");

  pipe = make_pipe(NAME "dies", 0, PIPE_TYPE_BYTE, 1, 4096);
  process = start("dies");
  connected(pipe);
  say_read("words", pipe);
  TerminateProcess(process.hProcess, 14);
  say_read("dead-read", pipe);
  say("dead-write", "%d", write_error(pipe, "x"));
  end(process, "dies-end");
  CloseHandle(pipe);

  const HANDLE ready = CreateEventA(NULL, FALSE, FALSE, "hm_between_ready");
  process = start("serves");
  WaitForSingleObject(ready, 20000);
  pipe = open_pipe(NAME "child", 0);
  DWORD mode = PIPE_READMODE_MESSAGE;
  say("child-open", "%d", pipe != INVALID_HANDLE_VALUE);
  say("child-first", "%d",
      ERROR_OF(make_pipe(NAME "child", FILE_FLAG_FIRST_PIPE_INSTANCE, PIPE_TYPE_MESSAGE, 1, 4096) !=
               INVALID_HANDLE_VALUE));
  SetNamedPipeHandleState(pipe, &mode, NULL, NULL);
  write_error(pipe, "hello");
  end(process, "serves-end");
  say_read("child-one", pipe);
  say_read("child-two", pipe);
  say_read("child-gone", pipe);
  say("child-write", "%d", write_error(pipe, "x"));
  CloseHandle(pipe);
  say("child-name", "%d", ERROR_OF(open_pipe(NAME "child", 0) != INVALID_HANDLE_VALUE));

  pipe = make_pipe(NAME "busy", 0, PIPE_TYPE_BYTE, 1, 4096);
  const HANDLE inbound =
      CreateNamedPipeA(NAME "inbound", PIPE_ACCESS_INBOUND, PIPE_TYPE_BYTE, 1, 4096, 4096, 500, NULL);
  const HANDLE own = open_pipe(NAME "busy", 0);
  end(start("absent"), "absent-end");
  process = start("free");
  Sleep(100);
  CloseHandle(own);
  DisconnectNamedPipe(pipe);
  say("free", "%d", connected(pipe));
  say_read("now", pipe);
  CloseHandle(pipe);
  CloseHandle(inbound);
  end(process, "free-end");
  return 0;
}

/* Named pipes: a server with several clients, bytes and messages, one-shot calls, states and what is refused. */
#include <windows.h>

#include <string.h>

#include "support/say.h"

#define NAME "\\\\.\\pipe\\hm_console_pipe"

static DWORD WINAPI upper_server(void* argument) {
  const HANDLE pipe = (HANDLE)argument;
  if (!ConnectNamedPipe(pipe, NULL) && GetLastError() != ERROR_PIPE_CONNECTED) return 1;
  char text[128];
  DWORD size, written;
  while (ReadFile(pipe, text, sizeof text, &size, NULL)) {
    for (DWORD i = 0; i < size; ++i)
      if (text[i] >= 'a' && text[i] <= 'z') text[i] = (char)(text[i] - 32);
    WriteFile(pipe, text, size, &written, NULL);
  }
  const DWORD why = GetLastError();
  DisconnectNamedPipe(pipe);
  CloseHandle(pipe);
  return why;
}

static HANDLE server(DWORD mode, DWORD most) {
  return CreateNamedPipeA(NAME, PIPE_ACCESS_DUPLEX, mode, most, 4096, 4096, 1000, NULL);
}
static HANDLE client(void) {
  return CreateFileA(NAME, GENERIC_READ | GENERIC_WRITE, 0, NULL, OPEN_EXISTING, 0, NULL);
}

int main(void) {
  DWORD count = 0, mode = 0;
  char text[128] = "";
  say("nobody", "%d", ERROR_OF(client() != INVALID_HANDLE_VALUE));
  say("wait-nobody", "%d", ERROR_OF(WaitNamedPipeA(NAME, 10)));
  HANDLE pipe = server(PIPE_TYPE_MESSAGE | PIPE_READMODE_MESSAGE | PIPE_WAIT, 2);
  say("server", "%d", pipe != INVALID_HANDLE_VALUE);
  HANDLE thread = CreateThread(NULL, 0, upper_server, pipe, 0, NULL);
  HANDLE mine = client();
  say("client", "%d", mine != INVALID_HANDLE_VALUE);
  say("busy", "%d", ERROR_OF(client() != INVALID_HANDLE_VALUE));
  say("wait-busy", "%d", ERROR_OF(WaitNamedPipeA(NAME, 20)));
  WriteFile(mine, "hello", 5, &count, NULL);
  ReadFile(mine, text, sizeof text, &count, NULL);
  say("answer", "%lu %.*s", count, (int)count, text);
  mode = PIPE_READMODE_MESSAGE;
  say("message-mode", "%d", ERROR_OF(SetNamedPipeHandleState(mine, &mode, NULL, NULL)));
  say("transact", "%d", ERROR_OF(TransactNamedPipe(mine, (void*)"one message", 11, text, sizeof text, &count, NULL)));
  say("transacted", "%lu %.*s", count, (int)count, text);
  say("part", "%d", ERROR_OF(TransactNamedPipe(mine, (void*)"0123456789", 10, text, 4, &count, NULL)));
  DWORD left = 0, available = 0;
  PeekNamedPipe(mine, NULL, 0, NULL, &available, &left);
  say("peek", "%lu %lu", available, left);
  say("rest", "%d", ERROR_OF(ReadFile(mine, text, sizeof text, &count, NULL)));
  say("rest-text", "%.*s", (int)count, text);
  DWORD state = 0, instances = 0;
  say("state", "%d", ERROR_OF(GetNamedPipeHandleStateA(mine, &state, &instances, NULL, NULL, NULL, 0)));
  say("state-is", "%lx %lu", state, instances);
  DWORD flags = 0, most = 0;
  say("info", "%d", ERROR_OF(GetNamedPipeInfo(mine, &flags, NULL, NULL, &most)));
  say("info-is", "%lx %lu", flags, most);
  say("type", "%lu", GetFileType(mine));
  CloseHandle(mine);
  WaitForSingleObject(thread, 10000);
  GetExitCodeThread(thread, &count);
  say("server-saw", "%lu", count);

  /* several at once, each with an instance */
  HANDLE threads[3], clients[3];
  for (int i = 0; i < 3; ++i)
    threads[i] =
        CreateThread(NULL, 0, upper_server, server(PIPE_TYPE_BYTE | PIPE_WAIT, PIPE_UNLIMITED_INSTANCES), 0, NULL);
  for (int i = 0; i < 3; ++i) {
    clients[i] = client();
    while (clients[i] == INVALID_HANDLE_VALUE && WaitNamedPipeA(NAME, 5000)) clients[i] = client();
  }
  int right = 0;
  for (int round = 0; round < 50; ++round) {
    for (int i = 0; i < 3; ++i) {
      snprintf(text, sizeof text, "round %d of %c", round, 'a' + i);
      WriteFile(clients[i], text, (DWORD)strlen(text), &count, NULL);
    }
    for (int i = 2; i >= 0; --i) {
      char wanted[64];
      snprintf(wanted, sizeof wanted, "ROUND %d OF %c", round, 'A' + i);
      memset(text, 0, sizeof text);
      ReadFile(clients[i], text, sizeof text - 1, &count, NULL);
      right += strcmp(text, wanted) == 0;
    }
  }
  say("three-clients", "%d", right);
  for (int i = 0; i < 3; ++i) CloseHandle(clients[i]);
  say("servers-end", "%lu", WaitForMultipleObjects(3, threads, TRUE, 10000));

  pipe = server(PIPE_TYPE_MESSAGE | PIPE_READMODE_MESSAGE | PIPE_WAIT, 1);
  say("too-many", "%d",
      ERROR_OF(server(PIPE_TYPE_MESSAGE | PIPE_READMODE_MESSAGE | PIPE_WAIT, 1) != INVALID_HANDLE_VALUE));
  thread = CreateThread(NULL, 0, upper_server, pipe, 0, NULL);
  say("CallNamedPipe", "%d", ERROR_OF(CallNamedPipeA(NAME, (void*)"call", 4, text, sizeof text, &count, 5000)));
  say("called", "%.*s", (int)count, text);
  WaitForSingleObject(thread, 10000);

  /* one direction */
  pipe = CreateNamedPipeA(NAME, PIPE_ACCESS_OUTBOUND, PIPE_TYPE_BYTE, 1, 100, 100, 0, NULL);
  say("wrong-direction", "%d", ERROR_OF(client() != INVALID_HANDLE_VALUE));
  mine = CreateFileA(NAME, GENERIC_READ, 0, NULL, OPEN_EXISTING, 0, NULL);
  say("connected-already", "%d", ERROR_OF(ConnectNamedPipe(pipe, NULL)));
  WriteFile(pipe, "to the client", 13, &count, NULL);
  say("read-on-server", "%d", ERROR_OF(ReadFile(pipe, text, 1, &count, NULL)));
  FlushFileBuffers(mine);
  say("disconnect", "%d", ERROR_OF(DisconnectNamedPipe(pipe)));
  say("after-disconnect", "%d", ERROR_OF(ReadFile(mine, text, sizeof text, &count, NULL)));
  say("write-disconnected", "%d", ERROR_OF(WriteFile(pipe, "x", 1, &count, NULL)));
  CloseHandle(mine);
  CloseHandle(pipe);

  /* anonymous */
  HANDLE read, write;
  say("CreatePipe", "%d", ERROR_OF(CreatePipe(&read, &write, NULL, 0)));
  WriteFile(write, "abcdef", 6, &count, NULL);
  PeekNamedPipe(read, text, 3, &count, &available, NULL);
  say("peek-anonymous", "%lu %lu %.3s", count, available, text);
  CloseHandle(write);
  ReadFile(read, text, sizeof text, &count, NULL);
  say("drained", "%lu", count);
  say("broken", "%d", ERROR_OF(ReadFile(read, text, 1, &count, NULL)));
  return 0;
}

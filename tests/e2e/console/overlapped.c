/* Overlapped reads and writes: events, results, completion routines, cancelling, the end of a file; and completion
 * ports. */
#include <windows.h>

#include <string.h>

#include "support/say.h"

static int routines;
static DWORD routine_error, routine_bytes;
static VOID CALLBACK routine(DWORD error, DWORD bytes, OVERLAPPED* overlapped) {
  (void)overlapped;
  ++routines;
  routine_error = error;
  routine_bytes = bytes;
}

static HANDLE port;
static volatile LONG taken[4], total;
static DWORD WINAPI takes(void* argument) {
  DWORD bytes;
  ULONG_PTR key;
  OVERLAPPED* overlapped;
  while (GetQueuedCompletionStatus(port, &bytes, &key, &overlapped, INFINITE) && key != 0) {
    InterlockedIncrement(&taken[(ULONG_PTR)argument]);
    InterlockedExchangeAdd(&total, (LONG)bytes);
  }
  return 0;
}

int main(void) {
  HANDLE file =
      CreateFileA("over.bin", GENERIC_READ | GENERIC_WRITE, 0, NULL, CREATE_ALWAYS, FILE_FLAG_OVERLAPPED, NULL);
  static char block[65536], back[65536];
  memset(block, 'q', sizeof block);
  OVERLAPPED each[8] = {0};
  DWORD count = 0;
  int good = 0;
  for (int i = 0; i < 8; ++i) {
    each[i].Offset = (DWORD)(7 - i) * 65536;
    each[i].hEvent = CreateEventA(NULL, TRUE, FALSE, NULL);
    good += WriteFile(file, block, sizeof block, NULL, &each[i]) || GetLastError() == ERROR_IO_PENDING;
  }
  HANDLE events[8];
  for (int i = 0; i < 8; ++i) events[i] = each[i].hEvent;
  say("written", "%d %lu", good, WaitForMultipleObjects(8, events, TRUE, 10000));
  for (int i = 0; i < 8; ++i) good += GetOverlappedResult(file, &each[i], &count, FALSE) && count == 65536;
  say("results", "%d %lu", good, GetFileSize(file, NULL));
  OVERLAPPED read = {.Offset = 100, .hEvent = CreateEventA(NULL, TRUE, TRUE, NULL)};
  const BOOL at_once = ReadFile(file, back, 1000, NULL, &read);
  say("read", "%d", at_once || GetLastError() == ERROR_IO_PENDING);
  say("read-result", "%d %lu %c", ERROR_OF(GetOverlappedResult(file, &read, &count, TRUE)), count, back[999]);
  say("internal", "%lx %lu", (DWORD)read.Internal, (DWORD)read.InternalHigh);
  read.Offset = 8 * 65536 - 10;
  if (!ReadFile(file, back, 1000, NULL, &read) && GetLastError() != ERROR_IO_PENDING)
    say("short-error", "%lu", GetLastError());
  say("short", "%d %lu", ERROR_OF(GetOverlappedResult(file, &read, &count, TRUE)), count);
  read.Offset = 8 * 65536;
  const BOOL end = ReadFile(file, back, 1000, NULL, &read);
  const DWORD end_error = GetLastError();
  say("end", "%d", !end && (end_error == ERROR_HANDLE_EOF || end_error == ERROR_IO_PENDING));
  say("end-result", "%d", ERROR_OF(GetOverlappedResult(file, &read, &count, TRUE)));
  say("no-overlapped", "%d", ERROR_OF(ReadFile(file, back, 10, &count, NULL)));

  OVERLAPPED with_routine = {.Offset = 0};
  say("ReadFileEx", "%d", ERROR_OF(ReadFileEx(file, back, 4096, &with_routine, routine)));
  say("not-yet", "%d", routines);
  say("alertable", "%lu %d %lu %lu", SleepEx(5000, TRUE), routines, routine_error, routine_bytes);
  with_routine.Offset = 4096;
  say("WriteFileEx", "%d", ERROR_OF(WriteFileEx(file, block, 10, &with_routine, routine)));
  SleepEx(5000, TRUE);
  say("written-ex", "%d %lu", routines, routine_bytes);
  CloseHandle(file);

  /* what waits can be cancelled */
  const HANDLE server = CreateNamedPipeA("\\\\.\\pipe\\hm_overlapped", PIPE_ACCESS_DUPLEX | FILE_FLAG_OVERLAPPED, 0, 1,
                                         4096, 4096, 0, NULL);
  OVERLAPPED connecting = {.hEvent = CreateEventA(NULL, TRUE, FALSE, NULL)};
  say("connecting", "%d", ERROR_OF(ConnectNamedPipe(server, &connecting)));
  const HANDLE client =
      CreateFileA("\\\\.\\pipe\\hm_overlapped", GENERIC_READ | GENERIC_WRITE, 0, NULL, OPEN_EXISTING, 0, NULL);
  say("connected", "%lu %d", WaitForSingleObject(connecting.hEvent, 5000),
      ERROR_OF(GetOverlappedResult(server, &connecting, &count, FALSE)));
  OVERLAPPED waiting = {.hEvent = CreateEventA(NULL, TRUE, FALSE, NULL)};
  say("pending", "%d", ERROR_OF(ReadFile(server, back, 10, NULL, &waiting)));
  say("incomplete", "%d %d", ERROR_OF(GetOverlappedResult(server, &waiting, &count, FALSE)),
      HasOverlappedIoCompleted(&waiting));
  say("timeout", "%d", ERROR_OF(GetOverlappedResultEx(server, &waiting, &count, 20, FALSE)));
  say("cancel", "%d", ERROR_OF(CancelIoEx(server, &waiting)));
  say("cancelled", "%d", ERROR_OF(GetOverlappedResult(server, &waiting, &count, TRUE)));
  say("nothing-to-cancel", "%d", ERROR_OF(CancelIoEx(server, &waiting)));
  say("pending-again", "%d", ERROR_OF(ReadFile(server, back, 10, NULL, &waiting)));
  WriteFile(client, "data", 4, &count, NULL);
  say("arrived", "%d %lu %.4s", ERROR_OF(GetOverlappedResult(server, &waiting, &count, TRUE)), count, back);
  say("pending-third", "%d", ERROR_OF(ReadFile(server, back, 10, NULL, &waiting)));
  CloseHandle(client);
  say("broken", "%d", ERROR_OF(GetOverlappedResult(server, &waiting, &count, TRUE)));
  CloseHandle(server);

  port = CreateIoCompletionPort(INVALID_HANDLE_VALUE, NULL, 0, 2);
  file = CreateFileA("over.bin", GENERIC_READ, 0, NULL, OPEN_EXISTING, FILE_FLAG_OVERLAPPED, NULL);
  say("attach", "%d", CreateIoCompletionPort(file, port, 5, 0) == port);
  say("attach-twice", "%d", ERROR_OF(CreateIoCompletionPort(file, port, 6, 0)));
  OVERLAPPED queued = {.Offset = 65536};
  if (ReadFile(file, back, 65536, NULL, &queued) || GetLastError() == ERROR_IO_PENDING) {
    ULONG_PTR key = 0;
    OVERLAPPED* which = NULL;
    say("port-read", "%d", ERROR_OF(GetQueuedCompletionStatus(port, &count, &key, &which, 5000)));
    say("port-says", "%lu %d %d", count, (int)key, which == &queued);
  }
  ULONG_PTR key = 0;
  OVERLAPPED* which = &queued;
  say("port-empty", "%d %d", ERROR_OF(GetQueuedCompletionStatus(port, &count, &key, &which, 10)), which == NULL);
  HANDLE threads[4];
  for (int i = 0; i < 4; ++i) threads[i] = CreateThread(NULL, 0, takes, (void*)(ULONG_PTR)i, 0, NULL);
  for (int i = 1; i <= 1000; ++i) PostQueuedCompletionStatus(port, (DWORD)i, 9, NULL);
  for (int i = 0; i < 4; ++i) PostQueuedCompletionStatus(port, 0, 0, NULL);
  WaitForMultipleObjects(4, threads, TRUE, 20000);
  say("posted", "%ld %ld", taken[0] + taken[1] + taken[2] + taken[3], total);
  for (DWORD i = 0; i < 5; ++i) PostQueuedCompletionStatus(port, i, 100 + i, NULL);
  OVERLAPPED_ENTRY entries[8];
  ULONG removed = 0;
  say("many-at-once", "%d", ERROR_OF(GetQueuedCompletionStatusEx(port, entries, 8, &removed, 1000, FALSE)));
  say("entries", "%lu %d %lu", removed, (int)entries[4].lpCompletionKey, entries[4].dwNumberOfBytesTransferred);
  return 0;
}

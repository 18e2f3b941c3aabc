/* Being told of changes in a directory, by records and by bare notice. */
#include <windows.h>

#include <string.h>

#include "support/say.h"

static void make(const WCHAR* name) {
  const HANDLE file = CreateFileW(name, GENERIC_WRITE, 0, NULL, CREATE_ALWAYS, 0, NULL);
  DWORD count;
  WriteFile(file, "x", 1, &count, NULL);
  CloseHandle(file);
}

static int seen[8];
static int last_action(const BYTE* records, DWORD size, const WCHAR* name) {
  int found = 0;
  for (DWORD at = 0; size;) {
    const FILE_NOTIFY_INFORMATION* const record = (const FILE_NOTIFY_INFORMATION*)(records + at);
    if (record->Action < 8) ++seen[record->Action];
    if (record->FileNameLength / 2 == wcslen(name) && memcmp(record->FileName, name, record->FileNameLength) == 0)
      found = (int)record->Action;
    if (!record->NextEntryOffset) break;
    at += record->NextEntryOffset;
  }
  return found;
}

static DWORD routine_error, routine_size;
static void WINAPI changed(DWORD error, DWORD size, OVERLAPPED* overlapped) {
  routine_error = overlapped->hEvent == (HANDLE)overlapped ? error : ~0UL;
  routine_size = size;
}

int main(void) {
  CreateDirectoryW(L"watched", NULL);
  CreateDirectoryW(L"watched\\sub", NULL);
  const HANDLE directory = CreateFileW(L"watched", FILE_LIST_DIRECTORY, 7, NULL, OPEN_EXISTING,
                                       FILE_FLAG_BACKUP_SEMANTICS | FILE_FLAG_OVERLAPPED, NULL);
  static DWORD buffer[1024];
  const HANDLE own_event = CreateEventA(NULL, TRUE, FALSE, NULL);
  OVERLAPPED overlapped = {.hEvent = own_event};
  DWORD size = 0;
  const DWORD what = FILE_NOTIFY_CHANGE_FILE_NAME | FILE_NOTIFY_CHANGE_DIR_NAME;
  say("start", "%d",
      ERROR_OF(ReadDirectoryChangesW(directory, buffer, sizeof buffer, TRUE, what, NULL, &overlapped, NULL)));
  say("quiet", "%lu", WaitForSingleObject(overlapped.hEvent, 30));
  make(L"watched\\sub\\new.txt");
  say("told", "%lu", WaitForSingleObject(overlapped.hEvent, 5000));
  say("result", "%d", ERROR_OF(GetOverlappedResult(directory, &overlapped, &size, FALSE)));
  say("added", "%d", last_action((BYTE*)buffer, size, L"sub\\new.txt"));
  ReadDirectoryChangesW(directory, buffer, sizeof buffer, TRUE, what, NULL, &overlapped, NULL);
  MoveFileW(L"watched\\sub\\new.txt", L"watched\\sub\\old.txt");
  memset(seen, 0, sizeof seen);
  for (int i = 0; i < 4 && !seen[FILE_ACTION_RENAMED_NEW_NAME]; ++i) {
    WaitForSingleObject(overlapped.hEvent, 5000);
    GetOverlappedResult(directory, &overlapped, &size, FALSE);
    last_action((BYTE*)buffer, size, L"");
    ReadDirectoryChangesW(directory, buffer, sizeof buffer, TRUE, what, NULL, &overlapped, NULL);
  }
  say("renamed", "%d %d", seen[FILE_ACTION_RENAMED_OLD_NAME], seen[FILE_ACTION_RENAMED_NEW_NAME]);
  DeleteFileW(L"watched\\sub\\old.txt");
  WaitForSingleObject(overlapped.hEvent, 5000);
  GetOverlappedResult(directory, &overlapped, &size, FALSE);
  say("removed", "%d", last_action((BYTE*)buffer, size, L"sub\\old.txt"));
  ReadDirectoryChangesW(directory, buffer, sizeof buffer, TRUE, what, NULL, &overlapped, NULL);
  say("cancel", "%d", ERROR_OF(CancelIo(directory)));
  say("cancelled", "%d", ERROR_OF(GetOverlappedResult(directory, &overlapped, &size, TRUE)));

  /* A routine instead of the event, which is the program's own then. */
  overlapped.hEvent = (HANDLE)&overlapped;
  say("routine", "%d",
      ERROR_OF(ReadDirectoryChangesW(directory, buffer, sizeof buffer, TRUE, what, NULL, &overlapped, changed)));
  make(L"watched\\for-the-routine");
  say("alerted", "%lu", SleepEx(5000, TRUE));
  say("in-routine", "%lu %d", routine_error, last_action((BYTE*)buffer, routine_size, L"for-the-routine"));
  ReadDirectoryChangesW(directory, buffer, sizeof buffer, TRUE, what, NULL, &overlapped, changed);
  CancelIo(directory);
  say("cancelled-alerts", "%lu", SleepEx(5000, TRUE));
  say("cancelled-in-routine", "%lu", routine_error);
  overlapped.hEvent = own_event;

  /* An event whose low bit is set keeps the packet from the port. */
  const HANDLE port = CreateIoCompletionPort(directory, NULL, 7, 0), event = overlapped.hEvent;
  ULONG_PTR key = 0;
  OVERLAPPED* of = NULL;
  for (int loud = 0; loud < 2; ++loud) {
    overlapped.hEvent = (HANDLE)((ULONG_PTR)event | !loud);
    ReadDirectoryChangesW(directory, buffer, sizeof buffer, TRUE, what, NULL, &overlapped, NULL);
    make(loud ? L"watched\\loud" : L"watched\\quiet");
    const DWORD waited = WaitForSingleObject(event, 5000);
    say(loud ? "loud" : "quietly", "%lu %d", waited, ERROR_OF(GetQueuedCompletionStatus(port, &size, &key, &of, 0)));
  }
  say("packet", "%lu %d", (unsigned long)key, of == &overlapped);
  CloseHandle(directory);
  const HANDLE notice = FindFirstChangeNotificationW(L"watched", FALSE, FILE_NOTIFY_CHANGE_FILE_NAME);
  say("notice", "%d", notice != INVALID_HANDLE_VALUE);
  say("nothing", "%lu", WaitForSingleObject(notice, 30));
  make(L"watched\\one");
  say("something", "%lu", WaitForSingleObject(notice, 5000));
  say("next", "%d", ERROR_OF(FindNextChangeNotification(notice)));
  DeleteFileW(L"watched\\one");
  say("again", "%lu", WaitForSingleObject(notice, 5000));
  say("close", "%d", ERROR_OF(FindCloseChangeNotification(notice)));
  say("missing", "%d",
      ERROR_OF(FindFirstChangeNotificationW(L"nosuch", FALSE, FILE_NOTIFY_CHANGE_FILE_NAME) != INVALID_HANDLE_VALUE));
  return 0;
}

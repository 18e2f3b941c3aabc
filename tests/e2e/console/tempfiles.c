/* Temporary files, copies, moves, replacements, deletion on close, sharing and locks. */
#include <windows.h>

#include <string.h>

#include "support/say.h"

static void make(const char* name, const char* text) {
  const HANDLE file = CreateFileA(name, GENERIC_WRITE, 0, NULL, CREATE_ALWAYS, 0, NULL);
  DWORD count;
  WriteFile(file, text, (DWORD)strlen(text), &count, NULL);
  CloseHandle(file);
}
static const char* content(const char* name) {
  static char text[64];
  const HANDLE file = CreateFileA(name, GENERIC_READ, 7, NULL, OPEN_EXISTING, 0, NULL);
  if (file == INVALID_HANDLE_VALUE) return "(none)";
  DWORD count = 0;
  ReadFile(file, text, sizeof text - 1, &count, NULL);
  text[count] = 0;
  CloseHandle(file);
  return text;
}
static DWORD calls;
static DWORD CALLBACK progress(LARGE_INTEGER total, LARGE_INTEGER done, LARGE_INTEGER stream_size,
                               LARGE_INTEGER stream_done, DWORD stream, DWORD reason, HANDLE source, HANDLE target,
                               void* data) {
  (void)stream_size, (void)stream_done, (void)stream, (void)reason, (void)source, (void)target;
  ++calls;
  if (data) return PROGRESS_CANCEL;
  return total.QuadPart >= done.QuadPart ? PROGRESS_CONTINUE : PROGRESS_STOP;
}
static int held(const char* name, DWORD access, DWORD share, DWORD second_access, DWORD second_share) {
  const HANDLE first = CreateFileA(name, access, share, NULL, OPEN_EXISTING, 0, NULL);
  const HANDLE second = CreateFileA(name, second_access, second_share, NULL, OPEN_EXISTING, 0, NULL);
  const int error = second == INVALID_HANDLE_VALUE ? (int)GetLastError() : 0;
  CloseHandle(second);
  CloseHandle(first);
  return error;
}

int main(void) {
  char path[MAX_PATH], name[MAX_PATH];
  say("GetTempPath", "%d", GetTempPathA(MAX_PATH, path) > 0 && path[strlen(path) - 1] == '\\');
  say("GetTempFileName", "%d", GetTempFileNameA(".", "abcdef", 0, name) != 0);
  say("made", "%d %d", strstr(name, "abc") != NULL && strstr(name, "abcdef") == NULL,
      GetFileAttributesA(name) != INVALID_FILE_ATTRIBUTES);
  say("unique", "%x", GetTempFileNameA(".", "x", 0x1234, name));
  say("unique-name", "%s", name);
  say("not-made", "%d", GetFileAttributesA(name) == INVALID_FILE_ATTRIBUTES);
  say("no-directory", "%d", ERROR_OF(GetTempFileNameA("nosuch", "x", 0, name)));
  make("a", "content a");
  say("CopyFile", "%d", ERROR_OF(CopyFileA("a", "b", TRUE)));
  say("CopyFile-exists", "%d", ERROR_OF(CopyFileA("a", "b", TRUE)));
  say("CopyFile-missing", "%d", ERROR_OF(CopyFileA("nosuch", "b", FALSE)));
  BOOL stop = FALSE;
  say("CopyFileEx", "%d", ERROR_OF(CopyFileExA("a", "c", progress, NULL, &stop, 0)));
  say("progress", "%d %s", calls > 0, content("c"));
  say("cancelled", "%d", ERROR_OF(CopyFileExA("a", "d", progress, &calls, &stop, 0)));
  say("not-left", "%s", content("d"));
  say("MoveFile-exists", "%d", ERROR_OF(MoveFileA("a", "b")));
  make("b", "content b");
  say("MoveFileEx", "%d", ERROR_OF(MoveFileExA("b", "a", MOVEFILE_REPLACE_EXISTING)));
  say("moved", "%s %s", content("b"), content("a"));
  make("new", "newer");
  say("ReplaceFile", "%d", ERROR_OF(ReplaceFileA("a", "new", "backup", 0, NULL, NULL)));
  say("replaced", "%s", content("a"));
  say("backup", "%s", content("backup"));
  say("new", "%s", content("new"));
  CreateDirectoryA("dir", NULL);
  make("dir\\inside", "x");
  say("RemoveDirectory", "%d", ERROR_OF(RemoveDirectoryA("dir")));
  say("DeleteFile-directory", "%d", ERROR_OF(DeleteFileA("dir")));
  say("MoveFile-directory", "%d", ERROR_OF(MoveFileA("dir", "moved")));
  say("inside", "%s", content("moved\\inside"));
  say("CreateDirectory-again", "%d", ERROR_OF(CreateDirectoryA("moved", NULL)));
  say("CreateDirectory-deep", "%d", ERROR_OF(CreateDirectoryA("x\\y", NULL)));

  HANDLE file = CreateFileA("once", GENERIC_WRITE, FILE_SHARE_DELETE | FILE_SHARE_READ, NULL, CREATE_NEW,
                            FILE_FLAG_DELETE_ON_CLOSE, NULL);
  say("there", "%d", GetFileAttributesA("once") != INVALID_FILE_ATTRIBUTES);
  CloseHandle(file);
  say("gone", "%d", GetFileAttributesA("once") == INVALID_FILE_ATTRIBUTES);
  say("share-0", "%d", held("a", GENERIC_READ, 0, GENERIC_READ, 7));
  say("share-read", "%d", held("a", GENERIC_READ, FILE_SHARE_READ, GENERIC_READ, FILE_SHARE_READ));
  say("share-write-not", "%d", held("a", GENERIC_READ, FILE_SHARE_READ, GENERIC_WRITE, 7));
  say("second-denies", "%d", held("a", GENERIC_WRITE, 7, GENERIC_READ, FILE_SHARE_READ));
  say("attributes-only", "%d", held("a", GENERIC_READ, 0, 0, 0));
  file = CreateFileA("a", GENERIC_READ, FILE_SHARE_READ, NULL, OPEN_EXISTING, 0, NULL);
  say("delete-open", "%d", ERROR_OF(DeleteFileA("a")));
  say("move-open", "%d", ERROR_OF(MoveFileA("a", "elsewhere")));
  CloseHandle(file);
  file = CreateFileA("a", GENERIC_READ | GENERIC_WRITE, 7, NULL, OPEN_EXISTING, 0, NULL);
  const HANDLE other = CreateFileA("a", GENERIC_READ | GENERIC_WRITE, 7, NULL, OPEN_EXISTING, 0, NULL);
  DWORD count;
  char text[16];
  say("LockFile", "%d", ERROR_OF(LockFile(file, 2, 0, 2, 0)));
  say("locked-read", "%d", ERROR_OF(ReadFile(other, text, 5, &count, NULL)));
  SetFilePointer(other, 0, NULL, FILE_BEGIN);
  say("before-it", "%d", ERROR_OF(ReadFile(other, text, 2, &count, NULL)));
  say("locked-write", "%d", ERROR_OF(WriteFile(other, "x", 1, &count, NULL)));
  OVERLAPPED at = {.Offset = 3};
  say("LockFileEx", "%d",
      ERROR_OF(LockFileEx(other, LOCKFILE_EXCLUSIVE_LOCK | LOCKFILE_FAIL_IMMEDIATELY, 0, 5, 0, &at)));
  say("UnlockFile-other", "%d", ERROR_OF(UnlockFile(file, 2, 0, 1, 0)));
  say("UnlockFile", "%d", ERROR_OF(UnlockFile(file, 2, 0, 2, 0)));
  say("unlocked", "%d", ERROR_OF(ReadFile(other, text, 2, &count, NULL)));
  CloseHandle(file);
  CloseHandle(other);
  say("OPEN_ALWAYS", "%d", (file = CreateFileA("a", GENERIC_READ, 0, NULL, OPEN_ALWAYS, 0, NULL), (int)GetLastError()));
  CloseHandle(file);
  say("CREATE_NEW", "%d",
      ERROR_OF(CreateFileA("a", GENERIC_READ, 0, NULL, CREATE_NEW, 0, NULL) != INVALID_HANDLE_VALUE));
  say("TRUNCATE", "%d",
      ERROR_OF(CreateFileA("nosuch", GENERIC_WRITE, 0, NULL, TRUNCATE_EXISTING, 0, NULL) != INVALID_HANDLE_VALUE));
  say("directory-as-file", "%d",
      ERROR_OF(CreateFileA("moved", GENERIC_READ, 0, NULL, OPEN_EXISTING, 0, NULL) != INVALID_HANDLE_VALUE));
  return 0;
}

/* Files in memory: views of all kinds, growth, offsets, copies on write, names, sharing with a child. */
#include <windows.h>

#include <stdlib.h>
#include <string.h>

#include "support/say.h"

static int child(const char* name) {
  const HANDLE section = OpenFileMappingA(FILE_MAP_ALL_ACCESS, FALSE, name);
  if (!section) return 1;
  int* const shared = MapViewOfFile(section, FILE_MAP_WRITE, 0, 0, 0);
  for (int i = 0; i < 1000; ++i) InterlockedIncrement((LONG*)&shared[0]);
  shared[1] = 4711;
  return 0;
}

int main(int argc, char** argv) {
  if (argc > 1) return child(argv[1]);
  HANDLE file = CreateFileA("data.bin", GENERIC_READ | GENERIC_WRITE, FILE_SHARE_READ, NULL, CREATE_ALWAYS, 0, NULL);
  say("empty", "%d", ERROR_OF(CreateFileMappingA(file, NULL, PAGE_READWRITE, 0, 0, NULL)));
  HANDLE section = CreateFileMappingA(file, NULL, PAGE_READWRITE, 0, 200000, NULL);
  say("grown", "%lu", GetFileSize(file, NULL));
  unsigned char* view = MapViewOfFile(section, FILE_MAP_WRITE, 0, 0, 0);
  for (int i = 0; i < 200000; ++i) view[i] = (unsigned char)(i * 7);
  say("flush", "%d", ERROR_OF(FlushViewOfFile(view, 0)));
  unsigned char bytes[16];
  DWORD count = 0;
  SetFilePointer(file, 100000, NULL, FILE_BEGIN);
  ReadFile(file, bytes, 4, &count, NULL);
  say("by-reading", "%d", bytes[1] == (unsigned char)(100001 * 7));
  SetFilePointer(file, 5, NULL, FILE_BEGIN);
  WriteFile(file, "written", 7, &count, NULL);
  say("by-writing", "%.7s", (char*)view + 5);
  const unsigned char* const second = MapViewOfFile(section, FILE_MAP_READ, 0, 65536, 100);
  say("offset", "%d %d", second != NULL, second && second[3] == (unsigned char)(65539 * 7));
  say("bad-offset", "%d", ERROR_OF(MapViewOfFile(section, FILE_MAP_READ, 0, 4096, 100)));
  say("too-long", "%d", ERROR_OF(MapViewOfFile(section, FILE_MAP_READ, 0, 0, 400000)));
  unsigned char* const own = MapViewOfFile(section, FILE_MAP_COPY, 0, 0, 0);
  own[0] = 'C';
  say("copy", "%d %d", own[0], view[0]);
  MEMORY_BASIC_INFORMATION info;
  VirtualQuery(view, &info, sizeof info);
  say("query", "%lx %lx %lx %lu", info.State, info.Type, info.Protect, (DWORD)info.RegionSize);
  VirtualQuery(own + 4096, &info, sizeof info);
  say("query-copy", "%lx %lx", info.Type, info.Protect);
  say("truncate", "%d", (SetFilePointer(file, 10, NULL, FILE_BEGIN), ERROR_OF(SetEndOfFile(file))));
  say("delete", "%d", ERROR_OF(DeleteFileA("data.bin")));
  UnmapViewOfFile(own);
  UnmapViewOfFile(second);
  say("unmap", "%d %d", ERROR_OF(UnmapViewOfFile(view)), ERROR_OF(UnmapViewOfFile(view)));
  CloseHandle(section);
  say("truncate-now", "%d %lu", ERROR_OF(SetEndOfFile(file)), GetFileSize(file, NULL));
  CloseHandle(file);

  file = CreateFileA("data.bin", GENERIC_READ, FILE_SHARE_READ, NULL, OPEN_EXISTING, 0, NULL);
  say("read-only-file", "%d", ERROR_OF(CreateFileMappingA(file, NULL, PAGE_READWRITE, 0, 0, NULL)));
  section = CreateFileMappingA(file, NULL, PAGE_READONLY, 0, 0, NULL);
  say("read-only", "%d %d", section != NULL, ERROR_OF(MapViewOfFile(section, FILE_MAP_WRITE, 0, 0, 0)));
  say("beyond-the-file", "%d", ERROR_OF(CreateFileMappingA(file, NULL, PAGE_READONLY, 0, 1000, NULL)));
  CloseHandle(section);
  CloseHandle(file);

  /* without a file, by name, and shared with a child */
  section = CreateFileMappingA(INVALID_HANDLE_VALUE, NULL, PAGE_READWRITE, 0, 65536, "hm_shared_view");
  int* const shared = MapViewOfFile(section, FILE_MAP_WRITE, 0, 0, 0);
  say("zeroed", "%d %d", shared[0], shared[16000]);
  const HANDLE same = CreateFileMappingA(INVALID_HANDLE_VALUE, NULL, PAGE_READWRITE, 0, 4096, "hm_shared_view");
  say("exists", "%lu", GetLastError());
  const int* const other = MapViewOfFile(same, FILE_MAP_READ, 0, 0, 0);
  shared[5] = 99;
  say("same-memory", "%d", other[5]);
  say("open-missing", "%d", ERROR_OF(OpenFileMappingA(FILE_MAP_READ, FALSE, "hm_no_section")));
  char self[MAX_PATH], line[600];
  GetModuleFileNameA(NULL, self, sizeof self);
  snprintf(line, sizeof line, "\"%s\" hm_shared_view", self);
  STARTUPINFOA startup = {.cb = sizeof startup};
  PROCESS_INFORMATION made;
  CreateProcessA(NULL, line, NULL, NULL, FALSE, 0, NULL, NULL, &startup, &made);
  for (int i = 0; i < 1000; ++i) InterlockedIncrement((LONG*)&shared[0]);
  WaitForSingleObject(made.hProcess, INFINITE);
  DWORD code = 9;
  GetExitCodeProcess(made.hProcess, &code);
  say("with-a-child", "%lu %d %d", code, shared[0], shared[1]);
  /* reserved, committed page by page */
  section = CreateFileMappingA(INVALID_HANDLE_VALUE, NULL, PAGE_READWRITE | SEC_RESERVE, 0, 1 << 20, NULL);
  char* const reserved = MapViewOfFile(section, FILE_MAP_WRITE, 0, 0, 0);
  VirtualQuery(reserved, &info, sizeof info);
  say("reserved", "%lx", info.State);
  VirtualAlloc(reserved + 8192, 4096, MEM_COMMIT, PAGE_READWRITE);
  reserved[8192] = 5;
  VirtualQuery(reserved + 8192, &info, sizeof info);
  say("committed", "%lx %lu", info.State, (DWORD)info.RegionSize);
  return 0;
}

/* Looking for files: patterns, attributes, sizes, order of nothing, names without case, long and odd names, trees. */
#include <windows.h>

#include <stdlib.h>
#include <string.h>

#include "support/say.h"

static void make(const WCHAR* name, const char* text) {
  const HANDLE file = CreateFileW(name, GENERIC_WRITE, 0, NULL, CREATE_ALWAYS, 0, NULL);
  DWORD count;
  WriteFile(file, text, (DWORD)strlen(text), &count, NULL);
  CloseHandle(file);
}
static int by_name(const void* a, const void* b) {
  return strcmp(a, b);
}

/* The names that match, sorted. */
static void list(const char* tag, const WCHAR* pattern) {
  WIN32_FIND_DATAW found;
  static char names[64][300];
  int count = 0;
  const HANDLE search = FindFirstFileW(pattern, &found);
  if (search == INVALID_HANDLE_VALUE) {
    say(tag, "error %lu", GetLastError());
    return;
  }
  do WideCharToMultiByte(CP_UTF8, 0, found.cFileName, -1, names[count++], 300, NULL, NULL);
  while (count < 64 && FindNextFileW(search, &found));
  const DWORD error = GetLastError();
  FindClose(search);
  qsort(names, (size_t)count, sizeof *names, by_name);
  printf("%s:", tag);
  for (int i = 0; i < count; ++i) printf(" %s", names[i]);
  printf(" (%lu)\n", error);
}

static int files, directories;
static unsigned long long bytes;
static void walk(const WCHAR* directory) {
  WCHAR pattern[MAX_PATH];
  swprintf(pattern, MAX_PATH, L"%ls\\*", directory);
  WIN32_FIND_DATAW found;
  const HANDLE search =
      FindFirstFileExW(pattern, FindExInfoBasic, &found, FindExSearchNameMatch, NULL, FIND_FIRST_EX_LARGE_FETCH);
  do {
    if (wcscmp(found.cFileName, L".") == 0 || wcscmp(found.cFileName, L"..") == 0) continue;
    if (found.dwFileAttributes & FILE_ATTRIBUTE_DIRECTORY) {
      ++directories;
      swprintf(pattern, MAX_PATH, L"%ls\\%ls", directory, found.cFileName);
      walk(pattern);
    } else {
      ++files;
      bytes += found.nFileSizeLow;
    }
  } while (FindNextFileW(search, &found));
  FindClose(search);
}

int main(void) {
  CreateDirectoryW(L"d", NULL);
  SetCurrentDirectoryW(L"d");
  make(L"one.txt", "1");
  make(L"two.TXT", "22");
  make(L"three.doc", "333");
  make(L"noextension", "4444");
  make(L"a.tar.gz", "");
  make(L"sp ace.txt", "x");
  make(L"\u00e4\u00f6.txt", "x");
  make(L"\u4e2d.dat", "x");
  make(L".hidden", "x");
  CreateDirectoryW(L"sub", NULL);
  CreateDirectoryW(L"sub\\deep", NULL);
  make(L"sub\\deep\\file.bin", "12345");
  list("all", L"*");
  list("all-old", L"*.*");
  list("txt", L"*.txt");
  list("upper", L"*.TXT");
  list("question", L"t??.txt");
  list("questions-short", L"????????????.doc");
  list("star-inside", L"*e*");
  list("no-extension", L"*.");
  list("double", L"*.*.*");
  list("exact", L"ONE.TXT");
  list("in-sub", L"sub\\*");
  list("forward", L"sub/deep/*.bin");
  list("unicode", L"\u00c4*");
  list("nothing", L"*.nothing");
  list("no-directory", L"nosuch\\*");
  list("directory-itself", L"sub");
  list("trailing", L"sub\\");
  list("empty", L"");
  list("html-3", L"*.htm");
  walk(L".");
  say("walk", "%d %d %llu", files, directories, bytes);
  WIN32_FIND_DATAW found;
  FindClose(FindFirstFileW(L"two.txt", &found));
  say("data", "%lx %lu %lu %d", found.dwFileAttributes & ~FILE_ATTRIBUTE_ARCHIVE, found.nFileSizeHigh,
      found.nFileSizeLow, wcscmp(found.cFileName, L"two.TXT") == 0);
  const HANDLE search = FindFirstFileExW(L"*", FindExInfoStandard, &found, FindExSearchLimitToDirectories, NULL, 0);
  int only = 0;
  do only += (found.dwFileAttributes & FILE_ATTRIBUTE_DIRECTORY) != 0;
  while (FindNextFileW(search, &found));
  FindClose(search);
  say("directories", "%d", only);
  say("closed", "%d", ERROR_OF(FindClose(INVALID_HANDLE_VALUE)));
  WCHAR full[MAX_PATH];
  WCHAR* part = NULL;
  DWORD size = GetFullPathNameW(L"..\\d\\.\\x.y", MAX_PATH, full, &part);
  say("full", "%d %ls", wcscmp(full + size - 6, L"\\d\\x.y") == 0, part);
  say("SearchPath", "%d", SearchPathW(L".", L"three", L".doc", MAX_PATH, full, &part) > 0);
  say("GetShortPathName", "%d", GetShortPathNameW(L"one.txt", full, MAX_PATH) > 0);
  say("GetLongPathName", "%d %ls", GetLongPathNameW(L"SUB\\DEEP", full, MAX_PATH) > 0, full);
  /* longer than MAX_PATH */
  WCHAR deep[1000] = L"\\\\?\\";
  GetCurrentDirectoryW(500, deep + 4);
  int made = 0;
  for (int i = 0; i < 5; ++i) {
    wcscat(deep, L"\\a_directory_with_a_name_of_sixty_characters_or_a_little_more_x");
    made += CreateDirectoryW(deep, NULL) != 0;
  }
  wcscat(deep, L"\\file.txt");
  make(deep, "deep");
  say("long", "%d %d %d", made, wcslen(deep) > MAX_PATH, GetFileAttributesW(deep) != INVALID_FILE_ATTRIBUTES);
  say("bad-names", "%d", ERROR_OF(CreateDirectoryW(L"a|b", NULL)));
  say("bad-star", "%d",
      ERROR_OF(CreateFileW(L"a*b", GENERIC_WRITE, 0, NULL, CREATE_ALWAYS, 0, NULL) != INVALID_HANDLE_VALUE));
  return 0;
}

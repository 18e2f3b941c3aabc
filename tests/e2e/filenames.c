/* Names of files as Windows has them, on a file system that tells cases apart. */
#include "support/check.h"

#ifndef _WIN32
#define CREATE_NEW 1
#define FILE_FLAG_DELETE_ON_CLOSE 0x04000000
#define ERROR_INVALID_NAME 123
#define ERROR_FILE_EXISTS 80
typedef struct {
  DWORD dwFileAttributes, created[2], accessed[2], written[2], nFileSizeHigh, nFileSizeLow, reserved[2];
  char cFileName[260], cAlternateFileName[14];
} WIN32_FIND_DATAA;
KERNEL32(HANDLE, FindFirstFileA, (LPCSTR name, WIN32_FIND_DATAA* found), (name, found))
KERNEL32(BOOL, FindClose, (HANDLE h), (h))
KERNEL32(DWORD, GetFullPathNameA, (LPCSTR name, DWORD n, LPSTR b, LPSTR* file), (name, n, b, file))
KERNEL32(DWORD, GetFileType, (HANDLE h), (h))
#endif

static HANDLE create(const char* path, DWORD how) {
  return CreateFileA(path, GENERIC_READ | GENERIC_WRITE, FILE_SHARE_READ | FILE_SHARE_WRITE, NULL, how, 0, NULL);
}
static int exists(const char* path) {
  return GetFileAttributesA(path) != INVALID_FILE_ATTRIBUTES;
}
static const char* full(const char* name) {
  static char path[1024];
  return GetFullPathNameA(name, sizeof path, path, NULL) ? path : "(none)";
}

int main(void) {
  WIN32_FIND_DATAA found;
  char verbatim[1200];

  TEST("NAME-case", "a file is found in any case, and keeps its own") {
    CHECK(write_file(in_scratch("MixedCase.Txt"), "abc", 3));
    CHECK(exists(in_scratch("mixedcase.txt")));
    CHECK(exists(in_scratch("MIXEDCASE.TXT")));
    CHECK_FAILS(create(in_scratch("mixedCASE.txt"), CREATE_NEW) != INVALID_HANDLE_VALUE, ERROR_FILE_EXISTS);
    const HANDLE search = FindFirstFileA(in_scratch("mixedcase.*"), &found);
    CHECK(search != INVALID_HANDLE_VALUE);
    CHECK_STR(found.cFileName, "MixedCase.Txt");
    FindClose(search);
    CHECK(MoveFileA(in_scratch("mixedcase.txt"), in_scratch("MIXEDCASE.txt"))); /* to another case of the same */
    const HANDLE again = FindFirstFileA(in_scratch("mixedcase.*"), &found);
    CHECK_STR(found.cFileName, "MIXEDCASE.txt");
    FindClose(again);
    CHECK(DeleteFileA(in_scratch("mixedcase.txt")));
    CHECK(!exists(in_scratch("MIXEDCASE.txt")));
  }
  TEST("NAME-trailing", "dots and spaces at the end do not count") {
    CHECK(write_file(in_scratch("plain.txt"), "abc", 3));
    CHECK(exists(in_scratch("plain.txt.")));
    CHECK(exists(in_scratch("plain.txt  ")));
    CHECK(exists(in_scratch("plain.txt. . .")));
    const HANDLE made = create(in_scratch("dotted.. "), CREATE_NEW);
    CHECK(made != INVALID_HANDLE_VALUE);
    CloseHandle(made);
    CHECK(exists(in_scratch("dotted")));
    CHECK(DeleteFileA(in_scratch("dotted.")));
  }
  TEST("NAME-13", "behind \\\\?\\ everything is meant as it is written") {
    snprintf(verbatim, sizeof verbatim, "\\\\?\\%s", full(in_scratch("plain.txt")));
    CHECK(exists(verbatim));
    strcat(verbatim, ".");
    CHECK_FAILS(exists(verbatim), ERROR_FILE_NOT_FOUND);
    snprintf(verbatim, sizeof verbatim, "\\\\?\\%s\\..\\plain.txt", full(in_scratch("")));
    CHECK(!exists(verbatim));
    snprintf(verbatim, sizeof verbatim, "\\\\?\\%s", full(in_scratch("")));
    for (char* at = verbatim + 4; *at; ++at)
      if (*at == '\\') *at = '/';
    CHECK(!exists(verbatim));
    CHECK(DeleteFileA(in_scratch("plain.txt")));
  }
  TEST("NAME-devices", "reserved names are devices, whatever the directory and the case") {
    CHECK_STR(full("nul"), "\\\\.\\nul");
    CHECK_STR(full("COM1"), "\\\\.\\COM1");
    CHECK_STR(full("C:\\x\\NUL"), "\\\\.\\NUL");
    const HANDLE nul = create("NUL", OPEN_EXISTING);
    CHECK(nul != INVALID_HANDLE_VALUE);
    DWORD done = 99;
    char buffer[4];
    CHECK(WriteFile(nul, "abc", 3, &done, NULL) && done == 3);
    CHECK(ReadFile(nul, buffer, 4, &done, NULL) && done == 0);
    CHECK_EQ(GetFileType(nul), 2);
    CloseHandle(nul);
    CHECK(create("COM9", OPEN_EXISTING) == INVALID_HANDLE_VALUE);
    CHECK_EQ(GetLastError(), ERROR_FILE_NOT_FOUND);
  }
  TEST("NAME-wrong", "characters that no name has are refused") {
    CHECK_FAILS(create(in_scratch("a<b"), CREATE_NEW) != INVALID_HANDLE_VALUE, ERROR_INVALID_NAME);
    CHECK_FAILS(create(in_scratch("a|b"), CREATE_NEW) != INVALID_HANDLE_VALUE, ERROR_INVALID_NAME);
    CHECK_FAILS(create(in_scratch("a*b"), OPEN_EXISTING) != INVALID_HANDLE_VALUE, ERROR_INVALID_NAME);
    CHECK_FAILS(create("", OPEN_EXISTING) != INVALID_HANDLE_VALUE, 3);
  }
  TEST("NAME-slash", "slashes are as good as backslashes, and .. goes up") {
    CHECK(write_file(in_scratch("up.txt"), "abc", 3));
    char mixed[1200];
    snprintf(mixed, sizeof mixed, "%s/./no such directory/../up.txt", in_scratch(""));
    CHECK(exists(mixed));
    CHECK(DeleteFileA(mixed));
  }
  TEST("FILE-delete-on-close", "a file that is to go with its handle goes") {
    const HANDLE file = CreateFileA(in_scratch("gone.txt"), GENERIC_WRITE | 0x10000, 7, NULL, CREATE_ALWAYS,
                                    FILE_FLAG_DELETE_ON_CLOSE, NULL);
    CHECK(file != INVALID_HANDLE_VALUE);
    CHECK(exists(in_scratch("gone.txt")));
    CloseHandle(file);
    CHECK_FAILS(exists(in_scratch("gone.txt")), ERROR_FILE_NOT_FOUND);
  }
  return finish();
}

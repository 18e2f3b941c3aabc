/* kernel32's functions for files, directories, volumes and pipes that other tests do not call. */
#include "support/by_name.h"
/* after check.h */
#include "support/portable_sync.h"

#define FILE_NOT_FOUND 2

static void test_links(void) {
  const WCHAR* const file = wide(in_scratch("file.txt"));
  CHECK(write_file(in_scratch("file.txt"), "0123456789", 10));
  TEST("CreateHardLinkW", "two names of one file") {
    CHECK(
        KERNEL(BOOL, "CreateHardLinkW", (const WCHAR*, const WCHAR*, void*))(wide(in_scratch("hard.txt")), file, NULL));
    CHECK_EQ(GetFileAttributesA(in_scratch("hard.txt")) == INVALID_FILE_ATTRIBUTES, 0);
    CHECK_FAILS(
        KERNEL(BOOL, "CreateHardLinkW", (const WCHAR*, const WCHAR*, void*))(wide(in_scratch("hard.txt")), file, NULL),
        183);
    CHECK(DeleteFileA(in_scratch("hard.txt")));
  }
  TEST("CreateSymbolicLinkA", "a link to a file") {
    if (on_wine()) break; /* a stub */
    CHECK(KERNEL(BOOLEAN, "CreateSymbolicLinkA", (const char*, const char*, DWORD))(in_scratch("soft-a"),
                                                                                    in_scratch("file.txt"), 0));
    CHECK(KERNEL(BOOLEAN, "CreateSymbolicLinkW", (const WCHAR*, const WCHAR*, DWORD))(wide(in_scratch("soft-w")), file,
                                                                                      0));
    CHECK_EQ(GetFileAttributesA(in_scratch("soft-a")) & 0x400, 0x400);
    CHECK(DeleteFileA(in_scratch("soft-a")));
    CHECK(DeleteFileA(in_scratch("soft-w")));
    CHECK_EQ(GetFileAttributesA(in_scratch("file.txt")) & 0x400, 0);
  }
  TEST("CopyFile2", "copies; ReplaceFileW puts one in the place of another") {
    if (on_wine()) break; /* has no CopyFile2 */
    BOOL cancelled = FALSE;
    CHECK(KERNEL(BOOL, "CopyFileExW", (const WCHAR*, const WCHAR*, void*, void*, BOOL*, DWORD))(
        file, wide(in_scratch("copy.txt")), NULL, NULL, &cancelled, 1 /* not over another */));
    CHECK_FAILS(KERNEL(BOOL, "CopyFileExW", (const WCHAR*, const WCHAR*, void*, void*, BOOL*, DWORD))(
                    file, wide(in_scratch("copy.txt")), NULL, NULL, &cancelled, 1),
                80);
    CHECK_EQ(KERNEL(LONG, "CopyFile2", (const WCHAR*, const WCHAR*, void*))(file, wide(in_scratch("copy.txt")), NULL),
             0);
    CHECK(KERNEL(LONG, "CopyFile2", (const WCHAR*, const WCHAR*, void*))(wide(in_scratch("none")),
                                                                         wide(in_scratch("copy.txt")), NULL) < 0);
    CHECK(write_file(in_scratch("new.txt"), "new", 3));
    CHECK(KERNEL(BOOL, "ReplaceFileW", (const WCHAR*, const WCHAR*, const WCHAR*, DWORD, void*, void*))(
        wide(in_scratch("copy.txt")), wide(in_scratch("new.txt")), wide(in_scratch("backup.txt")), 0, NULL, NULL));
    CHECK_EQ(GetFileAttributesA(in_scratch("new.txt")), INVALID_FILE_ATTRIBUTES);
    struct {
      DWORD attributes;
      DWORD times[6];
      DWORD size_high, size_low;
    } info;
    CHECK(KERNEL(BOOL, "GetFileAttributesExW", (const WCHAR*, int, void*))(wide(in_scratch("copy.txt")), 0, &info));
    CHECK_EQ(info.size_low, 3);
    CHECK(KERNEL(BOOL, "GetFileAttributesExW", (const WCHAR*, int, void*))(wide(in_scratch("backup.txt")), 0, &info));
    CHECK_EQ(info.size_low, 10);
    CHECK(DeleteFileA(in_scratch("copy.txt")));
    CHECK(DeleteFileA(in_scratch("backup.txt")));
  }
  TEST("CreateDirectoryExA", "a directory like another one") {
    CHECK(KERNEL(BOOL, "CreateDirectoryExA", (const char*, const char*, void*))(in_scratch(""), in_scratch("like-a"),
                                                                                NULL));
    CHECK(KERNEL(BOOL, "CreateDirectoryExW", (const WCHAR*, const WCHAR*, void*))(wide(in_scratch("")),
                                                                                  wide(in_scratch("like-w")), NULL));
    CHECK_FAILS(KERNEL(BOOL, "CreateDirectoryExA", (const char*, const char*, void*))(in_scratch(""),
                                                                                      in_scratch("like-a"), NULL),
                183);
    CHECK(RemoveDirectoryA(in_scratch("like-a")));
    CHECK(RemoveDirectoryA(in_scratch("like-w")));
  }
  TEST("GetCompressedFileSizeA", "what the file takes on the disk") {
    DWORD high = 9;
    const DWORD narrow_size =
        KERNEL(DWORD, "GetCompressedFileSizeA", (const char*, DWORD*))(in_scratch("file.txt"), &high);
    CHECK_EQ(high, 0);
    CHECK(narrow_size != 0xFFFFFFFF);
    CHECK_EQ(KERNEL(DWORD, "GetCompressedFileSizeW", (const WCHAR*, DWORD*))(file, &high), narrow_size);
    CHECK_FAILS(KERNEL(DWORD, "GetCompressedFileSizeA", (const char*, DWORD*))(in_scratch("none"), &high) != 0xFFFFFFFF,
                FILE_NOT_FOUND);
  }
}

typedef struct {
  DWORD attributes;
  DWORD times[6];
  DWORD size_high, size_low, reserved[2];
  char name[260], short_name[14];
  char more[64];
} found_a;

static void test_finding(void) {
  TEST("FindFirstFileExA", "the files of a pattern") {
    found_a found;
    CHECK(write_file(in_scratch("file2.txt"), "x", 1));
    const HANDLE search = KERNEL(HANDLE, "FindFirstFileExA", (const char*, int, void*, int, void*, DWORD))(
        in_scratch("file*.txt"), 0, &found, 0, NULL, 0);
    REQUIRE(search != INVALID_HANDLE_VALUE);
    const int first_is_long = found.name[4] == '2';
    CHECK(KERNEL(BOOL, "FindNextFileA", (HANDLE, void*))(search, &found));
    CHECK_STR(found.name, first_is_long ? "file.txt" : "file2.txt");
    CHECK_FAILS(KERNEL(BOOL, "FindNextFileA", (HANDLE, void*))(search, &found), 18);
    CHECK(KERNEL(BOOL, "FindClose", (HANDLE))(search));
  }
  TEST("FindFirstChangeNotificationA", "signalled when a file goes") {
    const HANDLE change =
        KERNEL(HANDLE, "FindFirstChangeNotificationA", (const char*, BOOL, DWORD))(in_scratch(""), FALSE, 1);
    REQUIRE(change != INVALID_HANDLE_VALUE);
    CHECK_EQ(WaitForSingleObject(change, 0), WAIT_TIMEOUT);
    CHECK(DeleteFileA(in_scratch("file2.txt")));
    CHECK_EQ(WaitForSingleObject(change, SOON), WAIT_OBJECT_0);
    CHECK(KERNEL(BOOL, "FindCloseChangeNotification", (HANDLE))(change));
  }
  TEST("SearchPathA", "the first directory that has the file") {
    char text[1100], *part = NULL;
    CHECK_EQ(KERNEL(DWORD, "SearchPathA", (const char*, const char*, const char*, DWORD, char*, char**))(
                 in_scratch(""), "file", ".txt", sizeof text, text, &part),
             strlen(in_scratch("file.txt")));
    CHECK_STR(text, in_scratch("file.txt"));
    CHECK_STR(part, "file.txt");
    CHECK_FAILS(KERNEL(DWORD, "SearchPathA", (const char*, const char*, const char*, DWORD, char*, char**))(
                    in_scratch(""), "none", ".txt", sizeof text, text, &part),
                FILE_NOT_FOUND);
    CHECK(KERNEL(BOOL, "NeedCurrentDirectoryForExePathA", (const char*))("a\\b.exe"));
    CHECK(KERNEL(BOOL, "NeedCurrentDirectoryForExePathW", (const WCHAR*))(W("b.exe")));
    SetEnvironmentVariableA("NoDefaultCurrentDirectoryInExePath", "1");
    CHECK_FALSE(KERNEL(BOOL, "NeedCurrentDirectoryForExePathW", (const WCHAR*))(W("b.exe")));
    SetEnvironmentVariableA("NoDefaultCurrentDirectoryInExePath", NULL);
  }
  TEST("GetLongPathNameA", "long, short and final names") {
    char text[1100];
    const DWORD length =
        KERNEL(DWORD, "GetLongPathNameA", (const char*, char*, DWORD))(in_scratch("file.txt"), text, sizeof text);
    CHECK_EQ(length, strlen(text));
    CHECK(strlen(text) > 8 && strcmp(text + strlen(text) - 8, "file.txt") == 0);
    CHECK(KERNEL(DWORD, "GetShortPathNameA", (const char*, char*, DWORD))(in_scratch("file.txt"), text, sizeof text) >
          0);
    CHECK_FAILS(KERNEL(DWORD, "GetLongPathNameA", (const char*, char*, DWORD))(in_scratch("none"), text, sizeof text),
                FILE_NOT_FOUND);
    const HANDLE file = CreateFileA(in_scratch("file.txt"), GENERIC_READ, 7, NULL, OPEN_EXISTING, 0, NULL);
    CHECK(KERNEL(DWORD, "GetFinalPathNameByHandleA", (HANDLE, char*, DWORD, DWORD))(file, text, sizeof text, 0) > 8);
    CHECK(strncmp(text, "\\\\?\\", 4) == 0);
    CHECK(strcmp(text + strlen(text) - 8, "file.txt") == 0);
    CloseHandle(file);
  }
}

/* kernelbase's own, on ntdll's. */
static void test_pages(void) {
  TEST("ReadFileScatter", "a file's bytes to pages here and there, and back") {
    enum { kPage = 4096 };
    char* const pages = KERNEL(char*, "VirtualAlloc", (void*, SIZE_T, DWORD, DWORD))(NULL, 3 * kPage, 0x3000, 4);
    REQUIRE(pages);
    const uint64_t there[3] = {(uintptr_t)(pages + 2 * kPage), (uintptr_t)pages, 0},
                   back[3] = {(uintptr_t)pages, (uintptr_t)(pages + kPage), 0};
    memset(pages, 'a', kPage);
    memset(pages + 2 * kPage, 'c', kPage);
    const HANDLE file = CreateFileA(in_scratch("pages.bin"), GENERIC_READ | GENERIC_WRITE, 0, NULL, CREATE_ALWAYS,
                                    FILE_FLAG_OVERLAPPED | 0x20000000 /* no buffering */, NULL);
    REQUIRE(file != INVALID_HANDLE_VALUE);
    OVERLAPPED place;
    DWORD done = 0;
    memset(&place, 0, sizeof place);
    CHECK(KERNEL(BOOL, "WriteFileGather", (HANDLE, const uint64_t*, DWORD, void*, void*))(file, there, 2 * kPage, NULL,
                                                                                          &place) ||
          GetLastError() == 997);
    CHECK(KERNEL(BOOL, "GetOverlappedResult", (HANDLE, void*, DWORD*, BOOL))(file, &place, &done, TRUE));
    CHECK_EQ(done, 2 * kPage);
    memset(pages, 0, 3 * kPage);
    memset(&place, 0, sizeof place);
    CHECK(KERNEL(BOOL, "ReadFileScatter", (HANDLE, const uint64_t*, DWORD, void*, void*))(file, back, 2 * kPage, NULL,
                                                                                          &place) ||
          GetLastError() == 997);
    CHECK(KERNEL(BOOL, "GetOverlappedResult", (HANDLE, void*, DWORD*, BOOL))(file, &place, &done, TRUE));
    CHECK_EQ(done, 2 * kPage);
    CHECK_EQ(pages[0], 'c');
    CHECK_EQ(pages[2 * kPage - 1], 'a');
    CloseHandle(file);
    KERNEL(BOOL, "VirtualFree", (void*, SIZE_T, DWORD))(pages, 0, 0x8000);
  }
}

static DWORD CALLBACK read_for_ever(void* pipe) {
  char byte;
  DWORD done = 0;
  if (ReadFile(pipe, &byte, 1, &done, NULL)) return 0;
  return GetLastError();
}

static void test_cancelling(void) {
  TEST("CancelSynchronousIo", "ends the read that a thread waits in") {
    HANDLE ends[2];
    REQUIRE(KERNEL(BOOL, "CreatePipe", (HANDLE*, HANDLE*, void*, DWORD))(&ends[0], &ends[1], NULL, 0));
    const HANDLE thread = CreateThread(NULL, 0, read_for_ever, ends[0], 0, NULL);
    int tries = 0;
    while (!KERNEL(BOOL, "CancelSynchronousIo", (HANDLE))(thread) && ++tries < 5000) SleepEx(1, FALSE);
    CHECK_EQ(WaitForSingleObject(thread, SOON), WAIT_OBJECT_0);
    DWORD error = 0;
    CHECK(GetExitCodeThread(thread, &error));
    CHECK_EQ(error, 995); /* ERROR_OPERATION_ABORTED */
    CHECK_FAILS(KERNEL(BOOL, "CancelSynchronousIo", (HANDLE))(thread), 1168 /* ERROR_NOT_FOUND */);
    CloseHandle(thread);
    CloseHandle(ends[0]);
    CloseHandle(ends[1]);
  }
}

static void test_handles(void) {
  TEST("CreateFile2", "opens like CreateFile; locks and valid data") {
    const HANDLE file = KERNEL(HANDLE, "CreateFile2", (const WCHAR*, DWORD, DWORD, DWORD, void*))(
        wide(in_scratch("file.txt")), GENERIC_READ | GENERIC_WRITE, 3, OPEN_EXISTING, NULL);
    REQUIRE(file != INVALID_HANDLE_VALUE);
    OVERLAPPED place;
    memset(&place, 0, sizeof place);
    CHECK(KERNEL(BOOL, "LockFileEx", (HANDLE, DWORD, DWORD, DWORD, DWORD, void*))(file, 3, 0, 4, 0, &place));
    CHECK(KERNEL(BOOL, "UnlockFileEx", (HANDLE, DWORD, DWORD, DWORD, void*))(file, 0, 4, 0, &place));
    if (!on_wine())
      CHECK_FAILS(KERNEL(BOOL, "UnlockFileEx", (HANDLE, DWORD, DWORD, DWORD, void*))(file, 0, 4, 0, &place), 158);
    if (!on_wine()) CHECK(KERNEL(BOOL, "SetFileValidData", (HANDLE, long long))(file, 10) || GetLastError() == 1314);
    DWORD returned = 0;
    CHECK_FALSE(KERNEL(BOOL, "DeviceIoControl", (HANDLE, DWORD, void*, DWORD, void*, DWORD, DWORD*, void*))(
        file, 0x70000 /* a disk's geometry */, NULL, 0, NULL, 0, &returned, NULL));
    struct {
      DWORD serial, length, flags;
      WCHAR name[64], system[64];
    } volume = {0, 0, 0, {9}, {0}};
    CHECK(KERNEL(BOOL, "GetVolumeInformationByHandleW", (HANDLE, WCHAR*, DWORD, DWORD*, DWORD*, DWORD*, WCHAR*, DWORD))(
        file, volume.name, 64, &volume.serial, &volume.length, &volume.flags, volume.system, 64));
    CHECK(volume.length >= 100);
    CHECK(volume.system[0] != 0);
    CloseHandle(file);
    CHECK_FAILS(KERNEL(HANDLE, "CreateFile2", (const WCHAR*, DWORD, DWORD, DWORD, void*))(
                    wide(in_scratch("none")), GENERIC_READ, 3, OPEN_EXISTING, NULL) != INVALID_HANDLE_VALUE,
                FILE_NOT_FOUND);
    const HANDLE overlapped =
        CreateFileA(in_scratch("file.txt"), GENERIC_READ, 7, NULL, OPEN_EXISTING, FILE_FLAG_OVERLAPPED, NULL);
    CHECK(KERNEL(BOOL, "SetFileCompletionNotificationModes", (HANDLE, BYTE))(overlapped, 3));
    CloseHandle(overlapped);
  }
  TEST("GetDiskFreeSpaceA", "the volume of a directory") {
    DWORD sectors = 0, bytes = 0, available = 0, total = 0;
    uint64_t large[3] = {0, 0, 0};
    char root[8];
    WCHAR wide_root[8] = {0};
    memcpy(root, in_scratch(""), 3);
    root[3] = 0;
    for (int i = 0; i < 4; ++i) wide_root[i] = (WCHAR)root[i];
    CHECK(KERNEL(BOOL, "GetDiskFreeSpaceA", (const char*, DWORD*, DWORD*, DWORD*, DWORD*))(root, &sectors, &bytes,
                                                                                           &available, &total));
    CHECK(bytes >= 512 && sectors > 0);
    CHECK(KERNEL(BOOL, "GetDiskFreeSpaceW", (const WCHAR*, DWORD*, DWORD*, DWORD*, DWORD*))(wide_root, &sectors, &bytes,
                                                                                            &available, &total));
    CHECK(total >= available);
    CHECK(KERNEL(BOOL, "GetDiskFreeSpaceExA", (const char*, uint64_t*, uint64_t*, uint64_t*))(root, large, large + 1,
                                                                                              large + 2));
    CHECK(large[1] >= large[2] && large[1] > 0);
    CHECK_EQ(KERNEL(UINT, "GetDriveTypeA", (const char*))("q:\\no such\\"), 1);
    CHECK(KERNEL(UINT, "GetDriveTypeA", (const char*))(root) >= 2);
    char text[1100];
    WCHAR room[1100];
    CHECK(KERNEL(DWORD, "GetLogicalDriveStringsA", (DWORD, char*))(sizeof text, text) >= 4);
    CHECK_STR(text + 1, ":\\");
    CHECK(KERNEL(BOOL, "GetVolumePathNameA", (const char*, char*, DWORD))(in_scratch("file.txt"), text, sizeof text));
    CHECK_STR(text, root);
    CHECK(KERNEL(BOOL, "GetVolumePathNameW", (const WCHAR*, WCHAR*, DWORD))(wide(in_scratch("file.txt")), room, 1100));
    CHECK_STR(NARROW(room), root);
    char system[64] = "";
    DWORD serial = 0, length = 0, flags = 0;
    CHECK(KERNEL(BOOL, "GetVolumeInformationA", (const char*, char*, DWORD, DWORD*, DWORD*, DWORD*, char*, DWORD))(
        root, text, sizeof text, &serial, &length, &flags, system, sizeof system));
    CHECK(length >= 100 && *system);
    root[2] = 0;
    wide_root[2] = 0;
    CHECK(KERNEL(DWORD, "QueryDosDeviceA", (const char*, char*, DWORD))(root, text, sizeof text) > 2);
    CHECK(KERNEL(DWORD, "QueryDosDeviceW", (const WCHAR*, WCHAR*, DWORD))(wide_root, room, 1100) > 2);
    CHECK_STR(text, NARROW(room));
    CHECK_FAILS(KERNEL(DWORD, "QueryDosDeviceA", (const char*, char*, DWORD))("hm-no-device", text, sizeof text),
                FILE_NOT_FOUND);
  }
}

static DWORD WINAPI call_pipe(void* answer) {
  DWORD size = 0;
  if (!KERNEL(BOOL, "WaitNamedPipeW", (const WCHAR*, DWORD))(W("\\\\.\\pipe\\hm-k32-pipe"), SOON)) return 1;
  return KERNEL(BOOL, "CallNamedPipeW", (const WCHAR*, void*, DWORD, void*, DWORD, DWORD*, DWORD))(
             W("\\\\.\\pipe\\hm-k32-pipe"), "ask", 3, answer, 8, &size, SOON)
             ? size
             : 100 + GetLastError();
}

static void test_pipes(void) {
  TEST("CallNamedPipeW", "asks a server, which knows who asks") {
    char answer[9] = "", question[8] = "";
    DWORD size = 0, id = 0, state = 0, instances = 0, code = 0;
    const HANDLE server =
        CreateNamedPipeA("\\\\.\\pipe\\hm-k32-pipe", PIPE_ACCESS_DUPLEX, 6 /* messages */, 1, 64, 64, 0, NULL);
    REQUIRE(server != INVALID_HANDLE_VALUE);
    CHECK_FAILS(KERNEL(BOOL, "WaitNamedPipeW", (const WCHAR*, DWORD))(W("\\\\.\\pipe\\hm-no-pipe"), 1), FILE_NOT_FOUND);
    const HANDLE client = CreateThread(NULL, 0, call_pipe, answer, 0, NULL);
    CHECK(ConnectNamedPipe(server, NULL) || GetLastError() == 535);
    CHECK(ReadFile(server, question, 8, &size, NULL));
    CHECK_EQ(size, 3);
    CHECK_STR(question, "ask");
    CHECK(KERNEL(BOOL, "GetNamedPipeClientProcessId", (HANDLE, DWORD*))(server, &id));
    CHECK_EQ(id, GetCurrentProcessId());
    id = 0;
    CHECK(KERNEL(BOOL, "GetNamedPipeServerProcessId", (HANDLE, DWORD*))(server, &id));
    CHECK_EQ(id, GetCurrentProcessId());
    CHECK(KERNEL(BOOL, "GetNamedPipeHandleStateW", (HANDLE, DWORD*, DWORD*, DWORD*, DWORD*, WCHAR*, DWORD))(
        server, &state, &instances, NULL, NULL, NULL, 0));
    if (!on_wine()) CHECK_EQ(state, 2 /* reads messages */);
    CHECK_EQ(instances, 1);
    CHECK(WriteFile(server, "told", 4, &size, NULL));
    CHECK_EQ(WaitForSingleObject(client, SOON), WAIT_OBJECT_0);
    CHECK(GetExitCodeThread(client, &code));
    CHECK_EQ(code, 4);
    CHECK_STR(answer, "told");
    CloseHandle(client);
    CloseHandle(server);
  }
}

static void test_versions(void) {
  TEST("GetFileVersionInfoExW", "the version resource of a DLL; where to install one") {
    char text[300] = "", other[300] = "";
    UINT text_size = sizeof text, other_size = sizeof other;
    BY_NAME("version.dll", DWORD, "VerFindFileA",
            (DWORD, const char*, const char*, const char*, char*, UINT*, char*, UINT*))
    (0, "hm-none.dll", NULL, "C:\\app", text, &text_size, other, &other_size);
    char language[80];
    CHECK(BY_NAME("version.dll", DWORD, "VerLanguageNameA", (DWORD, char*, DWORD))(0x409, language, 80) > 0);
    CHECK(strncmp(language, "English", 7) == 0);
    CHECK_STR(other, "C:\\app");
    DWORD handle = 9;
    const char* const path = in_bin("resources.dll");
    const DWORD size =
        BY_NAME("version.dll", DWORD, "GetFileVersionInfoSizeExA", (DWORD, const char*, DWORD*))(2, path, &handle);
    CHECK(size > 0x100);
    CHECK_EQ(BY_NAME("version.dll", DWORD, "GetFileVersionInfoSizeExW", (DWORD, const WCHAR*, DWORD*))(2, wide(path),
                                                                                                       &handle),
             size);
    char* const block = calloc(1, size);
    for (int is_wide = 0; is_wide < 2; ++is_wide) {
      memset(block, 0, size);
      if (is_wide)
        CHECK(BY_NAME("version.dll", BOOL, "GetFileVersionInfoExW", (DWORD, const WCHAR*, DWORD, DWORD, void*))(
            2, wide(path), 0, size, block));
      else
        CHECK(BY_NAME("version.dll", BOOL, "GetFileVersionInfoExA", (DWORD, const char*, DWORD, DWORD, void*))(
            2, path, 0, size, block));
      DWORD* fixed = NULL;
      UINT length = 0;
      CHECK(BY_NAME("version.dll", BOOL, "VerQueryValueA", (const void*, const char*, DWORD**, UINT*))(
          block, "\\", &fixed, &length));
      REQUIRE(fixed && length >= 16);
      CHECK_EQ(fixed[0], 0xFEEF04BD);
      CHECK_EQ(fixed[2], 0x00010002); /* 1.2.3.4 */
      CHECK_EQ(fixed[3], 0x00030004);
    }
    free(block);
    CHECK_FAILS(BY_NAME("version.dll", DWORD, "GetFileVersionInfoSizeExA", (DWORD, const char*, DWORD*))(
                    0, in_bin("no-such.dll"), &handle),
                FILE_NOT_FOUND);
  }
}

int main(void) {
  test_links();
  test_finding();
  test_handles();
  test_pages();
  test_cancelling();
  test_pipes();
  test_versions();
  DeleteFileA(in_scratch("file.txt"));
  RemoveDirectoryA(in_scratch(""));
  return finish();
}

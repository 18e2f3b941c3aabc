/* Spec section 4: where a DLL is found. which.dll exists in dir1 to dir4; which() is the number. */
#include "support/check.h"

static int which(HMODULE module) {
  if (!module) return 0;
  int(WINAPI * function)(void) = (int(WINAPI*)(void))(void*)GetProcAddress(module, "which");
  const int number = function ? function() : -1;
  FreeLibrary(module);
  return number;
}

static int load_which(DWORD flags) {
  return which(LoadLibraryExA("which.dll", NULL, flags));
}

/* SRCH-21's vectors: directories added in order, then SetDllDirectory; the number found. */
static int vector(const char* added, int set) {
  DLL_DIRECTORY_COOKIE cookies[4];
  int count = 0;
  char name[] = "dir0";
  for (; added[count]; ++count) {
    name[3] = added[count];
    cookies[count] = AddDllDirectory(wide(in_bin(name)));
    if (!cookies[count]) return -2;
  }
  name[3] = (char)('0' + set);
  SetDllDirectoryA(set ? in_bin(name) : NULL);
  const int found = load_which(LOAD_LIBRARY_SEARCH_USER_DIRS);
  while (count) RemoveDllDirectory(cookies[--count]);
  SetDllDirectoryA(NULL);
  return found;
}

static const char* file_name(HMODULE module) {
  static char name[2048];
  GetModuleFileNameA(module, name, sizeof name);
  return name;
}

static int same_text_without_case(const char* a, const char* b) {
  for (; *a && *b; ++a, ++b)
    if ((*a | 32) != (*b | 32)) return 0;
  return *a == *b;
}

int main(void) {
  char before[1024], path_before[8192] = "";
  GetCurrentDirectoryA(sizeof before, before);
  GetEnvironmentVariableA("PATH", path_before, sizeof path_before);
  CreateDirectoryA(in_scratch("dir5"), NULL);
  CreateDirectoryA(in_scratch("dir6"), NULL);
  CreateDirectoryA(in_scratch("skip"), NULL);

  TEST("SRCH-04 ID-02", "a bare name that is loaded is that module, whatever the search order says") {
    const HMODULE first = LoadLibraryA(in_bin("dir2\\which.dll"));
    REQUIRE(first);
    const HMODULE second = LoadLibraryA(in_bin("dir1\\which.dll"));
    REQUIRE(second);
    CHECK(first != second);
    CHECK_EQ(load_which(0), 2);
    CHECK_EQ(load_which(LOAD_LIBRARY_SEARCH_SYSTEM32), 2);
    CHECK(GetModuleHandleA("which.dll") == first);
    CHECK(FreeLibrary(first));
    CHECK(GetModuleHandleA("which") == second);
    CHECK(FreeLibrary(second));
  }
  TEST("SRCH-05 SRCH-52 SRCH-53", "known DLLs come from the system directory only") {
    CHECK(CopyFileA(in_bin("dir2\\which.dll"), in_scratch("kernel32.dll"), FALSE));
    CHECK(SetCurrentDirectoryA(in_scratch("")));
    char system[1024];
    CHECK(GetSystemDirectoryA(system, sizeof system) > 0);
    const HMODULE kernel32 = LoadLibraryA("kernel32.dll");
    CHECK(kernel32 && GetProcAddress(kernel32, "LoadLibraryA") != NULL);
    char wanted[2048];
    snprintf(wanted, sizeof wanted, "%s\\kernel32.dll", system);
    CHECK(same_text_without_case(file_name(kernel32), wanted));
    CHECK(SetCurrentDirectoryA(before));
    CHECK(DeleteFileA(in_scratch("kernel32.dll")));
  }
  TEST("SRCH-12 SRCH-13", "the current directory and PATH in the standard order") {
    CHECK_EQ(load_which(0), 0);
    CHECK(SetCurrentDirectoryA(in_bin("dir1")));
    CHECK_EQ(load_which(0), 1);
    char path[8192];
    snprintf(path, sizeof path, ";;\"%s\";%s", in_bin("dir2"), in_bin("dir3"));
    CHECK(SetEnvironmentVariableA("PATH", path));
    CHECK_EQ(load_which(0), 1);
    CHECK(SetCurrentDirectoryA(before));
    CHECK_EQ(load_which(0), 2);
    CHECK(SetDllDirectoryA(in_bin("dir4")));
    CHECK_EQ(load_which(0), 4);
    CHECK(SetDllDirectoryA(""));
    CHECK(SetCurrentDirectoryA(in_bin("dir1")));
    CHECK_EQ(load_which(0), 2); /* the current directory is out */
    CHECK(SetDllDirectoryA(NULL));
    CHECK_EQ(load_which(0), 1);
    CHECK(SetCurrentDirectoryA(before));
    CHECK(SetEnvironmentVariableA("PATH", path_before));
  }
  TEST("SRCH-11 SRCH-14 SRCH-15", "dependencies are found by the order of the load, not beside their importer") {
    CHECK_NO_LOAD(LoadLibraryA(in_bin("dir1\\uses_which.dll")), ERROR_MOD_NOT_FOUND);
    HMODULE module = LoadLibraryExA(in_bin("dir1\\uses_which.dll"), NULL, LOAD_WITH_ALTERED_SEARCH_PATH);
    REQUIRE(module);
    CHECK_EQ(PROC(int, module, "dependent_which", (void))(), 1);
    CHECK(FreeLibrary(module));
    CHECK(GetModuleHandleA("which.dll") == NULL);
    CHECK(SetDllDirectoryA(in_bin("dir3")));
    module = LoadLibraryA(in_bin("dir1\\uses_which.dll"));
    REQUIRE(module);
    CHECK_EQ(PROC(int, module, "dependent_which", (void))(), 3);
    CHECK(FreeLibrary(module));
    CHECK(SetDllDirectoryA(NULL));
  }
  TEST("SRCH-20 FLAG-20", "search flags name the directories, for dependencies too") {
    CHECK_NO_LOAD(LoadLibraryExA("basic.dll", NULL, LOAD_LIBRARY_SEARCH_SYSTEM32), ERROR_MOD_NOT_FOUND);
    CHECK_NO_LOAD(LoadLibraryExA("basic.dll", NULL, LOAD_LIBRARY_SEARCH_USER_DIRS), ERROR_MOD_NOT_FOUND);
    HMODULE module = LoadLibraryExA("basic.dll", NULL, LOAD_LIBRARY_SEARCH_APPLICATION_DIR);
    REQUIRE(module);
    CHECK(FreeLibrary(module));
    const char* path = in_bin("dir1\\uses_which.dll");
    CHECK_NO_LOAD(LoadLibraryExA(path, NULL, LOAD_LIBRARY_SEARCH_DEFAULT_DIRS), ERROR_MOD_NOT_FOUND);
    module = LoadLibraryExA(path, NULL, LOAD_LIBRARY_SEARCH_DLL_LOAD_DIR | LOAD_LIBRARY_SEARCH_DEFAULT_DIRS);
    REQUIRE(module);
    CHECK_EQ(PROC(int, module, "dependent_which", (void))(), 1);
    CHECK(FreeLibrary(module));
    CHECK(SetCurrentDirectoryA(in_bin("dir1")));
    CHECK_EQ(load_which(LOAD_LIBRARY_SEARCH_DEFAULT_DIRS), 0);
    CHECK(SetCurrentDirectoryA(before));
  }
  TEST("SRCH-21 SRCH-24", "user directories: the newest first, then SetDllDirectory's") {
    CHECK_EQ(vector("123", 4), 3);
    CHECK_EQ(vector("132", 4), 2);
    CHECK_EQ(vector("31", 4), 1);
    CHECK_EQ(vector("", 4), 4);
    CHECK_EQ(vector("112", 0), 2);
    CHECK_EQ(vector("", 0), 0);
    const DLL_DIRECTORY_COOKIE five = AddDllDirectory(wide(in_scratch("dir5")));
    const DLL_DIRECTORY_COOKIE six = AddDllDirectory(wide(in_scratch("dir6")));
    CHECK_EQ(vector("", 4), 4);
    CHECK_EQ(vector("2", 4), 2);
    CHECK_EQ(vector("", 0), 0);
    CHECK(RemoveDllDirectory(five));
    CHECK(RemoveDllDirectory(six));
  }
  TEST("SRCH-25", "a directory of the DLL's name is passed over") {
    CHECK(CreateDirectoryA(in_scratch("skip\\which.dll"), NULL));
    CHECK(SetCurrentDirectoryA(in_scratch("skip")));
    CHECK(SetEnvironmentVariableA("PATH", in_bin("dir2")));
    CHECK_EQ(load_which(0), 2);
    CHECK(SetEnvironmentVariableA("PATH", path_before));
    CHECK(SetCurrentDirectoryA(before));
    CHECK(RemoveDirectoryA(in_scratch("skip\\which.dll")));
  }
  TEST("SRCH-26 SRCH-27", "a file for another machine is passed over and remembered; a broken one ends the search") {
    static unsigned char file[65536];
    DWORD size = 0;
    const HANDLE source =
        CreateFileA(in_bin("dir2\\which.dll"), GENERIC_READ, FILE_SHARE_READ, NULL, OPEN_EXISTING, 0, NULL);
    CHECK(ReadFile(source, file, sizeof file, &size, NULL));
    CloseHandle(source);
    const unsigned nt = file[0x3C] | file[0x3D] << 8;
    file[nt + 4] = 0x64; /* ARM64 is AA64, AMD64 8664 */
    file[nt + 5] = 0xAA;
    CHECK(write_file(in_scratch("skip\\which.dll"), file, size));
    CHECK(SetCurrentDirectoryA(in_scratch("skip")));
    CHECK_NO_LOAD(LoadLibraryA("which.dll"), ERROR_BAD_EXE_FORMAT);
    CHECK_NO_LOAD(LoadLibraryA(in_scratch("skip\\which.dll")), ERROR_BAD_EXE_FORMAT);
    CHECK(SetEnvironmentVariableA("PATH", in_bin("dir2")));
    CHECK_EQ(load_which(0), 2);
    CHECK(write_file(in_scratch("skip\\which.dll"), "not a DLL at all", 16));
    CHECK_NO_LOAD(LoadLibraryA("which.dll"), ERROR_BAD_EXE_FORMAT);
    CHECK(SetEnvironmentVariableA("PATH", path_before));
    CHECK(SetCurrentDirectoryA(before));
    CHECK(DeleteFileA(in_scratch("skip\\which.dll")));
  }
  TEST("SRCH-40 SRCH-41 SRCH-44", "API sets lead to the DLL behind them") {
    const HMODULE module = LoadLibraryA("api-ms-win-core-synch-l1-2-0.dll");
    REQUIRE(module);
    CHECK(GetProcAddress(module, "InitializeCriticalSectionEx") != NULL);
    CHECK(GetModuleHandleA("api-ms-win-core-synch-l1-2-0") == module);
    CHECK(FreeLibrary(module));
    const HMODULE other_number =
        LoadLibraryExA("API-MS-Win-Core-Synch-L1-2-9.dll", NULL, LOAD_LIBRARY_SEARCH_APPLICATION_DIR);
    CHECK(other_number == module);
    if (other_number) CHECK(FreeLibrary(other_number));
  }
  TEST("SRCH-42 SRCH-43", "unknown API sets, and API set names with a path, are not found") {
    CHECK_NO_LOAD(LoadLibraryA("api-ms-win-no-such-set-l1-1-0.dll"), ERROR_MOD_NOT_FOUND);
    CHECK_NO_LOAD(LoadLibraryA(in_bin("api-ms-win-core-synch-l1-2-0.dll")), ERROR_MOD_NOT_FOUND);
  }
  TEST("SRCH-60", "DependentLoadFlags govern the module's own imports") {
    CHECK(SetDllDirectoryA(in_bin("dir1")));
    CHECK_NO_LOAD(LoadLibraryA(in_bin("dir1\\load_flags.dll")), ERROR_MOD_NOT_FOUND);
    CHECK(SetDllDirectoryA(NULL));
  }
  TEST("DIR-01", "AddDllDirectory wants an existing absolute path") {
    if (!on_wine()) CHECK_FAILS(AddDllDirectory(NULL), ERROR_INVALID_PARAMETER);
    CHECK_FAILS(AddDllDirectory(W("dir1")), ERROR_INVALID_PARAMETER);
    CHECK_FAILS(AddDllDirectory(W(".\\dir1")), ERROR_INVALID_PARAMETER);
    CHECK_FAILS(AddDllDirectory(W("c:dir1")), ERROR_INVALID_PARAMETER);
    CHECK_FAILS(AddDllDirectory(W("")), ERROR_INVALID_PARAMETER);
    CHECK_FAILS(AddDllDirectory(wide(in_bin("no_such_directory"))), ERROR_FILE_NOT_FOUND);
    const DLL_DIRECTORY_COOKIE first = AddDllDirectory(wide(in_bin("dir1")));
    const DLL_DIRECTORY_COOKIE second = AddDllDirectory(wide(in_bin("dir1")));
    CHECK(first && second && first != second);
    const DLL_DIRECTORY_COOKIE file = AddDllDirectory(wide(in_bin("basic.dll")));
    CHECK(file != NULL);
    CHECK(RemoveDllDirectory(first));
    CHECK(RemoveDllDirectory(second));
    CHECK(RemoveDllDirectory(file));
  }
  TEST("DIR-03", "GetDllDirectory's lengths") {
    char narrow[64] = "#######";
    WCHAR name[64] = {'#', 0};
    CHECK_EQ(GetDllDirectoryA(0, NULL), 1);
    CHECK_EQ(GetDllDirectoryA(sizeof narrow, narrow), 0);
    CHECK_STR(narrow, "");
    CHECK(SetDllDirectoryA("C:\\Some\\Path"));
    CHECK_EQ(GetDllDirectoryA(0, NULL), 13);
    CHECK_EQ(GetDllDirectoryW(0, NULL), 13);
    CHECK_EQ(GetDllDirectoryA(sizeof narrow, narrow), 12);
    CHECK_STR(narrow, "C:\\Some\\Path");
    CHECK_EQ(GetDllDirectoryW(64, name), 12);
    CHECK_EQ(name[12], 0);
    strcpy(narrow, "###");
    CHECK_EQ(GetDllDirectoryA(12, narrow), 13);
    CHECK_EQ(narrow[0], 0);
    CHECK_EQ(GetDllDirectoryA(13, narrow), 12);
    CHECK(SetDllDirectoryA(NULL));
    CHECK_EQ(GetDllDirectoryW(0, NULL), 1);
  }
  TEST("DIR-05", "a semicolon is refused") {
    CHECK_FAILS(SetDllDirectoryA("C:\\One;C:\\Two"), ERROR_INVALID_PARAMETER);
    CHECK_FAILS(SetDllDirectoryW(W("C:\\One;C:\\Two")), ERROR_INVALID_PARAMETER);
  }
  TEST("SRCH-22", "default directories: which flags are accepted") {
    CHECK_FAILS(SetDefaultDllDirectories(0), ERROR_INVALID_PARAMETER);
    CHECK_FAILS(SetDefaultDllDirectories(LOAD_LIBRARY_SEARCH_DLL_LOAD_DIR), ERROR_INVALID_PARAMETER);
    CHECK_FAILS(SetDefaultDllDirectories(LOAD_LIBRARY_SEARCH_DLL_LOAD_DIR | LOAD_LIBRARY_SEARCH_SYSTEM32),
                ERROR_INVALID_PARAMETER);
    CHECK_FAILS(SetDefaultDllDirectories(0x8000), ERROR_INVALID_PARAMETER);
  }
  /* From here on there is no way back to the standard order. */
  TEST("SRCH-22 SRCH-23", "default directories replace the standard order") {
    CHECK(SetDefaultDllDirectories(LOAD_LIBRARY_SEARCH_SYSTEM32));
    CHECK_NO_LOAD(LoadLibraryA("basic.dll"), ERROR_MOD_NOT_FOUND);
    CHECK(SetDefaultDllDirectories(LOAD_LIBRARY_SEARCH_DEFAULT_DIRS));
    const HMODULE basic = LoadLibraryA("basic.dll");
    CHECK(basic != NULL);
    CHECK(FreeLibrary(basic));
    CHECK(SetCurrentDirectoryA(in_bin("dir1")));
    CHECK_EQ(load_which(0), 0);
    CHECK(SetCurrentDirectoryA(before));
    CHECK_NO_LOAD(LoadLibraryA(in_bin("dir1\\uses_which.dll")), ERROR_MOD_NOT_FOUND);
    const HMODULE altered = LoadLibraryExA(in_bin("dir1\\uses_which.dll"), NULL, LOAD_WITH_ALTERED_SEARCH_PATH);
    CHECK(altered != NULL);
    if (altered) CHECK(FreeLibrary(altered));
  }
  RemoveDirectoryA(in_scratch("dir5"));
  RemoveDirectoryA(in_scratch("dir6"));
  RemoveDirectoryA(in_scratch("skip"));
  RemoveDirectoryA(in_scratch(""));
  return finish();
}

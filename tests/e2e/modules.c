/* Spec sections 5.1, 5.2, 6 and 12.3: questions about modules, and when two names are one module. */
#include "support/check.h"

static void test_handles(void) {
  const HMODULE basic = LoadLibraryA("basic.dll");
  HMODULE handle;

  TEST("GMH-01 HOST-02", "NULL is the main program") {
    CHECK(GetModuleHandleA(NULL) == GetModuleHandleW(NULL));
    CHECK(memcmp(GetModuleHandleA(NULL), "MZ", 2) == 0);
    CHECK(GetModuleHandleA(NULL) != basic);
  }
  TEST("GMH-02", "a question counts nothing, and a miss is 126") {
    CHECK(GetModuleHandleA("basic.dll") == basic);
    CHECK(FreeLibrary(basic));
    CHECK_FAILS(GetModuleHandleA("basic.dll"), ERROR_MOD_NOT_FOUND);
    CHECK_FAILS(GetModuleHandleW(W("basic.dll")), ERROR_MOD_NOT_FOUND);
    CHECK(LoadLibraryA("basic.dll") != NULL);
  }
  const HMODULE module = GetModuleHandleA("basic.dll");
  TEST("GMH-03", "names with a path compare by full name") {
    CHECK(GetModuleHandleA(in_bin("basic.dll")) == module);
    CHECK(GetModuleHandleA(in_bin("BASIC")) == module);
    CHECK(GetModuleHandleA("dir1\\basic.dll") == NULL);
    CHECK(GetModuleHandleA("basic.") == NULL);
  }
  TEST("GMH-04", "the empty name names nothing") {
    CHECK_FALSE(GetModuleHandleA(""));
  }
  TEST("GMH-10", "nowhere to store the handle") {
    CHECK_FAILS(GetModuleHandleExA(0, "basic.dll", NULL), ERROR_INVALID_PARAMETER);
    CHECK_FAILS(GetModuleHandleExW(0xFF, NULL, NULL), ERROR_INVALID_PARAMETER);
  }
  TEST("GMH-11", "flags that do not exist or exclude each other") {
    handle = module;
    CHECK_FAILS(GetModuleHandleExA(8, "basic.dll", &handle), ERROR_INVALID_PARAMETER);
    CHECK(handle == NULL);
    handle = module;
    CHECK_FAILS(GetModuleHandleExA(GET_MODULE_HANDLE_EX_FLAG_PIN | GET_MODULE_HANDLE_EX_FLAG_UNCHANGED_REFCOUNT,
                                   "basic.dll", &handle),
                ERROR_INVALID_PARAMETER);
    CHECK(handle == NULL);
  }
  TEST("GMH-12", "a miss stores NULL") {
    handle = module;
    CHECK_FAILS(GetModuleHandleExA(0, "no_such.dll", &handle), ERROR_MOD_NOT_FOUND);
    CHECK(handle == NULL);
    handle = module;
    CHECK_FAILS(GetModuleHandleExA(GET_MODULE_HANDLE_EX_FLAG_FROM_ADDRESS, (LPCSTR)&handle, &handle),
                ERROR_MOD_NOT_FOUND);
    CHECK(handle == NULL);
  }
  TEST("GMH-13", "by name it counts, unless told otherwise") {
    CHECK(GetModuleHandleExA(0, "basic.dll", &handle));
    CHECK(handle == module);
    CHECK(GetModuleHandleExA(GET_MODULE_HANDLE_EX_FLAG_UNCHANGED_REFCOUNT, "basic.dll", &handle));
    CHECK(handle == module);
    CHECK(FreeLibrary(module));
    CHECK(GetModuleHandleA("basic.dll") == module);
  }
  TEST("GMH-14", "by any address inside the module") {
    CHECK(GetModuleHandleExA(GET_MODULE_HANDLE_EX_FLAG_FROM_ADDRESS | GET_MODULE_HANDLE_EX_FLAG_UNCHANGED_REFCOUNT,
                             (LPCSTR)(void*)GetProcAddress(module, "add"), &handle));
    CHECK(handle == module);
    CHECK(GetModuleHandleExW(GET_MODULE_HANDLE_EX_FLAG_FROM_ADDRESS, (LPCWSTR)(void*)module, &handle));
    CHECK(handle == module);
    CHECK(FreeLibrary(module));
  }
  TEST("GMH-15", "NULL is the main program, permanently loaded") {
    CHECK(GetModuleHandleExA(0, NULL, &handle));
    CHECK(handle == GetModuleHandleA(NULL));
    CHECK(FreeLibrary(handle));
    CHECK(FreeLibrary(handle));
    CHECK(GetModuleHandleA(NULL) == handle);
  }
  CHECK(FreeLibrary(module));

  TEST("GMH-13 FREE-04 REF-19", "a pinned module stays, with what it imports") {
    const HMODULE pinned = LoadLibraryA("rec_right.dll");
    CHECK(GetModuleHandleExA(GET_MODULE_HANDLE_EX_FLAG_PIN, "rec_right.dll", &handle));
    CHECK(handle == pinned);
    for (int i = 0; i < 5; ++i) CHECK(FreeLibrary(pinned));
    CHECK(GetModuleHandleA("rec_right.dll") == pinned);
    CHECK(GetModuleHandleA("rec_leaf.dll") != NULL);
  }
}

static void test_file_names(void) {
  const HMODULE module = LoadLibraryA("basic.dll");
  const int length = (int)strlen(in_bin("basic.dll"));
  char name[2048];

  TEST("GMF-01 GMF-02 GMF-03", "the full path, its length, and error 0") {
    SetLastError(0xDEAD);
    CHECK_EQ(GetModuleFileNameA(module, name, sizeof name), length);
    CHECK_ERROR(0);
    CHECK_STR(name, in_bin("basic.dll"));
    static WCHAR wide_name[2048];
    CHECK_EQ(GetModuleFileNameW(module, wide_name, 2048), length);
    CHECK_EQ(wide_name[length], 0);
    CHECK_EQ(wide_name[length - 1], 'l');
  }
  TEST("GMF-04 GMF-08", "a small buffer is filled and terminated") {
    memset(name, '#', sizeof name);
    SetLastError(0);
    CHECK_EQ(GetModuleFileNameA(module, name, 5), 5);
    CHECK_ERROR(ERROR_INSUFFICIENT_BUFFER);
    CHECK(memcmp(name, in_bin("basic.dll"), 4) == 0 && name[4] == 0 && name[5] == '#');
    CHECK_EQ(GetModuleFileNameA(module, name, (DWORD)length), length);
    CHECK_ERROR(ERROR_INSUFFICIENT_BUFFER);
    CHECK_EQ(GetModuleFileNameA(module, name, (DWORD)length + 1), length);
    WCHAR few[4] = {'#', '#', '#', '#'};
    CHECK_EQ(GetModuleFileNameW(module, few, 3), 3);
    CHECK(few[2] == 0 && few[3] == '#');
  }
  TEST("GMF-05", "a size of 0 touches nothing") {
    strcpy(name, "unchanged");
    CHECK_FAILS(GetModuleFileNameA(module, name, 0), ERROR_INSUFFICIENT_BUFFER);
    CHECK_STR(name, "unchanged");
  }
  TEST("GMF-06", "a size above 65535 is a size") {
    static char big[100000];
    CHECK_EQ(GetModuleFileNameA(module, big, sizeof big), length);
  }
  TEST("GMF-07", "a handle that is none") {
    strcpy(name, "unchanged");
    CHECK_FAILS(GetModuleFileNameA((HMODULE)(intptr_t)0xffff, name, sizeof name), ERROR_MOD_NOT_FOUND);
    CHECK_FAILS(GetModuleFileNameA((HMODULE)((char*)module + 0x10000000), name, sizeof name), ERROR_MOD_NOT_FOUND);
    CHECK_STR(name, "unchanged");
  }
  CHECK(FreeLibrary(module));
}

static void test_identity(void) {
  TEST("ID-01", "one base name in two directories: two modules with their own data") {
    const HMODULE one = LoadLibraryA(in_bin("dir1\\which.dll"));
    const HMODULE two = LoadLibraryA(in_bin("dir2\\which.dll"));
    REQUIRE(one && two);
    CHECK(one != two);
    CHECK_EQ(PROC(int, one, "which", (void))(), 1);
    CHECK_EQ(PROC(int, two, "which", (void))(), 2);
    *VARIABLE(int, one, "counter") = 5;
    CHECK_EQ(*VARIABLE(int, two, "counter"), 0);
    CHECK(FreeLibrary(one));
    CHECK(FreeLibrary(two));
  }
  TEST("ID-03 SRCH-29 GMF-09", "other spellings of one file are one module") {
    const HMODULE module = LoadLibraryA(in_bin("dir1\\which.dll"));
    CHECK(LoadLibraryA(in_bin("dir1\\.\\which.dll")) == module);
    CHECK(LoadLibraryA(in_bin("dir1\\..\\dir1\\which.dll")) == module);
    CHECK(LoadLibraryA(in_bin("DIR1\\Which.DLL")) == module);
    for (int i = 0; i < 3; ++i) CHECK(FreeLibrary(module));
    CHECK(CreateHardLinkA(in_scratch("hard.dll"), in_bin("dir1\\which.dll"), NULL));
    CHECK(LoadLibraryA(in_scratch("hard.dll")) == module);
    char name[2048];
    CHECK(GetModuleFileNameA(module, name, sizeof name) > 0);
    CHECK_STR(name, in_bin("dir1\\which.dll"));
    CHECK(GetModuleHandleA(in_scratch("hard.dll")) == module);
    CHECK(FreeLibrary(module));
    CHECK(FreeLibrary(module));
    CHECK(DeleteFileA(in_scratch("hard.dll")));
  }
  TEST("ID-04 ID-05", "a path stays the module it was, even when the file is another one now") {
    CHECK(CopyFileA(in_bin("dir1\\which.dll"), in_scratch("swap.dll"), FALSE));
    const HMODULE module = LoadLibraryA(in_scratch("swap.dll"));
    REQUIRE(module);
    CHECK(MoveFileA(in_scratch("swap.dll"), in_scratch("old.dll")));
    CHECK(LoadLibraryA(in_scratch("swap.dll")) == module);
    CHECK(CopyFileA(in_bin("dir2\\which.dll"), in_scratch("swap.dll"), FALSE));
    CHECK(LoadLibraryA(in_scratch("swap.dll")) == module);
    for (int i = 0; i < 3; ++i) CHECK(FreeLibrary(module));
    const HMODULE fresh = LoadLibraryA(in_scratch("swap.dll"));
    REQUIRE(fresh);
    CHECK_EQ(PROC(int, fresh, "which", (void))(), 2);
    CHECK(FreeLibrary(fresh));
    CHECK(DeleteFileA(in_scratch("swap.dll")));
    CHECK(DeleteFileA(in_scratch("old.dll")));
  }
  TEST("ID-06", "a copy is another module") {
    CHECK(CopyFileA(in_bin("dir1\\which.dll"), in_scratch("copy.dll"), FALSE));
    const HMODULE original = LoadLibraryA(in_bin("dir1\\which.dll"));
    const HMODULE copy = LoadLibraryA(in_scratch("copy.dll"));
    CHECK(copy && copy != original);
    CHECK(FreeLibrary(original));
    CHECK(FreeLibrary(copy));
    CHECK(DeleteFileA(in_scratch("copy.dll")));
  }
}

static void test_enumeration(void) {
  const HMODULE module = LoadLibraryA("basic.dll");
  HMODULE modules[256];
  DWORD needed = 0;

  TEST("PS-01", "EnumProcessModules: the program first, everything once, and the size it needs") {
    CHECK(EnumProcessModules(GetCurrentProcess(), modules, sizeof modules, &needed));
    CHECK(modules[0] == GetModuleHandleA(NULL));
    int seen = 0;
    for (DWORD i = 0; i < needed / sizeof(HMODULE); ++i) seen += modules[i] == module;
    CHECK_EQ(seen, 1);
    DWORD same = 0;
    CHECK(EnumProcessModules(GetCurrentProcess(), modules, sizeof modules[0], &same));
    CHECK_EQ(same, needed);
    CHECK_FAILS(EnumProcessModules(NULL, modules, sizeof modules, &needed), ERROR_INVALID_HANDLE);
    CHECK_FAILS(EnumProcessModules(GetCurrentProcess(), modules, sizeof modules, NULL), ERROR_NOACCESS);
    CHECK_FAILS(EnumProcessModules(GetCurrentProcess(), NULL, 8, &needed), ERROR_NOACCESS);
  }
  TEST("PS-02", "GetModuleInformation") {
    MODULEINFO info;
    CHECK(GetModuleInformation(GetCurrentProcess(), module, &info, sizeof info));
    CHECK(info.lpBaseOfDll == (void*)module);
    CHECK_EQ(info.SizeOfImage % 4096, 0);
    CHECK((char*)info.EntryPoint > (char*)module && (char*)info.EntryPoint < (char*)module + info.SizeOfImage);
    CHECK_FAILS(GetModuleInformation(GetCurrentProcess(), (HMODULE)(intptr_t)0x10, &info, sizeof info),
                ERROR_INVALID_HANDLE);
    CHECK_FAILS(GetModuleInformation(GetCurrentProcess(), module, &info, sizeof info - 1), ERROR_INSUFFICIENT_BUFFER);
  }
  TEST("PS-03", "names of modules") {
    char name[2048];
    CHECK_EQ(GetModuleBaseNameA(GetCurrentProcess(), module, name, sizeof name), 9);
    CHECK_STR(name, "basic.dll");
    CHECK(GetModuleFileNameExA(GetCurrentProcess(), module, name, sizeof name) > 0);
    CHECK_STR(name, in_bin("basic.dll"));
    CHECK_FAILS(GetModuleBaseNameA(GetCurrentProcess(), (HMODULE)(intptr_t)0x10, name, sizeof name),
                ERROR_INVALID_HANDLE);
  }
  TEST("PS-04", "a snapshot does not change") {
    const HANDLE snapshot = CreateToolhelp32Snapshot(TH32CS_SNAPMODULE, GetCurrentProcessId());
    REQUIRE(snapshot != INVALID_HANDLE_VALUE);
    CHECK(FreeLibrary(module));
    MODULEENTRY32 entry;
    memset(&entry, 0, sizeof entry);
    CHECK_FALSE(Module32First(snapshot, &entry));
    entry.dwSize = sizeof entry;
    CHECK(Module32First(snapshot, &entry));
    CHECK(entry.hModule == GetModuleHandleA(NULL));
    int seen = 0;
    do {
      seen += strcmp(entry.szModule, "basic.dll") == 0;
      if (entry.hModule == module) CHECK_STR(entry.szExePath, in_bin("basic.dll"));
    } while (Module32Next(snapshot, &entry));
    CHECK_ERROR(ERROR_NO_MORE_FILES);
    CHECK_EQ(seen, 1);
    CHECK(Module32First(snapshot, &entry));
    CHECK(entry.hModule == GetModuleHandleA(NULL));
    CHECK(CloseHandle(snapshot));
  }
}

int main(void) {
  test_handles();
  test_file_names();
  test_identity();
  test_enumeration();
  RemoveDirectoryA(in_scratch(""));
  return finish();
}

/* Spec section 2: what a DLL's name may look like. */
#include "support/check.h"

static HMODULE basic;

/* Loads and frees; the handle only tells which module it was. */
static HMODULE loads_as(const char* name) {
  const HMODULE module = LoadLibraryA(name);
  if (module) FreeLibrary(module);
  return module;
}

static void make_text(char* text, size_t length) {
  memset(text, 'n', length);
  text[length] = 0;
}

int main(void) {
  basic = LoadLibraryA("basic.dll");
  const HMODULE kernel32 = GetModuleHandleA("kernel32.dll");

  TEST("NAME-01", "NULL and the empty name are invalid parameters, for A and W") {
    CHECK_NO_LOAD(LoadLibraryA(NULL), ERROR_INVALID_PARAMETER);
    CHECK_NO_LOAD(LoadLibraryW(NULL), ERROR_INVALID_PARAMETER);
    CHECK_NO_LOAD(LoadLibraryExA(NULL, NULL, 0), ERROR_INVALID_PARAMETER);
    CHECK_NO_LOAD(LoadLibraryA(""), ERROR_INVALID_PARAMETER);
    CHECK_NO_LOAD(LoadLibraryW(W("")), ERROR_INVALID_PARAMETER);
    CHECK_NO_LOAD(LoadLibraryExW(W(""), NULL, LOAD_LIBRARY_AS_DATAFILE), ERROR_INVALID_PARAMETER);
  }
  TEST("NAME-02", "trailing spaces do not count") {
    CHECK(loads_as("kernel32   ") == kernel32);
    CHECK(loads_as("basic.dll ") == basic);
    CHECK_NO_LOAD(LoadLibraryA("   "), ERROR_INVALID_PARAMETER);
  }
  TEST("NAME-03", "a name without a dot gets .dll") {
    CHECK(loads_as("basic") == basic);
    CHECK(GetModuleHandleA("basic") == basic);
    CHECK(GetModuleHandleW(W("BASIC")) == basic);
  }
  TEST("NAME-04", "a trailing dot suppresses the extension; other extensions are used as they are") {
    CHECK_NO_LOAD(LoadLibraryA("basic."), ERROR_MOD_NOT_FOUND);
    CHECK_NO_LOAD(LoadLibraryA("basic.bar"), ERROR_MOD_NOT_FOUND);
    CHECK(CopyFileA(in_bin("dir2\\which.dll"), in_scratch("plain"), FALSE));
    char with_dot[2048];
    snprintf(with_dot, sizeof with_dot, "%s.", in_scratch("plain"));
    const HMODULE plain = LoadLibraryA(with_dot);
    REQUIRE(plain);
    CHECK_EQ(PROC(int, plain, "which", (void))(), 2);
    CHECK(FreeLibrary(plain));
    CHECK(DeleteFileA(in_scratch("plain")));
  }
  TEST("NAME-05", "a name with a directory gets .dll too") {
    CHECK(loads_as(in_bin("basic")) == basic);
    const HMODULE altered = LoadLibraryExA(in_bin("basic"), NULL, LOAD_WITH_ALTERED_SEARCH_PATH);
    CHECK(altered == basic);
    CHECK(FreeLibrary(altered));
  }
  TEST("NAME-06 NAME-07", "forward slashes separate directories too") {
    char path[2048];
    snprintf(path, sizeof path, "%s", in_bin("dir1\\which.dll"));
    for (char* c = path; *c; ++c)
      if (*c == '\\') *c = '/';
    const HMODULE module = LoadLibraryA(path);
    REQUIRE(module);
    CHECK_EQ(PROC(int, module, "which", (void))(), 1);
    char name[2048];
    CHECK(GetModuleFileNameA(module, name, sizeof name) > 0);
    CHECK(strchr(name, '/') == NULL);
    CHECK(FreeLibrary(module));
  }
  TEST("NAME-08", "rooted and relative paths") {
    const char* rooted = strchr(in_bin("dir1\\which.dll"), '\\'); /* without the drive */
    char drive[2048], before[1024];
    CHECK(GetCurrentDirectoryA(sizeof before, before) > 0);
    snprintf(drive, sizeof drive, "%.3s", bin_directory());
    CHECK(SetCurrentDirectoryA(drive));
    const HMODULE module = LoadLibraryA(rooted);
    CHECK(module != NULL);
    if (module) CHECK(FreeLibrary(module));
    CHECK(SetCurrentDirectoryA(before));
  }
  TEST("NAME-09", "a relative path is tried below every directory of the search") {
    char before[1024];
    CHECK(GetCurrentDirectoryA(sizeof before, before) > 0);
    CHECK(SetCurrentDirectoryA(bin_directory()));
    const HMODULE module = LoadLibraryA("dir3\\which.dll");
    REQUIRE(module);
    CHECK_EQ(PROC(int, module, "which", (void))(), 3);
    CHECK(FreeLibrary(module));
    CHECK_NO_LOAD(LoadLibraryExA("dir3\\which.dll", NULL, LOAD_LIBRARY_SEARCH_SYSTEM32), ERROR_MOD_NOT_FOUND);
    CHECK(SetCurrentDirectoryA(before));
  }
  TEST("NAME-10", "a drive-relative bare name is not found") {
    char name[16] = "z:basic.dll";
    name[0] = bin_directory()[0];
    CHECK_NO_LOAD(LoadLibraryA(name), ERROR_MOD_NOT_FOUND);
  }
  TEST("NAME-11", "a datafile named .\\x is looked for in the current directory only") {
    char before[1024];
    CHECK(GetCurrentDirectoryA(sizeof before, before) > 0);
    CHECK(SetCurrentDirectoryA(in_bin("dir1")));
    const HMODULE here = LoadLibraryExA(".\\which.dll", NULL, LOAD_LIBRARY_AS_DATAFILE);
    CHECK(here != NULL);
    if (here) CHECK(FreeLibrary(here));
    CHECK(free_if_loaded(LoadLibraryExA(".\\sections.dll", NULL, LOAD_LIBRARY_AS_DATAFILE)));
    CHECK(SetCurrentDirectoryA(before));
  }
  TEST("NAME-12", "names compare without case, in files too") {
    CHECK(loads_as("BaSiC.DlL") == basic);
    CHECK(GetModuleHandleA("BASIC.dll") == basic);
    const HMODULE upper = LoadLibraryA(in_bin("DIR4\\WHICH.DLL"));
    REQUIRE(upper);
    CHECK_EQ(PROC(int, upper, "which", (void))(), 4);
    CHECK(FreeLibrary(upper));
  }
  TEST("NAME-13", "\\\\?\\ names go to the file system as they are") {
    char name[2048];
    snprintf(name, sizeof name, "\\\\?\\%s", in_bin("dir1\\which.dll"));
    const HMODULE module = LoadLibraryA(name);
    CHECK(module != NULL);
    if (module) CHECK(FreeLibrary(module));
  }
  TEST("NAME-14", "an unknown server's share is not found") {
    CHECK_NO_LOAD(LoadLibraryA("\\\\no-such-server\\share\\x.dll"), ERROR_MOD_NOT_FOUND);
  }
  TEST("NAME-15", "procedure names are bytes") {
    CHECK_FAILS(GetProcAddress(basic, "add\xC3\xA9"), ERROR_PROC_NOT_FOUND);
  }
  TEST("NAME-16", "a name may be long, but not longer than a path can be") {
    static char name[40001];
    make_text(name, 3000);
    CHECK(free_if_loaded(LoadLibraryA(name)));
    static WCHAR wide_name[40001];
    for (int i = 0; i < 40000; ++i) wide_name[i] = 'n';
    CHECK(free_if_loaded(LoadLibraryW(wide_name)));
    make_text(name, 40000);
    CHECK(free_if_loaded(LoadLibraryA(name)));
    CHECK_FALSE(GetModuleHandleW(wide_name));
  }
  TEST("NAME-17", "an absent file: 126 as code, 2 or 3 as data") {
    CHECK_NO_LOAD(LoadLibraryA(in_bin("absent.dll")), ERROR_MOD_NOT_FOUND);
    CHECK_NO_LOAD(LoadLibraryA(in_bin("no_dir\\absent.dll")), ERROR_MOD_NOT_FOUND);
    CHECK_NO_LOAD(LoadLibraryExA(in_bin("absent.dll"), NULL, LOAD_LIBRARY_AS_DATAFILE), ERROR_FILE_NOT_FOUND);
    CHECK_NO_LOAD(LoadLibraryExA(in_bin("no_dir\\absent.dll"), NULL, LOAD_LIBRARY_AS_DATAFILE), ERROR_PATH_NOT_FOUND);
    CHECK_NO_LOAD(LoadLibraryA("no_such_library"), ERROR_MOD_NOT_FOUND);
  }
  TEST("NAME-18", "a directory is not a DLL") {
    char name[2048];
    snprintf(name, sizeof name, "%s.", in_bin("dir1"));
    CHECK_NO_LOAD(LoadLibraryA(name), ERROR_ACCESS_DENIED);
  }
  TEST("NAME-19", "hFile must be NULL") {
    CHECK_NO_LOAD(LoadLibraryExA("basic.dll", (HANDLE)(intptr_t)0xDEAD, 0), ERROR_INVALID_PARAMETER);
    CHECK_NO_LOAD(LoadLibraryExW(W("basic.dll"), INVALID_HANDLE_VALUE, 0), ERROR_INVALID_PARAMETER);
    CHECK_NO_LOAD(LoadLibraryExA(NULL, (HANDLE)(intptr_t)0xDEAD, 0), ERROR_INVALID_PARAMETER);
  }
  TEST("NAME-20", "a file that somebody has open without sharing is not read") {
    CHECK(CopyFileA(in_bin("dir1\\which.dll"), in_scratch("held.dll"), 0));
    const HANDLE held = CreateFileA(in_scratch("held.dll"), GENERIC_READ, 0, NULL, OPEN_EXISTING, 0, NULL);
    REQUIRE(held != INVALID_HANDLE_VALUE);
    CHECK_NO_LOAD(LoadLibraryA(in_scratch("held.dll")), ERROR_SHARING_VIOLATION);
    CHECK(CloseHandle(held));
    const HMODULE free_again = LoadLibraryA(in_scratch("held.dll"));
    CHECK(free_again != NULL);
    if (free_again) CHECK(FreeLibrary(free_again));
    CHECK(DeleteFileA(in_scratch("held.dll")));
    RemoveDirectoryA(in_scratch(""));
  }
  CHECK(FreeLibrary(basic));
  return finish();
}

/* Spec section 3: LoadLibrary and its flags. */
#include "support/check.h"

static int calls(HMODULE log) {
  return (int)strlen(PROC(const char*, log, "log_text", (void))());
}

int main(void) {
  const HMODULE log = LoadLibraryA("log.dll");

  TEST("LL-01 LL-02 REF-01", "every load counts one; the handle is the image's 64 KiB aligned base") {
    const HMODULE first = LoadLibraryA("rec_leaf.dll");
    REQUIRE(first);
    CHECK_EQ((uintptr_t)first & 0xFFFF, 0);
    CHECK(memcmp(first, "MZ", 2) == 0);
    CHECK_STR(PROC(const char*, log, "log_text", (void))(), "rec_leaf+");
    CHECK(LoadLibraryA("rec_leaf.dll") == first);
    CHECK(LoadLibraryW(W("rec_leaf")) == first);
    CHECK_STR(PROC(const char*, log, "log_text", (void))(), "rec_leaf+");
    CHECK(FreeLibrary(first));
    CHECK(FreeLibrary(first));
    CHECK(GetModuleHandleA("rec_leaf.dll") == first);
    CHECK(FreeLibrary(first));
    CHECK_STR(PROC(const char*, log, "log_text", (void))(), "rec_leaf+ rec_leaf-");
    CHECK(GetModuleHandleA("rec_leaf.dll") == NULL);
    PROC(void, log, "log_clear", (void))();
  }
  TEST("LL-03", "DllMain runs in the calling thread, before the load returns") {
    const HMODULE module = LoadLibraryA("rec_leaf.dll");
    REQUIRE(module);
    CHECK_EQ(*VARIABLE(DWORD, module, "attach_thread"), GetCurrentThreadId());
    CHECK(FreeLibrary(module));
    PROC(void, log, "log_clear", (void))();
  }
  TEST("LL-04 LL-05 IMP-07", "missing imports: 126, 127 and 182, and nothing stays") {
    CHECK_NO_LOAD(LoadLibraryA("import_missing_dll.dll"), ERROR_MOD_NOT_FOUND);
    CHECK_NO_LOAD(LoadLibraryA("import_missing_name.dll"), ERROR_PROC_NOT_FOUND);
    CHECK(GetModuleHandleA("import_missing_name.dll") == NULL);
    CHECK(GetModuleHandleA("basic.dll") == NULL);
    CHECK_NO_LOAD(LoadLibraryA("import_missing_ordinal.dll"), ERROR_INVALID_ORDINAL);
    CHECK(GetModuleHandleA("basic.dll") == NULL);
    CHECK_NO_LOAD(LoadLibraryA("needs_missing.dll"), ERROR_MOD_NOT_FOUND);
    CHECK(GetModuleHandleA("import_missing_dll.dll") == NULL);
  }
  TEST("LL-05 DM-07", "DllMain's FALSE is error 1114") {
    CHECK_NO_LOAD(LoadLibraryA("refuses.dll"), ERROR_DLL_INIT_FAILED);
    CHECK(GetModuleHandleA("refuses.dll") == NULL);
    CHECK_STR(PROC(const char*, log, "log_text", (void))(), "refuses+ refuses-");
    PROC(void, log, "log_clear", (void))();
  }
  TEST("LL-05 REL-01 REL-02 MAP-01", "no relocations and the base taken: 487") {
    const HMODULE first = LoadLibraryA("fixed_1.dll");
    REQUIRE(first);
    CHECK_EQ((uintptr_t)first, 0x7e9000000000);
    CHECK_NO_LOAD(LoadLibraryA("fixed_2.dll"), ERROR_INVALID_ADDRESS);
    CHECK(FreeLibrary(first));
    const HMODULE second = LoadLibraryA("fixed_2.dll");
    CHECK_EQ((uintptr_t)second, 0x7e9000000000);
    CHECK(FreeLibrary(second));
  }
  TEST("LL-06 PE-33", "a program loads, but is neither bound nor started") {
    const HMODULE program = LoadLibraryA(in_bin("program.exe"));
    REQUIRE(program);
    CHECK(GetModuleHandleA("basic.dll") == NULL);
    CHECK_EQ(PROC(int, program, "was_started", (void))(), 0);
    CHECK(FreeLibrary(program));
  }
  TEST("LL-07", "the main program's file is the main program's handle") {
    char self[2048];
    CHECK(GetModuleFileNameA(NULL, self, sizeof self) > 0);
    const HMODULE module = LoadLibraryA(self);
    CHECK(module == GetModuleHandleA(NULL));
    CHECK(FreeLibrary(module));
  }
  TEST("LL-08 LOCK-07 DM-20", "a load inside DllMain is complete when it returns") {
    const HMODULE nested = LoadLibraryA("nested.dll");
    REQUIRE(nested);
    CHECK_STR(PROC(const char*, log, "log_text", (void))(), "nested< rec_leaf+ rec_left+ nested>");
    CHECK_EQ(*VARIABLE(int, nested, "inner_sum"), 2);
    PROC(void, log, "log_clear", (void))();
    CHECK(FreeLibrary(nested));
    CHECK_STR(PROC(const char*, log, "log_text", (void))(), "nested<- nested-> rec_left- rec_leaf-");
    CHECK(GetModuleHandleA("rec_left.dll") == NULL);
    PROC(void, log, "log_clear", (void))();
  }
  TEST("LL-10", "a DLL loaded again is new") {
    HMODULE module = LoadLibraryA("basic.dll");
    REQUIRE(module);
    *VARIABLE(int, module, "answer") = 5;
    CHECK(FreeLibrary(module));
    module = LoadLibraryA("basic.dll");
    CHECK_EQ(*VARIABLE(int, module, "answer"), 42);
    CHECK(FreeLibrary(module));
  }
  TEST("LL-11", "there are no packages here") {
    HMODULE(WINAPI * load_packaged)
    (const WCHAR*, DWORD) = (void*)GetProcAddress(GetModuleHandleA("kernel32.dll"), "LoadPackagedLibrary");
    REQUIRE(load_packaged);
    CHECK_FAILS(load_packaged(NULL, 0x1234), 15700);
  }
  TEST("FLAG-01", "the altered search path excludes the search flags") {
    CHECK_NO_LOAD(
        LoadLibraryExA(in_bin("basic.dll"), NULL, LOAD_WITH_ALTERED_SEARCH_PATH | LOAD_LIBRARY_SEARCH_SYSTEM32),
        ERROR_INVALID_PARAMETER);
    CHECK_FAILS(
        LoadLibraryExA(in_bin("basic.dll"), NULL, LOAD_WITH_ALTERED_SEARCH_PATH | LOAD_LIBRARY_SEARCH_DEFAULT_DIRS),
        ERROR_INVALID_PARAMETER);
  }
  TEST("FLAG-02", "the DLL's own directory needs a full path") {
    CHECK_NO_LOAD(LoadLibraryExA("basic.dll", NULL, LOAD_LIBRARY_SEARCH_DLL_LOAD_DIR), ERROR_INVALID_PARAMETER);
    CHECK_NO_LOAD(
        LoadLibraryExA("dir1\\which.dll", NULL, LOAD_LIBRARY_SEARCH_DLL_LOAD_DIR | LOAD_LIBRARY_SEARCH_APPLICATION_DIR),
        ERROR_INVALID_PARAMETER);
    CHECK_NO_LOAD(LoadLibraryExA(in_bin("absent.dll"), NULL, LOAD_LIBRARY_SEARCH_DLL_LOAD_DIR), ERROR_MOD_NOT_FOUND);
  }
  TEST("FLAG-03", "the altered search path with a bare name is the standard order") {
    const HMODULE module = LoadLibraryExA("basic.dll", NULL, LOAD_WITH_ALTERED_SEARCH_PATH);
    CHECK(module != NULL);
    CHECK(FreeLibrary(module));
  }
  TEST("FLAG-04", "unknown flags and two kinds of datafile are refused") {
    CHECK_NO_LOAD(LoadLibraryExA("basic.dll", NULL, 0x10000), ERROR_INVALID_PARAMETER);
    CHECK_NO_LOAD(LoadLibraryExA("basic.dll", NULL, LOAD_LIBRARY_AS_DATAFILE | LOAD_LIBRARY_AS_DATAFILE_EXCLUSIVE),
                  ERROR_INVALID_PARAMETER);
  }
  TEST("FLAG-06 FLAG-07 FLAG-09 DM-17", "DONT_RESOLVE maps and lists, nothing more, and that sticks") {
    const HMODULE module = LoadLibraryExA("rec_left.dll", NULL, DONT_RESOLVE_DLL_REFERENCES);
    REQUIRE(module);
    CHECK(GetModuleHandleA("rec_left.dll") == module);
    CHECK(GetModuleHandleA("rec_leaf.dll") == NULL);
    CHECK(GetProcAddress(module, "rec_left_sum") != NULL);
    CHECK(LoadLibraryA("rec_left.dll") == module);
    CHECK(GetModuleHandleA("rec_leaf.dll") == NULL);
    CHECK(FreeLibrary(module));
    CHECK(FreeLibrary(module));
    CHECK(GetModuleHandleA("rec_left.dll") == NULL);
    CHECK_EQ(calls(log), 0);
  }
  TEST("FLAG-08", "a DONT_RESOLVE module serves imports as it is") {
    const HMODULE leaf = LoadLibraryExA("rec_leaf.dll", NULL, DONT_RESOLVE_DLL_REFERENCES);
    const HMODULE left = LoadLibraryA("rec_left.dll");
    REQUIRE(left);
    CHECK_STR(PROC(const char*, log, "log_text", (void))(), "rec_left+");
    CHECK(FreeLibrary(left));
    CHECK(FreeLibrary(leaf));
    CHECK(GetModuleHandleA("rec_leaf.dll") == NULL);
    PROC(void, log, "log_clear", (void))();
  }
  TEST("FLAG-10", "a datafile load of a loaded module is that module") {
    const HMODULE module = LoadLibraryA("basic.dll");
    CHECK(LoadLibraryExA("basic.dll", NULL, LOAD_LIBRARY_AS_DATAFILE) == module);
    CHECK(FreeLibrary(module));
    CHECK(GetModuleHandleA("basic.dll") == module);
    CHECK(FreeLibrary(module));
    CHECK(GetModuleHandleA("basic.dll") == NULL);
  }
  TEST("FLAG-11 FLAG-16 FLAG-17 FLAG-18 PS-05", "datafile handles are views of their own") {
    const HMODULE first = LoadLibraryExA(in_bin("basic.dll"), NULL, LOAD_LIBRARY_AS_DATAFILE);
    const HMODULE second = LoadLibraryExA(in_bin("basic.dll"), NULL, LOAD_LIBRARY_AS_DATAFILE);
    REQUIRE(first && second);
    CHECK(first != second);
    CHECK_EQ((uintptr_t)first & 3, 1);
    CHECK(memcmp((char*)first - 1, "MZ", 2) == 0);
    CHECK(GetModuleHandleA("basic.dll") == NULL);
    char name[64] = "unchanged";
    CHECK_FAILS(GetModuleFileNameA(first, name, sizeof name), ERROR_MOD_NOT_FOUND);
    CHECK_STR(name, "unchanged");
    CHECK_FAILS(GetProcAddress(first, "add"), ERROR_MOD_NOT_FOUND);
    CHECK(FreeLibrary(first));
    CHECK(FreeLibrary(second));
  }
  TEST("FLAG-12", "a datafile is searched for as SearchPath does") {
    const HMODULE module = LoadLibraryExA("basic", NULL, LOAD_LIBRARY_AS_DATAFILE);
    CHECK(module != NULL);
    CHECK(FreeLibrary(module));
  }
  TEST("FLAG-13", "datafile errors: 2, 1006 and 193") {
    CHECK_NO_LOAD(LoadLibraryExA("no_such_file.dll", NULL, LOAD_LIBRARY_AS_DATAFILE), ERROR_FILE_NOT_FOUND);
    CHECK(write_file(in_scratch("empty.dll"), "", 0));
    CHECK_NO_LOAD(LoadLibraryExA(in_scratch("empty.dll"), NULL, LOAD_LIBRARY_AS_DATAFILE), ERROR_FILE_INVALID);
    CHECK(write_file(in_scratch("text.dll"), "This is not a DLL, however long it is; it has 64 bytes and more.", 64));
    CHECK_NO_LOAD(LoadLibraryExA(in_scratch("text.dll"), NULL, LOAD_LIBRARY_AS_DATAFILE), ERROR_BAD_EXE_FORMAT);
    CHECK(DeleteFileA(in_scratch("empty.dll")));
    CHECK(DeleteFileA(in_scratch("text.dll")));
  }
  TEST("FLAG-14", "an exclusive datafile keeps writers away") {
    CHECK(CopyFileA(in_bin("basic.dll"), in_scratch("held.dll"), FALSE));
    const HMODULE module = LoadLibraryExA(in_scratch("held.dll"), NULL, LOAD_LIBRARY_AS_DATAFILE_EXCLUSIVE);
    REQUIRE(module);
    SetLastError(0);
    const HANDLE writer = CreateFileA(in_scratch("held.dll"), GENERIC_WRITE, FILE_SHARE_READ | FILE_SHARE_WRITE, NULL,
                                      OPEN_EXISTING, 0, NULL);
    CHECK(writer == INVALID_HANDLE_VALUE);
    CHECK_ERROR(ERROR_SHARING_VIOLATION);
    if (writer != INVALID_HANDLE_VALUE) CloseHandle(writer);
    CHECK(FreeLibrary(module));
    CHECK(DeleteFileA(in_scratch("held.dll")));
  }
  TEST("FLAG-05 FLAG-15", "an image resource view has the image's layout and is not code") {
    const HMODULE view = LoadLibraryExA(in_bin("sections.dll"), NULL, LOAD_LIBRARY_AS_IMAGE_RESOURCE);
    REQUIRE(view);
    CHECK_EQ((uintptr_t)view & 3, 2);
    CHECK_FAILS(GetProcAddress(view, "executed"), ERROR_MOD_NOT_FOUND);
    CHECK(FreeLibrary(view));
    const HMODULE both =
        LoadLibraryExA(in_bin("sections.dll"), NULL, LOAD_LIBRARY_AS_IMAGE_RESOURCE | LOAD_LIBRARY_AS_DATAFILE);
    REQUIRE(both);
    CHECK((uintptr_t)both & 2);
    CHECK(FreeLibrary(both));
  }
  TEST("FLAG-17", "a handle with low bits that is no view") {
    const HMODULE log_plus_1 = (HMODULE)((char*)log + 0x1000 + 1);
    CHECK_FAILS(FreeLibrary(log_plus_1), ERROR_BAD_EXE_FORMAT);
  }
  TEST("FLAG-19", "signatures cannot be verified, and so are refused") {
    CHECK_NO_LOAD(LoadLibraryExA(in_bin("basic.dll"), NULL, LOAD_LIBRARY_REQUIRE_SIGNED_TARGET),
                  ERROR_INVALID_IMAGE_HASH);
  }
  TEST("FLAG-21", "only safe current directories: the current directory is not searched") {
    char before[1024];
    CHECK(GetCurrentDirectoryA(sizeof before, before) > 0);
    CHECK(SetCurrentDirectoryA(in_bin("dir1")));
    CHECK_NO_LOAD(LoadLibraryExA("which.dll", NULL, LOAD_LIBRARY_SAFE_CURRENT_DIRS), ERROR_MOD_NOT_FOUND);
    CHECK(SetCurrentDirectoryA(before));
  }
  TEST("ERR-01 ERR-02", "success leaves the last error alone, and a DLL sees the same one") {
    SetLastError(0x1234);
    const HMODULE module = LoadLibraryA("basic.dll");
    CHECK_ERROR(0x1234);
    CHECK(GetProcAddress(module, "add") != NULL);
    CHECK_ERROR(0x1234);
    CHECK(GetModuleHandleA("basic.dll") == module);
    CHECK_ERROR(0x1234);
    PROC(void, module, "set_error", (DWORD))(0x4321);
    CHECK_ERROR(0x4321);
    CHECK(FreeLibrary(module));
    CHECK_ERROR(0x4321);
  }
  TEST("DM-22", "an error that DllMain sets stays visible") {
    SetLastError(0x1234);
    const HMODULE module = LoadLibraryA("sets_error.dll");
    CHECK_ERROR(4242);
    CHECK(FreeLibrary(module));
    PROC(void, log, "log_clear", (void))();
  }
  CHECK(FreeLibrary(log));
  return finish();
}

/* Spec section 16: imports that are loaded by their first call. */
#include "support/check.h"

static void test_delayed(const char* name, int asks_the_system) {
  const HMODULE module = LoadLibraryA(name);
  TEST("DLY-01 PE-32", "nothing is loaded before the first call") {
    REQUIRE(module);
    CHECK_FALSE(GetModuleHandleA("basic.dll"));
  }
  TEST("DLY-02", "the first call loads and binds, later ones call straight through") {
    REQUIRE(module);
    CHECK_EQ(PROC(int, module, "call_delayed", (int, int))(40, 2), 42);
    CHECK(GetModuleHandleA("basic.dll") != NULL);
    CHECK_EQ(PROC(int, module, "call_delayed", (int, int))(1, 2), 3);
  }
  TEST("DLY-03", "a missing function is what the hook makes of it") {
    REQUIRE(module);
    CHECK_EQ(PROC(int, module, "call_missing", (int, int))(1, 2), -1);
    if (!asks_the_system) break;
    CHECK_EQ(*VARIABLE(int, module, "hook_reason"), 4);
    CHECK_STR(VARIABLE(char, module, "hook_name"), "no_such_function");
  }
  TEST("DLY-05", "freeing the DLL lets go what the system loaded for it") {
    REQUIRE(module);
    CHECK(FreeLibrary(module));
    if (asks_the_system)
      CHECK_FALSE(GetModuleHandleA("basic.dll"));
    else
      CHECK(FreeLibrary(GetModuleHandleA("basic.dll"))); /* an ordinary count: the DLL's own business */
    CHECK_FALSE(GetModuleHandleA("basic.dll"));
  }
}

static void test_search(void) {
  TEST("DLY-06", "the search is an ordinary one, whatever flags the module was loaded with") {
    const HMODULE module = LoadLibraryExA(in_bin("dir1\\delay_search.dll"), NULL, LOAD_LIBRARY_SEARCH_DLL_LOAD_DIR);
    REQUIRE(module);
    CHECK_EQ(PROC(int, module, "call_which", (void))(), -1); /* dir1\which.dll is not found */
    CHECK(FreeLibrary(module));
  }
  TEST("DLY-06", "and so finds what SetDllDirectory names") {
    const HMODULE module = LoadLibraryExA(in_bin("dir1\\delay_search.dll"), NULL, LOAD_LIBRARY_SEARCH_DLL_LOAD_DIR);
    REQUIRE(module);
    SetDllDirectoryA(in_bin("dir2"));
    CHECK_EQ(PROC(int, module, "call_which", (void))(), 2);
    SetDllDirectoryA(NULL);
    CHECK(FreeLibrary(module));
  }
}

static void test_exceptions(void) {
  const HMODULE module = LoadLibraryA("delay_raise.dll");
  if (!module) return; /* it is built where LLVM is installed */
  TEST("DLY-04 DLY-01", "what a linked helper raises, the code around the call catches") {
    CHECK_EQ(PROC(int, module, "call_delayed", (int, int))(40, 2), 42);
    CHECK_EQ(PROC(int, module, "call_missing", (int, int))(40, 2), (int)0xC06D007F);
    CHECK_EQ(PROC(int, module, "call_absent", (int, int))(40, 2), (int)0xC06D007E);
    CHECK(FreeLibrary(module));
    CHECK(FreeLibrary(GetModuleHandleA("basic.dll")));
  }
}

int main(void) {
  test_delayed("delay_own.dll", 0);
  test_delayed("delay.dll", 1);
  test_search();
  test_exceptions();
  return finish();
}

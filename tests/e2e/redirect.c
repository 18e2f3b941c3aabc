/* Spec section 4.5: beside this program is a directory of its name with ".local" behind it, and in that a which.dll. */
#include "support/check.h"

static int which(HMODULE module) {
  return module ? PROC(int, module, "which", (void))() : 0;
}

int main(void) {
  TEST("SRCH-01 SRCH-30", "what is there goes before everything, even before a path") {
    const HMODULE named = LoadLibraryA("which.dll");
    CHECK_EQ(which(named), 9);
    const HMODULE with_path = LoadLibraryA(in_bin("dir1\\which.dll"));
    CHECK_EQ(which(with_path), 9);
    CHECK(with_path == named);
    CHECK(FreeLibrary(named));
    CHECK(FreeLibrary(with_path));
  }
  TEST("SRCH-01", "imports are redirected too") {
    const HMODULE module = LoadLibraryA(in_bin("dir1\\uses_which.dll"));
    REQUIRE(module);
    CHECK_EQ(which(GetModuleHandleA("which.dll")), 9);
    CHECK(FreeLibrary(module));
  }
  TEST("SRCH-32", "what is not there is looked for as ever") {
    const HMODULE module = LoadLibraryA(in_bin("basic.dll"));
    REQUIRE(module);
    CHECK(FreeLibrary(module));
    CHECK_NO_LOAD(LoadLibraryA("no_such.dll"), ERROR_MOD_NOT_FOUND);
    CHECK_NO_LOAD(LoadLibraryA(in_bin("dir1\\no_such.dll")), ERROR_MOD_NOT_FOUND);
  }
  return finish();
}

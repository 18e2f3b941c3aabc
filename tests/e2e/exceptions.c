/* Spec section 14.4: exceptions inside DLLs and between them. The tests are in the DLLs (tests/dlls/eh), which several
 * compilers make; the same ones run under Wine. A DLL that could not be built here is skipped. */
#include "support/check.h"

typedef struct {
  const char *rules, *sentence;
  void(WINAPI* run)(void);
} DllTest;

static void WINAPI report(int line, const char* text, long long got, long long wanted) {
  check_integers(line, text, got, wanted);
}

/* `kind` tells DLLs with the same tests apart. */
static void run_tests(const char* file, const char* kind) {
  char *const path = in_bin(file), rules[200];
  if (GetFileAttributesA(path) == INVALID_FILE_ATTRIBUTES) {
    printf("skipped: %s is not there\n", file);
    return;
  }
  const HMODULE module = LoadLibraryExA(path, NULL, LOAD_WITH_ALTERED_SEARCH_PATH);
  if (!CHECK(module)) return;
  const DllTest* test = PROC(const DllTest*, module, "tests", (void*))((void*)report);
  for (; test->rules; ++test) {
    snprintf(rules, sizeof rules, "%s%s", test->rules, kind);
    begin_test(rules, test->sentence);
    test->run();
    end_test();
  }
  FreeLibrary(module);
}

/* The load fails, and the entry point's frames are unwound. */
static void leave_the_entry_point(const char* file) {
  char* const path = in_bin(file);
  char value[32] = "";
  if (GetFileAttributesA(path) == INVALID_FILE_ATTRIBUTES) return;
  SetEnvironmentVariableA("EH_LEAVES", NULL);
  CHECK(free_if_loaded(LoadLibraryExA(path, NULL, LOAD_WITH_ALTERED_SEARCH_PATH)));
  GetEnvironmentVariableA("EH_LEAVES", value, sizeof value);
  CHECK_STR(value, "unwound");
}

int main(int count, char** arguments) {
  if (count > 1) { /* one DLL alone */
    run_tests(arguments[1], "");
    return finish();
  }
  run_tests("eh_raw.dll", "");
  run_tests("eh_setjmp.dll", " (mingw)");
  run_tests("eh_cxx_static.dll", " (mingw, static)");
  run_tests("cxx\\eh_cxx_dynamic.dll", " (mingw, dynamic)");
  run_tests("eh_cxx_msvc.dll", " (MSVC)");
  run_tests("eh_seh.dll", " (__try)");
  TEST("EH-43 DM-09", "a C++ exception that leaves the entry point fails the load") {
    if (!on_wine()) leave_the_entry_point("eh_leaves_static.dll"); /* Wine 8 unwinds for ever */
    if (!on_wine()) leave_the_entry_point("cxx\\eh_leaves_dynamic.dll");
    leave_the_entry_point("eh_leaves_msvc.dll");
    if (!on_wine()) leave_the_entry_point("eh_leaves_msvc.dll"); /* the first one's handler is not asked */
  }
  return finish();
}

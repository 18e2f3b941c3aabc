/* Spec sections 5.3, 8.4, 8.5 and 8.6: exports, imports, forwarders. */
#include "support/check.h"

static void test_lookup(void) {
  const HMODULE basic = LoadLibraryA("basic.dll");

  TEST("GPA-01", "NULL is the main program, whose misses are 127") {
    CHECK_FAILS(GetProcAddress(NULL, "no_such_function"), ERROR_PROC_NOT_FOUND);
  }
  TEST("GPA-02", "a handle that is none") {
    CHECK_FAILS(GetProcAddress((HMODULE)(intptr_t)0xbeef, "add"), ERROR_MOD_NOT_FOUND);
  }
  TEST("GPA-03 GPA-08", "by name, byte by byte") {
    SetLastError(0x1234);
    CHECK_EQ(PROC(int, basic, "add", (int, int))(40, 2), 42);
    CHECK_ERROR(0x1234);
    CHECK_EQ(PROC(int, basic, "Add", (int, int))(40, 2), 1042);
    CHECK_FAILS(GetProcAddress(basic, "ADD"), ERROR_PROC_NOT_FOUND);
    CHECK_FAILS(GetProcAddress(basic, ""), ERROR_PROC_NOT_FOUND);
    CHECK_FAILS(GetProcAddress(basic, "add "), ERROR_PROC_NOT_FOUND);
  }
  TEST("GPA-05 GPA-06", "by ordinal: with gaps, below the base, above the end") {
    CHECK_EQ(PROC(int, basic, MAKEINTRESOURCEA(7), (void))(), 7007);
    CHECK(GetProcAddress(basic, MAKEINTRESOURCEA(3)) == GetProcAddress(basic, "add"));
    CHECK(GetProcAddress(basic, MAKEINTRESOURCEA(40)) == GetProcAddress(basic, "last_one"));
    CHECK_FAILS(GetProcAddress(basic, "nameless"), ERROR_PROC_NOT_FOUND);
    CHECK_FAILS(GetProcAddress(basic, MAKEINTRESOURCEA(39)), ERROR_PROC_NOT_FOUND);
    CHECK_FAILS(GetProcAddress(basic, MAKEINTRESOURCEA(2)), ERROR_PROC_NOT_FOUND);
    CHECK_FAILS(GetProcAddress(basic, MAKEINTRESOURCEA(41)), ERROR_PROC_NOT_FOUND);
    CHECK_FAILS(GetProcAddress(basic, MAKEINTRESOURCEA(65535)), ERROR_PROC_NOT_FOUND);
  }
  TEST("GPA-07 IMP-08", "data is exported like code") {
    CHECK_EQ(*VARIABLE(int, basic, "answer"), 42);
    CHECK(*VARIABLE(int*, basic, "answer_address") == VARIABLE(int, basic, "answer"));
    CHECK(*VARIABLE(HMODULE, basic, "own_handle") == basic);
  }
  TEST("HOST-01", "arguments and results of every kind") {
    CHECK_EQ(PROC(long long, basic, "sum8", (int, short, char, long long, unsigned, int, int, long long))(
                 -1, -2, -3, 1LL << 40, 0xFFFFFFFF, 6, 7, 8),
             (1LL << 40) + 0xFFFFFFFFLL + 15);
    CHECK(PROC(double, basic, "scale", (double, float, int))(1.5, 2.0f, 3) == 9.0);
    CHECK_STR(PROC(const char*, basic, "greeting", (void))(), "hello from a DLL");
  }
  TEST("GPA-13", "a lookup counts nothing") {
    CHECK(GetProcAddress(basic, "add") != NULL);
    CHECK(FreeLibrary(basic));
    CHECK(GetModuleHandleA("basic.dll") == NULL);
  }
  TEST("GPA-12", "a DLL without exports") {
    const HMODULE plain = LoadLibraryExA(in_bin("exports.exe"), NULL, DONT_RESOLVE_DLL_REFERENCES);
    REQUIRE(plain);
    CHECK_FAILS(GetProcAddress(plain, "anything"), ERROR_PROC_NOT_FOUND);
    CHECK_FAILS(GetProcAddress(plain, MAKEINTRESOURCEA(1)), ERROR_PROC_NOT_FOUND);
    CHECK(FreeLibrary(plain));
  }
}

static int CALLBACK doubled(int value, void* context) {
  ++*(int*)context;
  return value * 2;
}

static void test_callbacks(void) {
  const HMODULE basic = LoadLibraryA("basic.dll");
  TEST("HOST-01", "a DLL calls back into the program") {
    int calls = 0;
    CHECK_EQ(PROC(int, basic, "call_back", (int(WINAPI*)(int, void*), int, void*))(doubled, 21, &calls), 42);
    CHECK_EQ(calls, 1);
  }
  CHECK(FreeLibrary(basic));
}

static void test_imports(void) {
  TEST("IMP-01 IMP-03 IMP-06", "imports by name and by ordinal") {
    const HMODULE by_name = LoadLibraryA("import_name.dll");
    const HMODULE by_ordinal = LoadLibraryA("import_ordinal.dll");
    REQUIRE(by_name && by_ordinal);
    CHECK_EQ(PROC(int, by_name, "result", (void))(), 42);
    CHECK_EQ(PROC(int, by_ordinal, "result", (void))(), 7007);
    CHECK(FreeLibrary(by_name));
    CHECK(FreeLibrary(by_ordinal));
    CHECK(GetModuleHandleA("basic.dll") == NULL);
  }
  TEST("IMP-08", "imported data") {
    const HMODULE module = LoadLibraryA("import_data.dll");
    REQUIRE(module);
    const HMODULE basic = GetModuleHandleA("basic.dll");
    CHECK(PROC(int*, module, "imported_address", (void))() == VARIABLE(int, basic, "answer"));
    CHECK_EQ(*VARIABLE(int, basic, "answer"), 43);
    CHECK(FreeLibrary(module));
  }
  TEST("IMP-14", "cyclic imports") {
    const HMODULE module = LoadLibraryA("cycle_a.dll");
    REQUIRE(module);
    CHECK_EQ(PROC(int, module, "cycle_a_sum", (int))(3), 4);
    CHECK(FreeLibrary(module));
  }
  TEST("HOST-07 IMP-07", "a system function that does not exist: refused, or bound to a trap that names it") {
    const HMODULE module = LoadLibraryA("import_missing_system.dll");
    if (module)
      CHECK(FreeLibrary(module));
    else
      CHECK_ERROR(ERROR_PROC_NOT_FOUND);
  }
}

static void test_forwarders(void) {
  TEST("REF-07", "forwarders load nothing until they are used") {
    const HMODULE forward = LoadLibraryA("forward.dll");
    REQUIRE(forward);
    CHECK(GetModuleHandleA("basic.dll") == NULL);
    CHECK_EQ(PROC(int, forward, "own", (void))(), 1);
    CHECK(FreeLibrary(forward));
  }
  TEST("FWD-01 FWD-02 FWD-03 FWD-04", "by name, by ordinal, and through a chain") {
    const HMODULE forward = LoadLibraryA("forward.dll");
    const HMODULE basic = LoadLibraryA("basic.dll");
    CHECK(GetProcAddress(forward, "fwd_name") == GetProcAddress(basic, "add"));
    CHECK(GetProcAddress(forward, "fwd_ordinal") == GetProcAddress(basic, MAKEINTRESOURCEA(7)));
    CHECK(GetProcAddress(forward, "fwd_chain") == GetProcAddress(basic, "add"));
    CHECK(GetProcAddress(forward, "fwd_system") == GetProcAddress(GetModuleHandleA("kernel32.dll"), "GetTickCount"));
    CHECK(FreeLibrary(forward));
    CHECK(FreeLibrary(basic));
  }
  TEST("FWD-06", "a forwarder that leads nowhere") {
    const HMODULE forward = LoadLibraryA("forward.dll");
    CHECK_FAILS(GetProcAddress(forward, "fwd_no_symbol"), ERROR_PROC_NOT_FOUND);
    CHECK_FAILS(GetProcAddress(forward, "fwd_no_dll"), ERROR_PROC_NOT_FOUND);
    CHECK(FreeLibrary(forward));
    CHECK_NO_LOAD(LoadLibraryA("import_forward_missing.dll"), ERROR_PROC_NOT_FOUND);
    CHECK(GetModuleHandleA("forward.dll") == NULL);
    CHECK(GetModuleHandleA("basic.dll") == NULL);
  }
  TEST("FWD-07", "a DLL loaded for a forwarder is attached before the lookup returns") {
    const HMODULE log = LoadLibraryA("log.dll");
    const HMODULE forward = LoadLibraryA("forward.dll");
    PROC(void, log, "log_clear", (void))();
    CHECK_EQ(PROC(int, forward, "fwd_recorder", (int))(1), 1);
    CHECK_STR(PROC(const char*, log, "log_text", (void))(), "rec_leaf+");
    CHECK(FreeLibrary(forward));
    CHECK_STR(PROC(const char*, log, "log_text", (void))(), "rec_leaf+ rec_leaf-");
    CHECK(FreeLibrary(log));
  }
  TEST("REF-08 FWD-08", "the module asked keeps the forwarder's target") {
    const HMODULE forward = LoadLibraryA("forward.dll");
    const HMODULE basic = LoadLibraryA("basic.dll");
    CHECK(GetProcAddress(forward, "fwd_name") != NULL);
    CHECK(GetProcAddress(forward, "fwd_name") != NULL);
    CHECK(FreeLibrary(basic));
    CHECK(GetModuleHandleA("basic.dll") == basic);
    CHECK(FreeLibrary(forward));
    CHECK(GetModuleHandleA("basic.dll") == NULL);
  }
  TEST("REF-08 REF-09", "an importer keeps every module of the chain") {
    const HMODULE importer = LoadLibraryA("import_forward.dll");
    REQUIRE(importer);
    CHECK_EQ(PROC(int, importer, "result", (void))(), 42);
    CHECK(GetModuleHandleA("forward.dll") != NULL);
    CHECK(GetModuleHandleA("forward2.dll") != NULL);
    CHECK(GetModuleHandleA("basic.dll") != NULL);
    CHECK(FreeLibrary(importer));
    CHECK(GetModuleHandleA("forward.dll") == NULL);
    CHECK(GetModuleHandleA("forward2.dll") == NULL);
    CHECK(GetModuleHandleA("basic.dll") == NULL);
  }
}

static void test_cycles(void) {
  TEST("FWD-05", "forwarders in a circle end in \"not found\"") {
    const HMODULE forward = LoadLibraryA("forward.dll");
    CHECK_FAILS(GetProcAddress(forward, "fwd_cycle"), ERROR_PROC_NOT_FOUND);
    CHECK(FreeLibrary(forward));
  }
}

int main(void) {
  test_lookup();
  test_callbacks();
  test_imports();
  test_forwarders();
  if (!on_wine()) test_cycles();
  return finish();
}

/* Spec sections 5.4, 7 and 9: references, the order of attach and detach, and what DllMain answers. */
#include "support/check.h"

static HMODULE log_dll;

/* What was reported since the last question. */
static const char* events(void) {
  static char text[4096];
  snprintf(text, sizeof text, "%s", PROC(const char*, log_dll, "log_text", (void))());
  PROC(void, log_dll, "log_clear", (void))();
  return text;
}

static void test_freeing(void) {
  TEST("FREE-02", "handles that are none: NULL is 6, the rest 126") {
    CHECK_FAILS(FreeLibrary(NULL), ERROR_INVALID_HANDLE);
    CHECK_FAILS(FreeLibrary((HMODULE)(intptr_t)0x10000), ERROR_MOD_NOT_FOUND);
    const HMODULE module = LoadLibraryA("basic.dll");
    CHECK(FreeLibrary(module));
    CHECK_FAILS(FreeLibrary(module), ERROR_MOD_NOT_FOUND);
  }
  TEST("FREE-01 FREE-03", "the last of several frees detaches") {
    const HMODULE module = LoadLibraryA("rec_leaf.dll");
    LoadLibraryA("rec_leaf.dll");
    events();
    SetLastError(0x1234);
    CHECK(FreeLibrary(module));
    CHECK_ERROR(0x1234);
    CHECK_STR(events(), "");
    CHECK(FreeLibrary(module));
    CHECK_STR(events(), "rec_leaf-");
    CHECK_FALSE(GetModuleHandleA("rec_leaf.dll"));
  }
  TEST("FREE-04 FREE-05", "permanent modules stay") {
    const HMODULE kernel32 = GetModuleHandleA("kernel32.dll");
    for (int i = 0; i < 5; ++i) {
      CHECK(FreeLibrary(GetModuleHandleA(NULL)));
      CHECK(FreeLibrary(kernel32));
      CHECK(FreeLibrary(GetModuleHandleA("ntdll.dll")));
    }
    CHECK(GetModuleHandleA("kernel32.dll") == kernel32);
  }
  TEST("FREE-08", "DisableThreadLibraryCalls refuses unknown handles and modules with static TLS") {
    CHECK_FAILS(DisableThreadLibraryCalls((HMODULE)(intptr_t)0x10000), ERROR_MOD_NOT_FOUND);
    const HMODULE tls = LoadLibraryA("static_tls.dll");
    const HMODULE plain = LoadLibraryA("basic.dll");
    CHECK_FAILS(DisableThreadLibraryCalls(tls), ERROR_MOD_NOT_FOUND);
    CHECK(DisableThreadLibraryCalls(plain));
    CHECK(FreeLibrary(tls));
    CHECK(FreeLibrary(plain));
    events();
  }
}

static void test_graphs(void) {
  TEST("DM-01 REF-13", "dependencies attach first, in import order, and detach in reverse") {
    const HMODULE top = LoadLibraryA("rec_top.dll");
    REQUIRE(top);
    CHECK_STR(events(), "rec_leaf+ rec_left+ rec_right+ rec_top+");
    CHECK_EQ(PROC(int, top, "rec_top_sum", (int))(9), 5);
    CHECK(FreeLibrary(top));
    CHECK_STR(events(), "rec_top- rec_right- rec_left- rec_leaf-");
  }
  TEST("REF-01 REF-02 REF-03", "a second load does not count dependencies again") {
    const HMODULE top = LoadLibraryA("rec_top.dll");
    CHECK(LoadLibraryA("rec_top.dll") == top);
    events();
    CHECK(FreeLibrary(top));
    CHECK_STR(events(), "");
    CHECK(FreeLibrary(top));
    CHECK_STR(events(), "rec_top- rec_right- rec_left- rec_leaf-");
    CHECK_FALSE(GetModuleHandleA("rec_leaf.dll"));
  }
  TEST("REF-18", "who loaded first does not matter: a module stays while anybody needs it") {
    const HMODULE leaf = LoadLibraryA("rec_leaf.dll");
    const HMODULE left = LoadLibraryA("rec_left.dll");
    const HMODULE right = LoadLibraryA("rec_right.dll");
    CHECK_STR(events(), "rec_leaf+ rec_left+ rec_right+");
    CHECK(FreeLibrary(leaf));
    CHECK_STR(events(), "");
    CHECK(FreeLibrary(left));
    CHECK_STR(events(), "rec_left-");
    CHECK(GetModuleHandleA("rec_leaf.dll") == leaf);
    CHECK(FreeLibrary(right));
    CHECK_STR(events(), "rec_right- rec_leaf-");
  }
  TEST("REF-05 REF-06 DM-02", "members of a cycle stay together") {
    const HMODULE a = LoadLibraryA("cycle_a.dll");
    REQUIRE(a);
    CHECK_STR(events(), "cycle_b+ cycle_a+");
    const HMODULE b = LoadLibraryA("cycle_b.dll");
    CHECK(FreeLibrary(a));
    CHECK_STR(events(), "");
    CHECK(GetModuleHandleA("cycle_a.dll") == a);
    CHECK(FreeLibrary(b));
    CHECK_FALSE(GetModuleHandleA("cycle_a.dll"));
    CHECK_FALSE(GetModuleHandleA("cycle_b.dll"));
    CHECK_EQ(strlen(events()), strlen("cycle_a- cycle_b-"));
  }
  TEST("REF-05", "a DLL that imports a member of a cycle keeps it, and lets it go") {
    const HMODULE user = LoadLibraryA("on_cycle.dll");
    REQUIRE(user);
    CHECK_STR(events(), "cycle_b+ cycle_a+ on_cycle+");
    CHECK(FreeLibrary(user));
    CHECK_EQ(strncmp(events(), "on_cycle-", 9), 0);
    CHECK_FALSE(GetModuleHandleA("cycle_a.dll"));
    CHECK_FALSE(GetModuleHandleA("cycle_b.dll"));
  }
  TEST("REF-12 REF-13", "a free inside a detach is done by the free that is under way") {
    const HMODULE nested = LoadLibraryA("nested.dll");
    REQUIRE(nested);
    CHECK_STR(events(), "nested< rec_leaf+ rec_left+ nested>");
    CHECK(FreeLibrary(nested));
    CHECK_STR(events(), "nested<- nested-> rec_left- rec_leaf-");
    CHECK_FALSE(GetModuleHandleA("rec_left.dll"));
  }
}

static void test_answers(void) {
  TEST("DM-07", "FALSE at attach: detached at once, and gone") {
    CHECK_NO_LOAD(LoadLibraryA("refuses.dll"), ERROR_DLL_INIT_FAILED);
    CHECK_STR(events(), "refuses+ refuses-");
    CHECK_FALSE(GetModuleHandleA("refuses.dll"));
  }
  TEST("REF-16 DM-11", "a dependency that refuses: the others leave in reverse") {
    CHECK_NO_LOAD(LoadLibraryA("needs_refuses.dll"), ERROR_DLL_INIT_FAILED);
    CHECK_STR(events(), "rec_leaf+ refuses+ refuses- rec_leaf-");
    CHECK_FALSE(GetModuleHandleA("needs_refuses.dll"));
    CHECK_FALSE(GetModuleHandleA("rec_leaf.dll"));
  }
  TEST("DM-08", "other answers do not count") {
    const HMODULE module = LoadLibraryA("grumpy.dll");
    CHECK(module != NULL);
    CHECK(FreeLibrary(module));
    CHECK_STR(events(), "grumpy+ grumpy-");
  }
  TEST("DM-04", "no entry point, no call") {
    const HMODULE module = LoadLibraryA("no_entry.dll");
    REQUIRE(module);
    CHECK_EQ(PROC(int, module, "which", (void))(), 99);
    CHECK(FreeLibrary(module));
  }
  TEST("PE-22", "the entry point of a native image is not called") {
    const HMODULE module = LoadLibraryA("native_subsystem.dll");
    REQUIRE(module);
    CHECK_STR(events(), "");
    CHECK(FreeLibrary(module));
    CHECK_STR(events(), "");
  }
  TEST("DM-05 TLS-03", "TLS callbacks come before the entry point, in order, at every reason") {
    const HMODULE module = LoadLibraryA("static_tls.dll");
    REQUIRE(module);
    CHECK_STR(events(), "tls*+ tls**+ tls+");
    CHECK(FreeLibrary(module));
    CHECK_STR(events(), "tls*- tls**- tls-");
  }
  TEST("DM-06", "TLS callbacks are called without an entry point too") {
    const HMODULE module = LoadLibraryA("tls_no_entry.dll");
    REQUIRE(module);
    CHECK_STR(events(), "tls*+ tls**+");
    CHECK(FreeLibrary(module));
    CHECK_STR(events(), "tls*- tls**-");
  }
  TEST("DM-09 HOST-06", "a fault at attach, under the loader lock, is an error, and there is no detach") {
    CHECK_NO_LOAD(LoadLibraryA("crashes.dll"), ERROR_NOACCESS);
    CHECK_STR(events(), "crashes+");
    CHECK_FALSE(GetModuleHandleA("crashes.dll"));
  }
}

int main(void) {
  log_dll = LoadLibraryA("log.dll");
  test_freeing();
  test_graphs();
  test_answers();
  return finish();
}

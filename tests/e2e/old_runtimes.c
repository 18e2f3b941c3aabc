/* The C and C++ runtimes of every generation: loaded by name, as DLLs that were built with them have it, and used. */
#include "support/by_name.h"

#define STRING "$basic_string@DU?$char_traits@D@std@@V?$allocator@D@2@@std@@"

static int WINAPI compare_numbers(const void* left, const void* right) {
  return *(const int*)left - *(const int*)right;
}

static void test_text(const char* dll) {
  char text[64] = "";
  CHECK_EQ(BY_NAME(dll, int, "sprintf", (char*, const char*, ...))(text, "%d %s %.3f %x", 42, "words", 1.5, 255), 17);
  CHECK_STR(text, "42 words 1.500 ff");
  char* end = NULL;
  CHECK_EQ(BY_NAME(dll, LONG, "strtol", (const char*, char**, int))("0x1Fg", &end, 16), 31);
  CHECK_STR(end, "g");
  CHECK(BY_NAME(dll, double, "atof", (const char*))("2.5e1") == 25.0);
  CHECK_EQ(BY_NAME(dll, int, "toupper", (int))('q'), 'Q');
  char tokens[] = "a,b";
  CHECK_STR(BY_NAME(dll, char*, "strtok", (char*, const char*))(tokens, ","), "a");
  CHECK_STR(BY_NAME(dll, char*, "strtok", (char*, const char*))(NULL, ","), "b");
  CHECK_STR(BY_NAME(dll, const char*, "strstr", (const char*, const char*))("a needle", "need"), "needle");
  CHECK_EQ(BY_NAME(dll, size_t, "strlen", (const char*))("four"), 4);
  CHECK_EQ(BY_NAME(dll, size_t, "wcslen", (const WCHAR*))(W("three")), 5);
  CHECK(BY_NAME(dll, int, "_stricmp", (const char*, const char*))("SAME", "same") == 0);
  CHECK(BY_NAME(dll, double, "sqrt", (double))(9) == 3);
}

static void test_memory(const char* dll) {
  int numbers[] = {3, 1, 2};
  BY_NAME(dll, void, "qsort", (void*, size_t, size_t, int(WINAPI*)(const void*, const void*)))
  (numbers, 3, sizeof numbers[0], compare_numbers);
  CHECK(numbers[0] == 1 && numbers[1] == 2 && numbers[2] == 3);
  char* block = BY_NAME(dll, void*, "malloc", (size_t))(10);
  if (!CHECK(block != NULL)) return;
  BY_NAME(dll, void*, "memset", (void*, int, size_t))(block, 'x', 10);
  block = BY_NAME(dll, void*, "realloc", (void*, size_t))(block, 1000);
  CHECK(block && block[9] == 'x');
  BY_NAME(dll, void, "free", (void*))(block);
}

static void test_files(const char* dll) {
  const char* const name = in_scratch("old_runtimes.txt");
  void* file = BY_NAME(dll, void*, "fopen", (const char*, const char*))(name, "w");
  if (!CHECK(file != NULL)) return;
  CHECK_EQ(BY_NAME(dll, int, "fprintf", (void*, const char*, ...))(file, "%s\n", "a line"), 7);
  CHECK_EQ(BY_NAME(dll, int, "fclose", (void*))(file), 0);
  file = BY_NAME(dll, void*, "fopen", (const char*, const char*))(name, "rb");
  if (!CHECK(file != NULL)) return;
  char bytes[16] = "";
  CHECK_EQ(BY_NAME(dll, size_t, "fread", (void*, size_t, size_t, void*))(bytes, 1, sizeof bytes, file), 8);
  CHECK_STR(bytes, "a line\r\n");
  CHECK_EQ(BY_NAME(dll, int, "fclose", (void*))(file), 0);
  CHECK(BY_NAME(dll, void*, "fopen", (const char*, const char*))(in_scratch("no\\such"), "r") == NULL);
  CHECK_EQ(*BY_NAME(dll, int*, "_errno", (void))(), 2);
}

static void test_c(void) {
  static const char* const dlls[] = {"msvcrt20.dll", "msvcrt40.dll", "crtdll.dll",   "msvcrt.dll",
                                     "msvcr70.dll",  "msvcr71.dll",  "msvcr80.dll",  "msvcr90.dll",
                                     "msvcr100.dll", "msvcr110.dll", "msvcr120.dll", "msvcr120_app.dll"};
  for (size_t i = 0; i < sizeof dlls / sizeof dlls[0]; ++i) {
    TEST(dlls[i], "text, numbers, memory and files of the C runtime") {
      REQUIRE(LoadLibraryA(dlls[i]));
      test_text(dlls[i]);
      test_memory(dlls[i]);
      test_files(dlls[i]);
    }
  }
}

/* An inline class for the compiler of the day; its members are exports for those who did not inline them. */
static void test_strings(void) {
  static const char* const dlls[] = {"msvcp71.dll", "msvcp80.dll", "msvcp90.dll"};
  for (size_t i = 0; i < sizeof dlls / sizeof dlls[0]; ++i) {
    TEST(dlls[i], "std::string, made, grown and read") {
      REQUIRE(LoadLibraryA(dlls[i]));
      uint64_t string[16] = {0};
      BY_NAME(dlls[i], void*, "??0?" STRING "QEAA@PEBD@Z", (void*, const char*))(string, "short");
      BY_NAME(dlls[i], void*, "?append@?" STRING "QEAAAEAV12@PEBD@Z", (void*, const char*))
      (string, ", and a good deal longer than before");
      CHECK_STR(BY_NAME(dlls[i], const char*, "?c_str@?" STRING "QEBAPEBDXZ", (const void*))(string),
                "short, and a good deal longer than before");
      CHECK_EQ(BY_NAME(dlls[i], size_t, "?size@?" STRING "QEBA_KXZ", (const void*))(string), 41);
      BY_NAME(dlls[i], void, "??1?" STRING "QEAA@XZ", (void*))(string);
    }
  }
}

static void test_cxx(void) {
  static const char* const dlls[] = {"msvcp60.dll",      "msvcp70.dll",  "msvcp71.dll",  "msvcp80.dll",
                                     "msvcp90.dll",      "msvcp100.dll", "msvcp110.dll", "msvcp120.dll",
                                     "msvcp120_app.dll", "msvcp140.dll", "msvcp_win.dll"};
  for (size_t i = 0; i < sizeof dlls / sizeof dlls[0]; ++i) {
    const char* const dll = dlls[i];
    TEST(dll, "locks and floating point of the C++ runtime") {
      REQUIRE(LoadLibraryA(dll));
      double value = 0.5;
      CHECK_EQ(BY_NAME(dll, int16_t, "_Dtest", (double*))(&value), -1); /* a finite number */
      value = 0;
      CHECK_EQ(BY_NAME(dll, int16_t, "_Dtest", (double*))(&value), 0);
      uint64_t lock[4] = {0};
      if (GetProcAddress(LoadLibraryA(dll), "??0_Lockit@std@@QEAA@H@Z")) /* the first had one lock for all */
        BY_NAME(dll, void*, "??0_Lockit@std@@QEAA@H@Z", (void*, int))(lock, 0);
      else
        BY_NAME(dll, void*, "??0_Lockit@std@@QEAA@XZ", (void*))(lock);
      BY_NAME(dll, void, "??1_Lockit@std@@QEAA@XZ", (void*))(lock);
    }
  }
  TEST("_Syserror_map", "what errors are called") {
    CHECK_STR(BY_NAME("msvcp120.dll", const char*, "?_Syserror_map@std@@YAPEBDH@Z", (int))(2),
              "no such file or directory");
  }
  TEST("msvcirt.dll", "the streams before the standard: an ostrstream") {
    REQUIRE(LoadLibraryA("msvcirt.dll"));
    static uint64_t stream[64];
    char room[64] = "";
    BY_NAME("msvcirt.dll", void*, "??0ostrstream@@QEAA@PEADHH@Z", (void*, char*, int, int, int))
    (stream, room, sizeof room, 2, 1); /* ios::out; the last for the compiler: with its virtual base */
    BY_NAME("msvcirt.dll", void*, "??6ostream@@QEAAAEAV0@H@Z", (void*, int))(stream, 42);
    BY_NAME("msvcirt.dll", void*, "??6ostream@@QEAAAEAV0@PEBD@Z", (void*, const char*))(stream, " words");
    CHECK_STR(room, "42 words");
    BY_NAME("msvcirt.dll", void, "??_Dostrstream@@QEAAXXZ", (void*))(stream);
  }
}

static LONG threads;
static void WINAPI in_parallel(void) {
  __atomic_fetch_add(&threads, 1, __ATOMIC_SEQ_CST);
}
static void test_openmp(void) {
  static const char* const dlls[] = {"vcomp.dll",    "vcomp90.dll",  "vcomp100.dll",
                                     "vcomp110.dll", "vcomp120.dll", "vcomp140.dll"};
  for (size_t i = 0; i < sizeof dlls / sizeof dlls[0]; ++i) {
    TEST(dlls[i], "a parallel region of three threads") {
      REQUIRE(LoadLibraryA(dlls[i]));
      threads = 0;
      BY_NAME(dlls[i], void, "omp_set_num_threads", (int))(3);
      BY_NAME(dlls[i], void, "_vcomp_fork", (BOOL, int, void(WINAPI*)(void), ...))(TRUE, 0, in_parallel);
      CHECK_EQ(threads, 3);
    }
  }
}

static void test_assembly(void) {
  TEST("SRCH-50 vc90.dll", "a DLL's manifest asks for the redistributable runtime, which is System32's") {
    const HMODULE module = LoadLibraryA(in_bin("vc90.dll"));
    REQUIRE(module);
    CHECK_EQ(PROC(int, module, "digits", (int))(-12345), 6);
    CHECK(FreeLibrary(module));
  }
}

int main(void) {
  test_c();
  test_strings();
  test_cxx();
  test_openmp();
  test_assembly();
  return finish();
}

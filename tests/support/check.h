/* The frame of the portable test programs: no test library, so that the very same source runs on Windows too.
 *
 *   int main(void) {
 *     TEST("FREE-02", "freeing NULL is an error") { CHECK_FAILS(FreeLibrary(NULL), 6); }
 *     return finish();
 *   }
 *
 * Each test prints one line, "ok <rules> <sentence>" or "FAIL <rules> <sentence>" after a line per failed check. */
#pragma once

#include "support/portable.h"

static struct {
  const char *rules, *sentence;
  int failures, tests, failed_tests;
} check_state;

static inline void end_test(void) {
  if (!check_state.rules) return;
  printf("%s %s: %s\n", check_state.failures ? "FAIL" : "ok", check_state.rules, check_state.sentence);
  fflush(stdout);
  check_state.tests += 1;
  check_state.failed_tests += check_state.failures != 0;
  check_state.rules = NULL;
}

static inline void begin_test(const char* rules, const char* sentence) {
  end_test();
  check_state.rules = rules;
  check_state.sentence = sentence;
  check_state.failures = 0;
}

static inline int finish(void) {
  end_test();
  printf("%d tests, %d failed\n", check_state.tests, check_state.failed_tests);
  return check_state.failed_tests != 0;
}

static inline int check_failed(int line) {
  check_state.failures += 1;
  printf("  line %d: ", line);
  return 0;
}

static inline int check_integers(int line, const char* text, long long got, long long wanted) {
  if (got == wanted) return 1;
  check_failed(line);
  printf("%s is %lld (0x%llx), not %lld (0x%llx)\n", text, got, got, wanted, wanted);
  return 0;
}

static inline int check_strings(int line, const char* text, const char* got, const char* wanted) {
  if (got && strcmp(got, wanted) == 0) return 1;
  check_failed(line);
  printf("%s is \"%s\", not \"%s\"\n", text, got ? got : "(null)", wanted);
  return 0;
}

static inline int check_condition(int line, const char* text, int holds) {
  if (holds) return 1;
  check_failed(line);
  printf("%s (last error %u)\n", text, (unsigned)GetLastError());
  return 0;
}

#define TEST(rules, sentence) for (int once_ = (begin_test(rules, sentence), 1); once_; once_ = 0, end_test())
#define CHECK(condition) check_condition(__LINE__, #condition, (condition) != 0)
#define CHECK_FALSE(condition) check_condition(__LINE__, "not " #condition, (condition) == 0)
#define CHECK_EQ(got, wanted) check_integers(__LINE__, #got, (long long)(got), (long long)(wanted))
#define CHECK_STR(got, wanted) check_strings(__LINE__, #got, got, wanted)
/* The last error; evaluated before anything else can change it. */
#define CHECK_ERROR(code) check_integers(__LINE__, "the last error", GetLastError(), code)
/* The call fails with this error. */
#define CHECK_FAILS(call, code) (SetLastError(0xDEAD), CHECK_FALSE(call), CHECK_ERROR(code))
/* The load fails with this error; one that succeeds is freed again, so that later tests do not suffer. */
static inline int free_if_loaded(HMODULE module) {
  const DWORD error = GetLastError();
  if (module) FreeLibrary(module);
  SetLastError(error);
  return module == NULL;
}
#define CHECK_NO_LOAD(call, code) \
  (SetLastError(0xDEAD), check_condition(__LINE__, "fails: " #call, free_if_loaded(call)), CHECK_ERROR(code))
/* Leaves the TEST when what follows would crash. */
#define REQUIRE(condition) \
  if (!CHECK(condition)) break

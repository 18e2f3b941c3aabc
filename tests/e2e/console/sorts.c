/* The C library's older parts: sorting, searching, jumps, variadic calls, strings, and the order of exit. */
#include <ctype.h>
#include <limits.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int calls;
static int by_value(const void* a, const void* b) {
  ++calls;
  return *(const int*)a - *(const int*)b;
}
static int by_text(const void* a, const void* b) {
  return strcmp(*(char* const*)a, *(char* const*)b);
}

static jmp_buf place;
static void deeper(int levels) {
  volatile char room[200];
  room[0] = (char)levels;
  if (levels == 0)
    longjmp(place, 42);
  else
    deeper(levels - 1);
  room[1] = room[0];
}
static int sum(int count, ...) {
  va_list arguments, again;
  va_start(arguments, count);
  va_copy(again, arguments);
  int total = 0;
  for (int i = 0; i < count; ++i) total += va_arg(arguments, int);
  for (int i = 0; i < count; ++i) total += va_arg(again, int) * 100;
  va_end(again);
  va_end(arguments);
  return total;
}
static double mixed(const char* kinds, ...) {
  va_list arguments;
  va_start(arguments, kinds);
  double total = 0;
  for (; *kinds; ++kinds) {
    if (*kinds == 'd') total += va_arg(arguments, double);
    if (*kinds == 'i') total += va_arg(arguments, int);
    if (*kinds == 'l') total += (double)va_arg(arguments, long long);
    if (*kinds == 's') total += (double)strlen(va_arg(arguments, const char*));
  }
  va_end(arguments);
  return total;
}
static volatile sig_atomic_t caught;
static void on_signal(int number) {
  caught = number;
}
static void first(void) {
  printf("exit: first\n");
}
static void second(void) {
  printf("exit: second\n");
}
static void third(void) {
  printf("exit: third\n");
  atexit(first);
}

int main(void) {
  int numbers[1000];
  unsigned seed = 1;
  for (int i = 0; i < 1000; ++i) numbers[i] = (int)((seed = seed * 1103515245u + 12345u) >> 16 & 0x7FFF);
  qsort(numbers, 1000, sizeof *numbers, by_value);
  int sorted = 1;
  for (int i = 1; i < 1000; ++i) sorted &= numbers[i - 1] <= numbers[i];
  printf("qsort: %d %d\n", sorted, numbers[500]);
  const int wanted = numbers[321], absent = 40000;
  const int* const found = bsearch(&wanted, numbers, 1000, sizeof *numbers, by_value);
  printf("bsearch: %d %d\n", found && *found == wanted,
         bsearch(&absent, numbers, 1000, sizeof *numbers, by_value) == NULL);
  const char* words[] = {"pear", "apple", "fig", "orange", "banana"};
  qsort(words, 5, sizeof *words, by_text);
  printf("words: %s %s %s %s %s\n", words[0], words[1], words[2], words[3], words[4]);
  volatile int kept = 5;
  const int jumped = setjmp(place);
  if (jumped == 0) {
    kept = 6;
    deeper(20);
  }
  printf("longjmp: %d %d\n", jumped, kept);
  volatile int rounds = 0;
  if (setjmp(place) < 100 && ++rounds < 50) longjmp(place, rounds);
  printf("again: %d\n", rounds);
  printf("variadic: %d %.2f\n", sum(8, 1, 2, 3, 4, 5, 6, 7, 8),
         mixed("idlsdi", 1, 2.5, 3000000000LL, "four", 0.25, -7));
  signal(SIGTERM, on_signal);
  raise(SIGTERM);
  printf("signal: %d\n", caught == SIGTERM);
  char text[64] = "The quick  brown\tfox";
  printf("strtok:");
  for (char* word = strtok(text, " \t"); word; word = strtok(NULL, " \t")) printf(" %s", word);
  printf("\n");
  char target[16];
  strncpy(target, "abc", sizeof target);
  printf("strings: %d %d %s %s %d\n", memcmp(target, "abc\0\0\0", 6), strcmp("a", "b") < 0, strstr("haystack", "st"),
         strrchr("a/b/c", '/'), (int)strspn("12345x", "0123456789"));
  memmove(target + 1, target, 4);
  printf("memmove: %s\n", target);
  printf("limits: %d %lld %d\n", INT_MAX, LLONG_MAX, CHAR_BIT);
  int upper = 0;
  for (int c = 0; c < 128; ++c) upper += isupper(c) != 0;
  printf("ctype: %d\n", upper);
  printf("getenv: %s %d\n", getenv("HM_GREETING"), getenv("HM_NOT_THERE") == NULL);
  fflush(stdout);
  atexit(second);
  atexit(third);
  return 0;
}

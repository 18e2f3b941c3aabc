/* Threads of the C runtime: beginning, ending, what each has for itself, and locks under many of them. */
#include <errno.h>
#include <process.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <windows.h>

static unsigned __stdcall answers(void* argument) {
  return (unsigned)(uintptr_t)argument * 2;
}
static unsigned __stdcall ends_early(void* argument) {
  (void)argument;
  _endthreadex(77);
  return 1;
}
static void __cdecl plain(void* event) {
  SetEvent(event);
  _endthread();
}

static unsigned wait_for(HANDLE thread) {
  DWORD code = 0;
  WaitForSingleObject(thread, INFINITE);
  GetExitCodeThread(thread, &code);
  CloseHandle(thread);
  return code;
}
static HANDLE start(unsigned(__stdcall* function)(void*), void* argument) {
  return (HANDLE)_beginthreadex(NULL, 0, function, argument, 0, NULL);
}

/* errno, strtok's place, rand's state, asctime's buffer: one per thread. */
static HANDLE turn[2];
static unsigned __stdcall own_state(void* argument) {
  char words[] = "x,y,z";
  WaitForSingleObject(turn[0], INFINITE);
  errno = 42;
  int good = strcmp(strtok(words, ","), "x") == 0;
  srand(7);
  const int first = rand();
  SetEvent(turn[1]);
  WaitForSingleObject(turn[0], INFINITE);
  good &= errno == 42 && strcmp(strtok(NULL, ","), "y") == 0;
  srand(7);
  good &= rand() == first;
  *(const char**)argument = asctime(&(struct tm){.tm_year = 100});
  return (unsigned)good;
}

static CRITICAL_SECTION lock;
static volatile LONG shared, atomic;
static unsigned __stdcall counts(void* argument) {
  (void)argument;
  for (int i = 0; i < 20000; ++i) {
    EnterCriticalSection(&lock);
    ++shared;
    LeaveCriticalSection(&lock);
    InterlockedIncrement(&atomic);
  }
  return 0;
}

/* One stream for all: a line is never torn. */
static FILE* stream;
static unsigned __stdcall writes(void* argument) {
  for (int i = 0; i < 500; ++i)
    fprintf(stream, "%c%c%c%c %d\n", *(char*)argument, *(char*)argument, *(char*)argument, *(char*)argument, 12345);
  return 0;
}

static unsigned __stdcall allocates(void* argument) {
  unsigned seed = (unsigned)(uintptr_t)argument, bad = 0;
  char* kept[64] = {0};
  for (int i = 0; i < 20000; ++i) {
    seed = seed * 1664525u + 1013904223u;
    const unsigned at = (seed >> 10) & 63;
    if (kept[at]) bad += kept[at][0] != (char)at;
    free(kept[at]);
    kept[at] = malloc((seed >> 20) + 1);
    kept[at][0] = (char)at;
  }
  for (int i = 0; i < 64; ++i) free(kept[i]);
  return bad;
}

int main(void) {
  printf("beginthreadex: %u\n", wait_for(start(answers, (void*)21)));
  printf("endthreadex: %u\n", wait_for(start(ends_early, NULL)));
  const HANDLE event = CreateEventA(NULL, TRUE, FALSE, NULL);
  printf("beginthread: %d", _beginthread(plain, 0, event) != (uintptr_t)-1);
  printf(" %d\n", (int)WaitForSingleObject(event, 10000));
  unsigned id = 0;
  const HANDLE suspended = (HANDLE)_beginthreadex(NULL, 0x40000, answers, (void*)4, CREATE_SUSPENDED, &id);
  printf("suspended: %d %d", (int)WaitForSingleObject(suspended, 50), GetThreadId(suspended) == id);
  printf(" %d", (int)ResumeThread(suspended));
  printf(" %u\n", wait_for(suspended));

  turn[0] = CreateEventA(NULL, FALSE, FALSE, NULL);
  turn[1] = CreateEventA(NULL, FALSE, FALSE, NULL);
  char words[] = "a b c";
  const char* theirs = NULL;
  errno = 5;
  int good = strcmp(strtok(words, " "), "a") == 0;
  const char* const ours = asctime(&(struct tm){.tm_year = 124, .tm_mday = 9});
  const HANDLE other = start(own_state, &theirs);
  SetEvent(turn[0]);
  WaitForSingleObject(turn[1], INFINITE);
  good &= errno == 5 && strcmp(strtok(NULL, " "), "b") == 0;
  SetEvent(turn[0]);
  printf("own-state: %u", wait_for(other));
  printf(" %d %d %d\n", good, theirs != ours, strstr(ours, "2024") != NULL);

  InitializeCriticalSection(&lock);
  HANDLE threads[8];
  for (int i = 0; i < 8; ++i) threads[i] = start(counts, NULL);
  for (int i = 0; i < 8; ++i) wait_for(threads[i]);
  printf("counters: %d %d\n", (int)shared, (int)atomic);

  stream = fopen("lines.txt", "wb");
  char letters[] = "ABCD";
  for (int i = 0; i < 4; ++i) threads[i] = start(writes, &letters[i]);
  for (int i = 0; i < 4; ++i) wait_for(threads[i]);
  fclose(stream);
  stream = fopen("lines.txt", "rb");
  char line[64];
  int lines = 0, torn = 0;
  while (fgets(line, sizeof line, stream)) {
    ++lines;
    torn += !(line[0] == line[1] && line[1] == line[2] && line[2] == line[3] && strcmp(line + 4, " 12345\n") == 0);
  }
  fclose(stream);
  printf("stream: %d %d\n", lines, torn);

  unsigned bad = 0;
  for (int i = 0; i < 6; ++i) threads[i] = start(allocates, (void*)(uintptr_t)(i + 1));
  for (int i = 0; i < 6; ++i) bad += wait_for(threads[i]);
  printf("heap: %u\n", bad);

  /* hundreds of threads, one after another and at once */
  unsigned sum = 0;
  for (unsigned i = 0; i < 200; ++i) sum += wait_for(start(answers, (void*)(uintptr_t)i));
  printf("many: %u\n", sum);
  HANDLE crowd[60];
  for (unsigned i = 0; i < 60; ++i) crowd[i] = start(answers, (void*)(uintptr_t)i);
  printf("crowd: %d\n", (int)WaitForMultipleObjects(60, crowd, TRUE, 20000));
  for (int i = 0; i < 60; ++i) CloseHandle(crowd[i]);
  errno = 0;
  return 0;
}

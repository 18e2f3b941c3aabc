/* Each thread has its own value in a DLL with static thread-local storage (tests/dlls/static_tls.c). One source for
 * Windows and for Linux; here the threads are the C library's own. */
#include <stdio.h>
#ifdef _WIN32
#include <windows.h>
#else
#include <hmodule/libloaderapi.h>
#endif
#include <pthread.h>

static int(WINAPI* get)(void);
static void(WINAPI* set)(int);

static void* work(void* number) {
  const int before = get();
  set((int)(size_t)number);
  printf("thread %d: %d before, %d after\n", (int)(size_t)number, before, get());
  return NULL;
}

int main(int argc, char** argv) {
  /* A path with this flag: what the DLL needs is looked for beside it, too. */
  const HMODULE library =
      argc > 1 ? LoadLibraryExA(argv[1], NULL, LOAD_WITH_ALTERED_SEARCH_PATH) : LoadLibraryA("static_tls.dll");
  if (library == NULL) return printf("not loaded: error %u\n", (unsigned)GetLastError()), 1;
  get = (int(WINAPI*)(void))(void*)GetProcAddress(library, "tls_get");
  set = (void(WINAPI*)(int))(void*)GetProcAddress(library, "tls_set");
  for (size_t number = 100; number < 103; ++number) {
    pthread_t thread;
    if (pthread_create(&thread, NULL, work, (void*)number) != 0) return 1;
    pthread_join(thread, NULL);
  }
  printf("main thread: %d\n", get());
  return FreeLibrary(library) ? 0 : 1;
}

/* Storage of each thread: __thread, TlsAlloc, FlsAlloc with its callbacks, callbacks of the program itself, limits. */
#include <windows.h>

#include "support/say.h"

static __thread int counter = 40;
static volatile LONG attached, detached, freed, wrong;

static VOID NTAPI on_thread(void* module, DWORD reason, void* reserved) {
  (void)module, (void)reserved;
  if (reason == DLL_THREAD_ATTACH) InterlockedIncrement(&attached);
  if (reason == DLL_THREAD_DETACH) InterlockedIncrement(&detached);
}
__attribute__((section(".CRT$XLY"), used)) static const PIMAGE_TLS_CALLBACK callback = on_thread;

static DWORD tls, fls;
static VOID WINAPI on_free(void* value) {
  InterlockedExchangeAdd(&freed, (LONG)(ULONG_PTR)value);
}

static DWORD WINAPI uses(void* argument) {
  const int mine = (int)(ULONG_PTR)argument;
  if (TlsGetValue(tls) != NULL || FlsGetValue(fls) != NULL || counter != 40) InterlockedIncrement(&wrong);
  TlsSetValue(tls, argument);
  FlsSetValue(fls, (void*)(ULONG_PTR)1);
  for (int i = 0; i < 1000; ++i) {
    counter += mine;
    if (i % 100 == 0) SwitchToThread();
  }
  if (TlsGetValue(tls) != argument || counter != 40 + 1000 * mine) InterlockedIncrement(&wrong);
  return 0;
}

int main(void) {
  tls = TlsAlloc();
  fls = FlsAlloc(on_free);
  TlsSetValue(tls, (void*)77);
  FlsSetValue(fls, (void*)100);
  counter = 5;
  const LONG before = attached;
  HANDLE threads[8];
  for (int i = 0; i < 8; ++i) threads[i] = CreateThread(NULL, 0, uses, (void*)(ULONG_PTR)(i + 1), 0, NULL);
  WaitForMultipleObjects(8, threads, TRUE, INFINITE);
  say("wrong", "%ld", wrong);
  say("callbacks", "%ld %ld", attached - before, detached);
  say("freed", "%ld", freed);
  say("ours", "%d %d %d", counter, (int)(ULONG_PTR)TlsGetValue(tls), (int)(ULONG_PTR)FlsGetValue(fls));
  say("FlsFree", "%d", ERROR_OF(FlsFree(fls)));
  say("freed-by-it", "%ld", freed);
  say("TlsFree", "%d", ERROR_OF(TlsFree(tls)));
  say("TlsFree-again", "%d", ERROR_OF(TlsFree(tls)));
  const DWORD again = TlsAlloc();
  say("cleared", "%d", TlsGetValue(again) == NULL);
  say("bad-index", "%d", ERROR_OF(TlsSetValue(5000, NULL)));
  int count = 1;
  while (count < 3000 && TlsAlloc() != TLS_OUT_OF_INDEXES) ++count;
  say("many", "%d", count >= 1000 && count <= 1088);
  say("value-clears-error", "%d", (SetLastError(5), TlsGetValue(again), (int)GetLastError()));
  return 0;
}

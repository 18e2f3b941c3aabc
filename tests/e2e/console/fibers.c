/* Fibers as coroutines: a generator, a scheduler, their own storage, exceptions' place, and the way back to a thread.
 */
#include <windows.h>

#include <math.h>
#include <string.h>

#include "support/say.h"

static void* caller;
static int yielded;

static VOID CALLBACK squares(void* argument) {
  const int* const limit = argument;
  for (int i = 1; i <= *limit; ++i) {
    yielded = i * i;
    SwitchToFiber(caller);
  }
  yielded = -1;
  SwitchToFiber(caller);
}

static char trace[256];
static void* tasks[3];
static int turn, ended;
static DWORD slot;
static VOID CALLBACK task(void* name) {
  FlsSetValue(slot, name);
  volatile double local = (double)*(char*)name;
  for (int i = 0; i < 3; ++i) {
    strncat(trace, FlsGetValue(slot), 1);
    local = sqrt(local * local) + 1;
    turn = (turn + 1) % 3;
    SwitchToFiber(tasks[turn]);
  }
  if (local == (double)*(char*)name + 3) ++ended;
  for (;;) {
    turn = (turn + 1) % 3;
    if (ended == 3) SwitchToFiber(caller);
    SwitchToFiber(tasks[turn]);
  }
}

static int freed;
static VOID WINAPI on_free(void* value) {
  (void)value;
  ++freed;
}

static VOID CALLBACK deep(void* argument) {
  char block[60000];
  memset(block, (int)(size_t)argument, sizeof block);
  volatile char* const touch = block;
  yielded = touch[59999];
  SwitchToFiber(caller);
}

static DWORD WINAPI elsewhere(void* fiber) {
  void* const own = ConvertThreadToFiber(NULL);
  caller = own;
  SwitchToFiber(fiber); /* started on another thread */
  const int value = yielded;
  ConvertFiberToThread();
  return (DWORD)value;
}

int main(void) {
  say("before", "%d", IsThreadAFiber());
  int limit = 5;
  caller = ConvertThreadToFiber(&limit);
  say("converted", "%d %d %d", caller == GetCurrentFiber(), GetFiberData() == &limit, IsThreadAFiber());
  say("again", "%d", ERROR_OF(ConvertThreadToFiber(NULL)));
  void* const generator = CreateFiber(0, squares, &limit);
  int sum = 0;
  for (;;) {
    SwitchToFiber(generator);
    if (yielded < 0) break;
    sum += yielded;
  }
  say("generator", "%d", sum);
  DeleteFiber(generator);
  slot = FlsAlloc(on_free);
  static char names[] = "ABC";
  for (int i = 0; i < 3; ++i) tasks[i] = CreateFiber(65536, task, &names[i]);
  SwitchToFiber(tasks[0]);
  say("scheduler", "%s %d", trace, ended);
  say("own-slot", "%d", FlsGetValue(slot) == NULL);
  FlsSetValue(slot, names);
  for (int i = 0; i < 3; ++i) DeleteFiber(tasks[i]);
  say("freed-with-fibers", "%d", freed);
  FlsFree(slot);
  say("freed-with-slot", "%d", freed);
  void* const large = CreateFiberEx(65536, 1 << 20, FIBER_FLAG_FLOAT_SWITCH, deep, (void*)7);
  SwitchToFiber(large);
  say("deep", "%d", yielded);
  DeleteFiber(large);
  void* const travels = CreateFiber(0, squares, &limit);
  const HANDLE thread = CreateThread(NULL, 0, elsewhere, travels, 0, NULL);
  WaitForSingleObject(thread, 10000);
  DWORD code = 0;
  GetExitCodeThread(thread, &code);
  caller = GetCurrentFiber();
  SwitchToFiber(travels);
  say("travels", "%lu %d", code, yielded);
  DeleteFiber(travels);
  say("back", "%d %d", ERROR_OF(ConvertFiberToThread()), IsThreadAFiber());
  say("back-again", "%d", ERROR_OF(ConvertFiberToThread()));
  caller = ConvertThreadToFiber(NULL);
  int total = 0;
  limit = 1;
  for (int i = 0; i < 300; ++i) {
    void* const one = CreateFiber(4096, squares, &limit);
    SwitchToFiber(one);
    total += yielded;
    DeleteFiber(one);
  }
  say("hundreds", "%d", total);
  return 0;
}

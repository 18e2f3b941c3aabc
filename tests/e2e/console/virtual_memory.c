/* Virtual memory as allocators use it: reserving, committing, protecting, guards, queries, heaps of one's own. */
#include <windows.h>

#include <string.h>

#include "support/say.h"

static void query(const char* tag, const void* at) {
  MEMORY_BASIC_INFORMATION info;
  VirtualQuery(at, &info, sizeof info);
  say(tag, "%lx %lx %lx %lx", info.State, info.Protect, info.AllocationProtect, (DWORD)info.RegionSize);
}

int main(void) {
  char* const base = VirtualAlloc(NULL, 1 << 20, MEM_RESERVE, PAGE_READWRITE);
  say("aligned", "%d", ((ULONG_PTR)base & 0xFFFF) == 0);
  query("reserved", base);
  say("commit", "%d", VirtualAlloc(base + 0x3000, 0x2001, MEM_COMMIT, PAGE_READWRITE) == base + 0x3000);
  query("before", base);
  query("committed", base + 0x3000);
  query("after", base + 0x6000);
  memset(base + 0x3000, 'x', 0x3000);
  DWORD old = 0;
  say("protect", "%d", ERROR_OF(VirtualProtect(base + 0x4000, 1, PAGE_READONLY, &old)));
  say("old", "%lx", old);
  query("split", base + 0x3000);
  query("read-only", base + 0x4000);
  say("protect-reserved", "%d", ERROR_OF(VirtualProtect(base + 0x8000, 1, PAGE_READONLY, &old)));
  say("decommit", "%d", ERROR_OF(VirtualFree(base + 0x3000, 0x1000, MEM_DECOMMIT)));
  query("decommitted", base + 0x3000);
  VirtualAlloc(base + 0x3000, 0x1000, MEM_COMMIT, PAGE_READWRITE);
  say("zero-again", "%d", base[0x3000]);
  say("release-part", "%d", ERROR_OF(VirtualFree(base, 0x1000, MEM_RELEASE)));
  say("release", "%d", ERROR_OF(VirtualFree(base, 0, MEM_RELEASE)));
  say("released-twice", "%d", ERROR_OF(VirtualFree(base, 0, MEM_RELEASE)));
  MEMORY_BASIC_INFORMATION free_now;
  VirtualQuery(base, &free_now, sizeof free_now);
  say("free", "%lx %lx", free_now.State, free_now.Protect);
  void* const fixed = VirtualAlloc((void*)0x7e9234567890, 0x1000, MEM_RESERVE | MEM_COMMIT, PAGE_READWRITE);
  say("at-an-address", "%d", fixed == (void*)0x7e9234560000);
  say("taken", "%d", ERROR_OF(VirtualAlloc(fixed, 0x1000, MEM_RESERVE, PAGE_READWRITE)));
  say("zero-size", "%d", ERROR_OF(VirtualAlloc(NULL, 0, MEM_COMMIT, PAGE_READWRITE)));
  say("bad-protection", "%d", ERROR_OF(VirtualAlloc(NULL, 4096, MEM_COMMIT, 0x33)));
  say("too-much", "%d", ERROR_OF(VirtualAlloc(NULL, (SIZE_T)1 << 60, MEM_RESERVE, PAGE_READWRITE)));
  char* const code = VirtualAlloc(NULL, 4096, MEM_COMMIT, PAGE_EXECUTE_READWRITE);
  static const unsigned char answer[] = {0xB8, 42, 0, 0, 0, 0xC3}; /* mov eax, 42; ret */
  memcpy(code, answer, sizeof answer);
  FlushInstructionCache(GetCurrentProcess(), code, sizeof answer);
  say("code", "%d", ((int (*)(void))code)());
  say("lock", "%d", ERROR_OF(VirtualLock(code, 4096)));
  say("unlocked", "%d", ERROR_OF(VirtualUnlock(code, 4096)));
  char* const watched = VirtualAlloc(NULL, 0x4000, MEM_RESERVE | MEM_COMMIT | MEM_WRITE_WATCH, PAGE_READWRITE);
  watched[0x1000] = 1;
  watched[0x3000] = 1;
  void* touched[8];
  ULONG_PTR count = 8;
  DWORD granularity = 0;
  say("GetWriteWatch", "%u", GetWriteWatch(WRITE_WATCH_FLAG_RESET, watched, 0x4000, touched, &count, &granularity));
  say("touched", "%d %lu %d", (int)count, granularity,
      touched[0] == watched + 0x1000 && touched[1] == watched + 0x3000);
  count = 8;
  GetWriteWatch(0, watched, 0x4000, touched, &count, &granularity);
  say("reset", "%d", (int)count);
  char text[8] = "abc", back[8];
  SIZE_T moved = 0;
  say("WriteProcessMemory", "%d", ERROR_OF(WriteProcessMemory(GetCurrentProcess(), watched, text, 4, &moved)));
  say("ReadProcessMemory", "%d", ERROR_OF(ReadProcessMemory(GetCurrentProcess(), watched, back, 4, &moved)));
  say("moved", "%d %s", (int)moved, back);
  say("ReadProcessMemory-bad", "%d", ERROR_OF(ReadProcessMemory(GetCurrentProcess(), (void*)16, back, 4, &moved)));
  const HANDLE heap = HeapCreate(0, 0x10000, 0);
  char* block = HeapAlloc(heap, HEAP_ZERO_MEMORY, 100);
  say("heap", "%d %d", block[99], (int)HeapSize(heap, 0, block));
  block = HeapReAlloc(heap, HEAP_ZERO_MEMORY, block, 100000);
  say("grown", "%d %d", block[99999], (int)HeapSize(heap, 0, block));
  say("in-place", "%d", HeapReAlloc(heap, HEAP_REALLOC_IN_PLACE_ONLY, block, 50) == block);
  say("validate", "%d", HeapValidate(heap, 0, NULL));
  PROCESS_HEAP_ENTRY entry = {0};
  int busy = 0;
  while (HeapWalk(heap, &entry)) busy += (entry.wFlags & PROCESS_HEAP_ENTRY_BUSY) && entry.lpData == block;
  say("walk", "%d %lu", busy, GetLastError());
  say("destroy", "%d", HeapDestroy(heap));
  const HGLOBAL moveable = GlobalAlloc(GMEM_MOVEABLE | GMEM_ZEROINIT, 50);
  char* const locked = GlobalLock(moveable);
  strcpy(locked, "moveable");
  say("global", "%d %x", (int)GlobalSize(moveable), GlobalFlags(moveable));
  say("GlobalUnlock", "%d", ERROR_OF(GlobalUnlock(moveable)));
  say("GlobalFree", "%d", GlobalFree(moveable) == NULL);
  char* const local = LocalAlloc(LPTR, 10);
  say("local", "%d %d", local[9], (int)LocalSize(local));
  LocalFree(local);
  return 0;
}

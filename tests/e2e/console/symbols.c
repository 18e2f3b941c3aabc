/* A program that tells where it is: symbols and stacks, and a dump, by dbghelp. */
#include <windows.h>

#include <dbghelp.h>
#include <stdlib.h>
#include <string.h>

#include "support/say.h"

typedef struct {
  SYMBOL_INFO info;
  char name[256];
} Symbol;

static const char* name_of(DWORD64 address, DWORD64* displacement) {
  static Symbol symbol;
  memset(&symbol, 0, sizeof symbol);
  symbol.info.SizeOfStruct = sizeof symbol.info;
  symbol.info.MaxNameLen = sizeof symbol.name;
  if (!SymFromAddr(GetCurrentProcess(), address, displacement, &symbol.info)) return "?";
  return symbol.info.Name;
}

static BOOL CALLBACK look_for_us(PCSTR name, DWORD64 base, PVOID context) {
  (void)name;
  if (base == (DWORD64)GetModuleHandleW(NULL)) *(int*)context |= 1;
  if (base == (DWORD64)GetModuleHandleW(L"kernel32.dll")) *(int*)context |= 2;
  if (base == (DWORD64)GetModuleHandleW(L"ntdll.dll")) *(int*)context |= 4;
  return TRUE;
}

__declspec(dllexport) __attribute__((noinline)) int innermost(int depth) {
  CONTEXT context;
  RtlCaptureContext(&context);
  STACKFRAME64 frame = {0};
  frame.AddrPC.Offset = context.Rip;
  frame.AddrStack.Offset = context.Rsp;
  frame.AddrFrame.Offset = context.Rbp;
  frame.AddrPC.Mode = frame.AddrStack.Mode = frame.AddrFrame.Mode = AddrModeFlat;
  for (int i = 0; i < 3; ++i) {
    if (!StackWalk64(IMAGE_FILE_MACHINE_AMD64, GetCurrentProcess(), GetCurrentThread(), &frame, &context, NULL,
                     SymFunctionTableAccess64, SymGetModuleBase64, NULL))
      break;
    DWORD64 displacement = 0;
    const char* name = name_of(frame.AddrPC.Offset, &displacement);
    say("frame", "%s%s", name, displacement != 0 ? " and some" : "");
  }
  return depth + 1;
}
__declspec(dllexport) __attribute__((noinline)) int middle(int depth) {
  return innermost(depth + 1) + 1;
}
__declspec(dllexport) __attribute__((noinline)) int outermost(int depth) {
  return middle(depth + 1) + 1;
}

static DWORD64 export_of(const WCHAR* dll, const char* name) {
  return (DWORD64)GetProcAddress(GetModuleHandleW(dll), name);
}

static void write_dump(void) {
  const HANDLE file = CreateFileW(L"symbols.dmp", GENERIC_READ | GENERIC_WRITE, 0, NULL, CREATE_ALWAYS,
                                  FILE_FLAG_DELETE_ON_CLOSE, NULL);
  say("dump", "%d",
      MiniDumpWriteDump(GetCurrentProcess(), GetCurrentProcessId(), file, MiniDumpNormal, NULL, NULL, NULL));
  const DWORD size = GetFileSize(file, NULL);
  char* const bytes = malloc(size);
  DWORD count = 0;
  SetFilePointer(file, 0, NULL, FILE_BEGIN);
  ReadFile(file, bytes, size, &count, NULL);
  say("signature", "%.4s", bytes);
  void* stream = NULL;
  say("modules", "%d", MiniDumpReadDumpStream(bytes, ModuleListStream, NULL, &stream, NULL));
  const MINIDUMP_MODULE_LIST* const modules = stream;
  say("first-module", "%d", modules->Modules[0].BaseOfImage == (DWORD64)GetModuleHandleW(NULL));
  say("threads", "%d", MiniDumpReadDumpStream(bytes, ThreadListStream, NULL, &stream, NULL));
  const MINIDUMP_THREAD_LIST* const threads = stream;
  int own = 0;
  for (ULONG32 i = 0; i < threads->NumberOfThreads; ++i) own |= threads->Threads[i].ThreadId == GetCurrentThreadId();
  say("this-thread", "%d", own);
  free(bytes);
  CloseHandle(file);
}

int main(void) {
  DWORD64 displacement = 0;
  Symbol symbol = {{0}, {0}};
  symbol.info.SizeOfStruct = sizeof symbol.info;
  SetLastError(0);
  say("before", "%d", SymFromAddr(GetCurrentProcess(), (DWORD64)main, &displacement, &symbol.info));
  say("why", "%lu", GetLastError());
  write_dump();
  say("SymInitialize", "%d", SymInitialize(GetCurrentProcess(), NULL, TRUE));
  int found = 0;
  SymEnumerateModules64(GetCurrentProcess(), look_for_us, &found);
  say("modules-known", "%d", found);
  say("native", "%s", name_of(export_of(L"kernel32.dll", "CreateFileW"), &displacement));
  say("own", "%s", name_of((DWORD64)outermost, &displacement));
  say("displacement", "%d", (int)displacement);
  say("nowhere", "%s", name_of(0x10, &displacement));
  say("depth", "%d", outermost(0));
  const HMODULE late = LoadLibraryW(L"cabinet.dll");
  say("refresh", "%d", SymRefreshModuleList(GetCurrentProcess()));
  say("late", "%d", SymGetModuleBase64(GetCurrentProcess(), (DWORD64)late + 0x1000) == (DWORD64)late);
  write_dump();
  say("SymCleanup", "%d", SymCleanup(GetCurrentProcess()));
  say("SymCleanup-again", "%d", SymCleanup(GetCurrentProcess()));
  say("SymInitializeW", "%d", SymInitializeW(GetCurrentProcess(), L"C:\\", FALSE));
  SYMBOL_INFOW wide[4] = {{0}};
  wide->SizeOfStruct = sizeof *wide;
  wide->MaxNameLen = 5;
  say("SymFromAddrW", "%d",
      SymFromAddrW(GetCurrentProcess(), export_of(L"kernel32.dll", "CreateFileW"), &displacement, wide));
  SymCleanup(GetCurrentProcess());
  return 0;
}

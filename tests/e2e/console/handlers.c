/* Structured exceptions from C: vectored handlers that mend, guard pages, arithmetic, breakpoints, and the last filter.
 */
#include <windows.h>

#include <stdlib.h>
#include <string.h>

#include "support/say.h"

static int order;
static char calls[64];
static DWORD last_code;
static ULONG_PTR last_information[2];
static char* page;

static LONG CALLBACK first(EXCEPTION_POINTERS* info) {
  strcat(calls, "1");
  last_code = info->ExceptionRecord->ExceptionCode;
  if (info->ExceptionRecord->NumberParameters >= 2)
    memcpy(last_information, info->ExceptionRecord->ExceptionInformation, sizeof last_information);
  if (last_code == EXCEPTION_ACCESS_VIOLATION && (char*)last_information[1] >= page &&
      (char*)last_information[1] < page + 4096) {
    DWORD old;
    VirtualProtect(page, 4096, PAGE_READWRITE, &old);
    return EXCEPTION_CONTINUE_EXECUTION;
  }
  return EXCEPTION_CONTINUE_SEARCH;
}
static LONG CALLBACK second(EXCEPTION_POINTERS* info) {
  strcat(calls, "2");
  CONTEXT* const context = info->ContextRecord;
  switch (info->ExceptionRecord->ExceptionCode) {
    case 0xE0001234:
    case EXCEPTION_GUARD_PAGE:
      return EXCEPTION_CONTINUE_EXECUTION;
    case EXCEPTION_BREAKPOINT:
      context->Rip += 1; /* past the int3 */
      return EXCEPTION_CONTINUE_EXECUTION;
    case EXCEPTION_INT_DIVIDE_BY_ZERO:
      context->Rip += 2; /* past the division by a register */
      context->Rax = 77;
      return EXCEPTION_CONTINUE_EXECUTION;
    case EXCEPTION_SINGLE_STEP:
      ++order;
      return EXCEPTION_CONTINUE_EXECUTION;
    case EXCEPTION_ILLEGAL_INSTRUCTION:
      context->Rip += 2; /* ud2 */
      return EXCEPTION_CONTINUE_EXECUTION;
  }
  return EXCEPTION_CONTINUE_SEARCH;
}

static LONG CALLBACK unhandled(EXCEPTION_POINTERS* info) {
  say("filter", "%lx", info->ExceptionRecord->ExceptionCode);
  ExitProcess(0);
}

int main(void) {
  page = VirtualAlloc(NULL, 8192, MEM_RESERVE | MEM_COMMIT, PAGE_READONLY);
  void* const later = AddVectoredExceptionHandler(0, second);
  void* const earlier = AddVectoredExceptionHandler(1, first);
  page[100] = 'm';
  say("mended", "%c %lx %d %d", page[100], last_code, (int)last_information[0],
      (char*)last_information[1] == page + 100);
  calls[0] = 0;
  const ULONG_PTR arguments[2] = {11, 22};
  RaiseException(0xE0001234, 0, 2, arguments);
  say("raised", "%s %lx %d", calls, last_code, (int)last_information[1]);
  DWORD old;
  VirtualProtect(page + 4096, 4096, PAGE_READWRITE | PAGE_GUARD, &old);
  calls[0] = 0;
  page[4096] = 'g';
  page[4097] = 'h';
  say("guard", "%s %lx %c%c", calls, last_code, page[4096], page[4097]);
  calls[0] = 0;
  __asm__ volatile("int3");
  say("breakpoint", "%s %lx", calls, last_code);
  int quotient = 100, zero = 0;
  __asm__ volatile("cltd\n\tidivl %%ecx" : "+a"(quotient) : "c"(zero) : "edx");
  say("division", "%d %lx", quotient, last_code);
  __asm__ volatile("ud2");
  say("illegal", "%lx", last_code);
  __asm__ volatile("pushfq\n\torq $0x100,(%%rsp)\n\tpopfq\n\tnop\n\tnop" ::: "cc", "memory");
  say("single-step", "%d %lx", order > 0, last_code);
  say("removed", "%lu %lu", RemoveVectoredExceptionHandler(earlier) != 0, RemoveVectoredExceptionHandler(earlier));
  calls[0] = 0;
  RaiseException(0xE0001234, 0, 0, NULL);
  say("one-left", "%s", calls);
  RemoveVectoredExceptionHandler(later);
  say("IsBadReadPtr", "%d %d", IsBadReadPtr((void*)16, 4), IsBadReadPtr(page, 4));
  SetErrorMode(SEM_NOGPFAULTERRORBOX);
  SetUnhandledExceptionFilter(unhandled);
  *(volatile int*)(ULONG_PTR)0x10 = 1;
  return 1;
}

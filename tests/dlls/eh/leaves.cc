// An exception leaves the entry point; and a vectored handler is left behind, which must not be asked when the DLL is
// gone.
#include "eh.h"

extern "C" IMPORT int SetEnvironmentVariableA(const char*, const char*);

struct Local {
  ~Local() { SetEnvironmentVariableA("EH_LEAVES", "unwound"); }
};

long never_again(EXCEPTION_POINTERS*) {
  return EXCEPTION_CONTINUE_SEARCH;
}

extern "C" int DllMain(void*, unsigned long reason, void*) {
  Local local;
  if (reason == 1) {
    AddVectoredExceptionHandler(1, never_again);
    throw 5;
  }
  return 1;
}

// Delayed imports as MSVC compiles them: a statically linked helper reports what it cannot load by an exception, which
// the code around the call may catch (DLY-04). Compiled by clang for that target; there are no headers for it here.
typedef void* HMODULE;
typedef struct {
  unsigned Attributes, DllNameRVA, ModuleHandleRVA, ImportAddressTableRVA, ImportNameTableRVA, Bound, Unload, Stamp;
} Descriptor;

__declspec(dllimport) HMODULE LoadLibraryExA(const char* name, void* file, unsigned flags);
__declspec(dllimport) void* GetProcAddress(HMODULE module, const char* name);
__declspec(dllimport) void RaiseException(unsigned code, unsigned flags, unsigned count,
                                          const unsigned long long* arguments);

// delay_raise.S: first the thunks' addresses, then the functions'.
typedef int Function(int, int);
extern Function* basic_slots[];
extern Function* absent_slots[];

extern char __ImageBase;

// VcppException(ERROR_SEVERITY_ERROR, ...) of delayimp.h.
enum { MODULE_NOT_FOUND = 0xC06D007E, PROCEDURE_NOT_FOUND = 0xC06D007F };

void* delay_load_helper(const Descriptor* descriptor, void** slot) {
  HMODULE* module = (HMODULE*)(&__ImageBase + descriptor->ModuleHandleRVA);
  const unsigned long long index = slot - (void**)(&__ImageBase + descriptor->ImportAddressTableRVA);
  const unsigned long long name = ((unsigned long long*)(&__ImageBase + descriptor->ImportNameTableRVA))[index];
  const unsigned long long argument = (unsigned long long)descriptor;
  if (!*module) *module = LoadLibraryExA(&__ImageBase + descriptor->DllNameRVA, 0, 0);
  if (!*module) {
    RaiseException(MODULE_NOT_FOUND, 0, 1, &argument);
    return 0;
  }
  void* found = GetProcAddress(*module, &__ImageBase + name + 2);
  if (!found) {
    RaiseException(PROCEDURE_NOT_FOUND, 0, 1, &argument);
    return 0;
  }
  return *slot = found;
}

// The sum, or the exception's code.
#define GUARDED(call)               \
  __try {                           \
    return call;                    \
  } __except (1 /* handles it */) { \
    return (int)__exception_code(); \
  }

__declspec(dllexport) int call_delayed(int a, int b) {
  GUARDED(basic_slots[0](a, b))
}
__declspec(dllexport) int call_missing(int a, int b) {
  GUARDED(basic_slots[1](a, b))
}
__declspec(dllexport) int call_absent(int a, int b) {
  GUARDED(absent_slots[0](a, b))
}

int _DllMainCRTStartup(void* base, unsigned reason, void* reserved) {
  return 1;
}

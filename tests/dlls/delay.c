// A delayed import of basic.dll. With OWN_HELPER the code loads by itself, as MSVC's delayimp.lib does; without, it
// asks the system: ResolveDelayLoadedAPI.
#include "dll.h"

// delayloadhandler.h, which mingw-w64 10 lacks.
typedef struct {
  ULONG DescribedByName;
  union {
    LPCSTR Name;
    ULONG Ordinal;
  } Description;
} DelayLoadProc;
typedef struct {
  ULONG Size;
  const IMAGE_DELAYLOAD_DESCRIPTOR* DelayloadDescriptor;
  FARPROC* ThunkAddress;
  LPCSTR TargetDllName;
  DelayLoadProc TargetApiDescriptor;
  PVOID TargetModuleBase, Unused;
  ULONG LastError;
} DelayLoadInfo;
typedef PVOID(WINAPI* DelayLoadFailureHook)(ULONG reason, DelayLoadInfo* info);

IMPORT int add(int, int);
IMPORT int no_such_function(int, int);

extern char __ImageBase;
FARPROC WINAPI __delayLoadHelper2(const IMAGE_DELAYLOAD_DESCRIPTOR* descriptor, FARPROC* slot);

static inline void* from_rva(DWORD rva) {
  return &__ImageBase + rva;
}

EXPORT int hook_reason;
EXPORT char hook_name[64];

static int WINAPI substitute(int a, int b) {
  return -1;
}

static PVOID WINAPI on_failure(ULONG reason, DelayLoadInfo* info) {
  hook_reason = (int)reason;
  lstrcpynA(hook_name, info->TargetApiDescriptor.DescribedByName ? info->TargetApiDescriptor.Description.Name : "#",
            sizeof hook_name);
  return substitute;
}

#ifdef OWN_HELPER
FARPROC WINAPI __delayLoadHelper2(const IMAGE_DELAYLOAD_DESCRIPTOR* descriptor, FARPROC* slot) {
  HMODULE* module = from_rva(descriptor->ModuleHandleRVA);
  if (!*module) *module = LoadLibraryExA(from_rva(descriptor->DllNameRVA), NULL, 0);
  const IMAGE_THUNK_DATA* names = from_rva(descriptor->ImportNameTableRVA);
  const FARPROC* slots = from_rva(descriptor->ImportAddressTableRVA);
  const IMAGE_THUNK_DATA* name = names + (slot - slots);
  FARPROC found = GetProcAddress(
      *module, IMAGE_SNAP_BY_ORDINAL(name->u1.Ordinal)
                   ? (const char*)IMAGE_ORDINAL(name->u1.Ordinal)
                   : (const char*)((IMAGE_IMPORT_BY_NAME*)from_rva((DWORD)name->u1.AddressOfData))->Name);
  if (found) *slot = found;
  return found ? found : (FARPROC)(void*)substitute;
}
#else
PVOID WINAPI ResolveDelayLoadedAPI(PVOID base, const IMAGE_DELAYLOAD_DESCRIPTOR* descriptor, DelayLoadFailureHook hook,
                                   PVOID system_hook, FARPROC* slot, ULONG flags);
FARPROC WINAPI __delayLoadHelper2(const IMAGE_DELAYLOAD_DESCRIPTOR* descriptor, FARPROC* slot) {
  return (FARPROC)ResolveDelayLoadedAPI(&__ImageBase, descriptor, on_failure, NULL, slot, 0);
}
#endif

EXPORT int call_delayed(int a, int b) {
  return add(a, b);
}
EXPORT int call_missing(int a, int b) {
  return no_such_function(a, b);
}
EXPORT void* hook(void) {
  return (void*)on_failure;
}

BOOL WINAPI DllMain(HINSTANCE base, DWORD reason, void* reserved) {
  return TRUE;
}

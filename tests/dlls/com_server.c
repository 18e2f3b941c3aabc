// An in-process COM server. Its one class implements IPersist, whose GetClassID says, in Data1, which thread ran it;
// the class lives in whatever apartment the registry names.
#define CINTERFACE
#include "dll.h"
// after windows.h
#include <objbase.h>

static LONG objects, locks;

static const IID kUnknown = {0x00000000, 0, 0, {0xC0, 0, 0, 0, 0, 0, 0, 0x46}};
static const IID kClassFactory = {0x00000001, 0, 0, {0xC0, 0, 0, 0, 0, 0, 0, 0x46}};
static const IID kPersist = {0x0000010C, 0, 0, {0xC0, 0, 0, 0, 0, 0, 0, 0x46}};
static const CLSID kClass = {0x68A1D3C0, 0x4D21, 0x4E0B, {0x9B, 0x11, 0x5A, 0x0C, 0x7E, 0x21, 0x44, 0x01}};

static BOOL same(const GUID* a, const GUID* b) {
  const unsigned char *x = (const unsigned char*)a, *y = (const unsigned char*)b;
  for (int i = 0; i < 16; ++i)
    if (x[i] != y[i]) return FALSE;
  return TRUE;
}

struct Object {
  IPersistVtbl* methods;
  LONG references;
};

static ULONG STDMETHODCALLTYPE add_ref(IPersist* self) {
  return InterlockedIncrement(&((struct Object*)self)->references);
}
static ULONG STDMETHODCALLTYPE release(IPersist* self) {
  const ULONG left = InterlockedDecrement(&((struct Object*)self)->references);
  if (left == 0) {
    HeapFree(GetProcessHeap(), 0, self);
    InterlockedDecrement(&objects);
  }
  return left;
}
static HRESULT STDMETHODCALLTYPE query(IPersist* self, REFIID id, void** result) {
  *result = same(id, &kUnknown) || same(id, &kPersist) ? self : NULL;
  if (*result == NULL) return E_NOINTERFACE;
  add_ref(self);
  return S_OK;
}
static HRESULT STDMETHODCALLTYPE get_class_id(IPersist* self, CLSID* id) {
  *id = kClass;
  id->Data1 = GetCurrentThreadId();
  return S_OK;
}
static IPersistVtbl object_methods = {query, add_ref, release, get_class_id};

static ULONG STDMETHODCALLTYPE factory_count(IClassFactory* self) {
  return 2;
}
static HRESULT STDMETHODCALLTYPE factory_query(IClassFactory* self, REFIID id, void** result) {
  *result = same(id, &kUnknown) || same(id, &kClassFactory) ? self : NULL;
  return *result == NULL ? E_NOINTERFACE : S_OK;
}
static HRESULT STDMETHODCALLTYPE create_instance(IClassFactory* self, IUnknown* outer, REFIID id, void** result) {
  *result = NULL;
  if (outer != NULL) return CLASS_E_NOAGGREGATION;
  struct Object* const object = HeapAlloc(GetProcessHeap(), 0, sizeof *object);
  if (object == NULL) return E_OUTOFMEMORY;
  object->methods = &object_methods;
  object->references = 1;
  InterlockedIncrement(&objects);
  const HRESULT status = query((IPersist*)object, id, result);
  release((IPersist*)object);
  return status;
}
static HRESULT STDMETHODCALLTYPE lock_server(IClassFactory* self, BOOL lock) {
  InterlockedExchangeAdd(&locks, lock ? 1 : -1);
  return S_OK;
}
static IClassFactoryVtbl factory_methods = {factory_query, factory_count, factory_count, create_instance, lock_server};
static IClassFactory factory = {&factory_methods};

__declspec(dllexport) HRESULT STDAPICALLTYPE DllGetClassObject(REFCLSID class_id, REFIID id, void** result) {
  *result = NULL;
  return same(class_id, &kClass) ? factory_query(&factory, id, result) : CLASS_E_CLASSNOTAVAILABLE;
}
__declspec(dllexport) HRESULT STDAPICALLTYPE DllCanUnloadNow(void) {
  return objects == 0 && locks == 0 ? S_OK : S_FALSE;
}

BOOL WINAPI DllMain(HINSTANCE base, DWORD reason, void* reserved) {
  return TRUE;
}

/* COM inside one process: a class in a DLL that the registry names, one that the program registers itself, apartments
 * of both kinds, and calls from one into the other. */
#include "support/check.h"

#ifndef _WIN32
typedef HANDLE HWND, HKEY;
typedef struct {
  uint32_t Data1;
  uint16_t Data2, Data3;
  uint8_t Data4[8];
} GUID;
typedef struct {
  HWND hwnd;
  UINT message;
  uintptr_t wParam;
  intptr_t lParam;
  DWORD time;
  LONG x, y;
} MSG;
#define HKEY_CLASSES_ROOT ((HKEY)(intptr_t)(int32_t)0x80000000)
#define S_OK 0
#define S_FALSE 1
#define KEY_ALL_ACCESS 0xF003F
#define REG_SZ 1
#endif

/* The methods' tables, as far as they are called here. */
typedef struct ComObject ComObject;
typedef struct {
  HRESULT(WINAPI* query)(ComObject*, const GUID*, void**);
  ULONG(WINAPI* add_ref)(ComObject*);
  ULONG(WINAPI* release)(ComObject*);
  HRESULT(WINAPI* get_class_id)(ComObject*, GUID*); /* IPersist */
} Methods;
struct ComObject {
  const Methods* methods;
};
typedef struct Factory Factory;
typedef struct {
  HRESULT(WINAPI* query)(Factory*, const GUID*, void**);
  ULONG(WINAPI* add_ref)(Factory*);
  ULONG(WINAPI* release)(Factory*);
  HRESULT(WINAPI* create_instance)(Factory*, ComObject*, const GUID*, void**);
  HRESULT(WINAPI* lock_server)(Factory*, BOOL);
} FactoryMethods;
struct Factory {
  const FactoryMethods* methods;
};

static const GUID kUnknown = {0x00000000, 0, 0, {0xC0, 0, 0, 0, 0, 0, 0, 0x46}};
static const GUID kClassFactory = {0x00000001, 0, 0, {0xC0, 0, 0, 0, 0, 0, 0, 0x46}};
static const GUID kPersist = {0x0000010C, 0, 0, {0xC0, 0, 0, 0, 0, 0, 0, 0x46}};
static const GUID kStream = {0x0000000C, 0, 0, {0xC0, 0, 0, 0, 0, 0, 0, 0x46}};
static const GUID kServer = {0x68A1D3C0, 0x4D21, 0x4E0B, {0x9B, 0x11, 0x5A, 0x0C, 0x7E, 0x21, 0x44, 0x01}};
static const GUID kOwn = {0x68A1D3C0, 0x4D21, 0x4E0B, {0x9B, 0x11, 0x5A, 0x0C, 0x7E, 0x21, 0x44, 0x02}};
static const char kServerKey[] = "CLSID\\{68A1D3C0-4D21-4E0B-9B11-5A0C7E214401}";

enum { MTA = 0, STA = 2, IN_PROCESS = 1 };

static HMODULE ole32, oleaut32, user32, advapi32;
#define OLE(type, name, parameters) ((type(WINAPI*) parameters)(void*)GetProcAddress(ole32, name))
#define AUT(type, name, parameters) ((type(WINAPI*) parameters)(void*)GetProcAddress(oleaut32, name))
#define USER(type, name, parameters) ((type(WINAPI*) parameters)(void*)GetProcAddress(user32, name))
#define REG(name, parameters) ((LONG(WINAPI*) parameters)(void*)GetProcAddress(advapi32, name))

static HRESULT initialize(DWORD kind) {
  return OLE(HRESULT, "CoInitializeEx", (void*, DWORD))(NULL, kind);
}
static void uninitialize(void) {
  OLE(void, "CoUninitialize", (void))();
}
static HRESULT create(const GUID* class_id, const GUID* id, void* result) {
  return OLE(HRESULT, "CoCreateInstance", (const GUID*, ComObject*, DWORD, const GUID*, void*))(class_id, NULL,
                                                                                                IN_PROCESS, id, result);
}
static DWORD thread_of(ComObject* persist) { /* com_server.c says which thread a call runs in */
  GUID id = {0};
  return persist->methods->get_class_id(persist, &id) == S_OK ? id.Data1 : 0;
}

static int set_text(const char* key, const char* name, const char* text) {
  HKEY opened = NULL;
  if (REG("RegCreateKeyExA", (HKEY, LPCSTR, DWORD, LPSTR, DWORD, DWORD, void*, HKEY*, DWORD*))(
          HKEY_CLASSES_ROOT, key, 0, NULL, 0, KEY_ALL_ACCESS, NULL, &opened, NULL) != 0)
    return 0;
  const LONG error = REG("RegSetValueExA", (HKEY, LPCSTR, DWORD, DWORD, const void*, DWORD))(
      opened, name, 0, REG_SZ, text, (DWORD)strlen(text) + 1);
  REG("RegCloseKey", (HKEY))(opened);
  return error == 0;
}
static int register_server(const char* threading_model) {
  char key[128];
  snprintf(key, sizeof key, "%s\\InprocServer32", kServerKey);
  return set_text(key, NULL, in_bin("com_server.dll")) && set_text(key, "ThreadingModel", threading_model);
}

/* An object goes from the thread that made it to another one in a stream. */
static ComObject* travelling;
static DWORD seen_thread;
static HRESULT seen_status;
static DWORD WINAPI call_from_other_apartment(void* kind) {
  MSG message;
  ComObject* proxy = NULL;
  seen_thread = 0;
  seen_status = initialize((DWORD)(intptr_t)kind);
  if (seen_status == S_OK)
    seen_status =
        OLE(HRESULT, "CoGetInterfaceAndReleaseStream", (ComObject*, const GUID*, void*))(travelling, &kPersist, &proxy);
  if (seen_status == S_OK) {
    seen_thread = thread_of(proxy);
    proxy->methods->release(proxy);
  }
  USER(BOOL, "PeekMessageA", (MSG*, HWND, UINT, UINT, UINT))(&message, NULL, 0, 0, 0);
  uninitialize();
  return 0;
}
/* Calls into a single-threaded apartment come as messages. */
static void pump_until_end(HANDLE thread) {
  MSG message;
  for (int i = 0; i < 400; ++i) {
    const DWORD woken = USER(DWORD, "MsgWaitForMultipleObjects", (DWORD, const HANDLE*, BOOL, DWORD, DWORD))(
        1, &thread, FALSE, 100, 0x4FF);
    if (woken == WAIT_OBJECT_0) return;
    while (USER(BOOL, "PeekMessageA", (MSG*, HWND, UINT, UINT, UINT))(&message, NULL, 0, 0, 1))
      USER(intptr_t, "DispatchMessageA", (const MSG*))(&message);
  }
}
static void send_to_other_thread(ComObject* object, DWORD kind) {
  seen_status = -1;
  if (OLE(HRESULT, "CoMarshalInterThreadInterfaceInStream", (const GUID*, ComObject*, ComObject**))(
          &kPersist, object, &travelling) != S_OK)
    return;
  const HANDLE thread = CreateThread(NULL, 0, call_from_other_apartment, (void*)(intptr_t)kind, 0, NULL);
  pump_until_end(thread);
  CloseHandle(thread);
}

static DWORD WINAPI create_from_mta(void* unused) {
  ComObject* object = NULL;
  (void)unused;
  seen_thread = 0;
  seen_status = initialize(MTA);
  if (seen_status == S_OK) seen_status = create(&kServer, &kPersist, &object);
  if (seen_status == S_OK) {
    seen_thread = thread_of(object);
    object->methods->release(object);
  }
  uninitialize();
  return 0;
}

/* A class object of the program's own. */
static int own_created;
static ULONG WINAPI own_count(Factory* self) {
  (void)self;
  return 2;
}
static HRESULT WINAPI own_query(Factory* self, const GUID* id, void** result) {
  *result = memcmp(id, &kUnknown, 16) == 0 || memcmp(id, &kClassFactory, 16) == 0 ? self : NULL;
  return *result ? S_OK : (HRESULT)0x80004002;
}
static HRESULT WINAPI own_create(Factory* self, ComObject* outer, const GUID* id, void** result) {
  (void)self, (void)outer;
  own_created += 1;
  return create(&kServer, id, result);
}
static HRESULT WINAPI own_lock(Factory* self, BOOL lock) {
  (void)self, (void)lock;
  return S_OK;
}
static const FactoryMethods own_methods = {own_query, own_count, own_count, own_create, own_lock};
static Factory own_factory = {&own_methods};

int main(void) {
  ole32 = LoadLibraryA("ole32.dll");
  oleaut32 = LoadLibraryA("oleaut32.dll");
  user32 = LoadLibraryA("user32.dll");
  advapi32 = LoadLibraryA("advapi32.dll");
  ComObject* object = NULL;

  TEST("CoInitializeEx", "one kind of apartment for a thread") {
    REQUIRE(ole32 && oleaut32);
    CHECK_EQ(create(&kServer, &kPersist, &object), (HRESULT)0x800401F0); /* CO_E_NOTINITIALIZED */
    CHECK_EQ(initialize(STA), S_OK);
    CHECK_EQ(initialize(STA), S_FALSE);
    CHECK_EQ(initialize(MTA), (HRESULT)0x80010106); /* RPC_E_CHANGED_MODE */
    uninitialize();
  }
  if (!ole32 || !oleaut32) return finish();
  TEST("CoCreateInstance-absent", "a class that nobody registered") {
    CHECK_EQ(create(&kServer, &kPersist, &object), (HRESULT)0x80040154); /* REGDB_E_CLASSNOTREG */
  }
  TEST("CoCreateInstance", "an object from a DLL that the registry names") {
    CHECK(register_server("Both"));
    CHECK_EQ(create(&kServer, &kPersist, &object), S_OK);
    REQUIRE(object);
    CHECK_EQ(thread_of(object), GetCurrentThreadId());
    CHECK(GetModuleHandleA("com_server.dll") != NULL);
    ComObject* other = NULL;
    CHECK_EQ(object->methods->query(object, &kStream, (void**)&other), (HRESULT)0x80004002);
    CHECK_EQ(object->methods->release(object), 0);
  }
  TEST("CoGetClassObject", "its factory, asked twice, makes objects") {
    Factory* factory = NULL;
    CHECK_EQ(OLE(HRESULT, "CoGetClassObject", (const GUID*, DWORD, void*, const GUID*, void*))(
                 &kServer, IN_PROCESS, NULL, &kClassFactory, &factory),
             S_OK);
    REQUIRE(factory);
    CHECK_EQ(factory->methods->create_instance(factory, NULL, &kUnknown, (void**)&object), S_OK);
    object->methods->release(object);
    factory->methods->release(factory);
  }
  TEST("CoRegisterClassObject", "a class of the program's own") {
    DWORD cookie = 0;
    CHECK_EQ(OLE(HRESULT, "CoRegisterClassObject", (const GUID*, Factory*, DWORD, DWORD, DWORD*))(
                 &kOwn, &own_factory, IN_PROCESS, 1, &cookie),
             S_OK);
    CHECK_EQ(create(&kOwn, &kPersist, &object), S_OK);
    CHECK_EQ(own_created, 1);
    object->methods->release(object);
    CHECK_EQ(OLE(HRESULT, "CoRevokeClassObject", (DWORD))(cookie), S_OK);
    CHECK_EQ(create(&kOwn, &kPersist, &object), (HRESULT)0x80040154);
  }
  TEST("Marshalling-STA", "calls on an object of a single-threaded apartment run in its thread") {
    CHECK(register_server("Apartment"));
    CHECK_EQ(create(&kServer, &kPersist, &object), S_OK);
    REQUIRE(object);
    send_to_other_thread(object, MTA);
    CHECK_EQ(seen_status, S_OK);
    CHECK_EQ(seen_thread, GetCurrentThreadId());
    send_to_other_thread(object, STA);
    CHECK_EQ(seen_status, S_OK);
    CHECK_EQ(seen_thread, GetCurrentThreadId());
    CHECK_EQ(object->methods->release(object), 0);
  }
  TEST("Apartment", "a multithreaded creator gets a proxy to an object in a thread of COM's own") {
    const HANDLE thread = CreateThread(NULL, 0, create_from_mta, NULL, 0, NULL);
    pump_until_end(thread);
    DWORD id = 0;
    GetExitCodeThread(thread, &id);
    CHECK_EQ(seen_status, S_OK);
    CHECK(seen_thread != 0);
    CloseHandle(thread);
  }
  TEST("GlobalInterfaceTable", "keeps interfaces for all apartments of the process") {
    static const GUID kTable = {0x00000323, 0, 0, {0xC0, 0, 0, 0, 0, 0, 0, 0x46}};
    static const GUID kTableInterface = {0x00000146, 0, 0, {0xC0, 0, 0, 0, 0, 0, 0, 0x46}};
    struct Table {
      void** methods;
    }* table = NULL;
    ComObject *again = NULL, *marshaler = NULL;
    DWORD cookie = 0;
    CHECK_EQ(create(&kTable, &kTableInterface, &table), S_OK);
    CHECK_EQ(create(&kServer, &kPersist, &object), S_OK);
    REQUIRE(table && object);
    CHECK_EQ(((HRESULT(WINAPI*)(void*, ComObject*, const GUID*, DWORD*))table->methods[3])(table, object, &kPersist,
                                                                                           &cookie),
             S_OK);
    CHECK_EQ(
        ((HRESULT(WINAPI*)(void*, DWORD, const GUID*, ComObject**))table->methods[5])(table, cookie, &kPersist, &again),
        S_OK);
    CHECK(again == object);
    if (again) again->methods->release(again);
    CHECK_EQ(((HRESULT(WINAPI*)(void*, DWORD))table->methods[4])(table, cookie), S_OK);
    CHECK_EQ(OLE(HRESULT, "CoCreateFreeThreadedMarshaler", (ComObject*, ComObject**))(NULL, &marshaler), S_OK);
    if (marshaler) CHECK_EQ(marshaler->methods->release(marshaler), 0);
    CHECK_EQ(object->methods->release(object), 0);
  }
  TEST("CreateStreamOnHGlobal", "a stream in memory") {
    struct Stream {
      void** methods;
    }* stream = NULL;
    CHECK_EQ(OLE(HRESULT, "CreateStreamOnHGlobal", (HANDLE, BOOL, void*))(NULL, TRUE, &stream), S_OK);
    REQUIRE(stream);
    char read[16] = {0};
    ULONG count = 0;
    CHECK_EQ(((HRESULT(WINAPI*)(void*, const void*, ULONG, ULONG*))stream->methods[4])(stream, "in memory", 9, &count),
             S_OK);
    CHECK_EQ(((HRESULT(WINAPI*)(void*, int64_t, DWORD, uint64_t*))stream->methods[5])(stream, 3, 0, NULL), S_OK);
    CHECK_EQ(((HRESULT(WINAPI*)(void*, void*, ULONG, ULONG*))stream->methods[3])(stream, read, 15, &count), S_OK);
    CHECK_EQ(count, 6);
    CHECK_STR(read, "memory");
    ((ULONG(WINAPI*)(void*))stream->methods[2])(stream);
  }
  TEST("StgCreateDocfile", "streams in a file") {
    struct Storage {
      void** methods;
    }* storage = NULL, *stream = NULL;
    enum { CREATE = 0x1000, READWRITE = 2, EXCLUSIVE = 0x10 };
    const WCHAR* const path = wide(in_scratch("storage.bin"));
    const WCHAR* const name = W("Contents");
    CHECK_EQ(OLE(HRESULT, "StgCreateDocfile", (const WCHAR*, DWORD, DWORD, void*))(path, CREATE | READWRITE | EXCLUSIVE,
                                                                                   0, &storage),
             S_OK);
    REQUIRE(storage);
    CHECK_EQ(((HRESULT(WINAPI*)(void*, const WCHAR*, DWORD, DWORD, DWORD, void*))storage->methods[3])(
                 storage, name, CREATE | READWRITE | EXCLUSIVE, 0, 0, &stream),
             S_OK);
    ULONG count = 0;
    ((HRESULT(WINAPI*)(void*, const void*, ULONG, ULONG*))stream->methods[4])(stream, "stored", 6, &count);
    ((ULONG(WINAPI*)(void*))stream->methods[2])(stream);
    ((ULONG(WINAPI*)(void*))storage->methods[2])(storage);
    CHECK_EQ(OLE(HRESULT, "StgIsStorageFile", (const WCHAR*))(path), S_OK);
    CHECK_EQ(OLE(HRESULT, "StgOpenStorage", (const WCHAR*, void*, DWORD, void*, DWORD, void*))(path, NULL, EXCLUSIVE,
                                                                                               NULL, 0, &storage),
             S_OK);
    char read[16] = {0};
    CHECK_EQ(((HRESULT(WINAPI*)(void*, const WCHAR*, void*, DWORD, DWORD, void*))storage->methods[4])(
                 storage, name, NULL, EXCLUSIVE, 0, &stream),
             S_OK);
    ((HRESULT(WINAPI*)(void*, void*, ULONG, ULONG*))stream->methods[3])(stream, read, 15, &count);
    CHECK_STR(read, "stored");
    ((ULONG(WINAPI*)(void*))stream->methods[2])(stream);
    ((ULONG(WINAPI*)(void*))storage->methods[2])(storage);
    DeleteFileA(in_scratch("storage.bin"));
  }
  TEST("VariantChangeType", "numbers, texts, dates") {
    struct {
      uint16_t vt, reserved[3];
      union {
        LONG number;
        double date;
        WCHAR* text;
        void* pair[2];
      };
    } from = {.vt = 3, .number = -77}, to = {0};
    CHECK_EQ(AUT(HRESULT, "VariantChangeTypeEx", (void*, void*, DWORD, USHORT, USHORT))(&to, &from, 0x409, 0, 8), S_OK);
    CHECK_EQ(AUT(UINT, "SysStringLen", (const WCHAR*))(to.text), 3);
    CHECK(to.text[0] == '-' && to.text[2] == '7');
    CHECK_EQ(AUT(HRESULT, "VariantClear", (void*))(&to), S_OK);
    from.vt = 8;
    from.text = AUT(WCHAR*, "SysAllocString", (const WCHAR*))(W("2024-02-29 12:00"));
    CHECK_EQ(AUT(HRESULT, "VariantChangeTypeEx", (void*, void*, DWORD, USHORT, USHORT))(&to, &from, 0x409, 0, 7), S_OK);
    CHECK(to.date == 45351.5);
    AUT(void, "SysFreeString", (WCHAR*))(from.text);
  }
  TEST("SafeArray", "elements by index") {
    struct {
      ULONG count;
      LONG first;
    } bounds[2] = {{3, 0}, {4, 1}};
    void* const array = AUT(void*, "SafeArrayCreate", (USHORT, UINT, void*))(3, 2, bounds);
    REQUIRE(array);
    LONG index[2] = {2, 4}, value = 42, got = 0;
    CHECK_EQ(AUT(HRESULT, "SafeArrayPutElement", (void*, LONG*, void*))(array, index, &value), S_OK);
    CHECK_EQ(AUT(HRESULT, "SafeArrayGetElement", (void*, LONG*, void*))(array, index, &got), S_OK);
    CHECK_EQ(got, 42);
    index[1] = 5;
    CHECK_EQ(AUT(HRESULT, "SafeArrayGetElement", (void*, LONG*, void*))(array, index, &got), (HRESULT)0x8002000B);
    CHECK_EQ(AUT(HRESULT, "SafeArrayDestroy", (void*))(array), S_OK);
  }
  TEST("LoadTypeLib", "a type library that was made before") {
    enum { WINDOWS_64 = 3, AN_INTERFACE = 3 };
    struct Library {
      void** methods;
    }* library = NULL, *type = NULL;
    const WCHAR* const path = wide(in_scratch("made.tlb"));
    CHECK_EQ(AUT(HRESULT, "CreateTypeLib2", (int, const WCHAR*, void*))(WINDOWS_64, path, &library), S_OK);
    REQUIRE(library);
    CHECK_EQ(((HRESULT(WINAPI*)(void*, const WCHAR*))library->methods[4])(library, W("MadeLib")), S_OK);
    CHECK_EQ(((HRESULT(WINAPI*)(void*, const WCHAR*, int, void*))library->methods[3])(library, W("IMade"), AN_INTERFACE,
                                                                                      &type),
             S_OK);
    CHECK_EQ(((HRESULT(WINAPI*)(void*))library->methods[12])(library), S_OK);
    ((ULONG(WINAPI*)(void*))type->methods[2])(type);
    ((ULONG(WINAPI*)(void*))library->methods[2])(library);
    CHECK_EQ(AUT(HRESULT, "LoadTypeLib", (const WCHAR*, void*))(path, &library), S_OK);
    CHECK_EQ(((UINT(WINAPI*)(void*))library->methods[3])(library), 1);
    WCHAR* name = NULL;
    CHECK_EQ(((HRESULT(WINAPI*)(void*, int, WCHAR**, void*, void*, void*))library->methods[9])(library, -1, &name, NULL,
                                                                                               NULL, NULL),
             S_OK);
    CHECK(name && name[0] == 'M' && name[6] == 'b' && name[7] == 0);
    AUT(void, "SysFreeString", (WCHAR*))(name);
    ((ULONG(WINAPI*)(void*))library->methods[2])(library);
    DeleteFileA(in_scratch("made.tlb"));
    RemoveDirectoryA(in_scratch(""));
  }
  TEST("CoUninitialize", "leaves no server loaded that can go, and no apartment") {
    OLE(void, "CoFreeUnusedLibrariesEx", (DWORD, DWORD))(0, 0);
    uninitialize();
    CHECK_EQ(create(&kServer, &kPersist, &object), (HRESULT)0x800401F0);
  }
  REG("RegDeleteTreeA", (HKEY, LPCSTR))(HKEY_CLASSES_ROOT, kServerKey);
  return finish();
}

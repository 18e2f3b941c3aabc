/* Spec sections 12.1, 12.2 and 15: what DLL code finds in PEB and TEB, and ntdll's own loader functions. */
#include "support/check.h"

typedef struct ListEntry {
  struct ListEntry *next, *previous;
} ListEntry;
typedef struct {
  ListEntry load, memory, initialization;
  char* base;
  void* entry;
  ULONG size;
  UNICODE_STRING full_name, base_name;
  ULONG flags;
  USHORT load_count, tls_index;
} Entry;
typedef struct {
  ULONG length;
  BYTE initialized;
  void* handle;
  ListEntry load, memory, initialization;
} LoaderData;

static char* teb(void) {
  char* self;
  __asm__("movq %%gs:0x30, %0" : "=r"(self));
  return self;
}
static LoaderData* loader_data(void) {
  char* peb = *(char**)(teb() + 0x60);
  return *(LoaderData**)(peb + 0x18);
}
static int is_named(const UNICODE_STRING* name, const char* text) {
  if (name->Length != strlen(text) * 2 || name->Buffer[name->Length / 2] != 0) return 0;
  for (int i = 0; text[i]; ++i)
    if ((name->Buffer[i] | 32) != (text[i] | 32)) return 0;
  return 1;
}
static Entry* entry_of(HMODULE module) {
  const ListEntry* head = &loader_data()->load;
  for (ListEntry* link = head->next; link != head; link = link->next)
    if (((Entry*)link)->base == (char*)module) return (Entry*)link;
  return NULL;
}

static void test_structures(void) {
  GetModuleHandleA(NULL); /* this thread has a TEB from here on */
  TEST("MEM-01", "GS leads to the TEB, and the TEB to itself, the ids, the stack and the last error") {
    CHECK(*(char**)(teb() + 0x30) == teb());
    CHECK_EQ(*(long long*)(teb() + 0x40), GetCurrentProcessId());
    CHECK_EQ(*(long long*)(teb() + 0x48), GetCurrentThreadId());
    const char* here = (const char*)&here;
    CHECK(here < *(char**)(teb() + 0x08) && here > *(char**)(teb() + 0x10));
    SetLastError(0x1234);
    CHECK_EQ(*(DWORD*)(teb() + 0x68), 0x1234);
    *(DWORD*)(teb() + 0x68) = 0x4321;
    CHECK_ERROR(0x4321);
  }
  TEST("MEM-01", "the PEB: the program, the loader data, version 10.0.19045") {
    char* peb = *(char**)(teb() + 0x60);
    CHECK(*(HMODULE*)(peb + 0x10) == GetModuleHandleA(NULL));
    CHECK_EQ(peb[0x02], 0);
    CHECK(*(void**)(peb + 0x30) != NULL);
    CHECK_EQ(*(DWORD*)(peb + 0x118), 10);
    CHECK_EQ(*(DWORD*)(peb + 0x11C), 0);
    CHECK_EQ(*(USHORT*)(peb + 0x120), 19045);
  }
  TEST("MEM-10 MEM-13", "the lists begin with the program, ntdll and kernel32 or kernelbase") {
    LoaderData* data = loader_data();
    CHECK_EQ(data->length, 0x58);
    CHECK_EQ(data->initialized, 1);
    Entry* first = (Entry*)data->load.next;
    CHECK(first->base == (char*)GetModuleHandleA(NULL));
    Entry* second = (Entry*)first->load.next;
    CHECK(is_named(&second->base_name, "ntdll.dll"));
    Entry* third = (Entry*)second->load.next;
    CHECK(is_named(&third->base_name, "kernel32.dll") || is_named(&third->base_name, "kernelbase.dll"));
    const ListEntry* a = data->load.next;
    const ListEntry* b = data->memory.next;
    for (; a != &data->load && b != &data->memory; a = a->next, b = b->next)
      CHECK((const char*)b - (const char*)a == sizeof(ListEntry));
    CHECK(a == &data->load && b == &data->memory);
  }
  TEST("MEM-12 MEM-13", "a load adds an entry, a free takes it away") {
    const HMODULE module = LoadLibraryA("basic.dll");
    Entry* entry = entry_of(module);
    REQUIRE(entry);
    CHECK(is_named(&entry->base_name, "basic.dll"));
    CHECK(is_named(&entry->full_name, in_bin("basic.dll")));
    CHECK_EQ(entry->size % 4096, 0);
    CHECK((char*)entry->entry > entry->base && (char*)entry->entry < entry->base + entry->size);
    CHECK((entry->flags & 0x80004) == 0x80004); /* a DLL, attached */
    CHECK(DisableThreadLibraryCalls(module));
    CHECK(entry->flags & 0x40000);
    CHECK(FreeLibrary(module));
    CHECK(entry_of(module) == NULL);
  }
  TEST("MEM-11", "the initialisation list: ntdll first, no program, no DONT_RESOLVE module") {
    const HMODULE plain = LoadLibraryA("basic.dll");
    const HMODULE mapped = LoadLibraryExA(in_bin("rec_leaf.dll"), NULL, DONT_RESOLVE_DLL_REFERENCES);
    REQUIRE(plain && mapped);
    const ListEntry* head = &loader_data()->initialization;
    int position = 0, of_plain = -1;
    for (ListEntry* link = head->next; link != head; link = link->next, ++position) {
      const Entry* entry = (Entry*)((char*)link - offsetof(Entry, initialization));
      if (position == 0) CHECK(is_named(&entry->base_name, "ntdll.dll"));
      if (entry->base == (char*)plain) of_plain = position;
      CHECK(entry->base != (char*)mapped && entry->base != (char*)GetModuleHandleA(NULL));
    }
    CHECK_EQ(of_plain, position - 1);
    CHECK(FreeLibrary(mapped));
    CHECK(FreeLibrary(plain));
  }
  TEST("SRCH-46", "the API set schema is of version 6, or there is none") {
    const DWORD* schema = *(DWORD**)(*(char**)(teb() + 0x60) + 0x68);
    CHECK(schema == NULL || *schema == 6);
  }
  TEST("FLS-06", "the TEB leads to a thread's FLS data") {
    DWORD slot = FlsAlloc(NULL);
    REQUIRE(slot != FLS_OUT_OF_INDEXES);
    CHECK(FlsSetValue(slot, &slot));
    CHECK(*(void**)(teb() + 0x17C8) != NULL);
    CHECK(FlsFree(slot));
  }
  TEST("TLS-09", "an entry tells whether it has static TLS") {
    const HMODULE tls = LoadLibraryA("static_tls.dll");
    const HMODULE plain = LoadLibraryA("basic.dll");
    REQUIRE(tls && plain);
    CHECK_EQ(entry_of(tls)->tls_index, 0xFFFF);
    CHECK_EQ(entry_of(plain)->tls_index, 0);
    CHECK(FreeLibrary(tls));
    CHECK(FreeLibrary(plain));
  }
}

typedef struct {
  ULONG flags;
  const UNICODE_STRING *full_name, *base_name;
  char* base;
  ULONG size;
} Notification;
static char notes[256];
static void CALLBACK note(ULONG reason, const Notification* data, void* context) {
  char text[64];
  snprintf(text, sizeof text, "%s%u:%s ", (const char*)context, (unsigned)reason,
           is_named(data->base_name, "basic.dll") ? "basic" : "other");
  strncat(notes, text, sizeof notes - strlen(notes) - 1);
}

static void test_ntdll(void) {
  const HMODULE ntdll = GetModuleHandleA("ntdll.dll");
#define NT(name, parameters) ((LONG(WINAPI*) parameters)(void*)GetProcAddress(ntdll, name))
  TEST("LDR-11", "RtlPcToFileHeader: the module around an address") {
    void*(WINAPI * pc_to_header)(void*, void**) = (void*)GetProcAddress(ntdll, "RtlPcToFileHeader");
    REQUIRE(pc_to_header);
    const HMODULE module = LoadLibraryA("basic.dll");
    void* base = NULL;
    CHECK(pc_to_header((void*)GetProcAddress(module, "add"), &base) == module);
    CHECK(base == module);
    int local;
    CHECK(pc_to_header(&local, &base) == NULL);
    CHECK(base == NULL);
    CHECK(FreeLibrary(module));
  }
  TEST("LDR-12", "RtlImageNtHeader") {
    char*(WINAPI * nt_header)(void*) = (void*)GetProcAddress(ntdll, "RtlImageNtHeader");
    REQUIRE(nt_header);
    const HMODULE module = LoadLibraryA("basic.dll");
    CHECK(memcmp(nt_header(module), "PE\0\0", 4) == 0);
    CHECK(nt_header(NULL) == NULL);
    CHECK(FreeLibrary(module));
  }
  TEST("NTF-01", "wrong notification requests") {
    void* cookie = NULL;
    CHECK_EQ(NT("LdrRegisterDllNotification", (ULONG, void*, void*, void**))(1, (void*)note, NULL, &cookie),
             (LONG)0xC000000D);
    if (cookie) NT("LdrUnregisterDllNotification", (void*))(cookie);
    CHECK_EQ(NT("LdrRegisterDllNotification", (ULONG, void*, void*, void**))(0, NULL, NULL, &cookie), (LONG)0xC000000D);
    CHECK_EQ(NT("LdrRegisterDllNotification", (ULONG, void*, void*, void**))(0, (void*)note, NULL, NULL),
             (LONG)0xC000000D);
    if (on_wine()) break;
    CHECK_EQ(NT("LdrUnregisterDllNotification", (void*))((void*)note), (LONG)0xC0000135);
  }
  TEST("NTF-02 NTF-03 NTF-05", "notifications come in the order of registration, for modules only") {
    void *first = NULL, *second = NULL;
    CHECK_EQ(NT("LdrRegisterDllNotification", (ULONG, void*, void*, void**))(0, (void*)note, "a", &first), 0);
    CHECK_EQ(NT("LdrRegisterDllNotification", (ULONG, void*, void*, void**))(0, (void*)note, "b", &second), 0);
    const HMODULE module = LoadLibraryA("basic.dll");
    CHECK(LoadLibraryA("basic.dll") == module);
    CHECK_STR(notes, "a1:basic b1:basic ");
    CHECK(FreeLibrary(module));
    CHECK(FreeLibrary(module));
    CHECK_STR(notes, "a1:basic b1:basic a2:basic b2:basic ");
    notes[0] = 0;
    const HMODULE view = LoadLibraryExA(in_bin("basic.dll"), NULL, LOAD_LIBRARY_AS_DATAFILE);
    CHECK(FreeLibrary(view));
    CHECK_STR(notes, "");
    CHECK_EQ(NT("LdrUnregisterDllNotification", (void*))(first), 0);
    CHECK_EQ(NT("LdrUnregisterDllNotification", (void*))(second), 0);
  }
  TEST("LOCK-05 LOCK-06", "LdrLockLoaderLock") {
    ULONG disposition = 9;
    ULONG_PTR magic = 9;
    CHECK_EQ(NT("LdrLockLoaderLock", (ULONG, ULONG*, ULONG_PTR*))(0x10, &disposition, &magic), (LONG)0xC00000EF);
    CHECK_EQ(disposition, 0);
    CHECK_EQ(magic, 0);
    CHECK_EQ(NT("LdrLockLoaderLock", (ULONG, ULONG*, ULONG_PTR*))(2, NULL, &magic), (LONG)0xC00000F0);
    CHECK_EQ(NT("LdrLockLoaderLock", (ULONG, ULONG*, ULONG_PTR*))(0, &disposition, NULL), (LONG)0xC00000F1);
    CHECK_EQ(NT("LdrLockLoaderLock", (ULONG, ULONG*, ULONG_PTR*))(2, &disposition, &magic), 0);
    CHECK_EQ(disposition, 1);
    CHECK(magic != 0);
    CHECK_EQ(NT("LdrUnlockLoaderLock", (ULONG, ULONG_PTR))(0, magic), 0);
    CHECK_EQ(NT("LdrUnlockLoaderLock", (ULONG, ULONG_PTR))(0, 0), 0);
  }
}

int main(void) {
  test_structures();
  test_ntdll();
  return finish();
}

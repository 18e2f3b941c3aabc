/* Spec sections 7, 12 and 15.3: what the loader's structures tell about dependencies, and what notifications may do. */
#include "support/check.h"

typedef struct Link {
  struct Link* next;
} Link;
typedef struct ListEntry {
  struct ListEntry *next, *previous;
} ListEntry;

static HMODULE ntdll;
#define NT(name, parameters) ((LONG(WINAPI*) parameters)(void*)GetProcAddress(ntdll, name))
#define STATUS(number) ((LONG)(0xC0000000u | (number)))

static char* entry_of(HMODULE module) {
  char* entry = NULL;
  NT("LdrFindEntryForAddress", (const void*, char**))(module, &entry);
  return entry;
}
static char* node_of(HMODULE module) {
  return *(char**)(entry_of(module) + 0x98);
}

/* The names of what a node's dependency list leads to, each with a space. An edge is {dependencies link, target node,
 * incoming link, source node}. */
static const char* dependencies(HMODULE module) {
  static char names[512];
  names[0] = 0;
  const Link* tail = *(Link**)(node_of(module) + 0x28);
  if (!tail) return names;
  const Link* link = tail;
  do {
    link = link->next;
    const char* target = ((char* const*)link)[1];
    const char* first = *(char**)target - 0xA0; /* the module whose NodeModuleLink heads the node's list */
    const UNICODE_STRING* base_name = (const UNICODE_STRING*)(first + 0x58);
    char name[64];
    int i = 0;
    for (; i < base_name->Length / 2 && i < 63; ++i) name[i] = (char)base_name->Buffer[i];
    name[i] = 0;
    strncat(names, name, sizeof names - strlen(names) - 2);
    strcat(names, " ");
  } while (link != tail);
  return names;
}

typedef struct {
  ULONG flags;
  const UNICODE_STRING *full_name, *base_name;
  char* base;
  ULONG size;
} Notification;
static int replaced_calls, was_last;
static BOOL CALLBACK replacement(void* base, DWORD reason, void* reserved) {
  (void)base, (void)reason, (void)reserved;
  replaced_calls += 1;
  return TRUE;
}
static void CALLBACK replace_entry_point(ULONG reason, const Notification* data, void* context) {
  (void)context;
  if (reason != 1) return;
  char* entry = entry_of((HMODULE)data->base);
  char* peb;
  __asm__ volatile("movq %%gs:0x60, %0" : "=r"(peb));
  was_last = *(char**)(*(char**)(peb + 0x18) + 0x18) == entry; /* InLoadOrder.Blink */
  *(void**)(entry + 0x38) = (void*)replacement;
}

int main(void) {
  ntdll = GetModuleHandleA("ntdll.dll");
  const HMODULE log = LoadLibraryA("log.dll");

  TEST("MEM-14 REF-04", "every module has a node, with a count") {
    const HMODULE module = LoadLibraryA("basic.dll");
    CHECK(node_of(GetModuleHandleA(NULL)) != NULL);
    CHECK_EQ(*(int*)(node_of(GetModuleHandleA(NULL)) + 0x18), -1);
    CHECK_EQ(*(int*)(node_of(module) + 0x18), 1);
    CHECK(LoadLibraryA("basic.dll") == module);
    CHECK_EQ(*(int*)(node_of(module) + 0x18), 2);
    CHECK_EQ(*(int*)(node_of(module) + 0x38), 9);
    CHECK(FreeLibrary(module));
    CHECK(FreeLibrary(module));
  }
  TEST("REF-10 REF-11", "a node lists what it imports in the table's order, without ntdll and kernel32") {
    const HMODULE top = LoadLibraryA("rec_top.dll");
    REQUIRE(top);
    const char* names = dependencies(top);
    CHECK(strstr(names, "rec_left.dll rec_right.dll ") != NULL);
    CHECK(strstr(names, "log.dll ") != NULL);
    CHECK(strstr(names, "kernel32") == NULL && strstr(names, "KERNEL32") == NULL && strstr(names, "ntdll") == NULL);
    CHECK(FreeLibrary(top));
  }
  TEST("NTF-04 DM-03 DM-19", "a notification sees the module last in the list, and may replace its entry point") {
    void* cookie = NULL;
    PROC(void, log, "log_clear", (void))();
    CHECK_EQ(
        NT("LdrRegisterDllNotification", (ULONG, void*, void*, void**))(0, (void*)replace_entry_point, NULL, &cookie),
        0);
    const HMODULE module = LoadLibraryA("rec_leaf.dll");
    CHECK_EQ(NT("LdrUnregisterDllNotification", (void*))(cookie), 0);
    REQUIRE(module);
    CHECK_EQ(was_last, 1);
    CHECK_EQ(replaced_calls, 1);
    CHECK(FreeLibrary(module));
    CHECK_EQ(replaced_calls, 2);
    CHECK_STR(PROC(const char*, log, "log_text", (void))(), "");
  }
  TEST("LDR-03", "LdrGetDllHandleEx: counting, not counting, and flags that do not exist") {
    const HMODULE module = LoadLibraryA("basic.dll");
    UNICODE_STRING name = {18, 20, wide("basic.dll")};
    void* handle = NULL;
#define GET(flags) \
  NT("LdrGetDllHandleEx", (ULONG, void*, ULONG*, UNICODE_STRING*, void**))(flags, NULL, NULL, &name, &handle)
    CHECK_EQ(GET(0), 0);
    CHECK(handle == (void*)module);
    CHECK_EQ(GET(1), 0);
    CHECK_EQ(GET(4), 0);
    CHECK_EQ(GET(3), STATUS(0x0D));
    CHECK_EQ(GET(8), STATUS(0x0D));
    for (int i = 0; i < 2; ++i) CHECK(FreeLibrary(module));
    CHECK(GetModuleHandleA("basic.dll") == module);
    CHECK(FreeLibrary(module));
    CHECK(GetModuleHandleA("basic.dll") == NULL);
    CHECK_EQ(GET(0), STATUS(0x135));
  }
  TEST("GMF-10", "LdrGetDllFullName: whole, cut, and cut in half a character") {
    const HMODULE module = LoadLibraryA("basic.dll");
    WCHAR buffer[1024];
    UNICODE_STRING name = {0, sizeof buffer, buffer};
    CHECK_EQ(NT("LdrGetDllFullName", (HMODULE, UNICODE_STRING*))(module, &name), 0);
    CHECK_EQ(name.Length, strlen(in_bin("basic.dll")) * 2);
    name.MaximumLength = 5;
    memset(buffer, '#', sizeof buffer);
    CHECK_EQ(NT("LdrGetDllFullName", (HMODULE, UNICODE_STRING*))(module, &name), STATUS(0x23));
    CHECK_EQ(name.Length, 5);
    CHECK(memcmp(buffer, wide(in_bin("")), 5) == 0 && ((char*)buffer)[5] == '#');
    CHECK(FreeLibrary(module));
  }
  TEST("REF-17", "unloaded modules leave a trace") {
    typedef struct {
      void* base;
      SIZE_T size;
      ULONG sequence, time, checksum;
      WCHAR name[32];
    } Trace;
    void(WINAPI * get_trace)(ULONG**, ULONG**, void**) = (void*)GetProcAddress(ntdll, "RtlGetUnloadEventTraceEx");
    REQUIRE(get_trace);
    ULONG *element_size, *count;
    void* trace;
    get_trace(&element_size, &count, &trace);
    CHECK(*element_size >= sizeof(Trace));
    CHECK_EQ(*count, 64);
    const HMODULE module = LoadLibraryA("dir4\\which.dll");
    const HMODULE loaded = module ? module : LoadLibraryA(in_bin("dir4\\which.dll"));
    CHECK(FreeLibrary(loaded));
    int seen = 0;
    get_trace(&element_size, &count, &trace);
    for (ULONG i = 0; i < *count; ++i) {
      const Trace* record = (const Trace*)(*(char**)trace + (size_t)i * *element_size);
      seen += record->base == (void*)loaded && record->name[0] == 'w';
    }
    CHECK(seen >= 1);
  }
  CHECK(FreeLibrary(log));
  return finish();
}

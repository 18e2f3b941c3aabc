/* Spec section 12.1: ntdll's loader functions, which kernel32's stand on. */
#include "support/check.h"

typedef struct {
  USHORT length, size;
  char* text;
} Ansi;
static HMODULE ntdll;
#define NT(name, parameters) ((LONG(WINAPI*) parameters)(void*)GetProcAddress(ntdll, name))
#define STATUS(number) ((LONG)(0xC0000000u | (number)))

static UNICODE_STRING text_of(const char* text) {
  UNICODE_STRING string;
  string.Length = (USHORT)(strlen(text) * 2);
  string.MaximumLength = (USHORT)(string.Length + 2);
  string.Buffer = wide(text);
  return string;
}

static int entries;
static void CALLBACK count_entry(void* entry, void* stop_at, BYTE* stop) {
  (void)entry;
  entries += 1;
  *stop = entries == (int)(intptr_t)stop_at;
}

int main(void) {
  ntdll = GetModuleHandleA("ntdll.dll");
  UNICODE_STRING name = text_of("basic.dll");
  void* handle = NULL;

  TEST("LDR-01 LDR-05", "LdrLoadDll and LdrUnloadDll") {
    CHECK_EQ(NT("LdrLoadDll", (void*, ULONG*, UNICODE_STRING*, void**))(NULL, NULL, &name, &handle), 0);
    CHECK(handle != NULL && handle == (void*)GetModuleHandleA("basic.dll"));
    CHECK_EQ(NT("LdrUnloadDll", (void*))(handle), 0);
    CHECK(GetModuleHandleA("basic.dll") == NULL);
    CHECK_EQ(NT("LdrUnloadDll", (void*))(handle), STATUS(0x135));
    UNICODE_STRING absent = text_of("no_such.dll");
    CHECK_EQ(NT("LdrLoadDll", (void*, ULONG*, UNICODE_STRING*, void**))(NULL, NULL, &absent, &handle), STATUS(0x135));
  }
  const HMODULE basic = LoadLibraryA("basic.dll");
  TEST("LDR-02", "LdrGetDllHandle") {
    CHECK_EQ(NT("LdrGetDllHandle", (void*, ULONG*, UNICODE_STRING*, void**))(NULL, NULL, &name, &handle), 0);
    CHECK(handle == (void*)basic);
    UNICODE_STRING absent = text_of("no_such.dll");
    CHECK_EQ(NT("LdrGetDllHandle", (void*, ULONG*, UNICODE_STRING*, void**))(NULL, NULL, &absent, &handle),
             STATUS(0x135));
  }
  TEST("LDR-04", "LdrAddRefDll counts, or pins") {
    CHECK_EQ(NT("LdrAddRefDll", (ULONG, void*))(0, basic), 0);
    CHECK(FreeLibrary(basic));
    CHECK(GetModuleHandleA("basic.dll") == basic);
    CHECK_EQ(NT("LdrAddRefDll", (ULONG, void*))(0, (void*)0x10000), STATUS(0x0D));
  }
  TEST("LDR-06", "LdrGetProcedureAddress by name and by ordinal") {
    Ansi add = {3, 4, "add"}, absent = {6, 7, "absent"};
    void* address = NULL;
    CHECK_EQ(NT("LdrGetProcedureAddress", (void*, Ansi*, ULONG, void**))(basic, &add, 0, &address), 0);
    CHECK(address == (void*)GetProcAddress(basic, "add"));
    CHECK_EQ(NT("LdrGetProcedureAddress", (void*, Ansi*, ULONG, void**))(basic, NULL, 7, &address), 0);
    CHECK(address == (void*)GetProcAddress(basic, MAKEINTRESOURCEA(7)));
    CHECK_EQ(NT("LdrGetProcedureAddress", (void*, Ansi*, ULONG, void**))(basic, &absent, 0, &address), STATUS(0x7A));
    CHECK_EQ(NT("LdrGetProcedureAddress", (void*, Ansi*, ULONG, void**))((void*)0x10000, &add, 0, &address),
             STATUS(0x135));
  }
  TEST("LDR-07", "LdrFindEntryForAddress") {
    char* entry = NULL;
    CHECK_EQ(NT("LdrFindEntryForAddress", (const void*, char**))((void*)GetProcAddress(basic, "add"), &entry), 0);
    CHECK(entry && *(HMODULE*)(entry + 0x30) == basic);
    CHECK_EQ(NT("LdrFindEntryForAddress", (const void*, char**))(&entry, &entry), (LONG)0x8000001A);
  }
  TEST("LDR-08", "LdrEnumerateLoadedModules, and stopping it") {
    entries = 0;
    CHECK_EQ(NT("LdrEnumerateLoadedModules", (void*, void*, void*))(NULL, (void*)count_entry, NULL), 0);
    CHECK(entries >= 3);
    entries = 0;
    CHECK_EQ(NT("LdrEnumerateLoadedModules", (void*, void*, void*))(NULL, (void*)count_entry, (void*)2), 0);
    CHECK_EQ(entries, 2);
    CHECK_EQ(NT("LdrEnumerateLoadedModules", (void*, void*, void*))(NULL, NULL, NULL), STATUS(0x0D));
    CHECK_EQ(NT("LdrEnumerateLoadedModules", (void*, void*, void*))((void*)1, (void*)count_entry, NULL), STATUS(0x0D));
  }
  TEST("LDR-09", "LdrDisableThreadCalloutsForDll") {
    CHECK_EQ(NT("LdrDisableThreadCalloutsForDll", (void*))(basic), 0);
    CHECK_EQ(NT("LdrDisableThreadCalloutsForDll", (void*))((void*)0x10000), STATUS(0x135));
    const HMODULE tls = LoadLibraryA("static_tls.dll");
    CHECK_EQ(NT("LdrDisableThreadCalloutsForDll", (void*))(tls), STATUS(0x135));
    CHECK(FreeLibrary(tls));
  }
  TEST("DIR-04 LDR-10", "LdrGetDllDirectory: too small a buffer") {
    CHECK(SetDllDirectoryA("C:\\Some\\Path"));
    WCHAR buffer[32];
    UNICODE_STRING directory;
    directory.Length = 0;
    directory.MaximumLength = 8;
    directory.Buffer = buffer;
    buffer[0] = buffer[1] = '#';
    CHECK_EQ(NT("LdrGetDllDirectory", (UNICODE_STRING*))(&directory), STATUS(0x23));
    CHECK_EQ(directory.Length, 26);
    CHECK(buffer[0] == 0 && buffer[1] == '#');
    directory.MaximumLength = sizeof buffer;
    CHECK_EQ(NT("LdrGetDllDirectory", (UNICODE_STRING*))(&directory), 0);
    CHECK_EQ(directory.Length, 24);
    CHECK(SetDllDirectoryA(NULL));
  }
  TEST("LDR-13", "RtlImageDirectoryEntryToData") {
    char*(WINAPI * entry_to_data)(HMODULE, BOOLEAN, USHORT, ULONG*) =
        (void*)GetProcAddress(ntdll, "RtlImageDirectoryEntryToData");
    REQUIRE(entry_to_data);
    ULONG size = 0;
    const char* exports = entry_to_data(basic, TRUE, 0, &size);
    CHECK(exports > (char*)basic && size > 40);
    CHECK(entry_to_data(basic, TRUE, 9, &size) == NULL);
    CHECK(entry_to_data(basic, TRUE, 99, &size) == NULL);
  }
  TEST("LDR-14", "there are no execution options") {
    UNICODE_STRING program = text_of("\\??\\C:\\no_such_program.exe");
    ULONG value = 0, size = 0;
    CHECK_EQ(NT("LdrQueryImageFileExecutionOptions", (UNICODE_STRING*, const WCHAR*, ULONG, void*, ULONG, ULONG*))(
                 &program, W("GlobalFlag"), 4, &value, sizeof value, &size),
             STATUS(0x34));
  }
  TEST("REL-09", "LdrProcessRelocationBlock: one block's fix-ups, and unknown types") {
    const USHORT*(WINAPI * process)(void*, ULONG, const USHORT*, INT_PTR) =
        (void*)GetProcAddress(ntdll, "LdrProcessRelocationBlock");
    REQUIRE(process);
    static long long page[4] = {0x1000, 0x2000, 0x3000, 0x4000};
    const USHORT good[] = {0xA008, 0x0000, 0x3010}, unknown[] = {0xF000};
    CHECK(process(page, 3, good, 0x100000010) == good + 3);
    CHECK_EQ(page[0], 0x1000);
    CHECK_EQ(page[1], 0x100002010);
    CHECK_EQ(page[2], 0x3010);
    CHECK(process(page, 1, unknown, 0x10) == NULL);
    CHECK(process(page, 0, good, 0x10) == good);
  }
  TEST("GPA-09", "lookups in a program and in a DONT_RESOLVE module") {
    const HMODULE program = LoadLibraryExA(in_bin("program.exe"), NULL, DONT_RESOLVE_DLL_REFERENCES);
    REQUIRE(program);
    CHECK(GetProcAddress(program, "was_started") != NULL);
    CHECK(FreeLibrary(program));
  }
  CHECK(FreeLibrary(basic));
  return finish();
}

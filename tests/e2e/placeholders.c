/* Placeholders: address space that is reserved for memory and views that come later, exactly there. */
#include "support/check.h"

#undef MEM_RESERVE_PLACEHOLDER
#undef MEM_REPLACE_PLACEHOLDER
#undef MEM_COALESCE_PLACEHOLDERS
#undef MEM_PRESERVE_PLACEHOLDER
enum {
  MEM_RESERVE_PLACEHOLDER = 0x40000,
  MEM_REPLACE_PLACEHOLDER = 0x4000,
  MEM_COALESCE_PLACEHOLDERS = 1,
  MEM_PRESERVE_PLACEHOLDER = 2,
  K64 = 0x10000
};

#ifndef _WIN32
#define INVALID_HANDLE_VALUE ((HANDLE)(intptr_t)-1)
#define MEM_RESERVE 0x2000
#define MEM_RELEASE 0x8000
#define MEM_FREE 0x10000
#define MEM_MAPPED 0x40000
#define ERROR_INVALID_ADDRESS 487
KERNEL32(BOOL, VirtualFree, (void* at, SIZE_T size, DWORD type), (at, size, type))
KERNEL32(HANDLE, CreateFileMappingA, (HANDLE f, void* s, DWORD protect, DWORD high, DWORD low, LPCSTR name),
         (f, s, protect, high, low, name))
#endif

static void* allocate(void* at, SIZE_T size, ULONG type, ULONG protect) {
  return PROC(void*, GetModuleHandleA("kernelbase.dll"), "VirtualAlloc2",
              (HANDLE, void*, SIZE_T, ULONG, ULONG, void*, ULONG))(GetCurrentProcess(), at, size, type, protect, NULL,
                                                                   0);
}
static void* map(HANDLE mapping, void* at, SIZE_T size) {
  return PROC(void*, GetModuleHandleA("kernelbase.dll"), "MapViewOfFile3",
              (HANDLE, HANDLE, void*, unsigned long long, SIZE_T, ULONG, ULONG, void*, ULONG))(
      mapping, GetCurrentProcess(), at, 0, size, MEM_REPLACE_PLACEHOLDER, PAGE_READWRITE, NULL, 0);
}
static BOOL unmap(void* view, ULONG flags) {
  return PROC(BOOL, GetModuleHandleA("kernelbase.dll"), "UnmapViewOfFile2", (HANDLE, void*, ULONG))(GetCurrentProcess(),
                                                                                                    view, flags);
}
static MEMORY_BASIC_INFORMATION query(const void* at) {
  MEMORY_BASIC_INFORMATION info;
  memset(&info, 0, sizeof info);
  VirtualQuery(at, &info, sizeof info);
  return info;
}

int main(void) {
  char* const base = (char*)allocate(NULL, 4 * K64, MEM_RESERVE | MEM_RESERVE_PLACEHOLDER, PAGE_NOACCESS);

  TEST("placeholder", "it is reserved") {
    CHECK(base != NULL);
  }
  if (base == NULL) return finish();
  TEST("placeholder-parts", "they are split and joined") {
    CHECK_EQ(query(base).State, MEM_RESERVE);
    CHECK(VirtualFree(base + K64, K64, MEM_RELEASE | MEM_PRESERVE_PLACEHOLDER));
    CHECK(query(base + K64).AllocationBase == base + K64);
    CHECK(query(base + 2 * K64).AllocationBase == base + 2 * K64);
    CHECK(VirtualFree(base, 4 * K64, MEM_RELEASE | MEM_COALESCE_PLACEHOLDERS));
    CHECK(query(base + 2 * K64).AllocationBase == base);
    CHECK(VirtualFree(base, 2 * K64, MEM_RELEASE | MEM_PRESERVE_PLACEHOLDER));
  }
  TEST("placeholder-refused", "only what has exactly their size replaces them") {
    CHECK(allocate(base, K64, MEM_RESERVE | MEM_COMMIT | MEM_REPLACE_PLACEHOLDER, PAGE_READWRITE) == NULL);
    CHECK_ERROR(ERROR_INVALID_ADDRESS);
    CHECK_FAILS(VirtualFree(base, 3 * K64, MEM_RELEASE | MEM_COALESCE_PLACEHOLDERS), ERROR_INVALID_ADDRESS);
  }
  TEST("placeholder-memory", "they are replaced by memory, and come back") {
    CHECK(allocate(base, 2 * K64, MEM_RESERVE | MEM_COMMIT | MEM_REPLACE_PLACEHOLDER, PAGE_READWRITE) == base);
    base[0] = 1;
    CHECK_EQ(query(base).State, MEM_COMMIT);
    CHECK(VirtualFree(base, 2 * K64, MEM_RELEASE | MEM_PRESERVE_PLACEHOLDER));
    CHECK_EQ(query(base).State, MEM_RESERVE);
  }
  TEST("placeholder-views", "a ring: two views of the same memory side by side") {
    const HANDLE mapping = CreateFileMappingA(INVALID_HANDLE_VALUE, NULL, PAGE_READWRITE, 0, 2 * K64, NULL);
    CHECK(mapping != NULL);
    CHECK(map(mapping, base, 2 * K64) == base);
    CHECK(map(mapping, base + 2 * K64, 2 * K64) == base + 2 * K64);
    memcpy(base + 2 * K64 - 2, "abcd", 4);
    CHECK(memcmp(base, "cd", 2) == 0);
    CHECK_EQ(query(base).Type, MEM_MAPPED);
    CHECK(unmap(base, MEM_PRESERVE_PLACEHOLDER));
    CHECK_EQ(query(base).State, MEM_RESERVE);
    CHECK(unmap(base + 2 * K64, 0));
    CHECK_EQ(query(base + 2 * K64).State, MEM_FREE);
    CHECK(VirtualFree(base, 0, MEM_RELEASE));
    CHECK_EQ(query(base).State, MEM_FREE);
    CloseHandle(mapping);
  }
  return finish();
}

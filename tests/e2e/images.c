/* Spec section 8: what an image may look like, and what it looks like in memory. */
#include "support/check.h"

#include <stdbool.h>

static DWORD protection(const void* address) {
  MEMORY_BASIC_INFORMATION info;
  memset(&info, 0, sizeof info);
  return VirtualQuery(address, &info, sizeof info) ? info.Protect : 0;
}

static void test_sections(const char* name) {
  const HMODULE module = LoadLibraryA(name);
  TEST("MAP-03 MAP-04", "sections hold their bytes") {
    REQUIRE(module);
    CHECK_EQ(*VARIABLE(int, module, "read_only"), 1);
    CHECK_EQ(*VARIABLE(int, module, "read_write"), 2);
    CHECK_EQ(PROC(int, module, "executed", (void))(), 3);
    const int* zeroed = VARIABLE(int, module, "zeroed");
    int sum = 0;
    for (int i = 0; i < 2048; ++i) sum |= zeroed[i];
    CHECK_EQ(sum, 0);
  }
  TEST("MAP-06 MAP-12 MAP-02", "pages have the rights their section asks for") {
    REQUIRE(module);
    CHECK_EQ(protection(module), PAGE_READONLY);
    CHECK_EQ(protection(VARIABLE(int, module, "read_only")), PAGE_READONLY);
    CHECK_EQ(protection((void*)GetProcAddress(module, "executed")), PAGE_EXECUTE_READ);
    CHECK_EQ(protection(VARIABLE(int*, module, "relocated_read_only")), PAGE_READONLY);
    const DWORD data = protection(VARIABLE(int, module, "read_write"));
    CHECK(data == PAGE_WRITECOPY || data == PAGE_READWRITE);
    *VARIABLE(int, module, "read_write") = 5;
    MEMORY_BASIC_INFORMATION info;
    CHECK(VirtualQuery(module, &info, sizeof info) != 0);
    CHECK(info.AllocationBase == (void*)module && info.Type == MEM_IMAGE && info.State == MEM_COMMIT);
  }
  TEST("REL-06 REL-07 REL-08", "pointers in data are relocated, in read-only sections and at odd places too") {
    REQUIRE(module);
    const int* target = VARIABLE(int, module, "read_write");
    CHECK(*VARIABLE(int*, module, "relocated_read_only") == target);
    int* pointer;
    memcpy(&pointer, VARIABLE(char, module, "unaligned_pointer") + 1, sizeof pointer);
    CHECK(pointer == target);
  }
  TEST("MAP-02", "the header in memory says where the image is") {
    REQUIRE(module);
    const char* base = (const char*)module;
    int offset;
    long long image_base;
    memcpy(&offset, base + 0x3C, 4);
    memcpy(&image_base, base + offset + 0x30, 8);
    CHECK(memcmp(base + offset, "PE\0\0", 4) == 0);
    CHECK(image_base == (long long)(intptr_t)base);
  }
  TEST("MAP-11", "nothing is mapped after the last free") {
    REQUIRE(module);
    CHECK(FreeLibrary(module));
    MEMORY_BASIC_INFORMATION info;
    CHECK(VirtualQuery(module, &info, sizeof info) == 0 || info.State != MEM_COMMIT || info.Type != MEM_IMAGE);
  }
}

static void test_load_config(void) {
  TEST("LC-01", "the security cookie is random before any code runs") {
    const HMODULE module = LoadLibraryA("load_config.dll");
    REQUIRE(module);
    const unsigned long long cookie = *VARIABLE(unsigned long long, module, "cookie");
    CHECK(cookie != 0x00002B992DDFA232);
    CHECK_EQ(cookie >> 48, 0);
    CHECK(*VARIABLE(unsigned long long, module, "cookie_at_attach") == cookie);
    CHECK_EQ(*VARIABLE(long long, module, "other_value"), 0x1234567890);
    CHECK(FreeLibrary(module));
  }
}

/* A file made by hand: one section of ten bytes, and what a vector changes (spec section 8.1). */
#pragma pack(push, 1)
typedef struct {
  unsigned char dos[64];
  unsigned signature;
  unsigned short machine, sections;
  unsigned time, symbols, symbol_count;
  unsigned short optional_size, characteristics;
  unsigned short magic;
  unsigned char linker[2];
  unsigned code, data, bss, entry, code_base;
  unsigned long long image_base;
  unsigned section_alignment, file_alignment;
  unsigned short versions[6];
  unsigned win32_version, image_size, headers_size, checksum;
  unsigned short subsystem, dll_characteristics;
  unsigned long long stack_heap[4];
  unsigned loader_flags, directory_count;
  unsigned long long directories[16];
  char name[8];
  unsigned virtual_size, address, raw_size, raw, relocations, lines, counts, section_characteristics;
} Headers;
#pragma pack(pop)

enum { kHeaders = sizeof(Headers) };

static Headers good_headers(void) {
  Headers h;
  memset(&h, 0, sizeof h);
  memcpy(h.dos, "MZ", 2);
  h.dos[0x3C] = 64;
  h.signature = 0x4550;
  h.machine = 0x8664;
  h.sections = 1;
  h.optional_size = 240;
  h.characteristics = 0x2022; /* DLL, large addresses, executable */
  h.magic = 0x20B;
  h.image_base = 0x140000000;
  h.section_alignment = h.file_alignment = 0x1000;
  h.versions[4] = 4;
  h.image_size = 0x2000;
  h.headers_size = kHeaders;
  h.subsystem = 3;
  h.directory_count = 16;
  memcpy(h.name, ".rodata", 8);
  h.virtual_size = h.raw_size = 10;
  h.address = 0x1000;
  h.raw = kHeaders;
  h.section_characteristics = 0x40000040; /* initialised data, readable */
  return h;
}

static bool load_file(const void* bytes, size_t size) {
  write_file(in_scratch("image.dll"), bytes, size);
  SetLastError(0);
  const HMODULE module = LoadLibraryA(in_scratch("image.dll"));
  const DWORD error = GetLastError();
  if (module) FreeLibrary(module);
  DeleteFileA(in_scratch("image.dll"));
  SetLastError(error);
  return module != NULL;
}

static bool loads(const Headers* headers) {
  char file[kHeaders + 10];
  memcpy(file, headers, kHeaders);
  memcpy(file + kHeaders, "section 10", 10);
  return load_file(file, sizeof file);
}

#define CHECK_REFUSED(loaded) CHECK_FAILS(loaded, ERROR_BAD_EXE_FORMAT)

static void test_headers(void) {
  Headers h = good_headers();
  TEST("PE-12", "a small valid file loads (vectors V3, V4, V7)") {
    CHECK(loads(&h));
    h.headers_size = 0x1000;
    h.image_size = 0x1F00;
    CHECK(loads(&h));
    h = good_headers();
    h.file_alignment = 0x200;
    CHECK(loads(&h));
    h.headers_size = 0x200;
    CHECK(loads(&h));
  }
  TEST("PE-01 PE-02 PE-03", "files that are no programs") {
    CHECK_REFUSED(load_file("", 0));
    CHECK_REFUSED(load_file("M", 1));
    CHECK_REFUSED(load_file("MZ", 2));
    CHECK_REFUSED(
        load_file("\x7f"
                  "ELF is another format, and this text is just long enough for it.",
                  64));
    h = good_headers();
    CHECK_REFUSED(load_file(&h, 64));
    CHECK_REFUSED(load_file(&h, 68));
    h.dos[0x3F] = 0x7F;
    CHECK_REFUSED(loads(&h));
    h = good_headers();
    h.signature = 0x4551;
    CHECK_REFUSED(loads(&h));
  }
  TEST("PE-04 LL-12", "formats of the past") {
    h = good_headers();
    memcpy(&h.signature, "NE\0\0", 4);
    CHECK_REFUSED(loads(&h));
    memcpy(&h.signature, "LE\0\0", 4);
    CHECK_REFUSED(loads(&h));
  }
  TEST("PE-05", "programs for other machines") {
    h = good_headers();
    h.machine = 0xAA64;
    CHECK_REFUSED(loads(&h));
    h.machine = 0x14C;
    CHECK_REFUSED(loads(&h));
    h.magic = 0x10B;
    CHECK_REFUSED(loads(&h));
    h.machine = 0x8664;
    CHECK_REFUSED(loads(&h));
  }
  TEST("PE-07", "no optional header (vector V1)") {
    h = good_headers();
    h.optional_size = 0;
    h.section_alignment = h.file_alignment = h.image_size = h.headers_size = 0;
    CHECK_REFUSED(loads(&h));
  }
  TEST("PE-09", "many sections") {
    h = good_headers();
    h.sections = 97;
    CHECK_REFUSED(loads(&h));
    h.sections = 65535;
    CHECK_REFUSED(loads(&h));
  }
  TEST("PE-11 PE-13", "sections outside the image (vector V2)") {
    h = good_headers();
    h.image_size = kHeaders + 0xE00;
    if (h.image_size <= 0x1000) CHECK_REFUSED(loads(&h));
    h.image_size = 0;
    CHECK_REFUSED(loads(&h));
    h = good_headers();
    h.address = 0x5000;
    CHECK_REFUSED(loads(&h));
    h.address = 0xFFFFF000;
    CHECK_REFUSED(loads(&h));
  }
  TEST("PE-14", "sections beyond the file") {
    h = good_headers();
    h.raw = 0x10000;
    CHECK_REFUSED(loads(&h));
    h.raw = 0xFFFFFFF0;
    h.raw_size = 0xFFFFFFF0;
    CHECK_REFUSED(loads(&h));
  }
  TEST("PE-15 PE-16", "alignments (vector V6)") {
    h = good_headers();
    h.section_alignment = 0x200;
    CHECK_REFUSED(loads(&h));
  }
  TEST("PE-18", "fields nobody checks") {
    h = good_headers();
    h.checksum = 0x12345678;
    h.time = 0xFFFFFFFF;
    h.win32_version = 99;
    h.loader_flags = 0xFFFF;
    CHECK(loads(&h));
  }
  TEST("PE-08", "a directory count above 16") {
    h = good_headers();
    h.directory_count = 0x7FFFFFFF;
    CHECK(loads(&h));
  }
}

static void test_oddities(void) {
  Headers h = good_headers();
  TEST("PE-20 PE-21 PE-35", "characteristics of DLLs that change nothing") {
    static const unsigned short kIgnored[] = {0x80, 0x100, 0x200, 0x400, 0x1000, 0x2000, 0x8000};
    for (int i = 0; i < 7; ++i) {
      h.dll_characteristics = kIgnored[i];
      if (!CHECK(loads(&h))) printf("  characteristics %#x\n", kIgnored[i]);
    }
  }
  TEST("PE-34", "what follows the last section is no part of the image") {
    static char file[kHeaders + 10 + 5000];
    h = good_headers();
    memcpy(file, &h, kHeaders);
    CHECK(load_file(file, sizeof file));
  }
  TEST("PE-23 FLAG-13", "a datafile may be for another machine") {
    h = good_headers();
    h.machine = 0xAA64;
    CHECK(write_file(in_scratch("arm.dll"), &h, sizeof h));
    const HMODULE view = LoadLibraryExA(in_scratch("arm.dll"), NULL, LOAD_LIBRARY_AS_DATAFILE);
    CHECK(view != NULL);
    if (view) CHECK(FreeLibrary(view));
    CHECK(DeleteFileA(in_scratch("arm.dll")));
  }
  TEST("REL-03", "an image that needs no relocation, and has none, goes anywhere") {
    h = good_headers();
    char file[kHeaders + 10] = {0};
    memcpy(file, &h, kHeaders);
    CHECK(write_file(in_scratch("one.dll"), file, sizeof file));
    CHECK(write_file(in_scratch("two.dll"), file, sizeof file));
    const HMODULE one = LoadLibraryA(in_scratch("one.dll"));
    const HMODULE two = LoadLibraryA(in_scratch("two.dll"));
    CHECK(one && two && one != two);
    if (one) CHECK(FreeLibrary(one));
    if (two) CHECK(FreeLibrary(two));
    CHECK(DeleteFileA(in_scratch("one.dll")));
    CHECK(DeleteFileA(in_scratch("two.dll")));
  }
}

static void test_shared_section(void) {
  TEST("MAP-09", "a shared section is one for the module and a view of its file, as long as somebody has it") {
    const HMODULE module = LoadLibraryA("shared.dll");
    REQUIRE(module);
    volatile int* number = PROC(volatile int*, module, "number", (void))();
    CHECK_EQ(*number, 5);
    *number = 8;
    const HMODULE view = LoadLibraryExA(in_bin("shared.dll"), NULL, LOAD_LIBRARY_AS_IMAGE_RESOURCE);
    REQUIRE(view);
    const char* const base = (const char*)((uintptr_t)view & ~(uintptr_t)3);
    const volatile int* const seen = (const volatile int*)(base + ((const char*)number - (const char*)module));
    CHECK_EQ(*seen, 8);
    CHECK(FreeLibrary(module));
    const HMODULE again = LoadLibraryA("shared.dll");
    REQUIRE(again);
    number = PROC(volatile int*, again, "number", (void))();
    CHECK_EQ(*number, 8);
    *number = 9;
    CHECK_EQ(*seen, 9);
    CHECK(FreeLibrary(again));
    CHECK(FreeLibrary(view));
    const HMODULE anew = LoadLibraryA("shared.dll");
    REQUIRE(anew);
    CHECK_EQ(*PROC(volatile int*, anew, "number", (void))(), 5);
    CHECK(FreeLibrary(anew));
  }
}

int main(void) {
  test_sections("sections.dll");
  test_shared_section();
  test_sections("big_alignment.dll");
  test_load_config();
  test_headers();
  test_oddities();
  RemoveDirectoryA(in_scratch(""));
  return finish();
}

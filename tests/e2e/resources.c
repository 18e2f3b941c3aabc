/* Spec section 13: resources; and section 3's datafile views, which have the same ones. */
#include "support/check.h"

static const char* text_of(HMODULE module, HRSRC resource) {
  return resource ? LockResource(LoadResource(module, resource)) : NULL;
}

static int names_seen;
static BOOL CALLBACK count_name(HMODULE module, LPCSTR type, LPSTR name, LONG_PTR stop_at) {
  (void)module, (void)type, (void)name;
  return ++names_seen != stop_at;
}
static BOOL CALLBACK count_type(HMODULE module, LPSTR type, LONG_PTR ignored) {
  (void)module, (void)type, (void)ignored;
  ++names_seen;
  return TRUE;
}
static WORD languages[8];
static BOOL CALLBACK note_language(HMODULE module, LPCSTR type, LPCSTR name, WORD language, LONG_PTR ignored) {
  (void)module, (void)type, (void)name, (void)ignored;
  languages[names_seen++] = language;
  return TRUE;
}

static void test_resources(const HMODULE module) {
  TEST("RES-01 RES-02 RES-03 RES-06", "by number, by name without case, and by #number") {
    REQUIRE(module);
    CHECK_STR(text_of(module, FindResourceA(module, MAKEINTRESOURCEA(7), (LPCSTR)RT_RCDATA)), "number seven");
    CHECK_STR(text_of(module, FindResourceA(module, "named", (LPCSTR)RT_RCDATA)), "named data");
    CHECK_STR(text_of(module, FindResourceW(module, W("NaMeD"), W("#10"))), "named data");
    CHECK_STR(text_of(module, FindResourceA(module, "#7", "#10")), "number seven");
    const HRSRC custom = FindResourceA(module, MAKEINTRESOURCEA(300), "customtype");
    REQUIRE(custom);
    CHECK_EQ(SizeofResource(module, custom), 4);
    CHECK_EQ(*(const unsigned*)LockResource(LoadResource(module, custom)), 0x56781234);
    CHECK_EQ(SizeofResource(module, NULL), 0);
    CHECK_EQ(FreeResource(LoadResource(module, custom)), 0);
  }
  TEST("RES-05", "misses: the type, the name, the language") {
    CHECK_FAILS(FindResourceA(module, "named", "no_such_type"), ERROR_RESOURCE_TYPE_NOT_FOUND);
    CHECK_FAILS(FindResourceA(module, "no_such_name", (LPCSTR)RT_RCDATA), ERROR_RESOURCE_NAME_NOT_FOUND);
    CHECK_FAILS(FindResourceExA(module, (LPCSTR)RT_RCDATA, MAKEINTRESOURCEA(8), MAKELANGID(9, 1)),
                ERROR_RESOURCE_LANG_NOT_FOUND);
    CHECK_FAILS(FindResourceExA(module, (LPCSTR)RT_RCDATA, MAKEINTRESOURCEA(8), MAKELANGID(0x0C, 1)),
                ERROR_RESOURCE_LANG_NOT_FOUND);
  }
  TEST("RES-04", "languages: the one asked for, and any for a neutral question") {
    CHECK_STR(text_of(module, FindResourceExA(module, (LPCSTR)RT_RCDATA, MAKEINTRESOURCEA(9), MAKELANGID(7, 1))),
              "neun");
    CHECK_STR(text_of(module, FindResourceExA(module, (LPCSTR)RT_RCDATA, MAKEINTRESOURCEA(9), MAKELANGID(9, 1))),
              "nine");
    CHECK_STR(text_of(module, FindResourceA(module, MAKEINTRESOURCEA(8), (LPCSTR)RT_RCDATA)), "nur deutsch");
  }
  TEST("RES-08 RES-09", "enumeration, and stopping it") {
    names_seen = 0;
    CHECK(EnumResourceNamesA(module, (LPCSTR)RT_RCDATA, count_name, 0));
    CHECK_EQ(names_seen, 4);
    names_seen = 0;
    CHECK_FALSE(EnumResourceNamesA(module, (LPCSTR)RT_RCDATA, count_name, 2));
    CHECK_EQ(names_seen, 2);
    CHECK_FAILS(EnumResourceNamesA(module, "no_such_type", count_name, 0), ERROR_RESOURCE_TYPE_NOT_FOUND);
    names_seen = 0;
    CHECK(EnumResourceTypesA(module, count_type, 0));
    CHECK_EQ(names_seen, 5); /* CUSTOMTYPE, strings, data, messages, version */
    names_seen = 0;
    CHECK(EnumResourceLanguagesA(module, (LPCSTR)RT_RCDATA, MAKEINTRESOURCEA(9), note_language, 0));
    CHECK_EQ(names_seen, 2);
    CHECK_EQ(languages[0], MAKELANGID(7, 1));
    CHECK_EQ(languages[1], MAKELANGID(9, 1));
  }
  TEST("RES-10 RES-11", "LoadString") {
    char text[64] = "#";
    CHECK_EQ(LoadStringA(module, 1, text, sizeof text), 3);
    CHECK_STR(text, "one");
    CHECK_EQ(LoadStringA(module, 16, text, sizeof text), 7);
    CHECK_STR(text, "sixteen");
    CHECK_EQ(LoadStringA(module, 17, text, 5), 4);
    CHECK_STR(text, "a so");
    CHECK_EQ(LoadStringA(module, 65535, text, sizeof text), 12);
    CHECK_EQ(LoadStringA(module, 2, text, sizeof text), 0);
    CHECK_EQ(LoadStringA(module, 5000, text, sizeof text), 0);
    WCHAR wide_text[16];
    CHECK_EQ(LoadStringW(module, 16, wide_text, 16), 7);
    CHECK(wide_text[0] == 's' && wide_text[6] == 'n' && wide_text[7] == 0);
    const WCHAR* resource = NULL;
    CHECK_EQ(LoadStringW(module, 17, (LPWSTR)&resource, 0), 24);
    CHECK(resource && resource[0] == 'a' && resource[23] == 'g');
  }
}

static void test_version(void) {
  static char block[4096];
  TEST("RES-01", "the version resource of a file") {
    DWORD ignored = 1;
    const DWORD size = GetFileVersionInfoSizeA(in_bin("resources.dll"), &ignored);
    CHECK(size > 0 && size <= sizeof block);
    CHECK_EQ(ignored, 0);
    REQUIRE(GetFileVersionInfoA(in_bin("resources.dll"), 0, size, block));
    void* value = NULL;
    UINT length = 0;
    CHECK(VerQueryValueA(block, "\\", &value, &length));
    REQUIRE(value);
    CHECK_EQ(length, 52);
    CHECK_EQ(((const unsigned*)value)[0], 0xFEEF04BD);
    CHECK_EQ(((const unsigned*)value)[2], 0x00010002);
    CHECK_EQ(((const unsigned*)value)[3], 0x00030004);
    CHECK(VerQueryValueA(block, "\\VarFileInfo\\Translation", &value, &length));
    CHECK_EQ(length, 4);
    CHECK_EQ(*(const unsigned*)value, 0x04B00409);
    CHECK(VerQueryValueA(block, "\\StringFileInfo\\040904b0\\CompanyName", &value, &length));
    CHECK_STR((const char*)value, "The hmodule tests");
    CHECK_FALSE(VerQueryValueA(block, "\\StringFileInfo\\040904b0\\NoSuchName", &value, &length));
    CHECK_FAILS(GetFileVersionInfoSizeA(in_bin("basic.dll"), &ignored), ERROR_RESOURCE_DATA_NOT_FOUND);
  }
}

static void test_messages(const HMODULE module) {
  TEST("RES-01", "messages of a module") {
    char text[128];
    CHECK_EQ(FormatMessageA(FORMAT_MESSAGE_FROM_HMODULE, module, 100, 0x409, text, sizeof text, NULL), 17);
    CHECK_STR(text, "A plain message\r\n");
    const intptr_t arguments[] = {(intptr_t) "one", 2};
    CHECK(FormatMessageA(FORMAT_MESSAGE_FROM_HMODULE | FORMAT_MESSAGE_ARGUMENT_ARRAY, module, 101, 0x409, text,
                         sizeof text, (void*)arguments) > 0);
    CHECK_STR(text, "First one, then 2, percent %\r\n");
    CHECK(FormatMessageA(FORMAT_MESSAGE_FROM_HMODULE | FORMAT_MESSAGE_IGNORE_INSERTS, module, 101, 0x409, text,
                         sizeof text, NULL) > 0);
    CHECK(strncmp(text, "First %1, then %2!d!, percent %", 31) == 0);
    CHECK_FALSE(FormatMessageA(FORMAT_MESSAGE_FROM_HMODULE, module, 999, 0x409, text, sizeof text, NULL));
    CHECK_FALSE(FormatMessageA(FORMAT_MESSAGE_FROM_HMODULE, module, 100, 0x409, text, 5, NULL));
  }
}

int main(void) {
  HMODULE module = LoadLibraryA("resources.dll");
  test_resources(module);
  test_messages(module);
  FreeLibrary(module);
  module = LoadLibraryExA(in_bin("resources.dll"), NULL, LOAD_LIBRARY_AS_DATAFILE);
  test_resources(module);
  FreeLibrary(module);
  module = LoadLibraryExA(in_bin("resources.dll"), NULL, LOAD_LIBRARY_AS_IMAGE_RESOURCE);
  test_resources(module);
  FreeLibrary(module);
  test_version();
  TEST("RES-05", "a module without resources") {
    const HMODULE plain = LoadLibraryA("basic.dll");
    CHECK_FAILS(FindResourceA(plain, "named", (LPCSTR)RT_RCDATA), ERROR_RESOURCE_DATA_NOT_FOUND);
    CHECK(FreeLibrary(plain));
  }
  return finish();
}

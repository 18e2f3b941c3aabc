/* The registry as programs use it, through advapi32. With HMODULE_REGISTRY it outlives the process, as it does
 * elsewhere in any case: everything made here is deleted at the end. */
#include "support/check.h"

#ifndef _WIN32
typedef HANDLE HKEY;
typedef struct {
  DWORD dwLowDateTime, dwHighDateTime;
} FILETIME;
#define HKEY_CLASSES_ROOT ((HKEY)(intptr_t)(int32_t)0x80000000)
#define HKEY_CURRENT_USER ((HKEY)(intptr_t)(int32_t)0x80000001)
#define HKEY_LOCAL_MACHINE ((HKEY)(intptr_t)(int32_t)0x80000002)
#define KEY_READ 0x20019
#define KEY_ALL_ACCESS 0xF003F
#define REG_OPTION_VOLATILE 1
#define REG_SZ 1
#define REG_EXPAND_SZ 2
#define REG_BINARY 3
#define REG_DWORD 4
#define REG_MULTI_SZ 7
#define REG_NOTIFY_CHANGE_NAME 1
#define ERROR_SUCCESS 0
#endif

static HMODULE advapi32;
#define REG(name, parameters) ((LONG(WINAPI*) parameters)(void*)GetProcAddress(advapi32, name))

static const char kPlace[] = "Software\\hmodule-e2e-registry";
static HKEY key;

static LONG open_key(HKEY root, const char* name, DWORD access, HKEY* opened) {
  return REG("RegOpenKeyExA", (HKEY, LPCSTR, DWORD, DWORD, HKEY*))(root, name, 0, access, opened);
}
static LONG create_key(HKEY root, const char* name, DWORD options, HKEY* created, DWORD* disposition) {
  return REG("RegCreateKeyExA", (HKEY, LPCSTR, DWORD, LPSTR, DWORD, DWORD, void*, HKEY*, DWORD*))(
      root, name, 0, NULL, options, KEY_ALL_ACCESS, NULL, created, disposition);
}
static LONG close_key(HKEY opened) {
  return REG("RegCloseKey", (HKEY))(opened);
}
static LONG set(const char* name, DWORD type, const void* data, DWORD size) {
  return REG("RegSetValueExA", (HKEY, LPCSTR, DWORD, DWORD, const void*, DWORD))(key, name, 0, type, data, size);
}
static LONG query(const char* name, DWORD* type, void* data, DWORD* size) {
  return REG("RegQueryValueExA", (HKEY, LPCSTR, DWORD*, DWORD*, void*, DWORD*))(key, name, NULL, type, data, size);
}
static LONG get(const char* subkey, const char* name, DWORD flags, DWORD* type, void* data, DWORD* size) {
  return REG("RegGetValueA", (HKEY, LPCSTR, LPCSTR, DWORD, DWORD*, void*, DWORD*))(key, subkey, name, flags, type, data,
                                                                                   size);
}
static LONG delete_key(HKEY root, const char* name) {
  return REG("RegDeleteKeyA", (HKEY, LPCSTR))(root, name);
}
static LONG delete_tree(HKEY root, const char* name) {
  return REG("RegDeleteTreeA", (HKEY, LPCSTR))(root, name);
}
static LONG enum_key(DWORD index, char* name, DWORD* size) {
  return REG("RegEnumKeyExA", (HKEY, DWORD, LPSTR, DWORD*, DWORD*, LPSTR, DWORD*, FILETIME*))(key, index, name, size,
                                                                                              NULL, NULL, NULL, NULL);
}
static LONG enum_value(DWORD index, char* name, DWORD* size) {
  return REG("RegEnumValueA", (HKEY, DWORD, LPSTR, DWORD*, DWORD*, DWORD*, BYTE*, DWORD*))(key, index, name, size, NULL,
                                                                                           NULL, NULL, NULL);
}

int main(void) {
  advapi32 = LoadLibraryA("advapi32.dll");
  delete_tree(HKEY_CURRENT_USER, kPlace);
  DWORD disposition = 0, type = 0, size = 0, number = 0;
  HKEY other = NULL;
  char text[64];

  TEST("RegCreateKeyEx", "says whether the key is new") {
    CHECK_EQ(create_key(HKEY_CURRENT_USER, kPlace, 0, &key, &disposition), 0);
    CHECK_EQ(disposition, 1);
    CHECK_EQ(create_key(HKEY_CURRENT_USER, kPlace, 0, &other, &disposition), 0);
    CHECK_EQ(disposition, 2);
    CHECK_EQ(close_key(other), 0);
    CHECK_EQ(create_key(key, "a\\b\\c", 0, &other, &disposition), 0);
    CHECK_EQ(close_key(other), 0);
  }
  TEST("RegOpenKeyEx", "finds keys without case") {
    CHECK_EQ(open_key(key, "A\\B", KEY_READ, &other), 0);
    CHECK_EQ(close_key(other), 0);
    CHECK_EQ(open_key(key, "absent", KEY_READ, &other), 2);
    CHECK_EQ(open_key(NULL, "absent", KEY_READ, &other), 6);
    CHECK_EQ(open_key(HKEY_LOCAL_MACHINE, "\\Software", KEY_READ, &other), 161);
  }
  TEST("RegDeleteKey", "takes no key with subkeys") {
    CHECK_EQ(delete_key(key, "a"), 5);
    CHECK_EQ(delete_key(key, "a\\b\\c"), 0);
    CHECK_EQ(delete_key(key, "a\\b\\c"), 2);
    CHECK_EQ(delete_tree(key, "a"), 0);
    CHECK_EQ(open_key(key, "a", KEY_READ, &other), 2);
  }
  TEST("RegDeleteKey-open", "leaves open handles behind that say so") {
    HKEY below = NULL;
    CHECK_EQ(create_key(key, "gone", 0, &other, NULL), 0);
    CHECK_EQ(delete_key(key, "gone"), 0);
    CHECK_EQ(open_key(other, "x", KEY_READ, &below), 1018);
    CHECK_EQ(close_key(other), 0);
  }
  TEST("RegQueryValueEx", "the sizes of strings") {
    CHECK_EQ(set("s", REG_SZ, "hello", 6), 0);
    CHECK_EQ(query("S", &type, NULL, &size), 0);
    CHECK_EQ(type, REG_SZ);
    CHECK_EQ(size, 6);
    size = 3;
    CHECK_EQ(query("s", &type, text, &size), 234);
    CHECK_EQ(size, 6);
    CHECK_EQ(query("s", &type, text, &size), 0);
    CHECK_STR(text, "hello");
    CHECK_EQ(query("absent", &type, text, &size), 2);
    CHECK_EQ(query("s", &type, text, NULL), 87);
  }
  TEST("RegSetValueEx", "stores a terminator that the size leaves out") {
    CHECK_EQ(set("t", REG_SZ, "abc", 3), 0);
    CHECK_EQ(query("t", NULL, NULL, &size), 0);
    CHECK_EQ(size, 4);
  }
  TEST("RegGetValue", "types, expansion, zeroes on failure") {
    const DWORD seven = 7;
    CHECK_EQ(set("d", REG_DWORD, &seven, 4), 0);
    size = 4;
    CHECK_EQ(get(NULL, "d", 0x18, &type, &number, &size), 0);
    CHECK_EQ(number, 7);
    CHECK_EQ(get(NULL, "d", 0x2 | 0x20000000, &type, &number, &size), 1630);
    CHECK_EQ(number, 0);
    CHECK_EQ(set("e", REG_EXPAND_SZ, "%SystemDrive%\\x", 16), 0);
    size = sizeof text;
    CHECK_EQ(get(NULL, "e", 0x2, &type, text, &size), 0);
    CHECK_EQ(type, REG_SZ);
    CHECK_STR(text, "C:\\x");
    size = sizeof text;
    CHECK_EQ(get(NULL, "e", 0x4 | 0x10000000, &type, text, &size), 0);
    CHECK_EQ(type, REG_EXPAND_SZ);
    CHECK_EQ(get(NULL, "e", 0x4, &type, text, &size), 87);
  }
  TEST("RegEnumValue", "goes by age") {
    CHECK_EQ(REG("RegDeleteValueA", (HKEY, LPCSTR))(key, "s"), 0);
    const char* const expected[] = {"t", "d", "e"};
    for (DWORD i = 0; i < 3; ++i) {
      size = sizeof text;
      CHECK_EQ(enum_value(i, text, &size), 0);
      CHECK_STR(text, expected[i]);
    }
    size = sizeof text;
    CHECK_EQ(enum_value(3, text, &size), 259);
  }
  TEST("RegEnumKeyEx", "goes by name") {
    const char* const names[] = {"b", "C", "a"};
    for (int i = 0; i < 3; ++i) {
      CHECK_EQ(create_key(key, names[i], 0, &other, NULL), 0);
      CHECK_EQ(close_key(other), 0);
    }
    const char* const expected[] = {"a", "b", "C"};
    for (DWORD i = 0; i < 3; ++i) {
      size = sizeof text;
      CHECK_EQ(enum_key(i, text, &size), 0);
      CHECK_STR(text, expected[i]);
      CHECK_EQ(size, 1);
    }
    size = 1;
    CHECK_EQ(enum_key(0, text, &size), 234);
    CHECK_EQ(enum_key(3, text, &size), 259);
  }
  TEST("RegCreateKeyEx-volatile", "stable keys do not stand below volatile ones") {
    HKEY below = NULL;
    CHECK_EQ(create_key(key, "v", REG_OPTION_VOLATILE, &other, NULL), 0);
    CHECK_EQ(create_key(other, "stable", 0, &below, NULL), 1021);
    CHECK_EQ(create_key(other, "volatile", REG_OPTION_VOLATILE, &below, NULL), 0);
    CHECK_EQ(close_key(below), 0);
    CHECK_EQ(close_key(other), 0);
    CHECK_EQ(delete_tree(key, "v"), 0);
  }
  TEST("RegNotifyChangeKeyValue", "sets an event once") {
    const HANDLE event = CreateEventA(NULL, TRUE, FALSE, NULL);
    CHECK_EQ(REG("RegNotifyChangeKeyValue", (HKEY, BOOL, DWORD, HANDLE, BOOL))(key, FALSE, REG_NOTIFY_CHANGE_NAME,
                                                                               event, TRUE),
             0);
    CHECK_EQ(WaitForSingleObject(event, 0), WAIT_TIMEOUT);
    CHECK_EQ(create_key(key, "new", 0, &other, NULL), 0);
    CHECK_EQ(close_key(other), 0);
    CHECK_EQ(WaitForSingleObject(event, 10000), WAIT_OBJECT_0);
  }
  TEST("Registry-defaults", "what every Windows has") {
    CHECK_EQ(open_key(HKEY_LOCAL_MACHINE, "Software\\Microsoft\\Windows NT\\CurrentVersion", KEY_READ, &other), 0);
    size = sizeof text;
    CHECK_EQ(REG("RegQueryValueExA", (HKEY, LPCSTR, DWORD*, DWORD*, void*, DWORD*))(other, "CurrentBuildNumber", NULL,
                                                                                    &type, text, &size),
             0);
    CHECK_EQ(type, REG_SZ);
    CHECK_EQ(close_key(other), 0);
    CHECK_EQ(open_key(HKEY_LOCAL_MACHINE, "System\\CurrentControlSet\\Control\\ComputerName\\ActiveComputerName",
                      KEY_READ, &other),
             0);
    CHECK_EQ(close_key(other), 0);
    CHECK_EQ(open_key(HKEY_LOCAL_MACHINE, "Hardware\\Description\\System\\CentralProcessor\\0", KEY_READ, &other), 0);
    CHECK_EQ(close_key(other), 0);
    CHECK_EQ(open_key(HKEY_CLASSES_ROOT, "CLSID", KEY_READ, &other), 0);
    CHECK_EQ(close_key(other), 0);
  }
  CHECK_EQ(close_key(key), 0);
  CHECK_EQ(delete_tree(HKEY_CURRENT_USER, kPlace), 0);
  return finish();
}

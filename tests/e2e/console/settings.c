/* A program's settings in the registry: values of all kinds, trees, enumeration, notification, copies, what is refused.
 */
#include <windows.h>

#include <string.h>

#include "support/say.h"

#define ROOT "Software\\hmodule console test"

int main(void) {
  HKEY root, key;
  DWORD what = 0, type = 0, size, number = 77;
  RegDeleteTreeA(HKEY_CURRENT_USER, ROOT);
  say("create", "%ld", RegCreateKeyExA(HKEY_CURRENT_USER, ROOT, 0, NULL, 0, KEY_ALL_ACCESS, NULL, &root, &what));
  say("disposition", "%lu", what);
  say("dword", "%ld", RegSetValueExA(root, "number", 0, REG_DWORD, (BYTE*)&number, sizeof number));
  say("string", "%ld", RegSetValueExA(root, "text", 0, REG_SZ, (const BYTE*)"some text", 10));
  say("wide", "%ld", RegSetValueExW(root, L"w\u00efde", 0, REG_SZ, (const BYTE*)L"\u4e2d\u6587", 6));
  say("multi", "%ld", RegSetValueExA(root, "list", 0, REG_MULTI_SZ, (const BYTE*)"one\0two\0\0", 9));
  say("expand", "%ld", RegSetValueExA(root, "path", 0, REG_EXPAND_SZ, (const BYTE*)"%HM_GREETING%\\x", 16));
  const BYTE raw[5] = {1, 0, 255, 3, 0};
  say("binary", "%ld", RegSetValueExA(root, "raw", 0, REG_BINARY, raw, 5));
  ULONGLONG big = 0x1122334455667788ULL;
  RegSetValueExA(root, "big", 0, REG_QWORD, (BYTE*)&big, 8);
  RegSetValueExA(root, NULL, 0, REG_SZ, (const BYTE*)"default", 8);

  char text[256];
  BYTE data[256];
  size = sizeof text;
  say("read", "%ld", RegQueryValueExA(root, "TEXT", NULL, &type, (BYTE*)text, &size));
  say("read-is", "%lu %lu %s", type, size, text);
  size = 3;
  say("too-small", "%ld", RegQueryValueExA(root, "text", NULL, &type, (BYTE*)text, &size));
  say("needed", "%lu", size);
  size = 0;
  say("size-only", "%ld", RegQueryValueExA(root, "raw", NULL, &type, NULL, &size));
  say("size-is", "%lu", size);
  size = sizeof text;
  say("default", "%ld", RegQueryValueExA(root, "", NULL, &type, (BYTE*)text, &size));
  say("default-is", "%s", text);
  say("missing", "%ld", RegQueryValueExA(root, "nosuch", NULL, &type, (BYTE*)text, &size));
  size = sizeof text;
  say("RegGetValue", "%ld", RegGetValueA(root, NULL, "path", RRF_RT_REG_SZ, &type, text, &size));
  say("expanded", "%lu %s", type, text);
  size = sizeof text;
  say("RegGetValue-type", "%ld", RegGetValueA(root, NULL, "number", RRF_RT_REG_SZ, &type, text, &size));
  size = sizeof number;
  number = 0;
  say("RegGetValue-dword", "%ld",
      RegGetValueA(HKEY_CURRENT_USER, ROOT, "number", RRF_RT_REG_DWORD, NULL, &number, &size));
  say("number", "%lu", number);
  WCHAR wide[64];
  size = sizeof wide;
  RegQueryValueExW(root, L"W\u00cfDE", NULL, &type, (BYTE*)wide, &size);
  say("wide-is", "%lu %x %x", size, wide[0], wide[1]);
  size = sizeof data;
  RegQueryValueExA(root, "list", NULL, &type, data, &size);
  say("multi-is", "%lu %lu %s %s", type, size, (char*)data, (char*)data + 4);

  for (int i = 0; i < 5; ++i) {
    char name[32];
    snprintf(name, sizeof name, "sub%d\\deeper", i);
    RegCreateKeyExA(root, name, 0, NULL, 0, KEY_WRITE, NULL, &key, &what);
    RegSetValueExA(key, "i", 0, REG_DWORD, (BYTE*)&i, 4);
    RegCloseKey(key);
  }
  DWORD keys = 0, longest = 0, values = 0, longest_value = 0, longest_data = 0;
  say("info", "%ld",
      RegQueryInfoKeyA(root, NULL, NULL, NULL, &keys, &longest, NULL, &values, &longest_value, &longest_data, NULL,
                       NULL));
  say("info-is", "%lu %lu %lu %lu", keys, longest, values, longest_value);
  int found = 0;
  for (DWORD i = 0;; ++i) {
    size = sizeof text;
    const LONG error = RegEnumKeyExA(root, i, text, &size, NULL, NULL, NULL, NULL);
    if (error != 0) {
      say("enum-end", "%ld", error);
      break;
    }
    found += strncmp(text, "sub", 3) == 0 && size == 4;
  }
  say("enum", "%d", found);
  size = 2;
  say("enum-small", "%ld", RegEnumKeyExA(root, 0, text, &size, NULL, NULL, NULL, NULL));
  found = 0;
  for (DWORD i = 0; size = sizeof text, RegEnumValueA(root, i, text, &size, NULL, &type, NULL, NULL) == 0; ++i) ++found;
  say("enum-values", "%d", found);
  say("delete-with-children", "%ld", RegDeleteKeyA(root, "sub0"));
  say("delete-tree", "%ld", RegDeleteTreeA(root, "sub0"));
  say("gone", "%ld", RegOpenKeyExA(root, "sub0", 0, KEY_READ, &key));
  say("copy", "%ld", RegCopyTreeA(root, "sub1", root));
  say("copied", "%ld", RegOpenKeyExA(root, "deeper", 0, KEY_READ, &key));
  say("read-only-key", "%ld", RegSetValueExA(key, "x", 0, REG_SZ, (const BYTE*)"", 1));
  RegCloseKey(key);
  say("delete-value", "%ld", RegDeleteValueA(root, "big"));
  say("delete-value-again", "%ld", RegDeleteValueA(root, "big"));
  say("RegSetKeyValue", "%ld", RegSetKeyValueA(root, "made\\by it", "v", REG_SZ, "x", 2));

  const HANDLE event = CreateEventA(NULL, FALSE, FALSE, NULL);
  say("notify", "%ld",
      RegNotifyChangeKeyValue(root, TRUE, REG_NOTIFY_CHANGE_LAST_SET | REG_NOTIFY_CHANGE_NAME, event, TRUE));
  say("quiet", "%lu", WaitForSingleObject(event, 20));
  RegSetValueExA(root, "number", 0, REG_DWORD, (BYTE*)&number, 4);
  say("notified", "%lu", WaitForSingleObject(event, 5000));

  HKEY machine;
  say("version", "%ld",
      RegOpenKeyExA(HKEY_LOCAL_MACHINE, "SOFTWARE\\Microsoft\\Windows NT\\CurrentVersion", 0, KEY_READ, &machine));
  size = sizeof text;
  say("product", "%d",
      RegQueryValueExA(machine, "CurrentVersion", NULL, &type, (BYTE*)text, &size) == 0 && type == REG_SZ);
  RegCloseKey(machine);
  say("no-such-key", "%ld", RegOpenKeyExA(HKEY_CURRENT_USER, "no\\such\\key", 0, KEY_READ, &machine));
  say("closed", "%ld", RegCloseKey((HKEY)0x1234560));
  RegCloseKey(root);
  say("remove", "%ld", RegDeleteTreeA(HKEY_CURRENT_USER, ROOT));
  say("removed", "%ld", RegOpenKeyExA(HKEY_CURRENT_USER, ROOT, 0, KEY_READ, &root));
  return 0;
}

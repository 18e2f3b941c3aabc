/* Settings in .ini files, by the functions of old. */
#include <windows.h>

#include <string.h>

#include "support/say.h"

int main(void) {
  char path[MAX_PATH], text[256];
  GetFullPathNameA("settings.ini", MAX_PATH, path, NULL);
  say("write", "%d", WritePrivateProfileStringA("main", "name", "value", path));
  WritePrivateProfileStringA("main", "quoted", "\"in quotes\"", path);
  WritePrivateProfileStringA("main", "spaces", "  around  ", path);
  WritePrivateProfileStringA("numbers", "int", "-42", path);
  WritePrivateProfileStringA("numbers", "hex", "0x1F", path);
  WritePrivateProfileStringA("numbers", "text", "12abc", path);
  say("read", "%lu", GetPrivateProfileStringA("main", "NAME", "none", text, sizeof text, path));
  say("text", "%s", text);
  GetPrivateProfileStringA("main", "quoted", "none", text, sizeof text, path);
  say("quoted", "[%s]", text);
  GetPrivateProfileStringA("main", "spaces", "none", text, sizeof text, path);
  say("spaces", "[%s]", text);
  say("missing", "%lu", GetPrivateProfileStringA("main", "nosuch", "the default  ", text, sizeof text, path));
  say("default", "[%s]", text);
  say("int", "%d", (int)GetPrivateProfileIntA("numbers", "int", 7, path));
  say("hex", "%d", (int)GetPrivateProfileIntA("numbers", "hex", 7, path));
  say("part", "%d", (int)GetPrivateProfileIntA("numbers", "text", 7, path));
  say("default-int", "%d", (int)GetPrivateProfileIntA("numbers", "nosuch", -7, path));
  say("keys", "%lu", GetPrivateProfileStringA("main", NULL, "", text, sizeof text, path));
  for (char* at = text; *at || at[1]; ++at)
    if (!*at) *at = '|';
  say("keys-are", "%s", text);
  memset(text, 0, sizeof text);
  say("sections", "%lu", GetPrivateProfileSectionNamesA(text, sizeof text, path));
  for (char* at = text; *at || at[1]; ++at)
    if (!*at) *at = '|';
  say("sections-are", "%s", text);
  memset(text, 0, sizeof text);
  say("section", "%lu", GetPrivateProfileSectionA("numbers", text, sizeof text, path));
  for (char* at = text; *at || at[1]; ++at)
    if (!*at) *at = '|';
  say("section-is", "%s", text);
  say("small", "%lu", GetPrivateProfileStringA("main", "name", "", text, 4, path));
  say("cut", "%s", text);
  say("replace", "%d", WritePrivateProfileStringA("main", "name", "other", path));
  say("remove-key", "%d", WritePrivateProfileStringA("main", "quoted", NULL, path));
  say("remove-section", "%d", WritePrivateProfileStringA("numbers", NULL, NULL, path));
  say("WriteSection", "%d", WritePrivateProfileSectionA("whole", "a=1\0b=2\0", path));
  const HANDLE file = CreateFileA(path, GENERIC_READ, FILE_SHARE_READ, NULL, OPEN_EXISTING, 0, NULL);
  DWORD size = 0;
  ReadFile(file, text, sizeof text - 1, &size, NULL);
  text[size] = 0;
  for (char* at = text; (at = strpbrk(at, "\r\n")) != NULL;) *at = '/';
  say("file", "%s", text);
  CloseHandle(file);
  int numbers[3] = {1, 2, 3}, back[3] = {0};
  say("WriteStruct", "%d", WritePrivateProfileStructA("s", "n", numbers, sizeof numbers, path));
  say("GetStruct", "%d", GetPrivateProfileStructA("s", "n", back, sizeof back, path));
  say("struct", "%d", back[2]);
  say("no-file", "%lu", GetPrivateProfileStringA("a", "b", "nothing", text, sizeof text, "C:\\nosuch\\file.ini"));
  return 0;
}

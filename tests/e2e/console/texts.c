/* A program's own texts: strings, data and its version from resources; messages of the system and with inserts. */
#include <windows.h>

#include <string.h>

#include "support/say.h"

static const WCHAR* wanted;
static int languages;
static BOOL CALLBACK language(HMODULE module, LPCWSTR type, LPCWSTR name, WORD id, LONG_PTR context) {
  (void)module, (void)type, (void)name, (void)context;
  languages += id;
  return TRUE;
}
static int names;
static BOOL CALLBACK name_found(HMODULE module, LPCWSTR type, LPWSTR name, LONG_PTR context) {
  (void)module, (void)type, (void)context;
  if (!IS_INTRESOURCE(name)) names += (int)wcslen(name);
  return TRUE;
}

int main(void) {
  char text[256], bytes[256];
  WCHAR wide[256];
  (void)wanted;
  say("LoadString", "%d", LoadStringA(NULL, 1, text, sizeof text));
  say("text", "%s", text);
  say("missing", "%d", LoadStringA(NULL, 77, text, sizeof text));
  say("wide", "%d", LoadStringW(NULL, 100, wide, 256));
  WideCharToMultiByte(CP_UTF8, 0, wide, -1, bytes, sizeof bytes, NULL, NULL);
  say("wide-is", "%s", bytes);
  const WCHAR* direct = NULL;
  say("pointer", "%d", LoadStringW(NULL, 1, (WCHAR*)&direct, 0));
  say("direct", "%.9ls", direct);
  say("cut", "%d", LoadStringA(NULL, 1, text, 6));
  say("cut-is", "%s", text);
  const HRSRC german =
      FindResourceExW(NULL, (WCHAR*)RT_STRING, MAKEINTRESOURCEW(1), MAKELANGID(LANG_GERMAN, SUBLANG_GERMAN));
  const WORD* block = LockResource(LoadResource(NULL, german));
  block += 1 + block[0];
  say("german", "%d %.*ls", block[0], block[0], (const WCHAR*)(block + 1));
  const HRSRC raw = FindResourceA(NULL, "GREETING", RT_RCDATA);
  say("rcdata", "%lu %s", SizeofResource(NULL, raw), (const char*)LockResource(LoadResource(NULL, raw)));
  say("no-resource", "%d", ERROR_OF(FindResourceA(NULL, "NOSUCH", RT_RCDATA)));
  say("no-type", "%d", ERROR_OF(FindResourceA(NULL, "GREETING", "NOTYPE")));
  EnumResourceLanguagesW(NULL, (WCHAR*)RT_STRING, MAKEINTRESOURCEW(1), language, 0);
  say("languages", "%x", languages);
  EnumResourceNamesW(NULL, (WCHAR*)RT_RCDATA, name_found, 0);
  say("names", "%d", names);

  char self[MAX_PATH];
  GetModuleFileNameA(NULL, self, sizeof self);
  DWORD unused = 0;
  const DWORD size = GetFileVersionInfoSizeA(self, &unused);
  say("version-size", "%d", size > 100);
  static BYTE version[4096];
  say("GetFileVersionInfo", "%d", ERROR_OF(GetFileVersionInfoA(self, 0, sizeof version, version)));
  VS_FIXEDFILEINFO* fixed = NULL;
  UINT length = 0;
  say("fixed", "%d", VerQueryValueA(version, "\\", (void**)&fixed, &length));
  say("numbers", "%lx %lx %lx", fixed->dwFileVersionMS, fixed->dwFileVersionLS, fixed->dwProductVersionMS);
  const char* value = NULL;
  say("VerQueryValue", "%d",
      VerQueryValueA(version, "\\StringFileInfo\\040904B0\\FileDescription", (void**)&value, &length));
  say("description", "%s", value);
  const WORD* translation = NULL;
  VerQueryValueA(version, "\\VarFileInfo\\Translation", (void**)&translation, &length);
  say("translation", "%x %x", translation[0], translation[1]);
  say("no-value", "%d", VerQueryValueA(version, "\\StringFileInfo\\040904B0\\NoSuch", (void**)&value, &length));

  const DWORD_PTR arguments[] = {42, (DWORD_PTR) "Zoe"};
  LoadStringA(NULL, 2, bytes, sizeof bytes);
  say("FormatMessage", "%lu",
      FormatMessageA(FORMAT_MESSAGE_FROM_STRING | FORMAT_MESSAGE_ARGUMENT_ARRAY, bytes, 0, 0, text, sizeof text,
                     (va_list*)arguments));
  say("message", "%s", text);
  FormatMessageA(FORMAT_MESSAGE_FROM_STRING | FORMAT_MESSAGE_ARGUMENT_ARRAY, "[%2!5.2s!|%1!05d!|%%|%n|%1!X!]", 0, 0,
                 text, sizeof text, (va_list*)arguments);
  for (char* at = text; (at = strpbrk(at, "\r\n")) != NULL;) *at = '/';
  say("inserts", "%s", text);
  FormatMessageA(FORMAT_MESSAGE_FROM_STRING | FORMAT_MESSAGE_IGNORE_INSERTS, "%1 stays", 0, 0, text, sizeof text, NULL);
  say("ignored", "%s", text);
  FormatMessageA(FORMAT_MESSAGE_FROM_SYSTEM | FORMAT_MESSAGE_IGNORE_INSERTS, NULL, ERROR_FILE_NOT_FOUND, 0x409, text,
                 sizeof text, NULL);
  text[strcspn(text, "\r\n")] = 0;
  say("system", "%s", text);
  char* allocated = NULL;
  FormatMessageA(FORMAT_MESSAGE_FROM_SYSTEM | FORMAT_MESSAGE_ALLOCATE_BUFFER | FORMAT_MESSAGE_IGNORE_INSERTS |
                     FORMAT_MESSAGE_MAX_WIDTH_MASK,
                 NULL, ERROR_ACCESS_DENIED, 0x409, (char*)&allocated, 0, NULL);
  say("allocated", "[%s]", allocated);
  LocalFree(allocated);
  say("unknown", "%d",
      ERROR_OF(FormatMessageA(FORMAT_MESSAGE_FROM_SYSTEM, NULL, 0x2FFFFFFF, 0, text, sizeof text, NULL)));
  say("small", "%d", ERROR_OF(FormatMessageA(FORMAT_MESSAGE_FROM_STRING, "long text", 0, 0, text, 4, NULL)));
  return 0;
}

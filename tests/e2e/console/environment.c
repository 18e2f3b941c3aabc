/* The environment: narrow and wide, large and empty values, expansion, blocks, drives' directories. */
#include <windows.h>

#include <stdlib.h>
#include <string.h>

#include "support/say.h"

int main(void) {
  WCHAR wide[128];
  char text[128];
  say("read", "%lu", GetEnvironmentVariableA("HM_GREETING", text, sizeof text));
  say("value", "%s", text);
  say("case", "%lu", GetEnvironmentVariableA("hm_greeting", text, sizeof text));
  say("small", "%lu", GetEnvironmentVariableA("HM_GREETING", text, 3));
  say("missing", "%d", ERROR_OF(GetEnvironmentVariableA("HM_NOSUCH", text, sizeof text)));
  say("set", "%d", ERROR_OF(SetEnvironmentVariableW(L"HM_W\u00c4RT", L"\u4e2d\u6587")));
  say("wide", "%lu", GetEnvironmentVariableW(L"hm_w\u00e4rt", wide, 128));
  say("wide-is", "%x %x", wide[0], wide[1]);
  say("empty", "%d", ERROR_OF(SetEnvironmentVariableA("HM_EMPTY", "")));
  SetLastError(77);
  const DWORD none = GetEnvironmentVariableA("HM_EMPTY", text, sizeof text);
  say("empty-is", "%lu %lu", none, GetLastError());
  say("remove", "%d", ERROR_OF(SetEnvironmentVariableA("HM_EMPTY", NULL)));
  say("removed", "%d", ERROR_OF(GetEnvironmentVariableA("HM_EMPTY", text, sizeof text)));
  say("bad-name", "%d", ERROR_OF(SetEnvironmentVariableA("A=B", "x")));
  static char large[32000], back[32768];
  memset(large, 'L', sizeof large - 1);
  say("large", "%d", ERROR_OF(SetEnvironmentVariableA("HM_LARGE", large)));
  say("large-is", "%lu", GetEnvironmentVariableA("HM_LARGE", back, sizeof back));
  SetEnvironmentVariableA("HM_LARGE", NULL);
  SetEnvironmentVariableA("HM_A", "[%HM_GREETING%]");
  say("expand", "%lu", ExpandEnvironmentStringsA("%HM_A%-%HM_GREETING%-%HM_NOSUCH%-%-100%%", text, sizeof text));
  say("expanded", "%s", text);
  say("expand-size", "%lu", ExpandEnvironmentStringsA("%HM_GREETING%", NULL, 0) >= 6);
  WCHAR* const block = GetEnvironmentStringsW();
  int found = 0, sorted = 1, entries = 0;
  const WCHAR* previous = NULL;
  for (const WCHAR* at = block; *at; at += wcslen(at) + 1) {
    ++entries;
    found += wcsncmp(at, L"HM_A=", 5) == 0;
    if (previous && *at != L'=' && *previous != L'=')
      sorted &=
          CompareStringOrdinal(previous, (int)wcscspn(previous, L"="), at, (int)wcscspn(at, L"="), TRUE) <= CSTR_EQUAL;
    previous = at;
  }
  FreeEnvironmentStringsW(block);
  say("block", "%d %d %d", found, sorted, entries > 5);
  say("runtime", "%d", getenv("PATH") != NULL);
  say("system-root", "%d", _stricmp(getenv("SystemRoot") ? getenv("SystemRoot") : "", "C:\\Windows") == 0);
  static const char* const usual[] = {"TEMP",
                                      "TMP",
                                      "USERPROFILE",
                                      "APPDATA",
                                      "LOCALAPPDATA",
                                      "COMSPEC",
                                      "windir",
                                      "PATHEXT",
                                      "OS",
                                      "PROCESSOR_ARCHITECTURE",
                                      "NUMBER_OF_PROCESSORS",
                                      "USERNAME",
                                      "COMPUTERNAME",
                                      "SystemDrive",
                                      "ProgramFiles",
                                      "HOMEDRIVE"};
  printf("usual:");
  for (unsigned i = 0; i < sizeof usual / sizeof *usual; ++i)
    if (!getenv(usual[i])) printf(" no-%s", usual[i]);
  printf("\n");
  say("SetCurrentDirectory", "%d", ERROR_OF(SetCurrentDirectoryA("nosuch")));
  CreateDirectoryA("sub", NULL);
  say("into", "%d", ERROR_OF(SetCurrentDirectoryA("sub")));
  GetCurrentDirectoryW(128, wide);
  say("in", "%ls", wcsrchr(wide, L'\\'));
  return 0;
}

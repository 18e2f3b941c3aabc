/* Starts itself: command lines and their quotes, environments, directories, streams, exit codes, what is refused. */
#include <windows.h>

#include <shellapi.h>
#include <stdlib.h>
#include <string.h>

#include "support/say.h"

static WCHAR self[MAX_PATH];

/* In UTF-8, whatever the code page is. */
static void print(const WCHAR* text) {
  char bytes[1024];
  WideCharToMultiByte(CP_UTF8, 0, text, -1, bytes, sizeof bytes, NULL, NULL);
  fputs(bytes, stdout);
}

static int child(int argc, char** argv) {
  if (strcmp(argv[1], "words") == 0) {
    for (int i = 2; i < argc; ++i) printf("<%s>", argv[i]);
    return 0;
  }
  if (strcmp(argv[1], "where") == 0) {
    WCHAR here[MAX_PATH];
    GetCurrentDirectoryW(MAX_PATH, here);
    const WCHAR* const name = wcsrchr(here, L'\\');
    print(name ? name + 1 : here);
    return 0;
  }
  if (strcmp(argv[1], "variables") == 0) {
    WCHAR* const block = GetEnvironmentStringsW();
    for (const WCHAR* at = block; *at; at += wcslen(at) + 1)
      if (wcsncmp(at, L"HM_", 3) == 0) printf("%ls;", at);
    FreeEnvironmentStringsW(block);
    return 0;
  }
  if (strcmp(argv[1], "streams") == 0) {
    char line[64] = "";
    fgets(line, sizeof line, stdin);
    fprintf(stdout, "out %s", line);
    fflush(stdout);
    fprintf(stderr, "err %s", line);
    return 0;
  }
  if (strcmp(argv[1], "line") == 0) {
    print(wcsstr(GetCommandLineW(), L"line"));
    return 0;
  }
  if (strcmp(argv[1], "title") == 0) {
    STARTUPINFOA info;
    GetStartupInfoA(&info);
    printf("%s %d %lx", info.lpTitle ? info.lpTitle : "none", info.wShowWindow, info.dwFlags);
    return 0;
  }
  if (strcmp(argv[1], "grandchild") == 0) {
    char line[600];
    snprintf(line, sizeof line, "\"%ls\" code 31", self);
    STARTUPINFOA info = {.cb = sizeof info};
    PROCESS_INFORMATION made;
    DWORD code = 0;
    if (!CreateProcessA(NULL, line, NULL, NULL, FALSE, 0, NULL, NULL, &info, &made)) return 98;
    WaitForSingleObject(made.hProcess, INFINITE);
    GetExitCodeProcess(made.hProcess, &code);
    return (int)code + 1;
  }
  if (strcmp(argv[1], "code") == 0) return atoi(argv[2]);
  if (strcmp(argv[1], "crash") == 0) {
    SetErrorMode(SEM_NOGPFAULTERRORBOX);
    fclose(stderr);
    *(volatile int*)8 = 1;
  }
  return 99;
}

/* What the child prints to either stream, in one text; its exit code. */
static DWORD run(const WCHAR* task, const WCHAR* directory, void* environment, const char* input, char* output,
                 int room, STARTUPINFOW* info) {
  WCHAR line[1024];
  swprintf(line, 1024, L"\"%ls\" %ls", self, task);
  SECURITY_ATTRIBUTES inherited = {sizeof inherited, NULL, TRUE};
  HANDLE in_read, in_write, out_read, out_write;
  CreatePipe(&in_read, &in_write, &inherited, 0);
  CreatePipe(&out_read, &out_write, &inherited, 0);
  SetHandleInformation(in_write, HANDLE_FLAG_INHERIT, 0);
  SetHandleInformation(out_read, HANDLE_FLAG_INHERIT, 0);
  info->cb = sizeof *info;
  info->dwFlags |= STARTF_USESTDHANDLES;
  info->hStdInput = in_read;
  info->hStdOutput = info->hStdError = out_write;
  PROCESS_INFORMATION made;
  if (!CreateProcessW(NULL, line, NULL, NULL, TRUE, environment ? CREATE_UNICODE_ENVIRONMENT : 0, environment,
                      directory, info, &made)) {
    snprintf(output, (size_t)room, "error %lu", GetLastError());
    return 0xDEAD;
  }
  CloseHandle(in_read);
  CloseHandle(out_write);
  DWORD count = 0, size = 0, code = 0;
  WriteFile(in_write, input, (DWORD)strlen(input), &count, NULL);
  CloseHandle(in_write);
  while (ReadFile(out_read, output + size, (DWORD)room - 1 - size, &count, NULL) && count) size += count;
  output[size] = 0;
  for (char* at = output; (at = strpbrk(at, "\r\n")) != NULL;) *at = '/';
  WaitForSingleObject(made.hProcess, INFINITE);
  GetExitCodeProcess(made.hProcess, &code);
  CloseHandle(made.hProcess);
  CloseHandle(made.hThread);
  CloseHandle(out_read);
  return code;
}

static char output[1024];
static void show(const char* tag, const WCHAR* task) {
  STARTUPINFOW info = {0};
  const DWORD code = run(task, NULL, NULL, "", output, sizeof output, &info);
  say(tag, "%s %lu", output, code);
}

int main(int argc, char** argv) {
  GetModuleFileNameW(NULL, self, MAX_PATH);
  if (argc > 1) return child(argc, argv);
  show("plain", L"words one two");
  show("quotes", L"words \"a b\" \"c \\\"d\\\"\" e\\f \"g\\\\\" \"\" h\"i j\"k");
  show("backslashes", L"words a\\\\b \\\\server\\share \"x\\\\\" y");
  show("unicode", L"line \u00fcber \u4e2d\u6587");
  show("wildcard", L"words no*such?file");
  show("line", L"line  two  blanks");
  show("grandchild", L"grandchild");
  show("code", L"code 300");
  SetEnvironmentVariableA("HMODULE_CRASH_REPORT", "off");
  show("crash", L"crash");
  STARTUPINFOW info = {0};
  run(L"streams", NULL, NULL, "input\n", output, sizeof output, &info);
  say("streams", "%s", output);
  CreateDirectoryW(L"w\u00f6rk", NULL);
  memset(&info, 0, sizeof info);
  run(L"where", L"w\u00f6rk", NULL, "", output, sizeof output, &info);
  say("directory", "%s", output);
  WCHAR block[] = L"HM_A=1\0HM_B=2\0SystemRoot=C:\\Windows\0";
  memset(&info, 0, sizeof info);
  run(L"variables", NULL, block, "", output, sizeof output, &info);
  say("environment", "%s", output);
  SetEnvironmentVariableW(L"HM_ADDED", L"w\u00e4rt");
  memset(&info, 0, sizeof info);
  run(L"variables", NULL, NULL, "", output, sizeof output, &info);
  say("inherited", "%d", strstr(output, "HM_ADDED=") != NULL && strstr(output, "HM_GREETING=hello") != NULL);
  WCHAR title[] = L"A title";
  memset(&info, 0, sizeof info);
  info.lpTitle = title;
  info.dwFlags = STARTF_USESHOWWINDOW;
  info.wShowWindow = 3;
  run(L"title", NULL, NULL, "", output, sizeof output, &info);
  say("startup", "%s", output);

  STARTUPINFOW plain = {.cb = sizeof plain};
  PROCESS_INFORMATION made;
  WCHAR nothing[] = L"no_such_program here";
  say("missing", "%d", ERROR_OF(CreateProcessW(NULL, nothing, NULL, NULL, FALSE, 0, NULL, NULL, &plain, &made)));
  WCHAR line[600];
  swprintf(line, 600, L"\"%ls\" code 1", self);
  say("no-directory", "%d",
      ERROR_OF(CreateProcessW(NULL, line, NULL, NULL, FALSE, 0, NULL, L"no\\such\\place", &plain, &made)));
  say("a-directory", "%d",
      ERROR_OF(CreateProcessW(L"w\u00f6rk", line, NULL, NULL, FALSE, 0, NULL, NULL, &plain, &made)));
  int count = 0;
  WCHAR** const words = CommandLineToArgvW(L"prog \"a b\" c\\\"d \"e\\\\\" f", &count);
  say("CommandLineToArgvW", "%d %ls|%ls|%ls|%ls", count, words[1], words[2], words[3], words[4]);
  LocalFree(words);
  WCHAR expanded[64];
  say("ExpandEnvironmentStrings", "%lu %ls", ExpandEnvironmentStringsW(L"[%HM_GREETING%] %nosuch% 100%", expanded, 64),
      expanded);
  return 0;
}

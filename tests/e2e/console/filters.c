/* A pipeline of children, as a shell makes one: generate | number | count, joined by pipes, with wide and binary data.
 */
#include <windows.h>

#include <fcntl.h>
#include <io.h>
#include <stdlib.h>
#include <string.h>

#include "support/say.h"

static char self[MAX_PATH];

static int filter(const char* task) {
  if (strcmp(task, "generate") == 0) {
    for (int i = 0; i < 20000; ++i) printf("line %d of many that go through the pipes\n", i);
    return 1;
  }
  if (strcmp(task, "number") == 0) {
    char line[128];
    for (int i = 1; fgets(line, sizeof line, stdin); ++i) printf("%06d %s", i, line);
    return 2;
  }
  if (strcmp(task, "count") == 0) {
    char line[128], final[128] = "";
    int lines = 0, bytes = 0;
    for (; fgets(line, sizeof line, stdin); ++lines) {
      bytes += (int)strlen(line);
      strcpy(final, line);
    }
    printf("%d %d %.11s", lines, bytes, final);
    return 3;
  }
  if (strcmp(task, "binary") == 0) {
    _setmode(0, _O_BINARY);
    _setmode(1, _O_BINARY);
    for (int c; (c = getchar()) != EOF;) putchar(c ^ 0xFF);
    return 4;
  }
  if (strcmp(task, "early") == 0) return 5; /* reads nothing */
  if (strcmp(task, "endless") == 0) {
    while (puts("more and more") >= 0 && fflush(stdout) == 0) {
    }
    return 6;
  }
  return 99;
}

static HANDLE start(const char* task, HANDLE in, HANDLE out) {
  char line[600];
  snprintf(line, sizeof line, "\"%s\" %s", self, task);
  SetHandleInformation(in, HANDLE_FLAG_INHERIT, HANDLE_FLAG_INHERIT);
  SetHandleInformation(out, HANDLE_FLAG_INHERIT, HANDLE_FLAG_INHERIT);
  STARTUPINFOA info = {.cb = sizeof info,
                       .dwFlags = STARTF_USESTDHANDLES,
                       .hStdInput = in,
                       .hStdOutput = out,
                       .hStdError = GetStdHandle(STD_ERROR_HANDLE)};
  PROCESS_INFORMATION made = {0};
  CreateProcessA(NULL, line, NULL, NULL, TRUE, 0, NULL, NULL, &info, &made);
  CloseHandle(made.hThread);
  CloseHandle(in);
  CloseHandle(out);
  return made.hProcess;
}
static DWORD code_of(HANDLE process) {
  DWORD code = 0xDEAD;
  WaitForSingleObject(process, 60000);
  GetExitCodeProcess(process, &code);
  CloseHandle(process);
  return code;
}

int main(int argc, char** argv) {
  if (argc > 1) return filter(argv[1]);
  GetModuleFileNameA(NULL, self, sizeof self);
  HANDLE read1, write1, read2, write2, read3, write3;
  CreatePipe(&read1, &write1, NULL, 0);
  CreatePipe(&read2, &write2, NULL, 0);
  CreatePipe(&read3, &write3, NULL, 0);
  const HANDLE generate = start("generate", CreateFileA("NUL", GENERIC_READ, 3, NULL, OPEN_EXISTING, 0, NULL), write1);
  const HANDLE number = start("number", read1, write2);
  const HANDLE count = start("count", read2, write3);
  char text[128];
  DWORD size = 0, more = 0;
  while (size < sizeof text - 1 && ReadFile(read3, text + size, (DWORD)sizeof text - 1 - size, &more, NULL) && more)
    size += more;
  text[size] = 0;
  CloseHandle(read3);
  say("pipeline", "%s", text);
  const DWORD first = code_of(generate), second = code_of(number), third = code_of(count);
  say("codes", "%lu %lu %lu", first, second, third);

  CreatePipe(&read1, &write1, NULL, 0);
  CreatePipe(&read2, &write2, NULL, 0);
  const HANDLE binary = start("binary", read1, write2);
  unsigned char all[256], back[256];
  for (int i = 0; i < 256; ++i) all[i] = (unsigned char)i;
  WriteFile(write1, all, sizeof all, &more, NULL);
  CloseHandle(write1);
  size = 0;
  while (size < sizeof back && ReadFile(read2, back + size, (DWORD)sizeof back - size, &more, NULL) && more)
    size += more;
  CloseHandle(read2);
  int right = 0;
  for (int i = 0; i < 256; ++i) right += back[i] == (unsigned char)(i ^ 0xFF);
  say("binary", "%lu %d %lu", size, right, code_of(binary));

  /* ends that close early */
  CreatePipe(&read1, &write1, NULL, 0);
  const HANDLE early = start("early", read1, CreateFileA("NUL", GENERIC_WRITE, 3, NULL, OPEN_EXISTING, 0, NULL));
  say("early", "%lu", code_of(early));
  say("nobody-reads", "%d", ERROR_OF(WriteFile(write1, "x", 1, &more, NULL)));
  CloseHandle(write1);
  CreatePipe(&read2, &write2, NULL, 0);
  const HANDLE endless = start("endless", CreateFileA("NUL", GENERIC_READ, 3, NULL, OPEN_EXISTING, 0, NULL), write2);
  ReadFile(read2, text, 13, &more, NULL);
  say("some", "%.13s", text);
  CloseHandle(read2);
  say("endless", "%lu", code_of(endless));
  return 0;
}

/* The standard handles of a program that has no console: what they are, how they are replaced, what is refused. */
#include <windows.h>

#include <string.h>

#include "support/say.h"

int main(void) {
  const HANDLE in = GetStdHandle(STD_INPUT_HANDLE), out = GetStdHandle(STD_OUTPUT_HANDLE);
  say("types", "%lu %lu", GetFileType(in), GetFileType(out));
  say("no-such-handle", "%d", ERROR_OF(GetStdHandle(77) != INVALID_HANDLE_VALUE));
  DWORD mode = 0, count = 0;
  say("GetConsoleMode", "%d", ERROR_OF(GetConsoleMode(out, &mode)));
  WCHAR wide[8];
  say("ReadConsoleW", "%d", ERROR_OF(ReadConsoleW(in, wide, 8, &count, NULL)));
  say("WriteConsoleW", "%d", ERROR_OF(WriteConsoleW(out, L"x", 1, &count, NULL)));
  CONSOLE_SCREEN_BUFFER_INFO screen;
  say("GetConsoleScreenBufferInfo", "%d", ERROR_OF(GetConsoleScreenBufferInfo(out, &screen)));
  INPUT_RECORD record;
  say("PeekConsoleInput", "%d", ERROR_OF(PeekConsoleInputA(in, &record, 1, &count)));
  say("SetConsoleTextAttribute", "%d", ERROR_OF(SetConsoleTextAttribute(out, 7)));
  say("SetConsoleCtrlHandler", "%d", ERROR_OF(SetConsoleCtrlHandler(NULL, TRUE)));

  /* lines by ReadFile, across its own buffers */
  char text[16], all[128] = "";
  int reads = 0;
  while (ReadFile(in, text, 10, &count, NULL) && count > 0) {
    strncat(all, text, count);
    ++reads;
  }
  say("stdin", "%d %d %d", reads, (int)strlen(all), all[10] == '\r' && all[11] == '\n');
  say("at-end", "%d %lu", ERROR_OF(ReadFile(in, text, 10, &count, NULL)), count);
  SetFilePointer(in, 6, NULL, FILE_BEGIN);
  ReadFile(in, text, 4, &count, NULL);
  say("seek", "%.4s", text);

  /* another standard output, for this program and for what starts later */
  SECURITY_ATTRIBUTES inherited = {sizeof inherited, NULL, TRUE};
  const HANDLE file =
      CreateFileA("out.txt", GENERIC_READ | GENERIC_WRITE, FILE_SHARE_READ, &inherited, CREATE_ALWAYS, 0, NULL);
  say("SetStdHandle", "%d", ERROR_OF(SetStdHandle(STD_OUTPUT_HANDLE, file)));
  say("same", "%d", GetStdHandle(STD_OUTPUT_HANDLE) == file);
  WriteFile(GetStdHandle(STD_OUTPUT_HANDLE), "direct", 6, &count, NULL);
  SetFilePointer(file, 0, NULL, FILE_BEGIN);
  ReadFile(file, text, 16, &count, NULL);
  say("written", "%.*s", (int)count, text);
  SetStdHandle(STD_OUTPUT_HANDLE, out);
  DWORD flags = 0;
  GetHandleInformation(file, &flags);
  say("inheritable", "%lu", flags);
  SetHandleInformation(file, HANDLE_FLAG_INHERIT, 0);
  GetHandleInformation(file, &flags);
  say("no-more", "%lu", flags);
  HANDLE copy;
  say("DuplicateHandle", "%d",
      ERROR_OF(DuplicateHandle(GetCurrentProcess(), file, GetCurrentProcess(), &copy, GENERIC_READ, FALSE, 0)));
  say("read-only-copy", "%d", ERROR_OF(WriteFile(copy, "x", 1, &count, NULL)));
  CloseHandle(copy);
  say("closed", "%d", ERROR_OF(ReadFile(copy, text, 1, &count, NULL)));
  say("closed-twice", "%d", ERROR_OF(CloseHandle(copy)));
  const HANDLE nul = CreateFileA("NUL", GENERIC_READ | GENERIC_WRITE, 0, NULL, OPEN_EXISTING, 0, NULL);
  say("NUL", "%d %lu", nul != INVALID_HANDLE_VALUE, GetFileType(nul));
  say("NUL-write", "%d %lu", ERROR_OF(WriteFile(nul, "gone", 4, &count, NULL)), count);
  say("NUL-read", "%d %lu", ERROR_OF(ReadFile(nul, text, 4, &count, NULL)), count);
  say("CONIN", "%d",
      CreateFileA("CONIN$", GENERIC_READ, FILE_SHARE_READ, NULL, OPEN_EXISTING, 0, NULL) == INVALID_HANDLE_VALUE);
  return 0;
}

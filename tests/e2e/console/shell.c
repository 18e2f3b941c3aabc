/* The command interpreter: what runtimes start for system() and popen(), and programs by its name. cmd.exe is Wine's;
 * what is tested is what it does with files, processes, pipes and text in UTF-8. */
#include <windows.h>

#include <process.h>
#include <stdlib.h>
#include <string.h>

#include "support/say.h"

/* "tag: line|line| -> status" */
static void print_output(const char* tag, FILE* pipe) {
  printf("%s: ", tag);
  if (!pipe) {
    printf("no pipe\n");
    return;
  }
  char line[500];
  while (fgets(line, sizeof line, pipe)) {
    line[strcspn(line, "\r\n")] = 0;
    printf("%s|", line);
  }
  printf(" -> %d\n", _pclose(pipe));
}
static void ask(const char* tag, const char* command) {
  print_output(tag, _popen(command, "r"));
}
static void write_file(const char* name, const char* text) {
  FILE* file = fopen(name, "wb");
  fputs(text, file);
  fclose(file);
}
static DWORD start(const char* line) {
  char copy[500];
  strcpy(copy, line);
  STARTUPINFOA startup = {.cb = sizeof startup};
  PROCESS_INFORMATION process;
  fflush(stdout);
  if (!CreateProcessA(NULL, copy, NULL, NULL, TRUE, 0, NULL, NULL, &startup, &process)) return GetLastError() + 10000;
  WaitForSingleObject(process.hProcess, 20000);
  DWORD code = 0;
  GetExitCodeProcess(process.hProcess, &code);
  CloseHandle(process.hThread);
  CloseHandle(process.hProcess);
  return code;
}

static void test_system(void) {
  say("there", "%d", system(NULL) != 0);
  say("system-status", "%d", system("echo system: says this"));
  say("system-exit", "%d", system("exit 42"));
  say("system-unknown", "%d", system("no-such-command 2> nul"));
  say("comspec", "%s", getenv("ComSpec"));
}

static void test_commands(void) {
  ask("echo", "echo one  two");
  ask("utf8", "echo line \xC3\xBC \xE4\xB8\xAD");
  ask("both", "echo a&& echo b");
  ask("either", "no-such-command 2> nul || echo instead");
  ask("quotes", "echo \"a & b\"");
  ask("if", "if exist none (echo yes) else echo no");
  ask("for", "for %i in (1 2 3) do @echo %i");
  ask("count", "for /l %i in (1,2,7) do @echo %i");
  ask("sum", "set /a 6*7");
  _putenv("HM_SHELL=in the environment");
  ask("environment", "echo %HM_SHELL%");
  ask("set", "set HM_S");
  ask("substring", "echo %HM_SHELL:~3,3%");
  ask("exit", "exit /b 7");
}

static void test_files(void) {
  ask("redirect", "echo first> out.txt&& echo second>> out.txt&& type out.txt");
  ask("files", "for %i in (*.txt) do @echo %i");
  ask("copy", "copy out.txt copy.txt > nul && type copy.txt");
  ask("move", "move copy.txt moved.txt > nul & if exist moved.txt echo moved");
  ask("rename", "ren moved.txt renamed.txt && dir /b *.txt");
  ask("delete", "del out.txt renamed.txt & if not exist out.txt echo gone");
  ask("directory", "mkdir sub\\deep && cd sub\\deep && echo x> y&& dir /b && del y && cd ..\\.. && rmdir sub\\deep");
  ask("tree", "mkdir sub\\more && rmdir /s /q sub && if not exist sub echo gone");
  ask("errors", "echo to errors 2> nul 1>&2");
}

static void test_pipes(const char* self) {
  char command[600];
  snprintf(command, sizeof command, "echo piped| \"%s\" upper", self);
  ask("pipe", command);
  write_file("in.txt", "from a file\r\n");
  snprintf(command, sizeof command, "\"%s\" upper < in.txt", self);
  ask("child-input", command);
  ask("input", "set /p HM_READ=< in.txt& set HM_READ");
  snprintf(command, sizeof command, "\"%s\" code 300", self);
  ask("child-status", command);
  snprintf(command, sizeof command, "\"%s\" code 3 || echo bad", self);
  ask("child-fails", command);
  snprintf(command, sizeof command, "for /f \"tokens=2\" %%i in ('%s upper ^< in.txt') do @echo %%i", self);
  ask("for-output", command);
  fflush(stdout);
  snprintf(command, sizeof command, "\"%s\" tag", self);
  FILE* pipe = _popen(command, "w");
  fputs("to a child\n", pipe);
  say("written-status", "%d", _pclose(pipe));
  remove("in.txt");
}

static void test_processes(void) {
  say("process", "%lu", start("cmd /c exit 5"));
  say("process-name", "%lu", start("cmd.exe /d /s /c \"exit 6\""));
  say("process-echo-status", "%lu", start("cmd /c echo process-echo: here"));
  say("spawn", "%d", (int)_spawnlp(_P_WAIT, "cmd.exe", "cmd.exe", "/c", "exit", "9", NULL));
}

static void test_batch(void) {
  write_file("batch.bat",
             "@echo off\r\n"
             "setlocal\r\n"
             "set LIST=\r\n"
             "for %%i in (%*) do call :add %%i\r\n"
             "set N=0\r\n"
             ":again\r\n"
             "set /a N+=1\r\n"
             "if %N% lss 3 goto again\r\n"
             "set FIRST=%~nx1\r\n"
             "shift\r\n"
             "echo batch-%1: %LIST% %FIRST% %N%\r\n"
             "exit /b 3\r\n"
             ":add\r\n"
             "set LIST=%LIST%[%1]\r\n"
             "goto :eof\r\n");
  ask("batch", "batch.bat one two.txt three");
  ask("batch-called", "call batch.bat a b");
  say("batch-process", "%lu", start("batch.bat x line"));
  say("batch-process-path", "%lu", start("\".\\batch.bat\" y path"));
  write_file("output.cmd", "@echo batch-quoted: %1 %2\r\n");
  say("batch-quoted-status", "%lu", start("output.cmd \"a b\" c"));
  remove("batch.bat");
  say("batch-missing", "%lu", start("batch.bat"));
  remove("output.cmd");
}

int main(int argc, char** argv) {
  char line[100];
  if (argc > 2) return atoi(argv[2]);
  if (argc > 1) {
    if (strcmp(argv[1], "tag") == 0) printf("written: ");
    while (fgets(line, sizeof line, stdin)) fputs(_strupr(line), stdout);
    return 0;
  }
  test_system();
  test_commands();
  test_files();
  test_pipes(argv[0]);
  test_processes();
  test_batch();
  return 0;
}

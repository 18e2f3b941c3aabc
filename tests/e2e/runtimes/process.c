/* Process control of the C runtime: arguments, environment, children, exits, signals. It starts itself. */
#include <direct.h>
#include <errno.h>
#include <io.h>
#include <process.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <windows.h>

static char self[MAX_PATH];

static void at_exit_1(void) {
  printf("atexit: 1\n");
}
static void at_exit_2(void) {
  printf("atexit: 2\n");
}
static int __cdecl on_exit_3(void) {
  printf("atexit: 3\n");
  return 0;
}
static int caught;
static void __cdecl on_signal(int number) {
  caught = number;
}

static int child(int argc, char** argv) {
  const char* const task = argv[1];
  if (strcmp(task, "show") == 0) {
    printf("shown: ");
    for (int i = 2; i < argc; ++i) printf("[%s]", argv[i]);
    const char* const value = getenv("HM_CHILD");
    printf(" %s\n", value ? value : "none");
    return argc;
  }
  if (strcmp(task, "exit") == 0) {
    atexit(at_exit_1);
    exit(atoi(argv[2]));
  }
  if (strcmp(task, "_exit") == 0) {
    atexit(at_exit_1);
    _exit(atoi(argv[2]));
  }
  if (strcmp(task, "abort") == 0) {
    SetErrorMode(SEM_NOGPFAULTERRORBOX);
    signal(SIGABRT, SIG_DFL);
    fclose(stderr);
    abort();
  }
  if (strcmp(task, "descriptor") == 0) { /* an inherited one */
    const int written = _write(atoi(argv[2]), "by the child", 12);
    return written == 12 ? 0 : 1;
  }
  if (strcmp(task, "directory") == 0) return _access("here.txt", 0) == 0 ? 5 : 6;
  return 99;
}

static void children(void) {
  printf("spawn-wait: %d\n", (int)_spawnl(_P_WAIT, self, self, "exit", "42", NULL));
  fflush(stdout);
  printf("spawn-show: %d\n", (int)_spawnl(_P_WAIT, self, "argv0", "show", "plain", "two", NULL));
  const char* const arguments[] = {self, "show", "v", NULL};
  const char* const environment[] = {"HM_CHILD=given", "SystemRoot=C:\\Windows", NULL};
  fflush(stdout);
  printf("spawn-env: %d\n", (int)_spawnve(_P_WAIT, self, arguments, environment));
  _putenv("HM_CHILD=inherited");
  fflush(stdout);
  printf("spawn-v: %d\n", (int)_spawnv(_P_WAIT, self, arguments));
  const intptr_t process = _spawnl(_P_NOWAIT, self, self, "exit", "7", NULL);
  int status = 0;
  printf("cwait: %d", _cwait(&status, process, 0) == process);
  printf(" %d\n", status);
  errno = 0;
  printf("spawn-missing: %d", (int)_spawnl(_P_WAIT, "no_such_program.exe", "x", NULL));
  printf(" %d\n", errno == ENOENT);
  fflush(stdout);
  printf("_exit: %d\n", (int)_spawnl(_P_WAIT, self, self, "_exit", "9", NULL));
  printf("abort: %d\n", (int)_spawnl(_P_WAIT, self, self, "abort", NULL));

  /* a descriptor goes to the child, with its number */
  int ends[2];
  _pipe(ends, 256, 0x8000 /* _O_BINARY */);
  char number[16], text[64] = "";
  _itoa(ends[1], number, 10);
  printf("inherited: %d", (int)_spawnl(_P_WAIT, self, self, "descriptor", number, NULL));
  _close(ends[1]);
  _read(ends[0], text, sizeof text - 1);
  printf(" %s\n", text);
  _mkdir("below");
  FILE* const file = fopen("below/here.txt", "w");
  fclose(file);
  _chdir("below");
  printf("directory: %d\n", (int)_spawnl(_P_WAIT, self, self, "directory", NULL));
  _chdir("..");

  /* a child's output through a pipe of popen's kind */
  int output[2];
  _pipe(output, 4096, 0x8000);
  const int kept = _dup(1);
  fflush(stdout);
  _dup2(output[1], 1);
  _close(output[1]);
  const intptr_t writer = _spawnl(_P_NOWAIT, self, self, "show", "captured", NULL);
  _dup2(kept, 1);
  _close(kept);
  _cwait(&status, writer, 0);
  memset(text, 0, sizeof text);
  const int size = _read(output[0], text, sizeof text - 1);
  text[strcspn(text, "\r\n")] = 0;
  printf("captured: %s %d\n", text + 7, size > 10);
}

static void environment(void) {
  printf("getenv: %s\n", getenv("HM_GREETING"));
  _putenv("HM_NEW=value=with=signs");
  printf("putenv: %s\n", getenv("HM_NEW"));
  char value[32] = "";
  GetEnvironmentVariableA("HM_NEW", value, sizeof value);
  printf("in-the-process: %s\n", value);
  printf("case: %s\n", getenv("hm_new") ? "found" : "not found");
  _putenv("HM_NEW=");
  printf("removed: %d\n", getenv("HM_NEW") == NULL);
  printf("putenv_s: %d", _putenv_s("HM_S", "by _s"));
  size_t needed;
  printf(" %d", getenv_s(&needed, value, sizeof value, "HM_S"));
  printf(" %s %d\n", value, (int)needed);
  char found[MAX_PATH];
  _putenv("HM_LIST=.;C:\\");
  fclose(fopen("searched.txt", "w"));
  _searchenv("searched.txt", "HM_LIST", found);
  printf("searchenv: %d\n", strlen(found) > 12);
}

static void directories(void) {
  char before[MAX_PATH], now[MAX_PATH];
  _getcwd(before, sizeof before);
  printf("mkdir: %d", _mkdir("sub"));
  printf(" %d", _mkdir("sub"));
  printf(" %d\n", errno == EEXIST);
  printf("chdir: %d", _chdir("sub"));
  _getcwd(now, sizeof now);
  printf(" %s\n", now + strlen(before));
  _chdir("..");
  printf("rmdir: %d", _rmdir("sub"));
  printf(" %d", _rmdir("sub"));
  printf(" %d\n", errno == ENOENT);
  printf("drive: %d\n", _getdrive() == (before[0] & 0x1F));
}

static void signals(void) {
  printf("signal: %d", signal(SIGTERM, on_signal) == SIG_DFL);
  raise(SIGTERM);
  printf(" %d %d\n", caught == SIGTERM, signal(SIGTERM, SIG_IGN) == SIG_DFL);
  raise(SIGTERM);
  printf("ignored: %d\n", signal(SIGTERM, SIG_DFL) == SIG_IGN);
  signal(SIGINT, on_signal);
  raise(SIGINT);
  printf("sigint: %d\n", caught == SIGINT);
  errno = 0;
  printf("bad-signal: %d", signal(77, on_signal) == SIG_ERR);
  printf(" %d\n", errno == EINVAL);
}

int main(int argc, char** argv) {
  GetModuleFileNameA(NULL, self, sizeof self);
  if (argc > 1) return child(argc, argv);
  environment();
  directories();
  signals();
  children();
  printf("system: %d\n", system(NULL) != 0 || errno == ENOENT);
  printf("getpid: %d\n", (DWORD)_getpid() == GetCurrentProcessId());
  printf("pgmptr: %d\n", _stricmp(_pgmptr, self) == 0 || _pgmptr != NULL);
  fflush(stdout);
  atexit(at_exit_1);
  atexit(at_exit_2);
  _onexit(on_exit_3);
  return 0;
}

/* Starting other processes: this program starts itself, told by its first argument what to be. */
#include "support/check.h"

#ifndef _WIN32
#define CREATE_SUSPENDED 4
#define CREATE_UNICODE_ENVIRONMENT 0x400
#define STARTF_USESTDHANDLES 0x100
#define HANDLE_FLAG_INHERIT 1
#define STD_INPUT_HANDLE ((DWORD)-10)
#define ERROR_BROKEN_PIPE 109
typedef struct {
  DWORD nLength;
  void* lpSecurityDescriptor;
  BOOL bInheritHandle;
} SECURITY_ATTRIBUTES;
typedef struct {
  DWORD cb;
  char *lpReserved, *lpDesktop, *lpTitle;
  DWORD dwX, dwY, dwXSize, dwYSize, dwXCountChars, dwYCountChars, dwFillAttribute, dwFlags;
  WORD wShowWindow, cbReserved2;
  BYTE* lpReserved2;
  HANDLE hStdInput, hStdOutput, hStdError;
} STARTUPINFOA;
typedef struct {
  HANDLE hProcess, hThread;
  DWORD dwProcessId, dwThreadId;
} PROCESS_INFORMATION;
KERNEL32(BOOL, CreateProcessA,
         (LPCSTR image, LPSTR line, void* p, void* t, BOOL inherit, DWORD flags, void* environment, LPCSTR directory,
          STARTUPINFOA* info, PROCESS_INFORMATION* out),
         (image, line, p, t, inherit, flags, environment, directory, info, out))
KERNEL32(BOOL, GetExitCodeProcess, (HANDLE h, DWORD* code), (h, code))
KERNEL32(BOOL, TerminateProcess, (HANDLE h, DWORD code), (h, code))
KERNEL32(DWORD, ResumeThread, (HANDLE h), (h))
KERNEL32(HANDLE, OpenProcess, (DWORD access, BOOL inherit, DWORD id), (access, inherit, id))
KERNEL32(DWORD, GetProcessId, (HANDLE h), (h))
KERNEL32(BOOL, CreatePipe, (HANDLE * r, HANDLE* w, SECURITY_ATTRIBUTES* s, DWORD n), (r, w, s, n))
KERNEL32(BOOL, SetHandleInformation, (HANDLE h, DWORD mask, DWORD flags), (h, mask, flags))
KERNEL32(void, Sleep, (DWORD ms), (ms))
#define ExitProcess(code) exit((int)(code)) /* the child is a Linux program here */
#else
#define kernel32_function(name) GetProcAddress(GetModuleHandleA("kernel32.dll"), name)
#endif

static int start_and_wait(const char* task);

static int child(int argc, char** argv) {
  const char* const task = argv[1];
  if (strcmp(task, "exit") == 0) ExitProcess(strtoul(argv[2], NULL, 0));
  if (strcmp(task, "nt-exit") == 0 || strcmp(task, "rtl-exit") == 0) {
    const HMODULE ntdll = GetModuleHandleA("ntdll.dll");
    const unsigned code = strtoul(argv[2], NULL, 0);
    if (*task == 'n') PROC(LONG, ntdll, "NtTerminateProcess", (HANDLE, LONG))((HANDLE)(LONG_PTR)-1, code);
    PROC(void, ntdll, "RtlExitUserProcess", (LONG))(code);
  }
  if (strcmp(task, "echo") == 0) {
    char line[256];
    while (fgets(line, sizeof line, stdin)) printf("<%s", line);
    return 0;
  }
  if (strcmp(task, "arguments") == 0) {
    for (int i = 2; i < argc; ++i) printf("[%s]", argv[i]);
    return 0;
  }
  if (strcmp(task, "environment") == 0) {
    const char* const value = getenv(argv[2]);
    printf("%s", value ? value : "(none)");
    return 0;
  }
  if (strcmp(task, "sleep") == 0) {
    Sleep(60000);
    return 0;
  }
  if (strcmp(task, "nested") == 0) return start_and_wait("exit 31") + 1;
  if (strcmp(task, "raise") == 0) { /* with an unhandled filter that says EXCEPTION_EXECUTE_HANDLER */
    const HMODULE faults = LoadLibraryA("faults.dll");
    if (!faults) return 98;
    PROC(void, faults, "take_unhandled", (void))();
    PROC(void, faults, "raise", (DWORD))(strtoul(argv[2], NULL, 0));
  }
  return 99;
}

static char program[1024];

/* Starts this program with `task`; what is not asked for is as CreateProcess has it. */
static BOOL start(const char* task, DWORD flags, void* environment, STARTUPINFOA* info, PROCESS_INFORMATION* out) {
  static char line[4096];
  snprintf(line, sizeof line, "\"%s\" %s", program, task);
  return CreateProcessA(NULL, line, NULL, NULL, info->dwFlags != 0, flags, environment, NULL, info, out);
}

static DWORD answer_of(PROCESS_INFORMATION* child_process) {
  DWORD code = 0xDEAD;
  WaitForSingleObject(child_process->hProcess, 30000);
  GetExitCodeProcess(child_process->hProcess, &code);
  CloseHandle(child_process->hProcess);
  CloseHandle(child_process->hThread);
  return code;
}

static int start_and_wait(const char* task) {
  STARTUPINFOA plain = {.cb = sizeof plain};
  PROCESS_INFORMATION process;
  if (!start(task, 0, NULL, &plain, &process)) return -100;
  return (int)answer_of(&process);
}

/* What the child writes, given `input`. */
static const char* output_of(const char* task, const char* input, void* environment) {
  static char text[4096];
  SECURITY_ATTRIBUTES inherited = {sizeof inherited, NULL, TRUE};
  HANDLE in_read, in_write, out_read, out_write;
  CreatePipe(&in_read, &in_write, &inherited, 0);
  CreatePipe(&out_read, &out_write, &inherited, 0);
  SetHandleInformation(in_write, HANDLE_FLAG_INHERIT, 0);
  SetHandleInformation(out_read, HANDLE_FLAG_INHERIT, 0);
  STARTUPINFOA info = {.cb = sizeof info};
  info.dwFlags = STARTF_USESTDHANDLES;
  info.hStdInput = in_read;
  info.hStdOutput = info.hStdError = out_write;
  PROCESS_INFORMATION process;
  if (!start(task, 0, environment, &info, &process)) return "(not started)";
  CloseHandle(in_read);
  CloseHandle(out_write);
  DWORD done = 0, size = 0;
  WriteFile(in_write, input, (DWORD)strlen(input), &done, NULL);
  CloseHandle(in_write);
  while (size < sizeof text - 1 && ReadFile(out_read, text + size, (DWORD)sizeof text - 1 - size, &done, NULL) && done)
    size += done;
  CloseHandle(out_read);
  answer_of(&process);
  char* to = text; /* a Windows program ends its lines in two characters */
  for (DWORD i = 0; i < size; ++i)
    if (text[i] != '\r') *to++ = text[i];
  *to = 0;
  return text;
}

/* --- NtCreateUserProcess, which kernelbase's CreateProcess is made of --- */

typedef struct {
  USHORT Length, MaximumLength;
  WCHAR* Buffer;
} wide_string;
typedef struct {
  ULONG_PTR attribute;
  SIZE_T size;
  void* value;
  SIZE_T* returned;
} process_attribute;

static const WCHAR* command_line_for(const char* task) {
  static WCHAR wide[1100];
  char text[1100];
  snprintf(text, sizeof text, "\"%s\" %s", program, task);
  for (size_t i = 0; i == 0 || text[i - 1]; ++i) wide[i] = (unsigned char)text[i];
  return wide;
}

static LONG create_natively(const char* task, ULONG thread_flags, PROCESS_INFORMATION* out, HANDLE* id) {
  const HMODULE ntdll = GetModuleHandleA("ntdll.dll");
  static WCHAR image[1100];
  for (size_t i = 0; i == 0 || program[i - 1]; ++i) image[i] = (unsigned char)program[i];
  const WCHAR* const line = command_line_for(task);
  const USHORT line_size = (USHORT)(2 * (strlen(program) + strlen(task) + 3));
  const wide_string name = {(USHORT)(2 * strlen(program)), (USHORT)(2 * strlen(program) + 2), image},
                    arguments = {line_size, (USHORT)(line_size + 2), (WCHAR*)line};
  wide_string native;
  PROC(BOOLEAN, ntdll, "RtlDosPathNameToNtPathName_U", (const WCHAR*, wide_string*, WCHAR**, void*))
  (image, &native, NULL, NULL);
  void* parameters = NULL;
  PROC(LONG, ntdll, "RtlCreateProcessParametersEx",
       (void**, const wide_string*, void*, void*, const wide_string*, void*, void*, void*, void*, void*, ULONG))
  (&parameters, &name, NULL, NULL, &arguments, NULL, NULL, NULL, NULL, NULL, 1);
  ULONG_PTR info[11] = {sizeof info};
  BYTE image_info[0x40];
  struct {
    SIZE_T length;
    process_attribute attributes[3];
  } list = {sizeof list,
            {{0x20005, native.Length, native.Buffer, NULL},
             {0x10003, 2 * sizeof(HANDLE), id, NULL},
             {0x6, sizeof image_info, image_info, NULL}}};
  const LONG status = PROC(LONG, ntdll, "NtCreateUserProcess",
                           (HANDLE*, HANDLE*, ULONG, ULONG, void*, void*, ULONG, ULONG, void*, void*, void*))(
      &out->hProcess, &out->hThread, 0x1FFFFF, 0x1FFFFF, NULL, NULL, 0, thread_flags, parameters, info, &list);
  PROC(void, ntdll, "RtlDestroyProcessParameters", (void*))(parameters);
  PROC(void, ntdll, "RtlFreeUnicodeString", (wide_string*))(&native);
  return status;
}

static void test_native_creation(void) {
  PROCESS_INFORMATION process = {0};
  HANDLE id[2] = {0};
  TEST("NtCreateUserProcess", "runs an image with process parameters") {
    CHECK_EQ(create_natively("exit 51", 0, &process, id), 0);
    CHECK_EQ((ULONG_PTR)id[0], GetProcessId(process.hProcess));
    CHECK_EQ(answer_of(&process), 51);
    CHECK_EQ(create_natively("exit 52", 1, &process, id), 0);
    CHECK_EQ(WaitForSingleObject(process.hProcess, 300), WAIT_TIMEOUT);
    CHECK_EQ(ResumeThread(process.hThread), 1);
    CHECK_EQ(answer_of(&process), 52);
  }
  TEST("NtCreateUserProcess-none", "tells that there is no such image") {
    const size_t end = strlen(program);
    strcat(program, ".none");
    CHECK_EQ((ULONG)create_natively("", 0, &process, id), 0xC0000034);
    program[end] = 0;
  }
  TEST("CreateProcessInternalW", "kernelbase's own way to it") {
    STARTUPINFOA plain = {.cb = sizeof plain};
    CHECK(PROC(
        BOOL, LoadLibraryA("kernelbase.dll"), "CreateProcessInternalW",
        (HANDLE, const WCHAR*, const WCHAR*, void*, void*, BOOL, DWORD, void*, const WCHAR*, void*, void*, HANDLE*))(
        NULL, NULL, command_line_for("exit 53"), NULL, NULL, FALSE, 0, NULL, NULL, &plain, &process, NULL));
    CHECK_EQ(answer_of(&process), 53);
    CHECK(PROC(BOOL, LoadLibraryA("kernelbase.dll"), "CreateProcessInternalW",
               (HANDLE, const WCHAR*, const WCHAR*, void*, void*, BOOL, DWORD, void*, const WCHAR*, void*, void*,
                HANDLE*))(NULL, NULL, command_line_for("exit 54"), NULL, NULL, FALSE, CREATE_SUSPENDED, NULL, NULL,
                          &plain, &process, NULL));
    CHECK_EQ(WaitForSingleObject(process.hProcess, 300), WAIT_TIMEOUT);
    CHECK_EQ(ResumeThread(process.hThread), 1);
    CHECK_EQ(answer_of(&process), 54);
  }
}

int main(int argc, char** argv) {
  GetModuleFileNameA(NULL, program, sizeof program);
  if (argc > 1) return child(argc, argv);
  STARTUPINFOA plain = {.cb = sizeof plain};
  PROCESS_INFORMATION process;

  TEST("CreateProcess", "a child's exit code can be waited for") {
    CHECK(start("exit 42", 0, NULL, &plain, &process));
    CHECK(process.dwProcessId != 0 && GetProcessId(process.hProcess) == process.dwProcessId);
    CHECK_EQ(answer_of(&process), 42);
    CHECK(start("exit 0", 0, NULL, &plain, &process));
    CHECK_EQ(answer_of(&process), 0);
  }
#ifdef _WIN32
  TEST("CreateProcess-32", "of which no bit is lost") {
    CHECK(start("exit 0xC0FFEE00", 0, NULL, &plain, &process));
    CHECK_EQ(answer_of(&process), 0xC0FFEE00);
  }
#endif
  TEST("EH-42", "an exception that the unhandled filter takes ends the process with its code") {
    CHECK(start("raise 0xE0001234", 0, NULL, &plain, &process));
    CHECK_EQ(answer_of(&process), 0xE0001234);
    CHECK(start("raise 0xC0000005", 0, NULL, &plain, &process));
    CHECK_EQ(answer_of(&process), 0xC0000005);
  }
  TEST("CreateProcess-streams", "standard handles are the child's") {
    CHECK_STR(output_of("echo", "one\ntwo\n", NULL), "<one\n<two\n");
  }
  TEST("CreateProcess-line", "the command line arrives as it was") {
    CHECK_STR(output_of("arguments a \"b c\" \"d\\\"e\" \"\" f\\\\g", "", NULL), "[a][b c][d\"e][][f\\\\g]");
  }
  TEST("CreateProcess-environment", "the environment is ours or the one given") {
    SetEnvironmentVariableA("HM_CHILD", "inherited");
    CHECK_STR(output_of("environment HM_CHILD", "", NULL), "inherited");
    char block[] = "HM_CHILD=given\0SystemRoot=C:\\Windows\0"; /* and the array's own end */
    CHECK_STR(output_of("environment HM_CHILD", "", block), "given");
  }
  TEST("CreateProcess-nested", "a child's child has its own command line, and ours is in nobody's environment") {
    CHECK_EQ(start_and_wait("nested"), 32);
    CHECK_EQ(start_and_wait("nt-exit 41"), 41);
    CHECK_EQ(start_and_wait("rtl-exit 42"), 42);
    CHECK_STR(output_of("environment HMODULE_COMMAND_LINE", "", NULL), "(none)");
  }
  TEST("CreateProcess-suspended", "a suspended child does nothing until it is resumed") {
    CHECK(start("exit 7", CREATE_SUSPENDED, NULL, &plain, &process));
    CHECK_EQ(WaitForSingleObject(process.hProcess, 300), WAIT_TIMEOUT);
    DWORD code = 0;
    CHECK(GetExitCodeProcess(process.hProcess, &code) && code == STILL_ACTIVE);
    CHECK_EQ(ResumeThread(process.hThread), 1);
    CHECK_EQ(answer_of(&process), 7);
  }
  TEST("TerminateProcess", "ends it with the code given, and its thread is signalled too") {
    CHECK(start("sleep", 0, NULL, &plain, &process));
    const HANDLE again = OpenProcess(0x1000, FALSE, process.dwProcessId);
    CHECK(again != NULL);
    CHECK_EQ(WaitForSingleObject(process.hThread, 0), WAIT_TIMEOUT);
    CHECK(TerminateProcess(process.hProcess, 0x1234));
    CHECK_EQ(WaitForSingleObject(process.hThread, 30000), WAIT_OBJECT_0);
    DWORD code = 0;
    WaitForSingleObject(process.hProcess, 30000);
    CHECK(GetExitCodeProcess(again, &code) && code == 0x1234);
    CloseHandle(again);
    CHECK_EQ(answer_of(&process), 0x1234);
  }
  test_native_creation();
  TEST("CreateProcess-errors", "what cannot be started is told") {
    char missing[] = "no_such_program_anywhere with arguments";
    SetLastError(0);
    CHECK(!CreateProcessA(NULL, missing, NULL, NULL, FALSE, 0, NULL, NULL, &plain, &process));
    CHECK_EQ(GetLastError(), 2);
    char line[1100];
    snprintf(line, sizeof line, "\"%s\" exit 1", program);
    SetLastError(0);
    CHECK(!CreateProcessA(NULL, line, NULL, NULL, FALSE, 0, NULL, "no/such/place", &plain, &process));
    CHECK_EQ(GetLastError(), 267);
    SetLastError(0);
    CHECK(!CreateProcessA("", line, NULL, NULL, FALSE, 0, NULL, NULL, &plain, &process));
    CHECK_EQ(GetLastError(), 3);
    const char* const text = in_scratch("text.exe");
    const HANDLE file = CreateFileA(text, GENERIC_WRITE, 0, NULL, CREATE_ALWAYS, 0, NULL);
    DWORD done;
    WriteFile(file, "just text, and long enough for a header of some kind: 0123456789abcdef0123456789abcdef", 80, &done,
              NULL);
    CloseHandle(file);
    SetLastError(0);
    CHECK(!CreateProcessA(text, NULL, NULL, NULL, FALSE, 0, NULL, NULL, &plain, &process));
    CHECK(GetLastError() == 193 || GetLastError() == 11);
    DeleteFileA(text);
  }
  return finish();
}

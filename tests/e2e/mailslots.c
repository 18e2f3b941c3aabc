/* Mailslots between processes: this program starts itself, told by its arguments to write. */
#include "support/check.h"

#ifndef _WIN32
#define INVALID_HANDLE_VALUE ((HANDLE)(intptr_t)-1)
#define MAILSLOT_WAIT_FOREVER ((DWORD)-1)
#define MAILSLOT_NO_MESSAGE ((DWORD)-1)
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
KERNEL32(HANDLE, CreateMailslotA, (LPCSTR name, DWORD size, DWORD timeout, void* s), (name, size, timeout, s))
KERNEL32(BOOL, GetMailslotInfo, (HANDLE h, DWORD* size, DWORD* next, DWORD* count, DWORD* timeout),
         (h, size, next, count, timeout))
KERNEL32(BOOL, SetMailslotInfo, (HANDLE h, DWORD timeout), (h, timeout))
#endif

static HANDLE open_slot(const char* name) {
  return CreateFileA(name, GENERIC_WRITE, FILE_SHARE_READ, NULL, OPEN_EXISTING, 0, NULL);
}
static int post(HANDLE slot, const char* text) {
  DWORD done = 0;
  return WriteFile(slot, text, (DWORD)strlen(text), &done, NULL) && done == strlen(text);
}
static const char* take(HANDLE slot) {
  static char text[200];
  DWORD done = 0;
  if (!ReadFile(slot, text, sizeof text - 1, &done, NULL)) return "(nothing)";
  text[done] = 0;
  return text;
}

static int child(const char* name) {
  const HANDLE slot = open_slot(name);
  if (slot == INVALID_HANDLE_VALUE) return 90;
  return post(slot, "from the child") && post(slot, "twice") ? 11 : 91;
}

int main(int argc, char** argv) {
  if (argc > 1) return child(argv[1]);
  char program[1024], name[100], line[1200];
  GetModuleFileNameA(NULL, program, sizeof program);
  snprintf(name, sizeof name, "\\\\.\\mailslot\\hmodule-test-%u", (unsigned)GetCurrentProcessId());
  const HANDLE slot = CreateMailslotA(name, 64, 0, NULL);
  DWORD size = 0, next = 0, count = 99, timeout = 99;

  TEST("mailslot", "it has one server, and takes no messages from it") {
    CHECK(slot != INVALID_HANDLE_VALUE);
    CHECK_FAILS(CreateMailslotA(name, 64, 0, NULL) != INVALID_HANDLE_VALUE, ERROR_ALREADY_EXISTS);
    CHECK_FALSE(post(slot, "x"));
    CHECK(GetMailslotInfo(slot, &size, &next, &count, &timeout));
    CHECK_EQ(size, 64);
    CHECK_EQ(next, MAILSLOT_NO_MESSAGE);
    CHECK_EQ(count, 0);
    CHECK_EQ(timeout, 0);
  }
  TEST("mailslot-empty", "without a message a read ends in time") {
    SetLastError(0xDEAD);
    CHECK_STR(take(slot), "(nothing)");
    CHECK_ERROR(121);
  }
  TEST("mailslot-processes", "messages come from another process, in order and whole") {
    STARTUPINFOA info = {0};
    PROCESS_INFORMATION process = {0};
    info.cb = sizeof info;
    snprintf(line, sizeof line, "\"%s\" %s", program, name);
    CHECK(SetMailslotInfo(slot, MAILSLOT_WAIT_FOREVER));
    CHECK(CreateProcessA(NULL, line, NULL, NULL, FALSE, 0, NULL, NULL, &info, &process));
    CHECK_STR(take(slot), "from the child");
    CHECK_STR(take(slot), "twice");
    DWORD code = 0;
    CHECK_EQ(WaitForSingleObject(process.hProcess, 20000), 0);
    CHECK(GetExitCodeProcess(process.hProcess, &code));
    CHECK_EQ(code, 11);
    CloseHandle(process.hThread);
    CloseHandle(process.hProcess);
  }
  TEST("mailslot-small", "a message that is longer than the buffer stays") {
    const HANDLE end = open_slot(name);
    char little[2];
    CHECK(SetMailslotInfo(slot, 0));
    CHECK(post(end, "long"));
    CHECK_FAILS(ReadFile(slot, little, 2, &size, NULL), ERROR_INSUFFICIENT_BUFFER);
    CHECK(GetMailslotInfo(slot, NULL, &next, &count, NULL));
    CHECK_EQ(next, 4);
    CHECK_EQ(count, 1);
    CHECK_STR(take(slot), "long");
    CloseHandle(end);
  }
  TEST("mailslot-closed", "it goes with its server's handle") {
    CloseHandle(slot);
    CHECK_FAILS(open_slot(name) != INVALID_HANDLE_VALUE, ERROR_FILE_NOT_FOUND);
  }
  return finish();
}

/* The same test source is compiled twice: for Linux, against libhmodule's Windows names, and for Windows, by mingw-w64,
 * for `hmodule run` and for Wine. This header makes the two look alike: W("...") is a wide literal, and kernel32
 * functions beyond <hmodule/libloaderapi.h> are looked up in our own kernel32.dll, as a DLL's imports are. */
#pragma once

#ifdef _WIN32

#include <windows.h>
/* after windows.h */
#include <psapi.h>
#include <tlhelp32.h>
#include <winternl.h>
#define W(text) L##text

/* What mingw-w64 10's headers lack. */
#define ERROR_INVALID_IMAGE_HASH 577
#ifndef LOAD_LIBRARY_SAFE_CURRENT_DIRS
#define LOAD_LIBRARY_SAFE_CURRENT_DIRS 0x00002000
#endif
#ifndef LOAD_LIBRARY_REQUIRE_SIGNED_TARGET
#define LOAD_LIBRARY_REQUIRE_SIGNED_TARGET 0x00000080
#endif

#else

#include <hmodule/libloaderapi.h>
#define W(text) u##text

typedef DWORD(WINAPI* LPTHREAD_START_ROUTINE)(void*);
#define INFINITE 0xFFFFFFFF
#define WAIT_OBJECT_0 0
#define WAIT_TIMEOUT 258
#define STILL_ACTIVE 259
#define GENERIC_READ 0x80000000
#define GENERIC_WRITE 0x40000000
#define FILE_SHARE_READ 1
#define FILE_SHARE_WRITE 2
#define CREATE_ALWAYS 2
#define OPEN_EXISTING 3
#define INVALID_FILE_ATTRIBUTES 0xFFFFFFFF
#define MEM_COMMIT 0x1000
#define MEM_IMAGE 0x1000000
#define PAGE_NOACCESS 0x01
#define PAGE_READONLY 0x02
#define PAGE_READWRITE 0x04
#define PAGE_WRITECOPY 0x08
#define PAGE_EXECUTE_READ 0x20

typedef struct {
  PVOID BaseAddress, AllocationBase;
  DWORD AllocationProtect, PartitionId;
  SIZE_T RegionSize;
  DWORD State, Protect, Type;
} MEMORY_BASIC_INFORMATION;

typedef struct {
  USHORT Length, MaximumLength;
  WCHAR* Buffer;
} UNICODE_STRING;

static inline void* kernel32_function(const char* name) {
  return (void*)GetProcAddress(GetModuleHandleA("kernel32.dll"), name);
}
#define KERNEL32(type, name, parameters, arguments)                  \
  static inline type name parameters {                               \
    static type(WINAPI* function) parameters;                        \
    if (!function) {                                                 \
      const DWORD error = GetLastError();                            \
      function = (type(WINAPI*) parameters)kernel32_function(#name); \
      SetLastError(error);                                           \
    }                                                                \
    return function arguments;                                       \
  }
KERNEL32(HANDLE, CreateThread, (void* s, SIZE_T n, LPTHREAD_START_ROUTINE f, void* p, DWORD c, DWORD* id),
         (s, n, f, p, c, id))
KERNEL32(HANDLE, CreateEventA, (void* s, BOOL manual, BOOL set, LPCSTR name), (s, manual, set, name))
KERNEL32(BOOL, SetEvent, (HANDLE h), (h))
KERNEL32(DWORD, WaitForSingleObject, (HANDLE h, DWORD ms), (h, ms))
KERNEL32(BOOL, GetExitCodeThread, (HANDLE h, DWORD* code), (h, code))
KERNEL32(HANDLE, CreateFileA, (LPCSTR name, DWORD a, DWORD share, void* s, DWORD how, DWORD f, HANDLE t),
         (name, a, share, s, how, f, t))
KERNEL32(BOOL, WriteFile, (HANDLE h, LPCVOID b, DWORD n, DWORD* done, void* o), (h, b, n, done, o))
KERNEL32(BOOL, ReadFile, (HANDLE h, LPVOID b, DWORD n, DWORD* done, void* o), (h, b, n, done, o))
KERNEL32(DWORD, GetFileAttributesA, (LPCSTR path), (path))
KERNEL32(BOOL, CopyFileA, (LPCSTR from, LPCSTR to, BOOL fail), (from, to, fail))
KERNEL32(BOOL, CreateHardLinkA, (LPCSTR name, LPCSTR existing, void* s), (name, existing, s))
KERNEL32(BOOL, DeleteFileA, (LPCSTR name), (name))
KERNEL32(BOOL, MoveFileA, (LPCSTR from, LPCSTR to), (from, to))
KERNEL32(BOOL, CreateDirectoryA, (LPCSTR name, void* s), (name, s))
KERNEL32(BOOL, RemoveDirectoryA, (LPCSTR name), (name))
KERNEL32(DWORD, GetTempPathA, (DWORD n, LPSTR b), (n, b))
KERNEL32(DWORD, GetCurrentDirectoryA, (DWORD n, LPSTR b), (n, b))
KERNEL32(BOOL, SetCurrentDirectoryA, (LPCSTR path), (path))
KERNEL32(DWORD, GetEnvironmentVariableA, (LPCSTR name, LPSTR b, DWORD n), (name, b, n))
KERNEL32(BOOL, SetEnvironmentVariableA, (LPCSTR name, LPCSTR value), (name, value))
KERNEL32(UINT, GetSystemDirectoryA, (LPSTR b, UINT n), (b, n))
KERNEL32(SIZE_T, VirtualQuery, (LPCVOID p, MEMORY_BASIC_INFORMATION* m, SIZE_T n), (p, m, n))

#endif

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A function of a module, with the Windows calling convention. */
#define PROC(type, module, name, parameters) ((type(WINAPI*) parameters)(void*)GetProcAddress(module, name))
#define VARIABLE(type, module, name) ((type*)(void*)GetProcAddress(module, name))

/* Some questions end a program under Wine 8. */
static inline int on_wine(void) {
  return GetProcAddress(GetModuleHandleA("ntdll.dll"), "wine_get_version") != NULL;
}

/* The directory of the test DLLs, which is the program's own, with a closing backslash. */
static inline const char* bin_directory(void) {
  static char path[1024];
  if (!*path) {
    GetModuleFileNameA(NULL, path, sizeof path);
    strrchr(path, '\\')[1] = 0;
  }
  return path;
}

/* "<bin>\<name>"; the last 16 results stay valid. */
static inline char* in_bin(const char* name) {
  static char paths[16][2048];
  static int next;
  char* path = paths[next++ % 16];
  snprintf(path, sizeof paths[0], "%s%s", bin_directory(), name);
  return path;
}

static inline WCHAR* wide(const char* text) { /* ASCII only */
  static WCHAR buffers[16][2048];
  static int next;
  WCHAR* buffer = buffers[next++ % 16];
  size_t length = 0;
  for (; text[length]; ++length) buffer[length] = (WCHAR)(unsigned char)text[length];
  buffer[length] = 0;
  return buffer;
}

/* "<scratch>\<name>": a directory of this process's own for files the test makes. */
static inline char* in_scratch(const char* name) {
  static char paths[16][2048];
  static int next;
  static char directory[1024];
  if (!*directory) {
    char temp[900];
    GetTempPathA(sizeof temp, temp);
    snprintf(directory, sizeof directory, "%shmodule-e2e-%u", temp, (unsigned)GetCurrentProcessId());
    CreateDirectoryA(directory, NULL);
  }
  char* path = paths[next++ % 16];
  snprintf(path, sizeof paths[0], "%s%s%s", directory, *name ? "\\" : "", name);
  return path;
}

static inline int write_file(const char* path, const void* bytes, size_t size) {
  const HANDLE file = CreateFileA(path, GENERIC_WRITE, 0, NULL, CREATE_ALWAYS, 0, NULL);
  DWORD done = 0;
  if (file == INVALID_HANDLE_VALUE) return 0;
  const int good = (size == 0 || WriteFile(file, bytes, (DWORD)size, &done, NULL)) && done == size;
  CloseHandle(file);
  return good;
}

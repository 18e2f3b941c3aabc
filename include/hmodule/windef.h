/* Windows' basic types, as this 64-bit process and a DLL agree on them (LLP64: LONG and DWORD have 32 bits,
 * WCHAR has 16). Usable from C11 and C++20. Names and widths: Microsoft Learn, "Windows Data Types". */
#ifndef HMODULE_WINDEF_H
#define HMODULE_WINDEF_H

#if !defined(__x86_64__) || !defined(__linux__)
#error "hmodule runs x86-64 Windows code; build for x86-64 Linux"
#endif

#include <stddef.h>
#include <stdint.h>
#ifndef __cplusplus
#include <uchar.h>
#endif

/* The Windows x64 calling convention. On a lambda it goes after the parameter list. */
#define HM_WINAPI __attribute__((ms_abi))
#ifndef WINAPI
#define WINAPI HM_WINAPI
#define CALLBACK HM_WINAPI
#define APIENTRY HM_WINAPI
#endif

#ifdef __cplusplus
extern "C" {
#endif

typedef int32_t BOOL;
typedef uint8_t BYTE, BOOLEAN, UCHAR;
typedef char CHAR;
typedef int16_t SHORT;
typedef uint16_t WORD, USHORT, ATOM, LANGID;
typedef int32_t INT, LONG, HRESULT;
typedef uint32_t UINT, DWORD, ULONG, LCID;
typedef int64_t LONGLONG, LONG64, INT_PTR, LONG_PTR;
typedef uint64_t ULONGLONG, ULONG64, DWORD64, DWORDLONG, UINT_PTR, ULONG_PTR, DWORD_PTR, SIZE_T;
typedef int64_t SSIZE_T;
typedef char16_t WCHAR;
typedef void *PVOID, *LPVOID, *HANDLE, *HGLOBAL, *HLOCAL, *HRSRC;
typedef const void* LPCVOID;
typedef HANDLE* PHANDLE;
typedef BOOL *PBOOL, *LPBOOL;
typedef BYTE *PBYTE, *LPBYTE;
typedef WORD *PWORD, *LPWORD;
typedef LONG *PLONG, *LPLONG;
typedef DWORD *PDWORD, *LPDWORD;
typedef ULONG* PULONG;
typedef SIZE_T* PSIZE_T;
typedef CHAR *PSTR, *LPSTR;
typedef const CHAR *PCSTR, *LPCSTR;
typedef WCHAR *PWSTR, *LPWSTR;
typedef const WCHAR *PCWSTR, *LPCWSTR;

typedef struct HINSTANCE__* HINSTANCE;
typedef HINSTANCE HMODULE;
typedef INT_PTR(WINAPI* FARPROC)(void);
typedef void* DLL_DIRECTORY_COOKIE;

#ifdef __cplusplus
}
#endif

#ifndef TRUE
#define FALSE 0
#define TRUE 1
#endif
#ifndef MAX_PATH
#define MAX_PATH 260
#endif
#ifndef INVALID_HANDLE_VALUE
#define INVALID_HANDLE_VALUE ((HANDLE)(intptr_t)-1)
#endif

#endif

/* The Windows names for run-time dynamic linking, with Windows' own types, for native Linux programs: a source that
 * loads DLLs on Windows compiles here with this header in place of <windows.h>. Usable from C11 and C++20.
 *
 * Conventions. Functions with W take UTF-16 (WCHAR is char16_t), functions with A take UTF-8. A path may be a Windows
 * path (Z:\opt\x\foo.dll; Z: is the root directory) or a Linux path that starts with '/'. A function that fails says
 * why through GetLastError(); one that succeeds leaves the last error alone unless its comment says otherwise.
 * Function pointers from GetProcAddress() have the Windows calling convention: write WINAPI into their types.
 * Names, types and values: Microsoft Learn, the reference pages of the Windows headers named below. */
#ifndef HMODULE_LIBLOADERAPI_H
#define HMODULE_LIBLOADERAPI_H

#include "windef.h"
#include "winerror.h"

#ifndef HM_EXPORT
#define HM_EXPORT __attribute__((visibility("default")))
#endif

#ifdef __cplusplus
extern "C" {
#endif

/* ---- libloaderapi.h: loading and freeing ---- */

#define DONT_RESOLVE_DLL_REFERENCES 0x00000001
#define LOAD_LIBRARY_AS_DATAFILE 0x00000002
#define LOAD_WITH_ALTERED_SEARCH_PATH 0x00000008
#define LOAD_IGNORE_CODE_AUTHZ_LEVEL 0x00000010
#define LOAD_LIBRARY_AS_IMAGE_RESOURCE 0x00000020
#define LOAD_LIBRARY_AS_DATAFILE_EXCLUSIVE 0x00000040
#define LOAD_LIBRARY_REQUIRE_SIGNED_TARGET 0x00000080
#define LOAD_LIBRARY_SEARCH_DLL_LOAD_DIR 0x00000100
#define LOAD_LIBRARY_SEARCH_APPLICATION_DIR 0x00000200
#define LOAD_LIBRARY_SEARCH_USER_DIRS 0x00000400
#define LOAD_LIBRARY_SEARCH_SYSTEM32 0x00000800
#define LOAD_LIBRARY_SEARCH_DEFAULT_DIRS 0x00001000
#define LOAD_LIBRARY_SAFE_CURRENT_DIRS 0x00002000
#define LOAD_LIBRARY_SEARCH_SYSTEM32_NO_FORWARDER 0x00004000

#define DLL_PROCESS_DETACH 0
#define DLL_PROCESS_ATTACH 1
#define DLL_THREAD_ATTACH 2
#define DLL_THREAD_DETACH 3

/* Loads a DLL, or counts one more reference to a loaded one, in Windows' standard search order. Runs its DllMain in
 * the calling thread. Returns the handle, which is the address of the image, or NULL. */
HM_EXPORT HMODULE WINAPI LoadLibraryA(LPCSTR lpLibFileName);
HM_EXPORT HMODULE WINAPI LoadLibraryW(LPCWSTR lpLibFileName);

/* The same, with LOAD_* flags that choose where to search and what to do with the file. hFile must be NULL. */
HM_EXPORT HMODULE WINAPI LoadLibraryExA(LPCSTR lpLibFileName, HANDLE hFile, DWORD dwFlags);
HM_EXPORT HMODULE WINAPI LoadLibraryExW(LPCWSTR lpLibFileName, HANDLE hFile, DWORD dwFlags);

/* Gives one reference back. The last one runs DllMain(DLL_PROCESS_DETACH) and unmaps the DLL, and then those it alone
 * had brought in. */
HM_EXPORT BOOL WINAPI FreeLibrary(HMODULE hLibModule);

/* FreeLibrary and ExitThread in one step, for a thread that runs code of the DLL it frees. Does not return. */
HM_EXPORT void WINAPI FreeLibraryAndExitThread(HMODULE hLibModule, DWORD dwExitCode) __attribute__((noreturn));

/* No more DLL_THREAD_ATTACH and DLL_THREAD_DETACH for this DLL. Fails for a DLL with static thread-local storage. */
HM_EXPORT BOOL WINAPI DisableThreadLibraryCalls(HMODULE hLibModule);

/* The address of an exported function or variable, by name (compared byte by byte) or by ordinal
 * (MAKEINTRESOURCEA(n)). A NULL handle is the main program. */
HM_EXPORT FARPROC WINAPI GetProcAddress(HMODULE hModule, LPCSTR lpProcName);

/* ---- libloaderapi.h: questions about loaded modules ---- */

#define GET_MODULE_HANDLE_EX_FLAG_PIN 0x00000001
#define GET_MODULE_HANDLE_EX_FLAG_UNCHANGED_REFCOUNT 0x00000002
#define GET_MODULE_HANDLE_EX_FLAG_FROM_ADDRESS 0x00000004

/* The handle of a DLL that is loaded already; counts nothing. NULL is the main program. */
HM_EXPORT HMODULE WINAPI GetModuleHandleA(LPCSTR lpModuleName);
HM_EXPORT HMODULE WINAPI GetModuleHandleW(LPCWSTR lpModuleName);

/* The same, counting one reference unless told otherwise; by name or by an address inside the module. */
HM_EXPORT BOOL WINAPI GetModuleHandleExA(DWORD dwFlags, LPCSTR lpModuleName, HMODULE* phModule);
HM_EXPORT BOOL WINAPI GetModuleHandleExW(DWORD dwFlags, LPCWSTR lpModuleName, HMODULE* phModule);

/* The module's Windows path. Returns the length copied; sets the last error to 0. A buffer too small is filled and
 * terminated, the result is nSize and the last error ERROR_INSUFFICIENT_BUFFER. */
HM_EXPORT DWORD WINAPI GetModuleFileNameA(HMODULE hModule, LPSTR lpFilename, DWORD nSize);
HM_EXPORT DWORD WINAPI GetModuleFileNameW(HMODULE hModule, LPWSTR lpFilename, DWORD nSize);

/* ---- libloaderapi.h and winbase.h: where DLLs are looked for ---- */

/* One more directory for LOAD_LIBRARY_SEARCH_USER_DIRS. The newest is searched first. */
HM_EXPORT DLL_DIRECTORY_COOKIE WINAPI AddDllDirectory(PCWSTR NewDirectory);
HM_EXPORT BOOL WINAPI RemoveDllDirectory(DLL_DIRECTORY_COOKIE Cookie);

/* The LOAD_LIBRARY_SEARCH_* flags for every later load that gives none. There is no way back to the standard order. */
HM_EXPORT BOOL WINAPI SetDefaultDllDirectories(DWORD DirectoryFlags);

/* A directory that takes the current directory's place in the standard order; "" only removes the current directory;
 * NULL restores it. */
HM_EXPORT BOOL WINAPI SetDllDirectoryA(LPCSTR lpPathName);
HM_EXPORT BOOL WINAPI SetDllDirectoryW(LPCWSTR lpPathName);
HM_EXPORT DWORD WINAPI GetDllDirectoryA(DWORD nBufferLength, LPSTR lpBuffer);
HM_EXPORT DWORD WINAPI GetDllDirectoryW(DWORD nBufferLength, LPWSTR lpBuffer);

/* ---- libloaderapi.h: resources ---- */

#define MAKEINTRESOURCEA(i) ((LPSTR)(ULONG_PTR)(WORD)(i))
#define MAKEINTRESOURCEW(i) ((LPWSTR)(ULONG_PTR)(WORD)(i))
#define IS_INTRESOURCE(r) (((ULONG_PTR)(r) >> 16) == 0)
#define LDR_IS_DATAFILE(handle) ((ULONG_PTR)(handle)&1)
#define LDR_IS_IMAGEMAPPING(handle) ((ULONG_PTR)(handle)&2)
#define LDR_IS_RESOURCE(handle) ((ULONG_PTR)(handle)&3)
#define MAKELANGID(p, s) ((WORD)(((WORD)(s) << 10) | (WORD)(p)))
#define RT_CURSOR MAKEINTRESOURCE(1)
#define RT_BITMAP MAKEINTRESOURCE(2)
#define RT_ICON MAKEINTRESOURCE(3)
#define RT_MENU MAKEINTRESOURCE(4)
#define RT_DIALOG MAKEINTRESOURCE(5)
#define RT_STRING MAKEINTRESOURCE(6)
#define RT_ACCELERATOR MAKEINTRESOURCE(9)
#define RT_RCDATA MAKEINTRESOURCE(10)
#define RT_MESSAGETABLE MAKEINTRESOURCE(11)
#define RT_VERSION MAKEINTRESOURCE(16)
#define RT_MANIFEST MAKEINTRESOURCE(24)

typedef BOOL(CALLBACK* ENUMRESTYPEPROCA)(HMODULE hModule, LPSTR lpType, LONG_PTR lParam);
typedef BOOL(CALLBACK* ENUMRESTYPEPROCW)(HMODULE hModule, LPWSTR lpType, LONG_PTR lParam);
typedef BOOL(CALLBACK* ENUMRESNAMEPROCA)(HMODULE hModule, LPCSTR lpType, LPSTR lpName, LONG_PTR lParam);
typedef BOOL(CALLBACK* ENUMRESNAMEPROCW)(HMODULE hModule, LPCWSTR lpType, LPWSTR lpName, LONG_PTR lParam);
typedef BOOL(CALLBACK* ENUMRESLANGPROCA)(HMODULE hModule, LPCSTR lpType, LPCSTR lpName, WORD wLanguage,
                                         LONG_PTR lParam);
typedef BOOL(CALLBACK* ENUMRESLANGPROCW)(HMODULE hModule, LPCWSTR lpType, LPCWSTR lpName, WORD wLanguage,
                                         LONG_PTR lParam);

/* Finds a resource by type and name, each an integer (MAKEINTRESOURCE), "#123" or a string without regard to case.
 * Misses: ERROR_RESOURCE_DATA_NOT_FOUND, _TYPE_, _NAME_ or _LANG_NOT_FOUND. Works on modules and datafile handles. */
HM_EXPORT HRSRC WINAPI FindResourceA(HMODULE hModule, LPCSTR lpName, LPCSTR lpType);
HM_EXPORT HRSRC WINAPI FindResourceW(HMODULE hModule, LPCWSTR lpName, LPCWSTR lpType);
HM_EXPORT HRSRC WINAPI FindResourceExA(HMODULE hModule, LPCSTR lpType, LPCSTR lpName, WORD wLanguage);
HM_EXPORT HRSRC WINAPI FindResourceExW(HMODULE hModule, LPCWSTR lpType, LPCWSTR lpName, WORD wLanguage);

/* The bytes of a resource, inside the mapping: valid until the module is freed, nothing to release. */
HM_EXPORT HGLOBAL WINAPI LoadResource(HMODULE hModule, HRSRC hResInfo);
HM_EXPORT LPVOID WINAPI LockResource(HGLOBAL hResData);
HM_EXPORT DWORD WINAPI SizeofResource(HMODULE hModule, HRSRC hResInfo);
HM_EXPORT BOOL WINAPI FreeResource(HGLOBAL hResData);

/* Call the function for each type, name or language in the directory's order, until it returns FALSE. */
HM_EXPORT BOOL WINAPI EnumResourceTypesA(HMODULE hModule, ENUMRESTYPEPROCA lpEnumFunc, LONG_PTR lParam);
HM_EXPORT BOOL WINAPI EnumResourceTypesW(HMODULE hModule, ENUMRESTYPEPROCW lpEnumFunc, LONG_PTR lParam);
HM_EXPORT BOOL WINAPI EnumResourceNamesA(HMODULE hModule, LPCSTR lpType, ENUMRESNAMEPROCA lpEnumFunc, LONG_PTR lParam);
HM_EXPORT BOOL WINAPI EnumResourceNamesW(HMODULE hModule, LPCWSTR lpType, ENUMRESNAMEPROCW lpEnumFunc, LONG_PTR lParam);
HM_EXPORT BOOL WINAPI EnumResourceLanguagesA(HMODULE hModule, LPCSTR lpType, LPCSTR lpName, ENUMRESLANGPROCA lpEnumFunc,
                                             LONG_PTR lParam);
HM_EXPORT BOOL WINAPI EnumResourceLanguagesW(HMODULE hModule, LPCWSTR lpType, LPCWSTR lpName,
                                             ENUMRESLANGPROCW lpEnumFunc, LONG_PTR lParam);

/* A string of the module's string table (winuser.h). Returns its length, 0 when it is missing. With cchBufferMax 0 the
 * W form stores a pointer to the resource itself, which is not terminated. */
HM_EXPORT int WINAPI LoadStringA(HINSTANCE hInstance, UINT uID, LPSTR lpBuffer, int cchBufferMax);
HM_EXPORT int WINAPI LoadStringW(HINSTANCE hInstance, UINT uID, LPWSTR lpBuffer, int cchBufferMax);

/* ---- winver.h: the version resource of a file ---- */

/* The size of a file's version block, 0 when it has none; its copy; and a value inside the copy ("\\" is the fixed
 * part, "\\StringFileInfo\\040904b0\\FileVersion" a string). */
HM_EXPORT DWORD WINAPI GetFileVersionInfoSizeA(LPCSTR lptstrFilename, LPDWORD lpdwHandle);
HM_EXPORT DWORD WINAPI GetFileVersionInfoSizeW(LPCWSTR lptstrFilename, LPDWORD lpdwHandle);
HM_EXPORT BOOL WINAPI GetFileVersionInfoA(LPCSTR lptstrFilename, DWORD dwHandle, DWORD dwLen, LPVOID lpData);
HM_EXPORT BOOL WINAPI GetFileVersionInfoW(LPCWSTR lptstrFilename, DWORD dwHandle, DWORD dwLen, LPVOID lpData);
HM_EXPORT BOOL WINAPI VerQueryValueA(LPCVOID pBlock, LPCSTR lpSubBlock, LPVOID* lplpBuffer, UINT* puLen);
HM_EXPORT BOOL WINAPI VerQueryValueW(LPCVOID pBlock, LPCWSTR lpSubBlock, LPVOID* lplpBuffer, UINT* puLen);

/* ---- errhandlingapi.h and winbase.h ---- */

/* The calling thread's last error code, as DLL code in this thread sees and sets it. */
HM_EXPORT DWORD WINAPI GetLastError(void);
HM_EXPORT void WINAPI SetLastError(DWORD dwErrCode);

#define FORMAT_MESSAGE_ALLOCATE_BUFFER 0x00000100
#define FORMAT_MESSAGE_IGNORE_INSERTS 0x00000200
#define FORMAT_MESSAGE_FROM_STRING 0x00000400
#define FORMAT_MESSAGE_FROM_HMODULE 0x00000800
#define FORMAT_MESSAGE_FROM_SYSTEM 0x00001000
#define FORMAT_MESSAGE_ARGUMENT_ARRAY 0x00002000
#define FORMAT_MESSAGE_MAX_WIDTH_MASK 0x000000FF

/* The text of a message, from a module's message table or the system's. Arguments is a Windows va_list or, with
 * FORMAT_MESSAGE_ARGUMENT_ARRAY, an array. Returns the length, 0 on failure. */
HM_EXPORT DWORD WINAPI FormatMessageA(DWORD dwFlags, LPCVOID lpSource, DWORD dwMessageId, DWORD dwLanguageId,
                                      LPSTR lpBuffer, DWORD nSize, void* Arguments);
HM_EXPORT DWORD WINAPI FormatMessageW(DWORD dwFlags, LPCVOID lpSource, DWORD dwMessageId, DWORD dwLanguageId,
                                      LPWSTR lpBuffer, DWORD nSize, void* Arguments);

/* ---- processthreadsapi.h and fibersapi.h: thread-local storage ---- */

#define TLS_OUT_OF_INDEXES ((DWORD)0xFFFFFFFF)
#define FLS_OUT_OF_INDEXES ((DWORD)0xFFFFFFFF)
typedef void(CALLBACK* PFLS_CALLBACK_FUNCTION)(PVOID lpFlsData);

/* Slots with one pointer per thread. TlsGetValue and FlsGetValue set the last error to 0 on success, since NULL is a
 * value. The FLS callback gets each non-NULL value when its thread ends or the slot is freed. */
HM_EXPORT DWORD WINAPI TlsAlloc(void);
HM_EXPORT LPVOID WINAPI TlsGetValue(DWORD dwTlsIndex);
HM_EXPORT BOOL WINAPI TlsSetValue(DWORD dwTlsIndex, LPVOID lpTlsValue);
HM_EXPORT BOOL WINAPI TlsFree(DWORD dwTlsIndex);
HM_EXPORT DWORD WINAPI FlsAlloc(PFLS_CALLBACK_FUNCTION lpCallback);
HM_EXPORT PVOID WINAPI FlsGetValue(DWORD dwFlsIndex);
HM_EXPORT BOOL WINAPI FlsSetValue(DWORD dwFlsIndex, PVOID lpFlsData);
HM_EXPORT BOOL WINAPI FlsFree(DWORD dwFlsIndex);

/* This process as a handle for the functions below; ids as DLL code sees them. */
HM_EXPORT HANDLE WINAPI GetCurrentProcess(void);
HM_EXPORT DWORD WINAPI GetCurrentProcessId(void);
HM_EXPORT DWORD WINAPI GetCurrentThreadId(void);

/* Closes a handle of this header (a snapshot). */
HM_EXPORT BOOL WINAPI CloseHandle(HANDLE hObject);

/* ---- psapi.h: the modules of the process ---- */

typedef struct _MODULEINFO {
  LPVOID lpBaseOfDll;
  DWORD SizeOfImage;
  LPVOID EntryPoint;
} MODULEINFO, *LPMODULEINFO;

#define LIST_MODULES_DEFAULT 0x0
#define LIST_MODULES_32BIT 0x01
#define LIST_MODULES_64BIT 0x02
#define LIST_MODULES_ALL 0x03

/* All module handles, the main program first, then in load order. Succeeds when the array is too small; *lpcbNeeded
 * has the full size in bytes. */
HM_EXPORT BOOL WINAPI K32EnumProcessModules(HANDLE hProcess, HMODULE* lphModule, DWORD cb, LPDWORD lpcbNeeded);
HM_EXPORT BOOL WINAPI K32EnumProcessModulesEx(HANDLE hProcess, HMODULE* lphModule, DWORD cb, LPDWORD lpcbNeeded,
                                              DWORD dwFilterFlag);
HM_EXPORT BOOL WINAPI K32GetModuleInformation(HANDLE hProcess, HMODULE hModule, LPMODULEINFO lpmodinfo, DWORD cb);
HM_EXPORT DWORD WINAPI K32GetModuleBaseNameA(HANDLE hProcess, HMODULE hModule, LPSTR lpBaseName, DWORD nSize);
HM_EXPORT DWORD WINAPI K32GetModuleBaseNameW(HANDLE hProcess, HMODULE hModule, LPWSTR lpBaseName, DWORD nSize);
HM_EXPORT DWORD WINAPI K32GetModuleFileNameExA(HANDLE hProcess, HMODULE hModule, LPSTR lpFilename, DWORD nSize);
HM_EXPORT DWORD WINAPI K32GetModuleFileNameExW(HANDLE hProcess, HMODULE hModule, LPWSTR lpFilename, DWORD nSize);
#define EnumProcessModules K32EnumProcessModules
#define EnumProcessModulesEx K32EnumProcessModulesEx
#define GetModuleInformation K32GetModuleInformation
#define GetModuleBaseNameA K32GetModuleBaseNameA
#define GetModuleBaseNameW K32GetModuleBaseNameW
#define GetModuleFileNameExA K32GetModuleFileNameExA
#define GetModuleFileNameExW K32GetModuleFileNameExW

/* ---- tlhelp32.h: a frozen copy of the module list ---- */

#define TH32CS_SNAPMODULE 0x00000008
#define TH32CS_SNAPMODULE32 0x00000010
#define MAX_MODULE_NAME32 255

typedef struct tagMODULEENTRY32 {
  DWORD dwSize; /* sizeof(MODULEENTRY32), set by the caller */
  DWORD th32ModuleID, th32ProcessID, GlblcntUsage, ProccntUsage;
  BYTE* modBaseAddr;
  DWORD modBaseSize;
  HMODULE hModule;
  char szModule[MAX_MODULE_NAME32 + 1];
  char szExePath[MAX_PATH];
} MODULEENTRY32, *LPMODULEENTRY32;

typedef struct tagMODULEENTRY32W {
  DWORD dwSize;
  DWORD th32ModuleID, th32ProcessID, GlblcntUsage, ProccntUsage;
  BYTE* modBaseAddr;
  DWORD modBaseSize;
  HMODULE hModule;
  WCHAR szModule[MAX_MODULE_NAME32 + 1];
  WCHAR szExePath[MAX_PATH];
} MODULEENTRY32W, *LPMODULEENTRY32W;

/* A snapshot with TH32CS_SNAPMODULE, INVALID_HANDLE_VALUE on failure; close it with CloseHandle. The end of the list
 * is FALSE with ERROR_NO_MORE_FILES. */
HM_EXPORT HANDLE WINAPI CreateToolhelp32Snapshot(DWORD dwFlags, DWORD th32ProcessID);
HM_EXPORT BOOL WINAPI Module32First(HANDLE hSnapshot, LPMODULEENTRY32 lpme);
HM_EXPORT BOOL WINAPI Module32Next(HANDLE hSnapshot, LPMODULEENTRY32 lpme);
HM_EXPORT BOOL WINAPI Module32FirstW(HANDLE hSnapshot, LPMODULEENTRY32W lpme);
HM_EXPORT BOOL WINAPI Module32NextW(HANDLE hSnapshot, LPMODULEENTRY32W lpme);

/* ---- Without A or W: the narrow form, or the wide one where UNICODE is defined ---- */

#ifdef UNICODE
#define HM_AW(name) name##W
#else
#define HM_AW(name) name##A
#endif
#define LoadLibrary HM_AW(LoadLibrary)
#define LoadLibraryEx HM_AW(LoadLibraryEx)
#define GetModuleHandle HM_AW(GetModuleHandle)
#define GetModuleHandleEx HM_AW(GetModuleHandleEx)
#define GetModuleFileName HM_AW(GetModuleFileName)
#define SetDllDirectory HM_AW(SetDllDirectory)
#define GetDllDirectory HM_AW(GetDllDirectory)
#define FindResource HM_AW(FindResource)
#define FindResourceEx HM_AW(FindResourceEx)
#define LoadString HM_AW(LoadString)
#define FormatMessage HM_AW(FormatMessage)
#define MAKEINTRESOURCE HM_AW(MAKEINTRESOURCE)

#ifdef __cplusplus
}
#endif

#endif

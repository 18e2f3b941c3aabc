// The library's Windows names, for tests that also include src/: <hmodule/libloaderapi.h> has macros that are constants
// there.
#pragma once

#include <hmodule/hmodule.h>

#include "win/types.h"

namespace hmodule::test {

extern "C" {
HM_WINAPI HMODULE LoadLibraryA(const char* name);
HM_WINAPI HMODULE LoadLibraryExA(const char* name, HANDLE file, DWORD flags);
HM_WINAPI BOOL FreeLibrary(HMODULE module);
HM_WINAPI void* GetProcAddress(HMODULE module, const char* name);
HM_WINAPI HMODULE GetModuleHandleA(const char* name);
HM_WINAPI BOOL SetDllDirectoryA(const char* directory);
HM_WINAPI DWORD GetLastError();
HM_WINAPI HANDLE GetCurrentProcess();
}

constexpr DWORD kDontResolve = 0x1, kAsDatafile = 0x2, kAsImageResource = 0x20;  // flags of LoadLibraryEx

}  // namespace hmodule::test

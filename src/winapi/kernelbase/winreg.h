// Functions of winreg.h that the older ones of advapi32 are made of.
#pragma once

#include "winapi/kernelbase/registry_keys.h"

namespace hmodule::winapi {

HM_WINAPI LONG RegOpenKeyExA(HKEY key, const CHAR* name, DWORD options, DWORD access, HKEY* opened) noexcept;
HM_WINAPI LONG RegOpenKeyExW(HKEY key, const WCHAR* name, DWORD options, DWORD access, HKEY* opened) noexcept;
HM_WINAPI LONG RegCreateKeyExA(HKEY key, const CHAR* name, DWORD reserved, CHAR* class_name, DWORD options,
                               DWORD access, SECURITY_ATTRIBUTES* security, HKEY* created, DWORD* disposition) noexcept;
HM_WINAPI LONG RegCreateKeyExW(HKEY key, const WCHAR* name, DWORD reserved, WCHAR* class_name, DWORD options,
                               DWORD access, SECURITY_ATTRIBUTES* security, HKEY* created, DWORD* disposition) noexcept;
HM_WINAPI LONG RegDeleteKeyExA(HKEY key, const CHAR* name, DWORD access, DWORD reserved) noexcept;
HM_WINAPI LONG RegDeleteKeyExW(HKEY key, const WCHAR* name, DWORD access, DWORD reserved) noexcept;
HM_WINAPI LONG RegEnumKeyExA(HKEY key, DWORD index, CHAR* name, DWORD* size, DWORD* reserved, CHAR* class_name,
                             DWORD* class_size, FILETIME* written) noexcept;
HM_WINAPI LONG RegEnumKeyExW(HKEY key, DWORD index, WCHAR* name, DWORD* size, DWORD* reserved, WCHAR* class_name,
                             DWORD* class_size, FILETIME* written) noexcept;
HM_WINAPI LONG RegQueryValueExA(HKEY key, const CHAR* name, DWORD* reserved, DWORD* type, BYTE* buffer,
                                DWORD* size) noexcept;
HM_WINAPI LONG RegQueryValueExW(HKEY key, const WCHAR* name, DWORD* reserved, DWORD* type, BYTE* buffer,
                                DWORD* size) noexcept;
HM_WINAPI LONG RegSetValueExA(HKEY key, const CHAR* name, DWORD reserved, DWORD type, const BYTE* data,
                              DWORD size) noexcept;
HM_WINAPI LONG RegSetValueExW(HKEY key, const WCHAR* name, DWORD reserved, DWORD type, const BYTE* data,
                              DWORD size) noexcept;
HM_WINAPI LONG RegCloseKey(HKEY key) noexcept;

}  // namespace hmodule::winapi

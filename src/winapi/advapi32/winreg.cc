// winreg.h: a registry whose predefined keys are empty and cannot be written. All functions return an error code.
#include "module/builtin.h"

#include <cstdint>

namespace hmodule::winapi {
namespace {

using Key = HANDLE;

// HKEY_CLASSES_ROOT ... HKEY_CURRENT_USER_LOCAL_SETTINGS; compilers sign-extend them or not.
bool is_key(Key key) {
  const auto value = static_cast<std::uint32_t>(reinterpret_cast<std::uintptr_t>(key));
  return value >= 0x80000000 && value <= 0x80000007;
}

template <typename Char>
LONG open(Key key, const Char* name, Key* opened) {
  if (opened == nullptr) return ERROR_INVALID_PARAMETER;
  if (!is_key(key)) return ERROR_INVALID_HANDLE;
  if (name != nullptr && *name != 0) return ERROR_FILE_NOT_FOUND;
  *opened = key;
  return ERROR_SUCCESS;
}
HM_WINAPI LONG RegOpenKeyExA(Key key, const char* name, DWORD, DWORD, Key* opened) noexcept {
  return open(key, name, opened);
}
HM_WINAPI LONG RegOpenKeyExW(Key key, const WCHAR* name, DWORD, DWORD, Key* opened) noexcept {
  return open(key, name, opened);
}
HM_WINAPI LONG RegOpenKeyA(Key key, const char* name, Key* opened) noexcept {
  return open(key, name, opened);
}
HM_WINAPI LONG RegOpenKeyW(Key key, const WCHAR* name, Key* opened) noexcept {
  return open(key, name, opened);
}
HM_WINAPI LONG RegCloseKey(Key key) noexcept {
  return is_key(key) ? ERROR_SUCCESS : ERROR_INVALID_HANDLE;
}
HM_WINAPI LONG RegFlushKey(Key key) noexcept {
  return is_key(key) ? ERROR_SUCCESS : ERROR_INVALID_HANDLE;
}

LONG no_value(Key key) {
  return is_key(key) ? ERROR_FILE_NOT_FOUND : ERROR_INVALID_HANDLE;
}
HM_WINAPI LONG RegQueryValueExA(Key key, const char*, DWORD*, DWORD*, BYTE*, DWORD*) noexcept {
  return no_value(key);
}
HM_WINAPI LONG RegQueryValueExW(Key key, const WCHAR*, DWORD*, DWORD*, BYTE*, DWORD*) noexcept {
  return no_value(key);
}
HM_WINAPI LONG RegGetValueA(Key key, const char*, const char*, DWORD, DWORD*, void*, DWORD*) noexcept {
  return no_value(key);
}
HM_WINAPI LONG RegGetValueW(Key key, const WCHAR*, const WCHAR*, DWORD, DWORD*, void*, DWORD*) noexcept {
  return no_value(key);
}
HM_WINAPI LONG RegLoadMUIStringW(Key key, const WCHAR*, WCHAR*, DWORD, DWORD*, DWORD, const WCHAR*) noexcept {
  return no_value(key);
}
HM_WINAPI LONG RegDeleteValueA(Key key, const char*) noexcept {
  return no_value(key);
}
HM_WINAPI LONG RegDeleteValueW(Key key, const WCHAR*) noexcept {
  return no_value(key);
}
HM_WINAPI LONG RegDeleteKeyA(Key key, const char*) noexcept {
  return no_value(key);
}
HM_WINAPI LONG RegDeleteKeyW(Key key, const WCHAR*) noexcept {
  return no_value(key);
}

LONG no_more(Key key) {
  return is_key(key) ? ERROR_NO_MORE_ITEMS : ERROR_INVALID_HANDLE;
}
HM_WINAPI LONG RegEnumKeyExA(Key key, DWORD, char*, DWORD*, DWORD*, char*, DWORD*, FILETIME*) noexcept {
  return no_more(key);
}
HM_WINAPI LONG RegEnumKeyExW(Key key, DWORD, WCHAR*, DWORD*, DWORD*, WCHAR*, DWORD*, FILETIME*) noexcept {
  return no_more(key);
}
HM_WINAPI LONG RegEnumValueA(Key key, DWORD, char*, DWORD*, DWORD*, DWORD*, BYTE*, DWORD*) noexcept {
  return no_more(key);
}
HM_WINAPI LONG RegEnumValueW(Key key, DWORD, WCHAR*, DWORD*, DWORD*, DWORD*, BYTE*, DWORD*) noexcept {
  return no_more(key);
}

// The counts and lengths of an empty key.
HM_WINAPI LONG RegQueryInfoKeyW(Key key, WCHAR* class_name, DWORD* class_size, DWORD*, DWORD* subkeys,
                                DWORD* longest_subkey, DWORD* longest_class, DWORD* values, DWORD* longest_name,
                                DWORD* longest_value, DWORD* security, FILETIME* written) noexcept {
  if (!is_key(key)) return ERROR_INVALID_HANDLE;
  if (class_name != nullptr && class_size != nullptr && *class_size != 0) *class_name = 0;
  for (DWORD* number :
       {class_size, subkeys, longest_subkey, longest_class, values, longest_name, longest_value, security})
    if (number != nullptr) *number = 0;
  if (written != nullptr) *written = {};
  return ERROR_SUCCESS;
}

LONG refused(Key key) {
  return is_key(key) ? ERROR_ACCESS_DENIED : ERROR_INVALID_HANDLE;
}
HM_WINAPI LONG RegCreateKeyExA(Key key, const char*, DWORD, char*, DWORD, DWORD, void*, Key*, DWORD*) noexcept {
  return refused(key);
}
HM_WINAPI LONG RegCreateKeyExW(Key key, const WCHAR*, DWORD, WCHAR*, DWORD, DWORD, void*, Key*, DWORD*) noexcept {
  return refused(key);
}
HM_WINAPI LONG RegSetValueExA(Key key, const char*, DWORD, DWORD, const BYTE*, DWORD) noexcept {
  return refused(key);
}
HM_WINAPI LONG RegSetValueExW(Key key, const WCHAR*, DWORD, DWORD, const BYTE*, DWORD) noexcept {
  return refused(key);
}

// Nothing ever changes, so an event given is never set. Waiting in the call would be for ever.
HM_WINAPI LONG RegNotifyChangeKeyValue(Key key, BOOL, DWORD, HANDLE, BOOL asynchronous) noexcept {
  if (!is_key(key)) return ERROR_INVALID_HANDLE;
  return asynchronous != FALSE ? ERROR_SUCCESS : ERROR_NOT_SUPPORTED;
}

constexpr std::string_view kEmpty = "the registry is empty";
constexpr std::string_view kReadOnly = "the registry cannot be written";

const Export kRows[] = {
    {"RegCloseKey", proc(RegCloseKey)},
    {"RegCreateKeyExA", proc(RegCreateKeyExA), Support::partial, kReadOnly},
    {"RegCreateKeyExW", proc(RegCreateKeyExW), Support::partial, kReadOnly},
    {"RegDeleteKeyA", proc(RegDeleteKeyA), Support::partial, kEmpty},
    {"RegDeleteKeyW", proc(RegDeleteKeyW), Support::partial, kEmpty},
    {"RegDeleteValueA", proc(RegDeleteValueA), Support::partial, kEmpty},
    {"RegDeleteValueW", proc(RegDeleteValueW), Support::partial, kEmpty},
    {"RegEnumKeyExA", proc(RegEnumKeyExA), Support::partial, kEmpty},
    {"RegEnumKeyExW", proc(RegEnumKeyExW), Support::partial, kEmpty},
    {"RegEnumValueA", proc(RegEnumValueA), Support::partial, kEmpty},
    {"RegEnumValueW", proc(RegEnumValueW), Support::partial, kEmpty},
    {"RegFlushKey", proc(RegFlushKey)},
    {"RegGetValueA", proc(RegGetValueA), Support::partial, kEmpty},
    {"RegGetValueW", proc(RegGetValueW), Support::partial, kEmpty},
    {"RegLoadMUIStringW", proc(RegLoadMUIStringW), Support::partial, kEmpty},
    {"RegNotifyChangeKeyValue", proc(RegNotifyChangeKeyValue), Support::partial, "nothing changes"},
    {"RegOpenKeyA", proc(RegOpenKeyA), Support::partial, kEmpty},
    {"RegOpenKeyExA", proc(RegOpenKeyExA), Support::partial, kEmpty},
    {"RegOpenKeyExW", proc(RegOpenKeyExW), Support::partial, kEmpty},
    {"RegOpenKeyW", proc(RegOpenKeyW), Support::partial, kEmpty},
    {"RegQueryInfoKeyW", proc(RegQueryInfoKeyW), Support::partial, kEmpty},
    {"RegQueryValueExA", proc(RegQueryValueExA), Support::partial, kEmpty},
    {"RegQueryValueExW", proc(RegQueryValueExW), Support::partial, kEmpty},
    {"RegSetValueExA", proc(RegSetValueExA), Support::partial, kReadOnly},
    {"RegSetValueExW", proc(RegSetValueExW), Support::partial, kReadOnly},
};

}  // namespace

extern const ExportTable winreg_exports = kRows;

}  // namespace hmodule::winapi

// winreg.h: the functions that are advapi32's own: the older forms, and what concerns predefined keys.
#include "winapi/kernelbase/winreg.h"
#include "base/utf.h"
#include "module/builtin.h"
#include "nt/system_information.h"
#include "winapi/common/text.h"

namespace hmodule::winapi {
namespace {

// Windows 95 had no rights: these ask for all they can get.
constexpr DWORD kAll = nt::MAXIMUM_ALLOWED;

// --- older forms of the Ex functions ---

HM_WINAPI LONG RegOpenKeyA(HKEY key, const CHAR* name, HKEY* opened) noexcept {
  return RegOpenKeyExA(key, name, 0, kAll, opened);
}
HM_WINAPI LONG RegOpenKeyW(HKEY key, const WCHAR* name, HKEY* opened) noexcept {
  return RegOpenKeyExW(key, name, 0, kAll, opened);
}
// An empty name opens the key itself.
HM_WINAPI LONG RegCreateKeyA(HKEY key, const CHAR* name, HKEY* created) noexcept {
  if (name == nullptr || *name == 0) return RegOpenKeyExA(key, name, 0, kAll, created);
  return RegCreateKeyExA(key, name, 0, nullptr, 0, kAll, nullptr, created, nullptr);
}
HM_WINAPI LONG RegCreateKeyW(HKEY key, const WCHAR* name, HKEY* created) noexcept {
  if (name == nullptr || *name == 0) return RegOpenKeyExW(key, name, 0, kAll, created);
  return RegCreateKeyExW(key, name, 0, nullptr, 0, kAll, nullptr, created, nullptr);
}
HM_WINAPI LONG RegDeleteKeyA(HKEY key, const CHAR* name) noexcept {
  return RegDeleteKeyExA(key, name, 0, 0);
}
HM_WINAPI LONG RegDeleteKeyW(HKEY key, const WCHAR* name) noexcept {
  return RegDeleteKeyExW(key, name, 0, 0);
}
HM_WINAPI LONG RegEnumKeyA(HKEY key, DWORD index, CHAR* name, DWORD size) noexcept {
  return RegEnumKeyExA(key, index, name, &size, nullptr, nullptr, nullptr, nullptr);
}
HM_WINAPI LONG RegEnumKeyW(HKEY key, DWORD index, WCHAR* name, DWORD size) noexcept {
  return RegEnumKeyExW(key, index, name, &size, nullptr, nullptr, nullptr, nullptr);
}

// --- the unnamed value of a subkey, which is always text ---

// Its absence is an empty string.
template <typename Char, typename Query>
LONG query_value(HKEY key, const Char* name, Char* buffer, LONG* size, Query query) {
  HKEY opened = key;
  const bool below = name != nullptr && *name != 0;
  if (below) {
    const LONG code = registry_code([&]() -> Status {
      const std::u16string subkey = wide(name);
      opened = TRY(open_registry_key(key, subkey, nt::KEY_QUERY_VALUE));
      return ok;
    });
    if (code != ERROR_SUCCESS) return code;
  }
  LONG code = query(opened, nullptr, nullptr, nullptr, reinterpret_cast<BYTE*>(buffer), reinterpret_cast<DWORD*>(size));
  if (code == ERROR_FILE_NOT_FOUND) {
    if (buffer != nullptr && size != nullptr && static_cast<DWORD>(*size) >= sizeof(Char)) *buffer = 0;
    if (size != nullptr) *size = sizeof(Char);
    code = ERROR_SUCCESS;
  }
  if (below) RegCloseKey(opened);
  return code;
}
HM_WINAPI LONG RegQueryValueA(HKEY key, const CHAR* name, CHAR* buffer, LONG* size) noexcept {
  return query_value(key, name, buffer, size, RegQueryValueExA);
}
HM_WINAPI LONG RegQueryValueW(HKEY key, const WCHAR* name, WCHAR* buffer, LONG* size) noexcept {
  return query_value(key, name, buffer, size, RegQueryValueExW);
}

// The size given does not count: the text ends where it ends.
template <typename Char>
LONG set_value(HKEY key, const Char* name, DWORD type, const Char* data, const char* function = __builtin_FUNCTION()) {
  return registry_code(
      [&]() -> Status {
        if (type != nt::REG_SZ || data == nullptr) return fail(STATUS_INVALID_PARAMETER, "a value of type {}", type);
        const std::u16string subkey = wide(name), text = wide(data);
        const nt::Created made = TRY(create_registry_key(key, subkey, nt::KEY_SET_VALUE));
        const auto opened = nt::object_of<nt::Key>(made.handle, nt::KEY_SET_VALUE);
        Status done = opened ? (*opened)->set_value({}, type, std::as_bytes(std::span(text.c_str(), text.size() + 1)))
                             : Status(opened.error());
        TRY(nt::handles().close(made.handle));
        return done;
      },
      function);
}
HM_WINAPI LONG RegSetValueA(HKEY key, const CHAR* name, DWORD type, const CHAR* data, DWORD) noexcept {
  return set_value(key, name, type, data);
}
HM_WINAPI LONG RegSetValueW(HKEY key, const WCHAR* name, DWORD type, const WCHAR* data, DWORD) noexcept {
  return set_value(key, name, type, data);
}

// --- predefined keys and names ---

HM_WINAPI LONG RegOverridePredefKey(HKEY key, HKEY replacement) noexcept {
  return registry_code([&] { return override_predefined_key(key, replacement); });
}

HM_WINAPI LONG RegRenameKey(HKEY key, const WCHAR* name, const WCHAR* new_name) noexcept {
  return registry_code([&]() -> Status {
    const std::u16string subkey = wide(name), wanted = wide(new_name);
    const OpenedKey opened = TRY(OpenedKey::open(key, subkey, nt::KEY_WRITE));
    return opened->rename(wanted);
  });
}

// This computer's registry and no other's.
template <typename Char>
LONG connect(const Char* machine, HKEY key, HKEY* opened, const char* function = __builtin_FUNCTION()) {
  return registry_code(
      [&]() -> Status {
        std::u16string name = wide(machine);
        name.erase(0, name.starts_with(u"\\\\") ? 2 : 0);
        const std::u16string own = utf16(nt::host_name());
        const bool here = name.empty() || name == u"." || equal_ignoring_case(name, u"localhost") ||
                          equal_ignoring_case(name, own) || equal_ignoring_case(name, own.substr(0, 15));
        if (!here) return fail_win32(ERROR_BAD_NETPATH, "{}: only this computer's registry is there", utf8(name));
        if (opened == nullptr) return fail(STATUS_INVALID_PARAMETER, "nowhere to put the key");
        if (predefined(key) == 0) return fail(STATUS_INVALID_HANDLE, "{} is no predefined key", key);
        *opened = TRY(open_registry_key(key, {}, kAll));
        return ok;
      },
      function);
}
HM_WINAPI LONG RegConnectRegistryA(const CHAR* machine, HKEY key, HKEY* opened) noexcept {
  return connect(machine, key, opened);
}
HM_WINAPI LONG RegConnectRegistryW(const WCHAR* machine, HKEY key, HKEY* opened) noexcept {
  return connect(machine, key, opened);
}

constexpr std::string_view kLocal = "this computer's registry only";

const Export kRows[] = {
    {"RegConnectRegistryA", proc(RegConnectRegistryA), Support::partial, kLocal},
    {"RegConnectRegistryW", proc(RegConnectRegistryW), Support::partial, kLocal},
    {"RegCreateKeyA", proc(RegCreateKeyA)},
    {"RegCreateKeyW", proc(RegCreateKeyW)},
    {"RegDeleteKeyA", proc(RegDeleteKeyA)},
    {"RegDeleteKeyW", proc(RegDeleteKeyW)},
    {"RegEnumKeyA", proc(RegEnumKeyA)},
    {"RegEnumKeyW", proc(RegEnumKeyW)},
    {"RegOpenKeyA", proc(RegOpenKeyA)},
    {"RegOpenKeyW", proc(RegOpenKeyW)},
    {"RegOverridePredefKey", proc(RegOverridePredefKey)},
    {"RegQueryValueA", proc(RegQueryValueA)},
    {"RegQueryValueW", proc(RegQueryValueW)},
    {"RegRenameKey", proc(RegRenameKey)},
    {"RegSetValueA", proc(RegSetValueA)},
    {"RegSetValueW", proc(RegSetValueW)},
};

}  // namespace

extern const ExportTable advapi32_winreg_exports = kRows;

}  // namespace hmodule::winapi

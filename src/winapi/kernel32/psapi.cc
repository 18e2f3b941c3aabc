// psapi.h under its kernel32 names: the modules of this process (PS-01...PS-03). Other processes are not looked into.
#include <algorithm>
#include <optional>
#include <string>

#include "base/utf.h"
#include "runtime/runtime.h"
#include "winapi/common/answer.h"

namespace hmodule::winapi {
namespace {

Loader& loader() {
  return runtime().loader();
}

constexpr auto kCurrentProcess = static_cast<std::intptr_t>(-1);

Status check_process(HANDLE process) {
  if (reinterpret_cast<std::intptr_t>(process) == kCurrentProcess) return ok;
  if (process == nullptr) return fail(STATUS_INVALID_HANDLE, "the process handle is NULL");
  return fail(STATUS_ACCESS_DENIED, "{} is not this process, and no other is looked into", process);
}

// PS-03: unlike the loader's own functions these call an unknown module an invalid handle.
Result<ModuleInfo> module_info(HANDLE process, HMODULE module) {
  TRY(check_process(process));
  Result<ModuleInfo> info = loader().info(module);
  if (!info) return fail(STATUS_INVALID_HANDLE, "{}", info.error().reason);
  return info;
}

HM_WINAPI BOOL K32EnumProcessModules(HANDLE process, HMODULE* modules, DWORD size, DWORD* needed) noexcept {
  return succeed([&]() -> Status {
    TRY(check_process(process));
    const std::vector<ModuleInfo> all = loader().modules();
    if (modules == nullptr && size > 0) return fail(STATUS_ACCESS_VIOLATION, "the array is NULL, its size {}", size);
    for (std::size_t i = 0; i < std::min<std::size_t>(all.size(), size / sizeof(HMODULE)); ++i)
      modules[i] = all[i].handle;
    if (needed == nullptr) return fail(STATUS_ACCESS_VIOLATION, "lpcbNeeded is NULL");
    *needed = static_cast<DWORD>(all.size() * sizeof(HMODULE));
    return ok;
  });
}

// All modules here are 64-bit ones: the filter (LIST_MODULES_32BIT is 1) can only say "none" or "all".
HM_WINAPI BOOL K32EnumProcessModulesEx(HANDLE process, HMODULE* modules, DWORD size, DWORD* needed,
                                       DWORD filter) noexcept {
  if (filter == 1) size = 0;
  const BOOL answered = K32EnumProcessModules(process, modules, size, needed);
  if (answered && filter == 1) *needed = 0;
  return answered;
}

struct MODULEINFO {
  void* lpBaseOfDll;
  DWORD SizeOfImage;
  void* EntryPoint;
};

HM_WINAPI BOOL K32GetModuleInformation(HANDLE process, HMODULE module, MODULEINFO* info, DWORD size) noexcept {
  return succeed([&]() -> Status {
    if (size < sizeof *info)
      return fail(STATUS_BUFFER_TOO_SMALL, "MODULEINFO has {} bytes, not {}", sizeof *info, size);
    const ModuleInfo found = TRY(module_info(process, module));
    *info = {found.handle, static_cast<DWORD>(found.size), found.entry_point};
    return ok;
  });
}

template <typename Char>
Result<DWORD> copy_name(std::basic_string_view<Char> name, Char* buffer, DWORD size) {
  if (size == 0 || buffer == nullptr) return fail(STATUS_BUFFER_TOO_SMALL, "the buffer has no room");
  const std::size_t copied = std::min<std::size_t>(name.size(), size - 1);
  name.copy(buffer, copied);
  buffer[copied] = 0;
  if (copied == name.size()) return static_cast<DWORD>(copied);
  report("GetModuleFileNameEx", fail(STATUS_BUFFER_TOO_SMALL, "{} units are needed", name.size() + 1));
  return size;
}

template <typename Char>
DWORD name_of(HANDLE process, HMODULE module, Char* buffer, DWORD size, std::u16string ModuleInfo::*which) noexcept {
  return answer<DWORD>(0, [&]() -> Result<DWORD> {
    const ModuleInfo info = TRY(module_info(process, module));
    if constexpr (sizeof(Char) == 1)
      return copy_name<char>(utf8(info.*which), buffer, size);
    else
      return copy_name<char16_t>(info.*which, buffer, size);
  });
}

HM_WINAPI DWORD K32GetModuleBaseNameA(HANDLE process, HMODULE module, char* buffer, DWORD size) noexcept {
  return name_of(process, module, buffer, size, &ModuleInfo::base_name);
}
HM_WINAPI DWORD K32GetModuleBaseNameW(HANDLE process, HMODULE module, char16_t* buffer, DWORD size) noexcept {
  return name_of(process, module, buffer, size, &ModuleInfo::base_name);
}
HM_WINAPI DWORD K32GetModuleFileNameExA(HANDLE process, HMODULE module, char* buffer, DWORD size) noexcept {
  return name_of(process, module, buffer, size, &ModuleInfo::full_name);
}
HM_WINAPI DWORD K32GetModuleFileNameExW(HANDLE process, HMODULE module, char16_t* buffer, DWORD size) noexcept {
  return name_of(process, module, buffer, size, &ModuleInfo::full_name);
}

const Export kRows[] = {
    {"K32EnumProcessModules", proc(K32EnumProcessModules), Support::partial, "this process only"},
    {"K32EnumProcessModulesEx", proc(K32EnumProcessModulesEx), Support::partial, "this process only"},
    {"K32GetModuleBaseNameA", proc(K32GetModuleBaseNameA), Support::partial, "this process only"},
    {"K32GetModuleBaseNameW", proc(K32GetModuleBaseNameW), Support::partial, "this process only"},
    {"K32GetModuleFileNameExA", proc(K32GetModuleFileNameExA), Support::partial, "this process only"},
    {"K32GetModuleFileNameExW", proc(K32GetModuleFileNameExW), Support::partial, "this process only"},
    {"K32GetModuleInformation", proc(K32GetModuleInformation), Support::partial, "this process only"},
};

// The names psapi.dll has for the same functions.
const Export kPsapiRows[] = {
    {"EnumProcessModules", proc(K32EnumProcessModules), Support::partial, "this process only"},
    {"EnumProcessModulesEx", proc(K32EnumProcessModulesEx), Support::partial, "this process only"},
    {"GetModuleBaseNameA", proc(K32GetModuleBaseNameA), Support::partial, "this process only"},
    {"GetModuleBaseNameW", proc(K32GetModuleBaseNameW), Support::partial, "this process only"},
    {"GetModuleFileNameExA", proc(K32GetModuleFileNameExA), Support::partial, "this process only"},
    {"GetModuleFileNameExW", proc(K32GetModuleFileNameExW), Support::partial, "this process only"},
    {"GetModuleInformation", proc(K32GetModuleInformation), Support::partial, "this process only"},
};

}  // namespace

extern const ExportTable psapi_exports = kRows;
extern const ExportTable psapi_dll_exports = kPsapiRows;

}  // namespace hmodule::winapi

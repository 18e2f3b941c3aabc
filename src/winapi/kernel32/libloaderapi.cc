// libloaderapi.h and its part of winbase.h: run-time dynamic linking. Thin over loader/ (loader-semantics §3...§5).
#include <optional>
#include <string>

#include "base/utf.h"
#include "runtime/runtime.h"
#include "search/api_set.h"
#include "thread/create.h"
#include "thread/peb.h"
#include "winapi/common/answer.h"

namespace hmodule::winapi {
namespace {

Loader& loader() {
  return runtime().loader();
}

// NAME-15: A-variants take the ANSI code page, which is UTF-8.
std::optional<std::u16string> wide(const char* text) {
  if (text == nullptr) return std::nullopt;
  return utf16(text);
}
std::optional<std::u16string> wide(const char16_t* text) {
  if (text == nullptr) return std::nullopt;
  return std::u16string(text);
}

// --- Loading and freeing ---

Result<HMODULE> load(std::optional<std::u16string> name, HANDLE file, DWORD flags) {
  if (!name) return fail(STATUS_INVALID_PARAMETER, "the library's name is NULL");  // NAME-01
  if (file != nullptr)                                                             // NAME-19
    return fail(STATUS_INVALID_PARAMETER, "{}: the hFile argument must be NULL", utf8(*name));
  LoadRequest request;
  request.name = *std::move(name);
  request.flags = flags;
  return loader().load(request);
}

HM_WINAPI HMODULE LoadLibraryExA(const char* name, HANDLE file, DWORD flags) noexcept {
  return answer<HMODULE>(nullptr, [&] { return load(wide(name), file, flags); });
}
HM_WINAPI HMODULE LoadLibraryExW(const char16_t* name, HANDLE file, DWORD flags) noexcept {
  return answer<HMODULE>(nullptr, [&] { return load(wide(name), file, flags); });
}
HM_WINAPI HMODULE LoadLibraryA(const char* name) noexcept {
  return answer<HMODULE>(nullptr, [&] { return load(wide(name), nullptr, 0); });
}
HM_WINAPI HMODULE LoadLibraryW(const char16_t* name) noexcept {
  return answer<HMODULE>(nullptr, [&] { return load(wide(name), nullptr, 0); });
}

// LL-11: this process is no package.
HM_WINAPI HMODULE LoadPackagedLibrary(const char16_t*, DWORD) noexcept {
  return answer<HMODULE>(nullptr, []() -> Result<HMODULE> {
    return fail_win32(APPMODEL_ERROR_NO_PACKAGE, "LoadPackagedLibrary: this process is no package");
  });
}

HM_WINAPI BOOL FreeLibrary(HMODULE module) noexcept {
  return succeed([&] { return loader().free(module); });
}

// FREE-07: ends the thread whatever comes of the free.
[[noreturn]] HM_WINAPI void FreeLibraryAndExitThread(HMODULE module, DWORD exit_code) noexcept {
  succeed([&] { return loader().free(module); });
  thread::exit_current_thread(exit_code);
}

HM_WINAPI BOOL DisableThreadLibraryCalls(HMODULE module) noexcept {
  return succeed([&] { return loader().disable_thread_calls(module); });
}

// --- Addresses ---

}  // namespace

extern "C" {

// The exported entries, around the two functions below (keep_vectors.S).
HM_WINAPI Proc hm_GetProcAddress(HMODULE module, const char* name) noexcept;
HM_WINAPI Proc hm_ResolveDelayLoadedAPI(void* base, const void* descriptor, void* fail_hook, void* system_hook,
                                        void* thunk, ULONG flags) noexcept;

HM_WINAPI Proc hm_get_proc_address(HMODULE module, const char* name) noexcept {
  const bool by_name = reinterpret_cast<std::uintptr_t>(name) >> 16 != 0;  // GPA-03
  if (by_name)
    if (const Proc found = loader().look_up(module, name)) return found;
  return answer<Proc>(nullptr, [&]() -> Result<Proc> {
    if (by_name) return loader().get_proc(module, std::string_view(name));
    return loader().get_proc(module, static_cast<std::uint16_t>(reinterpret_cast<std::uintptr_t>(name)));
  });
}

HM_WINAPI Proc hm_resolve_delay_loaded_api(void* base, const void* descriptor, void* fail_hook, void* system_hook,
                                           void* thunk, ULONG) noexcept {
  return answer<Proc>(nullptr,
                      [&] { return loader().resolve_delay_load(base, descriptor, fail_hook, system_hook, thunk); });
}

}  // extern "C"

namespace {

// DLY-08.
HM_WINAPI NTSTATUS ResolveDelayLoadsFromDll(void* base, const char* dll, ULONG flags) noexcept {
  return status_of([&]() -> Status {
    if (base == nullptr || dll == nullptr || flags != 0)
      return fail(STATUS_INVALID_PARAMETER, "ResolveDelayLoadsFromDll: NULL, or flags {:#x}", flags);
    return loader().resolve_delay_loads(base, dll);
  });
}
HM_WINAPI BOOL QueryOptionalDelayLoadedAPI(HMODULE base, const char* dll, const char* function,
                                           DWORD reserved) noexcept {
  return succeed([&]() -> Status {
    if (base == nullptr || dll == nullptr || function == nullptr || reserved != 0)
      return fail(STATUS_INVALID_PARAMETER, "QueryOptionalDelayLoadedAPI: NULL, or a reserved {:#x}", reserved);
    return loader().query_delay_load(base, dll, function);
  });
}

// --- Questions ---

HM_WINAPI HMODULE GetModuleHandleA(const char* name) noexcept {
  return answer<HMODULE>(nullptr, [&] { return loader().find(wide(name), kUnchangedRefcount); });
}
HM_WINAPI HMODULE GetModuleHandleW(const char16_t* name) noexcept {
  return answer<HMODULE>(nullptr, [&] { return loader().find(wide(name), kUnchangedRefcount); });
}

template <typename Char>
Status module_handle_ex(DWORD flags, const Char* name, HMODULE* module) {
  if (module == nullptr) return fail(STATUS_INVALID_PARAMETER, "GetModuleHandleEx: phModule is NULL");  // GMH-10
  *module = nullptr;
  constexpr DWORD kAll = kPin | kUnchangedRefcount | kFromAddress;
  if ((flags & ~kAll) != 0 || (flags & (kPin | kUnchangedRefcount)) == (kPin | kUnchangedRefcount))
    return fail(STATUS_INVALID_PARAMETER, "GetModuleHandleEx: flags {:#x} cannot be combined", flags);
  *module =
      (flags & kFromAddress) != 0 ? TRY(loader().find_address(name, flags)) : TRY(loader().find(wide(name), flags));
  return ok;
}
HM_WINAPI BOOL GetModuleHandleExA(DWORD flags, const char* name, HMODULE* module) noexcept {
  return succeed([&] { return module_handle_ex(flags, name, module); });
}
HM_WINAPI BOOL GetModuleHandleExW(DWORD flags, const char16_t* name, HMODULE* module) noexcept {
  return succeed([&] { return module_handle_ex(flags, name, module); });
}

// GMF-02...GMF-05: a short buffer is filled and terminated, and the answer is its size.
template <typename Char>
Result<DWORD> copy_file_name(std::basic_string_view<Char> name, Char* buffer, DWORD size) {
  if (size == 0) return fail(STATUS_BUFFER_TOO_SMALL, "GetModuleFileName: the buffer has no room");
  const bool fits = name.size() < size;
  const std::size_t copied = fits ? name.size() : size - 1;
  name.copy(buffer, copied);
  buffer[copied] = 0;
  if (fits)
    thread::set_last_error(ERROR_SUCCESS);
  else
    report("GetModuleFileName",
           fail(STATUS_BUFFER_TOO_SMALL, "{} units are needed, {} are there", name.size() + 1, size));
  return fits ? static_cast<DWORD>(copied) : size;
}
HM_WINAPI DWORD GetModuleFileNameW(HMODULE module, char16_t* buffer, DWORD size) noexcept {
  return answer<DWORD>(0, [&]() -> Result<DWORD> {
    const std::u16string name = TRY(loader().file_name(module));
    return copy_file_name<char16_t>(name, buffer, size);
  });
}
HM_WINAPI DWORD GetModuleFileNameA(HMODULE module, char* buffer, DWORD size) noexcept {
  return answer<DWORD>(0, [&]() -> Result<DWORD> {
    const std::string name = utf8(TRY(loader().file_name(module)));
    return copy_file_name<char>(name, buffer, size);
  });
}

// --- Where to look (§4.8) ---

HM_WINAPI void* AddDllDirectory(const char16_t* directory) noexcept {
  return answer<void*>(nullptr, [&]() -> Result<void*> {
    if (directory == nullptr) return fail(STATUS_INVALID_PARAMETER, "AddDllDirectory: the directory is NULL");
    const std::u16string current = loader().surroundings().current_directory;
    return loader().search_settings().add_dll_directory(directory, {current});
  });
}
HM_WINAPI BOOL RemoveDllDirectory(void* cookie) noexcept {
  return succeed([&] { return loader().search_settings().remove_dll_directory(cookie); });
}
HM_WINAPI BOOL SetDefaultDllDirectories(DWORD flags) noexcept {
  return succeed([&] { return loader().search_settings().set_default_dll_directories(flags); });
}
HM_WINAPI BOOL SetDllDirectoryA(const char* directory) noexcept {
  return succeed([&] { return loader().search_settings().set_dll_directory(wide(directory)); });
}
HM_WINAPI BOOL SetDllDirectoryW(const char16_t* directory) noexcept {
  return succeed([&] { return loader().search_settings().set_dll_directory(wide(directory)); });
}

// DIR-03.
template <typename Char>
DWORD copy_directory(std::basic_string_view<Char> directory, DWORD size, Char* buffer) {
  if (directory.size() < size && buffer != nullptr) {
    directory.copy(buffer, directory.size());
    buffer[directory.size()] = 0;
    return static_cast<DWORD>(directory.size());
  }
  if (size > 0 && buffer != nullptr) buffer[0] = 0;
  return static_cast<DWORD>(directory.size() + 1);
}
HM_WINAPI DWORD GetDllDirectoryW(DWORD size, char16_t* buffer) noexcept {
  return answer<DWORD>(0, [&]() -> Result<DWORD> {
    const std::u16string directory = loader().search_settings().dll_directory().value_or(u"");
    return copy_directory<char16_t>(directory, size, buffer);
  });
}
HM_WINAPI DWORD GetDllDirectoryA(DWORD size, char* buffer) noexcept {
  return answer<DWORD>(0, [&]() -> Result<DWORD> {
    const std::string directory = utf8(loader().search_settings().dll_directory().value_or(u""));
    return copy_directory<char>(directory, size, buffer);
  });
}

const Export kRows[] = {
    {"AddDllDirectory", proc(AddDllDirectory)},
    {"DisableThreadLibraryCalls", proc(DisableThreadLibraryCalls)},
    {"FreeLibrary", proc(FreeLibrary)},
    {"FreeLibraryAndExitThread", proc(FreeLibraryAndExitThread)},
    {"GetDllDirectoryA", proc(GetDllDirectoryA)},
    {"GetDllDirectoryW", proc(GetDllDirectoryW)},
    {"GetModuleFileNameA", proc(GetModuleFileNameA)},
    {"GetModuleFileNameW", proc(GetModuleFileNameW)},
    {"GetModuleHandleA", proc(GetModuleHandleA)},
    {"GetModuleHandleExA", proc(GetModuleHandleExA)},
    {"GetModuleHandleExW", proc(GetModuleHandleExW)},
    {"GetModuleHandleW", proc(GetModuleHandleW)},
    {"GetProcAddress", proc(hm_GetProcAddress)},
    {"LoadLibraryA", proc(LoadLibraryA)},
    {"LoadLibraryExA", proc(LoadLibraryExA)},
    {"LoadLibraryExW", proc(LoadLibraryExW)},
    {"LoadLibraryW", proc(LoadLibraryW)},
    {"LoadPackagedLibrary", proc(LoadPackagedLibrary)},
    {"QueryOptionalDelayLoadedAPI", proc(QueryOptionalDelayLoadedAPI)},
    {"RemoveDllDirectory", proc(RemoveDllDirectory)},
    {"ResolveDelayLoadedAPI", proc(hm_ResolveDelayLoadedAPI)},
    {"ResolveDelayLoadsFromDll", proc(ResolveDelayLoadsFromDll)},
    {"SetDefaultDllDirectories", proc(SetDefaultDllDirectories)},
    {"SetDllDirectoryA", proc(SetDllDirectoryA)},
    {"SetDllDirectoryW", proc(SetDllDirectoryW)},
};

}  // namespace

extern const ExportTable libloaderapi_exports = kRows;

}  // namespace hmodule::winapi

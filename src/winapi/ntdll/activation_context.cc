// Activation contexts: Rtl*ActivationContext*. RtlCreateActivationContext takes what CreateActCtxW takes, as Wine's
// kernelbase calls it; Windows' own has a parsed form that is nowhere described.
#include "winapi/ntdll/activation_context.h"

#include "base/utf.h"
#include "module/builtin.h"
#include "nt/process_parameters.h"
#include "path/dos_path.h"
#include "path/volumes.h"
#include "runtime/runtime.h"
#include "unwind/exceptions.h"
#include "winapi/ntdll/nt_args.h"

#include <algorithm>
#include <cstring>
#include <fstream>
#include <iterator>

namespace hmodule::winapi {

namespace {

Result<std::vector<std::byte>> contents_of(const std::string& host_path) {
  std::ifstream file(host_path, std::ios::binary);
  if (!file) return fail(STATUS_ACCESS_DENIED, "{}: cannot be read", host_path);
  const std::vector<char> text(std::istreambuf_iterator<char>(file), {});
  const auto* const bytes = reinterpret_cast<const std::byte*>(text.data());
  return std::vector<std::byte>(bytes, bytes + text.size());
}

bool is_pe(std::span<const std::byte> bytes) {
  return bytes.size() > 2 && bytes[0] == std::byte{'M'} && bytes[1] == std::byte{'Z'};
}

nt::ManifestResource resource_of(const WCHAR* name) {
  const auto value = reinterpret_cast<std::uintptr_t>(name);
  if (value >> 16 == 0) return {static_cast<WORD>(value), {}};
  if (name[0] == u'#') return {static_cast<WORD>(std::strtoul(utf8(name + 1).c_str(), nullptr, 10)), {}};
  return {std::nullopt, name};
}

Result<std::u16string> source_of(const ACTCTXW& wanted) {
  if (wanted.lpSource != nullptr) return nt::full_path(wanted.lpSource);
  if ((wanted.dwFlags & ACTCTX_FLAG_HMODULE_VALID) == 0)
    return fail(STATUS_INVALID_PARAMETER, "an activation context needs a source");
  return runtime().loader().file_name(wanted.hModule);
}

Status check_lookup(const GUID* extension, const ACTCTX_SECTION_KEYED_DATA* found) {
  if (extension != nullptr) return fail(STATUS_SXS_KEY_NOT_FOUND, "there are no extension sections");
  if (found == nullptr || found->cbSize < offsetof(ACTCTX_SECTION_KEYED_DATA, ulFlags))
    return fail(STATUS_INVALID_PARAMETER, "no room for what is found");
  return ok;
}

template <typename Key>
Status look_up(ULONG flags, ULONG kind, const Key& key, ACTCTX_SECTION_KEYED_DATA* found) {
  const HANDLE handle = nt::active_handle(true);
  const nt::ActivationRef context = TRY(nt::context_of(handle));
  if (context == nullptr) return fail(STATUS_SXS_SECTION_NOT_FOUND, "no activation context is active");
  const nt::ActivationContext::Entry* const entry = TRY(context->find(kind, key));
  if (entry == nullptr) return fail(STATUS_SXS_KEY_NOT_FOUND, "the active context has no such entry");
  const std::byte* const data = entry->data.data();
  const auto size = static_cast<ULONG>(entry->data.size());
  ACTCTX_SECTION_KEYED_DATA result = {found->cbSize, 1,    data,    entry->record_size, nullptr, 0,
                                      data,          size, nullptr, entry->assembly,    0};
  if ((flags & FIND_ACTCTX_SECTION_KEY_RETURN_HACTCTX) != 0) {
    TRY(nt::add_context_reference(handle));
    result.hActCtx = handle;
  }
  std::memcpy(found, &result, std::min<std::size_t>(found->cbSize, sizeof result));
  return ok;
}

Result<nt::ActivationRef> context_meant(ULONG flags, HANDLE& handle) {
  if ((flags & (kContextIsModule | kContextIsAddress)) != 0)
    return fail(STATUS_NOT_SUPPORTED, "contexts are not looked up by module");
  if ((flags & kUseActiveContext) != 0) handle = nt::active_handle(true);
  return nt::context_of(handle);
}

template <typename Record>
Status room_for(const Record&, SIZE_T whole, void* buffer, SIZE_T size, SIZE_T* needed) {
  if (needed != nullptr) *needed = whole;
  if (size < whole) return fail(STATUS_BUFFER_TOO_SMALL, "a buffer of {} bytes for {}", size, whole);
  return require(buffer);
}

}  // namespace

Result<HANDLE> create_activation_context(const ACTCTXW& wanted) {
  if (wanted.cbSize < offsetof(ACTCTXW, lpAssemblyDirectory) || (wanted.dwFlags & ~ULONG{0xFF}) != 0)
    return fail(STATUS_INVALID_PARAMETER, "an ACTCTX of {} bytes with flags {:#x}", wanted.cbSize, wanted.dwFlags);
  const std::u16string source = TRY(source_of(wanted));
  const auto host = TRY(path::volumes().to_host(source));
  if (host.what != path::What::file) return fail(STATUS_OBJECT_NAME_NOT_FOUND, "{}: no such file", utf8(source));
  std::u16string directory(path::directory(source));
  if ((wanted.dwFlags & ACTCTX_FLAG_ASSEMBLY_DIRECTORY_VALID) != 0 && wanted.lpAssemblyDirectory != nullptr)
    directory = TRY(nt::full_path(wanted.lpAssemblyDirectory));
  std::vector<std::byte> xml;
  if ((wanted.dwFlags & ACTCTX_FLAG_RESOURCE_NAME_VALID) != 0) {
    xml = TRY(nt::manifest_of_file(host.path, resource_of(wanted.lpResourceName)));
  } else {
    xml = TRY(contents_of(host.path));
    if (is_pe(xml)) xml = TRY(nt::manifest_of_file(host.path, {}));
  }
  nt::ActivationRef context = TRY(nt::ActivationContext::create(xml, source, std::move(directory)));
  const HANDLE handle = nt::handle_of(std::move(context));
  if ((wanted.dwFlags & ACTCTX_FLAG_SET_PROCESS_DEFAULT) != 0) {
    TRY(nt::add_context_reference(handle));
    nt::set_process_context(handle);
  }
  return handle;
}

Status find_in_active_context(ULONG flags, const GUID* extension, ULONG kind, std::u16string_view text,
                              ACTCTX_SECTION_KEYED_DATA* found) {
  TRY(check_lookup(extension, found));
  return look_up(flags, kind, text, found);
}
Status find_in_active_context(ULONG flags, const GUID* extension, ULONG kind, const GUID* key,
                              ACTCTX_SECTION_KEYED_DATA* found) {
  TRY(check_lookup(extension, found));
  if (key == nullptr) return fail(STATUS_INVALID_PARAMETER, "no GUID to look for");
  return look_up(flags, kind, *key, found);
}

Status query_activation_context(ULONG flags, HANDLE handle, ULONG what, void* buffer, SIZE_T size, SIZE_T* needed) {
  const nt::ActivationRef context = TRY(context_meant(flags, handle));
  switch (what) {
    case 1: {  // ActivationContextBasicInformation
      const ACTIVATION_CONTEXT_BASIC_INFORMATION basic = {handle, 0};
      TRY(room_for(basic, sizeof basic, buffer, size, needed));
      TRY(nt::add_context_reference(handle));
      std::memcpy(buffer, &basic, sizeof basic);
      return ok;
    }
    case 2: {  // ActivationContextDetailedInformation
      ACTIVATION_CONTEXT_DETAILED_INFORMATION details = {};
      const std::u16string manifest = context ? context->assemblies().front().manifest_path : std::u16string();
      const std::u16string directory = context ? context->directory() : std::u16string();
      const SIZE_T whole = sizeof details + (manifest.size() + directory.size() + 2) * sizeof(WCHAR);
      TRY(room_for(details, whole, buffer, size, needed));
      details.ulFormatVersion = 1;
      details.ulAssemblyCount = context ? static_cast<ULONG>(context->assemblies().size()) : 0;
      details.ulRootManifestPathType = context ? 2 : 1;  // a file's name; none
      details.ulRootManifestPathChars = static_cast<ULONG>(manifest.size());
      details.ulRootConfigurationPathType = 1;
      details.ulAppDirPathType = context ? 2 : 1;
      details.ulAppDirPathChars = static_cast<ULONG>(directory.size());
      auto* at = reinterpret_cast<WCHAR*>(static_cast<std::byte*>(buffer) + sizeof details);
      details.lpRootManifestPath = at;
      at = std::copy_n(manifest.c_str(), manifest.size() + 1, at);
      details.lpAppDirPath = at;
      std::copy_n(directory.c_str(), directory.size() + 1, at);
      std::memcpy(buffer, &details, sizeof details);
      return ok;
    }
    case 5: {  // RunlevelInformationInActivationContext
      const ACTIVATION_CONTEXT_RUN_LEVEL_INFORMATION level = {};
      TRY(room_for(level, sizeof level, buffer, size, needed));
      std::memcpy(buffer, &level, sizeof level);
      return ok;
    }
    default:
      return fail(STATUS_INVALID_PARAMETER, "activation context class {}", what);
  }
}

Status query_context_setting(ULONG flags, HANDLE handle, const WCHAR* name_space, const WCHAR* name, WCHAR* buffer,
                             SIZE_T size, SIZE_T* needed) {
  if (name == nullptr || flags != 0)
    return fail(STATUS_INVALID_PARAMETER, "no name of a setting, or flags {:#x}", flags);
  const nt::ActivationRef context = TRY(nt::context_of(handle == nullptr ? nt::active_handle(true) : handle));
  const std::u16string_view space =
      name_space == nullptr ? u"http://schemas.microsoft.com/SMI/2005/WindowsSettings" : name_space;
  const auto value = context ? context->setting(space, name) : std::nullopt;
  if (!value) return fail(STATUS_SXS_KEY_NOT_FOUND, "the context has no setting {}", utf8(name));
  if (needed != nullptr) *needed = value->size() + 1;
  if (size <= value->size())
    return fail(STATUS_BUFFER_TOO_SMALL, "a buffer of {} characters for {}", size, value->size() + 1);
  TRY(require(buffer));
  std::copy_n(value->c_str(), value->size() + 1, buffer);
  return ok;
}

namespace {

HM_WINAPI NTSTATUS RtlCreateActivationContext(HANDLE* handle, const ACTCTXW* wanted) noexcept {
  return status_of([&]() -> Status {
    TRY(require(handle));
    TRY(require(wanted));
    *handle = TRY(create_activation_context(*wanted));
    return ok;
  });
}
HM_WINAPI void RtlAddRefActivationContext(HANDLE handle) noexcept {
  static_cast<void>(nt::add_context_reference(handle));
}
HM_WINAPI void RtlReleaseActivationContext(HANDLE handle) noexcept {
  static_cast<void>(nt::release_context_reference(handle));
}
HM_WINAPI NTSTATUS RtlZombifyActivationContext(HANDLE handle) noexcept {
  return status_of([&]() -> Status {
    if (TRY(nt::context_of(handle)) == nullptr) return fail(STATUS_INVALID_PARAMETER, "the empty context stays");
    return ok;  // nobody is told: there is nobody to be told
  });
}
HM_WINAPI NTSTATUS RtlActivateActivationContext(ULONG flags, HANDLE handle, ULONG_PTR* cookie) noexcept {
  return status_of([&]() -> Status {
    if (flags != 0) return fail(STATUS_INVALID_PARAMETER, "flags {:#x}", flags);
    TRY(require(cookie));
    *cookie = TRY(nt::activate(handle));
    return ok;
  });
}
// An activation that is not there, or not the last, is a mistake that Windows raises.
HM_WINAPI void RtlDeactivateActivationContext(ULONG flags, ULONG_PTR cookie) noexcept {
  const NTSTATUS status = status_of([&] { return nt::deactivate(cookie, (flags & 1) != 0); });
  if (!nt_success(status)) unwind::hm_rtl_raise_status(status);
}
HM_WINAPI NTSTATUS RtlGetActiveActivationContext(HANDLE* handle) noexcept {
  return status_of([&]() -> Status {
    TRY(require(handle));
    const HANDLE active = nt::active_handle();
    TRY(nt::add_context_reference(active));
    *handle = active;
    return ok;
  });
}
HM_WINAPI BOOLEAN RtlIsActivationContextActive(HANDLE handle) noexcept {
  return nt::active_handle() == handle;
}
HM_WINAPI NTSTATUS RtlFindActivationContextSectionString(ULONG flags, const GUID* extension, ULONG kind,
                                                         const UNICODE_STRING* text,
                                                         ACTCTX_SECTION_KEYED_DATA* found) noexcept {
  return status_of([&]() -> Status {
    if (text == nullptr || text->Buffer == nullptr) return fail(STATUS_INVALID_PARAMETER, "no text to look for");
    return find_in_active_context(flags, extension, kind, {text->Buffer, text->Length / sizeof(WCHAR)}, found);
  });
}
HM_WINAPI NTSTATUS RtlFindActivationContextSectionGuid(ULONG flags, const GUID* extension, ULONG kind, const GUID* guid,
                                                       ACTCTX_SECTION_KEYED_DATA* found) noexcept {
  return status_of([&] { return find_in_active_context(flags, extension, kind, guid, found); });
}
HM_WINAPI NTSTATUS RtlQueryInformationActivationContext(ULONG flags, HANDLE handle, void*, ULONG what, void* buffer,
                                                        SIZE_T size, SIZE_T* needed) noexcept {
  return status_of([&] { return query_activation_context(flags, handle, what, buffer, size, needed); });
}
HM_WINAPI NTSTATUS RtlQueryActivationContextApplicationSettings(DWORD flags, HANDLE handle, const WCHAR* name_space,
                                                                const WCHAR* name, WCHAR* buffer, SIZE_T size,
                                                                SIZE_T* needed) noexcept {
  return status_of([&] { return query_context_setting(flags, handle, name_space, name, buffer, size, needed); });
}

constexpr const char kSections[] = "DLLs, COM classes and ProgIDs; not interfaces, type libraries and window classes";
constexpr const char kClasses[] = "basic, detailed and run level information";

const Export kRows[] = {
    {"RtlActivateActivationContext", proc(RtlActivateActivationContext)},
    {"RtlAddRefActivationContext", proc(RtlAddRefActivationContext)},
    {"RtlCreateActivationContext", proc(RtlCreateActivationContext), Support::partial,
     "with the arguments that Wine's kernelbase gives it"},
    {"RtlDeactivateActivationContext", proc(RtlDeactivateActivationContext)},
    {"RtlFindActivationContextSectionGuid", proc(RtlFindActivationContextSectionGuid), Support::partial, kSections},
    {"RtlFindActivationContextSectionString", proc(RtlFindActivationContextSectionString), Support::partial, kSections},
    {"RtlGetActiveActivationContext", proc(RtlGetActiveActivationContext)},
    {"RtlIsActivationContextActive", proc(RtlIsActivationContextActive)},
    {"RtlQueryActivationContextApplicationSettings", proc(RtlQueryActivationContextApplicationSettings)},
    {"RtlQueryInformationActivationContext", proc(RtlQueryInformationActivationContext), Support::partial, kClasses},
    {"RtlReleaseActivationContext", proc(RtlReleaseActivationContext)},
    {"RtlZombifyActivationContext", proc(RtlZombifyActivationContext)},
};

}  // namespace

extern const ExportTable activation_context_exports = kRows;

}  // namespace hmodule::winapi

// winbase.h: activation contexts.
#include "module/builtin.h"
#include "unwind/exceptions.h"
#include "winapi/common/answer.h"
#include "winapi/kernel32/file_args.h"
#include "winapi/ntdll/activation_context.h"

namespace hmodule::winapi {
namespace {

const HANDLE kNoContext = reinterpret_cast<HANDLE>(std::intptr_t{-1});

HM_WINAPI HANDLE CreateActCtxW(const ACTCTXW* wanted) noexcept {
  return answer<HANDLE>(kNoContext, [&]() -> Result<HANDLE> {
    if (wanted == nullptr) return fail(STATUS_INVALID_PARAMETER, "no ACTCTX");
    return create_activation_context(*wanted);
  });
}
HM_WINAPI HANDLE CreateActCtxA(const ACTCTXA* wanted) noexcept {
  return answer<HANDLE>(kNoContext, [&]() -> Result<HANDLE> {
    if (wanted == nullptr || wanted->cbSize < offsetof(ACTCTXA, lpAssemblyDirectory))
      return fail(STATUS_INVALID_PARAMETER, "no ACTCTX, or a short one");
    const bool named = (wanted->dwFlags & ACTCTX_FLAG_RESOURCE_NAME_VALID) != 0;
    const bool by_id = named && reinterpret_cast<std::uintptr_t>(wanted->lpResourceName) >> 16 == 0;
    const bool has_directory = (wanted->dwFlags & ACTCTX_FLAG_ASSEMBLY_DIRECTORY_VALID) != 0;
    const Wide source(wanted->lpSource), directory(has_directory ? wanted->lpAssemblyDirectory : nullptr),
        resource(named && !by_id ? wanted->lpResourceName : nullptr);
    ACTCTXW wide = {};
    wide.cbSize = sizeof wide;
    wide.dwFlags = wanted->dwFlags & ~ACTCTX_FLAG_APPLICATION_NAME_VALID;
    wide.lpSource = source.get();
    wide.lpAssemblyDirectory = directory.get();
    wide.lpResourceName = by_id ? reinterpret_cast<const WCHAR*>(wanted->lpResourceName) : resource.get();
    if ((wanted->dwFlags & ACTCTX_FLAG_HMODULE_VALID) != 0) wide.hModule = wanted->hModule;
    return create_activation_context(wide);
  });
}
HM_WINAPI void AddRefActCtx(HANDLE handle) noexcept {
  static_cast<void>(nt::add_context_reference(handle));
}
HM_WINAPI void ReleaseActCtx(HANDLE handle) noexcept {
  static_cast<void>(nt::release_context_reference(handle));
}
HM_WINAPI BOOL ZombifyActCtx(HANDLE handle) noexcept {
  return succeed([&]() -> Status {
    if (TRY(nt::context_of(handle)) == nullptr) return fail(STATUS_INVALID_PARAMETER, "the empty context stays");
    return ok;
  });
}
HM_WINAPI BOOL ActivateActCtx(HANDLE handle, ULONG_PTR* cookie) noexcept {
  return succeed([&]() -> Status {
    if (cookie == nullptr) return fail(STATUS_INVALID_PARAMETER, "no room for the cookie");
    *cookie = TRY(nt::activate(handle));
    return ok;
  });
}
HM_WINAPI BOOL DeactivateActCtx(DWORD flags, ULONG_PTR cookie) noexcept {
  const Status status = nt::deactivate(cookie, (flags & 1) != 0);  // DEACTIVATE_ACTCTX_FLAG_FORCE_EARLY_DEACTIVATION
  if (!status) unwind::hm_rtl_raise_status(status.error().status);
  return TRUE;
}
HM_WINAPI BOOL GetCurrentActCtx(HANDLE* handle) noexcept {
  return succeed([&]() -> Status {
    if (handle == nullptr) return fail(STATUS_INVALID_PARAMETER, "no room for the handle");
    const HANDLE active = nt::active_handle();
    TRY(nt::add_context_reference(active));
    *handle = active;
    return ok;
  });
}
HM_WINAPI BOOL FindActCtxSectionStringW(DWORD flags, const GUID* extension, ULONG kind, const WCHAR* text,
                                        ACTCTX_SECTION_KEYED_DATA* found) noexcept {
  return succeed([&]() -> Status {
    if (text == nullptr) return fail(STATUS_INVALID_PARAMETER, "no text to look for");
    return find_in_active_context(flags, extension, kind, std::u16string_view(text), found);
  });
}
HM_WINAPI BOOL FindActCtxSectionStringA(DWORD flags, const GUID* extension, ULONG kind, const CHAR* text,
                                        ACTCTX_SECTION_KEYED_DATA* found) noexcept {
  return FindActCtxSectionStringW(flags, extension, kind, Wide(text).get(), found);
}
HM_WINAPI BOOL FindActCtxSectionGuid(DWORD flags, const GUID* extension, ULONG kind, const GUID* guid,
                                     ACTCTX_SECTION_KEYED_DATA* found) noexcept {
  return succeed([&] { return find_in_active_context(flags, extension, kind, guid, found); });
}
HM_WINAPI BOOL QueryActCtxW(DWORD flags, HANDLE handle, void* /*part*/, ULONG what, void* buffer, SIZE_T size,
                            SIZE_T* needed) noexcept {
  return succeed([&] { return query_activation_context(flags, handle, what, buffer, size, needed); });
}
HM_WINAPI BOOL QueryActCtxSettingsW(DWORD flags, HANDLE handle, const WCHAR* name_space, const WCHAR* name,
                                    WCHAR* buffer, SIZE_T size, SIZE_T* needed) noexcept {
  return succeed([&] { return query_context_setting(flags, handle, name_space, name, buffer, size, needed); });
}

constexpr const char kSections[] = "DLLs, COM classes and ProgIDs; not interfaces, type libraries and window classes";

const Export kRows[] = {
    {"ActivateActCtx", proc(ActivateActCtx)},
    {"AddRefActCtx", proc(AddRefActCtx)},
    {"CreateActCtxA", proc(CreateActCtxA)},
    {"CreateActCtxW", proc(CreateActCtxW)},
    {"DeactivateActCtx", proc(DeactivateActCtx)},
    {"FindActCtxSectionGuid", proc(FindActCtxSectionGuid), Support::partial, kSections},
    {"FindActCtxSectionStringA", proc(FindActCtxSectionStringA), Support::partial, kSections},
    {"FindActCtxSectionStringW", proc(FindActCtxSectionStringW), Support::partial, kSections},
    {"GetCurrentActCtx", proc(GetCurrentActCtx)},
    {"QueryActCtxSettingsW", proc(QueryActCtxSettingsW)},
    {"QueryActCtxW", proc(QueryActCtxW), Support::partial, "basic, detailed and run level information"},
    {"ReleaseActCtx", proc(ReleaseActCtx)},
    {"ZombifyActCtx", proc(ZombifyActCtx)},
};

}  // namespace

extern const ExportTable winbase_actctx_exports = kRows;

}  // namespace hmodule::winapi

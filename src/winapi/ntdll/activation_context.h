// What kernel32 needs of ntdll's activation contexts.
#pragma once

#include "nt/activation_context.h"

namespace hmodule::winapi {

Result<HANDLE> create_activation_context(const ACTCTXW& wanted);

// FindActCtxSectionString and Guid: `found` is filled, the context asked is the active one.
Status find_in_active_context(ULONG flags, const GUID* extension, ULONG kind, std::u16string_view text,
                              ACTCTX_SECTION_KEYED_DATA* found);
Status find_in_active_context(ULONG flags, const GUID* extension, ULONG kind, const GUID* key,
                              ACTCTX_SECTION_KEYED_DATA* found);

// QueryActCtxW's `flags`: which context, instead of by its handle.
inline constexpr ULONG kUseActiveContext = 4, kContextIsModule = 8, kContextIsAddress = 16;
Status query_activation_context(ULONG flags, HANDLE handle, ULONG what, void* buffer, SIZE_T size, SIZE_T* needed);
Status query_context_setting(ULONG flags, HANDLE handle, const WCHAR* name_space, const WCHAR* name, WCHAR* buffer,
                             SIZE_T size, SIZE_T* needed);

}  // namespace hmodule::winapi

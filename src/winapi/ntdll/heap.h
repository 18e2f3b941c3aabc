// Heap functions that kernel32 exports under its own names.
#pragma once

#include "win/heapapi.h"

namespace hmodule::winapi {

HM_WINAPI void* RtlAllocateHeap(HANDLE handle, ULONG flags, SIZE_T size) noexcept;
HM_WINAPI void* RtlReAllocateHeap(HANDLE handle, ULONG flags, void* block, SIZE_T size) noexcept;
HM_WINAPI BOOL RtlFreeHeap(HANDLE handle, ULONG flags, void* block) noexcept;
HM_WINAPI SIZE_T RtlSizeHeap(HANDLE handle, ULONG flags, const void* block) noexcept;
HM_WINAPI NTSTATUS RtlQueryHeapInformation(HANDLE handle, LONG info_class, void* info, SIZE_T size,
                                           SIZE_T* needed) noexcept;
HM_WINAPI NTSTATUS RtlSetHeapInformation(HANDLE handle, LONG info_class, const void* info, SIZE_T size) noexcept;

}  // namespace hmodule::winapi

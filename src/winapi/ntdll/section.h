// What kernel32 needs of ntdll's sections.
#pragma once

#include "nt/section.h"
#include "win/memoryapi.h"

namespace hmodule::winapi {

// SectionImageInformation: what NtQuerySection, and NtCreateUserProcess of its program, say of an image.
SECTION_IMAGE_INFORMATION image_information(const pe::Image& image);
// NtMapViewOfSectionEx in this process: `request` says where, what and how, `type` is MEM_RESERVE, MEM_TOP_DOWN and
// MEM_REPLACE_PLACEHOLDER, the parameters are those of VirtualAlloc2.
Result<nt::View> map_view_of_section(HANDLE section, nt::ViewRequest request, ULONG type,
                                     const MEM_EXTENDED_PARAMETER* parameters, ULONG count);
// NtUnmapViewOfSectionEx.
Status unmap_view_of_section(const void* address, ULONG flags);

}  // namespace hmodule::winapi

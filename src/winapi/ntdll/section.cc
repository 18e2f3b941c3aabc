// Sections and views.
#include "winapi/ntdll/section.h"

#include "module/builtin.h"
#include "nt/handle_table.h"
#include "nt/own_process.h"
#include "nt/virtual_memory.h"
#include "winapi/ntdll/nt_args.h"

#include <algorithm>

namespace hmodule::winapi {
namespace {

using nt::object_of;
using nt::Section;

HM_WINAPI NTSTATUS NtCreateSection(HANDLE* handle, ACCESS_MASK access, const OBJECT_ATTRIBUTES* attributes,
                                   const LARGE_INTEGER* size, ULONG protect, ULONG section_attributes,
                                   HANDLE file) noexcept {
  nt::Ref<Section> section;
  const NTSTATUS made = status_of([&]() -> Status {
    nt::SectionRequest request = {
        .size = size == nullptr ? 0 : *size, .protect = protect, .attributes = section_attributes};
    if (file != nullptr) request.file = TRY(object_of<nt::File>(file, 0));
    section = TRY(Section::create(request));
    return ok;
  });
  if (made < 0) return made;
  return nt_create(handle, Section::kType, access, attributes, [&] { return nt::Ref<nt::Object>(section); });
}
HM_WINAPI NTSTATUS NtOpenSection(HANDLE* handle, ACCESS_MASK access, const OBJECT_ATTRIBUTES* attributes) noexcept {
  return nt_open(handle, Section::kType, access, attributes);
}

HM_WINAPI NTSTATUS NtQuerySection(HANDLE handle, ULONG what, void* info, SIZE_T size, SIZE_T* returned) noexcept {
  return status_of([&]() -> Status {
    const auto section = TRY(object_of<Section>(handle, SECTION_QUERY));
    if (what == SectionImageInformation) return fail(STATUS_SECTION_NOT_IMAGE, "the section is not an image");
    if (what != SectionBasicInformation) return fail(STATUS_INVALID_INFO_CLASS, "section class {}", what);
    if (size < sizeof(SECTION_BASIC_INFORMATION))
      return fail(STATUS_INFO_LENGTH_MISMATCH, "{} bytes for SectionBasicInformation", size);
    *static_cast<SECTION_BASIC_INFORMATION*>(info) = {nullptr, section->attributes(), section->size()};
    store_if(returned, sizeof(SECTION_BASIC_INFORMATION));
    return ok;
  });
}

ACCESS_MASK view_access(ULONG protect) {
  switch (protect & 0xFF) {
    case PAGE_READWRITE:
      return SECTION_MAP_WRITE;
    case PAGE_EXECUTE:
    case PAGE_EXECUTE_READ:
    case PAGE_EXECUTE_WRITECOPY:
      return SECTION_MAP_EXECUTE;
    case PAGE_EXECUTE_READWRITE:
      return SECTION_MAP_WRITE | SECTION_MAP_EXECUTE;
    default:
      return SECTION_MAP_READ;
  }
}

// A view within limits takes the place of a placeholder that keeps them.
Result<nt::View> map_within_limits(Section& section, nt::ViewRequest request, nt::AllocationRequest place) {
  const auto size = static_cast<std::uint64_t>(section.size());
  if (request.offset % kAllocationGranularity != 0 || request.offset >= size)
    return fail(STATUS_INVALID_VIEW_SIZE, "a view from {:#x} of a section of {:#x}", request.offset, size);
  place.size = request.size != 0 ? request.size : size - request.offset;
  const nt::MemoryRange placeholder = TRY(nt::virtual_memory().allocate(place));
  request.base = placeholder.start;
  request.replace_placeholder = true;
  auto view = section.map(request);
  if (!view) static_cast<void>(nt::virtual_memory().free(placeholder.start, 0, MEM_RELEASE));
  return view;
}

}  // namespace

Result<nt::View> map_view_of_section(HANDLE handle, nt::ViewRequest request, ULONG type,
                                     const MEM_EXTENDED_PARAMETER* parameters, ULONG count) {
  if ((type & ~(MEM_RESERVE | MEM_TOP_DOWN | MEM_REPLACE_PLACEHOLDER)) != 0)
    return fail(STATUS_INVALID_PARAMETER, "view type {:#x}", type);
  if (count != 0 && parameters == nullptr) return fail(STATUS_INVALID_PARAMETER, "{} parameters at NULL", count);
  request.replace_placeholder = (type & MEM_REPLACE_PLACEHOLDER) != 0;
  nt::AllocationRequest place = {.address = request.base,
                                 .type = MEM_RESERVE | MEM_RESERVE_PLACEHOLDER,
                                 .protect = PAGE_NOACCESS,
                                 .extended = true};
  const std::span given(parameters, count);
  for (const MEM_EXTENDED_PARAMETER& parameter : given) TRY(nt::apply(parameter, place));
  const auto section = TRY(object_of<Section>(handle, view_access(request.protect)));
  const bool limited = std::ranges::any_of(given, [](const MEM_EXTENDED_PARAMETER& parameter) {
    return (parameter.Type & 0xFF) == MemExtendedParameterAddressRequirements;
  });
  return limited ? map_within_limits(*section, request, place) : section->map(request);
}

Status unmap_view_of_section(const void* address, ULONG flags) {
  if ((flags & ~(MEM_UNMAP_WITH_TRANSIENT_BOOST | MEM_PRESERVE_PLACEHOLDER)) != 0)
    return fail(STATUS_INVALID_PARAMETER, "unmap flags {:#x}", flags);
  return nt::unmap_view(address, (flags & MEM_PRESERVE_PLACEHOLDER) != 0);
}

namespace {

HM_WINAPI NTSTATUS NtMapViewOfSection(HANDLE handle, HANDLE process, void** base, ULONG_PTR, SIZE_T,
                                      const LARGE_INTEGER* offset, SIZE_T* size, ULONG, ULONG, ULONG protect) noexcept {
  return status_of([&]() -> Status {
    TRY(require(base));
    TRY(require(size));
    TRY(nt::require_own_process(process, nt::PROCESS_VM_OPERATION));
    const auto section = TRY(object_of<Section>(handle, view_access(protect)));
    const nt::View view = TRY(section->map({.base = reinterpret_cast<std::uintptr_t>(*base),
                                            .offset = offset == nullptr ? 0 : static_cast<std::uint64_t>(*offset),
                                            .size = *size,
                                            .protect = protect}));
    *base = view.base;
    *size = view.size;
    return ok;
  });
}
HM_WINAPI NTSTATUS NtMapViewOfSectionEx(HANDLE handle, HANDLE process, void** base, const LARGE_INTEGER* offset,
                                        SIZE_T* size, ULONG type, ULONG protect,
                                        const MEM_EXTENDED_PARAMETER* parameters, ULONG count) noexcept {
  return status_of([&]() -> Status {
    TRY(require(base));
    TRY(require(size));
    TRY(nt::require_own_process(process, nt::PROCESS_VM_OPERATION));
    const nt::ViewRequest request = {.base = reinterpret_cast<std::uintptr_t>(*base),
                                     .offset = offset == nullptr ? 0 : static_cast<std::uint64_t>(*offset),
                                     .size = *size,
                                     .protect = protect};
    const nt::View view = TRY(map_view_of_section(handle, request, type, parameters, count));
    *base = view.base;
    *size = view.size;
    return ok;
  });
}
HM_WINAPI NTSTATUS NtUnmapViewOfSectionEx(HANDLE process, const void* address, ULONG flags) noexcept {
  return status_of([&]() -> Status {
    TRY(nt::require_own_process(process, nt::PROCESS_VM_OPERATION));
    return unmap_view_of_section(address, flags);
  });
}
HM_WINAPI NTSTATUS NtUnmapViewOfSection(HANDLE process, const void* address) noexcept {
  return NtUnmapViewOfSectionEx(process, address, 0);
}

HM_WINAPI NTSTATUS NtFlushVirtualMemory(HANDLE process, void** base, SIZE_T* size, IO_STATUS_BLOCK* block) noexcept {
  return status_of([&]() -> Status {
    TRY(require(base));
    TRY(require(size));
    TRY(nt::require_own_process(process, nt::PROCESS_VM_OPERATION));
    TRY(nt::flush_view(*base, *size));
    if (block != nullptr) *block = {.Status = STATUS_SUCCESS, .Information = *size};
    return ok;
  });
}

constexpr std::string_view kNotImage = "not SEC_IMAGE";

const Export kRows[] = {
    {"NtCreateSection", proc(NtCreateSection), Support::partial, kNotImage},
    {"NtFlushVirtualMemory", proc(NtFlushVirtualMemory)},
    {"NtMapViewOfSection", proc(NtMapViewOfSection), Support::partial, "this process only; no limits to the address"},
    {"NtMapViewOfSectionEx", proc(NtMapViewOfSectionEx), Support::partial, "this process only"},
    {"NtOpenSection", proc(NtOpenSection)},
    {"NtQuerySection", proc(NtQuerySection)},
    {"NtUnmapViewOfSection", proc(NtUnmapViewOfSection)},
    {"NtUnmapViewOfSectionEx", proc(NtUnmapViewOfSectionEx)},
};

}  // namespace

extern const ExportTable section_exports = kRows;

}  // namespace hmodule::winapi

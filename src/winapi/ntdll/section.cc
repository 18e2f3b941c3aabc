// Sections and views.
#include "winapi/ntdll/section.h"

#include "module/builtin.h"
#include "nt/handle_table.h"
#include "nt/own_process.h"
#include "nt/virtual_memory.h"
#include "winapi/ntdll/nt_args.h"

#include <algorithm>
#include <cstring>

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

template <typename Information>
Status answer_with(const Information& information, void* info, SIZE_T size, SIZE_T* returned) {
  if (size < sizeof information)
    return fail(STATUS_INFO_LENGTH_MISMATCH, "{} bytes for a class of {}", size, sizeof information);
  std::memcpy(info, &information, sizeof information);
  store_if(returned, sizeof information);
  return ok;
}

}  // namespace

SECTION_IMAGE_INFORMATION image_information(const pe::Image& image) {
  const pe::OptionalHeader64& header = image.optional_header();
  const auto sections = image.sections();
  const bool has_code = std::ranges::any_of(sections, [](const pe::Section& section) { return section.executable(); });
  const bool moves = (header.DllCharacteristics & pe::kDllDynamicBase) != 0 && !image.relocations_stripped();
  return {.TransferAddress = reinterpret_cast<void*>(header.ImageBase + header.AddressOfEntryPoint),
          .ZeroBits = 0,
          .MaximumStackSize = header.SizeOfStackReserve,
          .CommittedStackSize = header.SizeOfStackCommit,
          .SubSystemType = header.Subsystem,
          .SubSystemMinorVersion = header.MinorSubsystemVersion,
          .SubSystemMajorVersion = header.MajorSubsystemVersion,
          .MajorOperatingSystemVersion = header.MajorOperatingSystemVersion,
          .MinorOperatingSystemVersion = header.MinorOperatingSystemVersion,
          .ImageCharacteristics = image.characteristics(),
          .DllCharacteristics = header.DllCharacteristics,
          .Machine = image.machine(),
          .ImageContainsCode = static_cast<BOOLEAN>(has_code),
          .ImageFlags = moves ? SECTION_IMAGE_DYNAMICALLY_RELOCATED : UCHAR{0},
          .LoaderFlags = header.LoaderFlags,
          .ImageFileSize = static_cast<ULONG>(image.file_size()),
          .CheckSum = header.CheckSum};
}

namespace {

HM_WINAPI NTSTATUS NtQuerySection(HANDLE handle, ULONG what, void* info, SIZE_T size, SIZE_T* returned) noexcept {
  return status_of([&]() -> Status {
    const auto section = TRY(object_of<Section>(handle, SECTION_QUERY));
    if (what == SectionBasicInformation)
      return answer_with(SECTION_BASIC_INFORMATION{nullptr, section->attributes(), section->size()}, info, size,
                         returned);
    if (what != SectionImageInformation) return fail(STATUS_INVALID_INFO_CLASS, "section class {}", what);
    if (section->image() == nullptr) return fail(STATUS_SECTION_NOT_IMAGE, "the section is not an image");
    return answer_with(image_information(*section->image()), info, size, returned);
  });
}

HM_WINAPI NTSTATUS NtExtendSection(HANDLE handle, LARGE_INTEGER* size) noexcept {
  return status_of([&]() -> Status {
    TRY(require(size));
    const auto section = TRY(object_of<Section>(handle, SECTION_EXTEND_SIZE));
    *size = TRY(section->extend(*size));
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
  request.may_exceed = (type & MEM_RESERVE) != 0;
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

NTSTATUS status_of_view(const nt::View& view) {
  return view.at_preferred_base ? STATUS_SUCCESS : STATUS_IMAGE_NOT_AT_BASE;
}

// The bytes to commit are a wish: a view's pages are the section's.
HM_WINAPI NTSTATUS NtMapViewOfSection(HANDLE handle, HANDLE process, void** base, ULONG_PTR, SIZE_T,
                                      const LARGE_INTEGER* offset, SIZE_T* size, ULONG, ULONG type,
                                      ULONG protect) noexcept {
  return status_of([&]() -> Result<NTSTATUS> {
    TRY(require(base));
    TRY(require(size));
    TRY(nt::require_own_process(process, nt::PROCESS_VM_OPERATION));
    const auto section = TRY(object_of<Section>(handle, view_access(protect)));
    const nt::View view = TRY(section->map({.base = reinterpret_cast<std::uintptr_t>(*base),
                                            .offset = offset == nullptr ? 0 : static_cast<std::uint64_t>(*offset),
                                            .size = *size,
                                            .protect = protect,
                                            .may_exceed = (type & MEM_RESERVE) != 0}));
    *base = view.base;
    *size = view.size;
    return status_of_view(view);
  });
}
HM_WINAPI NTSTATUS NtMapViewOfSectionEx(HANDLE handle, HANDLE process, void** base, const LARGE_INTEGER* offset,
                                        SIZE_T* size, ULONG type, ULONG protect,
                                        const MEM_EXTENDED_PARAMETER* parameters, ULONG count) noexcept {
  return status_of([&]() -> Result<NTSTATUS> {
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
    return status_of_view(view);
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

const Export kRows[] = {
    {"NtCreateSection", proc(NtCreateSection)},
    {"NtExtendSection", proc(NtExtendSection)},
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

// memoryapi.h: file mappings and their views.
#include "base/utf.h"
#include "module/builtin.h"
#include "nt/names.h"
#include "nt/own_process.h"
#include "winapi/common/answer.h"
#include "winapi/kernel32/file_args.h"
#include "winapi/ntdll/section.h"

namespace hmodule::winapi {
namespace {

// Local\x and Global\x are the same name space here.
nt::ObjectAttributes named(const WCHAR* name, ULONG attributes) {
  if (name == nullptr || *name == 0) return {.root = nullptr, .name = {}, .attributes = attributes};
  std::u16string_view text(name);
  for (const std::u16string_view prefix : {u"Local\\", u"Global\\"})
    if (text.starts_with(prefix)) text.remove_prefix(prefix.size());
  return {.root = nt::base_named_objects(), .name = text, .attributes = attributes};
}

HANDLE create_mapping(HANDLE file, const SECURITY_ATTRIBUTES* security, DWORD protect, std::uint64_t size,
                      const WCHAR* name, const char* function) noexcept {
  return answer<HANDLE>(
      nullptr,
      [&]() -> Result<HANDLE> {
        nt::SectionRequest request = {
            .size = static_cast<LARGE_INTEGER>(size), .protect = protect & 0xFF, .attributes = protect & ~DWORD{0xFF}};
        if ((request.attributes & (SEC_COMMIT | SEC_RESERVE | SEC_IMAGE)) == 0) request.attributes |= SEC_COMMIT;
        if (file != INVALID_HANDLE_VALUE) request.file = TRY(nt::object_of<nt::File>(file, 0));
        ACCESS_MASK access = nt::STANDARD_RIGHTS_REQUIRED | SECTION_QUERY | SECTION_MAP_READ;
        if ((protect & (PAGE_READWRITE | PAGE_EXECUTE_READWRITE)) != 0) access |= SECTION_MAP_WRITE;
        if ((protect & 0xF0) != 0) access |= SECTION_MAP_EXECUTE;
        nt::Ref<nt::Section> section = TRY(nt::Section::create(request));
        const auto created =
            TRY(nt::create_object(nt::Section::kType, named(name, nt::OBJ_OPENIF | handle_attributes(security)), access,
                                  [&] { return nt::Ref<nt::Object>(section); }));
        thread::set_last_error(created.existed ? ERROR_ALREADY_EXISTS : ERROR_SUCCESS);
        return created.handle;
      },
      function);
}

HM_WINAPI HANDLE CreateFileMappingW(HANDLE file, const SECURITY_ATTRIBUTES* security, DWORD protect, DWORD size_high,
                                    DWORD size_low, const WCHAR* name) noexcept {
  return create_mapping(file, security, protect, join(size_low, size_high), name, "CreateFileMappingW");
}
HM_WINAPI HANDLE CreateFileMappingA(HANDLE file, const SECURITY_ATTRIBUTES* security, DWORD protect, DWORD size_high,
                                    DWORD size_low, const CHAR* name) noexcept {
  return create_mapping(file, security, protect, join(size_low, size_high), Wide(name).get(), "CreateFileMappingA");
}
HM_WINAPI HANDLE CreateFileMappingFromApp(HANDLE file, const SECURITY_ATTRIBUTES* security, ULONG protect, ULONG64 size,
                                          const WCHAR* name) noexcept {
  return create_mapping(file, security, protect, size, name, "CreateFileMappingFromApp");
}

ACCESS_MASK section_access(DWORD access) {
  if (access == FILE_MAP_COPY) return SECTION_MAP_READ;
  ACCESS_MASK rights = access & (SECTION_MAP_READ | SECTION_MAP_WRITE | SECTION_QUERY);
  if ((access & FILE_MAP_EXECUTE) != 0) rights |= SECTION_MAP_EXECUTE;
  return rights;
}

HANDLE open_mapping(DWORD access, BOOL inherit, const WCHAR* name, const char* function) noexcept {
  return answer<HANDLE>(
      nullptr,
      [&]() -> Result<HANDLE> {
        if (name == nullptr) return fail(STATUS_INVALID_PARAMETER, "{}: no name", function);
        return nt::open_object(nt::Section::kType, named(name, inherit ? nt::OBJ_INHERIT : 0), section_access(access));
      },
      function);
}
HM_WINAPI HANDLE OpenFileMappingW(DWORD access, BOOL inherit, const WCHAR* name) noexcept {
  return open_mapping(access, inherit, name, "OpenFileMappingW");
}
HM_WINAPI HANDLE OpenFileMappingA(DWORD access, BOOL inherit, const CHAR* name) noexcept {
  return open_mapping(access, inherit, Wide(name).get(), "OpenFileMappingA");
}

// FILE_MAP_* to the view's protection; FILE_MAP_COPY only without FILE_MAP_WRITE.
ULONG view_protection(DWORD access) {
  const bool executes = (access & FILE_MAP_EXECUTE) != 0;
  if ((access & FILE_MAP_WRITE) != 0) return executes ? PAGE_EXECUTE_READWRITE : PAGE_READWRITE;
  if ((access & FILE_MAP_COPY) != 0 && (access & FILE_MAP_READ) == 0)
    return executes ? PAGE_EXECUTE_WRITECOPY : PAGE_WRITECOPY;
  return executes ? PAGE_EXECUTE_READ : (access & FILE_MAP_READ) != 0 ? PAGE_READONLY : PAGE_NOACCESS;
}

void* map_view(HANDLE mapping, DWORD access, std::uint64_t offset, SIZE_T size, void* base,
               const char* function) noexcept {
  return answer<void*>(
      nullptr,
      [&]() -> Result<void*> {
        const ULONG protect = view_protection(access);
        const ACCESS_MASK needed =
            protect == PAGE_WRITECOPY ? SECTION_MAP_READ : section_access(access & ~FILE_MAP_COPY);
        const auto section = TRY(nt::object_of<nt::Section>(mapping, needed & ~SECTION_QUERY));
        return TRY(section->map({.base = reinterpret_cast<std::uintptr_t>(base),
                                 .offset = offset,
                                 .size = size,
                                 .protect = protect}))
            .base;
      },
      function);
}
HM_WINAPI void* MapViewOfFile(HANDLE mapping, DWORD access, DWORD offset_high, DWORD offset_low, SIZE_T size) noexcept {
  return map_view(mapping, access, join(offset_low, offset_high), size, nullptr, "MapViewOfFile");
}
HM_WINAPI void* MapViewOfFileEx(HANDLE mapping, DWORD access, DWORD offset_high, DWORD offset_low, SIZE_T size,
                                void* base) noexcept {
  return map_view(mapping, access, join(offset_low, offset_high), size, base, "MapViewOfFileEx");
}
HM_WINAPI void* MapViewOfFileFromApp(HANDLE mapping, ULONG access, ULONG64 offset, SIZE_T size) noexcept {
  return map_view(mapping, access, offset, size, nullptr, "MapViewOfFileFromApp");
}

HM_WINAPI void* MapViewOfFile3(HANDLE mapping, HANDLE process, void* base, ULONG64 offset, SIZE_T size, ULONG type,
                               ULONG protect, const MEM_EXTENDED_PARAMETER* parameters, ULONG count) noexcept {
  return answer<void*>(nullptr, [&]() -> Result<void*> {
    TRY(nt::require_own_process(process, nt::PROCESS_VM_OPERATION));
    const nt::ViewRequest request = {
        .base = reinterpret_cast<std::uintptr_t>(base), .offset = offset, .size = size, .protect = protect};
    return TRY(map_view_of_section(mapping, request, type, parameters, count)).base;
  });
}
HM_WINAPI void* MapViewOfFileNuma2(HANDLE mapping, HANDLE process, ULONG64 offset, void* base, SIZE_T size, ULONG type,
                                   ULONG protect, ULONG) noexcept {
  return MapViewOfFile3(mapping, process, base, offset, size, type, protect, nullptr, 0);  // the node is a wish
}

HM_WINAPI BOOL UnmapViewOfFile2(HANDLE process, void* base, ULONG flags) noexcept {
  return succeed([&]() -> Status {
    TRY(nt::require_own_process(process, nt::PROCESS_VM_OPERATION));
    return unmap_view_of_section(base, flags);
  });
}
HM_WINAPI BOOL UnmapViewOfFileEx(void* base, ULONG flags) noexcept {
  return succeed([&] { return unmap_view_of_section(base, flags); });
}
HM_WINAPI BOOL UnmapViewOfFile(const void* base) noexcept {
  return succeed([&] { return unmap_view_of_section(base, 0); });
}
HM_WINAPI BOOL FlushViewOfFile(const void* base, SIZE_T size) noexcept {
  return succeed([&] { return nt::flush_view(base, size); });
}

const Export kRows[] = {
    {"CreateFileMappingA", proc(CreateFileMappingA)},
    {"CreateFileMappingFromApp", proc(CreateFileMappingFromApp)},
    {"CreateFileMappingW", proc(CreateFileMappingW)},
    {"FlushViewOfFile", proc(FlushViewOfFile)},
    {"MapViewOfFile", proc(MapViewOfFile)},
    {"MapViewOfFile3", proc(MapViewOfFile3), Support::partial, "this process only"},
    {"MapViewOfFileEx", proc(MapViewOfFileEx)},
    {"MapViewOfFileFromApp", proc(MapViewOfFileFromApp)},
    {"MapViewOfFileNuma2", proc(MapViewOfFileNuma2), Support::partial, "this process only"},
    {"OpenFileMappingA", proc(OpenFileMappingA)},
    {"OpenFileMappingW", proc(OpenFileMappingW)},
    {"UnmapViewOfFile", proc(UnmapViewOfFile)},
    {"UnmapViewOfFile2", proc(UnmapViewOfFile2), Support::partial, "this process only"},
    {"UnmapViewOfFileEx", proc(UnmapViewOfFileEx)},
};

}  // namespace

extern const ExportTable memoryapi_sections_exports = kRows;

}  // namespace hmodule::winapi

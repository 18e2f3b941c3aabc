// Path names as ntdll sees them. Lengths are in bytes here.
#include "base/utf.h"
#include "module/builtin.h"
#include "nt/heap.h"
#include "nt/process_parameters.h"
#include "path/volumes.h"
#include "runtime/runtime.h"
#include "winapi/common/answer.h"
#include "winapi/common/process_paths.h"
#include "winapi/common/text.h"

#include <algorithm>

namespace hmodule::winapi {
namespace {

// Memory that the caller gives back with RtlFreeHeap (RtlFreeUnicodeString, RtlReleasePath).
Result<WCHAR*> heap_copy(std::u16string_view text) {
  auto* copy = static_cast<WCHAR*>(nt::heap_allocate((text.size() + 1) * sizeof(WCHAR)));
  if (copy == nullptr) return fail(STATUS_NO_MEMORY, "no memory for a path of {} units", text.size());
  std::memcpy(copy, text.data(), text.size() * sizeof(WCHAR));
  copy[text.size()] = 0;
  return copy;
}

ULONG bytes(std::size_t units) {
  return static_cast<ULONG>(units * sizeof(WCHAR));
}

HM_WINAPI ULONG RtlDetermineDosPathNameType_U(const WCHAR* name) noexcept {
  return name == nullptr ? 0 : static_cast<ULONG>(path::kind_of(name));
}

// The offset of the reserved name in the high word, its length in the low word; 0 when there is none.
HM_WINAPI ULONG RtlIsDosDeviceName_U(const WCHAR* name) noexcept {
  if (name == nullptr) return 0;
  const auto device = path::dos_device(name);
  if (device.empty()) return 0;
  return bytes(static_cast<std::size_t>(device.data() - name)) << 16 | bytes(device.size());
}

std::size_t file_part_of(std::u16string_view full) {
  const auto base = path::base_name(full);
  return base.empty() || full.size() == path::root_length(full) ? 0 : full.size() - base.size();
}

// Copies a full name out by RtlGetFullPathName_U's rule: its size in bytes without NUL, with NUL when it does not fit.
ULONG give_full(std::u16string_view full, ULONG size, WCHAR* buffer, WCHAR** file_part) {
  const DWORD length = give<WCHAR>(full, buffer, size / static_cast<ULONG>(sizeof(WCHAR)));
  const std::size_t part = file_part_of(full);
  if (file_part != nullptr && length == full.size() && part != 0) *file_part = buffer + part;
  return bytes(length);
}

HM_WINAPI ULONG RtlGetFullPathName_U(const WCHAR* name, ULONG size, WCHAR* buffer, WCHAR** file_part) noexcept {
  if (file_part != nullptr) *file_part = nullptr;
  if (name == nullptr) return 0;
  return answer<ULONG>(0,
                       [&]() -> Result<ULONG> { return give_full(TRY(nt::full_path(name)), size, buffer, file_part); });
}

struct RTL_RELATIVE_NAME_U {
  UNICODE_STRING RelativeName;
  HANDLE ContainingDirectory;
  void* CurDirRef;
};

// `relative` is filled with "no directory": the name given back is full, so no handle is needed beside it.
Status to_nt(const WCHAR* name, UNICODE_STRING* native, WCHAR** file_part, RTL_RELATIVE_NAME_U* relative) {
  if (file_part != nullptr) *file_part = nullptr;
  if (relative != nullptr) *relative = {};
  if (name == nullptr || *name == 0) return fail(STATUS_OBJECT_NAME_INVALID, "RtlDosPathNameToNtPathName: no name");
  const std::u16string full = path::is_verbatim(name) ? std::u16string(name) : TRY(nt::full_path(name));
  const std::u16string text = path::nt_path(full);
  if (text.size() > path::kMaxLength - 1)
    return fail(STATUS_NAME_TOO_LONG, "RtlDosPathNameToNtPathName: a name of {} units", text.size());
  native->Buffer = TRY(heap_copy(text));
  native->Length = static_cast<USHORT>(bytes(text.size()));
  native->MaximumLength = static_cast<USHORT>(native->Length + sizeof(WCHAR));
  const auto base = path::base_name(text);
  if (file_part != nullptr && !base.empty()) *file_part = native->Buffer + (text.size() - base.size());
  return ok;
}

HM_WINAPI NTSTATUS RtlDosPathNameToNtPathName_U_WithStatus(const WCHAR* name, UNICODE_STRING* native, WCHAR** file_part,
                                                           RTL_RELATIVE_NAME_U* relative) noexcept {
  return status_of([&] { return to_nt(name, native, file_part, relative); });
}
HM_WINAPI BOOLEAN RtlDosPathNameToNtPathName_U(const WCHAR* name, UNICODE_STRING* native, WCHAR** file_part,
                                               RTL_RELATIVE_NAME_U* relative) noexcept {
  return nt_success(RtlDosPathNameToNtPathName_U_WithStatus(name, native, file_part, relative)) ? TRUE : FALSE;
}
HM_WINAPI void RtlReleaseRelativeName(RTL_RELATIVE_NAME_U*) noexcept {}

// --- Searching ---

HM_WINAPI ULONG RtlDosSearchPath_U(const WCHAR* directories, const WCHAR* name, const WCHAR* extension, ULONG size,
                                   WCHAR* buffer, WCHAR** file_part) noexcept {
  return answer<ULONG>(0, [&]() -> Result<ULONG> {
    if (directories == nullptr || name == nullptr)
      return fail(STATUS_INVALID_PARAMETER, "RtlDosSearchPath_U: no directories or no name");
    const auto found = TRY(search::search_file(name, extension == nullptr ? u"" : extension,
                                               search::split_load_path(directories), surroundings(), path::volumes()));
    return give_full(found.full_name, size, buffer, file_part);
  });
}

HM_WINAPI BOOLEAN RtlDoesFileExists_U(const WCHAR* name) noexcept {
  return answer<BOOLEAN>(FALSE, [&]() -> Result<BOOLEAN> {
    if (name == nullptr) return BOOLEAN{FALSE};
    const std::u16string full = TRY(nt::full_path(name));
    return BOOLEAN{TRY(path::volumes().to_host(full)).exists()};
  });
}

HM_WINAPI NTSTATUS RtlSetSearchPathMode(ULONG flags) noexcept {
  return status_of([&] { return search_path_mode().set(flags); });
}

// CreateProcess's search: with a directory in the name, there only; else the usual places.
HM_WINAPI NTSTATUS RtlGetExePath(const WCHAR* name, WCHAR** joined) noexcept {
  return status_of([&]() -> Status {
    const search::Surroundings process = surroundings();
    search::LoadPath directories = search::file_search_path(process, search_path_mode().safe());
    if (name != nullptr && std::u16string_view(name).find_first_of(u"\\/") != std::u16string_view::npos)
      std::erase_if(directories, [](const auto& d) { return d.origin == search::Origin::current; });
    *joined = TRY(heap_copy(search::join(directories)));
    return ok;
  });
}

HM_WINAPI NTSTATUS RtlGetSearchPath(WCHAR** joined) noexcept {
  return status_of([&]() -> Status {
    *joined = TRY(heap_copy(search::join(search_path_directories(surroundings(), nullptr))));
    return ok;
  });
}

// DIR-07. The second result is NULL: nobody has been seen to use it.
HM_WINAPI NTSTATUS LdrGetDllPath(const WCHAR* module, ULONG flags, WCHAR** joined, WCHAR** unknown) noexcept {
  return status_of([&]() -> Status {
    std::optional<std::u16string> directory;
    search::DllName name;
    if (module != nullptr) {
      name = TRY(search::normalise_name(module));
      if (name.kind == search::NameKind::absolute || name.kind == search::NameKind::rooted) {
        const std::u16string full = TRY(nt::full_path(name.text));
        directory = path::directory(full);
      }
    }
    TRY(search::check_flags(flags, name));
    *joined = TRY(heap_copy(search::join(
        search::load_path(runtime().loader().search_settings().snapshot(), surroundings(), flags, directory))));
    if (unknown != nullptr) *unknown = nullptr;
    return ok;
  });
}

HM_WINAPI void RtlReleasePath(WCHAR* joined) noexcept {
  nt::heap_free(joined);
}

// Whether the name could be one of DOS: eight units and three, none of those DOS forbids. Spaces are allowed and told.
// `oem` gets the name in capitals.
HM_WINAPI BOOLEAN RtlIsNameLegalDOS8Dot3(const UNICODE_STRING* name, OEM_STRING* oem, BOOLEAN* spaces) noexcept {
  const std::u16string_view whole = view(*name);
  if (spaces != nullptr) *spaces = 0;
  if (whole.empty() || whole.size() > 12) return 0;
  const std::string capitals = utf8(upcase(whole));
  if (oem != nullptr) {
    if (oem->MaximumLength < capitals.size()) return 0;
    std::copy(capitals.begin(), capitals.end(), oem->Buffer);
    oem->Length = static_cast<USHORT>(capitals.size());
  }
  if (whole == u"." || whole == u"..") return 1;
  constexpr std::u16string_view kForbidden = u"\"*+,/:;<=>?[\\]|";
  if (std::ranges::any_of(
          whole, [&](char16_t unit) { return unit < u' ' || kForbidden.find(unit) != std::u16string_view::npos; }))
    return 0;
  const std::size_t dot = whole.find(u'.');
  const std::u16string_view stem = whole.substr(0, dot);
  if (stem.empty() || stem.size() > 8 || stem.back() == u' ') return 0;
  if (dot != std::u16string_view::npos) {
    const std::u16string_view extension = whole.substr(dot + 1);
    if (extension.empty() || extension.size() > 3 || extension.back() == u' ' ||
        extension.find(u'.') != std::u16string_view::npos)
      return 0;
  }
  if (spaces != nullptr) *spaces = whole.find(u' ') != std::u16string_view::npos;
  return 1;
}

const Export kRows[] = {
    {"LdrGetDllPath", proc(LdrGetDllPath)},
    {"RtlDetermineDosPathNameType_U", proc(RtlDetermineDosPathNameType_U)},
    {"RtlDoesFileExists_U", proc(RtlDoesFileExists_U)},
    {"RtlDosPathNameToNtPathName_U", proc(RtlDosPathNameToNtPathName_U)},
    {"RtlDosPathNameToNtPathName_U_WithStatus", proc(RtlDosPathNameToNtPathName_U_WithStatus)},
    {"RtlDosPathNameToRelativeNtPathName_U", proc(RtlDosPathNameToNtPathName_U)},
    {"RtlDosPathNameToRelativeNtPathName_U_WithStatus", proc(RtlDosPathNameToNtPathName_U_WithStatus)},
    {"RtlDosSearchPath_U", proc(RtlDosSearchPath_U)},
    {"RtlGetExePath", proc(RtlGetExePath)},
    {"RtlGetFullPathName_U", proc(RtlGetFullPathName_U)},
    {"RtlGetSearchPath", proc(RtlGetSearchPath)},
    {"RtlIsDosDeviceName_U", proc(RtlIsDosDeviceName_U)},
    {"RtlIsNameLegalDOS8Dot3", proc(RtlIsNameLegalDOS8Dot3)},
    {"RtlReleasePath", proc(RtlReleasePath)},
    {"RtlReleaseRelativeName", proc(RtlReleaseRelativeName)},
    {"RtlSetSearchPathMode", proc(RtlSetSearchPathMode)},
};

}  // namespace

extern const ExportTable path_exports = kRows;

}  // namespace hmodule::winapi

// fileapi.h and winbase.h: files and directories by name.
#include "base/utf.h"
#include "module/builtin.h"
#include "nt/file_names.h"
#include "winapi/common/answer.h"
#include "winapi/common/text.h"
#include "winapi/kernel32/file_args.h"

#include <unistd.h>

#include <chrono>

namespace hmodule::winapi {
namespace {

// --- Attributes ---

Result<DWORD> attributes_of(const WCHAR* name) {
  const std::u16string full = TRY(dos_path(name));
  return TRY(nt::facts_by_name(full)).attributes;
}
HM_WINAPI DWORD GetFileAttributesW(const WCHAR* name) noexcept {
  return answer<DWORD>(INVALID_FILE_ATTRIBUTES, [&] { return attributes_of(name); });
}
HM_WINAPI DWORD GetFileAttributesA(const CHAR* name) noexcept {
  return answer<DWORD>(INVALID_FILE_ATTRIBUTES, [&] { return attributes_of(Wide(name).get()); });
}

// `level` is GetFileExInfoStandard, the only one there is.
Status attribute_data(const WCHAR* name, int level, WIN32_FILE_ATTRIBUTE_DATA* data) {
  if (level != 0 || data == nullptr) return fail(STATUS_INVALID_PARAMETER, "GetFileAttributesEx: level {}", level);
  const std::u16string full = TRY(dos_path(name));
  const nt::FileFacts facts = TRY(nt::facts_by_name(full));
  const auto size = static_cast<std::uint64_t>(facts.size);
  *data = {facts.attributes,
           file_time(facts.creation_time),
           file_time(facts.access_time),
           file_time(facts.write_time),
           high(size),
           low(size)};
  return ok;
}
HM_WINAPI BOOL GetFileAttributesExW(const WCHAR* name, int level, WIN32_FILE_ATTRIBUTE_DATA* data) noexcept {
  return succeed([&] { return attribute_data(name, level, data); });
}
HM_WINAPI BOOL GetFileAttributesExA(const CHAR* name, int level, WIN32_FILE_ATTRIBUTE_DATA* data) noexcept {
  return succeed([&] { return attribute_data(Wide(name).get(), level, data); });
}

Status set_attributes(const WCHAR* name, DWORD attributes) {
  return nt::set_attributes_by_name(TRY(dos_path(name)), attributes & FILE_ATTRIBUTE_VALID_SET_FLAGS);
}
HM_WINAPI BOOL SetFileAttributesW(const WCHAR* name, DWORD attributes) noexcept {
  return succeed([&] { return set_attributes(name, attributes); });
}
HM_WINAPI BOOL SetFileAttributesA(const CHAR* name, DWORD attributes) noexcept {
  return succeed([&] { return set_attributes(Wide(name).get(), attributes); });
}

Result<DWORD> compressed_size(const WCHAR* name, DWORD* size_high) {
  const std::u16string full = TRY(dos_path(name));
  const nt::FileFacts facts = TRY(nt::facts_by_name(full));
  const auto size = static_cast<std::uint64_t>(std::min(facts.size, facts.allocation));
  if (size_high != nullptr) *size_high = high(size);
  if (low(size) == INVALID_FILE_SIZE) thread::set_last_error(ERROR_SUCCESS);
  return low(size);
}
HM_WINAPI DWORD GetCompressedFileSizeW(const WCHAR* name, DWORD* size_high) noexcept {
  return answer<DWORD>(INVALID_FILE_SIZE, [&] { return compressed_size(name, size_high); });
}
HM_WINAPI DWORD GetCompressedFileSizeA(const CHAR* name, DWORD* size_high) noexcept {
  return answer<DWORD>(INVALID_FILE_SIZE, [&] { return compressed_size(Wide(name).get(), size_high); });
}

// --- Deleting, directories ---

HM_WINAPI BOOL DeleteFileW(const WCHAR* name) noexcept {
  return succeed([&]() -> Status { return nt::delete_file(TRY(dos_path(name))); });
}
HM_WINAPI BOOL DeleteFileA(const CHAR* name) noexcept {
  return succeed([&]() -> Status { return nt::delete_file(TRY(dos_path(Wide(name).get()))); });
}

HM_WINAPI BOOL CreateDirectoryW(const WCHAR* name, const SECURITY_ATTRIBUTES*) noexcept {
  return succeed([&]() -> Status { return nt::create_directory(TRY(dos_path(name))); });
}
HM_WINAPI BOOL CreateDirectoryA(const CHAR* name, const SECURITY_ATTRIBUTES*) noexcept {
  return succeed([&]() -> Status { return nt::create_directory(TRY(dos_path(Wide(name).get()))); });
}
// The template's attributes and streams, which Linux directories do not have, are not copied.
HM_WINAPI BOOL CreateDirectoryExW(const WCHAR*, const WCHAR* name, const SECURITY_ATTRIBUTES*) noexcept {
  return succeed([&]() -> Status { return nt::create_directory(TRY(dos_path(name))); });
}
HM_WINAPI BOOL CreateDirectoryExA(const CHAR*, const CHAR* name, const SECURITY_ATTRIBUTES*) noexcept {
  return succeed([&]() -> Status { return nt::create_directory(TRY(dos_path(Wide(name).get()))); });
}
HM_WINAPI BOOL RemoveDirectoryW(const WCHAR* name) noexcept {
  return succeed([&]() -> Status { return nt::remove_directory(TRY(dos_path(name))); });
}
HM_WINAPI BOOL RemoveDirectoryA(const CHAR* name) noexcept {
  return succeed([&]() -> Status { return nt::remove_directory(TRY(dos_path(Wide(name).get()))); });
}

// --- Links ---

Status hard_link(const WCHAR* link, const WCHAR* existing) {
  return nt::create_hard_link(TRY(dos_path(link)), TRY(dos_path(existing)));
}
HM_WINAPI BOOL CreateHardLinkW(const WCHAR* link, const WCHAR* existing, SECURITY_ATTRIBUTES* reserved) noexcept {
  return succeed([&]() -> Status {
    if (reserved != nullptr) return fail(STATUS_INVALID_PARAMETER, "CreateHardLink: the reserved argument is not NULL");
    return hard_link(link, existing);
  });
}
HM_WINAPI BOOL CreateHardLinkA(const CHAR* link, const CHAR* existing, SECURITY_ATTRIBUTES*) noexcept {
  return succeed([&]() -> Status { return hard_link(Wide(link).get(), Wide(existing).get()); });
}

Result<BOOLEAN> symbolic_link(const WCHAR* link, const WCHAR* target) {
  const std::u16string_view wanted = TRY(text(target));
  // A relative target is the link's business; others are made full now.
  std::u16string stored(wanted);
  if (path::kind_of(wanted) != path::Kind::relative) stored = TRY(dos_path(target));
  const std::u16string full = TRY(dos_path(link));
  TRY(nt::create_symbolic_link(full, stored));
  return BOOLEAN{TRUE};
}
HM_WINAPI BOOLEAN CreateSymbolicLinkW(const WCHAR* link, const WCHAR* target, DWORD) noexcept {
  return answer<BOOLEAN>(FALSE, [&] { return symbolic_link(link, target); });
}
HM_WINAPI BOOLEAN CreateSymbolicLinkA(const CHAR* link, const CHAR* target, DWORD) noexcept {
  return answer<BOOLEAN>(FALSE, [&] { return symbolic_link(Wide(link).get(), Wide(target).get()); });
}

// --- GetTempFileName ---

std::u16string temporary_name(std::u16string_view directory, std::u16string_view prefix, UINT unique) {
  return path::join(directory, std::u16string(prefix.substr(0, 3)) + utf16(fmt::format("{:x}.tmp", unique)));
}

// With `unique` 0 the file is created, under the first number that is free.
Result<UINT> temporary_file(const WCHAR* directory, const WCHAR* prefix, UINT unique, std::u16string& name) {
  const std::u16string full = TRY(dos_path(directory));
  const std::u16string_view given = directory;  // the answer is below it as it was given
  const auto place = path::volumes().to_host(full);
  if (!place || !place->is_directory()) return fail_win32(ERROR_DIRECTORY, "{} is not a directory", utf8(full));
  const std::u16string_view start = prefix == nullptr ? std::u16string_view() : prefix;
  if ((unique & 0xFFFF) != 0) {
    name = temporary_name(given, start, unique & 0xFFFF);
    return unique & 0xFFFF;
  }
  const auto now = std::chrono::steady_clock::now().time_since_epoch().count();
  UINT number = static_cast<UINT>(now / 1000 + ::getpid()) & 0xFFFF;
  for (UINT tries = 0; tries < 0xFFFF; ++tries, number = (number + 1) & 0xFFFF) {
    if (number == 0) continue;
    name = temporary_name(given, start, number);
    const auto made = nt::open_file({.name = temporary_name(full, start, number),
                                     .access = GENERIC_WRITE,
                                     .attributes = FILE_ATTRIBUTE_NORMAL,
                                     .share = 0,
                                     .disposition = FILE_CREATE,
                                     .options = FILE_NON_DIRECTORY_FILE | FILE_SYNCHRONOUS_IO_NONALERT});
    if (made) return number;
    if (made.error().status != STATUS_OBJECT_NAME_COLLISION) return Error(made.error());
  }
  return fail_win32(ERROR_FILE_EXISTS, "all temporary names in {} are taken", utf8(full));
}

HM_WINAPI UINT GetTempFileNameW(const WCHAR* directory, const WCHAR* prefix, UINT unique, WCHAR* buffer) noexcept {
  return answer<UINT>(0, [&]() -> Result<UINT> {
    if (buffer == nullptr || directory == nullptr) return fail(STATUS_INVALID_PARAMETER, "GetTempFileName: NULL");
    std::u16string name;
    const UINT number = TRY(temporary_file(directory, prefix, unique, name));
    if (give<WCHAR>(name, buffer, MAX_PATH) != name.size())
      return fail_win32(ERROR_BUFFER_OVERFLOW, "the name has {} characters", name.size());
    return number;
  });
}
HM_WINAPI UINT GetTempFileNameA(const CHAR* directory, const CHAR* prefix, UINT unique, CHAR* buffer) noexcept {
  return answer<UINT>(0, [&]() -> Result<UINT> {
    if (buffer == nullptr || directory == nullptr) return fail(STATUS_INVALID_PARAMETER, "GetTempFileName: NULL");
    std::u16string name;
    const UINT number = TRY(temporary_file(Wide(directory).get(), Wide(prefix).get(), unique, name));
    const std::string narrow = nls::to_ansi(name);
    if (give<CHAR>(narrow, buffer, MAX_PATH) != narrow.size())
      return fail_win32(ERROR_BUFFER_OVERFLOW, "the name has {} bytes", narrow.size());
    return number;
  });
}

const Export kRows[] = {
    {"CreateDirectoryA", proc(CreateDirectoryA)},
    {"CreateDirectoryExA", proc(CreateDirectoryExA), Support::partial, "takes nothing from the template"},
    {"CreateDirectoryExW", proc(CreateDirectoryExW), Support::partial, "takes nothing from the template"},
    {"CreateDirectoryW", proc(CreateDirectoryW)},
    {"CreateHardLinkA", proc(CreateHardLinkA)},
    {"CreateHardLinkW", proc(CreateHardLinkW)},
    {"CreateSymbolicLinkA", proc(CreateSymbolicLinkA)},
    {"CreateSymbolicLinkW", proc(CreateSymbolicLinkW)},
    {"DeleteFileA", proc(DeleteFileA)},
    {"DeleteFileW", proc(DeleteFileW)},
    {"GetCompressedFileSizeA", proc(GetCompressedFileSizeA)},
    {"GetCompressedFileSizeW", proc(GetCompressedFileSizeW)},
    {"GetFileAttributesA", proc(GetFileAttributesA)},
    {"GetFileAttributesExA", proc(GetFileAttributesExA)},
    {"GetFileAttributesExW", proc(GetFileAttributesExW)},
    {"GetFileAttributesW", proc(GetFileAttributesW)},
    {"GetTempFileNameA", proc(GetTempFileNameA)},
    {"GetTempFileNameW", proc(GetTempFileNameW)},
    {"RemoveDirectoryA", proc(RemoveDirectoryA)},
    {"RemoveDirectoryW", proc(RemoveDirectoryW)},
    {"SetFileAttributesA", proc(SetFileAttributesA)},
    {"SetFileAttributesW", proc(SetFileAttributesW)},
};

}  // namespace

extern const ExportTable fileapi_names_exports = kRows;

}  // namespace hmodule::winapi

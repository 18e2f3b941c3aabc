// Functions about path names that need no handle: those of fileapi.h, and the directories of sysinfoapi.h and
// processenv.h.
#include "base/utf.h"
#include "module/builtin.h"
#include "nls/codepage.h"
#include "nt/process_parameters.h"
#include "path/volumes.h"
#include "winapi/common/answer.h"
#include "winapi/common/process_paths.h"
#include "winapi/common/text.h"

namespace hmodule::winapi {
namespace {

std::u16string wide(const char* text) {
  return nls::from_ansi(text);
}

// Runs `work` for the text and copies it out; 0 on failure.
template <typename Work>
DWORD give_w(WCHAR* buffer, DWORD size, Work&& work, const char* function = __builtin_FUNCTION()) noexcept {
  return answer<DWORD>(
      0, [&]() -> Result<DWORD> { return give<char16_t>(TRY(work()), buffer, size); }, function);
}
template <typename Work>
DWORD give_a(char* buffer, DWORD size, Work&& work, const char* function = __builtin_FUNCTION()) noexcept {
  return answer<DWORD>(
      0, [&]() -> Result<DWORD> { return give<char>(nls::to_ansi(TRY(work())), buffer, size); }, function);
}

// NAME-15: the ANSI and the OEM code page are both UTF-8 here, so the choice is only remembered.
std::atomic<bool> file_apis_are_oem{false};

HM_WINAPI BOOL AreFileApisANSI() noexcept {
  return file_apis_are_oem ? FALSE : TRUE;
}
HM_WINAPI void SetFileApisToANSI() noexcept {
  file_apis_are_oem = false;
}
HM_WINAPI void SetFileApisToOEM() noexcept {
  file_apis_are_oem = true;
}

// --- GetFullPathName ---

// Where the last component starts in a full name; 0 when it ends with a separator.
std::size_t file_part_of(std::u16string_view full) {
  const auto base = path::base_name(full);
  return base.empty() || full.size() == path::root_length(full) ? 0 : full.size() - base.size();
}

Error no_name() {
  return fail(STATUS_OBJECT_NAME_INVALID, "a path name is needed");
}

HM_WINAPI DWORD GetFullPathNameW(const WCHAR* name, DWORD size, WCHAR* buffer, WCHAR** file_part) noexcept {
  if (file_part != nullptr) *file_part = nullptr;
  return answer<DWORD>(0, [&]() -> Result<DWORD> {
    if (name == nullptr) return no_name();
    const std::u16string full = TRY(nt::full_path(name));
    const DWORD length = give<char16_t>(full, buffer, size);
    const std::size_t part = file_part_of(full);
    if (file_part != nullptr && length == full.size() && part != 0) *file_part = buffer + part;
    return length;
  });
}

HM_WINAPI DWORD GetFullPathNameA(const char* name, DWORD size, char* buffer, char** file_part) noexcept {
  if (file_part != nullptr) *file_part = nullptr;
  return answer<DWORD>(0, [&]() -> Result<DWORD> {
    if (name == nullptr) return no_name();
    const std::u16string full = TRY(nt::full_path(wide(name)));
    const std::string narrow = nls::to_ansi(full);
    const DWORD length = give<char>(narrow, buffer, size);
    const std::size_t part = file_part_of(full);
    if (file_part != nullptr && length == narrow.size() && part != 0)
      *file_part = buffer + nls::to_ansi(std::u16string_view(full).substr(0, part)).size();
    return length;
  });
}

// --- GetLongPathName and GetShortPathName ---

// The last component as the host spells it; as given for a virtual directory.
Result<std::u16string> spelled(const std::u16string& prefix) {
  const std::u16string full = path::is_verbatim(prefix) ? prefix : TRY(nt::full_path(prefix));
  const auto found = TRY(path::volumes().to_host(full));
  if (!found.exists()) return fail(STATUS_OBJECT_NAME_NOT_FOUND, "{}: does not exist", utf8(prefix));
  const auto given = path::base_name(prefix);
  if (found.path.empty() || given == u"." || given == u"..") return std::u16string(given);
  const auto real = path::windows_name(found.path.substr(found.path.rfind('/') + 1));
  return equal_ignoring_case(real, given) ? real : std::u16string(given);  // a drive's directory may be named otherwise
}

Result<std::u16string> long_path(const char16_t* name) {
  if (name == nullptr) return fail(STATUS_INVALID_PARAMETER, "a path name is needed");
  const std::u16string_view given(name);
  if (given.empty()) return fail(STATUS_OBJECT_PATH_NOT_FOUND, "an empty path name");
  std::u16string out(given.substr(0, std::min(path::root_length(given), given.size())));
  for (std::size_t at = out.size(); at < given.size();) {
    std::size_t end = at;
    while (end < given.size() && !path::is_separator(given[end])) ++end;
    if (end != at) out += TRY(spelled(std::u16string(given.substr(0, end))));
    if (end < given.size()) out += given[end];
    at = end + 1;
  }
  if (out == given) TRY(spelled(out));  // a root must exist too
  return out;
}

// Volumes without 8.3 names answer so: the name itself, if it exists.
Result<std::u16string> short_path(const char16_t* name) {
  TRY(long_path(name));
  return std::u16string(name);
}

HM_WINAPI DWORD GetLongPathNameW(const WCHAR* name, WCHAR* buffer, DWORD size) noexcept {
  return give_w(buffer, size, [&] { return long_path(name); });
}
HM_WINAPI DWORD GetLongPathNameA(const char* name, char* buffer, DWORD size) noexcept {
  return give_a(buffer, size, [&] { return long_path(name == nullptr ? nullptr : wide(name).c_str()); });
}
HM_WINAPI DWORD GetShortPathNameW(const WCHAR* name, WCHAR* buffer, DWORD size) noexcept {
  return give_w(buffer, size, [&] { return short_path(name); });
}
HM_WINAPI DWORD GetShortPathNameA(const char* name, char* buffer, DWORD size) noexcept {
  return give_a(buffer, size, [&] { return short_path(name == nullptr ? nullptr : wide(name).c_str()); });
}

// --- SearchPath ---

Result<std::u16string> find_on_path(const char16_t* directories, const char16_t* name, const char16_t* extension) {
  if (name == nullptr || *name == 0) return fail(STATUS_INVALID_PARAMETER, "SearchPath: no file name");
  const search::Surroundings process = surroundings();
  const auto found = search::search_file(name, extension == nullptr ? u"" : extension,
                                         search_path_directories(process, directories), process, path::volumes());
  if (!found) return fail(STATUS_OBJECT_NAME_NOT_FOUND, "{}", found.error().reason);
  return found->full_name;
}

HM_WINAPI DWORD SearchPathW(const WCHAR* directories, const WCHAR* name, const WCHAR* extension, DWORD size,
                            WCHAR* buffer, WCHAR** file_part) noexcept {
  return answer<DWORD>(0, [&]() -> Result<DWORD> {
    const std::u16string full = TRY(find_on_path(directories, name, extension));
    const DWORD length = give<char16_t>(full, buffer, size);
    if (file_part != nullptr && length == full.size()) *file_part = buffer + file_part_of(full);
    return length;
  });
}

HM_WINAPI DWORD SearchPathA(const char* directories, const char* name, const char* extension, DWORD size, char* buffer,
                            char** file_part) noexcept {
  return answer<DWORD>(0, [&]() -> Result<DWORD> {
    if (name == nullptr) return fail(STATUS_INVALID_PARAMETER, "SearchPath: no file name");
    const std::u16string where = directories == nullptr ? u"" : wide(directories);
    const std::u16string suffix = extension == nullptr ? u"" : wide(extension);
    const std::u16string full =
        TRY(find_on_path(directories == nullptr ? nullptr : where.c_str(), wide(name).c_str(), suffix.c_str()));
    const std::string narrow = nls::to_ansi(full);
    const DWORD length = give<char>(narrow, buffer, size);
    if (file_part != nullptr && length == narrow.size())
      *file_part = buffer + nls::to_ansi(std::u16string_view(full).substr(0, file_part_of(full))).size();
    return length;
  });
}

HM_WINAPI BOOL SetSearchPathMode(DWORD flags) noexcept {
  return succeed([&] { return search_path_mode().set(flags); });
}

// --- The system's directories ---

DWORD constant_w(std::u16string_view directory, WCHAR* buffer, UINT size) {
  return give<char16_t>(directory, buffer, size);
}
DWORD constant_a(std::u16string_view directory, char* buffer, UINT size) {
  return give<char>(utf8(directory), buffer, size);
}

HM_WINAPI UINT GetSystemDirectoryW(WCHAR* buffer, UINT size) noexcept {
  return constant_w(path::kSystemDirectory, buffer, size);
}
HM_WINAPI UINT GetSystemDirectoryA(char* buffer, UINT size) noexcept {
  return constant_a(path::kSystemDirectory, buffer, size);
}
HM_WINAPI UINT GetWindowsDirectoryW(WCHAR* buffer, UINT size) noexcept {
  return constant_w(path::kWindowsDirectory, buffer, size);
}
HM_WINAPI UINT GetWindowsDirectoryA(char* buffer, UINT size) noexcept {
  return constant_a(path::kWindowsDirectory, buffer, size);
}

// There is no 32-bit side, and a Windows without one answers so.
HM_WINAPI UINT GetSystemWow64DirectoryW(WCHAR*, UINT) noexcept {
  thread::set_last_error(ERROR_CALL_NOT_IMPLEMENTED);
  return 0;
}
HM_WINAPI UINT GetSystemWow64DirectoryA(char*, UINT) noexcept {
  thread::set_last_error(ERROR_CALL_NOT_IMPLEMENTED);
  return 0;
}

// --- The directory for temporary files ---

// What TMP, TEMP or USERPROFILE names, existing or not, with a backslash behind it; else C:\Windows\Temp, which is the
// host's temporary directory.
Result<std::u16string> temporary_directory() {
  std::u16string directory = u"C:\\Windows\\Temp";
  for (const std::u16string_view name : {u"TMP", u"TEMP", u"USERPROFILE"})
    if (auto value = nt::environment_variable(name); value && !value->empty()) {
      directory = *std::move(value);
      break;
    }
  std::u16string full = TRY(nt::full_path(directory));
  if (!full.ends_with(u'\\')) full += u'\\';
  return full;
}

HM_WINAPI DWORD GetTempPathW(DWORD size, WCHAR* buffer) noexcept {
  return give_w(buffer, size, temporary_directory);
}
HM_WINAPI DWORD GetTempPathA(DWORD size, char* buffer) noexcept {
  return give_a(buffer, size, temporary_directory);
}

const Export kRows[] = {
    {"AreFileApisANSI", proc(AreFileApisANSI)},
    {"GetFullPathNameA", proc(GetFullPathNameA)},
    {"GetFullPathNameW", proc(GetFullPathNameW)},
    {"GetLongPathNameA", proc(GetLongPathNameA)},
    {"GetLongPathNameW", proc(GetLongPathNameW)},
    {"GetShortPathNameA", proc(GetShortPathNameA)},
    {"GetShortPathNameW", proc(GetShortPathNameW)},
    {"GetSystemDirectoryA", proc(GetSystemDirectoryA)},
    {"GetSystemDirectoryW", proc(GetSystemDirectoryW)},
    {"GetSystemWindowsDirectoryA", proc(GetWindowsDirectoryA)},
    {"GetSystemWindowsDirectoryW", proc(GetWindowsDirectoryW)},
    {"GetSystemWow64DirectoryA", proc(GetSystemWow64DirectoryA)},
    {"GetSystemWow64DirectoryW", proc(GetSystemWow64DirectoryW)},
    {"GetTempPath2A", proc(GetTempPathA)},
    {"GetTempPath2W", proc(GetTempPathW)},
    {"GetTempPathA", proc(GetTempPathA)},
    {"GetTempPathW", proc(GetTempPathW)},
    {"GetWindowsDirectoryA", proc(GetWindowsDirectoryA)},
    {"GetWindowsDirectoryW", proc(GetWindowsDirectoryW)},
    {"SearchPathA", proc(SearchPathA)},
    {"SearchPathW", proc(SearchPathW)},
    {"SetFileApisToANSI", proc(SetFileApisToANSI)},
    {"SetFileApisToOEM", proc(SetFileApisToOEM)},
    {"SetSearchPathMode", proc(SetSearchPathMode)},
};

}  // namespace

extern const ExportTable fileapi_paths_exports = kRows;

}  // namespace hmodule::winapi

// shlobj.h: the folders that have an id. They are directories here, never places of the shell's name space.
#include "base/utf.h"
#include "module/builtin.h"
#include "nt/file_names.h"
#include "nt/heap.h"
#include "nt/process_parameters.h"
#include "nt/user_directories.h"
#include "win/status.h"
#include "winapi/common/returned_error.h"
#include "winapi/common/text.h"

#include <algorithm>
#include <cstring>

namespace hmodule::winapi {
namespace {

constexpr DWORD KF_FLAG_CREATE = 0x8000, KF_FLAG_DONT_VERIFY = 0x4000;  // CSIDL_FLAG_... are the same
constexpr int kNoCsidl = -1, CSIDL_DESKTOP = 0x00, CSIDL_DESKTOPDIRECTORY = 0x10;
constexpr std::size_t kMaxPath = 260;

struct Folder {
  GUID id;
  int csidl;
  const char16_t* variable;  // below what it says ...
  const char16_t* name;
  const char* key = nullptr;  // ... if it is none that xdg-user-dirs knows by this key
};
constexpr Folder kFolders[] = {
    {{0xB4BFCC3A, 0xDB2C, 0x424C, {0xB0, 0x29, 0x7F, 0xE9, 0x9A, 0x87, 0xC6, 0x41}},
     CSIDL_DESKTOPDIRECTORY,
     nullptr,
     u"Desktop",
     "DESKTOP"},
    {{0xFDD39AD0, 0x238F, 0x46AF, {0xAD, 0xB4, 0x6C, 0x85, 0x48, 0x03, 0x69, 0xC7}},
     0x05,
     nullptr,
     u"Documents",
     "DOCUMENTS"},
    {{0x374DE290, 0x123F, 0x4565, {0x91, 0x64, 0x39, 0xC4, 0x92, 0x5E, 0x46, 0x7B}},
     kNoCsidl,
     nullptr,
     u"Downloads",
     "DOWNLOAD"},
    {{0x4BD8D571, 0x6D19, 0x48D3, {0xBE, 0x97, 0x42, 0x22, 0x20, 0x08, 0x0E, 0x43}}, 0x0D, nullptr, u"Music", "MUSIC"},
    {{0x33E28130, 0x4E1E, 0x4676, {0x83, 0x5A, 0x98, 0x39, 0x5C, 0x3B, 0xC3, 0xBB}},
     0x27,
     nullptr,
     u"Pictures",
     "PICTURES"},
    {{0x18989B1D, 0x99B5, 0x455B, {0x84, 0x1C, 0xAB, 0x7C, 0x74, 0xE4, 0xDD, 0xFC}},
     0x0E,
     nullptr,
     u"Videos",
     "VIDEOS"},
    {{0xA63293E8, 0x664E, 0x48DB, {0xA0, 0x79, 0xDF, 0x75, 0x9E, 0x05, 0x09, 0xF7}},
     0x15,
     nullptr,
     u"Templates",
     "TEMPLATES"},
    {{0x5E6C858F, 0x0E22, 0x4760, {0x9A, 0xFE, 0xEA, 0x33, 0x17, 0xB6, 0x71, 0x73}}, 0x28, u"USERPROFILE", u""},
    {{0x3EB685DB, 0x65F9, 0x4CF6, {0xA0, 0x3A, 0xE3, 0xEF, 0x65, 0x72, 0x9F, 0x3D}}, 0x1A, u"APPDATA", u""},
    {{0xF1B32785, 0x6FBA, 0x4FCF, {0x9D, 0x55, 0x7B, 0x8E, 0x7F, 0x15, 0x70, 0x91}}, 0x1C, u"LOCALAPPDATA", u""},
    {{0x352481E8, 0x33BE, 0x4251, {0xBA, 0x85, 0x60, 0x07, 0xCA, 0xED, 0xCF, 0x9D}},
     0x20,
     u"LOCALAPPDATA",
     u"Microsoft\\Windows\\INetCache"},
    {{0x5CD7AEE2, 0x2219, 0x4A67, {0xB8, 0x5D, 0x6C, 0x9C, 0xE1, 0x56, 0x60, 0xCB}},
     kNoCsidl,
     u"LOCALAPPDATA",
     u"Programs"},
    {{0x62AB5D82, 0xFDC1, 0x4DC3, {0xA9, 0xDD, 0x07, 0x0D, 0x1D, 0x49, 0x5D, 0x97}}, 0x23, u"ProgramData", u""},
    {{0xDFDF76A2, 0xC82A, 0x4D63, {0x90, 0x6A, 0x56, 0x44, 0xAC, 0x45, 0x73, 0x85}}, kNoCsidl, u"PUBLIC", u""},
    {{0xC4AA340D, 0xF20F, 0x4863, {0xAF, 0xEF, 0xF8, 0x7E, 0xF2, 0xE6, 0xBA, 0x25}}, 0x19, u"PUBLIC", u"Desktop"},
    {{0xED4824AF, 0xDCE4, 0x45A8, {0x81, 0xE2, 0xFC, 0x79, 0x65, 0x08, 0x36, 0x34}}, 0x2E, u"PUBLIC", u"Documents"},
    {{0xF38BF404, 0x1D43, 0x42F2, {0x93, 0x05, 0x67, 0xDE, 0x0B, 0x28, 0xFC, 0x23}}, 0x24, u"SystemRoot", u""},
    {{0x1AC14E77, 0x02E7, 0x4E5D, {0xB7, 0x44, 0x2E, 0xB1, 0xAE, 0x51, 0x98, 0xB7}}, 0x25, u"SystemRoot", u"System32"},
    {{0xFD228CB7, 0xAE11, 0x4AE3, {0x86, 0x4C, 0x16, 0xF3, 0x91, 0x0A, 0xB8, 0xFE}}, 0x14, u"SystemRoot", u"Fonts"},
    {{0x905E63B6, 0xC1BF, 0x494E, {0xB2, 0x9C, 0x65, 0xB7, 0x32, 0xD3, 0xD2, 0x1A}}, 0x26, u"ProgramFiles", u""},
    {{0x6D809377, 0x6AF0, 0x444B, {0x89, 0x57, 0xA3, 0x77, 0x3F, 0x02, 0x20, 0x0E}}, kNoCsidl, u"ProgramFiles", u""},
    {{0xF7F1ED05, 0x9F6D, 0x47A2, {0xAA, 0xAE, 0x29, 0xD3, 0x17, 0xC6, 0xF0, 0x66}}, 0x2B, u"CommonProgramFiles", u""},
};

// With every directory above it that is missing.
Status create_directories(const std::u16string& path) {
  for (std::size_t end = path.find(u'\\', 3);; end = path.find(u'\\', end + 1)) {
    const auto made = nt::create_directory(path.substr(0, end));
    if (end == std::u16string::npos) return made;
    if (!made && made.error().status != STATUS_OBJECT_NAME_COLLISION) return made.error();
  }
}

Result<std::u16string> path_of(const Folder& folder, DWORD flags) {
  std::u16string path;
  if (folder.key != nullptr) {
    path = nt::user_directory(folder.key, folder.name);
  } else {
    path = nt::environment_variable(folder.variable).value_or(std::u16string());
    if (path.empty()) return fail(STATUS_OBJECT_NAME_NOT_FOUND, "%{}% is not set", utf8(folder.variable));
    if (*folder.name != 0) path.append(1, u'\\').append(folder.name);
  }
  if ((flags & KF_FLAG_DONT_VERIFY) != 0) return path;
  const auto facts = nt::facts_by_name(path);
  if (facts) return path;
  if ((flags & KF_FLAG_CREATE) == 0) return facts.error();
  TRY(create_directories(path));
  return path;
}

Result<std::u16string> path_of_csidl(int csidl, DWORD flags) {
  if (csidl == CSIDL_DESKTOP) csidl = CSIDL_DESKTOPDIRECTORY;  // the root of the name space is that directory
  const Folder* const found = std::ranges::find(kFolders, csidl, &Folder::csidl);
  if (csidl == kNoCsidl || found == std::end(kFolders)) return fail(STATUS_INVALID_PARAMETER, "no folder {:#x}", csidl);
  return path_of(*found, flags);
}

// --- by id ---

// In a block for CoTaskMemFree, which frees it from the process heap.
HM_WINAPI HRESULT SHGetKnownFolderPath(const GUID* id, DWORD flags, HANDLE /*token*/, WCHAR** path) noexcept {
  return result_of([&]() -> Status {
    if (path == nullptr || id == nullptr) return fail(STATUS_INVALID_PARAMETER, "no id or no place for the path");
    *path = nullptr;
    const Folder* const found = std::ranges::find_if(
        kFolders, [&](const Folder& folder) { return std::memcmp(&folder.id, id, sizeof *id) == 0; });
    if (found == std::end(kFolders))
      return fail(STATUS_OBJECT_NAME_NOT_FOUND, "no such folder ({:08x}-...)", id->Data1);
    const std::u16string text = TRY(path_of(*found, flags));
    const std::size_t size = (text.size() + 1) * sizeof(WCHAR);
    auto* const block = static_cast<WCHAR*>(nt::heap_allocate(size));
    if (block == nullptr) return fail(STATUS_NO_MEMORY, "no memory for a path");
    std::memcpy(block, text.c_str(), size);
    *path = block;
    return ok;
  });
}

// --- by number ---

template <typename Char>
Status give_path(const std::u16string& path, Char* buffer) {
  if (buffer == nullptr) return fail(STATUS_INVALID_PARAMETER, "no buffer");
  if constexpr (sizeof(Char) == sizeof(WCHAR)) {
    if (give<WCHAR>(path, buffer, kMaxPath) < kMaxPath) return ok;
  } else {
    const std::string text = utf8(path);
    if (give<CHAR>(text, buffer, kMaxPath) < kMaxPath) return ok;
  }
  return fail(STATUS_NAME_TOO_LONG, "{} does not fit MAX_PATH", utf8(path));
}

template <typename Char>
HRESULT folder_path(int csidl, Char* path, const char* function) {
  constexpr int kFlags = 0xFF00;
  return result_of(
      [&]() -> Status {
        if (path == nullptr) return fail(STATUS_INVALID_PARAMETER, "no buffer");
        *path = 0;
        return give_path(TRY(path_of_csidl(csidl & ~kFlags, static_cast<DWORD>(csidl & kFlags))), path);
      },
      function);
}
HM_WINAPI HRESULT SHGetFolderPathW(HANDLE, int csidl, HANDLE /*token*/, DWORD, WCHAR* path) noexcept {
  return folder_path(csidl, path, "SHGetFolderPathW");
}
HM_WINAPI HRESULT SHGetFolderPathA(HANDLE, int csidl, HANDLE /*token*/, DWORD, CHAR* path) noexcept {
  return folder_path(csidl, path, "SHGetFolderPathA");
}

template <typename Char>
BOOL special_folder_path(Char* path, int csidl, BOOL create, const char* function) {
  return succeed(
      [&]() -> Status { return give_path(TRY(path_of_csidl(csidl, create != FALSE ? KF_FLAG_CREATE : 0)), path); },
      function);
}
HM_WINAPI BOOL SHGetSpecialFolderPathW(HANDLE, WCHAR* path, int csidl, BOOL create) noexcept {
  return special_folder_path(path, csidl, create, "SHGetSpecialFolderPathW");
}
HM_WINAPI BOOL SHGetSpecialFolderPathA(HANDLE, CHAR* path, int csidl, BOOL create) noexcept {
  return special_folder_path(path, csidl, create, "SHGetSpecialFolderPathA");
}

// --- Directories ---

// The Win32 code. A relative name is refused.
int create_whole_directory(std::u16string_view name) {
  if (name.size() < 3 || name[1] != u':' || name[2] != u'\\') return ERROR_BAD_PATHNAME;
  const Status made = create_directories(std::u16string(name));
  return made ? 0 : static_cast<int>(made.error().code());
}
HM_WINAPI int SHCreateDirectoryExW(HANDLE, const WCHAR* name, const void* /*security*/) noexcept {
  return name == nullptr ? ERROR_BAD_PATHNAME : create_whole_directory(name);
}
HM_WINAPI int SHCreateDirectoryExA(HANDLE, const CHAR* name, const void* /*security*/) noexcept {
  return name == nullptr ? ERROR_BAD_PATHNAME : create_whole_directory(utf16(name));
}
HM_WINAPI int SHCreateDirectory(HANDLE, const WCHAR* name) noexcept {
  return name == nullptr ? ERROR_BAD_PATHNAME : create_whole_directory(name);
}

// --- The name space, which is not there ---

constexpr auto E_NOTIMPL = static_cast<HRESULT>(0x80004001);

HM_WINAPI HRESULT SHGetDesktopFolder(void** folder) noexcept {
  if (folder == nullptr)
    return result_of([]() -> Status { return fail(STATUS_INVALID_PARAMETER, "no place for the folder"); });
  *folder = nullptr;
  return E_NOTIMPL;
}
HM_WINAPI HRESULT SHBindToParent(const void* /*list*/, const GUID*, void** folder, const void** last) noexcept {
  if (folder != nullptr) *folder = nullptr;
  if (last != nullptr) *last = nullptr;
  return E_NOTIMPL;
}
// Nobody can have a list of items.
HM_WINAPI BOOL SHGetPathFromIDList(const void*, void*) noexcept {
  return succeed([]() -> Status { return fail(STATUS_INVALID_PARAMETER, "there are no lists of items"); });
}

constexpr std::string_view kNoNameSpace = "refused: there is no name space of the shell";
constexpr std::string_view kTheUser = "of the user who runs the process, whatever the token";
const Export kRows[] = {
    {"SHBindToParent", proc(SHBindToParent), Support::partial, kNoNameSpace},
    {"SHCreateDirectory", proc(SHCreateDirectory)},
    {"SHCreateDirectoryExA", proc(SHCreateDirectoryExA)},
    {"SHCreateDirectoryExW", proc(SHCreateDirectoryExW)},
    {"SHGetDesktopFolder", proc(SHGetDesktopFolder), Support::partial, kNoNameSpace},
    {"SHGetFolderPathA", proc(SHGetFolderPathA), Support::partial, kTheUser},
    {"SHGetFolderPathW", proc(SHGetFolderPathW), Support::partial, kTheUser},
    {"SHGetKnownFolderPath", proc(SHGetKnownFolderPath), Support::partial, kTheUser},
    {"SHGetPathFromIDList", proc(SHGetPathFromIDList), Support::partial, kNoNameSpace},
    {"SHGetPathFromIDListA", proc(SHGetPathFromIDList), Support::partial, kNoNameSpace},
    {"SHGetPathFromIDListW", proc(SHGetPathFromIDList), Support::partial, kNoNameSpace},
    {"SHGetSpecialFolderPathA", proc(SHGetSpecialFolderPathA)},
    {"SHGetSpecialFolderPathW", proc(SHGetSpecialFolderPathW)},
};

}  // namespace

extern const ExportTable shlobj_exports = kRows;

}  // namespace hmodule::winapi

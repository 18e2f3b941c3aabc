// winver.h: version resources.
//
// A program asks for a size, gives a buffer of it, and then asks for values inside the buffer. The ANSI form of a value
// has to be in the buffer too, so the buffer is larger than the resource: behind it come a mark and a second area,
// three times the size, in which the text at offset n of the resource is put at offset 3n when somebody asks for it so.
#include "base/utf.h"
#include "module/builtin.h"
#include "nls/codepage.h"
#include "nls/locale.h"
#include "nt/file.h"
#include "path/volumes.h"
#include "runtime/runtime.h"
#include "winapi/common/answer.h"
#include "winapi/common/resources.h"
#include "winapi/common/text.h"
#include "winapi/common/version_info.h"

#include <cstring>

namespace hmodule::winapi {
namespace {

constexpr char kMark[4] = {'F', 'E', '2', 'X'};
constexpr std::size_t kAnsiFactor = 3;  // a UTF-16 unit is at most three bytes of UTF-8; its two bytes map to six

std::size_t buffer_size(std::size_t resource) {
  return resource + sizeof kMark + kAnsiFactor * resource;
}

// Opens the file as data and copies its version resource; a builtin DLL has one of its own making.
Result<std::vector<std::byte>> version_of(std::u16string_view file) {
  Loader& loader = runtime().loader();
  auto opened = loader.load({.name = std::u16string(file), .flags = kLoadAsDatafile});
  if (!opened && opened.error().code() == ERROR_BAD_EXE_FORMAT)
    return fail(STATUS_RESOURCE_DATA_NOT_FOUND, "{}", opened.error().reason);
  if (!opened) {
    const auto loaded = loader.find(std::u16string_view(file), kUnchangedRefcount);
    const auto info = loaded ? loader.info(*loaded) : Result<ModuleInfo>(opened.error());
    if (info && info->host_path.empty()) return builtin_version_info(info->base_name);
    return std::move(opened).error();
  }
  const HMODULE module = *opened;
  const auto copy = [&]() -> Result<std::vector<std::byte>> {
    const pe::Image image = TRY(image_of(module));
    const auto leaf = TRY(find_resource(image, pe::ResourceKey(kTypeVersion), pe::ResourceKey(std::uint16_t{1}), 0));
    const auto data = TRY(image.at(leaf.data, leaf.size)).span();
    return std::vector<std::byte>(data.begin(), data.end());
  };
  auto bytes = copy();
  const auto info = bytes ? Result<ModuleInfo>(Error{}) : loader.info(module);
  if (info && info->host_path.empty()) bytes = builtin_version_info(info->base_name);
  (void)loader.free(module);
  return bytes;
}

Result<DWORD> size_of(Result<std::u16string> file, DWORD* ignored) {
  if (ignored != nullptr) *ignored = 0;
  const std::u16string name = TRY(std::move(file));
  return static_cast<DWORD>(buffer_size(TRY(version_of(name)).size()));
}

Status copy_info(Result<std::u16string> file, DWORD size, void* buffer) {
  const std::u16string name = TRY(std::move(file));
  if (buffer == nullptr) return fail(STATUS_INVALID_PARAMETER, "GetFileVersionInfo: no buffer");
  const auto bytes = TRY(version_of(name));
  auto* out = static_cast<std::byte*>(buffer);
  const std::size_t copied = std::min<std::size_t>(size, bytes.size());
  std::memcpy(out, bytes.data(), copied);
  std::memset(out + copied, 0, size - copied);
  if (size >= bytes.size() + sizeof kMark) std::memcpy(out + bytes.size(), kMark, sizeof kMark);
  return ok;
}

Result<std::u16string> name_of(const WCHAR* file) {
  return std::u16string(TRY(text(file)));
}
Result<std::u16string> name_of(const CHAR* file) {
  return nls::from_ansi(TRY(text(file)));
}

HM_WINAPI DWORD GetFileVersionInfoSizeExW(DWORD, const WCHAR* file, DWORD* ignored) noexcept {
  return answer<DWORD>(0, [&] { return size_of(name_of(file), ignored); });
}
HM_WINAPI DWORD GetFileVersionInfoSizeExA(DWORD, const CHAR* file, DWORD* ignored) noexcept {
  return answer<DWORD>(0, [&] { return size_of(name_of(file), ignored); });
}
HM_WINAPI DWORD GetFileVersionInfoSizeW(const WCHAR* file, DWORD* ignored) noexcept {
  return GetFileVersionInfoSizeExW(0, file, ignored);
}
HM_WINAPI DWORD GetFileVersionInfoSizeA(const CHAR* file, DWORD* ignored) noexcept {
  return GetFileVersionInfoSizeExA(0, file, ignored);
}
HM_WINAPI BOOL GetFileVersionInfoExW(DWORD, const WCHAR* file, DWORD, DWORD size, void* buffer) noexcept {
  return succeed([&] { return copy_info(name_of(file), size, buffer); });
}
HM_WINAPI BOOL GetFileVersionInfoExA(DWORD, const CHAR* file, DWORD, DWORD size, void* buffer) noexcept {
  return succeed([&] { return copy_info(name_of(file), size, buffer); });
}
HM_WINAPI BOOL GetFileVersionInfoW(const WCHAR* file, DWORD handle, DWORD size, void* buffer) noexcept {
  return GetFileVersionInfoExW(0, file, handle, size, buffer);
}
HM_WINAPI BOOL GetFileVersionInfoA(const CHAR* file, DWORD handle, DWORD size, void* buffer) noexcept {
  return GetFileVersionInfoExA(0, file, handle, size, buffer);
}

// --- VerQueryValue ---

// The resource at the start of a program's buffer; its own length is all there is to know its end by.
std::span<const std::byte> resource_in(const void* buffer) {
  std::uint16_t length;
  std::memcpy(&length, buffer, sizeof length);
  return {static_cast<const std::byte*>(buffer), length};
}

Result<VersionBlock> value_at(const void* buffer, std::u16string_view path) {
  if (buffer == nullptr) return fail(STATUS_INVALID_PARAMETER, "VerQueryValue: no version information");
  const auto block = find_version_block(resource_in(buffer), path);
  if (!block) return fail(STATUS_RESOURCE_TYPE_NOT_FOUND, "VerQueryValue: there is no {}", utf8(path));
  return *block;
}

HM_WINAPI BOOL VerQueryValueW(const void* buffer, const WCHAR* path, void** value, UINT* length) noexcept {
  return succeed([&]() -> Status {
    const VersionBlock block = TRY(value_at(buffer, path == nullptr ? u"" : path));
    if (value != nullptr) *value = const_cast<std::byte*>(block.value.data());
    if (length != nullptr)
      *length = static_cast<UINT>(block.is_text ? block.value.size() / sizeof(WCHAR) : block.value.size());
    return ok;
  });
}

// Puts the ANSI form of a text into the second area of the buffer.
Result<std::string_view> ansi_form(const void* buffer, const VersionBlock& block) {
  const auto resource = resource_in(buffer);
  auto* const mark = const_cast<std::byte*>(resource.data() + resource.size());
  if (std::memcmp(mark, kMark, sizeof kMark) != 0)
    return fail(STATUS_INVALID_PARAMETER, "VerQueryValueA: the buffer is not one of GetFileVersionInfo's");
  const std::u16string_view stored(reinterpret_cast<const char16_t*>(block.value.data()),
                                   block.value.size() / sizeof(char16_t));
  const std::string ansi = nls::to_ansi(stored);
  const auto offset = static_cast<std::size_t>(block.value.data() - resource.data());
  auto* const place = reinterpret_cast<char*>(mark + sizeof kMark + kAnsiFactor * offset);
  std::memcpy(place, ansi.data(), ansi.size());
  return std::string_view(place, ansi.size());
}

HM_WINAPI BOOL VerQueryValueA(const void* buffer, const CHAR* path, void** value, UINT* length) noexcept {
  return succeed([&]() -> Status {
    const VersionBlock block = TRY(value_at(buffer, path == nullptr ? u"" : nls::from_ansi(path)));
    const std::string_view given =
        block.is_text ? TRY(ansi_form(buffer, block))
                      : std::string_view(reinterpret_cast<const char*>(block.value.data()), block.value.size());
    if (value != nullptr) *value = const_cast<char*>(given.data());
    if (length != nullptr) *length = static_cast<UINT>(given.size());
    return ok;
  });
}

// --- VerFindFile ---

constexpr DWORD VFFF_ISSHAREDFILE = 1;
constexpr DWORD VFF_CURNEDEST = 1, VFF_FILEINUSE = 2, VFF_BUFFTOOSMALL = 4;

struct InstalledFile {
  std::u16string current, destination;  // directories: where it is, if anywhere, and where it belongs
  bool in_use = false;
};

std::u16string joined(std::u16string_view directory, std::u16string_view file) {
  return std::u16string(directory) + u"\\" + std::u16string(file);
}
bool is_file(std::u16string_view directory, std::u16string_view file) {
  if (directory.empty()) return false;
  const auto place = path::volumes().to_host(joined(directory, file));
  return place && place->exists() && !place->is_directory();
}

InstalledFile find_installed(DWORD flags, std::u16string_view file, std::u16string_view windows,
                             std::u16string_view application) {
  if (windows.empty()) windows = path::kWindowsDirectory;
  const bool shared = (flags & VFFF_ISSHAREDFILE) != 0;
  InstalledFile found;
  found.destination = shared ? path::kSystemDirectory : application;
  for (const std::u16string_view directory : {std::u16string_view(found.destination), path::kSystemDirectory, windows})
    if (found.current.empty() && is_file(directory, file)) found.current = directory;
  if (found.current.empty()) return found;
  const std::u16string name = joined(found.current, file);
  nt::FileRequest request;  // sharing with nobody
  request.name = name;
  request.access = nt::file_access(nt::GENERIC_READ);
  request.options = FILE_NON_DIRECTORY_FILE | FILE_SYNCHRONOUS_IO_NONALERT;
  const auto opened = nt::open_file(request);
  found.in_use = !opened && opened.error().status == STATUS_SHARING_VIOLATION;
  return found;
}

// With room for the text and its terminator both are written; `size` becomes what is needed in any case.
template <typename Char>
bool give_path(const std::basic_string<Char>& text, Char* buffer, UINT* size) {
  if (size == nullptr) return true;
  const bool fits = buffer != nullptr && *size > text.size();
  if (fits) buffer[text.copy(buffer, text.size())] = 0;
  *size = static_cast<UINT>(text.size() + 1);
  return fits;
}

template <typename Char, typename Convert>
DWORD answer_found(const InstalledFile& found, Char* current, UINT* current_size, Char* destination,
                   UINT* destination_size, Convert convert) {
  DWORD answer = 0;
  if (!found.current.empty() && !equal_ignoring_case(found.current, found.destination)) answer |= VFF_CURNEDEST;
  if (found.in_use) answer |= VFF_FILEINUSE;
  const bool current_fits = give_path<Char>(convert(found.current), current, current_size);
  const bool destination_fits = give_path<Char>(convert(found.destination), destination, destination_size);
  return current_fits && destination_fits ? answer : answer | VFF_BUFFTOOSMALL;
}

HM_WINAPI DWORD VerFindFileW(DWORD flags, const WCHAR* file, const WCHAR* windows, const WCHAR* application,
                             WCHAR* current, UINT* current_size, WCHAR* destination, UINT* destination_size) noexcept {
  return answer<DWORD>(0, [&]() -> Result<DWORD> {
    const auto found = find_installed(flags, TRY(text(file)), windows == nullptr ? u"" : windows,
                                      application == nullptr ? u"" : application);
    return answer_found(found, current, current_size, destination, destination_size,
                        [](const std::u16string& path) { return path; });
  });
}
HM_WINAPI DWORD VerFindFileA(DWORD flags, const CHAR* file, const CHAR* windows, const CHAR* application, CHAR* current,
                             UINT* current_size, CHAR* destination, UINT* destination_size) noexcept {
  return answer<DWORD>(0, [&]() -> Result<DWORD> {
    const auto wide = [](const CHAR* path) { return path == nullptr ? std::u16string() : nls::from_ansi(path); };
    const auto found = find_installed(flags, nls::from_ansi(TRY(text(file))), wide(windows), wide(application));
    return answer_found(found, current, current_size, destination, destination_size, nls::to_ansi);
  });
}

// --- VerLanguageName ---

std::u16string language_name(DWORD language) {
  constexpr LCTYPE kLocalizedDisplayName = 0x2;
  constexpr DWORD kNeutral = 0;
  if (static_cast<LANGID>(language) != kNeutral)
    if (const auto locale = nls::find_locale(LCID{static_cast<LANGID>(language)}))
      if (auto name = nls::locale_text(*locale, kLocalizedDisplayName)) return *std::move(name);
  return u"Language Neutral";
}

// The length of the name; what fits of it is copied.
template <typename Char>
DWORD give_cut(std::basic_string_view<Char> name, Char* buffer, DWORD size) {
  if (buffer != nullptr && size != 0) buffer[name.copy(buffer, size - 1)] = 0;
  return static_cast<DWORD>(name.size());
}

HM_WINAPI DWORD VerLanguageNameW(DWORD language, WCHAR* buffer, DWORD size) noexcept {
  return answer<DWORD>(0, [&]() -> Result<DWORD> { return give_cut<WCHAR>(language_name(language), buffer, size); });
}
HM_WINAPI DWORD VerLanguageNameA(DWORD language, CHAR* buffer, DWORD size) noexcept {
  return answer<DWORD>(
      0, [&]() -> Result<DWORD> { return give_cut<CHAR>(nls::to_ansi(language_name(language)), buffer, size); });
}

const Export kRows[] = {
    {"GetFileVersionInfoA", proc(GetFileVersionInfoA)},
    {"GetFileVersionInfoExA", proc(GetFileVersionInfoExA)},
    {"GetFileVersionInfoExW", proc(GetFileVersionInfoExW)},
    {"GetFileVersionInfoSizeA", proc(GetFileVersionInfoSizeA)},
    {"GetFileVersionInfoSizeExA", proc(GetFileVersionInfoSizeExA)},
    {"GetFileVersionInfoSizeExW", proc(GetFileVersionInfoSizeExW)},
    {"GetFileVersionInfoSizeW", proc(GetFileVersionInfoSizeW)},
    {"GetFileVersionInfoW", proc(GetFileVersionInfoW)},
    {"VerFindFileA", proc(VerFindFileA)},
    {"VerFindFileW", proc(VerFindFileW)},
    {"VerLanguageNameA", proc(VerLanguageNameA)},
    {"VerLanguageNameW", proc(VerLanguageNameW)},
    {"VerQueryValueA", proc(VerQueryValueA)},
    {"VerQueryValueW", proc(VerQueryValueW)},
};

}  // namespace

extern const ExportTable winver_exports = kRows;

}  // namespace hmodule::winapi

// shellapi.h: which program opens a file, and of what kind a program is.
#include "base/bytes.h"
#include "base/utf.h"
#include "module/builtin.h"
#include "nt/process_parameters.h"
#include "path/dos_path.h"
#include "path/volumes.h"
#include "pe/format.h"
#include "search/search.h"
#include "win/status.h"
#include "winapi/common/answer.h"
#include "winapi/common/process_paths.h"
#include "winapi/common/text.h"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <fstream>
#include <span>
#include <string>

namespace hmodule::winapi {
namespace {

constexpr std::size_t kMaxPath = 260;
// FindExecutable answers with a number above 32, or with one of these.
constexpr INT_PTR kFound = 33, SE_ERR_FNF = 2, SE_ERR_NOASSOC = 31;
constexpr UINT SHGFI_EXETYPE = 0x2000;
constexpr DWORD_PTR kNoProgram = 0, kDosProgram = pe::kDosMagic, kConsoleProgram = pe::kPeSignature,
                    kWindowsVersion = 0x0400;  // in the high word of a program with windows

bool has_extension(std::u16string_view name, std::initializer_list<std::u16string_view> extensions) {
  const std::size_t dot = name.rfind(u'.');
  return dot != name.npos && std::ranges::any_of(extensions, [&](std::u16string_view each) {
           return equal_ignoring_case(name.substr(dot + 1), each);
         });
}

// A native program: an ELF file or a script that may be executed.
bool is_native_program(const std::string& host) {
  std::array<char, 4> start = {};
  std::ifstream(host, std::ios::binary).read(start.data(), start.size());
  const std::string_view begin(start.data(), start.size());
  return (begin ==
              "\x7F"
              "ELF" ||
          begin.starts_with("#!")) &&
         ::access(host.c_str(), X_OK) == 0;
}

INT_PTR find_executable(std::u16string_view name, std::u16string directory, std::u16string& program) {
  search::Surroundings process = surroundings();
  if (!directory.empty()) process.current_directory = std::move(directory);
  const auto found =
      search::search_file(name, u".exe", search::file_search_path(process, false), process, path::volumes());
  if (!found) return SE_ERR_FNF;
  if (!has_extension(found->full_name, {u"exe", u"com", u"bat", u"cmd", u"pif"}) &&
      !is_native_program(found->host_path))
    return SE_ERR_NOASSOC;
  program = found->full_name;
  return kFound;
}

HM_WINAPI HINSTANCE FindExecutableW(const WCHAR* name, const WCHAR* directory, WCHAR* result) noexcept {
  std::u16string program;
  const INT_PTR answer = name == nullptr || result == nullptr
                             ? SE_ERR_FNF
                             : find_executable(name, directory == nullptr ? u"" : directory, program);
  if (answer == kFound) program.copy(result, std::min(program.size(), kMaxPath - 1));
  if (result != nullptr) result[std::min(program.size(), kMaxPath - 1)] = 0;
  return reinterpret_cast<HINSTANCE>(answer);
}

// What is not a program of Windows' kinds is none.
Result<DWORD_PTR> kind_of(std::u16string_view name) {
  const std::u16string full = TRY(nt::full_path(name));
  const path::HostPath host = TRY(path::volumes().to_host(full));
  if (host.what != path::What::file) return fail(STATUS_OBJECT_NAME_NOT_FOUND, "{}: is not there", utf8(full));
  if (has_extension(full, {u"bat", u"cmd"}) || is_native_program(host.path)) return kConsoleProgram;
  if (has_extension(full, {u"com"})) return kDosProgram;

  static_assert(offsetof(pe::OptionalHeader64, Subsystem) == offsetof(pe::OptionalHeader32, Subsystem));
  std::array<std::byte, 4096> start = {};
  std::ifstream file(host.path, std::ios::binary);
  file.read(reinterpret_cast<char*>(start.data()), start.size());
  const Bytes bytes(std::span<const std::byte>(start).first(static_cast<std::size_t>(file.gcount())), host.path);
  const auto dos = TRY(bytes.read<pe::DosHeader>(0));
  if (dos.e_magic != pe::kDosMagic) return kNoProgram;
  const auto signature = bytes.read<std::uint32_t>(dos.e_lfanew);
  if (!signature || *signature != pe::kPeSignature) return kDosProgram;
  const std::uint64_t at = dos.e_lfanew + sizeof *signature;
  const auto header = TRY(bytes.read<pe::FileHeader>(at));
  if ((header.Characteristics & pe::kFileDll) != 0) return kNoProgram;
  const auto subsystem = TRY(bytes.read<std::uint16_t>(at + sizeof header + offsetof(pe::OptionalHeader64, Subsystem)));
  return subsystem == pe::kSubsystemWindowsGui ? kConsoleProgram | kWindowsVersion << 16 : kConsoleProgram;
}

HM_WINAPI DWORD_PTR SHGetFileInfoW(const WCHAR* name, DWORD, void*, UINT, UINT flags) noexcept {
  return answer<DWORD_PTR>(0, [&]() -> Result<DWORD_PTR> {
    if (name == nullptr || flags != SHGFI_EXETYPE)
      return fail(STATUS_NOT_SUPPORTED, "SHGetFileInfo: flags {:#x}; only SHGFI_EXETYPE is known", flags);
    return kind_of(name);
  });
}

const Export kRows[] = {
    {"FindExecutableW", proc(FindExecutableW), Support::partial, "programs only: documents belong to none"},
    {"SHGetFileInfoW", proc(SHGetFileInfoW), Support::partial, "SHGFI_EXETYPE only"},
};

}  // namespace

extern const ExportTable shellapi_programs_exports = kRows;

}  // namespace hmodule::winapi

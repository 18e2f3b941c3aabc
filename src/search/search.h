// From the name of a DLL to a file (loader-semantics §4). The search does not open or parse anything: whoever asks
// supplies a probe that is shown one candidate after the other.
#pragma once

#include "base/result.h"
#include "path/volumes.h"
#include "search/name.h"
#include "search/settings.h"

#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace hmodule::search {

// The LOAD_LIBRARY_* bits that decide where to look.
inline constexpr DWORD kAltered = 0x8, kDllLoadDir = 0x100, kApplicationDir = 0x200, kUserDirs = 0x400,
                       kSystem32 = 0x800, kDefaultDirs = 0x1000, kSafeCurrentDirs = 0x2000,
                       kSystem32NoForwarder = 0x4000,
                       kSearchBits = kDllLoadDir | kApplicationDir | kUserDirs | kSystem32 | kDefaultDirs |
                                     kSafeCurrentDirs | kSystem32NoForwarder;

// What the search needs to know of the process, taken when a load starts.
struct Surroundings {
  std::u16string application_path;        // full name of the executable
  std::u16string current_directory;       // full
  std::u16string path_variable;           // PATH, Windows form: ';' between entries
  bool application_has_manifest = false;  // SRCH-31: then .local is ignored
};

enum class Origin : std::uint8_t {
  dot_local,
  dll_directory,  // of the DLL named by an absolute path
  application,
  hmodule_path,
  user,  // AddDllDirectory, SetDllDirectory
  current,
  system,
  system16,
  windows,
  path_variable,
  given,  // the name had a path
};
std::string_view describe(Origin origin);  // "application directory"

struct Directory {
  std::u16string path;  // full, without a trailing backslash but for a root
  Origin origin;
};
using LoadPath = std::vector<Directory>;

// FLAG-01, FLAG-02, FLAG-04: INVALID_PARAMETER unless the flags are allowed with this name.
Status check_flags(DWORD flags, const DllName& name);

// The directories for one top-level load (§4.2, §4.3), for its dependencies as well (FLAG-20). `dll_directory`: the
// directory of the DLL when the load named it by an absolute path, for kAltered and kDllLoadDir.
LoadPath load_path(const Settings& settings, const Surroundings& surroundings, DWORD flags,
                   std::optional<std::u16string_view> dll_directory = {});

// DIR-07: the ';'-joined form, as LdrGetDllPath gives it; and back, for LdrLoadDll's first argument.
std::u16string join(const LoadPath& directories);
LoadPath split_load_path(std::u16string_view joined);

// SRCH-30...32: the places to try before everything else, even for an absolute path; empty when there is no `.local`.
LoadPath dot_local_path(const Surroundings& surroundings, const path::Volumes& volumes);

// SRCH-52.
bool is_known_dll(std::u16string_view base_name);

struct Candidate {
  std::u16string full_name;       // the name the module would get: directory of the entry + name (GMF-01)
  std::string host_path;          // empty when no file is there
  bool system_directory = false;  // it is in System32, where the builtin DLLs are: asked even without a file
};

// Tries one candidate. ok ends the search. The status of a failure decides how it goes on:
//   OBJECT_NAME_NOT_FOUND, OBJECT_PATH_NOT_FOUND, FILE_IS_A_DIRECTORY, ACCESS_DENIED: next (SRCH-25, SRCH-28);
//   IMAGE_MACHINE_TYPE_MISMATCH: next, but remembered as the result, 193 (SRCH-26); anything else: stop (SRCH-27).
using Probe = std::function<Status(const Candidate&)>;

// Walks the directories for a bare or relative name. Not found: DLL_NOT_FOUND with a sentence that names every place.
Status search(const DllName& name, const LoadPath& directories, const path::Volumes& volumes, const Probe& probe);

// A rooted or absolute name: one candidate. DLL_NOT_FOUND when absent (NAME-17), FILE_IS_A_DIRECTORY (NAME-18),
// ACCESS_DENIED (SRCH-28), or what the probe says; a machine mismatch becomes INVALID_IMAGE_FORMAT.
Status open_named(const DllName& name, const Surroundings& surroundings, const path::Volumes& volumes,
                  const Probe& probe);
// Its full name: what ID-04 compares and kAltered takes the directory of.
Result<std::u16string> full_name(const DllName& name, const Surroundings& surroundings);

// SearchPathW: the first existing file (not directory) of that name; `extension` is added when the name has none.
// `directories` empty means the standard ones. OBJECT_NAME_NOT_FOUND when there is none. FLAG-12 uses it with ".dll".
struct FoundFile {
  std::u16string full_name;
  std::string host_path;
};
Result<FoundFile> search_file(std::u16string_view name, std::u16string_view extension, const LoadPath& directories,
                              const Surroundings& surroundings, const path::Volumes& volumes);
// SearchPath's own order: application, current (before or after the system ones by `safe`), system..., PATH (DIR-06).
LoadPath file_search_path(const Surroundings& surroundings, bool safe);

}  // namespace hmodule::search

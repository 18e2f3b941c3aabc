// From Windows paths to host paths and back (DESIGN D9).
//
// Z: is the host's root. C: is a drive that need not exist on the host: its directories (C:\Windows,
// C:\Windows\System32, ...) are nodes of a small tree, each shown through a list of host directories, and what a
// drive's own host directory (HMODULE_C_DRIVE) has is merged in. Windows names compare without case, host names with
// it: a component is taken as spelled if that exists, else the first name in byte order that differs in case only
// (NAME-12).
//
// Host names that Windows cannot spell (a colon, a backslash, a trailing dot) are shown with those characters moved to
// U+F000 + c, the convention of Cygwin and WSL, and come back unchanged.
#pragma once

#include "base/function_ref.h"
#include "base/result.h"
#include "path/dos_path.h"

#include <sys/stat.h>

#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace hmodule::path {

enum class What : std::uint8_t {
  missing,            // nothing there, but the directory it would be in exists: it may be created
  file,               // anything that is not a directory
  directory,          // a directory of the host
  virtual_directory,  // one that exists for Windows only; list() shows it, nothing can be created there
  device,             // \\.\NUL and its kin
};

struct HostPath {
  std::string path;  // absolute; empty for a virtual directory, and for a missing name in one
  What what = What::missing;
  mode_t mode = 0;  // of what exists on the host

  bool exists() const { return what != What::missing; }
  bool is_directory() const { return what == What::directory || what == What::virtual_directory; }
};

struct DirectoryEntry {
  std::u16string name;
  std::string host_path;  // empty for a virtual directory
};

class Volumes {
 public:
  // Z: alone. with_windows_drive() is what a process uses.
  Volumes();
  ~Volumes();
  Volumes(const Volumes&) = delete;
  Volumes& operator=(const Volumes&) = delete;

  // Adds or replaces a drive: the host directory becomes its root. An empty directory makes it virtual.
  Status add_drive(char16_t letter, std::string host_directory);
  // Makes `windows_directory` ("C:\Windows\System32") exist, and its contents those of `host_directory` (may be empty)
  // besides what it showed before; earlier ones win. Nothing is created in a read-only one, and it is where from_host()
  // places its files; in another, the host's own name for them stays (Z:\tmp\x, not C:\Windows\Temp\x).
  Status add_directory(std::u16string_view windows_directory, std::string host_directory, bool read_only = true);
  // C: with C:\Windows, System32, System, Temp; `backing` is the host directory behind C:, or empty.
  void add_windows_drive(std::string backing, const std::vector<std::string>& system_directories,
                         std::string temporary_directory);

  // `full` as full_path() gives it, or verbatim (`\\?\C:\x`, `\\?\unix\opt\x`), or native (`\??\C:\x`). Symbolic links
  // are followed. An exact-case hit costs one stat.
  // OBJECT_PATH_NOT_FOUND: a directory on the way (or the drive) is not there. OBJECT_NAME_INVALID: wildcards and the
  // like. ACCESS_DENIED: the host refuses to look.
  Result<HostPath> to_host(std::u16string_view full) const;
  // The same for who opens what is there, which then is one step: `look` does what stat(2) does, and what it has found
  // last is the answer. No drive can be added while it waits.
  using Look = FunctionRef<int(const char* host, struct stat& info)>;
  Result<HostPath> to_host(std::u16string_view full, Look look) const;

  // The Windows form of an absolute host path (which need not exist).
  std::u16string from_host(std::string_view host) const;

  // What a directory shows, in no order, without "." and "..", names that differ in case only included.
  // NOT_A_DIRECTORY, OBJECT_PATH_NOT_FOUND and ACCESS_DENIED as to_host().
  Result<std::vector<DirectoryEntry>> list(std::u16string_view full_directory) const;

  bool has_drive(char16_t letter) const;
  std::u16string drives() const;  // their letters, sorted

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// One component (no separators) in its host and its Windows spelling.
std::string host_name(std::u16string_view component);
std::u16string windows_name(std::string_view component);

inline constexpr std::u16string_view kWindowsDirectory = u"C:\\Windows";
inline constexpr std::u16string_view kSystemDirectory = u"C:\\Windows\\System32";
inline constexpr std::u16string_view kSystem16Directory = u"C:\\Windows\\System";

// The process's drives, configured from the environment at first use: HMODULE_C_DRIVE (host directory behind C:),
// HMODULE_SYSTEM32 (colon-separated host directories shown as System32; default the installed ones), HMODULE_DRIVES
// ("D=/mnt/data:E=/srv").
Volumes& volumes();

}  // namespace hmodule::path

// What a program can change about the search: SetDllDirectory, AddDllDirectory, SetDefaultDllDirectories
// (loader-semantics §4.8), and what the environment says.
#pragma once

#include "base/result.h"
#include "path/volumes.h"

#include <cstdint>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

namespace hmodule::search {

// The values at one moment.
struct Settings {
  std::optional<std::u16string> dll_directory;      // empty string: removes the current directory only (SRCH-12)
  std::vector<std::u16string> user_directories;     // as AddDllDirectory added them, oldest first
  DWORD default_flags = 0;                          // 0: the standard order (SRCH-22)
  bool safe_mode = true;                            // SRCH-10
  std::vector<std::u16string> hmodule_directories;  // HMODULE_PATH: searched after the application directory
};

class SearchSettings {
 public:
  // HMODULE_PATH is a colon-separated list of host directories, in the manner of LD_LIBRARY_PATH.
  explicit SearchSettings(const path::Volumes& volumes);
  void configure_from_environment();

  Settings snapshot() const;

  Status set_dll_directory(std::optional<std::u16string_view> directory);  // DIR-05
  std::optional<std::u16string> dll_directory() const;
  // DIR-01; `current` resolves a rooted path.
  Result<void*> add_dll_directory(std::u16string_view directory, const path::CurrentDirectory& current);
  Status remove_dll_directory(void* cookie);        // DIR-02
  Status set_default_dll_directories(DWORD flags);  // SRCH-22
  void set_safe_mode(bool on);
  void set_hmodule_directories(std::vector<std::u16string> directories);

 private:
  struct UserDirectory {
    std::uintptr_t cookie;
    std::u16string path;
  };

  const path::Volumes& volumes_;
  mutable std::mutex mutex_;
  Settings settings_;  // but for user_directories
  std::vector<UserDirectory> user_directories_;
  std::uintptr_t next_cookie_ = 1;
};

}  // namespace hmodule::search

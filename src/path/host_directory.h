#pragma once

#include <dirent.h>
#include <cerrno>
#include <string>
#include <string_view>

namespace hmodule::path {

// Calls `each` with every name in a host directory but "." and "..". The errno of the failure, or 0.
template <typename Each>
int for_each_name(const std::string& directory, Each each) {
  DIR* const stream = ::opendir(directory.c_str());
  if (stream == nullptr) return errno;
  while (const dirent* entry = ::readdir(stream)) {
    const std::string_view name = entry->d_name;
    if (name != "." && name != "..") each(name);
  }
  ::closedir(stream);
  return 0;
}

}  // namespace hmodule::path

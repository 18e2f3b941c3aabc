// Which names a host directory has, looked up without case. A directory is listed once and remembered by its identity
// and times, so that a search that asks a hundred times for what is not there does not read it a hundred times.
#pragma once

#include <sys/stat.h>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace hmodule::path {

class DirectoryCache {
 public:
  // The host name in `directory` that differs from `component` in case only: the first in byte order (NAME-12).
  // `info` is the directory's own stat. An unreadable directory has no names.
  std::optional<std::string> find(const std::string& directory, const struct stat& info, std::u16string_view component);

  static constexpr std::size_t kDirectories = 256;  // remembered at most

 private:
  using Names = std::unordered_map<std::u16string, std::string>;  // upper-case -> host name
  struct Listing {
    dev_t device;
    ino_t inode;
    timespec modified, changed;
    std::shared_ptr<const Names> names;
    std::uint64_t last_use;
  };

  std::shared_ptr<const Names> names_of(const std::string& directory, const struct stat& info);
  void remember(Listing listing);

  std::mutex mutex_;
  std::vector<Listing> listings_;
  std::uint64_t uses_ = 0;
};

}  // namespace hmodule::path

// Laid-out images on disk (DESIGN D7). A DLL's sections lie in its file at multiples of 512 bytes and belong into
// memory at multiples of 4096, so the file itself cannot be mapped, and copying makes every page the process's own. So
// the first load writes the image as it will lie in memory to a file, and maps that one privately; later loads, of any
// process of this user, only map it. They share the pages nobody writes to, and pay for those they touch.
//
// An entry stands for one state of one file: its name is made of the file's device, inode, size and times. The times
// advance in ticks, so a file that has changed just now has no entry. A crash of the machine can leave an entry that is
// not wholly on the disk; so the name holds the identity of the running boot too, and entries of others are removed.
//
// Nothing here fails: where there is no usable cache (the directory is somebody else's, others may write to it, its
// file system executes nothing or is full) the answer is that there is none, and the image is copied.
#pragma once

#include <sys/stat.h>

#include <optional>
#include <string>

#include "map/mapping.h"
#include "pe/image.h"

namespace hmodule::map {

class ImageCache {
 public:
  // Smaller images gain nothing.
  static constexpr std::size_t kSmallest = 128 << 10;
  static constexpr std::uint64_t kMostBytes = std::uint64_t{2} << 30;  // of all entries; the oldest go first

  // In `directory`, which is made (mode 0700) when the first entry is. Empty: no cache.
  explicit ImageCache(std::string directory) : directory_(std::move(directory)) {}

  // HMODULE_CACHE (a directory; "off" or empty: none), else hmodule in XDG_CACHE_HOME or ~/.cache; none in a process
  // that runs with other rights than its user's.
  static std::string default_directory();

  // The descriptor of the entry for `file`, whose bytes are laid out as pe::Image's sections say, or -1. The caller
  // closes it. `source` describes the file the image was parsed from. Thread-safe, also against other processes.
  int entry_for(const pe::Image& file, const struct stat& source) const;

 private:
  bool is_usable() const;
  int make_entry(const std::string& name, const pe::Image& file) const;
  void remove_old_entries(std::uint64_t coming) const;

  const std::string directory_;
};

}  // namespace hmodule::map

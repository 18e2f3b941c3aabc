#include "map/image_cache.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/auxv.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstdlib>
#include <ctime>
#include <vector>

#include "base/scope_guard.h"
#include "base/settled.h"
#include "base/trace.h"

namespace hmodule::map {
namespace {

constexpr std::string_view kEnding = ".image";

bool settled_by_now(const struct stat& source) {
  timespec now;
  clock_gettime(CLOCK_REALTIME, &now);
  return settled(source, now);
}

// The first digits of the running boot's identity; empty where the system does not tell.
const std::string& this_boot() {
  static const std::string boot = [] {
    char text[13] = {};
    const int file = ::open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC);
    if (file < 0) return std::string();
    const ScopeGuard close([&] { ::close(file); });
    return ::read(file, text, 13) == 13 ? std::string(text, 8) + std::string(text + 9, 4) : std::string();
  }();
  return boot;
}

std::string entry_name(const struct stat& source) {
  return fmt::format("{}-{:x}-{:x}-{:x}-{:x}-{:x}{}", this_boot(), source.st_dev, source.st_ino, source.st_size,
                     nanoseconds(source.st_mtim), nanoseconds(source.st_ctim), kEnding);
}

bool is_private(const struct stat& info) {
  return info.st_uid == ::geteuid() && (info.st_mode & (S_IWGRP | S_IWOTH)) == 0;
}

std::size_t rounded_size(const pe::Image& file) {
  return (std::size_t{file.size_of_image()} + pe::kPageSize - 1) / pe::kPageSize * pe::kPageSize;
}

bool write_all(int to, const std::byte* data, std::size_t size, std::uint64_t offset) {
  while (size != 0) {
    const ssize_t written = ::pwrite(to, data, size, static_cast<off_t>(offset));
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return false;
    data += written;
    size -= static_cast<std::size_t>(written);
    offset += static_cast<std::uint64_t>(written);
  }
  return true;
}

// What the file does not fill is a hole, and reads as zero (MAP-05).
bool write_image(int to, const pe::Image& file) {
  if (::ftruncate(to, static_cast<off_t>(rounded_size(file))) != 0) return false;
  const std::byte* source = file.bytes().data();
  if (!write_all(to, source, std::min(file.size_of_headers(), file.header_extent()), 0)) return false;
  return std::all_of(file.sections().begin(), file.sections().end(), [&](const pe::Section& section) {
    return write_all(to, source + section.file_offset, section.file_size, section.rva.value);
  });
}

// The parents too; a part of the way that is there already is fine.
bool make_directory(const std::string& directory) {
  for (std::size_t end = directory.find('/', 1);; end = directory.find('/', end + 1)) {
    const std::string part = directory.substr(0, end);
    if (::mkdir(part.c_str(), 0700) != 0 && errno != EEXIST) return false;
    if (end == std::string::npos) return true;
  }
}

}  // namespace

std::string ImageCache::default_directory() {
  if (::getauxval(AT_SECURE) != 0) return {};
  if (const char* given = std::getenv("HMODULE_CACHE"); given != nullptr)
    return std::string_view(given) == "off" || given[0] != '/' ? std::string() : given;
  if (const char* caches = std::getenv("XDG_CACHE_HOME"); caches != nullptr && caches[0] == '/')
    return std::string(caches) + "/hmodule";
  if (const char* home = std::getenv("HOME"); home != nullptr && home[0] == '/')
    return std::string(home) + "/.cache/hmodule";
  return {};
}

bool ImageCache::is_usable() const {
  struct stat info;
  struct statvfs system;
  if (::lstat(directory_.c_str(), &info) != 0 && !(errno == ENOENT && make_directory(directory_))) return false;
  return ::lstat(directory_.c_str(), &info) == 0 && S_ISDIR(info.st_mode) && is_private(info) &&
         ::statvfs(directory_.c_str(), &system) == 0 && (system.f_flag & ST_NOEXEC) == 0;
}

int ImageCache::entry_for(const pe::Image& file, const struct stat& source) const {
  if (directory_.empty() || file.low_alignment() || file.size_of_image() < kSmallest || !settled_by_now(source) ||
      this_boot().empty())
    return -1;
  const std::string name = directory_ + '/' + entry_name(source);
  const int entry = ::open(name.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
  if (entry < 0) return errno == ENOENT && is_usable() ? make_entry(name, file) : -1;
  struct stat info;
  if (::fstat(entry, &info) == 0 && S_ISREG(info.st_mode) && is_private(info) &&
      static_cast<std::size_t>(info.st_size) == rounded_size(file) && is_usable())
    return entry;
  ::close(entry);
  return -1;
}

// Under a name of its own until it is whole. Two loads that make the same entry at once both succeed.
int ImageCache::make_entry(const std::string& name, const pe::Image& file) const {
  static std::atomic<unsigned> count{0};
  remove_old_entries(rounded_size(file));
  const std::string draft = fmt::format("{}.{}.{}", name, ::getpid(), ++count);
  const int entry = ::open(draft.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (entry < 0) return -1;
  if (write_image(entry, file) && ::rename(draft.c_str(), name.c_str()) == 0) {
    trace::line(trace::Channel::map, "{}: laid out as {}", file.name(), name);
    return entry;
  }
  ::unlink(draft.c_str());
  ::close(entry);
  return -1;
}

// Of other boots, drafts whose writer is gone, and the oldest when all are too large together. An entry somebody has
// mapped stays with them, though its name goes.
void ImageCache::remove_old_entries(std::uint64_t coming) const {
  DIR* const listing = ::opendir(directory_.c_str());
  if (listing == nullptr) return;
  const ScopeGuard close([&] { ::closedir(listing); });
  struct Entry {
    std::string name;
    std::int64_t last_use;
    std::uint64_t bytes;
  };
  std::vector<Entry> kept;
  std::uint64_t total = coming;
  constexpr std::int64_t kDraftSeconds = 3600;
  while (const dirent* found = ::readdir(listing)) {
    const std::string_view name = found->d_name;
    if (name.find(kEnding) == std::string_view::npos) continue;  // not ours
    struct stat info;
    if (::fstatat(::dirfd(listing), found->d_name, &info, AT_SYMLINK_NOFOLLOW) != 0) continue;
    const bool abandoned = !name.ends_with(kEnding) && ::time(nullptr) - info.st_mtim.tv_sec > kDraftSeconds;
    if (abandoned || !name.starts_with(this_boot())) {
      ::unlinkat(::dirfd(listing), found->d_name, 0);
      continue;
    }
    const std::uint64_t bytes = static_cast<std::uint64_t>(info.st_blocks) * 512;
    kept.push_back({std::string(name), std::max(nanoseconds(info.st_atim), nanoseconds(info.st_mtim)), bytes});
    total += bytes;
  }
  std::sort(kept.begin(), kept.end(), [](const Entry& a, const Entry& b) { return a.last_use < b.last_use; });
  for (const Entry& entry : kept) {
    if (total <= kMostBytes) return;
    ::unlinkat(::dirfd(listing), entry.name.c_str(), 0);
    total -= entry.bytes;
  }
}

}  // namespace hmodule::map

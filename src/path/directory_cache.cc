// A listing is remembered only when the directory's last change is clearly older than the listing itself
// (base/settled.h).
#include "path/directory_cache.h"

#include "base/settled.h"
#include "base/utf.h"
#include "path/host_directory.h"
#include "path/volumes.h"

#include <algorithm>
#include <ctime>

namespace hmodule::path {
namespace {

bool same_time(const timespec& a, const timespec& b) {
  return a.tv_sec == b.tv_sec && a.tv_nsec == b.tv_nsec;
}

}  // namespace

std::optional<std::string> DirectoryCache::find(const std::string& directory, const struct stat& info,
                                                std::u16string_view component) {
  const auto names = names_of(directory, info);
  const auto hit = names->find(upcase(component));
  return hit == names->end() ? std::nullopt : std::optional(hit->second);
}

std::shared_ptr<const DirectoryCache::Names> DirectoryCache::names_of(const std::string& directory,
                                                                      const struct stat& info) {
  {
    const std::lock_guard lock(mutex_);
    for (Listing& known : listings_)
      if (known.device == info.st_dev && known.inode == info.st_ino && same_time(known.modified, info.st_mtim) &&
          same_time(known.changed, info.st_ctim)) {
        known.last_use = ++uses_;
        return known.names;
      }
  }
  timespec now;
  clock_gettime(CLOCK_REALTIME, &now);
  auto names = std::make_shared<Names>();
  for_each_name(directory, [&](std::string_view name) {
    auto [place, fresh] = names->try_emplace(upcase(windows_name(name)), name);
    if (!fresh && name < place->second) place->second = name;
  });
  if (settled(info, now)) remember({info.st_dev, info.st_ino, info.st_mtim, info.st_ctim, names, 0});
  return names;
}

void DirectoryCache::remember(Listing listing) {
  const std::lock_guard lock(mutex_);
  listing.last_use = ++uses_;
  std::erase_if(listings_,
                [&](const Listing& old) { return old.device == listing.device && old.inode == listing.inode; });
  if (listings_.size() >= kDirectories)
    listings_.erase(std::min_element(listings_.begin(), listings_.end(),
                                     [](const Listing& a, const Listing& b) { return a.last_use < b.last_use; }));
  listings_.push_back(std::move(listing));
}

}  // namespace hmodule::path

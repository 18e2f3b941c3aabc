#include "map/shared_sections.h"

#include "base/scope_guard.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace hmodule::map {

namespace {

constexpr const char* kDirectory = "/dev/shm/";

std::string users_prefix() {
  return fmt::format("hmodule-{}-", geteuid());
}

Error failed(const std::string& path, const char* what) {
  const NTSTATUS status = errno == EACCES || errno == ELOOP ? STATUS_ACCESS_DENIED : STATUS_NO_MEMORY;
  return fail(status, "{}: the memory of a shared section {}: {}", path, what, std::strerror(errno));
}

// A file that anybody else could write is not ours to trust.
Status check_ours(int file, const std::string& path) {
  struct stat now {};
  if (fstat(file, &now) != 0) return failed(path, "cannot be examined");
  if (!S_ISREG(now.st_mode) || now.st_uid != geteuid() || (now.st_mode & 077) != 0)
    return fail(STATUS_ACCESS_DENIED, "{}: the memory of a shared section has this name, but belongs to somebody else",
                path);
  return ok;
}

bool still_named(int file) {
  struct stat now {};
  return fstat(file, &now) == 0 && now.st_nlink != 0;
}

// The size comes last and tells that the contents are there.
Status fill(int file, const std::string& path, std::span<const std::byte> contents, std::size_t size) {
  if (ftruncate(file, 0) != 0) return failed(path, "cannot be emptied");
  for (std::size_t done = 0; done < contents.size();) {
    const ssize_t written = pwrite(file, contents.data() + done, contents.size() - done, static_cast<off_t>(done));
    if (written < 0) return failed(path, "cannot be written");
    done += static_cast<std::size_t>(written);
  }
  const int error = posix_fallocate(file, 0, static_cast<off_t>(size));  // a hole would be a SIGBUS when space is out
  if (error == 0) return ok;
  errno = error;
  return failed(path, "cannot be made");
}

// Removes what processes left that did not come to their end.
void sweep() {
  const std::string prefix = users_prefix();
  DIR* const directory = opendir(kDirectory);
  if (directory == nullptr) return;
  while (const dirent* entry = readdir(directory)) {
    if (!std::string_view(entry->d_name).starts_with(prefix)) continue;
    const std::string path = std::string(kDirectory) + entry->d_name;
    const int file = open(path.c_str(), O_RDWR | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    if (file < 0) continue;
    if (check_ours(file, path) && flock(file, LOCK_EX | LOCK_NB) == 0 && still_named(file)) unlink(path.c_str());
    close(file);
  }
  closedir(directory);
}

struct Range {
  std::uint32_t begin, end;
};

// The pages of a section but those that hold the import directory or the import address table.
std::vector<Range> shared_pages(const pe::Image& image, const pe::Section& section) {
  std::vector<Range> pages{{section.rva.value, section.end()}};
  for (const std::uint32_t index : {pe::kDirectoryImport, pe::kDirectoryIat}) {
    const pe::DirectoryRange directory = image.directory(index);
    if (directory.size == 0 || !section.contains(directory.rva)) continue;
    constexpr std::uint32_t kMask = pe::kPageSize - 1;
    const Range hole{directory.rva.value & ~kMask,
                     directory.rva.value + std::min(directory.size, section.end() - directory.rva.value)};
    std::vector<Range> rest;
    for (const Range& range : pages) {
      rest.push_back({range.begin, std::min(range.end, hole.begin)});
      rest.push_back({std::max(range.begin, (hole.end + kMask) & ~kMask), range.end});
    }
    pages = std::move(rest);
  }
  std::erase_if(pages, [](const Range& range) { return range.begin >= range.end; });
  return pages;
}

}  // namespace

Result<SharedSections::Claim> SharedSections::claim(const std::string& path, std::span<const std::byte> contents,
                                                    std::size_t size) {
  for (;;) {
    const int file = open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0600);
    if (file < 0) return failed(path, "cannot be opened");
    ScopeGuard close_it([file] { close(file); });
    TRY(check_ours(file, path));
    if (flock(file, LOCK_EX | LOCK_NB) == 0 && still_named(file)) TRY(fill(file, path, contents, size));
    while (flock(file, LOCK_SH) != 0)  // waits for one who fills it
      if (errno != EINTR) return failed(path, "cannot be locked");
    // Between the two locks anybody may have had it: emptied it and died, or removed it.
    struct stat now {};
    if (fstat(file, &now) != 0 || now.st_nlink == 0 || now.st_size != static_cast<off_t>(size)) continue;
    close_it.dismiss();
    return Claim{path, file};
  }
}

void SharedSections::give_up(const Claim& claim) {
  if (flock(claim.file, LOCK_EX | LOCK_NB) == 0 && still_named(claim.file)) unlink(claim.path.c_str());
  close(claim.file);
}

Result<SharedSections> SharedSections::map(const pe::Image& file, std::span<std::byte> mapped, const struct stat& info,
                                           int rights) {
  SharedSections shared;
  if (file.low_alignment()) return shared;  // its sections are not looked at (MAP-08)
  const auto sections = file.sections();
  for (std::size_t i = 0; i < sections.size(); ++i) {
    const pe::Section& section = sections[i];
    if (!section.shared() || section.virtual_size == 0) continue;
    if (shared.claims_.empty()) sweep();
    const std::string path = fmt::format("{}{}{:x}-{:x}-{:x}.{}-{:x}-{}", kDirectory, users_prefix(), info.st_dev,
                                         info.st_ino, info.st_mtim.tv_sec, info.st_mtim.tv_nsec, info.st_size, i);
    const auto contents = file.bytes().span().subspan(section.file_offset, section.file_size);
    shared.claims_.push_back(TRY(claim(path, contents, section.virtual_size)));
    for (const Range& pages : shared_pages(file, section)) {
      void* const place = mapped.data() + pages.begin;
      if (mmap(place, pages.end - pages.begin, rights, MAP_SHARED | MAP_FIXED, shared.claims_.back().file,
               pages.begin - section.rva.value) == MAP_FAILED)
        return failed(path, "cannot be mapped");
    }
  }
  return shared;
}

SharedSections::~SharedSections() {
  for (const Claim& claim : claims_) give_up(claim);
}

}  // namespace hmodule::map

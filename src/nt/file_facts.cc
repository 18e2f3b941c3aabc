#include "nt/file_facts.h"

#include "nt/file_time.h"
#include "nt/io_error.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <array>
#include <charconv>

namespace hmodule::nt {
namespace {

constexpr const char* kDosAttributes = "user.DOSATTRIB";
constexpr ULONG kKeptAttributes = FILE_ATTRIBUTE_HIDDEN | FILE_ATTRIBUTE_SYSTEM | FILE_ATTRIBUTE_ARCHIVE;
constexpr mode_t kWriteBits = S_IWUSR | S_IWGRP | S_IWOTH;

LARGE_INTEGER file_time(const statx_timestamp& time) {
  return nt::file_time(time.tv_sec, time.tv_nsec);
}

// Samba and Wine write the value in hexadecimal text.
std::optional<ULONG> kept_attributes(const char* path) {
  std::array<char, 64> text;
  const ssize_t length = getxattr(path, kDosAttributes, text.data(), text.size());
  if (length < 3 || text[0] != '0' || text[1] != 'x') return std::nullopt;
  ULONG value = 0;
  if (std::from_chars(text.data() + 2, text.data() + length, value, 16).ec != std::errc{}) return std::nullopt;
  return value & kKeptAttributes;
}

FileFacts facts_from(const struct statx& host, const char* path) {
  FileFacts facts;
  const bool has_birth = (host.stx_mask & STATX_BTIME) != 0;
  facts.creation_time = file_time(has_birth ? host.stx_btime : host.stx_mtime);
  facts.access_time = file_time(host.stx_atime);
  facts.write_time = file_time(host.stx_mtime);
  facts.change_time = file_time(host.stx_ctime);
  facts.links = host.stx_nlink;
  facts.file_id = host.stx_ino;
  facts.key = {makedev(host.stx_dev_major, host.stx_dev_minor), host.stx_ino};
  facts.volume_serial = static_cast<std::uint32_t>(facts.key.device * 0x9E3779B1U);
  if (S_ISDIR(host.stx_mode)) {
    facts.attributes = FILE_ATTRIBUTE_DIRECTORY | (kept_attributes(path).value_or(0) & ~FILE_ATTRIBUTE_ARCHIVE);
    facts.links = 1;
    return facts;
  }
  facts.size = static_cast<LARGE_INTEGER>(host.stx_size);
  facts.allocation = static_cast<LARGE_INTEGER>(host.stx_blocks) * 512;
  if (S_ISREG(host.stx_mode)) {
    facts.attributes = kept_attributes(path).value_or(FILE_ATTRIBUTE_ARCHIVE);
    if ((host.stx_mode & kWriteBits) == 0) facts.attributes |= FILE_ATTRIBUTE_READONLY;
  }
  if (facts.attributes == 0) facts.attributes = FILE_ATTRIBUTE_NORMAL;
  return facts;
}

Result<FileFacts> facts_at(int directory, const char* path, int flags, const char* path_of_attributes) {
  struct statx host;
  if (statx(directory, path, flags, STATX_BASIC_STATS | STATX_BTIME, &host) != 0) return fail_errno("stat", path);
  FileFacts facts = facts_from(host, path_of_attributes);
  if (S_ISLNK(host.stx_mode)) {
    facts.attributes = FILE_ATTRIBUTE_REPARSE_POINT;
    facts.reparse_tag = IO_REPARSE_TAG_SYMLINK;
    facts.size = facts.allocation = 0;
    struct stat target;
    if (stat(path_of_attributes, &target) == 0 && S_ISDIR(target.st_mode)) facts.attributes |= FILE_ATTRIBUTE_DIRECTORY;
  }
  return facts;
}

}  // namespace

std::string descriptor_path(int descriptor) {
  return fmt::format("/proc/self/fd/{}", descriptor);
}

Result<FileFacts> facts_of_link(const std::string& host_path) {
  return facts_at(AT_FDCWD, host_path.c_str(), AT_SYMLINK_NOFOLLOW, host_path.c_str());
}

Result<FileFacts> facts_of(const std::string& host_path) {
  FileFacts facts = TRY(facts_of_link(host_path));
  if ((facts.attributes & FILE_ATTRIBUTE_REPARSE_POINT) == 0) return facts;
  Result<FileFacts> target = facts_at(AT_FDCWD, host_path.c_str(), 0, host_path.c_str());
  if (!target) return facts;
  target->attributes = (target->attributes & ~FILE_ATTRIBUTE_NORMAL) | FILE_ATTRIBUTE_REPARSE_POINT;
  target->reparse_tag = IO_REPARSE_TAG_SYMLINK;
  return target;
}

Result<FileFacts> facts_of(int descriptor) {
  return facts_at(descriptor, "", AT_EMPTY_PATH, descriptor_path(descriptor).c_str());
}

FileKey key_of(const struct stat& host) {
  return {host.st_dev, host.st_ino};
}

Result<FileKey> key_of(int descriptor) {
  struct stat host;
  if (fstat(descriptor, &host) != 0) return fail_errno("stat");
  return key_of(host);
}

FileFacts facts_of_virtual_directory() {
  FileFacts facts;
  facts.attributes = FILE_ATTRIBUTE_DIRECTORY;
  facts.creation_time = facts.access_time = facts.write_time = facts.change_time = nt::file_time(0, 0);
  return facts;
}

Status set_attributes(int descriptor, ULONG attributes) {
  const std::string path = descriptor_path(descriptor);
  struct stat host;
  if (fstat(descriptor, &host) != 0) return fail_errno("stat");
  if (S_ISREG(host.st_mode)) {
    const bool is_read_only = (host.st_mode & kWriteBits) == 0;
    const bool read_only = (attributes & FILE_ATTRIBUTE_READONLY) != 0;
    const mode_t mode = read_only ? host.st_mode & ~kWriteBits : host.st_mode | S_IWUSR;
    if (read_only != is_read_only && chmod(path.c_str(), mode & 07777) != 0) return fail_errno("chmod", path);
  }
  const ULONG kept = attributes & kKeptAttributes;
  const ULONG implied = S_ISREG(host.st_mode) ? FILE_ATTRIBUTE_ARCHIVE : 0;
  if (kept == kept_attributes(path.c_str()).value_or(implied)) return ok;
  const std::string text = fmt::format("{:#x}", kept);
  setxattr(path.c_str(), kDosAttributes, text.data(), text.size(), 0);  // where the file system can
  return ok;
}

Status set_times(int descriptor, LARGE_INTEGER access, LARGE_INTEGER write) {
  const auto host = [](LARGE_INTEGER time) -> timespec {
    if (time == 0 || time == -1) return {0, UTIME_OMIT};
    return host_time(time);
  };
  const timespec times[2] = {host(access), host(write)};
  if (times[0].tv_nsec == UTIME_OMIT && times[1].tv_nsec == UTIME_OMIT) return ok;
  if (utimensat(AT_FDCWD, descriptor_path(descriptor).c_str(), times, 0) != 0) return fail_errno("set the file time");
  return ok;
}

}  // namespace hmodule::nt

#include "nt/file_names.h"

#include "base/scope_guard.h"
#include "base/utf.h"
#include "nt/host_file.h"
#include "nt/io_error.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace hmodule::nt {
namespace {

constexpr ULONG kShareAll = FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE;
constexpr ULONG kSync = FILE_SYNCHRONOUS_IO_NONALERT;

// A file that is open for the length of an operation, without a handle.
Result<Ref<HostFile>> open_for(std::u16string_view name, ACCESS_MASK access, ULONG share, ULONG disposition,
                               ULONG options, ULONG attributes = FILE_ATTRIBUTE_NORMAL) {
  OpenedFile opened = TRY(open_file({.name = name,
                                     .access = access | SYNCHRONIZE | FILE_READ_ATTRIBUTES,
                                     .attributes = attributes,
                                     .share = share,
                                     .disposition = disposition,
                                     .options = options | kSync}));
  auto* const host = dynamic_cast<HostFile*>(opened.file.get());
  if (host == nullptr || (host->kind() != HostFile::Kind::disk && host->kind() != HostFile::Kind::directory &&
                          host->kind() != HostFile::Kind::link))
    return fail(STATUS_INVALID_DEVICE_REQUEST, "{} is a device", utf8(name));
  return Ref<HostFile>::share(*host);
}

template <typename T>
Status set(HostFile& file, FILE_INFORMATION_CLASS what, const T& value) {
  return file.set(what, std::as_bytes(std::span(&value, 1)));
}

Status set_name(HostFile& file, FILE_INFORMATION_CLASS what, std::u16string_view target, bool replace) {
  std::vector<std::byte> buffer(offsetof(FILE_RENAME_INFORMATION, FileName) + target.size() * 2);
  FILE_RENAME_INFORMATION header = {};
  header.ReplaceIfExists = replace ? TRUE : FALSE;
  header.FileNameLength = static_cast<ULONG>(target.size() * 2);
  std::memcpy(buffer.data(), &header, offsetof(FILE_RENAME_INFORMATION, FileName));
  std::memcpy(buffer.data() + offsetof(FILE_RENAME_INFORMATION, FileName), target.data(), target.size() * 2);
  return file.set(what, buffer);
}

// The kernel copies by itself where the file systems let it; else piece by piece.
Status copy_contents(int from, int to, std::uint64_t size, const CopyProgress& progress) {
  constexpr std::size_t kPiece = 4 << 20;
  std::uint64_t copied = 0;
  bool by_kernel = true;
  std::vector<std::byte> buffer;
  for (;;) {
    if (progress && !progress(size, copied)) return fail(STATUS_CANCELLED, "the copy was stopped");
    ssize_t count = by_kernel ? ::copy_file_range(from, nullptr, to, nullptr, kPiece, 0) : -1;
    if (count < 0) {
      if (by_kernel && errno == ENOSPC) return fail_errno("copy");
      by_kernel = false;
      buffer.resize(1 << 20);
      count = ::read(from, buffer.data(), buffer.size());
      if (count < 0) return fail_errno("read");
      for (ssize_t done = 0; done < count;) {
        const ssize_t written = ::write(to, buffer.data() + done, static_cast<std::size_t>(count - done));
        if (written < 0) return fail_errno("write");
        done += written;
      }
    }
    if (count == 0) return ok;
    copied += static_cast<std::uint64_t>(count);
  }
}

Status copy_link(const std::string& from, const path::HostPath& to, std::u16string_view name) {
  char target[4096];
  const ssize_t length = ::readlink(from.c_str(), target, sizeof target - 1);
  if (length < 0) return fail_errno("read the link", from);
  target[length] = 0;
  if (to.path.empty()) return fail(STATUS_ACCESS_DENIED, "{}: nothing can be created there", utf8(name));
  if (::symlink(target, to.path.c_str()) != 0) return fail_errno("link", to.path);
  return ok;
}

}  // namespace

Result<FileFacts> facts_by_name(std::u16string_view name) {
  std::u16string full = path::from_nt_path(name).value_or(std::u16string(name));
  const bool ends_like_directory = full.size() > path::root_length(full) && path::is_separator(full.back());
  const path::HostPath place = TRY(path::volumes().to_host(full));
  if (place.what == path::What::virtual_directory) return facts_of_virtual_directory();
  if (place.what == path::What::device) {
    FileFacts facts;
    facts.attributes = FILE_ATTRIBUTE_ARCHIVE;
    return facts;
  }
  if (place.path.empty()) return fail(STATUS_OBJECT_NAME_NOT_FOUND, "{} does not exist", utf8(full));
  FileFacts facts = TRY(facts_of(place.path));
  if (ends_like_directory && !facts.is_directory())
    return fail(STATUS_OBJECT_NAME_INVALID, "{} is not a directory", utf8(full));
  return facts;
}

Status set_attributes_by_name(std::u16string_view name, ULONG attributes) {
  const Ref<HostFile> file = TRY(open_for(name, FILE_WRITE_ATTRIBUTES, kShareAll, FILE_OPEN, 0));
  FILE_BASIC_INFORMATION basic = {};
  basic.FileAttributes = attributes == 0 ? FILE_ATTRIBUTE_NORMAL : attributes;
  if (file->kind() != HostFile::Kind::directory) basic.FileAttributes &= ~FILE_ATTRIBUTE_DIRECTORY;
  return set(*file, FileBasicInformation, basic);
}

Status delete_file(std::u16string_view name) {
  const Ref<HostFile> file =
      TRY(open_for(name, DELETE_ACCESS, kShareAll, FILE_OPEN, FILE_NON_DIRECTORY_FILE | FILE_OPEN_REPARSE_POINT));
  return set(*file, FileDispositionInformationEx,
             FILE_DISPOSITION_INFORMATION_EX{FILE_DISPOSITION_DELETE | FILE_DISPOSITION_POSIX_SEMANTICS});
}

Status create_directory(std::u16string_view name) {
  const Ref<HostFile> made =
      TRY(open_for(name, FILE_LIST_DIRECTORY, FILE_SHARE_READ | FILE_SHARE_WRITE, FILE_CREATE, FILE_DIRECTORY_FILE));
  return ok;
}

Status remove_directory(std::u16string_view name) {
  const Ref<HostFile> directory =
      TRY(open_for(name, DELETE_ACCESS, kShareAll, FILE_OPEN, FILE_DIRECTORY_FILE | FILE_OPEN_REPARSE_POINT));
  if (directory->kind() == HostFile::Kind::link)
    return set(*directory, FileDispositionInformation, FILE_DISPOSITION_INFORMATION{TRUE});
  return directory->remove_directory_now();
}

Status move_file(std::u16string_view from, std::u16string_view to, MoveOptions options) {
  Status moved = ok;
  {
    const Ref<HostFile> file = TRY(open_for(from, DELETE_ACCESS, kShareAll, FILE_OPEN, FILE_OPEN_REPARSE_POINT));
    moved = set_name(*file, FileRenameInformation, to, options.replace);
    if (moved || moved.error().status != STATUS_NOT_SAME_DEVICE || !options.copy_allowed ||
        file->kind() == HostFile::Kind::directory)
      return moved;
  }
  TRY(copy_file(from, to, {.fail_if_exists = !options.replace, .copy_link = true}));
  return delete_file(from);
}

Status copy_file(std::u16string_view from, std::u16string_view to, const CopyOptions& options) {
  const path::HostPath source_place = TRY(path::volumes().to_host(from));
  const path::HostPath target_place = TRY(path::volumes().to_host(to));
  struct stat link;
  if (options.copy_link && ::lstat(source_place.path.c_str(), &link) == 0 && S_ISLNK(link.st_mode))
    return copy_link(source_place.path, target_place, to);

  const Ref<HostFile> source =
      TRY(open_for(from, FILE_READ_DATA, FILE_SHARE_READ | FILE_SHARE_WRITE, FILE_OPEN, FILE_NON_DIRECTORY_FILE));
  const FileFacts facts = TRY(source->facts());
  if (target_place.exists() && !target_place.path.empty()) {
    const Result<FileFacts> target_facts = facts_of(target_place.path);
    if (target_facts && target_facts->key == facts.key)
      return fail(STATUS_SHARING_VIOLATION, "{} would be copied onto itself", utf8(from));
  }
  const ULONG disposition = options.fail_if_exists ? FILE_CREATE : FILE_OVERWRITE_IF;
  const ULONG kept = facts.attributes & (FILE_ATTRIBUTE_HIDDEN | FILE_ATTRIBUTE_SYSTEM);
  const Ref<HostFile> target = TRY(open_for(to, FILE_WRITE_DATA | FILE_WRITE_ATTRIBUTES | DELETE_ACCESS, 0, disposition,
                                            FILE_NON_DIRECTORY_FILE, kept == 0 ? FILE_ATTRIBUTE_NORMAL : kept));
  ScopeGuard remove_half(
      [&] { static_cast<void>(set(*target, FileDispositionInformation, FILE_DISPOSITION_INFORMATION{TRUE})); });
  TRY(copy_contents(source->descriptor(), target->descriptor(), static_cast<std::uint64_t>(facts.size),
                    options.progress));
  FILE_BASIC_INFORMATION basic = {};
  basic.LastAccessTime = facts.access_time;
  basic.LastWriteTime = facts.write_time;
  basic.FileAttributes = facts.attributes & ~(FILE_ATTRIBUTE_REPARSE_POINT | FILE_ATTRIBUTE_DIRECTORY);
  TRY(set(*target, FileBasicInformation, basic));
  remove_half.dismiss();
  return ok;
}

Status create_hard_link(std::u16string_view link, std::u16string_view existing) {
  const Ref<HostFile> file =
      TRY(open_for(existing, FILE_WRITE_ATTRIBUTES, kShareAll, FILE_OPEN, FILE_OPEN_REPARSE_POINT));
  return set_name(*file, FileLinkInformation, link, false);
}

Status create_symbolic_link(std::u16string_view link, std::u16string_view target) {
  const path::HostPath place = TRY(path::volumes().to_host(link));
  if (place.exists()) return fail(STATUS_OBJECT_NAME_COLLISION, "{} exists", utf8(link));
  if (place.path.empty()) return fail(STATUS_ACCESS_DENIED, "{}: nothing can be created there", utf8(link));
  if (target.empty()) return fail(STATUS_OBJECT_NAME_INVALID, "a link to nowhere");
  std::string host_target;
  const path::Kind kind = path::kind_of(target);
  if (kind == path::Kind::relative) {
    for (std::size_t at = 0; at <= target.size();) {
      const std::size_t end = std::min(target.find_first_of(u"\\/", at), target.size());
      if (at != 0) host_target += '/';
      host_target += path::host_name(target.substr(at, end - at));
      at = end + 1;
    }
  } else {
    host_target = TRY(path::volumes().to_host(target)).path;
  }
  if (::symlink(host_target.c_str(), place.path.c_str()) != 0) return fail_errno("link", place.path);
  return ok;
}

}  // namespace hmodule::nt

#include "loader/file_view.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "base/scope_guard.h"
#include "nt/file_control.h"

namespace hmodule {

NTSTATUS status_from_errno(int error) {
  switch (error) {
    case ENOENT:
      return STATUS_OBJECT_NAME_NOT_FOUND;
    case ENOTDIR:
      return STATUS_OBJECT_PATH_NOT_FOUND;
    case EACCES:
    case EPERM:
      return STATUS_ACCESS_DENIED;
    case EISDIR:
      return STATUS_FILE_IS_A_DIRECTORY;
    case EMFILE:
    case ENFILE:
      return STATUS_TOO_MANY_OPENED_FILES;
    case ENAMETOOLONG:
      return STATUS_NAME_TOO_LONG;
    case ENOMEM:
      return STATUS_NO_MEMORY;
    case ELOOP:
      return STATUS_OBJECT_NAME_NOT_FOUND;
    default:
      return STATUS_UNSUCCESSFUL;
  }
}

Result<FileView> FileView::open(const std::string& host_path) {
  struct stat before {};
  if (::stat(host_path.c_str(), &before) != 0)
    return fail(status_from_errno(errno), "{}: {}", host_path, std::strerror(errno));
  if (!S_ISREG(before.st_mode))
    return fail(STATUS_FILE_IS_A_DIRECTORY, "{}: is {}, not a file", host_path,
                S_ISDIR(before.st_mode) ? "a directory" : "a pipe, socket or device");
  constexpr ULONG kShareAll = 7;
  if (!nt::FileControl::would_share({before.st_dev, before.st_ino}, {FILE_READ_DATA | FILE_EXECUTE, kShareAll}))
    return fail(STATUS_SHARING_VIOLATION, "{}: somebody has it open without sharing it", host_path);  // NAME-20
  const int file = ::open(host_path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
  if (file < 0) return fail(status_from_errno(errno), "{}: cannot be opened: {}", host_path, std::strerror(errno));
  const ScopeGuard close([&] { ::close(file); });
  return of_descriptor(file, host_path);
}

Result<FileView> FileView::of_descriptor(int file, std::string name) {
  struct stat now {};
  if (::fstat(file, &now) != 0) return fail(STATUS_INVALID_HANDLE, "{}: {}", name, std::strerror(errno));
  if (!S_ISREG(now.st_mode)) return fail(STATUS_FILE_IS_A_DIRECTORY, "{}: is not a regular file", name);
  const auto size = static_cast<std::size_t>(now.st_size);
  if (size == 0) return FileView(nullptr, now);
  void* data = ::mmap(nullptr, size, PROT_READ, MAP_PRIVATE, file, 0);
  if (data == MAP_FAILED) return fail(status_from_errno(errno), "{}: cannot be read: {}", name, std::strerror(errno));
  return FileView(static_cast<const std::byte*>(data), now);
}

FileView::FileView(FileView&& other) noexcept
    : data_(std::exchange(other.data_, nullptr)), size_(other.size_), info_(other.info_) {}

FileView::~FileView() {
  if (data_ != nullptr) ::munmap(const_cast<std::byte*>(data_), size_);
}

}  // namespace hmodule

#include "nt/io_error.h"

#include <cerrno>
#include <cstring>

namespace hmodule::nt {

NTSTATUS status_from_errno(int error) {
  switch (error) {
    case ENOENT:
      return STATUS_OBJECT_NAME_NOT_FOUND;
    case ENOTDIR:
      return STATUS_OBJECT_PATH_NOT_FOUND;  // a component on the way is a file: ERROR_PATH_NOT_FOUND
    case EEXIST:
      return STATUS_OBJECT_NAME_COLLISION;
    case EACCES:
    case EPERM:
    case ETXTBSY:
      return STATUS_ACCESS_DENIED;
    case EISDIR:
      return STATUS_FILE_IS_A_DIRECTORY;
    case ENOTEMPTY:
      return STATUS_DIRECTORY_NOT_EMPTY;
    case EROFS:
      return STATUS_MEDIA_WRITE_PROTECTED;
    case ENOSPC:
    case EDQUOT:
    case EFBIG:
      return STATUS_DISK_FULL;
    case EXDEV:
      return STATUS_NOT_SAME_DEVICE;
    case ENAMETOOLONG:
      return STATUS_NAME_TOO_LONG;
    case ELOOP:
      return STATUS_STOPPED_ON_SYMLINK;
    case EMFILE:
    case ENFILE:
      return STATUS_TOO_MANY_OPENED_FILES;
    case EMLINK:
      return STATUS_TOO_MANY_LINKS;
    case EBADF:
      return STATUS_INVALID_HANDLE;
    case EINVAL:
      return STATUS_INVALID_PARAMETER;
    case EFAULT:
      return STATUS_ACCESS_VIOLATION;
    case ENOMEM:
      return STATUS_NO_MEMORY;
    case EPIPE:
    case ECONNRESET:
      return STATUS_PIPE_CLOSING;  // writing to a pipe whose reader is gone: ERROR_NO_DATA
    case EBUSY:
      return STATUS_DEVICE_BUSY;
    case ESPIPE:
    case ENXIO:
    case ENODEV:
      return STATUS_INVALID_DEVICE_REQUEST;
    case EIO:
      return STATUS_IO_DEVICE_ERROR;
    case EOPNOTSUPP:
    case ENOSYS:
      return STATUS_NOT_SUPPORTED;
    case EINTR:
    case ECANCELED:
      return STATUS_CANCELLED;
    default:
      return STATUS_UNSUCCESSFUL;
  }
}

Error fail_errno(std::string_view operation, std::string_view subject) {
  const int error = errno;
  return fail(status_from_errno(error), "{}{}{}: {}", operation, subject.empty() ? "" : " ", subject,
              std::strerror(error));
}

}  // namespace hmodule::nt

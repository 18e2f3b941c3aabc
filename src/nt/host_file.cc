#include "nt/host_file.h"

#include "base/utf.h"
#include "nt/directory_watch.h"
#include "nt/io_error.h"
#include "nt/io_wait.h"
#include "nt/virtual_memory.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include <cerrno>

namespace hmodule::nt {
namespace {

constexpr ACCESS_MASK kReadBits = FILE_READ_DATA | FILE_EXECUTE;
constexpr ACCESS_MASK kWriteBits = FILE_WRITE_DATA | FILE_APPEND_DATA;

bool overwrites(ULONG disposition) {
  return disposition == FILE_OVERWRITE || disposition == FILE_OVERWRITE_IF || disposition == FILE_SUPERSEDE;
}
bool creates(ULONG disposition) {
  return disposition != FILE_OPEN && disposition != FILE_OVERWRITE;
}

// O_PATH needs no permission on the file, as opening for attributes only needs none on Windows.
int open_flags(const FileRequest& request) {
  const bool reads = (request.access & kReadBits) != 0, writes = (request.access & kWriteBits) != 0;
  int flags = O_CLOEXEC | O_NOCTTY;
  if (!reads && !writes) return flags | O_PATH;
  flags |= reads && writes ? O_RDWR : writes ? O_WRONLY : O_RDONLY;
  if (writes && (request.access & FILE_WRITE_DATA) == 0) flags |= O_APPEND;
  if ((request.options & FILE_WRITE_THROUGH) != 0) flags |= O_DSYNC;
  return flags;
}

HostFile::Kind kind_of(int descriptor, mode_t mode) {
  if (S_ISDIR(mode)) return HostFile::Kind::directory;
  if (S_ISLNK(mode)) return HostFile::Kind::link;
  if (S_ISFIFO(mode) || S_ISSOCK(mode)) return HostFile::Kind::pipe;
  if (S_ISCHR(mode)) return isatty(descriptor) == 1 ? HostFile::Kind::terminal : HostFile::Kind::device;
  return HostFile::Kind::disk;
}

// Writing to a pipe that nobody reads raises SIGPIPE, which would end the host. The signal of this very write is
// taken back before anybody sees it.
class NoSigpipe {
 public:
  NoSigpipe() {
    sigemptyset(&sigpipe_);
    sigaddset(&sigpipe_, SIGPIPE);
    sigset_t pending;
    sigpending(&pending);
    was_pending_ = sigismember(&pending, SIGPIPE) == 1;
    if (!was_pending_) pthread_sigmask(SIG_BLOCK, &sigpipe_, &old_);
  }
  ~NoSigpipe() {
    if (was_pending_) return;
    const int error = errno;
    const timespec now = {0, 0};
    if (error == EPIPE) sigtimedwait(&sigpipe_, nullptr, &now);
    pthread_sigmask(SIG_SETMASK, &old_, nullptr);
    errno = error;
  }

 private:
  sigset_t sigpipe_, old_;
  bool was_pending_;
};

}  // namespace

HostFile::HostFile(UniqueFd fd, Ownership ownership, ACCESS_MASK access, ULONG options, Kind kind, bool by_name_only,
                   std::string host_path, std::u16string full)
    : File(access, options),
      fd_(std::move(fd)),
      ownership_(ownership),
      kind_(kind),
      by_name_only_(by_name_only),
      host_path_(std::move(host_path)),
      full_(std::move(full)) {}

HostFile::~HostFile() {
  leave();
  if (ownership_ == Ownership::borrowed) fd_.detach();
}

void HostFile::last_handle_closed() {
  cancel(nullptr, nullptr);
  leave();
}

void HostFile::leave() {
  const std::lock_guard guard(mutex_);
  if (std::exchange(left_, true) || !control_) return;
  if (delete_on_close_) control_->set_delete_pending(true);
  if (control_->leave(this, fd_.get())) remove_from_disk();
}

// Only if the name still leads to this file.
void HostFile::remove_from_disk() {
  const Result<FileFacts> mine = facts_of(fd_.get()), named = facts_of_link(host_path_);
  if (!mine || !named || mine->key != named->key) return;
  if (kind_ == Kind::directory)
    ::rmdir(host_path_.c_str());
  else
    ::unlink(host_path_.c_str());
}

// A file that may be there is opened as the name spells it; only if it is not there, or not to be had like that, is it
// looked for. What turns out to be something else is closed again.
Result<OpenedFile> HostFile::open(const FileRequest& request, std::u16string full) {
  OpenedHost opened;
  const auto open_it = [&](const char* path, struct stat& info) {
    opened.fd = UniqueFd(::open(path, open_flags(request)));
    if (!opened.fd) return errno == ENOENT || errno == ENOTDIR ? -1 : ::stat(path, &info);
    const int got = ::fstat(opened.fd.get(), &info);
    opened.info = info;
    return got;
  };
  const bool wants_directory = full.size() > path::root_length(full) && path::is_separator(full.back());  // "C:\dir\"
  const bool wants_file =
      (request.options & (FILE_NON_DIRECTORY_FILE | FILE_OPEN_REPARSE_POINT)) == FILE_NON_DIRECTORY_FILE &&
      request.disposition != FILE_CREATE && !wants_directory;
  path::HostPath place = TRY(wants_file ? path::volumes().to_host(full, open_it) : path::volumes().to_host(full));
  if (wants_directory && (place.exists() ? !place.is_directory() : (request.options & FILE_DIRECTORY_FILE) == 0))
    return fail(STATUS_OBJECT_NAME_INVALID, "{} ends like a directory and is none", utf8(full));
  while (wants_directory && path::is_separator(full.back())) full.pop_back();
  if ((request.options & FILE_OPEN_REPARSE_POINT) != 0 && !place.path.empty()) {
    struct stat host;
    if (lstat(place.path.c_str(), &host) == 0 && S_ISLNK(host.st_mode)) return open_link(request, full, place.path);
  }
  if (!place.exists()) {
    if (!creates(request.disposition)) return fail(STATUS_OBJECT_NAME_NOT_FOUND, "{} does not exist", utf8(full));
    if (place.path.empty()) return fail(STATUS_ACCESS_DENIED, "{}: nothing can be created there", utf8(full));
    return create(request, full, place);
  }
  if (request.disposition == FILE_CREATE) return fail(STATUS_OBJECT_NAME_COLLISION, "{} exists", utf8(full));
  if (place.is_directory()) {
    if ((request.options & FILE_NON_DIRECTORY_FILE) != 0)
      return fail(STATUS_FILE_IS_A_DIRECTORY, "{} is a directory", utf8(full));
    if (overwrites(request.disposition))
      return fail(STATUS_OBJECT_NAME_COLLISION, "{} is a directory and cannot be overwritten", utf8(full));
    return open_directory(request, full, place, FILE_OPENED);
  }
  if ((request.options & FILE_DIRECTORY_FILE) != 0)
    return fail(STATUS_NOT_A_DIRECTORY, "{} is not a directory", utf8(full));
  return open_existing(request, std::move(full), std::move(place), std::move(opened));
}

Result<OpenedFile> HostFile::open_directory(const FileRequest& request, const std::u16string& full,
                                            const path::HostPath& place, ULONG information) {
  UniqueFd fd;
  const bool lists = (request.access & FILE_LIST_DIRECTORY) != 0,
             is_virtual = place.what == path::What::virtual_directory;
  if (!is_virtual) {
    const int flags = lists ? O_RDONLY : O_PATH;
    fd = UniqueFd(::open(place.path.c_str(), flags | O_DIRECTORY | O_CLOEXEC));
    if (!fd) return fail_errno("open", place.path);
  }
  Ref<HostFile> file = make_object<HostFile>(std::move(fd), Ownership::owned, request.access, request.options,
                                             Kind::directory, !lists && !is_virtual, place.path, full);
  TRY(file->claim(request));
  return OpenedFile{std::move(file), information};
}

Result<OpenedFile> HostFile::open_link(const FileRequest& request, const std::u16string& full,
                                       const std::string& host_path) {
  if (request.disposition != FILE_OPEN && request.disposition != FILE_OPEN_IF)
    return fail(STATUS_OBJECT_NAME_COLLISION, "{} is a symbolic link", host_path);
  UniqueFd fd(::open(host_path.c_str(), O_PATH | O_NOFOLLOW | O_CLOEXEC));
  if (!fd) return fail_errno("open", host_path);
  Ref<HostFile> file = make_object<HostFile>(std::move(fd), Ownership::owned, request.access, request.options,
                                             Kind::link, true, host_path, full);
  TRY(file->claim(request));
  return OpenedFile{std::move(file), FILE_OPENED};
}

Result<OpenedFile> HostFile::open_existing(const FileRequest& request, std::u16string full, path::HostPath place,
                                           OpenedHost opened) {
  const bool read_only = S_ISREG(place.mode) && (place.mode & 0222) == 0;
  if (read_only && ((request.access & kWriteBits) != 0 || overwrites(request.disposition)))
    return fail(STATUS_ACCESS_DENIED, "{} is read-only", place.path);
  if (read_only && (request.options & FILE_DELETE_ON_CLOSE) != 0)
    return fail(STATUS_CANNOT_DELETE, "{} is read-only", place.path);
  const int flags = open_flags(request);
  if (!opened.fd) {
    opened.fd = UniqueFd(::open(place.path.c_str(), flags));
    if (!opened.fd) return fail_errno("open", place.path);
    if (fstat(opened.fd.get(), &opened.info) != 0) return fail_errno("stat", place.path);
  }
  const Kind kind = kind_of(opened.fd.get(), opened.info.st_mode);
  Ref<HostFile> file = make_object<HostFile>(std::move(opened.fd), Ownership::owned, request.access, request.options,
                                             kind, (flags & O_PATH) != 0, std::move(place.path), std::move(full));
  TRY(file->claim(request, key_of(opened.info)));
  if (!overwrites(request.disposition)) return OpenedFile{std::move(file), FILE_OPENED};
  TRY(file->overwrite(request));
  return OpenedFile{std::move(file), request.disposition == FILE_SUPERSEDE ? FILE_SUPERSEDED : FILE_OVERWRITTEN};
}

Result<OpenedFile> HostFile::create(const FileRequest& request, const std::u16string& full,
                                    const path::HostPath& place) {
  if ((request.options & FILE_DIRECTORY_FILE) != 0) {
    if (::mkdir(place.path.c_str(), 0777) != 0 && (errno != EEXIST || request.disposition == FILE_CREATE))
      return fail_errno("create the directory", place.path);
    return open_directory(request, full, {place.path, path::What::directory}, FILE_CREATED);
  }
  if ((request.attributes & FILE_ATTRIBUTE_READONLY) != 0 && (request.options & FILE_DELETE_ON_CLOSE) != 0)
    return fail(STATUS_CANNOT_DELETE, "{}: read-only and to be deleted", place.path);
  const mode_t mode = (request.attributes & FILE_ATTRIBUTE_READONLY) != 0 ? 0444 : 0666;
  int flags = open_flags(request);
  if ((flags & O_PATH) != 0) flags = O_RDONLY | O_CLOEXEC;  // O_PATH creates nothing
  UniqueFd fd(::open(place.path.c_str(), flags | O_CREAT | O_EXCL, mode));
  if (!fd && errno == EEXIST && request.disposition != FILE_CREATE) {  // somebody was faster
    struct stat host;
    if (stat(place.path.c_str(), &host) != 0) return fail_errno("stat", place.path);
    return open_existing(request, full, {place.path, path::What::file, host.st_mode});
  }
  if (!fd) return fail_errno("create", place.path);
  Ref<HostFile> file = make_object<HostFile>(std::move(fd), Ownership::owned, request.access, request.options,
                                             Kind::disk, false, place.path, full);
  TRY(file->claim(request));
  if ((request.attributes & (FILE_ATTRIBUTE_HIDDEN | FILE_ATTRIBUTE_SYSTEM)) != 0)
    TRY(set_attributes(file->descriptor(), request.attributes | FILE_ATTRIBUTE_ARCHIVE));
  return OpenedFile{std::move(file), FILE_CREATED};
}

// Takes part in the sharing of the inode.
Status HostFile::claim(const FileRequest& request) {
  if (!fd_) return ok;
  return claim(request, TRY(key_of(fd_.get())));
}

Status HostFile::claim(const FileRequest& request, FileKey key) {
  if (kind_ != Kind::disk && kind_ != Kind::directory && kind_ != Kind::link) return ok;
  ACCESS_MASK access = request.access;
  if (overwrites(request.disposition)) access |= FILE_WRITE_DATA;
  if ((request.options & FILE_DELETE_ON_CLOSE) != 0) access |= DELETE_ACCESS;
  control_ = TRY(FileControl::join(key, this, {access, request.share}));
  delete_on_close_ = (request.options & FILE_DELETE_ON_CLOSE) != 0;
  return ok;
}

// CREATE_ALWAYS on a file that exists. Hidden and system files must be asked for as such.
Status HostFile::overwrite(const FileRequest& request) {
  if (kind_ != Kind::disk) return ok;
  const FileFacts facts = TRY(nt::facts_of(fd_.get()));
  constexpr ULONG kMustMatch = FILE_ATTRIBUTE_HIDDEN | FILE_ATTRIBUTE_SYSTEM;
  if ((facts.attributes & kMustMatch & ~request.attributes) != 0)
    return fail(STATUS_ACCESS_DENIED, "{} is hidden or a system file", host_path_);
  if (control_->has_views()) return fail(STATUS_USER_MAPPED_FILE, "{} is mapped", host_path_);
  if (::truncate(descriptor_path(fd_.get()).c_str(), 0) != 0) return fail_errno("truncate", host_path_);
  return set_attributes(fd_.get(), (request.attributes & ~FILE_ATTRIBUTE_NORMAL) | FILE_ATTRIBUTE_ARCHIVE);
}

Result<Ref<HostFile>> HostFile::wrap(int descriptor, Ownership ownership, ACCESS_MASK access, ULONG options,
                                     std::u16string full) {
  struct stat host;
  if (fstat(descriptor, &host) != 0) return fail_errno("descriptor");
  const int flags = fcntl(descriptor, F_GETFL);
  const bool is_named = !full.empty();
  std::string host_path = is_named ? TRY(path::volumes().to_host(full)).path : std::string();
  Ref<HostFile> file = make_object<HostFile>(UniqueFd(descriptor), ownership, access, options & ~FILE_DELETE_ON_CLOSE,
                                             kind_of(descriptor, host.st_mode), flags >= 0 && (flags & O_PATH) != 0,
                                             std::move(host_path), std::move(full));
  constexpr ULONG kAll = FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE;
  if (is_named) TRY(file->claim({.access = access, .share = kAll}, key_of(host)));
  return file;
}

namespace {

// The kernel cannot reach a buffer. If a page with PAGE_GUARD is why, it is an ordinary one from now on.
Error fail_transfer(std::string_view operation, std::string_view path, std::span<const std::byte> buffer) {
  if (errno != EFAULT) return fail_errno(operation, path);
  const auto begin = reinterpret_cast<std::uintptr_t>(buffer.data());
  for (std::uintptr_t at = begin; at < begin + buffer.size(); at = (at / kPageSize + 1) * kPageSize)
    if (virtual_memory().take_guard_page(at))
      return fail(STATUS_GUARD_PAGE_VIOLATION, "{} {}: {:#x} is in a guard page", operation, path, at);
  errno = EFAULT;
  return fail_errno(operation, path);
}

}  // namespace

// Of disk files. Inlined for the reason of run() in file.cc, like write_all().
inline Result<std::size_t> HostFile::read_some(std::span<std::byte> buffer, std::optional<std::uint64_t> offset) const {
  std::size_t done = 0;
  while (done < buffer.size()) {
    const auto rest = buffer.subspan(done);
    const ssize_t count = offset ? ::pread(fd_.get(), rest.data(), rest.size(), static_cast<off_t>(*offset + done))
                                 : ::read(fd_.get(), rest.data(), rest.size());
    if (count > 0) {
      done += static_cast<std::size_t>(count);
    } else if (count == 0) {
      break;
    } else if (errno != EINTR) {
      if (done == 0) return fail_transfer("read", host_path_, rest);
      break;
    }
  }
  return done;
}

// Of pipes, terminals and devices: what is there now is an answer. The host may have made the descriptor non-blocking.
Result<std::size_t> HostFile::read_stream(std::span<std::byte> buffer, const IoNotice& notice) const {
  const IoWait wait(notice.status_block);
  for (;;) {
    const long count = wait.read(fd_.get(), buffer);
    if (count >= 0) return static_cast<std::size_t>(count);
    if (wait.cancelled()) return fail(STATUS_CANCELLED, "the read was cancelled");
    if (count == -EAGAIN) {
      wait.poll(fd_.get(), POLLIN);
    } else if (count != -EINTR) {
      errno = static_cast<int>(-count);
      return fail_transfer("read", host_path_, buffer);
    }
  }
}

Result<IoResult> HostFile::read(std::span<std::byte> buffer, std::optional<std::uint64_t> offset, IoNotice& notice) {
  if (kind_ == Kind::directory || kind_ == Kind::link || by_name_only_)
    return fail(STATUS_INVALID_DEVICE_REQUEST, "{} has no data to read", host_path_);
  if (kind_ != Kind::disk) offset.reset();
  if (has_locks()) TRY(check_locks(buffer.size(), offset, false));
  const std::size_t count = TRY(kind_ == Kind::disk ? read_some(buffer, offset) : read_stream(buffer, notice));
  if (count == 0 && !buffer.empty()) {
    if (kind_ == Kind::pipe) return fail(STATUS_PIPE_BROKEN, "the writing end of the pipe is closed");
    if (kind_ != Kind::terminal) return fail(STATUS_END_OF_FILE, "{}: at the end", host_path_);
  }
  advance(offset, count);
  return IoResult{STATUS_SUCCESS, count};
}

inline Result<std::size_t> HostFile::write_all(std::span<const std::byte> data,
                                               std::optional<std::uint64_t> offset) const {
  std::size_t done = 0;
  while (done < data.size()) {
    const auto rest = data.subspan(done);
    iovec part = {const_cast<std::byte*>(rest.data()), rest.size()};
    const ssize_t count = !offset ? ::write(fd_.get(), rest.data(), rest.size())
                          : *offset == kAppend
                              ? ::pwritev2(fd_.get(), &part, 1, -1, RWF_APPEND)
                              : ::pwrite(fd_.get(), rest.data(), rest.size(), static_cast<off_t>(*offset + done));
    if (count >= 0) {
      done += static_cast<std::size_t>(count);
    } else if (errno != EINTR) {
      if (done == 0) return fail_transfer("write", host_path_, rest);
      break;
    }
  }
  return done;
}

Result<std::size_t> HostFile::write_stream(std::span<const std::byte> data, const IoNotice& notice) const {
  const IoWait wait(notice.status_block);
  std::size_t done = 0;
  while (done < data.size()) {
    const auto rest = data.subspan(done);
    const long count = wait.write(fd_.get(), rest);
    if (count >= 0) {
      done += static_cast<std::size_t>(count);
    } else if (wait.cancelled()) {
      if (done == 0) return fail(STATUS_CANCELLED, "the write was cancelled");
      break;
    } else if (count == -EAGAIN) {
      wait.poll(fd_.get(), POLLOUT);
    } else if (count != -EINTR) {
      errno = static_cast<int>(-count);
      if (done == 0) return fail_transfer("write", host_path_, rest);
      break;
    }
  }
  return done;
}

Result<IoResult> HostFile::write(std::span<const std::byte> data, std::optional<std::uint64_t> offset,
                                 IoNotice& notice) {
  if (kind_ == Kind::directory || kind_ == Kind::link || by_name_only_)
    return fail(STATUS_INVALID_DEVICE_REQUEST, "{} cannot be written to", host_path_);
  if (kind_ != Kind::disk) offset.reset();
  if (has_locks()) TRY(check_locks(data.size(), offset, true));
  std::optional<NoSigpipe> no_signal;
  if (kind_ == Kind::pipe || kind_ == Kind::terminal) no_signal.emplace();
  const std::size_t count = TRY(kind_ == Kind::disk ? write_all(data, offset) : write_stream(data, notice));
  if (offset != kAppend) advance(offset, count);
  return IoResult{STATUS_SUCCESS, count};
}

// A synchronous file's position follows every transfer, also one with an offset of its own.
void HostFile::advance(std::optional<std::uint64_t> offset, std::size_t transferred) {
  if (offset && synchronous()) ::lseek(fd_.get(), static_cast<off_t>(*offset + transferred), SEEK_SET);
}

Status HostFile::check_locks(std::uint64_t size, std::optional<std::uint64_t> offset, bool writing) const {
  if (size == 0) return ok;
  std::uint64_t begin = 0;
  if (offset == kAppend || (writing && (access_ & FILE_WRITE_DATA) == 0))
    begin = static_cast<std::uint64_t>(TRY(nt::facts_of(fd_.get())).size);
  else
    begin = offset ? *offset : static_cast<std::uint64_t>(TRY(position()));
  return control_->check_access(this, {begin, begin + size}, writing);
}

Status HostFile::flush() {
  if (kind_ != Kind::disk || by_name_only_) return ok;
  if (::fdatasync(fd_.get()) != 0 && errno != EINVAL && errno != EROFS) return fail_errno("flush", host_path_);
  return ok;
}

Status HostFile::lock(std::uint64_t offset, std::uint64_t length, bool exclusive, const IoWait* wait) {
  if (kind_ != Kind::disk || !control_) return fail(STATUS_INVALID_DEVICE_REQUEST, "only disk files can be locked");
  if (length != 0 && offset + length - 1 < offset)
    return fail(STATUS_INVALID_LOCK_RANGE, "{:#x} bytes from {:#x} wrap around", length, offset);
  const std::uint64_t end = offset + length < offset ? UINT64_MAX : offset + length;
  return control_->lock(this, fd_.get(), {offset, end}, exclusive, wait);
}

Status HostFile::unlock(std::uint64_t offset, std::uint64_t length) {
  if (kind_ != Kind::disk || !control_) return fail(STATUS_INVALID_DEVICE_REQUEST, "only disk files can be locked");
  const std::uint64_t end = offset + length < offset ? UINT64_MAX : offset + length;
  return control_->unlock(this, fd_.get(), {offset, end});
}

Result<FileFacts> HostFile::facts() const {
  if (!fd_) return facts_of_virtual_directory();
  return nt::facts_of(fd_.get());
}

Result<LARGE_INTEGER> HostFile::position() const {
  if (by_name_only_) {
    const std::lock_guard guard(mutex_);
    return position_;
  }
  const off_t at = ::lseek(fd_.get(), 0, SEEK_CUR);
  if (at < 0) return fail(STATUS_INVALID_DEVICE_REQUEST, "this file has no position");
  return at;
}

Status HostFile::set_position(LARGE_INTEGER position) {
  if (position < 0) return fail(STATUS_INVALID_PARAMETER, "position {} is negative", position);
  if (by_name_only_) {
    const std::lock_guard guard(mutex_);
    position_ = position;
    return ok;
  }
  if (::lseek(fd_.get(), position, SEEK_SET) < 0)
    return fail(STATUS_INVALID_DEVICE_REQUEST, "this file has no position");
  return ok;
}

Result<std::u16string> HostFile::full_path() const {
  const std::lock_guard guard(mutex_);
  if (full_.empty()) return fail(STATUS_OBJECT_PATH_INVALID, "a stream of the host has no Windows path");
  return full_;
}

ULONG HostFile::device_type() const {
  switch (kind_) {
    case Kind::terminal:
      return FILE_DEVICE_CONSOLE;
    case Kind::device:
      return FILE_DEVICE_NULL;
    case Kind::pipe:
      return FILE_DEVICE_NAMED_PIPE;
    default:
      return FILE_DEVICE_DISK;
  }
}

}  // namespace hmodule::nt

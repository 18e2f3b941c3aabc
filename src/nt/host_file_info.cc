// What NtQueryInformationFile and NtSetInformationFile say and do about files of the host.
#include "base/utf.h"
#include "nt/directory_watch.h"
#include "nt/handle_table.h"
#include "nt/host_file.h"
#include "nt/io_buffer.h"
#include "nt/io_error.h"
#include "nt/name_match.h"
#include "nt/pipe_peek.h"
#include "nt/volume.h"

#include <fcntl.h>
#include <linux/fs.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>

namespace hmodule::nt {
namespace {

FILE_BASIC_INFORMATION basic_from(const FileFacts& facts) {
  return {facts.creation_time, facts.access_time, facts.write_time, facts.change_time, facts.attributes};
}

// `\dir\file`: the path below its drive or share.
std::u16string_view below_volume(std::u16string_view full) {
  return full.size() >= 2 && full[1] == u':' ? full.substr(2) : full.substr(full.starts_with(u"\\\\") ? 1 : 0);
}

// Renames without replacing where the kernel can, in two steps where it cannot.
int rename_new(const char* from, const char* to) {
  if (::renameat2(AT_FDCWD, from, AT_FDCWD, to, RENAME_NOREPLACE) == 0) return 0;
  if (errno != EINVAL && errno != ENOSYS) return -1;
  struct stat target;
  if (::lstat(to, &target) == 0) {
    errno = EEXIST;
    return -1;
  }
  return ::rename(from, to);
}

}  // namespace

Result<IoResult> HostFile::query(FILE_INFORMATION_CLASS what, std::span<std::byte> out) {
  switch (what) {
    case FileBasicInformation:
      return put(out, basic_from(TRY(facts())));
    case FileStandardInformation: {
      const FileFacts f = TRY(facts());
      const bool pending = control_ && control_->delete_pending();
      return put(out, FILE_STANDARD_INFORMATION{f.allocation, f.size, pending ? f.links - 1 : f.links, pending,
                                                f.is_directory()});
    }
    case FileInternalInformation:
      return put(out, FILE_INTERNAL_INFORMATION{static_cast<LARGE_INTEGER>(TRY(facts()).file_id)});
    case FilePositionInformation:
      return put(out, FILE_POSITION_INFORMATION{TRY(position())});
    case FileNameInformation:
    case FileNormalizedNameInformation:
      return query_name(out);
    case FileAllInformation:
      return query_all(out);
    case FileNetworkOpenInformation: {
      const FileFacts f = TRY(facts());
      return put(out, FILE_NETWORK_OPEN_INFORMATION{f.creation_time, f.access_time, f.write_time, f.change_time,
                                                    f.allocation, f.size, f.attributes});
    }
    case FileAttributeTagInformation: {
      const FileFacts f = TRY(facts());
      return put(out, FILE_ATTRIBUTE_TAG_INFORMATION{f.attributes, f.reparse_tag});
    }
    case FileCompressionInformation:
      return put(out, FILE_COMPRESSION_INFORMATION{TRY(facts()).allocation, 0, 0, 0, 0, {}});
    case FileIdInformation: {
      const FileFacts f = TRY(facts());
      FILE_ID_INFORMATION id = {.VolumeSerialNumber = f.volume_serial, .FileId = {}};
      std::memcpy(id.FileId.Identifier, &f.file_id, sizeof f.file_id);
      return put(out, id);
    }
    case FileStandardLinkInformation: {
      const FileFacts f = TRY(facts());
      return put(out, FILE_STANDARD_LINK_INFORMATION{f.links, f.links, control_ && control_->delete_pending(),
                                                     f.is_directory()});
    }
    case FileStreamInformation: {
      const FileFacts f = TRY(facts());
      if (f.is_directory()) return IoResult{};
      return put_named(out, FILE_STREAM_INFORMATION{0, 0, f.size, f.allocation, {}},
                       &FILE_STREAM_INFORMATION::StreamNameLength, offsetof(FILE_STREAM_INFORMATION, StreamName),
                       u"::$DATA");
    }
    case FilePipeLocalInformation:
      if (kind_ != Kind::pipe) return fail(STATUS_INVALID_PARAMETER, "not a pipe");
      return put(out, FILE_PIPE_LOCAL_INFORMATION{.NamedPipeType = FILE_PIPE_BYTE_STREAM_TYPE,
                                                  .NamedPipeConfiguration = FILE_PIPE_INBOUND,
                                                  .MaximumInstances = 1,
                                                  .CurrentInstances = 1,
                                                  .InboundQuota = 4096,
                                                  .ReadDataAvailable = bytes_in_pipe(fd_.get()),
                                                  .OutboundQuota = 4096,
                                                  .WriteQuotaAvailable = 4096,
                                                  .NamedPipeState = FILE_PIPE_CONNECTED_STATE,
                                                  .NamedPipeEnd = FILE_PIPE_CLIENT_END});
    case FilePipeInformation:
      if (kind_ != Kind::pipe) return fail(STATUS_INVALID_PARAMETER, "not a pipe");
      return put(out, FILE_PIPE_INFORMATION{FILE_PIPE_BYTE_STREAM_MODE, FILE_PIPE_QUEUE_OPERATION});
    default:
      return File::query(what, out);
  }
}

Result<IoResult> HostFile::query_name(std::span<std::byte> out) const {
  const std::u16string full = TRY(full_path());
  return put_named(out, FILE_NAME_INFORMATION{}, &FILE_NAME_INFORMATION::FileNameLength,
                   offsetof(FILE_NAME_INFORMATION, FileName), below_volume(full));
}

Result<IoResult> HostFile::query_all(std::span<std::byte> out) const {
  const FileFacts f = TRY(facts());
  FILE_ALL_INFORMATION all = {};
  all.BasicInformation = basic_from(f);
  all.StandardInformation = {f.allocation, f.size, f.links, control_ && control_->delete_pending(), f.is_directory()};
  all.InternalInformation.IndexNumber = static_cast<LARGE_INTEGER>(f.file_id);
  all.AccessInformation.AccessFlags = access_;
  if (const auto at = position()) all.PositionInformation.CurrentByteOffset = *at;
  all.ModeInformation.Mode = options_ & (FILE_WRITE_THROUGH | FILE_SEQUENTIAL_ONLY | FILE_SYNCHRONOUS_IO_NONALERT);
  constexpr std::size_t kName = offsetof(FILE_ALL_INFORMATION, NameInformation);
  if (out.size() < sizeof all) return fail(STATUS_INFO_LENGTH_MISMATCH, "{} bytes for FileAllInformation", out.size());
  std::memcpy(out.data(), &all, kName);
  IoResult name = TRY(query_name(out.subspan(kName)));
  name.information += kName;
  return name;
}

Status HostFile::set(FILE_INFORMATION_CLASS what, std::span<const std::byte> in) {
  switch (what) {
    case FileBasicInformation:
      return set_basic(TRY(structure_from<FILE_BASIC_INFORMATION>(in)));
    case FilePositionInformation:
      return set_position(TRY(structure_from<FILE_POSITION_INFORMATION>(in)).CurrentByteOffset);
    case FileEndOfFileInformation:
      return set_size(TRY(structure_from<FILE_END_OF_FILE_INFORMATION>(in)).EndOfFile);
    case FileAllocationInformation:
      return set_allocation(TRY(structure_from<FILE_END_OF_FILE_INFORMATION>(in)).EndOfFile);
    case FileDispositionInformation:
      return set_disposition(
          TRY(structure_from<FILE_DISPOSITION_INFORMATION>(in)).DeleteFile != 0 ? FILE_DISPOSITION_DELETE : 0);
    case FileDispositionInformationEx:
      return set_disposition(TRY(structure_from<FILE_DISPOSITION_INFORMATION_EX>(in)).Flags);
    case FileRenameInformation:
      return rename(in, false);
    case FileRenameInformationEx:
      return rename(in, true);
    case FileLinkInformation:
      return link(in);
    case FilePipeInformation: {  // a program's stream is given the modes it has
      const auto modes = TRY(structure_from<FILE_PIPE_INFORMATION>(in));
      if (kind_ == Kind::pipe && modes.ReadMode == FILE_PIPE_BYTE_STREAM_MODE &&
          modes.CompletionMode == FILE_PIPE_QUEUE_OPERATION)
        return ok;
      return fail(STATUS_INVALID_PARAMETER, "{}",
                  kind_ == Kind::pipe ? "a pipe of Linux knows no other mode" : "not a pipe");
    }
    default:
      return File::set(what, in);
  }
}

Status HostFile::set_basic(const FILE_BASIC_INFORMATION& basic) {
  if (!fd_) return fail(STATUS_ACCESS_DENIED, "this directory exists for Windows only");
  if (basic.FileAttributes != 0) {
    const bool directory = (basic.FileAttributes & FILE_ATTRIBUTE_DIRECTORY) != 0;
    if (directory && kind_ != Kind::directory) return fail(STATUS_INVALID_PARAMETER, "a file is not a directory");
    TRY(set_attributes(fd_.get(), basic.FileAttributes & ~(FILE_ATTRIBUTE_NORMAL | FILE_ATTRIBUTE_DIRECTORY)));
  }
  return set_times(fd_.get(), basic.LastAccessTime, basic.LastWriteTime);
}

Status HostFile::set_size(LARGE_INTEGER size) {
  if (size < 0) return fail(STATUS_INVALID_PARAMETER, "size {}", size);
  if (kind_ != Kind::disk) return fail(STATUS_INVALID_PARAMETER, "only a disk file has a size to set");
  if (control_ && control_->has_views() && size < TRY(facts()).size)
    return fail(STATUS_USER_MAPPED_FILE, "{} is mapped and cannot shrink", host_path_);
  if (::ftruncate(fd_.get(), size) != 0) return fail_errno("set the size of", host_path_);
  return ok;
}

Status HostFile::set_allocation(LARGE_INTEGER size) {
  if (kind_ != Kind::disk || size < 0) return fail(STATUS_INVALID_PARAMETER, "allocation of {}", size);
  if (size < TRY(facts()).size) return set_size(size);
  if (size > 0 && ::fallocate(fd_.get(), FALLOC_FL_KEEP_SIZE, 0, size) != 0 && errno == ENOSPC)
    return fail_errno("reserve space for", host_path_);
  return ok;
}

Status HostFile::set_disposition(ULONG flags) {
  if (!control_) return fail(STATUS_CANNOT_DELETE, "nothing on disk that could be deleted");
  if ((flags & FILE_DISPOSITION_DELETE) == 0) {
    control_->set_delete_pending(false);
    const std::lock_guard guard(mutex_);
    delete_on_close_ = false;
    return ok;
  }
  const FileFacts f = TRY(facts());
  if ((f.attributes & FILE_ATTRIBUTE_READONLY) != 0 && (flags & FILE_DISPOSITION_IGNORE_READONLY_ATTRIBUTE) == 0)
    return fail(STATUS_CANNOT_DELETE, "{} is read-only", host_path_);
  if (kind_ == Kind::disk && control_->has_views()) return fail(STATUS_CANNOT_DELETE, "{} is mapped", host_path_);
  const std::lock_guard guard(mutex_);
  if (kind_ == Kind::directory) {
    // Windows asks now, not when the last handle is closed.
    const DirectoryScan children = TRY(DirectoryScan::open(full_, u"*"));
    if (children.has_files()) return fail(STATUS_DIRECTORY_NOT_EMPTY, "{} is not empty", host_path_);
  }
  if ((flags & FILE_DISPOSITION_POSIX_SEMANTICS) == 0 || kind_ == Kind::directory) {
    if ((flags & FILE_DISPOSITION_ON_CLOSE) != 0)
      delete_on_close_ = true;
    else
      control_->set_delete_pending(true);
    return ok;
  }
  if (::unlink(host_path_.c_str()) != 0) return fail_errno("delete", host_path_);
  return ok;
}

Status HostFile::remove_directory_now() {
  const std::lock_guard guard(mutex_);
  if (!fd_) return fail(STATUS_ACCESS_DENIED, "this directory exists for Windows only");
  if (::rmdir(host_path_.c_str()) == 0) return ok;
  if (errno == ENOTDIR) return fail(STATUS_NOT_A_DIRECTORY, "{} is a link", host_path_);
  return fail_errno("remove the directory", host_path_);
}

// A rename's target: a native path, or a name beside this file, or one below RootDirectory.
Result<std::u16string> HostFile::target_name(std::span<const std::byte> in) const {
  const auto header = TRY(header_from<FILE_RENAME_INFORMATION>(in, offsetof(FILE_RENAME_INFORMATION, FileName)));
  const auto rest = in.subspan(offsetof(FILE_RENAME_INFORMATION, FileName));
  if (header.FileNameLength > rest.size() || header.FileNameLength % 2 != 0)
    return fail(STATUS_INVALID_PARAMETER, "a name of {} bytes in a buffer of {}", header.FileNameLength, rest.size());
  std::u16string name(header.FileNameLength / 2, u'\0');
  std::memcpy(name.data(), rest.data(), header.FileNameLength);
  if (name.empty()) return fail(STATUS_OBJECT_NAME_INVALID, "no name to rename to");
  if (header.RootDirectory != nullptr) {
    const Ref<File> root = TRY(object_of<File>(header.RootDirectory, 0));
    return path::join(TRY(root->full_path()), name);
  }
  if (name.front() == u'\\' || (name.size() > 1 && name[1] == u':')) return path::from_nt_path(name).value_or(name);
  return path::join(path::directory(TRY(full_path())), name);
}

Status HostFile::rename(std::span<const std::byte> in, bool extended) {
  if (!fd_) return fail(STATUS_ACCESS_DENIED, "this directory exists for Windows only");
  const std::u16string full = TRY(target_name(in));
  const auto header = TRY(header_from<FILE_RENAME_INFORMATION>(in, offsetof(FILE_RENAME_INFORMATION, FileName)));
  const bool replace = extended ? (header.Flags & FILE_RENAME_REPLACE_IF_EXISTS) != 0 : header.ReplaceIfExists != 0;
  path::HostPath target = TRY(path::volumes().to_host(full));
  if (target.path.empty()) return fail(STATUS_ACCESS_DENIED, "{}: nothing can be created there", utf8(full));

  const std::lock_guard guard(mutex_);
  if (target.exists()) {
    const FileFacts there = TRY(nt::facts_of_link(target.path));
    if (there.key == TRY(facts()).key) {  // another spelling of its own name
      const std::size_t slash = target.path.rfind('/');
      target.path = target.path.substr(0, slash + 1) + path::host_name(path::base_name(full));
    } else if (!replace) {
      return fail(STATUS_OBJECT_NAME_COLLISION, "{} exists", target.path);
    } else if (there.is_directory() || (there.attributes & FILE_ATTRIBUTE_READONLY) != 0) {
      return fail(STATUS_ACCESS_DENIED, "{} is a directory or read-only", target.path);
    } else if (!FileControl::would_share(there.key, {DELETE_ACCESS, 7})) {
      return fail(STATUS_ACCESS_DENIED, "{} is open and may not be replaced", target.path);
    }
  }
  if (target.path != host_path_) {
    const int result = replace ? ::rename(host_path_.c_str(), target.path.c_str())
                               : rename_new(host_path_.c_str(), target.path.c_str());
    if (result != 0) return fail_errno("rename to", target.path);
  }
  host_path_ = target.path;
  full_ = full;
  return ok;
}

Status HostFile::link(std::span<const std::byte> in) {
  const std::u16string full = TRY(target_name(in));
  const auto header = TRY(header_from<FILE_RENAME_INFORMATION>(in, offsetof(FILE_RENAME_INFORMATION, FileName)));
  const path::HostPath target = TRY(path::volumes().to_host(full));
  if (kind_ == Kind::directory) return fail(STATUS_FILE_IS_A_DIRECTORY, "a directory cannot have a second name");
  if (target.path.empty()) return fail(STATUS_ACCESS_DENIED, "{}: nothing can be created there", utf8(full));
  const std::lock_guard guard(mutex_);
  if (target.exists()) {
    if (!header.ReplaceIfExists) return fail(STATUS_OBJECT_NAME_COLLISION, "{} exists", target.path);
    if (::unlink(target.path.c_str()) != 0) return fail_errno("replace", target.path);
  }
  if (::link(host_path_.c_str(), target.path.c_str()) != 0) return fail_errno("link", target.path);
  return ok;
}

Result<IoResult> HostFile::query_volume(FSINFOCLASS what, std::span<std::byte> out) {
  if (what == FileFsDeviceInformation && kind_ != Kind::disk && kind_ != Kind::directory && kind_ != Kind::link)
    return File::query_volume(what, out);
  const std::lock_guard guard(mutex_);
  return query_host_volume(what, host_path_.empty() ? "/" : host_path_, out);
}

Result<IoResult> HostFile::control(ULONG code, std::span<const std::byte> in, std::span<std::byte> out,
                                   IoNotice& notice) {
  switch (code) {
    case FSCTL_GET_REPARSE_POINT:
      return read_link(out);
    case FSCTL_SET_SPARSE:  // files of the host are sparse wherever the file system can
      if (kind_ != Kind::disk) return fail(STATUS_INVALID_PARAMETER, "only disk files can be sparse");
      return IoResult{};
    case FSCTL_PIPE_PEEK:
      if (kind_ != Kind::pipe) return fail(STATUS_INVALID_DEVICE_REQUEST, "not a pipe");
      return peek_host_pipe(fd_.get(), out);
    default:
      return File::control(code, in, out, notice);
  }
}

Result<IoResult> HostFile::read_link(std::span<std::byte> out) const {
  if (kind_ != Kind::link) return fail(STATUS_NOT_A_REPARSE_POINT, "{} is not a symbolic link", host_path_);
  std::array<char, 4096> text;
  const ssize_t length = ::readlinkat(fd_.get(), "", text.data(), text.size());
  if (length < 0) return fail_errno("read the link", host_path_);
  const std::string_view host_target(text.data(), static_cast<std::size_t>(length));
  const bool relative = host_target.empty() || host_target.front() != '/';
  std::u16string print = relative ? utf16(host_target) : path::volumes().from_host(host_target);
  if (relative) std::replace(print.begin(), print.end(), u'/', u'\\');
  const std::u16string substitute = relative ? print : path::nt_path(print);

  const std::size_t substitute_bytes = substitute.size() * 2, print_bytes = print.size() * 2;
  constexpr std::size_t kHeader = offsetof(SYMBOLIC_LINK_REPARSE_BUFFER, PathBuffer);
  const std::size_t size = kHeader + substitute_bytes + print_bytes;
  SYMBOLIC_LINK_REPARSE_BUFFER header = {};
  header.ReparseTag = IO_REPARSE_TAG_SYMLINK;
  header.ReparseDataLength = static_cast<USHORT>(size - 8);
  header.SubstituteNameLength = static_cast<USHORT>(substitute_bytes);
  header.PrintNameOffset = static_cast<USHORT>(substitute_bytes);
  header.PrintNameLength = static_cast<USHORT>(print_bytes);
  header.Flags = relative ? 1 : 0;
  if (out.size() < size) return fail(STATUS_BUFFER_TOO_SMALL, "{} bytes for a link of {}", out.size(), size);
  std::memcpy(out.data(), &header, kHeader);
  std::memcpy(out.data() + kHeader, substitute.data(), substitute_bytes);
  std::memcpy(out.data() + kHeader + substitute_bytes, print.data(), print_bytes);
  return IoResult{STATUS_SUCCESS, size};
}

Result<IoResult> HostFile::query_directory(FILE_INFORMATION_CLASS what, std::span<std::byte> out, bool single,
                                           std::optional<std::u16string_view> pattern, bool restart) {
  if (kind_ != Kind::directory) return fail(STATUS_INVALID_PARAMETER, "{} is not a directory", host_path_);
  const std::size_t smallest = TRY(directory_record_size(what));
  if (out.size() < smallest)
    return fail(STATUS_INFO_LENGTH_MISMATCH, "{} bytes for a record of {}", out.size(), smallest);
  const std::lock_guard guard(mutex_);
  const bool first = !scan_;
  if (first || restart) {
    if (first || pattern) pattern_ = pattern && !pattern->empty() ? *pattern : u"*";
    scan_ = TRY(DirectoryScan::open(full_, pattern_));
  }
  if (scan_->empty()) {
    if (first) return fail(STATUS_NO_SUCH_FILE, "no file in {} matches", host_path_);
    return fail(STATUS_NO_MORE_FILES, "{}: no more files", host_path_);
  }
  return fill_directory(*scan_, what, out, single);
}

Result<IoResult> HostFile::watch(std::span<std::byte> out, DWORD filter, bool subtree, IoNotice& notice) {
  if (kind_ != Kind::directory || !fd_) return fail(STATUS_INVALID_PARAMETER, "{} is not a directory", host_path_);
  std::shared_ptr<DirectoryWatch> watch;
  {
    const std::lock_guard guard(mutex_);
    if (!watch_) watch_ = TRY(DirectoryWatch::start(*this, host_path_, filter, subtree));
    watch = watch_;
  }
  return watch->request(out, notice);
}

bool HostFile::cancel(const Thread* thread, const IO_STATUS_BLOCK* status_block) {
  std::shared_ptr<DirectoryWatch> watch;
  {
    const std::lock_guard guard(mutex_);
    watch = watch_;
  }
  return watch && watch->cancel(thread, status_block);
}

}  // namespace hmodule::nt

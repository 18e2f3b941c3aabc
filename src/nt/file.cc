#include "nt/file.h"

#include "base/utf.h"
#include "nt/handle_table.h"
#include "nt/host_file.h"
#include "nt/io_buffer.h"
#include "nt/io_completion.h"
#include "nt/io_error.h"
#include "nt/io_wait.h"
#include "nt/mailslot.h"
#include "nt/named_pipe.h"
#include "nt/socket_poll.h"
#include "path/volumes.h"

#include <fcntl.h>

namespace hmodule::nt {
namespace {

// FILE_COMPLETION_INFORMATION's companions (winbase.h): SetFileCompletionNotificationModes.
constexpr ULONG kSkipCompletionPortOnSuccess = 1, kSkipSetEventOnHandle = 2;

Result<OpenedFile> open_host_device(const char* device, const FileRequest& request) {
  const bool reads = (request.access & FILE_READ_DATA) != 0, writes = (request.access & FILE_WRITE_DATA) != 0;
  const int mode = reads && writes ? O_RDWR : writes ? O_WRONLY : O_RDONLY;
  UniqueFd fd(::open(device, mode | O_CLOEXEC | O_NOCTTY));
  // A process without a terminal has no console: ERROR_INVALID_HANDLE is what Windows says then.
  if (!fd) return fail(STATUS_INVALID_HANDLE, "{}: no such device here", device);
  Ref<HostFile> file = TRY(HostFile::wrap(fd.get(), HostFile::Ownership::owned, request.access));
  fd.detach();
  return OpenedFile{std::move(file), FILE_OPENED};
}

// What stands behind `\\.\`, in any case.
Result<OpenedFile> open_device(std::u16string_view name, const FileRequest& request) {
  const std::u16string device = upcase(name);
  if (device.starts_with(u"PIPE\\")) return open_pipe(name.substr(5), request);
  if (device.starts_with(u"MAILSLOT\\")) return open_mailslot(name.substr(9), request);
  if (device == u"NUL") return open_host_device("/dev/null", request);
  if (device == u"CON" || device == u"CONIN$" || device == u"CONOUT$") {
    // A console file is for one direction: its access tells the input from the screen.
    const bool input = device == u"CONIN$" || (device == u"CON" && (request.access & FILE_READ_DATA) != 0);
    FileRequest wanted = request;
    wanted.access &= ~(input ? FILE_WRITE_DATA | FILE_APPEND_DATA : FILE_READ_DATA);
    wanted.access |= input ? FILE_READ_DATA : FILE_WRITE_DATA;
    return open_host_device("/dev/tty", wanted);
  }
  return fail(STATUS_OBJECT_NAME_NOT_FOUND, "there is no device {}", utf8(name));
}

// The part of a `\\.\x`, `\\?\x` or `\??\x` name that names a device; nothing for a path on a drive.
std::optional<std::u16string_view> device_part(std::u16string_view name) {
  for (const std::u16string_view prefix : {u"\\\\.\\", u"\\\\?\\", u"\\??\\"}) {
    if (!name.starts_with(prefix)) continue;
    const std::u16string_view rest = name.substr(prefix.size());
    if (rest.size() >= 3 && rest[1] == u':' && path::is_separator(rest[2])) return std::nullopt;
    const std::u16string upper = upcase(rest.substr(0, 5));
    if (upper.starts_with(u"UNC\\") || upper.starts_with(u"UNIX\\")) return std::nullopt;
    return rest;
  }
  return std::nullopt;
}

Status check_request(const FileRequest& request) {
  if (request.disposition > FILE_MAXIMUM_DISPOSITION)
    return fail(STATUS_INVALID_PARAMETER, "disposition {}", request.disposition);
  if ((request.options & FILE_DIRECTORY_FILE) != 0 && (request.options & FILE_NON_DIRECTORY_FILE) != 0)
    return fail(STATUS_INVALID_PARAMETER, "both a directory and not a directory");
  if ((request.share & ~ULONG{7}) != 0) return fail(STATUS_INVALID_PARAMETER, "share mode {:#x}", request.share);
  if ((request.options & FILE_DELETE_ON_CLOSE) != 0 && (request.access & DELETE_ACCESS) == 0)
    return fail(STATUS_INVALID_PARAMETER, "delete on close needs DELETE access");
  return ok;
}

}  // namespace

const ObjectType File::kType = {u"File", FILE_GENERIC_READ, FILE_GENERIC_WRITE, FILE_GENERIC_EXECUTE, FILE_ALL_ACCESS};

ACCESS_MASK file_access(ACCESS_MASK wanted) {
  return map_access(File::kType, wanted);
}

File::File(ACCESS_MASK access, ULONG options) : access_(access), options_(options) {
  set_signalled(true);
}

Result<IoResult> File::read(std::span<std::byte>, std::optional<std::uint64_t>, IoNotice&) {
  return fail(STATUS_INVALID_DEVICE_REQUEST, "this file cannot be read");
}
Result<IoResult> File::write(std::span<const std::byte>, std::optional<std::uint64_t>, IoNotice&) {
  return fail(STATUS_INVALID_DEVICE_REQUEST, "this file cannot be written");
}
Result<IoResult> File::query_directory(FILE_INFORMATION_CLASS, std::span<std::byte>, bool,
                                       std::optional<std::u16string_view>, bool) {
  return fail(STATUS_INVALID_PARAMETER, "not a directory");
}
Result<IoResult> File::watch(std::span<std::byte>, DWORD, bool, IoNotice&) {
  return fail(STATUS_INVALID_PARAMETER, "not a directory");
}
Status File::lock(std::uint64_t, std::uint64_t, bool, const IoWait*) {
  return fail(STATUS_INVALID_DEVICE_REQUEST, "only disk files can be locked");
}
Status File::unlock(std::uint64_t, std::uint64_t) {
  return fail(STATUS_INVALID_DEVICE_REQUEST, "only disk files can be locked");
}
Result<std::u16string> File::full_path() const {
  return fail(STATUS_OBJECT_PATH_INVALID, "this file has no path");
}

Result<IoResult> File::query(FILE_INFORMATION_CLASS what, std::span<std::byte> out) {
  switch (what) {
    case FileAccessInformation:
      return put(out, FILE_ACCESS_INFORMATION{access_});
    case FileModeInformation:
      return put(out, FILE_MODE_INFORMATION{options_ & (FILE_WRITE_THROUGH | FILE_SEQUENTIAL_ONLY |
                                                        FILE_SYNCHRONOUS_IO_ALERT | FILE_SYNCHRONOUS_IO_NONALERT)});
    case FileAlignmentInformation:
      return put(out, FILE_ALIGNMENT_INFORMATION{0});
    case FileEaInformation:
      return put(out, FILE_EA_INFORMATION{0});
    case FileIoCompletionNotificationInformation:
      return put(out, FILE_IO_COMPLETION_NOTIFICATION_INFORMATION{notification_modes_.load()});
    default:
      return fail(STATUS_INVALID_INFO_CLASS, "information class {} is not known for this file",
                  static_cast<ULONG>(what));
  }
}

Status File::set(FILE_INFORMATION_CLASS what, std::span<const std::byte> in) {
  switch (what) {
    case FileCompletionInformation: {
      const auto completion = TRY(structure_from<FILE_COMPLETION_INFORMATION>(in));
      const Ref<IoCompletion> port = TRY(object_of<IoCompletion>(completion.Port, IO_COMPLETION_MODIFY_STATE));
      return attach_completion_port(*port, reinterpret_cast<ULONG_PTR>(completion.Key));
    }
    case FileIoCompletionNotificationInformation:
      notification_modes_ |= TRY(structure_from<FILE_IO_COMPLETION_NOTIFICATION_INFORMATION>(in)).Flags;
      return ok;
    case FileModeInformation:
    case FileIoPriorityHintInformation:
    case FileIoStatusBlockRangeInformation:
      return ok;  // hints
    default:
      return fail(STATUS_INVALID_INFO_CLASS, "information class {} cannot be set on this file",
                  static_cast<ULONG>(what));
  }
}

Result<IoResult> File::query_volume(FSINFOCLASS what, std::span<std::byte> out) {
  if (what == FileFsDeviceInformation) return put(out, FILE_FS_DEVICE_INFORMATION{device_type(), 0});
  return fail(STATUS_INVALID_PARAMETER, "this file is on no volume");
}

Result<IoResult> File::control(ULONG code, std::span<const std::byte>, std::span<std::byte>, IoNotice&) {
  return fail(STATUS_INVALID_DEVICE_REQUEST, "control code {:#x} is not known for this file", code);
}

Status File::attach_completion_port(Object& port, ULONG_PTR key) {
  const std::lock_guard guard(port_mutex_);
  if (synchronous()) return fail(STATUS_INVALID_PARAMETER, "the file was not opened for overlapped I/O");
  if (port_) return fail(STATUS_INVALID_PARAMETER, "the file has a completion port already");
  port_ = Ref<Object>::share(port);
  port_key_ = key;
  return ok;
}

void File::complete(IoNotice& notice, const IoResult& result, bool was_pending) {
  if (notice.status_block != nullptr) {
    notice.status_block->Information = result.information;
    __atomic_store_n(&notice.status_block->Status, result.status, __ATOMIC_RELEASE);
  }
  const ULONG modes = notification_modes_.load(std::memory_order_relaxed);
  if (notice.event)
    notice.event->set();
  else if ((modes & kSkipSetEventOnHandle) == 0)
    set_signalled(true);
  if (notice.apc != nullptr && notice.thread) {
    const auto word = [](auto* value) { return reinterpret_cast<ULONG_PTR>(value); };
    static_cast<void>(  // a thread that has ended hears nothing
        notice.thread->queue_apc({notice.apc, {word(notice.context), word(notice.status_block), 0}}));
    return;
  }
  if (notice.context == nullptr || (!was_pending && (modes & kSkipCompletionPortOnSuccess) != 0)) return;
  const std::lock_guard guard(port_mutex_);
  if (port_)
    static_cast<IoCompletion&>(*port_).post(
        {port_key_, reinterpret_cast<ULONG_PTR>(notice.context), result.status, result.information});
}

Result<OpenedFile> open_file(const FileRequest& wanted) {
  TRY(check_request(wanted));
  FileRequest request = wanted;
  request.access = file_access(request.access);
  if (const auto device = device_part(request.name)) return open_device(*device, request);
  if (is_afd_name(request.name)) return open_afd(request);
  auto native = path::from_nt_path(request.name);
  return HostFile::open(request, native ? *std::move(native) : std::u16string(request.name));
}

Result<OpenedHandle> open_file_handle(const FileRequest& request, ULONG handle_attributes) {
  OpenedFile opened = TRY(open_file(request));
  const HANDLE handle = TRY(handle_for(std::move(opened.file), request.access, handle_attributes));
  return OpenedHandle{handle, opened.information};
}

Result<Ref<File>> file_to_write(HANDLE handle) {
  HandleTable::Entry entry = TRY(handles().find(handle));
  if (&entry.object->type() != &File::kType) return fail(STATUS_OBJECT_TYPE_MISMATCH, "handle {} is no file", handle);
  if ((entry.access & (FILE_WRITE_DATA | FILE_APPEND_DATA)) == 0)
    return fail(STATUS_ACCESS_DENIED, "handle {} was not opened for writing", handle);
  return Ref<File>::adopt(static_cast<File*>(entry.object.detach()));
}

namespace {

// A template, so that what reads and writes is one function with it: each return behind a system call is dear, as the
// kernel leaves the processor no memory of where it leads.
template <typename Operation>
Result<NTSTATUS> run(const Ref<File>& file, const IoTarget& target, const Operation& operation) {
  IoNotice notice = {.status_block = target.status_block, .apc = target.apc, .context = target.context};
  if (target.event != nullptr) {
    notice.event = TRY(object_of<Event>(target.event, EVENT_MODIFY_STATE));
    notice.event->reset();
  }
  if (target.apc != nullptr || !file->synchronous()) notice.thread = Ref<Thread>::share(current_thread());
  Ref<Event> end;  // of this operation; the file itself is signalled by the end of any
  if (target.wait && !file->synchronous()) notice.event = end = make_object<Event>(Event::Kind::notification, false);
  const IoResult result = TRY(operation(*file, notice));
  if (result.status != STATUS_PENDING) {
    if (end) notice.event = {};
    file->complete(notice, result, false);
    return result.status;
  }
  if (!target.wait) return STATUS_PENDING;
  Waitable& over = end ? static_cast<Waitable&>(*end) : *file;
  const auto wait = [&] {
    const IoWait cancellable(target.status_block);
    return wait_one(over, false, std::nullopt);
  };
  if (wait() == STATUS_CANCELLED) {
    file->cancel(nullptr, target.status_block);
    wait_one(over, false, std::nullopt);
  }
  const NTSTATUS status = target.status_block->Status;
  if (status < 0) return fail(status, "the operation ended with {:#x}", static_cast<ULONG>(status));
  return status;
}

// ByteOffset: nothing means the position, which only synchronous files and those without positions have.
Result<std::optional<std::uint64_t>> byte_offset(File& file, const LARGE_INTEGER* offset, bool writing) {
  const bool positioned = file.device_type() == FILE_DEVICE_DISK;
  if (offset == nullptr || *offset == FILE_USE_FILE_POINTER_POSITION) {
    if (positioned && !file.synchronous())
      return fail(STATUS_INVALID_PARAMETER, "an overlapped file has no position; an offset is needed");
    return std::optional<std::uint64_t>();
  }
  if (*offset == FILE_WRITE_TO_END_OF_FILE && writing) return std::optional(File::kAppend);
  if (*offset < 0 && positioned) return fail(STATUS_INVALID_PARAMETER, "offset {} is negative", *offset);
  return std::optional(static_cast<std::uint64_t>(*offset));
}

}  // namespace

Result<NTSTATUS> run_io(HANDLE handle, ACCESS_MASK access, const IoTarget& target, IoOperation operation) {
  return run(TRY(object_of<File>(handle, access)), target, operation);
}
Result<NTSTATUS> run_io(const Ref<File>& file, const IoTarget& target, IoOperation operation) {
  return run(file, target, operation);
}

Result<NTSTATUS> read_file(HANDLE handle, const IoTarget& target, void* buffer, ULONG length,
                           const LARGE_INTEGER* offset) {
  const Ref<File> opened = TRY(object_of<File>(handle, FILE_READ_DATA));
  return run(opened, target, [&](File& file, IoNotice& notice) -> Result<IoResult> {
    const auto at = TRY(byte_offset(file, offset, false));
    return file.read({static_cast<std::byte*>(buffer), length}, at, notice);
  });
}

Result<NTSTATUS> write_file(HANDLE handle, const IoTarget& target, const void* data, ULONG length,
                            const LARGE_INTEGER* offset) {
  const Ref<File> opened = TRY(file_to_write(handle));
  return run(opened, target, [&](File& file, IoNotice& notice) -> Result<IoResult> {
    const auto at = TRY(byte_offset(file, offset, true));
    return file.write({static_cast<const std::byte*>(data), length}, at, notice);
  });
}

Result<NTSTATUS> control_file(HANDLE handle, const IoTarget& target, ULONG code, std::span<const std::byte> in,
                              std::span<std::byte> out) {
  return run_io(handle, 0, target, [&](File& file, IoNotice& notice) { return file.control(code, in, out, notice); });
}

Result<NTSTATUS> lock_file(HANDLE handle, const IoTarget& target, std::uint64_t offset, std::uint64_t length,
                           bool exclusive, bool fail_immediately) {
  return run_io(handle, 0, target, [&](File& file, IoNotice& notice) -> Result<IoResult> {
    std::optional<IoWait> wait;
    if (!fail_immediately) wait.emplace(notice.status_block);
    TRY(file.lock(offset, length, exclusive, wait ? &*wait : nullptr));
    return IoResult{};
  });
}

}  // namespace hmodule::nt

// Files: NtCreateFile and everything that takes a file handle. Names are native (\??\C:\x) or relative to a directory
// handle.
#include "nt/file.h"

#include "base/utf.h"
#include "module/builtin.h"
#include "nt/file_names.h"
#include "nt/handle_table.h"
#include "nt/host_file.h"
#include "nt/mailslot.h"
#include "nt/named_pipe.h"
#include "path/volumes.h"
#include "winapi/common/text.h"
#include "winapi/ntdll/nt_args.h"

namespace hmodule::winapi {
namespace {

using nt::File;
using nt::object_of;

// The full name in `attributes`.
Result<std::u16string> full_name(const OBJECT_ATTRIBUTES* attributes) {
  if (attributes == nullptr || attributes->Length != sizeof(OBJECT_ATTRIBUTES))
    return fail(STATUS_INVALID_PARAMETER, "no OBJECT_ATTRIBUTES, or of another size");
  const std::u16string name(attributes->ObjectName == nullptr ? std::u16string_view() : view(*attributes->ObjectName));
  if (attributes->RootDirectory != nullptr) {
    const auto root = TRY(object_of<File>(attributes->RootDirectory, 0));
    const std::u16string directory = TRY(root->full_path());
    return name.empty() ? directory : path::join(directory, name);
  }
  constexpr std::u16string_view kPipes = u"\\Device\\NamedPipe\\", kMailslots = u"\\Device\\Mailslot\\";
  if (name.starts_with(kPipes)) return u"\\\\.\\PIPE\\" + name.substr(kPipes.size());
  if (name.starts_with(kMailslots)) return u"\\\\.\\MAILSLOT\\" + name.substr(kMailslots.size());
  if (name.empty() || name.front() != u'\\')
    return fail(STATUS_OBJECT_PATH_SYNTAX_BAD, "{}: no native name", utf8(name));
  return name;
}

Status report_end(IO_STATUS_BLOCK* block, ULONG_PTR information) {
  if (block == nullptr) return fail(STATUS_ACCESS_VIOLATION, "no IO_STATUS_BLOCK");
  block->Status = STATUS_SUCCESS;
  block->Information = information;
  return ok;
}

HM_WINAPI NTSTATUS NtCreateFile(HANDLE* handle, ACCESS_MASK access, const OBJECT_ATTRIBUTES* attributes,
                                IO_STATUS_BLOCK* block, const LARGE_INTEGER*, ULONG file_attributes, ULONG share,
                                ULONG disposition, ULONG options, void*, ULONG) noexcept {
  return status_of([&]() -> Status {
    TRY(require(handle));
    TRY(require(block));
    const std::u16string name = TRY(full_name(attributes));
    const nt::OpenedHandle opened = TRY(nt::open_file_handle({.name = name,
                                                              .access = access,
                                                              .attributes = file_attributes,
                                                              .share = share,
                                                              .disposition = disposition,
                                                              .options = options},
                                                             attributes->Attributes & nt::OBJ_INHERIT));
    *handle = opened.handle;
    return report_end(block, opened.information);
  });
}
HM_WINAPI NTSTATUS NtOpenFile(HANDLE* handle, ACCESS_MASK access, const OBJECT_ATTRIBUTES* attributes,
                              IO_STATUS_BLOCK* block, ULONG share, ULONG options) noexcept {
  return NtCreateFile(handle, access, attributes, block, nullptr, 0, share, FILE_OPEN, options, nullptr, 0);
}
HM_WINAPI NTSTATUS NtDeleteFile(const OBJECT_ATTRIBUTES* attributes) noexcept {
  return status_of([&]() -> Status {
    const std::u16string name = TRY(full_name(attributes));
    const nt::FileFacts facts = TRY(nt::facts_by_name(name));
    return facts.is_directory() ? nt::remove_directory(name) : nt::delete_file(name);
  });
}

// --- Transfers ---

HM_WINAPI NTSTATUS NtReadFile(HANDLE handle, HANDLE event, nt::IoApcRoutine apc, void* context, IO_STATUS_BLOCK* block,
                              void* buffer, ULONG length, const LARGE_INTEGER* offset, const ULONG*) noexcept {
  return status_of([&]() -> Result<NTSTATUS> {
    TRY(require(block));
    return nt::read_file(handle, {event, apc, context, block}, buffer, length, offset);
  });
}
HM_WINAPI NTSTATUS NtWriteFile(HANDLE handle, HANDLE event, nt::IoApcRoutine apc, void* context, IO_STATUS_BLOCK* block,
                               const void* data, ULONG length, const LARGE_INTEGER* offset, const ULONG*) noexcept {
  return status_of([&]() -> Result<NTSTATUS> {
    TRY(require(block));
    return nt::write_file(handle, {event, apc, context, block}, data, length, offset);
  });
}
HM_WINAPI NTSTATUS NtFlushBuffersFile(HANDLE handle, IO_STATUS_BLOCK* block) noexcept {
  return status_of([&]() -> Status {
    const auto file = TRY(object_of<File>(handle, 0));
    TRY(file->flush());
    return report_end(block, 0);
  });
}

HM_WINAPI NTSTATUS NtLockFile(HANDLE handle, HANDLE event, nt::IoApcRoutine apc, void* context, IO_STATUS_BLOCK* block,
                              const LARGE_INTEGER* offset, const LARGE_INTEGER* length, const ULONG*,
                              BOOLEAN fail_immediately, BOOLEAN exclusive) noexcept {
  return status_of([&]() -> Result<NTSTATUS> {
    TRY(require(offset));
    TRY(require(length));
    return nt::lock_file(handle, {event, apc, context, block}, static_cast<std::uint64_t>(*offset),
                         static_cast<std::uint64_t>(*length), exclusive != 0, fail_immediately != 0);
  });
}
HM_WINAPI NTSTATUS NtUnlockFile(HANDLE handle, IO_STATUS_BLOCK* block, const LARGE_INTEGER* offset,
                                const LARGE_INTEGER* length, const ULONG*) noexcept {
  return status_of([&]() -> Status {
    TRY(require(offset));
    TRY(require(length));
    const auto file = TRY(object_of<File>(handle, 0));
    TRY(file->unlock(static_cast<std::uint64_t>(*offset), static_cast<std::uint64_t>(*length)));
    return report_end(block, 0);
  });
}

HM_WINAPI NTSTATUS NtFsControlFile(HANDLE handle, HANDLE event, nt::IoApcRoutine apc, void* context,
                                   IO_STATUS_BLOCK* block, ULONG code, const void* in, ULONG in_size, void* out,
                                   ULONG out_size) noexcept {
  return status_of([&]() -> Result<NTSTATUS> {
    TRY(require(block));
    return nt::control_file(handle, {event, apc, context, block}, code, {static_cast<const std::byte*>(in), in_size},
                            {static_cast<std::byte*>(out), out_size});
  });
}

HM_WINAPI NTSTATUS NtCancelIoFile(HANDLE handle, IO_STATUS_BLOCK* block) noexcept {
  return status_of([&]() -> Status {
    const auto file = TRY(object_of<File>(handle, 0));
    file->cancel(&nt::current_thread(), nullptr);
    return report_end(block, 0);
  });
}
HM_WINAPI NTSTATUS NtCancelIoFileEx(HANDLE handle, const IO_STATUS_BLOCK* operation, IO_STATUS_BLOCK* block) noexcept {
  return status_of([&]() -> Status {
    const auto file = TRY(object_of<File>(handle, 0));
    if (!file->cancel(nullptr, operation)) return fail(STATUS_NOT_FOUND, "no operation to cancel");
    return report_end(block, 0);
  });
}

// `operation` is the IO_STATUS_BLOCK it was begun with; NULL is whichever the thread waits for.
HM_WINAPI NTSTATUS NtCancelSynchronousIoFile(HANDLE thread, const IO_STATUS_BLOCK* operation,
                                             IO_STATUS_BLOCK* block) noexcept {
  return status_of([&]() -> Status {
    TRY(require(block));
    if (!TRY(object_of<nt::Thread>(thread, nt::THREAD_TERMINATE))->cancel_io(operation))
      return fail(STATUS_NOT_FOUND, "the thread waits for no operation of its own");
    return report_end(block, 0);
  });
}

// --- Information ---

HM_WINAPI NTSTATUS NtQueryInformationFile(HANDLE handle, IO_STATUS_BLOCK* block, void* info, ULONG size,
                                          FILE_INFORMATION_CLASS what) noexcept {
  return status_of([&]() -> Result<NTSTATUS> {
    TRY(require(block));
    const auto file = TRY(object_of<File>(handle, 0));
    const nt::IoResult result = TRY(file->query(what, {static_cast<std::byte*>(info), size}));
    *block = {.Status = result.status, .Information = result.information};
    return result.status;
  });
}

ACCESS_MASK needed_access(FILE_INFORMATION_CLASS what) {
  switch (what) {
    case FileBasicInformation:
      return FILE_WRITE_ATTRIBUTES;
    case FileEndOfFileInformation:
    case FileAllocationInformation:
      return FILE_WRITE_DATA;
    case FileRenameInformation:
    case FileRenameInformationEx:
    case FileDispositionInformation:
    case FileDispositionInformationEx:
      return nt::DELETE_ACCESS;
    default:
      return 0;
  }
}
HM_WINAPI NTSTATUS NtSetInformationFile(HANDLE handle, IO_STATUS_BLOCK* block, const void* info, ULONG size,
                                        FILE_INFORMATION_CLASS what) noexcept {
  return status_of([&]() -> Status {
    const auto file = TRY(object_of<File>(handle, needed_access(what)));
    TRY(file->set(what, {static_cast<const std::byte*>(info), size}));
    return report_end(block, 0);
  });
}

HM_WINAPI NTSTATUS NtQueryVolumeInformationFile(HANDLE handle, IO_STATUS_BLOCK* block, void* info, ULONG size,
                                                FSINFOCLASS what) noexcept {
  return status_of([&]() -> Result<NTSTATUS> {
    TRY(require(block));
    const auto file = TRY(object_of<File>(handle, 0));
    const nt::IoResult result = TRY(file->query_volume(what, {static_cast<std::byte*>(info), size}));
    *block = {.Status = result.status, .Information = result.information};
    return result.status;
  });
}

HM_WINAPI NTSTATUS NtQueryAttributesFile(const OBJECT_ATTRIBUTES* attributes, FILE_BASIC_INFORMATION* info) noexcept {
  return status_of([&]() -> Status {
    TRY(require(info));
    const std::u16string name = TRY(full_name(attributes));
    const nt::FileFacts facts = TRY(nt::facts_by_name(name));
    *info = {facts.creation_time, facts.access_time, facts.write_time, facts.change_time, facts.attributes};
    return ok;
  });
}
HM_WINAPI NTSTATUS NtQueryFullAttributesFile(const OBJECT_ATTRIBUTES* attributes,
                                             FILE_NETWORK_OPEN_INFORMATION* info) noexcept {
  return status_of([&]() -> Status {
    TRY(require(info));
    const std::u16string name = TRY(full_name(attributes));
    const nt::FileFacts facts = TRY(nt::facts_by_name(name));
    *info = {facts.creation_time, facts.access_time, facts.write_time, facts.change_time,
             facts.allocation,    facts.size,        facts.attributes};
    return ok;
  });
}

// --- Directories ---

HM_WINAPI NTSTATUS NtQueryDirectoryFile(HANDLE handle, HANDLE event, nt::IoApcRoutine apc, void* context,
                                        IO_STATUS_BLOCK* block, void* info, ULONG size, FILE_INFORMATION_CLASS what,
                                        BOOLEAN single, const UNICODE_STRING* pattern, BOOLEAN restart) noexcept {
  return status_of([&]() -> Result<NTSTATUS> {
    TRY(require(block));
    std::optional<std::u16string_view> wanted;
    if (pattern != nullptr) wanted = view(*pattern);
    return nt::run_io(handle, FILE_LIST_DIRECTORY, {event, apc, context, block}, [&](File& file, nt::IoNotice&) {
      return file.query_directory(what, {static_cast<std::byte*>(info), size}, single != 0, wanted, restart != 0);
    });
  });
}
HM_WINAPI NTSTATUS NtNotifyChangeDirectoryFile(HANDLE handle, HANDLE event, nt::IoApcRoutine apc, void* context,
                                               IO_STATUS_BLOCK* block, void* info, ULONG size, ULONG filter,
                                               BOOLEAN subtree) noexcept {
  return status_of([&]() -> Result<NTSTATUS> {
    TRY(require(block));
    return nt::run_io(handle, FILE_LIST_DIRECTORY, {event, apc, context, block}, [&](File& file, nt::IoNotice& notice) {
      return file.watch({static_cast<std::byte*>(info), size}, filter, subtree != 0, notice);
    });
  });
}

// --- Pages here and there ---

// FILE_SEGMENT_ELEMENT: the address of a page, in 64 bits whatever a pointer has.
using Segment = std::uint64_t;
constexpr ULONG kPage = 4096;

// Does `length` bytes page by page. `transfer` is one page's read or write. The end of the file ends a read, and is an
// error only at its start.
template <typename Transfer>
Result<NTSTATUS> run_pages(HANDLE handle, ACCESS_MASK access, const nt::IoTarget& target, const Segment* segments,
                           ULONG length, const LARGE_INTEGER* offset, Transfer&& transfer) {
  TRY(require(target.status_block));
  TRY(require(segments));
  if (offset == nullptr || *offset < 0 || length % kPage != 0)
    return fail(STATUS_INVALID_PARAMETER, "{} bytes in pages, and where in the file", length);
  return nt::run_io(handle, access, target, [&](File& file, nt::IoNotice& notice) -> Result<nt::IoResult> {
    nt::IoResult total;
    while (total.information < length) {
      auto* const page = reinterpret_cast<std::byte*>(segments[total.information / kPage]);
      const auto place = static_cast<std::uint64_t>(*offset) + total.information;
      auto part = transfer(file, std::span(page, kPage), place, notice);
      if (!part && part.error().status == STATUS_END_OF_FILE && total.information != 0) break;
      const nt::IoResult done = TRY(std::move(part));
      total.information += done.information;
      if (done.information < kPage) break;
    }
    return total;
  });
}

HM_WINAPI NTSTATUS NtReadFileScatter(HANDLE handle, HANDLE event, nt::IoApcRoutine apc, void* context,
                                     IO_STATUS_BLOCK* block, const Segment* segments, ULONG length,
                                     const LARGE_INTEGER* offset, const ULONG* /*key*/) noexcept {
  return status_of([&] {
    return run_pages(handle, FILE_READ_DATA, {event, apc, context, block}, segments, length, offset,
                     [](File& file, std::span<std::byte> page, std::uint64_t place, nt::IoNotice& notice) {
                       return file.read(page, place, notice);
                     });
  });
}
HM_WINAPI NTSTATUS NtWriteFileGather(HANDLE handle, HANDLE event, nt::IoApcRoutine apc, void* context,
                                     IO_STATUS_BLOCK* block, const Segment* segments, ULONG length,
                                     const LARGE_INTEGER* offset, const ULONG* /*key*/) noexcept {
  return status_of([&] {
    return run_pages(handle, FILE_WRITE_DATA, {event, apc, context, block}, segments, length, offset,
                     [](File& file, std::span<std::byte> page, std::uint64_t place, nt::IoNotice& notice) {
                       return file.write(page, place, notice);
                     });
  });
}

// --- Wine's own: names of the host ---

Status give_bytes(const std::string& name, char* buffer, ULONG* size) {
  const ULONG room = *size;
  *size = static_cast<ULONG>(name.size() + 1);
  if (room <= name.size()) return fail(STATUS_BUFFER_TOO_SMALL, "{} bytes for {}", room, name);
  std::copy_n(name.c_str(), name.size() + 1, buffer);
  return ok;
}

// The host's name. NO_SUCH_FILE, with the name, where `disposition` would make the file.
HM_WINAPI NTSTATUS wine_nt_to_unix_file_name(const OBJECT_ATTRIBUTES* attributes, char* buffer, ULONG* size,
                                             ULONG disposition) noexcept {
  return status_of([&]() -> Result<NTSTATUS> {
    TRY(require(size));
    const std::u16string name = TRY(full_name(attributes));
    const path::HostPath place = TRY(path::volumes().to_host(name));
    if (place.exists() && disposition == FILE_CREATE)
      return fail(STATUS_OBJECT_NAME_COLLISION, "{} exists", utf8(name));
    const bool makes = disposition != FILE_OPEN && disposition != FILE_OVERWRITE;
    if (place.path.empty() || (!place.exists() && !makes))
      return fail(STATUS_OBJECT_NAME_NOT_FOUND, "{} is not on the host", utf8(name));
    TRY(give_bytes(place.path, buffer, size));
    return place.exists() ? STATUS_SUCCESS : STATUS_NO_SUCH_FILE;
  });
}

// `size` counts units, with the terminator.
HM_WINAPI NTSTATUS wine_unix_to_nt_file_name(const char* name, WCHAR* buffer, ULONG* size) noexcept {
  return status_of([&]() -> Status {
    TRY(require(name));
    TRY(require(size));
    if (*name != '/') return fail(STATUS_OBJECT_PATH_SYNTAX_BAD, "{} is not an absolute name", name);
    const std::u16string native = u"\\??\\" + path::volumes().from_host(name);
    const ULONG room = *size;
    *size = static_cast<ULONG>(native.size() + 1);
    if (room <= native.size()) return fail(STATUS_BUFFER_TOO_SMALL, "{} units for {}", room, name);
    std::copy_n(native.c_str(), native.size() + 1, buffer);
    return ok;
  });
}

// --- Pipes and mailslots ---

// What follows that device in the full name.
Result<std::u16string> name_below(std::u16string_view device, const OBJECT_ATTRIBUTES* attributes) {
  const std::u16string name = TRY(full_name(attributes));
  for (std::u16string prefix : {u"\\??\\", u"\\\\.\\"}) {
    prefix.append(device);
    if (equal_ignoring_case(std::u16string_view(name).substr(0, prefix.size()), prefix))
      return name.substr(prefix.size());
  }
  return fail(STATUS_OBJECT_NAME_INVALID, "{} is not below {}", utf8(name), utf8(device));
}

HM_WINAPI NTSTATUS NtCreateNamedPipeFile(HANDLE* handle, ACCESS_MASK access, const OBJECT_ATTRIBUTES* attributes,
                                         IO_STATUS_BLOCK* block, ULONG share, ULONG disposition, ULONG options,
                                         ULONG type, ULONG read_mode, ULONG completion_mode, ULONG maximum_instances,
                                         ULONG inbound, ULONG outbound, const LARGE_INTEGER* timeout) noexcept {
  return status_of([&]() -> Status {
    TRY(require(handle));
    TRY(require(block));
    const std::u16string name = TRY(name_below(u"PIPE\\", attributes));
    auto pipe = TRY(nt::create_pipe({.name = name,
                                     .access = access,
                                     .share = share,
                                     .disposition = disposition,
                                     .options = options,
                                     .type = type,
                                     .read_mode = read_mode,
                                     .completion_mode = completion_mode,
                                     .maximum_instances = maximum_instances,
                                     .inbound_quota = inbound,
                                     .outbound_quota = outbound,
                                     .default_timeout = timeout == nullptr ? 0 : *timeout}));
    *handle = TRY(nt::handle_for(std::move(pipe), access, attributes->Attributes & nt::OBJ_INHERIT));
    return report_end(block, FILE_CREATED);
  });
}

HM_WINAPI NTSTATUS NtCreateMailslotFile(HANDLE* handle, ACCESS_MASK access, const OBJECT_ATTRIBUTES* attributes,
                                        IO_STATUS_BLOCK* block, ULONG, ULONG, ULONG maximum_message,
                                        const LARGE_INTEGER* timeout) noexcept {
  return status_of([&]() -> Status {
    TRY(require(handle));
    TRY(require(block));
    const std::u16string name = TRY(name_below(u"MAILSLOT\\", attributes));
    auto mailslot =
        TRY(nt::create_mailslot({.name = name,
                                 .maximum_message = maximum_message,
                                 .read_timeout = timeout == nullptr ? nt::kMailslotWaitForever : *timeout}));
    *handle = TRY(nt::handle_for(std::move(mailslot), access, attributes->Attributes & nt::OBJ_INHERIT));
    return report_end(block, FILE_CREATED);
  });
}

constexpr std::string_view kDeviceControl =
    "pipes, IOCTL_AFD_POLL and the two that receive, FSCTL_GET_REPARSE_POINT and FSCTL_SET_SPARSE; "
    "STATUS_INVALID_DEVICE_REQUEST for others";
constexpr std::string_view kNoExtendedAttributes = "no extended attributes, no opening by file id";

const Export kRows[] = {
    {"NtCancelIoFile", proc(NtCancelIoFile)},
    {"NtCancelIoFileEx", proc(NtCancelIoFileEx)},
    {"NtCancelSynchronousIoFile", proc(NtCancelSynchronousIoFile), Support::partial,
     "reads and writes of pipes, terminals and mailslots, ConnectNamedPipe, FlushFileBuffers of pipes, locks, "
     "directory "
     "watches"},
    {"NtCreateFile", proc(NtCreateFile), Support::partial, kNoExtendedAttributes},
    {"NtCreateMailslotFile", proc(NtCreateMailslotFile)},
    {"NtCreateNamedPipeFile", proc(NtCreateNamedPipeFile), Support::partial,
     "a name's instances are all one process's"},
    {"NtDeleteFile", proc(NtDeleteFile)},
    {"NtDeviceIoControlFile", proc(NtFsControlFile), Support::partial, kDeviceControl},
    {"NtFlushBuffersFile", proc(NtFlushBuffersFile)},
    {"NtFsControlFile", proc(NtFsControlFile), Support::partial, kDeviceControl},
    {"NtLockFile", proc(NtLockFile), Support::partial, "waits in the caller, even for overlapped files"},
    {"NtNotifyChangeDirectoryFile", proc(NtNotifyChangeDirectoryFile)},
    {"NtOpenFile", proc(NtOpenFile), Support::partial, kNoExtendedAttributes},
    {"NtQueryAttributesFile", proc(NtQueryAttributesFile)},
    {"NtQueryDirectoryFile", proc(NtQueryDirectoryFile)},
    {"NtQueryFullAttributesFile", proc(NtQueryFullAttributesFile)},
    {"NtQueryInformationFile", proc(NtQueryInformationFile)},
    {"NtQueryVolumeInformationFile", proc(NtQueryVolumeInformationFile)},
    {"NtReadFile", proc(NtReadFile)},
    {"NtReadFileScatter", proc(NtReadFileScatter)},
    {"NtSetInformationFile", proc(NtSetInformationFile)},
    {"NtUnlockFile", proc(NtUnlockFile)},
    {"NtWriteFile", proc(NtWriteFile)},
    {"NtWriteFileGather", proc(NtWriteFileGather)},
    {"wine_nt_to_unix_file_name", proc(wine_nt_to_unix_file_name)},
    {"wine_unix_to_nt_file_name", proc(wine_unix_to_nt_file_name)},
};

}  // namespace

extern const ExportTable file_exports = kRows;

}  // namespace hmodule::winapi

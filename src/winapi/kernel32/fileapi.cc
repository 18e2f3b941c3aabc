// fileapi.h: files by handle. Files by name are in fileapi_names.cc, searches in fileapi_find.cc, volumes in
// fileapi_volumes.cc.
#include "base/utf.h"
#include "module/builtin.h"
#include "path/volumes.h"
#include "thread/call.h"
#include "thread/teb.h"
#include "winapi/common/answer.h"
#include "winapi/common/overlapped.h"
#include "winapi/common/text.h"
#include "winapi/kernel32/completion_routine.h"
#include "winapi/kernel32/file_args.h"

namespace hmodule::winapi {
namespace {

using nt::File;
using nt::object_of;

Result<nt::Ref<File>> file_of(HANDLE handle, ACCESS_MASK access = 0) {
  return object_of<File>(handle, access);
}

// --- CreateFile ---

Result<ULONG> nt_disposition(DWORD disposition) {
  switch (disposition) {
    case CREATE_NEW:
      return FILE_CREATE;
    case CREATE_ALWAYS:
      return FILE_OVERWRITE_IF;
    case OPEN_EXISTING:
      return FILE_OPEN;
    case OPEN_ALWAYS:
      return FILE_OPEN_IF;
    case TRUNCATE_EXISTING:
      return FILE_OVERWRITE;
    default:
      return fail(STATUS_INVALID_PARAMETER, "CreateFile: disposition {}", disposition);
  }
}

ULONG nt_options(DWORD flags) {
  ULONG options = 0;
  const auto translate = [&](DWORD flag, ULONG option) {
    if ((flags & flag) != 0) options |= option;
  };
  translate(FILE_FLAG_BACKUP_SEMANTICS, FILE_OPEN_FOR_BACKUP_INTENT);
  translate(FILE_FLAG_DELETE_ON_CLOSE, FILE_DELETE_ON_CLOSE);
  translate(FILE_FLAG_NO_BUFFERING, FILE_NO_INTERMEDIATE_BUFFERING);
  translate(FILE_FLAG_WRITE_THROUGH, FILE_WRITE_THROUGH);
  translate(FILE_FLAG_SEQUENTIAL_SCAN, FILE_SEQUENTIAL_ONLY);
  translate(FILE_FLAG_RANDOM_ACCESS, FILE_RANDOM_ACCESS);
  translate(FILE_FLAG_OPEN_REPARSE_POINT, FILE_OPEN_REPARSE_POINT);
  translate(FILE_FLAG_OPEN_NO_RECALL, FILE_OPEN_NO_RECALL);
  if ((flags & FILE_FLAG_BACKUP_SEMANTICS) == 0) options |= FILE_NON_DIRECTORY_FILE;
  if ((flags & FILE_FLAG_OVERLAPPED) == 0) options |= FILE_SYNCHRONOUS_IO_NONALERT;
  return options;
}

// The last error tells on success, too, whether the file was there before.
DWORD success_code(DWORD disposition, ULONG information) {
  const bool was_there = (disposition == CREATE_ALWAYS && information == FILE_OVERWRITTEN) ||
                         (disposition == OPEN_ALWAYS && information == FILE_OPENED);
  return was_there ? ERROR_ALREADY_EXISTS : ERROR_SUCCESS;
}

HANDLE create_file(const WCHAR* name, DWORD access, DWORD share, const SECURITY_ATTRIBUTES* security, DWORD disposition,
                   DWORD flags, const char* function) noexcept {
  return answer<HANDLE>(
      INVALID_HANDLE_VALUE,
      [&]() -> Result<HANDLE> {
        const std::u16string full = TRY(dos_path(name));
        nt::FileRequest request = {.name = full,
                                   .access = access | nt::SYNCHRONIZE | FILE_READ_ATTRIBUTES,
                                   .attributes = flags & FILE_ATTRIBUTE_VALID_SET_FLAGS,
                                   .share = share,
                                   .disposition = TRY(nt_disposition(disposition)),
                                   .options = nt_options(flags)};
        if ((flags & FILE_FLAG_DELETE_ON_CLOSE) != 0) request.access |= nt::DELETE_ACCESS;
        if (disposition == TRUNCATE_EXISTING && (access & (GENERIC_WRITE | GENERIC_ALL | FILE_WRITE_DATA)) == 0)
          return fail(STATUS_INVALID_PARAMETER, "TRUNCATE_EXISTING needs write access");
        auto opened = nt::open_file_handle(request, handle_attributes(security));
        if (!opened && opened.error().status == STATUS_OBJECT_NAME_COLLISION)
          return fail_win32(ERROR_FILE_EXISTS, "{}", opened.error().reason);
        if (!opened) return std::move(opened).error();
        thread::set_last_error(success_code(disposition, opened->information));
        return opened->handle;
      },
      function);
}

HM_WINAPI HANDLE CreateFileW(const WCHAR* name, DWORD access, DWORD share, const SECURITY_ATTRIBUTES* security,
                             DWORD disposition, DWORD flags, HANDLE) noexcept {
  return create_file(name, access, share, security, disposition, flags, "CreateFileW");
}
HM_WINAPI HANDLE CreateFileA(const CHAR* name, DWORD access, DWORD share, const SECURITY_ATTRIBUTES* security,
                             DWORD disposition, DWORD flags, HANDLE) noexcept {
  return create_file(Wide(name).get(), access, share, security, disposition, flags, "CreateFileA");
}
HM_WINAPI HANDLE CreateFile2(const WCHAR* name, DWORD access, DWORD share, DWORD disposition,
                             const CREATEFILE2_EXTENDED_PARAMETERS* extended) noexcept {
  if (extended == nullptr) return create_file(name, access, share, nullptr, disposition, 0, "CreateFile2");
  return create_file(name, access, share, extended->lpSecurityAttributes, disposition,
                     extended->dwFileAttributes | extended->dwFileFlags, "CreateFile2");
}

// --- ReadFile, WriteFile ---

LARGE_INTEGER offset_of(const OVERLAPPED& overlapped) {
  return static_cast<LARGE_INTEGER>(join(overlapped.Offset, overlapped.OffsetHigh));
}

// The end of a transfer as ReadFile and WriteFile report it: a count and success, or the reason.
Status report_transfer(Result<NTSTATUS> status, const IO_STATUS_BLOCK& block, DWORD* transferred) {
  if (!status) return std::move(status).error();
  if (*status == STATUS_PENDING) return fail(STATUS_PENDING, "the operation goes on");
  if (transferred != nullptr) *transferred = static_cast<DWORD>(block.Information);
  if (*status == STATUS_BUFFER_OVERFLOW) return fail(STATUS_BUFFER_OVERFLOW, "the message is longer");
  return ok;
}

HM_WINAPI BOOL ReadFile(HANDLE handle, void* buffer, DWORD size, DWORD* read, OVERLAPPED* overlapped) noexcept {
  if (read != nullptr) *read = 0;
  return succeed([&]() -> Status {
    if (overlapped == nullptr) {
      IO_STATUS_BLOCK block = {};
      auto status = nt::read_file(handle, {.status_block = &block, .wait = true}, buffer, size, nullptr);
      if (!status && status.error().status == STATUS_END_OF_FILE) return ok;  // zero bytes say it
      return report_transfer(std::move(status), block, read);
    }
    const LARGE_INTEGER offset = offset_of(*overlapped);
    const nt::IoTarget target = target_of(*overlapped);
    auto status = nt::read_file(handle, target, buffer, size, &offset);
    if (!status) overlapped->Internal = static_cast<ULONG_PTR>(static_cast<std::uint32_t>(status.error().status));
    return report_transfer(std::move(status), *target.status_block, read);
  });
}

HM_WINAPI BOOL WriteFile(HANDLE handle, const void* data, DWORD size, DWORD* written, OVERLAPPED* overlapped) noexcept {
  if (written != nullptr) *written = 0;
  return succeed([&]() -> Status {
    if (overlapped == nullptr) {
      IO_STATUS_BLOCK block = {};
      return report_transfer(nt::write_file(handle, {.status_block = &block, .wait = true}, data, size, nullptr), block,
                             written);
    }
    const LARGE_INTEGER offset = offset_of(*overlapped);
    const nt::IoTarget target = target_of(*overlapped);
    auto status = nt::write_file(handle, target, data, size, &offset);
    if (!status) overlapped->Internal = static_cast<ULONG_PTR>(static_cast<std::uint32_t>(status.error().status));
    return report_transfer(std::move(status), *target.status_block, written);
  });
}

HM_WINAPI BOOL ReadFileEx(HANDLE handle, void* buffer, DWORD size, OVERLAPPED* overlapped,
                          CompletionRoutine routine) noexcept {
  return succeed([&]() -> Status {
    const LARGE_INTEGER offset = offset_of(*overlapped);
    TRY(nt::read_file(handle, routine_target(*overlapped, routine), buffer, size, &offset));
    return ok;
  });
}
HM_WINAPI BOOL WriteFileEx(HANDLE handle, const void* data, DWORD size, OVERLAPPED* overlapped,
                           CompletionRoutine routine) noexcept {
  return succeed([&]() -> Status {
    const LARGE_INTEGER offset = offset_of(*overlapped);
    TRY(nt::write_file(handle, routine_target(*overlapped, routine), data, size, &offset));
    return ok;
  });
}

HM_WINAPI BOOL FlushFileBuffers(HANDLE handle) noexcept {
  return succeed([&]() -> Status { return TRY(nt::file_to_write(handle))->flush(); });
}

// --- Position and size ---

Result<LARGE_INTEGER> move_position(HANDLE handle, LARGE_INTEGER distance, DWORD method) {
  const auto file = TRY(file_of(handle));
  LARGE_INTEGER base = 0;
  switch (method) {
    case FILE_BEGIN:
      break;
    case FILE_CURRENT:
      base = TRY(query_file<FILE_POSITION_INFORMATION>(*file, FilePositionInformation)).CurrentByteOffset;
      break;
    case FILE_END:
      base = TRY(query_file<FILE_STANDARD_INFORMATION>(*file, FileStandardInformation)).EndOfFile;
      break;
    default:
      return fail(STATUS_INVALID_PARAMETER, "SetFilePointer: method {}", method);
  }
  LARGE_INTEGER position = 0;
  if (__builtin_add_overflow(base, distance, &position) || position < 0)
    return fail_win32(ERROR_NEGATIVE_SEEK, "{} from {} is before the beginning", distance, base);
  TRY(set_file(*file, FilePositionInformation, FILE_POSITION_INFORMATION{position}));
  return position;
}

HM_WINAPI BOOL SetFilePointerEx(HANDLE handle, LARGE_INTEGER distance, LARGE_INTEGER* position, DWORD method) noexcept {
  return succeed([&]() -> Status {
    const LARGE_INTEGER now = TRY(move_position(handle, distance, method));
    if (position != nullptr) *position = now;
    return ok;
  });
}

HM_WINAPI DWORD SetFilePointer(HANDLE handle, LONG distance, LONG* distance_high, DWORD method) noexcept {
  return answer<DWORD>(INVALID_SET_FILE_POINTER, [&]() -> Result<DWORD> {
    const bool wide = distance_high != nullptr;
    const LARGE_INTEGER full =
        wide ? static_cast<LARGE_INTEGER>(join(static_cast<DWORD>(distance), static_cast<DWORD>(*distance_high)))
             : distance;
    const LARGE_INTEGER now = TRY(move_position(handle, full, method));
    if (!wide && now > 0xFFFF'FFFF) return fail(STATUS_INVALID_PARAMETER, "position {} needs 64 bits", now);
    if (wide) *distance_high = static_cast<LONG>(now >> 32);
    if (low(now) == INVALID_SET_FILE_POINTER) thread::set_last_error(ERROR_SUCCESS);  // which is no failure then
    return low(now);
  });
}

HM_WINAPI BOOL SetEndOfFile(HANDLE handle) noexcept {
  return succeed([&]() -> Status {
    const auto file = TRY(file_of(handle, FILE_WRITE_DATA));
    const auto position = TRY(query_file<FILE_POSITION_INFORMATION>(*file, FilePositionInformation));
    return set_file(*file, FileEndOfFileInformation, FILE_END_OF_FILE_INFORMATION{position.CurrentByteOffset});
  });
}

HM_WINAPI BOOL SetFileValidData(HANDLE, LARGE_INTEGER) noexcept {
  return succeed([&]() -> Status { return fail(STATUS_PRIVILEGE_NOT_HELD, "SetFileValidData needs a privilege"); });
}

HM_WINAPI BOOL GetFileSizeEx(HANDLE handle, LARGE_INTEGER* size) noexcept {
  return succeed([&]() -> Status {
    const auto file = TRY(file_of(handle));
    *size = TRY(query_file<FILE_STANDARD_INFORMATION>(*file, FileStandardInformation)).EndOfFile;
    return ok;
  });
}

HM_WINAPI DWORD GetFileSize(HANDLE handle, DWORD* size_high) noexcept {
  return answer<DWORD>(INVALID_FILE_SIZE, [&]() -> Result<DWORD> {
    const auto file = TRY(file_of(handle));
    const auto size = static_cast<std::uint64_t>(
        TRY(query_file<FILE_STANDARD_INFORMATION>(*file, FileStandardInformation)).EndOfFile);
    if (size_high != nullptr) *size_high = high(size);
    if (low(size) == INVALID_FILE_SIZE) thread::set_last_error(ERROR_SUCCESS);
    return low(size);
  });
}

HM_WINAPI DWORD GetFileType(HANDLE handle) noexcept {
  return answer<DWORD>(FILE_TYPE_UNKNOWN, [&]() -> Result<DWORD> {
    const auto file = TRY(file_of(handle));
    thread::set_last_error(ERROR_SUCCESS);
    switch (file->device_type()) {
      case FILE_DEVICE_NULL:
      case FILE_DEVICE_CONSOLE:
        return FILE_TYPE_CHAR;
      case FILE_DEVICE_NAMED_PIPE:
        return FILE_TYPE_PIPE;
      case FILE_DEVICE_MAILSLOT:
        return FILE_TYPE_UNKNOWN;
      default:
        return FILE_TYPE_DISK;
    }
  });
}

// --- Locks ---

HM_WINAPI BOOL LockFile(HANDLE handle, DWORD offset, DWORD offset_high, DWORD size, DWORD size_high) noexcept {
  return succeed([&]() -> Status {
    return TRY(file_of(handle))->lock(join(offset, offset_high), join(size, size_high), true, nullptr);
  });
}
HM_WINAPI BOOL UnlockFile(HANDLE handle, DWORD offset, DWORD offset_high, DWORD size, DWORD size_high) noexcept {
  return succeed(
      [&]() -> Status { return TRY(file_of(handle))->unlock(join(offset, offset_high), join(size, size_high)); });
}
HM_WINAPI BOOL LockFileEx(HANDLE handle, DWORD flags, DWORD reserved, DWORD size, DWORD size_high,
                          OVERLAPPED* overlapped) noexcept {
  return succeed([&]() -> Status {
    if (reserved != 0 || overlapped == nullptr) return fail(STATUS_INVALID_PARAMETER, "LockFileEx: no OVERLAPPED");
    TRY(nt::lock_file(handle, target_of(*overlapped), join(overlapped->Offset, overlapped->OffsetHigh),
                      join(size, size_high), (flags & LOCKFILE_EXCLUSIVE_LOCK) != 0,
                      (flags & LOCKFILE_FAIL_IMMEDIATELY) != 0));
    return ok;
  });
}
HM_WINAPI BOOL UnlockFileEx(HANDLE handle, DWORD reserved, DWORD size, DWORD size_high,
                            OVERLAPPED* overlapped) noexcept {
  return succeed([&]() -> Status {
    if (reserved != 0 || overlapped == nullptr) return fail(STATUS_INVALID_PARAMETER, "UnlockFileEx: no OVERLAPPED");
    return TRY(file_of(handle))->unlock(join(overlapped->Offset, overlapped->OffsetHigh), join(size, size_high));
  });
}

// --- Information ---

HM_WINAPI BOOL GetFileInformationByHandle(HANDLE handle, BY_HANDLE_FILE_INFORMATION* info) noexcept {
  return succeed([&]() -> Status {
    const auto file = TRY(file_of(handle));
    if (file->device_type() != FILE_DEVICE_DISK)
      return fail(STATUS_INVALID_DEVICE_REQUEST, "only files on a volume have this information");
    const auto basic = TRY(query_file<FILE_BASIC_INFORMATION>(*file, FileBasicInformation));
    const auto standard = TRY(query_file<FILE_STANDARD_INFORMATION>(*file, FileStandardInformation));
    const auto id = TRY(query_file<FILE_ID_INFORMATION>(*file, FileIdInformation));
    std::uint64_t index = 0;
    std::memcpy(&index, id.FileId.Identifier, sizeof index);
    *info = {.dwFileAttributes = basic.FileAttributes,
             .ftCreationTime = file_time(basic.CreationTime),
             .ftLastAccessTime = file_time(basic.LastAccessTime),
             .ftLastWriteTime = file_time(basic.LastWriteTime),
             .dwVolumeSerialNumber = static_cast<DWORD>(id.VolumeSerialNumber),
             .nFileSizeHigh = high(static_cast<std::uint64_t>(standard.EndOfFile)),
             .nFileSizeLow = low(static_cast<std::uint64_t>(standard.EndOfFile)),
             .nNumberOfLinks = standard.NumberOfLinks,
             .nFileIndexHigh = high(index),
             .nFileIndexLow = low(index)};
    return ok;
  });
}

HM_WINAPI BOOL GetFileTime(HANDLE handle, FILETIME* creation, FILETIME* access, FILETIME* write) noexcept {
  return succeed([&]() -> Status {
    const auto file = TRY(file_of(handle, FILE_READ_ATTRIBUTES));
    const auto basic = TRY(query_file<FILE_BASIC_INFORMATION>(*file, FileBasicInformation));
    if (creation != nullptr) *creation = file_time(basic.CreationTime);
    if (access != nullptr) *access = file_time(basic.LastAccessTime);
    if (write != nullptr) *write = file_time(basic.LastWriteTime);
    return ok;
  });
}

HM_WINAPI BOOL SetFileTime(HANDLE handle, const FILETIME* creation, const FILETIME* access,
                           const FILETIME* write) noexcept {
  return succeed([&]() -> Status {
    const auto file = TRY(file_of(handle, FILE_WRITE_ATTRIBUTES));
    FILE_BASIC_INFORMATION basic = {};
    if (creation != nullptr) basic.CreationTime = ticks_of(*creation);
    if (access != nullptr) basic.LastAccessTime = ticks_of(*access);
    if (write != nullptr) basic.LastWriteTime = ticks_of(*write);
    return set_file(*file, FileBasicInformation, basic);
  });
}

// --- GetFinalPathNameByHandle ---

Result<std::u16string> final_path(HANDLE handle, DWORD flags) {
  const auto file = TRY(file_of(handle));
  std::u16string full = TRY(file->full_path());
  if (const auto host = path::volumes().to_host(full); host && !host->path.empty()) {
    // Links on the way are resolved in the normalized name.
    if (char* const real = ::realpath(host->path.c_str(), nullptr); real != nullptr) {
      if ((flags & FILE_NAME_OPENED) == 0) full = path::volumes().from_host(real);
      ::free(real);
    }
  }
  switch (flags & ~FILE_NAME_OPENED) {
    case VOLUME_NAME_DOS:
      return u"\\\\?\\" + full;
    case VOLUME_NAME_NONE:
      return full.substr(full.size() >= 2 && full[1] == u':' ? 2 : 0);
    case VOLUME_NAME_NT:
      if (full.size() >= 2 && full[1] == u':')
        return u"\\Device\\HarddiskVolume" + utf16(std::to_string(full[0] - u'A' + 1)) + full.substr(2);
      return u"\\Device\\Mup" + full.substr(1);
    case VOLUME_NAME_GUID:
      return fail(STATUS_OBJECT_PATH_NOT_FOUND, "volumes have no GUID names here");
    default:
      return fail(STATUS_INVALID_PARAMETER, "GetFinalPathNameByHandle: flags {:#x}", flags);
  }
}

HM_WINAPI DWORD GetFinalPathNameByHandleW(HANDLE handle, WCHAR* buffer, DWORD size, DWORD flags) noexcept {
  return answer<DWORD>(0, [&]() -> Result<DWORD> { return give<WCHAR>(TRY(final_path(handle, flags)), buffer, size); });
}
HM_WINAPI DWORD GetFinalPathNameByHandleA(HANDLE handle, CHAR* buffer, DWORD size, DWORD flags) noexcept {
  return answer<DWORD>(
      0, [&]() -> Result<DWORD> { return give<CHAR>(nls::to_ansi(TRY(final_path(handle, flags))), buffer, size); });
}

// Of ReadFile and WriteFile: disk files complete at once, overlapped or not; named pipes are truly overlapped.
const Export kRows[] = {
    {"CreateFile2", proc(CreateFile2)},
    {"CreateFileA", proc(CreateFileA)},
    {"CreateFileW", proc(CreateFileW)},
    {"FlushFileBuffers", proc(FlushFileBuffers)},
    {"GetFileInformationByHandle", proc(GetFileInformationByHandle)},
    {"GetFileSize", proc(GetFileSize)},
    {"GetFileSizeEx", proc(GetFileSizeEx)},
    {"GetFileTime", proc(GetFileTime)},
    {"GetFileType", proc(GetFileType)},
    {"GetFinalPathNameByHandleA", proc(GetFinalPathNameByHandleA), Support::partial, "no VOLUME_NAME_GUID"},
    {"GetFinalPathNameByHandleW", proc(GetFinalPathNameByHandleW), Support::partial, "no VOLUME_NAME_GUID"},
    {"LockFile", proc(LockFile)},
    {"LockFileEx", proc(LockFileEx), Support::partial, "waits in the caller, even for overlapped files"},
    {"ReadFile", proc(ReadFile)},
    {"ReadFileEx", proc(ReadFileEx)},
    {"SetEndOfFile", proc(SetEndOfFile)},
    {"SetFilePointer", proc(SetFilePointer)},
    {"SetFilePointerEx", proc(SetFilePointerEx)},
    {"SetFileTime", proc(SetFileTime), Support::partial, "the creation time cannot be set on Linux"},
    {"SetFileValidData", proc(SetFileValidData), Support::partial, "always ERROR_PRIVILEGE_NOT_HELD"},
    {"UnlockFile", proc(UnlockFile)},
    {"UnlockFileEx", proc(UnlockFileEx)},
    {"WriteFile", proc(WriteFile)},
    {"WriteFileEx", proc(WriteFileEx)},
};

}  // namespace

extern const ExportTable fileapi_exports = kRows;

}  // namespace hmodule::winapi

// winbase.h: moving, copying and replacing files, information by class, watching directories.
#include "base/utf.h"
#include "module/builtin.h"
#include "nt/file_names.h"
#include "thread/call.h"
#include "winapi/common/answer.h"
#include "winapi/common/overlapped.h"
#include "winapi/kernel32/completion_routine.h"
#include "winapi/kernel32/file_args.h"

namespace hmodule::winapi {
namespace {

// --- Moving ---

Status move_file(const WCHAR* from, const WCHAR* to, DWORD flags) {
  const std::u16string source = TRY(dos_path(from));
  if (to == nullptr && (flags & MOVEFILE_DELAY_UNTIL_REBOOT) == 0)
    return fail(STATUS_INVALID_PARAMETER, "MoveFileEx: no new name");
  if ((flags & MOVEFILE_DELAY_UNTIL_REBOOT) != 0)
    return fail(STATUS_ACCESS_DENIED, "MoveFileEx: nothing can be put off until the next start of the system");
  if ((flags & MOVEFILE_CREATE_HARDLINK) != 0) return fail(STATUS_INVALID_PARAMETER, "MoveFileEx: flags {:#x}", flags);
  return nt::move_file(source, TRY(dos_path(to)),
                       {(flags & MOVEFILE_REPLACE_EXISTING) != 0, (flags & MOVEFILE_COPY_ALLOWED) != 0});
}
HM_WINAPI BOOL MoveFileExW(const WCHAR* from, const WCHAR* to, DWORD flags) noexcept {
  return succeed([&] { return move_file(from, to, flags); });
}
HM_WINAPI BOOL MoveFileExA(const CHAR* from, const CHAR* to, DWORD flags) noexcept {
  return succeed([&] { return move_file(Wide(from).get(), Wide(to).get(), flags); });
}
HM_WINAPI BOOL MoveFileW(const WCHAR* from, const WCHAR* to) noexcept {
  return succeed([&] { return move_file(from, to, MOVEFILE_COPY_ALLOWED); });
}
HM_WINAPI BOOL MoveFileA(const CHAR* from, const CHAR* to) noexcept {
  return succeed([&] { return move_file(Wide(from).get(), Wide(to).get(), MOVEFILE_COPY_ALLOWED); });
}

// --- Copying ---

Status copy_file(const WCHAR* from, const WCHAR* to, const nt::CopyOptions& options) {
  Status copied = nt::copy_file(TRY(dos_path(from)), TRY(dos_path(to)), options);
  if (!copied && copied.error().status == STATUS_OBJECT_NAME_COLLISION)
    return fail_win32(ERROR_FILE_EXISTS, "{}", copied.error().reason);
  if (!copied && copied.error().status == STATUS_CANCELLED)
    return fail_win32(ERROR_REQUEST_ABORTED, "{}", copied.error().reason);
  return copied;
}
HM_WINAPI BOOL CopyFileW(const WCHAR* from, const WCHAR* to, BOOL fail_if_exists) noexcept {
  return succeed([&] { return copy_file(from, to, {.fail_if_exists = fail_if_exists != FALSE}); });
}
HM_WINAPI BOOL CopyFileA(const CHAR* from, const CHAR* to, BOOL fail_if_exists) noexcept {
  return succeed(
      [&] { return copy_file(Wide(from).get(), Wide(to).get(), {.fail_if_exists = fail_if_exists != FALSE}); });
}

// LPPROGRESS_ROUTINE; its answers are PROGRESS_CONTINUE 0, CANCEL 1, STOP 2, QUIET 3.
using ProgressRoutine = HM_WINAPI DWORD (*)(LARGE_INTEGER total, LARGE_INTEGER transferred, LARGE_INTEGER stream_size,
                                            LARGE_INTEGER stream_transferred, DWORD stream, DWORD reason, HANDLE source,
                                            HANDLE target, void* data);
constexpr DWORD kChunkFinished = 0, kStreamSwitch = 1, kProgressContinue = 0, kProgressQuiet = 3;

nt::CopyOptions copy_options(ProgressRoutine progress, void* data, const BOOL* cancel, DWORD flags) {
  nt::CopyOptions options = {.fail_if_exists = (flags & COPY_FILE_FAIL_IF_EXISTS) != 0,
                             .copy_link = (flags & COPY_FILE_COPY_SYMLINK) != 0};
  if (progress == nullptr && cancel == nullptr) return options;
  options.progress = [=, quiet = false](std::uint64_t size, std::uint64_t copied) mutable {
    if (cancel != nullptr && *cancel != FALSE) return false;
    if (progress == nullptr || quiet) return true;
    const auto total = static_cast<LARGE_INTEGER>(size), done = static_cast<LARGE_INTEGER>(copied);
    const DWORD wish = thread::call(progress, total, done, total, done, 1, copied == 0 ? kStreamSwitch : kChunkFinished,
                                    nullptr, nullptr, data);
    quiet = wish == kProgressQuiet;
    return wish == kProgressContinue || quiet;
  };
  return options;
}
// Not inlined: in a function that is noexcept an exception of the routine would leave the options.
[[gnu::noinline]] Status copy_and_tell(const WCHAR* from, const WCHAR* to, ProgressRoutine progress, void* data,
                                       const BOOL* cancel, DWORD flags) {
  return copy_file(from, to, copy_options(progress, data, cancel, flags));
}
[[gnu::noinline]] Status copy_and_tell(const CHAR* from, const CHAR* to, ProgressRoutine progress, void* data,
                                       const BOOL* cancel, DWORD flags) {
  return copy_and_tell(Wide(from).get(), Wide(to).get(), progress, data, cancel, flags);
}
HM_WINAPI BOOL CopyFileExW(const WCHAR* from, const WCHAR* to, ProgressRoutine progress, void* data, BOOL* cancel,
                           DWORD flags) noexcept {
  return succeed([&] { return copy_and_tell(from, to, progress, data, cancel, flags); });
}
HM_WINAPI BOOL CopyFileExA(const CHAR* from, const CHAR* to, ProgressRoutine progress, void* data, BOOL* cancel,
                           DWORD flags) noexcept {
  return succeed([&] { return copy_and_tell(from, to, progress, data, cancel, flags); });
}

struct COPYFILE2_EXTENDED_PARAMETERS {
  DWORD dwSize, dwCopyFlags;
  BOOL* pfCancel;
  void *pProgressRoutine, *pvCallbackContext;
};
// Answers an HRESULT.
HM_WINAPI HRESULT CopyFile2(const WCHAR* from, const WCHAR* to,
                            const COPYFILE2_EXTENDED_PARAMETERS* extended) noexcept {
  const BOOL done = succeed([&]() -> Status {
    if (extended == nullptr) return copy_file(from, to, {});
    if (extended->pProgressRoutine != nullptr) return fail(STATUS_NOT_SUPPORTED, "CopyFile2: no progress messages");
    return copy_file(from, to, copy_options(nullptr, nullptr, extended->pfCancel, extended->dwCopyFlags));
  });
  return done ? 0 : static_cast<HRESULT>(0x80070000U | thread::last_error());
}

// --- ReplaceFile ---

Status replace_file(const WCHAR* replaced, const WCHAR* replacement, const WCHAR* backup) {
  const std::u16string old_name = TRY(dos_path(replaced)), new_name = TRY(dos_path(replacement));
  const nt::FileFacts old_facts = TRY(nt::facts_by_name(old_name));
  TRY(nt::facts_by_name(new_name));
  if (backup != nullptr) {
    if (!nt::move_file(old_name, TRY(dos_path(backup)), {.replace = true}))
      return fail_win32(ERROR_UNABLE_TO_REMOVE_REPLACED, "{} cannot be moved away", utf8(old_name));
  }
  if (Status moved = nt::move_file(new_name, old_name, {.replace = true}); !moved)
    return fail_win32(ERROR_UNABLE_TO_MOVE_REPLACEMENT, "{}", moved.error().reason);
  return nt::set_attributes_by_name(old_name, old_facts.attributes);
}
HM_WINAPI BOOL ReplaceFileW(const WCHAR* replaced, const WCHAR* replacement, const WCHAR* backup, DWORD, void*,
                            void*) noexcept {
  return succeed([&] { return replace_file(replaced, replacement, backup); });
}
HM_WINAPI BOOL ReplaceFileA(const CHAR* replaced, const CHAR* replacement, const CHAR* backup, DWORD, void*,
                            void*) noexcept {
  return succeed([&] { return replace_file(Wide(replaced).get(), Wide(replacement).get(), Wide(backup).get()); });
}

// --- Information by class ---

struct HandleClass {
  FILE_INFO_BY_HANDLE_CLASS what;
  FILE_INFORMATION_CLASS native;
};
constexpr HandleClass kQueryClasses[] = {
    {FileBasicInfo, FileBasicInformation},
    {FileStandardInfo, FileStandardInformation},
    {FileNameInfo, FileNameInformation},
    {FileStreamInfo, FileStreamInformation},
    {FileCompressionInfo, FileCompressionInformation},
    {FileAttributeTagInfo, FileAttributeTagInformation},
    {FileAlignmentInfo, FileAlignmentInformation},
    {FileIdInfo, FileIdInformation},
};
struct DirectoryClass {
  FILE_INFO_BY_HANDLE_CLASS what;
  FILE_INFORMATION_CLASS native;
  bool restart;
};
constexpr DirectoryClass kDirectoryClasses[] = {
    {FileIdBothDirectoryInfo, FileIdBothDirectoryInformation, false},
    {FileIdBothDirectoryRestartInfo, FileIdBothDirectoryInformation, true},
    {FileFullDirectoryInfo, FileFullDirectoryInformation, false},
    {FileFullDirectoryRestartInfo, FileFullDirectoryInformation, true},
    {FileIdExtdDirectoryInfo, FileIdExtdDirectoryInformation, false},
    {FileIdExtdDirectoryRestartInfo, FileIdExtdDirectoryInformation, true},
};

HM_WINAPI BOOL GetFileInformationByHandleEx(HANDLE handle, FILE_INFO_BY_HANDLE_CLASS what, void* info,
                                            DWORD size) noexcept {
  return succeed([&]() -> Status {
    const std::span out(static_cast<std::byte*>(info), size);
    const auto file = TRY(nt::object_of<nt::File>(handle, 0));
    for (const DirectoryClass& known : kDirectoryClasses) {
      if (known.what != what) continue;
      TRY(file->query_directory(known.native, out, false, std::nullopt, known.restart));
      return ok;
    }
    for (const HandleClass& known : kQueryClasses) {
      if (known.what != what) continue;
      const nt::IoResult result = TRY(file->query(known.native, out));
      if (known.what == FileStreamInfo && result.information == 0)
        return fail_win32(ERROR_HANDLE_EOF, "a directory has no streams");
      if (result.status == STATUS_BUFFER_OVERFLOW) return fail(STATUS_BUFFER_OVERFLOW, "the name does not fit");
      return ok;
    }
    return fail(STATUS_INVALID_PARAMETER, "GetFileInformationByHandleEx: class {}", static_cast<DWORD>(what));
  });
}

struct SettableClass {
  FILE_INFO_BY_HANDLE_CLASS what;
  FILE_INFORMATION_CLASS native;
  ACCESS_MASK access;
};
constexpr SettableClass kSetClasses[] = {
    {FileBasicInfo, FileBasicInformation, FILE_WRITE_ATTRIBUTES},
    {FileRenameInfo, FileRenameInformation, nt::DELETE_ACCESS},
    {FileRenameInfoEx, FileRenameInformationEx, nt::DELETE_ACCESS},
    {FileDispositionInfo, FileDispositionInformation, nt::DELETE_ACCESS},
    {FileDispositionInfoEx, FileDispositionInformationEx, nt::DELETE_ACCESS},
    {FileAllocationInfo, FileAllocationInformation, FILE_WRITE_DATA},
    {FileEndOfFileInfo, FileEndOfFileInformation, FILE_WRITE_DATA},
    {FileIoPriorityHintInfo, FileIoPriorityHintInformation, 0},
};

// Win32's rename structure holds a Win32 name: it becomes a full one.
Status rename_by_handle(nt::File& file, FILE_INFORMATION_CLASS native, std::span<const std::byte> in) {
  constexpr std::size_t kHeader = offsetof(FILE_RENAME_INFORMATION, FileName);
  if (in.size() < kHeader + 2) return fail(STATUS_INFO_LENGTH_MISMATCH, "{} bytes for a rename", in.size());
  FILE_RENAME_INFORMATION header = {};
  std::memcpy(&header, in.data(), kHeader);
  std::u16string name(std::min<std::size_t>(header.FileNameLength, in.size() - kHeader) / 2, u'\0');
  std::memcpy(name.data(), in.data() + kHeader, name.size() * 2);
  if (header.RootDirectory == nullptr) name = TRY(nt::full_path(name));
  header.FileNameLength = static_cast<ULONG>(name.size() * 2);
  std::vector<std::byte> full(kHeader + name.size() * 2);
  std::memcpy(full.data(), &header, kHeader);
  std::memcpy(full.data() + kHeader, name.data(), name.size() * 2);
  return file.set(native, full);
}

HM_WINAPI BOOL SetFileInformationByHandle(HANDLE handle, FILE_INFO_BY_HANDLE_CLASS what, const void* info,
                                          DWORD size) noexcept {
  return succeed([&]() -> Status {
    for (const SettableClass& known : kSetClasses) {
      if (known.what != what) continue;
      const auto file = TRY(nt::object_of<nt::File>(handle, known.access));
      const std::span in(static_cast<const std::byte*>(info), size);
      if (what == FileRenameInfo || what == FileRenameInfoEx) return rename_by_handle(*file, known.native, in);
      return file->set(known.native, in);
    }
    return fail(STATUS_INVALID_PARAMETER, "SetFileInformationByHandle: class {}", static_cast<DWORD>(what));
  });
}

HM_WINAPI BOOL SetFileCompletionNotificationModes(HANDLE handle, UCHAR modes) noexcept {
  return succeed([&]() -> Status {
    const auto file = TRY(nt::object_of<nt::File>(handle, 0));
    return set_file(*file, FileIoCompletionNotificationInformation, FILE_IO_COMPLETION_NOTIFICATION_INFORMATION{modes});
  });
}

// --- ReadDirectoryChangesW ---

HM_WINAPI BOOL ReadDirectoryChangesW(HANDLE handle, void* buffer, DWORD size, BOOL subtree, DWORD filter,
                                     DWORD* returned, OVERLAPPED* overlapped, CompletionRoutine routine) noexcept {
  return succeed([&]() -> Status {
    if (routine != nullptr && overlapped == nullptr)
      return fail(STATUS_INVALID_PARAMETER, "a completion routine without an OVERLAPPED");
    IO_STATUS_BLOCK block = {};
    const std::span out(static_cast<std::byte*>(buffer), size);
    TRY(nt::run_io(
        handle, FILE_LIST_DIRECTORY,
        routine != nullptr ? routine_target(*overlapped, routine) : target_of(overlapped, block),
        [&](nt::File& file, nt::IoNotice& notice) { return file.watch(out, filter, subtree != FALSE, notice); }));
    if (overlapped == nullptr && returned != nullptr) *returned = static_cast<DWORD>(block.Information);
    return ok;
  });
}

const Export kRows[] = {
    {"CopyFile2", proc(CopyFile2), Support::partial, "no progress messages"},
    {"CopyFileA", proc(CopyFileA)},
    {"CopyFileExA", proc(CopyFileExA), Support::partial, "the progress routine gets no handles; no restartable copies"},
    {"CopyFileExW", proc(CopyFileExW), Support::partial, "the progress routine gets no handles; no restartable copies"},
    {"CopyFileW", proc(CopyFileW)},
    {"GetFileInformationByHandleEx", proc(GetFileInformationByHandleEx)},
    {"MoveFileA", proc(MoveFileA)},
    {"MoveFileExA", proc(MoveFileExA), Support::partial, "not MOVEFILE_DELAY_UNTIL_REBOOT"},
    {"MoveFileExW", proc(MoveFileExW), Support::partial, "not MOVEFILE_DELAY_UNTIL_REBOOT"},
    {"MoveFileW", proc(MoveFileW)},
    {"ReadDirectoryChangesW", proc(ReadDirectoryChangesW)},
    {"ReplaceFileA", proc(ReplaceFileA), Support::partial, "keeps attributes, not access control lists or streams"},
    {"ReplaceFileW", proc(ReplaceFileW), Support::partial, "keeps attributes, not access control lists or streams"},
    {"SetFileCompletionNotificationModes", proc(SetFileCompletionNotificationModes)},
    {"SetFileInformationByHandle", proc(SetFileInformationByHandle)},
};

}  // namespace

extern const ExportTable winbase_file_exports = kRows;

}  // namespace hmodule::winapi

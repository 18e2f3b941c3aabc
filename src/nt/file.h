// File objects: what a handle from NtCreateFile means. Disk files, directories, devices, both ends of pipes.
//
// An operation gets an IoNotice, which says who is to be told of its end. It either ends at once (the answer is its
// result and file.cc tells everybody), or answers STATUS_PENDING and tells them itself by File::complete(). Most of
// ours end at once, as Windows allows even for overlapped handles; only named pipes and directory watches make a
// caller wait for somebody else, and so they alone are really pending.
#pragma once

#include "base/function_ref.h"
#include "nt/event.h"
#include "nt/kernel_section.h"
#include "nt/thread.h"
#include "nt/waitable.h"
#include "win/fileapi.h"

#include <atomic>
#include <functional>
#include <optional>
#include <span>
#include <string>

namespace hmodule::nt {

// Completion routines are APCs: (context, IO_STATUS_BLOCK*, 0).
using IoApcRoutine = ApcRoutine;

// How an operation ended: success or a warning (STATUS_BUFFER_OVERFLOW), and how much it did. Failures are Errors.
struct IoResult {
  NTSTATUS status = STATUS_SUCCESS;
  ULONG_PTR information = 0;
};

// Whom to tell: NtReadFile's Event, ApcRoutine, ApcContext and IoStatusBlock.
struct IoNotice {
  IO_STATUS_BLOCK* status_block = nullptr;
  Ref<Event> event = {};
  IoApcRoutine apc = nullptr;
  void* context = nullptr;  // the APC's, or what the completion packet carries
  Ref<Thread> thread = {};  // the caller, for the APC and for CancelIo
};

class File : public Signal {
 public:
  static const ObjectType kType;
  const ObjectType& type() const override { return kType; }

  // `offset` nothing: at the file's position. STATUS_END_OF_FILE, STATUS_PIPE_BROKEN, STATUS_FILE_LOCK_CONFLICT.
  virtual Result<IoResult> read(std::span<std::byte> buffer, std::optional<std::uint64_t> offset, IoNotice& notice);
  // `offset` may be kAppend.
  virtual Result<IoResult> write(std::span<const std::byte> data, std::optional<std::uint64_t> offset,
                                 IoNotice& notice);
  static constexpr std::uint64_t kAppend = UINT64_MAX;
  virtual Status flush() { return ok; }

  // NtQueryInformationFile and its relatives. What a subclass does not know it leaves to this class.
  virtual Result<IoResult> query(FILE_INFORMATION_CLASS what, std::span<std::byte> out);
  virtual Status set(FILE_INFORMATION_CLASS what, std::span<const std::byte> in);
  virtual Result<IoResult> query_volume(FSINFOCLASS what, std::span<std::byte> out);
  virtual Result<IoResult> control(ULONG code, std::span<const std::byte> in, std::span<std::byte> out,
                                   IoNotice& notice);
  // NtQueryDirectoryFile. NO_SUCH_FILE when the first call finds nothing, then NO_MORE_FILES. `pattern` counts on the
  // first call only.
  virtual Result<IoResult> query_directory(FILE_INFORMATION_CLASS what, std::span<std::byte> out, bool single,
                                           std::optional<std::u16string_view> pattern, bool restart);
  // NtNotifyChangeDirectoryFile: pending until something happens below the directory.
  virtual Result<IoResult> watch(std::span<std::byte> out, DWORD filter, bool subtree, IoNotice& notice);
  // Without a `wait` it does not: LOCK_NOT_GRANTED.
  virtual Status lock(std::uint64_t offset, std::uint64_t length, bool exclusive, const IoWait* wait);
  virtual Status unlock(std::uint64_t offset, std::uint64_t length);
  // Ends pending operations with STATUS_CANCELLED: those of `thread` and `status_block`, where given. False if none.
  virtual bool cancel(const Thread*, const IO_STATUS_BLOCK*) { return false; }

  // Full Windows path of what is open, without `\\?\`. OBJECT_PATH_INVALID for what has none.
  virtual Result<std::u16string> full_path() const;

  // FILE_DEVICE_*.
  virtual ULONG device_type() const = 0;
  // The Linux descriptor below, or -1. Stays the file's.
  virtual int descriptor() const { return -1; }

  Status attach_completion_port(Object& port, ULONG_PTR key) override;
  // Tells everybody in `notice`. Called once per operation that did not fail at once.
  void complete(IoNotice& notice, const IoResult& result, bool was_pending);

  bool synchronous() const { return (options_ & (FILE_SYNCHRONOUS_IO_ALERT | FILE_SYNCHRONOUS_IO_NONALERT)) != 0; }
  ACCESS_MASK access() const { return access_; }
  ULONG options() const { return options_; }

 protected:
  File(ACCESS_MASK access, ULONG options);

  const ACCESS_MASK access_;  // of the handle it was opened with
  const ULONG options_;       // FILE_SYNCHRONOUS_IO_NONALERT and the like

 private:
  KernelMutex port_mutex_;
  Ref<Object> port_;
  ULONG_PTR port_key_ = 0;
  std::atomic<ULONG> notification_modes_{0};  // FILE_SKIP_*
};

// NtCreateFile in our types.
struct FileRequest {
  std::u16string_view name = {};  // full Windows path (C:\x, \\server\x, \\.\NUL, \\?\C:\x) or native (\??\C:\x)
  ACCESS_MASK access = 0;
  ULONG attributes = 0;  // of a new file
  ULONG share = 0;
  ULONG disposition = FILE_OPEN;
  ULONG options = 0;
};

struct OpenedFile {
  Ref<File> file;
  ULONG information;  // FILE_OPENED, FILE_CREATED, FILE_OVERWRITTEN, FILE_SUPERSEDED
};

// Opens whatever the name means: a disk file, a device, a pipe.
// OBJECT_NAME_NOT_FOUND, OBJECT_PATH_NOT_FOUND, OBJECT_NAME_COLLISION, SHARING_VIOLATION, ACCESS_DENIED,
// FILE_IS_A_DIRECTORY, NOT_A_DIRECTORY, OBJECT_NAME_INVALID, DELETE_PENDING.
Result<OpenedFile> open_file(const FileRequest& request);
// The same with a new handle as the answer. `handle_attributes`: OBJ_INHERIT.
struct OpenedHandle {
  HANDLE handle;
  ULONG information;
};
Result<OpenedHandle> open_file_handle(const FileRequest& request, ULONG handle_attributes);

// The rights that generic rights mean for files.
ACCESS_MASK file_access(ACCESS_MASK wanted);

// The file of a handle that may write: to append is enough.
Result<Ref<File>> file_to_write(HANDLE handle);

// The operations behind NtReadFile and its kin, from a handle to the last notice. `offset` as in ByteOffset.
// The answer is a success, a warning or STATUS_PENDING.
struct IoTarget {
  HANDLE event = nullptr;
  IoApcRoutine apc = nullptr;
  void* context = nullptr;
  IO_STATUS_BLOCK* status_block = nullptr;
  bool wait = false;  // never STATUS_PENDING: on a file for overlapped use too the caller waits, and keeps `event` out
};
Result<NTSTATUS> read_file(HANDLE handle, const IoTarget& target, void* buffer, ULONG length,
                           const LARGE_INTEGER* offset);
Result<NTSTATUS> write_file(HANDLE handle, const IoTarget& target, const void* data, ULONG length,
                            const LARGE_INTEGER* offset);
Result<NTSTATUS> control_file(HANDLE handle, const IoTarget& target, ULONG code, std::span<const std::byte> in,
                              std::span<std::byte> out);
Result<NTSTATUS> lock_file(HANDLE handle, const IoTarget& target, std::uint64_t offset, std::uint64_t length,
                           bool exclusive, bool fail_immediately);

// Runs `operation` on the file of `handle` and tells `target` of its end; what the four above are made of.
using IoOperation = FunctionRef<Result<IoResult>(File&, IoNotice&)>;
Result<NTSTATUS> run_io(const Ref<File>& file, const IoTarget& target, IoOperation operation);
Result<NTSTATUS> run_io(HANDLE handle, ACCESS_MASK access, const IoTarget& target, IoOperation operation);

}  // namespace hmodule::nt

// Named pipes, between the threads of this process and with the other processes of the session (pipe_wire.h). A name
// belongs to the process that made its first instance, as long as it has one.
//
// A name has instances, an instance has two ends and a queue of messages in each direction. A write that would exceed
// the queue's quota is queued all the same, with its writer: he hears of success when the last byte has been read.
// So reading and writing are each one rule, whether the caller blocks or is told later.
#pragma once

#include "nt/file.h"

#include <chrono>
#include <memory>

namespace hmodule::nt {

// NtCreateNamedPipeFile in our types.
struct PipeRequest {
  std::u16string_view name = {};  // below \Device\NamedPipe\, as in \\.\pipe\name
  ACCESS_MASK access = 0;
  ULONG share = 0;                   // says the direction: FILE_SHARE_READ lets clients read
  ULONG disposition = FILE_OPEN_IF;  // FILE_CREATE: must be the first instance
  ULONG options = 0;
  ULONG type = FILE_PIPE_BYTE_STREAM_TYPE, read_mode = FILE_PIPE_BYTE_STREAM_MODE,
        completion_mode = FILE_PIPE_QUEUE_OPERATION;
  ULONG maximum_instances = 0;  // 0xFFFFFFFF: unlimited
  ULONG inbound_quota = 0, outbound_quota = 0;
  LARGE_INTEGER default_timeout = 0;  // 100 ns, negative
};

// An end of an instance, for somebody who is no Windows caller: he waits, however the end was opened.
class NamedPipe : public File {
 public:
  // What was written at the other end; in message mode one message, or as much as fits of it (BUFFER_OVERFLOW).
  // PIPE_BROKEN, PIPE_DISCONNECTED when nothing more comes.
  virtual Result<IoResult> receive(std::span<std::byte> buffer) = 0;
  // The same errors, and PIPE_CLOSING.
  virtual Result<IoResult> send(std::span<const std::byte> data) = 0;

  virtual DWORD server_process() const = 0;
  // 0: no client has come yet.
  virtual DWORD client_process() const = 0;

 protected:
  using File::File;
};

// A new instance, which is listening. INSTANCE_NOT_AVAILABLE beyond the maximum, ACCESS_DENIED when the parameters do
// not agree with the first instance, and when that is another process's.
Result<Ref<File>> create_pipe(const PipeRequest& request);

// A client's open: OBJECT_NAME_NOT_FOUND, PIPE_NOT_AVAILABLE (no instance listens), ACCESS_DENIED. An empty name is the
// pipe device itself.
Result<OpenedFile> open_pipe(std::u16string_view name, const FileRequest& request);

// Until an instance listens. `timeout` nothing: the server's default. OBJECT_NAME_NOT_FOUND, IO_TIMEOUT.
Status wait_for_pipe(std::u16string_view name, std::optional<std::chrono::milliseconds> timeout);
inline constexpr std::chrono::milliseconds kWaitForever = std::chrono::milliseconds::max();

}  // namespace hmodule::nt

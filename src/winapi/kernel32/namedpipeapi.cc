// namedpipeapi.h: anonymous pipes, which are the host's, and named ones, which are ours.
#include "base/utf.h"
#include "module/builtin.h"
#include "nt/host_file.h"
#include "nt/named_pipe.h"
#include "winapi/common/answer.h"
#include "winapi/common/overlapped.h"
#include "winapi/common/text.h"
#include "winapi/kernel32/file_args.h"

#include <fcntl.h>
#include <unistd.h>

#include <cstring>

namespace hmodule::winapi {
namespace {

constexpr DWORD PIPE_ACCESS_INBOUND = 1, PIPE_ACCESS_OUTBOUND = 2, PIPE_ACCESS_DUPLEX = 3, PIPE_NOWAIT = 1,
                PIPE_READMODE_MESSAGE = 2, PIPE_TYPE_MESSAGE = 4, PIPE_UNLIMITED_INSTANCES = 255,
                NMPWAIT_WAIT_FOREVER = 0xFFFF'FFFF, NMPWAIT_NOWAIT = 1, PIPE_SERVER_END = 1;

HM_WINAPI BOOL CreatePipe(HANDLE* read, HANDLE* write, const SECURITY_ATTRIBUTES* security, DWORD size) noexcept {
  return succeed([&]() -> Status {
    int ends[2];
    if (::pipe2(ends, O_CLOEXEC) != 0) return fail(STATUS_TOO_MANY_OPENED_FILES, "pipe: {}", std::strerror(errno));
    nt::UniqueFd reader(ends[0]), writer(ends[1]);
    if (size > 65536) ::fcntl(writer.get(), F_SETPIPE_SZ, static_cast<int>(std::min<DWORD>(size, 1 << 20)));
    using nt::HostFile;
    auto reading =
        TRY(HostFile::wrap(reader.get(), HostFile::Ownership::owned, FILE_GENERIC_READ | FILE_WRITE_ATTRIBUTES));
    reader.detach();
    auto writing = TRY(HostFile::wrap(writer.get(), HostFile::Ownership::owned, FILE_GENERIC_WRITE));
    writer.detach();
    const ULONG attributes = handle_attributes(security);
    const HANDLE read_handle =
        TRY(nt::handle_for(std::move(reading), FILE_GENERIC_READ | FILE_WRITE_ATTRIBUTES, attributes));
    auto write_handle = nt::handle_for(std::move(writing), FILE_GENERIC_WRITE, attributes);
    if (!write_handle) {
      static_cast<void>(nt::handles().close(read_handle));
      return std::move(write_handle).error();
    }
    *read = read_handle;
    *write = *write_handle;
    return ok;
  });
}

// --- Servers ---

// What follows \\.\pipe\ in a name.
Result<std::u16string> pipe_name(const WCHAR* name) {
  const std::u16string full(TRY(text(name)));
  constexpr std::u16string_view kPrefix = u"\\\\.\\PIPE\\";
  std::u16string start = upcase(std::u16string_view(full).substr(0, kPrefix.size()));
  std::replace(start.begin(), start.end(), u'/', u'\\');
  if (start == u"\\\\?\\PIPE\\") start = kPrefix;
  if (start != kPrefix || full.size() == kPrefix.size())
    return fail(STATUS_OBJECT_NAME_INVALID, "{} is not a pipe's name", utf8(full));
  return full.substr(kPrefix.size());
}

HANDLE create_named_pipe(const WCHAR* name, DWORD open_mode, DWORD pipe_mode, DWORD instances, DWORD out_size,
                         DWORD in_size, DWORD timeout, const SECURITY_ATTRIBUTES* security,
                         const char* function) noexcept {
  return answer<HANDLE>(
      INVALID_HANDLE_VALUE,
      [&]() -> Result<HANDLE> {
        const std::u16string wanted = TRY(pipe_name(name));
        const DWORD direction = open_mode & PIPE_ACCESS_DUPLEX;
        if (direction == 0 || instances == 0 || instances > PIPE_UNLIMITED_INSTANCES)
          return fail(STATUS_INVALID_PARAMETER, "{}: mode {:#x}, {} instances", function, open_mode, instances);
        nt::PipeRequest request = {.name = wanted};
        request.access = nt::SYNCHRONIZE | FILE_READ_ATTRIBUTES | FILE_WRITE_ATTRIBUTES;
        if ((direction & PIPE_ACCESS_INBOUND) != 0)
          request.access |= FILE_GENERIC_READ, request.share |= FILE_SHARE_WRITE;
        if ((direction & PIPE_ACCESS_OUTBOUND) != 0)
          request.access |= FILE_GENERIC_WRITE, request.share |= FILE_SHARE_READ;
        request.disposition = (open_mode & FILE_FLAG_FIRST_PIPE_INSTANCE) != 0 ? FILE_CREATE : FILE_OPEN_IF;
        request.options = (open_mode & FILE_FLAG_OVERLAPPED) != 0 ? 0 : FILE_SYNCHRONOUS_IO_NONALERT;
        request.type = (pipe_mode & PIPE_TYPE_MESSAGE) != 0 ? FILE_PIPE_MESSAGE_TYPE : FILE_PIPE_BYTE_STREAM_TYPE;
        request.read_mode =
            (pipe_mode & PIPE_READMODE_MESSAGE) != 0 ? FILE_PIPE_MESSAGE_MODE : FILE_PIPE_BYTE_STREAM_MODE;
        request.completion_mode =
            (pipe_mode & PIPE_NOWAIT) != 0 ? FILE_PIPE_COMPLETE_OPERATION : FILE_PIPE_QUEUE_OPERATION;
        request.maximum_instances = instances == PIPE_UNLIMITED_INSTANCES ? 0xFFFF'FFFF : instances;
        request.inbound_quota = in_size;
        request.outbound_quota = out_size;
        request.default_timeout = -LARGE_INTEGER{timeout} * 10'000;
        auto pipe = TRY(nt::create_pipe(request));
        return nt::handle_for(std::move(pipe), request.access, handle_attributes(security));
      },
      function);
}
HM_WINAPI HANDLE CreateNamedPipeW(const WCHAR* name, DWORD open_mode, DWORD pipe_mode, DWORD instances, DWORD out_size,
                                  DWORD in_size, DWORD timeout, const SECURITY_ATTRIBUTES* security) noexcept {
  return create_named_pipe(name, open_mode, pipe_mode, instances, out_size, in_size, timeout, security,
                           "CreateNamedPipeW");
}
HM_WINAPI HANDLE CreateNamedPipeA(const CHAR* name, DWORD open_mode, DWORD pipe_mode, DWORD instances, DWORD out_size,
                                  DWORD in_size, DWORD timeout, const SECURITY_ATTRIBUTES* security) noexcept {
  return create_named_pipe(Wide(name).get(), open_mode, pipe_mode, instances, out_size, in_size, timeout, security,
                           "CreateNamedPipeA");
}

// Runs a control operation, overlapped or not.
Result<NTSTATUS> control(HANDLE handle, ULONG code, OVERLAPPED* overlapped, std::span<const std::byte> in,
                         std::span<std::byte> out, IO_STATUS_BLOCK& block) {
  return nt::control_file(handle, target_of(overlapped, block), code, in, out);
}

HM_WINAPI BOOL ConnectNamedPipe(HANDLE handle, OVERLAPPED* overlapped) noexcept {
  return succeed([&]() -> Status {
    IO_STATUS_BLOCK block = {};
    const NTSTATUS status = TRY(control(handle, FSCTL_PIPE_LISTEN, overlapped, {}, {}, block));
    if (status == STATUS_PENDING) return fail(STATUS_PENDING, "no client yet");
    return ok;
  });
}
HM_WINAPI BOOL DisconnectNamedPipe(HANDLE handle) noexcept {
  return succeed([&]() -> Status {
    IO_STATUS_BLOCK block = {};
    TRY(control(handle, FSCTL_PIPE_DISCONNECT, nullptr, {}, {}, block));
    return ok;
  });
}

// --- Clients ---

Status wait_named_pipe(const WCHAR* name, DWORD timeout) {
  const std::u16string wanted = TRY(pipe_name(name));
  std::optional<std::chrono::milliseconds> limit;
  if (timeout == NMPWAIT_WAIT_FOREVER) limit = nt::kWaitForever;
  if (timeout != 0 && timeout != NMPWAIT_WAIT_FOREVER) limit = std::chrono::milliseconds(timeout);
  return nt::wait_for_pipe(wanted, limit);
}
HM_WINAPI BOOL WaitNamedPipeW(const WCHAR* name, DWORD timeout) noexcept {
  return succeed([&] { return wait_named_pipe(name, timeout); });
}
HM_WINAPI BOOL WaitNamedPipeA(const CHAR* name, DWORD timeout) noexcept {
  return succeed([&] { return wait_named_pipe(Wide(name).get(), timeout); });
}

Status transact(HANDLE handle, const void* in, DWORD in_size, void* out, DWORD out_size, DWORD* read,
                OVERLAPPED* overlapped) {
  IO_STATUS_BLOCK block = {};
  const NTSTATUS status =
      TRY(control(handle, FSCTL_PIPE_TRANSCEIVE, overlapped, {static_cast<const std::byte*>(in), in_size},
                  {static_cast<std::byte*>(out), out_size}, block));
  if (status == STATUS_PENDING) return fail(STATUS_PENDING, "no answer yet");
  if (read != nullptr) *read = static_cast<DWORD>(overlapped == nullptr ? block.Information : overlapped->InternalHigh);
  if (status == STATUS_BUFFER_OVERFLOW) return fail(status, "the answer is longer");
  return ok;
}
HM_WINAPI BOOL TransactNamedPipe(HANDLE handle, void* in, DWORD in_size, void* out, DWORD out_size, DWORD* read,
                                 OVERLAPPED* overlapped) noexcept {
  return succeed([&] { return transact(handle, in, in_size, out, out_size, read, overlapped); });
}

Status call_named_pipe(const WCHAR* name, void* in, DWORD in_size, void* out, DWORD out_size, DWORD* read,
                       DWORD timeout) {
  const std::u16string full = TRY(dos_path(name));
  if (timeout != NMPWAIT_NOWAIT) TRY(wait_named_pipe(name, timeout));
  const auto opened = TRY(nt::open_file_handle({.name = full,
                                                .access = GENERIC_READ | GENERIC_WRITE | nt::SYNCHRONIZE,
                                                .disposition = FILE_OPEN,
                                                .options = FILE_SYNCHRONOUS_IO_NONALERT},
                                               0));
  const auto file = TRY(nt::object_of<nt::File>(opened.handle, 0));
  Status done =
      set_file(*file, FilePipeInformation, FILE_PIPE_INFORMATION{FILE_PIPE_MESSAGE_MODE, FILE_PIPE_QUEUE_OPERATION});
  if (done) done = transact(opened.handle, in, in_size, out, out_size, read, nullptr);
  TRY(nt::handles().close(opened.handle));
  return done;
}
HM_WINAPI BOOL CallNamedPipeW(const WCHAR* name, void* in, DWORD in_size, void* out, DWORD out_size, DWORD* read,
                              DWORD timeout) noexcept {
  return succeed([&] { return call_named_pipe(name, in, in_size, out, out_size, read, timeout); });
}
HM_WINAPI BOOL CallNamedPipeA(const CHAR* name, void* in, DWORD in_size, void* out, DWORD out_size, DWORD* read,
                              DWORD timeout) noexcept {
  return succeed([&] { return call_named_pipe(Wide(name).get(), in, in_size, out, out_size, read, timeout); });
}

// --- Both ends ---

HM_WINAPI BOOL PeekNamedPipe(HANDLE handle, void* buffer, DWORD size, DWORD* read, DWORD* available,
                             DWORD* left_in_message) noexcept {
  return succeed([&]() -> Status {
    constexpr std::size_t kHeader = offsetof(FILE_PIPE_PEEK_BUFFER, Data);
    std::vector<std::byte> out(kHeader + (buffer == nullptr ? 0 : size));
    IO_STATUS_BLOCK block = {};
    TRY(control(handle, FSCTL_PIPE_PEEK, nullptr, {}, out, block));
    FILE_PIPE_PEEK_BUFFER header = {};
    std::memcpy(&header, out.data(), kHeader);
    const auto copied = static_cast<DWORD>(block.Information - kHeader);
    if (buffer != nullptr) std::memcpy(buffer, out.data() + kHeader, copied);
    if (read != nullptr) *read = copied;
    if (available != nullptr) *available = header.ReadDataAvailable;
    if (left_in_message != nullptr)
      *left_in_message = header.MessageLength > copied ? header.MessageLength - copied : 0;
    return ok;
  });
}

HM_WINAPI BOOL SetNamedPipeHandleState(HANDLE handle, const DWORD* mode, const DWORD*, const DWORD*) noexcept {
  return succeed([&]() -> Status {
    const auto file = TRY(nt::object_of<nt::File>(handle, 0));
    if (mode == nullptr) return ok;
    if ((*mode & ~(PIPE_NOWAIT | PIPE_READMODE_MESSAGE)) != 0)
      return fail(STATUS_INVALID_PARAMETER, "SetNamedPipeHandleState: mode {:#x}", *mode);
    return set_file(*file, FilePipeInformation,
                    FILE_PIPE_INFORMATION{(*mode & PIPE_READMODE_MESSAGE) != 0 ? 1U : 0U, *mode & PIPE_NOWAIT});
  });
}
HM_WINAPI BOOL GetNamedPipeHandleStateW(HANDLE handle, DWORD* state, DWORD* instances, DWORD*, DWORD*, WCHAR*,
                                        DWORD) noexcept {
  return succeed([&]() -> Status {
    const auto file = TRY(nt::object_of<nt::File>(handle, 0));
    const auto modes = TRY(query_file<FILE_PIPE_INFORMATION>(*file, FilePipeInformation));
    const auto local = TRY(query_file<FILE_PIPE_LOCAL_INFORMATION>(*file, FilePipeLocalInformation));
    if (state != nullptr)
      *state = (modes.CompletionMode != 0 ? PIPE_NOWAIT : 0) | (modes.ReadMode != 0 ? PIPE_READMODE_MESSAGE : 0);
    if (instances != nullptr) *instances = std::min<DWORD>(local.CurrentInstances, PIPE_UNLIMITED_INSTANCES);
    return ok;
  });
}
HM_WINAPI BOOL GetNamedPipeInfo(HANDLE handle, DWORD* flags, DWORD* out_size, DWORD* in_size,
                                DWORD* instances) noexcept {
  return succeed([&]() -> Status {
    const auto file = TRY(nt::object_of<nt::File>(handle, 0));
    const auto local = TRY(query_file<FILE_PIPE_LOCAL_INFORMATION>(*file, FilePipeLocalInformation));
    if (flags != nullptr)
      *flags = (local.NamedPipeEnd == FILE_PIPE_SERVER_END ? PIPE_SERVER_END : 0) |
               (local.NamedPipeType == FILE_PIPE_MESSAGE_TYPE ? PIPE_TYPE_MESSAGE : 0);
    if (out_size != nullptr) *out_size = local.OutboundQuota;
    if (in_size != nullptr) *in_size = local.InboundQuota;
    if (instances != nullptr) *instances = std::min<DWORD>(local.MaximumInstances, PIPE_UNLIMITED_INSTANCES);
    return ok;
  });
}
// An end that was inherited does not know who has the other: the process is its own.
BOOL process_of_end(HANDLE handle, ULONG* process, DWORD (nt::NamedPipe::*which)() const) noexcept {
  return succeed([&]() -> Status {
    const auto file = TRY(nt::object_of<nt::File>(handle, 0));
    TRY(query_file<FILE_PIPE_INFORMATION>(*file, FilePipeInformation));
    const auto* const pipe = dynamic_cast<const nt::NamedPipe*>(file.get());
    *process = pipe != nullptr ? (pipe->*which)() : static_cast<ULONG>(::getpid());
    return ok;
  });
}
HM_WINAPI BOOL GetNamedPipeClientProcessId(HANDLE handle, ULONG* process) noexcept {
  return process_of_end(handle, process, &nt::NamedPipe::client_process);
}
HM_WINAPI BOOL GetNamedPipeServerProcessId(HANDLE handle, ULONG* process) noexcept {
  return process_of_end(handle, process, &nt::NamedPipe::server_process);
}

constexpr std::string_view kOneServer = "a name's instances are all one process's";

const Export kRows[] = {
    {"CallNamedPipeA", proc(CallNamedPipeA)},
    {"CallNamedPipeW", proc(CallNamedPipeW)},
    {"ConnectNamedPipe", proc(ConnectNamedPipe)},
    {"CreateNamedPipeA", proc(CreateNamedPipeA), Support::partial, kOneServer},
    {"CreateNamedPipeW", proc(CreateNamedPipeW), Support::partial, kOneServer},
    {"CreatePipe", proc(CreatePipe)},
    {"DisconnectNamedPipe", proc(DisconnectNamedPipe)},
    {"GetNamedPipeClientProcessId", proc(GetNamedPipeClientProcessId)},
    {"GetNamedPipeHandleStateW", proc(GetNamedPipeHandleStateW), Support::partial, "no collection data, no user name"},
    {"GetNamedPipeInfo", proc(GetNamedPipeInfo)},
    {"GetNamedPipeServerProcessId", proc(GetNamedPipeServerProcessId)},
    {"PeekNamedPipe", proc(PeekNamedPipe)},
    {"SetNamedPipeHandleState", proc(SetNamedPipeHandleState)},
    {"TransactNamedPipe", proc(TransactNamedPipe)},
    {"WaitNamedPipeA", proc(WaitNamedPipeA)},
    {"WaitNamedPipeW", proc(WaitNamedPipeW)},
};

}  // namespace

extern const ExportTable namedpipeapi_exports = kRows;

}  // namespace hmodule::winapi

// ioapiset.h: I/O completion ports.
#include "module/builtin.h"
#include "nt/handle_table.h"
#include "nt/io_completion.h"
#include "winapi/common/named_object.h"

namespace hmodule::winapi {
namespace {

using nt::IoCompletion;

struct OVERLAPPED_ENTRY {
  ULONG_PTR lpCompletionKey;
  void* lpOverlapped;
  ULONG_PTR Internal;
  DWORD dwNumberOfBytesTransferred;
};

HM_WINAPI HANDLE CreateIoCompletionPort(HANDLE file, HANDLE port, ULONG_PTR key, DWORD /*threads*/) noexcept {
  return answer<HANDLE>(nullptr, [&]() -> Result<HANDLE> {
    const bool associate = file != INVALID_HANDLE_VALUE;
    if (!associate && port != nullptr) return fail(STATUS_INVALID_PARAMETER, "a port without a file to join it");
    HANDLE handle = port;
    if (handle == nullptr) handle = TRY(nt::handle_for(nt::make_object<IoCompletion>(), nt::IO_COMPLETION_ALL_ACCESS));
    if (associate) {
      const auto join = [&]() -> Status {
        const auto target = TRY(nt::object_of<IoCompletion>(handle, nt::IO_COMPLETION_MODIFY_STATE));
        const auto source = TRY(nt::handles().find(file));
        return source.object->attach_completion_port(*target, key);
      };
      if (const Status joined = join(); !joined) {
        if (port == nullptr) static_cast<void>(nt::handles().close(handle));
        return joined.error();
      }
    }
    return handle;
  });
}

HM_WINAPI BOOL PostQueuedCompletionStatus(HANDLE handle, DWORD bytes, ULONG_PTR key, void* overlapped) noexcept {
  return succeed([&]() -> Status {
    const auto port = TRY(nt::object_of<IoCompletion>(handle, nt::IO_COMPLETION_MODIFY_STATE));
    port->post({key, reinterpret_cast<ULONG_PTR>(overlapped), STATUS_SUCCESS, bytes});
    return ok;
  });
}

// A packet of an operation that failed is delivered, and the answer is FALSE with that operation's error.
HM_WINAPI BOOL GetQueuedCompletionStatus(HANDLE handle, DWORD* bytes, ULONG_PTR* key, void** overlapped,
                                         DWORD milliseconds) noexcept {
  return succeed([&]() -> Status {
    if (bytes == nullptr || key == nullptr || overlapped == nullptr)
      return fail(STATUS_INVALID_PARAMETER, "an address for a result is NULL");
    *overlapped = nullptr;
    const auto port = TRY(nt::object_of<IoCompletion>(handle, nt::IO_COMPLETION_MODIFY_STATE));
    std::vector<nt::CompletionPacket> packets;
    const NTSTATUS status = port->remove(packets, 1, false, timeout_of(milliseconds));
    if (packets.empty()) {
      // Time-outs are WAIT_TIMEOUT here, not ERROR_TIMEOUT.
      if (status == STATUS_TIMEOUT) return fail_win32(258, "no packet within {} ms", milliseconds);
      return fail(status, "the port was closed");
    }
    *bytes = static_cast<DWORD>(packets[0].information);
    *key = packets[0].key;
    *overlapped = reinterpret_cast<void*>(packets[0].value);
    if (packets[0].status < 0) return fail(packets[0].status, "the operation of this packet failed");
    return ok;
  });
}

HM_WINAPI BOOL GetQueuedCompletionStatusEx(HANDLE handle, OVERLAPPED_ENTRY* entries, ULONG count, ULONG* removed,
                                           DWORD milliseconds, BOOL alertable) noexcept {
  return succeed([&]() -> Status {
    if (entries == nullptr || removed == nullptr || count == 0)
      return fail(STATUS_INVALID_PARAMETER, "no room for any packet");
    const auto port = TRY(nt::object_of<IoCompletion>(handle, nt::IO_COMPLETION_MODIFY_STATE));
    std::vector<nt::CompletionPacket> packets;
    const NTSTATUS status = port->remove(packets, count, alertable != 0, timeout_of(milliseconds));
    *removed = static_cast<ULONG>(packets.size());
    if (packets.empty()) {
      if (status == STATUS_TIMEOUT) return fail_win32(258, "no packet within {} ms", milliseconds);
      if (status == STATUS_USER_APC) return fail_win32(192, "an APC ran instead");  // WAIT_IO_COMPLETION
      return fail(status, "the port was closed");
    }
    for (const auto& packet : packets)
      *entries++ = {packet.key, reinterpret_cast<void*>(packet.value), static_cast<ULONG_PTR>(packet.status),
                    static_cast<DWORD>(packet.information)};
    return ok;
  });
}

const Export kRows[] = {
    {"CreateIoCompletionPort", proc(CreateIoCompletionPort), Support::partial,
     "the number of running threads is not limited"},
    {"GetQueuedCompletionStatus", proc(GetQueuedCompletionStatus)},
    {"GetQueuedCompletionStatusEx", proc(GetQueuedCompletionStatusEx)},
    {"PostQueuedCompletionStatus", proc(PostQueuedCompletionStatus)},
};

}  // namespace

extern const ExportTable ioapiset_port_exports = kRows;

}  // namespace hmodule::winapi

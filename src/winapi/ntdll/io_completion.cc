// I/O completion ports.
#include "nt/io_completion.h"

#include "module/builtin.h"
#include "nt/handle_table.h"
#include "winapi/ntdll/nt_args.h"

namespace hmodule::winapi {
namespace {

HM_WINAPI NTSTATUS NtCreateIoCompletion(HANDLE* handle, ACCESS_MASK access, const OBJECT_ATTRIBUTES* attributes,
                                        ULONG /*threads*/) noexcept {
  return nt_create(handle, nt::IoCompletion::kType, access, attributes,
                   [] { return nt::make_object<nt::IoCompletion>(); });
}
HM_WINAPI NTSTATUS NtOpenIoCompletion(HANDLE* handle, ACCESS_MASK access,
                                      const OBJECT_ATTRIBUTES* attributes) noexcept {
  return nt_open(handle, nt::IoCompletion::kType, access, attributes);
}

HM_WINAPI NTSTATUS NtSetIoCompletion(HANDLE handle, ULONG_PTR key, ULONG_PTR value, NTSTATUS status,
                                     ULONG_PTR information) noexcept {
  return status_of([&]() -> Status {
    const auto port = TRY(nt::object_of<nt::IoCompletion>(handle, nt::IO_COMPLETION_MODIFY_STATE));
    port->post({key, value, status, information});
    return ok;
  });
}

HM_WINAPI NTSTATUS NtRemoveIoCompletion(HANDLE handle, ULONG_PTR* key, ULONG_PTR* value, IO_STATUS_BLOCK* io,
                                        const LARGE_INTEGER* timeout) noexcept {
  return status_of([&]() -> Result<NTSTATUS> {
    for (const void* output : {static_cast<void*>(key), static_cast<void*>(value), static_cast<void*>(io)})
      TRY(require(output));
    const auto port = TRY(nt::object_of<nt::IoCompletion>(handle, nt::IO_COMPLETION_MODIFY_STATE));
    std::vector<nt::CompletionPacket> packets;
    const NTSTATUS status = port->remove(packets, 1, false, timeout_from(timeout));
    if (packets.empty()) return status;
    *key = packets[0].key;
    *value = packets[0].value;
    io->Status = packets[0].status;
    io->Information = packets[0].information;
    return STATUS_SUCCESS;
  });
}

struct FileIoCompletionInformation {
  ULONG_PTR CompletionKey, CompletionValue;
  IO_STATUS_BLOCK IoStatusBlock;
};

HM_WINAPI NTSTATUS NtRemoveIoCompletionEx(HANDLE handle, FileIoCompletionInformation* information, ULONG count,
                                          ULONG* written, const LARGE_INTEGER* timeout, BOOLEAN alertable) noexcept {
  return status_of([&]() -> Result<NTSTATUS> {
    TRY(require(information));
    TRY(require(written));
    if (count == 0) return fail(STATUS_INVALID_PARAMETER, "no room for any packet");
    const auto port = TRY(nt::object_of<nt::IoCompletion>(handle, nt::IO_COMPLETION_MODIFY_STATE));
    std::vector<nt::CompletionPacket> packets;
    const NTSTATUS status = port->remove(packets, count, alertable != 0, timeout_from(timeout));
    for (const auto& packet : packets) {
      information->CompletionKey = packet.key;
      information->CompletionValue = packet.value;
      information->IoStatusBlock.Status = packet.status;
      information->IoStatusBlock.Information = packet.information;
      ++information;
    }
    *written = packets.empty() ? 1 : static_cast<ULONG>(packets.size());
    return status;
  });
}

HM_WINAPI NTSTATUS NtQueryIoCompletion(HANDLE handle, LONG information_class, LONG* depth, ULONG size,
                                       ULONG* needed) noexcept {
  return status_of([&]() -> Status {
    if (information_class != 0) return fail(STATUS_INVALID_INFO_CLASS, "information class {}", information_class);
    if (size != sizeof *depth) return fail(STATUS_INFO_LENGTH_MISMATCH, "a buffer of {} bytes", size);
    TRY(require(depth));
    *depth = TRY(nt::object_of<nt::IoCompletion>(handle, nt::IO_COMPLETION_QUERY_STATE))->depth();
    store_if(needed, static_cast<ULONG>(sizeof *depth));
    return ok;
  });
}

constexpr std::string_view kNote = "the number of running threads is not limited";
const Export kRows[] = {
    {"NtCreateIoCompletion", proc(NtCreateIoCompletion), Support::partial, kNote},
    {"NtOpenIoCompletion", proc(NtOpenIoCompletion)},
    {"NtQueryIoCompletion", proc(NtQueryIoCompletion)},
    {"NtRemoveIoCompletion", proc(NtRemoveIoCompletion)},
    {"NtRemoveIoCompletionEx", proc(NtRemoveIoCompletionEx)},
    {"NtSetIoCompletion", proc(NtSetIoCompletion)},
};

}  // namespace

extern const ExportTable io_completion_exports = kRows;

}  // namespace hmodule::winapi

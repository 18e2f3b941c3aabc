// ntmmapi.h: virtual memory.
#include "module/builtin.h"
#include "nt/host_memory.h"
#include "nt/own_process.h"
#include "nt/virtual_memory.h"
#include "winapi/common/answer.h"

#include <sys/mman.h>

#include <algorithm>

namespace hmodule::winapi {
namespace {

using nt::AllocationRequest;
using nt::MemoryRange;
using nt::virtual_memory;

std::uintptr_t number(const void* address) {
  return reinterpret_cast<std::uintptr_t>(address);
}

Status both_given(void** base, SIZE_T* size) {
  if (base == nullptr || size == nullptr) return fail(STATUS_ACCESS_VIOLATION, "base or size is NULL");
  return ok;
}

void give_range(const MemoryRange& range, void** base, SIZE_T* size) {
  *base = reinterpret_cast<void*>(range.start);
  *size = range.size;
}

HM_WINAPI NTSTATUS NtAllocateVirtualMemory(HANDLE process, void** base, ULONG_PTR zero_bits, SIZE_T* size, ULONG type,
                                           ULONG protect) noexcept {
  return status_of([&]() -> Status {
    TRY(both_given(base, size));
    TRY(nt::require_own_process(process, nt::PROCESS_VM_OPERATION));
    AllocationRequest request = {.address = number(*base), .size = *size, .type = type, .protect = protect};
    TRY(nt::limit_address(zero_bits, request));
    give_range(TRY(virtual_memory().allocate(request)), base, size);
    return ok;
  });
}

HM_WINAPI NTSTATUS NtAllocateVirtualMemoryEx(HANDLE process, void** base, SIZE_T* size, ULONG type, ULONG protect,
                                             const MEM_EXTENDED_PARAMETER* parameters, ULONG count) noexcept {
  return status_of([&]() -> Status {
    TRY(both_given(base, size));
    TRY(nt::require_own_process(process, nt::PROCESS_VM_OPERATION));
    if (count != 0 && parameters == nullptr) return fail(STATUS_INVALID_PARAMETER, "{} parameters at NULL", count);
    AllocationRequest request = {
        .address = number(*base), .size = *size, .type = type, .protect = protect, .extended = true};
    for (ULONG i = 0; i < count; ++i) TRY(nt::apply(parameters[i], request));
    give_range(TRY(virtual_memory().allocate(request)), base, size);
    return ok;
  });
}

HM_WINAPI NTSTATUS NtFreeVirtualMemory(HANDLE process, void** base, SIZE_T* size, ULONG type) noexcept {
  return status_of([&]() -> Status {
    TRY(both_given(base, size));
    TRY(nt::require_own_process(process, nt::PROCESS_VM_OPERATION));
    give_range(TRY(virtual_memory().free(number(*base), *size, type)), base, size);
    return ok;
  });
}

HM_WINAPI NTSTATUS NtProtectVirtualMemory(HANDLE process, void** base, SIZE_T* size, ULONG protect,
                                          ULONG* old_protect) noexcept {
  return status_of([&]() -> Status {
    TRY(both_given(base, size));
    if (old_protect == nullptr) return fail(STATUS_ACCESS_VIOLATION, "nowhere to put the old protection");
    TRY(nt::require_own_process(process, nt::PROCESS_VM_OPERATION));
    const auto changed = TRY(virtual_memory().protect(number(*base), *size, protect));
    give_range(changed.range, base, size);
    *old_protect = changed.old_protect;
    return ok;
  });
}

template <typename Info>
Status give_info(const Info& found, void* info, SIZE_T size, SIZE_T* returned) {
  if (size < sizeof found) return fail(STATUS_INFO_LENGTH_MISMATCH, "{} bytes, {} are needed", size, sizeof found);
  if (info == nullptr) return fail(STATUS_ACCESS_VIOLATION, "nowhere to put the answer");
  *static_cast<Info*>(info) = found;
  if (returned != nullptr) *returned = sizeof found;
  return ok;
}

HM_WINAPI NTSTATUS NtQueryVirtualMemory(HANDLE process, const void* address, ULONG info_class, void* info, SIZE_T size,
                                        SIZE_T* returned) noexcept {
  return status_of([&]() -> Status {
    TRY(nt::require_own_process(process, nt::PROCESS_QUERY_LIMITED_INFORMATION));
    switch (info_class) {
      case MemoryBasicInformation:
        return give_info(TRY(virtual_memory().query(number(address))), info, size, returned);
      case MemoryRegionInformation:
        return give_info(TRY(virtual_memory().query_region(number(address))), info, size, returned);
      default:
        return fail(STATUS_INVALID_INFO_CLASS, "memory information class {}", info_class);
    }
  });
}

HM_WINAPI NTSTATUS NtLockVirtualMemory(HANDLE process, void** base, SIZE_T* size, ULONG) noexcept {
  return status_of([&]() -> Status {
    TRY(both_given(base, size));
    TRY(nt::require_own_process(process, nt::PROCESS_VM_OPERATION));
    give_range(TRY(virtual_memory().lock(number(*base), *size)), base, size);
    return ok;
  });
}
HM_WINAPI NTSTATUS NtUnlockVirtualMemory(HANDLE process, void** base, SIZE_T* size, ULONG) noexcept {
  return status_of([&]() -> Status {
    TRY(both_given(base, size));
    TRY(nt::require_own_process(process, nt::PROCESS_VM_OPERATION));
    give_range(TRY(virtual_memory().unlock(number(*base), *size)), base, size);
    return ok;
  });
}

HM_WINAPI NTSTATUS NtReadVirtualMemory(HANDLE process, const void* from, void* to, SIZE_T size, SIZE_T* read) noexcept {
  return status_of([&]() -> Status {
    TRY(nt::require_own_process(process, nt::PROCESS_VM_READ));
    const SIZE_T done = nt::copy_safely(to, from, size);
    if (read != nullptr) *read = done;
    if (done != size) return fail(STATUS_PARTIAL_COPY, "{} of {} bytes at {} can be read", done, size, from);
    return ok;
  });
}

// Unlike WriteProcessMemory it changes no protection.
HM_WINAPI NTSTATUS NtWriteVirtualMemory(HANDLE process, void* to, const void* from, SIZE_T size,
                                        SIZE_T* written) noexcept {
  return status_of([&]() -> Status {
    TRY(nt::require_own_process(process, nt::PROCESS_VM_WRITE));
    const SIZE_T done = nt::copy_safely(to, from, size);
    if (written != nullptr) *written = done;
    if (done != size) return fail(STATUS_PARTIAL_COPY, "{} of {} bytes at {} were written", done, size, to);
    return ok;
  });
}

// x86-64 keeps its instruction cache coherent.
HM_WINAPI NTSTATUS NtFlushInstructionCache(HANDLE process, const void*, SIZE_T) noexcept {
  return status_of([&] { return nt::require_own_process(process, 0); });
}

HM_WINAPI NTSTATUS NtGetWriteWatch(HANDLE process, ULONG, void* address, SIZE_T size, void** pages, ULONG_PTR* count,
                                   ULONG* granularity) noexcept {
  return status_of([&]() -> Status {
    TRY(nt::require_own_process(process, nt::PROCESS_VM_OPERATION));
    if (pages == nullptr || count == nullptr || granularity == nullptr)
      return fail(STATUS_ACCESS_VIOLATION, "nowhere to put the pages");
    const auto found = TRY(virtual_memory().write_watch(number(address), size));
    *count = std::min<ULONG_PTR>(*count, found.size());
    for (ULONG_PTR i = 0; i < *count; ++i) pages[i] = reinterpret_cast<void*>(found[i]);
    *granularity = kPageSize;
    return ok;
  });
}
HM_WINAPI NTSTATUS NtResetWriteWatch(HANDLE process, void* address, SIZE_T size) noexcept {
  return status_of([&]() -> Status {
    TRY(nt::require_own_process(process, nt::PROCESS_VM_OPERATION));
    TRY(virtual_memory().write_watch(number(address), size));
    return ok;
  });
}

// VmPrefetchInformation alone: the pages are wanted soon.
HM_WINAPI NTSTATUS NtSetInformationVirtualMemory(HANDLE process, ULONG info_class, ULONG_PTR count,
                                                 const WIN32_MEMORY_RANGE_ENTRY* ranges, const void* info,
                                                 ULONG size) noexcept {
  return status_of([&]() -> Status {
    TRY(nt::require_own_process(process, nt::PROCESS_VM_OPERATION));
    if (info_class != 0) return fail(STATUS_INVALID_INFO_CLASS, "memory information class {}", info_class);
    if (count == 0 || ranges == nullptr || info == nullptr || size != sizeof(ULONG))
      return fail(STATUS_INVALID_PARAMETER, "{} ranges, flags of {} bytes", count, size);
    for (ULONG_PTR i = 0; i < count; ++i) {
      const std::uintptr_t start = number(ranges[i].VirtualAddress) & ~std::uintptr_t{0xFFF};
      madvise(reinterpret_cast<void*>(start), number(ranges[i].VirtualAddress) + ranges[i].NumberOfBytes - start,
              MADV_WILLNEED);
    }
    return ok;
  });
}

constexpr std::string_view kOwn = "this process only";
constexpr std::string_view kWatch = "reports every committed page as written";

const Export kRows[] = {
    {"NtAllocateVirtualMemory", proc(NtAllocateVirtualMemory), Support::partial, kOwn},
    {"NtAllocateVirtualMemoryEx", proc(NtAllocateVirtualMemoryEx), Support::partial, kOwn},
    {"NtFlushInstructionCache", proc(NtFlushInstructionCache)},
    {"NtFreeVirtualMemory", proc(NtFreeVirtualMemory), Support::partial, kOwn},
    {"NtGetWriteWatch", proc(NtGetWriteWatch), Support::partial, kWatch},
    {"NtLockVirtualMemory", proc(NtLockVirtualMemory), Support::partial, kOwn},
    {"NtProtectVirtualMemory", proc(NtProtectVirtualMemory), Support::partial, kOwn},
    {"NtQueryVirtualMemory", proc(NtQueryVirtualMemory), Support::partial, "basic and region information"},
    {"NtReadVirtualMemory", proc(NtReadVirtualMemory), Support::partial, kOwn},
    {"NtResetWriteWatch", proc(NtResetWriteWatch), Support::partial, kWatch},
    {"NtSetInformationVirtualMemory", proc(NtSetInformationVirtualMemory), Support::partial, "prefetching"},
    {"NtUnlockVirtualMemory", proc(NtUnlockVirtualMemory), Support::partial, kOwn},
    {"NtWriteVirtualMemory", proc(NtWriteVirtualMemory), Support::partial, kOwn},
};

}  // namespace

extern const ExportTable virtual_exports = kRows;

}  // namespace hmodule::winapi

// memoryapi.h: virtual memory. Views of sections are in memoryapi_views.cc.
#include "win/memoryapi.h"

#include "module/builtin.h"
#include "nt/host_memory.h"
#include "nt/own_process.h"
#include "nt/virtual_memory.h"
#include "winapi/common/answer.h"

#include <sys/mman.h>

#include <algorithm>
#include <cstring>

namespace hmodule::winapi {
namespace {

using nt::AllocationRequest;
using nt::virtual_memory;

std::uintptr_t number(const void* address) {
  return reinterpret_cast<std::uintptr_t>(address);
}

HM_WINAPI void* VirtualAllocEx(HANDLE process, void* address, SIZE_T size, DWORD type, DWORD protect) noexcept {
  return answer<void*>(nullptr, [&]() -> Result<void*> {
    TRY(nt::require_own_process(process, nt::PROCESS_VM_OPERATION));
    const AllocationRequest request = {.address = number(address), .size = size, .type = type, .protect = protect};
    return reinterpret_cast<void*>(TRY(virtual_memory().allocate(request)).start);
  });
}
HM_WINAPI void* VirtualAlloc(void* address, SIZE_T size, DWORD type, DWORD protect) noexcept {
  return VirtualAllocEx(nt::current_process_handle(), address, size, type, protect);
}
HM_WINAPI void* VirtualAllocExNuma(HANDLE process, void* address, SIZE_T size, DWORD type, DWORD protect,
                                   DWORD) noexcept {
  return VirtualAllocEx(process, address, size, type, protect);  // the node is a wish
}

HM_WINAPI void* VirtualAlloc2(HANDLE process, void* address, SIZE_T size, ULONG type, ULONG protect,
                              MEM_EXTENDED_PARAMETER* parameters, ULONG count) noexcept {
  return answer<void*>(nullptr, [&]() -> Result<void*> {
    TRY(nt::require_own_process(process == nullptr ? nt::current_process_handle() : process, nt::PROCESS_VM_OPERATION));
    AllocationRequest request = {
        .address = number(address), .size = size, .type = type, .protect = protect, .extended = true};
    if (count != 0 && parameters == nullptr) return fail(STATUS_INVALID_PARAMETER, "{} parameters at NULL", count);
    for (ULONG i = 0; i < count; ++i) TRY(nt::apply(parameters[i], request));
    return reinterpret_cast<void*>(TRY(virtual_memory().allocate(request)).start);
  });
}

HM_WINAPI BOOL VirtualFreeEx(HANDLE process, void* address, SIZE_T size, DWORD type) noexcept {
  return succeed([&]() -> Status {
    TRY(nt::require_own_process(process, nt::PROCESS_VM_OPERATION));
    if (type == MEM_RELEASE && size != 0) return fail(STATUS_INVALID_PARAMETER, "MEM_RELEASE with a size, {:#x}", size);
    TRY(virtual_memory().free(number(address), size, type));
    return ok;
  });
}
HM_WINAPI BOOL VirtualFree(void* address, SIZE_T size, DWORD type) noexcept {
  return VirtualFreeEx(nt::current_process_handle(), address, size, type);
}

HM_WINAPI BOOL VirtualProtectEx(HANDLE process, void* address, SIZE_T size, DWORD protect,
                                DWORD* old_protect) noexcept {
  return succeed([&]() -> Status {
    TRY(nt::require_own_process(process, nt::PROCESS_VM_OPERATION));
    if (old_protect == nullptr) return fail(STATUS_ACCESS_VIOLATION, "nowhere to put the old protection");
    *old_protect = TRY(virtual_memory().protect(number(address), size, protect)).old_protect;
    return ok;
  });
}
HM_WINAPI BOOL VirtualProtect(void* address, SIZE_T size, DWORD protect, DWORD* old_protect) noexcept {
  return VirtualProtectEx(nt::current_process_handle(), address, size, protect, old_protect);
}

HM_WINAPI SIZE_T VirtualQueryEx(HANDLE process, const void* address, MEMORY_BASIC_INFORMATION* info,
                                SIZE_T size) noexcept {
  return answer<SIZE_T>(0, [&]() -> Result<SIZE_T> {
    TRY(nt::require_own_process(process, nt::PROCESS_QUERY_LIMITED_INFORMATION));
    if (size < sizeof *info || info == nullptr)
      return fail(STATUS_INFO_LENGTH_MISMATCH, "{} bytes for a MEMORY_BASIC_INFORMATION", size);
    *info = TRY(virtual_memory().query(number(address)));
    return sizeof *info;
  });
}
HM_WINAPI SIZE_T VirtualQuery(const void* address, MEMORY_BASIC_INFORMATION* info, SIZE_T size) noexcept {
  return VirtualQueryEx(nt::current_process_handle(), address, info, size);
}

HM_WINAPI BOOL VirtualLock(void* address, SIZE_T size) noexcept {
  return succeed([&]() -> Status {
    TRY(virtual_memory().lock(number(address), size));
    return ok;
  });
}
HM_WINAPI BOOL VirtualUnlock(void* address, SIZE_T size) noexcept {
  return succeed([&]() -> Status {
    TRY(virtual_memory().unlock(number(address), size));
    return ok;
  });
}

HM_WINAPI BOOL ReadProcessMemory(HANDLE process, const void* from, void* to, SIZE_T size, SIZE_T* read) noexcept {
  return succeed([&]() -> Status {
    TRY(nt::require_own_process(process, nt::PROCESS_VM_READ));
    const SIZE_T done = nt::copy_safely(to, from, size);
    if (read != nullptr) *read = done;
    if (done != size) return fail(STATUS_PARTIAL_COPY, "{} of {} bytes at {} can be read", done, size, from);
    return ok;
  });
}

HM_WINAPI BOOL WriteProcessMemory(HANDLE process, void* to, const void* from, SIZE_T size, SIZE_T* written) noexcept {
  return succeed([&]() -> Status {
    TRY(nt::require_own_process(process, nt::PROCESS_VM_WRITE | nt::PROCESS_VM_OPERATION));
    if (written != nullptr) *written = 0;
    const SIZE_T done = TRY(nt::write_memory(to, from, size));
    if (written != nullptr) *written = done;
    if (done != size) return fail(STATUS_PARTIAL_COPY, "{} of {} bytes at {} were written", done, size, to);
    return ok;
  });
}

// x86-64 keeps its instruction cache coherent.
HM_WINAPI BOOL FlushInstructionCache(HANDLE process, const void*, SIZE_T) noexcept {
  return succeed([&] { return nt::require_own_process(process, 0); });
}

HM_WINAPI SIZE_T GetLargePageMinimum() noexcept {
  return kLargePageSize;
}

// ERROR_SUCCESS is 0 here, and ~0 a failure with the last error set.
HM_WINAPI UINT GetWriteWatch(DWORD, void* address, SIZE_T size, void** pages, ULONG_PTR* count,
                             DWORD* granularity) noexcept {
  return answer<UINT>(~0U, [&]() -> Result<UINT> {
    if (pages == nullptr || count == nullptr || granularity == nullptr)
      return fail(STATUS_ACCESS_VIOLATION, "nowhere to put the pages");
    const auto written = TRY(virtual_memory().write_watch(number(address), size));
    *count = std::min<ULONG_PTR>(*count, written.size());
    for (ULONG_PTR i = 0; i < *count; ++i) pages[i] = reinterpret_cast<void*>(written[i]);
    *granularity = kPageSize;
    return 0U;
  });
}
HM_WINAPI UINT ResetWriteWatch(void* address, SIZE_T size) noexcept {
  return answer<UINT>(~0U, [&]() -> Result<UINT> {
    TRY(virtual_memory().write_watch(number(address), size));
    return 0U;
  });
}

HM_WINAPI BOOL PrefetchVirtualMemory(HANDLE process, ULONG_PTR count, const WIN32_MEMORY_RANGE_ENTRY* ranges,
                                     ULONG flags) noexcept {
  return succeed([&]() -> Status {
    TRY(nt::require_own_process(process, 0));
    if (count == 0 || ranges == nullptr || flags != 0)
      return fail(STATUS_INVALID_PARAMETER, "{} ranges, flags {:#x}", count, flags);
    for (ULONG_PTR i = 0; i < count; ++i) {
      const std::uintptr_t start = number(ranges[i].VirtualAddress) & ~(kPageSize - 1);
      madvise(reinterpret_cast<void*>(start), number(ranges[i].VirtualAddress) + ranges[i].NumberOfBytes - start,
              MADV_WILLNEED);
    }
    return ok;
  });
}

// Returns an error code. The contents are undefined afterwards; ours become zeros.
HM_WINAPI DWORD DiscardVirtualMemory(void* address, SIZE_T size) noexcept {
  const auto region = virtual_memory().query(number(address));
  if (!region || size == 0 || number(address) % kPageSize != 0 || size % kPageSize != 0) return ERROR_INVALID_PARAMETER;
  if (region->State != MEM_COMMIT || region->Type != MEM_PRIVATE || region->RegionSize < size)
    return ERROR_INVALID_PARAMETER;
  return madvise(address, size, MADV_DONTNEED) == 0 ? ERROR_SUCCESS : ERROR_INVALID_PARAMETER;
}

HM_WINAPI BOOL IsBadReadPtr(const void* address, UINT_PTR size) noexcept {
  return !nt::is_readable(address, size);
}
HM_WINAPI BOOL IsBadCodePtr(const void* address) noexcept {
  return !nt::is_readable(address, 1);
}
HM_WINAPI BOOL IsBadWritePtr(void* address, UINT_PTR size) noexcept {
  return !nt::is_writable(address, size);
}

// A string is bad if it cannot be read up to its end or `most` units, whichever comes first.
template <typename Char>
bool is_bad_string(const Char* string, UINT_PTR most) {
  Char part[64];
  while (most > 0) {
    const std::size_t left_in_page = kPageSize - number(string) % kPageSize;
    const std::size_t units = std::max<std::size_t>(1, std::min({most, UINT_PTR{64}, left_in_page / sizeof(Char)}));
    if (nt::copy_safely(part, string, units * sizeof(Char)) != units * sizeof(Char)) return true;
    if (std::find(part, part + units, Char{}) != part + units) return false;
    string += units;
    most -= units;
  }
  return false;
}
HM_WINAPI BOOL IsBadStringPtrA(const char* string, UINT_PTR most) noexcept {
  return is_bad_string(string, most);
}
HM_WINAPI BOOL IsBadStringPtrW(const WCHAR* string, UINT_PTR most) noexcept {
  return is_bad_string(string, most);
}

constexpr std::string_view kPrivate = "no large pages";
constexpr std::string_view kWatch = "reports every committed page as written";

const Export kRows[] = {
    {"DiscardVirtualMemory", proc(DiscardVirtualMemory)},
    {"FlushInstructionCache", proc(FlushInstructionCache)},
    {"GetLargePageMinimum", proc(GetLargePageMinimum)},
    {"GetWriteWatch", proc(GetWriteWatch), Support::partial, kWatch},
    {"IsBadCodePtr", proc(IsBadCodePtr)},
    {"IsBadHugeReadPtr", proc(IsBadReadPtr)},
    {"IsBadHugeWritePtr", proc(IsBadWritePtr)},
    {"IsBadReadPtr", proc(IsBadReadPtr)},
    {"IsBadStringPtrA", proc(IsBadStringPtrA)},
    {"IsBadStringPtrW", proc(IsBadStringPtrW)},
    {"IsBadWritePtr", proc(IsBadWritePtr)},
    {"PrefetchVirtualMemory", proc(PrefetchVirtualMemory)},
    {"ReadProcessMemory", proc(ReadProcessMemory), Support::partial, "this process only"},
    {"ResetWriteWatch", proc(ResetWriteWatch), Support::partial, kWatch},
    {"VirtualAlloc", proc(VirtualAlloc), Support::partial, kPrivate},
    {"VirtualAlloc2", proc(VirtualAlloc2), Support::partial, kPrivate},
    {"VirtualAllocEx", proc(VirtualAllocEx), Support::partial, "this process only"},
    {"VirtualAllocExNuma", proc(VirtualAllocExNuma), Support::partial, "this process only"},
    {"VirtualFree", proc(VirtualFree)},
    {"VirtualFreeEx", proc(VirtualFreeEx), Support::partial, "this process only"},
    {"VirtualLock", proc(VirtualLock)},
    {"VirtualProtect", proc(VirtualProtect)},
    {"VirtualProtectEx", proc(VirtualProtectEx), Support::partial, "this process only"},
    {"VirtualQuery", proc(VirtualQuery)},
    {"VirtualQueryEx", proc(VirtualQueryEx), Support::partial, "this process only"},
    {"VirtualUnlock", proc(VirtualUnlock)},
    {"WriteProcessMemory", proc(WriteProcessMemory), Support::partial, "this process only"},
};

}  // namespace

extern const ExportTable memoryapi_exports = kRows;

}  // namespace hmodule::winapi

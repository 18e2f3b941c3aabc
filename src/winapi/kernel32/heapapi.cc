// heapapi.h: heaps by handle.
#include "win/heapapi.h"

#include "module/builtin.h"
#include "nt/heap.h"
#include "winapi/common/answer.h"
#include "winapi/ntdll/heap.h"

#include <malloc.h>

#include <algorithm>

namespace hmodule::winapi {
namespace {

using nt::Heap;

Result<Heap*> heap_of(HANDLE handle) {
  Heap* heap = Heap::from_handle(handle);
  if (heap == nullptr) return fail(STATUS_INVALID_HANDLE, "{} is no heap", handle);
  return heap;
}

HM_WINAPI HANDLE GetProcessHeap() noexcept {
  return thread::teb().ProcessEnvironmentBlock->ProcessHeap;
}

HM_WINAPI DWORD GetProcessHeaps(DWORD count, HANDLE* heaps) noexcept {
  return answer<DWORD>(0, [&]() -> Result<DWORD> {
    const auto all = Heap::all();
    if (count >= all.size() && heaps != nullptr) std::copy(all.begin(), all.end(), heaps);
    return static_cast<DWORD>(all.size());
  });
}

HM_WINAPI HANDLE HeapCreate(DWORD flags, SIZE_T initial, SIZE_T maximum) noexcept {
  return answer<HANDLE>(nullptr, [&]() -> Result<HANDLE> {
    if (maximum != 0 && initial > maximum)
      return fail(STATUS_INVALID_PARAMETER, "a heap of {} bytes at first and {} at most", initial, maximum);
    return TRY(Heap::create(flags, maximum))->handle();
  });
}

HM_WINAPI BOOL HeapDestroy(HANDLE handle) noexcept {
  return succeed([&]() -> Status {
    if (!Heap::destroy(TRY(heap_of(handle))))
      return fail(STATUS_INVALID_HANDLE, "the process heap cannot be destroyed");
    return ok;
  });
}

HM_WINAPI BOOL HeapValidate(HANDLE handle, DWORD, const void* block) noexcept {
  Heap* heap = Heap::from_handle(handle);
  return heap != nullptr && (block == nullptr ? heap->validate() : heap->owns(block));
}

HM_WINAPI SIZE_T HeapCompact(HANDLE handle, DWORD) noexcept {
  return answer<SIZE_T>(0, [&]() -> Result<SIZE_T> {
    TRY(heap_of(handle));
    thread::set_last_error(ERROR_SUCCESS);
    return Heap::compact();
  });
}

HM_WINAPI BOOL HeapLock(HANDLE handle) noexcept {
  return succeed([&]() -> Status {
    Heap* heap = TRY(heap_of(handle));
    if ((heap->flags() & HEAP_NO_SERIALIZE) != 0)
      return fail(STATUS_INVALID_PARAMETER, "the heap was made with HEAP_NO_SERIALIZE and has no lock");
    heap->lock();
    return ok;
  });
}

HM_WINAPI BOOL HeapUnlock(HANDLE handle) noexcept {
  return succeed([&]() -> Status {
    Heap* heap = TRY(heap_of(handle));
    if (!heap->lock_held_by_caller())
      return fail(STATUS_NOT_LOCKED, "the calling thread does not hold the heap's lock");
    heap->unlock();
    return ok;
  });
}

HM_WINAPI BOOL HeapWalk(HANDLE handle, PROCESS_HEAP_ENTRY* entry) noexcept {
  return succeed([&]() -> Status {
    Heap* heap = TRY(heap_of(handle));
    if (entry == nullptr || (entry->lpData != nullptr && !heap->owns(entry->lpData)))
      return fail(STATUS_INVALID_PARAMETER, "the walk does not continue from a block of the heap");
    void* block = heap->next_block(entry->lpData);
    if (block == nullptr) return fail(STATUS_NO_MORE_ENTRIES, "the heap's last block was seen");
    *entry = {.lpData = block,
              .cbData = static_cast<DWORD>(heap->size(block)),
              .cbOverhead = 32,
              .iRegionIndex = 0,
              .wFlags = PROCESS_HEAP_ENTRY_BUSY,
              .Block = {}};
    return ok;
  });
}

HM_WINAPI BOOL HeapSummary(HANDLE handle, DWORD, HEAP_SUMMARY* summary) noexcept {
  return succeed([&]() -> Status {
    Heap* heap = TRY(heap_of(handle));
    if (summary == nullptr || summary->cb != sizeof *summary)
      return fail(STATUS_INVALID_PARAMETER, "HEAP_SUMMARY.cb is not {}", sizeof *summary);
    const struct mallinfo2 all = mallinfo2();
    const SIZE_T used = heap->is_process_heap() ? all.uordblks + all.hblkhd : heap->allocated_bytes();
    const SIZE_T held = heap->is_process_heap() ? all.arena + all.hblkhd : used;
    *summary = {sizeof *summary, used, held, held, held};
    return ok;
  });
}

HM_WINAPI BOOL HeapQueryInformation(HANDLE handle, LONG info_class, void* info, SIZE_T size, SIZE_T* needed) noexcept {
  return succeed([&]() -> Status {
    const NTSTATUS status = RtlQueryHeapInformation(handle, info_class, info, size, needed);
    if (!nt_success(status)) return fail(status, "heap information class {}, {} bytes", info_class, size);
    return ok;
  });
}

HM_WINAPI BOOL HeapSetInformation(HANDLE handle, LONG info_class, void* info, SIZE_T size) noexcept {
  return succeed([&]() -> Status {
    const NTSTATUS status = RtlSetHeapInformation(handle, info_class, info, size);
    if (!nt_success(status)) return fail(status, "heap information class {}, {} bytes", info_class, size);
    return ok;
  });
}

constexpr std::string_view kNoLock = "a lock of the process heap does not hold up other threads' allocations";

const Export kRows[] = {
    {"GetProcessHeap", proc(GetProcessHeap)},
    {"GetProcessHeaps", proc(GetProcessHeaps)},
    {"HeapAlloc", proc(RtlAllocateHeap)},
    {"HeapCompact", proc(HeapCompact), Support::partial, "the size is that of malloc's topmost free block"},
    {"HeapCreate", proc(HeapCreate)},
    {"HeapDestroy", proc(HeapDestroy)},
    {"HeapFree", proc(RtlFreeHeap)},
    {"HeapLock", proc(HeapLock), Support::partial, kNoLock},
    {"HeapQueryInformation", proc(HeapQueryInformation)},
    {"HeapReAlloc", proc(RtlReAllocateHeap)},
    {"HeapSetInformation", proc(HeapSetInformation)},
    {"HeapSize", proc(RtlSizeHeap)},
    {"HeapSummary", proc(HeapSummary)},
    {"HeapUnlock", proc(HeapUnlock), Support::partial, kNoLock},
    {"HeapValidate", proc(HeapValidate)},
    {"HeapWalk", proc(HeapWalk), Support::partial, "lists blocks only, and none of the process heap"},
};

}  // namespace

extern const ExportTable heapapi_exports = kRows;

}  // namespace hmodule::winapi

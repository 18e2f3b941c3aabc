// ntrtl.h: heaps.
#include "winapi/ntdll/heap.h"

#include "module/builtin.h"
#include "nt/heap.h"
#include "thread/teb.h"
#include "unwind/exceptions.h"
#include "winapi/common/answer.h"

#include <algorithm>

namespace hmodule::winapi {

using nt::Heap;

namespace {

// The failure value, with the reason left in the TEB.
template <typename T>
[[gnu::cold]] T refuse(NTSTATUS status, T value) {
  thread::set_last_status(status);
  return value;
}

// Said as the heap or the call wants to hear it.
[[gnu::always_inline]] inline void* refuse_memory(const Heap& heap, ULONG flags) {
  if (((heap.flags() | flags) & HEAP_GENERATE_EXCEPTIONS) != 0) unwind::hm_rtl_raise_status(STATUS_NO_MEMORY);
  return refuse<void*>(STATUS_NO_MEMORY, nullptr);
}

[[gnu::noinline]] HM_WINAPI void* allocate_block(HANDLE handle, ULONG flags, SIZE_T size) noexcept {
  Heap* heap = Heap::from_handle(handle);
  if (heap == nullptr) [[unlikely]]
    return refuse<void*>(STATUS_INVALID_HANDLE, nullptr);
  heap->free_kept_like(size);
  void* block = heap->allocate(flags, size);
  if (block == nullptr) [[unlikely]]
    return refuse_memory(*heap, flags);
  return block;
}

[[gnu::noinline]] HM_WINAPI BOOL free_block(HANDLE handle, void* block) noexcept {
  if (block == nullptr) return TRUE;
  Heap* heap = Heap::from_handle(handle);
  if (heap == nullptr) [[unlikely]]
    return refuse<BOOL>(STATUS_INVALID_HANDLE, FALSE);
  if (heap->owns(block)) heap->free_kept_like(heap->size(block));
  if (!heap->free(block)) [[unlikely]]
    return refuse<BOOL>(STATUS_INVALID_PARAMETER, FALSE);
  return TRUE;
}

[[gnu::always_inline]] inline void* allocate_quickly(HANDLE handle, ULONG flags, SIZE_T size) noexcept {
  void* block = Heap::allocate_from_kept(handle, flags, size);
  return block != nullptr ? block : allocate_block(handle, flags, size);
}
[[gnu::always_inline]] inline BOOL free_quickly(HANDLE handle, void* block) noexcept {
  return Heap::free_and_keep(handle, block) ? TRUE : free_block(handle, block);
}

// The compiler makes of each what one kind of heap needs, with fewer registers.
[[gnu::noinline]] HM_WINAPI void* allocate_privately(HANDLE handle, ULONG flags, SIZE_T size) noexcept {
  if (Heap::is_process_heap(handle)) __builtin_unreachable();
  return allocate_quickly(handle, flags, size);
}
[[gnu::noinline]] HM_WINAPI BOOL free_privately(HANDLE handle, void* block) noexcept {
  if (Heap::is_process_heap(handle)) __builtin_unreachable();
  return free_quickly(handle, block);
}

}  // namespace

HM_WINAPI void* RtlAllocateHeap(HANDLE handle, ULONG flags, SIZE_T size) noexcept {
  return Heap::is_process_heap(handle) ? allocate_quickly(handle, flags, size)
                                       : allocate_privately(handle, flags, size);
}

HM_WINAPI void* RtlReAllocateHeap(HANDLE handle, ULONG flags, void* block, SIZE_T size) noexcept {
  Heap* heap = Heap::from_handle(handle);
  if (heap == nullptr) [[unlikely]]
    return refuse<void*>(STATUS_INVALID_HANDLE, nullptr);
  if (block == nullptr) return nullptr;
  void* moved = heap->reallocate(flags, block, size);
  if (moved == nullptr) [[unlikely]]
    return heap->owns(block) ? refuse_memory(*heap, flags) : refuse<void*>(STATUS_INVALID_PARAMETER, nullptr);
  return moved;
}

HM_WINAPI BOOL RtlFreeHeap(HANDLE handle, ULONG, void* block) noexcept {
  return Heap::is_process_heap(handle) ? free_quickly(handle, block) : free_privately(handle, block);
}

HM_WINAPI SIZE_T RtlSizeHeap(HANDLE handle, ULONG, const void* block) noexcept {
  const Heap* heap = Heap::from_handle(handle);
  if (heap == nullptr || !heap->owns(block)) [[unlikely]]
    return refuse(STATUS_INVALID_PARAMETER, ~SIZE_T{0});
  return heap->size(block);
}

namespace {

HM_WINAPI HANDLE RtlCreateHeap(ULONG flags, void* address, SIZE_T reserve, SIZE_T commit, void*, void*) noexcept {
  return answer<HANDLE>(nullptr, [&]() -> Result<HANDLE> {
    if (address != nullptr) return fail(STATUS_INVALID_PARAMETER, "a heap at an address of the caller's");
    const SIZE_T maximum = (flags & HEAP_GROWABLE) != 0 ? 0 : std::max(reserve, commit);
    return TRY(Heap::create(flags, maximum))->handle();
  });
}

// NULL on success, the handle otherwise.
HM_WINAPI HANDLE RtlDestroyHeap(HANDLE handle) noexcept {
  Heap* heap = Heap::from_handle(handle);
  if (heap == nullptr || !Heap::destroy(heap)) return refuse(STATUS_INVALID_HANDLE, handle);
  return nullptr;
}

HM_WINAPI BOOLEAN RtlValidateHeap(HANDLE handle, ULONG, const void* block) noexcept {
  Heap* heap = Heap::from_handle(handle);
  if (heap == nullptr) return FALSE;
  return block == nullptr ? heap->validate() : heap->owns(block);
}

HM_WINAPI BOOLEAN RtlLockHeap(HANDLE handle) noexcept {
  Heap* heap = Heap::from_handle(handle);
  if (heap == nullptr || (heap->flags() & HEAP_NO_SERIALIZE) != 0) return FALSE;
  heap->lock();
  return TRUE;
}
HM_WINAPI BOOLEAN RtlUnlockHeap(HANDLE handle) noexcept {
  Heap* heap = Heap::from_handle(handle);
  if (heap == nullptr || !heap->lock_held_by_caller()) return FALSE;
  heap->unlock();
  return TRUE;
}

HM_WINAPI SIZE_T RtlCompactHeap(HANDLE handle, ULONG) noexcept {
  if (Heap::from_handle(handle) == nullptr) return refuse(STATUS_INVALID_HANDLE, SIZE_T{0});
  thread::set_last_error(ERROR_SUCCESS);
  return Heap::compact();
}

HM_WINAPI ULONG RtlGetProcessHeaps(ULONG count, HANDLE* heaps) noexcept {
  return answer<ULONG>(0, [&]() -> Result<ULONG> {
    const auto all = Heap::all();
    if (heaps != nullptr) std::copy_n(all.begin(), std::min<std::size_t>(count, all.size()), heaps);
    return static_cast<ULONG>(all.size());
  });
}

HM_WINAPI NTSTATUS RtlWalkHeap(HANDLE handle, RTL_HEAP_WALK_ENTRY* entry) noexcept {
  Heap* heap = Heap::from_handle(handle);
  if (heap == nullptr || entry == nullptr) return STATUS_INVALID_HANDLE;
  if (entry->DataAddress != nullptr && !heap->owns(entry->DataAddress)) return STATUS_INVALID_PARAMETER;
  void* block = heap->next_block(entry->DataAddress);
  if (block == nullptr) return STATUS_NO_MORE_ENTRIES;
  const ULONG flags = heap->user_flags(block);
  *entry = {.DataAddress = block,
            .DataSize = heap->size(block),
            .OverheadBytes = 32,
            .SegmentIndex = 0,
            .Flags = static_cast<USHORT>(RTL_HEAP_ENTRY_BUSY |
                                         (flags & (HEAP_SETTABLE_USER_VALUE | HEAP_SETTABLE_USER_FLAGS)) >> 4),
            .Block = {reinterpret_cast<SIZE_T>(heap->user_value(block).value_or(nullptr)), 0, 0, {}}};
  return STATUS_SUCCESS;
}

HM_WINAPI BOOLEAN RtlGetUserInfoHeap(HANDLE handle, ULONG, const void* block, void** value, ULONG* flags) noexcept {
  const Heap* heap = Heap::from_handle(handle);
  if (heap == nullptr || !heap->owns(block)) return refuse<BOOLEAN>(STATUS_INVALID_PARAMETER, FALSE);
  if (value != nullptr) *value = heap->user_value(block).value_or(nullptr);
  if (flags != nullptr) *flags = heap->user_flags(block);
  return TRUE;
}
HM_WINAPI BOOLEAN RtlSetUserValueHeap(HANDLE handle, ULONG, void* block, void* value) noexcept {
  Heap* heap = Heap::from_handle(handle);
  if (heap == nullptr || !heap->set_user_value(block, value)) return refuse<BOOLEAN>(STATUS_INVALID_PARAMETER, FALSE);
  return TRUE;
}
HM_WINAPI BOOLEAN RtlSetUserFlagsHeap(HANDLE handle, ULONG, void* block, ULONG reset, ULONG set) noexcept {
  Heap* heap = Heap::from_handle(handle);
  if (heap == nullptr || !heap->set_user_flags(block, reset, set))
    return refuse<BOOLEAN>(STATUS_INVALID_PARAMETER, FALSE);
  return TRUE;
}

}  // namespace

// The low-fragmentation heap, 2, is what malloc amounts to; asking for it is how programs use the class.
constexpr ULONG kStandardHeap = 0, kLowFragmentationHeap = 2;

HM_WINAPI NTSTATUS RtlQueryHeapInformation(HANDLE handle, LONG info_class, void* info, SIZE_T size,
                                           SIZE_T* needed) noexcept {
  Heap* heap = Heap::from_handle(handle);
  if (info_class != static_cast<LONG>(HeapCompatibilityInformation)) return STATUS_INVALID_INFO_CLASS;
  if (heap == nullptr) return STATUS_INVALID_HANDLE;
  if (needed != nullptr) *needed = sizeof(ULONG);
  if (size < sizeof(ULONG) || info == nullptr) return STATUS_BUFFER_TOO_SMALL;
  *static_cast<ULONG*>(info) = (heap->flags() & HEAP_NO_SERIALIZE) != 0 ? kStandardHeap : kLowFragmentationHeap;
  return STATUS_SUCCESS;
}

HM_WINAPI NTSTATUS RtlSetHeapInformation(HANDLE handle, LONG info_class, const void* info, SIZE_T size) noexcept {
  switch (info_class) {
    case HeapCompatibilityInformation: {
      if (size < sizeof(ULONG) || info == nullptr) return STATUS_BUFFER_TOO_SMALL;
      Heap* heap = Heap::from_handle(handle);
      if (heap == nullptr) return STATUS_INVALID_HANDLE;
      const ULONG wanted = *static_cast<const ULONG*>(info);
      if (wanted != kStandardHeap && wanted != kLowFragmentationHeap) return STATUS_UNSUCCESSFUL;
      return (heap->flags() & HEAP_NO_SERIALIZE) != 0 && wanted == kLowFragmentationHeap ? STATUS_UNSUCCESSFUL
                                                                                         : STATUS_SUCCESS;
    }
    case HeapEnableTerminationOnCorruption:  // malloc aborts on the corruption it sees, always
      return STATUS_SUCCESS;
    case HeapOptimizeResources:
      Heap::compact();
      return STATUS_SUCCESS;
    default:
      return STATUS_INVALID_INFO_CLASS;
  }
}

namespace {

constexpr std::string_view kNoLock = "a lock of the process heap does not hold up other threads' allocations";

const Export kRows[] = {
    {"RtlAllocateHeap", proc(RtlAllocateHeap)},
    {"RtlCompactHeap", proc(RtlCompactHeap), Support::partial, "the size is that of malloc's topmost free block"},
    {"RtlCreateHeap", proc(RtlCreateHeap), Support::partial, "not at an address of the caller's"},
    {"RtlDestroyHeap", proc(RtlDestroyHeap)},
    {"RtlFreeHeap", proc(RtlFreeHeap)},
    {"RtlGetProcessHeaps", proc(RtlGetProcessHeaps)},
    {"RtlGetUserInfoHeap", proc(RtlGetUserInfoHeap)},
    {"RtlLockHeap", proc(RtlLockHeap), Support::partial, kNoLock},
    {"RtlQueryHeapInformation", proc(RtlQueryHeapInformation)},
    {"RtlReAllocateHeap", proc(RtlReAllocateHeap)},
    {"RtlSetHeapInformation", proc(RtlSetHeapInformation)},
    {"RtlSetUserFlagsHeap", proc(RtlSetUserFlagsHeap)},
    {"RtlSetUserValueHeap", proc(RtlSetUserValueHeap)},
    {"RtlSizeHeap", proc(RtlSizeHeap)},
    {"RtlUnlockHeap", proc(RtlUnlockHeap), Support::partial, kNoLock},
    {"RtlValidateHeap", proc(RtlValidateHeap)},
    {"RtlWalkHeap", proc(RtlWalkHeap), Support::partial, "lists blocks only, and none of the process heap"},
};

}  // namespace

extern const ExportTable heap_exports = kRows;

}  // namespace hmodule::winapi

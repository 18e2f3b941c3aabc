// winbase.h: LocalAlloc and GlobalAlloc, one family under two names.
#include "module/builtin.h"
#include "nt/moveable_memory.h"
#include "winapi/common/answer.h"

namespace hmodule::winapi {
namespace {

using nt::MoveableBlock;

constexpr UINT kMoveable = 0x2, kZeroInit = 0x40, kModify = 0x80;  // GMEM_ and LMEM_ alike
constexpr UINT kDiscarded = 0x4000, kInvalidHandle = 0x8000, kMostLocks = 0xFF;
constexpr UINT kLocalDiscardable = 0xF00, kGlobalDiscardable = 0x100;
constexpr SIZE_T kNoSize = 0;

ULONG heap_flags(UINT flags) {
  return (flags & kZeroInit) != 0 ? HEAP_ZERO_MEMORY : 0;
}

Error not_a_handle(HANDLE handle) {
  return fail(STATUS_INVALID_HANDLE, "{} is neither a local nor a global memory handle", handle);
}

bool is_fixed(HANDLE handle) {
  return !nt::is_moveable_handle(handle) && nt::process_heap().owns(handle);
}

Result<MoveableBlock*> moveable(HANDLE handle) {
  MoveableBlock* block = nt::moveable_block(handle);
  if (block == nullptr) return not_a_handle(handle);
  return block;
}

Result<HANDLE> allocate(UINT flags, SIZE_T size, bool discardable) {
  if ((flags & kMoveable) != 0) {
    const std::lock_guard lock(nt::moveable_memory_mutex());
    return nt::allocate_moveable(heap_flags(flags), size, discardable);
  }
  void* block = nt::process_heap().allocate(heap_flags(flags), size);
  if (block == nullptr) return fail(STATUS_NO_MEMORY, "no memory for {} bytes", size);
  return block;
}

Result<HANDLE> resize_fixed(HANDLE handle, SIZE_T size, UINT flags) {
  if ((flags & kModify) != 0) return handle;
  const ULONG in_place = (flags & kMoveable) == 0 ? HEAP_REALLOC_IN_PLACE_ONLY : 0;
  void* block = nt::process_heap().reallocate(heap_flags(flags) | in_place, handle, size);
  if (block == nullptr) return fail(STATUS_NO_MEMORY, "no memory to resize a block to {} bytes", size);
  return block;
}

Result<HANDLE> reallocate(HANDLE handle, SIZE_T size, UINT flags, UINT discardable) {
  if (is_fixed(handle)) return resize_fixed(handle, size, flags);
  const std::lock_guard lock(nt::moveable_memory_mutex());
  MoveableBlock& block = *TRY(moveable(handle));
  if ((flags & kModify) != 0) {
    block.discardable = (flags & discardable) != 0;
    return handle;
  }
  const bool pinned = block.lock_count != 0 && (flags & kMoveable) == 0;
  if (size == 0 && block.lock_count != 0) return fail(STATUS_INVALID_PARAMETER, "a locked block cannot be discarded");
  TRY(nt::resize_moveable(block, heap_flags(flags) | (pinned ? HEAP_REALLOC_IN_PLACE_ONLY : 0), size));
  return handle;
}

// NULL, or the handle if there is no such block.
HM_WINAPI HANDLE LocalFree(HANDLE handle) noexcept {
  return answer<HANDLE>(handle, [&]() -> Result<HANDLE> {
    if (handle == nullptr || (!nt::is_moveable_handle(handle) && nt::process_heap().free(handle))) return HANDLE{};
    const std::lock_guard lock(nt::moveable_memory_mutex());
    nt::free_moveable(*TRY(moveable(handle)));
    return HANDLE{};
  });
}

HM_WINAPI void* LocalLock(HANDLE handle) noexcept {
  return answer<void*>(nullptr, [&]() -> Result<void*> {
    if (is_fixed(handle)) return handle;
    const std::lock_guard lock(nt::moveable_memory_mutex());
    MoveableBlock& block = *TRY(moveable(handle));
    if (block.memory == nullptr) return fail_win32(ERROR_DISCARDED, "{} was discarded", handle);
    if (block.lock_count < kMostLocks) ++block.lock_count;
    return block.memory;
  });
}

// FALSE with ERROR_SUCCESS when the last lock goes.
Result<BOOL> unlock_moveable(HANDLE handle) {
  const std::lock_guard lock(nt::moveable_memory_mutex());
  MoveableBlock& block = *TRY(moveable(handle));
  if (block.lock_count == 0) return fail(STATUS_NOT_LOCKED, "{} is not locked", handle);
  if (--block.lock_count != 0) return TRUE;
  thread::set_last_error(ERROR_SUCCESS);
  return FALSE;
}

HM_WINAPI BOOL LocalUnlock(HANDLE handle) noexcept {
  return answer<BOOL>(FALSE, [&]() -> Result<BOOL> {
    if (is_fixed(handle)) return fail(STATUS_NOT_LOCKED, "a fixed block has no locks");
    return unlock_moveable(handle);
  });
}
HM_WINAPI BOOL GlobalUnlock(HANDLE handle) noexcept {
  return answer<BOOL>(FALSE, [&]() -> Result<BOOL> {
    if (is_fixed(handle)) return TRUE;
    return unlock_moveable(handle);
  });
}

HM_WINAPI SIZE_T LocalSize(HANDLE handle) noexcept {
  return answer<SIZE_T>(0, [&]() -> Result<SIZE_T> {
    if (is_fixed(handle)) return nt::process_heap().size(handle);
    const std::lock_guard lock(nt::moveable_memory_mutex());
    const MoveableBlock& block = *TRY(moveable(handle));
    return block.memory == nullptr ? kNoSize : nt::process_heap().size(block.memory);
  });
}

Result<UINT> flags_of(HANDLE handle, UINT discardable) {
  if (is_fixed(handle)) return UINT{0};
  const std::lock_guard lock(nt::moveable_memory_mutex());
  const MoveableBlock& block = *TRY(moveable(handle));
  return block.lock_count | (block.discardable ? discardable : 0) | (block.discarded ? kDiscarded : 0);
}
HM_WINAPI UINT LocalFlags(HANDLE handle) noexcept {
  return answer<UINT>(kInvalidHandle, [&] { return flags_of(handle, kLocalDiscardable); });
}
HM_WINAPI UINT GlobalFlags(HANDLE handle) noexcept {
  return answer<UINT>(kInvalidHandle, [&] { return flags_of(handle, kGlobalDiscardable); });
}

HM_WINAPI HANDLE LocalHandle(const void* memory) noexcept {
  return answer<HANDLE>(nullptr, [&]() -> Result<HANDLE> {
    auto* const fixed = const_cast<void*>(memory);
    if (!is_fixed(fixed)) return not_a_handle(fixed);
    const std::lock_guard lock(nt::moveable_memory_mutex());
    HANDLE handle = nt::moveable_handle_of(memory);
    return handle != nullptr ? handle : fixed;
  });
}

HM_WINAPI HANDLE LocalAlloc(UINT flags, SIZE_T size) noexcept {
  return answer<HANDLE>(nullptr, [&] { return allocate(flags, size, (flags & kLocalDiscardable) != 0); });
}
HM_WINAPI HANDLE GlobalAlloc(UINT flags, SIZE_T size) noexcept {
  return answer<HANDLE>(nullptr, [&] { return allocate(flags, size, (flags & kGlobalDiscardable) != 0); });
}
HM_WINAPI HANDLE LocalReAlloc(HANDLE handle, SIZE_T size, UINT flags) noexcept {
  return answer<HANDLE>(nullptr, [&] { return reallocate(handle, size, flags, kLocalDiscardable); });
}
HM_WINAPI HANDLE GlobalReAlloc(HANDLE handle, SIZE_T size, UINT flags) noexcept {
  return answer<HANDLE>(nullptr, [&] { return reallocate(handle, size, flags, kGlobalDiscardable); });
}

const Export kRows[] = {
    {"GlobalAlloc", proc(GlobalAlloc)},  {"GlobalFlags", proc(GlobalFlags)},   {"GlobalFree", proc(LocalFree)},
    {"GlobalHandle", proc(LocalHandle)}, {"GlobalLock", proc(LocalLock)},      {"GlobalReAlloc", proc(GlobalReAlloc)},
    {"GlobalSize", proc(LocalSize)},     {"GlobalUnlock", proc(GlobalUnlock)}, {"LocalAlloc", proc(LocalAlloc)},
    {"LocalFlags", proc(LocalFlags)},    {"LocalFree", proc(LocalFree)},       {"LocalHandle", proc(LocalHandle)},
    {"LocalLock", proc(LocalLock)},      {"LocalReAlloc", proc(LocalReAlloc)}, {"LocalSize", proc(LocalSize)},
    {"LocalUnlock", proc(LocalUnlock)},
};

}  // namespace

extern const ExportTable winbase_heap_exports = kRows;

}  // namespace hmodule::winapi

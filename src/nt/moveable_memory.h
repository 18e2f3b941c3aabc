// LocalAlloc's and GlobalAlloc's moveable blocks. A fixed block's handle is its address, a multiple of 16; a moveable
// block's handle is the address of a pointer to it, 8 more than a multiple of 16, so the two are told apart by a bit.
#pragma once

#include "base/result.h"
#include "nt/heap.h"
#include "nt/kernel_section.h"

namespace hmodule::nt {

struct MoveableBlock {
  bool used = false;
  bool discardable = false, discarded = false;
  BYTE lock_count = 0;
  void* memory = nullptr;  // at offset 8: old programs follow the handle themselves
};
static_assert(sizeof(MoveableBlock) == 16 && offsetof(MoveableBlock, memory) == 8);

// The most there can be at one time, as on Windows.
inline constexpr std::size_t kMostMoveableBlocks = 0xFFFF;

inline bool is_moveable_handle(HANDLE handle) {
  return (reinterpret_cast<std::uintptr_t>(handle) & 0xF) == 8;
}

// The lock that holds entries still. All functions below are called with it.
KernelMutex& moveable_memory_mutex();

Result<HANDLE> allocate_moveable(ULONG heap_flags, SIZE_T size, bool discardable);
void free_moveable(MoveableBlock& block);
// nullptr for what is no live moveable handle.
MoveableBlock* moveable_block(HANDLE handle);
// The handle of the block that starts at `memory`, or nullptr.
HANDLE moveable_handle_of(const void* memory);
// The bytes of a block, moved to their new size; 0 discards them.
Status resize_moveable(MoveableBlock& block, ULONG heap_flags, SIZE_T size);

}  // namespace hmodule::nt

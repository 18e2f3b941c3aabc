#include "nt/moveable_memory.h"

#include "nt/kernel_section.h"

#include <sys/mman.h>

namespace hmodule::nt {
namespace {

struct Table {
  MoveableBlock* entries;
  std::size_t in_use = 0;         // entries ever given out
  MoveableBlock* free = nullptr;  // linked through `memory`
};

Table& table() {
  static Table* const only = [] {
    void* pages = mmap(nullptr, sizeof(MoveableBlock) * (kMostMoveableBlocks + 1), PROT_READ | PROT_WRITE,
                       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    return new Table{pages == MAP_FAILED ? nullptr : static_cast<MoveableBlock*>(pages)};
  }();
  return *only;
}

MoveableBlock* take_entry() {
  Table& all = table();
  if (all.free != nullptr) return std::exchange(all.free, static_cast<MoveableBlock*>(all.free->memory));
  if (all.entries == nullptr || all.in_use == kMostMoveableBlocks) return nullptr;
  return &all.entries[all.in_use++];
}

void drop_entry(MoveableBlock& block) {
  block = {.memory = std::exchange(table().free, &block)};
}

Status fill(MoveableBlock& block, ULONG heap_flags, SIZE_T size) {
  Heap& heap = process_heap();
  void* memory = heap.allocate(heap_flags | HEAP_SETTABLE_USER_VALUE, size);
  if (memory == nullptr) return fail(STATUS_NO_MEMORY, "no memory for a moveable block of {} bytes", size);
  heap.set_user_value(memory, &block.memory);
  block.memory = memory;
  block.discarded = false;
  return ok;
}

}  // namespace

KernelMutex& moveable_memory_mutex() {
  static KernelMutex mutex;
  return mutex;
}

Result<HANDLE> allocate_moveable(ULONG heap_flags, SIZE_T size, bool discardable) {
  MoveableBlock* block = take_entry();
  if (block == nullptr) return fail(STATUS_NO_MEMORY, "all {} moveable blocks are in use", kMostMoveableBlocks);
  *block = {.used = true, .discardable = discardable, .discarded = size == 0, .lock_count = 0, .memory = nullptr};
  if (size != 0)
    if (Status filled = fill(*block, heap_flags, size); !filled) {
      drop_entry(*block);
      return filled.error();
    }
  return HANDLE{&block->memory};
}

void free_moveable(MoveableBlock& block) {
  process_heap().free(block.memory);
  drop_entry(block);
}

MoveableBlock* moveable_block(HANDLE handle) {
  const auto address = reinterpret_cast<std::uintptr_t>(handle),
             start = reinterpret_cast<std::uintptr_t>(table().entries);
  if (!is_moveable_handle(handle) || address < start) return nullptr;
  const std::size_t index = (address - start) / sizeof(MoveableBlock);
  if (index >= table().in_use || !table().entries[index].used) return nullptr;
  return &table().entries[index];
}

HANDLE moveable_handle_of(const void* memory) {
  const auto handle = process_heap().user_value(memory);
  return handle && moveable_block(*handle) != nullptr ? *handle : nullptr;
}

Status resize_moveable(MoveableBlock& block, ULONG heap_flags, SIZE_T size) {
  if (size == 0) {
    process_heap().free(block.memory);
    block.memory = nullptr;
    block.discarded = true;
    return ok;
  }
  if (block.memory == nullptr) return fill(block, heap_flags & ~HEAP_REALLOC_IN_PLACE_ONLY, size);
  void* memory = process_heap().reallocate(heap_flags, block.memory, size);
  if (memory == nullptr) return fail(STATUS_NO_MEMORY, "no memory to resize a moveable block to {} bytes", size);
  block.memory = memory;
  return ok;
}

}  // namespace hmodule::nt

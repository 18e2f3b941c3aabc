// A list of blocks of slots that only grows. A slot is free while its base is null; a writer fills in the size before
// it publishes the base, and a reader that finds the base unchanged after reading the size has a pair that belongs
// together.
#include "map/image_regions.h"

#include <array>
#include <atomic>
#include <mutex>

namespace hmodule::map {

namespace {

struct Slot {
  std::atomic<std::byte*> base{nullptr};
  std::atomic<std::size_t> size{0};
};

struct Block {
  std::array<Slot, 128> slots;
  std::atomic<Block*> next{nullptr};
};

constinit Block first_block;
constinit std::mutex writers;

template <typename F>
Slot* find_slot(F wanted) {
  for (Block* block = &first_block; block != nullptr; block = block->next.load(std::memory_order_acquire))
    for (Slot& slot : block->slots)
      if (wanted(slot)) return &slot;
  return nullptr;
}

Slot& free_slot() {
  if (Slot* slot = find_slot([](Slot& s) { return s.base.load(std::memory_order_relaxed) == nullptr; })) return *slot;
  Block* last = &first_block;
  while (Block* next = last->next.load(std::memory_order_relaxed)) last = next;
  auto* block = new Block;  // readers may be in it at any time, so it is never freed
  last->next.store(block, std::memory_order_release);
  return block->slots[0];
}

}  // namespace

void note_image(void* base, std::size_t size) {
  const std::lock_guard lock(writers);
  Slot& slot = free_slot();
  slot.size.store(size, std::memory_order_release);
  slot.base.store(static_cast<std::byte*>(base), std::memory_order_release);
}

void forget_image(void* base) {
  const std::lock_guard lock(writers);
  if (Slot* slot = find_slot([base](Slot& s) { return s.base.load(std::memory_order_relaxed) == base; }))
    slot->base.store(nullptr, std::memory_order_release);
}

std::optional<ImageRegion> find_image(const void* address) {
  std::optional<ImageRegion> found;
  find_slot([&](Slot& slot) {
    std::byte* base = slot.base.load(std::memory_order_acquire);
    if (base == nullptr || address < base) return false;
    const std::size_t size = slot.size.load(std::memory_order_acquire);
    if (slot.base.load(std::memory_order_relaxed) != base) return false;
    if (static_cast<std::size_t>(static_cast<const std::byte*>(address) - base) >= size) return false;
    found = ImageRegion{base, size};
    return true;
  });
  return found;
}

}  // namespace hmodule::map

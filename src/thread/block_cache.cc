#include "thread/block_cache.h"

#include "thread/registry.h"

#include <algorithm>
#include <cstdlib>

extern "C" void __asan_init() __attribute__((weak));

namespace hmodule::thread {
namespace {

// So many of one size a thread keeps at most: half a mebibyte of all.
constexpr std::size_t kBytesOfList = 8192, kBlocksOfList = 64;

}  // namespace

bool BlockCache::enabled() {
  return __asan_init == nullptr;
}

std::uint32_t BlockCache::most_of(std::size_t list) {
  return enabled() ? static_cast<std::uint32_t>(std::min(kBlocksOfList, kBytesOfList / capacity(list))) : 0;
}

BlockCache::BlockCache(std::uint64_t heap, GiveBack how) : give_back_(how), keeps_single_(enabled()) {
  belong_to(heap);
}

void BlockCache::belong_to(std::uint64_t heap) {
  single_ = nullptr;
  for (std::size_t i = 0; i < kLists; ++i) lists_[i] = {nullptr, most_of(i)};
  std::atomic_signal_fence(std::memory_order_release);
  heap_ = heap;
}

// A quarter of them, so that the next ones have room, and blocks enough stay.
void* BlockCache::take_surplus(std::size_t bytes) {
  const List& list = lists_[list_of(bytes)];
  return list.room <= most_of(list_of(bytes)) / 4 ? take(bytes) : nullptr;
}

ThreadBlocks::ThreadBlocks() : process(0, [](BlockCache& cache) noexcept { cache.empty(std::free); }) {}

void ThreadBlocks::clear() {
  process.give_back();
  for (BlockCache*& cache : of_place) delete std::exchange(cache, nullptr);
}

bool is_any_thread_inside(const void* heap) {
  const RegistryLock lock;
  for (const Thread* thread = registry().first; thread != nullptr; thread = thread->next)
    if (thread->blocks.inside.load(std::memory_order_acquire) == heap) return true;
  return false;
}

}  // namespace hmodule::thread

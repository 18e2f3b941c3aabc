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

void* BlockCache::take_batch(std::size_t bytes) {
  const std::size_t i = list_of(bytes);
  Link** end = &lists_[i].first;
  for (std::uint32_t stay = most_of(i) - batch_of(i); stay != 0; --stay) end = &(*end)->next;
  lists_[i].room = batch_of(i);
  return std::exchange(*end, nullptr);
}

void BlockCache::put_batch(void* batch, std::size_t bytes) {
  const std::size_t i = list_of(bytes);
  lists_[i] = {static_cast<Link*>(batch), most_of(i) - batch_of(i)};
}

void* BatchStore::take(std::size_t bytes) {
  for (std::atomic<void*>& place : places_[BlockCache::list_of(bytes)])
    if (place.load(std::memory_order_relaxed) != nullptr)
      if (void* const batch = place.exchange(nullptr, std::memory_order_acquire)) return batch;
  return nullptr;
}

bool BatchStore::put(void* batch, std::size_t bytes) {
  for (std::atomic<void*>& place : places_[BlockCache::list_of(bytes)]) {
    void* none = nullptr;
    if (place.load(std::memory_order_relaxed) == nullptr &&
        place.compare_exchange_strong(none, batch, std::memory_order_release, std::memory_order_relaxed))
      return true;
  }
  return false;
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

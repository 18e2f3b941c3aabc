#include "thread/block_cache.h"

#include <algorithm>
#include <cstdlib>
#include <utility>

extern "C" void __asan_init() __attribute__((weak));

namespace hmodule::thread {
namespace {

// So many of one size a thread keeps at most: half a mebibyte of all.
constexpr std::size_t kBytesOfList = 8192, kBlocksOfList = 64;

}  // namespace

bool BlockCache::enabled() {
  return __asan_init == nullptr;
}

BlockCache::BlockCache() {
  if (!enabled()) return;
  for (std::size_t i = 0; i < kLists; ++i)
    lists_[i].room = static_cast<std::uint32_t>(std::min(kBlocksOfList, kBytesOfList / (i * kStep + kLeast)));
  keeps_single_ = true;
}

void BlockCache::clear_single() {
  std::free(std::exchange(single_, nullptr));
}

void BlockCache::clear() {
  clear_single();
  for (List& list : lists_)
    while (Link* const link = list.first) {
      list.first = link->next;
      ++list.room;
      std::free(link);
    }
}

}  // namespace hmodule::thread

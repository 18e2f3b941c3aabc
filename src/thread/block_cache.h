// Memory that a thread has freed and will ask for again: heaps keep blocks here instead of giving them back to
// malloc(), which would cost more than all the rest of HeapAlloc() and HeapFree(). No other thread looks at them, so
// there is neither a lock nor an atomic operation, and it is all inline: a function with the Windows convention that
// calls another one saves ten vector registers.
//
// It stands behind the TEB, where GS finds it. At the thread's end it is emptied; what a killed thread had is given
// back by another one. That may happen between any two instructions here: the lists are whole at each of them.
#pragma once

#include "thread/teb.h"

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <utility>

namespace hmodule::thread {

// What one thread keeps of one heap.
class BlockCache {
 public:
  static constexpr std::size_t kLargest = 1064;
  // Of what is larger one block is kept, if not larger than this.
  static constexpr std::size_t kLargestSingle = (1 << 20) + 4096;

  // Not under AddressSanitizer, in us or in the host: it wants to see what is freed.
  static bool enabled();
  // What malloc() is to be asked for instead of `bytes`, so that blocks of one list stand for each other. glibc would
  // give no less.
  static std::size_t rounded(std::size_t bytes) {
    return bytes > kLargest || !enabled() ? bytes : capacity(list_of(bytes));
  }

  // `heap`: a number that is this heap's alone, for ever. `how` ends all blocks of the cache it is called with.
  using GiveBack = void (*)(BlockCache&) noexcept;
  BlockCache(std::uint64_t heap, GiveBack how);
  ~BlockCache() { give_back(); }
  BlockCache(const BlockCache&) = delete;
  BlockCache& operator=(const BlockCache&) = delete;

  std::uint64_t heap() const { return heap_; }

  // Memory for `bytes`, at most kLargest; nullptr if there is none. Its first word is lost.
  [[gnu::always_inline]] void* take(std::size_t bytes) {
    List& list = lists_[list_of(bytes)];
    Link* const link = list.first;
    if (link == nullptr) return nullptr;
    list.first = link->next;
    ++list.room;
    return link;
  }
  // False if there are enough of them.
  [[gnu::always_inline]] bool put(void* memory, std::size_t bytes) {
    List& list = lists_[list_of(bytes)];
    if (list.room == 0) return false;
    --list.room;
    auto* const link = static_cast<Link*>(memory);
    link->next = list.first;
    std::atomic_signal_fence(std::memory_order_release);
    list.first = link;
    return true;
  }
  // The same for more than kLargest bytes. What is taken has at least so many, and less than twice.
  [[gnu::always_inline]] void* take_single(std::size_t bytes) {
    void* const memory = single_;
    if (memory == nullptr || bytes > single_bytes_ || bytes <= single_bytes_ / 2) return nullptr;
    single_ = nullptr;
    return memory;
  }
  [[gnu::always_inline]] bool put_single(void* memory, std::size_t bytes) {
    if (single_ != nullptr || bytes > kLargestSingle || !keeps_single_) return false;
    single_bytes_ = bytes;
    std::atomic_signal_fence(std::memory_order_release);
    single_ = memory;
    return true;
  }

  // There is no room for `bytes`: half of what is in the way leaves, those freed first, in a chain which is always as
  // long, so that another thread's cache can take it in when it has none. Between it is nobody's but the caller's, who
  // must not be killed.
  void* take_batch(std::size_t bytes);
  void put_batch(void* batch, std::size_t bytes);
  static void* next_in_batch(const void* block) { return static_cast<const Link*>(block)->next; }

  void* drop_single() { return std::exchange(single_, nullptr); }

  void give_back() { give_back_(*this); }
  template <typename Dispose>
  void empty(Dispose dispose) {
    if (void* const memory = drop_single()) dispose(memory);
    for (List& list : lists_)
      while (Link* const link = list.first) {
        list.first = link->next;
        ++list.room;
        dispose(link);
      }
  }
  // Not a byte of the blocks is looked at: the heap is gone. From now on for another one.
  void belong_to(std::uint64_t heap);

 private:
  friend class BatchStore;
  // glibc's: blocks grow by 16 bytes, of which 8 are its own, and nobody asks for less than 9.
  static constexpr std::size_t kStep = 16, kLeast = 24, kLists = (kLargest + 7) / kStep;
  static constexpr std::size_t list_of(std::size_t bytes) { return (bytes + 7) / kStep - 1; }
  static constexpr std::size_t capacity(std::size_t list) { return list * kStep + kLeast; }
  static std::uint32_t most_of(std::size_t list);
  static std::uint32_t batch_of(std::size_t list) { return (most_of(list) + 1) / 2; }

  struct Link {
    Link* next;
  };
  struct List {
    Link* first = nullptr;
    std::uint32_t room = 0;
  };
  std::uint64_t heap_;
  GiveBack give_back_;
  std::array<List, kLists> lists_;
  void* single_ = nullptr;
  std::size_t single_bytes_ = 0;
  bool keeps_single_ = false;
};

// Batches that threads had too many of and others may need: what one thread allocates and another one frees goes round
// this way. There is no lock: a place has a batch or has none, and is changed by one atomic operation.
class BatchStore {
 public:
  // A batch of blocks for `bytes`, at most kLargest, or nullptr.
  void* take(std::size_t bytes);
  // False if there are enough.
  bool put(void* batch, std::size_t bytes);
  template <typename Dispose>
  void empty(Dispose dispose) {
    for (Places& places : places_)
      for (std::atomic<void*>& place : places)
        if (void* const batch = place.exchange(nullptr, std::memory_order_acquire)) dispose(batch);
  }

 private:
  static constexpr std::size_t kBatches = 8;  // of a size: 32 KiB, and two mebibytes of all
  struct alignas(64) Places : std::array<std::atomic<void*>, kBatches> {};
  std::array<Places, BlockCache::kLists> places_ = {};
};

// What one thread keeps of all heaps.
struct ThreadBlocks {
  // So many private heaps at a time have a place in every thread.
  static constexpr std::size_t kPlaces = 16;

  BlockCache process;
  std::array<BlockCache*, kPlaces> of_place = {};  // made for the first block
  // The private heap in which the thread is at work. Who locks a heap waits until no thread is in it (nt/heap.h).
  std::atomic<const void*> inside{nullptr};

  ThreadBlocks();
  ~ThreadBlocks() { clear(); }
  ThreadBlocks(const ThreadBlocks&) = delete;
  ThreadBlocks& operator=(const ThreadBlocks&) = delete;
  void clear();
};

// The calling thread's.
inline ThreadBlocks& thread_blocks() {
  return *reinterpret_cast<ThreadBlocks*>(&teb() + 1);
}

// nullptr for a thread without a Windows side, which gets none by this.
inline ThreadBlocks* try_thread_blocks() {
  TEB* const own = try_teb();
  return own == nullptr ? nullptr : reinterpret_cast<ThreadBlocks*>(own + 1);
}

bool is_any_thread_inside(const void* heap);

}  // namespace hmodule::thread

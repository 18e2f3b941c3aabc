// Windows heaps on top of malloc.
//
// Before each block stands a header of 16 bytes with the exact size asked for (HeapSize must give it back) and a tag
// that names the heap, so that a foreign or an already freed pointer is refused, not followed. A thread keeps small
// blocks that it frees, and gets them again; what is too much for it goes to the heap's store, where a thread that has
// none takes it from (thread/block_cache.h). The process heap has nothing else: no lock, no list, and so it can neither
// be walked nor really be locked.
//
// A private heap must find all its blocks, for HeapDestroy and HeapWalk: they are linked. Three things keep the lock of
// these lists from being most of malloc()'s cost, which in Wine's runtimes is HeapAlloc from such a heap:
// - A block that a thread keeps stays linked, under another tag, so keeping it and getting it again touches no list.
//   Whoever goes through the lists passes over it, and HeapDestroy frees it like the others. The cache it was in then
//   belongs to a heap that is no more: caches know heaps by a number, not by the address, which another may have next.
// - There are several lists, each with its own lock. A thread links into one of them; the block says into which.
// - HeapLock, which shall hold up the threads that keep blocks too, pays for them: they say where they are by plain
//   stores, and who locks a heap makes that visible (base/remote_barrier.h) and waits until all have left. HeapWalk and
//   what else looks at all blocks locks the heap.
// The first-class heaps of mimalloc would not do: only one thread may allocate from each.
#pragma once

#include "base/remote_barrier.h"
#include "base/result.h"
#include "nt/kernel_section.h"
#include "thread/block_cache.h"
#include "win/heapapi.h"
#include "win/teb.h"

#include <pthread.h>

#include <array>
#include <atomic>
#include <mutex>
#include <optional>
#include <vector>

namespace hmodule::nt {

// HeapLock's: recursive. A thread that ends with it, killed perhaps, leaves it to the next.
class HeapMutex {
 public:
  HeapMutex();
  HeapMutex(const HeapMutex&) = delete;
  HeapMutex& operator=(const HeapMutex&) = delete;

  bool lock();  // true: it was left
  void unlock() { pthread_mutex_unlock(&mutex_); }
  bool held_by_caller() const;

 private:
  pthread_mutex_t mutex_;
};

class Heap {
 public:
  // `flags`: HEAP_NO_SERIALIZE, HEAP_GENERATE_EXCEPTIONS, HEAP_CREATE_ENABLE_EXECUTE. `maximum_size` 0: growable.
  static Result<Heap*> create(ULONG flags, SIZE_T maximum_size);
  // nullptr for what is not a live heap. The handle is the object's address.
  static Heap* from_handle(HANDLE handle);
  static std::vector<HANDLE> all();  // the process heap first
  HANDLE handle() { return this; }

  // Frees every block and the heap; refused for the process heap.
  static bool destroy(Heap* heap);

  // nullptr when there is no memory. 16-byte aligned. `flags`: HEAP_ZERO_MEMORY, HEAP_SETTABLE_USER_VALUE.
  void* allocate(ULONG flags, SIZE_T size) noexcept;
  // nullptr when there is no memory or `block` is not ours; the old block then stays.
  void* reallocate(ULONG flags, void* block, SIZE_T size) noexcept;
  // False when `block` is not a live block of this heap. nullptr is freed in silence.
  bool free(void* block) noexcept;

  // The same for what the calling thread keeps. They call nothing, and say nullptr and false where the functions above
  // are to be asked, whose answers they never contradict.
  static void* allocate_from_kept(HANDLE handle, ULONG flags, SIZE_T size) noexcept;
  static bool free_and_keep(HANDLE handle, void* block) noexcept;
  // Before malloc() is asked for as much as `size`, or gets it back: a block of that kind is kept for a next one which
  // fits, and for no other.
  void free_kept_like(SIZE_T size) noexcept;
  // Gives to the system what is free; how much stays in one piece.
  static SIZE_T compact() noexcept;

  // The pointer can be anything, most likely a freed block: AddressSanitizer is to let this look at its tag pass.
  __attribute__((no_sanitize("address"))) bool owns(const void* block) const noexcept {
    return block != nullptr && reinterpret_cast<std::uintptr_t>(block) % sizeof(Header) == 0 &&
           header(block)->tag == tag();
  }
  SIZE_T size(const void* block) const noexcept { return header(block)->size; }  // of a block that is owned
  bool validate() noexcept;                                                      // all blocks that can be listed

  // RtlSetUserValueHeap and RtlGetUserInfoHeap: a pointer and three bits beside the block.
  bool set_user_value(void* block, void* value) noexcept;
  std::optional<void*> user_value(const void* block) const noexcept;
  bool set_user_flags(void* block, ULONG reset, ULONG set) noexcept;
  ULONG user_flags(const void* block) const noexcept;

  // The block after `block` (nullptr: the first), or nullptr at the end.
  void* next_block(const void* block) noexcept;
  bool can_be_walked() const { return !is_process_heap(); }

  // All other threads' calls wait, but those with HEAP_NO_SERIALIZE.
  void lock();
  void unlock();
  bool lock_held_by_caller();

  ULONG flags() const { return flags_; }
  void set_flags(ULONG flags) { flags_ = flags; }
  bool is_process_heap() const;
  static bool is_process_heap(HANDLE handle);
  SIZE_T allocated_bytes() noexcept;  // 0 for the process heap, which does not count

  // HOST-05: at a fork() no other thread is inside the lists; then, in the child alone, none has a heap's lock.
  static void hold_for_fork();
  static void forget_other_threads();
  static void let_go_after_fork();

 private:
  struct Header {
    SIZE_T size;
    std::uint32_t tag;
    std::uint32_t bits;  // HEAP_SETTABLE_USER_VALUE, HEAP_SETTABLE_USER_FLAGS; from kListShift on: its list
  };
  static_assert(sizeof(Header) == 16);

  // What stands before the header in a private heap.
  struct Link {
    Link *next, *previous;
  };
  struct alignas(64) List {
    KernelMutex mutex;
    Link blocks = {&blocks, &blocks};
  };
  static constexpr std::size_t kLists = 8;
  static constexpr unsigned kListShift = 24;
  static constexpr std::uint32_t kUserBits = HEAP_SETTABLE_USER_VALUE | HEAP_SETTABLE_USER_FLAGS;
  static constexpr std::uint32_t kNoPlace = thread::ThreadBlocks::kPlaces;

  class Stay;
  friend class Stay;
  void take_mutex();
  void start_alone_after_fork();
  friend Heap& process_heap();
  explicit Heap(ULONG flags, SIZE_T maximum);
  ~Heap() = default;

  static constexpr std::uint32_t kLiveBlock = 0x4B434C42;  // "BLCK"

  static bool may_be_heap(HANDLE handle) {
    return handle != nullptr && reinterpret_cast<std::uintptr_t>(handle) % alignof(Heap) == 0;
  }
  static Header* header(void* block) { return static_cast<Header*>(block) - 1; }
  static const Header* header(const void* block) { return static_cast<const Header*>(block) - 1; }
  static Link* link_of(void* block) { return reinterpret_cast<Link*>(header(block)) - 1; }
  static const Link* link_of(const void* block) { return reinterpret_cast<const Link*>(header(block)) - 1; }
  static Header* header_of(Link* link) { return reinterpret_cast<Header*>(link + 1); }
  static const Header* header_of(const Link* link) { return reinterpret_cast<const Header*>(link + 1); }
  bool has_links() const { return !is_process_heap(); }
  std::size_t prefix() const { return sizeof(Header) + (has_links() ? sizeof(Link) : 0); }
  std::uint32_t tag() const {
    return kLiveBlock ^ static_cast<std::uint32_t>(reinterpret_cast<std::uintptr_t>(this) >> 4);
  }
  std::uint32_t kept_tag() const { return ~tag(); }
  std::size_t footprint(const Header& header) const;
  static void** user_value_slot(void* block);

  bool keeps_blocks() const { return is_process_heap() || place_ != kNoPlace; }
  // False if the heap is locked.
  bool enter(thread::ThreadBlocks& mine) const;
  static void leave(thread::ThreadBlocks& mine) { mine.inside.store(nullptr, std::memory_order_release); }
  // nullptr if the calling thread keeps nothing of this heap. It may be no heap at all.
  thread::BlockCache* kept_by(thread::ThreadBlocks& mine) const;
  thread::BlockCache* made_for_caller() noexcept;
  bool put(thread::BlockCache& cache, Header& head) const;
  bool keep(Header& head) noexcept;
  void* allocate_from_store(SIZE_T size, bool zeroed) noexcept;
  static void end_kept(thread::BlockCache& cache) noexcept;

  bool fits(std::size_t bytes) const;
  void* obtain(std::size_t bytes, bool zeroed) const;
  void give_back(void* memory, std::size_t bytes) const;
  void* adopt(void* memory, SIZE_T size, std::uint32_t bits);
  void release(Header& head) noexcept {
    std::unique_lock<KernelMutex> lock;
    release(head, lock);
  }
  void release(Header& head, std::unique_lock<KernelMutex>& lock) noexcept;
  void release_batch(void* batch) noexcept;
  // `only`: the block may not move, whatever is kept.
  void* reallocate_in_place(void* block, SIZE_T size, bool only);
  void* resize(void* block, SIZE_T size);
  std::size_t own_list() const;
  List& list_of(const Header& head) { return lists_[head.bits >> kListShift]; }
  static void link(Link* node, List& list);
  static void unlink(Link* node);

  // Programs that look for a debugger read these two where the real structure has them.
  [[maybe_unused]] BYTE reserved_[0x70] = {};
  ULONG flags_;
  [[maybe_unused]] ULONG force_flags_ = 0;

  std::uint64_t signature_;
  std::uint64_t number_ = 0;         // no other heap ever has it
  std::uint32_t place_ = kNoPlace;   // in ThreadBlocks; heaps without keep nothing
  std::atomic<bool> locked_{false};  // nobody enters
  std::uint32_t lock_depth_ = 0;     // HeapLock's
  bool locked_by_forking_ = false;
  HeapMutex mutex_;
  SIZE_T maximum_, total_ = 0;  // `total_`: counted if there is a maximum, whose heap has one list
  std::array<List, kLists> lists_;
  thread::BatchStore store_;
};

// The heap of GetProcessHeap() and PEB.ProcessHeap. It needs no start-up and lives as long as the process.
Heap& process_heap();

namespace detail {
// A static object without a destructor call at exit.
union ProcessHeapStorage {
  char none;
  Heap heap;
  ProcessHeapStorage() : none() {}
  ~ProcessHeapStorage() {}
};
extern ProcessHeapStorage process_heap_storage __attribute__((visibility("hidden")));
}  // namespace detail

inline bool Heap::is_process_heap() const {
  return this == &detail::process_heap_storage.heap;
}
inline bool Heap::is_process_heap(HANDLE handle) {
  return handle == &detail::process_heap_storage.heap;
}

inline bool Heap::enter(thread::ThreadBlocks& mine) const {
  mine.inside.store(this, std::memory_order_relaxed);
  barrier_before_remote_one();
  if (!locked_.load(std::memory_order_acquire)) [[likely]]
    return true;
  leave(mine);
  return false;
}

[[gnu::always_inline]] inline thread::BlockCache* Heap::kept_by(thread::ThreadBlocks& mine) const {
  thread::BlockCache* const cache = mine.of_place[place_ % thread::ThreadBlocks::kPlaces];
  return cache != nullptr && cache->heap() == number_ ? cache : nullptr;
}

[[gnu::always_inline]] inline void* Heap::allocate_from_kept(HANDLE handle, ULONG flags, SIZE_T size) noexcept {
  if (!may_be_heap(handle) || (flags & kUserBits) != 0) [[unlikely]]
    return nullptr;
  const Heap& heap = *static_cast<Heap*>(handle);
  const std::size_t bytes = heap.prefix() + size;
  const bool zeroed = (flags & HEAP_ZERO_MEMORY) != 0, small = bytes <= thread::BlockCache::kLargest;
  if (!small && (zeroed || size > thread::BlockCache::kLargestSingle)) return nullptr;
  const auto take_from = [=](thread::BlockCache& cache) {
    return static_cast<Header*>(small ? cache.take(bytes) : cache.take_single(bytes));
  };
  thread::ThreadBlocks& mine = thread::thread_blocks();
  Header* head = nullptr;
  if (heap.is_process_heap()) {
    head = take_from(mine.process);
    if (head == nullptr) [[unlikely]]
      return nullptr;
    head->size = size;
    head->tag = heap.tag();
  } else {
    thread::BlockCache* const cache = heap.kept_by(mine);
    if (cache == nullptr || !heap.enter(mine)) [[unlikely]]
      return nullptr;
    head = take_from(*cache);
    if (head != nullptr) [[likely]] {
      head->size = size;
      std::atomic_signal_fence(std::memory_order_release);
      head->tag = heap.tag();
    }
    leave(mine);
    if (head == nullptr) [[unlikely]]
      return nullptr;
  }
  void* const block = head + 1;
  if (zeroed) {
    auto* word = static_cast<std::uint64_t*>(block);
    for (auto* const end = word + (size + 7) / 8; word != end; ++word) {
      *word = 0;
      __asm__ volatile("" : : : "memory");  // or the compiler makes it a call of memset()
    }
  }
  return block;
}

// The tag changes first: who comes between sees a block that is kept, with a size or without, and not a broken one.
[[gnu::always_inline]] inline bool Heap::put(thread::BlockCache& cache, Header& head) const {
  const std::size_t bytes = prefix() + head.size;
  head.tag = kept_tag();
  std::atomic_signal_fence(std::memory_order_release);
  if (bytes <= thread::BlockCache::kLargest ? cache.put(&head, bytes) : cache.put_single(&head, bytes)) [[likely]]
    return true;
  head.tag = tag();
  return false;
}

[[gnu::always_inline]] inline bool Heap::free_and_keep(HANDLE handle, void* block) noexcept {
  if (!may_be_heap(handle)) [[unlikely]]
    return false;
  const Heap& heap = *static_cast<Heap*>(handle);
  if (!heap.owns(block)) [[unlikely]]
    return false;
  Header& head = *header(block);
  if ((head.bits & kUserBits) != 0) [[unlikely]]
    return false;
  thread::ThreadBlocks& mine = thread::thread_blocks();
  if (heap.is_process_heap()) return heap.put(mine.process, head);
  thread::BlockCache* const cache = heap.kept_by(mine);
  if (cache == nullptr || !heap.enter(mine)) [[unlikely]]
    return false;
  const bool kept = heap.put(*cache, head);
  leave(mine);
  return kept;
}

// Memory that DLL code will release with HeapFree(GetProcessHeap()) or RtlFreeHeap.
inline void* heap_allocate(SIZE_T size, ULONG flags = 0) noexcept {
  return process_heap().allocate(flags, size);
}
inline void heap_free(void* block) noexcept {
  process_heap().free(block);
}

}  // namespace hmodule::nt

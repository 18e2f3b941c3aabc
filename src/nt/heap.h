// Windows heaps on top of malloc.
//
// Before each block stands a header of 16 bytes with the exact size asked for (HeapSize must give it back) and a tag
// that names the heap, so that a foreign or an already freed pointer is refused, not followed. The process heap adds
// nothing else: no lock, no list, and so it can neither be walked nor really be locked; a thread keeps small blocks
// that it frees, and gets them again (thread/block_cache.h). A private heap links its blocks under its own lock,
// because HeapDestroy has to find them all.
#pragma once

#include "base/result.h"
#include "thread/block_cache.h"
#include "win/heapapi.h"
#include "win/teb.h"

#include <mutex>
#include <optional>
#include <vector>

namespace hmodule::nt {

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

  // The same for what the calling thread keeps of the process heap. They call nothing, and say nullptr and false where
  // the functions above are to be asked, whose answers they never contradict.
  static void* allocate_from_kept(HANDLE handle, ULONG flags, SIZE_T size) noexcept;
  static bool free_and_keep(HANDLE handle, void* block) noexcept;
  // Before malloc() is asked for as much as `size`, or gets it back: a block of that kind is kept for a next one which
  // fits, and for no other.
  static void free_kept_like(SIZE_T size) noexcept {
    if (size > kLargestOfLists) thread::block_cache().clear_single();
  }
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

  void lock() { mutex_.lock(); }
  void unlock() { mutex_.unlock(); }
  bool lock_held_by_caller();

  ULONG flags() const { return flags_; }
  void set_flags(ULONG flags) { flags_ = flags; }
  bool is_process_heap() const;
  SIZE_T allocated_bytes() const { return total_; }  // 0 for the process heap, which does not count

 private:
  struct Header {
    SIZE_T size;
    std::uint32_t tag;
    std::uint32_t bits;
  };
  static_assert(sizeof(Header) == 16);
  static constexpr SIZE_T kLargestOfLists = thread::BlockCache::kLargest - sizeof(Header),
                          kLargestSingle = thread::BlockCache::kLargestSingle - sizeof(Header);

  struct Link {
    Link *next, *previous;
  };

  friend Heap& process_heap();
  explicit Heap(ULONG flags, SIZE_T maximum);
  ~Heap() = default;

  static constexpr std::uint32_t kLiveBlock = 0x4B434C42;  // "BLCK"

  static Header* header(void* block) { return static_cast<Header*>(block) - 1; }
  static const Header* header(const void* block) { return static_cast<const Header*>(block) - 1; }
  std::size_t prefix() const;
  std::uint32_t tag() const {
    return kLiveBlock ^ static_cast<std::uint32_t>(reinterpret_cast<std::uintptr_t>(this) >> 4);
  }
  std::size_t footprint(const Header& header) const;
  static void** user_value_slot(void* block);
  std::unique_lock<std::recursive_mutex> guard(ULONG flags) const;

  bool fits(std::size_t bytes) const;
  void* obtain(std::size_t bytes, bool zeroed) const;
  void give_back(void* memory, std::size_t bytes) const;
  void* adopt(void* memory, SIZE_T size, std::uint32_t bits);
  // `only`: the block may not move, whatever is kept.
  void* reallocate_in_place(void* block, SIZE_T size, bool only);
  void* resize(void* block, SIZE_T size);
  void link(void* memory);
  void unlink(void* memory);

  // Programs that look for a debugger read these two where the real structure has them.
  [[maybe_unused]] BYTE reserved_[0x70] = {};
  ULONG flags_;
  [[maybe_unused]] ULONG force_flags_ = 0;

  std::uint64_t signature_;
  SIZE_T maximum_, total_ = 0;
  Link blocks_ = {&blocks_, &blocks_};
  mutable std::recursive_mutex mutex_;
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
extern ProcessHeapStorage process_heap_storage;
}  // namespace detail

inline bool Heap::is_process_heap() const {
  return this == &detail::process_heap_storage.heap;
}

[[gnu::always_inline]] inline void* Heap::allocate_from_kept(HANDLE handle, ULONG flags, SIZE_T size) noexcept {
  const Heap& heap = detail::process_heap_storage.heap;
  if (handle != &heap || (flags & (HEAP_SETTABLE_USER_VALUE | HEAP_SETTABLE_USER_FLAGS)) != 0) [[unlikely]]
    return nullptr;
  const bool zeroed = (flags & HEAP_ZERO_MEMORY) != 0, small = size <= kLargestOfLists;
  if (!small && (zeroed || size > kLargestSingle)) return nullptr;
  thread::BlockCache& cache = thread::block_cache();
  void* memory = small ? cache.take(sizeof(Header) + size) : cache.take_single(sizeof(Header) + size);
  if (memory == nullptr) [[unlikely]]
    return nullptr;
  void* block = new (memory) Header{size, heap.tag(), 0} + 1;
  if (zeroed) {
    auto* word = static_cast<std::uint64_t*>(block);
    for (auto* const end = word + (size + 7) / 8; word != end; ++word) {
      *word = 0;
      __asm__ volatile("" : : : "memory");  // or the compiler makes it a call of memset()
    }
  }
  return block;
}

[[gnu::always_inline]] inline bool Heap::free_and_keep(HANDLE handle, void* block) noexcept {
  const Heap& heap = detail::process_heap_storage.heap;
  if (handle != &heap || !heap.owns(block)) [[unlikely]]
    return false;
  Header& head = *header(block);
  if (head.bits != 0) [[unlikely]]
    return false;
  thread::BlockCache& cache = thread::block_cache();
  const SIZE_T bytes = sizeof(Header) + head.size;
  if (head.size <= kLargestOfLists ? !cache.put(&head, bytes) : !cache.put_single(&head, bytes)) [[unlikely]]
    return false;
  head.tag = 0;
  return true;
}

// Memory that DLL code will release with HeapFree(GetProcessHeap()) or RtlFreeHeap.
inline void* heap_allocate(SIZE_T size, ULONG flags = 0) noexcept {
  return process_heap().allocate(flags, size);
}
inline void heap_free(void* block) noexcept {
  process_heap().free(block);
}

}  // namespace hmodule::nt

#include "nt/heap.h"

#include "thread/teb.h"

#include <malloc.h>
#include <sched.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <new>
#include <utility>

namespace hmodule::nt {
namespace {

constexpr std::uint64_t kLiveHeap = 0x504145485F4D48;
constexpr std::uint32_t kHasUserValue = HEAP_SETTABLE_USER_VALUE;
constexpr std::size_t kPage = 0x1000;
// More than this is a negative number in disguise, not a wish.
constexpr SIZE_T kLargestBlock = SIZE_T{1} << 47;
// HeapCreate: a heap of fixed size gives out blocks of slightly less than 1024 KB at most.
constexpr SIZE_T kLargestBlockOfFixedHeap = 0xFF000;

constexpr std::size_t round_up(std::size_t value, std::size_t unit) {
  return (value + unit - 1) & ~(unit - 1);
}

// Its mutex comes before those of the lists.
struct Registry {
  KernelMutex mutex;
  std::vector<Heap*> private_heaps;
  std::uint64_t last_number = 0;
  std::array<bool, thread::ThreadBlocks::kPlaces> place_taken = {};
};
Registry& registry() {
  static auto* const all = [] {
    prepare_remote_barrier();
    return new Registry;
  }();
  return *all;
}

// Never two at a time.
void move_lock(std::unique_lock<KernelMutex>& lock, KernelMutex& to) {
  if (lock.mutex() == &to) return;
  lock = {};
  lock = std::unique_lock(to);
}

}  // namespace

detail::ProcessHeapStorage detail::process_heap_storage;

Heap& process_heap() {
  static Heap* const heap = new (&detail::process_heap_storage.heap) Heap(HEAP_GROWABLE, 0);
  return *heap;
}

Heap::Heap(ULONG flags, SIZE_T maximum) : flags_(flags), signature_(kLiveHeap), maximum_(maximum) {}

Result<Heap*> Heap::create(ULONG flags, SIZE_T maximum_size) {
  constexpr ULONG kept = HEAP_NO_SERIALIZE | HEAP_GENERATE_EXCEPTIONS | HEAP_CREATE_ENABLE_EXECUTE;
  if (maximum_size >= kLargestBlock) return fail(STATUS_NO_MEMORY, "a heap of {:#x} bytes", maximum_size);
  Heap* heap = new Heap((flags & kept) | (maximum_size == 0 ? HEAP_GROWABLE : 0), round_up(maximum_size, kPage));
  Registry& all = registry();
  const std::lock_guard lock(all.mutex);
  all.private_heaps.push_back(heap);
  heap->number_ = ++all.last_number;
  if (maximum_size != 0 || (flags & HEAP_CREATE_ENABLE_EXECUTE) != 0 || !thread::BlockCache::enabled()) return heap;
  auto* const free_place = std::find(all.place_taken.begin(), all.place_taken.end(), false);
  if (free_place == all.place_taken.end()) return heap;
  *free_place = true;
  heap->place_ = static_cast<std::uint32_t>(free_place - all.place_taken.begin());
  return heap;
}

Heap* Heap::from_handle(HANDLE handle) {
  auto* heap = static_cast<Heap*>(handle);
  if (heap == &detail::process_heap_storage.heap) return &process_heap();
  return may_be_heap(handle) && heap->signature_ == kLiveHeap ? heap : nullptr;
}

std::vector<HANDLE> Heap::all() {
  std::vector<HANDLE> handles = {process_heap().handle()};
  Registry& known = registry();
  const std::lock_guard lock(known.mutex);
  handles.insert(handles.end(), known.private_heaps.begin(), known.private_heaps.end());
  return handles;
}

bool Heap::destroy(Heap* heap) {
  if (heap->is_process_heap()) return false;
  Registry& all = registry();
  {
    const std::lock_guard lock(all.mutex);
    std::erase(all.private_heaps, heap);
    if (heap->place_ != kNoPlace) all.place_taken[heap->place_] = false;
  }
  for (List& list : heap->lists_)
    for (Link* node = list.blocks.next; node != &list.blocks;) {
      Link* const block = std::exchange(node, node->next);
      heap->give_back(block, heap->footprint(*header_of(block)));
    }
  heap->signature_ = heap->number_ = 0;
  delete heap;
  return true;
}

std::size_t Heap::footprint(const Header& of) const {
  const bool has_value = (of.bits & kHasUserValue) != 0;
  const std::size_t bytes = prefix() + (has_value ? round_up(of.size, sizeof(Header)) + sizeof(void*) : of.size);
  return keeps_blocks() ? thread::BlockCache::rounded(bytes) : bytes;
}

void** Heap::user_value_slot(void* block) {
  return reinterpret_cast<void**>(static_cast<char*>(block) + round_up(header(block)->size, sizeof(Header)));
}

// --- who is in a heap ---

// A call's time in a private heap. While another thread has the heap locked, it waits.
class Heap::Stay {
 public:
  Stay(Heap& heap, ULONG flags) {
    if (heap.is_process_heap() || ((heap.flags_ | flags) & HEAP_NO_SERIALIZE) != 0) return;
    thread::ThreadBlocks& mine = thread::thread_blocks();
    if (heap.enter(mine))
      entered_ = &mine;
    else
      lock(heap);
  }
  ~Stay() {
    if (entered_ != nullptr) leave(*entered_);
    if (locked_ != nullptr) locked_->mutex_.unlock();
  }
  Stay(const Stay&) = delete;
  Stay& operator=(const Stay&) = delete;

 private:
  void lock(Heap& heap) {
    heap.take_mutex();
    locked_ = &heap;
  }
  thread::ThreadBlocks* entered_ = nullptr;
  Heap* locked_ = nullptr;
};

HeapMutex::HeapMutex() {
  pthread_mutexattr_t attributes;
  pthread_mutexattr_init(&attributes);
  pthread_mutexattr_settype(&attributes, PTHREAD_MUTEX_RECURSIVE);
  pthread_mutexattr_setrobust(&attributes, PTHREAD_MUTEX_ROBUST);
  pthread_mutex_init(&mutex_, &attributes);
  pthread_mutexattr_destroy(&attributes);
}

bool HeapMutex::lock() {
  if (pthread_mutex_lock(&mutex_) != EOWNERDEAD) return false;
  pthread_mutex_consistent(&mutex_);
  return true;
}

bool HeapMutex::held_by_caller() const {
  // A mutex of glibc records its owner; asking it is the only way short of keeping the fact twice.
  return mutex_.__data.__owner == static_cast<int>(gettid());
}

// Nobody is killed inside a list, so a heap is as good as it was.
void Heap::take_mutex() {
  if (!mutex_.lock()) return;
  lock_depth_ = 0;
  locked_.store(false, std::memory_order_release);
}

void Heap::lock() {
  take_mutex();
  if (lock_depth_++ != 0 || is_process_heap()) return;
  locked_.store(true, std::memory_order_seq_cst);
  remote_barrier();
  while (thread::is_any_thread_inside(this)) sched_yield();
}

void Heap::unlock() {
  if (--lock_depth_ == 0) locked_.store(false, std::memory_order_release);
  mutex_.unlock();
}

bool Heap::lock_held_by_caller() {
  return mutex_.held_by_caller();
}

// --- what a thread keeps ---

thread::BlockCache* Heap::made_for_caller() noexcept {
  if (!thread::BlockCache::enabled() || !keeps_blocks()) return nullptr;
  thread::ThreadBlocks* const mine = thread::try_thread_blocks();
  if (mine == nullptr) return nullptr;  // one of ours at work, or a host's that has not called a DLL yet
  if (is_process_heap()) return &mine->process;
  thread::BlockCache*& cache = mine->of_place[place_];
  if (cache == nullptr)
    cache = new (std::nothrow) thread::BlockCache(number_, end_kept);
  else if (cache->heap() != number_)
    cache->belong_to(number_);
  return cache;
}

// A thread's first block of a private heap, or one too many: room is made for it.
bool Heap::keep(Header& head) noexcept {
  if ((head.bits & kUserBits) != 0) return false;
  thread::BlockCache* const cache = made_for_caller();
  if (cache == nullptr) return false;
  if (put(*cache, head)) return true;
  const std::size_t bytes = prefix() + head.size;
  if (bytes > thread::BlockCache::kLargest) return false;
  const KernelSection whole;
  void* const batch = cache->take_batch(bytes);
  if (!store_.put(batch, bytes)) release_batch(batch);
  return put(*cache, head);
}

// What other threads had too many of. The heap may have been locked before, and the thread have such blocks.
void* Heap::allocate_from_store(SIZE_T size, bool zeroed) noexcept {
  const std::size_t bytes = prefix() + size;
  thread::BlockCache* const cache = bytes > thread::BlockCache::kLargest ? nullptr : made_for_caller();
  if (cache == nullptr) return nullptr;
  const KernelSection whole;
  void* memory = cache->take(bytes);
  if (memory == nullptr) {
    void* const batch = store_.take(bytes);
    if (batch == nullptr) return nullptr;
    cache->put_batch(batch, bytes);
    memory = cache->take(bytes);
  }
  auto* const head = static_cast<Header*>(memory);
  head->size = size;
  std::atomic_signal_fence(std::memory_order_release);
  head->tag = tag();
  if (zeroed) std::memset(head + 1, 0, size);
  return head + 1;
}

// At a thread's end, perhaps when the heap is no more.
void Heap::end_kept(thread::BlockCache& cache) noexcept {
  Registry& all = registry();
  const std::lock_guard lock(all.mutex);
  std::unique_lock<KernelMutex> lock_of_list;
  for (Heap* heap : all.private_heaps)
    if (heap->number_ == cache.heap())
      return cache.empty([&, heap](void* head) { heap->release(*static_cast<Header*>(head), lock_of_list); });
}

void Heap::release_batch(void* batch) noexcept {
  using thread::BlockCache;
  if (has_links()) {
    std::unique_lock<KernelMutex> lock;
    for (void* each = batch; each != nullptr; each = BlockCache::next_in_batch(each)) {
      Header& end = *static_cast<Header*>(each);
      move_lock(lock, list_of(end).mutex);
      end.tag = 0;
      unlink(link_of(&end + 1));
    }
  }
  while (batch != nullptr) {
    void* const block = static_cast<Header*>(std::exchange(batch, BlockCache::next_in_batch(batch))) + 1;
    std::free(static_cast<char*>(block) - prefix());
  }
}

void Heap::free_kept_like(SIZE_T size) noexcept {
  if (prefix() + size <= thread::BlockCache::kLargest) return;
  thread::ThreadBlocks& mine = thread::thread_blocks();
  if (is_process_heap()) return std::free(mine.process.drop_single());
  thread::BlockCache* const cache = kept_by(mine);
  void* const single = cache == nullptr ? nullptr : cache->drop_single();
  if (single != nullptr) release(*static_cast<Header*>(single));
}

// --- blocks ---

bool Heap::fits(std::size_t bytes) const {
  return maximum_ == 0 || (bytes <= kLargestBlockOfFixedHeap && bytes <= maximum_ - std::min(maximum_, total_));
}

void* Heap::obtain(std::size_t bytes, bool zeroed) const {
  if ((flags_ & HEAP_CREATE_ENABLE_EXECUTE) == 0) return zeroed ? std::calloc(1, bytes) : std::malloc(bytes);
  void* pages =
      mmap(nullptr, round_up(bytes, kPage), PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  return pages == MAP_FAILED ? nullptr : pages;
}

void Heap::give_back(void* memory, std::size_t bytes) const {
  if ((flags_ & HEAP_CREATE_ENABLE_EXECUTE) == 0)
    std::free(memory);
  else
    munmap(memory, round_up(bytes, kPage));
}

std::size_t Heap::own_list() const {
  return maximum_ != 0 ? 0 : thread::thread_id(thread::teb()) % kLists;
}

void Heap::link(Link* node, List& list) {
  *node = {&list.blocks, list.blocks.previous};
  node->previous->next = node;
  list.blocks.previous = node;
}

void Heap::unlink(Link* node) {
  node->previous->next = node->next;
  node->next->previous = node->previous;
}

// Writes the header (and the links) of a block into memory just obtained. The list that `bits` name is locked.
void* Heap::adopt(void* memory, SIZE_T size, std::uint32_t bits) {
  void* block = static_cast<char*>(memory) + prefix();
  Header& head = *header(block) = {size, tag(), bits};
  if (has_links()) link(link_of(block), list_of(head));
  if (maximum_ != 0) total_ += footprint(head);
  return block;
}

// The end of a block of a private heap, live or kept. `lock` stays for the next block, most likely of the same list.
void Heap::release(Header& head, std::unique_lock<KernelMutex>& lock) noexcept {
  move_lock(lock, list_of(head).mutex);
  Link* const memory = link_of(&head + 1);
  const std::size_t bytes = footprint(head);
  head.tag = 0;
  unlink(memory);
  if (maximum_ != 0) total_ -= bytes;
  give_back(memory, bytes);
}

void* Heap::allocate(ULONG flags, SIZE_T size) noexcept {
  if (size >= kLargestBlock) return nullptr;
  const bool zeroed = (flags & HEAP_ZERO_MEMORY) != 0;
  const Stay stay(*this, flags);
  if ((flags & kUserBits) == 0)
    if (void* const block = allocate_from_store(size, zeroed)) return block;
  if (is_process_heap() && (flags & kUserBits) == 0) [[likely]] {
    const std::size_t plain = thread::BlockCache::rounded(sizeof(Header) + size);
    void* memory = zeroed ? std::calloc(1, plain) : std::malloc(plain);
    return memory == nullptr ? nullptr : new (memory) Header{size, tag(), 0} + 1;
  }
  const std::size_t list = has_links() ? own_list() : 0;
  const std::uint32_t bits = (flags & kUserBits) | static_cast<std::uint32_t>(list << kListShift);
  const std::size_t bytes = footprint({size, 0, bits});
  const KernelSection whole;  // nobody is killed with memory that is in no list
  void* const memory = obtain(bytes, zeroed);
  if (memory == nullptr) return nullptr;
  void* block = nullptr;
  {
    const auto lock = has_links() ? std::unique_lock(lists_[list].mutex) : std::unique_lock<KernelMutex>();
    if (fits(bytes)) block = adopt(memory, size, bits);
  }
  if (block == nullptr)
    give_back(memory, bytes);
  else if ((bits & kHasUserValue) != 0)
    *user_value_slot(block) = nullptr;
  return block;
}

bool Heap::free(void* block) noexcept {
  if (block == nullptr) return true;
  if (!owns(block)) return false;
  Header& head = *header(block);
  const Stay stay(*this, 0);
  if (keep(head)) return true;
  if (!is_process_heap()) {
    release(head);
  } else {
    head.tag = 0;
    std::free(&head);
  }
  return true;
}

void* Heap::reallocate(ULONG flags, void* block, SIZE_T size) noexcept {
  if (size >= kLargestBlock || !owns(block)) return nullptr;
  const Stay stay(*this, flags);
  const Header old = *header(block);
  const auto lock = has_links() ? std::unique_lock(list_of(old).mutex) : std::unique_lock<KernelMutex>();
  void* const value = (old.bits & kHasUserValue) != 0 ? *user_value_slot(block) : nullptr;
  const std::size_t bytes = footprint({size, 0, old.bits}), old_bytes = footprint(old);
  if (bytes > old_bytes && !fits(bytes - old_bytes)) return nullptr;

  const bool in_place_only = (flags & HEAP_REALLOC_IN_PLACE_ONLY) != 0;
  void* moved = reallocate_in_place(block, size, in_place_only);
  if (moved == nullptr && !in_place_only) moved = resize(block, size);
  if (moved == nullptr) return nullptr;

  if ((flags & HEAP_ZERO_MEMORY) != 0 && size > old.size)
    std::memset(static_cast<char*>(moved) + old.size, 0, size - old.size);
  if ((old.bits & kHasUserValue) != 0) *user_value_slot(moved) = value;
  return moved;
}

void* Heap::reallocate_in_place(void* block, SIZE_T size, bool only) {
  Header& head = *header(block);
  const std::size_t old_bytes = footprint(head), bytes = footprint({size, 0, head.bits});
  const std::size_t capacity = (flags_ & HEAP_CREATE_ENABLE_EXECUTE) != 0
                                   ? round_up(old_bytes, kPage)
                                   : malloc_usable_size(static_cast<char*>(block) - prefix());
  if (bytes > capacity) return nullptr;
  if (!only && bytes < capacity / 2 && capacity > 2 * kPage) return nullptr;  // better give memory back than keep it
  head.size = size;
  if (maximum_ != 0) total_ += bytes - old_bytes;
  return block;
}

void* Heap::resize(void* block, SIZE_T size) {
  const Header old = *header(block);
  const std::size_t old_bytes = footprint(old), bytes = footprint({size, 0, old.bits});
  void* memory = static_cast<char*>(block) - prefix();
  if ((flags_ & HEAP_CREATE_ENABLE_EXECUTE) != 0) {
    void* other = obtain(bytes, false);
    if (other == nullptr) return nullptr;
    void* moved = adopt(other, size, old.bits);
    std::memcpy(moved, block, std::min(size, old.size));
    unlink(link_of(block));
    if (maximum_ != 0) total_ -= old_bytes;
    give_back(memory, old_bytes);
    return moved;
  }
  if (has_links()) unlink(link_of(block));
  if (maximum_ != 0) total_ -= old_bytes;
  void* other = std::realloc(memory, bytes);
  if (other == nullptr) {
    adopt(memory, old.size, old.bits);
    return nullptr;
  }
  return adopt(other, size, old.bits);
}

// --- all blocks of a heap ---

// The heap is locked, but its lists change at the end of a thread that has kept blocks.
void* Heap::next_block(const void* block) noexcept {
  if (!can_be_walked()) return nullptr;
  const std::lock_guard whole(*this);
  std::size_t i = block == nullptr ? 0 : header(block)->bits >> kListShift;
  for (const Link* from = block == nullptr ? nullptr : link_of(block); i < kLists; ++i, from = nullptr) {
    List& list = lists_[i];
    const std::lock_guard lock(list.mutex);
    for (const Link* node = from == nullptr ? list.blocks.next : from->next; node != &list.blocks; node = node->next)
      if (header_of(node)->tag == tag()) return const_cast<Header*>(header_of(node) + 1);
  }
  return nullptr;
}

SIZE_T Heap::allocated_bytes() noexcept {
  if (!can_be_walked()) return 0;
  const std::lock_guard whole(*this);
  SIZE_T bytes = 0;
  for (List& list : lists_) {
    const std::lock_guard lock(list.mutex);
    for (const Link* node = list.blocks.next; node != &list.blocks; node = node->next)
      if (header_of(node)->tag == tag()) bytes += footprint(*header_of(node));
  }
  return bytes;
}

bool Heap::validate() noexcept {
  if (!can_be_walked()) return true;
  const std::lock_guard whole(*this);
  for (List& list : lists_) {
    const std::lock_guard lock(list.mutex);
    for (const Link* node = list.blocks.next; node != &list.blocks; node = node->next) {
      const std::uint32_t found = header_of(node)->tag;
      if (node->next->previous != node || (found != tag() && found != kept_tag())) return false;
    }
  }
  return true;
}

// Of malloc's free blocks the topmost one can be asked for. Never 0, which says that it failed: a page can always be
// had.
SIZE_T Heap::compact() noexcept {
  thread::thread_blocks().clear();
  const auto empty_store = [](Heap& heap) { heap.store_.empty([&](void* batch) { heap.release_batch(batch); }); };
  empty_store(process_heap());
  {
    Registry& all = registry();
    const std::lock_guard lock(all.mutex);
    for (Heap* heap : all.private_heaps) empty_store(*heap);
  }
  malloc_trim(0);
  return std::max<SIZE_T>(mallinfo2().keepcost, 0x1000);
}

bool Heap::set_user_value(void* block, void* value) noexcept {
  if (!owns(block) || (header(block)->bits & kHasUserValue) == 0) return false;
  *user_value_slot(block) = value;
  return true;
}

std::optional<void*> Heap::user_value(const void* block) const noexcept {
  if (!owns(block) || (header(block)->bits & kHasUserValue) == 0) return std::nullopt;
  return *user_value_slot(const_cast<void*>(block));
}

bool Heap::set_user_flags(void* block, ULONG reset, ULONG set) noexcept {
  if (!owns(block)) return false;
  std::uint32_t& bits = header(block)->bits;
  bits = (bits & ~(reset & HEAP_SETTABLE_USER_FLAGS)) | (set & HEAP_SETTABLE_USER_FLAGS);
  return true;
}

ULONG Heap::user_flags(const void* block) const noexcept {
  return header(block)->bits & kUserBits;
}

// --- fork ---

void Heap::hold_for_fork() {
  Registry& all = registry();
  all.mutex.lock();
  process_heap().locked_by_forking_ = process_heap().lock_held_by_caller();
  for (Heap* heap : all.private_heaps) {
    heap->locked_by_forking_ = heap->lock_held_by_caller();
    for (List& list : heap->lists_) list.mutex.lock();
  }
}

void Heap::let_go_after_fork() {
  Registry& all = registry();
  for (Heap* heap : all.private_heaps)
    for (List& list : heap->lists_) list.mutex.unlock();
  all.mutex.unlock();
}

// The mutex knows its owner by a number that the thread does not have in the child.
void Heap::start_alone_after_fork() {
  new (&mutex_) HeapMutex;
  if (!locked_by_forking_) lock_depth_ = 0;
  locked_.store(lock_depth_ != 0 && !is_process_heap(), std::memory_order_relaxed);
  for (std::uint32_t i = 0; i < lock_depth_; ++i) mutex_.lock();
}

void Heap::forget_other_threads() {
  process_heap().start_alone_after_fork();
  for (Heap* heap : registry().private_heaps) heap->start_alone_after_fork();
}

}  // namespace hmodule::nt

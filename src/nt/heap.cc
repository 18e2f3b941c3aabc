#include "nt/heap.h"

#include "nt/kernel_section.h"

#include <malloc.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <new>

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

struct Registry {
  KernelMutex mutex;
  std::vector<Heap*> private_heaps;
};
Registry& registry() {
  static auto* const all = new Registry;
  return *all;
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
  return heap;
}

Heap* Heap::from_handle(HANDLE handle) {
  auto* heap = static_cast<Heap*>(handle);
  if (heap == &detail::process_heap_storage.heap) return &process_heap();
  if (heap == nullptr || reinterpret_cast<std::uintptr_t>(heap) % alignof(Heap) != 0) return nullptr;
  return heap->signature_ == kLiveHeap ? heap : nullptr;
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
  }
  while (void* block = heap->next_block(nullptr)) heap->free(block);
  heap->signature_ = 0;
  delete heap;
  return true;
}

std::size_t Heap::prefix() const {
  return sizeof(Header) + (is_process_heap() ? 0 : sizeof(Link));
}

std::size_t Heap::footprint(const Header& of) const {
  const bool has_value = (of.bits & kHasUserValue) != 0;
  const std::size_t bytes = prefix() + (has_value ? round_up(of.size, sizeof(Header)) + sizeof(void*) : of.size);
  return is_process_heap() ? thread::BlockCache::rounded(bytes) : bytes;
}

void** Heap::user_value_slot(void* block) {
  return reinterpret_cast<void**>(static_cast<char*>(block) + round_up(header(block)->size, sizeof(Header)));
}

std::unique_lock<std::recursive_mutex> Heap::guard(ULONG flags) const {
  if (is_process_heap() || ((flags_ | flags) & HEAP_NO_SERIALIZE) != 0) return {};
  return std::unique_lock(mutex_);
}

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

void Heap::link(void* memory) {
  auto* node = new (memory) Link{&blocks_, blocks_.previous};
  node->previous->next = node;
  blocks_.previous = node;
}

void Heap::unlink(void* memory) {
  auto* node = static_cast<Link*>(memory);
  node->previous->next = node->next;
  node->next->previous = node->previous;
}

// Writes the header (and the links) of a block into memory just obtained.
void* Heap::adopt(void* memory, SIZE_T size, std::uint32_t bits) {
  if (!is_process_heap()) link(memory);
  void* block = static_cast<char*>(memory) + prefix();
  *header(block) = {size, tag(), bits};
  if (!is_process_heap()) total_ += footprint(*header(block));
  return block;
}

void* Heap::allocate(ULONG flags, SIZE_T size) noexcept {
  if (size >= kLargestBlock) return nullptr;
  if (is_process_heap() && (flags & (HEAP_SETTABLE_USER_VALUE | HEAP_SETTABLE_USER_FLAGS)) == 0) [[likely]] {
    const std::size_t plain = thread::BlockCache::rounded(sizeof(Header) + size);
    void* memory = (flags & HEAP_ZERO_MEMORY) != 0 ? std::calloc(1, plain) : std::malloc(plain);
    return memory == nullptr ? nullptr : new (memory) Header{size, tag(), 0} + 1;
  }
  const auto lock = guard(flags);
  const std::uint32_t bits = flags & (HEAP_SETTABLE_USER_VALUE | HEAP_SETTABLE_USER_FLAGS);
  const std::size_t bytes = footprint({size, 0, bits});
  if (!fits(bytes)) return nullptr;
  void* memory = obtain(bytes, (flags & HEAP_ZERO_MEMORY) != 0);
  if (memory == nullptr) return nullptr;
  void* block = adopt(memory, size, bits);
  if ((bits & kHasUserValue) != 0) *user_value_slot(block) = nullptr;
  return block;
}

bool Heap::free(void* block) noexcept {
  if (block == nullptr) return true;
  if (is_process_heap()) [[likely]] {
    if (!owns(block)) return false;
    header(block)->tag = 0;
    std::free(header(block));
    return true;
  }
  const auto lock = guard(0);
  if (!owns(block)) return false;
  Header& head = *header(block);
  const std::size_t bytes = footprint(head);
  head.tag = 0;
  void* memory = static_cast<char*>(block) - prefix();
  unlink(memory);
  total_ -= bytes;
  give_back(memory, bytes);
  return true;
}

void* Heap::reallocate(ULONG flags, void* block, SIZE_T size) noexcept {
  if (size >= kLargestBlock) return nullptr;
  const auto lock = guard(flags);
  if (!owns(block)) return nullptr;
  const Header old = *header(block);
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
  if (!is_process_heap()) total_ += bytes - old_bytes;
  return block;
}

void* Heap::resize(void* block, SIZE_T size) {
  const Header old = *header(block);
  const std::size_t bytes = footprint({size, 0, old.bits});
  void* memory = static_cast<char*>(block) - prefix();
  if ((flags_ & HEAP_CREATE_ENABLE_EXECUTE) != 0) {
    void* other = obtain(bytes, false);
    if (other == nullptr) return nullptr;
    void* moved = adopt(other, size, old.bits);
    std::memcpy(moved, block, std::min(size, old.size));
    free(block);
    return moved;
  }
  if (!is_process_heap()) {
    unlink(memory);
    total_ -= footprint(old);
  }
  void* other = std::realloc(memory, bytes);
  if (other == nullptr) {
    adopt(memory, old.size, old.bits);
    return nullptr;
  }
  return adopt(other, size, old.bits);
}

void* Heap::next_block(const void* block) noexcept {
  if (!can_be_walked()) return nullptr;
  const auto lock = guard(0);
  const auto* node =
      block == nullptr ? &blocks_ : reinterpret_cast<const Link*>(static_cast<const char*>(block) - prefix());
  return node->next == &blocks_ ? nullptr : reinterpret_cast<char*>(node->next) + prefix();
}

// Of malloc's free blocks the topmost one can be asked for. Never 0, which says that it failed: a page can always be
// had.
SIZE_T Heap::compact() noexcept {
  thread::block_cache().clear();
  malloc_trim(0);
  return std::max<SIZE_T>(mallinfo2().keepcost, 0x1000);
}

bool Heap::validate() noexcept {
  const auto lock = guard(0);
  if (!can_be_walked()) return true;
  for (const Link* node = blocks_.next; node != &blocks_; node = node->next)
    if (node->next->previous != node || !owns(reinterpret_cast<const char*>(node) + prefix())) return false;
  return true;
}

bool Heap::lock_held_by_caller() {
  // A recursive mutex of glibc records its owner; asking it is the only way short of keeping the fact twice.
  return mutex_.native_handle()->__data.__owner == static_cast<int>(gettid());
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
  return header(block)->bits & (HEAP_SETTABLE_USER_VALUE | HEAP_SETTABLE_USER_FLAGS);
}

}  // namespace hmodule::nt

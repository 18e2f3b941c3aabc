#include "nt/handle_table.h"

#include "nt/event.h"
#include "nt/kernel_section.h"
#include "nt/process.h"
#include "nt/thread.h"

#include <immintrin.h>
#include <sched.h>

#include <algorithm>

namespace hmodule::nt {
namespace {

constexpr std::uintptr_t kLocked = 1;

std::uint32_t index_of(HANDLE handle) {
  return static_cast<std::uint32_t>(reinterpret_cast<std::uintptr_t>(handle)) >> 2;
}
HANDLE handle_at(std::uint32_t index) {
  return reinterpret_cast<HANDLE>(std::uintptr_t{index} << 2);
}

// -1 and -2; -4, -5 and -6 are the pseudo handles of access tokens.
bool is_pseudo(HANDLE handle) {
  const auto value = reinterpret_cast<std::intptr_t>(handle);
  return value < 0 && value >= -6;
}

Error invalid(HANDLE handle) {
  return fail(STATUS_INVALID_HANDLE, "handle {} is not open", handle);
}

}  // namespace

class HandleTable::SlotLock {
 public:
  explicit SlotLock(Slot& slot) : slot_(slot) {
    for (unsigned spins = 0;; ++spins) {
      std::uintptr_t free = slot_.object.load(std::memory_order_relaxed) & ~kLocked;
      if (slot_.object.compare_exchange_weak(free, free | kLocked, std::memory_order_acquire)) {
        object_ = free;
        return;
      }
      spins % 64 == 63 ? static_cast<void>(sched_yield()) : _mm_pause();
    }
  }
  ~SlotLock() { slot_.object.store(object_, std::memory_order_release); }
  SlotLock(const SlotLock&) = delete;
  SlotLock& operator=(const SlotLock&) = delete;

  Object* object() const { return reinterpret_cast<Object*>(object_); }
  void set(Object* object) { object_ = reinterpret_cast<std::uintptr_t>(object); }

 private:
  const KernelSection not_suspended_;
  Slot& slot_;
  std::uintptr_t object_ = 0;
};

constinit HandleTable process_handles;

Result<std::uint32_t> HandleTable::allocate() {
  const std::lock_guard lock(free_mutex_);
  if (first_free_ != 0) {
    const std::uint32_t index = first_free_ - 1;
    first_free_ = slot_at(index).attributes_or_next;
    return index;
  }
  const std::uint32_t index = used_;
  if (index / kChunkSlots >= kChunks) return fail(STATUS_INSUFFICIENT_RESOURCES, "{} handles are open", index);
  auto& chunk = chunks_[index / kChunkSlots];
  if (chunk.load(std::memory_order_relaxed) == nullptr) chunk.store(new Slot[kChunkSlots], std::memory_order_release);
  ++used_;
  return index;
}

void HandleTable::recycle(std::uint32_t index) {
  const std::lock_guard lock(free_mutex_);
  slot_at(index).attributes_or_next = first_free_;
  first_free_ = index + 1;
}

Result<HANDLE> HandleTable::insert(Ref<Object> object, ACCESS_MASK access, ULONG attributes) {
  const std::uint32_t index = TRY(allocate());
  fill(index, std::move(object), access, attributes);
  return handle_at(index);
}

void HandleTable::fill(std::uint32_t index, Ref<Object> object, ACCESS_MASK access, ULONG attributes) {
  count_.fetch_add(1, std::memory_order_relaxed);
  object->handle_opened();
  Slot& slot = slot_at(index);
  SlotLock lock(slot);
  slot.access = map_access(object->type(), access);
  slot.attributes_or_next = attributes & (OBJ_INHERIT | OBJ_PROTECT_CLOSE);
  if (EventWord* const word = object->event_word()) {
    slot.word.store(word, std::memory_order_relaxed);
    slot.ticket.store(word->ticket() | ((slot.access & EVENT_MODIFY_STATE) != 0 ? EventWord::kMaySet : 0) |
                          ((slot.access & SYNCHRONIZE) != 0 ? EventWord::kMayWait : 0),
                      std::memory_order_release);
  }
  lock.set(object.detach());
}

Result<HandleTable::Entry> HandleTable::find(HANDLE handle) {
  if (Slot* const slot = slot_of(handle)) {
    const SlotLock lock(*slot);
    if (lock.object() == nullptr) return invalid(handle);
    return Entry{Ref<Object>::share(*lock.object()), slot->access, slot->attributes_or_next};
  }
  if (handle == current_process_handle()) return Entry{Process::current(), Process::kType.all, 0};
  if (handle == current_thread_handle()) return Entry{Ref<Thread>::share(current_thread()), Thread::kType.all, 0};
  return invalid(handle);
}

Result<Ref<Object>> HandleTable::find(HANDLE handle, const ObjectType& type, ACCESS_MASK access) {
  if (Slot* const slot = slot_of(handle)) {  // what comes of a pseudo handle or none at all is below
    const SlotLock lock(*slot);
    Object* const object = lock.object();
    if (object != nullptr && &object->type() == &type && (access & ~slot->access) == 0)
      return Ref<Object>::share(*object);
  }
  Entry entry = TRY(find(handle));
  if (&entry.object->type() != &type)
    return fail(STATUS_OBJECT_TYPE_MISMATCH, "handle {} is not of the type asked for", handle);
  if ((access & ~entry.access) != 0)
    return fail(STATUS_ACCESS_DENIED, "handle {} grants {:#x}, and {:#x} is needed", handle, entry.access, access);
  return std::move(entry.object);
}

Result<Ref<Object>> HandleTable::take(HANDLE handle) {
  Slot* const slot = slot_of(handle);
  if (slot == nullptr) return invalid(handle);
  SlotLock lock(*slot);
  if (lock.object() == nullptr) return invalid(handle);
  if ((slot->attributes_or_next & OBJ_PROTECT_CLOSE) != 0)
    return fail(STATUS_HANDLE_NOT_CLOSABLE, "handle {} is protected from close", handle);
  auto object = Ref<Object>::adopt(lock.object());
  slot->ticket.store(0, std::memory_order_relaxed);
  lock.set(nullptr);
  return object;
}

Status HandleTable::close(HANDLE handle) {
  if (is_pseudo(handle)) return ok;
  const Ref<Object> object = TRY(take(handle));
  recycle(index_of(handle));
  count_.fetch_sub(1, std::memory_order_relaxed);
  object->handle_closed();
  return ok;
}

Result<HANDLE> HandleTable::duplicate(HANDLE handle, ACCESS_MASK access, ULONG attributes, ULONG options) {
  Entry entry = TRY(find(handle));
  if ((options & DUPLICATE_SAME_ACCESS) != 0) access = entry.access;
  if ((options & DUPLICATE_SAME_ATTRIBUTES) != 0) attributes = entry.attributes;
  return insert(std::move(entry.object), access, attributes);
}

std::vector<HANDLE> HandleTable::inheritable() {
  std::uint32_t end = 0;
  {
    const std::lock_guard lock(free_mutex_);
    end = used_;
  }
  std::vector<HANDLE> all;
  for (std::uint32_t index = 1; index < end; ++index) {
    const SlotLock lock(slot_at(index));
    if (lock.object() != nullptr && (slot_at(index).attributes_or_next & OBJ_INHERIT) != 0)
      all.push_back(handle_at(index));
  }
  return all;
}

HandleTable::SetAside HandleTable::set_aside(HANDLE last) {
  const std::uint32_t end = std::min(index_of(last) + 1, kChunkSlots * kChunks);
  const std::lock_guard lock(free_mutex_);
  const std::uint32_t first = used_;
  for (std::uint32_t chunk = 0; chunk * kChunkSlots < end; ++chunk) {
    if (chunks_[chunk].load(std::memory_order_relaxed) == nullptr)
      chunks_[chunk].store(new Slot[kChunkSlots], std::memory_order_release);
  }
  used_ = std::max(first, end);
  return {*this, first, end};
}

Status HandleTable::SetAside::insert(HANDLE handle, Ref<Object> object, ACCESS_MASK access, ULONG attributes) const {
  const std::uint32_t index = index_of(handle);
  if (index < first_ || index >= end_ || table_.slot_at(index).object.load() != 0)
    return fail(STATUS_INVALID_HANDLE, "handle {} is taken already", handle);
  table_.fill(index, std::move(object), access, attributes);
  return ok;
}

HandleTable::SetAside::~SetAside() {
  for (std::uint32_t index = end_; index-- > first_;)
    if (table_.slot_at(index).object.load() == 0) table_.recycle(index);
}

Status HandleTable::set_attributes(HANDLE handle, ULONG mask, ULONG attributes) {
  Slot* const slot = slot_of(handle);
  if (slot == nullptr) return invalid(handle);
  const SlotLock lock(*slot);
  if (lock.object() == nullptr) return invalid(handle);
  slot->attributes_or_next = (slot->attributes_or_next & ~mask) | (attributes & mask);
  return ok;
}

}  // namespace hmodule::nt

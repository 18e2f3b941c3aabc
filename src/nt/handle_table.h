// Handles: multiples of four, each an entry {object, granted access, attributes}.
//
// A look-up takes no lock that two handles share: entries sit in chunks that never move, and the low bit of the
// object pointer is a spin lock held for the few instructions it takes to add a reference or to take the object out.
// The state of an event is found without even that (event_word.h).
#pragma once

#include "nt/event_word.h"
#include "nt/kernel_section.h"
#include "nt/object.h"

#include <array>
#include <memory>
#include <vector>

namespace hmodule::nt {

// OBJECT_ATTRIBUTES.Attributes and handle attributes (ntdef.h).
inline constexpr ULONG OBJ_PROTECT_CLOSE = 0x1, OBJ_INHERIT = 0x2, OBJ_PERMANENT = 0x10, OBJ_EXCLUSIVE = 0x20,
                       OBJ_CASE_INSENSITIVE = 0x40, OBJ_OPENIF = 0x80, OBJ_OPENLINK = 0x100;

// NtDuplicateObject options (winnt.h).
inline constexpr ULONG DUPLICATE_CLOSE_SOURCE = 1, DUPLICATE_SAME_ACCESS = 2, DUPLICATE_SAME_ATTRIBUTES = 4;

inline HANDLE current_process_handle() {
  return reinterpret_cast<HANDLE>(std::intptr_t{-1});
}
inline HANDLE current_thread_handle() {
  return reinterpret_cast<HANDLE>(std::intptr_t{-2});
}

class HandleTable {
 public:
  struct Entry {
    Ref<Object> object;
    ACCESS_MASK access = 0;
    ULONG attributes = 0;  // OBJ_INHERIT, OBJ_PROTECT_CLOSE
  };

  // `access` may hold generic rights; they are mapped for the object's type.
  Result<HANDLE> insert(Ref<Object> object, ACCESS_MASK access, ULONG attributes = 0);
  // Any object: STATUS_INVALID_HANDLE if there is none. Knows the pseudo handles.
  Result<Entry> find(HANDLE handle);
  // The object of that type, with all of `access` granted, or INVALID_HANDLE, OBJECT_TYPE_MISMATCH, ACCESS_DENIED in
  // this order.
  Result<Ref<Object>> find(HANDLE handle, const ObjectType& type, ACCESS_MASK access);
  // NtClose: pseudo handles are ignored, a protected handle is STATUS_HANDLE_NOT_CLOSABLE.
  Status close(HANDLE handle);
  Result<HANDLE> duplicate(HANDLE handle, ACCESS_MASK access, ULONG attributes, ULONG options);
  Status set_attributes(HANDLE handle, ULONG mask, ULONG attributes);

  // What most calls on an event and waits for one come to, in a few instructions; `unknown`: nothing has happened, go
  // the long way. A wait is over if the event was `set`; one that was `reset` has to begin.
  EventWord::Before try_set_event(HANDLE handle) const {
    return quickly<&EventWord::try_set>(handle, EventWord::kMaySet);
  }
  EventWord::Before try_reset_event(HANDLE handle) const {
    return quickly<&EventWord::try_reset>(handle, EventWord::kMaySet);
  }
  EventWord::Before try_wait(HANDLE handle) const { return quickly<&EventWord::try_wait>(handle, EventWord::kMayWait); }

  // The values of handles with OBJ_INHERIT.
  std::vector<HANDLE> inheritable();
  // For the handles that a process begins with: no other handle has a value up to `last`, as long as this lives.
  class SetAside {
   public:
    SetAside(const SetAside&) = delete;
    SetAside& operator=(const SetAside&) = delete;
    ~SetAside();
    // INVALID_HANDLE: it is not set aside, or taken.
    Status insert(HANDLE handle, Ref<Object> object, ACCESS_MASK access, ULONG attributes) const;

   private:
    friend class HandleTable;
    SetAside(HandleTable& table, std::uint32_t first, std::uint32_t end) : table_(table), first_(first), end_(end) {}
    HandleTable& table_;
    const std::uint32_t first_, end_;  // indexes
  };
  SetAside set_aside(HANDLE last);

  std::uint32_t count() const { return count_.load(std::memory_order_relaxed); }
  // No handle is made or closed in between (fork.h).
  void hold_for_fork() { free_mutex_.lock(); }
  void let_go_after_fork() { free_mutex_.unlock(); }

 private:
  struct Slot {
    std::atomic<std::uintptr_t> object{0};  // bit 0: locked; 0: free
    ACCESS_MASK access = 0;
    std::uint32_t attributes_or_next = 0;  // free slots: index of the next free one plus one
    std::atomic<EventWord::Ticket> ticket{0};
    std::atomic<EventWord*> word{nullptr};  // of the event that has the ticket, or had it: then the swap will fail
  };
  static constexpr std::uint32_t kChunkSlots = 256, kChunks = 1 << 14;
  class SlotLock;

  // Handles are 32-bit numbers; the two low bits are the application's.
  Slot* slot_of(HANDLE handle) const {
    const std::uintptr_t index = reinterpret_cast<std::uintptr_t>(handle) >> 2;
    if (index >= std::uintptr_t{kChunks} * kChunkSlots) return nullptr;
    Slot* const chunk = chunks_[index / kChunkSlots].load(std::memory_order_acquire);
    return chunk == nullptr ? nullptr : &chunk[index % kChunkSlots];
  }
  template <EventWord::Before (EventWord::*change)(EventWord::Ticket)>
  [[gnu::always_inline]] EventWord::Before quickly(HANDLE handle, EventWord::Ticket right) const {
    const Slot* const slot = slot_of(handle);
    if (slot == nullptr) return EventWord::Before::unknown;
    const EventWord::Ticket ticket = slot->ticket.load(std::memory_order_acquire);
    if ((ticket & right) == 0) return EventWord::Before::unknown;
    return (slot->word.load(std::memory_order_relaxed)->*change)(ticket);
  }
  Slot& slot_at(std::uint32_t index) const { return chunks_[index / kChunkSlots].load()[index % kChunkSlots]; }
  Result<std::uint32_t> allocate();
  void fill(std::uint32_t index, Ref<Object> object, ACCESS_MASK access, ULONG attributes);
  void recycle(std::uint32_t index);
  // Empties the slot of `handle` unless it is protected.
  Result<Ref<Object>> take(HANDLE handle);

  std::array<std::atomic<Slot*>, kChunks> chunks_{};
  std::uint32_t used_ = 1;  // slots ever used; slot 0 is never used, as handle 0 is none
  std::atomic<std::uint32_t> count_{0};
  KernelMutex free_mutex_;        // guards used_, the next, and what leads on from there
  std::uint32_t first_free_ = 0;  // index of a free slot plus one
};

// The process's table. Never destroyed: threads may still close handles while the process ends.
extern constinit HandleTable process_handles;
inline HandleTable& handles() {
  return process_handles;
}

// handle -> Ref<Event>, as every function with a handle argument begins. T::kType is T's ObjectType.
template <typename T>
Result<Ref<T>> object_of(HANDLE handle, ACCESS_MASK access) {
  Ref<Object> object = TRY(handles().find(handle, T::kType, access));
  return Ref<T>::adopt(static_cast<T*>(object.detach()));
}

// Hands `object` to the caller as a new handle.
template <typename T>
Result<HANDLE> handle_for(Ref<T> object, ACCESS_MASK access, ULONG attributes = 0) {
  return handles().insert(std::move(object), access, attributes);
}

}  // namespace hmodule::nt

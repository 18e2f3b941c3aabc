// Slots are in eight chunks, each twice as long as the one before, allocated on first use: 16 + 32 + ... + 2048 makes
// the 0xFF0 indices Windows has, and no slot ever moves while its owner runs without a lock.
//
// Who takes a value out of a slot by exchange owes it its callback; so a value is handed over exactly once, whether
// its thread ends or another one frees the index at the same time.
#include "thread/fls.h"

#include "thread/call.h"
#include "thread/teb.h"

#include <atomic>
#include <bit>
#include <bitset>
#include <cstdlib>
#include <mutex>
#include <new>
#include <utility>
#include <vector>

namespace hmodule::thread {
namespace {

constexpr unsigned kChunks = 8, kFirstChunk = 16;

using Slot = std::atomic<void*>;

struct FlsData {
  FlsData *previous, *next;
  std::atomic<Slot*> chunks[kChunks];
};

struct Place {
  unsigned chunk, offset;
};

constexpr Place place_of(ULONG index) {
  const unsigned shifted = index + kFirstChunk;
  const unsigned chunk = static_cast<unsigned>(std::bit_width(shifted)) - 5;
  return {chunk, shifted - (kFirstChunk << chunk)};
}
static_assert(place_of(15).chunk == 0 && place_of(16).chunk == 1 && place_of(16).offset == 0);
static_assert(place_of(kFlsIndices - 1).chunk == kChunks - 1 && place_of(kFlsIndices - 1).offset == 2047);

struct Indices {
  std::mutex mutex;  // a leaf: nothing is called under it but the allocator
  std::bitset<kFlsIndices> taken{1};
  FlsCallback callbacks[kFlsIndices]{};
  FlsData* first = nullptr;
};
Indices& indices() {
  static auto* const all = new Indices;  // never destroyed: threads outlive main()
  return *all;
}

Slot* slot_of(FlsData* data, ULONG index) {
  if (data == nullptr) return nullptr;
  const Place place = place_of(index);
  Slot* const chunk = data->chunks[place.chunk].load(std::memory_order_acquire);
  return chunk != nullptr ? &chunk[place.offset] : nullptr;
}

FlsData* data_of_this_fiber() {
  return static_cast<FlsData*>(teb().FlsData);
}

FlsData* make_data() {
  auto* data = new (std::nothrow) FlsData{};
  if (data == nullptr) return nullptr;
  Indices& all = indices();
  const std::lock_guard lock(all.mutex);
  data->next = all.first;
  if (all.first != nullptr) all.first->previous = data;
  all.first = data;
  teb().FlsData = data;
  return data;
}

Slot* make_slot(ULONG index) {
  FlsData* data = data_of_this_fiber();
  if (data == nullptr) data = make_data();
  if (data == nullptr) return nullptr;
  const Place place = place_of(index);
  if (data->chunks[place.chunk].load(std::memory_order_relaxed) == nullptr) {
    auto* chunk = new (std::nothrow) Slot[kFirstChunk << place.chunk]{};
    data->chunks[place.chunk].store(chunk, std::memory_order_release);
  }
  return slot_of(data, index);
}

// With the mutex held: every value of `index` that any fiber has, taken out.
std::vector<void*> take_values(Indices& all, ULONG index) {
  std::vector<void*> values;
  for (FlsData* data = all.first; data != nullptr; data = data->next)
    if (Slot* slot = slot_of(data, index))
      if (void* value = slot->exchange(nullptr)) values.push_back(value);
  return values;
}

bool in_range(ULONG index) {
  return index != 0 && index < kFlsIndices;
}
Error out_of_range(ULONG index) {
  return fail(STATUS_INVALID_PARAMETER, "FLS index {} is not between 1 and {}", index, kFlsIndices - 1);
}

}  // namespace

Result<ULONG> fls_alloc(FlsCallback callback) {
  Indices& all = indices();
  const std::lock_guard lock(all.mutex);
  for (ULONG index = 1; index < kFlsIndices; ++index) {
    if (all.taken[index]) continue;
    all.taken[index] = true;
    all.callbacks[index] = callback;
    take_values(all, index);  // stored while the index was free: nobody's
    return index;
  }
  return fail(STATUS_NO_MORE_ENTRIES, "all {} FLS indices are taken", kFlsIndices - 1);
}

Status fls_free(ULONG index) {
  if (!in_range(index)) return out_of_range(index);
  Indices& all = indices();
  std::unique_lock lock(all.mutex);
  if (!all.taken[index]) return fail(STATUS_INVALID_PARAMETER, "FLS index {} is not allocated", index);
  const FlsCallback callback = std::exchange(all.callbacks[index], nullptr);
  const std::vector<void*> values = take_values(all, index);
  lock.unlock();
  if (callback != nullptr)
    for (void* value : values) call(callback, value);
  lock.lock();
  all.taken[index] = false;
  return ok;
}

Result<void*> fls_get(ULONG index) {
  if (!in_range(index)) return out_of_range(index);
  Slot* const slot = slot_of(data_of_this_fiber(), index);
  return slot != nullptr ? slot->load(std::memory_order_relaxed) : nullptr;
}

Status fls_set(ULONG index, void* value) {
  if (!in_range(index)) return out_of_range(index);
  Slot* const slot = make_slot(index);
  if (slot == nullptr) return fail(STATUS_NO_MEMORY, "no memory for FLS slot {}", index);
  slot->store(value, std::memory_order_relaxed);
  return ok;
}

void fls_run_callbacks(void* fls_data) {
  auto* const data = static_cast<FlsData*>(fls_data);
  Indices& all = indices();
  for (ULONG index = 1; index < kFlsIndices; ++index) {
    Slot* const slot = slot_of(data, index);
    if (slot == nullptr || slot->load(std::memory_order_relaxed) == nullptr) continue;
    std::unique_lock lock(all.mutex);
    const FlsCallback callback = all.callbacks[index];
    void* const value = slot->exchange(nullptr);
    lock.unlock();
    if (callback != nullptr && value != nullptr) call(callback, value);
  }
}

void fls_release(void* fls_data) {
  auto* const data = static_cast<FlsData*>(fls_data);
  if (data == nullptr) return;
  Indices& all = indices();
  {
    const std::lock_guard lock(all.mutex);
    (data->previous != nullptr ? data->previous->next : all.first) = data->next;
    if (data->next != nullptr) data->next->previous = data->previous;
  }
  for (auto& chunk : data->chunks) delete[] chunk.load();
  delete data;
}

}  // namespace hmodule::thread

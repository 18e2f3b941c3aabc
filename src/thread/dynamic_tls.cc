#include "thread/dynamic_tls.h"

#include "thread/peb.h"
#include "thread/registry.h"

#include <bit>
#include <cstdlib>
#include <optional>

namespace hmodule::thread {
namespace {

// The lowest free bit, taken.
std::optional<ULONG> take_bit(RTL_BITMAP& bitmap) {
  for (ULONG word = 0; word < bitmap.SizeOfBitMap / 32; ++word) {
    const auto bit = static_cast<ULONG>(std::countr_one(bitmap.Buffer[word]));
    if (bit == 32) continue;
    bitmap.Buffer[word] |= 1U << bit;
    return word * 32 + bit;
  }
  return std::nullopt;
}

bool free_bit(RTL_BITMAP& bitmap, ULONG bit) {
  ULONG& word = bitmap.Buffer[bit / 32];
  const ULONG mask = 1U << (bit % 32);
  const bool was_set = (word & mask) != 0;
  word &= ~mask;
  return was_set;
}

void** expansion_of(TEB& teb) {
  return __atomic_load_n(&teb.TlsExpansionSlots, __ATOMIC_ACQUIRE);
}

// With the registry's mutex held.
void clear_in_all_threads(ULONG index) {
  for (Thread* thread = registry().first; thread != nullptr; thread = thread->next) {
    void** slot = nullptr;
    if (index < kTlsSlots)
      slot = &thread->teb.TlsSlots[index];
    else if (void** expansion = expansion_of(thread->teb))
      slot = &expansion[index - kTlsSlots];
    if (slot != nullptr) __atomic_store_n(slot, nullptr, __ATOMIC_RELAXED);
  }
}

Error out_of_range(ULONG index) {
  return fail(STATUS_INVALID_PARAMETER, "TLS index {} is not below {}", index, kTlsIndices);
}

}  // namespace

Result<ULONG> tls_alloc() {
  PEB& process = peb();
  const RegistryLock lock;
  std::optional<ULONG> index = take_bit(*process.TlsBitmap);
  if (!index) {
    index = take_bit(*process.TlsExpansionBitmap);
    if (!index) return fail(STATUS_NO_MORE_ENTRIES, "all {} TLS indices are taken", kTlsIndices - 1);
    *index += kTlsSlots;
  }
  clear_in_all_threads(*index);
  return *index;
}

Status tls_free(ULONG index) {
  if (index >= kTlsIndices) return out_of_range(index);
  PEB& process = peb();
  const RegistryLock lock;
  const bool was_allocated = index < kTlsSlots ? index != 0 && free_bit(*process.TlsBitmap, index)
                                               : free_bit(*process.TlsExpansionBitmap, index - kTlsSlots);
  if (!was_allocated) return fail(STATUS_INVALID_PARAMETER, "TLS index {} is not allocated", index);
  clear_in_all_threads(index);
  return ok;
}

Result<void*> tls_get(ULONG index) {
  if (index >= kTlsIndices) return out_of_range(index);
  TEB& self = teb();
  if (index < kTlsSlots) return self.TlsSlots[index];
  void** const expansion = self.TlsExpansionSlots;
  return expansion != nullptr ? expansion[index - kTlsSlots] : nullptr;
}

Status tls_set(ULONG index, void* value) {
  if (index >= kTlsIndices) return out_of_range(index);
  TEB& self = teb();
  if (index < kTlsSlots) {
    self.TlsSlots[index] = value;
    return ok;
  }
  if (self.TlsExpansionSlots == nullptr) {
    auto** const fresh = static_cast<void**>(std::calloc(kTlsExpansionSlots, sizeof(void*)));
    if (fresh == nullptr) return fail(STATUS_NO_MEMORY, "no memory for the thread's TLS expansion slots");
    __atomic_store_n(&self.TlsExpansionSlots, fresh, __ATOMIC_RELEASE);
  }
  self.TlsExpansionSlots[index - kTlsSlots] = value;
  return ok;
}

}  // namespace hmodule::thread

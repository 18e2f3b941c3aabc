#include "nt/address_wait.h"

#include "nt/futex.h"
#include "nt/kernel_section.h"

#include <array>
#include <cstring>
#include <mutex>

namespace hmodule::nt {
namespace {

struct Sleeper {
  const volatile void* address;
  std::atomic<std::uint32_t> woken{0};
  Sleeper *previous = nullptr, *next = nullptr;
};

// Sleepers whose addresses share a hash, oldest first. `count` lets a wake-up with no one to wake pass by.
struct alignas(64) Bucket {
  KernelMutex mutex;
  std::atomic<std::uint32_t> count{0};
  Sleeper *first = nullptr, *last = nullptr;

  void append(Sleeper& sleeper) {
    sleeper.previous = last;
    (last != nullptr ? last->next : first) = &sleeper;
    last = &sleeper;
  }
  void remove(Sleeper& sleeper) {
    (sleeper.previous != nullptr ? sleeper.previous->next : first) = sleeper.next;
    (sleeper.next != nullptr ? sleeper.next->previous : last) = sleeper.previous;
  }
};

Bucket& bucket_of(const volatile void* address) {
  static auto* buckets = new std::array<Bucket, 256>;
  const auto bits = reinterpret_cast<std::uintptr_t>(address);
  return (*buckets)[(bits * 0x9E37'79B9'7F4A'7C15) >> 56];
}

template <typename T>
bool still(const volatile void* address, const void* compare) {
  T expected;
  std::memcpy(&expected, compare, sizeof expected);
  return __atomic_load_n(static_cast<const volatile T*>(address), __ATOMIC_SEQ_CST) == expected;
}

bool still_equal(const volatile void* address, const void* compare, SIZE_T size) {
  switch (size) {
    case 1:
      return still<std::uint8_t>(address, compare);
    case 2:
      return still<std::uint16_t>(address, compare);
    case 4:
      return still<std::uint32_t>(address, compare);
    default:
      return still<std::uint64_t>(address, compare);
  }
}

}  // namespace

NTSTATUS wait_on_address(const volatile void* address, const void* compare, SIZE_T size, Timeout timeout) {
  if (size != 1 && size != 2 && size != 4 && size != 8) return STATUS_INVALID_PARAMETER;
  Bucket& bucket = bucket_of(address);
  Sleeper self{address};
  {
    const std::lock_guard lock(bucket.mutex);
    bucket.count.fetch_add(1, std::memory_order_seq_cst);  // before the comparison: see wake_by_address
    if (!still_equal(address, compare, size)) {
      bucket.count.fetch_sub(1, std::memory_order_relaxed);
      return STATUS_SUCCESS;
    }
    bucket.append(self);
  }
  const Deadline deadline(timeout);
  while (self.woken.load(std::memory_order_acquire) == 0) {
    if (futex_wait(self.woken, 0, deadline)) continue;
    const std::lock_guard lock(bucket.mutex);
    if (self.woken.load(std::memory_order_acquire) != 0) break;
    bucket.remove(self);
    bucket.count.fetch_sub(1, std::memory_order_relaxed);
    return STATUS_TIMEOUT;
  }
  // The waker may still be about to wake us: `self` must outlive its last touch, which is under the lock.
  const std::lock_guard lock(bucket.mutex);
  return STATUS_SUCCESS;
}

void wake_by_address(const void* address, bool all) {
  Bucket& bucket = bucket_of(address);
  // A look at the count that also writes it: a sleeper counted later sees what the caller stored before.
  if (bucket.count.fetch_add(0, std::memory_order_seq_cst) == 0) return;
  const std::lock_guard lock(bucket.mutex);
  for (Sleeper* sleeper = bucket.first; sleeper != nullptr;) {
    Sleeper* const next = sleeper->next;
    if (sleeper->address == address) {
      bucket.remove(*sleeper);
      bucket.count.fetch_sub(1, std::memory_order_relaxed);
      sleeper->woken.store(1, std::memory_order_release);
      futex_wake_one(sleeper->woken);
      if (!all) return;
    }
    sleeper = next;
  }
}

}  // namespace hmodule::nt

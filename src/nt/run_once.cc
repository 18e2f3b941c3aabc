#include "nt/run_once.h"

#include "nt/futex.h"

namespace hmodule::nt::run_once {
namespace {

constexpr std::uintptr_t kStateMask = 3, kNothing = 0, kOneAtIt = 1, kDone = 2, kManyAtIt = 3, kSleepers = 4;

std::atomic_ref<std::uintptr_t> word(void** once) {
  return std::atomic_ref<std::uintptr_t>(*reinterpret_cast<std::uintptr_t*>(once));
}
std::atomic<std::uint32_t>& low_half(void** once) {
  return *reinterpret_cast<std::atomic<std::uint32_t>*>(once);
}

void sleep(void** once, std::uintptr_t value) {
  if ((value & kSleepers) == 0 && !word(once).compare_exchange_strong(value, value | kSleepers)) return;
  futex_wait(low_half(once), static_cast<std::uint32_t>(value | kSleepers));
}

}  // namespace

NTSTATUS begin(void** once, DWORD flags, void** context) {
  const bool async = (flags & kAsync) != 0, check_only = (flags & kCheckOnly) != 0;
  if ((flags & ~(kAsync | kCheckOnly)) != 0 || (async && check_only)) return STATUS_INVALID_PARAMETER;
  for (;;) {
    std::uintptr_t value = word(once).load(std::memory_order_acquire);
    if ((value & kStateMask) == kDone) {
      if (context != nullptr) *context = reinterpret_cast<void*>(value & ~kStateMask);
      return STATUS_SUCCESS;
    }
    if (check_only) return STATUS_UNSUCCESSFUL;
    if (value == kNothing) {
      if (word(once).compare_exchange_strong(value, async ? kManyAtIt : kOneAtIt)) return STATUS_PENDING;
    } else if ((value & kStateMask) == kManyAtIt) {
      return async ? STATUS_PENDING : STATUS_INVALID_PARAMETER;
    } else {
      if (async) return STATUS_INVALID_PARAMETER;
      sleep(once, value);
    }
  }
}

NTSTATUS complete(void** once, DWORD flags, void* context) {
  const bool async = (flags & kAsync) != 0, failed = (flags & kInitFailed) != 0;
  auto result = reinterpret_cast<std::uintptr_t>(context);
  if ((flags & ~(kAsync | kInitFailed)) != 0 || (result & kStateMask) != 0) return STATUS_INVALID_PARAMETER;
  if (failed && (async || context != nullptr)) return STATUS_INVALID_PARAMETER;
  result = failed ? kNothing : result | kDone;

  std::uintptr_t value = word(once).load(std::memory_order_acquire);
  for (;;) {
    const std::uintptr_t state = value & kStateMask;
    if (state == kNothing || state == kDone) return STATUS_UNSUCCESSFUL;
    if (async != (state == kManyAtIt)) return STATUS_INVALID_PARAMETER;
    if (word(once).compare_exchange_weak(value, result, std::memory_order_acq_rel)) break;
  }
  if ((value & kSleepers) != 0) futex_wake_all(low_half(once));
  return STATUS_SUCCESS;
}

}  // namespace hmodule::nt::run_once

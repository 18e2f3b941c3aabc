#include "nt/io_wait.h"

#include "nt/futex.h"
#include "nt/thread.h"

#include <linux/futex.h>
#include <poll.h>
#include <sys/syscall.h>

extern "C" {
long hm_cancellable_call(const std::atomic<std::uintptr_t>* state, long number, long a, long b, long c, long d);
extern const char hm_cancellable_call_begin[], hm_cancellable_call_end[], hm_cancellable_call_cancelled[];
}

namespace hmodule::nt {
namespace {

long number(const void* address) {
  return static_cast<long>(reinterpret_cast<std::uintptr_t>(address));
}

}  // namespace

IoWait::IoWait(const IO_STATUS_BLOCK* operation) : state_(current_thread().io_) {
  state_.store((reinterpret_cast<std::uintptr_t>(operation) & ~kCancelled) | kUnderWay, std::memory_order_release);
}

long IoWait::read(int descriptor, std::span<std::byte> buffer) const {
  return hm_cancellable_call(&state_, SYS_read, descriptor, number(buffer.data()), static_cast<long>(buffer.size()), 0);
}

long IoWait::write(int descriptor, std::span<const std::byte> data) const {
  return hm_cancellable_call(&state_, SYS_write, descriptor, number(data.data()), static_cast<long>(data.size()), 0);
}

long IoWait::poll(int descriptor, short events) const {
  pollfd waited = {descriptor, events, 0};
  return hm_cancellable_call(&state_, SYS_poll, number(&waited), 1, -1, 0);
}

#ifdef __SANITIZE_THREAD__
void IoWait::sleep(std::atomic<std::uint32_t>& word, std::uint32_t value) const {
  futex_wait(word, value);  // which is short there: the signal comes between two of them
}
#else
void IoWait::sleep(std::atomic<std::uint32_t>& word, std::uint32_t value) const {
  hm_cancellable_call(&state_, SYS_futex, number(&word), FUTEX_WAIT_PRIVATE, static_cast<long>(value), 0);
}
#endif

std::uintptr_t IoWait::cancel(std::atomic<std::uintptr_t>& state, const IO_STATUS_BLOCK* operation) {
  std::uintptr_t now = state.load(std::memory_order_acquire);
  const std::uintptr_t wanted = reinterpret_cast<std::uintptr_t>(operation) | kUnderWay;
  do {
    if ((now & kUnderWay) == 0 || (operation != nullptr && (now & ~kCancelled) != wanted)) return kNone;
  } while (!state.compare_exchange_weak(now, now | kCancelled, std::memory_order_acq_rel));
  return now;
}

void IoWait::leave_call(const std::atomic<std::uintptr_t>& state, ucontext_t& registers) {
  greg_t& ip = registers.uc_mcontext.gregs[REG_RIP];
  if ((state.load(std::memory_order_acquire) & kCancelled) != 0 && number(hm_cancellable_call_begin) <= ip &&
      ip < number(hm_cancellable_call_end))
    ip = number(hm_cancellable_call_cancelled);
}

}  // namespace hmodule::nt

#include "nt/io_wait.h"

#include "nt/futex.h"
#include "nt/thread.h"

#include <linux/futex.h>
#include <poll.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>

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

#ifdef __SANITIZE_THREAD__
// ThreadSanitizer must see the calls, and keeps signals from a thread that is in one: so it looks for itself, from time
// to time, whether the operation is cancelled.
namespace {
bool wait_in_slices(const IoWait& wait, int descriptor, short events) {
  constexpr int kMilliseconds = 20;
  while (!wait.cancelled()) {
    pollfd waited = {descriptor, events, 0};
    if (::poll(&waited, 1, kMilliseconds) > 0) return true;
  }
  return false;
}
}  // namespace

long IoWait::read(int descriptor, std::span<std::byte> buffer) const {
  if (!wait_in_slices(*this, descriptor, POLLIN)) return -EINTR;
  const ssize_t count = ::read(descriptor, buffer.data(), buffer.size());
  return count < 0 ? -errno : count;
}
long IoWait::write(int descriptor, std::span<const std::byte> data) const {
  if (!wait_in_slices(*this, descriptor, POLLOUT)) return -EINTR;
  const ssize_t count = ::write(descriptor, data.data(), data.size());
  return count < 0 ? -errno : count;
}
long IoWait::poll(int descriptor, short events) const {
  return wait_in_slices(*this, descriptor, events) ? 1 : -EINTR;
}
void IoWait::sleep(std::atomic<std::uint32_t>& word, std::uint32_t value) const {
  futex_wait(word, value);  // which is short there
}
#else
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

#include "thread/stack.h"

#include "base/mmap_at.h"
#include "thread/teb.h"

#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>

namespace hmodule::thread {
namespace {

constexpr std::size_t kPage = 4096;

std::uintptr_t address(const void* pointer) {
  return reinterpret_cast<std::uintptr_t>(pointer);
}
void* pointer(std::uintptr_t value) {
  return reinterpret_cast<void*>(value);
}

bool is_initial_thread() {
  return getpid() == gettid();
}

// --- the alternate signal stack ---

// The kernel's frame grows with the processor's vector registers, so its size is known at run time only.
std::size_t signal_stack_size() {
  constexpr std::size_t kOurs = 16 * 1024;  // and the host's handlers that want to run here
  const auto frame = static_cast<std::size_t>(getauxval(AT_MINSIGSTKSZ));
  const auto advised = static_cast<std::size_t>(std::max(sysconf(_SC_SIGSTKSZ), 0L));
  return (std::max(frame + kOurs, advised + kOurs) + kPage - 1) / kPage * kPage;
}

void give_signal_stack(Thread& thread) {
  stack_t now;
  if (sigaltstack(nullptr, &now) != 0 || (now.ss_flags & SS_DISABLE) == 0) return;  // the host's will do
  static const std::size_t size = signal_stack_size();
  void* const memory =
      mmap(nullptr, kPage + size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (memory == MAP_FAILED) return;
  mprotect(memory, kPage, PROT_NONE);
  const stack_t ours = {.ss_sp = static_cast<std::byte*>(memory) + kPage, .ss_flags = 0, .ss_size = size};
  if (sigaltstack(&ours, nullptr) == 0)
    thread.signal_stack = {static_cast<std::byte*>(memory), kPage + size};
  else
    munmap(memory, kPage + size);
}

void take_signal_stack(Thread& thread) {
  if (thread.signal_stack.empty()) return;
  stack_t now;
  if (sigaltstack(nullptr, &now) == 0 && now.ss_sp == thread.signal_stack.data() + kPage) {
    if ((now.ss_flags & SS_ONSTACK) != 0) return;  // killed in a handler, right here
    const stack_t none = {.ss_sp = nullptr, .ss_flags = SS_DISABLE, .ss_size = 0};
    sigaltstack(&none, nullptr);
  }
  munmap(thread.signal_stack.data(), thread.signal_stack.size());
  thread.signal_stack = {};
}

// --- the guarded part ---

// Somebody else, a Java virtual machine for instance, may guard the end of a stack already.
bool is_accessible(std::uintptr_t at) {
  char byte = 0;
  const iovec here = {&byte, 1}, there = {pointer(at), 1};
  return process_vm_readv(getpid(), &here, 1, &there, 1, 0) == 1;
}

// The initial stack does not reach down here yet, and growing it will not replace what is mapped.
bool guard(std::uintptr_t low, std::size_t size) {
  if (is_initial_thread())
    return mmap(pointer(low), size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED, -1, 0) !=
           MAP_FAILED;
  return mprotect(pointer(low), size, PROT_NONE) == 0;
}

// Below `here`, far enough that nobody misses it.
bool has_room(const TEB& teb, std::size_t size) {
  return address(__builtin_frame_address(0)) >= address(teb.DeallocationStack) + size + 4 * kPage;
}

std::size_t guard_size(const TEB& teb) {
  return kStackGuard + teb.GuaranteedStackBytes;
}

bool is_guarded(const TEB& teb) {
  return teb.NtTib.StackLimit != teb.DeallocationStack;
}

void set_guard(TEB& teb, std::size_t size) {
  const std::uintptr_t low = address(teb.DeallocationStack);
  if (has_room(teb, size) && guard(low, size)) teb.NtTib.StackLimit = pointer(low + size);
}

}  // namespace

void guard_stack(Thread& thread) {
  constexpr std::size_t kLeast = 4 * kStackGuard, kMost = std::size_t{1} << 32;  // no limit at all
  give_signal_stack(thread);
  TEB& teb = thread.teb;
  const std::uintptr_t low = address(teb.DeallocationStack), size = address(teb.NtTib.StackBase) - low;
  if (low == 0 || size < kLeast || size > kMost) return;
  const std::uintptr_t here = address(__builtin_frame_address(0));
  if (here < low || here - low >= size) return;  // on a stack the thread has made itself
  if (!is_initial_thread() && !(is_accessible(low) && is_accessible(low + kStackGuard - 1))) return;
  set_guard(teb, kStackGuard);
  if (is_guarded(teb)) thread.guarded_stack = low;
}

// The C library gives the stack to its next thread.
void release_stack(Thread& thread) {
  if (thread.guarded_stack != 0)
    mprotect(pointer(thread.guarded_stack), guard_size(thread.teb), PROT_READ | PROT_WRITE);
  take_signal_stack(thread);
}

bool open_stack_guard(std::uintptr_t at) {
  TEB* const teb = try_teb();
  if (teb == nullptr) return false;
  const std::uintptr_t low = address(teb->DeallocationStack), limit = address(teb->NtTib.StackLimit);
  if (at < low || at >= limit || mprotect(pointer(low), limit - low, PROT_READ | PROT_WRITE) != 0) return false;
  // The initial stack cannot grow any more towards a neighbour one can use: what is between them is made here.
  for (std::uintptr_t page = limit; is_initial_thread() && page < address(teb->NtTib.StackBase); page += kPage) {
    if (mmap_at(pointer(page), kPage, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS) == MAP_FAILED) break;
  }
  teb->NtTib.StackLimit = pointer(low);
  return true;
}

bool rearm_stack_guard() {
  TEB& self = teb();
  if (!is_guarded(self)) set_guard(self, guard_size(self));
  return is_guarded(self);
}

void enlarge_stack_guard(std::size_t bytes) {
  TEB& self = teb();
  self.GuaranteedStackBytes = static_cast<ULONG>((bytes + kPage - 1) / kPage * kPage);
  if (is_guarded(self)) set_guard(self, guard_size(self));
}

}  // namespace hmodule::thread

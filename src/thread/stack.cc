#include "thread/stack.h"

#include "base/mmap_at.h"
#include "thread/teb.h"

#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstring>
#include <utility>

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

std::size_t mapped_signal_stack_size() {
  static const std::size_t size = kPage + signal_stack_size();
  return size;
}

void make_signal_stack(Thread& thread) {
  const std::size_t size = mapped_signal_stack_size();
  void* const memory = mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (memory == MAP_FAILED) return;
  mprotect(memory, kPage, PROT_NONE);
  thread.signal_stack = {static_cast<std::byte*>(memory), size};
}

void give_signal_stack(Thread& thread) {
  if (thread.signal_stack.empty()) make_signal_stack(thread);
  if (thread.signal_stack.empty()) return;
  const auto stack = thread.signal_stack.subspan(kPage);
  const stack_t ours = {.ss_sp = stack.data(), .ss_flags = 0, .ss_size = stack.size()};
  stack_t before;
  if (sigaltstack(&ours, &before) != 0) return free_signal_stack(thread);
  if ((before.ss_flags & SS_DISABLE) != 0) return;
  sigaltstack(&before, nullptr);  // the host's will do
  free_signal_stack(thread);
}

void take_signal_stack(Thread& thread) {
  if (thread.signal_stack.empty()) return;
  const stack_t none = {.ss_sp = nullptr, .ss_flags = SS_DISABLE, .ss_size = 0};
  stack_t before;
  if (sigaltstack(&none, &before) != 0)
    thread.signal_stack = {};  // killed in a handler, right here
  else if (before.ss_sp != thread.signal_stack.data() + kPage)
    sigaltstack(&before, nullptr);  // the host has its own by now
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

void reuse_signal_stack(Thread& thread) {
  Registry& all = registry();
  if (all.signal_stacks == nullptr) return;
  std::byte* const stack = all.signal_stacks;
  std::memcpy(&all.signal_stacks, stack + kPage, sizeof all.signal_stacks);
  --all.signal_stack_count;
  thread.signal_stack = {stack, mapped_signal_stack_size()};
}

void keep_signal_stack(Thread& thread) {
  constexpr std::size_t kKept = 16;
  Registry& all = registry();
  if (thread.signal_stack.empty() || all.signal_stack_count == kKept) return;
  std::byte* const stack = std::exchange(thread.signal_stack, {}).data();
  std::memcpy(stack + kPage, &all.signal_stacks, sizeof all.signal_stacks);
  all.signal_stacks = stack;
  ++all.signal_stack_count;
}

void free_signal_stack(Thread& thread) {
  if (!thread.signal_stack.empty()) munmap(thread.signal_stack.data(), thread.signal_stack.size());
  thread.signal_stack = {};
}

void guard_stack(Thread& thread) {
  constexpr std::size_t kLeast = 4 * kStackGuard, kMost = std::size_t{1} << 32;  // no limit at all
  give_signal_stack(thread);
  TEB& teb = thread.teb;
  const std::uintptr_t low = address(teb.DeallocationStack), size = address(teb.NtTib.StackBase) - low;
  if (thread.first_frame != nullptr && low != 0) {  // it was made with a guard
    thread.first_frame->own_guard = thread.guarded_stack = low - kStackGuard;
    teb.DeallocationStack = pointer(low - kStackGuard);
    return;
  }
  if (low == 0 || size < kLeast || size > kMost) return;
  const std::uintptr_t here = address(__builtin_frame_address(0));
  if (here < low || here - low >= size) return;  // on a stack the thread has made itself
  if (!is_initial_thread() && !(is_accessible(low) && is_accessible(low + kStackGuard - 1))) return;
  set_guard(teb, kStackGuard);
  if (is_guarded(teb)) thread.guarded_stack = low;
}

// The C library gives the stack to its next thread.
void release_stack(Thread& thread) {
  const std::size_t own = thread.first_frame != nullptr ? kStackGuard : 0, size = guard_size(thread.teb);
  if (thread.guarded_stack != 0 && size > own)
    mprotect(pointer(thread.guarded_stack + own), size - own, PROT_READ | PROT_WRITE);
  take_signal_stack(thread);
}

void close_stack_guard(const FirstFrame& frame) {
  if (frame.guard_was_opened) mprotect(pointer(frame.own_guard), kStackGuard, PROT_NONE);
}

bool open_stack_guard(std::uintptr_t at) {
  TEB* const teb = try_teb();
  if (teb == nullptr) return false;
  const std::uintptr_t low = address(teb->DeallocationStack), limit = address(teb->NtTib.StackLimit);
  if (at < low || at >= limit || mprotect(pointer(low), limit - low, PROT_READ | PROT_WRITE) != 0) return false;
  if (FirstFrame* const frame = thread_of(*teb).first_frame) frame->guard_was_opened = true;
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

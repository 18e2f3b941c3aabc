#include "thread/fiber.h"

#include "thread/call.h"
#include "thread/create.h"
#include "thread/fls.h"
#include "thread/registry.h"
#include "thread/stack.h"
#include "thread/teb.h"

#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <memory>

// How AddressSanitizer learns that the stack is another one; absent without it.
extern "C" {
__attribute__((weak)) void __sanitizer_start_switch_fiber(void** save, const void* bottom, std::size_t size);
__attribute__((weak)) void __sanitizer_finish_switch_fiber(void* save, const void** bottom, std::size_t* size);
void hm_switch_stack(void** save, void* const* to);
}

namespace hmodule::thread {
namespace {

constexpr USHORT kHasFiberData = 0x4;  // SameTebFlags

// What hm_switch_stack leaves on a stack.
struct SavedRegisters {
  std::byte xmm[160];
  std::uint32_t mxcsr;
  std::uint16_t x87_control;
  std::uint64_t r15, r14, r13, r12, rdi, rsi, rbx, rbp;
  void (*continue_at)();
  std::uint64_t return_address;  // of the function continued at: none
};
static_assert(offsetof(SavedRegisters, r15) == 168);

struct Fiber {
  void* parameter;  // first: GetFiberData reads it
  FiberRoutine routine = nullptr;
  void* stack_pointer = nullptr;
  void* sanitizer_stack = nullptr;
  std::byte* mapping = nullptr;  // the stack below its guards; null for a converted thread
  std::size_t mapping_size = 0;
  // The TEB's part of it, while the fiber does not run.
  void *exception_list = reinterpret_cast<void*>(-1), *stack_base = nullptr, *stack_limit = nullptr;
  void* deallocation_stack = nullptr;
  void* fls_data = nullptr;

  ~Fiber() {
    if (mapping != nullptr) munmap(mapping, mapping_size);
  }
};

Fiber* current_fiber() {
  return is_fiber() ? static_cast<Fiber*>(teb().NtTib.FiberData) : nullptr;
}

void save_teb(const TEB& teb, Fiber& fiber) {
  fiber.exception_list = teb.NtTib.ExceptionList;
  fiber.stack_base = teb.NtTib.StackBase;
  fiber.stack_limit = teb.NtTib.StackLimit;
  fiber.deallocation_stack = teb.DeallocationStack;
  fiber.fls_data = teb.FlsData;
}

void load_teb(const Fiber& fiber, TEB& teb) {
  teb.NtTib.ExceptionList = fiber.exception_list;
  teb.NtTib.StackBase = fiber.stack_base;
  teb.NtTib.StackLimit = fiber.stack_limit;
  teb.DeallocationStack = fiber.deallocation_stack;
  teb.FlsData = fiber.fls_data;
  teb.NtTib.FiberData = const_cast<Fiber*>(&fiber);
}

void arrived(Fiber& fiber) {
  if (__sanitizer_finish_switch_fiber != nullptr)
    __sanitizer_finish_switch_fiber(fiber.sanitizer_stack, nullptr, nullptr);
}

// The bottom of a fiber's stack. A routine that returns ends the thread.
void run_fiber() {
  Fiber& self = *current_fiber();
  arrived(self);
  call(self.routine, self.parameter);
  exit_current_thread(0);
}

Result<std::unique_ptr<Fiber>> make_fiber(void* parameter) {
  auto* fiber = new (std::nothrow) Fiber{.parameter = parameter};
  if (fiber == nullptr) return fail(STATUS_NO_MEMORY, "no memory for a fiber");
  return std::unique_ptr<Fiber>(fiber);
}

// Native code of ours runs on it, too.
Status give_stack(Fiber& fiber, std::size_t wish) {
  constexpr std::size_t kLeast = 256 * 1024, kDefault = 1024 * 1024;
  const auto page = static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
  const std::size_t size = ((wish == 0 ? kDefault : wish < kLeast ? kLeast : wish) + page - 1) / page * page;
  void* const memory =
      mmap(nullptr, page + kStackGuard + size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (memory == MAP_FAILED)
    return fail(STATUS_NO_MEMORY, "no {} bytes for a fiber's stack: {}", size, std::strerror(errno));
  fiber.mapping = static_cast<std::byte*>(memory);
  fiber.mapping_size = page + kStackGuard + size;
  fiber.deallocation_stack = fiber.mapping + page;
  fiber.stack_limit = fiber.mapping + page + kStackGuard;
  fiber.stack_base = fiber.mapping + fiber.mapping_size;
  if (mprotect(fiber.stack_limit, size, PROT_READ | PROT_WRITE) != 0)
    return fail(STATUS_NO_MEMORY, "no {} bytes for a fiber's stack: {}", size, std::strerror(errno));
  return ok;
}

}  // namespace

bool is_fiber() {
  return (teb().SameTebFlags & kHasFiberData) != 0;
}

Result<void*> convert_thread_to_fiber(void* parameter, DWORD) {
  TEB& self = teb();
  if (is_fiber()) return fail_win32(ERROR_ALREADY_FIBER, "the thread is a fiber already");
  std::unique_ptr<Fiber> fiber = TRY(make_fiber(parameter));
  save_teb(self, *fiber);
  self.NtTib.FiberData = fiber.get();
  self.SameTebFlags |= kHasFiberData;
  return static_cast<void*>(fiber.release());
}

Status convert_fiber_to_thread() {
  TEB& self = teb();
  Fiber* const fiber = current_fiber();
  if (fiber == nullptr) return fail_win32(ERROR_ALREADY_THREAD, "the thread is not a fiber");
  self.SameTebFlags &= static_cast<USHORT>(~kHasFiberData);
  self.NtTib.FiberData = nullptr;
  if (fiber->mapping == nullptr) delete fiber;  // else it lies on the stack we are running on
  return ok;
}

Result<void*> create_fiber(std::size_t stack_size, DWORD, FiberRoutine routine, void* parameter) {
  std::unique_ptr<Fiber> fiber = TRY(make_fiber(parameter));
  TRY(give_stack(*fiber, stack_size));
  fiber->routine = routine;
  auto* const saved = static_cast<SavedRegisters*>(fiber->stack_base) - 1;
  *saved = {};
  saved->mxcsr = 0x1F80;  // EH-52
  saved->x87_control = 0x27F;
  saved->continue_at = run_fiber;
  static_assert(sizeof(SavedRegisters) % 16 == 8, "run_fiber begins as if it had been called");
  fiber->stack_pointer = saved;
  return static_cast<void*>(fiber.release());
}

void delete_fiber(void* fiber) {
  auto* const doomed = static_cast<Fiber*>(fiber);
  if (doomed == current_fiber()) exit_current_thread(1);
  fls_run_callbacks(doomed->fls_data);
  fls_release(doomed->fls_data);
  delete doomed;
}

void switch_to_fiber(void* fiber) {
  TEB& self = teb();
  Fiber& from = *static_cast<Fiber*>(self.NtTib.FiberData);
  Fiber& to = *static_cast<Fiber*>(fiber);
  if (&from == &to) return;
  save_teb(self, from);
  load_teb(to, self);
  if (__sanitizer_start_switch_fiber != nullptr)
    __sanitizer_start_switch_fiber(
        &from.sanitizer_stack, to.stack_limit,
        static_cast<std::size_t>(static_cast<std::byte*>(to.stack_base) - static_cast<std::byte*>(to.stack_limit)));
  hm_switch_stack(&from.stack_pointer, &to.stack_pointer);
  arrived(from);
}

}  // namespace hmodule::thread

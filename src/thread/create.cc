#include "thread/create.h"

#include "thread/call.h"
#include "thread/registry.h"
#include "thread/signals.h"
#include "thread/stack.h"

#include "base/scope_guard.h"
#include "base/trace.h"

#include <pthread.h>
#include <unistd.h>

#include <algorithm>
#include <csetjmp>
#include <csignal>
#include <cstring>
#include <limits>

extern "C" [[noreturn]] void hm_leave_thread();

namespace hmodule::thread {
namespace {

// EH-52: the floating-point environment Windows gives to a new thread.
void set_windows_float_modes() {
  const std::uint32_t mxcsr = 0x1F80;
  const std::uint16_t control_word = 0x27F;
  __asm__ volatile("ldmxcsr %0\n\tfldcw %1" : : "m"(mxcsr), "m"(control_word));
}

// Whatever its creator blocks: a blocked fault would kill the process without asking anybody (platform-facts §1.3), and
// with orders blocked nobody could stop the thread.
void let_our_signals_through() {
  sigset_t ours;
  sigemptyset(&ours);
  for (int signal : {SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGTRAP, order_signal()}) sigaddset(&ours, signal);
  pthread_sigmask(SIG_UNBLOCK, &ours, nullptr);
}

void* thread_main(void* parameter) {
  Thread& thread = *static_cast<Thread*>(parameter);
  let_our_signals_through();
  set_windows_float_modes();

  FirstFrame frame;
  const ScopeGuard close([&frame] { close_stack_guard(frame); });
  if (_setjmp(frame.way_out) == 0) {
    thread.first_frame = &frame;
    enter(thread);
    thread.start.id->store(thread_id(thread.teb), std::memory_order_release);
    run_held_hook(thread.teb);
    if (!thread.start.skip_thread_attach) run_attach_hook();
    exit_current_thread(call(thread.start.routine, thread.start.parameter));
  }
  return nullptr;
}

// Native code runs on this stack, too: signal frames, locale tables, path buffers.
std::size_t stack_size_for(std::size_t wish) {
  constexpr std::size_t kLeast = 512 * 1024;
  const auto page = static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
  return (std::max(wish, kLeast) + page - 1) / page * page;
}

// Linux's number of a thread that may have ended, but is not detached. Made from its clock's: the C library has no
// other way to it. 0 if it has ended.
DWORD number_of(pthread_t thread) {
  constexpr int kKindBits = 3;  // below the number, which is inverted
  clockid_t clock = 0;
  return pthread_getcpuclockid(thread, &clock) == 0 ? static_cast<DWORD>(~(clock >> kKindBits)) : 0;
}

[[noreturn]] void end_thread(DWORD exit_code, Farewell farewell) {
  Thread& thread = thread_of(attach());
  FirstFrame* const frame = thread.first_frame;
  leave(thread, exit_code, farewell);
  if (frame != nullptr) _longjmp(frame->way_out, 1);
  hm_leave_thread();
}

}  // namespace

Status create_thread(const ThreadStart& start) {
  pthread_attr_t attributes;
  pthread_attr_init(&attributes);
  // The C library keeps stacks with their guards: the next thread has it without a system call.
  std::size_t guard = 0;
  pthread_attr_getguardsize(&attributes, &guard);
  pthread_attr_setguardsize(&attributes, guard + kStackGuard);
  if (start.stack_size != 0) pthread_attr_setstacksize(&attributes, stack_size_for(start.stack_size));

  // Newer than every module: it attaches to whatever has completed its own attach by then (LOCK-04).
  Thread& thread = make_thread(std::numeric_limits<std::uint64_t>::max());
  thread.start = start;
  thread.object = start.object;
  run_started_hook(thread.teb);

  pthread_t native;
  const int error = pthread_create(&native, &attributes, thread_main, &thread);
  pthread_attr_destroy(&attributes);
  if (error != 0) {
    drop_thread(thread);
    return fail(STATUS_NO_MEMORY, "cannot start a thread with a stack of {} bytes: {}", start.stack_size,
                std::strerror(error));
  }
  // `thread` may be gone by now. If so, it has told its number itself.
  if (const DWORD number = number_of(native)) start.id->store(number, std::memory_order_release);
  pthread_detach(native);
  return ok;
}

void exit_current_thread(DWORD exit_code) {
  end_thread(exit_code, Farewell::with_callbacks);
}

void terminate_current_thread(DWORD exit_code, Place place) {
  end_thread(exit_code, place == Place::signal_handler ? Farewell::killed : Farewell::silent);
}

}  // namespace hmodule::thread

#include "thread/create.h"

#include "thread/call.h"
#include "thread/registry.h"
#include "thread/stack.h"

#include "base/scope_guard.h"
#include "base/trace.h"

#include <pthread.h>
#include <semaphore.h>
#include <unistd.h>

#include <algorithm>
#include <csetjmp>
#include <csignal>
#include <cstring>
#include <limits>

extern "C" [[noreturn]] void hm_leave_thread();

namespace hmodule::thread {
namespace {

// Lives in create_thread()'s frame, which waits until `ready`.
struct Request {
  explicit Request(const ThreadStart& thread_start) : start(thread_start) { sem_init(&ready, 0, 0); }

  const ThreadStart& start;
  NewThread thread{};
  sem_t ready;  // std::binary_semaphore yields the processor first, to whoever else wants it
};

// EH-52: the floating-point environment Windows gives to a new thread.
void set_windows_float_modes() {
  const std::uint32_t mxcsr = 0x1F80;
  const std::uint16_t control_word = 0x27F;
  __asm__ volatile("ldmxcsr %0\n\tfldcw %1" : : "m"(mxcsr), "m"(control_word));
}

// Blocked in this thread, a fault would kill the process without asking anybody (platform-facts §1.3).
void let_faults_through() {
  sigset_t faults;
  sigemptyset(&faults);
  for (int signal : {SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGTRAP}) sigaddset(&faults, signal);
  pthread_sigmask(SIG_UNBLOCK, &faults, nullptr);
}

void* thread_main(void* parameter) {
  auto& request = *static_cast<Request*>(parameter);
  const ThreadStart start = request.start;
  let_faults_through();
  set_windows_float_modes();

  FirstFrame frame;
  const ScopeGuard close([&frame] { close_stack_guard(frame); });
  if (_setjmp(frame.way_out) == 0) {
    // Newer than every module: it attaches to whatever has completed its own attach by then (LOCK-04).
    Thread& thread = adopt_calling_thread(std::numeric_limits<std::uint64_t>::max(), &frame);
    thread.object = start.object;
    thread.callbacks = !start.skip_thread_attach;
    run_started_hook(thread.teb);
    request.thread = {&thread.teb, thread.teb.ClientId};
    sem_post(&request.ready);

    run_held_hook(thread.teb);
    if (!start.skip_thread_attach) run_attach_hook();
    exit_current_thread(call(start.routine, start.parameter));
  }
  return nullptr;
}

// Native code runs on this stack, too: signal frames, locale tables, path buffers.
std::size_t stack_size_for(std::size_t wish) {
  constexpr std::size_t kLeast = 512 * 1024;
  const auto page = static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
  return (std::max(wish, kLeast) + page - 1) / page * page;
}

[[noreturn]] void end_thread(DWORD exit_code, Farewell farewell) {
  Thread& thread = thread_of(attach());
  FirstFrame* const frame = thread.first_frame;
  leave(thread, exit_code, farewell);
  if (frame != nullptr) _longjmp(frame->way_out, 1);
  hm_leave_thread();
}

}  // namespace

Result<NewThread> create_thread(const ThreadStart& start) {
  pthread_attr_t attributes;
  pthread_attr_init(&attributes);
  pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
  // The C library keeps stacks with their guards: the next thread has it without a system call.
  std::size_t guard = 0;
  pthread_attr_getguardsize(&attributes, &guard);
  pthread_attr_setguardsize(&attributes, guard + kStackGuard);
  if (start.stack_size != 0) pthread_attr_setstacksize(&attributes, stack_size_for(start.stack_size));

  Request request{start};
  pthread_t native;
  const int error = pthread_create(&native, &attributes, thread_main, &request);
  pthread_attr_destroy(&attributes);
  if (error != 0)
    return fail(STATUS_NO_MEMORY, "cannot start a thread with a stack of {} bytes: {}", start.stack_size,
                std::strerror(error));
  while (sem_wait(&request.ready) != 0) continue;  // a signal
  return request.thread;
}

void exit_current_thread(DWORD exit_code) {
  end_thread(exit_code, Farewell::with_callbacks);
}

void terminate_current_thread(DWORD exit_code, Place place) {
  end_thread(exit_code, place == Place::signal_handler ? Farewell::killed : Farewell::silent);
}

}  // namespace hmodule::thread

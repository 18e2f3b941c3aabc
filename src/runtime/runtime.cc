#include "runtime/runtime.h"

#include <pthread.h>

#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <mutex>

#include "base/trace.h"
#include "nt/fork.h"
#include "nt/process.h"
#include "nt/process_parameters.h"
#include "nt/virtual_memory.h"
#include "path/volumes.h"
#include "thread/fork.h"
#include "thread/hooks.h"
#include "thread/peb.h"
#include "thread/teb.h"
#include "unwind/faults.h"

namespace hmodule {
namespace {

std::atomic<Runtime*> running{nullptr};

// The parts of thread/ that need the loader.
void connect_threads() {
  thread::LoaderHooks hooks;
  hooks.attach = [] { runtime().loader().thread_attach(); };
  hooks.detach = [] { runtime().loader().thread_detach(); };
  hooks.is_dll_code = [](std::uintptr_t ip) {
    return runtime().loader().image_base_of(reinterpret_cast<const void*>(ip)) != nullptr;
  };
  thread::set_loader_hooks(hooks);
}

const LDR_DATA_TABLE_ENTRY* entry_of(const void* address) {
  Runtime* const started = running.load(std::memory_order_acquire);
  return started == nullptr ? nullptr : started->loader().entry_of(address);
}

// EXIT-09: the host's exit() is the end of the Windows process too.
void detach_at_exit() {
  thread::attach();
  nt::end_windows_side(0, [] { runtime().loader().process_detach(); });
}

// HOST-05: the child of a fork has the calling thread only. What others could hold of ours in that moment - the loader
// lock, the dispatcher's, the list of threads - the forking thread takes before, and lets go on both sides.
bool loader_held;

void before_fork() {
  thread::attach();
  loader_held = runtime().loader().lock().lock_unless_orphaned();
  nt::hold_for_fork();
  thread::hold_for_fork();
}
void after_fork_in_parent() {
  thread::let_go_after_fork();
  nt::let_go_after_fork();
  if (loader_held) runtime().loader().lock().unlock();
}
void after_fork_in_child() {
  nt::stay_alone_after_fork(thread::stay_alone_after_fork());
  if (!loader_held) return;
  runtime().loader().lock().keep_after_fork();
  runtime().loader().lock().unlock();
}

}  // namespace

Runtime& start_runtime(std::span<const BuiltinDll* const> builtins, std::span<const BuiltinDll* const> stand_ins) {
  static std::mutex mutex;
  const std::lock_guard lock(mutex);
  if (Runtime* already = running.load(std::memory_order_acquire)) return *already;
  trace::configure_from_environment();
  thread::start();
  thread::attach();
  unwind::claim_hardware_faults(
      {.guard_pages_exist = &nt::virtual_memory().guard_pages_exist(),
       .take_guard_page = [](std::uintptr_t address) { return nt::virtual_memory().take_guard_page(address); },
       .entry_of = entry_of,
       .terminate = nt::terminate_process});
  nt::set_up_process();
  auto loader = Loader::start({thread::peb(), path::volumes(), builtins, stand_ins});
  if (!loader) {
    std::fprintf(stderr, "hmodule: cannot start: %s\n", loader.error().reason.c_str());
    std::abort();
  }
  // Never deleted: DLL code may run until the very end of the process.
  running.store(new Runtime(*std::move(loader)), std::memory_order_release);
  connect_threads();
  std::atexit(detach_at_exit);
  pthread_atfork(before_fork, after_fork_in_parent, after_fork_in_child);
  return *running.load();
}

Runtime& runtime() {
  return *running.load(std::memory_order_acquire);
}

}  // namespace hmodule

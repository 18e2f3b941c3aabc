// A thread gets its Windows side and loses it again.
//
// The end of a host thread is seen by a pthread key, because key destructors run after those of C++ thread_local
// variables. Other keys' destructors may still call into a DLL, before or after ours. So ours puts itself back once,
// which buys it a second round after everybody's first; a thread that is attached again after that gets the third.
#include "thread/create.h"
#include "thread/fls.h"
#include "thread/fork.h"
#include "thread/gs.h"
#include "thread/hooks.h"
#include "thread/peb.h"
#include "thread/pthread.h"
#include "thread/registry.h"
#include "thread/stack.h"
#include "thread/teb.h"

#include "base/trace.h"

#include <pthread.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <new>
#include <utility>

namespace hmodule::thread {
namespace detail {

__thread TEB* own_teb __attribute__((tls_model("initial-exec"), visibility("hidden")));

}  // namespace detail

namespace {

std::atomic<void (*)()> attach_hook{nullptr}, detach_hook{nullptr};
std::atomic<void (*)(TEB&)> started_hook{nullptr}, held_hook{nullptr};
std::atomic<void (*)(TEB&, DWORD)> ended_hook{nullptr};
std::atomic<void (*)(void*)> forgotten_hook{nullptr};
std::atomic<bool (*)(std::uintptr_t)> dll_code_hook{nullptr};

pthread_key_t exit_key() {
  static const pthread_key_t key = [] {
    pthread_key_t made;
    const int error = pthread_key_create(&made, [](void* value) {
      Thread& thread = *static_cast<Thread*>(value);
      if (thread.last_round) return leave(thread, 0, Farewell::with_callbacks);
      thread.last_round = true;
      pthread_setspecific(exit_key(), &thread);
    });
    if (error != 0) std::abort();  // 1024 keys in use: no later call could be right either
    return made;
  }();
  return key;
}

struct StackBounds {
  std::byte *low, *high;
};

StackBounds stack_of_calling_thread() {
  pthread_attr_t attributes;
  void* low = nullptr;
  std::size_t size = 0;
  if (pthread_getattr_np(pthread_self(), &attributes) == 0) {
    pthread_attr_getstack(&attributes, &low, &size);
    pthread_attr_destroy(&attributes);
  }
  return {static_cast<std::byte*>(low), static_cast<std::byte*>(low) + size};
}

// Page-aligned, as DLL code may expect of a TEB.
Thread* allocate_thread() {
  constexpr std::size_t kPage = 4096, kSize = (sizeof(Thread) + kPage - 1) / kPage * kPage;
  void* memory = std::aligned_alloc(kPage, kSize);
  if (memory == nullptr) throw std::bad_alloc();
  return new (memory) Thread{};
}

// Linux's numbers for the calling thread.
void number(TEB& teb) {
  teb.ClientId.UniqueProcess = reinterpret_cast<HANDLE>(static_cast<std::uintptr_t>(getpid()));
  const auto id = reinterpret_cast<HANDLE>(static_cast<std::uintptr_t>(gettid()));
  __atomic_store_n(&teb.ClientId.UniqueThread, id, __ATOMIC_RELAXED);  // thread_ids() may read it
}

// §15.1, but for what only the thread itself knows
void fill_teb(TEB& teb) {
  teb.NtTib.ExceptionList = reinterpret_cast<void*>(-1);
  teb.NtTib.FiberData = reinterpret_cast<void*>(0x1E00);  // "version 30": not a fiber
  teb.NtTib.Self = &teb.NtTib;
  teb.ProcessEnvironmentBlock = &peb();
  teb.CurrentLocale = 0x409;
  teb.StaticUnicodeString = {0, sizeof teb.StaticUnicodeBuffer, teb.StaticUnicodeBuffer};
}

void tell_stack(TEB& teb) {
  const StackBounds stack = stack_of_calling_thread();
  teb.NtTib.StackBase = stack.high;
  teb.NtTib.StackLimit = teb.DeallocationStack = stack.low;
}

void link(Thread& thread) {
  Registry& all = registry();
  const RegistryLock lock;
  make_tls_blocks(thread);
  reuse_signal_stack(thread);
  thread.next = all.first;
  if (all.first != nullptr) all.first->previous = &thread;
  all.first = &thread;
}

void unlink(Thread& thread, bool killed) {
  Registry& all = registry();
  const RegistryLock lock;
  (thread.previous != nullptr ? thread.previous->next : all.first) = thread.next;
  if (thread.next != nullptr) thread.next->previous = thread.previous;
  if (killed)
    thread.next = std::exchange(all.killed, &thread);
  else
    keep_signal_stack(thread);
}

// 0: not known yet.
DWORD id_of(const Thread& thread) {
  if (thread.start.id != nullptr) return thread.start.id->load(std::memory_order_acquire);
  const HANDLE id = __atomic_load_n(&thread.teb.ClientId.UniqueThread, __ATOMIC_RELAXED);
  return static_cast<DWORD>(reinterpret_cast<std::uintptr_t>(id));
}

void forget_object(const Thread& thread) {
  if (auto* hook = forgotten_hook.load(); hook != nullptr && thread.object != nullptr) hook(thread.object);
  trace::line(trace::Channel::thread, "thread {} detached", thread_id(thread.teb));
}

Thread* next_killed_thread() {
  Registry& all = registry();
  const RegistryLock lock;
  Thread* const thread = all.killed;
  if (thread == nullptr) return nullptr;
  all.killed = thread->next;
  thread->next = std::exchange(all.graves, thread);
  return thread;
}

void forget_killed_threads() {
  while (Thread* thread = next_killed_thread()) {
    forget_object(*thread);
    thread->blocks.clear();
  }
}

void free_thread(Thread& thread) {
  fls_release(thread.teb.FlsData);
  free_tls_blocks(thread);
  free_signal_stack(thread);
  std::free(thread.teb.TlsExpansionSlots);
  thread.~Thread();
  std::free(&thread);
}

}  // namespace

Registry& registry() {
  static auto* const all = new Registry;  // never destroyed: threads outlive main()
  return *all;
}

RegistryLock::RegistryLock() {
  sigset_t all;
  sigfillset(&all);
  pthread_sigmask(SIG_BLOCK, &all, &signals_);
  registry().mutex.lock();
}
RegistryLock::~RegistryLock() {
  registry().mutex.unlock();
  pthread_sigmask(SIG_SETMASK, &signals_, nullptr);
}

Thread& make_thread(std::uint64_t start_order) {
  forget_killed_threads();
  Thread* thread = allocate_thread();
  thread->start_order = start_order;
  fill_teb(thread->teb);
  link(*thread);
  return *thread;
}

void drop_thread(Thread& thread) {
  unlink(thread, false);
  free_thread(thread);
}

void enter(Thread& thread) {
  number(thread.teb);
  tell_stack(thread.teb);
  detail::own_teb = &thread.teb;
  set_gs_base(reinterpret_cast<std::uintptr_t>(&thread.teb));
  guard_stack(thread);
  trace::line(trace::Channel::thread, "thread {} attached, TEB {}", thread_id(thread.teb),
              static_cast<void*>(&thread.teb));
}

// No exception may pass: the caller can be the lazy-attach stub, in the middle of DLL code.
TEB& detail::attach_now() noexcept {
  const int saved_errno = errno;
  Thread& thread = make_thread(seen_start_order);
  enter(thread);
  pthread_setspecific(exit_key(), &thread);
  run_attach_hook();
  errno = saved_errno;
  return thread.teb;
}

void leave(Thread& thread, DWORD exit_code, Farewell farewell) {
  if (farewell == Farewell::with_callbacks) {
    fls_run_callbacks(thread.teb.FlsData);
    if (auto* hook = detach_hook.load(); hook != nullptr && !thread.start.skip_thread_attach) hook();
  }
  if (auto* hook = ended_hook.load(); hook != nullptr) hook(thread.teb, exit_code);
  pthread_setspecific(exit_key(), nullptr);
  release_stack(thread);
  detail::own_teb = nullptr;
  set_gs_base(0);
  const bool killed = farewell == Farewell::killed;
  unlink(thread, killed);
  if (killed) return;
  forget_object(thread);
  free_thread(thread);
}

void run_attach_hook() {
  if (auto* hook = attach_hook.load(); hook != nullptr) hook();
}
void run_started_hook(TEB& teb) {
  if (auto* hook = started_hook.load(); hook != nullptr) hook(teb);
}
void run_held_hook(TEB& teb) {
  if (auto* hook = held_hook.load(); hook != nullptr) hook(teb);
}
bool is_dll_code(std::uintptr_t ip) {
  auto* hook = dll_code_hook.load();
  return hook != nullptr && hook(ip);
}

void set_loader_hooks(const LoaderHooks& hooks) {
  attach_hook = hooks.attach;
  detach_hook = hooks.detach;
  dll_code_hook = hooks.is_dll_code;
}
void set_object_hooks(const ObjectHooks& hooks) {
  started_hook = hooks.started;
  held_hook = hooks.held;
  ended_hook = hooks.ended;
  forgotten_hook = hooks.forgotten;
}

void start() {
  static const bool started = [] {
    peb();
    shared_data();
    install_lazy_attach();
    attach();
    patch_pthread_create();
    return true;
  }();
  static_cast<void>(started);
}

void set_last_status(NTSTATUS status) {
  TEB& self = teb();
  self.LastStatusValue = status;
  self.LastErrorValue = win32_from_status(status);
}

// --- fork ---

void hold_for_fork() {
  registry().mutex.lock();
}
void let_go_after_fork() {
  registry().mutex.unlock();
}
std::vector<void*> stay_alone_after_fork() {
  Thread& self = thread_of(teb());
  std::vector<void*> others;
  for (const Thread* thread = registry().first; thread != nullptr; thread = thread->next)
    if (thread != &self && thread->object != nullptr) others.push_back(thread->object);
  self.previous = self.next = nullptr;
  registry().first = &self;  // the others' memory stays: nobody knows who looks at it
  number(self.teb);
  registry().mutex.unlock();
  return others;
}

std::uint64_t start_order(const TEB& teb) {
  return thread_of(teb).start_order;
}
void*& object_of(TEB& teb) {
  return thread_of(teb).object;
}

std::vector<DWORD> thread_ids() {
  Registry& all = registry();
  const std::lock_guard lock(all.mutex);
  std::vector<DWORD> ids;
  for (const Thread* thread = all.first; thread != nullptr; thread = thread->next)
    if (const DWORD id = id_of(*thread)) ids.push_back(id);
  return ids;
}

}  // namespace hmodule::thread

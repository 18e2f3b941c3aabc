// All threads that have a Windows side, and what Windows does not see of each.
//
// The registry's mutex is a leaf: whoever holds it calls nothing but the allocator. The loader lock comes before it
// (allocate_tls() is called under that one), never after.
#pragma once

#include "thread/block_cache.h"
#include "thread/create.h"
#include "thread/tls.h"
#include "win/teb.h"

#include <csetjmp>
#include <csignal>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <optional>
#include <span>
#include <vector>

namespace hmodule::thread {

// What a thread of create_thread() keeps in its first frame.
struct FirstFrame {
  std::jmp_buf way_out;           // where exit_current_thread() jumps
  std::uintptr_t own_guard = 0;   // the low end of what its stack was made with for a guard
  bool guard_was_opened = false;  // and is to be closed for the next thread that gets the stack
};

// GS points at the first byte, so the TEB comes first; DLL code never looks behind it.
struct Thread {
  TEB teb;
  ThreadBlocks blocks;
  Thread* previous = nullptr;
  Thread* next = nullptr;
  std::uint64_t start_order = 0;
  void* object = nullptr;               // nt's
  ThreadStart start = {};               // in threads of create_thread(), as is ...
  FirstFrame* first_frame = nullptr;    // ... this
  bool last_round = false;              // of pthread's key destructors, see attach.cc
  std::span<std::byte> signal_stack;    // ours, with a page without access at its end; stack.h
  std::uintptr_t guarded_stack = 0;     // the low end of its first stack, if that is guarded
  std::size_t tls_capacity = 0;         // of the vector at ThreadLocalStoragePointer
  std::vector<void**> retired_vectors;  // TLS-06
};

static_assert(offsetof(Thread, blocks) == sizeof(TEB));  // thread_blocks()

inline Thread& thread_of(TEB& teb) {
  return reinterpret_cast<Thread&>(teb);
}
inline const Thread& thread_of(const TEB& teb) {
  return reinterpret_cast<const Thread&>(teb);
}

struct Registry {
  std::mutex mutex;
  Thread* first = nullptr;
  // Killed threads, by `next`: those whose object is not forgotten yet, and the others, whose memory stays.
  Thread *killed = nullptr, *graves = nullptr;
  std::vector<std::optional<TlsTemplate>> templates;  // static TLS by index
  // For the next threads: the mappings cost more than what a thread does there. Each begins with a pointer to the next.
  std::byte* signal_stacks = nullptr;
  std::size_t signal_stack_count = 0;
};
Registry& registry();

// Holds the registry's mutex, with all signals blocked: a thread is not killed with it.
class RegistryLock {
 public:
  RegistryLock();
  ~RegistryLock();
  RegistryLock(const RegistryLock&) = delete;
  RegistryLock& operator=(const RegistryLock&) = delete;

 private:
  sigset_t signals_;
};

// With the registry's mutex held: a block per template for a thread that is about to be linked; the end of them.
void make_tls_blocks(Thread& thread);
void free_tls_blocks(Thread& thread);

// attach.cc: a Windows side for a thread, which may not exist yet, without callbacks; given up, or taken by the calling
// thread; and its end, with callbacks or without. A killed thread is in a signal handler that interrupted it anywhere,
// and neither allocates nor frees.
Thread& make_thread(std::uint64_t start_order);
void drop_thread(Thread& thread);
void enter(Thread& thread);
enum class Farewell : std::uint8_t { with_callbacks, silent, killed };
void leave(Thread& thread, DWORD exit_code, Farewell farewell);
void run_attach_hook();
void run_started_hook(TEB& teb);
void run_held_hook(TEB& teb);

// pthread.cc
// 0: nobody saw this thread starting.
extern __thread std::uint64_t seen_start_order __attribute__((tls_model("initial-exec"), visibility("hidden")));

// lazy_attach.cc
void install_lazy_attach();
bool is_dll_code(std::uintptr_t ip);

}  // namespace hmodule::thread

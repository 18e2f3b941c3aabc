// What a thread's life means to the folders above: they fill in functions, this folder calls them. None of our locks
// is held during a call.
#pragma once

#include "win/teb.h"

#include <cstdint>

namespace hmodule::thread {

struct LoaderHooks {
  // DLL_THREAD_ATTACH and DLL_THREAD_DETACH to all modules that are owed one (DM-13...DM-18), in the thread itself,
  // which is fully attached. They take the loader lock themselves.
  void (*attach)() = nullptr;
  void (*detach)() = nullptr;
  // Is `ip` inside a loaded module? Asked in signal handlers: no lock, no allocation.
  bool (*is_dll_code)(std::uintptr_t ip) = nullptr;
};
void set_loader_hooks(const LoaderHooks& hooks);

struct ObjectHooks {
  // Of a thread that create_thread() is about to start, in its creator: whoever has the thread finds it.
  void (*started)(TEB& teb) = nullptr;
  // Then in the thread itself, before DLL_THREAD_ATTACH. Waits here while suspended.
  void (*held)(TEB& teb) = nullptr;
  // In any ending thread, after DLL_THREAD_DETACH, with the TEB still in place: signal the thread object, abandon the
  // mutexes it owns. `exit_code` is 0 for a host thread that just ended. A killed thread calls it in a signal handler.
  // That has not interrupted the allocator, but may have interrupted anything else that is native.
  void (*ended)(TEB& teb, DWORD exit_code) = nullptr;
  // After that, of a killed thread in another one: what object_of() said can be given up.
  void (*forgotten)(void* object) = nullptr;
};
void set_object_hooks(const ObjectHooks& hooks);

// Starts everything process-wide here: PEB, shared page, fault handler, pthread_create for what is already loaded.
// The calling thread becomes the initial one (HOST-03). Idempotent and thread-safe; the runtime calls it first.
void start();

}  // namespace hmodule::thread

// Threads made by the Windows side, and their end. What a handle to a thread means is nt's business; here is the
// Linux thread under it.
#pragma once

#include "base/result.h"
#include "thread/teb.h"

#include <atomic>
#include <cstddef>

namespace hmodule::thread {

using StartRoutine = HM_WINAPI DWORD (*)(void* parameter);

struct ThreadStart {
  StartRoutine routine;
  void* parameter = nullptr;
  std::size_t stack_size = 0;  // 0: Linux's default; small ones are raised to what native code needs
  void* object = nullptr;      // becomes object_of(teb) before ObjectHooks::started
  // Gets its number, from the new thread or from its creator, whoever is first; valid until ObjectHooks::forgotten.
  std::atomic<DWORD>* id = nullptr;
  bool skip_thread_attach = false;  // THREAD_CREATE_FLAGS_SKIP_THREAD_ATTACH: no attach and no detach callbacks
};

// Makes a TEB, tells ObjectHooks::started, and starts the thread without waiting for its first step: *start.id is known
// on return. In the new thread: ObjectHooks::held (which waits while suspended), DLL_THREAD_ATTACH, the start routine,
// exit_current_thread() with its result. After a failure (STATUS_NO_MEMORY) nothing is left of the TEB.
Status create_thread(const ThreadStart& start);

// FLS callbacks (FLS-04), DLL_THREAD_DETACH, TLS blocks freed (TLS-08), ObjectHooks::ended, and the thread is gone. The
// DLL frames on the stack are dropped without clean-up, as ExitThread does. Not for a thread inside a lock of ours.
[[noreturn]] void exit_current_thread(DWORD exit_code);

// The same without any callback but ObjectHooks::ended (DM-16): what a thread does that was told to die. In a signal
// handler it may have interrupted the allocator, whose lock nobody gets any more then: so it frees nothing, and what it
// leaves is never freed.
enum class Place : bool { anywhere_else, signal_handler };
[[noreturn]] void terminate_current_thread(DWORD exit_code, Place place);

}  // namespace hmodule::thread

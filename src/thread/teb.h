// The calling thread's Windows side.
//
// Two thread pointers live side by side. glibc finds its thread through FS; DLL code finds the TEB through GS, which
// glibc leaves free. GS 0 means "no Windows side yet". A child thread inherits its creator's GS, so every thread is
// started with GS 0 (see pthread.cc); where that could not be arranged, attach() notices, because what it asks is a
// variable in glibc's own thread-local storage, which is never inherited.
#pragma once

#include "base/result.h"
#include "win/teb.h"

#include <cstdint>
#include <vector>

namespace hmodule::thread {

namespace detail {
// The calling thread's own TEB, or null. Readable in signal handlers.
extern __thread TEB* own_teb __attribute__((tls_model("initial-exec"), visibility("hidden")));
TEB& attach_now() noexcept;
}  // namespace detail

// The calling thread's TEB, through GS. A thread that has none yet is attached by the fault this read takes; so any
// code of ours may call it, except signal handlers and the attach path itself.
inline TEB& teb() {
  TEB* self;
  __asm__ volatile("movq %%gs:0x30, %0" : "=r"(self));
  return *self;
}

// The TEB if the thread has its own, else nullptr. Never attaches; safe in signal handlers.
inline TEB* try_teb() {
  return detail::own_teb;
}

// Gives the calling thread its Windows side if it has none, or only its creator's. Idempotent, below 1 ns when there
// is nothing to do. Runs DLL_THREAD_ATTACH where HOST-03 asks for it. Every public entry point calls it first.
inline TEB& attach() {
  if (TEB* own = detail::own_teb) [[likely]]
    return *own;
  return detail::attach_now();
}

inline DWORD last_error() {
  return teb().LastErrorValue;
}
inline void set_last_error(DWORD code) {
  teb().LastErrorValue = code;
}
// ERR-01: the status goes to LastStatusValue, its Win32 form to LastErrorValue.
void set_last_status(NTSTATUS status);

// When a thread started, as a number to compare with the one its modules remember (DM-13, HOST-03): a module is owed
// DLL_THREAD_ATTACH in a thread exactly when start_order(thread) > the current_start_order() that was recorded when
// the module's attach completed. Threads nobody saw starting, and the initial one, are 0: older than everything.
// Threads made by create_thread() are newer than everything, because they attach under the loader lock (LOCK-04).
std::uint64_t start_order(const TEB& teb);
std::uint64_t current_start_order();

// A place in each thread for its kernel object; nt owns what it points to, and thread never looks at it.
void*& object_of(TEB& teb);

// Linux's number for the thread, which is also its ClientId.
inline DWORD thread_id(const TEB& teb) {
  return static_cast<DWORD>(reinterpret_cast<std::uintptr_t>(teb.ClientId.UniqueThread));
}

// The ids of all threads that have a Windows side at this moment.
std::vector<DWORD> thread_ids();

}  // namespace hmodule::thread

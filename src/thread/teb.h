// The calling thread's Windows side.
//
// Two thread pointers live side by side. glibc finds its thread through FS; DLL code finds the TEB through GS, which
// glibc leaves free. GS 0 means "no Windows side yet". A child thread inherits its creator's GS, so every thread is
// started with GS 0 (see pthread.cc), and a TEB remembers the FS value of its owner.
#pragma once

#include "base/result.h"
#include "win/teb.h"

namespace hmodule::thread {

// The calling thread's TEB, through GS. A thread that has none yet is attached by the fault this read takes; so any
// code of ours may call it, except signal handlers and the attach path itself.
inline TEB& teb() {
  TEB* self;
  __asm__ volatile("movq %%gs:0x30, %0" : "=r"(self));
  return *self;
}

// Gives the calling thread its Windows side if it has none, or only its creator's. Idempotent, about 1 ns when there
// is nothing to do. Runs DLL_THREAD_ATTACH where HOST-03 asks for it. Every public entry point calls it first.
TEB& attach();

// The TEB if the thread has its own, else nullptr. Never attaches; safe in signal handlers.
TEB* try_teb();

inline DWORD last_error() {
  return teb().LastErrorValue;
}
inline void set_last_error(DWORD code) {
  teb().LastErrorValue = code;
}
// ERR-01: the status goes to LastStatusValue, its Win32 form to LastErrorValue.
void set_last_status(NTSTATUS status);

}  // namespace hmodule::thread

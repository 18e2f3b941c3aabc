// One-time initialisation in a pointer-sized word: INIT_ONCE, RTL_RUN_ONCE. The two low bits are the state: 0 nothing
// done, 1 one thread is at it, 2 done, 3 any number are at it and the first to finish wins. The rest is the context
// once it is done; before, bit 2 says that somebody sleeps.
#pragma once

#include "base/result.h"

namespace hmodule::nt::run_once {

// RTL_RUN_ONCE_* of winnt.h.
inline constexpr DWORD kCheckOnly = 1, kAsync = 2, kInitFailed = 4;

// STATUS_SUCCESS: done, and *context is set. STATUS_PENDING: the caller is to do it. STATUS_UNSUCCESSFUL: not done, and
// kCheckOnly was given. STATUS_INVALID_PARAMETER: wrong flags, or the other of the two manners is in progress.
NTSTATUS begin(void** once, DWORD flags, void** context);
// STATUS_UNSUCCESSFUL: another thread was first, or nobody began.
NTSTATUS complete(void** once, DWORD flags, void* context);

}  // namespace hmodule::nt::run_once

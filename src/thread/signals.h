// One handler for the signals that faulting code raises, shared by all who can explain a fault. Who was there before
// us is never lost: what none of ours claims goes to the host's previous disposition, exactly as the kernel would
// have delivered it (EH-51).
#pragma once

#include <ucontext.h>
#include <csignal>

namespace hmodule::thread {

// Looks at a fault in signal context. True: explained, and `context` now says where to continue. Claims must return
// at once, usually after redirecting RIP to code that does the work outside the handler.
using FaultClaim = bool (*)(int signal, siginfo_t& info, ucontext_t& context);

// Adds a claim, asked in the order added (at most 4), for `signal`, whose handler is installed on first need.
void claim_faults(int signal, FaultClaim claim);

}  // namespace hmodule::thread

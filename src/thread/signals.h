// One handler for the signals that faulting code raises, shared by all who can explain a fault. Who was there before
// us is never lost: what none of ours claims goes to the host's previous disposition, exactly as the kernel would
// have delivered it (EH-51).
#pragma once

#include <ucontext.h>
#include <csignal>
#include <cstddef>
#include <cstdint>

namespace hmodule::thread {

// Makes a thread look at its orders (suspend, die; nt/thread.cc). A real-time signal: the others have owners.
inline int order_signal() {
  return SIGRTMAX - 2;
}

// Whether a fault is explained, and `context` says where to continue: with all its registers, or in a function of ours
// that has no caller, for which RIP, RSP, RDI and the floating-point modes will do. That saves the kernel's way back.
enum class Claim { no, resume, start };

// Looks at a fault in signal context. Claims must return at once, usually after redirecting RIP to code that does the
// work outside the handler.
using FaultClaim = Claim (*)(int signal, siginfo_t& info, ucontext_t& context);

// Adds a claim, asked in the order added (at most 4), for `signal`, whose handler is installed on first need.
void claim_faults(int signal, FaultClaim claim);

// For claims: how far up the interrupted stack is free to write to. The red zone is the interrupted code's, and without
// an alternate stack the kernel's frame and our own are below it.
std::uintptr_t free_stack_below(const ucontext_t& context);

// For claims: the thread does `work` in ordinary context before it goes on, with every register as it was.
void interrupt(ucontext_t& context, void (*work)());

// Puts our handler back where the host has installed its own since; that one is now the previous disposition, whether
// or not it passes on to us what it does not know. Nothing happens where we still are the handler.
void reclaim_faults();

// A claimed fault turns out to be nobody's of ours: the previous disposition gets `info`, with the context that
// `restore` fills in. Comes back only if another handler took the signal, or if it is blocked.
struct HandedBack {
  siginfo_t info;
  void (*restore)(ucontext_t& context, void* argument);
  void* argument;
};
void hand_back(int signal, HandedBack& fault);

// The kernel's save area behind `context`: its legacy part of 512 bytes is `fpregs`. `size` is 512 if there is no more,
// and 0 without one.
struct SavedVectors {
  std::size_t size;
  std::uint64_t features;  // the XSAVE components it may hold
};
SavedVectors saved_vectors(const ucontext_t& context);

}  // namespace hmodule::thread

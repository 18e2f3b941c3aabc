#include "thread/signals.h"

#include <pthread.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <cstdlib>
#include <mutex>

namespace hmodule::thread {
namespace {

constexpr int kSignals = 32;  // the classic ones; faults are among them
constexpr std::size_t kMaxClaims = 4;

struct Signal {
  std::array<std::atomic<FaultClaim>, kMaxClaims> claims{};
  struct sigaction previous {};
  std::atomic<bool> used_up{false};  // SA_RESETHAND: the previous handler has had its one call
  bool installed = false;
};
std::array<Signal, kSignals> signals;
std::mutex installing;

// What the kernel does without a handler. A fault happens again when we return, now without us; a signal that
// somebody sent does not, so it is sent again, and arrives when we return.
void default_action(int number, const siginfo_t& info) {
  struct sigaction standard {};
  standard.sa_handler = SIG_DFL;
  sigaction(number, &standard, nullptr);
  if (info.si_code <= 0) raise(number);
}

// Calls the host's handler under the mask the kernel would have set up for it. The mask needs no restoring: our own
// return from the signal does that.
void call_handler(const struct sigaction& previous, int number, siginfo_t* info, void* context) {
  sigset_t mask = previous.sa_mask;
  pthread_sigmask(SIG_BLOCK, &mask, nullptr);
  if ((previous.sa_flags & SA_NODEFER) != 0 && sigismember(&previous.sa_mask, number) == 0) {
    sigemptyset(&mask);
    sigaddset(&mask, number);
    pthread_sigmask(SIG_UNBLOCK, &mask, nullptr);
  }
  if ((previous.sa_flags & SA_SIGINFO) != 0)
    previous.sa_sigaction(number, info, context);
  else
    previous.sa_handler(number);
}

void deliver_to_previous(int number, siginfo_t* info, void* context) {
  Signal& signal = signals[static_cast<std::size_t>(number)];
  const struct sigaction& previous = signal.previous;
  const bool has_handler =
      (previous.sa_flags & SA_SIGINFO) != 0 || (previous.sa_handler != SIG_DFL && previous.sa_handler != SIG_IGN);
  const bool one_shot = (static_cast<unsigned>(previous.sa_flags) & SA_RESETHAND) != 0;
  if (has_handler && !(one_shot && signal.used_up.exchange(true))) return call_handler(previous, number, info, context);
  // The kernel never ignores a fault, only a signal that was sent.
  if (!has_handler && previous.sa_handler == SIG_IGN && info->si_code <= 0) return;
  default_action(number, *info);
}

void handle(int number, siginfo_t* info, void* context) {
  const int saved_errno = errno;
  for (const std::atomic<FaultClaim>& claim : signals[static_cast<std::size_t>(number)].claims) {
    const FaultClaim ask = claim.load(std::memory_order_acquire);
    if (ask == nullptr) break;
    if (!ask(number, *info, *static_cast<ucontext_t*>(context))) continue;
    errno = saved_errno;
    return;
  }
  errno = saved_errno;
  deliver_to_previous(number, info, context);
}

}  // namespace

void claim_faults(int number, FaultClaim claim) {
  const std::lock_guard lock(installing);
  Signal& signal = signals.at(static_cast<std::size_t>(number));
  std::size_t place = 0;
  while (place < kMaxClaims && signal.claims[place].load() != nullptr) ++place;
  if (place == kMaxClaims) std::abort();  // our own folders are the only callers
  signal.claims[place].store(claim, std::memory_order_release);
  if (signal.installed) return;
  signal.installed = true;

  // The old action must be readable before the first signal comes through the new one.
  sigaction(number, nullptr, &signal.previous);
  struct sigaction ours {};
  ours.sa_sigaction = handle;
  ours.sa_flags = SA_SIGINFO | SA_ONSTACK;
  sigaction(number, &ours, nullptr);
}

}  // namespace hmodule::thread

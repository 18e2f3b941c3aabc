#include "thread/signals.h"

#include <cpuid.h>
#include <pthread.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <mutex>
#include <utility>

extern "C" void hm_interrupted();
extern "C" __attribute__((weak)) void __asan_handle_no_return();

namespace hmodule::thread {
namespace {

constexpr int kSignals = 32;  // the classic ones; faults are among them
constexpr std::size_t kMaxClaims = 4, kMaxPrevious = 8;
constexpr std::uintptr_t kRedZone = 128;

// A disposition of the host's that ours has replaced.
struct Previous {
  struct sigaction action {};
  std::atomic<bool> used_up{false};  // SA_RESETHAND: the handler has had its one call
};

struct Signal {
  std::array<std::atomic<FaultClaim>, kMaxClaims> claims{};
  std::array<Previous, kMaxPrevious> previous{};  // oldest first
  std::size_t previous_count = 0;                 // guarded by `installing`
};
std::array<Signal, kSignals> signals;
std::mutex installing;

// The delivery to a host's handler that is going on in this thread. If that handler calls ours, as one does that was
// installed later and chains, the fault is known to be nobody's of ours.
struct Delivery {
  const void* context;
  std::uintptr_t stack;  // of our handler, or of the frame moved to the thread's stack: what it calls is below
};
__thread Delivery delivery __attribute__((tls_model("initial-exec")));
__thread HandedBack* handed_back __attribute__((tls_model("initial-exec")));

void send_to_self(int number, siginfo_t& info) {
  syscall(SYS_rt_tgsigqueueinfo, getpid(), gettid(), number, &info);
}

// What the kernel does without a handler. The signal arrives when we return, so that a core dump shows the registers
// and the reason of the fault.
void default_action(int number, siginfo_t& info) {
  struct sigaction standard {};
  standard.sa_handler = SIG_DFL;
  sigaction(number, &standard, nullptr);
  send_to_self(number, info);
}

// The mask the kernel would have set up. It needs no restoring: the return from the signal does that.
void set_mask(const struct sigaction& action, int number) {
  sigset_t mask = action.sa_mask;
  pthread_sigmask(SIG_BLOCK, &mask, nullptr);
  if ((action.sa_flags & SA_NODEFER) != 0 && sigismember(&action.sa_mask, number) == 0) {
    sigemptyset(&mask);
    sigaddset(&mask, number);
    pthread_sigmask(SIG_UNBLOCK, &mask, nullptr);
  }
}

// Our handler asks for the alternate stack, and the host's may not have. Then its frame, as the kernel has made it
//
//   context-8    return address: the code that makes the system call rt_sigreturn
//   context      ucontext_t, siginfo_t, and the save area for vector registers, at a multiple of 64
//
// moves to the interrupted stack, and the handler starts there.
void enter_on_interrupted_stack(const struct sigaction& action, int number, siginfo_t* info, ucontext_t* context) {
  constexpr std::uintptr_t kAlignment = 64;
  const auto begin = reinterpret_cast<std::uintptr_t>(context) - sizeof(void*);
  const auto vectors = reinterpret_cast<std::uintptr_t>(context->uc_mcontext.fpregs);
  std::uintptr_t end = reinterpret_cast<std::uintptr_t>(info + 1);
  if (vectors != 0) end = std::max(end, vectors + saved_vectors(*context).size);

  const auto sp = static_cast<std::uintptr_t>(context->uc_mcontext.gregs[REG_RSP]) - kRedZone;
  const std::uintptr_t at = ((sp - (end - begin)) & ~(kAlignment - 1)) - (kAlignment - begin % kAlignment);
  std::memcpy(reinterpret_cast<void*>(at), reinterpret_cast<const void*>(begin), end - begin);
  const auto moved = [at, begin](std::uintptr_t from) { return at + (from - begin); };
  auto* const new_context = reinterpret_cast<ucontext_t*>(at + sizeof(void*));
  if (vectors != 0) new_context->uc_mcontext.fpregs = reinterpret_cast<fpregset_t>(moved(vectors));
  delivery = {new_context, at};

  if (__asan_handle_no_return != nullptr) __asan_handle_no_return();
  const void* const handler = reinterpret_cast<const void*>(action.sa_sigaction);
  __asm__ volatile("movq %0, %%rsp\n\t jmpq *%1"
                   :
                   : "r"(at), "r"(handler), "D"(number), "S"(moved(reinterpret_cast<std::uintptr_t>(info))),
                     "d"(new_context), "a"(0)
                   : "memory");
  __builtin_unreachable();
}

bool on_alternate_stack(const ucontext_t& context) {
  const auto begin = reinterpret_cast<std::uintptr_t>(context.uc_stack.ss_sp), size = context.uc_stack.ss_size;
  const auto here = reinterpret_cast<std::uintptr_t>(__builtin_frame_address(0));
  const auto interrupted = static_cast<std::uintptr_t>(context.uc_mcontext.gregs[REG_RSP]);
  return here - begin < size && interrupted - begin >= size;
}

void call_handler(const struct sigaction& action, int number, siginfo_t* info, ucontext_t* context) {
  set_mask(action, number);
  if ((action.sa_flags & SA_ONSTACK) == 0 && on_alternate_stack(*context))
    enter_on_interrupted_stack(action, number, info, context);
  const Delivery outer =
      std::exchange(delivery, {context, reinterpret_cast<std::uintptr_t>(__builtin_frame_address(0))});
  if ((action.sa_flags & SA_SIGINFO) != 0)
    action.sa_sigaction(number, info, context);
  else
    action.sa_handler(number);
  delivery = outer;
}

// The newest of the `level` oldest dispositions.
void deliver_to_previous(int number, siginfo_t* info, ucontext_t* context, std::size_t level) {
  if (level == 0) return default_action(number, *info);
  Previous& previous = signals[static_cast<std::size_t>(number)].previous[level - 1];
  const struct sigaction& action = previous.action;
  const bool has_handler =
      (action.sa_flags & SA_SIGINFO) != 0 || (action.sa_handler != SIG_DFL && action.sa_handler != SIG_IGN);
  const bool one_shot = (static_cast<unsigned>(action.sa_flags) & SA_RESETHAND) != 0;
  if (has_handler && !(one_shot && previous.used_up.exchange(true))) return call_handler(action, number, info, context);
  // The kernel never ignores a fault, only a signal that was sent.
  if (!has_handler && action.sa_handler == SIG_IGN && info->si_code <= 0) return;
  default_action(number, *info);
}

// AC survives the way into a handler, and would make faults of our own unaligned reads.
void clear_alignment_flag() {
  __asm__ volatile("pushfq\n\t andl $~0x40000, (%%rsp)\n\t popfq" ::: "memory", "cc");
}

// The protection keys' rights in a handler are the system's initial ones. Are they also the interrupted code's?
bool has_initial_key_rights(const SavedVectors& vectors, const void* area) {
  constexpr std::uint32_t kComponent = 9, kFeature = 1U << kComponent;
  constexpr std::size_t kPresentAt = 512;
  if ((vectors.features & kFeature) == 0) return true;
  std::uint32_t size = 0, offset = 0, ecx = 0, edx = 0, now = 0, saved = 0;
  std::uint64_t present = 0;
  __cpuid_count(0xD, kComponent, size, offset, ecx, edx);
  if (offset + sizeof saved > vectors.size) return false;
  std::memcpy(&present, static_cast<const std::byte*>(area) + kPresentAt, sizeof present);
  if ((present & kFeature) != 0) std::memcpy(&saved, static_cast<const std::byte*>(area) + offset, sizeof saved);
  __asm__ volatile(".byte 0x0F, 0x01, 0xEE" : "=a"(now), "=d"(edx) : "c"(0));  // rdpkru
  return now == saved;
}

// Continues outside the handler, and comes back if there is more to restore than what a function needs. The kernel has
// called us if what it calls us with begins where our own frame ends; another's handler may have more to do.
__attribute__((no_sanitize("thread"))) void start(const ucontext_t& context, const void* own_frame) {
  constexpr unsigned kDisarmed = 1U << 31;  // SS_AUTODISARM
  const auto* const end_of_frame = static_cast<const std::byte*>(own_frame) + 2 * sizeof(void*);
  if (end_of_frame != reinterpret_cast<const std::byte*>(&context)) return;
  if ((static_cast<unsigned>(context.uc_stack.ss_flags) & kDisarmed) != 0) return;
  const auto* const floating = context.uc_mcontext.fpregs;
  if (floating == nullptr || !has_initial_key_rights(saved_vectors(context), floating)) return;

  if (__asan_handle_no_return != nullptr) __asan_handle_no_return();
  syscall(SYS_rt_sigprocmask, SIG_SETMASK, &context.uc_sigmask, nullptr, sizeof(std::uint64_t));
  const greg_t* const registers = context.uc_mcontext.gregs;
  __asm__ volatile("fldcw %0\n\t ldmxcsr %1\n\t movq %2, %%rsp\n\t movq %3, %%rbp\n\t jmpq *%4"
                   :
                   : "m"(floating->cwd), "m"(floating->mxcsr), "a"(registers[REG_RSP]), "c"(registers[REG_RBP]),
                     "d"(registers[REG_RIP]), "D"(registers[REG_RDI])
                   : "memory");
  __builtin_unreachable();
}

// There is one of us for each number of dispositions that we have replaced. A handler that puts back what it found, or
// calls it, so has the older ones act: Python's faulthandler does the first and raises its signal again. Inline, as the
// frame must be the one that the kernel has called.
__attribute__((always_inline)) inline void handle_signal(int number, siginfo_t* info, void* interrupted,
                                                         std::size_t level) {
  clear_alignment_flag();
  auto* const context = static_cast<ucontext_t*>(interrupted);
  Signal& signal = signals[static_cast<std::size_t>(number)];
  const auto here = reinterpret_cast<std::uintptr_t>(__builtin_frame_address(0));
  if (delivery.context == interrupted && here < delivery.stack)
    return deliver_to_previous(number, info, context, level);

  const int saved_errno = errno;
  if (HandedBack* const fault = std::exchange(handed_back, nullptr)) {
    *info = fault->info;
    fault->restore(*context, fault->argument);
  } else {
    for (const std::atomic<FaultClaim>& claim : signal.claims) {
      const FaultClaim ask = claim.load(std::memory_order_acquire);
      if (ask == nullptr) break;
      const Claim answer = ask(number, *info, *context);
      if (answer == Claim::no) continue;
      errno = saved_errno;
      if (answer == Claim::start) start(*context, __builtin_frame_address(0));
      return;
    }
  }
  errno = saved_errno;
  deliver_to_previous(number, info, context, level);
}
template <std::size_t level>
void handle(int number, siginfo_t* info, void* interrupted) {
  handle_signal(number, info, interrupted, level);
}
using Handler = void (*)(int, siginfo_t*, void*);
constexpr std::array<Handler, kMaxPrevious> kHandlers = {handle<1>, handle<2>, handle<3>, handle<4>,
                                                         handle<5>, handle<6>, handle<7>, handle<8>};

bool is_ours(const struct sigaction& action) {
  return (action.sa_flags & SA_SIGINFO) != 0 &&
         std::find(kHandlers.begin(), kHandlers.end(), action.sa_sigaction) != kHandlers.end();
}

// Over whatever is there now. With `installing` held.
void install(int number) {
  Signal& signal = signals[static_cast<std::size_t>(number)];
  struct sigaction now {};
  sigaction(number, nullptr, &now);
  if (is_ours(now)) return;

  // The old action is readable before the first signal comes through the new one. A handler that comes and goes
  // takes one place only; when all are taken, the newest gives way.
  const std::size_t count = signal.previous_count;
  const bool known = count != 0 && signal.previous[count - 1].action.sa_sigaction == now.sa_sigaction;
  const std::size_t place = known || count == kMaxPrevious ? count - 1 : count;
  signal.previous[place].action = now;
  signal.previous[place].used_up = false;
  signal.previous_count = place + 1;

  struct sigaction ours {};
  ours.sa_sigaction = kHandlers[place];
  ours.sa_flags = SA_SIGINFO | SA_ONSTACK;
  sigaction(number, &ours, nullptr);
}

}  // namespace

void claim_faults(int number, FaultClaim claim) {
  const std::lock_guard lock(installing);
  Signal& signal = signals.at(static_cast<std::size_t>(number));
  std::size_t place = 0;
  while (place < kMaxClaims && signal.claims[place].load() != nullptr) ++place;
  if (place == kMaxClaims) std::abort();  // our own folders are the only callers
  signal.claims[place].store(claim, std::memory_order_release);
  if (place == 0) install(number);
}

std::uintptr_t free_stack_below(const ucontext_t& context) {
  constexpr std::uintptr_t kOurDepth = 4096;
  const auto interrupted = static_cast<std::uintptr_t>(context.uc_mcontext.gregs[REG_RSP]) - kRedZone;
  if (on_alternate_stack(context)) return interrupted;
  return std::min(interrupted, reinterpret_cast<std::uintptr_t>(__builtin_frame_address(0)) - kOurDepth);
}

void interrupt(ucontext_t& context, void (*work)()) {
  struct Pushed {
    void (*work)();
    greg_t ip, cs, flags, sp, ss;
  };
  constexpr greg_t kTrapDirectionAlignment = 0x100 | 0x400 | 0x40000;
  greg_t* const registers = context.uc_mcontext.gregs;
  std::uint32_t cs = 0, ss = 0;
  __asm__("movl %%cs, %0\n\t movl %%ss, %1" : "=r"(cs), "=r"(ss));
  auto* const pushed = reinterpret_cast<Pushed*>(free_stack_below(context) / 16 * 16) - 1;
  *pushed = {work, registers[REG_RIP], cs, registers[REG_EFL], registers[REG_RSP], ss};
  registers[REG_RSP] = reinterpret_cast<greg_t>(pushed);
  registers[REG_RIP] = reinterpret_cast<greg_t>(&hm_interrupted);
  registers[REG_EFL] &= ~kTrapDirectionAlignment;
}

void reclaim_faults() {
  const std::lock_guard lock(installing);
  for (int number = 0; number < kSignals; ++number)
    if (signals[static_cast<std::size_t>(number)].claims[0].load() != nullptr) install(number);
}

void hand_back(int number, HandedBack& fault) {
  handed_back = &fault;
  siginfo_t info = fault.info;
  send_to_self(number, info);
  handed_back = nullptr;
}

// What the kernel tells in the last bytes of the legacy area: struct _fpx_sw_bytes of asm/sigcontext.h.
SavedVectors saved_vectors(const ucontext_t& context) {
  struct SoftwareBytes {
    std::uint32_t magic, extended_size;
    std::uint64_t features;
  } told;
  constexpr std::size_t kLegacySize = 512, kToldAt = 464;
  constexpr std::uint32_t kMagic = 0x46505853;
  if (context.uc_mcontext.fpregs == nullptr) return {0, 0};
  std::memcpy(&told, reinterpret_cast<const std::byte*>(context.uc_mcontext.fpregs) + kToldAt, sizeof told);
  if (told.magic != kMagic) return {kLegacySize, 3};
  return {told.extended_size, told.features};
}

}  // namespace hmodule::thread

// EH-51: faults that are nobody's of ours reach the host's previous handler as the kernel would have delivered them.
#include "thread/signals.h"

#include "support.h"
#include "support/death.h"

#include <gtest/gtest.h>

#include <csetjmp>
#include <cstdlib>

namespace hmodule::thread {
namespace {

class SignalsDeathTest : public ::testing::Test {
 protected:
  void SetUp() override { ::testing::GTEST_FLAG(death_test_style) = "threadsafe"; }
};

void install(int signal, void (*handler)(int, siginfo_t*, void*), int flags) {
  struct sigaction action {};
  action.sa_sigaction = handler;
  action.sa_flags = flags | SA_SIGINFO;
  sigaction(signal, &action, nullptr);
}

Claim no_claim(int, siginfo_t&, ucontext_t&) {
  return Claim::no;
}

TEST_F(SignalsDeathTest, HostHandlerGetsWhatNobodyClaims) {
  const auto run = [] {
    install(
        SIGSEGV,
        [](int signal, siginfo_t* info, void* context) {
          const auto& registers = static_cast<ucontext_t*>(context)->uc_mcontext.gregs;
          _exit(signal == SIGSEGV && info->si_addr == reinterpret_cast<void*>(0x123450) && registers[REG_RIP] != 0 ? 42
                                                                                                                   : 1);
        },
        0);
    testing::start_with_test_hooks();
    *reinterpret_cast<volatile int*>(0x123450) = 1;
  };
  EXPECT_EXIT(run(), ::testing::ExitedWithCode(42), "");
}

TEST_F(SignalsDeathTest, PlainHandlerIsCalledWithTheNumber) {
  const auto run = [] {
    std::signal(SIGFPE, [](int signal) { _exit(signal); });
    claim_faults(SIGFPE, no_claim);
    raise(SIGFPE);
  };
  EXPECT_EXIT(run(), ::testing::ExitedWithCode(SIGFPE), "");
}

TEST_F(SignalsDeathTest, DefaultKillsForFaultsAndForSentSignals) {
  const auto fault = [] {
    testing::start_with_test_hooks();
    *reinterpret_cast<volatile int*>(0x123450) = 1;
  };
  EXPECT_EXIT(fault(), test::KilledByFault(SIGSEGV), "");
  const auto sent = [] {
    claim_faults(SIGILL, no_claim);
    raise(SIGILL);
  };
  EXPECT_EXIT(sent(), ::testing::KilledBySignal(SIGILL), "");
}

TEST_F(SignalsDeathTest, IgnoredMeansSentSignalsOnly) {
  const auto run = [] {
    std::signal(SIGSEGV, SIG_IGN);
    testing::start_with_test_hooks();
    raise(SIGSEGV);
    std::fputs("still here\n", stderr);
    *reinterpret_cast<volatile int*>(0x123450) = 1;
  };
  EXPECT_EXIT(run(), test::KilledByFault(SIGSEGV), "still here");
}

TEST_F(SignalsDeathTest, OneShotHandlerRunsOnce) {
  const auto run = [] {
    install(
        SIGILL, [](int, siginfo_t*, void*) { std::fputs("once\n", stderr); }, static_cast<int>(SA_RESETHAND));
    claim_faults(SIGILL, no_claim);
    raise(SIGILL);
    raise(SIGILL);
  };
  EXPECT_EXIT(run(), ::testing::KilledBySignal(SIGILL), "^once\n$");
}

TEST_F(SignalsDeathTest, HandlerMayLeaveByLongjmpWhenItAskedForNoDefer) {
  static sigjmp_buf back;
  const auto run = [] {
    install(
        SIGSEGV, [](int, siginfo_t*, void*) { siglongjmp(back, 1); }, SA_NODEFER);
    testing::start_with_test_hooks();
    static volatile int faults = 0;
    if (sigsetjmp(back, 0) != 0) faults = faults + 1;  // the mask is not restored: NODEFER must have kept it open
    if (faults < 3) *reinterpret_cast<volatile int*>(0x123450) = 1;
    _exit(faults);
  };
  EXPECT_EXIT(run(), ::testing::ExitedWithCode(3), "");
}

// As Python's faulthandler does, installed when ours was there already: it puts back what it found, and raises.
void put_back_and_raise(int flags) {
  static struct sigaction found {};
  testing::start_with_test_hooks();
  struct sigaction action {};
  action.sa_handler = [](int signal) {
    std::fputs("once\n", stderr);
    sigaction(signal, &found, nullptr);
    raise(signal);
  };
  action.sa_flags = flags;
  sigaction(SIGSEGV, &action, &found);
  reclaim_faults();
  *reinterpret_cast<volatile int*>(0x123450) = 1;
}
TEST_F(SignalsDeathTest, AHandlerThatRaisesItsSignalMeansThoseBeforeIt) {
  EXPECT_EXIT(put_back_and_raise(SA_NODEFER), ::testing::KilledBySignal(SIGSEGV), "^once\n$");
  EXPECT_EXIT(put_back_and_raise(SA_NODEFER | SA_ONSTACK), ::testing::KilledBySignal(SIGSEGV), "^once\n$");
}
// What an earlier delivery left behind is none of a later one's.
TEST_F(SignalsDeathTest, AHandlerIsAskedEachTimeASignalIsRaised) {
  const auto run = [] {
    install(
        SIGILL, [](int, siginfo_t*, void*) { std::fputs("again\n", stderr); }, 0);
    claim_faults(SIGILL, no_claim);
    raise(SIGILL);
    const auto deeper = [](auto& self, int depth) -> int {
      volatile char room[400];
      room[0] = static_cast<char>(depth);
      return depth == 0 ? raise(SIGILL) : self(self, depth - 1) + room[0];
    };
    deeper(deeper, 5);
    deeper(deeper, 50);
    _exit(7);
  };
  EXPECT_EXIT(run(), ::testing::ExitedWithCode(7), "^again\nagain\nagain\n$");
}

TEST_F(SignalsDeathTest, HandlersMaskIsInEffect) {
  const auto run = [] {
    struct sigaction action {};
    action.sa_handler = [](int) {
      sigset_t now;
      pthread_sigmask(SIG_BLOCK, nullptr, &now);
      _exit(sigismember(&now, SIGUSR1) + 2 * sigismember(&now, SIGBUS));
    };
    sigaddset(&action.sa_mask, SIGUSR1);
    sigaction(SIGBUS, &action, nullptr);
    claim_faults(SIGBUS, no_claim);
    raise(SIGBUS);
  };
  EXPECT_EXIT(run(), ::testing::ExitedWithCode(3), "");
}

// Nothing of the handler is left in a function that a claim starts: not its mask, not its stack, nor its modes.
TEST_F(SignalsDeathTest, AClaimStartsAFunctionOutsideTheHandler) {
  static const void* expected_stack;
  const auto started = [](const void* argument) {
    sigset_t mask;
    pthread_sigmask(SIG_BLOCK, nullptr, &mask);
    unsigned short control = 0;
    __asm__ volatile("fnstcw %0" : "=m"(control));
    const auto here = reinterpret_cast<std::uintptr_t>(__builtin_frame_address(0));
    _exit((sigismember(&mask, SIGILL) == 0 ? 1 : 0) + (sigismember(&mask, SIGUSR2) == 1 ? 2 : 0) +
          (control == 0x27F ? 4 : 0) + (argument == &expected_stack ? 8 : 0) +
          (reinterpret_cast<std::uintptr_t>(expected_stack) - here < 0x10000 ? 16 : 0));
  };
  static void (*const function)(const void*) = started;
  const auto run = [] {
    sigset_t mask;
    sigemptyset(&mask);
    sigaddset(&mask, SIGUSR2);
    pthread_sigmask(SIG_BLOCK, &mask, nullptr);
    const unsigned short control = 0x27F;
    __asm__ volatile("fldcw %0" ::"m"(control));
    static char alternate[0x10000];
    const stack_t stack = {alternate, 0, sizeof alternate};
    sigaltstack(&stack, nullptr);
    expected_stack = __builtin_frame_address(0);
    claim_faults(SIGILL, [](int, siginfo_t&, ucontext_t& context) {
      greg_t* const registers = context.uc_mcontext.gregs;
      registers[REG_RSP] = static_cast<greg_t>((free_stack_below(context) - 1024) / 16 * 16 - 8);
      registers[REG_RDI] = reinterpret_cast<greg_t>(&expected_stack);
      registers[REG_RIP] = reinterpret_cast<greg_t>(function);
      return Claim::start;
    });
    __builtin_trap();
  };
  EXPECT_EXIT(run(), ::testing::ExitedWithCode(31), "");
}

}  // namespace
}  // namespace hmodule::thread

// Crash reports, and whose signals they are (EH-51).
#include <gmock/gmock.h>
#include <pthread.h>
#include <ucontext.h>
#include <unistd.h>
#include <hmodule/hmodule.hpp>

#include <csignal>
#include <cstdlib>
#include <thread>

#include "support/death.h"

namespace hmodule::test {
namespace {

using ::testing::AllOf, ::testing::ContainsRegex, ::testing::ExitedWithCode, ::testing::HasSubstr,
    ::testing::KilledBySignal, ::testing::Not;

class CrashDeathTest : public ::testing::Test {
 protected:
  void SetUp() override { ::testing::GTEST_FLAG(death_test_style) = "threadsafe"; }
};

const library& faults() {
  static const library dll(TEST_BIN "/faults.dll");
  return dll;
}
template <typename... Arguments>
void call(const char* name, Arguments... arguments) {
  faults().get<void(Arguments...)>(name)(arguments...);
}
void read_at(unsigned long long where) {
  *static_cast<unsigned long long*>(hmodule_sym(faults().handle(), "where")) = where;
  call("read");
}

void fault_in_host(std::uintptr_t where) {
  volatile std::uintptr_t hidden = where;  // from the compiler, which knows that nothing is there
  *reinterpret_cast<volatile int*>(hidden) = 1;
}

void install(int signal, void (*handler)(int, siginfo_t*, void*), int flags = 0, struct sigaction* old = nullptr) {
  struct sigaction action {};
  action.sa_sigaction = handler;
  action.sa_flags = flags | SA_SIGINFO;
  sigaction(signal, &action, old);
}

// --- reports ---

TEST_F(CrashDeathTest, FaultIsReportedAndKillsByItsSignal) {
  EXPECT_EXIT(
      call("crash", 0x10), KilledByFault(SIGSEGV),
      AllOf(ContainsRegex("exception 0xc0000005 \\(access violation\\), writing 0x10, thread [0-9]+, at 0x[0-9a-f]+ "
                          "faults.dll\\+0x[0-9a-f]+ \\(crash\\+0x0\\)"),
            ContainsRegex("rcx 0000000000000010"), ContainsRegex("#0  0x[0-9a-f]+ faults.dll.*\\(crash"),
            ContainsRegex("#1  0x[0-9a-f]+ .*/crash_test\\+0x"), HasSubstr("__libc_start_main")));
}

TEST_F(CrashDeathTest, ReportCanBeSwitchedOff) {
  const auto run = [] {
    setenv("HMODULE_CRASH_REPORT", "off", 1);
    call("crash", 0x10);
  };
  EXPECT_EXIT(run(), KilledByFault(SIGSEGV), Not(HasSubstr("hmodule")));
}

TEST_F(CrashDeathTest, FramesOfDllsAndOfTheHostAreMixed) {
  const auto callback = []() HM_WINAPI {
    call("crash", 0x10);
    std::fputs("this is no tail call\n", stderr);
  };
  const auto run = [callback] { call("call_back", +callback); };
  EXPECT_EXIT(
      run(), KilledByFault(SIGSEGV),
      ContainsRegex("#0 .*\\(crash.*\n.*#[0-9]+ .*/crash_test\\+0x.*\n(.*\n)*.*#[0-9]+ .*\\(call_back.*\n.*#[0-9]+ "
                    ".*/crash_test"));
}

TEST_F(CrashDeathTest, SoftwareExceptionIsReportedAndAborts) {
  EXPECT_EXIT(call("raise", 0xE0001234), KilledBySignal(SIGABRT),
              ContainsRegex("exception 0xe0001234, thread .* faults.dll.*\\(raise"));
}

TEST_F(CrashDeathTest, CppExceptionsHaveNames) {  // EH-44
  EXPECT_EXIT(call("throw_msvc"), KilledBySignal(SIGABRT),
              AllOf(HasSubstr("thrown: std::logic_error\n"), HasSubstr("what(): out of luck\n")));
  const auto gcc = [] {
    const HMODULE dll = hmodule_open(TEST_BIN "/throws.dll", 0);
    reinterpret_cast<HM_WINAPI void (*)()>(hmodule_sym(dll, "throw_gcc"))();
  };
  EXPECT_EXIT(gcc(), KilledBySignal(SIGABRT), HasSubstr("thrown: std::out_of_range\n"));
}

TEST_F(CrashDeathTest, FastFailAsksNobodyAndSaysItsCode) {
  EXPECT_EXIT(call("fail_fast", 5), KilledBySignal(SIGABRT), HasSubstr("0xc0000409 (fast fail), code 0x5"));
}

TEST_F(CrashDeathTest, UnhandledFilterMayEndTheProcessWithTheCode) {  // EH-42
  const auto run = [] {
    call("take_unhandled");
    call("crash", 0x10);
  };
  EXPECT_EXIT(run(), ExitedWithCode(5), Not(HasSubstr("hmodule")));
  const auto raise = [] {
    call("take_unhandled");
    call("raise", 0xE0001234);
  };
  EXPECT_EXIT(raise(), ExitedWithCode(0x34), Not(HasSubstr("hmodule")));
}

TEST_F(CrashDeathTest, BreakpointKillsAsItWould) {
  const auto run = [] { call("stop"); };
  EXPECT_EXIT(run(), KilledBySignal(SIGTRAP), HasSubstr("0x80000003 (breakpoint)"));
}

TEST_F(CrashDeathTest, StackOverflowIsTold) {
  EXPECT_EXIT(call("recurse", 0, 0), KilledByFault(SIGSEGV),
              AllOf(HasSubstr("0xc00000fd (stack overflow)"), ContainsRegex("more times"), HasSubstr("crash_test+0x")));
  const auto in_thread = [] { std::thread([] { call("recurse", 0, 0); }).join(); };
  EXPECT_EXIT(in_thread(), KilledByFault(SIGSEGV), HasSubstr("0xc00000fd (stack overflow)"));
}

// --- the host's handlers ---

TEST_F(CrashDeathTest, HostsHandlerGetsTheFaultAsItHappened) {  // EH-51
  const auto run = [] {
    install(SIGSEGV, [](int, siginfo_t* info, void* context) {
      const auto& registers = static_cast<ucontext_t*>(context)->uc_mcontext.gregs;
      hmodule_symbol symbol{};
      hmodule_addr(reinterpret_cast<void*>(registers[REG_RIP]), &symbol);
      const bool good = info->si_addr == reinterpret_cast<void*>(0x10) && info->si_code == SEGV_MAPERR &&
                        registers[REG_RCX] == 0x10 && registers[REG_TRAPNO] == 14 && registers[REG_ERR] == 6 &&
                        symbol.name != nullptr && std::string_view(symbol.name) == "crash";
      _exit(good ? 42 : 1);
    });
    call("crash", 0x10);
  };
  EXPECT_EXIT(run(), ExitedWithCode(42), "");
}

TEST_F(CrashDeathTest, HostsHandlerMayMendTheFault) {
  const auto run = [] {
    static int target = 0;
    install(SIGSEGV, [](int, siginfo_t*, void* context) {
      static_cast<ucontext_t*>(context)->uc_mcontext.gregs[REG_RCX] = reinterpret_cast<greg_t>(&target);
    });
    call("crash", 0x10);
    _exit(target == 1 ? 42 : 1);
  };
  EXPECT_EXIT(run(), ExitedWithCode(42), "");
}

// SA_ONSTACK of the host's handler decides, not ours.
bool on_signal_stack(void* here) {
  stack_t now;
  sigaltstack(nullptr, &now);
  const auto offset = static_cast<char*>(here) - static_cast<char*>(now.ss_sp);
  return (now.ss_flags & SS_DISABLE) == 0 && offset >= 0 && static_cast<std::size_t>(offset) < now.ss_size;
}

TEST_F(CrashDeathTest, HostsHandlerRunsOnTheStackItAskedFor) {
  for (const int flags : {0, SA_ONSTACK}) {
    const auto run = [flags] {
      install(
          SIGSEGV,
          [](int, siginfo_t* info, void* context) {
            int local = 0;
            const auto& registers = static_cast<ucontext_t*>(context)->uc_mcontext.gregs;
            if (info->si_addr != reinterpret_cast<void*>(0x20) || registers[REG_TRAPNO] != 14) _exit(1);
            _exit(on_signal_stack(&local) ? 43 : 42);
          },
          flags);
      call("stop_not");
      fault_in_host(0x20);
    };
    EXPECT_EXIT(run(), ExitedWithCode(flags == 0 ? 42 : 43), "");
  }
}

TEST_F(CrashDeathTest, HostsHandlerOnTheThreadsStackMayReturn) {
  const auto run = [] {
    static int target = 0;
    install(SIGSEGV, [](int, siginfo_t*, void* context) {
      static_cast<ucontext_t*>(context)->uc_mcontext.gregs[REG_RAX] = reinterpret_cast<greg_t>(&target);
    });
    call("stop_not");
    double kept = 1.5;
    __asm__ volatile("movq $0x10, %%rax\n\t movl $7, (%%rax)" : "+x"(kept) : : "rax", "memory");
    _exit(target == 7 && kept == 1.5 ? 42 : 1);
  };
  EXPECT_EXIT(run(), ExitedWithCode(42), "");
}

TEST_F(CrashDeathTest, LaterHandlerHasTheSignalsUntilTheyAreClaimedBack) {
  const auto later = [](int, siginfo_t*, void*) { _exit(42); };
  const auto run = [later](bool claim) {
    read_at(0x10);
    install(SIGSEGV, later);
    if (claim) hmodule_claim_faults();
    read_at(0x10);
    std::fputs("the DLL has handled it\n", stderr);
    fault_in_host(0x20);
  };
  EXPECT_EXIT(run(false), ExitedWithCode(42), Not(HasSubstr("the DLL has handled it")));
  EXPECT_EXIT(run(true), ExitedWithCode(42), HasSubstr("the DLL has handled it"));
}

struct sigaction before;

TEST_F(CrashDeathTest, LaterHandlerThatChainsLeavesDllsTheirFaults) {
  const auto chain = [](int signal, siginfo_t* info, void* context) {
    if (info->si_addr == reinterpret_cast<void*>(0x20)) _exit(42);
    before.sa_sigaction(signal, info, context);
  };
  const auto run = [chain](bool claim) {
    install(
        SIGSEGV, [](int, siginfo_t*, void*) { _exit(43); }, SA_ONSTACK);
    read_at(0x10);
    install(SIGSEGV, chain, SA_ONSTACK, &before);
    if (claim) hmodule_claim_faults();  // now each is the other's previous one
    read_at(0x10);
    fault_in_host(claim ? 0x30 : 0x20);
  };
  EXPECT_EXIT(run(false), ExitedWithCode(42), "");
  EXPECT_EXIT(run(true), ExitedWithCode(43), "");
}

TEST_F(CrashDeathTest, ClaimingAgainAndAgainChangesNothing) {
  const auto run = [] {
    for (int i = 0; i < 100; ++i) {
      install(SIGSEGV, [](int, siginfo_t*, void*) { _exit(42); });
      hmodule_claim_faults();
      hmodule_claim_faults();
      read_at(0x10);
    }
    fault_in_host(0x20);
  };
  EXPECT_EXIT(run(), ExitedWithCode(42), "");
}

// What is no DLL's code, ours included, is no Windows code that an exception could be thrown into.
TEST_F(CrashDeathTest, HostsCodeOpensGuardPages) {
  const auto run = [] {
    const auto kernel32 = [](const char* name) { return hmodule_sym(hmodule_open("kernel32.dll", 0), name); };
    const auto allocate =
        reinterpret_cast<HM_WINAPI char* (*)(void*, std::size_t, unsigned, unsigned)>(kernel32("VirtualAlloc"));
    const auto protect =
        reinterpret_cast<HM_WINAPI int (*)(void*, std::size_t, unsigned, unsigned*)>(kernel32("VirtualProtect"));
    constexpr unsigned kReadWrite = 4, kGuard = 0x100;
    char* const page = allocate(nullptr, 0x1000, 0x3000, kReadWrite | kGuard);
    page[5] = 1;
    unsigned old = 0;
    protect(page, 0x1000, kReadWrite | kGuard, &old);
    if (old != kReadWrite) _exit(1);
    reinterpret_cast<HM_WINAPI void (*)(void*)>(kernel32("GetSystemTimeAsFileTime"))(page);
    install(SIGSEGV, [](int, siginfo_t*, void*) { _exit(42); });
    hmodule_claim_faults();
    protect(page, 0x1000, 1, &old);  // PAGE_NOACCESS
    fault_in_host(reinterpret_cast<std::uintptr_t>(page));
  };
  EXPECT_EXIT(run(), ExitedWithCode(42), "");
}

// Code of the host has the stack it always had: the guard is for DLLs.
TEST_F(CrashDeathTest, HostMayUseItsWholeStack) {
  const auto run = [] {
    const auto use = [](void*) -> void* {
      hmodule_attach_thread();
      pthread_attr_t attributes;
      void* low = nullptr;
      std::size_t size = 0;
      pthread_getattr_np(pthread_self(), &attributes);
      pthread_attr_getstack(&attributes, &low, &size);
      for (char* at = static_cast<char*>(__builtin_frame_address(0)) - 4096; at > low; at -= 4096)
        *static_cast<volatile char*>(at) = 1;
      *static_cast<volatile char*>(low) = 1;
      return nullptr;
    };
    call("stop_not");
    pthread_t thread;
    pthread_create(&thread, nullptr, use, nullptr);
    pthread_join(thread, nullptr);
    _exit(42);
  };
  EXPECT_EXIT(run(), ExitedWithCode(42), "");
}

}  // namespace
}  // namespace hmodule::test

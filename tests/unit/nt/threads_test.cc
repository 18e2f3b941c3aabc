#include "nt/clock.h"
#include "nt/event.h"
#include "nt/mutant.h"
#include "nt/process.h"
#include "nt/thread.h"
#include "nt/virtual_memory.h"
#include "support/leaks.h"
#include "thread/teb.h"

#include <gmock/gmock.h>
#include <unistd.h>

#include <atomic>
#include <csignal>
#include <cstdlib>
#include <thread>

namespace hmodule::nt {
namespace {

constexpr Timeout kNow = 0, kForever = std::nullopt;

HM_WINAPI DWORD give_back(void* parameter) {
  return static_cast<DWORD>(reinterpret_cast<std::uintptr_t>(parameter));
}
HM_WINAPI DWORD wait_for_event(void* parameter) {
  return static_cast<DWORD>(wait_one(*static_cast<Event*>(parameter), true, kForever));
}
HM_WINAPI DWORD exit_early(void*) {
  exit_thread(77);
}

class Threads : public testing::Test {
 protected:
  Threads() { thread::attach(); }
  static Ref<Thread> start(thread::StartRoutine routine, void* parameter = nullptr, bool suspended = false) {
    return *create_thread({.routine = routine, .parameter = parameter, .suspended = suspended});
  }
};

TEST_F(Threads, EndWithTheirExitCode) {
  const auto thread = start(give_back, reinterpret_cast<void*>(42));
  EXPECT_NE(thread->id(), 0U);
  EXPECT_EQ(wait_one(*thread, false, kForever), STATUS_SUCCESS);
  EXPECT_EQ(thread->exit_code(), 42U);
  EXPECT_TRUE(thread->ended());
  const auto early = start(exit_early);
  EXPECT_EQ(wait_one(*early, false, kForever), STATUS_SUCCESS);
  EXPECT_EQ(early->exit_code(), 77U);
  EXPECT_EQ(early->queue_apc({}).error().status, STATUS_UNSUCCESSFUL);
  EXPECT_EQ(early->suspend().error().status, STATUS_THREAD_IS_TERMINATING);
}

TEST_F(Threads, AreStillActiveWhileTheyRun) {
  const auto gate = make_object<Event>(Event::Kind::notification, false);
  const auto thread = start(wait_for_event, gate.get());
  EXPECT_EQ(thread->exit_code(), STILL_ACTIVE);
  EXPECT_EQ(wait_one(*thread, false, kNow), STATUS_TIMEOUT);
  EXPECT_EQ(thread_by_id(thread->id())->get(), thread.get());
  gate->set();
  wait_one(*thread, false, kForever);
  EXPECT_EQ(thread_by_id(thread->id()).error().status, STATUS_INVALID_CID);
}

TEST_F(Threads, CreatedSuspendedOnesWaitToBeResumed) {
  const auto thread = start(give_back, reinterpret_cast<void*>(7), true);
  EXPECT_EQ(*thread->suspend(), 1U);
  EXPECT_EQ(*thread->resume(), 2U);
  EXPECT_EQ(wait_one(*thread, false, Timeout(-100'000)), STATUS_TIMEOUT);
  EXPECT_EQ(*thread->resume(), 1U);
  EXPECT_EQ(wait_one(*thread, false, kForever), STATUS_SUCCESS);
  EXPECT_EQ(thread->exit_code(), 7U);
}

std::atomic<int> apcs_seen{0};
HM_WINAPI void count_apc(ULONG_PTR, ULONG_PTR, ULONG_PTR) {
  ++apcs_seen;
}
HM_WINAPI DWORD tell_apcs(void*) {
  return static_cast<DWORD>(apcs_seen.load());
}

TEST_F(Threads, RunApcsQueuedBeforeTheStartFirst) {
  apcs_seen = 0;
  const auto thread = start(tell_apcs, nullptr, true);
  EXPECT_TRUE(thread->queue_apc({count_apc, {}}));
  EXPECT_TRUE(thread->resume());
  wait_one(*thread, false, kForever);
  EXPECT_EQ(thread->exit_code(), 1U);
}

std::atomic<std::uint64_t> turns{0};
std::atomic<bool> stop_turning{false};
HM_WINAPI DWORD turn(void*) {
  while (!stop_turning) turns.fetch_add(1, std::memory_order_relaxed);
  return 0;
}

TEST_F(Threads, StandStillWhileSuspended) {
  stop_turning = false;
  turns = 0;
  const auto thread = start(turn);
  while (turns == 0) std::this_thread::yield();
  EXPECT_EQ(*thread->suspend(), 0U);
  const std::uint64_t seen = turns;
  usleep(20'000);
  EXPECT_EQ(turns, seen);
  EXPECT_EQ(*thread->resume(), 1U);
  EXPECT_EQ(*thread->resume(), 0U) << "a thread that runs cannot be resumed further";
  stop_turning = true;
  wait_one(*thread, false, kForever);
}

TEST_F(Threads, SuspendedInAWaitGoOnAfterwards) {
  const auto gate = make_object<Event>(Event::Kind::synchronization, false);
  const auto thread = start(wait_for_event, gate.get());
  EXPECT_EQ(*thread->suspend(), 0U);
  gate->set();
  EXPECT_EQ(wait_one(*thread, false, Timeout(-200'000)), STATUS_TIMEOUT);
  EXPECT_TRUE(thread->resume());
  EXPECT_EQ(wait_one(*thread, false, kForever), STATUS_SUCCESS);
}

TEST_F(Threads, DieWhenTerminatedAndAbandonTheirMutexes) {
  static Ref<Mutant> mutant;
  static Ref<Event> owned;
  mutant = make_object<Mutant>(nullptr);
  owned = make_object<Event>(Event::Kind::notification, false);
  const thread::StartRoutine body = [](void*) HM_WINAPI -> DWORD {
    wait_one(*mutant, false, kForever);
    owned->set();
    for (;;) delay(false, kForever);
  };
  const auto thread = start(body);
  wait_one(*owned, false, kForever);
  EXPECT_TRUE(terminate_thread(thread, 5));
  EXPECT_EQ(wait_one(*thread, false, kForever), STATUS_SUCCESS);
  EXPECT_EQ(thread->exit_code(), 5U);
  EXPECT_EQ(wait_one(*mutant, false, kForever), STATUS_ABANDONED_WAIT_0);
  EXPECT_TRUE(mutant->release_owned());
  mutant = {};
  owned = {};
}

// Go's scheduler stops a thread at any moment, and goes on allocating.
TEST_F(Threads, SuspendedWhileTheyMapMemoryHinderNobody) {
  stop_turning = false;
  turns = 0;
  static const auto turn_memory = [] {
    const MemoryRange range =
        *virtual_memory().allocate({.size = 65536, .type = MEM_RESERVE | MEM_COMMIT, .protect = PAGE_READWRITE});
    EXPECT_TRUE(virtual_memory().free(range.start, 0, MEM_RELEASE));
  };
  const auto thread = start([](void*) HM_WINAPI -> DWORD {
    for (; !stop_turning; ++turns) turn_memory();
    return 0;
  });
  while (turns == 0) std::this_thread::yield();
  for (int i = 0; i < 100; ++i) {
    EXPECT_TRUE(thread->suspend());
    const std::uint64_t seen = turns;
    turn_memory();
    EXPECT_EQ(turns, seen);
    EXPECT_TRUE(thread->resume());
    std::this_thread::yield();
  }
  stop_turning = true;
  wait_one(*thread, false, kForever);
}

// Freeing its blocks takes the lock of the arena from which it goes on to allocate.
TEST_F(Threads, SuspendedWhileTheyAllocateHinderNobody) {
  static std::atomic<void*> block;
  stop_turning = false;
  const auto thread = start([](void*) HM_WINAPI -> DWORD {
    while (!stop_turning) std::free(block.exchange(std::malloc(5000)));
    return 0;
  });
  for (int i = 0; i < 200; ++i) {
    void* taken = nullptr;
    while ((taken = block.exchange(nullptr)) == nullptr) std::this_thread::yield();
    EXPECT_TRUE(thread->suspend());
    std::free(taken);
    std::free(block.exchange(nullptr));
    EXPECT_TRUE(thread->resume());
  }
  stop_turning = true;
  wait_one(*thread, false, kForever);
  std::free(block.exchange(nullptr));
}

TEST_F(Threads, DieAlsoWhileTheyAllocate) {
  static std::atomic<bool> running;
  const thread::StartRoutine body = [](void*) HM_WINAPI -> DWORD {
    test::leaks_are_meant();
    for (;;) {
      void* volatile memory = std::malloc(5000);
      running = true;
      std::free(memory);
    }
  };
  for (int i = 0; i < 100; ++i) {
    running = false;
    const auto thread = start(body);
    while (!running) std::this_thread::yield();
    EXPECT_TRUE(terminate_thread(thread, 5));
    EXPECT_EQ(wait_one(*thread, false, -20 * kTicksPerSecond), STATUS_SUCCESS);
  }
}

// Without unwinding: the object must not stay for a reference in a frame that is gone (as LeakSanitizer would see).
TEST_F(Threads, TerminateThemselves) {
  const thread::StartRoutine body = [](void*) HM_WINAPI -> DWORD {
    static_cast<void>(terminate_thread(thread_by_id(current_thread().id()).value(), 6));
    return 0;
  };
  const auto thread = start(body);
  EXPECT_EQ(wait_one(*thread, false, kForever), STATUS_SUCCESS);
  EXPECT_EQ(thread->exit_code(), 6U);
}

TEST_F(Threads, TerminatedBeforeTheirStartNeverRun) {
  const auto thread = start(give_back, nullptr, true);
  EXPECT_TRUE(terminate_thread(thread, 9));
  wait_one(*thread, false, kForever);
  EXPECT_EQ(thread->exit_code(), 9U);
}

// Nobody waits for a new thread's first step: orders reach it wherever it is.
TEST_F(Threads, ObeyOrdersFromTheirFirstMomentOn) {
  const auto gate = make_object<Event>(Event::Kind::notification, false);
  for (int i = 0; i < 300; ++i) {
    const auto thread = start(wait_for_event, gate.get());
    EXPECT_NE(thread->id(), 0U);
    EXPECT_NE(thread->teb(), nullptr);
    EXPECT_EQ(thread_by_id(thread->id())->get(), thread.get());
    EXPECT_TRUE(terminate_thread(thread, 9));
    ASSERT_EQ(wait_one(*thread, false, -20 * kTicksPerSecond), STATUS_SUCCESS);
    EXPECT_EQ(thread->exit_code(), 9U);
  }
  for (int i = 0; i < 300; ++i) {
    std::atomic<int> rounds{0};
    const thread::StartRoutine count = [](void* parameter) HM_WINAPI -> DWORD {
      return static_cast<DWORD>(++*static_cast<std::atomic<int>*>(parameter));
    };
    const auto thread = start(count, &rounds);
    if (!thread->suspend()) continue;  // it was faster
    const int seen = rounds;
    ASSERT_EQ(wait_one(*thread, false, -1000), thread->ended() ? STATUS_SUCCESS : STATUS_TIMEOUT);
    EXPECT_EQ(rounds, seen);
    static_cast<void>(thread->resume());
    ASSERT_EQ(wait_one(*thread, false, -20 * kTicksPerSecond), STATUS_SUCCESS);
    EXPECT_EQ(rounds, 1);
  }
}

TEST_F(Threads, ObeyOrdersThoughTheirCreatorBlocksAllSignals) {
  sigset_t all, before;
  sigfillset(&all);
  pthread_sigmask(SIG_BLOCK, &all, &before);
  std::atomic<bool> runs{false};
  const thread::StartRoutine turn = [](void* flag) HM_WINAPI -> DWORD {
    for (;;) *static_cast<std::atomic<bool>*>(flag) = true;
  };
  const auto thread = start(turn, &runs);
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  while (!runs) std::this_thread::yield();
  EXPECT_TRUE(terminate_thread(thread, 9));
  ASSERT_EQ(wait_one(*thread, false, -20 * kTicksPerSecond), STATUS_SUCCESS);
}

TEST_F(Threads, ThatCannotStartAreForgotten) {
  const std::size_t before = all_threads().size();
  const auto refused = create_thread({.routine = give_back, .stack_size = std::size_t{1} << 50});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().status, STATUS_NO_MEMORY);
  EXPECT_LE(all_threads().size(), before);
}

TEST_F(Threads, OfTheHostAreAdoptedAndSignalledAtTheirEnd) {
  Ref<Thread> adopted;
  std::thread host([&] {
    thread::attach();
    adopted = Ref<Thread>::share(current_thread());
    EXPECT_EQ(adopted->id(), static_cast<DWORD>(gettid()));
    EXPECT_FALSE(adopted->created_here());
  });
  host.join();
  EXPECT_EQ(wait_one(*adopted, false, kForever), STATUS_SUCCESS);
  EXPECT_EQ(adopted->exit_code(), 0U);
}

TEST_F(Threads, AttributesAreKept) {
  Thread& self = current_thread();
  EXPECT_TRUE(self.set_description(u"a name of more than fifteen bytes"));
  EXPECT_EQ(self.description(), u"a name of more than fifteen bytes");
  EXPECT_EQ(self.set_base_priority(3).error().status, STATUS_INVALID_PARAMETER);
  EXPECT_TRUE(self.set_base_priority(0));
  const Thread::Times times = self.times();
  EXPECT_GT(times.created, 0);
  EXPECT_GE(times.user + times.kernel, 0);
  EXPECT_EQ(times.exited, 0);
}

TEST_F(Threads, ManyStartAndEnd) {
  for (int round = 0; round < 10; ++round) {
    std::vector<Ref<Thread>> threads;
    std::vector<Waitable*> objects;
    for (std::uintptr_t i = 0; i < 20; ++i) {
      threads.push_back(start(give_back, reinterpret_cast<void*>(i)));
      objects.push_back(threads.back().get());
    }
    EXPECT_EQ(wait_many(objects, true, false, kForever), STATUS_SUCCESS);
    for (std::uintptr_t i = 0; i < 20; ++i) EXPECT_EQ(threads[i]->exit_code(), i);
  }
}

TEST_F(Threads, AlertsByIdAreRemembered) {
  Thread& self = current_thread();
  EXPECT_EQ(self.wait_for_alert(kNow), STATUS_TIMEOUT);
  self.alert_by_id();
  EXPECT_EQ(self.wait_for_alert(kForever), STATUS_ALERTED);
  EXPECT_EQ(self.wait_for_alert(kNow), STATUS_TIMEOUT);
}

using ProcessDeathTest = Threads;

TEST_F(ProcessDeathTest, ExitRunsTheDetachOnceAndKillsOtherThreads) {
  testing::GTEST_FLAG(death_test_style) = "threadsafe";
  EXPECT_EXIT(
      {
        const auto gate = make_object<Event>(Event::Kind::notification, false);
        const auto thread = start(wait_for_event, gate.get());
        exit_process(3, [&] {
          const bool right = thread->exit_code() == 3 && process_ending() &&
                             create_thread({.routine = give_back}).error().status == STATUS_ACCESS_DENIED;
          if (!right) _exit(99);
          exit_process(4, [] {});  // from a detach callback: the end at once
        });
      },
      testing::ExitedWithCode(4), "");
  EXPECT_EXIT(terminate_process(0x100), testing::ExitedWithCode(1), "");
}

TEST_F(Threads, FindThemselvesByTheirId) {
  std::thread([] {
    thread::attach();
    const auto found = thread_by_id(static_cast<DWORD>(gettid()));
    ASSERT_TRUE(found);
    EXPECT_EQ(found->get(), &current_thread());
  }).join();
}

TEST_F(Threads, OtherProcessesCanBeOpenedByTheirId) {
  EXPECT_TRUE((*Process::open(static_cast<DWORD>(getpid())))->is_current());
  EXPECT_EQ(Process::open(0).error().status, STATUS_INVALID_CID);
  EXPECT_EQ(Process::open(0x7FFFFFFF).error().status, STATUS_INVALID_CID);
  EXPECT_EQ(*Process::current()->exit_code(), STILL_ACTIVE);
}

}  // namespace
}  // namespace hmodule::nt

#include "support.h"
#include "support/death.h"
#include "thread/gs.h"
#include "thread/peb.h"
#include "thread/pthread.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <pthread.h>
#include <unistd.h>

#include <atomic>
#include <future>
#include <latch>
#include <set>
#include <thread>
#include <vector>

namespace hmodule::thread {
namespace {

using testing::attaches, testing::detaches, testing::in_new_thread;

class Attach : public ::testing::Test {
 protected:
  void SetUp() override { testing::start_with_test_hooks(); }
};

TEST_F(Attach, GivesTheThreadATebThroughGs) {
  TEB& own = attach();
  EXPECT_EQ(&own, &teb());
  EXPECT_EQ(&own, try_teb());
  EXPECT_EQ(gs_base(), reinterpret_cast<std::uintptr_t>(&own));
  EXPECT_EQ(&attach(), &own) << "attaching again changes nothing";
}

// §15.1
TEST_F(Attach, FillsTheTeb) {
  in_new_thread([] {
    const TEB& own = attach();
    int local = 0;
    EXPECT_EQ(own.NtTib.ExceptionList, reinterpret_cast<void*>(-1));
    EXPECT_EQ(own.NtTib.Self, &own.NtTib);
    EXPECT_GT(own.NtTib.StackBase, static_cast<void*>(&local));
    EXPECT_LT(own.NtTib.StackLimit, static_cast<void*>(&local));
    EXPECT_LE(own.DeallocationStack, own.NtTib.StackLimit);
    EXPECT_EQ(thread_id(own), static_cast<DWORD>(gettid()));
    EXPECT_EQ(own.ClientId.UniqueProcess, reinterpret_cast<HANDLE>(static_cast<std::intptr_t>(getpid())));
    EXPECT_EQ(own.ProcessEnvironmentBlock, &peb());
    EXPECT_EQ(own.CurrentLocale, 0x409U);
    EXPECT_EQ(own.LastErrorValue, 0U);
    EXPECT_NE(own.ThreadLocalStoragePointer, nullptr) << "TLS-05";
    EXPECT_EQ(own.StaticUnicodeString.Buffer, own.StaticUnicodeBuffer);
    EXPECT_EQ(own.StaticUnicodeString.MaximumLength, 522);
  });
}

// platform-facts §1.2: without our pthread_create the child would have its creator's TEB.
TEST_F(Attach, NewThreadsStartWithoutTheirCreatorsTeb) {
  attach();
  in_new_thread([] { EXPECT_EQ(gs_base(), 0U); });
  std::async(std::launch::async, [] { EXPECT_EQ(gs_base(), 0U); }).wait();
}

TEST_F(Attach, NoticesAnInheritedGs) {
  TEB& creators = attach();
  creators.LastErrorValue = 1234;
  in_new_thread([&] {
    set_gs_base(reinterpret_cast<std::uintptr_t>(&creators));  // as a thread whose start nobody saw has it
    EXPECT_EQ(try_teb(), nullptr);
    TEB& own = attach();
    EXPECT_NE(&own, &creators);
    EXPECT_EQ(last_error(), 0U);
  });
  EXPECT_EQ(last_error(), 1234U);
}

TEST_F(Attach, ManyThreadsEachHaveTheirOwn) {
  constexpr int kThreads = 16;
  std::set<TEB*> tebs;
  std::set<DWORD> ids;
  std::mutex mutex;
  std::latch all_attached(kThreads);
  std::vector<std::thread> threads;
  for (int i = 0; i < kThreads; ++i)
    threads.emplace_back([&] {
      TEB& own = attach();
      {
        const std::lock_guard lock(mutex);
        tebs.insert(&own);
        ids.insert(thread_id(own));
      }
      all_attached.arrive_and_wait();
      for (DWORD value = 0; value < 1000; ++value) {
        set_last_error(value);
        std::this_thread::yield();
        ASSERT_EQ(last_error(), value);
      }
      EXPECT_THAT(thread_ids(), ::testing::Contains(thread_id(own)));
    });
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(tebs.size(), kThreads);
  EXPECT_EQ(ids.size(), kThreads);
  EXPECT_EQ(attaches, kThreads) << "HOST-03";
  EXPECT_EQ(detaches, kThreads) << "DM-14";
  for (DWORD id : ids) EXPECT_THAT(thread_ids(), ::testing::Not(::testing::Contains(id)));
}

// DM-13, HOST-03: who started before a load is owed no attach for it.
TEST_F(Attach, ThreadsAreOrderedByTheirStartNotByTheirAttach) {
  std::promise<void> loaded;
  std::uint64_t early = 0, late = 0;
  std::thread before([&, go = loaded.get_future()]() mutable {
    go.wait();
    early = start_order(attach());
  });
  const std::uint64_t at_load = current_start_order();
  loaded.set_value();
  std::thread after([&] { late = start_order(attach()); });
  before.join();
  after.join();
  EXPECT_LE(early, at_load);
  EXPECT_GT(late, at_load);
  EXPECT_LE(start_order(attach()), at_load) << "the initial thread";
}

TEST_F(Attach, HostThreadLosesEverythingAtItsEnd) {
  static std::atomic<bool> seen;
  struct AtExit {
    ~AtExit() { seen = try_teb() != nullptr; }
  };
  seen = false;
  DWORD id = 0;
  in_new_thread([&] {
    static thread_local AtExit at_exit;
    static_cast<void>(&at_exit);
    id = thread_id(attach());
  });
  EXPECT_TRUE(seen) << "C++ destructors may still call the DLL";
  EXPECT_EQ(detaches, 1);
  EXPECT_THAT(thread_ids(), ::testing::Not(::testing::Contains(id)));
}

// Destructors of other keys may enter a DLL before or after ours, and even when the thread had never done so.
TEST_F(Attach, KeyDestructorsMayEnterADll) {
  static std::atomic<int> entries;
  entries = 0;
  pthread_key_t key;
  ASSERT_EQ(pthread_key_create(&key,
                               [](void*) {
                                 ++entries;
                                 attach();
                                 EXPECT_EQ(last_error(), 0U);
                               }),
            0);
  in_new_thread([&] { pthread_setspecific(key, &key); });
  in_new_thread([&] {
    attach();
    pthread_setspecific(key, &key);
  });
  EXPECT_EQ(entries, 2);
  EXPECT_EQ(attaches, detaches);
  pthread_key_delete(key);
}

TEST_F(Attach, PthreadExitAndCancellationDetachToo) {
  pthread_t thread;
  const auto leave = [](void*) -> void* {
    attach();
    pthread_exit(nullptr);
  };
  ASSERT_EQ(pthread_create(&thread, nullptr, leave, nullptr), 0);
  pthread_join(thread, nullptr);
  const auto sleep = [](void*) -> void* {
    attach();
    pause();
    return nullptr;
  };
  ASSERT_EQ(pthread_create(&thread, nullptr, sleep, nullptr), 0);
  pthread_cancel(thread);
  pthread_join(thread, nullptr);
  EXPECT_EQ(attaches, detaches);
}

TEST_F(Attach, StatusIsRememberedWithItsWin32Code) {  // ERR-01
  attach();
  set_last_status(STATUS_NO_MEMORY);
  EXPECT_EQ(teb().LastStatusValue, STATUS_NO_MEMORY);
  EXPECT_EQ(last_error(), win32_from_status(STATUS_NO_MEMORY));
}

TEST_F(Attach, PatchingTwiceChangesNothing) {
  patch_pthread_create();
  EXPECT_EQ(patch_pthread_create(), 0U);
}

// §15.2
TEST(Peb, HasWhatCodeReads) {
  PEB& process = peb();
  EXPECT_EQ(process.BeingDebugged, 0);
  EXPECT_EQ(process.OSMajorVersion, 10U);
  EXPECT_EQ(process.OSMinorVersion, 0U);
  EXPECT_EQ(process.OSBuildNumber, 19045);
  EXPECT_EQ(process.OSPlatformId, 2U);
  EXPECT_GE(process.NumberOfProcessors, 1U);
  EXPECT_EQ(process.Ldr->InLoadOrderModuleList.Flink, &process.Ldr->InLoadOrderModuleList);
  EXPECT_EQ(process.TlsBitmap->Buffer, process.TlsBitmapBits);
  EXPECT_EQ(process.ProcessParameters->Flags & 1, 1U);
  EXPECT_NE(process.ProcessParameters->CommandLine.Buffer, nullptr);
  for (const CRITICAL_SECTION* section : {process.LoaderLock, process.FastPebLock}) {
    EXPECT_EQ(section->LockCount, -1);
    EXPECT_NE(section->DebugInfo, nullptr);
    EXPECT_NE(section->DebugInfo, reinterpret_cast<void*>(-1));
  }
}

TEST(SharedData, TellsTheVersionAndTheTime) {
  const KUSER_SHARED_DATA& data = shared_data();
  EXPECT_EQ(data.NtMajorVersion, 10U);
  EXPECT_EQ(data.NtBuildNumber, 19045U);
  EXPECT_EQ(std::u16string_view(data.NtSystemRoot), u"C:\\Windows");
  EXPECT_EQ(data.SystemTime.High1Time, data.SystemTime.High2Time);
  EXPECT_GT(data.SystemTime.High1Time, 0x01D00000) << "after 2014";
  EXPECT_TRUE(data.ProcessorFeatures[10]) << "PF_XMMI64_INSTRUCTIONS_AVAILABLE";
}

TEST(SharedData, TicksFromTheFirstLookOn) {
  testing::start_with_test_hooks();
  const auto& data = *reinterpret_cast<const volatile KUSER_SHARED_DATA*>(0x7FFE0000);
  const ULONG start = data.InterruptTime.LowPart, version = data.NtMajorVersion;
  EXPECT_EQ(version, 10U);
  for (int waited = 0; waited < 2000 && data.InterruptTime.LowPart == start; ++waited) usleep(1000);
  EXPECT_NE(data.InterruptTime.LowPart, start);
  EXPECT_EQ(shared_data().NtMajorVersion, 10U);
}

TEST(SharedData, MayBeLookedAtFirstByManyThreadsAtOnce) {
  testing::start_with_test_hooks();
  std::atomic<int> ready{0};
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i)
    threads.emplace_back([&ready] {
      for (++ready; ready < 4;) {
      }
      EXPECT_EQ(reinterpret_cast<const volatile KUSER_SHARED_DATA*>(0x7FFE0000)->NtMajorVersion, 10U);
    });
  for (std::thread& thread : threads) thread.join();
}

TEST(SharedData, CannotBeWritten) {
  testing::start_with_test_hooks();
  EXPECT_EXIT(reinterpret_cast<volatile KUSER_SHARED_DATA*>(0x7FFE0000)->NtMajorVersion = 11,
              test::KilledByFault(SIGSEGV), "");
}

}  // namespace
}  // namespace hmodule::thread

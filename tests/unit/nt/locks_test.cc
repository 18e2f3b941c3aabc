#include "nt/condition_variable.h"
#include "nt/critical_section.h"
#include "nt/run_once.h"
#include "nt/slist.h"
#include "nt/srw_lock.h"
#include "thread/teb.h"

#include <gmock/gmock.h>

#include <array>
#include <thread>

namespace hmodule::nt {
namespace {

template <typename Body>
void on_threads(int count, Body body) {
  std::vector<std::thread> threads;
  for (int i = 0; i < count; ++i)
    threads.emplace_back([&body, i] {
      thread::attach();
      body(i);
    });
  for (auto& each : threads) each.join();
}

class Locks : public testing::Test {
 protected:
  Locks() { thread::attach(); }
};

namespace cs = critical_section;

TEST_F(Locks, ACriticalSectionIsFreeAtMinusOne) {
  CRITICAL_SECTION section;
  cs::initialize(section, 4000);
  EXPECT_EQ(section.LockCount, -1);
  EXPECT_EQ(section.SpinCount, 4000U);
  ASSERT_NE(section.DebugInfo, nullptr);
  section.DebugInfo->Flags = 0xFFFF'FFFF;  // platform-facts §3.4: Wine's runtimes write there
  cs::enter(section);
  EXPECT_EQ(section.LockCount, -2);
  EXPECT_EQ(section.RecursionCount, 1);
  EXPECT_EQ(section.OwningThread, thread::teb().ClientId.UniqueThread);
  EXPECT_TRUE(cs::try_enter(section));
  EXPECT_EQ(section.RecursionCount, 2);
  std::thread([&] {
    thread::attach();
    EXPECT_FALSE(cs::try_enter(section));
    EXPECT_TRUE(cs::is_locked(section));
    EXPECT_FALSE(cs::is_owned_by_caller(section));
  }).join();
  cs::leave(section);
  EXPECT_TRUE(cs::is_owned_by_caller(section));
  cs::leave(section);
  EXPECT_EQ(section.LockCount, -1);
  EXPECT_EQ(cs::set_spin_count(section, 10), 4000U);
  cs::destroy(section);
}

TEST_F(Locks, AStaticallyInitialisedSectionWorksAndItsDebugBlockIsNotFreed) {
  static RTL_CRITICAL_SECTION_DEBUG debug;
  for (auto* const info : {&debug, reinterpret_cast<RTL_CRITICAL_SECTION_DEBUG*>(std::intptr_t{-1})}) {
    CRITICAL_SECTION section = {info, -1, 0, nullptr, nullptr, 0};
    EXPECT_TRUE(cs::try_enter(section));
    cs::leave(section);
    cs::destroy(section);
  }
}

TEST_F(Locks, ACriticalSectionExcludes) {
  for (const DWORD spin : {0U, 100U}) {
    CRITICAL_SECTION section;
    cs::initialize(section, spin);
    int counter = 0;
    on_threads(4, [&](int) {
      for (int i = 0; i < 5000; ++i) {
        cs::enter(section);
        cs::enter(section);
        ++counter;
        cs::leave(section);
        if (i % 100 == 0) std::this_thread::yield();
        cs::leave(section);
      }
    });
    EXPECT_EQ(counter, 20000);
    EXPECT_EQ(section.LockCount, -1);
    cs::destroy(section);
  }
}

TEST_F(Locks, AnSrwLockIsFreeAsZeroAndHasNoRecursion) {
  void* word = nullptr;
  SrwLock& lock = SrwLock::at(&word);
  lock.acquire_exclusive();
  EXPECT_FALSE(lock.try_acquire_exclusive());
  EXPECT_FALSE(lock.try_acquire_shared());
  lock.release_exclusive();
  EXPECT_EQ(reinterpret_cast<std::uintptr_t>(word) & 0xFFFF'FFFF, 0U);
  lock.acquire_shared();
  EXPECT_TRUE(lock.try_acquire_shared());
  EXPECT_FALSE(lock.try_acquire_exclusive());
  lock.release_shared();
  lock.release_shared();
  EXPECT_TRUE(lock.try_acquire_exclusive());
  lock.release_exclusive();
}

TEST_F(Locks, ReadersAndWritersExcludeEachOther) {
  void* word = nullptr;
  SrwLock& lock = SrwLock::at(&word);
  int a = 0, b = 0;
  on_threads(4, [&](int number) {
    for (int i = 0; i < 5000; ++i) {
      if ((i + number) % 4 == 0) {
        lock.acquire_exclusive();
        ++a;
        if (i % 64 == 0) std::this_thread::yield();
        ++b;
        lock.release_exclusive();
      } else {
        lock.acquire_shared();
        ASSERT_EQ(a, b);
        if (i % 64 == 1) std::this_thread::yield();
        lock.release_shared();
      }
    }
  });
  EXPECT_EQ(a, 5000);
  EXPECT_EQ(reinterpret_cast<std::uintptr_t>(word) & 0xFFFF'FFFF, 0U);
}

TEST_F(Locks, ConditionVariablesCarryAQueue) {
  void *lock_word = nullptr, *variable_word = nullptr;
  SrwLock& lock = SrwLock::at(&lock_word);
  ConditionVariable& changed = ConditionVariable::at(&variable_word);
  int items = 0, taken = 0;
  on_threads(4, [&](int number) {
    for (int i = 0; i < 2000; ++i) {
      lock.acquire_exclusive();
      if (number % 2 == 0) {
        ++items;
        i % 8 == 0 ? changed.wake_all() : changed.wake_one();
      } else {
        while (items == 0) changed.sleep(lock, false, std::nullopt);
        --items;
        ++taken;
      }
      lock.release_exclusive();
    }
  });
  EXPECT_EQ(items, 0);
  EXPECT_EQ(taken, 4000);
}

TEST_F(Locks, AConditionVariableTimesOutWithItsLockHeld) {
  void *lock_word = nullptr, *variable_word = nullptr;
  SrwLock& lock = SrwLock::at(&lock_word);
  lock.acquire_shared();
  EXPECT_FALSE(ConditionVariable::at(&variable_word).sleep(lock, true, Timeout(-1000)));
  EXPECT_FALSE(lock.try_acquire_exclusive());
  lock.release_shared();
  CRITICAL_SECTION section;
  cs::initialize(section, 0);
  cs::enter(section);
  EXPECT_FALSE(ConditionVariable::at(&variable_word).sleep(section, Timeout(0)));
  EXPECT_TRUE(cs::is_owned_by_caller(section));
  cs::leave(section);
  cs::destroy(section);
}

TEST_F(Locks, RunOnceFollowsItsFlags) {
  namespace once = run_once;
  void *word = nullptr, *context = nullptr;
  EXPECT_EQ(once::begin(&word, once::kCheckOnly, nullptr), STATUS_UNSUCCESSFUL);
  EXPECT_EQ(once::begin(&word, once::kCheckOnly | once::kAsync, nullptr), STATUS_INVALID_PARAMETER);
  EXPECT_EQ(once::complete(&word, 0, nullptr), STATUS_UNSUCCESSFUL) << "nobody began";
  EXPECT_EQ(once::begin(&word, 0, &context), STATUS_PENDING);
  EXPECT_EQ(once::begin(&word, once::kAsync, &context), STATUS_INVALID_PARAMETER);
  EXPECT_EQ(once::complete(&word, 0, reinterpret_cast<void*>(0x1001)), STATUS_INVALID_PARAMETER);
  EXPECT_EQ(once::complete(&word, once::kAsync, nullptr), STATUS_INVALID_PARAMETER);
  EXPECT_EQ(once::complete(&word, once::kInitFailed, nullptr), STATUS_SUCCESS);
  EXPECT_EQ(word, nullptr);

  EXPECT_EQ(once::begin(&word, once::kAsync, &context), STATUS_PENDING);
  EXPECT_EQ(once::begin(&word, once::kAsync, &context), STATUS_PENDING);
  EXPECT_EQ(once::begin(&word, 0, &context), STATUS_INVALID_PARAMETER);
  EXPECT_EQ(once::complete(&word, once::kAsync, reinterpret_cast<void*>(0x1000)), STATUS_SUCCESS);
  EXPECT_EQ(once::complete(&word, once::kAsync, reinterpret_cast<void*>(0x2000)), STATUS_UNSUCCESSFUL);
  EXPECT_EQ(once::begin(&word, 0, &context), STATUS_SUCCESS);
  EXPECT_EQ(context, reinterpret_cast<void*>(0x1000));
}

TEST_F(Locks, RunOnceRunsOnce) {
  for (int round = 0; round < 50; ++round) {
    void* word = nullptr;
    std::atomic<int> runs{0};
    on_threads(4, [&](int) {
      void* context = nullptr;
      if (run_once::begin(&word, 0, &context) == STATUS_PENDING) {
        ++runs;
        std::this_thread::yield();
        EXPECT_EQ(run_once::complete(&word, 0, &runs), STATUS_SUCCESS);
      } else {
        EXPECT_EQ(context, &runs);
      }
    });
    EXPECT_EQ(runs, 1);
  }
}

TEST_F(Locks, SListsAreStacks) {
  SLIST_HEADER list;
  slist::initialize(list);
  std::array<SLIST_ENTRY, 4> entries;
  EXPECT_EQ(slist::pop(list), nullptr);
  EXPECT_EQ(slist::flush(list), nullptr);
  EXPECT_EQ(slist::push(list, entries[0]), nullptr);
  EXPECT_EQ(slist::push(list, entries[1]), &entries[0]);
  EXPECT_EQ(slist::depth(list), 2);
  EXPECT_EQ(slist::first(list), &entries[1]);
  EXPECT_EQ(slist::pop(list), &entries[1]);
  entries[2].Next = &entries[3];
  EXPECT_EQ(slist::push_chain(list, entries[2], entries[3], 2), &entries[0]);
  EXPECT_EQ(slist::depth(list), 3);
  EXPECT_EQ(slist::flush(list), &entries[2]);
  EXPECT_EQ(entries[3].Next, &entries[0]);
  EXPECT_EQ(slist::depth(list), 0);
}

TEST_F(Locks, SListsLoseNothingBetweenThreads) {
  struct Item {
    SLIST_ENTRY link;
    int owner_count = 0;
  };
  SLIST_HEADER list;
  slist::initialize(list);
  std::vector<Item> items(64);
  for (auto& item : items) slist::push(list, item.link);
  on_threads(4, [&](int) {
    for (int i = 0; i < 5000; ++i) {
      auto* const item = reinterpret_cast<Item*>(slist::pop(list));
      if (item == nullptr) continue;
      ++item->owner_count;
      slist::push(list, item->link);
    }
  });
  EXPECT_EQ(slist::depth(list), 64);
  int found = 0;
  for (auto* entry = slist::flush(list); entry != nullptr; entry = entry->Next) ++found;
  EXPECT_EQ(found, 64);
}

}  // namespace
}  // namespace hmodule::nt

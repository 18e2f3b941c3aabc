// Events set and waited for without a lock (src/nt/event_word.h): where the quick way is open, and that both ways
// agree.
#include "nt/event.h"
#include "nt/fork.h"
#include "nt/handle_table.h"
#include "nt/mutant.h"
#include "nt/names.h"
#include "nt/thread.h"
#include "thread/fork.h"
#include "thread/teb.h"
#include "unit/nt/helper_thread.h"

#include <gmock/gmock.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <thread>
#include <vector>

namespace hmodule::nt {
namespace {

using Before = EventWord::Before;
constexpr auto kManual = Event::Kind::notification, kAuto = Event::Kind::synchronization;
constexpr Timeout kNow = 0, kMoment = -10'000, kForever = std::nullopt;

// An event with one handle.
struct Opened {
  explicit Opened(Event::Kind kind, bool set = false, ACCESS_MASK access = EVENT_ALL_ACCESS)
      : event(make_object<Event>(kind, set)), handle(*handles().insert(event, access)) {}
  Opened(const Opened&) = delete;
  Opened& operator=(const Opened&) = delete;
  ~Opened() { close(); }
  void close() {
    if (handle == nullptr) return;
    EXPECT_TRUE(handles().close(std::exchange(handle, nullptr)));
  }

  Before try_set() const { return handles().try_set_event(handle); }
  Before try_reset() const { return handles().try_reset_event(handle); }
  Before try_wait() const { return handles().try_wait(handle); }

  Ref<Event> event;
  HANDLE handle;
};

// What SetEvent does. What the event was.
bool set_event(HANDLE handle) {
  const Before before = handles().try_set_event(handle);
  if (before != Before::unknown) return before == Before::set;
  const auto event = object_of<Event>(handle, EVENT_MODIFY_STATE);
  return event && (*event)->set() != 0;
}

// What WaitForSingleObject does. True if the event was set.
bool wait(HANDLE handle, Timeout timeout) {
  if (handles().try_wait(handle) == Before::set) return true;
  const auto status = wait_for_handle(handle, false, timeout);
  return status && *status == STATUS_SUCCESS;
}

class QuickEvents : public testing::Test {
 protected:
  QuickEvents() { thread::attach(); }
};

TEST_F(QuickEvents, AnAutomaticEventLetsOneWaitGo) {
  const Opened it(kAuto);
  EXPECT_EQ(it.try_wait(), Before::reset);
  EXPECT_EQ(it.try_set(), Before::reset);
  EXPECT_EQ(it.try_set(), Before::set);
  EXPECT_TRUE(it.event->is_set());
  EXPECT_EQ(it.try_wait(), Before::set);
  EXPECT_EQ(it.try_wait(), Before::reset);
  EXPECT_FALSE(it.event->is_set());
}

TEST_F(QuickEvents, AManualEventStaysSetUntilItIsReset) {
  const Opened it(kManual, true);
  EXPECT_EQ(it.try_wait(), Before::set);
  EXPECT_EQ(it.try_wait(), Before::set);
  EXPECT_EQ(it.try_reset(), Before::set);
  EXPECT_EQ(it.try_reset(), Before::reset);
  EXPECT_EQ(it.try_wait(), Before::reset);
}

TEST_F(QuickEvents, AHandleGivesItsRightsOnly) {
  const Opened sets(kAuto, false, EVENT_MODIFY_STATE), waits(kAuto, true, SYNCHRONIZE),
      looks(kAuto, true, EVENT_QUERY_STATE);
  EXPECT_EQ(sets.try_wait(), Before::unknown);
  EXPECT_EQ(sets.try_set(), Before::reset);
  EXPECT_EQ(waits.try_set(), Before::unknown);
  EXPECT_EQ(waits.try_reset(), Before::unknown);
  EXPECT_EQ(waits.try_wait(), Before::set);
  EXPECT_EQ(looks.try_set(), Before::unknown);
  EXPECT_EQ(looks.try_wait(), Before::unknown);
}

TEST_F(QuickEvents, TwoHandlesLeadToOneEvent) {
  const Opened first(kAuto);
  const HANDLE second = *handles().duplicate(first.handle, 0, 0, DUPLICATE_SAME_ACCESS);
  EXPECT_EQ(handles().try_set_event(second), Before::reset);
  EXPECT_TRUE(handles().close(second));
  EXPECT_EQ(first.try_wait(), Before::set);
}

TEST_F(QuickEvents, NothingElseIsAnEvent) {
  const HANDLE mutant = *handles().insert(make_object<Mutant>(nullptr), MUTANT_ALL_ACCESS);
  for (const HANDLE handle :
       {mutant, HANDLE{}, current_process_handle(), current_thread_handle(),
        reinterpret_cast<HANDLE>(std::uintptr_t{0xFFFF'FFFC}), reinterpret_cast<HANDLE>(std::uintptr_t{0xFF'FFFC})}) {
    EXPECT_EQ(handles().try_set_event(handle), Before::unknown) << handle;
    EXPECT_EQ(handles().try_wait(handle), Before::unknown) << handle;
  }
  EXPECT_TRUE(handles().close(mutant));
}

TEST_F(QuickEvents, AClosedHandleLeadsNowhere) {
  Opened it(kAuto);
  const HANDLE handle = it.handle;
  it.close();
  EXPECT_EQ(handles().try_set_event(handle), Before::unknown);
  EXPECT_FALSE(it.event->is_set());
  const HANDLE mutant = *handles().insert(make_object<Mutant>(nullptr), MUTANT_ALL_ACCESS);
  ASSERT_EQ(mutant, handle) << "handles are used again, last in, first out";
  EXPECT_EQ(handles().try_set_event(handle), Before::unknown);
  EXPECT_EQ(handles().try_wait(handle), Before::unknown);
  EXPECT_TRUE(handles().close(mutant));
}

TEST_F(QuickEvents, AWaitKeepsTheDispatcherInCharge) {
  const Opened it(kAuto), never(kAuto);
  const Helper waiter([&] { EXPECT_TRUE(wait(it.handle, kForever)); });
  while (it.try_wait() != Before::unknown) std::this_thread::yield();
  EXPECT_EQ(it.try_set(), Before::unknown);
  EXPECT_FALSE(set_event(it.handle));
  EXPECT_EQ(it.try_wait(), Before::reset) << "taken by the one who waited; nobody waits any more";
}

TEST_F(QuickEvents, AWaitThatWasGivenUpLeavesTheEventFree) {
  const Opened it(kAuto), other(kAuto, true);
  EXPECT_FALSE(wait(it.handle, kNow));
  EXPECT_EQ(it.try_set(), Before::reset);
  EXPECT_TRUE(wait(it.handle, kNow));
  EXPECT_FALSE(wait(it.handle, kMoment));
  EXPECT_FALSE(set_event(it.handle)) << "the first to come frees it";
  EXPECT_EQ(it.try_wait(), Before::set);
  const HANDLE both[] = {it.handle, other.handle};
  EXPECT_EQ(*wait_for_handles(both, true, false, kNow), STATUS_TIMEOUT);
  EXPECT_EQ(it.try_set(), Before::reset);
  EXPECT_EQ(*wait_for_handles(both, true, false, kNow), STATUS_SUCCESS);
  EXPECT_EQ(it.try_wait(), Before::reset);
  EXPECT_EQ(other.try_wait(), Before::reset);
}

TEST_F(QuickEvents, AWaitForAllSeesWhatIsSetBesideTheOneItStoppedAt) {
  for (const bool second_first : {false, true}) {
    const Opened a(kAuto), b(kAuto), started(kManual);
    const Helper waiter([&] {
      const HANDLE both[] = {a.handle, b.handle};
      set_event(started.handle);
      EXPECT_EQ(*wait_for_handles(both, true, false, kForever), STATUS_SUCCESS);
    });
    EXPECT_TRUE(wait(started.handle, kForever));
    set_event(second_first ? b.handle : a.handle);
    std::this_thread::yield();
    set_event(second_first ? a.handle : b.handle);
  }
}

TEST_F(QuickEvents, APulseLeavesTheEventReset) {
  const Opened it(kManual, true);
  EXPECT_EQ(it.event->pulse(), 1);
  EXPECT_EQ(it.try_wait(), Before::reset);
}

TEST_F(QuickEvents, AnEventWithANameBelongsToAllProcesses) {
  const ObjectAttributes name = {base_named_objects(), u"quick", OBJ_OPENIF};
  const auto created =
      create_object(Event::kType, name, EVENT_ALL_ACCESS, [] { return make_object<Event>(kAuto, true); });
  ASSERT_TRUE(created) << created.error().reason;
  EXPECT_EQ(handles().try_wait(created->handle), Before::unknown);
  EXPECT_TRUE(wait(created->handle, kNow));
  EXPECT_FALSE(set_event(created->handle));
  EXPECT_EQ(handles().try_set_event(created->handle), Before::unknown);
  EXPECT_TRUE(handles().close(created->handle));
}

// Every wait that ends takes one change from reset to set, whichever way each of them went.
TEST_F(QuickEvents, NoSignalIsLostOrFoundTwice) {
  const Opened it(kAuto), never(kAuto);
  constexpr int kSets = 20'000;
  std::atomic<int> set{0}, taken{0};
  std::atomic<bool> done{false};
  {
    std::vector<std::unique_ptr<Helper>> waiters;
    for (int i = 0; i < 2; ++i)
      waiters.push_back(std::make_unique<Helper>([&, i] {
        const HANDLE either[] = {never.handle, it.handle};
        for (int turn = i; !done; ++turn) {
          const bool any = turn % 3 == 0;
          const bool got = any ? *wait_for_handles(either, false, false, kMoment) == STATUS_WAIT_0 + 1
                               : wait(it.handle, turn % 3 == 1 ? kNow : kMoment);
          if (got) ++taken;
        }
      }));
    {
      const auto setter = [&] {
        for (int i = 0; i < kSets; ++i)
          if (!set_event(it.handle)) ++set;
      };
      const Helper one(setter), two(setter);
    }
    done = true;
  }
  if (wait(it.handle, kNow)) ++taken;
  EXPECT_EQ(taken, set);
  EXPECT_GT(taken, 0);
}

// What was written before an event was set, even one that was set already, is seen after the wait.
TEST_F(QuickEvents, ASetEventPublishes) {
  const Opened full(kAuto), empty(kAuto, true);
  constexpr int kTurns = 5'000;
  int value = 0;
  const Helper writer([&] {
    for (int i = 1; i <= kTurns; ++i) {
      EXPECT_TRUE(wait(empty.handle, kForever));
      value = i;
      set_event(full.handle);
    }
  });
  for (int i = 1; i <= kTurns; ++i) {
    EXPECT_TRUE(wait(full.handle, kForever));
    ASSERT_EQ(value, i);
    set_event(empty.handle);
  }
}

// Threads set and wait by a handle that is closed and used again. The next event takes the word of the one before: no
// swap that was meant for that one may succeed there.
TEST_F(QuickEvents, AHandleClosedMeanwhileChangesNoOtherEvent) {
  std::atomic<HANDLE> attacked{nullptr};
  std::atomic<bool> done{false};
  const auto attack = [&] {
    while (!done) {
      const HANDLE handle = attacked;
      if (handle == nullptr) continue;
      set_event(handle);
      wait(handle, kNow);
    }
  };
  const Helper one(attack);
  for (int i = 0; i < 2'000; ++i) {
    const HANDLE handle = *handles().insert(make_object<Event>(kAuto, false), EVENT_ALL_ACCESS);
    attacked = handle;
    for (int spin = 0; spin < i % 64; ++spin) static_cast<void>(handles().try_set_event(handle));
    EXPECT_TRUE(handles().close(handle));
    const auto reset = make_object<Event>(kAuto, false), set = make_object<Event>(kAuto, true);
    for (int spin = 0; spin < i % 32; ++spin) {
      ASSERT_FALSE(reset->is_set());
      ASSERT_TRUE(set->is_set());
    }
  }
  done = true;
}

// GCC 12's AddressSanitizer does not hold its allocator over a fork, ThreadSanitizer knows no threads begun after one.
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
// HOST-05: in whatever the other threads were, a child can make, use and close events.
TEST_F(QuickEvents, AChildOfAForkFindsTheTablesWhole) {
  std::atomic<bool> done{false};
  const Helper other([&] {
    while (!done) Opened(kAuto).close();
  });
  for (int i = 0; i < 100; ++i) {
    hold_for_fork();
    thread::hold_for_fork();
    const pid_t child = fork();
    if (child == 0) {
      alarm(20);
      stay_alone_after_fork(thread::stay_alone_after_fork());
      const Opened it(kAuto);
      _exit(it.try_set() == Before::reset && wait(it.handle, kNow) ? 0 : 1);
    }
    thread::let_go_after_fork();
    let_go_after_fork();
    int status = 0;
    EXPECT_EQ(waitpid(child, &status, 0), child);
    EXPECT_EQ(status, 0);
    if (status != 0) break;
  }
  done = true;
}
#endif

}  // namespace
}  // namespace hmodule::nt

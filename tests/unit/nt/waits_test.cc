#include "nt/address_wait.h"
#include "nt/event.h"
#include "nt/handle_table.h"
#include "nt/io_completion.h"
#include "nt/keyed_event.h"
#include "nt/mutant.h"
#include "nt/process.h"
#include "nt/semaphore.h"
#include "nt/thread.h"
#include "nt/timer.h"
#include "thread/teb.h"
#include "unit/nt/helper_thread.h"

#include <gmock/gmock.h>

#include <thread>

namespace hmodule::nt {
namespace {

constexpr Timeout kNow = 0, kSoon = -10'000 * 20, kForever = std::nullopt;  // 20 ms

void close_handle(HANDLE handle) {
  EXPECT_TRUE(handles().close(handle));
}

Ref<Event> event(Event::Kind kind, bool set = false) {
  return make_object<Event>(kind, set);
}
constexpr auto kManual = Event::Kind::notification, kAuto = Event::Kind::synchronization;

class Waits : public testing::Test {
 protected:
  Waits() { thread::attach(); }
};

TEST_F(Waits, AManualEventStaysSetAnAutomaticOneDoesNot) {
  const auto manual = event(kManual, true), automatic = event(kAuto, true);
  EXPECT_EQ(wait_one(*manual, false, kNow), STATUS_SUCCESS);
  EXPECT_EQ(wait_one(*manual, false, kNow), STATUS_SUCCESS);
  EXPECT_EQ(wait_one(*automatic, false, kNow), STATUS_SUCCESS);
  EXPECT_EQ(wait_one(*automatic, false, kNow), STATUS_TIMEOUT);
  EXPECT_EQ(wait_one(*automatic, false, kSoon), STATUS_TIMEOUT);
}

TEST_F(Waits, SetAndResetGiveThePreviousState) {
  const auto it = event(kManual);
  EXPECT_EQ(it->set(), 0);
  EXPECT_EQ(it->set(), 1);
  EXPECT_EQ(it->reset(), 1);
  EXPECT_EQ(it->reset(), 0);
  EXPECT_EQ(it->pulse(), 0);
  EXPECT_FALSE(it->is_set());
}

TEST_F(Waits, AnAbsoluteTimeThatPassedIsATimeout) {
  EXPECT_EQ(wait_one(*event(kAuto), false, Timeout(1)), STATUS_TIMEOUT);
  EXPECT_EQ(delay(false, kSoon), STATUS_SUCCESS);
  EXPECT_EQ(delay(false, kNow), STATUS_SUCCESS);
}

TEST_F(Waits, AnAutomaticEventLetsExactlyOneThreadGo) {
  const auto gate = event(kAuto), done = event(kManual);
  std::atomic<int> passed{0};
  {
    std::vector<std::unique_ptr<Helper>> helpers;
    for (int i = 0; i < 4; ++i)
      helpers.push_back(std::make_unique<Helper>([&] {
        EXPECT_EQ(wait_one(*gate, false, kForever), STATUS_SUCCESS);
        ++passed;
        done->set();
      }));
    for (int i = 1; i <= 4; ++i) {
      done->reset();
      gate->set();
      wait_one(*done, false, kForever);
      while (passed != i) std::this_thread::yield();
    }
  }
  EXPECT_EQ(passed, 4);
  EXPECT_FALSE(gate->is_set());
}

TEST_F(Waits, AnyTakesTheFirstInOrderAndLeavesTheRest) {
  const auto a = event(kAuto, true), b = event(kAuto, true), c = event(kAuto);
  Waitable* const objects[] = {c.get(), b.get(), a.get()};
  EXPECT_EQ(wait_many(objects, false, false, kNow), STATUS_WAIT_0 + 1);
  EXPECT_TRUE(a->is_set());
  EXPECT_EQ(wait_many(objects, false, false, kNow), STATUS_WAIT_0 + 2);
  EXPECT_EQ(wait_many(objects, false, false, kNow), STATUS_TIMEOUT);
}

TEST_F(Waits, AllTakesAllOrNothing) {
  const auto a = event(kAuto, true), b = event(kAuto);
  Waitable* const objects[] = {a.get(), b.get()};
  EXPECT_EQ(wait_many(objects, true, false, kSoon), STATUS_TIMEOUT);
  EXPECT_TRUE(a->is_set());
  const Helper other([&] { b->set(); });
  EXPECT_EQ(wait_many(objects, true, false, kForever), STATUS_SUCCESS);
  EXPECT_FALSE(a->is_set());
  EXPECT_FALSE(b->is_set());
}

TEST_F(Waits, TwoThreadsTakingTheSameTwoObjectsNeverDeadlock) {
  const auto a = make_object<Mutant>(nullptr), b = make_object<Mutant>(nullptr);
  const auto work = [&](bool swap) {
    Waitable* const objects[] = {swap ? b.get() : a.get(), swap ? a.get() : b.get()};
    for (int i = 0; i < 1000; ++i) {
      ASSERT_EQ(wait_many(objects, true, false, kForever), STATUS_SUCCESS);
      ASSERT_TRUE(a->release_owned());
      ASSERT_TRUE(b->release_owned());
    }
  };
  const Helper one([&] { work(false); }), two([&] { work(true); });
}

TEST_F(Waits, HandlesAreCheckedBeforeWaiting) {
  const HANDLE good = *handles().insert(event(kAuto, true), EVENT_MODIFY_STATE);
  EXPECT_EQ(wait_for_handle(good, false, kNow).error().status, STATUS_ACCESS_DENIED);
  EXPECT_EQ(wait_for_handle(nullptr, false, kNow).error().status, STATUS_INVALID_HANDLE);
  const std::vector<HANDLE> many(65, good);
  EXPECT_EQ(wait_for_handles(many, false, false, kNow).error().status, STATUS_INVALID_PARAMETER_1);
  EXPECT_EQ(wait_for_handles({}, false, false, kNow).error().status, STATUS_INVALID_PARAMETER_1);
  close_handle(good);
  const HANDLE twice = *handles().insert(event(kAuto, true), EVENT_ALL_ACCESS);
  const HANDLE pair[] = {twice, twice};
  EXPECT_EQ(wait_for_handles(pair, true, false, kNow).error().status, STATUS_INVALID_PARAMETER_MIX);
  EXPECT_EQ(*wait_for_handles(pair, false, false, kNow), STATUS_WAIT_0);
  close_handle(twice);
}

TEST_F(Waits, SixtyFourObjectsAreAllowed) {
  std::vector<Ref<Event>> events;
  std::vector<HANDLE> list;
  for (int i = 0; i < 64; ++i) {
    events.push_back(event(kAuto));
    list.push_back(*handles().insert(events.back(), EVENT_ALL_ACCESS));
  }
  {
    const Helper other([&] { events[63]->set(); });
    EXPECT_EQ(*wait_for_handles(list, false, false, kForever), STATUS_WAIT_63);
  }
  for (const HANDLE handle : list) close_handle(handle);
}

TEST_F(Waits, MutantsCountTheirOwner) {
  const auto mutant = make_object<Mutant>(&current_thread());
  EXPECT_EQ(wait_one(*mutant, false, kNow), STATUS_SUCCESS);
  EXPECT_EQ(mutant->state().count, -1);
  {
    const Helper other([&] {
      EXPECT_EQ(wait_one(*mutant, false, kNow), STATUS_TIMEOUT);
      EXPECT_EQ(mutant->release_owned().error().status, STATUS_MUTANT_NOT_OWNED);
    });
  }
  EXPECT_EQ(*mutant->release_owned(), -1);
  EXPECT_EQ(*mutant->release_owned(), 0);
  EXPECT_EQ(mutant->release_owned().error().status, STATUS_MUTANT_NOT_OWNED);
}

TEST_F(Waits, AMutantOfADeadThreadIsAbandonedOnce) {
  const auto mutant = make_object<Mutant>(nullptr);
  {
    const Helper other([&] { EXPECT_EQ(wait_one(*mutant, false, kForever), STATUS_SUCCESS); });
  }
  const auto never = event(kAuto);
  Waitable* const objects[] = {never.get(), mutant.get()};
  EXPECT_EQ(wait_many(objects, false, false, kForever), STATUS_ABANDONED_WAIT_0 + 1);
  EXPECT_EQ(wait_one(*mutant, false, kNow), STATUS_SUCCESS);
  EXPECT_TRUE(mutant->release_owned());
  EXPECT_TRUE(mutant->release_owned());
}

TEST_F(Waits, AMutantDestroyedWhileOwnedLeavesItsOwner) {
  make_object<Mutant>(&current_thread());
  EXPECT_EQ(current_thread().owned_mutants, nullptr);
}

TEST_F(Waits, SemaphoresStayWithinTheirLimit) {
  EXPECT_EQ(Semaphore::check_counts(2, 1).error().status, STATUS_INVALID_PARAMETER);
  EXPECT_EQ(Semaphore::check_counts(-1, 1).error().status, STATUS_INVALID_PARAMETER);
  EXPECT_EQ(Semaphore::check_counts(0, 0).error().status, STATUS_INVALID_PARAMETER);
  const auto semaphore = make_object<Semaphore>(1, 3);
  EXPECT_EQ(*semaphore->release_by(2), 1);
  EXPECT_EQ(semaphore->release_by(1).error().status, STATUS_SEMAPHORE_LIMIT_EXCEEDED);
  EXPECT_EQ(semaphore->release_by(0x7FFFFFFF).error().status, STATUS_SEMAPHORE_LIMIT_EXCEEDED);
  EXPECT_EQ(semaphore->release_by(0).error().status, STATUS_INVALID_PARAMETER);
  EXPECT_EQ(semaphore->count(), 3);
  for (int i = 0; i < 3; ++i) EXPECT_EQ(wait_one(*semaphore, false, kNow), STATUS_SUCCESS);
  EXPECT_EQ(wait_one(*semaphore, false, kNow), STATUS_TIMEOUT);
}

TEST_F(Waits, SignalAndWaitIsOneStep) {
  const auto ping = make_object<Semaphore>(0, 1), pong = make_object<Semaphore>(0, 1);
  const Helper other([&] {
    for (int i = 0; i < 500; ++i) {
      wait_one(*ping, false, kForever);
      ASSERT_TRUE(pong->release_by(1));
    }
  });
  for (int i = 0; i < 500; ++i)
    ASSERT_EQ(signal_and_wait(*ping, SEMAPHORE_ALL_ACCESS, *pong, false, kForever), STATUS_SUCCESS);
}

TEST_F(Waits, SignalAndWaitNeedsTheRightToSignal) {
  const auto it = event(kAuto), other = event(kAuto, true);
  EXPECT_EQ(signal_and_wait(*it, SYNCHRONIZE, *other, false, kNow), STATUS_ACCESS_DENIED);
  EXPECT_TRUE(other->is_set());
  EXPECT_EQ(signal_and_wait(*Process::current(), PROCESS_ALL_ACCESS, *other, false, kNow), STATUS_OBJECT_TYPE_MISMATCH);
}

int apc_sum = 0;
HM_WINAPI void add_apc(ULONG_PTR a, ULONG_PTR b, ULONG_PTR c) {
  apc_sum = apc_sum * 10 + static_cast<int>(a + b + c);
}

TEST_F(Waits, ApcsRunInAlertableWaitsOnlyAndInOrder) {
  apc_sum = 0;
  Thread& self = current_thread();
  EXPECT_TRUE(self.queue_apc({add_apc, {1, 0, 0}}));
  EXPECT_TRUE(self.queue_apc({add_apc, {0, 2, 0}}));
  const auto set = event(kAuto, true), never = event(kAuto);
  EXPECT_EQ(wait_one(*never, false, kNow), STATUS_TIMEOUT);
  EXPECT_EQ(wait_one(*set, true, kNow), STATUS_SUCCESS) << "an object comes before an APC";
  EXPECT_EQ(apc_sum, 0);
  EXPECT_EQ(wait_one(*never, true, kNow), STATUS_USER_APC) << "an APC comes before the time-out";
  EXPECT_EQ(apc_sum, 12);
  EXPECT_EQ(delay(true, kNow), STATUS_SUCCESS);
}

TEST_F(Waits, AnApcInterruptsAWaitWithoutLosingTheEvent) {
  const auto ready = event(kManual), gate = event(kAuto);
  Thread* waiter = nullptr;
  const Helper other([&] {
    waiter = &current_thread();
    ready->set();
    EXPECT_EQ(wait_one(*gate, true, kForever), STATUS_USER_APC);
    ready->set();
    EXPECT_EQ(wait_one(*gate, true, kForever), STATUS_SUCCESS);
  });
  wait_one(*ready, false, kForever);
  ready->reset();
  EXPECT_TRUE(waiter->queue_apc({add_apc, {0, 0, 0}}));
  wait_one(*ready, false, kForever);
  gate->set();
}

TEST_F(Waits, TimersSignalOnceOrAgainAndAgain) {
  const auto once = make_object<Timer>(Timer::Kind::notification);
  EXPECT_FALSE(once->set({.due_time = -10'000}));
  EXPECT_EQ(wait_one(*once, false, kForever), STATUS_SUCCESS);
  EXPECT_EQ(wait_one(*once, false, kNow), STATUS_SUCCESS);
  EXPECT_TRUE(once->set({.due_time = -10'000'000'000}));
  EXPECT_EQ(wait_one(*once, false, kNow), STATUS_TIMEOUT);
  EXPECT_GT(once->state().remaining, 0);
  EXPECT_FALSE(once->cancel());

  const auto beat = make_object<Timer>(Timer::Kind::synchronization);
  beat->set({.due_time = 0, .period = 1});
  for (int i = 0; i < 5; ++i) EXPECT_EQ(wait_one(*beat, false, kForever), STATUS_SUCCESS);
}

int timer_apcs = 0;
HM_WINAPI void timer_apc(void* argument, DWORD low, DWORD high) {
  timer_apcs += argument == &timer_apcs && (low != 0 || high != 0);
}

TEST_F(Waits, ATimersApcComesToTheThreadThatSetIt) {
  timer_apcs = 0;
  const auto timer = make_object<Timer>(Timer::Kind::notification);
  timer->set({.due_time = -10'000, .routine = timer_apc, .argument = &timer_apcs});
  EXPECT_EQ(delay(true, kForever), STATUS_USER_APC);
  EXPECT_EQ(timer_apcs, 1);
  timer->set({.due_time = 0, .routine = timer_apc, .argument = &timer_apcs});
  timer->cancel();
  EXPECT_EQ(delay(true, kNow), STATUS_SUCCESS) << "a cancelled timer takes its APC back";
}

TEST_F(Waits, KeyedEventsAreARendezvous) {
  const auto keyed = make_object<KeyedEvent>();
  int key = 0, other_key = 0;
  EXPECT_EQ(keyed->wait(reinterpret_cast<char*>(&key) + 1, false, kNow).error().status, STATUS_INVALID_PARAMETER_1);
  EXPECT_EQ(*keyed->wait(&key, false, kNow), STATUS_TIMEOUT);
  EXPECT_EQ(*keyed->release_key(&key, false, kSoon), STATUS_TIMEOUT);
  const Helper waiter([&] { EXPECT_EQ(*keyed->wait(&key, false, kForever), STATUS_SUCCESS); });
  EXPECT_EQ(*keyed->release_key(&other_key, false, kNow), STATUS_TIMEOUT);
  EXPECT_EQ(*keyed->release_key(&key, false, kForever), STATUS_SUCCESS);
}

TEST_F(Waits, CompletionPortsGivePacketsInOrder) {
  const auto port = make_object<IoCompletion>();
  std::vector<CompletionPacket> packets;
  EXPECT_EQ(port->remove(packets, 1, false, kNow), STATUS_TIMEOUT);
  for (ULONG_PTR i = 1; i <= 3; ++i) port->post({i, i * 10, STATUS_SUCCESS, i * 100});
  EXPECT_EQ(port->depth(), 3);
  EXPECT_EQ(port->remove(packets, 2, false, kNow), STATUS_SUCCESS);
  ASSERT_EQ(packets.size(), 2U);
  EXPECT_EQ(packets[1].key, 2U);
  EXPECT_EQ(packets[1].information, 200U);
}

TEST_F(Waits, ClosingACompletionPortReleasesItsThreads) {
  const auto port = make_object<IoCompletion>();
  const HANDLE handle = *handles().insert(port, IO_COMPLETION_ALL_ACCESS);
  const Helper waiter([&] {
    std::vector<CompletionPacket> packets;
    EXPECT_EQ(port->remove(packets, 1, false, kForever), STATUS_ABANDONED_WAIT_0);
  });
  close_handle(handle);
}

TEST_F(Waits, OnAnAddressOfAnySize) {
  std::uint8_t byte = 1;
  const std::uint8_t same = 1, other = 2;
  EXPECT_EQ(wait_on_address(&byte, &other, 1, kForever), STATUS_SUCCESS);
  EXPECT_EQ(wait_on_address(&byte, &same, 1, kNow), STATUS_TIMEOUT);
  EXPECT_EQ(wait_on_address(&byte, &same, 3, kNow), STATUS_INVALID_PARAMETER);
  std::atomic<std::uint64_t> word{0};
  {
    const std::uint64_t zero = 0;
    const auto sleep = [&] {
      while (word == 0) wait_on_address(&word, &zero, 8, kForever);
    };
    const Helper one(sleep), two(sleep), three(sleep);
    word = 1;
    wake_by_address(&word, true);
  }
}

}  // namespace
}  // namespace hmodule::nt

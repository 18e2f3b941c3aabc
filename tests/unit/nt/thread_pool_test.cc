#include "nt/thread_pool.h"
#include "nt/event.h"
#include "thread/teb.h"

#include <gmock/gmock.h>

namespace hmodule::nt {
namespace {

class ThreadPools : public testing::Test {
 protected:
  ThreadPools() { thread::attach(); }
  // Closed at the end, as CloseThreadpool... does.
  struct Close {
    void operator()(PoolItem* item) const { item->close(); }
  };
  using Item = std::unique_ptr<PoolItem, Close>;
  static Item item(PoolItem::Callback callback) { return Item(make_object<PoolItem>(std::move(callback)).detach()); }
};

TEST_F(ThreadPools, RunEachCallbackOnAThreadWithAWindowsSide) {
  std::atomic<int> runs{0};
  const auto work = item([&](PoolInstance&, PoolItem&, const PoolResult&) {
    EXPECT_NE(thread::try_teb(), nullptr);
    ++runs;
  });
  for (int i = 0; i < 100; ++i) ASSERT_TRUE(work->submit());
  work->wait_until_idle();
  EXPECT_EQ(runs, 100);
}

TEST_F(ThreadPools, CallbacksThatWaitForEachOtherFindThreads) {
  const auto gate = make_object<Event>(Event::Kind::notification, false);
  std::atomic<int> waiting{0};
  const auto blocked = item([&](PoolInstance&, PoolItem&, const PoolResult&) {
    if (++waiting == 8) gate->set();
    wait_one(*gate, false, std::nullopt);
  });
  for (int i = 0; i < 8; ++i) ASSERT_TRUE(blocked->submit());
  blocked->wait_until_idle();
  EXPECT_EQ(waiting, 8);
}

TEST_F(ThreadPools, ActionsFollowTheCallback) {
  const auto done = make_object<Event>(Event::Kind::notification, false);
  const auto work = item([&](PoolInstance& instance, PoolItem&, const PoolResult&) {
    instance.afterwards.push_back([&] { done->set(); });
    EXPECT_FALSE(done->is_set());
  });
  ASSERT_TRUE(work->submit());
  work->wait_until_idle();
  EXPECT_TRUE(done->is_set());
}

TEST_F(ThreadPools, TimersComeOnceOrAgainUntilTheyAreStopped) {
  std::atomic<int> beats{0};
  const auto reached = make_object<Event>(Event::Kind::notification, false);
  const auto timer = item([&](PoolInstance&, PoolItem&, const PoolResult&) {
    if (++beats == 3) reached->set();
  });
  ASSERT_TRUE(timer->set_timer(-10'000, 1));
  wait_one(*reached, false, std::nullopt);
  EXPECT_TRUE(timer->timer_set());
  ASSERT_TRUE(timer->set_timer(std::nullopt, 0));
  EXPECT_FALSE(timer->timer_set());
  timer->cancel_pending();
  timer->wait_until_idle();
  const int seen = beats;
  delay(false, -50'000);
  EXPECT_EQ(beats, seen);
}

TEST_F(ThreadPools, WaitsTellWhyTheyEnded) {
  const auto event = make_object<Event>(Event::Kind::synchronization, false);
  const auto done = make_object<Event>(Event::Kind::synchronization, false);
  std::atomic<NTSTATUS> result{-1};
  const auto wait = item([&](PoolInstance&, PoolItem&, const PoolResult& ended) {
    result = ended.status;
    done->set();
  });
  ASSERT_TRUE(wait->set_wait(event, std::nullopt, false));
  event->set();
  wait_one(*done, false, std::nullopt);
  EXPECT_EQ(result, STATUS_WAIT_0);
  EXPECT_FALSE(event->is_set());
  ASSERT_TRUE(wait->set_wait(event, Timeout(-10'000), false));
  wait_one(*done, false, std::nullopt);
  EXPECT_EQ(result, STATUS_TIMEOUT);
  wait->wait_until_idle();
  ASSERT_TRUE(wait->set_wait(event, std::nullopt, true));
  for (int i = 0; i < 5; ++i) {
    event->set();
    wait_one(*done, false, std::nullopt);
  }
  ASSERT_TRUE(wait->set_wait({}, std::nullopt, false));
  wait->wait_until_idle();
}

}  // namespace
}  // namespace hmodule::nt

#include "base/rcu.h"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <thread>
#include <vector>

namespace hmodule {
namespace {

// Says of itself whether it is alive, as long as nobody reuses its memory.
struct Watched {
  static inline std::atomic<int> alive{0};
  explicit Watched(int value) : number(value) { ++alive; }
  ~Watched() {
    number = -1;
    --alive;
  }
  std::atomic<int> number;
};

TEST(Rcu, AReaderSeesWhatWasPublishedLast) {
  Rcu<Watched> rcu(std::make_unique<const Watched>(1));
  EXPECT_EQ(rcu.read()->number, 1);
  rcu.publish(std::make_unique<const Watched>(2));
  EXPECT_EQ(rcu.read()->number, 2);
  EXPECT_EQ(Watched::alive, 1);
}

TEST(Rcu, AWriterWaitsForTheReadersThatWereThere) {
  Rcu<Watched> rcu(std::make_unique<const Watched>(1));
  std::atomic<bool> reading{false}, leave{false}, published{false};
  std::thread reader([&] {
    const auto outer = rcu.read();
    {
      const auto inner = rcu.read();  // which ends first, and changes nothing
    }
    reading = true;
    while (!leave) {
      EXPECT_EQ(outer->number, 1);
      std::this_thread::yield();
    }
    EXPECT_FALSE(published);
  });
  while (!reading) std::this_thread::yield();
  std::thread writer([&] {
    rcu.publish(std::make_unique<const Watched>(2));
    published = true;
  });
  while (Watched::alive != 2) std::this_thread::yield();
  std::this_thread::sleep_for(std::chrono::milliseconds(20));
  EXPECT_EQ(Watched::alive, 2);
  leave = true;
  writer.join();
  reader.join();
  EXPECT_EQ(Watched::alive, 1);
}

TEST(Rcu, NothingIsFreedUnderManyReaders) {
  Rcu<Watched> rcu(std::make_unique<const Watched>(0));
  std::atomic<bool> stop{false};
  std::vector<std::thread> readers;
  for (int i = 0; i < 4; ++i)
    readers.emplace_back([&] {
      int last = 0;
      while (!stop) {
        const auto reader = rcu.read();
        const int number = reader->number;
        EXPECT_GE(number, last);
        last = number;
      }
    });
  for (int number = 1; number <= 2000; ++number) rcu.publish(std::make_unique<const Watched>(number));
  stop = true;
  for (std::thread& reader : readers) reader.join();
  EXPECT_EQ(Watched::alive, 1);
}

TEST(Rcu, ThreadsThatHaveEndedKeepNobodyWaiting) {
  Rcu<Watched> rcu(std::make_unique<const Watched>(0));
  for (int number = 1; number <= 50; ++number) {
    std::thread([&] { EXPECT_EQ(rcu.read()->number, number - 1); }).join();
    rcu.publish(std::make_unique<const Watched>(number));
  }
}

TEST(Rcu, AForkedProcessDoesNotWaitForItsParentsReaders) {
  Rcu<Watched> rcu(std::make_unique<const Watched>(1));
  std::atomic<bool> reading{false}, leave{false};
  std::thread reader([&] {
    const auto held = rcu.read();
    reading = true;
    while (!leave) std::this_thread::yield();
  });
  while (!reading) std::this_thread::yield();
  const pid_t child = fork();
  if (child == 0) {
    alarm(20);  // a writer that waits for ever is ended by it
    rcu.publish(std::make_unique<const Watched>(2));
    _exit(rcu.read()->number == 2 ? 0 : 1);
  }
  int status = -1;
  waitpid(child, &status, 0);
  EXPECT_EQ(status, 0);
  leave = true;
  reader.join();
}

}  // namespace
}  // namespace hmodule

// Synchronization barriers: nobody goes on before all have come.
#include "unit/winapi/process.h"

#include <atomic>
#include <thread>
#include <vector>

namespace hmodule::winapi {
namespace {

template <typename R, typename... Args>
Function<R, Args...> k32(std::string_view name) {
  return function<R, Args...>(kernel32_dll, name);
}

TEST(Barriers, LetAllGoAtOnceAndTellOneOfThem) {
  constexpr int kThreads = 4, kRounds = 100;
  alignas(8) std::byte barrier[32];
  ASSERT_TRUE((k32<BOOL, void*, LONG, LONG>("InitializeSynchronizationBarrier")(barrier, kThreads, -1)));
  std::atomic<int> come = 0, early = 0, chosen = 0;
  const auto walk = [&] {
    const auto enter = k32<BOOL, void*, DWORD>("EnterSynchronizationBarrier");
    for (int round = 1; round <= kRounds; ++round) {
      ++come;
      if (enter(barrier, 0)) ++chosen;
      if (come < round * kThreads) ++early;
    }
  };
  std::vector<std::thread> threads;
  for (int i = 0; i < kThreads; ++i) threads.emplace_back(walk);
  for (std::thread& each : threads) each.join();
  EXPECT_EQ(early, 0);
  EXPECT_EQ(chosen, kRounds);
  EXPECT_TRUE((k32<BOOL, void*>("DeleteSynchronizationBarrier")(barrier)));
}

TEST(Barriers, WantThreads) {
  std::byte barrier[32];
  const auto initialize = k32<BOOL, void*, LONG, LONG>("InitializeSynchronizationBarrier");
  EXPECT_FALSE(initialize(barrier, 0, -1));
  EXPECT_EQ(thread::last_error(), DWORD{ERROR_INVALID_PARAMETER});
  EXPECT_FALSE(initialize(nullptr, 1, -1));
  EXPECT_FALSE(initialize(barrier, 1, -2));
}

}  // namespace
}  // namespace hmodule::winapi

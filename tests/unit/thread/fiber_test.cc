#include "thread/fiber.h"

#include "support.h"
#include "thread/create.h"
#include "thread/fls.h"

#include <gtest/gtest.h>

#include <string>

namespace hmodule::thread {
namespace {

struct Play {
  void *main = nullptr, *first = nullptr, *second = nullptr;
  ULONG fls = 0;
  std::string events;
};

class Fibers : public ::testing::Test {
 protected:
  void SetUp() override { testing::start_with_test_hooks(); }
};

TEST_F(Fibers, SwitchInTurnsOnStacksOfTheirOwn) {
  testing::in_new_thread([] {
    attach();
    Play play;
    play.main = *convert_thread_to_fiber(&play, 0);
    EXPECT_TRUE(is_fiber());
    EXPECT_EQ(*static_cast<void**>(teb().NtTib.FiberData), &play) << "GetFiberData";
    const auto talk = [](void* parameter) HM_WINAPI {
      auto& shared = *static_cast<Play*>(parameter);
      int local = 0;
      EXPECT_GT(static_cast<void*>(&local), teb().NtTib.StackLimit);
      EXPECT_LT(static_cast<void*>(&local), teb().NtTib.StackBase);
      const bool is_first = teb().NtTib.FiberData == shared.first;
      for (;;) {
        shared.events += is_first ? "1" : "2";
        switch_to_fiber(is_first ? shared.second : shared.main);
      }
    };
    play.first = *create_fiber(0, 0, talk, &play);
    play.second = *create_fiber(0x10000, 0, talk, &play);
    void* const own_base = teb().NtTib.StackBase;
    for (int i = 0; i < 3; ++i) {
      switch_to_fiber(play.first);
      play.events += "0";
    }
    EXPECT_EQ(play.events, "120120120");
    EXPECT_EQ(teb().NtTib.StackBase, own_base);
    delete_fiber(play.first);
    delete_fiber(play.second);
    EXPECT_TRUE(convert_fiber_to_thread());
    EXPECT_FALSE(is_fiber());
  });
}

TEST_F(Fibers, HaveFlsOfTheirOwnAndItsCallbackWhenDeleted) {  // FLS-04
  static int calls;
  calls = 0;
  testing::in_new_thread([] {
    attach();
    Play play;
    play.main = *convert_thread_to_fiber(nullptr, 0);
    play.fls = *fls_alloc([](void*) HM_WINAPI { ++calls; });
    EXPECT_TRUE(fls_set(play.fls, &play));
    play.first = *create_fiber(
        0, 0,
        [](void* parameter) HM_WINAPI {
          auto& shared = *static_cast<Play*>(parameter);
          EXPECT_EQ(*fls_get(shared.fls), nullptr);
          EXPECT_TRUE(fls_set(shared.fls, &calls));
          switch_to_fiber(shared.main);
        },
        &play);
    switch_to_fiber(play.first);
    EXPECT_EQ(*fls_get(play.fls), &play);
    delete_fiber(play.first);
    EXPECT_EQ(calls, 1);
    EXPECT_TRUE(fls_free(play.fls));
    EXPECT_EQ(calls, 2);
    EXPECT_TRUE(convert_fiber_to_thread());
  });
}

TEST_F(Fibers, ConversionsAreChecked) {
  testing::in_new_thread([] {
    attach();
    EXPECT_EQ(convert_fiber_to_thread().error().code(), ERROR_ALREADY_THREAD);
    ASSERT_TRUE(convert_thread_to_fiber(nullptr, 0));
    EXPECT_EQ(convert_thread_to_fiber(nullptr, 0).error().code(), ERROR_ALREADY_FIBER);
    EXPECT_TRUE(convert_fiber_to_thread());
  });
}

TEST_F(Fibers, ReturningFromOneEndsTheThread) {
  static void* volatile fibers[2];  // nobody deletes those of a thread that ended so; here LeakSanitizer sees them
  const auto routine = [](void*) HM_WINAPI -> DWORD {
    fibers[0] = *convert_thread_to_fiber(nullptr, 0);
    fibers[1] = *create_fiber(
        0, 0, [](void*) HM_WINAPI {}, nullptr);
    switch_to_fiber(fibers[1]);
    return 0;
  };
  static std::atomic<int> ended;
  ended = 0;
  set_object_hooks({.ended = [](TEB&, DWORD) {
    ended = 1;
    ended.notify_all();
  }});
  std::atomic<DWORD> id{0};
  ASSERT_TRUE(create_thread({.routine = routine, .id = &id}));
  ended.wait(0);
  EXPECT_EQ(testing::detaches, 1);
  set_object_hooks({});
}

}  // namespace
}  // namespace hmodule::thread

#include "thread/fls.h"

#include "support.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <latch>
#include <vector>

namespace hmodule::thread {
namespace {

std::mutex mutex;
std::vector<void*> called_with;
HM_WINAPI void note(void* value) {
  const std::lock_guard lock(mutex);
  called_with.push_back(value);
}

class Fls : public ::testing::Test {
 protected:
  void SetUp() override {
    testing::start_with_test_hooks();
    called_with.clear();
  }
  void* const a_ = this;
  void* const b_ = &called_with;
};

TEST_F(Fls, GivesOut4079Indices) {  // FLS-01
  std::vector<ULONG> taken;
  for (auto index = fls_alloc(nullptr); index; index = fls_alloc(nullptr)) taken.push_back(*index);
  EXPECT_EQ(taken.front(), 1U);
  EXPECT_EQ(taken.back(), 0xFEFU);
  EXPECT_EQ(taken.size(), 0xFEFU);
  EXPECT_EQ(fls_alloc(nullptr).error().code(), ERROR_NO_MORE_ITEMS);
  for (ULONG index : taken) EXPECT_TRUE(fls_free(index));
}

TEST_F(Fls, ValuesAreTheThreadsOwn) {
  const ULONG index = *fls_alloc(nullptr);
  ASSERT_TRUE(fls_set(index, a_));
  testing::in_new_thread([&] {
    attach();
    EXPECT_EQ(*fls_get(index), nullptr);
    ASSERT_TRUE(fls_set(index, b_));
    EXPECT_EQ(*fls_get(index), b_);
  });
  EXPECT_EQ(*fls_get(index), a_);
  EXPECT_TRUE(fls_free(index));
}

TEST_F(Fls, RangeIsChecked) {  // FLS-02
  EXPECT_EQ(fls_get(0).error().code(), ERROR_INVALID_PARAMETER);
  EXPECT_EQ(fls_get(0xFF0).error().code(), ERROR_INVALID_PARAMETER);
  EXPECT_EQ(fls_set(0, a_).error().code(), ERROR_INVALID_PARAMETER);
  EXPECT_EQ(fls_set(~0U, a_).error().code(), ERROR_INVALID_PARAMETER);
  EXPECT_TRUE(fls_set(0xFEF, a_)) << "in range, not allocated";
  EXPECT_EQ(*fls_get(0xFEF), a_);
  EXPECT_TRUE(fls_set(0xFEF, nullptr));
}

TEST_F(Fls, FreeCallsBackForEveryThreadsValue) {  // FLS-03
  const ULONG index = *fls_alloc(note);
  ASSERT_TRUE(fls_set(index, a_));
  std::latch stored(2), freed(2);
  std::thread other([&] {
    attach();
    ASSERT_TRUE(fls_set(index, b_));
    stored.arrive_and_wait();
    freed.arrive_and_wait();
    EXPECT_EQ(*fls_get(index), nullptr);
  });
  stored.arrive_and_wait();
  ASSERT_TRUE(fls_free(index));
  EXPECT_THAT(called_with, ::testing::UnorderedElementsAre(a_, b_));
  freed.arrive_and_wait();
  other.join();
  EXPECT_EQ(called_with.size(), 2U) << "not again at the thread's end";
  EXPECT_EQ(fls_free(index).error().code(), ERROR_INVALID_PARAMETER);
}

TEST_F(Fls, ThreadEndCallsBackBeforeThreadDetach) {  // FLS-04
  static ULONG index;
  static int detaches_then;
  index = *fls_alloc([](void* value) HM_WINAPI {
    note(value);
    detaches_then = testing::detaches;
    EXPECT_EQ(*fls_get(index), nullptr) << "cleared before the callback";
  });
  const ULONG unset = *fls_alloc(note);
  testing::in_new_thread([&] {
    attach();
    ASSERT_TRUE(fls_set(index, a_));
  });
  EXPECT_THAT(called_with, ::testing::ElementsAre(a_));
  EXPECT_EQ(detaches_then, 0);
  EXPECT_EQ(testing::detaches, 1);
  EXPECT_TRUE(fls_free(index));
  EXPECT_TRUE(fls_free(unset));
}

}  // namespace
}  // namespace hmodule::thread

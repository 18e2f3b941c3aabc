#include "nt/range_map.h"

#include <gtest/gtest.h>

namespace hmodule::nt {
namespace {

TEST(RangeMap, EqualNeighboursBecomeOneRange) {
  RangeMap<int> map;
  map.assign(10, 20, 1);
  map.assign(30, 40, 1);
  map.assign(20, 30, 1);
  const auto range = map.find(25);
  ASSERT_TRUE(range);
  EXPECT_EQ(range->start, 10U);
  EXPECT_EQ(range->end, 40U);
}

TEST(RangeMap, AssigningSplitsWhatWasThere) {
  RangeMap<int> map;
  map.assign(0, 100, 1);
  map.assign(40, 60, 2);
  EXPECT_EQ(map.find(39)->end, 40U);
  EXPECT_EQ(map.find(40)->value, 2);
  EXPECT_EQ(map.find(60)->start, 60U);
  EXPECT_EQ(map.find(99)->value, 1);
  EXPECT_FALSE(map.find(100));
}

TEST(RangeMap, ErasingLeavesGaps) {
  RangeMap<int> map;
  map.assign(0, 100, 1);
  map.erase(50, 60);
  EXPECT_TRUE(map.covers(0, 50));
  EXPECT_FALSE(map.covers(0, 51));
  EXPECT_FALSE(map.find(55));
  EXPECT_EQ(map.next_start(50, 1000), 60U);
  EXPECT_EQ(map.next_start(60, 1000), 1000U);
  map.erase(0, 100);
  EXPECT_TRUE(map.empty());
}

}  // namespace
}  // namespace hmodule::nt

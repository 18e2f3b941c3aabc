#include "nt/moveable_memory.h"

#include <gtest/gtest.h>

namespace hmodule::nt {
namespace {

TEST(MoveableMemory, HandlesPointAtThePointer) {
  const HANDLE handle = allocate_moveable(HEAP_ZERO_MEMORY, 100, false).value();
  ASSERT_TRUE(is_moveable_handle(handle));
  MoveableBlock* block = moveable_block(handle);
  ASSERT_NE(block, nullptr);
  EXPECT_EQ(*static_cast<void**>(handle), block->memory);
  EXPECT_EQ(moveable_handle_of(block->memory), handle);
  free_moveable(*block);
  EXPECT_EQ(moveable_block(handle), nullptr);
}

TEST(MoveableMemory, SizeZeroIsADiscardedBlock) {
  const HANDLE handle = allocate_moveable(0, 0, true).value();
  MoveableBlock& block = *moveable_block(handle);
  EXPECT_TRUE(block.discarded);
  EXPECT_EQ(block.memory, nullptr);
  ASSERT_TRUE(resize_moveable(block, 0, 50));
  EXPECT_FALSE(block.discarded);
  EXPECT_EQ(process_heap().size(block.memory), 50U);
  ASSERT_TRUE(resize_moveable(block, 0, 0));
  EXPECT_TRUE(block.discarded);
  free_moveable(block);
}

TEST(MoveableMemory, OtherValuesAreNoHandles) {
  EXPECT_EQ(moveable_block(nullptr), nullptr);
  EXPECT_EQ(moveable_block(reinterpret_cast<HANDLE>(8)), nullptr);
  EXPECT_EQ(moveable_block(reinterpret_cast<HANDLE>(~std::uintptr_t{7})), nullptr);
  void* fixed = process_heap().allocate(0, 8);
  EXPECT_EQ(moveable_block(fixed), nullptr);
  EXPECT_EQ(moveable_handle_of(fixed), nullptr);
  process_heap().free(fixed);
}

TEST(MoveableMemory, ThereIsAnEndAndItGivesHandlesBack) {
  std::vector<HANDLE> handles;
  for (;;) {
    const auto handle = allocate_moveable(0, 1, false);
    if (!handle) {
      EXPECT_EQ(handle.error().status, STATUS_NO_MEMORY);
      break;
    }
    handles.push_back(*handle);
  }
  EXPECT_EQ(handles.size(), kMostMoveableBlocks);
  for (const HANDLE handle : handles) free_moveable(*moveable_block(handle));
  const auto again = allocate_moveable(0, 1, false);
  ASSERT_TRUE(again);
  free_moveable(*moveable_block(*again));
}

}  // namespace
}  // namespace hmodule::nt

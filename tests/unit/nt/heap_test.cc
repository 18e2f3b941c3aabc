#include "nt/heap.h"

#include "thread/teb.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <thread>

namespace hmodule::nt {
namespace {

Heap& private_heap(ULONG flags = 0, SIZE_T maximum = 0) {
  return *Heap::create(flags, maximum).value();
}

class Heaps : public testing::Test {
 protected:
  Heaps() { thread::attach(); }
};

bool all_bytes_are(const void* block, std::size_t size, unsigned char value) {
  const auto* bytes = static_cast<const unsigned char*>(block);
  return std::all_of(bytes, bytes + size, [=](unsigned char byte) { return byte == value; });
}

TEST_F(Heaps, BlocksKeepTheExactSizeAskedFor) {
  for (Heap* heap : {&process_heap(), &private_heap()})
    for (const SIZE_T size : {0, 1, 15, 16, 17, 4095, 100000}) {
      void* block = heap->allocate(0, size);
      ASSERT_NE(block, nullptr);
      EXPECT_EQ(reinterpret_cast<std::uintptr_t>(block) % 16, 0U);
      EXPECT_EQ(heap->size(block), size);
      std::memset(block, 0xAB, size);
      EXPECT_TRUE(heap->free(block));
    }
}

TEST_F(Heaps, ZeroMemoryCoversGrowthOnly) {
  void* block = process_heap().allocate(HEAP_ZERO_MEMORY, 100);
  EXPECT_TRUE(all_bytes_are(block, 100, 0));
  std::memset(block, 7, 100);
  block = process_heap().reallocate(HEAP_ZERO_MEMORY, block, 5000);
  EXPECT_TRUE(all_bytes_are(block, 100, 7));
  EXPECT_TRUE(all_bytes_are(static_cast<char*>(block) + 100, 4900, 0));
  EXPECT_EQ(process_heap().size(block), 5000U);
  process_heap().free(block);
}

TEST_F(Heaps, InPlaceReallocationNeverMoves) {
  Heap& heap = process_heap();
  void* block = heap.allocate(0, 64);
  EXPECT_EQ(heap.reallocate(HEAP_REALLOC_IN_PLACE_ONLY, block, 10), block);
  EXPECT_EQ(heap.size(block), 10U);
  EXPECT_EQ(heap.reallocate(HEAP_REALLOC_IN_PLACE_ONLY, block, 1 << 20), nullptr);
  EXPECT_EQ(heap.size(block), 10U);
  EXPECT_TRUE(heap.free(block));
  block = heap.allocate(0, 100000);
  EXPECT_EQ(heap.reallocate(HEAP_REALLOC_IN_PLACE_ONLY, block, 50), block);  // less is always there
  EXPECT_EQ(heap.size(block), 50U);
  EXPECT_TRUE(heap.free(block));
}

TEST_F(Heaps, ForeignPointersAreRefused) {
  Heap& other = private_heap();
  alignas(16) char foreign[64] = {};
  EXPECT_FALSE(process_heap().free(foreign + 32));
  EXPECT_FALSE(process_heap().owns(foreign + 33));
  EXPECT_EQ(process_heap().reallocate(0, foreign + 32, 8), nullptr);
  EXPECT_FALSE(process_heap().owns(nullptr));
  EXPECT_TRUE(process_heap().free(nullptr));
  void* block = other.allocate(0, 8);
  EXPECT_FALSE(process_heap().free(block));
  EXPECT_TRUE(other.free(block));
  EXPECT_TRUE(Heap::destroy(&other));
}

TEST_F(Heaps, ImpossibleSizesFail) {
  EXPECT_EQ(process_heap().allocate(0, ~SIZE_T{0}), nullptr);
  EXPECT_EQ(process_heap().allocate(0, ~SIZE_T{0} - 20), nullptr);
  void* block = process_heap().allocate(0, 8);
  EXPECT_EQ(process_heap().reallocate(0, block, ~SIZE_T{0} - 16), nullptr);
  EXPECT_TRUE(process_heap().free(block));
  EXPECT_FALSE(Heap::create(0, ~SIZE_T{0}));
}

TEST_F(Heaps, DestroyFreesAllBlocksAndTheHandle) {
  Heap& heap = private_heap();
  for (int i = 0; i < 1000; ++i) ASSERT_NE(heap.allocate(0, static_cast<SIZE_T>(i)), nullptr);
  const HANDLE handle = heap.handle();
  auto known = Heap::all();
  EXPECT_NE(std::find(known.begin(), known.end(), handle), known.end());
  EXPECT_TRUE(Heap::destroy(&heap));
  known = Heap::all();
  EXPECT_EQ(std::find(known.begin(), known.end(), handle), known.end());
  EXPECT_FALSE(Heap::destroy(&process_heap()));
}

TEST_F(Heaps, HandlesAreChecked) {
  EXPECT_EQ(Heap::from_handle(nullptr), nullptr);
  EXPECT_EQ(Heap::from_handle(reinterpret_cast<HANDLE>(3)), nullptr);
  EXPECT_EQ(Heap::from_handle(process_heap().handle()), &process_heap());
  alignas(16) char zeros[sizeof(Heap)] = {};
  EXPECT_EQ(Heap::from_handle(zeros), nullptr);
}

TEST_F(Heaps, AFixedHeapHasAnEnd) {
  Heap& heap = private_heap(0, 0x10000);
  EXPECT_EQ(heap.allocate(0, 0x10000), nullptr);
  void* block = heap.allocate(0, 0x8000);
  ASSERT_NE(block, nullptr);
  EXPECT_EQ(heap.allocate(0, 0x8000), nullptr);
  EXPECT_EQ(heap.reallocate(0, block, 0x20000), nullptr);
  EXPECT_TRUE(heap.free(block));
  EXPECT_NE(heap.allocate(0, 0x8000), nullptr);
  Heap::destroy(&heap);
}

TEST_F(Heaps, ExecutableBlocksRunCode) {
  Heap& heap = private_heap(HEAP_CREATE_ENABLE_EXECUTE);
  const unsigned char code[] = {0xB8, 42, 0, 0, 0, 0xC3};  // mov eax, 42; ret
  void* block = heap.allocate(0, sizeof code);
  std::memcpy(block, code, sizeof code);
  block = heap.reallocate(0, block, 20000);
  EXPECT_EQ(reinterpret_cast<int (*)()>(block)(), 42);
  Heap::destroy(&heap);
}

TEST_F(Heaps, PrivateHeapsAreWalkedInOrderOfAllocation) {
  Heap& heap = private_heap();
  void* first = heap.allocate(0, 1);
  void* second = heap.allocate(0, 2);
  EXPECT_EQ(heap.next_block(nullptr), first);
  EXPECT_EQ(heap.next_block(first), second);
  EXPECT_EQ(heap.next_block(second), nullptr);
  EXPECT_TRUE(heap.validate());
  Heap::destroy(&heap);
}

TEST_F(Heaps, UserValuesTravelWithTheBlock) {
  Heap& heap = process_heap();
  void* block = heap.allocate(HEAP_SETTABLE_USER_VALUE, 20);
  EXPECT_EQ(heap.user_value(block), nullptr);
  EXPECT_TRUE(heap.set_user_value(block, &heap));
  EXPECT_TRUE(heap.set_user_flags(block, 0, 0x200));
  block = heap.reallocate(0, block, 3000);
  EXPECT_EQ(heap.user_value(block), &heap);
  EXPECT_EQ(heap.user_flags(block), 0x300U);
  heap.free(block);
  void* plain = heap.allocate(0, 20);
  EXPECT_FALSE(heap.set_user_value(plain, &heap));
  EXPECT_FALSE(heap.user_value(plain).has_value());
  heap.free(plain);
}

TEST_F(Heaps, ThreadsShareAPrivateHeap) {
  Heap& heap = private_heap();
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t)
    threads.emplace_back([&] {
      thread::attach();
      for (int i = 0; i < 2000; ++i) {
        void* block = heap.allocate(0, 32);
        block = heap.reallocate(0, block, 300);
        ASSERT_TRUE(heap.free(block));
      }
    });
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(heap.allocated_bytes(), 0U);
  EXPECT_EQ(heap.next_block(nullptr), nullptr);
  Heap::destroy(&heap);
}

}  // namespace
}  // namespace hmodule::nt

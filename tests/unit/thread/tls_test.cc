#include "thread/tls.h"

#include "support.h"
#include "thread/dynamic_tls.h"
#include "thread/peb.h"

#include <gtest/gtest.h>

#include <array>
#include <latch>
#include <span>
#include <vector>

namespace hmodule::thread {
namespace {

class StaticTls : public ::testing::Test {
 protected:
  void SetUp() override { testing::start_with_test_hooks(); }
};

std::span<const std::byte> block(std::uint32_t index, std::size_t size) {
  return {static_cast<const std::byte*>(attach().ThreadLocalStoragePointer[index]), size};
}

TEST_F(StaticTls, BlockIsTheDataAndThenZeros) {  // TLS-04
  const std::array data{std::byte{1}, std::byte{2}, std::byte{3}};
  const std::uint32_t index = *allocate_tls({data.data(), data.size(), 100, 64});
  const auto mine = block(index, 103);
  EXPECT_EQ(reinterpret_cast<std::uintptr_t>(mine.data()) % 64, 0U);
  for (std::size_t i = 0; i < mine.size(); ++i) EXPECT_EQ(mine[i], i < 3 ? data[i] : std::byte{0});
  release_tls(index);
  EXPECT_EQ(attach().ThreadLocalStoragePointer[index], nullptr) << "TLS-07";
}

TEST_F(StaticTls, LowestFreeIndexIsReused) {  // TLS-02, TLS-07
  const std::uint32_t first = *allocate_tls({.zero_fill = 8}), second = *allocate_tls({.zero_fill = 8});
  EXPECT_EQ(second, first + 1);
  release_tls(first);
  EXPECT_EQ(*allocate_tls({.zero_fill = 8}), first);
  release_tls(first);
  release_tls(second);
}

TEST_F(StaticTls, TemplateWithoutDataHasABlock) {
  const std::uint32_t index = *allocate_tls({});
  EXPECT_NE(attach().ThreadLocalStoragePointer[index], nullptr);
  release_tls(index);
}

TEST_F(StaticTls, NewThreadCopiesTheTemplateAsItIsThen) {  // TLS-04, TLS-08
  std::array data{std::byte{1}};
  const std::uint32_t index = *allocate_tls({data.data(), data.size(), 0, 16});
  data[0] = std::byte{9};
  std::byte in_attach{}, in_detach{};
  testing::during_attach = [&] { in_attach = block(index, 1)[0]; };
  testing::during_detach = [&] { in_detach = block(index, 1)[0]; };
  testing::in_new_thread([&] { EXPECT_EQ(block(index, 1)[0], std::byte{9}); });
  EXPECT_EQ(in_attach, std::byte{9}) << "blocks exist before DLL_THREAD_ATTACH";
  EXPECT_EQ(in_detach, std::byte{9}) << "and until after DLL_THREAD_DETACH";
  EXPECT_EQ(block(index, 1)[0], std::byte{1});
  release_tls(index);
}

TEST_F(StaticTls, ImpossibleSizesChangeNothing) {
  const auto refused = allocate_tls({.zero_fill = std::size_t{1} << 60});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().status, STATUS_NO_MEMORY);
  const std::uint32_t next = *allocate_tls({.zero_fill = 1});
  release_tls(next);
  EXPECT_LT(next, 4U) << "the index was not lost";
}

// TLS-03, TLS-06: vectors grow under threads that use them without a pause.
TEST_F(StaticTls, GrowsUnderRunningThreads) {
  constexpr int kThreads = 4;
  constexpr std::uint64_t kMark = 0xABCD;
  std::atomic<std::uint32_t> usable{0};
  std::atomic<bool> stop{false};
  std::latch running(kThreads + 1);
  std::vector<std::thread> threads;
  for (int i = 0; i < kThreads; ++i)
    threads.emplace_back([&] {
      attach();
      running.arrive_and_wait();
      while (!stop) {
        const std::uint32_t count = usable;
        for (std::uint32_t index = 0; index < count; ++index) {
          void** const vector = __atomic_load_n(&teb().ThreadLocalStoragePointer, __ATOMIC_ACQUIRE);
          auto* const value = static_cast<std::uint64_t*>(__atomic_load_n(&vector[index], __ATOMIC_ACQUIRE));
          ASSERT_EQ(*value % 0x10000, kMark);
          *value += 0x10000;
        }
      }
    });
  running.arrive_and_wait();
  std::vector<std::uint32_t> indices;
  for (int i = 0; i < 200; ++i) {
    indices.push_back(*allocate_tls({reinterpret_cast<const std::byte*>(&kMark), sizeof kMark, 0, 16}));
    usable = indices.back() + 1;
  }
  EXPECT_EQ(indices.back(), 199U);
  stop = true;
  for (std::thread& thread : threads) thread.join();
  for (std::uint32_t index : indices) release_tls(index);
}

class DynamicTls : public StaticTls {};

TEST_F(DynamicTls, IndexZeroIsNeverGivenOut) {  // TLS-20
  const ULONG index = *tls_alloc();
  EXPECT_NE(index, 0U);
  EXPECT_TRUE(tls_free(index));
  const Status refused = tls_free(0);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code(), ERROR_INVALID_PARAMETER);
}

TEST_F(DynamicTls, HasExactly1087Indices) {  // TLS-20, TLS-23
  attach();
  std::vector<ULONG> taken;
  for (auto index = tls_alloc(); index; index = tls_alloc()) taken.push_back(*index);
  EXPECT_EQ(taken.size(), 1087U);
  EXPECT_EQ(taken.back(), 1087U);
  EXPECT_EQ(tls_alloc().error().code(), ERROR_NO_MORE_ITEMS);
  EXPECT_EQ(peb().TlsBitmapBits[1], ~0U);
  EXPECT_EQ(peb().TlsExpansionBitmapBits[31], ~0U);
  for (ULONG index : taken) EXPECT_TRUE(tls_free(index));
  EXPECT_EQ(peb().TlsExpansionBitmapBits[31], 0U);
  EXPECT_EQ(tls_free(taken.back()).error().code(), ERROR_INVALID_PARAMETER) << "TLS-21";
}

TEST_F(DynamicTls, FreedSlotReadsNullInAllThreads) {  // TLS-21
  attach();
  const ULONG index = *tls_alloc();
  ASSERT_TRUE(tls_set(index, this));
  std::latch stored(2), freed(2);
  std::thread other([&] {
    attach();
    ASSERT_TRUE(tls_set(index, this));
    stored.arrive_and_wait();
    freed.arrive_and_wait();
    EXPECT_EQ(*tls_get(index), nullptr);
  });
  stored.arrive_and_wait();
  ASSERT_TRUE(tls_free(index));
  freed.arrive_and_wait();
  other.join();
  EXPECT_EQ(*tls_get(index), nullptr);
}

TEST_F(DynamicTls, InRangeSlotsWorkUnallocated) {  // TLS-22
  attach();
  for (ULONG index : {63U, 64U, 1087U}) {
    EXPECT_TRUE(tls_set(index, this));
    EXPECT_EQ(*tls_get(index), this);
    EXPECT_TRUE(tls_set(index, nullptr));
  }
  EXPECT_EQ(tls_get(1088).error().code(), ERROR_INVALID_PARAMETER);
  EXPECT_EQ(tls_set(0xFFFFFFFF, this).error().code(), ERROR_INVALID_PARAMETER);
}

}  // namespace
}  // namespace hmodule::thread

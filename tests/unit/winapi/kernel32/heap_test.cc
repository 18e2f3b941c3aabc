#include "nt/heap.h"
#include "unit/winapi/process.h"
#include "win/heapapi.h"

#include <malloc.h>

#include <algorithm>
#include <cstring>
#include <thread>
#include <vector>

namespace hmodule::winapi {
namespace {

template <typename R, typename... Args>
Function<R, Args...> k32(std::string_view name) {
  return function<R, Args...>(kernel32_dll, name);
}

HANDLE process_heap() {
  return k32<HANDLE>("GetProcessHeap")();
}

TEST(HeapApi, ProcessHeapIsWhereThePebSays) {
  EXPECT_NE(process_heap(), nullptr);
  EXPECT_EQ(process_heap(), thread::teb().ProcessEnvironmentBlock->ProcessHeap);
  HANDLE first = nullptr;
  EXPECT_GE((k32<DWORD, DWORD, HANDLE*>("GetProcessHeaps")(0, nullptr)), 1u);
  HANDLE many[64] = {};
  EXPECT_GE((k32<DWORD, DWORD, HANDLE*>("GetProcessHeaps")(64, many)), 1u);
  first = many[0];
  EXPECT_EQ(first, process_heap());
}

TEST(HeapApi, SizesAreExactAndErrorsAreSaid) {
  const auto alloc = k32<void*, HANDLE, DWORD, SIZE_T>("HeapAlloc");
  const auto size = k32<SIZE_T, HANDLE, DWORD, void*>("HeapSize");
  const auto free = k32<BOOL, HANDLE, DWORD, void*>("HeapFree");
  void* block = alloc(process_heap(), HEAP_ZERO_MEMORY, 37);
  EXPECT_EQ(size(process_heap(), 0, block), 37u);
  EXPECT_TRUE(free(process_heap(), 0, block));
  EXPECT_TRUE(free(process_heap(), 0, nullptr));
  alignas(16) char foreign[32] = {};
  thread::set_last_error(0xDEAD);
  EXPECT_FALSE(free(process_heap(), 0, foreign + 16));
  EXPECT_EQ(thread::last_error(), ERROR_INVALID_PARAMETER);
  EXPECT_EQ(size(process_heap(), 0, foreign + 16), ~SIZE_T{0});
  EXPECT_EQ(alloc(process_heap(), 0, ~SIZE_T{0} / 2), nullptr);
  EXPECT_EQ(thread::last_error(), ERROR_NOT_ENOUGH_MEMORY);
}

TEST(HeapApi, PrivateHeaps) {
  const auto alloc = k32<void*, HANDLE, DWORD, SIZE_T>("HeapAlloc");
  const auto walk = k32<BOOL, HANDLE, PROCESS_HEAP_ENTRY*>("HeapWalk");
  HANDLE heap = k32<HANDLE, DWORD, SIZE_T, SIZE_T>("HeapCreate")(0, 0, 0);
  ASSERT_NE(heap, nullptr);
  void* block = alloc(heap, 0, 5);
  PROCESS_HEAP_ENTRY entry = {};
  EXPECT_TRUE(walk(heap, &entry));
  EXPECT_EQ(entry.lpData, block);
  EXPECT_EQ(entry.cbData, 5u);
  EXPECT_EQ(entry.wFlags, PROCESS_HEAP_ENTRY_BUSY);
  EXPECT_FALSE(walk(heap, &entry));
  EXPECT_EQ(thread::last_error(), ERROR_NO_MORE_ITEMS);
  EXPECT_TRUE((k32<BOOL, HANDLE>("HeapLock")(heap)));
  EXPECT_TRUE((k32<BOOL, HANDLE>("HeapUnlock")(heap)));
  EXPECT_FALSE((k32<BOOL, HANDLE>("HeapUnlock")(heap)));
  EXPECT_TRUE((k32<BOOL, HANDLE, DWORD, void*>("HeapValidate")(heap, 0, block)));
  EXPECT_TRUE((k32<BOOL, HANDLE>("HeapDestroy")(heap)));
  EXPECT_FALSE((k32<BOOL, HANDLE>("HeapDestroy")(process_heap())));
  EXPECT_EQ(thread::last_error(), ERROR_INVALID_HANDLE);
}

// HeapAlloc, HeapFree and HeapSize of the process heap, as functions.
const auto allocate = [](SIZE_T size, DWORD flags = 0) {
  return static_cast<unsigned char*>(k32<void*, HANDLE, DWORD, SIZE_T>("HeapAlloc")(process_heap(), flags, size));
};
const auto release = [](void* block) { return k32<BOOL, HANDLE, DWORD, void*>("HeapFree")(process_heap(), 0, block); };
const auto size_of = [](const void* block) {
  return k32<SIZE_T, HANDLE, DWORD, const void*>("HeapSize")(process_heap(), 0, block);
};

TEST(HeapApi, AFreedBlockIsNoBlockAnyMore) {
  for (const SIZE_T size : {0, 8, 100, 1000, 1032, 1033, 5000}) {
    void* const block = allocate(size);
    EXPECT_TRUE(release(block));
    EXPECT_FALSE(release(block)) << size;
    EXPECT_EQ(thread::last_error(), ERROR_INVALID_PARAMETER);
    EXPECT_EQ(size_of(block), ~SIZE_T{0}) << size;
    EXPECT_FALSE((k32<BOOL, HANDLE, DWORD, const void*>("HeapValidate")(process_heap(), 0, block))) << size;
    EXPECT_EQ((k32<void*, HANDLE, DWORD, void*, SIZE_T>("HeapReAlloc")(process_heap(), 0, block, 50)), nullptr);
  }
}

TEST(HeapApi, BlocksThatComeBackHaveTheirOwnSizeAndZerosWhereAsked) {
  for (SIZE_T size = 0; size < 1100; ++size) {
    unsigned char* const before = allocate(size);
    std::memset(before, 0xAB, size);
    EXPECT_TRUE(release(before));
    unsigned char* const zeros = allocate(size + 1, HEAP_ZERO_MEMORY);
    ASSERT_EQ(size_of(zeros), size + 1);
    ASSERT_TRUE(std::all_of(zeros, zeros + size + 1, [](unsigned char byte) { return byte == 0; })) << size;
    EXPECT_TRUE(release(zeros));
  }
}

// Whatever a block's life was, it holds what its next owner asks for: the neighbours' bytes stay.
TEST(HeapApi, BlocksDoNotOverlap) {
  const auto resize = k32<void*, HANDLE, DWORD, void*, SIZE_T>("HeapReAlloc");
  struct Block {
    unsigned char* bytes;
    SIZE_T size;
    unsigned char fill;
  };
  std::vector<Block> blocks;
  const auto check_and_fill = [](Block& block, SIZE_T kept) {
    const unsigned char fill = block.fill;
    ASSERT_TRUE(std::all_of(block.bytes, block.bytes + kept, [fill](unsigned char byte) { return byte == fill; }));
    std::memset(block.bytes, block.fill, block.size);
  };
  unsigned random = 1;
  const auto below = [&random](unsigned limit) {
    random = random * 1664525 + 1013904223;
    return (random >> 9) % limit;
  };
  for (unsigned turn = 0; turn < 50000; ++turn) {
    if (blocks.size() < 200 || below(3) == 0) {
      const SIZE_T size = below(1200);
      blocks.push_back({allocate(size), size, static_cast<unsigned char>(turn)});
      check_and_fill(blocks.back(), 0);
      continue;
    }
    Block& block = blocks[below(static_cast<unsigned>(blocks.size()))];
    if (below(4) == 0) {
      const SIZE_T size = below(1200);
      block.bytes = static_cast<unsigned char*>(resize(process_heap(), 0, block.bytes, size));
      const SIZE_T kept = std::min(size, block.size);
      block.size = size;
      check_and_fill(block, kept);
      ASSERT_EQ(size_of(block.bytes), size);
    } else {
      check_and_fill(block, block.size);
      ASSERT_TRUE(release(block.bytes));
      block = blocks.back();
      blocks.pop_back();
    }
  }
  for (Block& block : blocks) {
    check_and_fill(block, block.size);
    EXPECT_TRUE(release(block.bytes));
  }
}

// One large block comes back to whom it fits, at its exact size, and to nobody else.
TEST(HeapApi, LargeBlocksComeBackWhereTheyFit) {
  for (const SIZE_T kept : {2000, 5000, 200'000, 1 << 20, 3 << 20})
    for (const SIZE_T wanted : {1033, 1500, 2000, 2001, 4999, 150'000, 200'000, 1 << 20, (1 << 20) + 1, 2 << 20}) {
      unsigned char* const before = allocate(kept);
      std::memset(before, 0xAB, kept);
      EXPECT_TRUE(release(before));
      unsigned char* const zeros = allocate(wanted, HEAP_ZERO_MEMORY);
      EXPECT_TRUE(std::all_of(zeros, zeros + wanted, [](unsigned char byte) { return byte == 0; }));
      unsigned char* const after = allocate(wanted);
      EXPECT_EQ(size_of(after), wanted);
      std::memset(after, 0xCD, wanted);
      EXPECT_TRUE(std::all_of(zeros, zeros + wanted, [](unsigned char byte) { return byte == 0; }));
      EXPECT_TRUE(release(zeros));
      EXPECT_TRUE(release(after));
    }
}

TEST(HeapApi, BlocksMayBeFreedByAnotherThread) {
  for (int round = 0; round < 50; ++round) {
    std::vector<void*> blocks;
    for (SIZE_T i = 0; i < 200; ++i) blocks.push_back(allocate(i));
    std::thread([&] {
      for (void* block : blocks) EXPECT_TRUE(release(block));
      for (void* block : blocks) EXPECT_FALSE(release(block));
    }).join();
  }
}

TEST(HeapApi, BlocksWithAUserValueComeBackWithoutIt) {
  const auto value_of = function<BOOLEAN, HANDLE, ULONG, void*, void**, ULONG*>(ntdll_dll, "RtlGetUserInfoHeap");
  void* const block = allocate(40, HEAP_SETTABLE_USER_VALUE);
  EXPECT_TRUE((function<BOOLEAN, HANDLE, ULONG, void*, void*>(ntdll_dll, "RtlSetUserValueHeap")(process_heap(), 0,
                                                                                                block, block)));
  EXPECT_TRUE(release(block));
  void* const plain = allocate(40);
  void* value = &value;
  ULONG flags = 1;
  EXPECT_TRUE(value_of(process_heap(), 0, plain, &value, &flags));
  EXPECT_EQ(value, nullptr);
  EXPECT_EQ(flags, 0U);
  EXPECT_TRUE(release(plain));
}

// 100 KiB each, which would add up.
void keep_blocks() {
  std::vector<void*> blocks;
  for (const SIZE_T size : {100, 200, 300, 400, 500, 600, 700, 800, 900, 1000})
    for (int i = 0; i < 64; ++i) blocks.push_back(allocate(size));
  for (void* block : blocks) release(block);
}
std::size_t used_bytes() {
  const struct mallinfo2 all = mallinfo2();
  return all.uordblks + all.hblkhd;
}

TEST(HeapApi, WhatAThreadKeepsIsGivenBackAtItsEnd) {
  if (!thread::BlockCache::enabled()) GTEST_SKIP() << "blocks are not kept";
  std::thread(keep_blocks).join();
  const std::size_t before = used_bytes();
  for (int i = 0; i < 100; ++i) std::thread(keep_blocks).join();
  EXPECT_LT(used_bytes(), before + (1 << 20));
}

TEST(HeapApi, WhatAKilledThreadKeptIsGivenBackLater) {
  if (!thread::BlockCache::enabled()) GTEST_SKIP() << "blocks are not kept";
  static std::atomic<bool> kept;
  const auto body = [](void*) HM_WINAPI -> DWORD {
    keep_blocks();
    kept = true;
    for (;;) k32<void, DWORD>("Sleep")(1000);
  };
  using Body = HM_WINAPI DWORD (*)(void*);
  const auto kill_one = [&] {
    kept = false;
    HANDLE const thread = k32<HANDLE, void*, SIZE_T, Body, void*, DWORD, DWORD*>("CreateThread")(
        nullptr, 0, static_cast<Body>(body), nullptr, 0, nullptr);
    while (!kept) std::this_thread::yield();
    EXPECT_TRUE((k32<BOOL, HANDLE, DWORD>("TerminateThread")(thread, 1)));
    EXPECT_EQ((k32<DWORD, HANDLE, DWORD>("WaitForSingleObject")(thread, 10'000)), 0U);
    EXPECT_TRUE((k32<BOOL, HANDLE>("CloseHandle")(thread)));
  };
  kill_one();
  std::thread([] { process_heap(); }).join();
  const std::size_t before = used_bytes();
  for (int i = 0; i < 50; ++i) kill_one();
  std::thread([] { process_heap(); }).join();
  EXPECT_LT(used_bytes(), before + (2 << 20));
}

TEST(HeapApi, TheLowFragmentationHeapIsOn) {
  ULONG mode = 0;
  const auto query = k32<BOOL, HANDLE, LONG, void*, SIZE_T, SIZE_T*>("HeapQueryInformation");
  EXPECT_TRUE(query(process_heap(), 0, &mode, sizeof mode, nullptr));
  EXPECT_EQ(mode, 2u);
  EXPECT_FALSE(query(process_heap(), 0, &mode, 1, nullptr));
  EXPECT_EQ(thread::last_error(), ERROR_INSUFFICIENT_BUFFER);
  EXPECT_FALSE(query(process_heap(), 77, &mode, sizeof mode, nullptr));
  EXPECT_EQ(thread::last_error(), ERROR_INVALID_PARAMETER);
}

TEST(GlobalMemory, FixedBlocksAreTheirHandles) {
  const auto alloc = k32<HANDLE, UINT, SIZE_T>("LocalAlloc");
  HANDLE block = alloc(0x40, 10);
  EXPECT_EQ((k32<void*, HANDLE>("LocalLock")(block)), block);
  EXPECT_EQ((k32<SIZE_T, HANDLE>("LocalSize")(block)), 10u);
  EXPECT_EQ((k32<UINT, HANDLE>("LocalFlags")(block)), 0u);
  EXPECT_EQ((k32<HANDLE, void*>("LocalHandle")(block)), block);
  EXPECT_FALSE((k32<BOOL, HANDLE>("LocalUnlock")(block)));
  EXPECT_EQ(thread::last_error(), ERROR_NOT_LOCKED);
  EXPECT_TRUE((k32<BOOL, HANDLE>("GlobalUnlock")(block)));
  EXPECT_EQ((k32<HANDLE, HANDLE>("LocalFree")(block)), nullptr);
  EXPECT_EQ((k32<HANDLE, HANDLE>("LocalFree")(nullptr)), nullptr);
}

TEST(GlobalMemory, MoveableBlocksCountTheirLocks) {
  const auto lock = k32<void*, HANDLE>("GlobalLock");
  const auto unlock = k32<BOOL, HANDLE>("GlobalUnlock");
  const auto flags = k32<UINT, HANDLE>("GlobalFlags");
  const auto realloc = k32<HANDLE, HANDLE, SIZE_T, UINT>("GlobalReAlloc");
  HANDLE handle = k32<HANDLE, UINT, SIZE_T>("GlobalAlloc")(0x42, 10);
  auto* memory = static_cast<char*>(lock(handle));
  ASSERT_NE(memory, nullptr);
  EXPECT_NE(static_cast<void*>(memory), handle);
  EXPECT_EQ(lock(handle), memory);
  EXPECT_EQ(flags(handle), 2u);
  EXPECT_EQ((k32<HANDLE, void*>("GlobalHandle")(memory)), handle);
  EXPECT_TRUE(unlock(handle));
  EXPECT_FALSE(unlock(handle));
  EXPECT_EQ(thread::last_error(), ERROR_SUCCESS);
  EXPECT_FALSE(unlock(handle));
  EXPECT_EQ(thread::last_error(), ERROR_NOT_LOCKED);
  EXPECT_EQ(realloc(handle, 100000, 0x42), handle);
  EXPECT_EQ((k32<SIZE_T, HANDLE>("GlobalSize")(handle)), 100000u);
  EXPECT_EQ(realloc(handle, 0, 2), handle);
  EXPECT_EQ(flags(handle), 0x4000u);
  EXPECT_EQ(lock(handle), nullptr);
  EXPECT_EQ(thread::last_error(), ERROR_DISCARDED);
  EXPECT_EQ((k32<HANDLE, HANDLE>("GlobalFree")(handle)), nullptr);
  EXPECT_EQ((k32<HANDLE, HANDLE>("GlobalFree")(handle)), handle);
  EXPECT_EQ(thread::last_error(), ERROR_INVALID_HANDLE);
  EXPECT_EQ(flags(handle), 0x8000u);
}

}  // namespace
}  // namespace hmodule::winapi

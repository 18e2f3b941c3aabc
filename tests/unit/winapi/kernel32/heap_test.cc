#include "nt/heap.h"
#include "thread/create.h"
#include "unit/winapi/process.h"
#include "unwind/guard.h"
#include "win/heapapi.h"

#include <malloc.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <barrier>
#include <chrono>
#include <cstring>
#include <functional>
#include <map>
#include <set>
#include <thread>
#include <utility>
#include <vector>

extern "C" std::size_t __sanitizer_get_current_allocated_bytes() __attribute__((weak));

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

// The code of the exception that comes out of a call, or 0.
template <typename R, typename... Parameters>
NTSTATUS raised_by(Function<R, Parameters...> function, std::type_identity_t<Parameters>... arguments) {
  unwind::Guard guard;
  const std::array<std::uint64_t, 4> bits = {thread::detail::argument_bits(arguments)...};
  thread::hm_call_windows(function.address, bits.data(), sizeof...(Parameters), &guard);
  return guard.caught ? guard.record.ExceptionCode : 0;
}

TEST(HeapApi, AHeapOrACallMayWantExceptions) {
  const auto allocate = k32<void*, HANDLE, DWORD, SIZE_T>("HeapAlloc");
  const auto reallocate = k32<void*, HANDLE, DWORD, void*, SIZE_T>("HeapReAlloc");
  const auto create = k32<HANDLE, DWORD, SIZE_T, SIZE_T>("HeapCreate");
  const HANDLE quiet = create(0, 0, 0x10000), loud = create(HEAP_GENERATE_EXCEPTIONS, 0, 0x10000);
  constexpr SIZE_T kMuch = SIZE_T{1} << 46;
  EXPECT_EQ(raised_by(allocate, quiet, 0, kMuch), 0);
  EXPECT_EQ(raised_by(allocate, quiet, HEAP_GENERATE_EXCEPTIONS, kMuch), STATUS_NO_MEMORY);
  EXPECT_EQ(raised_by(allocate, quiet, HEAP_GENERATE_EXCEPTIONS, 100), 0);
  EXPECT_EQ(raised_by(allocate, loud, 0, kMuch), STATUS_NO_MEMORY);
  EXPECT_EQ(raised_by(allocate, loud, 0, 100), 0);
  for (const HANDLE heap : {quiet, loud}) {
    void* const block = allocate(heap, 0, 100);
    EXPECT_EQ(raised_by(reallocate, heap, 0, block, kMuch), heap == loud ? STATUS_NO_MEMORY : 0);
    EXPECT_EQ(raised_by(reallocate, heap, HEAP_GENERATE_EXCEPTIONS, block, kMuch), STATUS_NO_MEMORY);
    EXPECT_EQ((k32<SIZE_T, HANDLE, DWORD, const void*>("HeapSize")(heap, 0, block)), 100U) << "it stays";
    std::thread([heap] {  // nothing of the heap is locked
      EXPECT_TRUE((k32<BOOL, HANDLE>("HeapLock")(heap)));
      EXPECT_TRUE((k32<BOOL, HANDLE>("HeapUnlock")(heap)));
    })
        .join();
    EXPECT_TRUE((k32<BOOL, HANDLE>("HeapDestroy")(heap)));
  }
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

// HeapAlloc, HeapFree and so on of one heap, as functions.
struct HeapFunctions {
  HANDLE heap;

  unsigned char* allocate(SIZE_T size, DWORD flags = 0) const {
    return static_cast<unsigned char*>(k32<void*, HANDLE, DWORD, SIZE_T>("HeapAlloc")(heap, flags, size));
  }
  void* reallocate(void* block, SIZE_T size, DWORD flags = 0) const {
    return k32<void*, HANDLE, DWORD, void*, SIZE_T>("HeapReAlloc")(heap, flags, block, size);
  }
  BOOL release(void* block) const { return k32<BOOL, HANDLE, DWORD, void*>("HeapFree")(heap, 0, block); }
  SIZE_T size_of(const void* block) const {
    return k32<SIZE_T, HANDLE, DWORD, const void*>("HeapSize")(heap, 0, block);
  }
  BOOL is_valid(const void* block = nullptr) const {
    return k32<BOOL, HANDLE, DWORD, const void*>("HeapValidate")(heap, 0, block);
  }
  BOOL lock() const { return k32<BOOL, HANDLE>("HeapLock")(heap); }
  BOOL unlock() const { return k32<BOOL, HANDLE>("HeapUnlock")(heap); }
  BOOL destroy() const { return k32<BOOL, HANDLE>("HeapDestroy")(heap); }
  SIZE_T allocated_bytes() const {
    HEAP_SUMMARY summary = {sizeof summary, 0, 0, 0, 0};
    EXPECT_TRUE((k32<BOOL, HANDLE, DWORD, HEAP_SUMMARY*>("HeapSummary")(heap, 0, &summary)));
    return summary.cbAllocated;
  }
  // What HeapWalk finds: blocks and their sizes.
  std::map<void*, SIZE_T> walk() const {
    std::map<void*, SIZE_T> blocks;
    PROCESS_HEAP_ENTRY entry = {};
    while (k32<BOOL, HANDLE, PROCESS_HEAP_ENTRY*>("HeapWalk")(heap, &entry)) {
      EXPECT_EQ(entry.wFlags, PROCESS_HEAP_ENTRY_BUSY);
      EXPECT_TRUE(blocks.emplace(entry.lpData, entry.cbData).second) << "a block twice";
    }
    EXPECT_EQ(thread::last_error(), ERROR_NO_MORE_ITEMS);
    return blocks;
  }
  // More than a thread keeps of each size.
  void keep_blocks() const {
    std::vector<void*> blocks;
    for (const SIZE_T size : {100, 200, 300, 400, 500, 600, 700, 800, 900, 1000})
      for (int i = 0; i < 64; ++i) blocks.push_back(allocate(size));
    for (void* block : blocks) release(block);
  }
};
HeapFunctions new_heap(DWORD flags = 0, SIZE_T maximum = 0) {
  return {k32<HANDLE, DWORD, SIZE_T, SIZE_T>("HeapCreate")(flags, 0, maximum)};
}

struct WhichHeap {
  const char* name;
  HeapFunctions (*get)();
};
class EachHeap : public testing::TestWithParam<WhichHeap>, protected HeapFunctions {
 protected:
  EachHeap() : HeapFunctions(GetParam().get()) {}
  ~EachHeap() override {
    if (heap != process_heap()) {
      EXPECT_TRUE(destroy());
    }
  }
};
INSTANTIATE_TEST_SUITE_P(HeapApi, EachHeap,
                         testing::Values(WhichHeap{"Process", [] { return HeapFunctions{process_heap()}; }},
                                         WhichHeap{"Private", [] { return new_heap(); }},
                                         WhichHeap{"Unserialized", [] { return new_heap(HEAP_NO_SERIALIZE); }}),
                         [](const auto& test) { return test.param.name; });

TEST_P(EachHeap, AFreedBlockIsNoBlockAnyMore) {
  for (const SIZE_T size : {0, 8, 100, 1000, 1032, 1033, 5000}) {
    void* const block = allocate(size);
    EXPECT_TRUE(release(block));
    EXPECT_FALSE(release(block)) << size;
    EXPECT_EQ(thread::last_error(), ERROR_INVALID_PARAMETER);
    EXPECT_EQ(size_of(block), ~SIZE_T{0}) << size;
    EXPECT_FALSE(is_valid(block)) << size;
    EXPECT_EQ(reallocate(block, 50), nullptr);
  }
}

TEST_P(EachHeap, BlocksThatComeBackHaveTheirOwnSizeAndZerosWhereAsked) {
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

struct LockedHeap {
  HeapFunctions heap;
  std::atomic<bool> locked = false;
};
HM_WINAPI DWORD lock_and_stay(void* parameter) {
  auto& given = *static_cast<LockedHeap*>(parameter);
  given.heap.lock();
  given.heap.lock();
  given.locked = true;
  for (;;) k32<void, DWORD>("Sleep")(1000);
}

TEST_P(EachHeap, TheLockOfAKilledThreadIsFree) {
  if (!lock()) GTEST_SKIP() << "it has none";
  unlock();
  LockedHeap shared{{heap}};
  const HANDLE thread = k32<HANDLE, void*, SIZE_T, thread::StartRoutine, void*, DWORD, DWORD*>("CreateThread")(
      nullptr, 0, lock_and_stay, &shared, 0, nullptr);
  while (!shared.locked) std::this_thread::yield();
  EXPECT_TRUE((k32<BOOL, HANDLE, DWORD>("TerminateThread")(thread, 7)));
  EXPECT_EQ((k32<DWORD, HANDLE, DWORD>("WaitForSingleObject")(thread, 30000)), 0U);
  k32<BOOL, HANDLE>("CloseHandle")(thread);

  EXPECT_TRUE(release(allocate(40)));
  EXPECT_FALSE(unlock()) << "nobody has it";
  EXPECT_TRUE(lock());
  EXPECT_TRUE(release(allocate(100000)));
  EXPECT_TRUE(unlock());
  EXPECT_FALSE(unlock());
  std::thread([this] {
    process();
    EXPECT_TRUE(lock());
    EXPECT_TRUE(unlock());
  }).join();
}

// Whatever a block's life was, it holds what its next owner asks for: the neighbours' bytes stay.
TEST_P(EachHeap, BlocksDoNotOverlap) {
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
      block.bytes = static_cast<unsigned char*>(reallocate(block.bytes, size));
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
TEST_P(EachHeap, LargeBlocksComeBackWhereTheyFit) {
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

TEST_P(EachHeap, BlocksMayBeFreedByAnotherThread) {
  for (int round = 0; round < 50; ++round) {
    std::vector<void*> blocks;
    for (SIZE_T i = 0; i < 200; ++i) blocks.push_back(allocate(i));
    std::thread([&] {
      for (void* block : blocks) EXPECT_TRUE(release(block));
      for (void* block : blocks) EXPECT_FALSE(release(block));
    }).join();
  }
}

std::size_t used_bytes() {
  if (__sanitizer_get_current_allocated_bytes != nullptr) return __sanitizer_get_current_allocated_bytes();
  const struct mallinfo2 all = mallinfo2();
  return all.uordblks + all.hblkhd;
}

// A thread that lives while the test calls functions in it.
class OtherThread {
 public:
  ~OtherThread() {
    run({});
    thread_.join();
  }
  void run(std::function<void()> work) {
    work_ = std::move(work);
    turn_.arrive_and_wait();
    turn_.arrive_and_wait();
  }

 private:
  std::barrier<> turn_{2};
  std::function<void()> work_;
  std::thread thread_{[this] {
    for (bool last = false; !last;) {
      turn_.arrive_and_wait();
      last = !work_;
      if (!last) work_();
      turn_.arrive_and_wait();
    }
  }};
};

// Too many for it to keep, they are there for the thread that allocates.
TEST_P(EachHeap, WhatAnotherThreadFreesComesBack) {
  if (!thread::BlockCache::enabled()) GTEST_SKIP() << "blocks are not kept";
  OtherThread other;
  for (const SIZE_T size : {0, 40, 300, 1000}) {
    std::set<void*> first;
    std::vector<void*> second;
    for (int i = 0; i < 500; ++i) first.insert(allocate(size));
    other.run([&] {
      for (void* block : first) EXPECT_TRUE(release(block));
    });
    for (void* block : first) EXPECT_FALSE(is_valid(block));
    for (int i = 0; i < 500; ++i) {
      second.push_back(allocate(size, HEAP_ZERO_MEMORY));
      EXPECT_EQ(size_of(second.back()), size);
      auto* const bytes = static_cast<unsigned char*>(second.back());
      EXPECT_TRUE(std::all_of(bytes, bytes + size, [](unsigned char byte) { return byte == 0; }));
      std::memset(bytes, 0xAB, size);
    }
    const auto again = std::count_if(second.begin(), second.end(), [&](void* block) { return first.contains(block); });
    EXPECT_GE(again, size < 1000 ? 64 : 32) << size;
    EXPECT_EQ(std::set<void*>(second.begin(), second.end()).size(), second.size()) << "a block twice";
    for (void* block : second) EXPECT_TRUE(release(block));
  }
}

TEST_P(EachHeap, WhatIsKeptForOtherThreadsHasAnEnd) {
  OtherThread other;
  const auto hand_over = [&](SIZE_T size, int count) {
    std::vector<void*> blocks;
    for (int i = 0; i < count; ++i) blocks.push_back(allocate(size));
    other.run([&] {
      for (void* block : blocks) EXPECT_TRUE(release(block));
    });
  };
  for (const SIZE_T size : {30, 500, 1000}) hand_over(size, 10);
  const std::size_t before = used_bytes();
  for (const SIZE_T size : {30, 500, 1000}) hand_over(size, 20'000);
  EXPECT_LT(used_bytes(), before + 3 * 50'000);
}

TEST_P(EachHeap, CompactingGivesBackWhatIsKept) {
  if (!thread::BlockCache::enabled()) GTEST_SKIP() << "blocks are not kept";
  const auto compact = k32<SIZE_T, HANDLE, DWORD>("HeapCompact");
  keep_blocks();  // what the first use of a heap makes stays
  EXPECT_NE(compact(heap, 0), 0U);
  const std::size_t before = used_bytes();
  keep_blocks();
  EXPECT_GT(used_bytes(), before + 50'000);
  EXPECT_NE(compact(heap, 0), 0U);
  EXPECT_LT(used_bytes(), before + 10'000);
}

TEST_P(EachHeap, BlocksWithAUserValueComeBackWithoutIt) {
  const auto value_of = function<BOOLEAN, HANDLE, ULONG, void*, void**, ULONG*>(ntdll_dll, "RtlGetUserInfoHeap");
  void* const block = allocate(40, HEAP_SETTABLE_USER_VALUE);
  EXPECT_TRUE(
      (function<BOOLEAN, HANDLE, ULONG, void*, void*>(ntdll_dll, "RtlSetUserValueHeap")(heap, 0, block, block)));
  EXPECT_TRUE(release(block));
  void* const plain = allocate(40);
  void* value = &value;
  ULONG flags = 1;
  EXPECT_TRUE(value_of(heap, 0, plain, &value, &flags));
  EXPECT_EQ(value, nullptr);
  EXPECT_EQ(flags, 0U);
  EXPECT_TRUE(release(plain));
}

TEST_P(EachHeap, WhatAThreadKeepsIsGivenBackAtItsEnd) {
  if (!thread::BlockCache::enabled()) GTEST_SKIP() << "blocks are not kept";
  std::thread([this] { keep_blocks(); }).join();
  const std::size_t before = used_bytes();
  for (int i = 0; i < 100; ++i) std::thread([this] { keep_blocks(); }).join();
  EXPECT_LT(used_bytes(), before + (1 << 20));
}

TEST_P(EachHeap, WhatAKilledThreadKeptIsGivenBackLater) {
  if (!thread::BlockCache::enabled()) GTEST_SKIP() << "blocks are not kept";
  static std::atomic<bool> kept;
  const auto body = [](void* functions) HM_WINAPI -> DWORD {
    static_cast<HeapFunctions*>(functions)->keep_blocks();
    kept = true;
    for (;;) k32<void, DWORD>("Sleep")(1000);
  };
  using Body = HM_WINAPI DWORD (*)(void*);
  const auto kill_one = [&] {
    kept = false;
    HANDLE const thread = k32<HANDLE, void*, SIZE_T, Body, void*, DWORD, DWORD*>("CreateThread")(
        nullptr, 0, static_cast<Body>(body), static_cast<HeapFunctions*>(this), 0, nullptr);
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

// --- private heaps, whose threads keep blocks ---

TEST(PrivateHeap, AWalkFindsTheLiveBlocksAlone) {
  const HeapFunctions heap = new_heap();
  std::map<void*, SIZE_T> live;
  std::vector<void*> freed;
  for (SIZE_T size = 0; size < 3000; size += 7) {
    live.emplace(heap.allocate(size), size);
    freed.push_back(heap.allocate(size));
  }
  for (void* block : freed) EXPECT_TRUE(heap.release(block));
  EXPECT_EQ(heap.walk(), live);
  EXPECT_TRUE(heap.is_valid());
  for (SIZE_T size = 0; size < 1500; size += 5) live.emplace(heap.allocate(size), size);  // some come back
  EXPECT_EQ(heap.walk(), live);
  for (const auto& [block, size] : live) EXPECT_EQ(heap.size_of(block), size);
  for (const auto& [block, size] : live) EXPECT_TRUE(heap.release(block));
  EXPECT_TRUE(heap.walk().empty());
  EXPECT_TRUE(heap.is_valid());
  EXPECT_TRUE(heap.destroy());
}

TEST(PrivateHeap, TheSummaryCountsLiveBlocksAlone) {
  const HeapFunctions heap = new_heap();
  EXPECT_EQ(heap.allocated_bytes(), 0U);
  void* const block = heap.allocate(1000);
  const SIZE_T one = heap.allocated_bytes();
  EXPECT_GE(one, 1000U);
  EXPECT_LT(one, 1100U);
  heap.keep_blocks();
  EXPECT_EQ(heap.allocated_bytes(), one);
  EXPECT_TRUE(heap.release(block));
  EXPECT_EQ(heap.allocated_bytes(), 0U);
  EXPECT_TRUE(heap.destroy());
}

TEST(PrivateHeap, ABrokenHeaderIsFoundAlsoOfABlockThatIsKept) {
  const HeapFunctions heap = new_heap();
  auto* const block = reinterpret_cast<std::uint64_t*>(heap.allocate(40));
  if (thread::BlockCache::enabled()) {
    EXPECT_TRUE(heap.release(block));
  }
  const std::uint64_t tag = std::exchange(block[-1], 0x1234);
  EXPECT_FALSE(heap.is_valid());
  block[-1] = tag;
  EXPECT_TRUE(heap.is_valid());
  EXPECT_TRUE(heap.destroy());
}

// Under AddressSanitizer a block used after the heap's end would be reported; elsewhere two owners would meet.
TEST(PrivateHeap, WhatAThreadKeptOfAHeapDoesNotComeBackFromTheNextOne) {
  const HeapFunctions process = {process_heap()};
  for (int round = 0; round < 200; ++round) {
    const HeapFunctions first = new_heap();
    for (const SIZE_T size : {24, 100, 1000, 5000}) EXPECT_TRUE(first.release(first.allocate(size)));
    EXPECT_TRUE(first.destroy());
    std::map<unsigned char*, SIZE_T> others;  // may well be where the heap's blocks were
    for (const SIZE_T size : {24, 100, 1000, 5000})
      for (int i = 0; i < 10; ++i) {
        unsigned char* const block = process.allocate(size);
        std::memset(block, 0xAB, size);
        others.emplace(block, size);
      }
    const HeapFunctions second = new_heap();  // often at the same address
    for (const SIZE_T size : {24, 100, 1000, 5000}) std::memset(second.allocate(size), 0xCD, size);
    EXPECT_EQ(second.walk().size(), 4U);
    for (const auto& [block, size] : others) {
      ASSERT_TRUE(std::all_of(block, block + size, [](unsigned char byte) { return byte == 0xAB; })) << size;
      EXPECT_TRUE(process.release(block));
    }
    EXPECT_TRUE(second.destroy());
  }
}

TEST(PrivateHeap, OtherThreadsMayKeepBlocksOfAHeapThatIsNoMore) {
  for (int round = 0; round < 20; ++round) {
    HeapFunctions heap = new_heap();
    std::barrier turn(2);
    std::thread other([&] {
      heap.keep_blocks();
      turn.arrive_and_wait();
      turn.arrive_and_wait();  // there is a new one
      if (round % 2 == 0) {
        heap.keep_blocks();
        EXPECT_EQ(heap.walk().size(), 0U);
      }
    });
    turn.arrive_and_wait();
    EXPECT_TRUE(heap.destroy());
    heap = new_heap();
    turn.arrive_and_wait();
    other.join();
    EXPECT_TRUE(heap.is_valid());
    EXPECT_TRUE(heap.destroy());
  }
}

TEST(PrivateHeap, BlocksOfAnotherHeapAreRefused) {
  const HeapFunctions one = new_heap(), other = new_heap();
  void* const block = one.allocate(32);
  EXPECT_TRUE(other.release(other.allocate(32)));  // the thread keeps blocks of both
  EXPECT_TRUE(one.release(one.allocate(32)));
  EXPECT_FALSE(other.release(block));
  EXPECT_EQ(thread::last_error(), ERROR_INVALID_PARAMETER);
  EXPECT_FALSE(HeapFunctions{process_heap()}.release(block));
  EXPECT_EQ(other.size_of(block), ~SIZE_T{0});
  EXPECT_EQ(one.size_of(block), 32U);
  EXPECT_TRUE(one.release(block));
  EXPECT_TRUE(one.destroy());
  EXPECT_TRUE(other.destroy());
}

TEST(PrivateHeap, ThereMayBeMoreThanThreadsHavePlacesFor) {
  std::vector<HeapFunctions> heaps;
  for (std::size_t i = 0; i < 3 * thread::ThreadBlocks::kPlaces; ++i) heaps.push_back(new_heap());
  for (int round = 0; round < 3; ++round)
    for (const HeapFunctions& heap : heaps) {
      heap.keep_blocks();
      void* const block = heap.allocate(100);
      EXPECT_EQ(heap.walk().size(), 1U);
      EXPECT_TRUE(heap.release(block));
    }
  for (std::size_t i = 0; i < heaps.size(); i += 2) {
    EXPECT_TRUE(heaps[i].destroy());
    heaps[i] = new_heap();
  }
  for (const HeapFunctions& heap : heaps) {
    heap.keep_blocks();
    EXPECT_TRUE(heap.walk().empty());
    EXPECT_TRUE(heap.destroy());
  }
}

TEST(PrivateHeap, WhatIsFreedInAHeapOfFixedSizeIsThereAgain) {
  const HeapFunctions heap = new_heap(0, 0x10000);
  std::vector<void*> blocks;
  while (void* const block = heap.allocate(1000)) blocks.push_back(block);
  EXPECT_GT(blocks.size(), 50U);
  for (void* block : blocks) EXPECT_TRUE(heap.release(block));
  EXPECT_EQ(heap.allocated_bytes(), 0U);
  std::thread([&] {
    const auto* const large = heap.allocate(0xF000);
    EXPECT_NE(large, nullptr);
    EXPECT_EQ(heap.allocate(0x1000), nullptr);
  }).join();
  EXPECT_TRUE(heap.destroy());
}

TEST(PrivateHeap, AWalkPassesOverWhatIsKeptForOtherThreads) {
  const HeapFunctions heap = new_heap();
  void* const live = heap.allocate(40);
  std::vector<void*> freed;
  for (int i = 0; i < 300; ++i) freed.push_back(heap.allocate(40));
  for (void* block : freed) EXPECT_TRUE(heap.release(block));
  EXPECT_EQ(heap.walk(), (std::map<void*, SIZE_T>{{live, 40}}));
  EXPECT_LT(heap.allocated_bytes(), 200U);
  EXPECT_TRUE(heap.is_valid());
  EXPECT_TRUE(heap.destroy());
}

TEST(PrivateHeap, DestroyingItFreesWhatThreadsKeep) {
  if (!thread::BlockCache::enabled()) GTEST_SKIP() << "blocks are not kept";
  const auto use_one = [] {
    const HeapFunctions heap = new_heap();
    std::thread([&] { heap.keep_blocks(); }).join();
    heap.keep_blocks();
    EXPECT_NE(heap.allocate(10'000), nullptr);
    EXPECT_TRUE(heap.destroy());
  };
  use_one();
  const std::size_t before = used_bytes();
  for (int i = 0; i < 50; ++i) use_one();
  EXPECT_LT(used_bytes(), before + (1 << 20));
}

// --- its lock ---

// A thread that allocates and frees all the time, counting.
class BusyThread {
 public:
  explicit BusyThread(const HeapFunctions& heap)
      : thread_([this, heap] {
          const auto allocate = k32<void*, HANDLE, DWORD, SIZE_T>("HeapAlloc");
          const auto release = k32<BOOL, HANDLE, DWORD, void*>("HeapFree");
          for (SIZE_T i = 0; !stop_; ++i) {
            void* const block = allocate(heap.heap, 0, i % 100 == 0 ? 3000 : 40);
            ++turns_;
            release(heap.heap, 0, block);
            ++turns_;
          }
        }) {
    wait_for_more();
  }
  ~BusyThread() {
    stop_ = true;
    thread_.join();
  }
  long turns() const { return turns_; }
  void wait_for_more() const {
    for (const long now = turns_; turns_ < now + 100;) std::this_thread::yield();
  }

 private:
  std::atomic<long> turns_{0};
  std::atomic<bool> stop_{false};
  std::thread thread_;
};

TEST(PrivateHeap, ALockHoldsUpThreadsThatKeepBlocks) {
  const HeapFunctions heap = new_heap();
  {
    const BusyThread other(heap);
    for (int round = 0; round < 20; ++round) {
      ASSERT_TRUE(heap.lock());
      const long before = other.turns();
      const auto blocks = heap.walk();
      EXPECT_LE(blocks.size(), 1U);
      EXPECT_TRUE(heap.lock());
      EXPECT_TRUE(heap.release(heap.allocate(40)));  // not its holder
      EXPECT_TRUE(heap.unlock());
      std::this_thread::sleep_for(std::chrono::milliseconds(2));
      EXPECT_LE(other.turns(), before + 1);  // one may not have been counted yet
      EXPECT_EQ(heap.walk(), blocks);
      ASSERT_TRUE(heap.unlock());
      other.wait_for_more();
    }
    EXPECT_FALSE(heap.unlock());
  }
  EXPECT_TRUE(heap.walk().empty());
  EXPECT_TRUE(heap.destroy());
}

TEST(PrivateHeap, CallsWithoutSerializationPassItsLock) {
  const HeapFunctions heap = new_heap();
  EXPECT_TRUE(heap.release(heap.allocate(40)));
  EXPECT_TRUE(heap.lock());
  std::thread([&] { EXPECT_NE(heap.allocate(40, HEAP_NO_SERIALIZE), nullptr); }).join();
  EXPECT_EQ(heap.walk().size(), 1U);
  EXPECT_TRUE(heap.unlock());
  EXPECT_TRUE(heap.destroy());
}

TEST(PrivateHeap, AnUnserializedOneHasNoLock) {
  const HeapFunctions heap = new_heap(HEAP_NO_SERIALIZE);
  EXPECT_FALSE(heap.lock());
  EXPECT_FALSE(heap.unlock());
  EXPECT_TRUE(heap.destroy());
}

// A walk without the lock sees each step's heap whole.
TEST(PrivateHeap, ThreadsShareItWhileOthersLookAtIt) {
  const HeapFunctions heap = new_heap();
  void* const stays = heap.allocate(77);
  {
    const BusyThread first(heap), second(heap);
    for (int round = 0; round < 50; ++round) {
      EXPECT_TRUE(heap.is_valid());
      const SIZE_T bytes = heap.allocated_bytes();
      EXPECT_GE(bytes, 77U);
      EXPECT_LT(bytes, 10'000U);
      EXPECT_TRUE(heap.lock());
      EXPECT_TRUE(heap.walk().contains(stays));
      EXPECT_TRUE(heap.unlock());
      PROCESS_HEAP_ENTRY entry = {};
      EXPECT_TRUE((k32<BOOL, HANDLE, PROCESS_HEAP_ENTRY*>("HeapWalk")(heap.heap, &entry)));
    }
  }
  EXPECT_EQ(heap.walk().size(), 1U);
  EXPECT_TRUE(heap.destroy());
}

TEST(PrivateHeap, BlocksGoRoundAmongThreads) {
  const HeapFunctions heap = new_heap();
  constexpr std::size_t kThreads = 4;
  std::array<std::atomic<unsigned char*>, 64> places = {};
  const auto work = [&](unsigned random) {
    for (int turn = 0; turn < 20'000; ++turn) {
      random = random * 1664525 + 1013904223;
      const SIZE_T size = (random >> 9) % 1500 + 1;
      unsigned char* block = heap.allocate(size);
      if (turn % 5 == 0) block = static_cast<unsigned char*>(heap.reallocate(block, size));
      std::memset(block, static_cast<unsigned char>(size), size);
      block = places[(random >> 20) % places.size()].exchange(block);
      if (block == nullptr) continue;
      const SIZE_T found = heap.size_of(block);
      ASSERT_TRUE(std::all_of(block, block + found,
                              [found](unsigned char byte) { return byte == static_cast<unsigned char>(found); }));
      ASSERT_TRUE(heap.release(block));
    }
  };
  std::vector<std::thread> threads;
  for (unsigned i = 0; i < kThreads; ++i) threads.emplace_back(work, i);
  for (int i = 0; i < 20; ++i) EXPECT_TRUE(heap.is_valid());
  for (std::thread& thread : threads) thread.join();
  std::set<void*> left;
  for (const auto& place : places)
    if (place != nullptr) left.insert(place);
  EXPECT_EQ(heap.walk().size(), left.size());
  for (void* block : left) EXPECT_TRUE(heap.release(block));
  EXPECT_EQ(heap.allocated_bytes(), 0U);
  EXPECT_TRUE(heap.destroy());
}

// It is killed anywhere: what it did last is done or not, and the heap is whole and free for others.
TEST(PrivateHeap, AKilledThreadLeavesItWhole) {
  static std::atomic<int> turns;
  const auto body = [](void* heap) HM_WINAPI -> DWORD {
    const auto allocate = k32<void*, HANDLE, DWORD, SIZE_T>("HeapAlloc");  // which takes a lock that would stay
    const auto release = k32<BOOL, HANDLE, DWORD, void*>("HeapFree");
    for (SIZE_T i = 0;; ++i) {
      release(heap, 0, allocate(heap, 0, i % 10 == 0 ? 3000 : 40));
      ++turns;
    }
  };
  using Body = HM_WINAPI DWORD (*)(void*);
  const HeapFunctions heap = new_heap();
  for (int round = 0; round < 30; ++round) {
    turns = 0;
    HANDLE const thread = k32<HANDLE, void*, SIZE_T, Body, void*, DWORD, DWORD*>("CreateThread")(
        nullptr, 0, static_cast<Body>(body), heap.heap, 0, nullptr);
    while (turns < 50 + round) std::this_thread::yield();
    EXPECT_TRUE((k32<BOOL, HANDLE, DWORD>("TerminateThread")(thread, 1)));
    EXPECT_EQ((k32<DWORD, HANDLE, DWORD>("WaitForSingleObject")(thread, 10'000)), 0U);
    EXPECT_TRUE((k32<BOOL, HANDLE>("CloseHandle")(thread)));
    EXPECT_TRUE(heap.is_valid());
    EXPECT_LE(heap.walk().size(), 1U + static_cast<std::size_t>(round));
    EXPECT_TRUE(heap.lock());
    EXPECT_TRUE(heap.release(heap.allocate(40)));
    EXPECT_TRUE(heap.unlock());
  }
  EXPECT_TRUE(heap.destroy());
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

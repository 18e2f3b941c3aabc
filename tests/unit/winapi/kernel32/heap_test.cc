#include "unit/winapi/process.h"
#include "win/heapapi.h"

#include <cstring>

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

#include "nt/virtual_memory.h"

#include "nt/host_memory.h"
#include "nt/section.h"

#include <gtest/gtest.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cstring>

namespace hmodule::nt {
namespace {

std::uintptr_t address_of(const void* pointer) {
  return reinterpret_cast<std::uintptr_t>(pointer);
}

class VirtualMemoryTest : public testing::Test {
 protected:
  std::uintptr_t allocate(SIZE_T size, ULONG type, ULONG protect = PAGE_READWRITE) {
    return memory_.allocate({.size = size, .type = type, .protect = protect}).value().start;
  }
  NTSTATUS status_of_allocation(std::uintptr_t address, SIZE_T size, ULONG type, ULONG protect = PAGE_READWRITE) {
    auto result = memory_.allocate({.address = address, .size = size, .type = type, .protect = protect});
    if (!result) return result.error().status;
    return STATUS_SUCCESS;
  }
  NTSTATUS status_of_free(std::uintptr_t address, SIZE_T size, ULONG type) {
    auto result = memory_.free(address, size, type);
    return result ? STATUS_SUCCESS : result.error().status;
  }
  NTSTATUS status_of_protect(std::uintptr_t address, SIZE_T size, ULONG protect) {
    auto result = memory_.protect(address, size, protect);
    return result ? STATUS_SUCCESS : result.error().status;
  }

  VirtualMemory& memory_ = virtual_memory();
};

TEST_F(VirtualMemoryTest, ReservesAtMultiplesOf64K) {
  for (int i = 0; i < 4; ++i) {
    const auto base = allocate(1, MEM_RESERVE);
    EXPECT_EQ(base % kAllocationGranularity, 0U);
    const auto info = memory_.query(base).value();
    EXPECT_EQ(info.State, MEM_RESERVE);
    EXPECT_EQ(info.Protect, 0U);
    EXPECT_EQ(info.AllocationProtect, PAGE_READWRITE);
    EXPECT_EQ(info.RegionSize, kPageSize);
    EXPECT_EQ(info.Type, MEM_PRIVATE);
    EXPECT_EQ(status_of_free(base, 0, MEM_RELEASE), STATUS_SUCCESS);
  }
}

TEST_F(VirtualMemoryTest, CommitsPageByPage) {
  const auto base = allocate(0x10000, MEM_RESERVE, PAGE_NOACCESS);
  EXPECT_FALSE(is_readable(reinterpret_cast<void*>(base), 1));
  // The range is rounded to pages: two bytes across a border are two pages.
  EXPECT_EQ(status_of_allocation(base + 0x1FFF, 2, MEM_COMMIT), STATUS_SUCCESS);
  std::memset(reinterpret_cast<void*>(base + 0x1000), 1, 0x2000);
  const auto before = memory_.query(base).value(), in = memory_.query(base + 0x2800).value();
  EXPECT_EQ(before.State, MEM_RESERVE);
  EXPECT_EQ(before.RegionSize, 0x1000U);
  EXPECT_EQ(in.State, MEM_COMMIT);
  EXPECT_EQ(address_of(in.BaseAddress), base + 0x2000);
  EXPECT_EQ(address_of(in.AllocationBase), base);
  EXPECT_EQ(in.RegionSize, 0x1000U);
  EXPECT_EQ(in.Protect, PAGE_READWRITE);
  EXPECT_EQ(in.AllocationProtect, PAGE_NOACCESS);
  status_of_free(base, 0, MEM_RELEASE);
}

TEST_F(VirtualMemoryTest, DecommittedPagesComeBackAsZeros) {
  const auto base = allocate(0x3000, MEM_RESERVE | MEM_COMMIT);
  auto* byte = reinterpret_cast<char*>(base + 0x1000);
  *byte = 1;
  EXPECT_EQ(status_of_free(base + 0x1000, 1, MEM_DECOMMIT), STATUS_SUCCESS);
  EXPECT_FALSE(is_readable(byte, 1));
  EXPECT_EQ(memory_.query(base).value().RegionSize, 0x1000U);
  EXPECT_EQ(status_of_protect(base, 0x3000, PAGE_READONLY), STATUS_NOT_COMMITTED);
  EXPECT_EQ(status_of_allocation(base + 0x1000, 1, MEM_COMMIT), STATUS_SUCCESS);
  EXPECT_EQ(*byte, 0);
  EXPECT_EQ(status_of_free(base, 0, MEM_DECOMMIT), STATUS_SUCCESS);
  EXPECT_EQ(memory_.query(base).value().State, MEM_RESERVE);
  EXPECT_EQ(status_of_free(base, 0, MEM_RELEASE), STATUS_SUCCESS);
  EXPECT_EQ(memory_.query(base).value().State, MEM_FREE);
}

TEST_F(VirtualMemoryTest, RefusesWhatWindowsRefuses) {
  const auto base = allocate(0x20000, MEM_RESERVE);
  EXPECT_EQ(status_of_allocation(base, 0x1000, MEM_RESERVE), STATUS_CONFLICTING_ADDRESSES);
  EXPECT_EQ(status_of_allocation(base + 0x10000, 0x20000, MEM_COMMIT), STATUS_CONFLICTING_ADDRESSES);
  EXPECT_EQ(status_of_allocation(0, 0, MEM_RESERVE), STATUS_INVALID_PARAMETER);
  EXPECT_EQ(status_of_allocation(0, ~SIZE_T{0}, MEM_RESERVE), STATUS_INVALID_PARAMETER);
  EXPECT_EQ(status_of_allocation(~std::uintptr_t{0} - 5, 100, MEM_RESERVE), STATUS_INVALID_PARAMETER);
  EXPECT_EQ(status_of_allocation(5, 100, MEM_RESERVE), STATUS_INVALID_PARAMETER);
  EXPECT_EQ(status_of_allocation(0, 100, 0), STATUS_INVALID_PARAMETER);
  EXPECT_EQ(status_of_allocation(0, 100, MEM_TOP_DOWN), STATUS_INVALID_PARAMETER);
  EXPECT_EQ(status_of_allocation(0, 100, MEM_RESERVE, 0), STATUS_INVALID_PAGE_PROTECTION);
  EXPECT_EQ(status_of_allocation(0, 100, MEM_RESERVE, PAGE_READONLY | PAGE_READWRITE), STATUS_INVALID_PAGE_PROTECTION);
  EXPECT_EQ(status_of_allocation(0, 100, MEM_RESERVE, PAGE_WRITECOPY), STATUS_INVALID_PAGE_PROTECTION);
  EXPECT_EQ(status_of_allocation(0, kLargePageSize, MEM_RESERVE | MEM_COMMIT | MEM_LARGE_PAGES),
            STATUS_PRIVILEGE_NOT_HELD);
  EXPECT_EQ(status_of_free(base + 0x1000, 0, MEM_RELEASE), STATUS_FREE_VM_NOT_AT_BASE);
  EXPECT_EQ(status_of_free(base, 0x30000, MEM_DECOMMIT), STATUS_UNABLE_TO_FREE_VM);
  EXPECT_EQ(status_of_free(base, 0, MEM_RELEASE | MEM_DECOMMIT), STATUS_INVALID_PARAMETER);
  EXPECT_EQ(status_of_free(base, 0, MEM_RELEASE), STATUS_SUCCESS);
  EXPECT_EQ(status_of_free(base, 0, MEM_RELEASE), STATUS_MEMORY_NOT_ALLOCATED);
  EXPECT_EQ(status_of_allocation(base, 0x1000, MEM_COMMIT), STATUS_CONFLICTING_ADDRESSES);
}

TEST_F(VirtualMemoryTest, AnAddressAskedForIsTakenWhenFree) {
  const auto base = allocate(0x40000, MEM_RESERVE);
  status_of_free(base, 0, MEM_RELEASE);
  const auto range =
      memory_.allocate({.address = base + 0x11234, .size = 0x100, .type = MEM_RESERVE, .protect = PAGE_READWRITE});
  ASSERT_TRUE(range);
  EXPECT_EQ(range->start, base + 0x10000);
  EXPECT_EQ(range->size, 0x2000U);  // rounded down to 64 KiB below, up to a page above
  status_of_free(range->start, 0, MEM_RELEASE);
}

TEST_F(VirtualMemoryTest, LimitsOnTheAddressAreKept) {
  const auto range = memory_.allocate(
      {.size = 0x100000, .type = MEM_RESERVE, .protect = PAGE_READWRITE, .highest = 0xFFFFFFFF, .alignment = 0x200000});
  ASSERT_TRUE(range);
  EXPECT_LT(range->start + range->size, std::uintptr_t{1} << 32);
  EXPECT_EQ(range->start % 0x200000, 0U);
  status_of_free(range->start, 0, MEM_RELEASE);
}

TEST_F(VirtualMemoryTest, ProtectReturnsTheOldProtectionOfTheFirstPage) {
  const auto base = allocate(0x3000, MEM_RESERVE | MEM_COMMIT, PAGE_READONLY);
  EXPECT_EQ(memory_.protect(base + 0x1000, 1, PAGE_EXECUTE_READWRITE).value().old_protect, PAGE_READONLY);
  EXPECT_EQ(memory_.protect(base + 0x1FFF, 2, PAGE_READWRITE).value().old_protect, PAGE_EXECUTE_READWRITE);
  EXPECT_EQ(memory_.query(base + 0x1000).value().RegionSize, 0x2000U);
  EXPECT_EQ(status_of_protect(base, 0x1000, PAGE_READONLY | PAGE_EXECUTE), STATUS_INVALID_PAGE_PROTECTION);
  EXPECT_EQ(status_of_protect(base, 0x1000, PAGE_GUARD | PAGE_NOACCESS), STATUS_INVALID_PAGE_PROTECTION);
  EXPECT_EQ(status_of_protect(base, 0x1000, PAGE_WRITECOPY), STATUS_INVALID_PAGE_PROTECTION);
  EXPECT_EQ(status_of_protect(base, 0, PAGE_READONLY), STATUS_INVALID_PARAMETER);
  EXPECT_EQ(status_of_protect(base, 0x4000, PAGE_READONLY), STATUS_CONFLICTING_ADDRESSES);
  status_of_free(base, 0, MEM_RELEASE);
}

TEST_F(VirtualMemoryTest, AGuardPageIsTakenOnce) {
  const auto base = allocate(0x2000, MEM_RESERVE | MEM_COMMIT);
  EXPECT_EQ(status_of_protect(base, 0x1000, PAGE_READWRITE | PAGE_GUARD), STATUS_SUCCESS);
  EXPECT_FALSE(is_readable(reinterpret_cast<void*>(base), 1));
  EXPECT_FALSE(memory_.take_guard_page(base + 0x1000));
  EXPECT_TRUE(memory_.take_guard_page(base + 0x10));
  EXPECT_FALSE(memory_.take_guard_page(base + 0x10));
  EXPECT_EQ(memory_.query(base).value().Protect, PAGE_READWRITE);
  EXPECT_TRUE(is_readable(reinterpret_cast<void*>(base), 0x2000));
  status_of_free(base, 0, MEM_RELEASE);
}

TEST_F(VirtualMemoryTest, ReleasingTheMiddleLeavesTwoAllocations) {
  const auto base = allocate(0x30000, MEM_RESERVE | MEM_COMMIT);
  EXPECT_EQ(status_of_free(base + 0x10000, 0x10000, MEM_RELEASE), STATUS_SUCCESS);
  EXPECT_EQ(memory_.query(base).value().RegionSize, 0x10000U);
  EXPECT_EQ(memory_.query(base + 0x10000).value().State, MEM_FREE);
  EXPECT_EQ(address_of(memory_.query(base + 0x20000).value().AllocationBase), base + 0x20000);
  EXPECT_EQ(status_of_free(base, 0, MEM_RELEASE), STATUS_SUCCESS);
  EXPECT_EQ(status_of_free(base + 0x20000, 0, MEM_RELEASE), STATUS_SUCCESS);
}

// MAP-07
TEST_F(VirtualMemoryTest, ImagesAreTrueToTheirPages) {
  const SIZE_T size = 0x4000;
  auto* image = static_cast<std::byte*>(mmap(nullptr, size, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
  mprotect(image + 0x1000, 0x1000, PROT_READ | PROT_EXEC);
  memory_.note_image(image, size,
                     std::vector<map::PageRun>{{0, 0x1000, PROT_READ}, {0x1000, 0x2000, PROT_READ | PROT_EXEC}});
  const auto base = address_of(image);
  const auto header = memory_.query(base).value(), code = memory_.query(base + 0x1010).value();
  EXPECT_EQ(header.Type, MEM_IMAGE);
  EXPECT_EQ(header.State, MEM_COMMIT);
  EXPECT_EQ(header.Protect, PAGE_READONLY);
  EXPECT_EQ(header.AllocationProtect, PAGE_EXECUTE_WRITECOPY);
  EXPECT_EQ(header.RegionSize, 0x1000U);
  EXPECT_EQ(code.Protect, PAGE_EXECUTE_READ);
  EXPECT_EQ(code.AllocationBase, image);
  EXPECT_EQ(memory_.protect(base, 8, PAGE_READWRITE).value().old_protect, PAGE_READONLY);
  image[0] = std::byte{1};
  EXPECT_EQ(memory_.protect(base, 8, PAGE_READONLY).value().old_protect, PAGE_READWRITE);
  EXPECT_EQ(status_of_allocation(base, 0x1000, MEM_COMMIT), STATUS_ACCESS_DENIED);
  EXPECT_EQ(status_of_free(base, 0, MEM_RELEASE), STATUS_UNABLE_TO_DELETE_SECTION);
  EXPECT_EQ(memory_.query(base + 0x2000).value().Protect, PAGE_NOACCESS);  // a gap between sections
  const auto region = memory_.query_region(base + 0x2000).value();
  EXPECT_EQ(region.AllocationBase, image);
  EXPECT_EQ(region.RegionSize, size);
  memory_.forget(image);
  EXPECT_NE(memory_.query(base).value().Type, MEM_IMAGE);
  munmap(image, size);
}

TEST_F(VirtualMemoryTest, ViewsAreMappedMemory) {
  void* view = mmap(nullptr, 0x2000, PROT_READ, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  memory_.note_view(view, 0x2000, PAGE_READONLY, 0x2000);
  const auto info = memory_.query(address_of(view) + 0x1000).value();
  EXPECT_EQ(info.Type, MEM_MAPPED);
  EXPECT_EQ(info.AllocationBase, view);
  EXPECT_EQ(info.Protect, PAGE_READONLY);
  EXPECT_EQ(status_of_free(address_of(view), 0, MEM_RELEASE), STATUS_UNABLE_TO_DELETE_SECTION);
  EXPECT_EQ(status_of_allocation(address_of(view), 0x1000, MEM_COMMIT), STATUS_ALREADY_COMMITTED);
  memory_.forget(view);
  munmap(view, 0x2000);
}

class Placeholders : public VirtualMemoryTest {
 protected:
  static constexpr SIZE_T k64K = kAllocationGranularity;
  static constexpr ULONG kSplit = MEM_RELEASE | MEM_PRESERVE_PLACEHOLDER,
                         kJoin = MEM_RELEASE | MEM_COALESCE_PLACEHOLDERS;

  NTSTATUS status_of_extended(std::uintptr_t address, SIZE_T size, ULONG type, ULONG protect) {
    auto result =
        memory_.allocate({.address = address, .size = size, .type = type, .protect = protect, .extended = true});
    return result ? STATUS_SUCCESS : result.error().status;
  }
  std::uintptr_t placeholder(SIZE_T size) {
    return memory_
        .allocate(
            {.size = size, .type = MEM_RESERVE | MEM_RESERVE_PLACEHOLDER, .protect = PAGE_NOACCESS, .extended = true})
        .value()
        .start;
  }
  NTSTATUS replace(std::uintptr_t address, SIZE_T size) {
    return status_of_extended(address, size, MEM_RESERVE | MEM_COMMIT | MEM_REPLACE_PLACEHOLDER, PAGE_READWRITE);
  }
  std::uintptr_t base_of(std::uintptr_t address) { return address_of(memory_.query(address).value().AllocationBase); }
};

TEST_F(Placeholders, AreReservedAndCannotBeCommitted) {
  const auto base = placeholder(k64K);
  const auto info = memory_.query(base).value();
  EXPECT_EQ(info.State, MEM_RESERVE);
  EXPECT_EQ(info.AllocationProtect, PAGE_NOACCESS);
  EXPECT_EQ(info.Type, MEM_PRIVATE);
  EXPECT_EQ(status_of_allocation(base, 1, MEM_COMMIT), STATUS_CONFLICTING_ADDRESSES);
  EXPECT_EQ(status_of_free(base, 1, MEM_DECOMMIT), STATUS_CONFLICTING_ADDRESSES);
  EXPECT_EQ(status_of_free(base, 0, MEM_RELEASE), STATUS_SUCCESS);
  EXPECT_EQ(memory_.query(base).value().State, MEM_FREE);
}

TEST_F(Placeholders, AreMadeByFunctionsThatKnowThemAlone) {
  constexpr ULONG kReserve = MEM_RESERVE | MEM_RESERVE_PLACEHOLDER;
  EXPECT_EQ(status_of_allocation(0, k64K, kReserve, PAGE_NOACCESS), STATUS_INVALID_PARAMETER);
  EXPECT_EQ(status_of_extended(0, k64K, kReserve, PAGE_READWRITE), STATUS_INVALID_PARAMETER);
  EXPECT_EQ(status_of_extended(0, k64K, kReserve | MEM_COMMIT, PAGE_NOACCESS), STATUS_INVALID_PARAMETER);
  EXPECT_EQ(status_of_extended(0, k64K, MEM_RESERVE_PLACEHOLDER | MEM_COMMIT, PAGE_NOACCESS), STATUS_INVALID_PARAMETER);
}

TEST_F(Placeholders, AreSplitAndJoined) {
  const auto base = placeholder(4 * k64K);
  EXPECT_EQ(status_of_free(base, 4 * k64K, kSplit), STATUS_CONFLICTING_ADDRESSES) << "nothing would be left";
  EXPECT_EQ(status_of_free(base + k64K, k64K, kSplit), STATUS_SUCCESS);
  EXPECT_EQ(base_of(base + k64K - 1), base);
  EXPECT_EQ(base_of(base + k64K), base + k64K);
  EXPECT_EQ(base_of(base + 3 * k64K), base + 2 * k64K);
  EXPECT_EQ(status_of_free(base, k64K, kJoin), STATUS_CONFLICTING_ADDRESSES) << "one alone";
  EXPECT_EQ(status_of_free(base, 3 * k64K, kJoin), STATUS_CONFLICTING_ADDRESSES) << "part of the third";
  EXPECT_EQ(status_of_free(base, 4 * k64K, kJoin), STATUS_SUCCESS);
  EXPECT_EQ(base_of(base + 3 * k64K), base);
  EXPECT_EQ(status_of_free(base, 0, kJoin), STATUS_INVALID_PARAMETER);
  EXPECT_EQ(status_of_free(base, 0, MEM_RELEASE), STATUS_SUCCESS);
}

TEST_F(Placeholders, AreReplacedByMemoryOnlyAsAWhole) {
  const auto base = placeholder(2 * k64K);
  EXPECT_EQ(replace(base, k64K), STATUS_CONFLICTING_ADDRESSES);
  EXPECT_EQ(status_of_free(base, k64K, kSplit), STATUS_SUCCESS);
  EXPECT_EQ(replace(base, k64K), STATUS_SUCCESS);
  auto* const memory = reinterpret_cast<char*>(base);
  memory[0] = 'x';
  EXPECT_EQ(replace(base, k64K), STATUS_CONFLICTING_ADDRESSES) << "it is none now";
  EXPECT_EQ(status_of_free(base, 2 * k64K, kJoin), STATUS_CONFLICTING_ADDRESSES);
  EXPECT_EQ(status_of_free(base, k64K, kSplit), STATUS_SUCCESS) << "and is one again";
  EXPECT_FALSE(is_readable(memory, 1));
  EXPECT_EQ(replace(base, k64K), STATUS_SUCCESS);
  EXPECT_EQ(memory[0], 0);
  EXPECT_EQ(status_of_free(base, 0, MEM_RELEASE), STATUS_SUCCESS);
  EXPECT_EQ(status_of_free(base + k64K, 0, MEM_RELEASE), STATUS_SUCCESS);
  const auto ordinary = allocate(k64K, MEM_RESERVE);
  EXPECT_EQ(status_of_free(ordinary, k64K, kSplit), STATUS_CONFLICTING_ADDRESSES) << "it never was one";
  EXPECT_EQ(status_of_free(ordinary, 0, MEM_RELEASE), STATUS_SUCCESS);
}

TEST_F(Placeholders, AreReplacedByViewsSideBySide) {
  const auto section = Section::create({.size = 2 * k64K, .protect = PAGE_READWRITE}).value();
  const auto base = placeholder(4 * k64K);
  EXPECT_EQ(status_of_free(base, 2 * k64K, kSplit), STATUS_SUCCESS);
  for (const auto at : {base, base + 2 * k64K})  // a ring: what is written at its end goes on at its beginning
    ASSERT_TRUE(section->map({.base = at, .size = 2 * k64K, .protect = PAGE_READWRITE, .replace_placeholder = true}));
  std::memcpy(reinterpret_cast<char*>(base) + 2 * k64K - 2, "abcd", 4);
  EXPECT_EQ(std::memcmp(reinterpret_cast<char*>(base), "cd", 2), 0);
  EXPECT_EQ(memory_.query(base).value().Type, MEM_MAPPED);
  const auto taken =
      section->map({.base = base, .size = 2 * k64K, .protect = PAGE_READWRITE, .replace_placeholder = true});
  EXPECT_EQ(taken.error().status, STATUS_CONFLICTING_ADDRESSES);
  EXPECT_TRUE(unmap_view(reinterpret_cast<void*>(base), true));
  EXPECT_EQ(memory_.query(base).value().State, MEM_RESERVE);
  EXPECT_EQ(replace(base, 2 * k64K), STATUS_SUCCESS);
  EXPECT_TRUE(unmap_view(reinterpret_cast<void*>(base + 2 * k64K)));
  EXPECT_EQ(memory_.query(base + 2 * k64K).value().State, MEM_FREE);
  EXPECT_EQ(status_of_free(base, 0, MEM_RELEASE), STATUS_SUCCESS);
  const auto ordinary = section->map({.protect = PAGE_READONLY});
  EXPECT_EQ(unmap_view(ordinary->base, true).error().status, STATUS_CONFLICTING_ADDRESSES);
  EXPECT_TRUE(unmap_view(ordinary->base));
}

TEST_F(VirtualMemoryTest, HostMemoryIsCommittedMemory) {
  static int data = 1;
  const auto of_data = memory_.query(address_of(&data)).value();
  EXPECT_EQ(of_data.State, MEM_COMMIT);
  EXPECT_EQ(of_data.Protect, PAGE_READWRITE);
  int local = 0;
  const auto of_stack = memory_.query(address_of(&local)).value();
  EXPECT_EQ(of_stack.State, MEM_COMMIT);
  EXPECT_EQ(of_stack.Type, MEM_PRIVATE);
  const auto of_nothing = memory_.query(0).value();
  EXPECT_EQ(of_nothing.State, MEM_FREE);
  EXPECT_EQ(of_nothing.Protect, PAGE_NOACCESS);
  EXPECT_GE(of_nothing.RegionSize, 0x1000U);
  EXPECT_EQ(memory_.query(kHighestUserAddress + 1).error().status, STATUS_INVALID_PARAMETER);
  EXPECT_EQ(status_of_protect(0x1000, 1, PAGE_READONLY), STATUS_CONFLICTING_ADDRESSES);
}

TEST_F(VirtualMemoryTest, LocksAreRemembered) {
  const auto base = allocate(0x2000, MEM_RESERVE | MEM_COMMIT);
  EXPECT_EQ(memory_.unlock(base, 0x1000).error().status, STATUS_NOT_LOCKED);
  ASSERT_TRUE(memory_.lock(base, 0x1000));
  EXPECT_EQ(memory_.unlock(base, 0x2000).error().status, STATUS_NOT_LOCKED);
  EXPECT_TRUE(memory_.unlock(base, 0x1000));
  status_of_free(base, 0, MEM_RELEASE);
}

TEST_F(VirtualMemoryTest, CodeCanBeWrittenThroughTheApi) {
  const auto base = allocate(0x2000, MEM_RESERVE | MEM_COMMIT, PAGE_EXECUTE_READ);
  EXPECT_EQ(write_memory(reinterpret_cast<void*>(base + 0xFFF), "ab", 2).value(), 2U);
  EXPECT_EQ(std::memcmp(reinterpret_cast<void*>(base + 0xFFF), "ab", 2), 0);
  EXPECT_EQ(memory_.query(base).value().Protect, PAGE_EXECUTE_READ);
  EXPECT_EQ(status_of_protect(base, 0x2000, PAGE_READONLY), STATUS_SUCCESS);
  EXPECT_EQ(write_memory(reinterpret_cast<void*>(base), "a", 1).error().status, STATUS_ACCESS_VIOLATION);
  EXPECT_EQ(memory_.query(base).value().Protect, PAGE_READONLY);
  status_of_free(base, 0, MEM_RELEASE);
}

TEST_F(VirtualMemoryTest, SafeCopiesStopAtTheEdge) {
  const auto base = allocate(0x2000, MEM_RESERVE);
  status_of_allocation(base, 0x1000, MEM_COMMIT);
  char buffer[0x30] = {};
  EXPECT_EQ(copy_safely(buffer, reinterpret_cast<void*>(base + 0xFF0), sizeof buffer), 0x10U);
  EXPECT_FALSE(is_readable(reinterpret_cast<void*>(base + 0xFF0), 0x11));
  EXPECT_FALSE(is_readable(nullptr, 1));
  EXPECT_FALSE(is_readable(reinterpret_cast<void*>(~std::uintptr_t{0}), 2));
  EXPECT_TRUE(is_readable(nullptr, 0));
  EXPECT_FALSE(is_writable(reinterpret_cast<void*>(base), 0x1001));
  EXPECT_TRUE(is_writable(reinterpret_cast<void*>(base), 0x1000));
  status_of_free(base, 0, MEM_RELEASE);
}

}  // namespace
}  // namespace hmodule::nt

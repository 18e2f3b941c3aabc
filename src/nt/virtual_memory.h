// Virtual memory as Windows sees it: allocations that are reserved in units of 64 KiB and committed page by page.
//
// What we allocated, the section views and the images of DLLs are in a tree, with the protection of each committed page
// as Windows names it. Everything else, the memory of the Linux side of the process, is asked of the host when somebody
// wants to know.
//
// A placeholder is reserved for what will replace it, wholly and at once: private memory or a view, which may become a
// placeholder again. It can be split, and neighbours can be joined.
#pragma once

#include "base/result.h"
#include "map/image_mapping.h"
#include "nt/kernel_section.h"
#include "nt/range_map.h"
#include "win/memoryapi.h"

#include <atomic>
#include <functional>
#include <map>
#include <span>
#include <vector>

namespace hmodule::nt {

// PROT_* for a page protection; nullopt if it is not exactly one of the base values, with allowed modifiers.
std::optional<int> host_rights(ULONG protect);

struct AllocationRequest {
  std::uintptr_t address = 0;  // 0: anywhere
  SIZE_T size = 0;
  ULONG type = 0;                                                             // MEM_*
  ULONG protect = 0;                                                          // PAGE_*
  std::uintptr_t lowest = kLowestUserAddress, highest = kHighestUserAddress;  // where "anywhere" may be
  SIZE_T alignment = kAllocationGranularity;
  bool extended = false;  // by one of the functions that know of placeholders
};

// How many high bits of the address must be zero, or above 32 a mask of the bits it may have: INVALID_PARAMETER_3.
Status limit_address(ULONG_PTR zero_bits, AllocationRequest& request);
// VirtualAlloc2's parameters: address requirements; NUMA nodes are wishes.
Status apply(const MEM_EXTENDED_PARAMETER& parameter, AllocationRequest& request);

struct MemoryRange {
  std::uintptr_t start;
  SIZE_T size;
};

class VirtualMemory {
 public:
  // VirtualAlloc. The range is rounded as Windows rounds it.
  Result<MemoryRange> allocate(const AllocationRequest& request);
  // VirtualFree: MEM_DECOMMIT or MEM_RELEASE, the latter also with MEM_COALESCE_PLACEHOLDERS or
  // MEM_PRESERVE_PLACEHOLDER; size 0 is the whole allocation.
  Result<MemoryRange> free(std::uintptr_t address, SIZE_T size, ULONG type);

  struct Protected {
    MemoryRange range;
    ULONG old_protect;  // of the first page
  };
  // VirtualProtect, on any memory of the process.
  Result<Protected> protect(std::uintptr_t address, SIZE_T size, ULONG protect);

  Result<MEMORY_BASIC_INFORMATION> query(std::uintptr_t address);
  Result<MEMORY_REGION_INFORMATION> query_region(std::uintptr_t address);

  Result<MemoryRange> lock(std::uintptr_t address, SIZE_T size);
  Result<MemoryRange> unlock(std::uintptr_t address, SIZE_T size);

  // GetWriteWatch: the pages written since the allocation or the last reset, in a conservative sense: all committed.
  Result<std::vector<std::uintptr_t>> write_watch(std::uintptr_t address, SIZE_T size);

  // A section view somebody mapped (MEM_MAPPED). So many of its bytes are committed with `protect`; the others are
  // reserved, and may_grow tells that they are a file's that is not so large yet.
  void note_view(void* base, SIZE_T size, ULONG protect, SIZE_T committed, bool may_grow = false);
  // More of a view is committed, as its section has grown.
  void extend_view(void* base, SIZE_T committed);
  // An image the loader mapped (MEM_IMAGE), with the rights its pages have got; between them is no access.
  void note_image(const void* base, SIZE_T size, std::span<const map::PageRun> runs);
  // Of a view or an image that is about to be unmapped.
  void forget(const void* base);

  // `map` puts a view exactly where a placeholder is, and notes it. CONFLICTING_ADDRESSES, or what `map` says.
  Status replace_by_view(MemoryRange range, ULONG protect, SIZE_T committed, const std::function<Status()>& map);
  // The placeholder that the view at `base` has replaced is to be there again. CONFLICTING_ADDRESSES: there was none.
  Status replace_view(const void* base);

  // True, once, for an address in a page with PAGE_GUARD, which then becomes an ordinary one: the fault was
  // STATUS_GUARD_PAGE_VIOLATION. Not for signal handlers.
  bool take_guard_page(std::uintptr_t address);
  // Has there ever been one? For signal handlers.
  const std::atomic<bool>& guard_pages_exist() const { return guard_pages_exist_; }

 private:
  struct Allocation {
    std::uintptr_t end = 0;
    ULONG protect = 0;  // AllocationProtect
    ULONG type = 0;     // MEM_PRIVATE, MEM_MAPPED or MEM_IMAGE
    bool write_watch = false;
    RangeMap<ULONG> committed;
    bool may_grow = false;
    enum class Placeholder : std::uint8_t { never, is, was } placeholder = Placeholder::never;
  };
  using Allocations = std::map<std::uintptr_t, Allocation>;

  Allocations::iterator find(std::uintptr_t address);
  Result<MemoryRange> reserve(const AllocationRequest& request);
  Result<MemoryRange> commit(MemoryRange range, ULONG protect);
  Status reset(MemoryRange range);
  Result<MemoryRange> decommit(MemoryRange range);
  Result<MemoryRange> release(MemoryRange range);
  Result<Allocations::iterator> placeholder_at(MemoryRange range);
  Result<MemoryRange> replace(const AllocationRequest& request);
  Result<MemoryRange> split_placeholder(Allocations::iterator placeholder, MemoryRange range);
  Result<MemoryRange> join_placeholders(MemoryRange range);
  Status become_placeholder(Allocations::iterator allocation);
  Result<Protected> protect_own(Allocations::iterator allocation, MemoryRange range, ULONG protect);
  Result<Protected> protect_host(MemoryRange range, ULONG protect);
  MEMORY_BASIC_INFORMATION query_own(Allocations::iterator allocation, std::uintptr_t page) const;
  MEMORY_BASIC_INFORMATION query_host(std::uintptr_t page) const;

  KernelMutex mutex_;
  Allocations allocations_;
  std::atomic<bool> guard_pages_exist_{false};
  RangeMap<bool> locked_;
};

// That of this process.
VirtualMemory& virtual_memory();

// WriteProcessMemory on ourselves: code pages are made writable for the time of the write. The bytes written.
Result<SIZE_T> write_memory(void* to, const void* from, SIZE_T size);
// Is every page of the range committed and writable?
bool is_writable(const void* address, SIZE_T size);

}  // namespace hmodule::nt

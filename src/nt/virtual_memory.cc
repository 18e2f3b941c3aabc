#include "nt/virtual_memory.h"

#include "nt/section.h"

#include "base/mmap_at.h"
#include "base/scope_guard.h"
#include "nt/host_memory.h"
#include "thread/stack.h"
#include "thread/teb.h"

#include <sys/mman.h>

#include <algorithm>
#include <bit>
#include <cerrno>
#include <cstring>

namespace hmodule::nt {
namespace {

constexpr ULONG kCopyOnWrite = PAGE_WRITECOPY | PAGE_EXECUTE_WRITECOPY;
constexpr ULONG kModifiers = PAGE_GUARD | PAGE_NOCACHE | PAGE_WRITECOMBINE | PAGE_TARGETS_INVALID;
constexpr ULONG kWritableProtections =
    PAGE_READWRITE | PAGE_WRITECOPY | PAGE_EXECUTE_READWRITE | PAGE_EXECUTE_WRITECOPY;

constexpr std::uintptr_t round_down(std::uintptr_t value, std::size_t unit) {
  return value & ~(unit - 1);
}
constexpr std::uintptr_t round_up(std::uintptr_t value, std::size_t unit) {
  return round_down(value + unit - 1, unit);
}

void* pointer(std::uintptr_t address) {
  return reinterpret_cast<void*>(address);
}

// The pages that contain [address, address + size).
Result<MemoryRange> pages_of(std::uintptr_t address, SIZE_T size) {
  if (size == 0 || size > kHighestUserAddress || address > kHighestUserAddress - size + 1)
    return fail(STATUS_INVALID_PARAMETER, "{:#x} bytes at {:#x} are no range of a process", size, address);
  const std::uintptr_t start = round_down(address, kPageSize);
  return MemoryRange{start, round_up(address + size, kPageSize) - start};
}

Error not_allocated(std::uintptr_t address) {
  return fail(STATUS_MEMORY_NOT_ALLOCATED, "{:#x} is in no allocation", address);
}

constexpr int kReservation = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE;

// Without access, at this place; false if something is there.
bool reserve_at(std::uintptr_t address, SIZE_T size) {
  return mmap_at(pointer(address), size, PROT_NONE, kReservation) != MAP_FAILED;
}

// Where the kernel likes it; 0 when there is no room.
std::uintptr_t reserve_anywhere(SIZE_T size, SIZE_T alignment) {
  void* got = mmap(nullptr, size + alignment, PROT_NONE, kReservation, -1, 0);
  if (got == MAP_FAILED) return 0;
  const auto start = reinterpret_cast<std::uintptr_t>(got), base = round_up(start, alignment);
  if (base > start) munmap(got, base - start);
  if (const std::uintptr_t tail = start + alignment - base; tail > 0) munmap(pointer(base + size), tail);
  return base;
}

// The lowest gap between two addresses; 0 when there is none.
std::uintptr_t reserve_between(std::uintptr_t lowest, std::uintptr_t highest, SIZE_T size, SIZE_T alignment) {
  std::uintptr_t candidate = round_up(std::max<std::uintptr_t>(lowest, kLowestUserAddress), alignment);
  while (candidate <= highest && highest - candidate >= size - 1) {
    const auto taken = host_range_at_or_above(candidate);
    if (!taken || taken->start >= candidate + size) {
      if (reserve_at(candidate, size)) return candidate;
      candidate += alignment;  // another thread was faster, or the host keeps this place to itself
      continue;
    }
    candidate = round_up(taken->end, alignment);
  }
  return 0;
}

ULONG protection_of(int rights) {
  switch (rights) {
    case PROT_NONE:
      return PAGE_NOACCESS;
    case PROT_EXEC:
      return PAGE_EXECUTE;
    case PROT_READ:
      return PAGE_READONLY;
    case PROT_READ | PROT_EXEC:
      return PAGE_EXECUTE_READ;
    default:
      return (rights & PROT_EXEC) != 0 ? PAGE_EXECUTE_READWRITE : PAGE_READWRITE;
  }
}

bool is_own_stack(std::uintptr_t address) {
  const TEB* const teb = thread::try_teb();
  return teb != nullptr && pointer(address) >= teb->DeallocationStack && pointer(address) < teb->NtTib.StackBase;
}

// The calling thread's stack is one allocation, and its guarded part is committed.
MEMORY_BASIC_INFORMATION describe_own_stack(std::uintptr_t page) {
  const TEB& teb = thread::teb();
  const bool guarded = pointer(page) < teb.NtTib.StackLimit;
  const auto end = reinterpret_cast<std::uintptr_t>(guarded ? teb.NtTib.StackLimit : teb.NtTib.StackBase);
  return {.BaseAddress = pointer(page),
          .AllocationBase = teb.DeallocationStack,
          .AllocationProtect = PAGE_READWRITE,
          .PartitionId = 0,
          .RegionSize = end - page,
          .State = MEM_COMMIT,
          .Protect = PAGE_READWRITE | (guarded ? PAGE_GUARD : 0),
          .Type = MEM_PRIVATE};
}

}  // namespace

std::optional<int> host_rights(ULONG protect) {
  if ((protect & PAGE_GUARD) != 0 && (protect & PAGE_NOACCESS) != 0) return std::nullopt;
  switch (protect & ~kModifiers) {
    case PAGE_NOACCESS:
      return PROT_NONE;
    case PAGE_READONLY:
      return PROT_READ;
    case PAGE_READWRITE:
    case PAGE_WRITECOPY:
      return PROT_READ | PROT_WRITE;
    case PAGE_EXECUTE:
    case PAGE_EXECUTE_READ:
      return PROT_READ | PROT_EXEC;
    case PAGE_EXECUTE_READWRITE:
    case PAGE_EXECUTE_WRITECOPY:
      return PROT_READ | PROT_WRITE | PROT_EXEC;
    default:
      return std::nullopt;
  }
}

namespace {

// A guard page has no access until it is touched.
Result<int> rights_for(ULONG protect) {
  const auto rights = host_rights(protect);
  if (!rights) return fail(STATUS_INVALID_PAGE_PROTECTION, "{:#x} is no page protection", protect);
  return (protect & PAGE_GUARD) != 0 ? PROT_NONE : *rights;
}

// `refusal` is the status for pages that are not all there.
Status set_protection(MemoryRange range, ULONG protect, NTSTATUS refusal) {
  const int rights = TRY(rights_for(protect));
  if (mprotect(pointer(range.start), range.size, rights) == 0) return ok;
  if (errno == EACCES) return fail(STATUS_SECTION_PROTECTION, "the file behind {:#x} does not allow this", range.start);
  return fail(refusal, "mprotect of {:#x} bytes at {:#x}: {}", range.size, range.start, strerrordesc_np(errno));
}

}  // namespace

Status limit_address(ULONG_PTR zero_bits, AllocationRequest& request) {
  if (zero_bits == 0) return ok;
  if (zero_bits > 21 && zero_bits < 32) return fail(STATUS_INVALID_PARAMETER_3, "{} zero bits", zero_bits);
  request.highest = zero_bits < 32 ? 0xFFFFFFFFULL >> zero_bits
                                   : std::min<ULONG_PTR>(~0ULL >> __builtin_clzll(zero_bits), kHighestUserAddress);
  return ok;
}

Status apply(const MEM_EXTENDED_PARAMETER& parameter, AllocationRequest& request) {
  switch (parameter.Type & 0xFF) {
    case MemExtendedParameterNumaNode:  // a wish
      return ok;
    case MemExtendedParameterAddressRequirements: {
      const auto* wanted = static_cast<const MEM_ADDRESS_REQUIREMENTS*>(parameter.Pointer);
      if (wanted == nullptr) return fail(STATUS_INVALID_PARAMETER, "the address requirements are NULL");
      const auto low = reinterpret_cast<std::uintptr_t>(wanted->LowestStartingAddress),
                 high = reinterpret_cast<std::uintptr_t>(wanted->HighestEndingAddress);
      const bool aligned = wanted->Alignment == 0 || (wanted->Alignment >= kAllocationGranularity &&
                                                      (wanted->Alignment & (wanted->Alignment - 1)) == 0);
      if (request.address != 0 || !aligned || low % kAllocationGranularity != 0 ||
          (high != 0 && ((high + 1) % kPageSize != 0 || high > kHighestUserAddress || high < low)))
        return fail(STATUS_INVALID_PARAMETER, "address requirements {:#x} to {:#x}, alignment {:#x}", low, high,
                    wanted->Alignment);
      request.lowest = std::max<std::uintptr_t>(low, kLowestUserAddress);
      if (high != 0) request.highest = high;
      if (wanted->Alignment != 0) request.alignment = wanted->Alignment;
      return ok;
    }
    default:
      return fail(STATUS_INVALID_PARAMETER, "memory parameter of type {}", parameter.Type & 0xFF);
  }
}

VirtualMemory& virtual_memory() {
  static auto* const memory = new VirtualMemory;
  return *memory;
}

VirtualMemory::Allocations::iterator VirtualMemory::find(std::uintptr_t address) {
  auto after = allocations_.upper_bound(address);
  if (after == allocations_.begin()) return allocations_.end();
  const auto candidate = std::prev(after);
  return address < candidate->second.end ? candidate : allocations_.end();
}

Result<MemoryRange> VirtualMemory::allocate(const AllocationRequest& request) {
  constexpr ULONG placeholders = MEM_RESERVE_PLACEHOLDER | MEM_REPLACE_PLACEHOLDER;
  const ULONG known = MEM_COMMIT | MEM_RESERVE | MEM_RESET | MEM_TOP_DOWN | MEM_WRITE_WATCH | MEM_RESET_UNDO |
                      MEM_LARGE_PAGES | MEM_PHYSICAL | (request.extended ? placeholders : 0);
  constexpr ULONG actions = MEM_COMMIT | MEM_RESERVE | MEM_RESET | MEM_RESET_UNDO;
  const ULONG type = request.type;
  if ((type & ~known) != 0 || (type & actions) == 0 || (type & MEM_PHYSICAL) != 0)
    return fail(STATUS_INVALID_PARAMETER, "allocation type {:#x}", type);
  if ((type & MEM_WRITE_WATCH) != 0 && (type & MEM_RESERVE) == 0)
    return fail(STATUS_INVALID_PARAMETER, "MEM_WRITE_WATCH without MEM_RESERVE");
  if ((type & placeholders) == placeholders || ((type & placeholders) != 0 && (type & MEM_RESERVE) == 0) ||
      ((type & MEM_RESERVE_PLACEHOLDER) != 0 && ((type & MEM_COMMIT) != 0 || request.protect != PAGE_NOACCESS)))
    return fail(STATUS_INVALID_PARAMETER, "a placeholder of type {:#x} with protection {:#x}", type, request.protect);
  TRY(rights_for(request.protect));
  if ((request.protect & kCopyOnWrite) != 0)
    return fail(STATUS_INVALID_PAGE_PROTECTION, "private memory is not copied on write");
  if ((type & MEM_LARGE_PAGES) != 0)
    return fail(STATUS_PRIVILEGE_NOT_HELD, "large pages need SeLockMemoryPrivilege, which this process has not");
  if (request.size == 0 || request.size > kHighestUserAddress)
    return fail(STATUS_INVALID_PARAMETER, "an allocation of {:#x} bytes", request.size);

  if ((type & actions) == MEM_COMMIT && request.address != 0) TRY(grow_section(request.address, request.size));
  const std::lock_guard lock(mutex_);
  if ((type & (MEM_RESET | MEM_RESET_UNDO)) != 0) {
    if ((type & actions) != MEM_RESET && (type & actions) != MEM_RESET_UNDO)
      return fail(STATUS_INVALID_PARAMETER, "allocation type {:#x} mixes MEM_RESET with others", type);
    const MemoryRange range = TRY(pages_of(request.address, request.size));
    TRY(reset(range));
    return range;
  }
  if ((type & MEM_RESERVE) == 0 && request.address != 0)
    return commit(TRY(pages_of(request.address, request.size)), request.protect);

  if ((type & MEM_REPLACE_PLACEHOLDER) != 0) return replace(request);
  const MemoryRange range = TRY(reserve(request));
  if ((type & MEM_RESERVE_PLACEHOLDER) != 0) find(range.start)->second.placeholder = Allocation::Placeholder::is;
  if ((type & MEM_COMMIT) == 0) return range;
  auto committed = commit(range, request.protect);
  if (!committed) (void)release(range);
  return committed;
}

Result<MemoryRange> VirtualMemory::reserve(const AllocationRequest& request) {
  MemoryRange range = {0, round_up(request.size, kPageSize)};
  if (request.address != 0) {
    range = TRY(pages_of(request.address, request.size));
    const std::uintptr_t base = round_down(range.start, kAllocationGranularity);
    range = {base, range.start + range.size - base};
    if (base < kLowestUserAddress) return fail(STATUS_INVALID_PARAMETER, "{:#x} is below all memory", request.address);
    if (find(base) != allocations_.end() || !reserve_at(base, range.size))
      return fail(STATUS_CONFLICTING_ADDRESSES, "something is within {:#x} bytes at {:#x}", range.size, base);
  } else {
    const bool anywhere = request.lowest <= kLowestUserAddress && request.highest >= kHighestUserAddress;
    range.start = anywhere ? reserve_anywhere(range.size, request.alignment)
                           : reserve_between(request.lowest, request.highest, range.size, request.alignment);
    if (range.start == 0) return fail(STATUS_NO_MEMORY, "no free range of {:#x} bytes", range.size);
  }
  allocations_[range.start] = {
      range.start + range.size, request.protect, MEM_PRIVATE, (request.type & MEM_WRITE_WATCH) != 0, {}};
  return range;
}

Result<MemoryRange> VirtualMemory::commit(MemoryRange range, ULONG protect) {
  const auto allocation = find(range.start);
  const std::uintptr_t end = range.start + range.size;
  if (allocation == allocations_.end()) {
    return fail(STATUS_CONFLICTING_ADDRESSES, "{:#x} was not reserved", range.start);
  }
  if (allocation->second.type == MEM_IMAGE) return fail(STATUS_ACCESS_DENIED, "{:#x} is in an image", range.start);
  if (allocation->second.placeholder == Allocation::Placeholder::is)
    return fail(STATUS_CONFLICTING_ADDRESSES, "{:#x} is in a placeholder", range.start);
  if (end > allocation->second.end)
    return fail(STATUS_CONFLICTING_ADDRESSES, "{:#x} is past the allocation's end at {:#x}", end,
                allocation->second.end);
  RangeMap<ULONG>& committed = allocation->second.committed;
  if (allocation->second.type == MEM_MAPPED && !allocation->second.may_grow && committed.find(range.start))
    return fail(STATUS_ALREADY_COMMITTED, "{:#x} is a committed page of a view", range.start);
  if ((protect & PAGE_GUARD) != 0) guard_pages_exist_ = true;
  TRY(set_protection(range, protect, STATUS_COMMITMENT_LIMIT));
  committed.assign(range.start, end, protect);
  return range;
}

// Windows may drop the contents of such pages and need not. Ours stay, so that MEM_RESET_UNDO always succeeds.
Status VirtualMemory::reset(MemoryRange range) {
  const auto allocation = find(range.start);
  if (allocation == allocations_.end() || !allocation->second.committed.covers(range.start, range.start + range.size))
    return fail(STATUS_CONFLICTING_ADDRESSES, "{:#x} bytes at {:#x} are not all committed", range.size, range.start);
  return ok;
}

Result<MemoryRange> VirtualMemory::free(std::uintptr_t address, SIZE_T size, ULONG type) {
  const bool join = type == (MEM_RELEASE | MEM_COALESCE_PLACEHOLDERS);
  const bool preserve = type == (MEM_RELEASE | MEM_PRESERVE_PLACEHOLDER);
  if (type != MEM_DECOMMIT && type != MEM_RELEASE && !join && !preserve)
    return fail(STATUS_INVALID_PARAMETER, "free type {:#x}", type);
  const std::lock_guard lock(mutex_);
  if (join) return join_placeholders(TRY(pages_of(address, size)));
  const auto allocation = find(address);
  if (allocation == allocations_.end()) return not_allocated(address);
  const auto& [base, rest] = *allocation;
  if (rest.type != MEM_PRIVATE)
    return fail(STATUS_UNABLE_TO_DELETE_SECTION, "{:#x} is in a view of a section or in an image", address);
  MemoryRange range = {base, rest.end - base};
  if (size == 0 && round_down(address, kPageSize) != base)
    return fail(STATUS_FREE_VM_NOT_AT_BASE, "{:#x} is not where the allocation at {:#x} starts", address, base);
  if (size != 0) range = TRY(pages_of(address, size));
  if (range.start + range.size > rest.end)
    return fail(STATUS_UNABLE_TO_FREE_VM, "{:#x} bytes at {:#x} go past the allocation's end", range.size, range.start);
  if (type == MEM_RELEASE) return release(range);
  const bool is_placeholder = rest.placeholder == Allocation::Placeholder::is;
  if (preserve && is_placeholder) return split_placeholder(allocation, range);
  if (preserve ? range.start != base || range.start + range.size != rest.end : is_placeholder)
    return fail(STATUS_CONFLICTING_ADDRESSES, "{:#x} bytes at {:#x} cannot become a placeholder, or are in one",
                range.size, range.start);
  if (!preserve) return decommit(range);
  TRY(become_placeholder(allocation));
  return range;
}

Result<MemoryRange> VirtualMemory::decommit(MemoryRange range) {
  const auto allocation = find(range.start);
  // A new mapping over the old one: the contents are gone and the pages are back.
  if (mmap(pointer(range.start), range.size, PROT_NONE, kReservation | MAP_FIXED, -1, 0) == MAP_FAILED)
    return fail(STATUS_NO_MEMORY, "decommitting {:#x} bytes at {:#x}: {}", range.size, range.start,
                strerrordesc_np(errno));
  allocation->second.committed.erase(range.start, range.start + range.size);
  locked_.erase(range.start, range.start + range.size);
  return range;
}

// A part taken out of the middle leaves two allocations.
Result<MemoryRange> VirtualMemory::release(MemoryRange range) {
  const std::uintptr_t end = range.start + range.size;
  const auto allocation = find(range.start);
  const std::uintptr_t base = allocation->first;
  if (munmap(pointer(range.start), range.size) != 0)
    return fail(STATUS_NO_MEMORY, "unmapping {:#x} bytes at {:#x}: {}", range.size, range.start,
                strerrordesc_np(errno));
  Allocation rest = std::move(allocation->second);
  allocations_.erase(allocation);
  locked_.erase(range.start, end);
  rest.committed.erase(range.start, end);
  if (end < rest.end) {
    Allocation& tail = allocations_[end] = rest;
    tail.committed.erase(0, end);
  }
  if (base < range.start) {
    rest.committed.erase(range.start, rest.end);
    rest.end = range.start;
    allocations_[base] = std::move(rest);
  }
  return range;
}

// Exactly that one, whole.
Result<VirtualMemory::Allocations::iterator> VirtualMemory::placeholder_at(MemoryRange range) {
  const auto allocation = allocations_.find(range.start);
  if (allocation == allocations_.end() || allocation->second.placeholder != Allocation::Placeholder::is ||
      allocation->second.end != range.start + range.size)
    return fail(STATUS_CONFLICTING_ADDRESSES, "{:#x} bytes at {:#x} are not one placeholder", range.size, range.start);
  return allocation;
}

Result<MemoryRange> VirtualMemory::replace(const AllocationRequest& request) {
  const MemoryRange range = TRY(pages_of(request.address, request.size));
  Allocation& replaced = TRY(placeholder_at(range))->second;
  const Allocation before = replaced;
  replaced.protect = request.protect;
  replaced.write_watch = (request.type & MEM_WRITE_WATCH) != 0;
  replaced.placeholder = Allocation::Placeholder::was;
  if ((request.type & MEM_COMMIT) == 0) return range;
  auto committed = commit(range, request.protect);
  if (!committed) replaced = before;
  return committed;
}

// In two, or in three.
Result<MemoryRange> VirtualMemory::split_placeholder(Allocations::iterator placeholder, MemoryRange range) {
  const std::uintptr_t base = placeholder->first, end = placeholder->second.end, cut = range.start + range.size;
  if (range.start == base && cut == end)
    return fail(STATUS_CONFLICTING_ADDRESSES, "nothing of the placeholder at {:#x} would be left", base);
  Allocation part = placeholder->second;
  for (const auto& [from, to] : {std::pair(base, range.start), std::pair(range.start, cut), std::pair(cut, end)}) {
    if (from == to) continue;
    part.end = to;
    allocations_[from] = part;
  }
  return range;
}

Result<MemoryRange> VirtualMemory::join_placeholders(MemoryRange range) {
  const std::uintptr_t end = range.start + range.size;
  unsigned count = 0;
  auto at = allocations_.find(range.start);
  for (std::uintptr_t next = range.start; next < end; ++at, ++count) {
    if (at == allocations_.end() || at->first != next || at->second.end > end ||
        at->second.placeholder != Allocation::Placeholder::is)
      return fail(STATUS_CONFLICTING_ADDRESSES, "{:#x} bytes at {:#x} are not all placeholders", range.size,
                  range.start);
    next = at->second.end;
  }
  if (count < 2) return fail(STATUS_CONFLICTING_ADDRESSES, "one placeholder at {:#x} cannot be joined", range.start);
  const auto first = allocations_.find(range.start);
  first->second.end = end;
  allocations_.erase(std::next(first), at);
  return range;
}

Status VirtualMemory::become_placeholder(Allocations::iterator allocation) {
  const auto& [base, was] = *allocation;
  if (was.placeholder != Allocation::Placeholder::was)
    return fail(STATUS_CONFLICTING_ADDRESSES, "what is at {:#x} has replaced no placeholder", base);
  if (mmap(pointer(base), was.end - base, PROT_NONE, kReservation | MAP_FIXED, -1, 0) == MAP_FAILED)
    return fail(STATUS_NO_MEMORY, "reserving {:#x} bytes at {:#x}: {}", was.end - base, base, strerrordesc_np(errno));
  locked_.erase(base, was.end);
  allocation->second = {.end = was.end,
                        .protect = PAGE_NOACCESS,
                        .type = MEM_PRIVATE,
                        .committed = {},
                        .placeholder = Allocation::Placeholder::is};
  return ok;
}

Status VirtualMemory::replace_by_view(MemoryRange range, ULONG protect, SIZE_T committed,
                                      const std::function<Status()>& map) {
  const std::lock_guard lock(mutex_);
  const auto placeholder = TRY(placeholder_at(range));
  TRY(map());
  const std::uintptr_t end = placeholder->second.end;
  placeholder->second = {
      .end = end, .protect = protect, .type = MEM_MAPPED, .committed = {}, .placeholder = Allocation::Placeholder::was};
  if (committed != 0)
    placeholder->second.committed.assign(range.start, std::min(end, range.start + round_up(committed, kPageSize)),
                                         protect);
  return ok;
}

Status VirtualMemory::replace_view(const void* base) {
  const std::lock_guard lock(mutex_);
  const auto view = allocations_.find(reinterpret_cast<std::uintptr_t>(base));
  if (view == allocations_.end()) return not_allocated(reinterpret_cast<std::uintptr_t>(base));
  return become_placeholder(view);
}

Result<VirtualMemory::Protected> VirtualMemory::protect(std::uintptr_t address, SIZE_T size, ULONG protect) {
  const MemoryRange range = TRY(pages_of(address, size));
  TRY(rights_for(protect));
  const std::lock_guard lock(mutex_);
  const auto allocation = find(range.start);
  return allocation == allocations_.end() ? protect_host(range, protect) : protect_own(allocation, range, protect);
}

Result<VirtualMemory::Protected> VirtualMemory::protect_own(Allocations::iterator allocation, MemoryRange range,
                                                            ULONG protect) {
  auto& [base, rest] = *allocation;
  const std::uintptr_t end = range.start + range.size;
  if (end > rest.end)
    return fail(STATUS_CONFLICTING_ADDRESSES, "{:#x} is past the allocation's end at {:#x}", end, rest.end);
  if (!rest.committed.covers(range.start, end))
    return fail(STATUS_NOT_COMMITTED, "{:#x} bytes at {:#x} are not all committed", range.size, range.start);
  if (rest.type == MEM_PRIVATE && (protect & kCopyOnWrite) != 0)
    return fail(STATUS_INVALID_PAGE_PROTECTION, "private memory is not copied on write");
  const ULONG old = rest.committed.find(range.start)->value;
  if ((protect & PAGE_GUARD) != 0) guard_pages_exist_ = true;
  TRY(set_protection(range, protect, STATUS_COMMITMENT_LIMIT));
  rest.committed.assign(range.start, end, protect);
  return Protected{range, old};
}

Result<VirtualMemory::Protected> VirtualMemory::protect_host(MemoryRange range, ULONG protect) {
  // _resetstkoflw() of a C runtime: the page it names would only move down to where the guard belongs.
  if ((protect & PAGE_GUARD) != 0 && is_own_stack(range.start)) {
    if (!thread::rearm_stack_guard())
      return fail(STATUS_STACK_OVERFLOW, "the stack is in use too far down to be guarded again");
    return Protected{range, PAGE_READWRITE};
  }
  const auto first = host_range_at_or_above(range.start);
  if (!first || first->start > range.start)
    return fail(STATUS_CONFLICTING_ADDRESSES, "there is no memory at {:#x}", range.start);
  const ULONG old = protection_of(first->rights);
  TRY(set_protection(range, protect, STATUS_CONFLICTING_ADDRESSES));
  return Protected{range, old};
}

Result<MEMORY_BASIC_INFORMATION> VirtualMemory::query(std::uintptr_t address) {
  if (address > kHighestUserAddress)
    return fail(STATUS_INVALID_PARAMETER, "{:#x} is above the memory of programs", address);
  const std::uintptr_t page = round_down(address, kPageSize);
  if (is_own_stack(page)) return describe_own_stack(page);
  const std::lock_guard lock(mutex_);
  const auto allocation = find(page);
  return allocation == allocations_.end() ? query_host(page) : query_own(allocation, page);
}

MEMORY_BASIC_INFORMATION VirtualMemory::query_own(Allocations::iterator allocation, std::uintptr_t page) const {
  const auto& [base, rest] = *allocation;
  const auto run = rest.committed.find(page);
  const std::uintptr_t end = run ? run->end : rest.committed.next_start(page, rest.end);
  return {.BaseAddress = pointer(page),
          .AllocationBase = pointer(base),
          .AllocationProtect = rest.protect,
          .PartitionId = 0,
          .RegionSize = end - page,
          .State = run ? MEM_COMMIT : MEM_RESERVE,
          .Protect = run ? run->value : 0,
          .Type = rest.type};
}

MEMORY_BASIC_INFORMATION VirtualMemory::query_host(std::uintptr_t page) const {
  const auto range = host_range_at_or_above(page);
  const auto own = allocations_.upper_bound(page);
  std::uintptr_t limit = own == allocations_.end() ? kHighestUserAddress + 1 : own->first;
  if (!range || range->start > page) {
    if (range) limit = std::min(limit, range->start);
    return {pointer(page), nullptr, 0, 0, limit - page, MEM_FREE, PAGE_NOACCESS, 0};
  }
  const ULONG protect = protection_of(range->rights);
  const bool reserved = range->rights == PROT_NONE && !range->file_backed;
  return {.BaseAddress = pointer(page),
          .AllocationBase = pointer(range->start),
          .AllocationProtect = protect,
          .PartitionId = 0,
          .RegionSize = std::min(range->end, limit) - page,
          .State = reserved ? MEM_RESERVE : MEM_COMMIT,
          .Protect = reserved ? 0 : protect,
          .Type = range->file_backed || range->shared ? MEM_MAPPED : MEM_PRIVATE};
}

Result<MEMORY_REGION_INFORMATION> VirtualMemory::query_region(std::uintptr_t address) {
  const MEMORY_BASIC_INFORMATION basic = TRY(query(address));
  if (basic.State == MEM_FREE) return fail(STATUS_INVALID_ADDRESS, "{:#x} is free", address);
  MEMORY_REGION_INFORMATION region = {basic.AllocationBase, basic.AllocationProtect, 0, 0, 0};
  region.RegionType = basic.Type == MEM_PRIVATE ? 1 : basic.Type == MEM_MAPPED ? 2 : 4;
  for (auto at = reinterpret_cast<std::uintptr_t>(basic.AllocationBase);;) {
    const auto part = query(at);
    if (!part || part->AllocationBase != basic.AllocationBase) return region;
    region.RegionSize += part->RegionSize;
    if (part->State == MEM_COMMIT) region.CommitSize += part->RegionSize;
    at += part->RegionSize;
  }
}

Result<MemoryRange> VirtualMemory::lock(std::uintptr_t address, SIZE_T size) {
  const MemoryRange range = TRY(pages_of(address, size));
  const std::lock_guard lock(mutex_);
  if (mlock(pointer(range.start), range.size) != 0) {
    const bool unmapped = errno == ENOMEM && !is_readable(pointer(range.start), range.size);
    return fail(unmapped ? STATUS_ACCESS_VIOLATION : STATUS_WORKING_SET_QUOTA, "mlock of {:#x} bytes at {:#x}: {}",
                range.size, range.start, strerrordesc_np(errno));
  }
  locked_.assign(range.start, range.start + range.size, true);
  return range;
}

Result<MemoryRange> VirtualMemory::unlock(std::uintptr_t address, SIZE_T size) {
  const MemoryRange range = TRY(pages_of(address, size));
  const std::lock_guard lock(mutex_);
  if (!locked_.covers(range.start, range.start + range.size))
    return fail(STATUS_NOT_LOCKED, "{:#x} bytes at {:#x} are not all locked", range.size, range.start);
  munlock(pointer(range.start), range.size);
  locked_.erase(range.start, range.start + range.size);
  return range;
}

Result<std::vector<std::uintptr_t>> VirtualMemory::write_watch(std::uintptr_t address, SIZE_T size) {
  const MemoryRange range = TRY(pages_of(address, size));
  const std::lock_guard lock(mutex_);
  const auto allocation = find(range.start);
  const std::uintptr_t end = range.start + range.size;
  if (allocation == allocations_.end() || !allocation->second.write_watch || end > allocation->second.end)
    return fail(STATUS_INVALID_PARAMETER_1, "{:#x} bytes at {:#x} are not watched for writes", range.size, range.start);
  std::vector<std::uintptr_t> pages;
  for (std::uintptr_t page = range.start; page < end; page += kPageSize)
    if (allocation->second.committed.find(page)) pages.push_back(page);
  return pages;
}

void VirtualMemory::note_view(void* base, SIZE_T size, ULONG protect, SIZE_T committed, bool may_grow) {
  const auto start = reinterpret_cast<std::uintptr_t>(base), end = start + round_up(size, kPageSize);
  const std::lock_guard lock(mutex_);
  Allocation& view = allocations_[start] = {end, protect, MEM_MAPPED, false, {}, may_grow};
  if (committed != 0) view.committed.assign(start, std::min(end, start + round_up(committed, kPageSize)), protect);
}

void VirtualMemory::extend_view(void* base, SIZE_T committed) {
  const auto start = reinterpret_cast<std::uintptr_t>(base);
  const std::lock_guard lock(mutex_);
  const auto view = allocations_.find(start);
  if (view == allocations_.end()) return;
  const std::uintptr_t end = std::min(view->second.end, start + round_up(committed, kPageSize));
  for (std::uintptr_t at = start; at < end;) {
    const auto run = view->second.committed.find(at);
    if (!run) return view->second.committed.assign(at, end, view->second.protect);
    at = run->end;
  }
}

void VirtualMemory::note_image(const void* base, SIZE_T size, std::span<const map::PageRun> runs) {
  const auto start = reinterpret_cast<std::uintptr_t>(base), end = start + round_up(size, kPageSize);
  const std::lock_guard lock(mutex_);
  Allocation& image = allocations_[start] = {end, PAGE_EXECUTE_WRITECOPY, MEM_IMAGE, false, {}};
  image.committed.assign(start, end, PAGE_NOACCESS);
  for (const map::PageRun& run : runs)
    image.committed.assign(start + run.begin, start + round_up(run.end, kPageSize), protection_of(run.rights));
}

void VirtualMemory::forget(const void* base) {
  const std::lock_guard lock(mutex_);
  const auto gone = allocations_.find(reinterpret_cast<std::uintptr_t>(base));
  if (gone == allocations_.end()) return;
  locked_.erase(gone->first, gone->second.end);
  allocations_.erase(gone);
}

bool VirtualMemory::take_guard_page(std::uintptr_t address) {
  const std::uintptr_t page = round_down(address, kPageSize);
  const std::lock_guard lock(mutex_);
  const auto allocation = find(page);
  if (allocation == allocations_.end()) return false;
  RangeMap<ULONG>& committed = allocation->second.committed;
  const auto run = committed.find(page);
  if (!run || (run->value & PAGE_GUARD) == 0) return false;
  const ULONG protect = run->value & ~PAGE_GUARD;
  if (!set_protection({page, kPageSize}, protect, STATUS_COMMITMENT_LIMIT)) return false;
  committed.assign(page, page + kPageSize, protect);
  return true;
}

bool is_writable(const void* address, SIZE_T size) {
  auto at = reinterpret_cast<std::uintptr_t>(address);
  const std::uintptr_t end = at + size;
  if (end < at) return false;
  while (at < end) {
    const auto region = virtual_memory().query(at);
    if (!region || region->State != MEM_COMMIT || (region->Protect & PAGE_GUARD) != 0 ||
        (region->Protect & kWritableProtections) == 0)
      return false;
    at = reinterpret_cast<std::uintptr_t>(region->BaseAddress) + region->RegionSize;
  }
  return true;
}

Result<SIZE_T> write_memory(void* to, const void* from, SIZE_T size) {
  if (size == 0) return SIZE_T{0};
  if (is_writable(to, size)) return copy_safely(to, from, size);
  const auto start = reinterpret_cast<std::uintptr_t>(to);
  const auto old = TRY(virtual_memory().protect(start, size, PAGE_EXECUTE_READWRITE));
  const ScopeGuard restore([&] { (void)virtual_memory().protect(start, size, old.old_protect); });
  if ((old.old_protect & (PAGE_NOACCESS | PAGE_READONLY)) != 0)
    return fail(STATUS_ACCESS_VIOLATION, "{:#x} is neither writable nor code", start);
  return copy_safely(to, from, size);
}

}  // namespace hmodule::nt

#include "map/mapping.h"

#include <sys/mman.h>

#include <cerrno>
#include <cstring>

namespace hmodule::map {

namespace {

constexpr std::size_t kPage = 0x1000, kAllocationGranularity = 0x10000, kHugePage = 0x200000;

constexpr std::size_t round_up(std::size_t value, std::size_t unit) {
  return (value + unit - 1) & ~(unit - 1);
}

// ThreadSanitizer's mmap does not know this flag: it would turn an address that is its own into 0, and map page 0.
#ifdef __SANITIZE_THREAD__
constexpr int kOnlyThere = 0;
#else
constexpr int kOnlyThere = MAP_FIXED_NOREPLACE;
#endif

// Address space only: nothing is committed until pages are made accessible and touched.
std::byte* reserve_pages(std::uint64_t address, std::size_t size, int more_flags) {
  void* pages = mmap(reinterpret_cast<void*>(address), size, PROT_NONE,
                     MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | more_flags, -1, 0);
  return pages == MAP_FAILED ? nullptr : static_cast<std::byte*>(pages);
}

std::byte* reserve_at(std::uint64_t address, std::size_t size) {
  if (address == 0 || address % kAllocationGranularity != 0) return nullptr;
  std::byte* pages = reserve_pages(address, size, kOnlyThere);
  if (pages == nullptr || reinterpret_cast<std::uintptr_t>(pages) == address) return pages;
  munmap(pages, size);  // a kernel before 4.17 takes the address as a wish
  return nullptr;
}

// A larger range, of which the unaligned ends go back.
std::byte* reserve_anywhere(std::size_t size) {
  const std::size_t alignment = size >= kHugePage ? kHugePage : kAllocationGranularity;
  const std::size_t spare = alignment - kPage;
  std::byte* pages = reserve_pages(0, size + spare, 0);
  if (pages == nullptr) return nullptr;
  const std::size_t lead =
      round_up(reinterpret_cast<std::uintptr_t>(pages), alignment) - reinterpret_cast<std::uintptr_t>(pages);
  if (lead != 0) munmap(pages, lead);
  if (lead != spare) munmap(pages + lead + size, spare - lead);
  return pages + lead;
}

}  // namespace

Result<Mapping> Mapping::reserve(std::uint64_t preferred, std::size_t size) {
  size = round_up(size, kPage);
  std::byte* pages = reserve_at(preferred, size);
  if (pages == nullptr) pages = reserve_anywhere(size);
  if (pages == nullptr)
    return fail(STATUS_NO_MEMORY, "no {:#x} bytes of address space: {}", size, std::strerror(errno));
  return Mapping({pages, size});
}

Result<Mapping> Mapping::reserve_exactly(std::uint64_t address, std::size_t size) {
  size = round_up(size, kPage);
  std::byte* pages = reserve_at(address, size);
  if (pages == nullptr)
    return fail(STATUS_CONFLICTING_ADDRESSES, "the addresses from {:#x} to {:#x} are taken", address, address + size);
  return Mapping({pages, size});
}

Result<Mapping> Mapping::of_file(int file, std::uint64_t size) {
  if (size == 0) return fail(STATUS_MAPPED_FILE_SIZE_ZERO, "the file is empty");
  void* pages = mmap(nullptr, size, PROT_READ, MAP_PRIVATE, file, 0);
  if (pages == MAP_FAILED) return fail(STATUS_NO_MEMORY, "the file cannot be mapped: {}", std::strerror(errno));
  return Mapping({static_cast<std::byte*>(pages), size});
}

Mapping::~Mapping() {
  if (bytes_.data() != nullptr) munmap(bytes_.data(), bytes_.size());
}

}  // namespace hmodule::map

#include "map/mapping.h"

#include "base/mmap_at.h"

#include <sys/mman.h>

#include <cerrno>
#include <cstring>

namespace hmodule::map {

namespace {

constexpr std::size_t kPage = 0x1000, kAllocationGranularity = 0x10000, kHugePage = 0x200000;

constexpr std::size_t round_up(std::size_t value, std::size_t unit) {
  return (value + unit - 1) & ~(unit - 1);
}

// Address space only: nothing is committed until pages are made accessible and touched.
constexpr int kReservation = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE;

std::byte* pages_or_null(void* pages) {
  return pages == MAP_FAILED ? nullptr : static_cast<std::byte*>(pages);
}

std::byte* reserve_at(std::uint64_t address, std::size_t size) {
  if (address == 0 || address % kAllocationGranularity != 0) return nullptr;
  return pages_or_null(mmap_at(reinterpret_cast<void*>(address), size, PROT_NONE, kReservation));
}

// A larger range, of which the unaligned ends go back.
std::byte* reserve_anywhere(std::size_t size) {
  const std::size_t alignment = size >= kHugePage ? kHugePage : kAllocationGranularity;
  const std::size_t spare = alignment - kPage;
  std::byte* pages = pages_or_null(mmap(nullptr, size + spare, PROT_NONE, kReservation, -1, 0));
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

// A range of our address space, given back when the object dies.
#pragma once

#include "base/result.h"

#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>

namespace hmodule::map {

class Mapping {
 public:
  Mapping() = default;
  // Reserves `size` bytes without access at `preferred` if that range is free and `preferred` is not 0, and anywhere
  // otherwise; 64 KiB aligned, 2 MiB when it is at least that large. NO_MEMORY when the address space is full.
  static Result<Mapping> reserve(std::uint64_t preferred, std::size_t size);
  // At `address` or not at all: CONFLICTING_ADDRESSES.
  static Result<Mapping> reserve_exactly(std::uint64_t address, std::size_t size);
  // The bytes of a file, read-only: a raw datafile view, or what an image is laid out from. `size` is the file's; an
  // empty file is MAPPED_FILE_SIZE_ZERO. The descriptor is not kept.
  static Result<Mapping> of_file(int file, std::uint64_t size);

  Mapping(Mapping&& other) noexcept : bytes_(std::exchange(other.bytes_, {})) {}
  Mapping& operator=(Mapping&& other) noexcept {
    std::swap(bytes_, other.bytes_);  // our old range leaves with `other`; overwriting it would leak
    return *this;
  }
  ~Mapping();

  std::byte* base() const { return bytes_.data(); }
  std::size_t size() const { return bytes_.size(); }
  std::span<std::byte> span() const { return bytes_; }
  std::uint64_t address() const { return reinterpret_cast<std::uintptr_t>(bytes_.data()); }
  explicit operator bool() const { return bytes_.data() != nullptr; }

  // The range is the caller's from now on.
  std::span<std::byte> release() { return std::exchange(bytes_, {}); }
  static Mapping adopt(std::span<std::byte> range) { return Mapping(range); }

 private:
  explicit Mapping(std::span<std::byte> bytes) : bytes_(bytes) {}
  std::span<std::byte> bytes_;
};

}  // namespace hmodule::map

// Bytes nobody vouches for, and the name to blame. Every read is checked here, once, so that no other file does
// arithmetic on pointers into an image.
#pragma once

#include "base/result.h"

#include <cstring>
#include <span>
#include <string_view>
#include <type_traits>

namespace hmodule {

class Bytes {
 public:
  Bytes() = default;
  // `name` must outlive the object; it is the file's name in messages.
  Bytes(std::span<const std::byte> data, std::string_view name) : data_(data), name_(name) {}

  std::string_view name() const { return name_; }
  std::size_t size() const { return data_.size(); }
  const std::byte* data() const { return data_.data(); }
  std::span<const std::byte> span() const { return data_; }

  Result<Bytes> slice(std::uint64_t offset, std::uint64_t size) const {
    if (offset > data_.size() || data_.size() - offset < size)  // not `offset + size`: it can wrap
      return fail(STATUS_INVALID_IMAGE_FORMAT, "{}: needs {} bytes at {:#x}, but ends at {:#x}", name_, size, offset,
                  data_.size());
    return Bytes(data_.subspan(offset, size), name_);
  }

  // Copied out, so the file may place it at any alignment.
  template <typename Record>
  Result<Record> read(std::uint64_t offset) const {
    static_assert(std::is_trivially_copyable_v<Record>);
    const Bytes source = TRY(slice(offset, sizeof(Record)));
    Record record;
    std::memcpy(&record, source.data(), sizeof record);
    return record;
  }

  // The bytes from `offset` up to the first NUL, which must be inside the data. Not copied.
  Result<std::string_view> c_string(std::uint64_t offset) const {
    if (offset >= data_.size())
      return fail(STATUS_INVALID_IMAGE_FORMAT, "{}: a string starts at {:#x}, past the end at {:#x}", name_, offset,
                  data_.size());
    const auto* begin = reinterpret_cast<const char*>(data_.data()) + offset;
    const auto* end = static_cast<const char*>(std::memchr(begin, 0, data_.size() - offset));
    if (end == nullptr) return fail(STATUS_INVALID_IMAGE_FORMAT, "{}: the string at {:#x} has no end", name_, offset);
    return std::string_view(begin, static_cast<std::size_t>(end - begin));
  }

 private:
  std::span<const std::byte> data_;
  std::string_view name_;
};

}  // namespace hmodule

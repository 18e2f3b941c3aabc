// Structures in and out of the buffers that callers hand to NtQuery... and NtSet...
#pragma once

#include "nt/file.h"

#include <algorithm>
#include <cstring>
#include <string_view>

namespace hmodule::nt {

// INFO_LENGTH_MISMATCH unless `value` fits.
template <typename T>
Result<IoResult> put(std::span<std::byte> out, const T& value) {
  if (out.size() < sizeof value)
    return fail(STATUS_INFO_LENGTH_MISMATCH, "{} bytes for a structure of {}", out.size(), sizeof value);
  std::memcpy(out.data(), &value, sizeof value);
  return IoResult{STATUS_SUCCESS, sizeof value};
}

// A structure that ends with a name. What does not fit of the name is cut: STATUS_BUFFER_OVERFLOW, with the true
// length in the structure.
template <typename T, typename Header = T>
Result<IoResult> put_named(std::span<std::byte> out, Header header, ULONG T::*length, std::size_t name_offset,
                           std::u16string_view name) {
  if (out.size() < sizeof(T))
    return fail(STATUS_INFO_LENGTH_MISMATCH, "{} bytes for a structure of {}", out.size(), sizeof(T));
  const std::size_t bytes = name.size() * sizeof(char16_t);
  const std::size_t copied = std::min(bytes, out.size() - name_offset);
  header.*length = static_cast<ULONG>(bytes);
  std::memcpy(out.data(), &header, name_offset);
  std::memcpy(out.data() + name_offset, name.data(), copied);
  return IoResult{copied < bytes ? STATUS_BUFFER_OVERFLOW : STATUS_SUCCESS, name_offset + copied};
}

template <typename T>
Result<T> header_from(std::span<const std::byte> in, std::size_t size) {
  if (in.size() < size) return fail(STATUS_INFO_LENGTH_MISMATCH, "{} bytes for a structure of {}", in.size(), size);
  T value = {};
  std::memcpy(&value, in.data(), size);
  return value;
}
template <typename T>
Result<T> structure_from(std::span<const std::byte> in) {
  return header_from<T>(in, sizeof(T));
}

}  // namespace hmodule::nt

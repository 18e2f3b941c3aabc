// Reads of memory that may not be there, for what looks at a thread or an object that has gone wrong.
#pragma once

#include <sys/uio.h>
#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <optional>

namespace hmodule::unwind {

// All of it or nothing. Async-signal-safe.
inline bool read_guarded(std::uintptr_t from, void* to, std::size_t size) {
  const iovec here = {to, size}, there = {reinterpret_cast<void*>(from), size};
  return process_vm_readv(getpid(), &here, 1, &there, 1, 0) == static_cast<ssize_t>(size);
}
template <typename T>
std::optional<T> read_guarded(std::uintptr_t from) {
  T value;
  if (!read_guarded(from, &value, sizeof value)) return std::nullopt;
  return value;
}

}  // namespace hmodule::unwind

// The two ways to give a table: into the caller's buffer, and newly allocated for FreeMibTable.
#pragma once

#include "nt/heap.h"
#include "win/types.h"

#include <cstring>
#include <vector>

namespace hmodule::winapi {

// A count, then the rows.
template <typename Row>
DWORD give_table(const std::vector<Row>& rows, void* table, ULONG* size) {
  constexpr DWORD kInvalidParameter = 87, kInsufficientBuffer = 122;
  constexpr std::size_t kHeader = alignof(Row) > sizeof(DWORD) ? alignof(Row) : sizeof(DWORD);
  if (size == nullptr) return kInvalidParameter;
  const auto needed = static_cast<ULONG>(kHeader + rows.size() * sizeof(Row));
  if (table == nullptr || *size < needed) {
    *size = needed;
    return kInsufficientBuffer;
  }
  const auto count = static_cast<DWORD>(rows.size());
  std::memcpy(table, &count, sizeof count);
  if (!rows.empty()) std::memcpy(static_cast<char*>(table) + kHeader, rows.data(), rows.size() * sizeof(Row));
  return 0;
}

template <typename Row>
DWORD allocate_table(const std::vector<Row>& rows, void** table) {
  constexpr DWORD kNotEnoughMemory = 8;
  auto size = static_cast<ULONG>(8 + rows.size() * sizeof(Row));
  *table = nt::heap_allocate(size, HEAP_ZERO_MEMORY);
  return *table == nullptr ? kNotEnoughMemory : give_table(rows, *table, &size);
}

}  // namespace hmodule::winapi

// An OVERLAPPED, which begins with the IO_STATUS_BLOCK of the operation.
#pragma once

#include "nt/file.h"
#include "win/fileapi.h"

namespace hmodule::winapi {

// One whose low bit is set keeps the packet from the port.
inline HANDLE event_of(const OVERLAPPED& overlapped) {
  return reinterpret_cast<HANDLE>(reinterpret_cast<ULONG_PTR>(overlapped.hEvent) & ~ULONG_PTR{1});
}

inline NTSTATUS status_of_operation(const OVERLAPPED& overlapped) {
  return static_cast<NTSTATUS>(__atomic_load_n(&overlapped.Internal, __ATOMIC_ACQUIRE));
}

// Whom an operation that begins now tells of its end.
inline nt::IoTarget target_of(OVERLAPPED& overlapped) {
  overlapped.Internal = STATUS_PENDING;
  overlapped.InternalHigh = 0;
  const HANDLE event = event_of(overlapped);
  return {.event = event,
          .context = event == overlapped.hEvent ? &overlapped : nullptr,
          .status_block = reinterpret_cast<IO_STATUS_BLOCK*>(&overlapped)};
}
// Without an OVERLAPPED its caller waits, and `block` has the outcome.
inline nt::IoTarget target_of(OVERLAPPED* overlapped, IO_STATUS_BLOCK& block) {
  if (overlapped != nullptr) return target_of(*overlapped);
  return {.status_block = &block, .wait = true};
}

}  // namespace hmodule::winapi

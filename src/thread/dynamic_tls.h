// TlsAlloc and its kin: 64 slots in the TEB, 1024 behind TlsExpansionSlots, allocation mirrored in the PEB's bitmaps
// (TLS-20...TLS-23). DLL code reads and writes the slots of its own thread without a lock.
#pragma once

#include "base/result.h"
#include "thread/teb.h"

namespace hmodule::thread {

inline constexpr ULONG kTlsSlots = 64, kTlsExpansionSlots = 1024, kTlsIndices = kTlsSlots + kTlsExpansionSlots;

// Fails with STATUS_NO_MORE_ENTRIES (Win32: ERROR_NO_MORE_ITEMS, 259) when all 1087 are taken.
Result<ULONG> tls_alloc();
// Clears the slot in all threads. STATUS_INVALID_PARAMETER when it is not allocated.
Status tls_free(ULONG index);
// Out of range: STATUS_INVALID_PARAMETER. In range, allocated or not: works (TLS-22).
Result<void*> tls_get(ULONG index);
Status tls_set(ULONG index, void* value);

}  // namespace hmodule::thread

// Fiber-local storage (FLS-01...FLS-06). The slots hang off TEB.FlsData; a fiber switch changes that pointer. The C
// runtimes keep their per-thread data here and rely on the callback at thread exit.
#pragma once

#include "base/result.h"
#include "win/teb.h"

namespace hmodule::thread {

using FlsCallback = HM_WINAPI void (*)(void* value);

inline constexpr ULONG kFlsIndices = 0xFF0;  // 1...0xFEF are given out

// Fails with STATUS_NO_MORE_ENTRIES when all are taken.
Result<ULONG> fls_alloc(FlsCallback callback);
// Runs the callback for each non-NULL value of all threads and fibers, then frees the index (FLS-03).
Status fls_free(ULONG index);
Result<void*> fls_get(ULONG index);
Status fls_set(ULONG index, void* value);

// Callbacks for all non-NULL values in one fiber's data (FLS-04), and the end of that data.
void fls_run_callbacks(void* fls_data);
void fls_release(void* fls_data);

}  // namespace hmodule::thread

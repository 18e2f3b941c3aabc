// The border: Windows types in, one call into a lower folder, Windows types out. answer() traces the reason, sets the
// last error, and lets no C++ exception reach a DLL's frame.
#pragma once

#include "base/result.h"
#include "base/trace.h"
#include "thread/teb.h"

#include <concepts>
#include <new>
#include <type_traits>

namespace hmodule::winapi {

// Sets the last error and status from `error` and traces its sentence on channel api.
void report(const char* function, const Error& error);
// Only traces it.
void trace_failure(const char* function, const Error& error);

// Runs `work`, which returns Result<T>. Success leaves the last error untouched (ERR-02).
template <typename T, typename Work>
T answer(T failure, Work&& work, const char* function = __builtin_FUNCTION()) noexcept {
  try {
    Result<T> result = work();
    if (result) return *std::move(result);
    report(function, result.error());
  } catch (const std::bad_alloc&) {
    report(function, fail(STATUS_NO_MEMORY, "out of memory"));
  }
  return failure;
}

// The same for functions whose answer is only TRUE or FALSE: `work` returns Status.
template <typename Work>
BOOL succeed(Work&& work, const char* function = __builtin_FUNCTION()) noexcept {
  return answer<BOOL>(
      FALSE,
      [&]() -> Result<BOOL> {
        TRY(work());
        return TRUE;
      },
      function);
}

// The same for Nt and Rtl functions that return their status and leave the last error alone. `work` returns Status, or
// Result<NTSTATUS> where there are several ways to succeed.
template <typename Work>
NTSTATUS status_of(Work&& work, const char* function = __builtin_FUNCTION()) noexcept {
  try {
    const auto result = work();
    if (result) {
      if constexpr (std::same_as<std::remove_cvref_t<decltype(*result)>, NTSTATUS>)
        return *result;
      else
        return STATUS_SUCCESS;
    }
    trace_failure(function, result.error());
    return result.error().status;
  } catch (const std::bad_alloc&) {
    return STATUS_NO_MEMORY;
  }
}

}  // namespace hmodule::winapi

// The border to C: what failed last in a thread, and the frame every function of the C API runs in.
#pragma once

#include <new>
#include <string>
#include <string_view>

#include "api/builtins.h"
#include "base/result.h"

namespace hmodule::api {

// Keeps `error` for hmodule_error() and sets the thread's last error.
void remember(const Error& error);

// The result of `work`, or `failure` with the reason kept. No exception leaves.
template <typename T, typename Work>
T guarded(T failure, Work&& work) noexcept {
  try {
    enter();
    Result<T> result = work();
    if (result) return *std::move(result);
    remember(result.error());
  } catch (const std::bad_alloc&) {
    remember(fail(STATUS_NO_MEMORY, "out of memory"));
  }
  return failure;
}

inline Error null_argument(const char* function, const char* parameter) {
  return fail(STATUS_INVALID_PARAMETER, "{}: {} is NULL", function, parameter);
}

// A Linux path made absolute, without looking at the file system.
std::string absolute(std::string_view path);

}  // namespace hmodule::api

// Functions that return their error and leave the last one alone (status_of() of answer.h, in other words).
#pragma once

#include "win/error_map.h"
#include "winapi/common/answer.h"

namespace hmodule::winapi {

inline constexpr HRESULT S_OK = 0;

// A Win32 error. `work` returns Status.
template <typename Work>
DWORD error_of(Work&& work, const char* function = __builtin_FUNCTION()) noexcept {
  return win32_from_status(status_of(work, function));
}
// The same as an HRESULT.
template <typename Work>
HRESULT result_of(Work&& work, const char* function = __builtin_FUNCTION()) noexcept {
  const DWORD error = error_of(work, function);
  return error == ERROR_SUCCESS ? S_OK : static_cast<HRESULT>(0x80070000 | error);
}

}  // namespace hmodule::winapi

// The builtin DLLs this library contains, and the way in.
#pragma once

#include <span>
#include <string_view>

#include "module/builtin.h"
#include "runtime/runtime.h"

namespace hmodule::api {

// ntdll, kernel32 and kernelbase first.
std::span<const BuiltinDll* const> builtin_dlls();

// For DLLs in PE form: the functions that are native all the same.
std::span<const BuiltinDll* const> stand_ins();

// DLLs of Windows that are neither native nor, as Wine's PE builds, of use here; and why.
struct AbsentDlls {
  std::string_view names, reason;
};
std::span<const AbsentDlls> absent_dlls();

// What every public function does first: the runtime runs, the calling thread has its Windows side.
Runtime& enter();

}  // namespace hmodule::api

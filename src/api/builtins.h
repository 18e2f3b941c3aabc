// The builtin DLLs this library contains, and the way in.
#pragma once

#include <span>

#include "module/builtin.h"
#include "runtime/runtime.h"

namespace hmodule::api {

// ntdll, kernel32 and kernelbase first.
std::span<const BuiltinDll* const> builtin_dlls();

// What every public function does first: the runtime runs, the calling thread has its Windows side.
Runtime& enter();

}  // namespace hmodule::api

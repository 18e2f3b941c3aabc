// The C runtimes' leaves are native: in ntdll, which has them too, and instead of what the runtimes' PE builds in
// System32 export under these names, which is up to 50 times slower than the host's C library.
#pragma once

#include "module/builtin.h"

namespace hmodule::winapi {

extern const ExportTable crt_leaves_exports;
extern const ExportTable memory_leaves_exports, string_leaves_exports;  // ntdll's alone

extern const BuiltinDll crtdll_leaves, msvcr70_leaves, msvcr71_leaves, msvcr80_leaves, msvcr90_leaves, msvcr100_leaves,
    msvcr110_leaves, msvcr120_leaves, msvcrt_leaves, ucrtbase_leaves;

}  // namespace hmodule::winapi

#pragma once

#include "module/builtin.h"

namespace hmodule::winapi {

extern const BuiltinDll ntdll_dll;

}  // namespace hmodule::winapi

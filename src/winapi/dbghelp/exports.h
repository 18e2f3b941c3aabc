#pragma once

#include "module/builtin.h"

namespace hmodule::winapi {

extern const BuiltinDll dbghelp_dll;

}  // namespace hmodule::winapi

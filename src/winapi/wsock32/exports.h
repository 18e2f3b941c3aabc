#pragma once

#include "module/builtin.h"

namespace hmodule::winapi {

extern const BuiltinDll wsock32_dll;

}  // namespace hmodule::winapi

#pragma once

#include "module/builtin.h"

namespace hmodule::winapi {

extern const BuiltinDll advapi32_dll;

}  // namespace hmodule::winapi

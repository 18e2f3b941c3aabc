#pragma once

#include "module/builtin.h"

namespace hmodule::winapi {

extern const BuiltinDll secur32_dll;

}  // namespace hmodule::winapi

#pragma once

#include "module/builtin.h"

namespace hmodule::winapi {

extern const BuiltinDll gdi32_dll;

}  // namespace hmodule::winapi

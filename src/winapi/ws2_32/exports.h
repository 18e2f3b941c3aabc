#pragma once

#include "module/builtin.h"

namespace hmodule::winapi {

extern const BuiltinDll ws2_32_dll;

}  // namespace hmodule::winapi

#pragma once

#include "module/builtin.h"

namespace hmodule::winapi {

extern const BuiltinDll imm32_dll;

}  // namespace hmodule::winapi

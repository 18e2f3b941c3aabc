#pragma once

#include "module/builtin.h"

namespace hmodule::winapi {

extern const BuiltinDll crypt32_dll;

}  // namespace hmodule::winapi

#pragma once

#include "module/builtin.h"

namespace hmodule::winapi {

extern const BuiltinDll kernel32_dll;

}  // namespace hmodule::winapi

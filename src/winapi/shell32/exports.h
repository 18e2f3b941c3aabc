#pragma once

#include "module/builtin.h"

namespace hmodule::winapi {

extern const BuiltinDll shell32_dll;

}  // namespace hmodule::winapi

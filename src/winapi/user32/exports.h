#pragma once

#include "module/builtin.h"

namespace hmodule::winapi {

extern const BuiltinDll user32_dll;

}  // namespace hmodule::winapi
